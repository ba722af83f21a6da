/* config: what a configuration may hold, and every way to get one wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/config.h"
#include "agent/problem.h"

static char folder[] = "/tmp/topup-config-XXXXXX";

static const char *
path_of(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

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
	if (!mkdtemp(folder) || mkdir(path_of("operators"), 0700) < 0)
		return -1;
	(void)chmod(write_file("sim.pin", "1234\n", 5), 0644);
	(void)chmod(write_file("empty.pin", "\n", 1), 0400);
	(void)chmod(write_file("word.pin", "12e4\n", 5), 0400);
	(void)chmod(write_file("long.pin", "123456789\n", 10), 0400);
	(void)write_file("program", "#!/bin/sh\n", 10);
	return chmod(path_of("program"), 0700);
}

static int
remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* Each "%" of a text becomes the folder of the test. */
static char *
with_folder(const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	for (; *text; text++) {
		if (*text == '%')
			(void)fputs(folder, f);
		else
			(void)fputc(*text, f);
	}
	assert_int_equal(fclose(f), 0);
	return out;
}

static struct config *
read_text(const char *text, struct problems *problems)
{
	char *whole = with_folder(text);
	struct config *c = config_load(
		write_file("topupd.conf", whole, strlen(whole)), problems);

	free(whole);
	return c;
}

/* That a text has one error, "FILE:LINE: ... want ..." (of a file of that
 * name; warnings left out). */
static void
expect_error(
	const char *text, const char *name, unsigned line, const char *want)
{
	struct problems *problems = problems_new();
	struct config *c = read_text(text, problems);
	const char *first = problems_line(problems, 0);
	char begin[300];

	for (size_t i = 1; first && strstr(first, "warning: "); i++)
		first = problems_line(problems, i);
	(void)snprintf(begin, sizeof(begin),
		line > 0 ? "%s:%u: " : "%s: ", name, line);
	if (!first || !strstr(first, begin) || !strstr(first, want) ||
		problems_errors(problems) != 1)
		fail_msg("wanted '%s%s' of:\n%s\ngot %zu, '%s'", begin, want,
			text, problems_errors(problems),
			first ? first : "nothing");
	config_free(c);
	problems_free(problems);
}

#define MODEM(text)                                                            \
	"modems = (\n{ name = \"a\"; port = \"/dev/x\";\n" text " });"

