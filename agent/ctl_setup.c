/*
 * ctl_setup: the way from a fresh machine to a configuration that passes the
 * check: finds modems, asks the few things that only a person knows, writes,
 * and says what comes next. It starts nothing.
 */
#include "agent/ctl_setup.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/json.h"
#include "agent/problem.h"
#include "agent/profile_folder.h"

/* ---- what an answer may be ------------------------------------------------
 */

static const char *
complain_of_name(const struct setup *setup, const char *value)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-";
	if (strcmp(value, "-") == 0)
		return NULL; /* left out */
	if (value[0] == '\0' || value[0] == '.' || value[0] == '-' ||
		value[strspn(value, signs)] != '\0' ||
		strlen(value) >= CONFIG_NAME_MAX)
		return "letters, digits, '_', '.' and '-', at most 31; or - "
		       "alone to leave the modem out";
	for (size_t i = 0; i < setup->modem_count; i++)
		if (strcmp(setup->modems[i].name, value) == 0)
			return "another modem has that name";
	return NULL;
}

static const char *
complain_of_operator(const struct setup *setup, const char *value)
{
	if (strcmp(value, "auto") == 0 ||
		profiles_find(setup->profiles, span_str(value)) != NULL)
		return NULL;
	return "there is no such profile";
}

static const char *
complain_of_file(const struct setup *setup, const char *value)
{
	struct stat st;
	(void)setup;
	if (value[0] == '\0')
		return NULL;
	if (value[0] != '/' || stat(value, &st) != 0 || !S_ISREG(st.st_mode))
		return "no such file; a path begins with /";
	return NULL;
}

static const char *
complain_of_group(const struct setup *setup, const char *value)
{
	(void)setup;
	return strcmp(value, "none") == 0 || value[0] == '\0' ||
	                       getgrnam(value) != NULL
	               ? NULL
	               : "there is no such group here; none for the daemon's "
	                 "own";
}

static const char *
complain_of_zone(const struct setup *setup, const char *value)
{
	char path[SETUP_VALUE_MAX + 32];
	struct stat st;
	(void)setup;
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", value);
	if (value[0] == '\0' || strcmp(value, "system") == 0 ||
		strcmp(value, "UTC") == 0 ||
		(value[0] != '/' && strstr(value, "..") == NULL &&
			stat(path, &st) == 0 && S_ISREG(st.st_mode)))
		return NULL;
	return "there is no such zone here; as in /usr/share/zoneinfo: "
	       "Africa/Lagos";
}

static const char *
complain_of_path(const struct setup *setup, const char *value)
{
	(void)setup;
	return value[0] == '\0' || value[0] == '/' ? NULL
	                                           : "a path must begin with /";
}

/* ---- what is asked ---------------------------------------------------------
 */

/* Not asked of a person: who needs other folders knows the answers file, or
 * has them already. */
static int
ask_folders(struct setup *setup)
{
	const struct config *b = setup->before;
	const struct {
		const char *key, *before, *usual;
		char *out;
	} rows[] = {{"spool_dir", b ? b->spool_dir : NULL, "/var/spool/topupd",
			    setup->spool_dir},
		{"state_dir", b ? b->state_dir : NULL, "/var/lib/topupd",
			setup->state_dir},
		{"runtime_dir", b ? b->runtime_dir : NULL, "/run/topupd",
			setup->runtime_dir},
		{"operators_dir", b ? b->operators_dir : NULL,
			"/etc/topupd/operators", setup->operators_dir}};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool kept = rows[i].before != NULL &&
		            strcmp(rows[i].before, rows[i].usual) != 0;
		const struct setup_question q = {.key = rows[i].key,
			.fallback = kept ? rows[i].before : "",
			.complaint = complain_of_path};
		rc = setup_ask(setup, &q, rows[i].out);
	}
	return rc;
}

static void
read_profiles(struct setup *setup)
{
	struct problems *problems = problems_new();
	const char *shipped = TOPUP_DATADIR "/operators";
	const char *own = setup->operators_dir[0] != '\0'
	                          ? setup->operators_dir
	                          : "/etc/topupd/operators";
	bool has_own = access(own, F_OK) == 0;
	/* What is wrong with them the check tells. */
	setup->profiles = profiles_read(
		has_own ? own : shipped, has_own ? shipped : NULL, problems);
	problems_free(problems);
}

static int
ask_operator(struct setup *setup, struct setup_modem *m)
{
	char known[SETUP_VALUE_MAX]; /* the answer takes its place */
	(void)snprintf(known, sizeof(known), "%s", m->operator);
	const struct setup_question q = {.key = "operator",
		.subject = m->ident,
		.text = m->profiles == 1
	                        ? NULL
	                        : "  its operator (a profile's name; auto: by "
	                          "the SIM, once a profile fits)",
		.fallback = known,
		.complaint = complain_of_operator};
	return setup_ask(setup, &q, m->operator);
}

