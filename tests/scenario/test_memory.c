/*
 * Law 7 in memory and on disk: after a busy day no PIN of any batch stands,
 * in any form and not in part, in a file, a log, an answer, or the memory of
 * the running daemon; while one is on air it stands in locked memory only.
 * Freed memory counts: it must have been wiped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"
#include "tests/support/hunt.h"
#include "tests/support/knock.h"

/* Cards of house_pin() by what becomes of them. */
enum {
	BY_CODE = 0,   /* by USSD, in a file of UTF-8 */
	BY_WIDE = 120, /* the same in UTF-16 */
	BY_TEXT = 180, /* by SMS */
	BY_MENU = 220, /* typed into a menu */
	CARDS = 240,
	NEVER = 300, /* not in the network, or never dialled */
	COUNTER = 400,
	REVEALED = 401,
	SHOWN_ON_AIR = 402,
	PINS = 410,
	BAD_FILE_GOOD_ROWS = 7, /* the network calls them invalid */
	CANCELLED = 40
};

/* ---- the search ---------------------------------------------------------- */

struct finds {
	unsigned count, loose; /* loose: in memory that is not locked */
	bool tell;
};

static void
on_find(void *ctx, const struct hunt_find *find)
{
	struct finds *finds = ctx;
	finds->count++;
	finds->loose += !find->locked;
	if (finds->tell && finds->count <= 60)
		print_message("%s +%llx (%s%s): %s\n",
			find->where[0] != '\0' ? find->where : "anonymous",
			(unsigned long long)find->at, find->form,
			find->locked ? ", locked" : "", find->around);
}

static struct hunt *
hunt_all(void)
{
	struct hunt *hunt = hunt_new();
	for (unsigned i = 0; i < PINS; i++)
		hunt_add(hunt, house_pin(i));
	return hunt;
}

/* The search sees the daemon's heap: a number that is surely there. */
static void
assert_search_sees(struct house *h, const char *imsi)
{
	struct hunt *hunt = hunt_new();
	struct finds finds = {.tell = false};
	hunt_add(hunt, imsi);
	int64_t looked = hunt_memory(hunt, h->daemon, on_find, &finds);
	hunt_free(hunt);
	assert_true(looked < 0 || finds.count > 0);
}

static void
assert_memory_is_clean(struct house *h, const char *when)
{
	struct hunt *hunt = hunt_all();
	struct finds finds = {.tell = true};
	int64_t looked = hunt_memory(hunt, h->daemon, on_find, &finds);
	hunt_free(hunt);
	if (looked < 0) {
		print_message("memory: not looked at\n");
		return;
	}
	assert_true(looked > 1 << 20);
	if (finds.count > 0)
		fail_msg("%s: %u times a PIN in memory", when, finds.count);
}

/* The truth knows every PIN, and a test keeps its cards in cards/. */
static void
assert_files_are_clean(struct house *h)
{
	static const char *const own[] = {"/sim/", "/cards/", NULL};
	struct hunt *hunt = hunt_all();
	struct finds finds = {.tell = true};
	int64_t looked;
	house_note_process(h, h->daemon);
	looked = hunt_files(hunt, h->dir, own, on_find, &finds);
	hunt_free(hunt);
	assert_true(looked > 100000);
	if (finds.count > 0)
		fail_msg("%u times a PIN in a file", finds.count);
}

/* ---- the day ------------------------------------------------------------- */

static void
add_modems(struct house *h)
{
	static const char *const faults =
		"{\"sms_delay_ms\": [1, 5], \"faults\": {\"lose_reply\": 0.03, "
		"\"garble\": 0.03,"
		" \"late\": 0.03, \"late_ms\": 2500, \"twice\": 0.05,"
		" \"sms_silent\": 0.05, \"lines\": 0.05}}";
	/* Echo, packed hex, UCS-2 and plain: each shows a PIN another way. */
	house_add_modem(h, "m1", "huawei", faults);
	house_add_modem(h, "m2", "quectel", faults);
	house_add_modem(h, "m3", "simcom",
		"{\"noise\": true, \"sms_delay_ms\": [1, 5]}");
	house_add_modem(
		h, "m4", "standard", "{\"cut\": 3, \"sms_delay_ms\": [1, 5]}");
	house_add_modem(h, "m5", "zte", faults);
	house_add_modem(h, "m6", "qualcomm", faults);
	house_add_modem(h, "m7", "nokia", "{\"sms_delay_ms\": [1, 5]}");
	house_add_modem(h, "m8", "sim7600", "{\"sms_delay_ms\": [1, 5]}");
}

