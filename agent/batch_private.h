/*
 * batch_private: a batch while it is read. For the files of batch alone.
 */
#ifndef AGENT_BATCH_PRIVATE_H
#define AGENT_BATCH_PRIVATE_H

#include "agent/batch.h"

enum { BATCH_COLUMNS_MAX = BATCH_ROW_MAX + 1, BATCH_ERROR_MAX = 128 };

/* What a cell is. */
enum batch_column {
	BATCH_COLUMN_PIN,
	BATCH_COLUMN_SERIAL,
	BATCH_COLUMN_AMOUNT,
	BATCH_COLUMN_OPERATOR,
	BATCH_COLUMN_TARGET,
	BATCH_COLUMN_MODEM,
	BATCH_COLUMN_EXPIRES,
	BATCH_COLUMN_NOTE,
	BATCH_COLUMN_COUNT,
	BATCH_COLUMN_IGNORED = BATCH_COLUMN_COUNT
};

const char *batch_column_name(enum batch_column column);

/* The column of that name in any case of letters, or IGNORED. */
enum batch_column batch_column_of(struct span name);

/* What directives, or the file's name, say of all rows; "" for nothing. */
struct batch_defaults {
	char amount[BATCH_WORD_MAX];
	char operator[BATCH_WORD_MAX]; /* lower case */
	char target[BATCH_WORD_MAX];
	char modem[BATCH_WORD_MAX];
	char note[BATCH_NOTE_MAX];
	unsigned priority;
	unsigned seen; /* a bit for each directive that stood there */
};

/* batch_row.c: a trimmed cell into its place. NULL, or what is wrong with
 * it, in words without any part of it. */
const char *batch_row_put(
	struct batch_row *row, enum batch_column column, struct span cell);

/* Fills what the row left open. NULL, or what is still wrong. */
const char *batch_row_complete(
	struct batch_row *row, const struct batch_defaults *defaults);
bool batch_is_amount(struct span text);

/* Copies in lower case (ASCII). 0 or -ENOSPC. */
int batch_copy_lower(char *out, size_t cap, struct span text);

/* batch_directive.c: a line that begins with "#". NULL, or what is wrong;
 * *ignored when it looks like no directive at all. */
const char *batch_directive_take(
	struct batch_defaults *defaults, struct span line, bool *ignored);

/* The word of directive i; NULL past the end. */
const char *batch_directive_name(size_t i);

/* OPERATOR-AMOUNT-....txt, where the directives do not say otherwise. */
void batch_directive_of_name(struct batch_defaults *defaults, const char *name);

/* batch_decode.c: UTF-16 with a byte order mark into UTF-8. Zeroed to begin
 * with. */
enum batch_encoding {
	BATCH_NOT_KNOWN,
	BATCH_UTF8,
	BATCH_UTF16_LE,
	BATCH_UTF16_BE
};

struct batch_decoder {
	enum batch_encoding encoding;
	uint16_t high; /* half of a surrogate pair, or 0 */
	uint8_t held[2];
	size_t held_len;
};

enum { BATCH_DECODED_MAX = 5 };

/* The next byte of the file: how many bytes of UTF-8 come out. */
size_t batch_decode(struct batch_decoder *d, char byte, char *out);
size_t batch_decode_end(struct batch_decoder *d, char *out);

/* batch_csv.c: libcsv, one whole record at a time. */
struct batch_csv;
typedef void batch_csv_fn(void *ctx, struct span cell);

/* NULL when out of memory. */
struct batch_csv *batch_csv_new(char delimiter);
void batch_csv_free(struct batch_csv *csv); /* wipes */

/* Calls fn for each cell. 0; -EINVAL for quotes that RFC 4180 does not
 * allow (some cells may have been given by then), -ENOMEM. */
int batch_csv_read(
	struct batch_csv *csv, struct span record, batch_csv_fn *fn, void *ctx);

#endif
