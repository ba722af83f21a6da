/*
 * money: numbers as people and operators write them, into minor units. Never
 * guesses: a number that does not fit the operator's format has no value.
 */
#include "agent/money.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/utf8.h"

enum { GROUP_DIGITS = 3, DECIMALS_MAX = 18 };

/* What a character of a number is, whatever the script. */
enum sign {
	SIGN_DIGIT,
	SIGN_BLANK,
	SIGN_MINUS,
	SIGN_PLUS,
	SIGN_GROUP,
	SIGN_DIVIDE,
	SIGN_POINT, /* "." or "," that neither groups nor divides */
	SIGN_OTHER,
	SIGN_END
};

struct reader {
	struct span rest;
	struct money_format format;
	enum sign sign; /* of the character looked at */
	size_t sign_len;
	int digit;
};

/* The signs that Unicode has only for one purpose; 0 for another. */
static char
as_ascii(uint32_t c)
{
	switch (c) {
	case 0x00a0: /* no-break space */
	case 0x2009: /* thin space */
	case 0x202f: /* narrow no-break space */
		return ' ';
	case 0x2019: /* right single quotation mark */
		return '\'';
	case 0x2212: /* minus sign */
		return '-';
	default:
		return c < 0x80 ? (char)c : 0;
	}
}

static enum sign
sign_of(uint32_t c, struct money_format format)
{
	char plain = as_ascii(c);

	if (c == 0x066b) /* Arabic decimal separator */
		return SIGN_DIVIDE;
	if (c == 0x066c) /* Arabic thousands separator */
		return SIGN_GROUP;
	if (plain == 0)
		return SIGN_OTHER;
	if (plain == format.group)
		return SIGN_GROUP;
	if (plain == format.divide)
		return SIGN_DIVIDE;
	if (plain == ' ' || plain == '\t')
		return SIGN_BLANK;
	if (plain == '-')
		return SIGN_MINUS;
	if (plain == '+')
		return SIGN_PLUS;
	if (plain == '.' || plain == ',')
		return SIGN_POINT;
	return SIGN_OTHER;
}

static void
look(struct reader *r)
{
	uint32_t c;

	r->sign_len = utf8_next(r->rest, &c);
	if (r->rest.len == 0) {
		r->sign = SIGN_END;
		return;
	}
	if (r->sign_len == 0) {
		r->sign = SIGN_OTHER;
		return;
	}
	r->digit = utf8_digit_value(c);
	r->sign = r->digit >= 0 ? SIGN_DIGIT : sign_of(c, r->format);
}

static void
step(struct reader *r)
{
	r->rest = span_skip(r->rest, r->sign_len);
	look(r);
}

static void
skip_blanks(struct reader *r)
{
	while (r->sign == SIGN_BLANK ||
		(r->sign == SIGN_GROUP && r->format.group == ' '))
		step(r);
}

static int
append_digit(int64_t *value, int digit)
{
	if (__builtin_mul_overflow(*value, (int64_t)10, value) ||
		__builtin_add_overflow(*value, (int64_t)digit, value))
		return -ERANGE;
	return 0;
}