static void
start(struct house *h)
{
	house_add_cards(h, 0, CARDS);
	house_add_cards(h, COUNTER, PINS);
	house_network_set(h, "lock_after", json_integer(1000));
	house_rule_set(h, "recharge", "timeout", "2");
	house_rule_set(h, "recharge", "sms_timeout", "3");
	house_rule_set(h, "recharge", "sms_to", "121");
	house_rule_set(h, "recharge", "sms_text", "TOP {pin}");
	house_rule_set(h, "recharge", "sms_from", "SimTel");
	house_rule_set(h, "recharge", "smsc", "any");
	add_modems(h);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

static void
set_way(struct house *h, const char *via, const char *code)
{
	house_rule_set(h, "recharge", "via", via);
	house_rule_set(h, "recharge", "ussd", code);
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 0);
}

static void
write_rows(char *text, size_t cap, unsigned from, unsigned to)
{
	snprintf(text, cap, "# operator: simtel\npin,serial\n");
	for (unsigned i = from; i < to; i++)
		snprintf(text + strlen(text), cap - strlen(text), "%s,S%u\n",
			house_pin(i), i);
}

static void
drop_cards(struct house *h, const char *name, unsigned from, unsigned to)
{
	char text[16384];
	write_rows(text, sizeof(text), from, to);
	house_drop(h, name, text);
}

/* As Excel writes it: UTF-16, little end first, with a mark. */
static void
drop_wide_cards(struct house *h, const char *name, unsigned from, unsigned to)
{
	char text[16384], wide[2 * sizeof(text) + 2] = "\xff\xfe";
	write_rows(text, sizeof(text), from, to);
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		wide[2 + 2 * i] = text[i];
		wide[3 + 2 * i] = '\0';
	}
	FILE *f = fopen(house_path(h, "spool/incoming/.wide"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(wide, 1, 2 + 2 * len, f), 2 + 2 * len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(house_path(h, "spool/incoming/.wide"),
				 house_path(h, "spool/incoming/%s", name)),
		0);
}

static bool
nothing_moves(struct house *h, const void *ctx)
{
	static const char *const moving[] = {"ready", "dialing", "pending"};
	json_t *counts =
		json_object_get(house_ask(h, "status", NULL), "vouchers");
	json_int_t all = 0, moves = 0;
	const char *key;
	json_t *value;
	json_object_foreach(counts, key, value)
	{
		all += json_integer_value(value);
		for (size_t i = 0; i < 3; i++)
			if (strcmp(key, moving[i]) == 0)
				moves += json_integer_value(value);
	}
	return all >= *(const int *)ctx && moves == 0;
}

static void
until_still(struct house *h, int vouchers)
{
	house_until(h, "all cards settled", nothing_moves, &vouchers);
}

static bool
is_read(struct house *h, const void *ctx)
{
	return access(house_path(h, "spool/incoming/%s", (const char *)ctx),
		       F_OK) != 0;
}

static void
drop_and_wait(struct house *h, const char *name, const char *text)
{
	house_drop(h, name, text);
	house_until(h, "a file read", is_read, name);
}

