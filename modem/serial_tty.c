/*
 * serial_tty: a port over a serial device (libserialport) or a pseudo-
 * terminal, which libserialport cannot open by name. The one file with
 * libserialport. Must never share a device, hang up, or wait for
 * output to drain.
 */
#include "modem/serial_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <libserialport.h>

#include "modem/port.h"

enum {
	DATA_BITS = 8,
	/* Unix98 pseudo-terminals (the kernel's list of device numbers). */
	PTY_MAJOR_FIRST = 136,
	PTY_MAJOR_LAST = 143
};

struct tty {
	struct port port; /* first: see port.h */
	char *path;
	unsigned baud;
	/*
	 * Invariants:
	 * 1. lock_fd is open, and holds the lock, exactly while the port is.
	 * 2. fd is lock_fd on a pseudo-terminal, else the library's handle
	 *    on the same device: so a device that another program holds is
	 *    never given to the library, which would change its settings.
	 */
	int lock_fd;
	int fd;
	struct sp_port *device; /* NULL: closed, or a pseudo-terminal */
	struct termios found;   /* its settings before it was opened, */
	bool has_found;         /* if they are known */
};

static bool
is_pty(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) >= PTY_MAJOR_FIRST &&
	       major(st->st_rdev) <= PTY_MAJOR_LAST;
}

static void
tty_close(struct port *port)
{
	struct tty *tty = (struct tty *)port;

	if (tty->device != NULL) {
		/* Closing waits up to 30 s for output to drain, so there
		 * must be none. The exclusive mark would stay for as long as
		 * another program has the device open. */
		(void)tcflush(tty->fd, TCOFLUSH);
		(void)ioctl(tty->fd, TIOCNXCL);
		(void)sp_close(tty->device);
		sp_free_port(tty->device);
	}
	/* A pseudo-terminal does not drain, and flushing it would take from
	 * the other side what it has not yet read. */
	if (tty->lock_fd >= 0)
		(void)close(tty->lock_fd);
	tty->device = NULL;
	tty->lock_fd = -1;
	tty->fd = -1;
}

/* What an open that failed means to port.h. */
static int
open_error(int error)
{
	switch (error) {
	case ENXIO: /* a node without a device */
	case EIO:   /* a pseudo-terminal that was hung up */
	case 0:     /* libserialport failed without saying why */
		return -ENODEV;
	default:
		return -error;
	}
}

/* flock(2), because root may open what TIOCEXCL closes to others. */
static int
lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

/*
 * Raw, eight bits, without modem lines, software flow control and hang-up.
 * A read then gives EAGAIN where there is nothing (VMIN is 1), so that 0
 * always means the end.
 */
static int
make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return -errno;
	cfmakeraw(&mode); /* clears IXON, ECHO, ICANON, ISIG; sets CS8 */
	mode.c_iflag &= ~(tcflag_t)(IXOFF | IXANY);
	mode.c_cflag &= ~(tcflag_t)(HUPCL | CSTOPB);
	mode.c_cflag |= CLOCAL | CREAD;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	/* TCSANOW: the other two wait for output. */
	return tcsetattr(fd, TCSANOW, &mode) < 0 ? -errno : 0;
}

/* Whether another has marked a device as its own, which root may open. */
static int
refuse_marked(int fd)
{
	int marked = 0;

	return ioctl(fd, TIOCGEXCL, &marked) == 0 && marked ? -EBUSY : 0;
}

/* The line as a modem wants it. */
static int
set_line(const struct tty *tty)
{
	/* Some USB modems are silent without DTR; others have none. */
	(void)sp_set_dtr(tty->device, SP_DTR_ON);
	(void)sp_set_rts(tty->device, SP_RTS_ON);
	if (sp_set_bits(tty->device, DATA_BITS) < 0 ||
		sp_set_parity(tty->device, SP_PARITY_NONE) < 0 ||
		sp_set_stopbits(tty->device, 1) < 0 ||
		sp_set_flowcontrol(tty->device, SP_FLOWCONTROL_NONE) < 0)
		return open_error(sp_last_error_code());
	if (tty->baud != 0 && sp_set_baudrate(tty->device, (int)tty->baud) < 0)
		return -EINVAL;
	return 0;
}

