/*
 * Messages on the real binaries: an operator that says by SMS what its USSD
 * answer lost, what others send, and copies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

#define FAST       "{\"sms_delay_ms\": [1, 5]}"
#define SLOW       "{\"sms_delay_ms\": [4000, 4000]}"
#define CREDITED   "You have been credited with 100.00"
#define FROM_OTHER "\"sender\": \"+99955555555\""
#define BY_OTHER   "\"smsc\": \"+15550000001\""

static void
start(struct house *h, const char *network, const char *modem)
{
	house_add_cards(h, 0, 2);
	house_network_set(h, network, json_true());
	house_rule_set(h, "recharge", "timeout", "2");
	house_rule_set(h, "recharge", "sms_from", "SimTel");
	house_rule_set(h, "reply", "pending", "(?i)will receive an SMS");
	house_add_modem(h, "m1", "huawei", modem);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

static void
submit_card(struct house *h, unsigned i)
{
	char name[32], batch[128];

	snprintf(name, sizeof(name), "card%u.csv", i);
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial\n%s,S%u\n", house_pin(i), i);
	house_submit(h, name, batch);
}

/* A word of its only attempt: what settled it, the way it went. */
static void
assert_attempt(
	struct house *h, const char *serial, const char *key, const char *word)
{
	char id[24];
	json_t *list;

	snprintf(id, sizeof(id), "%ld", house_voucher_id(h, serial));
	list = json_object_get(
		house_ask(h, "voucher", id, NULL), "attempt_list");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(house_text(json_array_get(list, 0), key), word);
}

static void
assert_by(struct house *h, const char *serial, const char *by)
{
	assert_attempt(h, serial, "by", by);
}

static void
send_sms(struct house *h, const char *text, const char *more)
{
	char order[256];

	snprintf(order, sizeof(order),
		"{\"order\": \"sms\", \"modem\": \"m1\", \"text\": \"%s\"%s%s}",
		text, more[0] != '\0' ? ", " : "", more);
	house_tell(h, order);
}

/* Entries of messages whose note has that. */
struct noted {
	const char *note;
	size_t count;
};

static bool
is_noted(struct house *h, const void *ctx)
{
	const struct noted *wanted = ctx;
	json_t *entries = house_ask(h, "audit", NULL);
	size_t found = 0;

	for (size_t i = 0; i < json_array_size(entries); i++) {
		json_t *entry = json_array_get(entries, i);

		found +=
			strcmp(house_text(entry, "event"), "sim.message") ==
				0 &&
			strstr(house_text(entry, "note"), wanted->note) != NULL;
	}
	return found >= wanted->count;
}

static void
until_noted(struct house *h, const char *note, size_t count)
{
	struct noted wanted = {note, count};

	house_until(h, note, is_noted, &wanted);
}

static void
lost_answer_is_settled_by_its_message(void **state)
{
	struct house *h = *state;

	start(h, "sms_copy", SLOW);
	house_strike(h, "m1", "lose_reply");
	submit_card(h, 0);
	house_until_state(h, "S0", "unknown");
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	assert_attempt(h, "S0", "via", "ussd");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	assert_by(h, "S1", "text");
	house_assert_money_law(h, 2);
	house_assert_secret(h, house_pin(0));
	house_done(h);
}

static void
message_that_comes_before_the_timeout_is_weighed_after_it(void **state)
{
	struct house *h = *state;

	start(h, "sms_copy", FAST);
	house_strike(h, "m1", "lose_reply");
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	house_assert_money_law(h, 1);
	house_done(h);
}

static void
message_of_another_sender_or_centre_changes_nothing(void **state)
{
	struct house *h = *state;

	/* The network says nothing by itself. */
	start(h, "sms_copy", "{\"sms_delay_ms\": [600000, 600000]}");
	house_strike(h, "m1", "lose_reply");
	submit_card(h, 0);
	house_until_state(h, "S0", "unknown");
	send_sms(h, CREDITED, FROM_OTHER);
	until_noted(h, "why=sender", 1);
	send_sms(h, CREDITED, BY_OTHER);
	until_noted(h, "why=centre", 1);
	house_assert_voucher(h, "S0", "unknown", "no_answer");
	send_sms(h, CREDITED, "");
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	house_assert_money_law(h, 1);
	house_done(h);
}

/* ---- inbox -------------------------------------------------------------- */

static bool
inbox_has(struct house *h, const void *ctx)
{
	return json_array_size(house_ask(h, "inbox", NULL)) >=
	       *(const size_t *)ctx;
}

