/*
 * batch: the text of a batch file into rows and line-numbered faults. Over
 * pieces of a buffer, not a file; streaming and bounded; the one file with
 * libcsv. It knows the form of a row, not whether an operator or a ledger
 * takes it. It must never print or keep a PIN.
 */
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H

#include "agent/secret.h"
#include "modem/span.h"

enum batch_kind { BATCH_CSV, BATCH_TXT };

enum { BATCH_ROW_MAX = 4096, BATCH_WORD_MAX = 64, BATCH_NOTE_MAX = 256 };

/* One row; texts are NUL-terminated, "" where absent. */
struct batch_row {
	unsigned line;             /* the line it begins on, from 1 */
	struct secret voucher_pin; /* blanks and dashes dropped, digits 0-9 */
	char serial[BATCH_WORD_MAX];
	char amount[BATCH_WORD_MAX];
	char operator[BATCH_WORD_MAX]; /* lower case */
	char target[BATCH_WORD_MAX];
	char modem[BATCH_WORD_MAX];
	char expires[BATCH_WORD_MAX]; /* checked: YYYY-MM-DD */
	char note[BATCH_NOTE_MAX];
};

struct batch_events {
	void *ctx;
	/* A row of good form; wiped by the parser after the call. */
	void (*on_row)(void *ctx, const struct batch_row *row);
	/* A row of bad form. reason is a word or a phrase without any part
	 * of the row ("too long", "not UTF-8", "no pin", "bad expires"). */
	void (*on_fault)(void *ctx, unsigned line, const char *reason);
	/* Something to tell that costs no row ("column 'x' is ignored"). */
	void (*on_warning)(void *ctx, unsigned line, const char *text);
};

struct batch_parser;

/* What a file's name says (contract, Batch files): its kind, and for
 * OPERATOR-AMOUNT-....txt the defaults. 0, or -EINVAL for another ending. */
int batch_kind_of(const char *name, enum batch_kind *kind);

struct batch_parser *batch_parser_new(enum batch_kind kind, const char *name,
	const struct batch_events *events);
void batch_parser_free(struct batch_parser *p); /* wipes what it held */

/*
 * Takes the next piece. 0, or a negative code when the file cannot be
 * understood as a whole (no header, no pin column, ...):
 * batch_parser_error() then says why. Nothing more is parsed after that.
 */
int batch_parser_feed(struct batch_parser *p, struct span piece);
int batch_parser_finish(struct batch_parser *p);
const char *batch_parser_error(const struct batch_parser *p);

/* The directive "# priority:", 0..9, or 5. */
unsigned batch_parser_priority(const struct batch_parser *p);

/* The directive "# note:", or "". */
const char *batch_parser_note(const struct batch_parser *p);

#endif
