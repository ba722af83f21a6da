/*
 * classify_expression: one expression of a profile, over PCRE2. Every match
 * is bounded; a text that breaks a limit or is no UTF-8 matches nothing.
 */
#include "agent/classify_expression.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "agent/utf8.h"

enum {
	/* pcre2api(3), "The match context". Real rules need some hundred
	 * steps; a rule gone wild is stopped within a millisecond or two. */
	MATCH_LIMIT = 20000,
	DEPTH_LIMIT = 5000,
	HEAP_LIMIT_KIB = 2048
};

struct expression {
	pcre2_code *code;
	pcre2_match_data *found;
	pcre2_match_context *limits;
};

/* What PCRE2 says of a pattern that does not compile. */
static void
tell_error(int code, size_t offset, char *error, size_t cap)
{
	PCRE2_UCHAR message[256] = "";

	(void)pcre2_get_error_message(code, message, sizeof(message));
	(void)snprintf(error, cap, "%s at offset %zu", (char *)message, offset);
}

/* Digits in the pattern become 0-9, as they do in every text. */
static pcre2_code *
compile(struct span pattern, char *error, size_t cap)
{
	char plain[PLAIN_TEXT_MAX];
	size_t len;
	int code;
	PCRE2_SIZE offset;

	if (utf8_plain_digits(pattern, plain, sizeof(plain), &len) < 0) {
		(void)snprintf(error, cap, "too long");
		return NULL;
	}
	/* \C could split a character; names may stand in two branches */
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)plain, len,
		PCRE2_UTF | PCRE2_UCP | PCRE2_DUPNAMES |
			PCRE2_NEVER_BACKSLASH_C,
		&code, &offset, NULL);

	if (!re)
		tell_error(code, offset, error, cap);
	return re;
}

struct expression *
expression_new(struct span pattern, char *error, size_t cap)
{
	pcre2_code *code = compile(pattern, error, cap);

	if (!code)
		return NULL;
	struct expression *e = calloc(1, sizeof(*e));

	if (!e) {
		pcre2_code_free(code);
		(void)snprintf(error, cap, "out of memory");
		return NULL;
	}
	e->code = code;
	e->found = pcre2_match_data_create_from_pattern(code, NULL);
	e->limits = pcre2_match_context_create(NULL);
	if (!e->found || !e->limits) {
		expression_free(e);
		(void)snprintf(error, cap, "out of memory");
		return NULL;
	}
	(void)pcre2_set_match_limit(e->limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(e->limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(e->limits, HEAP_LIMIT_KIB);
	return e;
}

void
expression_free(struct expression *e)
{
	if (!e)
		return;
	pcre2_match_context_free(e->limits);
	pcre2_match_data_free(e->found);
	pcre2_code_free(e->code);
	free(e);
}

bool
expression_matches_plain(
	const struct expression *e, struct span plain, uint32_t options)
{
	return pcre2_match(e->code, (PCRE2_SPTR)plain.ptr, plain.len, 0,
		       options, e->found, e->limits) > 0;
}

bool
plain_text_make(struct plain_text *plain, struct span text)
{
	return utf8_plain_digits(text, plain->bytes, sizeof(plain->bytes),
		       &plain->len) == 0;
}

void
plain_text_wipe(struct plain_text *plain)
{
	explicit_bzero(plain->bytes, plain->len);
}

bool
expression_matches(const struct expression *e, struct span text)
{
	struct classify_groups unused = {0};

	return expression_match_groups(e, text, &unused);
}

bool
expression_matches_whole(const struct expression *e, struct span text)
{
	struct plain_text plain;

	if (!plain_text_make(&plain, text))
		return false;
	bool matches =
		expression_matches_plain(e, span_of(plain.bytes, plain.len),
			PCRE2_ANCHORED | PCRE2_ENDANCHORED);

	plain_text_wipe(&plain);
	/* \K can move the start of what is found */
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->found);

	return matches && at[0] == 0 && at[1] == plain.len;
}

/* The table of named groups: pcre2api(3), "Information about a compiled
 * pattern", PCRE2_INFO_NAMETABLE. */
struct name_table {
	const unsigned char *entries;
	uint32_t count;
	uint32_t entry_size;
};

static struct name_table
names_of(const struct expression *e)
{
	struct name_table table = {0};
	PCRE2_SPTR entries = NULL;

	(void)pcre2_pattern_info(e->code, PCRE2_INFO_NAMECOUNT, &table.count);
	(void)pcre2_pattern_info(
		e->code, PCRE2_INFO_NAMEENTRYSIZE, &table.entry_size);
	(void)pcre2_pattern_info(e->code, PCRE2_INFO_NAMETABLE, &entries);
	table.entries = entries;
	return table;
}

/* Two bytes of number, then the name with its NUL. */
static const char *
name_at(const struct name_table *table, uint32_t i, unsigned *number)
{
	const unsigned char *entry =
		table->entries + (size_t)i * table->entry_size;

	*number = (unsigned)entry[0] << 8 | entry[1];
	return (const char *)entry + 2;
}

bool
expression_has_group(const struct expression *e, const char *group)
{
	struct name_table table = names_of(e);
	unsigned number;

	for (uint32_t i = 0; i < table.count; i++)
		if (strcmp(name_at(&table, i, &number), group) == 0)
			return true;
	return false;
}

static char *
slot_of(struct classify_groups *groups, const char *name)
{
	const struct {
		const char *name;
		char *slot;
	} slots[] = {{"amount", groups->amount}, {"balance", groups->balance},
		{"currency", groups->currency}, {"serial", groups->serial},
		{"expiry", groups->expiry}, {"bonus", groups->bonus},
		{"deducted", groups->deducted}, {"time", groups->time}};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (strcmp(slots[i].name, name) == 0)
			return slots[i].slot;
	return NULL;
}

const char *
expression_odd_group(const struct expression *e)
{
	struct name_table table = names_of(e);
	struct classify_groups known;
	unsigned number;

	for (uint32_t i = 0; i < table.count; i++)
		if (!slot_of(&known, name_at(&table, i, &number)))
			return name_at(&table, i, &number);
	return NULL;
}

void
expression_add_groups(const struct expression *e, struct span plain,
	struct classify_groups *groups)
{
	struct name_table table = names_of(e);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->found);
	uint32_t pairs = pcre2_get_ovector_count(e->found);

	for (uint32_t i = 0; i < table.count; i++) {
		unsigned n;
		char *slot = slot_of(groups, name_at(&table, i, &n));

		size_t first = (size_t)2 * n;

		/* \K in a look-ahead can put the end before the start */
		if (!slot || slot[0] != '\0' || n >= pairs ||
			at[first] == PCRE2_UNSET || at[first] >= at[first + 1])
			continue;
		size_t len = at[first + 1] - at[first];

		if (len < CLASSIFY_GROUP_MAX)
			(void)span_copy(slot, CLASSIFY_GROUP_MAX,
				span_of(plain.ptr + at[first], len));
	}
}

bool
expression_match_groups(const struct expression *e, struct span text,
	struct classify_groups *groups)
{
	struct plain_text plain;

	if (!plain_text_make(&plain, text))
		return false;
	struct span view = span_of(plain.bytes, plain.len);
	bool matches = expression_matches_plain(e, view, 0);

	if (matches)
		expression_add_groups(e, view, groups);
	plain_text_wipe(&plain);
	return matches;
}
