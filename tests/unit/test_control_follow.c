/*
 * What people are told of codes after a recharge, over the control socket.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

/* One that was not answered, and one behind it. */
static int64_t
failed_follow_up(void)
{
	struct purse *p = desk.purse;
	int64_t voucher = purse_fresh(p);
	struct ledger_op op = purse_begin(p, voucher);
	strcpy(op.u.attempt_begin.follow_ups, "1 *140*1#\n3 *140*2#\n");
	purse_end(p, purse_must(p, &op), LEDGER_ANSWERED, VERDICT_LOADED,
		VOUCHER_CREDITED);
	op = purse_op(p, LEDGER_FOLLOW_BEGIN);
	op.u.follow_begin.id = 1;
	strcpy(op.u.follow_begin.iccid, "sim1");
	strcpy(op.u.follow_begin.modem, "m1");
	(void)purse_must(p, &op);
	op = purse_op(p, LEDGER_FOLLOW_END);
	op.u.follow_end.id = 1;
	op.u.follow_end.fate = LEDGER_MAYBE_SENT;
	strcpy(op.u.follow_end.why, "no_answer");
	(void)purse_must(p, &op);
	return voucher;
}

static void
code_that_failed_is_told_with_its_card_and_by_status(void **state)
{
	char line[80];
	(void)state;
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"voucher\",\"args\":{\"id\":%lld}}",
		(long long)failed_follow_up());
	const struct json *v = desk_done(desk_ask(line), 0);
	const struct json *list = json_get(v, "follow_ups");
	assert_int_equal(json_count(list), 2);
	const struct json *f = json_at(list, 0);
	assert_string_equal(json_get_text(f, "state"), "failed");
	assert_string_equal(json_get_text(f, "fate"), "maybe_sent");
	assert_string_equal(json_get_text(f, "why"), "no_answer");
	assert_non_null(json_get(f, "matched"));
	assert_false(json_get_flag(f, "matched"));
	f = json_at(list, 1);
	assert_string_equal(json_get_text(f, "state"), "dropped");
	assert_null(json_get(f, "fate"));
	const struct json *s =
		desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	const struct json *a = json_at(json_get(s, "attention"), 0);
	assert_string_equal(json_get_text(a, "what"), "follow_up");
	assert_int_equal(desk_number(a, "count"), 1);
	assert_non_null(strstr(json_get_text(a, "text"), "step 1 of voucher"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			code_that_failed_is_told_with_its_card_and_by_status,
			set_up, desk_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
