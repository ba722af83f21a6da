/*
 * Who may do what, on the real binaries: root, the daemon's user, a member of
 * its group and a stranger, each a number that nobody has. It takes root.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"
#include "tests/support/hunt.h"
#include "tests/support/knock.h"

enum { DAEMON = 61001, GROUP = 61001, MEMBER = 61002, STRANGER = 61003 };

enum { CARDS = 4, HELD_CARD = 10, HOSTILE_CARD = 20, PINS = 60 };

static const struct knock_who root = {0, 0};
static const struct knock_who daemon_user = {DAEMON, GROUP};
static const struct knock_who member = {MEMBER, GROUP};
static const struct knock_who stranger = {STRANGER, STRANGER};

/* ---- a house of somebody else -------------------------------------------- */

static void
give(struct house *h, const char *what, mode_t mode)
{
	const char *path = house_path(h, "%s", what);
	assert_int_equal(chown(path, DAEMON, GROUP), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
start(struct house *h)
{
	h->daemon_uid = DAEMON;
	h->daemon_gid = GROUP;
	assert_int_equal(chmod(h->dir, 0755), 0);
	give(h, "state", 0750);
	give(h, "spool", 0755);
	give(h, "run", 0755);
	give(h, "operators", 0755);
	/* The daemon makes it. */
	assert_int_equal(rmdir(house_path(h, "spool/incoming")), 0);
	assert_int_equal(chmod(house_path(h, "log.sock"), 0666), 0);
	house_add_cards(h, 0, CARDS);
	house_add_modem(h, "m1", "huawei", "{\"transport\": \"tcp\"}");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* One card loaded, and one held: never on air. */
static void
load_some(struct house *h)
{
	char text[512] = "# operator: simtel\npin,serial\n";
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		"%s,S0\n%s,S1\n", house_pin(0), house_pin(1));
	house_submit(h, "first.csv", text);
	snprintf(text, sizeof(text), "%ld", house_voucher_id(h, "S1"));
	assert_int_equal(house_ctl(h, "hold", text, NULL), 0);
	assert_int_equal(house_ctl(h, "resume", NULL), 0);
	house_until_state(h, "S0", "loaded");
	(void)house_until_file(h, "spool/reports", "1-first.csv");
}

static int
begin(struct house *h)
{
	if (geteuid() != 0)
		return -1;
	start(h);
	load_some(h);
	return 0;
}

/* As root only: nobody else can be four people. */
#define BEGIN_OR_SKIP(h)                                                       \
	do {                                                                   \
		if (begin(h) != 0) {                                           \
			(h)->done = true;                                      \
			skip();                                                \
		}                                                              \
	} while (0)

static bool
says(const char *answer, const char *part)
{
	return strstr(answer, part) != NULL;
}

/* ---- commands ------------------------------------------------------------ */

static const char for_admins[] = "is for root and the user of topupd";

/* All that is an admin's; what they ask for is not there, so that nothing
 * happens when they may. */
static const char *const admin_commands[] = {
	"{\"command\":\"ussd\",\"args\":{\"modem\":\"m9\",\"code\":\"*1#\"}}",
	"{\"command\":\"sms\",\"args\":{\"modem\":\"m9\",\"number\":\"121\","
	"\"text\":\"BAL\"}}",
	"{\"command\":\"resolve\",\"args\":{\"id\":999,\"how\":\"retry\","
	"\"note\":\"n\"}}",
	"{\"command\":\"unlock\",\"args\":{\"what\":\"m9\"}}",
	"{\"command\":\"reload\"}",
	"{\"command\":\"backup\"}",
	"{\"command\":\"record\",\"args\":{\"modem\":\"m9\"}}",
	"{\"command\":\"reveal\",\"args\":{\"ids\":[999]}}",
	"{\"command\":\"retrieve\",\"args\":{\"name\":\"none.csv\"}}",
};

static const char *const member_commands[] = {
	"{\"command\":\"status\"}",
	"{\"command\":\"modems\"}",
	"{\"command\":\"batches\"}",
	"{\"command\":\"batch\",\"args\":{\"id\":1}}",
	"{\"command\":\"vouchers\"}",
	"{\"command\":\"voucher\",\"args\":{\"id\":1}}",
	"{\"command\":\"audit\"}",
	"{\"command\":\"inbox\"}",
	"{\"command\":\"reconcile\"}",
	"{\"command\":\"balance\",\"args\":{\"modem\":\"m1\"}}",
	"{\"command\":\"hold\",\"args\":{\"batch\":1}}",
	"{\"command\":\"pause\",\"args\":{\"modem\":\"m1\"}}",
	"{\"command\":\"resume\",\"args\":{\"modem\":\"m1\"}}",
};

static void
a_member_is_refused_what_is_an_admins(void **state)
{
	struct house *h = *state;
	BEGIN_OR_SKIP(h);
	for (size_t i = 0; i < sizeof(admin_commands) / sizeof(char *); i++) {
		const char *line = admin_commands[i];
		char *as_member = knock(h, member, line);
		char *as_user = knock(h, daemon_user, line);
		char *as_root = knock(h, root, line);
		char *as_stranger = knock(h, stranger, line);
		bool right = says(as_member, for_admins) &&
		             says(as_member, "\"exit\":1") &&
		             says(as_user, "\"exit\"") &&
		             !says(as_user, for_admins) &&
		             says(as_root, "\"exit\"") &&
		             !says(as_root, for_admins) &&
		             as_stranger[0] == '\0';
		if (!right)
			fail_msg("%s: member %s, user %s, root %s, stranger %s",
				line, as_member, as_user, as_root, as_stranger);
		free(as_member);
		free(as_user);
		free(as_root);
		free(as_stranger);
	}
	house_done(h);
}

static void
a_member_may_what_the_contract_gives_him_and_a_stranger_nothing(void **state)
{
	struct house *h = *state;
	BEGIN_OR_SKIP(h);
	for (size_t i = 0; i < sizeof(member_commands) / sizeof(char *); i++) {
		char *as_member = knock(h, member, member_commands[i]);
		char *as_stranger = knock(h, stranger, member_commands[i]);
		if (says(as_member, "\"error\"") ||
			!says(as_member, "\"exit\"") || as_stranger[0] != '\0')
			fail_msg("%s: member %s, stranger %s",
				member_commands[i], as_member, as_stranger);
		free(as_member);
		free(as_stranger);
	}
	house_done(h);
}

/* The audit: who paused, in the order in which they did. */
static void
audit_names_who_asked(void **state)
{
	static const struct {
		const struct knock_who *who;
		const char *name;
	} rows[] = {{&root, "uid:0(root)"}, {&daemon_user, "uid:61001"},
		{&member, "uid:61002"}};
	struct house *h = *state;
	BEGIN_OR_SKIP(h);
	for (size_t i = 0; i < 3; i++) {
		free(knock(h, *rows[i].who, "{\"command\":\"pause\"}"));
		free(knock(h, *rows[i].who, "{\"command\":\"resume\"}"));
	}
	json_t *list = house_ask(h, "audit", NULL), *one;
	size_t n = json_array_size(list), i;
	assert_true(n > 6);
	for (i = 0; i < 6; i++) {
		one = json_array_get(list, n - 6 + i);
		assert_string_equal(house_text(one, "who"), rows[i / 2].name);
	}
	char *log = house_syslog(h);
	house_assert_contains(log, "who=\"uid:61002\"");
	free(log);
	house_done(h);
}

/* The PIN of a held card, and its end, are the admin's alone. */
static void
only_an_admin_sees_a_pin(void **state)
{
	struct house *h = *state;
	char line[128];
	BEGIN_OR_SKIP(h);
	snprintf(line, sizeof(line),
		"{\"command\":\"reveal\",\"args\":{\"ids\":[%ld]}}",
		house_voucher_id(h, "S1"));
	char *answer = knock(h, member, line);
	assert_true(says(answer, for_admins));
	free(answer);
	house_assert_voucher(h, "S1", "held", "person");
	answer = knock(h, daemon_user, line);
	assert_true(says(answer, house_pin(1)));
	free(answer);
	house_assert_voucher(h, "S1", "cancelled", "revealed");
	house_done(h);
}

/* ---- files --------------------------------------------------------------- */

enum act { READ, WRITE, MAKE, REMOVE, REPLACE_BY_LINK, LIST };

struct attempt {
	const char *path;
	enum act act;
	bool may; /* a member; a stranger may nothing of it */
};

static int
try_act(void *ctx)
{
	const struct attempt *a = ctx;
	char other[HOUSE_PATH_MAX + 16];
	int fd = -1;
	switch (a->act) {
	case READ:
		fd = open(a->path, O_RDONLY);
		return fd < 0;
	case LIST:
		fd = open(a->path, O_RDONLY | O_DIRECTORY);
		return fd < 0;
	case WRITE:
		fd = open(a->path, O_WRONLY | O_APPEND);
		return fd < 0;
	case MAKE:
		fd = open(a->path, O_WRONLY | O_CREAT | O_EXCL, 0660);
		return fd < 0;
	case REMOVE:
		return unlink(a->path) != 0;
	case REPLACE_BY_LINK:
		snprintf(other, sizeof(other), "%s.away", a->path);
		return rename(a->path, other) != 0 ||
		       symlink("/tmp", a->path) != 0;
	}
	return 99;
}

static const struct attempt file_acts[] = {
	{"spool/incoming/.mine.tmp", MAKE, true},
	{"spool/incoming", LIST, true},
	{"spool/reports", LIST, true},
	{"spool/reports/1-first.csv", READ, true},
	{"spool/reports/1-first.csv", WRITE, false},
	{"spool/reports/1-first.csv", REMOVE, false},
	{"spool/reports/new.csv", MAKE, false},
	{"spool/done", LIST, true},
	{"spool/done/1-first.csv", READ, true},
	{"spool/done/1-first.csv", WRITE, false},
	{"spool/done/1-first.csv", REMOVE, false},
	{"spool/done/new.csv", MAKE, false},
	{"spool/failed", LIST, true},
	{"spool/failed/new.csv", MAKE, false},
	{"spool/done", REPLACE_BY_LINK, false},
	{"spool/failed", REPLACE_BY_LINK, false},
	{"spool/reports", REPLACE_BY_LINK, false},
	{"spool/incoming", REPLACE_BY_LINK, false},
	{"spool/new", MAKE, false},
	{"state/pin.key", READ, false},
	{"state/pin.key", WRITE, false},
	{"state/ledger.db", READ, false},
	{"state/ledger.db", WRITE, false},
	{"state/new", MAKE, false},
	{"run/control.sock", REMOVE, false},
	{"run/new", MAKE, false},
};

static void
a_member_reads_reports_and_changes_nothing(void **state)
{
	struct house *h = *state;
	BEGIN_OR_SKIP(h);
	for (size_t i = 0; i < sizeof(file_acts) / sizeof(*file_acts); i++) {
		struct attempt a = file_acts[i];
		char path[HOUSE_PATH_MAX];
		snprintf(path, sizeof(path), "%s", house_path(h, "%s", a.path));
		a.path = path;
		/* First who may not: what he makes would be there. */
		if (knock_as(stranger, try_act, &a) == 0)
			fail_msg("a stranger may: %s, act %d", path, a.act);
		if ((knock_as(member, try_act, &a) == 0) != a.may)
			fail_msg("a member: %s, act %d", path, a.act);
	}
	house_done(h);
}

static void
folders_have_the_modes_of_the_contract(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
	} rows[] = {{"spool/incoming", 02770}, {"spool/done", 02750},
		{"spool/failed", 02750}, {"spool/reports", 02750},
		{"run/control.sock", 0660}, {"state/pin.key", 0400},
		{"state/ledger.db", 0600}};
	struct house *h = *state;
	struct stat st;
	char path[64];
	BEGIN_OR_SKIP(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			stat(house_path(h, "%s", rows[i].path), &st), 0);
		if ((st.st_mode & 07777) != rows[i].mode ||
			st.st_uid != DAEMON || st.st_gid != GROUP)
			fail_msg("%s is %o of %u:%u", rows[i].path,
				(unsigned)st.st_mode & 07777, st.st_uid,
				st.st_gid);
	}
	/* No process of its own user may look into it: it is root's. */
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)h->daemon);
	assert_int_equal(stat(path, &st), 0);
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(st.st_uid, 0);
#endif
	house_done(h);
}

