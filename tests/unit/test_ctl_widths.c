/*
 * topupctl: what each command shows on terminals of 40, 80 and 132 columns
 * and in a locale without Unicode; and that each error says what to do next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ctl_private.h"
#include "agent/utf8.h"
#include "tests/support/call.h"
#include "tests/support/teller.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- canned answers ------------------------------------------------------ */

#define AT   "\"2026-01-31T23:30:00Z\""
#define DONE "{\"done\":{\"count\":1},\"exit\":0}\n"
#define STATES                                                                 \
	"{\"ready\":1234567,\"held\":12345,\"dialing\":12,\"pending\":3,"      \
	"\"unknown\":4567,\"loaded\":7654321,\"rejected\":98765,"              \
	"\"cancelled\":11}"
#define SENTENCE                                                               \
	"\"the operator has not answered, and what came of the card is not "   \
	"known: look at its voucher, then settle it\""
#define VOUCHER                                                                \
	"\"id\":1234567,\"batch\":1234,\"row\":654321,\"serial\":"             \
	"\"8812345678901234567890\",\"pin\":\"**********1234\","               \
	"\"operator\":\"a-long-operator-name\",\"amount\":\"12345.00\","       \
	"\"currency\":\"XTS\",\"target\":\"+2348012345678\",\"state\":"        \
	"\"unknown\",\"reason\":\"refused_on_repeat\",\"next_at\":null,"       \
	"\"credited\":null,\"modem\":\"a-modem-in-the-shop\","                 \
	"\"attempts\":12,\"reply\":\"Your request could not be done now, "     \
	"please dial *123# and try again later\",\"balance_before\":"          \
	"\"123.00\",\"balance_after\":null,\"updated_at\":" AT
#define ENTRY                                                                  \
	"{\"seq\":1234567,\"at\":" AT ",\"event\":\"voucher.loaded\","         \
	"\"voucher\":1234567,\"batch\":1234,\"modem\":\"a-modem\",\"who\":"    \
	"\"uid:1000(somebody)\",\"note\":\"attempt=2 fate=answered "           \
	"verdict=loaded by=text rule=loaded pin=**********1234 amount=100\","  \
	"\"hash\":\"00\"}"
#define ATTEMPT                                                                \
	"{\"at\":" AT ",\"modem\":\"a-modem-in-the-shop\",\"via\":\"ussd\","   \
	"\"fate\":\"maybe_sent\",\"verdict\":\"used_by_me\",\"by\":"           \
	"\"late_answer\",\"reply\":" SENTENCE "}"
#define BATCH                                                                  \
	"\"id\":1234,\"name\":\"simtel-100-a-rather-long-file-name.csv\","     \
	"\"received_at\":" AT ",\"rows\":1234567,\"bad_row_count\":123,"       \
	"\"bad_rows\":[],\"counts\":" STATES ",\"credited\":"                  \
	"\"123456789.00\",\"currency\":\"XTS\",\"who\":\"uid:1000(ann)\","     \
	"\"note\":" SENTENCE ",\"finished_at\":" AT
#define MODEM                                                                  \
	"{\"name\":\"a-modem-in-the-shop\",\"port\":\"/dev/serial/by-id/"      \
	"usb-HUAWEI_Technologies_HUAWEI_Mobile-if01-port0\",\"state\":"        \
	"\"locked_out\",\"until\":" AT ",\"operator\":\"a-long-operator\","    \
	"\"signal\":-113,\"imei\":\"350000000000011\",\"iccid\":"              \
	"\"8900000000000000011\",\"balance\":\"1234567.00\",\"balance_"        \
	"at\":" AT ",\"last_error\":\"CME ERROR: 100\",\"why\":" SENTENCE "}"
#define MESSAGE                                                                \
	"{\"id\":123456,\"at\":" AT ",\"sent_at\":" AT ",\"modem\":"           \
	"\"a-modem-in-the-shop\",\"sender\":\"SimTelService\",\"smsc\":"       \
	"\"+2348000000001\",\"verdict\":\"used_by_me\",\"voucher\":1234567,"   \
	"\"why\":\"centre_not_known\",\"text\":" SENTENCE "}"