static void
wrong_value_is_told_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
		const char *want;
	} rows[] = {
		{"\ncolour = \"red\";", 2, "unknown key 'colour'"},
		{"spool_dir = 5;", 1, "spool_dir must be a text in quotes"},
		{"spool_dir = (\"/x\");", 1, "spool_dir must be a text"},
		{"spool_dir = \"\";", 1, "a path must begin with /"},
		{"spool_dir = \"spool\";", 1, "a path must begin with /"},
		{"state_dir = \"./x\";", 1, "a path must begin with /"},
		{"runtime_dir = \"x/y\";", 1, "a path must begin with /"},
		{"key_file = \"~/key\";", 1, "a path must begin with /"},
		{"key_file = \"/x\\n/y\";", 1, "with a control character"},
		{"operators_dir = \"operators\";", 1, "begin with /"},
		{"operators_dir = \"%/none\";", 1, "No such file"},
		{"operators_dir = \"%/sim.pin\";", 1, "is not a directory"},
		{"group = \"no-such-group-here\";", 1, "no group 'no-such"},
		{"group = \"\";", 1, "no group ''"},
		{"timezone = \"Atlantis/Capital\";", 1, "no time zone"},
		{"timezone = \"../zoneinfo/UTC\";", 1, "no time zone"},
		{"timezone = \"/etc/localtime\";", 1, "no time zone"},
		{"timezone = \"\";", 1, "no time zone"},
		{"on_event = \"%/none\";", 1, "No such file"},
		{"on_event = \"%/sim.pin\";", 1, "not a program"},
		{"on_event = \"%/operators\";", 1, "is not a file"},
		{"on_event = \"program\";", 1, "begin with /"},
		{"log = \"local0\";", 1, "log must be a group"},
		{"log = {\ncolour = true; };", 2, "unknown key 'colour'"},
		{"log = { facility = \"local9\"; };", 1,
			"no syslog facility 'local9'"},
		{"log = { level = \"loud\"; };", 1, "not 'loud'"},
		{"log = { socket = \"log\"; };", 1, "begin with /"},
		{"log = { level = 3; };", 1, "level must be a text"},
		{"modems = { name = \"a\"; };", 1, "modems must be a list"},
		{"modems = [\"a\"];", 1, "modems must be a list"},
		{"modems = (\n\"a\");", 2, "modems: a list of"},
		{"modems = (\n{ port = \"/dev/x\"; });", 2,
			"a modem without a name"},
		{"modems = (\n{ name = \"a\"; });", 2,
			"a modem without a port"},
		{MODEM("colour = 1;"), 3, "unknown key 'colour'"},
		{MODEM("operator = \"sim tel\";"), 3, "operator: letters"},
		{MODEM("operator = \"\";"), 3, "operator: letters"},
		{MODEM("dialect = \"-x\";"), 3, "dialect: letters"},
		{MODEM("account = \".x\";"), 3, "account: letters"},
		{MODEM("account = \"a/b\";"), 3, "account: letters"},
		{MODEM("sim_pin_file = \"%/none\";"), 3, "No such file"},
		{MODEM("sim_pin_file = \"%/operators\";"), 3, "not a file"},
		{MODEM("sim_pin_file = \"sim.pin\";"), 3, "begin with /"},
		{MODEM("sim_pin_file = \"%/empty.pin\";"), 3,
			"there is no PIN of 4 to 8 digits in /"},
		{MODEM("sim_pin_file = \"%/word.pin\";"), 3,
			"sim_pin_file: there is no PIN of 4 to 8 digits"},
		{MODEM("sim_pin_file = \"%/long.pin\";"), 3,
			"sim_pin_file: there is no PIN of 4 to 8 digits"},
		{MODEM("sim_pin_file = 1234;"), 3, "must be a text"},
		{MODEM("power_command = \"%/none\";"), 3, "No such file"},
		{MODEM("power_command = \"%/sim.pin\";"), 3, "not a program"},
		{MODEM("power_command = \"%/operators\";"), 3, "not a file"},
		{MODEM("power_command = \"uhubctl -l 1\";"), 3, "begin with /"},
		{MODEM("baud = 0;"), 3, "from 50 to 4000000"},
		{MODEM("baud = -9600;"), 3, "from 50 to 4000000"},
		{MODEM("baud = 4000001;"), 3, "from 50 to 4000000"},
		{MODEM("baud = 9600.0;"), 3, "must be a whole number"},
		{MODEM("baud = 9600L;"), 3, "must be a whole number"},
		{MODEM("baud = \"9600\";"), 3, "must be a whole number"},
		{MODEM("baud = 4294976896;"), 3, "an integer too big"},
		{MODEM("baud = 99999999999999999999;"), 3,
			"an integer too big"},
		{MODEM("roaming = 1;"), 3, "roaming must be true or false"},
		{"modems = ({ name = \"a b\"; port = \"/x\"; });", 1,
			"name: letters"},
		{"modems = ({ name = \"a\\nb\"; port = \"/x\"; });", 1,
			"name: letters"},
		{"modems = ({ name = \"n234567890123456789012345678901x\"; "
		 "port = \"/x\"; });",
			1, "at most 31"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_error(rows[i].text, "topupd.conf", rows[i].line,
			rows[i].want);
}

static void
port_that_names_no_device_is_refused(void **state)
{
	(void)state;
	static const char *const ports[] = {"", "ttyUSB0", "tcp://",
		"tcp://localhost:5000", "tcp://127.0.0.1",
		"tcp://127.0.0.1:", "tcp://127.0.0.1:0",
		"tcp://127.0.0.1:65536", "tcp://127.0.0.1:5000x",
		"tcp://127.0.0.256:1", "tcp://::1:5000", "tcp://[::1:5000",
		"tcp://[::1]5000", "tcp://[127.0.0.1]:5000", "tcp://[::g]:5000",
		"tcp://:5000", "udp://127.0.0.1:5000", "usb:", "usb:1-1:1.0",
		"imei:35", "imei:3500000000000141"};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text),
			"modems = (\n{ name = \"a\";\nport = \"%s\"; });",
			ports[i]);
		expect_error(text, "topupd.conf", 3, "port: ");
	}
}

