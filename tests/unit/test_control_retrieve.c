/*
 * The control socket and topupctl: a refused file comes back byte by byte,
 * to who may have it, after the audit says so; and no name leads elsewhere.
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/control_private.h"
#include "agent/fleet.h"
#include "agent/intake.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"
#include "tests/support/desk.h"

enum { LARGE = 3 * 1000 * 1000 };

static char dir[32];
static struct spool *spool;
static struct intake *intake; /* both have nothing to do here */
static struct balance *balance;

static void
on_file(void *ctx, const char *name)
{
	(void)ctx, (void)name;
}

static int
set_up(void **state)
{
	char why[256];
	if (desk_setup(state) != 0)
		return -1;
	(void)strcpy(dir, "/tmp/test_retrieve.XXXXXX");
	assert_non_null(mkdtemp(dir));
	spool = spool_open(
		desk.loop, dir, (gid_t)-1, on_file, NULL, why, sizeof(why));
	assert_non_null(spool);
	intake = intake_new(&(struct intake_options){
		.loop = desk.loop, .turn = desk.turn, .spool = spool});
	balance = balance_new(
		desk.loop, desk.turn, &(struct fleet_idle){.fn = NULL});
	desk.control->parts.intake = intake;
	desk.control->parts.balance = balance;
	desk.control->parts.spool = spool;
	desk.control->parts.vault = desk.purse->vault;
	return 0;
}

static int
tear_down(void **state)
{
	char command[64];
	desk_turns();
	assert_null(desk.control->clients);
	intake_free(intake);
	balance_free(balance);
	spool_close(spool);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	return desk_teardown(state);
}

static int
memory_file(const void *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* As intake leaves it: failed/NAME.sealed. */
static void
refuse(const char *name, const void *bytes, size_t len)
{
	char sealed[SPOOL_NAME_MAX];
	int from = memory_file(bytes, len);
	spool_name(0, name, ".sealed", sealed);
	struct spool_file *file = spool_file_new(spool, SPOOL_FAILED, sealed);
	assert_non_null(file);
	assert_int_equal(
		vault_seal_file(desk.purse->vault, from, spool_file_fd(file)),
		0);
	assert_int_equal(spool_file_commit(file), 0);
	close(from);
}

static const char *
path(const char *name)
{
	static char paths[2][256];
	static unsigned next;
	char *out = paths[next++ % 2];
	(void)snprintf(out, sizeof(paths[0]), "%s/%s", dir, name);
	return out;
}

/* Asks with a descriptor; the connection. */
static int
begin(const char *name, int into)
{
	char line[1024];
	struct json *request = json_new_object(), *args = json_new_object();
	json_put_text(request, "command", "retrieve");
	json_put_text(args, "name", name);
	json_put(request, "args", args);
	char *text = json_print(request);
	(void)snprintf(line, sizeof(line), "%s\n", text);
	free(text);
	json_free(request);
	int fd = desk_connect();
	desk_tell_with(fd, line, into);
	return fd;
}

static const char *
ask(const char *name, int into)
{
	return desk_answer(begin(name, into));
}

static void
file_comes_back_byte_by_byte(void **state)
{
	static const char odd[] = "\xff\xfep\0i\0n\0\r\0\n\0"
				  "\0\x1b[31m\n\xe9";
	static const struct {
		const char *name;
		size_t len;
	} rows[] = {{"excel.csv", sizeof(odd)}, {"empty.csv", 0},
		{"a b\xc3\xa9;'\"$(x)`.csv.2", 3}, {"piece.txt", 4096},
		{"large.iso", LARGE}};
	char *bytes = calloc(1, LARGE), *back = malloc(LARGE + 1);
	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * 7919 >> 3);
	memcpy(bytes, odd, sizeof(odd));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int into = memory_file("", 0);
		refuse(rows[i].name, bytes, rows[i].len);
		const struct json *done = desk_done(ask(rows[i].name, into), 0);
		assert_string_equal(json_get_text(done, "name"), rows[i].name);
		assert_int_equal(desk_number(done, "bytes"), rows[i].len);
		assert_int_equal(pread(into, back, LARGE + 1, 0), rows[i].len);
		assert_memory_equal(back, bytes, rows[i].len);
		close(into);
	}
	free(bytes);
	free(back);
}

static void
audit_says_who_had_it_before_a_byte_of_it_leaves(void **state)
{
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	char who[32];
	int into = memory_file("", 0);
	(void)state;
	refuse("cards.csv", "12345678901234\n", 15);
	desk_fill_disk(true); /* nothing can be committed */
	int fd = begin("cards.csv", into);
	desk_turns();
	assert_non_null(turn_stuck(desk.turn));
	/* Not even tried: here each try would be its end. */
	assert_non_null(desk.control->clients->retrieval);
	desk_fill_disk(false);
	(void)desk_done(desk_answer(fd), 0);
	assert_int_equal(lseek(into, 0, SEEK_END), 15);
	purse_last_audit(desk.purse, event, note);
	assert_string_equal(event, "file.retrieved");
	assert_string_equal(note, "name=cards.csv");
	(void)desk_ask("{\"command\":\"audit\"}");
	(void)snprintf(
		who, sizeof(who), "\"who\":\"uid:%u", (unsigned)getuid());
	assert_non_null(strstr(strstr(desk.heard, "file.retrieved"), who));
	close(into);
}

