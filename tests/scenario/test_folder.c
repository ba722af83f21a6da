/*
 * A folder as strangers leave it: some fifty files at once, in every form that
 * spreadsheets, copies, pranks and mistakes give them. What is good is read,
 * what is not is kept sealed and comes back byte by byte, the rest is left
 * alone, and no PIN and no terminal code shows anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

enum { BYTES_MAX = 1 << 21, MEGABYTE = 1 << 20, PINS_MAX = 200 };

enum form { PLAIN, UTF16_LE, UTF16_BE, MEGA };

#define OF    "# operator: simtel\n"
#define LEN   "0123456789012345678901234567890123456789012345678901234567"
#define LONG4 LEN LEN LEN LEN

/* '@' in the text is a PIN of its own; '^' a NUL; in MEGA '%' is a megabyte. */
struct odd {
	const char *name, *text;
	int rows, bad; /* 0 rows: refused */
	const char *shown;
	enum form form;
};

static const struct odd odds[] = {
	{"plain.csv", OF "pin,serial\n@,A\n@,B\n", 2, 0, NULL, PLAIN},
	{"bom8.csv", "\xef\xbb\xbfpin,operator\n@,simtel\n", 1, 0, NULL, PLAIN},
	{"excel.csv", "sep=;\r\npin;operator\r\n@;SimTel\r\n", 1, 0, NULL,
		UTF16_LE},
	{"motorola.csv", OF "pin\n@\n", 1, 0, NULL, UTF16_BE},
	{"tabs.csv", "pin\toperator\n@\tsimtel\n", 1, 0, NULL, PLAIN},
	{"semicolons.csv", "pin;operator\n@;simtel\n", 1, 0, NULL, PLAIN},
	{"lines.csv", OF "pin,note\n@,\"a\r\nb, \"\"c\"\"\nd\"\n@,x\n", 2, 0,
		NULL, PLAIN},
	{"swallow.csv", OF "pin,shop\n@,\"5\" shelf\n@,x\n@,y\n@,\"6\"\" z\"\n",
		3, 1, NULL, PLAIN},
	{"crlf.txt", "# operator: simtel\r\n@\r\n", 1, 0, NULL, PLAIN},
	{"no-end.txt", OF "@", 1, 0, NULL, PLAIN},
	{"UPPER.CSV", "OPERATOR,PIN\nSIMTEL,@\n", 1, 0, NULL, PLAIN},
	{"simtel-100-monday.txt", "@\n", 1, 0, NULL, PLAIN},
	{"with 'space' $(id) `x`;.csv", OF "pin\n@\n", 1, 0, NULL, PLAIN},
	{"new\nline.csv", OF "pin\n@\n", 1, 0, "new_line.csv", PLAIN},
	{"esc\x1b[31m\x07.csv", OF "pin\n@\n", 1, 0, "esc_[31m_.csv", PLAIN},
	{"latin\xe9.csv", OF "pin\n@\n", 1, 0, "latin_.csv", PLAIN},
	{"\xe2\x80\xaevsc.csv", OF "pin\n@\n", 1, 0, "_vsc.csv", PLAIN},
	{"-rf", OF "@\n", 0, 0, NULL, PLAIN},
	{"-rf.csv", OF "pin\n@\n", 1, 0, NULL, PLAIN},
	{"=cmd|' !A1.csv", OF "pin\n@\n", 1, 0, NULL, PLAIN},
	{"98765432101234.csv", OF "pin\n@\n", 1, 0, "xxxxxxxxxx1234.csv",
		PLAIN},
	{LONG4 ".csv", OF "pin\n@\n", 1, 0, NULL, PLAIN},
	{"latin1.csv", OF "pin,note\n@,caf\xe9\n@,cafe\n@,x\n", 2, 1, NULL,
		PLAIN},
	{"nul.csv", OF "pin,note\n@,a^b\n@,x\n@,y\n", 2, 1, NULL, PLAIN},
	{"mega-row.csv", OF "pin,note\n@,x\n@,%\n@,y\n", 2, 1, NULL, MEGA},
	{"arabic.csv", OF "pin,serial\n@,\xd9\xa1\n", 1, 0, NULL, PLAIN},
	{"expired.csv", OF "pin,expires\n@,2030-02-31\n@,2099-01-31\n", 1, 1,
		NULL, PLAIN},

	{"empty.csv", "", 0, 0, NULL, PLAIN},
	{"head.csv", "pin,serial\n", 0, 0, NULL, PLAIN},
	{"no-pin.csv", "serial,amount\n@,100\n", 0, 0, NULL, PLAIN},
	{"sheet.xlsx", "PK\x03\x04^^@", 0, 0, NULL, PLAIN},
	{"scan.pdf", "%PDF-1.4\n@\n", 0, 0, NULL, PLAIN},
	{"no-ending", OF "@\n", 0, 0, NULL, PLAIN},
	{"noise.csv", "^\xff^\xff\n@\xff\n", 0, 0, NULL, PLAIN},
	{"no-bom.csv", "p^i^n^\n^1^", 0, 0, NULL, PLAIN},
	{"open-quote.csv", OF "pin,note\n@,\"x\n@,y\n", 0, 0, NULL, PLAIN},
	{"tagret.csv", "# tagret: self\n" OF "pin\n@\n", 0, 0, NULL, PLAIN},
	{"head-latin1.csv", OF "pin,caf\xe9\n@,x\n", 0, 0, NULL, PLAIN},
	{"two-pins.csv", OF "pin,pin\n@,@\n", 0, 0, NULL, PLAIN},
	{"all-bad.csv", OF "pin\n12\n13\n@9\n", 0, 0, NULL, PLAIN},
	{"half-bad.csv", OF "pin\n@\n12\n13\n", 0, 0, NULL, PLAIN},
	{"mega.txt", OF "%\n", 0, 0, NULL, MEGA},
	{"old-mac.csv", OF "pin\r@\r@\r", 0, 0, NULL, PLAIN},
	{"esc\x1b]0;x.pdf", "@", 0, 0, "esc_]0;x.pdf", PLAIN},
	{"98765432109876.pdf", "@", 0, 0, "xxxxxxxxxx9876.pdf", PLAIN},
};

