/*
 * vault_file: whole files sealed and opened, in steps, so that a large one
 * takes no more of the loop's time than a small one. It must never leave a
 * clear byte in memory that is given back.
 */
#include "agent/vault_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* A sealed file: magic, stream header, pieces; the last is marked. */
	PIECE = 4096,
	PIECE_SEALED = PIECE + crypto_secretstream_xchacha20poly1305_ABYTES,
	STREAM_HEAD = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
	MAGIC_LEN = 8,
	HEAD_LEN = MAGIC_LEN + STREAM_HEAD,
	STEP_PIECES = 64,
	ALIGNMENT = 64 /* of what sodium_malloc() gives, then */
};

static const uint8_t magic[MAGIC_LEN] = "topseal1";

struct vault_run {
	const struct vault *vault;
	enum vault_way way;
	int from_fd, to_fd;
	bool began; /* the head is written, or read */
	crypto_secretstream_xchacha20poly1305_state state;
	uint8_t clear[PIECE];
	uint8_t sealed[PIECE_SEALED];
};

struct vault_run *
vault_run_new(
	const struct vault *vault, enum vault_way way, int from_fd, int to_fd)
{
	size_t size = (sizeof(struct vault_run) + ALIGNMENT - 1) / ALIGNMENT *
	              ALIGNMENT;
	struct vault_run *run = sodium_malloc(size);
	if (run == NULL)
		abort(); /* out of memory */
	*run = (struct vault_run){
		.vault = vault, .way = way, .from_fd = from_fd, .to_fd = to_fd};
	return run;
}

void
vault_run_free(struct vault_run *run)
{
	sodium_free(run); /* wipes */
}

/* ---- sealing ----------------------------------------------------------- */

static int
begin_sealing(struct vault_run *run)
{
	uint8_t head[HEAD_LEN];
	memcpy(head, magic, MAGIC_LEN);
	if (crypto_secretstream_xchacha20poly1305_init_push(
		    &run->state, head + MAGIC_LEN, run->vault->file) != 0)
		return -EIO;
	return vault_write_all(run->to_fd, head, sizeof(head));
}

/* A piece that is not full is the last, be it empty. */
static int
seal_piece(struct vault_run *run)
{
	ssize_t len = vault_read_all(run->from_fd, run->clear, PIECE);
	if (len < 0)
		return (int)len;
	unsigned char tag =
		len < PIECE ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
			    : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
	unsigned long long sealed;
	if (crypto_secretstream_xchacha20poly1305_push(&run->state, run->sealed,
		    &sealed, run->clear, (size_t)len, NULL, 0, tag) != 0)
		return -EIO;
	int rc = vault_write_all(run->to_fd, run->sealed, (size_t)sealed);
	return rc != 0 ? rc : len == PIECE;
}

/* ---- and back ---------------------------------------------------------- */

static int
begin_unsealing(struct vault_run *run)
{
	uint8_t head[HEAD_LEN];
	ssize_t got = vault_read_all(run->from_fd, head, sizeof(head));
	if (got < 0)
		return (int)got;
	if (got != sizeof(head) || memcmp(head, magic, MAGIC_LEN) != 0 ||
		crypto_secretstream_xchacha20poly1305_init_pull(
			&run->state, head + MAGIC_LEN, run->vault->file) != 0)
		return -EBADMSG;
	return 0;
}

/* The last piece is a short one: it was read up to the file's end. */
static int
unseal_piece(struct vault_run *run)
{
	ssize_t len = vault_read_all(run->from_fd, run->sealed, PIECE_SEALED);
	unsigned long long clear;
	unsigned char tag;
	if (len < 0)
		return (int)len;
	if (len < (ssize_t)crypto_secretstream_xchacha20poly1305_ABYTES ||
		crypto_secretstream_xchacha20poly1305_pull(&run->state,
			run->clear, &clear, &tag, run->sealed,
			(unsigned long long)len, NULL, 0) != 0)
		return -EBADMSG;
	bool last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	if (last != (clear < PIECE))
		return -EBADMSG;
	int rc = vault_write_all(run->to_fd, run->clear, (size_t)clear);
	return rc != 0 ? rc : !last;
}

/* ---- both -------------------------------------------------------------- */

int
vault_run_step(struct vault_run *run)
{
	bool seals = run->way == VAULT_SEALS;
	int rc = 1;
	if (!run->began) {
		rc = seals ? begin_sealing(run) : begin_unsealing(run);
		if (rc != 0)
			return rc;
		run->began = true;
		rc = 1;
	}
	for (int i = 0; i < STEP_PIECES && rc == 1; i++)
		rc = seals ? seal_piece(run) : unseal_piece(run);
	return rc;
}

static int
run_through(
	const struct vault *vault, enum vault_way way, int from_fd, int to_fd)
{
	struct vault_run *run = vault_run_new(vault, way, from_fd, to_fd);
	int rc;
	do {
		rc = vault_run_step(run);
	} while (rc == 1);
	vault_run_free(run);
	return rc;
}

int
vault_seal_file(struct vault *vault, int from_fd, int to_fd)
{
	return run_through(vault, VAULT_SEALS, from_fd, to_fd);
}

int
vault_unseal_file(struct vault *vault, int from_fd, int to_fd)
{
	return run_through(vault, VAULT_UNSEALS, from_fd, to_fd);
}
