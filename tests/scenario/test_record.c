/*
 * topupctl record on the real binaries, before every family at once: while
 * cards are redeemed, no form of a PIN and nobody's number gets into a
 * transcript. KEEP_TRANSCRIPTS=FOLDER keeps them.
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

enum { SEPTETS = 8, EDGE = 4, FIRST = 11 /* the numbers of modem 0 */ };

static const char *const by_code[] = {"standard", "huawei", "me909", "zte",
	"qualcomm", "sierra", "ericsson", "sonyericsson", "nokia", "alcatel",
	"icera", "option", "quectel", "quectel2g", "simcom", "sim7600", "a7670",
	"ublox", "gm862", "telit", "cinterion", "a9g", "fibocom", "wavecom",
	"motorola", NULL};
static const char *const by_text[] = {
	"standard", "huawei", "cinterion", "sim7600", NULL};

enum { FAMILIES_MAX = sizeof by_code / sizeof *by_code };

/* What is recorded, each of the families once; a card for each. */
struct studio {
	const char *const *families;
	const char *suffix; /* of the names of the files */
	bool by_text;
	size_t count;
	pid_t recorders[FAMILIES_MAX];
};

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

/* In every form that a line of any modem could give it. */
static void
assert_no_secret(const char *text, size_t families)
{
	char number[32];

	for (unsigned i = 0; i < families; i++) {
		assert_no_form(text, house_pin(i));
		(void)snprintf(
			number, sizeof(number), "3500000000000%u", FIRST + i);
		assert_no_number(text, number);
		(void)snprintf(
			number, sizeof(number), "0010100000000%u", FIRST + i);
		assert_no_number(text, number);
		(void)snprintf(number, sizeof(number), "89000000000000000%u",
			FIRST + i);
		assert_no_number(text, number);
	}
	assert_no_number(text, "358401234567");
	assert_no_number(text, "0501234567");
}

static const char *
file_of(struct house *h, const struct studio *s, size_t i)
{
	return house_path(h, "%s%s.transcript", s->families[i], s->suffix);
}

/* How often a part stands in what was recorded so far. */
static unsigned
count_in(struct house *h, const struct studio *s, size_t i, const char *part)
{
	char *text = house_read(file_of(h, s, i));
	unsigned count = 0;

	for (char *at = text; at != NULL && (at = strstr(at, part)) != NULL;
		at++)
		count++;
	free(text);
	return count;
}

static bool
have_begun(struct house *h, const void *ctx)
{
	const struct studio *s = ctx;

	for (size_t i = 0; i < s->count; i++)
		if (count_in(h, s, i, "# dialect") == 0)
			return false;
	return true;
}

static bool
have_started_anew(struct house *h, const void *ctx)
{
	const struct studio *s = ctx;

	for (size_t i = 0; i < s->count; i++)
		if (count_in(h, s, i, "> \\x1B\n") == 0)
			return false;
	return true;
}

static bool
takes_messages(const char *family)
{
	return strcmp(family, "nokia") != 0; /* it has no stores */
}

/* Until both messages were read, and are gone from the modem. */
static bool
have_messages(struct house *h, const void *ctx)
{
	const struct studio *s = ctx;

	for (size_t i = 0; i < s->count; i++)
		if (takes_messages(s->families[i]) &&
			count_in(h, s, i, "> AT+CMGD=") <
				(s->by_text ? 3U : 2U))
			return false;
	return true;
}

static void
begin_recordings(struct house *h, struct studio *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->recorders[i] = record(h, s->families[i], file_of(h, s, i));
	house_until(h, "the recordings to begin", have_begun, s);
	for (size_t i = 0; i < s->count; i++) {
		char order[128];

		(void)snprintf(order, sizeof(order),
			"{\"order\": \"vanish\", \"modem\": \"%s\", "
			"\"ms\": 500}",
			s->families[i]);
		house_tell(h, order);
	}
	house_until(h, "the modems to start anew", have_started_anew, s);
	house_until_modems_ready(h);
}

