/*
 * The control socket: what people change, who may, and that no answer runs
 * ahead of the disk.
 */
#include "agent/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

/* ---- changing ------------------------------------------------------------ */

static void
vouchers_are_held_released_and_cancelled(void **state)
{
	(void)state;
	(void)desk_batch(4, 0);
	assert_int_equal(
		desk_number(desk_done(desk_ask("{\"command\":\"hold\",\"args\":"
					       "{\"ids\":[1,2]}}"),
				    0),
			"moved"),
		2);
	assert_true(kicks >= 2);
	assert_int_equal(desk_state(1), VOUCHER_HELD);
	const struct json *done = desk_done(
		desk_ask("{\"command\":\"hold\",\"args\":{\"ids\":[1,3,99]}}"),
		1);
	assert_int_equal(desk_number(done, "moved"), 1);
	const struct json *refused = json_get(done, "refused");
	assert_int_equal(json_count(refused), 2);
	assert_string_equal(json_get_text(json_at(refused, 0), "reason"),
		"it is held: only what is ready can be held");
	assert_string_equal(json_get_text(json_at(refused, 1), "reason"),
		"there is no such voucher");
	(void)desk_done(
		desk_ask("{\"command\":\"release\",\"args\":{\"ids\":[1]}}"),
		0);
	assert_int_equal(desk_state(1), VOUCHER_READY);
	(void)desk_done(
		desk_ask("{\"command\":\"cancel\",\"args\":{\"ids\":[1]}}"), 0);
	assert_int_equal(desk_state(1), VOUCHER_CANCELLED);
	assert_int_equal(
		desk_number(
			desk_done(desk_ask("{\"command\":\"cancel\",\"args\":"
					   "{\"batch\":1}}"),
				0),
			"moved"),
		3);
	assert_int_equal(desk_state(4), VOUCHER_CANCELLED);
	assert_string_equal(
		json_get_text(desk_done(desk_ask("{\"command\":\"cancel\","
						 "\"args\":{\"batch\":1}}"),
				      0),
			"why"),
		"none of its vouchers is ready or held and was never on air; "
		"4 cancelled");
	(void)desk_error(
		desk_ask("{\"command\":\"hold\",\"args\":{\"batch\":9}}"), 1);
	/* Who asked stands in the audit. */
	(void)desk_ask("{\"command\":\"audit\"}");
	assert_true(desk_count(desk.heard, "\"who\":\"uid:") >= 5);
}

static void
what_was_on_air_is_never_cancelled(void **state)
{
	(void)state;
	(void)desk_batch(1, 0);
	desk_dial(1, VERDICT_BUSY, VOUCHER_BUSY, "");
	assert_int_equal(desk_state(1), VOUCHER_READY);
	const struct json *done = desk_done(
		desk_ask("{\"command\":\"cancel\",\"args\":{\"ids\":[1]}}"), 1);
	assert_non_null(strstr(
		json_get_text(json_at(json_get(done, "refused"), 0), "reason"),
		"somebody may have been credited"));
	assert_int_equal(desk_state(1), VOUCHER_READY);
}

