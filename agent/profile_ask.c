/*
 * profile_ask: what a profile takes and what is dialled for it. Must never
 * let a PIN or number change the code around it.
 */
#include <errno.h>
#include <string.h>

#include "agent/profile.h"
#include "agent/secret.h"

enum { MSISDN_MAX = 32 };

/*
 * What is dialled is ASCII, whatever an expression allows: a "*" or "#" would
 * make another code of it, and a digit of another script none at all.
 */
static bool
is_dialable(struct span s, size_t max, const char *signs)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool digit = c >= '0' && c <= '9';

		if (!digit && (c == '\0' || !strchr(signs, c)))
			return false;
	}
	return s.len > 0 && s.len <= max;
}

static bool
one_matches_whole(
	struct expression *const *list, size_t count, struct span text)
{
	for (size_t i = 0; i < count; i++)
		if (expression_matches_whole(list[i], text))
			return true;
	return false;
}

bool
profile_takes_pin(const struct profile *profile, struct span voucher_pin)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";

	return is_dialable(voucher_pin, VOUCHER_PIN_MAX, letters) &&
	       one_matches_whole(
		       profile->pins, profile->pin_count, voucher_pin);
}

bool
profile_takes_msisdn(const struct profile *profile, struct span msisdn)
{
	return is_dialable(msisdn, MSISDN_MAX, "+") &&
	       one_matches_whole(
		       profile->msisdns, profile->msisdn_count, msisdn);
}

bool
profile_takes_sender(const struct profile *profile, struct span sender)
{
	for (size_t i = 0; i < profile->sms_from_count; i++)
		if (span_eq(sender, span_str(profile->sms_from[i])))
			return true;
	return false;
}

/* The contract's five digits: country, and the begin of the operator. */
enum { CENTRE_DIGITS = 5 };

static bool
first_digits(struct span centre, char out[CENTRE_DIGITS])
{
	struct span digits =
		span_skip(centre, span_starts(centre, span_str("+")) ? 1 : 0);

	if (digits.len < CENTRE_DIGITS)
		return false;
	memcpy(out, digits.ptr, CENTRE_DIGITS);
	return true;
}

bool
profile_takes_centre(
	const struct profile *profile, struct span centre, struct span own)
{
	char a[CENTRE_DIGITS];
	char b[CENTRE_DIGITS];

	if (profile->smsc_any)
		return true;
	if (profile->smsc)
		return expression_matches(profile->smsc, centre);
	return first_digits(centre, a) && first_digits(own, b) &&
	       memcmp(a, b, CENTRE_DIGITS) == 0;
}

static bool
append(struct span *room, struct span text)
{
	/* one byte stays for the NUL */
	if (text.len >= room->len)
		return false;
	if (text.len > 0)
		memcpy((char *)room->ptr, text.ptr, text.len);
	*room = span_skip(*room, text.len);
	return true;
}

int
profile_fill(const char *template, struct span voucher_pin, struct span msisdn,
	char *out, size_t cap)
{
	const struct {
		struct span name;
		struct span value;
	} slots[] = {{span_str("{pin}"), voucher_pin},
		{span_str("{msisdn}"), msisdn}};
	struct span rest = span_str(template);
	struct span room = span_of(out, cap);
	bool fits = cap > 0;

	while (fits && rest.len > 0) {
		struct span piece = span_of(rest.ptr, 1);
		size_t taken = 1;

		for (size_t i = 0; i < 2; i++) {
			if (!span_starts(rest, slots[i].name))
				continue;
			piece = slots[i].value;
			taken = slots[i].name.len;
		}
		fits = append(&room, piece);
		rest = span_skip(rest, taken);
	}
	if (!fits) {
		explicit_bzero(out, cap);
		return -ENOSPC;
	}
	*(char *)room.ptr = '\0';
	return 0;
}

bool
profile_hours_allow(const struct profile *profile, unsigned minute)
{
	for (size_t i = 0; i < profile->hours_count; i++) {
		const struct profile_hours *h = &profile->hours[i];
		bool after = minute >= h->from_min;
		bool before = minute < h->to_min;

		if (h->from_min < h->to_min ? after && before : after || before)
			return true;
	}
	return profile->hours_count == 0;
}
