/* profile_folder: which profiles are taken, and whether the shipped ones fit
 * the texts that they were made from. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/problem.h"
#include "agent/profile_folder.h"

#define BASE "[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = credited\n"

static char folder[] = "/tmp/topup-profile-XXXXXX";

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *
write_file(const char *name, const void *bytes, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void
write_profile(const char *name, const char *mcc_mnc, const char *title)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
		"[operator]\nname = %s\nmcc_mnc = %s\n" BASE, title, mcc_mnc);

	(void)write_file(name, text, (size_t)len);
}

static void
first_folder_hides_what_the_second_has_of_that_name(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct profile *p = NULL;
	char own[256];
	char shipped[256];

	(void)snprintf(own, sizeof(own), "%s/own", folder);
	(void)snprintf(shipped, sizeof(shipped), "%s/shipped", folder);
	assert_int_equal(mkdir(own, 0700), 0);
	assert_int_equal(mkdir(shipped, 0700), 0);
	write_profile("own/SimTel.ini", "00101", "mine");
	write_profile("shipped/simtel.ini", "00102", "theirs");
	write_profile("shipped/other.ini", "00101, 310260", "other");
	write_profile("shipped/third.ini", "310260, 31026", "third");
	write_profile("shipped/.hidden.ini", "1", "hidden");
	write_profile("shipped/readme.txt", "1", "text");
	write_profile("shipped/x.ini~", "1", "left by an editor");
	struct profiles *set = profiles_read(own, shipped, problems);

	assert_null(problems_line(problems, 0));
	assert_int_equal(set->count, 3);
	p = profiles_find(set, span_str("SIMtel"));
	assert_string_equal(p->name, "mine");
	assert_string_equal(p->stem, "simtel");
	assert_null(profiles_find(set, span_str("sim")));
	assert_null(profiles_find(set, span_str("simtel2")));
	assert_null(profiles_find(set, span_str("")));
	assert_int_equal(
		profiles_of_imsi(set, span_str("310260123456789"), &p), 2);
	assert_string_equal(p->name, "other");
	assert_int_equal(
		profiles_of_imsi(set, span_str("310261123456789"), &p), 1);
	assert_string_equal(p->name, "third");
	assert_int_equal(
		profiles_of_imsi(set, span_str("001020000000001"), &p), 0);
	assert_int_equal(profiles_of_imsi(set, span_str(""), &p), 0);
	profiles_free(set);
	/* a broken one of one's own is not replaced by the shipped one */
	write_profile("own/SimTel.ini", "1", "mine");
	set = profiles_read(own, shipped, problems);
	assert_int_equal(set->count, 2);
	assert_int_equal(problems_errors(problems), 1);
	assert_null(profiles_find(set, span_str("simtel")));
	profiles_free(set);
	profiles_free(NULL);
	problems_free(problems);
}

static void
missing_folder_of_ones_own_is_told_a_missing_second_is_not(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct profiles *set =
		profiles_read(path_of("none"), path_of("neither"), problems);

	assert_int_equal(set->count, 0);
	assert_int_equal(problems_errors(problems), 1);
	assert_non_null(strstr(problems_line(problems, 0),
		"none: cannot be read: No such file"));
	profiles_free(set);
	set = profiles_read(
		path_of("shipped"), write_file("file", "", 0), problems);
	assert_int_equal(set->count, 3);
	assert_int_equal(problems_errors(problems), 2);
	assert_non_null(strstr(problems_line(problems, 1),
		"file: cannot be read: Not a directory"));
	profiles_free(set);
	problems_free(problems);
}

static void
two_files_of_one_stem_in_a_folder_are_refused(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	char dir[256];

	(void)snprintf(dir, sizeof(dir), "%s/twins", folder);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_profile("twins/a.ini", "00101", "one");
	write_profile("twins/A.ini", "00101", "two");
	struct profiles *set = profiles_read(dir, NULL, problems);

	assert_int_equal(set->count, 1);
	assert_int_equal(problems_errors(problems), 1);
	assert_non_null(strstr(problems_line(problems, 0),
		"A.ini and a.ini are one operator"));
	profiles_free(set);
	problems_free(problems);
}

