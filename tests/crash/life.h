/*
 * life: one life of the daemon in virtual time: the parts of agent/topupd.c,
 * wired as it wires them, on the disk, the wires and the files of the
 * simulated machine. It must never do what topupd does not.
 */
#ifndef TESTS_CRASH_LIFE_H
#define TESTS_CRASH_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/profile_folder.h"
#include "tests/virtual/virtual.h"

struct balance;
struct dialogue;
struct follow_up;
struct dispatch;
struct fleet;
struct intake;
struct ledger;
struct loop;
struct loop_timer;
struct redeem;
struct reserve;
struct sentry;
struct spool;
struct trail;
struct turn;
struct vault;

/* Where all lives of a run are. */
#define LIFE_STATE_DIR "state"
#define LIFE_SPOOL_DIR "spool"
#define LIFE_LEDGER    LIFE_STATE_DIR "/ledger.db"
#define LIFE_KEY       LIFE_STATE_DIR "/pin.key"

struct life {
	const struct config *config; /* borrowed, as are the profiles */
	const struct profiles *profiles;
	struct vault *vault;
	struct ledger *ledger;
	struct reserve *reserve;
	struct loop *loop;
	struct turn *turn;
	struct spool *spool;
	struct fleet *fleet;
	struct balance *balance;
	struct dialogue *dialogue;
	struct follow_up *follow_up;
	struct redeem *redeem;
	struct sentry *sentry;
	struct dispatch *dispatch;
	struct intake *intake;
	struct trail *trail;
	struct loop_timer *leave; /* NULL until all is drained */
	bool stopping, leaving;
	char why[512]; /* it could not begin */
};

/* Starts as topupd does. false: it could not (why), or the power went; in
 * both cases life_drop() or life_stop() ends it. opened (may be NULL) is
 * called when the ledger is open and nothing was done with it yet. */
typedef void life_fn(void *ctx);
bool life_begin(struct life *life, const struct config *config,
	const struct profiles *profiles, life_fn *opened, void *ctx);

/* A reload, as SIGHUP does. Borrows both from now on. */
void life_reload(struct life *life, const struct config *config,
	const struct profiles *profiles);

/* SIGTERM: dials nothing new, runs until what is on air has ended and the
 * modems have left; seen as for virtual_run_until(). Then, with the power
 * still on, shuts down. */
void life_stop(struct life *life, virtual_seen_fn *seen, void *ctx);

/* Frees everything. With the power off nothing leaves; with the power on it
 * is a process that was killed: call power_off() before. */
void life_drop(struct life *life);

#endif
