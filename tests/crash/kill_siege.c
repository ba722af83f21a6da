/*
 * kill_siege: life after life of the daemon, each ended by SIGKILL; a person
 * who releases and unlocks meanwhile; the laws after each. It must never
 * help the daemon: whoever asks it takes no answer for an answer.
 */
#include "tests/crash/kill.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"

enum {
	LIFE_MS = 4000,  /* a step that was not reached by then never is */
	PERSON_MS = 400, /* between two looks of a person */
	CHECK_EVERY = 4, /* lives */
	ROWS_MAX = 64,
	NUMBER_MAX = 24
};

struct siege {
	struct house *h;
	struct kill_options options;
	struct kill_law law;
	unsigned dropped; /* cards */
	unsigned files, random_kills;
};

static uint64_t chance;

static unsigned
draw(unsigned below)
{
	/* xorshift64*: the seed alone decides. */
	chance ^= chance >> 12;
	chance ^= chance << 25;
	chance ^= chance >> 27;
	return (unsigned)((chance * UINT64_C(2685821657736338717)) >> 33) %
	       below;
}

/* ---- the world --------------------------------------------------------- */

/* Most are good; some the network refuses, some it does not know. */
static void
make_cards(struct siege *s)
{
	static const long amounts[] = {5000, 10000, 20000};
	static const char *const bad[] = {"used", "expired", "blocked"};
	for (unsigned i = 0; i < s->options.vouchers; i++) {
		unsigned kind = draw(20);
		struct kill_card *card = &s->law.cards[i];
		card->amount = amounts[draw(3)];
		if (kind == 0)
			card->amount = 0;
		else
			house_add_card(s->h, house_pin(i), card->amount,
				kind > 3 ? "good" : bad[kind - 1]);
	}
}

static void
make_modems(struct siege *s)
{
	static const char *const dialects[] = {
		"standard", "huawei", "standard", "simcom", "quectel"};
	static const char keys[] =
		"{\"delay_ms\": [30, 150], \"boot_ms\": 200, \"faults\": {"
		"\"lose_request\": 0.01, \"busy\": 0.04, \"lose_reply\": 0.01,"
		"\"reboot\": 0.01, \"vanish\": 0.01, \"vanish_ms\": 300,"
		"\"cme\": 0.01, \"dropped\": 0.01, \"garble\": 0.01,"
		"\"twice\": 0.02, \"late\": 0.02, \"late_ms\": 1500,"
		"\"ended\": 0.02, \"lines\": 0.02, \"quotes\": 0.02}}";
	char name[16];
	for (unsigned i = 0; i < s->options.modems; i++) {
		snprintf(name, sizeof(name), "m%u", i + 1);
		house_add_modem(s->h, name, dialects[i % 5], keys);
	}
}

static void
make_profile(struct siege *s)
{
	char rejects[NUMBER_MAX];
	snprintf(rejects, sizeof(rejects), "%d", KILL_REJECTS);
	house_rule_set(s->h, "recharge", "timeout", "2");
	house_rule_set(s->h, "limits", "max_rejects", rejects);
	house_rule_set(s->h, "limits", "batch_rejects", "3");
	/* Persons here unlock without end; the laws count the refusals. */
	house_network_set(s->h, "lock_after", json_integer(0));
}

/* The next rows, about as many a life as the siege needs. */
static void
drop_file(struct siege *s, unsigned rows)
{
	char name[NUMBER_MAX + 8], *text;
	size_t len;
	unsigned left = s->options.vouchers - s->dropped;
	FILE *f;
	if (rows > left)
		rows = left;
	if (rows == 0)
		return;
	f = open_memstream(&text, &len);
	fprintf(f, "# operator: simtel\npin,serial,amount\n");
	for (unsigned i = s->dropped; i < s->dropped + rows; i++) {
		long amount = draw(2) == 0 ? s->law.cards[i].amount : 0;
		fprintf(f, "%s,S%u,", house_pin(i), i);
		if (amount > 0)
			fprintf(f, "%ld", amount / 100);
		fputc('\n', f);
		s->law.cards[i].dropped = true;
	}
	assert_int_equal(fclose(f), 0);
	snprintf(name, sizeof(name), "f%u.csv", ++s->files);
	house_drop(s->h, name, text);
	s->dropped += rows;
	free(text);
}

/* ---- a person ---------------------------------------------------------- */

/* What topupctl says, or NULL: the daemon may be dead by now. The caller
 * decrefs it. */
static json_t *
ask(struct house *h, const char *what, const char *option, const char *value)
{
	int status = house_ctl(h, what, "--json", option, value, NULL);
	return status == 0 || status == 4 ? json_loads(h->out, 0, NULL) : NULL;
}

/* Quiet time ends by itself; what has no end is a person's. */
static void
unlock(struct siege *s)
{
	json_t *modem, *modems = ask(s->h, "modems", NULL, NULL);
	size_t i;
	json_array_foreach(modems, i, modem)
	{
		const char *state = house_text(modem, "state");
		bool waits = strcmp(state, "locked_out") == 0 ||
		             (strcmp(state, "fenced") == 0 &&
				     house_text(modem, "until")[0] == '\0');
		if (!waits)
			continue;
		/* Before: the SIM may dial before topupctl is back. */
		kill_law_unlocks(&s->law, s->h, i);
		(void)house_ctl(s->h, "unlock", house_text(modem, "name"),
			NULL); /* it may be dead */
	}
	json_decref(modems);
}

