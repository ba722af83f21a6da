/*
 * law: see law.h. It must never find a law kept because it forgot to look.
 */
#include "tests/crash/law.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ledger.h"
#include "agent/turn.h"
#include "tests/crash/disk.h"
#include "tests/crash/law_inner.h"
#include "tests/crash/life.h"
#include "tests/crash/power.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"
#include "tests/virtual/virtual.h"

enum { WINDOW_BITS = 16 }; /* a batch has fewer cards than that allows */

struct law law;

static struct law_counts counts; /* over all runs */

struct law_counts *
law_counts(void)
{
	return &counts;
}

void
law_break(const char *format, ...)
{
	va_list args;
	if (law.broken[0] != '\0')
		return;
	va_start(args, format);
	(void)vsnprintf(law.broken, sizeof(law.broken), format, args);
	va_end(args);
	story_tell("LAW BROKEN: %s", law.broken);
}

const char *
law_broken(void)
{
	return law.broken;
}

void
law_reset(struct realm *realm, struct life *life)
{
	memset(&law, 0, sizeof(law));
	law.realm = realm;
	law.life = life;
}

struct fact *
law_fact(const struct realm_card *card)
{
	return &law.facts[card - law.realm->cards];
}

bool
law_was_credited(const struct realm_card *card)
{
	return law_fact(card)->credited;
}

struct realm_card *
law_card_of(int64_t voucher)
{
	if (voucher <= 0 || voucher >= LAW_VOUCHERS_MAX ||
		law.card_of[voucher] == 0)
		return NULL;
	return &law.realm->cards[law.card_of[voucher] - 1];
}

const char *
law_masked(const struct realm_card *card)
{
	return card->voucher_pin; /* these PINs are worth nothing */
}

static struct run_fact *
sim_fact(const struct realm_sim *sim)
{
	return &law.sims[sim - law.realm->sims];
}

/* NULL for "self"; the numbers of a realm differ in their last digit. */
static struct run_fact *
number_fact(const char *target)
{
	size_t len = strlen(target);
	unsigned i = len == 10 ? (unsigned)(target[len - 1] - '0') : UINT_MAX;
	return i < REALM_NUMBERS ? &law.numbers[i] : NULL;
}

void
law_person_retries(const struct realm_card *card)
{
	law_fact(card)->person_retries = true;
}

void
law_person_unlocks(const struct realm_sim *sim)
{
	sim_fact(sim)->unlocks++;
}

void
law_person_unlocks_number(const char *number)
{
	struct run_fact *n = number_fact(number);
	if (n)
		n->unlocks++;
}

static int64_t
ran_now(void)
{
	return law.ran_before_ms + virtual_now_ms() - law.life_from_ms;
}

void
law_at_end_of_life(int64_t ran_ms)
{
	law.ran_before_ms += ran_ms;
	law.roomy = false;
	for (size_t i = 0; i < law.realm->card_count; i++)
		law.facts[i].in_flight = false; /* found at start, or pending */
}

/* ---- what goes on air -------------------------------------------------- */

/* The PIN in a request: in the code, or typed into the menu. */
static bool
pin_of(const char *code, const char *before, char out[16])
{
	bool direct = strncmp(code, before, strlen(before)) == 0;
	const char *from = direct ? code + strlen(before) : code;
	size_t len = strspn(from, "0123456789");
	if (len != 14)
		return false;
	(void)snprintf(out, 16, "%.14s", from);
	return true;
}

/* The network did nothing, and said so. */
static bool
answer_allows(const struct fact *f)
{
	bool came =
		f->answer_came ||
		(f->answer_at_ms > 0 && f->answer_at_ms <= virtual_now_ms());
	return came && (strcmp(f->outcome, "busy") == 0 ||
			       strcmp(f->outcome, "locked") == 0);
}

static bool
may_be_dialled_again(const struct fact *f)
{
	if (f->requests == 0 || f->person_retries)
		return true;
	if (law.realm->residual == REALM_LATE_TEXT)
		return true; /* a late "busy" may be another card's */
	if (law.realm->terms.repeat_once && !f->repeated)
		return true;
	return answer_allows(f);
}

struct last_attempt {
	struct ledger_attempt a;
	char iccid[LEDGER_NAME_MAX];
	int64_t number;
};

static bool
on_attempt(void *ctx, const struct ledger_attempt *a)
{
	struct last_attempt *last = ctx;
	last->a = *a;
	(void)snprintf(last->iccid, sizeof(last->iccid), "%s", a->iccid);
	last->number++;
	return true;
}

/* Laws 1 and 6: the attempt is in the ledger, open, and on disk. */
static void
check_written(const struct realm_card *card, const struct fact *f)
{
	struct last_attempt last = {.number = 0};
	if (f->voucher == 0) {
		law_break("law 1: %s was dialled, and is in no batch",
			law_masked(card));
		return;
	}
	(void)ledger_each_attempt(
		law.life->ledger, f->voucher, on_attempt, &last);
	if (last.number == 0 || last.a.ended_wall_ms != 0)
		law_break("law 6: %s (voucher %" PRId64
			  ") goes on air without an open attempt",
			law_masked(card), f->voucher);
	else if (!law_is_durable(last.a.id))
		law_break("law 6: %s (voucher %" PRId64
			  ") goes on air, attempt %" PRId64 " is not on disk",
			law_masked(card), f->voucher, last.a.id);
}

