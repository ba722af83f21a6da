/*
 * finder: a port in front of others: it looks which serial ports there are,
 * opens the next of its list, and passes on. It must never look through
 * sysfs while nothing came or went.
 */
#include "modem/finder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "modem/finder_list.h"
#include "modem/serial_parts.h"

/* A folder that changed just now may change again within the same tick of
 * the file system's clock. */
enum { RACY_S = 2 };

static const char why_no_device[] = "no serial port is plugged in there";
static const char why_no_modem[] = "no modem here has that IMEI";
static const char why_busy[] =
	"another modem of the configuration, or another program, has it";

/*
 * 1. inner is open, and entry is the port that it is, exactly while the
 *    finder is open; else both are NULL.
 * 2. entry points into list, which is not taken anew while it is open.
 */
struct finder {
	struct port port; /* first: see port.h */
	struct usb_roots roots;
	char device[USB_DEVICE_MAX]; /* "": any */
	unsigned baud;
	port_is_taken *is_taken;
	void *ctx;
	struct finder_list list;
	struct port *inner;
	struct finder_entry *entry;
	const char *why;
	struct timespec changed; /* of the folder of devices, as listed */
	bool is_racy;
};

static void
finder_close(struct port *port)
{
	struct finder *f = (struct finder *)port;

	if (f->inner == NULL)
		return;
	if (!f->entry->ours)
		serial_tty_put_back(f->inner);
	f->inner->ops->free(f->inner);
	f->inner = NULL;
	f->entry = NULL;
}

/* Looks anew if a device came or went: its node in /dev did as well. */
static void
look(struct finder *f)
{
	struct usb_tty ttys[USB_TTYS_MAX];
	struct timespec now;
	struct stat st = {.st_size = 0};
	int count;

	if (stat(f->roots.dev, &st) == 0 && !f->is_racy &&
		st.st_mtim.tv_sec == f->changed.tv_sec &&
		st.st_mtim.tv_nsec == f->changed.tv_nsec)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	f->changed = st.st_mtim;
	f->is_racy = now.tv_sec - st.st_mtim.tv_sec <= RACY_S;
	count = usb_list(&f->roots, f->device[0] != '\0' ? f->device : NULL,
		ttys, USB_TTYS_MAX);
	finder_list_take(&f->list, ttys, count > 0 ? (size_t)count : 0);
}

static void
spot_of(const struct finder *f, const struct usb_tty *tty,
	struct port_spot *spot)
{
	(void)snprintf(spot->path, sizeof spot->path, "%s/%s", f->roots.dev,
		tty->name); /* cut: it is then not found */
	(void)span_copy(
		spot->device, sizeof spot->device, span_str(tty->device));
	(void)span_copy(spot->place, sizeof spot->place, span_str(tty->place));
}

/* Whether any port of that device is another modem's. */
static bool
is_taken(const struct finder *f, const struct usb_tty *tty)
{
	struct port_spot spot;

	for (size_t i = 0; f->is_taken != NULL && i < f->list.count; i++) {
		const struct usb_tty *other = &f->list.entries[i].tty;

		if (strcmp(other->device, tty->device) != 0)
			continue;
		spot_of(f, other, &spot);
		if (f->is_taken(f->ctx, &spot))
			return true;
	}
	return false;
}

static int
open_entry(struct finder *f, struct finder_entry *e)
{
	struct port_spot spot = {.path = ""};
	struct port *inner;
	int rc;

	if (is_taken(f, &e->tty))
		return -EBUSY;
	spot_of(f, &e->tty, &spot);
	inner = serial_tty_new(spot.path, f->baud);
	if (inner == NULL)
		return -ENOMEM;
	rc = inner->ops->open(inner);
	if (rc < 0) {
		inner->ops->free(inner);
		return rc;
	}
	f->inner = inner;
	f->entry = e;
	e->refusals = 0;
	return 0;
}

static int
finder_open(struct port *port)
{
	struct finder *f = (struct finder *)port;
	struct finder_entry *e;
	int error = 0;

	finder_close(port);
	look(f);
	finder_list_begin(&f->list);
	f->why = f->device[0] != '\0' ? why_no_device : why_no_modem;
	while ((e = finder_list_next(&f->list)) != NULL) {
		int rc = open_entry(f, e);

		if (rc == 0) {
			f->why = "";
			return 0;
		}
		finder_list_refuse(e);
		/* One that is busy may be it; one that just went is not. */
		if (error == 0 || rc == -EBUSY)
			error = rc;
	}
	if (error == 0)
		return -ENODEV;
	f->why = error == -EBUSY ? why_busy : "";
	return error;
}

static int
finder_fd(const struct port *port)
{
	const struct port *inner = ((const struct finder *)port)->inner;

	return inner != NULL ? inner->ops->fd(inner) : -1;
}

static ssize_t
finder_read(struct port *port, void *buf, size_t cap)
{
	struct port *inner = ((struct finder *)port)->inner;

	return inner != NULL ? inner->ops->read(inner, buf, cap) : -EBADF;
}

static ssize_t
finder_write(struct port *port, const void *buf, size_t len)
{
	struct port *inner = ((struct finder *)port)->inner;

	return inner != NULL ? inner->ops->write(inner, buf, len) : -EBADF;
}

static void
finder_free(struct port *port)
{
	finder_close(port);
	free(port);
}

static bool
finder_judge(struct port *port, enum port_verdict verdict)
{
	struct finder *f = (struct finder *)port;

	return f->entry != NULL &&
	       finder_list_judge(&f->list, f->entry, verdict);
}

static bool
finder_prefer(struct port *port, const char *place)
{
	struct finder *f = (struct finder *)port;

	return f->entry != NULL &&
	       finder_list_prefer(&f->list, f->entry, place);
}

static void
finder_tell(const struct port *port, struct port_spot *spot, const char **why)
{
	const struct finder *f = (const struct finder *)port;

	if (why != NULL)
		*why = f->why;
	if (spot == NULL)
		return;
	*spot = (struct port_spot){.path = ""};
	if (f->entry == NULL)
		return;
	spot_of(f, &f->entry->tty, spot);
	spot->is_ours = f->device[0] != '\0' || f->entry->ours;
}

static const struct port_ops finder_ops = {
	.open = finder_open,
	.fd = finder_fd,
	.read = finder_read,
	.write = finder_write,
	.close = finder_close,
	.free = finder_free,
	.judge = finder_judge,
	.prefer = finder_prefer,
	.tell = finder_tell,
};

struct port *
finder_new(const struct port_options *options, const char *device)
{
	struct finder *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->port.ops = &finder_ops;
	f->roots = usb_roots();
	f->baud = options->baud;
	f->is_taken = options->is_taken;
	f->ctx = options->ctx;
	f->why = "";
	f->is_racy = true; /* nothing was listed yet */
	f->list.any_device = device == NULL;
	/* What does not fit names no port that there is. */
	(void)span_copy(f->device, sizeof f->device,
		span_str(device != NULL ? device : ""));
	(void)span_copy(f->list.place, sizeof f->list.place,
		span_str(options->place != NULL ? options->place : ""));
	return &f->port;
}
