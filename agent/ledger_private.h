/*
 * ledger_private: what the files of the ledger share, and nobody else may
 * see: the connection, cached statements, the head of the audit chain.
 */
#ifndef AGENT_LEDGER_PRIVATE_H
#define AGENT_LEDGER_PRIVATE_H

#include <sqlite3.h>

#include "agent/ledger.h"

enum { LEDGER_CACHE = 192, LEDGER_WHY_MAX = 256 };

/* The end of the audit chain. Before the first entry: 0 and zeros. */
struct ledger_chain {
	int64_t seq;
	uint8_t hash[VAULT_HASH_LEN];
};

struct ledger_cached {
	const char *sql; /* the literal itself is the key */
	sqlite3_stmt *stmt;
	bool taken;
};

/*
 * 1. head is what the rows say, in an open transaction too; stored is what
 *    the table meta says.
 * 2. Outside a transaction both are the same.
 */
struct ledger {
	sqlite3 *db;
	struct vault *vault;
	int lock_fd;  /* negative: read only */
	bool is_copy; /* being opened for a restore */
	struct ledger_chain head, stored;
	int64_t ran_ms;   /* as stored */
	bool lacked_room; /* since somebody asked */
	struct ledger_cached cache[LEDGER_CACHE];
	size_t cached;
	char error[LEDGER_WHY_MAX];
};

/* ---- schema (ledger_schema.c) ------------------------------------------ */

/* Brings an open database to LEDGER_SCHEMA, or refuses it (why). */
int ledger_migrate(struct ledger *ledger, char *why, size_t cap);
/* Fails where the schema is not LEDGER_SCHEMA (read only). */
int ledger_check_version(struct ledger *ledger, char *why, size_t cap);
/* What leads from that version to the next, NULL past the end: for tests. */
const char *ledger_migration(size_t from);

/* The connection learns same_words(a, b) (ledger_message.c). 0 or -EIO. */
int ledger_teach_words(struct ledger *ledger);

/* ---- opening (ledger.c) ------------------------------------------------- */

/* As ledger_open(), but what is older is not kept: it is a copy. */
struct ledger *ledger_open_copy(
	const char *path, struct vault *vault, char *why, size_t cap);
/* The lock beside a ledger: a descriptor that holds it, or negative. */
int ledger_lock(const char *path, char *why, size_t cap);

/* ---- whose a ledger is (ledger_origin.c) -------------------------------- */

/* Of a ledger of any version; batches: 0 when none was ever read. */
struct ledger_origin {
	int64_t version, batches;
	struct ledger_chain head;
	char key_id[VAULT_KEY_ID_LEN + 1];
};
/* Each 0 or -EINVAL; why says it for people, as "it ...". */
int ledger_origin_read(
	sqlite3 *db, struct ledger_origin *out, char *why, size_t cap);
int ledger_origin_check(const struct ledger_origin *origin,
	const struct vault *vault, char *why, size_t cap);
/* Whether it has that entry; what was before the first one, always. */
bool ledger_origin_has(sqlite3 *db, const struct ledger_chain *chain);

/* ---- copies (ledger_copy.c) --------------------------------------------- */

/* "TPUP": this SQLite file is a ledger. */
#define LEDGER_APPLICATION_ID 0x54505550

/* Keeps an older ledger beside itself before it is migrated; one that is
 * not older is left alone. */
int ledger_keep_older(struct ledger *ledger, char *why, size_t cap);
/* What PRAGMA integrity_check finds first: 0 or -EINVAL. */
int ledger_check_damage(sqlite3 *db, char *why, size_t cap);
/* fsync() by name, and of the folder that a name is in. 0 or -errno. */
int ledger_sync_file(const char *path);
int ledger_sync_folder(const char *path);

/* ---- statements (ledger_stmt.c) ---------------------------------------- */

enum ledger_value_kind {
	LEDGER_IS_NULL,
	LEDGER_IS_INT,
	LEDGER_IS_TEXT,
	LEDGER_IS_BLOB
};

/* A parameter; texts and bytes stay the caller's until the statement is
 * given back. */
struct ledger_value {
	enum ledger_value_kind kind;
	int64_t number;
	const void *bytes;
	size_t len;
};

static inline struct ledger_value
ledger_int(int64_t number)
{
	return (struct ledger_value){.kind = LEDGER_IS_INT, .number = number};
}

