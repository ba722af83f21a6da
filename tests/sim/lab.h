/*
 * lab: one device with its network on a bench in virtual time: what was said
 * and what is true stand in two buffers. For tests that link the simulator.
 * Must never know what a test expects.
 */
#ifndef SIM_LAB_H
#define SIM_LAB_H

#include "tests/sim/device.h"
#include "tests/sim/network.h"

/* The one SIM and the one card, good for 100.00; the SIM has 50.00. */
#define LAB_IMSI "001010000000011"
#define LAB_PIN  "12345678901234"
#define LAB_CODE "*121*" LAB_PIN "#"

enum { LAB_OUT_MAX = 65536, LAB_PORT_MAX = 2048, LAB_SEED = 7 };

struct lab {
	struct network *network;
	struct device *device;
	struct device_options options; /* may be changed before lab_start() */
	int64_t now_ms;
	char out[LAB_OUT_MAX]; /* what was said, with NUL behind it */
	size_t out_len;
	char ports[DEVICE_PORTS_MAX][LAB_PORT_MAX]; /* what the others said */
	size_t largest;                             /* piece of it */
	char truth[LAB_OUT_MAX];                    /* lines of JSON */
	size_t truth_len;
};

/* A device of that dialect without chatter, not yet started. Aborts when
 * there is no such dialect, and when a buffer is full. */
void lab_init(struct lab *lab, const char *dialect);
void lab_start(struct lab *lab);
void lab_fini(struct lab *lab);

/* Everything that is due until then, at the moment at which it is due. */
void lab_pass(struct lab *lab, int64_t ms);

/* Forgets what was said, says something and lets time pass; the answer. */
const char *lab_talk(struct lab *lab, const char *bytes, int64_t wait_ms);

/* The same on one of its ports, with time for a request. */
const char *lab_talk_to(struct lab *lab, int port, const char *bytes);

/* The same without saying anything, after an order. */
const char *lab_hear(struct lab *lab, int64_t wait_ms);

#endif
