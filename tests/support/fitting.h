/*
 * fitting: a message and an attempt that fit, for tests of fit.h, and what a
 * message comes to. What a test is about it changes itself.
 */
#ifndef TESTS_SUPPORT_FITTING_H
#define TESTS_SUPPORT_FITTING_H

#include "agent/fit.h"

#define FITTING_WALL_MS INT64_C(1700000000000) /* now */
#define FITTING_RAN_MS  INT64_C(5000000000)

enum { FITTING_NOBODY = 0, FITTING_CARD = 10000 };

/* A loaded message of 100.00, sent just now. */
struct fit_message fitting_message(void);

/* Attempt and voucher n, for the SIM itself, taken a minute ago. */
struct fit_attempt fitting_attempt(int64_t n);

/* What the message comes to among these, and whose it is (or
 * FITTING_NOBODY). */
enum fit_end fitting_end(const struct fit_message *m,
	const struct fit_attempt *attempts, size_t count, int64_t *id);

/* The same of two, in either order, which must make no difference. */
enum fit_end fitting_end_both(const struct fit_message *m,
	const struct fit_attempt *a, const struct fit_attempt *b, int64_t *id);

#endif
