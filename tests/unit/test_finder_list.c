/*
 * Which of several ports is opened next, by what was found of each.
 */
#include "modem/finder_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Two modems of one make, 1-1 and 1-2, with three ports each (0: diagnosis,
 * 2: the main one, 3: dial-up), and a serial adapter at 1-3. */
static struct usb_tty
port_at(const char *device, unsigned number, unsigned vendor)
{
	struct usb_tty tty = {
		.vendor = vendor, .number = number, .generation = 7 + number};

	snprintf(tty.device, sizeof tty.device, "%s", device);
	snprintf(tty.place, sizeof tty.place, "%s:1.%u", device, number);
	snprintf(tty.name, sizeof tty.name, "ttyUSB%c%u",
		device[strlen(device) - 1], number);
	return tty;
}

enum { QUECTEL = 0x2c7c, FTDI = 0x0403 };

static struct finder_list list;

static size_t
bring(const char *const *devices, size_t count)
{
	static const unsigned numbers[] = {0, 2, 3};
	struct usb_tty ttys[USB_TTYS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool adapter = strcmp(devices[i], "1-3") == 0;

		for (size_t k = 0; k < (adapter ? 1 : 3); k++)
			ttys[n++] = port_at(devices[i], numbers[k],
				adapter ? FTDI : QUECTEL);
	}
	finder_list_take(&list, ttys, n);
	return n;
}

static void
begin(bool any_device)
{
	static const char *const devices[] = {"1-2", "1-1", "1-3"};

	memset(&list, 0, sizeof list);
	list.any_device = any_device;
	bring(devices, any_device ? 3 : 1);
	finder_list_begin(&list);
}

static struct finder_entry *
expect(const char *place)
{
	struct finder_entry *e = finder_list_next(&list);

	assert_non_null(e);
	assert_string_equal(e->tty.place, place);
	return e;
}

/* The next one is at place, and found to be that. */
static bool
judged(const char *place, enum port_verdict verdict)
{
	return finder_list_judge(&list, expect(place), verdict);
}

static void
ports_come_in_the_order_of_their_ranks(void **state)
{
	(void)state;
	begin(false);
	assert_true(judged("1-2:1.2", PORT_SILENT));
	assert_true(judged("1-2:1.3", PORT_SILENT));
	assert_false(judged("1-2:1.0", PORT_SILENT));
	/* The next round: it may have been booting. */
	finder_list_begin(&list);
	expect("1-2:1.2");
}

static void
strangers_other_ports_are_left_alone(void **state)
{
	(void)state;
	begin(true);
	assert_true(judged("1-1:1.2", PORT_STRANGER));
	assert_false(judged("1-2:1.2", PORT_STRANGER));
	finder_list_begin(&list);
	assert_null(finder_list_next(&list));
}

static void
adapters_are_opened_only_where_they_are_named(void **state)
{
	static const char *const adapter[] = {"1-3"};

	(void)state;
	memset(&list, 0, sizeof list);
	bring(adapter, 1);
	expect("1-3:1.0");
	list.any_device = true;
	assert_null(finder_list_next(&list));
}

static void
found_modem_is_looked_for_nowhere_else(void **state)
{
	static const char *const others[] = {"1-2", "1-3"};

	(void)state;
	begin(true);
	assert_false(judged("1-1:1.2", PORT_ANSWERS));
	/* Hung: all its ports, over and over, but no other modem's. */
	assert_true(judged("1-1:1.2", PORT_SILENT));
	assert_true(judged("1-1:1.3", PORT_SILENT));
	assert_false(judged("1-1:1.0", PORT_SILENT));
	finder_list_begin(&list);
	expect("1-1:1.2");
	/* Unplugged: then it may be anywhere. */
	bring(others, 2);
	finder_list_begin(&list);
	expect("1-2:1.2");
}

static void
silent_ports_of_others_are_asked_more_and_more_rarely(void **state)
{
	static const char *const one[] = {"1-1"};
	unsigned asked = 0;

	(void)state;
	memset(&list, 0, sizeof list);
	list.any_device = true;
	bring(one, 1);
	for (int i = 0; i < 1200; i++) { /* an hour */
		struct finder_entry *e;

		finder_list_begin(&list);
		while ((e = finder_list_next(&list)) != NULL) {
			finder_list_judge(&list, e, PORT_SILENT);
			asked++;
		}
	}
	assert_in_range(asked, 3 * 7, 3 * 20);
}

