/*
 * chart_svg: the same numbers as an SVG document
 * (https://www.w3.org/TR/SVG11/). It must never write foreign text that is
 * markup, nor a number that depends on the locale: coordinates are whole.
 */
#include "agent/chart.h"

#include <errno.h>
#include <string.h>

#include "agent/money.h"
#include "agent/utf8.h"

/* Half pixels of a picture of 800 by 400. */
enum {
	WIDTH = 1600,
	HEIGHT = 800,
	LEFT = 220,
	RIGHT = 1560,
	TOP = 110,
	BOTTOM = 700,
	LINES = 5, /* across, at least */
	LABELS_MAX = 8,
	TITLES_MAX = 100 /* bars that say their value under the mouse */
};

struct picture {
	const struct chart_svg *chart;
	FILE *file;
	double low, high; /* of the axis */
	double step;      /* between two of its numbers */
};

/* ---- texts --------------------------------------------------------------- */

/* XML 1.0, 2.2: what a document may hold, but for the sign that hides. */
static bool
is_xml(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0xfffe &&
	       c != 0xffff;
}

static void
put_text(const struct picture *picture, const char *text)
{
	static const char signs[] = "&<>\"'";
	static const char *const words[] = {
		"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	struct span rest = span_str(text);
	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		const char *sign =
			c > 0 && c < 0x80 ? strchr(signs, (int)c) : NULL;
		if (n == 0 || !is_xml(c))
			(void)fputc('?', picture->file);
		else if (sign != NULL)
			(void)fputs(words[sign - signs], picture->file);
		else
			(void)fwrite(rest.ptr, 1, n, picture->file);
		rest = span_skip(rest, n == 0 ? 1 : n);
	}
}

/* ---- the scale ----------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, at least 1: the numbers are whole. */
static double
nice_step(double span)
{
	static const double steps[] = {1, 2, 5};
	double power = 1;
	for (;; power *= 10) {
		for (size_t i = 0; i < 3; i++)
			if (steps[i] * power * LINES >= span)
				return steps[i] * power;
	}
}

/* The next multiple of the step that is further from 0; below 2^63. */
static double
outward(double value, double step)
{
	double times = (double)(int64_t)(value / step);
	if (times * step < value)
		return (times + 1) * step;
	return times * step > value ? (times - 1) * step : value;
}

static void
scale(struct picture *picture)
{
	const struct chart_svg *chart = picture->chart;
	double low = 0, high = 0;
	for (size_t i = 0; i < chart->count; i++) {
		if (chart->values[i] == CHART_GAP)
			continue;
		double value = (double)chart->values[i];
		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	picture->step = nice_step(high - low);
	picture->low = outward(low, picture->step);
	picture->high = outward(high, picture->step);
	if (picture->high <= picture->low)
		picture->high = picture->low + picture->step;
}

static int
y_of(const struct picture *picture, double value)
{
	double part = (value - picture->low) / (picture->high - picture->low);
	return (int)(BOTTOM - part * (BOTTOM - TOP) + 0.5);
}

/* The left edge of value i; of i = count the right edge of the last. */
static int
x_of(const struct picture *picture, size_t i)
{
	double part = (double)i / (double)picture->chart->count;
	return (int)(LEFT + part * (RIGHT - LEFT) + 0.5);
}

static void
print_minor(double minor, unsigned decimals, char out[MONEY_TEXT_MAX])
{
	double most = 9.2e18; /* below INT64_MAX */
	double held = minor > most ? most : minor;
	money_print((int64_t)(held < -most ? -most : held), decimals, out);
}

/* ---- parts --------------------------------------------------------------- */

static void
put_head(const struct picture *picture)
{
	FILE *file = picture->file;
	(void)fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %d %d\" role=\"img\" "
		"font-family=\"sans-serif\" font-size=\"26\">\n<title>",
		WIDTH, HEIGHT);
	put_text(picture, picture->chart->title);
	(void)fprintf(file,
		"</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"56\" font-size=\"34\" fill=\"#222\">",
		WIDTH, HEIGHT, LEFT);
	put_text(picture, picture->chart->title);
	(void)fputs("</text>\n", file);
	if (picture->chart->unit[0] == '\0')
		return;
	(void)fprintf(file,
		"<text x=\"%d\" y=\"56\" text-anchor=\"end\" fill=\"#555\">",
		LEFT - 16);
	put_text(picture, picture->chart->unit);
	(void)fputs("</text>\n", file);
}

