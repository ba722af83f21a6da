/*
 * serial: ports over libserialport (real devices), over a pseudo-terminal
 * opened directly, and over TCP (ser2net, network modems). The one module
 * with libserialport. Opens exclusively (flock, and TIOCEXCL on devices),
 * without HUPCL, IXON or echo. No close hangs up or waits; output
 * that a device has not yet sent is dropped by it.
 */
#ifndef MODEM_SERIAL_H
#define MODEM_SERIAL_H

#include <stddef.h>

struct port;

/*
 * A closed port for where: a device path (links are resolved at each open),
 * or tcp://ADDRESS:PORT with a numeric address, [v6] in brackets. baud is
 * for real devices. The caller owns the result and frees it with
 * port->ops->free. NULL when where cannot name a port; why (cap bytes)
 * then says so in words.
 */
struct port *serial_new(
	const char *where, unsigned baud, char *why, size_t cap);

/* As port_identity() of port.h. */
int serial_identity(const char *where, char *out, size_t cap);

#endif
