/*
 * letter: what the operator writes by SMS, brought to the modems as the seed
 * draws it: late, out of order, doubled, in parts, lost; and what strangers
 * write in its name. It must never change what the operator said.
 */
#ifndef TESTS_CRASH_LETTER_H
#define TESTS_CRASH_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/event.h"

struct realm;

/* A new run; borrowed. */
void letter_reset(struct realm *realm);

/* The hook of the network and the devices: the law's, and the post. */
void letter_on_event(void *ctx, const struct sim_event *event);

/* What a clock that was never wrong says. */
int64_t letter_wall_ms(void);

/* Whether a message is one of the operator's own. */
bool letter_is_operators(const char *sender, const char *centre);

/* Between turns: what waited for its time goes to its modem. */
void letter_arrive(void);

#endif
