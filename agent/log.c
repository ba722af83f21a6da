/*
 * log: lines to the log socket and to stderr, without ever waiting for a
 * reader: syslog(3) blocks when the reader stalls, so the datagrams are our
 * own. It must never let a control character of foreign text through.
 */
#include "agent/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "agent/utf8.h"
#include "modem/span.h"

enum {
	LINE_MAX_BYTES = 3072, /* of text, escaped; an audit line is shorter */
	DATAGRAM_MAX = LINE_MAX_BYTES + 128,
	/* A pipe that polls writable takes this much at once (pipe(7),
	 * PIPE_BUF), so a shorter write never blocks. */
	STDERR_MAX = 4096
};
_Static_assert(DATAGRAM_MAX < STDERR_MAX, "a line fits into PIPE_BUF");

/* The one log of the process: before log_open() lines go to stderr. */
static struct {
	char ident[32];
	struct sockaddr_un address;
	int facility;
	enum log_level level;
	bool to_syslog, to_stderr;
	int fd;             /* of the log socket; -1: not connected */
	bool was_there;     /* the socket took a line since log_open() */
	unsigned long lost; /* lines that no channel took, not yet told */
} the_log = {
	.ident = "topupd", .level = LOG_AT_INFO, .to_stderr = true, .fd = -1};

static const struct {
	const char *name;
	enum log_level level;
	int severity; /* RFC 5424, table 2 */
} levels[] = {
	{"error", LOG_AT_ERROR, LOG_ERR},
	{"warning", LOG_AT_WARNING, LOG_WARNING},
	{"notice", LOG_AT_NOTICE, LOG_NOTICE},
	{"info", LOG_AT_INFO, LOG_INFO},
	{"debug", LOG_AT_DEBUG, LOG_DEBUG},
};

static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{"daemon", LOG_DAEMON},
	{"user", LOG_USER},
	{"auth", LOG_AUTH},
	{"authpriv", LOG_AUTHPRIV},
	{"syslog", LOG_SYSLOG},
	{"local0", LOG_LOCAL0},
	{"local1", LOG_LOCAL1},
	{"local2", LOG_LOCAL2},
	{"local3", LOG_LOCAL3},
	{"local4", LOG_LOCAL4},
	{"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6},
	{"local7", LOG_LOCAL7},
};

int
log_facility_from_name(const char *name, int *out)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++) {
		if (strcmp(name, facilities[i].name) == 0) {
			*out = facilities[i].facility;
			return 0;
		}
	}
	return -EINVAL;
}

int
log_level_from_name(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*out = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- text -------------------------------------------------------------- */

/* The length of the character at the start of s when it is harmless: UTF-8,
 * and one that stands there and no more. Otherwise 0. */
static size_t
harmless_len(struct span s)
{
	uint32_t c = 0;
	size_t len = utf8_next(s, &c);

	return utf8_acts(c) ? 0 : len;
}

/* Copies text with everything that is not harmless as \xNN; cuts. */
static void
escape(const char *text, char *out, size_t cap)
{
	size_t len = strlen(text), at = 0;

	for (size_t i = 0; i < len;) {
		size_t n = harmless_len(span_of(text + i, len - i));

		if (at + (n ? n : 4) >= cap)
			break;
		if (n) {
			memcpy(out + at, text + i, n);
			at += n;
			i += n;
		} else {
			(void)snprintf(out + at, cap - at, "\\x%02x",
				(unsigned char)text[i]);
			at += 4;
			i++;
		}
	}
	out[at] = '\0';
}

/* ---- syslog ------------------------------------------------------------ */

static void
disconnect(void)
{
	if (the_log.fd >= 0)
		(void)close(the_log.fd); /* nothing is buffered in it */
	the_log.fd = -1;
}

static int
connect_socket(void)
{
	int rc;

	the_log.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		/* protocol */ 0);
	if (the_log.fd < 0)
		return -errno;
	if (connect(the_log.fd, (const struct sockaddr *)&the_log.address,
		    sizeof(the_log.address)) == 0)
		return 0;
	rc = -errno;
	disconnect();
	return rc;
}

static int
send_datagram(const char *data, size_t len)
{
	int rc = the_log.fd < 0 ? connect_socket() : 0;

	if (rc == 0 && send(the_log.fd, data, len, MSG_NOSIGNAL) < 0)
		rc = -errno;
	return rc;
}

