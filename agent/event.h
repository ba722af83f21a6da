/*
 * event: which audit entries are events, the ones that on_event is run for.
 * Pure: a table. It must never hold what only a machine wants to know.
 */
#ifndef AGENT_EVENT_H
#define AGENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether an audit entry of that name ("voucher.loaded") is one. */
bool event_is_told(const char *name);

/* The names, in the order of the manual; NULL past the end. */
const char *event_name(size_t i);

#endif
