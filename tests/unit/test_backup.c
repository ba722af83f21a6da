/*
 * backup: made while cards are dialled, in virtual time: what it holds, what
 * is written down before a byte leaves, and whom it yields to.
 */
#include "agent/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

enum { CARDS = 30, AFTER = 10, HELD = 4000, SLICE_MS = 1500 };

/* ---- a disk with as much room as a test says ---------------------------- */

static int64_t room_bytes;

/* Wins over the C library's. */
int
statvfs(const char *restrict path, struct statvfs *restrict out)
{
	(void)path;
	*out = (struct statvfs){
		.f_frsize = 1, .f_bavail = (fsblkcnt_t)room_bytes};
	return 0;
}

/* ---- what each test has -------------------------------------------------- */

struct scene {
	struct trade trade;
	struct purse *purse;
	struct backup *backup;
	struct loop_timer *timer;
	int result; /* of the last step; 1: goes on */
	unsigned slices;
	unsigned settled; /* cards that ended between two slices */
	int64_t head;     /* of the ledger, when it began */
	char why[512];
};
static struct scene scene;

static int
set_up(void **state)
{
	room_bytes = INT64_C(1) << 40;
	memset(&scene, 0, sizeof(scene));
	if (purse_setup(state) != 0)
		return -1;
	scene.purse = *state;
	trade_init(&scene.trade, scene.purse, COUNTER_PLAIN);
	trade_open(&scene.trade);
	scene.result = 1;
	return 0;
}

static int
tear_down(void **state)
{
	backup_free(scene.backup);
	loop_timer_free(scene.timer);
	trade_fini(&scene.trade);
	return purse_teardown(state);
}

/* Cards that nobody dials, so that there is something to copy. */
static void
fill(unsigned rows)
{
	struct purse *p = scene.purse;
	int64_t batch = purse_open_batch(p);
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 0; i < rows; i++) {
		struct ledger_op row = purse_row(p, batch, i + 2);
		assert_int_equal(ledger_apply(p->ledger, &row, NULL), 0);
	}
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	strcpy(op.u.batch_accept.hold, "counted");
	assert_int_equal(ledger_apply(p->ledger, &op, NULL), 0);
	assert_int_equal(ledger_commit(p->ledger, 0), 0);
}

static const char *
file_path(void)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/backup.db", scene.purse->dir);
	return path;
}

static int64_t
file_size(void)
{
	struct stat st;
	return stat(file_path(), &st) == 0 ? st.st_size : -1;
}

static int
new_file(void)
{
	int fd = open(file_path(), O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	return fd;
}

static void
begin(void)
{
	scene.head = ledger_audit_head(scene.purse->ledger);
	scene.backup = backup_begin(scene.trade.shop.turn, new_file(),
		"uid:1000(ann)", scene.why, sizeof(scene.why));
	if (scene.backup == NULL)
		fail_msg("%s", scene.why);
}

static void
on_slice(void *ctx)
{
	(void)ctx;
	scene.result = backup_step(scene.backup);
	scene.slices++;
	if (scene.result == 1)
		loop_timer_at(scene.timer,
			loop_now_ms(scene.trade.shop.loop) + SLICE_MS);
}

/* A slice each so many milliseconds, while the cards go on. */
static void
slices_begin(void)
{
	struct loop *loop = scene.trade.shop.loop;
	scene.timer = loop_timer_new(loop, on_slice, NULL);
	loop_timer_at(scene.timer, loop_now_ms(loop));
}

static bool
is_over(void *ctx)
{
	(void)ctx;
	return scene.result != 1;
}

static void
run_to_the_end(void)
{
	assert_true(virtual_run_until(
		scene.trade.shop.loop, 10 * HOUR, is_over, NULL));
}

static int64_t
count_of(struct purse *p, enum voucher_state state)
{
	int64_t counts[VOUCHER_STATES];
	assert_int_equal(ledger_counts(p->ledger, counts), 0);
	return counts[state];
}

static void
no_copy_is_left(void)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	char name[64];
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "ledger.db.backup%s", endings[i]);
		assert_int_not_equal(
			access(purse_path(scene.purse, name), F_OK), 0);
	}
}

/* ---- tests --------------------------------------------------------------- */

static void
batch_is_dialled_while_the_backup_is_made(void **state)
{
	struct purse *p = scene.purse, copy = *p;
	(void)state;
	fill(HELD);
	struct trade_batch b = trade_batch(&scene.trade, CARDS, NULL);
	trade_run(&scene.trade, 20 * SECOND);
	int64_t loaded = count_of(p, VOUCHER_LOADED);
	assert_true(loaded > 0 && loaded < CARDS);
	begin();
	slices_begin();
	run_to_the_end();
	assert_int_equal(scene.result, 0);
	assert_true(scene.slices > 2 * AFTER);
	/* Cards were settled in between, and the ledger is as sound. */
	assert_true(count_of(p, VOUCHER_LOADED) > loaded);
	purse_is_sound(p);
	struct ledger_copy_info info = *backup_info(scene.backup);
	assert_int_equal(file_size(), info.bytes);
	backup_free(scene.backup);
	scene.backup = NULL;
	assert_int_equal(file_size(), info.bytes);
	no_copy_is_left();
	if (ledger_copy_check(file_path(), &info, p->why, sizeof(p->why)) != 0)
		fail_msg("%s", p->why);
	/* It is the ledger of the moment at which it began. */
	snprintf(copy.path, sizeof(copy.path), "%s", file_path());
	purse_open(&copy);
	purse_is_sound(&copy);
	assert_int_equal(ledger_audit_head(copy.ledger), scene.head);
	assert_int_equal(count_of(&copy, VOUCHER_LOADED), loaded);
	assert_int_equal(count_of(&copy, VOUCHER_HELD), HELD);
	purse_close(&copy);
	trade_run(&scene.trade, HOUR);
	for (unsigned i = 0; i < CARDS; i++) {
		assert_int_equal(trade_dialled(SHOP_PORT_A, &b, i), 1);
		trade_expect(&scene.trade, &b, i, VOUCHER_LOADED, "");
	}
}

