/*
 * What the daemon's owner tells it from outside: signals, and where its log
 * goes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static void
start(struct house *h, const char *more)
{
	house_add_modem(h, "m1", "huawei", more);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

static void
submit_card(struct house *h)
{
	char batch[256];

	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial\n%s,S0\n", house_pin(0));
	house_submit(h, "one.csv", batch);
}

static bool
card_is_on_air(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_truth_count(h, "redeem", NULL, "") > 0;
}

static bool
has_logged(struct house *h, const void *ctx)
{
	char *log = house_read(house_path(h, "out/topupd"));
	bool said = log && strstr(log, ctx);

	free(log);
	return said;
}

static void
second_signal_ends_it_at_once(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	start(h, "{\"delay_ms\": [3000, 3000]}");
	submit_card(h);
	house_until(h, "a card is on air", card_is_on_air, NULL);
	assert_int_equal(kill(h->daemon, SIGTERM), 0);
	house_until(h, "it is stopping", has_logged, "topupd stopping");
	assert_int_equal(kill(h->daemon, SIGINT), 0);
	assert_int_equal(house_wait_daemon(h), 1);

	/* What was on air is found, and not dialled again. */
	house_start(h);
	assert_int_equal(house_number(house_voucher(h, "S0"), "attempts"), 1);
	assert_int_equal(house_ctl(h, "voucher", "1", NULL), 0);
	house_assert_contains(h->out, "restart");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 1);
	house_done(h);
}

static bool
has_modem(struct house *h, const void *ctx)
{
	return house_find(house_ask(h, "modems", NULL), "name", ctx) != NULL;
}

static void
hang_up_reloads_and_a_bad_configuration_is_refused(void **state)
{
	struct house *h = *state;

	house_add_modem(h, "m1", "huawei", NULL);
	house_add_modem(h, "m2", "simcom", NULL);
	house_start_sim(h);
	h->modem_count = 1;
	house_start(h);

	h->config_extra = strdup("colour = \"blue\";");
	h->modem_count = 2;
	house_write_settings(h);
	assert_int_equal(kill(h->daemon, SIGHUP), 0);
	house_until(
		h, "the refusal is logged", has_logged, "unknown key 'colour'");
	assert_false(has_modem(h, "m2"));
	assert_true(has_modem(h, "m1"));

	free(h->config_extra);
	h->config_extra = NULL;
	house_write_settings(h);
	assert_int_equal(kill(h->daemon, SIGHUP), 0);
	house_until(h, "m2 is there", has_modem, "m2");
	house_done(h);
}

static void
audit_lines_go_to_standard_error_as_well(void **state)
{
	struct house *h = *state;

	house_add_modem(h, "m1", "huawei", NULL);
	house_start_sim(h);
	house_start(h);
	house_until(h, "an audit line", has_logged,
		"audit seq=1 event=\"daemon.start\"");
	house_done(h);
}

/* The daemon with a terminal for its standard error, and nothing said of the
 * log; the master's side. */
static int
spawn_on_a_terminal(struct house *h, pid_t *child)
{
	char program[HOUSE_PATH_MAX + 16];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	snprintf(program, sizeof(program), "%s/topupd", h->build);
	assert_int_not_equal(master, -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_not_equal(slave, -1);
	*child = fork();
	assert_int_not_equal(*child, -1);
	if (*child == 0) {
		(void)dup2(slave, STDERR_FILENO);
		(void)execl(program, "topupd", "-c",
			house_path(h, "topupd.conf"), (char *)NULL);
		_exit(127);
	}
	assert_int_equal(close(slave), 0);
	return master;
}

static void
a_terminal_is_told_without_being_asked(void **state)
{
	struct house *h = *state;
	char text[65536] = "";
	size_t len = 0;
	pid_t child;
	int status = 0;

	house_add_modem(h, "m1", "huawei", NULL);
	house_start_sim(h);
	house_write_settings(h);
	int master = spawn_on_a_terminal(h, &child);
	(void)alarm(60); /* instead of hanging for ever */
	while (strstr(text, "topupd ready") == NULL) {
		ssize_t n = read(master, text + len, sizeof(text) - len - 1);
		assert_true(n > 0);
		len += (size_t)n;
		text[len] = '\0';
	}
	assert_int_equal(kill(child, SIGTERM), 0);
	while (read(master, text, sizeof(text)) > 0)
		continue;
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)alarm(0);
	assert_int_equal(status, 0);
	assert_int_equal(close(master), 0);
	house_done(h);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(second_signal_ends_it_at_once),
		TEST(hang_up_reloads_and_a_bad_configuration_is_refused),
		TEST(audit_lines_go_to_standard_error_as_well),
		TEST(a_terminal_is_told_without_being_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
