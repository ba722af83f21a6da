/*
 * ctl_card: cards to the daemon: one at the counter, a batch, and waiting
 * for their end. A PIN goes as a file in memory that only the daemon reads;
 * it must never be an argument, a line of the socket, or left in memory.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/secret.h"

/* ---- what all of them wait with ----------------------------------------- */

struct waiting {
	struct ctl *ctl;
	struct ctl_progress progress;
	char voucher[24], batch[24]; /* their numbers, once they are known */
};

static void
take_number(char out[24], const struct json *object, const char *key)
{
	int64_t number = 0;
	if (json_get_number(object, key, &number) == 0)
		(void)snprintf(out, 24, "%lld", (long long)number);
}

static void
print_member(const char *before, const struct json *object, const char *key)
{
	char *text = ctl_table_cell(ctl_table_find(object, key), CELL_TEXT);
	if (text[0] != '\0')
		(void)printf("%s%s", before, text);
	free(text);
}

/* ---- batches ------------------------------------------------------------ */

static void
on_tally(void *ctx, const struct json *tally)
{
	struct waiting *waiting = ctx;
	const char *notice = json_get_text(tally, "notice");
	char line[256];
	if (notice != NULL) {
		ctl_progress_clear(&waiting->progress);
		ctl_say(waiting->ctl, "%s", notice);
		return;
	}
	take_number(waiting->batch, tally, "batch");
	ctl_progress_line(&waiting->progress, tally, ctl_terminal_now_ms(),
		line, sizeof(line));
	ctl_progress_show(&waiting->progress, line);
}

/* What a person does with what is left. */
static void
say_left(struct ctl *ctl, const struct json *done)
{
	static const char *const states[] = {"unknown", "held"};
	int64_t count = 0;
	for (size_t i = 0; i < 2; i++) {
		if (json_get_number(
			    json_get(done, "counts"), states[i], &count) == 0 &&
			count > 0)
			ctl_say(ctl,
				"%lld %s: see `topupctl vouchers "
				"--state %s`",
				(long long)count, states[i], states[i]);
	}
}

/* The first bad rows, and where the others are. */
static void
print_faults(const struct json *done)
{
	const struct json *list = json_get(done, "first_bad_rows");
	int64_t faults = 0;
	for (size_t i = 0; i < json_count(list); i++) {
		print_member("  line ", json_at(list, i), "line");
		print_member(": ", json_at(list, i), "reason");
		(void)putchar('\n');
	}
	(void)json_get_number(done, "bad_rows", &faults);
	if (faults > (int64_t)json_count(list)) {
		print_member("  all of them: topupctl batch ", done, "batch");
		(void)putchar('\n');
	}
}

static int
on_tally_done(void *ctx, const struct json *done, int exit_status)
{
	struct waiting *waiting = ctx;
	struct ctl *ctl = waiting->ctl;
	ctl_progress_clear(&waiting->progress);
	if (ctl->json) {
		ctl_show_json(done);
	} else {
		print_member("", done, "done");
		print_member(" of ", done, "total");
		(void)printf(" done:");
		print_member(" loaded ", done, "counts.loaded");
		print_member(", rejected ", done, "counts.rejected");
		print_member(", unknown ", done, "counts.unknown");
		print_member(", held ", done, "counts.held");
		print_member(", cancelled ", done, "counts.cancelled");
		(void)putchar('\n');
		print_faults(done);
	}
	if (json_get_flag(done, "locked_out"))
		ctl_say(ctl,
			"what is left waits for a person: every SIM is locked "
			"out until `topupctl unlock MODEM`; see `topupctl "
			"status`");
	else if (json_get_flag(done, "timed_out"))
		ctl_say(ctl,
			"the time is over, and not all have ended; what they "
			"wait for: `topupctl vouchers --state ready`, "
			"`topupctl status`");
	else
		say_left(ctl, done);
	return exit_status;
}

static int
on_wait_interrupt(void *ctx)
{
	struct waiting *waiting = ctx;
	ctl_progress_clear(&waiting->progress);
	ctl_say(waiting->ctl,
		"the cards go on: `topupctl wait%s%s` looks at them again",
		waiting->batch[0] != '\0' ? " --batch " : "", waiting->batch);
	return CTL_REFUSED;
}

