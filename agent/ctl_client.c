/*
 * ctl_client: asks the daemon over its socket: one request, its answer
 * lines. What the daemon says is bounded, too.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/control.h"
#include "agent/json.h"
#include "agent/problem.h"

enum {
	LINE_MAX_BYTES = 4 << 20, /* of one answer line */
	PIECE = 65536,
	ANSWER_S = 60 /* for what needs no waiting: the disk may be slow */
};

/* ---- where the socket is ------------------------------------------------ */

static int
path_in(char *out, size_t cap, const char *dir)
{
	int n = snprintf(out, cap, "%s/%s", dir, CONTROL_SOCKET_NAME);
	return n > 0 && (size_t)n < cap ? 0 : -ENAMETOOLONG;
}

/* From the configuration. Who may use the socket need not be allowed to
 * read the default one. */
static int
path_from_config(const struct ctl *ctl, char *out, size_t cap)
{
	const char *file =
		ctl->config != NULL ? ctl->config : CTL_CONFIG_DEFAULT;
	if (ctl->config == NULL && access(file, R_OK) != 0)
		return path_in(out, cap, "/run/topupd");
	struct problems *problems = problems_new();
	struct config *config = config_load(file, problems);
	int err = config == NULL || config->runtime_dir == NULL
	                  ? -EINVAL
	                  : path_in(out, cap, config->runtime_dir);
	for (size_t i = 0; err != 0 && problems_line(problems, i) != NULL; i++)
		ctl_say(ctl, "%s", problems_line(problems, i));
	config_free(config);
	problems_free(problems);
	return err;
}

static int
socket_path(const struct ctl *ctl, char *out, size_t cap)
{
	if (ctl->socket == NULL)
		return path_from_config(ctl, out, cap);
	return span_copy(out, cap, span_str(ctl->socket));
}

/* ---- connecting --------------------------------------------------------- */

static int
say_no_connection(const struct ctl *ctl, const char *path, int why)
{
	if (why == EACCES || why == EPERM) {
		ctl_say(ctl,
			"you may not open %s: your user must be in its group "
			"(ls -l %s)",
			path, path);
		return CTL_REFUSED;
	}
	ctl_say(ctl,
		"topupd does not answer at %s (%s): is it running? "
		"-c FILE or --socket PATH says where else to look",
		path, strerror(why));
	return CTL_NO_DAEMON;
}

/* A connected socket, or -1 with the exit status. */
static int
connect_daemon(const struct ctl *ctl, int *exit_status)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (socket_path(ctl, address.sun_path, sizeof(address.sun_path)) != 0) {
		ctl_say(ctl, "where is the socket? say --socket PATH");
		*exit_status = CTL_REFUSED;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      sizeof(address)) != 0) {
		*exit_status = say_no_connection(ctl, address.sun_path, errno);
		if (fd >= 0)
			(void)close(fd); /* nothing was said on it */
		return -1;
	}
	return fd;
}

/* ---- the request -------------------------------------------------------- */

