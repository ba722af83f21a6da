/*
 * hunt: needles in a hash of their first bytes, so that thousands of them
 * cost one pass. It must never miss a mapping in silence.
 */
#include "tests/support/hunt.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "modem/gsm7.h"

/* Freed memory is kept there, for reports; and its shadow has terabytes. */
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

enum {
	HEAD = 8, /* bytes of a needle that are hashed */
	NEEDLE_MAX = 96,
	SLOTS = 1 << 16,
	PIECE = 1 << 20,
	AROUND = 48
};

struct needle {
	uint8_t bytes[NEEDLE_MAX];
	size_t len;
	const char *form;
	size_t next; /* with the same hash; 0: none */
};

struct hunt {
	struct needle *needles; /* from 1 on */
	size_t count, cap;
	uint32_t slots[SLOTS];
	hunt_fn *fn;
	void *ctx;
	const char *const *leave_out;
	int64_t looked;
};

static size_t
slot_of(const uint8_t *bytes)
{
	uint64_t x;
	memcpy(&x, bytes, sizeof(x));
	x *= UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(x >> 48);
}

struct hunt *
hunt_new(void)
{
	struct hunt *hunt = calloc(1, sizeof(*hunt));
	assert_non_null(hunt);
	hunt->count = 1;
	return hunt;
}

void
hunt_free(struct hunt *hunt)
{
	free(hunt->needles);
	free(hunt);
}

static void
add(struct hunt *hunt, const char *form, const void *bytes, size_t len)
{
	assert_in_range(len, HEAD, NEEDLE_MAX);
	if (hunt->count + 1 >= hunt->cap) {
		hunt->cap = 2 * hunt->cap + 64;
		hunt->needles = realloc(
			hunt->needles, hunt->cap * sizeof(*hunt->needles));
		assert_non_null(hunt->needles);
	}
	struct needle *needle = &hunt->needles[hunt->count];
	size_t slot = slot_of(bytes);
	memcpy(needle->bytes, bytes, len);
	needle->len = len;
	needle->form = form;
	needle->next = hunt->slots[slot];
	hunt->slots[slot] = (uint32_t)hunt->count++;
}

static void
add_hex(struct hunt *hunt, const char *form, const uint8_t *bytes, size_t len)
{
	char hex[2 * NEEDLE_MAX + 1];
	assert_int_equal(span_to_hex(bytes, len, hex, sizeof(hex)), 0);
	add(hunt, form, hex, strlen(hex));
}

/* Octets that hold nothing but bits of it, with so many septets before. */
static void
add_packed(struct hunt *hunt, const char *digits, size_t len, size_t before)
{
	uint8_t septets[40], octets[40];
	size_t n = 0, first = (before * 7 + 7) / 8;
	size_t last = (before + len) * 7 / 8; /* not included */
	memset(septets, 0, sizeof(septets));
	for (size_t i = 0; i < len; i++)
		septets[before + i] = (uint8_t)digits[i];
	assert_int_equal(gsm7_pack_ussd(septets, before + len, octets,
				 sizeof(octets), &n),
		0);
	add(hunt, "packed", octets + first, last - first);
	add_hex(hunt, "packed hex", octets + first, last - first);
}

static void
add_digits(struct hunt *hunt, const char *digits)
{
	uint8_t wide[2 * HUNT_DIGITS] = {0};
	for (size_t i = 0; i < HUNT_DIGITS; i++)
		wide[2 * i + 1] = (uint8_t)digits[i];
	add(hunt, "text", digits, HUNT_DIGITS);
	/* Between the ends either order is the same bytes. */
	add(hunt, "UTF-16", wide + 1, sizeof(wide) - 1);
	add_hex(hunt, "hex", (const uint8_t *)digits, HUNT_DIGITS);
	add_hex(hunt, "UCS-2 hex", wide, sizeof(wide));
}

void
hunt_add(struct hunt *hunt, const char *voucher_pin)
{
	size_t len = strlen(voucher_pin);
	assert_in_range(len, HUNT_DIGITS, 20);
	for (size_t i = 0; i + HUNT_DIGITS <= len; i++)
		add_digits(hunt, voucher_pin + i);
	for (size_t before = 0; before < 8; before++)
		add_packed(hunt, voucher_pin, len, before);
}

/* ---- one block ----------------------------------------------------------- */

struct block {
	const uint8_t *bytes;
	size_t len;
	struct hunt_find find; /* where, locked; at is that of bytes */
};

static void
tell(struct hunt *hunt, const struct block *block, size_t at, const char *form)
{
	struct hunt_find find = block->find;
	size_t from = at > AROUND ? at - AROUND : 0;
	size_t n = 0;
	for (size_t i = from; i < block->len && n + 1 < sizeof(find.around);
		i++) {
		uint8_t c = block->bytes[i];
		find.around[n++] = c >= ' ' && c <= '~' ? (char)c : '.';
	}
	find.around[n] = '\0';
	find.at += at;
	find.form = form;
	hunt->fn(hunt->ctx, &find);
}

