/*
 * ledger_copy: copies of the ledger: one made while it is written, one kept
 * before it is migrated, and a ledger made from one. Part of the ledger. It
 * must never leave a half-made file under a name that somebody relies on.
 */
#ifndef AGENT_LEDGER_COPY_H
#define AGENT_LEDGER_COPY_H

#include "agent/ledger.h"

/* ---- a copy of what is committed now ------------------------------------ */

struct ledger_copy;

struct ledger_copy_info {
	int64_t seq; /* of the last audit entry in it; 0: none */
	char head[2 * VAULT_HASH_LEN + 1]; /* the chain's head there */
	char key_id[VAULT_KEY_ID_LEN + 1]; /* without that key it is no use */
	int64_t vouchers;
	int64_t bytes;
};

/*
 * Begins a copy of what is committed at this moment, whatever is written
 * meanwhile, into path (made, 0600; what lies there is a leftover, and
 * removed). NULL on failure; why says it for people.
 */
struct ledger_copy *ledger_copy_open(
	struct ledger *ledger, const char *path, char *why, size_t cap);
/* A slice of it. 1: more is to come; 0: the file is whole, one file, and
 * ends in the same audit entry; -ENOSPC or -EIO (see the error). Not synced. */
int ledger_copy_step(struct ledger_copy *copy);
/* The numbers are right from the start; the copy's. */
const struct ledger_copy_info *ledger_copy_info(const struct ledger_copy *copy);
const char *ledger_copy_error(const struct ledger_copy *copy);
/* Ends it. The file stays. */
void ledger_copy_close(struct ledger_copy *copy);
/* Removes the file of a copy, with what SQLite may have put beside it. */
void ledger_copy_remove(const char *path);

/*
 * Reads a copy through: that SQLite finds no damage, and that it ends in
 * that audit entry. Needs no key, changes nothing, may take seconds. 0 or
 * -EINVAL; why says it for people.
 */
int ledger_copy_check(const char *path, const struct ledger_copy_info *info,
	char *why, size_t cap);

/* The path that the ledger was opened with, absolute; the ledger's. */
const char *ledger_path(struct ledger *ledger);

/* ---- a ledger from a copy ----------------------------------------------- */

enum { LEDGER_RESTORED_BATCHES = 8 };

/* ledger_cursor() of a restored ledger: when that was, in ms of wall time. */
#define LEDGER_RESTORED_CURSOR "restored"

struct ledger_restored {
	int64_t seq;     /* the backup's last audit entry */
	int64_t held;    /* vouchers that were ready, and are held now */
	int64_t on_air;  /* that were in the air: unknown at the next start */
	int64_t batches; /* that have any of those held */
	int64_t batch[LEDGER_RESTORED_BATCHES]; /* the first of them */
	char kept[256]; /* where the ledger before it is; "": was none */
};

/*
 * Makes the ledger at path from a backup: where there is none, or one in
 * which no batch ever was, or one that the backup goes on from. What was not
 * dialled yet comes back held, since another copy may have dialled it. who:
 * for the audit. All or nothing: on failure (-EBUSY: a daemon runs; -EINVAL;
 * -EIO) path is as it was, and why says it for people.
 */
struct ledger_restore {
	const char *path, *backup, *who;
	int64_t wall_ms;
	struct vault *vault;
};
int ledger_restore(const struct ledger_restore *how,
	struct ledger_restored *out, char *why, size_t cap);

#endif
