/*
 * purse: a real ledger on a temporary file. It must never leave a file
 * behind when its test passes.
 */
#include "tests/support/purse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

const char *
purse_path(const struct purse *p, const char *name)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	return path;
}

static void
open_as(struct purse *p, enum ledger_open_how how)
{
	p->ledger = ledger_open(p->path, how, p->vault, p->why, sizeof(p->why));
	if (p->ledger == NULL)
		fail_msg("%s", p->why);
}

void
purse_open(struct purse *p)
{
	open_as(p, LEDGER_OPEN_RW);
}

void
purse_look(struct purse *p)
{
	open_as(p, LEDGER_OPEN_READ_ONLY);
}

void
purse_close(struct purse *p)
{
	ledger_close(p->ledger);
	p->ledger = NULL;
}

int
purse_setup(void **state)
{
	struct purse *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	*p = (struct purse){.dir = "/tmp/test_ledger.XXXXXX",
		.now = {.wall_ms = 1700000000000, .ran_ms = 1000}};
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/ledger.db", p->dir);
	snprintf(p->key, sizeof(p->key), "%s/pin.key", p->dir);
	p->vault = vault_open(p->key, true, p->why, sizeof(p->why));
	if (p->vault == NULL)
		return -1;
	purse_open(p);
	*state = p;
	return 0;
}

/* All files of the folder; one in it fails the rmdir() after it. */
static void
empty_folder(const struct purse *p)
{
	DIR *dir = opendir(p->dir);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlink(purse_path(p, entry->d_name)); /* not the dots */
	if (dir != NULL)
		closedir(dir);
}

int
purse_teardown(void **state)
{
	struct purse *p = *state;
	ledger_close(p->ledger);
	vault_close(p->vault);
	empty_folder(p);
	int rc = rmdir(p->dir);
	free(p);
	return rc;
}

void
purse_tamper(struct purse *p, const char *sql)
{
	sqlite3 *db;
	char *error = NULL;
	assert_null(p->ledger);
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_exec(db,
		"DROP TRIGGER IF EXISTS audit_stays;"
		"DROP TRIGGER IF EXISTS audit_is_final;",
		NULL, NULL, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

/* ---- operations -------------------------------------------------------- */

struct ledger_op
purse_op(const struct purse *p, enum ledger_op_kind kind)
{
	struct ledger_op op;
	memset(&op, 0, sizeof(op));
	op.kind = kind;
	op.at = p->now;
	strcpy(op.who, "daemon");
	return op;
}

int
purse_do(struct purse *p, const struct ledger_op *op,
	struct ledger_result *result)
{
	p->now.wall_ms += 10;
	p->now.ran_ms += 10;
	assert_int_equal(ledger_begin(p->ledger), 0);
	int rc = ledger_apply(p->ledger, op, result);
	if (rc == 0)
		assert_int_equal(ledger_commit(p->ledger, p->now.ran_ms), 0);
	else
		ledger_rollback(p->ledger);
	return rc;
}

int64_t
purse_must(struct purse *p, const struct ledger_op *op)
{
	struct ledger_result result = {0};
	int rc = purse_do(p, op, &result);
	if (rc != 0)
		fail_msg("operation %d: %d (%s)", (int)op->kind, rc,
			ledger_error(p->ledger));
	return result.id;
}

struct ledger_op
purse_row(struct purse *p, int64_t batch, unsigned line)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ROW);
	struct ledger_batch_row *row = &op.u.batch_row;
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "77%012u", ++p->serial);
	struct span view = span_of(digits, (size_t)n);
	struct secret voucher_pin;
	assert_int_equal(secret_set(&voucher_pin, view), 0);
	assert_int_equal(vault_seal(p->vault, &voucher_pin, row->sealed,
				 sizeof(row->sealed), &row->sealed_len),
		0);
	vault_fingerprint(p->vault, &voucher_pin, row->fingerprint);
	secret_mask(view, row->masked, sizeof(row->masked));
	secret_wipe(&voucher_pin);
	row->batch = batch;
	row->line = line;
	row->priority = 5;
	strcpy(row->operator, "simtel");
	strcpy(row->currency, "XTS");
	row->decimals = 2;
	row->amount_minor = 10000;
	strcpy(row->target, "self");
	return op;
}

