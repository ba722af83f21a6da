/*
 * The messages that a modem holds: parts in every order, doubled, missing,
 * of other senders; places that change; what is given out again.
 */
#include "modem/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sms.h"

#define NOON INT64_C(1795348800000)
#define HOUR (INT64_C(3600) * 1000)

static struct mailbox box;
static struct mailbox_message got;

static void
add(char *text, size_t cap, const char *more)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, cap - len, "%s", more); /* fits */
}

/* Some 440 characters, some of them two septets: three parts. */
static const char *
long_text(void)
{
	static char text[600];

	text[0] = '\0';
	for (int i = 0; i < 23; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text),
			"%d [ok] {%d} ", i, i * i);
	return text;
}

static struct sms_message
message(const char *sender, const char *text)
{
	return (struct sms_message){.smsc = "+358401000000",
		.sender = sender,
		.text = text,
		.stamp_ms = NOON,
		.message_class = SMS_NO_CLASS,
		.reference = 7};
}

static enum mailbox_took
put_hex(int index, const char *hex, int64_t now_ms)
{
	struct mailbox_place place = {.store = "SM", .index = index};

	return mailbox_put(&box, &place, span_str(hex), now_ms);
}

static enum mailbox_took
put(int index, const struct sms_message *what, int part)
{
	char hex[SMS_HEX_MAX];

	assert_true(sms_deliver(what, part, hex, sizeof hex) > 0);
	return put_hex(index, hex, NOON);
}

static bool
next(void)
{
	return mailbox_next(&box, NOON, false, &got);
}

static void
expect(const char *sender, const char *text)
{
	assert_true(next());
	assert_string_equal(got.first->sender, sender);
	assert_int_equal(got.text_utf8.len, strlen(text));
	assert_memory_equal(got.text_utf8.ptr, text, got.text_utf8.len);
	assert_false(got.incomplete);
}

/* How many places are to be deleted, all of them deleted now. */
static unsigned
empty_over(int *first)
{
	struct mailbox_place place;
	unsigned n = 0;
	int last = INT32_MAX;

	while (mailbox_next_over(&box, &place)) {
		assert_true(place.index < last); /* the highest first */
		last = place.index;
		if (n++ == 0 && first != NULL)
			*first = place.index;
		mailbox_drop(&box, &place);
	}
	return n;
}

static void
message_is_given_once_and_deleted_when_done(void **state)
{
	struct sms_message m = message("SimTel", "Credited with 100.00");

	(void)state;
	mailbox_init(&box);
	assert_int_equal(put(4, &m, 1), MAILBOX_NEW);
	assert_int_equal(put(4, &m, 1), MAILBOX_KNOWN);
	expect("SimTel", m.text);
	assert_string_equal(got.first->smsc, "+358401000000");
	assert_true(got.first->sent.utc_ms == NOON);
	assert_false(next());
	assert_int_equal(empty_over(NULL), 0);
	assert_int_equal(mailbox_done(&box, got.handle), 0);
	assert_int_equal(empty_over(NULL), 1);
	assert_false(next());
}

