/*
 * fuzz_money: any text as an amount. What was read and is printed is read as
 * the same amount. Must never count itself.
 */
#include <errno.h>
#include <string.h>

#include "agent/money.h"
#include "tests/fuzz/fuzz.h"

static void
amount(struct span in, struct money_format format, unsigned decimals)
{
	static const struct money_format plain = {.divide = '.'};
	char printed[MONEY_TEXT_MAX];
	int64_t minor = 7, again;
	int rc = money_parse(in, format, decimals, &minor);

	FUZZ_HOLDS(rc == 0 || rc == -EINVAL || rc == -ERANGE);
	FUZZ_HOLDS(rc == 0 || minor == 7);
	if (rc < 0)
		return;
	FUZZ_HOLDS(minor != MONEY_NONE);
	money_print(minor, decimals, printed);
	FUZZ_HOLDS(
		money_parse(span_str(printed), plain, decimals, &again) == 0);
	FUZZ_HOLDS(again == minor);
}

static void
check(struct span in, struct rng *rng)
{
	static const struct money_format formats[] = {{',', '.'}, {'.', ','},
		{' ', ','}, {'\'', '.'}, {0, 0}, {0, '.'}, {',', 0}};
	struct money_format format;
	unsigned decimals = (unsigned)(rng_next(rng) % 5);

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		amount(in, formats[i], decimals);
	size_t colon = span_find(in, ':');

	if (money_format_parse(span_of(in.ptr, colon), &format) < 0)
		return;
	FUZZ_HOLDS(format.group == 0 || format.group != format.divide);
	FUZZ_HOLDS(format.group == 0 || strchr(".,' ", format.group));
	FUZZ_HOLDS(format.divide == 0 || strchr(".,", format.divide));
	amount(span_skip(in, colon + 1), format, decimals);
	amount(span_of(in.ptr, colon), format, decimals);
}

const struct fuzz_target fuzz_target = {
	.name = "money", .most = 1 << 15, .grows = true, .check = check};
