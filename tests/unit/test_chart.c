/*
 * chart: numbers as columns of blocks, of signs, and as SVG.
 */
#include "agent/chart.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lines --------------------------------------------------------------- */

static char drawn[65536];
static size_t drawn_lines;

static unsigned
width_of(const char *line)
{
	struct span rest = span_str(line);
	unsigned width = 0;
	for (; rest.len > 0; width++) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		assert_true(n > 0);
		rest = span_skip(rest, n);
	}
	return width;
}

static void
on_line(void *ctx, const char *line)
{
	const struct chart *chart = ctx;
	unsigned width = chart->width < CHART_WIDTH_MIN   ? CHART_WIDTH_MIN
	                 : chart->width > CHART_WIDTH_MAX ? CHART_WIDTH_MAX
	                                                  : chart->width;
	size_t len = strlen(line);
	assert_true(width_of(line) <= width);
	assert_true(len == 0 || line[len - 1] != ' ');
	for (size_t i = 0; chart->ascii && i < len; i++)
		assert_in_range(line[i], ' ', '~');
	size_t at = strlen(drawn);
	(void)snprintf(drawn + at, sizeof(drawn) - at, "%s\n", line);
	drawn_lines++;
}

static const char *
draw(struct chart *chart)
{
	drawn[0] = '\0';
	drawn_lines = 0;
	if (chart->first == NULL)
		chart->first = chart->last = "";
	chart_draw(chart, on_line, chart);
	return drawn;
}

static void
columns_are_drawn_line_by_line(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int64_t values[8];
		size_t count;
		unsigned decimals, width, height;
		bool ascii;
		const char *wanted;
	} rows[] = {
		{"no value", {0}, 0, 2, 40, 4, false, "nothing to draw\n"},
		{"only gaps", {CHART_GAP, CHART_GAP}, 2, 2, 40, 4, false,
			"nothing to draw\n"},
		{"one", {25000}, 1, 2, 24, 2, false,
			"   250\u2524\u2588\u2588\u2588\u2588\u2588\u2588"
			"\u2588\u2588\n"
			"      \u2502\u2588\u2588\u2588\u2588\u2588\u2588"
			"\u2588\u2588\n"
			"     0\u2514\u2500\u2500\u2500\u2500\u2500\u2500"
			"\u2500\u2500\u2500\n"},
		{"one, plain", {25000}, 1, 2, 24, 2, true,
			"   250+########\n"
			"      |########\n"
			"     0+---------\n"},
		{"all are 0", {0, 0}, 2, 0, 20, 2, true,
			"     0+\n"
			"      |\n"
			"     0+------------\n"},
		{"parts of a line", {8, 16, 4, 1}, 4, 0, 22, 2, true,
			"    16+   ##\n"
			"      |## ## :: ..\n"
			"     0+------------\n"},
		{"parts of a line, blocks", {8, 16, 4, 1}, 4, 0, 22, 2, false,
			"    16\u2524   \u2588\u2588\n"
			"      \u2502\u2588\u2588 \u2588\u2588 \u2584\u2584 "
			"\u2581\u2581\n"
			"     0\u2514\u2500\u2500\u2500\u2500\u2500\u2500\u2500"
			"\u2500\u2500\u2500\u2500\u2500\n"},
		{"a gap", {16, CHART_GAP, 16}, 3, 0, 20, 2, true,
			"    16+###     ###\n"
			"      |###     ###\n"
			"     0+----    ----\n"},
		{"below 0", {16, -16}, 2, 0, 20, 4, true,
			"    16+#####\n"
			"     0+#####\n"
			"      |      #####\n"
			"   -16+      #####\n"
			"      +------------\n"},
		{"only below 0", {-10, -20}, 2, 0, 20, 2, true,
			"     0+##### #####\n"
			"   -20+      #####\n"
			"      +------------\n"},
		{"a little is seen", {1, 1000000}, 2, 0, 20, 2, true,
			"    1M+      #####\n"
			"      |..... #####\n"
			"     0+------------\n"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chart chart = {.values = rows[i].values,
			.count = rows[i].count,
			.decimals = rows[i].decimals,
			.width = rows[i].width,
			.height = rows[i].height,
			.ascii = rows[i].ascii};
		if (strcmp(draw(&chart), rows[i].wanted) != 0)
			print_message("%s:\n%s", rows[i].what, drawn);
		assert_string_equal(drawn, rows[i].wanted);
	}
}