static void
port_that_cannot_be_opened_is_left_alone_a_little_longer_each_time(void **state)
{
	static const unsigned opened_at[] = {0, 1, 3, 6, 10};
	static const char *const one[] = {"1-3"};
	size_t k = 0;

	(void)state;
	memset(&list, 0, sizeof list);
	bring(one, 1);
	for (unsigned i = 0; i <= 10; i++) {
		struct finder_entry *e;

		finder_list_begin(&list);
		e = finder_list_next(&list);
		assert_int_equal(e != NULL, k < 5 && opened_at[k] == i);
		if (e == NULL)
			continue;
		k++;
		finder_list_refuse(e);
		assert_null(finder_list_next(&list));
	}
	assert_int_equal(k, 5);
}

static void
mute_ports_take_turns_until_one_speaks(void **state)
{
	(void)state;
	begin(false);
	assert_false(judged("1-2:1.2", PORT_ANSWERS));
	assert_true(judged("1-2:1.2", PORT_MUTE));
	assert_false(judged("1-2:1.3", PORT_ANSWERS));
	assert_true(judged("1-2:1.3", PORT_MUTE));
	assert_true(judged("1-2:1.0", PORT_SILENT)); /* back to the first */
	assert_false(judged("1-2:1.2", PORT_ANSWERS));
	assert_true(judged("1-2:1.2", PORT_MUTE));
	assert_false(judged("1-2:1.3", PORT_SPEAKS));
	/* From now on that one, whatever comes. */
	finder_list_begin(&list);
	expect("1-2:1.3");
}

static void
turns_of_mute_ports_end(void **state)
{
	unsigned moves = 0;

	(void)state;
	begin(false);
	for (;;) {
		struct finder_entry *e = finder_list_next(&list);

		finder_list_judge(&list, e, PORT_ANSWERS);
		if (!finder_list_judge(&list, e, PORT_MUTE))
			break;
		assert_in_range(++moves, 1, 12);
	}
	assert_in_range(moves, 3, 12);
}

static void
only_port_of_a_modem_is_never_left_for_being_mute(void **state)
{
	static const char *const one[] = {"1-3"};

	(void)state;
	memset(&list, 0, sizeof list);
	bring(one, 1);
	assert_false(judged("1-3:1.0", PORT_ANSWERS));
	assert_false(judged("1-3:1.0", PORT_MUTE));
	expect("1-3:1.0");
}

static void
remembered_port_goes_first(void **state)
{
	(void)state;
	begin(true);
	(void)span_copy(list.place, sizeof list.place, span_str("1-2:1.3"));
	expect("1-2:1.3");
	/* Plugged in elsewhere: the same interface of any modem. */
	(void)span_copy(list.place, sizeof list.place, span_str("9-9:1.3"));
	expect("1-1:1.3");
}

static void
port_remembered_of_a_modem_that_is_met_is_preferred_once(void **state)
{
	struct finder_entry *open;

	(void)state;
	begin(false);
	open = expect("1-2:1.2");
	finder_list_judge(&list, open, PORT_ANSWERS);
	assert_false(finder_list_prefer(&list, open, ""));
	assert_false(finder_list_prefer(&list, open, "4-4:1.7"));
	assert_true(finder_list_prefer(&list, open, "4-4:1.3"));
	finder_list_refuse(expect("1-2:1.3"));
	/* Somebody has it: the other will do, and is not left again. */
	assert_ptr_equal(expect("1-2:1.2"), open);
	assert_false(finder_list_prefer(&list, open, "1-2:1.3"));
}

static void
port_that_comes_back_is_another_one(void **state)
{
	static const char *const one[] = {"1-2"};

	(void)state;
	begin(true);
	assert_true(judged("1-1:1.2", PORT_STRANGER));
	bring(one, 1);
	for (size_t i = 0; i < list.count; i++)
		list.entries[i].state = FINDER_STRANGER;
	assert_null(finder_list_next(&list));
	for (size_t i = 0; i < list.count; i++)
		list.entries[i].tty.generation++;
	bring(one, 1); /* the same names and places */
	expect("1-2:1.2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_come_in_the_order_of_their_ranks),
		cmocka_unit_test(strangers_other_ports_are_left_alone),
		cmocka_unit_test(adapters_are_opened_only_where_they_are_named),
		cmocka_unit_test(found_modem_is_looked_for_nowhere_else),
		cmocka_unit_test(
			silent_ports_of_others_are_asked_more_and_more_rarely),
		cmocka_unit_test(
			port_that_cannot_be_opened_is_left_alone_a_little_longer_each_time),
		cmocka_unit_test(mute_ports_take_turns_until_one_speaks),
		cmocka_unit_test(turns_of_mute_ports_end),
		cmocka_unit_test(
			only_port_of_a_modem_is_never_left_for_being_mute),
		cmocka_unit_test(remembered_port_goes_first),
		cmocka_unit_test(
			port_remembered_of_a_modem_that_is_met_is_preferred_once),
		cmocka_unit_test(port_that_comes_back_is_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
