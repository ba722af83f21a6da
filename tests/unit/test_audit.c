/* audit: the bytes that are chained, the line that syslog gets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/audit.h"

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

static const struct audit_entry sample = {
	.seq = 12,
	.at_wall_ms = 0x0102030405060708,
	.voucher = 3,
	.event = TEXT("voucher.loaded"),
	.modem = TEXT("shop1"),
	.who = TEXT("daemon"),
	.note = TEXT("said \"100\"\n\\"),
};

static void
bytes_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	uint8_t out[AUDIT_BYTES_MAX];
	size_t whole, len = 99;
	assert_int_equal(audit_bytes(&sample, out, sizeof(out), &whole), 0);
	for (size_t cap = 0; cap < whole; cap++)
		assert_int_equal(audit_bytes(&sample, out, cap, &len), -ENOSPC);
	assert_int_equal(len, 99);
	assert_int_equal(audit_bytes(&sample, out, whole, &len), 0);
}

static void
bytes_are_the_same_on_every_machine(void **state)
{
	(void)state;
	static const uint8_t expected[] = "\x01"
					  "\0\0\0\0\0\0\0\x0c"
					  "\x01\x02\x03\x04\x05\x06\x07\x08"
					  "\0\0\0\0\0\0\0\x03"
					  "\0\0\0\0\0\0\0\0"
					  "\0\0\0\0\0\0\0\x0e"
					  "voucher.loaded"
					  "\0\0\0\0\0\0\0\x05"
					  "shop1"
					  "\0\0\0\0\0\0\0\x06"
					  "daemon"
					  "\0\0\0\0\0\0\0\x0c"
					  "said \"100\"\n\\";
	uint8_t out[AUDIT_BYTES_MAX];
	size_t len;
	assert_int_equal(audit_bytes(&sample, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(out, expected, len);
}

static void
text_moved_between_fields_changes_the_bytes(void **state)
{
	(void)state;
	struct audit_entry a = {.event = TEXT("ab"), .modem = TEXT("c")};
	struct audit_entry b = {.event = TEXT("a"), .modem = TEXT("bc")};
	uint8_t one[256], two[256];
	size_t one_len, two_len;
	assert_int_equal(audit_bytes(&a, one, sizeof(one), &one_len), 0);
	assert_int_equal(audit_bytes(&b, two, sizeof(two), &two_len), 0);
	assert_int_equal(one_len, two_len);
	assert_memory_not_equal(one, two, one_len);
}

static void
line_escapes_what_could_end_a_quote_or_a_line(void **state)
{
	(void)state;
	char out[AUDIT_LINE_MAX];
	assert_int_equal(audit_line(&sample, "c0ffee", out, sizeof(out)), 0);
	assert_string_equal(out,
		"audit seq=12 event=\"voucher.loaded\" voucher=3 "
		"modem=\"shop1\" who=\"daemon\" "
		"note=\"said \\\"100\\\"\\x0a\\\\\" head=c0ffee");
}

static void
line_of_an_empty_entry_has_only_its_head(void **state)
{
	(void)state;
	struct audit_entry entry = {0};
	char out[AUDIT_LINE_MAX];
	assert_int_equal(audit_line(&entry, "ab", out, sizeof(out)), 0);
	assert_string_equal(out, "audit head=ab");
}

static void
cut_line_keeps_number_and_head_and_closes_its_quotes(void **state)
{
	(void)state;
	char whole[AUDIT_LINE_MAX];
	assert_int_equal(
		audit_line(&sample, "c0ffee", whole, sizeof(whole)), 0);
	size_t need = strlen(whole) + 1;
	for (size_t cap = 0; cap <= need; cap++) {
		char out[AUDIT_LINE_MAX];
		memset(out, '!', sizeof(out));
		int rc = audit_line(&sample, "c0ffee", out, cap);
		assert_int_equal(rc, cap < need ? -ENOSPC : 0);
		assert_int_equal(out[cap], '!');
		if (cap < sizeof("audit") + sizeof(" head=c0ffee"))
			continue;
		size_t len = strlen(out);
		assert_true(len < cap);
		assert_string_equal(out + len - 12, " head=c0ffee");
		unsigned quotes = 0;
		for (size_t i = 0; i < len; i++)
			if (out[i] == '\\')
				i++;
			else if (out[i] == '"')
				quotes++;
		assert_int_equal(quotes % 2, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_do_not_fit_are_refused),
		cmocka_unit_test(bytes_are_the_same_on_every_machine),
		cmocka_unit_test(text_moved_between_fields_changes_the_bytes),
		cmocka_unit_test(line_escapes_what_could_end_a_quote_or_a_line),
		cmocka_unit_test(line_of_an_empty_entry_has_only_its_head),
		cmocka_unit_test(
			cut_line_keeps_number_and_head_and_closes_its_quotes),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
