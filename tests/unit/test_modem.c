/*
 * Requests as their owner sees them, on a scripted wire in virtual time:
 * whatever the modem says and however the wire cuts it, one result comes,
 * a code goes out at most once, and no trace shows it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/support/rig.h"

#define PIN     "55501234123456"
#define CODE    "*121*" PIN "#"
#define DIALLED "AT+CUSD=1,\"" CODE "\",15\r"

static struct rig rig;

static enum modem_state
state_now(void)
{
	return modem_info(rig.modem)->state;
}

static void
assert_no_pin_left(void)
{
	assert_false(rig_holds(&rig, PIN));
	assert_false(rig_holds_code(&rig, CODE));
}

/* ---- what the modem says, and what becomes of it ----------------------- */

struct row {
	const char *name;
	const char *say;  /* soon after the command */
	const char *then; /* three seconds later, or NULL */
	enum modem_cause cause;
	enum modem_fate fate;
	int code;
	const char *text;
	const char *push; /* texts that are not the answer */
	bool open;
};

static const struct row rows[] = {
	{"after OK", "\r\nOK\r\n", "\r\n+CUSD: 0,\"Done 5\",15\r\n", MODEM_TEXT,
		MODEM_ANSWERED, -1, "Done 5", "", false},
	{"before OK", "\r\n+CUSD: 0,\"Done 5\",15\r\n\r\nOK\r\n", NULL,
		MODEM_TEXT, MODEM_ANSWERED, -1, "Done 5", "", false},
	{"blocked port", NULL, "\r\n+CUSD: 0,\"Done 5\",15\r\n\r\nOK\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "Done 5", "", false},
	{"lines and blank lines", "\r\nOK\r\n",
		"\r\n+CUSD: 2,\"One\r\n\r\nOK\r\nERROR\r\nTwo\",15\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "One\r\n\r\nOK\r\nERROR\r\nTwo",
		"", false},
	{"quoted words", "\r\nOK\r\n",
		"\r\n+CUSD: 0,\"Take \"Max\" now\",15\r\n", MODEM_TEXT,
		MODEM_ANSWERED, -1, "Take \"Max\" now", "", false},
	{"no scheme", "\r\nOK\r\n", "\r\n+CUSD: 2,\"Done 5\"\r\n", MODEM_TEXT,
		MODEM_ANSWERED, -1, "Done 5", "", false},
	{"no closing quote", "\r\nOK\r\n", "\r\n+CUSD: 2,\"Done 5\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "Done 5", "", false},
	{"UCS-2 under 72", "\r\nOK\r\n",
		"\r\n+CUSD: 0,\"003200300030002E0030003000200440002E\",72\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "200.00 \xd1\x80.", "", false},
	{"packed hex", "\r\nOK\r\n",
		"\r\n+CUSD: 0,\"CF2135487D2E4130572D0682BB1A\",0\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "OCTATOK 0.51 p.", "", false},
	{"glued to OK", "\r\nOK+CUSD: 2,\"Done 5\",15\r\n", NULL, MODEM_TEXT,
		MODEM_ANSWERED, -1, "Done 5", "", false},
	{"two glued", "\r\nOK\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n+CUSD: 0,\"Bonus\",15\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "Done 5", "Bonus|", false},
	{"stale end first", "\r\nOK\r\n\r\n+CUSD: 2\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n", MODEM_TEXT, MODEM_ANSWERED,
		-1, "Done 5", "", false},
	{"notice first", "\r\nOK\r\n\r\n+CUSD: 2,\"Initiating Release\",15\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n", MODEM_TEXT, MODEM_ANSWERED,
		-1, "Done 5", "", false},
	{"other client first",
		"\r\nOK\r\n\r\n"
		"+CUSD: 3,\"Other local client responded\",15\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n", MODEM_TEXT, MODEM_ANSWERED,
		-1, "Done 5", "", false},
	{"menu", "\r\nOK\r\n", "\r\n+CUSD: 1,\"1. Yes\r\n2. No\",15\r\n",
		MODEM_TEXT, MODEM_ANSWERED, -1, "1. Yes\r\n2. No", "", true},
	{"dropped", "\r\nOK\r\n\r\n+CUSD: 2\r\n", NULL, MODEM_DROPPED,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"not supported", "\r\nOK\r\n", "\r\n+CUSD: 4\r\n", MODEM_NETWORK,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"time-out, echoing the request", "\r\nOK\r\n",
		"\r\n+CUSD: 5,\"*121*" PIN "\x02\",15\r\n", MODEM_NETWORK,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"odd mode", "\r\nOK\r\n", "\r\n+CUSD: 6, \"...\"\r\n", MODEM_NETWORK,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"lone error", "\r\nOK\r\n", "\r\n+CME ERROR: 100\r\n", MODEM_ERROR,
		MODEM_MAYBE_SENT, 100, "", "", false},
	{"lone error, in words", "\r\nOK\r\n",
		"\r\n+CME ERROR: retry operation\r\n", MODEM_ERROR,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"no network, at once", "\r\n+CME ERROR: 30\r\n", NULL, MODEM_REFUSED,
		MODEM_NOT_SENT, 30, "", "", false},
	{"no network, after a wait", NULL, "\r\n+CME ERROR: 30\r\n",
		MODEM_ERROR, MODEM_MAYBE_SENT, 30, "", "", false},
	{"unsure error at once", "\r\nERROR\r\n", NULL, MODEM_ERROR,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"not supported by the modem", "\r\nCOMMAND NOT SUPPORT\r\n", NULL,
		MODEM_ERROR, MODEM_MAYBE_SENT, -1, "", "", false},
	{"glued error", "\r\n+CME ERROR: 100+CNUM: \"\",\"+33\",145\r\n", NULL,
		MODEM_ERROR, MODEM_MAYBE_SENT, 100, "", "", false},
	{"silence after OK", "\r\nOK\r\n", NULL, MODEM_NO_ANSWER,
		MODEM_MAYBE_SENT, -1, "", "", false},
	{"silence", NULL, NULL, MODEM_NO_ANSWER, MODEM_MAYBE_SENT, -1, "", "",
		false},
	{"call noise", "\r\nNO CARRIER\r\n\r\nOK\r\n",
		"\r\nRING\r\n\r\n+CUSD: 0,\"Done 5\",15\r\n", MODEM_TEXT,
		MODEM_ANSWERED, -1, "Done 5", "", false},
};

struct wiring {
	size_t cut;
	const char *noise;
	bool echo;
	size_t take_max;
};

static void
set_dialling_rule(const struct row *row)
{
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = row->say,
					 .after_ms = 10,
					 .then = row->then,
					 .then_after_ms = 2900});
}

static void
assert_result(const struct row *row)
{
	const struct modem_result *r = &rig.result;

	if (rig.results != 1 || r->cause != row->cause ||
		r->fate != row->fate || strcmp(rig.text, row->text) != 0 ||
		strcmp(rig.push, row->push) != 0)
		fail_msg("%s: %u results, cause %d fate %d text '%s' push "
			 "'%s'\n%s",
			row->name, rig.results, r->cause, r->fate, rig.text,
			rig.push, rig.trace);
	assert_int_equal(r->code, row->code);
	assert_int_equal(r->open, row->open);
}

static void
play(const struct row *row, const struct wiring *wiring)
{
	rig_init_ready(&rig, "standard");
	rig.wire.cut = wiring->cut;
	rig.wire.noise = wiring->noise;
	rig.wire.echo = wiring->echo;
	rig.wire.take_max = wiring->take_max;
	set_dialling_rule(row);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	assert_int_equal(state_now(), MODEM_BUSY);
	rig_run(&rig, 70000);
	assert_result(row);
	assert_int_equal(fakewire_count(&rig.wire, DIALLED), 1);
	assert_non_null(strstr(rig.trace, "AT+CUSD=1,\"<redacted>\",15"));
	assert_int_equal(state_now(), row->open ? MODEM_BUSY : MODEM_READY);
	assert_int_equal(modem_info(rig.modem)->restarts, 0);
	assert_no_pin_left();
	rig_fini(&rig);
}

static void
each_reply_has_one_result_however_the_wire_cuts_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t cut = 0; cut <= 8; cut++)
			play(&rows[i], &(struct wiring){cut, NULL, cut % 2 == 1,
					       cut == 0 ? SIZE_MAX : cut});
}

static void
noise_between_any_two_lines_changes_nothing(void **state)
{
	static const char *const noises[] = {"\r\n^RSSI:7\r\n",
		"\r\n^BOOT:20952548,0,0,0,72\r\n", "\r\n+CREG: 1\r\n",
		"\r\n+CMTI: \"SM\",1\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t k = 0; k < sizeof noises / sizeof *noises; k++)
			for (size_t cut = 0; cut <= 5; cut++) {
				play(&rows[i], &(struct wiring){cut, noises[k],
						       false, SIZE_MAX});
			}
}

/* ---- before the flush -------------------------------------------------- */

static void
nothing_is_written_before_the_flush(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.hold = true;
	rig_forget_written(&rig);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 20000);
	assert_string_equal(rig.wire.written, "");
	assert_int_equal(rig.results, 0);
	modem_stop(rig.modem, rig.wire.now_ms);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_STOPPED);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_string_equal(rig.wire.written, "");
	assert_no_pin_left();
	rig_fini(&rig);
}

