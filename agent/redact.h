/*
 * redact: the text of a batch file with its PINs masked and all else as it
 * stands (UTF-16 becomes UTF-8). Streaming, bounded, no I/O. What it is not
 * told to be a row with a known PIN it masks too much rather than too
 * little.
 */
#ifndef AGENT_REDACT_H
#define AGENT_REDACT_H

#include "agent/secret.h"
#include "modem/span.h"

struct redact;

/* Gets masked text, piece by piece; valid during the call. */
typedef void redact_fn(void *ctx, struct span text);

struct redact *redact_new(redact_fn *fn, void *ctx);
void redact_free(struct redact *r); /* wipes what it held */

/*
 * The next piece of the file. Feed the same piece to the parser right after
 * it, and tell each row that comes of it with redact_row().
 */
void redact_feed(struct redact *r, struct span piece);

/*
 * A row begins on that line (from 1) and holds that PIN, in digits of any
 * script, blanks and dashes inside. Where it is not found there, all letters
 * and digits of the row are masked. Lines that no row is told of lose their
 * digits: before the first row only where there are many of them
 * (directives keep an amount).
 */
void redact_row(
	struct redact *r, unsigned line, const struct secret *voucher_pin);

/* No more pieces: gives what is left. */
void redact_finish(struct redact *r);

#endif
