/*
 * world: makes modems and network, and does what orders say.
 * Must never read a clock, a file or a descriptor.
 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fail(struct conf_error *error, const char *format, const char *name)
{
	(void)snprintf(error->text, sizeof error->text, format, name);
	return -1;
}

static int
add_modem(struct world *world, const struct conf_modem *conf,
	struct sim_hook hook, uint64_t seed)
{
	const struct device_options *options = &conf->options;
	struct world_modem *modem = &world->modems[world->count];
	if (network_add_account(world->network, options->imsi, options->msisdn,
		    conf->balance_minor) != 0)
		return -1;
	modem->conf = *conf;
	modem->device = device_new(options, world->network, hook, seed);
	if (modem->device == NULL)
		return -1;
	world->count++;
	return 0;
}

int
world_init(struct world *world, const struct conf *conf, struct sim_hook hook,
	struct conf_error *error)
{
	*world = (struct world){0};
	world->network = network_new(&conf->network, hook);
	world->modems = calloc(conf->modem_count, sizeof *world->modems);
	if (world->modems == NULL)
		abort();
	for (size_t i = 0; i < conf->modem_count; i++)
		if (add_modem(world, &conf->modems[i], hook, conf->seed) != 0)
			return fail(error, "modem %s: msisdn: twice",
				conf->modems[i].options.name);
	for (size_t i = 0; i < conf->account_count; i++)
		if (network_add_account(world->network, NULL,
			    conf->accounts[i].number,
			    conf->accounts[i].balance_minor) != 0)
			return fail(error, "network.accounts.%s: twice",
				conf->accounts[i].number);
	for (size_t i = 0; i < conf->card_count; i++)
		(void)network_add_card(world->network,
			conf->cards[i].voucher_pin, conf->cards[i].amount_minor,
			conf->cards[i].state);
	return 0;
}

void
world_fini(struct world *world)
{
	for (size_t i = 0; i < world->count; i++)
		device_free(world->modems[i].device);
	free(world->modems);
	network_free(world->network);
	*world = (struct world){0};
}

void
world_start(struct world *world, int64_t now_ms)
{
	for (size_t i = 0; i < world->count; i++)
		device_start(world->modems[i].device, now_ms);
}

/* A line that grows. */
struct answer {
	char *text;
	size_t len;
	size_t cap;
};

static void
make_room(struct answer *answer, size_t more)
{
	while (answer->len + more >= answer->cap) {
		answer->cap = answer->cap == 0 ? 1024 : answer->cap * 2;
		answer->text = realloc(answer->text, answer->cap);
		if (answer->text == NULL)
			abort();
	}
}

static void
put(struct answer *answer, const char *format, ...)
{
	enum { PIECE = 512 };
	va_list args;
	make_room(answer, PIECE);
	va_start(args, format);
	int n = vsnprintf(answer->text + answer->len, PIECE, format, args);
	va_end(args);
	answer->len += n < PIECE ? (size_t)n : PIECE - 1;
}

static void
put_string(struct answer *answer, const char *text)
{
	make_room(answer, strlen(text) * 6 + 3);
	(void)sim_json_string(answer->text, answer->cap, &answer->len, text);
	answer->text[answer->len] = '\0';
}

static char *
say_state(const struct network *network)
{
	struct answer answer = {0};
	const struct network_account *account;
	const struct network_card *card;
	put(&answer, "{\"accounts\":{");
	for (size_t i = 0; (account = network_account_at(network, i)); i++) {
		put(&answer, i == 0 ? "" : ",");
		put_string(&answer, account->key);
		put(&answer,
			":{\"balance\":%" PRId64
			",\"wrong_in_a_row\":%d,\"locked\":%s}",
			account->balance_minor, account->wrong_in_a_row,
			account->locked ? "true" : "false");
	}
	put(&answer, "},\"cards\":{");
	for (size_t i = 0; (card = network_card_at(network, i)); i++) {
		put(&answer, i == 0 ? "" : ",");
		put_string(&answer, card->voucher_pin);
		put(&answer,
			":{\"state\":\"%s\",\"executed\":%u,\"credited_to\":",
			card_state_name(card->state), card->executed);
		if (card->credited_to[0] == '\0')
			put(&answer, "null");
		else
			put_string(&answer, card->credited_to);
		put(&answer, "}");
	}
	put(&answer, "}}");
	return answer.text;
}

static char *
say_refused(const struct conf_error *error)
{
	struct answer answer = {0};
	put(&answer, "{\"ok\":false,\"error\":");
	put_string(&answer, error->text);
	put(&answer, "}");
	return answer.text;
}

static int
set(struct world *world, struct world_modem *modem, int64_t now_ms,
	const struct order *order, struct conf_error *error)
{
	struct conf_modem changed = modem->conf;
	struct network_account *account =
		network_account(world->network, changed.options.imsi);
	/* What the device changed by itself stands in its own options. */
	changed.options = *device_options(modem->device);
	changed.balance_minor = account->balance_minor;
	if (order_apply(order, &changed, error) != 0)
		return -1;
	modem->conf = changed;
	*device_options(modem->device) = changed.options;
	account->balance_minor = changed.balance_minor;
	device_changed(modem->device, now_ms);
	return 0;
}

