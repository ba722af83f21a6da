/*
 * finder_list: which port is opened next. The order is that of the keys in
 * better(); a port is left out for a round once it was found to be no use.
 * It must never lead to a port of a modem that is not the wanted one twice.
 */
#include "modem/finder_list.h"

#include <string.h>

enum {
	REFUSED_SKIP_MAX = 10, /* of openings 3 s apart */
	SILENT_DOUBLINGS = 7,
	SILENT_SKIP_MAX = 1 << SILENT_DOUBLINGS,
	ROUNDS_OF_MUTE = 2 /* then it stays: the network is to blame */
};

static bool
is_same_port(const struct usb_tty *a, const struct usb_tty *b)
{
	return a->generation == b->generation &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->place, b->place) == 0;
}

static const struct finder_entry *
entry_of(const struct finder_list *list, const struct usb_tty *tty)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_same_port(&list->entries[i].tty, tty))
			return &list->entries[i];
	return NULL;
}

void
finder_list_take(
	struct finder_list *list, const struct usb_tty *ttys, size_t count)
{
	struct finder_entry now[USB_TTYS_MAX] = {{.skip = 0}};

	if (count > USB_TTYS_MAX)
		count = USB_TTYS_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct finder_entry *known = entry_of(list, &ttys[i]);

		now[i] = known ? *known : (struct finder_entry){.skip = 0};
		now[i].tty = ttys[i];
		if (known == NULL)
			list->moves = 0;
	}
	memcpy(list->entries, now, count * sizeof *now);
	list->count = count;
}

void
finder_list_begin(struct finder_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct finder_entry *e = &list->entries[i];

		e->refused = false;
		if (e->skip > 0)
			e->skip--;
	}
}

/* Where the wanted modem is; NULL while that is not known. */
static const char *
our_device(const struct finder_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].ours)
			return list->entries[i].tty.device;
	return NULL;
}

static bool
may_open(const struct finder_list *list, const struct finder_entry *e)
{
	const char *ours = our_device(list);

	if (e->refused || e->skip > 0 || e->state == FINDER_STRANGER)
		return false;
	if (ours != NULL)
		return strcmp(e->tty.device, ours) == 0;
	return !list->any_device || usb_role_of(&e->tty) != USB_ROLE_ADAPTER;
}

static bool
is_at(const struct finder_entry *e, const char *place)
{
	return place[0] != '\0' && strcmp(e->tty.place, place) == 0;
}

/* The same interface of a device that is plugged in elsewhere. */
static bool
is_like(const struct finder_entry *e, const char *place)
{
	struct span interface = usb_interface_of(span_str(place));

	return interface.len > 0 &&
	       span_eq(usb_interface_of(span_str(e->tty.place)), interface);
}

/* Whatever is lower goes first, in these two and in the rank. */
static unsigned
class_of(enum finder_state state)
{
	switch (state) {
	case FINDER_SPEAKS:
		return 0;
	case FINDER_ANSWERS:
	case FINDER_UNTRIED:
		return 1;
	case FINDER_MUTE:
		return 2;
	case FINDER_SILENT:
	case FINDER_STRANGER:
		break;
	}
	return 3;
}

static unsigned
distance_of(const struct finder_list *list, const struct finder_entry *e)
{
	if (is_at(e, list->place))
		return 0;
	if (e->state == FINDER_ANSWERS)
		return 1;
	return is_like(e, list->place) ? 2 : 3;
}

static bool
better(const struct finder_list *list, const struct finder_entry *a,
	const struct finder_entry *b)
{
	unsigned class_a = class_of(a->state), class_b = class_of(b->state);
	unsigned far_a = distance_of(list, a), far_b = distance_of(list, b);
	unsigned rank_a = usb_rank(&a->tty), rank_b = usb_rank(&b->tty);

	if (class_a != class_b)
		return class_a < class_b;
	if (far_a != far_b)
		return far_a < far_b;
	if (rank_a != rank_b)
		return rank_a < rank_b;
	return strcmp(a->tty.place, b->tty.place) < 0;
}

static struct finder_entry *
best(struct finder_list *list)
{
	struct finder_entry *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct finder_entry *e = &list->entries[i];

		if (may_open(list, e) && !e->tried &&
			(found == NULL || better(list, e, found)))
			found = e;
	}
	return found;
}

