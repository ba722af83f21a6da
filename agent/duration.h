/*
 * duration: a length of time as people write it in the configuration and in
 * profiles (contract: a whole number with s, m, h or d). Pure.
 */
#ifndef AGENT_DURATION_H
#define AGENT_DURATION_H

#include "modem/span.h"

/* Into milliseconds; without a unit, seconds. 0, -EINVAL, or -ERANGE above a
 * year and a day; *ms is untouched then. */
int duration_parse(struct span text, int64_t *ms);

#endif
