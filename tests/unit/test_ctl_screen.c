/*
 * topupctl: clean texts, times, tables that fit, colours, progress.
 */
#include "agent/ctl_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/json.h"

/* ---- texts -------------------------------------------------------------- */

static void
control_signs_are_shown_and_never_sent(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {{"", ""}, {"plain \u20ac", "plain \u20ac"},
		{"\033[31mred", "\\x1b[31mred"}, {"a\nb\r", "a\\nb\\x0d"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b"
		 "2J",
			"\\x9b2J"},
		{"\u202egnp", "\\u202egnp"}, {"\xff\xc3", "\\xff\\xc3"},
		{"\ufeff\u200f", "\\ufeff\\u200f"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *clean = ctl_text_clean(rows[i].in);
		assert_string_equal(clean, rows[i].out);
		free(clean);
	}
}

static void
cuts_keep_to_the_width(void **state)
{
	(void)state;
	(void)setlocale(LC_ALL, "C.UTF-8");
	static const struct {
		const char *in;
		unsigned width;
		const char *out;
	} rows[] = {{"abcdef", 6, "abcdef"}, {"abcdef", 5, "abcd\u2026"},
		{"abc", 2, "a\u2026"}, {"abc", 1, "\u2026"}, {"abc", 0, ""},
		{"\u6f22\u5b57\u6f22", 4, "\u6f22\u2026"},
		{"e\u0301a\u0301bcd", 3, "e\u0301a\u0301\u2026"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "%s", rows[i].in);
		ctl_text_cut(text, rows[i].width);
		assert_string_equal(text, rows[i].out);
		assert_true(ctl_text_width(text) <= rows[i].width);
	}
}

static void
times_are_read_and_shown_in_the_persons_zone(void **state)
{
	(void)state;
	char text[CTL_TIME_MAX];
	int64_t ms = 0;
	(void)setenv("TZ", "WAT-1", 1);
	tzset();
	ctl_text_time("2026-01-31T23:30:00Z", text);
	assert_string_equal(text, "2026-02-01 00:30:00");
	assert_int_equal(ctl_text_parse_time("2026-02-01 00:30", &ms), 0);
	assert_int_equal(ms, 1769902200000);
	assert_int_equal(ctl_text_parse_time("2026-01-31T23:30:00Z", &ms), 0);
	assert_int_equal(ms, 1769902200000);
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	ctl_text_time("yesterday", text);
	assert_string_equal(text, "yesterday");
	assert_int_equal(ctl_text_parse_time("yesterday", &ms), -EINVAL);
	assert_int_equal(ctl_text_parse_time("2026-13-01", &ms), -EINVAL);
	assert_int_equal(ctl_text_parse_time("2026-01-01x", &ms), -EINVAL);
	ctl_text_duration(59, text, sizeof(text));
	assert_string_equal(text, "59s");
	ctl_text_duration(200, text, sizeof(text));
	assert_string_equal(text, "3m 20s");
	ctl_text_duration(90061, text, sizeof(text));
	assert_string_equal(text, "1d 1h");
}

/* ---- tables ------------------------------------------------------------- */

static const struct ctl_column columns[] = {{"ID", "id", CELL_NUMBER, 0, 0},
	{"NAME", "n.name", CELL_TEXT, 6, 0},
	{"STATE", "state", CELL_STATE, 0, 0},
	{"SPARE", "spare", CELL_TEXT, 0, 2}, {"NOTE", "note", CELL_TEXT, 4, 1},
	{.title = NULL}};

static char *
table_of(unsigned width, bool colour)
{
	static const char *const rows[] = {
		"{\"id\":7,\"n\":{\"name\":\"abcdefghij\"},\"state\":"
		"\"loaded\",\"spare\":\"sparespare\",\"note\":\"a note\"}",
		"{\"id\":1234,\"n\":null,\"state\":\"held\",\"note\":null}"};
	char *text = NULL, why[64];
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	const struct ctl_screen screen = {.file = file,
		.terminal = width > 0,
		.colour = colour,
		.width = width};
	struct ctl_table *table = ctl_table_new(columns, &screen);
	for (size_t i = 0; i < 2; i++) {
		struct json *row =
			json_parse(span_str(rows[i]), why, sizeof(why));
		ctl_table_row(table, row);
		json_free(row);
	}
	assert_int_equal(ctl_table_end(table), 2);
	(void)fclose(file);
	return text;
}

static void
tables_fit_the_terminal(void **state)
{
	(void)state;
	static const struct {
		unsigned width;
		const char *wanted;
	} rows[] = {
		{0, "  ID  NAME        STATE   SPARE       NOTE\n"
		    "   7  abcdefghij  loaded  sparespare  a note\n"
		    "1234              held\n"},
		{40, "  ID  NAME    STATE   SPARE       NOTE\n"
		     "   7  abcde\u2026  loaded  sparespare  a note\n"
		     "1234          held\n"},
		{30, "  ID  NAME      STATE   NOTE\n"
		     "   7  abcdefg\u2026  loaded  a note\n"
		     "1234            held\n"},
		{20, "  ID  NAME    STATE\n"
		     "   7  abcde\u2026  loaded\n"
		     "1234          held\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = table_of(rows[i].width, false);
		assert_string_equal(text, rows[i].wanted);
		for (const char *line = text; *line != '\0';) {
			size_t len = strcspn(line, "\n");
			char *one = strndup(line, len);
			if (rows[i].width > 0)
				assert_true(
					ctl_text_width(one) <= rows[i].width);
			free(one);
			line += len + 1;
		}
		free(text);
	}
	char *coloured = table_of(80, true);
	assert_non_null(strstr(coloured, "\033[32mloaded\033[0m"));
	free(coloured);
}

/* The rows of a table with a sentence; each with a number. */
static char *
sentences_of(unsigned width, const char *const *rows, size_t count)
{
	static const struct ctl_column with_why[] = {
		{"ID", "id", CELL_NUMBER, 0, 0},
		{"WHY", "why", CELL_SENTENCE, 4, 1},
		{"STATE", "state", CELL_STATE, 0, 0}, {.title = NULL}};
	char *text = NULL, why[64];
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	const struct ctl_screen screen = {.file = file, .width = width};
	struct ctl_table *table = ctl_table_new(with_why, &screen);
	for (size_t i = 0; i < count; i++) {
		struct json *row =
			json_parse(span_str(rows[i]), why, sizeof(why));
		ctl_table_row(table, row);
		json_free(row);
	}
	assert_int_equal(ctl_table_end(table), count);
	(void)fclose(file);
	return text;
}

static void
a_sentence_that_has_no_room_stands_whole_below_its_row(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"id\":1,\"state\":\"held\",\"why\":\"look at the modem\"}",
		"{\"id\":2,\"state\":\"ready\",\"why\":null}"};
	static const struct {
		unsigned width;
		const char *wanted;
	} cases[] = {
		{0, "ID  WHY                STATE\n"
		    " 1  look at the modem  held\n"
		    " 2                     ready\n"},
		{28, "ID  WHY                STATE\n"
		     " 1  look at the modem  held\n"
		     " 2                     ready\n"},
		{27, "ID  STATE\n"
		     " 1  held\n"
		     "    look at the modem\n"
		     " 2  ready\n"},
		{15, "ID  STATE\n"
		     " 1  held\n"
		     "    look at the\n"
		     "    modem\n"
		     " 2  ready\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = sentences_of(cases[i].width, rows, 2);
		assert_string_equal(text, cases[i].wanted);
		free(text);
	}
}

static void
a_longer_sentence_of_a_later_row_is_not_cut_either(void **state)
{
	(void)state;
	const char *rows[201];
	for (size_t i = 0; i < 200; i++)
		rows[i] = "{\"id\":1,\"why\":\"short\"}";
	rows[200] = "{\"id\":2,\"why\":\"this one is longer\"}";
	char *text = sentences_of(40, rows, 201);
	assert_non_null(strstr(text, "\n 1  short\n"));
	assert_non_null(strstr(text, "\n 2\n    this one is longer\n"));
	free(text);
}

static void
long_lists_are_printed_as_they_come(void **state)
{
	(void)state;
	char *text = NULL, why[64], row[64];
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	const struct ctl_screen screen = {.file = file};
	struct ctl_table *table = ctl_table_new(columns, &screen);
	for (int i = 1; i <= 500; i++) {
		(void)snprintf(row, sizeof(row), "{\"id\":%d}", i * 100);
		struct json *o = json_parse(span_str(row), why, sizeof(why));
		ctl_table_row(table, o);
		json_free(o);
		(void)fflush(file);
		assert_true(i < 200 ? len == 0 : len > 0);
	}
	assert_int_equal(ctl_table_end(table), 500);
	(void)fclose(file);
	assert_non_null(strstr(text, "50000"));
	free(text);
}

static void
colours_need_a_terminal_and_no_wish_against(void **state)
{
	(void)state;
	struct ctl_screen screen;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(
		master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	FILE *tty = fopen(ptsname(master), "r+");
	assert_non_null(tty);
	(void)setenv("TERM", "xterm", 1);
	(void)unsetenv("NO_COLOR");
	ctl_screen_init(&screen, tty);
	assert_true(screen.terminal && screen.colour);
	assert_int_equal(screen.width, 80); /* a pty begins with 0 columns */
	(void)setenv("NO_COLOR", "", 1);
	ctl_screen_init(&screen, tty);
	assert_true(screen.colour);
	(void)setenv("NO_COLOR", "1", 1);
	ctl_screen_init(&screen, tty);
	assert_false(screen.colour);
	assert_string_equal(ctl_screen_colour(&screen, "loaded"), "");
	(void)unsetenv("NO_COLOR");
	(void)fclose(tty);
	(void)close(master);
	FILE *file = tmpfile();
	ctl_screen_init(&screen, file);
	assert_false(screen.terminal || screen.colour);
	assert_int_equal(screen.width, 0);
	(void)fclose(file);
}

static void
progress_tells_rate_and_time_left(void **state)
{
	(void)state;
	char line[256], why[64];
	struct ctl_progress progress = {.screen = NULL};
	struct json *first = json_parse(
		span_str("{\"total\":60,\"done\":10,\"counts\":{\"loaded\":8,"
			 "\"rejected\":1,\"unknown\":1,\"held\":0}}"),
		why, sizeof(why));
	struct json *later = json_parse(
		span_str("{\"total\":60,\"done\":40,\"counts\":{\"loaded\":30,"
			 "\"rejected\":8,\"unknown\":1,\"held\":1}}"),
		why, sizeof(why));
	ctl_progress_line(&progress, first, 5000, line, sizeof(line));
	assert_string_equal(
		line, "10 of 60 done: 8 loaded, 1 rejected, 1 unknown");
	ctl_progress_line(&progress, later, 65000, line, sizeof(line));
	assert_string_equal(line,
		"40 of 60 done: 30 loaded, 8 rejected, 1 unknown, 1 held, "
		"30.0/min, 40s left");
	json_free(first);
	json_free(later);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_signs_are_shown_and_never_sent),
		cmocka_unit_test(cuts_keep_to_the_width),
		cmocka_unit_test(times_are_read_and_shown_in_the_persons_zone),
		cmocka_unit_test(tables_fit_the_terminal),
		cmocka_unit_test(
			a_sentence_that_has_no_room_stands_whole_below_its_row),
		cmocka_unit_test(
			a_longer_sentence_of_a_later_row_is_not_cut_either),
		cmocka_unit_test(long_lists_are_printed_as_they_come),
		cmocka_unit_test(colours_need_a_terminal_and_no_wish_against),
		cmocka_unit_test(progress_tells_rate_and_time_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
