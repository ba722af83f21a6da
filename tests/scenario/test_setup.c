/*
 * topupctl setup on the real binaries: from a bus with modems, or without, to
 * a configuration that passes the check and that a daemon starts with.
 */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

#define IMEI_1 "350000000000014"
#define IMEI_2 "350000000000022"
#define IMEI_3 "350000000000030"

#define PORTS                                                                  \
	"\"sysfs\": true, \"usb_id\": \"2c7c:0125\", \"ports\": ["             \
	"{\"role\": \"mute\", \"interface\": 0},"                              \
	"{\"role\": \"at\", \"interface\": 2, \"urc\": true}]"

static void
add_usb(struct house *h, const char *name, const char *usb, const char *imei)
{
	char more[512];

	(void)snprintf(more, sizeof(more),
		"{\"usb\": \"%s\", \"imei\": \"%s\", " PORTS "}", usb, imei);
	house_add_modem(h, name, "quectel", more);
}

/* The machine is the simulator's, or one with nothing on its bus. */
static void
be_on(struct house *h, const char *folder)
{
	assert_int_equal(
		setenv("TOPUPD_SYSFS", house_path(h, "%s/sys", folder), 1), 0);
	assert_int_equal(
		setenv("TOPUPD_DEV", house_path(h, "%s/dev", folder), 1), 0);
}

static const char *
config(const struct house *h)
{
	return house_path(h, "made/topupd.conf");
}

/* What the house has of its own; with more behind it. The path. */
static const char *
write_answers(struct house *h, const char *more)
{
	const char *path = house_path(h, "answers");
	char *text = NULL;

	assert_true(asprintf(&text,
			    "# a shop\nspool_dir = %s\nstate_dir = %s\n"
			    "runtime_dir = %s\noperators_dir = %s\n"
			    "group = none\n%s",
			    house_path(h, "spool"), house_path(h, "state"),
			    house_path(h, "run"), house_path(h, "operators"),
			    more) > 0);
	house_write(path, text);
	free(text);
	return path;
}

/* topupctl itself: house_ctl() says -c FILE of the house. */
static int
run_setup(struct house *h, const char *answers, const char *option)
{
	const char *argv[] = {"topupctl", "setup", "-c", config(h), "--answers",
		answers, option, NULL};

	return house_run(h, argv);
}

static char *
made(struct house *h)
{
	char *text = house_read(config(h));

	assert_non_null(text);
	return text;
}

static int
check(struct house *h)
{
	const char *argv[] = {"topupctl", "check", "-c", config(h), NULL};

	return house_run(h, argv);
}

static bool
answers_us(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_ctl(h, "status", NULL) == 0;
}

/* Two modems on the bus, one at the other end of TCP; one left out; one that
 * is not here. Its file starts a daemon, which finds them. */
static void
answers_file_makes_a_configuration_that_a_daemon_starts_with(void **state)
{
	struct house *h = *state;
	char answers[1024];

	add_usb(h, "m1", "1-1.2", IMEI_1);
	add_usb(h, "m2", "1-1.3", IMEI_2);
	house_add_modem(h, "m3", "standard",
		"{\"transport\": \"tcp\", \"imei\": \"" IMEI_3 "\"}");
	be_on(h, "sim");
	house_start_sim(h);
	house_write_settings(h); /* its profile */
	(void)snprintf(answers, sizeof(answers),
		"ports = %s\nbalance = yes\ntimezone = UTC\n"
		"modem." IMEI_1 " = shop1\nmodem." IMEI_2 " = -\n"
		"modem." IMEI_3 " = far\n"
		"modem.350000000000048 = spare\n"
		"operator.350000000000048 = simtel\n",
		h->modems[2].port);
	if (run_setup(h, write_answers(h, answers), NULL) != 0)
		fail_msg("%s%s", h->out, h->err);
	house_assert_contains(h->out, "USB devices with serial ports: 2");
	house_assert_contains(h->out, "SIM of simtel");
	house_assert_contains(h->out, "Your balance is");
	house_assert_contains(h->out, "is written, with 3 modems");
	house_assert_contains(h->out, "\n  topupctl check -c ");
	house_assert_contains(h->out, "\n  topupd -c ");
	house_assert_contains(h->out, "\n  topupctl modems -c ");
	char *text = made(h);
	house_assert_contains(text, "name = \"shop1\";\n    "
				    "port = \"imei:" IMEI_1 "\";\n    "
				    "operator = \"simtel\";");
	house_assert_contains(text, "name = \"far\";\n    port = \"tcp://");
	house_assert_contains(text, "port = \"imei:350000000000048\"");
	house_assert_contains(text, "timezone = \"UTC\"");
	assert_null(strstr(text, IMEI_2));
	free(text);
	assert_int_equal(check(h), 0);
	/* The house's daemon, with that file for its own. */
	text = made(h);
	house_write(house_path(h, "topupd.conf"), text);
	free(text);
	house_spawn_daemon(h);
	house_until(h, "an answer", answers_us, NULL);
	house_until_modem(h, "shop1", "ready");
	house_until_modem(h, "far", "ready");
	assert_int_equal(house_stop(h), 0);
	house_done(h);
}