static void
a_person_resolves_with_a_note(void **state)
{
	(void)state;
	(void)desk_batch(3, 0);
	desk_dial(1, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	assert_non_null(strstr(
		desk_error(
			desk_ask("{\"command\":\"resolve\",\"args\":{\"id\":2,"
				 "\"how\":\"loaded\",\"note\":\"n\"}}"),
			1),
		"it is ready"));
	(void)desk_error(
		desk_ask("{\"command\":\"resolve\",\"args\":{\"id\":1,"
			 "\"how\":\"loaded\",\"note\":\"n\",\"amount\":"
			 "\"1,5x\"}}"),
		2);
	(void)desk_error(desk_ask("{\"command\":\"resolve\",\"args\":{\"id\":1,"
				  "\"how\":\"retry\",\"note\":\"n\",\"amount\":"
				  "\"1\"}}"),
		2);
	assert_int_equal(desk_state(1), VOUCHER_UNKNOWN);
	(void)desk_done(
		desk_ask("{\"command\":\"resolve\",\"args\":{\"id\":1,\"how\":"
			 "\"loaded\",\"note\":\"ref 4711\",\"amount\":"
			 "\"99.50\"}}"),
		0);
	struct ledger_voucher *v = shape_find_voucher(desk.ledger, 1);
	assert_int_equal(v->state, VOUCHER_LOADED);
	assert_int_equal(v->credited_minor, 9950);
	free(v);
	(void)desk_ask("{\"command\":\"audit\"}");
	assert_non_null(strstr(desk.heard, "ref 4711"));
}

static void
a_pause_is_kept_and_written_once(void **state)
{
	(void)state;
	(void)desk_done(desk_ask("{\"command\":\"pause\"}"), 0);
	assert_true(ledger_is_paused(desk.ledger, ""));
	int64_t head = ledger_audit_head(desk.ledger);
	(void)desk_done(desk_ask("{\"command\":\"pause\"}"), 0);
	assert_int_equal(ledger_audit_head(desk.ledger), head);
	(void)desk_done(desk_ask("{\"command\":\"pause\",\"args\":{\"modem\":"
				 "\"shop1\"}}"),
		0);
	assert_true(ledger_is_paused(desk.ledger, "shop1"));
	(void)desk_done(desk_ask("{\"command\":\"resume\"}"), 0);
	assert_false(ledger_is_paused(desk.ledger, ""));
	assert_true(ledger_is_paused(desk.ledger, "shop1"));
	(void)desk_error(desk_ask("{\"command\":\"pause\",\"args\":{\"modem\":"
				  "\"shop9\"}}"),
		1);
}

static void
unlock_takes_a_modem_or_a_number(void **state)
{
	(void)state;
	struct ledger_op op = purse_op(desk.purse, LEDGER_SIM_SEEN);
	(void)snprintf(op.u.sim_seen.iccid, sizeof(op.u.sim_seen.iccid), "%s",
		info.iccid);
	(void)purse_must(desk.purse, &op);
	assert_string_equal(
		desk_error(
			desk_ask("{\"command\":\"unlock\",\"args\":{\"what\":"
				 "\"shop1\"}}"),
			1),
		"shop1 is not stopped; what is: topupctl status");
	assert_non_null(strstr(desk_error(desk_ask("{\"command\":\"unlock\","
						   "\"args\":{\"what\":"
						   "\"0800000011\"}}"),
				       1),
		"********** is not stopped"));
	stops[0] = (struct dispatch_stop){.name = info.iccid, .modem = "shop1"};
	stops[1] = (struct dispatch_stop){
		.is_number = true, .name = "0800000011", .modem = ""};
	(void)desk_done(desk_ask("{\"command\":\"unlock\",\"args\":{\"what\":"
				 "\"shop1\"}}"),
		0);
	(void)desk_done(desk_ask("{\"command\":\"unlock\",\"args\":{\"what\":"
				 "\"0800000011\"}}"),
		0);
	(void)desk_error(
		desk_ask("{\"command\":\"unlock\",\"args\":{\"what\":\"x9\"}}"),
		1);
}

static void
reload_passes_every_error_on(void **state)
{
	(void)state;
	(void)desk_done(desk_ask("{\"command\":\"reload\"}"), 0);
	desk.reload_answer = -EINVAL;
	assert_string_equal(desk_error(desk_ask("{\"command\":\"reload\"}"), 1),
		"a.conf:3: no such key\nb: bad");
}

/* A connection that somebody else made; it stays his, whoever uses it. */
static int
connect_as(uid_t uid)
{
	int pair[2], status = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(uid) != 0 || setuid(uid) != 0)
			_exit(1);
		desk_tell_with(pair[1], "x", desk_connect());
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	int fd = desk_take_descriptor(pair[0]);
	(void)close(pair[0]); /* both were only for this */
	(void)close(pair[1]);
	return fd;
}

