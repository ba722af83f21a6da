/*
 * vault: seals and opens PINs, keyed hashes, wiping. With vault_file.c the one
 * module with libsodium. It must never write or return a PIN but into a struct
 * secret, and never leave a key or a clear byte in memory that is given back.
 */
#include "agent/vault_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEY_LEN = VAULT_KEY_LEN,
	NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	/* A sealed PIN: version, nonce, cipher text, tag. */
	BLOB_VERSION = 1,
	BLOB_HEAD = 1 + NONCE_LEN,
	BLOB_MORE = BLOB_HEAD + TAG_LEN,
	PATH_BYTES = 4096
};

_Static_assert(KEY_LEN == 32, "contract: a key of 32 bytes");
_Static_assert(BLOB_MORE + VOUCHER_PIN_MAX <= VAULT_SEALED_MAX,
	"the longest PIN must fit into a blob");

struct vault_digest {
	crypto_generichash_state state;
};

/* ---- the key file ------------------------------------------------------ */

ssize_t
vault_read_all(int fd, uint8_t *out, size_t cap)
{
	size_t got = 0;
	while (got < cap) {
		ssize_t n = read(fd, out + got, cap - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int
vault_write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
sync_folder_of(const char *path)
{
	char folder[PATH_BYTES];
	if (span_copy(folder, sizeof(folder), span_str(path)) != 0)
		return -ENAMETOOLONG;
	char *slash = strrchr(folder, '/');
	if (slash == NULL)
		memcpy(folder, ".", 2);
	else
		slash[slash == folder] = '\0'; /* "/x" lies in "/" */
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fsync(fd) == 0 ? 0 : -errno;
	(void)close(fd); /* read only */
	return rc;
}

static int
write_key_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	uint8_t key[KEY_LEN];
	crypto_kdf_keygen(key);
	int rc = vault_write_all(fd, key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* Whole or not at all, and never over a key that is there already: link()
 * refuses, and the other key is then the key. */
static int
make_key(const char *key_file)
{
	char temp[PATH_BYTES];
	int n = snprintf(temp, sizeof(temp), "%s.%08x.tmp", key_file,
		(unsigned)randombytes_random());
	if (n < 0 || (size_t)n >= sizeof(temp))
		return -ENAMETOOLONG;
	int rc = write_key_file(temp);
	if (rc == 0 && link(temp, key_file) != 0 && errno != EEXIST)
		rc = -errno;
	if (rc != -EEXIST)
		(void)unlink(temp); /* may be missing; nothing reads it */
	return rc == 0 ? sync_folder_of(key_file) : rc;
}

static int
check_key_file(int fd, const char *key_file, char *why, size_t cap)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(why, cap, "key file %s is no plain file", key_file);
		return -EINVAL;
	}
	if ((st.st_mode & 077) != 0) {
		snprintf(why, cap,
			"key file %s is open to others (mode %04o): "
			"make it 0400, and think of who may have read it",
			key_file, (unsigned)(st.st_mode & 07777));
		return -EPERM;
	}
	if (st.st_size != KEY_LEN) {
		snprintf(why, cap, "key file %s has %lld bytes, not %d",
			key_file, (long long)st.st_size, KEY_LEN);
		return -EINVAL;
	}
	return 0;
}

static int
read_key(int fd, const char *key_file, uint8_t *key, char *why, size_t cap)
{
	int rc = check_key_file(fd, key_file, why, cap);
	if (rc != 0)
		return rc;
	ssize_t got = vault_read_all(fd, key, KEY_LEN);
	if (got == KEY_LEN)
		return 0;
	snprintf(why, cap, "key file %s cannot be read: %s", key_file,
		got < 0 ? strerror((int)-got) : "it is short");
	return -EIO;
}

/* An open descriptor of the key, made where allowed; or -1. */
static int
open_key(const char *key_file, bool may_create, char *why, size_t cap)
{
	int fd = open(key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && may_create) {
		int rc = make_key(key_file);
		if (rc != 0) {
			snprintf(why, cap, "key file %s cannot be made: %s",
				key_file, strerror(-rc));
			return -1;
		}
		fd = open(key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		snprintf(why, cap, "key file %s cannot be opened: %s", key_file,
			strerror(errno));
	return fd;
}

/* ---- the keys ---------------------------------------------------------- */

/* One context (8 bytes, fixed for ever) for each use of the one key. */
static void
derive(uint8_t *out, const char context[crypto_kdf_CONTEXTBYTES + 1],
	const uint8_t *key)
{
	/* Fails only for lengths out of range. */
	int rc = crypto_kdf_derive_from_key(out, KEY_LEN, 1, context, key);
	assert(rc == 0);
}

static void
derive_all(struct vault *vault, const uint8_t *key)
{
	derive(vault->seal, "tu-seal_", key);
	derive(vault->fingerprint, "tu-finge", key);
	derive(vault->chain, "tu-chain", key);
	derive(vault->digest, "tu-diges", key);
	derive(vault->file, "tu-file_", key);
	uint8_t id[KEY_LEN];
	derive(id, "tu-keyid", key);
	sodium_bin2hex(vault->id, sizeof(vault->id), id, VAULT_KEY_ID_LEN / 2);
	sodium_memzero(id, sizeof(id));
}

struct vault *
vault_open(const char *key_file, bool may_create, char *why, size_t cap)
{
	if (sodium_init() < 0) {
		snprintf(why, cap, "libsodium does not start");
		return NULL;
	}
	int fd = open_key(key_file, may_create, why, cap);
	if (fd < 0)
		return NULL;
	struct vault *vault = sodium_malloc(sizeof(*vault));
	uint8_t *key = sodium_malloc(KEY_LEN);
	int rc = -ENOMEM;
	if (vault == NULL || key == NULL)
		snprintf(why, cap, "no locked memory for the key");
	else
		rc = read_key(fd, key_file, key, why, cap);
	if (rc == 0) {
		derive_all(vault, key);
		/* Only hardens; without it the keys are as right. */
		(void)sodium_mprotect_readonly(vault);
	}
	(void)close(fd); /* read only */
	sodium_free(key);
	if (rc == 0)
		return vault;
	sodium_free(vault);
	return NULL;
}

void
vault_close(struct vault *vault)
{
	sodium_free(vault); /* wipes; NULL is allowed */
}

const char *
vault_key_id(const struct vault *vault)
{
	return vault->id;
}

/* ---- PINs -------------------------------------------------------------- */

int
vault_seal(struct vault *vault, const struct secret *voucher_pin, uint8_t *blob,
	size_t cap, size_t *len)
{
	if (voucher_pin->len > VOUCHER_PIN_MAX)
		return -EINVAL;
	if (cap < BLOB_MORE + voucher_pin->len)
		return -ENOSPC;
	blob[0] = BLOB_VERSION;
	randombytes_buf(blob + 1, NONCE_LEN);
	unsigned long long sealed;
	int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(blob + BLOB_HEAD,
		&sealed, (const uint8_t *)voucher_pin->bytes, voucher_pin->len,
		blob, 1, NULL, blob + 1, vault->seal);
	assert(rc == 0); /* it cannot fail for lengths this small */
	*len = BLOB_HEAD + (size_t)sealed;
	return 0;
}

int
vault_unseal(struct vault *vault, const uint8_t *blob, size_t len,
	struct secret *voucher_pin)
{
	if (len < BLOB_MORE || len > BLOB_MORE + VOUCHER_PIN_MAX)
		return -EBADMSG;
	struct secret clear = {0};
	unsigned long long clear_len;
	int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(
		(uint8_t *)clear.bytes, &clear_len, NULL, blob + BLOB_HEAD,
		len - BLOB_HEAD, blob, 1, blob + 1, vault->seal);
	if (rc == 0 && blob[0] == BLOB_VERSION) {
		clear.len = (size_t)clear_len;
		*voucher_pin = clear;
	} else {
		rc = -EBADMSG;
	}
	secret_wipe(&clear);
	return rc;
}

/* ---- keyed hashes ------------------------------------------------------ */

static void
hash_begin(crypto_generichash_state *state, const uint8_t *key)
{
	int rc = crypto_generichash_init(state, key, KEY_LEN, VAULT_HASH_LEN);
	assert(rc == 0); /* fails only for lengths out of range */
}

static void
hash_add(crypto_generichash_state *state, const void *data, size_t len)
{
	(void)crypto_generichash_update(state, data, len); /* never fails */
}

static void
hash_end(crypto_generichash_state *state, uint8_t hash[VAULT_HASH_LEN])
{
	int rc = crypto_generichash_final(state, hash, VAULT_HASH_LEN);
	assert(rc == 0); /* fails only when called twice */
	sodium_memzero(state, sizeof(*state));
}

void
vault_fingerprint(struct vault *vault, const struct secret *voucher_pin,
	uint8_t hash[VAULT_HASH_LEN])
{
	crypto_generichash_state state;
	hash_begin(&state, vault->fingerprint);
	hash_add(&state, voucher_pin->bytes, voucher_pin->len);
	hash_end(&state, hash);
}

void
vault_chain(const struct vault *vault, const uint8_t prev[VAULT_HASH_LEN],
	struct span entry, uint8_t hash[VAULT_HASH_LEN])
{
	crypto_generichash_state state;
	hash_begin(&state, vault->chain);
	hash_add(&state, prev, VAULT_HASH_LEN);
	hash_add(&state, entry.ptr, entry.len);
	hash_end(&state, hash);
}

struct vault_digest *
vault_digest_new(const struct vault *vault)
{
	/* The state wants 64 bytes of alignment, more than malloc gives. */
	void *memory;
	if (posix_memalign(&memory, 64, sizeof(struct vault_digest)) != 0)
		abort(); /* as must_alloc: half a digest helps nobody */
	struct vault_digest *d = memory;
	hash_begin(&d->state, vault->digest);
	return d;
}

void
vault_digest_add(struct vault_digest *d, struct span piece)
{
	hash_add(&d->state, piece.ptr, piece.len);
}

void
vault_digest_end(struct vault_digest *d, uint8_t hash[VAULT_HASH_LEN])
{
	hash_end(&d->state, hash);
	vault_digest_free(d);
}

void
vault_digest_free(struct vault_digest *d)
{
	if (d == NULL)
		return;
	sodium_memzero(d, sizeof(*d)); /* PINs went through it */
	free(d);
}
