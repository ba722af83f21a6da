/*
 * modem_inside: what the files of the driver do for each other. Nobody else
 * may call it.
 */
#ifndef MODEM_MODEM_INSIDE_H
#define MODEM_MODEM_INSIDE_H

#include "modem/modem_private.h"

/* modem_wire.c */
int modem_wire_open(struct modem *m);
void modem_wire_close(struct modem *m);
bool modem_wire_read(struct modem *m, int64_t now_ms); /* may have more */
void modem_wire_write(struct modem *m, int64_t now_ms);
void modem_wire_drop(struct modem *m); /* forgets and wipes what waits */
void modem_wire_compose(struct modem *m);
void modem_wire_lost(struct modem *m, int64_t now_ms);

/* modem_trace.c */
void modem_wire_trace(struct modem *m, struct span heard, bool is_echo);

/* modem_record.c */
void modem_record_sent(struct modem *m); /* what waits in tx leaves */
void modem_record_heard(
	struct modem *m, struct span heard, struct span masked, bool is_echo);

/* modem_heard.c, modem_identity.c */
void modem_heard_drain(struct modem *m, int64_t now_ms);
void modem_identity_on_info(
	struct modem *m, enum script_tag tag, struct span line, int64_t now_ms);

/* modem_life.c */
void modem_settle(struct modem *m, int64_t now_ms);
void modem_life_restart(struct modem *m, int64_t now_ms);
void modem_life_break(struct modem *m);

/* modem_show.c */
void modem_show(struct modem *m); /* brings info up to date */

/* modem_phase.c */
/* NULL where the dialect has none, or the state no phases. */
const struct chat_script *modem_phase_script(const struct modem *m);

/* modem_recover.c */
const struct chat_script *modem_recover_script(
	const struct modem *m, unsigned phase);
void modem_recover_fit(struct modem *m); /* the dialect is another one */
bool modem_recover_begin(struct modem *m, int64_t now_ms);
void modem_recover_tell(struct modem *m);
const char *modem_recover_remedy(const struct modem *m);

/* modem_unlock.c */
void modem_unlock_ask(struct modem *m, int64_t now_ms);
bool modem_unlock_is_typing(const struct modem *m); /* the script with it */
void modem_unlock_wipe(struct modem *m);
void modem_unlock_on_script(struct modem *m);
/* Tells what came of it, once the session knows. */
void modem_unlock_tell(struct modem *m);

/* modem_request.c */
struct chat_args modem_request_args(
	const struct modem *m, char *coded, size_t cap);
void modem_request_finish(struct modem *m, int64_t now_ms);
void modem_request_wipe(struct modem *m);
void modem_request_take_back(struct modem *m, enum modem_cause cause);

/* modem_cusd.c */
void modem_cusd_on_line(
	struct modem *m, struct span line, bool stale, int64_t now_ms);

/* modem_job.c */
/* The next thing to do for the owner, if the wire is free for it; whether
 * something was done. now_ms may be 0 where there is work to do. */
bool modem_job_begin(struct modem *m, int64_t now_ms);
void modem_job_run(
	struct modem *m, enum modem_job job, const struct chat_script *script);
void modem_job_end(struct modem *m, int64_t now_ms); /* its script is over */

#endif
