/*
 * The command reveal: whose PIN is shown, to whom, what the audit says of
 * it, and that no revealed card goes on air by itself afterwards.
 */
#include "agent/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/turn.h"
#include "agent/vault.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

static const char *
ask_id(const char *command, int64_t id)
{
	char line[128];
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"%s\",\"args\":{\"ids\":[%lld]}}", command,
		(long long)id);
	return desk_ask(line);
}

static const char *
resolve(int64_t id, const char *how)
{
	char line[160];
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"resolve\",\"args\":{\"id\":%lld,\"how\":\"%s\","
		"\"note\":\"I say so\"}}",
		(long long)id, how);
	return desk_ask(line);
}

/* What purse_row() drew for it: nobody else knows. */
static void
item_of(int64_t id, char *out, size_t cap)
{
	uint8_t blob[VAULT_SEALED_MAX];
	struct secret voucher_pin;
	size_t len = 0;
	assert_int_equal(
		ledger_sealed_pin(desk.ledger, id, blob, sizeof(blob), &len),
		0);
	assert_int_equal(
		vault_unseal(desk.purse->vault, blob, len, &voucher_pin), 0);
	(void)snprintf(out, cap, "{\"item\":{\"id\":%lld,\"pin\":\"%.*s\"}}\n",
		(long long)id, (int)voucher_pin.len, voucher_pin.bytes);
}

/* ---- each state --------------------------------------------------------- */

static void
become_held(int64_t id)
{
	(void)ask_id("hold", id);
}

static void
become_held_on_air(int64_t id)
{
	desk_dial(id, VERDICT_NOT_NOW, VOUCHER_NOT_NOW, "not_now");
}

static void
become_dialing(int64_t id)
{
	(void)purse_dial(desk.purse, id);
}

static void
become_pending(int64_t id)
{
	desk_dial(id, VERDICT_PENDING, VOUCHER_TAKEN, "");
}

static void
become_unknown(int64_t id)
{
	desk_dial(id, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
}

static void
become_loaded(int64_t id)
{
	desk_dial(id, VERDICT_LOADED, VOUCHER_CREDITED, "");
}

static void
become_rejected(int64_t id)
{
	desk_dial(id, VERDICT_USED, VOUCHER_REFUSED_FIRST, "used");
}

static void
become_cancelled(int64_t id)
{
	(void)ask_id("cancel", id);
}

static const struct row {
	void (*become)(int64_t id);
	enum voucher_state before, after;
	const char *reason; /* afterwards */
	const char *why;    /* it is refused; NULL: it is shown */
} rows[] = {
	{NULL, VOUCHER_READY, VOUCHER_READY, "", "hold it first"},
	{become_held, VOUCHER_HELD, VOUCHER_CANCELLED, "revealed", NULL},
	{become_held_on_air, VOUCHER_HELD, VOUCHER_HELD, "revealed", NULL},
	{become_dialing, VOUCHER_DIALING, VOUCHER_DIALING, "", "it is on air"},
	{become_pending, VOUCHER_PENDING, VOUCHER_PENDING, "", "it is on air"},
	{become_unknown, VOUCHER_UNKNOWN, VOUCHER_UNKNOWN, "no_answer", NULL},
	{become_loaded, VOUCHER_LOADED, VOUCHER_LOADED, "", NULL},
	{become_rejected, VOUCHER_REJECTED, VOUCHER_REJECTED, "used", NULL},
	{become_cancelled, VOUCHER_CANCELLED, VOUCHER_CANCELLED, "", NULL},
};

static void
assert_shown(const struct row *row, int64_t id)
{
	char item[160], event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t head = ledger_audit_head(desk.ledger);
	item_of(id, item, sizeof(item));
	const struct json *done = desk_done(ask_id("reveal", id), 0);
	assert_int_equal(json_count(json_get(done, "refused")), 0);
	assert_true(strncmp(desk.heard, item, strlen(item)) == 0);
	purse_last_audit(desk.purse, event, note);
	assert_string_equal(event, "voucher.revealed");
	assert_non_null(strstr(note, voucher_state_name(row->after)));
	/* Its change of state is an entry, too. */
	assert_int_equal(ledger_audit_head(desk.ledger) - head,
		row->before == VOUCHER_HELD ? 2 : 1);
}

static void
assert_hidden(const struct row *row, int64_t id)
{
	int64_t head = ledger_audit_head(desk.ledger);
	const struct json *refused =
		json_get(desk_done(ask_id("reveal", id), 1), "refused");
	assert_non_null(
		strstr(json_get_text(json_at(refused, 0), "reason"), row->why));
	assert_null(strstr(desk.heard, "\"pin\""));
	assert_int_equal(ledger_audit_head(desk.ledger), head);
}

static void
each_state_is_revealed_or_refused_as_the_contract_says(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		int64_t id = desk_first(desk_batch(1, 0));
		if (row->become != NULL)
			row->become(id);
		assert_int_equal(desk_state(id), row->before);
		if (row->why == NULL)
			assert_shown(row, id);
		else
			assert_hidden(row, id);
		struct purse_card card = purse_card(desk.purse, id);
		assert_int_equal(card.state, row->after);
		assert_string_equal(card.reason, row->reason);
		purse_is_sound(desk.purse);
		/* A SIM has one PIN in flight. */
		assert_int_equal(desk_teardown(state), 0);
		assert_int_equal(set_up(state), 0);
	}
}

/* ---- never dialled again by a machine ------------------------------------ */

