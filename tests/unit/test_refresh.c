/*
 * Refreshing a modem: the SIM read again, the radio off and on; each dialect
 * against its simulated modem in virtual time, the wire cut into pieces.
 */
#include "modem/modem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/port.h"
#include "tests/sim/lab.h"

#define COUNT(list)  (sizeof(list) / sizeof(list)[0])
#define OTHER_IMSI   "001010000000022"
#define OTHER_ICCID  "8900000000000000022"
#define OTHER_MSISDN "0800000022"

enum { FD = 77, TURNS_MAX = 300000, TEXT_MAX = 65536 };

/* The simulated modem behind a port, and the driver in front of it. */
static struct bench {
	struct port port; /* first */
	struct lab lab;
	struct modem *modem;
	bool is_open;
	bool vanished;
	int fd;
	char written[TEXT_MAX];
	char states[TEXT_MAX]; /* a letter for each that was told */
	unsigned pushes, results;
	struct modem_result result;
	char text[512];
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
	b.vanished = false;
	return 0;
}

static int
fd_of(const struct port *port)
{
	(void)port;
	return b.is_open ? FD : -1;
}

static bool
is_gone(void)
{
	b.vanished = b.vanished || !device_is_there(b.lab.device);
	return b.vanished;
}

static ssize_t
read_port(struct port *port, void *buf, size_t cap)
{
	(void)port;
	return is_gone() ? -EIO
	                 : (ssize_t)device_take(
				   b.lab.device, b.lab.now_ms, buf, cap);
}

static ssize_t
write_port(struct port *port, const void *buf, size_t len)
{
	size_t used = strlen(b.written);

	(void)port;
	if (is_gone())
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
	(void)want_write;
	b.fd = fd;
}

static void
on_state(void *ctx)
{
	static const char letters[] = {[MODEM_ABSENT] = 'a',
		[MODEM_STARTING] = 's',
		[MODEM_READY] = 'R',
		[MODEM_BUSY] = 'B',
		[MODEM_RESTING] = 'r',
		[MODEM_FAILED] = 'f'};
	size_t n = strlen(b.states);

	(void)ctx;
	assert_true(n + 1 < sizeof b.states);
	b.states[n] = letters[modem_info(b.modem)->state];
	b.states[n + 1] = '\0';
}

static void
on_push(void *ctx, struct span text)
{
	(void)ctx;
	(void)text;
	b.pushes++;
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	(void)ctx;
	b.results++;
	b.result = *result;
	(void)snprintf(b.text, sizeof b.text, "%.*s", (int)result->text.len,
		result->text.ptr);
}

static void
turn(void)
{
	int64_t now = b.lab.now_ms;

	device_tick(b.lab.device, now);
	if (!b.is_open)
		(void)lab_hear(&b.lab, 0); /* nobody hears it */
	if (b.is_open && (is_gone() || device_wake_at(b.lab.device) <= now))
		modem_on_ready(b.modem, now);
	if (modem_wake_at(b.modem) <= now)
		modem_tick(b.modem, now);
	modem_flush(b.modem, now);
}

static void
run(int64_t ms)
{
	int64_t until = b.lab.now_ms + ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		turn();
		int64_t at = modem_wake_at(b.modem);
		int64_t device_at = device_wake_at(b.lab.device);

		at = device_at < at ? device_at : at;
		if (at > until) {
			b.lab.now_ms = until;
			return;
		}
		b.lab.now_ms = at > b.lab.now_ms ? at : b.lab.now_ms;
	}
	fail_msg("the loop is kept busy: %s", b.written);
}

static void
begin(const char *dialect)
{
	memset(&b, 0, sizeof b);
	b.port.ops = &ops;
	b.fd = -1;
	lab_init(&b.lab, dialect);
	b.lab.now_ms = 1000;
	b.lab.options.register_ms = 2000;
	b.lab.options.late_ms = 30000;
	assert_int_equal(network_add_account(
				 b.lab.network, OTHER_IMSI, OTHER_MSISDN, 700),
		0);
}

