/*
 * ctl_ussd: an administrator's USSD session: the operator's screens, and on
 * a terminal the person's answers. It must never keep what was typed.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/json.h"

enum { ANSWER_BYTES = 1024 };

/* The operator's lines as lines, each of them clean. */
static void
print_screen(const struct ctl *ctl, const struct json *screen)
{
	const char *text = json_get_text(screen, "text");
	char *rest = strdup(text != NULL ? text : ""), *line;
	char *from = rest;
	while ((line = strsep(&from, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		char *clean = ctl_text_clean(line);
		(void)fprintf(ctl->out.file, "%s\n", clean);
		free(clean);
	}
	free(rest);
	(void)fflush(ctl->out.file);
}

/* ---- the person --------------------------------------------------------- */

/* Waits for a line of the person; false when the daemon spoke first. */
static bool
wait_for_person(int sock)
{
	struct pollfd look[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = sock, .events = POLLIN}};
	while (poll(look, 2, -1) < 0) {
		if (errno != EINTR)
			return false;
	}
	return look[1].revents == 0;
}

/* What a terminal gives is one line. Its length; 0 for an empty one, ^D or
 * an error. */
static size_t
read_line(char *line, size_t cap)
{
	ssize_t n = read(STDIN_FILENO, line, cap - 1);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return strlen(line);
}

static char *
request_of(const char *answer)
{
	struct json *o = json_new_object();
	char *line = NULL;
	json_put_text(o, "answer", answer);
	char *text = json_print(o);
	if (asprintf(&line, "%s\n", text) < 0)
		abort();
	free(text);
	json_free(o);
	return line;
}

static bool
reply(void *ctx, int sock, char **line)
{
	const struct ctl *ctl = ctx;
	char typed[ANSWER_BYTES];
	(void)fputs("answer (empty ends): ", ctl->err.file);
	(void)fflush(ctl->err.file);
	if (!wait_for_person(sock)) {
		(void)fputc('\n', ctl->err.file);
		return true;
	}
	/* The daemon closes the session when it sees us leave. */
	if (read_line(typed, sizeof(typed)) == 0)
		return false;
	*line = request_of(typed);
	explicit_bzero(typed, sizeof(typed));
	return true;
}

/* ---- the command -------------------------------------------------------- */

static void
on_progress(void *ctx, const struct json *screen)
{
	print_screen(ctx, screen);
}

static int
on_done(void *ctx, const struct json *screen, int exit_status)
{
	struct ctl *ctl = ctx;
	if (ctl->json) {
		ctl_show_json(screen);
		return exit_status;
	}
	print_screen(ctl, screen);
	if (json_get_flag(screen, "open"))
		ctl_say(ctl, "the operator asked back, and the session was "
			     "closed: answers are typed on a terminal");
	return exit_status;
}

int
ctl_run_ussd(struct ctl *ctl)
{
	bool person = !ctl->json && isatty(STDIN_FILENO) == 1;
	const struct ctl_hooks hooks = {.ctx = ctl,
		.on_progress = on_progress,
		.reply = person ? reply : NULL,
		.on_done = on_done,
		.waits = true};
	struct json *args = json_new_object();
	json_put_text(args, "modem", ctl->args[0]);
	json_put_text(args, "code", ctl->args[1]);
	json_put_flag(args, "dialogue", person);
	return ctl_ask(ctl, args, -1, &hooks);
}
