/*
 * ports: what the tests of ports share: a pseudo-terminal whose master is
 * the modem, and waiting for bytes. Never sleeps: poll(2) with a limit.
 */
#ifndef TESTS_SUPPORT_PORTS_H
#define TESTS_SUPPORT_PORTS_H

#include <stdbool.h>
#include <sys/types.h>

struct port;

enum { PORTS_BAUD = 115200 };

/* A pseudo-terminal: the test is the modem at its master. */
struct ports_modem {
	int master; /* the test closes it */
	char path[64];
};

struct ports_modem ports_modem_open(void);

/* A closed port for where, which must name one. The test frees it. */
struct port *ports_new(const char *where);

/* Waits until fd is ready; false when it is not within seconds. */
bool ports_is_ready(int fd, short events);

/* Reads from port as many bytes as want has, which they must be. */
void ports_expect(struct port *port, const char *want);

/* The first error that a read gives once the pipe has broken. */
ssize_t ports_read_until_gone(struct port *port);

#endif
