/*
 * serial_parts: the kinds of port behind serial_new(). Private to serial.
 */
#ifndef MODEM_SERIAL_PARTS_H
#define MODEM_SERIAL_PARTS_H

#include <sys/socket.h>
#include <sys/types.h>

struct port;

/* A numeric address with its port number. */
struct serial_address {
	struct sockaddr_storage sock;
	socklen_t len;
};

/*
 * A closed port for a device path (copied; links are resolved at each open).
 * The caller owns it. NULL when there is no memory.
 */
struct port *serial_tty_new(const char *path, unsigned baud);

/*
 * The settings of the port become what they were before the open: for a port
 * that turned out to be somebody else's. To be closed then.
 */
void serial_tty_put_back(struct port *port);

/* A closed port for an address. As above. */
struct port *serial_tcp_new(const struct serial_address *address);

/*
 * What read(2), recv(2) and the like returned, as port.h wants it: bytes,
 * 0 for "nothing now", or a negative errno.
 */
ssize_t serial_result(ssize_t n);

#endif
