/*
 * fleet_pin: the PIN of a SIM that asks for it, by the contract's rule: once
 * for each SIM, never the last try, after a refusal never again until the
 * file changes. It must never type one that the ledger does not know of, nor
 * show or keep one.
 */
#include "agent/fleet_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/sim_pin.h"
#include "agent/turn.h"
#include "agent/vault.h"

enum {
	TRIES_LEAST = 2, /* the last one is a person's */
	WHY_BYTES = 128,
	SPELLINGS = 4 /* of the same digits, that a ledger may know */
};

/* ---- the rule ------------------------------------------------------------ */

/* What the modem itself tells against it; "" for nothing. */
static void
judge_modem(const struct slot *slot, char *why)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	why[0] = '\0';
	if (!slot->line.config.sim_pin_file || !slot->fleet->vault)
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN: set sim_pin_file for this "
			"modem, or switch the PIN off in a phone");
	else if (info->iccid[0] == '\0')
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN, and the modem does not tell "
			"which SIM it is: switch the PIN off in a phone");
	else if (info->pin_tries < 0)
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN, and how many tries are left "
			"is not told: switch the PIN off in a phone");
	else if (info->pin_tries < TRIES_LEAST)
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN; tries left: %d: none is "
			"used here: type the right PIN in a phone",
			info->pin_tries);
	else if (turn_unsafe(slot->fleet->turn))
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN, which is not typed while "
			"the ledger cannot be written");
}

/*
 * The digest of one spelling of these digits: the digits alone, as it is
 * since blanks count for nothing; before, the bytes of the file, as they are
 * or as they most likely were.
 */
static void
digest_of_spelling(
	struct slot *slot, const struct sim_pin_file *file, size_t at)
{
	static const char *const ends[SPELLINGS] = {"", NULL, "\n", "\r\n"};
	struct span sim_pin = sim_pin_in(file);
	struct sim_pin_file spelt = {.len = sim_pin.len};
	if (!ends[at]) {
		spelt = *file;
	} else {
		memcpy(spelt.bytes, sim_pin.ptr, sim_pin.len);
		memcpy(spelt.bytes + spelt.len, ends[at], strlen(ends[at]));
		spelt.len += strlen(ends[at]);
	}
	struct vault_digest *d = vault_digest_new(slot->fleet->vault);
	vault_digest_add(d, span_str("sim pin file\n"));
	vault_digest_add(d, span_of(spelt.bytes, spelt.len));
	vault_digest_end(d, slot->pin_digest);
	explicit_bzero(&spelt, sizeof(spelt));
}

/*
 * What the ledger knows of that content in that SIM: under a spelling that was
 * refused, or whose end nobody heard, else of the digits. pin_digest is the
 * one of it. 0, -ENOENT or -EIO.
 */
static int
find_known(struct slot *slot, const struct sim_pin_file *file,
	struct ledger_sim_pin_known *out)
{
	struct ledger *ledger = turn_ledger(slot->fleet->turn);
	const char *iccid = modem_info(slot->line.modem)->iccid;
	int rc = -ENOENT;
	for (size_t at = SPELLINGS; at-- > 0;) {
		digest_of_spelling(slot, file, at);
		rc = ledger_sim_pin(ledger, iccid, slot->pin_digest, out);
		if ((rc != 0 && rc != -ENOENT) ||
			(rc == 0 && (out->refused || out->open > 0)))
			break;
	}
	return rc;
}

/* What the ledger knows against that content. */
static void
judge_content(struct slot *slot, const struct sim_pin_file *file, char *why)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	struct ledger_sim_pin_known known;
	int rc = find_known(slot, file, &known);
	why[0] = '\0';
	if (rc != 0 && rc != -ENOENT)
		(void)snprintf(why, WHY_BYTES,
			"the ledger cannot be read: no SIM PIN is typed");
	else if (rc == 0 && known.refused)
		(void)snprintf(why, WHY_BYTES,
			"the SIM refused the PIN in sim_pin_file: correct it; "
			"it is not typed again until the file changes");
	else if (rc == 0 &&
		 !ledger_sim_pin_may(&known, (unsigned)info->pin_tries))
		(void)snprintf(why, WHY_BYTES,
			"what came of typing the SIM's PIN is not known: "
			"switch it off in a phone, or change it there and in "
			"sim_pin_file");
}

static struct ledger_op
pin_op(const struct slot *slot, enum ledger_sim_pin_step step)
{
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_SIM_PIN);
	struct ledger_sim_pin *pin = &op.u.sim_pin;
	fleet_copy(pin->iccid, sizeof(pin->iccid), slot->pin_iccid);
	fleet_copy(pin->modem, sizeof(pin->modem), slot->line.config.name);
	memcpy(pin->digest, slot->pin_digest, sizeof(pin->digest));
	pin->step = step;
	return op;
}

