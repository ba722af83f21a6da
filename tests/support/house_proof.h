/*
 * house_proof: the simulator's truth against what the ledger says, the
 * search for PINs in clear, and what syslog got. It must never take the
 * daemon's word for what the network did.
 */
#ifndef TESTS_SUPPORT_HOUSE_PROOF_H
#define TESTS_SUPPORT_HOUSE_PROOF_H

#include "tests/support/house.h"

/* A test in a house of its own. */
#define HOUSE_TEST(f)                                                          \
	cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

/* The truth log so far as an array; the caller decrefs it. */
json_t *house_truth(struct house *h);
size_t house_truth_count(
	struct house *h, const char *event, const char *key, const char *text);
/*
 * The money law, with cards 0 to count-1 of house_pin() as vouchers whose
 * serial is "S" and the number: no PIN executed twice, no row lost, credited
 * means loaded, unknown or dialing; loaded means credited.
 */
void house_assert_money_law(struct house *h, unsigned count);
/* No byte of the PIN, in any coding, in any file but the truth's and the
 * test's own. */
void house_assert_secret(struct house *h, const char *voucher_pin);
/* The search behind it: whether there is such a byte. */
bool house_finds_secret(struct house *h, const char *voucher_pin);
/* Fails unless the text, NULL too, holds the part. */
void house_assert_contains(const char *text, const char *part);
/* What syslog got so far; the caller frees it. */
char *house_syslog(struct house *h);

#endif
