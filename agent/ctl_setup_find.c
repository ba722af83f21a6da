/*
 * ctl_setup_find: the modems of this machine, and those that a person names.
 * Nothing is dialled but the balance code, where that was agreed to; a serial
 * adapter is asked only where that was, since anything may be behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl_probe.h"
#include "agent/ctl_setup.h"
#include "modem/port.h"

enum { DEVICES_MAX = 48 };

static struct setup_modem *
add(struct setup *setup, const char *port)
{
	struct setup_modem *m = &setup->modems[setup->modem_count];
	for (size_t i = 0; i < setup->modem_count; i++)
		if (strcmp(setup->modems[i].probed, port) == 0)
			return NULL;
	if (setup->modem_count == SETUP_MODEMS_MAX ||
		strlen(port) >= sizeof(m->probed))
		return NULL;
	setup->modem_count++;
	*m = (struct setup_modem){.operator= "auto" };
	(void)snprintf(m->probed, sizeof(m->probed), "%s", port);
	return m;
}

/* ---- where to look ------------------------------------------------------ */

static int
add_devices(struct setup *setup)
{
	static struct port_device devices[DEVICES_MAX];
	int count = port_devices(devices, DEVICES_MAX);
	bool ask_adapters = false;
	size_t adapters = 0, modems = 0;
	for (int i = 0; i < count; i++)
		*(devices[i].is_adapter ? &adapters : &modems) += 1;
	setup_tell(setup,
		"USB devices with serial ports: %zu, and %zu serial "
		"adapter%s\n",
		modems, adapters, adapters == 1 ? "" : "s");
	if (adapters > 0) {
		int rc = setup_ask_flag(setup, "adapters", NULL,
			"Look for modems behind the serial adapters, too? "
			"They are sent \"AT\"",
			&ask_adapters);
		if (rc != 0)
			return rc;
	}
	for (int i = 0; i < count; i++) {
		char port[SETUP_IDENT_MAX], lasting[SETUP_VALUE_MAX];
		if (devices[i].is_adapter && !ask_adapters)
			continue;
		probe_lasting_name(devices[i].path, lasting, sizeof(lasting));
		if (devices[i].is_adapter)
			(void)snprintf(port, sizeof(port), "%.127s", lasting);
		else
			(void)snprintf(port, sizeof(port), "usb:%.39s",
				devices[i].device);
		struct setup_modem *m = add(setup, port);
		if (m != NULL)
			m->usb = !devices[i].is_adapter;
	}
	return 0;
}

/* A list, with commas; each must be a name of a port. */
static const char *
complain_of_ports(const struct setup *setup, const char *value)
{
	(void)setup;
	char list[SETUP_VALUE_MAX], *at = list, *word;
	(void)snprintf(list, sizeof(list), "%s", value);
	while ((word = strsep(&at, ", ")) != NULL) {
		bool doubt = false;
		const char *wrong =
			word[0] == '\0' ? NULL : port_complaint(word, &doubt);
		if (wrong != NULL && !doubt)
			return wrong;
	}
	return NULL;
}

static int
add_others(struct setup *setup)
{
	const struct setup_question q = {.key = "ports",
		.text = "Other ports with modems: paths or tcp://ADDRESS:PORT, "
			"with commas; Enter for none",
		.fallback = "",
		.complaint = complain_of_ports};
	char list[SETUP_VALUE_MAX], *at = list, *word;
	int rc = setup_ask(setup, &q, list);
	while (rc == 0 && (word = strsep(&at, ", ")) != NULL)
		if (word[0] != '\0')
			(void)add(setup, word);
	return rc;
}

/* ---- who they are ------------------------------------------------------- */

