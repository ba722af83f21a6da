/*
 * replay: a fuzz target without libFuzzer: over the files that are given; or,
 * as a test, over what was once found, its seeds, changes of them by chance,
 * and long inputs. An input that breaks something is kept. Must never hide
 * what it was.
 *
 * usage: replay_NAME [FILE...]
 * BUILD: where seeds/NAME lies below fuzz/. SEED, RUNS: of the changes.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>
#include <fcntl.h>

#include <cmocka.h>

#include "tests/fuzz/fuzz.h"

enum {
	INPUT_MAX = 1 << 16,
	SEEDS_MAX = 2048,
	RUNS_DEFAULT = 200000,
	CHANGES_MAX = 6,
	GROWTH = 8,       /* how much longer the long input is */
	GROWTH_SLACK = 4, /* quadratic time would need 8 */
	SAMPLES = 3
};

static const clock_t run_clocks = CLOCKS_PER_SEC / 2;
static const clock_t noise_clocks = CLOCKS_PER_SEC / 100;

struct input {
	size_t len;
	uint8_t *bytes;
};

static struct input seeds[SEEDS_MAX];
static size_t seed_count;

/* The input under way, for keep(). */
static struct input now;
static char keep_path[512];

static const char *
build_folder(void)
{
	const char *folder = getenv("BUILD");

	return folder ? folder : "build";
}

/* ---- what broke is kept -------------------------------------------------- */

static void
keep(void)
{
	int fd = open(keep_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd >= 0 && write(fd, now.bytes, now.len) == (ssize_t)now.len &&
		write(STDERR_FILENO, keep_path, strlen(keep_path)) > 0)
		(void)!write(STDERR_FILENO, ": the input\n", 12);
	if (fd >= 0)
		(void)close(fd);
}

static void
on_death(int signal_number)
{
	keep();
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

/* Of a sanitizer, where there is one. */
extern void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

static void
watch(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

	(void)snprintf(keep_path, sizeof(keep_path), "%s/fuzz/%s.broke",
		build_folder(), fuzz_target.name);
	(void)signal(SIGABRT, on_death);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		(void)signal(signals[i], on_death);
}

/* In memory of just its size: a sanitizer sees each byte too far. */
static void
run(const uint8_t *bytes, size_t len)
{
	now.bytes = malloc(len > 0 ? len : 1);
	assert_non_null(now.bytes);
	memcpy(now.bytes, bytes, len);
	now.len = len;
	(void)LLVMFuzzerTestOneInput(now.bytes, len);
	free(now.bytes);
}

/* ---- files --------------------------------------------------------------- */

static bool
read_input(const char *path, struct input *out)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	uint8_t *bytes = malloc(INPUT_MAX);

	assert_non_null(bytes);
	size_t len = fread(bytes, 1, INPUT_MAX, f);

	(void)fclose(f); /* only read */
	*out = (struct input){.len = len, .bytes = bytes};
	return true;
}

/* All files of a folder: how many. */
static size_t
read_folder(const char *folder, struct input *out, size_t most)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, NULL, alphasort);
	size_t count = 0;

	for (int i = 0; i < found; i++) {
		char path[1024];

		(void)snprintf(
			path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && count < most &&
			read_input(path, &out[count]))
			count++;
		free(names[i]);
	}
	free(names);
	return count;
}

/* cmocka puts handlers of its own before each test. */
static int
begin(void **state)
{
	(void)state;
	watch();
	return 0;
}

static void
what_was_found_once_holds(void **state)
{
	static struct input found[SEEDS_MAX];
	char folder[512];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "tests/fuzz/findings/%s",
		fuzz_target.name);
	size_t count = read_folder(folder, found, SEEDS_MAX);

	for (size_t i = 0; i < count; i++) {
		run(found[i].bytes, found[i].len);
		free(found[i].bytes);
	}
	print_message("%s: %zu findings\n", fuzz_target.name, count);
}

static void
every_seed_holds(void **state)
{
	(void)state;
	run((const uint8_t *)"", 0);
	for (size_t i = 0; i < seed_count; i++)
		run(seeds[i].bytes, seeds[i].len);
	print_message("%s: %zu seeds\n", fuzz_target.name, seed_count);
	assert_true(seed_count > 0);
}

/* ---- changes by chance --------------------------------------------------- */

static size_t
any_of(struct rng *rng, size_t n)
{
	return n == 0 ? 0 : (size_t)(rng_next(rng) % n);
}

