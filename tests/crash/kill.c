/*
 * kill: the long form of test_kill, run by hand:
 *   kill [--kills N] [--vouchers N] [--modems N] [--seed N]
 * Prints its seed; the same seed draws the same steps, not the same
 * scheduling of processes.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/crash/kill.h"
#include "tests/support/house_proof.h"

static struct kill_options options = {
	.kills = 500, .vouchers = 2000, .modems = 8};

static void
no_kill_loses_money(void **state)
{
	struct house *h = *state;
	print_message("seed %llu\n", (unsigned long long)options.seed);
	kill_siege(h, &options);
	house_done(h);
}

static int
usage(void)
{
	(void)fputs("usage: kill [--kills N] [--vouchers N] [--modems N] "
		    "[--seed N]\n",
		stderr);
	return 2;
}

static bool
read_options(int argc, char **argv)
{
	static const struct option names[] = {{"kills", 1, NULL, 'k'},
		{"vouchers", 1, NULL, 'v'}, {"modems", 1, NULL, 'm'},
		{"seed", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
	int letter;
	while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
		unsigned long n =
			optarg != NULL ? strtoul(optarg, NULL, 10) : 0;
		if (letter == '?' || n == 0)
			return false;
		if (letter == 'k')
			options.kills = (unsigned)n;
		else if (letter == 'v')
			options.vouchers = (unsigned)n;
		else if (letter == 'm')
			options.modems = (unsigned)n;
		else
			options.seed = n;
	}
	return optind == argc && options.modems <= HOUSE_MODEMS_MAX &&
	       options.vouchers <= KILL_VOUCHERS_MAX;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {HOUSE_TEST(no_kill_loses_money)};
	if (!read_options(argc, argv))
		return usage();
	if (options.seed == 0)
		options.seed = (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
