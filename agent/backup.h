/*
 * backup: a copy of the ledger for a person, made in slices while cards are
 * dialled: first beside the ledger, then into the file that he gave. It must
 * never take the room that results need, nor keep a modem waiting.
 */
#ifndef AGENT_BACKUP_H
#define AGENT_BACKUP_H

#include "agent/ledger_copy.h"

struct backup;
struct turn;

/* Room on the ledger's disk that a backup leaves, in bytes. */
enum { BACKUP_MARGIN = 16 << 20 };

/*
 * Begins. fd must be a plain, empty file that can be written: it becomes the
 * backup's, also on failure. who: for the audit. NULL on failure; why says
 * it for people.
 */
struct backup *backup_begin(
	struct turn *turn, int fd, const char *who, char *why, size_t cap);
/* A slice; each in a turn of its own, since the entry in the audit is on
 * disk before the first byte leaves. 1: more is to come; 0: all is in the
 * file (not synced); negative: it failed, see the error. */
int backup_step(struct backup *backup);
const struct ledger_copy_info *backup_info(const struct backup *backup);
const char *backup_error(const struct backup *backup);
/* Gives back all room. A file that is not whole is emptied. */
void backup_free(struct backup *backup);

/* Removes what a daemon that was killed may have left. */
void backup_clean(struct ledger *ledger);

#endif
