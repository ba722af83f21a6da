/*
 * Ports for real: pseudo-terminals, TCP on this machine, and the path
 * through libserialport with the library itself replaced, because a build
 * machine has no modem.
 */
#include "modem/serial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <libserialport.h>

#include <cmocka.h>

#include "modem/port.h"

#define ONES      "1111111111111111111111111111111111111111"
#define LONG_NAME "tcp://" ONES ONES ":1"

enum { WAIT_MS = 5000, BAUD = 115200 };

/* A pseudo-terminal: we are the modem at its master. */
struct modem_end {
	int master;
	char path[64];
};

/*
 * The library's stand-in. /dev/null plays the device: the library is asked
 * for it, and gives the slave of a pseudo-terminal.
 */
static struct {
	const char *slave;
	enum sp_return by_name, open, baud;
	int error;
	int opened, closed, freed;
	int baudrate;
	char name[PATH_MAX];
	int fd;
} library;

struct sp_port {
	char unused;
};
static struct sp_port library_port;

enum sp_return
sp_get_port_by_name(const char *portname, struct sp_port **port_ptr)
{
	(void)snprintf(library.name, sizeof library.name, "%s", portname);
	*port_ptr = &library_port;
	return library.by_name;
}

enum sp_return
sp_open(struct sp_port *port, enum sp_mode flags)
{
	struct termios mode;

	assert_ptr_equal(port, &library_port);
	assert_int_equal(flags, SP_MODE_READ_WRITE);
	library.opened++;
	if (library.open != SP_OK)
		return library.open;
	library.fd = open(library.slave, O_RDWR | O_NOCTTY);
	assert_true(library.fd >= 0);
	/* What 0.1.1 leaves behind. */
	assert_int_equal(tcgetattr(library.fd, &mode), 0);
	mode.c_cflag |= HUPCL;
	mode.c_iflag |= IXON;
	mode.c_cc[VMIN] = 0;
	assert_int_equal(tcsetattr(library.fd, TCSANOW, &mode), 0);
	return SP_OK;
}

enum sp_return
sp_close(struct sp_port *port)
{
	(void)port;
	library.closed++;
	assert_int_equal(close(library.fd), 0);
	library.fd = -1;
	return SP_OK;
}

void
sp_free_port(struct sp_port *port)
{
	(void)port;
	library.freed++;
}

enum sp_return
sp_get_port_handle(const struct sp_port *port, void *result_ptr)
{
	(void)port;
	*(int *)result_ptr = library.fd;
	return SP_OK;
}

int
sp_last_error_code(void)
{
	return library.error;
}

enum sp_return
sp_set_baudrate(struct sp_port *port, int baudrate)
{
	(void)port;
	library.baudrate = baudrate;
	return library.baud;
}

enum sp_return
sp_set_bits(struct sp_port *port, int bits)
{
	(void)port;
	assert_int_equal(bits, 8);
	return SP_OK;
}

enum sp_return
sp_set_parity(struct sp_port *port, enum sp_parity parity)
{
	(void)port;
	assert_int_equal(parity, SP_PARITY_NONE);
	return SP_OK;
}

enum sp_return
sp_set_stopbits(struct sp_port *port, int stopbits)
{
	(void)port;
	assert_int_equal(stopbits, 1);
	return SP_OK;
}

enum sp_return
sp_set_flowcontrol(struct sp_port *port, enum sp_flowcontrol flowcontrol)
{
	(void)port;
	assert_int_equal(flowcontrol, SP_FLOWCONTROL_NONE);
	return SP_OK;
}

enum sp_return
sp_set_dtr(struct sp_port *port, enum sp_dtr dtr)
{
	(void)port;
	assert_int_equal(dtr, SP_DTR_ON);
	return SP_ERR_FAIL; /* a modem without the line */
}

enum sp_return
sp_set_rts(struct sp_port *port, enum sp_rts rts)
{
	(void)port;
	assert_int_equal(rts, SP_RTS_ON);
	return SP_ERR_FAIL;
}

