/*
 * What intake takes, what it holds and what it refuses, over a real spool,
 * vault and ledger.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/intake_private.h"
#include "agent/spool.h"
#include "tests/support/inbox.h"

static bool
on_fault_text(void *ctx, unsigned line, const char *reason)
{
	char *out = ctx;
	size_t len = strlen(out);

	(void)snprintf(out + len, 4096 - len, "%u: %s\n", line, reason);
	return true;
}

static void
on_result(void *ctx, const struct intake_result *result)
{
	struct inbox *f = ctx;

	f->result = *result;
	(void)snprintf(f->reason, sizeof(f->reason), "%s", result->reason);
	f->results++;
	/* It is told after the commit: another life would find it. */
	if (result->batch != 0)
		assert_int_equal(purse_batch_now(f->purse, result->batch).rows,
			result->rows);
}

static int
memory_file(const char *text)
{
	int fd = memfd_create("batch", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static const struct intake_defaults no_defaults;

/* ---- taken ------------------------------------------------------------- */

static void
good_file_moves_to_the_ledger_and_its_masked_rows_to_done(void **state)
{
	static const char text[] =
		"# operator: simtel\r\n# note: from Ann\r\n"
		"pin;serial;amount;target;price\r\n"
		"12345678901234;S-1;100;;99\r\n"
		"2345-6789 0123 45;S-2;50.5;0712 345-678;\r\n"
		"34567890123456;S-3;;self;x\r\n";
	struct inbox *f = *state;
	struct ledger_batch b;

	inbox_drop(f, "cards.csv", text);
	inbox_run(f);
	assert_string_equal(inbox_get(f, "incoming/cards.csv"), "(none)");
	assert_string_equal(inbox_get(f, "done/1-cards.csv"),
		"# operator: simtel\r\n# note: from Ann\r\n"
		"pin;serial;amount;target;price\r\n"
		"**********1234;S-1;100;;99\r\n"
		"****-**** **23 45;S-2;50.5;0712 345-678;\r\n"
		"**********3456;S-3;;self;x\r\n");
	b = purse_batch_now(f->purse, 1);
	assert_int_equal(b.rows, 3);
	assert_int_equal(b.faults, 0);
	assert_int_equal(b.counts[VOUCHER_READY], 3);
	assert_true(b.retired && b.from_spool);
	assert_int_equal(purse_card(f->purse, purse_voucher(f->purse, 1, 5))
				 .v.amount_minor,
		5050);
	assert_int_equal(purse_card(f->purse, purse_voucher(f->purse, 1, 6))
				 .v.amount_minor,
		MONEY_NONE);
	inbox_has_nowhere(f, "12345678901234");
	inbox_has_nowhere(f, "34567890123456");
	purse_is_sound(f->purse);
}

static bool
on_audit_text(void *ctx, const struct ledger_audit *a)
{
	assert_null(strstr(a->note, ctx));
	return true;
}

static void
pin_in_the_groups_of_a_card_is_shown_nowhere_in_a_name(void **state)
{
	static const struct {
		const char *name, *shown;
	} rows[] = {
		{"1234 5678 9012 34.csv", "xxxx xxxx xx12 34"},
		{"card 2345-6789-0123-45.csv", "card xxxx-xxxx-xx23-45"},
		{"34567 89012 3456 x.csv", "xxxxx xxxxx 3456 x"},
		/* No groups of a card, or no PIN. */
		{"100-20261122-12345.csv", "100-20261122-12345"},
		{"2026-11-22-123456.csv", "2026-11-22-123456"},
		{"1234 5678-9012 34.csv", "1234 5678-9012 34"},
		{"1234 5678.csv", "1234 5678"},
		{"1234 - 5678-.csv", "1234 - 5678-"},
	};
	struct inbox *f = *state;
	char reason[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		inbox_drop(f, rows[i].name, "no header\n");
		inbox_run(f);
		(void)snprintf(reason, sizeof(reason), "failed/%s.csv.reason",
			rows[i].shown);
		assert_string_not_equal(inbox_get(f, reason), "(none)");
	}
}

static void
pin_in_the_name_of_a_file_is_shown_nowhere(void **state)
{
	static const struct ledger_audit_filter all = {.after = 0};
	struct inbox *f = *state;

	inbox_drop(f, "simtel-100-12345678901234.txt", "12345678901234\n");
	inbox_drop(f, "34567890123456.csv", "no header\n");
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1);
	assert_string_equal(
		inbox_get(f, "incoming/simtel-100-12345678901234.txt"),
		"(none)");
	assert_string_equal(
		inbox_get(f, "incoming/34567890123456.csv"), "(none)");
	assert_string_equal(
		inbox_get(f, "done/1-simtel-100-xxxxxxxxxx1234.txt"),
		"**********1234\n");
	assert_string_not_equal(
		inbox_get(f, "failed/xxxxxxxxxx3456.csv.reason"), "(none)");
	inbox_has_nowhere(f, "12345678901234");
	inbox_has_nowhere(f, "34567890123456");
	assert_int_equal(ledger_each_audit(f->purse->ledger, &all,
				 on_audit_text, (void *)"12345678901234"),
		0);
	purse_is_sound(f->purse);
}

static void
bad_rows_are_listed_and_the_good_go_on(void **state)
{
	static const char text[] =
		"pin,operator,amount,target,modem\n"
		"11111111111234,simtel,,,shop1\n"       /* 2 */
		"1111111111123,simtel,,,\n"             /* 3: form */
		"22222222221234,,,,\n"                  /* 4: no operator */
		"22222222221234,nobody,,,\n"            /* 5: unknown one */
		"22222222221234,simtel,0,,\n"           /* 6: amount */
		"22222222221234,simtel,1.234,,\n"       /* 7: too fine */
		"22222222221234,simtel,1,0612345678,\n" /* 8: target */
		"22222222221234,simtel,1,,shop2\n"      /* 9: modem */
		"11111111111234,SimTel,,,\n"            /* 10: repeated */
		"33333333331234,simtel,,,\n44444444441234,simtel,,,\n"
		"55555555551234,simtel,,,\n66666666661234,simtel,,,\n"
		"77777777771234,simtel,,,\n88888888881234,simtel,,,\n"
		"99999999991234,simtel,,,\n12121212121234,simtel,,,\n";
	struct inbox *f = *state;
	char faults[4096] = "";

	inbox_drop(f, "mixed.csv", text);
	inbox_run(f);
	assert_int_equal(
		ledger_each_fault(f->purse->ledger, 1, on_fault_text, faults),
		0);
	assert_string_equal(faults,
		"3: the PIN has not the operator's form\n"
		"4: no operator\n"
		"5: unknown operator\n"
		"6: bad amount\n"
		"7: bad amount\n"
		"8: the target is no number of the operator\n"
		"9: there is no such modem\n"
		"10: repeats a PIN that is known\n");
	assert_int_equal(purse_batch_now(f->purse, 1).rows, 9);
	inbox_has_nowhere(f, "22222222221234");
	/* A PIN of another file is known as well. */
	inbox_drop(
		f, "simtel-100-more.txt", "11111111111234\n13131313131234\n");
	inbox_run(f);
	assert_int_equal(purse_batch_now(f->purse, 2).rows, 1);
	assert_int_equal(purse_batch_now(f->purse, 2).faults, 1);
	assert_string_equal(inbox_get(f, "done/2-simtel-100-more.txt"),
		"**********1234\n**********1234\n");
}

static void
rows_that_look_wrong_together_are_held(void **state)
{
	static const struct {
		const char *name, *text, *reason;
	} cases[] = {
		{"simtel-1-up.txt",
			"10000000000097\n10000000000098\n10000000000099\n"
			"10000000000100\n10000000000101\n10000000000102\n"
			"10000000000103\n10000000000104\n",
			"counted"},
		{"simtel-1-down.txt",
			"20000000000007\n20000000000006\n20000000000005\n"
			"20000000000004\n20000000000003\n20000000000002\n"
			"20000000000001\n20000000000000\n",
			"counted"},
		{"simtel-1-seven.txt",
			"30000000000001\n30000000000002\n30000000000003\n"
			"30000000000004\n30000000000005\n30000000000006\n"
			"30000000000007\n30000000000009\n",
			""},
		{"any-1-zero.txt", "512345678901\n6123456789012\n", "lengths"},
		{"any-1-two.txt", "71234567890\n7123456789012\n", ""},
		{"two.csv",
			"pin,operator\n41234567890123,simtel\n"
			"4123456789012,any\n",
			""},
	};
	struct inbox *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ledger_batch b;

		inbox_drop(f, cases[i].name, cases[i].text);
		inbox_run(f);
		b = purse_batch_now(f->purse, (int64_t)i + 1);
		assert_int_equal(b.faults, 0);
		assert_int_equal(b.counts[*cases[i].reason ? VOUCHER_HELD
							   : VOUCHER_READY],
			b.rows);
		if (*cases[i].reason)
			assert_string_equal(
				purse_card(f->purse,
					purse_voucher(f->purse, b.id, 1))
					.reason,
				cases[i].reason);
	}
}