/* NULL in place of 0: an absent reference. */
static inline struct ledger_value
ledger_ref(int64_t id)
{
	return (struct ledger_value){
		.kind = id != 0 ? LEDGER_IS_INT : LEDGER_IS_NULL, .number = id};
}

static inline struct ledger_value
ledger_money(int64_t minor)
{
	return (struct ledger_value){
		.kind = minor != MONEY_NONE ? LEDGER_IS_INT : LEDGER_IS_NULL,
		.number = minor};
}

struct ledger_value ledger_text(const char *text);

static inline struct ledger_value
ledger_blob(const void *bytes, size_t len)
{
	return (struct ledger_value){
		.kind = LEDGER_IS_BLOB, .bytes = bytes, .len = len};
}

/* A statement with its parameters bound, or NULL. sql must be a literal: it
 * is found again by its address. Several may be out at once. */
sqlite3_stmt *ledger_take_n(struct ledger *ledger, const char *sql,
	const struct ledger_value *values, size_t count);
void ledger_give(struct ledger *ledger, sqlite3_stmt *stmt);

/* 1 for a row, 0 at the end, -EEXIST, -EINVAL (the schema refused), -EIO. */
int ledger_step(struct ledger *ledger, sqlite3_stmt *stmt);

/* Runs to the end: 0 or as ledger_step(). */
int ledger_run_n(struct ledger *ledger, const char *sql,
	const struct ledger_value *values, size_t count);

/* The first column of the first row; -ENOENT where there is no row. */
int ledger_number_n(struct ledger *ledger, const char *sql, int64_t *out,
	const struct ledger_value *values, size_t count);

#define LEDGER_VALUES(...)                                                     \
	(const struct ledger_value[]){__VA_ARGS__},                            \
		sizeof((const struct ledger_value[]){__VA_ARGS__}) /           \
			sizeof(struct ledger_value)
#define ledger_take(ledger, sql, ...)                                          \
	ledger_take_n(ledger, sql, LEDGER_VALUES(__VA_ARGS__))
#define ledger_run(ledger, sql, ...)                                           \
	ledger_run_n(ledger, sql, LEDGER_VALUES(__VA_ARGS__))
#define ledger_number(ledger, sql, out, ...)                                   \
	ledger_number_n(ledger, sql, out, LEDGER_VALUES(__VA_ARGS__))

/* Remembers what SQLite says of its last failure. Always -EIO. */
int ledger_fail(struct ledger *ledger);

/* Columns: "" for NULL, MONEY_NONE for NULL. */
const char *ledger_col_text(sqlite3_stmt *stmt, int i);
int64_t ledger_col_money(sqlite3_stmt *stmt, int i);
/* A hash, zeros where the column has another length. */
void ledger_col_hash(sqlite3_stmt *stmt, int i, uint8_t hash[VAULT_HASH_LEN]);
void ledger_col_copy(sqlite3_stmt *stmt, int i, char *out, size_t cap);

/* ---- audit (ledger_audit.c) -------------------------------------------- */

/* The note of an entry under way: "key=value key=value". Cut when full. */
struct ledger_note {
	char text[LEDGER_TEXT_MAX];
	size_t len;
};
/* Leaves out empty texts, zeros, unknown amounts. */
void ledger_note_text(
	struct ledger_note *note, const char *key, const char *text);
void ledger_note_number(
	struct ledger_note *note, const char *key, int64_t number);
void ledger_note_money(struct ledger_note *note, const char *key, int64_t minor,
	unsigned decimals);
void ledger_note_digest(
	struct ledger_note *note, const uint8_t digest[VAULT_HASH_LEN]);

struct ledger_entry {
	const char *event, *modem, *note; /* NULL: "" */
	int64_t voucher, batch;
};
int ledger_audit_add(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_entry *entry);

/* The head and its seal into meta, where it moved; ran_ms if it grew. */
int ledger_head_store(struct ledger *ledger, int64_t ran_ms);
/* The head from meta. */
int ledger_head_load(struct ledger *ledger);

/* ---- vouchers (ledger_voucher.c) --------------------------------------- */

/* Slow start and breaker of a batch. */
struct ledger_breaker {
	int64_t slots, rejects_max;
	int64_t loaded, refused, unknown;
	unsigned recent; /* bits of the last ends, 1: refused or unknown */
	int64_t tripped; /* 1: its rest is not held yet; 2: it is */
};

