/*
 * sim_tries: how many tries a SIM leaves for its PIN, out of the line in
 * which a modem says it. Each make has a line of its own. Pure; must never
 * guess: a number too high costs a SIM.
 */
#ifndef MODEM_SIM_TRIES_H
#define MODEM_SIM_TRIES_H

#include "modem/span.h"

/*
 * The tries left for the SIM PIN (PIN1), 0 to 15 (TS 102 221 10.2.1.5:
 * '63 CX'). Takes +CPINR (27.007 8.65), ^CPIN, +ZPINPUK, #PCT, +QPINC,
 * +QTRPIN, +SPIC, ^SPIC, +UPINCNT, *EPIN, %PINNUM, _OERCN, +XPINCNT, +EPINC,
 * +TPIN, +CPINC, +PNNM, and +CSIM with the status word of a VERIFY. 0; -ENOENT
 * for a line that counts another password, or is none of these; -EINVAL for one
 * without a number where it should be.
 *
 * #PCT and ^SPIC count what +CPIN? asks for just now: ask them only while
 * that is the SIM PIN.
 */
int sim_tries_of(struct span line, unsigned *tries);

#endif
