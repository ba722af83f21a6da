/*
 * session_rung: what the session does with its ladder: which rung comes
 * where, and what is told of it.
 */
#ifndef MODEM_SESSION_RUNG_H
#define MODEM_SESSION_RUNG_H

#include "modem/session.h"

/* The rung that was begun, and the one that has cured it, since the last
 * call; each is told once, LADDER_NONE otherwise. */
enum ladder_rung session_take_rung(struct session *s);
enum ladder_rung session_take_cure(struct session *s);

/* Gives the heavy rung that unanswered requests call for, to a modem that its
 * owner keeps busy for it. 0; -EBUSY when it is not; -EAGAIN when none is
 * due. */
int session_recover(struct session *s, int64_t now_ms);

/* A request ended, with an answer of the network or without. */
void session_on_request(struct session *s, bool answered);

/* ---- for session.c alone ----------------------------------------------- */

/* The modem is no use, by that event: where it goes, and s->rung. */
enum session_state session_rung_plan(
	struct session *s, enum session_event event, int64_t now_ms);

/* Where s->rung leads from a port that opened, or from a modem that is up. */
enum session_state session_rung_target(
	const struct session *s, enum session_state otherwise);

/* The state is another one than before: the rung that begins with it. */
void session_rung_begin(struct session *s, enum session_state from,
	enum session_event event, int64_t now_ms);

/* Whether the rung that is being given ends with this event. */
bool session_rung_is_over(const struct session *s, enum session_event event);

/* The port is not there: what comes back is another modem. */
void session_rung_forget(struct session *s);

/* It was asked how it is, and all was well. */
void session_rung_on_well(struct session *s, int64_t now_ms);

#endif
