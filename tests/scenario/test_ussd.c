/*
 * An administrator's USSD session on the real binaries: a code, a menu on a
 * terminal, and no PIN that passes the ledger by.
 */
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static void
start(struct house *h)
{
	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "huawei", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* The card goes as ever. */
static void
load_a_card(struct house *h)
{
	char batch[128];

	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial\n%s,S0\n", house_pin(0));
	house_submit(h, "cards.csv", batch);
	house_until_state(h, "S0", "loaded");
	house_assert_money_law(h, 1);
}

static void
assert_audit_has(struct house *h, const char *note)
{
	json_t *entries = house_ask(h, "audit", NULL);

	for (size_t i = 0; i < json_array_size(entries); i++) {
		json_t *entry = json_array_get(entries, i);

		if (strcmp(house_text(entry, "event"), "modem.ussd") == 0 &&
			strstr(house_text(entry, "note"), note) != NULL) {
			house_assert_contains(house_text(entry, "who"), "uid:");
			return;
		}
	}
	fail_msg("no entry of modem.ussd has '%s'", note);
}

static void
code_is_answered_and_in_the_audit_and_cards_go_on(void **state)
{
	struct house *h = *state;

	start(h);
	assert_int_equal(house_ctl(h, "ussd", "m1", "*123#", NULL), 0);
	house_assert_contains(h->out, "balance");
	assert_false(json_is_true(json_object_get(
		house_ask(h, "ussd", "m1", "*123#", NULL), "open")));
	house_assert_contains(house_text(h->doc, "text"), "balance");
	assert_audit_has(h, "code: *123#");
	assert_audit_has(h, "answer: ");
	assert_int_equal(house_ctl(h, "ussd", "m9", "*123#", NULL), 1);
	load_a_card(h);
	house_done(h);
}

static void
menu_without_a_terminal_is_shown_and_closed(void **state)
{
	struct house *h = *state;

	start(h);
	assert_int_equal(house_ctl(h, "ussd", "m1", "*120#", NULL), 0);
	house_assert_contains(h->out, "Enter the voucher number");
	house_assert_contains(h->err, "was closed");
	house_until_modems_ready(h);
	load_a_card(h);
	house_done(h);
}

static void
pin_is_refused_and_nothing_goes_on_air(void **state)
{
	struct house *h = *state;
	char code[64];

	start(h);
	snprintf(code, sizeof(code), "*121*%s#", house_pin(0));
	assert_int_equal(house_ctl(h, "ussd", "m1", code, NULL), 1);
	house_assert_contains(h->err, "topupctl load");
	assert_null(strstr(h->err, house_pin(0)));
	assert_int_equal(house_ctl(h, "ussd", "m1", house_pin(0), NULL), 1);
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 0);
	load_a_card(h);
	house_done(h);
}

/* ---- on a terminal ------------------------------------------------------ */

/* topupctl on a terminal of its own. */
static pid_t
spawn_on_terminal(struct house *h, const char *code, int *fd)
{
	char program[HOUSE_PATH_MAX + 16], config[HOUSE_PATH_MAX];

	snprintf(program, sizeof(program), "%s/topupctl", h->build);
	snprintf(config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	pid_t pid = forkpty(fd, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execl(program, "topupctl", "ussd", "-c", config, "m1",
			code, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Reads until the text stands on the terminal. */
static void
expect(struct house *h, int fd, const char *text)
{
	static char seen[8192];
	size_t len = 0;

	seen[0] = '\0';
	while (strstr(seen, text) == NULL) {
		struct pollfd look = {.fd = fd, .events = POLLIN};
		ssize_t n =
			poll(&look, 1, 20000 * (int)h->scale) > 0
				? read(fd, seen + len, sizeof(seen) - 1 - len)
				: -1;
		if (n <= 0)
			fail_msg("'%s' did not come, but: %s", text, seen);
		len += (size_t)n;
		seen[len] = '\0';
	}
}

static void
type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void
assert_exit(pid_t pid, int fd, int exit_status)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), exit_status);
	(void)close(fd);
}

static void
menu_on_a_terminal_is_answered_or_left(void **state)
{
	struct house *h = *state;
	int fd;

	start(h);
	pid_t pid = spawn_on_terminal(h, "*120#", &fd);
	expect(h, fd, "answer (empty ends): ");
	type(fd, "7\n"); /* one digit is no card */
	expect(h, fd, "answer (empty ends): ");
	type(fd, "2\n");
	expect(h, fd, "ancelled");
	assert_exit(pid, fd, 0);
	assert_audit_has(h, "typed: 7");
	assert_audit_has(h, "typed: 2");

	pid = spawn_on_terminal(h, "*120#", &fd);
	expect(h, fd, "answer (empty ends): ");
	type(fd, house_pin(0));
	type(fd, "\n");
	expect(h, fd, "topupctl load");
	assert_exit(pid, fd, 1);

	for (size_t i = 0; i < 2; i++) {
		house_until_modems_ready(h);
		pid = spawn_on_terminal(h, "*120#", &fd);
		expect(h, fd, "answer (empty ends): ");
		type(fd, i == 0 ? "\n" : "\x04");
		assert_exit(pid, fd, 0);
	}
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 0);
	house_until_modems_ready(h);
	load_a_card(h);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(code_is_answered_and_in_the_audit_and_cards_go_on),
		HOUSE_TEST(menu_without_a_terminal_is_shown_and_closed),
		HOUSE_TEST(pin_is_refused_and_nothing_goes_on_air),
		HOUSE_TEST(menu_on_a_terminal_is_answered_or_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
