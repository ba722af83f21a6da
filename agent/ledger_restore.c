/*
 * ledger_restore: a ledger from a backup. Everything is made and checked
 * under another name, and takes the ledger's place in one rename. It must
 * never put an older ledger in the place of a newer one, nor let anything
 * be dialled that another copy may have dialled.
 */
#include "agent/ledger_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ledger_private.h"

enum { PATH_BYTES = 4096, PIECE = 65536, KEPT_MAX = 1000, SIMS_STEP = 16 };

/* One restore, and the name under which it is made. */
struct restore {
	const struct ledger_restore *how;
	struct ledger_restored *out;
	char *why;
	size_t cap;
	char part[PATH_BYTES];
	int lock;                 /* of the place that it takes */
	struct ledger *ledger;    /* that of part, while it is open */
	struct ledger_chain head; /* of the backup */
};

static int
refuse(const struct restore *r, int rc, const char *what, const char *because)
{
	snprintf(r->why, r->cap, "%s: %s", what, because);
	return rc;
}

/* ---- the bytes of the backup -------------------------------------------- */

static int
pass_bytes(int from, int to)
{
	char *piece = malloc(PIECE);
	if (piece == NULL)
		abort(); /* nothing was begun */
	ssize_t n;
	while ((n = read(from, piece, PIECE)) > 0)
		if (write(to, piece, (size_t)n) != n) {
			n = -1;
			if (errno == 0)
				errno = ENOSPC;
			break;
		}
	int rc = n < 0 ? -errno : 0;
	free(piece);
	return rc;
}

static int
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (in < 0)
		return -errno;
	struct stat st;
	int rc = fstat(in, &st) != 0 || !S_ISREG(st.st_mode) ? -EINVAL : 0;
	int out = -1;
	if (rc == 0) {
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		rc = out < 0 ? -errno : pass_bytes(in, out);
	}
	if (out >= 0 && close(out) != 0 && rc == 0)
		rc = -errno;
	(void)close(in); /* only read from */
	return rc;
}

/* A raw copy of a ledger (an SD card) may have its newest entries beside
 * it still; a file of `topupctl backup` stands alone. */
static int
fetch(struct restore *r)
{
	char from[PATH_BYTES], to[PATH_BYTES + 8];
	int rc = copy_file(r->how->backup, r->part);
	if (rc != 0)
		return refuse(r, rc == -ENOSPC ? -EIO : -EINVAL, r->how->backup,
			strerror(-rc));
	int n = snprintf(from, sizeof(from), "%s-wal", r->how->backup);
	snprintf(to, sizeof(to), "%s-wal", r->part);
	if (n < 0 || (size_t)n >= sizeof(from) || access(from, F_OK) != 0)
		return 0;
	rc = copy_file(from, to);
	return rc == 0 ? 0 : refuse(r, -EIO, from, strerror(-rc));
}

/* ---- what it is --------------------------------------------------------- */

static int
open_to_look(const struct restore *r, const char *path, const char *name,
	sqlite3 **db)
{
	/* Writing is needed to take in its WAL. */
	if (sqlite3_open_v2(path, db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) == SQLITE_OK)
		return 0;
	return refuse(r, -EINVAL, name,
		*db != NULL ? sqlite3_errmsg(*db) : "no memory");
}

static int
read_origin(const struct restore *r, sqlite3 *db, const char *name,
	struct ledger_origin *out)
{
	char said[LEDGER_WHY_MAX];
	if (ledger_origin_read(db, out, said, sizeof(said)) == 0)
		return 0;
	return refuse(r, -EINVAL, name, said);
}

static int
check_origin(const struct restore *r, const char *name,
	const struct ledger_origin *origin)
{
	char said[LEDGER_WHY_MAX];
	if (ledger_origin_check(origin, r->how->vault, said, sizeof(said)) == 0)
		return 0;
	return refuse(r, -EINVAL, name, said);
}

/* Whole pages, whole chain, counts that agree; then open, and of today's
 * version. */
