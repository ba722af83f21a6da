/*
 * chart: whole numbers as a small picture of columns: lines of text for a
 * terminal (Unicode blocks, or plain ASCII), or SVG. Pure.
 */
#ifndef AGENT_CHART_H
#define AGENT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CHART_GAP INT64_MIN /* a value that nobody knows */

enum {
	CHART_WIDTH_MIN = 20, /* columns; less is taken for this */
	CHART_WIDTH_MAX = 200,
	CHART_HEIGHT_MIN = 2, /* lines of columns */
	CHART_HEIGHT_MAX = 24,
	CHART_LINE_MAX = 1024 /* bytes of a line, with its NUL */
};

struct chart {
	const int64_t *values; /* minor units, or CHART_GAP */
	size_t count;
	unsigned decimals;        /* of the numbers at the axis */
	const char *first, *last; /* stand below the ends, in ASCII; or "" */
	unsigned width, height;   /* of the whole, of its columns */
	bool ascii;
};

/* One line without its end and without blanks at it; valid during the call. */
typedef void chart_line_fn(void *ctx, const char *line);

/*
 * Columns that stand on zero; a value that is known and not 0 is always seen.
 * Where there are more values than columns, each shows the one that is
 * furthest from 0. A gap is a hole in the axis. Without any value it says so.
 */
void chart_draw(const struct chart *chart, chart_line_fn *fn, void *ctx);

enum chart_svg_kind {
	CHART_SVG_BARS, /* a bar for each value */
	CHART_SVG_STEPS /* a line: each holds until the next */
};

/* Texts may be foreign: they are escaped, and what XML does not take is "?". */
struct chart_svg {
	enum chart_svg_kind kind;
	const int64_t *values; /* minor units, or CHART_GAP */
	size_t count;
	unsigned decimals;
	const char *title;
	const char *unit;          /* of the numbers; "" for none */
	const char *const *labels; /* of each value; "" for none */
};

/* A whole SVG document (SVG 1.1, UTF-8, no script, no style sheet), the same
 * in every locale. 0 or -EIO; the caller closes the file. */
int chart_svg_write(const struct chart_svg *chart, FILE *file);

#endif
