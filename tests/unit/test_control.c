/*
 * The control socket: hostile and slow clients, and what is read over it.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

/* ---- hostile ------------------------------------------------------------- */

#define DEEP                                                                   \
	"{\"command\":\"status\",\"args\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}"
#define RESOLVE(how, note)                                                     \
	"{\"command\":\"resolve\",\"args\":{\"id\":1,\"how\":\"" how           \
	"\",\"note\":\"" note "\"}}"

static void
hostile_requests_are_wrong_usage(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "x", "{", "[]", "null", "1",
		"{}", "{\"command\":1}", "{\"command\":\"nonsense\"}",
		"{\"command\":\"status\",\"args\":[]}",
		"{\"command\":\"status\",\"args\":{\"x\":1}}",
		"{\"command\":\"status\",\"extra\":1}",
		"{\"command\":\"status\"} {}",
		"{\"command\":\"voucher\",\"args\":{}}",
		"{\"command\":\"voucher\",\"args\":{\"id\":\"1\"}}",
		"{\"command\":\"voucher\",\"args\":{\"id\":-1}}",
		"{\"command\":\"voucher\",\"args\":{\"id\":1.5}}",
		"{\"command\":\"vouchers\",\"args\":{\"state\":\"lost\"}}",
		"{\"command\":\"vouchers\",\"args\":{\"state\":7}}",
		"{\"command\":\"hold\"}",
		"{\"command\":\"hold\",\"args\":{\"ids\":[]}}",
		"{\"command\":\"hold\",\"args\":{\"ids\":[0]}}",
		"{\"command\":\"hold\",\"args\":{\"ids\":[1,\"2\"]}}",
		"{\"command\":\"hold\",\"args\":{\"ids\":{\"1\":1}}}",
		"{\"command\":\"hold\",\"args\":{\"ids\":[1],\"batch\":1}}",
		"{\"command\":\"resolve\",\"args\":{\"id\":1}}",
		RESOLVE("loaded", "  "), RESOLVE("burned", "n"),
		"{\"command\":\"wait\",\"args\":{\"timeout\":99999999}}",
		"{\"command\":\"unlock\",\"args\":{}}",
		"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\"}}",
		"{\"command\":\"submit\",\"args\":{\"name\":\"../a.csv\"}}",
		"{\"command\":\"load\",\"args\":{}}", DEEP,
		"\xff\xfe{\"command\":\"status\"}"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error = desk_error(desk_ask(rows[i]), 2);
		assert_true(strlen(error) > 0);
	}
	assert_null(desk.control->clients);
}

static void
a_request_without_end_is_refused(void **state)
{
	(void)state;
	char piece[4096];
	memset(piece, ' ', sizeof(piece));
	int fd = desk_connect();
	for (int i = 0; i < 16; i++) {
		assert_int_equal(
			send(fd, piece, sizeof(piece), 0), sizeof(piece));
		desk_turns();
	}
	assert_non_null(strstr(desk_error(desk_answer(fd), 2), "longer than"));
	assert_null(desk.control->clients);
}

/* Whatever comes: an answer of one line with a status, and it goes on. */
static void
damaged_requests_are_answered(void **state)
{
	(void)state;
	static const char *const good[] = {
		"{\"command\":\"hold\",\"args\":{\"ids\":[1,2,3]}}",
		"{\"command\":\"vouchers\",\"args\":{\"state\":\"held\"}}",
		RESOLVE("loaded", "n"),
		"{\"command\":\"pause\",\"args\":{\"modem\":\"shop1\"}}"};
	static const char signs[] = "{}[]\":,\\0159eE-+. nulltrue\xff\x01";
	unsigned seed = (unsigned)time(NULL);
	print_message("seed %u\n", seed);
	(void)desk_batch(3, 0);
	for (int i = 0; i < 200; i++) {
		char line[128];
		(void)snprintf(line, sizeof(line), "%s",
			good[(unsigned)rand_r(&seed) % 4]);
		for (int hits = rand_r(&seed) % 3 + 1; hits > 0; hits--)
			line[(size_t)rand_r(&seed) % strlen(line)] =
				signs[(size_t)rand_r(&seed) %
					(sizeof(signs) - 1)];
		const char *answer = desk_ask(line);
		assert_non_null(strstr(answer, "\"exit\":"));
	}
	assert_null(desk.control->clients);
}