/* All orders of three parts, each doubled at each place. */
static void
parts_come_in_any_order_and_doubled(void **state)
{
	static const int orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
		{2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
	struct sms_message m = message("+358409999999", long_text());

	(void)state;
	assert_int_equal(sms_parts(&m), 3);
	for (size_t i = 0; i < 48 /* orders, doubles, widths */; i++) {
		const int *order = orders[i % 6];
		unsigned twice = (unsigned)(i / 6 % 4);

		m.wide = i >= 24;
		m.reference = m.wide ? 0x1234 : 7;
		mailbox_init(&box);
		for (int k = 0; k < 3; k++) {
			assert_false(next());
			(void)put(2 * k, &m, order[k]);
			if (twice == (unsigned)order[k])
				(void)put(2 * k + 1, &m, order[k]);
		}
		expect("+358409999999", m.text);
		assert_false(next());
		(void)mailbox_done(&box, got.handle);
		assert_int_equal(empty_over(NULL), twice > 0 ? 4 : 3);
		/* One more copy of a part, later: nobody needs it. */
		assert_int_equal(put(9, &m, 2), MAILBOX_COPY);
		assert_int_equal(empty_over(NULL), 1);
		assert_false(mailbox_next(&box, NOON + 48 * HOUR, true, &got));
	}
}

static void
surrogates_and_escapes_across_parts_are_whole(void **state)
{
	char text[700] = "";

	(void)state;
	for (int shift = 0; shift < 2; shift++) {
		struct sms_message m = message("121", text);

		text[0] = '\0';
		if (shift == 1)
			add(text, sizeof text, "x");
		while (strlen(text) < 500)
			add(text, sizeof text, "\xF0\x9F\x98\x81");
		mailbox_init(&box);
		for (int i = sms_parts(&m); i > 0; i--)
			(void)put(i, &m, i);
		expect("121", text);
	}
	for (int shift = 0; shift < 2; shift++) {
		struct sms_message m = message("121", text);

		text[0] = '\0';
		if (shift == 1)
			add(text, sizeof text, "x");
		while (strlen(text) < 300)
			add(text, sizeof text, "[");
		mailbox_init(&box);
		for (int i = sms_parts(&m); i > 0; i--)
			(void)put(i, &m, i);
		expect("121", text);
	}
}

/* The same reference: of another sender, of another width, of another
 * number of parts, of another hour, through another centre or none. */
static void
parts_of_others_are_never_mixed_in(void **state)
{
	struct sms_message mine = message("SimTel", long_text());

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct sms_message other = mine;
		char text[400];

		memset(text, 'y', sizeof text - 1);
		text[sizeof text - 1] = '\0';
		other.text = i == 2 ? text : other.text;
		text[i == 2 ? 300 : 399] = '\0';
		other.sender = i == 0 ? "SimTe1" : other.sender;
		other.wide = i == 1;
		other.stamp_ms += i == 3 ? 2 * HOUR : 0;
		other.smsc = i == 4 ? "+358401000001" : other.smsc;
		other.smsc = i == 5 ? "" : other.smsc;
		mine.smsc = i == 6 ? "" : mine.smsc; /* comes last */
		mailbox_init(&box);
		(void)put(1, &mine, 1);
		(void)put(2, &other, 2);
		(void)put(3, &mine, 3);
		assert_false(next());
		(void)put(4, &mine, 2);
		expect("SimTel", mine.text);
		assert_false(next());
		(void)mailbox_done(&box, got.handle);
		assert_int_equal(empty_over(NULL), 3);
	}
}

/* Within the hour: each part goes to the message that is nearest to it. */
static void
reference_that_comes_again_soon_is_parted_by_time(void **state)
{
	struct sms_message old = message("SimTel", long_text());
	struct sms_message new = old;
	char other[600];

	(void)state;
	(void)snprintf(other, sizeof other, "%s", old.text);
	other[0] = 'X';
	new.text = other;
	new.stamp_ms += HOUR / 2;
	mailbox_init(&box);
	(void)put(1, &old, 1);
	(void)put(2, &old, 3);
	(void)put(3, &new, 2);
	(void)put(4, &new, 3);
	assert_false(next());
	(void)put(5, &new, 1);
	expect("SimTel", new.text);
	assert_false(next());
	(void)put(6, &old, 2);
	expect("SimTel", old.text);
}

static void
missing_part_is_waited_for_a_day(void **state)
{
	struct sms_message m = message("SimTel", long_text());
	int64_t late = NOON + 24 * HOUR;
	char text[700];

	(void)state;
	mailbox_init(&box);
	(void)put(1, &m, 1);
	(void)put(2, &m, 3);
	assert_false(mailbox_next(&box, late - 1, false, &got));
	assert_true(mailbox_next(&box, late, false, &got));
	assert_true(got.incomplete);
	(void)snprintf(text, sizeof text, "%.*s", (int)got.text_utf8.len,
		got.text_utf8.ptr);
	assert_non_null(strstr(text, "\xE2\x80\xA6"));
	assert_memory_equal(text, m.text, 100);
	assert_string_equal(
		text + strlen(text) - 50, m.text + strlen(m.text) - 50);
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 2);
}