/* The descriptor goes with the first byte. */
static ssize_t
send_piece(int sock, const char *bytes, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra = {.bytes = {0}};
	struct iovec piece = {
		.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = extra.bytes;
		message.msg_controllen = sizeof(extra.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(sock, &message, MSG_NOSIGNAL);
}

static int
send_request(int sock, const char *line, int fd)
{
	size_t len = strlen(line), sent = 0;
	while (sent < len) {
		ssize_t n = send_piece(
			sock, line + sent, len - sent, sent == 0 ? fd : -1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	return 0;
}

/* "{...}\n"; the caller frees it. */
static char *
request_line(const char *command, struct json *args)
{
	struct json *request = json_new_object();
	json_put_text(request, "command", command);
	json_put(request, "args", args);
	char *text = json_print(request), *line = NULL;
	json_free(request);
	if (asprintf(&line, "%s\n", text) < 0)
		abort();
	free(text);
	return line;
}

/* ---- the answer --------------------------------------------------------- */

struct answer {
	struct ctl *ctl;
	const struct ctl_hooks *hooks;
	int sock;
	char *bytes;
	size_t len, cap;
	bool ended;
	int exit_status;
};

static void
on_error(struct answer *answer, const char *error, int exit_status)
{
	/* Several lines come from a refused reload. */
	struct span rest = span_str(error);
	while (rest.len > 0) {
		size_t n = span_find(rest, '\n');
		char *line = strndup(rest.ptr, n);
		char *clean = ctl_text_clean(line != NULL ? line : "");
		ctl_say(answer->ctl, "%s", clean);
		free(clean);
		free(line);
		rest = span_skip(rest, n + 1);
	}
	answer->ended = true;
	answer->exit_status = exit_status;
}

static void
take_progress(struct answer *answer, const struct json *part)
{
	const struct ctl_hooks *hooks = answer->hooks;
	char *line = NULL;
	if (hooks->on_progress != NULL)
		hooks->on_progress(hooks->ctx, part);
	if (hooks->reply != NULL &&
		!hooks->reply(hooks->ctx, answer->sock, &line)) {
		answer->ended = true;
		answer->exit_status = CTL_DONE;
	}
	/* A daemon that left is found when its answer is read. */
	if (line != NULL)
		(void)send_request(answer->sock, line, -1);
	free(line);
}

static void
take_line(struct answer *answer, struct span line)
{
	char why[160];
	const struct ctl_hooks *hooks = answer->hooks;
	struct json *value = json_parse(line, why, sizeof(why));
	int64_t exit_status = CTL_REFUSED;
	const char *error = json_get_text(value, "error");
	const struct json *part;
	(void)json_get_number(value, "exit", &exit_status);
	if (value == NULL) {
		on_error(answer,
			"the answer makes no sense: is it topupd "
			"that listens there?",
			CTL_NO_DAEMON);
	} else if (error != NULL) {
		on_error(answer, error, (int)exit_status);
	} else if ((part = json_get(value, "item")) != NULL) {
		if (hooks->on_item != NULL)
			hooks->on_item(hooks->ctx, part);
	} else if ((part = json_get(value, "progress")) != NULL) {
		take_progress(answer, part);
	} else if ((part = json_get(value, "done")) != NULL) {
		answer->ended = true;
		answer->exit_status =
			hooks->on_done(hooks->ctx, part, (int)exit_status);
	}
	json_free(value);
}

/* All whole lines that are there. */
static void
take_lines(struct answer *answer)
{
	size_t used = 0;
	while (!answer->ended) {
		const char *from = answer->bytes + used;
		const char *end = memchr(from, '\n', answer->len - used);
		if (end == NULL)
			break;
		take_line(answer, span_of(from, (size_t)(end - from)));
		used += (size_t)(end - from) + 1;
	}
	answer->len -= used;
	memmove(answer->bytes, answer->bytes + used, answer->len);
}

/* ---- Ctrl-C ------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void
on_sigint(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* What was before. While it is guarded the signal comes in ppoll() only, so
 * that none is lost between looking at the flag and sleeping. */
struct guard {
	struct sigaction action;
	sigset_t mask;
};

static void
guard_begin(struct guard *guard)
{
	const struct sigaction action = {.sa_handler = on_sigint};
	sigset_t one;
	(void)sigemptyset(&one); /* none of these can fail with these values */
	(void)sigaddset(&one, SIGINT);
	interrupted = 0;
	(void)sigprocmask(SIG_BLOCK, &one, &guard->mask);
	(void)sigaction(SIGINT, &action, &guard->action);
}

static void
guard_end(const struct guard *guard)
{
	(void)sigaction(SIGINT, &guard->action, NULL);
	(void)sigprocmask(SIG_SETMASK, &guard->mask, NULL);
}

/* ---- waiting for it ----------------------------------------------------- */

/* 0 when there is something to read; -EINTR; -EAGAIN when it took too long. */
static int
wait_readable(const struct answer *answer, int sock)
{
	const struct timespec limit = {.tv_sec = ANSWER_S};
	struct pollfd look = {.fd = sock, .events = POLLIN};
	sigset_t open;
	(void)sigprocmask(SIG_BLOCK, NULL, &open); /* reads the mask */
	(void)sigdelset(&open, SIGINT);
	int n = ppoll(&look, 1, answer->hooks->waits ? NULL : &limit,
		answer->hooks->on_interrupt != NULL ? &open : NULL);
	if (n < 0)
		return -errno;
	return n == 0 ? -EAGAIN : 0;
}

/* 0, or -errno: -EPIPE when the daemon left, -E2BIG. */
static int
receive(struct answer *answer, int sock)
{
	if (answer->cap - answer->len < PIECE) {
		if (answer->len > LINE_MAX_BYTES)
			return -E2BIG;
		answer->cap = 2 * (answer->len + PIECE);
		answer->bytes = realloc(answer->bytes, answer->cap);
		if (answer->bytes == NULL)
			abort();
	}
	int err = wait_readable(answer, sock);
	if (err != 0)
		return err;
	ssize_t n = recv(sock, answer->bytes + answer->len, PIECE, 0);
	if (n < 0)
		return -errno;
	answer->len += (size_t)n;
	return n == 0 ? -EPIPE : 0;
}

static void
read_answer(struct answer *answer, int sock)
{
	while (!answer->ended) {
		int err = receive(answer, sock);
		if (interrupted && answer->hooks->on_interrupt != NULL) {
			answer->ended = true;
			answer->exit_status =
				answer->hooks->on_interrupt(answer->hooks->ctx);
		} else if (err == 0) {
			take_lines(answer);
		} else if (err == -EAGAIN) {
			on_error(answer,
				"topupd does not answer: it may wait for its "
				"disk; look at its log",
				CTL_NO_DAEMON);
		} else if (err != -EINTR) {
			on_error(answer,
				"topupd left before it had answered: look at "
				"its log",
				CTL_NO_DAEMON);
		}
	}
}

int
ctl_ask(struct ctl *ctl, struct json *args, int fd,
	const struct ctl_hooks *hooks)
{
	struct answer answer = {.ctl = ctl, .hooks = hooks};
	struct guard guard;
	char *line = request_line(
		hooks->request != NULL ? hooks->request : ctl->command->name,
		args);
	int exit_status = CTL_REFUSED;
	int sock = connect_daemon(ctl, &exit_status);
	if (sock < 0) {
		free(line);
		return exit_status;
	}
	answer.sock = sock;
	if (hooks->on_interrupt != NULL)
		guard_begin(&guard);
	int err = send_request(sock, line, fd);
	/* Who is sent away while asking finds the reason in the answer. */
	if (err == 0 || err == -EPIPE || err == -ECONNRESET)
		read_answer(&answer, sock);
	else
		on_error(&answer, strerror(-err), CTL_NO_DAEMON);
	if (hooks->on_interrupt != NULL)
		guard_end(&guard);
	(void)close(sock); /* all of it was read, or is not wanted */
	if (answer.bytes != NULL)
		explicit_bzero(answer.bytes, answer.cap); /* PINs: reveal */
	free(answer.bytes);
	free(line);
	return answer.exit_status;
}
