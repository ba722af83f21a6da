/*
 * device: one AT device of one dialect in front of a network: bytes and the
 * time in, bytes out with the moment at which they are due. Times are
 * milliseconds of the caller's clock and never go back.
 * Must never be kinder to the driver than real modems are.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/device_options.h"
#include "tests/sim/event.h"

struct device;
struct network;

/* The usual options of a dialect. 0, or -1 when there is no such dialect. */
int device_defaults(struct device_options *options, const char *dialect);

/* The dialects by name, from 0 on; NULL past the end. */
const char *device_dialect_name(size_t i);
/* Whether a modem of that dialect says so when its SIM is changed. */
bool device_tells_of_swaps(const char *dialect);
/* Whether it can send and keep short messages. */
bool device_has_messages(const char *dialect);

/*
 * A device, as yet without power. The network must live longer and must
 * know its IMSI; the hook is told what truly happens. seed and the name make
 * its chance. Aborts when memory is out; NULL when there is no such dialect.
 */
struct device *device_new(const struct device_options *options,
	struct network *network, struct sim_hook hook, uint64_t seed);
void device_free(struct device *device);

/* Power on, or a restart: everything set over the line is forgotten, what
 * has not left is lost. */
void device_start(struct device *device, int64_t now_ms);

/* To be changed at will (imsi, iccid and msisdn: another SIM, which it reads
 * when it starts, or when device_swapped() says so); tell device_changed()
 * after. */
struct device_options *device_options(struct device *device);
void device_changed(struct device *device, int64_t now_ms);

/* The SIM was changed under power, and the modem notices. */
void device_swapped(struct device *device, int64_t now_ms);

/* How many ports it has, 1 to DEVICE_PORTS_MAX. */
int device_ports(const struct device *device);

/* Bytes from the host, on the first port. */
void device_feed(
	struct device *device, int64_t now_ms, const void *bytes, size_t len);

/* The next piece that is due on the first port, at most cap bytes; 0 when
 * nothing is. Tells the truth of a reply before its first byte is given. */
size_t device_take(
	struct device *device, int64_t now_ms, char *bytes, size_t cap);

/* The same on any of its ports. */
struct device_span {
	char *bytes;
	size_t len;
};
struct device_bytes {
	const char *bytes;
	size_t len;
};
void device_feed_port(struct device *device, int port, int64_t now_ms,
	struct device_bytes in);
size_t device_take_port(struct device *device, int port, int64_t now_ms,
	struct device_span out);

/* The host has closed one of its ports. */
void device_closed(struct device *device, int64_t now_ms);

/* When device_take() or device_tick() has to be called; INT64_MAX: only
 * after the next bytes. */
int64_t device_wake_at(const struct device *device);

/* Lets time pass. */
void device_tick(struct device *device, int64_t now_ms);

/* Whether the port is there. It goes away during a feed or an order, comes
 * back during a tick; then it has echo on and begins with a start. */
bool device_is_there(const struct device *device);

/* Orders, beside device_start(). ms 0 means what the options say. */
void device_vanish(struct device *device, int64_t now_ms, int64_t ms);
void device_hang(struct device *device, int64_t now_ms, int64_t ms);
/* Its power is off for a time, whether the port is there or not. */
void device_power(struct device *device, int64_t now_ms, int64_t ms);
/* The port goes away and the module lives on (a hub): what is due until it
 * is back is lost, nothing else is. */
void device_replug(struct device *device, int64_t now_ms, int64_t ms);
void device_push(
	struct device *device, int64_t now_ms, int mode, const char *text);
/* Raw bytes on the line, as they are. */
void device_print(
	struct device *device, int64_t now_ms, const void *bytes, size_t len);

/* Another program gives a command: it is carried out, and its answer comes
 * to the port that speaks unasked, as if it were ours. */
void device_foreign(struct device *device, int64_t now_ms, const char *command);
/* So many bytes without a line end. */
void device_flood(struct device *device, int64_t now_ms, size_t count);

/* The next request (with a PIN, when only_pin) meets this fault. */
struct device_strike {
	enum device_fault fault;
	bool only_pin;
	int64_t ms; /* for late, vanish and hang; 0: as the options say */
};

void device_strike(struct device *device, const struct device_strike *strike);

#endif
