/*
 * shop: a fleet in virtual time: a real ledger, a configuration and operators
 * that a test changes, modems on scripted wires.
 */
#ifndef TESTS_VIRTUAL_SHOP_H
#define TESTS_VIRTUAL_SHOP_H

#include "agent/fleet.h"
#include "tests/support/counter.h"
#include "tests/virtual/virtual.h"

enum { SHOP_MODEMS_MAX = 8, SHOP_OPERATORS_MAX = 4 };

/* IMSI and ICCID of three SIMs; the third is of another network. */
#define SHOP_SIM_1 "001010000000011", "8900000000000000011"
#define SHOP_SIM_2 "001010000000022", "8900000000000000022"
#define SHOP_SIM_3 "999990000000033", "8900000000000000033"

/* Two ports to plug them into. */
#define SHOP_PORT_A "/dev/a"
#define SHOP_PORT_B "/dev/b"

struct shop {
	struct purse *purse;
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct config config;
	struct config_modem modems[SHOP_MODEMS_MAX];
	struct profiles profiles;
	struct profile *list[SHOP_OPERATORS_MAX];
};

/* With the operator simtel, and no modem. Time begins anew. */
void shop_init(
	struct shop *s, struct purse *p, const struct fleet_hooks *hooks);
/* Ends the turn and checks the ledger. Stories are freed before it. */
void shop_fini(struct shop *s);

/* Adds to the configuration, or changes what has that name; shop_apply()
 * makes it true. port must outlive the shop. */
struct config_modem *shop_modem(struct shop *s, const char *name,
	const char *port, const char *operator);
void shop_modem_gone(struct shop *s, const char *name);
void shop_operator(struct shop *s, const char *stem, const char *text);

/* Modem "a" of simtel, with SIM 1 at port A, ready. */
struct line *shop_one_ready(struct shop *s);

/* As reload does, and ends the turn. */
void shop_apply(struct shop *s);

/* The line of that name, which must exist. */
struct line *shop_line(const struct shop *s, const char *name);
enum modem_state shop_state(const struct shop *s, const char *name);

/* Runs until the modem shows the state, for ten minutes at most. How long it
 * took. */
int64_t shop_run_to(struct shop *s, const char *name, enum modem_state state);

/* How many audit entries there are of that event, and that modem. */
unsigned shop_events(struct shop *s, const char *event, const char *modem);

#endif
