/*
 * clock: whether the wall clock can be believed: the kernel calls it
 * synchronised, and it runs as the clock that never jumps; or, for hours,
 * dates and days, mobile networks say the same. Pure. Nothing but these is
 * judged by the wall clock; no time-out and no pause is.
 */
#ifndef AGENT_CLOCK_H
#define AGENT_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
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

enum {
	/* Networks tell the time to some minutes. */
	CLOCK_AGREE_MS = 300000,
	/* Older than that a network's word is nothing any more. */
	CLOCK_WORD_MS = 86400000
};

/* It was utc_ms (since 1970; 0: nothing is known) at steady_ms. */
struct clock_word {
	int64_t utc_ms, steady_ms;
};

enum clock_judgement {
	CLOCK_UNTOLD,  /* no network has said anything of late */
	CLOCK_AGREES,  /* all that did say what the wall clock says */
	CLOCK_DIFFERS, /* they agree with one another, and not with it */
	CLOCK_DISPUTED /* they do not agree with one another */
};

/* By how much the wall clock is ahead of the words, and by which of them, as
 * they were counted. Begins as zeros. */
struct clock_scale {
	size_t count;
	int64_t least_ms, most_ms;
	size_t least_by, most_by;
};

/* Lays a word on the scale as number `by`, if it is young enough. now is the
 * same for all words; its synced is not looked at. */
void clock_weigh(struct clock_scale *scale, size_t by, struct clock_word word,
	const struct clock_sight *now);
enum clock_judgement clock_judge(const struct clock_scale *scale);

#endif
