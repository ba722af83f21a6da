/*
 * config: topupd.conf into plain values. Never goes on after a syntax error,
 * and never opens what the values name.
 */
#include "agent/config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "agent/config_build.h"

#define AT(member) offsetof(struct config, member)

static config_take take_log, take_alarms, take_interval, take_metrics_file;

enum { INTERVAL_MIN_MS = 15000 };

static const struct config_key keys[] = {
	{"spool_dir", CONFIG_TYPE_STRING, config_take_path, AT(spool_dir)},
	{"state_dir", CONFIG_TYPE_STRING, config_take_path, AT(state_dir)},
	{"runtime_dir", CONFIG_TYPE_STRING, config_take_path, AT(runtime_dir)},
	{"operators_dir", CONFIG_TYPE_STRING, config_take_directory,
		AT(operators_dir)},
	{"key_file", CONFIG_TYPE_STRING, config_take_path, AT(key_file)},
	{"group", CONFIG_TYPE_STRING, config_take_group_name, AT(group)},
	{"timezone", CONFIG_TYPE_STRING, config_take_timezone, AT(timezone)},
	{"on_event", CONFIG_TYPE_STRING, config_take_program, AT(on_event)},
	{"metrics_file", CONFIG_TYPE_STRING, take_metrics_file,
		AT(metrics_file)},
	{"metrics_interval", CONFIG_TYPE_STRING, take_interval,
		AT(metrics_interval_ms)},
	{"alarms", CONFIG_TYPE_GROUP, take_alarms, 0},
	{"log", CONFIG_TYPE_GROUP, take_log, 0},
	{"modems", CONFIG_TYPE_LIST, config_take_modems, 0},
};

static const struct config_key log_keys[] = {
	{"facility", CONFIG_TYPE_STRING, config_take_facility,
		AT(log_facility)},
	{"level", CONFIG_TYPE_STRING, config_take_level, AT(log_level)},
	{"socket", CONFIG_TYPE_STRING, config_take_path, AT(log_socket)},
};

static const struct config_key alarm_keys[] = {
	{"idle", CONFIG_TYPE_STRING, config_take_duration, AT(idle_ms)},
	{"unknown", CONFIG_TYPE_STRING, config_take_duration, AT(unknown_ms)},
	{"modem_down", CONFIG_TYPE_STRING, config_take_duration,
		AT(modem_down_ms)},
};

const char *
config_key_at(const char *group, size_t i)
{
	static const struct {
		const char *group;
		const struct config_key *keys;
		size_t count;
	} groups[] = {{"", keys, sizeof(keys) / sizeof(keys[0])},
		{"log", log_keys, sizeof(log_keys) / sizeof(log_keys[0])},
		{"alarms", alarm_keys,
			sizeof(alarm_keys) / sizeof(alarm_keys[0])}};

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		if (strcmp(group, groups[g].group) == 0 && i < groups[g].count)
			return groups[g].keys[i].name;
	return strcmp(group, "modems") == 0 ? config_modem_key_at(i) : NULL;
}

static void
take_log(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	(void)key;
	config_take_group(
		b, setting, log_keys, sizeof(log_keys) / sizeof(log_keys[0]));
}

static void
take_alarms(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	(void)key;
	config_take_group(b, setting, alarm_keys,
		sizeof(alarm_keys) / sizeof(alarm_keys[0]));
}

static void
take_metrics_file(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *path = config_setting_get_string(setting);
	const char *dot = strrchr(path, '.');

	config_take_path(b, key, setting);
	if (!dot || strcmp(dot, ".prom") != 0)
		CONFIG_DOUBT(b, setting,
			"%s: node_exporter reads only files whose name ends "
			"in .prom",
			key->name);
}

/* Each writing costs a disk something. */
static void
take_interval(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	config_take_duration(b, key, setting);
	if (b->config->metrics_interval_ms < INTERVAL_MIN_MS)
		CONFIG_WRONG(b, setting, "%s: at least 15s", key->name);
}

struct config_place
config_place_of(const struct config_build *b, const config_setting_t *setting)
{
	return config_text_where(b->text, config_setting_source_line(setting));
}

