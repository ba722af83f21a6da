/*
 * The driver before each family of the simulator, whose tables were written
 * from recordings and manuals without a look at the driver's: it is told for
 * what it is, set up, and its first request is in a coding that it takes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem.h"
#include "modem/port.h"
#include "tests/sim/lab.h"

enum { MINUTE_MS = 60000, FD = 5 };

/* A modem, and the one port between the two. */
struct bench {
	struct port port;
	struct lab lab;
	struct modem *modem;
	bool is_open;
	unsigned results;
	struct modem_result result;
	char text[2048];
};

static struct bench bench;

/* ---- the port ---------------------------------------------------------- */

static int
wire_open(struct port *port)
{
	(void)port;
	if (!device_is_there(bench.lab.device))
		return -ENOENT;
	bench.is_open = true;
	return 0;
}

static int
wire_fd(const struct port *port)
{
	(void)port;
	return bench.is_open ? FD : -1;
}

static ssize_t
wire_read(struct port *port, void *buf, size_t cap)
{
	(void)port;
	if (!device_is_there(bench.lab.device))
		return -EIO;
	return (ssize_t)device_take(
		bench.lab.device, bench.lab.now_ms, buf, cap);
}

static ssize_t
wire_write(struct port *port, const void *buf, size_t len)
{
	(void)port;
	if (!device_is_there(bench.lab.device))
		return -EIO;
	device_feed(bench.lab.device, bench.lab.now_ms, buf, len);
	return (ssize_t)len;
}

static void
wire_close(struct port *port)
{
	(void)port;
	if (bench.is_open)
		device_closed(bench.lab.device, bench.lab.now_ms);
	bench.is_open = false;
}

static const struct port_ops ops = {.open = wire_open,
	.fd = wire_fd,
	.read = wire_read,
	.write = wire_write,
	.close = wire_close,
	.free = wire_close};

/* ---- the bench --------------------------------------------------------- */

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
	bench.results++;
	bench.result = *result;
	(void)span_copy(bench.text, sizeof bench.text, result->text);
}

/* With other options than the family's, if wanted. */
static void
set_up(const char *family, void (*change)(struct device_options *))
{
	static const struct modem_hooks hooks = {
		.on_fd = on_fd, .on_state = on_state, .on_push = on_push};
	static const struct modem_options options = {
		.name = "bench", .dialect = "auto"};

	memset(&bench, 0, sizeof bench);
	bench.port.ops = &ops;
	lab_init(&bench.lab, family);
	if (change != NULL)
		change(&bench.lab.options);
	bench.lab.device = device_new(&bench.lab.options, bench.lab.network,
		(struct sim_hook){NULL, NULL}, LAB_SEED);
	assert_non_null(bench.lab.device);
	device_start(bench.lab.device, 0);
	bench.modem = modem_new(&options, &bench.port, &hooks);
	assert_non_null(bench.modem);
	modem_start(bench.modem, 0);
}

static void
tear_down(void)
{
	modem_free(bench.modem);
	lab_fini(&bench.lab);
}

static void
turn(int64_t now_ms)
{
	bench.lab.now_ms = now_ms;
	device_tick(bench.lab.device, now_ms);
	if (bench.is_open)
		modem_on_ready(bench.modem, now_ms);
	modem_tick(bench.modem, now_ms);
	modem_flush(bench.modem, now_ms);
}

/* Until done says so, for at most so long. */
static bool
run(bool (*done)(void), int64_t ms)
{
	int64_t end = bench.lab.now_ms + ms;

	while (!done() && bench.lab.now_ms < end) {
		int64_t next = device_wake_at(bench.lab.device);
		int64_t mine = modem_wake_at(bench.modem);

		next = next < mine ? next : mine;
		next = next > bench.lab.now_ms ? next : bench.lab.now_ms + 1;
		turn(next < end ? next : end);
	}
	return done();
}

static bool
is_ready(void)
{
	return modem_info(bench.modem)->state == MODEM_READY;
}

static bool
has_result(void)
{
	return bench.results > 0;
}

/* ---- the families ------------------------------------------------------ */

static const struct {
	const char *family;
	const char *dialect;
	bool counts; /* the tries for a SIM PIN are told */
} families[] = {
	{"standard", "standard", true},
	{"huawei", "huawei", true},
	{"me909", "huawei-module", true},
	{"zte", "zte", true},
	{"icera", "icera", true},
	{"qualcomm", "qualcomm", false},
	{"sierra", "sierra", true},
	{"ericsson", "ericsson", true},
	{"sonyericsson", "sonyericsson", false},
	{"nokia", "nokia", false},
	{"alcatel", "alcatel", true},
	{"option", "option", true},
	{"quectel", "quectel", true},
	{"quectel2g", "quectel-2g", true},
	{"simcom", "simcom", true},
	{"sim7600", "simcom-lte", true},
	{"a7670", "simcom-lte", true},
	{"ublox", "ublox", true},
	{"gm862", "telit", true},
	{"telit", "telit", true},
	{"cinterion", "cinterion", true},
	{"a9g", "mediatek", false},
	{"fibocom", "mediatek", true},
	{"wavecom", "wavecom", true},
	{"motorola", "motorola", false},
};

