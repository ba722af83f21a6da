/*
 * The ladder against simulated modems that hang, in virtual time: what only
 * one rung cures is cured by that rung, whatever the hang looks like.
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

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

enum { FD = 77, TURNS_MAX = 2000000 };

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* The simulated modem behind a port, the driver, and the owner, who can
 * switch the power. */
static struct bench {
	struct port port; /* first */
	struct lab lab;
	struct modem *modem;
	bool is_open;
	bool powers;
	unsigned results;
	char rungs[4096]; /* all that began; "=radio " is a cure */
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
	(void)port;
	if (!device_is_there(b.lab.device))
		return -EIO;
	device_feed(b.lab.device, b.lab.now_ms, buf, len);
	return (ssize_t)len;
}

static void
close_port(struct port *port)
{
	(void)port;
	if (b.is_open)
		device_closed(b.lab.device, b.lab.now_ms);
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
}

static void
on_push(void *ctx, struct span text)
{
	(void)ctx;
	(void)text;
}

static void
on_rung(void *ctx, const struct modem_rung *rung)
{
	size_t used = strlen(b.rungs);

	(void)ctx;
	(void)snprintf(b.rungs + used, sizeof b.rungs - used, "%s%s ",
		rung->cured ? "=" : "", rung->name);
}

static void
on_power(void *ctx)
{
	(void)ctx;
	b.powers = true;
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	(void)ctx;
	(void)result;
	b.results++;
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
	modem_flush(b.modem, now);
	if (!b.powers)
		return;
	b.powers = false;
	device_power(b.lab.device, now, 5 * SECOND);
	modem_powered(b.modem, now);
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
	fail_msg("the loop is kept busy: %s", b.rungs);
}

static bool
is_ready(void)
{
	return modem_info(b.modem)->state == MODEM_READY;
}

static void
begin(const char *dialect, enum device_hang_kind kind, enum device_cure cure)
{
	struct modem_hooks hooks = {.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_rung = on_rung,
		.on_power = on_power};
	struct modem_options options = {.name = "b", .dialect = "auto"};

	memset(&b, 0, sizeof b);
	b.port.ops = &ops;
	lab_init(&b.lab, dialect);
	b.lab.now_ms = 1000;
	b.lab.options.register_ms = 2000;
	b.lab.options.hang_kind = kind;
	b.lab.options.cure = cure;
	lab_start(&b.lab);
	b.modem = modem_new(&options, &b.port, &hooks);
	assert_non_null(b.modem);
	modem_start(b.modem, b.lab.now_ms);
	run(20 * SECOND);
	assert_true(is_ready());
}

static void
end(void)
{
	modem_free(b.modem);
	lab_fini(&b.lab);
}

/* ---- hangs ------------------------------------------------------------- */

struct row {
	enum device_cure cure;
	const char *rung;
};

static const char *const dialects[] = {"standard", "quectel"};

static void
expect_cure(const struct row *row, const char *dialect, int kind)
{
	const char *cured = strchr(b.rungs, '=');

	if (cured == NULL ||
		strncmp(cured + 1, row->rung, strlen(row->rung)) != 0)
		fail_msg("%s, kind %d, not %s: %s", dialect, kind, row->rung,
			b.rungs);
}

static void
hang_is_cured_by_the_rung_that_cures_it(void **state)
{
	static const struct row rows[] = {
		{DEVICE_BY_ATZ, "reset "},
		{DEVICE_BY_REOPEN, "reopen "},
		{DEVICE_BY_RADIO, "radio "},
		{DEVICE_BY_CFUN, "reboot "},
		{DEVICE_BY_POWER, "power "},
	};
	static const enum device_hang_kind kinds[] = {
		DEVICE_HANG_SILENT, DEVICE_HANG_ECHO, DEVICE_HANG_ERROR};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(kinds) * COUNT(dialects);
		i++) {
		const struct row *row = &rows[i % COUNT(rows)];
		enum device_hang_kind kind =
			kinds[i / COUNT(rows) % COUNT(kinds)];
		const char *dialect = dialects[i / COUNT(rows) / COUNT(kinds)];

		begin(dialect, kind, row->cure);
		device_hang(b.lab.device, b.lab.now_ms, 0);
		for (int s = 0; s < 3600 && strchr(b.rungs, '=') == NULL; s++)
			run(SECOND);
		expect_cure(row, dialect, (int)kind);
		assert_true(is_ready());
		assert_int_equal(modem_info(b.modem)->restarts, 1);
		end();
	}
}

static void
hang_that_a_question_cures_costs_nothing_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		begin(dialects[i], DEVICE_HANG_SILENT, DEVICE_BY_ESC);
		device_hang(b.lab.device, b.lab.now_ms, 0);
		run(MINUTE);
		assert_string_equal(b.rungs, "ask =ask ");
		assert_true(is_ready());
		end();
	}
}

/* All is well but for its requests: the owner asks, and allows a rung. */
static void
modem_that_answers_no_request_is_cured_when_its_owner_allows(void **state)
{
	static const struct row rows[] = {
		{DEVICE_BY_RADIO, "radio "},
		{DEVICE_BY_CFUN, "reboot "},
		{DEVICE_BY_POWER, "power "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(dialects); i++) {
		const struct row *row = &rows[i % COUNT(rows)];
		const char *dialect = dialects[i / COUNT(rows)];

		begin(dialect, DEVICE_HANG_USSD, row->cure);
		device_hang(b.lab.device, b.lab.now_ms, 0);
		for (int s = 0; s < 7200 && strchr(b.rungs, '=') == NULL; s++) {
			if (is_ready() &&
				modem_recover(b.modem, b.lab.now_ms) != 0)
				(void)modem_ask(b.modem, span_str("*123#"),
					MODEM_SEARCH, 20000, on_result, NULL);
			run(SECOND);
		}
		expect_cure(row, dialect, DEVICE_HANG_USSD);
		assert_true(modem_info(b.modem)->restarts >= 1);
		end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hang_is_cured_by_the_rung_that_cures_it),
		cmocka_unit_test(hang_that_a_question_cures_costs_nothing_more),
		cmocka_unit_test(
			modem_that_answers_no_request_is_cured_when_its_owner_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
