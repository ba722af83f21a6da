/*
 * law: the invariants of a run, held against the network's truth: as it
 * happens (what a request, an audit entry, a line of the trail must not be),
 * and in full where a life begins on what another left. It changes nothing,
 * and never believes the daemon about what was credited.
 */
#ifndef TESTS_CRASH_LAW_H
#define TESTS_CRASH_LAW_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/event.h"

struct life;
struct realm;
struct realm_card;
struct realm_file;
struct realm_sim;

/* A new run. Both are borrowed. */
void law_reset(struct realm *realm, struct life *life);

/* The hook of the network and the devices: truth, and its story. */
void law_on_event(void *ctx, const struct sim_event *event);
/* For the journal: one line of the trail outside. */
void law_on_trail(const char *text);

/* The ledger of a new life is open, nothing was done with it yet. */
void law_at_opening(void);
/* After each turn of the loop. */
void law_at_turn(void);
/* At any moment between turns: each that waits says why. */
void law_who_waits(void);
/* In full, on a ledger at rest. */
void law_in_full(void);
/* The life is over; how long it ran. */
void law_at_end_of_life(int64_t ran_ms);
/* Everything was given its time: nothing may be left. */
void law_at_end_of_world(void);

/* The disk has little room from now on, or enough again. */
void law_disk_is_full(bool on);

/* What persons do, which permits more. */
void law_person_retries(const struct realm_card *card);
void law_person_unlocks(const struct realm_sim *sim);
void law_person_unlocks_number(const char *number);

/* The card that the network heard of last. */
const struct realm_card *law_last_redeemed(void);
/* The card that modem dialled last, or NULL. */
struct realm_modem;
const struct realm_card *law_last_dialled(
	const struct realm *realm, const struct realm_modem *modem);
/* The operator's own text about that card is with the SIM by then. */
void law_text_comes(
	const struct realm_card *card, const char *text, int64_t at_ms);

/* The card of a voucher, NULL before its batch was seen. */
struct realm_card *law_card_of(int64_t voucher);
/* Whether the network credited it. */
bool law_was_credited(const struct realm_card *card);

/* The first law that was broken, in words; "" while none is. */
const char *law_broken(void);
/* Breaks one for whoever finds it elsewhere. */
void law_break(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct law_counts {
	uint64_t redeemed; /* requests with a PIN that came on air */
	uint64_t loaded, refused, lives, cuts;
	uint64_t forgiven; /* residual cases */
	uint64_t spoofs;   /* strangers' messages that were looked at */
	uint64_t followed; /* codes after a recharge that came on air */
};
struct law_counts *law_counts(void);

#endif
