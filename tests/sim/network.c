/*
 * network: accounts, cards and the codes that a SIM may dial.
 * Must never execute a PIN twice, nor one of a locked account.
 */
#include "tests/sim/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/map.h"
#include "tests/sim/network_sms.h"

struct network {
	struct network_options options;
	struct sim_hook hook;
	struct map by_id;  /* accounts by IMSI and by number */
	struct map by_pin; /* cards */
	void **accounts;
	size_t account_count;
	void **cards;
	size_t card_count;
};

static const char *const card_states[] = {
	[CARD_GOOD] = "good",
	[CARD_USED] = "used",
	[CARD_EXPIRED] = "expired",
	[CARD_BLOCKED] = "blocked",
};

const char *
card_state_name(enum card_state state)
{
	return card_states[state];
}

void
network_defaults(struct network_options *options)
{
	*options = (struct network_options){.lock_after = 3, .currency = "XTS"};
	for (int i = 0; i < NETWORK_TEXTS; i++)
		(void)snprintf(options->texts[i], sizeof options->texts[i],
			"%s", network_text_usual((enum network_text)i));
}

struct network *
network_new(const struct network_options *options, struct sim_hook hook)
{
	struct network *network = calloc(1, sizeof *network);
	if (network == NULL)
		abort();
	if (options != NULL)
		network->options = *options;
	else
		network_defaults(&network->options);
	network->hook = hook;
	return network;
}

void
network_free(struct network *network)
{
	if (network == NULL)
		return;
	for (size_t i = 0; i < network->account_count; i++)
		free(network->accounts[i]);
	for (size_t i = 0; i < network->card_count; i++)
		free(network->cards[i]);
	free(network->accounts);
	free(network->cards);
	map_fini(&network->by_id);
	map_fini(&network->by_pin);
	free(network);
}

void
network_say(struct network *network, enum network_text which, const char *text)
{
	const char *says = text != NULL ? text : network_text_usual(which);
	(void)snprintf(network->options.texts[which],
		sizeof network->options.texts[which], "%s", says);
}

/* Appends a pointer to a list that doubles at powers of two. */
static void
list_add(void ***list, size_t *count, void *item)
{
	if ((*count & (*count - 1)) == 0) {
		size_t cap = *count == 0 ? 1 : *count * 2;
		void **wider = realloc(*list, cap * sizeof *wider);
		if (wider == NULL)
			abort();
		*list = wider;
	}
	(*list)[(*count)++] = item;
}

int
network_add_account(struct network *network, const char *imsi,
	const char *msisdn, int64_t balance_minor)
{
	const char *key = imsi != NULL ? imsi : msisdn;
	if (strlen(key) >= NETWORK_ID_MAX || strlen(msisdn) >= NETWORK_ID_MAX ||
		key[0] == '\0' || map_get(&network->by_id, key) != NULL ||
		map_get(&network->by_id, msisdn) != NULL)
		return -1;
	struct network_account *account = calloc(1, sizeof *account);
	if (account == NULL)
		abort();
	(void)snprintf(account->key, sizeof account->key, "%s", key);
	(void)snprintf(account->msisdn, sizeof account->msisdn, "%s", msisdn);
	account->purse = account;
	account->balance_minor = balance_minor;
	list_add(&network->accounts, &network->account_count, account);
	map_put(&network->by_id, account->key, account);
	if (account->msisdn[0] != '\0')
		map_put(&network->by_id, account->msisdn, account);
	return 0;
}

int
network_share_account(struct network *network, const char *imsi,
	const char *msisdn, const char *owner)
{
	struct network_account *whose = map_get(&network->by_id, owner);
	if (whose == NULL || network_add_account(network, imsi, msisdn, 0) != 0)
		return -1;
	struct network_account *account = map_get(&network->by_id, imsi);
	account->purse = whose;
	return 0;
}