static int
examine(struct restore *r)
{
	const char *name = r->how->backup;
	char said[LEDGER_WHY_MAX * 2] = "";
	struct ledger_origin origin;
	sqlite3 *db = NULL;
	int rc = open_to_look(r, r->part, name, &db);
	if (rc == 0)
		rc = read_origin(r, db, name, &origin);
	if (rc == 0)
		rc = check_origin(r, name, &origin);
	if (rc == 0 && ledger_check_damage(db, said, sizeof(said)) != 0)
		rc = refuse(r, -EINVAL, name, said);
	(void)sqlite3_close(db); /* nothing was written */
	if (rc != 0)
		return rc;
	r->ledger =
		ledger_open_copy(r->part, r->how->vault, said, sizeof(said));
	if (r->ledger == NULL)
		return refuse(r, -EINVAL, name, said);
	r->head = r->ledger->head;
	r->out->seq = r->head.seq;
	return 0;
}

static int
verify(const struct restore *r, const char *name)
{
	struct ledger_verify verify;
	char what[160] = "";
	if (ledger_verify_audit(r->ledger, &verify) != 0)
		return refuse(r, -EIO, name, ledger_error(r->ledger));
	if (!verify.ok) {
		char said[256];
		snprintf(said, sizeof(said),
			"its audit is broken at entry %lld: %s",
			(long long)verify.first_bad, verify.what);
		return refuse(r, -EINVAL, name, said);
	}
	if (ledger_check(r->ledger, what, sizeof(what)) != 0)
		return refuse(r, -EINVAL, name, what);
	return 0;
}

/* ---- against the ledger that is there ----------------------------------- */

static int
compare(const struct restore *r, sqlite3 *db, const struct ledger_origin *there)
{
	const char *path = r->how->path;
	char said[512];
	bool goes_on = ledger_origin_has(r->ledger->db, &there->head);
	if (goes_on && there->head.seq < r->head.seq)
		return 0;
	if (ledger_origin_has(db, &r->head))
		snprintf(said, sizeof(said),
			"the ledger there has all that the backup has, and "
			"is %s (audit entry %lld, the backup ends with %lld): "
			"nothing to restore. Start topupd with it",
			goes_on ? "the same" : "newer",
			(long long)there->head.seq, (long long)r->head.seq);
	else
		snprintf(said, sizeof(said),
			"the ledger there (audit entry %lld) and the backup "
			"(%lld) went different ways, and each knows of cards "
			"that the other does not. Nothing was changed. If the "
			"backup is the right one, move the ledger away, keep "
			"it, and restore again",
			(long long)there->head.seq, (long long)r->head.seq);
	return refuse(r, -EINVAL, path, said);
}

/* What SQLite would take for the newest part of any file of that name. */
static int
refuse_leftovers(const struct restore *r)
{
	static const char *const endings[] = {"-wal", "-journal"};
	char name[PATH_BYTES];
	struct stat st;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		int n = snprintf(
			name, sizeof(name), "%s%s", r->how->path, endings[i]);
		if (n < 0 || (size_t)n >= sizeof(name))
			return refuse(r, -EINVAL, r->how->path,
				"its path is too long");
		if (stat(name, &st) == 0 && st.st_size > 0)
			return refuse(r, -EINVAL, name,
				"it belongs to a ledger that is not there, "
				"and would spoil the restored one: move it "
				"away, keep it, and restore again");
	}
	return 0;
}

static void
add_advice(const struct restore *r)
{
	size_t len = strlen(r->why);
	snprintf(r->why + len, r->cap - len,
		". It is in the place of the restored one: move it away, keep "
		"it, and restore again");
}

