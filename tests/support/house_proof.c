/*
 * house_proof: the truth log, the money law, the search through every file,
 * and the reader of the syslog socket. It must never miss a file it cannot
 * read in silence: it counts what it read.
 */
#include "tests/support/house_proof.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "modem/gsm7.h"
#include "tests/support/house_inside.h"

/* ---- truth -------------------------------------------------------------- */

json_t *
house_truth(struct house *h)
{
	FILE *f = fopen(house_path(h, "sim/truth.jsonl"), "r");
	json_t *all = json_array(), *one;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	assert_non_null(f);
	/* A last line without its end is still being written. */
	while ((n = getline(&line, &cap, f)) > 0 && line[n - 1] == '\n') {
		one = json_loads(line, 0, NULL);
		if (one == NULL)
			fail_msg("truth is no JSON: %s", line);
		assert_int_equal(json_array_append_new(all, one), 0);
	}
	free(line);
	(void)fclose(f); /* it was only read */
	return all;
}

/* Without parsing: scenarios ask this many times a second. */
static size_t
count_events(struct house *h, const char *event)
{
	FILE *f = fopen(house_path(h, "sim/truth.jsonl"), "r");
	char *line = NULL, wanted[64];
	size_t cap = 0, count = 0;
	ssize_t n;

	assert_non_null(f);
	snprintf(wanted, sizeof(wanted), "\"event\":\"%s\"", event);
	while ((n = getline(&line, &cap, f)) > 0 && line[n - 1] == '\n')
		count += strstr(line, wanted) != NULL;
	free(line);
	(void)fclose(f); /* it was only read */
	return count;
}

size_t
house_truth_count(
	struct house *h, const char *event, const char *key, const char *text)
{
	json_t *all, *one;
	size_t i, n = 0;

	if (key == NULL)
		return count_events(h, event);
	all = house_truth(h);
	json_array_foreach(all, i, one) n +=
		strcmp(house_text(one, "event"), event) == 0 &&
		strcmp(house_text(one, key), text) == 0;
	json_decref(all);
	return n;
}

/* How often the network credited each card of house_pin(): a PIN's last
 * four digits are its card's number. */
static void
executed_by_number(struct house *h, unsigned count, unsigned *executed)
{
	json_t *truth = house_truth(h), *one;
	size_t i;

	memset(executed, 0, count * sizeof(*executed));
	json_array_foreach(truth, i, one)
	{
		const char *voucher_pin = house_text(one, "pin");
		json_int_t times = house_number(one, "executed");
		unsigned long n;

		if (strcmp(house_text(one, "event"), "redeem") != 0 ||
			strlen(voucher_pin) != 14)
			continue;
		n = strtoul(voucher_pin + 10, NULL, 10);
		if (n < count &&
			strcmp(voucher_pin, house_pin((unsigned)n)) == 0 &&
			times > executed[n])
			executed[n] = (unsigned)times;
	}
	json_decref(truth);
}

/* State of each card's voucher, by number; "" where there is none. */
static void
states_by_number(json_t *vouchers, unsigned count, char (*states)[16])
{
	json_t *v;
	size_t i;

	json_array_foreach(vouchers, i, v)
	{
		const char *serial = house_text(v, "serial");
		unsigned long n = strtoul(serial + 1, NULL, 10);

		assert_int_equal(serial[0], 'S');
		assert_in_range(n, 0, count - 1);
		if (states[n][0] != '\0')
			fail_msg("card %s is in the ledger twice", serial);
		snprintf(states[n], sizeof(states[n]), "%s",
			house_text(v, "state"));
	}
}

