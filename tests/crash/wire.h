/*
 * wire: port_new() of modem/port.h over the devices of tests/sim, in virtual
 * time, in place of tests/virtual/virtual_wires.c: bytes both ways at their
 * moments, cut into pieces. No byte leaves while the power is off.
 */
#ifndef TESTS_CRASH_WIRE_H
#define TESTS_CRASH_WIRE_H

struct device;
struct rng;

enum { WIRES_MAX = 8 };

/* No wires any more. chance is borrowed. */
void wire_reset(struct rng *chance);

/* A device behind that name of a port, both borrowed. */
void wire_add(const char *where, struct device *device);

/* What the devices say while nobody listens is lost from here on, or kept
 * for who opens the port next. */
void wire_keep_unheard(int keep);

/* Virtual time without a daemon. */
void wire_pass(long long ms);

#endif
