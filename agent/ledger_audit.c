/*
 * ledger_audit: the chained audit entries, written in the transaction of
 * what they tell, and the sealed end of the chain. It must never change or
 * drop an entry, nor write a PIN or a whole subscriber number into one.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/audit.h"

/* ---- notes ------------------------------------------------------------- */

static void
note_put(struct ledger_note *note, const char *key, const char *text)
{
	size_t room = sizeof(note->text) - note->len;
	int n = snprintf(note->text + note->len, room, "%s%s=%s",
		note->len > 0 ? " " : "", key, text);
	if (n > 0)
		note->len += (size_t)n < room ? (size_t)n : room - 1;
}

void
ledger_note_text(struct ledger_note *note, const char *key, const char *text)
{
	if (text[0] != '\0')
		note_put(note, key, text);
}

void
ledger_note_number(struct ledger_note *note, const char *key, int64_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, number);
	if (number != 0)
		note_put(note, key, text);
}

void
ledger_note_money(struct ledger_note *note, const char *key, int64_t minor,
	unsigned decimals)
{
	char text[MONEY_TEXT_MAX];
	money_print(minor, decimals, text);
	ledger_note_text(note, key, text);
}

void
ledger_note_digest(
	struct ledger_note *note, const uint8_t digest[VAULT_HASH_LEN])
{
	char hex[2 * VAULT_HASH_LEN + 1];
	(void)span_to_hex(digest, VAULT_HASH_LEN, hex, sizeof(hex)); /* fits */
	ledger_note_text(note, "digest", hex);
}

/* ---- writing ----------------------------------------------------------- */

static const char *
text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int
link_of(struct ledger *ledger, const struct audit_entry *entry,
	struct ledger_chain *chain)
{
	uint8_t bytes[AUDIT_BYTES_MAX];
	size_t len;
	if (audit_bytes(entry, bytes, sizeof(bytes), &len) != 0)
		return -EINVAL;
	struct span view = span_of((const char *)bytes, len);
	vault_chain(ledger->vault, chain->hash, view, chain->hash);
	chain->seq = entry->seq;
	return 0;
}

int
ledger_audit_add(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_entry *what)
{
	const char *who = op->who[0] != '\0' ? op->who : "daemon";
	const char *modem = text_or_empty(what->modem);
	const char *note = text_or_empty(what->note);
	struct audit_entry entry = {.seq = ledger->head.seq + 1,
		.at_wall_ms = op->at.wall_ms,
		.voucher = what->voucher,
		.batch = what->batch,
		.event = span_str(what->event),
		.modem = span_str(modem),
		.who = span_str(who),
		.note = span_str(note)};
	struct ledger_chain next = ledger->head;
	int rc = link_of(ledger, &entry, &next);
	if (rc != 0)
		return rc;
	rc = ledger_run(ledger,
		"INSERT INTO audit(seq,at,event,voucher,batch,modem,who,note,"
		"hash) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
		ledger_int(entry.seq), ledger_int(entry.at_wall_ms),
		ledger_text(what->event), ledger_ref(entry.voucher),
		ledger_ref(entry.batch), ledger_text(modem), ledger_text(who),
		ledger_text(note), ledger_blob(next.hash, VAULT_HASH_LEN));
	if (rc == 0)
		ledger->head = next;
	return rc;
}

/* ---- the sealed end ---------------------------------------------------- */

/* Number and hash of the last entry, under the key: without it nobody can
 * make the end of the chain look earlier than it is. */
static void
seal_of(const struct ledger *ledger, const struct ledger_chain *chain,
	uint8_t seal[VAULT_HASH_LEN])
{
	char text[64];
	int n = snprintf(
		text, sizeof(text), "end of the chain %" PRId64, chain->seq);
	vault_chain(ledger->vault, chain->hash, span_of(text, (size_t)n), seal);
}

