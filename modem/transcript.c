/*
 * transcript: see transcript.h. A line is shown by what is known of its form;
 * of what is not known no digit is shown.
 */
#include "modem/transcript.h"

#include <stdio.h>
#include <string.h>

#include "modem/at.h"
#include "modem/sign.h"
#include "modem/transcript_pdu.h"
#include "modem/ussd.h"

enum {
	NUMBER_DIGITS = 6, /* a longer run may be a number of somebody */
	HEX_RUN = 8,
	PDU_DIGITS_MIN = 16,
	UNIT = 4, /* hex digits of a UCS-2 unit */
	TEXT_MAX = 2048
};

/* Lines of which the driver makes something, and in which small numbers are
 * values, not parts of a text. */
static const char *const known[] = {"+CREG:", "+CGREG:", "+CEREG:", "+CSQ:",
	"+CPIN:", "+CFUN:", "+COPS:", "+CSCS:", "+CMGF:", "+CNMI:", "+CSMS:",
	"+CPMS:", "+CMEE:", "+CMTI:", "+CDSI:", "+CMGS:", "+CSCA:", "^CURC:",
	"^USSDMODE:", "^SIMST:", "^RSSI:", "^SRVST:", "^MODE:", "^CPIN:",
	"+CPINR:", "+QPINC:", "+SPIC:", "#PCT:", "+ZPINPUK:", "+CCID:",
	"+ICCID:", "+QCCID:", "^ICCID:", "+CICCID:", "#CCID:", "!ICCID:",
	"^SCID:", "+ZGETICCID:", "+CRSM:", "+QURCCFG:", "+ZUSIMR:"};
static const char *const places[] = {"+CREG:", "+CGREG:", "+CEREG:"};
static const char *const heads[] = {"+CMGL:", "+CMGR:", "+CMT:", "+CDS:"};
/* Whose answers name the make: a dialect is told by their digits. */
static const char *const names[] = {"AT+CGMI", "AT+CGMM", "AT+CGMR", "ATI"};

void
transcript_init(struct transcript *t)
{
	memset(t, 0, sizeof *t);
}

static bool
begins_as_one_of(struct span line, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts(line, span_str(list[i])))
			return true;
	return false;
}
#define IS_ONE_OF(line, list)                                                  \
	begins_as_one_of((line), (list), sizeof(list) / sizeof *(list))

/* ---- stand-ins ----------------------------------------------------------- */

/* Which number it is, from 1; one for all that there is no room for. */
static unsigned
number_of(struct transcript *t, const char *digits, size_t n)
{
	char own[TRANSCRIPT_DIGITS_MAX];

	(void)span_copy(own, sizeof own, span_of(digits, n));
	for (unsigned i = 0; i < t->number_count; i++)
		if (strcmp(t->numbers[i], own) == 0)
			return i + 1;
	if (t->number_count == TRANSCRIPT_NUMBERS_MAX)
		return 0;
	memcpy(t->numbers[t->number_count], own, sizeof own);
	return ++t->number_count;
}

static bool
asks(const struct transcript *t, const char *word)
{
	return strstr(t->command, word) != NULL;
}

/* What the driver wants to see at the front of such a number: of an ICCID
 * its 89 (E.118), of an IMSI a network, here the one for tests. */
static const char *
front_of(const struct transcript *t, const char *digits)
{
	if (asks(t, "CID") || asks(t, "CRSM"))
		return strncmp(digits, "98", 2) == 0 ? "98" : "89";
	return asks(t, "CIMI") ? "00101" : "";
}

static void
stand_in(struct transcript *t, char *digits, size_t n)
{
	char count[4];
	const char *front = front_of(t, digits);
	unsigned which = number_of(t, digits, n);
	size_t len;

	(void)snprintf(count, sizeof count, "%02u", which % 100);
	len = strlen(count);
	memset(digits, '0', n);
	for (size_t i = 0; strlen(front) + len < n && front[i] != '\0'; i++)
		digits[i] = front[i];
	memcpy(digits + n - len, count, len);
}

