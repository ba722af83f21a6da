/*
 * test_dispatch_disk: what a full or failing disk does to those who dial, in
 * virtual time, with a real reserve beside a real ledger. What is proven of
 * each card is what its modem was told to dial, and what the file says.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "agent/redeem.h"
#include "agent/reserve.h"
#include "agent/turn.h"
#include "tests/support/fakewire.h"
#include "tests/support/faulty_disk.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

/* ---- the disk under the reserve ---------------------------------------- */

static bool full;
static unsigned looks, takes;

int
posix_fallocate(int fd, off_t at, off_t len)
{
	takes++;
	if (full)
		return ENOSPC;
	return fallocate(fd, 0, at, len) == 0 ? 0 : errno;
}

int
statvfs(const char *path, struct statvfs *out)
{
	(void)path;
	looks++;
	*out = (struct statvfs){
		.f_frsize = 4096, .f_bavail = full ? 0 : 1 << 20};
	return 0;
}

static void
make_room(void)
{
	full = false;
	faulty_disk_set(FAULTY_DISK_NOT);
}

/* ---- the stage --------------------------------------------------------- */

struct stage {
	struct trade trade;
	struct reserve *reserve;
	char path[128];
};

static void
on_safe(void *ctx)
{
	struct stage *s = ctx;
	dispatch_kick(s->trade.dispatch);
}

static void
stage_init(struct stage *s, struct purse *p)
{
	make_room(); /* after a test that failed, too */
	looks = takes = 0;
	trade_init(&s->trade, p, COUNTER_PLAIN "before = never\n");
	(void)snprintf(
		s->path, sizeof(s->path), "%s", purse_path(p, "reserve"));
	s->reserve = reserve_open(s->path);
	assert_true(reserve_is_held(s->reserve));
	turn_keep_reserve(s->trade.shop.turn, s->reserve, on_safe, s);
	trade_open(&s->trade);
}

static void
stage_fini(struct stage *s)
{
	trade_fini(&s->trade);
	reserve_close(s->reserve);
	(void)unlink(s->path); /* where it was given up there is none */
}

static void
fill_disk(struct stage *s)
{
	full = true;
	faulty_disk_set(FAULTY_DISK_FULL);
	faulty_disk_room_of(s->path, RESERVE_BYTES);
}

static void
until_on_air(struct stage *s, const struct trade_batch *b, unsigned i)
{
	for (int n = 0; n < 1000 && trade_dialled(A, b, i) == 0; n++)
		trade_run(&s->trade, 50);
	assert_int_equal(trade_dialled(A, b, i), 1);
}

/* The card's state as another process finds it in the file. */
static enum voucher_state
state_on_disk(struct stage *s, int64_t id)
{
	struct purse *p = s->trade.shop.purse;
	struct ledger *mine = p->ledger;
	p->ledger = ledger_open(p->path, LEDGER_OPEN_READ_ONLY, p->vault,
		p->why, sizeof(p->why));
	assert_non_null(p->ledger);
	enum voucher_state state = purse_card(p, id).state;
	ledger_close(p->ledger);
	p->ledger = mine;
	return state;
}

/* ---- stories ----------------------------------------------------------- */

static void
a_disk_that_fills_while_a_card_is_on_air_loses_nothing(void **state)
{
	struct stage s;
	stage_init(&s, *state);
	struct trade_batch b = trade_batch(&s.trade, 3, NULL);
	until_on_air(&s, &b, 0);
	fill_disk(&s);
	trade_run(&s.trade, MINUTE);
	/* Its result is on disk, and nothing more was dialled. */
	assert_int_equal(
		state_on_disk(&s, trade_card(&s.trade, &b, 0)), VOUCHER_LOADED);
	assert_null(turn_stuck(s.trade.shop.turn));
	assert_non_null(strstr(turn_unsafe(s.trade.shop.turn), "is full"));
	assert_false(reserve_is_held(s.reserve));
	trade_run(&s.trade, HOUR);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_expect(&s.trade, &b, 1, VOUCHER_READY, "");
	/* It was looked at, and not written at. */
	assert_in_range(looks, 350, 380);
	assert_int_equal(takes, 1);
	make_room();
	trade_run(&s.trade, MINUTE);
	assert_true(reserve_is_held(s.reserve));
	assert_null(turn_unsafe(s.trade.shop.turn));
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	stage_fini(&s);
}

/* The intent itself finds the disk full: it is written in the reserve, and
 * what was begun goes on air, since its result can be written. */
static void
a_disk_that_is_full_before_stops_after_what_was_begun(void **state)
{
	struct stage s;
	stage_init(&s, *state);
	struct trade_batch b = trade_batch(&s.trade, 3, NULL);
	until_on_air(&s, &b, 0);
	trade_run(&s.trade, 2 * SECOND); /* loaded; min_interval is 5 s */
	fill_disk(&s);
	trade_run(&s.trade, HOUR);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	assert_int_equal(
		state_on_disk(&s, trade_card(&s.trade, &b, 1)), VOUCHER_LOADED);
	assert_int_equal(trade_dialled(A, &b, 2), 0);
	make_room();
	trade_run(&s.trade, MINUTE);
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	stage_fini(&s);
}