/* One run of digits onto value. */
static int
read_digits(struct reader *r, int64_t *value, size_t *count)
{
	*count = 0;
	for (; r->sign == SIGN_DIGIT; step(r), ++*count) {
		int rc = append_digit(value, r->digit);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A group sign stands between digits; what only ends the sentence does not
 * begin a group. */
static bool
group_follows(const struct reader *r)
{
	struct reader next = *r;

	if (r->sign != SIGN_GROUP)
		return false;
	step(&next);
	return next.sign == SIGN_DIGIT;
}

/*
 * "1,234,567": one to three digits, then groups of three. India writes
 * 12,34,567, so that groups before the last may have two.
 */
static int
read_whole(struct reader *r, int64_t *value)
{
	size_t count;
	int rc = read_digits(r, value, &count);

	if (rc < 0)
		return rc;
	if (count == 0)
		return -EINVAL;
	size_t last = GROUP_DIGITS;
	bool grouped = group_follows(r);

	if (grouped && count > GROUP_DIGITS)
		return -EINVAL;
	while (group_follows(r)) {
		if (last != GROUP_DIGITS && last != GROUP_DIGITS - 1)
			return -EINVAL;
		step(r);
		rc = read_digits(r, value, &last);
		if (rc < 0)
			return rc;
	}
	return last == GROUP_DIGITS ? 0 : -EINVAL;
}

/* The decimals, filled up with zeros to what the currency has. */
static int
read_decimals(struct reader *r, unsigned decimals, int64_t *value)
{
	unsigned count = 0;
	bool divided = r->sign == SIGN_DIVIDE;

	if (divided)
		step(r);
	for (; divided && r->sign == SIGN_DIGIT; step(r)) {
		if (count == decimals) {
			if (r->digit != 0)
				return -EINVAL;
			continue;
		}
		if (append_digit(value, r->digit) < 0)
			return -ERANGE;
		count++;
	}
	for (; count < decimals; count++)
		if (append_digit(value, 0) < 0)
			return -ERANGE;
	return 0;
}

/* "250.00." at the end of a sentence: one point more says nothing. */
static void
skip_full_stop(struct reader *r)
{
	char last = r->rest.len > 0 ? r->rest.ptr[0] : 0;

	if ((last == '.' || last == ',') && r->sign != SIGN_END)
		step(r);
}

int
money_parse(struct span text, struct money_format format, unsigned decimals,
	int64_t *minor)
{
	struct reader r = {.rest = text, .format = format};
	int64_t value = 0;

	assert(decimals <= DECIMALS_MAX);
	look(&r);
	skip_blanks(&r);
	bool negative = r.sign == SIGN_MINUS;

	if (negative || r.sign == SIGN_PLUS) {
		step(&r);
		skip_blanks(&r);
	}
	int rc = read_whole(&r, &value);

	if (rc == 0)
		rc = read_decimals(&r, decimals, &value);
	if (rc < 0)
		return rc;
	skip_full_stop(&r);
	skip_blanks(&r);
	if (r.sign != SIGN_END)
		return -EINVAL;
	*minor = negative ? -value : value;
	return 0;
}

/* The signs of an example in order, and how its digits lie around them. */
struct shape {
	char signs[8];
	size_t count;
	size_t head; /* digits before the first sign */
	size_t tail; /* digits after the last one */
};

static int
shape_of(struct span example, struct shape *shape)
{
	memset(shape, 0, sizeof(*shape));
	for (size_t i = 0; i < example.len; i++) {
		char c = example.ptr[i];

		if (c >= '0' && c <= '9') {
			shape->tail++;
			shape->head += shape->count == 0;
			continue;
		}
		if (c == '\0' || !strchr(".,' ", c) || shape->tail == 0 ||
			shape->count == sizeof(shape->signs))
			return -EINVAL;
		shape->signs[shape->count++] = c;
		shape->tail = 0;
	}
	return shape->tail > 0 ? 0 : -EINVAL;
}

int
money_format_parse(struct span example, struct money_format *out)
{
	struct money_format format = {0};
	struct shape shape;
	int rc = shape_of(example, &shape);

	if (rc < 0)
		return rc;
	if (shape.count == 0) {
		*out = format;
		return 0;
	}
	char first = shape.signs[0];
	char last = shape.signs[shape.count - 1];
	/* "1.234" groups; "1234.567" and "12.34" divide */
	bool groups = shape.count > 1 || (shape.head <= GROUP_DIGITS &&
						 shape.tail == GROUP_DIGITS);

	if (groups)
		format.group = first;
	if (!groups || last != first)
		format.divide = last;
	for (size_t i = 0; i + 1 < shape.count; i++)
		if (shape.signs[i] != format.group)
			return -EINVAL;
	/* "1,234,5" or "1 234 5": what divides is another sign */
	if (format.divide == 0 && shape.tail != GROUP_DIGITS)
		return -EINVAL;
	if (format.divide == ' ' || format.divide == '\'')
		return -EINVAL;
	*out = format;
	return 0;
}

bool
money_adds_up(int64_t a, int64_t b, int64_t c)
{
	int64_t sum;
	return money_is_known(a) && money_is_known(b) && money_is_known(c) &&
	       !__builtin_add_overflow(a, b, &sum) && sum == c;
}

void
money_print(int64_t minor, unsigned decimals, char *out)
{
	char digits[MONEY_TEXT_MAX];

	assert(decimals <= DECIMALS_MAX);
	out[0] = '\0';
	if (minor == MONEY_NONE)
		return;
	/* at least one digit before the point */
	int n = snprintf(digits, sizeof(digits), "%0*lld", (int)decimals + 1,
		(long long)(minor < 0 ? -minor : minor));

	assert(n > (int)decimals && n + 2 < MONEY_TEXT_MAX);
	(void)snprintf(out, MONEY_TEXT_MAX, "%s%.*s%s%s", minor < 0 ? "-" : "",
		n - (int)decimals, digits, decimals > 0 ? "." : "",
		digits + n - (int)decimals);
}
