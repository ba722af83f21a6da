/*
 * ledger: opening: what is refused, the lock, migrations, and what a crash
 * leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "tests/support/purse.h"

static void
is_refused(struct purse *p, struct vault *vault, const char *because)
{
	struct ledger *ledger = ledger_open(
		p->path, LEDGER_OPEN_RW, vault, p->why, sizeof(p->why));
	assert_null(ledger);
	if (strstr(p->why, because) == NULL)
		fail_msg("not '%s': %s", because, p->why);
}

static void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
missing_folder_is_refused(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	char path[sizeof(p->path)];
	memcpy(path, p->path, sizeof(path));
	snprintf(p->path, sizeof(p->path), "%s/no/ledger.db", p->dir);
	is_refused(p, p->vault, "No such file");
	memcpy(p->path, path, sizeof(path));
}

static void
file_that_is_no_database_is_refused(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	char text[2000];
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_text(p->path, text);
	is_refused(p, p->vault, "not a database");
}

static void
database_of_another_program_is_refused_and_left_alone(void **state)
{
	struct purse *p = *state;
	static const char *const foreign[] = {
		"PRAGMA application_id = 7",
		"PRAGMA application_id = 0", /* tables, but not our mark */
	};
	purse_close(p);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		purse_tamper(p, foreign[i]);
		is_refused(p, p->vault, "no ledger of topupd");
	}
}

static void
newer_ledger_is_refused(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	purse_tamper(p, "PRAGMA user_version = 5");
	is_refused(p, p->vault, "version 5, newer than 4");
}

static void
ledger_of_another_key_is_refused(void **state)
{
	struct purse *p = *state;
	purse_batch(p, 1, "");
	purse_close(p);
	struct vault *other = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	assert_non_null(other);
	is_refused(p, other, "sealed with another key");
	vault_close(other);
	purse_open(p); /* and its own still opens it */
}

static void
second_opening_is_refused_and_told_who_has_it(void **state)
{
	struct purse *p = *state;
	char pid[32];
	snprintf(pid, sizeof(pid), "pid %ld)", (long)getpid());
	is_refused(p, p->vault, pid);
	purse_close(p);
	purse_open(p);
}

