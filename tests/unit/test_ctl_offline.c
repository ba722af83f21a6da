/*
 * topupctl without the daemon: checking files, reading a reply, verifying
 * the audit of a real ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/audit.h"
#include "agent/json.h"
#include "tests/support/call.h"
#include "tests/support/purse.h"

static char config[160], profile[160], syslog_file[160];

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int
set_up(void **state)
{
	char text[2048];
	if (purse_setup(state) != 0)
		return -1;
	const struct purse *p = *state;
	(void)snprintf(config, sizeof(config), "%s/a.conf", p->dir);
	(void)snprintf(profile, sizeof(profile), "%s/x.ini", p->dir);
	(void)snprintf(syslog_file, sizeof(syslog_file), "%s/log", p->dir);
	(void)snprintf(text, sizeof(text),
		"spool_dir = \"%s\";\nstate_dir = \"%s\";\n"
		"runtime_dir = \"%s\";\noperators_dir = \"%s\";\n"
		"key_file = \"%s\";\nmodems = ();\n",
		p->dir, p->dir, p->dir, p->dir, p->key);
	write_file(config, text);
	write_file(profile, "[operator]\nname = X\nmcc_mnc = 00101\n"
			    "currency = XTS\ndecimals = 2\n"
			    "number_format = 1,234.56\n"
			    "[recharge]\nussd = *121*{pin}#\n"
			    "[balance]\nussd = *123#\n"
			    "reply = (?i)balance is (?<balance>[\\d.,]+)\n"
			    "[reply]\n"
			    "loaded = (?i)credited with (?<amount>[\\d.,]+)\n"
			    "used = (?i)already used\n"
			    "busy = (?i)try again\n");
	return 0;
}

static int
tear_down(void **state)
{
	(void)unlink(config); /* some tests have made it, some have not */
	(void)unlink(profile);
	(void)unlink(syslog_file);
	return purse_teardown(state);
}

/* ---- check --------------------------------------------------------------- */

static void
every_problem_is_printed_with_file_and_line(void **state)
{
	(void)state;
	assert_int_equal(call_ctl("check", "-c", config, NULL), 0);
	write_file(profile, "[operator]\nnam = X\n[nonsense]\n");
	assert_int_equal(call_ctl("check", "-c", config, NULL), 1);
	assert_non_null(strstr(call_out, "/x.ini:2: "));
	assert_int_equal(call_ctl("check", "-c", config, "--json", NULL), 1);
	assert_non_null(strstr(call_out, "{\"ok\":false,\"problems\":[\""));
	assert_int_equal(call_ctl("check", "-c", "/nonexistent", NULL), 1);
	assert_non_null(strstr(call_out, "/nonexistent"));
}

static void
a_reply_is_read_as_the_daemon_would(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"Credited with 1,100.00",
			"{\"verdict\":\"loaded\",\"rule\":\"loaded\",\"file\":"
			"\"%s\",\"line\":13,\"groups\":{\"amount\":"
			"\"1,100.00\"},\"state\":\"loaded\"}\n"},
		{"It is already used",
			"{\"verdict\":\"used\",\"rule\":\"used\",\"file\":"
			"\"%s\",\"line\":14,\"groups\":{},\"state\":"
			"\"rejected\"}\n"},
		{"Busy, try again",
			"{\"verdict\":\"busy\",\"rule\":\"busy\",\"file\":"
			"\"%s\",\"line\":15,\"groups\":{},\"state\":"
			"\"ready\"}\n"},
		{"Balance is 7.00",
			"{\"verdict\":\"none\",\"rule\":null,\"file\":\"%s\","
			"\"line\":null,\"groups\":{\"balance\":\"7.00\"},"
			"\"state\":\"unknown\"}\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *wanted = NULL;
		const char *end = strstr(rows[i].wanted, "%s");
		assert_true(asprintf(&wanted, "%.*s%s%s",
				    (int)(end - rows[i].wanted), rows[i].wanted,
				    profile, end + 2) > 0);
		assert_int_equal(
			call_ctl("check", "--profile", profile, "--reply",
				rows[i].text, "--json", NULL),
			0);
		assert_string_equal(call_out, wanted);
		free(wanted);
	}
	assert_int_equal(call_ctl("check", "--profile", "/nonexistent",
				 "--reply", "x", NULL),
		1);
}

/* ---- audit verify -------------------------------------------------------- */

struct lines {
	FILE *file;
	int64_t spoil; /* the entry whose head is another one */
};

