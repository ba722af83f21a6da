/*
 * house: the real binaries in a folder of their own: modemsim, topupd,
 * topupctl, a syslog socket that is read. What scenarios say to them and
 * find afterwards. It must never wait by hope: each wait polls a condition
 * up to a deadline. Whatever goes wrong fails the test that is running.
 * Environment: BUILD, the folder of the binaries (build); KEEP=1 keeps the
 * temporary one.
 */
#ifndef TESTS_SUPPORT_HOUSE_H
#define TESTS_SUPPORT_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

enum { HOUSE_PATH_MAX = 512, HOUSE_MODEMS_MAX = 64, HOUSE_RULES_MAX = 64 };

struct house_modem {
	char name[16];
	char port[HOUSE_PATH_MAX];
	char operator[16];              /* "": simtel */
	char more[HOUSE_PATH_MAX + 64]; /* of the configuration; or "" */
};

struct house_rule { /* of the profile: a key may stand several times */
	char section[16], key[32], value[200];
};

/*
 * 1. out and err are what topupctl said last; doc is its JSON. All three
 *    live until the next question.
 * 2. sim and daemon are 0 while not running.
 */
struct house {
	char dir[HOUSE_PATH_MAX];
	char build[HOUSE_PATH_MAX];
	unsigned scale; /* deadlines are so many times longer */
	pid_t sim, daemon;
	uid_t daemon_uid; /* as whom topupd runs; 0: as the test */
	gid_t daemon_gid;
	int daemon_status; /* of waitpid */
	struct house_modem modems[HOUSE_MODEMS_MAX];
	size_t modem_count;
	struct house_rule rules[HOUSE_RULES_MAX];
	size_t rule_count;
	json_t *network; /* modemsim's configuration */
	char *config_extra;
	char *out, *err;
	json_t *doc;
	const char *input; /* of the next topupctl */
	struct house_syslog *syslog;
	bool done; /* house_done() was reached */
};

/* ---- set-up and end: house.c ------------------------------------------- */
/* cmocka fixtures: *state is the struct house. The teardown stops all, and
 * after a test that did not reach house_done() shows the logs. */
int house_setup(void **state);
int house_teardown(void **state);
void house_done(struct house *h);

/* Starts modemsim with what was added, and waits until it is ready. */
void house_start_sim(struct house *h);
/* Writes profile and configuration, as house_start() does too. */
void house_write_settings(struct house *h);
/* Starts topupd; house_start() waits until it answers topupctl. */
void house_start(struct house *h);
void house_spawn_daemon(struct house *h);
/* Waits until it ended; its exit status, or 128 + the signal. */
int house_wait_daemon(struct house *h);
/* SIGTERM or SIGKILL, and waits for the end; the exit status. */
int house_stop(struct house *h);
void house_kill(struct house *h);

/* ---- the world: house_world.c ------------------------------------------ */

/* A simulated modem, also in the configuration. more is JSON of further
 * keys ("{\"cut\": 1}") or NULL. transport "tcp" in it is understood. */
void house_add_modem(struct house *h, const char *name, const char *dialect,
	const char *more);
void house_add_card(struct house *h, const char *voucher_pin, long amount,
	const char *state);
/* Card i of a test's own series: a PIN of 14 digits, drawn, not counted. */
const char *house_pin(unsigned i);
/* Cards from to to-1 of that series, good, 100.00 each. */
void house_add_cards(struct house *h, unsigned from, unsigned to);
void house_network_set(struct house *h, const char *key, json_t *value);
/* One order to the running modemsim. Borrowed until the next question. */
json_t *house_tell(struct house *h, const char *order);
/* The fault of that name strikes once, at the next request with a PIN. */
void house_strike(struct house *h, const char *modem, const char *fault);

/* The profile simtel: sets a key in place of all its values, or adds one,
 * or drops it. */
void house_rule_set(struct house *h, const char *section, const char *key,
	const char *value);
void house_rule_add(struct house *h, const char *section, const char *key,
	const char *value);
void house_rule_drop(struct house *h, const char *section, const char *key);
/* A path in the folder; static, overwritten by the eighth call after. */
const char *house_path(const struct house *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes a file (a hidden name, then rename). */
void house_write(const char *path, const char *text);
char *house_read(const char *path); /* NULL when there is none; free it */

/* ---- topupctl: house_ask.c --------------------------------------------- */

/* Runs a program of the build folder, argv[0], NULL-terminated; out, err. */
int house_run(struct house *h, const char *const *argv);
/* Runs topupctl with these arguments (NULL ends them); its exit status. */
int house_ctl(struct house *h, ...) __attribute__((sentinel));
/* The same with --json, which must be understood. Borrowed until the next
 * question. The exit status must be 0 or 4. */
json_t *house_ask(struct house *h, ...) __attribute__((sentinel));
/* Text and number of a key; "" and -1 where absent or null. */
const char *house_text(const json_t *object, const char *key);
json_int_t house_number(const json_t *object, const char *key);
/* The object of an array whose key has that text, or NULL. */
json_t *house_find(json_t *array, const char *key, const char *text);
size_t house_count(json_t *array, const char *key, const char *text);
/* One voucher by its serial; fails the test when there is none. */
json_t *house_voucher(struct house *h, const char *serial);
void house_assert_voucher(struct house *h, const char *serial,
	const char *state, const char *reason);
long house_voucher_id(struct house *h, const char *serial);

/* Polls until true; fails the test with what after the deadline, or when
 * the daemon dies meanwhile. */
typedef bool house_fn(struct house *h, const void *ctx);
void house_until(
	struct house *h, const char *what, house_fn *fn, const void *ctx);
void house_until_modem(struct house *h, const char *name, const char *state);
void house_until_modems_ready(struct house *h);
void house_until_state(struct house *h, const char *serial, const char *state);
/* Until nothing is ready, dialing or pending any more (rows vouchers). */
void house_until_settled(struct house *h, size_t rows);
/* Until a file whose name fits the pattern (fnmatch) is in the folder; its
 * path, static. */
const char *house_until_file(
	struct house *h, const char *folder, const char *pattern);

/* Drops a file in incoming/; submits one with topupctl, and gives the id. */
void house_drop(struct house *h, const char *name, const char *text);
long house_submit(struct house *h, const char *name, const char *text);

#endif
