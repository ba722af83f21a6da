/*
 * config_values: what each value of a configuration may be. Never takes a
 * relative path: the daemon has no folder of its own to begin at.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config_build.h"
#include "agent/duration.h"
#include "modem/span.h"
#include "agent/sim_pin.h"

static void *
value_at(const struct config_build *b, const struct config_key *key)
{
	char *base = b->modem ? (char *)b->modem : (char *)b->config;

	return base + key->offset;
}

/* Printable throughout: such a text comes back in messages. */
static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

void
config_take_text(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);
	char **value = value_at(b, key);

	if (text[0] == '\0' || !is_plain(text)) {
		CONFIG_WRONG(b, setting,
			"%s: empty, or with a control "
			"character",
			key->name);
		return;
	}
	free(*value);
	*value = strdup(text);
}

/* false after telling. */
static bool
check_path(struct config_build *b, const config_setting_t *setting)
{
	if (config_setting_get_string(setting)[0] == '/')
		return true;
	CONFIG_WRONG(b, setting, "%s: a path must begin with /",
		config_setting_name(setting));
	return false;
}

void
config_take_path(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	if (check_path(b, setting))
		config_take_text(b, key, setting);
}

/* What must be there. false after telling. */
static bool
check_mode(struct config_build *b, const config_setting_t *setting, mode_t kind,
	const char *noun)
{
	const char *path = config_setting_get_string(setting);
	struct stat st;

	if (stat(path, &st) < 0)
		CONFIG_WRONG(b, setting, "%s: %s: %s",
			config_setting_name(setting), path, strerror(errno));
	else if ((st.st_mode & S_IFMT) != kind)
		CONFIG_WRONG(b, setting, "%s: %s is not a %s",
			config_setting_name(setting), path, noun);
	else
		return true;
	return false;
}

void
config_take_directory(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	if (check_path(b, setting) &&
		check_mode(b, setting, S_IFDIR, "directory"))
		config_take_text(b, key, setting);
}

/* The modem would find out only when its SIM asks. */
static void
check_sim_pin(struct config_build *b, const config_setting_t *setting)
{
	struct sim_pin_file file = {.len = 0};
	const char *name = config_setting_name(setting);
	const char *path = config_setting_get_string(setting);
	int rc = sim_pin_read(path, &file);

	if (rc != 0 && rc != -EFBIG)
		CONFIG_WRONG(
			b, setting, "%s: %s: %s", name, path, strerror(-rc));
	else if (rc != 0 || sim_pin_in(&file).len == 0)
		CONFIG_WRONG(b, setting,
			"%s: there is no PIN of 4 to 8 digits in %s", name,
			path);
	explicit_bzero(&file, sizeof(file));
}

void
config_take_sim_pin_file(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	struct stat st;

	if (!check_path(b, setting) || !check_mode(b, setting, S_IFREG, "file"))
		return;
	config_take_text(b, key, setting);
	if (stat(config_setting_get_string(setting), &st) == 0 &&
		(st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		CONFIG_DOUBT(b, setting,
			"%s: others may read or change it: chmod 0400, owned "
			"by the daemon's user",
			key->name);
	check_sim_pin(b, setting);
}

/* One that the daemon's user can run; whether it does well is not tried. */
static bool
check_program(struct config_build *b, const config_setting_t *setting)
{
	const char *path = config_setting_get_string(setting);

	if (!check_path(b, setting) || !check_mode(b, setting, S_IFREG, "file"))
		return false;
	if (access(path, X_OK) == 0)
		return true;
	CONFIG_WRONG(b, setting, "%s: %s is not a program, or may not be run",
		config_setting_name(setting), path);
	return false;
}

void
config_take_program(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	if (check_program(b, setting))
		config_take_text(b, key, setting);
}

static bool
is_group(const char *name)
{
	struct group group;
	struct group *found = NULL;
	char members[4096];
	int rc = getgrnam_r(name, &group, members, sizeof(members), &found);

	/* ERANGE: a group with very many members */
	return rc == 0 ? found != NULL : rc == ERANGE;
}

void
config_take_group_name(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *name = config_setting_get_string(setting);

	if (!is_group(name))
		CONFIG_WRONG(
			b, setting, "%s: no group '%s' here", key->name, name);
	else
		config_take_text(b, key, setting);
}

/*
 * An unknown zone would silently be UTC, and "hours" wrong by hours. UTC
 * needs no file, where tzdata is not installed.
 */
void
config_take_timezone(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *name = config_setting_get_string(setting);
	struct stat st;
	char *path = NULL;

	if (asprintf(&path, "/usr/share/zoneinfo/%s", name) < 0)
		path = NULL;
	if (strcmp(name, "UTC") != 0 &&
		(strstr(name, "..") || name[0] == '/' || !path ||
			stat(path, &st) < 0 || !S_ISREG(st.st_mode)))
		CONFIG_WRONG(b, setting, "%s: no time zone '%s' here",
			key->name, name);
	else
		config_take_text(b, key, setting);
	free(path);
}

void
config_take_facility(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *name = config_setting_get_string(setting);

	if (log_facility_from_name(name, value_at(b, key)) < 0)
		CONFIG_WRONG(b, setting, "%s: no syslog facility '%s'",
			key->name, name);
}

void
config_take_level(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *name = config_setting_get_string(setting);

	if (log_level_from_name(name, value_at(b, key)) < 0)
		CONFIG_WRONG(b, setting,
			"%s: error, warning, notice, info or debug, not '%s'",
			key->name, name);
}

/* A name stands in file names, tables and arguments: no blanks, and no dash
 * or point in front. */
static bool
is_word(const char *text)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-";

	return text[0] != '\0' && text[0] != '.' && text[0] != '-' &&
	       text[strspn(text, signs)] == '\0' &&
	       strlen(text) < CONFIG_NAME_MAX;
}

void
config_take_word(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);

	if (is_word(text))
		memcpy(value_at(b, key), text, strlen(text) + 1);
	else
		CONFIG_WRONG(b, setting,
			"%s: letters, digits, '_', '.' and '-', at most %d",
			key->name, CONFIG_NAME_MAX - 1);
}

void
config_take_flag(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	*(bool *)value_at(b, key) = config_setting_get_bool(setting);
}

void
config_take_duration(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	struct span text = span_str(config_setting_get_string(setting));
	int64_t ms = 0;

	if (!span_eq(text, span_str("off")) && duration_parse(text, &ms) < 0)
		CONFIG_WRONG(b, setting,
			"%s: a whole number with s, m, h or d, such as "
			"\"15m\"; or \"off\"",
			key->name);
	else
		*(int64_t *)value_at(b, key) = ms;
}

/* The slowest and the fastest that Linux knows (termios(3)). */
void
config_take_baud(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	int baud = config_setting_get_int(setting);

	if (baud < 50 || baud > 4000000)
		CONFIG_WRONG(b, setting, "%s: from 50 to 4000000", key->name);
	else
		*(unsigned *)value_at(b, key) = (unsigned)baud;
}
