/*
 * reserve: a file of real bytes beside the ledger, held while all is well,
 * and given back to the disk part by part when the ledger finds no room, so
 * that what is on air can still be written. It must never hold its bytes
 * against the ledger.
 */
#ifndef AGENT_RESERVE_H
#define AGENT_RESERVE_H

#include <stdbool.h>

struct reserve;

/*
 * 64 results, each in a turn of its own, make a new ledger's files grow by
 * 4.1 MiB (measured by test_reserve): then SQLite's log is at the length at
 * which it begins anew. The other half is for a log that cannot, because
 * somebody reads the ledger, and for others who write on a full disk.
 */
enum {
	RESERVE_BYTES = 8 * 1024 * 1024,
	RESERVE_PART = 512 * 1024 /* given back at a time */
};

/* Takes it at once where there is room, or finds it as it was left. NULL
 * only where the path is too long. The file stays after reserve_close(). */
struct reserve *reserve_open(const char *path);
void reserve_close(struct reserve *reserve);

/* All of it is ours. */
bool reserve_is_held(const struct reserve *reserve);

/* Gives a part back to the disk; false when nothing was left. */
bool reserve_give_up(struct reserve *reserve);

/* Whether the disk has clearly more room than the reserve needs. Writes
 * nothing; a quota shows only when the reserve is taken. */
bool reserve_has_room(const struct reserve *reserve);

/* Makes it whole again. 0, or -errno: it has no more than before then. */
int reserve_take(struct reserve *reserve);

#endif