/* tests/sim/DESIGN.md */
static const struct {
	const char *text;
	enum verdict verdict;
	const char *amount;
	const char *balance;
} simulated[] = {
	{"You have been credited with 100.00 XTS. Your balance is "
	 "250.00 XTS.",
		VERDICT_LOADED, "100.00", "250.00"},
	{"0800000099 has been credited with 1,100.00 XTS.", VERDICT_LOADED,
		"1,100.00", ""},
	{"Invalid voucher. Please check the number.", VERDICT_INVALID, "", ""},
	{"Voucher already used.", VERDICT_USED, "", ""},
	{"Voucher already used by you.", VERDICT_USED_BY_ME, "", ""},
	{"This voucher has expired.", VERDICT_EXPIRED, "", ""},
	{"This voucher is blocked.", VERDICT_CARD_BLOCKED, "", ""},
	{"Too many wrong attempts. Recharge is barred.", VERDICT_SIM_BLOCKED,
		"", ""},
	{"Service busy, please try again later.", VERDICT_BUSY, "", ""},
	{"Request received. You will receive an SMS.", VERDICT_PENDING, "", ""},
	{"Your balance is 250.00 XTS.", VERDICT_NONE, "", "250.00"},
	{"Enter the voucher number", VERDICT_NONE, "", ""},
	{"1. Confirm 2. Cancel", VERDICT_NONE, "", ""},
	{"hello", VERDICT_NONE, "", ""},
};

static void
shipped_profiles_pass_and_simtel_reads_the_simulators_texts(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct profiles *set = profiles_read("conf/operators", NULL, problems);

	if (problems_line(problems, 0))
		fail_msg("%s", problems_line(problems, 0));
	assert_true(set->count >= 4);
	struct profile *p = profiles_find(set, span_str("simtel"));

	for (size_t i = 0; i < sizeof(simulated) / sizeof(simulated[0]); i++) {
		struct classify_result r;

		classifier_read(p->reply, span_str(simulated[i].text), &r);
		if (r.verdict != simulated[i].verdict)
			fail_msg("%s: %s", simulated[i].text,
				verdict_name(r.verdict));
		assert_string_equal(r.groups.amount, simulated[i].amount);
		assert_string_equal(r.groups.balance, simulated[i].balance);
		assert_int_equal(
			r.balance_matched, simulated[i].balance[0] != 0);
	}
	assert_true(expression_matches(
		p->menu[0].screen, span_str("Enter the voucher number")));
	assert_true(expression_matches(
		p->menu[1].screen, span_str("1. Confirm 2. Cancel")));
	assert_true(profile_takes_pin(p, span_str("12345678901234")));
	assert_true(profile_takes_msisdn(p, span_str("0800000011")));
	profiles_free(set);
	problems_free(problems);
}