static void
redeem(struct house *h, const struct studio *s)
{
	char batch[4096] = "# operator: simtel\npin,serial,modem\n";

	for (unsigned i = 0; i < s->count; i++)
		(void)snprintf(batch + strlen(batch),
			sizeof(batch) - strlen(batch), "%s,S%u,%s\n",
			house_pin(i), i, s->families[i]);
	(void)house_submit(h, "cards.csv", batch);
	house_until_settled(h, s->count);
}

/* What people and operators send, with numbers and PINs in it. */
static void
talk(struct house *h, const char *modem, unsigned card)
{
	char order[512];

	(void)snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"%s\", \"sender\": "
		"\"+358401234567\", \"text\": \"Card %s is yours, call "
		"0501234567\"}",
		modem, house_pin(card));
	house_tell(h, order);
	(void)snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"%s\", \"sender\": "
		"\"SimTel\", \"wide\": true, \"text\": \"Card %s \\u0416\"}",
		modem, house_pin(card));
	house_tell(h, order);
	(void)snprintf(order, sizeof(order),
		"{\"order\": \"push\", \"modem\": \"%s\", \"m\": 0, "
		"\"text\": \"Again %s\"}",
		modem, house_pin(card));
	house_tell(h, order);
}

static void
keep(const struct studio *s, size_t i, const char *text)
{
	const char *folder = getenv("KEEP_TRANSCRIPTS");
	char path[HOUSE_PATH_MAX];

	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s%s.transcript", folder,
		s->families[i], s->suffix);
	house_write(path, text);
}

static void
check_recording(struct house *h, const struct studio *s, size_t i)
{
	assert_int_equal(end_recording(s->recorders[i]), 0);
	char *text = house_read(file_of(h, s, i));

	assert_non_null(text);
	assert_no_secret(text, s->count);
	house_assert_contains(
		text, s->by_text ? "> <pdu>" : "> AT+CUSD=1,\"<code>\"");
	if (takes_messages(s->families[i]))
		house_assert_contains(text, "< +CMGR:");
	house_assert_contains(text, "> AT+CGMI");
	keep(s, i, text);
	free(text);
}

static void
record_all(struct house *h, struct studio *s)
{
	for (; s->families[s->count] != NULL; s->count++)
		house_add_modem(h, s->families[s->count], s->families[s->count],
			"{\"sms_delay_ms\": [1, 300]}");
	house_add_cards(h, 0, (unsigned)s->count);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	begin_recordings(h, s);
	redeem(h, s);
	for (unsigned i = 0; i < s->count; i++)
		talk(h, s->families[i], i);
	house_until(h, "the messages to be read", have_messages, s);
	for (size_t i = 0; i < s->count; i++)
		check_recording(h, s, i);
	/* And the recorders did no harm. */
	house_assert_money_law(h, (unsigned)s->count);
	house_done(h);
}

static void
every_family_is_recorded_without_a_secret(void **state)
{
	struct studio s = {.families = by_code, .suffix = ""};

	record_all(*state, &s);
}

static void
cards_redeemed_by_text_are_recorded_without_a_secret(void **state)
{
	struct studio s = {
		.families = by_text, .suffix = "_text", .by_text = true};
	struct house *h = *state;

	house_rule_set(h, "recharge", "via", "sms");
	house_rule_set(h, "recharge", "sms_to", "121");
	house_rule_set(h, "recharge", "sms_text", "TOP {pin}");
	house_rule_set(h, "recharge", "sms_from", "SimTel");
	house_rule_set(h, "recharge", "smsc", "any");
	record_all(h, &s);
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
		TEST(every_family_is_recorded_without_a_secret),
		TEST(cards_redeemed_by_text_are_recorded_without_a_secret),
		TEST(second_recorder_is_refused_and_unknown_modem_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
