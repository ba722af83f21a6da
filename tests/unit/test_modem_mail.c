/*
 * Messages between the driver and the simulated modems, which share no code:
 * nothing that came is lost, nothing is deleted before it is safe, and what
 * is said of a text that went out is true.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_sms.h"
#include "modem/port.h"
#include "tests/sim/lab.h"
#include "tests/sim/network_sms.h"
#include "tests/sim/rng.h"

enum { FD = 70, TURNS_MAX = 2000000, TEXTS_MAX = 128, TEXT_MAX = 700 };

#define NOON   INT64_C(1795348800000)
#define MINUTE INT64_C(60000)

/* The driver on a port that is the device of the lab. */
static struct {
	struct port port; /* first */
	struct lab lab;
	struct modem *modem;
	struct rng chance;
	bool is_open;
	bool hung_up;
	int fd;
	bool wants_write;
	double confirms; /* how likely a message is safe at once */
	unsigned results;
	struct modem_result result;
	size_t sent;
	char texts[TEXTS_MAX][TEXT_MAX]; /* that the network sent */
	unsigned told[TEXTS_MAX];
	unsigned strange; /* told, and none of these */
	char last[TEXT_MAX];
	char sender[64];
} all;

static int
on_open(struct port *port)
{
	(void)port;
	if (!device_is_there(all.lab.device))
		return -ENODEV;
	all.is_open = true;
	all.hung_up = false;
	return 0;
}

static int
on_fd_of(const struct port *port)
{
	(void)port;
	return all.is_open ? FD : -1;
}

static ssize_t
on_read(struct port *port, void *buf, size_t cap)
{
	(void)port;
	if (all.hung_up)
		return -EIO;
	return (ssize_t)device_take(all.lab.device, all.lab.now_ms, buf, cap);
}

static ssize_t
on_write(struct port *port, const void *buf, size_t len)
{
	(void)port;
	if (all.hung_up)
		return -EIO;
	device_feed(all.lab.device, all.lab.now_ms, buf, len);
	return (ssize_t)len;
}

static void
on_close(struct port *port)
{
	(void)port;
	all.is_open = false;
}

static const struct port_ops ops = {.open = on_open,
	.fd = on_fd_of,
	.read = on_read,
	.write = on_write,
	.close = on_close,
	.free = on_close};

static void
on_fd(void *ctx, int fd, bool want_write)
{
	(void)ctx;
	all.fd = fd;
	all.wants_write = want_write;
}

static void
on_state(void *ctx)
{
	(void)ctx;
}

static void
on_push(void *ctx, struct span text)
{
	(void)ctx;
	(void)text;
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	(void)ctx;
	all.results++;
	all.result = *result;
}

static void
on_sms(void *ctx, const struct modem_message *message)
{
	bool known = false;

	(void)ctx;
	assert_false(message->incomplete);
	(void)snprintf(all.last, sizeof all.last, "%.*s",
		(int)message->text_utf8.len, message->text_utf8.ptr);
	(void)snprintf(all.sender, sizeof all.sender, "%s", message->sender);
	for (size_t i = 0; i < all.sent; i++) {
		if (strcmp(all.texts[i], all.last) != 0)
			continue;
		all.told[i]++;
		known = true;
	}
	all.strange += known ? 0 : 1;
	if (rng_strikes(&all.chance, all.confirms))
		modem_sms_done(all.modem, message->handle);
}

static void
begin(const char *dialect)
{
	struct modem_hooks hooks = {.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sms = on_sms};
	struct modem_options options = {.name = "m1", .dialect = "auto"};

	memset(&all, 0, sizeof all);
	rng_init(&all.chance, 20261122, dialect);
	all.fd = -1;
	all.confirms = 1;
	all.port.ops = &ops;
	lab_init(&all.lab, dialect);
	lab_start(&all.lab);
	all.modem = modem_new(&options, &all.port, &hooks);
	assert_non_null(all.modem);
	modem_start(all.modem, all.lab.now_ms);
}

static void
end(void)
{
	modem_free(all.modem);
	lab_fini(&all.lab);
}

