/* profile: what a profile may hold, and every way to get one wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/problem.h"
#include "agent/profile.h"

#define BASE "[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = credited\n"

static char folder[] = "/tmp/topup-profile-XXXXXX";

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *
write_file(const char *name, const void *bytes, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static struct profile *
read_good(const char *text)
{
	struct problems *problems = problems_new();
	struct profile *p = profile_read(
		write_file("good.ini", text, strlen(text)), problems);

	if (!p)
		fail_msg("%s", problems_line(problems, 0));
	assert_null(problems_line(problems, 0));
	problems_free(problems);
	return p;
}

/* That a text has one problem (or warning), "FILE:LINE: ... want ...". */
static void
expect_problem(const char *text, size_t len, unsigned line, const char *want)
{
	struct problems *problems = problems_new();
	const char *path = write_file("bad.ini", text, len);
	struct profile *p = profile_read(path, problems);
	const char *first = problems_line(problems, 0);
	const char *second = problems_line(problems, 1);
	char begin[300];

	(void)snprintf(begin, sizeof(begin),
		line > 0 ? "%s:%u: " : "%s: ", path, line);
	if (!first || strncmp(first, begin, strlen(begin)) != 0 ||
		!strstr(first, want) || second)
		fail_msg("wanted '%s%s' of:\n%.*s\ngot '%s', '%s'", begin, want,
			(int)len, text, first ? first : "nothing",
			second ? second : "nothing");
	assert_int_equal(p != NULL, strstr(want, "warning: ") != NULL);
	profile_unref(p);
	problems_free(problems);
}

/* The line below BASE and a section's heading. */
enum { OWN_LINE = 6 };

