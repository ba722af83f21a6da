/*
 * port_ask: whether a modem takes commands on a port: asked AT once, and
 * nothing else. It waits, so it is for programs that have nothing else to do;
 * it must never be called by what drives modems.
 */
#include "modem/port.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { ASK_MS = 1500, TURN_MS = 50, HEARD_MAX = 1024 };

static bool
has_ok(const char *heard)
{
	return strstr(heard, "\r\nOK\r\n") != NULL ||
	       strstr(heard, "\nOK\n") != NULL;
}

/* Reads until OK or the time is over. */
static bool
hear_ok(struct port *port)
{
	char heard[HEARD_MAX] = "";
	size_t len = 0;

	for (int ms = 0; ms < ASK_MS && len + 1 < sizeof heard; ms += TURN_MS) {
		struct pollfd look = {
			.fd = port->ops->fd(port), .events = POLLIN};
		ssize_t n;

		(void)poll(&look, 1, TURN_MS); /* what it says is read */
		n = port->ops->read(port, heard + len, sizeof heard - 1 - len);
		if (n < 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (heard[len + (size_t)i] == '\0')
				heard[len + (size_t)i] = '?';
		len += (size_t)n;
		heard[len] = '\0';
		if (has_ok(heard))
			return true;
	}
	return false;
}

int
port_answers(const struct port_options *options, char *why, size_t cap)
{
	static const char at[] = "AT\r";
	struct port *port = port_new(options, why, cap);
	int rc;

	if (port == NULL)
		return -EINVAL;
	rc = port->ops->open(port);
	if (rc < 0)
		(void)snprintf(why, cap, "%s",
			rc == -EBUSY ? "another program holds it"
				     : strerror(-rc));
	else
		rc = port->ops->write(port, at, sizeof at - 1) > 0 &&
		     hear_ok(port);
	port->ops->free(port);
	return rc;
}