static void
assert_card(unsigned card, const char *state, unsigned before, unsigned after)
{
	bool may_be_credited = strcmp(state, "loaded") == 0 ||
	                       strcmp(state, "unknown") == 0 ||
	                       strcmp(state, "dialing") == 0;

	if (state[0] == '\0')
		fail_msg("card %u was lost", card);
	if (after > 1)
		fail_msg("card %u was executed %u times", card, after);
	if (before == 1 && !may_be_credited)
		fail_msg("card %u was credited, but is %s", card, state);
	if (strcmp(state, "loaded") == 0 && after != 1)
		fail_msg("card %u is loaded, but was not credited", card);
}

void
house_assert_money_law(struct house *h, unsigned count)
{
	/* Truth before and after the ledger is read: what was credited before
	 * must be known by then; what is called loaded must be true after. */
	unsigned *before = calloc(count, sizeof(*before));
	unsigned *after = calloc(count, sizeof(*after));
	char(*states)[16] = calloc(count, sizeof(*states));

	assert_true(before != NULL && after != NULL && states != NULL);
	executed_by_number(h, count, before);
	states_by_number(house_ask(h, "vouchers", NULL), count, states);
	executed_by_number(h, count, after);
	for (unsigned i = 0; i < count; i++)
		assert_card(i, states[i], before[i], after[i]);
	free(states);
	free(before);
	free(after);
}

/* ---- PINs in clear ------------------------------------------------------ */

enum { CODINGS = 5, CODED_MAX = 256 };

/* What may not be found: nftw() hands its function no context. */
static struct {
	unsigned char bytes[CODINGS][CODED_MAX];
	size_t len[CODINGS];
	char found[2 * HOUSE_PATH_MAX];
	size_t files;
} hunted;

static void
hunted_add(size_t coding, const void *bytes, size_t len)
{
	assert_in_range(len, 8, CODED_MAX);
	memcpy(hunted.bytes[coding], bytes, len);
	hunted.len[coding] = len;
}

/* The middle of the code as a packed dialect sends it: whole octets that no
 * neighbouring character shares. */
static void
hunted_add_packed(const char *voucher_pin)
{
	char code[80], hex[CODED_MAX];
	uint8_t septets[80], octets[80];
	size_t n, len;

	snprintf(code, sizeof(code), "*121*%s#", voucher_pin);
	assert_int_equal(
		gsm7_from_utf8(span_str(code), septets, sizeof(septets), &n),
		0);
	assert_int_equal(
		gsm7_pack_ussd(septets, n, octets, sizeof(octets), &len), 0);
	assert_int_equal(span_to_hex(octets + 5, len - 7, hex, sizeof(hex)), 0);
	hunted_add(4, hex, strlen(hex));
}

static void
hunted_set(const char *voucher_pin)
{
	char hex[CODED_MAX], wide_hex[CODED_MAX];
	unsigned char wide[CODED_MAX] = {0};
	size_t n = strlen(voucher_pin);

	memset(&hunted, 0, sizeof(hunted));
	for (size_t i = 0; i < n; i++) {
		wide[2 * i] = (unsigned char)voucher_pin[i];
		snprintf(hex + 2 * i, 3, "%02X", voucher_pin[i]);
		snprintf(wide_hex + 4 * i, 5, "00%02X", voucher_pin[i]);
	}
	hunted_add(0, voucher_pin, n);
	/* UTF-16 of either order: between the ends it is the same bytes. */
	hunted_add(1, wide, 2 * n - 1);
	hunted_add(2, hex, 2 * n);
	hunted_add(3, wide_hex, 4 * n);
	hunted_add_packed(voucher_pin);
}

static int
hunt_in_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	unsigned char *bytes;
	size_t len = (size_t)st->st_size;
	int fd;

	(void)ftw;
	/* The truth knows every PIN, and a test keeps its cards in cards/. */
	if (kind != FTW_F || !S_ISREG(st->st_mode) ||
		strstr(path, "/sim/") != NULL ||
		strstr(path, "/cards/") != NULL)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* it went away meanwhile */
	bytes = malloc(len + 1);
	assert_non_null(bytes);
	if (read(fd, bytes, len) == (ssize_t)len) {
		hunted.files++;
		for (size_t i = 0; i < CODINGS; i++)
			if (memmem(bytes, len, hunted.bytes[i],
				    hunted.len[i]) != NULL)
				snprintf(hunted.found, sizeof(hunted.found),
					"%s (coding %zu)", path, i);
	}
	free(bytes);
	(void)close(fd);
	return 0;
}

