/*
 * sms: octets of messages, one after the other.
 * Must never be kinder than a network: it cuts texts anywhere.
 */
#include "tests/sim/sms.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/sim/gsm.h"

enum { UNITS_MAX = 160 * SMS_PARTS_MAX, OCTETS_MAX = 200 };

/* A text as septets, or as octets of UCS2. */
struct coded {
	bool ucs2;
	size_t len;
	uint8_t units[UNITS_MAX];
};

struct octets {
	size_t len;
	uint8_t at[OCTETS_MAX];
};

static void
put(struct octets *out, unsigned octet)
{
	if (out->len < sizeof out->at)
		out->at[out->len++] = (uint8_t)octet;
}

static int
code_text(const char *text, struct coded *out)
{
	char hex[4 * UNITS_MAX];
	long n = gsm_septets(text, out->units, sizeof out->units);
	out->ucs2 = n < 0;
	if (n < 0 && gsm_ucs2_hex(text, hex, sizeof hex) >= 0)
		n = gsm_from_hex(hex, out->units, sizeof out->units);
	out->len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -1 : 0;
}

/* Units of a part: 140 octets or 160 septets, less a header of 6 or 7. */
static size_t
room(const struct coded *coded, bool parts, bool wide)
{
	if (!parts)
		return coded->ucs2 ? 140 : 160;
	if (coded->ucs2)
		return wide ? 132 : 134;
	return wide ? 152 : 153;
}

static int
parts_of(const struct coded *coded, bool wide)
{
	size_t each = room(coded, true, wide);
	size_t n = (coded->len + each - 1) / each;
	if (coded->len <= room(coded, false, wide))
		return 1;
	return n > SMS_PARTS_MAX ? -1 : (int)n;
}

int
sms_parts(const struct sms_message *message)
{
	struct coded coded;
	return code_text(message->text, &coded) < 0
	               ? -1
	               : parts_of(&coded, message->wide);
}

/* Digits, two an octet, the first in the low half. */
static void
put_digits(struct octets *out, const char *digits)
{
	size_t n = strlen(digits);
	for (size_t i = 0; i < n; i += 2) {
		unsigned high =
			i + 1 < n ? (unsigned)(digits[i + 1] - '0') : 15;
		put(out, high << 4 | (unsigned)(digits[i] - '0'));
	}
}

/* Septets behind `bit` bits of the octets that begin at `from`. */
static void
put_septets(struct octets *out, const uint8_t *septets, size_t n, size_t bit)
{
	size_t from = out->len - bit / 8;
	for (size_t i = 0; i < n; i++, bit += 7) {
		for (size_t b = 0; b < 7; b++) {
			size_t at = from + (bit + b) / 8;
			while (out->len <= at)
				put(out, 0);
			out->at[at] |= (uint8_t)((septets[i] >> b & 1)
						 << (bit + b) % 8);
		}
	}
}

static void
put_address(struct octets *out, const char *address)
{
	uint8_t septets[32];
	bool plus = address[0] == '+';
	const char *digits = address + plus;
	if (strspn(digits, "0123456789") == strlen(digits)) {
		put(out, (unsigned)strlen(digits));
		put(out, plus ? 0x91 : 0x81);
		put_digits(out, digits);
		return;
	}
	long n = gsm_septets(address, septets, 11);
	n = n < 0 ? 0 : n;
	put(out, (unsigned)((n * 7 + 3) / 4));
	put(out, 0xD0);
	put_septets(out, septets, (size_t)n, 0);
}

static void
put_centre(struct octets *out, const char *smsc)
{
	bool plus = smsc[0] == '+';
	size_t digits = strlen(smsc + plus);
	put(out, digits == 0 ? 0 : (unsigned)(1 + (digits + 1) / 2));
	if (digits == 0)
		return;
	put(out, plus ? 0x91 : 0x81);
	put_digits(out, smsc + plus);
}

static void
put_pair(struct octets *out, int number)
{
	unsigned n = (unsigned)number % 100;
	put(out, n % 10 << 4 | n / 10);
}

static void
put_time(struct octets *out, int64_t utc_ms, int quarters)
{
	time_t local = (time_t)(utc_ms / 1000 + (int64_t)quarters * 900);
	struct tm tm;
	int zone = quarters < 0 ? -quarters : quarters;
	(void)gmtime_r(&local, &tm);
	put_pair(out, tm.tm_year);
	put_pair(out, tm.tm_mon + 1);
	put_pair(out, tm.tm_mday);
	put_pair(out, tm.tm_hour);
	put_pair(out, tm.tm_min);
	put_pair(out, tm.tm_sec);
	put_pair(out, zone);
	if (quarters < 0)
		out->at[out->len - 1] |= 0x08;
}

static void
put_header(struct octets *out, const struct sms_message *message, int total,
	int number)
{
	put(out, message->wide ? 6 : 5);
	put(out, message->wide ? 0x08 : 0x00);
	put(out, message->wide ? 4 : 3);
	if (message->wide)
		put(out, message->reference >> 8 & 0xFF);
	put(out, message->reference & 0xFF);
	put(out, (unsigned)total);
	put(out, (unsigned)number);
}

static void
put_data(struct octets *out, const struct sms_message *message,
	const struct coded *coded, int number)
{
	int total = parts_of(coded, message->wide);
	size_t each = room(coded, total > 1, message->wide);
	size_t from = (size_t)(number - 1) * each;
	size_t n = coded->len - from < each ? coded->len - from : each;
	size_t header = total > 1 ? message->wide ? 7 : 6 : 0;
	size_t skipped = (header * 8 + 6) / 7;
	put(out, (unsigned)(coded->ucs2 ? header + n : skipped + n));
	if (total > 1)
		put_header(out, message, total, number);
	if (!coded->ucs2)
		put_septets(out, coded->units + from, n,
			total > 1 ? skipped * 7 : 0);
	for (size_t i = 0; coded->ucs2 && i < n; i++)
		put(out, coded->units[from + i]);
}

