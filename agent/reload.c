/*
 * reload: a configuration with all its profiles, whole or not at all. Never
 * gives out settings that have a problem, and never changes those in use.
 */
#include "agent/reload.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent/problem.h"
#include "modem/modem.h"

/* Where "make install" puts the profiles that are shipped. */
static const char shipped_dir[] = TOPUP_DATADIR "/operators";

static struct profiles *
read_profiles(const struct config *config, struct problems *problems)
{
	/* A folder that was named and is missing was told by config; the
	 * default one need not be there. */
	if (access(config->operators_dir, F_OK) == 0)
		return profiles_read(
			config->operators_dir, shipped_dir, problems);
	if (access(shipped_dir, F_OK) == 0)
		return profiles_read(shipped_dir, NULL, problems);
	problems_add(problems, config->file, 0,
		"operators_dir: neither %s nor %s is there",
		config->operators_dir, shipped_dir);
	return NULL;
}

static bool
has_file(const char *dir, const char *stem)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s.ini", dir, stem) <
	               (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* One whose profile has problems of its own is not told as missing too. */
static void
check_operator(const struct config *config, const struct config_modem *modem,
	const struct profiles *profiles, struct problems *problems)
{
	if (strcmp(modem->operator, "auto") == 0 ||
		profiles_find(profiles, span_str(modem->operator)) ||
		has_file(config->operators_dir, modem->operator) ||
		has_file(shipped_dir, modem->operator))
		return;
	problems_add(problems, modem->file, modem->line,
		"operator: no profile '%s' in %s or %s", modem->operator,
		config->operators_dir, shipped_dir);
}

static void
check_dialect(const struct config_modem *modem, struct problems *problems)
{
	if (!modem_has_dialect(modem->dialect))
		problems_add(problems, modem->file, modem->line,
			"dialect: '%s' is none that is known", modem->dialect);
}

/* An account has one balance, and so one operator. */
static void
check_account(const struct config *config, const struct config_modem *modem,
	struct problems *problems)
{
	if (modem->account[0] == '\0' || strcmp(modem->operator, "auto") == 0)
		return;
	for (const struct config_modem *m = config->modems; m < modem; m++) {
		if (strcmp(m->account, modem->account) != 0 ||
			strcmp(m->operator, "auto") == 0 ||
			strcasecmp(m->operator, modem->operator) == 0)
			continue;
		problems_add(problems, modem->file, modem->line,
			"account: '%s' is one of %s in line %u already",
			modem->account, m->operator, m->line);
		return;
	}
}

bool
settings_read(const char *file, struct settings *out, struct problems *problems)
{
	struct settings settings = {.config = config_load(file, problems)};

	*out = (struct settings){0};
	if (!settings.config)
		return false;
	settings.profiles = read_profiles(settings.config, problems);
	for (size_t i = 0; i < settings.config->modem_count; i++) {
		const struct config_modem *modem = &settings.config->modems[i];

		if (settings.profiles)
			check_operator(settings.config, modem,
				settings.profiles, problems);
		check_dialect(modem, problems);
		check_account(settings.config, modem, problems);
	}
	if (problems_errors(problems) > 0) {
		settings_free(&settings);
		return false;
	}
	*out = settings;
	return true;
}

void
settings_free(struct settings *settings)
{
	profiles_free(settings->profiles);
	config_free(settings->config);
	*settings = (struct settings){0};
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void
settings_compare(const struct settings *old, const struct settings *new,
	struct problems *problems)
{
	const struct config *a = old->config;
	const struct config *b = new->config;
	const struct {
		const char *key;
		const char *was;
		const char *is;
	} fixed[] = {
		{"spool_dir", a->spool_dir, b->spool_dir},
		{"state_dir", a->state_dir, b->state_dir},
		{"runtime_dir", a->runtime_dir, b->runtime_dir},
		{"key_file", a->key_file, b->key_file},
		{"group", a->group, b->group},
		{"timezone", a->timezone, b->timezone},
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!is_same(fixed[i].was, fixed[i].is))
			problems_add(problems, b->file, 0,
				"%s: cannot change while the daemon runs: "
				"restart it",
				fixed[i].key);
	if (a->log_facility != b->log_facility ||
		a->log_level != b->log_level ||
		!is_same(a->log_socket, b->log_socket))
		problems_warn(problems, b->file, 0,
			"log: changes with the next start");
}
