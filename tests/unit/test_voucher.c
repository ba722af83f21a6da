/*
 * test_voucher: the edge table says what the contract's state table says,
 * and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/voucher.h"

/* The contract's rows, in its words and order; "," separates states. */
static const struct {
	const char *from;
	enum voucher_event by;
	const char *to;
} contract[] = {
	{"ready", VOUCHER_DISPATCHED, "dialing"},
	{"ready", VOUCHER_PAST_EXPIRY, "held"},
	{"dialing", VOUCHER_NOT_SENT, "ready"},
	{"dialing", VOUCHER_NOT_SENT_AGAIN, "held"},
	{"dialing", VOUCHER_MAYBE_SENT, "unknown"},
	{"dialing", VOUCHER_FOUND_AT_START, "unknown"},
	{"dialing,pending", VOUCHER_CREDITED, "loaded"},
	{"dialing,pending", VOUCHER_AMOUNT_DIFFERS, "unknown"},
	{"dialing,pending", VOUCHER_REFUSED_FIRST, "rejected"},
	{"dialing,pending", VOUCHER_REFUSED_ON_REPEAT, "unknown"},
	{"dialing,pending", VOUCHER_USED_BY_ME_ON_REPEAT, "loaded"},
	{"dialing,pending", VOUCHER_SIM_BLOCKED, "ready"},
	{"dialing,pending", VOUCHER_NOT_NOW, "held"},
	{"dialing,pending", VOUCHER_BUSY, "ready"},
	{"dialing,pending", VOUCHER_BUSY_TOO_OFTEN, "held"},
	{"dialing", VOUCHER_TAKEN, "pending"},
	{"dialing,pending", VOUCHER_NO_VERDICT, "unknown"},
	{"dialing,pending", VOUCHER_AMBIGUOUS, "unknown"},
	{"pending", VOUCHER_SMS_TIMEOUT, "unknown"},
	{"unknown,ready,held,rejected", VOUCHER_EVIDENCE, "loaded"},
	{"unknown", VOUCHER_LATE_REFUSAL, "rejected"},
	{"unknown", VOUCHER_REPEATED, "dialing"},
	{"unknown,held", VOUCHER_RESOLVED_LOADED, "loaded"},
	{"unknown,held", VOUCHER_RESOLVED_REJECTED, "rejected"},
	{"unknown,rejected,held", VOUCHER_RESOLVED_RETRY, "ready"},
	{"ready", VOUCHER_HOLD, "held"},
	{"held", VOUCHER_RELEASE, "ready"},
	{"ready,held", VOUCHER_CANCEL, "cancelled"},
	{"held", VOUCHER_REVEAL, "cancelled"},
	{"ready", VOUCHER_RESTORED, "held"},
	{"held", VOUCHER_REVEAL_ON_AIR, "held"},
};

enum { ROWS = sizeof(contract) / sizeof(contract[0]) };