static void
numbers_at_the_axis_are_exact_where_there_is_room(void **state)
{
	(void)state;
	static const struct {
		int64_t value;
		unsigned decimals, width;
		const char *first_line;
	} rows[] = {
		{123456789, 2, 80, "1234567.89+"},
		{123456789, 2, 20, "    1M+"},
		{999499, 0, 20, "  999k+"},
		{999500, 0, 20, "    1M+"},
		{INT64_MAX, 2, 20, "   92P+"},
		{INT64_MAX, 0, 20, "    9E+"},
		{INT64_MAX, 2, 80, "92233720368547758.07+"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chart chart = {.values = &rows[i].value,
			.count = 1,
			.decimals = rows[i].decimals,
			.width = rows[i].width,
			.height = 3,
			.ascii = true};
		(void)draw(&chart);
		if (strncmp(drawn, rows[i].first_line,
			    strlen(rows[i].first_line)) != 0)
			print_message("row %zu:\n%s", i, drawn);
		assert_int_equal(strncmp(drawn, rows[i].first_line,
					 strlen(rows[i].first_line)),
			0);
	}
}

/* on_line() holds each line against the width. */
static void
any_numbers_fit_any_width(void **state)
{
	(void)state;
	static int64_t many[1000];
	static const int64_t ends[] = {INT64_MAX, INT64_MIN + 1, 0, -1, 1};
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = i % 7 == 3   ? CHART_GAP
		          : i % 5 == 0 ? ends[i / 5 % COUNT(ends)]
		                       : (int64_t)i * 1000 - 300000;
	for (unsigned width = 0; width <= 230; width++) {
		for (size_t count = 0; count <= COUNT(many);
			count += 1 + count / 2) {
			for (int ascii = 0; ascii < 2; ascii++) {
				struct chart chart = {.values = many,
					.count = count,
					.decimals = width % 4,
					.first = "2026-01-31",
					.last = "2026-02-28",
					.width = width,
					.height = width % 30,
					.ascii = ascii == 1};
				(void)draw(&chart);
				assert_true(
					drawn_lines >= 1 &&
					drawn_lines <= CHART_HEIGHT_MAX + 3);
			}
		}
	}
}

static void
of_many_values_none_is_lost(void **state)
{
	(void)state;
	int64_t values[500] = {0};
	values[137] = 1000;
	struct chart chart = {.values = values,
		.count = COUNT(values),
		.width = 40,
		.height = 2,
		.ascii = true};
	assert_non_null(strchr(draw(&chart), '#'));
	values[137] = CHART_GAP; /* its neighbours are known: no hole */
	assert_string_equal(draw(&chart),
		"     0+\n      |\n"
		"     0+---------------------------------\n");
}

static void
both_ends_are_named(void **state)
{
	(void)state;
	static const int64_t values[] = {1, 2, 3, 4, 5, 6};
	static const struct {
		size_t count;
		unsigned width;
		const char *wanted;
	} rows[] = {
		{6, 60,
			"       2026-01-31                            "
			"2026-02-28\n"},
		{6, 20, "       2026-01-31\n         2026-02-28\n"},
		{1, 60, "       2026-01-31\n"},
		{2, 60, "       2026-01-31\n               2026-02-28\n"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chart chart = {.values = values,
			.count = rows[i].count,
			.first = "2026-01-31",
			.last = "2026-02-28",
			.width = rows[i].width,
			.height = 2,
			.ascii = true};
		(void)draw(&chart);
		if (strstr(drawn, rows[i].wanted) == NULL)
			print_message("row %zu:\n%s", i, drawn);
		assert_non_null(strstr(drawn, rows[i].wanted));
	}
}

/* ---- SVG ----------------------------------------------------------------- */

static char *
svg_of(const struct chart_svg *chart)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	assert_int_equal(chart_svg_write(chart, file), 0);
	(void)fclose(file);
	return text;
}

/* Each element is closed, none is a script, attributes are quoted. */
static void
assert_well_formed(const char *text)
{
	char open[8][16];
	size_t depth = 0;
	assert_true(utf8_is_valid(span_str(text)));
	assert_int_equal(strncmp(text, "<?xml ", 6), 0);
	for (const char *at = strchr(text + 1, '<'); at != NULL;
		at = strchr(at + 1, '<')) {
		const char *end = strchr(at, '>');
		char name[16];
		assert_non_null(end);
		size_t len = strcspn(at + 1, " />");
		if (at[1] == '/') {
			len = (size_t)(end - at) - 2;
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strlen(open[depth]), len);
			assert_memory_equal(open[depth], at + 2, len);
			continue;
		}
		assert_true(len < sizeof(name));
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, at + 1);
		static const char *const known[] = {
			"svg", "title", "rect", "text", "path"};
		bool found = false;
		for (size_t i = 0; i < COUNT(known); i++)
			found = found || strcmp(known[i], name) == 0;
		assert_true(found);
		if (end[-1] != '/') {
			assert_true(depth < COUNT(open));
			(void)snprintf(
				open[depth++], sizeof(open[0]), "%s", name);
		}
	}
	assert_int_equal(depth, 0);
	for (const char *at = strchr(text, '&'); at != NULL;
		at = strchr(at + 1, '&'))
		assert_true(strncmp(at, "&amp;", 5) == 0 ||
			    strncmp(at, "&lt;", 4) == 0 ||
			    strncmp(at, "&gt;", 4) == 0 ||
			    strncmp(at, "&quot;", 6) == 0 ||
			    strncmp(at, "&#39;", 5) == 0);
}

