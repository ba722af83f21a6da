/*
 * A modem with several ports: the driver finds the one that answers, is the
 * wanted modem's, and tells what nobody asked for.
 */
#include "modem/modem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/finder_list.h"
#include "tests/support/fakewire.h"

enum { PORTS = 4, TURNS_MAX = 200000, TIMEOUT_MS = 20000, FIRST_FD = 100 };

/* A finder over fakewires, with the real list. */
struct stand {
	struct port port; /* first */
	struct finder_list list;
	struct fakewire wires[PORTS];
	struct finder_entry *entry;
	struct fakewire *open;
	struct modem *modem;
	int64_t now_ms;
	int fd;
	unsigned results;
	enum modem_cause cause;
	unsigned spoke;
	char spoke_at[64], asked_imei[32];
	const char *remembered;
	unsigned states[MODEM_FAILED + 1];
};

static struct stand stand;

/* ---- the port ---------------------------------------------------------- */

static void
stand_close(struct port *port)
{
	(void)port;
	if (stand.open != NULL)
		stand.open->port.ops->close(&stand.open->port);
	stand.open = NULL;
	stand.entry = NULL;
}

static int
stand_open(struct port *port)
{
	struct finder_entry *e;

	stand_close(port);
	finder_list_begin(&stand.list);
	while ((e = finder_list_next(&stand.list)) != NULL) {
		struct fakewire *w = &stand.wires[e - stand.list.entries];

		w->now_ms = stand.now_ms;
		if (w->port.ops->open(&w->port) == 0) {
			stand.open = w;
			stand.entry = e;
			return 0;
		}
		finder_list_refuse(e);
	}
	return -ENODEV;
}

static int
stand_fd(const struct port *port)
{
	(void)port;
	return stand.open != NULL ? FIRST_FD : -1;
}

static ssize_t
stand_read(struct port *port, void *buf, size_t cap)
{
	(void)port;
	return stand.open->port.ops->read(&stand.open->port, buf, cap);
}

static ssize_t
stand_write(struct port *port, const void *buf, size_t len)
{
	(void)port;
	return stand.open->port.ops->write(&stand.open->port, buf, len);
}

static bool
stand_judge(struct port *port, enum port_verdict verdict)
{
	(void)port;
	return stand.entry != NULL &&
	       finder_list_judge(&stand.list, stand.entry, verdict);
}

static bool
stand_prefer(struct port *port, const char *place)
{
	(void)port;
	return finder_list_prefer(&stand.list, stand.entry, place);
}

static void
stand_tell(const struct port *port, struct port_spot *spot, const char **why)
{
	(void)port;
	if (why != NULL)
		*why = "no modem here has that IMEI";
	if (spot != NULL && stand.entry != NULL)
		snprintf(spot->place, sizeof spot->place, "%s",
			stand.entry->tty.place);
	if (spot != NULL && stand.entry != NULL)
		spot->is_ours = !stand.list.any_device || stand.entry->ours;
}

static const struct port_ops ops = {.open = stand_open,
	.fd = stand_fd,
	.read = stand_read,
	.write = stand_write,
	.close = stand_close,
	.free = stand_close,
	.judge = stand_judge,
	.prefer = stand_prefer,
	.tell = stand_tell};

/* ---- the owner --------------------------------------------------------- */

static void
on_fd(void *ctx, int fd, bool want_write)
{
	(void)ctx;
	(void)want_write;
	stand.fd = fd;
}

static void
on_state(void *ctx)
{
	(void)ctx;
	stand.states[modem_info(stand.modem)->state]++;
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
	stand.results++;
	stand.cause = result->cause;
}

static const char *
on_imei(void *ctx, const char *imei)
{
	(void)ctx;
	snprintf(stand.asked_imei, sizeof stand.asked_imei, "%s", imei);
	return stand.remembered;
}

static void
on_spoke(void *ctx)
{
	(void)ctx;
	stand.spoke++;
	snprintf(stand.spoke_at, sizeof stand.spoke_at, "%s",
		modem_info(stand.modem)->place);
}

/* ---- the wires --------------------------------------------------------- */

static void
rule(unsigned port, const char *when, const char *say)
{
	fakewire_rule(&stand.wires[port],
		(struct fakewire_rule){
			.when = when, .say = say, .after_ms = 5});
}

