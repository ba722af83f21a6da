/*
 * What strangers write comes out as text: file names, serials, notes,
 * operators' words, what a modem calls itself. No log line, terminal, JSON
 * or spreadsheet may take it for anything else.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/utf8.h"
#include "tests/support/house_proof.h"
#include "tests/support/knock.h"

/* A line that the audit could have written; a window title, a clipboard, a
 * cleared screen, the same by C1 signs; line ends of Unicode; a text that
 * reads backwards; what stands on another sign. */
#define FORGED                                                                 \
	"\n<29>topupd[1]: audit seq=99 event=\"voucher.loaded\" head=00\r\n"
#define OSC52     "\x1b]52;c;cm0gLXJm\x07\x1b]0;owned\x1b\\"
#define CSI       "\x1b[2J\x1b[31m\x1b[1000D"
#define C1        "\302\23331m\302\2350;x\302\234\302\205"
#define LINE_ENDS "\xe2\x80\xa8\xe2\x80\xa9\x0b\x0c"
#define BIDI      "\342\200\256DEDAOL\342\200\254\342\201\246x\342\201\251"
#define WIDE      "\xe4\xb8\xad\xe6\x96\x87\xcc\x81\xcc\x81"

static const char *const attacks[] = {FORGED, OSC52, CSI, C1, LINE_ENDS, BIDI,
	WIDE, "\x7f\x08\x08\x08", "\xff\xfe\xc0\x80", "'\"<b>&amp;%s%n%x",
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)", "\t=1+1", "\r=1+1",
	"=DDE(\"cmd\";\"/C calc\";\"x\")", "\"=1+1", " =1+1", "''=1+1"};

enum { ATTACKS = sizeof(attacks) / sizeof(attacks[0]) };

/* ---- what comes out ------------------------------------------------------ */

/* Signs that do something where they are shown. Line ends are the caller's. */
static bool
acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c ||
	       (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void
assert_plain_but(const char *what, const char *text, const char *but)
{
	struct span rest = span_str(text);
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		bool allowed = c < 0x80 && c > 0 && strchr(but, (int)c) != NULL;
		if (n == 0 || (!allowed && acts(c)))
			fail_msg("%s has U+%04X: %.80s", what, (unsigned)c,
				rest.ptr);
		rest = span_skip(rest, n);
	}
}

static void
assert_plain(const char *what, const char *text)
{
	assert_plain_but(what, text, "\n");
}

/* Each line is the daemon's own, whatever was in it. */
static void
assert_log_is_whole(struct house *h)
{
	char *log = house_syslog(h), *rest = NULL;
	assert_plain("syslog", log);
	for (char *line = strtok_r(log, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] != '<' || strstr(line, ">topupd[") == NULL ||
			strncmp(strchr(line, ']') + 1, ": ", 2) != 0)
			fail_msg("a line of nobody: %s", line);
		if (strstr(line, "seq=99 event=") != NULL &&
			strstr(line, ": audit seq=99 ") ==
				strchr(line, ']') + 1)
			assert_null(strstr(line, "head=00"));
	}
	free(log);
	log = house_read(house_path(h, "out/topupd"));
	assert_plain("standard error", log);
	free(log);
}

/* A cell that a spreadsheet would run. */
static void
assert_cell(const char *cell, const char *report)
{
	if (cell[0] != '\0' && strchr("=+-@\t\r", cell[0]) != NULL)
		fail_msg("a formula: %s in %s", cell, report);
}

/* As RFC 4180 divides it; or, where with says another divider, as a program
 * would that knows only that, and no quotes but at the start of a cell. */
