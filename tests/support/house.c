/*
 * house: the folder, the processes, start and end. It must never leave a
 * process behind: each dies with the test.
 */
#include "tests/support/house_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 30000, POLL_MS = 10, ASAN_SCALE = 4, TAIL_BYTES = 3000 };

int64_t
house_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* it cannot fail on Linux */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
house_breathe(void)
{
	struct timespec t = {.tv_nsec = POLL_MS * 1000000L};

	(void)nanosleep(&t, NULL); /* shorter is as good */
}

int64_t
house_deadline(const struct house *h)
{
	return house_now_ms() + (int64_t)DEADLINE_MS * h->scale;
}

static void
redirect(const char *path, int fd)
{
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
}

pid_t
house_spawn(const struct house_command *command)
{
	int in = command->in, program;
	pid_t parent = getpid();
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0)
		_exit(126);
	redirect(command->out, STDOUT_FILENO);
	redirect(command->err, STDERR_FILENO);
	/* Another user may not come through to its folder. */
	program = open(command->program, O_RDONLY | O_CLOEXEC);
	if (program < 0)
		_exit(127);
	if (command->uid != 0 &&
		(setgroups(0, NULL) != 0 || setgid(command->gid) != 0 ||
			setuid(command->uid) != 0))
		_exit(126);
	/* It must not outlive the test, even if that is killed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	fexecve(program, (char *const *)(uintptr_t)command->argv, environ);
	_exit(127);
}

static void
make_folders(struct house *h)
{
	static const char *const folders[] = {"sim", "spool", "spool/incoming",
		"state", "run", "operators", "out", "cards", NULL};
	const char *tmp = getenv("TMPDIR");

	/* A socket's path has room for some hundred bytes only. */
	if (tmp == NULL || *tmp == '\0' || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(h->dir, sizeof(h->dir), "%s/topupd-test-XXXXXX", tmp);
	assert_non_null(mkdtemp(h->dir));
	for (size_t i = 0; folders[i] != NULL; i++)
		assert_int_equal(
			mkdir(house_path(h, "%s", folders[i]), 0770), 0);
}

int
house_setup(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	const char *build = getenv("BUILD");
	char *real;

	assert_non_null(h);
	real = realpath(build != NULL ? build : "build", NULL);
	assert_non_null(real);
	snprintf(h->build, sizeof(h->build), "%s", real);
	free(real);
	h->scale = strstr(h->build, "asan") != NULL ? ASAN_SCALE : 1;
	h->network = json_object();
	make_folders(h);
	h->syslog = house_syslog_open(
		house_path(h, "log.sock"), house_path(h, "out/syslog"));
	*state = h;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
end_process(pid_t *pid)
{
	if (*pid == 0)
		return;
	(void)kill(*pid, SIGKILL); /* it may have ended */
	(void)waitpid(*pid, NULL, 0);
	*pid = 0;
}

static void
show_tail(struct house *h, const char *name)
{
	char *text = house_read(house_path(h, "%s", name));
	size_t len = text != NULL ? strlen(text) : 0;

	/* cmocka's own printing stops at a kilobyte. */
	if (len > 0)
		fprintf(stderr, "---- %s\n%s\n", name,
			text + (len > TAIL_BYTES ? len - TAIL_BYTES : 0));
	free(text);
}

static void
show_logs(struct house *h)
{
	print_error("---- the test ended early; last words:\n");
	show_tail(h, "out/topupd");
	show_tail(h, "out/syslog");
	show_tail(h, "out/modemsim");
	show_tail(h, "out/ctl");
	show_tail(h, "sim/truth.jsonl");
}

int
house_teardown(void **state)
{
	struct house *h = *state;
	const char *keep = getenv("KEEP");

	end_process(&h->daemon);
	end_process(&h->sim);
	house_syslog_close(h->syslog);
	if (!h->done)
		show_logs(h);
	if (keep != NULL && strcmp(keep, "1") == 0)
		print_message("kept: %s\n", h->dir);
	else
		(void)nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	json_decref(h->network);
	json_decref(h->doc);
	free(h->config_extra);
	free(h->out);
	free(h->err);
	free(h);
	return 0;
}

/* 128 + the signal, as a shell counts. */
static int
exit_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
house_wait_daemon(struct house *h)
{
	int64_t deadline = house_deadline(h);
	pid_t got;

	assert_true(h->daemon > 0);
	while ((got = waitpid(h->daemon, &h->daemon_status, WNOHANG)) == 0) {
		if (house_now_ms() > deadline)
			fail_msg("topupd did not end in time");
		house_breathe();
	}
	assert_int_equal(got, h->daemon);
	h->daemon = 0;
	return exit_of(h->daemon_status);
}

int
house_stop(struct house *h)
{
	assert_int_equal(kill(h->daemon, SIGTERM), 0);
	return house_wait_daemon(h);
}

void
house_kill(struct house *h)
{
	assert_int_equal(kill(h->daemon, SIGKILL), 0);
	assert_int_equal(house_wait_daemon(h), 128 + SIGKILL);
}

void
house_done(struct house *h)
{
	/* A daemon that is still there must end well: leaks and undefined
	 * behaviour show in its status. */
	if (h->daemon != 0)
		assert_int_equal(house_stop(h), 0);
	h->done = true;
}

void
house_spawn_daemon(struct house *h)
{
	char program[HOUSE_PATH_MAX + 16], config[HOUSE_PATH_MAX];
	char log[HOUSE_PATH_MAX];
	const char *argv[] = {"topupd", "-c", config, "--log=both", NULL};

	assert_int_equal(h->daemon, 0);
	snprintf(program, sizeof(program), "%s/topupd", h->build);
	snprintf(config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	snprintf(log, sizeof(log), "%s", house_path(h, "out/topupd"));
	h->daemon = house_spawn(&(struct house_command){.program = program,
		.argv = argv,
		.in = -1,
		.out = log,
		.err = log,
		.uid = h->daemon_uid,
		.gid = h->daemon_gid});
}

static bool
answers(struct house *h, const void *ctx)
{
	(void)ctx;
	house_note_process(h, h->daemon);
	return house_ctl(h, "status", "--json", NULL) == 0;
}

void
house_until_answers(struct house *h)
{
	house_until(h, "topupd answers", answers, NULL);
}

void
house_start(struct house *h)
{
	house_write_settings(h);
	house_spawn_daemon(h);
	house_until_answers(h);
}