static const char *
type_name(int type)
{
	switch (type) {
	case CONFIG_TYPE_STRING:
		return "a text in quotes";
	case CONFIG_TYPE_INT:
		return "a whole number";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group { ... }";
	case CONFIG_TYPE_LIST:
		return "a list ( ... )";
	default:
		return "of another type";
	}
}

void
config_take_group(struct config_build *b, const config_setting_t *group,
	const struct config_key *table, size_t count)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting =
			config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(setting);
		size_t row = 0;

		while (row < count && strcmp(table[row].name, name) != 0)
			row++;
		if (row == count)
			CONFIG_WRONG(b, setting, "unknown key '%s'", name);
		else if (config_setting_type(setting) != table[row].type)
			CONFIG_WRONG(b, setting, "%s must be %s", name,
				type_name(table[row].type));
		else
			table[row].take(b, &table[row], setting);
	}
}

static void
default_text(char **value, const char *text)
{
	if (!*value)
		*value = strdup(text);
}

/* The contract's values where the file has none. */
static void
fill_defaults(struct config *c)
{
	default_text(&c->spool_dir, "/var/spool/topupd");
	default_text(&c->state_dir, "/var/lib/topupd");
	default_text(&c->runtime_dir, "/run/topupd");
	default_text(&c->operators_dir, "/etc/topupd/operators");
	default_text(&c->log_socket, "/dev/log");
	if (c->key_file || !c->state_dir)
		return;
	if (asprintf(&c->key_file, "%s/pin.key", c->state_dir) < 0)
		c->key_file = NULL;
}

static bool
is_complete(const struct config *c)
{
	return c->file && c->spool_dir && c->state_dir && c->runtime_dir &&
	       c->operators_dir && c->key_file && c->log_socket;
}

static void
take_root(struct config_build *b, config_t *parsed)
{
	const config_setting_t *root = config_root_setting(parsed);

	config_take_group(b, root, keys, sizeof(keys) / sizeof(keys[0]));
	fill_defaults(b->config);
	if (b->config->modem_count == 0)
		problems_warn(b->problems, b->config->file, 0,
			"no modems: nothing can be dialled");
	if (!is_complete(b->config))
		problems_add(b->problems, b->config->file, 0, "out of memory");
}

/* false after telling. */
static bool
parse(config_t *parsed, const struct config_text *text,
	struct problems *problems)
{
	if (config_read_string(parsed, text->text) == CONFIG_TRUE)
		return true;
	struct config_place where =
		config_text_where(text, (unsigned)config_error_line(parsed));

	problems_add(problems, where.file, where.line, "%s",
		config_error_text(parsed));
	return false;
}

static struct config *
new_config(const char *file)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		abort(); /* while starting */
	config->file = strdup(file);
	config->log_facility = LOG_DAEMON;
	config->log_level = LOG_AT_INFO;
	config->metrics_interval_ms = INT64_C(60) * 1000;
	config->idle_ms = INT64_C(4) * 3600 * 1000;
	config->unknown_ms = INT64_C(24) * 3600 * 1000;
	config->modem_down_ms = INT64_C(15) * 60 * 1000;
	return config;
}

struct config *
config_load(const char *file, struct problems *problems)
{
	struct config_text text;
	config_t parsed;

	if (config_scan(file, &text, problems) != 0)
		return NULL;
	struct config *config = new_config(file);
	struct config_build b = {
		.config = config, .problems = problems, .text = &text};

	config_init(&parsed);
	if (config->file && parse(&parsed, &text, problems)) {
		take_root(&b, &parsed);
	} else {
		config_free(config);
		config = NULL;
	}
	config_destroy(&parsed);
	config_text_fini(&text);
	return config;
}

void
config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->modem_count; i++) {
		free(config->modems[i].port);
		free(config->modems[i].identity);
		free(config->modems[i].sim_pin_file);
		free(config->modems[i].power_command);
		free(config->modems[i].file);
	}
	free(config->modems);
	free(config->file);
	free(config->spool_dir);
	free(config->state_dir);
	free(config->runtime_dir);
	free(config->operators_dir);
	free(config->key_file);
	free(config->group);
	free(config->timezone);
	free(config->log_socket);
	free(config->on_event);
	free(config->metrics_file);
	free(config);
}
