/*
 * house_ask: topupctl's answers, and waiting for what should become true.
 * Polls with a deadline, and never without looking whether the daemon
 * still lives.
 */
#include "tests/support/house_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 24 };

static int
input_of(struct house *h)
{
	int fd;

	if (h->input == NULL)
		return -1;
	house_write(house_path(h, "input"), h->input);
	h->input = NULL;
	fd = open(house_path(h, "input"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	(void)unlink(house_path(h, "input")); /* it holds a PIN */
	return fd;
}

/* What it said goes to a transcript too, for house_assert_secret(). */
static void
keep_transcript(struct house *h, const char *const *argv)
{
	FILE *f = fopen(house_path(h, "out/ctl"), "a");

	assert_non_null(f);
	fprintf(f, "$");
	for (size_t i = 0; argv[i] != NULL; i++)
		fprintf(f, " %s", argv[i]);
	fprintf(f, "\n%s%s", h->out, h->err);
	assert_int_equal(fclose(f), 0);
}

static int
wait_for(struct house *h, pid_t pid)
{
	int64_t deadline = house_deadline(h);
	int status;

	house_note_process(h, pid);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (house_now_ms() > deadline) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			fail_msg("the program did not end in time");
		}
		(void)usleep(1000); /* an answer takes a few of these */
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
house_run(struct house *h, const char *const *argv)
{
	char program[HOUSE_PATH_MAX + 16];
	char out[HOUSE_PATH_MAX], err[HOUSE_PATH_MAX];
	int in = input_of(h), status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/%s", h->build, argv[0]);
	snprintf(out, sizeof(out), "%s", house_path(h, "ctl.out"));
	snprintf(err, sizeof(err), "%s", house_path(h, "ctl.err"));
	(void)unlink(out); /* of the question before */
	(void)unlink(err);
	pid = house_spawn(&(struct house_command){.program = program,
		.argv = argv,
		.in = in,
		.out = out,
		.err = err});
	if (in >= 0)
		(void)close(in);
	status = wait_for(h, pid);
	free(h->out);
	free(h->err);
	h->out = house_read(out);
	h->err = house_read(err);
	assert_non_null(h->out);
	assert_non_null(h->err);
	keep_transcript(h, argv);
	return status;
}

/* Gathers the arguments; its end is a NULL. */
static int
ctl_v(struct house *h, const char *last, va_list ap)
{
	char config[HOUSE_PATH_MAX];
	const char *argv[ARGUMENTS_MAX];
	size_t n = 0;
	const char *argument;

	snprintf(config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	argv[n++] = "topupctl";
	while ((argument = va_arg(ap, const char *)) != NULL) {
		assert_in_range(n, 1, ARGUMENTS_MAX - 5);
		argv[n++] = argument;
		if (n == 2) {
			argv[n++] = "-c";
			argv[n++] = config;
		}
	}
	if (last != NULL)
		argv[n++] = last;
	argv[n] = NULL;
	return house_run(h, argv);
}

int
house_ctl(struct house *h, ...)
{
	va_list ap;
	int status;

	va_start(ap, h);
	status = ctl_v(h, NULL, ap);
	va_end(ap);
	return status;
}

json_t *
house_ask(struct house *h, ...)
{
	json_error_t error;
	va_list ap;
	int status;

	va_start(ap, h);
	status = ctl_v(h, "--json", ap);
	va_end(ap);
	if (status == 3 && h->daemon != 0 &&
		waitpid(h->daemon, &h->daemon_status, WNOHANG) != 0) {
		h->daemon = 0;
		fail_msg("topupd ended by itself, wait status %#x",
			(unsigned)h->daemon_status);
	}
	if (status != 0 && status != 4)
		fail_msg("topupctl: status %d: %s", status, h->err);
	json_decref(h->doc);
	h->doc = json_loads(h->out, 0, &error);
	if (h->doc == NULL)
		fail_msg("topupctl said no JSON (%s): %s", error.text, h->out);
	return h->doc;
}

const char *
house_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

json_int_t
house_number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

json_t *
house_find(json_t *array, const char *key, const char *text)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i,
		item) if (strcmp(house_text(item, key), text) == 0) return item;
	return NULL;
}

size_t
house_count(json_t *array, const char *key, const char *text)
{
	json_t *item;
	size_t i, n = 0;

	json_array_foreach(array, i, item) n +=
		strcmp(house_text(item, key), text) == 0;
	return n;
}

json_t *
house_voucher(struct house *h, const char *serial)
{
	json_t *v =
		house_find(house_ask(h, "vouchers", NULL), "serial", serial);

	if (v == NULL)
		fail_msg("no voucher has the serial %s", serial);
	return v;
}

void
house_assert_voucher(struct house *h, const char *serial, const char *state,
	const char *reason)
{
	json_t *v = house_voucher(h, serial);

	if (strcmp(house_text(v, "state"), state) != 0 ||
		strcmp(house_text(v, "reason"), reason) != 0)
		fail_msg("voucher %s is %s(%s), not %s(%s); reply: %s", serial,
			house_text(v, "state"), house_text(v, "reason"), state,
			reason, house_text(v, "reply"));
}

long
house_voucher_id(struct house *h, const char *serial)
{
	return (long)house_number(house_voucher(h, serial), "id");
}

/* ---- waiting ------------------------------------------------------------ */

void
house_until(struct house *h, const char *what, house_fn *fn, const void *ctx)
{
	int64_t deadline = house_deadline(h);

	while (!fn(h, ctx)) {
		if (h->daemon != 0 &&
			waitpid(h->daemon, &h->daemon_status, WNOHANG) != 0) {
			h->daemon = 0;
			fail_msg("topupd ended while waiting: %s", what);
		}
		if (house_now_ms() > deadline)
			fail_msg("waited too long: %s", what);
		house_breathe();
	}
}

struct expected {
	const char *name, *state;
};

static bool
modem_has_state(struct house *h, const void *ctx)
{
	const struct expected *e = ctx;
	json_t *m = house_find(house_ask(h, "modems", NULL), "name", e->name);

	return m != NULL && strcmp(house_text(m, "state"), e->state) == 0;
}

void
house_until_modem(struct house *h, const char *name, const char *state)
{
	char what[64];
	struct expected e = {name, state};

	snprintf(what, sizeof(what), "modem %s is %s", name, state);
	house_until(h, what, modem_has_state, &e);
}

static bool
all_are_ready(struct house *h, const void *ctx)
{
	json_t *modems = house_ask(h, "modems", NULL);

	(void)ctx;
	return house_count(modems, "state", "ready") == h->modem_count;
}

void
house_until_modems_ready(struct house *h)
{
	house_until(h, "all modems are ready", all_are_ready, NULL);
}

static bool
voucher_has_state(struct house *h, const void *ctx)
{
	const struct expected *e = ctx;
	json_t *v =
		house_find(house_ask(h, "vouchers", NULL), "serial", e->name);

	return v != NULL && strcmp(house_text(v, "state"), e->state) == 0;
}

void
house_until_state(struct house *h, const char *serial, const char *state)
{
	char what[96];
	struct expected e = {serial, state};

	snprintf(what, sizeof(what), "voucher %s is %s", serial, state);
	house_until(h, what, voucher_has_state, &e);
}

static bool
all_are_settled(struct house *h, const void *ctx)
{
	json_t *all = house_ask(h, "vouchers", NULL);

	return json_array_size(all) == *(const size_t *)ctx &&
	       house_count(all, "state", "ready") == 0 &&
	       house_count(all, "state", "dialing") == 0 &&
	       house_count(all, "state", "pending") == 0;
}

void
house_until_settled(struct house *h, size_t rows)
{
	char what[64];

	snprintf(what, sizeof(what), "all %zu vouchers are settled", rows);
	house_until(h, what, all_are_settled, &rows);
}

struct file_hunt {
	const char *folder, *pattern;
	char found[HOUSE_PATH_MAX];
};

static bool
file_is_there(struct house *h, const void *ctx)
{
	/* The hunt belongs to house_until_file(). */
	struct file_hunt *hunt = (struct file_hunt *)(uintptr_t)ctx;
	DIR *dir = opendir(house_path(h, "%s", hunt->folder));
	struct dirent *entry;
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
			fnmatch(hunt->pattern, entry->d_name, 0) != 0)
			continue;
		snprintf(hunt->found, sizeof(hunt->found), "%s", entry->d_name);
		found = true;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

const char *
house_until_file(struct house *h, const char *folder, const char *pattern)
{
	struct file_hunt hunt = {.folder = folder, .pattern = pattern};
	char what[128];

	snprintf(what, sizeof(what), "a file %s in %s", pattern, folder);
	house_until(h, what, file_is_there, &hunt);
	return house_path(h, "%s/%s", folder, hunt.found);
}

void
house_drop(struct house *h, const char *name, const char *text)
{
	house_write(house_path(h, "spool/incoming/%s", name), text);
}

long
house_submit(struct house *h, const char *name, const char *text)
{
	char path[HOUSE_PATH_MAX];
	long batch;

	snprintf(path, sizeof(path), "%s", house_path(h, "cards/%s", name));
	house_write(path, text);
	batch = (long)house_number(house_ask(h, "submit", path, NULL), "batch");
	assert_true(batch > 0);
	return batch;
}
