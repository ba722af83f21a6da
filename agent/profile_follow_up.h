/*
 * profile_follow_up: what an operator's profile dials after a recharge of the
 * SIM itself ([follow_up]). It must never make a code: they stand in the file
 * as they are dialled, and hold no PIN.
 */
#ifndef AGENT_PROFILE_FOLLOW_UP_H
#define AGENT_PROFILE_FOLLOW_UP_H

#include <stdbool.h>

#include "modem/span.h"

struct expression;
struct profile;

enum {
	PROFILE_STEPS_MAX = 9,
	PROFILE_FOLLOW_UP_MAX = 100, /* bytes of a code, with its NUL */
	/* of all of them as profile_list_follow_ups() writes them */
	PROFILE_FOLLOW_UPS_MAX = PROFILE_STEPS_MAX * (PROFILE_FOLLOW_UP_MAX + 2)
};

/* The one of step n stands at n - 1; code is "" where there is none. */
struct profile_follow_up {
	char code[PROFILE_FOLLOW_UP_MAX];
	struct expression *answer; /* what its answer must match */
};

/* All of them, as an attempt keeps them: "STEP CODE\n" for each, in order; ""
 * where there is none. out has PROFILE_FOLLOW_UPS_MAX bytes. */
void profile_list_follow_ups(const struct profile *profile, char *out);

/* The one with that code, whatever its step is now; NULL: none has it. */
const struct profile_follow_up *profile_find_follow_up(
	const struct profile *profile, const char *code);

/* Whether a text is what one of them must answer. */
bool profile_is_followed_by(const struct profile *profile, struct span text);

#endif