static void
svg_is_whole_whatever_the_numbers(void **state)
{
	(void)state;
	static const struct {
		int64_t values[5];
		size_t count;
	} rows[] = {{{0}, 0}, {{CHART_GAP}, 1}, {{0, 0}, 2}, {{7}, 1},
		{{-7, 5, CHART_GAP, 0, 3}, 5}, {{INT64_MAX, INT64_MIN + 1}, 2},
		{{1, INT64_MAX}, 2}};
	static const char *const labels[] = {"a", "b", "", "d", "e"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int kind = CHART_SVG_BARS; kind <= CHART_SVG_STEPS;
			kind++) {
			struct chart_svg chart = {
				.kind = (enum chart_svg_kind)kind,
				.values = rows[i].values,
				.count = rows[i].count,
				.decimals = 2,
				.title = "loaded",
				.unit = "XTS",
				.labels = labels};
			char *text = svg_of(&chart);
			assert_well_formed(text);
			assert_non_null(
				strstr(text, "viewBox=\"0 0 1600 800\""));
			assert_non_null(strstr(text, "<title>loaded</title>"));
			assert_true(strlen(text) < 8192);
			free(text);
		}
	}
}

static void
svg_takes_no_markup_from_texts(void **state)
{
	(void)state;
	static const struct {
		const char *title, *wanted;
	} rows[] = {
		{"</title><script>alert(1)</script>",
			"<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/"
			"script&gt;</title>"},
		{"\" onload='x' & ]]>", "<title>&quot; onload=&#39;x&#39; "
					"&amp; ]]&gt;</title>"},
		{"a\x01\xff\xef\xbf\xbf\n\xc2\x85z", "<title>a?????z</title>"},
		{"h\u00e9llo \u20ac", "<title>h\u00e9llo \u20ac</title>"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = 5;
		const char *const labels[] = {rows[i].title};
		struct chart_svg chart = {.kind = CHART_SVG_BARS,
			.values = &value,
			.count = 1,
			.title = rows[i].title,
			.unit = rows[i].title,
			.labels = labels};
		char *text = svg_of(&chart);
		assert_well_formed(text);
		assert_non_null(strstr(text, rows[i].wanted));
		free(text);
	}
}

/* A comma in a coordinate would be another coordinate. */
static void
svg_is_the_same_in_every_locale(void **state)
{
	(void)state;
	static const char *const locales[] = {
		"C", "C.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8"};
	static const int64_t values[] = {1, 30, 7};
	static const char *const labels[] = {"a", "b", "c"};
	struct chart_svg chart = {.kind = CHART_SVG_STEPS,
		.values = values,
		.count = COUNT(values),
		.decimals = 1,
		.title = "t",
		.unit = "",
		.labels = labels};
	char *first = svg_of(&chart);
	for (size_t i = 0; i < COUNT(locales); i++) {
		if (setlocale(LC_ALL, locales[i]) == NULL)
			continue; /* not on this machine */
		char *text = svg_of(&chart);
		assert_string_equal(text, first);
		free(text);
	}
	(void)setlocale(LC_ALL, "C");
	assert_non_null(strstr(first, ">3.0</text>"));
	free(first);
}

/* A year of days, ten thousand readings: what a browser opens at once. */
static void
svg_of_many_values_is_a_light_file(void **state)
{
	(void)state;
	static int64_t values[600];
	static const char *labels[600];
	for (size_t i = 0; i < COUNT(values); i++) {
		values[i] = (int64_t)(i * 7919 % 10007);
		labels[i] = "2026-01-31";
	}
	for (int kind = CHART_SVG_BARS; kind <= CHART_SVG_STEPS; kind++) {
		struct chart_svg chart = {.kind = (enum chart_svg_kind)kind,
			.values = values,
			.count = COUNT(values),
			.title = "t",
			.unit = "",
			.labels = labels};
		char *text = svg_of(&chart);
		assert_well_formed(text);
		assert_true(strlen(text) < 65536);
		free(text);
	}
}

static void
svg_that_has_no_room_on_the_disk_is_told(void **state)
{
	(void)state;
	FILE *file = fopen("/dev/full", "w");
	struct chart_svg chart = {.title = "t", .unit = ""};
	assert_non_null(file);
	assert_true(chart_svg_write(&chart, file) < 0);
	(void)fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_drawn_line_by_line),
		cmocka_unit_test(
			numbers_at_the_axis_are_exact_where_there_is_room),
		cmocka_unit_test(any_numbers_fit_any_width),
		cmocka_unit_test(of_many_values_none_is_lost),
		cmocka_unit_test(both_ends_are_named),
		cmocka_unit_test(svg_is_whole_whatever_the_numbers),
		cmocka_unit_test(svg_takes_no_markup_from_texts),
		cmocka_unit_test(svg_is_the_same_in_every_locale),
		cmocka_unit_test(svg_of_many_values_is_a_light_file),
		cmocka_unit_test(svg_that_has_no_room_on_the_disk_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
