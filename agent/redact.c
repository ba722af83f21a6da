/*
 * redact: lines wait until it is known what they are, and leave masked. It
 * must never let a line leave on which a PIN may stand in clear.
 */
#include "agent/redact.h"

#include <stdlib.h>
#include <string.h>

#include "agent/mask.h"
#include "agent/utf8.h"

enum {
	LINE_BYTES_MAX = 16384, /* a row has 4096; a longer line is left out */
	PENDING_MAX = 4 * LINE_BYTES_MAX,
	GAP_MAX = 16,    /* blanks and dashes between two signs of a PIN */
	DIGITS_FEW = 6,  /* fewer are no PIN: "# amount: 100" */
	SHOWN_FROM = 12, /* contract, law 7 */
	SHOWN = 4
};

enum encoding { ENCODING_UNKNOWN, ENCODING_UTF8, ENCODING_LE, ENCODING_BE };

/*
 * 1. pending begins at the start of a line, first_line.
 * 2. row_line != 0: a row begins on that line, which is pending, with
 *    voucher_pin; no row begins between it and the end of pending.
 */
struct redact {
	redact_fn *fn;
	void *ctx;
	enum encoding encoding;
	uint8_t half[4]; /* of a UTF-16 character, or of a mark */
	size_t half_len;
	char pending[PENDING_MAX];
	size_t len;
	size_t line_len; /* of the last, unfinished line */
	bool left_out;   /* the unfinished line is too long */
	unsigned first_line;
	unsigned row_line;
	bool in_rows;
	struct secret voucher_pin;
};

/* ---- one line ---------------------------------------------------------- */

/* Masked text under way; never longer than the text it is made of. */
struct masked {
	char text[LINE_BYTES_MAX];
	size_t len;
};

static void
put(struct masked *m, const char *bytes, size_t len)
{
	if (m->len + len > sizeof(m->text))
		return; /* cannot be: see above */
	memcpy(m->text + m->len, bytes, len);
	m->len += len;
}

/* A character: its length, its value as a digit, or -1. */
struct sign {
	size_t len;
	uint32_t character;
	int digit;
};

static struct sign
sign_at(struct span s)
{
	struct sign sign = {.len = 1, .digit = -1};
	size_t len = utf8_next(s, &sign.character);

	if (len > 0) {
		sign.len = len;
		sign.digit = utf8_digit_value(sign.character);
	}
	return sign;
}

/* What people and spreadsheets put between the groups of a number. */
static bool
is_gap(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '.' || c == 0xa0 ||
	       (c >= 0x2000 && c <= 0x2015) || c == 0x202f || c == 0x2060 ||
	       c == 0x2212 || c == 0xfeff;
}

static bool
is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xc0;
}

static bool
is_same(struct sign sign, char voucher_pin_sign)
{
	if (sign.digit >= 0)
		return '0' + sign.digit == voucher_pin_sign;
	return sign.character == (unsigned char)voucher_pin_sign;
}

/* How many bytes at the start of s are the PIN, with its gaps; 0: none. */
static size_t
pin_len_at(struct span s, struct span voucher_pin)
{
	size_t at = 0, matched = 0, gaps = 0;

	while (matched < voucher_pin.len && at < s.len) {
		struct sign sign = sign_at(span_skip(s, at));

		if (is_same(sign, voucher_pin.ptr[matched])) {
			matched++;
			gaps = 0;
		} else if (matched == 0 || !is_gap(sign.character) ||
			   ++gaps > GAP_MAX) {
			return 0;
		}
		at += sign.len;
	}
	return matched == voucher_pin.len ? at : 0;
}

/* The PIN's bytes in s as stars, gaps as they are, its end perhaps shown. */
static void
put_pin(struct masked *m, struct span s, struct span voucher_pin)
{
	size_t matched = 0;

	for (size_t at = 0; at < s.len;) {
		struct sign sign = sign_at(span_skip(s, at));
		bool is_pin = matched < voucher_pin.len &&
		              is_same(sign, voucher_pin.ptr[matched]);
		bool shown = voucher_pin.len >= SHOWN_FROM &&
		             matched + SHOWN >= voucher_pin.len &&
		             sign.digit >= 0;

		if (is_pin && !shown)
			put(m, "*", 1);
		else
			put(m, s.ptr + at, sign.len);
		matched += is_pin;
		at += sign.len;
	}
}