static void
full_store_makes_impatient(void **state)
{
	struct sms_message m = message("SimTel", long_text());

	(void)state;
	mailbox_init(&box);
	(void)put(1, &m, 2);
	assert_false(next());
	assert_true(mailbox_next(&box, NOON, true, &got));
	assert_true(got.incomplete);
}

static void
what_was_not_confirmed_is_given_again(void **state)
{
	struct sms_message m = message("SimTel", long_text());
	uint64_t handle;

	(void)state;
	mailbox_init(&box);
	for (int i = 1; i <= 3; i++)
		(void)put(i, &m, i);
	expect("SimTel", m.text);
	handle = got.handle;
	mailbox_begin_listing(&box, "SM");
	for (int i = 1; i <= 3; i++)
		assert_int_equal(put(i, &m, i), MAILBOX_KNOWN);
	mailbox_end_listing(&box, "SM", true);
	expect("SimTel", m.text);
	/* A word about the time before says nothing now. */
	assert_true(got.handle != handle);
	(void)mailbox_done(&box, handle);
	assert_int_equal(empty_over(NULL), 0);
	(void)mailbox_done(&box, 0);
	assert_int_equal(empty_over(NULL), 0);
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 3);
}

static void
place_that_holds_something_else_now_is_not_deleted(void **state)
{
	struct sms_message a = message("SimTel", "one");
	struct sms_message b = message("SimTel", "two");

	(void)state;
	mailbox_init(&box);
	(void)put(1, &a, 1);
	(void)put(2, &a, 1);
	assert_true(next());
	mailbox_begin_listing(&box, "SM");
	assert_int_equal(put(1, &b, 1), MAILBOX_NEW);
	mailbox_end_listing(&box, "SM", true); /* and 2 is gone */
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 0);
	expect("SimTel", "two");
	assert_false(next());
	mailbox_forget_stored(&box);
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 0);
}

/* What it has shown is known, of the rest nothing is. */
static void
listing_that_was_cut_empties_no_place(void **state)
{
	struct sms_message a = message("SimTel", "one");
	struct sms_message b = message("SimTel", "two");

	(void)state;
	mailbox_init(&box);
	(void)put(1, &a, 1);
	(void)put(2, &b, 1);
	expect("SimTel", "one");
	expect("SimTel", "two");
	mailbox_begin_listing(&box, "SM");
	(void)put(1, &a, 1);
	mailbox_end_listing(&box, "SM", false);
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 1);
	expect("SimTel", "one");
	assert_false(next());
}

/* What was done of the same place before says nothing of what comes. */
static void
place_in_doubt_is_deleted_when_it_is_found_the_same(void **state)
{
	static const struct mailbox_place doubts[] = {
		{"SM", 1}, {"", 1}, {"MT", 1}, {"SM", 2}, {"ME", 1}};
	struct sms_message a = message("SimTel", "one");
	struct sms_message b = message("SimTel", "two");

	(void)state;
	for (int i = 0; i < 10; i++) {
		bool done_first = i < 5;

		mailbox_init(&box);
		(void)put(1, &a, 1);
		expect("SimTel", "one");
		if (done_first)
			(void)mailbox_done(&box, got.handle);
		mailbox_doubt(&box, &doubts[i % 5]);
		if (!done_first)
			(void)mailbox_done(&box, got.handle);
		if (i % 5 >= 3) { /* not of that place */
			assert_int_equal(empty_over(NULL), 1);
			continue;
		}
		assert_int_equal(empty_over(NULL), 0);
		assert_false(next());
		assert_int_equal(put(1, &a, 1), MAILBOX_KNOWN);
		mailbox_doubt(&box, &doubts[i % 5]);
		assert_int_equal(put(1, &b, 1), MAILBOX_NEW);
		assert_int_equal(empty_over(NULL), 0);
		expect("SimTel", "two");
		(void)mailbox_done(&box, got.handle);
		mailbox_doubt(&box, &doubts[i % 5]);
		assert_int_equal(put(1, &b, 1), MAILBOX_KNOWN);
		assert_int_equal(empty_over(NULL), 1);
	}
}

