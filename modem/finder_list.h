/*
 * finder_list: the ports that a search may open, and what is known of each.
 * Pure: what is there, and what was found out, comes from the caller.
 */
#ifndef MODEM_FINDER_LIST_H
#define MODEM_FINDER_LIST_H

#include <stddef.h>

#include "modem/port.h"
#include "modem/usb.h"

enum finder_state {
	FINDER_UNTRIED,
	FINDER_ANSWERS,
	FINDER_SPEAKS,
	FINDER_SILENT,
	FINDER_STRANGER,
	FINDER_MUTE
};

struct finder_entry {
	struct usb_tty tty;
	enum finder_state state;
	bool ours;         /* its device is the wanted modem */
	bool tried;        /* in this round, in vain */
	bool refused;      /* in this opening */
	unsigned refusals; /* openings in a row that failed */
	unsigned silences; /* likewise, rounds in which it was silent */
	unsigned skip;     /* so many openings it is left alone */
};

/*
 * 1. An entry keeps what is known of it only as long as its port has the
 *    same name, place and generation.
 * 2. Once one entry answered, only ports of its device (ours) are opened, as
 *    long as one of them is there.
 */
struct finder_list {
	bool any_device; /* a search over all: adapters are left alone */
	char place[USB_PLACE_MAX]; /* where its modem spoke, or "" */
	unsigned moves;            /* from one mute port to another */
	size_t count;
	struct finder_entry entries[USB_TTYS_MAX];
};

/* What is there now. */
void finder_list_take(
	struct finder_list *list, const struct usb_tty *ttys, size_t count);

/* A new opening begins: what was left alone for long enough is tried. */
void finder_list_begin(struct finder_list *list);

/* The next to open, or NULL. */
struct finder_entry *finder_list_next(struct finder_list *list);

/* It could not be opened: left alone for a little longer each time. */
void finder_list_refuse(struct finder_entry *entry);

/* What the entry is found to be. Whether another one is to be opened. */
bool finder_list_judge(struct finder_list *list, struct finder_entry *entry,
	enum port_verdict verdict);

/* Its modem was heard at that place. Whether that is another entry, which
 * may be opened. */
bool finder_list_prefer(struct finder_list *list,
	const struct finder_entry *open, const char *place);

#endif
