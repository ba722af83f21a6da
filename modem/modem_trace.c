/*
 * modem_trace: what is heard, as a log may show it. Answers and messages may
 * hold the PIN that was dialled, an echo does. It must never show a run of
 * digits that may be one, or a good part of one, in whatever coding.
 */
#include "modem/modem_inside.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "modem/sign.h"

enum {
	TRACE_MAX = 512,
	DIGIT_RUN = 4,   /* as many digits, in hex too, may be of a PIN */
	SPELLED_RUN = 8, /* so many with signs between them, too */
	SIGNS_MAX = 4,   /* between two digits of one number */
	HEX_RUN = 20,    /* a message, or a text in hex */
	PREFIX_MAX = 16, /* "+CREG" and the like */
	ERROR_DIGITS = 3 /* of a result: 27.007 9.2, 27.005 3.2.5 */
};

struct trace {
	char text[TRACE_MAX];
	size_t len;
};

static bool
has_digit(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sign_is_digit(text[i]))
			return true;
	return false;
}

/* Runs of so many digits, in hex too, may be a PIN: stars for all of them. */
static void
mask_runs(char *text, size_t n, size_t run)
{
	size_t from = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && sign_is_hex(text[i]))
			continue;
		if (i - from >= run && has_digit(text + from, i - from))
			memset(text + from, '*', i - from);
		from = i + 1;
	}
}

static void
mask_digits(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sign_is_digit(text[i]))
			text[i] = '*';
}

/* A PIN in groups ("123,456,789,012"), with any signs between them. */
static void
mask_spelled(char *text, size_t n)
{
	size_t from = 0;
	size_t digits = 0;
	size_t signs = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && sign_is_digit(text[i])) {
			from = digits++ == 0 ? i : from;
			signs = 0;
		} else if (i == n || isalpha((unsigned char)text[i]) ||
			   ++signs > SIGNS_MAX) {
			if (digits >= SPELLED_RUN)
				mask_digits(text + from, i - from);
			digits = 0;
		}
	}
}

/* Of a text that the operator wrote: digits of other scripts go, too. */
static void
mask_text(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] > 0x7F)
			text[i] = '?';
	mask_spelled(text, n);
	mask_runs(text, n, DIGIT_RUN);
}

/* ---- kinds of lines ------------------------------------------------------ */

/* "+CREG: ": a modem says so of itself, and no operator writes it. */
static bool
has_prefix(struct span line)
{
	static const char signs[] = {'+', '^', '#', '!', '%', '$', '&', '*'};
	size_t i = 1;

	if (line.len == 0 || memchr(signs, line.ptr[0], sizeof(signs)) == NULL)
		return false;
	while (i < line.len && i < PREFIX_MAX &&
		(isupper((unsigned char)line.ptr[i]) ||
			(i > 1 && sign_is_digit(line.ptr[i]))))
		i++;
	return i > 2 && i < line.len && line.ptr[i] == ':';
}

/* Which have a text in them, or behind them. */
static bool
is_head(struct span line)
{
	static const char *const heads[] = {
		"CUSD", "USSD", "CMGL:", "CMGR:", "CMT:", "CDS:", "CBM:"};
	const char *end = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
	size_t n = end == NULL ? 0 : (size_t)(end - line.ptr) + 1;

	for (size_t i = 0; has_prefix(line) && i < sizeof heads / sizeof *heads;
		i++)
		if (memmem(line.ptr, n, heads[i], strlen(heads[i])) != NULL)
			return true;
	return false;
}

/* "+CME ERROR: 16": no piece of an echo looks like it. */
static bool
is_result(struct span line)
{
	static const size_t head = sizeof "+CME ERROR:" - 1;
	struct span code;

	if (!span_starts(line, span_str("+CME ERROR:")) &&
		!span_starts(line, span_str("+CMS ERROR:")))
		return false;
	code = span_trim(span_skip(line, head));
	for (size_t i = 0; i < code.len; i++)
		if (!sign_is_digit(code.ptr[i]))
			return false;
	return code.len <= ERROR_DIGITS;
}

/* What may be a text, or a rest of one: all without a prefix, but for what
 * the modem tells of itself when it is asked who it is. */
static bool
may_be_text(struct modem *m, struct span line)
{
	if (is_head(line))
		m->text_heard = true;
	return is_head(line) ||
	       (!has_prefix(line) && (m->text_heard || m->job != JOB_LIFE));
}

/* ---- lines --------------------------------------------------------------- */

/* Long hex is a message: how long it is must do. */
static void
copy_line(struct trace *trace, struct span line)
{
	size_t at = 0;

	trace->len = 0;
	while (at < line.len && trace->len < sizeof trace->text - 1) {
		size_t room = sizeof trace->text - trace->len;
		char *out = trace->text + trace->len;
		size_t run = 0;
		int n;

		while (at + run < line.len && sign_is_hex(line.ptr[at + run]))
			run++;
		if (run < HEX_RUN) {
			run = run > 0 ? run : 1;
			run = run < room - 1 ? run : room - 1;
			memcpy(out, line.ptr + at, run);
			trace->len += run;
			at += run;
			continue;
		}
		n = snprintf(out, room, "(hex: %zu)", run);
		trace->len += (size_t)n < room ? (size_t)n : room - 1;
		at += run;
	}
}

/* Of what is on the wire; with its final result it is past. */
static bool
echo_may_come(const struct modem *m)
{
	return m->masked && !(m->request.active && m->ask.final_seen);
}

static void
tell(struct modem *m, struct span heard, bool is_echo)
{
	bool is_text = may_be_text(m, heard);
	struct trace trace;

	if (!has_prefix(heard) || is_head(heard))
		copy_line(&trace, heard);
	else {
		trace.len = heard.len < TRACE_MAX ? heard.len : TRACE_MAX;
		memcpy(trace.text, heard.ptr, trace.len);
	}
	if (is_echo)
		mask_runs(trace.text, trace.len, DIGIT_RUN);
	else if (is_text)
		mask_text(trace.text, trace.len);
	if (echo_may_come(m) && !is_result(heard))
		mask_runs(trace.text, trace.len, 1);
	else if (is_echo && span_starts(heard, span_str("AT+CPIN")))
		mask_digits(trace.text, trace.len);
	m->hooks.on_trace(m->hooks.ctx, false, span_of(trace.text, trace.len));
	explicit_bzero(&trace, sizeof trace);
}

void
modem_wire_trace(struct modem *m, struct span heard, bool is_echo)
{
	char text[TRACE_MAX];
	size_t n = heard.len < sizeof text ? heard.len : sizeof text;

	if (m->recording != NULL) {
		memcpy(text, heard.ptr, n);
		mask_runs(text, n, DIGIT_RUN);
		modem_record_heard(m, heard, span_of(text, n), is_echo);
		explicit_bzero(text, sizeof text);
	}
	if (m->hooks.on_trace != NULL)
		tell(m, heard, is_echo);
}
