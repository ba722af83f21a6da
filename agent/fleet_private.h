/*
 * fleet_private: what the files of the fleet share. fleet.c is the set,
 * fleet_modem.c drives one modem, fleet_sim.c knows the SIM in it, fleet_pin.c
 * its PIN, fleet_recover.c what is done for one that is no use.
 */
#ifndef AGENT_FLEET_PRIVATE_H
#define AGENT_FLEET_PRIVATE_H

#include "agent/fleet.h"
#include "agent/vault.h"
#include "modem/port.h"

/* Messages kept in one turn; of more, the rest is handed over again. */
enum { KEPT_MAX = 32 };

/* A line and its wiring. Lines are never moved: stories hold pointers. */
/* What was told of a modem since it was ready last. */
enum { DOWN_MAX = 6 };
struct slot_down {
	enum modem_state state;
	char why[128];
};

struct slot {
	struct line line; /* first: a line is its slot */
	struct fleet *fleet;
	struct loop_timer *timer;
	struct loop_poll *poll;
	int fd;
	enum modem_state told;           /* the state that the audit knows */
	struct slot_down down[DOWN_MAX]; /* the last ones, */
	size_t down_count;               /* of so many */
	bool lacks_ussd;                 /* likewise */
	char seen_iccid[24];      /* the SIM that the ledger knows to be here */
	char seen_imei[24];       /* in this modem */
	char place[56];           /* of the port that it was ready on last */
	bool stopping;            /* we end it ourselves */
	bool told_reopen;         /* the audit knows that it is opened again */
	bool power_wanted;        /* once the turn is committed */
	struct loop_child *power; /* its power_command, while it runs */
	uint64_t kept[KEPT_MAX];  /* messages that the commit makes safe */
	size_t kept_count;
	/* A SIM PIN was typed, what came of it is not in the ledger yet: */
	bool pin_open;
	char pin_iccid[24];                 /* into this SIM, */
	uint8_t pin_digest[VAULT_HASH_LEN]; /* of the file */
	fleet_record_fn *on_record;         /* NULL: nobody listens */
	void *record_ctx;
	struct slot *next;
};

struct fleet {
	struct loop *loop;
	struct turn *turn;
	struct fleet_hooks hooks;
	const struct config *config;
	const struct profiles *profiles;
	struct vault *vault; /* NULL: no SIM PIN is typed */
	bool doubt_all;      /* new lines begin in doubt */
	struct slot *slots;
};

/* fleet_modem.c */
/* Its timer, and a modem over the port of the configuration: NULL with a line
 * in the log. */
struct modem *fleet_make_modem(struct slot *slot);
void fleet_rearm(struct slot *slot);  /* after each call into the modem */
void fleet_let_go(struct slot *slot); /* what the ledger has it need not */

/* fleet_pin.c; ctx is the slot */
void fleet_on_sim_pin(void *ctx, enum modem_sim_pin what);
/* It is ready: so the PIN that nobody told of any more was taken. */
void fleet_note_unlocked(struct slot *slot);

/* fleet_port.c; ctx is the slot. */
/* Where the modem of that IMEI spoke when it was here before, or "". Static
 * until the next call. */
const char *fleet_port_place(void *ctx, const char *imei);
void fleet_port_on_spoke(void *ctx); /* the ledger remembers it */
port_is_taken fleet_port_is_taken;
/* It is ready: on another port than before, answers that did not come say
 * nothing any more, and it need not rest for them. */
void fleet_port_note(struct slot *slot);

/* fleet_recover.c; ctx is the slot */
void fleet_on_rung(void *ctx, const struct modem_rung *rung);
void fleet_on_power(void *ctx);
void fleet_switch_power(struct slot *slot); /* if it is wanted */

/* fleet_sim.c */
void fleet_choose_profile(struct slot *slot);
/* Tells the ledger which SIM is in which modem, once for each change. */
void fleet_note_sim(struct slot *slot);
void fleet_copy(char *dst, size_t cap, const char *src);

#endif