/* A text in UCS-2 keeps its letters; any other hex keeps nothing. */
static void
hide_hex(char *text, size_t n)
{
	bool ucs2 = n % UNIT == 0 && strncmp(text, "00", 2) == 0;

	for (size_t i = 0; ucs2 && i < n; i += UNIT)
		if (strncmp(text + i, "003", 3) == 0 &&
			sign_is_digit(text[i + 3]))
			text[i + 3] = '1';
	if (!ucs2)
		memset(text, '0', n);
}

/* An ICCID with its filler: F at the end, or before the last digit. */
static void
hide_iccid(const struct transcript *t, char *text, size_t n)
{
	const char *front = front_of(t, text);

	for (size_t i = 0; i < n; i++)
		if (sign_is_digit(text[i]))
			text[i] = i < strlen(front) ? front[i] : '0';
}

/* Runs of digits that may be numbers, of hex that may be anything. */
static void
hide_runs(struct transcript *t, char *text, size_t n)
{
	size_t digits = 0, hex = 0;

	for (size_t i = 0; i <= n; i++) {
		bool in_digits = i < n && sign_is_digit(text[i]);
		bool in_hex = i < n && sign_is_hex(text[i]);

		if (!in_digits && digits >= NUMBER_DIGITS && hex == digits)
			stand_in(t, text + i - digits, digits);
		if (!in_hex && hex >= HEX_RUN && hex != digits) {
			if (asks(t, "CID") || asks(t, "CRSM"))
				hide_iccid(t, text + i - hex, hex);
			else
				hide_hex(text + i - hex, hex);
		}
		/* Digits among letters that are no hex: "SIM800" stays. */
		if (!in_digits && digits >= NUMBER_DIGITS && hex != digits &&
			!in_hex && hex < HEX_RUN)
			memset(text + i - digits, '0', digits);
		digits = in_digits ? digits + 1 : 0;
		hex = in_hex ? hex + 1 : 0;
	}
}

static void
hide_digits(char *text, size_t n)
{
	size_t hex = 0;

	for (size_t i = 0; i <= n; i++) {
		bool in_hex = i < n && sign_is_hex(text[i]);

		if (!in_hex && hex >= HEX_RUN)
			memset(text + i - hex, '0', hex);
		hex = in_hex ? hex + 1 : 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (sign_is_digit(text[i]))
			text[i] = '1';
		if ((unsigned char)text[i] > 0x7F)
			text[i] = '?'; /* digits of other scripts, too */
	}
}

/* Where it is: between quotes. */
static void
hide_places(struct transcript *t, char *text, size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		quoted ^= text[i] == '"';
		if (quoted && sign_is_hex(text[i]))
			text[i] = '0';
	}
	hide_runs(t, text, n);
}

/* ---- answers of the operator --------------------------------------------- */

/* Digits of UTF-8 text, of any script that has a row of its own, become 1. */
static size_t
hide_text(char *utf8, size_t len)
{
	static const struct {
		const char *lead;   /* all octets but the last */
		unsigned char zero; /* the last one, of its nought */
	} scripts[] = {{"\xD9", 0xA0}, {"\xDB", 0xB0}, {"\xDF", 0x80},
		{"\xE0\xA5", 0xA6}, {"\xE0\xA7", 0xA6}, {"\xE0\xA9", 0xA6},
		{"\xE0\xAB", 0xA6}, {"\xE0\xAD", 0xA6}, {"\xE0\xAF", 0xA6},
		{"\xE0\xB1", 0xA6}, {"\xE0\xB3", 0xA6}, {"\xE0\xB5", 0xA6},
		{"\xE0\xB7", 0xA6}, {"\xE0\xB9", 0x90}, {"\xE0\xBB", 0x90},
		{"\xE0\xBC", 0xA0}, {"\xE1\x81", 0x80}, {"\xE1\x9F", 0xA0},
		{"\xE1\xA0", 0x90}, {"\xEF\xBC", 0x90}};
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		size_t step = 0;

		for (size_t k = 0; k < sizeof scripts / sizeof *scripts; k++) {
			size_t n = strlen(scripts[k].lead);
			unsigned char last =
				i + n < len ? (unsigned char)utf8[i + n] : 0;

			if (i + n < len &&
				memcmp(utf8 + i, scripts[k].lead, n) == 0 &&
				last >= scripts[k].zero &&
				last <= scripts[k].zero + 9)
				step = n + 1;
		}
		utf8[out++] =
			step > 0 || sign_is_digit(utf8[i]) ? '1' : utf8[i];
		i += step > 0 ? step : 1;
	}
	utf8[out] = '\0';
	return out;
}

