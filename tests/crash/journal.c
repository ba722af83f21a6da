/*
 * journal: see journal.h. It must never keep a line that was refused.
 */
#include "tests/crash/journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "agent/log.h"
#include "tests/crash/power.h"
#include "tests/crash/story.h"

static journal_fn *on_trail;
static bool stalled;

void
journal_reset(journal_fn *fn)
{
	on_trail = fn;
	stalled = false;
}

void
journal_stall(bool on)
{
	stalled = on;
}

void
log_open(const struct log_options *options)
{
	(void)options;
}

void
log_close(void)
{
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[512];
	va_list args;
	if (!power_is_on() || level > LOG_AT_NOTICE)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	story_tell("    log: %s", text);
}

void
log_wait(int ms)
{
	(void)ms; /* a reader that stalls does so longer than that */
}

int
log_try(const char *text)
{
	if (!power_is_on() || stalled)
		return -EAGAIN;
	if (on_trail)
		on_trail(text);
	return 0;
}

/* No configuration is read here. */
int
log_facility_from_name(const char *name, int *out)
{
	(void)name;
	(void)out;
	return -EINVAL;
}

int
log_level_from_name(const char *name, enum log_level *out)
{
	(void)name;
	(void)out;
	return -EINVAL;
}