static void
end_try(struct slot *slot, enum ledger_sim_pin_step step)
{
	if (!slot->pin_open)
		return;
	slot->pin_open = false;
	struct ledger_op op = pin_op(slot, step);
	turn_must(slot->fleet->turn, &op);
}

/* The try is in this turn; the PIN waits in the modem for its commit. */
static void
type_pin(struct slot *slot, struct span sim_pin, char *why)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	fleet_copy(slot->pin_iccid, sizeof(slot->pin_iccid), info->iccid);
	struct ledger_op op = pin_op(slot, LEDGER_SIM_PIN_TRIED);
	op.u.sim_pin.tries = (unsigned)info->pin_tries;
	why[0] = '\0';
	if (turn_try(slot->fleet->turn, &op, NULL) != 0) {
		(void)snprintf(why, WHY_BYTES,
			"the ledger takes no note of it: no SIM PIN is typed");
		return;
	}
	slot->pin_open = true;
	if (modem_enter_pin(slot->line.modem, sim_pin) == 0)
		return;
	end_try(slot, LEDGER_SIM_PIN_NOT_SENT);
	(void)snprintf(why, WHY_BYTES,
		"the SIM asks for its PIN, which the driver keeps");
}

static void
try_file(struct slot *slot, char *why)
{
	struct sim_pin_file file = {.len = 0};
	int rc = sim_pin_read(slot->line.config.sim_pin_file, &file);
	struct span sim_pin = sim_pin_in(&file);
	if (rc != 0 && rc != -EFBIG) {
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN, and sim_pin_file cannot be "
			"read: %s",
			strerror(-rc));
	} else if (rc != 0 || sim_pin.len == 0) {
		(void)snprintf(why, WHY_BYTES,
			"the SIM asks for its PIN, and in sim_pin_file is none "
			"of 4 to 8 digits");
	} else {
		judge_content(slot, &file, why);
		if (why[0] == '\0')
			type_pin(slot, sim_pin, why);
	}
	explicit_bzero(&file, sizeof(file));
}

/* ---- what the driver tells ----------------------------------------------- */

void
fleet_on_sim_pin(void *ctx, enum modem_sim_pin what)
{
	struct slot *slot = ctx;
	char why[WHY_BYTES];
	switch (what) {
	case MODEM_SIM_PIN_ASKED:
		slot->pin_open = false; /* nobody tells any more */
		judge_modem(slot, why);
		if (why[0] == '\0')
			try_file(slot, why);
		if (why[0] != '\0')
			modem_keep_locked(slot->line.modem, why);
		break;
	case MODEM_SIM_PIN_TAKEN:
		end_try(slot, LEDGER_SIM_PIN_TAKEN);
		break;
	case MODEM_SIM_PIN_NOT_SENT:
		end_try(slot, LEDGER_SIM_PIN_NOT_SENT);
		break;
	case MODEM_SIM_PIN_REFUSED:
		end_try(slot, LEDGER_SIM_PIN_REFUSED);
		modem_keep_locked(slot->line.modem,
			"the SIM refused the PIN in sim_pin_file: correct it; "
			"it is not typed again until the file changes");
		break;
	}
}

/* A daemon before this one typed it, and did not hear what came of it. */
static void
end_old_try(struct slot *slot)
{
	const char *iccid = modem_info(slot->line.modem)->iccid;
	struct ledger_sim_pin_known known;
	struct sim_pin_file file = {.len = 0};
	if (!slot->line.config.sim_pin_file || !slot->fleet->vault ||
		iccid[0] == '\0')
		return;
	int rc = sim_pin_read(slot->line.config.sim_pin_file, &file);
	if (rc == 0 && sim_pin_in(&file).len > 0) {
		fleet_copy(slot->pin_iccid, sizeof(slot->pin_iccid), iccid);
		slot->pin_open =
			find_known(slot, &file, &known) == 0 && known.open > 0;
		end_try(slot, LEDGER_SIM_PIN_TAKEN);
	}
	explicit_bzero(&file, sizeof(file));
}

void
fleet_note_unlocked(struct slot *slot)
{
	if (!slot->pin_open)
		end_old_try(slot);
	else if (strcmp(modem_info(slot->line.modem)->iccid, slot->pin_iccid) ==
		 0)
		end_try(slot, LEDGER_SIM_PIN_TAKEN);
}

void
fleet_keep_pins(struct fleet *fleet, struct vault *vault)
{
	fleet->vault = vault;
}
