/*
 * ctl_record: writes a modem's wire as a transcript on standard output. What
 * comes is fit to be shown; it must never be written other than it came.
 */
#include "agent/ctl_private.h"

#include <signal.h>
#include <unistd.h>

#include "agent/json.h"

enum { SECONDS_MAX = 7 * 24 * 3600 };

/* The first item says what is recorded; tests/transcripts/README says what
 * else may stand at the top. */
static void
on_item(void *ctx, const struct json *item)
{
	struct ctl *ctl = ctx;
	const char *line = json_get_text(item, "line");
	const char *dialect = json_get_text(item, "dialect");
	int64_t ms = 0;
	if (ctl->json) {
		ctl_show_json(item);
	} else if (line == NULL) {
		(void)printf("# topupd transcript 1\n# dialect: %s\n",
			dialect != NULL ? dialect : "");
	} else {
		(void)json_get_number(item, "ms", &ms);
		(void)printf("%lld %c %s\n", (long long)ms,
			json_get_flag(item, "sent") ? '>' : '<', line);
	}
	(void)fflush(stdout);
}

static int
on_done(void *ctx, const struct json *done, int exit_status)
{
	(void)ctx;
	(void)done;
	return exit_status;
}

static int
on_interrupt(void *ctx)
{
	(void)ctx;
	return CTL_DONE;
}

/* Each line was flushed; the daemon sees that we are gone. */
static void
on_alarm(int signo)
{
	(void)signo;
	_exit(CTL_DONE);
}

int
ctl_run_record(struct ctl *ctl)
{
	const struct ctl_hooks hooks = {.ctx = ctl,
		.on_item = on_item,
		.on_done = on_done,
		.on_interrupt = on_interrupt,
		.waits = true};
	const char *seconds = ctl_option_value(ctl, "seconds");
	int64_t limit = 0;
	if (seconds != NULL &&
		!ctl_number(ctl, "--seconds", seconds, false, &limit))
		return CTL_USAGE;
	if (limit > 0) {
		(void)signal(SIGALRM, on_alarm);
		(void)alarm(
			(unsigned)(limit < SECONDS_MAX ? limit : SECONDS_MAX));
	}
	struct json *args = json_new_object();
	json_put_text(args, "modem", ctl->args[0]);
	return ctl_ask(ctl, args, -1, &hooks);
}