static void
start(void)
{
	struct modem_hooks hooks = {
		.on_fd = on_fd, .on_state = on_state, .on_push = on_push};
	struct modem_options options = {.name = "b", .dialect = "auto"};

	lab_start(&b.lab);
	b.modem = modem_new(&options, &b.port, &hooks);
	assert_non_null(b.modem);
	modem_start(b.modem, b.lab.now_ms);
	run(15000);
	assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
	assert_string_equal(modem_info(b.modem)->imsi, LAB_IMSI);
	b.written[0] = '\0';
	b.states[0] = '\0';
}

static void
end(void)
{
	modem_free(b.modem);
	lab_fini(&b.lab);
}

static unsigned
count(const char *haystack, const char *needle)
{
	unsigned n = 0;

	for (; (haystack = strstr(haystack, needle)) != NULL; haystack++)
		n++;
	return n;
}

static void
assert_balance(const char *text)
{
	unsigned before = b.results;

	assert_int_equal(modem_ask(b.modem, span_str("*123#"), MODEM_SEARCH,
				 20000, on_result, NULL),
		0);
	run(1000);
	assert_int_equal(b.results, before + 1);
	assert_string_equal(b.text, text);
}

/* ---- what goes well ---------------------------------------------------- */

static const char *const dialects[] = {
	"standard", "huawei", "quectel", "simcom"};
static const int cuts[] = {0, 1, 5};

static void
same_sim_is_busy_then_ready_in_every_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects) * COUNT(cuts) * 2; i++) {
		bool radio = i % 2 == 1;

		begin(dialects[i / 2 % COUNT(dialects)]);
		b.lab.options.cut = cuts[i / 2 / COUNT(dialects)];
		b.lab.options.noise = b.lab.options.cut == 5;
		start();
		assert_int_equal(
			modem_refresh(b.modem, radio ? MODEM_REFRESH_RADIO
						     : MODEM_REFRESH_SIM),
			0);
		assert_int_equal(modem_info(b.modem)->state, MODEM_BUSY);
		assert_string_equal(b.written, ""); /* only when flushed */
		assert_int_equal(
			modem_refresh(b.modem, MODEM_REFRESH_SIM), -EBUSY);
		run(20000);
		assert_string_equal(b.states, "BR");
		assert_int_equal(modem_info(b.modem)->restarts, 0);
		assert_string_equal(modem_info(b.modem)->imsi, LAB_IMSI);
		assert_string_equal(
			modem_info(b.modem)->iccid, "8900000000000000011");
		assert_int_equal(modem_info(b.modem)->registration, 1);
		assert_int_equal(count(b.written, "AT+CFUN=4\r"), radio);
		assert_int_equal(count(b.written, "AT+CFUN=1\r"), radio);
		assert_true(count(b.written, "AT+CIMI\r") >= 1);
		assert_balance("Your balance is 50.00 XTS.");
		end();
	}
}

/* The whole point of it: what was under way does not come any more. */
static void
radio_ends_what_was_under_way(void **state)
{
	struct device_strike late = {.fault = DEVICE_LATE, .ms = 60000};

	(void)state;
	for (size_t i = 0; i < COUNT(dialects) * 2; i++) {
		bool radio = i % 2 == 1;

		begin(dialects[i / 2]);
		start();
		device_strike(b.lab.device, &late);
		assert_int_equal(modem_ask(b.modem, span_str(LAB_CODE),
					 MODEM_ONCE, 10000, on_result, NULL),
			0);
		run(14000);
		assert_int_equal(b.result.cause, MODEM_NO_ANSWER);
		assert_int_equal(
			modem_refresh(b.modem, radio ? MODEM_REFRESH_RADIO
						     : MODEM_REFRESH_SIM),
			0);
		run(100000);
		assert_int_equal(b.pushes, radio ? 0 : 1);
		assert_int_equal(
			count(b.lab.truth, "\"fate\":\"lost\""), radio ? 1 : 0);
		assert_int_equal(
			count(b.lab.truth, "\"fate\":\"late\""), radio ? 0 : 1);
		end();
	}
}