static void
search(struct hunt *hunt, const struct block *block)
{
	hunt->looked += (int64_t)block->len;
	for (size_t at = 0; at + HEAD <= block->len; at++) {
		size_t i = hunt->slots[slot_of(block->bytes + at)];
		for (; i != 0; i = hunt->needles[i].next) {
			const struct needle *needle = &hunt->needles[i];
			if (needle->len > block->len - at ||
				memcmp(needle->bytes, block->bytes + at,
					needle->len) != 0)
				continue;
			tell(hunt, block, at, needle->form);
			at += needle->len; /* the rest of it is known */
			break;
		}
	}
}

/* ---- memory -------------------------------------------------------------- */

/* Pieces overlap by what a needle may be cut. */
static void
search_mapping(struct hunt *hunt, int fd, struct block *block, uint64_t end)
{
	static uint8_t bytes[PIECE + NEEDLE_MAX];
	uint64_t from = block->find.at;
	for (; from < end; from += PIECE) {
		uint64_t left = end - from;
		size_t want =
			left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
		ssize_t n = pread(fd, bytes, want, (off_t)from);
		if (n <= 0)
			return; /* guard pages of libsodium cannot be read */
		block->bytes = bytes;
		block->len = (size_t)n;
		block->find.at = from;
		search(hunt, block);
	}
}

/* "55d0-55d1 rw-p 0000 00:00 0 [heap]" */
static bool
is_mapping(const char *line, uint64_t *from, uint64_t *end, char mode[8],
	char name[512])
{
	char *at;
	*from = strtoull(line, &at, 16);
	if (at == line || *at != '-')
		return false;
	*end = strtoull(at + 1, &at, 16);
	name[0] = '\0';
	return sscanf(at, " %7s %*s %*s %*s %511[^\n]", mode, name) >= 1;
}

/* smaps: a line of the mapping, then its fields; the last are its flags. */
static void
search_mappings(struct hunt *hunt, int fd, FILE *smaps)
{
	char line[1024], mode[8] = "", name[512] = "";
	uint64_t from = 0, end = 0, a = 0, b = 0;
	while (fgets(line, sizeof(line), smaps) != NULL) {
		char m[8], n[512];
		if (is_mapping(line, &a, &b, m, n)) {
			from = a;
			end = b;
			memcpy(mode, m, sizeof(mode));
			memcpy(name, n, sizeof(name));
		} else if (strncmp(line, "VmFlags:", 8) == 0 &&
			   mode[0] == 'r' && mode[1] == 'w') {
			struct block block = {
				.find = {.where = name,
					.at = from,
					.locked = strstr(line, " lo") != NULL}};
			search_mapping(hunt, fd, &block, end);
		}
	}
}

int64_t
hunt_memory(struct hunt *hunt, pid_t pid, hunt_fn *fn, void *ctx)
{
	char path[64];
	if (IS_SANITIZED)
		return -1;
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
	FILE *smaps = fopen(path, "re");
	assert_non_null(smaps);
	hunt->fn = fn;
	hunt->ctx = ctx;
	hunt->looked = 0;
	search_mappings(hunt, fd, smaps);
	(void)fclose(smaps);
	(void)close(fd);
	return hunt->looked;
}

/* ---- files --------------------------------------------------------------- */

static struct hunt *hunting; /* nftw() hands its function no context */

static bool
is_left_out(const char *path)
{
	for (size_t i = 0; hunting->leave_out[i] != NULL; i++) {
		if (strstr(path, hunting->leave_out[i]) != NULL)
			return true;
	}
	return false;
}

static int
search_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	if (kind != FTW_F || !S_ISREG(st->st_mode) || is_left_out(path))
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* it went away meanwhile */
	size_t len = (size_t)st->st_size;
	uint8_t *bytes = malloc(len + 1);
	assert_non_null(bytes);
	ssize_t n = read(fd, bytes, len);
	struct block block = {.bytes = bytes,
		.len = n > 0 ? (size_t)n : 0,
		.find = {.where = path}};
	search(hunting, &block);
	/* A file's name is a place, too. */
	block.bytes = (const uint8_t *)path;
	block.len = strlen(path);
	search(hunting, &block);
	free(bytes);
	(void)close(fd);
	return 0;
}

int64_t
hunt_files(struct hunt *hunt, const char *dir, const char *const leave_out[],
	hunt_fn *fn, void *ctx)
{
	hunt->fn = fn;
	hunt->ctx = ctx;
	hunt->leave_out = leave_out;
	hunt->looked = 0;
	hunting = hunt;
	assert_int_equal(nftw(dir, search_file, 16, FTW_PHYS), 0);
	return hunt->looked;
}
