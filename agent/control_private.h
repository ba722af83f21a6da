/*
 * control_private: what the files of control share: the socket, arguments,
 * the commands. Nobody else includes it.
 */
#ifndef AGENT_CONTROL_PRIVATE_H
#define AGENT_CONTROL_PRIVATE_H

#include "agent/control.h"
#include "agent/control_client.h"

struct line;
struct line_status;

struct control {
	struct control_parts parts;
	struct ledger *ledger;
	int fd;
	char *path;
	struct loop_poll *poll;
	struct loop_timer *timer;
	struct loop_timer *look; /* runs while the loop is held, too */
	struct loop_idle *idle;
	struct client *clients;
	struct backup *backup;     /* NULL: none is being made */
	struct client *backup_for; /* who asked for it */
	struct sweep *sweeps;      /* acts on whole batches, in order */
	struct loop_idle *sweep_idle;
	char *key_file;
	int64_t started_ms;
	int64_t accept_again_ms; /* INT64_MAX: it accepts */
};

/* ---- control_request.c: the request ------------------------------------- */

/* Runs a request line: afterwards the client is done or has a step. */
void client_request(struct client *client, struct span line);

/*
 * Arguments. false: it was of the wrong kind or size, and the client was
 * told. An absent one leaves *out alone.
 */
bool args_number(struct client *client, const struct json *args,
	const char *key, int64_t *out);
bool args_text(struct client *client, const struct json *args, const char *key,
	const char **out);
/* A list of 1 to CONTROL_IDS_MAX voucher numbers; it must be there. */
bool args_ids(struct client *client, const struct json *ids);

/* A command: args were checked for unknown keys already. */
typedef void control_fn(struct client *client, const struct json *args);
control_fn control_status, control_modems, control_batches, control_batch,
	control_vouchers, control_voucher, control_audit, control_watch,
	control_hold, control_release, control_cancel, control_resolve,
	control_pause, control_resume, control_unlock, control_reload,
	control_load, control_submit, control_wait, control_balance,
	control_backup, control_reconcile, control_ussd, control_sms,
	control_inbox, control_record, control_reveal, control_retrieve;
control_fn control_claims, control_totals, control_history;

/* ---- control_attention.c ------------------------------------------------- */

/* What needs a person: a list of {what, count, text, say}. stopped is the
 * list of that name in the status. */
struct json *control_attention(struct control *control,
	const int64_t counts[VOUCHER_STATES], const struct json *stopped);

/* ---- control_wait.c ------------------------------------------------------ */

/* Forgets the waiter in intake and redeem. */
void control_wait_forget(struct client *client);

/* When a waiter looks again by itself (loop clock); INT64_MAX. */
int64_t control_wait_next(const struct client *client);

/* ---- control_attention.c ------------------------------------------------- */

/* What a person can do about a modem; NULL when nobody has to. */
const char *control_advice(
	const struct line *line, const struct line_status *status);

/* ---- control_ussd.c ------------------------------------------------------ */

/* Ends the session that this client holds, if he does; a message of his goes
 * its way. */
void control_ussd_forget(struct client *client);

/* The line of the argument `modem`, which stands in u.wait then. NULL: the
 * client was told. */
struct line *control_hand_line(struct client *client, const struct json *args);
/* Whether a modem cannot be asked anything now, not there or locked: the
 * client was told why, and what to do. To be asked before all else, since
 * of such a modem neither SIM nor operator is known. */
bool control_hand_blocked(struct client *client, const struct line *line);
/* Says why a person's code or message was not sent: dialogue_begin(). */
void control_hand_fail(struct client *client, const struct line *line, int err);

/* ---- control_totals.c ---------------------------------------------------- */

enum { CONTROL_DAYS_SHOWN = 30 }; /* where nobody said from when on */

/* From "days" (whole local ones, today among them) or "since_ms", or days_else
 * (0: from the first). false: the client was told. */
bool control_take_days(struct client *client, const struct json *args,
	int64_t days_else, int64_t *since_wall_ms);

/* Frees what this client's totals are made from, if he asked for some. */
void control_totals_forget(struct client *client);

/* ---- control_record.c ---------------------------------------------------- */

/* Stops listening to the modem that this client records, if he does. */
void control_record_forget(struct client *client);

/* ---- control_reveal.c ---------------------------------------------------- */

/* Forgets whose PINs this client was to be shown. */
void control_reveal_forget(struct client *client);

/* ---- control_retrieve.c -------------------------------------------------- */

/* Ends what this client retrieves, if he does. */
void control_retrieve_forget(struct client *client);

/* ---- control_sweep.c ----------------------------------------------------- */

/* An act on a batch: its first slice now, the others in turns of their own,
 * whether or not the client stays. nothing: why none moved, if none does. */
struct control_sweep {
	int64_t batch;
	enum voucher_event event;
	const char *reason, *nothing;
};
void control_sweep_begin(
	struct client *client, const struct control_sweep *act);
void control_sweep_forget(const struct client *client);
/* Before the loop goes: what is not done stays so, and is said. */
void control_sweep_end(struct control *control);

/* ---- control_backup.c ---------------------------------------------------- */

/* Ends the backup that this client asked for, if he did. */
void control_backup_forget(const struct client *client);
/* While the ledger cannot be written: ends it, and says so. */
void control_backup_yield(struct control *control);

#endif
