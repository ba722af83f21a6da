/*
 * Backup and restore with the real binaries: a backup while cards are
 * dialled, the state directory lost, a ledger from the backup: nothing that
 * another copy may have dialled is dialled before a person says so. And what
 * is said about a key that is not the ledger's.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"

enum { CARDS = 60, BULK = 3000, MODEMS = 4, KEY_BYTES = 32 };

/* ---- the house ----------------------------------------------------------- */

static void
start_four(struct house *h)
{
	char name[16];

	house_add_cards(h, 0, CARDS);
	for (unsigned i = 0; i < MODEMS; i++) {
		snprintf(name, sizeof(name), "m%u", i + 1);
		house_add_modem(
			h, name, "standard", "{\"delay_ms\": [40, 100]}");
	}
	house_start_sim(h);
	house_start(h);
}

static void
drop_batch(struct house *h)
{
	char *batch;
	size_t len;
	FILE *f = open_memstream(&batch, &len);

	fprintf(f, "# operator: simtel\npin,serial\n");
	for (unsigned i = 0; i < CARDS; i++)
		fprintf(f, "%s,S%u\n", house_pin(i), i);
	assert_int_equal(fclose(f), 0);
	house_drop(h, "all.csv", batch);
	free(batch);
}

/* Rows that nobody dials, since they look counted: something to copy. */
static void
submit_bulk(struct house *h)
{
	char *batch, path[HOUSE_PATH_MAX];
	size_t len;
	FILE *f = open_memstream(&batch, &len);

	fprintf(f, "# operator: simtel\npin\n");
	for (unsigned i = 0; i < BULK; i++)
		fprintf(f, "481516234%05u\n", i);
	assert_int_equal(fclose(f), 0);
	snprintf(path, sizeof(path), "%s", house_path(h, "cards/bulk.csv"));
	house_write(path, batch);
	free(batch);
	assert_int_equal(house_ctl(h, "submit", path, NULL), 4);
}

static void
empty_folder(const char *path)
{
	char name[HOUSE_PATH_MAX + 300];
	const struct dirent *entry;
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		assert_int_equal(unlink(name), 0);
	}
	(void)closedir(dir);
}

static void
read_key(struct house *h, char key[KEY_BYTES])
{
	FILE *f = fopen(house_path(h, "state/pin.key"), "r");

	assert_non_null(f);
	assert_int_equal(fread(key, 1, KEY_BYTES, f), KEY_BYTES);
	(void)fclose(f); /* it was only read */
}

static void
write_key(struct house *h, const char *key, size_t len)
{
	char path[HOUSE_PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s", house_path(h, "state/pin.key"));
	(void)unlink(path); /* may be missing */
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(key, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0400), 0);
}

/* topupd with these options: its exit status. */
static int
run_daemon(struct house *h, const char *option, const char *value)
{
	char config[HOUSE_PATH_MAX];
	const char *argv[] = {"topupd", "-c", config, option, value, NULL};

	snprintf(config, sizeof(config), "%s", house_path(h, "topupd.conf"));
	return house_run(h, argv);
}

/* ---- what is true -------------------------------------------------------- */

static bool
dialled_more_than(struct house *h, const void *ctx)
{
	return house_truth_count(h, "redeem", NULL, "") > *(const size_t *)ctx;
}

/* How often the network saw each card's PIN. */
static void
dialled_by_number(struct house *h, unsigned dialled[CARDS])
{
	json_t *truth = house_truth(h), *one;
	size_t i;

	memset(dialled, 0, CARDS * sizeof(*dialled));
	json_array_foreach(truth, i, one)
	{
		for (unsigned n = 0; n < CARDS; n++)
			if (strcmp(house_text(one, "event"), "redeem") == 0 &&
				strcmp(house_text(one, "pin"), house_pin(n)) ==
					0)
				dialled[n]++;
	}
	json_decref(truth);
}

