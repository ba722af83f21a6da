/*
 * ctl_terminal: the terminal's width and colours, the line of progress, a
 * PIN typed without echo. It must never print a PIN, nor leave the terminal
 * without its echo.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/secret.h"

enum { WIDTH_DEFAULT = 80 };

static unsigned
terminal_width(int fd)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

void
ctl_screen_init(struct ctl_screen *screen, FILE *file)
{
	const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
	const char *term = getenv("TERM");
	int fd = fileno(file);
	screen->file = file;
	screen->terminal = fd >= 0 && isatty(fd) == 1;
	screen->width = screen->terminal ? terminal_width(fd) : 0;
	screen->colour = screen->terminal &&
	                 (no_colour == NULL || no_colour[0] == '\0') &&
	                 (term == NULL || strcmp(term, "dumb") != 0);
}

/* ECMA-48 8.3.117: 31 red, 32 green, 33 yellow, 36 cyan. */
const char *
ctl_screen_colour(const struct ctl_screen *screen, const char *word)
{
	static const struct {
		const char *word, *sequence;
	} rows[] = {{"loaded", "\033[32m"}, {"ready", "\033[32m"},
		{"busy", "\033[36m"}, {"dialing", "\033[36m"},
		{"pending", "\033[36m"}, {"unknown", "\033[33m"},
		{"held", "\033[33m"}, {"paused", "\033[33m"},
		{"resting", "\033[33m"}, {"fenced", "\033[33m"},
		{"rejected", "\033[31m"}, {"failed", "\033[31m"},
		{"absent", "\033[31m"}, {"locked_out", "\033[31m"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (screen->colour && strcmp(rows[i].word, word) == 0)
			return rows[i].sequence;
	}
	return "";
}

const char *
ctl_screen_plain(const struct ctl_screen *screen)
{
	return screen->colour ? "\033[0m" : "";
}

/* ---- progress ------------------------------------------------------------ */

int64_t
ctl_terminal_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
ctl_progress_show(struct ctl_progress *progress, const char *line)
{
	const struct ctl_screen *screen = progress->screen;
	if (!screen->terminal)
		return;
	char *text = ctl_text_clean(line);
	/* In the last column some terminals go to the next line. */
	ctl_text_cut(text, screen->width - 1);
	unsigned width = ctl_text_width(text);
	int pad = width < progress->shown ? (int)(progress->shown - width) : 0;
	(void)fprintf(screen->file, "\r%s%*s", text, pad, "");
	(void)fflush(screen->file);
	progress->shown = width;
	free(text);
}

void
ctl_progress_clear(struct ctl_progress *progress)
{
	if (progress->shown == 0)
		return;
	(void)fprintf(
		progress->screen->file, "\r%*s\r", (int)progress->shown, "");
	(void)fflush(progress->screen->file);
	progress->shown = 0;
}

static int64_t
count_of(const struct json *tally, const char *path)
{
	int64_t n = 0;
	(void)json_number(ctl_table_find(tally, path), &n);
	return n;
}

/* The pace since the first line, and what it means for the rest. */
static void
add_pace(struct ctl_progress *progress, int64_t total, int64_t done,
	int64_t now_ms, char *out, size_t cap)
{
	char left[32];
	if (progress->began_ms == 0) {
		progress->began_ms = now_ms;
		progress->began_done = done;
	}
	int64_t ms = now_ms - progress->began_ms;
	int64_t made = done - progress->began_done;
	if (ms <= 0 || made <= 0)
		return;
	int64_t tenths = made * 600000 / ms; /* of a card a minute */
	ctl_text_duration(
		(total - done) * ms / made / 1000, left, sizeof(left));
	size_t len = strlen(out);
	(void)snprintf(out + len, cap - len, ", %lld.%lld/min, %s left",
		(long long)tenths / 10, (long long)tenths % 10, left);
}

void
ctl_progress_line(struct ctl_progress *progress, const struct json *tally,
	int64_t now_ms, char *out, size_t cap)
{
	int64_t total = count_of(tally, "total");
	int64_t done = count_of(tally, "done");
	(void)snprintf(out, cap,
		"%lld of %lld done: %lld loaded, %lld rejected, %lld unknown",
		(long long)done, (long long)total,
		(long long)count_of(tally, "counts.loaded"),
		(long long)count_of(tally, "counts.rejected"),
		(long long)count_of(tally, "counts.unknown"));
	int64_t held = count_of(tally, "counts.held");
	size_t len = strlen(out);
	if (held > 0)
		(void)snprintf(
			out + len, cap - len, ", %lld held", (long long)held);
	add_pace(progress, total, done, now_ms, out, cap);
}

/* ---- a PIN --------------------------------------------------------------- */

static const int guarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { GUARDED = sizeof(guarded) / sizeof(guarded[0]) };

static volatile sig_atomic_t caught;

static void
on_signal(int signo)
{
	caught = signo;
}

/* A byte; 0 at the end. Signals come while it waits and at no other time
 * (open: what lets them through): none is missed before it sleeps. */
static ssize_t
read_byte(char *c, const sigset_t *open)
{
	struct pollfd look = {.fd = STDIN_FILENO, .events = POLLIN};
	if (open != NULL && ppoll(&look, 1, NULL, open) < 0)
		return -1;
	return read(STDIN_FILENO, c, 1);
}

/* Byte by byte, so that no buffer but the secret ever holds it. */
static int
read_line(struct secret *voucher_pin, const sigset_t *open)
{
	char line[VOUCHER_PIN_MAX + 2];
	size_t len = 0;
	int err = 0;
	while (err == 0) {
		char c;
		ssize_t n = read_byte(&c, open);
		if (n < 0) {
			err = -errno;
		} else if (n == 0 || c == '\n') {
			break;
		} else if (len < sizeof(line)) {
			line[len++] = c;
		} else {
			err = -EINVAL;
		}
	}
	struct span text = span_trim(span_of(line, len));
	if (err == 0 && (text.len == 0 || secret_set(voucher_pin, text) != 0))
		err = -EINVAL;
	explicit_bzero(line, sizeof(line));
	return err;
}

/* What is typed before it is asked for is echoed, and thrown away. */
static int
ask_silently(
	const char *prompt, struct secret *voucher_pin, const sigset_t *open)
{
	struct termios normal, quiet;
	if (tcgetattr(STDIN_FILENO, &normal) != 0)
		return -errno;
	quiet = normal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	int err = -EIO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0) {
		(void)fputs(prompt, stderr);
		(void)fflush(stderr);
		err = read_line(voucher_pin, open);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &normal);
	}
	(void)fputc('\n', stderr);
	return err;
}

static int
read_without_echo(const char *prompt, struct secret *voucher_pin)
{
	struct sigaction before[GUARDED];
	const struct sigaction action = {.sa_handler = on_signal};
	sigset_t held, open;
	(void)sigemptyset(&held); /* none of these can fail with these values */
	for (size_t i = 0; i < GUARDED; i++)
		(void)sigaddset(&held, guarded[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &open);
	caught = 0;
	for (size_t i = 0; i < GUARDED; i++)
		(void)sigaction(guarded[i], &action, &before[i]);
	int err = ask_silently(prompt, voucher_pin, &open);
	for (size_t i = 0; i < GUARDED; i++)
		(void)sigaction(guarded[i], &before[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &open, NULL);
	if (caught != 0)
		(void)raise(caught); /* as if it had come now */
	return err;
}

int
ctl_terminal_read_pin(const char *prompt, struct secret *voucher_pin)
{
	if (isatty(STDIN_FILENO) == 1)
		return read_without_echo(prompt, voucher_pin);
	return read_line(voucher_pin, NULL);
}

void
ctl_terminal_forget_typed(void)
{
	/* In the background it would stop us. */
	if (isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp())
		(void)tcflush(STDIN_FILENO, TCIFLUSH);
}
