/*
 * json: values in and out of text, over jansson. It must never hand a
 * jansson type out, nor take a text that it has not bounded.
 */
#include "agent/json.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/log.h"
#include "agent/utf8.h"

static const json_t *
plain(const struct json *value)
{
	return (const json_t *)(const void *)value;
}

static json_t *
own(struct json *value)
{
	return (json_t *)(void *)value;
}

/* Ours, or the end: half a reply is worse than none. */
static struct json *
must(json_t *value)
{
	if (value == NULL) {
		log_line(LOG_AT_ERROR, "json out of memory");
		abort();
	}
	return (struct json *)(void *)value;
}

/* jansson's own bound is 2,048, deep enough to trouble a small stack. */
static bool
is_too_deep(struct span text)
{
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* What people type into a note, a code or a message may hold a PIN, and what
 * topupctl is told of one that is revealed: nothing of it stays behind. */
static void
wipe_and_free(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

__attribute__((constructor)) static void
wipe_what_is_freed(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

struct json *
json_parse(struct span text, char *why, size_t cap)
{
	if (is_too_deep(text)) {
		(void)span_copy(why, cap, span_str("nested too deeply"));
		return NULL;
	}
	json_error_t error;
	json_t *value = json_loadb(text.ptr, text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (value == NULL)
		(void)span_copy(why, cap, span_str(error.text));
	return (struct json *)(void *)value;
}

void
json_free(struct json *value)
{
	json_decref(own(value));
}

bool
json_holds_object(const struct json *value)
{
	return json_is_object(plain(value));
}

bool
json_holds_array(const struct json *value)
{
	return json_is_array(plain(value));
}

const struct json *
json_get(const struct json *object, const char *key)
{
	const json_t *value = json_object_get(plain(object), key);
	if (value == NULL || json_is_null(value))
		return NULL;
	return (const struct json *)(const void *)value;
}

const char *
json_text(const struct json *value)
{
	return json_string_value(plain(value));
}

int
json_number(const struct json *value, int64_t *number)
{
	if (value == NULL)
		return -ENOENT;
	if (!json_is_integer(plain(value)))
		return -EINVAL;
	*number = json_integer_value(plain(value));
	return 0;
}

const char *
json_get_text(const struct json *object, const char *key)
{
	return json_text(json_get(object, key));
}

int
json_get_number(const struct json *object, const char *key, int64_t *number)
{
	return json_number(json_get(object, key), number);
}

bool
json_get_flag(const struct json *object, const char *key)
{
	return json_is_true(json_object_get(plain(object), key));
}

size_t
json_count(const struct json *array)
{
	return json_array_size(plain(array));
}

const struct json *
json_at(const struct json *array, size_t i)
{
	return (const struct json *)(const void *)json_array_get(
		plain(array), i);
}

/* jansson's iterators want an object that could be changed. */
static json_t *
iterable(const struct json *object)
{
	return (json_t *)(uintptr_t)(const void *)object;
}

void
json_each(const struct json *object, json_member_fn *fn, void *ctx)
{
	json_t *of = iterable(object);
	for (void *at = json_object_iter(of); at != NULL;
		at = json_object_iter_next(of, at))
		fn(ctx, json_object_iter_key(at),
			(const struct json *)(void *)json_object_iter_value(
				at));
}

static bool
is_among(const char *key, const char *const keys[])
{
	size_t i = 0;
	while (keys[i] != NULL && strcmp(keys[i], key) != 0)
		i++;
	return keys[i] != NULL;
}

const char *
json_stranger(const struct json *object, const char *const keys[])
{
	json_t *of = iterable(object);
	for (void *at = json_object_iter(of); at != NULL;
		at = json_object_iter_next(of, at)) {
		if (!is_among(json_object_iter_key(at), keys))
			return json_object_iter_key(at);
	}
	return NULL;
}

struct json *
json_new_object(void)
{
	return must(json_object());
}

struct json *
json_new_array(void)
{
	return must(json_array());
}

/* As far as it is UTF-8; every other byte becomes a question mark. */
static json_t *
repaired(const char *text)
{
	struct span rest = span_str(text);
	char *copy = strdup(text);
	if (copy == NULL)
		return NULL;
	while (rest.len > 0) {
		uint32_t character;
		size_t n = utf8_next(rest, &character);
		if (n == 0) {
			copy[rest.ptr - text] = '?';
			n = 1;
		}
		rest = span_skip(rest, n);
	}
	json_t *value = json_string(copy);
	free(copy);
	return value;
}

struct json *
json_new_text(const char *text)
{
	json_t *value = json_string(text);
	return must(value != NULL ? value : repaired(text));
}

struct json *
json_new_number(int64_t number)
{
	return must(json_integer(number));
}

void
json_put(struct json *object, const char *key, struct json *value)
{
	json_t *member = value == NULL ? json_null() : own(value);
	if (json_object_set_new(own(object), key, member) != 0)
		(void)must(NULL);
}

void
json_add(struct json *array, struct json *value)
{
	json_t *element = value == NULL ? json_null() : own(value);
	if (json_array_append_new(own(array), element) != 0)
		(void)must(NULL);
}

void
json_put_text(struct json *object, const char *key, const char *text)
{
	bool absent = text == NULL || text[0] == '\0';
	json_put(object, key, absent ? NULL : json_new_text(text));
}

void
json_put_number(struct json *object, const char *key, int64_t number)
{
	json_put(object, key, json_new_number(number));
}

void
json_put_flag(struct json *object, const char *key, bool flag)
{
	json_put(object, key, must(flag ? json_true() : json_false()));
}

void
json_share(struct json *object, const char *key, const struct json *value)
{
	json_put(object, key,
		value == NULL ? NULL : must(json_incref(iterable(value))));
}

char *
json_print(const struct json *value)
{
	char *text = json_dumps(plain(value), JSON_COMPACT | JSON_ENCODE_ANY);
	if (text == NULL)
		(void)must(NULL);
	return text;
}
