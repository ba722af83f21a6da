/*
 * config_build: a configuration while it is read, over libconfig. For the
 * files of config alone.
 */
#ifndef AGENT_CONFIG_BUILD_H
#define AGENT_CONFIG_BUILD_H

#include <libconfig.h>

#include "agent/config.h"
#include "agent/config_text.h"
#include "agent/problem.h"

struct config_build {
	struct config *config;
	struct problems *problems;
	const struct config_text *text;
	struct config_modem *modem; /* being read; NULL outside of modems */
};

/* A problem at a setting. */
#define CONFIG_WRONG(b, setting, ...)                                          \
	problems_add((b)->problems, config_place_of(b, setting).file,          \
		config_place_of(b, setting).line, __VA_ARGS__)
#define CONFIG_DOUBT(b, setting, ...)                                          \
	problems_warn((b)->problems, config_place_of(b, setting).file,         \
		config_place_of(b, setting).line, __VA_ARGS__)

struct config_key;

/* Takes a setting of the row's type, or tells what is wrong with it. */
typedef void config_take(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting);

/* A row of a table of keys. */
struct config_key {
	const char *name;
	int type; /* CONFIG_TYPE_... */
	config_take *take;
	size_t offset; /* of the value in struct config or config_modem */
};

/* All settings of a group, each by its row. */
void config_take_group(struct config_build *b, const config_setting_t *group,
	const struct config_key *keys, size_t count);

struct config_place config_place_of(
	const struct config_build *b, const config_setting_t *setting);

/* config_values.c. Those with an offset put a copy there. */
config_take config_take_text;
config_take config_take_path;
config_take config_take_directory; /* one that must exist */
config_take config_take_sim_pin_file;
config_take config_take_group_name;
config_take config_take_timezone;
config_take config_take_facility;
config_take config_take_level;
config_take config_take_program;
config_take config_take_duration; /* "15m", "off": 0 */
config_take config_take_word;     /* of CONFIG_NAME_MAX */
config_take config_take_flag;
config_take config_take_baud;

/* config_modem.c */
config_take config_take_modems;
const char *config_modem_key_at(size_t i); /* NULL past the end */

/* The folder of a file, for @include; the caller frees it. */
char *config_folder_of(const char *file);

#endif