/* A modem whose last card is in doubt may wait for a person: that is us. */
static void
unlock_fenced(struct house *h)
{
	json_t *modem, *modems = json_incref(house_ask(h, "modems", NULL));
	size_t i;

	json_array_foreach(modems, i, modem)
	{
		if (strcmp(house_text(modem, "state"), "fenced") == 0)
			(void)house_ctl(h, "unlock", house_text(modem, "name"),
				NULL); /* which SIM it has may not be known */
	}
	json_decref(modems);
}

static bool
modems_are_free(struct house *h, const void *ctx)
{
	json_t *modems;

	(void)ctx;
	unlock_fenced(h);
	modems = house_ask(h, "modems", NULL);
	return house_count(modems, "state", "ready") == MODEMS;
}

/* Of the cards, not of the bulk. */
static json_t *
cards(struct house *h)
{
	return house_ask(h, "vouchers", "--batch", "1", NULL);
}

static bool
cards_are_settled(struct house *h, const void *ctx)
{
	json_t *all;

	(void)ctx;
	unlock_fenced(h);
	all = cards(h);
	return house_count(all, "state", "ready") == 0 &&
	       house_count(all, "state", "dialing") == 0;
}

/* ---- tests --------------------------------------------------------------- */

static void
make_backup(struct house *h, const char *file)
{
	struct stat st;
	json_t *made = house_ask(h, "backup", file, NULL);

	assert_string_equal(house_text(made, "file"), file);
	assert_true(json_is_false(json_object_get(made, "key_in_it")));
	assert_int_equal(house_number(made, "vouchers"), CARDS + BULK);
	assert_string_equal(
		house_text(made, "key_file"), house_path(h, "state/pin.key"));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(house_number(made, "bytes"), st.st_size);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* No file is written over. */
	assert_int_equal(house_ctl(h, "backup", file, NULL), 1);
	house_assert_contains(h->err, "exists already");
}

/* Held ones that the network never saw are released; how many. */
static unsigned
release_untouched(struct house *h, const unsigned dialled[CARDS])
{
	json_t *v, *all = json_incref(cards(h));
	unsigned released = 0;
	size_t i;

	json_array_foreach(all, i, v)
	{
		unsigned n = (unsigned)strtoul(
			house_text(v, "serial") + 1, NULL, 10);
		char id[32];

		assert_in_range(n, 0, CARDS - 1);
		if (strcmp(house_text(v, "state"), "held") != 0 ||
			dialled[n] > 0)
			continue;
		assert_string_equal(house_text(v, "reason"), "restored");
		snprintf(id, sizeof(id), "%lld",
			(long long)house_number(v, "id"));
		assert_int_equal(house_ctl(h, "release", id, NULL), 0);
		released++;
	}
	json_decref(all);
	return released;
}

static void
assert_ends(struct house *h, const unsigned before[CARDS])
{
	unsigned now[CARDS];
	json_t *v, *all = json_incref(cards(h));
	size_t i;

	dialled_by_number(h, now);
	assert_int_equal(json_array_size(all), CARDS);
	json_array_foreach(all, i, v)
	{
		unsigned n = (unsigned)strtoul(
			house_text(v, "serial") + 1, NULL, 10);
		const char *state = house_text(v, "state");

		/* Once each, before or after. */
		assert_int_equal(now[n], 1);
		if (before[n] == 0)
			assert_string_equal(state, "loaded");
		else if (strcmp(state, "held") != 0 &&
			 strcmp(state, "unknown") != 0)
			assert_string_equal(state, "loaded");
	}
	json_decref(all);
}

