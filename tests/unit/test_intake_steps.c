/*
 * Intake killed before and after each call that makes something durable, or
 * gives or takes a name: another process is the life that ends there. What the
 * next one finds becomes one batch or one refused file, never two or none.
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
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/spool.h"
#include "agent/vault.h"
#include "tests/support/inbox.h"

enum { KILLED = 77, STEPS_MAX = 400 };

/* ---- steps -------------------------------------------------------------- */

static int steps_left = -1; /* -1: nobody counts */
static bool kill_after;     /* the call was made */

/* true: the last one; it is made, or not, and nothing after it. */
static bool
is_last_step(void)
{
	return steps_left >= 0 && steps_left-- == 0;
}

static void
stop_before(bool last)
{
	if (last && !kill_after)
		_exit(KILLED);
}

static int
stop_after(bool last, long rc)
{
	if (last)
		_exit(KILLED);
	return (int)rc;
}

#define STEP(call)                                                             \
	bool last = is_last_step();                                            \
	stop_before(last);                                                     \
	return stop_after(last, call)

int
fsync(int fd)
{
	STEP(syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	STEP(syscall(SYS_fdatasync, fd));
}

int
renameat(int from_at, const char *from, int to_at, const char *to)
{
	STEP(syscall(SYS_renameat2, from_at, from, to_at, to, 0));
}

/* The folder's mode keeps it (a sticky bit); nobody told whoever set it. */
static bool nothing_is_removed;

int
unlinkat(int at, const char *name, int flags)
{
	if (nothing_is_removed) {
		errno = EPERM;
		return -1;
	}
	STEP(syscall(SYS_unlinkat, at, name, flags));
}

/* The disk has 4 MB left, which SQLite need not know. */
static bool nearly_full;

int
fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	*out = (struct statvfs){.f_frsize = 4096,
		.f_bavail = nearly_full ? 1UL << 10 : 1UL << 20,
		.f_blocks = 1UL << 20,
		.f_bsize = 4096};
	return 0;
}

/* Nobody gave us the right to read it. */
static const char *unreadable;

int
openat(int at, const char *name, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
	va_end(args);
	if (unreadable && strcmp(name, unreadable) == 0) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, mode);
}

/* ---- one file ------------------------------------------------------------ */

#define ROWS                                                                   \
	"# operator: simtel\npin\n12345678901234\n23456789012345\n"            \
	"34567890123456\n"
#define BAD "# operator: simtel\npin\n12345678901234\n12\n123456789\n"

struct file {
	const char *name, *text;
	const char *shown; /* everywhere but in incoming/ */
	bool is_refused;
	bool name_is_taken; /* in failed/ */
	bool is_known;      /* the same bytes are a batch */
};

static const struct file files[] = {
	{"cards.csv", ROWS, "cards.csv", false, false, false},
	{"98765432109876.csv", ROWS, "xxxxxxxxxx9876.csv", false, false, false},
	{"a\nb\x1b[31m\xff.csv", ROWS, "a_b_[31m_.csv", false, false, false},
	{"bad.csv", BAD, "bad.csv", true, false, false},
	{"bad.csv", BAD, "bad.csv", true, true, false},
	{"98765432109876.csv", BAD, "xxxxxxxxxx9876.csv", true, true, false},
	{"cards.pdf", ROWS, "cards.pdf", true, false, false},
	{"again.csv", ROWS, "again.csv", true, true, true},
	{"empty.csv", "", "empty.csv", true, false, false},
};

/* What lies there before the file comes. */
static void
prepare(struct inbox *f, const struct file *file)
{
	char name[300];

	if (file->is_known) {
		inbox_drop(f, "first.csv", file->text);
		inbox_run(f);
	}
	if (file->name_is_taken) {
		(void)snprintf(
			name, sizeof(name), "failed/%s.reason", file->shown);
		inbox_put(f, name, "older\n", 6);
		(void)snprintf(
			name, sizeof(name), "failed/%s.sealed", file->shown);
		inbox_put(f, name, "older\n", 6);
	}
	inbox_drop(f, file->name, file->text);
}

