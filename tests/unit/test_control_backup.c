/*
 * The control socket: a backup: who gets one, what he is told, and that one
 * is made at a time.
 */
#include "agent/control.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/ledger_copy.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

#define BACKUP "{\"command\":\"backup\"}\n"

static const char *
file_path(void)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/backup.db", desk.purse->dir);
	return path;
}

static int64_t
file_size(void)
{
	struct stat st;
	return stat(file_path(), &st) == 0 ? st.st_size : -1;
}

/* A connection that has asked for one; the file is the daemon's alone. */
static int
ask(void)
{
	int fd = desk_connect();
	int file = open(file_path(), O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	desk_tell_with(fd, BACKUP, file);
	close(file);
	return fd;
}

/* So many turns as it takes to serve each descriptor once. */
static struct loop_idle *idle;
static bool served;

static void
on_idle(void *ctx)
{
	(void)ctx;
	if (served)
		loop_stop(desk.loop);
	else
		loop_idle_once(idle);
	served = !served;
}

static void
one_turn(void)
{
	idle = loop_idle_new(desk.loop, on_idle, NULL);
	loop_idle_once(idle);
	loop_run(desk.loop);
	loop_idle_free(idle);
}

static bool
copy_is_there(void)
{
	return access(purse_path(desk.purse, "ledger.db.backup"), F_OK) == 0;
}

static void
turns_until_copied(void)
{
	for (int i = 0; i < 50 && !copy_is_there(); i++)
		one_turn();
	assert_true(copy_is_there());
}

static void
backup_tells_what_is_in_it_and_that_the_key_is_not(void **state)
{
	(void)state;
	(void)desk_batch(300, 1);
	int64_t head = ledger_audit_head(desk.ledger);
	const struct json *done = desk_done(desk_answer(ask()), 0);
	assert_int_equal(desk_number(done, "vouchers"), 300);
	assert_int_equal(desk_number(done, "seq"), head);
	assert_int_equal(desk_number(done, "bytes"), file_size());
	assert_non_null(json_get(done, "key_in_it"));
	assert_false(json_get_flag(done, "key_in_it"));
	assert_string_equal(
		json_get_text(done, "key_id"), vault_key_id(desk.purse->vault));
	assert_int_equal(strlen(json_get_text(done, "head")), 64);
	assert_false(copy_is_there());
	struct ledger_copy_info told = {.seq = head};
	snprintf(told.head, sizeof(told.head), "%s",
		json_get_text(done, "head"));
	for (char *c = told.head; *c != '\0'; c++)
		*c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
	snprintf(told.key_id, sizeof(told.key_id), "%s",
		vault_key_id(desk.purse->vault));
	char why[256] = "";
	if (ledger_copy_check(file_path(), &told, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	/* Who asked stands in the audit. */
	(void)desk_ask("{\"command\":\"audit\"}");
	const char *entry = strstr(desk.heard, "daemon.backup");
	assert_non_null(entry);
	assert_non_null(strstr(entry, "\"who\":\"uid:"));
}

static void
second_backup_at_a_time_is_refused(void **state)
{
	(void)state;
	(void)desk_batch(2000, 0);
	int first = ask();
	turns_until_copied();
	int second = desk_connect();
	int file = open(
		purse_path(desk.purse, "other.db"), O_RDWR | O_CREAT, 0600);
	desk_tell_with(second, BACKUP, file);
	close(file);
	for (int i = 0; i < 3; i++)
		one_turn();
	assert_non_null(desk.control->backup);
	assert_non_null(strstr(
		desk_error(desk_answer(second), 1), "being made already"));
	(void)desk_done(desk_answer(first), 0);
	assert_true(file_size() > 0);
}

static void
backup_without_a_file_is_wrong_usage(void **state)
{
	(void)state;
	(void)desk_error(desk_ask("{\"command\":\"backup\"}"), 2);
	(void)desk_error(desk_ask("{\"command\":\"backup\",\"args\":{\"file\":"
				  "\"/etc/x\"}}"),
		2);
	int fd = desk_connect();
	int file = open("/dev/null", O_RDWR);
	desk_tell_with(fd, BACKUP, file);
	close(file);
	assert_non_null(
		strstr(desk_error(desk_answer(fd), 1), "no backup was made"));
	assert_null(desk.control->backup);
}

static void
connection_that_closes_ends_its_backup(void **state)
{
	(void)state;
	(void)desk_batch(2000, 0);
	int fd = ask();
	turns_until_copied();
	close(fd);
	desk_turns();
	assert_null(desk.control->backup);
	assert_false(copy_is_there());
	assert_int_equal(file_size(), 0);
	(void)desk_done(desk_answer(ask()), 0);
}

static void
stuck_ledger_gets_the_room_of_the_backup(void **state)
{
	(void)state;
	(void)desk_batch(2000, 0);
	int fd = ask();
	turns_until_copied();
	struct ledger_op op = turn_op(desk.turn, LEDGER_EVENT);
	strcpy(op.u.event.event, "daemon.test");
	desk_fill_disk(true);
	turn_must(desk.turn, &op);
	desk_turns();
	assert_non_null(turn_stuck(desk.turn));
	const char *error = desk_error(desk_answer(fd), 1);
	assert_non_null(strstr(error, "so that it takes no room"));
	assert_non_null(turn_stuck(desk.turn));
	assert_false(copy_is_there());
	desk_fill_disk(false);
	for (int i = 0; i < 2000 && turn_stuck(desk.turn) != NULL; i++)
		desk_turns();
	assert_null(turn_stuck(desk.turn));
	(void)desk_done(desk_answer(ask()), 0);
}

int
main(void)
{
#define DESK_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)
	const struct CMUnitTest tests[] = {
		DESK_TEST(backup_tells_what_is_in_it_and_that_the_key_is_not),
		DESK_TEST(second_backup_at_a_time_is_refused),
		DESK_TEST(backup_without_a_file_is_wrong_usage),
		DESK_TEST(connection_that_closes_ends_its_backup),
		DESK_TEST(stuck_ledger_gets_the_room_of_the_backup),
	};
	return cmocka_run_group_tests_name("control_backup", tests, NULL, NULL);
}
