/*
 * profile_keys: the table of all keys of a profile. Never judges one key by
 * another: that is profile_check.
 */
#include "agent/profile_keys.h"

#include <assert.h>

#define AT(member)   offsetof(struct profile, member)
#define SIZE(member) sizeof(((struct profile *)0)->member)
#define TEXT(section, name, member)                                            \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_text, AT(member), 0, \
			SIZE(member)                                           \
	}
#define TEMPLATE(section, name, member)                                        \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_template,            \
			AT(member), 0, 0                                       \
	}
#define CODE(section, name, member)                                            \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_code, AT(member), 0, \
			0                                                      \
	}
#define DIALLED(section, name, member)                                         \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_dialled, AT(member), \
			0, SIZE(member)                                        \
	}
#define NUMBER(section, name, member, min, max)                                \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_number, AT(member),  \
			min, max                                               \
	}
#define TIME(section, name, member, min_s)                                     \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_take_time, AT(member),    \
			min_s, 0                                               \
	}
#define OWN(section, name, take)                                               \
	{                                                                      \
		section, name, PROFILE_ONCE, profile_##take, 0, 0, 0           \
	}
#define OWN_REPEATED(section, name, take)                                      \
	{                                                                      \
		section, name, PROFILE_REPEATS, profile_##take, 0, 0, 0        \
	}

/* In the order of the contract. */
static const struct profile_key keys[] = {
	TEXT("operator", "name", name),
	OWN("operator", "mcc_mnc", take_mcc_mnc),
	{"operator", "currency", PROFILE_ONCE, profile_take_currency,
		AT(currency), 0, SIZE(currency)},
	NUMBER("operator", "decimals", decimals, 0, 6),
	OWN("operator", "number_format", take_number_format),
	OWN_REPEATED("operator", "pin", take_voucher_pin),
	OWN_REPEATED("operator", "msisdn", take_msisdn),

	TEMPLATE("recharge", "ussd", recharge_ussd),
	TEMPLATE("recharge", "ussd_for_other", recharge_ussd_for_other),
	DIALLED("recharge", "sms_to", sms_to),
	TEMPLATE("recharge", "sms_text", recharge_sms),
	TEMPLATE("recharge", "sms_text_for_other", recharge_sms_for_other),
	OWN("recharge", "via", take_via),
	OWN("recharge", "verdict", take_verdict),
	OWN("recharge", "sms_from", take_senders),
	OWN("recharge", "smsc", take_smsc),
	{"recharge", "timeout", PROFILE_ONCE, profile_take_timeout, 0, 1, 0},
	TIME("recharge", "sms_timeout", sms_timeout_ms, 1),
	OWN("recharge", "repeat", take_repeat),

	OWN_REPEATED("menu", NULL, take_menu),

	CODE("balance", "ussd", balance_ussd),
	DIALLED("balance", "sms_to", balance_sms_to),
	CODE("balance", "sms_text", balance_sms),
	OWN_REPEATED("balance", "reply", take_balance_reply),
	OWN("balance", "before", take_before),
	NUMBER("balance", "max_per_day", balance_max_per_day, 0, 100000),
	OWN("balance", "low", take_low),

	CODE("proof", "ussd", proof_ussd),
	OWN_REPEATED("proof", "reply", take_proof_reply),

	OWN_REPEATED("follow_up", NULL, take_follow_up),

	OWN_REPEATED("reply", NULL, take_rule),

	NUMBER("limits", "max_rejects", max_rejects, 1, 1000),
	{"limits", "reject_pause", PROFILE_ONCE, profile_take_pause,
		AT(reject_pause_ms), 1, 0},
	NUMBER("limits", "batch_rejects", batch_rejects, 1, 1000),
	TIME("limits", "min_interval", min_interval_ms, 0),
	NUMBER("limits", "daily_max", daily_max, 0, 1000000),
	OWN("limits", "hours", take_hours),
	NUMBER("limits", "retries", retries, 0, 1000),
	TIME("limits", "retry_pause", retry_pause_ms, 1),
	TIME("limits", "fence", fence_ms, 0),
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

static_assert(sizeof(keys) / sizeof(keys[0]) <= PROFILE_KEYS_MAX,
	"seen[] has a place for each");

const struct profile_key *
profile_key_at(size_t i)
{
	return i < KEY_COUNT ? &keys[i] : NULL;
}

bool
profile_has_section(struct span section)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (span_eq(section, span_str(keys[i].section)))
			return true;
	return false;
}

static const struct profile_key *
find_key(struct span section, struct span name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (span_eq(section, span_str(keys[i].section)) &&
			(!keys[i].name ||
				span_eq(name, span_str(keys[i].name))))
			return &keys[i];
	return NULL;
}

void
profile_take_key(
	struct profile_build *b, struct span section, struct span value)
{
	const struct profile_key *key = find_key(section, b->key);

	if (!key) {
		PROFILE_WRONG(b, "unknown key '%.*s' in [%.*s]",
			(int)b->key.len, b->key.ptr, (int)section.len,
			section.ptr);
		return;
	}
	unsigned *seen = &b->seen[key - keys];

	if (*seen > 0 && key->repeats == PROFILE_ONCE) {
		PROFILE_WRONG(
			b, "%s stands in line %u already", key->name, *seen);
		return;
	}
	*seen = b->line;
	key->take(b, key, value);
}

unsigned
profile_line_of(
	const struct profile_build *b, const char *section, const char *name)
{
	const struct profile_key *key =
		find_key(span_str(section), span_str(name));

	assert(key);
	return b->seen[key - keys];
}
