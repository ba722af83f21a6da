/*
 * conf: the configuration's network, cards and list of modems.
 * Must name the key that is wrong, and take nothing that it does not know.
 */
#include "tests/sim/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/conf_inner.h"

int
conf_card_keys(struct conf_card *card, json_t *json, struct conf_error *error)
{
	const char *name;
	json_t *value;
	*card = (struct conf_card){.state = CARD_GOOD};
	json_object_foreach(json, name, value)
	{
		const char *text = json_string_value(value);
		int i = 0;
		if (strcmp(name, "pin") == 0 && text != NULL) {
			if (conf_text_take(card->voucher_pin,
				    sizeof card->voucher_pin, value, name,
				    error) != 0)
				return -1;
		} else if (strcmp(name, "amount") == 0 &&
			   json_integer_value(value) > 0) {
			card->amount_minor = json_integer_value(value);
		} else if (strcmp(name, "state") == 0 && text != NULL) {
			while (i <= CARD_BLOCKED &&
				strcmp(text, card_state_name(
						     (enum card_state)i)) != 0)
				i++;
			if (i > CARD_BLOCKED)
				return conf_fail(error, "state: %s", text);
			card->state = (enum card_state)i;
		} else if (strcmp(name, "order") != 0) {
			return conf_fail(
				error, "%s: unknown key or wrong type", name);
		}
	}
	if (card->voucher_pin[0] == '\0')
		return conf_fail(error, "pin: missing");
	return 0;
}

static int
take_texts(
	struct network_options *options, json_t *json, struct conf_error *error)
{
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		int i = 0;
		while (i < NETWORK_TEXTS &&
			strcmp(name, network_text_name((enum network_text)i)) !=
				0)
			i++;
		if (i == NETWORK_TEXTS)
			return conf_fail(error, "texts.%s: no such text", name);
		if (conf_text_take(options->texts[i], sizeof options->texts[i],
			    value, name, error) != 0)
			return -1;
	}
	return json_is_object(json)
	               ? 0
	               : conf_fail(error, "texts: expected an object");
}

static int
take_accounts(struct conf *conf, json_t *json, struct conf_error *error)
{
	const char *name;
	json_t *value;
	conf->accounts =
		calloc(json_object_size(json) + 1, sizeof *conf->accounts);
	if (conf->accounts == NULL)
		abort();
	json_object_foreach(json, name, value)
	{
		struct conf_account *account =
			&conf->accounts[conf->account_count];
		if (!json_is_integer(value) ||
			strlen(name) >= sizeof account->number)
			return conf_fail(
				error, "accounts.%s: expected a balance", name);
		(void)snprintf(
			account->number, sizeof account->number, "%s", name);
		account->balance_minor = json_integer_value(value);
		conf->account_count++;
	}
	return 0;
}

static int
take_network_key(struct conf *conf, const char *name, json_t *value,
	struct conf_error *error)
{
	struct network_options *options = &conf->network;
	if (strcmp(name, "texts") == 0)
		return take_texts(options, value, error);
	if (strcmp(name, "accounts") == 0)
		return take_accounts(conf, value, error);
	if (strcmp(name, "currency") == 0)
		return conf_text_take(options->currency,
			sizeof options->currency, value, name, error);
	if (strcmp(name, "lock_after") == 0 && json_is_integer(value) &&
		json_integer_value(value) >= 0)
		options->lock_after = (int)json_integer_value(value);
	else if (strcmp(name, "count_all") == 0 && json_is_boolean(value))
		options->count_all = json_is_true(value);
	else if (strcmp(name, "sms_verdict") == 0 && json_is_boolean(value))
		options->sms_verdict = json_is_true(value);
	else if (strcmp(name, "sms_copy") == 0 && json_is_boolean(value))
		options->sms_copy = json_is_true(value);
	else
		return conf_fail(error, "%s: unknown key or wrong type", name);
	return 0;
}

static int
take_network(struct conf *conf, json_t *json, struct conf_error *error)
{
	const char *name;
	json_t *value;
	if (json != NULL && !json_is_object(json))
		return conf_fail(error, "network: expected an object");
	json_object_foreach(json, name, value)
	{
		struct conf_error inner = {""};
		if (take_network_key(conf, name, value, &inner) != 0)
			return conf_fail(error, "network.%.200s", inner.text);
	}
	return 0;
}