static void
restored_ledger_dials_nothing_that_may_have_been_dialled(void **state)
{
	struct house *h = *state;
	char file[HOUSE_PATH_MAX], key[KEY_BYTES];
	size_t count = 8, held, dialled_before;
	unsigned before[CARDS];

	snprintf(file, sizeof(file), "%s", house_path(h, "backup.db"));
	start_four(h);
	drop_batch(h);
	(void)house_until_file(h, "spool/done", "1-all.csv");
	submit_bulk(h);
	house_until(h, "cards are dialled", dialled_more_than, &count);
	make_backup(h, file);
	count = house_truth_count(h, "redeem", NULL, "") + 8;
	house_until(h, "more cards are dialled", dialled_more_than, &count);
	house_kill(h);
	read_key(h, key);
	empty_folder(house_path(h, "state"));

	/* Without the key there is nothing to be had. */
	assert_int_equal(run_daemon(h, "--restore", file), 1);
	house_assert_contains(h->err, "without the key");
	write_key(h, key, KEY_BYTES);
	assert_int_equal(run_daemon(h, "--restore", file), 0);
	house_assert_contains(h->out, "topupctl release --batch 1");
	assert_int_equal(run_daemon(h, "--restore", file), 1);
	house_assert_contains(h->err, "is newer");

	house_start(h);
	assert_int_equal(run_daemon(h, "--restore", file), 1);
	house_assert_contains(h->err, "another topupd");
	dialled_before = house_truth_count(h, "redeem", NULL, "");
	house_until(h, "modems are free", modems_are_free, NULL);
	held = house_count(cards(h), "reason", "restored");
	assert_in_range(held, 8, CARDS - 8);
	assert_int_equal(house_count(cards(h), "state", "ready"), 0);
	assert_int_equal(house_ctl(h, "audit", "verify", NULL), 0);
	assert_int_equal(
		house_truth_count(h, "redeem", NULL, ""), dialled_before);

	dialled_by_number(h, before);
	count = release_untouched(h, before);
	assert_in_range(count, 1, held - 8);
	house_until(h, "cards are settled", cards_are_settled, NULL);
	assert_ends(h, before);
	print_message("%zu held, %zu of them released and loaded, the other "
		      "%zu were dialled by the lost ledger, none twice\n",
		held, count, held - count);
	house_assert_secret(h, house_pin(CARDS - 1));
	house_done(h);
}

static void
key_that_is_not_the_ledgers_is_told(void **state)
{
	static const char other[] = "0123456789abcdef0123456789abcdef";
	static const struct {
		size_t len; /* of the key file; 0: missing */
		mode_t mode;
		const char *said;
	} rows[] = {
		{0, 0, "cannot be opened: No such file"},
		{0, 0, "put the copy of the key"},
		{KEY_BYTES, 0400, "sealed with another key"},
		{KEY_BYTES - 1, 0400, "has 31 bytes, not 32"},
		{KEY_BYTES, 0444, "open to others"},
		{KEY_BYTES, 0000, "Permission denied"},
	};
	struct house *h = *state;
	char key[KEY_BYTES];

	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	assert_int_equal(house_stop(h), 0);
	read_key(h, key);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].mode == 0 && rows[i].len > 0 && geteuid() == 0)
			continue; /* root may read it */
		(void)unlink(house_path(h, "state/pin.key"));
		if (rows[i].len > 0) {
			write_key(h, other, rows[i].len);
			assert_int_equal(chmod(house_path(h, "state/pin.key"),
						 rows[i].mode),
				0);
		}
		assert_int_equal(run_daemon(h, "--log=stderr", NULL), 1);
		house_assert_contains(h->err, rows[i].said);
		assert_int_equal(access(house_path(h, "state/pin.key"), F_OK),
			rows[i].len > 0 ? 0 : -1);
	}
	/* Its own opens it still; and one beside no ledger begins one. */
	write_key(h, key, KEY_BYTES);
	house_start(h);
	assert_int_equal(house_stop(h), 0);
	empty_folder(house_path(h, "state"));
	write_key(h, other, KEY_BYTES);
	house_start(h);
	assert_int_equal(house_ctl(h, "audit", "verify", NULL), 0);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(
			restored_ledger_dials_nothing_that_may_have_been_dialled),
		HOUSE_TEST(key_that_is_not_the_ledgers_is_told),
	};

	/* The search for leaks at the end of each topupctl takes longer than
	 * all it does, and other scenarios make it. */
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