static void
machine_without_modems_gets_a_sensible_file(void **state)
{
	struct house *h = *state;

	be_on(h, "nothing");
	house_write_settings(h);
	assert_int_equal(run_setup(h, write_answers(h, ""), NULL), 0);
	house_assert_contains(h->out, "with 0 modems");
	house_assert_contains(h->out, "No modem was found");
	char *text = made(h);
	house_assert_contains(text, "modems = (\n  // none was found");
	free(text);
	assert_int_equal(check(h), 0);
	house_assert_contains(h->out, "no modems: nothing can be dialled");
	house_done(h);
}

static void
file_that_is_there_is_replaced_only_by_force_and_kept(void **state)
{
	struct house *h = *state;
	struct stat st;

	be_on(h, "nothing");
	house_write_settings(h);
	assert_int_equal(mkdir(house_path(h, "made"), 0755), 0);
	house_write(config(h), "the one before");
	assert_int_equal(run_setup(h, write_answers(h, ""), NULL), 1);
	house_assert_contains(h->err, "is there already: --force");
	char *text = made(h);
	assert_string_equal(text, "the one before");
	free(text);
	assert_int_equal(run_setup(h, write_answers(h, ""), "--force"), 0);
	house_assert_contains(h->out, "topupd.conf.1");
	assert_int_equal(run_setup(h, write_answers(h, ""), "--force"), 0);
	text = house_read(house_path(h, "made/topupd.conf.1"));
	assert_string_equal(text, "the one before");
	free(text);
	assert_int_equal(stat(house_path(h, "made/topupd.conf.2"), &st), 0);
	assert_int_equal(stat(config(h), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(house_path(h, "made/topupd.conf.new"), &st), -1);
	/* What would not pass the check replaces nothing. */
	assert_int_equal(chmod(house_path(h, "operators/simtel.ini"), 0600), 0);
	house_write(house_path(h, "operators/bad.ini"), "[operator]\nx = 1\n");
	assert_int_equal(run_setup(h, write_answers(h, ""), "--force"), 1);
	house_assert_contains(h->err, "bad.ini:2");
	house_assert_contains(h->err, "would not pass the check");
	assert_int_equal(stat(house_path(h, "made/topupd.conf.3"), &st), -1);
	house_done(h);
}

static void
wrong_answers_are_told_with_their_lines_and_nothing_is_written(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"colour = red\n", "answers:7: unknown key: colour"},
		{"group\n", "answers:7: no 'key = value'"},
		{"group = none\n", "answers:7: a key twice"},
		{"modem = shop1\n", "answers:7: unknown key"},
		{"timezone.x = UTC\n", "answers:7: unknown key"},
		{"timezone = Mars/Base\n", "answers:7: timezone: there is no"},
		{"ports = tcp://nowhere:1\n", "answers:7: ports: "},
		{"adapters = perhaps\nbalance = yes\n", ""},
		{"modem." IMEI_1 " = two words\n", "line 7: no modem was"},
		{"modem./dev/ttyUSB9 = a\n", "line 7: no modem was found"},
		{"modem." IMEI_1 " = a\noperator." IMEI_1 " = nobody\n",
			"answers:8: operator: there is no such profile"},
		{"modem." IMEI_1 " = a\nsim_pin_file." IMEI_1 " = /none\n",
			"answers:8: sim_pin_file: no such file"},
	};
	struct house *h = *state;

	be_on(h, "nothing");
	house_write_settings(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = rows[i].want[0] == '\0'; /* it is never asked */

		if (run_setup(h, write_answers(h, rows[i].text), NULL) != !good)
			fail_msg("%s: %s%s", rows[i].text, h->out, h->err);
		house_assert_contains(h->err, rows[i].want);
		assert_int_equal(access(config(h), F_OK), good ? 0 : -1);
		(void)unlink(config(h));
	}
	assert_int_equal(run_setup(h, house_path(h, "no-such"), NULL), 1);
	/* Nobody to ask. */
	const char *argv[] = {"topupctl", "setup", "-c", config(h), NULL};
	assert_int_equal(house_run(h, argv), 2);
	house_assert_contains(h->err, "--answers FILE");
	house_done(h);
}

