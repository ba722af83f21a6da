/*
 * batch_directive: what a batch says of all its rows. Never passes over a
 * directive that it does not know: a misspelt target would send the money of
 * a whole batch to another account.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/batch_private.h"

enum directive {
	DIRECTIVE_OPERATOR,
	DIRECTIVE_AMOUNT,
	DIRECTIVE_TARGET,
	DIRECTIVE_MODEM,
	DIRECTIVE_PRIORITY,
	DIRECTIVE_NOTE,
	DIRECTIVE_COUNT
};

static const char *const names[DIRECTIVE_COUNT] = {
	[DIRECTIVE_OPERATOR] = "operator",
	[DIRECTIVE_AMOUNT] = "amount",
	[DIRECTIVE_TARGET] = "target",
	[DIRECTIVE_MODEM] = "modem",
	[DIRECTIVE_PRIORITY] = "priority",
	[DIRECTIVE_NOTE] = "note",
};

const char *
batch_directive_name(size_t i)
{
	return i < DIRECTIVE_COUNT ? names[i] : NULL;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The letters that a text begins with. */
static struct span
first_word(struct span text)
{
	size_t len = 0;

	while (len < text.len && is_letter(text.ptr[len]))
		len++;
	return span_of(text.ptr, len);
}

static enum directive
directive_of(struct span word)
{
	int i = 0;

	while (i < DIRECTIVE_COUNT &&
		(strlen(names[i]) != word.len ||
			strncasecmp(names[i], word.ptr, word.len) != 0))
		i++;
	return (enum directive)i;
}

static const char *
take_word(char *out, struct span value)
{
	if (value.len == 0)
		return "a directive without a value";
	return span_copy(out, BATCH_WORD_MAX, value) < 0
	               ? "a directive that is too long"
	               : NULL;
}

static const char *
take_operator(char *out, struct span value)
{
	char word[BATCH_WORD_MAX] = "";

	if (batch_copy_lower(word, sizeof(word), value) < 0)
		return "a directive that is too long";
	return take_word(out, span_str(word));
}

static const char *
take_value(struct batch_defaults *d, enum directive which, struct span value)
{
	uint32_t priority;

	switch (which) {
	case DIRECTIVE_OPERATOR:
		return take_operator(d->operator, value);
	case DIRECTIVE_AMOUNT:
		return batch_is_amount(value)
		               ? take_word(d->amount, value)
		               : "an amount that is no plain decimal";
	case DIRECTIVE_TARGET:
		return take_word(d->target, value);
	case DIRECTIVE_MODEM:
		return take_word(d->modem, value);
	case DIRECTIVE_PRIORITY:
		if (span_to_u32(value, 9, &priority) < 0)
			return "a priority that is not 0 to 9";
		d->priority = priority;
		return NULL;
	case DIRECTIVE_NOTE:
		return span_copy(d->note, BATCH_NOTE_MAX, value) < 0
		               ? "a note that is too long"
		               : NULL;
	case DIRECTIVE_COUNT:
		break;
	}
	return "an unknown directive";
}

const char *
batch_directive_take(
	struct batch_defaults *defaults, struct span line, bool *ignored)
{
	struct span text = span_trim(span_skip(line, 1));
	struct span word = first_word(text);
	struct span behind = span_trim(span_skip(text, word.len));
	bool colon = behind.len > 0 && behind.ptr[0] == ':';
	enum directive which = directive_of(word);

	*ignored = false;
	if (!colon && which != DIRECTIVE_COUNT)
		return "a directive without a colon";
	if (!colon || word.len == 0) {
		*ignored = true;
		return NULL;
	}
	if (which != DIRECTIVE_COUNT && (defaults->seen & 1U << which))
		return "a directive that stands twice";
	defaults->seen |= 1U << which;
	return take_value(defaults, which, span_trim(span_skip(behind, 1)));
}

/* The part up to the next dash; *rest begins behind it. */
static struct span
cut_part(struct span *rest)
{
	size_t dash = span_find(*rest, '-');
	struct span part = span_of(rest->ptr, dash);

	*rest = span_skip(*rest, dash + 1);
	return part;
}

void
batch_directive_of_name(struct batch_defaults *defaults, const char *name)
{
	size_t len = strlen(name);
	struct span rest = span_of(name, len > 4 ? len - 4 : 0); /* ".txt" */
	char operator[BATCH_WORD_MAX];

	/* "mtn-gh-100-monday.txt": the amount is the first number */
	(void)cut_part(&rest);
	while (rest.len > 0) {
		struct span before =
			span_of(name, (size_t)(rest.ptr - name) - 1);
		struct span amount = cut_part(&rest);

		if (!batch_is_amount(amount) || before.len == 0)
			continue;
		if (batch_copy_lower(operator, sizeof(operator), before) < 0)
			return;
		/* Where a directive names another operator, the name was
		 * meant otherwise. */
		if (defaults->operator[0] != '\0' &&
			strcmp(defaults->operator, operator) != 0)
			return;
		(void)span_copy(
			defaults->operator, BATCH_WORD_MAX, span_str(operator));
		if (defaults->amount[0] == '\0')
			(void)span_copy(
				defaults->amount, BATCH_WORD_MAX, amount);
		return;
	}
}
