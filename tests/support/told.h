/*
 * told: what a batch parser tells of a file, as text to compare: one line
 * for each row, fault and warning, the refusal or the settings at the end.
 */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include <stddef.h>

/* Feeds the file in pieces of that many bytes. The caller frees it. */
char *told_of_batch(
	const char *name, const char *bytes, size_t len, size_t piece);

/* Fails the test unless the file tells that, whole and in pieces of 1 to 8
 * bytes. */
void told_expect(
	const char *name, const char *bytes, size_t len, const char *want);

struct told_row {
	const char *bytes;
	size_t len;
	const char *want;
};
void told_expect_all(
	const char *name, const struct told_row *rows, size_t count);

#endif