static void
numbers_follow_one_another_also_over_nines(void **state)
{
	static const struct {
		const char *a, *b;
		bool follows;
	} cases[] = {
		{"0", "1", true},
		{"9", "0", false}, /* 10 has another length */
		{"99", "100", false},
		{"099", "100", true},
		{"1234", "1235", true},
		{"1299", "1300", true},
		{"1299", "1400", false},
		{"1234", "1234", false},
		{"1235", "1234", false},
		{"12", "123", false},
		{"AB1", "AB2", true},
		{"A1", "B2", false},
		{"AA", "AB", false},
		{"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct secret a, b;

		assert_int_equal(secret_set(&a, span_str(cases[i].a)), 0);
		assert_int_equal(secret_set(&b, span_str(cases[i].b)), 0);
		assert_int_equal(intake_follows(&a, &b), cases[i].follows);
	}
}

static void
file_of_a_spreadsheet_keeps_its_rows_in_done(void **state)
{
	static const char text[] = "sep=;\r\n# operator: simtel\r\npin;note\r\n"
				   "12345678901234;\"two\r\nlines; 7\"\r\n"
				   "\r\n23456789012345;\"say \"\"hi\"\"\"\r\n"
				   "3456789012345;short\r\n"
				   "\"34567890 123456\";last";
	struct inbox *f = *state;
	char utf16[2 * sizeof(text)] = "\xff\xfe";
	size_t len = 2;

	for (const char *p = text; *p != '\0'; p++, len += 2) {
		utf16[len] = *p;
		utf16[len + 1] = '\0';
	}
	inbox_drop_bytes(f, "excel.csv", utf16, len);
	inbox_run(f);
	assert_int_equal(purse_batch_now(f->purse, 1).rows, 3);
	assert_string_equal(inbox_get(f, "done/1-excel.csv"),
		"\xef\xbb\xbfsep=;\r\n# operator: simtel\r\npin;note\r\n"
		"**********1234;\"two\r\nlines; *\"\r\n"
		"\r\n**********2345;\"say \"\"hi\"\"\"\r\n"
		"*********2345;short\r\n"
		"\"******** **3456\";last");
}

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	(void)snprintf(ctx, 512, "%s|%s", v->serial, v->note);
	return true;
}

