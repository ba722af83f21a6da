/*
 * framer: one byte at a time, so that cuts in the wire cannot matter. Each
 * byte either ends a frame or does not; what a frame leaves over goes back
 * to the bytes not yet looked at. It must never give a byte out twice.
 */
#include "modem/framer.h"

#include <string.h>

#include "modem/sign.h"

/* Every byte is looked at a bounded number of times, whatever they are. */
enum {
	TAIL_MAX = 128, /* behind a closing quote: a scheme, and blanks */
	RESULT_MAX = 32 /* of "+CME ERROR: " and a number */
};

/* In a quoted text, a line that begins so is no text: the closing quote was
 * lost. */
static const char *const cuts[] = {"+CUSD:", "+CME ERROR:", "+CMS ERROR:"};

static bool
is_eol(char c)
{
	return c == '\r' || c == '\n';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
ends_with(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && memcmp(s.ptr + s.len - n, word, n) == 0;
}

/* Behind these two signs operators write prices and tags as well. */
static bool
is_rare_noise(struct span line)
{
	static const char *const names[] = {"$QC", "#QSS:", "#STN:"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_starts(line, span_str(names[i])))
			return true;
	return false;
}

/* "+CREG: 1", "^RSSI:7", "*E2REG: 2", "%NWSTATE: ...": modems print such lines
 * at any moment, even in the middle of a text; no operator begins a line so. */
static bool
is_noise(struct span line)
{
	enum { NAME_MIN = 3 };
	static const char marks[] = "+^*%_";
	size_t n = 1;

	if (is_rare_noise(line))
		return true;
	if (line.len < 2 || !memchr(marks, line.ptr[0], sizeof marks - 1) ||
		!is_upper(line.ptr[1]))
		return false;
	while (n < line.len &&
		(is_upper(line.ptr[n]) || sign_is_digit(line.ptr[n])))
		n++;
	return n > NAME_MIN && n < line.len && line.ptr[n] == ':';
}

/* All that we send begins with AT; no answer does. Broken echoes and those
 * of earlier commands are meant as well. */
static bool
is_echo(struct span line)
{
	static const char after[] = "+^&*#!$%@\\";
	static const size_t bare_max = 5; /* AT, ATI, ATZ, ATE0 */

	if (!span_starts(line, span_str("AT")))
		return false;
	if (line.len > 2 && memchr(after, line.ptr[2], sizeof after - 1))
		return true;
	return line.len <= bare_max;
}

void
framer_init(struct framer *f)
{
	memset(f, 0, sizeof *f);
}

void
framer_reset(struct framer *f)
{
	explicit_bzero(f, sizeof *f);
}

void
framer_expect_prompt(struct framer *f, bool expected)
{
	f->prompt = expected;
}

void
framer_mark(struct framer *f)
{
	f->stale = f->len > 0 || f->next < f->end;
}

/* Wipes what the last frame showed: it may have been an echoed PIN. */
static void
forget_given(struct framer *f)
{
	explicit_bzero(f->buf, f->given);
	explicit_bzero(f->noise, sizeof f->noise);
	f->given = 0;
}

char *
framer_room(struct framer *f, size_t *room)
{
	size_t pending = f->end - f->next;
	size_t used = f->end;

	forget_given(f);
	memmove(f->buf + f->len, f->buf + f->next, pending);
	f->next = f->len;
	f->end = f->len + pending;
	explicit_bzero(f->buf + f->end, used - f->end);
	*room = sizeof f->buf - f->end;
	return f->buf + f->end;
}

void
framer_filled(struct framer *f, size_t n)
{
	f->end += n;
}

static struct frame
no_frame(void)
{
	return (struct frame){.kind = FRAME_NONE};
}

/* Gives out buf[0, at) as a frame; buf[at, len) is looked at again. */
static struct frame
give(struct framer *f, size_t at, enum frame_kind kind)
{
	size_t left = f->len - at;
	struct frame out = {.kind = kind, .stale = f->stale};

	out.text = span_trim(span_of(f->buf, at));
	if (kind == FRAME_LINE && is_echo(out.text))
		out.kind = FRAME_ECHO;
	memmove(f->buf + f->next - left, f->buf + at, left);
	f->next -= left;
	explicit_bzero(f->buf + at, f->next - at);
	f->given = at;
	f->len = 0;
	f->line_at = 0;
	f->quoted = false;
	f->stale = false;
	if (out.kind == FRAME_LINE && out.text.len == 0)
		return no_frame();
	return out;
}

static struct frame
overflow(struct framer *f)
{
	struct frame out = give(f, f->len, FRAME_OVERFLOW);

	out.text = span_of(f->buf, 0);
	f->skipping = true;
	return out;
}

/* The ", 15" after a closing quote, junk letter and sign included. */
static bool
is_coding_scheme(struct span s)
{
	size_t digits = 0;

	if (s.len == 0 || s.ptr[0] != ',')
		return false;
	s = span_trim(span_skip(s, 1));
	if (s.len > 0 && s.ptr[0] == '-')
		s = span_skip(s, 1);
	while (digits < s.len && sign_is_digit(s.ptr[digits]))
		digits++;
	return digits > 0 && digits <= 3 && s.len <= digits + 1;
}

/*
 * Whether a quoted frame is whole at this line end. A quote and a coding
 * scheme always close it; a bare quote only when it pairs with the others,
 * since a quoted word may stand at the end of a line of the text.
 */
static bool
is_closed(const struct framer *f)
{
	struct span tail = span_of(f->buf, f->len);

	/* Asked at each line end: what is far behind is not looked at again. */
	if (f->quotes < 2 || f->len - f->last_quote > TAIL_MAX)
		return false;
	tail = span_trim(span_skip(tail, f->last_quote + 1));
	return is_coding_scheme(tail) || (tail.len == 0 && f->quotes % 2 == 0);
}

/*
 * Takes a noise line out of the middle of a text. It comes with a line end
 * of its own on either side (V.250 5.7.1), wherever in the text it fell.
 */
static struct frame
lift_noise(struct framer *f)
{
	struct span line =
		span_trim(span_of(f->buf + f->line_at, f->len - f->line_at));
	struct frame out = {.kind = FRAME_LINE};
	size_t at = f->line_at;

	memcpy(f->noise, line.ptr, line.len);
	out.text = span_of(f->noise, line.len);
	if (f->buf[at - 1] == '\n')
		at--;
	if (f->buf[at - 1] == '\r')
		at--;
	f->eat_lf = f->buf[f->len - 1] == '\r';
	explicit_bzero(f->buf + at, f->len - at);
	f->len = at;
	f->line_at = at;
	f->quotes = f->line_quotes;
	f->last_quote = f->line_last_quote;
	return out;
}

static struct frame
end_of_quoted_line(struct framer *f)
{
	struct span line =
		span_trim(span_of(f->buf + f->line_at, f->len - f->line_at));

	/* Noise has its own quotes in pairs; a last line of the text has one
	 * left over, which closes it. */
	if (f->line_at > 0 && line.len < FRAMER_NOISE_MAX && is_noise(line) &&
		(f->quotes - f->line_quotes) % 2 == 0)
		return lift_noise(f);
	if (is_closed(f))
		return give(f, f->len, FRAME_LINE);
	f->line_at = f->len;
	f->line_quotes = f->quotes;
	f->line_last_quote = f->last_quote;
	return no_frame();
}

static struct frame
byte_in_quotes(struct framer *f, char c)
{
	struct span line = span_of(f->buf + f->line_at, f->len - f->line_at);

	if (c == '"') {
		f->quotes++;
		f->last_quote = f->len - 1;
	}
	if (is_eol(c))
		return end_of_quoted_line(f);
	for (size_t i = 0; f->line_at > 0 && i < sizeof cuts / sizeof *cuts;
		i++)
		if (span_eq(line, span_str(cuts[i])))
			return give(f, f->line_at, FRAME_LINE);
	return no_frame();
}

/* "OK+CUSD: ...", "ERROR^...", "+CME ERROR: 25+CNUM: ...": a final result
 * and the next line without a line end between them. */
static bool
is_glued(struct span line)
{
	struct span head = span_of(line.ptr, line.len > 2 ? line.len - 2 : 0);
	char joint;
	uint32_t code;

	if (head.len == 0 || head.len > RESULT_MAX ||
		!is_upper(line.ptr[line.len - 1]))
		return false;
	joint = line.ptr[line.len - 2];
	if (joint != '+' && joint != '^')
		return false;
	if (span_eq(head, span_str("OK")) || span_eq(head, span_str("ERROR")))
		return true;
	if (!span_starts(head, span_str("+CME ERROR:")) &&
		!span_starts(head, span_str("+CMS ERROR:")))
		return false;
	head = span_trim(span_skip(head, strlen("+CME ERROR:")));
	return span_to_u32(head, UINT32_MAX, &code) == 0;
}

static struct frame
byte_in_line(struct framer *f, char c, int64_t now_ms)
{
	struct span line = span_of(f->buf, f->len);

	if (f->prompt && span_eq(line, span_str("> ")))
		return give(f, f->len, FRAME_PROMPT);
	if (is_eol(c))
		return give(f, f->len, FRAME_LINE);
	if (is_glued(line))
		return give(f, f->len - 2, FRAME_LINE);
	if (c == ':' && f->len > strlen("+CUSD:") && ends_with(line, "+CUSD:"))
		return give(f, f->len - strlen("+CUSD:"), FRAME_LINE);
	if (c == '"' && span_starts(line, span_str("+CUSD"))) {
		f->quoted = true;
		f->quote_at_ms = now_ms;
		f->quotes = 1;
		f->last_quote = f->len - 1;
	}
	return no_frame();
}

static struct frame
take_byte(struct framer *f, char c, int64_t now_ms)
{
	bool eat = f->eat_lf && c == '\n';

	f->eat_lf = false;
	if (c == '\0' || eat)
		return no_frame();
	if (f->skipping) {
		f->skipping = !is_eol(c);
		return no_frame();
	}
	if (f->len == 0 && is_eol(c))
		return no_frame();
	f->buf[f->len++] = c;
	/* An echo glued to anything, even inside a text whose quote was lost,
	 * is cut off: it may hold a PIN. */
	if (c == '=' && f->len > strlen("AT+CUSD=") &&
		ends_with(span_of(f->buf, f->len), "AT+CUSD="))
		return give(f, f->len - strlen("AT+CUSD="), FRAME_LINE);
	if (f->len == FRAMER_LINE_MAX)
		return overflow(f);
	if (f->quoted)
		return byte_in_quotes(f, c);
	return byte_in_line(f, c, now_ms);
}

/* Its line end may have gone with noise behind it; without one it would wait
 * for the next line. All bytes were looked at: there is room. */
static void
end_last_line(struct framer *f)
{
	f->buf[f->len++] = '\n';
	if (f->next < f->len)
		f->next = f->end = f->len;
}

/* The closing quote did not come: the text ends before a final result that
 * stands last, or else with the last byte. */
static struct frame
give_up_quote(struct framer *f)
{
	struct span all = span_trim(span_of(f->buf, f->len));
	size_t at = all.len;
	struct span last;

	while (at > 0 && !is_eol(f->buf[at - 1]))
		at--;
	last = span_trim(span_of(f->buf + at, all.len - at));
	if (at == 0 || (!span_eq(last, span_str("OK")) &&
			       !span_eq(last, span_str("ERROR"))))
		return give(f, f->len, FRAME_LINE);
	end_last_line(f);
	return give(f, at, FRAME_LINE);
}

struct frame
framer_next(struct framer *f, int64_t now_ms)
{
	struct frame out;

	forget_given(f);
	while (f->next < f->end) {
		char c = f->buf[f->next];

		f->buf[f->next++] = '\0';
		out = take_byte(f, c, now_ms);
		if (out.kind != FRAME_NONE)
			return out;
		forget_given(f);
	}
	if (f->quoted && now_ms >= f->quote_at_ms + FRAMER_QUOTE_MS)
		return give_up_quote(f);
	return no_frame();
}

int64_t
framer_wake_at(const struct framer *f)
{
	return f->quoted ? f->quote_at_ms + FRAMER_QUOTE_MS : INT64_MAX;
}
