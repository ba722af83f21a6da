/*
 * ledger: which port of a modem speaks unasked, and what was typed into SIMs
 * that ask for their PIN.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/attic.h"

/* ---- ports --------------------------------------------------------------- */

static int64_t
see(struct purse *p, const char *imei, const char *place)
{
	struct ledger_op op = purse_op(p, LEDGER_DEVICE_SEEN);
	struct ledger_result result = {.count = -1};
	snprintf(op.u.device_seen.imei, LEDGER_NAME_MAX, "%s", imei);
	snprintf(op.u.device_seen.modem, LEDGER_NAME_MAX, "m1");
	snprintf(op.u.device_seen.place, LEDGER_PLACE_MAX, "%s", place);
	int rc = purse_do(p, &op, &result);
	return rc == 0 ? result.count : rc;
}

static void
port_is_remembered_and_told_when_it_is_another(void **state)
{
	struct purse *p = *state;
	struct ledger_device device = {.place = "kept"};
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	assert_int_equal(ledger_device(p->ledger, "35", &device), -ENOENT);
	assert_string_equal(device.place, "kept");
	int64_t head = ledger_audit_head(p->ledger);
	int64_t first_ms = p->now.wall_ms;
	assert_int_equal(see(p, "35", "1-1.2:2"), 1);
	/* What is known already writes nothing. */
	assert_int_equal(see(p, "35", "1-1.2:2"), 0);
	assert_int_equal(see(p, "36", "1-1.2:2"), 1);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	assert_int_equal(ledger_device(p->ledger, "35", &device), 0);
	assert_string_equal(device.place, "1-1.2:2");
	assert_int_equal(device.seen_wall_ms, first_ms);
	assert_int_equal(see(p, "35", "1-1.2:3"), 1);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "modem.port");
	assert_string_equal(note, "imei=35 before=1-1.2:2 now=1-1.2:3");
	purse_is_sound(p);
}

static void
port_without_a_name_is_refused(void **state)
{
	struct purse *p = *state;
	assert_int_equal(see(p, "", "1-1.2:2"), -EINVAL);
	assert_int_equal(see(p, "35", ""), -EINVAL);
}

/* ---- SIM PINs ------------------------------------------------------------ */

static struct ledger_op
pin_op(const struct purse *p, const char *iccid, char content,
	enum ledger_sim_pin_step step)
{
	struct ledger_op op = purse_op(p, LEDGER_SIM_PIN);
	struct ledger_sim_pin *pin = &op.u.sim_pin;
	snprintf(pin->iccid, sizeof(pin->iccid), "%s", iccid);
	snprintf(pin->modem, sizeof(pin->modem), "m1");
	memset(pin->digest, content, sizeof(pin->digest));
	pin->step = step;
	pin->tries = 3;
	return op;
}

static int
say(struct purse *p, const char *iccid, char content,
	enum ledger_sim_pin_step step)
{
	struct ledger_op op = pin_op(p, iccid, content, step);
	return purse_do(p, &op, NULL);
}

static int
try_with(struct purse *p, char content, unsigned tries)
{
	struct ledger_op op = pin_op(p, "sim1", content, LEDGER_SIM_PIN_TRIED);
	op.u.sim_pin.tries = tries;
	return purse_do(p, &op, NULL);
}

static struct ledger_sim_pin_known
known_of(struct purse *p, char content)
{
	struct ledger_sim_pin_known known;
	uint8_t digest[VAULT_HASH_LEN];
	memset(digest, content, sizeof(digest));
	assert_int_equal(ledger_sim_pin(p->ledger, "sim1", digest, &known), 0);
	return known;
}

static void
refused_pin_is_never_typed_again_but_another_is(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_TRIED), 0);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.pin_tried");
	assert_string_equal(note, "iccid=sim1 tries_left=3");
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_REFUSED), 0);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.pin_refused");
	assert_true(known_of(p, 'a').refused);
	/* However many tries a phone gave back. */
	for (unsigned tries = 0; tries < 5; tries++)
		assert_int_equal(try_with(p, 'a', tries), -EINVAL);
	assert_int_equal(try_with(p, 'b', 2), 0);
	assert_int_equal(say(p, "sim1", 'b', LEDGER_SIM_PIN_REFUSED), 0);
	/* The first content has come back: it was refused. */
	assert_int_equal(try_with(p, 'a', 3), -EINVAL);
	/* Another SIM in the same modem refused nothing yet. */
	assert_int_equal(say(p, "sim2", 'a', LEDGER_SIM_PIN_TRIED), 0);
	purse_is_sound(p);
}