/* 0, -EAGAIN, or -ENOTCONN when there never was a socket. */
static int
to_syslog(int severity, const char *level, const char *text)
{
	char datagram[DATAGRAM_MAX];
	/* The local form: the reader knows time and host itself. */
	int len = snprintf(datagram, sizeof(datagram), "<%d>%s[%d]: %s%s%s",
		the_log.facility | severity, the_log.ident, (int)getpid(),
		level, *level ? " " : "", text);
	int rc;

	if (len >= (int)sizeof(datagram))
		len = (int)sizeof(datagram) - 1;
	rc = send_datagram(datagram, (size_t)len);
	if (rc != 0 && rc != -EAGAIN && rc != -ENOBUFS) {
		/* The reader was started anew: its socket is another one. */
		disconnect();
		rc = send_datagram(datagram, (size_t)len);
	}
	if (rc == 0)
		the_log.was_there = true;
	if (rc == 0 || rc == -EAGAIN || rc == -ENOBUFS)
		return rc == 0 ? 0 : -EAGAIN;
	disconnect();
	return the_log.was_there ? -EAGAIN : -ENOTCONN;
}

/* ---- stderr ------------------------------------------------------------ */

/* 0 when a line can be written at once, -EAGAIN when its reader is slow,
 * -ENOTCONN when nobody reads it any more. */
static int
stderr_room(void)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	/* Non-blocking mode would be the shell's and its children's too. */
	if (poll(&fd, 1, /* timeout */ 0) <= 0)
		return -EAGAIN;
	return fd.revents & (POLLERR | POLLHUP | POLLNVAL) ? -ENOTCONN : 0;
}

/* Only after stderr_room() gave 0. */
static int
to_stderr(const char *level, const char *text)
{
	char line[DATAGRAM_MAX];
	int len = snprintf(line, sizeof(line) - 1, "%s%s%s", level,
		*level ? " " : "", text);

	if (len >= (int)sizeof(line) - 1)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	return write(STDERR_FILENO, line, (size_t)len) == len ? 0 : -EAGAIN;
}

/* ---- lines ------------------------------------------------------------- */

/* To every wanted channel that takes it; false when none did. */
static bool
tell(enum log_level level, const char *text)
{
	bool told = false;

	if (the_log.to_syslog && to_syslog(levels[level].severity,
					 levels[level].name, text) == 0)
		told = true;
	if (the_log.to_stderr && stderr_room() == 0 &&
		to_stderr(levels[level].name, text) == 0)
		told = true;
	return told;
}

static void
tell_lost(void)
{
	char text[64];
	unsigned long lost = the_log.lost;

	if (lost == 0)
		return;
	(void)snprintf(text, sizeof(text), "log lost lines=%lu", lost);
	the_log.lost = 0;
	if (!tell(LOG_AT_WARNING, text))
		the_log.lost = lost;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char raw[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	va_list args;

	if (level > the_log.level)
		return;
	va_start(args, format);
	(void)vsnprintf(raw, sizeof(raw), format, args); /* cut is meant */
	va_end(args);
	escape(raw, text, sizeof(text));
	tell_lost();
	if (!tell(level, text))
		the_log.lost++;
}

int
log_try(const char *text)
{
	char escaped[LINE_MAX_BYTES];
	int syslog_rc = -ENOTCONN;
	/* Room first: what syslog took must not be tried again because
	 * stderr is slow. */
	int stderr_rc = the_log.to_stderr ? stderr_room() : -ENOTCONN;

	if (stderr_rc == -EAGAIN)
		return -EAGAIN;
	escape(text, escaped, sizeof(escaped));
	if (the_log.to_syslog)
		syslog_rc = to_syslog(LOG_NOTICE, /* level */ "", escaped);
	if (syslog_rc == -EAGAIN)
		return -EAGAIN;
	if (stderr_rc == 0)
		stderr_rc = to_stderr(/* level */ "", escaped);
	/* Where one channel does not exist, the other is all there is. */
	return stderr_rc == -ENOTCONN ? syslog_rc : stderr_rc;
}

void
log_wait(int ms)
{
	struct pollfd out = {.fd = the_log.fd, .events = POLLOUT};
	(void)poll(&out, 1, ms); /* without a socket (-1) just the time */
}

void
log_open(const struct log_options *options)
{
	disconnect();
	(void)snprintf(
		the_log.ident, sizeof(the_log.ident), "%s", options->ident);
	memset(&the_log.address, 0, sizeof(the_log.address));
	the_log.address.sun_family = AF_UNIX;
	/* A longer path cannot exist (unix(7)): connecting will fail. */
	(void)snprintf(the_log.address.sun_path,
		sizeof(the_log.address.sun_path), "%s", options->socket);
	the_log.facility = options->facility;
	the_log.level = options->level;
	the_log.to_syslog = options->to_syslog;
	the_log.to_stderr = options->to_stderr;
	the_log.was_there = false;
	the_log.lost = 0;
}

void
log_close(void)
{
	tell_lost();
	disconnect();
}
