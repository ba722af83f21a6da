/*
 * law_full: the laws held against the ledger: entry by entry as it grows,
 * and in full where a life begins or the world ends. See law.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ledger_private.h"
#include "agent/turn.h"
#include "tests/crash/disk.h"
#include "tests/crash/law_inner.h"
#include "tests/crash/letter.h"
#include "tests/crash/life.h"
#include "tests/crash/power.h"
#include "tests/crash/story.h"
#include "tests/virtual/virtual.h"

/* The costly ones not in each life. */
enum { NEW_MAX = 64, CHECK_EVERY = 3, VERIFY_EVERY = 8 };

/* ---- what is on disk --------------------------------------------------- */

static void
on_change(void *ctx, int what, const char *db, const char *table,
	sqlite3_int64 id)
{
	(void)ctx;
	(void)db;
	if (what == SQLITE_INSERT && strcmp(table, "attempt") == 0 &&
		id < LAW_ATTEMPTS_MAX)
		law.attempt_commit[id] = law.commit_now;
	if (strcmp(table, "follow_up") == 0 && id < LAW_FOLLOW_UPS_MAX)
		law.follow_commit[id] = law.commit_now;
}

static void
note_sync(void)
{
	if (disk_syncs() > law.synced_at && disk_is_synced())
		law.commit_synced = law.commit_asked;
}

static int
on_commit(void *ctx)
{
	(void)ctx;
	note_sync(); /* of the one before: this one may write nothing */
	law.commit_asked = law.commit_now++;
	law.synced_at = disk_syncs();
	return 0;
}

static void
on_rollback(void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < LAW_ATTEMPTS_MAX; i++)
		if (law.attempt_commit[i] == law.commit_now)
			law.attempt_commit[i] = UINT64_MAX;
	for (size_t i = 0; i < LAW_FOLLOW_UPS_MAX; i++)
		if (law.follow_commit[i] == law.commit_now)
			law.follow_commit[i] = UINT64_MAX;
}

bool
law_is_durable(int64_t attempt)
{
	note_sync();
	return attempt < LAW_ATTEMPTS_MAX &&
	       law.attempt_commit[attempt] <= law.commit_synced;
}

bool
law_is_follow_up_durable(int64_t id)
{
	note_sync();
	return id < LAW_FOLLOW_UPS_MAX &&
	       law.follow_commit[id] <= law.commit_synced;
}

static void
watch_commits(void)
{
	sqlite3 *db = law.life->ledger->db;
	memset(law.attempt_commit, 0, sizeof(law.attempt_commit));
	memset(law.follow_commit, 0, sizeof(law.follow_commit));
	law.commit_now = 1;
	law.commit_asked = law.commit_synced = 0;
	(void)sqlite3_update_hook(db, on_change, NULL);
	(void)sqlite3_commit_hook(db, on_commit, NULL);
	(void)sqlite3_rollback_hook(db, on_rollback, NULL);
}

/* ---- vouchers ---------------------------------------------------------- */

/* The row of a file, by the batch's name and the line. */
static struct realm_card *
card_of_row(const char *name, unsigned line)
{
	for (size_t i = 0; i < law.realm->file_count; i++) {
		const struct realm_file *f = &law.realm->files[i];
		if (strcmp(f->name, name) != 0)
			continue;
		for (size_t c = f->first; c < f->first + f->cards; c++)
			if (law.realm->cards[c].line == line)
				return &law.realm->cards[c];
	}
	return NULL;
}

/* A card that is in the ledger has its own PIN there, and once. */
static void
learn(int64_t voucher, struct realm_card *card)
{
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len = 0;
	struct secret secret;
	if (ledger_sealed_pin(
		    law.life->ledger, voucher, blob, sizeof(blob), &len) != 0 ||
		vault_unseal(law.life->vault, blob, len, &secret) != 0) {
		law_break("law 4: voucher %" PRId64 " has no PIN", voucher);
		return;
	}
	if (!span_eq((struct span){secret.bytes, secret.len},
		    span_str(card->voucher_pin)))
		law_break("law 4: voucher %" PRId64 " has another PIN than %s",
			voucher, card->voucher_pin);
	secret_wipe(&secret);
	law.card_of[voucher] = (uint16_t)(card - law.realm->cards + 1);
	law_fact(card)->voucher = voucher;
}

