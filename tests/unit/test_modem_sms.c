/*
 * Messages that come, on a scripted wire in virtual time: how modems list
 * and tell them, what stands between the lines, and that nothing is deleted
 * before it is safe.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/sim/sms.h"
#include "tests/support/rig.h"

/* Two of the corpus. */
#define OK_SIR                                                                 \
	"0791198948004544040C9119894882006200007050307040042206CF35689E9603"
#define TEST                                                                   \
	"07915348500202000"                                                    \
	"40C9153486507895500006090608164138004D4F29C0E"
#define REPORT      "000601039121F3621010000000006210100000000000"
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

/* ---- listing ----------------------------------------------------------- */

/* Forms of a list that were seen. */
static const char *const lists[] = {
	"\r\n+CMGL: 0,1,,147\r\n" OK_SIR "\r\n+CMGL: 3,1,,25\r\n" TEST
	"\r\n" END,
	"\r\n+CMGL: 17,1,35\r\n" OK_SIR "\r\n+CMGL: 15,1,35\r\n" TEST
	"\r\n" END,
	"\r\n+CMGL: 1,0,\"\",50\r\n" OK_SIR
	"\r\n\r\n+CMGL: 2,0,\"\",50\r\n" TEST "\r\n" END,
	"\r\n+CMGL: 1,1,\"616E64726577\",23 \r\n" OK_SIR
	"\r\n+CMGL: 4,1,\"616E64726577\",23 \r\n" TEST "\r\n" END,
	"\r\n+CMGL: 1,1,,25," OK_SIR "\r\n+CMGL: 9,1,,25 " TEST "\r\n" END,
	"\r\n+CMGL:1,1,,25\r\n\r\n" OK_SIR
	"\r\n\r\n+CMGL:250,1,,25\r\n\r\n" TEST "\r\n\r\n" END,
	"\r\n+CMGL: 1,1,\"a,b\",25\r\n" OK_SIR "\r\n+CMGL: 8,1,\"\",25\r\n" TEST
	"\r\n" END,
};

static void
every_form_of_a_list_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		begin(lists[i]);
		expect_told(OK_SIR_TOLD TEST_TOLD);
		assert_int_equal(deletions(), 0);
		assert_true(rig.message.stamp_known);
		rig_fini(&rig);
	}
}

static void
cuts_and_noise_change_nothing(void **state)
{
	static const char *const noises[] = {NULL, "\r\n^RSSI:14\r\n",
		"\r\nRING\r\n", "\r\nDODGY\r\n",
		"\r\n+CMTI: \"SM\",4\r\n"
		"\r\n+CREG: 1\r\n",
		"\r\n^DSFLOWRPT:00000A3C,00000000\r\n"
		"\r\nDST: 0\r\n"};

	(void)state;
	for (size_t cut = 0; cut <= 5; cut++) {
		for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
			rig_init_mail(&rig, "standard");
			rig.wire.cut = cut;
			rig.wire.echo = cut % 2 == 1;
			rule("AT+CMGR=", "\r\n+CMS ERROR: 321\r\n");
			stored(lists[i]);
			rig_run_to(&rig, MODEM_READY);
			rig.wire.noise = noises[i];
			rig_run(&rig, 1500);
			expect_told(OK_SIR_TOLD TEST_TOLD);
			rig_run(&rig, 100000); /* it is not kept busy */
			assert_int_equal(rig.messages, 2);
			assert_int_equal(
				modem_info(rig.modem)->state, MODEM_READY);
			rig_fini(&rig);
		}
	}
}

