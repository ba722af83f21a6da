/*
 * ladder: light rungs in their order, then the heavy ones in rounds, the one
 * that was tried least first. It knows no port and no command.
 */
#include "modem/ladder.h"

#include <stddef.h>
#include <string.h>

/* Pauses between attempts at a modem that is no use. */
static const int64_t rests_ms[] = {10000, 30000, 60000, 120000, 300000};

/* A modem that starts anew is away for 10 to 90 s, and less than 180 s is
 * normal: what is seen to be well then was cured by that. */
enum { BOOT_MS = 180000 };

static const enum ladder_rung heavy[] = {
	LADDER_RADIO, LADDER_REBOOT, LADDER_POWER};
enum { HEAVY = sizeof heavy / sizeof *heavy };

void
ladder_init(struct ladder *l)
{
	memset(l, 0, sizeof *l);
	l->usable[LADDER_RADIO] = true;
}

static int64_t
rest_ms(unsigned rests)
{
	size_t last = sizeof rests_ms / sizeof *rests_ms - 1;

	return rests_ms[rests < last ? rests : last];
}

/* The usable one that was tried least; NONE where there is none. */
static enum ladder_rung
least_tried(const struct ladder *l)
{
	enum ladder_rung least = LADDER_NONE;

	for (size_t i = 0; i < HEAVY; i++)
		if (l->usable[heavy[i]] &&
			(least == LADDER_NONE ||
				l->tries[heavy[i]] < l->tries[least]))
			least = heavy[i];
	return least;
}

static bool
is_heavy(enum ladder_rung rung)
{
	return rung == LADDER_RADIO || rung == LADDER_REBOOT ||
	       rung == LADDER_POWER;
}

/* When the heavy rung after the last one may be given. */
static int64_t
cool_at(const struct ladder *l)
{
	int64_t wait_ms = LADDER_COOL_MS;

	if (!l->was_heavy)
		return INT64_MIN;
	for (unsigned round = l->tries[least_tried(l)];
		round > 0 && wait_ms < LADDER_COOL_MAX_MS; round--)
		wait_ms *= 2;
	if (wait_ms > LADDER_COOL_MAX_MS)
		wait_ms = LADDER_COOL_MAX_MS;
	return l->heavy_ms + wait_ms;
}

/* The heavy rung that may be given then, or NONE. */
static enum ladder_rung
heavy_at(const struct ladder *l, enum ladder_trouble trouble, int64_t at_ms)
{
	enum ladder_rung rung = least_tried(l);
	unsigned most =
		trouble == LADDER_MUTE ? LADDER_TRIES_MUTE : LADDER_TRIES_TALKS;

	if (rung == LADDER_NONE || l->tries[rung] >= most || cool_at(l) > at_ms)
		return LADDER_NONE;
	return rung;
}

/* Each heavy rung was given since it was well, or none may be any more. */
static bool
is_helpless(const struct ladder *l, enum ladder_trouble trouble)
{
	unsigned usable = 0;

	for (size_t i = 0; i < HEAVY; i++)
		usable += l->usable[heavy[i]] ? 1 : 0;
	return l->rests > 0 &&
	       (l->in_vain >= usable ||
		       heavy_at(l, trouble, INT64_MAX) == LADDER_NONE);
}

struct ladder_plan
ladder_next(struct ladder *l, enum ladder_trouble trouble, int64_t now_ms)
{
	struct ladder_plan plan = {
		.rung = LADDER_REOPEN, .helpless = is_helpless(l, trouble)};

	if (trouble == LADDER_MUTE && !l->was_reset) {
		plan.rung = LADDER_RESET;
		plan.at_ms = now_ms;
		return plan;
	}
	plan.at_ms = now_ms + rest_ms(l->rests);
	/* Opening it again goes before what costs it its network. */
	if (l->rests > 0 && heavy_at(l, trouble, plan.at_ms) != LADDER_NONE)
		plan.rung = heavy_at(l, trouble, plan.at_ms);
	l->rests++;
	return plan;
}

enum ladder_rung
ladder_due(const struct ladder *l, int64_t now_ms)
{
	if (l->unanswered < LADDER_UNANSWERED_MAX)
		return LADDER_NONE;
	return heavy_at(l, LADDER_UNANSWERED, now_ms);
}

void
ladder_give(struct ladder *l, enum ladder_rung rung, int64_t now_ms)
{
	if (rung == LADDER_RESET)
		l->was_reset = true;
	if (rung == LADDER_PERSON)
		return;
	if (is_heavy(rung)) {
		l->tries[rung]++;
		l->in_vain++;
		l->heavy_ms = now_ms;
		l->was_heavy = true;
		l->awaits_answer = l->awaits_answer ||
		                   l->unanswered >= LADDER_UNANSWERED_MAX;
		/* As many again before the next one. */
		l->unanswered = l->unanswered > 0 ? 1 : 0;
	} else if (is_heavy(l->last) && now_ms - l->heavy_ms < BOOT_MS) {
		return; /* what that did may only show now */
	}
	l->last = rung;
}

static enum ladder_rung
end_illness(struct ladder *l)
{
	enum ladder_rung cure = l->last;

	l->last = LADDER_NONE;
	l->was_reset = false;
	l->awaits_answer = false;
	l->rests = 0;
	l->in_vain = 0;
	return cure;
}

enum ladder_rung
ladder_on_well(struct ladder *l, int64_t since_ms)
{
	if (since_ms >= LADDER_WELL_MS && l->unanswered == 0)
		memset(l->tries, 0, sizeof l->tries);
	if (!l->awaits_answer)
		return end_illness(l);
	l->was_reset = false;
	l->rests = 0;
	return LADDER_NONE;
}

enum ladder_rung
ladder_on_request(struct ladder *l, bool answered)
{
	if (!answered) {
		l->unanswered++;
		return LADDER_NONE;
	}
	l->unanswered = 0;
	memset(l->tries, 0, sizeof l->tries);
	return end_illness(l);
}

void
ladder_on_gone(struct ladder *l)
{
	l->was_reset = false;
}

bool
ladder_is_climbing(const struct ladder *l)
{
	return l->last != LADDER_NONE;
}

const char *
ladder_rung_name(enum ladder_rung rung)
{
	switch (rung) {
	case LADDER_NONE:
		return "none";
	case LADDER_ASK:
		return "ask";
	case LADDER_RESET:
		return "reset";
	case LADDER_REOPEN:
		return "reopen";
	case LADDER_RADIO:
		return "radio";
	case LADDER_REBOOT:
		return "reboot";
	case LADDER_POWER:
		return "power";
	case LADDER_PERSON:
		return "person";
	}
	return "?";
}
