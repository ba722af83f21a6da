/*
 * fitting: see fitting.h.
 */
#include "tests/support/fitting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/money.h"

struct fit_message
fitting_message(void)
{
	return (struct fit_message){.verdict = VERDICT_LOADED,
		.amount_minor = FITTING_CARD,
		.deducted_minor = MONEY_NONE,
		.bonus_minor = MONEY_NONE,
		.serial = span_str(""),
		.text_utf8 = span_str("Credited with 100.00"),
		.stamp_wall_ms = FITTING_WALL_MS,
		.now = {FITTING_WALL_MS, FITTING_RAN_MS},
		.clock_trusted = true};
}

struct fit_attempt
fitting_attempt(int64_t n)
{
	return (struct fit_attempt){.id = n,
		.voucher = n,
		.standing = FIT_PENDING,
		.verdict = VERDICT_PENDING,
		.card_minor = FITTING_CARD,
		.serial = span_str(""),
		.number = span_str(""),
		.began = {FITTING_WALL_MS - 60000, FITTING_RAN_MS - 60000}};
}

enum fit_end
fitting_end(const struct fit_message *m, const struct fit_attempt *attempts,
	size_t count, int64_t *id)
{
	struct fit fit;
	*id = FITTING_NOBODY;
	fit_begin(&fit, m);
	for (size_t i = 0; i < count; i++)
		fit_offer(&fit, &attempts[i]);
	return fit_decide(&fit, id);
}

/* The same in the other order must come to the same. */
enum fit_end
fitting_end_both(const struct fit_message *m, const struct fit_attempt *a,
	const struct fit_attempt *b, int64_t *id)
{
	struct fit_attempt ab[] = {*a, *b}, ba[] = {*b, *a};
	int64_t other;
	enum fit_end end = fitting_end(m, ab, 2, id);
	assert_int_equal(fitting_end(m, ba, 2, &other), end);
	assert_int_equal(other, *id);
	return end;
}