int64_t
purse_open_batch(struct purse *p)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_OPEN);
	strcpy(op.u.batch_open.name, "cards.csv");
	/* A file of its own each time. */
	memcpy(op.u.batch_open.digest, &p->serial, sizeof(p->serial));
	p->serial++;
	op.u.batch_open.from_spool = true;
	return purse_must(p, &op);
}

int64_t
purse_batch(struct purse *p, unsigned rows, const char *hold)
{
	int64_t batch = purse_open_batch(p);
	for (unsigned i = 0; i < rows; i++) {
		struct ledger_op row = purse_row(p, batch, i + 2);
		purse_must(p, &row);
	}
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	snprintf(op.u.batch_accept.hold, LEDGER_NAME_MAX, "%s", hold);
	purse_must(p, &op);
	return batch;
}

static bool
take_id(void *ctx, const struct ledger_voucher *v)
{
	int64_t *id = ctx;
	*id = v->id;
	return false;
}

static bool
skip_to(void *ctx, const struct ledger_voucher *v)
{
	struct ledger_voucher *wanted = ctx;
	if (v->row != wanted->row)
		return true;
	return take_id(&wanted->id, v);
}

int64_t
purse_voucher(struct purse *p, int64_t batch, unsigned row)
{
	struct ledger_voucher_filter filter = {
		.batch = batch, .state = -1, .by_row = true};
	struct ledger_voucher wanted = {.row = row};
	assert_int_equal(
		ledger_each_voucher(p->ledger, &filter, skip_to, &wanted), 0);
	assert_int_not_equal(wanted.id, 0);
	return wanted.id;
}

struct ledger_op
purse_begin(const struct purse *p, int64_t voucher)
{
	struct ledger_op op = purse_op(p, LEDGER_ATTEMPT_BEGIN);
	op.u.attempt_begin.voucher = voucher;
	strcpy(op.u.attempt_begin.modem, "m1");
	strcpy(op.u.attempt_begin.iccid, "sim1");
	strcpy(op.u.attempt_begin.account, "sim1");
	op.u.attempt_begin.balance_before_minor = MONEY_NONE;
	op.u.attempt_begin.via = LEDGER_VIA_USSD;
	return op;
}

int64_t
purse_dial(struct purse *p, int64_t voucher)
{
	struct ledger_op op = purse_begin(p, voucher);
	return purse_must(p, &op);
}