static void
two_modems_on_one_device_are_refused_by_whatever_names(void **state)
{
	(void)state;
	static const struct {
		const char *one;
		const char *other;
		bool same;
	} rows[] = {
		{"/dev/null", "/dev/null", true},
		{"/dev/null", "/dev/../dev/./null", true},
		{"/dev/null", "%/link", true},
		{"%/link", "%/link2", true},
		{"/dev/null", "/dev/zero", false},
		{"%/sim.pin", "%/operators/../sim.pin", true},
		{"/dev/absent", "/dev/absent", true},
		{"/dev/absent", "/dev/./absent", true},
		{"/dev/absent", "//dev/../dev//absent", true},
		{"/no/absent", "/no/absent", true},
		{"/no/absent", "/no/other", false},
		{"/dev/absent", "/dev/absent2", false},
		{"tcp://127.0.0.1:5000", "tcp://127.0.0.1:05000", true},
		{"tcp://127.0.0.1:5000", "tcp://127.0.0.1:5001", false},
		{"tcp://127.0.0.1:5000", "tcp://127.0.0.2:5000", false},
		{"tcp://[::1]:5000", "tcp://[0:0:0::0:1]:5000", true},
		{"tcp://[::ffff:127.0.0.1]:5000", "tcp://127.0.0.1:5000", true},
		{"tcp://[::1]:5000", "tcp://[::2]:5000", false},
		{"usb:1-1.2", "usb:1-1.2", true},
		{"usb:1-1.2", "usb:1-1.20", false},
		{"imei:350000000000014", "imei:350000000000014", true},
		{"imei:350000000000014", "imei:350000000000019", true},
		{"imei:350000000000014", "imei:350000000000022", false},
		{"usb:1-1.2", "imei:350000000000014", false},
	};

	assert_int_equal(symlink("/dev/null", path_of("link")), 0);
	assert_int_equal(symlink(path_of("link"), path_of("link2")), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct problems *problems = problems_new();

		(void)snprintf(text, sizeof(text),
			"modems = ({ name = \"a\"; port = \"%s\"; },\n"
			"{ name = \"b\"; port = \"%s\"; });",
			rows[i].one, rows[i].other);
		if (rows[i].same) {
			expect_error(text, "topupd.conf", 2,
				"is the same device as");
		} else {
			struct config *c = read_text(text, problems);

			assert_int_equal(problems_errors(problems), 0);
			assert_string_not_equal(
				c->modems[0].identity, c->modems[1].identity);
			config_free(c);
		}
		problems_free(problems);
	}
	struct stat st;

	/* two nodes of one device, where the machine has such */
	if (stat("/dev/ptmx", &st) == 0 && stat("/dev/pts/ptmx", &st) == 0)
		expect_error(
			"modems = ({ name = \"a\"; port = \"/dev/ptmx\"; },\n"
			"{ name = \"b\"; port = \"/dev/pts/ptmx\"; });",
			"topupd.conf", 2, "is the same device as");
	expect_error("modems = ({ name = \"a\"; port = \"/dev/x\"; },\n"
		     "{ name = \"b\"; port = \"/dev/y\"; },\n"
		     "{ name = \"a\"; port = \"/dev/z\"; });",
		"topupd.conf", 3, "a modem named 'a' stands in line 1");
}

static void
all_problems_of_meaning_are_told(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c = read_text("spool_dir = 1;\n"
				     "colour = 2;\n"
				     "log = { level = \"x\";\n"
				     "facility = \"y\"; };\n"
				     "modems = ( { name = 1; port = \"x\"; },\n"
				     "{ } );\n",
		problems);

	assert_int_equal(problems_errors(problems), 8);
	assert_non_null(c);
	config_free(c);
	problems_free(problems);
}

