/*
 * fuzz_json: any text as JSON. What is taken is printed in one line and, read
 * again, prints the same. Must never be read by another parser than ours.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/json.h"
#include "agent/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
on_member(void *ctx, const char *key, const struct json *value)
{
	const struct json *object = ctx;

	FUZZ_HOLDS(json_get(object, key) == value ||
		   json_get(object, key) == NULL);
}

static void
check(struct span in, struct rng *rng)
{
	char why[160] = "";
	struct json *value = json_parse(in, why, sizeof(why));

	(void)rng;
	if (!value) {
		FUZZ_HOLDS(why[0] != '\0' && strlen(why) < sizeof(why));
		return;
	}
	if (json_holds_object(value))
		json_each(value, on_member, value);
	FUZZ_HOLDS((json_at(value, 0) == NULL) == (json_count(value) == 0));
	FUZZ_HOLDS(json_at(value, json_count(value)) == NULL);
	char *line = json_print(value);

	FUZZ_HOLDS(!strchr(line, '\n') && utf8_is_valid(span_str(line)));
	struct json *again = json_parse(span_str(line), why, sizeof(why));

	FUZZ_HOLDS(again != NULL);
	char *line_again = json_print(again);

	FUZZ_HOLDS(strcmp(line, line_again) == 0);
	free(line);
	free(line_again);
	json_free(value);
	json_free(again);
}

const struct fuzz_target fuzz_target = {
	.name = "json", .most = 1 << 16, .grows = true, .check = check};