/* A stretch of another seed over, or into, what there is. */
static void
graft(struct input *in, struct rng *rng)
{
	const struct input *from = &seeds[any_of(rng, seed_count)];
	size_t at = any_of(rng, in->len + 1);
	size_t begin = any_of(rng, from->len + 1);
	size_t len = any_of(rng, from->len - begin + 1);
	bool over = rng_next(rng) % 2 == 0;

	if (at + len + (over ? 0 : in->len - at) > INPUT_MAX)
		return;
	if (!over)
		memmove(in->bytes + at + len, in->bytes + at, in->len - at);
	memcpy(in->bytes + at, from->bytes + begin, len);
	if (!over)
		in->len += len;
	else if (at + len > in->len)
		in->len = at + len;
}

static void
change(struct input *in, struct rng *rng)
{
	static const char signs[] = "\r\n\",:;#=+-. 09AFaf\x1b\x80\xff*\\{}[]";
	size_t at = any_of(rng, in->len);
	size_t n = any_of(rng, in->len - at + 1);

	switch (rng_next(rng) % 5) {
	case 0:
		if (in->len > 0)
			in->bytes[at] ^= (uint8_t)(1U << rng_next(rng) % 8);
		break;
	case 1: /* a NUL too */
		if (in->len > 0)
			in->bytes[at] =
				(uint8_t)signs[any_of(rng, sizeof(signs))];
		break;
	case 2:
		if (n < 32) {
			memmove(in->bytes + at, in->bytes + at + n,
				in->len - at - n);
			in->len -= n;
		}
		break;
	case 3:
		in->len = at;
		break;
	default:
		graft(in, rng);
	}
}

static void
changes_by_chance_hold(void **state)
{
	const char *seed_text = getenv("SEED"), *runs_text = getenv("RUNS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10)
	                          : (uint64_t)time(NULL);
	long most = runs_text ? strtol(runs_text, NULL, 10) : RUNS_DEFAULT;
	struct input in = {.bytes = malloc(INPUT_MAX)};
	struct rng rng;
	clock_t from = clock();
	long runs = 0;

	(void)state;
	assert_non_null(in.bytes);
	rng_init(&rng, seed, fuzz_target.name);
	while (runs < most && (runs_text || clock() - from < run_clocks)) {
		const struct input *seed_in = &seeds[any_of(&rng, seed_count)];

		memcpy(in.bytes, seed_in->bytes, seed_in->len);
		in.len = seed_in->len;
		for (size_t i = any_of(&rng, CHANGES_MAX) + 1; i > 0; i--)
			change(&in, &rng);
		run(in.bytes, in.len);
		runs++;
	}
	free(in.bytes);
	print_message("%s: SEED=%llu RUNS=%ld\n", fuzz_target.name,
		(unsigned long long)seed, runs);
}

/* ---- time ---------------------------------------------------------------- */

/* The seed again and again, up to len bytes. */
static clock_t
clocks_of(const struct input *seed, size_t len)
{
	uint8_t *bytes = malloc(len);
	clock_t best = 0;

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = seed->bytes[i % seed->len];
	for (int i = 0; i < SAMPLES; i++) {
		clock_t from = clock();

		run(bytes, len);
		clock_t took = clock() - from;

		if (i == 0 || took < best)
			best = took;
	}
	free(bytes);
	return best;
}

static void
time_grows_as_the_input(void **state)
{
	enum { TRIED = 12 };

	(void)state;
	for (size_t i = 0; i < TRIED && i < seed_count; i++) {
		const struct input *seed =
			&seeds[i * seed_count / TRIED % seed_count];

		if (seed->len == 0)
			continue;
		clock_t few = clocks_of(seed, fuzz_target.most / GROWTH);
		clock_t many = clocks_of(seed, fuzz_target.most);

		assert_true(many < few * GROWTH * GROWTH_SLACK + noise_clocks);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_found_once_holds, begin),
		cmocka_unit_test_setup(every_seed_holds, begin),
		cmocka_unit_test_setup(changes_by_chance_hold, begin),
		cmocka_unit_test_setup(time_grows_as_the_input, begin),
	};
	char folder[512];

	for (int i = 1; i < argc; i++) {
		struct input in;

		if (!read_input(argv[i], &in))
			return 1;
		run(in.bytes, in.len);
		free(in.bytes);
	}
	if (argc > 1)
		return 0;
	(void)snprintf(folder, sizeof(folder), "%s/fuzz/seeds/%s",
		build_folder(), fuzz_target.name);
	seed_count = read_folder(folder, seeds, SEEDS_MAX);
	/* the last one only where any length is taken */
	size_t count = sizeof(tests) / sizeof(*tests) - !fuzz_target.grows;
	int rc = _cmocka_run_group_tests(
		fuzz_target.name, tests, count, NULL, NULL);

	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	return rc;
}