static bool
turn(void)
{
	int64_t now = all.lab.now_ms;
	bool readable;
	bool due = modem_wake_at(all.modem) <= now;

	device_tick(all.lab.device, now);
	if (all.is_open && !device_is_there(all.lab.device))
		all.hung_up = true;
	readable = all.fd != -1 &&
	           (all.hung_up || device_wake_at(all.lab.device) <= now);
	if (readable || (all.fd != -1 && all.wants_write))
		modem_on_ready(all.modem, now);
	else if (due)
		modem_tick(all.modem, now);
	modem_flush(all.modem, now);
	return readable || due;
}

/* Where nobody reads, what the device says is lost. */
static void
drain_unheard(void)
{
	char rubbish[512];

	while (!all.is_open && device_take(all.lab.device, all.lab.now_ms,
				       rubbish, sizeof rubbish) > 0)
		continue;
}

static void
run(int64_t ms)
{
	int64_t until = all.lab.now_ms + ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		bool did = turn();
		int64_t at = modem_wake_at(all.modem);
		int64_t other = device_wake_at(all.lab.device);

		drain_unheard();
		at = other < at ? other : at;
		if (did || at <= all.lab.now_ms) {
			if (at > all.lab.now_ms || did)
				continue;
			at = all.lab.now_ms + 1;
		}
		if (at > until) {
			all.lab.now_ms = until;
			return;
		}
		all.lab.now_ms = at;
	}
	fail_msg("kept busy");
}

static void
run_to_ready(void)
{
	for (int i = 0; i < 300; i++) {
		if (modem_info(all.modem)->state == MODEM_READY)
			return;
		run(1000);
	}
	fail_msg("not ready: %s", modem_info(all.modem)->why);
}

static int
used(void)
{
	return device_store_used(all.lab.device, "SM") +
	       device_store_used(all.lab.device, "ME");
}

/* The network sends a text of that many characters, its parts as said. */
static void
comes(const char *sender, size_t length, const char *parts)
{
	char *text = all.texts[all.sent];
	struct sms_message message = {.smsc = NETWORK_SMS_CENTRE,
		.sender = sender,
		.text = text,
		.stamp_ms = NOON + all.lab.now_ms,
		.message_class = SMS_NO_CLASS,
		.wide = all.sent % 2 == 1,
		.reference = (unsigned)all.sent};

	assert_true(all.sent < TEXTS_MAX && length < TEXT_MAX - 8);
	(void)snprintf(text, TEXT_MAX, "%zu ", all.sent);
	for (size_t i = strlen(text); i < length; i++)
		text[i] = (char)('a' + (i + all.sent) % 26);
	all.sent++;
	assert_int_equal(
		device_message(all.lab.device, all.lab.now_ms, &message, parts),
		0);
}

static void
expect_all_told(void)
{
	for (size_t i = 0; i < all.sent; i++)
		if (all.told[i] == 0)
			fail_msg("lost: %s", all.texts[i]);
	assert_int_equal(all.strange, 0);
	assert_int_equal(used(), 0);
}

static const char *const dialects[] = {
	"standard", "huawei", "quectel", "simcom"};

/* ---- coming ------------------------------------------------------------ */

static void
every_dialect_hands_over_and_deletes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 40 /* dialects, forms */; i++) {
		begin(dialects[i % 4]);
		device_options(all.lab.device)->mail.form =
			(enum mail_form)(i / 4 % 5);
		device_options(all.lab.device)->mail.first = (int)i % 2;
		device_options(all.lab.device)->cut = (int)i % 7;
		device_options(all.lab.device)->noise = i >= 20;
		comes("SimTel", 30, NULL); /* before anybody listens */
		comes("+358401234567", 400, "312");
		run_to_ready();
		run(10000);
		comes("121", 20, NULL);
		comes("SimTel", 600, "4132231");
		run(4 * MINUTE);
		expect_all_told();
		for (size_t k = 0; k < all.sent; k++)
			assert_int_equal(all.told[k], 1);
		assert_string_equal(
			modem_info(all.modem)->smsc, NETWORK_SMS_CENTRE);
		assert_int_equal(modem_info(all.modem)->restarts, 0);
		end();
	}
}