static void
many_ids_are_bounded(void **state)
{
	(void)state;
	char line[16384];
	size_t len = (size_t)sprintf(
		line, "{\"command\":\"hold\",\"args\":{\"ids\":[1");
	for (int i = 0; i < CONTROL_IDS_MAX; i++)
		len += (size_t)sprintf(line + len, ",%d", i + 2);
	(void)sprintf(line + len, "]}}");
	(void)desk_error(desk_ask(line), 2);
}

static void
requests_may_come_in_single_bytes(void **state)
{
	(void)state;
	static const char line[] =
		"{\"command\":\"voucher\",\"args\":{\"id\":9}}\n";
	int fd = desk_connect();
	for (size_t i = 0; line[i] != '\0'; i++) {
		assert_int_equal(send(fd, line + i, 1, 0), 1);
		desk_turns();
	}
	assert_string_equal(
		desk_error(desk_answer(fd), 1), "there is no voucher 9");
}

static void
who_says_nothing_or_leaves_is_dropped(void **state)
{
	(void)state;
	int silent = desk_connect(), leaver = desk_connect();
	desk_tell(leaver, "{\"command\":\"wa");
	desk_turns();
	assert_non_null(desk.control->clients);
	(void)close(leaver);
	desk_turns();
	assert_ptr_equal(desk.control->clients->next, NULL);
	/* As if the time to ask were over; anything makes it look. */
	desk.control->clients->since_ms -= CLIENT_ASK_MS;
	assert_non_null(desk_done(desk_ask("{\"command\":\"status\"}"), 0));
	assert_null(desk.control->clients);
	assert_true(desk_hear_anew(silent));
	(void)close(silent);
}

static void
connections_are_bounded(void **state)
{
	(void)state;
	int fds[CONTROL_CLIENTS_MAX + 8];
	size_t count = sizeof(fds) / sizeof(fds[0]), open = 0;
	for (size_t i = 0; i < count; i++) {
		fds[i] = desk_connect();
		desk_turns();
	}
	for (struct client *c = desk.control->clients; c != NULL; c = c->next)
		open++;
	assert_true(open >= CONTROL_CLIENTS_MAX && open < count);
	assert_true(desk_hear_anew(fds[count - 1])); /* sent away */
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	desk_turns();
	assert_null(desk.control->clients);
	assert_non_null(desk_done(desk_ask("{\"command\":\"status\"}"), 0));
}

/* ---- reading ------------------------------------------------------------- */

static void
a_voucher_has_every_key_of_the_contract(void **state)
{
	(void)state;
	static const char *const keys[] = {"id", "batch", "row", "serial",
		"pin", "operator", "amount", "currency", "target", "state",
		"reason", "next_at", "credited", "modem", "attempts", "reply",
		"balance_before", "balance_after", "updated_at"};
	int64_t id = desk_first(desk_batch(2, 0));
	char line[96], want[32];
	const char *at = desk_ask("{\"command\":\"vouchers\"}");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		(void)snprintf(want, sizeof(want), "\"%s\":", keys[i]);
		at = strstr(at, want); /* in that order */
		assert_non_null(at);
	}
	assert_non_null(strstr(desk.heard, "\"amount\":\"100.00\""));
	assert_non_null(strstr(desk.heard,
		"\"reason\":\"no_modem\",\"next_at\":\"2026-01-31T09:30:00Z\","
		"\"credited\":null"));
	desk_dial(id, VERDICT_LOADED, VOUCHER_CREDITED, "");
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"voucher\",\"args\":{\"id\":%lld}}",
		(long long)id);
	const struct json *v = desk_done(desk_ask(line), 0);
	assert_string_equal(json_get_text(v, "state"), "loaded");
	assert_string_equal(json_get_text(v, "credited"), "100.00");
	assert_null(json_get(v, "reason"));
	assert_int_equal(json_count(json_get(v, "attempt_list")), 1);
	const struct json *a = json_at(json_get(v, "attempt_list"), 0);
	assert_string_equal(json_get_text(a, "fate"), "answered");
	assert_string_equal(json_get_text(a, "via"), "ussd");
	assert_string_equal(json_get_text(a, "verdict"), "loaded");
	assert_string_equal(json_get_text(a, "reply"), "You said \x1b[31mit");
	assert_true(json_count(json_get(v, "audit")) >= 1);
}

