/*
 * duration: "90", "15m", "4h" into milliseconds. Never rounds or completes a
 * value: what is not wholly understood is refused.
 */
#include "agent/duration.h"

#include <errno.h>

/* A year and a day: longer pauses are typing errors. */
#define DURATION_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return 1000;
	case 'm':
		return INT64_C(60) * 1000;
	case 'h':
		return INT64_C(3600) * 1000;
	case 'd':
		return INT64_C(24) * 3600 * 1000;
	default:
		return 0;
	}
}

int
duration_parse(struct span text, int64_t *ms)
{
	int64_t unit = text.len > 0 ? unit_ms(text.ptr[text.len - 1]) : 0;
	uint32_t number;

	if (unit != 0)
		text.len--;
	else
		unit = unit_ms('s');
	int rc = span_to_u32(text, UINT32_MAX, &number);

	if (rc < 0)
		return rc;
	if (number > DURATION_MAX_MS / unit)
		return -ERANGE;
	*ms = number * unit;
	return 0;
}