/* A life that ends after so many steps. Whether it was cut off. */
static bool
live_and_die(struct inbox *f, const struct file *file, int steps)
{
	int status;
	pid_t pid;

	inbox_end_life(f);
	purse_close(f->purse);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		purse_open(f->purse);
		steps_left = steps;
		inbox_begin_life(f);
		intake_on_file(f->intake, file->name);
		inbox_run(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
	purse_open(f->purse);
	inbox_begin_life(f);
	return WEXITSTATUS(status) == KILLED;
}

static int
count_files(struct inbox *f, const char *folder)
{
	char command[128], text[16];
	FILE *pipe;

	(void)snprintf(command, sizeof(command),
		"find %s/%s -type f -print0 | tr -dc '\\0' | wc -c", f->dir,
		folder);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(text, sizeof(text), pipe));
	(void)pclose(pipe);
	return (int)strtol(text, NULL, 10);
}

static void
check_accepted(struct inbox *f, const struct file *file)
{
	char name[300];

	(void)snprintf(name, sizeof(name), "done/1-%s", file->shown);
	if (strcmp(inbox_get(f, name), "(none)") == 0)
		(void)snprintf(name, sizeof(name), "done/2-%s", file->shown);
	assert_non_null(strstr(inbox_get(f, name), "**********1234"));
	assert_int_equal(count_files(f, "done"), 1);
	assert_int_equal(count_files(f, "failed"), 0);
	assert_int_equal(inbox_batches(f), 1);
	assert_int_equal(inbox_vouchers(f), 3);
}

static void
check_refused(struct inbox *f, const struct file *file)
{
	char name[300], back[256];
	int sealed, plain = memfd_create("plain", MFD_CLOEXEC);

	assert_int_equal(count_files(f, "failed"), file->name_is_taken ? 4 : 2);
	(void)snprintf(name, sizeof(name), "failed/%s%s.reason", file->shown,
		file->name_is_taken ? ".2" : "");
	assert_non_null(strstr(inbox_get(f, name), " was refused: "));
	(void)snprintf(name, sizeof(name), "failed/%s%s.sealed", file->shown,
		file->name_is_taken ? ".2" : "");
	sealed = open(inbox_path(f, name), O_RDONLY);
	assert_true(sealed >= 0);
	assert_int_equal(vault_unseal_file(f->purse->vault, sealed, plain), 0);
	assert_int_equal(
		pread(plain, back, sizeof(back), 0), strlen(file->text));
	assert_memory_equal(back, file->text, strlen(file->text));
	close(sealed);
	close(plain);
	assert_int_equal(inbox_batches(f), file->is_known ? 1 : 0);
	assert_int_equal(inbox_vouchers(f), file->is_known ? 3 : 0);
}

static void
check(struct inbox *f, const struct file *file)
{
	assert_int_equal(count_files(f, "incoming"), 0);
	if (file->is_refused)
		check_refused(f, file);
	else
		check_accepted(f, file);
	inbox_has_nowhere(f, "12345678901234");
	inbox_has_nowhere(f, "98765432109876");
	purse_is_sound(f->purse);
}

static void
begin_anew(struct inbox *f)
{
	char command[96];

	inbox_begin_anew(f);
	(void)snprintf(command, sizeof(command),
		"cd %s && rm -rf done/* failed/* incoming/*", f->dir);
	assert_int_equal(system(command), 0);
}

static void
cut_at_each_step(struct inbox *f, const struct file *file, bool after)
{
	bool cut = true;
	int steps;

	kill_after = after;
	for (steps = 0; cut && steps < STEPS_MAX; steps++) {
		prepare(f, file);
		cut = live_and_die(f, file, steps);
		/* A scan would tell it as well, after a second. */
		intake_on_file(f->intake, file->name);
		inbox_run(f);
		check(f, file);
		begin_anew(f);
	}
	assert_false(cut);
	assert_true(steps > 10);
}

