/*
 * profile: one operator, read from operators/NAME.ini (inih, with a line
 * reader of our own that refuses what inih would cut or join). Immutable
 * once read, and counted: an attempt keeps the profile it began with.
 */
#ifndef AGENT_PROFILE_H
#define AGENT_PROFILE_H

#include "agent/classify.h"
#include "agent/money.h"
#include "agent/profile_follow_up.h"
#include "modem/span.h"

struct problems;

enum {
	PROFILE_NAME_MAX = 32,
	PROFILE_CODE_MAX = 197,
	PROFILE_MENU_MAX = PROFILE_STEPS_MAX,
	PROFILE_PATTERN_MAX = 16,
	PROFILE_SENDER_MAX = 24,
	PROFILE_HOURS_MAX = 8
};

enum profile_via { PROFILE_VIA_USSD, PROFILE_VIA_SMS };
enum profile_verdict_by {
	PROFILE_VERDICT_USSD,
	PROFILE_VERDICT_SMS,
	PROFILE_VERDICT_BALANCE
};
enum profile_before {
	PROFILE_BEFORE_AUTO,
	PROFILE_BEFORE_NEVER,
	PROFILE_BEFORE_ALWAYS
};

struct profile_menu_step {
	struct expression *screen;
	char answer[PROFILE_CODE_MAX]; /* a template */
};

struct profile_hours {
	unsigned from_min; /* minutes of the day */
	unsigned to_min;   /* smaller than from_min: past midnight */
};

struct profile {
	char stem[PROFILE_NAME_MAX]; /* its name elsewhere, lower case */
	char *file;
	char name[64];
	char mcc_mnc[PROFILE_PATTERN_MAX][8];
	size_t mcc_mnc_count;
	char currency[8];
	unsigned decimals;
	struct money_format number_format;
	struct expression *pins[PROFILE_PATTERN_MAX];
	size_t pin_count;
	struct expression *msisdns[PROFILE_PATTERN_MAX];
	size_t msisdn_count;

	char recharge_ussd[PROFILE_CODE_MAX]; /* "" where there is none */
	char recharge_ussd_for_other[PROFILE_CODE_MAX];
	char sms_to[PROFILE_SENDER_MAX]; /* where its texts go */
	char recharge_sms[PROFILE_CODE_MAX];
	char recharge_sms_for_other[PROFILE_CODE_MAX];
	enum profile_via via[2];
	size_t via_count;
	enum profile_verdict_by verdict_by;
	char sms_from[PROFILE_PATTERN_MAX][PROFILE_SENDER_MAX];
	size_t sms_from_count;
	struct expression *smsc; /* NULL: as the SIM's own centre */
	bool smsc_any;
	uint32_t timeout_ms;
	int64_t sms_timeout_ms;
	bool repeat_once;

	struct profile_menu_step menu[PROFILE_MENU_MAX];
	size_t menu_count;

	struct profile_follow_up follow_ups[PROFILE_STEPS_MAX];

	char balance_ussd[PROFILE_CODE_MAX];
	char balance_sms_to[PROFILE_SENDER_MAX]; /* both "", or neither */
	char balance_sms[PROFILE_CODE_MAX];
	enum profile_before before;
	unsigned balance_max_per_day;
	int64_t low_minor;

	char proof_ussd[PROFILE_CODE_MAX];
	struct expression *proofs[PROFILE_PATTERN_MAX];
	size_t proof_count;

	struct classifier *reply;

	unsigned max_rejects;
	int64_t reject_pause_ms; /* -1: never ends by itself */
	unsigned batch_rejects;
	int64_t min_interval_ms;
	unsigned daily_max;
	struct profile_hours hours[PROFILE_HOURS_MAX];
	size_t hours_count; /* 0: all day */
	unsigned retries;
	int64_t retry_pause_ms;
	int64_t fence_ms;
	unsigned refs;
};

/* Reads one file. NULL when it has an error; problems say which. The caller
 * holds the one reference. */
struct profile *profile_read(const char *file, struct problems *problems);
/* The same of a text that was read already; file names it. */
struct profile *profile_read_text(
	const char *file, struct span text, struct problems *problems);
struct profile *profile_ref(struct profile *profile);
void profile_unref(struct profile *profile); /* NULL is allowed */

/* Whether a whole PIN, a whole target number, has the operator's form. */
bool profile_takes_pin(const struct profile *profile, struct span voucher_pin);
bool profile_takes_msisdn(const struct profile *profile, struct span msisdn);

/*
 * Whether a message from that sender, through that service centre, may be a
 * verdict. own is the SIM's own centre, "" where it is not known: what
 * cannot be compared with it is not taken.
 */
bool profile_takes_sender(const struct profile *profile, struct span sender);
bool profile_takes_centre(
	const struct profile *profile, struct span centre, struct span own);

/*
 * Fills {pin} and {msisdn} into a template. out holds a PIN afterwards: the
 * caller wipes it. 0 or -ENOSPC.
 */
int profile_fill(const char *template, struct span voucher_pin,
	struct span msisdn, char *out, size_t cap);

/* Whether a moment (minutes of the local day) lies in the hours. */
bool profile_hours_allow(const struct profile *profile, unsigned minute);

#endif
