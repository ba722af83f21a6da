/*
 * ctl_retrieve: a refused file, as it was. It comes by a file in memory, so
 * that nobody gets half of one; it must never write over a file, nor give a
 * terminal what it would obey.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/utf8.h"

enum { PIECE_BYTES = 65536 };

struct retrieving {
	struct ctl *ctl;
	const char *output; /* NULL: standard output */
	int memory;
};

/* ---- what a terminal may be given ---------------------------------------- */

/* Text and its line ends; U+0080 to U+009F are control characters too. */
static bool
is_printable(uint32_t c)
{
	return c == '\n' || c == '\r' || c == '\t' || (c >= ' ' && c < 0x7f) ||
	       c >= 0xa0;
}

static bool
is_plain_text(struct span text)
{
	if (!utf8_is_valid(text))
		return false;
	while (text.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(text, &c);
		if (!is_printable(c))
			return false;
		text = span_skip(text, n);
	}
	return true;
}

/* Whether all of the file is; an empty one is as well. */
static bool
suits_terminal(int memory)
{
	off_t size = lseek(memory, 0, SEEK_END);
	if (size <= 0)
		return size == 0;
	void *bytes =
		mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, memory, 0);
	if (bytes == MAP_FAILED)
		return false;
	bool suits = is_plain_text(span_of(bytes, (size_t)size));
	(void)munmap(bytes, (size_t)size); /* only looked at */
	return suits;
}

/* ---- giving it ----------------------------------------------------------- */

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
copy_out(int memory, int fd)
{
	static char bytes[PIECE_BYTES];
	off_t at = 0;
	ssize_t n;
	int rc = 0;
	while (rc == 0 && (n = pread(memory, bytes, sizeof(bytes), at)) != 0) {
		if (n < 0) {
			rc = -errno;
			break;
		}
		rc = write_all(fd, bytes, (size_t)n);
		at += n;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

static int
give_file(const struct retrieving *r)
{
	int fd = open(r->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : copy_out(r->memory, fd);
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc != 0 && fd >= 0)
		(void)unlink(r->output); /* ours, and not whole */
	if (rc == -EEXIST)
		ctl_say(r->ctl,
			"%s exists already, and is left as it is: say a new "
			"name",
			r->output);
	else if (rc != 0)
		ctl_say(r->ctl, "cannot write %s: %s", r->output,
			strerror(-rc));
	return rc == 0 ? CTL_DONE : CTL_REFUSED;
}

static int
give_output(const struct retrieving *r)
{
	if (isatty(STDOUT_FILENO) && !suits_terminal(r->memory)) {
		ctl_say(r->ctl,
			"it is no plain text, and nothing for a terminal: say "
			"--output FILE");
		return CTL_REFUSED;
	}
	(void)fflush(stdout); /* nothing was printed */
	int rc = copy_out(r->memory, STDOUT_FILENO);
	if (rc != 0)
		ctl_say(r->ctl, "cannot write it: %s", strerror(-rc));
	return rc == 0 ? CTL_DONE : CTL_REFUSED;
}

static int
on_done(void *ctx, const struct json *done, int exit_status)
{
	const struct retrieving *r = ctx;
	int64_t bytes = -1;
	(void)json_get_number(done, "bytes", &bytes);
	if (exit_status != CTL_DONE)
		return exit_status;
	if (bytes != lseek(r->memory, 0, SEEK_END)) {
		ctl_say(r->ctl, "topupd did not give all of it");
		return CTL_REFUSED;
	}
	return r->output != NULL ? give_file(r) : give_output(r);
}

int
ctl_run_retrieve(struct ctl *ctl)
{
	struct retrieving r = {
		.ctl = ctl, .output = ctl_option_value(ctl, "output")};
	const struct ctl_hooks hooks = {
		.ctx = &r, .on_done = on_done, .waits = true};
	struct json *args = json_new_object();
	json_put_text(args, "name", ctl->args[0]);
	ctl_hide_memory();
	r.memory = memfd_create("topupctl", MFD_CLOEXEC);
	if (r.memory < 0) {
		ctl_say(ctl, "no memory: %s", strerror(errno));
		json_free(args);
		return CTL_REFUSED;
	}
	int exit_status = ctl_ask(ctl, args, r.memory, &hooks);
	(void)close(r.memory); /* memory; gone with it */
	return exit_status;
}
