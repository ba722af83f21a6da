/*
 * The control socket: refused and doubtful cards, one by one.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

#define CLAIMS "{\"command\":\"claims\"}"

static bool
says(const char *words)
{
	return strstr(desk.heard, words) != NULL;
}

/* How many, in an answer that ended well. */
static size_t
claims(const char *args)
{
	char request[256];
	(void)snprintf(request, sizeof(request),
		"{\"command\":\"claims\",\"args\":{%s}}", args);
	const struct json *done = desk_done(desk_ask(request), 0);
	size_t count = desk_count(desk.heard, "\"item\"");
	assert_int_equal(desk_number(done, "count"), count);
	return count;
}

/* One card of each kind in batch 1, in this order. */
enum { LOADED = 1, REFUSED, LOST, LATER, NEVER, NOT_SENT, CARDS = 6 };

static int64_t
card(int64_t batch, unsigned row)
{
	return purse_voucher(desk.purse, batch, row);
}

static int64_t
some_of_each(void)
{
	struct purse *p = desk.purse;
	int64_t batch = desk_batch(CARDS, 0);
	desk_dial(card(batch, LOADED), VERDICT_LOADED, VOUCHER_CREDITED, "");
	desk_dial(card(batch, REFUSED), VERDICT_USED, VOUCHER_REFUSED_FIRST,
		"used");
	p->now.wall_ms += 3600000;
	desk_dial(card(batch, LOST), VERDICT_NONE, VOUCHER_MAYBE_SENT,
		"no_answer");
	purse_tell(p, 1);
	p->now.wall_ms += 3600000;
	desk_dial(card(batch, LATER), VERDICT_NOT_NOW, VOUCHER_NOT_NOW,
		"not_now");
	struct ledger_op op = purse_move(p, card(batch, NEVER), VOUCHER_HOLD);
	(void)snprintf(op.u.voucher_move.reason,
		sizeof(op.u.voucher_move.reason), "person");
	(void)purse_must(p, &op);
	return batch;
}

static void
what_was_on_air_and_is_not_loaded_comes_once(void **state)
{
	(void)state;
	assert_int_equal(claims(""), 0);
	(void)some_of_each();
	assert_int_equal(claims(""), 3);
	assert_true(says("\"state\":\"rejected\",\"reason\":\"used\""));
	assert_true(says("\"state\":\"unknown\",\"reason\":\"no_answer\""));
	assert_true(says("\"state\":\"held\",\"reason\":\"not_now\""));
	assert_false(says("\"state\":\"loaded\""));
	assert_false(says("\"reason\":\"person\""));
	assert_true(says("\"iccid\":\"sim1\""));
	assert_true(says("\"modem\":\"m1\""));
	assert_true(says("\"reply\":\"You said \\u001B[31mit\""));
	assert_true(says("\"pin\":\"**********"));
	assert_true(says("\"amount\":\"100.00\""));
}

static void
filters_take_batch_operator_and_time(void **state)
{
	(void)state;
	char args[96];
	int64_t batch = some_of_each();
	int64_t other = desk_batch(1, 0);
	int64_t before = desk.purse->now.wall_ms; /* it is newer than all */
	desk_dial(desk_first(other), VERDICT_INVALID, VOUCHER_REFUSED_FIRST,
		"invalid");
	assert_int_equal(claims(""), 4);
	(void)snprintf(args, sizeof(args), "\"batch\":%lld", (long long)other);
	assert_int_equal(claims(args), 1);
	assert_true(says("\"reason\":\"invalid\""));
	(void)snprintf(args, sizeof(args), "\"batch\":%lld", (long long)batch);
	assert_int_equal(claims(args), 3);
	assert_int_equal(claims("\"operator\":\"SimTel\""), 4);
	assert_int_equal(claims("\"operator\":\"other\""), 0);
	(void)snprintf(args, sizeof(args), "\"since_ms\":%lld",
		(long long)before - 3600000);
	assert_int_equal(claims(args), 2); /* and the held one */
	(void)snprintf(
		args, sizeof(args), "\"since_ms\":%lld", (long long)before);
	assert_int_equal(claims(args), 1);
	(void)snprintf(args, sizeof(args), "\"since_ms\":%lld",
		(long long)desk.purse->now.wall_ms + 1);
	assert_int_equal(claims(args), 0);
	(void)desk_error(desk_ask("{\"command\":\"claims\",\"args\":"
				  "{\"state\":\"held\"}}"),
		2);
}

/* More than are looked at in one turn, and more than are queued at once. */
static void
many_come_each_once(void **state)
{
	enum { MANY = 2500, EVERY = 5 };
	(void)state;
	int64_t batch = desk_batch(MANY, 0);
	for (unsigned row = 1; row <= MANY; row += EVERY)
		desk_dial(card(batch, row), VERDICT_USED, VOUCHER_REFUSED_FIRST,
			"used");
	assert_int_equal(claims(""), MANY / EVERY);
	for (unsigned row = 1; row <= MANY; row += EVERY) {
		char words[48];
		(void)snprintf(words, sizeof(words), "\"id\":%lld,",
			(long long)card(batch, row));
		assert_int_equal(desk_count(desk.heard, words), 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_on_air_and_is_not_loaded_comes_once),
		TEST(filters_take_batch_operator_and_time),
		TEST(many_come_each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