static void
garbage_is_counted_and_the_rest_is_read(void **state)
{
	static const char list[] =
		"\r\n+CMGL: 1,1,,25\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n"
		"+CMGL: 2,1,,25\r\n0BD0p2608>381p=*70p2616p16\r\n"
		"+CMGL: 3,1,,25\r\n"
		"+CMGL: 4,1,,25\r\n" OK_SIR "\r\n"
		"+CMGL: x,1,,25\r\n" TEST "\r\n"
		"+CMGL: 5,3,,13\r\n0001000481214300000161\r\n" /* a draft */
		"+CMGL: 6,1,,25\r\n07911326040000F0040B911346610089F60000\r\n"
		"+CMGL: 7,1,,25\r\n" TEST "\r\n" END;

	(void)state;
	begin(list);
	expect_told(OK_SIR_TOLD TEST_TOLD);
	assert_int_equal(modem_info(rig.modem)->garbage, 4);
	assert_non_null(strstr(rig.trace, "(that is no message)"));
	confirm();
	assert_int_equal(deletions(), 1);
	assert_non_null(strstr(rig.wire.written, "AT+CMGD=7\r"));
	rig_fini(&rig);
}

/* Nine tenths are full: what is no message goes, and what is, when done. */
static void
full_store_is_emptied(void **state)
{
	static const char list[] =
		"\r\n+CMGL: 1,1,,25\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n"
		"+CMGL: 4,1,,25\r\n" OK_SIR "\r\n"
		"+CMGL: 9,1,,25\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n" END;
	static const char *const news[] = {
		NULL, "\r\n^SMMEMFULL:\"SM\"\r\n", "\r\n+CMS ERROR: 322\r\n"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(END);
		stored(list);
		if (i == 0)
			rule("AT+CPMS=", "\r\n+CPMS: 9,10,9,10,9,10\r\n" END);
		else
			fakewire_say(&rig.wire, news[i], 1000);
		rig_run(&rig, i == 0 ? 320000 : 3000);
		expect_told(OK_SIR_TOLD);
		assert_int_equal(deletions(), 2);
		assert_true(strstr(rig.wire.written, "AT+CMGD=9\r") <
			    strstr(rig.wire.written, "AT+CMGD=1\r"));
		confirm();
		assert_int_equal(deletions(), 3);
		assert_non_null(strstr(rig.wire.written, "AT+CMGD=4\r"));
		assert_null(strstr(rig.wire.written, ",4\rAT+CMGD=1,"));
		rig_fini(&rig);
	}
}

/* ---- again and again --------------------------------------------------- */

static void
what_is_not_confirmed_comes_again(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	stored(END);
	rule("AT+CMGL=4", lists[0]);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 3000);
	assert_int_equal(rig.messages, 2); /* once, though in both stores */
	rig_run(&rig, 310000);
	assert_int_equal(rig.messages, 4);
	assert_int_equal(deletions(), 0);
	rig_fini(&rig);
}

static void
places_are_deleted_the_highest_first(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	rig.confirms = true;
	stored(lists[0]);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2000);
	assert_int_equal(deletions(), 2);
	assert_true(strstr(rig.wire.written, "AT+CMGD=3\r") <
		    strstr(rig.wire.written, "AT+CMGD=0\r"));
	rig_run(&rig, 310000);
	assert_int_equal(deletions(), 2);
	assert_int_equal(rig.messages, 2);
	rig_fini(&rig);
}

static void
modem_that_was_away_is_listed_again(void **state)
{
	(void)state;
	begin(END);
	stored(lists[0]);
	rig.wire.gone = true;
	rig_run(&rig, 5000);
	rig.wire.gone = false;
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2000);
	expect_told(OK_SIR_TOLD TEST_TOLD);
	/* Its places may be another one's after the next time. */
	rig.wire.gone = true;
	rig_run(&rig, 5000);
	modem_sms_done(rig.modem, rig.message.handle);
	rig.wire.gone = false;
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2000);
	assert_int_equal(deletions(), 0);
	rig_fini(&rig);
}

static void
sim_that_is_busy_after_a_start_is_asked_again(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	stored(END);
	rule("AT+CMGL=4", lists[0]);
	rule_for("AT+CMGL=4", "\r\n+CMS ERROR: 314\r\n", 3);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 5000);
	assert_int_equal(rig.messages, 0);
	rig_run(&rig, 100000);
	assert_true(rig.messages >= 2);
	assert_int_equal(modem_info(rig.modem)->restarts, 0);
	rig_fini(&rig);
}