static const struct {
	const char *section;
	const char *text;
	const char *want;
} wrong_values[] = {
	{"operator", "colour = red", "unknown key 'colour'"},
	{"operator", "= red", "unknown key ''"},
	{"operator", "currency = X1", "letters only"},
	{"operator", "currency = ABCDEFGH", "over 7 bytes"},
	{"operator", "decimals = 7", "from 0 to 6"},
	{"operator", "decimals = two", "from 0 to 6"},
	{"operator", "decimals =", "from 0 to 6"},
	{"operator", "decimals = -1", "from 0 to 6"},
	{"operator", "number_format = 1,,23", "such as 1,234.56"},
	{"operator", "number_format = x", "such as 1,234.56"},
	{"operator", "mcc_mnc = 0010", "'0010' is not 5 or 6"},
	{"operator", "mcc_mnc = 0010123", "is not 5 or 6"},
	{"operator", "mcc_mnc = 00101,", "'' is not 5 or 6"},
	{"operator", "mcc_mnc = 0010x", "is not 5 or 6"},
	{"operator", "pin = \\d{14", "a repeat without its closing brace"},
	{"reply", "used = x{2,3 y", "a repeat without its closing brace"},
	{"operator", "pin = (", "parenthesis at offset 1"},
	{"operator", "pin = \\d*", "matches an empty text"},
	{"operator", "pin =", "matches an empty text"},
	{"operator", "msisdn = [", "at offset "},
	{"recharge", "sms_to = 12a", "digits only"},
	{"recharge", "sms_text = TOP {pim}", "only {pin} and {msisdn}"},
	{"recharge", "sms_from = a,,b", "an empty sender"},
	{"recharge", "sms_from = 121, abcdefghijklmnopqrstuvwxyz",
		"'abcdefghijklmnopqrstuvwxyz' is over 23 bytes"},
	{"recharge", "sms_from = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
		"more than 16"},
	{"recharge", "smsc = (", "at offset 1"},
	{"recharge", "smsc = .*", "matches an empty text"},
	{"recharge", "via = sms", "sms needs sms_to"},
	{"recharge", "via = ussd, sms", "sms needs sms_to"},
	{"recharge", "via = sms\nsms_to = 121",
		"sms needs sms_to, and sms_text"},
	{"recharge", "via = sms\nsms_to = 121\nsms_text = TOP {pin}",
		"sms needs sms_from"},
	{"recharge", "via = ussd, ussd", "each once"},
	{"recharge", "sms_text = TOP", "no {pin}"},
	{"recharge", "sms_text = TOP {pin} {msisdn}", "sms_text_for_other"},
	{"recharge", "sms_text_for_other = TOP {pin}", "no {msisdn}"},
	{"recharge", "sms_to = 0123456789012345678901234", "over 23 digits"},
	{"recharge", "via = post", "ussd or sms"},
	{"recharge", "verdict = sms", "sms needs sms_from"},
	{"recharge", "verdict = balance", "balance needs [balance] with"},
	{"recharge", "verdict = x", "ussd, sms or balance"},
	{"recharge", "timeout = 0", "at least 1s"},
	{"recharge", "timeout = 2h", "at most 1h"},
	{"recharge", "timeout = 1 m", "with s, m, h or d"},
	{"recharge", "timeout = soon", "with s, m, h or d"},
	{"recharge", "timeout = s", "with s, m, h or d"},
	{"recharge", "timeout = 1.5s", "with s, m, h or d"},
	{"recharge", "timeout = -5s", "with s, m, h or d"},
	{"recharge", "sms_timeout = 0s", "at least 1s"},
	{"recharge", "repeat = twice", "never or once"},
	{"recharge", "ussd_for_other = *1*{pin}#", "no {msisdn}"},
	{"recharge", "ussd_for_other = *1*{msisdn}#", "no {pin}"},
	{"recharge", "ussd_for_other = *{pin}*{msisdn}*{x}#",
		"only {pin} and {msisdn}"},
	{"recharge", "ussd_for_other = *\"{pin}*{msisdn}#", "a quote"},
	{"recharge", "ussd_for_other = *\033{pin}*{msisdn}#",
		"a control character"},
	{"menu", "0 = a -> 1", "'0' is not a number from 1 to 9"},
	{"menu", "10 = a -> 1", "is not a number from 1 to 9"},
	{"menu", "01 = a -> 1", "is not a number from 1 to 9"},
	{"menu", "one = a -> 1", "is not a number from 1 to 9"},
	{"menu", "1 = a", "1: EXPRESSION -> ANSWER"},
	{"menu", "1 = a ->", "1: EXPRESSION -> ANSWER"},
	{"menu", "1 = -> 1", "1: EXPRESSION -> ANSWER"},
	{"menu", "1 = a -> {pim}", "1: only {pin} and {msisdn}"},
	{"menu", "1 = a -> \"", "1: a quote"},
	{"menu", "1 = ( -> 1", "at offset 1"},
	{"menu", "1 = .* -> 1", "matches an empty text"},
	{"menu", "2 = a -> 1", "[menu] has no step 1"},
	{"balance", "ussd = *123*{pin}#", "no {pin} or {msisdn} here"},
	{"balance", "ussd = *123#", "without reply"},
	{"balance", "sms_to = 1,2", "digits only"},
	{"balance", "sms_to = 0123456789012345678901234", "over 23 digits"},
	{"balance", "sms_text = TOP {pin}", "no {pin} or {msisdn} here"},
	{"balance", "sms_to = 121", "go together"},
	{"balance", "sms_text = BAL", "go together"},
	{"balance", "sms_to = 121\nsms_text = BAL", "without reply"},
	{"balance", "sms_to = 121\nsms_text = BAL\nreply = (?<balance>\\d+)",
		"needs [recharge] sms_from"},
	{"balance", "reply = is \\d+", "no group (?<balance>...)"},
	{"balance", "reply = (?<balance>", "at offset "},
	{"balance", "before = sometimes", "auto, never or always"},
	{"balance", "max_per_day = x", "from 0 to 100000"},
	{"balance", "low = 1,000", "at most 2 decimals"},
	{"balance", "low = 1.005", "at most 2 decimals"},
	{"balance", "low =", "an amount"},
	{"proof", "reply = (", "at offset 1"},
	{"proof", "reply = last (?<amount>\\d+)", "neither a group"},
	{"proof", "ussd = *124#", "without reply"},
	{"proof", "ussd = *124*{pin}#", "no {pin} or {msisdn} here"},
	{"follow_up", "1 = *140#", "1: CODE => EXPRESSION"},
	{"follow_up", "x = *140# => ok", "is not a number from 1 to 9"},
	{"follow_up", "1 = *140*{pin}# => ok", "not a code that can be"},
	{"follow_up", "1 = *140# => (ok", "missing closing parenthesis"},
	{"follow_up", "1 = *140# => a?", "matches an empty text"},
	{"reply", "lodaed = x", "unknown key 'lodaed' in [reply]"},
	{"reply", "none = x", "unknown key 'none' in [reply]"},
	{"reply", "used = a(b", "used: missing closing parenthesis"},
	{"reply", "used = a?", "used: matches an empty text"},
	{"reply", "used =", "used: matches an empty text"},
	{"reply", "deducted = loan \\d+", "no group (?<deducted>...)"},
	{"reply", "bonus = bonus \\d+", "no group (?<bonus>...)"},
	{"limits", "max_rejects = 0", "from 1 to 1000"},
	{"limits", "max_rejects = 99999999999", "from 1 to 1000"},
	{"limits", "batch_rejects = 0", "from 1 to 1000"},
	{"limits", "reject_pause = 0", "at least 1s"},
	{"limits", "reject_pause = ever", "with s, m, h or d"},
	{"limits", "reject_pause = 367d", "at most 366d"},
	{"limits", "min_interval = 99999999999999999999d", "at most 366d"},
	{"limits", "daily_max = many", "from 0 to 1000000"},
	{"limits", "hours = 8-17", "'8-17' is not HH:MM-HH:MM"},
	{"limits", "hours = 08:00", "is not HH:MM-HH:MM"},
	{"limits", "hours = 08:00-25:00", "is not HH:MM-HH:MM"},
	{"limits", "hours = 08:00-24:01", "is not HH:MM-HH:MM"},
	{"limits", "hours = 08:60-09:00", "is not HH:MM-HH:MM"},
	{"limits", "hours = 08:00-08:00", "is not HH:MM-HH:MM"},
	{"limits", "hours = 8a:00-09:00", "is not HH:MM-HH:MM"},
	{"limits", "hours = 08:00-09:00,", "'' is not HH:MM-HH:MM"},
	{"limits", "retries = -1", "from 0 to 1000"},
	{"limits", "retry_pause = 0", "at least 1s"},
	{"limits", "fence = x", "with s, m, h or d"},
};

