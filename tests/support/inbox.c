/*
 * inbox: see inbox.h. It must never sleep: the loop runs until a condition
 * holds, and a deadline fails the test.
 */
#include "tests/support/inbox.h"

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
#include <unistd.h>

#include <cmocka.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/problem.h"
#include "agent/profile_folder.h"
#include "agent/spool.h"
#include "agent/turn.h"

enum { DEADLINE_MS = 30000 };

const char *
inbox_path(const struct inbox *f, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *out = paths[next++ % 4];

	(void)snprintf(out, sizeof(paths[0]), "%s/%s", f->dir, name);
	return out;
}

void
inbox_put(const struct inbox *f, const char *name, const char *text, size_t len)
{
	FILE *file = fopen(inbox_path(f, name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* As people drop it: moved into place. */
void
inbox_drop_bytes(
	const struct inbox *f, const char *name, const char *text, size_t len)
{
	char to[300];

	inbox_put(f, "dropped", text, len);
	(void)snprintf(to, sizeof(to), "incoming/%s", name);
	assert_int_equal(
		rename(inbox_path(f, "dropped"), inbox_path(f, to)), 0);
}

void
inbox_drop(const struct inbox *f, const char *name, const char *text)
{
	inbox_drop_bytes(f, name, text, strlen(text));
}

/* The whole file, or "(none)". */
const char *
inbox_get(const struct inbox *f, const char *name)
{
	static char texts[2][INBOX_TEXT_MAX];
	static unsigned next;
	char *text = texts[next++ % 2];
	FILE *file = fopen(inbox_path(f, name), "r");
	size_t n;

	if (!file)
		return "(none)";
	n = fread(text, 1, INBOX_TEXT_MAX - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

/* ---- lives ------------------------------------------------------------- */

static bool
has_modem(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "shop1") == 0;
}

static void
on_deadline(void *ctx)
{
	struct inbox *f = ctx;

	f->late = true;
	loop_stop(f->loop);
}

static void
on_tick(void *ctx)
{
	struct inbox *f = ctx;

	if (!intake_is_busy(f->intake) && !spool_has_incoming(f->spool))
		loop_stop(f->loop);
	else
		loop_timer_at(f->tick, loop_now_ms(f->loop) + 2);
}

/* After each turn's commit. */
static void
on_turn(void *ctx)
{
	struct inbox *f = ctx;

	if (f->turns_left < 0 || f->turns_left-- > 0)
		return;
	if (f->at_turn) {
		f->at_turn(f);
		return;
	}
	f->cut = true;
	loop_stop(f->loop);
}

static void
on_file(void *ctx, const char *name)
{
	struct inbox *f = ctx;

	intake_on_file(f->intake, name);
}

void
inbox_begin_life(struct inbox *f)
{
	char why[256];

	f->loop = loop_new();
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	loop_timer_always(f->deadline);
	f->tick = loop_timer_new(f->loop, on_tick, f);
	f->turn = turn_new(f->loop, f->purse->ledger);
	turn_add_outlet(f->turn, on_turn, f);
	f->spool = spool_open(
		f->loop, f->dir, (gid_t)-1, on_file, f, why, sizeof(why));
	assert_non_null(f->spool);
	f->intake = intake_new(&(struct intake_options){.loop = f->loop,
		.turn = f->turn,
		.vault = f->purse->vault,
		.spool = f->spool,
		.profiles = f->profiles,
		.has_modem = has_modem});
	intake_recover(f->intake);
	f->turns_left = -1;
	f->cut = false;
}

/* What was not committed is gone, as after a power cut. */
void
inbox_end_life(struct inbox *f)
{
	intake_free(f->intake);
	spool_close(f->spool);
	turn_free(f->turn);
	loop_free(f->loop);
	purse_close(f->purse);
	purse_open(f->purse);
}

/* Until all is read, or the life ends. */
void
inbox_run(struct inbox *f)
{
	loop_timer_at(f->deadline, loop_now_ms(f->loop) + DEADLINE_MS);
	loop_timer_at(f->tick, loop_now_ms(f->loop) + 2);
	loop_run(f->loop);
	assert_false(f->late);
}

/* All from the start, with an empty ledger. */
void
inbox_begin_anew(struct inbox *f)
{
	intake_free(f->intake);
	spool_close(f->spool);
	turn_free(f->turn);
	loop_free(f->loop);
	assert_int_equal(purse_teardown((void **)&f->purse), 0);
	assert_int_equal(purse_setup((void **)&f->purse), 0);
	inbox_begin_life(f);
}

int
inbox_setup(void **state)
{
	static const char simtel[] =
		"[operator]\nname = SimTel\nmcc_mnc = 00101\ncurrency = XTS\n"
		"decimals = 2\npin = \\d{14}\nmsisdn = 0[789]\\d{8}\n"
		"[recharge]\nussd = *121*{pin}#\n"
		"ussd_for_other = *121*{pin}*{msisdn}#\n"
		"[reply]\nloaded = credited\n";
	static const char any[] =
		"[operator]\nname = Any\ncurrency = XTS\ndecimals = 0\n"
		"[recharge]\nussd = *9*{pin}#\n"
		"[reply]\nloaded = credited\n";
	struct inbox *f = calloc(1, sizeof(*f));
	struct problems *problems = problems_new();

	assert_non_null(f);
	assert_int_equal(purse_setup((void **)&f->purse), 0);
	(void)strcpy(f->dir, "/tmp/test_intake.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(mkdir(inbox_path(f, "operators"), 0700), 0);
	inbox_put(f, "operators/simtel.ini", simtel, sizeof(simtel) - 1);
	inbox_put(f, "operators/any.ini", any, sizeof(any) - 1);
	f->profiles = profiles_read(inbox_path(f, "operators"), NULL, problems);
	if (problems_line(problems, 0))
		print_message("%s\n", problems_line(problems, 0));
	assert_non_null(f->profiles);
	assert_int_equal(f->profiles->count, 2);
	problems_free(problems);
	log_open(&(struct log_options){.ident = "topupd",
		.socket = "/nonexistent",
		.level = LOG_AT_ERROR,
		.to_stderr = getenv("SHOW_LOG") != NULL});
	inbox_begin_life(f);
	*state = f;
	return 0;
}

int
inbox_teardown(void **state)
{
	struct inbox *f = *state;
	char command[64];

	inbox_end_life(f);
	profiles_free(f->profiles);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(purse_teardown((void **)&f->purse), 0);
	free(f);
	return 0;
}

/* ---- what came of it --------------------------------------------------- */

static bool
on_count(void *ctx, const struct ledger_batch *b)
{
	(void)b;
	++*(int64_t *)ctx;
	return true;
}

int64_t
inbox_batches(struct inbox *f)
{
	int64_t count = 0;

	assert_int_equal(
		ledger_each_batch(f->purse->ledger, 0, on_count, &count), 0);
	return count;
}

/* Vouchers in all states, by the ledger's own count. */
int64_t
inbox_vouchers(struct inbox *f)
{
	int64_t counts[VOUCHER_STATES], all = 0;

	assert_int_equal(ledger_counts(f->purse->ledger, counts), 0);
	for (int i = 0; i < VOUCHER_STATES; i++)
		all += counts[i];
	return all;
}

/* Nobody finds it by a look at the bytes on disk. */
void
inbox_has_nowhere(struct inbox *f, const char *voucher_pin)
{
	char command[160];

	(void)snprintf(command, sizeof(command), "grep -rqaF %s %s %s",
		voucher_pin, f->dir, f->purse->dir);
	assert_int_not_equal(system(command), 0);
}
