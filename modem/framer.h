/*
 * framer: bytes from a modem into frames: whole lines, prompts, echoes.
 * Pure and bounded; knows that a +CUSD text may hold line ends and quotes.
 * It must never wait for ever for a closing quote, nor keep what it gave.
 */
#ifndef MODEM_FRAMER_H
#define MODEM_FRAMER_H

#include "modem/span.h"

enum {
	FRAMER_LINE_MAX = 6144, /* a longer line is reported and dropped */
	FRAMER_READ_MAX = 1024, /* room that is there after framer_next() */
	FRAMER_NOISE_MAX = 128, /* a noise line inside a text, at most */
	/* A text whose closing quote has not come by then ends without. Real
	 * texts arrive in two reads up to 1.6 s apart. */
	FRAMER_QUOTE_MS = 5000
};

enum frame_kind {
	FRAME_NONE,    /* nothing whole yet */
	FRAME_LINE,    /* a line, or a whole +CUSD with all of its text */
	FRAME_PROMPT,  /* "> " at the start of a line, when expected */
	FRAME_ECHO,    /* one of our own commands, sent back */
	FRAME_OVERFLOW /* an over-long line; its bytes are gone */
};

struct frame {
	enum frame_kind kind;
	/* Without blanks and line ends around it; valid until the next call
	 * of any framer function, which wipes it. */
	struct span text;
	bool stale; /* began before framer_mark() */
};

/*
 * 1. buf[0, len) is the frame under way; buf[next, end) is not looked at.
 * 2. len <= next <= end <= sizeof buf, and len <= FRAMER_LINE_MAX.
 * 3. In a quoted frame, buf[line_at, len) is the line under way; quotes says
 *    how many there are in buf[0, len), the last of them at last_quote;
 *    line_quotes and line_last_quote are the same for buf[0, line_at).
 */
struct framer {
	char buf[FRAMER_LINE_MAX + FRAMER_READ_MAX];
	size_t len, next, end;
	size_t given; /* bytes at the front that the last frame shows */
	size_t line_at;
	size_t quotes, last_quote;
	size_t line_quotes, line_last_quote;
	int64_t quote_at_ms;
	bool quoted;   /* inside the quotes of a +CUSD text */
	bool skipping; /* after an overflow, until the line ends */
	bool eat_lf;   /* the CR before it ended a noise line */
	bool prompt;   /* a prompt is expected */
	bool stale;
	char noise[FRAMER_NOISE_MAX];
};

void framer_init(struct framer *f);

/* Forgets and wipes all bytes (the port was closed). */
void framer_reset(struct framer *f);

/* Whether "> " at the start of a line is a prompt from now on. */
void framer_expect_prompt(struct framer *f, bool expected);

/*
 * Where to read the next bytes into; *room is at least FRAMER_READ_MAX once
 * framer_next() has said FRAME_NONE. Then say with framer_filled() how many
 * came.
 */
char *framer_room(struct framer *f, size_t *room);
void framer_filled(struct framer *f, size_t n);

/*
 * The next frame, or FRAME_NONE when more bytes, or time, are needed. What
 * comes out does not depend on how the bytes were cut into reads.
 */
struct frame framer_next(struct framer *f, int64_t now_ms);

/* When framer_next() wants to be called again without bytes, or INT64_MAX. */
int64_t framer_wake_at(const struct framer *f);

/*
 * A line that is under way now cannot be the answer to what is sent from
 * now on: it will come out as stale.
 */
void framer_mark(struct framer *f);

#endif