bool
house_finds_secret(struct house *h, const char *voucher_pin)
{
	hunted_set(voucher_pin);
	assert_int_equal(nftw(h->dir, hunt_in_file, 16, FTW_PHYS), 0);
	assert_true(hunted.files > 0);
	return hunted.found[0] != '\0';
}

void
house_assert_secret(struct house *h, const char *voucher_pin)
{
	if (house_finds_secret(h, voucher_pin))
		fail_msg("a PIN lies in clear in %s", hunted.found);
}

static void
note_file(const struct house *h, pid_t pid, const char *what)
{
	char from[64], bytes[16384];
	int in, out;
	ssize_t n;

	snprintf(from, sizeof(from), "/proc/%ld/%s", (long)pid, what);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return; /* it has ended */
	n = read(in, bytes, sizeof(bytes));
	(void)close(in);
	out = open(house_path(h, "out/proc"),
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	if (n > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	(void)close(out);
}

void
house_note_process(const struct house *h, pid_t pid)
{
	note_file(h, pid, "cmdline");
	note_file(h, pid, "environ");
}

void
house_assert_contains(const char *text, const char *part)
{
	assert_non_null(text);
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}

/* ---- syslog ------------------------------------------------------------- */

struct house_syslog {
	int fd;
	struct sockaddr_un at;
	FILE *log;
	pthread_t reader;
	sem_t written; /* all that came before a mark is in the file */
};

static const char mark[] = "house: mark";

/* Until an empty datagram, which only house_syslog_close() sends. */
static void *
read_syslog(void *arg)
{
	struct house_syslog *s = arg;
	char line[65536];
	ssize_t n;

	while ((n = recv(s->fd, line, sizeof(line), 0)) > 0) {
		if (n == sizeof(mark) &&
			memcmp(line, mark, sizeof(mark)) == 0) {
			(void)sem_post(&s->written);
			continue;
		}
		(void)fwrite(line, 1, (size_t)n, s->log); /* fflush tells */
		(void)fputc('\n', s->log);
		if (fflush(s->log) != 0)
			break;
	}
	return NULL;
}

struct house_syslog *
house_syslog_open(const char *path, const char *log)
{
	struct house_syslog *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(sem_init(&s->written, 0, 0), 0);
	s->at.sun_family = AF_UNIX;
	snprintf(s->at.sun_path, sizeof(s->at.sun_path), "%s", path);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(
		bind(s->fd, (struct sockaddr *)&s->at, sizeof(s->at)), 0);
	s->log = fopen(log, "we");
	assert_non_null(s->log);
	assert_int_equal(pthread_create(&s->reader, NULL, read_syslog, s), 0);
	return s;
}

void
house_syslog_close(struct house_syslog *s)
{
	/* Wakes the reader: recv() gives 0. */
	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->reader, NULL);
	(void)fclose(s->log);
	(void)close(s->fd);
	(void)sem_destroy(&s->written);
	free(s);
}

/* Until what was sent before lies in the file. */
static void
house_syslog_settle(struct house_syslog *s)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, mark, sizeof(mark), 0,
				 (struct sockaddr *)&s->at, sizeof(s->at)),
		sizeof(mark));
	(void)close(fd);
	while (sem_wait(&s->written) != 0)
		assert_int_equal(errno, EINTR);
}

char *
house_syslog(struct house *h)
{
	house_syslog_settle(h->syslog);
	char *text = house_read(house_path(h, "out/syslog"));

	assert_non_null(text);
	return text;
}
