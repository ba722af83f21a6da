/*
 * ctl_screen: what the files of ctl show answers with: clean texts, the
 * terminal, tables. Nobody else includes it.
 */
#ifndef AGENT_CTL_SCREEN_H
#define AGENT_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ctl_screen;
struct json;

enum { CTL_TIME_MAX = 32, CTL_CUT_ROOM = 2 };

/* ---- ctl_text.c: foreign texts, widths, times --------------------------- */

/* Control and direction signs and bytes that are no UTF-8 as \xNN or \uNNNN,
 * line ends as \n. The caller frees it. */
char *ctl_text_clean(const char *text);

/* Whether the locale has signs beyond ASCII. */
bool ctl_text_has_unicode(void);

/* How many columns of a terminal a clean text takes. */
unsigned ctl_text_width(const char *text);

/* Cuts a clean text to width columns, the last one then showing the cut. It
 * may become CTL_CUT_ROOM bytes longer: a clean text has room for them. */
void ctl_text_cut(char *text, unsigned width);

/* Prints a clean text, and takes it to pieces: where the screen has no room for
 * the next word, a new line that begins with before. No line end after it. */
void ctl_text_wrap(
	const struct ctl_screen *screen, const char *before, char *text);

/* RFC 3339 (UTC) into local time "2026-01-31 09:30:00"; what is no such time
 * is copied. out has CTL_TIME_MAX bytes. */
void ctl_text_time(const char *rfc3339, char *out);

/* What a person types: "2026-01-31", "2026-01-31 09:30[:15]" (local time),
 * or RFC 3339 with Z. 0 or -EINVAL. */
int ctl_text_parse_time(const char *text, int64_t *wall_ms);

/* 12s, 3m 20s, 2h 5m, 4d 3h. */
void ctl_text_duration(int64_t seconds, char *out, size_t cap);

/* ---- ctl_terminal.c: what stands before the person ---------------------- */

struct ctl_screen {
	FILE *file;
	bool terminal;
	bool colour;
	unsigned width; /* 0: no limit */
};

void ctl_screen_init(struct ctl_screen *screen, FILE *file);

/* The sequences around a state's word; "" without colour. Static. */
const char *ctl_screen_colour(
	const struct ctl_screen *screen, const char *word);
const char *ctl_screen_plain(const struct ctl_screen *screen);

/* One line that is written over; silent when no terminal. */
struct ctl_progress {
	const struct ctl_screen *screen;
	unsigned shown;   /* columns of the last line */
	int64_t began_ms; /* 0: not yet */
	int64_t began_done;
};
void ctl_progress_show(struct ctl_progress *progress, const char *line);
void ctl_progress_clear(struct ctl_progress *progress);
/* The line for a tally {total, done, counts{}} at now_ms (monotonic). */
void ctl_progress_line(struct ctl_progress *progress, const struct json *tally,
	int64_t now_ms, char *out, size_t cap);

/* A PIN from standard input: without echo on a terminal, its first line
 * otherwise. 0; -EINTR; -EINVAL for none or too long a one. */
struct secret;
int ctl_terminal_read_pin(const char *prompt, struct secret *voucher_pin);
/* Throws away what was typed and not read, which may be the next card: a shell
 * would take it for a command, and keep it. */
void ctl_terminal_forget_typed(void);

int64_t ctl_terminal_now_ms(void); /* monotonic */

/* ---- ctl_table.c: rows of objects as a table ---------------------------- */

/* A sentence is never cut: where the table has no room for it, it stands
 * below its row. */
enum ctl_cell { CELL_TEXT, CELL_NUMBER, CELL_TIME, CELL_STATE, CELL_SENTENCE };

struct ctl_column {
	const char *title;
	const char *key; /* of the object; "counts.loaded" goes down */
	enum ctl_cell kind;
	unsigned least; /* on a terminal it may be cut to this; 0: never */
	unsigned drop;  /* where there is no room the highest goes first;
	                   0: never */
};

struct ctl_table;
/* columns end with a NULL title. Borrows both. */
struct ctl_table *ctl_table_new(
	const struct ctl_column *columns, const struct ctl_screen *screen);
void ctl_table_row(struct ctl_table *table, const struct json *row);
/* Prints what is left; frees. How many rows there were. */
size_t ctl_table_end(struct ctl_table *table);

/* A member by a path with dots; NULL if absent. */
const struct json *ctl_table_find(const struct json *object, const char *path);
/* A value as clean text, "" for none; the caller frees it. */
char *ctl_table_cell(const struct json *value, enum ctl_cell kind);

/* "label   value" lines; columns give label, key and kind. Absent ones are
 * left out. */
void ctl_table_object(const struct ctl_column *fields,
	const struct json *object, const struct ctl_screen *screen);

#endif