static void
assert_report_is_harmless(const char *report, const char *with)
{
	char cell[8192];
	size_t len = 0;
	bool quoted = false, ours = strcmp(with, ",\r\n") == 0;
	for (const char *p = report; *p != '\0'; p++) {
		if (quoted && p[0] == '"' && p[1] == '"') {
			cell[len++] = *p++;
		} else if (*p == '"' && (ours || quoted || len == 0)) {
			quoted = !quoted;
		} else if (!quoted && strchr(with, *p) != NULL) {
			cell[len] = '\0';
			assert_cell(cell, report);
			len = 0;
		} else {
			cell[len++] = *p;
		}
		assert_true(len < sizeof(cell));
	}
}

static void
assert_harmless(const char *report)
{
	assert_report_is_harmless(report, ",\r\n");
	assert_report_is_harmless(report, ";\r\n");
	assert_report_is_harmless(report, "\t\r\n");
}

/* All files of a folder of the spool; how many. */
static size_t
look_through(struct house *h, const char *folder, bool reports)
{
	DIR *dir = opendir(house_path(h, "%s", folder));
	const struct dirent *entry;
	size_t count = 0;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');
		if (entry->d_name[0] == '.' || dot == NULL ||
			strcmp(dot, ".sealed") == 0)
			continue;
		char *text = house_read(
			house_path(h, "%s/%s", folder, entry->d_name));
		assert_non_null(text);
		count++;
		if (reports) {
			assert_plain_but(entry->d_name, text, "\t\r\n");
			assert_harmless(text);
		} else if (strcmp(dot, ".reason") == 0) {
			assert_plain(entry->d_name, text);
		}
		free(text);
	}
	(void)closedir(dir);
	return count;
}

/* As people see it, and as programs read it. */
static void
assert_answers_are_plain(struct house *h)
{
	static const char *const commands[][3] = {{"status"}, {"modems"},
		{"batches"}, {"batch", "1"}, {"vouchers"}, {"voucher", "1"},
		{"audit"}, {"inbox"}, {"reconcile"}, {"claims"}};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int status = house_ctl(h, commands[i][0], commands[i][1], NULL);
		assert_true(status == 0 || status == 4);
		assert_plain(commands[i][0], h->out);
		assert_plain(commands[i][0], h->err);
		/* It is parsed, which takes valid UTF-8 and no raw control. */
		(void)house_ask(h, commands[i][0], commands[i][1], NULL);
	}
}

static void
assert_all_is_plain(struct house *h)
{
	assert_answers_are_plain(h);
	assert_log_is_whole(h);
	(void)look_through(h, "spool/done", false);
	(void)look_through(h, "spool/failed", false);
	(void)look_through(h, "spool/reports", true);
}

/* ---- ways in ------------------------------------------------------------- */

/* For CSV: a divider, and in quotes, those in it doubled. */
static void
add_cell(char *out, size_t cap, const char *text)
{
	size_t len = strlen(out);
	out[len++] = ',';
	out[len++] = '"';
	for (; *text != '\0' && len + 4 < cap; text++) {
		if (*text == '"')
			out[len++] = '"';
		out[len++] = *text;
	}
	out[len++] = '"';
	out[len] = '\0';
}

static void
start(struct house *h)
{
	house_rule_set(h, "limits", "batch_rejects", "1000");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* Serials and notes: one card each, never on air. */
static void
serials_and_notes_are_text(void **state)
{
	struct house *h = *state;
	char text[16384] = "# operator: simtel\npin,serial,note\n";
	house_add_modem(h, "m1", "huawei", NULL);
	start(h);
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	for (unsigned i = 0; i < ATTACKS; i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s",
			house_pin(i));
		add_cell(text, sizeof(text), attacks[i]);
		add_cell(text, sizeof(text), attacks[(i + 7) % ATTACKS]);
		snprintf(
			text + strlen(text), sizeof(text) - strlen(text), "\n");
	}
	house_drop(h, "cells.csv", text);
	(void)house_until_file(h, "spool/done", "1-cells.csv");
	assert_int_equal(house_ctl(h, "hold", "--batch", "1", NULL), 0);
	(void)house_until_file(h, "spool/reports", "1-cells.csv");
	assert_all_is_plain(h);
	/* A card of each, or a bad row. */
	json_t *batch = house_ask(h, "batch", "1", NULL);
	assert_int_equal(house_number(batch, "rows") +
				 (json_int_t)json_array_size(
					 json_object_get(batch, "bad_rows")),
		ATTACKS);
	house_done(h);
}

