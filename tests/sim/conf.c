/*
 * conf: one table of keys for configurations and for the order "set".
 * Must name the key that is wrong, and take nothing that it does not know.
 */
#include "tests/sim/conf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/conf_inner.h"

enum key_type { KEY_TEXT, KEY_INT, KEY_MS, KEY_FLAG, KEY_PAIR, KEY_WORD };

struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	size_t size;              /* of KEY_TEXT */
	long low, high;           /* of KEY_INT */
	const char *const *words; /* of KEY_WORD, in the enum's order */
};

#define AT(field) offsetof(struct conf_modem, options.field)
#define TEXT(field)                                                            \
	KEY_TEXT, AT(field), sizeof(((struct device_options *)0)->field), 0,   \
		0, NULL
#define INT(field, low, high) KEY_INT, AT(field), 0, low, high, NULL
#define MS(field)             KEY_MS, AT(field), 0, 0, 0, NULL
#define FLAG(field)           KEY_FLAG, AT(field), 0, 0, 0, NULL
#define WORD(field, words)    KEY_WORD, AT(field), 0, 0, 0, words

static const char *const oks[] = {"first", "last", "block", NULL};
static const char *const cures[] = {"time", "atz", "cfun", "power", NULL};
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
	{"cscs", TEXT(cscs)},
	{"registration", INT(registration, 0, 7)},
	{"signal", INT(signal, 0, 99)},
	{"cut", INT(cut, 0, 65536)},
	{"noise", FLAG(noise)},
	{"echo", FLAG(echo)},
	{"ate0_refused", INT(ate0_refused, 0, 1000)},
	{"ussdmode", INT(ussdmode, -1, 1)},
	{"ussdmode_text", INT(ussdmode_text, 0, 1)},
	{"lose_coding", FLAG(lose_coding)},
	{"lte_only", FLAG(lte_only)},
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
	{"balance", KEY_MS, offsetof(struct conf_modem, balance_minor), 0, 0, 0,
		NULL},
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
	{"hang_cure", WORD(cure, cures)},
};

int
conf_fail(struct conf_error *error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	return -1;
}

static int
word_index(const char *const *words, const char *word)
{
	for (int i = 0; word != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static int
take_pair(int64_t pair[2], json_t *value, const char *name,
	struct conf_error *error)
{
	json_t *low = json_array_get(value, 0);
	json_t *high = json_array_get(value, 1);
	if (!json_is_integer(low) || !json_is_integer(high) ||
		json_array_size(value) != 2 || json_integer_value(low) < 0 ||
		json_integer_value(high) < json_integer_value(low))
		return conf_fail(error, "%s: expected [low, high]", name);
	pair[0] = json_integer_value(low);
	pair[1] = json_integer_value(high);
	return 0;
}

static int
take_text(char *out, size_t size, json_t *value, const char *name,
	struct conf_error *error)
{
	const char *text = json_string_value(value);
	if (text == NULL || strlen(text) >= size)
		return conf_fail(error,
			"%s: expected a string of at most %zu bytes", name,
			size - 1);
	(void)snprintf(out, size, "%s", text);
	return 0;
}

static int
take_key(const struct key *key, void *base, json_t *value,
	struct conf_error *error)
{
	void *field = (char *)base + key->offset;
	long long number = json_integer_value(value);
	int index = -1;
	switch (key->type) {
	case KEY_TEXT:
		return take_text(field, key->size, value, key->name, error);
	case KEY_PAIR:
		return take_pair(field, value, key->name, error);
	case KEY_INT:
		if (!json_is_integer(value) || number < key->low ||
			number > key->high)
			return conf_fail(error,
				"%s: expected a whole number, %ld to %ld",
				key->name, key->low, key->high);
		*(int *)field = (int)number;
		return 0;
	case KEY_MS:
		if (!json_is_integer(value) || number < 0)
			return conf_fail(error,
				"%s: expected a whole number, not negative",
				key->name);
		*(int64_t *)field = number;
		return 0;
	case KEY_FLAG:
		if (!json_is_boolean(value))
			return conf_fail(
				error, "%s: expected true or false", key->name);
		*(bool *)field = json_is_true(value);
		return 0;
	case KEY_WORD:
		index = word_index(key->words, json_string_value(value));
		if (index < 0)
			return conf_fail(error, "%s: expected one of %s, ...",
				key->name, key->words[0]);
		*(int *)field = index;
		return 0;
	}
	return -1;
}

static const struct key *
find_key(const struct key *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

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
	const struct key *key = find_key(fault_keys, COUNT(fault_keys), name);
	return key != NULL ? take_key(key, modem, value, error)
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
	int index = word_index(names, json_string_value(value));
	if (index < 0)
		return conf_fail(error, "transport: expected pty or tcp");
	modem->tcp = index == 1;
	return 0;
}

static int
check_words(const struct conf_modem *modem, struct conf_error *error)
{
	const struct device_options *options = &modem->options;
	if (word_index(pin_states, options->pin_state) < 0)
		return conf_fail(error, "pin_state: expected READY, SIM PIN, "
					"SIM PUK or absent");
	if (word_index(charsets, options->cscs) < 0)
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
		const struct key *key = find_key(keys, COUNT(keys), name);
		int result = 0;
		if (strcmp(name, "faults") == 0)
			result = take_faults(modem, value, error);
		else if (strcmp(name, "transport") == 0)
			result = take_transport(modem, value, error);
		else if (key != NULL)
			result = take_key(key, modem, value, error);
		else if (place == CONF_IN_ORDER)
			result = take_fault(modem, name, value, error);
		else
			result = conf_fail(error, "%s: unknown key", name);
		if (result != 0)
			return result;
	}
	return check_words(modem, error);
}

int
conf_swap_key(struct conf_swap *swap, const char *name, json_t *value,
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
	const struct key *key = find_key(swap_keys, COUNT(swap_keys), name);
	return key != NULL ? take_key(key, swap, value, error)
	                   : conf_fail(error, "%s: unknown key", name);
}

int
conf_sms_key(struct conf_sms *sms, const char *name, json_t *value,
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
	const struct key *key = find_key(sms_keys, COUNT(sms_keys), name);
	return key != NULL ? take_key(key, sms, value, error)
	                   : conf_fail(error, "%s: unknown key", name);
}

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
			if (take_text(card->voucher_pin,
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
		if (take_text(options->texts[i], sizeof options->texts[i],
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
		return take_text(options->currency, sizeof options->currency,
			value, name, error);
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
		if (word_index(names, name) < 0)
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
