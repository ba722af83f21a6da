/*
 * ctl_card: batches to the daemon, and waiting for their end. (ctl_load has
 * the card at the counter.) It must never read what is in a batch.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/json.h"

/* ---- what all of them wait with ----------------------------------------- */

struct waiting {
	struct ctl *ctl;
	struct ctl_progress progress;
	char batch[24]; /* its number, once it is known */
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