static void
drop_attack(struct house *h, unsigned i, const char *ending, const char *text)
{
	char name[256];
	snprintf(name, sizeof(name), "%u %s%s", i, attacks[i], ending);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/')
			*p = '|';
	house_drop(h, name, text);
}

static size_t
count_files(struct house *h, const char *folder, const char *ending)
{
	DIR *dir = opendir(house_path(h, "%s", folder));
	const struct dirent *entry;
	size_t count = 0;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name), more = strlen(ending);
		count += entry->d_name[0] != '.' && len > more &&
		         strcmp(entry->d_name + len - more, ending) == 0;
	}
	(void)closedir(dir);
	return count;
}

static bool
all_are_read(struct house *h, const void *ctx)
{
	(void)ctx;
	return count_files(h, "spool/incoming", "") == 0;
}

static void
file_names_are_text(void **state)
{
	struct house *h = *state;
	char text[128];
	house_add_modem(h, "m1", "huawei", NULL);
	start(h);
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	for (unsigned i = 0; i < ATTACKS; i++) {
		snprintf(text, sizeof(text), "# operator: simtel\npin\n%s\n",
			house_pin(i));
		drop_attack(h, i, ".csv", text);
		drop_attack(h, i, " refused.csv", "no such column\n1\n");
		drop_attack(h, i, ".odd", "no ending that is known\n");
	}
	house_until(h, "all files read", all_are_read, NULL);
	assert_int_equal(count_files(h, "spool/done", ".csv"), ATTACKS);
	for (unsigned i = 1; i < 3 * ATTACKS; i++) {
		char id[24];
		snprintf(id, sizeof(id), "%u", i);
		(void)house_ctl(h, "hold", "--batch", id, NULL);
	}
	assert_all_is_plain(h);
	/* The same names, handed in over the socket. */
	for (unsigned i = 0; i < ATTACKS; i++) {
		json_t *args = json_pack("{s:s, s:{s:s}}", "command", "submit",
			"args", "name", attacks[i]);
		if (args == NULL)
			continue; /* no UTF-8: JSON cannot say it */
		char *line = json_dumps(args, JSON_COMPACT);
		char *answer = knock_with(h, KNOCK_SELF, line, "pin\n1\n");
		assert_non_null(strstr(answer, "\"exit\":"));
		assert_plain("an answer", answer);
		free(answer);
		free(line);
		json_decref(args);
	}
	assert_all_is_plain(h);
	house_done(h);
}

/* A person's note goes to the audit and to syslog. */
static void
notes_of_people_are_text(void **state)
{
	struct house *h = *state;
	char text[256];
	house_rule_set(h, "recharge", "timeout", "1");
	house_add_modem(h, "m1", "huawei", NULL);
	house_add_cards(h, 0, 1);
	start(h);
	house_strike(h, "m1", "lose_request");
	snprintf(text, sizeof(text), "# operator: simtel\npin,serial\n%s,S0\n",
		house_pin(0));
	house_submit(h, "one.csv", text);
	house_until_state(h, "S0", "unknown");
	/* Each note is an entry. */
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	assert_int_equal(house_ctl(h, "resolve", "1", "rejected", "--note",
				 FORGED OSC52 CSI C1, NULL),
		0);
	assert_int_equal(house_ctl(h, "resolve", "1", "retry", "--note",
				 LINE_ENDS BIDI WIDE "\xff\x7f\x08", NULL),
		0);
	/* Words that are none are told again to who said them. */
	for (unsigned i = 0; i < ATTACKS; i++) {
		assert_int_equal(house_ctl(h, "hold", attacks[i], NULL), 2);
		assert_plain("an answer", h->err);
		assert_int_not_equal(
			house_ctl(h, "pause", attacks[i], NULL), 0);
		assert_plain("an answer", h->err);
	}
	char *log = house_syslog(h);
	house_assert_contains(log, "topupd[1]: audit seq=99"); /* inside one */
	house_assert_contains(log, "DEDAOL");
	free(log);
	assert_all_is_plain(h);
	/* What syslog has instead of such signs is still the ledger's. */
	char file[HOUSE_PATH_MAX];
	snprintf(file, sizeof(file), "%s", house_path(h, "out/syslog"));
	assert_int_equal(
		house_ctl(h, "audit", "verify", "--against", file, NULL), 0);
	house_done(h);
}

