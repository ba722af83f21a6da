/*
 * ledger_base: limits and moments that everything about the ledger has.
 *
 * Moments: wall_ms is what people read (UTC); ran_ms counts the time that
 * the daemon ran, over all its lives: pauses and lock-outs are counted in
 * it, so no jump of a clock ends one. The ledger keeps the highest ran_ms.
 */
#ifndef AGENT_LEDGER_BASE_H
#define AGENT_LEDGER_BASE_H

#include "agent/money.h"
#include "agent/vault.h"
#include "agent/verdict.h"
#include "agent/voucher.h"
#include "modem/span.h"

enum {
	LEDGER_SCHEMA = 4,
	LEDGER_NAME_MAX = 64, /* operator, modem, reason, who, IMEI, ... */
	LEDGER_TARGET_MAX = 64,
	LEDGER_TEXT_MAX = 1024,    /* replies (masked), notes */
	LEDGER_FILE_MAX = 256,     /* file names */
	LEDGER_PLACE_MAX = 256,    /* of a port on a bus */
	LEDGER_MESSAGES_MAX = 2000 /* kept of one SIM */
};

struct ledger;

struct ledger_moment {
	int64_t wall_ms;
	int64_t ran_ms;
};

#endif
