/*
 * profile_take: keys whose value is a text, a code, a number or a time.
 * Never leaves a value half taken: a wrong one is told and not kept.
 */
#include <string.h>

#include "agent/duration.h"
#include "agent/profile_keys.h"

static void *
value_at(const struct profile_build *b, const struct profile_key *key)
{
	return (char *)b->profile + key->offset;
}

void
profile_take_text(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (value.len >= key->max)
		PROFILE_WRONG(b, "%s: over %zu bytes", key->name, key->max - 1);
	else
		(void)span_copy(value_at(b, key), key->max, value);
}

/* Templates and codes fit: the line that held them was shorter. */
void
profile_take_template(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	const char *fault = profile_template_fault(value);

	if (fault)
		PROFILE_WRONG(b, "%s: %s", key->name, fault);
	else
		(void)span_copy(value_at(b, key), PROFILE_CODE_MAX, value);
}

/* What goes out without a PIN or number in it. */
void
profile_take_code(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (span_find(value, '{') < value.len)
		PROFILE_WRONG(b, "%s: no {pin} or {msisdn} here", key->name);
	else
		profile_take_template(b, key, value);
}

void
profile_take_number(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	uint32_t number;

	if (span_to_u32(value, (uint32_t)key->max, &number) < 0 ||
		number < key->min)
		PROFILE_WRONG(b, "%s: a whole number from %u to %zu", key->name,
			key->min, key->max);
	else
		*(unsigned *)value_at(b, key) = number;
}

/* A time of at least key->min seconds; false after telling. */
static bool
read_time(struct profile_build *b, const struct profile_key *key,
	struct span value, int64_t *ms)
{
	int64_t time_ms;

	if (duration_parse(value, &time_ms) < 0) {
		PROFILE_WRONG(b,
			"%s: a whole number with s, m, h or d, at most 366d",
			key->name);
		return false;
	}
	if (time_ms < (int64_t)key->min * 1000) {
		PROFILE_WRONG(b, "%s: at least %us", key->name, key->min);
		return false;
	}
	*ms = time_ms;
	return true;
}

void
profile_take_time(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	(void)read_time(b, key, value, value_at(b, key));
}

void
profile_take_pause(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (span_eq(value, span_str("never")))
		b->profile->reject_pause_ms = -1;
	else
		profile_take_time(b, key, value);
}

/* How long a modem may be kept waiting; a day is more than any network's. */
void
profile_take_timeout(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	int64_t ms;

	if (!read_time(b, key, value, &ms))
		return;
	if (ms > INT64_C(3600) * 1000)
		PROFILE_WRONG(b, "%s: at most 1h", key->name);
	else
		b->profile->timeout_ms = (uint32_t)ms;
}

/* A number that texts go to. */
void
profile_take_dialled(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if ((c < '0' || c > '9') && (c != '+' || i > 0)) {
			PROFILE_WRONG(b, "%s: digits only", key->name);
			return;
		}
	}
	if (value.len >= key->max)
		PROFILE_WRONG(
			b, "%s: over %zu digits", key->name, key->max - 1);
	else
		(void)span_copy(value_at(b, key), key->max, value);
}

void
profile_take_senders(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct profile *p = b->profile;
	struct span word;

	while (profile_next_word(&value, &word)) {
		if (word.len == 0)
			PROFILE_WRONG(b, "%s: an empty sender", key->name);
		else if (word.len >= sizeof(p->sms_from[0]))
			PROFILE_WRONG(b, "%s: '%.*s' is over %zu bytes",
				key->name, (int)word.len, word.ptr,
				sizeof(p->sms_from[0]) - 1);
		else if (p->sms_from_count == PROFILE_PATTERN_MAX)
			PROFILE_WRONG(b, "%s: more than %d", key->name,
				PROFILE_PATTERN_MAX);
		else
			(void)span_copy(p->sms_from[p->sms_from_count++],
				sizeof(p->sms_from[0]), word);
	}
}
