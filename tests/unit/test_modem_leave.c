/*
 * A modem is left as it was found: its settings before ours are put back,
 * within a time that is bounded; on simulated modems in virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_sms.h"
#include "modem/port.h"
#include "tests/sim/lab.h"

enum { FD = 5, TURNS_MAX = 200000, TEXT_MAX = 32768, BOUND_MS = 3000 };

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* The simulated modem behind a port, and the driver in front of it. */
static struct bench {
	struct port port; /* first */
	struct lab lab;
	struct modem *modem;
	bool is_open;
	bool hold; /* nothing is flushed */
	char written[TEXT_MAX];
	unsigned results;
	struct modem_result result;
	unsigned states;
} b;

/* ---- the port ---------------------------------------------------------- */

static int
open_port(struct port *port)
{
	(void)port;
	device_tick(b.lab.device, b.lab.now_ms);
	if (!device_is_there(b.lab.device))
		return -ENOENT;
	b.is_open = true;
	return 0;
}

static int
fd_of(const struct port *port)
{
	(void)port;
	return b.is_open ? FD : -1;
}

static ssize_t
read_port(struct port *port, void *buf, size_t cap)
{
	(void)port;
	if (!device_is_there(b.lab.device))
		return -EIO;
	return (ssize_t)device_take(b.lab.device, b.lab.now_ms, buf, cap);
}

static ssize_t
write_port(struct port *port, const void *buf, size_t len)
{
	size_t used = strlen(b.written);

	(void)port;
	if (!device_is_there(b.lab.device))
		return -EIO;
	assert_true(used + len < sizeof b.written);
	memcpy(b.written + used, buf, len);
	b.written[used + len] = '\0';
	device_feed(b.lab.device, b.lab.now_ms, buf, len);
	return (ssize_t)len;
}

static void
close_port(struct port *port)
{
	(void)port;
	b.is_open = false;
}

static const struct port_ops ops = {.open = open_port,
	.fd = fd_of,
	.read = read_port,
	.write = write_port,
	.close = close_port,
	.free = close_port};

/* ---- the owner --------------------------------------------------------- */

static void
on_fd(void *ctx, int fd, bool want_write)
{
	(void)ctx;
	(void)fd;
	(void)want_write;
}

static void
on_state(void *ctx)
{
	(void)ctx;
	b.states++;
}

static void
on_push(void *ctx, struct span text)
{
	(void)ctx;
	(void)text;
}

static void
on_sms(void *ctx, const struct modem_message *message)
{
	(void)ctx;
	modem_sms_done(b.modem, message->handle);
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	(void)ctx;
	b.results++;
	b.result = *result;
}

static void
turn(void)
{
	int64_t now = b.lab.now_ms;

	device_tick(b.lab.device, now);
	if (!b.is_open)
		(void)lab_hear(&b.lab, 0); /* nobody hears it */
	if (b.is_open && (!device_is_there(b.lab.device) ||
				 device_wake_at(b.lab.device) <= now))
		modem_on_ready(b.modem, now);
	if (modem_wake_at(b.modem) <= now)
		modem_tick(b.modem, now);
	if (!b.hold)
		modem_flush(b.modem, now);
}

/* Until it has stopped, at most so long; how long it took. */
static int64_t
run(int64_t ms)
{
	int64_t from = b.lab.now_ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		turn();
		int64_t at = modem_wake_at(b.modem);
		int64_t device_at = device_wake_at(b.lab.device);

		if (modem_is_stopped(b.modem))
			return b.lab.now_ms - from;
		at = device_at < at ? device_at : at;
		if (at > from + ms) {
			b.lab.now_ms = from + ms;
			return ms;
		}
		b.lab.now_ms = at > b.lab.now_ms ? at : b.lab.now_ms;
	}
	fail_msg("the loop is kept busy: %s", b.written);
	return 0;
}

static void
begin(const char *dialect)
{
	memset(&b, 0, sizeof b);
	b.port.ops = &ops;
	lab_init(&b.lab, dialect);
	b.lab.now_ms = 1000;
}