static bool
on_name(void *ctx, const struct ledger_batch *b)
{
	(void)snprintf(ctx, LEDGER_FILE_MAX, "%s", b->name);
	return true;
}

/* What decided on an attempt, as the residual case would have it. */
static bool
on_decided(void *ctx, const struct ledger_attempt *a)
{
	bool *named = ctx;
	bool by_text =
		strcmp(a->by, "late_answer") == 0 || strcmp(a->by, "text") == 0;
	if (law.realm->residual == REALM_OTHER_CREDIT)
		*named = *named || strcmp(a->by, "balance") == 0;
	if (law.realm->residual == REALM_LATE_TEXT)
		*named = *named || by_text;
	if (law.realm->residual == REALM_FORGED)
		*named = *named || strcmp(a->by, "sms") == 0;
	return true;
}

bool
law_forgives(int64_t voucher)
{
	bool named = false;
	(void)ledger_each_attempt(
		law.life->ledger, voucher, on_decided, &named);
	if (named)
		law_counts()->forgiven++;
	return named;
}

static void
check_amount(const struct ledger_voucher *v, const struct realm_card *card)
{
	if (!law_was_credited(card) && law_forgives(v->id))
		return;
	if (!law_was_credited(card))
		law_break("law 2: voucher %" PRId64
			  " (%s) is loaded, the network never credited it "
			  "(last outcome: %s)",
			v->id, card->voucher_pin,
			law_fact(card)->outcome ? law_fact(card)->outcome
						: "never dialled");
	else if (v->credited_minor != MONEY_NONE &&
		 v->credited_minor != card->amount_minor &&
		 !law_forgives(v->id))
		law_break("law 2: voucher %" PRId64 " (%s) is loaded with "
			  "%" PRId64 ", the network credited %" PRId64,
			v->id, card->voucher_pin, v->credited_minor,
			card->amount_minor);
}

/* What the network executed, or refused, or said to be busy for. */
static bool
came_on_air(const struct fact *f)
{
	return f->requests > 0 && f->outcome && strcmp(f->outcome, "lost") != 0;
}

static bool
on_last(void *ctx, const struct ledger_attempt *a)
{
	*(int *)ctx = a->fate;
	return true;
}

/* repeat = once: it waits for its repeat, which did not leave or met a
 * service that was busy (contract: a ready or held one that was on air). */
static bool
waits_for_its_repeat(const struct ledger_voucher *v, const struct fact *f)
{
	int fate = LEDGER_ANSWERED;
	bool waits = v->state == VOUCHER_READY || v->state == VOUCHER_HELD;
	if (!waits || !law.realm->terms.repeat_once)
		return false;
	(void)ledger_each_attempt(law.life->ledger, v->id, on_last, &fate);
	return fate == LEDGER_NOT_SENT || strcmp(f->outcome, "busy") == 0 ||
	       strcmp(f->outcome, "locked") == 0;
}

static void
check_voucher(const struct ledger_voucher *v)
{
	struct realm_card *card = law_card_of(v->id);
	if (!card) {
		char name[LEDGER_FILE_MAX] = "";
		(void)ledger_each_batch(
			law.life->ledger, v->batch, on_name, name);
		card = card_of_row(name, v->row);
		if (!card) {
			law_break("law 4: voucher %" PRId64
				  " is in no file (%s:%u)",
				v->id, name, v->row);
			return;
		}
		learn(v->id, card);
	}
	bool flies = v->state == VOUCHER_DIALING || v->state == VOUCHER_PENDING;
	if (!flies)
		law_fact(card)->in_flight = false;
	law_fact(card)->loaded = v->state == VOUCHER_LOADED;
	if (law_was_credited(card) && !flies && v->state != VOUCHER_LOADED &&
		v->state != VOUCHER_UNKNOWN &&
		!waits_for_its_repeat(v, law_fact(card)) &&
		!law_forgives(v->id))
		law_break("law 2: voucher %" PRId64 " (%s) is %s (%s), the "
			  "network credited it",
			v->id, card->voucher_pin, voucher_state_name(v->state),
			v->reason);
	if (v->state == VOUCHER_CANCELLED && came_on_air(law_fact(card)))
		law_break("law 2: voucher %" PRId64
			  " (%s) is cancelled, and was on air",
			v->id, card->voucher_pin);
	if (v->state == VOUCHER_LOADED)
		check_amount(v, card);
}

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	(void)ctx;
	check_voucher(v);
	return law.broken[0] == '\0';
}