static void
wrong_value_is_told_with_its_line(void **state)
{
	(void)state;
	/* below BASE; the text wanted is the whole message */

	for (size_t i = 0; i < sizeof(wrong_values) / sizeof(wrong_values[0]);
		i++) {
		char text[1024];
		int len = snprintf(text, sizeof(text), BASE "[%s]\n%s\n",
			wrong_values[i].section, wrong_values[i].text);

		expect_problem(
			text, (size_t)len, OWN_LINE, wrong_values[i].want);
	}
}

static void
line_that_inih_would_cut_or_join_is_refused(void **state)
{
	(void)state;
	char long_line[300];
	char heading[300];
	char at_limit[300];
	char name_at_limit[300];

	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line, BASE "name = ", sizeof(BASE "name = ") - 1);
	size_t used = sizeof(BASE) - 1;

	/* a key of [reply], and so unknown, but not too long */
	(void)snprintf(at_limit, sizeof(at_limit), BASE "%.*s\n", 197,
		"used = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	profile_unref(read_good(at_limit));
	expect_problem(long_line, used + 198, 5, "a line over 197 bytes");
	(void)snprintf(heading, sizeof(heading), BASE "[%.*s]\nname = a\n", 50,
		"oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo");
	expect_problem(
		heading, strlen(heading), 5, "a section name over 49 bytes");
	(void)snprintf(name_at_limit, sizeof(name_at_limit),
		BASE "[%.*s]\nname = a\n", 49,
		"oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo");
	expect_problem(name_at_limit, strlen(name_at_limit), 5,
		"unknown section [ooo");
	static const struct {
		const char *text;
		size_t len;
		unsigned line;
		const char *want;
	} rows[] = {
#define ROW(text, line, want) {text, sizeof(text) - 1, line, want}
		ROW(BASE "\tused = x\n", 5, "an indented line"),
		ROW(BASE " used = x", 5, "an indented line"),
		ROW(BASE " continued\n", 5, "an indented line"),
		ROW(BASE "used = a\0b\n", 5, "a NUL byte"),
		ROW(BASE "used = \xff\n", 5, "bytes that are no UTF-8"),
		ROW(BASE "; caf\xe9\n", 5, "bytes that are no UTF-8"),
		ROW(BASE "used\n", 5, "neither a section nor KEY"),
		ROW(BASE "used ; = x\n", 5, "neither a section nor KEY"),
		ROW(BASE "[limits\nfence = x\n", 5, "a section without ']'"),
		ROW(BASE "[Limits]\nfence = x\n", 5, "unknown section"),
		ROW(BASE "[]\nfence = x\n", 5, "unknown section []"),
		ROW(BASE "[?]\nfence = x\n", 5, "unknown section [?]"),
		ROW(BASE "[limits] fence = 1\n", 5, "text behind a section"),
		ROW(" [limits]\nx = y\n" BASE, 1, "an indented line"),
		ROW("used = x\n" BASE, 1, "a key before the first section"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_problem(
			rows[i].text, rows[i].len, rows[i].line, rows[i].want);
}

static void
keys_that_do_not_fit_together_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
		const char *want;
	} rows[] = {
		{"[reply]\nloaded = x\n", 0, "neither ussd nor ussd_for_other"},
		{"[recharge]\nussd =\n[reply]\nloaded = x\n", 2,
			"neither ussd nor"},
		{"[recharge]\nussd = *121#\n[reply]\nloaded = x\n", 2,
			"ussd: no {pin}, and no menu step has it either"},
		{"[recharge]\nussd = *{pin}*{msisdn}#\n[reply]\nloaded = x\n",
			2, "{msisdn} belongs into ussd_for_other"},
		{"[recharge]\nussd = *121*{pin}#\n", 0,
			"[reply] has no loaded"},
		{"[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = (\n", 4,
			"loaded: "},
		{BASE "[operator]\nname : a\001\nname = b\n", 7,
			"name stands in line 6 already"},
		{BASE "[menu]\n1 = a -> 1\n1 = b -> 1\n", 7,
			"1 stands in line 6 already"},
		{BASE "[menu]\n1 = a -> {msisdn}\n", 2,
			"a menu step asks for {msisdn}"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_problem(rows[i].text, strlen(rows[i].text), rows[i].line,
			rows[i].want);
}

static void
list_with_more_entries_than_its_place_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *head;
		const char *entry;
		int most;
		const char *want;
	} rows[] = {
		{"[operator]\n", "pin = 1\n", PROFILE_PATTERN_MAX,
			"pin: more than 16 times"},
		{"[operator]\n", "msisdn = 1\n", PROFILE_PATTERN_MAX,
			"msisdn: more than 16 times"},
		{"[operator]\nmcc_mnc = 00101", ",00101",
			PROFILE_PATTERN_MAX - 1, "mcc_mnc: more than 16"},
		{"[limits]\nhours = 01:00-02:00", ",01:00-02:00",
			PROFILE_HOURS_MAX - 1,
			"hours: more than 8 spans of time"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool own_lines = rows[i].entry[0] != ',';
		char text[1024];
		int len = snprintf(text, sizeof(text), BASE "%s", rows[i].head);

		for (int n = 0; n < rows[i].most; n++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
				"%s", rows[i].entry);
		profile_unref(read_good(text));
		(void)snprintf(text + len, sizeof(text) - (size_t)len, "%s",
			rows[i].entry);
		expect_problem(text, strlen(text),
			own_lines ? OWN_LINE + PROFILE_PATTERN_MAX : OWN_LINE,
			rows[i].want);
	}
}

static void
file_that_cannot_be_read_or_named_is_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"auto.ini", "sim tel.ini",
		"an-operator-with-a-name-of-33-let.ini", "..ini/none.ini"};
	char *huge = malloc(300000);
	struct problems *problems = problems_new();

	memset(huge, '\n', 300000);
	expect_problem(huge, 300000, 0, "over 262144 bytes");
	free(huge);
	for (size_t i = 0; i < 3; i++)
		assert_null(profile_read(
			write_file(names[i], BASE, sizeof(BASE) - 1),
			problems));
	assert_null(profile_read(path_of(names[3]), problems));
	assert_null(profile_read(folder, problems));
	assert_int_equal(problems_errors(problems), 5);
	assert_non_null(strstr(problems_line(problems, 0), "'auto' cannot"));
	assert_non_null(strstr(problems_line(problems, 1), "a file name of"));
	assert_non_null(strstr(problems_line(problems, 2), "at most 31"));
	assert_non_null(strstr(problems_line(problems, 3), "No such file"));
	assert_non_null(strstr(problems_line(problems, 4), "Is a directory"));
	problems_free(problems);
}

