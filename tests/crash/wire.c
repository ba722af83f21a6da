/*
 * wire: see wire.h. A device that has vanished is an absent one.
 */
#include "tests/crash/wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent/loop.h"
#include "modem/port.h"
#include "tests/crash/power.h"
#include "tests/sim/device.h"
#include "tests/sim/rng.h"
#include "tests/virtual/virtual.h"

enum { FIRST_FD = 1000, READ_MAX = 512, LINE_MS = 3, KERNEL_BYTES = 4096 };

struct wire {
	struct port port; /* first: the port is the wire */
	const char *where;
	struct device *device;
	bool is_open;
	bool hung_up;            /* it went away since it was opened */
	int64_t silent_until_ms; /* bytes take time on a line */
	/* What left the device and was not read: a start does not lose it. */
	char unread[KERNEL_BYTES];
	size_t unread_len;
};

static struct {
	struct wire wires[WIRES_MAX];
	int count;
	bool keep;
	struct rng *chance;
} all;

static struct wire *
wire_of(const struct port *port)
{
	return (struct wire *)(void *)(uintptr_t)port;
}

static void
hear_nothing(struct wire *wire)
{
	char rubbish[READ_MAX];
	while (device_take(wire->device, virtual_now_ms(), rubbish,
		       sizeof(rubbish)) > 0)
		continue;
}

/* A full queue stops the line. */
static void
queue_bytes(struct wire *wire)
{
	size_t n = 1;
	while (n > 0 && wire->unread_len < KERNEL_BYTES) {
		n = device_take(wire->device, virtual_now_ms(),
			wire->unread + wire->unread_len,
			KERNEL_BYTES - wire->unread_len);
		wire->unread_len += n;
	}
}

static void
watch_line(struct wire *wire)
{
	device_tick(wire->device, virtual_now_ms());
	if (wire->is_open && !device_is_there(wire->device))
		wire->hung_up = true;
	if (!wire->is_open && !all.keep)
		hear_nothing(wire);
	else if (wire->is_open && !wire->hung_up)
		queue_bytes(wire);
}

/* ---- the port ---------------------------------------------------------- */

static int
on_open(struct port *port)
{
	struct wire *wire = wire_of(port);
	watch_line(wire);
	if (!power_is_on())
		return -EIO;
	if (!device_is_there(wire->device))
		return -ENOENT;
	wire->is_open = true;
	wire->hung_up = false;
	wire->unread_len = 0;
	return 0;
}

static int
on_fd(const struct port *port)
{
	const struct wire *wire = wire_of(port);
	return wire->is_open ? FIRST_FD + (int)(wire - all.wires) : -1;
}

static ssize_t
on_read(struct port *port, void *buf, size_t cap)
{
	struct wire *wire = wire_of(port);
	watch_line(wire);
	if (wire->hung_up || !power_is_on())
		return -EIO;
	if (virtual_now_ms() < wire->silent_until_ms)
		return 0;
	size_t n = wire->unread_len < cap ? wire->unread_len : cap;
	memcpy(buf, wire->unread, n);
	wire->unread_len -= n;
	memmove(wire->unread, wire->unread + n, wire->unread_len);
	return (ssize_t)n;
}

/* Mostly all, sometimes a part, as a terminal with a full queue does. */
static ssize_t
on_write(struct port *port, const void *buf, size_t len)
{
	struct wire *wire = wire_of(port);
	size_t may = 0, wish = len;
	watch_line(wire);
	if (wire->hung_up)
		return -EIO;
	if (len > 1 && rng_next(all.chance) % 16 == 0)
		wish = (size_t)rng_between(all.chance, 1, (int64_t)len);
	while (may < wish && power_step(POWER_BYTE))
		may++;
	if (may > 0)
		device_feed(wire->device, virtual_now_ms(), buf, may);
	if (!power_is_on())
		return -EIO;
	wire->silent_until_ms = virtual_now_ms() + LINE_MS;
	watch_line(wire);
	return (ssize_t)may;
}

static void
on_close(struct port *port)
{
	struct wire *wire = wire_of(port);
	wire->is_open = false;
}

static const struct port_ops ops = {.open = on_open,
	.fd = on_fd,
	.read = on_read,
	.write = on_write,
	.close = on_close,
	.free = on_close};

struct port *
port_new(const struct port_options *options, char *why, size_t cap)
{
	for (int i = 0; i < all.count; i++)
		if (strcmp(all.wires[i].where, options->where) == 0) {
			assert(!all.wires[i].is_open);
			return &all.wires[i].port;
		}
	(void)snprintf(why, cap, "no such wire");
	return NULL;
}

/* ---- for the loop ------------------------------------------------------ */

/* Another descriptor is a real one (inotify). */
static bool
is_ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	return poll(&p, 1, 0) == 1;
}

bool
virtual_is_readable(int fd)
{
	if (fd < FIRST_FD)
		return is_ready(fd, POLLIN);
	return virtual_next_ms(fd) <= virtual_now_ms();
}

bool
virtual_is_writable(int fd)
{
	return fd < FIRST_FD ? is_ready(fd, POLLOUT) : true;
}

int64_t
virtual_next_ms(int fd)
{
	if (fd < FIRST_FD)
		return is_ready(fd, POLLIN) ? virtual_now_ms() : INT64_MAX;
	assert(fd - FIRST_FD < all.count);
	struct wire *wire = &all.wires[fd - FIRST_FD];
	watch_line(wire);
	int64_t at_ms = wire->unread_len > 0 ? virtual_now_ms()
	                                     : device_wake_at(wire->device);
	if (wire->hung_up)
		return virtual_now_ms();
	return at_ms > wire->silent_until_ms ? at_ms : wire->silent_until_ms;
}

void
virtual_wires_turn_to(int64_t now_ms)
{
	if (now_ms == 0)
		all.count = 0;
	for (int i = 0; i < all.count; i++)
		watch_line(&all.wires[i]);
}

/* ---- for the world ----------------------------------------------------- */

void
wire_reset(struct rng *chance)
{
	memset(&all, 0, sizeof(all));
	all.chance = chance;
}

void
wire_add(const char *where, struct device *device)
{
	assert(all.count < WIRES_MAX);
	all.wires[all.count++] = (struct wire){
		.port.ops = &ops, .where = where, .device = device};
}

void
wire_keep_unheard(int keep)
{
	all.keep = keep;
}

void
wire_pass(long long ms)
{
	struct loop *nobody = loop_new();
	virtual_run(nobody, ms);
	loop_free(nobody);
}
