/*
 * batch_row: cells into a row. Never guesses what a cell was meant to be, and
 * never quotes one in a reason: it may be a PIN.
 */
#include <errno.h>
#include <string.h>

#include "agent/batch_private.h"
#include "agent/utf8.h"

static const struct {
	const char *name;
	const char *too_long;
	const char *control;
} columns[BATCH_COLUMN_COUNT] = {
#define COLUMN(word)                                                           \
	{                                                                      \
		word, word " is too long", "a control character in " word      \
	}
	[BATCH_COLUMN_PIN] = COLUMN("pin"),
	[BATCH_COLUMN_SERIAL] = COLUMN("serial"),
	[BATCH_COLUMN_AMOUNT] = COLUMN("amount"),
	[BATCH_COLUMN_OPERATOR] = COLUMN("operator"),
	[BATCH_COLUMN_TARGET] = COLUMN("target"),
	[BATCH_COLUMN_MODEM] = COLUMN("modem"),
	[BATCH_COLUMN_EXPIRES] = COLUMN("expires"),
	[BATCH_COLUMN_NOTE] = COLUMN("note"),
};

const char *
batch_column_name(enum batch_column column)
{
	return columns[column].name;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
batch_copy_lower(char *out, size_t cap, struct span text)
{
	if (text.len >= cap)
		return -ENOSPC;
	for (size_t i = 0; i < text.len; i++)
		out[i] = lower(text.ptr[i]);
	out[text.len] = '\0';
	return 0;
}

enum batch_column
batch_column_of(struct span name)
{
	char word[BATCH_WORD_MAX];

	if (batch_copy_lower(word, sizeof(word), name) < 0)
		return BATCH_COLUMN_IGNORED;
	for (int i = 0; i < BATCH_COLUMN_COUNT; i++)
		if (span_eq(span_str(columns[i].name), span_of(word, name.len)))
			return (enum batch_column)i;
	return BATCH_COLUMN_IGNORED;
}

/* Blanks and dashes, those of typography too. */
static bool
is_spacing(uint32_t c)
{
	return c == ' ' || c == '-' || c == 0xa0 || c == 0x202f ||
	       (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
}

/* Bytes of a PIN, digits already as 0-9. */
static const char *
put_pin(struct secret *voucher_pin, struct span cell)
{
	char bytes[VOUCHER_PIN_MAX];
	size_t len = 0;
	const char *fault = NULL;

	while (cell.len > 0 && !fault) {
		uint32_t c = 0;
		size_t n = utf8_next(cell, &c); /* was found to be valid */

		if (!is_spacing(c) && n > sizeof(bytes) - len) {
			fault = columns[BATCH_COLUMN_PIN].too_long;
		} else if (!is_spacing(c)) {
			memcpy(bytes + len, cell.ptr, n);
			len += n;
		}
		cell = span_skip(cell, n);
	}
	if (!fault)
		(void)secret_set(voucher_pin, span_of(bytes, len));
	explicit_bzero(bytes, sizeof(bytes));
	return fault;
}

bool
batch_is_amount(struct span text)
{
	size_t point = span_find(text, '.');
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (i == point)
			continue;
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		digits++;
	}
	/* "5." and ".5" are typing errors */
	return digits > 0 && point > 0 && point + 1 != text.len;
}

static unsigned
number_at(const char *digits, size_t len)
{
	uint32_t number = 0;

	return span_to_u32(span_of(digits, len), 9999, &number) == 0 ? number
	                                                             : 0;
}

/* YYYY-MM-DD, a day that exists (ISO 8601). */
static bool
is_date(const char *text)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	unsigned year = number_at(text, 4);
	unsigned month = number_at(text + 5, 2);
	unsigned day = number_at(text + 8, 2);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year == 0 || month == 0 || month > 12)
		return false;
	return day >= 1 &&
	       day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

static bool
has_control(struct span cell)
{
	for (size_t i = 0; i < cell.len; i++)
		if ((unsigned char)cell.ptr[i] < ' ' || cell.ptr[i] == 0x7f)
			return true;
	return false;
}

/* A note may have had lines; the ledger's and the report's have none. */
static const char *
put_note(char *note, struct span cell)
{
	if (span_copy(note, BATCH_NOTE_MAX, cell) < 0)
		return columns[BATCH_COLUMN_NOTE].too_long;
	for (; *note; note++)
		if (has_control(span_of(note, 1)))
			*note = ' ';
	return NULL;
}

static char *
word_of(struct batch_row *row, enum batch_column column)
{
	switch (column) {
	case BATCH_COLUMN_SERIAL:
		return row->serial;
	case BATCH_COLUMN_AMOUNT:
		return row->amount;
	case BATCH_COLUMN_OPERATOR:
		return row->operator;
	case BATCH_COLUMN_TARGET:
		return row->target;
	case BATCH_COLUMN_MODEM:
		return row->modem;
	case BATCH_COLUMN_EXPIRES:
		return row->expires;
	case BATCH_COLUMN_PIN:
	case BATCH_COLUMN_NOTE:
	case BATCH_COLUMN_COUNT:
		break;
	}
	return NULL;
}

static const char *
put_word(struct batch_row *row, enum batch_column column, struct span cell)
{
	char *word = word_of(row, column);
	int rc = column == BATCH_COLUMN_OPERATOR
	                 ? batch_copy_lower(word, BATCH_WORD_MAX, cell)
	                 : span_copy(word, BATCH_WORD_MAX, cell);

	return rc < 0 ? columns[column].too_long : NULL;
}

const char *
batch_row_put(struct batch_row *row, enum batch_column column, struct span cell)
{
	char plain[BATCH_ROW_MAX];
	size_t len = 0;

	if (column == BATCH_COLUMN_NOTE)
		return put_note(row->note, cell);
	if (column == BATCH_COLUMN_IGNORED)
		return NULL;
	if (has_control(cell))
		return columns[column].control;
	/* Never longer than the cell, and that than a record. */
	if (utf8_plain_digits(cell, plain, sizeof(plain), &len) < 0)
		return columns[column].too_long;
	const char *fault =
		column == BATCH_COLUMN_PIN
			? put_pin(&row->voucher_pin, span_of(plain, len))
			: put_word(row, column, span_of(plain, len));

	explicit_bzero(plain, len);
	return fault;
}

static void
fill(char *word, const char *otherwise)
{
	if (word[0] == '\0')
		(void)span_copy(word, BATCH_WORD_MAX, span_str(otherwise));
}

const char *
batch_row_complete(struct batch_row *row, const struct batch_defaults *defaults)
{
	if (row->voucher_pin.len == 0)
		return "no pin";
	if (row->amount[0] != '\0' && !batch_is_amount(span_str(row->amount)))
		return "bad amount";
	if (row->expires[0] != '\0' && !is_date(row->expires))
		return "bad expires";
	fill(row->amount, defaults->amount);
	fill(row->operator, defaults->operator);
	fill(row->target, defaults->target);
	fill(row->modem, defaults->modem);
	return NULL;
}