/* Others on this machine may lock /dev/null too: that lock is let pass. */
int
flock(int fd, int operation)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_rdev == makedev(1, 3))
		return 0;
	return (int)syscall(SYS_flock, fd, operation);
}

static void
library_reset(const char *slave)
{
	memset(&library, 0, sizeof library);
	library.slave = slave;
	library.fd = -1;
}

static struct modem_end
modem_end_open(void)
{
	struct modem_end end;
	int slave;

	assert_int_equal(openpty(&end.master, &slave, end.path, NULL, NULL), 0);
	assert_int_equal(close(slave), 0);
	return end;
}

static struct port *
new_port(const char *where)
{
	char why[128] = "";
	struct port *port = serial_new(where, BAUD, why, sizeof why);

	assert_non_null(port);
	assert_string_equal(why, "");
	assert_int_equal(port->ops->fd(port), -1);
	return port;
}

/* Waits until fd is ready; true when it is within seconds. */
static bool
is_ready(int fd, short events)
{
	struct pollfd wait = {.fd = fd, .events = events};

	return poll(&wait, 1, WAIT_MS) == 1;
}

/* Reads until len bytes have come, which must be want. */
static void
expect_bytes(struct port *port, const char *want)
{
	char got[256];
	size_t have = 0, len = strlen(want);

	while (have < len) {
		ssize_t n;

		assert_true(is_ready(port->ops->fd(port), POLLIN));
		n = port->ops->read(port, got + have, len - have);
		assert_true(n >= 0);
		have += (size_t)n;
	}
	assert_memory_equal(got, want, len);
}

/* The first error that a read gives once the pipe has broken. */
static ssize_t
read_until_gone(struct port *port)
{
	char buf[64];
	ssize_t n;

	do {
		assert_true(is_ready(port->ops->fd(port), POLLIN));
		n = port->ops->read(port, buf, sizeof buf);
	} while (n >= 0);
	return n;
}

static void
name_that_is_no_port_is_refused_in_words(void **state)
{
	static const char *const bad[] = {
		"",
		"ttyUSB0",
		"./ttyUSB0",
		"udp://127.0.0.1:5000",
		"tcp://",
		"tcp://localhost:5000",
		"tcp://127.0.0.1",
		"tcp://127.0.0.1:",
		"tcp://127.0.0.1:0",
		"tcp://127.0.0.1:65536",
		"tcp://127.0.0.1:5000x",
		"tcp://127.0.0.1 :5000",
		"tcp://127.1:5000",
		"tcp://256.0.0.1:5000",
		"tcp://::1:5000",
		"tcp://[::1]5000",
		"tcp://[::1]:",
		"tcp://[::1",
		"tcp://[]:5000",
		"tcp://[127.0.0.1]:5000",
		"tcp://[fe80::1%nosuchinterface]:5000",
		LONG_NAME,
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char why[128] = "";

		assert_null(serial_new(bad[i], BAUD, why, sizeof why));
		assert_true(strlen(why) > 10);
	}
}

static void
path_that_is_too_long_is_refused(void **state)
{
	static char path[PATH_MAX + 1];
	char why[128] = "";

	(void)state;
	memset(path, 'a', PATH_MAX);
	path[0] = '/';
	assert_null(serial_new(path, BAUD, why, sizeof why));
	assert_true(strlen(why) > 10);
}

static void
spellings_of_one_port_share_one_identity(void **state)
{
	static const struct {
		const char *where;
		const char *identity;
	} rows[] = {
		{"/dev/../dev/./null", "/dev/null"},
		{"/no/such/../device", "/no/such/../device"},
		{"tcp://127.0.0.1:05000", "tcp://127.0.0.1:5000"},
		{"tcp://[0:0::0:1]:5000", "tcp://[::1]:5000"},
		{"tcp://[2001:DB8:0:0:0:0:0:1]:80", "tcp://[2001:db8::1]:80"},
		{"tcp://[::ffff:10.0.0.7]:80", "tcp://10.0.0.7:80"},
		{"tcp://[::1%lo]:80", "tcp://[::1%lo]:80"},
		{"tcp://somewhere:80", "tcp://somewhere:80"},
	};
	char out[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
			serial_identity(rows[i].where, out, sizeof out), 0);
		assert_string_equal(out, rows[i].identity);
		assert_int_equal(serial_identity(rows[i].where, out,
					 strlen(rows[i].identity)),
			-ENOSPC);
	}
}