enum { ODDS = sizeof(odds) / sizeof(odds[0]) };

/* ---- the bytes ------------------------------------------------------------
 */

static unsigned pins; /* of the series, so far */
static char *content[ODDS];
static size_t content_len[ODDS];

static void
put_byte(char *out, size_t *len, char byte, enum form form)
{
	if (form == UTF16_BE)
		out[(*len)++] = '\0';
	out[(*len)++] = byte;
	if (form == UTF16_LE)
		out[(*len)++] = '\0';
}

static void
put_sign(char *out, size_t *len, const struct odd *odd, char sign)
{
	if (sign == '@') {
		for (const char *p = house_pin(pins++); *p != '\0'; p++)
			put_byte(out, len, *p, odd->form);
	} else if (sign == '%' && odd->form == MEGA) {
		memset(out + *len, 'x', MEGABYTE);
		*len += MEGABYTE;
	} else {
		put_byte(out, len, sign == '^' ? '\0' : sign, odd->form);
	}
}

static void
make_content(size_t i)
{
	const struct odd *odd = &odds[i];
	char *out = malloc(BYTES_MAX);
	size_t len = 0;

	assert_non_null(out);
	if (odd->form == UTF16_LE || odd->form == UTF16_BE) {
		out[len++] = odd->form == UTF16_LE ? '\xff' : '\xfe';
		out[len++] = odd->form == UTF16_LE ? '\xfe' : '\xff';
	}
	for (const char *p = odd->text; *p != '\0'; p++)
		put_sign(out, &len, odd, *p);
	content[i] = out;
	content_len[i] = len;
}

static void
write_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* ---- what nobody reads ----------------------------------------------------
 */

static const char *const left[] = {".hidden.csv", "copying.csv.tmp",
	"copying.csv.part", "edited.csv~", "folder.csv", "link.csv",
	"nowhere.csv", "first.csv", "second.csv", "fifo.csv", "socket.csv"};

static void
make_what_is_left(struct house *h)
{
	static const char card[] = OF "pin\n48151623421988\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (size_t i = 0; i < 4; i++)
		write_bytes(house_path(h, "spool/incoming/%s", left[i]), card,
			strlen(card));
	assert_int_equal(
		mkdir(house_path(h, "spool/incoming/folder.csv"), 0755), 0);
	house_write(house_path(h, "cards/far.csv"), card);
	assert_int_equal(symlink(house_path(h, "cards/far.csv"),
				 house_path(h, "spool/incoming/link.csv")),
		0);
	assert_int_equal(symlink("/nowhere/at/all",
				 house_path(h, "spool/incoming/nowhere.csv")),
		0);
	write_bytes(
		house_path(h, "spool/incoming/first.csv"), card, strlen(card));
	assert_int_equal(link(house_path(h, "spool/incoming/first.csv"),
				 house_path(h, "spool/incoming/second.csv")),
		0);
	assert_int_equal(
		mkfifo(house_path(h, "spool/incoming/fifo.csv"), 0666), 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		house_path(h, "spool/incoming/socket.csv"));
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

/* ---- what came of it ------------------------------------------------------
 */

static const char *
shown(const struct odd *odd)
{
	return odd->shown != NULL ? odd->shown : odd->name;
}

static bool
nothing_waits(struct house *h, const void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < ODDS; i++) {
		if (access(house_path(h, "spool/incoming/%s", odds[i].name),
			    F_OK) == 0)
			return false;
	}
	return true;
}

