/*
 * wire: pseudo-terminals and TCP for modemsim.
 * Must never block, nor interpret the bytes.
 */
#include "tests/sim/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

int
wire_init(struct wire *wire, bool tcp, const char *name)
{
	*wire = (struct wire){.tcp = tcp,
		.fd = -1,
		.slave = -1,
		.listener = -1,
		.spare_fd = -1,
		.spare_slave = -1};
	int n = snprintf(
		wire->path, sizeof wire->path, "%s%s", name, tcp ? ".tcp" : "");
	return n < 0 || (size_t)n >= sizeof wire->path ? -1 : 0;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* A pty whose slave side is raw, with the slave held open. */
static int
open_pty(int *master, int *slave)
{
	char name[64];
	struct termios raw;
	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0)
		return -errno;
	if (grantpt(*master) == 0 && unlockpt(*master) == 0 &&
		ptsname_r(*master, name, sizeof name) == 0)
		*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || tcgetattr(*slave, &raw) != 0) {
		int error = errno;
		close_fd(master);
		close_fd(slave);
		return -error;
	}
	cfmakeraw(&raw);
	(void)tcsetattr(*slave, TCSANOW, &raw);
	return 0;
}

void
wire_device(const struct wire *wire, char *name, size_t cap)
{
	name[0] = '\0';
	if (!wire->tcp && wire->fd >= 0 && ptsname_r(wire->fd, name, cap) != 0)
		name[0] = '\0';
}

/* The link appears whole or not at all. */
static int
put_link(const struct wire *wire)
{
	char device[64];
	char fresh[WIRE_PATH_MAX + 8];
	wire_device(wire, device, sizeof device);
	(void)snprintf(fresh, sizeof fresh, "%s.new", wire->path);
	(void)unlink(fresh);
	if (symlink(device, fresh) != 0 || rename(fresh, wire->path) != 0)
		return -errno;
	return 0;
}

static int
plug_pty(struct wire *wire)
{
	wire->fd = wire->spare_fd;
	wire->slave = wire->spare_slave;
	wire->spare_fd = wire->spare_slave = -1;
	int result = wire->fd >= 0 ? 0 : open_pty(&wire->fd, &wire->slave);
	return result != 0 ? result : put_link(wire);
}

static int
put_address(const struct wire *wire)
{
	char fresh[WIRE_PATH_MAX + 8];
	(void)snprintf(fresh, sizeof fresh, "%s.new", wire->path);
	FILE *file = fopen(fresh, "we");
	if (file == NULL)
		return -errno;
	(void)fprintf(file, "tcp://127.0.0.1:%d\n", wire->port);
	if (fclose(file) != 0 || rename(fresh, wire->path) != 0)
		return -errno;
	return 0;
}

static int
plug_tcp(struct wire *wire)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)wire->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int on = 1;
	wire->listener =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->listener < 0)
		return -errno;
	(void)setsockopt(
		wire->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(wire->listener, (struct sockaddr *)&address, len) != 0 ||
		listen(wire->listener, 1) != 0 ||
		getsockname(wire->listener, (struct sockaddr *)&address,
			&len) != 0) {
		int error = errno;
		close_fd(&wire->listener);
		return -error;
	}
	wire->port = ntohs(address.sin_port);
	return put_address(wire);
}

int
wire_plug(struct wire *wire)
{
	return wire->tcp ? plug_tcp(wire) : plug_pty(wire);
}

void
wire_unplug(struct wire *wire)
{
	if (!wire->tcp && wire->fd >= 0 && wire->spare_fd < 0)
		(void)open_pty(&wire->spare_fd, &wire->spare_slave);
	(void)unlink(wire->path);
	close_fd(&wire->slave);
	close_fd(&wire->fd);
	close_fd(&wire->listener);
}

void
wire_fini(struct wire *wire)
{
	wire_unplug(wire);
	close_fd(&wire->spare_fd);
	close_fd(&wire->spare_slave);
}

int
wire_fd(const struct wire *wire)
{
	return wire->fd >= 0 ? wire->fd : wire->listener;
}

static void
take_up(struct wire *wire)
{
	int on = 1;
	struct sockaddr_in peer;
	socklen_t len = sizeof peer;
	wire->fd = accept4(wire->listener, (struct sockaddr *)&peer, &len,
		SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (wire->fd >= 0)
		(void)setsockopt(
			wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

size_t
wire_read(struct wire *wire, void *bytes, size_t cap)
{
	if (wire->tcp && wire->fd < 0 && wire->listener >= 0)
		take_up(wire);
	if (wire->fd < 0)
		return 0;
	ssize_t n = read(wire->fd, bytes, cap);
	if (wire->tcp &&
		(n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)))
		close_fd(&wire->fd);
	return n > 0 ? (size_t)n : 0;
}

void
wire_write(struct wire *wire, const void *bytes, size_t len)
{
	const char *p = bytes;
	while (len > 0 && wire->fd >= 0) {
		ssize_t n = wire->tcp ? send(wire->fd, p, len, MSG_NOSIGNAL)
		                      : write(wire->fd, p, len);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

void
wire_host_closed(struct wire *wire)
{
	if (wire->slave >= 0)
		(void)ioctl(wire->slave, TIOCNXCL);
}
