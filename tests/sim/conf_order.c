/*
 * conf_order: the orders of the control socket.
 * Must refuse what it does not know, or a scenario tests nothing.
 */
#include "tests/sim/conf.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/conf_inner.h"
#include "tests/sim/network_sms.h"

static const struct {
	const char *name;
	enum order_kind kind;
	bool needs_modem;
} kinds[] = {
	{"set", ORDER_SET, true},
	{"reboot", ORDER_REBOOT, true},
	{"hang", ORDER_HANG, true},
	{"vanish", ORDER_VANISH, true},
	{"replug", ORDER_REPLUG, true},
	{"power", ORDER_POWER, true},
	{"push", ORDER_PUSH, true},
	{"print", ORDER_PRINT, true},
	{"foreign", ORDER_FOREIGN, true},
	{"flood", ORDER_FLOOD, true},
	{"swap", ORDER_SWAP, true},
	{"sms", ORDER_SMS, true},
	{"stored", ORDER_STORED, true},
	{"card", ORDER_CARD, false},
	{"state", ORDER_STATE, false},
	{"quit", ORDER_QUIT, false},
};

static int
find_kind(const char *name, struct order *order, bool *needs_modem)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			order->kind = kinds[i].kind;
			*needs_modem = kinds[i].needs_modem;
			return 0;
		}
	order->kind = ORDER_STRIKE;
	order->strike.fault = device_fault_by_name(name);
	*needs_modem = true;
	if (order->strike.fault != DEVICE_FAULTS)
		return 0;
	order->kind = ORDER_MAIL_STRIKE;
	order->mail_fault = mail_fault_by_name(name);
	return order->mail_fault == MAIL_FAULTS ? -1 : 0;
}

static int
take_swap_key(struct conf_swap *swap, const char *name, json_t *value,
	struct conf_error *error)
{
#define SWAP(field) offsetof(struct conf_swap, field)
#define SWAP_TEXT(field)                                                       \
	KEY_TEXT, SWAP(field), sizeof(((struct conf_swap *)0)->field), 0, 0,   \
		NULL
	static const struct key swap_keys[] = {
		{"imsi", SWAP_TEXT(imsi)},
		{"iccid", SWAP_TEXT(iccid)},
		{"msisdn", SWAP_TEXT(msisdn)},
		{"balance", KEY_MS, SWAP(balance_minor), 0, 0, 0, NULL},
		{"hot", KEY_FLAG, SWAP(hot), 0, 0, 0, NULL},
	};
	const struct key *key =
		conf_key_find(swap_keys, COUNT(swap_keys), name);
	return key != NULL ? conf_key_take(key, swap, value, error)
	                   : conf_fail(error, "%s: unknown key", name);
}

static int
take_sms_key(struct conf_sms *sms, const char *name, json_t *value,
	struct conf_error *error)
{
#define SMS(field) offsetof(struct conf_sms, field)
#define SMS_TEXT(field)                                                        \
	KEY_TEXT, SMS(field), sizeof(((struct conf_sms *)0)->field), 0, 0, NULL
	static const struct key sms_keys[] = {
		{"sender", SMS_TEXT(sender)},
		{"smsc", SMS_TEXT(smsc)},
		{"parts", SMS_TEXT(parts)},
		{"store", SMS_TEXT(store)},
		{"class", KEY_INT, SMS(message_class), 0, -1, 3, NULL},
		{"reference", KEY_INT, SMS(reference), 0, 0, 65535, NULL},
		{"wide", KEY_FLAG, SMS(wide), 0, 0, 0, NULL},
	};
	const struct key *key = conf_key_find(sms_keys, COUNT(sms_keys), name);
	return key != NULL ? conf_key_take(key, sms, value, error)
	                   : conf_fail(error, "%s: unknown key", name);
}

static int
take_word(int *out, const char *const *words, json_t *value,
	struct conf_error *error)
{
	*out = conf_word_index(words, json_string_value(value));
	return *out < 0 ? conf_fail(error, "hang: expected one of %s, ...",
				  words[0])
	                : 0;
}

