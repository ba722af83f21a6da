/* vault: the key file, sealing, hashes, sealed files; the bad paths first. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/vault.h"

static char dir[] = "/tmp/test_vault.XXXXXX";
static char path[128];
static char why[256];

static const char *
in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
write_file(const char *name, const void *data, size_t len, mode_t mode)
{
	const char *file = in_dir(name);
	unlink(file);
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static size_t
read_file(const char *name, uint8_t *out, size_t cap)
{
	int fd = open(in_dir(name), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, out, cap);
	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static struct vault *
vault_of(uint8_t fill)
{
	uint8_t key[32];
	memset(key, fill, sizeof(key));
	write_file("fixed.key", key, sizeof(key), 0400);
	struct vault *vault =
		vault_open(in_dir("fixed.key"), false, why, sizeof(why));
	assert_non_null(vault);
	return vault;
}

static struct secret
secret_of(const char *digits)
{
	struct secret secret;
	assert_int_equal(
		secret_set(&secret, span_of(digits, strlen(digits))), 0);
	return secret;
}

/* ---- the key file ------------------------------------------------------ */

static void
missing_key_is_refused_where_none_may_be_made(void **state)
{
	(void)state;
	assert_null(vault_open(in_dir("none"), false, why, sizeof(why)));
	assert_non_null(strstr(why, "cannot be opened"));
	assert_int_equal(access(in_dir("none"), F_OK), -1);
}

static void
missing_folder_is_told(void **state)
{
	(void)state;
	assert_null(vault_open(in_dir("no/such/key"), true, why, sizeof(why)));
	assert_non_null(strstr(why, "cannot be made"));
}

static void
key_of_wrong_size_is_refused(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 31, 33, 64};
	uint8_t bytes[64] = {1};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write_file("sized", bytes, sizes[i], 0400);
		assert_null(
			vault_open(in_dir("sized"), true, why, sizeof(why)));
		assert_non_null(strstr(why, "bytes, not 32"));
	}
}

static void
key_open_to_others_is_refused(void **state)
{
	(void)state;
	static const mode_t modes[] = {0440, 0404, 0420, 0401, 0644};
	uint8_t bytes[32] = {1};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file("open", bytes, sizeof(bytes), modes[i]);
		assert_null(vault_open(in_dir("open"), true, why, sizeof(why)));
		assert_non_null(strstr(why, "open to others"));
	}
}

static void
folder_in_place_of_the_key_is_refused(void **state)
{
	(void)state;
	assert_null(vault_open(dir, true, why, sizeof(why)));
	assert_non_null(strstr(why, "no plain file"));
}