int
ledger_head_store(struct ledger *ledger, int64_t ran_ms)
{
	bool moved = ledger->head.seq != ledger->stored.seq;
	if (!moved && ran_ms <= ledger->ran_ms)
		return 0;
	uint8_t seal[VAULT_HASH_LEN];
	seal_of(ledger, &ledger->head, seal);
	return ledger_run(ledger,
		"UPDATE meta SET ran_ms = max(ran_ms, ?1), audit_seq = ?2,"
		" audit_hash = ?3, audit_seal = ?4 WHERE one = 1",
		ledger_int(ran_ms), ledger_int(ledger->head.seq),
		ledger_blob(ledger->head.hash, VAULT_HASH_LEN),
		ledger_blob(seal, VAULT_HASH_LEN));
}

static const char meta_sql[] =
	"SELECT audit_seq, audit_hash, audit_seal, ran_ms FROM meta"
	" WHERE one = 1";

static int
read_meta(struct ledger *ledger, struct ledger_chain *chain,
	uint8_t seal[VAULT_HASH_LEN], int64_t *ran_ms)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger, meta_sql, NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		chain->seq = sqlite3_column_int64(stmt, 0);
		ledger_col_hash(stmt, 1, chain->hash);
		ledger_col_hash(stmt, 2, seal);
		*ran_ms = sqlite3_column_int64(stmt, 3);
	}
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}

int
ledger_head_load(struct ledger *ledger)
{
	uint8_t seal[VAULT_HASH_LEN];
	int rc = read_meta(ledger, &ledger->stored, seal, &ledger->ran_ms);
	ledger->head = ledger->stored;
	return rc;
}

/* ---- reading ----------------------------------------------------------- */

enum {
	COL_SEQ,
	COL_AT,
	COL_EVENT,
	COL_VOUCHER,
	COL_BATCH,
	COL_MODEM,
	COL_WHO,
	COL_NOTE,
	COL_HASH
};

#define COLUMNS "seq,at,event,voucher,batch,modem,who,note,hash"

static void
audit_of(sqlite3_stmt *stmt, struct ledger_audit *out)
{
	*out = (struct ledger_audit){.seq = sqlite3_column_int64(stmt, COL_SEQ),
		.at_wall_ms = sqlite3_column_int64(stmt, COL_AT),
		.event = ledger_col_text(stmt, COL_EVENT),
		.modem = ledger_col_text(stmt, COL_MODEM),
		.who = ledger_col_text(stmt, COL_WHO),
		.note = ledger_col_text(stmt, COL_NOTE),
		.voucher = sqlite3_column_int64(stmt, COL_VOUCHER),
		.batch = sqlite3_column_int64(stmt, COL_BATCH)};
	ledger_col_hash(stmt, COL_HASH, out->hash);
}

int
ledger_each_audit(struct ledger *ledger,
	const struct ledger_audit_filter *filter, ledger_audit_fn *fn,
	void *ctx)
{
	int64_t limit = filter->limit > 0 ? filter->limit : -1;
	sqlite3_stmt *stmt =
		filter->voucher != 0
			? ledger_take(ledger,
				  "SELECT " COLUMNS " FROM audit WHERE"
				  " voucher = ?4 AND seq > ?1 AND at >= ?2"
				  " ORDER BY seq LIMIT ?3",
				  ledger_int(filter->after),
				  ledger_int(filter->since_wall_ms),
				  ledger_int(limit),
				  ledger_int(filter->voucher))
			: ledger_take(ledger,
				  "SELECT " COLUMNS " FROM audit WHERE"
				  " seq > ?1 AND at >= ?2"
				  " ORDER BY seq LIMIT ?3",
				  ledger_int(filter->after),
				  ledger_int(filter->since_wall_ms),
				  ledger_int(limit));
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_audit entry;
		audit_of(stmt, &entry);
		if (!fn(ctx, &entry))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

int64_t
ledger_audit_head(struct ledger *ledger)
{
	return ledger->head.seq;
}

/* ---- verifying --------------------------------------------------------- */

struct walk {
	struct ledger *ledger;
	struct ledger_chain chain;
	struct ledger_verify *out;
};

static void
found_bad(struct walk *walk, int64_t seq, const char *what)
{
	struct ledger_verify *out = walk->out;
	if (!out->ok)
		return; /* the first one counts */
	out->ok = false;
	out->first_bad = seq;
	(void)span_copy(out->what, sizeof(out->what), span_str(what));
}

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct walk *walk = ctx;
	struct audit_entry entry = {.seq = a->seq,
		.at_wall_ms = a->at_wall_ms,
		.voucher = a->voucher,
		.batch = a->batch,
		.event = span_str(a->event),
		.modem = span_str(a->modem),
		.who = span_str(a->who),
		.note = span_str(a->note)};
	walk->out->entries++;
	int64_t expected = walk->chain.seq + 1;
	if (a->seq != expected) {
		found_bad(walk, expected, "entry is missing");
		return false;
	}
	if (link_of(walk->ledger, &entry, &walk->chain) != 0 ||
		memcmp(walk->chain.hash, a->hash, VAULT_HASH_LEN) != 0) {
		found_bad(walk, a->seq, "entry was changed");
		return false;
	}
	return true;
}