static int
ask_pin_file(struct setup *setup, struct setup_modem *m)
{
	const struct setup_question q = {.key = "sim_pin_file",
		.subject = m->ident,
		.text = m->needs_pin
	                        ? "  its SIM asks for its PIN: a file with "
	                          "it (mode 0400); Enter for later"
	                        : NULL,
		.fallback = "",
		.complaint = complain_of_file};
	return setup_ask(setup, &q, m->sim_pin_file);
}

/* As it was called before, or by the lowest number that nobody has. */
static void
find_name(const struct setup *setup, const struct setup_modem *m,
	char out[CONFIG_NAME_MAX])
{
	const struct config *b = setup->before;
	for (size_t i = 0; b != NULL && i < b->modem_count; i++) {
		(void)snprintf(out, CONFIG_NAME_MAX, "%s", b->modems[i].name);
		if (strcmp(b->modems[i].port, m->port) == 0 &&
			complain_of_name(setup, out) == NULL)
			return;
	}
	for (unsigned n = 1;; n++) {
		(void)snprintf(out, CONFIG_NAME_MAX, "modem%u", n);
		if (complain_of_name(setup, out) == NULL)
			return;
	}
}

static int
ask_modem(struct setup *setup, struct setup_modem *m)
{
	char fallback[CONFIG_NAME_MAX], text[SETUP_VALUE_MAX];
	find_name(setup, m, fallback);
	(void)snprintf(text, sizeof(text), "Name of %.60s (%.100s), - for none",
		m->make[0] != '\0' ? m->make : "the modem", m->ident);
	const struct setup_question q = {.key = "modem",
		.subject = m->ident,
		.text = m->answers ? text : NULL,
		.fallback = m->answers ? fallback : "-",
		.complaint = complain_of_name};
	char name[SETUP_VALUE_MAX];
	int rc = setup_ask(setup, &q, name);
	if (rc == 0 && strcmp(name, "-") != 0)
		(void)snprintf(m->name, sizeof(m->name), "%s", name);
	if (rc != 0 || m->name[0] == '\0')
		return rc;
	rc = ask_operator(setup, m);
	if (rc == 0)
		rc = ask_pin_file(setup, m);
	if (rc == 0 && m->roams)
		rc = setup_ask_flag(setup, "roaming", m->ident,
			"  it is in a foreign network: may it be used there?",
			&m->may_roam);
	return rc;
}

/* An answer may name a modem that is not here now, by its IMEI. */
static int
take_absent(struct setup *setup)
{
	const char *subject, *value;
	unsigned line;
	while ((subject = setup_answers_left(
			setup->answers, "modem", &value, &line)) != NULL) {
		struct setup_modem *m = &setup->modems[setup->modem_count];
		char port[SETUP_VALUE_MAX];
		bool is_imei = strspn(subject, "0123456789") == 15 &&
		               subject[15] == '\0';
		(void)snprintf(port, sizeof(port), "imei:%.200s", subject);
		if (!is_imei || setup->modem_count == SETUP_MODEMS_MAX ||
			complain_of_name(setup, value) != NULL) {
			ctl_say(setup->ctl,
				"line %u: no modem was found that modem.%s "
				"names",
				line, subject);
			return -EINVAL;
		}
		if (strcmp(value, "-") == 0)
			continue;
		setup->modem_count++;
		*m = (struct setup_modem){.operator= "auto" };
		(void)snprintf(m->ident, sizeof(m->ident), "%.100s", subject);
		(void)snprintf(m->port, sizeof(m->port), "%s", port);
		(void)snprintf(m->name, sizeof(m->name), "%s", value);
		(void)snprintf(m->why, sizeof(m->why), "it is not here now");
		int rc = ask_operator(setup, m);
		if (rc == 0)
			rc = ask_pin_file(setup, m);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
ask_modems(struct setup *setup)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < setup->modem_count; i++)
		rc = ask_modem(setup, &setup->modems[i]);
	return rc == 0 ? take_absent(setup) : rc;
}

static int
ask_people(struct setup *setup)
{
	const struct config *b = setup->before;
	const char *usual = getgrnam("topup") != NULL ? "topup" : "none";
	const struct setup_question group = {.key = "group",
		.text = "Group whose members may use topupctl and drop files; "
			"none for the daemon's own",
		.fallback = b != NULL && b->group != NULL ? b->group : usual,
		.complaint = complain_of_group};
	const struct setup_question zone = {.key = "timezone",
		.text = "Time zone of the cards' dates and hours",
		.fallback = b != NULL && b->timezone != NULL ? b->timezone
	                                                     : "system",
		.complaint = complain_of_zone};
	int rc = setup_ask(setup, &group, setup->group);
	if (rc == 0)
		rc = setup_ask(setup, &zone, setup->timezone);
	if (strcmp(setup->group, "none") == 0)
		setup->group[0] = '\0';
	if (strcmp(setup->timezone, "system") == 0)
		setup->timezone[0] = '\0';
	return rc;
}

