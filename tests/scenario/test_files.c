/*
 * Files as people drop them: what is read, what is refused whole and why,
 * what is left alone, what is held. Nothing is dialled here: the one modem
 * is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static void
start_without_modem(struct house *h)
{
	snprintf(h->modems[0].name, sizeof(h->modems[0].name), "m1");
	snprintf(h->modems[0].port, sizeof(h->modems[0].port),
		"/dev/topupd-no-such-port");
	h->modem_count = 1;
	house_start(h);
}

static void
write_bytes(const char *path, const void *bytes, size_t len)
{
	char hidden[HOUSE_PATH_MAX * 2];
	FILE *f;

	snprintf(hidden, sizeof(hidden), "%s.tmp", path);
	f = fopen(hidden, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(hidden, path), 0);
}

static bool
is_gone(struct house *h, const void *ctx)
{
	return access(house_path(h, "spool/incoming/%s", (const char *)ctx),
		       F_OK) != 0;
}

static const struct refused {
	const char *name, *text;
	size_t len; /* 0: of the text */
} refused[] = {
	{"empty.csv", "", 0},
	{"head-only.csv", "pin,serial\n", 0},
	{"no-pin-column.csv", "serial,amount\nA,100\n", 0},
	{"no-operator.csv", "pin\n48151623421988\n", 0},
	{"unknown-operator.csv", "pin,operator\n48151623421988,nobody\n", 0},
	{"letters.txt", "# operator: simtel\nhello\nworld\n", 0},
	{"more-bad-than-good.csv",
		"# operator: simtel\npin\n48151623421988\n12\n13\n", 0},
	{"zip.csv", "PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0", 14},
	{"noise.csv", "\0\xff\0\xff\n\0\xff\0\xff\n", 10},
	{"sheet.xlsx", "PK\x03\x04", 4},
	{"no-ending", "# operator: simtel\n48151623421988\n", 0},
};

static void
file_that_cannot_be_understood_is_refused_whole(void **state)
{
	struct house *h = *state;
	char *reason, wanted[64];

	start_without_modem(h);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];

		write_bytes(house_path(h, "spool/incoming/%s", r->name),
			r->text, r->len > 0 ? r->len : strlen(r->text));
		snprintf(wanted, sizeof(wanted), "%s.reason", r->name);
		reason =
			house_read(house_until_file(h, "spool/failed", wanted));
		assert_non_null(reason);
		if (strlen(reason) < 5)
			fail_msg("%s: no reason", r->name);
		if (strstr(reason, "48151623421988") != NULL)
			fail_msg("%s: the reason shows a PIN", r->name);
		free(reason);
		snprintf(wanted, sizeof(wanted), "%s.sealed", r->name);
		(void)house_until_file(h, "spool/failed", wanted);
		house_until(h, "it has left incoming/", is_gone, r->name);
	}
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), 0);
	house_done(h);
}

/* Each has the rows A, B, C, whatever the form. */
static const struct accepted {
	const char *name, *text;
} accepted[] = {
	{"plain.csv", "# operator: simtel\npin,serial\n10293847560192,A\n"
		      "56473829108273,B\n90817263545362,C\n"},
	{"crlf.csv", "# operator: simtel\r\npin,serial\r\n11293847560192,A\r\n"
		     "57473829108273,B\r\n91817263545362,C\r\n"},
	{"semicolon.csv",
		"sep=;\npin;serial;operator\n12293847560192;A;SimTel\n"
		"58473829108273;B;simtel\n92817263545362;C;SIMTEL\n"},
	{"tab.csv", "pin\tserial\toperator\n13293847560192\tA\tsimtel\n"
		    "59473829108273\tB\tsimtel\n93817263545362\tC\tsimtel\n"},
	{"quoted.csv",
		"\xef\xbb\xbfserial,pin,operator,note\n"
		"A,\"1429 3847-560192\",simtel,\"a \"\"note\"\", and\nmore\"\n"
		"B,\"50473829108273\",simtel,\nC,94817263545362,simtel,x\n"},
};

static void
every_common_form_of_a_file_is_read(void **state)
{
	struct house *h = *state;
	size_t rows = 0;

	start_without_modem(h);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		const struct accepted *a = &accepted[i];
		char pattern[64];

		house_drop(h, a->name, a->text);
		snprintf(pattern, sizeof(pattern), "*-%s", a->name);
		(void)house_until_file(h, "spool/done", pattern);
		rows += 3;
		if (json_array_size(house_ask(h, "vouchers", NULL)) != rows)
			fail_msg("%s: not all rows were read", a->name);
	}
	assert_int_equal(house_count(h->doc, "serial", "A"), 5);
	assert_int_equal(house_count(h->doc, "operator", "simtel"), rows);
	house_done(h);
}

static void
file_as_a_spreadsheet_saves_it_is_read(void **state)
{
	static const char text[] =
		"\xff\xfep\0i\0n\0,\0o\0p\0e\0r\0a\0t\0o\0r\0\n\0"
		"1\0005\0002\0009\0003\0008\0004\0007\0005\0006\0000\0001\0009"
		"\0002\0,\0s\0i\0m\0t\0e\0l\0\n";
	struct house *h = *state;

	start_without_modem(h);
	/* The last NUL is the literal's own. */
	write_bytes(
		house_path(h, "spool/incoming/utf16.csv"), text, sizeof(text));
	(void)house_until_file(h, "spool/done", "1-utf16.csv");
	assert_string_equal(
		house_text(json_array_get(house_ask(h, "vouchers", NULL), 0),
			"pin"),
		"**********0192");
	house_done(h);
}