/* ---- hostile members ----------------------------------------------------- */

/* What a member may ask for, with arguments that he should not have thought
 * of; CARD is a card that he has. None may end well, but for the name. */
static const struct {
	const char *request, *file;
	const char *answer; /* a part of it */
} hostile[] = {
	{"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\",\"operator\":"
	 "\"../../state/simtel\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"b.csv\",\"operator\":"
	 "\"simtel\",\"target\":\"*140*1#\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"c.csv\",\"operator\":"
	 "\"simtel\",\"target\":\"0800000011#\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"d.csv\",\"operator\":"
	 "\"simtel\",\"target\":\"0800000011*1\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"e.csv\",\"operator\":"
	 "\"simtel\",\"modem\":\"m1\\\",\\\"m2\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"f.csv\",\"operator\":"
	 "\"simtel\",\"amount\":\"-100\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"\",\"operator\":"
	 "\"simtel\"}}",
		"CARD", "exit\":2"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"../state/x.csv\"}}",
		"pin\n*140*1#\n", "exit\":2"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"g.csv\",\"operator\":"
	 "\"simtel\"}}",
		"pin\n*121*1#\n", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"h.csv\",\"operator\":"
	 "\"simtel\"}}",
		"pin,target\nCARD,*140#\n", "exit\":1"},
	{"{\"command\":\"submit\",\"args\":{\"name\":\"i.csv\"}}", NULL,
		"exit\":2"},
	{"{\"command\":\"load\",\"args\":{\"to\":\"*140*1#\",\"operator\":"
	 "\"simtel\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"load\",\"args\":{\"to\":\"0800000011#\",\"operator\":"
	 "\"simtel\"}}",
		"CARD", "exit\":1"},
	{"{\"command\":\"load\",\"args\":{\"operator\":\"simtel\"}}",
		"*140*1#\n", "exit\":1"},
	{"{\"command\":\"balance\",\"args\":{\"modem\":\"*140*1#\"}}", NULL,
		"exit\":1"},
	{"{\"command\":\"balance\",\"args\":{\"modem\":\"m1\",\"code\":"
	 "\"*140*1#\"}}",
		NULL, "exit\":2"},
	{"{\"command\":\"hold\",\"args\":{\"ids\":[-1]}}", NULL, "exit\":2"},
	{"{\"command\":\"hold\",\"args\":{\"ids\":[1e3]}}", NULL, "exit\":2"},
	{"{\"command\":\"release\",\"args\":{\"batch\":-1}}", NULL, "exit\":2"},
	{"{\"command\":\"cancel\",\"args\":{\"ids\":[1]}}", NULL, "exit\":1"},
	{"{\"command\":\"voucher\",\"args\":{\"id\":\"1 OR 1=1\"}}", NULL,
		"exit\":2"},
	{"{\"command\":\"vouchers\",\"args\":{\"state\":\"x' OR '1'='1\"}}",
		NULL, "exit\":2"},
	{"{\"command\":\"inbox\",\"args\":{\"modem\":\"../m1\"}}", NULL,
		"exit\":"},
	{"{\"command\":\"pause\",\"args\":{\"modem\":\"m1\\nm2\"}}", NULL,
		"exit\":1"},
	{"{\"command\":\"ussd\",\"args\":{\"modem\":\"m1\",\"code\":"
	 "\"*140*1#\"}}",
		NULL, "is for root"},
	{"{\"command\":\"load\",\"command\":\"reveal\",\"args\":{\"ids\":[1]}}",
		NULL, "exit\":2"},
	{"{\"command\":\"Reveal\",\"args\":{\"ids\":[1]}}", NULL, "exit\":2"},
	{"{\"command\":\"reveal \",\"args\":{\"ids\":[1]}}", NULL, "exit\":2"},
	{"{\"command\":\"reveal\",\"admin\":true,\"args\":{\"ids\":[1]}}", NULL,
		"exit\":2"},
	{"{\"command\":\"status\",\"who\":\"uid:0(root)\"}", NULL, "exit\":2"},
};

