/*
 * ctl_claims: refused and doubtful cards: a table for people, CSV for who
 * sold them. Each row leaves as it comes; no list of them is ever kept.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"
#include "agent/report.h"

/* What a supplier looks for first stands first. */
static const char *const cells[] = {"serial", "pin", "operator", "amount",
	"currency", "state", "reason", "reply", "at", "modem", "iccid",
	"attempts", "target", "batch", "row", "id"};
enum { CELLS = sizeof(cells) / sizeof(cells[0]) };

struct claims {
	struct ctl *ctl;
	struct ctl_table *table;
	struct ctl_file *file; /* NULL: not as CSV */
	int64_t count, refused;
	bool whole; /* the last line came */
};

static void
write_row(struct claims *claims, const struct span row[CELLS])
{
	char line[REPORT_ROW_MAX];
	size_t len = 0;
	/* Texts are bounded by the ledger: it fits. */
	if (report_row(row, CELLS, line, sizeof(line), &len) == 0)
		(void)fwrite(line, 1, len, ctl_file_stream(claims->file));
}

static void
write_titles(struct claims *claims)
{
	struct span row[CELLS];
	for (size_t i = 0; i < CELLS; i++)
		row[i] = span_str(
			strcmp(cells[i], "id") == 0 ? "voucher" : cells[i]);
	write_row(claims, row);
}

/* The daemon's own texts and numbers; what is foreign in them is made safe
 * by report_row(). */
static void
write_claim(struct claims *claims, const struct json *claim)
{
	struct span row[CELLS];
	char numbers[CELLS][24];
	for (size_t i = 0; i < CELLS; i++) {
		const struct json *value = json_get(claim, cells[i]);
		const char *text = json_text(value);
		int64_t number = 0;
		if (text == NULL && json_number(value, &number) == 0) {
			(void)snprintf(numbers[i], sizeof(numbers[i]), "%lld",
				(long long)number);
			text = numbers[i];
		}
		row[i] = span_str(text != NULL ? text : "");
	}
	write_row(claims, row);
}

static void
on_claim(void *ctx, const struct json *claim)
{
	struct claims *claims = ctx;
	const char *state = json_get_text(claim, "state");
	if (state != NULL && strcmp(state, "rejected") == 0)
		claims->refused++;
	if (claims->file != NULL) {
		write_claim(claims, claim);
	} else if (claims->ctl->json) {
		char *text = json_print(claim);
		(void)printf("%s%s", claims->count == 0 ? "[" : ",\n", text);
		free(text);
	} else {
		ctl_table_row(claims->table, claim);
	}
	claims->count++;
}

static int
on_claims_done(void *ctx, const struct json *done, int exit_status)
{
	struct claims *claims = ctx;
	(void)done;
	claims->whole = true;
	if (claims->ctl->json)
		(void)puts(claims->count == 0 ? "[]" : "]");
	return exit_status;
}

static int
ask_claims(struct claims *claims, struct json *args)
{
	static const struct ctl_column columns[] = {
		{"SERIAL", "serial", CELL_TEXT, 6, 2},
		{"PIN", "pin", CELL_TEXT, 0, 4},
		{"OPERATOR", "operator", CELL_TEXT, 6, 6},
		{"AMOUNT", "amount", CELL_NUMBER, 0, 0},
		{"STATE", "state", CELL_STATE, 0, 0},
		{"REASON", "reason", CELL_TEXT, 8, 3},
		{"DIALLED", "at", CELL_TIME, 0, 5},
		{"MODEM", "modem", CELL_TEXT, 5, 7},
		{"SIM", "iccid", CELL_TEXT, 0, 10},
		{"TRIES", "attempts", CELL_NUMBER, 0, 9},
		{"BATCH", "batch", CELL_NUMBER, 0, 8},
		{"ID", "id", CELL_NUMBER, 0, 0},
		{"REPLY", "reply", CELL_SENTENCE, 12, 1}, {.title = NULL}};
	struct ctl *ctl = claims->ctl;
	claims->table = ctl_table_new(columns, &ctl->out);
	const struct ctl_hooks hooks = {
		.ctx = claims, .on_item = on_claim, .on_done = on_claims_done};
	int exit_status = ctl_ask(ctl, args, -1, &hooks);
	(void)ctl_table_end(claims->table); /* counted here, too */
	return exit_status;
}

/* To standard error where the cards themselves are on standard output. */
static void
say_sum(const struct claims *claims, const char *path)
{
	const struct ctl *ctl = claims->ctl;
	bool to_out = path == NULL || strcmp(path, "-") != 0;
	FILE *file = to_out ? stdout : stderr;
	if (claims->count == 0) {
		(void)fputs("no card was refused, none is in doubt\n", file);
		return;
	}
	(void)fprintf(file, "%s%s%lld refused, %lld in doubt\n",
		path != NULL && to_out ? path : "",
		path != NULL && to_out ? ": " : "", (long long)claims->refused,
		(long long)(claims->count - claims->refused));
	if (claims->count > claims->refused)
		ctl_say(ctl, "what is in doubt may have been credited: settle "
			     "it before you claim it (`topupctl voucher ID`, "
			     "`topupctl resolve`)");
}

int
ctl_run_claims(struct ctl *ctl)
{
	struct claims claims = {.ctl = ctl};
	const char *path = ctl_option_value(ctl, "csv");
	if (path != NULL && ctl->json)
		return ctl_wrong(ctl, "--csv and --json: one of them");
	struct json *args = json_new_object();
	ctl_put_text(ctl, args, "operator", "operator");
	int exit_status = CTL_USAGE;
	if (ctl_put_number(ctl, args, "batch") && ctl_put_since(ctl, args)) {
		exit_status = CTL_REFUSED;
		claims.file = path == NULL ? NULL : ctl_file_new(ctl, path);
	}
	if (exit_status == CTL_USAGE || (path != NULL && claims.file == NULL)) {
		json_free(args);
		return exit_status;
	}
	if (claims.file != NULL)
		write_titles(&claims);
	exit_status = ask_claims(&claims, args);
	if (claims.file != NULL && !ctl_file_end(claims.file, claims.whole))
		return CTL_REFUSED;
	if (claims.whole && !ctl->json)
		say_sum(&claims, path);
	return exit_status;
}