struct ledger_op
purse_settle(const struct purse *p, int64_t attempt, enum ledger_fate fate,
	enum verdict verdict, enum voucher_event event)
{
	struct ledger_op op = purse_op(p, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	s->attempt = attempt;
	s->fate = fate;
	s->verdict = verdict;
	s->event = event;
	s->credited_minor = MONEY_NONE;
	s->balance_minor = MONEY_NONE;
	s->deducted_minor = MONEY_NONE;
	s->bonus_minor = MONEY_NONE;
	strcpy(s->by, "text");
	return op;
}

struct ledger_op
purse_move(const struct purse *p, int64_t voucher, enum voucher_event event)
{
	struct ledger_op op = purse_op(p, LEDGER_VOUCHER_MOVE);
	op.u.voucher_move.voucher = voucher;
	op.u.voucher_move.event = event;
	op.u.voucher_move.credited_minor = MONEY_NONE;
	strcpy(op.who, "uid:1000(ann)");
	return op;
}

int64_t
purse_fresh(struct purse *p)
{
	return purse_voucher(p, purse_batch(p, 1, ""), 2);
}

void
purse_end(struct purse *p, int64_t attempt, enum ledger_fate fate,
	enum verdict verdict, enum voucher_event event)
{
	struct ledger_op op = purse_settle(p, attempt, fate, verdict, event);
	if (event == VOUCHER_CREDITED)
		op.u.attempt_settle.credited_minor = 10000;
	if (event == VOUCHER_MAYBE_SENT)
		strcpy(op.u.attempt_settle.reason, "no_answer");
	purse_must(p, &op);
}

int64_t
purse_lose(struct purse *p, int64_t voucher)
{
	int64_t attempt = purse_dial(p, voucher);
	purse_end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	return attempt;
}

struct ledger_op
purse_reading(const struct purse *p, const char *iccid, int64_t minor)
{
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	struct ledger_balance *b = &op.u.balance;
	snprintf(b->iccid, sizeof(b->iccid), "%s", iccid);
	strcpy(b->modem, "m1");
	strcpy(b->currency, "XTS");
	b->decimals = 2;
	b->minor = minor;
	return op;
}

void
purse_tell(struct purse *p, int64_t minor)
{
	struct ledger_op op = purse_reading(p, "sim1", minor);
	purse_must(p, &op);
}

/* ---- looking ----------------------------------------------------------- */

static bool
take_card(void *ctx, const struct ledger_voucher *v)
{
	struct purse_card *card = ctx;
	card->v = *v;
	card->state = v->state;
	snprintf(card->reason, sizeof(card->reason), "%s", v->reason);
	return false;
}

struct purse_card
purse_card(struct purse *p, int64_t voucher)
{
	struct ledger_voucher_filter filter = {.id = voucher, .state = -1};
	struct purse_card card = {.state = VOUCHER_STATES};
	assert_int_equal(
		ledger_each_voucher(p->ledger, &filter, take_card, &card), 0);
	assert_int_not_equal(card.state, VOUCHER_STATES);
	return card;
}

struct list {
	int64_t *ids;
	size_t count, cap;
};

static bool
take_listed(void *ctx, const struct ledger_voucher *v)
{
	struct list *list = ctx;
	list->ids[list->count++] = v->id;
	return list->count < list->cap;
}

size_t
purse_list(struct purse *p, const struct ledger_voucher_filter *filter,
	int64_t *ids, size_t cap)
{
	struct list list = {.ids = ids, .cap = cap};
	assert_int_equal(
		ledger_each_voucher(p->ledger, filter, take_listed, &list), 0);
	return list.count;
}

static bool
take_batch(void *ctx, const struct ledger_batch *b)
{
	struct ledger_batch *out = ctx;
	*out = *b;
	return false;
}

struct ledger_batch
purse_batch_now(struct purse *p, int64_t batch)
{
	struct ledger_batch out = {0};
	assert_int_equal(
		ledger_each_batch(p->ledger, batch, take_batch, &out), 0);
	assert_int_equal(out.id, batch);
	return out;
}

struct ledger_sim
purse_sim(struct purse *p)
{
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(p->ledger, "sim1", 0, &sim), 0);
	return sim;
}

struct last {
	char *event, *note;
};

static bool
take_last(void *ctx, const struct ledger_audit *a)
{
	struct last *last = ctx;
	snprintf(last->event, LEDGER_NAME_MAX, "%s", a->event);
	snprintf(last->note, LEDGER_TEXT_MAX, "%s", a->note);
	return false;
}

void
purse_last_audit(struct purse *p, char event[LEDGER_NAME_MAX],
	char note[LEDGER_TEXT_MAX])
{
	purse_audit(p, ledger_audit_head(p->ledger), event, note);
}

void
purse_audit(struct purse *p, int64_t seq, char event[LEDGER_NAME_MAX],
	char note[LEDGER_TEXT_MAX])
{
	struct last last = {event, note};
	struct ledger_audit_filter filter = {.after = seq - 1, .limit = 1};
	event[0] = note[0] = '\0';
	assert_int_equal(
		ledger_each_audit(p->ledger, &filter, take_last, &last), 0);
}

void
purse_is_sound(struct purse *p)
{
	char what[256] = "";
	if (ledger_check(p->ledger, what, sizeof(what)) != 0)
		fail_msg("%s", what);
	struct ledger_verify verify;
	assert_int_equal(ledger_verify_audit(p->ledger, &verify), 0);
	if (!verify.ok)
		fail_msg("audit %lld: %s", (long long)verify.first_bad,
			verify.what);
}
