/*
 * ctl_status: the daemon at a glance, for people: what needs them first.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

static void
print_line(struct ctl *ctl, const char *before, const struct json *value,
	const char *colour)
{
	char *text = ctl_table_cell(value, CELL_TEXT);
	(void)printf("%s%s", before, ctl_screen_colour(&ctl->out, colour));
	ctl_text_wrap(&ctl->out, before, text);
	(void)puts(ctl_screen_plain(&ctl->out));
	free(text);
}

static void
print_attention(struct ctl *ctl, const struct json *list)
{
	if (json_count(list) == 0) {
		(void)puts("nothing needs a person");
		return;
	}
	(void)puts("needs a person:");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *one = json_at(list, i);
		print_line(ctl, "  ", json_get(one, "text"), "unknown");
		print_line(ctl, "    ", json_get(one, "say"), "");
	}
}

/* "NAME state" or "state NUMBER", several on a line. */
struct words {
	struct ctl *ctl;
	unsigned used;
};

static void
print_word(struct words *words, const char *name, const char *value,
	bool state_is_value)
{
	const struct ctl_screen *screen = &words->ctl->out;
	char *clean = ctl_text_clean(name);
	unsigned width = ctl_text_width(clean) + 1 + ctl_text_width(value) + 2;
	if (screen->width > 0 && words->used > 0 &&
		words->used + width > screen->width) {
		(void)putchar('\n');
		words->used = 0;
	}
	const char *colour =
		ctl_screen_colour(screen, state_is_value ? value : "");
	(void)printf("  %s %s%s%s", clean, colour, value,
		colour[0] != '\0' ? ctl_screen_plain(screen) : "");
	words->used += width;
	free(clean);
}

static void
on_modem(void *ctx, const char *key, const struct json *value)
{
	const char *state = json_text(value);
	print_word(ctx, key, state != NULL ? state : "?", true);
}

static void
on_count(void *ctx, const char *key, const struct json *value)
{
	char *number = ctl_table_cell(value, CELL_NUMBER);
	print_word(ctx, key, number, false);
	free(number);
}

static void
print_words(struct ctl *ctl, const char *title, const struct json *object,
	json_member_fn *fn)
{
	struct words words = {ctl, 0};
	(void)printf("\n%s\n", title);
	json_each(object, fn, &words);
	(void)putchar('\n');
}

static void
print_table(struct ctl *ctl, const char *title, const struct json *list,
	const struct ctl_column *columns)
{
	if (json_count(list) == 0)
		return;
	(void)printf("\n%s\n", title);
	struct ctl_table *table = ctl_table_new(columns, &ctl->out);
	for (size_t i = 0; i < json_count(list); i++)
		ctl_table_row(table, json_at(list, i));
	(void)ctl_table_end(table); /* not empty */
}

static void
print_head(const struct json *status)
{
	char up[32];
	int64_t seconds = 0;
	(void)json_get_number(status, "uptime", &seconds);
	ctl_text_duration(seconds, up, sizeof(up));
	char *version = ctl_table_cell(json_get(status, "version"), CELL_TEXT);
	(void)printf("topupd %s, up %s\n", version, up);
	free(version);
}

static int
print_status(struct ctl *ctl, const struct json *status, int exit_status)
{
	static const struct ctl_column batches[] = {
		{"ID", "id", CELL_NUMBER, 0, 0},
		{"NAME", "name", CELL_TEXT, 10, 0},
		{"ROWS", "rows", CELL_NUMBER, 0, 0},
		{"READY", "counts.ready", CELL_NUMBER, 0, 0},
		{"DIALING", "counts.dialing", CELL_NUMBER, 0, 1},
		{"HELD", "counts.held", CELL_NUMBER, 0, 0},
		{"UNKNOWN", "counts.unknown", CELL_NUMBER, 0, 0},
		{"LOADED", "counts.loaded", CELL_NUMBER, 0, 0},
		{"REJECTED", "counts.rejected", CELL_NUMBER, 0, 0},
		{.title = NULL}};
	static const struct ctl_column waiting[] = {
		{"NAME", "name", CELL_TEXT, 8, 0},
		{"STATE", "state", CELL_STATE, 0, 0},
		{"UNTIL", "until", CELL_TIME, 0, 1},
		{"WHY", "why", CELL_SENTENCE, 10, 0}, {.title = NULL}};
	static const struct ctl_column stopped[] = {
		{"WHAT", "kind", CELL_TEXT, 0, 0},
		{"NAME", "name", CELL_TEXT, 8, 0},
		{"MODEM", "modem", CELL_TEXT, 5, 1},
		{"SINCE", "since", CELL_TIME, 0, 0},
		{"UNTIL", "until", CELL_TIME, 0, 0},
		{"WHY", "why", CELL_SENTENCE, 10, 0}, {.title = NULL}};
	print_head(status);
	print_attention(ctl, json_get(status, "attention"));
	print_words(ctl, "modems", json_get(status, "modems"), on_modem);
	print_table(ctl, "modems that dial nothing now",
		json_get(status, "waiting"), waiting);
	print_words(ctl, "vouchers", json_get(status, "vouchers"), on_count);
	print_table(
		ctl, "batches under way", json_get(status, "batches"), batches);
	print_table(ctl, "SIMs and numbers that are stopped",
		json_get(status, "stopped"), stopped);
	return exit_status;
}

int
ctl_run_status(struct ctl *ctl)
{
	return ctl_show_object(ctl, json_new_object(), print_status);
}