static int
take_order_key(struct order *order, const char *name, json_t *value,
	struct conf_error *error)
{
	const char *text = json_string_value(value);
	if (strcmp(name, "order") == 0)
		return 0;
	if (strcmp(name, "modem") == 0 && text != NULL &&
		strlen(text) < sizeof order->modem)
		(void)snprintf(order->modem, sizeof order->modem, "%s", text);
	else if (order->kind == ORDER_SWAP)
		return take_swap_key(&order->swap, name, value, error);
	else if (strcmp(name, "text") == 0 && text != NULL &&
		 strlen(text) < sizeof order->text)
		(void)snprintf(order->text, sizeof order->text, "%s", text);
	else if (order->kind == ORDER_SMS || order->kind == ORDER_STORED)
		return take_sms_key(&order->sms, name, value, error);
	else if (strcmp(name, "renumber") == 0 && json_is_boolean(value))
		order->renumber = json_is_true(value);
	else if (strcmp(name, "kind") == 0 && order->kind == ORDER_HANG)
		return take_word(
			&order->hang_kind, conf_hang_kinds, value, error);
	else if (strcmp(name, "cure") == 0 && order->kind == ORDER_HANG)
		return take_word(
			&order->hang_cure, conf_hang_cures, value, error);
	else if (strcmp(name, "ms") == 0 && json_integer_value(value) > 0)
		order->ms = json_integer_value(value);
	else if (strcmp(name, "count") == 0 && order->kind == ORDER_FLOOD &&
		 json_integer_value(value) > 0 &&
		 json_integer_value(value) <= 1048576)
		order->count = (int)json_integer_value(value);
	else if (strcmp(name, "m") == 0 && json_is_integer(value))
		order->mode = (int)json_integer_value(value);
	else if (strcmp(name, "only_pin") == 0 && json_is_boolean(value))
		order->strike.only_pin = json_is_true(value);
	else
		return conf_fail(error, "%s: unknown key or wrong type", name);
	return 0;
}

static int
take_order(struct order *order, json_t *root, struct conf_error *error)
{
	const char *kind = json_string_value(json_object_get(root, "order"));
	bool needs_modem = false;
	const char *name;
	json_t *value;
	if (kind == NULL || find_kind(kind, order, &needs_modem) != 0)
		return conf_fail(error, "order: no such order");
	if (order->kind == ORDER_CARD)
		return conf_card_keys(&order->card, root, error);
	if (order->kind == ORDER_SET) {
		name = json_string_value(json_object_get(root, "modem"));
		(void)snprintf(order->modem, sizeof order->modem, "%s",
			name == NULL ? "" : name);
		(void)json_object_del(root, "modem");
		(void)json_object_del(root, "order");
		order->json = json_incref(root);
		return 0;
	}
	json_object_foreach(root, name, value)
	{
		if (take_order_key(order, name, value, error) != 0)
			return -1;
	}
	order->strike.ms = order->ms;
	if (needs_modem && order->modem[0] == '\0')
		return conf_fail(error, "modem: missing");
	if (order->kind == ORDER_SWAP && order->swap.imsi[0] == '\0')
		return conf_fail(error, "imsi: missing");
	return 0;
}

int
order_parse(const char *line, struct order *order, struct conf_error *error)
{
	json_error_t where;
	*order = (struct order){.count = 20000,
		.hang_kind = -1,
		.hang_cure = -1,
		.sms = {.sender = NETWORK_SMS_SENDER,
			.smsc = NETWORK_SMS_CENTRE,
			.store = "SM",
			.message_class = SMS_NO_CLASS}};
	json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL)
		return conf_fail(error, "no JSON: %.200s", where.text);
	int result = take_order(order, root, error);
	json_decref(root);
	return result;
}

void
order_fini(struct order *order)
{
	json_decref(order->json);
	order->json = NULL;
}

int
order_apply(const struct order *order, struct conf_modem *modem,
	struct conf_error *error)
{
	static const char *const fixed[] = {
		"name", "dialect", "transport", "imsi", "ports", "sysfs"};
	struct conf_modem changed = *modem;
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (json_object_get(order->json, fixed[i]) != NULL)
			return conf_fail(
				error, "%s: cannot be changed", fixed[i]);
	if (conf_modem_keys(&changed, order->json, CONF_IN_ORDER, error) != 0)
		return -1;
	*modem = changed;
	return 0;
}