enum { FAMILIES = sizeof families / sizeof *families };

static void
ask_once(const char *family, const char *code, const char *word)
{
	bench.results = 0;
	if (!run(is_ready, 3 * MINUTE_MS))
		fail_msg("%s: %s", family, modem_info(bench.modem)->why);
	assert_int_equal(modem_ask(bench.modem, span_str(code), MODEM_ONCE,
				 MINUTE_MS, on_result, NULL),
		0);
	modem_flush(bench.modem, bench.lab.now_ms);
	assert_true(run(has_result, 2 * MINUTE_MS));
	if (bench.result.cause != MODEM_TEXT ||
		strstr(bench.text, word) == NULL)
		fail_msg("%s: cause %d, code %d, %s", family,
			(int)bench.result.cause, bench.result.code, bench.text);
}

/* One credit for one card, whatever the family does. */
static void
ask_all(const char *family)
{
	ask_once(family, "*123#", "50.00");
	ask_once(family, LAB_CODE, "150.00");
	assert_int_equal(network_card(bench.lab.network, LAB_PIN)->executed, 1);
	assert_int_equal(modem_info(bench.modem)->restarts, 0);
}

static void
each_family_is_told_set_up_and_asked_at_the_first_try(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAMILIES; i++) {
		const char *family = families[i].family;
		const struct modem_info *info;

		set_up(family, NULL);
		info = modem_info(bench.modem);
		if (!run(is_ready, 3 * MINUTE_MS))
			fail_msg("%s: %s", family, info->why);
		if (strcmp(info->dialect, families[i].dialect) != 0)
			fail_msg("%s is %s", family, info->dialect);
		assert_string_equal(info->imei, "350000000000011");
		assert_string_equal(info->imsi, LAB_IMSI);
		if (strcmp(info->iccid, "8900000000000000011") != 0)
			fail_msg("%s: ICCID %s", family, info->iccid);
		ask_all(family);
		tear_down();
	}
}

static void
lock(struct device_options *options)
{
	(void)snprintf(
		options->pin_state, sizeof options->pin_state, "SIM PIN");
	options->sim_pin_tries = 2;
}

static bool
has_failed(void)
{
	return modem_info(bench.modem)->state == MODEM_FAILED;
}

static void
each_family_tells_the_tries_of_its_pin(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAMILIES; i++) {
		set_up(families[i].family, lock);
		assert_true(run(has_failed, 3 * MINUTE_MS));
		if (modem_info(bench.modem)->pin_tries !=
			(families[i].counts ? 2 : -1))
			fail_msg("%s: %d tries", families[i].family,
				modem_info(bench.modem)->pin_tries);
		tear_down();
	}
}

/* What a bad line does: lines that nobody asked for anywhere, an echo that
 * cannot be switched off at once, reads of a few bytes. */
static void
spoil(struct device_options *options)
{
	options->noise = true;
	options->cut = 3;
	options->echo = true;
	options->ate0_refused = 1;
}

static void
each_family_is_asked_once_over_a_line_full_of_noise(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAMILIES; i++) {
		set_up(families[i].family, spoil);
		ask_all(families[i].family);
		tear_down();
	}
}

/* Whether a text came that tells the money; tried until one does. */
static bool
is_told(const char *family, enum modem_try how, const char *code)
{
	bench.results = 0;
	if (!run(is_ready, 10 * MINUTE_MS))
		fail_msg("%s: %s", family, modem_info(bench.modem)->why);
	assert_int_equal(modem_ask(bench.modem, span_str(code), how, MINUTE_MS,
				 on_result, NULL),
		0);
	modem_flush(bench.modem, bench.lab.now_ms);
	assert_true(run(has_result, 5 * MINUTE_MS));
	return bench.result.cause == MODEM_TEXT &&
	       strstr(bench.text, "50.00") != NULL;
}

static void
cut_lines(struct device_options *options)
{
	spoil(options);
	options->noise_cuts = 5;
}

/* An OK in two pieces is none, and a name in two pieces no name: what cannot
 * be read costs time, and a second try where one is allowed; never a card. */
static void
each_family_finds_its_coding_though_noise_cuts_its_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAMILIES; i++) {
		const char *family = families[i].family;
		unsigned tries = 1;

		set_up(family, cut_lines);
		while (!is_told(family, MODEM_SEARCH, "*123#"))
			assert_true(++tries < 6);
		assert_true(modem_info(bench.modem)->coding_known);
		while (!is_told(family, MODEM_ONCE, LAB_CODE) &&
			bench.result.fate == MODEM_NOT_SENT)
			assert_true(++tries < 6);
		if (bench.result.cause != MODEM_TEXT)
			fail_msg("%s: cause %d, code %d", family,
				(int)bench.result.cause, bench.result.code);
		assert_int_equal(
			network_card(bench.lab.network, LAB_PIN)->executed, 1);
		tear_down();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_family_is_told_set_up_and_asked_at_the_first_try),
		cmocka_unit_test(each_family_tells_the_tries_of_its_pin),
		cmocka_unit_test(
			each_family_is_asked_once_over_a_line_full_of_noise),
		cmocka_unit_test(
			each_family_finds_its_coding_though_noise_cuts_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