/* Bad rows of every kind, a file that is refused, one that comes again. */
static void
hand_in_bad_files(struct house *h)
{
	char text[8192];
	snprintf(text, sizeof(text),
		"# operator: simtel\npin;serial;note\n%.13s;short;\n"
		"%s;good;\"a quoted\nnote\"\n%s;twice;\n%s;known;\n",
		house_pin(NEVER), house_pin(NEVER + 1), house_pin(NEVER + 1),
		house_pin(BY_TEXT));
	for (unsigned i = 2; i <= BAD_FILE_GOOD_ROWS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%s;invalid;\n", house_pin(NEVER + i));
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		"\"%s\"x;open\n", house_pin(NEVER + 9));
	drop_and_wait(h, "bad-rows.csv", text);
	snprintf(text, sizeof(text), "pin,operator\n%s,simtel\n\"%s\n",
		house_pin(NEVER + 15), house_pin(NEVER + 16));
	drop_and_wait(h, "open.csv", text);
	snprintf(text, sizeof(text), "pin,operator\n%s,nobody\n%.12s\n%s\n",
		house_pin(NEVER + 10), house_pin(NEVER + 11), house_pin(1));
	drop_and_wait(h, "refused.csv", text);
	/* No column of PINs; a name that is one itself must not be used. */
	snprintf(text, sizeof(text), "card number\n%s\n%s\n",
		house_pin(NEVER + 12), house_pin(NEVER + 13));
	drop_and_wait(h, "no-column.csv", text);
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < 5000; i++)
		text[i] = house_pin(NEVER + 14)[i % 14];
	drop_and_wait(h, "long.txt", text);
}

/* Counted ones are held; cancelled they may come again. */
static void
hand_in_again(struct house *h)
{
	char id[24];
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	char text[8192];
	write_rows(text, sizeof(text), NEVER + 20, NEVER + 40);
	snprintf(id, sizeof(id), "%ld", house_submit(h, "again.csv", text));
	assert_int_equal(house_ctl(h, "cancel", "--batch", id, NULL), 0);
	snprintf(id, sizeof(id), "%ld", house_submit(h, "again.csv", text));
	assert_int_equal(house_ctl(h, "cancel", "--batch", id, NULL), 0);
	assert_int_equal(house_ctl(h, "resume", NULL), 0);
}

static void
load_at_the_counter(struct house *h)
{
	char typed[64];
	snprintf(typed, sizeof(typed), "%s\n", house_pin(COUNTER));
	h->input = typed;
	(void)house_ctl(
		h, "load", "--modem", "m3", "--operator", "simtel", NULL);
	house_assert_contains(h->out, "loaded");
}

static void
assert_answers(struct house *h, const char *request, const char *part)
{
	char *answer = knock(h, KNOCK_SELF, request);
	house_assert_contains(answer, part);
	free(answer);
}

/* What a person should not have typed: all of it is refused, or masked. %s
 * is a PIN. */
static void
type_pins_in_wrong_places(struct house *h)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{"{\"command\":\"ussd\",\"args\":{\"modem\":\"m4\","
		 "\"code\":\"*121*%s#\"}}",
			"load"},
		{"{\"command\":\"sms\",\"args\":{\"modem\":\"m4\","
		 "\"number\":\"121\",\"text\":\"TOP %s\"}}",
			"load"},
		{"{\"command\":\"resolve\",\"args\":{\"id\":42,"
		 "\"how\":\"retry\",\"note\":\"it was %s, I say\"}}",
			"exit"},
		{"{\"command\":\"pause\",\"args\":{\"modem\":\"%s\"}}",
			"no modem"},
		{"{\"command\":\"unlock\",\"args\":{\"what\":\"%s\"}}",
			"error"},
		{"{\"command\":\"hold\",\"args\":{\"ids\":[%s]}}", "no list"},
		{"{\"command\":\"%s\"}", "unknown command"},
		{"{\"command\":\"status\",\"args\":{\"%s\":1}}", "takes no"},
		{"%s", "error"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(request, sizeof(request), rows[i].request,
			house_pin(NEVER + 50));
#pragma GCC diagnostic pop
		assert_answers(h, request, rows[i].answer);
	}
	/* One digit is missing, and one too many. */
	for (int len = 13; len <= 15; len += 2) {
		char text[64];
		snprintf(text, sizeof(text), "%.13s%s\n", house_pin(NEVER + 51),
			len == 15 ? "77" : "");
		h->input = text;
		assert_int_not_equal(house_ctl(h, "load", "--modem", "m3",
					     "--operator", "simtel", NULL),
			0);
	}
}

