/*
 * Modems with several ports, named by their USB place or their IMEI: the
 * right port is found before a card is dialled, and found again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

/* By its hints the second port is the right one; by what it does, the third.
 * Interfaces as a Quectel has them. */
#define PORTS                                                                  \
	"\"sysfs\": true, \"usb_id\": \"2c7c:0125\", \"ports\": ["             \
	"{\"role\": \"mute\", \"interface\": 0},"                              \
	"{\"role\": \"at\", \"interface\": 2},"                                \
	"{\"role\": \"at\", \"interface\": 3, \"urc\": true}]"

#define IMEI_1 "350000000000014"
#define IMEI_2 "350000000000022"

/* m1 with IMEI_1, then m2 with the other. */
static void
add_modem(struct house *h, const char *name, const char *usb, const char *port)
{
	const char *imei = h->modem_count == 0 ? IMEI_1 : IMEI_2;
	struct house_modem *m = &h->modems[h->modem_count];
	char more[512];

	snprintf(more, sizeof(more),
		"{\"usb\": \"%s\", \"imei\": \"%s\", " PORTS "}", usb, imei);
	house_add_modem(h, name, "quectel", more);
	snprintf(m->port, sizeof(m->port), "%s", port);
}

static void
start_without_waiting(struct house *h)
{
	house_rule_set(h, "recharge", "timeout", "3");
	assert_int_equal(
		setenv("TOPUPD_SYSFS", house_path(h, "sim/sys"), 1), 0);
	assert_int_equal(setenv("TOPUPD_DEV", house_path(h, "sim/dev"), 1), 0);
	house_start_sim(h);
	house_start(h);
}

static void
start(struct house *h)
{
	start_without_waiting(h);
	house_until_modems_ready(h);
}

static const char *
in_use(struct house *h, const char *name)
{
	static char names[4][32];
	static unsigned next;
	char *copy = names[next++ % 4];
	json_t *modem = house_find(house_ask(h, "modems", NULL), "name", name);
	const char *path, *slash;

	assert_non_null(modem);
	path = house_text(modem, "port_in_use");
	slash = strrchr(path, '/');
	snprintf(copy, sizeof(names[0]), "%s", slash ? slash + 1 : path);
	return copy;
}

/* Card i, on that modem. */
static void
load(struct house *h, unsigned i, const char *modem)
{
	char batch[256], name[32];

	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial,modem\n%s,S%u,%s\n",
		house_pin(i), i, modem);
	snprintf(name, sizeof(name), "card-%u.csv", i);
	house_submit(h, name, batch);
	snprintf(name, sizeof(name), "S%u", i);
	house_until_state(h, name, "loaded");
}

static void
right_port_of_three_is_found_before_the_first_card(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 3);
	add_modem(h, "m1", "1-1.2", "usb:1-1.2");
	start(h);
	assert_string_equal(in_use(h, "m1"), "ttyUSB1"); /* as the hints say */
	load(h, 0, "m1");
	assert_string_equal(in_use(h, "m1"), "ttyUSB2");
	/* Remembered: nothing has to be lost to find it again. */
	assert_int_equal(house_stop(h), 0);
	house_start(h);
	house_until_modem(h, "m1", "ready");
	assert_string_equal(in_use(h, "m1"), "ttyUSB2");
	load(h, 1, "m1");
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
modem_is_found_by_its_imei_under_other_names(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	add_modem(h, "m1", "1-1.2", "imei:" IMEI_1);
	start(h);
	load(h, 0, "m1");
	assert_string_equal(in_use(h, "m1"), "ttyUSB2");
	house_tell(h, "{\"order\": \"vanish\", \"modem\": \"m1\", \"ms\": 3000,"
		      " \"renumber\": true}");
	house_until_modem(h, "m1", "absent");
	assert_string_equal(in_use(h, "m1"), "");
	house_until_modem(h, "m1", "ready");
	assert_string_not_equal(in_use(h, "m1"), "ttyUSB2");
	load(h, 1, "m1");
	house_assert_money_law(h, 2);
	house_done(h);
}

/* Of three names in use, each belongs to one modem. */
static void
assert_apart(struct house *h)
{
	const char *one = in_use(h, "m1"), *two = in_use(h, "m2");

	assert_string_not_equal(one, "");
	assert_string_not_equal(two, "");
	assert_string_not_equal(one, two);
	house_ask(h, "modems", NULL);
	assert_string_equal(
		house_text(house_find(h->doc, "name", "m1"), "imei"), IMEI_1);
	assert_string_equal(
		house_text(house_find(h->doc, "name", "m2"), "imei"), IMEI_2);
}

static void
two_modems_of_one_make_leave_each_others_ports_alone(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 4);
	add_modem(h, "m1", "1-1.2", "imei:" IMEI_1);
	add_modem(h, "m2", "1-1.3", "imei:" IMEI_2);
	start(h);
	assert_apart(h);
	load(h, 0, "m1");
	load(h, 1, "m2");
	/* m1 goes: m2's are not searched for it. */
	house_tell(h, "{\"order\": \"vanish\", \"modem\": \"m1\", \"ms\": 4000,"
		      " \"renumber\": true}");
	house_until_modem(h, "m1", "absent");
	load(h, 2, "m2");
	house_until_modem(h, "m1", "ready");
	assert_apart(h);
	load(h, 3, "m1");
	house_assert_money_law(h, 4);
	house_done(h);
}

static bool
is_busy_elsewhere(struct house *h, const void *ctx)
{
	json_t *modem = house_find(house_ask(h, "modems", NULL), "name", "m2");

	(void)ctx;
	return modem && strstr(house_text(modem, "last_error"), "another");
}

/* m1 has the modem by that name; m2 asks for it by its IMEI. */
static void
expect_one_owner(struct house *h, const char *port)
{
	house_add_cards(h, 0, 1);
	add_modem(h, "m1", "1-1.2", port);
	snprintf(h->modems[1].name, sizeof(h->modems[1].name), "m2");
	snprintf(h->modems[1].port, sizeof(h->modems[1].port), "imei:" IMEI_1);
	h->modem_count = 2;
	start_without_waiting(h);
	house_until_modem(h, "m1", "ready");
	house_until(h, "m2 says why", is_busy_elsewhere, NULL);
	load(h, 0, "m1");
	house_until_modem(h, "m2", "absent");
	house_assert_money_law(h, 1);
	house_done(h);
}

static void
modem_of_a_place_is_not_taken_by_its_imei_as_well(void **state)
{
	expect_one_owner(*state, "usb:1-1.2");
}

/* The other ports of a modem that a path names are its as well. */
static void
modem_of_a_path_is_not_taken_by_its_imei_as_well(void **state)
{
	struct house *h = *state;

	expect_one_owner(h, house_path(h, "sim/dev/ttyUSB2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(right_port_of_three_is_found_before_the_first_card),
		HOUSE_TEST(modem_is_found_by_its_imei_under_other_names),
		HOUSE_TEST(
			two_modems_of_one_make_leave_each_others_ports_alone),
		HOUSE_TEST(modem_of_a_place_is_not_taken_by_its_imei_as_well),
		HOUSE_TEST(modem_of_a_path_is_not_taken_by_its_imei_as_well),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