static void
words_beside_the_pin_do_not_tell_it(void **state)
{
	struct inbox *f = *state;
	char words[512] = "";
	const struct ledger_voucher_filter filter = {.batch = 1, .state = -1};

	inbox_drop(f, "a.csv",
		"# operator: simtel\n# note: old 98765432109876, 2026-11-22\n"
		"pin,serial,note\n"
		"12345678901234,X12345678901234,is 1234567890 and "
		"55555555555555\n");
	inbox_run(f);
	assert_int_equal(ledger_each_voucher(
				 f->purse->ledger, &filter, on_voucher, words),
		0);
	assert_string_equal(
		words, "X**********1234|is ********** and **********5555");
	inbox_has_nowhere(f, "12345678901234");
	inbox_has_nowhere(f, "98765432109876");
	inbox_has_nowhere(f, "55555555555555");
}

/* ---- refused ----------------------------------------------------------- */

static void
file_that_is_refused_lies_sealed_in_failed(void **state)
{
	static const struct {
		const char *name, *text, *reason;
	} cases[] = {
		{"empty.csv", "", "it cannot be understood: "},
		{"bare.csv", "pin\n", "it has no rows"},
		{"none.txt", "\n\n", "it has no rows"},
		{"cards.pdf", "12345678901234\n",
			"neither in .csv nor in .txt"},
		{"columns.csv", "serial,amount\nS1,100\n",
			"it cannot be understood: "},
		{"simtel-1-bad.txt", "1234567890123\n", "it has no good row"},
		{"simtel-1-half.txt",
			"12345678901234\n1234567890123\n123456789012\n",
			"more than half of its rows are bad: 2 of 3"},
	};
	struct inbox *f = *state;
	char name[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		inbox_drop(f, cases[i].name, cases[i].text);
		inbox_run(f);
		(void)snprintf(
			name, sizeof(name), "failed/%s.reason", cases[i].name);
		if (!strstr(inbox_get(f, name), cases[i].reason))
			print_message("%s\n", inbox_get(f, name));
		assert_non_null(strstr(inbox_get(f, name), cases[i].reason));
		assert_int_equal(inbox_batches(f), 0);
		assert_int_equal(inbox_vouchers(f), 0);
	}
	assert_non_null(strstr(inbox_get(f, "failed/simtel-1-half.txt.reason"),
		"line 2: the PIN has not the operator's form\n"
		"line 3: the PIN has not the operator's form\n"));
	inbox_has_nowhere(f, "1234567890123");
	purse_is_sound(f->purse);
}