static void
entry_is_in_the_audit_before_a_byte_leaves(void **state)
{
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct purse *p = scene.purse;
	(void)state;
	fill(100);
	begin();
	while (ledger_audit_head(p->ledger) == scene.head) {
		assert_int_equal(file_size(), 0);
		assert_int_equal(backup_step(scene.backup), 1);
	}
	assert_int_equal(file_size(), 0);
	assert_int_equal(turn_commit(scene.trade.shop.turn), 0);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "daemon.backup");
	assert_non_null(strstr(note, backup_info(scene.backup)->head));
	assert_int_equal(backup_step(scene.backup), 1);
	assert_true(file_size() > 0);
}

static void
backup_that_is_given_up_leaves_nothing(void **state)
{
	struct purse *p = scene.purse;
	(void)state;
	fill(HELD);
	for (unsigned steps = 0; steps < 60; steps += 7) {
		begin();
		for (unsigned i = 0; i < steps; i++)
			(void)backup_step(scene.backup);
		assert_int_equal(turn_commit(scene.trade.shop.turn), 0);
		bool done = backup_step(scene.backup) == 0;
		backup_free(scene.backup);
		scene.backup = NULL;
		no_copy_is_left();
		assert_int_equal(file_size() > 0, done);
		unlink(file_path());
	}
	purse_is_sound(p);
}

static void
is_refused(int fd, const char *because)
{
	scene.why[0] = '\0';
	assert_null(backup_begin(scene.trade.shop.turn, fd, "ann", scene.why,
		sizeof(scene.why)));
	if (strstr(scene.why, because) == NULL)
		fail_msg("not '%s': %s", because, scene.why);
	no_copy_is_left();
	unlink(file_path());
}

static void
only_a_plain_empty_file_is_filled(void **state)
{
	static const char because[] = "plain, empty";
	int ends[2];
	(void)state;
	fill(10);
	int fd = new_file();
	close(fd);
	is_refused(open(file_path(), O_RDONLY), because);
	fd = new_file();
	assert_int_equal(write(fd, "x", 1), 1);
	is_refused(fd, because);
	fd = new_file();
	close(fd);
	is_refused(open(file_path(), O_RDWR | O_APPEND), because);
	assert_int_equal(pipe(ends), 0);
	is_refused(ends[1], because);
	close(ends[0]);
	is_refused(open("/dev/null", O_RDWR), because);
}

static void
room_for_results_is_never_taken(void **state)
{
	struct purse *p = scene.purse;
	(void)state;
	fill(HELD);
	room_bytes = BACKUP_MARGIN + 100000;
	is_refused(new_file(), "there is no room");
	/* Somebody else fills the disk while it is copied, while it leaves. */
	for (int leaves = 0; leaves < 2; leaves++) {
		room_bytes = INT64_C(1) << 40;
		begin();
		do
			assert_int_equal(backup_step(scene.backup), 1);
		while (leaves && file_size() == 0);
		assert_int_equal(turn_commit(scene.trade.shop.turn), 0);
		room_bytes = BACKUP_MARGIN - 1;
		assert_int_equal(backup_step(scene.backup), -ENOSPC);
		assert_non_null(
			strstr(backup_error(scene.backup), "there is no room"));
		assert_true(backup_step(scene.backup) < 0);
		backup_free(scene.backup);
		scene.backup = NULL;
		no_copy_is_left();
		assert_int_equal(file_size(), 0);
		unlink(file_path());
	}
	struct trade_batch b = trade_batch(&scene.trade, 1, NULL);
	trade_run(&scene.trade, MINUTE);
	trade_expect(&scene.trade, &b, 0, VOUCHER_LOADED, "");
	purse_is_sound(p);
}

static void
file_that_somebody_else_changes_is_no_backup(void **state)
{
	(void)state;
	fill(HELD);
	begin();
	while (file_size() == 0)
		assert_int_equal(backup_step(scene.backup), 1);
	assert_int_equal(truncate(file_path(), 50000000), 0);
	int rc;
	while ((rc = backup_step(scene.backup)) == 1)
		;
	assert_int_equal(rc, -EIO);
}

static void
leftovers_of_a_killed_daemon_are_removed(void **state)
{
	(void)state;
	int fd = open(purse_path(scene.purse, "ledger.db.backup"),
		O_WRONLY | O_CREAT, 0600);
	close(fd);
	fd = open(purse_path(scene.purse, "ledger.db.backup-journal"),
		O_WRONLY | O_CREAT, 0600);
	close(fd);
	backup_clean(scene.purse->ledger);
	no_copy_is_left();
	purse_is_sound(scene.purse);
}

int
main(void)
{
#define BACKUP_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		BACKUP_TEST(batch_is_dialled_while_the_backup_is_made),
		BACKUP_TEST(entry_is_in_the_audit_before_a_byte_leaves),
		BACKUP_TEST(backup_that_is_given_up_leaves_nothing),
		BACKUP_TEST(only_a_plain_empty_file_is_filled),
		BACKUP_TEST(room_for_results_is_never_taken),
		BACKUP_TEST(file_that_somebody_else_changes_is_no_backup),
		BACKUP_TEST(leftovers_of_a_killed_daemon_are_removed),
	};
	return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