/* Silence is got over: USSD is served all the time. */
static void
modem_without_messages_stays_a_modem(void **state)
{
	static const char *const says[] = {NULL, "\r\nERROR\r\n",
		"\r\n+CMS ERROR: 310\r\n", "\r\nCOMMAND NOT SUPPORT\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
		rig_init_mail(&rig, "standard");
		rule("AT+CPMS", says[i]);
		rule("AT+CMG", says[i]);
		rule("AT+CNMI", says[i]);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 1200000);
		rig_run_to(&rig, MODEM_READY);
		assert_int_equal(modem_info(rig.modem)->restarts, 0);
		rig_answer(&rig, "\r\n+CUSD: 0,\"Fine\",15\r\n", 500);
		rig_run(&rig, 1000);
		assert_int_equal(rig_ask(&rig, "*1#", MODEM_ONCE), 0);
		rig_run(&rig, 90000);
		assert_string_equal(rig.text, "Fine");
		rig_fini(&rig);
	}
}

/* Nokia N79: no store to choose, and yet messages. */
static void
modem_without_a_choice_of_stores_is_listed(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	rig.confirms = true;
	stored(lists[0]);
	rule("AT+CPMS", "\r\n+CME ERROR: 4\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 3000);
	expect_told(OK_SIR_TOLD TEST_TOLD);
	assert_int_equal(deletions(), 2);
	rig_fini(&rig);
}

/* ---- told -------------------------------------------------------------- */

static void
message_that_is_told_is_read_by_its_place(void **state)
{
	static const char *const reads[] = {
		"\r\n+CMGR: 0,,25\r\n" OK_SIR "\r\n" END,
		"\r\n+CMGR: 0,\"\",50\r\n" OK_SIR "\r\n" END,
		"\r\n+CMGR: 0,25\r\n" OK_SIR "\r\n" END,
		"\r\n+CMGR: 0,,25," OK_SIR "\r\n" END,
		"\r\n+CMGR: 0,\"616E64726577\",23 \r\n" OK_SIR "\r\n" END,
	};

	(void)state;
	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		begin(END);
		rule("AT+CMGR=12", reads[i]);
		rig_forget_written(&rig);
		fakewire_say(&rig.wire, "\r\n+CMTI: \"ME\",12\r\n", 100);
		rig_run(&rig, 3000);
		expect_told(OK_SIR_TOLD);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CMGL"), 0);
		assert_non_null(strstr(
			rig.wire.written, "AT+CPMS=\"ME\"\rAT+CMGR=12\r"));
		confirm();
		assert_non_null(strstr(
			rig.wire.written, "AT+CPMS=\"ME\"\rAT+CMGD=12\r"));
		rig_fini(&rig);
	}
}

static void
message_during_a_request_waits_for_its_end(void **state)
{
	static const char *const comes[] = {
		"\r\n+CMTI: \"SM\",5\r\n",
		"\r\n+CMT: ,25\r\n" OK_SIR "\r\n",
		"\r\n+CDSI: \"SR\",5\r\n",
		"\r\n+CDS: 25\r\n" REPORT "\r\n",
		"\r\n^SMMEMFULL:\"SM\"\r\n",
		"\r\n+CMS ERROR: 322\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof comes / sizeof *comes; i++) {
		for (int64_t at = 0; at < 6000; at += 2500) {
			begin(END);
			rule("AT+CMGR=",
				"\r\n+CMGR: 0,,25\r\n" OK_SIR "\r\n" END);
			rig_forget_written(&rig);
			rig_answer(&rig,
				"\r\n+CUSD: 0,\"Your balance is 5\",15\r\n",
				5000);
			assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
			fakewire_say(&rig.wire, comes[i], at);
			rig_run(&rig, 4500);
			assert_null(strstr(rig.wire.written, "AT+CMG"));
			assert_null(strstr(rig.wire.written, "AT+CPMS"));
			rig_run(&rig, 15000);
			assert_int_equal(rig.results, 1);
			assert_string_equal(rig.text, "Your balance is 5");
			assert_int_equal(rig.pushes, 0);
			assert_int_equal(rig.messages, i < 2 ? 1 : 0);
			rig_fini(&rig);
		}
	}
}

