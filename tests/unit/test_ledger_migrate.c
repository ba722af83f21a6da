/*
 * ledger: an older ledger, with data in it, is brought up to date: what the
 * old version did not write down is taken for what withholds.
 */
#include <errno.h>
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

#include "agent/ledger_copy.h"
#include "agent/ledger_private.h"
#include "tests/support/purse.h"

/*
 * What version 1 could leave behind: a card credited and one refused, an
 * unknown one, one with another amount than its card's, two pending for
 * numbers from one SIM, one in the air, a person's retry, an unlock, two
 * readings. Numbers are those of the rows.
 */
static const char data_1[] =
	"INSERT INTO batch(id,name,digest,who,from_spool,accepted,received,"
	" rows,generation) VALUES(1,'old.csv',zeroblob(32),'daemon',1,1,5,0,1);"
	"INSERT INTO voucher(id,batch,row,state,reason,operator,modem_only,"
	" target,own,serial,masked,currency,decimals,amount,expires,note,"
	" attempts,on_air,credited,updated,finished,sealed,fingerprint)"
	" SELECT n.column1,1,n.column1,n.column2,n.column3,'simtel','',"
	" n.column4,n.column4 = 'self','','**1','XTS',2,10000,'','',"
	" n.column5,n.column6,n.column7,9,"
	" CASE WHEN n.column2 IN ('loaded','rejected') THEN 9 END,x'00',"
	" randomblob(32) FROM (VALUES"
	" (1,'loaded','','self',1,1,10000),"
	" (2,'rejected','invalid','self',1,1,NULL),"
	" (3,'unknown','no_answer','self',1,1,NULL),"
	" (4,'unknown','amount_differs','self',1,1,NULL),"
	" (5,'pending','','0801',1,1,NULL),"
	" (6,'pending','','0802',1,1,NULL),"
	" (7,'dialing','','0803',1,0,NULL),"
	" (8,'ready','','self',1,1,NULL),"
	" (9,'ready','','self',0,0,NULL)) n;"
	"INSERT INTO sim(iccid,modem,operator,account,balance,"
	" balance_decimals,balance_currency,balance_wall,balance_attempt)"
	" VALUES('sim1','m1','simtel','',20000,2,'XTS',8,4);"
	"INSERT INTO sim(iccid,modem,account) VALUES('sim2','m2','shop');"
	"INSERT INTO attempt(id,voucher,modem,iccid,account,began,began_ran,"
	" ended,ended_ran,fate,verdict,flying,counted,doubt,credited)"
	" SELECT n.column1,n.column2,'m1','sim1',n.column3,n.column1,"
	" n.column1,n.column4,n.column4,n.column5,n.column6,n.column7,"
	" n.column8,n.column9,n.column10 FROM (VALUES"
	" (1,1,'sim1',2,'answered','loaded',0,1,0,1),"
	" (2,2,'sim1',3,'answered','invalid',0,1,0,0),"
	" (3,3,'sim1',4,'maybe_sent','none',0,1,1,0),"
	" (4,4,'sim1',5,'answered','loaded',0,1,0,0),"
	" (5,5,'0801',6,'answered','pending',1,1,0,0),"
	" (6,6,'0802',7,'answered','pending',1,1,0,0),"
	" (7,7,'0803',NULL,NULL,'none',1,1,1,0),"
	" (8,8,'sim1',9,'maybe_sent','none',0,1,0,0)) n;"
	"INSERT INTO account VALUES('0801',3,7);"
	"INSERT INTO balance(iccid,modem,minor,decimals,currency,reply,at,"
	" at_ran) VALUES('sim1','m1',10000,2,'XTS','',1,1),"
	" ('sim1','m1',20000,2,'XTS','',8,8),"
	" ('sim2','m2',500,2,'XTS','',9,9);"
	"UPDATE batch SET rows = 9,n_ready = 2,n_dialing = 1,n_pending = 2,"
	" n_unknown = 2,n_loaded = 1,n_rejected = 1,loaded_minor = 10000;"
	"UPDATE total SET n_ready = 2,n_dialing = 1,n_pending = 2,"
	" n_unknown = 2,n_loaded = 1,n_rejected = 1;"
	"PRAGMA application_id = 1414550864; PRAGMA user_version = 1;";

