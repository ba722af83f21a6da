/*
 * conf_key: one way to take a key of JSON into a field of a struct.
 * Must name the key that is wrong, and take nothing that it does not know.
 */
#include "tests/sim/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/conf_inner.h"

int
conf_fail(struct conf_error *error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	return -1;
}

int
conf_word_index(const char *const *words, const char *word)
{
	for (int i = 0; word != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static int
take_pair(int64_t pair[2], json_t *value, const char *name,
	struct conf_error *error)
{
	json_t *low = json_array_get(value, 0);
	json_t *high = json_array_get(value, 1);
	if (!json_is_integer(low) || !json_is_integer(high) ||
		json_array_size(value) != 2 || json_integer_value(low) < 0 ||
		json_integer_value(high) < json_integer_value(low))
		return conf_fail(error, "%s: expected [low, high]", name);
	pair[0] = json_integer_value(low);
	pair[1] = json_integer_value(high);
	return 0;
}

int
conf_text_take(char *out, size_t size, json_t *value, const char *name,
	struct conf_error *error)
{
	const char *text = json_string_value(value);
	if (text == NULL || strlen(text) >= size)
		return conf_fail(error,
			"%s: expected a string of at most %zu bytes", name,
			size - 1);
	(void)snprintf(out, size, "%s", text);
	return 0;
}

int
conf_key_take(const struct key *key, void *base, json_t *value,
	struct conf_error *error)
{
	void *field = (char *)base + key->offset;
	long long number = json_integer_value(value);
	int index = -1;
	switch (key->type) {
	case KEY_TEXT:
		return conf_text_take(
			field, key->size, value, key->name, error);
	case KEY_PAIR:
		return take_pair(field, value, key->name, error);
	case KEY_INT:
		if (!json_is_integer(value) || number < key->low ||
			number > key->high)
			return conf_fail(error,
				"%s: expected a whole number, %ld to %ld",
				key->name, key->low, key->high);
		*(int *)field = (int)number;
		return 0;
	case KEY_SHIFT:
	case KEY_MS:
		if (!json_is_integer(value) ||
			(number < 0 && key->type == KEY_MS))
			return conf_fail(error,
				"%s: expected a whole number, not negative",
				key->name);
		*(int64_t *)field = number;
		return 0;
	case KEY_FLAG:
		if (!json_is_boolean(value))
			return conf_fail(
				error, "%s: expected true or false", key->name);
		*(bool *)field = json_is_true(value);
		return 0;
	case KEY_WORD:
		index = conf_word_index(key->words, json_string_value(value));
		if (index < 0)
			return conf_fail(error, "%s: expected one of %s, ...",
				key->name, key->words[0]);
		*(int *)field = index;
		return 0;
	}
	return -1;
}

const struct key *
conf_key_find(const struct key *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