static void
start(void)
{
	struct modem_hooks hooks = {.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sms = on_sms};
	struct modem_options options = {.name = "b", .dialect = "auto"};

	b.modem = modem_new(&options, &b.port, &hooks);
	assert_non_null(b.modem);
	modem_start(b.modem, b.lab.now_ms);
	(void)run(20000);
	assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
	b.written[0] = '\0';
	b.states = 0;
}

static void
end(void)
{
	modem_free(b.modem);
	lab_fini(&b.lab);
}

/* ---- what another program finds ---------------------------------------- */

static const char *const questions[] = {"AT+CSCS?\r", "AT+CUSD?\r",
	"AT+CNMI?\r", "AT+CMGF?\r", "AT+CREG?\r", "AT+CMEE?\r", "AT+COPS?\r",
	"AT+CSMS?\r", "AT+CPMS?\r", "AT^CURC?\r", "AT+NONSENSE\r"};

/* With its echo, or without: what it answers to each. */
static void
look(char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < COUNT(questions); i++) {
		size_t used = strlen(out);

		(void)snprintf(out + used, cap - used, "%s",
			lab_talk(&b.lab, questions[i], 100));
	}
}

static const struct {
	const char *dialect;
	const char *settings[9]; /* of the other program */
} programs[] = {
	{"standard", {NULL}},
	{"standard", {"AT+CSCS=\"UCS2\"\r", "AT+CUSD=1\r", "AT+CNMI=1,2\r",
			     "AT+CREG=2\r", "AT+CMEE=2\r", "AT+COPS=3,2\r",
			     "AT+CPMS=\"ME\",\"SM\",\"ME\"\r", "ATE0\r"}},
	{"huawei", {NULL}},
	{"huawei", {"AT+CSCS=\"UCS2\"\r", "AT+CUSD=1\r", "AT+CNMI=1,1,0,1,0\r",
			   "AT^CURC=1\r", "AT+CMEE=2\r"}},
	{"quectel", {NULL}},
	{"quectel", {"AT+CSCS=\"HEX\"\r", "AT+CSMS=1\r", "AT+CMEE=0\r",
			    "AT+CNMI=2,2,0,0,0\r", "ATE0\r"}},
	{"simcom", {NULL}},
	{"simcom", {"AT+CSCS=\"GSM\"\r", "AT+CREG=2\r", "AT+CMEE=2\r",
			   "AT+CPMS=\"SM\"\r"}},
};

static void
what_another_program_had_set_is_put_back(void **state)
{
	static char before[TEXT_MAX], after[TEXT_MAX], during[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(programs); i++) {
		begin(programs[i].dialect);
		lab_start(&b.lab);
		lab_pass(&b.lab, 1000);
		for (size_t k = 0; programs[i].settings[k] != NULL; k++)
			(void)lab_talk(&b.lab, programs[i].settings[k], 100);
		look(before, sizeof before);
		start();
		look(during, sizeof during);
		assert_string_not_equal(before, during);
		modem_leave(b.modem, b.lab.now_ms);
		assert_int_equal(modem_info(b.modem)->state, MODEM_BUSY);
		assert_true(run(BOUND_MS) < 1000);
		assert_true(modem_is_stopped(b.modem));
		assert_false(b.is_open);
		assert_int_equal(modem_info(b.modem)->state, MODEM_ABSENT);
		assert_int_equal(b.states, 2);
		look(after, sizeof after);
		assert_string_equal(before, after);
		end();
	}
}