static void
sealed_file_comes_back_byte_by_byte(void **state)
{
	static const char text[] = "not\0a batch 12345678901234\n\xff";
	struct inbox *f = *state;
	int sealed, plain = memory_file("");
	char back[64];

	inbox_drop_bytes(f, "junk.bin", text, sizeof(text));
	inbox_run(f);
	sealed = open(inbox_path(f, "failed/junk.bin.sealed"), O_RDONLY);
	assert_true(sealed >= 0);
	assert_int_equal(vault_unseal_file(f->purse->vault, sealed, plain), 0);
	assert_int_equal(pread(plain, back, sizeof(back), 0), sizeof(text));
	assert_memory_equal(back, text, sizeof(text));
	close(sealed);
	close(plain);
	inbox_has_nowhere(f, "12345678901234");
}

static void
same_bytes_are_taken_once(void **state)
{
	struct inbox *f = *state;

	inbox_drop(f, "simtel-1-a.txt", "12345678901234\n");
	inbox_run(f);
	inbox_drop(f, "simtel-1-b.txt", "12345678901234\n");
	inbox_drop(f, "simtel-1-a.txt", "12345678901234\n");
	inbox_run(f);
	inbox_drop(f, "simtel-1-a.txt", "12345678901234\n");
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1);
	assert_non_null(strstr(inbox_get(f, "failed/simtel-1-b.txt.reason"),
		"the same file was accepted as batch 1"));
	assert_non_null(strstr(inbox_get(f, "failed/simtel-1-a.txt.reason"),
		"the same file was accepted as batch 1"));
	assert_non_null(strstr(inbox_get(f, "failed/simtel-1-a.txt.2.reason"),
		"the same file was accepted as batch 1"));
}

static void
cancel(struct inbox *f, int64_t batch, int64_t voucher)
{
	struct ledger_op op = purse_op(f->purse, LEDGER_BATCH_MOVE);

	op.u.batch_move.batch = batch;
	op.u.batch_move.event = VOUCHER_CANCEL;
	if (voucher != 0)
		op = purse_move(f->purse, voucher, VOUCHER_CANCEL);
	(void)purse_must(f->purse, &op);
}

