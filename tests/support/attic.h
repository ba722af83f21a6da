/*
 * attic: a purse with a backup of it, for tests of what is restored. Whatever
 * goes wrong fails the test that runs.
 */
#ifndef TESTS_SUPPORT_ATTIC_H
#define TESTS_SUPPORT_ATTIC_H

#include "agent/ledger_copy.h"
#include "tests/support/purse.h"

enum { ATTIC_RESTORED_MS = 1800000000 };

/* One at a time: tests of a program run one after another. */
struct attic {
	struct purse *p;
	char backup[128];
	struct ledger_restored made;
	char why[1024];
};
extern struct attic attic;

/* cmocka fixture, with purse_teardown: *state is the struct purse. */
int attic_setup(void **state);

/* Copies the ledger, which is open, to attic.backup. */
void attic_back_up(void);
/* Such bytes in its place. */
void attic_write_backup(const char *bytes, size_t len);
/* The ledger is closed, and gone with what SQLite had beside it. */
void attic_lose_ledger(void);
/* As dialled on "m1", with an answer or (no verdict) none. */
void attic_dial(int64_t voucher, enum verdict verdict, enum voucher_event event,
	const char *reason);

/* Restores attic.backup, the ledger being closed: the result; made and why
 * are in attic. */
int attic_restore(void);
int attic_restore_with(struct vault *vault);
/* It must: the ledger is open again, and sound. */
void attic_is_restored(void);
/* It must not, for that reason, and no byte of the ledger changes. */
void attic_is_refused(int code, const char *because);

/* Whether a file of that name is beside the ledger. */
bool attic_has(const char *name);
void attic_has_no_half(void);
/* The bytes of a file, NULL and 0 where there is none; free them. */
char *attic_bytes(const char *path, size_t *len);

#endif