static void
link_has_the_identity_of_its_device(void **state)
{
	struct modem_end end = modem_end_open();
	char folder[] = "/tmp/test_serial.XXXXXX";
	char link_path[64], out[128];
	struct port *port;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(link_path, sizeof link_path, "%s/modem", folder);
	assert_int_equal(symlink(end.path, link_path), 0);
	assert_int_equal(serial_identity(link_path, out, sizeof out), 0);
	assert_string_equal(out, end.path);

	/* And is looked up anew at each open. */
	port = new_port(link_path);
	assert_int_equal(port->ops->open(port), 0);
	port->ops->close(port);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(port->ops->open(port), -ENOENT);
	assert_int_equal(port->ops->fd(port), -1);
	assert_int_equal(symlink(end.path, link_path), 0);
	assert_int_equal(port->ops->open(port), 0);
	port->ops->free(port);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(close(end.master), 0);
}

static void
what_is_no_terminal_is_refused(void **state)
{
	char file[] = "/tmp/test_serial.XXXXXX";
	int fd = mkstemp(file);
	struct port *port;

	(void)state;
	assert_true(fd >= 0);
	port = new_port(file);
	assert_int_equal(port->ops->open(port), -ENOTTY);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->free(port);
	port = new_port("/tmp");
	assert_int_equal(port->ops->open(port), -EISDIR);
	port->ops->free(port);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(file), 0);
}

static void
closed_port_reads_and_writes_nothing(void **state)
{
	static const char *const where[] = {"/dev/null", "tcp://127.0.0.1:1"};
	char c = 'x';

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct port *port = new_port(where[i]);

		port->ops->close(port);
		assert_int_equal(port->ops->read(port, &c, 1), -EBADF);
		assert_int_equal(port->ops->write(port, &c, 1), -EBADF);
		port->ops->free(port);
	}
}

static void
pty_carries_every_octet_both_ways(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);
	uint8_t all[256], got[512];
	size_t have = 0;

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(port->ops->read(port, got, sizeof got), 0);
	assert_int_equal(port->ops->read(port, got, 0), 0);

	/* From the modem: no CR becomes LF, no ^S stops, no echo returns. */
	assert_int_equal(write(end.master, all, sizeof all), sizeof all);
	while (have < sizeof all) {
		ssize_t n;

		assert_true(is_ready(port->ops->fd(port), POLLIN));
		n = port->ops->read(port, got + have, 7);
		assert_true(n >= 0);
		have += (size_t)n;
	}
	assert_memory_equal(got, all, sizeof all);
	assert_int_equal(port->ops->write(port, all, sizeof all), sizeof all);
	have = 0;
	while (have < sizeof all) {
		ssize_t n = read(end.master, got + have, sizeof got - have);

		assert_true(n > 0);
		have += (size_t)n;
	}
	assert_int_equal(have, sizeof all);
	assert_memory_equal(got, all, sizeof all);
	port->ops->free(port);
	assert_int_equal(close(end.master), 0);
}

static void
full_pty_takes_what_it_can_and_never_blocks(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);
	char block[1024];
	ssize_t n;

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(port->ops->open(port), 0);
	do {
		n = port->ops->write(port, block, sizeof block);
	} while (n > 0);
	assert_int_equal(n, 0);
	port->ops->free(port); /* with all that unread: must not wait */
	assert_int_equal(close(end.master), 0);
}

