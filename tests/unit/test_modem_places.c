/*
 * Places of messages of which nobody knows what they hold: a delete whose
 * answer is lost, news of another message, a listing that takes too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/support/rig.h"

/* Two of the corpus. */
#define OK_SIR                                                                 \
	"0791198948004544040C9119894882006200007050307040042206CF35689E9603"
#define TEST                                                                   \
	"07915348500202000"                                                    \
	"40C9153486507895500006090608164138004D4F29C0E"
#define OK_SIR_TOLD "+919884280026: Ok sir|"
#define TEST_TOLD   "+358456709855: Test|"
#define END         "\r\nOK\r\n"

static struct rig rig;

static void
rule_for(const char *when, const char *say, int times)
{
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = when,
					 .say = say,
					 .after_ms = 5,
					 .times = times});
}

static void
rule(const char *when, const char *say)
{
	rule_for(when, say, 0);
}

/* What the store SM holds; ME is empty. */
static void
stored(const char *list)
{
	rule("AT+CPMS=", "\r\n+CPMS: 2,30,2,30,2,30\r\n" END);
	rule("AT+CMGL=4", END);
	rule_for("AT+CMGL=4", list, 1);
}

static void
begin(const char *list)
{
	rig_init_mail(&rig, "standard");
	stored(list);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
}

static void
expect_told(const char *mail)
{
	if (strcmp(rig.mail, mail) != 0)
		(void)fprintf(stderr, "%s\n", rig.trace);
	assert_string_equal(rig.mail, mail);
}

static unsigned
deletions(void)
{
	return fakewire_count(&rig.wire, "AT+CMGD=");
}

static void
confirm(void)
{
	modem_sms_done(rig.modem, rig.message.handle);
	rig_run(&rig, 500);
}

/* ---- places in doubt --------------------------------------------------- */

#define LIST_OF(pdu) "\r\n+CMGL: 1,1,,25\r\n" pdu "\r\n" END
#define READ_OF(pdu) "\r\n+CMGR: 0,,25\r\n" pdu "\r\n" END

static void
store_sm_is(const char *list)
{
	rule("AT+CMGL=4", END);
	rule_for("AT+CMGL=4", list, 1);
}

/* The OK is lost: whether the place is empty, or somebody else's, or still
 * that message's, nobody knows but who looks. */
static void
delete_without_an_answer_is_not_repeated_unseen(void **state)
{
	static const struct {
		const char *news, *list, *told;
		unsigned deletions; /* before the last one is confirmed */
	} rows[] = {
		{NULL, LIST_OF(TEST), OK_SIR_TOLD TEST_TOLD, 1},
		{"\r\n+CMTI: \"SM\",1\r\n", LIST_OF(TEST),
			OK_SIR_TOLD TEST_TOLD, 1},
		{"\r\n+CMTI: \"SM\",1\r\n", "\r\n+CMS ERROR: 314\r\n",
			OK_SIR_TOLD TEST_TOLD, 1},
		{NULL, LIST_OF(OK_SIR), OK_SIR_TOLD, 2},
		{NULL, END, OK_SIR_TOLD, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(LIST_OF(OK_SIR));
		rule("AT+CMGR=1", READ_OF(TEST));
		rule_for("AT+CMGD=1", NULL, 1);
		confirm();
		assert_int_equal(deletions(), 1);
		store_sm_is(rows[i].list);
		if (rows[i].news != NULL)
			fakewire_say(&rig.wire, rows[i].news, 3000);
		rig_run(&rig, 120000);
		expect_told(rows[i].told);
		assert_int_equal(deletions(), rows[i].deletions);
		if (strcmp(rows[i].told, OK_SIR_TOLD) != 0) {
			confirm();
			assert_int_equal(deletions(), 2);
		}
		rig_fini(&rig);
	}
}

static void
place_that_is_told_again_is_not_deleted_unread(void **state)
{
	static const char *const reads[] = {"\r\n+CMS ERROR: 321\r\n",
		READ_OF(TEST), READ_OF(OK_SIR), NULL};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t handle;

		begin(LIST_OF(OK_SIR));
		expect_told(OK_SIR_TOLD);
		handle = rig.message.handle;
		rule("AT+CMGR=1", reads[i]);
		fakewire_say(&rig.wire, "\r\n+CMTI: \"SM\",1\r\n", 10);
		rig_run(&rig, 1000);
		modem_sms_done(rig.modem, handle);
		store_sm_is(LIST_OF(TEST));
		rig_run(&rig, i == 1 ? 3000 : 310000);
		assert_int_equal(deletions(), i == 2 ? 1 : 0);
		expect_told(OK_SIR_TOLD TEST_TOLD);
		confirm();
		assert_int_equal(deletions(), i == 2 ? 2 : 1);
		rig_fini(&rig);
	}
}

/* ---- listings without an end ------------------------------------------- */

/* A SIM that takes a second for each message, or stumbles over one. */
static void
listing_without_an_end_hands_over_what_it_has_shown(void **state)
{
	static const char *const ends[] = {
		"\r\n+CMGL: 4,1,,25\r\n0791198948", "\r\n+CMS ERROR: 321\r\n"};
	char list[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rig_init_mail(&rig, "standard");
		rig.confirms = true;
		stored(LIST_OF(TEST));
		(void)snprintf(list, sizeof list,
			"\r\n+CMGL: 5,1,,25\r\n" OK_SIR "%s", ends[i]);
		rule_for("AT+CMGL=4", list, 1);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 35000);
		assert_memory_equal(
			rig.mail, OK_SIR_TOLD, sizeof OK_SIR_TOLD - 1);
		rig_run(&rig, 60000);
		expect_told(OK_SIR_TOLD TEST_TOLD);
		assert_int_equal(deletions(), 2);
		assert_non_null(strstr(strstr(rig.wire.written, "AT+CMGD=5\r"),
			"AT+CMGL=4\r"));
		rig_fini(&rig);
	}
}

/* Nor is it forgotten when its owner did not have it the first time. */
static void
listing_that_never_ends_hands_over_again(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	rule("AT+CPMS=", "\r\n+CPMS: 2,30,2,30,2,30\r\n" END);
	rule("AT+CMGL=4", "\r\n+CMGL: 5,1,,25\r\n" OK_SIR "\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 200000);
	assert_in_range(rig.messages, 2, 5);
	assert_int_equal(deletions(), 0);
	confirm();
	rig_run(&rig, 400000);
	assert_true(deletions() > 0);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			delete_without_an_answer_is_not_repeated_unseen),
		cmocka_unit_test(
			place_that_is_told_again_is_not_deleted_unread),
		cmocka_unit_test(
			listing_without_an_end_hands_over_what_it_has_shown),
		cmocka_unit_test(listing_that_never_ends_hands_over_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
