/*
 * shelf: many modems on one daemon, each odd in a way of its own: a table of
 * oddities becomes a group of tests, one for each, and one at the end that
 * holds everything against the network's truth.
 */
#ifndef TESTS_SUPPORT_SHELF_H
#define TESTS_SUPPORT_SHELF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct house;

/* Operators: by a code; by a menu; by a text, whose verdict is one; by a code
 * or else by a text. */
#define SIMTEL  "simtel"
#define MENUTEL "menutel"
#define TEXTTEL "texttel"
#define BOTHTEL "bothtel"

/*
 * One way to be odd. Unless it has a test of its own, two cards go to its
 * modem: the fault strikes the first, the second shows that it still serves.
 */
struct oddity {
	unsigned number; /* in the facts' list of thirty; 0: in none */
	const char *name;
	const char *dialect;  /* modemsim's */
	const char *keys;     /* of the simulated modem, JSON; or NULL */
	const char *settings; /* of the configured one; or NULL */
	const char *operator; /* whose SIM is in it; NULL: SIMTEL */
	const char *fault;    /* or NULL */
	const char *state;    /* of the first card; NULL: loaded */
	CMUnitTestFunction test;
	bool no_cards; /* that test needs none */
};

#define ODD(number_, name_, dialect_, ...)                                     \
	{                                                                      \
		.number = (number_), .name = (name_), .dialect = (dialect_),   \
		__VA_ARGS__                                                    \
	}

/* Runs them all; as cmocka_run_group_tests(). ONLY=NAME runs one. A %s in
 * settings is the shelf's folder. */
int shelf_run(const char *group, const struct oddity *odd, size_t count);

/* For tests of their own, whose state is the oddity: the running shelf, the
 * modem's name, the first of its two cards. */
struct house *shelf_house(void);
const char *shelf_name(const struct oddity *odd);
unsigned shelf_card(const struct oddity *odd);

/* Both cards as usual, and what must become of them. */
void shelf_begin(const struct oddity *odd);
void shelf_expect(const struct oddity *odd);
void shelf_submit(const struct oddity *odd, unsigned card);
void shelf_until_state(unsigned card, const char *state);

/* A test: its "fault" is printed by the modem while nothing is under way, and
 * in the middle of what is; both cards are loaded. */
void shelf_keeps_serving(void **state);

/* An order to the simulator about that modem: the rest of its JSON. */
void shelf_tell(const struct oddity *odd, const char *keys);

#endif
