/*
 * ctl_act: the commands by which a person changes something.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

/* ---- hold, release, cancel ---------------------------------------------- */

static const char *
done_word(const struct ctl *ctl)
{
	const char *name = ctl->command->name;
	if (strcmp(name, "hold") == 0)
		return "held";
	if (strcmp(name, "release") == 0)
		return "released";
	return strcmp(name, "cancel") == 0 ? "cancelled" : "resolved";
}

void
ctl_say_refused(struct ctl *ctl, const struct json *refused)
{
	for (size_t i = 0; i < json_count(refused); i++) {
		const struct json *one = json_at(refused, i);
		char *id = ctl_table_cell(json_get(one, "id"), CELL_NUMBER);
		char *why = ctl_table_cell(json_get(one, "reason"), CELL_TEXT);
		ctl_say(ctl, "voucher %s: %s", id, why);
		free(id);
		free(why);
	}
}

static void
print_moved(const struct ctl *ctl, const struct json *done)
{
	char *moved = ctl_table_cell(json_get(done, "moved"), CELL_NUMBER);
	(void)printf("%s %s\n", moved, done_word(ctl));
	free(moved);
}

/* The reason goes to standard error with --json, too (contract). */
static int
on_moved(void *ctx, const struct json *done, int exit_status)
{
	struct ctl *ctl = ctx;
	if (ctl->json)
		ctl_show_json(done);
	else
		print_moved(ctl, done);
	ctl_say_refused(ctl, json_get(done, "refused"));
	if (json_get_text(done, "why") != NULL)
		ctl_say(ctl, "%s", json_get_text(done, "why"));
	return exit_status;
}

static int
ask_move(struct ctl *ctl, struct json *args)
{
	/* A batch of a million cards takes its time. */
	const struct ctl_hooks hooks = {
		.ctx = ctl, .on_done = on_moved, .waits = true};
	return ctl_ask(ctl, args, -1, &hooks);
}

int
ctl_run_move(struct ctl *ctl)
{
	struct json *args = json_new_object();
	struct json *ids = json_new_array();
	bool good = ctl_put_number(ctl, args, "batch");
	bool batch = json_get(args, "batch") != NULL;
	for (int i = 0; i < ctl->arg_count && good; i++) {
		int64_t id = 0;
		good = ctl_number(ctl, "ID", ctl->args[i], false, &id);
		json_add(ids, json_new_number(id));
	}
	if (good && batch == (ctl->arg_count > 0)) {
		(void)ctl_wrong(ctl, "say either voucher numbers or --batch");
		good = false;
	}
	if (batch)
		json_free(ids);
	else
		json_put(args, "ids", ids);
	if (good)
		return ask_move(ctl, args);
	json_free(args);
	return CTL_USAGE;
}

/* ---- resolve ------------------------------------------------------------ */

int
ctl_run_resolve(struct ctl *ctl)
{
	const char *how = ctl->args[1];
	const char *note = ctl_option_value(ctl, "note");
	int64_t id = 0;
	if (strcmp(how, "loaded") != 0 && strcmp(how, "rejected") != 0 &&
		strcmp(how, "retry") != 0)
		return ctl_wrong(
			ctl, "'%s' is not loaded, rejected or retry", how);
	if (note == NULL || note[strspn(note, " \t")] == '\0')
		return ctl_wrong(ctl, "--note TEXT must say how it is known");
	if (!ctl_number(ctl, "ID", ctl->args[0], false, &id))
		return CTL_USAGE;
	struct json *args = json_new_object();
	json_put_number(args, "id", id);
	json_put_text(args, "how", how);
	json_put_text(args, "note", note);
	ctl_put_text(ctl, args, "amount", "amount");
	return ask_move(ctl, args);
}

/* ---- pause, resume, unlock, reload -------------------------------------- */

static int
print_pause(struct ctl *ctl, const struct json *done, int exit_status)
{
	char *modem = ctl_table_cell(json_get(done, "modem"), CELL_TEXT);
	bool paused = json_get_flag(done, "paused");
	if (paused)
		ctl_print(ctl, "%s: paused; what is on air ends first",
			modem[0] != '\0' ? modem : "all modems");
	else if (modem[0] != '\0')
		ctl_print(ctl, "%s: its own pause is over", modem);
	else
		ctl_print(ctl, "the pause of all modems is over; one that was "
			       "paused by its name stays so");
	free(modem);
	return exit_status;
}

int
ctl_run_pause(struct ctl *ctl)
{
	struct json *args = json_new_object();
	if (ctl->arg_count == 1)
		json_put_text(args, "modem", ctl->args[0]);
	return ctl_show_object(ctl, args, print_pause);
}

static int
print_unlocked(struct ctl *ctl, const struct json *done, int exit_status)
{
	char *what = ctl_table_cell(json_get(done, "unlocked"), CELL_TEXT);
	(void)ctl;
	(void)printf("%s: one PIN more is allowed\n", what);
	free(what);
	return exit_status;
}

int
ctl_run_unlock(struct ctl *ctl)
{
	struct json *args = json_new_object();
	json_put_text(args, "what", ctl->args[0]);
	return ctl_show_object(ctl, args, print_unlocked);
}

static int
print_reloaded(struct ctl *ctl, const struct json *done, int exit_status)
{
	(void)ctl;
	(void)done;
	(void)puts("reloaded");
	return exit_status;
}

int
ctl_run_reload(struct ctl *ctl)
{
	return ctl_show_object(ctl, json_new_object(), print_reloaded);
}

/* ---- balance ------------------------------------------------------------ */

static int
on_balance(void *ctx, const struct json *done, int exit_status)
{
	const struct ctl *ctl = ctx;
	if (ctl->json) {
		ctl_show_json(done);
		return exit_status;
	}
	char *modem = ctl_table_cell(json_get(done, "modem"), CELL_TEXT);
	char *money = ctl_table_cell(json_get(done, "balance"), CELL_TEXT);
	char *currency = ctl_table_cell(json_get(done, "currency"), CELL_TEXT);
	(void)printf("%s: balance %s%s%s\n", modem, money,
		currency[0] != '\0' ? " " : "", currency);
	free(modem);
	free(money);
	free(currency);
	return exit_status;
}

int
ctl_run_balance(struct ctl *ctl)
{
	static const char *const of_history[] = {"days", "ascii", "svg"};
	if (ctl_option_value(ctl, "history") != NULL)
		return ctl_run_history(ctl);
	for (size_t i = 0; i < 3; i++)
		if (ctl_option_value(ctl, of_history[i]) != NULL)
			return ctl_wrong(
				ctl, "--%s goes with --history", of_history[i]);
	const struct ctl_hooks hooks = {
		.ctx = ctl, .on_done = on_balance, .waits = true};
	struct json *args = json_new_object();
	json_put_text(args, "modem", ctl->args[0]);
	return ctl_ask(ctl, args, -1, &hooks);
}