/* Another user of the group may look and hold, and no more. */
static void
admin_is_root_and_the_daemons_user(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int status;
	} rows[] = {{"{\"command\":\"reload\"}\n", 1},
		{"{\"command\":\"unlock\",\"args\":{\"what\":\"shop1\"}}\n", 1},
		{"{\"command\":\"resolve\",\"args\":{\"id\":1,\"how\":"
		 "\"retry\",\"note\":\"n\"}}\n",
			1},
		{"{\"command\":\"ussd\",\"args\":{\"modem\":\"shop1\","
		 "\"code\":\"*1#\"}}\n",
			1},
		{"{\"command\":\"hold\",\"args\":{\"ids\":[1]}}\n", 0},
		{"{\"command\":\"pause\"}\n", 0}};
	if (geteuid() != 0)
		skip(); /* nobody else to be */
	(void)desk_batch(1, 0);
	assert_int_equal(chmod(desk.purse->dir, 0755), 0);
	assert_int_equal(
		chmod(purse_path(desk.purse, CONTROL_SOCKET_NAME), 0666), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = connect_as(65534);
		desk_tell(fd, rows[i].line);
		(void)desk_done(desk_answer(fd), rows[i].status);
		if (rows[i].status != 0)
			assert_non_null(strstr(desk.heard, "is for root"));
	}
	(void)desk_ask("{\"command\":\"audit\"}");
	assert_non_null(strstr(desk.heard, "\"who\":\"uid:65534"));
}

/* ---- the disk ---------------------------------------------------------- */

static void
answers_leave_after_the_commit(void **state)
{
	(void)state;
	(void)desk_batch(2, 0);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"hold\",\"args\":{\"ids\":[1]}}\n");
	desk_fill_disk(true);
	for (int i = 0; i < 10; i++)
		desk_turns();
	bool stuck = turn_stuck(desk.turn) != NULL;
	bool ended = desk_hear_anew(fd);
	desk_fill_disk(false);
	assert_true(stuck);
	assert_false(ended);
	assert_int_equal(desk.heard_len, 0);
	(void)desk_done(
		desk_answer(fd), 0); /* the turn is repeated after a second */
	assert_int_equal(desk_state(1), VOUCHER_HELD);
}

static void
while_nothing_can_be_written_status_says_why(void **state)
{
	(void)state;
	(void)desk_batch(2, 0);
	int waits = desk_connect();
	desk_tell(waits, "{\"command\":\"hold\",\"args\":{\"ids\":[1]}}\n");
	desk_fill_disk(true);
	desk_turns();
	int looks = desk_connect(), acts = desk_connect();
	desk_tell(looks, "{\"command\":\"status\"}\n");
	desk_tell(acts, "{\"command\":\"hold\",\"args\":{\"ids\":[2]}}\n");
	const char *answer = desk_answer(acts);
	bool refused = strstr(answer, "cannot be written") != NULL;
	answer = desk_answer(looks);
	bool told = strstr(answer, "{\"what\":\"ledger\"") != NULL;
	bool ended = desk_hear_anew(waits);
	size_t early = desk.heard_len;
	desk_fill_disk(false);
	assert_true(refused && told);
	assert_false(ended);
	assert_int_equal(early, 0);
	(void)desk_done(desk_answer(waits), 0);
	assert_int_equal(desk_state(2), VOUCHER_READY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vouchers_are_held_released_and_cancelled),
		TEST(what_was_on_air_is_never_cancelled),
		TEST(a_person_resolves_with_a_note),
		TEST(a_pause_is_kept_and_written_once),
		TEST(unlock_takes_a_modem_or_a_number),
		TEST(reload_passes_every_error_on),
		TEST(admin_is_root_and_the_daemons_user),
		TEST(answers_leave_after_the_commit),
		TEST(while_nothing_can_be_written_status_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
