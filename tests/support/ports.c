/*
 * ports: what the tests of ports share. Never sleeps.
 */
#include "tests/support/ports.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "modem/port.h"
#include "modem/serial.h"

enum { WAIT_MS = 5000 };

struct ports_modem
ports_modem_open(void)
{
	struct ports_modem end;
	int slave;

	assert_int_equal(openpty(&end.master, &slave, end.path, NULL, NULL), 0);
	assert_int_equal(close(slave), 0);
	return end;
}

struct port *
ports_new(const char *where)
{
	char why[128] = "";
	struct port *port = serial_new(where, PORTS_BAUD, why, sizeof why);

	assert_non_null(port);
	assert_string_equal(why, "");
	assert_int_equal(port->ops->fd(port), -1);
	return port;
}

bool
ports_is_ready(int fd, short events)
{
	struct pollfd wait = {.fd = fd, .events = events};

	return poll(&wait, 1, WAIT_MS) == 1;
}

void
ports_expect(struct port *port, const char *want)
{
	char got[256];
	size_t have = 0, len = strlen(want);

	while (have < len) {
		ssize_t n;

		assert_true(ports_is_ready(port->ops->fd(port), POLLIN));
		n = port->ops->read(port, got + have, len - have);
		assert_true(n >= 0);
		have += (size_t)n;
	}
	assert_memory_equal(got, want, len);
}

ssize_t
ports_read_until_gone(struct port *port)
{
	char buf[64];
	ssize_t n;

	do {
		assert_true(ports_is_ready(port->ops->fd(port), POLLIN));
		n = port->ops->read(port, buf, sizeof buf);
	} while (n >= 0);
	return n;
}