/* A ledger as version 1 made it, with the sealed end of ours. */
static void
make_version_1(struct purse *p)
{
	char meta[512];
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(p->ledger->db,
				 "SELECT format('INSERT INTO meta VALUES(1,"
				 "%Q,77,0,x''%s'',x''%s'')',key_id,"
				 "hex(audit_hash),hex(audit_seal)) FROM meta",
				 -1, &stmt, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	snprintf(meta, sizeof(meta), "%s",
		(const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	purse_close(p);
	unlink(p->path);
	unlink(purse_path(p, "ledger.db-wal"));
	unlink(purse_path(p, "ledger.db-shm"));
	purse_tamper(p, ledger_migration(0));
	purse_tamper(p, meta);
	purse_tamper(p, data_1);
}

/* Read past the ledger, which is closed. */
static int64_t
number_in_file(struct purse *p, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return out;
}

static bool
is_there(struct purse *p, const char *name)
{
	return access(purse_path(p, name), F_OK) == 0;
}

static int64_t
number_in_kept(struct purse *p, const char *name, const char *sql)
{
	char path[sizeof(p->path)];
	memcpy(path, p->path, sizeof(path));
	snprintf(p->path, sizeof(p->path), "%s/%s", p->dir, name);
	int64_t out = number_in_file(p, sql);
	memcpy(p->path, path, sizeof(path));
	return out;
}

static int64_t
number_of(struct purse *p, const char *sql)
{
	int64_t out = -1;
	assert_int_equal(ledger_number_n(p->ledger, sql, &out, NULL, 0), 0);
	return out;
}

static void
version_1_with_data_is_brought_up_to_date(void **state)
{
	struct purse *p = *state;
	make_version_1(p);
	purse_open(p);
	purse_is_sound(p);
	static const struct {
		const char *sql;
		int64_t is;
	} rows[] = {
		{"PRAGMA user_version", LEDGER_SCHEMA},
		{"SELECT count(*) FROM voucher", 9},
		/* All but the credited and the refused one. */
		{"SELECT sum(1 << id) FROM attempt WHERE doubt = 1", 504},
		/* The first of two pending ones of one SIM, and the second
	         * beside the one in the air. */
		{"SELECT count(*) FROM attempt WHERE seat <> 0", 2},
		{"SELECT sum(own = 0) FROM attempt", 3},
		{"SELECT count(*) FROM attempt WHERE operator = 'simtel'", 8},
		{"SELECT count(*) FROM balance WHERE account = 'sim1'", 2},
		{"SELECT count(*) FROM balance WHERE account = 'shop'", 1},
		{"SELECT mark FROM balance WHERE id = 2", 4},
		{"SELECT max(shown) FROM balance", 0},
		{"SELECT fence FROM sim WHERE iccid = 'sim1'", 1},
		{"SELECT fence FROM sim WHERE iccid = 'sim2'", 0},
		{"SELECT unlock_mark FROM account WHERE name = '0801'", 3},
		{"SELECT min(slots = 1 AND tripped = 0) FROM batch", 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (number_of(p, rows[i].sql) != rows[i].is)
			fail_msg("%s: %lld", rows[i].sql,
				(long long)number_of(p, rows[i].sql));
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.balance_minor, 20000);
	assert_int_equal(sim.balance_wall_ms, 8);
	assert_false(sim.balance_is_last);
	struct ledger_account account;
	assert_int_equal(ledger_account(p->ledger, "sim1", &account), 0);
	assert_int_equal(account.counted, 4);
	assert_int_equal(account.stopped_ran_ms, 9);
	assert_string_equal(account.operator, "simtel");
	assert_int_equal(ledger_ran_ms(p->ledger), 77);
}

/* The checks of version 1 were worded anew: the schema is whole, and refuses
 * what it has always refused. */
static void
checks_stand_after_they_were_worded_anew(void **state)
{
	static const char *const refused[] = {
		"UPDATE voucher SET state = 'lost' WHERE id = 9",
		"UPDATE voucher SET state = 'loaded' WHERE id = 9",
		"UPDATE voucher SET finished = 1 WHERE id = 9",
		"UPDATE voucher SET state = 'cancelled', finished = 1,"
		" gone = 1 WHERE id = 8",
		"UPDATE voucher SET gone = 1 WHERE id = 9",
		"UPDATE voucher SET gone = 2, state = 'cancelled',"
		" finished = 1 WHERE id = 9",
		"UPDATE attempt SET fate = 'lost' WHERE id = 1",
		"UPDATE batch SET tripped = 3",
	};
	struct purse *p = *state;
	make_version_1(p);
	purse_tamper(p, "UPDATE voucher SET state = 'cancelled', finished = 9"
			" WHERE id = 9;"
			"UPDATE batch SET n_ready = 1, n_cancelled = 1;"
			"UPDATE total SET n_ready = 1, n_cancelled = 1");
	purse_open(p);
	purse_is_sound(p);
	assert_int_equal(
		number_of(p, "SELECT gone FROM voucher WHERE id = 9"), 1);
	assert_int_equal(ledger_run_n(p->ledger,
				 "UPDATE voucher SET state = 'held',"
				 " finished = NULL, gone = 0 WHERE id = 9",
				 NULL, 0),
		0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (ledger_run_n(p->ledger, refused[i], NULL, 0) != -EINVAL)
			fail_msg("not refused: %s", refused[i]);
	assert_int_equal(
		ledger_check_damage(p->ledger->db, p->why, sizeof(p->why)), 0);
}

static void
what_was_in_flight_in_version_1_can_be_settled(void **state)
{
	struct purse *p = *state;
	make_version_1(p);
	purse_open(p);
	struct ledger_op op = purse_settle(
		p, 7, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_FOUND_AT_START);
	purse_must(p, &op);
	for (int64_t attempt = 5; attempt <= 6; attempt++) {
		/* As long as one of them flies the SIM dials nothing. */
		op = purse_begin(p, 9);
		strcpy(op.u.attempt_begin.account, "other");
		assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
		op = purse_settle(p, attempt, LEDGER_ANSWERED, VERDICT_LOADED,
			VOUCHER_CREDITED);
		purse_must(p, &op);
	}
	purse_dial(p, 9);
	purse_is_sound(p);
}

/* As version 2 left what version 1 had written. */
static void
make_version_2(struct purse *p)
{
	make_version_1(p);
	purse_tamper(p, ledger_migration(1));
	purse_tamper(p, "PRAGMA user_version = 2");
}

static void
version_2_with_data_is_brought_up_to_date(void **state)
{
	struct purse *p = *state;
	make_version_2(p);
	int64_t doubtful = number_in_file(
		p, "SELECT sum(1 << id) FROM attempt WHERE doubt = 1");
	purse_open(p);
	purse_is_sound(p);
	assert_int_equal(number_of(p, "PRAGMA user_version"), LEDGER_SCHEMA);
	assert_int_equal(number_of(p, "SELECT count(*) FROM voucher"), 9);
	assert_int_equal(number_of(p, "SELECT sum(1 << id) FROM attempt"
				      " WHERE doubt = 1"),
		doubtful);
	assert_int_equal(number_of(p, "SELECT count(*) FROM device"), 0);
	assert_int_equal(number_of(p, "SELECT count(*) FROM sim_pin"), 0);
	assert_int_equal(purse_sim(p).balance_minor, 20000);
	assert_int_equal(ledger_ran_ms(p->ledger), 77);
	purse_close(p);
	assert_int_equal(number_in_kept(p, "ledger.db.v2",
				 "SELECT user_version + (SELECT count(*) FROM"
				 " sqlite_schema WHERE name = 'sim_pin')"
				 " FROM pragma_user_version"),
		2);
	purse_open(p);
	assert_false(is_there(p, "ledger.db.v2-2"));
}

static void
migration_of_version_2_that_fails_leaves_it(void **state)
{
	struct purse *p = *state;
	make_version_2(p);
	purse_tamper(p, "CREATE TABLE sim_pin(x)");
	assert_null(ledger_open(
		p->path, LEDGER_OPEN_RW, p->vault, p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "cannot be brought up to date"));
	assert_int_equal(number_in_file(p, "PRAGMA user_version"), 2);
	assert_int_equal(number_in_file(p, "SELECT count(*) FROM sqlite_schema"
					   " WHERE name = 'device'"),
		0);
	purse_tamper(p, "DROP TABLE sim_pin");
	purse_open(p);
	purse_is_sound(p);
}

/* As version 3 left what version 1 had written. */
static void
make_version_3(struct purse *p)
{
	make_version_2(p);
	purse_tamper(p, ledger_migration(2));
	purse_tamper(p, "PRAGMA user_version = 3");
}

static bool
keep_via(void *ctx, const struct ledger_attempt *a)
{
	snprintf(ctx, 8, "%s", a->via);
	return true;
}

static void
way_of_attempts_of_version_3_is_not_known(void **state)
{
	struct purse *p = *state;
	char via[8] = "?";
	make_version_3(p);
	purse_open(p);
	purse_is_sound(p);
	assert_int_equal(number_of(p, "PRAGMA user_version"), LEDGER_SCHEMA);
	assert_int_equal(number_of(p, "SELECT count(*) FROM attempt"
				      " WHERE via IS NULL"),
		8);
	assert_int_equal(ledger_each_attempt(p->ledger, 1, keep_via, via), 0);
	assert_string_equal(via, "");
	assert_int_equal(ledger_run_n(p->ledger,
				 "UPDATE attempt SET via = 'post'", NULL, 0),
		-EINVAL);
	purse_close(p);
	assert_int_equal(number_in_kept(p, "ledger.db.v3",
				 "SELECT user_version + (SELECT count(*) FROM"
				 " pragma_table_info('attempt') WHERE"
				 " name = 'via') FROM pragma_user_version"),
		3);
	purse_open(p);
	assert_false(is_there(p, "ledger.db.v3-2"));
}

static void
migration_of_version_3_that_fails_leaves_it(void **state)
{
	struct purse *p = *state;
	make_version_3(p);
	purse_tamper(p, "ALTER TABLE attempt ADD COLUMN via TEXT");
	assert_null(ledger_open(
		p->path, LEDGER_OPEN_RW, p->vault, p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "cannot be brought up to date"));
	assert_int_equal(number_in_file(p, "PRAGMA user_version"), 3);
	purse_tamper(p, "ALTER TABLE attempt DROP COLUMN via");
	purse_open(p);
	purse_is_sound(p);
}

static void
migration_that_fails_leaves_the_older_ledger(void **state)
{
	struct purse *p = *state;
	make_version_1(p);
	/* In the way of the last migration's tables. */
	purse_tamper(p, "CREATE INDEX batch_tripped ON batch(id)");
	assert_null(ledger_open(
		p->path, LEDGER_OPEN_RW, p->vault, p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "cannot be brought up to date"));
	assert_int_equal(number_in_file(p, "PRAGMA user_version"), 1);
	assert_int_equal(
		number_in_file(p, "SELECT max(balance_attempt) FROM sim"), 4);
	purse_tamper(p, "DROP INDEX batch_tripped");
	purse_open(p);
	purse_is_sound(p);
}

/* ---- what is kept of it -------------------------------------------------- */

static void
older_ledger_is_kept_under_a_name_of_its_own(void **state)
{
	static const char sql[] = "SELECT max(balance_attempt) + 10 *"
				  " (SELECT user_version FROM"
				  "  pragma_user_version) FROM sim";
	struct purse *p = *state;
	make_version_1(p);
	purse_open(p);
	purse_close(p);
	assert_int_equal(number_in_kept(p, "ledger.db.v1", sql), 14);
	struct stat st;
	assert_int_equal(stat(purse_path(p, "ledger.db.v1"), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	/* Only what is older is. */
	purse_open(p);
	purse_close(p);
	assert_false(is_there(p, "ledger.db.v1-2"));
	assert_false(is_there(p, "ledger.db.v2"));
	/* Another one of that version does not take its place. */
	purse_open(p);
	make_version_1(p);
	purse_tamper(p, "UPDATE total SET n_held = 0;"
			"CREATE TABLE more(x); UPDATE sim SET"
			" balance_attempt = 5");
	purse_open(p);
	purse_close(p);
	assert_int_equal(number_in_kept(p, "ledger.db.v1", sql), 14);
	assert_int_equal(number_in_kept(p, "ledger.db.v1-2", sql), 15);
	assert_false(is_there(p, "ledger.db.v1-2.part"));
}

static void
starts_that_fail_keep_one_copy(void **state)
{
	struct purse *p = *state;
	make_version_1(p);
	purse_tamper(p, "CREATE INDEX batch_tripped ON batch(id)");
	for (int i = 0; i < 3; i++)
		assert_null(ledger_open(p->path, LEDGER_OPEN_RW, p->vault,
			p->why, sizeof(p->why)));
	assert_true(is_there(p, "ledger.db.v1"));
	assert_false(is_there(p, "ledger.db.v1-2"));
}

static void
ledger_that_cannot_be_kept_is_not_migrated(void **state)
{
	struct purse *p = *state;
	make_version_1(p);
	char in_the_way[192];
	snprintf(in_the_way, sizeof(in_the_way), "%s",
		purse_path(p, "ledger.db.v1.part"));
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	assert_null(ledger_open(
		p->path, LEDGER_OPEN_RW, p->vault, p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "the copy that is kept before"));
	assert_int_equal(number_in_file(p, "PRAGMA user_version"), 1);
	assert_int_equal(rmdir(in_the_way), 0);
	purse_open(p);
	purse_is_sound(p);
}

static void
backup_of_version_1_is_restored(void **state)
{
	struct purse *p = *state;
	struct ledger_restored made;
	char backup[192];
	make_version_1(p);
	snprintf(backup, sizeof(backup), "%s", purse_path(p, "backup.db"));
	assert_int_equal(rename(p->path, backup), 0);
	const struct ledger_restore how = {.path = p->path,
		.backup = backup,
		.who = "uid:0",
		.wall_ms = 9,
		.vault = p->vault};
	if (ledger_restore(&how, &made, p->why, sizeof(p->why)) != 0)
		fail_msg("%s", p->why);
	assert_int_equal(made.held, 2);
	assert_int_equal(made.on_air, 1);
	purse_open(p);
	purse_is_sound(p);
	assert_int_equal(number_of(p, "PRAGMA user_version"), LEDGER_SCHEMA);
	assert_false(is_there(p, "ledger.db.v1"));
	assert_false(is_there(p, "ledger.db.restoring.v1"));
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(version_1_with_data_is_brought_up_to_date),
		LEDGER_TEST(checks_stand_after_they_were_worded_anew),
		LEDGER_TEST(what_was_in_flight_in_version_1_can_be_settled),
		LEDGER_TEST(version_2_with_data_is_brought_up_to_date),
		LEDGER_TEST(way_of_attempts_of_version_3_is_not_known),
		LEDGER_TEST(migration_of_version_3_that_fails_leaves_it),
		LEDGER_TEST(migration_of_version_2_that_fails_leaves_it),
		LEDGER_TEST(migration_that_fails_leaves_the_older_ledger),
		LEDGER_TEST(older_ledger_is_kept_under_a_name_of_its_own),
		LEDGER_TEST(starts_that_fail_keep_one_copy),
		LEDGER_TEST(ledger_that_cannot_be_kept_is_not_migrated),
		LEDGER_TEST(backup_of_version_1_is_restored),
	};
	return cmocka_run_group_tests_name("ledger_migrate", tests, NULL, NULL);
}
