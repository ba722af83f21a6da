/*
 * reload: builds a new configuration with its profiles, validates it whole,
 * and swaps it in or refuses it. Also the one reading at start and for
 * --check.
 */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/config.h"
#include "agent/profile_folder.h"

struct problems;

struct settings {
	struct config *config;
	struct profiles *profiles;
};

/*
 * Reads the configuration and all its profiles, with what holds between
 * them (operators that exist, devices not named twice). false when there is
 * any error; *out is then empty. The caller frees it with settings_free().
 */
bool settings_read(
	const char *file, struct settings *out, struct problems *problems);
void settings_free(struct settings *settings);

/*
 * What cannot change while the daemon runs (directories, key, group, time
 * zone): adds an error for each that differs.
 */
void settings_compare(const struct settings *old, const struct settings *new,
	struct problems *problems);

#endif
