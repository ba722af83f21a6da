/*
 * realm: the world that a run happens in: a network with its cards, modems
 * and SIMs, the operator's profile, the configuration, batch files. All of
 * it is drawn from the seed. It must never be seen by the daemon but over
 * wires, files and its configuration.
 */
#ifndef TESTS_CRASH_REALM_H
#define TESTS_CRASH_REALM_H

#include "agent/config.h"
#include "agent/profile_folder.h"
#include "tests/crash/realm_terms.h"
#include "tests/sim/device.h"
#include "tests/sim/network.h"
#include "tests/sim/rng.h"

enum {
	REALM_MODEMS_MAX = 4,
	REALM_SIMS_MAX = 6, /* two more than modems */
	REALM_NUMBERS = 3,
	REALM_CARDS_MAX = 400,
	REALM_FILES_MAX = 40,
	REALM_LAGS_MAX = 32
};

struct realm_sim {
	char imsi[20], iccid[24], msisdn[16];
};

struct realm_modem {
	char name[16], where[24];
	struct device *device;
	size_t sim;
};

struct realm_card {
	char voucher_pin[16];
	int64_t amount_minor;
	bool amount_told;      /* in the batch */
	bool listed;           /* the network knows it */
	enum card_state state; /* at first */
	char target[16];       /* "self" or a number */
	size_t file;
	unsigned line;
};

/* A batch file. */
struct realm_file {
	char name[32];
	size_t first, cards; /* of realm.cards */
	unsigned bad_rows;
	bool begun, dropped;
};

/* A credit that the balance does not show yet. */
struct realm_lag {
	char account[NETWORK_ID_MAX];
	int64_t amount_minor, due_ms;
};

struct realm {
	uint64_t seed;
	enum realm_residual residual;
	const char *family; /* of all modems; NULL: drawn */
	struct rng chance;  /* of what happens */
	struct rng disk, wire, secret, paper;
	struct realm_terms terms;
	struct network *network;
	struct realm_sim sims[REALM_SIMS_MAX];
	size_t sim_count;
	struct realm_modem modems[REALM_MODEMS_MAX];
	size_t modem_count;
	struct realm_card cards[REALM_CARDS_MAX];
	size_t card_count;
	struct realm_file files[REALM_FILES_MAX];
	size_t file_count;
	struct config config;
	struct config_modem config_modems[REALM_MODEMS_MAX];
	struct profiles profiles;
	struct profile *list[1];
	struct realm_lag lags[REALM_LAGS_MAX];
	size_t lag_count;
	double trouble; /* just now */
	bool odd_words;
	double bad;           /* of the file that is drawn */
	int64_t amount_minor; /* of all its cards; 0: of each another */
};

/* A new world of that seed; the hook is told the truth. */
struct realm_wish {
	uint64_t seed;
	enum realm_residual residual;
	const char *family; /* of all modems; NULL: drawn */
};
void realm_init(
	struct realm *r, const struct realm_wish *wish, struct sim_hook hook);
void realm_fini(struct realm *r);

/* Another time-out, which the next realm_profile() writes. */
void realm_new_timeout(struct realm *r);
/* Writes the profile and reads it anew. */
void realm_profile(struct realm *r);

/* How likely each fault is from now on; 0: none. */
void realm_trouble(struct realm *r, double chance);

/* Whether somebody waits for a text that another card's may be: then a text
 * that is lost keeps its SIM from settling anything for a day. */
bool realm_mixes_up_texts(const struct realm *r);

/* Draws how the network words its next answer. */
void realm_words(struct realm *r);

/* An account was credited: whether the balance tells so is drawn. */
void realm_credited(struct realm *r, const char *account, int64_t minor);
void realm_passes(struct realm *r); /* what is due shows */
/* Somebody makes a call on one of the SIMs. */
void realm_spends(struct realm *r);
/* REALM_OTHER_CREDIT: a request was lost, and somebody else loads as much. */
void realm_others(struct realm *r, const char *imsi, int64_t minor);

/* Draws a new batch file of at most so many rows, and begins to write it or
 * drops it whole; a begun one is finished. NULL when there are enough. */
struct realm_file *realm_drop(struct realm *r, unsigned rows);
void realm_drop_rest(struct realm *r);
bool realm_is_incoming(const struct realm_file *f);
/* By PIN, name (must exist), IMSI or ICCID; NULL. */
struct realm_card *realm_card(struct realm *r, const char *voucher_pin);
struct realm_modem *realm_modem(struct realm *r, const char *name);
struct realm_sim *realm_sim(struct realm *r, const char *id);

/* The SIM that the account of this one is named after: mostly itself. */
const struct realm_sim *realm_owner(
	const struct realm *r, const struct realm_sim *sim);

/* The SIMs of two modems, or of one and the drawer, change places. */
void realm_swap(struct realm *r, size_t modem, size_t sim);

/* Draws: 0 to n - 1; a time, small ones as likely as large ones. */
size_t realm_draw(struct realm *r, size_t n);
int64_t realm_draw_ms(struct realm *r, int64_t low, int64_t high);

#endif