/* Takes commands; what the network says comes elsewhere. */
static void
let_answer(unsigned port, const char *imei_line)
{
	rule(port, "AT", "\r\nOK\r\n");
	rule(port, "\x1b", NULL);
	rule(port, "AT+CGMI", "\r\nAcme\r\n\r\nOK\r\n");
	rule(port, "AT+CGMM", "\r\nM1\r\n\r\nOK\r\n");
	rule(port, "AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	rule(port, "AT+CGSN", imei_line);
	rule(port, "AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
	rule(port, "AT+CCID", "\r\n+CCID: 8900000000000000011\r\n\r\nOK\r\n");
	rule(port, "AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	rule(port, "AT+CSQ", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	rule(port, "AT+COPS?", "\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n");
	rule(port, "AT+CUSD=2", "\r\nERROR\r\n");
	rule(port, "AT+CUSD=1,", "\r\nOK\r\n");
}

static const char ours[] = "\r\n350000000000011\r\n\r\nOK\r\n";
static const char others[] = "\r\n350000000000022\r\n\r\nOK\r\n";

/* And it is where texts of the network come. */
static void
let_speak(unsigned port)
{
	fakewire_rule(&stand.wires[port],
		(struct fakewire_rule){.when = "AT+CUSD=1,",
			.say = "\r\nOK\r\n",
			.after_ms = 5,
			.then = "\r\n+CUSD: 0,\"Your balance is 1\",15\r\n",
			.then_after_ms = 500});
}

/* So many ports at 1-1, with numbers from 0 on; none of them answers. */
static void
begin(unsigned ports, const char *imei)
{
	struct modem_hooks hooks = {.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_imei = on_imei,
		.on_spoke = on_spoke};
	struct modem_options options = {
		.name = "m", .dialect = "auto", .imei = imei};
	struct usb_tty ttys[PORTS];

	memset(&stand, 0, sizeof stand);
	stand.port.ops = &ops;
	stand.now_ms = 1000;
	stand.fd = -1;
	stand.remembered = "";
	for (unsigned i = 0; i < ports; i++) {
		ttys[i] = (struct usb_tty){.number = i, .generation = i};
		snprintf(ttys[i].name, USB_NAME_MAX, "ttyUSB%u", i);
		snprintf(ttys[i].device, USB_DEVICE_MAX, "1-1");
		snprintf(ttys[i].place, USB_PLACE_MAX, "1-1:1.%u", i);
		fakewire_init(&stand.wires[i]);
	}
	finder_list_take(&stand.list, ttys, ports);
	stand.list.any_device = imei != NULL;
	stand.modem = modem_new(&options, &stand.port, &hooks);
	modem_start(stand.modem, stand.now_ms);
}

static void
end(void)
{
	modem_free(stand.modem);
}

static int64_t
next_ms(void)
{
	int64_t wake = modem_wake_at(stand.modem);
	int64_t bytes = stand.fd != -1 && stand.open != NULL
	                        ? fakewire_next_ms(stand.open)
	                        : INT64_MAX;

	return wake < bytes ? wake : bytes;
}

static void
turn(void)
{
	if (stand.open != NULL)
		stand.open->now_ms = stand.now_ms;
	if (stand.open != NULL && fakewire_next_ms(stand.open) <= stand.now_ms)
		modem_on_ready(stand.modem, stand.now_ms);
	else if (modem_wake_at(stand.modem) <= stand.now_ms)
		modem_tick(stand.modem, stand.now_ms);
	modem_flush(stand.modem, stand.now_ms);
}

static void
run(int64_t ms)
{
	int64_t until_ms = stand.now_ms + ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		turn();
		if (next_ms() <= stand.now_ms)
			continue;
		if (next_ms() > until_ms) {
			stand.now_ms = until_ms;
			return;
		}
		stand.now_ms = next_ms();
	}
	fail_msg("the modem keeps the loop busy");
}

static void
assert_ready_at(const char *place)
{
	assert_int_equal(modem_info(stand.modem)->state, MODEM_READY);
	assert_string_equal(modem_info(stand.modem)->place, place);
}

static void
ask(void)
{
	assert_int_equal(modem_ask(stand.modem, span_str("*123#"), MODEM_SEARCH,
				 TIMEOUT_MS, on_result, NULL),
		0);
	run(TIMEOUT_MS + 15000);
}

/* ---- the tests --------------------------------------------------------- */

static void
ports_that_answer_nothing_are_passed_over_at_once(void **state)
{
	(void)state;
	begin(3, NULL);
	let_answer(2, ours);
	run(15000);
	assert_ready_at("1-1:1.2");
	/* One search is one start: nobody is told of a modem that went. */
	assert_int_equal(stand.states[MODEM_ABSENT], 0);
	assert_int_equal(stand.states[MODEM_RESTING], 0);
	assert_int_equal(stand.states[MODEM_STARTING], 1);
	assert_int_equal(modem_info(stand.modem)->restarts, 0);
	end();
}

static void
modem_none_of_whose_ports_answers_rests_and_is_tried_again(void **state)
{
	(void)state;
	begin(3, NULL);
	run(12000);
	assert_int_not_equal(modem_info(stand.modem)->state, MODEM_READY);
	let_answer(0, ours); /* it has booted */
	run(60000);
	assert_ready_at("1-1:1.0");
	end();
}

static void
port_that_takes_no_bytes_is_passed_over(void **state)
{
	(void)state;
	begin(2, NULL);
	stand.wires[0].take_max = 0;
	let_answer(1, ours);
	run(30000);
	assert_ready_at("1-1:1.1");
	end();
}

static void
stranger_is_only_asked_who_it_is(void **state)
{
	const char *said = stand.wires[0].written;

	(void)state;
	begin(1, "350000000000011");
	let_answer(0, others);
	run(60000);
	assert_int_equal(modem_info(stand.modem)->state, MODEM_ABSENT);
	assert_non_null(strstr(modem_info(stand.modem)->why, "IMEI"));
	assert_string_equal(modem_info(stand.modem)->imei, "");
	assert_string_equal(said, "AT\rAT+CGSN\r");
	end();
}

/* The ladder of remedies is for the wanted modem alone. */
static void
silent_port_that_may_be_anothers_gets_no_remedy(void **state)
{
	const char *said = stand.wires[0].written;

	(void)state;
	begin(2, "350000000000011");
	run(30 * 60000);
	assert_int_equal(modem_info(stand.modem)->state, MODEM_ABSENT);
	/* ESC only where AT was in vain: it may wait at a prompt. */
	assert_int_equal(strncmp(said, "AT\r\x1b\rAT\rAT\r", 11), 0);
	assert_null(strstr(said, "ATZ"));
	assert_null(strstr(said, "AT+"));
	assert_null(strstr(stand.wires[1].written, "AT+"));
	/* And is found once it is awake. */
	let_answer(1, ours);
	run(30 * 60000);
	assert_ready_at("1-1:1.1");
	end();
}

static void
modem_is_known_by_fourteen_digits_of_its_imei(void **state)
{
	static const struct {
		const char *says;
		bool ours;
	} rows[] = {
		{"\r\n350000000000011\r\n\r\nOK\r\n", true},
		{"\r\n350000000000010\r\n\r\nOK\r\n", true},   /* spare digit */
		{"\r\n3500000000000277\r\n\r\nOK\r\n", false}, /* IMEISV */
		{"\r\n3500000000000177\r\n\r\nOK\r\n", true},  /* IMEISV */
		{"\r\n350000000000111\r\n\r\nOK\r\n", false},
		{"\r\nERROR\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(1, "350000000000017");
		let_answer(0, rows[i].says);
		run(20000);
		assert_int_equal(modem_info(stand.modem)->state,
			rows[i].ours ? MODEM_READY : MODEM_ABSENT);
		end();
	}
}

static void
modem_that_does_not_yet_tell_its_imei_is_asked_again(void **state)
{
	(void)state;
	begin(1, "350000000000011");
	let_answer(0, "\r\n+CME ERROR: 14\r\n");
	run(9000);
	assert_int_equal(modem_info(stand.modem)->state, MODEM_ABSENT);
	rule(0, "AT+CGSN", ours);
	run(30000);
	assert_ready_at("1-1:1.0");
	end();
}

static void
answer_that_never_comes_leads_to_the_next_port_before_the_next(void **state)
{
	(void)state;
	begin(3, NULL);
	let_answer(0, ours);
	let_answer(1, ours);
	let_speak(1);
	run(15000);
	assert_ready_at("1-1:1.0");
	assert_true(modem_info(stand.modem)->port_doubtful);
	ask();
	assert_int_equal(stand.cause, MODEM_NO_ANSWER);
	assert_ready_at("1-1:1.1");
	assert_true(modem_info(stand.modem)->port_doubtful);
	assert_int_equal(modem_info(stand.modem)->restarts, 1);
	/* The code went out once on the port that was left. */
	assert_int_equal(fakewire_count(&stand.wires[0], "AT+CUSD=1,"), 1);
	ask();
	assert_int_equal(stand.cause, MODEM_TEXT);
	assert_false(modem_info(stand.modem)->port_doubtful);
	assert_int_equal(stand.spoke, 1);
	assert_string_equal(stand.spoke_at, "1-1:1.1");
	end();
}

static void
proven_port_is_not_left_for_one_answer_that_was_lost(void **state)
{
	(void)state;
	begin(2, NULL);
	let_answer(0, ours);
	let_answer(1, ours);
	let_speak(0);
	run(15000);
	ask();
	assert_int_equal(stand.cause, MODEM_TEXT);
	rule(0, "AT+CUSD=1,", "\r\nOK\r\n"); /* and then nothing */
	ask();
	assert_int_equal(stand.cause, MODEM_NO_ANSWER);
	assert_ready_at("1-1:1.0");
	assert_int_equal(modem_info(stand.modem)->restarts, 0);
	end();
}

static void
what_the_network_makes_it_say_proves_a_port(void **state)
{
	static const struct {
		const char *line;
		bool proves;
	} rows[] = {
		{"\r\n+CMTI: \"SM\",3\r\n", true},
		{"\r\n+CUSD: 0,\"Hello\",15\r\n", true},
		{"\r\nRING\r\n", true},
		{"\r\n+CREG: 1\r\n", false},
		{"\r\n^RSSI:12\r\n", false},
		{"\r\n$GPGGA,1,2\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(2, NULL);
		let_answer(0, ours);
		run(15000);
		fakewire_say(&stand.wires[0], rows[i].line, 0);
		run(1000);
		assert_int_equal(stand.spoke, rows[i].proves);
		assert_int_equal(modem_info(stand.modem)->port_doubtful,
			!rows[i].proves);
		end();
	}
}

static void
port_that_spoke_before_is_taken_for_right(void **state)
{
	(void)state;
	begin(3, NULL);
	for (unsigned i = 0; i < 3; i++)
		let_answer(i, ours);
	stand.remembered = "4-2:1.1"; /* plugged in elsewhere then */
	run(15000);
	assert_string_equal(stand.asked_imei, "350000000000011");
	assert_ready_at("1-1:1.1");
	assert_int_equal(stand.states[MODEM_ABSENT], 0);
	end();
	begin(3, NULL);
	for (unsigned i = 0; i < 3; i++)
		let_answer(i, ours);
	stand.remembered = "1-1:1.2";
	run(15000);
	assert_ready_at("1-1:1.2");
	assert_false(modem_info(stand.modem)->port_doubtful);
	end();
}

static void
remembered_port_that_is_mute_now_is_left_all_the_same(void **state)
{
	(void)state;
	begin(2, NULL);
	let_answer(0, ours);
	let_answer(1, ours);
	let_speak(0);
	stand.remembered = "1-1:1.1";
	run(15000);
	assert_ready_at("1-1:1.1");
	ask();
	assert_int_equal(stand.cause, MODEM_NO_ANSWER);
	assert_ready_at("1-1:1.0");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			ports_that_answer_nothing_are_passed_over_at_once),
		cmocka_unit_test(
			modem_none_of_whose_ports_answers_rests_and_is_tried_again),
		cmocka_unit_test(port_that_takes_no_bytes_is_passed_over),
		cmocka_unit_test(stranger_is_only_asked_who_it_is),
		cmocka_unit_test(
			silent_port_that_may_be_anothers_gets_no_remedy),
		cmocka_unit_test(modem_is_known_by_fourteen_digits_of_its_imei),
		cmocka_unit_test(
			modem_that_does_not_yet_tell_its_imei_is_asked_again),
		cmocka_unit_test(
			answer_that_never_comes_leads_to_the_next_port_before_the_next),
		cmocka_unit_test(
			proven_port_is_not_left_for_one_answer_that_was_lost),
		cmocka_unit_test(what_the_network_makes_it_say_proves_a_port),
		cmocka_unit_test(port_that_spoke_before_is_taken_for_right),
		cmocka_unit_test(
			remembered_port_that_is_mute_now_is_left_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
