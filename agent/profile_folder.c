/*
 * profile_folder: all profiles of two folders. Never takes a shipped profile
 * where the user has one of that name, not even where the user's is broken.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/problem.h"
#include "agent/profile_folder.h"

static const char ending[] = ".ini";

static int
is_profile(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > sizeof(ending) - 1 &&
	       strcmp(entry->d_name + len - (sizeof(ending) - 1), ending) == 0;
}

/* Names in any case of letters: a stem is one whatever its case. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	int order = strcasecmp((*a)->d_name, (*b)->d_name);

	return order != 0 ? order : strcmp((*a)->d_name, (*b)->d_name);
}

/* One folder's names, sorted. */
struct listing {
	const char *dir;
	struct dirent **entries;
	size_t count;
};

static int
listing_read(struct listing *listing, const char *dir)
{
	int n = scandir(dir, &listing->entries, is_profile, by_name);

	if (n < 0)
		return -errno;
	listing->dir = dir;
	listing->count = (size_t)n;
	return 0;
}

static void
listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->entries[i]);
	free(listing->entries);
}

static bool
listing_has(const struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcasecmp(listing->entries[i]->d_name, name) == 0)
			return true;
	return false;
}

static void
keep(struct profiles *set, struct profile *profile)
{
	struct profile **list =
		realloc(set->list, (set->count + 1) * sizeof(struct profile *));

	if (!list) {
		profile_unref(profile);
		return;
	}
	set->list = list;
	set->list[set->count++] = profile;
}

static void
read_one(struct profiles *set, const char *dir, const char *name,
	struct problems *problems)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
		(int)sizeof(path)) {
		problems_add(problems, dir, 0, "a path too long");
		return;
	}
	struct profile *profile = profile_read(path, problems);

	if (profile)
		keep(set, profile);
}

/* All of a folder, but for those that hidden_by has. */
static void
read_listing(struct profiles *set, const struct listing *listing,
	const struct listing *hidden_by, struct problems *problems)
{
	for (size_t i = 0; i < listing->count; i++) {
		const char *name = listing->entries[i]->d_name;

		if (listing_has(hidden_by, name))
			continue;
		if (i > 0 &&
			strcasecmp(listing->entries[i - 1]->d_name, name) == 0)
			problems_add(problems, listing->dir, 0,
				"%s and %s are one operator",
				listing->entries[i - 1]->d_name, name);
		else
			read_one(set, listing->dir, name, problems);
	}
}

struct profiles *
profiles_read(const char *dir, const char *more, struct problems *problems)
{
	struct profiles *set = calloc(1, sizeof(*set));
	struct listing first = {0};
	struct listing second = {0};

	if (!set) {
		problems_add(problems, dir, 0, "out of memory");
		return NULL;
	}
	int rc = listing_read(&first, dir);

	if (rc < 0)
		problems_add(
			problems, dir, 0, "cannot be read: %s", strerror(-rc));
	/* Where nothing was installed there is nothing to read. */
	rc = more ? listing_read(&second, more) : 0;
	if (rc < 0 && rc != -ENOENT)
		problems_add(
			problems, more, 0, "cannot be read: %s", strerror(-rc));
	read_listing(set, &first, &(struct listing){0}, problems);
	read_listing(set, &second, &first, problems);
	listing_free(&first);
	listing_free(&second);
	return set;
}

void
profiles_free(struct profiles *profiles)
{
	if (!profiles)
		return;
	for (size_t i = 0; i < profiles->count; i++)
		profile_unref(profiles->list[i]);
	free(profiles->list);
	free(profiles);
}

struct profile *
profiles_find(const struct profiles *profiles, struct span stem)
{
	for (size_t i = 0; i < profiles->count; i++) {
		struct profile *p = profiles->list[i];

		if (strlen(p->stem) == stem.len &&
			strncasecmp(p->stem, stem.ptr, stem.len) == 0)
			return p;
	}
	return NULL;
}

static bool
fits_imsi(const struct profile *p, struct span imsi)
{
	for (size_t i = 0; i < p->mcc_mnc_count; i++)
		if (span_starts(imsi, span_str(p->mcc_mnc[i])))
			return true;
	return false;
}

size_t
profiles_of_imsi(
	const struct profiles *profiles, struct span imsi, struct profile **out)
{
	size_t count = 0;

	for (size_t i = 0; i < profiles->count; i++) {
		if (!fits_imsi(profiles->list[i], imsi))
			continue;
		if (count++ == 0)
			*out = profiles->list[i];
	}
	return count;
}
