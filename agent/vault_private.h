/*
 * vault_private: what vault.c and vault_file.c share. Nobody else may include
 * it.
 */
#ifndef AGENT_VAULT_PRIVATE_H
#define AGENT_VAULT_PRIVATE_H

#include <sys/types.h>

#include <sodium.h>

#include "agent/vault.h"

enum { VAULT_KEY_LEN = crypto_kdf_KEYBYTES };

/* Bytes only, so that no alignment is asked of sodium_malloc(). */
struct vault {
	uint8_t seal[VAULT_KEY_LEN];
	uint8_t fingerprint[VAULT_KEY_LEN];
	uint8_t chain[VAULT_KEY_LEN];
	uint8_t digest[VAULT_KEY_LEN];
	uint8_t file[VAULT_KEY_LEN];
	char id[VAULT_KEY_ID_LEN + 1];
};

/* Up to cap bytes, fewer only at the end; or -errno. */
ssize_t vault_read_all(int fd, uint8_t *out, size_t cap);
int vault_write_all(int fd, const uint8_t *data, size_t len);

#endif