static int
open_by_library(struct tty *tty, const char *path)
{
	struct sp_port *device;
	enum sp_return rc;

	rc = sp_get_port_by_name(path, &device);
	if (rc == SP_ERR_MEM)
		return -ENOMEM;
	if (rc != SP_OK) /* it is there, but nothing serial to /sys */
		return -ENOTTY;
	rc = sp_open(device, SP_MODE_READ_WRITE);
	if (rc != SP_OK) {
		int error = rc == SP_ERR_FAIL ? sp_last_error_code() : 0;

		sp_free_port(device);
		return open_error(error);
	}
	tty->device = device;
	(void)sp_get_port_handle(device, &tty->fd); /* is open: cannot fail */
	return 0;
}

static int
set_descriptor(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || ioctl(fd, TIOCEXCL) < 0)
		return -errno;
	return 0;
}

static int
open_device(struct tty *tty, const char *path)
{
	int rc;

	rc = refuse_marked(tty->lock_fd);
	if (rc == 0)
		rc = open_by_library(tty, path);
	if (rc == 0)
		rc = set_descriptor(tty->fd);
	if (rc == 0)
		rc = make_raw(tty->fd);
	if (rc == 0)
		rc = set_line(tty);
	return rc;
}

/*
 * No TIOCEXCL: it stays on a pseudo-terminal until its master goes, so that
 * after a crash nobody but root could open it again.
 */
static int
open_pty(struct tty *tty)
{
	tty->fd = tty->lock_fd;
	return make_raw(tty->fd);
}

static int
open_and_lock(struct tty *tty, const char *path, struct stat *st)
{
	tty->lock_fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty->lock_fd < 0 || fstat(tty->lock_fd, st) < 0)
		return open_error(errno);
	if (!S_ISCHR(st->st_mode))
		return -ENOTTY;
	int rc = lock(tty->lock_fd);

	tty->has_found = rc == 0 && tcgetattr(tty->lock_fd, &tty->found) == 0;
	return rc;
}

static int
tty_open(struct port *port)
{
	struct tty *tty = (struct tty *)port;
	char path[PATH_MAX];
	struct stat st = {.st_mode = 0};
	int rc;

	tty_close(port);
	/* libserialport knows no links, and udev's names are links. */
	if (realpath(tty->path, path) == NULL)
		return open_error(errno);
	rc = open_and_lock(tty, path, &st);
	if (rc == 0)
		rc = is_pty(&st) ? open_pty(tty) : open_device(tty, path);
	if (rc < 0)
		tty_close(port);
	return rc;
}

void
serial_tty_put_back(struct port *port)
{
	struct tty *tty = (struct tty *)port;

	if (tty->lock_fd >= 0 && tty->has_found)
		(void)tcsetattr(tty->lock_fd, TCSANOW, &tty->found);
}

static int
tty_fd(const struct port *port)
{
	return ((const struct tty *)port)->fd;
}

static ssize_t
tty_read(struct port *port, void *buf, size_t cap)
{
	struct tty *tty = (struct tty *)port;
	ssize_t n;

	if (tty->fd < 0)
		return -EBADF;
	if (cap == 0)
		return 0;
	n = read(tty->fd, buf, cap);
	return n == 0 ? -EIO : serial_result(n);
}

static ssize_t
tty_write(struct port *port, const void *buf, size_t len)
{
	struct tty *tty = (struct tty *)port;

	if (tty->fd < 0)
		return -EBADF;
	return serial_result(write(tty->fd, buf, len));
}

static void
tty_free(struct port *port)
{
	struct tty *tty = (struct tty *)port;

	tty_close(port);
	free(tty->path);
	free(tty);
}

static const struct port_ops tty_ops = {
	.open = tty_open,
	.fd = tty_fd,
	.read = tty_read,
	.write = tty_write,
	.close = tty_close,
	.free = tty_free,
};

struct port *
serial_tty_new(const char *path, unsigned baud)
{
	struct tty *tty = calloc(1, sizeof *tty);

	if (tty == NULL)
		return NULL;
	tty->path = strdup(path);
	if (tty->path == NULL) {
		free(tty);
		return NULL;
	}
	tty->port.ops = &tty_ops;
	tty->baud = baud;
	tty->lock_fd = -1;
	tty->fd = -1;
	return &tty->port;
}
