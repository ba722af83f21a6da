/*
 * conf_modem: the keys of a modem, in a configuration and in the order
 * "set". Must name the key that is wrong, and take none that it does not
 * know.
 */
#include "tests/sim/conf.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/conf_inner.h"

#define AT(field) offsetof(struct conf_modem, options.field)
#define TEXT(field)                                                            \
	KEY_TEXT, AT(field), sizeof(((struct device_options *)0)->field), 0,   \
		0, NULL
#define INT(field, low, high) KEY_INT, AT(field), 0, low, high, NULL
#define MS(field)             KEY_MS, AT(field), 0, 0, 0, NULL
#define FLAG(field)           KEY_FLAG, AT(field), 0, 0, 0, NULL
#define SHIFT(field)          KEY_SHIFT, AT(field), 0, 0, 0, NULL
#define MODEM(field)          offsetof(struct conf_modem, field)
#define MODEM_TEXT(field)                                                      \
	KEY_TEXT, MODEM(field), sizeof(((struct conf_modem *)0)->field), 0, 0, \
		NULL
#define WORD(field, words) KEY_WORD, AT(field), 0, 0, 0, words

static const char *const oks[] = {"first", "last", "block", NULL};
const char *const conf_hang_cures[] = {
	"time", "atz", "cfun", "power", "esc", "reopen", "radio", NULL};
const char *const conf_hang_kinds[] = {"silent", "echo", "error", "ussd", NULL};
static const char *const roles[] = {"at", "mute", NULL};
static const char *const urc_ports[] = {
	"ports", "usbat", "usbmodem", "uart1", "all", NULL};
static const char *const ltes[] = {
	"family", "silent", "error_after", "error", "cusd_4", "nothing", NULL};
static const char *const clocks[] = {"right", "absent", "wrong", NULL};
static const char *const pin_states[] = {
	"READY", "SIM PIN", "SIM PUK", "absent", NULL};
static const char *const sms_forms[] = {
	"plain", "short", "quoted", "named", "same_line", NULL};
static const char *const charsets[] = {"", "GSM", "IRA", "UCS2", "HEX", NULL};

static const struct key keys[] = {
	{"name", TEXT(name)},
	{"dialect", TEXT(dialect)},
	{"manufacturer", TEXT(manufacturer)},
	{"model", TEXT(model)},
	{"imei", TEXT(imei)},
	{"imsi", TEXT(imsi)},
	{"iccid", TEXT(iccid)},
	{"msisdn", TEXT(msisdn)},
	{"operator", TEXT(operator_name)},
	{"pin_state", TEXT(pin_state)},
	{"sim_pin", TEXT(sim_pin)},
	{"sim_pin_tries", INT(sim_pin_tries, 0, 10)},
	{"sim_puk_tries", INT(sim_puk_tries, 0, 10)},
	{"sms_ready_ms", MS(sms_ready_ms)},
	{"cscs", TEXT(cscs)},
	{"registration", INT(registration, 0, 7)},
	{"signal", INT(signal, 0, 99)},
	{"cut", INT(cut, 0, 65536)},
	{"noise", FLAG(noise)},
	{"echo", FLAG(echo)},
	{"echo_lf", FLAG(echo_lf)},
	{"noise_cuts", INT(noise_cuts, 0, 100)},
	{"only_ok_to", TEXT(only_ok_to)},
	{"no_ok_to", TEXT(no_ok_to)},
	{"sleep_ms", MS(sleep_ms)},
	{"ate0_refused", INT(ate0_refused, 0, 1000)},
	{"ussdmode", INT(ussdmode, -1, 1)},
	{"ussdmode_text", INT(ussdmode_text, 0, 1)},
	{"lose_coding", FLAG(lose_coding)},
	{"lte_only", FLAG(lte_only)},
	{"lte_ussd", WORD(lte, ltes)},
	{"lte_code", INT(lte_code, 0, 65535)},
	{"act", INT(act, -1, 13)},
	{"clock", WORD(clock, clocks)},
	{"clock_shift_ms", SHIFT(clock_shift_ms)},
	{"zone_quarters", INT(zone_quarters, -48, 56)},
	{"nitz", FLAG(nitz)},
	{"urc_port", WORD(urc_port, urc_ports)},
	{"answer_on_sender", FLAG(answer_on_sender)},
	{"radio_stuck", FLAG(radio_stuck)},
	{"dcs", INT(dcs, -128, 255)},
	{"ok", WORD(order, oks)},
	{"delay_ms", KEY_PAIR, AT(delay_ms), 0, 0, 0, NULL},
	{"boot_ms", MS(boot_ms)},
	{"register_ms", MS(register_ms)},
	{"chatter_ms", MS(chatter_ms)},
	{"session_ms", MS(session_ms)},
	{"block_ms", MS(block_ms)},
	{"sm_size", INT(mail.sm_size, 0, STORE_MAX)},
	{"me_size", INT(mail.me_size, 0, STORE_MAX)},
	{"sms_first", INT(mail.first, 0, 1)},
	{"sms_form", WORD(mail.form, sms_forms)},
	{"sms_full_silent", FLAG(mail.full_silent)},
	{"sms_delay_ms", KEY_PAIR, AT(mail.delay_ms), 0, 0, 0, NULL},
	{"balance", KEY_MS, MODEM(balance_minor), 0, 0, 0, NULL},
	{"sysfs", KEY_FLAG, MODEM(sysfs), 0, 0, 0, NULL},
	{"usb", MODEM_TEXT(usb)},
	{"usb_id", MODEM_TEXT(usb_id)},
	{"tty", MODEM_TEXT(tty)},
};