/* Texts as real operators sent them. */
static const struct {
	const char *stem;
	const char *text;
	enum verdict verdict;
	int64_t amount;
	int64_t balance;
} real[] = {
	{"mtn-gh",
		"You have recharged 5.50 GHC.New Balance is 5.84 GHC "
		"remember to start with 024 or 054 when you call an "
		"MTN number.Enjoy 40% discount with MTN Family&Friends",
		VERDICT_LOADED, 550, 584},
	{"mtn-gh",
		"Your Balance is 5.84 Ghana Cedi(s),and your bonus "
		"account is 0.00.Simply keep your line active before "
		"Sep 25 2009 to keep your number forever.",
		VERDICT_NONE, MONEY_NONE, 584},
	{"mtn-za",
		"Your account has been recharged with R30.00 airtime\n"
		"Brought to you by MTN.",
		VERDICT_LOADED, 3000, MONEY_NONE},
	{"mtn-za",
		"Y'ello, you have\nR6.29 airtime \n0 SMS(s) and\n4.20 "
		"MB data.\nYou are on MTN Zone. Please dial *141*1# "
		"for detailed balances.\nBrought to you by MTN.",
		VERDICT_NONE, MONEY_NONE, 629},
	{"grameenphone",
		"You have Successfully recharged with amount 20.00 "
		"BDT.Transaction ID is BD0302251920221387XX. Visit "
		"MyGP to get attractive cashback on recharge",
		VERDICT_LOADED, 2000, MONEY_NONE},
	{"grameenphone", "Sorry this scratch ", VERDICT_REFUSED, MONEY_NONE,
		MONEY_NONE},
	{"viettel",
		"Thao tac khong thanh cong. 2 giao dich Nap the ho "
		"can phai cach nhau toi thieu 1 phut",
		VERDICT_BUSY, MONEY_NONE, MONEY_NONE},
	{"viettel", "Ung dung khong thuc hien duoc", VERDICT_BUSY, MONEY_NONE,
		MONEY_NONE},
	{"viettel",
		"Thao tac khong thanh cong. Quy khach chi duoc thuc "
		"hien toi da 5",
		VERDICT_SIM_BLOCKED, MONEY_NONE, MONEY_NONE},
	{"viettel",
		"Quy khach khong the su dung dich vu do nhap sai ma "
		"so the nap qua 3",
		VERDICT_SIM_BLOCKED, MONEY_NONE, MONEY_NONE},
	{"viettel",
		"Quy khach khong the su dung dich vu do nhap sai qua "
		"5 lan",
		VERDICT_SIM_BLOCKED, MONEY_NONE, MONEY_NONE},
	{"viettel", "Tai khoan Quy khach bi khoa do nhap sai ma so",
		VERDICT_SIM_BLOCKED, MONEY_NONE, MONEY_NONE},
	{"viettel",
		"Giao dich khong thanh cong, thue bao duoc nap the "
		"khong phai la thue bao tra truoc hoac thue bao khong "
		"ton tai",
		VERDICT_NOT_NOW, MONEY_NONE, MONEY_NONE},
	{"viettel", "The cao cua Quy khach da duoc chap nhan", VERDICT_PENDING,
		MONEY_NONE, MONEY_NONE},
	{"viettel", "khong hop le hoac da duoc su dung", VERDICT_REFUSED,
		MONEY_NONE, MONEY_NONE},
	{"viettel", "Nap the thanh cong (Successful refill)", VERDICT_LOADED,
		MONEY_NONE, MONEY_NONE},
	{"viettel", "TK goc la 50.000", VERDICT_NONE, MONEY_NONE, 50000},
	{"viettel", "Dich vu Chuyen tai khoan - Ishare", VERDICT_NONE,
		MONEY_NONE, MONEY_NONE},
};

static void
shipped_profiles_read_the_texts_they_were_made_from(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct profiles *set = profiles_read("conf/operators", NULL, problems);

	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
		struct profile *p = profiles_find(set, span_str(real[i].stem));
		struct classify_result r;
		int64_t amount = MONEY_NONE;
		int64_t balance = MONEY_NONE;

		assert_non_null(p);
		classifier_read(p->reply, span_str(real[i].text), &r);
		(void)money_parse(span_str(r.groups.amount), p->number_format,
			p->decimals, &amount);
		(void)money_parse(span_str(r.groups.balance), p->number_format,
			p->decimals, &balance);
		if (r.verdict != real[i].verdict || amount != real[i].amount ||
			balance != real[i].balance)
			fail_msg("%s: %s, '%s', '%s'", real[i].text,
				verdict_name(r.verdict), r.groups.amount,
				r.groups.balance);
	}
	profiles_free(set);
	problems_free(problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			first_folder_hides_what_the_second_has_of_that_name),
		cmocka_unit_test(
			missing_folder_of_ones_own_is_told_a_missing_second_is_not),
		cmocka_unit_test(two_files_of_one_stem_in_a_folder_are_refused),
		cmocka_unit_test(
			shipped_profiles_pass_and_simtel_reads_the_simulators_texts),
		cmocka_unit_test(
			shipped_profiles_read_the_texts_they_were_made_from),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
