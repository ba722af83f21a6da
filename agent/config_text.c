/*
 * config_text: a configuration as one text. Never looks at what is in it.
 */
#include "agent/config_text.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more, in doubling pieces. */
static void *
grow(void *list, size_t need, size_t *cap, size_t size)
{
	if (need <= *cap)
		return list;
	*cap = need > 2 * *cap ? need : 2 * *cap;
	list = realloc(list, *cap * size);
	if (!list)
		abort(); /* some KiB, while starting */
	return list;
}

void
config_text_add(struct config_text *text, const char *bytes, size_t len)
{
	text->text = grow(text->text, text->len + len + 1, &text->cap, 1);
	memcpy(text->text + text->len, bytes, len);
	text->len += len;
	text->text[text->len] = '\0';
}

void
config_text_place(struct config_text *text, const char *file, unsigned line)
{
	text->places = grow(text->places, text->place_count + 1,
		&text->place_cap, sizeof(*text->places));
	text->places[text->place_count++] =
		(struct config_place){.file = file, .line = line};
}

const char *
config_text_name(struct config_text *text, const char *file)
{
	char *copy = strdup(file);
	char **files = realloc(
		text->files, (text->file_count + 1) * sizeof(text->files[0]));

	if (!copy || !files)
		abort(); /* a few names, while starting */
	text->files = files;
	text->files[text->file_count++] = copy;
	return copy;
}

struct config_place
config_text_where(const struct config_text *text, unsigned line)
{
	size_t i = line > 0 ? line - 1 : 0;

	return text->places[i < text->place_count ? i : text->place_count - 1];
}

void
config_text_fini(struct config_text *text)
{
	for (size_t i = 0; i < text->file_count; i++)
		free(text->files[i]);
	free(text->files);
	free(text->places);
	free(text->text);
	*text = (struct config_text){0};
}