static void
file_may_come_again_once_all_of_its_batch_was_cancelled(void **state)
{
	static const char text[] = "12345678901234\n23456789012345\n";
	struct inbox *f = *state;

	inbox_drop(f, "simtel-1-a.txt", text);
	inbox_run(f);
	cancel(f, 1, purse_voucher(f->purse, 1, 1));
	inbox_drop(f, "simtel-1-a.txt", text);
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1); /* one of it is ready */
	assert_non_null(strstr(inbox_get(f, "failed/simtel-1-a.txt.reason"),
		"the same file was accepted as batch 1"));
	cancel(f, 1, 0);
	inbox_drop(f, "simtel-1-a.txt", text);
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 2);
	assert_string_not_equal(
		inbox_get(f, "done/2-simtel-1-a.txt"), "(none)");
	assert_int_equal(purse_batch_now(f->purse, 2).rows, 2);
	purse_is_sound(f->purse);
}

static void
pin_of_a_cancelled_voucher_may_come_in_another_file(void **state)
{
	struct inbox *f = *state;
	int64_t flown;

	inbox_drop(f, "simtel-1-a.txt",
		"12345678901234\n23456789012345\n34567890123456\n");
	inbox_run(f);
	cancel(f, 1, purse_voucher(f->purse, 1, 1));
	/* On air once, it is known for ever. */
	flown = purse_voucher(f->purse, 1, 2);
	purse_end(f->purse, purse_dial(f->purse, flown), LEDGER_ANSWERED,
		VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
	inbox_drop(f, "simtel-1-b.txt",
		"12345678901234\n23456789012345\n45678901234567\n");
	inbox_run(f);
	assert_int_equal(purse_batch_now(f->purse, 2).rows, 2);
	assert_int_equal(purse_batch_now(f->purse, 2).faults, 1);
	purse_is_sound(f->purse);
}

static void
batch_of_thousands_that_is_held_is_held_whole(void **state)
{
	enum { ROWS = LEDGER_SLICE_ROWS + 500 };
	struct inbox *f = *state;
	char *text = malloc(ROWS * 16), *p = text;

	assert_non_null(text);
	for (int i = 0; i < ROWS; i++)
		p += sprintf(p, "1%013d\n", i);
	inbox_drop(f, "simtel-1-counted.txt", text);
	inbox_run(f);
	assert_int_equal(
		purse_batch_now(f->purse, 1).counts[VOUCHER_HELD], ROWS);
	purse_is_sound(f->purse);
	free(text);
}

/* ---- submitted --------------------------------------------------------- */

static void
submitted_batch_is_told_once_it_is_on_disk(void **state)
{
	struct inbox *f = *state;
	struct intake_defaults defaults = {.operator= "simtel",
		.amount = "100",
		.target = "0712345678",
		.modem = "shop1"};
	struct ledger_batch b;

	assert_int_equal(
		intake_submit(f->intake, memory_file("12345678901234"),
			"counter.txt", "uid:7(ann)", &defaults, on_result, f),
		0);
	assert_true(intake_is_busy(f->intake));
	assert_int_equal(f->results, 0);
	inbox_run(f);
	assert_int_equal(f->results, 1);
	assert_int_equal(f->result.batch, 1);
	assert_int_equal(f->result.rows, 1);
	b = purse_batch_now(f->purse, 1);
	assert_false(b.from_spool);
	assert_true(b.retired);
	assert_int_equal(purse_card(f->purse, purse_voucher(f->purse, 1, 1))
				 .v.amount_minor,
		10000);
	assert_string_equal(
		inbox_get(f, "done/1-counter.txt"), "**********1234");
	inbox_has_nowhere(f, "12345678901234");
}

static void
submitted_batch_that_is_refused_says_why_and_leaves_nothing(void **state)
{
	struct inbox *f = *state;

	assert_int_equal(intake_submit(f->intake, memory_file("123\n"), "a.txt",
				 "uid:7(ann)", &no_defaults, on_result, f),
		0);
	inbox_run(f);
	assert_int_equal(f->results, 1);
	assert_int_equal(f->result.batch, 0);
	assert_string_equal(
		f->reason, "it has no good row (line 1: no operator)");
	assert_string_equal(inbox_get(f, "failed/a.txt.reason"), "(none)");
	assert_int_equal(inbox_batches(f), 0);
}

static void
submission_that_cannot_be_taken_is_refused_at_once(void **state)
{
	struct inbox *f = *state;
	int pipes[2], taken = 0, rc = 0;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(intake_submit(f->intake, pipes[0], "a.txt", "ann",
				 &no_defaults, on_result, f),
		-ESPIPE);
	assert_int_equal(fcntl(pipes[0], F_GETFD), -1); /* closed */
	close(pipes[1]);
	while (rc == 0 && taken < 1000) {
		rc = intake_submit(f->intake, memory_file("x"), "a.txt", "ann",
			&no_defaults, on_result, f);
		taken += rc == 0;
	}
	assert_int_equal(rc, -EBUSY);
	assert_int_equal(taken, INTAKE_SUBMITTED_MAX);
	intake_forget(f->intake, f);
	inbox_run(f);
	assert_int_equal(f->results, 0);
}

static void
on_order(void *ctx, const struct intake_result *result)
{
	struct inbox *f = ctx;

	(void)result;
	/* The files of the spool still wait. */
	assert_true(spool_has_incoming(f->spool));
	f->results++;
}

static void
people_do_not_wait_for_files(void **state)
{
	struct inbox *f = *state;

	inbox_drop(f, "simtel-1-a.txt", "12345678901234\n");
	inbox_drop(f, "simtel-1-b.txt", "22345678901234\n");
	intake_on_file(f->intake, "simtel-1-a.txt");
	intake_on_file(f->intake, "simtel-1-b.txt");
	intake_on_file(f->intake, "simtel-1-b.txt");
	assert_int_equal(
		intake_submit(f->intake, memory_file("x"), "simtel-1-x.txt",
			"ann", &no_defaults, on_order, f),
		0);
	inbox_run(f);
	assert_int_equal(f->results, 1);
	assert_int_equal(inbox_batches(f), 2);
}

static void
names_beyond_the_queue_come_with_the_next_scan(void **state)
{
	struct inbox *f = *state;
	char name[32];

	for (int i = 0; i < INTAKE_FILES_MAX + 10; i++) {
		(void)snprintf(name, sizeof(name), "gone%d.txt", i);
		intake_on_file(f->intake, name);
	}
	inbox_put(f, "incoming/simtel-1-a.txt", "12345678901234\n", 15);
	intake_on_file(f->intake, "simtel-1-a.txt");
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, inbox_setup, inbox_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(good_file_moves_to_the_ledger_and_its_masked_rows_to_done),
		CASE(pin_in_the_name_of_a_file_is_shown_nowhere),
		CASE(pin_in_the_groups_of_a_card_is_shown_nowhere_in_a_name),
		CASE(bad_rows_are_listed_and_the_good_go_on),
		CASE(file_of_a_spreadsheet_keeps_its_rows_in_done),
		CASE(words_beside_the_pin_do_not_tell_it),
		CASE(rows_that_look_wrong_together_are_held),
		CASE(numbers_follow_one_another_also_over_nines),
		CASE(file_that_is_refused_lies_sealed_in_failed),
		CASE(sealed_file_comes_back_byte_by_byte),
		CASE(same_bytes_are_taken_once),
		CASE(file_may_come_again_once_all_of_its_batch_was_cancelled),
		CASE(pin_of_a_cancelled_voucher_may_come_in_another_file),
		CASE(batch_of_thousands_that_is_held_is_held_whole),
		CASE(submitted_batch_is_told_once_it_is_on_disk),
		CASE(submitted_batch_that_is_refused_says_why_and_leaves_nothing),
		CASE(submission_that_cannot_be_taken_is_refused_at_once),
		CASE(people_do_not_wait_for_files),
		CASE(names_beyond_the_queue_come_with_the_next_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
