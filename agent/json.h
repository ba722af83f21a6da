/*
 * json: values in and out of text. The one module with jansson, hidden
 * behind these calls. Texts that are no UTF-8 are repaired, never refused;
 * foreign text is bounded in depth. No call fails for want of memory: the
 * process stops then.
 */
#ifndef AGENT_JSON_H
#define AGENT_JSON_H

#include "modem/span.h"

enum { JSON_DEPTH_MAX = 16 };

struct json;

/*
 * One JSON value and nothing after it. The caller frees it. NULL for
 * anything else, for keys named twice, for strings with NUL, and for what
 * is nested deeper than JSON_DEPTH_MAX; why says it for people.
 */
struct json *json_parse(struct span text, char *why, size_t cap);
void json_free(struct json *value); /* NULL is allowed */

/* ---- reading; what is returned is the value's own ---------------------- */

bool json_holds_object(const struct json *value);
bool json_holds_array(const struct json *value);

/* A member; NULL where it is absent or null, or value is no object. */
const struct json *json_get(const struct json *object, const char *key);
/* A member that is a text; NULL for all others. */
const char *json_get_text(const struct json *object, const char *key);
/* 0, -ENOENT (absent or null), -EINVAL (no whole number). */
int json_get_number(
	const struct json *object, const char *key, int64_t *number);
/* A member that is true. */
bool json_get_flag(const struct json *object, const char *key);

/* The text, the whole number, of a value itself; as above. */
const char *json_text(const struct json *value);
int json_number(const struct json *value, int64_t *number);

/* Of an array; 0 and NULL for all others. */
size_t json_count(const struct json *array);
const struct json *json_at(const struct json *array, size_t i);

/* The members of an object, in their order. */
typedef void json_member_fn(
	void *ctx, const char *key, const struct json *value);
void json_each(const struct json *object, json_member_fn *fn, void *ctx);

/* The first key that is not among keys (ended by NULL); NULL if none. */
const char *json_stranger(const struct json *object, const char *const keys[]);

/* ---- making; members keep their order ---------------------------------- */

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_text(const char *text);
struct json *json_new_number(int64_t number);

/* Takes the value over; NULL becomes null. Replaces a member. */
void json_put(struct json *object, const char *key, struct json *value);
void json_add(struct json *array, struct json *value);

/* NULL and "" become null: an absent value is null (contract). */
void json_put_text(struct json *object, const char *key, const char *text);
void json_put_number(struct json *object, const char *key, int64_t number);
void json_put_flag(struct json *object, const char *key, bool flag);

/* Puts another's value there as well; both may be freed in any order. */
void json_share(struct json *object, const char *key, const struct json *value);

/* One line without its end; the caller frees it with free(). */
char *json_print(const struct json *value);

#endif
