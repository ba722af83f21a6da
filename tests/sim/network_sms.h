/*
 * network_sms: what the operator does with a text that a SIM sends.
 * Must never execute a PIN twice, as the network itself.
 */
#ifndef SIM_NETWORK_SMS_H
#define SIM_NETWORK_SMS_H

#include "tests/sim/network.h"

/* Where recharges go, who answers, and the centre all comes through. */
#define NETWORK_SMS_TO     "121"
#define NETWORK_SMS_SENDER "SimTel"
#define NETWORK_SMS_CENTRE "+99900000001"

/*
 * A text to a number: "TOP PIN" and "TOP PIN MSISDN" to NETWORK_SMS_TO
 * redeem, "BAL" tells the balance; the answer is answer->sms. Anything else
 * is taken and not answered.
 */
void network_sms(struct network *network, const char *number,
	const struct network_request *request, struct network_answer *answer);

#endif
