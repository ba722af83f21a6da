/*
 * ctl_events: the audit entries, and events as they happen. Whoever follows
 * is told the number to go on from when the daemon leaves.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

enum { EVENT_WIDTH = 17 }; /* of most; longer ones push their line */

static void
print_part(const char *label, const struct json *value)
{
	char *text = ctl_table_cell(value, CELL_TEXT);
	if (text[0] != '\0')
		(void)printf("  %s%s", label, text);
	free(text);
}

/* One event in one line: when and what stand in columns. */
static void
print_event(const struct json *entry)
{
	char *at = ctl_table_cell(json_get(entry, "at"), CELL_TIME);
	char *event = ctl_table_cell(json_get(entry, "event"), CELL_TEXT);
	int pad = EVENT_WIDTH - (int)ctl_text_width(event);
	(void)printf("%s  %s%*s", at, event, pad > 0 ? pad : 0, "");
	free(at);
	free(event);
	print_part("voucher=", json_get(entry, "voucher"));
	print_part("batch=", json_get(entry, "batch"));
	print_part("modem=", json_get(entry, "modem"));
	print_part("who=", json_get(entry, "who"));
	print_part("", json_get(entry, "note"));
	(void)putchar('\n');
}

/* ---- following ----------------------------------------------------------- */

struct events {
	struct ctl *ctl;
	int64_t last; /* the last entry that was shown; -1: none */
};

static void
on_event(void *ctx, const struct json *entry)
{
	struct events *events = ctx;
	(void)json_get_number(entry, "seq", &events->last);
	if (events->ctl->json)
		ctl_show_json(entry);
	else
		print_event(entry);
	(void)fflush(stdout); /* somebody follows; errors show at the end */
}

static int
on_events_done(void *ctx, const struct json *done, int exit_status)
{
	(void)ctx;
	(void)done;
	return exit_status;
}

/* Goes on until the daemon leaves: a script then knows where to go on. */
static int
follow(struct ctl *ctl, struct json *args)
{
	struct events events = {.ctl = ctl, .last = -1};
	const struct ctl_hooks hooks = {.ctx = &events,
		.on_item = on_event,
		.on_done = on_events_done,
		.waits = true};
	(void)json_get_number(args, "since_seq", &events.last);
	int exit_status = ctl_ask(ctl, args, -1, &hooks);
	if (exit_status == CTL_NO_DAEMON && events.last >= 0)
		ctl_say(ctl,
			"the last entry was %lld: `topupctl audit --since "
			"%lld --follow` goes on behind it",
			(long long)events.last, (long long)events.last);
	return exit_status;
}

/* ---- the commands -------------------------------------------------------- */

static bool
put_since(struct ctl *ctl, struct json *args)
{
	const char *since = ctl_option_value(ctl, "since");
	int64_t value = 0;
	if (since == NULL)
		return true;
	if (strspn(since, "0123456789") == strlen(since)) {
		if (!ctl_number(ctl, "--since", since, true, &value))
			return false;
		json_put_number(args, "since_seq", value);
		return true;
	}
	if (ctl_text_parse_time(since, &value) != 0) {
		(void)ctl_wrong(ctl,
			"'%s' is neither a number nor a time such as "
			"'2026-01-31 09:30'",
			since);
		return false;
	}
	json_put_number(args, "since_ms", value);
	return true;
}

static int
run_audit_list(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"SEQ", "seq", CELL_NUMBER, 0, 0},
		{"AT", "at", CELL_TIME, 0, 0},
		{"EVENT", "event", CELL_TEXT, 0, 0},
		{"VOUCHER", "voucher", CELL_NUMBER, 0, 0},
		{"BATCH", "batch", CELL_NUMBER, 0, 1},
		{"MODEM", "modem", CELL_TEXT, 5, 2},
		{"WHO", "who", CELL_TEXT, 6, 3},
		{"NOTE", "note", CELL_SENTENCE, 24, 0}, {.title = NULL}};
	struct json *args = json_new_object();
	if (!put_since(ctl, args)) {
		json_free(args);
		return CTL_USAGE;
	}
	if (ctl_option_value(ctl, "follow") == NULL)
		return ctl_show_list(ctl, args, columns, "no entries");
	json_put_flag(args, "follow", true);
	return follow(ctl, args);
}

int
ctl_run_audit(struct ctl *ctl)
{
	bool verify = ctl->arg_count == 1;
	if (verify && strcmp(ctl->args[0], "verify") != 0)
		return ctl_wrong(ctl, "what is '%s'?", ctl->args[0]);
	if (!verify && ctl_option_value(ctl, "against") != NULL)
		return ctl_wrong(ctl, "--against goes with verify");
	return verify ? ctl_run_verify(ctl) : run_audit_list(ctl);
}

int
ctl_run_watch(struct ctl *ctl)
{
	return follow(ctl, json_new_object());
}
