/*
 * bench_intake: a large batch, an act on all of it, and many
 * small files: how long they take, how long the longest turn is, in
 * which no modem is served, and how much memory it takes.
 * usage: bench_intake [ROWS [FILES]]: a million and ten thousand show most
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/inbox.h"

static int64_t last_ms, longest_ms, turns;

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* After each commit; the wait for the next event is in it, too. */
static void
on_turn(void *ctx)
{
	int64_t now = now_ms();

	(void)ctx;
	if (now - last_ms > longest_ms)
		longest_ms = now - last_ms;
	last_ms = now;
	turns++;
}

static void
run(struct inbox *f, const char *what)
{
	int64_t began_ms = now_ms();
	struct rusage used;

	last_ms = began_ms;
	longest_ms = turns = 0;
	loop_timer_at(f->tick, loop_now_ms(f->loop) + 2);
	loop_run(f->loop);
	(void)getrusage(RUSAGE_SELF, &used);
	printf("%-28s %7.1f s, %lld turns, longest %lld ms, %ld MB at most\n",
		what, (double)(now_ms() - began_ms) / 1000, (long long)turns,
		(long long)longest_ms, used.ru_maxrss / 1024);
}

static void
drop_rows(struct inbox *f, const char *name, long rows, bool counted)
{
	char path[128];
	FILE *file;
	unsigned long long pin = 0;

	(void)snprintf(path, sizeof(path), "%s/dropped", f->dir);
	file = fopen(path, "w");
	if (!file)
		abort();
	(void)fprintf(file, "# operator: simtel\npin,serial\n");
	for (long i = 0; i < rows; i++) {
		pin = counted ? 10000000000000ULL + (unsigned long long)i
		              : (pin + 6180339887498ULL) % 100000000000000ULL;
		(void)fprintf(file, "%014llu,S%ld\n", pin, i);
	}
	(void)fclose(file);
	(void)rename(path, inbox_path(f, name));
}

static void
act(struct inbox *f, int64_t batch)
{
	struct ledger_op op = purse_op(f->purse, LEDGER_BATCH_MOVE);
	struct ledger_result result = {.after = 0};
	int64_t began_ms = now_ms(), longest = 0, slices = 0, moved = 0;

	op.u.batch_move.batch = batch;
	op.u.batch_move.event = VOUCHER_CANCEL;
	op.u.batch_move.in_slices = true;
	do {
		int64_t slice_ms = now_ms();

		op.u.batch_move.after = result.after;
		if (purse_do(f->purse, &op, &result) != 0)
			abort();
		moved += result.count;
		slices++;
		slice_ms = now_ms() - slice_ms;
		if (slice_ms > longest)
			longest = slice_ms;
	} while (result.after > 0);
	printf("%-28s %7.1f s, %lld slices, longest %lld ms, %lld moved\n",
		"cancel it", (double)(now_ms() - began_ms) / 1000,
		(long long)slices, (long long)longest, (long long)moved);
}

int
main(int argc, char **argv)
{
	long rows = argc > 1 ? strtol(argv[1], NULL, 10) : 50000;
	long files = argc > 2 ? strtol(argv[2], NULL, 10) : 500;
	void *state;
	struct inbox *f;

	(void)inbox_setup(&state);
	f = state;
	(void)turn_add_outlet(f->turn, on_turn, f);
	printf("%ld rows, %ld files\n", rows, files);
	drop_rows(f, "incoming/many.csv", rows, false);
	run(f, "a batch");
	act(f, 1);
	drop_rows(f, "incoming/counted.csv", rows, true);
	run(f, "one that is held (counted)");
	for (long i = 0; i < files; i++) {
		char name[64], text[32];

		(void)snprintf(
			name, sizeof(name), "incoming/simtel-1-%05ld.txt", i);
		(void)snprintf(text, sizeof(text), "77%012ld\n", i * 7919);
		inbox_put(f, name, text, strlen(text));
	}
	run(f, "small files");
	printf("%lld batches\n", (long long)inbox_batches(f));
	return inbox_teardown(&state);
}
