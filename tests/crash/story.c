/*
 * story: see story.h. The text is kept for a run that fails, the hash for
 * each.
 */
#include "tests/crash/story.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/virtual/virtual.h"

enum { LINE_MAX_BYTES = 700, KEPT_BYTES = 1 << 22 };

static struct {
	char *text; /* lines, each with its end */
	size_t len;
	uint64_t hash;
	int64_t from_ms;
} story;

void
story_reset(void)
{
	if (!story.text)
		story.text = malloc(KEPT_BYTES);
	assert(story.text);
	story.len = 0;
	story.hash = UINT64_C(0xcbf29ce484222325);
	story.from_ms = virtual_now_ms();
}

/* The older half goes. */
static void
make_room(void)
{
	char *half = memchr(
		story.text + story.len / 2, '\n', story.len - story.len / 2);
	assert(half);
	size_t gone = (size_t)(half + 1 - story.text);
	memmove(story.text, half + 1, story.len - gone);
	story.len -= gone;
}

void
story_tell(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int64_t ms = virtual_now_ms() - story.from_ms;
	va_list args;
	int at = snprintf(line, sizeof(line), "%3" PRId64 ":%02d:%02d.%03d ",
		ms / 3600000, (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
		(int)(ms % 1000));
	va_start(args, format);
	int n = vsnprintf(
		line + at, sizeof(line) - (size_t)at - 1, format, args);
	va_end(args);
	size_t len = (size_t)at + (size_t)(n > 0 ? n : 0);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '.';
	line[len++] = '\n';
	for (size_t i = 0; i < len; i++)
		story.hash = (story.hash ^ (unsigned char)line[i]) *
		             UINT64_C(0x100000001b3);
	if (story.len + len > KEPT_BYTES)
		make_room();
	memcpy(story.text + story.len, line, len);
	story.len += len;
}

uint64_t
story_hash(void)
{
	return story.hash;
}

void
story_print(FILE *out, unsigned lines)
{
	size_t from = story.len;
	unsigned seen = 0;
	while (from > 0 && (lines == 0 || seen <= lines)) {
		from--;
		if (story.text[from] == '\n')
			seen++;
	}
	if (from > 0)
		from++;
	(void)fwrite(story.text + from, 1, story.len - from, out);
}