/* Another SIM; the account of one that was never seen is made. */
static int
swap(struct world *world, struct world_modem *modem, int64_t now_ms,
	const struct order *order, struct conf_error *error)
{
	const struct conf_swap *sim = &order->swap;
	struct device_options *options = device_options(modem->device);
	struct network_account *account =
		network_account(world->network, sim->imsi);
	if (account == NULL && network_add_account(world->network, sim->imsi,
				       sim->msisdn, sim->balance_minor) != 0)
		return fail(error, "msisdn: %s is of another SIM", sim->msisdn);
	account = network_account(world->network, sim->imsi);
	if (strcmp(account->key, sim->imsi) != 0)
		return fail(error, "imsi: %s is a number", sim->imsi);
	(void)snprintf(options->imsi, sizeof options->imsi, "%s", sim->imsi);
	(void)snprintf(options->iccid, sizeof options->iccid, "%s", sim->iccid);
	(void)snprintf(
		options->msisdn, sizeof options->msisdn, "%s", account->msisdn);
	modem->conf.options = *options;
	if (sim->hot)
		device_swapped(modem->device, now_ms);
	return 0;
}

/* From whoever it says, through whatever centre. */
static int
send_sms(struct device *device, int64_t now_ms, const struct order *order,
	struct conf_error *error)
{
	const struct conf_sms *sms = &order->sms;
	struct sms_message message = {.smsc = sms->smsc,
		.sender = sms->sender,
		.text = order->text,
		.stamp_ms = device_options(device)->mail.wall_ms + now_ms,
		.message_class = sms->message_class,
		.reference = (unsigned)sms->reference,
		.wide = sms->wide};
	const char *parts = sms->parts[0] != '\0' ? sms->parts : NULL;
	return device_message(device, now_ms, &message, parts) == 0
	               ? 0
	               : fail(error, "text: cannot be sent: %s", sms->parts);
}

static void
hang(struct device *device, int64_t now_ms, const struct order *order)
{
	struct device_options *options = device_options(device);
	if (order->hang_kind >= 0)
		options->hang_kind = (enum device_hang_kind)order->hang_kind;
	if (order->hang_cure >= 0)
		options->cure = (enum device_cure)order->hang_cure;
	device_hang(device, now_ms, order->ms);
}

/* Orders that concern one modem. */
static int
order_modem(struct world *world, int64_t now_ms, const struct order *order,
	struct conf_error *error)
{
	size_t i = 0;
	while (i < world->count &&
		strcmp(world->modems[i].conf.options.name, order->modem) != 0)
		i++;
	if (i == world->count)
		return fail(error, "modem: no such modem: %s", order->modem);
	struct device *device = world->modems[i].device;
	world->modems[i].renumber |= order->renumber;
	switch (order->kind) {
	case ORDER_SET:
		return set(world, &world->modems[i], now_ms, order, error);
	case ORDER_SWAP:
		return swap(world, &world->modems[i], now_ms, order, error);
	case ORDER_STRIKE:
		device_strike(device, &order->strike);
		break;
	case ORDER_REBOOT:
		device_start(device, now_ms);
		break;
	case ORDER_HANG:
		hang(device, now_ms, order);
		break;
	case ORDER_POWER:
		device_power(device, now_ms, order->ms);
		break;
	case ORDER_VANISH:
		device_vanish(device, now_ms, order->ms);
		break;
	case ORDER_REPLUG:
		device_replug(device, now_ms, order->ms);
		break;
	case ORDER_PUSH:
		device_push(device, now_ms, order->mode, order->text);
		break;
	case ORDER_PRINT:
		device_print(device, now_ms, order->text, strlen(order->text));
		break;
	case ORDER_FOREIGN:
		device_foreign(device, now_ms, order->text);
		break;
	case ORDER_FLOOD:
		device_flood(device, now_ms, (size_t)order->count);
		break;
	case ORDER_SMS:
		return send_sms(device, now_ms, order, error);
	case ORDER_STORED:
		if (device_stored(device, order->sms.store, order->text) != 0)
			return fail(error, "store: no room in %s",
				order->sms.store);
		break;
	case ORDER_MAIL_STRIKE:
		device_mail_strike(device, order->mail_fault);
		break;
	case ORDER_CARD:
	case ORDER_STATE:
	case ORDER_QUIT:
		return fail(error, "modem: not for %s", order->modem);
	}
	return 0;
}

static int
carry_out(struct world *world, int64_t now_ms, const struct order *order,
	struct conf_error *error)
{
	if (order->kind == ORDER_QUIT) {
		world->quit = true;
		return 0;
	}
	if (order->kind != ORDER_CARD)
		return order_modem(world, now_ms, order, error);
	if (network_add_card(world->network, order->card.voucher_pin,
		    order->card.amount_minor, order->card.state) != 0)
		return fail(error, "pin: %s was credited already",
			order->card.voucher_pin);
	return 0;
}

char *
world_order(struct world *world, int64_t now_ms, const char *line)
{
	struct order order;
	struct conf_error error = {""};
	char *answer;
	int result = order_parse(line, &order, &error);
	bool asks = result == 0 && order.kind == ORDER_STATE;
	if (result == 0 && !asks)
		result = carry_out(world, now_ms, &order, &error);
	if (result != 0)
		answer = say_refused(&error);
	else
		answer = asks ? say_state(world->network)
		              : strdup("{\"ok\":true}");
	order_fini(&order);
	if (answer == NULL)
		abort();
	return answer;
}
