/*
 * ctl_picture: amounts of money with their labels as a chart on the terminal,
 * or as an SVG file. It must never show what is not known as 0.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/chart.h"
#include "agent/ctl_picture.h"
#include "agent/money.h"

enum { WIDTH_ELSE = 80 };

int
ctl_picture_parse(const char *text, int64_t *minor, unsigned *decimals)
{
	static const struct money_format plain = {.group = 0, .divide = '.'};
	const char *point = text == NULL ? NULL : strchr(text, '.');
	if (text == NULL)
		return -1;
	*decimals = point == NULL ? 0 : (unsigned)strlen(point + 1);
	return money_parse(span_str(text), plain, *decimals, minor);
}

void
ctl_picture_add(struct ctl_picture *picture, const char *label, int64_t minor)
{
	if (picture->count == picture->cap) {
		picture->cap = 2 * picture->cap + 64;
		picture->values = reallocarray(picture->values, picture->cap,
			sizeof(*picture->values));
		picture->labels = reallocarray(picture->labels, picture->cap,
			sizeof(*picture->labels));
	}
	if (picture->values == NULL || picture->labels == NULL)
		abort();
	picture->values[picture->count] = minor;
	picture->labels[picture->count] = ctl_text_clean(label);
	picture->count++;
}

void
ctl_picture_free(struct ctl_picture *picture)
{
	for (size_t i = 0; i < picture->count; i++)
		free(picture->labels[i]);
	free(picture->labels);
	free(picture->values);
	*picture = (struct ctl_picture){.count = 0};
}

static void
on_line(void *ctx, const char *line)
{
	const struct ctl *ctl = ctx;
	(void)fprintf(ctl->out.file, "%s\n", line);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

void
ctl_picture_draw(
	struct ctl *ctl, const struct ctl_picture *picture, unsigned lines)
{
	const char *first = "", *last = "";
	if (picture->count > 0) {
		first = picture->labels[0];
		last = picture->labels[picture->count - 1];
	}
	const struct chart chart = {.values = picture->values,
		.count = picture->count,
		.decimals = picture->decimals,
		.first = is_ascii(first) ? first : "",
		.last = is_ascii(last) ? last : "",
		.width = ctl->out.width > 0 ? ctl->out.width : WIDTH_ELSE,
		.height = lines,
		.ascii = ctl_option_value(ctl, "ascii") != NULL ||
	                 !ctl_text_has_unicode()};
	chart_draw(&chart, on_line, ctl);
}

bool
ctl_picture_write(struct ctl *ctl, const struct ctl_picture *picture,
	bool steps, const char *title)
{
	const char *path = ctl_option_value(ctl, "svg");
	if (picture->count > CTL_PICTURE_SVG_MAX) {
		ctl_say(ctl,
			"%zu values are too many for one picture: say a later "
			"--since, or fewer --days",
			picture->count);
		return false;
	}
	struct ctl_file *file = ctl_file_new(ctl, path);
	if (file == NULL)
		return false;
	const struct chart_svg svg = {
		.kind = steps ? CHART_SVG_STEPS : CHART_SVG_BARS,
		.values = picture->values,
		.count = picture->count,
		.decimals = picture->decimals,
		.title = title,
		.unit = picture->currency,
		.labels = (const char *const *)picture->labels};
	/* A failure to write is found at the end of the file as well. */
	(void)chart_svg_write(&svg, ctl_file_stream(file));
	return ctl_file_end(file, true);
}