static void
bad_rows_are_listed_and_the_good_ones_go_on(void **state)
{
	struct house *h = *state;
	char text[8192] = "# operator: simtel\npin,serial,expires\n"
			  "10293847560192,A,\n"
			  "123,short,\n"
			  "56473829108273,B,2030-02-31\n"
			  "90817263545362,C,2099-12-31\n"
			  "77817263545366,D,\n";
	json_t *bad;

	/* A row of more than 4096 bytes. */
	memset(text + strlen(text), 'x', 4200);
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		"\n78817263545366,E,\n");
	start_without_modem(h);
	house_submit(h, "some.csv", text);
	bad = json_object_get(h->doc, "first_bad_rows");
	assert_int_equal(json_array_size(bad), 3);
	assert_int_equal(house_number(json_array_get(bad, 2), "line"), 8);
	bad = json_object_get(house_ask(h, "batch", "1", NULL), "bad_rows");
	assert_int_equal(json_array_size(bad), 3);
	assert_int_equal(house_number(json_array_get(bad, 0), "line"), 4);
	assert_int_equal(house_number(json_array_get(bad, 1), "line"), 5);
	assert_int_equal(house_number(json_array_get(bad, 2), "line"), 8);
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), 4);
	house_done(h);
}

static void
names_that_are_not_ready_to_be_read_are_left_alone(void **state)
{
	static const char *const names[] = {".hidden.csv", "copying.csv.tmp",
		"copying.csv.part", "edited.csv~"};
	static const char card[] = "# operator: simtel\n10293847560192\n";
	struct house *h = *state;

	start_without_modem(h);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		house_drop(h, names[i], card);
	house_write(house_path(h, "cards/far.txt"), card);
	assert_int_equal(symlink(house_path(h, "cards/far.txt"),
				 house_path(h, "spool/incoming/link.txt")),
		0);
	assert_int_equal(link(house_path(h, "cards/far.txt"),
				 house_path(h, "spool/incoming/second.txt")),
		0);
	assert_int_equal(
		mkdir(house_path(h, "spool/incoming/folder.txt"), 0700), 0);
	/* What comes after them is read; they are not. */
	house_drop(h, "z.txt", "# operator: simtel\n56473829108273\n");
	(void)house_until_file(h, "spool/done", "1-z.txt");
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
			access(house_path(h, "spool/incoming/%s", names[i]),
				F_OK),
			0);
	house_done(h);
}

static void
counted_pins_are_held_until_a_person_releases_them(void **state)
{
	struct house *h = *state;
	char text[1024] = "# operator: simtel\n";

	for (unsigned i = 0; i < 9; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%014u\n", 500100 + i);
	start_without_modem(h);
	house_submit(h, "serials.txt", text);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "held"),
		9);
	assert_int_equal(house_count(h->doc, "reason", "counted"), 9);
	assert_int_equal(house_ctl(h, "release", "--batch", "1", NULL), 0);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "ready"),
		9);
	assert_int_equal(house_ctl(h, "cancel", "--batch", "1", NULL), 0);
	assert_int_equal(house_count(house_ask(h, "vouchers", NULL), "state",
				 "cancelled"),
		9);
	house_done(h);
}

static void
eaten_leading_zeros_hold_a_batch(void **state)
{
	struct house *h = *state;

	house_rule_set(h, "operator", "pin", "\\d{13,14}");
	start_without_modem(h);
	house_submit(h, "sheet.txt",
		"# operator: simtel\n10293847560192\n6473829108273\n"
		"90817263545362\n77817263545366\n");
	assert_int_equal(house_count(house_ask(h, "vouchers", NULL), "reason",
				 "lengths"),
		4);
	house_done(h);
}

static void
batch_dropped_while_the_daemon_was_away_is_read_at_start(void **state)
{
	struct house *h = *state;

	house_drop(h, "early.txt", "# operator: simtel\n10293847560192\n");
	start_without_modem(h);
	(void)house_until_file(h, "spool/done", "1-early.txt");
	house_kill(h);
	/* The same file again: the ledger knows it. */
	house_drop(h, "again.txt", "# operator: simtel\n10293847560192\n");
	house_start(h);
	(void)house_until_file(h, "spool/failed", "again.txt.reason");
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), 1);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(file_that_cannot_be_understood_is_refused_whole),
		HOUSE_TEST(every_common_form_of_a_file_is_read),
		HOUSE_TEST(file_as_a_spreadsheet_saves_it_is_read),
		HOUSE_TEST(bad_rows_are_listed_and_the_good_ones_go_on),
		HOUSE_TEST(names_that_are_not_ready_to_be_read_are_left_alone),
		HOUSE_TEST(counted_pins_are_held_until_a_person_releases_them),
		HOUSE_TEST(eaten_leading_zeros_hold_a_batch),
		HOUSE_TEST(
			batch_dropped_while_the_daemon_was_away_is_read_at_start),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