static void
life_cut_off_before_any_step_leaves_one_file_of_it(void **state)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cut_at_each_step(*state, &files[i], false);
}

/* Nearly the same as before the next one: for some of them. */
static void
life_cut_off_after_any_step_leaves_one_file_of_it(void **state)
{
	for (size_t i = 1; i < sizeof(files) / sizeof(files[0]); i += 4)
		cut_at_each_step(*state, &files[i], true);
}

/* Some turns; there is no end while the file lies there. */
static void
tell_again(struct inbox *f, const char *name)
{
	f->turns_left = 40;
	intake_on_file(f->intake, name);
	inbox_run(f);
	assert_true(f->cut);
}

static void
refused_file_that_cannot_be_removed_is_kept_once(void **state)
{
	struct inbox *f = *state;
	int64_t head;

	inbox_drop(f, "bad.csv", BAD);
	nothing_is_removed = true;
	tell_again(f, "bad.csv");
	assert_int_equal(count_files(f, "failed"), 2);
	head = ledger_audit_head(f->purse->ledger);
	tell_again(f, "bad.csv");
	assert_int_equal(count_files(f, "failed"), 2);
	assert_int_equal(ledger_audit_head(f->purse->ledger), head);
	/* Another one of that name is another file. */
	inbox_drop(f, "bad.csv", "# operator: simtel\npin\n13\n");
	tell_again(f, "bad.csv");
	assert_int_equal(count_files(f, "failed"), 4);
	nothing_is_removed = false;
	inbox_end_life(f);
	inbox_begin_life(f);
	inbox_run(f);
	assert_int_equal(count_files(f, "incoming"), 0);
	assert_int_equal(count_files(f, "failed"), 4);
}

static void
large_file_that_there_is_no_room_for_stays_and_others_go_on(void **state)
{
	enum { LARGE = 3 << 20 };
	struct inbox *f = *state;
	char *bytes = calloc(1, LARGE);

	assert_non_null(bytes);
	nearly_full = true;
	inbox_drop_bytes(f, "disk.iso", bytes, LARGE);
	inbox_drop(f, "simtel-1-a.txt", "12345678901234\n");
	intake_on_file(f->intake, "disk.iso");
	intake_on_file(f->intake, "simtel-1-a.txt");
	f->turns_left = 200;
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1);
	assert_int_equal(count_files(f, "failed"), 0);
	assert_int_equal(count_files(f, "incoming"), 1);
	nearly_full = false;
	f->turns_left = -1;
	intake_on_file(f->intake, "disk.iso");
	inbox_run(f);
	assert_int_equal(count_files(f, "failed"), 2);
	assert_int_equal(count_files(f, "incoming"), 0);
	free(bytes);
}

static void
file_that_cannot_be_read_stays_and_others_go_on(void **state)
{
	struct inbox *f = *state;

	inbox_drop(f, "secret.csv", ROWS);
	inbox_drop(f, "simtel-1-a.txt", "98765432109876\n");
	unreadable = "secret.csv";
	intake_on_file(f->intake, "secret.csv");
	intake_on_file(f->intake, "simtel-1-a.txt");
	f->turns_left = 40;
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 1);
	assert_int_equal(count_files(f, "failed"), 0);
	assert_int_equal(count_files(f, "incoming"), 1);
	unreadable = NULL;
	f->turns_left = -1;
	intake_on_file(f->intake, "secret.csv");
	inbox_run(f);
	assert_int_equal(inbox_batches(f), 2);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, inbox_setup, inbox_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(life_cut_off_before_any_step_leaves_one_file_of_it),
		CASE(life_cut_off_after_any_step_leaves_one_file_of_it),
		CASE(refused_file_that_cannot_be_removed_is_kept_once),
		CASE(large_file_that_there_is_no_room_for_stays_and_others_go_on),
		CASE(file_that_cannot_be_read_stays_and_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