static const char *
account_of(const struct realm_card *card, const struct realm_sim *sim)
{
	return strcmp(card->target, "self") == 0
	               ? realm_owner(law.realm, sim)->imsi
	               : card->target;
}

static void
check_alone(const struct realm_card *card, const char *account)
{
	for (size_t i = 0; i < law.realm->card_count; i++) {
		const struct fact *other = &law.facts[i];
		if (&law.realm->cards[i] != card && other->in_flight &&
			strcmp(other->account, account) == 0)
			law_break("law 3: %s goes on air for %s, %s is in "
				  "flight",
				law_masked(card), account,
				law_masked(&law.realm->cards[i]));
	}
}

/* One of a batch until one is loaded, then twice as many with each. A batch
 * that was released begins anew: here that is not counted. */
static void
check_slow_start(const struct realm_card *card)
{
	const struct realm_file *file = &law.realm->files[card->file];
	unsigned loaded = 0, flying = 1;
	for (size_t i = file->first; i < file->first + file->cards; i++) {
		const struct fact *f = &law.facts[i];
		loaded += f->loaded;
		flying += f->in_flight && &law.realm->cards[i] != card;
	}
	if (loaded < WINDOW_BITS && flying > 1U << loaded)
		law_break("law 3: %s goes on air as the %u. of %s at once, %u "
			  "are loaded",
			law_masked(card), flying, file->name, loaded);
}

/* A pause that ran out allows one more, and doubles. */
static void
note_pace(struct run_fact *s)
{
	int64_t pause = law.realm->terms.reject_pause_ms;
	if (!s)
		return;
	if (s->wrong > 0 && ran_now() - s->last_ran_ms >= pause)
		s->pauses++;
	s->last_ran_ms = ran_now();
}

static void
note_flight(const struct sim_event *e, struct fact *f, const char *account)
{
	if (f->requests > 0 && !f->person_retries && !answer_allows(f))
		f->repeated = true;
	(void)snprintf(f->account, sizeof(f->account), "%s", account);
	f->person_retries = false;
	f->in_flight = true;
	f->requests++;
	f->outcome = e->reached ? "?" : "lost";
	f->answer_came = false;
	f->answer_at_ms = 0;
	counts.redeemed++;
}

/* By whichever way. */
static void
on_air(const struct sim_event *e, const char *voucher_pin)
{
	struct realm_card *card = realm_card(law.realm, voucher_pin);
	if (!card) {
		law_break("law 1: %s was dialled, no file has it", voucher_pin);
		return;
	}
	const struct realm_modem *m = realm_modem(law.realm, e->modem);
	const struct realm_sim *sim = &law.realm->sims[m->sim];
	struct fact *f = law_fact(card);
	law_catch_up();
	if (!may_be_dialled_again(f))
		law_break("law 1: %s (voucher %" PRId64 ") is dialled again "
			  "by a machine; before: %s, its answer %s",
			voucher_pin, f->voucher, f->outcome,
			f->answer_came ? "came" : "did not come");
	check_written(card, f);
	check_alone(card, account_of(card, sim));
	check_slow_start(card);
	note_flight(e, f, account_of(card, sim));
	law.dialled[m - law.realm->modems] = card;
	if (!e->reached)
		realm_others(law.realm, sim->imsi, card->amount_minor);
	note_pace(sim_fact(sim));
	note_pace(number_fact(card->target));
}

static void
on_request(const struct sim_event *e)
{
	char voucher_pin[16];
	realm_words(law.realm);
	if (pin_of(e->code, "*121*", voucher_pin))
		on_air(e, voucher_pin);
	else if (strncmp(e->code, "*140*", 5) == 0)
		law_on_follow_up(e);
}

static void
on_text(const struct sim_event *e)
{
	char voucher_pin[16];
	realm_words(law.realm);
	if (pin_of(e->text, "TOP ", voucher_pin))
		on_air(e, voucher_pin);
}

static bool
is_refusal(const char *outcome)
{
	static const char *const refusals[] = {
		"invalid", "used", "used_by_you", "expired", "blocked"};
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strcmp(outcome, refusals[i]) == 0)
			return true;
	return false;
}

static bool
is_wrong(const char *outcome)
{
	return law.realm->terms.count_all ? is_refusal(outcome)
	                                  : strcmp(outcome, "invalid") == 0;
}

