/*
 * ledger_copy: a consistent copy of a ledger that is written meanwhile, in
 * slices, and the one that is kept before a migration. It must never take
 * part in the transaction of a turn, nor hold one up.
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

enum {
	/* 128 kB: some ms on an SD card. */
	SLICE_PAGES = 32,
	OLDER_MAX = 1000,
	PATH_BYTES = 4096
};

/*
 * source is a connection of its own with one read transaction from the
 * begin to the end: what it sees stands still, and the turns commit beside
 * it. SQLite would also copy through the daemon's own connection, but not
 * while a turn is open, and what it copied then were no moment that had a
 * head.
 */
struct ledger_copy {
	sqlite3 *source, *target;
	sqlite3_backup *backup;
	struct ledger_copy_info info;
	char path[PATH_BYTES];
	char error[LEDGER_WHY_MAX];
};

/* ---- files -------------------------------------------------------------- */

void
ledger_copy_remove(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	char name[PATH_BYTES];
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		int n = snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		if (n > 0 && (size_t)n < sizeof(name))
			(void)unlink(name); /* most are not there */
	}
}

const char *
ledger_path(struct ledger *ledger)
{
	return sqlite3_db_filename(ledger->db, "main");
}

int
ledger_sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fsync(fd) == 0 ? 0 : -errno;
	(void)close(fd); /* only synced */
	return rc;
}

int
ledger_sync_folder(const char *path)
{
	char copy[PATH_BYTES];
	if (span_copy(copy, sizeof(copy), span_str(path)) != 0)
		return -ENAMETOOLONG;
	return ledger_sync_file(dirname(copy));
}

/* ---- numbers of a database ---------------------------------------------- */

/* Columns of one row, by what reads them. 0, or -EIO with SQLite's words. */
typedef void row_fn(sqlite3_stmt *stmt, void *ctx);
static int
read_row(sqlite3 *db, const char *sql, row_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		fn(stmt, ctx);
	(void)sqlite3_finalize(stmt); /* says again what step said */
	return rc == SQLITE_ROW ? 0 : -EIO;
}

static const char info_sql[] =
	"SELECT m.audit_seq, m.audit_hash, m.key_id,"
	" t.n_ready + t.n_held + t.n_dialing + t.n_pending + t.n_unknown"
	" + t.n_loaded + t.n_rejected + t.n_cancelled,"
	" ifnull((SELECT max(seq) FROM audit), 0),"
	" ifnull((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1),"
	"  m.audit_hash) = m.audit_hash,"
	" (SELECT page_count FROM pragma_page_count)"
	" * (SELECT page_size FROM pragma_page_size)"
	" FROM meta m, total t";

struct found {
	struct ledger_copy_info info;
	bool ends_well; /* the last entry is the one that meta names */
};

static void
take_found(sqlite3_stmt *stmt, void *ctx)
{
	struct found *found = ctx;
	uint8_t hash[VAULT_HASH_LEN];
	found->info.seq = sqlite3_column_int64(stmt, 0);
	ledger_col_hash(stmt, 1, hash);
	(void)span_to_hex(hash, sizeof(hash), found->info.head,
		sizeof(found->info.head)); /* fits */
	ledger_col_copy(
		stmt, 2, found->info.key_id, sizeof(found->info.key_id));
	found->info.vouchers = sqlite3_column_int64(stmt, 3);
	found->ends_well = sqlite3_column_int64(stmt, 4) == found->info.seq &&
	                   sqlite3_column_int64(stmt, 5) == 1;
	found->info.bytes = sqlite3_column_int64(stmt, 6);
}

static void
take_text(sqlite3_stmt *stmt, void *ctx)
{
	ledger_col_copy(stmt, 0, ctx, LEDGER_WHY_MAX);
}

static bool
same_end(const struct found *found, const struct ledger_copy_info *info)
{
	return found->ends_well && found->info.seq == info->seq &&
	       strcmp(found->info.head, info->head) == 0 &&
	       strcmp(found->info.key_id, info->key_id) == 0;
}

/* ---- copying ------------------------------------------------------------ */

