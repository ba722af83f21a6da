/*
 * profile_keys: what takes the value of a key. For the files of profile
 * alone.
 */
#ifndef AGENT_PROFILE_KEYS_H
#define AGENT_PROFILE_KEYS_H

#include "agent/profile_build.h"

enum profile_repeats { PROFILE_ONCE, PROFILE_REPEATS };

struct profile_key;

/* Takes a trimmed value, or tells what is wrong with it. */
typedef void profile_take(struct profile_build *b,
	const struct profile_key *key, struct span value);

/* A row of the table of keys. */
struct profile_key {
	const char *section;
	const char *name; /* NULL: any name; take() judges it */
	enum profile_repeats repeats;
	profile_take *take;
	size_t offset; /* of the value in struct profile */
	unsigned min;  /* of a number; of a time in seconds */
	size_t max;    /* of a number; of a text with its NUL */
};

/* Row i of the table; NULL past the end. The manual is held against it. */
const struct profile_key *profile_key_at(size_t i);

/* profile_take.c: into the place that the row names. */
profile_take profile_take_text;
profile_take profile_take_template;
profile_take profile_take_code;
profile_take profile_take_number;
profile_take profile_take_time;
profile_take profile_take_pause;
profile_take profile_take_timeout;
profile_take profile_take_dialled;
profile_take profile_take_senders;

/* profile_rules.c */
profile_take profile_take_voucher_pin;
profile_take profile_take_msisdn;
profile_take profile_take_menu;
profile_take profile_take_follow_up;
profile_take profile_take_balance_reply;
profile_take profile_take_rule;
profile_take profile_take_proof_reply;
profile_take profile_take_smsc;

/* profile_words.c */
profile_take profile_take_currency;
profile_take profile_take_mcc_mnc;
profile_take profile_take_number_format;
profile_take profile_take_via;
profile_take profile_take_verdict;
profile_take profile_take_repeat;
profile_take profile_take_before;
profile_take profile_take_low;
profile_take profile_take_hours;

#endif