static void
inbox_shows_every_message_and_no_card(void **state)
{
	struct house *h = *state;
	const size_t three = 3;
	char text[128];
	json_t *list;

	start(h, "sms_copy", FAST);
	snprintf(text, sizeof(text), "A gift for you: %s", house_pin(1));
	send_sms(h, text, "");
	send_sms(h, "Buy now", FROM_OTHER);
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	house_until(h, "three messages", inbox_has, &three);
	list = house_ask(h, "inbox", "m1", NULL);
	assert_int_equal(json_array_size(list), three);
	house_assert_contains(house_text(json_array_get(list, 0), "text"),
		"A gift for you: *");
	assert_string_equal(
		house_text(json_array_get(list, 0), "sender"), "SimTel");
	assert_string_equal(
		house_text(json_array_get(list, 1), "why"), "sender");
	assert_string_equal(
		house_text(json_array_get(list, 2), "verdict"), "loaded");
	assert_int_equal(house_number(json_array_get(list, 2), "voucher"), 1);
	list = house_ask(h, "inbox", "--after", "1", "--limit", "1", NULL);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(house_number(json_array_get(list, 0), "id"), 2);
	list = house_ask(h, "inbox", "--newest", "--limit", "2", NULL);
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(house_number(json_array_get(list, 0), "id"), 3);
	assert_int_equal(house_number(json_array_get(list, 1), "id"), 2);
	assert_int_equal(house_ctl(h, "inbox", NULL), 0);
	house_assert_contains(h->out, "Buy now");
	assert_null(strstr(h->out, house_pin(1)));
	assert_int_equal(house_ctl(h, "inbox", "nosuch", NULL), 1);
	assert_non_null(strstr(h->err, "there is no modem 'nosuch'"));
	house_done(h);
}

/* ---- verdict = sms ------------------------------------------------------ */

static void
start_pending(struct house *h, const char *modem)
{
	house_rule_set(h, "recharge", "verdict", "sms");
	house_add_card(h, house_pin(2), 10000, "used");
	start(h, "sms_verdict", modem);
}

static void
message_is_the_verdict_of_a_pending_card(void **state)
{
	struct house *h = *state;

	start_pending(h, "{\"sms_delay_ms\": [1000, 1000]}");
	submit_card(h, 0);
	house_until_state(h, "S0", "pending");
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	submit_card(h, 2);
	house_until_state(h, "S2", "rejected");
	house_assert_voucher(h, "S2", "rejected", "used");
	assert_by(h, "S2", "sms");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 3);
	house_done(h);
}

static void
message_that_came_while_nobody_listened_settles_after_a_start(void **state)
{
	struct house *h = *state;

	start_pending(h, "{\"sms_delay_ms\": [1000, 1000]}");
	submit_card(h, 0);
	house_until_state(h, "S0", "pending");
	house_kill(h);
	house_start(h);
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
message_after_its_time_settles_what_was_given_up(void **state)
{
	struct house *h = *state;

	house_rule_set(h, "recharge", "sms_timeout", "2");
	start_pending(h, "{\"sms_delay_ms\": [600000, 600000]}");
	submit_card(h, 0);
	house_until_state(h, "S0", "unknown");
	house_assert_voucher(h, "S0", "unknown", "no_sms");
	send_sms(h, CREDITED, "");
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	house_assert_money_law(h, 1);
	house_done(h);
}

/* ---- via = sms ---------------------------------------------------------- */

static void
start_texts(struct house *h, const char *via)
{
	house_rule_set(h, "recharge", "via", via);
	house_rule_set(h, "recharge", "sms_to", "121");
	house_rule_set(h, "recharge", "sms_text", "TOP {pin}");
	house_add_card(h, house_pin(2), 10000, "used");
	start(h, "sms_copy", FAST);
}

static void
card_goes_as_a_text_and_its_message_decides(void **state)
{
	struct house *h = *state;

	start_texts(h, "sms");
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	assert_attempt(h, "S0", "via", "sms");
	submit_card(h, 2);
	house_until_state(h, "S2", "rejected");
	house_assert_voucher(h, "S2", "rejected", "used");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 3);
	house_assert_money_law(h, 3);
	house_assert_secret(h, house_pin(0));
	house_assert_secret(h, house_pin(2));
	house_done(h);
}