/* Its settings went with it: what it says then is what was before ours. */
static void
after_a_restart_what_it_said_last_counts(void **state)
{
	static char before[TEXT_MAX], after[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(programs); i += 2) {
		begin(programs[i].dialect);
		lab_start(&b.lab);
		lab_pass(&b.lab, 1000);
		look(before, sizeof before);
		(void)lab_talk(&b.lab, "AT+CSCS=\"HEX\"\r", 100);
		(void)lab_talk(&b.lab, "AT+CREG=2\r", 100);
		start();
		device_start(b.lab.device, b.lab.now_ms);
		(void)run(90000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		modem_leave(b.modem, b.lab.now_ms);
		(void)run(BOUND_MS);
		look(after, sizeof after);
		assert_string_equal(before, after);
		end();
	}
}

/* A hub came and went: our settings are no other program's. */
static void
a_port_that_was_away_does_not_make_our_settings_those_of_before(void **state)
{
	static char before[TEXT_MAX], after[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(programs); i++) {
		begin(programs[i].dialect);
		lab_start(&b.lab);
		lab_pass(&b.lab, 1000);
		for (size_t k = 0; programs[i].settings[k] != NULL; k++)
			(void)lab_talk(&b.lab, programs[i].settings[k], 100);
		look(before, sizeof before);
		start();
		device_replug(b.lab.device, b.lab.now_ms, 500);
		(void)run(30000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		modem_leave(b.modem, b.lab.now_ms);
		(void)run(BOUND_MS);
		look(after, sizeof after);
		assert_string_equal(before, after);
		end();
	}
}

/* It sleeps after 5 s of quiet, and loses the bytes that wake it. */
static void
a_sleeping_modem_stays_well_and_gets_its_settings_back(void **state)
{
	static const char *const sleepers[] = {"simcom", "quectel"};
	static char before[TEXT_MAX], after[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(sleepers); i++) {
		begin(sleepers[i]);
		b.lab.options.sleep_ms = 5000;
		lab_start(&b.lab);
		for (int k = 0; k < 3; k++)
			(void)lab_talk(&b.lab, "AT\r", 200);
		look(before, sizeof before);
		start();
		(void)run(10 * 60000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		assert_int_equal(modem_info(b.modem)->restarts, 0);
		(void)run(20000);
		modem_leave(b.modem, b.lab.now_ms);
		(void)run(BOUND_MS);
		lab_pass(&b.lab, 1000);
		look(after, sizeof after);
		assert_string_equal(before, after);
		end();
	}
}

static void
a_locked_sim_does_not_keep_settings_from_being_put_back(void **state)
{
	static char before[TEXT_MAX], after[TEXT_MAX];
	struct modem_hooks hooks = {
		.on_fd = on_fd, .on_state = on_state, .on_push = on_push};
	struct modem_options options = {.name = "b", .dialect = "auto"};

	(void)state;
	begin("standard");
	(void)snprintf(b.lab.options.pin_state, sizeof b.lab.options.pin_state,
		"SIM PIN");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	look(before, sizeof before);
	b.modem = modem_new(&options, &b.port, &hooks);
	modem_start(b.modem, b.lab.now_ms);
	(void)run(10000);
	assert_int_equal(modem_info(b.modem)->state, MODEM_FAILED);
	modem_leave(b.modem, b.lab.now_ms);
	assert_true(run(BOUND_MS) < 1000);
	look(after, sizeof after);
	assert_string_equal(before, after);
	end();
}

/* ---- the time ---------------------------------------------------------- */

static void
a_hung_modem_holds_up_the_end_for_three_seconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(programs); i += 2) {
		begin(programs[i].dialect);
		lab_start(&b.lab);
		lab_pass(&b.lab, 1000);
		start();
		device_hang(b.lab.device, b.lab.now_ms, 600000);
		modem_leave(b.modem, b.lab.now_ms);
		assert_int_equal(run(60000), BOUND_MS);
		assert_true(modem_is_stopped(b.modem));
		assert_false(b.is_open);
		end();
	}
}

/* The commit never comes, so nothing may be said. */
static void
without_a_flush_nothing_is_said_and_it_ends_all_the_same(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	b.hold = true;
	modem_leave(b.modem, b.lab.now_ms);
	assert_int_equal(run(60000), BOUND_MS);
	assert_string_equal(b.written, "");
	end();
}

static void
a_second_call_changes_nothing_and_a_stop_ends_it(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	device_hang(b.lab.device, b.lab.now_ms, 600000);
	modem_leave(b.modem, b.lab.now_ms);
	(void)run(2000);
	modem_leave(b.modem, b.lab.now_ms);
	assert_int_equal(run(60000), BOUND_MS - 2000);
	modem_leave(b.modem, b.lab.now_ms);
	assert_true(modem_is_stopped(b.modem));
	end();

	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	modem_leave(b.modem, b.lab.now_ms);
	modem_stop(b.modem, b.lab.now_ms);
	assert_true(modem_is_stopped(b.modem));
	assert_false(b.is_open);
	end();
}

/* ---- what is under way -------------------------------------------------- */

static int
ask(const char *code)
{
	return modem_ask(
		b.modem, span_str(code), MODEM_ONCE, 60000, on_result, NULL);
}

static void
nothing_is_asked_of_a_modem_that_is_left(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	modem_leave(b.modem, b.lab.now_ms);
	assert_int_equal(ask("*123#"), -EBUSY);
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), -EBUSY);
	(void)run(BOUND_MS);
	assert_int_equal(b.results, 0);
	end();
}

