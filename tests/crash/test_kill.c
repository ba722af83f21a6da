/*
 * The money law on the real binaries: killed at each named step, on a disk
 * that runs full, in a state directory made read-only under way. SEED=N
 * repeats a run's choices, KILLS=N changes their number; tests/crash/kill is
 * the long form.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/crash/kill.h"
#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"

enum { KILLS = 40, CARDS_A_KILL = 5, CARDS = 60, QUIET_MS = 1500 };

static unsigned
number_from(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void
killed_daemon_never_breaks_the_money_law(void **state)
{
	struct house *h = *state;
	unsigned kills = number_from("KILLS", KILLS / h->scale);
	struct kill_options options = {.kills = kills,
		.vouchers = CARDS_A_KILL * kills,
		.modems = 4,
		.seed = number_from("SEED", (unsigned)time(NULL)) | 1};
	print_message("SEED=%u\n", (unsigned)options.seed);
	kill_siege(h, &options);
	house_done(h);
}

/* ---- a disk in trouble --------------------------------------------------- */

static void
open_shop(struct house *h)
{
	char *batch;
	size_t len;
	FILE *f = open_memstream(&batch, &len);

	house_add_cards(h, 0, CARDS);
	house_add_modem(h, "m1", "standard", "{\"delay_ms\": [100, 200]}");
	house_add_modem(h, "m2", "huawei", "{\"delay_ms\": [100, 200]}");
	house_start_sim(h);
	house_write_settings(h);
	kill_spawn(h, "");
	house_until_answers(h);
	fprintf(f, "# operator: simtel\npin,serial\n");
	for (unsigned i = 0; i < CARDS; i++)
		fprintf(f, "%s,S%u\n", house_pin(i), i);
	assert_int_equal(fclose(f), 0);
	house_drop(h, "all.csv", batch);
	free(batch);
}

static bool
some_are_dialled(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_truth_count(h, "redeem", NULL, "") >= 6;
}

/* What needs a person first has the words. */
static bool
status_says(struct house *h, const void *ctx)
{
	json_t *list =
		json_object_get(house_ask(h, "status", NULL), "attention");

	return strstr(house_text(json_array_get(list, 0), "text"), ctx) != NULL;
}

static bool
none_is_on_air(struct house *h, const void *ctx)
{
	json_t *counts =
		json_object_get(house_ask(h, "status", NULL), "vouchers");

	(void)ctx;
	return house_number(counts, "dialing") == 0;
}

/* Nothing is dialled for a while, though much waits. */
static void
assert_stopped(struct house *h)
{
	size_t before = house_truth_count(h, "redeem", NULL, "");
	int64_t until = house_now_ms() + (int64_t)QUIET_MS * h->scale;

	while (house_now_ms() < until)
		house_breathe();
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), before);
	assert_in_range(before, 6, CARDS - 1);
}

static void
assert_all_loaded(struct house *h)
{
	house_until_settled(h, CARDS);
	house_assert_money_law(h, CARDS);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "loaded"),
		CARDS);
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), CARDS);
	assert_int_equal(house_stop(h), 0);
	kill_law_check_audit(h);
	house_done(h);
}

/* Until the disk takes no byte more. */
static void
fill(const char *path)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	(void)close(fd);
}

/* A small disk under state/, which only this process and its children see. */
static bool
mount_disk(struct house *h)
{
	if (unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("none", house_path(h, "state"), "tmpfs", 0,
			"size=24m,mode=0750") == 0)
		return true;
	print_message("no disk of our own can be mounted here: %s\n",
		strerror(errno));
	h->done = true; /* nothing to show */
	return false;
}

static int
unmount_disk(void **state)
{
	(void)umount2(house_path(*state, "state"), MNT_DETACH);
	return house_teardown(state);
}

static void
disk_that_runs_full_stops_dialling_and_loses_nothing(void **state)
{
	struct house *h = *state;

	if (!mount_disk(h))
		skip();
	open_shop(h);
	house_until(h, "some are dialled", some_are_dialled, NULL);
	fill(house_path(h, "state/filler"));
	house_until(h, "status says that the disk is full", status_says,
		"disk of the ledger is full");
	house_until(h, "what was on air is settled", none_is_on_air, NULL);
	assert_stopped(h);
	house_assert_money_law(h, CARDS);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "unknown"),
		0);
	/* A restart on the full disk finds all of it. The log that it settles
	 * gives room back, which is filled as well. */
	house_kill(h);
	kill_spawn(h, "");
	house_until_answers(h);
	fill(house_path(h, "state/more"));
	house_until(h, "status says that the disk is full again", status_says,
		"disk of the ledger is full");
	house_until(h, "what was on air is settled", none_is_on_air, NULL);
	assert_stopped(h);
	assert_int_equal(unlink(house_path(h, "state/filler")), 0);
	assert_int_equal(unlink(house_path(h, "state/more")), 0);
	assert_all_loaded(h);
}

static void
read_only_ledger_stops_dialling_and_loses_nothing(void **state)
{
	struct house *h = *state;

	open_shop(h);
	house_until(h, "some are dialled", some_are_dialled, NULL);
	house_write(house_path(h, "out/read_only"), "");
	house_until(h, "status says that it cannot be written", status_says,
		"cannot be written");
	assert_stopped(h);
	assert_int_equal(unlink(house_path(h, "out/read_only")), 0);
	assert_all_loaded(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(killed_daemon_never_breaks_the_money_law),
		HOUSE_TEST(read_only_ledger_stops_dialling_and_loses_nothing),
		cmocka_unit_test_setup_teardown(
			disk_that_runs_full_stops_dialling_and_loses_nothing,
			house_setup, unmount_disk),
	};

	/* The search for leaks at the end of each topupctl takes longer than
	 * all it does, and other scenarios make it. The watcher comes before
	 * the sanitizer's library. */
	(void)setenv(
		"ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0", 0);
	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
