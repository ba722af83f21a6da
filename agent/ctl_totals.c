/*
 * ctl_totals: what was loaded, refused and is unknown, by day or otherwise,
 * with a row for all; by day also as bars. It must never add two currencies.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/chart.h"
#include "agent/ctl_picture.h"
#include "agent/json.h"

enum { BARS_LINES = 6, MONEYS_MAX = 4 };

struct totals {
	struct ctl *ctl;
	struct ctl_table *table;
	size_t count;
	bool whole; /* the last line came */
	/* What was loaded, by currency; others have no picture. */
	struct ctl_picture pictures[MONEYS_MAX];
	size_t moneys;
};

/* ---- pictures ------------------------------------------------------------ */

static struct ctl_picture *
picture_of(struct totals *totals, const char *currency)
{
	for (size_t i = 0; i < totals->moneys; i++)
		if (strcmp(totals->pictures[i].currency, currency) == 0)
			return &totals->pictures[i];
	if (totals->moneys == MONEYS_MAX)
		return NULL;
	struct ctl_picture *picture = &totals->pictures[totals->moneys++];
	char *clean = ctl_text_clean(currency);
	(void)span_copy(
		picture->currency, sizeof(picture->currency), span_str(clean));
	free(clean);
	return picture;
}

static void
keep_value(struct totals *totals, const struct json *row)
{
	const char *key = json_get_text(row, "key");
	const char *currency = json_get_text(row, "currency");
	int64_t minor = CHART_GAP;
	unsigned decimals = 0;
	struct ctl_picture *picture =
		picture_of(totals, currency != NULL ? currency : "");
	if (picture == NULL || key == NULL ||
		ctl_picture_parse(json_get_text(row, "loaded_amount"), &minor,
			&decimals) != 0)
		return;
	picture->decimals = decimals;
	ctl_picture_add(picture, key, minor);
}

static void
draw_bars(struct totals *totals)
{
	struct ctl *ctl = totals->ctl;
	for (size_t i = 0; i < totals->moneys; i++) {
		const struct ctl_picture *picture = &totals->pictures[i];
		if (picture->count == 0)
			continue;
		(void)putchar('\n');
		ctl_print(ctl, "loaded%s%s",
			picture->currency[0] != '\0' ? ", " : "",
			picture->currency);
		ctl_picture_draw(ctl, picture, BARS_LINES);
	}
}

static bool
write_svg(struct totals *totals)
{
	char title[64];
	const char *by = ctl_option_value(totals->ctl, "by");
	if (totals->moneys == 0)
		totals->moneys = 1; /* a picture of nothing */
	(void)snprintf(
		title, sizeof(title), "loaded, by %s", by != NULL ? by : "day");
	for (size_t i = 1; i < totals->moneys; i++)
		ctl_say(totals->ctl, "%s is not in the picture: it has %s",
			totals->pictures[i].currency,
			totals->pictures[0].currency);
	return ctl_picture_write(
		totals->ctl, &totals->pictures[0], false, title);
}

/* ---- rows ---------------------------------------------------------------- */

static void
copy_member(void *ctx, const char *key, const struct json *value)
{
	json_share(ctx, key, value);
}

static void
add_row(struct totals *totals, const struct json *row, bool is_sum)
{
	struct json *copy = json_new_object();
	json_each(row, copy_member, copy);
	if (is_sum)
		json_put_text(copy, "key", "all");
	ctl_table_row(totals->table, copy);
	json_free(copy);
}

static void
on_row(void *ctx, const struct json *row)
{
	struct totals *totals = ctx;
	bool is_sum = json_get_flag(row, "sum");
	if (!is_sum)
		keep_value(totals, row);
	if (totals->ctl->json) {
		char *text = json_print(row);
		(void)printf("%s%s", totals->count == 0 ? "[" : ",\n", text);
		free(text);
	} else {
		add_row(totals, row, is_sum);
	}
	totals->count++;
}

static int
on_totals_done(void *ctx, const struct json *done, int exit_status)
{
	struct totals *totals = ctx;
	(void)done;
	totals->whole = true;
	if (totals->ctl->json)
		(void)puts(totals->count == 0 ? "[]" : "]");
	return exit_status;
}

static int
ask_totals(struct totals *totals, struct json *args)
{
	struct ctl_column columns[] = {{"DAY", "key", CELL_TEXT, 6, 0},
		{"NAME", "name", CELL_TEXT, 6, 5},
		{"LOADED", "loaded", CELL_NUMBER, 0, 0},
		{"CREDITED", "loaded_amount", CELL_NUMBER, 0, 0},
		{"REFUSED", "refused", CELL_NUMBER, 0, 1},
		{"WORTH", "refused_amount", CELL_NUMBER, 0, 6},
		{"UNKNOWN", "unknown", CELL_NUMBER, 0, 0},
		{"WORTH", "unknown_amount", CELL_NUMBER, 0, 4},
		{"OPENING", "opening", CELL_NUMBER, 0, 3},
		{"CLOSING", "closing", CELL_NUMBER, 0, 2},
		{"CURRENCY", "currency", CELL_TEXT, 0, 7},
		{"NO WORTH", "no_amount", CELL_NUMBER, 0, 8}, {.title = NULL}};
	struct ctl *ctl = totals->ctl;
	const char *by = ctl_option_value(ctl, "by");
	if (by != NULL && strcmp(by, "batch") == 0)
		columns[0].title = "BATCH";
	else if (by != NULL && strcmp(by, "sim") == 0)
		columns[0].title = "SIM";
	else if (by != NULL && strcmp(by, "operator") == 0)
		columns[0].title = "OPERATOR";
	totals->table = ctl_table_new(columns, &ctl->out);
	const struct ctl_hooks hooks = {
		.ctx = totals, .on_item = on_row, .on_done = on_totals_done};
	int exit_status = ctl_ask(ctl, args, -1, &hooks);
	(void)ctl_table_end(totals->table); /* counted here, too */
	return exit_status;
}

static int
show_totals(struct totals *totals, struct json *args)
{
	struct ctl *ctl = totals->ctl;
	const char *by = ctl_option_value(ctl, "by");
	bool days = by == NULL || strcmp(by, "day") == 0;
	bool draws = ctl->out.terminal || ctl_option_value(ctl, "ascii");
	int exit_status = ask_totals(totals, args);
	if (!totals->whole)
		return exit_status;
	if (totals->count == 0 && !ctl->json)
		(void)puts("nothing was dialled, and no balance was told");
	if (days && draws && !ctl->json)
		draw_bars(totals);
	if (ctl_option_value(ctl, "svg") != NULL && !write_svg(totals))
		return CTL_REFUSED;
	return exit_status;
}

int
ctl_run_totals(struct ctl *ctl)
{
	struct totals totals = {.ctl = ctl};
	struct json *args = json_new_object();
	if (ctl_option_value(ctl, "days") != NULL &&
		ctl_option_value(ctl, "since") != NULL) {
		json_free(args);
		return ctl_wrong(ctl, "--days and --since: one of them");
	}
	ctl_put_text(ctl, args, "by", "by");
	if (!ctl_put_number(ctl, args, "days") || !ctl_put_since(ctl, args)) {
		json_free(args);
		return CTL_USAGE;
	}
	int exit_status = show_totals(&totals, args);
	for (size_t i = 0; i < totals.moneys; i++)
		ctl_picture_free(&totals.pictures[i]);
	return exit_status;
}