static void
deadline_runs_from_the_flush(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.hold = true;
	set_dialling_rule(&(struct row){.say = "\r\nOK\r\n"});
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 500000);
	rig.hold = false;
	rig_run(&rig, 59000);
	assert_int_equal(rig.results, 0);
	rig_run(&rig, 2000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
	rig_fini(&rig);
}

/* The text of the session before comes while the code waits for its
 * commit: whole, or with its end only after the flush. */
static void
text_that_began_before_the_flush_is_a_push(void **state)
{
	static const char late[] = "\r\n+CUSD: 0,\"Late 9\",15\r\n";

	(void)state;
	for (size_t before = 0; before <= sizeof late - 1; before++) {
		char first[sizeof late] = "";

		rig_init_ready(&rig, "standard");
		set_dialling_rule(&(struct row){.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"Done 5\",15\r\n"});
		rig.hold = true;
		memcpy(first, late, before);
		fakewire_say(&rig.wire, first, 0);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		/* The bytes lie in the port, unread, when the flush comes. */
		modem_flush(rig.modem, rig.wire.now_ms);
		rig.hold = false;
		fakewire_say(&rig.wire, late + before, 0);
		rig_run(&rig, 10000);
		assert_int_equal(rig.results, 1);
		/* "\r\n" alone is no beginning: then nobody can tell. */
		assert_string_equal(rig.text, before > 2 ? "Done 5" : "Late 9");
		assert_string_equal(
			rig.push, before > 2 ? "Late 9|" : "Done 5|");
		rig_fini(&rig);
	}
}

