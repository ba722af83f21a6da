/*
 * hunt: the search for many PINs at once, in files and in the memory of a
 * process: whole or in part, in each form that one takes on its way. It must
 * never call a search clean that looked at nothing.
 */
#ifndef TESTS_SUPPORT_HUNT_H
#define TESTS_SUPPORT_HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* So many of its digits, one after another, are found too: a PIN that was
 * half overwritten is still most of the money. */
enum { HUNT_DIGITS = 10 };

struct hunt;

struct hunt *hunt_new(void);
void hunt_free(struct hunt *hunt);
/* Text of any 10 to 20 digits; plain, as UTF-16 and UCS-2 of either order,
 * as hex of these, packed as GSM 7 bit (and its hex) at any bit. */
void hunt_add(struct hunt *hunt, const char *voucher_pin);

struct hunt_find {
	const char *where; /* path, or the name of a mapping */
	uint64_t at;       /* address, or offset in the file */
	bool locked;       /* memory that cannot be swapped out */
	const char *form;
	char around[160]; /* what stands there, unprintable as dots */
};
typedef void hunt_fn(void *ctx, const struct hunt_find *find);

/* Calls fn for each find. All writable mappings of the process; returns how
 * many bytes were looked at, -1 where it may not be read (not root), or
 * says nothing (under AddressSanitizer). */
int64_t hunt_memory(struct hunt *hunt, pid_t pid, hunt_fn *fn, void *ctx);
/* All files below the folder; paths that hold one of the parts (ended by
 * NULL) are left out. The same. */
int64_t hunt_files(struct hunt *hunt, const char *dir,
	const char *const leave_out[], hunt_fn *fn, void *ctx);

#endif