/* The coding in which the modem wrote that text, or -1. */
static int
coding_of(const struct ussd_answer *answer, struct span text)
{
	static const enum ussd_coding codings[] = {
		USSD_UCS2_HEX, USSD_GSM7_HEX};
	char again[2 * TEXT_MAX];
	size_t len;

	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
		if (ussd_encode(codings[i], text, again, sizeof again, &len) ==
				0 &&
			len == answer->body.len &&
			strncasecmp(again, answer->body.ptr, len) == 0)
			return (int)codings[i];
	return -1;
}

/* Every digit that stands in the body as it is, is one of the text. */
static bool
is_plain(const struct ussd_answer *answer)
{
	for (size_t i = 0; i < answer->body.len; i++)
		if (!sign_is_hex(answer->body.ptr[i]))
			return true;
	return false;
}

/* The body anew; false where its coding cannot be told: then it is hidden. */
static bool
hide_body(const struct ussd_answer *answer, char *out, size_t cap)
{
	char text[TEXT_MAX];
	size_t len = 0;
	int coding;

	if (is_plain(answer)) {
		if (span_copy(out, cap, answer->body) < 0)
			return false;
		(void)hide_text(out, strlen(out));
		return true;
	}
	if (ussd_decode(answer, text, sizeof text, &len) != 0)
		return false;
	coding = coding_of(answer, span_of(text, len));
	if (coding < 0)
		return false;
	len = hide_text(text, len);
	return ussd_encode((enum ussd_coding)coding, span_of(text, len), out,
		       cap, &len) == 0;
}

/* Beside the body stand a mode and a scheme: three digits at most. */
static void
hide_beside(char *text, size_t n)
{
	enum { SCHEME_DIGITS = 3 };
	size_t digits = 0;

	for (size_t i = 0; i <= n; i++) {
		bool in_digits = i < n && sign_is_digit(text[i]);

		if (!in_digits && digits > SCHEME_DIGITS)
			memset(text + i - digits, '0', digits);
		digits = in_digits ? digits + 1 : 0;
	}
}

/* +CUSD: 3 and above may carry our own request. */
static void
hide_answer(struct span line, char *out, size_t cap)
{
	char body[2 * TEXT_MAX];
	struct ussd_answer answer;
	size_t before;
	size_t after;

	if (ussd_parse(line, &answer) != 0) {
		(void)snprintf(out, cap, "+CUSD:");
		return;
	}
	if (!answer.has_body) {
		(void)snprintf(out, cap, "+CUSD: %u", (unsigned)answer.mode);
		return;
	}
	before = (size_t)(answer.body.ptr - line.ptr);
	after = before + answer.body.len;
	if (answer.mode > USSD_ENDED ||
		!hide_body(&answer, body, sizeof body)) {
		size_t n = answer.body.len < sizeof body - 1 ? answer.body.len
		                                             : sizeof body - 1;

		memset(body, '0', n);
		body[n] = '\0';
	}
	(void)snprintf(out, cap, "%.*s%s%.*s", (int)before, line.ptr, body,
		(int)(line.len - after), line.ptr + after);
	hide_beside(out, before);
	if (before + strlen(body) < strlen(out))
		hide_beside(out + before + strlen(body),
			strlen(out) - before - strlen(body));
}

