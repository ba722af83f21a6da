/*
 * late: texts that no request asked for: late answers, copies, notices. They
 * are kept for a person, and begin the quiet time again; they settle no
 * voucher here.
 */
#ifndef AGENT_LATE_H
#define AGENT_LATE_H

#include "agent/fleet.h"

struct turn;

/* A text on that line; now_ms is the loop's. Of a flood only the first of
 * each minute are kept; all of them are quiet time. */
void late_text(struct turn *turn, struct line *line, struct span text_utf8,
	int64_t now_ms);

#endif