static void
on_found(void *ctx, struct probe_found *found)
{
	struct setup_modem *m = ctx;
	const struct modem_info *info = &found->info;
	m->answers = info->manufacturer[0] != '\0' || info->model[0] != '\0' ||
	             info->imei[0] != '\0';
	(void)snprintf(m->make, sizeof(m->make), "%s%s%s", info->manufacturer,
		info->model[0] != '\0' ? " " : "", info->model);
	(void)snprintf(m->imei, sizeof(m->imei), "%s", info->imei);
	(void)snprintf(m->imsi, sizeof(m->imsi), "%s", info->imsi);
	(void)snprintf(m->network, sizeof(m->network), "%s", info->network);
	(void)snprintf(m->why, sizeof(m->why), "%s", found->why);
	(void)snprintf(m->balance, sizeof(m->balance), "%s", found->balance);
	if (found->profile != NULL)
		(void)snprintf(m->operator, sizeof(m->operator), "%s",
			found->profile->stem);
	m->profiles = found->profiles;
	m->needs_pin = strstr(found->why, "SIM PIN") != NULL;
	m->roams = info->registration == 5; /* 27.007 7.2 */
}

static void
tell_modem(const struct setup *setup, const struct setup_modem *m)
{
	if (!m->answers) {
		setup_tell(setup, "  no modem answers%s%s\n",
			m->why[0] != '\0' ? ": " : "", m->why);
		return;
	}
	setup_tell(setup, "  %s, IMEI %s, %s%s%s%s%s\n", m->make,
		m->imei[0] != '\0' ? m->imei : "not told",
		m->profiles == 1 ? "SIM of " : "no operator known",
		m->profiles == 1 ? m->operator: "",
		m->network[0] != '\0' ? ", network " : "", m->network,
		m->roams ? ", roaming" : "");
	if (m->why[0] != '\0')
		setup_tell(setup, "  not ready: %s\n", m->why);
	if (m->balance[0] != '\0')
		setup_tell(setup, "  balance: %s\n", m->balance);
}

static int
probe_one(struct setup *setup, struct setup_modem *m, bool balance)
{
	const struct probe_wish wish = {.port = m->probed,
		.baud = PROBE_BAUD,
		.dialect = "auto",
		.balance = balance,
		.profiles = setup->profiles};
	char why[128] = "";
	setup_tell(setup, "%s ...\n", m->probed);
	if (probe_port(&wish, on_found, m, why, sizeof(why)) != 0)
		(void)snprintf(m->why, sizeof(m->why), "%s", why);
	tell_modem(setup, m);
	return strcmp(m->why, "interrupted") == 0 ? -ECANCELED : 0;
}

/* ---- what they are called ------------------------------------------------ */

static size_t
count_imei(const struct setup *setup, const char *imei)
{
	size_t count = 0;
	for (size_t i = 0; i < setup->modem_count; i++)
		count += strcmp(setup->modems[i].imei, imei) == 0;
	return count;
}

/* A USB modem by its IMEI, in whatever place; but some makes give one number
 * to all of them. */
static void
name_port(const struct setup *setup, struct setup_modem *m)
{
	bool own = m->imei[0] != '\0' && count_imei(setup, m->imei) == 1;
	char name[SETUP_VALUE_MAX];
	(void)snprintf(name, sizeof(name), "imei:%s", m->imei);
	bool doubt = false;
	bool may = port_complaint(name, &doubt) == NULL;
	(void)snprintf(m->port, sizeof(m->port), "%s",
		m->usb && own && may ? name : m->probed);
	(void)snprintf(
		m->ident, sizeof(m->ident), "%s", own ? m->imei : m->probed);
}

int
setup_find(struct setup *setup)
{
	bool balance = false;
	int rc = add_devices(setup);
	if (rc == 0)
		rc = add_others(setup);
	if (rc == 0 && setup->modem_count > 0)
		rc = setup_ask_flag(setup, "balance", NULL,
			"Ask each operator for the balance, once? Some charge "
			"for it",
			&balance);
	for (size_t i = 0; rc == 0 && i < setup->modem_count; i++)
		rc = probe_one(setup, &setup->modems[i], balance);
	for (size_t i = 0; rc == 0 && i < setup->modem_count; i++)
		name_port(setup, &setup->modems[i]);
	if (rc == -ECANCELED && setup->answers != NULL)
		ctl_say(setup->ctl, "interrupted: nothing was written");
	return rc;
}
