/*
 * letter: what the operator writes by SMS, as the seed draws it: after each
 * USSD answer; late, out of order, doubled, lost, and what
 * strangers write in its name. It must never say what is not true, but for
 * strangers.
 */
#ifndef TESTS_CRASH_LETTER_H
#define TESTS_CRASH_LETTER_H

#include <stdint.h>

#include "tests/sim/event.h"

struct life;
struct realm;

/* A new run. Both are borrowed. */
void letter_reset(struct realm *realm, struct life *life);

/* The hook of the network and the devices: the law's, and what is written
 * about a recharge. */
void letter_on_event(void *ctx, const struct sim_event *event);

/* What a clock that was never wrong says. */
int64_t letter_wall_ms(void);

/* Between turns: hands over what is due, as the driver does; what a life did
 * not commit comes again. */
void letter_arrive(void);
void letter_at_opening(void);

#endif