/* Keys that stand beside the chances in "faults". */
static const struct key fault_keys[] = {
	{"late_ms", MS(late_ms)},
	{"twice_ms", MS(twice_ms)},
	{"vanish_ms", MS(vanish_ms)},
	{"replug_ms", MS(replug_ms)},
	{"hang_ms", MS(hang_ms)},
	{"prompt_ms", MS(mail.prompt_ms)},
	{"sms_late_ms", MS(mail.late_ms)},
	{"cme_code", INT(cme_code, 0, 65535)},
	{"cme_local_code", INT(cme_local_code, 0, 65535)},
	{"hang_cure", WORD(cure, conf_hang_cures)},
	{"hang_kind", WORD(hang_kind, conf_hang_kinds)},
};

static int
take_chance(struct conf_modem *modem, const char *name, json_t *value,
	struct conf_error *error)
{
	enum device_fault fault = device_fault_by_name(name);
	enum mail_fault mail_fault = mail_fault_by_name(name);
	double chance = json_number_value(value);
	if (fault == DEVICE_FAULTS && mail_fault == MAIL_FAULTS)
		return conf_fail(error, "faults.%s: no such fault", name);
	if (!json_is_number(value) || chance < 0 || chance > 1)
		return conf_fail(
			error, "faults.%s: expected a chance, 0 to 1", name);
	if (fault != DEVICE_FAULTS)
		modem->options.chance[fault] = chance;
	else
		modem->options.mail.chance[mail_fault] = chance;
	return 0;
}

static int
take_fault(struct conf_modem *modem, const char *name, json_t *value,
	struct conf_error *error)
{
	const struct key *key =
		conf_key_find(fault_keys, COUNT(fault_keys), name);
	return key != NULL ? conf_key_take(key, modem, value, error)
	                   : take_chance(modem, name, value, error);
}

static int
take_faults(struct conf_modem *modem, json_t *json, struct conf_error *error)
{
	const char *name;
	json_t *value;
	if (!json_is_object(json))
		return conf_fail(error, "faults: expected an object");
	json_object_foreach(json, name, value)
	{
		if (take_fault(modem, name, value, error) != 0)
			return -1;
	}
	return 0;
}

static int
take_transport(
	struct conf_modem *modem, json_t *value, struct conf_error *error)
{
	static const char *const names[] = {"pty", "tcp", NULL};
	int index = conf_word_index(names, json_string_value(value));
	if (index < 0)
		return conf_fail(error, "transport: expected pty or tcp");
	modem->tcp = index == 1;
	return 0;
}

/* What is set by ATs of one port; the device knows the rest. */
struct port_keys {
	struct conf_port port;
	int role;
	bool urc;
};

static int
take_port(
	struct conf_modem *modem, int i, json_t *json, struct conf_error *error)
{
#define PORT(field) offsetof(struct port_keys, field)
	static const struct key port_keys[] = {
		{"name", KEY_TEXT, PORT(port.name),
			sizeof(((struct conf_port *)0)->name), 0, 0, NULL},
		{"role", KEY_WORD, PORT(role), 0, 0, 0, roles},
		{"urc", KEY_FLAG, PORT(urc), 0, 0, 0, NULL},
		{"interface", KEY_INT, PORT(port.usb_interface), 0, 0, 255,
			NULL},
	};
	struct port_keys taken = {.port.usb_interface = i};
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		const struct key *key =
			conf_key_find(port_keys, COUNT(port_keys), name);
		if (key == NULL)
			return conf_fail(
				error, "ports[%d].%s: unknown key", i, name);
		if (conf_key_take(key, &taken, value, error) != 0)
			return -1;
	}
	modem->ports[i] = taken.port;
	modem->options.ports[i] = (struct device_port){
		.role = (enum device_role)taken.role, .urc = taken.urc};
	return 0;
}

static int
take_ports(struct conf_modem *modem, json_t *json, struct conf_error *error)
{
	size_t count = json_array_size(json);
	if (count < 1 || count > DEVICE_PORTS_MAX)
		return conf_fail(error, "ports: expected a list of 1 to %d",
			(int)DEVICE_PORTS_MAX);
	for (size_t i = 0; i < count; i++)
		if (take_port(modem, (int)i, json_array_get(json, i), error) !=
			0)
			return -1;
	modem->options.port_count = (int)count;
	return 0;
}

static int
check_words(const struct conf_modem *modem, struct conf_error *error)
{
	const struct device_options *options = &modem->options;
	if (conf_word_index(pin_states, options->pin_state) < 0)
		return conf_fail(error, "pin_state: expected READY, SIM PIN, "
					"SIM PUK or absent");
	if (conf_word_index(charsets, options->cscs) < 0)
		return conf_fail(error, "cscs: expected GSM, IRA, UCS2 or HEX");
	return 0;
}

int
conf_modem_keys(struct conf_modem *modem, json_t *json, enum conf_place place,
	struct conf_error *error)
{
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		const struct key *key = conf_key_find(keys, COUNT(keys), name);
		int result = 0;
		if (strcmp(name, "faults") == 0)
			result = take_faults(modem, value, error);
		else if (strcmp(name, "ports") == 0)
			result = take_ports(modem, value, error);
		else if (strcmp(name, "transport") == 0)
			result = take_transport(modem, value, error);
		else if (key != NULL)
			result = conf_key_take(key, modem, value, error);
		else if (place == CONF_IN_ORDER)
			result = take_fault(modem, name, value, error);
		else
			result = conf_fail(error, "%s: unknown key", name);
		if (result != 0)
			return result;
	}
	return check_words(modem, error);
}
