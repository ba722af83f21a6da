/*
 * Ports over pseudo-terminals, and the path through libserialport with the
 * library itself replaced, because a build machine has no modem.
 */
#include "modem/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <libserialport.h>

#include <cmocka.h>

#include "modem/port.h"
#include "tests/support/ports.h"

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

static void
link_has_the_identity_of_its_device(void **state)
{
	struct ports_modem end = ports_modem_open();
	char folder[] = "/tmp/test_serial.XXXXXX";
	char link_path[64], out[128], same[128];
	struct port *port;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(link_path, sizeof link_path, "%s/modem", folder);
	assert_int_equal(symlink(end.path, link_path), 0);
	assert_int_equal(serial_identity(link_path, out, sizeof out), 0);
	assert_int_equal(serial_identity(end.path, same, sizeof same), 0);
	assert_string_equal(out, same);

	/* And is looked up anew at each open. */
	port = ports_new(link_path);
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
	port = ports_new(file);
	assert_int_equal(port->ops->open(port), -ENOTTY);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->free(port);
	port = ports_new("/tmp");
	assert_int_equal(port->ops->open(port), -EISDIR);
	port->ops->free(port);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(file), 0);
}

static void
pty_carries_every_octet_both_ways(void **state)
{
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);
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

		assert_true(ports_is_ready(port->ops->fd(port), POLLIN));
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	assert_int_equal(write(end.master, "RDY", 3), 3);
	assert_int_equal(close(end.master), 0);
	assert_int_equal(ports_read_until_gone(port), -EIO);
	assert_int_equal(port->ops->write(port, "AT\r", 3), -EIO);
	assert_true(port->ops->open(port) < 0);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->close(port);
	port->ops->free(port);
}

static void
second_opener_finds_the_pty_busy(void **state)
{
	struct ports_modem end = ports_modem_open();
	struct port *first = ports_new(end.path), *second = ports_new(end.path);

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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new(end.path);
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new("/dev/../dev/null");
	struct termios mode;
	int fd, marked = 0;

	(void)state;
	library_reset(end.path);
	assert_int_equal(port->ops->open(port), 0);
	assert_string_equal(library.name, "/dev/null");
	assert_int_equal(library.baudrate, PORTS_BAUD);
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
	ports_expect(port, "OK\r\n");
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
	struct ports_modem end = ports_modem_open();
	struct port *port = ports_new("/dev/null");

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_has_the_identity_of_its_device),
		cmocka_unit_test(what_is_no_terminal_is_refused),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
