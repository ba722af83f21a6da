/*
 * wire: the end of a pseudo-terminal or TCP connection where a modem sits.
 * Nothing here blocks. Must never interpret the bytes.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { WIRE_PATH_MAX = 256 };

struct wire {
	bool tcp;
	char path[WIRE_PATH_MAX]; /* NAME, or NAME.tcp */
	int fd;                   /* master, or the connection; -1 */
	int slave; /* held so that the master never hangs up; or -1 */
	int listener;
	int port;     /* TCP; kept when the modem vanishes, as ser2net does */
	int spare_fd; /* the next pty, made before the last one goes, so that
	               * it has another name */
	int spare_slave;
};

/* Unplugged; path is copied. 0, or -1 when it is too long. */
int wire_init(struct wire *wire, bool tcp, const char *name);

/* Makes the way in and its file. 0, or a negative errno. */
int wire_plug(struct wire *wire);

/* Takes the file away, then hangs up. */
void wire_unplug(struct wire *wire);

/* Unplugs for good. */
void wire_fini(struct wire *wire);

/* The descriptor to wait on for input: the connection, or the listener; -1
 * when unplugged. */
int wire_fd(const struct wire *wire);

/* What there is to read, at most cap bytes; 0 when nothing. Takes up a
 * connection, and drops one that has ended. */
size_t wire_read(struct wire *wire, void *bytes, size_t cap);

/* What cannot be taken at once is lost, as on a port that no one reads. */
void wire_write(struct wire *wire, const void *bytes, size_t len);

/* The host has closed the port: lets the next one open it though the last
 * one asked for it exclusively (TIOCEXCL outlives a killed process as long
 * as the slave is held here). */
void wire_host_closed(struct wire *wire);

/* Name of the slave device, "" for TCP or when unplugged. */
void wire_device(const struct wire *wire, char *name, size_t cap);

#endif
