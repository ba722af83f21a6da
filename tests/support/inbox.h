/*
 * inbox: intake over a real spool, vault and ledger. A life of the daemon may
 * end after any of its turns; then another one begins. Whatever goes wrong
 * fails the test that runs.
 */
#ifndef TESTS_SUPPORT_INBOX_H
#define TESTS_SUPPORT_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/intake.h"
#include "tests/support/purse.h"

enum { INBOX_TEXT_MAX = 65536 };

struct inbox {
	struct purse *purse;
	char dir[32];
	struct profiles *profiles;
	struct loop *loop;
	struct loop_timer *deadline, *tick;
	struct turn *turn;
	struct spool *spool;
	struct intake *intake;
	int64_t turns_left; /* the life ends when it comes to 0; -1: never */
	bool cut;           /* it did */
	bool late;
	void (*at_turn)(struct inbox *f); /* called when it comes to 0 */
	struct intake_result result;
	char reason[256];
	int results;
};

/* cmocka fixtures: *state is the struct inbox, a life has begun. Operators
 * are simtel (14 digits, two decimals, numbers 07.., 08.., 09..) and any (10
 * to 20 digits, none); the one modem is shop1. */
int inbox_setup(void **state);
int inbox_teardown(void **state);

/* A path in its folder; static, four at a time. */
const char *inbox_path(const struct inbox *f, const char *name);
/* Writes a file; the same into incoming/, moved into place. */
void inbox_put(
	const struct inbox *f, const char *name, const char *text, size_t len);
void inbox_drop_bytes(
	const struct inbox *f, const char *name, const char *text, size_t len);
void inbox_drop(const struct inbox *f, const char *name, const char *text);
/* A whole file, or "(none)"; static, two at a time. */
const char *inbox_get(const struct inbox *f, const char *name);

/* Runs until all is read, or the life ends (turns_left). */
void inbox_run(struct inbox *f);
/* What was not committed is gone, as after a power cut. */
void inbox_end_life(struct inbox *f);
void inbox_begin_life(struct inbox *f);
/* Another life, and an empty ledger. */
void inbox_begin_anew(struct inbox *f);

/* How many the ledger has, accepted; vouchers in all states. */
int64_t inbox_batches(struct inbox *f);
int64_t inbox_vouchers(struct inbox *f);
/* Nobody finds it by a look at the bytes on disk. */
void inbox_has_nowhere(struct inbox *f, const char *voucher_pin);

#endif
