/* batch: every file that people and spreadsheets make, good and bad, in
 * pieces of every size. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/batch.h"
#include "tests/support/told.h"

#define BYTES(s) s, sizeof(s) - 1

#define EXPECT_ALL(name, rows)                                                 \
	told_expect_all(name, rows, sizeof(rows) / sizeof((rows)[0]))

static void
file_that_cannot_be_understood_is_refused_whole(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES(""), "refused no line names the columns\n"},
		{BYTES("\n\r\n \n"), "refused no line names the columns\n"},
		{BYTES("# amount: 5\n"), "refused no line names the columns\n"},
		{BYTES("serial,amount\n1,2\n"),
			"refused line 1: no column is named pin\n"},
		/* a first line that is a row: nothing of it may be told */
		{BYTES("\n12345678901234,100\n"),
			"refused line 2: no column is named pin\n"},
		{BYTES("pin2\n1\n"),
			"refused line 1: no column is named pin\n"},
		{BYTES("pin,amount,Pin\n1,2,3\n"),
			"refused line 1: two columns are named pin\n"},
		{BYTES("pin,note,amount,note\n"),
			"refused line 1: two columns are named note\n"},
		{BYTES("pin,\"note\n1,2\n"),
			"refused line 1: no column is named pin\n"},
		{BYTES("pin,a\0b\n1,2\n"), "refused line 1: a NUL byte\n"},
		{BYTES("pin,\xff\n1,2\n"), "refused line 1: not UTF-8\n"},
		{BYTES("# note: \xff\npin\n1\n"),
			"refused line 1: not UTF-8\n"},
		/* UTF-16 without its mark, UTF-32, half a mark */
		{BYTES("p\0i\0n\0\n\0"), "refused line 1: a NUL byte\n"},
		{BYTES("\xff\xfe\0\0p\0\0\0i\0\0\0n\0\0\0\n\0\0\0"),
			"refused line 1: a NUL byte\n"},
		{BYTES("\xff"), "refused line 1: not UTF-8\n"},
		{BYTES("\xffpin\n1\n"), "refused line 1: not UTF-8\n"},
		{BYTES("\xfe\xfe"), "refused line 1: not UTF-8\n"},
		{BYTES("\xff\xfe"), "refused no line names the columns\n"},
		{BYTES("sep=|\npin|note\n1|2\n"),
			"refused line 1: sep= names neither comma, semicolon "
			"nor tab\n"},
		{BYTES("sep=;\npin,note\n1,2\n"),
			"refused line 2: no column is named pin\n"},
		{BYTES("pin,note\n1,a\n2,\"b\n3,c\n"),
			"2 row 1 note=a\n"
			"refused a quote that opens in the row of line 3 "
			"never closes\n"},
		{BYTES("# colour: red\npin\n1\n"),
			"refused line 1: an unknown directive\n"},
		{BYTES("# tagret: 0800\npin\n1\n"),
			"refused line 1: an unknown directive\n"},
		{BYTES("#target 0800\npin\n1\n"),
			"refused line 1: a directive without a colon\n"},
		{BYTES("# target:\npin\n1\n"),
			"refused line 1: a directive without a value\n"},
		{BYTES("# target: 1\n#TARGET: 2\npin\n1\n"),
			"refused line 2: a directive that stands twice\n"},
		{BYTES("# priority: 10\npin\n1\n"),
			"refused line 1: a priority that is not 0 to 9\n"},
		{BYTES("# priority: high\npin\n1\n"),
			"refused line 1: a priority that is not 0 to 9\n"},
		{BYTES("# amount: 1,000\npin\n1\n"),
			"refused line 1: an amount that is no plain decimal\n"},
		{BYTES("# amount: -5\npin\n1\n"),
			"refused line 1: an amount that is no plain decimal\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
bad_row_is_listed_and_the_good_ones_go_on(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("pin,serial\n,x\n1,y\n"),
			"2 fault no pin\n3 row 1 serial=y\n"},
		{BYTES("pin,serial\n - ,x\n1\n"), "2 fault no pin\n3 row 1\n"},
		{BYTES("pin\n1\0002\n3\n"), "2 fault a NUL byte\n3 row 3\n"},
		{BYTES("pin\n1\xff\n3\n"), "2 fault not UTF-8\n3 row 3\n"},
		{BYTES("pin\n1\xc3\n3\n"), "2 fault not UTF-8\n3 row 3\n"},
		{BYTES("pin,note\n1,a,b\n2,c,\n"),
			"2 fault more cells than columns\n3 row 2 note=c\n"},
		{BYTES("pin,note\n\"1\"x,a\n2,b\n"),
			"2 fault quotes that do not fit together\n"
			"3 row 2 note=b\n"},
		{BYTES("pin,note\n1,a\"b\n2,b\n"),
			"2 fault quotes that do not fit together\n"
			"3 row 2 note=b\n"},
		{BYTES("pin,note\n1,\"a\" \"\n2,b\n"),
			"2 fault quotes that do not fit together\n"
			"3 row 2 note=b\n"},
		{BYTES("pin,amount\n1,1000.50\n2,\"1,000\"\n3,5.\n4,.5\n5,-1\n"
		       "6,1.2.3\n7,x\n8,0\n"),
			"2 row 1 amount=1000.50\n3 fault bad amount\n"
			"4 fault bad amount\n5 fault bad amount\n"
			"6 fault bad amount\n7 fault bad amount\n"
			"8 fault bad amount\n9 row 8 amount=0\n"},
		{BYTES("pin,expires\n1,2024-02-29\n2,2023-02-29\n3,2000-02-29\n"
		       "4,1900-02-29\n5,2024-13-01\n6,2024-00-01\n"
		       "7,2024-04-31\n8,2024-04-00\n9,31.12.2024\n"
		       "10,2024-1-1\n11,2024-12-31\n12,0000-01-01\n"
		       "13,2024-1x-01\n"),
			"2 row 1 expires=2024-02-29\n3 fault bad expires\n"
			"4 row 3 expires=2000-02-29\n5 fault bad expires\n"
			"6 fault bad expires\n7 fault bad expires\n"
			"8 fault bad expires\n9 fault bad expires\n"
			"10 fault bad expires\n11 fault bad expires\n"
			"12 row 11 expires=2024-12-31\n"
			"13 fault bad expires\n14 fault bad expires\n"},
		{BYTES("pin,serial\n1,\"a\nb\"\n2\tx,c\n3,\x7f\n4,d\n"),
			"2 fault a control character in serial\n"
			"4 fault a control character in pin\n"
			"5 fault a control character in serial\n"
			"6 row 4 serial=d\n"},
		{BYTES("pin,serial\n1,a\rb\n2,c\n"),
			"2 fault a control character in serial\n"
			"3 row 2 serial=c\n"},
		/* the first thing wrong is told */
		{BYTES("pin,serial,amount\n1,a\x01,x,more\n"),
			"2 fault a control character in serial\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
cell_too_long_for_its_column_is_a_bad_row(void **state)
{
	(void)state;
	static const struct {
		const char *column;
		size_t max;
	} rows[] = {{"pin", VOUCHER_PIN_MAX}, {"serial", BATCH_WORD_MAX - 1},
		{"operator", BATCH_WORD_MAX - 1},
		{"target", BATCH_WORD_MAX - 1}, {"modem", BATCH_WORD_MAX - 1},
		{"amount", BATCH_WORD_MAX - 1}, {"expires", BATCH_WORD_MAX - 1},
		{"note", BATCH_NOTE_MAX - 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		char cell[512];
		char want[128];
		bool is_pin = strcmp(rows[i].column, "pin") == 0;
		int len;

		memset(cell, '7', sizeof(cell));
		cell[rows[i].max + 1] = '\0';
		len = snprintf(text, sizeof(text),
			is_pin ? "%s\n%s\n" : "%s,pin\n%s,1\n", rows[i].column,
			cell);
		(void)snprintf(want, sizeof(want), "2 fault %s is too long\n",
			rows[i].column);
		told_expect("a.csv", text, (size_t)len, want);
		if (strcmp(rows[i].column, "expires") == 0)
			continue;
		cell[rows[i].max] = '\0';
		len = snprintf(text, sizeof(text),
			is_pin ? "%s\n%s\n" : "%s,pin\n%s,1\n", rows[i].column,
			cell);
		char *got = told_of_batch("a.csv", text, (size_t)len, 100);

		assert_non_null(strstr(got, cell));
		assert_null(strstr(got, "fault"));
		free(got);
	}
}

static void
row_over_4096_bytes_without_its_line_end_is_a_bad_row(void **state)
{
	(void)state;
	static const char *const ends[] = {"\n", "\r\n", ""};
	static const struct {
		const char *name;
		const char *begin;
		const char *end;
	} files[] = {{"a.csv", "pin,x\n1,", ""}, {"a.csv", "pin,x\n1,\"", "\""},
		{"a.csv", "pin,x\n1,\"\n", "\""}, {"a.csv", "pin,x\n1 ,", ""}};

	for (size_t f = 0; f < 4; f++) {
		for (size_t e = 0; e < 9; e++) {
			size_t over = e / 3;
			char text[5000];
			size_t head = strlen(files[f].begin);
			size_t tail = strlen(files[f].end);
			size_t fill = 4096 + over - (head - 6) - tail;

			memcpy(text, files[f].begin, head);
			memset(text + head, 'x', fill);
			int n = snprintf(text + head + fill, 100, "%s%s",
				files[f].end, ends[e % 3]);

			char want[256];
			(void)snprintf(want, sizeof(want),
				"1 warning column 'x' is ignored\n%s%s",
				over > 0 && f == 2
					? "2 warning a row that is too long "
					  "goes on over several lines: its "
					  "quote may be a stray one\n"
					: "",
				over > 0 ? "2 fault too long\n" : "2 row 1\n");
			/* the column is ignored, so only the size counts */
			told_expect(
				"a.csv", text, head + fill + (size_t)n, want);
		}
	}
	char text[20000];

	memset(text, '7', sizeof(text));
	(void)snprintf(text + 9999, 4, "\n1\n");
	told_expect("a.txt", text, 10002, "1 fault too long\n2 row 1\n");
	text[0] = 'p', text[1] = 'i', text[2] = 'n', text[3] = '\n';
	told_expect("a.csv", text, 10002, "2 fault too long\n3 row 1\n");
	memset(text, 'x', 9000);
	told_expect("a.csv", text, 10002, "refused line 1: too long\n");
}

static void
columns_are_found_whatever_divides_them(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("pin\n1\n"), "2 row 1\n"},
		{BYTES("pin,serial\n1,a\n"), "2 row 1 serial=a\n"},
		{BYTES("serial;pin\r\na;1\r\n"), "2 row 1 serial=a\n"},
		{BYTES("serial\tpin\na\t1"), "2 row 1 serial=a\n"},
		{BYTES("\"serial\";\"pin\"\n\"a;b\";\"1\"\n"),
			"2 row 1 serial=a;b\n"},
		{BYTES("sep=;\r\npin;serial\r\n1;a,b\r\n"),
			"3 row 1 serial=a,b\n"},
		{BYTES("SEP=\t\npin\tserial\n1\ta,b\n"),
			"3 row 1 serial=a,b\n"},
		{BYTES("\xef\xbb\xbfsep=,\npin,serial\n1,a;b\n"),
			"3 row 1 serial=a;b\n"},
		{BYTES("\xef\xbb\xbfpin\n1\n"), "2 row 1\n"},
		{BYTES(" PIN , Serial \n 1 , a \n"), "2 row 1 serial=a\n"},
		{BYTES("serial,amount,operator,target,modem,expires,note,pin\n"
		       "s,100,SimTel,0800,m1,2030-01-31,a note,1\n"),
			"2 row 1 serial=s amount=100 operator=simtel "
			"target=0800 modem=m1 expires=2030-01-31 note=a "
			"note\n"},
		{BYTES("pin,note,price tag\n1,\"say \"\"hi\"\"\nand go\",5\n"
		       "2,,\n"),
			"1 warning column 'price tag' is ignored\n"
			"2 row 1 note=say \"hi\" and go\n4 row 2\n"},
		/* whatever has digits may be a PIN */
		{BYTES("pin,12345678901234,,\n1,2,,\n"),
			"1 warning column 2 is ignored\n2 row 1\n"},
		{BYTES("pin,a\x01"
		       "b,a name of more than thirty-two bytes\n"
		       "1\n"),
			"1 warning column 2 is ignored\n"
			"1 warning column 3 is ignored\n2 row 1\n"},
		{BYTES("\n# amount: 5\n\npin\n\n \n1\n\r\n2\n,,\n"),
			"7 row 1 amount=5\n9 row 2 amount=5\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
utf_16_with_a_byte_order_mark_is_read_as_spreadsheets_write_it(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("\xff\xfep\0i\0n\0;\0n\0o\0t\0e\0\r\0\n\0"
		       "1\0;\0\xe9\0\xac\x20\x3d\xd8\x00\xde\r\0\n\0"),
			"2 row 1 note=é€😀\n"},
		{BYTES("\xfe\xff\0p\0i\0n\0\t\0n\0o\0t\0e\0\n"
		       "\0"
		       "1\0\t\0\xe9\x20\xac\xd8\x3d\xde\x00\0\n"),
			"2 row 1 note=é€😀\n"},
		/* broken pairs, and half a character at the end */
		{BYTES("\xff\xfep\0i\0n\0\n\0"
		       "1\0\x3d\xd8\n\0"
		       "2\0\x00\xde\n\0"
		       "3\0\x3d\xd8\x3d\xd8\n\0"
		       "4\0\n\0"
		       "5\0\n\0\n"),
			"2 fault not UTF-8\n3 fault not UTF-8\n"
			"4 fault not UTF-8\n5 row 4\n6 row 5\n"
			"7 fault not UTF-8\n"},
		{BYTES("\xff\xfep\0i\0n\0\n\0"
		       "1\0\x3d\xd8"),
			"2 fault not UTF-8\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
line_number_is_that_of_the_line_a_row_begins_on(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("pin,note\n"
		       "1,\"a\nb\nc\"\n"
		       "2,x\n"
		       "\n"
		       "3,\"\r\n\"\"\r\n\"\r\n"
		       "4,y"),
			"2 row 1 note=a b c\n5 row 2 note=x\n"
			"7 row 3 note=\"\n10 row 4 note=y\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
quote_that_swallows_cards_in_a_column_nobody_reads_is_told(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("pin,shop\n"
		       "1,\"x\n12345,\n67890,y\"\n"
		       "2,\"Main St.\n12345 Town\"\n"),
			"1 warning column 'shop' is ignored\n"
			"2 warning a quote takes 2 more lines into its cell: "
			"cards in them were not read\n"
			"2 row 1\n5 row 2\n"},
		{BYTES("pin,note\n1,\"x\n1234567890\"\n"),
			"2 warning a quote takes 1 more lines into its cell: "
			"cards in them were not read\n"
			"2 row 1 note=x 1234567890\n"},
		/* what is read is a bad row anyway */
		{BYTES("pin,serial\n1,\"x\n1234567890\"\n"),
			"2 fault a control character in serial\n"},
	};

	EXPECT_ALL("a.csv", rows);
	char text[8000] = "pin,note\n1,\"";

	for (size_t len = strlen(text); len < 6000; len += 15)
		(void)strcpy(text + len, "12345678901234\n");
	(void)strcat(text, "\"\n2,\n");
	told_expect("a.csv", text, strlen(text),
		"2 warning a row that is too long goes on over several lines: "
		"its quote may be a stray one\n"
		"2 fault too long\n403 row 2\n");
}

static void
warnings_of_one_file_do_not_fill_the_log(void **state)
{
	(void)state;
	char text[16384] = "pin,note\n", *told;

	for (int i = 0; i < 150; i++)
		(void)sprintf(
			text + strlen(text), "%d,\"x\n1234567890\"\n", i + 1);
	told = told_of_batch("a.csv", text, strlen(text), strlen(text));
	size_t count = 0;
	for (const char *at = told; (at = strstr(at, " warning ")); at++)
		count++;
	assert_int_equal(count, 100);
	assert_non_null(strstr(told, "more warnings are not told\n"));
	free(told);
}

static void
row_of_a_megabyte_is_one_bad_row(void **state)
{
	(void)state;
	size_t len = 1 << 20;
	char *text = malloc(len + 64);

	assert_non_null(text);
	memset(text, '7', len);
	(void)memcpy(text, "pin,note\n1,x\n", 13);
	(void)strcpy(text + len, "\n2,y\n");
	told_expect("a.csv", text, len + 5,
		"2 row 1 note=x\n3 fault too long\n4 row 2 note=y\n");
	/* Quoted, and with as many lines. */
	for (size_t i = 16; i < len; i += 16)
		text[i] = '\n';
	text[13] = '"';
	(void)strcpy(text + len, "\"\n2,y\n");
	told_expect("a.csv", text, len + 6,
		"2 row 1 note=x\n"
		"3 warning a row that is too long goes on over several lines: "
		"its quote may be a stray one\n"
		"3 fault too long\n65539 row 2 note=y\n");
	free(text);
}

static void
blanks_and_dashes_in_a_pin_are_dropped(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("pin\n1234 5678-9012\n"), "2 row 123456789012\n"},
		{BYTES("pin\n 12\u00a034\u202f5\u20106\u20137\u22128 \n"),
			"2 row 12345678\n"},
		{BYTES("pin\n\"12 34\"\n"), "2 row 1234\n"},
		{BYTES("pin,amount,target,serial\n"
		       "١٢٣٤,１００,۰۸۰۰,A१\n"),
			"2 row 1234 serial=A1 amount=100 target=0800\n"},
		/* what else stands there is the profile's to judge */
		{BYTES("pin\n12.34\n1_2\n1,23E+13\n"),
			"2 row 12.34\n3 row 1_2\n4 fault more cells than "
			"columns\n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
text_file_has_one_pin_a_line(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES(""), ""},
		{BYTES("1\n2\r\n\n 3 4 \n\n5"),
			"1 row 1\n2 row 2\n4 row 34\n6 row 5\n"},
		{BYTES("\xef\xbb\xbf# amount: 5\n1\n"), "2 row 1 amount=5\n"},
		{BYTES("# colour: red\n1\n"),
			"refused line 1: an unknown directive\n"},
		/* quotes, commas and headings mean nothing here */
		{BYTES("\"1\n2\"\nsep=;\npin\n"),
			"1 row \"1\n2 row 2\"\n3 row sep=;\n4 row pin\n"},
		{BYTES("1\0002\n\xff\n3\t4\n5\n"),
			"1 fault a NUL byte\n2 fault not UTF-8\n"
			"3 fault a control character in pin\n4 row 5\n"},
		{BYTES("\xff\xfe"
		       "1\0\n\0"
		       "2\0"),
			"1 row 1\n2 row 2\n"},
		{BYTES("1\n# operator: x\n"), "1 row 1\n2 row #operator:x\n"},
		{BYTES("1\n--\n"), "1 row 1\n2 fault no pin\n"},
	};

	EXPECT_ALL("a.txt", rows);
}

static void
on_row(void *ctx, const struct batch_row *row)
{
	(void)row;
	++*(int *)ctx;
}

static void
on_fault(void *ctx, unsigned line, const char *reason)
{
	(void)line, (void)reason;
	++*(int *)ctx;
}

static void
nothing_is_parsed_after_a_refusal(void **state)
{
	(void)state;
	int told = 0;
	struct batch_events events = {&told, on_row, on_fault, NULL};
	struct batch_parser *p = batch_parser_new(BATCH_CSV, "a.csv", &events);

	assert_int_equal(batch_parser_feed(p, span_str("x\n")), -EINVAL);
	assert_int_equal(batch_parser_feed(p, span_str("pin\n1\n")), -EINVAL);
	assert_int_equal(batch_parser_finish(p), -EINVAL);
	assert_string_equal(
		batch_parser_error(p), "line 1: no column is named pin");
	assert_int_equal(told, 0);
	batch_parser_free(p);
	batch_parser_free(NULL);
}

static void
parser_without_a_listener_for_warnings_goes_on(void **state)
{
	(void)state;
	int told = 0;
	struct batch_events events = {&told, on_row, on_fault, NULL};
	struct batch_parser *p = batch_parser_new(BATCH_CSV, "a.csv", &events);

	assert_int_equal(
		batch_parser_feed(p, span_str("# hm\npin,x\n1,2\n")), 0);
	assert_int_equal(batch_parser_finish(p), 0);
	assert_int_equal(told, 1);
	batch_parser_free(p);
}

/* How often bytes stand on the heap. */
static int
count_on_heap(const char *bytes, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int count = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		char *dash;

		if (!strstr(line, "[heap]"))
			continue;
		const char *at = (const char *)strtoull(line, &dash, 16);
		const char *end = (const char *)strtoull(dash + 1, NULL, 16);

		while ((at = memmem(at, (size_t)(end - at), bytes, len))) {
			at++;
			count++;
		}
	}
	(void)fclose(maps);
	return count;
}

static void
no_pin_is_left_in_memory_when_its_row_was_given(void **state)
{
	(void)state;
	static const char *const forms[] = {"pin\n%s\n", "pin\n\"%s\"",
		"pin,serial\n%s,a\n", "pin\n%s\"x\n", "serial,pin\na,%s,b\n"};
	static char text[64]; /* not on the heap */
	static char voucher_pin[15];

	for (int i = 0; i < 14; i++)
		voucher_pin[i] = (char)('0' + (i * i + 3) % 10);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int told = 0;
		struct batch_events events = {&told, on_row, on_fault, NULL};
		struct batch_parser *p =
			batch_parser_new(BATCH_CSV, "a.csv", &events);
		int len = snprintf(text, sizeof(text), forms[i], voucher_pin);

		assert_int_equal(
			batch_parser_feed(p, span_of(text, (size_t)len)), 0);
		if (text[len - 1] == '\n')
			assert_int_equal(count_on_heap(voucher_pin, 14), 0);
		assert_int_equal(batch_parser_finish(p), 0);
		assert_int_equal(told, 1);
		assert_int_equal(count_on_heap(voucher_pin, 14), 0);
		batch_parser_free(p);
		assert_int_equal(count_on_heap(voucher_pin, 14), 0);
	}
}

/* Bytes that a parser has opinions about, more often than others. */
static size_t
random_file(char *out, size_t cap)
{
	static const char *const parts[] = {"pin", ",", ";", "\t", "\n", "\r\n",
		"\"", "\"\"", "#", "# amount: 5\n", "sep=;\n", "1234", " ", "-",
		"\xef\xbb\xbf", "\xff", "pin,note\n", "pin;serial;amount\n",
		"é", "x", "\n\n", "\"a\nb\",", "# operator: q\n"};
	size_t len = 0;
	size_t want = (size_t)rand() % cap;

	if (rand() % 2 == 0)
		len = (size_t)snprintf(out, cap, "pin,note\n");
	while (len < want) {
		const char *part = parts[(size_t)rand() %
					 (sizeof(parts) / sizeof(parts[0]))];
		size_t n = strlen(part);

		if (rand() % 20 == 0) {
			out[len++] = (char)(rand() % 256);
		} else if (n < cap - len) {
			len += (size_t)snprintf(
				out + len, cap - len, "%s", part);
		} else {
			break;
		}
	}
	return len;
}

static void
random_bytes_tell_the_same_in_pieces_of_any_size(void **state)
{
	(void)state;
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10)
	                      : (unsigned)time(NULL);
	char text[600];

	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 3000; i++) {
		size_t len = random_file(text, sizeof(text));
		const char *name = i % 2 ? "a.csv" : "q-5-x.txt";
		char *whole = told_of_batch(name, text, len, len + 1);

		for (size_t piece = 1; piece <= 3; piece++) {
			char *cut = told_of_batch(
				name, text, len, piece * piece * piece);

			if (strcmp(whole, cut) != 0)
				fail_msg("seed %u, file %d", seed, i);
			free(cut);
		}
		free(whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			file_that_cannot_be_understood_is_refused_whole),
		cmocka_unit_test(bad_row_is_listed_and_the_good_ones_go_on),
		cmocka_unit_test(cell_too_long_for_its_column_is_a_bad_row),
		cmocka_unit_test(
			row_over_4096_bytes_without_its_line_end_is_a_bad_row),
		cmocka_unit_test(columns_are_found_whatever_divides_them),
		cmocka_unit_test(
			utf_16_with_a_byte_order_mark_is_read_as_spreadsheets_write_it),
		cmocka_unit_test(
			line_number_is_that_of_the_line_a_row_begins_on),
		cmocka_unit_test(
			quote_that_swallows_cards_in_a_column_nobody_reads_is_told),
		cmocka_unit_test(warnings_of_one_file_do_not_fill_the_log),
		cmocka_unit_test(row_of_a_megabyte_is_one_bad_row),
		cmocka_unit_test(blanks_and_dashes_in_a_pin_are_dropped),
		cmocka_unit_test(text_file_has_one_pin_a_line),
		cmocka_unit_test(nothing_is_parsed_after_a_refusal),
		cmocka_unit_test(
			parser_without_a_listener_for_warnings_goes_on),
		cmocka_unit_test(
			no_pin_is_left_in_memory_when_its_row_was_given),
		cmocka_unit_test(
			random_bytes_tell_the_same_in_pieces_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