static struct ctl_hooks
wait_hooks(struct ctl *ctl, struct waiting *waiting)
{
	*waiting =
		(struct waiting){.ctl = ctl, .progress = {.screen = &ctl->err}};
	return (struct ctl_hooks){.ctx = waiting,
		.on_progress = on_tally,
		.on_done = on_tally_done,
		.on_interrupt = on_wait_interrupt,
		.waits = true};
}

int
ctl_run_wait(struct ctl *ctl)
{
	struct waiting waiting;
	struct json *args = json_new_object();
	if (!ctl_put_number(ctl, args, "batch") ||
		!ctl_put_number(ctl, args, "timeout")) {
		json_free(args);
		return CTL_USAGE;
	}
	json_put_flag(args, "progress", ctl->err.terminal);
	const struct ctl_hooks hooks = wait_hooks(ctl, &waiting);
	return ctl_ask(ctl, args, -1, &hooks);
}

/* ---- submit ------------------------------------------------------------- */

static int
on_submitted(void *ctx, const struct json *done, int exit_status)
{
	struct waiting *waiting = ctx;
	struct ctl *ctl = waiting->ctl;
	int64_t held = 0;
	if (ctl->json) {
		ctl_show_json(done);
	} else {
		print_member("batch ", done, "batch");
		print_member(": ", done, "rows");
		print_member(" vouchers, ", done, "bad_rows");
		(void)puts(" bad rows");
		print_faults(done);
	}
	(void)json_get_number(done, "held", &held);
	take_number(waiting->batch, done, "batch");
	if (held > 0)
		ctl_say(ctl,
			"%lld of them are held: look at them with `topupctl "
			"vouchers --batch %s`, then `topupctl release --batch "
			"%s` or `cancel`",
			(long long)held, waiting->batch, waiting->batch);
	return exit_status;
}

static int
submit_file(struct ctl *ctl, int fd, const char *name)
{
	struct waiting waiting;
	bool wait = ctl_option_value(ctl, "wait") != NULL;
	struct ctl_hooks hooks = wait_hooks(ctl, &waiting);
	struct json *args = json_new_object();
	json_put_text(args, "name", name);
	ctl_put_text(ctl, args, "operator", "operator");
	ctl_put_text(ctl, args, "amount", "amount");
	ctl_put_text(ctl, args, "target", "target");
	ctl_put_text(ctl, args, "modem", "modem");
	json_put_flag(args, "wait", wait);
	json_put_flag(args, "progress", wait && ctl->err.terminal);
	if (!wait) {
		hooks.on_done = on_submitted;
		hooks.on_interrupt = NULL;
	}
	return ctl_ask(ctl, args, fd, &hooks);
}

int
ctl_run_submit(struct ctl *ctl)
{
	const char *path = ctl->args[0];
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ctl_say(ctl, "cannot read %s: %s", path, strerror(errno));
		return CTL_REFUSED;
	}
	int exit_status =
		submit_file(ctl, fd, slash != NULL ? slash + 1 : path);
	(void)close(fd); /* only read from */
	return exit_status;
}

/* ---- load --------------------------------------------------------------- */

static void
on_card(void *ctx, const struct json *voucher)
{
	struct waiting *waiting = ctx;
	char line[128];
	take_number(waiting->voucher, voucher, "id");
	const char *state = json_get_text(voucher, "state");
	const char *reason = json_get_text(voucher, "reason");
	(void)snprintf(line, sizeof(line), "voucher %s: %s%s%s",
		waiting->voucher, state != NULL ? state : "?",
		reason != NULL ? ", waits: " : "",
		reason != NULL ? reason : "");
	ctl_progress_show(&waiting->progress, line);
}

static int
on_card_interrupt(void *ctx)
{
	struct waiting *waiting = ctx;
	ctl_progress_clear(&waiting->progress);
	if (waiting->voucher[0] != '\0')
		ctl_say(waiting->ctl,
			"the card goes on: `topupctl voucher %s` shows what "
			"came of it",
			waiting->voucher);
	else
		ctl_say(waiting->ctl,
			"the card may go on: `topupctl vouchers` shows what "
			"came of it");
	return CTL_LEFT_OPEN;
}