#define RECONCILED                                                             \
	"{\"account\":\"8900000000000000011\",\"modem\":\"a-modem\","          \
	"\"operator\":\"simtel\",\"currency\":\"XTS\",\"then\":"               \
	"\"1234567.00\",\"then_at\":" AT ",\"now\":\"7654321.00\","            \
	"\"now_at\":" AT ",\"credited\":\"1000000.00\",\"unexplained\":"       \
	"\"-1234567.00\",\"unknown\":12,\"unknown_amount\":\"1200.00\","       \
	"\"say\":" SENTENCE "}"
#define TOTAL                                                                  \
	"{\"by\":\"day\",\"key\":\"2026-01-31\",\"name\":null,"                \
	"\"currency\":\"XTS\",\"loaded\":12345,\"loaded_amount\":"             \
	"\"1234500.00\",\"refused\":123,\"refused_amount\":\"12300.00\","      \
	"\"unknown\":12,\"unknown_amount\":\"1200.00\",\"no_amount\":1,"       \
	"\"opening\":\"1234567.00\",\"closing\":\"2469067.00\",\"sum\":false}"
#define STATUS                                                                 \
	"{\"version\":\"1.2.3\",\"uptime\":93784,\"attention\":[{\"what\":"    \
	"\"unknown\",\"count\":4567,\"text\":" SENTENCE ",\"say\":\"topupctl " \
	"vouchers --state unknown, then topupctl resolve\"}],\"modems\":{"     \
	"\"a-modem-in-the-shop\":\"locked_out\",\"shop2\":\"ready\"},"         \
	"\"waiting\":[{\"name\":\"a-modem-in-the-shop\",\"state\":"            \
	"\"locked_out\",\"until\":" AT ",\"why\":" SENTENCE "}],"              \
	"\"vouchers\":" STATES ",\"batches\":[{" BATCH "}],\"stopped\":[{"     \
	"\"kind\":\"number\",\"name\":\"+2348012345678\",\"modem\":null,"      \
	"\"since\":" AT ",\"why\":" SENTENCE ",\"until\":" AT "}]}"

#define ITEM(item) "{\"item\":" item "}\n" DONE
#define ONLY(done) "{\"done\":" done ",\"exit\":0}\n"

enum { HAS_TIMES = 1, NO_DAEMON_NEEDED = 2 };

static const struct row {
	const char *command, *first, *second, *third;
	const char *answer;
	int flags;
	int status;
} rows[] = {
	{"status", NULL, NULL, NULL, ONLY(STATUS), HAS_TIMES, 0},
	{"modems", NULL, NULL, NULL, ITEM(MODEM), HAS_TIMES, 0},
	{"batches", NULL, NULL, NULL, ITEM("{" BATCH "}"), 0, 0},
	{"batch", "1234", NULL, NULL,
		"{\"item\":{\"line\":123456,\"reason\":" SENTENCE "}}\n"
		"{\"done\":{" BATCH "},\"exit\":0}\n",
		HAS_TIMES, 0},
	{"vouchers", NULL, NULL, NULL, ITEM("{" VOUCHER "}"), 0, 0},
	{"voucher", "1234567", NULL, NULL,
		ONLY("{" VOUCHER ",\"attempt_list\":[" ATTEMPT
		     "],\"audit\":[" ENTRY "]}"),
		HAS_TIMES, 0},
	{"inbox", NULL, NULL, NULL, ITEM(MESSAGE), HAS_TIMES, 0},
	{"reconcile", NULL, NULL, NULL, ITEM(RECONCILED), 0, 0},
	{"claims", NULL, NULL, NULL,
		ITEM("{" VOUCHER ",\"at\":" AT
		     ",\"iccid\":\"8900000000000000011\"}"),
		0, 0},
	{"totals", NULL, NULL, NULL, ITEM(TOTAL), 0, 0},
	{"balance", "m1", "--history", NULL,
		ITEM("{\"at\":" AT ",\"balance\":\"1234567.00\","
		     "\"currency\":\"XTS\"}"),
		HAS_TIMES, 0},
	{"balance", "m1", NULL, NULL,
		ONLY("{\"modem\":\"m1\",\"balance\":\"1234567.00\","
		     "\"currency\":\"XTS\",\"at\":" AT "}"),
		0, 0},
	{"audit", NULL, NULL, NULL, ITEM(ENTRY), HAS_TIMES, 0},
	{"hold", "4", NULL, NULL, ONLY("{\"moved\":1234567,\"refused\":[]}"), 0,
		0},
	{"release", "4", NULL, NULL, ONLY("{\"moved\":1234567,\"refused\":[]}"),
		0, 0},
	{"cancel", "4", NULL, NULL, ONLY("{\"moved\":1234567,\"refused\":[]}"),
		0, 0},
	{"pause", NULL, NULL, NULL, ONLY("{\"modem\":null,\"paused\":true}"), 0,
		0},
	{"resume", NULL, NULL, NULL, ONLY("{\"modem\":null,\"paused\":false}"),
		0, 0},
	{"unlock", "m1", NULL, NULL, ONLY("{\"unlocked\":\"m1\"}"), 0, 0},
	{"reload", NULL, NULL, NULL, ONLY("{}"), 0, 0},
	{"reveal", "4", NULL, NULL, ITEM("{\"id\":4,\"pin\":\"1234\"}"), 0, 0},
	{"wait", NULL, NULL, NULL,
		"{\"progress\":{\"total\":1234567,\"done\":7,\"counts\":" STATES
		"}}\n{\"done\":{\"total\":9,\"done\":9,\"counts\":{}},"
		"\"exit\":0}\n",
		0, 0},
};