/* Every whole PIN in the line. How many there were. */
static size_t
mask_known(struct span line, struct span voucher_pin, struct masked *m)
{
	size_t found = 0;

	while (line.len > 0 && voucher_pin.len > 0) {
		size_t len = pin_len_at(line, voucher_pin);

		if (len > 0) {
			put_pin(m, span_of(line.ptr, len), voucher_pin);
			found++;
		} else {
			len = sign_at(line).len;
			put(m, line.ptr, len);
		}
		line = span_skip(line, len);
	}
	return found;
}

enum hide { HIDE_NUMBERS, HIDE_ALL };

/* The letters and digits at the start of s, and whether a digit is there. */
static size_t
token_len(struct span s, bool *has_digit)
{
	size_t at = 0;

	*has_digit = false;
	while (at < s.len) {
		struct sign sign = sign_at(span_skip(s, at));

		if (sign.digit < 0 && !is_letter(sign.character))
			break;
		*has_digit = *has_digit || sign.digit >= 0;
		at += sign.len;
	}
	return at;
}

/* A star for each letter and digit of tokens that have to be hidden. */
static void
mask_unknown(struct span line, enum hide hide, struct masked *m)
{
	while (line.len > 0) {
		bool has_digit;
		size_t len = token_len(line, &has_digit);

		if (len == 0) {
			len = sign_at(line).len;
			put(m, line.ptr, len);
		} else if (hide == HIDE_ALL || has_digit) {
			for (size_t at = 0; at < len;) {
				put(m, "*", 1);
				at += sign_at(span_skip(line, at)).len;
			}
		} else {
			put(m, line.ptr, len);
		}
		line = span_skip(line, len);
	}
}

static size_t
count_digits(struct span line)
{
	size_t digits = 0;

	while (line.len > 0) {
		struct sign sign = sign_at(line);

		digits += sign.digit >= 0;
		line = span_skip(line, sign.len);
	}
	return digits;
}

/* ---- lines ------------------------------------------------------------- */

static void
give_row(struct redact *r, struct span line, struct masked *m)
{
	struct span voucher_pin =
		span_of(r->voucher_pin.bytes, r->voucher_pin.len);
	char again[LINE_BYTES_MAX + 1];

	if (mask_known(line, voucher_pin, m) == 0) {
		m->len = 0;
		mask_unknown(line, HIDE_ALL, m);
	}
	/* A good part of it may stand in another cell. */
	mask_text(span_of(m->text, m->len), voucher_pin, NULL, NULL, again,
		sizeof(again));
	r->fn(r->ctx, span_str(again));
	explicit_bzero(again, sizeof(again));
}

/* A PIN without digits is not found by them: all words have to go. */
static enum hide
hide_of(const struct redact *r)
{
	struct span voucher_pin =
		span_of(r->voucher_pin.bytes, r->voucher_pin.len);

	return voucher_pin.len > 0 && count_digits(voucher_pin) == 0
	               ? HIDE_ALL
	               : HIDE_NUMBERS;
}

static void
give_line(struct redact *r, struct span line)
{
	struct masked m = {.len = 0};
	bool has_nul = memchr(line.ptr, 0, line.len) != NULL;

	if (r->row_line == r->first_line && !has_nul) {
		give_row(r, line, &m);
	} else if (!r->in_rows && count_digits(line) < DIGITS_FEW) {
		r->fn(r->ctx, line);
	} else {
		mask_unknown(line, hide_of(r), &m);
		r->fn(r->ctx, span_of(m.text, m.len));
	}
	explicit_bzero(&m, sizeof(m));
}

/* Gives the first pending line, with or without its end. */
static void
give_first(struct redact *r)
{
	size_t end = span_find(span_of(r->pending, r->len), '\n');

	if (end < r->len)
		end++;
	if (r->row_line == r->first_line)
		r->in_rows = true;
	give_line(r, span_of(r->pending, end));
	if (r->row_line == r->first_line)
		r->row_line = 0;
	r->first_line++;
	r->len -= end;
	memmove(r->pending, r->pending + end, r->len);
	explicit_bzero(r->pending + r->len, end);
}