static void
release(struct siege *s)
{
	json_t *v, *held = ask(s->h, "vouchers", "--state", "held");
	char id[NUMBER_MAX];
	size_t i;
	json_array_foreach(held, i, v)
	{
		snprintf(id, sizeof(id), "%lld",
			(long long)house_number(v, "id"));
		(void)house_ctl(s->h, "release", id, NULL); /* it may be dead */
	}
	json_decref(held);
}

static void
check(struct siege *s, bool all)
{
	kill_law_read_truth(&s->law, s->h);
	json_t *vouchers = ask(s->h, "vouchers", NULL, NULL);
	if (vouchers != NULL)
		kill_law_check(&s->law, s->h, vouchers, all);
	else
		assert_false(all);
	json_decref(vouchers);
}

/* ---- a life ------------------------------------------------------------ */

static bool
is_dead(struct house *h)
{
	int status;
	if (waitpid(h->daemon, &status, WNOHANG) == 0)
		return false;
	h->daemon = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("topupd ended by itself, wait status %#x",
			(unsigned)status);
	return true;
}

void
kill_spawn(struct house *h, const char *steps)
{
	char watcher[HOUSE_PATH_MAX + 32];
	(void)snprintf(watcher, sizeof(watcher), "%s/tests/crash/kill_step.so",
		h->build);
	(void)setenv("TOPUP_STEP", steps, 1);
	(void)setenv("TOPUP_STEP_LOG", house_path(h, "out/steps"), 1);
	(void)setenv("TOPUP_READ_ONLY", house_path(h, "out/read_only"), 1);
	(void)setenv("LD_PRELOAD", watcher, 1);
	house_spawn_daemon(h);
	(void)unsetenv("LD_PRELOAD"); /* for the daemon alone */
}

static void
live_and_die(struct siege *s, unsigned life)
{
	struct kill_plan plan;
	unsigned rows = s->options.vouchers / s->options.kills;
	kill_plan_next(&plan, s->h, draw);
	drop_file(s, 1 + draw(2 * (rows > 0 ? rows : 1)));
	kill_spawn(s->h, plan.steps);
	int64_t now = house_now_ms(), person = now + PERSON_MS;
	int64_t end = now + (plan.random_ms > 0 ? plan.random_ms
						: LIFE_MS * s->h->scale);
	while (!is_dead(s->h)) {
		now = house_now_ms();
		if (now >= end) {
			s->random_kills++;
			house_kill(s->h);
			break;
		}
		if (now >= person) {
			unlock(s);
			release(s);
			if (life % CHECK_EVERY == 0)
				check(s, false);
			person = house_now_ms() + PERSON_MS;
		}
		house_breathe();
	}
	(void)kill_plan_reached(s->h);
	kill_law_read_truth(&s->law, s->h);
}

/* ---- peace ------------------------------------------------------------- */

static bool
all_have_ended(struct house *h, const void *ctx)
{
	/* The siege is its caller's. */
	struct siege *s = (struct siege *)(uintptr_t)ctx;
	json_t *counts;
	int64_t moving;
	unlock(s);
	release(s);
	counts = json_object_get(house_ask(h, "status", NULL), "vouchers");
	moving = house_number(counts, "ready") + house_number(counts, "held") +
	         house_number(counts, "dialing") +
	         house_number(counts, "pending");
	return moving == 0;
}

static size_t
files_in(struct house *h, const char *folder)
{
	json_t *batches = house_ask(h, "batches", NULL);
	size_t count = 0;
	json_t *b;
	size_t i;
	json_array_foreach(batches, i, b)
	{
		char stem[64];
		const char *name = house_text(b, "name");
		snprintf(stem, sizeof(stem), "%.*s", (int)strcspn(name, "."),
			name);
		const char *path = house_path(h, "%s/%lld-%s.csv", folder,
			(long long)house_number(b, "id"), stem);
		char *text = house_read(path);
		count += text != NULL;
		free(text);
	}
	return count;
}

static bool
all_are_reported(struct house *h, const void *ctx)
{
	return files_in(h, "spool/reports") == *(const unsigned *)ctx;
}

static void
peace(struct siege *s)
{
	struct house *h = s->h;
	json_t *counts;
	/* All that the kills left may still have to be dialled. */
	h->scale *= 1 + s->options.vouchers / 200;
	drop_file(s, s->options.vouchers);
	house_start(h);
	house_until(h, "all have ended", all_have_ended, s);
	house_until(h, "all are reported", all_are_reported, &s->files);
	assert_int_equal(files_in(h, "spool/done"), s->files);
	check(s, true);
	counts = json_object_get(house_ask(h, "status", NULL), "vouchers");
	print_message("%u kills, %u of them at random moments; of %u cards in "
		      "%u files %lld loaded, %lld rejected, %lld unknown\n",
		s->options.kills, s->random_kills, s->options.vouchers,
		s->files, house_number(counts, "loaded"),
		house_number(counts, "rejected"),
		house_number(counts, "unknown"));
	assert_int_equal(house_stop(h), 0);
	kill_law_check_audit(h);
	for (unsigned i = 0; i < 3; i++)
		house_assert_secret(h, house_pin(draw(s->options.vouchers)));
}

void
kill_siege(struct house *h, const struct kill_options *options)
{
	struct siege s = {.h = h, .options = *options};
	chance = options->seed;
	kill_law_init(&s.law, options->vouchers);
	make_cards(&s);
	make_modems(&s);
	make_profile(&s);
	house_start_sim(h);
	house_write_settings(h);
	/* On a slow machine a rare step may need some lives more. */
	for (unsigned i = 0; i < options->kills ||
			     (i < 2 * options->kills && kill_plan_misses());
		i++)
		live_and_die(&s, i);
	peace(&s);
	kill_plan_tell();
	kill_law_fini(&s.law);
}
