/*
 * port: the byte pipe to one modem, and the only seam between the driver
 * and the machine it runs on. Tests put a scripted wire here.
 * Nothing here blocks, waits, or knows what the bytes mean.
 */
#ifndef MODEM_PORT_H
#define MODEM_PORT_H

#include <stddef.h>
#include <sys/types.h>

struct port;

struct port_ops {
	/*
	 * Opens, or begins to (a TCP connection is under way until the first
	 * write or read succeeds). 0 or a negative errno: -ENOENT and -ENODEV
	 * mean "not there now", -EBUSY "another program holds it".
	 */
	int (*open)(struct port *port);
	/* The descriptor to wait on, or -1 when closed. */
	int (*fd)(const struct port *port);
	/* > 0 bytes; 0 nothing now; a negative errno when the pipe is gone. */
	ssize_t (*read)(struct port *port, void *buf, size_t cap);
	/* >= 0 bytes taken; a negative errno when the pipe is gone. */
	ssize_t (*write)(struct port *port, const void *buf, size_t len);
	/* Closes without hanging up the line. Harmless when closed. */
	void (*close)(struct port *port);
	/* Closes and frees the port itself. */
	void (*free)(struct port *port);
};

/* Implementations put this first. */
struct port {
	const struct port_ops *ops;
};

/*
 * A closed port for what a configuration names: a device path, or
 * tcp://ADDRESS:PORT with a numeric address. baud is for real devices. The
 * caller owns it, and frees it with port->ops->free. NULL when where cannot
 * name a port; why (cap bytes) then says so in words.
 */
struct port *port_new(const char *where, unsigned baud, char *why, size_t cap);

/*
 * The name by which two spellings of one device are the same: a device by
 * its number, an address in its shortest form, another path with its links
 * resolved, and what is not there as it is spelt. 0; -EINVAL for what
 * cannot name a port; -ENOSPC.
 */
int port_identity(const char *where, char *out, size_t cap);

#endif
