/*
 * What comes off the wire, whatever the cuts: each row is fed whole, byte
 * by byte, and in random pieces.
 */
#include "modem/framer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/corpus.h"

enum { OUT_MAX = 16384 };

struct heard {
	char text[OUT_MAX];
	size_t len;
};

static void
note(struct heard *h, const struct frame *frame)
{
	static const char *const marks[] = {"", "L", "P", "E", "O"};
	const char *p = frame->text.ptr;

	h->len += (size_t)snprintf(h->text + h->len, OUT_MAX - h->len, "%s%s[",
		frame->stale ? "old " : "", marks[frame->kind]);
	for (size_t i = 0; i < frame->text.len && h->len < OUT_MAX - 8; i++) {
		if (p[i] == '\r' || p[i] == '\n') {
			h->text[h->len++] = '\\';
			h->text[h->len++] = p[i] == '\r' ? 'r' : 'n';
		} else {
			h->text[h->len++] = p[i];
		}
	}
	h->text[h->len++] = ']';
	h->text[h->len] = '\0';
}

static void
drain(struct framer *f, int64_t now, struct heard *h)
{
	struct frame frame;

	while ((frame = framer_next(f, now)).kind != FRAME_NONE)
		note(h, &frame);
}

static void
feed(struct framer *f, const char *bytes, size_t n, size_t piece, int64_t now,
	struct heard *h)
{
	while (n > 0) {
		size_t room;
		char *at = framer_room(f, &room);
		size_t take = piece == 0 ? 1 + (size_t)rand() % 9 : piece;

		assert_true(room >= FRAMER_READ_MAX);
		take = take < n ? take : n;
		take = take < room ? take : room;
		memcpy(at, bytes, take);
		framer_filled(f, take);
		drain(f, now, h);
		bytes += take;
		n -= take;
	}
}

struct row {
	const char *in;
	const char *out;
	const char *later; /* what comes when the quote is given up */
};

/* Feeds in pieces of the given size; 0 draws sizes. */
static void
expect(const struct row *row, size_t piece, bool prompt)
{
	static struct framer f;
	static struct heard h;

	framer_init(&f);
	framer_expect_prompt(&f, prompt);
	h.len = 0;
	h.text[0] = '\0';
	feed(&f, row->in, strlen(row->in), piece, 1000, &h);
	assert_string_equal(h.text, row->out);
	h.len = 0;
	h.text[0] = '\0';
	if (row->later == NULL) {
		assert_true(framer_wake_at(&f) == INT64_MAX);
		return;
	}
	assert_int_equal(framer_wake_at(&f), 1000 + FRAMER_QUOTE_MS);
	drain(&f, 1000 + FRAMER_QUOTE_MS - 1, &h);
	assert_string_equal(h.text, "");
	drain(&f, 1000 + FRAMER_QUOTE_MS, &h);
	assert_string_equal(h.text, row->later);
	assert_true(framer_wake_at(&f) == INT64_MAX);
}

static void
expect_all(const struct row *rows, size_t count, bool prompt)
{
	for (size_t i = 0; i < count; i++) {
		expect(&rows[i], 1000, prompt);
		for (size_t piece = 1; piece <= 7; piece++)
			expect(&rows[i], piece, prompt);
		for (int turn = 0; turn < 20; turn++)
			expect(&rows[i], 0, prompt);
	}
}
#define EXPECT(rows, prompt)                                                   \
	expect_all(rows, sizeof(rows) / sizeof *(rows), prompt)