static void
count_row(const struct sim_event *e)
{
	const struct realm_sim *sim = realm_sim(law.realm, e->by);
	assert(sim);
	struct run_fact *s = sim_fact(sim);
	if (strcmp(e->outcome, "loaded") == 0)
		s->wrong = s->unlocks = s->pauses = 0;
	if (!is_wrong(e->outcome))
		return;
	s->wrong++;
	counts.refused++;
	unsigned allowed =
		law.realm->terms.max_rejects + s->unlocks + s->pauses;
	/* A false credit forgives refusals that were none of its business. */
	if (s->wrong > allowed && law.realm->residual == REALM_NOTHING)
		law_break("law 3: %u refusals in a row on %s, allowed are %u "
			  "(%u, %u unlocks, %u pauses)",
			s->wrong, sim->imsi, allowed,
			law.realm->terms.max_rejects, s->unlocks, s->pauses);
}

/* What was credited before, and is refused as used, is none: its credit sets
 * back what came before. */
static void
count_number(const struct sim_event *e, const struct realm_card *card)
{
	struct run_fact *n = number_fact(card->target);
	if (!n)
		return;
	if (strcmp(e->outcome, "loaded") == 0)
		n->wrong = n->unlocks = n->pauses = 0;
	if (!is_refusal(e->outcome) || law_was_credited(card))
		return;
	n->wrong++;
	unsigned allowed =
		law.realm->terms.max_rejects + n->unlocks + n->pauses;
	if (n->wrong > allowed && law.realm->residual == REALM_NOTHING)
		law_break("law 3: %u refusals in a row for %s, allowed are %u "
			  "(%u, %u unlocks, %u pauses)",
			n->wrong, card->target, allowed,
			law.realm->terms.max_rejects, n->unlocks, n->pauses);
}

static void
on_redeem(const struct sim_event *e)
{
	struct realm_card *card = realm_card(law.realm, e->voucher_pin);
	if (!card) {
		law_break("law 1: %s was redeemed, no file has it",
			e->voucher_pin);
		return;
	}
	struct fact *f = law_fact(card);
	law.redeemed = card;
	f->outcome = network_text_name_of(e->outcome);
	if (e->executed > 1)
		law_break("law 1: %s was executed twice", e->voucher_pin);
	if (strcmp(e->outcome, "loaded") == 0) {
		f->credited = true;
		realm_credited(law.realm, e->account, e->amount_minor);
		counts.loaded++;
	}
	count_row(e);
	count_number(e, card);
}

/* Only these two answers let a machine dial again. */
static bool
is_again(const char *text)
{
	return strstr(text, "try again later") ||
	       strstr(text, "Too many wrong");
}

/* The answer to what that modem dialled last. */
static void
on_reply(const struct sim_event *e)
{
	const struct realm_modem *m = realm_modem(law.realm, e->modem);
	struct realm_card *card = law.dialled[m - law.realm->modems];
	/* What is garbled may still be read. */
	if (card && strcmp(e->fate, "lost") != 0 && is_again(e->text))
		law_fact(card)->answer_came = true;
}

const struct realm_card *
law_last_redeemed(void)
{
	return law.redeemed;
}

const struct realm_card *
law_last_dialled(const struct realm *r, const struct realm_modem *m)
{
	return law.dialled[m - r->modems];
}

void
law_text_comes(const struct realm_card *card, const char *text, int64_t at_ms)
{
	struct fact *f = law_fact(card);
	if (is_again(text) && (f->answer_at_ms == 0 || at_ms < f->answer_at_ms))
		f->answer_at_ms = at_ms;
}

void
law_on_event(void *ctx, const struct sim_event *e)
{
	(void)ctx;
	law_tell_event(e);
	switch (e->kind) {
	case SIM_REQUEST:
		on_request(e);
		break;
	case SIM_REDEEM:
		on_redeem(e);
		break;
	case SIM_REPLY:
		on_reply(e);
		break;
	case SIM_LOCK:
	case SIM_FAULT:
	case SIM_BOOT:
	case SIM_PORT:
	case SIM_SWAP:
	case SIM_SMS:
		break;
	case SIM_SMS_SENT:
		on_text(e);
		break;
	}
}

/* ---- the trail outside ------------------------------------------------- */

void
law_on_trail(const char *text)
{
	const char *seq_at = strstr(text, "seq="),
		   *head = strstr(text, "head=");
	int64_t seq = seq_at ? strtoll(seq_at + 4, NULL, 10) : 0;
	if (seq <= 0 || !head || seq >= LAW_ENTRIES_MAX) {
		law_break(
			"law 5: a line of the trail without number: %s", text);
		return;
	}
	if (seq > law.trail_last + 1)
		law_break("law 5: the trail has a gap: %" PRId64
			  " comes after %" PRId64,
			seq, law.trail_last);
	uint64_t hash =
		strtoull((char[17]){head[5], head[6], head[7], head[8], head[9],
				 head[10], head[11], head[12], head[13],
				 head[14], head[15], head[16]},
			NULL, 16);
	if (seq > law.trail_last)
		law.trail_last = seq;
	else if (law.trail[seq] != hash)
		law_break("law 5: entry %" PRId64
			  " was sent, and is another one now",
			seq);
	law.trail[seq] = hash;
}
