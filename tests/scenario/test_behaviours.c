/*
 * What modems do to their users, behaviour by behaviour: a shelf of odd ones,
 * and cards that must end as the network's truth says. The numbers are those
 * of the list of thirty in the facts; messages: test_behaviours_sms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/house_proof.h"
#include "tests/support/shelf.h"

static void needs_a_person(void **state);
static void names_what_is_missing(void **state);
static void shares_the_port(void **state);
static void is_flooded(void **state);

static const struct oddity odd[] = {
	ODD(1, "answer_comes_later_than_its_ok", "standard",
		.keys = "{\"delay_ms\": [300, 1500]}"),
	ODD(2, "answer_comes_before_its_ok", "quectel",
		.keys = "{\"ok\": \"last\"}"),
	ODD(2, "port_is_blocked_until_the_network_answers", "standard",
		.keys = "{\"ok\": \"block\", \"delay_ms\": [300, 900]}"),
	ODD(3, "text_has_line_ends_and_an_ok_inside", "standard",
		.fault = "lines"),
	ODD(4, "modem_of_packed_hex_loses_plain_requests", "huawei",
		.keys = "{\"lose_coding\": true, \"cscs\": \"UCS2\"}"),
	ODD(5, "ucs2_comes_under_dcs_15", "quectel", .keys = "{\"dcs\": 15}"),
	ODD(5, "ucs2_comes_under_dcs_72", "quectel", .keys = "{\"dcs\": 72}"),
	ODD(6, "noise_stands_between_any_two_lines", "huawei",
		.keys = "{\"noise\": true, \"chatter_ms\": 40, \"cut\": 3}"),
	ODD(6, "noise_stands_inside_the_text", "simcom", .keys = "{\"cut\": 5}",
		.fault = "splice"),
	ODD(7, "reads_are_cut_at_every_byte", "simcom", .keys = "{\"cut\": 1}"),
	ODD(8, "lone_error_after_ok_is_no_answer", "huawei", .fault = "cme"),
	ODD(9, "session_ends_without_a_text", "simcom", .fault = "dropped"),
	ODD(9, "text_comes_under_the_end_of_the_session", "huawei",
		.fault = "ended"),
	ODD(9, "cusd_4_says_nothing_of_the_request", "standard",
		.fault = "unsupported"),
	ODD(9, "cusd_5_echoes_a_damaged_code", "standard", .fault = "timeout"),
	ODD(9, "release_of_another_session_comes_first", "quectel",
		.fault = "release"),
	ODD(9, "end_of_the_last_session_comes_first", "huawei",
		.fault = "stale"),
	ODD(10, "answer_never_comes_and_the_balance_tells", "standard",
		.fault = "lose_reply"),
	ODD(10, "request_is_lost_and_nothing_is_guessed", "huawei",
		.fault = "lose_request", .state = "unknown"),
	ODD(10, "answer_comes_after_its_time", "quectel",
		.keys = "{\"faults\": {\"late_ms\": 4000}}", .fault = "late"),
	ODD(11, "menu_is_walked_to_its_end", "standard", .operator= MENUTEL),
	ODD(11, "menu_that_never_opens_takes_no_pin", "huawei",
		.operator= MENUTEL, .fault = "lose_request",
		.state = "unknown"),
	ODD(18, "there_is_no_sim", "standard",
		.keys = "{\"pin_state\": \"absent\"}", .state = "no SIM",
		.test = needs_a_person, .no_cards = true),
	ODD(18, "sim_asks_for_its_puk", "huawei",
		.keys = "{\"pin_state\": \"SIM PUK\"}", .state = "PUK",
		.test = needs_a_person, .no_cards = true),
	ODD(18, "sim_asks_for_a_pin_that_nobody_gave", "quectel",
		.keys = "{\"pin_state\": \"SIM PIN\"}", .state = "PIN",
		.test = needs_a_person, .no_cards = true),
	ODD(12, "port_vanishes_and_comes_back_locked_under_another_name",
		"simcom",
		.keys = "{\"pin_state\": \"SIM PIN\", \"boot_ms\": 1000, "
			"\"faults\": {\"vanish_ms\": 2000}}",
		.settings = "sim_pin_file = \"%s/sim.pin\";",
		.fault = "vanish"),
	ODD(18, "sim_is_locked_and_its_pin_is_known", "quectel",
		.keys = "{\"pin_state\": \"SIM PIN\"}",
		.settings = "sim_pin_file = \"%s/sim.pin\";"),
	ODD(24, "messages_and_phone_book_come_seconds_after_the_rest", "simcom",
		.keys = "{\"boot_ms\": 1000, \"sms_ready_ms\": 4000}"),
	ODD(20, "text_has_no_quotes", "huawei", .fault = "no_quotes"),
	ODD(20, "text_has_no_dcs", "standard", .fault = "no_dcs"),
	ODD(20, "text_never_ends", "quectel", .fault = "unterminated"),
	ODD(20, "dcs_has_a_letter_behind_it", "simcom", .fault = "odd_dcs"),
	ODD(20, "text_has_quotes_inside", "standard", .fault = "quotes"),
	ODD(21, "dcs_17_without_a_language", "quectel", .fault = "dcs17"),
	ODD(21, "dcs_17_with_a_language_and_junk", "standard",
		.fault = "dcs17_lang"),
	ODD(22, "echo_stays_on", "simcom",
		.keys = "{\"ate0_refused\": 2, \"noise\": true, \"cut\": 7}"),
	ODD(23, "answer_without_ok", "huawei", .fault = "no_ok"),
	ODD(23, "ok_and_answer_on_one_line", "standard", .fault = "glued"),
	ODD(24, "modem_boots_and_refuses_for_seconds", "simcom",
		.keys = "{\"boot_ms\": 4000}", .fault = "reboot"),
	ODD(25, "modem_hangs_and_comes_back", "huawei",
		.keys = "{\"faults\": {\"hang_ms\": 2000}}", .fault = "hang"),
	ODD(19, "lte_swallows_the_code", "telit",
		.keys = "{\"lte_only\": true, \"lte_ussd\": \"silent\"}",
		.test = names_what_is_missing),
	ODD(19, "lte_ends_the_code_with_an_error", "huawei",
		.keys = "{\"lte_only\": true, \"lte_ussd\": \"error_after\", "
			"\"lte_code\": 258}",
		.test = names_what_is_missing),
	ODD(25, "modem_hangs_until_it_is_reset", "standard",
		.keys = "{\"faults\": {\"hang_cure\": \"atz\"}}",
		.fault = "hang"),
	ODD(25, "modem_hangs_until_its_port_is_opened_anew", "quectel",
		.keys = "{\"faults\": {\"hang_cure\": \"reopen\"}}",
		.fault = "hang"),
	ODD(25, "modem_says_error_to_everything", "huawei",
		.keys = "{\"faults\": {\"hang_kind\": \"error\", "
			"\"hang_cure\": \"atz\"}}",
		.fault = "hang"),
	ODD(26, "another_program_left_hex_as_charset", "standard",
		.keys = "{\"cscs\": \"HEX\"}"),
	ODD(26, "another_program_left_ucs2_as_charset", "huawei",
		.keys = "{\"cscs\": \"UCS2\"}"),
	ODD(28, "replies_to_another_program_come_to_our_port", "quectel",
		.fault = "+COPS: 0\\r\\nOK\\r\\n+CSQ: 7,99\\r\\nERROR\\r\\n",
		.test = shelf_keeps_serving),
	ODD(29, "line_is_broken_off", "standard", .fault = "^DSFLOWRPT:0000",
		.test = shelf_keeps_serving),
	ODD(29, "answer_is_longer_than_4_kib", "quectel", .fault = "long"),
	ODD(30, "text_that_nobody_asked_for_settles_nothing", "standard",
		.fault = "\\r\\n+CUSD: 0,\\\"Your balance is 1.00 "
			 "XTS.\\\",15\\r\\n",
		.test = shelf_keeps_serving),
	ODD(22, "echo_turns_each_end_of_line_into_two", "wavecom",
		.keys = "{\"echo_lf\": true, \"ate0_refused\": 1}"),
	ODD(23, "answer_to_a_question_has_no_ok", "wavecom",
		.keys = "{\"no_ok_to\": \"+CSQ\"}"),
	ODD(23, "ok_comes_where_an_answer_should", "standard",
		.keys = "{\"only_ok_to\": \"+CSQ\"}"),
	ODD(27, "octets_of_packed_letters_stand_on_the_line", "zte",
		.fault = "raw_packed"),
	ODD(27, "nul_octets_stand_in_the_text", "standard", .fault = "nuls"),
	ODD(27, "text_is_filled_with_an_at_sign", "huawei", .fault = "pad_at"),
	ODD(27, "text_is_filled_with_a_cr", "huawei", .fault = "pad_cr"),
	ODD(28, "another_program_sets_the_charset_to_hex", "standard",
		.test = shares_the_port),
	ODD(29, "line_of_20_kb_has_no_end", "quectel", .test = is_flooded),
};

static void
needs_a_person(void **state)
{
	const struct oddity *b = *state;

	house_until_modem(shelf_house(), shelf_name(b), "failed");
	house_assert_contains(
		house_text(house_find(house_ask(shelf_house(), "modems", NULL),
				   "name", shelf_name(b)),
			"last_error"),
		b->state);
}

static bool
says_ussd_unavailable(struct house *h, const void *name)
{
	json_t *modem = house_find(house_ask(h, "modems", NULL), "name", name);

	return strstr(house_text(modem, "last_error"), "ussd_unavailable") !=
	       NULL;
}

/* Nobody tells its balance, so no card goes; and a person is told why. */
static void
names_what_is_missing(void **state)
{
	const struct oddity *b = *state;
	struct house *h = shelf_house();

	house_until_modem(h, shelf_name(b), "ready");
	shelf_submit(b, shelf_card(b));
	shelf_submit(b, shelf_card(b) + 1);
	house_until(h, "USSD is said to be missing", says_ussd_unavailable,
		shelf_name(b));
	shelf_until_state(shelf_card(b), "ready");
	shelf_until_state(shelf_card(b) + 1, "ready");
}

static void
order_and_serve(const struct oddity *b, const char *keys)
{
	house_until_modem(shelf_house(), shelf_name(b), "ready");
	shelf_tell(b, keys);
	shelf_begin(b);
	shelf_tell(b, keys);
	shelf_expect(b);
}

static void
shares_the_port(void **state)
{
	order_and_serve(*state, "\"order\": \"foreign\", \"text\": "
				"\"AT+CSCS=\\\"HEX\\\"\"");
}

static void
is_flooded(void **state)
{
	order_and_serve(*state, "\"order\": \"flood\"");
}

int
main(void)
{
	return shelf_run("behaviours", odd, sizeof(odd) / sizeof(odd[0]));
}
