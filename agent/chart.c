/*
 * chart: columns of blocks in lines of text. It must never hide a value that
 * is not 0, nor show one where nothing is known.
 */
#include "agent/chart.h"

#include <assert.h>
#include <string.h>

#include "agent/money.h"

enum { EIGHTHS = 8, LABEL_MAX = MONEY_TEXT_MAX, SHORT_MAX = 6, BAR_MAX = 8 };

/* Everything that a line is made from. */
struct plot {
	const struct chart *chart;
	int64_t low, high; /* with 0 among them */
	double per_line;
	unsigned height, above; /* lines; of them those above 0 */
	unsigned label;         /* columns of the numbers */
	unsigned columns;       /* what is left beside them */
	unsigned step, bar;     /* columns of a value; of its bar */
};

/* How far from 0; exact enough for a picture, also for the smallest one. */
static double
size_of(int64_t value)
{
	return value < 0 ? -(double)value : (double)value;
}

/* ---- the line under work ------------------------------------------------- */

struct line {
	char text[CHART_LINE_MAX];
	size_t len, seen; /* seen: without the blanks at its end */
};

static void
put(struct line *line, const char *text)
{
	size_t len = strlen(text);
	assert(line->len + len < sizeof(line->text)); /* CHART_WIDTH_MAX */
	memcpy(line->text + line->len, text, len + 1);
	line->len += len;
	if (strcmp(text, " ") != 0)
		line->seen = line->len;
}

static void
put_times(struct line *line, const char *text, unsigned times)
{
	for (; times > 0; times--)
		put(line, text);
}

static void
give(struct line *line, chart_line_fn *fn, void *ctx)
{
	line->text[line->seen] = '\0';
	fn(ctx, line->text);
}

/* ---- numbers at the axis ------------------------------------------------- */

/* Three digits and what they are counted in: "92.2P" has no room. */
static void
print_short(int64_t minor, unsigned decimals, char out[LABEL_MAX])
{
	static const char units[] = " kMGTPE";
	double value = size_of(minor);
	size_t unit = 0;
	for (unsigned i = 0; i < decimals; i++)
		value /= 10;
	for (; value >= 999.5 && unit + 2 < sizeof(units); unit++)
		value /= 1000;
	int n = snprintf(out, LABEL_MAX, "%s%d%c", minor < 0 ? "-" : "",
		(int)(value + 0.5), units[unit]);
	if (unit == 0)
		out[n - 1] = '\0';
}

static void
print_label(const struct plot *plot, int64_t minor, char out[LABEL_MAX])
{
	if (plot->label > SHORT_MAX)
		money_print(minor, plot->chart->decimals, out);
	else
		print_short(minor, plot->chart->decimals, out);
}

/* The numbers as they are, where a third of the width is enough for them. */
static void
choose_labels(struct plot *plot, unsigned width)
{
	char low[LABEL_MAX], high[LABEL_MAX];
	money_print(plot->low, plot->chart->decimals, low);
	money_print(plot->high, plot->chart->decimals, high);
	size_t most = strlen(low) > strlen(high) ? strlen(low) : strlen(high);
	if (most <= SHORT_MAX || most > width / 3)
		plot->label = SHORT_MAX;
	else
		plot->label = (unsigned)most;
}

/* ---- layout -------------------------------------------------------------- */