static void
text_whose_receipt_is_lost_is_not_sent_again(void **state)
{
	struct house *h = *state;

	start_texts(h, "sms");
	house_tell(h, "{\"order\": \"sms_silent\", \"modem\": \"m1\"}");
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	assert_by(h, "S0", "sms");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 2);
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
text_goes_after_a_code_that_was_not_sent(void **state)
{
	struct house *h = *state;

	start_texts(h, "ussd, sms");
	house_strike(h, "m1", "cme_local");
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 1);
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	assert_by(h, "S1", "text");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 1);
	house_assert_money_law(h, 2);
	house_done(h);
}

/* ---- balance ------------------------------------------------------------ */

static size_t
texts_for_the_balance(struct house *h)
{
	return (size_t)house_truth_count(h, "sms_sent", "text", "BAL");
}

static void
balance_is_asked_by_a_text_where_there_is_no_code(void **state)
{
	struct house *h = *state;
	json_t *answer, *list;

	house_rule_drop(h, "balance", "ussd");
	house_rule_set(h, "balance", "sms_to", "121");
	house_rule_set(h, "balance", "sms_text", "BAL");
	start(h, "sms_copy", FAST);
	answer = house_ask(h, "balance", "m1", NULL);
	assert_string_equal(house_text(answer, "balance"), "50.00");
	assert_string_equal(house_text(answer, "currency"), "XTS");
	list = house_ask(h, "inbox", NULL);
	assert_string_equal(
		house_text(json_array_get(list, 0), "why"), "balance");
	/* The fence asks so, too. */
	house_strike(h, "m1", "lose_reply");
	submit_card(h, 0);
	house_until_state(h, "S0", "loaded");
	house_until_modem(h, "m1", "ready");
	assert_true(texts_for_the_balance(h) >= 2);
	assert_int_equal(house_truth_count(h, "request", "code", "*123#"), 0);
	answer = house_ask(h, "balance", "m1", NULL);
	assert_string_equal(house_text(answer, "balance"), "150.00");
	submit_card(h, 1);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 2);
	house_done(h);
}

/* ---- a person's message -------------------------------------------------- */

static void
message_of_a_person_is_sent_once_and_never_with_a_pin(void **state)
{
	struct house *h = *state;
	const size_t one = 1;

	start(h, "sms_copy", FAST);
	assert_int_equal(house_ctl(h, "sms", "m1", "121", "BAL", NULL), 0);
	house_assert_contains(h->out, "sent to 121");
	house_until(h, "its answer", inbox_has, &one);
	assert_string_equal(house_text(house_ask(h, "sms", "m1", "0800000099",
					       "\xc4\x9b: see you", NULL),
				    "fate"),
		"sent");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 2);
	assert_int_equal(
		house_ctl(h, "sms", "m1", "121", house_pin(0), NULL), 1);
	house_assert_contains(h->err, "use: topupctl load");
	assert_int_equal(house_ctl(h, "sms", "m1", "SimTel", "BAL", NULL), 2);
	/* Its receipt is lost: nobody knows, and nobody sends it again. */
	house_tell(h, "{\"order\": \"sms_silent\", \"modem\": \"m1\"}");
	assert_int_equal(house_ctl(h, "sms", "m1", "121", "BAL", NULL), 4);
	house_assert_contains(h->err, "topupctl inbox m1");
	assert_int_equal(house_truth_count(h, "sms_sent", NULL, ""), 3);
	assert_int_equal(house_ctl(h, "audit", NULL), 0);
	house_assert_contains(h->out, "to 121: BAL");
	assert_null(strstr(h->out, house_pin(0)));
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(lost_answer_is_settled_by_its_message),
		HOUSE_TEST(
			message_that_comes_before_the_timeout_is_weighed_after_it),
		HOUSE_TEST(message_of_another_sender_or_centre_changes_nothing),
		HOUSE_TEST(inbox_shows_every_message_and_no_card),
		HOUSE_TEST(message_is_the_verdict_of_a_pending_card),
		HOUSE_TEST(
			message_that_came_while_nobody_listened_settles_after_a_start),
		HOUSE_TEST(message_after_its_time_settles_what_was_given_up),
		HOUSE_TEST(card_goes_as_a_text_and_its_message_decides),
		HOUSE_TEST(text_whose_receipt_is_lost_is_not_sent_again),
		HOUSE_TEST(text_goes_after_a_code_that_was_not_sent),
		HOUSE_TEST(balance_is_asked_by_a_text_where_there_is_no_code),
		HOUSE_TEST(
			message_of_a_person_is_sent_once_and_never_with_a_pin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
