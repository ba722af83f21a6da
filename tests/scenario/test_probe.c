/*
 * topupctl probe on the real binaries: what stands on a port, without the
 * daemon; nothing is dialled but what was asked for, and the modem is left as
 * it was found.
 */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

/* With --json; the answer is in doc, its exit status what it should be. */
static json_t *
probe(struct house *h, const char *port, int exit_status)
{
	int rc = house_ctl(h, "probe", "--json", port, NULL);

	if (rc != exit_status)
		fail_msg("%s: exit %d: %s%s", port, rc, h->out, h->err);
	json_decref(h->doc);
	h->doc = json_loads(h->out, 0, NULL);
	assert_non_null(h->doc);
	return h->doc;
}

static const char *
port_of(const struct house *h, size_t i)
{
	return h->modems[i].port;
}

static void
modems_of_each_family_tell_who_they_are(void **state)
{
	static const struct {
		const char *dialect, *maker, *told_by;
	} rows[] = {
		{"standard", "Acme", ""},
		{"huawei", "huawei", "huawei"},
		{"quectel", "Quectel", "quectel"},
		{"simcom", "SIMCOM_Ltd", ""},
	};
	struct house *h = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		house_add_modem(h, rows[i].dialect, rows[i].dialect, NULL);
	house_start_sim(h);
	house_write_settings(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *o = probe(h, port_of(h, i), 0);

		assert_string_equal(
			house_text(o, "manufacturer"), rows[i].maker);
		assert_string_equal(house_text(o, "dialect"), rows[i].dialect);
		if (rows[i].told_by[0] != '\0')
			assert_string_equal(
				house_text(o, "told_by"), rows[i].told_by);
		assert_string_equal(house_text(o, "operator"), "simtel");
		assert_string_equal(house_text(o, "network"), "SimTel");
		assert_string_equal(house_text(o, "registration"), "home");
		assert_int_equal(house_number(o, "signal"), -73);
		assert_true(strlen(house_text(o, "iccid")) >= 18);
		assert_int_equal(strlen(house_text(o, "imsi")), 15);
		assert_int_equal(strlen(house_text(o, "imei")), 15);
		json_t *stores = json_object_get(o, "stores");
		assert_int_equal(json_array_size(stores), 1);
		bool phone =
			strcmp(house_text(json_array_get(stores, 0), "store"),
				"ME") == 0;
		assert_int_equal(
			house_number(json_array_get(stores, 0), "size"),
			phone ? 50 : 20);
		house_assert_contains(
			house_text(o, "config"), "operator = \"simtel\"");
		house_assert_contains(house_text(o, "config"), port_of(h, i));
	}
	/* Nothing was dialled. */
	char *truth = house_read(house_path(h, "sim/truth.jsonl"));
	assert_null(truth != NULL ? strstr(truth, "\"request\"") : NULL);
	free(truth);
	house_done(h);
}

/* A table's value is as long as it is; what we say fits a terminal. */
static void
assert_lines_fit(const char *text)
{
	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (len > 80)
			fail_msg("%zu columns: %.*s", len, (int)len, line);
		if (line[len] == '\0')
			break;
	}
}

static void
operator_that_no_profile_has_is_told_before_anything(void **state)
{
	struct house *h = *state;

	house_add_modem(h, "m1", "standard", NULL);
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "probe", "--operator", "nosuch",
				 "/dev/topupd-no-such-port", NULL),
		2);
	house_assert_contains(h->err, "'nosuch' is no operator here");
	house_done(h);
}

static void
balance_finds_the_coding_and_people_get_a_list(void **state)
{
	struct house *h = *state;

	house_add_modem(h, "m1", "huawei", NULL);
	house_start_sim(h);
	house_write_settings(h);
	assert_int_equal(
		house_ctl(h, "probe", "--balance", port_of(h, 0), NULL), 0);
	house_assert_contains(h->out, "packed (an answer was read)");
	house_assert_contains(h->out, "Your balance is");
	house_assert_contains(h->out, "operator      simtel");
	house_assert_contains(h->out, "For topupd.conf, in modems:");
	assert_lines_fit(h->out);
	house_done(h);
}

static void
locked_sim_is_told_with_all_that_is_known(void **state)
{
	struct house *h = *state;

	house_add_modem(h, "m1", "standard",
		"{\"pin_state\": \"SIM PIN\", \"sim_pin_tries\": 3}");
	house_start_sim(h);
	house_write_settings(h);
	json_t *o = probe(h, port_of(h, 0), 1);
	assert_string_equal(house_text(o, "manufacturer"), "Acme");
	house_assert_contains(house_text(o, "why"), "SIM PIN");
	house_assert_contains(house_text(o, "config"), "sim_pin_file");
	house_assert_contains(h->err, "SIM PIN");
	house_assert_contains(h->err, "next: set sim_pin_file");
	assert_int_equal(strlen(house_text(o, "imei")), 15);
	assert_int_equal(house_ctl(h, "probe", port_of(h, 0), NULL), 1);
	assert_lines_fit(h->out);
	assert_lines_fit(h->err);
	house_done(h);
}

/* What stands there is no modem, or nothing. The other side of a terminal
 * keeps silent, or talks. */
static void
port_without_a_modem_is_told_with_its_reason(void **state)
{
	struct house *h = *state;
	int master = -1, slave = -1;
	char name[64] = "";
	struct termios raw;

	house_add_modem(h, "m1", "standard", NULL);
	house_write_settings(h);
	(void)probe(h, "/dev/topupd-no-such-port", 1);
	house_assert_contains(house_text(h->doc, "why"), "not there");
	house_assert_contains(h->err, "next: is it plugged in?");
	assert_int_equal(house_ctl(h, "probe", "tcp://nowhere", NULL), 2);

	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	(void)probe(h, name, 1); /* mute */
	assert_string_equal(house_text(h->doc, "why"), "it does not answer");

	pid_t talker = fork();
	if (talker == 0) {
		for (;;) {
			(void)!write(master, "$GPGGA,1234*55\r\n\xff\x00", 18);
			(void)usleep(20000);
		}
	}
	(void)probe(h, name, 1);
	assert_string_equal(house_text(h->doc, "why"), "it does not answer");
	assert_string_equal(house_text(h->doc, "manufacturer"), "");
	(void)kill(talker, SIGKILL);
	(void)waitpid(talker, NULL, 0);
	(void)close(master);
	(void)close(slave);
	house_done(h);
}

static void
port_that_the_daemon_holds_is_left_alone(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	json_t *o = probe(h, port_of(h, 0), 1);
	house_assert_contains(house_text(o, "why"), "holds the port");
	house_assert_contains(house_text(o, "why"), "m1");
	/* And when it has ended, the probe has it. */
	assert_int_equal(house_stop(h), 0);
	o = probe(h, port_of(h, 0), 0);
	assert_string_equal(house_text(o, "dialect"), "standard");
	house_done(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modems_of_each_family_tell_who_they_are),
		TEST(balance_finds_the_coding_and_people_get_a_list),
		TEST(operator_that_no_profile_has_is_told_before_anything),
		TEST(locked_sim_is_told_with_all_that_is_known),
		TEST(port_without_a_modem_is_told_with_its_reason),
		TEST(port_that_the_daemon_holds_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
