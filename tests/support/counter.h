/*
 * counter: a shop counter with one line: a real ledger, the real driver on a
 * scripted wire, one operator. The loop does not run: the rig's clock is a
 * variable, and counter_commit() plays the end of a turn.
 */
#ifndef TESTS_SUPPORT_COUNTER_H
#define TESTS_SUPPORT_COUNTER_H

#include "agent/fleet.h"
#include "tests/support/purse.h"
#include "tests/support/rig.h"

/* A profile of the operator simtel; keys of [recharge], and what follows. */
#define COUNTER_SIMTEL(recharge, more)                                         \
	"[operator]\n"                                                         \
	"name = SimTel\nmcc_mnc = 00101\ncurrency = XTS\ndecimals = 2\n"       \
	"number_format = 1,234.56\npin = \\d{14}\nmsisdn = 0[789]\\d{8}\n"     \
	"[recharge]\n" recharge "\ntimeout = 60\n"                             \
	"[reply]\n"                                                            \
	"loaded = (?i)credited with (?<amount>[\\d.,]+)\n"                     \
	"invalid = (?i)invalid voucher\n"                                      \
	"used_by_me = (?i)used by you\n"                                       \
	"used = (?i)already used\n"                                            \
	"sim_blocked = (?i)too many wrong\n"                                   \
	"busy = (?i)try again later\n"                                         \
	"pending = (?i)will receive an sms\n" more

#define COUNTER_USSD "ussd = *121*{pin}#\nussd_for_other = *121*{pin}*{msisdn}#"
#define COUNTER_BALANCE                                                        \
	"[balance]\nussd = *123#\n"                                            \
	"reply = (?i)balance is (?<balance>[\\d.,]+)\n"

/* The usual one. */
#define COUNTER_PLAIN COUNTER_SIMTEL(COUNTER_USSD, COUNTER_BALANCE)

struct counter {
	struct purse *purse;
	struct rig rig;
	struct loop *loop;
	struct turn *turn;
	struct line line;          /* "m1", account "sim1" */
	struct fleet_idle on_idle; /* for a story: counts */
	unsigned idle;
};

/* Reads a profile of that stem; a text with a problem fails the test. */
struct profile *counter_profile(
	const struct purse *p, const char *stem, const char *text);

/* A ready line; the ledger has seen its SIM. */
void counter_init(struct counter *c, struct purse *p, const char *profile);
/* Ends the turn, and checks the ledger. Free the stories after it. */
void counter_fini(struct counter *c);

void counter_commit(struct counter *c);

/* The commit of what was begun under rig.hold, some time, and the commit of
 * what came of it. */
void counter_run(struct counter *c, int64_t ms);

#endif
