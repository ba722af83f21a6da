/*
 * fuzz_at: any line. Its fields lie in it one behind the other, end, and are
 * no more than its commas allow. Must never ask for what a modem would mean.
 */
#include "modem/at.h"
#include "tests/fuzz/fuzz.h"

static size_t
commas_of(struct span line)
{
	size_t commas = 0;

	for (size_t i = 0; i < line.len; i++)
		commas += line.ptr[i] == ',';
	return commas;
}

static void
walk(struct span line, struct span prefix)
{
	struct at_fields fields;
	struct at_field field;
	const char *from = line.ptr;
	size_t most = commas_of(line) + 1;
	size_t count = 0;

	if (!at_fields_init(&fields, line, prefix))
		return;
	struct at_fields again = fields;

	while (at_fields_next(&fields, &field)) {
		uint32_t number = 0;
		int rc = at_fields_u32(&again, 255, &number);

		FUZZ_HOLDS(++count <= most);
		FUZZ_HOLDS(rc <= 0 && number <= 255);
		if (!field.present)
			continue;
		FUZZ_HOLDS(field.text.ptr >= from);
		from = field.text.ptr + field.text.len;
		FUZZ_HOLDS(from <= line.ptr + line.len);
	}
	uint32_t number;

	FUZZ_HOLDS(at_fields_u32(&again, 255, &number) < 0);
}

static void
check(struct span in, struct rng *rng)
{
	int code = 0;
	enum at_final final = at_final_of(in, &code);

	(void)rng;
	FUZZ_HOLDS(final >= AT_FINAL_NONE && final <= AT_FINAL_CALL);
	if (final == AT_FINAL_CME || final == AT_FINAL_CMS)
		FUZZ_HOLDS(code >= -1);
	(void)at_cme_name(code);
	size_t colon = span_find(in, ':');

	walk(in, span_of(in.ptr, colon < in.len ? colon + 1 : 0));
	walk(in, span_str("+CREG:"));
}

const struct fuzz_target fuzz_target = {
	.name = "at", .most = 1 << 15, .grows = true, .check = check};
