/*
 * profile_values: hours, lists and templates. Never rounds or
 * completes a value: what is not wholly understood is refused.
 */
#include <errno.h>
#include <string.h>

#include "agent/profile_build.h"

/* "HH:MM" up to "24:00" into minutes of the day. */
static int
minute_parse(struct span text, unsigned *minute)
{
	uint32_t hour;
	uint32_t min;

	if (text.len != 5 || text.ptr[2] != ':' ||
		span_to_u32(span_of(text.ptr, 2), 24, &hour) < 0 ||
		span_to_u32(span_of(text.ptr + 3, 2), 59, &min) < 0 ||
		hour * 60 + min > 24 * 60)
		return -EINVAL;
	*minute = hour * 60 + min;
	return 0;
}

int
profile_hours_parse(struct span text, struct profile_hours *out)
{
	size_t dash = span_find(text, '-');
	struct profile_hours hours;

	if (minute_parse(span_trim(span_of(text.ptr, dash)), &hours.from_min) <
			0 ||
		minute_parse(span_trim(span_skip(text, dash + 1)),
			&hours.to_min) < 0 ||
		hours.from_min == hours.to_min)
		return -EINVAL;
	*out = hours;
	return 0;
}

/* An empty word ("a,,b", "a,") is a word: whoever asked refuses it. */
bool
profile_next_word(struct span *list, struct span *word)
{
	if (!list->ptr)
		return false;
	size_t comma = span_find(*list, ',');

	*word = span_trim(span_of(list->ptr, comma));
	*list = comma < list->len ? span_skip(*list, comma + 1)
	                          : span_of(NULL, 0);
	return true;
}

static const char *const placeholders[] = {"{pin}", "{msisdn}"};

static size_t
placeholder_len(struct span at)
{
	for (size_t i = 0; i < 2; i++)
		if (span_starts(at, span_str(placeholders[i])))
			return strlen(placeholders[i]);
	return 0;
}

const char *profile_template_fault(struct span template)
{
	while (template.len > 0) {
		char c = template.ptr[0];
		size_t len = placeholder_len(template);

		if (c == '"')
			return "a quote cannot be dialled";
		if ((unsigned char)c < ' ' || c == 0x7f)
			return "a control character cannot be dialled";
		if (len == 0 && (c == '{' || c == '}'))
			return "only {pin} and {msisdn} can be filled in";
		template = span_skip(template, len > 0 ? len : 1);
	}
	return NULL;
}

bool
profile_template_has(const char *template, const char *placeholder)
{
	return strstr(template, placeholder) != NULL;
}
