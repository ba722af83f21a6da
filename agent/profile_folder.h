/*
 * profile_folder: the set of operators, read from their folders. Whose SIM it
 * is is never guessed: where several fit, it says how many.
 */
#ifndef AGENT_PROFILE_FOLDER_H
#define AGENT_PROFILE_FOLDER_H

#include "agent/profile.h"

/* All *.ini of a folder and then of a second (NULL: none); a stem that the
 * first has is not read from the second. The caller frees the set. */
struct profiles {
	struct profile **list;
	size_t count;
};
struct profiles *profiles_read(
	const char *dir, const char *more, struct problems *problems);
void profiles_free(struct profiles *profiles);

/* By stem, in any case of letters; NULL when there is none. Borrowed. */
struct profile *profiles_find(
	const struct profiles *profiles, struct span stem);

/* Those whose mcc_mnc begins the IMSI: how many; *out is the first. */
size_t profiles_of_imsi(const struct profiles *profiles, struct span imsi,
	struct profile **out);

#endif