static bool
names_state(const char *list, const char *state)
{
	size_t len = strlen(state);
	for (const char *at = strstr(list, state); at;
		at = strstr(at + 1, state))
		if ((at == list || at[-1] == ',') &&
			(at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static const char *
contract_says(enum voucher_state from, enum voucher_event by)
{
	for (size_t i = 0; i < ROWS; i++)
		if (contract[i].by == by &&
			names_state(contract[i].from, voucher_state_name(from)))
			return contract[i].to;
	return NULL;
}

static void
every_pair_of_state_and_event_is_as_the_contract_says(void **state)
{
	(void)state;
	for (unsigned from = 0; from < VOUCHER_STATES; from++)
		for (unsigned by = 0; by < VOUCHER_EVENTS; by++) {
			const char *to = contract_says(from, by);
			const struct voucher_edge *edge =
				voucher_edge_find(from, by);
			assert_int_equal(edge != NULL, to != NULL);
			if (edge)
				assert_string_equal(
					voucher_state_name(edge->to), to);
		}
}

static void
no_pair_stands_twice(void **state)
{
	(void)state;
	const struct voucher_edge *edge;
	for (size_t i = 0; (edge = voucher_edge_at(i)); i++)
		assert_ptr_equal(voucher_edge_find(edge->from, edge->by), edge);
}

static void
nothing_but_evidence_and_a_person_moves_what_has_ended(void **state)
{
	(void)state;
	const struct voucher_edge *edge;
	for (size_t i = 0; (edge = voucher_edge_at(i)); i++)
		if (voucher_has_ended(edge->from))
			assert_true(edge->by == VOUCHER_EVIDENCE ||
				    edge->by == VOUCHER_RESOLVED_RETRY);
}

static void
a_card_that_was_on_air_is_never_cancelled(void **state)
{
	(void)state;
	struct span none = span_str("");
	for (unsigned from = 0; from < VOUCHER_STATES; from++) {
		const struct voucher_edge *edge =
			voucher_edge_find(from, VOUCHER_CANCEL);
		if (!edge)
			continue;
		assert_true(voucher_edge_permits(edge, 0, none));
		assert_false(voucher_edge_permits(edge, 1, none));
	}
}

static void
conditions_are_asked(void **state)
{
	(void)state;
	static const struct {
		enum voucher_state from;
		enum voucher_event by;
		unsigned on_air;
		const char *reason;
		bool permitted;
	} rows[] = {
		{VOUCHER_REJECTED, VOUCHER_EVIDENCE, 0, "", false},
		{VOUCHER_REJECTED, VOUCHER_EVIDENCE, 1, "", true},
		{VOUCHER_READY, VOUCHER_EVIDENCE, 0, "", false},
		{VOUCHER_UNKNOWN, VOUCHER_EVIDENCE, 0, "", true},
		{VOUCHER_UNKNOWN, VOUCHER_REPEATED, 1, "no_answer", true},
		{VOUCHER_UNKNOWN, VOUCHER_REPEATED, 1, "restart", true},
		{VOUCHER_UNKNOWN, VOUCHER_REPEATED, 1, "unrecognised", false},
		{VOUCHER_UNKNOWN, VOUCHER_REPEATED, 1, "no", false},
		{VOUCHER_UNKNOWN, VOUCHER_LATE_REFUSAL, 1, "", true},
		{VOUCHER_UNKNOWN, VOUCHER_LATE_REFUSAL, 2, "", false},
		{VOUCHER_HELD, VOUCHER_RELEASE, 1, "person", true},
		{VOUCHER_HELD, VOUCHER_RELEASE, 1, "revealed", false},
		{VOUCHER_HELD, VOUCHER_RESOLVED_RETRY, 1, "person", false},
		{VOUCHER_HELD, VOUCHER_RESOLVED_RETRY, 1, "revealed", true},
		{VOUCHER_HELD, VOUCHER_RESOLVED_LOADED, 1, "busy", false},
		{VOUCHER_HELD, VOUCHER_RESOLVED_REJECTED, 1, "busy", false},
		{VOUCHER_HELD, VOUCHER_REVEAL, 1, "person", false},
		{VOUCHER_HELD, VOUCHER_REVEAL_ON_AIR, 0, "person", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			voucher_edge_permits(
				voucher_edge_find(rows[i].from, rows[i].by),
				rows[i].on_air, span_str(rows[i].reason)),
			rows[i].permitted);
}

static void
an_edge_takes_only_its_own_reasons(void **state)
{
	(void)state;
	const struct voucher_edge *refused =
		voucher_edge_find(VOUCHER_DIALING, VOUCHER_REFUSED_FIRST);
	assert_true(voucher_edge_takes_reason(refused, span_str("used")));
	assert_true(voucher_edge_takes_reason(refused, span_str("")));
	assert_false(voucher_edge_takes_reason(refused, span_str("use")));
	assert_false(voucher_edge_takes_reason(refused, span_str("busy")));
}

static void
names_and_states_are_inverse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VOUCHER_STATES; i++) {
		enum voucher_state back;
		assert_int_equal(
			voucher_state_from_name(
				span_str(voucher_state_name(i)), &back),
			0);
		assert_int_equal(back, i);
	}
	enum voucher_state back;
	assert_true(voucher_state_from_name(span_str("lost"), &back) < 0);
	assert_string_equal(voucher_state_name(VOUCHER_STATES), "?");
	assert_string_equal(voucher_event_name(VOUCHER_EVENTS), "?");
	for (unsigned i = 0; i < VOUCHER_EVENTS; i++)
		assert_non_null(voucher_event_name(i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_pair_of_state_and_event_is_as_the_contract_says),
		cmocka_unit_test(no_pair_stands_twice),
		cmocka_unit_test(
			nothing_but_evidence_and_a_person_moves_what_has_ended),
		cmocka_unit_test(a_card_that_was_on_air_is_never_cancelled),
		cmocka_unit_test(conditions_are_asked),
		cmocka_unit_test(an_edge_takes_only_its_own_reasons),
		cmocka_unit_test(names_and_states_are_inverse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
