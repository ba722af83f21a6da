/*
 * mailbox: a table of slots, searched from end to end: stores are small. What
 * comes, what is listed, what may be deleted. It must never forget what was
 * listed, nor have deleted what may be something else by now.
 */
#include "modem/mailbox.h"

#include <string.h>

void
mailbox_init(struct mailbox *box)
{
	memset(box, 0, sizeof *box);
}

/* FNV-1a, 64 bits. */
static uint64_t
mark_of(struct span s)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++) {
		mark ^= (unsigned char)s.ptr[i];
		mark *= UINT64_C(0x100000001b3);
	}
	return mark;
}

static bool
is_stored(const struct mailbox_slot *slot)
{
	return slot->place.index != MAILBOX_NOWHERE;
}

static bool
is_in(const struct mailbox_slot *slot, const char *store)
{
	return slot->kind != MAILBOX_FREE && is_stored(slot) &&
	       strcmp(slot->place.store, store) == 0;
}

static bool
is_at(const struct mailbox_slot *slot, const struct mailbox_place *place)
{
	return is_in(slot, place->store) && slot->place.index == place->index;
}

static void
clear(struct mailbox_slot *slot)
{
	memset(slot, 0, sizeof *slot);
}

static bool
was_done(const struct mailbox *box, uint64_t mark)
{
	for (size_t i = 0; i < MAILBOX_DONE_MAX; i++)
		if (box->done[i] == mark)
			return true;
	return false;
}

static void
fill(struct mailbox_slot *slot, const struct pdu *pdu)
{
	slot->kind = MAILBOX_MESSAGE;
	(void)span_copy(slot->sender, sizeof slot->sender,
		span_str(pdu->address.text)); /* both have PDU_NUMBER_MAX */
	(void)span_copy(
		slot->smsc, sizeof slot->smsc, span_str(pdu->smsc.text));
	slot->sent = pdu->sent;
	slot->message_class = pdu->message_class;
	slot->coding = pdu->coding;
	slot->shift = pdu->shift;
	slot->part = pdu->part;
	slot->data_len = pdu->data_len;
	memcpy(slot->data, pdu->data, pdu->data_len);
}

/* The slot of a place, emptied if something else stood there; or a free
 * one; or NULL. */
static struct mailbox_slot *
slot_for(struct mailbox *box, const struct mailbox_place *place, uint64_t mark)
{
	struct mailbox_slot *empty = NULL;

	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];
		bool stored = place->index != MAILBOX_NOWHERE;

		if (slot->kind == MAILBOX_FREE && empty == NULL)
			empty = slot;
		if (stored && is_at(slot, place)) {
			if (slot->mark != mark)
				clear(slot);
			return slot;
		}
		if (!stored && slot->kind != MAILBOX_FREE && !is_stored(slot) &&
			slot->mark == mark)
			return slot;
	}
	return empty;
}

/* What is new, into a free slot, or none; rc: whether it is a message. */
static enum mailbox_took
keep(struct mailbox *box, struct mailbox_slot *slot, const struct pdu *pdu,
	int rc)
{
	bool stored = is_stored(slot);

	slot->arrival = ++box->arrivals;
	slot->seen = true;
	slot->kind = MAILBOX_GARBAGE;
	if (rc == 0 && pdu->type == PDU_DELIVER)
		fill(slot, pdu);
	else if (rc == 0)
		slot->kind = MAILBOX_PASSED; /* a draft is left alone */
	slot->over = (rc == 0 && pdu->type == PDU_STATUS_REPORT) ||
	             (slot->kind == MAILBOX_MESSAGE && slot->part.total > 0 &&
			     was_done(box, slot->mark));
	if (rc != 0)
		return MAILBOX_REFUSED;
	if (!slot->over)
		return MAILBOX_NEW;
	if (!stored)
		clear(slot);
	return MAILBOX_COPY;
}

enum mailbox_took
mailbox_put(struct mailbox *box, const struct mailbox_place *place,
	struct span hex, int64_t now_ms)
{
	uint64_t mark = mark_of(hex);
	struct mailbox_slot *slot = slot_for(box, place, mark);
	enum mailbox_took took = MAILBOX_REFUSED;
	struct pdu pdu;
	int rc;