static void
twin_in_another_store_is_not_deleted_unseen(void **state)
{
	struct sms_message m = message("SimTel", "one");
	struct mailbox_place twin = {"ME", 1};
	char hex[SMS_HEX_MAX];

	(void)state;
	mailbox_init(&box);
	(void)put(1, &m, 1);
	(void)sms_deliver(&m, 1, hex, sizeof hex);
	(void)mailbox_put(&box, &twin, span_str(hex), NOON);
	expect("SimTel", "one");
	assert_false(next());
	(void)mailbox_done(&box, got.handle);
	assert_int_equal(empty_over(NULL), 1);
	(void)mailbox_put(&box, &twin, span_str(hex), NOON);
	(void)put(1, &m, 1);
	assert_int_equal(empty_over(NULL), 1);
}

static void
message_from_nowhere_is_kept_until_done(void **state)
{
	struct sms_message m = message("SimTel", "class 0");
	struct mailbox_place nowhere = {.index = MAILBOX_NOWHERE};
	char hex[SMS_HEX_MAX];

	(void)state;
	m.message_class = 0;
	(void)sms_deliver(&m, 1, hex, sizeof hex);
	mailbox_init(&box);
	assert_int_equal(
		mailbox_put(&box, &nowhere, span_str(hex), NOON), MAILBOX_NEW);
	assert_int_equal(mailbox_put(&box, &nowhere, span_str(hex), NOON),
		MAILBOX_KNOWN);
	expect("SimTel", "class 0");
	assert_int_equal(got.first->message_class, 0);
	mailbox_begin_listing(&box, "SM");
	mailbox_end_listing(&box, "SM", true);
	mailbox_forget_stored(&box);
	expect("SimTel", "class 0");
	assert_int_equal(mailbox_done(&box, got.handle), 1);
	assert_false(next());
	assert_int_equal(empty_over(NULL), 0);
}

static void
garbage_is_kept_apart_until_room_is_needed(void **state)
{
	static const char *const bad[] = {"", "00", "FFFFFFFFFFFFFFFFFFFFFFFF",
		"0BD0p2608>381p=*70p2616p16", "07911326040000F0040B911346"};
	struct sms_message m = message("SimTel", "fine");
	char hex[SMS_HEX_MAX];
	int first = 0;

	(void)state;
	mailbox_init(&box);
	for (int i = 0; i < 5; i++)
		assert_int_equal(put_hex(i, bad[i], NOON), MAILBOX_REFUSED);
	(void)put(7, &m, 1);
	(void)sms_report("+358401111111", NOON, hex, sizeof hex);
	assert_int_equal(put_hex(8, hex, NOON), MAILBOX_COPY);
	assert_int_equal(empty_over(&first), 1);
	assert_int_equal(first, 8);
	expect("SimTel", "fine");
	assert_false(mailbox_next(&box, NOON + 48 * HOUR, true, &got));
	mailbox_give_up_garbage(&box, "ME");
	assert_int_equal(empty_over(NULL), 0);
	mailbox_give_up_garbage(&box, "SM");
	assert_int_equal(empty_over(NULL), 5);
}

static void
more_than_fits_is_left_and_none_is_lost(void **state)
{
	char text[32];

	(void)state;
	mailbox_init(&box);
	for (int i = 0; i <= MAILBOX_SLOTS; i++) {
		struct sms_message m = message("SimTel", text);

		(void)snprintf(text, sizeof text, "number %d", i);
		assert_int_equal(put(i, &m, 1),
			i < MAILBOX_SLOTS ? MAILBOX_NEW : MAILBOX_FULL);
	}
	for (int i = 0; i < MAILBOX_SLOTS; i++) {
		(void)snprintf(text, sizeof text, "number %d", i);
		expect("SimTel", text);
		(void)mailbox_done(&box, got.handle);
	}
	assert_int_equal(empty_over(NULL), MAILBOX_SLOTS);
}