/* ---- lines --------------------------------------------------------------- */

/* Printable ASCII. */
static size_t
show(const char *text, size_t n, char *out, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used + sizeof "\\x00" < cap; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\')
			used += (size_t)snprintf(
				out + used, cap - used, "\\\\");
		else if (c >= ' ' && c <= '~')
			out[used++] = (char)c;
		else
			used += (size_t)snprintf(
				out + used, cap - used, "\\x%02X", c);
	}
	out[used] = '\0';
	return used;
}

static bool
is_all_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!sign_is_hex(s.ptr[i]))
			return false;
	return s.len >= PDU_DIGITS_MIN;
}

/* Some have the message on the line of its head. */
static void
hide_head(struct transcript *t, char *text, size_t n)
{
	size_t at = n;

	while (at > 0 && text[at - 1] != ',' && text[at - 1] != ' ')
		at--;
	t->pdu_next = !is_all_hex(span_of(text + at, n - at));
	if (!t->pdu_next)
		transcript_hide_pdu(text + at, n - at);
	else
		at = n;
	hide_runs(t, text, at);
}

static bool
is_result(struct span line)
{
	int code;

	return at_final_of(line, &code) != AT_FINAL_NONE && code < 10000 &&
	       (code >= 0 || span_find(line, ':') == line.len);
}

static void
hide_line(struct transcript *t, char *text, size_t n)
{
	struct span line = span_of(text, n);
	bool was_head = t->pdu_next;

	t->pdu_next = false;
	if (was_head && is_all_hex(line))
		transcript_hide_pdu(text, n);
	else if (is_result(line))
		t->command[0] = '\0'; /* what comes now is no answer to it */
	else if (IS_ONE_OF(line, heads))
		hide_head(t, text, n);
	else if (IS_ONE_OF(line, places))
		hide_places(t, text, n);
	else if (IS_ONE_OF(line, known) ||
		 IS_ONE_OF(span_str(t->command), names) || asks(t, "CIMI") ||
		 asks(t, "CGSN") || asks(t, "CID"))
		hide_runs(t, text, n);
	else
		hide_digits(text, n);
	/* Noise stands between a head and its message, too. */
	t->pdu_next = t->pdu_next ||
	              (was_head && !is_all_hex(line) && !is_result(line));
}

size_t
transcript_heard(struct transcript *t, struct span line, char *out, size_t cap)
{
	char text[TRANSCRIPT_LINE_MAX];
	size_t n;

	(void)span_copy(text, sizeof text, line); /* too long: cut */
	n = line.len < sizeof text ? line.len : sizeof text - 1;
	if (span_starts(line, span_str("+CUSD:"))) {
		hide_answer(line, text, sizeof text);
		n = strlen(text);
	} else {
		hide_line(t, text, n);
	}
	return show(text, n, out, cap);
}

size_t
transcript_sent(struct transcript *t, struct span line,
	enum transcript_cargo cargo, char *out, size_t cap)
{
	static const char *const cargoes[] = {
		[TRANSCRIPT_CODE] = "AT+CUSD=1,\"<code>\"",
		[TRANSCRIPT_ASK] = "AT+CUSD=1,\"<ask>\"",
		[TRANSCRIPT_REPLY] = "AT+CUSD=1,\"<reply>\"",
		[TRANSCRIPT_PDU] = "<pdu>\x1a",
		[TRANSCRIPT_SIM_PIN] = "AT+CPIN=\"<pin>\""};

	(void)span_copy(t->command, sizeof t->command, line); /* its front */
	if (cargo == TRANSCRIPT_NOTHING)
		return show(line.ptr, line.len, out, cap);
	t->command[0] = '\0';
	return show(cargoes[cargo], strlen(cargoes[cargo]), out, cap);
}
