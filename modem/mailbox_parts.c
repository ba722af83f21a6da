/*
 * mailbox_parts: parts put together, and given out as one message. Part of
 * mailbox. It must never give a part to two messages, nor join those of two
 * senders or centres.
 */
#include "modem/mailbox.h"

#include <errno.h>
#include <string.h>

#include "modem/ucs2.h"

/* Parts of one message reach the centre together; references come again. */
static const int64_t part_apart_ms = INT64_C(3600) * 1000;

/* Shown where a part is missing. */
static const char gap[] = "\xE2\x80\xA6"; /* U+2026 */

/* ---- parts ------------------------------------------------------------- */

static bool
is_waiting(const struct mailbox_slot *slot)
{
	return slot->kind == MAILBOX_MESSAGE && !slot->given && !slot->over;
}

static int64_t
apart_ms(const struct mailbox_slot *a, const struct mailbox_slot *b)
{
	int64_t apart = a->sent.utc_ms - b->sent.utc_ms;

	if (!a->sent.known || !b->sent.known)
		return 0;
	return apart < 0 ? -apart : apart;
}

/* A centre that is not told is another one than any that is: a sender can be
 * forged, and a part of his must not make another's message say more. */
static bool
are_fellows(const struct mailbox_slot *a, const struct mailbox_slot *b)
{
	return a->part.total == b->part.total &&
	       a->part.reference == b->part.reference &&
	       a->part.wide == b->part.wide &&
	       strcmp(a->sender, b->sender) == 0 &&
	       strcmp(a->smsc, b->smsc) == 0 && apart_ms(a, b) <= part_apart_ms;
}

/* A copy, in another place: the network tells the same time again. */
static bool
is_same_part(const struct mailbox_slot *a, const struct mailbox_slot *b)
{
	return are_fellows(a, b) && a->sent.known && b->sent.known &&
	       a->sent.utc_ms == b->sent.utc_ms &&
	       a->part.number == b->part.number && a->coding == b->coding &&
	       a->data_len == b->data_len &&
	       memcmp(a->data, b->data, a->data_len) == 0;
}

/* The part of that number whose time is nearest to one's. */
static struct mailbox_slot *
nearest(struct mailbox *box, const struct mailbox_slot *to, unsigned number)
{
	struct mailbox_slot *best = NULL;

	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (!is_waiting(slot) || slot->part.number != number ||
			!are_fellows(slot, to))
			continue;
		if (best == NULL || apart_ms(slot, to) < apart_ms(best, to) ||
			(apart_ms(slot, to) == apart_ms(best, to) &&
				slot->arrival < best->arrival))
			best = slot;
	}
	return best;
}

/* A message in the making: parts by their numbers, from 1. */
struct joining {
	struct mailbox_slot *parts[PDU_DATA_MAX + 1];
	unsigned total, found;
	int64_t last_ms; /* when its latest part came */
};

/* Whether a part is as near to its fellows as any other is. */
static bool
belongs(struct mailbox *box, const struct joining *j, unsigned number)
{
	const struct mailbox_slot *part = j->parts[number];

	for (unsigned n = 1; part != NULL && n <= j->total; n++) {
		const struct mailbox_slot *near;

		if (n == number || j->parts[n] == NULL)
			continue;
		near = nearest(box, part, n);
		if (near != j->parts[n] && !is_same_part(near, j->parts[n]))
			return false;
	}
	return part != NULL;
}

/*
 * The anchor's fellows. A reference may come again within the hour: each
 * part goes to the message that is nearest to it in time.
 */
static void
collect(struct mailbox *box, struct mailbox_slot *anchor, struct joining *j)
{
	memset(j, 0, sizeof *j);
	j->total = anchor->part.total;
	j->last_ms = anchor->came_ms;
	for (unsigned n = 1; n <= j->total; n++)
		j->parts[n] = n == anchor->part.number
		                      ? anchor
		                      : nearest(box, anchor, n);
	for (unsigned n = 1; n <= j->total; n++) {
		struct mailbox_slot *part = j->parts[n];

		if (part != anchor && !belongs(box, j, n)) {
			j->parts[n] = NULL;
			continue;
		}
		j->found++;
		if (part->came_ms > j->last_ms)
			j->last_ms = part->came_ms;
	}
}

/* The parts, and their doubles, go out as one message. */
static void
give(struct mailbox *box, struct joining *j, uint64_t handle)
{
	for (unsigned n = 1; n <= j->total; n++) {
		for (size_t i = 0; j->parts[n] != NULL && i < MAILBOX_SLOTS;
			i++) {
			struct mailbox_slot *slot = &box->slots[i];

			if (slot != j->parts[n] &&
				(!is_waiting(slot) ||
					!is_same_part(slot, j->parts[n])))
				continue;
			slot->handle = handle;
			slot->given = true;
		}
	}
}