/* A port that tells of the same place all the time. */
static void
port_that_babbles_is_not_read_all_the_time(void **state)
{
	(void)state;
	begin(END);
	rule("AT+CMGR=", "\r\n+CMS ERROR: 321\r\n");
	rig.wire.noise = "\r\n+CMTI: \"SM\",4\r\n";
	rig_forget_written(&rig);
	fakewire_say(&rig.wire, "\r\n+CMTI: \"SM\",4\r\n", 0);
	rig_run(&rig, 60000);
	assert_in_range(fakewire_count(&rig.wire, "AT+CMGR=4"), 2, 31);
	rig_fini(&rig);
}

static void
more_than_can_be_remembered_is_listed(void **state)
{
	char news[32];

	(void)state;
	begin(END);
	rule("AT+CMGR=", "\r\n+CMS ERROR: 321\r\n");
	stored(lists[0]);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(
			news, sizeof news, "\r\n+CMTI: \"SM\",%d\r\n", 40 + i);
		fakewire_say(&rig.wire, news, 100);
	}
	rig_run(&rig, 3000);
	expect_told(OK_SIR_TOLD TEST_TOLD);
	rig_fini(&rig);
}

/* ---- directly ---------------------------------------------------------- */

static void
direct_message_is_taken_whatever_is_under_way(void **state)
{
	static const char *const heads[] = {"\r\n+CMT: ,25\r\n",
		"\r\n+CMT: 25\r\n", "\r\n+CMT: \"616E\",25\r\n^RSSI:3\r\n",
		"\r\n+CMT: ,25,"};
	char say[512];

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		begin(END);
		/* In the middle of what takes any line: the IMSI. */
		(void)snprintf(say, sizeof say,
			"%s" OK_SIR "\r\n\r\n001010000000011\r\n" END,
			heads[i]);
		rule("AT+CIMI", say);
		rig_run(&rig, 40000);
		assert_true(rig.messages >= 1);
		assert_int_equal(modem_info(rig.modem)->restarts, 0);
		assert_string_equal(
			modem_info(rig.modem)->imsi, "001010000000011");
		assert_int_equal(fakewire_count(&rig.wire, "AT+CNMA"), 0);
		rig_fini(&rig);
	}
}

static void
direct_message_is_acknowledged_when_it_is_safe(void **state)
{
	(void)state;
	rig_init_mail(&rig, "standard");
	stored(END);
	rule("AT+CSMS?", "\r\n+CSMS: 1,1,1,1\r\n" END);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	fakewire_say(&rig.wire, "\r\n+CMT: ,25\r\n" OK_SIR "\r\n", 0);
	rig_run(&rig, 1000);
	expect_told(OK_SIR_TOLD);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CNMA"), 0);
	confirm();
	assert_int_equal(fakewire_count(&rig.wire, "AT+CNMA"), 1);
	assert_int_equal(deletions(), 0);
	/* A report, and what is no message, at once. */
	fakewire_say(&rig.wire, "\r\n+CDS: 25\r\n" REPORT "\r\n", 0);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CNMA"), 2);
	fakewire_say(&rig.wire,
		"\r\n+CMT: ,25\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n", 0);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CNMA"), 3);
	assert_int_equal(rig.messages, 1);
	rig_fini(&rig);
}

/* ---- set-up ------------------------------------------------------------ */

static void
each_dialect_is_told_how_to_deliver(void **state)
{
	static const struct {
		const char *dialect;
		const char *last; /* that is not refused */
		const char *store;
	} rows[] = {
		{"standard", "AT+CNMI=2,1,0,0,0\r", "AT+CPMS=\"SM\",\"SM\""},
		{"huawei", "AT+CNMI=1,1,0,0,0\r", "AT+CPMS=\"SM\",\"SM\""},
		{"quectel", "AT+CNMI=2,1,0,0,0\r", "AT+CPMS=\"ME\",\"ME\""},
		{"simcom", "AT+CNMI=2,1,0,0,0\r", "AT+CPMS=\"SM\",\"SM\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init_mail(&rig, rows[i].dialect);
		stored(lists[0]);
		rule("AT+CSCA?", "\r\n+CSCA: \"+358401000000\",145\r\n" END);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 2000);
		assert_non_null(strstr(rig.wire.written, rows[i].last));
		assert_non_null(strstr(rig.wire.written, rows[i].store));
		assert_null(
			strstr(rig.wire.written, i == 1 ? "CNMI=2" : "CNMI=3"));
		assert_non_null(strstr(rig.wire.written, "AT+CMGF=0\r"));
		assert_string_equal(
			modem_info(rig.modem)->smsc, "+358401000000");
		expect_told(OK_SIR_TOLD TEST_TOLD);
		rig_fini(&rig);
	}
}

