/*
 * kill_plan: at which step each life ends. It must never leave a named step
 * out: each has its turn again until it was reached.
 */
#include "tests/crash/kill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RANDOM_EVERY = 5, RANDOM_MS = 2000 };

/* The names are those of kill_step.c; nth: killed at the first to nth time.
 * Rare ones wait behind the others, in each life until they were reached. */
static struct step {
	const char *name;
	unsigned nth;
	bool rare;
	unsigned reached;
} steps[] = {
	{.name = "ledger-written", .nth = 300},
	{.name = "ledger-torn", .nth = 300},
	{.name = "before-ledger-synced", .nth = 25},
	{.name = "ledger-synced", .nth = 25},
	{.name = "checkpoint-written", .nth = 20, .rare = true},
	{.name = "checkpoint-synced", .nth = 1, .rare = true},
	{.name = "before-done-renamed", .nth = 1},
	{.name = "done-renamed", .nth = 1},
	{.name = "done-synced", .nth = 2},
	{.name = "before-incoming-unlinked", .nth = 1},
	{.name = "incoming-unlinked", .nth = 1},
	{.name = "incoming-synced", .nth = 1},
	{.name = "before-first-byte", .nth = 3},
	{.name = "first-byte-to-modem", .nth = 3},
	{.name = "code-to-modem", .nth = 3},
	{.name = "answer-read", .nth = 8},
	{.name = "audit-sent", .nth = 20},
	{.name = "before-report-renamed", .nth = 1},
	{.name = "report-renamed", .nth = 1},
	{.name = "report-synced", .nth = 2},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* tried_again: the step of the last life was not reached, and is planned
 * again, at its first time. */
static unsigned lives, next_step;
static bool has_step, tried_again;

static void
add(struct kill_plan *plan, const struct step *step, unsigned nth)
{
	size_t len = strlen(plan->steps);
	(void)snprintf(plan->steps + len, sizeof(plan->steps) - len, "%s%s:%u",
		len > 0 ? "," : "", step->name, nth);
}

void
kill_plan_next(struct kill_plan *plan, struct house *h, kill_draw *draw)
{
	*plan = (struct kill_plan){.steps = ""};
	for (unsigned i = 0; i < STEPS; i++)
		if (steps[i].rare && (steps[i].reached == 0 || draw(20) == 0))
			add(plan, &steps[i], 1 + draw(steps[i].nth));
	lives++;
	tried_again = has_step;
	if (!has_step && lives % RANDOM_EVERY == 0) {
		plan->random_ms = 1 + draw(RANDOM_MS * h->scale);
		return;
	}
	while (!has_step) {
		next_step = (next_step + 1) % STEPS;
		has_step = !steps[next_step].rare;
	}
	add(plan, &steps[next_step],
		tried_again ? 1 : 1 + draw(steps[next_step].nth));
}

bool
kill_plan_reached(struct house *h)
{
	char *said = house_read(house_path(h, "out/steps"));
	bool known = false;
	if (said == NULL) {
		has_step = has_step && !tried_again;
		return false;
	}
	said[strcspn(said, "\n")] = '\0';
	for (unsigned i = 0; i < STEPS; i++)
		if (strcmp(steps[i].name, said) == 0) {
			steps[i].reached++;
			known = true;
			has_step = has_step && i != next_step;
		}
	/* Our own kill may come between the file and its line. */
	if (!known && said[0] != '\0')
		fail_msg("killed at a step without a name: %s", said);
	free(said);
	assert_int_equal(remove(house_path(h, "out/steps")), 0);
	return known;
}

bool
kill_plan_misses(void)
{
	for (unsigned i = 0; i < STEPS; i++)
		if (steps[i].reached == 0)
			return true;
	return false;
}

void
kill_plan_tell(void)
{
	unsigned missing = 0;
	for (unsigned i = 0; i < STEPS; i++) {
		print_message("%6u at %s\n", steps[i].reached, steps[i].name);
		missing += steps[i].reached == 0;
	}
	if (missing > 0 && lives >= 2 * STEPS)
		fail_msg("%u steps were never reached", missing);
}