/* Much more than fits, into a store that says so, or does not. */
static void
small_store_is_emptied_all_the_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		begin(dialects[i % 4]);
		device_options(all.lab.device)->mail.sm_size = 3;
		device_options(all.lab.device)->mail.me_size = 3;
		device_options(all.lab.device)->mail.full_silent = i >= 4;
		for (int k = 0; k < 10; k++)
			comes("SimTel", 30, NULL);
		run_to_ready();
		for (int k = 0; k < 20; k++)
			comes("SimTel", 30, NULL);
		run(30 * MINUTE);
		expect_all_told();
		end();
	}
}

static void
store_full_of_garbage_is_emptied(void **state)
{
	(void)state;
	begin("standard");
	device_options(all.lab.device)->mail.sm_size = 5;
	for (int i = 0; i < 5; i++)
		assert_int_equal(device_stored(all.lab.device, "SM",
					 "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
			0);
	comes("SimTel", 30, NULL);
	run_to_ready();
	run(2 * MINUTE);
	expect_all_told();
	assert_int_equal(modem_info(all.modem)->garbage, 5);
	end();
}

/* Class 0, and a modem that another program told to pass all on. */
static void
direct_messages_are_taken(void **state)
{
	struct sms_message flash = {.smsc = "",
		.sender = "SimTel",
		.text = all.texts[0],
		.stamp_ms = NOON,
		.message_class = 0};

	(void)state;
	begin("standard");
	run_to_ready();
	run(10000);
	(void)snprintf(all.texts[0], TEXT_MAX, "flash");
	all.sent = 1;
	(void)device_message(all.lab.device, all.lab.now_ms, &flash, NULL);
	run(1000);
	expect_all_told();
	end();
}

/* Restarts, a port that goes away, a SIM that is busy, an owner that cannot
 * keep every message at once, requests all the time. */
static void
nothing_is_lost_whatever_happens(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct device_options *options;

		begin(dialects[i % 4]);
		options = device_options(all.lab.device);
		options->boot_ms = 3000;
		options->cut = i % 3 == 0 ? 5 : 0;
		options->noise = i % 2 == 1;
		options->mail.sm_size = 20;
		options->mail.full_silent = i % 5 == 0;
		all.confirms = 0.5;
		for (int k = 0; k < 60; k++) {
			static const char *const orders[] = {
				NULL, "321", "2132", "11233"};
			int64_t what = rng_between(&all.chance, 0, 9);

			if (what < 4)
				comes(what == 0 ? "121" : "SimTel", 40, NULL);
			else if (what < 6)
				comes("SimTel", 440,
					orders[rng_between(&all.chance, 0, 3)]);
			else if (what == 6)
				device_start(all.lab.device, all.lab.now_ms);
			else if (what == 7)
				device_vanish(
					all.lab.device, all.lab.now_ms, 5000);
			else
				(void)modem_ask(all.modem, span_str("*123#"),
					MODEM_ONCE, 60000, on_result, NULL);
			run(rng_between(&all.chance, 1, 20000));
		}
		all.confirms = 1;
		run(20 * MINUTE);
		expect_all_told();
		end();
	}
}

/* ---- going ------------------------------------------------------------- */

static int
redeem_by_sms(void)
{
	struct modem_sms what = {.number = span_str(NETWORK_SMS_TO),
		.text_utf8 = span_str("TOP " LAB_PIN)};

	return modem_send_sms(all.modem, &what, 60000, on_result, NULL);
}

static void
card_is_redeemed_and_its_verdict_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		begin(dialects[i % 4]);
		device_options(all.lab.device)->cut = i < 4 ? 0 : 3;
		device_options(all.lab.device)->noise = i >= 4;
		run_to_ready();
		run(10000);
		assert_int_equal(redeem_by_sms(), 0);
		run(MINUTE);
		assert_int_equal(all.results, 1);
		assert_int_equal(all.result.fate, MODEM_ANSWERED);
		assert_int_equal(
			network_card(all.lab.network, LAB_PIN)->executed, 1);
		assert_string_equal(all.last,
			"You have been credited with 100.00 XTS. "
			"Your balance is 150.00 XTS.");
		assert_string_equal(all.sender, NETWORK_SMS_SENDER);
		assert_int_equal(used(), 0);
		end();
	}
}

