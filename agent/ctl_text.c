/*
 * ctl_text: foreign texts made safe for a terminal, their width and lines, and
 * times as people read and type them. It must never let a control sign through.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "agent/utf8.h"
#include "modem/span.h"

char *
ctl_text_clean(const char *text)
{
	struct span rest = span_str(text);
	/* \uNNNN for one; and room for the sign of a cut */
	char *out = malloc(6 * rest.len + CTL_CUT_ROOM + 1), *at = out;
	if (out == NULL)
		abort();
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		if (n == 0)
			at += sprintf(at, "\\x%02x", (unsigned char)*rest.ptr);
		else if (c == '\n')
			at += sprintf(at, "\\n");
		else if (utf8_acts(c))
			at += sprintf(at, c < 0x100 ? "\\x%02x" : "\\u%04x",
				(unsigned)c);
		else
			at = mempcpy(at, rest.ptr, n);
		rest = span_skip(rest, n == 0 ? 1 : n);
	}
	*at = '\0';
	return out;
}

static unsigned
char_width(uint32_t c)
{
	int width = wcwidth((wchar_t)c);
	return width < 0 ? 1 : (unsigned)width;
}

unsigned
ctl_text_width(const char *text)
{
	struct span rest = span_str(text);
	unsigned width = 0;
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		width += n == 0 ? 1 : char_width(c);
		rest = span_skip(rest, n == 0 ? 1 : n);
	}
	return width;
}

bool
ctl_text_has_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Of one column, in what the terminal can show. */
static const char *
cut_sign(void)
{
	return ctl_text_has_unicode() ? "\u2026" : "~";
}

void
ctl_text_cut(char *text, unsigned width)
{
	struct span rest = span_str(text);
	unsigned used = 0;
	const size_t room = rest.len;
	if (ctl_text_width(text) <= width)
		return;
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		unsigned w = n == 0 ? 1 : char_width(c);
		if (used + w + 1 > width)
			break;
		used += w;
		rest = span_skip(rest, n == 0 ? 1 : n);
	}
	if (width == 0)
		text[0] = '\0';
	else
		memcpy(text + (room - rest.len), cut_sign(),
			strlen(cut_sign()) + 1);
}

/* As much of the text as room columns take, at least one sign. */
static size_t
fitting(const char *text, unsigned room)
{
	struct span rest = span_str(text);
	const size_t all = rest.len;
	unsigned used = 0;
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		unsigned w = n == 0 ? 1 : char_width(c);
		if (used > 0 && used + w > room)
			break;
		used += w;
		rest = span_skip(rest, n == 0 ? 1 : n);
	}
	return all - rest.len;
}

/* A word; one that no line has room for goes on in the next. */
static unsigned
print_long(const struct ctl_screen *screen, const char *before, char *word)
{
	unsigned indent = (unsigned)strlen(before);
	unsigned room = screen->width > indent + 1 ? screen->width - indent : 1;
	while (screen->width > 0 && ctl_text_width(word) > room) {
		size_t n = fitting(word, room);
		(void)fprintf(screen->file, "%.*s\n%s", (int)n, word, before);
		word += n;
	}
	(void)fputs(word, screen->file);
	return ctl_text_width(word);
}

void
ctl_text_wrap(const struct ctl_screen *screen, const char *before, char *text)
{
	unsigned indent = (unsigned)strlen(before), used = 0;
	char *rest = text;
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		unsigned width = ctl_text_width(word) + (used > 0 ? 1 : 0);
		if (used > 0 && screen->width > 0 &&
			indent + used + width > screen->width) {
			(void)fprintf(screen->file, "\n%s", before);
			used = 0;
		} else if (used > 0) {
			(void)fputc(' ', screen->file);
			used++;
		}
		used += print_long(screen, before, word);
	}
}

/* ---- times --------------------------------------------------------------- */

void
ctl_text_time(const char *rfc3339, char *out)
{
	struct tm tm = {.tm_isdst = 0}, local;
	const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds = end == NULL ? 0 : timegm(&tm);
	if (end == NULL || strcmp(end, "Z") != 0 ||
		localtime_r(&seconds, &local) == NULL ||
		strftime(out, CTL_TIME_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0)
		(void)span_copy(out, CTL_TIME_MAX, span_str(rfc3339));
}

int
ctl_text_parse_time(const char *text, int64_t *wall_ms)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {.tm_isdst = -1}; /* let the zone decide */
		const char *end = strptime(text, forms[i], &tm);
		if (end == NULL || *end != '\0')
			continue;
		bool utc = strchr(forms[i], 'Z') != NULL;
		time_t seconds = utc ? timegm(&tm) : mktime(&tm);
		if (seconds < 0)
			return -EINVAL;
		*wall_ms = (int64_t)seconds * 1000;
		return 0;
	}
	return -EINVAL;
}

void
ctl_text_duration(int64_t seconds, char *out, size_t cap)
{
	long long s = seconds < 0 ? 0 : seconds;
	if (s < 60)
		(void)snprintf(out, cap, "%llds", s);
	else if (s < 3600)
		(void)snprintf(out, cap, "%lldm %llds", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(out, cap, "%lldh %lldm", s / 3600, s / 60 % 60);
	else
		(void)snprintf(
			out, cap, "%lldd %lldh", s / 86400, s / 3600 % 24);
}
