/*
 * clock: whether the wall clock can be believed: the kernel calls it
 * synchronised, and it runs as the clock that never jumps. Pure. Nothing but
 * hours, dates and days is judged by the wall clock; no time-out and no
 * pause is.
 */
#ifndef AGENT_CLOCK_H
#define AGENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* What the two clocks may differ by between two looks, beside a part
	 * in a thousand (adjtimex slews by half of that at most). */
	CLOCK_JUMP_MS = 120000,
	/* So long a clock is doubted that jumped while it was called
	 * synchronised: whoever set it may set it again. */
	CLOCK_DOUBT_MS = 600000
};

/*
 * 1. Begins as zeros: nothing was seen, nothing is doubted.
 * 2. doubt_until_ms is on the steady clock; 0: none.
 */
struct clock_watch {
	bool looked, was_synced;
	int64_t wall_ms, steady_ms; /* at the last look */
	int64_t doubt_until_ms;
};

/* What is seen at one moment. steady_ms must count suspended time, too. */
struct clock_sight {
	int64_t wall_ms, steady_ms;
	bool synced;
};

/*
 * Whether wall_ms can be believed now. A jump that makes an unsynchronised
 * clock a synchronised one is what was waited for; any other is doubted for
 * CLOCK_DOUBT_MS, or until the kernel calls it synchronised anew.
 */
bool clock_look(struct clock_watch *watch, const struct clock_sight *now);

#endif
