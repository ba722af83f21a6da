/*
 * run: see run.h. Every choice comes from the generators of the realm.
 */
#include "tests/crash/run.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "agent/dispatch.h"
#include "agent/ledger.h"
#include "agent/turn.h"
#include "tests/crash/disk.h"
#include "tests/crash/journal.h"
#include "tests/crash/law.h"
#include "tests/crash/letter.h"
#include "tests/crash/life.h"
#include "tests/crash/paper.h"
#include "tests/crash/person.h"
#include "tests/crash/power.h"
#include "tests/crash/realm.h"
#include "tests/crash/spare.h"
#include "tests/crash/story.h"
#include "tests/crash/trouble.h"
#include "tests/crash/wire.h"
#include "tests/virtual/virtual.h"

#define MINUTE INT64_C(60000)

#define DAY (1440 * MINUTE)

/* No person stays away for longer at the end. */
#define VISIT_MAX (6 * 60 * MINUTE)

enum { DAYS_MAX = 60 };

static struct realm realm;
static struct life life;
static sigjmp_buf stopped;
static volatile sig_atomic_t running;

/* ---- the process ------------------------------------------------------- */

static const char *
secret_name(void)
{
	return "crash";
}

static void
secret_fill(void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)rng_next(&realm.secret);
}

static uint32_t
secret_word(void)
{
	return (uint32_t)rng_next(&realm.secret);
}

/* The daemon stopped itself, or did worse. */
static void
on_death(int signo)
{
	if (!running)
		_Exit(128 + signo);
	siglongjmp(stopped, signo);
}

void
run_prepare(void)
{
	static struct randombytes_implementation chance = {
		.implementation_name = secret_name,
		.random = secret_word,
		.buf = secret_fill};
	struct sigaction death = {
		.sa_handler = on_death, .sa_flags = SA_NODEFER};
	(void)randombytes_set_implementation(&chance);
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)setenv("TZ", "UTC", 1);
	disk_install();
	paper_open();
	(void)sigaction(SIGABRT, &death, NULL);
	(void)sigaction(SIGSEGV, &death, NULL);
}

/* ---- one life ---------------------------------------------------------- */

static bool
is_over(void *ctx)
{
	(void)ctx;
	realm_passes(&realm);
	law_at_turn();
	letter_arrive();
	return !power_is_on() || law_broken()[0] != '\0';
}

static void
on_opened(void *ctx)
{
	(void)ctx;
	law_at_opening();
}

static bool
draw(unsigned percent)
{
	return realm_draw(&realm, 100) < percent;
}

/* Somewhere in this life the power goes. */
static void
draw_fuse(void)
{
	if (draw(40))
		return;
	enum power_step kind = (enum power_step)realm_draw(&realm, POWER_STEPS);
	uint64_t steps = (uint64_t)realm_draw_ms(
		&realm, 1, kind == POWER_FILE ? 60 : 3000);
	story_tell("fuse: the power goes at %s %" PRIu64, power_step_name(kind),
		steps);
	power_fuse(kind, steps - 1);
}

static bool
begin(void)
{
	law_counts()->lives++;
	story_tell("==== a life begins");
	bool began = life_begin(
		&life, &realm.config, &realm.profiles, on_opened, NULL);
	if (began)
		return true;
	story_tell("it could not begin: %s", life.why);
	if (power_is_on() && !trouble_is_on_disk())
		law_break("law 7: the daemon does not start: %s", life.why);
	return false;
}

enum ending { ENDING_CUT, ENDING_KILL, ENDING_STOP };

static void
end(enum ending ending, int64_t from_ms)
{
	if (ending == ENDING_STOP && power_is_on() && life.dispatch)
		life_stop(&life, is_over, NULL);
	bool cut = !power_is_on() || ending == ENDING_CUT;
	power_off();
	story_tell("==== it ends: %s", cut ? "the power is gone"
				       : ending == ENDING_KILL ? "killed"
							       : "stopped");
	law_counts()->cuts += cut;
	life_drop(&life);
	if (cut) {
		disk_cut();
		paper_cut();
	} else {
		disk_kill();
		paper_kill();
	}
	law_at_end_of_life(virtual_now_ms() - from_ms);
	power_on();
}