static void
a_revealed_card_is_not_released_by_anybody(void **state)
{
	(void)state;
	int64_t batch = desk_batch(2, 0), id = desk_first(batch);
	desk_dial(id, VERDICT_NOT_NOW, VOUCHER_NOT_NOW, "not_now");
	desk_dial(id + 1, VERDICT_NOT_NOW, VOUCHER_NOT_NOW, "not_now");
	(void)desk_done(ask_id("reveal", id), 0);
	const struct json *refused =
		json_get(desk_done(ask_id("release", id), 1), "refused");
	assert_non_null(strstr(json_get_text(json_at(refused, 0), "reason"),
		"its PIN was revealed"));
	(void)desk_ask("{\"command\":\"status\"}");
	assert_non_null(strstr(
		desk.heard, "topupctl resolve ID loaded|rejected|retry"));
	/* The other one of its batch can. */
	const struct json *done = desk_done(desk_ask("{\"command\":\"release\","
						     "\"args\":{\"batch\":1}}"),
		0);
	assert_int_equal(desk_number(done, "moved"), 1);
	assert_int_equal(desk_state(id), VOUCHER_HELD);
	assert_int_equal(desk_state(id + 1), VOUCHER_READY);
	/* It was on air: no cancelling, either. */
	(void)desk_done(ask_id("cancel", id), 1);
	(void)desk_done(ask_id("reveal", id), 0); /* once more is no harm */
	assert_int_equal(desk_state(id), VOUCHER_HELD);
	(void)desk_done(resolve(id, "retry"), 0);
	assert_int_equal(desk_state(id), VOUCHER_READY);
	purse_is_sound(desk.purse);
}

static void
a_person_settles_a_revealed_card(void **state)
{
	(void)state;
	static const struct {
		const char *how;
		enum voucher_state then;
	} ends[] = {{"loaded", VOUCHER_LOADED}, {"rejected", VOUCHER_REJECTED}};
	for (size_t i = 0; i < 2; i++) {
		int64_t id = desk_first(desk_batch(1, 0));
		become_held_on_air(id);
		(void)desk_done(resolve(id, ends[i].how), 1);
		assert_int_equal(desk_state(id), VOUCHER_HELD);
		(void)desk_done(ask_id("reveal", id), 0);
		(void)desk_done(resolve(id, ends[i].how), 0);
		assert_int_equal(desk_state(id), ends[i].then);
		purse_is_sound(desk.purse);
	}
}

static void
no_machine_repeats_a_revealed_unknown_one(void **state)
{
	(void)state;
	int64_t id = desk_first(desk_batch(1, 0));
	become_unknown(id);
	struct ledger_op over = purse_op(desk.purse, LEDGER_FENCE);
	(void)snprintf(over.u.fence.iccid, sizeof(over.u.fence.iccid), "sim1");
	over.u.fence.over = true;
	(void)purse_must(desk.purse, &over);
	assert_int_equal(ledger_repeatable(desk.ledger, "sim1", "simtel"), id);
	(void)desk_done(ask_id("reveal", id), 0);
	struct ledger_op op = purse_begin(desk.purse, id);
	op.u.attempt_begin.event = VOUCHER_REPEATED;
	assert_int_equal(purse_do(desk.purse, &op, NULL), -EINVAL);
	assert_int_equal(ledger_repeatable(desk.ledger, "sim1", "simtel"), 0);
}

/* ---- requests ------------------------------------------------------------ */

static void
some_are_shown_and_some_refused_in_one_request(void **state)
{
	(void)state;
	(void)desk_batch(130, 0);
	(void)desk_done(
		desk_ask("{\"command\":\"hold\",\"args\":{\"batch\":1}}"), 0);
	char line[2048] = "{\"command\":\"reveal\",\"args\":{\"ids\":[999";
	for (int i = 1; i <= 130; i++)
		(void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
			",%d", i);
	(void)strcat(line, "]}}");
	const struct json *done = desk_done(desk_ask(line), 1);
	assert_int_equal(json_count(json_get(done, "refused")), 1);
	assert_int_equal(desk_count(desk.heard, "\"pin\":\"77"), 130);
	(void)desk_error(desk_ask("{\"command\":\"reveal\"}"), 2);
	(void)desk_error(
		desk_ask("{\"command\":\"reveal\",\"args\":{\"ids\":[\"1\"]}}"),
		2);
	(void)desk_error(
		desk_ask("{\"command\":\"reveal\",\"args\":{\"batch\":1}}"), 2);
}

/* No byte of a PIN leaves before it is on disk who asked for it. */
static void
nothing_is_shown_before_it_is_on_disk(void **state)
{
	(void)state;
	(void)desk_batch(1, 0);
	(void)ask_id("hold", 1);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"reveal\",\"args\":{\"ids\":[1]}}\n");
	desk_fill_disk(true);
	for (int i = 0; i < 10; i++)
		desk_turns();
	bool stuck = turn_stuck(desk.turn) != NULL;
	bool ended = desk_hear_anew(fd);
	desk_fill_disk(false);
	assert_true(stuck);
	assert_false(ended);
	assert_int_equal(desk.heard_len, 0);
	(void)desk_done(desk_answer(fd), 0);
	assert_non_null(strstr(desk.heard, "\"pin\":\"77"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_state_is_revealed_or_refused_as_the_contract_says),
		TEST(a_revealed_card_is_not_released_by_anybody),
		TEST(a_person_settles_a_revealed_card),
		TEST(no_machine_repeats_a_revealed_unknown_one),
		TEST(some_are_shown_and_some_refused_in_one_request),
		TEST(nothing_is_shown_before_it_is_on_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