/* A SIM that asks for its PIN; two sticks with one IMEI; a serial adapter,
 * which is asked only if that is wanted. */
static void
odd_modems_get_what_they_need(void **state)
{
	struct house *h = *state;
	char answers[1024];

	add_usb(h, "m1", "1-1.2", IMEI_1);
	add_usb(h, "m2", "1-1.3", IMEI_1);
	house_add_modem(h, "m3", "standard",
		"{\"usb\": \"1-1.4\", \"imei\": \"" IMEI_3
		"\", \"sysfs\": true, \"usb_id\": \"0403:6001\", "
		"\"pin_state\": \"SIM PIN\", \"sim_pin_tries\": 3}");
	be_on(h, "sim");
	house_start_sim(h);
	house_write_settings(h);
	house_write(house_path(h, "shop.pin"), "1234\n");
	assert_int_equal(chmod(house_path(h, "shop.pin"), 0400), 0);
	assert_int_equal(run_setup(h, write_answers(h, ""), NULL), 0);
	house_assert_contains(h->out, "2, and 1 serial adapter");
	char *text = made(h);
	house_assert_contains(text, "\"modem1\";\n    port = \"usb:1-1.2\"");
	house_assert_contains(text, "\"modem2\";\n    port = \"usb:1-1.3\"");
	assert_null(strstr(text, "modem3"));
	free(text);
	(void)snprintf(answers, sizeof(answers),
		"adapters = yes\nsim_pin_file." IMEI_3 " = %s\n"
		"operator." IMEI_3 " = simtel\nmodem.usb:1-1.3 = -\n",
		house_path(h, "shop.pin"));
	assert_int_equal(run_setup(h, write_answers(h, answers), "--force"), 0);
	house_assert_contains(h->out, "not ready: ");
	text = made(h);
	house_assert_contains(text, "sim_pin_file = \"");
	house_assert_contains(text, "/shop.pin\"");
	assert_null(strstr(text, "1234"));
	assert_null(strstr(text, "usb:1-1.3"));
	assert_null(strstr(text, "usb:1-1.4")); /* an adapter by its path */
	free(text);
	assert_int_equal(check(h), 0);
	house_done(h);
}

/* ---- a person at a terminal ------------------------------------------------
 */

struct person {
	pid_t pid;
	int master;
	char heard[65536];
	size_t len;
};

/* Reads until that stands in what was heard since the last time. */
static void
hear(struct person *p, const char *word, size_t *from)
{
	while (strstr(p->heard + *from, word) == NULL) {
		ssize_t n = read(p->master, p->heard + p->len,
			sizeof(p->heard) - 1 - p->len);

		if (n <= 0)
			fail_msg("no '%s' in: %s", word, p->heard + *from);
		p->len += (size_t)n;
		p->heard[p->len] = '\0';
	}
	*from = (size_t)(strstr(p->heard + *from, word) - p->heard) +
	        strlen(word);
}

static void
begin(struct house *h, struct person *p)
{
	char *program = NULL;

	memset(p, 0, sizeof(*p));
	assert_true(asprintf(&program, "%s/topupctl", h->build) > 0);
	p->pid = forkpty(&p->master, NULL, NULL, NULL);
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		(void)execl(program, "topupctl", "setup", "-c", config(h),
			"--force", (char *)NULL);
		_exit(126);
	}
	free(program);
}