static void
port_that_takes_nothing_leaves_the_request_unsent(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.wire.take_left = 0;
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, MODEM_STALL_MS + 1000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_BROKEN);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_no_pin_left();
	rig_fini(&rig);
}

/* Takes a few bytes of the dialling command, and no more. */
static void
half_written_request_may_have_been_sent(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.wire.take_left = 5;
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, MODEM_STALL_MS + 1000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_BROKEN);
	assert_int_equal(rig.result.fate, MODEM_MAYBE_SENT);
	assert_true(rig.wire.closes > 0); /* the rest is never written */
	assert_no_pin_left();
	rig_fini(&rig);
}

/* ---- broken ------------------------------------------------------------ */

static void
vanished_port_breaks_the_request_at_any_moment(void **state)
{
	(void)state;
	for (int64_t at = 0; at <= 4000; at += 250) {
		rig_init_ready(&rig, "standard");
		rig.hold = at == 0;
		rig_answer(&rig, "\r\n+CUSD: 0,\"Done 5\",15\r\n", 3100);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		rig_run(&rig, at);
		rig.wire.gone = true;
		rig_run(&rig, 10);
		assert_int_equal(rig.results, 1);
		assert_int_equal(state_now(), MODEM_ABSENT);
		assert_int_equal(rig.fd, -1);
		if (at < 3100) {
			assert_int_equal(rig.result.cause, MODEM_BROKEN);
			assert_int_equal(rig.result.fate,
				at == 0 ? MODEM_NOT_SENT : MODEM_MAYBE_SENT);
		} else {
			assert_int_equal(rig.result.cause, MODEM_TEXT);
		}
		assert_no_pin_left();
		rig_fini(&rig);
	}
}