static void
what_was_written_before_the_close_still_arrives(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);
	char got[16];

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(port->ops->write(port, "AT+CUSD=2\r", 10), 10);
	port->ops->close(port);
	assert_int_equal(read(end.master, got, sizeof got), 10);
	assert_memory_equal(got, "AT+CUSD=2\r", 10);
	port->ops->free(port);
	assert_int_equal(close(end.master), 0);
}

static void
pty_that_hangs_up_is_gone(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(write(end.master, "RDY", 3), 3);
	assert_int_equal(close(end.master), 0);
	assert_int_equal(read_until_gone(port), -EIO);
	assert_int_equal(port->ops->write(port, "AT\r", 3), -EIO);
	assert_true(port->ops->open(port) < 0);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->close(port);
	port->ops->free(port);
}

static void
second_opener_finds_the_pty_busy(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *first = new_port(end.path), *second = new_port(end.path);

	(void)state;
	assert_int_equal(first->ops->open(first), 0);
	assert_int_equal(second->ops->open(second), -EBUSY);
	assert_int_equal(second->ops->fd(second), -1);
	first->ops->close(first);
	assert_int_equal(second->ops->open(second), 0);
	assert_int_equal(first->ops->open(first), -EBUSY);
	/* Opening again what is open is one open. */
	assert_int_equal(second->ops->open(second), 0);
	first->ops->free(first);
	second->ops->free(second);
	assert_int_equal(close(end.master), 0);
}

static void
pty_can_be_opened_by_anyone_after_a_crash(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);
	int marked = 1;

	(void)state;
	/* The mark would outlive a killed process while the master lives. */
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(ioctl(port->ops->fd(port), TIOCGEXCL, &marked), 0);
	assert_int_equal(marked, 0);
	port->ops->free(port);
	assert_int_equal(close(end.master), 0);
}

static void
descriptors_do_not_leak_into_children(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port(end.path);
	int fd;

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	fd = port->ops->fd(port);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	port->ops->close(port);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	port->ops->close(port);
	port->ops->free(port);
	assert_int_equal(close(end.master), 0);
}

static void
device_is_opened_by_the_library_and_made_safe(void **state)
{
	struct modem_end end = modem_end_open();
	struct port *port = new_port("/dev/../dev/null");
	struct termios mode;
	int fd, marked = 0;

	(void)state;
	library_reset(end.path);
	assert_int_equal(port->ops->open(port), 0);
	assert_string_equal(library.name, "/dev/null");
	assert_int_equal(library.baudrate, BAUD);
	fd = port->ops->fd(port);
	assert_int_equal(fd, library.fd);
	assert_int_equal(ioctl(fd, TIOCGEXCL, &marked), 0);
	assert_true(marked);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(tcgetattr(fd, &mode), 0);
	assert_false(mode.c_cflag & HUPCL);
	assert_true(mode.c_cflag & CLOCAL);
	assert_true(mode.c_cflag & CREAD);
	assert_false(mode.c_iflag & (IXON | IXOFF | ICRNL));
	assert_false(mode.c_lflag & (ECHO | ICANON | ISIG));
	assert_int_equal(mode.c_cc[VMIN], 1);

	assert_int_equal(write(end.master, "OK\r\n", 4), 4);
	expect_bytes(port, "OK\r\n");
	port->ops->close(port);
	assert_int_equal(library.closed, 1);
	assert_int_equal(library.freed, 1);
	/* The mark is gone although the device is still there. */
	fd = open(end.path, O_RDWR | O_NOCTTY);
	assert_int_equal(ioctl(fd, TIOCGEXCL, &marked), 0);
	assert_false(marked);
	assert_int_equal(close(fd), 0);
	port->ops->free(port);
	assert_int_equal(library.closed, 1);
	assert_int_equal(close(end.master), 0);
}

