/*
 * kill: the real binaries under SIGKILL at named steps and random moments:
 * what a run is told, what it counts, and the laws that it holds the ledger
 * against. It must never take the daemon's word for what the network did.
 */
#ifndef TESTS_CRASH_KILL_H
#define TESTS_CRASH_KILL_H

#include "tests/support/house.h"

enum { KILL_VOUCHERS_MAX = 9000, KILL_REJECTS = 3 };

struct kill_options {
	unsigned kills, vouchers, modems;
	uint64_t seed; /* not 0 */
};

/* ---- the siege: kill_siege.c --------------------------------------------- */

/* So many lives, then peace; fails the running test at the first broken law,
 * and where a named step was never reached. */
void kill_siege(struct house *h, const struct kill_options *options);

/* Starts topupd with kill_step.so before it: steps as TOPUP_STEP, "" for
 * none. While the file out/read_only is there its ledger cannot write. */
void kill_spawn(struct house *h, const char *steps);

/* ---- the steps: kill_plan.c ---------------------------------------------- */

struct kill_plan {
	char steps[256];    /* TOPUP_STEP of the life */
	unsigned random_ms; /* else it is killed after so long */
};

/* Draws below that number. */
typedef unsigned kill_draw(unsigned below);

/* The next step of the round, and those that come rarely, as long as they
 * were not reached; or a random moment. */
void kill_plan_next(struct kill_plan *plan, struct house *h, kill_draw *draw);
/* Takes up the step that ended a life; false when it was none. */
bool kill_plan_reached(struct house *h);
/* How often each step ended a life; fails for one that never did. */
void kill_plan_tell(void);
bool kill_plan_misses(void); /* a step that no life reached yet */

/* ---- the laws: kill_law.c ------------------------------------------------ */

/* Card i of house_pin(), as the network and the file know it. */
struct kill_card {
	long amount;       /* of the network's card; 0: it has none */
	unsigned arrivals; /* at the network, but for "busy" */
	unsigned credits;
	long credited;
	bool dropped; /* its file lies in incoming/, or did */
};

struct kill_law {
	unsigned count;
	struct kill_card *cards;
	long truth_read; /* bytes of the truth log */
	struct {
		char imsi[24];
		unsigned refused, allowed; /* since the last credit */
	} sims[HOUSE_MODEMS_MAX];
};

void kill_law_init(struct kill_law *law, unsigned count);
void kill_law_fini(struct kill_law *law);

/* Reads on in the truth, and checks what needs no ledger: no PIN executed
 * twice or dialled again, refusals in a row within bounds. */
void kill_law_read_truth(struct kill_law *law, struct house *h);
/* A person is about to allow the SIM in that modem (0 is the first) one PIN
 * more. */
void kill_law_unlocks(struct kill_law *law, struct house *h, size_t modem);
/* Holds all vouchers against the truth: the JSON list of them, the truth as
 * it was before they were asked for is read. all: none may be missing. */
void kill_law_check(
	struct kill_law *law, struct house *h, json_t *vouchers, bool all);
/* The audit chain, and syslog's lines without a gap. The daemon is ended. */
void kill_law_check_audit(struct house *h);

#endif