/* ---- another life ------------------------------------------------------ */

static void
put_in_other_sim(void)
{
	struct device_options *options = device_options(b.lab.device);

	(void)snprintf(options->imsi, sizeof options->imsi, OTHER_IMSI);
	(void)snprintf(options->iccid, sizeof options->iccid, OTHER_ICCID);
	(void)snprintf(options->msisdn, sizeof options->msisdn, OTHER_MSISDN);
}

static void
other_sim_is_found_and_begins_a_new_life(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects) * 2; i++) {
		begin(dialects[i / 2]);
		start();
		put_in_other_sim();
		device_swapped(b.lab.device, b.lab.now_ms);
		(void)lab_hear(&b.lab, 3000); /* its words went astray */
		assert_string_equal(modem_info(b.modem)->imsi, LAB_IMSI);
		assert_int_equal(
			modem_refresh(b.modem, i % 2 == 1 ? MODEM_REFRESH_RADIO
							  : MODEM_REFRESH_SIM),
			0);
		run(25000);
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		assert_string_equal(b.states, "BsR");
		assert_string_equal(modem_info(b.modem)->imsi, OTHER_IMSI);
		assert_string_equal(modem_info(b.modem)->iccid, OTHER_ICCID);
		assert_balance("Your balance is 7.00 XTS.");
		end();
	}
}

/* A number that was moved to a new card may keep its IMSI. */
static void
other_card_with_the_same_imsi_is_found_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		struct device_options *options;

		begin(dialects[i]);
		start();
		options = device_options(b.lab.device);
		(void)snprintf(
			options->iccid, sizeof options->iccid, OTHER_ICCID);
		device_swapped(b.lab.device, b.lab.now_ms);
		(void)lab_hear(&b.lab, 3000);
		assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), 0);
		run(25000);
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		assert_string_equal(modem_info(b.modem)->iccid, OTHER_ICCID);
		end();
	}
}

static void
sim_taken_out_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		begin(dialects[i]);
		start();
		(void)snprintf(
			device_options(b.lab.device)->pin_state, 12, "absent");
		assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), 0);
		run(10000);
		assert_string_equal(b.states, "Bf");
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		end();
	}
}

/* CFUN=4 is refused: started anew where that is possible, else ATZ. */
static void
stuck_radio_is_restarted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		bool huawei = strcmp(dialects[i], "huawei") == 0;

		begin(dialects[i]);
		b.lab.options.radio_stuck = true;
		start();
		assert_int_equal(
			modem_refresh(b.modem, MODEM_REFRESH_RADIO), 0);
		run(40000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		assert_int_equal(count(b.written, "AT+CFUN=1,1\r"), !huawei);
		assert_int_equal(count(b.written, "ATZ\r"), huawei);
		assert_int_equal(
			count(b.lab.truth, "\"boot\""), huawei ? 1 : 2);
		assert_balance("Your balance is 50.00 XTS.");
		end();
	}
}

/* Whenever the port goes or the modem boots in the middle of it, it comes
 * back, with the radio on. */
static void
broken_off_anywhere_it_comes_back_with_the_radio_on(void **state)
{
	enum { EVERY_MS = 7, LAST_MS = 2500 };

	(void)state;
	for (int at = 0; at < LAST_MS; at += EVERY_MS) {
		begin(dialects[(size_t)at % COUNT(dialects)]);
		b.lab.options.cut = 3;
		start();
		assert_int_equal(
			modem_refresh(b.modem, at / EVERY_MS % 3 == 0
						       ? MODEM_REFRESH_SIM
						       : MODEM_REFRESH_RADIO),
			0);
		run(at);
		if (at / EVERY_MS % 2 == 0)
			device_vanish(b.lab.device, b.lab.now_ms, 2000);
		else
			device_start(b.lab.device, b.lab.now_ms);
		run(240000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		assert_int_equal(modem_info(b.modem)->registration, 1);
		assert_balance("Your balance is 50.00 XTS.");
		end();
	}
}

/* We were killed between off and on. */
static void
radio_found_off_is_switched_on_by_the_set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		begin(dialects[i]);
		start();
		(void)lab_talk(&b.lab, "AT+CFUN=4\r", 100);
		modem_stop(b.modem, b.lab.now_ms);
		modem_start(b.modem, b.lab.now_ms);
		run(20000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		assert_int_equal(count(b.written, "AT+CFUN=1\r"), 1);
		end();
	}
}

