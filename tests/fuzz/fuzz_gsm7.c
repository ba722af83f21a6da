/*
 * fuzz_gsm7: any septets in any alphabet. Their text is UTF-8 and, said
 * again, means the same; packed and unpacked they are the same.
 * Must never know an alphabet itself.
 */
#include <string.h>

#include "modem/gsm7.h"
#include "modem/ucs2.h"
#include "tests/fuzz/fuzz.h"

enum { SEPTETS_MAX = 512 };

static void
read_and_say(struct gsm7_septets in, struct gsm7_shift shift)
{
	char text[4 * SEPTETS_MAX + 1], again[4 * SEPTETS_MAX + 1];
	uint8_t septets[4 * SEPTETS_MAX];
	size_t len, n, len_again;

	FUZZ_HOLDS(
		gsm7_to_utf8_shift(shift, in, text, sizeof(text), &len) == 0);
	FUZZ_HOLDS(text[len] == '\0' && ucs2_is_utf8(span_of(text, len)));
	if (gsm7_from_utf8_shift(shift, span_of(text, len), septets,
		    sizeof(septets), &n) < 0)
		return;
	FUZZ_HOLDS(gsm7_to_utf8_shift(shift, (struct gsm7_septets){septets, n},
			   again, sizeof(again), &len_again) == 0);
	FUZZ_HOLDS(len == len_again && memcmp(text, again, len) == 0);
}

static void
pack_sms(struct gsm7_septets in, struct rng *rng)
{
	uint8_t octets[SEPTETS_MAX + 16] = {0}, back[SEPTETS_MAX];
	size_t first = (size_t)rng_between(rng, 0, 12);

	FUZZ_HOLDS(gsm7_pack_sms(in, first, octets, sizeof(octets)) == 0);
	struct gsm7_octets packed = {octets, ((first + in.len) * 7 + 7) / 8};

	FUZZ_HOLDS(gsm7_unpack_sms(packed, first, back, in.len) == 0);
	FUZZ_HOLDS(memcmp(back, in.ptr, in.len) == 0);
	packed.len = packed.len > 0 ? packed.len - 1 : 0;
	if (in.len > 0)
		FUZZ_HOLDS(gsm7_unpack_sms(packed, first, back, in.len) < 0);
}

static void
pack_ussd(struct gsm7_septets in)
{
	uint8_t octets[SEPTETS_MAX + 1], back[SEPTETS_MAX + 2];
	size_t len, n;

	FUZZ_HOLDS(gsm7_pack_ussd(
			   in.ptr, in.len, octets, sizeof(octets), &len) == 0);
	FUZZ_HOLDS(gsm7_unpack_ussd(octets, len, back, sizeof(back), &n) == 0);
	FUZZ_HOLDS(n >= in.len && n <= in.len + 1);
	FUZZ_HOLDS(memcmp(back, in.ptr, in.len) == 0);
	FUZZ_HOLDS(n == in.len || back[n - 1] == '\r');
}

static void
check(struct span in, struct rng *rng)
{
	static const uint8_t none[1];
	uint8_t septets[SEPTETS_MAX];
	struct gsm7_septets all = {septets, in.len};
	struct gsm7_shift shift = {.locking = (unsigned)(rng_next(rng) % 16),
		.single = (unsigned)(rng_next(rng) % 16)};
	char text[64];
	size_t n;

	for (size_t i = 0; i < in.len; i++)
		septets[i] = (uint8_t)in.ptr[i] & 0x7f;
	read_and_say(all, (struct gsm7_shift){0});
	read_and_say(all, shift);
	pack_sms(all, rng);
	pack_ussd(all);
	(void)gsm7_unpack_ussd(in.len > 0 ? (const uint8_t *)in.ptr : none,
		in.len, septets, sizeof(septets) / 2, &n);
	(void)gsm7_to_utf8(septets, in.len, text, sizeof(text), &n);
}

const struct fuzz_target fuzz_target = {
	.name = "gsm7", .most = SEPTETS_MAX, .check = check};
