/*
 * law_inner: what the files of law share. Only they include it.
 */
#ifndef TESTS_CRASH_LAW_INNER_H
#define TESTS_CRASH_LAW_INNER_H

#include "tests/crash/law.h"
#include "tests/crash/realm.h"

enum {
	LAW_VOUCHERS_MAX = 2000,
	LAW_ATTEMPTS_MAX = 4000,
	LAW_BATCHES_MAX = 200,
	LAW_ENTRIES_MAX = 200000,
	LAW_FOLLOW_UPS_MAX = 2 * LAW_VOUCHERS_MAX
};

/* What is true of a card. */
struct fact {
	int64_t voucher;      /* 0: not in the ledger */
	unsigned requests;    /* on air with its PIN */
	const char *outcome;  /* of the last; "lost": not reached; "" */
	bool answer_came;     /* its text left the modem */
	int64_t answer_at_ms; /* when its SMS is with the SIM; 0 */
	bool credited;
	bool person_retries; /* since the last request */
	bool repeated;
	bool in_flight; /* until the daemon settles it */
	bool loaded;    /* says the ledger */
	char account[20];
	int64_t waits_since_ms; /* ready without a reason; 0 */
};

/* Of a SIM, or of a number that is topped up: refusals in a row, as the
 * network counts. */
struct run_fact {
	unsigned wrong, unlocks, pauses;
	int64_t last_ran_ms;
};

struct law {
	struct realm *realm;
	struct life *life;
	struct fact facts[REALM_CARDS_MAX];
	struct run_fact sims[REALM_SIMS_MAX], numbers[REALM_NUMBERS];
	struct realm_card *dialled[REALM_MODEMS_MAX]; /* last on that modem */
	const struct realm_card *redeemed;            /* the last */
	uint16_t card_of[LAW_VOUCHERS_MAX];           /* index + 1 */
	unsigned openings;
	int64_t seen_seq; /* audit entries looked at */
	int64_t trail_last;
	uint64_t trail[LAW_ENTRIES_MAX];
	int64_t ran_before_ms, life_from_ms;
	/* Which commit an attempt came with, and the last on disk. */
	uint64_t attempt_commit[LAW_ATTEMPTS_MAX];
	/* The same of codes that follow a recharge; how often each was on air.
	 */
	uint64_t follow_commit[LAW_FOLLOW_UPS_MAX];
	uint8_t follow_requests[LAW_FOLLOW_UPS_MAX];
	uint64_t commit_now, commit_asked, commit_synced, synced_at;
	bool roomy; /* the disk is full, and there was a reserve */
	char broken[400];
};
extern struct law law;

/* Whether what the ledger says of that voucher, which is not true, comes from
 * the residual case of this run, and it names the evidence. */
bool law_forgives(int64_t voucher);

struct fact *law_fact(const struct realm_card *card);
const char *law_masked(const struct realm_card *card);

/* In full, the costly ones too. */
void law_check_all(void);
/* Looks at the audit entries that are new. */
void law_catch_up(void);
/* Whether the attempt is on disk. */
bool law_is_durable(int64_t attempt);
/* Whether what the ledger says of that code is. */
bool law_is_follow_up_durable(int64_t id);
/* Such a code goes on air (law_follow.c). */
void law_on_follow_up(const struct sim_event *e);
/* The name of an outcome that lives on. */
const char *network_text_name_of(const char *outcome);
void law_tell_event(const struct sim_event *e);

#endif