/* ---- entry by entry ---------------------------------------------------- */

struct news {
	int64_t vouchers[NEW_MAX];
	size_t count;
	int64_t seq;
	bool whole; /* a batch moved: all of its vouchers are news */
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct news *news = ctx;
	if (news->count == NEW_MAX)
		return false;
	news->seq = a->seq;
	story_tell("  audit %" PRId64 " %s%s%s voucher=%" PRId64
		   " batch=%" PRId64 " %s",
		a->seq, a->event, a->modem[0] ? " " : "", a->modem, a->voucher,
		a->batch, a->note);
	if (a->voucher > 0)
		news->vouchers[news->count++] = a->voucher;
	else if (a->batch > 0)
		news->whole = true;
	return true;
}

void
law_catch_up(void)
{
	struct ledger *ledger = law.life->ledger;
	struct news news;
	do {
		news = (struct news){.seq = law.seen_seq};
		struct ledger_audit_filter filter = {.after = law.seen_seq};
		if (ledger_each_audit(ledger, &filter, on_entry, &news) != 0)
			return; /* a disk that fails, or the power went */
		law.seen_seq = news.seq;
		struct ledger_voucher_filter all = {.state = -1};
		if (news.whole)
			(void)ledger_each_voucher(
				ledger, &all, on_voucher, NULL);
		for (size_t i = 0; !news.whole && i < news.count; i++) {
			all.id = news.vouchers[i];
			(void)ledger_each_voucher(
				ledger, &all, on_voucher, NULL);
		}
	} while (news.count == NEW_MAX);
}

/* What was reserved is enough for what is on air. */
static void
check_stuck(void)
{
	if (law.roomy && turn_stuck(law.life->turn))
		law_break("law 7: the disk is full, and the turn stuck though "
			  "there was a reserve: %s",
			turn_stuck(law.life->turn));
}

void
law_disk_is_full(bool on)
{
	law.roomy = on && law.life->turn && !turn_unsafe(law.life->turn);
}

void
law_at_turn(void)
{
	if (!power_is_on() || !law.life->ledger)
		return;
	check_stuck();
	if (ledger_audit_head(law.life->ledger) > law.seen_seq)
		law_catch_up();
}

/* ---- in full ----------------------------------------------------------- */

static bool
count_on_air(void *ctx, const struct ledger_attempt *a)
{
	unsigned *n = ctx;
	if (a->fate != LEDGER_NOT_SENT)
		(*n)++;
	return true;
}

/* Law 6 once more: what came on air has an attempt that may have been. */
static void
check_attempts(const struct realm_card *card)
{
	const struct fact *f = law_fact(card);
	unsigned on_air = 0;
	if (f->requests == 0)
		return;
	(void)ledger_each_attempt(
		law.life->ledger, f->voucher, count_on_air, &on_air);
	if (on_air < f->requests)
		law_break("law 6: %s (voucher %" PRId64 ") came on air %u "
			  "times, the ledger knows of %u",
			card->voucher_pin, f->voucher, f->requests, on_air);
}

struct sought_file {
	const struct realm_file *file;
	bool found;
};

static bool
on_batch(void *ctx, const struct ledger_batch *b)
{
	struct sought_file *sought = ctx;
	const struct realm_file *f = sought->file;
	if (strcmp(b->name, f->name) != 0)
		return true;
	sought->found = true;
	if (b->rows != (int64_t)f->cards || b->faults != f->bad_rows)
		law_break("law 4: %s has %zu good and %u bad rows, the ledger "
			  "has %" PRId64 " and %" PRId64,
			f->name, f->cards, f->bad_rows, b->rows, b->faults);
	return false;
}

static void
check_file(const struct realm_file *f)
{
	struct sought_file sought = {.file = f};
	if (!f->dropped)
		return;
	(void)ledger_each_batch(law.life->ledger, 0, on_batch, &sought);
	if (!sought.found && !realm_is_incoming(f))
		law_break("law 4: %s is neither in incoming/ nor in the ledger",
			f->name);
	for (size_t i = f->first; sought.found && i < f->first + f->cards; i++)
		if (law.facts[i].voucher == 0)
			law_break("law 4: %s, line %u is in no state", f->name,
				law.realm->cards[i].line);
}