static void
say(struct person *p, const char *text)
{
	assert_int_equal(
		write(p->master, text, strlen(text)), (ssize_t)strlen(text));
}

static int
end(struct person *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	(void)close(p->master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
person_is_asked_little_and_again_where_an_answer_is_wrong(void **state)
{
	struct house *h = *state;
	struct person p;
	size_t at = 0;

	add_usb(h, "m1", "1-1.2", IMEI_1);
	be_on(h, "sim");
	house_start_sim(h);
	begin(h, &p);
	hear(&p, "Enter for none: ", &at);
	say(&p, "\n");
	hear(&p, "Some charge for it [no]: ", &at);
	say(&p, "maybe\n");
	hear(&p, "yes or no", &at);
	hear(&p, "[no]: ", &at);
	say(&p, "no\n");
	hear(&p, "IMEI " IMEI_1, &at);
	hear(&p, "(" IMEI_1 "), - for none [modem1]: ", &at);
	say(&p, "two words\n");
	hear(&p, "letters, digits", &at);
	hear(&p, "[modem1]: ", &at);
	say(&p, "shop1\n");
	/* No profile is installed for that network: it may be said. */
	hear(&p, "its operator", &at);
	hear(&p, "[auto]: ", &at);
	say(&p, "\n");
	hear(&p, "Group whose members", &at);
	say(&p, "none\n");
	hear(&p, "Time zone", &at);
	hear(&p, "[system]: ", &at);
	say(&p, "\004"); /* ^D: nothing is written */
	hear(&p, "nothing was written", &at);
	assert_int_equal(end(&p), 1);
	assert_int_equal(access(config(h), F_OK), -1);
	house_done(h);
}

/* Folders, names and the zone of the one before are taken for what he does
 * not say anew. */
static void
person_who_presses_enter_keeps_what_there_was(void **state)
{
	struct house *h = *state;
	struct person p;
	size_t at = 0;
	char *text = NULL;

	add_usb(h, "m1", "1-1.2", IMEI_1);
	be_on(h, "sim");
	house_start_sim(h);
	house_write_settings(h);
	assert_int_equal(mkdir(house_path(h, "made"), 0755), 0);
	assert_true(asprintf(&text,
			    "spool_dir = \"%s\";\noperators_dir = \"%s\";\n"
			    "timezone = \"UTC\";\nmodems = ({ name = "
			    "\"counter\"; port = \"imei:" IMEI_1 "\"; });\n",
			    house_path(h, "spool"),
			    house_path(h, "operators")) > 0);
	house_write(config(h), text);
	free(text);
	begin(h, &p);
	hear(&p, "Enter for none: ", &at);
	say(&p, "\n");
	hear(&p, "[no]: ", &at);
	say(&p, "\n");
	hear(&p, "SIM of simtel", &at);
	hear(&p, "for none [counter]: ", &at);
	say(&p, "\n");
	hear(&p, "Group whose members", &at);
	say(&p, "none\n");
	hear(&p, "[UTC]: ", &at);
	say(&p, "\n");
	hear(&p, "is written, with 1 modem.", &at);
	hear(&p, "Next:", &at);
	hear(&p, "topupctl modems -c ", &at);
	hear(&p, "\n", &at);
	assert_int_equal(end(&p), 0);
	text = made(h);
	house_assert_contains(text, "name = \"counter\"");
	house_assert_contains(text, house_path(h, "spool"));
	house_assert_contains(text, "\ntimezone = \"UTC\"");
	free(text);
	assert_int_equal(check(h), 0);
	house_done(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_file_makes_a_configuration_that_a_daemon_starts_with),
		TEST(machine_without_modems_gets_a_sensible_file),
		TEST(file_that_is_there_is_replaced_only_by_force_and_kept),
		TEST(wrong_answers_are_told_with_their_lines_and_nothing_is_written),
		TEST(odd_modems_get_what_they_need),
		TEST(person_is_asked_little_and_again_where_an_answer_is_wrong),
		TEST(person_who_presses_enter_keeps_what_there_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
