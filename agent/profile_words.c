/*
 * profile_words: keys whose value is a word or a list of words. Never takes a
 * word of the contract for what this version cannot do: it says so.
 */
#include "agent/profile_keys.h"

void
profile_take_currency(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z')) {
			PROFILE_WRONG(b, "%s: letters only", key->name);
			return;
		}
	}
	profile_take_text(b, key, value);
}

void
profile_take_mcc_mnc(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct profile *p = b->profile;
	struct span word;
	uint32_t unused;

	while (profile_next_word(&value, &word)) {
		/* 3GPP TS 23.003 clause 2.2: three digits and two or three */
		if (word.len < 5 || word.len > 6 ||
			span_to_u32(word, 999999, &unused) < 0)
			PROFILE_WRONG(b, "%s: '%.*s' is not 5 or 6 digits",
				key->name, (int)word.len, word.ptr);
		else if (p->mcc_mnc_count == PROFILE_PATTERN_MAX)
			PROFILE_WRONG(b, "%s: more than %d", key->name,
				PROFILE_PATTERN_MAX);
		else
			(void)span_copy(p->mcc_mnc[p->mcc_mnc_count++],
				sizeof(p->mcc_mnc[0]), word);
	}
}

void
profile_take_number_format(struct profile_build *b,
	const struct profile_key *key, struct span value)
{
	if (money_format_parse(value, &b->profile->number_format) < 0)
		PROFILE_WRONG(b, "%s: an example such as 1,234.56", key->name);
}

void
profile_take_via(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct profile *p = b->profile;
	struct span word;

	p->via_count = 0;
	while (profile_next_word(&value, &word)) {
		bool sms = span_eq(word, span_str("sms"));

		if (!sms && !span_eq(word, span_str("ussd")))
			PROFILE_WRONG(b, "%s: ussd or sms", key->name);
		else if (p->via_count == sizeof(p->via) / sizeof(p->via[0]))
			PROFILE_WRONG(b, "%s: each once", key->name);
		else
			p->via[p->via_count++] =
				sms ? PROFILE_VIA_SMS : PROFILE_VIA_USSD;
	}
	if (p->via_count == 2 && p->via[0] == p->via[1])
		PROFILE_WRONG(b, "%s: each once", key->name);
}

void
profile_take_verdict(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (span_eq(value, span_str("sms")))
		b->profile->verdict_by = PROFILE_VERDICT_SMS;
	else if (span_eq(value, span_str("balance")))
		b->profile->verdict_by = PROFILE_VERDICT_BALANCE;
	else if (!span_eq(value, span_str("ussd")))
		PROFILE_WRONG(b, "%s: ussd, sms or balance", key->name);
}

void
profile_take_repeat(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (span_eq(value, span_str("once")))
		b->profile->repeat_once = true;
	else if (!span_eq(value, span_str("never")))
		PROFILE_WRONG(b, "%s: never or once", key->name);
}

void
profile_take_before(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	static const struct {
		const char *word;
		enum profile_before before;
	} words[] = {{"auto", PROFILE_BEFORE_AUTO},
		{"never", PROFILE_BEFORE_NEVER},
		{"always", PROFILE_BEFORE_ALWAYS}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_eq(value, span_str(words[i].word)))
			continue;
		b->profile->before = words[i].before;
		return;
	}
	PROFILE_WRONG(b, "%s: auto, never or always", key->name);
}

void
profile_take_low(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	if (span_copy(b->low, sizeof(b->low), value) < 0 || value.len == 0)
		PROFILE_WRONG(b, "%s: an amount", key->name);
}

/* Hours that leave no minute out are none: nothing has to know the time. */
static void
drop_whole_day(struct profile *p)
{
	unsigned minute = 0;

	while (minute < 24 * 60 && profile_hours_allow(p, minute))
		minute++;
	if (minute == 24 * 60)
		p->hours_count = 0;
}

void
profile_take_hours(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct profile *p = b->profile;
	struct span word;

	while (profile_next_word(&value, &word)) {
		if (p->hours_count == PROFILE_HOURS_MAX)
			PROFILE_WRONG(b, "%s: more than %d spans of time",
				key->name, PROFILE_HOURS_MAX);
		else if (profile_hours_parse(word, &p->hours[p->hours_count]) <
			 0)
			PROFILE_WRONG(b, "%s: '%.*s' is not HH:MM-HH:MM",
				key->name, (int)word.len, word.ptr);
		else
			p->hours_count++;
	}
	drop_whole_day(p);
}