int
network_add_card(struct network *network, const char *voucher_pin,
	int64_t amount_minor, enum card_state state)
{
	if (strlen(voucher_pin) >= NETWORK_PIN_MAX || voucher_pin[0] == '\0')
		return -1;
	struct network_card *card = map_get(&network->by_pin, voucher_pin);
	if (card != NULL && card->executed > 0)
		return -1;
	if (card == NULL) {
		card = calloc(1, sizeof *card);
		if (card == NULL)
			abort();
		(void)snprintf(card->voucher_pin, sizeof card->voucher_pin,
			"%s", voucher_pin);
		list_add(&network->cards, &network->card_count, card);
		map_put(&network->by_pin, card->voucher_pin, card);
	}
	card->amount_minor = amount_minor;
	card->state = state;
	return 0;
}

struct network_account *
network_account(const struct network *network, const char *id)
{
	return map_get(&network->by_id, id);
}

struct network_card *
network_card(const struct network *network, const char *voucher_pin)
{
	return map_get(&network->by_pin, voucher_pin);
}

const struct network_account *
network_account_at(const struct network *network, size_t i)
{
	return i < network->account_count ? network->accounts[i] : NULL;
}

const struct network_card *
network_card_at(const struct network *network, size_t i)
{
	return i < network->card_count ? network->cards[i] : NULL;
}

/* What fills the braces of a text. */
struct filling {
	int64_t amount_minor;
	int64_t balance_minor;
	const char *number;
	const char *voucher_pin; /* NULL: no serial */
};

static void
put_money(const struct network *network, int64_t minor, char out[64])
{
	uint64_t whole = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
	(void)snprintf(out, 64, "%s%llu.%02u %s", minor < 0 ? "-" : "",
		(unsigned long long)(whole / 100), (unsigned)(whole % 100),
		network->options.currency);
}

static const char *
serial_of(const char *voucher_pin)
{
	enum { SERIAL_DIGITS = 6 };
	size_t len = voucher_pin != NULL ? strlen(voucher_pin) : 0;
	if (len <= SERIAL_DIGITS)
		return "";
	return voucher_pin + len - SERIAL_DIGITS;
}

static void
say(const struct network *network, enum network_text which,
	const struct filling *filling, char out[NETWORK_TEXT_MAX])
{
	char amount[64];
	char balance[64];
	put_money(network, filling->amount_minor, amount);
	put_money(network, filling->balance_minor, balance);
	const struct {
		const char *name;
		const char *value;
	} holes[] = {
		{"{amount}", amount},
		{"{balance}", balance},
		{"{number}", filling->number == NULL ? "" : filling->number},
		{"{serial}", serial_of(filling->voucher_pin)},
	};
	const size_t count = sizeof holes / sizeof holes[0];
	size_t len = 0;
	const char *p = network->options.texts[which];
	while (*p != '\0' && len + 64 < NETWORK_TEXT_MAX) {
		size_t i = 0;
		while (i < count &&
			strncmp(p, holes[i].name, strlen(holes[i].name)) != 0)
			i++;
		if (i == count) {
			out[len++] = *p++;
			continue;
		}
		p += strlen(holes[i].name);
		len += (size_t)snprintf(out + len, NETWORK_TEXT_MAX - len, "%s",
			holes[i].value);
	}
	out[len] = '\0';
}

static void
tell(const struct network *network, const struct sim_event *event)
{
	if (network->hook.on_event != NULL)
		network->hook.on_event(network->hook.ctx, event);
}

/* One try to redeem: who dials, which PIN, whose account. */
struct redemption {
	const struct network_request *request;
	struct network_account *caller;
	const char *voucher_pin;
	const char *msisdn; /* NULL for the caller's own account */
	struct network_account *target;
	bool by_sms; /* it came so, and is answered so */
};

static struct network_account *
target_account(struct network *network, const struct redemption *redemption)
{
	if (redemption->msisdn == NULL)
		return redemption->caller;
	struct network_account *account =
		map_get(&network->by_id, redemption->msisdn);
	if (account == NULL &&
		network_add_account(network, NULL, redemption->msisdn, 0) == 0)
		account = map_get(&network->by_id, redemption->msisdn);
	return account;
}

