/*
 * corpus: the tables of real things in the folder that CORPUS names, row by
 * row. Every table that has the columns is read, whatever its name, so that
 * anybody may put one beside those that are there. It must never pass over a
 * row in silence: what a test does not use, it counts and says.
 */
#ifndef TESTS_SUPPORT_CORPUS_H
#define TESTS_SUPPORT_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

enum { CORPUS_COLUMNS_MAX = 24 };

enum corpus_verdict { CORPUS_GOOD, CORPUS_BAD, CORPUS_SKIPPED };

struct corpus_count {
	unsigned tables;
	unsigned rows;
	unsigned good;
	unsigned skipped;
};

/*
 * Judges one row; value[i] is what stands under columns[i], its escapes as
 * they are; the test's to change. The first of them names the row.
 */
typedef enum corpus_verdict corpus_judge(char *value[]);

/*
 * Reads each *.tsv whose header has all of columns (NULL ends them), in any
 * order. Says each bad row, and the counts. What is counted; no table: the
 * folder is not there, or has none.
 */
struct corpus_count corpus_read(
	const char *const columns[], corpus_judge *judge);

/* Reads, skips the test where there is no table, and fails it for a bad row. */
void corpus_expect(const char *const columns[], corpus_judge *judge);

/* \n \r \t \f \0 \\ and \xNN, in place; the length. */
size_t corpus_unescape(char *text);

#endif
