/*
 * test_message_random: cards and messages by chance, against what the network
 * did in truth: nothing is settled wrongly, whatever is lost, late, doubled,
 * or answered twice. A failing seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/overdue.h"
#include "agent/turn.h"
#include "tests/virtual/post.h"

enum { SEEDS = 16, STEPS = 400, CARDS_MAX = STEPS, TEXT_MAX = 64 };

#define MINUTE INT64_C(60000)

/* What the network did with a card, and the message that it wrote of it. */
struct truth {
	int64_t voucher;
	bool credited;
	bool written; /* a message is under way */
	int64_t due_ms, stamp_ms;
	unsigned copies;
	char text[TEXT_MAX];
};

struct life {
	struct post post;
	uint64_t chance;
	unsigned amounts; /* that cards have: few are mistaken easily */
	struct truth truths[CARDS_MAX];
	size_t count;
	int64_t open; /* attempt in the air; 0: none */
};

/* xorshift64* (Vigna 2016). */
static unsigned
draw(struct life *l, unsigned below)
{
	l->chance ^= l->chance >> 12;
	l->chance ^= l->chance << 25;
	l->chance ^= l->chance >> 27;
	return (unsigned)((l->chance * UINT64_C(2685821657736338717)) >> 33) %
	       below;
}

static void
write_message(struct life *l, struct truth *t, const struct post_kind *kind)
{
	int64_t now_ms = loop_wall_ms();
	unsigned slow = draw(l, 4) == 0 ? 180 : 3; /* minutes */
	t->written = draw(l, 5) > 0;
	t->stamp_ms = now_ms + draw(l, 4000);
	t->due_ms = now_ms + draw(l, slow * 60000);
	t->copies = 1 + (draw(l, 4) == 0);
	if (!t->credited)
		(void)snprintf(t->text, sizeof(t->text), "Invalid voucher");
	else if (draw(l, 3) == 0)
		(void)snprintf(t->text, sizeof(t->text), "Card %s gave %u.00",
			kind->serial, (unsigned)(kind->minor / 100));
	else
		(void)snprintf(t->text, sizeof(t->text), "Credited with %u.00",
			(unsigned)(kind->minor / 100));
}

static bool
flies(struct life *l)
{
	int64_t counts[VOUCHER_STATES];
	assert_int_equal(ledger_counts(l->post.shop.purse->ledger, counts), 0);
	return counts[VOUCHER_DIALING] + counts[VOUCHER_PENDING] > 0;
}

/* Some serials are known to us, all to the network. */
static void
dial_one(struct life *l)
{
	char serial[24];
	if (l->count == CARDS_MAX)
		return;
	struct truth *t = &l->truths[l->count++];
	(void)snprintf(serial, sizeof(serial), "%06zu", l->count);
	int64_t minor = 1000 * (1 + (int64_t)draw(l, l->amounts));
	struct post_kind kind = {minor, draw(l, 2) ? serial : "", "self"};
	t->voucher = post_card(&l->post, &kind);
	t->credited = draw(l, 10) < 7;
	l->open = post_dial(&l->post, t->voucher, "self");
	kind.serial = serial;
	write_message(l, t, &kind);
}

/* The answer of the session, true where there is one. */
static void
end_session(struct life *l)
{
	const struct truth *t = &l->truths[l->count - 1];
	unsigned way = draw(l, 10);
	if (way < 4 && t->credited)
		post_answer(
			&l->post, l->open, VERDICT_LOADED, VOUCHER_CREDITED);
	else if (way < 4)
		post_answer(&l->post, l->open, VERDICT_INVALID,
			VOUCHER_REFUSED_FIRST);
	else if (way < 7)
		post_answer(&l->post, l->open, VERDICT_PENDING, VOUCHER_TAKEN);
	else
		post_answer(
			&l->post, l->open, VERDICT_NONE, VOUCHER_MAYBE_SENT);
	message_on_settled(l->post.shop.turn, NULL, l->open);
	post_commit(&l->post);
	l->open = 0;
}

/* Some operators write once more, in other words. */
static void
write_again(struct life *l, struct truth *t)
{
	static const char thanks[] = "Thanks. ";
	size_t len = strlen(t->text), more = sizeof(thanks) - 1;
	t->written = --t->copies > 0;
	if (!t->written || draw(l, 2) == 0 || len + more >= sizeof(t->text))
		return;
	memmove(t->text + more, t->text, len + 1);
	memcpy(t->text, thanks, more);
	t->stamp_ms += draw(l, 90000);
}

static void
deliver(struct life *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct truth *t = &l->truths[i];
		if (!t->written || t->due_ms > loop_wall_ms())
			continue;
		l->post.stamp_ms = t->stamp_ms;
		assert_int_equal(post_arrive(&l->post, t->text), 0);
		write_again(l, t);
		t->due_ms += (int64_t)draw(l, 60) * MINUTE;
	}
}

static void
judge(struct life *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct truth *t = &l->truths[i];
		enum voucher_state state =
			purse_card(l->post.shop.purse, t->voucher).state;
		if (state == VOUCHER_LOADED && !t->credited)
			fail_msg("card %zu was not credited", i);
		if (state == VOUCHER_REJECTED && t->credited)
			fail_msg("card %zu was credited", i);
	}
}

static void
live(struct life *l)
{
	for (unsigned i = 0; i < STEPS; i++) {
		if (l->open != 0 && draw(l, 3) > 0)
			end_session(l);
		else if (l->open == 0 && !flies(l))
			dial_one(l);
		else if (draw(l, 40) == 0)
			(void)overdue_sweep(l->post.shop.turn, NULL, NULL);
		post_commit(&l->post);
		post_pass(&l->post, draw(l, 60000));
		deliver(l);
	}
	judge(l);
}

static void
nothing_is_settled_that_the_network_did_otherwise(void **state)
{
	static struct life l;
	unsigned settled = 0;
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		print_message("seed %u\n", seed);
		memset(&l, 0, sizeof(l));
		l.chance = seed * UINT64_C(0x9e3779b97f4a7c15);
		l.amounts = seed % 2 ? 3 : 200;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		post_init(&l.post, state);
		live(&l);
		settled += l.post.idle;
		post_fini(&l.post);
	}
	print_message("%u cards settled as a message came\n", settled);
	assert_true(settled > 3 * SEEDS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_settled_that_the_network_did_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
