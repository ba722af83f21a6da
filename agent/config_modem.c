/*
 * config_modem: the list of modems. Never lets two entries name one device:
 * two owners would talk into each other's sessions.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config_build.h"
#include "modem/port.h"

#define AT(member) offsetof(struct config_modem, member)

static config_take take_port;

static const struct config_key keys[] = {
	{"name", CONFIG_TYPE_STRING, config_take_word, AT(name)},
	{"port", CONFIG_TYPE_STRING, take_port, AT(port)},
	{"operator", CONFIG_TYPE_STRING, config_take_word, AT(operator)},
	{"sim_pin_file", CONFIG_TYPE_STRING, config_take_sim_pin_file,
		AT(sim_pin_file)},
	{"baud", CONFIG_TYPE_INT, config_take_baud, AT(baud)},
	{"dialect", CONFIG_TYPE_STRING, config_take_word, AT(dialect)},
	{"roaming", CONFIG_TYPE_BOOL, config_take_flag, AT(roaming)},
	{"account", CONFIG_TYPE_STRING, config_take_word, AT(account)},
	{"power_command", CONFIG_TYPE_STRING, config_take_program,
		AT(power_command)},
};

const char *
config_modem_key_at(size_t i)
{
	return i < sizeof(keys) / sizeof(keys[0]) ? keys[i].name : NULL;
}

static void
take_port(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	const char *where = config_setting_get_string(setting);
	char identity[PATH_MAX];
	bool doubt;
	const char *complaint = port_complaint(where, &doubt);

	if (complaint && doubt)
		CONFIG_DOUBT(b, setting, "port: %s", complaint);
	else if (complaint)
		CONFIG_WRONG(b, setting, "port: %s", complaint);
	if (port_identity(where, identity, sizeof(identity)) != 0)
		return;
	config_take_text(b, key, setting);
	free(b->modem->identity);
	b->modem->identity = strdup(identity);
	if (!b->modem->identity)
		abort();
}

/* " of ", where the other one stands in another file. */
static const char *
elsewhere(const struct config_modem *other, const struct config_modem *modem)
{
	return strcmp(other->file, modem->file) == 0 ? "" : " of ";
}

/* Against all entries before it. */
static void
check_unique(struct config_build *b, const config_setting_t *setting)
{
	const struct config_modem *modem = b->modem;

	for (const struct config_modem *m = b->config->modems; m < modem; m++) {
		if (modem->name[0] != '\0' && strcmp(m->name, modem->name) == 0)
			CONFIG_WRONG(b, setting,
				"a modem named '%s' stands in line %u%s%s "
				"already",
				m->name, m->line, elsewhere(m, modem),
				elsewhere(m, modem)[0] ? m->file : "");
		if (modem->identity && m->identity &&
			strcmp(m->identity, modem->identity) == 0)
			CONFIG_WRONG(b, setting,
				"%s is the same device as %s in line %u%s%s",
				modem->port, m->port, m->line,
				elsewhere(m, modem),
				elsewhere(m, modem)[0] ? m->file : "");
	}
}

static void
take_modem(struct config_build *b, const config_setting_t *setting)
{
	static const struct config_modem defaults = {
		.operator= "auto", .dialect = "auto", .baud = 115200};

	if (config_setting_type(setting) != CONFIG_TYPE_GROUP) {
		CONFIG_WRONG(b, setting, "modems: a list of { ... }");
		return;
	}
	b->modem = &b->config->modems[b->config->modem_count++];
	*b->modem = defaults;
	b->modem->line = config_place_of(b, setting).line;
	b->modem->file = strdup(config_place_of(b, setting).file);
	if (!b->modem->file)
		abort(); /* a path's worth of memory */
	config_take_group(b, setting, keys, sizeof(keys) / sizeof(keys[0]));
	if (!config_setting_get_member(setting, "name"))
		CONFIG_WRONG(b, setting, "a modem without a name");
	if (!config_setting_get_member(setting, "port"))
		CONFIG_WRONG(b, setting, "a modem without a port");
	check_unique(b, setting);
	b->modem = NULL;
}

void
config_take_modems(struct config_build *b, const struct config_key *key,
	const config_setting_t *setting)
{
	int count = config_setting_length(setting);

	(void)key;
	b->config->modems =
		calloc((size_t)count + 1, sizeof(struct config_modem));
	if (!b->config->modems) {
		CONFIG_WRONG(b, setting, "out of memory");
		return;
	}
	for (int i = 0; i < count; i++)
		take_modem(b, config_setting_get_elem(setting, (unsigned)i));
}