static void
live_once(int64_t until_ms)
{
	int64_t from_ms = virtual_now_ms();
	int64_t end_ms = from_ms + realm_draw_ms(&realm, 10000, 20 * MINUTE);
	if (end_ms > until_ms)
		end_ms = until_ms;
	draw_fuse();
	bool over = !begin();
	while (!over && !is_over(NULL) && virtual_now_ms() < end_ms) {
		int64_t step_ms = realm_draw_ms(&realm, 200, 2 * MINUTE);
		over = virtual_run_until(life.loop, step_ms, is_over, NULL);
		if (!over && realm_draw(&realm, 4) == 0)
			law_who_waits();
		if (!over)
			trouble_strikes(&realm, &life);
	}
	if (law_broken()[0] == '\0')
		end((enum ending)realm_draw(&realm, 3), from_ms);
}

/* ---- the end of the world ---------------------------------------------- */

static bool
on_left(void *ctx, const struct ledger_voucher *v)
{
	bool *left = ctx;
	*left = *left || !voucher_has_ended(v->state);
	return !*left;
}

static bool
anything_left(void)
{
	struct ledger_voucher_filter all = {.state = -1};
	bool left = false;
	(void)ledger_each_voucher(life.ledger, &all, on_left, &left);
	for (size_t i = 0; i < realm.file_count; i++)
		left = left || realm_is_incoming(&realm.files[i]);
	return left;
}

/* After a text was lost no other tells whose it is, until nothing was dialled
 * for a day: a person who knows that lets a day pass. */
static bool
rest_a_day(void)
{
	if (!realm_mixes_up_texts(&realm))
		return false;
	person_rests(&realm, &life);
	return virtual_run_until(life.loop, DAY + 60 * MINUTE, is_over, NULL);
}

/* The faults stop; whoever is needed comes every few minutes. */
static void
let_all_end(void)
{
	int64_t from_ms = virtual_now_ms();
	story_tell("==== the faults stop");
	trouble_ends(&realm);
	bool over = !begin() || rest_a_day();
	int64_t step_ms = MINUTE;
	while (!over && virtual_now_ms() < from_ms + DAYS_MAX * DAY) {
		realm_drop_rest(&realm);
		person_tidies_up(&realm, &life);
		over = virtual_run_until(life.loop, step_ms, is_over, NULL);
		if (!over && !anything_left())
			break;
		step_ms += step_ms / 4;
		if (step_ms > VISIT_MAX)
			step_ms = VISIT_MAX;
	}
	/* Reports and the trail go out. */
	if (!over && law_broken()[0] == '\0')
		(void)virtual_run_until(life.loop, 2 * MINUTE, is_over, NULL);
	if (law_broken()[0] == '\0')
		law_at_end_of_world();
	if (law_broken()[0] == '\0')
		end(ENDING_STOP, from_ms);
}

/* ---- one run ----------------------------------------------------------- */

static void
live(const struct run_options *options)
{
	(void)realm_drop(&realm, 5 + (unsigned)realm_draw(&realm, 20));
	int64_t until_ms = virtual_now_ms() +
	                   (int64_t)(options->hours * 60.0 * (double)MINUTE);
	while (virtual_now_ms() < until_ms && law_broken()[0] == '\0') {
		live_once(until_ms);
		if (law_broken()[0] == '\0')
			wire_pass(realm_draw_ms(&realm, 100, MINUTE));
		trouble_passes();
	}
	if (law_broken()[0] == '\0')
		let_all_end();
}

struct run_result
run_seed(uint64_t seed, const struct run_options *options)
{
	struct run_result result = {.good = false};
	struct sim_hook truth = {.on_event = letter_on_event};
	virtual_reset();
	int64_t from_ms = virtual_now_ms();
	power_on();
	story_reset();
	paper_reset(&realm.paper);
	memset(&life, 0, sizeof(life));
	law_reset(&realm, &life);
	letter_reset(&realm);
	realm_init(&realm,
		&(struct realm_wish){.seed = seed,
			.residual = (enum realm_residual)options->residual,
			.family = options->family},
		truth);
	disk_reset(&realm.disk);
	disk_is_harsh(true);
	spare_reset();
	journal_reset(law_on_trail);
	trouble_reset();
	running = 1;
	int signo = sigsetjmp(stopped, 1);
	if (signo == 0)
		live(options);
	else
		law_break(
			"law 0: the daemon stopped itself (signal %d)", signo);
	running = 0;
	result.good = law_broken()[0] == '\0';
	(void)snprintf(
		result.broken, sizeof(result.broken), "%s", law_broken());
	result.story = story_hash();
	result.ran_ms = virtual_now_ms() - from_ms;
	if (result.good)
		realm_fini(&realm); /* else what points to it may be left */
	return result;
}
