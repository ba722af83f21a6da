/*
 * classify_expression: what classify.c needs of expressions beyond
 * classify.h. For the files of classify alone.
 */
#ifndef AGENT_CLASSIFY_EXPRESSION_H
#define AGENT_CLASSIFY_EXPRESSION_H

#include "agent/classify.h"

/* A longer text matches nothing: to cut it could change its sense. Four
 * times what a decoded USSD text may take. */
enum { PLAIN_TEXT_MAX = 8192 };

/* A text with its digits as 0-9, as all expressions see it. */
struct plain_text {
	char bytes[PLAIN_TEXT_MAX];
	size_t len;
};

/* false for a text that is too long. */
bool plain_text_make(struct plain_text *plain, struct span text);

/* A text may be, or repeat, a PIN. */
void plain_text_wipe(struct plain_text *plain);

/* Whether some part of a plain text matches; options are PCRE2's, or 0.
 * Remembers in e what its groups caught. */
bool expression_matches_plain(
	const struct expression *e, struct span plain, uint32_t options);

/*
 * Adds what the named groups of e's last match caught (in the same plain
 * text), where the slot is still empty. A catch too long for its slot is left
 * out: half a number would be another number.
 */
void expression_add_groups(const struct expression *e, struct span plain,
	struct classify_groups *groups);

#endif