static void
sync_for_real(struct stage *s)
{
	assert_int_equal(sqlite3_exec(s->trade.shop.purse->ledger->db,
				 "PRAGMA synchronous = FULL", NULL, NULL, NULL),
		SQLITE_OK);
}

/* Read-only and failing disks look alike from here. */
static void
a_disk_that_fails_keeps_the_result_until_it_can_be_written(void **state)
{
	static const enum faulty_disk faults[] = {
		FAULTY_DISK_IO_ERROR, FAULTY_DISK_NO_SYNC};
	for (size_t i = 0; i < 2; i++) {
		struct stage s;
		stage_init(&s, *state);
		sync_for_real(&s);
		struct trade_batch b = trade_batch(&s.trade, 2, NULL);
		int64_t card = trade_card(&s.trade, &b, 0);
		until_on_air(&s, &b, 0);
		faulty_disk_set(faults[i]);
		trade_run(&s.trade, HOUR);
		assert_non_null(turn_unsafe(s.trade.shop.turn));
		assert_true(reserve_is_held(s.reserve));
		assert_int_equal(state_on_disk(&s, card), VOUCHER_DIALING);
		assert_int_equal(trade_dialled(A, &b, 1), 0);
		faulty_disk_set(FAULTY_DISK_NOT);
		trade_run(&s.trade, 2 * MINUTE);
		assert_null(turn_unsafe(s.trade.shop.turn));
		assert_int_equal(state_on_disk(&s, card), VOUCHER_LOADED);
		assert_int_equal(trade_dialled(A, &b, 0), 1);
		assert_int_equal(trade_dialled(A, &b, 1), 1);
		stage_fini(&s);
	}
}

/* Whoever asks redeem without asking the turn gets the same answer. */
static void
redeem_begins_nothing_without_a_reserve(void **state)
{
	struct stage s;
	stage_init(&s, *state);
	struct trade_batch b = trade_batch(&s.trade, 1, NULL);
	full = true;
	assert_true(reserve_give_up(s.reserve));
	turn_keep_reserve(s.trade.shop.turn, s.reserve, on_safe, &s);
	assert_int_equal(
		redeem_begin(s.trade.redeem, shop_line(&s.trade.shop, "a"),
			trade_card(&s.trade, &b, 0)),
		-EIO);
	assert_int_equal(redeem_in_flight(s.trade.redeem), 0);
	trade_run(&s.trade, HOUR);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	make_room();
	trade_run(&s.trade, MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	stage_fini(&s);
}

/* ---- messages ---------------------------------------------------------- */

/* One in the modem's store, at its next listing. */
static void
store_message(void)
{
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "AT+CMGL=4",
			.say = "\r\n+CMGL: 3,1,,25\r\n"
			       "07915348500202000"
			       "40C9153486507895500006090608164138004D4F29C0E"
			       "\r\n\r\nOK\r\n",
			.after_ms = 5,
			.times = 1});
}

static unsigned
deletions(void)
{
	return fakewire_count(virtual_wire(A), "AT+CMGD=");
}

static bool
count_message(void *ctx, const struct ledger_message *m)
{
	unsigned *count = ctx;
	(*count)++;
	assert_string_equal(m->sender, "+358456709855");
	return true;
}

static unsigned
messages(struct stage *s)
{
	static const struct ledger_message_filter all;
	unsigned count = 0;
	assert_int_equal(ledger_each_message(s->trade.shop.purse->ledger, &all,
				 count_message, &count),
		0);
	return count;
}

/* As no outlet would while the disk refuses: so that what the modem was told
 * to delete shows. */
static void
let_modem_speak(struct stage *s)
{
	struct modem *modem = shop_line(&s->trade.shop, "a")->modem;
	for (int i = 0; i < 20; i++) {
		modem_flush(modem, virtual_now_ms());
		trade_run(&s->trade, SECOND);
		modem_on_ready(modem, virtual_now_ms());
		modem_tick(modem, virtual_now_ms());
	}
}

static void
a_message_stays_in_the_modem_until_it_is_on_disk(void **state)
{
	struct stage s;
	stage_init(&s, *state);
	trade_run(&s.trade, MINUTE);
	store_message();
	faulty_disk_set(FAULTY_DISK_IO_ERROR);
	trade_run(&s.trade, 6 * MINUTE);
	assert_non_null(turn_stuck(s.trade.shop.turn));
	let_modem_speak(&s);
	assert_int_equal(deletions(), 0);
	make_room();
	trade_run(&s.trade, MINUTE);
	assert_int_equal(deletions(), 1);
	assert_int_equal(messages(&s), 1);
	/* The modem had lost our wish: it is a copy, and goes too. */
	store_message();
	trade_run(&s.trade, 6 * MINUTE);
	assert_int_equal(deletions(), 2);
	assert_int_equal(messages(&s), 1);
	stage_fini(&s);
}

int
main(void)
{
#define DISK_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		DISK_TEST(
			a_disk_that_fills_while_a_card_is_on_air_loses_nothing),
		DISK_TEST(
			a_disk_that_is_full_before_stops_after_what_was_begun),
		DISK_TEST(
			a_disk_that_fails_keeps_the_result_until_it_can_be_written),
		DISK_TEST(redeem_begins_nothing_without_a_reserve),
		DISK_TEST(a_message_stays_in_the_modem_until_it_is_on_disk),
	};
	faulty_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