/* As modem_stop() does it: what is on air cannot be called back. */
static void
a_request_under_way_is_broken_off(void **state)
{
	(void)state;
	for (int sent = 0; sent < 2; sent++) {
		begin("standard");
		lab_start(&b.lab);
		lab_pass(&b.lab, 1000);
		start();
		assert_int_equal(ask(LAB_CODE), 0);
		if (sent == 1)
			modem_flush(b.modem, b.lab.now_ms);
		modem_leave(b.modem, b.lab.now_ms);
		assert_true(modem_is_stopped(b.modem));
		assert_int_equal(b.results, 1);
		assert_int_equal(b.result.cause, MODEM_STOPPED);
		assert_int_equal(b.result.fate,
			sent == 1 ? MODEM_MAYBE_SENT : MODEM_NOT_SENT);
		end();
	}
}

/* The session ends first, and then the settings. */
static void
an_open_menu_is_closed_before(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	assert_int_equal(ask("*120#"), 0);
	(void)run(2000);
	assert_int_equal(b.results, 1);
	assert_true(b.result.open);
	b.written[0] = '\0';
	modem_leave(b.modem, b.lab.now_ms);
	assert_true(run(BOUND_MS) < BOUND_MS);
	assert_true(modem_is_stopped(b.modem));
	const char *closed = strstr(b.written, "AT+CUSD=2\r");
	const char *left = strstr(b.written, "AT+CMEE=0\r");
	assert_true(closed != NULL && left != NULL && closed < left);
	end();
}

static void
a_modem_that_is_not_there_stops_at_once(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	device_vanish(b.lab.device, b.lab.now_ms, 60000);
	(void)run(100);
	modem_leave(b.modem, b.lab.now_ms);
	assert_true(modem_is_stopped(b.modem));
	end();

	begin("standard");
	lab_start(&b.lab);
	lab_pass(&b.lab, 1000);
	start();
	modem_leave(b.modem, b.lab.now_ms);
	modem_flush(b.modem, b.lab.now_ms);
	device_vanish(b.lab.device, b.lab.now_ms, 60000);
	assert_true(run(BOUND_MS) < 100);
	assert_true(modem_is_stopped(b.modem));
	(void)run(60000);
	assert_false(b.is_open);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_another_program_had_set_is_put_back),
		cmocka_unit_test(after_a_restart_what_it_said_last_counts),
		cmocka_unit_test(
			a_port_that_was_away_does_not_make_our_settings_those_of_before),
		cmocka_unit_test(
			a_sleeping_modem_stays_well_and_gets_its_settings_back),
		cmocka_unit_test(
			a_locked_sim_does_not_keep_settings_from_being_put_back),
		cmocka_unit_test(
			a_hung_modem_holds_up_the_end_for_three_seconds),
		cmocka_unit_test(
			without_a_flush_nothing_is_said_and_it_ends_all_the_same),
		cmocka_unit_test(
			a_second_call_changes_nothing_and_a_stop_ends_it),
		cmocka_unit_test(nothing_is_asked_of_a_modem_that_is_left),
		cmocka_unit_test(a_request_under_way_is_broken_off),
		cmocka_unit_test(an_open_menu_is_closed_before),
		cmocka_unit_test(a_modem_that_is_not_there_stops_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
