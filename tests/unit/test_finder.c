/*
 * The finder of ports over a made-up bus, with pseudo-terminals for ports.
 */
#include "modem/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "modem/usb.h"
#include "tests/support/bus.h"
#include "tests/support/ports.h"

enum { PORTS = 4 };

static struct bus bus;
static struct ports_modem ends[PORTS];
static int slaves[PORTS]; /* held open: else the master hangs up */
static const char *taken; /* a place on the bus */

static int
set_up(void **state)
{
	(void)state;
	taken = NULL;
	bus_init(&bus);
	for (int i = 0; i < PORTS; i++) {
		ends[i] = ports_modem_open();
		slaves[i] = open(ends[i].path, O_RDWR | O_NOCTTY);
		assert_true(slaves[i] >= 0);
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < PORTS; i++) {
		(void)close(slaves[i]);
		(void)close(ends[i].master);
	}
	bus_fini(&bus);
	return 0;
}

/* A Quectel with diagnosis, main and dial-up ports: ends 0, 1, 2. */
static void
plug_quectel(const char *device, unsigned first_tty)
{
	static const unsigned numbers[] = {0, 2, 3};

	bus_plug(&bus, device, "2c7c", "0125");
	for (unsigned i = 0; i < 3; i++) {
		char place[64], tty[32];

		snprintf(place, sizeof place, "%s:1.%u", device, numbers[i]);
		snprintf(tty, sizeof tty, "ttyUSB%u", first_tty + i);
		bus_port(&bus, place, tty, ends[i].path);
	}
}

static bool
is_taken(void *ctx, const struct port_spot *spot)
{
	(void)ctx;
	return taken != NULL && strcmp(spot->place, taken) == 0;
}

static struct port *
make(const char *where)
{
	struct port_options options = {.where = where, .is_taken = is_taken};
	char why[128] = "";
	struct port *port = port_new(&options, why, sizeof why);

	assert_string_equal(why, "");
	assert_non_null(port);
	return port;
}

static void
assert_at(struct port *port, const char *place)
{
	struct port_spot spot;
	const char *why;

	assert_true(port->ops->fd(port) >= 0);
	port->ops->tell(port, &spot, &why);
	assert_string_equal(spot.place, place);
	assert_string_equal(why, "");
}

static void
assert_why(struct port *port, const char *words)
{
	const char *why;

	assert_int_equal(port->ops->fd(port), -1);
	port->ops->tell(port, NULL, &why);
	assert_non_null(strstr(why, words));
}

static void
both_kinds_of_ports_are_listed_with_what_they_say(void **state)
{
	struct usb_roots roots = usb_roots();
	struct usb_tty ttys[USB_TTYS_MAX];

	(void)state;
	plug_quectel("1-1.2", 4);
	bus_plug(&bus, "1-1.20", "12d1", "1001");
	bus_port(&bus, "1-1.20:1.10", "ttyACM0", ends[3].path);
	assert_int_equal(usb_list(&roots, "1-1.2", ttys, USB_TTYS_MAX), 3);
	assert_int_equal(usb_list(&roots, NULL, ttys, USB_TTYS_MAX), 4);
	assert_int_equal(usb_list(&roots, NULL, ttys, 2), 2);
	assert_int_equal(usb_list(&roots, "1-1", ttys, USB_TTYS_MAX), 0);
	assert_int_equal(usb_list(&roots, "1-1.20", ttys, USB_TTYS_MAX), 1);
	assert_string_equal(ttys[0].name, "ttyACM0");
	assert_string_equal(ttys[0].device, "1-1.20");
	assert_string_equal(ttys[0].place, "1-1.20:1.10");
	assert_int_equal(ttys[0].vendor, 0x12d1);
	assert_int_equal(ttys[0].product, 0x1001);
	assert_int_equal(ttys[0].number, 10);
	assert_int_equal(ttys[0].class, 0xff);
}

static void
absent_place_is_told_and_found_once_it_is_there(void **state)
{
	struct port *port = make("usb:1-1.2");

	(void)state;
	assert_int_equal(port->ops->open(port), -ENODEV);
	assert_why(port, "plugged in");
	plug_quectel("1-1.2", 0);
	assert_int_equal(port->ops->open(port), 0);
	assert_at(port, "1-1.2:1.2");
	assert_int_equal(port->ops->write(port, "AT\r", 3), 3);
	port->ops->close(port);
	/* The same modem, its names counted anew. */
	bus_unplug(&bus, "1-1.2");
	assert_int_equal(port->ops->open(port), -ENODEV);
	plug_quectel("1-1.2", 5);
	assert_int_equal(port->ops->open(port), 0);
	assert_at(port, "1-1.2:1.2");
	port->ops->free(port);
}

