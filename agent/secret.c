/*
 * secret: a voucher PIN in clear, for as short as possible. It must never
 * format, log or compare one.
 */
#include "agent/secret.h"

#include <errno.h>
#include <string.h>

/* Contract, law 7: the last four digits show, but only of twelve or more. */
enum { MASK_SHOWN = 4, MASK_SHOWN_FROM = 12 };

int
secret_set(struct secret *secret, struct span voucher_pin)
{
	secret_wipe(secret);
	if (voucher_pin.len > sizeof(secret->bytes))
		return -ENOSPC;
	if (voucher_pin.len > 0)
		memcpy(secret->bytes, voucher_pin.ptr, voucher_pin.len);
	secret->len = voucher_pin.len;
	return 0;
}

void
secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

/* Foreign rows are masked as well: only a plain digit is ever shown. */
static bool
may_show(struct span voucher_pin, size_t i)
{
	if (voucher_pin.len < MASK_SHOWN_FROM ||
		i + MASK_SHOWN < voucher_pin.len)
		return false;
	return voucher_pin.ptr[i] >= '0' && voucher_pin.ptr[i] <= '9';
}

void
secret_mask(struct span voucher_pin, char *out, size_t cap)
{
	if (cap == 0)
		return;
	size_t len = voucher_pin.len < cap ? voucher_pin.len : cap - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = may_show(voucher_pin, i) ? voucher_pin.ptr[i] : '*';
	out[len] = '\0';
}