struct finder_entry *
finder_list_next(struct finder_list *list)
{
	struct finder_entry *found = best(list);

	if (found != NULL)
		return found;
	for (size_t i = 0; i < list->count; i++)
		if (may_open(list, &list->entries[i]))
			list->entries[i].tried = false;
	return best(list);
}

void
finder_list_refuse(struct finder_entry *entry)
{
	entry->refused = true;
	if (entry->refusals < REFUSED_SKIP_MAX)
		entry->refusals++;
	entry->skip = entry->refusals;
}

/* Those that answered, except one, may be opened again in this round. */
static void
retry_mute(struct finder_list *list, const struct finder_entry *except)
{
	for (size_t i = 0; i < list->count; i++)
		if (&list->entries[i] != except &&
			list->entries[i].state == FINDER_MUTE)
			list->entries[i].tried = false;
}

/* Another modem's port that answers nothing is asked more and more rarely. */
static void
on_silent(struct finder_list *list, struct finder_entry *e)
{
	e->tried = true;
	e->silences++;
	e->state = FINDER_SILENT;
	if (!list->any_device || e->ours)
		return;
	e->skip = e->silences < SILENT_DOUBLINGS ? 1U << e->silences
	                                         : SILENT_SKIP_MAX;
}

/* The others that take commands; if all of them were tried, once more. */
static bool
on_mute(struct finder_list *list, struct finder_entry *e)
{
	size_t others = 0, left = 0;

	e->state = FINDER_MUTE;
	e->tried = true;
	for (size_t i = 0; i < list->count; i++) {
		const struct finder_entry *o = &list->entries[i];

		if (o == e || !may_open(list, o) || o->state == FINDER_SILENT)
			continue;
		others++;
		left += o->tried ? 0 : 1;
	}
	if (others == 0 || list->moves >= ROUNDS_OF_MUTE * (others + 1))
		return false;
	list->moves++;
	if (left == 0)
		retry_mute(list, e);
	return true;
}

static void
on_answers(struct finder_list *list, struct finder_entry *entry)
{
	entry->tried = false;
	entry->silences = 0;
	if (entry->state == FINDER_UNTRIED || entry->state == FINDER_SILENT)
		entry->state = FINDER_ANSWERS;
	for (size_t i = 0; i < list->count; i++)
		list->entries[i].ours = strcmp(list->entries[i].tty.device,
						entry->tty.device) == 0;
}

/* Its other ports are a stranger's as well. */
static void
on_stranger(struct finder_list *list, const struct finder_entry *entry)
{
	for (size_t i = 0; i < list->count; i++) {
		struct finder_entry *e = &list->entries[i];

		if (strcmp(e->tty.device, entry->tty.device) != 0)
			continue;
		e->state = FINDER_STRANGER;
		e->ours = false;
	}
}

bool
finder_list_judge(struct finder_list *list, struct finder_entry *entry,
	enum port_verdict verdict)
{
	switch (verdict) {
	case PORT_ANSWERS:
		on_answers(list, entry);
		return false;
	case PORT_SPEAKS:
		on_answers(list, entry);
		entry->state = FINDER_SPEAKS;
		list->moves = 0;
		(void)span_copy(list->place, sizeof list->place,
			span_str(entry->tty.place)); /* of the same size */
		return false;
	case PORT_SILENT:
		on_silent(list, entry);
		if (best(list) == NULL)
			retry_mute(list, entry);
		return best(list) != NULL;
	case PORT_STRANGER:
		on_stranger(list, entry);
		return best(list) != NULL;
	case PORT_MUTE:
		return on_mute(list, entry);
	}
	return false;
}

bool
finder_list_prefer(struct finder_list *list, const struct finder_entry *open,
	const char *place)
{
	const struct finder_entry *other = NULL;

	if (place[0] == '\0' || strcmp(list->place, place) == 0 ||
		span_copy(list->place, sizeof list->place, span_str(place)) < 0)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct finder_entry *e = &list->entries[i];

		if (strcmp(e->tty.device, open->tty.device) == 0 &&
			is_like(e, place))
			other = e;
	}
	if (other == NULL || other == open || !may_open(list, other) ||
		other->tried)
		return false;
	/* The one at the same interface now goes first. */
	(void)span_copy(list->place, sizeof list->place,
		span_str(other->tty.place)); /* of the same size */
	return true;
}
