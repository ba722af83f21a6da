/*
 * log: one event in one line, to syslog (non-blocking datagrams to the log
 * socket) and, where asked, to stderr. A reader that stalls costs lines, but
 * never time; audit lines go through trail, which loses none. No PIN, no
 * full subscriber number, no unclassified reply may come here.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_AT_ERROR,
	LOG_AT_WARNING,
	LOG_AT_NOTICE,
	LOG_AT_INFO,
	LOG_AT_DEBUG
};

struct log_options {
	const char *ident;    /* "topupd" */
	const char *socket;   /* "/dev/log" */
	int facility;         /* as in <syslog.h>, LOG_LOCAL0 */
	enum log_level level; /* lines above it are dropped */
	bool to_syslog;
	bool to_stderr;
};

/* Before this, lines go to stderr. Copies the options. */
void log_open(const struct log_options *options);
void log_close(void);

/* "module event key=value ...", without a line end. Control characters are
 * shown as \xNN. Over-long lines are cut. */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * One line that must not be lost, at notice level. 0 when every wanted
 * channel that exists took it; -EAGAIN when a reader is slow, or the log
 * socket was there and is not now (its daemon starts anew); -ENOTCONN when
 * there is no channel: try the same line again later.
 */
int log_try(const char *text);

/* After -EAGAIN: blocks until the reader of syslog may take a line, ms at
 * most. For the end of a program only. */
void log_wait(int ms);

/* A facility ("local0") or level ("info") by name. 0 or -EINVAL. */
int log_facility_from_name(const char *name, int *out);
int log_level_from_name(const char *name, enum log_level *out);

#endif