static void
add_byte(struct redact *r, char byte)
{
	static const char note[] = "(a line that is too long)";

	if (r->line_len == LINE_BYTES_MAX - 1 && byte != '\n') {
		if (!r->left_out) {
			r->len -= r->line_len;
			memcpy(r->pending + r->len, note, sizeof(note) - 1);
			r->len += sizeof(note) - 1;
			r->left_out = true;
		}
		return;
	}
	/* What a parser has not told in so many lines, it will not tell. */
	while (r->len == PENDING_MAX)
		give_first(r);
	r->pending[r->len++] = byte;
	if (!r->left_out)
		r->line_len++;
	if (byte == '\n') {
		r->line_len = 0;
		r->left_out = false;
	}
}

void
redact_row(struct redact *r, unsigned line, const struct secret *voucher_pin)
{
	if (line < r->first_line)
		return; /* it has left, masked as unknown */
	while (r->first_line < line && r->len > 0)
		give_first(r);
	if (r->first_line != line)
		return;
	r->row_line = line;
	r->voucher_pin = *voucher_pin;
}

/* ---- encodings --------------------------------------------------------- */

static void
add_character(struct redact *r, uint32_t c)
{
	if (c < 0x80) {
		add_byte(r, (char)c);
		return;
	}
	if (c < 0x800) {
		add_byte(r, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			add_byte(r, (char)(0xe0 | c >> 12));
		} else {
			add_byte(r, (char)(0xf0 | c >> 18));
			add_byte(r, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		add_byte(r, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	add_byte(r, (char)(0x80 | (c & 0x3f)));
}

static uint32_t
unit_at(const struct redact *r, size_t at)
{
	uint32_t a = r->half[at], b = r->half[at + 1];

	return r->encoding == ENCODING_BE ? a << 8 | b : b << 8 | a;
}

/* RFC 2781, section 2.2; a lone surrogate becomes U+FFFD. */
static void
add_utf16(struct redact *r, uint8_t byte)
{
	uint32_t first, second;

	r->half[r->half_len++] = byte;
	if (r->half_len % 2 != 0)
		return;
	first = unit_at(r, 0);
	if (r->half_len == 2 && first >= 0xd800 && first < 0xdc00)
		return; /* its other half follows */
	if (r->half_len == 2) {
		r->half_len = 0;
		add_character(
			r, first >= 0xdc00 && first < 0xe000 ? 0xfffd : first);
		return;
	}
	second = unit_at(r, 2);
	r->half_len = 0;
	if (second >= 0xdc00 && second < 0xe000) {
		add_character(r,
			0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
		return;
	}
	add_character(r, 0xfffd);
	add_utf16(r, r->encoding == ENCODING_BE ? (uint8_t)(second >> 8)
						: (uint8_t)second);
	add_utf16(r, r->encoding == ENCODING_BE ? (uint8_t)second
						: (uint8_t)(second >> 8));
}

/* The first two bytes tell: the byte order mark of UTF-16, or none. */
static void
find_encoding(struct redact *r, uint8_t byte)
{
	r->half[r->half_len++] = byte;
	if (r->half_len < 2)
		return;
	r->half_len = 0;
	if (r->half[0] == 0xff && r->half[1] == 0xfe) {
		r->encoding = ENCODING_LE;
	} else if (r->half[0] == 0xfe && r->half[1] == 0xff) {
		r->encoding = ENCODING_BE;
	} else {
		r->encoding = ENCODING_UTF8;
		add_byte(r, (char)r->half[0]);
		add_byte(r, (char)r->half[1]);
		return;
	}
	add_character(r, 0xfeff); /* spreadsheets want the mark */
}

void
redact_feed(struct redact *r, struct span piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t byte = (uint8_t)piece.ptr[i];

		switch (r->encoding) {
		case ENCODING_UNKNOWN:
			find_encoding(r, byte);
			break;
		case ENCODING_UTF8:
			add_byte(r, piece.ptr[i]);
			break;
		case ENCODING_LE:
		case ENCODING_BE:
			add_utf16(r, byte);
			break;
		}
	}
}

void
redact_finish(struct redact *r)
{
	/* A file of one byte; half a character is left out. */
	if (r->encoding == ENCODING_UNKNOWN && r->half_len == 1)
		add_byte(r, (char)r->half[0]);
	while (r->len > 0)
		give_first(r);
}

struct redact *
redact_new(redact_fn *fn, void *ctx)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (!r)
		abort(); /* out of memory */
	r->fn = fn;
	r->ctx = ctx;
	r->first_line = 1;
	return r;
}

void
redact_free(struct redact *r)
{
	if (!r)
		return;
	explicit_bzero(r, sizeof(*r));
	free(r);
}
