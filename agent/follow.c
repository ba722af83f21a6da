/*
 * follow: see follow.h.
 */
#include "agent/follow.h"

enum { REST_MS = 5000, REST_DOUBLINGS = 4 };

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The end of a recharge may be told twice, like any text: not into the
 * session of the code. */
static int64_t
may_go_ms(const struct follow_case *c)
{
	int64_t apart =
		c->last_ended_ms > 0 ? c->last_ended_ms + c->apart_ms : 0;
	return later(apart, c->quiet_until_ms);
}

enum follow_answer
follow_next(const struct follow_case *c, int64_t *until_ms)
{
	*until_ms = FOLLOW_NEVER;
	if (!c->owed)
		return FOLLOW_NOTHING;
	if (!c->in_profile)
		return FOLLOW_DROP;
	if (c->paused || c->flies)
		return FOLLOW_WAIT;
	int64_t at_ms = may_go_ms(c);
	if (c->now_ms >= at_ms)
		return FOLLOW_DIAL;
	*until_ms = at_ms;
	return FOLLOW_WAIT;
}

bool
follow_is_answer(const struct follow_text *t)
{
	return t->matches && !t->is_copy;
}

bool
follow_owes_text(const struct follow_text *t)
{
	if (t->is_copy)
		return true;
	return t->is_verdict && (!t->matches || t->in_doubt);
}

int64_t
follow_rest_ms(unsigned tries)
{
	unsigned doublings = tries > 0 ? tries - 1 : 0;
	if (doublings > REST_DOUBLINGS)
		doublings = REST_DOUBLINGS;
	return REST_MS * ((int64_t)1 << doublings);
}