/* The file of a row, with a card of its own in it. */
static void
fill(unsigned i, char *text, size_t cap)
{
	const char *file = hostile[i].file;
	const char *card = strstr(file, "CARD");
	const char *voucher_pin = house_pin(HOSTILE_CARD + i);
	bool head = strstr(hostile[i].request, "\"submit\"") != NULL;
	if (card == NULL)
		snprintf(text, cap, "%s", file);
	else if (strcmp(file, "CARD") != 0)
		snprintf(text, cap, "%.*s%s%s", (int)(card - file), file,
			voucher_pin, card + 4);
	else
		snprintf(text, cap, "%s%s\n", head ? "pin\n" : "", voucher_pin);
}

static void
on_find(void *ctx, const struct hunt_find *find)
{
	unsigned *count = ctx;
	(*count)++;
	print_message("%s (%s): %s\n", find->where, find->form, find->around);
}

/* Codes that the network got are the profile's, for accounts of the batch. */
static void
assert_only_codes_of_the_profile(struct house *h)
{
	json_t *truth = house_truth(h), *one;
	size_t i, codes = 0;
	json_array_foreach(truth, i, one)
	{
		const char *code = house_text(one, "code");
		char first[64];
		if (strcmp(house_text(one, "event"), "request") != 0)
			continue;
		codes++;
		snprintf(first, sizeof(first), "*121*%s#", house_pin(0));
		if (strcmp(code, "*123#") != 0 && strcmp(code, first) != 0)
			fail_msg("a code of nobody's profile: %s", code);
	}
	json_decref(truth);
	assert_true(codes > 0);
}

