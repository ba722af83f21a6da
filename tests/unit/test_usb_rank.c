/*
 * Which port of a USB modem is tried first, by what the device says.
 */
#include "modem/usb_rank.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct {
	struct usb_tty tty;
	enum usb_role role;
} rows[] = {
	/* E173: modem, diagnosis, PCUI by number only. */
	{{.vendor = 0x12d1,
		 .product = 0x1001,
		 .number = 0,
		 .class = 0xff,
		 .subclass = 0xff,
		 .protocol = 0xff},
		USB_ROLE_DATA},
	{{.vendor = 0x12d1,
		 .product = 0x1001,
		 .number = 1,
		 .class = 0xff,
		 .subclass = 0xff,
		 .protocol = 0xff},
		USB_ROLE_UNKNOWN},
	{{.vendor = 0x12d1,
		 .product = 0x1001,
		 .number = 2,
		 .class = 0xff,
		 .subclass = 0xff,
		 .protocol = 0xff},
		USB_ROLE_MAIN},
	/* ME909: the protocol tells it, whatever the number. */
	{{.vendor = 0x12d1,
		 .product = 0x1573,
		 .number = 0,
		 .class = 0xff,
		 .subclass = 2,
		 .protocol = 0x12},
		USB_ROLE_MAIN},
	{{.vendor = 0x12d1,
		 .product = 0x1573,
		 .number = 2,
		 .class = 0xff,
		 .subclass = 2,
		 .protocol = 0x10},
		USB_ROLE_DATA},
	{{.vendor = 0x12d1,
		 .product = 0x1573,
		 .number = 4,
		 .class = 0xff,
		 .subclass = 2,
		 .protocol = 0x13},
		USB_ROLE_MUTE},
	/* EC25. */
	{{.vendor = 0x2c7c, .product = 0x0125, .number = 0}, USB_ROLE_MUTE},
	{{.vendor = 0x2c7c, .product = 0x0125, .number = 2}, USB_ROLE_MAIN},
	{{.vendor = 0x2c7c, .product = 0x0125, .number = 3}, USB_ROLE_DATA},
	/* A model stands before its maker. */
	{{.vendor = 0x19d2, .product = 0x0016, .number = 2}, USB_ROLE_DATA},
	{{.vendor = 0x19d2, .product = 0x0031, .number = 2}, USB_ROLE_UNKNOWN},
	{{.vendor = 0x19d2, .product = 0x0031, .number = 1}, USB_ROLE_MAIN},
	{{.vendor = 0x1e0e, .product = 0x9001, .number = 2}, USB_ROLE_MAIN},
	{{.vendor = 0x1e0e, .product = 0x9001, .number = 4}, USB_ROLE_MUTE},
	{{.vendor = 0x1546, .product = 0x1010, .number = 0}, USB_ROLE_MUTE},
	{{.vendor = 0x1546, .product = 0x1102, .number = 0}, USB_ROLE_MAIN},
	{{.vendor = 0x1bc7,
		 .product = 0x0021,
		 .number = 6,
		 .class = 2,
		 .subclass = 2,
		 .protocol = 1},
		USB_ROLE_SECOND},
	{{.vendor = 0x1199, .product = 0x68a3, .number = 3}, USB_ROLE_MAIN},
	{{.vendor = 0x0403, .product = 0x6001}, USB_ROLE_ADAPTER},
	{{.vendor = 0x1a86, .product = 0x7523}, USB_ROLE_ADAPTER},
	{{.vendor = 0xffff, .product = 1, .number = 3}, USB_ROLE_UNKNOWN},
};

static void
known_ports_have_the_role_that_their_makers_gave_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(usb_role_of(&rows[i].tty), rows[i].role);
}

static void
role_goes_before_number_and_number_before_nothing(void **state)
{
	static const struct usb_tty main_port = {.vendor = 0x2c7c, .number = 2},
				    data = {.vendor = 0x2c7c, .number = 3},
				    mute = {.vendor = 0x2c7c, .number = 0},
				    first = {.vendor = 1, .number = 4},
				    second = {.vendor = 1, .number = 10},
				    beyond = {.vendor = 1, .number = 70000};

	(void)state;
	assert_true(usb_rank(&main_port) < usb_rank(&data));
	assert_true(usb_rank(&data) < usb_rank(&mute));
	assert_true(usb_rank(&main_port) < usb_rank(&first));
	assert_true(usb_rank(&first) < usb_rank(&second));
	assert_true(usb_rank(&second) < usb_rank(&beyond));
	assert_true(usb_rank(&beyond) < usb_rank(&data));
}

static void
place_of_a_device_has_one_form(void **state)
{
	static const char *const good[] = {
		"1-1", "1-1.2", "3-2.4.1.3", "10-11"};
	static const char *const bad[] = {"", "-", "1", "1-", "-1", "1.2-1",
		"1-1.", "1-.1", "1-1..2", "1-1.2:1.0", "1-1-2", "usb1", "1-a",
		"../1-1", "1-1/..",
		"1-1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(usb_is_device(span_str(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(usb_is_device(span_str(bad[i])));
}

static void
interface_is_what_stands_behind_the_colon(void **state)
{
	(void)state;
	assert_true(span_eq(
		usb_interface_of(span_str("1-1.2:1.3")), span_str(":1.3")));
	assert_int_equal(usb_interface_of(span_str("1-1.2")).len, 0);
	assert_int_equal(usb_interface_of(span_str("")).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			known_ports_have_the_role_that_their_makers_gave_them),
		cmocka_unit_test(
			role_goes_before_number_and_number_before_nothing),
		cmocka_unit_test(place_of_a_device_has_one_form),
		cmocka_unit_test(interface_is_what_stands_behind_the_colon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
