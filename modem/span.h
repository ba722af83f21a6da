/*
 * span: a bounded view of bytes that somebody else owns.
 * Foreign text (from modems, files, sockets) travels as a span, never as a
 * C string; nothing here allocates or looks for a NUL.
 */
#ifndef MODEM_SPAN_H
#define MODEM_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *ptr;
	size_t len;
};

/* A view of len bytes at ptr; ptr stays the caller's. */
static inline struct span
span_of(const char *ptr, size_t len)
{
	return (struct span){.ptr = ptr, .len = len};
}

/* A view of our own NUL-terminated text, without the NUL. */
struct span span_str(const char *text);

bool span_eq(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);

/* The rest of s after its first n bytes (empty when s is shorter). */
struct span span_skip(struct span s, size_t n);

/* s without blanks, tabs, CR and LF at both ends. */
struct span span_trim(struct span s);

/* The offset of the first c in s, or s.len. */
size_t span_find(struct span s, char c);

/*
 * All of s as a decimal number of at most max. 0, or -EINVAL for anything
 * that is not digits only, or -ERANGE.
 */
int span_to_u32(struct span s, uint32_t max, uint32_t *out);

/*
 * Copies s into dst (cap bytes, always NUL-terminated when cap > 0).
 * 0, or -ENOSPC when it had to be cut.
 */
int span_copy(char *dst, size_t cap, struct span s);

/* The same of a text of ours, where a cut end does no harm. */
void span_copy_text(char *dst, size_t cap, const char *text);

/*
 * Pairs of hex digits of either case into bytes; *len bytes are written.
 * 0, -EINVAL for an odd count or a foreign sign, -ENOSPC.
 */
int span_from_hex(struct span hex, uint8_t *dst, size_t cap, size_t *len);

/* Bytes into upper-case hex, NUL-terminated. 0 or -ENOSPC. */
int span_to_hex(const uint8_t *src, size_t len, char *dst, size_t cap);

#endif