static void
syntax_error_is_told_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
		const char *want;
	} rows[] = {
		{"a b", 1, "syntax error"},
		{"\nspool_dir = \"/x\"\n = 5;", 3, "syntax error"},
		{"spool_dir = \"/x\";\nspool_dir = \"/y\";", 2,
			"duplicate setting"},
		{"modems = ( { name = \"a\" }", 1, "syntax error"},
		{"\n@include \"none.conf\"\n", 2, "cannot open include"},
		{"\nspool_dir = \"/x;\nstate_dir = \"/y\";", 2,
			"a text without its closing quote"},
		{"\nspool_dir = \"/x\" \"y;", 2,
			"a text without its closing quote"},
		{"\nspool_dir = \"/x\\", 2, "a text without its closing"},
		{"group = \"root\";\n/* no end", 2,
			"a comment without its end"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_error(rows[i].text, "topupd.conf", rows[i].line,
			rows[i].want);
}

static void
file_that_libconfig_would_not_survive_is_refused(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	char *huge = malloc(1100000);

	expect_error("\n@include \"/dev/null\"\n", "topupd.conf", 2,
		"@include of what is neither a file nor a folder");
	(void)write_file("part.conf", "\n\n@include \"/dev/null\"", 22);
	expect_error("@include \"part.conf\"\n", "part.conf", 3,
		"@include of what is neither a file nor a folder");
	expect_error("x\n@include \"part.conf", "topupd.conf", 2,
		"a text without its closing quote");
	/* round and round */
	(void)write_file("part.conf", "@include \"part.conf\"", 20);
	expect_error(
		"@include \"part.conf\"\n", "part.conf", 1, "nesting too deep");
	assert_null(config_load(folder, problems));
	assert_null(config_load(path_of("none"), problems));
	assert_null(config_load("/dev/zero", problems));
	memset(huge, '\n', 1100000);
	assert_null(
		config_load(write_file("huge.conf", huge, 1100000), problems));
	assert_null(config_load(
		write_file("nul.conf", "group = \"a\0b\";", 14), problems));
	assert_int_equal(problems_errors(problems), 5);
	assert_non_null(strstr(problems_line(problems, 0), "cannot be read"));
	assert_non_null(strstr(problems_line(problems, 4), "a NUL byte"));
	free(huge);
	problems_free(problems);
}

static void
integers_in_texts_names_and_comments_are_no_integers(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c =
		read_text("# 99999999999\n// 99999999999\n/* 99999999999\n */\n"
			  "spool_dir = \"/99999999999\\\"99999999999\";\n"
			  "modems = ({ name = \"n99999999999\"; port = \"/x\"; "
			  "baud = 0x2580; });\n",
			problems);

	if (problems_line(problems, 0))
		fail_msg("%s", problems_line(problems, 0));
	assert_int_equal(c->modems[0].baud, 9600);
	assert_string_equal(c->spool_dir, "/99999999999\"99999999999");
	config_free(c);
	expect_error("/* x\n*/ n99999999999 = 99999999999;", "topupd.conf", 2,
		"an integer too big");
	problems_free(problems);
}

static void
included_file_is_found_beside_the_configuration(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	static const char part[] =
		"modems = ({ name = \"a\"; port = \"/dev/x\"; });\n\nx = 1;\n";

	(void)write_file("part.conf", part, sizeof(part) - 1);
	struct config *c = read_text("@include \"part.conf\"\n", problems);

	assert_non_null(strstr(
		problems_line(problems, 0), "part.conf:3: unknown key 'x'"));
	assert_int_equal(c->modem_count, 1);
	config_free(c);
	problems_free(problems);
}

/* In order of names, hidden ones and those of another ending left out; each
 * problem with the file and the line where it stands. */
static void
included_folder_is_all_its_parts(void **state)
{
	(void)state;
	struct problems *problems = problems_new();

	assert_int_equal(mkdir(path_of("conf.d"), 0700), 0);
	(void)write_file("conf.d/20-b.conf", "\ngroup = 5;", 11);
	(void)write_file("conf.d/10-a.conf", "state_dir = \"/a\";", 17);
	(void)write_file("conf.d/.hidden.conf", "=", 1);
	(void)write_file("conf.d/30-c.conf~", "=", 1);
	(void)write_file("conf.d/.conf", "=", 1);
	struct config *c = read_text(
		"spool_dir = \"/s\"; # first\n@include \"conf.d\" // them\n"
		"x = 1;\n",
		problems);

	assert_string_equal(c->spool_dir, "/s");
	assert_string_equal(c->state_dir, "/a");
	assert_non_null(strstr(problems_line(problems, 0),
		"conf.d/20-b.conf:2: group must be a text"));
	assert_non_null(strstr(
		problems_line(problems, 1), "topupd.conf:3: unknown key 'x'"));
	assert_int_equal(problems_errors(problems), 2);
	config_free(c);
	problems_free(problems);
	/* A name twice, over two files: libconfig's own word, our place. */
	(void)write_file("conf.d/20-b.conf", "\nstate_dir = \"/b\";", 18);
	expect_error("@include \"conf.d\"", "conf.d/20-b.conf", 2,
		"duplicate setting");
	(void)write_file("conf.d/20-b.conf", "log = ({ baud = true; });",
		strlen("log = ({ baud = true; });"));
	expect_error("\n@include \"conf.d\"", "conf.d/20-b.conf", 1,
		"log must be a group");
	(void)write_file("conf.d/20-b.conf", "\n = 5;\n", 7);
	expect_error(
		"\n@include \"conf.d\"", "conf.d/20-b.conf", 2, "syntax error");
	expect_error("@include \"conf.d/none\"", "topupd.conf", 1,
		"cannot open include file");
}

/* Each stands in the shipped file, with a comment sign or without. */
static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while ((text = strstr(text, word)) != NULL) {
		if (strchr(" /\t", text[-1]) && strchr(" :\n", text[len]))
			return true;
		text += len;
	}
	return false;
}