static bool
both_came(struct house *h, const void *ctx)
{
	json_t *list = house_ask(h, "inbox", "m4", "--newest", NULL);
	size_t told = 0, i;
	json_t *one;
	(void)ctx;
	json_array_foreach(list, i, one) told +=
		strstr(house_text(one, "text"), "was the card") != NULL ||
		strstr(house_text(one, "text"), "is gone") != NULL;
	return told >= 2;
}

/* Operators that say the number of a card; the second in two parts, cut in
 * the middle of it. */
static void
let_operators_tell_pins(struct house *h)
{
	char order[512];
	snprintf(order, sizeof(order),
		"{\"order\": \"push\", \"modem\": \"m4\", \"text\": \"Card %s "
		"is "
		"gone\", \"m\": 0}",
		house_pin(BY_CODE + 1));
	house_tell(h, order);
	snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"m4\", \"text\": \"Card %s "
		"is "
		"gone\"}",
		house_pin(BY_CODE + 2));
	house_tell(h, order);
	snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"m4\", \"parts\": \"12\", "
		"\"text\": \"%0146d %s was the card that you have loaded "
		"today\"}",
		0, house_pin(BY_CODE + 3));
	house_tell(h, order);
	house_until(h, "both messages", both_came, NULL);
}

/* ---- the search itself --------------------------------------------------- */

/* What is planted in our own memory is found there; and what is not, not. */
static void
search_finds_each_form_of_a_pin_in_memory(void **state)
{
	static const char pin_of[] = "90210344017755";
	static const char *const forms[] = {"code *121*90210344017755#",
		"part 0210344017", "hex 3930323130333434303137373535",
		"00390030003200310030003300340034003000310037003700350035"};
	(void)state;
	bool can = true;
	char *planted = malloc(256);
	assert_non_null(planted);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct finds finds = {0};
		struct hunt *hunt = hunt_new();
		/* Drawn here only: the words above are not writable. */
		hunt_add(hunt, pin_of);
		snprintf(planted, 256, "%s", forms[i]);
		can = hunt_memory(hunt, getpid(), on_find, &finds) >= 0;
		unsigned with = finds.count;
		finds.count = 0;
		memset(planted, 0, 256);
		(void)hunt_memory(hunt, getpid(), on_find, &finds);
		/* Others are the hunter's own. */
		assert_true(!can || with > finds.count);
		hunt_free(hunt);
	}
	free(planted);
	if (!can)
		skip();
}

/* The one answer that has a PIN goes by the buffer of its connection; a file
 * that was refused comes back as it was. Last, for the test keeps both. */
static void
show_what_may_be_shown(struct house *h)
{
	char id[24], serial[24];
	snprintf(serial, sizeof(serial), "S%d", NEVER + 20);
	snprintf(id, sizeof(id), "%ld", house_voucher_id(h, serial));
	json_t *shown = house_ask(h, "reveal", id, NULL);
	assert_int_equal(json_array_size(shown), 1);
	assert_string_equal(house_text(json_array_get(shown, 0), "pin"),
		house_pin(NEVER + 20));
	assert_int_equal(house_ctl(h, "reveal", id, NULL), 0);
	house_assert_contains(h->out, house_pin(NEVER + 20));
	assert_int_equal(house_ctl(h, "retrieve", "refused.csv", NULL), 0);
	house_assert_contains(h->out, house_pin(NEVER + 10));
}

/* No core file of the daemon, whatever core_pattern says. */
static void
assert_no_core(const struct house *h)
{
	char path[64], line[256];
	bool none = false;
	snprintf(path, sizeof(path), "/proc/%ld/limits", (long)h->daemon);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char soft[32], hard[32];
		if (sscanf(line, "Max core file size %31s %31s", soft, hard) ==
			2)
			none = strcmp(soft, "0") == 0 && strcmp(hard, "0") == 0;
	}
	(void)fclose(f); /* only read */
	assert_true(none);
}

