/* secret: what a mask shows, and that a wiped PIN is gone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/secret.h"

static void
pin_too_long_is_refused_and_leaves_nothing(void **state)
{
	(void)state;
	char digits[VOUCHER_PIN_MAX + 1];
	memset(digits, '7', sizeof(digits));
	struct secret secret;
	assert_int_equal(secret_set(&secret, span_of("1234", 4)), 0);
	assert_int_equal(
		secret_set(&secret, span_of(digits, sizeof(digits))), -ENOSPC);
	struct secret empty = {0};
	assert_memory_equal(&secret, &empty, sizeof(empty));
}

static void
longest_pin_fits_and_an_empty_one_too(void **state)
{
	(void)state;
	char digits[VOUCHER_PIN_MAX];
	memset(digits, '7', sizeof(digits));
	struct secret secret;
	assert_int_equal(
		secret_set(&secret, span_of(digits, sizeof(digits))), 0);
	assert_int_equal(secret.len, sizeof(digits));
	assert_memory_equal(secret.bytes, digits, sizeof(digits));
	assert_int_equal(secret_set(&secret, span_of(NULL, 0)), 0);
	assert_int_equal(secret.len, 0);
}

static void
wiped_pin_leaves_only_zeros(void **state)
{
	(void)state;
	struct secret secret, empty = {0};
	assert_int_equal(secret_set(&secret, span_of("12345678901234", 14)), 0);
	secret_wipe(&secret);
	assert_memory_equal(&secret, &empty, sizeof(empty));
}

static void
shorter_pin_leaves_no_digit_of_the_longer_one_before(void **state)
{
	(void)state;
	struct secret secret;
	assert_int_equal(secret_set(&secret, span_of("99999999999999", 14)), 0);
	assert_int_equal(secret_set(&secret, span_of("12", 2)), 0);
	assert_null(memchr(&secret, '9', sizeof(secret)));
}

static void
mask_shows_four_digits_of_twelve_or_more_only(void **state)
{
	(void)state;
	static const struct {
		const char *voucher_pin, *masked;
	} rows[] = {
		{"", ""},
		{"1", "*"},
		{"1234", "****"},
		{"12345678901", "***********"},
		{"123456789012", "********9012"},
		{"12345678901234", "**********1234"},
		{"12345678901a3\n", "**********1*3*"},
		{"1234567890\xc3\xa9\xc3\xa9", "**************"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[VOUCHER_PIN_MAX + 1];
		secret_mask(span_of(rows[i].voucher_pin,
				    strlen(rows[i].voucher_pin)),
			out, sizeof(out));
		assert_string_equal(out, rows[i].masked);
	}
}

static void
mask_is_cut_to_its_buffer_without_showing_more(void **state)
{
	(void)state;
	struct span voucher_pin = span_of("12345678901234", 14);
	char out[20];
	for (size_t cap = 1; cap <= 14; cap++) {
		memset(out, '!', sizeof(out));
		secret_mask(voucher_pin, out, cap);
		assert_int_equal(strlen(out), cap - 1);
		assert_int_equal(out[cap], '!');
		assert_true(strspn(out, "*") >= (cap < 11 ? cap - 1 : 10));
	}
	secret_mask(voucher_pin, out, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_too_long_is_refused_and_leaves_nothing),
		cmocka_unit_test(longest_pin_fits_and_an_empty_one_too),
		cmocka_unit_test(wiped_pin_leaves_only_zeros),
		cmocka_unit_test(
			shorter_pin_leaves_no_digit_of_the_longer_one_before),
		cmocka_unit_test(mask_shows_four_digits_of_twelve_or_more_only),
		cmocka_unit_test(
			mask_is_cut_to_its_buffer_without_showing_more),
	};
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