static void
check_end(struct walk *walk, const struct ledger_chain *stored,
	const uint8_t seal[VAULT_HASH_LEN])
{
	uint8_t expected[VAULT_HASH_LEN];
	seal_of(walk->ledger, stored, expected);
	const struct ledger_chain *end = &walk->chain;
	if (memcmp(expected, seal, VAULT_HASH_LEN) != 0)
		found_bad(walk, end->seq > 0 ? end->seq : 1,
			"the seal of the chain's end is broken");
	else if (stored->seq > end->seq)
		found_bad(walk, end->seq + 1, "entries are missing at the end");
	else if (stored->seq < end->seq)
		found_bad(walk, stored->seq + 1, "entry was put in");
	else if (memcmp(stored->hash, end->hash, VAULT_HASH_LEN) != 0)
		found_bad(walk, end->seq, "the chain ends in another hash");
}

/* Our own texts hold no NUL; what stands behind one would never be seen. */
static int
check_hidden(struct walk *walk)
{
	int64_t seq = 0;
	int rc = ledger_number_n(walk->ledger,
		"SELECT ifnull(min(seq), 0) FROM audit"
		" WHERE instr(CAST(event AS BLOB), x'00') > 0"
		" OR instr(CAST(modem AS BLOB), x'00') > 0"
		" OR instr(CAST(who AS BLOB), x'00') > 0"
		" OR instr(CAST(note AS BLOB), x'00') > 0",
		&seq, NULL, 0);
	if (rc == 0 && seq != 0)
		found_bad(walk, seq, "entry was changed");
	return rc;
}

static int
verify_walk(struct walk *walk)
{
	static const struct ledger_audit_filter all = {
		.after = INT64_MIN, .since_wall_ms = INT64_MIN};
	struct ledger_chain stored;
	uint8_t seal[VAULT_HASH_LEN];
	int64_t ran_ms;
	int rc = read_meta(walk->ledger, &stored, seal, &ran_ms);
	if (rc == 0)
		rc = ledger_each_audit(walk->ledger, &all, on_entry, walk);
	if (rc == 0)
		rc = check_hidden(walk);
	if (rc == 0 && walk->out->ok)
		check_end(walk, &stored, seal);
	return rc;
}

int
ledger_verify_audit(struct ledger *ledger, struct ledger_verify *out)
{
	struct ledger_verify found = {.ok = true};
	struct walk walk = {.ledger = ledger, .out = &found};
	/* One snapshot of rows and end, while a daemon may go on writing;
	 * inside a turn the end is brought up to its rows first. */
	bool own = sqlite3_get_autocommit(ledger->db) != 0;
	int rc = own ? ledger_run_n(ledger, "BEGIN", NULL, 0)
	             : ledger_head_store(ledger, 0);
	if (rc == 0)
		rc = verify_walk(&walk);
	if (own)
		(void)ledger_run_n(ledger, "ROLLBACK", NULL, 0); /* read only */
	if (rc != 0)
		return rc;
	(void)span_to_hex(walk.chain.hash, VAULT_HASH_LEN, found.head,
		sizeof(found.head)); /* fits */
	*out = found;
	return 0;
}