static void
silent_modem_does_not_hold_a_refresh_for_ever(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin("standard");
		start();
		device_hang(b.lab.device, b.lab.now_ms, 600000);
		assert_int_equal(
			modem_refresh(b.modem, i == 0 ? MODEM_REFRESH_SIM
						      : MODEM_REFRESH_RADIO),
			0);
		run(120000);
		assert_int_not_equal(modem_info(b.modem)->state, MODEM_BUSY);
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		run(900000);
		assert_int_equal(modem_info(b.modem)->state, MODEM_READY);
		end();
	}
}

/* ---- manners ----------------------------------------------------------- */

static void
refresh_is_refused_unless_ready_and_without_a_session(void **state)
{
	(void)state;
	begin("standard");
	start();
	assert_int_equal(modem_ask(b.modem, span_str("*120#"), MODEM_ONCE,
				 20000, on_result, NULL),
		0);
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), -EBUSY);
	run(1000);
	assert_true(b.result.open);
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_RADIO), -EBUSY);
	modem_end(b.modem);
	run(1000);
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), 0);
	assert_int_equal(modem_ask(b.modem, span_str("*123#"), MODEM_ONCE, 9,
				 on_result, NULL),
		-EBUSY);
	modem_end(b.modem); /* no session can be open: nothing */
	run(20000);
	assert_string_equal(b.states, "BRBR");
	modem_stop(b.modem, b.lab.now_ms);
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_SIM), -EBUSY);
	end();
}

static void
stopped_in_the_middle_it_stays_stopped(void **state)
{
	(void)state;
	begin("quectel");
	start();
	assert_int_equal(modem_refresh(b.modem, MODEM_REFRESH_RADIO), 0);
	modem_stop(b.modem, b.lab.now_ms);
	assert_true(modem_wake_at(b.modem) > b.lab.now_ms);
	run(60000);
	assert_string_equal(b.states, "a");
	end();
}

/* A fence begins with it after a restart of ours: nothing is known then. */
static void
end_on_a_ready_modem_cancels_and_is_ready_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		begin(dialects[i]);
		start();
		modem_end(b.modem);
		assert_int_equal(modem_info(b.modem)->state, MODEM_BUSY);
		assert_string_equal(b.written, "");
		run(1000);
		assert_int_equal(count(b.written, "AT+CUSD=2\r"), 1);
		assert_string_equal(b.states, "BR");
		assert_int_equal(modem_info(b.modem)->restarts, 0);
		end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_sim_is_busy_then_ready_in_every_dialect),
		cmocka_unit_test(radio_ends_what_was_under_way),
		cmocka_unit_test(other_sim_is_found_and_begins_a_new_life),
		cmocka_unit_test(other_card_with_the_same_imsi_is_found_too),
		cmocka_unit_test(sim_taken_out_fails),
		cmocka_unit_test(stuck_radio_is_restarted),
		cmocka_unit_test(
			broken_off_anywhere_it_comes_back_with_the_radio_on),
		cmocka_unit_test(radio_found_off_is_switched_on_by_the_set_up),
		cmocka_unit_test(silent_modem_does_not_hold_a_refresh_for_ever),
		cmocka_unit_test(
			refresh_is_refused_unless_ready_and_without_a_session),
		cmocka_unit_test(stopped_in_the_middle_it_stays_stopped),
		cmocka_unit_test(
			end_on_a_ready_modem_cancels_and_is_ready_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