/* Names become files; devices and SIMs stand alone. */
static int
check_modem(const struct conf *conf, size_t i, struct conf_error *error)
{
	const struct device_options *options = &conf->modems[i].options;
	if (options->name[0] == '\0' || options->name[0] == '.' ||
		strchr(options->name, '/') != NULL)
		return conf_fail(error, "name: missing, or no file name");
	if (options->imsi[0] == '\0')
		return conf_fail(error, "imsi: missing");
	for (size_t k = 0; k < i; k++) {
		const struct device_options *other = &conf->modems[k].options;
		if (strcmp(other->name, options->name) == 0)
			return conf_fail(error, "name: twice");
		if (strcmp(other->imsi, options->imsi) == 0)
			return conf_fail(error, "imsi: twice");
	}
	return 0;
}

static int
take_modem(struct conf *conf, size_t i, json_t *json, struct conf_error *error)
{
	struct conf_modem *modem = &conf->modems[i];
	const char *dialect =
		json_string_value(json_object_get(json, "dialect"));
	if (dialect == NULL)
		dialect = "standard";
	*modem = (struct conf_modem){
		.usb = "1-1", .usb_id = "12d1:1001", .tty = "ttyUSB"};
	if (device_defaults(&modem->options, dialect) != 0)
		return conf_fail(
			error, "dialect: no such dialect: %s", dialect);
	if (conf_modem_keys(modem, json, CONF_IN_FILE, error) != 0)
		return -1;
	return check_modem(conf, i, error);
}

static int
take_modems(struct conf *conf, json_t *json, struct conf_error *error)
{
	size_t i;
	json_t *value;
	if (!json_is_array(json) || json_array_size(json) == 0)
		return conf_fail(error, "modems: expected a list");
	conf->modem_count = json_array_size(json);
	conf->modems = calloc(conf->modem_count, sizeof *conf->modems);
	if (conf->modems == NULL)
		abort();
	json_array_foreach(json, i, value)
	{
		struct conf_error inner = {""};
		if (take_modem(conf, i, value, &inner) != 0)
			return conf_fail(
				error, "modems[%zu].%.200s", i, inner.text);
	}
	return 0;
}

static int
take_cards(struct conf *conf, json_t *json, struct conf_error *error)
{
	size_t i;
	json_t *value;
	if (json != NULL && !json_is_array(json))
		return conf_fail(error, "cards: expected a list");
	conf->card_count = json_array_size(json);
	conf->cards = calloc(conf->card_count + 1, sizeof *conf->cards);
	if (conf->cards == NULL)
		abort();
	json_array_foreach(json, i, value)
	{
		struct conf_error inner = {""};
		if (conf_card_keys(&conf->cards[i], value, &inner) != 0)
			return conf_fail(
				error, "cards[%zu].%.200s", i, inner.text);
	}
	return 0;
}

static int
take_root(struct conf *conf, json_t *root, struct conf_error *error)
{
	static const char *const names[] = {
		"seed", "network", "modems", "cards", NULL};
	const char *name;
	json_t *value;
	json_object_foreach(root, name, value)
	{
		if (conf_word_index(names, name) < 0)
			return conf_fail(error, "%s: unknown key", name);
	}
	conf->seed =
		(uint64_t)json_integer_value(json_object_get(root, "seed"));
	if (take_network(conf, json_object_get(root, "network"), error) != 0 ||
		take_modems(conf, json_object_get(root, "modems"), error) != 0)
		return -1;
	return take_cards(conf, json_object_get(root, "cards"), error);
}

int
conf_read(const char *path, struct conf *conf, struct conf_error *error)
{
	json_error_t where;
	*conf = (struct conf){0};
	network_defaults(&conf->network);
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL)
		return conf_fail(
			error, "%s:%d: %.200s", path, where.line, where.text);
	int result = json_is_object(root)
	                     ? take_root(conf, root, error)
	                     : conf_fail(error, "expected an object");
	json_decref(root);
	return result;
}

void
conf_free(struct conf *conf)
{
	free(conf->modems);
	free(conf->cards);
	free(conf->accounts);
	*conf = (struct conf){0};
}