static void
restart_in_a_request_breaks_it_and_sets_up_anew(void **state)
{
	static const char *const banners[] = {"\r\nRDY\r\n", "\r\n+CFUN: 1\r\n",
		"\r\n^SYSSTART\r\n", "\r\nNORMAL POWER DOWN\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof banners / sizeof *banners; i++) {
		rig_init_ready(&rig, "standard");
		rig_answer(&rig, banners[i], 5000);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		rig_run(&rig, 5010);
		assert_int_equal(rig.results, 1);
		assert_int_equal(rig.result.cause, MODEM_BROKEN);
		assert_int_equal(rig.result.fate, MODEM_MAYBE_SENT);
		assert_int_equal(state_now(), MODEM_STARTING);
		assert_int_equal(modem_info(rig.modem)->restarts, 1);
		rig_run_to(&rig, MODEM_READY);
		assert_int_equal(fakewire_count(&rig.wire, DIALLED), 1);
		rig_fini(&rig);
	}
}

static void
boot_noise_is_no_restart(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Done 5\",15\r\n", 3000);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	fakewire_say(&rig.wire,
		"\r\n^BOOT:1,0,0,0,7\r\n\r\nCall Ready\r\n"
		"\r\n+CPIN: READY\r\n\r\n+CFUN: 4\r\n",
		500);
	rig_run(&rig, 5000);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	assert_int_equal(modem_info(rig.modem)->restarts, 0);
	rig_fini(&rig);
}

/* ---- what is refused at the door --------------------------------------- */

static void
code_that_cannot_be_dialled_is_refused(void **state)
{
	static const char *const codes[] = {"", "*12\"3#", "*12\r3#", "*12\n#",
		"*\x01#", "*\x7f#", "*1\xd0\x91#"};
	char longest[USSD_CODE_MAX + 2];

	(void)state;
	rig_init_ready(&rig, "standard");
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		assert_int_equal(rig_ask(&rig, codes[i], MODEM_ONCE), -EINVAL);
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(rig_ask(&rig, longest, MODEM_ONCE), -EINVAL);
	assert_int_equal(state_now(), MODEM_READY);
	longest[USSD_CODE_MAX] = '\0';
	assert_int_equal(rig_ask(&rig, longest, MODEM_ONCE), 0);
	rig_run(&rig, 100);
	assert_int_equal(fakewire_count(&rig.wire, longest), 1);
	rig_fini(&rig);
}

static void
request_waits_for_the_health_check_under_way(void **state)
{
	char *check;

	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Done 5\",15\r\n", 50);
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CREG?",
					 .say = "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
					 .after_ms = 2000});
	rig_forget_written(&rig);
	for (int i = 0; i < 400 && rig.wire.written_len == 0; i++)
		rig_run(&rig, 100);
	assert_string_equal(rig.wire.written, "AT+CREG?\r");
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, DIALLED), 0);
	rig_run(&rig, 5000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	check = strstr(rig.wire.written, "AT+CIMI");
	assert_non_null(check);
	assert_true(check < strstr(rig.wire.written, DIALLED));
	rig_fini(&rig);
}

/* The cancel itself gets no answer: the modem is set up anew, and only then
 * is it ready for another code. */
