/*
 * shelf: see shelf.h. All modems are at work at the same time: what a test
 * waits for has mostly come already.
 */
#include "tests/support/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/house_proof.h"

enum { ODD_MAX = HOUSE_MODEMS_MAX, TIMEOUT_S = 3 };

/* Faults that an order would make strike at once, not at the next PIN. */
static const char *const at_once[] = {"hang", "reboot", "vanish", "replug"};

static const char menu_profile[] =
	"[operator]\nname = MenuTel\nmcc_mnc = 00102\ncurrency = XTS\n"
	"decimals = 2\npin = \\d{14}\n"
	"[recharge]\nussd = *120#\ntimeout = 3\n"
	"[menu]\n1 = (?i)enter the voucher -> {pin}\n2 = (?i)confirm -> 1\n";
static const char text_profile[] =
	"[operator]\nname = TextTel\nmcc_mnc = 00103\ncurrency = XTS\n"
	"decimals = 2\npin = \\d{14}\n"
	"[recharge]\nvia = sms\nverdict = sms\nsms_to = 121\n"
	"sms_text = TOP {pin}\nsms_from = SimTel\nsmsc = any\ntimeout = 3\n"
	"sms_timeout = 60\n";
static const char both_profile[] =
	"[operator]\nname = BothTel\nmcc_mnc = 00104\ncurrency = XTS\n"
	"decimals = 2\npin = \\d{14}\n"
	"[recharge]\nussd = *121*{pin}#\nvia = ussd, sms\nsms_to = 121\n"
	"sms_text = TOP {pin}\nsms_from = SimTel\nsmsc = any\ntimeout = 3\n"
	"sms_timeout = 60\n";
static const char common_profile[] =
	"[balance]\nussd = *123#\n"
	"reply = (?i)balance is (?<balance>[\\d.,]+) (?<currency>[A-Z]+)\n"
	"[reply]\nloaded = (?i)credited with (?<amount>[\\d.,]+)\n"
	"invalid = (?i)invalid voucher\nused = (?i)already used\n"
	"[limits]\nmax_rejects = 1000\nbatch_rejects = 1000\n"
	"min_interval = 0\nfence = 1s\n";

static const struct oddity *oddities;
static size_t odd_count;
static struct house *shelf;
static unsigned cards; /* of all of them */
static unsigned first_card[ODD_MAX];

/* ---- the shelf ---------------------------------------------------------- */

static void
write_operator(const char *stem, const char *profile)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "operators/%s.ini", stem);
	/* A text that nobody asked for must not pass for a balance. */
	snprintf(text, sizeof(text), "%s%s%s", profile, common_profile,
		strcmp(stem, TEXTTEL) == 0 ? "[balance]\nbefore = never\n"
					   : "");
	house_write(house_path(shelf, "%s", path), text);
}

static const char *
network_of(const char *operator)
{
	if (strcmp(operator, MENUTEL) == 0)
		return "00102";
	if (strcmp(operator, TEXTTEL) == 0)
		return "00103";
	return strcmp(operator, BOTHTEL) == 0 ? "00104" : "00101";
}

/* Adds a modem with a SIM of that operator. */
static void
add_modem(const struct oddity *odd, size_t at)
{
	const char *operator= odd->operator!= NULL ? odd->operator: SIMTEL;
	char keys[512];
	char name[16];
	int n = snprintf(keys, sizeof(keys),
		"{\"imsi\": \"%s00000000%02zu\"%s%s", network_of(operator), at,
		odd->keys != NULL ? ", " : "}",
		odd->keys != NULL ? odd->keys + 1 : "");

	assert_in_range(n, 1, sizeof(keys) - 1);
	snprintf(name, sizeof(name), "b%02u-%02zu", odd->number, at);
	house_add_modem(shelf, name, odd->dialect, keys);
	snprintf(shelf->modems[at].operator, 16, "%s", operator);
	if (odd->settings != NULL)
		snprintf(shelf->modems[at].more, HOUSE_PATH_MAX, odd->settings,
			shelf->dir);
}

const char *
shelf_name(const struct oddity *odd)
{
	return shelf->modems[odd - oddities].name;
}

/* Once; what a test brings with it as its state is its behaviour. */
static void
shelf_open(void)
{
	char timeout[16];
	void *house;

	if (shelf != NULL)
		return;
	assert_int_equal(house_setup(&house), 0);
	shelf = house;
	for (size_t i = 0; i < odd_count; i++) {
		first_card[i] = cards;
		cards += oddities[i].no_cards ? 0 : 2;
	}
	house_add_cards(shelf, 0, cards);
	snprintf(timeout, sizeof(timeout), "%d", TIMEOUT_S);
	house_rule_set(shelf, "recharge", "timeout", timeout);
	for (size_t i = 0; i < odd_count; i++)
		add_modem(&oddities[i], i);
	house_write(house_path(shelf, "sim.pin"), "1234\n");
	write_operator(MENUTEL, menu_profile);
	write_operator(TEXTTEL, text_profile);
	write_operator(BOTHTEL, both_profile);
	house_start_sim(shelf);
	house_start(shelf);
	for (size_t i = 0; i < odd_count; i++)
		if (oddities[i].test == NULL)
			shelf_begin(&oddities[i]);
}

