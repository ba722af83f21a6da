/*
 * loop_spawn: a program that is run once, with a limit. Its output goes to a
 * small piece of memory that cannot grow: no pipe, so that one that outlives
 * us is not stopped half-way by writing; and its input is such a piece, so
 * that we never wait for one that does not read. It must never get a shell,
 * our environment, or a descriptor of ours.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/loop_private.h"

enum {
	SAID_MAX = 4096, /* of output, kept by the kernel; */
	SHOWN_MAX = 160, /* of which so much is shown */
	GRACE_MS = 2000  /* between asking it to end, and ending it */
};

/* A shell's number for what could not be started. */
enum { NOT_STARTED = 127 };

/*
 * 1. In loop->children until the process handle is closed.
 * 2. limit and done are NULL once the end was told.
 */
struct loop_child {
	uv_process_t process; /* first */
	struct loop *loop;
	struct loop_child *next, **link;
	struct loop_timer *limit, *done;
	loop_ended_fn *fn; /* NULL: nobody wants to know */
	void *ctx;
	struct loop_ended ended;
	bool is_over; /* the program, or it never began */
	bool asked;   /* to end */
	int said;     /* descriptor of its output, or -1 */
	int input;    /* and of its input, while it is started */
	char shown[SHOWN_MAX];
};

/* Sealed, so that it can be filled and no more. -1 where there is none: then
 * what it says is not kept. */
static int
open_said(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, SAID_MAX) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
	(void)close(fd); /* nothing is in it */
	return -1;
}

static bool
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n <= 0)
			return false;
		bytes = span_skip(bytes, (size_t)n);
	}
	return true;
}

/* Read from its beginning, by one program, and changed by none. -1 where
 * there is none to read, or no memory: then it reads nothing. */
static int
open_input(struct span bytes)
{
	const int seals =
		F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL;
	int fd = bytes.len == 0 ? -1
	                        : memfd_create("input",
					  MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write_all(fd, bytes) && fcntl(fd, F_ADD_SEALS, seals) == 0 &&
		lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd); /* nothing of it is wanted */
	return -1;
}

/* The beginning of what it said, on one line. */
static void
read_said(struct loop_child *child)
{
	ssize_t n = child->said < 0 ? 0
	                            : pread(child->said, child->shown,
					      sizeof(child->shown) - 1, 0);
	size_t len = 0;

	while (n > 0 && len < (size_t)n && child->shown[len] != '\0') {
		if (child->shown[len] < ' ' || child->shown[len] == 0x7f)
			child->shown[len] = ' ';
		len++;
	}
	while (len > 0 && child->shown[len - 1] == ' ')
		len--;
	child->shown[len] = '\0';
}

static void
on_closed(uv_handle_t *handle)
{
	struct loop_child *child = handle->data;

	if (child->said >= 0)
		(void)close(child->said); /* memory */
	free(child);
}

static void
child_close(struct loop_child *child)
{
	loop_timer_free(child->limit);
	loop_timer_free(child->done);
	child->limit = child->done = NULL;
	*child->link = child->next;
	if (child->next)
		child->next->link = child->link;
	uv_close((uv_handle_t *)&child->process, on_closed);
}

static void
on_done(void *ctx)
{
	struct loop_child *child = ctx;

	if (child->fn) {
		read_said(child);
		child->ended.said = child->shown;
		child->fn(child->ctx, &child->ended);
	}
	child_close(child);
}

/* Told by a timer: like all else, not while the loop is held or stopped. */
static void
end(struct loop_child *child, int status, int signo)
{
	child->is_over = true;
	child->ended.status = status;
	child->ended.signal = signo;
	loop_timer_at(child->limit, INT64_MAX);
	loop_timer_at(child->done, loop_now_ms(child->loop));
}

static void
on_exit_of(uv_process_t *process, int64_t status, int signo)
{
	end(process->data, (int)status, signo);
}

/* Asked first: it may put back what it switched. With all that it started. */
static void
on_limit(void *ctx)
{
	struct loop_child *child = ctx;

	if (child->is_over)
		return;
	child->ended.late = true;
	(void)kill(-child->process.pid, child->asked ? SIGKILL : SIGTERM);
	if (child->asked)
		return;
	child->asked = true;
	loop_timer_at(child->limit, loop_now_ms(child->loop) + GRACE_MS);
}

static int
spawn(struct loop_child *child, const struct loop_program *program)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			     "/usr/bin:/sbin:/bin";
	char *env[] = {path, NULL};
	char *args[] = {(char *)program->path, (char *)program->argument, NULL};
	uv_stdio_container_t out = {.flags = UV_IGNORE};
	uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
	uv_process_options_t options = {.exit_cb = on_exit_of,
		.file = program->path,
		.args = args,
		.env = env,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED, /* a group, to end it with */
		.stdio_count = 3,
		.stdio = stdio};

	if (child->input >= 0) {
		stdio[0].flags = UV_INHERIT_FD;
		stdio[0].data.fd = child->input;
	}
	if (child->said >= 0) {
		out.flags = UV_INHERIT_FD;
		out.data.fd = child->said;
	}
	stdio[1] = out;
	stdio[2] = out;
	/* Whatever was opened without that, by a library or before us. An old
	 * kernel knows it not: ours all have it. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	return uv_spawn(loop_uv(child->loop), &child->process, &options);
}

struct loop_child *
loop_spawn(struct loop *loop, const struct loop_program *program,
	loop_ended_fn *fn, void *ctx)
{
	struct loop_child *child = calloc(1, sizeof(*child));

	if (!child)
		abort(); /* little memory, as at start */
	child->loop = loop;
	child->fn = fn;
	child->ctx = ctx;
	child->said = open_said();
	child->input = open_input(program->input);
	child->limit = loop_timer_new(loop, on_limit, child);
	loop_timer_always(child->limit);
	child->done = loop_timer_new(loop, on_done, child);
	child->link = loop_children(loop);
	child->next = *child->link;
	if (child->next)
		child->next->link = &child->next;
	*child->link = child;
	if (spawn(child, program) != 0)
		end(child, NOT_STARTED, 0);
	else
		loop_timer_at(
			child->limit, loop_now_ms(loop) + program->limit_ms);
	child->process.data = child;
	if (child->input >= 0)
		(void)close(child->input); /* the program has its own */
	return child;
}

void
loop_child_forget(struct loop_child *child)
{
	if (child)
		child->fn = NULL;
}

void
loop_child_end(struct loop_child *child)
{
	loop_child_forget(child);
	if (child && !child->is_over)
		(void)kill(-child->process.pid, SIGTERM);
}

void
loop_spawn_fini(struct loop *loop)
{
	struct loop_child **children = loop_children(loop);

	while (*children)
		child_close(*children);
}
