/*
 * What a configuration may name as a port, and what it may not.
 */
#include "modem/serial.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modem/port.h"
#include "tests/support/ports.h"

static void
name_that_is_no_port_is_refused_in_words(void **state)
{
	static const char *const bad[] = {
		"",
		"ttyUSB0",
		"./ttyUSB0",
		"udp://127.0.0.1:5000",
		"tcp://",
		"tcp://localhost:5000",
		"tcp://127.0.0.1",
		"tcp://127.0.0.1:",
		"tcp://127.0.0.1:0",
		"tcp://127.0.0.1:65536",
		"tcp://127.0.0.1:5000x",
		"tcp://127.0.0.1 :5000",
		"tcp://127.1:5000",
		"tcp://256.0.0.1:5000",
		"tcp://::1:5000",
		"tcp://[::1]5000",
		"tcp://[::1]:",
		"tcp://[::1",
		"tcp://[]:5000",
		"tcp://[127.0.0.1]:5000",
		"tcp://[fe80::1%nosuchinterface]:5000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char why[128] = "";

		assert_null(serial_new(bad[i], PORTS_BAUD, why, sizeof why));
		assert_true(strlen(why) > 10);
	}
}

static void
name_that_is_too_long_is_refused(void **state)
{
	static char path[PATH_MAX + 1];
	char host[128] = "tcp://", why[128] = "";

	(void)state;
	memset(path, 'a', PATH_MAX);
	path[0] = '/';
	assert_null(serial_new(path, PORTS_BAUD, why, sizeof why));
	assert_true(strlen(why) > 10);
	memset(host + 6, '1', 100);
	memcpy(host + 106, ":1", 3);
	why[0] = '\0';
	assert_null(serial_new(host, PORTS_BAUD, why, sizeof why));
	assert_true(strlen(why) > 10);
}

static void
spellings_of_one_port_share_one_identity(void **state)
{
	static const struct {
		const char *where;
		const char *identity;
	} rows[] = {
		{"/dev/../dev/./null", "device 1:3"},
		{"/usr/../usr/./bin", "/usr/bin"},
		{"/no/such/../device", "/no/such/../device"},
		{"/usr/./bin/../absent", "/usr/absent"},
		{"tcp://127.0.0.1:05000", "tcp://127.0.0.1:5000"},
		{"tcp://[0:0::0:1]:5000", "tcp://[::1]:5000"},
		{"tcp://[2001:DB8:0:0:0:0:0:1]:80", "tcp://[2001:db8::1]:80"},
		{"tcp://[::ffff:10.0.0.7]:80", "tcp://10.0.0.7:80"},
		{"tcp://[::1%lo]:80", "tcp://[::1%lo]:80"},
	};
	char out[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
			serial_identity(rows[i].where, out, sizeof out), 0);
		assert_string_equal(out, rows[i].identity);
		assert_int_equal(serial_identity(rows[i].where, out,
					 strlen(rows[i].identity)),
			-ENOSPC);
	}
	assert_int_equal(serial_identity("tcp://somewhere:80", out, sizeof out),
		-EINVAL);
	assert_int_equal(serial_identity("ttyS0", out, sizeof out), -EINVAL);
}

static void
closed_port_reads_and_writes_nothing(void **state)
{
	static const char *const where[] = {"/dev/null", "tcp://127.0.0.1:1"};
	char c = 'x';

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct port *port = ports_new(where[i]);

		port->ops->close(port);
		assert_int_equal(port->ops->read(port, &c, 1), -EBADF);
		assert_int_equal(port->ops->write(port, &c, 1), -EBADF);
		port->ops->free(port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_that_is_no_port_is_refused_in_words),
		cmocka_unit_test(name_that_is_too_long_is_refused),
		cmocka_unit_test(spellings_of_one_port_share_one_identity),
		cmocka_unit_test(closed_port_reads_and_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
