/*
 * The control socket: what a person does with a batch of thousands: it is done
 * in slices, in the order asked, whether or not he stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

enum { LARGE = 3 * LEDGER_SLICE_ROWS + 10 };

static int
ask(const char *command, int64_t batch)
{
	char line[128];
	int fd = desk_connect();
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"%s\",\"args\":{\"batch\":%lld}}\n", command,
		(long long)batch);
	desk_tell(fd, line);
	return fd;
}

static int64_t
count_now(int64_t batch, enum voucher_state state)
{
	return purse_batch_now(desk.purse, batch).counts[state];
}

static void
large_batch_is_moved_slice_by_slice_and_answered_once(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0);
	int64_t head = ledger_audit_head(desk.ledger);
	const char *heard = desk_answer(ask("hold", batch));
	assert_int_equal(desk_number(desk_done(heard, 0), "moved"), LARGE);
	assert_int_equal(desk_count(heard, "\n"), 1);
	assert_int_equal(count_now(batch, VOUCHER_HELD), LARGE);
	assert_int_equal(ledger_audit_head(desk.ledger), head + 4);
	assert_null(desk.control->sweeps);
	heard = desk_answer(ask("hold", batch));
	assert_int_equal(desk_number(desk_done(heard, 0), "moved"), 0);
	assert_non_null(json_get_text(desk_done(heard, 0), "why"));
	purse_is_sound(desk.purse);
}

static int64_t seen_half, turns_between;

static void
on_turn(void *ctx)
{
	int64_t held = count_now(*(int64_t *)ctx, VOUCHER_HELD);
	if (held > 0 && held < LARGE)
		turns_between++;
	if (held == LEDGER_SLICE_ROWS)
		seen_half = held;
}

static void
turns_end_between_two_slices(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0);
	seen_half = turns_between = 0;
	turn_add_outlet(desk.turn, on_turn, &batch);
	(void)desk_done(desk_answer(ask("hold", batch)), 0);
	assert_int_equal(seen_half, LEDGER_SLICE_ROWS);
	assert_true(turns_between >= 3);
	assert_int_equal(count_now(batch, VOUCHER_HELD), LARGE);
}

static void
act_goes_on_when_its_client_has_left(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0);
	close(ask("hold", batch));
	for (int i = 0; i < 200 && count_now(batch, VOUCHER_HELD) < LARGE; i++)
		desk_turns();
	assert_int_equal(count_now(batch, VOUCHER_HELD), LARGE);
	desk_turns();
	assert_null(desk.control->sweeps);
	assert_null(desk.control->clients);
}

static void
acts_are_done_in_the_order_asked(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0), other = desk_batch(5, 0);
	int first = ask("hold", batch);
	int second = ask("release", batch);
	int third = ask("hold", other);
	assert_int_equal(
		desk_number(desk_done(desk_answer(first), 0), "moved"), LARGE);
	assert_int_equal(
		desk_number(desk_done(desk_answer(second), 0), "moved"), LARGE);
	assert_int_equal(
		desk_number(desk_done(desk_answer(third), 0), "moved"), 5);
	assert_int_equal(count_now(batch, VOUCHER_READY), LARGE);
	purse_is_sound(desk.purse);
}

/* Who asks and leaves, again and again, keeps nobody waiting for long. */
static void
few_acts_wait_but_an_admins_always_may(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0);
	const struct control_sweep act = {.batch = batch,
		.event = VOUCHER_HOLD,
		.reason = "person",
		.nothing = ""};
	for (int i = 0; i < 100; i++) {
		struct client client = {.control = desk.control, .fd = -1};
		control_sweep_begin(&client, &act);
		assert_int_equal(client.done, i >= 16);
		control_sweep_forget(&client);
		free(client.out);
	}
	assert_int_equal(
		desk_number(
			desk_done(desk_answer(ask("hold", batch)), 0), "moved"),
		0);
	assert_null(desk.control->sweeps);
	assert_int_equal(count_now(batch, VOUCHER_HELD), LARGE);
}

static void
daemon_may_end_in_the_middle(void **state)
{
	(void)state;
	int64_t batch = desk_batch(LARGE, 0);
	struct client client = {.control = desk.control, .fd = -1};
	control_sweep_begin(&client, &(struct control_sweep){.batch = batch,
					     .event = VOUCHER_HOLD,
					     .reason = "person",
					     .nothing = ""});
	assert_non_null(desk.control->sweeps);
	control_sweep_forget(&client);
	/* The teardown is the end: nothing is lost, nothing is freed twice. */
}

int
main(void)
{
#define DESK_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)
	const struct CMUnitTest tests[] = {
		DESK_TEST(
			large_batch_is_moved_slice_by_slice_and_answered_once),
		DESK_TEST(turns_end_between_two_slices),
		DESK_TEST(act_goes_on_when_its_client_has_left),
		DESK_TEST(acts_are_done_in_the_order_asked),
		DESK_TEST(few_acts_wait_but_an_admins_always_may),
		DESK_TEST(daemon_may_end_in_the_middle),
	};
	return cmocka_run_group_tests_name("control_sweep", tests, NULL, NULL);
}
