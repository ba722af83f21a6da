/*
 * secret: a voucher PIN in clear, for as short as possible. It has no
 * formatter and must never get one.
 */
#ifndef AGENT_SECRET_H
#define AGENT_SECRET_H

#include "modem/span.h"

enum { VOUCHER_PIN_MAX = 64 };

struct secret {
	size_t len;
	char bytes[VOUCHER_PIN_MAX];
};

/* 0, or -ENOSPC (and then empty). */
int secret_set(struct secret *secret, struct span voucher_pin);

/* Overwrites it in a way that the compiler keeps. */
void secret_wipe(struct secret *secret);

/*
 * The masked form: as long as the PIN, stars, the last four digits shown
 * only when it has twelve or more (contract, law 7). cap > pin length.
 */
void secret_mask(struct span voucher_pin, char *out, size_t cap);

#endif