/* Parts at random, of three messages and two senders: each text comes out
 * whole, once, or not at all. */
static void
random_parts_make_whole_texts_only(void **state)
{
	uint32_t seed = 20261122;

	(void)state;
	for (int turn = 0; turn < 300; turn++) {
		char texts[3][600];
		struct sms_message m[3];
		int told = 0;

		mailbox_init(&box);
		for (int k = 0; k < 3; k++) {
			(void)snprintf(texts[k], sizeof texts[k], "%d%s", k,
				long_text());
			m[k] = message(k == 0 ? "SimTel" : "121", texts[k]);
			m[k].reference = k == 2 ? 8 : 7;
		}
		for (int i = 0; i < 16; i++) {
			seed = seed * 1664525 + 1013904223;
			(void)put(i, &m[seed >> 16 & 1 ? 2 : seed >> 17 & 1],
				(int)(seed >> 20) % 3 + 1);
			while (next()) {
				int k = got.text_utf8.ptr[0] - '0';

				assert_int_equal(
					got.text_utf8.len, strlen(texts[k]));
				assert_memory_equal(got.text_utf8.ptr, texts[k],
					got.text_utf8.len);
				assert_string_equal(
					got.first->sender, m[k].sender);
				assert_int_equal(told >> k & 1, 0);
				told |= 1 << k;
				(void)mailbox_done(&box, got.handle);
			}
		}
	}
}

/* Also while the places still stand in the store, to be deleted. */
static void
nothing_of_a_text_stays_once_its_owner_has_it(void **state)
{
	struct sms_message m = message("SimTel", long_text());
	uint8_t empty[sizeof box.text] = {0};

	(void)state;
	mailbox_init(&box);
	for (int part = 1; part <= 3; part++)
		(void)put(part, &m, part);
	assert_true(next());
	assert_non_null(memmem(box.text, sizeof box.text, "[ok]", 4));
	mailbox_wipe_text(&box);
	(void)mailbox_done(&box, got.handle);
	assert_memory_equal(box.text, empty, sizeof box.text);
	assert_memory_equal(box.joined, empty, sizeof box.joined);
	for (size_t i = 0; i < MAILBOX_SLOTS; i++)
		assert_memory_equal(
			box.slots[i].data, empty, sizeof box.slots[i].data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_given_once_and_deleted_when_done),
		cmocka_unit_test(parts_come_in_any_order_and_doubled),
		cmocka_unit_test(surrogates_and_escapes_across_parts_are_whole),
		cmocka_unit_test(parts_of_others_are_never_mixed_in),
		cmocka_unit_test(
			reference_that_comes_again_soon_is_parted_by_time),
		cmocka_unit_test(missing_part_is_waited_for_a_day),
		cmocka_unit_test(full_store_makes_impatient),
		cmocka_unit_test(what_was_not_confirmed_is_given_again),
		cmocka_unit_test(
			place_that_holds_something_else_now_is_not_deleted),
		cmocka_unit_test(listing_that_was_cut_empties_no_place),
		cmocka_unit_test(
			place_in_doubt_is_deleted_when_it_is_found_the_same),
		cmocka_unit_test(twin_in_another_store_is_not_deleted_unseen),
		cmocka_unit_test(nothing_of_a_text_stays_once_its_owner_has_it),
		cmocka_unit_test(message_from_nowhere_is_kept_until_done),
		cmocka_unit_test(garbage_is_kept_apart_until_room_is_needed),
		cmocka_unit_test(more_than_fits_is_left_and_none_is_lost),
		cmocka_unit_test(random_parts_make_whole_texts_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