/* Streams of lines, files, and what needs no daemon: other tests. */
static const char *const elsewhere[] = {"load", "submit", "ussd", "sms",
	"resolve", "watch", "backup", "retrieve", "check", "record", "setup",
	"probe"};

static void
each_command_has_its_answer_here(void **state)
{
	(void)state;
	for (size_t i = 0; ctl_command_at(i) != NULL; i++) {
		const char *name = ctl_command_at(i)->name;
		bool found = false;
		for (size_t k = 0; k < COUNT(rows); k++)
			found = found || strcmp(rows[k].command, name) == 0;
		for (size_t k = 0; k < COUNT(elsewhere); k++)
			found = found || strcmp(elsewhere[k], name) == 0;
		if (!found)
			fail_msg("no answer for %s", name);
	}
}

/* ---- widths -------------------------------------------------------------- */

static unsigned
width_of(const char *line, size_t len)
{
	char copy[4096];
	(void)snprintf(copy, sizeof(copy), "%.*s", (int)len, line);
	return ctl_text_width(copy);
}

/* After a carriage return a line is written over: what is behind the last
 * one counts (call_ctl_on_terminal() drops them, so progress is cut). */
static void
assert_fits(const struct row *row, unsigned columns)
{
	for (const char *line = call_out; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		if (strncmp(line, "topupctl: ", 10) != 0 &&
			strcmp(row->command, "wait") != 0 &&
			width_of(line, len) > columns)
			fail_msg("%s on %u columns: %s", row->command, columns,
				call_out);
		line += len + (line[len] == '\n');
	}
}

static void
run_row(const struct row *row, unsigned columns, const char *locale)
{
	char words[32];
	(void)snprintf(words, sizeof(words), "LC_ALL=%s", locale);
	teller_will_say(row->answer);
	int status = call_ctl_on_terminal(columns, "NO_COLOR=1", "TZ=WAT-1",
		words, "--socket", teller_sock, row->command, row->first,
		row->second, row->third, NULL);
	if (status != row->status)
		print_message("%s: %s", row->command, call_out);
	assert_int_equal(status, row->status);
	(void)teller_asked();
}

static void
everything_fits_40_80_and_132_columns_with_local_times(void **state)
{
	static const unsigned widths[] = {40, 80, 132};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t w = 0; w < COUNT(widths); w++) {
			run_row(&rows[i], widths[w], "C.UTF-8");
			assert_fits(&rows[i], widths[w]);
			if (strstr(call_out, "T23:30") != NULL ||
				((rows[i].flags & HAS_TIMES) != 0 &&
					strstr(call_out, "02-01 00:30") ==
						NULL))
				fail_msg("%s on %u columns: %s",
					rows[i].command, widths[w], call_out);
		}
	}
}

/* Where the locale has no Unicode, none of ours is written. */
static void
plain_locale_gets_plain_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		run_row(&rows[i], 60, "C");
		assert_fits(&rows[i], 60);
		for (const char *p = call_out; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				fail_msg("%s: %s", rows[i].command, call_out);
	}
}

