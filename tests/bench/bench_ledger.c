/*
 * bench_ledger: rows and attempts a second into a real ledger on the disk
 * under TMPDIR. The same work with one and with many operations a commit,
 * in one run: the ratio is what sharing a commit is worth there. The time of
 * the processor beside it: that of the clock is the disk's, and the others'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "agent/ledger.h"
#include "agent/vault.h"

enum { ROWS = 20000, ATTEMPTS = 300, SLICE = 500, SHARED = 16 };

struct bench {
	struct vault *vault;
	struct ledger *ledger;
	int64_t batch;
	int64_t ran_ms;
};

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_ledger: %s\n", what);
	exit(EXIT_FAILURE);
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* it cannot fail on Linux */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
user_seconds(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used); /* these arguments are good */
	return (double)used.ru_utime.tv_sec +
	       (double)used.ru_utime.tv_usec / 1e6;
}

static struct ledger_op
op_of(struct bench *b, enum ledger_op_kind kind)
{
	struct ledger_op op = {.kind = kind};

	op.at.wall_ms = 1700000000000 + ++b->ran_ms;
	op.at.ran_ms = b->ran_ms;
	snprintf(op.who, sizeof(op.who), "daemon");
	return op;
}

static int64_t
apply(struct bench *b, const struct ledger_op *op)
{
	struct ledger_result result = {0};

	must(ledger_apply(b->ledger, op, &result) == 0,
		ledger_error(b->ledger));
	return result.id;
}

static void
commit_and_begin(struct bench *b)
{
	must(ledger_commit(b->ledger, b->ran_ms) == 0, "commit");
	must(ledger_begin(b->ledger) == 0, "begin");
}

static void
add_row(struct bench *b, unsigned line)
{
	struct ledger_op op = op_of(b, LEDGER_BATCH_ROW);
	struct ledger_batch_row *row = &op.u.batch_row;
	struct secret voucher_pin;
	char digits[16];

	/* Not a real one; a walk through all numbers without repeating. */
	snprintf(digits, sizeof(digits), "%014llu",
		(line * 48271ULL * 2654435761ULL) % 100000000000000ULL);
	must(secret_set(&voucher_pin, span_str(digits)) == 0, "secret");
	row->batch = b->batch;
	row->line = line;
	row->priority = 5;
	must(vault_seal(b->vault, &voucher_pin, row->sealed,
		     sizeof(row->sealed), &row->sealed_len) == 0,
		"seal");
	vault_fingerprint(b->vault, &voucher_pin, row->fingerprint);
	secret_mask(span_str(digits), row->masked, sizeof(row->masked));
	snprintf(row->operator, sizeof(row->operator), "simtel");
	snprintf(row->currency, sizeof(row->currency), "XTS");
	snprintf(row->target, sizeof(row->target), "self");
	row->decimals = 2;
	row->amount_minor = 10000;
	(void)apply(b, &op);
}

static void
take_batch(struct bench *b)
{
	struct ledger_op op = op_of(b, LEDGER_BATCH_OPEN);
	double from = seconds(), took;

	snprintf(op.u.batch_open.name, sizeof(op.u.batch_open.name),
		"bench.csv");
	b->batch = apply(b, &op);
	for (unsigned i = 1; i <= ROWS; i++) {
		add_row(b, i);
		if (i % SLICE == 0)
			commit_and_begin(b);
	}
	op = op_of(b, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = b->batch;
	(void)apply(b, &op);
	commit_and_begin(b);
	took = seconds() - from;
	printf("rows taken in: %d in %.2f s, %.0f a second\n", ROWS, took,
		ROWS / took);
}

struct head {
	int64_t voucher;
};

static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	((struct head *)ctx)->voucher = v->id;
	return false;
}

/* One attempt from intent to verdict, with as many commits as it needs
 * (two), or none when the caller shares them. */
