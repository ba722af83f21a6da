/*
 * vault: seals and opens PINs, keyed hashes, wiping. The one module with
 * libsodium. One key file (32 random bytes, 0400), subkeys by crypto_kdf:
 * sealing, fingerprints, the audit chain, batch digests. Keys lie in locked
 * memory. It must never write or return a PIN but into a struct secret.
 */
#ifndef AGENT_VAULT_H
#define AGENT_VAULT_H

#include "agent/secret.h"
#include "modem/span.h"

enum {
	VAULT_HASH_LEN = 32,
	VAULT_KEY_ID_LEN = 16, /* hex digits, public */
	VAULT_SEALED_MAX = VOUCHER_PIN_MAX + 64
};

struct vault;

/*
 * Reads the key. Where the file is missing and may_create is true, makes
 * one (0400, synced, folder too). NULL on failure; why says it for people.
 */
struct vault *vault_open(
	const char *key_file, bool may_create, char *why, size_t cap);
void vault_close(struct vault *vault);

/* Names the key without telling it; NUL-terminated, static for the vault. */
const char *vault_key_id(const struct vault *vault);

/* A PIN into an opaque blob (XChaCha20-Poly1305, random nonce). */
int vault_seal(struct vault *vault, const struct secret *voucher_pin,
	uint8_t *blob, size_t cap, size_t *len);
/* Back. 0 or -EBADMSG when the blob is not of this key. */
int vault_unseal(struct vault *vault, const uint8_t *blob, size_t len,
	struct secret *voucher_pin);

/* The keyed hash by which a repeated PIN is found. */
void vault_fingerprint(struct vault *vault, const struct secret *voucher_pin,
	uint8_t hash[VAULT_HASH_LEN]);

/* The audit chain's link: a keyed hash over prev and the entry's bytes. */
void vault_chain(const struct vault *vault, const uint8_t prev[VAULT_HASH_LEN],
	struct span entry, uint8_t hash[VAULT_HASH_LEN]);

/* A keyed digest of a file, piece by piece. */
struct vault_digest;
struct vault_digest *vault_digest_new(const struct vault *vault);
void vault_digest_add(struct vault_digest *d, struct span piece);
/* Gives the hash and frees d. */
void vault_digest_end(struct vault_digest *d, uint8_t hash[VAULT_HASH_LEN]);
void vault_digest_free(struct vault_digest *d);

/* Seals all that from_fd gives into to_fd (secretstream), and back. 0 or a
 * negative errno; -EBADMSG for a foreign or damaged file: what to_fd has
 * then is only a part, and must be thrown away. */
int vault_seal_file(struct vault *vault, int from_fd, int to_fd);
int vault_unseal_file(struct vault *vault, int from_fd, int to_fd);

/* The same in steps of some 256 kB. step: 1 when there is more, 0 once all is
 * done, or what the two above give. free wipes; the descriptors stay the
 * caller's. */
enum vault_way { VAULT_SEALS, VAULT_UNSEALS };
struct vault_run;
struct vault_run *vault_run_new(
	const struct vault *vault, enum vault_way way, int from_fd, int to_fd);
int vault_run_step(struct vault_run *run);
void vault_run_free(struct vault_run *run);

#endif