static void
no_pin_stays_in_memory_or_on_disk_after_a_day(void **state)
{
	struct house *h = *state;
	start(h);
	assert_search_sees(h, "001010000000011");
	assert_memory_is_clean(h, "at start");
	/* First, for later messages could be of cards that went by code. */
	set_way(h, "sms", "*121*{pin}#");
	drop_cards(h, "text.csv", BY_TEXT, BY_MENU);
	until_still(h, BY_MENU - BY_TEXT);
	assert_memory_is_clean(h, "after a batch by text");
	set_way(h, "ussd", "*121*{pin}#");
	drop_cards(h, "code.csv", BY_CODE, BY_WIDE);
	until_still(h, BY_MENU - BY_TEXT + BY_WIDE);
	assert_memory_is_clean(h, "after a batch by code");
	drop_wide_cards(h, "wide.csv", BY_WIDE, BY_TEXT);
	until_still(h, BY_MENU);
	assert_memory_is_clean(h, "after a file in UTF-16");
	hand_in_bad_files(h);
	until_still(h, BY_MENU + BAD_FILE_GOOD_ROWS);
	assert_memory_is_clean(h, "after bad files");
	hand_in_again(h);
	assert_memory_is_clean(h, "after a resubmission");
	house_rule_set(h, "menu", "1", "(?i)enter the voucher -> {pin}");
	house_rule_set(h, "menu", "2", "(?i)confirm -> 1");
	set_way(h, "ussd", "*120#");
	drop_cards(h, "menu.csv", BY_MENU, CARDS);
	until_still(h, CARDS + BAD_FILE_GOOD_ROWS + CANCELLED);
	assert_memory_is_clean(h, "after a batch by menu");
	load_at_the_counter(h);
	type_pins_in_wrong_places(h);
	let_operators_tell_pins(h);
	assert_memory_is_clean(h, "after the counter");
	assert_memory_is_clean(h, "after PINs in wrong places");
	house_ask(h, "audit", NULL);
	house_ask(h, "vouchers", NULL);
	house_ask(h, "inbox", NULL);
	assert_int_equal(
		house_ctl(h, "backup", house_path(h, "out/copy.db"), NULL), 0);
	assert_files_are_clean(h);
	assert_memory_is_clean(h, "at the end");
	assert_no_core(h);
	show_what_may_be_shown(h);
	assert_memory_is_clean(h, "after PINs were shown");
	house_done(h);
}

/* ---- on air -------------------------------------------------------------- */

static bool
is_dialing(struct house *h, const void *ctx)
{
	return strcmp(house_text(house_voucher(h, ctx), "state"), "dialing") ==
	       0;
}

static void
a_pin_on_air_stands_in_locked_memory_only(void **state)
{
	struct house *h = *state;
	char text[256];
	house_add_cards(h, SHOWN_ON_AIR, SHOWN_ON_AIR + 1);
	house_rule_set(h, "recharge", "via", "sms");
	house_rule_set(h, "recharge", "sms_to", "121");
	house_rule_set(h, "recharge", "sms_text", "TOP {pin}");
	house_rule_set(h, "recharge", "sms_from", "SimTel");
	house_add_modem(
		h, "m1", "huawei", "{\"faults\": {\"prompt_ms\": 4000}}");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	/* The text waits in the driver for the modem's prompt. */
	house_tell(h, "{\"order\": \"prompt_late\", \"modem\": \"m1\"}");
	write_rows(text, sizeof(text), SHOWN_ON_AIR, SHOWN_ON_AIR + 1);
	house_drop(h, "one.csv", text);
	snprintf(text, sizeof(text), "S%d", SHOWN_ON_AIR);
	house_until(h, "the card on air", is_dialing, text);
	struct hunt *hunt = hunt_all();
	struct finds finds = {.tell = false};
	int64_t looked = hunt_memory(hunt, h->daemon, on_find, &finds);
	hunt_free(hunt);
	house_done(h);
	if (looked < 0)
		skip();
	assert_true(finds.count > 0);
	assert_int_equal(finds.loose, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_finds_each_form_of_a_pin_in_memory),
		HOUSE_TEST(a_pin_on_air_stands_in_locked_memory_only),
		HOUSE_TEST(no_pin_stays_in_memory_or_on_disk_after_a_day),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
