/*
 * port: the byte pipe to one modem, and the only seam between the driver
 * and the machine it runs on. Tests put a scripted wire here.
 * Nothing here blocks, waits, or knows what the bytes mean.
 */
#ifndef MODEM_PORT_H
#define MODEM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct port;

/* What became of the port that is open, where a name may mean several. */
enum port_verdict {
	PORT_ANSWERS,  /* it is one of the wanted modem's */
	PORT_SPEAKS,   /* and tells what nobody asked for */
	PORT_SILENT,   /* it answers no command */
	PORT_STRANGER, /* it is another modem's */
	PORT_MUTE      /* it answers, but an answer of the network never came */
};

/* Where a port is. All "" where that is not known. */
struct port_spot {
	char path[96];   /* "/dev/ttyUSB2" */
	char device[40]; /* "1-1.2": where the device is plugged in */
	char place[56];  /* "1-1.2:1.2": the port's interface there */
	bool is_ours;    /* its device is surely the wanted modem */
};

struct port_ops {
	/*
	 * Opens, or begins to (a TCP connection is under way until the first
	 * write or read succeeds). 0 or a negative errno: -ENOENT and -ENODEV
	 * mean "not there now", -EBUSY "another program holds it",
	 * -ECONNREFUSED that nobody listens at its address.
	 */
	int (*open)(struct port *port);
	/* The descriptor to wait on, or -1 when closed. */
	int (*fd)(const struct port *port);
	/* > 0 bytes; 0 nothing now; a negative errno when the pipe is gone. */
	ssize_t (*read)(struct port *port, void *buf, size_t cap);
	/* >= 0 bytes taken; a negative errno when the pipe is gone. */
	ssize_t (*write)(struct port *port, const void *buf, size_t len);
	/* Closes without hanging up. Harmless when closed. */
	void (*close)(struct port *port);
	/* Closes and frees the port itself. */
	void (*free)(struct port *port);

	/* The rest only for names that may mean several ports, else NULL. */

	/*
	 * Says what the open port is. true: close it, and the next open()
	 * takes another one, which was not yet tried.
	 */
	bool (*judge)(struct port *port, enum port_verdict verdict);
	/* Its modem was heard speaking at that place before (of another bus:
	 * at that interface). true: as judge(). */
	bool (*prefer)(struct port *port, const char *place);
	/* Which port is open; and, when open() failed, why in words (static;
	 * "": its error says it). Either may be NULL. */
	void (*tell)(const struct port *port, struct port_spot *spot,
		const char **why);
};

/* Implementations put this first. */
struct port {
	const struct port_ops *ops;
};

/* Whether that port, or its device, belongs to another modem. */
typedef bool port_is_taken(void *ctx, const struct port_spot *spot);

/* What a configuration says of a port; "" and NULL where it says nothing. */
struct port_options {
	const char *where;
	unsigned baud;     /* of real devices */
	const char *place; /* where its modem spoke when it was seen last */
	port_is_taken *is_taken; /* such ports are never opened in a search */
	void *ctx;
};

/*
 * A closed port for what options->where names: a device path,
 * tcp://ADDRESS:PORT with a numeric address, usb:PLACE for whichever port of
 * the device that is plugged in there, imei:DIGITS for any USB modem that
 * says that it is this one. Texts are copied. The caller owns the port, and
 * frees it with port->ops->free. NULL when where cannot name a port; why
 * (cap bytes) then says so in words.
 */
struct port *port_new(
	const struct port_options *options, char *why, size_t cap);

/*
 * Whether a modem answers AT on that port, which is opened and closed again:
 * 1 or 0, after a second and a half at most, in which the caller waits; or a
 * negative errno, and why (cap bytes) in words.
 */
int port_answers(const struct port_options *options, char *why, size_t cap);

/* A USB device with serial ports. */
struct port_device {
	char device[40]; /* where it is plugged in: "usb:" and this names it */
	char path[96];   /* of its likeliest port */
	bool is_adapter; /* anything may be behind it, or nothing */
	unsigned ports;
};

/* Those that are there, in order of places; nothing is opened. How many (at
 * most cap), or -errno. */
int port_devices(struct port_device *out, size_t cap);

/*
 * The name by which two spellings of one device are the same: a device by
 * its number, an address in its shortest form, another path with its links
 * resolved, and what is not there as it is spelt. 0; -EINVAL for what
 * cannot name a port; -ENOSPC.
 */
int port_identity(const char *where, char *out, size_t cap);

/* What is wrong with a name of a port, in words; NULL: nothing. Static.
 * *doubt: it can name one, but is surely mistyped. */
const char *port_complaint(const char *where, bool *doubt);

/* The IMEI that a name asks for, or "". */
const char *port_imei(const char *where);

#endif