static void
fence_over(const char *modem, const char *why)
{
	for (int over = 0; over <= 1; over++) {
		struct ledger_op op = purse_op(desk.purse, LEDGER_FENCE);
		(void)snprintf(op.u.fence.iccid, sizeof(op.u.fence.iccid),
			"sim-%s", modem);
		(void)snprintf(op.u.fence.modem, sizeof(op.u.fence.modem), "%s",
			modem);
		(void)snprintf(
			op.u.fence.why, sizeof(op.u.fence.why), "%s", why);
		op.u.fence.over = over;
		(void)purse_must(desk.purse, &op);
	}
}

static void
unknown_voucher_shows_what_its_fence_found(void **state)
{
	static const char ask[] =
		"{\"command\":\"voucher\",\"args\":{\"id\":1}}";
	(void)state;
	(void)desk_batch(2, 0);
	fence_over("m1", "of another card");
	desk_dial(1, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	const struct json *v = desk_done(desk_ask(ask), 0);
	assert_null(json_get_text(v, "evidence"));
	fence_over("m2", "of another modem");
	fence_over("m1", "balance: other_rise");
	fence_over("m1", "found nothing");
	v = desk_done(desk_ask(ask), 0);
	assert_string_equal(
		json_get_text(v, "evidence"), "balance: other_rise");
}

static void
lists_keep_their_order_and_limits(void **state)
{
	(void)state;
	int64_t batch = desk_batch(5, 0);
	(void)desk_batch(3, 0);
	assert_int_equal(
		desk_count(desk_ask("{\"command\":\"vouchers\"}"), "\"item\""),
		8);
	assert_int_equal(
		desk_count(desk_ask("{\"command\":\"vouchers\",\"args\":"
				    "{\"batch\":2}}"),
			"\"item\""),
		3);
	assert_int_equal(
		desk_count(desk_ask("{\"command\":\"vouchers\",\"args\":"
				    "{\"limit\":2,\"after\":3}}"),
			"\"item\""),
		2);
	assert_non_null(strstr(desk.heard, "{\"item\":{\"id\":4,"));
	assert_int_equal(
		desk_count(desk_ask("{\"command\":\"vouchers\",\"args\":"
				    "{\"state\":\"held\"}}"),
			"\"item\""),
		0);
	assert_int_equal(batch, 1);
}

static void
a_slow_reader_gets_all_and_costs_little(void **state)
{
	(void)state;
	enum { ROWS = 3000 };
	(void)desk_batch(ROWS, 0);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"vouchers\"}\n");
	for (int i = 0; i < 50; i++)
		desk_turns();
	assert_non_null(desk.control->clients);
	assert_true(
		desk.control->clients->out_cap < (size_t)4 * CLIENT_OUT_LOW);
	assert_true(desk.control->clients->u.list.sent < ROWS);
	/* Meanwhile the others are served. */
	assert_non_null(desk_done(desk_ask("{\"command\":\"status\"}"), 0));
	const char *answer = desk_answer(fd);
	assert_int_equal(desk_count(answer, "\"item\""), ROWS);
	for (int i = 1; i <= ROWS; i++) {
		char want[32];
		(void)snprintf(want, sizeof(want), "{\"item\":{\"id\":%d,", i);
		answer = strstr(answer, want);
		assert_non_null(answer);
	}
}

static void
who_never_reads_is_dropped_in_the_end(void **state)
{
	(void)state;
	(void)desk_batch(3000, 0);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"vouchers\"}\n");
	for (int i = 0; i < 50; i++)
		desk_turns();
	desk.control->clients->since_ms -= CLIENT_STALL_MS;
	assert_non_null(desk_done(desk_ask("{\"command\":\"status\"}"), 0));
	assert_null(desk.control->clients);
	(void)close(fd);
}

static void
bad_rows_come_before_their_batch(void **state)
{
	(void)state;
	(void)desk_batch(2, 1500);
	const struct json *b = desk_done(
		desk_ask("{\"command\":\"batch\",\"args\":{\"id\":1}}"), 0);
	assert_int_equal(desk_count(desk.heard, "\"reason\":\"no pin\""), 1500);
	assert_non_null(strstr(desk.heard, "{\"item\":{\"line\":1502,"));
	assert_int_equal(desk_number(b, "rows"), 2);
	assert_int_equal(desk_number(b, "bad_row_count"), 1500);
	assert_int_equal(desk_number(json_get(b, "counts"), "ready"), 2);
	assert_null(json_get(b, "finished_at"));
	(void)desk_ask("{\"command\":\"batches\"}");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 1);
	assert_int_equal(desk_count(desk.heard, "\"reason\":\"no pin\""), 100);
	assert_string_equal(
		desk_error(
			desk_ask("{\"command\":\"batch\",\"args\":{\"id\":9}}"),
			1),
		"there is no batch 9");
}