/* ---- operators and modems ------------------------------------------------ */

static void
add_attacking_texts(struct house *h)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"loaded", "\t=1+1" OSC52 CSI C1 LINE_ENDS
			   "You have been credited with {amount} XTS." BIDI},
		{"invalid", "=cmd|' /C calc'!A0 Invalid voucher" FORGED},
		{"used", "+1+1 already used" WIDE},
		{"expired", "-2+3 has expired" C1},
		{"blocked", "@SUM(1) This voucher is blocked" OSC52},
		{"balance", "\r=1+1 Your balance is {balance} XTS." CSI}};
	json_t *texts = json_object();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(json_object_set_new(texts, rows[i].name,
					 json_string(rows[i].text)),
			0);
	house_network_set(h, "texts", texts);
}

static bool
some_have_come(struct house *h, const void *ctx)
{
	(void)ctx;
	return json_array_size(house_ask(h, "inbox", NULL)) >= 10;
}

static void
operators_and_modems_say_text(void **state)
{
	struct house *h = *state;
	static const char *const states[] = {
		"good", "used", "expired", "blocked", "good"};
	char text[512] = "# operator: simtel\npin,serial\n";
	for (unsigned i = 0; i < 5; i++) {
		house_add_card(h, house_pin(i), 10000, states[i]);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%s,S%u\n", house_pin(i), i);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s,S5\n",
		house_pin(5));
	add_attacking_texts(h);
	house_network_set(h, "lock_after", json_integer(100));
	house_add_modem(h, "m1", "huawei",
		"{\"model\": \"=E1\\u001b[2J\\u009b31m\\u202e550\"}");
	start(h);
	house_drop(h, "said.csv", text);
	house_until_settled(h, 6);
	house_assert_voucher(h, "S0", "loaded", "");
	house_assert_voucher(h, "S5", "rejected", "invalid");
	for (unsigned i = 0; i < ATTACKS; i++) {
		json_t *order = json_pack("{s:s, s:s, s:s}", "order", "sms",
			"modem", "m1", "text", attacks[i]);
		if (order == NULL)
			continue; /* no UTF-8 */
		char *line = json_dumps(order, JSON_COMPACT);
		house_tell(h, line);
		free(line);
		json_object_set_new(order, "order", json_string("push"));
		json_object_set_new(order, "m", json_integer(0));
		line = json_dumps(order, JSON_COMPACT);
		house_tell(h, line);
		free(line);
		json_decref(order);
	}
	(void)house_until_file(h, "spool/reports", "1-said.csv");
	house_until(h, "some messages", some_have_come, NULL);
	assert_all_is_plain(h);
	assert_int_equal(house_ctl(h, "claims", "--csv", "-", NULL), 0);
	assert_plain_but("claims", h->out, "\t\r\n");
	assert_harmless(h->out);
	house_assert_contains(h->out, "'=cmd|");
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(serials_and_notes_are_text),
		HOUSE_TEST(file_names_are_text),
		HOUSE_TEST(notes_of_people_are_text),
		HOUSE_TEST(operators_and_modems_say_text),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
