/*
 * What the control socket's text may do to us, and what leaves it.
 */
#include "agent/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char why[128];

static struct json *
parse(const char *text)
{
	why[0] = '\0';
	return json_parse(span_str(text), why, sizeof(why));
}

static void
hostile_text_is_refused_with_a_reason(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "{", "{\"a\":1}x", "{'a':1}",
		"{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}", "[1,]", "nul",
		"{\"a\":99999999999999999999}", "\"\xff\"", "{\"a\" 1}",
		"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(parse(bad[i]));
		assert_int_not_equal(strlen(why), 0);
	}
	struct json *deep = parse("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
	assert_non_null(deep);
	json_free(deep);
	/* Brackets inside a text nest nothing. */
	struct json *text = parse("\"[[[[[[[[[[[[[[[[[[[[\\\"[[[\"");
	assert_non_null(text);
	json_free(text);
}

static void
every_cut_of_a_request_is_refused(void **state)
{
	(void)state;
	const char *whole = "{\"command\":\"hold\",\"args\":{\"ids\":[1,2]}}";
	for (size_t n = 0; n < strlen(whole); n++)
		assert_null(json_parse(span_of(whole, n), why, sizeof(why)));
	json_free(parse(whole));
}

static void
members_are_read_by_kind(void **state)
{
	(void)state;
	struct json *o = parse("{\"t\":\"x\",\"n\":-7,\"r\":1.5,\"f\":true,"
			       "\"z\":null,\"a\":[1,\"b\"],\"o\":{}}");
	int64_t n = 99;
	assert_string_equal(json_get_text(o, "t"), "x");
	assert_null(json_get_text(o, "n"));
	assert_null(json_get(o, "z"));
	assert_null(json_get(o, "none"));
	assert_int_equal(json_get_number(o, "r", &n), -EINVAL);
	assert_int_equal(json_get_number(o, "t", &n), -EINVAL);
	assert_int_equal(json_get_number(o, "z", &n), -ENOENT);
	assert_int_equal(n, 99);
	assert_int_equal(json_get_number(o, "n", &n), 0);
	assert_int_equal(n, -7);
	assert_true(json_get_flag(o, "f"));
	assert_false(json_get_flag(o, "n"));
	assert_false(json_get_flag(o, "none"));
	const struct json *a = json_get(o, "a");
	assert_int_equal(json_count(a), 2);
	assert_string_equal(json_text(json_at(a, 1)), "b");
	assert_null(json_at(a, 2));
	assert_int_equal(json_count(o), 0);
	assert_true(json_holds_object(o));
	assert_true(json_holds_array(a));
	assert_null(json_get(a, "t"));
	json_free(o);
}

static void
an_unknown_key_is_named(void **state)
{
	(void)state;
	static const char *const keys[] = {"a", "b", NULL};
	struct json *o = parse("{\"b\":1,\"c\":2}");
	assert_string_equal(json_stranger(o, keys), "c");
	json_free(o);
	o = parse("{\"b\":1}");
	assert_null(json_stranger(o, keys));
	json_free(o);
}

static void
assert_prints(struct json *value, const char *wanted)
{
	char *text = json_print(value);
	assert_string_equal(text, wanted);
	free(text);
	json_free(value);
}

static void
absent_values_are_null_and_order_is_kept(void **state)
{
	(void)state;
	struct json *o = json_new_object();
	json_put_text(o, "z", "");
	json_put_text(o, "y", NULL);
	json_put_number(o, "x", INT64_MIN);
	json_put_flag(o, "w", true);
	struct json *a = json_new_array();
	json_add(a, json_new_text("q\"\n\x1b"));
	json_add(a, NULL);
	json_put(o, "v", a);
	json_put(o, "u", NULL);
	assert_prints(o, "{\"z\":null,\"y\":null,\"x\":-9223372036854775808,"
			 "\"w\":true,\"v\":[\"q\\\"\\n\\u001B\",null],"
			 "\"u\":null}");
}

static void
broken_utf8_is_repaired(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"a\xff"
		 "b",
			"\"a?b\""},
		{"\xc3\xa9\xc3", "\"\xc3\xa9?\""},
		{"\xed\xa0\x80", "\"???\""},
		{"\xf0\x9f\x98\x80\xc0\x80", "\"\xf0\x9f\x98\x80??\""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_prints(json_new_text(rows[i].in), rows[i].out);
}

static void
a_shared_value_outlives_its_first_owner(void **state)
{
	(void)state;
	struct json *first = parse("{\"a\":{\"b\":[1]}}");
	struct json *second = json_new_object();
	json_share(second, "c", json_get(first, "a"));
	json_share(second, "d", json_get(first, "none"));
	json_free(first);
	assert_prints(second, "{\"c\":{\"b\":[1]},\"d\":null}");
}

static void
join_keys(void *ctx, const char *key, const struct json *value)
{
	char *keys = ctx;
	(void)value;
	keys[strlen(keys)] = key[0]; /* a byte each; the rest is NUL */
}

static void
members_come_in_their_order(void **state)
{
	(void)state;
	char keys[8] = "";
	struct json *o = parse("{\"c\":1,\"a\":2,\"b\":3}");
	json_each(o, join_keys, keys);
	assert_string_equal(keys, "cab");
	json_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_is_refused_with_a_reason),
		cmocka_unit_test(every_cut_of_a_request_is_refused),
		cmocka_unit_test(members_are_read_by_kind),
		cmocka_unit_test(an_unknown_key_is_named),
		cmocka_unit_test(absent_values_are_null_and_order_is_kept),
		cmocka_unit_test(broken_utf8_is_repaired),
		cmocka_unit_test(a_shared_value_outlives_its_first_owner),
		cmocka_unit_test(members_come_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