static json_t *
find_batch(struct house *h, const struct odd *odd)
{
	json_t *batch =
		house_find(house_ask(h, "batches", NULL), "name", shown(odd));

	if (batch == NULL)
		fail_msg("%s is no batch", shown(odd));
	return batch;
}

static void
expect_taken(struct house *h, const struct odd *odd)
{
	json_t *batch = find_batch(h, odd);
	char done[600];

	if (house_number(batch, "rows") != odd->rows ||
		json_array_size(json_object_get(batch, "bad_rows")) !=
			(size_t)odd->bad)
		fail_msg("%s: %s", shown(odd), json_dumps(batch, 0));
	(void)snprintf(done, sizeof(done), "%lld-%s",
		(long long)house_number(batch, "id"), shown(odd));
	done[255] = '\0'; /* no longer than a name may be */
	if (access(house_path(h, "spool/done/%s", done), F_OK) != 0)
		fail_msg("%s is not in done/", done);
}

/* Sealed; the reason beside it; back byte by byte. */
static void
expect_refused(struct house *h, size_t i)
{
	const char *name = shown(&odds[i]);
	const char *back = house_path(h, "out/back");
	char *reason =
		house_read(house_path(h, "spool/failed/%s.reason", name));
	char *bytes = malloc(content_len[i] + 1);
	FILE *f;

	if (reason == NULL || strstr(reason, " was refused: ") == NULL)
		fail_msg("%s: no reason", name);
	if (house_ctl(h, "retrieve", "--output", back, "--", name, NULL) != 0)
		fail_msg("%s: %s", name, h->err);
	f = fopen(back, "r");
	assert_non_null(f);
	assert_int_equal(
		fread(bytes, 1, content_len[i] + 1, f), content_len[i]);
	assert_memory_equal(bytes, content[i], content_len[i]);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(unlink(back), 0);
	free(bytes);
	free(reason);
}

static void
expect_no_code_on_a_terminal(struct house *h, const char *command)
{
	assert_int_equal(house_ctl(h, command, NULL), 0);
	assert_null(strchr(h->out, '\x1b'));
	assert_null(strchr(h->out, '\x07'));
	assert_null(strstr(h->out, "\xe2\x80\xae"));
}

static void
every_odd_file_of_a_folder_has_its_end(void **state)
{
	struct house *h = *state;
	size_t rows = 0;

	snprintf(h->modems[0].name, sizeof(h->modems[0].name), "m1");
	snprintf(h->modems[0].port, sizeof(h->modems[0].port),
		"/dev/topupd-no-such-port");
	h->modem_count = 1;
	house_start(h); /* makes the folders */
	assert_int_equal(house_stop(h), 0);
	for (size_t i = 0; i < ODDS; i++) {
		make_content(i);
		write_bytes(house_path(h, "spool/incoming/%s", odds[i].name),
			content[i], content_len[i]);
		rows += (size_t)odds[i].rows;
	}
	make_what_is_left(h);
	house_start(h);
	house_until(h, "all was read", nothing_waits, NULL);
	for (size_t i = 0; i < ODDS; i++) {
		if (odds[i].rows > 0)
			expect_taken(h, &odds[i]);
		else
			expect_refused(h, i);
	}
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), rows);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		struct stat st;

		if (lstat(house_path(h, "spool/incoming/%s", left[i]), &st) !=
			0)
			fail_msg("%s was taken", left[i]);
	}
	expect_no_code_on_a_terminal(h, "batches");
	expect_no_code_on_a_terminal(h, "audit");
	for (unsigned i = 0; i < pins; i++)
		house_assert_secret(h, house_pin(i));
	house_assert_secret(h, "98765432101234");
	for (size_t i = 0; i < ODDS; i++)
		free(content[i]);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(every_odd_file_of_a_folder_has_its_end),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
