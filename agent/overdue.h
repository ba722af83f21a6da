/*
 * overdue: pending vouchers whose SMS did not come in time. They become
 * unknown; nothing else is decided here.
 */
#ifndef AGENT_OVERDUE_H
#define AGENT_OVERDUE_H

#include <stdint.h>

struct turn;

/* Of each that was moved: the modem that dialled it. */
typedef void overdue_fn(void *ctx, const char *modem);

/* Moves those whose time is over; fn may be NULL. When the next is due
 * (ran_ms); INT64_MAX. */
int64_t overdue_sweep(struct turn *turn, overdue_fn *fn, void *ctx);

#endif