/* ---- the end ---------------------------------------------------------------
 */

static size_t
count_named(const struct setup *setup)
{
	size_t count = 0;
	for (size_t i = 0; i < setup->modem_count; i++)
		count += setup->modems[i].name[0] != '\0';
	return count;
}

static struct json *
shape_modem(const struct setup_modem *m)
{
	struct json *o = json_new_object();
	json_put_text(o, "name", m->name);
	json_put_text(o, "port", m->port);
	json_put_text(o, "operator", m->operator);
	json_put_text(o, "make", m->make);
	json_put_text(o, "imei", m->imei);
	json_put_text(o, "network", m->network);
	json_put_text(o, "balance_text", m->balance);
	json_put_flag(o, "ok", m->why[0] == '\0');
	json_put_text(o, "why", m->why);
	return o;
}

static void
show_json(const struct setup *setup, char next[SETUP_NEXT][400])
{
	struct json *o = json_new_object();
	struct json *modems = json_new_array(), *commands = json_new_array();
	for (size_t i = 0; i < setup->modem_count; i++)
		json_add(modems, shape_modem(&setup->modems[i]));
	for (size_t i = 0; i < SETUP_NEXT; i++)
		json_add(commands, json_new_text(next[i]));
	json_put_text(o, "file", setup->file);
	json_put_text(o, "kept", setup->kept);
	json_put(o, "modems", modems);
	json_put(o, "next", commands);
	ctl_show_json(o);
	json_free(o);
}

static void
show_end(const struct setup *setup)
{
	char next[SETUP_NEXT][400];
	size_t named = count_named(setup);
	setup_next(setup, next);
	if (setup->ctl->json) {
		show_json(setup, next);
		return;
	}
	setup_tell(setup, "\n%s is written, with %zu modem%s.\n", setup->file,
		named, named == 1 ? "" : "s");
	if (setup->kept[0] != '\0')
		setup_tell(setup,
			"The one before is kept as %s; keys that setup does "
			"not ask for are only there.\n",
			setup->kept);
	if (named == 0)
		setup_tell(setup,
			"No modem was found: plug one in and call setup "
			"--force again.\n");
	for (size_t i = 0; i < setup->modem_count; i++)
		if (setup->modems[i].name[0] != '\0' &&
			strcmp(setup->modems[i].operator, "auto") == 0)
			setup_tell(setup,
				"No profile is known to fit %s: see "
				"topupd-operator(5).\n",
				setup->modems[i].name);
	setup_tell(setup, "Next:\n");
	for (size_t i = 0; i < SETUP_NEXT; i++)
		setup_tell(setup, "  %s\n", next[i]);
}

static int
go(struct setup *setup)
{
	int rc = ask_folders(setup);
	if (rc != 0)
		return rc;
	read_profiles(setup);
	rc = setup_find(setup);
	if (rc == 0)
		rc = ask_modems(setup);
	if (rc == 0)
		rc = ask_people(setup);
	if (rc == 0)
		rc = setup_write(setup);
	if (rc == 0)
		show_end(setup);
	return rc;
}

/* NULL where it is not there, or no good one. */
static struct config *
read_before(const char *file)
{
	struct problems *problems = problems_new();
	struct config *config = config_load(file, problems);
	if (config != NULL && problems_errors(problems) > 0) {
		config_free(config);
		config = NULL;
	}
	problems_free(problems);
	return config;
}

int
ctl_run_setup(struct ctl *ctl)
{
	const char *answers = ctl_option_value(ctl, "answers");
	bool force = ctl_option_value(ctl, "force") != NULL;
	if (answers == NULL && (ctl->json || isatty(STDIN_FILENO) != 1))
		return ctl_wrong(ctl,
			"setup asks a person at a terminal, or reads "
			"--answers FILE");
	struct setup *setup = calloc(1, sizeof(*setup));
	if (setup == NULL)
		abort();
	setup->ctl = ctl;
	setup->file = ctl->config != NULL ? ctl->config : CTL_CONFIG_DEFAULT;
	int rc = -EINVAL;
	if (strlen(setup->file) >= SETUP_VALUE_MAX)
		ctl_say(ctl, "the name of the file is too long");
	else if (!setup_is_taken(setup, force))
		rc = 0;
	if (rc == 0 && answers != NULL) {
		setup->answers = setup_answers_read(ctl, answers);
		rc = setup->answers != NULL ? 0 : -EINVAL;
	}
	if (rc == 0)
		setup->before = read_before(setup->file);
	if (rc == 0)
		rc = go(setup);
	config_free(setup->before);
	profiles_free(setup->profiles);
	setup_answers_free(setup->answers);
	free(setup);
	return rc == 0 ? CTL_DONE : CTL_REFUSED;
}
