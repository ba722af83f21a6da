/*
 * ussd: a +CUSD line into its fields, and a request into its coding.
 * Must never drop a line for its oddities: it may be the only answer that a
 * dialled PIN will ever get. Texts are decoded in ussd_decode.c.
 */
#include "modem/ussd.h"

#include <errno.h>
#include <string.h>

#include "modem/gsm7.h"
#include "modem/ucs2.h"

enum {
	DCS_DIGITS_MAX = 3,
	DCS_JUNK_MAX = 4, /* seen: `17r` and blanks, which do not count */
	HEX_SURE = 8      /* digits that make an open quote's text hex */
};

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.ptr[0]) && s.ptr[0] != '\0')
		s = span_skip(s, 1);
	return s;
}

static size_t
count_of(struct span s, const char *set)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] != '\0' && strchr(set, s.ptr[n]))
		n++;
	return n;
}

/*
 * Reads ",15" at the end of a line: a sign (0xF4 comes as -12 from some),
 * digits, little junk. false when s is no such thing; *dcs is -1 for a
 * comma with nothing behind it, and untouched when false.
 */
static bool
is_dcs(struct span s, int *dcs)
{
	uint32_t value;
	bool negative;
	size_t digits;

	s = span_trim(s);
	if (s.len == 0 || s.ptr[0] != ',')
		return false;
	s = skip_blanks(span_skip(s, 1));
	if (s.len == 0) {
		*dcs = -1;
		return true;
	}
	negative = s.ptr[0] == '-';
	if (negative)
		s = span_skip(s, 1);
	digits = count_of(s, "0123456789");
	if (digits == 0 || digits > DCS_DIGITS_MAX ||
		s.len - digits > DCS_JUNK_MAX)
		return false;
	if (span_to_u32(span_of(s.ptr, digits), UINT8_MAX, &value) < 0)
		*dcs = -1; /* beyond any dcs: as good as none */
	else
		*dcs = (int)(negative ? (0x100 - value) & 0xFF : value);
	return true;
}

/* The offset of the last c in s, or s.len. */
static size_t
find_last(struct span s, char c)
{
	for (size_t i = s.len; i-- > 0;)
		if (s.ptr[i] == c)
			return i;
	return s.len;
}

/*
 * Splits what has no end mark at its last comma, but only behind hex: a
 * comma in a text is more often money ("Balance 1,15") than a coding.
 */
static void
take_open_body(struct span s, struct ussd_answer *out)
{
	size_t comma = find_last(s, ',');
	struct span front = span_trim(span_of(s.ptr, comma));
	bool hex = count_of(front, "0123456789ABCDEFabcdef") >= HEX_SURE &&
	           span_find(front, ' ') == front.len;

	out->body = s;
	if (comma == s.len || (front.len > 0 && !hex) ||
		!is_dcs(span_skip(s, comma), &out->dcs))
		return;
	out->body = front;
}

/* s begins behind the opening quote. */
static void
take_quoted_body(struct span s, struct ussd_answer *out)
{
	size_t quote = find_last(s, '"');
	struct span behind = span_skip(s, quote + 1);

	if (quote < s.len &&
		(span_trim(behind).len == 0 || is_dcs(behind, &out->dcs))) {
		out->body = span_of(s.ptr, quote);
		return;
	}
	while (s.len > 0 && strchr("\r\n", s.ptr[s.len - 1]) &&
		s.ptr[s.len - 1] != '\0')
		s.len--;
	take_open_body(s, out);
}

static enum ussd_mode
mode_of(uint32_t number)
{
	return number < USSD_ODD ? (enum ussd_mode)number : USSD_ODD;
}

int
ussd_parse(struct span line, struct ussd_answer *out)
{
	static const struct span prefix = {"+CUSD:", 6};
	struct ussd_answer answer = {.dcs = -1};
	struct span s = skip_blanks(line);
	uint32_t number;
	size_t digits;

	if (!span_starts(s, prefix))
		return -EINVAL;
	s = skip_blanks(span_skip(s, prefix.len));
	digits = count_of(s, "0123456789");
	if (digits == 0)
		return -EINVAL;
	if (span_to_u32(span_of(s.ptr, digits), USSD_TIMEOUT, &number) < 0)
		number = USSD_ODD;
	answer.mode = mode_of(number);
	s = skip_blanks(span_skip(s, digits));
	if (s.len > 0 && s.ptr[0] == ',') {
		s = skip_blanks(span_skip(s, 1));
		if (s.len > 0 && s.ptr[0] == '"')
			take_quoted_body(span_skip(s, 1), &answer);
		else
			take_open_body(span_trim(s), &answer);
	}
	answer.has_body = answer.body.len > 0;
	*out = answer;
	return 0;
}

/* Whether c is one character in IRA and in GSM, and no quote. */
static bool
is_plain(char c)
{
	if (c >= 'a' && c <= 'z')
		return true;
	/* Space to Z, but for the quote, $ and @ (23.038 table 6.2.1). */
	return c >= ' ' && c <= 'Z' && c != '"' && c != '$' && c != '@';
}

static int
encode_plain(struct span utf8, char *out, size_t cap)
{
	for (size_t i = 0; i < utf8.len; i++)
		if (!is_plain(utf8.ptr[i]))
			return -EILSEQ;
	if (utf8.len >= cap)
		return -ENOSPC;
	return span_copy(out, cap, utf8);
}

static int
encode_gsm7_hex(struct span utf8, char *out, size_t cap)
{
	uint8_t septets[2 * USSD_CODE_MAX];
	uint8_t octets[2 * USSD_CODE_MAX];
	size_t n;
	int rc;

	rc = gsm7_from_utf8(utf8, septets, sizeof septets, &n);
	if (rc == 0)
		rc = gsm7_pack_ussd(septets, n, octets, sizeof octets, &n);
	if (rc == 0)
		rc = span_to_hex(octets, n, out, cap);
	/* The code may hold a voucher PIN. */
	explicit_bzero(septets, sizeof septets);
	explicit_bzero(octets, sizeof octets);
	return rc;
}

static int
encode_ucs2_hex(struct span utf8, char *out, size_t cap)
{
	uint8_t octets[4 * USSD_CODE_MAX];
	size_t n;
	int rc;

	rc = ucs2_from_utf8(utf8, octets, sizeof octets, &n);
	if (rc == 0)
		rc = span_to_hex(octets, n, out, cap);
	explicit_bzero(octets, sizeof octets);
	return rc;
}

int
ussd_encode(enum ussd_coding coding, struct span utf8, char *out, size_t cap,
	size_t *len)
{
	int rc = -EILSEQ;

	switch (coding) {
	case USSD_PLAIN:
		rc = encode_plain(utf8, out, cap);
		break;
	case USSD_GSM7_HEX:
		rc = encode_gsm7_hex(utf8, out, cap);
		break;
	case USSD_UCS2_HEX:
		rc = encode_ucs2_hex(utf8, out, cap);
		break;
	}
	if (rc == 0)
		*len = strlen(out);
	return rc;
}