/* Who takes no messages has none read, told or deleted. */
static void
nothing_is_asked_where_nobody_takes_messages(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_say(&rig.wire, "\r\n+CMTI: \"SM\",1\r\n", 0);
	rig_run(&rig, 700000);
	assert_null(strstr(rig.wire.written, "AT+CMG"));
	assert_null(strstr(rig.wire.written, "AT+CNMI"));
	rig_fini(&rig);
}

/* ---- long messages ----------------------------------------------------- */

static void
long_message_is_whole_over_listings_and_reads(void **state)
{
	char text[401];
	struct sms_message m = {.smsc = "",
		.sender = "SimTel",
		.text = text,
		.stamp_ms = INT64_C(1795348800000),
		.message_class = SMS_NO_CLASS,
		.reference = 9};
	char hex[3][SMS_HEX_MAX];
	char list[2 * SMS_HEX_MAX + 64];
	char read[SMS_HEX_MAX + 64];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		text[i] = (char)('a' + i % 26);
	text[400] = '\0';
	for (int i = 0; i < 3; i++)
		(void)sms_deliver(&m, i + 1, hex[i], sizeof hex[i]);
	(void)snprintf(list, sizeof list,
		"\r\n+CMGL: 5,1,,99\r\n%s\r\n+CMGL: 2,1,,99\r\n%s\r\n" END,
		hex[2], hex[0]);
	begin(list);
	assert_int_equal(rig.messages, 0);
	(void)snprintf(
		read, sizeof read, "\r\n+CMGR: 0,,99\r\n%s\r\n" END, hex[1]);
	rule("AT+CMGR=7", read);
	fakewire_say(&rig.wire, "\r\n+CMTI: \"SM\",7\r\n", 0);
	rig_run(&rig, 3000);
	assert_int_equal(rig.messages, 1);
	assert_memory_equal(rig.mail, "SimTel: ", 8);
	assert_memory_equal(rig.mail + 8, text, 400);
	assert_false(rig.message.incomplete);
	confirm();
	assert_int_equal(deletions(), 3);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_list_is_read),
		cmocka_unit_test(cuts_and_noise_change_nothing),
		cmocka_unit_test(garbage_is_counted_and_the_rest_is_read),
		cmocka_unit_test(full_store_is_emptied),
		cmocka_unit_test(what_is_not_confirmed_comes_again),
		cmocka_unit_test(places_are_deleted_the_highest_first),
		cmocka_unit_test(modem_that_was_away_is_listed_again),
		cmocka_unit_test(sim_that_is_busy_after_a_start_is_asked_again),
		cmocka_unit_test(modem_without_messages_stays_a_modem),
		cmocka_unit_test(modem_without_a_choice_of_stores_is_listed),
		cmocka_unit_test(message_that_is_told_is_read_by_its_place),
		cmocka_unit_test(message_during_a_request_waits_for_its_end),
		cmocka_unit_test(port_that_babbles_is_not_read_all_the_time),
		cmocka_unit_test(more_than_can_be_remembered_is_listed),
		cmocka_unit_test(direct_message_is_taken_whatever_is_under_way),
		cmocka_unit_test(
			direct_message_is_acknowledged_when_it_is_safe),
		cmocka_unit_test(each_dialect_is_told_how_to_deliver),
		cmocka_unit_test(nothing_is_asked_where_nobody_takes_messages),
		cmocka_unit_test(long_message_is_whole_over_listings_and_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
