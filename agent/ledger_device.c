/*
 * ledger_device: which port of a modem speaks unasked, and what was typed
 * into SIMs that ask for their PIN. It must never let a PIN be typed that a
 * SIM refused, nor hold one.
 */
#include <errno.h>
#include <string.h>

#include "agent/ledger_private.h"

/* ---- ports ------------------------------------------------------------- */

int
ledger_device(
	struct ledger *ledger, const char *imei, struct ledger_device *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT place, seen FROM device WHERE imei = ?1",
		ledger_text(imei));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		ledger_col_copy(stmt, 0, out->place, sizeof(out->place));
		out->seen_wall_ms = sqlite3_column_int64(stmt, 1);
	}
	ledger_give(ledger, stmt);
	if (rc != 1)
		return rc == 0 ? -ENOENT : -EIO;
	return 0;
}

static int
tell_other_port(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_device *before)
{
	const struct ledger_device_seen *d = &op->u.device_seen;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "imei", d->imei);
	ledger_note_text(&note, "before", before->place);
	ledger_note_text(&note, "now", d->place);
	struct ledger_entry entry = {
		.event = "modem.port", .modem = d->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_take_device_seen(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_device_seen *d = &op->u.device_seen;
	struct ledger_device before;
	int known = ledger_device(ledger, d->imei, &before);
	if (known != 0 && known != -ENOENT)
		return known;
	if (known == 0 && strcmp(before.place, d->place) == 0)
		return 0;
	int rc = ledger_run(ledger,
		"INSERT INTO device(imei,place,seen) VALUES(?1,?2,?3)"
		" ON CONFLICT(imei) DO UPDATE SET place = ?2, seen = ?3",
		ledger_text(d->imei), ledger_text(d->place),
		ledger_int(op->at.wall_ms));
	if (rc != 0)
		return rc;
	result->count = 1;
	return known == 0 ? tell_other_port(ledger, op, &before) : 0;
}

/* ---- SIM PINs ---------------------------------------------------------- */

enum { TRIES_MIN = 2 }; /* the last one is a person's */

int
ledger_sim_pin(struct ledger *ledger, const char *iccid,
	const uint8_t digest[VAULT_HASH_LEN], struct ledger_sim_pin_known *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT refused, open, tries, at FROM sim_pin"
		" WHERE iccid = ?1 AND digest = ?2",
		ledger_text(iccid), ledger_blob(digest, VAULT_HASH_LEN));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		*out = (struct ledger_sim_pin_known){
			.refused = sqlite3_column_int64(stmt, 0) != 0,
			.open = (unsigned)sqlite3_column_int64(stmt, 1),
			.tries = (unsigned)sqlite3_column_int64(stmt, 2),
			.at_wall_ms = sqlite3_column_int64(stmt, 3)};
	ledger_give(ledger, stmt);
	if (rc != 1)
		return rc == 0 ? -ENOENT : -EIO;
	return 0;
}

bool
ledger_sim_pin_may(const struct ledger_sim_pin_known *known, unsigned tries)
{
	if (tries < TRIES_MIN)
		return false;
	if (known == NULL)
		return true;
	if (known->refused)
		return false;
	/* Cut off while it was typed: as good as refused, whatever is left,
	 * for a counter may lie. */
	return known->open == 0;
}

static int
tell_pin(struct ledger *ledger, const struct ledger_op *op, const char *event)
{
	const struct ledger_sim_pin *p = &op->u.sim_pin;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", p->iccid);
	if (p->step == LEDGER_SIM_PIN_TRIED)
		ledger_note_number(&note, "tries_left", p->tries);
	struct ledger_entry entry = {
		.event = event, .modem = p->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

static int
try_pin(struct ledger *ledger, const struct ledger_op *op)
{
	const struct ledger_sim_pin *p = &op->u.sim_pin;
	struct ledger_sim_pin_known known;
	int rc = ledger_sim_pin(ledger, p->iccid, p->digest, &known);
	if (rc != 0 && rc != -ENOENT)
		return rc;
	if (!ledger_sim_pin_may(rc == 0 ? &known : NULL, p->tries))
		return -EINVAL;
	rc = ledger_run(ledger,
		"INSERT INTO sim_pin(iccid,digest,modem,open,tries,at)"
		" VALUES(?1,?2,?3,1,?4,?5)"
		" ON CONFLICT(iccid,digest) DO UPDATE SET modem = ?3,"
		" open = open + 1, tries = ?4, at = ?5",
		ledger_text(p->iccid), ledger_blob(p->digest, VAULT_HASH_LEN),
		ledger_text(p->modem), ledger_int(p->tries),
		ledger_int(op->at.wall_ms));
	return rc == 0 ? tell_pin(ledger, op, "sim.pin_tried") : rc;
}

static int
end_pin(struct ledger *ledger, const struct ledger_op *op, const char *event)
{
	const struct ledger_sim_pin *p = &op->u.sim_pin;
	bool refused = p->step == LEDGER_SIM_PIN_REFUSED;
	int rc = ledger_run(ledger,
		"UPDATE sim_pin SET open = 0, refused = ?3"
		" WHERE iccid = ?1 AND digest = ?2 AND open > 0",
		ledger_text(p->iccid), ledger_blob(p->digest, VAULT_HASH_LEN),
		ledger_int(refused));
	if (rc != 0)
		return rc;
	if (sqlite3_changes(ledger->db) == 0)
		return -EINVAL;
	return tell_pin(ledger, op, event);
}

int
ledger_take_sim_pin(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	(void)result;
	switch (op->u.sim_pin.step) {
	case LEDGER_SIM_PIN_TRIED:
		return try_pin(ledger, op);
	case LEDGER_SIM_PIN_TAKEN:
		return end_pin(ledger, op, "sim.pin_taken");
	case LEDGER_SIM_PIN_REFUSED:
		return end_pin(ledger, op, "sim.pin_refused");
	case LEDGER_SIM_PIN_NOT_SENT:
		return end_pin(ledger, op, "sim.pin_not_sent");
	}
	return -EINVAL;
}