static void
every_key_stands_in_the_shipped_configuration(void **state)
{
	(void)state;
	static const char *const groups[] = {"", "log", "alarms", "modems"};
	static char text[65536];
	FILE *f = fopen("conf/topupd.conf", "r");
	const char *name;
	size_t count = 0;

	assert_non_null(f); /* tests run where the sources are */
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		const char *at = strstr(text, groups[g]);

		assert_non_null(at);
		for (size_t i = 0; (name = config_key_at(groups[g], i)); i++) {
			count++;
			if (!has_word(at, name))
				fail_msg("conf/topupd.conf: nothing of %s %s",
					groups[g], name);
		}
	}
	assert_true(count > 20);
}

static void
alarms_and_metrics_have_their_units(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c =
		read_text("metrics_file = \"/m/t.prom\";\n"
			  "metrics_interval = \"2m\";\n"
			  "alarms = { idle = \"off\"; "
			  "unknown = \"2d\"; modem_down = \"90\"; };",
			problems);

	assert_int_equal(problems_errors(problems), 0);
	assert_string_equal(c->metrics_file, "/m/t.prom");
	assert_int_equal(c->metrics_interval_ms, 120000);
	assert_int_equal(c->idle_ms, 0);
	assert_int_equal(c->unknown_ms, 172800000);
	assert_int_equal(c->modem_down_ms, 90000);
	config_free(c);
	problems_free(problems);
	expect_error("alarms = { idle = \"4 h\"; };", "topupd.conf", 1,
		"idle: a whole number with s, m, h or d");
	expect_error("alarms = { low = \"4h\"; };", "topupd.conf", 1,
		"unknown key 'low'");
	expect_error("metrics_interval = \"14s\";", "topupd.conf", 1,
		"at least 15s");
}

static void
absent_keys_have_their_defaults(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c = read_text("state_dir = \"/srv/t\";", problems);

	assert_int_equal(problems_errors(problems), 0);
	assert_non_null(strstr(problems_line(problems, 0), "no modems"));
	assert_string_equal(c->file, path_of("topupd.conf"));
	assert_string_equal(c->spool_dir, "/var/spool/topupd");
	assert_string_equal(c->state_dir, "/srv/t");
	assert_string_equal(c->runtime_dir, "/run/topupd");
	assert_string_equal(c->operators_dir, "/etc/topupd/operators");
	assert_string_equal(c->key_file, "/srv/t/pin.key");
	assert_string_equal(c->log_socket, "/dev/log");
	assert_null(c->group);
	assert_null(c->timezone);
	assert_int_equal(c->log_facility, LOG_DAEMON);
	assert_int_equal(c->log_level, LOG_AT_INFO);
	assert_int_equal(c->modem_count, 0);
	assert_null(c->on_event);
	assert_null(c->metrics_file);
	assert_int_equal(c->metrics_interval_ms, 60000);
	assert_int_equal(c->idle_ms, 4 * 3600000);
	assert_int_equal(c->unknown_ms, 24 * 3600000);
	assert_int_equal(c->modem_down_ms, 15 * 60000);
	config_free(c);
	config_free(NULL);
	problems_free(problems);
}