static void
lines_end_at_cr_or_lf_and_blank_ones_vanish(void **state)
{
	static const struct row rows[] = {
		{"OK\r\n", "L[OK]", NULL},
		{"\r\n+CREG: 0,1\r\n\r\nOK\r\n", "L[+CREG: 0,1]L[OK]", NULL},
		{"&C\r\r\n&D\r\r\n", "L[&C]L[&D]", NULL},
		{"a\nb\rc\n", "L[a]L[b]L[c]", NULL},
		{"  x y  \r\n", "L[x y]", NULL},
		{"   \r\nOK\r", "L[OK]", NULL},
		{"no end", "", NULL},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
echo_is_told_from_an_answer_wherever_it_stands(void **state)
{
	static const struct row rows[] = {
		{"AT+CREG?\r\r\n+CREG: 0,1\r\n", "E[AT+CREG?]L[+CREG: 0,1]",
			NULL},
		{"+CMTI: \"SM\",1\r\nAT+CSQ\r\r\nOK\r\n",
			"L[+CMTI: \"SM\",1]E[AT+CSQ]L[OK]", NULL},
		{"AT\r\r\nOK\r\nATE0\r\n\r\nOK\r\n", "E[AT]L[OK]E[ATE0]L[OK]",
			NULL},
		{"AT+CUSD=1,\"*121*1\r\nOK\r\n", "E[AT+CUSD=1,\"*121*1]L[OK]",
			NULL},
		/* glued to what a lost line end left */
		{"+CRE\x01"
		 "AT+CUSD=1,\"*1#\",15\r",
			"L[+CRE\x01]E[AT+CUSD=1,\"*1#\",15]", NULL},
		{"ATTENTION please\r\n", "L[ATTENTION please]", NULL},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
prompt_counts_only_when_expected_and_at_line_start(void **state)
{
	static const struct row expected[] = {
		{"\r\n> ", "P[>]", NULL},
		{"+ZPASR: \"UMTS\"\r\n> \r\n", "L[+ZPASR: \"UMTS\"]P[>]", NULL},
		{"1> Balance\r\n", "L[1> Balance]", NULL},
		{"+CUSD: 1,\"Menu\r\n> 1\r\n> 2\",15\r\n",
			"L[+CUSD: 1,\"Menu\\r\\n> 1\\r\\n> 2\",15]", NULL},
	};
	static const struct row unexpected[] = {
		{"\r\n> OK\r\n", "L[> OK]", NULL},
	};

	(void)state;
	EXPECT(expected, true);
	EXPECT(unexpected, false);
}

static void
ussd_text_keeps_its_lines_and_quotes(void **state)
{
	static const struct row rows[] = {
		{"+CUSD: 1,\"Bal:$1\r\nExp 01\r\n\r\n2. OK\r\nOK\r\nERROR\",15"
		 "\r\nOK\r\n",
			"L[+CUSD: 1,\"Bal:$1\\r\\nExp 01\\r\\n\\r\\n2. OK\\r\\n"
			"OK\\r\\nERROR\",15]L[OK]",
			NULL},
		/* u017: quoted words amid the hex, no coding scheme */
		{"+CUSD: 0,\"0020\"Shape of you\"0023\"\r\nOK\r\n",
			"L[+CUSD: 0,\"0020\"Shape of you\"0023\"]L[OK]", NULL},
		/* a quoted word ends a line of the text */
		{"+CUSD: 0,\"Take \"Max\"\r\nnow \"please\"\"\r\n",
			"L[+CUSD: 0,\"Take \"Max\"\\r\\nnow \"please\"\"]",
			NULL},
		{"+CUSD: 0,\"a 5\" disk\",15\r\n",
			"L[+CUSD: 0,\"a 5\" disk\",15]", NULL},
		{"+CUSD: 2, \"x\" ,1\r\n", "L[+CUSD: 2, \"x\" ,1]", NULL},
		{"+CUSD: 0,\"0411\", 17r\r\n", "L[+CUSD: 0,\"0411\", 17r]",
			NULL},
		{"+CUSD: 0,\"x\",-12\r\n", "L[+CUSD: 0,\"x\",-12]", NULL},
		{"+CUSD: 1,\"x\n\",0            \r\n", "L[+CUSD: 1,\"x\\n\",0]",
			NULL},
		{"+CUSD: 0,\"50\", 100 MB\r\nleft\",15\r\n",
			"L[+CUSD: 0,\"50\", 100 MB\\r\\nleft\",15]", NULL},
		{"+CUSD: 0,\"\"\r\n", "L[+CUSD: 0,\"\"]", NULL},
		{"+CUSD: 0, 49B41C\r\n+CUSD: 2\r\n",
			"L[+CUSD: 0, 49B41C]L[+CUSD: 2]", NULL},
		/* only +CUSD holds texts */
		{"+CNUM: \"\",+79130000000\",145\r\nOK\r\n",
			"L[+CNUM: \"\",+79130000000\",145]L[OK]", NULL},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
missing_quote_ends_by_time_or_by_what_is_no_text(void **state)
{
	static const struct row rows[] = {
		/* u068 */
		{"+CUSD: 2,\"ZALYSHOK: 1424:00\r\n", "",
			"L[+CUSD: 2,\"ZALYSHOK: 1424:00]"},
		{"+CUSD: 2,\"ZALYSHOK\r\n\r\nOK\r\n", "",
			"L[+CUSD: 2,\"ZALYSHOK]L[OK]"},
		{"+CUSD: 2,\"ZALYSHOK", "", "L[+CUSD: 2,\"ZALYSHOK]"},
		/* the only line end between OK and noise went with the noise */
		{"+CUSD: 2,\"ZALYSHOK\r\nOK\r\n+CREG: 1\r\n", "L[+CREG: 1]",
			"L[+CUSD: 2,\"ZALYSHOK]L[OK]"},
		{"+CUSD: 2,\"one\r\n+CUSD: 0,\"two\",15\r\n",
			"L[+CUSD: 2,\"one]L[+CUSD: 0,\"two\",15]", NULL},
		{"+CUSD: 2,\"one\r\n+CME ERROR: 100\r\n",
			"L[+CUSD: 2,\"one]L[+CME ERROR: 100]", NULL},
		/* an echoed PIN never becomes part of a text */
		{"+CUSD: 2,\"one\r\nAT+CUSD=1,\"*1*99#\",15\r\r\nOK\r\n",
			"L[+CUSD: 2,\"one]E[AT+CUSD=1,\"*1*99#\",15]L[OK]",
			NULL},
		{"+CUSD: 2,\"oneAT+CUSD=1,\"*1*99#\",15\r",
			"L[+CUSD: 2,\"one]E[AT+CUSD=1,\"*1*99#\",15]", NULL},
		/* an OK amid a text that goes on is text */
		{"+CUSD: 1,\"Sure?\r\nOK\r\nCancel\r\n", "",
			"L[+CUSD: 1,\"Sure?\\r\\nOK\\r\\nCancel]"},
		/* one odd quote at a line end */
		{"+CUSD: 0,\"a 5\" disk\"\r\n", "",
			"L[+CUSD: 0,\"a 5\" disk\"]"},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
noise_in_a_text_is_taken_out_of_it(void **state)
{
	static const struct row rows[] = {
		/* between two lines, and in the middle of one */
		{"+CUSD: 0,\"one\r\n\r\n^RSSI:5\r\ntwo\",15\r\n",
			"L[^RSSI:5]L[+CUSD: 0,\"one\\r\\ntwo\",15]", NULL},
		{"+CUSD: 0,\"on\r\n+CREG: 1\r\ne\",15\r\n",
			"L[+CREG: 1]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\n+CREG: 1\ne\",15\r\n",
			"L[+CREG: 1]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\r\n+CREG: 1\r\n\r\n^RSSI:5\r\ne\",15\r\n",
			"L[+CREG: 1]L[^RSSI:5]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\r\n+CREG: "
		 "1\r\n^RSSI:5\r\n^RSSI:6\r\ne\",15\r\n",
			"L[+CREG: 1]L[^RSSI:5]L[^RSSI:6]L[+CUSD: 0,\"one\",15]",
			NULL},
		{"+CUSD: 0,\"\r\n+CREG: 1\r\none\",15\r\n",
			"L[+CREG: 1]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"one\r\n+CREG: 1\r\n\",15\r\n",
			"L[+CREG: 1]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 2,\"one\r\n+CMTI: \"SM\",1\r\ntwo\",15\r\n",
			"L[+CMTI: \"SM\",1]L[+CUSD: 2,\"onetwo\",15]", NULL},
		{"+CUSD: 2,\"one\r\n+QIND: \"csq\",18,99\r\n two\",15\r\n",
			"L[+QIND: \"csq\",18,99]L[+CUSD: 2,\"one two\",15]",
			NULL},
		{"+CUSD: 2,\"one\r\n*PSUTTZ: 1\r\n two\",15\r\n",
			"L[*PSUTTZ: 1]L[+CUSD: 2,\"one two\",15]", NULL},
		/* Icera, Option, Ericsson, Telit, Qualcomm */
		{"+CUSD: 0,\"on\r\n%NWSTATE: 2,00101,3G,3G,1\r\ne\",15\r\n",
			"L[%NWSTATE: 2,00101,3G,3G,1]L[+CUSD: 0,\"one\",15]",
			NULL},
		{"+CUSD: 0,\"on\r\n_OSIGQ: 18,0\r\ne\",15\r\n",
			"L[_OSIGQ: 18,0]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\r\n*E2REG: 2\r\ne\",15\r\n",
			"L[*E2REG: 2]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\r\n#QSS: 1\r\ne\",15\r\n",
			"L[#QSS: 1]L[+CUSD: 0,\"one\",15]", NULL},
		{"+CUSD: 0,\"on\r\n$QCRSSI: 12\r\ne\",15\r\n",
			"L[$QCRSSI: 12]L[+CUSD: 0,\"one\",15]", NULL},
		/* a price and a tag are the operator's */
		{"+CUSD: 0,\"on\r\n$USD: 12\r\n#TIP: a\r\ne\",15\r\n",
			"L[+CUSD: 0,\"on\\r\\n$USD: 12\\r\\n#TIP: a\\r\\ne\","
			"15]",
			NULL},
		/* like noise, but the text ends with it */
		{"+CUSD: 2,\"one\r\n^ABC:CD\",15\r\n",
			"L[+CUSD: 2,\"one\\r\\n^ABC:CD\",15]", NULL},
		{"+CUSD: 2,\"*123#: menu\r\n*100#:\r\n+1 GB: 5\r\n"
		 "+A:\r\nx\",15\r\n",
			"L[+CUSD: 2,\"*123#: menu\\r\\n*100#:\\r\\n"
			"+1 GB: 5\\r\\n+A:\\r\\nx\",15]",
			NULL},
		{"+CUSD: 0,\"^o^\r\n^^\",15\r\n",
			"L[+CUSD: 0,\"^o^\\r\\n^^\",15]", NULL},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
glued_lines_are_parted(void **state)
{
	static const struct row rows[] = {
		{"OK+CUSD: 2,\"Valeur. \",15\r\n",
			"L[OK]L[+CUSD: 2,\"Valeur. \",15]", NULL},
		{"ERROR+CNUM: \"\"\r\n", "L[ERROR]L[+CNUM: \"\"]", NULL},
		{"+CME ERROR: 25+CNUM: \"\",\"+33\",145\r\n",
			"L[+CME ERROR: 25]L[+CNUM: \"\",\"+33\",145]", NULL},
		{"+CME ERROR: retry operation+CUSD: 2\r\n",
			"L[+CME ERROR: retry operation]L[+CUSD: 2]", NULL},
		{"+CSQ: 9,99+CUSD: 0,\"a\r\nb\",15\r\n",
			"L[+CSQ: 9,99]L[+CUSD: 0,\"a\\r\\nb\",15]", NULL},
		{"OK^BOOT:1,0\r\n", "L[OK]L[^BOOT:1,0]", NULL},
		{"OKAY\r\nOK +1\r\n", "L[OKAY]L[OK +1]", NULL},
	};

	(void)state;
	EXPECT(rows, false);
}

static void
nul_bytes_are_dropped(void **state)
{
	static const char in[] = "\0O\0K\0\r\0\n\0+CUSD: 0,\"a\0b\",15\r\n";
	static struct framer f;
	static struct heard h;

	(void)state;
	framer_init(&f);
	h.len = 0;
	feed(&f, in, sizeof in - 1, 1, 0, &h);
	assert_string_equal(h.text, "L[OK]L[+CUSD: 0,\"ab\",15]");
}

/* Bytes, not a string: without its NUL. */
static void
put(char *at, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		*at++ = *bytes;
}

static void
endless_line_is_reported_once_and_then_forgotten(void **state)
{
	static const size_t pieces[] = {1, 7, 1000};
	static char in[3 * FRAMER_LINE_MAX];
	static struct framer f;
	static struct heard h;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		memset(in, 'x', sizeof in);
		if (i % 2 == 1) /* the same inside quotes */
			put(in, "+CUSD: 0,\"");
		put(in + sizeof in - 6, "\r\nOK\r\n");
		framer_init(&f);
		h.len = 0;
		feed(&f, in, sizeof in, pieces[i / 2], 0, &h);
		assert_string_equal(h.text, "O[]L[OK]");
	}
}

static void
long_lines_below_the_limit_come_whole(void **state)
{
	static char in[FRAMER_LINE_MAX];
	static struct framer f;
	static struct heard h;

	(void)state;
	memset(in, 'A', sizeof in);
	put(in, "+CUSD: 0,\"");
	put(in + sizeof in - 6, "\",72\r\n");
	framer_init(&f);
	h.len = 0;
	feed(&f, in, sizeof in, 1000, 0, &h);
	assert_int_equal(h.len, sizeof in - 2 + 3);
}

static void
line_under_way_at_the_mark_is_stale(void **state)
{
	static struct framer f;
	static struct heard h;

	(void)state;
	framer_init(&f);
	h.len = 0;
	feed(&f, "+CUSD: 0,\"la", 12, 12, 0, &h);
	framer_mark(&f);
	feed(&f, "te\",15\r\nOK\r\n", 12, 3, 0, &h);
	assert_string_equal(h.text, "old L[+CUSD: 0,\"late\",15]L[OK]");
	h.len = 0;
	framer_mark(&f);
	feed(&f, "+CSQ: 1\r\n", 9, 9, 0, &h);
	assert_string_equal(h.text, "L[+CSQ: 1]");
}

/* A PIN that was echoed is nowhere in memory once its frame is done with. */
static void
consumed_bytes_do_not_linger(void **state)
{
	static const char in[] = "AT+CUSD=1,\"*121*5550123412345#\",15\r\r\nO";
	static struct framer f;
	static struct heard h;
	const char *raw = (const char *)&f;

	(void)state;
	for (size_t piece = 1; piece < sizeof in; piece++) {
		framer_init(&f);
		h.len = 0;
		feed(&f, in, sizeof in - 1, piece, 0, &h);
		for (size_t i = 0; i + 4 <= sizeof f; i++)
			assert_memory_not_equal(raw + i, "5550", 4);
	}
}

/* The frame that a raw line must come out as, cut into single bytes. */
static void
expect_one_frame(const char *raw, size_t n)
{
	static struct framer f;
	struct frame frame = {.kind = FRAME_NONE};
	struct span whole = span_trim(span_of(raw, n));
	size_t room;

	framer_init(&f);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(frame.kind, FRAME_NONE);
		*framer_room(&f, &room) = raw[i];
		framer_filled(&f, 1);
		frame = framer_next(&f, 0);
	}
	*framer_room(&f, &room) = '\r';
	framer_filled(&f, 1);
	frame = framer_next(&f, 0);
	if (frame.kind == FRAME_NONE) /* its quote is lost */
		frame = framer_next(&f, FRAMER_QUOTE_MS);
	assert_int_equal(frame.kind, FRAME_LINE);
	assert_int_equal(frame.text.len, whole.len);
	assert_memory_equal(frame.text.ptr, whole.ptr, whole.len);
}

static enum corpus_verdict
judge_answer(char *value[])
{
	expect_one_frame(value[1], corpus_unescape(value[1]));
	return CORPUS_GOOD;
}

static void
every_real_answer_comes_out_as_one_frame(void **state)
{
	static const char *const columns[] = {
		"id", "raw_line", "decoded_text", NULL};

	(void)state;
	corpus_expect(columns, judge_answer);
}

static bool
has(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

/* Hostile bytes: no crash, no hang, and the next clean line is heard. */
static void
any_bytes_are_survived(void **state)
{
	static const char alphabet[] = "\r\n\"+,:> 0AOKCUSDTME R^=\x80\0";
	unsigned seed = (unsigned)time(NULL);
	static struct framer f;
	static struct heard h;

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int turn = 0; turn < 3000; turn++) {
		char in[200];
		int64_t now = 1000;

		framer_init(&f);
		h.len = 0;
		for (size_t i = 0; i < sizeof in; i++)
			in[i] = alphabet[(size_t)rand() % (sizeof alphabet)];
		feed(&f, in, sizeof in, 0, now, &h);
		feed(&f, "\r\n", 2, 2, now, &h);
		for (int i = 0; i < 50 && framer_wake_at(&f) != INT64_MAX; i++)
			drain(&f, now += FRAMER_QUOTE_MS, &h);
		assert_true(framer_wake_at(&f) == INT64_MAX);
		feed(&f, "\r\n+CSQ: 7\r\n", 11, 11, now, &h);
		assert_true(has(h.text, "L[+CSQ: 7]"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_at_cr_or_lf_and_blank_ones_vanish),
		cmocka_unit_test(
			echo_is_told_from_an_answer_wherever_it_stands),
		cmocka_unit_test(
			prompt_counts_only_when_expected_and_at_line_start),
		cmocka_unit_test(ussd_text_keeps_its_lines_and_quotes),
		cmocka_unit_test(
			missing_quote_ends_by_time_or_by_what_is_no_text),
		cmocka_unit_test(noise_in_a_text_is_taken_out_of_it),
		cmocka_unit_test(glued_lines_are_parted),
		cmocka_unit_test(nul_bytes_are_dropped),
		cmocka_unit_test(
			endless_line_is_reported_once_and_then_forgotten),
		cmocka_unit_test(long_lines_below_the_limit_come_whole),
		cmocka_unit_test(line_under_way_at_the_mark_is_stale),
		cmocka_unit_test(consumed_bytes_do_not_linger),
		cmocka_unit_test(every_real_answer_comes_out_as_one_frame),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