static void
check_chain(void)
{
	struct ledger_verify verify;
	if (ledger_verify_audit(law.life->ledger, &verify) != 0 || !verify.ok)
		law_break("law 5: the audit chain breaks at %" PRId64 ": %s",
			verify.first_bad, verify.what);
}

static void
check_counts(void)
{
	char what[256] = "";
	if (ledger_check(law.life->ledger, what, sizeof(what)) != 0 &&
		power_is_on())
		law_break("law 4: the ledger does not fit together: %s", what);
}

/* Who is not the operator, or does not come through its centre, changes
 * nothing. */
static bool
on_message(void *ctx, const struct ledger_message *m)
{
	(void)ctx;
	bool operators = letter_is_operators(m->sender, m->smsc);
	law_counts()->spoofs += !operators;
	if (!operators &&
		(m->attempt != 0 || m->waits || m->verdict != VERDICT_NONE))
		law_break("law 4: message %" PRId64 " from %s by %s is a "
			  "stranger's, and was taken for attempt %" PRId64,
			m->id, m->sender, m->smsc, m->attempt);
	return true;
}

static void
check_messages(void)
{
	struct ledger_message_filter all = {.limit = 0};
	(void)ledger_each_message(law.life->ledger, &all, on_message, NULL);
}

void
law_in_full(void)
{
	struct ledger_voucher_filter all = {.state = -1};
	(void)ledger_each_voucher(law.life->ledger, &all, on_voucher, NULL);
	for (size_t i = 0; i < law.realm->card_count; i++)
		check_attempts(&law.realm->cards[i]);
	for (size_t i = 0; i < law.realm->file_count; i++)
		check_file(&law.realm->files[i]);
	if (law.openings % CHECK_EVERY == 0)
		check_counts();
	if (law.openings % CHECK_EVERY == 1)
		check_messages();
	if (law.openings % VERIFY_EVERY == 0)
		check_chain();
}

void
law_at_opening(void)
{
	law.openings++;
	law.life_from_ms = virtual_now_ms();
	law.seen_seq = ledger_audit_head(law.life->ledger);
	if (law.trail_last > law.seen_seq)
		law_break("law 5: entry %" PRId64 " went out, the ledger ends "
			  "at %" PRId64,
			law.trail_last, law.seen_seq);
	watch_commits();
	law_in_full();
}

void
law_check_all(void)
{
	law_in_full();
	check_messages();
	check_counts();
	check_chain();
}

/* ---- the story --------------------------------------------------------- */

const char *
network_text_name_of(const char *outcome)
{
	for (int i = 0; i < NETWORK_TEXTS; i++)
		if (strcmp(network_text_name((enum network_text)i), outcome) ==
			0)
			return network_text_name((enum network_text)i);
	return "?";
}

void
law_tell_event(const struct sim_event *e)
{
	switch (e->kind) {
	case SIM_REQUEST:
		story_tell("%s > %s%s", e->modem, e->code,
			e->reached ? "" : " (lost on the way)");
		break;
	case SIM_REDEEM:
		story_tell("    network: %s %s for %s by %s, %" PRId64,
			e->voucher_pin, e->outcome, e->account, e->by,
			e->amount_minor);
		break;
	case SIM_REPLY:
		story_tell("%s < %s (%s)", e->modem, e->text, e->fate);
		break;
	case SIM_LOCK:
		story_tell("    network: %s is locked", e->account);
		break;
	case SIM_FAULT:
		story_tell("    fault: %s %s", e->modem, e->what);
		break;
	case SIM_BOOT:
		story_tell("    boot: %s", e->modem);
		break;
	case SIM_PORT:
		story_tell("    port: %s %s", e->modem, e->what);
		break;
	case SIM_SWAP:
		story_tell("    swap: %s", e->modem);
		break;
	case SIM_SMS:
		story_tell("    sms: %s %s", e->account, e->text);
		break;
	case SIM_SMS_SENT:
		story_tell("%s > %s to %s%s", e->modem, e->text, e->account,
			e->reached ? "" : " (lost on the way)");
		break;
	}
}
