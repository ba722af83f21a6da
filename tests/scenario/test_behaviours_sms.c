/*
 * What modems do with short messages, behaviour by behaviour, on a shelf of
 * odd ones. The numbers are those of the list of thirty in the facts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/house_proof.h"
#include "tests/support/shelf.h"

static void gets_its_messages(void **state);
static void gets_its_long_messages(void **state);

#define TEXT .operator= TEXTTEL

static const struct oddity odd[] = {
	ODD(13, "prompt_comes_late", "standard",
		.keys = "{\"faults\": {\"prompt_ms\": 1500}}", TEXT,
		.fault = "prompt_late"),
	ODD(13, "prompt_never_comes", "huawei", TEXT,
		.fault = "prompt_missing"),
	ODD(13, "error_stands_in_place_of_the_prompt", "simcom", TEXT,
		.fault = "prompt_error"),
	ODD(13, "noise_stands_before_the_prompt", "quectel", TEXT,
		.fault = "prompt_urc"),
	ODD(14, "receipt_of_a_text_comes_late", "standard",
		.keys = "{\"faults\": {\"sms_late_ms\": 2000}}", TEXT,
		.fault = "sms_late"),
	ODD(14, "receipt_of_a_text_is_lost", "quectel", TEXT,
		.fault = "sms_silent"),
	ODD(15, "store_is_full_of_other_messages", "huawei",
		.keys = "{\"sm_size\": 3, \"me_size\": 0}", TEXT,
		.test = gets_its_messages),
	ODD(15, "store_is_full_without_a_word", "standard",
		.keys = "{\"sm_size\": 3, \"me_size\": 0, \"sms_full_silent\": "
			"true}",
		TEXT, .test = gets_its_messages),
	ODD(16, "list_has_no_name_field", "standard",
		.keys = "{\"sms_form\": \"short\", \"sms_first\": 0}", TEXT,
		.test = gets_its_messages),
	ODD(16, "list_has_an_empty_name", "quectel",
		.keys = "{\"sms_form\": \"quoted\"}", TEXT,
		.test = gets_its_messages),
	ODD(16, "list_has_the_name_in_hex", "simcom",
		.keys = "{\"sms_form\": \"named\"}", TEXT,
		.test = gets_its_messages),
	ODD(16, "list_has_the_message_behind_its_head", "standard",
		.keys = "{\"sms_form\": \"same_line\"}", TEXT,
		.test = gets_its_messages),
	ODD(17, "parts_of_a_message_come_as_they_like", "huawei", TEXT,
		.test = gets_its_long_messages),
	ODD(30, "text_that_nobody_asked_for_comes_before_a_prompt", "huawei",
		TEXT, .fault = "\\r\\n+CUSD: 0,\\\"You won!\\\",15\\r\\n",
		.test = shelf_keeps_serving),
	ODD(19, "network_carries_texts_only", "ublox", .operator= BOTHTEL,
		.keys = "{\"registration\": 6}"),
	ODD(19, "roaming_network_carries_texts_only", "ublox",
		.operator= BOTHTEL, .settings = "roaming = true;",
		.keys = "{\"registration\": 7}"),
	ODD(19, "lte_refuses_the_code_before_anything_leaves", "standard",
		.operator= BOTHTEL,
		.keys = "{\"lte_only\": true, \"lte_ussd\": \"error\", "
			"\"lte_code\": 30}"),
	ODD(30, "text_that_nobody_asked_for_comes_before_the_receipt",
		"standard", TEXT, .fault = "sms_cusd"),
};

/* ---- messages ----------------------------------------------------------- */

struct wanted {
	const char *modem, *text;
};

static bool
inbox_has(struct house *h, const void *ctx)
{
	const struct wanted *w = ctx;
	json_t *list = house_ask(h, "inbox", w->modem, NULL);

	return house_find(list, "text", w->text) != NULL;
}

static void
until_inbox_has(const struct oddity *b, const char *text)
{
	struct wanted wanted = {shelf_name(b), text};

	house_until(shelf_house(), text, inbox_has, &wanted);
}

/* Garbage and drafts lie in the store, more comes than it holds. */
static void
gets_its_messages(void **state)
{
	const struct oddity *b = *state;

	house_until_modem(shelf_house(), shelf_name(b), "ready");
	shelf_tell(b, "\"order\": \"stored\", \"store\": \"SM\", \"text\": "
		      "\"FFFFFFFF\"");
	shelf_tell(b, "\"order\": \"sms\", \"text\": \"one\"");
	shelf_tell(b, "\"order\": \"sms\", \"text\": \"two\"");
	shelf_tell(b, "\"order\": \"sms\", \"text\": \"three\"");
	shelf_tell(b, "\"order\": \"sms\", \"text\": \"four\"");
	shelf_begin(b);
	shelf_expect(b);
	until_inbox_has(b, "one");
	until_inbox_has(b, "two");
	until_inbox_has(b, "three");
	until_inbox_has(b, "four");
}

static void
gets_its_long_messages(void **state)
{
	const struct oddity *b = *state;
	static const char *const parts[] = {"123", "321", "2313", "112233"};
	char text[512], keys[1024];

	house_until_modem(shelf_house(), shelf_name(b), "ready");
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		memset(text, 'a' + (int)i, 400);
		text[400] = '\0';
		snprintf(keys, sizeof(keys),
			"\"order\": \"sms\", \"parts\": \"%s\", "
			"\"wide\": %s, \"reference\": %u, \"text\": \"%s\"",
			parts[i], i % 2 == 0 ? "true" : "false", i, text);
		shelf_tell(b, keys);
		until_inbox_has(b, text);
	}
	shelf_begin(b);
	shelf_expect(b);
}

int
main(void)
{
	return shelf_run("behaviours sms", odd, sizeof(odd) / sizeof(odd[0]));
}