/* *there tells whether a ledger must be kept. */
static int
look_at_place(const struct restore *r, bool *there)
{
	const char *path = r->how->path;
	struct ledger_origin origin = {.batches = 0};
	struct stat st;
	sqlite3 *db = NULL;
	*there = lstat(path, &st) == 0 && st.st_size > 0;
	if (!*there)
		return refuse_leftovers(r);
	int rc = open_to_look(r, path, path, &db);
	if (rc == 0)
		rc = read_origin(r, db, path, &origin);
	/* Never a card in it: a daemon was started too early, maybe with a
	 * key that it made. */
	bool is_new = rc == 0 && origin.batches == 0;
	if (rc == 0 && !is_new)
		rc = check_origin(r, path, &origin);
	if (rc != 0)
		add_advice(r);
	else if (!is_new)
		rc = compare(r, db, &origin);
	(void)sqlite3_close(db); /* takes in its WAL, and removes it */
	return rc == 0 ? refuse_leftovers(r) : rc;
}

/* ---- what changes in it ------------------------------------------------- */

static struct ledger_op
new_op(const struct restore *r, enum ledger_op_kind kind)
{
	struct ledger_op op;
	memset(&op, 0, sizeof(op));
	op.kind = kind;
	op.at.wall_ms = r->how->wall_ms;
	op.at.ran_ms = ledger_ran_ms(r->ledger);
	(void)span_copy(op.who, sizeof(op.who), span_str(r->how->who));
	return op;
}

struct numbers {
	int64_t *list;
	size_t count;
	int64_t on_air;
};

static bool
on_batch(void *ctx, const struct ledger_batch *b)
{
	struct numbers *numbers = ctx;
	numbers->on_air += b->counts[VOUCHER_DIALING];
	if (b->counts[VOUCHER_READY] == 0)
		return true;
	numbers->list = realloc(
		numbers->list, (numbers->count + 1) * sizeof(*numbers->list));
	if (numbers->list == NULL)
		abort(); /* nothing was changed */
	numbers->list[numbers->count++] = b->id;
	return true;
}

static int
hold_batch(const struct restore *r, int64_t batch)
{
	struct ledger_op op = new_op(r, LEDGER_BATCH_MOVE);
	struct ledger_result result = {0};
	op.u.batch_move.batch = batch;
	op.u.batch_move.event = VOUCHER_RESTORED;
	(void)span_copy(op.u.batch_move.reason, sizeof(op.u.batch_move.reason),
		span_str("restored")); /* fits */
	int rc = ledger_apply(r->ledger, &op, &result);
	struct ledger_restored *out = r->out;
	if (rc == 0 && out->batches < LEDGER_RESTORED_BATCHES)
		out->batch[out->batches] = batch;
	if (rc == 0)
		out->batches++;
	out->held += result.count;
	return rc;
}

static int
hold_all(const struct restore *r)
{
	struct numbers numbers = {.list = NULL};
	int rc = ledger_each_batch(r->ledger, 0, on_batch, &numbers);
	for (size_t i = 0; i < numbers.count && rc == 0; i++)
		rc = hold_batch(r, numbers.list[i]);
	r->out->on_air = numbers.on_air;
	free(numbers.list);
	return rc;
}

struct sims {
	struct ledger_sim *list;
	size_t count;
};

static bool
on_sim(void *ctx, const struct ledger_sim *sim)
{
	struct sims *sims = ctx;
	if (sims->count % SIMS_STEP == 0) {
		sims->list = realloc(sims->list,
			(sims->count + SIMS_STEP) * sizeof(*sims->list));
		if (sims->list == NULL)
			abort(); /* nothing was changed */
	}
	sims->list[sims->count++] = *sim;
	return true;
}

/* What its balance was, and which session is open with it, is known of the
 * time of the backup only. */