static void
all_problems_of_a_file_are_told(void **state)
{
	(void)state;
	static const char text[] = "colour = red\n" /* 1 */
				   "[operator]\n"
				   "decimals = 99\n" /* 3 */
				   "pin = (\n"       /* 4 */
				   "[nowhere]\n"     /* 5 */
				   "this = is passed over\n"
				   "[recharge]\n"
				   "ussd = *121#\n"  /* 8, by the check */
				   " indented = x\n" /* 9 */
				   "[reply]\n"
				   "loaded = \xff\n" /* 11 */
				   "[limits]\n"
				   "hours = 1, 2\n"; /* 13, twice */
	static const unsigned lines[] = {1, 3, 4, 5, 9, 11, 13, 13, 8};
	struct problems *problems = problems_new();
	const char *path = write_file("many.ini", text, sizeof(text) - 1);

	assert_null(profile_read(path, problems));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char begin[300];

		(void)snprintf(begin, sizeof(begin), "%s:%u: ", path, lines[i]);
		assert_non_null(problems_line(problems, i));
		assert_memory_equal(
			problems_line(problems, i), begin, strlen(begin));
	}
	/* and that no loaded is left */
	assert_int_equal(problems_errors(problems), 10);
	problems_free(problems);
}

static void
what_this_version_does_not_do_is_warned_of(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{"[reply]\nloaded = got (?<ammount>\\d+)\n",
			"warning: nothing is read from a group named "
			"'ammount'"},
		{"[balance]\nsms_to = 121\nsms_text = BAL\nussd = *123#\n"
		 "reply = (?<balance>\\d+)\n[recharge]\nsms_from = 121\n",
			"warning: [balance] sms_to: only used where the "
			"network carries no USSD"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		int len = snprintf(text, sizeof(text), BASE "%s", rows[i].text);

		expect_problem(text, (size_t)len, OWN_LINE, rows[i].want);
	}
}