static void
last_try_is_left_to_a_person(void **state)
{
	struct purse *p = *state;
	assert_int_equal(try_with(p, 'a', 0), -EINVAL);
	assert_int_equal(try_with(p, 'a', 1), -EINVAL);
	assert_int_equal(try_with(p, 'a', 2), 0);
}

static void
pin_that_was_taken_may_be_typed_at_each_start(void **state)
{
	struct purse *p = *state;
	for (unsigned boot = 0; boot < 4; boot++) {
		assert_int_equal(try_with(p, 'a', 3), 0);
		assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_TAKEN), 0);
		assert_int_equal(known_of(p, 'a').open, 0);
	}
}

static void
try_without_a_known_end_is_as_good_as_refused(void **state)
{
	struct purse *p = *state;
	assert_int_equal(try_with(p, 'a', 3), 0);
	/* However many are left: a counter may lie. */
	for (unsigned tries = 0; tries <= 10; tries++)
		assert_int_equal(try_with(p, 'a', tries), -EINVAL);
	assert_int_equal(known_of(p, 'a').open, 1);
	assert_false(known_of(p, 'a').refused);
	assert_int_equal(try_with(p, 'b', 3), 0);
	/* The SIM was ready after all. */
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_TAKEN), 0);
	assert_int_equal(try_with(p, 'a', 3), 0);
}

/* The port took no byte of it: it is typed again without a person. */
static void
try_that_never_left_is_as_if_never_made(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	for (int i = 0; i < 3; i++) {
		assert_int_equal(try_with(p, 'a', 3), 0);
		assert_int_equal(
			say(p, "sim1", 'a', LEDGER_SIM_PIN_NOT_SENT), 0);
		purse_last_audit(p, event, note);
		assert_string_equal(event, "sim.pin_not_sent");
	}
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_NOT_SENT), -EINVAL);
	assert_int_equal(try_with(p, 'a', 3), 0);
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_REFUSED), 0);
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_NOT_SENT), -EINVAL);
	assert_int_equal(try_with(p, 'a', 3), -EINVAL);
	purse_is_sound(p);
}

static void
end_without_a_try_is_refused(void **state)
{
	struct purse *p = *state;
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_TAKEN), -EINVAL);
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_REFUSED), -EINVAL);
	assert_int_equal(try_with(p, 'a', 3), 0);
	assert_int_equal(say(p, "sim1", 'b', LEDGER_SIM_PIN_REFUSED), -EINVAL);
	assert_int_equal(say(p, "sim2", 'a', LEDGER_SIM_PIN_REFUSED), -EINVAL);
	assert_int_equal(say(p, "", 'a', LEDGER_SIM_PIN_TRIED), -EINVAL);
}

/* ---- copies -------------------------------------------------------------- */

static void
restored_ledger_knows_ports_and_refusals(void **state)
{
	struct purse *p = *state;
	struct ledger_device device;
	see(p, "35", "1-1.2:2");
	assert_int_equal(try_with(p, 'a', 3), 0);
	assert_int_equal(say(p, "sim1", 'a', LEDGER_SIM_PIN_REFUSED), 0);
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
	assert_int_equal(ledger_device(p->ledger, "35", &device), 0);
	assert_string_equal(device.place, "1-1.2:2");
	assert_int_equal(try_with(p, 'a', 3), -EINVAL);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
#define ATTIC_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, attic_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(port_is_remembered_and_told_when_it_is_another),
		LEDGER_TEST(port_without_a_name_is_refused),
		LEDGER_TEST(refused_pin_is_never_typed_again_but_another_is),
		LEDGER_TEST(last_try_is_left_to_a_person),
		LEDGER_TEST(pin_that_was_taken_may_be_typed_at_each_start),
		LEDGER_TEST(try_without_a_known_end_is_as_good_as_refused),
		LEDGER_TEST(try_that_never_left_is_as_if_never_made),
		LEDGER_TEST(end_without_a_try_is_refused),
		ATTIC_TEST(restored_ledger_knows_ports_and_refusals),
	};
	return cmocka_run_group_tests_name("ledger_device", tests, NULL, NULL);
}