/* The verdict on a PIN, before anything of it is done. */
static enum network_text
judge(const struct redemption *redemption, const struct network_card *card)
{
	if (redemption->caller->locked)
		return NETWORK_LOCKED;
	if (redemption->request->busy)
		return NETWORK_BUSY;
	if (card == NULL || redemption->target == NULL)
		return NETWORK_INVALID;
	switch (card->state) {
	case CARD_USED:
		return strcmp(card->credited_to,
			       redemption->target->purse->key) == 0
		               ? NETWORK_USED_BY_YOU
		               : NETWORK_USED;
	case CARD_EXPIRED:
		return NETWORK_EXPIRED;
	case CARD_BLOCKED:
		return NETWORK_BLOCKED;
	case CARD_GOOD:
		break;
	}
	return redemption->target == redemption->caller ? NETWORK_LOADED
	                                                : NETWORK_LOADED_OTHER;
}

static bool
is_credit(enum network_text outcome)
{
	return outcome == NETWORK_LOADED || outcome == NETWORK_LOADED_OTHER;
}

static bool
is_wrong(const struct network *network, enum network_text outcome)
{
	if (outcome == NETWORK_INVALID)
		return true;
	return network->options.count_all &&
	       (outcome == NETWORK_USED || outcome == NETWORK_USED_BY_YOU ||
		       outcome == NETWORK_EXPIRED ||
		       outcome == NETWORK_BLOCKED);
}

/* Counts against the caller, whoever was to be credited: networks list the
 * SIM that dials. */
static void
count_wrong(struct network *network, const struct redemption *redemption,
	enum network_text outcome)
{
	struct network_account *caller = redemption->caller;
	if (is_credit(outcome))
		caller->wrong_in_a_row = 0;
	if (!is_wrong(network, outcome))
		return;
	caller->wrong_in_a_row++;
	if (network->options.lock_after > 0 && !caller->locked &&
		caller->wrong_in_a_row >= network->options.lock_after) {
		caller->locked = true;
		tell(network, &(struct sim_event){.kind = SIM_LOCK,
				      .t_ms = redemption->request->now_ms,
				      .account = caller->key});
	}
}

static void
redeem(struct network *network, struct redemption *redemption,
	struct network_answer *answer)
{
	struct network_card *card =
		map_get(&network->by_pin, redemption->voucher_pin);
	redemption->target = target_account(network, redemption);
	enum network_text outcome = judge(redemption, card);
	struct network_account *account = redemption->target != NULL
	                                          ? redemption->target
	                                          : redemption->caller;
	struct network_account *purse = account->purse;
	int64_t credited = 0;
	if (is_credit(outcome)) {
		credited = card->amount_minor;
		card->state = CARD_USED;
		card->executed++;
		memcpy(card->credited_to, purse->key, NETWORK_ID_MAX);
		purse->balance_minor += credited;
		purse->last_minor = credited;
		(void)snprintf(purse->last_pin, sizeof purse->last_pin, "%s",
			redemption->voucher_pin);
	}
	tell(network, &(struct sim_event){
			      .kind = SIM_REDEEM,
			      .t_ms = redemption->request->now_ms,
			      .modem = redemption->request->modem,
			      .voucher_pin = redemption->voucher_pin,
			      .by = redemption->caller->key,
			      .account = account->key,
			      .amount_minor = credited,
			      .outcome = is_credit(outcome)
	                                         ? "loaded"
	                                         : network_text_name(outcome),
			      .executed = card == NULL ? 0 : card->executed,
		      });
	count_wrong(network, redemption, outcome);
	struct filling filling = {credited, purse->balance_minor,
		redemption->msisdn, redemption->voucher_pin};
	bool by_sms = redemption->by_sms || (network->options.sms_verdict &&
						    outcome != NETWORK_BUSY &&
						    outcome != NETWORK_LOCKED);
	say(network, outcome, &filling, by_sms ? answer->sms : answer->text);
	if (by_sms)
		say(network, NETWORK_PENDING, &filling, answer->text);
	else if (network->options.sms_copy)
		say(network, outcome, &filling, answer->sms);
}