	if (slot != NULL && slot->kind != MAILBOX_FREE) {
		slot->seen = true;
		slot->doubt = false;
		return MAILBOX_KNOWN;
	}
	rc = pdu_decode(hex, &pdu);
	if (slot == NULL && (rc == 0 || place->index != MAILBOX_NOWHERE)) {
		took = MAILBOX_FULL;
	} else if (rc == 0 || place->index != MAILBOX_NOWHERE) {
		slot->mark = mark;
		slot->place = *place;
		slot->came_ms = now_ms;
		took = keep(box, slot, &pdu, rc);
	}
	explicit_bzero(&pdu, sizeof pdu);
	return took;
}

void
mailbox_begin_listing(struct mailbox *box, const char *store)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++)
		if (is_in(&box->slots[i], store))
			box->slots[i].seen = false;
}

void
mailbox_end_listing(struct mailbox *box, const char *store, bool whole)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (whole && is_in(slot, store) && !slot->seen)
			clear(slot);
		if ((is_in(slot, store) && slot->seen) || !is_stored(slot))
			slot->given = false;
	}
}

void
mailbox_forget_stored(struct mailbox *box)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++)
		if (is_stored(&box->slots[i]))
			clear(&box->slots[i]);
}

/* ---- the end of a message ---------------------------------------------- */

static void
note_done(struct mailbox *box, const struct mailbox_slot *slot)
{
	if (slot->part.total == 0 || was_done(box, slot->mark))
		return;
	box->done[box->done_at] = slot->mark;
	box->done_at = (box->done_at + 1) % MAILBOX_DONE_MAX;
}

unsigned
mailbox_done(struct mailbox *box, uint64_t handle)
{
	unsigned nowhere = 0;

	for (size_t i = 0; handle != 0 && i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (slot->kind != MAILBOX_MESSAGE || slot->handle != handle)
			continue;
		note_done(box, slot);
		slot->over = true;
		explicit_bzero(slot->data, sizeof slot->data);
		slot->data_len = 0;
		if (is_stored(slot))
			continue;
		nowhere++;
		clear(slot);
	}
	return nowhere;
}

void
mailbox_give_up_garbage(struct mailbox *box, const char *store)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++)
		if (is_in(&box->slots[i], store) &&
			box->slots[i].kind == MAILBOX_GARBAGE)
			box->slots[i].over = true;
}

/* Whether two names are of two memories: "MT" is both, "" is any. */
static bool
are_apart(const char *a, const char *b)
{
	return (strcmp(a, "SM") == 0 && strcmp(b, "ME") == 0) ||
	       (strcmp(a, "ME") == 0 && strcmp(b, "SM") == 0);
}

void
mailbox_doubt(struct mailbox *box, const struct mailbox_place *place)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (slot->kind != MAILBOX_FREE &&
			slot->place.index == place->index &&
			!are_apart(slot->place.store, place->store))
			slot->doubt = true;
	}
}

bool
mailbox_next_over(const struct mailbox *box, struct mailbox_place *out)
{
	const struct mailbox_slot *best = NULL;

	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		const struct mailbox_slot *slot = &box->slots[i];

		if (slot->kind == MAILBOX_FREE || !slot->over || slot->doubt ||
			!is_stored(slot))
			continue;
		if (best == NULL || slot->place.index > best->place.index)
			best = slot;
	}
	if (best != NULL)
		*out = best->place;
	return best != NULL;
}

/* The same message at the same index of another store: some modems have one
 * store, whatever is chosen, and then it went with this one. */
static void
doubt_twins(struct mailbox *box, const struct mailbox_slot *of)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (slot->kind != MAILBOX_FREE && slot->mark == of->mark &&
			slot->place.index == of->place.index)
			slot->doubt = true;
	}
}

void
mailbox_drop(struct mailbox *box, const struct mailbox_place *place)
{
	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (!is_at(slot, place))
			continue;
		doubt_twins(box, slot);
		clear(slot);
	}
}