static int
doubt_sim(const struct restore *r, const struct ledger_sim *sim)
{
	struct ledger_op op = new_op(r, LEDGER_SPOIL);
	memcpy(op.u.spoil.iccid, sim->iccid, sizeof(op.u.spoil.iccid));
	memcpy(op.u.spoil.modem, sim->modem, sizeof(op.u.spoil.modem));
	(void)span_copy(op.u.spoil.by, sizeof(op.u.spoil.by),
		span_str("restored")); /* fits */
	int rc = ledger_apply(r->ledger, &op, NULL);
	op = new_op(r, LEDGER_FENCE);
	memcpy(op.u.fence.iccid, sim->iccid, sizeof(op.u.fence.iccid));
	memcpy(op.u.fence.modem, sim->modem, sizeof(op.u.fence.modem));
	(void)span_copy(op.u.fence.why, sizeof(op.u.fence.why),
		span_str("restored")); /* fits */
	return rc == 0 ? ledger_apply(r->ledger, &op, NULL) : rc;
}

static int
doubt_all(const struct restore *r)
{
	struct sims sims = {.list = NULL};
	int rc = ledger_each_sim(r->ledger, 0, on_sim, &sims);
	for (size_t i = 0; i < sims.count && rc == 0; i++)
		rc = doubt_sim(r, &sims.list[i]);
	free(sims.list);
	return rc;
}

/* The other copy may have dialled what is unknown the one more time that
 * repeat = once allows a machine. */
static int
forbid_repeats(const struct restore *r)
{
	return ledger_run_n(r->ledger,
		"UPDATE voucher SET repeated = 1"
		" WHERE state IN ('dialing','pending','unknown')",
		NULL, 0);
}

/* As with cards: what is owed, or will be once an attempt of before is found
 * to have credited, may have been dialled since, and each costs. */
static int
drop_follow_ups(const struct restore *r)
{
	int rc = ledger_run_n(r->ledger,
		"UPDATE follow_up SET state = 'dropped', why = 'restored'"
		" WHERE state = 'owed'",
		NULL, 0);
	return rc == 0 ? ledger_run_n(r->ledger,
				 "UPDATE attempt SET follow_ups = NULL"
				 " WHERE follow_ups IS NOT NULL",
				 NULL, 0)
	               : rc;
}

static int
note_restored(const struct restore *r)
{
	struct ledger_op op = new_op(r, LEDGER_EVENT);
	struct ledger_note note = {.len = 0};
	char head[2 * VAULT_HASH_LEN + 1];
	(void)span_to_hex(r->head.hash, VAULT_HASH_LEN, head, sizeof(head));
	ledger_note_number(&note, "seq", r->head.seq);
	ledger_note_text(&note, "head", head);
	ledger_note_number(&note, "held", r->out->held);
	ledger_note_number(&note, "on_air", r->out->on_air);
	(void)span_copy(op.u.event.event, sizeof(op.u.event.event),
		span_str("daemon.restored")); /* fits */
	(void)span_copy(op.u.event.note, sizeof(op.u.event.note),
		span_str(note.text)); /* as long as a note may be */
	int rc = ledger_apply(r->ledger, &op, NULL);
	/* So that what was in incoming/ already can be told from what comes
	 * later. */
	op = new_op(r, LEDGER_CURSOR);
	(void)span_copy(op.u.cursor.name, sizeof(op.u.cursor.name),
		span_str(LEDGER_RESTORED_CURSOR)); /* fits */
	op.u.cursor.seq = r->how->wall_ms;
	return rc == 0 ? ledger_apply(r->ledger, &op, NULL) : rc;
}

static int
change(const struct restore *r)
{
	int rc = ledger_begin(r->ledger);
	if (rc == 0)
		rc = hold_all(r);
	if (rc == 0)
		rc = doubt_all(r);
	if (rc == 0)
		rc = forbid_repeats(r);
	if (rc == 0)
		rc = drop_follow_ups(r);
	if (rc == 0)
		rc = note_restored(r);
	if (rc == 0)
		rc = ledger_commit(r->ledger, ledger_ran_ms(r->ledger));
	if (rc == 0)
		return verify(r, "what was made of the backup");
	int refused = refuse(r, rc, r->part, ledger_error(r->ledger));
	ledger_rollback(r->ledger);
	return refused;
}

/* ---- into its place ----------------------------------------------------- */