static void
nothing_a_member_asks_for_reaches_a_pin_or_another_code(void **state)
{
	struct house *h = *state;
	BEGIN_OR_SKIP(h);
	for (unsigned i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char text[256], *answer;
		if (hostile[i].file != NULL) {
			fill(i, text, sizeof(text));
			answer =
				knock_with(h, member, hostile[i].request, text);
		} else {
			answer = knock(h, member, hostile[i].request);
		}
		if (!says(answer, hostile[i].answer))
			fail_msg("%s: %s", hostile[i].request, answer);
		free(answer);
	}
	assert_only_codes_of_the_profile(h);
	static const char *const own[] = {"/sim/", "/cards/", NULL};
	struct hunt *hunt = hunt_new();
	unsigned found = 0;
	for (unsigned i = 0; i < PINS; i++)
		hunt_add(hunt, house_pin(i));
	assert_true(hunt_files(hunt, h->dir, own, on_find, &found) > 0);
	hunt_free(hunt);
	assert_int_equal(found, 0);
	house_assert_voucher(h, "S0", "loaded", "");
	house_assert_voucher(h, "S1", "held", "person");
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(a_member_is_refused_what_is_an_admins),
		HOUSE_TEST(
			a_member_may_what_the_contract_gives_him_and_a_stranger_nothing),
		HOUSE_TEST(audit_names_who_asked),
		HOUSE_TEST(only_an_admin_sees_a_pin),
		HOUSE_TEST(a_member_reads_reports_and_changes_nothing),
		HOUSE_TEST(folders_have_the_modes_of_the_contract),
		HOUSE_TEST(
			nothing_a_member_asks_for_reaches_a_pin_or_another_code),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