static unsigned
scheme(const struct sms_message *message, const struct coded *coded)
{
	unsigned alphabet = coded->ucs2 ? 8 : 0;
	return message->message_class == SMS_NO_CLASS
	               ? alphabet
	               : 0x10 | alphabet | (unsigned)message->message_class;
}

long
sms_deliver(
	const struct sms_message *message, int number, char *hex, size_t cap)
{
	struct octets out = {.len = 0};
	struct coded coded;
	int total = code_text(message->text, &coded) < 0
	                    ? -1
	                    : parts_of(&coded, message->wide);
	if (number < 1 || number > total)
		return -1;
	put_centre(&out, message->smsc);
	size_t centre = out.len;
	put(&out, total > 1 ? 0x44 : 0x04);
	put_address(&out, message->sender);
	put(&out, 0);
	put(&out, scheme(message, &coded));
	put_time(&out, message->stamp_ms, message->zone_quarters);
	put_data(&out, message, &coded, number);
	return gsm_hex(out.at, out.len, hex, cap) < 0
	               ? -1
	               : (long)(out.len - centre);
}

long
sms_report(const char *number, int64_t stamp_ms, char *hex, size_t cap)
{
	struct octets out = {.len = 0};
	put(&out, 0);
	put(&out, 0x06);
	put(&out, 1);
	put_address(&out, number);
	put_time(&out, stamp_ms, 0);
	put_time(&out, stamp_ms, 0);
	put(&out, 0);
	return gsm_hex(out.at, out.len, hex, cap) < 0 ? -1 : (long)out.len - 1;
}

/* ---- SUBMIT ------------------------------------------------------------ */

struct reader {
	const uint8_t *at;
	size_t len;
	bool bad;
};

static unsigned
take(struct reader *in)
{
	if (in->len == 0) {
		in->bad = true;
		return 0;
	}
	in->len--;
	return *in->at++;
}

static void
skip(struct reader *in, size_t n)
{
	while (n-- > 0 && !in->bad)
		(void)take(in);
}

static void
take_number(struct reader *in, char out[SMS_NUMBER_MAX])
{
	static const char digits[] = "0123456789*#abc?";
	unsigned n = take(in);
	unsigned type = take(in);
	size_t len = 0;
	unsigned octet = 0;
	if (n > 20)
		in->bad = true;
	if ((type & 0x70) == 0x10)
		out[len++] = '+';
	for (unsigned i = 0; i < n && !in->bad; i++) {
		octet = i % 2 == 0 ? take(in) : octet >> 4;
		out[len++] = digits[octet & 15];
	}
	out[len] = '\0';
}

/* Only the element that tells of parts is looked at. */
static void
take_header(struct reader in, struct sms_submit *out)
{
	while (in.len > 0 && !in.bad) {
		unsigned element = take(&in);
		unsigned n = take(&in);
		if ((element == 0 && n == 3) || (element == 8 && n == 4)) {
			out->reference = take(&in);
			if (n == 4)
				out->reference =
					out->reference << 8 | take(&in);
			out->total = take(&in);
			out->part = take(&in);
		} else {
			skip(&in, n);
		}
	}
}

static unsigned
septet_at(const struct reader *in, size_t i)
{
	unsigned value = 0;
	for (size_t b = 0; b < 7; b++) {
		size_t bit = i * 7 + b;
		value |= (unsigned)(in->at[bit / 8] >> bit % 8 & 1) << b;
	}
	return value;
}

static int
take_text(struct reader *in, unsigned dcs, bool has_header,
	struct sms_submit *out)
{
	uint8_t septets[SMS_TEXT_MAX];
	char hex[SMS_HEX_MAX];
	bool ucs2 = (dcs & 0x0C) == 0x08;
	unsigned n = take(in);
	size_t octets = ucs2 ? n : (n * 7 + 7) / 8;
	size_t header = has_header && in->len > 0 ? 1 + (size_t)in->at[0] : 0;
	size_t skipped = ucs2 ? header : (header * 8 + 6) / 7;
	if (in->bad || octets != in->len || octets > 140 || header > octets ||
		skipped > n)
		return -1;
	if (header > 0)
		take_header(
			(struct reader){in->at + 1, header - 1, false}, out);
	if (ucs2) {
		(void)gsm_hex(in->at + header, n - header, hex, sizeof hex);
		return gsm_from_ucs2_hex(hex, out->text, sizeof out->text) < 0
		               ? -1
		               : 0;
	}
	for (size_t i = skipped; i < n; i++)
		septets[i - skipped] = (uint8_t)septet_at(in, i);
	return gsm_text(septets, n - skipped, out->text, sizeof out->text) < 0
	               ? -1
	               : 0;
}

int
sms_read_submit(const char *hex, struct sms_submit *out)
{
	uint8_t octets[OCTETS_MAX];
	long n = gsm_from_hex(hex, octets, sizeof octets);
	struct reader in = {octets, n < 0 ? 0 : (size_t)n, n <= 0};
	*out = (struct sms_submit){.total = 0};
	skip(&in, take(&in));
	out->octets = (long)in.len;
	unsigned first = take(&in);
	if ((first & 0x03) != 0x01)
		return -1;
	(void)take(&in); /* TP-MR */
	take_number(&in, out->number);
	(void)take(&in); /* TP-PID */
	unsigned dcs = take(&in);
	unsigned validity = first >> 3 & 3;
	skip(&in, validity == 0 ? 0 : validity == 2 ? 1 : 7);
	return take_text(&in, dcs, (first & 0x40) != 0, out);
}