static int
failed(struct ledger_copy *copy, sqlite3 *db)
{
	int code = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM;
	(void)span_copy(copy->error, sizeof(copy->error),
		span_str(db != NULL ? sqlite3_errmsg(db) : "no memory"));
	return (code & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
}

static int
open_source(struct ledger_copy *copy, const char *path)
{
	struct found found = {.ends_well = false};
	if (sqlite3_open_v2(path, &copy->source,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		sqlite3_exec(copy->source, "PRAGMA cache_size = -1000; BEGIN",
			NULL, NULL, NULL) != SQLITE_OK ||
		read_row(copy->source, info_sql, take_found, &found) != 0)
		return failed(copy, copy->source);
	copy->info = found.info;
	return 0;
}

/* Nothing of it needs to survive a crash: what is left is removed. */
static int
open_target(struct ledger_copy *copy)
{
	ledger_copy_remove(copy->path);
	int fd = open(copy->path,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(copy->error, sizeof(copy->error), "%s",
			strerror(errno));
		return errno == ENOSPC ? -ENOSPC : -EIO;
	}
	(void)close(fd); /* nothing was written */
	if (sqlite3_open_v2(copy->path, &copy->target,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		sqlite3_exec(copy->target,
			"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
			"PRAGMA cache_size = -1000",
			NULL, NULL, NULL) != SQLITE_OK)
		return failed(copy, copy->target);
	copy->backup =
		sqlite3_backup_init(copy->target, "main", copy->source, "main");
	return copy->backup != NULL ? 0 : failed(copy, copy->target);
}

struct ledger_copy *
ledger_copy_open(struct ledger *ledger, const char *path, char *why, size_t cap)
{
	struct ledger_copy *copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		abort(); /* as must_alloc */
	int rc = span_copy(copy->path, sizeof(copy->path), span_str(path));
	if (rc == 0)
		rc = open_source(copy, ledger_path(ledger));
	if (rc == 0)
		rc = open_target(copy);
	if (rc == 0)
		return copy;
	snprintf(why, cap, "%s: %s", path,
		copy->error[0] != '\0' ? copy->error : "the path is too long");
	ledger_copy_close(copy);
	ledger_copy_remove(path);
	return NULL;
}

static void
end_copying(struct ledger_copy *copy)
{
	/* What they would say, the step has said. */
	(void)sqlite3_backup_finish(copy->backup);
	(void)sqlite3_close(copy->target);
	(void)sqlite3_close(copy->source); /* its read transaction, too */
	copy->backup = NULL;
	copy->target = copy->source = NULL;
}

/* The pages say that there is a WAL beside them: a copy stands alone, also
 * where nobody may write. Then what it tells of itself. */
static int
finish(struct ledger_copy *copy)
{
	struct found found = {.ends_well = false};
	char mode[LEDGER_WHY_MAX] = "";
	end_copying(copy);
	int rc = 0;
	if (sqlite3_open_v2(copy->path, &copy->target,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		sqlite3_exec(copy->target, "PRAGMA synchronous = OFF", NULL,
			NULL, NULL) != SQLITE_OK ||
		read_row(copy->target, "PRAGMA journal_mode = DELETE",
			take_text, mode) != 0 ||
		read_row(copy->target, info_sql, take_found, &found) != 0)
		rc = failed(copy, copy->target);
	if (rc == 0 && (strcmp(mode, "delete") != 0 ||
			       !same_end(&found, &copy->info))) {
		(void)span_copy(copy->error, sizeof(copy->error),
			span_str("the copy is not what was copied"));
		rc = -EIO;
	}
	end_copying(copy);
	copy->info.bytes = rc == 0 ? found.info.bytes : 0;
	return rc;
}

int
ledger_copy_step(struct ledger_copy *copy)
{
	if (copy->backup == NULL)
		return copy->error[0] != '\0' ? -EIO : 0;
	int rc = sqlite3_backup_step(copy->backup, SLICE_PAGES);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return 1;
	if (rc == SQLITE_DONE)
		return finish(copy);
	(void)span_copy(
		copy->error, sizeof(copy->error), span_str(sqlite3_errstr(rc)));
	end_copying(copy);
	return (rc & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
}

const struct ledger_copy_info *
ledger_copy_info(const struct ledger_copy *copy)
{
	return &copy->info;
}

const char *
ledger_copy_error(const struct ledger_copy *copy)
{
	return copy->error;
}

void
ledger_copy_close(struct ledger_copy *copy)
{
	if (copy == NULL)
		return;
	end_copying(copy);
	free(copy);
}

/* ---- looking at one ----------------------------------------------------- */

int
ledger_check_damage(sqlite3 *db, char *why, size_t cap)
{
	char said[LEDGER_WHY_MAX] = "";
	if (read_row(db, "PRAGMA integrity_check(1)", take_text, said) != 0)
		snprintf(why, cap, "it cannot be read: %s", sqlite3_errmsg(db));
	else if (strcmp(said, "ok") != 0)
		snprintf(why, cap, "it is damaged: %s", said);
	else
		return 0;
	return -EINVAL;
}

int
ledger_copy_check(const char *path, const struct ledger_copy_info *info,
	char *why, size_t cap)
{
	struct found found = {.ends_well = false};
	sqlite3 *db = NULL;
	int rc = -EINVAL;
	if (sqlite3_open_v2(path, &db,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		read_row(db, info_sql, take_found, &found) != 0)
		snprintf(why, cap, "it cannot be read: %s",
			db != NULL ? sqlite3_errmsg(db) : "no memory");
	else if (!same_end(&found, info))
		snprintf(why, cap, "it does not end in audit entry %lld",
			(long long)info->seq);
	else
		rc = ledger_check_damage(db, why, cap);
	(void)sqlite3_close(db); /* only read from */
	return rc;
}

/* ---- before a migration ------------------------------------------------- */

/* Whether that file is the ledger as it is now: a start that failed after it
 * was kept must not fill the disk with more of the same. */
static bool
is_kept(struct ledger *ledger, const char *name)
{
	struct found now = {.ends_well = false}, kept = now;
	sqlite3 *db = NULL;
	bool same = sqlite3_open_v2(name, &db,
			    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			    NULL) == SQLITE_OK &&
	            read_row(ledger->db, info_sql, take_found, &now) == 0 &&
	            read_row(db, info_sql, take_found, &kept) == 0 &&
	            same_end(&kept, &now.info) &&
	            kept.info.bytes == now.info.bytes;
	(void)sqlite3_close(db); /* only read from */
	return same;
}

/* "ledger.db.v1", or the first free of "ledger.db.v1-2", ...: 1 when it is
 * kept under one of these already. */
static int
older_name(struct ledger *ledger, int64_t version, char *out, size_t cap)
{
	const char *path = ledger_path(ledger);
	for (int i = 1; i <= OLDER_MAX; i++) {
		char number[16] = "";
		if (i > 1)
			snprintf(number, sizeof(number), "-%d", i);
		int n = snprintf(out, cap, "%s.v%lld%s", path,
			(long long)version, number);
		if (n < 0 || (size_t)n >= cap)
			return -ENAMETOOLONG;
		struct stat st;
		if (lstat(out, &st) != 0 && errno == ENOENT)
			return 0;
		if (is_kept(ledger, out))
			return 1;
	}
	return -EEXIST;
}

/* Under a name that says that it is not whole, until it is on disk. */
static int
copy_to(struct ledger *ledger, const char *name, char *why, size_t cap)
{
	char part[PATH_BYTES];
	int n = snprintf(part, sizeof(part), "%s.part", name);
	if (n < 0 || (size_t)n >= sizeof(part)) {
		snprintf(why, cap, "its path is too long");
		return -ENAMETOOLONG;
	}
	struct ledger_copy *copy = ledger_copy_open(ledger, part, why, cap);
	int rc = copy != NULL ? 1 : -EIO;
	while (rc == 1)
		rc = ledger_copy_step(copy);
	if (copy != NULL && rc != 0)
		snprintf(why, cap, "%s", ledger_copy_error(copy));
	ledger_copy_close(copy);
	if (rc == 0 &&
		(ledger_sync_file(part) != 0 || rename(part, name) != 0 ||
			ledger_sync_folder(name) != 0)) {
		snprintf(why, cap, "%s: %s", name, strerror(errno));
		rc = -EIO;
	}
	if (rc != 0)
		ledger_copy_remove(part);
	return rc;
}

int
ledger_keep_older(struct ledger *ledger, char *why, size_t cap)
{
	char name[PATH_BYTES], because[LEDGER_WHY_MAX + PATH_BYTES] = "";
	int64_t version = 0, id = 0;
	/* What is not ours, or cannot be read, is refused by who migrates. */
	if (ledger_number_n(ledger, "PRAGMA user_version", &version, NULL, 0) !=
			0 ||
		ledger_number_n(
			ledger, "PRAGMA application_id", &id, NULL, 0) != 0 ||
		id != LEDGER_APPLICATION_ID || version <= 0 ||
		version >= LEDGER_SCHEMA)
		return 0;
	int rc = older_name(ledger, version, name, sizeof(name));
	if (rc == 1)
		return 0;
	if (rc != 0)
		snprintf(because, sizeof(because), "%s", strerror(-rc));
	else
		rc = copy_to(ledger, name, because, sizeof(because));
	if (rc != 0)
		snprintf(why, cap,
			"this ledger has version %lld, and the copy that is "
			"kept before it is brought to %d cannot be made: %s",
			(long long)version, LEDGER_SCHEMA, because);
	return rc;
}