/* What is sure must be true, whatever goes wrong. */
static void
fate_is_true_for_every_fault(void **state)
{
	static const enum modem_fate fates[MAIL_FAULTS] = {
		[MAIL_PROMPT_LATE] = MODEM_ANSWERED,
		[MAIL_PROMPT_MISSING] = MODEM_NOT_SENT,
		[MAIL_PROMPT_URC] = MODEM_ANSWERED,
		[MAIL_PROMPT_ERROR] = MODEM_NOT_SENT,
		[MAIL_LOST] = MODEM_MAYBE_SENT,
		[MAIL_REFUSED] = MODEM_MAYBE_SENT,
		[MAIL_SILENT] = MODEM_MAYBE_SENT,
		[MAIL_ERROR] = MODEM_MAYBE_SENT,
		[MAIL_LATE] = MODEM_ANSWERED,
		[MAIL_REBOOT] = MODEM_MAYBE_SENT,
		[MAIL_CUSD] = MODEM_ANSWERED,
	};

	(void)state;
	for (size_t i = 0; i < (size_t)MAIL_FAULTS * 4; i++) {
		enum mail_fault fault = (enum mail_fault)(i / 4);
		const struct network_card *card;

		begin(dialects[i % 4]);
		run_to_ready();
		run(10000);
		device_mail_strike(all.lab.device, fault);
		assert_int_equal(redeem_by_sms(), 0);
		run(3 * MINUTE);
		assert_int_equal(all.results, 1);
		assert_int_equal(all.result.fate, fates[fault]);
		card = network_card(all.lab.network, LAB_PIN);
		if (all.result.fate == MODEM_NOT_SENT)
			assert_int_equal(card->executed, 0);
		if (all.result.fate == MODEM_ANSWERED)
			assert_int_equal(card->executed, 1);
		/* And it serves on, and sent nothing more. */
		run_to_ready();
		assert_int_equal(modem_ask(all.modem, span_str("*123#"),
					 MODEM_ONCE, 60000, on_result, NULL),
			0);
		run(2 * MINUTE);
		assert_int_equal(all.result.fate, MODEM_ANSWERED);
		assert_true(card->executed <= 1);
		end();
	}
}

/* Later than we wait: the escape is lost, and yet no command is a text. */
static void
prompt_after_we_gave_up_sends_nothing(void **state)
{
	(void)state;
	for (int64_t late = 9000; late < 30000; late += 250) {
		begin("standard");
		run_to_ready();
		run(10000);
		device_options(all.lab.device)->mail.prompt_ms = late;
		device_mail_strike(all.lab.device, MAIL_PROMPT_LATE);
		assert_int_equal(redeem_by_sms(), 0);
		run(5 * MINUTE);
		assert_int_equal(all.results, 1);
		assert_int_equal(
			network_card(all.lab.network, LAB_PIN)->executed,
			all.result.fate == MODEM_ANSWERED ? 1 : 0);
		assert_true(late <= 10000 || all.result.fate == MODEM_NOT_SENT);
		assert_int_equal(modem_info(all.modem)->state, MODEM_READY);
		/* It is left at once, not by setting all up anew. */
		if (late < 15000)
			assert_int_equal(modem_info(all.modem)->restarts, 0);
		end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_dialect_hands_over_and_deletes),
		cmocka_unit_test(small_store_is_emptied_all_the_time),
		cmocka_unit_test(store_full_of_garbage_is_emptied),
		cmocka_unit_test(direct_messages_are_taken),
		cmocka_unit_test(nothing_is_lost_whatever_happens),
		cmocka_unit_test(card_is_redeemed_and_its_verdict_comes),
		cmocka_unit_test(fate_is_true_for_every_fault),
		cmocka_unit_test(prompt_after_we_gave_up_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