/* What a change of state looks at and tells of. */
struct ledger_card {
	int64_t id, batch;
	enum voucher_state state;
	unsigned on_air, attempts, decimals; /* before the move */
	int64_t amount_minor;
	bool own;            /* target is self */
	bool batch_finished; /* before the move */
	int64_t batch_moves; /* before the move: so many can by themselves */
	int64_t batch_flies; /* before the move: dialing or pending */
	struct ledger_breaker breaker; /* of the batch; stored with the move */
	bool ends_batch;               /* with the move */
	const char *stops_batch; /* with the move: why; NULL: it does not */
	char reason[LEDGER_NAME_MAX];
	char masked[VOUCHER_PIN_MAX + 1];
	char currency[8];
	char operator[LEDGER_NAME_MAX];
};

/* What comes of an attempt, for its voucher's row. */
struct ledger_told {
	const char *reply;
	int64_t balance_minor;
	bool goes_on_air; /* with this: it is told for the first time */
	bool sent, busy;
};

struct ledger_step_wish {
	enum voucher_event event;
	const char *reason; /* "" for none */
	int64_t next_at_ran_ms;
	int64_t credited_minor;
	/* Written in the same step; NULL for none. */
	const struct ledger_attempt_begin *begins;
	const struct ledger_told *told;
};

/* A voucher of an accepted batch. 0, -EINVAL, -EIO. */
int ledger_card_load(
	struct ledger *ledger, int64_t id, struct ledger_card *card);

/* The one place that changes a voucher's state: along the table, or
 * -EINVAL. card has the new state and reason afterwards. */
int ledger_card_move(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card, const struct ledger_step_wish *wish);

/* The entry of the move, and then that of its batch's end, if it was. */
int ledger_card_audit(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_entry *entry);

/* The kept counts: count vouchers of the batch went from one state to
 * another, and its breaker with them; NULL leaves that as it is. */
struct ledger_shift {
	int64_t batch;
	enum voucher_state from, to;
	int64_t count, credited_minor, wall_ms;
	const struct ledger_breaker *breaker;
};
int ledger_counts_shift(
	struct ledger *ledger, const struct ledger_shift *shift);

/* ---- what a move means beside the voucher ------------------------------ */

/* Slow start and breaker of the batch, with a move of card (its state is
 * the new one), in card, which is stored by the caller; tells of a trip there
 * (ledger_breaker.c). */
void ledger_breaker_count(struct ledger_card *card, enum voucher_state from,
	enum voucher_event event);
/* Its breaker has held its rest. */
int ledger_breaker_hold(struct ledger *ledger, int64_t batch);
/* A person puts something of it back into the queue, and is about to: after
 * a trip it counts anew. A card that was loaded before must be loaded again. */
int ledger_breaker_release(struct ledger *ledger, int64_t batch);

/* Of that attempt and those of its voucher before it on that SIM and account,
 * the first that may have credited. What nobody can tell apart is the first's:
 * a later one may have been refused as used, and the operator counts that. */
int ledger_credit_first(struct ledger *ledger, int64_t *attempt);

/* A new end of a voucher, for its attempts: none is in doubt when it has
 * ended; when loaded, credited is the attempt that did it, 0: nothing says
 * which. Its SIM is not barred by what was before, its account forgives what
 * was before (ledger_credit.c). */
int ledger_credit_book(struct ledger *ledger, const struct ledger_card *card,
	int64_t credited);

/* -EINVAL unless repeat = once may dial that voucher on that SIM
 * (ledger_proof.c). */
int ledger_repeat_check(
	struct ledger *ledger, const char *iccid, int64_t voucher);

/* ---- what follows a recharge (ledger_follow.c) ------------------------- */

/* The daemon calls that card loaded, by that attempt: what its SIM owes now.
 * Nothing where it is not, or is for a number. 0 or -EIO. */
int ledger_follow_owe(
	struct ledger *ledger, const struct ledger_card *card, int64_t attempt);

/* ---- accounts (ledger_account.c) --------------------------------------- */

/* Whose balance the SIM tells: its account's name, else its own ICCID. */
/* Something beside our cards touched that account now, at the head of the
 * audit: readings before prove nothing any more. 0 or -EIO. */
int ledger_account_spoil(
	struct ledger *ledger, const char *account, const char *by);
int ledger_account_of(
	struct ledger *ledger, const char *iccid, char out[LEDGER_TARGET_MAX]);
/* What is kept of the breakers of all accounts where the card was: counted
 * anew, after an attempt has ended or one was found to have credited. */