static const char *
hear_more(int fd)
{
	assert_false(desk_hear(fd));
	return desk.heard;
}

static void
audit_is_followed_without_a_gap(void **state)
{
	(void)state;
	(void)desk_batch(1, 0);
	int64_t before = ledger_audit_head(desk.ledger);
	int all = desk_connect(), news = desk_connect();
	desk_tell(all, "{\"command\":\"audit\",\"args\":{\"follow\":true}}\n");
	desk_tell(news, "{\"command\":\"watch\"}\n");
	desk_turns();
	for (int i = 0; i < 300; i++) {
		struct ledger_op op = purse_op(desk.purse, LEDGER_EVENT);
		(void)snprintf(op.u.event.event, sizeof(op.u.event.event),
			"test.event");
		(void)purse_must(desk.purse, &op);
		desk_turns();
	}
	/* Neither has read yet: both have fallen behind. */
	desk.heard_len = 0;
	while (desk_count(hear_more(news), "\"item\"") < 300)
		desk_turns();
	assert_int_equal(desk_count(desk.heard, "\"test.event\""), 300);
	desk.heard_len = 0;
	while (desk_count(hear_more(all), "\"item\"") < (size_t)before + 300)
		desk_turns();
	assert_non_null(strstr(desk.heard, "{\"item\":{\"seq\":1,"));
	(void)close(all);
	(void)close(news);
	desk_turns();
	assert_null(desk.control->clients);
	(void)desk_ask("{\"command\":\"audit\",\"args\":{\"since_seq\":2}}");
	assert_int_equal(desk_count(desk.heard, "\"item\""), before + 298);
}

static void
expect_attention(const struct json *list, size_t i, const char *what,
	int64_t count, const char *say)
{
	const struct json *one = json_at(list, i);
	assert_string_equal(json_get_text(one, "what"), what);
	assert_int_equal(desk_number(one, "count"), count);
	assert_non_null(strstr(json_get_text(one, "say"), say));
}