static void
next_port_is_opened_once_one_was_judged(void **state)
{
	struct port *port = make("usb:1-1.2");

	(void)state;
	plug_quectel("1-1.2", 0);
	assert_int_equal(port->ops->open(port), 0);
	assert_true(port->ops->judge(port, PORT_SILENT));
	port->ops->close(port);
	assert_int_equal(port->ops->open(port), 0);
	assert_at(port, "1-1.2:1.3");
	port->ops->free(port);
}

static void
locked_port_is_not_written_to_and_another_is_taken(void **state)
{
	struct port *port = make("usb:1-1.2");
	int others = open(ends[1].path, O_RDWR | O_NOCTTY);

	(void)state;
	plug_quectel("1-1.2", 0);
	assert_int_equal(flock(others, LOCK_EX), 0);
	assert_int_equal(port->ops->open(port), 0);
	assert_at(port, "1-1.2:1.3");
	(void)close(others);
	port->ops->free(port);
}

static void
device_of_another_modem_is_left_alone_as_a_whole(void **state)
{
	struct port *port = make("imei:350000000000011");

	(void)state;
	plug_quectel("1-1.2", 0);
	taken = "1-1.2:1.3"; /* one of its ports is enough */
	assert_int_equal(port->ops->open(port), -EBUSY);
	assert_why(port, "another");
	taken = NULL;
	assert_int_equal(port->ops->open(port), 0);
	port->ops->free(port);
}

static void
port_of_a_stranger_is_left_as_it_was_found(void **state)
{
	struct port *port = make("imei:350000000000011");
	struct termios before, open_mode, after;

	(void)state;
	plug_quectel("1-1.2", 0);
	assert_int_equal(tcgetattr(slaves[1], &before), 0);
	assert_int_not_equal(before.c_lflag & ICANON, 0);
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(tcgetattr(slaves[1], &open_mode), 0);
	assert_int_equal(open_mode.c_lflag & ICANON, 0);
	assert_false(port->ops->judge(port, PORT_STRANGER));
	port->ops->close(port);
	assert_int_equal(tcgetattr(slaves[1], &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_cflag, before.c_cflag);
	/* And never asked again, until it is plugged in anew. */
	assert_int_equal(port->ops->open(port), -ENODEV);
	assert_why(port, "no modem here has that IMEI");
	bus_unplug(&bus, "1-1.2");
	assert_int_equal(port->ops->open(port), -ENODEV);
	plug_quectel("1-1.4", 0);
	assert_int_equal(port->ops->open(port), 0);
	port->ops->free(port);
}

static void
port_that_was_known_before_is_opened_first(void **state)
{
	struct port_options options = {
		.where = "imei:350000000000011", .place = "1-1.2:1.0"};
	char why[128];
	struct port *port = port_new(&options, why, sizeof why);

	(void)state;
	plug_quectel("1-1.2", 0);
	assert_int_equal(port->ops->open(port), 0);
	assert_at(port, "1-1.2:1.0");
	port->ops->free(port);
}

static void
judging_what_is_not_open_says_nothing(void **state)
{
	struct port *port = make("usb:1-1.2");
	char byte;

	(void)state;
	assert_false(port->ops->judge(port, PORT_SILENT));
	assert_false(port->ops->prefer(port, "1-1.2:1.0"));
	assert_int_equal(port->ops->read(port, &byte, 1), -EBADF);
	assert_int_equal(port->ops->write(port, "x", 1), -EBADF);
	port->ops->close(port);
	port->ops->free(port);
}

#define FINDER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FINDER_TEST(both_kinds_of_ports_are_listed_with_what_they_say),
		FINDER_TEST(absent_place_is_told_and_found_once_it_is_there),
		FINDER_TEST(next_port_is_opened_once_one_was_judged),
		FINDER_TEST(locked_port_is_not_written_to_and_another_is_taken),
		FINDER_TEST(device_of_another_modem_is_left_alone_as_a_whole),
		FINDER_TEST(port_of_a_stranger_is_left_as_it_was_found),
		FINDER_TEST(port_that_was_known_before_is_opened_first),
		FINDER_TEST(judging_what_is_not_open_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