int ledger_account_count_all(
	struct ledger *ledger, const struct ledger_card *card);

/* ---- readings (ledger_reading.c, ledger_reconcile.c) ------------------- */

/* A reading of the balance of a SIM, whoever told it. */
struct ledger_reading {
	const char *modem, *iccid, *currency, *reply;
	int64_t minor;
	unsigned decimals;
	struct ledger_moment at;
};
/* *id, which may be NULL, is its number. */
int ledger_reading_add(struct ledger *ledger,
	const struct ledger_reading *reading, int64_t *id);

/* What a voucher credited: as told, else what the card is worth. More than
 * the maximum is no card but a hostile text, and not known. */
#define LEDGER_CREDIT_MAX "1000000000000000"
#define LEDGER_SUM_MAX    "4000000000000000000"
#define LEDGER_CREDIT     "ifnull(v.credited, v.amount)"
#define LEDGER_CREDIT_KNOWN                                                    \
	"(ifnull(" LEDGER_CREDIT ", -1) BETWEEN 0 AND " LEDGER_CREDIT_MAX ")"
#define LEDGER_CREDIT_OR_0                                                     \
	"(CASE WHEN " LEDGER_CREDIT_KNOWN " THEN " LEDGER_CREDIT " ELSE 0 "    \
	"END)"

/* What attempts of an account credited, by their numbers. */
struct ledger_credits {
	int64_t minor;
	int64_t unknown; /* so many credited an amount that nobody knows */
};
int ledger_credits_between(struct ledger *ledger, const char *account,
	int64_t after, int64_t last, struct ledger_credits *out);

/* The kept sum, after a reading was stored; after a credit was booked. */
int ledger_tally_reading(
	struct ledger *ledger, const char *account, int64_t reading);
int ledger_tally_credit(struct ledger *ledger, int64_t attempt);
/* The entry "sim.unexplained" where it is due; grows: only then may it be. */
int ledger_tally_tell(struct ledger *ledger, const struct ledger_op *op,
	const char *account, bool grows);
/* The same for all accounts where the voucher, which has ended, was. */
int ledger_tally_tell_all(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card);

/* ---- operations by file ------------------------------------------------ */

/* ledger_batch.c: the last row of the slice behind `after`; INT64_MAX when it
 * is the last slice. */
int ledger_batch_slice(
	struct ledger *ledger, int64_t batch, int64_t after, int64_t *upto);

typedef int ledger_op_fn(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result);
ledger_op_fn ledger_batch_open, ledger_batch_row, ledger_batch_fault,
	ledger_batch_hold, ledger_batch_accept, ledger_batch_drop,
	ledger_batch_retired, ledger_batch_reported, ledger_batch_move,
	ledger_voucher_move, ledger_attempt_begin, ledger_attempt_settle,
	ledger_take_evidence, ledger_take_balance, ledger_take_balance_asked,
	ledger_take_fence, ledger_take_spoil, ledger_take_sim_seen,
	ledger_take_sim_blocked, ledger_take_unlock, ledger_take_pause,
	ledger_take_message, ledger_take_message_done, ledger_take_device_seen,
	ledger_take_sim_pin, ledger_voucher_reveal, ledger_take_follow_begin,
	ledger_take_follow_end, ledger_take_follow_drop;

/* The condition of the index voucher_open, word for word. Not "IN": for three
 * words or more SQLite builds a table each time it asks. */
#define LEDGER_IS_OPEN                                                         \
	"state = 'held' OR state = 'dialing' OR state = 'pending'"             \
	" OR state = 'unknown'"

/* ---- reading (ledger_read.c, ledger_queue.c) --------------------------- */

/* In the order that ledger_voucher_of() expects; tables v and b. */
#define LEDGER_VOUCHER_COLUMNS                                                 \
	"v.id,v.batch,v.row,v.serial,v.masked,v.operator,v.currency,v.target," \
	"v.modem_only,v.note,v.expires,v.reason,v.modem,v.reply,v.decimals,"   \
	"b.priority,v.amount,v.credited,v.balance_before,v.balance_after,"     \
	"v.state,v.next_at,v.attempts,v.on_air,v.not_sent,v.busy,v.updated,"   \
	"v.finished"
void ledger_voucher_of(sqlite3_stmt *stmt, struct ledger_voucher *out);

/* Its plan is tested: an index, no sorting. */
extern const char ledger_head_sql[];

#endif
