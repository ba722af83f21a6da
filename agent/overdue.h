/*
 * overdue: pending vouchers whose SMS did not come in time. They become
 * unknown; nothing else is decided here.
 */
#ifndef AGENT_OVERDUE_H
#define AGENT_OVERDUE_H

#include <stdint.h>

struct turn;

/* Moves those whose time is over. When the next is due (ran_ms);
 * INT64_MAX. */
int64_t overdue_sweep(struct turn *turn);

#endif