/* root makes it for the daemon: whose folder it is, his is the ledger. */
static int
give_to_owner(const struct restore *r)
{
	char folder[PATH_BYTES];
	struct stat st;
	if (geteuid() != 0)
		return 0;
	(void)span_copy(folder, sizeof(folder),
		span_str(r->part)); /* as long as this one */
	if (stat(dirname(folder), &st) != 0 ||
		fchown(r->lock, st.st_uid, st.st_gid) != 0 ||
		lchown(r->part, st.st_uid, st.st_gid) != 0)
		return -errno;
	return 0;
}

/* All that was changed must be in the one file that is renamed. */
static int
check_stands_alone(const struct restore *r)
{
	char name[PATH_BYTES + 8];
	struct stat st;
	snprintf(name, sizeof(name), "%s-wal", r->part);
	return stat(name, &st) != 0 && errno == ENOENT ? 0 : -EIO;
}

/* A second name for the ledger that is there, so that at each moment one
 * lies in its place. */
static int
keep_replaced(const struct restore *r)
{
	char *name = r->out->kept;
	for (int i = 1; i <= KEPT_MAX; i++) {
		int n = snprintf(name, sizeof(r->out->kept), "%s.replaced-%d",
			r->how->path, i);
		if (n < 0 || (size_t)n >= sizeof(r->out->kept))
			return refuse(r, -EINVAL, r->how->path,
				"its path is too long");
		if (link(r->how->path, name) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	int rc = refuse(r, -EIO, name, strerror(errno));
	name[0] = '\0';
	return rc;
}

static int
take_place(const struct restore *r, bool there)
{
	int rc = check_stands_alone(r);
	if (rc == 0)
		rc = ledger_sync_file(r->part);
	if (rc == 0)
		rc = give_to_owner(r);
	if (rc != 0)
		return refuse(r, -EIO, r->part, strerror(-rc));
	if (there && (rc = keep_replaced(r)) != 0)
		return rc;
	if (rename(r->part, r->how->path) != 0) {
		rc = refuse(r, -EIO, r->how->path, strerror(errno));
		if (there)
			(void)unlink(r->out->kept); /* the other name stays */
		return rc;
	}
	rc = ledger_sync_folder(r->how->path);
	return rc == 0 ? 0
	               : refuse(r, -EIO, r->how->path,
				 "it is in its place, but the disk did not "
				 "confirm it: restore again");
}

static int
make(struct restore *r)
{
	bool there = false;
	int rc = fetch(r);
	if (rc == 0)
		rc = examine(r);
	if (rc == 0)
		rc = verify(r, r->how->backup);
	if (rc == 0)
		rc = look_at_place(r, &there);
	if (rc == 0)
		rc = change(r);
	/* The last one to close takes the WAL into the file. */
	ledger_close(r->ledger);
	r->ledger = NULL;
	return rc == 0 ? take_place(r, there) : rc;
}

static void
remove_part(const struct restore *r)
{
	char lock[PATH_BYTES + 8];
	ledger_copy_remove(r->part);
	snprintf(lock, sizeof(lock), "%s.lock", r->part);
	(void)unlink(lock); /* nobody else asks for it: ours is held */
}

int
ledger_restore(const struct ledger_restore *how, struct ledger_restored *out,
	char *why, size_t cap)
{
	struct ledger_restored made = {.seq = 0};
	struct restore r = {.how = how, .out = &made, .why = why, .cap = cap};
	int n = snprintf(r.part, sizeof(r.part), "%s.restoring", how->path);
	if (n < 0 || (size_t)n >= sizeof(r.part))
		return refuse(&r, -EINVAL, how->path, "its path is too long");
	r.lock = ledger_lock(how->path, why, cap);
	if (r.lock < 0)
		return r.lock;
	remove_part(&r); /* of one that was cut off */
	int rc = make(&r);
	remove_part(&r);
	(void)close(r.lock); /* gives it back */
	if (rc == 0)
		*out = made;
	return rc;
}
