/*
 * fuzz_ussd: any line as +CUSD, and any text as a request. The text lies in
 * the line, what is decoded is UTF-8 and the same in a buffer of just its
 * size. Must never read a code that it was not given.
 */
#include <errno.h>
#include <string.h>

#include "modem/ucs2.h"
#include "modem/ussd.h"
#include "tests/fuzz/fuzz.h"

static void
decode(const struct ussd_answer *answer, struct rng *rng)
{
	char text[USSD_TEXT_MAX], again[USSD_TEXT_MAX];
	size_t len, len_again;
	int rc = ussd_decode(answer, text, sizeof(text), &len);

	FUZZ_HOLDS(rc == 0 || rc == -ENOSPC || rc == -EILSEQ);
	if (rc < 0)
		return;
	FUZZ_HOLDS(len < sizeof(text) && text[len] == '\0');
	FUZZ_HOLDS(ucs2_is_utf8(span_of(text, len)));
	FUZZ_HOLDS(ussd_decode(answer, again, len + 1, &len_again) == 0);
	FUZZ_HOLDS(len == len_again && memcmp(text, again, len + 1) == 0);
	size_t cap = (size_t)rng_between(rng, 1, (int64_t)len + 1);

	rc = ussd_decode(answer, again, cap, &len_again);
	FUZZ_HOLDS(rc == -ENOSPC || cap == len + 1);
}

static void
parse(struct span line, struct rng *rng)
{
	struct ussd_answer answer;

	if (ussd_parse(line, &answer) < 0)
		return;
	FUZZ_HOLDS(answer.mode >= USSD_DONE && answer.mode <= USSD_ODD);
	FUZZ_HOLDS(answer.dcs >= -1 && answer.dcs <= 255);
	FUZZ_HOLDS(answer.has_body == (answer.body.len > 0));
	if (!answer.has_body)
		return;
	FUZZ_HOLDS(answer.body.ptr >= line.ptr);
	FUZZ_HOLDS(answer.body.ptr + answer.body.len <= line.ptr + line.len);
	decode(&answer, rng);
}

/* A request that a modem would say back as an answer. */
static void
request(enum ussd_coding coding, struct span text, struct rng *rng)
{
	char code[4 * USSD_CODE_MAX + 1];
	size_t len;

	if (ussd_encode(coding, text, code, sizeof(code), &len) < 0)
		return;
	FUZZ_HOLDS(len < sizeof(code) && code[len] == '\0');
	FUZZ_HOLDS(!memchr(code, '"', len) && !memchr(code, '\r', len));
	struct ussd_answer answer = {.dcs = coding == USSD_UCS2_HEX ? 72 : 15,
		.body = span_of(code, len),
		.has_body = len > 0};

	if (answer.has_body)
		decode(&answer, rng);
}

static void
check(struct span in, struct rng *rng)
{
	parse(in, rng);
	request(USSD_PLAIN, in, rng);
	request(USSD_GSM7_HEX, in, rng);
	request(USSD_UCS2_HEX, in, rng);
}

const struct fuzz_target fuzz_target = {
	.name = "ussd", .most = 1 << 15, .grows = true, .check = check};