static void
attempt(struct bench *b, bool commit, unsigned sim)
{
	struct ledger_op op;
	struct head head = {0};
	char account[32];
	struct ledger_head_query q = {.operator= "simtel",
		.modem = "m1",
		.self_account = account,
		.ran_ms = b->ran_ms,
		.limit = 1};
	int64_t id;

	snprintf(account, sizeof(account), "890000%u", sim);
	must(ledger_each_head(b->ledger, &q, on_head, &head) == 0 &&
			head.voucher > 0,
		"no voucher is ready");
	op = op_of(b, LEDGER_ATTEMPT_BEGIN);
	op.u.attempt_begin.voucher = head.voucher;
	op.u.attempt_begin.balance_before_minor = MONEY_NONE;
	snprintf(op.u.attempt_begin.modem, LEDGER_NAME_MAX, "m1");
	snprintf(op.u.attempt_begin.iccid, LEDGER_NAME_MAX, "%s", account);
	snprintf(op.u.attempt_begin.account, LEDGER_TARGET_MAX, "%s", account);
	id = apply(b, &op);
	if (commit)
		commit_and_begin(b);
	op = op_of(b, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = id;
	op.u.attempt_settle.fate = LEDGER_ANSWERED;
	op.u.attempt_settle.verdict = VERDICT_LOADED;
	op.u.attempt_settle.event = VOUCHER_CREDITED;
	op.u.attempt_settle.credited_minor = 10000;
	op.u.attempt_settle.balance_minor = MONEY_NONE;
	snprintf(op.u.attempt_settle.by, LEDGER_NAME_MAX, "text");
	snprintf(op.u.attempt_settle.rule, LEDGER_NAME_MAX, "loaded");
	(void)apply(b, &op);
	if (commit)
		commit_and_begin(b);
}

static void
redeem(struct bench *b)
{
	double from = seconds(), used = user_seconds(), alone, shared;

	for (unsigned i = 0; i < ATTEMPTS; i++)
		attempt(b, true, 0);
	alone = ATTEMPTS / (seconds() - from);
	used = (user_seconds() - used) / ATTEMPTS;
	from = seconds();
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		attempt(b, false, i % SHARED);
		if (i % SHARED == SHARED - 1)
			commit_and_begin(b);
	}
	commit_and_begin(b);
	shared = ATTEMPTS / (seconds() - from);
	printf("attempts, two commits each: %.0f a second, %.0f us of user "
	       "time each\n",
		alone, used * 1e6);
	printf("attempts, %d a commit: %.0f a second, %.1f times as many\n",
		SHARED, shared, shared / alone);
}

static void
remove_all(const char *dir)
{
	static const char *const names[] = {"key", "ledger.db", "ledger.db-wal",
		"ledger.db-shm", "ledger.db.lock", "ledger.lock"};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path); /* not all are there */
	}
	if (rmdir(dir) != 0)
		fprintf(stderr, "bench_ledger: something is left in %s\n", dir);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[128], path[256], why[256] = "";
	struct bench b = {0};

	snprintf(dir, sizeof(dir), "%s/topupd-bench-XXXXXX",
		tmp != NULL ? tmp : "/tmp");
	must(mkdtemp(dir) != NULL, "no temporary folder");
	snprintf(path, sizeof(path), "%s/key", dir);
	b.vault = vault_open(path, true, why, sizeof(why));
	must(b.vault != NULL, why);
	snprintf(path, sizeof(path), "%s/ledger.db", dir);
	b.ledger = ledger_open(path, LEDGER_OPEN_RW, b.vault, why, sizeof(why));
	must(b.ledger != NULL, why);
	must(ledger_begin(b.ledger) == 0, "begin");
	take_batch(&b);
	redeem(&b);
	must(ledger_commit(b.ledger, b.ran_ms) == 0, "commit");
	ledger_close(b.ledger);
	vault_close(b.vault);
	remove_all(dir);
	return 0;
}
