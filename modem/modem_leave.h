/*
 * modem_leave: the settings that another program on the port would miss: as
 * they were before ours. Only modem_private.h includes it.
 */
#ifndef MODEM_MODEM_LEAVE_H
#define MODEM_MODEM_LEAVE_H

#include "modem/scripts.h"

enum {
	LEAVE_SETTINGS = TAG_WAS_LAST - TAG_WAS_FIRST + 1,
	LEAVE_VALUE_MAX = 24, /* "SM","SM","SM" and room */
	LEAVE_MS = 3000       /* all of leaving, waiting included */
};

/*
 * 1. was[i] is "", or what the setting TAG_WAS_FIRST + i was before ours, as
 *    it is written behind the "=" of its command. What is known stays, until
 *    the modem is known to have forgotten all settings.
 * 2. until_ms is INT64_MAX unless the modem is being left.
 */
struct leaving {
	char was[LEAVE_SETTINGS][LEAVE_VALUE_MAX];
	bool asked_mail; /* those for messages were asked for */
	bool quiet;      /* our ATE0 was taken, and no echo came since */
	int64_t until_ms;
};

/* modem_leave.c */
void modem_leave_forget(struct modem *m);
void modem_leave_on_info(
	struct modem *m, enum script_tag tag, struct span line, int64_t now_ms);
void modem_leave_on_echo(struct modem *m);
void modem_leave_on_script(struct modem *m); /* one of the session is over */
struct span modem_leave_value(const struct modem *m); /* for the step */
void modem_leave_begin_script(struct modem *m);
bool modem_leave_go_on(struct modem *m, int64_t now_ms);

#endif