static void
library_that_fails_leaves_the_port_closed(void **state)
{
	static const struct {
		enum sp_return by_name, open, baud;
		int error;
		int rc;
	} rows[] = {
		{SP_ERR_ARG, SP_OK, SP_OK, 0, -ENOTTY},
		{SP_ERR_MEM, SP_OK, SP_OK, 0, -ENOMEM},
		{SP_OK, SP_ERR_FAIL, SP_OK, ENXIO, -ENODEV},
		{SP_OK, SP_ERR_FAIL, SP_OK, EIO, -ENODEV},
		{SP_OK, SP_ERR_FAIL, SP_OK, EACCES, -EACCES},
		{SP_OK, SP_ERR_FAIL, SP_OK, EBUSY, -EBUSY},
		{SP_OK, SP_ERR_SUPP, SP_OK, 0, -ENODEV},
		{SP_OK, SP_OK, SP_ERR_FAIL, EINVAL, -EINVAL},
	};
	struct modem_end end = modem_end_open();
	struct port *port = new_port("/dev/null");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool got = rows[i].by_name == SP_OK;

		library_reset(end.path);
		library.by_name = rows[i].by_name;
		library.open = rows[i].open;
		library.baud = rows[i].baud;
		library.error = rows[i].error;
		assert_int_equal(port->ops->open(port), rows[i].rc);
		assert_int_equal(port->ops->fd(port), -1);
		assert_int_equal(library.freed, got ? 1 : 0);
		assert_int_equal(
			library.closed, got && rows[i].open == SP_OK ? 1 : 0);
		assert_int_equal(library.fd, -1);
	}
	port->ops->free(port);
	assert_int_equal(close(end.master), 0);
}

/* A listener on a free port of this machine; its name goes to where. */
static int
listen_here(int backlog, char *where, size_t cap)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(
		where, cap, "tcp://127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
	return fd;
}

static void
tcp_carries_bytes_both_ways(void **state)
{
	char where[64], got[16];
	int listener = listen_here(1, where, sizeof where);
	struct port *port = new_port(where);
	int peer, on = 0;
	socklen_t len = sizeof on;

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	assert_true(is_ready(port->ops->fd(port), POLLOUT));
	assert_int_equal(port->ops->read(port, got, sizeof got), 0);
	assert_int_equal(port->ops->read(port, got, 0), 0);
	assert_int_equal(port->ops->write(port, "AT\r", 3), 3);
	assert_int_equal(recv(peer, got, 3, MSG_WAITALL), 3);
	assert_memory_equal(got, "AT\r", 3);
	assert_int_equal(send(peer, "\r\nOK\r\n", 6, 0), 6);
	expect_bytes(port, "\r\nOK\r\n");
	assert_int_equal(getsockopt(port->ops->fd(port), IPPROTO_TCP,
				 TCP_NODELAY, &on, &len),
		0);
	assert_true(on);
	assert_int_equal(getsockopt(port->ops->fd(port), SOL_SOCKET,
				 SO_KEEPALIVE, &on, &len),
		0);
	assert_true(on);
	assert_true(fcntl(port->ops->fd(port), F_GETFD) & FD_CLOEXEC);

	assert_int_equal(close(peer), 0);
	assert_int_equal(read_until_gone(port), -ECONNRESET);
	port->ops->close(port);
	assert_int_equal(port->ops->fd(port), -1);
	/* The way back in. */
	assert_int_equal(port->ops->open(port), 0);
	port->ops->free(port);
	assert_int_equal(close(listener), 0);
}

static void
tcp_peer_that_resets_is_gone_without_a_signal(void **state)
{
	char where[64];
	int listener = listen_here(1, where, sizeof where);
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	struct port *port = new_port(where);
	int peer;

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof at_once),
		0);
	assert_int_equal(close(peer), 0);
	assert_true(is_ready(port->ops->fd(port), POLLIN));
	assert_int_equal(port->ops->write(port, "AT\r", 3), -ECONNRESET);
	assert_int_equal(port->ops->write(port, "AT\r", 3), -EPIPE);
	port->ops->free(port);
	assert_int_equal(close(listener), 0);
}

