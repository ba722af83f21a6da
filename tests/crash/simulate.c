/*
 * simulate: runs lives of the daemon in virtual time, seed by seed, and
 * tells of each seed that breaks a law its story and how to run it again.
 * It must never print anything for a good seed unless asked.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/crash/law.h"
#include "tests/crash/realm.h"
#include "tests/crash/run.h"
#include "tests/crash/story.h"

enum { STORY_LINES = 150 };

struct wishes {
	uint64_t from;
	uint64_t runs;
	bool one, story, keep, quiet;
	struct run_options options;
};

static int
usage(void)
{
	(void)fputs(
		"usage: simulate [--seed N | --from N] [--runs N]"
		" [--hours H]\n       [--residual NAME] [--family NAME] "
		"[--story]"
		" [--keep] [--quiet]\n"
		"  --seed   this seed only\n"
		"  --from   the first seed (1)\n"
		"  --runs   how many seeds (100)\n"
		"  --hours  virtual hours until the faults stop (2)\n"
		"  --residual  other_credit, late_text, forged: a false entry\n"
		"           may stand there, with the evidence named\n"
		"  --family all modems are of it (tests/sim/DESIGN.md)\n"
		"  --story  tells the whole story of each seed\n"
		"  --keep   goes on after a seed that breaks a law\n"
		"  --quiet  no stories, only what was broken\n",
		stderr);
	return 2;
}

/* REALM_RESIDUALS for a name that is none. */
static unsigned
residual_of(const char *name)
{
	unsigned i = 0;
	while (i < REALM_RESIDUALS &&
		strcmp(realm_residual_name((enum realm_residual)i), name) != 0)
		i++;
	return i;
}

static int
read_wishes(int argc, char **argv, struct wishes *w)
{
	static const struct option longs[] = {
		{"seed", required_argument, NULL, 's'},
		{"from", required_argument, NULL, 'f'},
		{"runs", required_argument, NULL, 'r'},
		{"hours", required_argument, NULL, 'h'},
		{"residual", required_argument, NULL, 'x'},
		{"family", required_argument, NULL, 'm'},
		{"story", no_argument, NULL, 't'},
		{"keep", no_argument, NULL, 'k'},
		{"quiet", no_argument, NULL, 'q'},
		{NULL, 0, NULL, 0},
	};
	int c;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		w->one = w->one || c == 's';
		if (c == 's' || c == 'f')
			w->from = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			w->runs = strtoull(optarg, NULL, 10);
		else if (c == 'h')
			w->options.hours = strtod(optarg, NULL);
		else if (c == 'x')
			w->options.residual = residual_of(optarg);
		else if (c == 'm')
			w->options.family = optarg;
		else if (c == 't')
			w->story = true;
		else if (c == 'k')
			w->keep = true;
		else if (c == 'q')
			w->quiet = true;
		else
			return usage();
	}
	if (w->one)
		w->runs = 1;
	bool good = optind == argc && w->options.residual < REALM_RESIDUALS;
	return good ? 0 : usage();
}

static void
tell_failure(
	const struct wishes *w, uint64_t seed, const struct run_result *result)
{
	if (!w->quiet)
		story_print(stdout, w->story ? 0 : STORY_LINES);
	(void)printf("seed %" PRIu64 ": %s\n", seed, result->broken);
	(void)printf("    again: simulate --seed %" PRIu64
		     " --hours %g --residual %s --story\n",
		seed, w->options.hours,
		realm_residual_name((enum realm_residual)w->options.residual));
}

static double
seconds_now(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
tell_summary(uint64_t runs, uint64_t bad, int64_t ran_ms, double seconds)
{
	const struct law_counts *c = law_counts();
	(void)printf(
		"%" PRIu64 " seeds, %" PRIu64 " bad; %" PRIu64
		" redemptions (%" PRIu64 " credited, %" PRIu64
		" refused), %" PRIu64 " lives, %" PRIu64 " power cuts, %" PRIu64
		" forgiven, %.1f virtual hours in %.2f s of one core: %.0f "
		"redemptions a second\n",
		runs, bad, c->redeemed, c->loaded, c->refused, c->lives,
		c->cuts, c->forgiven, (double)ran_ms / 3600e3, seconds,
		(double)c->redeemed / seconds);
}

int
main(int argc, char **argv)
{
	struct wishes w = {.from = 1, .runs = 100, .options = {.hours = 2}};
	int rc = read_wishes(argc, argv, &w);
	if (rc != 0)
		return rc;
	uint64_t done = 0, bad = 0;
	int64_t ran_ms = 0;
	double from = seconds_now();
	run_prepare();
	for (; done < w.runs && (bad == 0 || w.keep); done++) {
		struct run_result result = run_seed(w.from + done, &w.options);
		ran_ms += result.ran_ms;
		if (!result.good) {
			bad++;
			tell_failure(&w, w.from + done, &result);
		} else if (w.story) {
			story_print(stdout, 0);
			(void)printf("seed %" PRIu64 ": good, story %016" PRIx64
				     "\n",
				w.from + done, result.story);
		}
	}
	tell_summary(done, bad, ran_ms, seconds_now() - from);
	return bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
