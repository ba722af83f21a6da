/*
 * virtual_wires: port_new() of modem/port.h, over scripted wires that a test
 * names and writes. A name nobody plugged a modem into is an absent device.
 */
#include "tests/virtual/virtual.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "modem/port.h"
#include "tests/support/fakewire.h"

enum { WHERE_MAX = 64, FIRST_FD = 1000 };

struct plug {
	char where[WHERE_MAX];
	char imsi[64], iccid[64]; /* what the modem says of its SIM */
	struct fakewire wire;
};

static struct plug plugs[VIRTUAL_WIRES_MAX];
static size_t plug_count;

static struct plug *
plug_at(const char *where)
{
	for (size_t i = 0; i < plug_count; i++)
		if (strcmp(plugs[i].where, where) == 0)
			return &plugs[i];
	assert(plug_count < VIRTUAL_WIRES_MAX);
	assert(strlen(where) < WHERE_MAX);
	struct plug *plug = &plugs[plug_count];
	memset(plug, 0, sizeof(*plug));
	(void)snprintf(plug->where, WHERE_MAX, "%s", where);
	fakewire_init(&plug->wire);
	plug->wire.fd = FIRST_FD + (int)plug_count++;
	plug->wire.now_ms = virtual_now_ms();
	plug->wire.open_error = -ENOENT;
	return plug;
}

struct fakewire *
virtual_wire(const char *where)
{
	return &plug_at(where)->wire;
}

static void
rule(struct fakewire *w, const char *when, const char *say)
{
	fakewire_rule(w, (struct fakewire_rule){
				 .when = when, .say = say, .after_ms = 5});
}

void
virtual_plug(const char *where, const char *imsi, const char *iccid)
{
	struct plug *plug = plug_at(where);
	struct fakewire *w = &plug->wire;
	(void)snprintf(
		plug->imsi, sizeof(plug->imsi), "\r\n%s\r\n\r\nOK\r\n", imsi);
	(void)snprintf(plug->iccid, sizeof(plug->iccid),
		"\r\n+CCID: %s\r\n\r\nOK\r\n", iccid);
	w->open_error = 0;
	w->gone = false;
	if (w->rule_count > 0)
		return; /* another SIM only */
	rule(w, "AT", "\r\nOK\r\n");
	rule(w, "\x1b", NULL);
	rule(w, "AT+CGMI", "\r\nAcme\r\n\r\nOK\r\n");
	rule(w, "AT+CGMM", "\r\nM1\r\n\r\nOK\r\n");
	rule(w, "AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	rule(w, "AT+CGSN", "\r\n350000000000011\r\n\r\nOK\r\n");
	rule(w, "AT+CIMI", plug->imsi);
	rule(w, "AT+CCID", plug->iccid);
	rule(w, "AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	rule(w, "AT+CSQ", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	rule(w, "AT+COPS?", "\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n");
	rule(w, "AT+CUSD=2", "\r\nERROR\r\n");
}

void
virtual_unplug(const char *where)
{
	struct fakewire *wire = virtual_wire(where);
	wire->gone = true;
	wire->open_error = -ENOENT;
}

struct port *
port_new(const struct port_options *options, char *why, size_t cap)
{
	const char *where = options->where;
	(void)snprintf(why, cap, "%s", where[0] == '\0' ? "no name" : "");
	if (where[0] == '\0')
		return NULL;
	struct plug *plug = plug_at(where);
	assert(!plug->wire.is_open);
	plug->wire.was_freed = false;
	return &plug->wire.port;
}

/* ---- for the loop ------------------------------------------------------ */

static const struct fakewire *
wire_of(int fd)
{
	assert(fd >= FIRST_FD && fd < FIRST_FD + (int)plug_count);
	return &plugs[fd - FIRST_FD].wire;
}

bool
virtual_is_readable(int fd)
{
	return virtual_next_ms(fd) <= virtual_now_ms();
}

bool
virtual_is_writable(int fd)
{
	return wire_of(fd)->take_max > 0 && wire_of(fd)->take_left > 0;
}

int64_t
virtual_next_ms(int fd)
{
	return fakewire_next_ms(wire_of(fd));
}

void
virtual_wires_turn_to(int64_t now_ms)
{
	if (now_ms == 0)
		plug_count = 0;
	for (size_t i = 0; i < plug_count; i++)
		plugs[i].wire.now_ms = now_ms;
}