static void
every_key_of_the_contract_is_taken(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c = read_text(
		"spool_dir     = \"/a/spool\";\n"
		"state_dir     = \"/a/state\";\n"
		"runtime_dir   = \"/a/run\";\n"
		"operators_dir = \"%/operators\";\n"
		"key_file      = \"/a/key\";\n"
		"group         = \"root\";\n"
		"timezone      = \"UTC\";\n"
		"on_event      = \"%/program\";\n"
		"log = { facility = \"local0\"; level = \"debug\"; "
		"socket = \"/a/log\"; };\n"
		"modems = (\n"
		"  { name = \"shop1\"; port = \"/dev/absent\"; "
		"operator = \"auto\"; sim_pin_file = \"%/sim.pin\"; },\n"
		"  { name = \"bench.2\"; port = \"tcp://127.0.0.1:5000\"; "
		"operator = \"simtel\"; baud = 9600; dialect = \"huawei\"; "
		"roaming = true; account = \"shop\"; "
		"power_command = \"%/program\"; }\n"
		");\n",
		problems);

	assert_int_equal(problems_errors(problems), 0);
	assert_non_null(strstr(problems_line(problems, 0),
		":11: warning: sim_pin_file: others may read or change it"));
	assert_null(problems_line(problems, 1));
	assert_string_equal(c->on_event, path_of("program"));
	assert_string_equal(c->spool_dir, "/a/spool");
	assert_string_equal(c->runtime_dir, "/a/run");
	assert_string_equal(c->operators_dir, path_of("operators"));
	assert_string_equal(c->key_file, "/a/key");
	assert_string_equal(c->group, "root");
	assert_string_equal(c->timezone, "UTC");
	assert_string_equal(c->log_socket, "/a/log");
	assert_int_equal(c->log_facility, LOG_LOCAL0);
	assert_int_equal(c->log_level, LOG_AT_DEBUG);
	assert_int_equal(c->modem_count, 2);
	const struct config_modem *m = c->modems;

	assert_string_equal(m[0].name, "shop1");
	assert_string_equal(m[0].port, "/dev/absent");
	assert_string_equal(m[0].operator, "auto");
	assert_string_equal(m[0].sim_pin_file, path_of("sim.pin"));
	assert_string_equal(m[0].dialect, "auto");
	assert_int_equal(m[0].baud, 115200);
	assert_false(m[0].roaming);
	assert_string_equal(m[0].account, "");
	assert_int_equal(m[0].line, 11);
	assert_string_equal(m[1].name, "bench.2");
	assert_string_equal(m[1].operator, "simtel");
	assert_string_equal(m[1].dialect, "huawei");
	assert_null(m[1].sim_pin_file);
	assert_int_equal(m[1].baud, 9600);
	assert_true(m[1].roaming);
	assert_string_equal(m[1].account, "shop");
	assert_string_equal(m[1].power_command, path_of("program"));
	assert_null(m[0].power_command);
	assert_int_equal(m[1].line, 12);
	config_free(c);
	problems_free(problems);
}

/* As it is shipped, and with every commented key switched on. */
static void
shipped_configuration_passes_with_and_without_its_comments(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct config *c = config_load("conf/topupd.conf", problems);

	assert_non_null(c);
	assert_int_equal(problems_errors(problems), 0);
	assert_int_equal(c->modem_count, 0);
	config_free(c);
	FILE *in = fopen("conf/topupd.conf", "r");
	FILE *out = fopen(path_of("all.conf"), "w");
	char line[256];

	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in)) {
		const char *at = line + strspn(line, " ");
		const char *text = at + strspn(at, "/ ");
		bool key = strstr(text, " = ") && !strstr(text, "...");
		bool end = strncmp(text, "};", 2) == 0;

		if (strncmp(at, "//", 2) == 0 && (key || end))
			(void)fputs(text, out);
		else
			(void)fputs(line, out);
	}
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	c = config_load(path_of("all.conf"), problems);
	assert_non_null(c);
	assert_int_equal(c->modem_count, 2);
	/* files and a group that are not on every machine */
	for (size_t i = 0; problems_line(problems, i); i++) {
		const char *text = problems_line(problems, i);

		if (!strstr(text, "No such file") &&
			!strstr(text, "no group") &&
			!strstr(text, "no time zone") &&
			!strstr(text, "warning: "))
			fail_msg("%s", text);
	}
	config_free(c);
	problems_free(problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_value_is_told_with_its_line),
		cmocka_unit_test(port_that_names_no_device_is_refused),
		cmocka_unit_test(
			two_modems_on_one_device_are_refused_by_whatever_names),
		cmocka_unit_test(all_problems_of_meaning_are_told),
		cmocka_unit_test(syntax_error_is_told_with_its_line),
		cmocka_unit_test(
			file_that_libconfig_would_not_survive_is_refused),
		cmocka_unit_test(
			integers_in_texts_names_and_comments_are_no_integers),
		cmocka_unit_test(
			included_file_is_found_beside_the_configuration),
		cmocka_unit_test(included_folder_is_all_its_parts),
		cmocka_unit_test(every_key_stands_in_the_shipped_configuration),
		cmocka_unit_test(alarms_and_metrics_have_their_units),
		cmocka_unit_test(absent_keys_have_their_defaults),
		cmocka_unit_test(every_key_of_the_contract_is_taken),
		cmocka_unit_test(
			shipped_configuration_passes_with_and_without_its_comments),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
