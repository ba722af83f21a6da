/*
 * serial_tcp: a port over TCP, for ser2net and network modems. Must never
 * wait for the other side: a connection that is under way reads as "nothing
 * now".
 */
#include "modem/serial_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "modem/port.h"

enum {
	/* A peer that vanished is noticed after about two minutes. */
	KEEP_IDLE_S = 60,
	KEEP_EVERY_S = 15,
	KEEP_COUNT = 4,
	UNACKED_MS = 60000
};

struct tcp {
	struct port port; /* first: see port.h */
	struct serial_address address;
	int fd;
};

static void
tcp_close(struct port *port)
{
	struct tcp *tcp = (struct tcp *)port;

	if (tcp->fd >= 0)
		(void)close(tcp->fd); /* no linger is set: does not wait */
	tcp->fd = -1;
}

/* Comfort only: the port works without any of these. */
static void
set_options(int fd)
{
	static const struct {
		int level;
		int name;
		int value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, KEEP_EVERY_S},
		{IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS},
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof options[i].value);
}

/* What a connect() that is not through yet, or failed at once, means. */
static int
connect_error(void)
{
	switch (errno) {
	case EINPROGRESS:
	case EINTR:
		return 0;
	default: /* why is told in words: see open_port() */
		return -errno;
	}
}

static int
tcp_open(struct port *port)
{
	struct tcp *tcp = (struct tcp *)port;
	int rc = 0;

	tcp_close(port);
	tcp->fd = socket(tcp->address.sock.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tcp->fd < 0)
		return -errno;
	set_options(tcp->fd);
	if (connect(tcp->fd, (const struct sockaddr *)&tcp->address.sock,
		    tcp->address.len) < 0)
		rc = connect_error();
	if (rc < 0)
		tcp_close(port);
	return rc;
}

static int
tcp_fd(const struct port *port)
{
	return ((const struct tcp *)port)->fd;
}

static ssize_t
tcp_read(struct port *port, void *buf, size_t cap)
{
	struct tcp *tcp = (struct tcp *)port;
	ssize_t n;

	if (tcp->fd < 0)
		return -EBADF;
	if (cap == 0)
		return 0;
	n = recv(tcp->fd, buf, cap, 0);
	return n == 0 ? -ECONNRESET : serial_result(n);
}

static ssize_t
tcp_write(struct port *port, const void *buf, size_t len)
{
	struct tcp *tcp = (struct tcp *)port;

	if (tcp->fd < 0)
		return -EBADF;
	return serial_result(send(tcp->fd, buf, len, MSG_NOSIGNAL));
}

static void
tcp_free(struct port *port)
{
	tcp_close(port);
	free(port);
}

static const struct port_ops tcp_ops = {
	.open = tcp_open,
	.fd = tcp_fd,
	.read = tcp_read,
	.write = tcp_write,
	.close = tcp_close,
	.free = tcp_free,
};

struct port *
serial_tcp_new(const struct serial_address *address)
{
	struct tcp *tcp = calloc(1, sizeof *tcp);

	if (tcp == NULL)
		return NULL;
	tcp->port.ops = &tcp_ops;
	tcp->address = *address;
	tcp->fd = -1;
	return &tcp->port;
}