static void
status_says_first_what_needs_a_person(void **state)
{
	(void)state;
	int64_t batch = desk_batch(3, 0), id = desk_first(batch);
	desk_dial(id, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	shop1_status = (struct line_status){
		.state = LINE_LOCKED_OUT, .why = "2 refusals in a row"};
	struct ledger_op op = purse_op(desk.purse, LEDGER_SIM_SEEN);
	(void)snprintf(op.u.sim_seen.iccid, sizeof(op.u.sim_seen.iccid), "%s",
		info.iccid);
	(void)purse_must(desk.purse, &op);
	const struct json *s =
		desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	assert_string_equal(json_get_text(s, "version"), TOPUP_VERSION);
	assert_true(desk_number(s, "uptime") >= 0);
	assert_string_equal(
		json_get_text(json_get(s, "modems"), "shop1"), "locked_out");
	assert_int_equal(desk_number(json_get(s, "vouchers"), "unknown"), 1);
	assert_int_equal(desk_number(json_get(s, "vouchers"), "ready"), 2);
	assert_int_equal(json_count(json_get(s, "batches")), 1);
	const struct json *attention = json_get(s, "attention");
	assert_int_equal(json_count(attention), 2);
	expect_attention(attention, 0, "unknown", 1, "resolve");
	assert_non_null(strstr(json_get_text(json_at(attention, 0), "text"),
		"1 unknown: it may have been credited or not"));
	expect_attention(attention, 1, "modem", 1, "unlock");
	assert_non_null(strstr(
		json_get_text(json_at(attention, 1), "say"), "are not lost"));
	/* Nobody asks the operator what the fence is asking him. */
	shop1_status = (struct line_status){.state = LINE_FENCED};
	s = desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	expect_attention(json_get(s, "attention"), 0, "unknown", 1, "wait");
	shop1_status = (struct line_status){.state = LINE_LOCKED_OUT};
	(void)desk_ask("{\"command\":\"modems\"}");
	assert_non_null(strstr(desk.heard,
		"{\"name\":\"shop1\",\"port\":\"/dev/"
		"shop1\",\"state\":\"locked_out\","
		"\"until\":null,\"operator\":\"simtel\",\"signal\":-71,"
		"\"imei\":\"350000000000011\""));
}

/* What status says that a person does about the only modem; "" nothing. */
static const char *
advice_about_modem(enum line_state state)
{
	shop1_status = (struct line_status){.state = state};
	const struct json *attention =
		json_get(desk_done(desk_ask("{\"command\":\"status\"}"), 0),
			"attention");
	return json_count(attention) == 0
	               ? ""
	               : json_get_text(json_at(attention, 0), "say");
}

static void
what_ends_by_itself_needs_nobody(void **state)
{
	static const struct {
		enum line_state state;
		const char *word;
	} rows[] = {{LINE_READY, ""}, {LINE_BUSY, ""}, {LINE_STARTING, ""},
		{LINE_FENCED, ""}, {LINE_PAUSED, ""}, {LINE_ABSENT, "plug"},
		{LINE_FAILED, "reload"}, {LINE_RESTING, "cable"},
		{LINE_LOCKED_OUT, "unlock"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *say = advice_about_modem(rows[i].state);
		assert_non_null(strstr(say, rows[i].word));
		assert_int_equal(say[0] == '\0', rows[i].word[0] == '\0');
	}
}

static void
status_says_how_far_the_clock_is_off(void **state)
{
	static const struct line shop2 = {.config = {.name = "shop2"}};
	static const int64_t minute = 60000;
	static const struct {
		struct fleet_clock networks;
		const char *text; /* NULL: nothing is said */
		const char *say;
	} rows[] = {
		{{CLOCK_AGREES, 0, 0, &shop1, &shop1}, NULL, NULL},
		{{CLOCK_UNTOLD, 0, 0, NULL, NULL},
			"the clock is not synchronised: cards wait",
			"synchronised"},
		{{CLOCK_DIFFERS, 58 * minute, 61 * minute, &shop1, &shop2},
			"and 61 minutes ahead of what the network of modem "
			"shop2 says: cards wait",
			"set-time"},
		{{CLOCK_DIFFERS, -300 * minute, -298 * minute, &shop1, &shop2},
			"and 5 hours behind what the network of modem shop1 "
			"says: cards wait",
			"set-time"},
		{{CLOCK_DIFFERS, -525600 * minute, -525600 * minute, &shop1,
			 &shop1},
			"and 365 days behind what", "set-time"},
		{{CLOCK_DISPUTED, -2 * minute, 58 * minute, &shop1, &shop2},
			"and the networks of modems shop1 and shop2 tell times "
			"that are 60 minutes apart: cards wait",
			"synchronised"},
	};
	(void)state;
	(void)desk_batch(1, 0);
	simtel.hours_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		networks = rows[i].networks;
		const struct json *attention = json_get(
			desk_done(desk_ask("{\"command\":\"status\"}"), 0),
			"attention");
		assert_int_equal(json_count(attention), rows[i].text != NULL);
		if (rows[i].text == NULL)
			continue;
		expect_attention(attention, 0, "clock", 1, rows[i].say);
		assert_non_null(
			strstr(json_get_text(json_at(attention, 0), "text"),
				rows[i].text));
	}
	simtel.hours_count = 0;
	networks = (struct fleet_clock){.judgement = CLOCK_UNTOLD};
}

static void
held_cards_are_told_by_reason_and_batch(void **state)
{
	(void)state;
	int64_t first = desk_batch(2, 0), second = desk_batch(3, 0);
	struct ledger_op op = purse_op(desk.purse, LEDGER_BATCH_MOVE);
	op.u.batch_move.batch = second;
	op.u.batch_move.event = VOUCHER_HOLD;
	(void)snprintf(op.u.batch_move.reason, LEDGER_NAME_MAX, "batch");
	(void)purse_must(desk.purse, &op);
	op = purse_move(desk.purse, desk_first(first), VOUCHER_HOLD);
	(void)snprintf(op.u.voucher_move.reason, LEDGER_NAME_MAX, "person");
	(void)purse_must(desk.purse, &op);
	const struct json *s =
		desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	const struct json *attention = json_get(s, "attention");
	char words[64];
	assert_int_equal(json_count(attention), 2);
	expect_attention(attention, 0, "batch", 3, "topupctl release --batch");
	(void)snprintf(words, sizeof(words),
		"(of batch %lld; the first is voucher %lld)", (long long)second,
		(long long)desk_first(second));
	assert_non_null(
		strstr(json_get_text(json_at(attention, 0), "text"), words));
	expect_attention(attention, 1, "held", 1, "topupctl release ID...");
}

static void
what_is_stopped_is_listed_and_numbers_need_a_person(void **state)
{
	(void)state;
	stops[0] = (struct dispatch_stop){.name = "sim1",
		.modem = "shop1",
		.since_wall_ms = 1769851800000,
		.why = "2 cards"};
	stops[1] = (struct dispatch_stop){.is_number = true,
		.name = "0800000011",
		.modem = "",
		.since_wall_ms = 1769851800000,
		.until_wall_ms = 1769851860000,
		.why = "3 cards"};
	const struct json *s =
		desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	assert_non_null(strstr(desk.heard,
		"\"stopped\":[{\"kind\":\"sim\",\"name\":\"sim1\","
		"\"modem\":\"shop1\",\"since\":\"2026-01-31T09:30:00Z\","
		"\"why\":\"2 cards\",\"until\":null},"
		"{\"kind\":\"number\",\"name\":\"0800000011\","
		"\"modem\":null,\"since\":\"2026-01-31T09:30:00Z\","
		"\"why\":\"3 cards\",\"until\":\"2026-01-31T09:31:00Z\"}]"));
	const struct json *attention = json_get(s, "attention");
	assert_int_equal(json_count(attention), 1);
	expect_attention(attention, 0, "number", 1, "topupctl unlock MSISDN");
}

static void
modem_that_dials_nothing_is_told_with_its_why(void **state)
{
	(void)state;
	(void)desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	assert_non_null(strstr(desk.heard, "\"waiting\":[]"));
	shop1_status = (struct line_status){.state = LINE_FAILED,
		.why = "SIM PUK",
		.until_wall_ms = 1769851860000};
	(void)desk_done(desk_ask("{\"command\":\"status\"}"), 0);
	assert_non_null(strstr(desk.heard,
		"\"waiting\":[{\"name\":\"shop1\",\"state\":\"failed\","
		"\"until\":\"2026-01-31T09:31:00Z\",\"why\":\"SIM PUK\"}]"));
}

static void
a_stale_socket_is_taken_over_and_has_its_mode(void **state)
{
	(void)state;
	struct stat st;
	char why[256];
	assert_int_equal(stat(purse_path(desk.purse, "control.sock"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	struct control_parts parts = {.loop = desk.loop, .turn = desk.turn};
	assert_null(control_new(
		&parts, "/nonexistent", (gid_t)-1, why, sizeof(why)));
	assert_non_null(strstr(why, "/nonexistent/control.sock"));
	char longer[200];
	memset(longer, 'x', sizeof(longer));
	longer[199] = '\0';
	assert_null(control_new(&parts, longer, (gid_t)-1, why, sizeof(why)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hostile_requests_are_wrong_usage),
		TEST(a_request_without_end_is_refused),
		TEST(damaged_requests_are_answered),
		TEST(many_ids_are_bounded),
		TEST(requests_may_come_in_single_bytes),
		TEST(who_says_nothing_or_leaves_is_dropped),
		TEST(connections_are_bounded),
		TEST(a_voucher_has_every_key_of_the_contract),
		TEST(unknown_voucher_shows_what_its_fence_found),
		TEST(lists_keep_their_order_and_limits),
		TEST(a_slow_reader_gets_all_and_costs_little),
		TEST(who_never_reads_is_dropped_in_the_end),
		TEST(bad_rows_come_before_their_batch),
		TEST(audit_is_followed_without_a_gap),
		TEST(status_says_first_what_needs_a_person),
		TEST(what_ends_by_itself_needs_nobody),
		TEST(status_says_how_far_the_clock_is_off),
		TEST(held_cards_are_told_by_reason_and_batch),
		TEST(what_is_stopped_is_listed_and_numbers_need_a_person),
		TEST(modem_that_dials_nothing_is_told_with_its_why),
		TEST(a_stale_socket_is_taken_over_and_has_its_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
