/*
 * conf_inner: what the files of conf share. Only they include it.
 */
#ifndef SIM_CONF_INNER_H
#define SIM_CONF_INNER_H

#include <stddef.h>

#include <jansson.h>

#include "tests/sim/conf.h"

/* Fills in the error; always -1, so that it can be returned. */
int conf_fail(struct conf_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum key_type {
	KEY_TEXT,
	KEY_INT,
	KEY_MS,
	KEY_SHIFT,
	KEY_FLAG,
	KEY_PAIR,
	KEY_WORD
};

/* A key and the field it fills. */
struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	size_t size;              /* of KEY_TEXT */
	long low, high;           /* of KEY_INT */
	const char *const *words; /* of KEY_WORD, in the enum's order */
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* NULL when the table has none of that name. */
const struct key *conf_key_find(
	const struct key *table, size_t count, const char *name);
int conf_key_take(const struct key *key, void *base, json_t *value,
	struct conf_error *error);
int conf_text_take(char *out, size_t size, json_t *value, const char *name,
	struct conf_error *error);
/* -1 when it is none of them; NULL ends the words. */
int conf_word_index(const char *const *words, const char *word);

extern const char *const conf_hang_kinds[];
extern const char *const conf_hang_cures[];

enum conf_place { CONF_IN_FILE, CONF_IN_ORDER };

/* The keys of a modem; in an order those of its faults stand among them. */
int conf_modem_keys(struct conf_modem *modem, json_t *json,
	enum conf_place place, struct conf_error *error);

int conf_card_keys(
	struct conf_card *card, json_t *json, struct conf_error *error);

#endif
