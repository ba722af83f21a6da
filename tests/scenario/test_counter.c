/*
 * The counter on the real binaries: a PIN typed on a terminal, a sentence
 * with the money in it, Ctrl-C; what was loaded and refused as figures; and
 * who follows the audit over a restart.
 */
#include <poll.h>
#include <pty.h>
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

static char seen[16384]; /* on the terminal since it was opened */

static void
start(struct house *h)
{
	house_add_card(h, house_pin(0), 10000, "good");
	house_add_card(h, house_pin(1), 10000, "used");
	house_add_card(h, house_pin(2), 10000, "good");
	house_network_set(h, "lock_after", json_integer(100));
	house_add_modem(h, "m1", "huawei", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* ---- on a terminal ------------------------------------------------------- */

/* topupctl with these words on a terminal of its own. */
static pid_t
spawn_on_terminal(
	struct house *h, const char *first, const char *second, int *fd)
{
	char program[HOUSE_PATH_MAX + 16], config[HOUSE_PATH_MAX];
	struct winsize size = {.ws_row = 24, .ws_col = 200};

	seen[0] = '\0';
	snprintf(program, sizeof(program), "%s/topupctl", h->build);
	snprintf(config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	pid_t pid = forkpty(fd, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execl(program, "topupctl", "-c", config, first, second,
			(char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Reads until the text stands on the terminal (NULL: until its end). */
static void
expect(struct house *h, int fd, const char *text)
{
	size_t len = strlen(seen);

	while (text == NULL || strstr(seen, text) == NULL) {
		struct pollfd look = {.fd = fd, .events = POLLIN};
		if (poll(&look, 1, 20000 * (int)h->scale) <= 0)
			fail_msg("'%s' did not come, but: %s",
				text != NULL ? text : "the end", seen);
		ssize_t n = read(fd, seen + len, sizeof(seen) - 1 - len);
		if (n <= 0 && text == NULL)
			return;
		if (n <= 0)
			fail_msg("'%s' did not come, but: %s", text, seen);
		len += (size_t)n;
		seen[len] = '\0';
	}
}

/* What the program was called with: a PIN is never there. */
static void
assert_not_in_arguments(pid_t pid, const char *voucher_pin)
{
	char path[64], words[4096];

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(words, 1, sizeof(words), f);
	(void)fclose(f);
	assert_true(n > 0);
	assert_null(memmem(words, n, voucher_pin, strlen(voucher_pin)));
}

static void
type_pin(struct house *h, pid_t pid, int fd, const char *voucher_pin)
{
	char line[64];

	expect(h, fd, "PIN: ");
	snprintf(line, sizeof(line), "%s\n", voucher_pin);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_not_in_arguments(pid, voucher_pin);
}

static void
assert_end(struct house *h, pid_t pid, int fd, int exit_status)
{
	int status;

	expect(h, fd, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != exit_status)
		print_message("%s\n", seen);
	assert_int_equal(WEXITSTATUS(status), exit_status);
	(void)close(fd);
}

static void
card_is_typed_without_echo_and_one_sentence_tells_of_the_money(void **state)
{
	struct house *h = *state;
	int fd;

	start(h);
	pid_t pid = spawn_on_terminal(h, "load", "--amount=100", &fd);
	type_pin(h, pid, fd, house_pin(0));
	assert_end(h, pid, fd, 0);
	house_assert_contains(seen, "loaded 100.00, balance 150.00\r\n");
	assert_null(strstr(seen, house_pin(0)));
	assert_null(strstr(seen, house_pin(0) + 6)); /* nor half of it */

	pid = spawn_on_terminal(h, "load", "--amount=100", &fd);
	type_pin(h, pid, fd, house_pin(1));
	assert_end(h, pid, fd, 1);
	house_assert_contains(seen,
		"topupctl: rejected (used): nothing was credited, somebody has "
		"used the card before; ");
	house_assert_contains(seen, "topupctl claims");
	house_assert_contains(seen, "the operator says: \"");
	assert_null(strstr(seen, house_pin(1)));
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 2);
	house_done(h);
}

static void
ctrl_c_while_waiting_names_the_card_that_goes_on(void **state)
{
	struct house *h = *state;
	char number[64];
	int fd;

	start(h);
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	pid_t pid = spawn_on_terminal(h, "load", "--amount=100", &fd);
	type_pin(h, pid, fd, house_pin(2));
	expect(h, fd, "voucher 1: ready");
	assert_int_equal(write(fd, "\x03", 1), 1);
	assert_end(h, pid, fd, 4);
	house_assert_contains(seen, "voucher 1 goes on without you");
	snprintf(number, sizeof(number), "`topupctl voucher 1`");
	house_assert_contains(seen, number);
	assert_null(strstr(seen, house_pin(2)));
	/* And it does. */
	assert_int_equal(house_ctl(h, "resume", NULL), 0);
	house_until_settled(h, 1);
	assert_string_equal(
		house_text(house_ask(h, "voucher", "1", NULL), "state"),
		"loaded");
	house_done(h);
}

/* A scanner is not patient: what it types is no command for the shell. */
static void
card_typed_while_another_waits_is_not_left_for_the_shell(void **state)
{
	static const char script[] =
		"\"$0\" -c \"$1\" load --amount=100; stty -icanon min 0 time "
	        "1; "
		"echo \"left: $(dd bs=64 count=1 2>/dev/null | wc -c).\"";
	struct house *h = *state;
	char program[HOUSE_PATH_MAX + 16];
	int fd;

	start(h);
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	seen[0] = '\0';
	snprintf(program, sizeof(program), "%s/topupctl", h->build);
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", script, program,
			house_path(h, "topupd.conf"), (char *)NULL);
		_exit(127);
	}
	type_pin(h, pid, fd, house_pin(2));
	expect(h, fd, "voucher 1: ready");
	assert_int_equal(write(fd, "99998888777766\n", 15), 15);
	assert_int_equal(house_ctl(h, "resume", NULL), 0);
	expect(h, fd, "loaded 100.00");
	assert_end(h, pid, fd, 0);
	house_assert_contains(seen, "left: 0.");
	house_done(h);
}

/* Ctrl-C before the PIN is whole: nothing was sent, the echo is back. */
static void
ctrl_c_at_the_prompt_sends_nothing(void **state)
{
	struct house *h = *state;
	int fd, status;

	start(h);
	pid_t pid = spawn_on_terminal(h, "load", "--amount=100", &fd);
	expect(h, fd, "PIN: ");
	assert_int_equal(write(fd, "1234\x03", 5), 5);
	expect(h, fd, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	(void)close(fd);
	assert_int_equal(json_array_size(house_ask(h, "vouchers", NULL)), 0);
	house_done(h);
}

/* ---- figures ------------------------------------------------------------- */

static void
figures_tell_what_was_loaded_and_what_can_be_claimed(void **state)
{
	struct house *h = *state;
	char batch[256], path[HOUSE_PATH_MAX];

	start(h);
	snprintf(batch, sizeof(batch),
		"# operator: simtel\n# amount: 100\npin,serial\n%s,A\n%s,B\n",
		house_pin(0), house_pin(1));
	house_submit(h, "two.csv", batch);
	house_until_settled(h, 2);
	house_assert_voucher(h, "B", "rejected", "used");

	json_t *claims = house_ask(h, "claims", NULL);
	assert_int_equal(json_array_size(claims), 1);
	json_t *claim = json_array_get(claims, 0);
	assert_string_equal(house_text(claim, "serial"), "B");
	assert_string_equal(house_text(claim, "modem"), "m1");
	assert_true(strlen(house_text(claim, "reply")) > 0);
	assert_true(strlen(house_text(claim, "iccid")) > 10);
	snprintf(path, sizeof(path), "%s", house_path(h, "claims.csv"));
	assert_int_equal(house_ctl(h, "claims", "--csv", path, NULL), 0);
	char *csv = house_read(path);
	house_assert_contains(csv, "serial,pin,operator,amount,");
	house_assert_contains(csv, "\r\nB,**********");
	assert_null(strstr(csv, house_pin(1)));
	free(csv);

	json_t *totals = house_ask(h, "totals", "--days", "1", NULL);
	assert_int_equal(json_array_size(totals), 2);
	json_t *day = json_array_get(totals, 0);
	assert_int_equal(house_number(day, "loaded"), 1);
	assert_int_equal(house_number(day, "refused"), 1);
	assert_string_equal(house_text(day, "loaded_amount"), "100.00");
	assert_string_equal(house_text(day, "closing"), "150.00");
	totals = house_ask(h, "totals", "--by", "sim", NULL);
	assert_string_equal(
		house_text(json_array_get(totals, 0), "name"), "m1");

	json_t *history = house_ask(h, "balance", "--history", "m1", NULL);
	size_t count = json_array_size(history);
	assert_true(count >= 2);
	assert_string_equal(
		house_text(json_array_get(history, count - 1), "balance"),
		"150.00");
	snprintf(path, sizeof(path), "%s", house_path(h, "history.svg"));
	assert_int_equal(house_ctl(h, "balance", "--history", "m1", "--ascii",
				 "--svg", path, NULL),
		0);
	house_assert_contains(h->out, "m1: balance 150.00");
	char *svg = house_read(path);
	house_assert_contains(svg, "</svg>");
	free(svg);
	house_done(h);
}

/* ---- following ----------------------------------------------------------- */

static void
who_follows_goes_on_behind_the_last_entry_after_a_restart(void **state)
{
	struct house *h = *state;
	char last[32], words[96];
	int fd;

	start(h);
	pid_t pid = spawn_on_terminal(h, "audit", "--follow", &fd);
	expect(h, fd, "daemon.start");
	assert_int_equal(house_stop(h), 0);
	assert_end(h, pid, fd, 3);
	const char *at = strstr(seen, "the last entry was ");
	assert_non_null(at);
	snprintf(last, sizeof(last), "%lld",
		strtoll(at + strlen("the last entry was "), NULL, 10));
	assert_true(strtoll(last, NULL, 10) > 0);
	snprintf(words, sizeof(words), "`topupctl audit --since %s --follow`",
		last);
	house_assert_contains(seen, words);
	/* Without the daemon the chain can be walked all the same. */
	assert_int_equal(house_ctl(h, "audit", "verify", NULL), 0);
	assert_int_equal(house_ctl(h, "audit", NULL), 3);

	house_start(h);
	json_t *rest = house_ask(h, "audit", "--since", last, NULL);
	assert_true(json_array_size(rest) > 0);
	assert_int_equal(house_number(json_array_get(rest, 0), "seq"),
		strtoll(last, NULL, 10) + 1);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(
			card_is_typed_without_echo_and_one_sentence_tells_of_the_money),
		HOUSE_TEST(ctrl_c_while_waiting_names_the_card_that_goes_on),
		HOUSE_TEST(ctrl_c_at_the_prompt_sends_nothing),
		HOUSE_TEST(
			card_typed_while_another_waits_is_not_left_for_the_shell),
		HOUSE_TEST(
			figures_tell_what_was_loaded_and_what_can_be_claimed),
		HOUSE_TEST(
			who_follows_goes_on_behind_the_last_entry_after_a_restart),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
