/*
 * profile_follow_up: see profile_follow_up.h.
 */
#include "agent/profile_follow_up.h"

#include <stdio.h>
#include <string.h>

#include "agent/profile.h"

void
profile_list_follow_ups(const struct profile *profile, char *out)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < PROFILE_STEPS_MAX; i++) {
		const char *code = profile->follow_ups[i].code;

		if (code[0] != '\0') /* fits: see the maximum */
			len += (size_t)snprintf(out + len,
				PROFILE_FOLLOW_UPS_MAX - len, "%d %s\n", i + 1,
				code);
	}
}

const struct profile_follow_up *
profile_find_follow_up(const struct profile *profile, const char *code)
{
	for (int i = 0; i < PROFILE_STEPS_MAX; i++)
		if (code[0] != '\0' &&
			strcmp(profile->follow_ups[i].code, code) == 0)
			return &profile->follow_ups[i];
	return NULL;
}

bool
profile_is_followed_by(const struct profile *profile, struct span text)
{
	for (int i = 0; i < PROFILE_STEPS_MAX; i++)
		if (profile->follow_ups[i].answer &&
			expression_matches(profile->follow_ups[i].answer, text))
			return true;
	return false;
}