/* Cuts "*121*PIN#" or "*121*PIN*MSISDN#" in place; false for another code. */
static bool
cut_recharge(char *code, char **voucher_pin, char **msisdn)
{
	size_t len = strlen(code);
	if (strncmp(code, "*121*", 5) != 0 || len < 7 || code[len - 1] != '#')
		return false;
	code[len - 1] = '\0';
	*voucher_pin = code + 5;
	*msisdn = strchr(*voucher_pin, '*');
	if (*msisdn != NULL)
		*(*msisdn)++ = '\0';
	return **voucher_pin != '\0' && strchr(*voucher_pin, '#') == NULL &&
	       (*msisdn == NULL ||
		       (**msisdn != '\0' && strpbrk(*msisdn, "*#") == NULL));
}

static bool
is_code(const char *text)
{
	size_t len = strlen(text);
	return len >= 3 && (text[0] == '*' || text[0] == '#') &&
	       text[len - 1] == '#' && strspn(text, "*#0123456789") == len;
}

/* "*140*1#" takes a small card's worth from the balance, "*140*2#" gives it. */
static bool
is_bundle(const char *code)
{
	return strcmp(code, "*140*1#") == 0 || strcmp(code, "*140*2#") == 0;
}

static void
sell_bundle(const struct network *network, struct network_account *purse,
	const char *code, struct network_answer *answer)
{
	bool gives = strcmp(code, "*140*2#") == 0;
	int64_t moved = gives ? NETWORK_BUNDLE_MINOR : -NETWORK_BUNDLE_MINOR;
	bool sold = purse->balance_minor + moved >= 0;
	purse->balance_minor += sold ? moved : 0;
	const struct filling filling = {
		NETWORK_BUNDLE_MINOR, purse->balance_minor, NULL, NULL};
	say(network, sold ? NETWORK_BUNDLE : NETWORK_NO_BUNDLE, &filling,
		answer->text);
	if (sold && network->options.sms_copy)
		say(network, NETWORK_BUNDLE, &filling, answer->sms);
}

/* A text that begins no code is not answered, the session just ends: so do
 * networks with what a wrong coding made of a code. */
static void
dial(struct network *network, struct network_account *caller,
	const struct network_request *request, struct network_answer *answer)
{
	char code[NETWORK_TEXT_MAX];
	(void)snprintf(code, sizeof code, "%s", request->text);
	struct redemption redemption = {.request = request, .caller = caller};
	struct filling filling = {
		.balance_minor = caller->purse->balance_minor};
	char *voucher_pin = NULL;
	char *msisdn = NULL;
	if (strcmp(code, "*123#") == 0) {
		say(network, NETWORK_BALANCE, &filling, answer->text);
	} else if (strcmp(code, "*124#") == 0) {
		filling.amount_minor = caller->purse->last_minor;
		filling.voucher_pin = caller->purse->last_pin;
		say(network,
			caller->purse->last_pin[0] == '\0' ? NETWORK_NO_LAST
							   : NETWORK_LAST,
			&filling, answer->text);
	} else if (is_bundle(code)) {
		sell_bundle(network, caller->purse, code, answer);
	} else if (strcmp(code, "*120#") == 0) {
		caller->session = NETWORK_ENTER;
		answer->mode = 1;
		say(network, NETWORK_MENU, &filling, answer->text);
	} else if (is_code(request->text) &&
		   cut_recharge(code, &voucher_pin, &msisdn)) {
		redemption.voucher_pin = voucher_pin;
		redemption.msisdn = msisdn;
		redeem(network, &redemption, answer);
	} else {
		answer->mode = 2;
		if (is_code(request->text))
			say(network, NETWORK_BAD_CODE, &filling, answer->text);
	}
}