/* A line across with its number. */
static void
put_grid(const struct picture *picture)
{
	FILE *file = picture->file;
	double half = picture->step / 2;
	int lines = (int)((picture->high - picture->low) / picture->step + 0.5);
	for (int i = 0; i <= lines; i++) {
		char number[MONEY_TEXT_MAX];
		double at = picture->low + i * picture->step;
		int y = y_of(picture, at);
		bool zero = at > -half && at < half;
		print_minor(at, picture->chart->decimals, number);
		(void)fprintf(file,
			"<path d=\"M%d %dH%d\" stroke=\"%s\" "
			"stroke-width=\"2\"/>\n"
			"<text x=\"%d\" y=\"%d\" text-anchor=\"end\" "
			"fill=\"#555\">%s</text>\n",
			LEFT, y, RIGHT, zero ? "#555" : "#ddd", LEFT - 16,
			y + 9, number);
	}
}

static void
put_labels(const struct picture *picture)
{
	const struct chart_svg *chart = picture->chart;
	size_t every = (chart->count + LABELS_MAX - 1) / LABELS_MAX;
	for (size_t i = 0; i < chart->count; i += every) {
		int middle = (x_of(picture, i) + x_of(picture, i + 1)) / 2;
		if (chart->labels[i][0] == '\0')
			continue;
		(void)fprintf(picture->file,
			"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
			"fill=\"#555\">",
			middle, BOTTOM + 46);
		put_text(picture, chart->labels[i]);
		(void)fputs("</text>\n", picture->file);
	}
}

static void
put_bar(const struct picture *picture, size_t i)
{
	const struct chart_svg *chart = picture->chart;
	FILE *file = picture->file;
	char number[MONEY_TEXT_MAX];
	int64_t value = chart->values[i];
	int left = x_of(picture, i), right = x_of(picture, i + 1);
	int gap = (right - left) / 5;
	int zero = y_of(picture, 0), y = y_of(picture, (double)value);
	if (y == zero && value != 0)
		y += value > 0 ? -2 : 2; /* it is seen */
	int width = right - left - gap > 1 ? right - left - gap : 2;
	(void)fprintf(file,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"fill=\"%s\"",
		left + gap / 2, y < zero ? y : zero, width,
		y < zero ? zero - y : y - zero,
		value < 0 ? "#b3402e" : "#2b6cb0");
	if (chart->count > TITLES_MAX) {
		(void)fputs("/>\n", file);
		return;
	}
	money_print(value, chart->decimals, number);
	(void)fputs("><title>", file);
	put_text(picture, chart->labels[i]);
	(void)fprintf(file, " %s</title></rect>\n", number);
}

static void
put_bars(const struct picture *picture)
{
	for (size_t i = 0; i < picture->chart->count; i++)
		if (picture->chart->values[i] != CHART_GAP)
			put_bar(picture, i);
}

/* One path: each value holds until the next; a gap lifts the pen. */
static void
put_steps(const struct picture *picture)
{
	const struct chart_svg *chart = picture->chart;
	bool down = false;
	(void)fputs("<path d=\"", picture->file);
	for (size_t i = 0; i < chart->count; i++) {
		if (chart->values[i] == CHART_GAP) {
			down = false;
			continue;
		}
		int y = y_of(picture, (double)chart->values[i]);
		if (down)
			(void)fprintf(picture->file, "V%dH%d", y,
				x_of(picture, i + 1));
		else
			(void)fprintf(picture->file, "M%d %dH%d",
				x_of(picture, i), y, x_of(picture, i + 1));
		down = true;
	}
	(void)fputs("\" fill=\"none\" stroke=\"#2b6cb0\" "
		    "stroke-width=\"5\" stroke-linejoin=\"round\"/>\n",
		picture->file);
}

int
chart_svg_write(const struct chart_svg *chart, FILE *file)
{
	struct picture picture = {.chart = chart, .file = file};
	scale(&picture);
	put_head(&picture);
	put_grid(&picture);
	if (chart->count > 0) {
		put_labels(&picture);
		switch (chart->kind) {
		case CHART_SVG_BARS:
			put_bars(&picture);
			break;
		case CHART_SVG_STEPS:
			put_steps(&picture);
			break;
		}
	}
	(void)fputs("</svg>\n", file);
	return fflush(file) != 0 || ferror(file) ? -EIO : 0;
}