static const char whole[] = "\xef\xbb\xbf; a comment\r\n"
			    "\r\n"
			    "[operator]\r\n"
			    "  ; an indented comment belongs to no key\r\n"
			    "name     = Sim Tel\r\n"
			    "mcc_mnc  = 00101, 310260\r\n"
			    "currency = XTS   ; a comment behind\r\n"
			    "decimals = 3\r\n"
			    "number_format = 1.234,56\r\n"
			    "pin      = \\d{14}\r\n"
			    "pin      = [A-Z]\\d{3,4}\\{1{x;x\r\n"
			    "msisdn   = 0[789]\\d{8}\r\n"
			    "[recharge]\r\n"
			    "ussd           = *121*{pin}#\r\n"
			    "ussd_for_other = *121*{pin}*{msisdn}#\r\n"
			    "sms_to   = 121\r\n"
			    "sms_text = TOP {pin}\r\n"
			    "sms_text_for_other = TOP {pin} {msisdn}\r\n"
			    "via      = ussd\r\n"
			    "verdict  = ussd\r\n"
			    "sms_from = 121, SimTel\r\n"
			    "smsc     = ^\\+2348\r\n"
			    "timeout  = 2m\r\n"
			    "sms_timeout = 300\r\n"
			    "repeat   = once\r\n"
			    "[menu]\r\n"
			    "2 = (?i)confirm -> 1\r\n"
			    "1 = (?i)enter -> or type -> {pin}\r\n"
			    "[balance]\r\n"
			    "ussd     = *123#\r\n"
			    "sms_to   =\r\n"
			    "sms_text =\r\n"
			    "reply    = is (?<balance>[\\d.]+)\r\n"
			    "reply    = now (?<balance>[\\d.]+)\r\n"
			    "before   = always\r\n"
			    "max_per_day = 4\r\n"
			    "low      = 1.500\r\n"
			    "[proof]\r\n"
			    "ussd     = *124#\r\n"
			    "reply    = serial (?<serial>\\d+)\r\n"
			    "reply    = at (?<time>[\\d: -]+)\r\n"
			    "[reply]\r\n"
			    "loaded   = credited (?<amount>[\\d.]+)\r\n"
			    "loaded   = geladen\r\n"
			    "deducted = loan (?<deducted>\\d+)\r\n"
			    "bonus    = bonus (?<bonus>\\d+)\r\n"
			    "[limits]\r\n"
			    "max_rejects   = 3\r\n"
			    "reject_pause  = never\r\n"
			    "batch_rejects = 4\r\n"
			    "min_interval  = 0\r\n"
			    "daily_max     = 50\r\n"
			    "hours         = 22:00-06:00, 12:00-13:30\r\n"
			    "retries       = 0\r\n"
			    "retry_pause   = 1d\r\n"
			    "fence         = 2h";