/* ---- the text ---------------------------------------------------------- */

/* Septets or octets of the same coding, put together, into text. */
struct run {
	const struct mailbox_slot *like;
	size_t len;
};

static void
end_run(struct mailbox *box, struct run *run, size_t *len)
{
	char *at = box->text + *len;
	size_t cap = sizeof box->text - *len;
	size_t more = 0;
	int rc = -EILSEQ;

	if (run->len > 0 && run->like->coding == PDU_GSM7)
		rc = gsm7_to_utf8_shift(run->like->shift,
			(struct gsm7_septets){box->joined, run->len}, at, cap,
			&more);
	else if (run->len > 0 && run->like->coding == PDU_UCS2)
		rc = ucs2_to_utf8(
			box->joined, run->len & ~(size_t)1, at, cap, &more);
	if (rc == 0)
		*len += more;
	run->len = 0;
}

static bool
goes_on(const struct run *run, const struct mailbox_slot *part)
{
	return run->len > 0 && run->like->coding == part->coding &&
	       run->like->shift.locking == part->shift.locking &&
	       run->like->shift.single == part->shift.single &&
	       run->len + part->data_len <= MAILBOX_JOINED_MAX;
}

static void
add_part(struct mailbox *box, struct run *run, const struct mailbox_slot *part,
	size_t *len)
{
	if (!goes_on(run, part))
		end_run(box, run, len);
	if (run->len == 0)
		run->like = part;
	memcpy(box->joined + run->len, part->data, part->data_len);
	run->len += part->data_len;
}

static struct span
join(struct mailbox *box, const struct joining *j)
{
	struct run run = {.len = 0};
	size_t len = 0;

	for (unsigned n = 1; n <= j->total; n++) {
		if (j->parts[n] != NULL) {
			add_part(box, &run, j->parts[n], &len);
			continue;
		}
		end_run(box, &run, &len);
		if (len + sizeof gap <= sizeof box->text) {
			memcpy(box->text + len, gap, sizeof gap);
			len += sizeof gap - 1;
		}
	}
	end_run(box, &run, &len);
	return span_of(box->text, len);
}

/* ---- giving out -------------------------------------------------------- */

/* The one that came first of those that came after. */
static struct mailbox_slot *
next_waiting(struct mailbox *box, uint64_t after)
{
	struct mailbox_slot *first = NULL;

	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &box->slots[i];

		if (is_waiting(slot) && slot->arrival > after &&
			(first == NULL || slot->arrival < first->arrival))
			first = slot;
	}
	return first;
}

static void
tell(struct mailbox *box, struct joining *j, struct mailbox_message *out)
{
	*out = (struct mailbox_message){
		.handle = ++box->handles, .incomplete = j->found < j->total};
	for (unsigned n = j->total; n >= 1; n--)
		if (j->parts[n] != NULL)
			out->first = j->parts[n];
	give(box, j, out->handle);
	out->text_utf8 = join(box, j);
}

/* Whether it is worth while to look for its fellows: there are enough, or
 * no time is left to wait for them. */
static bool
is_worth(const struct mailbox *box, const struct mailbox_slot *part,
	int64_t now_ms)
{
	int64_t last_ms = part->came_ms;
	unsigned fellows = 0;

	for (size_t i = 0; i < MAILBOX_SLOTS; i++) {
		const struct mailbox_slot *slot = &box->slots[i];

		if (!is_waiting(slot) || !are_fellows(slot, part))
			continue;
		fellows++;
		last_ms = slot->came_ms > last_ms ? slot->came_ms : last_ms;
	}
	return fellows >= part->part.total ||
	       now_ms - last_ms >= MAILBOX_PATIENCE_MS;
}

static void
alone(struct mailbox_slot *slot, struct joining *j)
{
	memset(j, 0, sizeof *j);
	j->total = 1;
	j->found = 1;
	j->parts[1] = slot;
}

bool
mailbox_next(struct mailbox *box, int64_t now_ms, bool impatient,
	struct mailbox_message *out)
{
	struct mailbox_slot *slot = NULL;
	struct joining j;

	while ((slot = next_waiting(box, slot != NULL ? slot->arrival : 0)) !=
		NULL) {
		if (slot->part.total > 0 && !impatient &&
			!is_worth(box, slot, now_ms))
			continue;
		if (slot->part.total > 0)
			collect(box, slot, &j);
		else
			alone(slot, &j);
		if (j.found < j.total && !impatient &&
			now_ms - j.last_ms < MAILBOX_PATIENCE_MS)
			continue;
		tell(box, &j, out);
		return true;
	}
	return false;
}

void
mailbox_wipe_text(struct mailbox *box)
{
	explicit_bzero(box->joined, sizeof box->joined);
	explicit_bzero(box->text, sizeof box->text);
}