static void
lock_goes_with_its_process(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Dies with the lock held, as by kill -9. */
		p->ledger = ledger_open(p->path, LEDGER_OPEN_RW, p->vault,
			p->why, sizeof(p->why));
		_exit(p->ledger != NULL ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	purse_open(p);
}

static void
new_ledger_is_private_and_whole(void **state)
{
	struct purse *p = *state;
	static const char *const names[] = {
		"ledger.db", "ledger.db-wal", "ledger.lock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat st;
		assert_int_equal(stat(purse_path(p, names[i]), &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
	int64_t counts[VOUCHER_STATES], none[VOUCHER_STATES] = {0};
	assert_int_equal(ledger_counts(p->ledger, counts), 0);
	assert_memory_equal(counts, none, sizeof(none));
	assert_int_equal(ledger_audit_head(p->ledger), 0);
	purse_is_sound(p);
}

static void
empty_file_becomes_a_ledger(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	unlink(p->path);
	unlink(purse_path(p, "ledger.db-wal"));
	unlink(purse_path(p, "ledger.db-shm"));
	write_text(p->path, "");
	purse_open(p);
	purse_batch(p, 3, "");
	purse_is_sound(p);
	/* From version 0 all migrations ran, and none runs again. */
	int64_t version = 0;
	assert_int_equal(ledger_number_n(p->ledger, "PRAGMA user_version",
				 &version, NULL, 0),
		0);
	assert_int_equal(version, LEDGER_SCHEMA);
	purse_close(p);
	purse_open(p);
	purse_is_sound(p);
}

static void
reader_sees_a_ledger_in_use_but_changes_nothing(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	struct ledger *reader = ledger_open(p->path, LEDGER_OPEN_READ_ONLY,
		p->vault, p->why, sizeof(p->why));
	assert_non_null(reader);
	struct ledger_verify verify;
	assert_int_equal(ledger_verify_audit(reader, &verify), 0);
	assert_true(verify.ok);
	assert_int_equal(verify.entries, ledger_audit_head(p->ledger));
	purse_dial(p, purse_voucher(p, batch, 2));
	assert_int_equal(ledger_verify_audit(reader, &verify), 0);
	assert_true(verify.ok);
	assert_int_equal(verify.entries, ledger_audit_head(p->ledger));
	assert_int_equal(ledger_begin(reader), -EIO);
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	assert_int_equal(ledger_apply(reader, &op, NULL), -EIO);
	ledger_close(reader);
}

static void
reader_does_not_migrate(void **state)
{
	struct purse *p = *state;
	purse_close(p);
	purse_tamper(p, "PRAGMA user_version = 0");
	assert_null(ledger_open(p->path, LEDGER_OPEN_READ_ONLY, p->vault,
		p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "older than 4"));
	snprintf(p->path, sizeof(p->path), "%s/none.db", p->dir);
	assert_null(ledger_open(p->path, LEDGER_OPEN_READ_ONLY, p->vault,
		p->why, sizeof(p->why)));
}

/* ---- crashes ----------------------------------------------------------- */

static void
what_was_not_committed_is_gone_after_a_crash(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	int64_t first = purse_voucher(p, batch, 2);
	int64_t second = purse_voucher(p, batch, 3);
	int64_t attempt = purse_dial(p, first);
	int64_t head = ledger_audit_head(p->ledger);
	purse_close(p);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Half a turn, and the power goes. */
		p->ledger = ledger_open(p->path, LEDGER_OPEN_RW, p->vault,
			p->why, sizeof(p->why));
		struct ledger_op op = purse_settle(p, attempt, LEDGER_ANSWERED,
			VERDICT_LOADED, VOUCHER_CREDITED);
		int rc = p->ledger == NULL ? 1 : ledger_begin(p->ledger);
		if (rc == 0)
			rc = ledger_apply(p->ledger, &op, NULL);
		op = purse_begin(p, second);
		if (rc == 0)
			rc = ledger_apply(p->ledger, &op, NULL);
		_exit(rc == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	purse_open(p);
	assert_int_equal(purse_card(p, first).state, VOUCHER_DIALING);
	assert_int_equal(purse_card(p, second).state, VOUCHER_READY);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	purse_is_sound(p);
}

static void
what_was_committed_is_there_after_a_crash(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	purse_close(p);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		p->ledger = ledger_open(p->path, LEDGER_OPEN_RW, p->vault,
			p->why, sizeof(p->why));
		struct ledger_op op = purse_begin(p, voucher);
		int rc = p->ledger == NULL ? 1 : ledger_begin(p->ledger);
		if (rc == 0)
			rc = ledger_apply(p->ledger, &op, NULL);
		if (rc == 0)
			rc = ledger_commit(p->ledger, 77000);
		_exit(rc == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	purse_open(p);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_DIALING);
	assert_int_equal(ledger_ran_ms(p->ledger), 77000);
	purse_is_sound(p);
}

static void
time_that_it_ran_never_goes_back(void **state)
{
	struct purse *p = *state;
	assert_int_equal(ledger_begin(p->ledger), 0);
	assert_int_equal(ledger_commit(p->ledger, 5000), 0);
	assert_int_equal(ledger_begin(p->ledger), 0);
	assert_int_equal(ledger_commit(p->ledger, 4000), 0);
	assert_int_equal(ledger_ran_ms(p->ledger), 5000);
	purse_close(p);
	purse_open(p);
	assert_int_equal(ledger_ran_ms(p->ledger), 5000);
}

static void
refused_operation_changes_nothing_of_its_turn(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	struct ledger_op good = purse_begin(p, purse_voucher(p, batch, 2));
	struct ledger_op bad = purse_begin(p, purse_voucher(p, batch, 3));
	assert_int_equal(ledger_begin(p->ledger), 0);
	assert_int_equal(ledger_apply(p->ledger, &good, NULL), 0);
	assert_int_equal(ledger_apply(p->ledger, &bad, NULL), -EBUSY);
	bad.kind = LEDGER_OP_KINDS;
	assert_int_equal(ledger_apply(p->ledger, &bad, NULL), -EINVAL);
	assert_int_equal(ledger_commit(p->ledger, 0), 0);
	assert_int_equal(purse_card(p, good.u.attempt_begin.voucher).state,
		VOUCHER_DIALING);
	purse_is_sound(p);
}

static void
operation_outside_of_a_turn_is_an_error(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	strcpy(op.u.event.event, "daemon.start");
	assert_int_equal(ledger_apply(p->ledger, &op, NULL), -EIO);
	assert_int_equal(ledger_commit(p->ledger, 0), -EIO);
	ledger_rollback(p->ledger);
	assert_int_equal(ledger_audit_head(p->ledger), 0);
	ledger_close(NULL);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(missing_folder_is_refused),
		LEDGER_TEST(file_that_is_no_database_is_refused),
		LEDGER_TEST(
			database_of_another_program_is_refused_and_left_alone),
		LEDGER_TEST(newer_ledger_is_refused),
		LEDGER_TEST(ledger_of_another_key_is_refused),
		LEDGER_TEST(second_opening_is_refused_and_told_who_has_it),
		LEDGER_TEST(lock_goes_with_its_process),
		LEDGER_TEST(new_ledger_is_private_and_whole),
		LEDGER_TEST(empty_file_becomes_a_ledger),
		LEDGER_TEST(reader_sees_a_ledger_in_use_but_changes_nothing),
		LEDGER_TEST(reader_does_not_migrate),
		LEDGER_TEST(what_was_not_committed_is_gone_after_a_crash),
		LEDGER_TEST(what_was_committed_is_there_after_a_crash),
		LEDGER_TEST(time_that_it_ran_never_goes_back),
		LEDGER_TEST(refused_operation_changes_nothing_of_its_turn),
		LEDGER_TEST(operation_outside_of_a_turn_is_an_error),
	};
	return cmocka_run_group_tests_name("ledger_open", tests, NULL, NULL);
}