static void
hung_modem_is_not_ready_after_a_request(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.wire.rule_count = 0;
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){.when = "", .say = NULL});
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 61000);
	assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
	assert_int_equal(state_now(), MODEM_BUSY);
	rig_run(&rig, 32000);
	assert_int_equal(state_now(), MODEM_RESTING);
	rig_speak(&rig, "Acme", "M1");
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, DIALLED), 1);
	rig_fini(&rig);
}

/* A final result that comes late must not be taken for that of the next
 * code: as an error it would say "not sent" of one that is on air. */
static void
late_error_of_the_cancel_does_not_free_the_next_code(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\nOK\r\n",
					 .after_ms = 61000,
					 .times = 1});
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=2",
					 .say = "\r\n+CME ERROR: 3\r\n",
					 .after_ms = 1200});
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CREG?",
					 .say = "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
					 .after_ms = 1300});
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 60500);
	assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
	rig_run_to(&rig, MODEM_READY);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 50);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_run(&rig, 10000);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	rig_fini(&rig);
}

/* ---- anything ---------------------------------------------------------- */

static const char *const words[] = {"\r\nOK\r\n", "\r\nERROR\r\n", "OK",
	"\r\n+CUSD: 2\r\n", "+CUSD: 1,\"a\r\n", "b\",15\r\n", "\"", "\r\n",
	"+CME ERROR: 30\r\n", "\r\n+CUSD: 0,\"x\",15\r\n", "^RSSI:3\r\n",
	"RDY\r\n", "> ", "+CREG: 0\r\n", "+CUSD: 4\r\n", "AT+CUSD=1,\"",
	"+CPIN: NOT READY\r\n", "\r\n+CUSD: 1,\"menu\",15\r\n"};

static void
say_something(void)
{
	size_t n = 1 + (size_t)rand() % 4;

	for (size_t i = 0; i < n; i++)
		fakewire_say(&rig.wire,
			words[(size_t)rand() % (sizeof words / sizeof *words)],
			rand() % 3000);
}

static void
whatever_is_said_one_result_comes_and_one_code_goes_out(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int turn = 0; turn < 300; turn++) {
		rig_init_ready(&rig, "standard");
		rig.wire.cut = (size_t)rand() % 9;
		rig.wire.echo = rand() % 2 == 0;
		if (rand() % 3 == 0)
			rig_answer(&rig, "\r\n+CUSD: 0,\"y\",15\r\n",
				rand() % 5000);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		for (int i = 0; i < 10; i++) {
			say_something();
			if (rand() % 4 == 0)
				(void)rig_reply(&rig, "1");
			if (rand() % 20 == 0)
				rig.wire.gone = true;
			rig_run(&rig, rand() % 2000);
			rig.wire.gone = false;
		}
		rig_run(&rig, 200000);
		assert_true(fakewire_count(&rig.wire, DIALLED) <= 1);
		assert_true(rig.results >= 1);
		assert_null(strstr(rig.trace, PIN));
		rig_run_to(&rig, MODEM_READY);
		rig_fini(&rig);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_reply_has_one_result_however_the_wire_cuts_it),
		cmocka_unit_test(noise_between_any_two_lines_changes_nothing),
		cmocka_unit_test(nothing_is_written_before_the_flush),
		cmocka_unit_test(deadline_runs_from_the_flush),
		cmocka_unit_test(text_that_began_before_the_flush_is_a_push),
		cmocka_unit_test(
			port_that_takes_nothing_leaves_the_request_unsent),
		cmocka_unit_test(half_written_request_may_have_been_sent),
		cmocka_unit_test(
			vanished_port_breaks_the_request_at_any_moment),
		cmocka_unit_test(
			restart_in_a_request_breaks_it_and_sets_up_anew),
		cmocka_unit_test(boot_noise_is_no_restart),
		cmocka_unit_test(code_that_cannot_be_dialled_is_refused),
		cmocka_unit_test(request_waits_for_the_health_check_under_way),
		cmocka_unit_test(hung_modem_is_not_ready_after_a_request),
		cmocka_unit_test(
			late_error_of_the_cancel_does_not_free_the_next_code),
		cmocka_unit_test(
			whatever_is_said_one_result_comes_and_one_code_goes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