/* ---- one behaviour ------------------------------------------------------ */

void
shelf_submit(const struct oddity *odd, unsigned card)
{
	char name[32], batch[256];

	snprintf(name, sizeof(name), "card-%u.csv", card);
	snprintf(batch, sizeof(batch),
		"# operator: %s\n# amount: 100\npin,serial,modem\n%s,S%u,%s\n",
		odd->operator != NULL ? odd->operator : SIMTEL, house_pin(card), card, shelf_name(odd));
	house_submit(shelf, name, batch);
}

void
shelf_until_state(unsigned card, const char *state)
{
	char serial[16];

	snprintf(serial, sizeof(serial), "S%u", card);
	house_until_state(shelf, serial, state);
}

static void
set_fault(const char *modem, const char *fault, int chance)
{
	char order[128];

	snprintf(order, sizeof(order),
		"{\"order\": \"set\", \"modem\": \"%s\", "
		"\"faults\": {\"%s\": %d}}",
		modem, fault, chance);
	house_tell(shelf, order);
}

static bool
strikes_at_once(const struct oddity *odd)
{
	for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++)
		if (odd->fault != NULL && strcmp(odd->fault, at_once[i]) == 0)
			return true;
	return false;
}

static bool
is_in_doubt(struct house *h, const void *serial)
{
	const char *state = house_text(house_voucher(h, serial), "state");

	return strcmp(state, "unknown") == 0 || strcmp(state, "loaded") == 0;
}

/* The next request meets the fault. */
static void
submit_struck(const struct oddity *odd, unsigned card)
{
	char serial[16];

	snprintf(serial, sizeof(serial), "S%u", card);
	if (!strikes_at_once(odd)) {
		if (odd->fault != NULL)
			house_strike(shelf, shelf_name(odd), odd->fault);
		shelf_submit(odd, card);
		return;
	}
	set_fault(shelf_name(odd), odd->fault, 1);
	shelf_submit(odd, card);
	house_until(shelf, "the fault struck", is_in_doubt, serial);
	set_fault(shelf_name(odd), odd->fault, 0);
}

/* Its two cards wait for each other: one account, one at a time. */
void
shelf_begin(const struct oddity *odd)
{
	unsigned card = first_card[odd - oddities];

	house_until_modem(shelf, shelf_name(odd), "ready");
	submit_struck(odd, card);
	shelf_submit(odd, card + 1);
}

void
shelf_expect(const struct oddity *odd)
{
	unsigned card = first_card[odd - oddities];

	shelf_until_state(card, odd->state != NULL ? odd->state : "loaded");
	shelf_until_state(card + 1, "loaded");
}

static void
serves_well(void **state)
{
	shelf_open();
	shelf_expect(*state);
}

/* What is printed while nothing is under way, and in the middle of it. */
void
shelf_keeps_serving(void **state)
{
	const struct oddity *b = *state;
	char keys[256];
	unsigned card = shelf_card(b);

	house_until_modem(shelf_house(), shelf_name(b), "ready");
	snprintf(keys, sizeof(keys), "\"order\": \"print\", \"text\": \"%s\"",
		b->fault);
	shelf_tell(b, keys);
	shelf_submit(b, card);
	shelf_tell(b, keys);
	shelf_until_state(card, "loaded");
	shelf_submit(b, card + 1);
	shelf_until_state(card + 1, "loaded");
}

struct house *
shelf_house(void)
{
	shelf_open();
	return shelf;
}

unsigned
shelf_card(const struct oddity *odd)
{
	shelf_open();
	return first_card[odd - oddities];
}

void
shelf_tell(const struct oddity *odd, const char *keys)
{
	char order[1200];

	shelf_open();
	snprintf(order, sizeof(order), "{\"modem\": \"%s\", %s}",
		shelf_name(odd), keys);
	house_tell(shelf, order);
}

static void
no_card_was_lost_or_loaded_twice_and_no_pin_lies_in_clear(void **state)
{
	(void)state;
	shelf_open();
	house_assert_money_law(shelf, cards);
	for (unsigned i = 0; i < cards; i++)
		house_assert_secret(shelf, house_pin(i));
	house_done(shelf);
}

int
shelf_run(const char *group, const struct oddity *odd, size_t count)
{
	static struct CMUnitTest tests[ODD_MAX + 1];
	void *house;
	int failed;

	if (count > ODD_MAX)
		return -1;
	oddities = odd;
	odd_count = count;
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){.name = odd[i].name,
			.test_func =
				odd[i].test != NULL ? odd[i].test : serves_well,
			.initial_state = (void *)(uintptr_t)&odd[i]};
	tests[count] = (struct CMUnitTest)cmocka_unit_test(
		no_card_was_lost_or_loaded_twice_and_no_pin_lies_in_clear);
	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	failed = _cmocka_run_group_tests(group, tests, count + 1, NULL, NULL);
	house = shelf;
	if (house != NULL)
		(void)house_teardown(&house);
	return failed;
}
