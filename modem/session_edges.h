/*
 * session_edges: the edges of the session as a table. For session.c alone:
 * what an edge does beside leading on stands there.
 */
#ifndef MODEM_SESSION_EDGES_H
#define MODEM_SESSION_EDGES_H

#include "modem/session.h"

struct session_edge {
	enum session_state from;
	enum session_event event;
	enum session_state to;
	const char *why; /* NULL leaves it as it is */
};

/* Why it is of no use, for people: those that the code looks at, too. */
extern const char session_why_denied[];
extern const char session_why_roaming[];
extern const char session_why_refused[];
extern const char session_why_silent[];
extern const char session_why_flapping[];
extern const char session_why_unregistered[];
extern const char session_why_lost[];
extern const char session_why_stopped[];

/* The edge, or NULL. Static. */
const struct session_edge *session_edge_of(
	enum session_state from, enum session_event event);

#endif
