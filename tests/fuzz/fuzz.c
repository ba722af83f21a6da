/*
 * fuzz: the same for all targets: chance that begins with the input, and the
 * end of a property that does not hold. Never a verdict of its own.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* FNV-1a. */
static uint64_t
digest(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < fuzz_target.most ? size : fuzz_target.most;
	struct rng rng;

	rng_init(&rng, digest(UINT64_C(0xcbf29ce484222325), data, len), "");
	fuzz_target.check(
		span_of(len > 0 ? (const char *)data : "", len), &rng);
	return 0;
}

_Noreturn void
fuzz_fail(const char *file, int line, const char *property)
{
	(void)fprintf(
		stderr, "%s:%d: does not hold: %s\n", file, line, property);
	abort();
}

struct span
fuzz_piece(struct span *rest, struct rng *rng, size_t most)
{
	size_t n = (size_t)rng_between(rng, 1, (int64_t)most);
	struct span piece = span_of(rest->ptr, n < rest->len ? n : rest->len);

	*rest = span_skip(*rest, piece.len);
	return piece;
}

bool
fuzz_chance(struct rng *rng, unsigned n)
{
	return rng_next(rng) % n == 0;
}

void
fuzz_note(struct fuzz_diary *diary, int64_t what, struct span text)
{
	diary->digest = digest(diary->digest, &what, sizeof(what));
	diary->digest = digest(diary->digest, &text.len, sizeof(text.len));
	diary->digest = digest(diary->digest, text.ptr, text.len);
	diary->events++;
}

bool
fuzz_same(const struct fuzz_diary *a, const struct fuzz_diary *b)
{
	return a->events == b->events && a->digest == b->digest;
}

const char fuzz_profile[] =
	"[operator]\n"
	"name = FuzzTel\n"
	"mcc_mnc = 00101\n"
	"currency = XTS\n"
	"decimals = 2\n"
	"number_format = 1,234.56\n"
	"pin = \\d{14}\n"
	"msisdn = 0[789]\\d{8}\n"
	"[recharge]\n"
	"ussd = *121*{pin}#\n"
	"[balance]\n"
	"ussd = *123#\n"
	"reply = (?i)balance is (?<balance>[\\d.,]+) (?<currency>XTS)\n"
	"[reply]\n"
	"loaded = (?i)credited with (?<amount>[\\d.,]+) (?<currency>XTS)\n"
	"invalid = (?i)invalid voucher\n"
	"used = (?i)already used\n"
	"used_by_me = (?i)already used by you\n"
	"expired = (?i)has expired\n"
	"refused = (?i)not accepted\n"
	"card_blocked = (?i)voucher (is|has been) blocked\n"
	"sim_blocked = (?i)too many wrong\n"
	"not_now = (?i)not allowed on your plan\n"
	"busy = (?i)(try again later|busy)\n"
	"pending = (?i)request received\n"
	"deducted = (?i)loan (of )?(?<deducted>[\\d.,]+)\n"
	"bonus = (?i)bonus (?<bonus>[\\d.,]+)\n";