static unsigned
bounded(unsigned value, unsigned low, unsigned high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/* false: no value is known. */
static bool
find_span(struct plot *plot)
{
	bool any = false;
	for (size_t i = 0; i < plot->chart->count; i++) {
		int64_t value = plot->chart->values[i];
		if (value == CHART_GAP)
			continue;
		any = true;
		if (value < plot->low)
			plot->low = value;
		if (value > plot->high)
			plot->high = value;
	}
	return any;
}

/* Zero lies between two lines, and one scale serves both sides of it. */
static void
lay_out_lines(struct plot *plot)
{
	double low = -(double)plot->low, high = (double)plot->high;
	unsigned below = 0;
	plot->height = bounded(
		plot->chart->height, CHART_HEIGHT_MIN, CHART_HEIGHT_MAX);
	if (plot->low < 0) {
		below = (unsigned)(plot->height * low / (low + high) + 0.5);
		below = bounded(below, 1,
			plot->high > 0 ? plot->height - 1 : plot->height);
	}
	plot->above = plot->height - below;
	double up = plot->above > 0 ? high / plot->above : 0;
	double down = below > 0 ? low / below : 0;
	plot->per_line = up > down ? up : down;
	if (plot->per_line <= 0)
		plot->per_line = 1; /* all are 0 */
}

static void
lay_out(struct plot *plot)
{
	const struct chart *chart = plot->chart;
	unsigned width =
		bounded(chart->width, CHART_WIDTH_MIN, CHART_WIDTH_MAX);
	choose_labels(plot, width);
	plot->columns = width - plot->label - 1;
	if (chart->count > plot->columns) {
		plot->step = plot->bar = 1;
	} else {
		plot->step = plot->columns / (unsigned)chart->count;
		plot->step = bounded(plot->step, 1, BAR_MAX + 1);
		plot->bar = plot->step > 1 ? plot->step - 1 : 1;
		plot->columns = plot->step * (unsigned)chart->count;
	}
	lay_out_lines(plot);
}

/* What a column shows: of several the one that is furthest from 0. */
static int64_t
value_at(const struct plot *plot, unsigned column)
{
	const struct chart *chart = plot->chart;
	if (plot->step > 1 || chart->count <= plot->columns)
		return chart->values[column / plot->step];
	size_t from = chart->count * column / plot->columns;
	size_t to = chart->count * (column + 1) / plot->columns;
	int64_t found = CHART_GAP;
	for (size_t i = from; i < to; i++) {
		int64_t value = chart->values[i];
		if (value != CHART_GAP &&
			(found == CHART_GAP || size_of(value) > size_of(found)))
			found = value;
	}
	return found;
}

/* ---- drawing ------------------------------------------------------------- */

static const char *const up_blocks[EIGHTHS + 1] = {" ", "\u2581", "\u2582",
	"\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
static const char *const up_ascii[EIGHTHS + 1] = {
	" ", ".", ".", ".", ":", ":", ":", "#", "#"};
/* Unicode has only some of the blocks that hang from above. */
static const char *const down_blocks[EIGHTHS + 1] = {" ", "\u2594", "\u2594",
	"\u2580", "\u2580", "\u2580", "\u2580", "\u2588", "\u2588"};
static const char *const down_ascii[EIGHTHS + 1] = {
	" ", "'", "'", "'", ":", ":", ":", "#", "#"};

/* How much of the line's cell a value fills: k lines away from 0. */
static unsigned
fill_of(const struct plot *plot, int64_t value, unsigned k)
{
	long eighths = (long)(size_of(value) / plot->per_line * EIGHTHS + 0.5);
	if (eighths == 0 && value != 0)
		eighths = 1;
	eighths -= (long)(EIGHTHS * k);
	if (eighths < 0)
		return 0;
	return eighths > EIGHTHS ? EIGHTHS : (unsigned)eighths;
}

static const char *
block_at(const struct plot *plot, unsigned row, int64_t value)
{
	bool ascii = plot->chart->ascii;
	if (value == CHART_GAP)
		return " ";
	if (row < plot->above)
		return (ascii ? up_ascii
			      : up_blocks)[value < 0 ? 0
						     : fill_of(plot, value,
							       plot->above - 1 -
								       row)];
	return (ascii ? down_ascii : down_blocks)
		[value > 0 ? 0 : fill_of(plot, value, row - plot->above)];
}

static void
put_label(struct line *line, const struct plot *plot, const char *label)
{
	put_times(line, " ", plot->label - (unsigned)strlen(label));
	if (label[0] != '\0')
		put(line, label);
}

/* The number beside a line of columns; "" for most. */
static void
label_of(const struct plot *plot, unsigned row, char out[LABEL_MAX])
{
	out[0] = '\0';
	if (row == 0 && plot->above > 0)
		print_label(plot, plot->high, out);
	else if (row + 1 == plot->height && plot->low < 0)
		print_label(plot, plot->low, out);
	else if (plot->low < 0 && plot->above == row + (plot->above > 0))
		print_label(plot, 0, out);
}

static void
draw_row(const struct plot *plot, unsigned row, struct line *line)
{
	char label[LABEL_MAX];
	bool ascii = plot->chart->ascii;
	label_of(plot, row, label);
	put_label(line, plot, label);
	if (label[0] != '\0')
		put(line, ascii ? "+" : "\u2524");
	else
		put(line, ascii ? "|" : "\u2502");
	for (unsigned c = 0; c < plot->columns; c++)
		put(line, c % plot->step >= plot->bar
				  ? " "
				  : block_at(plot, row, value_at(plot, c)));
}

/* A gap is a hole in it. */
static void
draw_axis(const struct plot *plot, struct line *line)
{
	char label[LABEL_MAX] = "";
	bool ascii = plot->chart->ascii;
	if (plot->low >= 0)
		print_label(plot, 0, label);
	put_label(line, plot, label);
	put(line, ascii ? "+" : "\u2514");
	for (unsigned c = 0; c < plot->columns; c++) {
		if (value_at(plot, c) == CHART_GAP)
			put(line, " ");
		else
			put(line, ascii ? "-" : "\u2500");
	}
}

/* Below each other where they have no room side by side. */
static void
draw_ends(const struct plot *plot, chart_line_fn *fn, void *ctx)
{
	const struct chart *chart = plot->chart;
	struct line line = {.len = 0};
	unsigned width =
		bounded(chart->width, CHART_WIDTH_MIN, CHART_WIDTH_MAX);
	unsigned room = width - plot->label - 1;
	unsigned first = (unsigned)strlen(chart->first);
	unsigned last = (unsigned)strlen(chart->last);
	unsigned end = plot->columns > last ? plot->columns : last;
	put_times(&line, " ", plot->label + 1);
	if (first > 0 && first <= room)
		put(&line, chart->first);
	if (first > 0 && chart->count > 1 && first + 1 + last > end) {
		if (first <= room)
			give(&line, fn, ctx);
		line = (struct line){.len = 0};
		put_times(&line, " ", plot->label + 1);
		first = 0;
	}
	if (chart->count > 1 && last > 0 && last <= room) {
		put_times(&line, " ", end - first - last);
		put(&line, chart->last);
	}
	if (line.seen > 0)
		give(&line, fn, ctx);
}

void
chart_draw(const struct chart *chart, chart_line_fn *fn, void *ctx)
{
	struct plot plot = {.chart = chart};
	if (!find_span(&plot)) {
		fn(ctx, "nothing to draw");
		return;
	}
	lay_out(&plot);
	for (unsigned row = 0; row < plot.height; row++) {
		struct line line = {.len = 0};
		draw_row(&plot, row, &line);
		give(&line, fn, ctx);
	}
	struct line axis = {.len = 0};
	draw_axis(&plot, &axis);
	give(&axis, fn, ctx);
	draw_ends(&plot, fn, ctx);
}