static void
refused_tcp_is_not_there_now(void **state)
{
	char where[64], c;
	int listener = listen_here(1, where, sizeof where);
	struct port *port = new_port(where);
	int rc;

	(void)state;
	assert_int_equal(close(listener), 0);
	rc = port->ops->open(port);
	if (rc == 0) { /* told later */
		assert_true(is_ready(port->ops->fd(port), POLLIN));
		assert_int_equal(port->ops->read(port, &c, 1), -ECONNREFUSED);
	} else {
		assert_int_equal(rc, -ENODEV);
		assert_int_equal(port->ops->fd(port), -1);
	}
	port->ops->free(port);
}

static void
address_that_nobody_can_have_is_refused_at_once(void **state)
{
	struct port *port = new_port("tcp://255.255.255.255:9");
	int rc = port->ops->open(port);

	(void)state;
	/* Without a network it is just not there. */
	assert_true(rc == -EACCES || rc == -ENODEV);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->free(port);
}

static void
connection_under_way_is_nothing_now(void **state)
{
	enum { MANY = 16 };
	char where[64], c;
	int listener = listen_here(0, where, sizeof where);
	struct port *ports[MANY];
	int waiting = 0;

	(void)state;
	/* Nobody accepts: once the queue is full, the rest stay under way. */
	for (int i = 0; i < MANY; i++) {
		struct pollfd now = {.events = POLLOUT};

		ports[i] = new_port(where);
		assert_int_equal(ports[i]->ops->open(ports[i]), 0);
		now.fd = ports[i]->ops->fd(ports[i]);
		if (poll(&now, 1, 0) == 1)
			continue;
		waiting++;
		assert_int_equal(ports[i]->ops->read(ports[i], &c, 1), 0);
		assert_int_equal(ports[i]->ops->write(ports[i], "A", 1), 0);
	}
	assert_true(waiting > 0);
	for (int i = 0; i < MANY; i++)
		ports[i]->ops->free(ports[i]);
	assert_int_equal(close(listener), 0);
}

static void
ipv6_is_spoken_where_there_is_any(void **state)
{
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char where[64];
	struct port *port;

	(void)state;
	if (fd < 0)
		skip();
	if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0) {
		print_message("this machine has no ::1\n");
		goto out;
	}
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(where, sizeof where, "tcp://[::1]:%u",
		(unsigned)ntohs(in.sin6_port));
	port = new_port(where);
	assert_int_equal(port->ops->open(port), 0);
	assert_true(is_ready(port->ops->fd(port), POLLOUT));
	assert_int_equal(port->ops->write(port, "AT\r", 3), 3);
	port->ops->free(port);
out:
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_that_is_no_port_is_refused_in_words),
		cmocka_unit_test(path_that_is_too_long_is_refused),
		cmocka_unit_test(spellings_of_one_port_share_one_identity),
		cmocka_unit_test(link_has_the_identity_of_its_device),
		cmocka_unit_test(what_is_no_terminal_is_refused),
		cmocka_unit_test(closed_port_reads_and_writes_nothing),
		cmocka_unit_test(pty_carries_every_octet_both_ways),
		cmocka_unit_test(full_pty_takes_what_it_can_and_never_blocks),
		cmocka_unit_test(
			what_was_written_before_the_close_still_arrives),
		cmocka_unit_test(pty_that_hangs_up_is_gone),
		cmocka_unit_test(second_opener_finds_the_pty_busy),
		cmocka_unit_test(pty_can_be_opened_by_anyone_after_a_crash),
		cmocka_unit_test(descriptors_do_not_leak_into_children),
		cmocka_unit_test(device_is_opened_by_the_library_and_made_safe),
		cmocka_unit_test(library_that_fails_leaves_the_port_closed),
		cmocka_unit_test(tcp_carries_bytes_both_ways),
		cmocka_unit_test(tcp_peer_that_resets_is_gone_without_a_signal),
		cmocka_unit_test(refused_tcp_is_not_there_now),
		cmocka_unit_test(
			address_that_nobody_can_have_is_refused_at_once),
		cmocka_unit_test(connection_under_way_is_nothing_now),
		cmocka_unit_test(ipv6_is_spoken_where_there_is_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