static void
name_leads_nowhere_else(void **state)
{
	static const char *const names[] = {"../failed/cards.csv",
		"/etc/passwd", "..", ".", ".hidden", "cards.csv/",
		"./cards.csv", "none", "cards.csv.sealed", "cards", "link",
		"two", "fifo", "folder", "cards.csv\n"};
	int into = memory_file("", 0);
	int64_t head;
	char much[400];
	(void)state;
	refuse("cards.csv", "x", 1);
	refuse("hidden.csv", "x", 1);
	assert_int_equal(
		symlink("cards.csv.sealed", path("failed/link.sealed")), 0);
	assert_int_equal(rename(path("failed/hidden.csv.sealed"),
				 path("failed/two.sealed")),
		0);
	assert_int_equal(
		link(path("failed/two.sealed"), path("failed/three.sealed")),
		0);
	assert_int_equal(mkfifo(path("failed/fifo.sealed"), 0600), 0);
	assert_int_equal(mkdir(path("failed/folder.sealed"), 0700), 0);
	head = ledger_audit_head(desk.ledger);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *error = desk_error(ask(names[i], into), 1);
		if (strstr(error, "no refused file") == NULL)
			fail_msg("%s: %s", names[i], error);
	}
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	(void)desk_error(ask(much, into), 1);
	assert_int_equal(lseek(into, 0, SEEK_END), 0);
	assert_int_equal(ledger_audit_head(desk.ledger), head);
	close(into);
}

static void
damaged_or_foreign_file_is_said_to_be(void **state)
{
	int into = memory_file("", 0);
	(void)state;
	refuse("cut.csv", "12345678901234\n", 15);
	assert_int_equal(truncate(path("failed/cut.csv.sealed"), 40), 0);
	assert_non_null(strstr(desk_error(ask("cut.csv", into), 1), "damaged"));
	/* Where it cannot be written, that is said. */
	refuse("good.csv", "x", 1);
	int reading = open(path("failed/good.csv.sealed"), O_RDONLY);
	assert_non_null(strstr(
		desk_error(ask("good.csv", reading), 1), strerror(EBADF)));
	close(reading);
	close(into);
}

static void
request_without_a_plain_file_is_wrong_usage(void **state)
{
	int pipes[2];
	(void)state;
	refuse("cards.csv", "x", 1);
	(void)desk_error(desk_ask("{\"command\":\"retrieve\"}"), 2);
	(void)desk_error(desk_ask("{\"command\":\"retrieve\",\"args\":{"
				  "\"name\":\"cards.csv\"}}"),
		2);
	(void)desk_error(desk_ask("{\"command\":\"retrieve\",\"args\":{"
				  "\"name\":7}}"),
		2);
	assert_int_equal(pipe(pipes), 0);
	(void)desk_error(ask("cards.csv", pipes[1]), 2);
	close(pipes[0]);
	close(pipes[1]);
}

/* The daemon's user and root may; desk asks as one of them. */
static void
member_of_the_group_may_not(void **state)
{
	int into = memory_file("", 0);
	(void)state;
	refuse("cards.csv", "x", 1);
	int fd = desk_connect();
	desk_turns();
	assert_non_null(desk.control->clients);
	desk.control->clients->admin = false;
	desk_tell_with(fd,
		"{\"command\":\"retrieve\",\"args\":{\"name\":\"cards.csv\"}}"
		"\n",
		into);
	assert_non_null(strstr(
		desk_error(desk_answer(fd), 1), "for root and the user"));
	assert_int_equal(lseek(into, 0, SEEK_END), 0);
	close(into);
}

static void
connection_that_closes_ends_it(void **state)
{
	char *bytes = calloc(1, LARGE);
	int into = memory_file("", 0);
	(void)state;
	refuse("large.iso", bytes, LARGE);
	int fd = desk_connect();
	desk_tell_with(fd,
		"{\"command\":\"retrieve\",\"args\":{\"name\":\"large.iso\"}}"
		"\n",
		into);
	close(fd);
	desk_turns();
	desk_turns();
	assert_null(desk.control->clients);
	(void)desk_done(ask("large.iso", into), 0);
	close(into);
	free(bytes);
}

int
main(void)
{
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		DESK_TEST(file_comes_back_byte_by_byte),
		DESK_TEST(audit_says_who_had_it_before_a_byte_of_it_leaves),
		DESK_TEST(name_leads_nowhere_else),
		DESK_TEST(damaged_or_foreign_file_is_said_to_be),
		DESK_TEST(request_without_a_plain_file_is_wrong_usage),
		DESK_TEST(member_of_the_group_may_not),
		DESK_TEST(connection_that_closes_ends_it),
	};
	return cmocka_run_group_tests_name(
		"control_retrieve", tests, NULL, NULL);
}