static bool
write_line(void *ctx, const struct ledger_audit *a)
{
	struct lines *lines = ctx;
	char hex[2 * VAULT_HASH_LEN + 1], line[AUDIT_LINE_MAX];
	for (size_t i = 0; i < VAULT_HASH_LEN; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", a->hash[i]);
	if (a->seq == lines->spoil)
		hex[5] = hex[5] == '0' ? '1' : '0';
	const struct audit_entry entry = {.seq = a->seq,
		.at_wall_ms = a->at_wall_ms,
		.event = span_str(a->event),
		.who = span_str(a->who),
		.note = span_str(a->note)};
	assert_int_equal(audit_line(&entry, hex, line, sizeof(line)), 0);
	(void)fprintf(
		lines->file, "Nov 22 10:00:00 host topupd[7]: %s\n", line);
	return true;
}

/* The lines that syslog would have, one of them spoiled (0: none). */
static void
write_syslog(struct purse *p, int64_t spoil, const char *more)
{
	struct lines lines = {fopen(syslog_file, "w"), spoil};
	const struct ledger_audit_filter all = {.after = 0};
	assert_non_null(lines.file);
	(void)fputs("Nov 22 10:00:00 host sshd[9]: session audit seq=\n",
		lines.file);
	assert_int_equal(
		ledger_each_audit(p->ledger, &all, write_line, &lines), 0);
	(void)fputs(more, lines.file);
	assert_int_equal(fclose(lines.file), 0);
}

static int
verify(const char *more, const char *value)
{
	return call_ctl(
		"audit", "verify", "--json", "-c", config, more, value, NULL);
}

static int64_t
first_bad(void)
{
	char why[64];
	int64_t seq = 0;
	struct json *o = json_parse(span_str(call_out), why, sizeof(why));
	assert_non_null(o);
	assert_int_equal(
		json_get_flag(o, "ok"), json_get(o, "first_bad") == NULL);
	(void)json_get_number(o, "first_bad", &seq); /* null: whole */
	json_free(o);
	return seq;
}

static void
a_whole_chain_is_told_beside_a_running_daemon(void **state)
{
	struct purse *p = *state;
	(void)purse_batch(p, 3, "");
	assert_int_equal(verify(NULL, NULL), 0);
	assert_int_equal(first_bad(), 0);
	assert_int_equal(call_ctl("audit", "verify", "-c", config, NULL), 0);
	assert_int_equal(strncmp(call_out, "whole: ", 7), 0);
}

static void
a_changed_entry_is_found(void **state)
{
	struct purse *p = *state;
	(void)purse_batch(p, 3, "");
	(void)purse_dial(p, 1);
	purse_close(p);
	purse_tamper(p, "UPDATE audit SET who = 'uid:0' WHERE seq = 2");
	assert_int_equal(verify(NULL, NULL), 1);
	assert_int_equal(first_bad(), 2);
	assert_non_null(strstr(call_err, "broken at entry 2"));
	purse_open(p);
}

static void
syslog_and_ledger_must_tell_the_same(void **state)
{
	struct purse *p = *state;
	(void)purse_batch(p, 3, "");
	(void)purse_dial(p, 1);
	write_syslog(p, 0, "");
	assert_int_equal(verify("--against", syslog_file), 0);
	write_syslog(p, 2, "");
	assert_int_equal(verify("--against", syslog_file), 1);
	assert_int_equal(first_bad(), 2);
	assert_non_null(strstr(call_err, "in a restored ledger"));
	/* What was cut off the ledger's end stands in syslog still. */
	write_syslog(p, 0,
		"x topupd: audit seq=99 event=\"a\" head="
		"0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef\n");
	assert_int_equal(verify("--against", syslog_file), 1);
	assert_int_equal(first_bad(), 99);
	write_syslog(p, 0, "x topupd: audit seq=1 event=\"a\" head=01\n");
	assert_int_equal(verify("--against", syslog_file), 1);
	assert_int_equal(first_bad(), 1);
	write_file(syslog_file, "nothing of ours\n");
	assert_int_equal(verify("--against", syslog_file), 1);
	assert_int_equal(verify("--against", "/nonexistent"), 1);
}

static void
without_the_key_nothing_is_verified(void **state)
{
	struct purse *p = *state;
	char kept[160];
	(void)snprintf(kept, sizeof(kept), "%s/other.key", p->dir);
	assert_int_equal(rename(p->key, kept), 0);
	assert_int_equal(verify(NULL, NULL), 1);
	assert_non_null(strstr(call_err, "topupctl: "));
	assert_int_equal(access(p->key, F_OK), -1); /* none was made */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_problem_is_printed_with_file_and_line),
		TEST(a_reply_is_read_as_the_daemon_would),
		TEST(a_whole_chain_is_told_beside_a_running_daemon),
		TEST(a_changed_entry_is_found),
		TEST(syslog_and_ledger_must_tell_the_same),
		TEST(without_the_key_nothing_is_verified),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
