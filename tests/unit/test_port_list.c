/* port_devices() over a made-up bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modem/port.h"
#include "tests/support/bus.h"

static void
devices_are_told_once_with_their_likeliest_port(void **state)
{
	struct port_device list[4];
	struct bus bus;

	(void)state;
	bus_init(&bus);
	assert_int_equal(port_devices(list, 4), 0);
	bus_plug(&bus, "1-1.3", "2c7c", "0125"); /* a Quectel */
	bus_port(&bus, "1-1.3:1.0", "ttyUSB0", "/dev/null");
	bus_port(&bus, "1-1.3:1.2", "ttyUSB1", "/dev/null");
	bus_port(&bus, "1-1.3:1.3", "ttyUSB2", "/dev/null");
	bus_plug(&bus, "1-1.2", "0403", "6001"); /* an FTDI adapter */
	bus_port(&bus, "1-1.2:1.0", "ttyUSB3", "/dev/null");
	assert_int_equal(port_devices(list, 4), 2);
	assert_string_equal(list[0].device, "1-1.2");
	assert_true(list[0].is_adapter);
	assert_int_equal(list[0].ports, 1);
	assert_string_equal(list[0].path, bus_dev(&bus, "ttyUSB3"));
	assert_string_equal(list[1].device, "1-1.3");
	assert_false(list[1].is_adapter);
	assert_int_equal(list[1].ports, 3);
	assert_string_equal(list[1].path, bus_dev(&bus, "ttyUSB1"));
	assert_int_equal(port_devices(list, 1), 1);
	bus_fini(&bus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			devices_are_told_once_with_their_likeliest_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