/* Too narrow for columns: each cell has a line, and none is lost. */
static void
narrow_terminals_get_a_line_for_each_cell(void **state)
{
	(void)state;
	teller_will_say(
		"{\"item\":{\"id\":1,\"name\":\"first.csv\",\"rows\":12,"
		"\"counts\":{\"ready\":7,\"held\":0,\"unknown\":1,"
		"\"loaded\":3,\"rejected\":1}}}\n"
		"{\"item\":{\"id\":2,\"name\":\"second.csv\"}}\n" DONE);
	assert_int_equal(call_ctl_on_terminal(40, "NO_COLOR=1", "batches",
				 "--socket", teller_sock, NULL),
		0);
	assert_string_equal(call_out, "ID         1\n"
				      "NAME       first.csv\n"
				      "ROWS       12\n"
				      "READY      7\n"
				      "HELD       0\n"
				      "UNKNOWN    1\n"
				      "LOADED     3\n"
				      "REJECTED   1\n"
				      "\n"
				      "ID         2\n"
				      "NAME       second.csv\n");
	(void)teller_asked();
}

/* ---- errors -------------------------------------------------------------- */

static void
each_error_says_what_to_do_next(void **state)
{
	(void)state;
	static const struct {
		const char *first, *second, *third, *answer;
		int status;
		const char *next;
	} errors[] = {
		{"nonsense", NULL, NULL, NULL, 2, "try: topupctl --help"},
		{"voucher", NULL, NULL, NULL, 2,
			"try: topupctl voucher --help"},
		{"voucher", "x", NULL, NULL, 2, "try: topupctl voucher --help"},
		{"vouchers", "--limit", NULL, NULL, 2,
			"try: topupctl vouchers --help"},
		{"claims", "--since", "soon", NULL, 2,
			"such as '2026-01-31 09:30'"},
		{"reconcile", "--since", "soon", NULL, 2,
			"such as '2026-01-31 09:30'"},
		{"audit", "--since", "soon", NULL, 2,
			"such as '2026-01-31 09:30'"},
		{"status", NULL, NULL, NULL, 3, "is it running? -c FILE or"},
		{"status", NULL, NULL, "", 3, "look at its log"},
		{"status", NULL, NULL, "SSH-2.0\r\n", 3,
			"is it topupd that listens there?"},
		{"claims", "--csv", "/nonexistent/x", NULL, 1,
			"cannot write /nonexistent/x: "},
		{"wait", "--batch", "3",
			"{\"done\":{\"total\":4,\"done\":3,\"timed_out\":true,"
			"\"counts\":{}},\"exit\":1}\n",
			1, "`topupctl status`"},
		{"wait", "--batch", "3",
			"{\"done\":{\"total\":4,\"done\":4,\"counts\":{"
			"\"unknown\":1}},\"exit\":4}\n",
			4, "`topupctl vouchers --state unknown`"},
		{"watch", NULL, NULL, "{\"item\":" ENTRY "}\n", 3,
			"`topupctl audit --since 1234567 --follow`"},
	};
	for (size_t i = 0; i < COUNT(errors); i++) {
		if (errors[i].answer != NULL)
			teller_will_say(errors[i].answer);
		else
			(void)unlink(teller_sock);
		int status = call_ctl("--socket", teller_sock, errors[i].first,
			errors[i].second, errors[i].third, NULL);
		if (status != errors[i].status ||
			strstr(call_err, errors[i].next) == NULL)
			print_message("row %zu (%s): %d, %s", i,
				errors[i].first, status, call_err);
		assert_int_equal(status, errors[i].status);
		assert_non_null(strstr(call_err, errors[i].next));
		if (errors[i].answer != NULL)
			(void)teller_asked();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_has_its_answer_here),
		cmocka_unit_test(
			everything_fits_40_80_and_132_columns_with_local_times),
		cmocka_unit_test(plain_locale_gets_plain_signs),
		cmocka_unit_test(narrow_terminals_get_a_line_for_each_cell),
		cmocka_unit_test(each_error_says_what_to_do_next),
	};
	return cmocka_run_group_tests(tests, teller_setup, teller_teardown);
}