/* "loaded 100.00, balance 250.00" */
static void
print_loaded(const struct json *voucher)
{
	const char *target = json_get_text(voucher, "target");
	(void)printf("loaded");
	print_member(" ", voucher, "credited");
	if (target != NULL && strcmp(target, "self") != 0)
		print_member(" to ", voucher, "target");
	print_member(", balance ", voucher, "balance_after");
	(void)putchar('\n');
}

/* What became of the money so far, and who goes on. */
static const char *
money_words(const char *state)
{
	if (strcmp(state, "unknown") == 0)
		return "it may have been credited, or not: ask the operator";
	if (strcmp(state, "held") == 0)
		return "it is not dialled until it is released";
	if (strcmp(state, "ready") == 0)
		return "it still waits: `topupctl status` tells what for";
	return "it is not settled yet, and goes on by itself";
}

static void
say_not_loaded(struct ctl *ctl, const struct json *voucher, int exit_status)
{
	char *id = ctl_table_cell(json_get(voucher, "id"), CELL_NUMBER);
	char *state = ctl_table_cell(json_get(voucher, "state"), CELL_TEXT);
	char *reason = ctl_table_cell(json_get(voucher, "reason"), CELL_TEXT);
	char *reply = ctl_table_cell(json_get(voucher, "reply"), CELL_TEXT);
	ctl_say(ctl, "%s%s%s%s%s", state, reason[0] != '\0' ? ": " : "", reason,
		reply[0] != '\0' ? ": " : "", reply);
	if (exit_status == CTL_LEFT_OPEN) {
		ctl_say(ctl, "%s", money_words(state));
		ctl_say(ctl,
			"do not give the card out again: `topupctl voucher "
			"%s` shows what comes of it",
			id);
	}
	free(id);
	free(state);
	free(reason);
	free(reply);
}

static int
on_card_done(void *ctx, const struct json *voucher, int exit_status)
{
	struct waiting *waiting = ctx;
	struct ctl *ctl = waiting->ctl;
	ctl_progress_clear(&waiting->progress);
	if (ctl->json)
		ctl_show_json(voucher);
	else if (exit_status == CTL_DONE)
		print_loaded(voucher);
	if (exit_status != CTL_DONE)
		say_not_loaded(ctl, voucher, exit_status);
	return exit_status;
}

/* A file in memory with the one row; -errno. */
static int
card_file(const struct secret *voucher_pin)
{
	int fd = memfd_create("topupctl", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, voucher_pin->bytes, voucher_pin->len);
	if (n != (ssize_t)voucher_pin->len || write(fd, "\n", 1) != 1) {
		(void)close(fd); /* memory; gone with it */
		return -EIO;
	}
	return fd;
}

void
ctl_hide_memory(void)
{
	const struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none); /* both are a second fence */
#ifndef __SANITIZE_ADDRESS__ /* the leak checker attaches to its process */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static int
read_card(struct ctl *ctl)
{
	struct secret voucher_pin = {.len = 0};
	ctl_hide_memory();
	int err = ctl_terminal_read_pin("PIN: ", &voucher_pin);
	int fd = err != 0 ? err : card_file(&voucher_pin);
	secret_wipe(&voucher_pin);
	if (err == -EINVAL)
		ctl_say(ctl, "no PIN was given, or one that is too long");
	else if (fd < 0)
		ctl_say(ctl, "cannot take the PIN: %s", strerror(-fd));
	return fd;
}

int
ctl_run_load(struct ctl *ctl)
{
	struct json *args = json_new_object();
	ctl_put_text(ctl, args, "to", "to");
	ctl_put_text(ctl, args, "amount", "amount");
	ctl_put_text(ctl, args, "modem", "modem");
	ctl_put_text(ctl, args, "operator", "operator");
	json_put_flag(args, "progress", true);
	int exit_status = CTL_USAGE;
	int fd = ctl_put_number(ctl, args, "timeout") ? read_card(ctl) : -1;
	if (fd < 0) {
		json_free(args);
		return exit_status;
	}
	struct waiting waiting;
	struct ctl_hooks hooks = wait_hooks(ctl, &waiting);
	hooks.on_progress = on_card;
	hooks.on_done = on_card_done;
	hooks.on_interrupt = on_card_interrupt;
	exit_status = ctl_ask(ctl, args, fd, &hooks);
	(void)close(fd); /* memory; gone once the daemon closes it, too */
	return exit_status;
}