/* The next step of a menu; whatever comes goes in as an answer. */
static void
go_on(struct network *network, struct network_account *caller,
	const struct network_request *request, struct network_answer *answer)
{
	enum network_session session = caller->session;
	struct filling filling = {
		.balance_minor = caller->purse->balance_minor};
	size_t len = strlen(request->text);
	caller->session = NETWORK_NONE;
	if (session == NETWORK_ENTER && len > 0 && len < NETWORK_PIN_MAX &&
		strspn(request->text, "0123456789") == len) {
		memcpy(caller->typed_pin, request->text, len + 1);
		caller->session = NETWORK_SURE;
		answer->mode = 1;
		say(network, NETWORK_CONFIRM, &filling, answer->text);
	} else if (session == NETWORK_SURE && strcmp(request->text, "1") == 0) {
		struct redemption redemption = {.request = request,
			.caller = caller,
			.voucher_pin = caller->typed_pin};
		redeem(network, &redemption, answer);
	} else if (session == NETWORK_SURE && strcmp(request->text, "2") == 0) {
		say(network, NETWORK_CANCELLED, &filling, answer->text);
	} else {
		say(network, NETWORK_BAD_CHOICE, &filling, answer->text);
	}
}

static void
tell_sms(const struct network *network, const struct network_account *caller,
	const struct network_request *request,
	const struct network_answer *answer)
{
	if (caller != NULL && answer->sms[0] != '\0')
		tell(network, &(struct sim_event){.kind = SIM_SMS,
				      .t_ms = request->now_ms,
				      .modem = request->modem,
				      .account = caller->key,
				      .text = answer->sms});
}

void
network_ask(struct network *network, const struct network_request *request,
	struct network_answer *answer)
{
	struct network_account *caller =
		map_get(&network->by_id, request->imsi);
	answer->mode = 0;
	answer->text[0] = answer->sms[0] = '\0';
	if (caller == NULL)
		answer->mode = 2;
	else if (caller->session != NETWORK_NONE)
		go_on(network, caller, request, answer);
	else
		dial(network, caller, request, answer);
	tell_sms(network, caller, request, answer);
}

/* "TOP PIN" or "TOP PIN MSISDN", cut in place. */
static bool
cut_text(char *text, char **voucher_pin, char **msisdn)
{
	char *state = NULL;
	char *word = strtok_r(text, " ", &state);
	*voucher_pin = strtok_r(NULL, " ", &state);
	*msisdn = *voucher_pin != NULL ? strtok_r(NULL, " ", &state) : NULL;
	return word != NULL && strcasecmp(word, "TOP") == 0 &&
	       *voucher_pin != NULL && strtok_r(NULL, " ", &state) == NULL;
}

void
network_sms(struct network *network, const char *number,
	const struct network_request *request, struct network_answer *answer)
{
	struct network_account *caller =
		map_get(&network->by_id, request->imsi);
	char text[NETWORK_TEXT_MAX];
	struct redemption redemption = {
		.request = request, .caller = caller, .by_sms = true};
	char *voucher_pin;
	char *msisdn;
	answer->mode = 0;
	answer->text[0] = answer->sms[0] = '\0';
	if (caller == NULL || strcmp(number, NETWORK_SMS_TO) != 0)
		return;
	struct filling filling = {
		.balance_minor = caller->purse->balance_minor};
	(void)snprintf(text, sizeof text, "%s", request->text);
	if (strcasecmp(text, "BAL") == 0) {
		say(network, NETWORK_BALANCE, &filling, answer->sms);
	} else if (cut_text(text, &voucher_pin, &msisdn)) {
		redemption.voucher_pin = voucher_pin;
		redemption.msisdn = msisdn;
		redeem(network, &redemption, answer);
	} else {
		say(network, NETWORK_BAD_CODE, &filling, answer->sms);
	}
	tell_sms(network, caller, request, answer);
}

bool
network_is_redeem(
	const struct network *network, const char *imsi, const char *text)
{
	const struct network_account *caller = map_get(&network->by_id, imsi);
	if (caller != NULL && caller->session != NETWORK_NONE)
		return caller->session != NETWORK_LEFT;
	return strncmp(text, "*121*", 5) == 0;
}

void
network_end(struct network *network, const char *imsi)
{
	struct network_account *caller = map_get(&network->by_id, imsi);
	if (caller != NULL)
		caller->session = NETWORK_NONE;
}

void
network_leave_open(struct network *network, const char *imsi)
{
	struct network_account *caller = map_get(&network->by_id, imsi);
	if (caller != NULL)
		caller->session = NETWORK_LEFT;
}
