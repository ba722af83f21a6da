/*
 * carry: which ways a card can go by a line now: USSD is not carried by every
 * network on every radio. It must never call a way open that the driver would
 * refuse, nor a request unsent that may have gone.
 */
#ifndef AGENT_CARRY_H
#define AGENT_CARRY_H

#include "agent/fleet.h"

/* The template of that way for cards of the SIM itself, or of a number; ""
 * where the profile has none. The profile's. */
const char *carry_template(
	const struct profile *profile, enum profile_via via, bool own);

/* Whether USSD can be asked for on that line now. */
bool carry_has_ussd(const struct line *line);

/*
 * A code was surely not sent because there is no USSD here now (27.007 9.2: 3,
 * 4, 30): where cards of the line's operator go by text as well, they do so for
 * some minutes. carry_look() ends that (now_ms: loop clock).
 */
void carry_on_refusal(
	struct line *line, const struct modem_result *result, int64_t now_ms);
void carry_look(struct line *line, int64_t now_ms);

/* False where USSD is the only way of such cards, and cannot be asked for now.
 * Cards without any way are somebody else's matter: true. The line must have a
 * profile. */
bool carry_takes(const struct line *line, bool own);

enum { CARRY_WHY_MAX = 128 };
/*
 * What to tell a person where USSD seems not to be carried: "ussd_unavailable:
 * ...", and true. After a request that the driver did not send for that, or
 * that failed on LTE as requests do there (27.007 9.2: 30, 100; 258; silence).
 * It says nothing of the request's fate.
 */
bool carry_names_ussd(const struct line *line,
	const struct modem_result *result, char why[CARRY_WHY_MAX]);

/* The same of the line as it is; false where USSD can be asked for. */
bool carry_lacks_ussd(const struct line *line, char why[CARRY_WHY_MAX]);

#endif