static void
every_key_of_the_contract_is_taken(void **state)
{
	(void)state;
	struct profile *p = read_good(whole);
	struct classify_result r;

	assert_string_equal(p->name, "Sim Tel");
	assert_int_equal(p->mcc_mnc_count, 2);
	assert_string_equal(p->mcc_mnc[1], "310260");
	assert_string_equal(p->currency, "XTS");
	assert_int_equal(p->decimals, 3);
	assert_int_equal(p->number_format.divide, ',');
	assert_int_equal(p->pin_count, 2);
	assert_int_equal(p->sms_from_count, 2);
	assert_string_equal(p->sms_from[1], "SimTel");
	assert_non_null(p->smsc);
	assert_int_equal(p->timeout_ms, 120000);
	assert_int_equal(p->menu_count, 2);
	assert_string_equal(p->menu[0].answer, "{pin}");
	assert_true(expression_matches(
		p->menu[0].screen, span_str("Enter -> or type")));
	assert_string_equal(p->menu[1].answer, "1");
	assert_int_equal(p->before, PROFILE_BEFORE_ALWAYS);
	assert_int_equal(p->balance_max_per_day, 4);
	assert_true(p->repeat_once);
	assert_string_equal(p->proof_ussd, "*124#");
	assert_int_equal(p->proof_count, 2);
	assert_true(expression_has_group(p->proofs[1], "time"));
	assert_int_equal(p->low_minor, 1500);
	classifier_read(p->reply, span_str("geladen, loan 5, now 12.5"), &r);
	assert_int_equal(r.verdict, VERDICT_LOADED);
	assert_int_equal(r.line, 44);
	assert_string_equal(r.groups.deducted, "5");
	assert_string_equal(r.groups.balance, "12.5");
	assert_int_equal(p->max_rejects, 3);
	assert_int_equal(p->reject_pause_ms, -1);
	assert_int_equal(p->batch_rejects, 4);
	assert_int_equal(p->min_interval_ms, 0);
	assert_int_equal(p->daily_max, 50);
	assert_int_equal(p->hours_count, 2);
	assert_int_equal(p->retries, 0);
	assert_int_equal(p->retry_pause_ms, 86400000);
	assert_int_equal(p->fence_ms, 7200000);
	profile_unref(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_value_is_told_with_its_line),
		cmocka_unit_test(line_that_inih_would_cut_or_join_is_refused),
		cmocka_unit_test(keys_that_do_not_fit_together_are_refused),
		cmocka_unit_test(
			list_with_more_entries_than_its_place_is_refused),
		cmocka_unit_test(file_that_cannot_be_read_or_named_is_refused),
		cmocka_unit_test(all_problems_of_a_file_are_told),
		cmocka_unit_test(what_this_version_does_not_do_is_warned_of),
		cmocka_unit_test(every_key_of_the_contract_is_taken),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
