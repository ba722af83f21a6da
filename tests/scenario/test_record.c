/*
 * topupctl record on the real binaries: while cards are redeemed, no form of
 * a PIN and nobody's number gets into a transcript. KEEP_TRANSCRIPTS=FOLDER
 * keeps them.
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

#include "modem/ussd.h"
#include "tests/support/house_proof.h"

enum { CARDS = 4, SEPTETS = 8, EDGE = 4 };

static pid_t
record(struct house *h, const char *modem, const char *file)
{
	char config[HOUSE_PATH_MAX], program[2 * HOUSE_PATH_MAX];

	(void)snprintf(
		config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	(void)snprintf(program, sizeof(program), "%s/topupctl", h->build);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)dup2(fd, STDOUT_FILENO);
	(void)execl(program, "topupctl", "-c", config, "record", modem,
		(char *)NULL);
	_exit(127);
}

static bool
has_begun(struct house *h, const void *ctx)
{
	char *text = house_read(ctx);
	bool begun = text != NULL && strstr(text, "# dialect") != NULL;

	(void)h;
	free(text);
	return begun;
}

static int
end_recording(pid_t pid)
{
	int status = -1;

	(void)kill(pid, SIGINT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
assert_absent(const char *text, const char *what, const char *form)
{
	if (strcasestr(text, what) != NULL)
		fail_msg("%s: %s", form, what);
}

/* In clear, in UCS-2, and packed at each place that a text can give it. */
static void
assert_no_form(const char *text, const char *secret)
{
	char padded[128], hex[512];
	size_t len;

	assert_absent(text, secret, "clear");
	assert_int_equal(ussd_encode(USSD_UCS2_HEX, span_str(secret), hex,
				 sizeof(hex), &len),
		0);
	assert_absent(text, hex, "ucs2");
	for (int before = 0; before < SEPTETS; before++) {
		(void)snprintf(padded, sizeof(padded), "%.*s%s", before,
			"aaaaaaaa", secret);
		assert_int_equal(ussd_encode(USSD_GSM7_HEX, span_str(padded),
					 hex, sizeof(hex), &len),
			0);
		/* Only octets that hold nothing but the secret. */
		size_t from = (size_t)(2 * ((before * 7 + 7) / 8));
		hex[len - EDGE] = '\0';
		assert_absent(text, hex + from, "packed");
	}
}

/* As addresses have it: nibbles swapped. */
static void
assert_no_number(const char *text, const char *number)
{
	char swapped[64] = "";
	size_t n = strlen(number);

	assert_no_form(text, number);
	for (size_t i = 0; i + 1 < n; i += 2) {
		swapped[i] = number[i + 1];
		swapped[i + 1] = number[i];
	}
	assert_absent(text, swapped, "semi-octets");
}

static void
keep(const char *dialect, const char *text)
{
	const char *folder = getenv("KEEP_TRANSCRIPTS");
	char path[HOUSE_PATH_MAX];

	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s.transcript", folder, dialect);
	house_write(path, text);
}

static void
redeem_and_talk(struct house *h)
{
	char batch[1024] = "# operator: simtel\npin,serial\n";
	char order[512];

	for (unsigned i = 0; i < CARDS; i++)
		(void)snprintf(batch + strlen(batch),
			sizeof(batch) - strlen(batch), "%s,S%u\n", house_pin(i),
			i);
	(void)house_submit(h, "cards.csv", batch);
	house_until_settled(h, CARDS);
	assert_int_equal(house_ctl(h, "balance", "m1", NULL), 0);
	(void)snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"m1\", \"sender\": "
		"\"+358401234567\", \"text\": \"Card %s is yours, call "
		"0501234567\"}",
		house_pin(0));
	house_tell(h, order);
	(void)snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"m1\", \"sender\": "
		"\"SimTel\", \"wide\": true, \"text\": \"Card %s \\u20ac\"}",
		house_pin(1));
	house_tell(h, order);
	(void)snprintf(order, sizeof(order),
		"{\"order\": \"push\", \"modem\": \"m1\", \"m\": 0, "
		"\"text\": \"Again %s\"}",
		house_pin(2));
	house_tell(h, order);
}

static bool
has_messages(struct house *h, const void *ctx)
{
	(void)ctx;
	return json_array_size(house_ask(h, "inbox", NULL)) >= 2;
}

static void
record_family(struct house *h, const char *dialect)
{
	char file[HOUSE_PATH_MAX];

	house_add_cards(h, 0, CARDS);
	house_add_modem(h, "m1", dialect, NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	(void)snprintf(
		file, sizeof(file), "%s", house_path(h, "m1.transcript"));
	pid_t pid = record(h, "m1", file);
	house_until(h, "the recording to begin", has_begun, file);
	house_tell(
		h, "{\"order\": \"vanish\", \"modem\": \"m1\", \"ms\": 1000}");
	house_until_modem(h, "m1", "absent");
	house_until_modem(h, "m1", "ready");
	redeem_and_talk(h);
	house_until(h, "messages", has_messages, NULL);
	assert_int_equal(end_recording(pid), 0);

	char *text = house_read(file);
	assert_non_null(text);
	for (unsigned i = 0; i < CARDS; i++)
		assert_no_form(text, house_pin(i));
	assert_no_number(text, "350000000000011");
	assert_no_number(text, "001010000000011");
	assert_no_number(text, "8900000000000000011");
	assert_no_number(text, "358401234567");
	assert_no_number(text, "0501234567");
	house_assert_contains(text, "<code>");
	house_assert_contains(text, "< +CMGR: ");
	house_assert_contains(text, "> AT+CGMI");
	/* And the recorder did no harm. */
	house_assert_money_law(h, CARDS);
	keep(dialect, text);
	free(text);
	house_done(h);
}

static void
standard_modem_is_recorded_without_a_secret(void **state)
{
	record_family(*state, "standard");
}

static void
huawei_is_recorded_without_a_secret(void **state)
{
	record_family(*state, "huawei");
}

static void
quectel_is_recorded_without_a_secret(void **state)
{
	record_family(*state, "quectel");
}

static void
simcom_is_recorded_without_a_secret(void **state)
{
	record_family(*state, "simcom");
}

/* One listener a modem; he may go, and another one come. */
static void
second_recorder_is_refused_and_unknown_modem_told(void **state)
{
	struct house *h = *state;
	char file[HOUSE_PATH_MAX];

	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	(void)snprintf(file, sizeof(file), "%s", house_path(h, "a"));
	pid_t pid = record(h, "m1", file);
	house_until(h, "the recording to begin", has_begun, file);
	assert_int_equal(house_ctl(h, "record", "m1", NULL), 1);
	house_assert_contains(h->err, "already");
	assert_int_equal(house_ctl(h, "record", "nobody", NULL), 1);
	assert_int_equal(end_recording(pid), 0);
	(void)unlink(file);
	assert_int_equal(
		house_ctl(h, "record", "--seconds", "1", "m1", NULL), 0);
	house_assert_contains(h->out, "# topupd transcript 1");
	assert_int_equal(house_stop(h), 0);
	house_done(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(standard_modem_is_recorded_without_a_secret),
		TEST(huawei_is_recorded_without_a_secret),
		TEST(quectel_is_recorded_without_a_secret),
		TEST(simcom_is_recorded_without_a_secret),
		TEST(second_recorder_is_refused_and_unknown_modem_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
