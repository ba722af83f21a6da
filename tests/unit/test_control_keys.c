/*
 * The control socket: every answer has the keys that the contract names, with
 * money as decimal text, times as RFC 3339, and null for what is absent.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

enum { KEYS_TEXT = 1024 };

/* The keys of an object, blank-separated, in their order. */
static void
add_key(void *ctx, const char *key, const struct json *value)
{
	char *keys = ctx;
	size_t len = strlen(keys);
	(void)value;
	(void)snprintf(keys + len, KEYS_TEXT - len, "%s ", key);
}

static void
assert_has_keys(const char *what, const struct json *object, const char *wanted)
{
	char keys[KEYS_TEXT] = " ", word[64];
	json_each(object, add_key, keys);
	for (const char *at = wanted; *at != '\0';) {
		size_t len = strcspn(at, " ");
		(void)snprintf(word, sizeof(word), " %.*s ", (int)len, at);
		if (strstr(keys, word) == NULL)
			fail_msg("%s has no%s: %s", what, word, keys);
		at += len + (at[len] == ' ');
	}
}

/* The first item of an answer; valid until the next one. */
static const struct json *
item_of(const char *answer)
{
	static struct json *line;
	char why[128];
	json_free(line);
	line = json_parse(
		span_of(answer, strcspn(answer, "\n")), why, sizeof(why));
	assert_non_null(line);
	const struct json *item = json_get(line, "item");
	assert_non_null(item);
	return item;
}

static void
items_and_answers_have_the_keys_of_the_contract(void **state)
{
	(void)state;
	static const struct {
		const char *command;
		bool is_list;
		const char *keys;
	} rows[] = {
		{"{\"command\":\"status\"}", false,
			"version uptime modems vouchers batches"},
		{"{\"command\":\"modems\"}", true,
			"name port state until operator signal imei iccid imsi "
			"balance balance_at last_error"},
		{"{\"command\":\"batches\"}", true,
			"id name received_at rows bad_rows counts finished_at"},
		{"{\"command\":\"batch\",\"args\":{\"id\":1}}", false,
			"id name received_at rows bad_rows counts finished_at"},
		{"{\"command\":\"vouchers\"}", true,
			"id batch row serial pin operator amount currency "
			"target state reason next_at credited modem attempts "
			"reply balance_before balance_after updated_at"},
		{"{\"command\":\"claims\"}", true,
			"id batch row serial pin operator amount currency "
			"target state reason next_at credited modem attempts "
			"reply balance_before balance_after updated_at at "
			"iccid"},
		{"{\"command\":\"voucher\",\"args\":{\"id\":1}}", false,
			"id batch row serial pin operator amount currency "
			"target state reason next_at credited modem attempts "
			"reply balance_before balance_after updated_at "
			"attempt_list audit"},
		{"{\"command\":\"audit\"}", true,
			"seq at event voucher batch modem who note hash"},
		{"{\"command\":\"totals\",\"args\":{\"by\":\"sim\"}}", true,
			"by key name currency loaded loaded_amount refused "
			"refused_amount unknown unknown_amount no_amount "
			"opening closing sum"},
		{"{\"command\":\"history\",\"args\":{\"modem\":\"m1\"}}", true,
			"at balance currency modem iccid"},
	};
	int64_t batch = desk_batch(1, 0);
	desk.purse->now.wall_ms = (int64_t)time(NULL) * 1000;
	desk_dial(
		desk_first(batch), VERDICT_USED, VOUCHER_REFUSED_FIRST, "used");
	purse_tell(desk.purse, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *answer = desk_ask(rows[i].command);
		const struct json *done = desk_done(answer, 0);
		assert_has_keys(rows[i].command,
			rows[i].is_list ? item_of(answer) : done, rows[i].keys);
	}
}

static void
attempts_and_bad_rows_have_the_keys_of_the_contract(void **state)
{
	(void)state;
	int64_t batch = desk_batch(1, 1);
	desk_dial(desk_first(batch), VERDICT_LOADED, VOUCHER_CREDITED, "");
	const struct json *v = desk_done(
		desk_ask("{\"command\":\"voucher\",\"args\":{\"id\":1}}"), 0);
	const struct json *attempt = json_at(json_get(v, "attempt_list"), 0);
	assert_has_keys("an attempt", attempt, "at modem fate verdict reply");
	assert_string_equal(json_get_text(attempt, "fate"), "answered");
	assert_string_equal(json_get_text(v, "amount"), "100.00");
	assert_string_equal(json_get_text(v, "balance_after"), "250.00");
	const char *at = json_get_text(v, "updated_at");
	assert_non_null(at);
	assert_int_equal(strlen(at), strlen("2026-01-31T09:30:00Z"));
	assert_int_equal(at[10], 'T');
	assert_int_equal(at[19], 'Z');
	assert_null(json_get(v, "serial")); /* null, not "" */
	assert_non_null(strstr(desk.heard, "\"serial\":null"));
	const char *answer = desk_ask("{\"command\":\"batches\"}");
	(void)desk_done(answer, 0);
	assert_has_keys("a bad row",
		json_at(json_get(item_of(answer), "bad_rows"), 0),
		"line reason");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(items_and_answers_have_the_keys_of_the_contract),
		TEST(attempts_and_bad_rows_have_the_keys_of_the_contract),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