static void
made_key_is_private_whole_and_alone(void **state)
{
	(void)state;
	struct vault *made = vault_open(in_dir("made"), true, why, sizeof(why));
	assert_non_null(made);
	struct stat st;
	assert_int_equal(stat(in_dir("made"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(st.st_nlink, 1); /* the temporary name is gone */
	struct vault *again =
		vault_open(in_dir("made"), true, why, sizeof(why));
	assert_non_null(again);
	assert_string_equal(vault_key_id(made), vault_key_id(again));
	vault_close(made);
	vault_close(again);
}

static void
key_id_is_stable_and_tells_keys_apart(void **state)
{
	(void)state;
	struct vault *a = vault_of(1);
	struct vault *b = vault_of(2);
	assert_int_equal(strlen(vault_key_id(a)), VAULT_KEY_ID_LEN);
	assert_string_not_equal(vault_key_id(a), vault_key_id(b));
	/* Ledgers carry it: another value would lock all of them out. */
	assert_string_equal(vault_key_id(a), "8b0559b4547db177");
	vault_close(a);
	vault_close(b);
	vault_close(NULL);
}

/* ---- PINs -------------------------------------------------------------- */

static void
changed_blob_does_not_open(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	struct secret voucher_pin = secret_of("12345678901234");
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len;
	assert_int_equal(
		vault_seal(vault, &voucher_pin, blob, sizeof(blob), &len), 0);
	struct secret out = secret_of("999");
	for (size_t i = 0; i < len; i++) {
		blob[i] ^= 1;
		assert_int_equal(
			vault_unseal(vault, blob, len, &out), -EBADMSG);
		blob[i] ^= 1;
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
			vault_unseal(vault, blob, cut, &out), -EBADMSG);
	assert_int_equal(
		vault_unseal(vault, blob, sizeof(blob) + 1, &out), -EBADMSG);
	assert_int_equal(out.len, 3); /* untouched on failure */
	vault_close(vault);
}

static void
blob_of_another_key_does_not_open(void **state)
{
	(void)state;
	struct vault *a = vault_of(1);
	struct vault *b = vault_of(2);
	struct secret voucher_pin = secret_of("12345678901234");
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len;
	assert_int_equal(
		vault_seal(a, &voucher_pin, blob, sizeof(blob), &len), 0);
	assert_int_equal(vault_unseal(b, blob, len, &voucher_pin), -EBADMSG);
	vault_close(a);
	vault_close(b);
}

static void
small_buffer_and_broken_length_are_refused(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	struct secret voucher_pin = secret_of("1234");
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len = 77;
	assert_int_equal(
		vault_seal(vault, &voucher_pin, blob, 44, &len), -ENOSPC);
	voucher_pin.len = VOUCHER_PIN_MAX + 1;
	assert_int_equal(
		vault_seal(vault, &voucher_pin, blob, sizeof(blob), &len),
		-EINVAL);
	assert_int_equal(len, 77);
	vault_close(vault);
}

static void
every_length_of_pin_seals_and_opens(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	char digits[VOUCHER_PIN_MAX + 1];
	memset(digits, '8', sizeof(digits));
	for (size_t n = 0; n <= VOUCHER_PIN_MAX; n++) {
		struct secret in, out;
		assert_int_equal(secret_set(&in, span_of(digits, n)), 0);
		uint8_t blob[VAULT_SEALED_MAX];
		size_t len;
		assert_int_equal(
			vault_seal(vault, &in, blob, sizeof(blob), &len), 0);
		assert_int_equal(vault_unseal(vault, blob, len, &out), 0);
		assert_int_equal(out.len, n);
		assert_memory_equal(out.bytes, digits, n);
	}
	vault_close(vault);
}

static void
same_pin_seals_differently_each_time(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	struct secret voucher_pin = secret_of("12345678901234");
	uint8_t a[VAULT_SEALED_MAX], b[VAULT_SEALED_MAX];
	size_t len;
	assert_int_equal(
		vault_seal(vault, &voucher_pin, a, sizeof(a), &len), 0);
	assert_int_equal(
		vault_seal(vault, &voucher_pin, b, sizeof(b), &len), 0);
	assert_memory_not_equal(a, b, len);
	vault_close(vault);
}

/* ---- hashes ------------------------------------------------------------ */

static void
fingerprint_finds_the_same_pin_only_under_one_key(void **state)
{
	(void)state;
	struct vault *a = vault_of(1);
	struct vault *b = vault_of(2);
	struct secret one = secret_of("12345678901234");
	struct secret two = secret_of("12345678901235");
	uint8_t h1[VAULT_HASH_LEN], h2[VAULT_HASH_LEN];
	vault_fingerprint(a, &one, h1);
	vault_fingerprint(a, &one, h2);
	assert_memory_equal(h1, h2, sizeof(h1));
	vault_fingerprint(a, &two, h2);
	assert_memory_not_equal(h1, h2, sizeof(h1));
	vault_fingerprint(b, &one, h2);
	assert_memory_not_equal(h1, h2, sizeof(h1));
	vault_close(a);
	vault_close(b);
}

static void
chain_depends_on_the_entry_the_one_before_and_the_key(void **state)
{
	(void)state;
	struct vault *a = vault_of(1);
	struct vault *b = vault_of(2);
	uint8_t prev[VAULT_HASH_LEN] = {0}, other[VAULT_HASH_LEN] = {1};
	uint8_t h[VAULT_HASH_LEN], x[VAULT_HASH_LEN];
	vault_chain(a, prev, span_of("entry", 5), h);
	vault_chain(a, prev, span_of("entry", 5), x);
	assert_memory_equal(h, x, sizeof(h));
	vault_chain(a, prev, span_of("entrz", 5), x);
	assert_memory_not_equal(h, x, sizeof(h));
	vault_chain(a, other, span_of("entry", 5), x);
	assert_memory_not_equal(h, x, sizeof(h));
	vault_chain(b, prev, span_of("entry", 5), x);
	assert_memory_not_equal(h, x, sizeof(h));
	vault_close(a);
	vault_close(b);
}

static void
digest_does_not_depend_on_how_the_file_is_cut(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	static const char text[] = "pin,amount\n12345678901234,100\n";
	uint8_t whole[VAULT_HASH_LEN], cut[VAULT_HASH_LEN];
	struct vault_digest *d = vault_digest_new(vault);
	vault_digest_add(d, span_of(text, sizeof(text) - 1));
	vault_digest_end(d, whole);
	for (size_t n = 1; n < sizeof(text); n++) {
		d = vault_digest_new(vault);
		for (size_t i = 0; i < sizeof(text) - 1; i += n) {
			size_t left = sizeof(text) - 1 - i;
			vault_digest_add(
				d, span_of(text + i, left < n ? left : n));
		}
		vault_digest_end(d, cut);
		assert_memory_equal(whole, cut, sizeof(whole));
	}
	d = vault_digest_new(vault);
	vault_digest_add(d, span_of("another", 7));
	vault_digest_free(d); /* given up half-way */
	vault_digest_free(NULL);
	vault_close(vault);
}

/* ---- files ------------------------------------------------------------- */

enum { FILE_MAX = 40000 };
static uint8_t clear[FILE_MAX], sealed[FILE_MAX], back[FILE_MAX];

static int
run_file(int (*run)(struct vault *, int, int), struct vault *vault,
	const char *from, const char *to)
{
	int in = open(in_dir(from), O_RDONLY);
	assert_true(in >= 0);
	unlink(in_dir(to));
	int out = open(in_dir(to), O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(out >= 0);
	int rc = run(vault, in, out);
	close(in);
	close(out);
	return rc;
}

static size_t
seal_of(struct vault *vault, size_t len)
{
	for (size_t i = 0; i < len; i++)
		clear[i] = (uint8_t)('0' + i % 10);
	write_file("clear", clear, len, 0600);
	assert_int_equal(
		run_file(vault_seal_file, vault, "clear", "sealed"), 0);
	return read_file("sealed", sealed, sizeof(sealed));
}

static int
unseal_of(struct vault *vault, size_t len)
{
	write_file("tried", sealed, len, 0600);
	return run_file(vault_unseal_file, vault, "tried", "back");
}

static void
sealed_file_opens_to_the_same_bytes(void **state)
{
	(void)state;
	static const size_t sizes[] = {
		0, 1, 100, 4095, 4096, 4097, 8191, 8192, 8193, 30000};
	struct vault *vault = vault_of(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len = seal_of(vault, sizes[i]);
		assert_true(len > sizes[i]);
		assert_int_equal(unseal_of(vault, len), 0);
		assert_int_equal(
			read_file("back", back, sizeof(back)), sizes[i]);
		assert_memory_equal(clear, back, sizes[i]);
	}
	vault_close(vault);
}

static void
cut_sealed_file_is_found(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	size_t len = seal_of(vault, 8192 + 10);
	/* Every end of a piece, one byte beside it, and the whole head. */
	for (size_t cut = 0; cut < len; cut += cut < 40 ? 1 : 5)
		assert_int_equal(unseal_of(vault, cut), -EBADMSG);
	assert_int_equal(unseal_of(vault, 32 + 4113), -EBADMSG);
	assert_int_equal(unseal_of(vault, 32 + 2 * 4113), -EBADMSG);
	vault_close(vault);
}

static void
changed_longer_or_foreign_sealed_file_is_found(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	size_t len = seal_of(vault, 5000);
	for (size_t i = 0; i < len; i += i < 60 ? 1 : 97) {
		sealed[i] ^= 0x20;
		assert_int_equal(unseal_of(vault, len), -EBADMSG);
		sealed[i] ^= 0x20;
	}
	sealed[len] = 'x';
	assert_int_equal(unseal_of(vault, len + 1), -EBADMSG);
	struct vault *other = vault_of(2);
	assert_int_equal(unseal_of(other, len), -EBADMSG);
	/* Pieces put in another order. */
	len = seal_of(vault, 2 * 4096 + 5);
	uint8_t piece[4113];
	memcpy(piece, sealed + 32, sizeof(piece));
	memcpy(sealed + 32, sealed + 32 + 4113, sizeof(piece));
	memcpy(sealed + 32 + 4113, piece, sizeof(piece));
	assert_int_equal(unseal_of(vault, len), -EBADMSG);
	vault_close(other);
	vault_close(vault);
}

static void
unwritable_and_unreadable_files_are_told(void **state)
{
	(void)state;
	struct vault *vault = vault_of(1);
	size_t len = seal_of(vault, 5000);
	write_file("tried", sealed, len, 0600);
	int in = open(in_dir("tried"), O_RDONLY);
	int full = open("/dev/full", O_WRONLY);
	int folder = open(dir, O_RDONLY);
	assert_int_equal(vault_unseal_file(vault, in, full), -ENOSPC);
	assert_int_equal(vault_seal_file(vault, in, full), -ENOSPC);
	int sink = open("/dev/null", O_WRONLY);
	assert_int_equal(vault_seal_file(vault, folder, sink), -EISDIR);
	assert_int_equal(vault_seal_file(vault, in, folder), -EBADF);
	assert_int_equal(vault_unseal_file(vault, folder, full), -EISDIR);
	close(in);
	close(full);
	close(sink);
	close(folder);
	vault_close(vault);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	static const char *names[] = {"fixed.key", "sized", "open", "made",
		"clear", "sealed", "tried", "back"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	return rmdir(dir); /* fails when a temporary file was left */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_key_is_refused_where_none_may_be_made),
		cmocka_unit_test(missing_folder_is_told),
		cmocka_unit_test(key_of_wrong_size_is_refused),
		cmocka_unit_test(key_open_to_others_is_refused),
		cmocka_unit_test(folder_in_place_of_the_key_is_refused),
		cmocka_unit_test(made_key_is_private_whole_and_alone),
		cmocka_unit_test(key_id_is_stable_and_tells_keys_apart),
		cmocka_unit_test(changed_blob_does_not_open),
		cmocka_unit_test(blob_of_another_key_does_not_open),
		cmocka_unit_test(small_buffer_and_broken_length_are_refused),
		cmocka_unit_test(every_length_of_pin_seals_and_opens),
		cmocka_unit_test(same_pin_seals_differently_each_time),
		cmocka_unit_test(
			fingerprint_finds_the_same_pin_only_under_one_key),
		cmocka_unit_test(
			chain_depends_on_the_entry_the_one_before_and_the_key),
		cmocka_unit_test(digest_does_not_depend_on_how_the_file_is_cut),
		cmocka_unit_test(sealed_file_opens_to_the_same_bytes),
		cmocka_unit_test(cut_sealed_file_is_found),
		cmocka_unit_test(
			changed_longer_or_foreign_sealed_file_is_found),
		cmocka_unit_test(unwritable_and_unreadable_files_are_told),
	};
	return cmocka_run_group_tests_name(
		"vault", tests, make_dir, remove_dir);
}
