/*
 * conf_order: the orders of the control socket.
 * Must refuse what it does not know, or a scenario tests nothing.
 */
#include "tests/sim/conf.h"

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
	{"push", ORDER_PUSH, true},
	{"print", ORDER_PRINT, true},
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
		return conf_swap_key(&order->swap, name, value, error);
	else if (strcmp(name, "text") == 0 && text != NULL &&
		 strlen(text) < sizeof order->text)
		(void)snprintf(order->text, sizeof order->text, "%s", text);
	else if (order->kind == ORDER_SMS || order->kind == ORDER_STORED)
		return conf_sms_key(&order->sms, name, value, error);
	else if (strcmp(name, "ms") == 0 && json_integer_value(value) > 0)
		order->ms = json_integer_value(value);
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
	*order = (struct order){.sms = {.sender = NETWORK_SMS_SENDER,
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
		"name", "dialect", "transport", "imsi"};
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
