/*
 * control_client: one connection of the control socket and its answer
 * lines, for the files of control.
 */
#ifndef AGENT_CONTROL_CLIENT_H
#define AGENT_CONTROL_CLIENT_H

#include "agent/ledger.h"

struct control;
struct json;
struct totals;

enum {
	CLIENT_OUT_LOW = 65536,    /* below this a list goes on */
	CLIENT_OUT_MAX = 1 << 20,  /* beyond this the client is dropped */
	CLIENT_SLICE = 100,        /* rows of a list in one turn */
	CLIENT_ASK_MS = 10 * 1000, /* for the request to come */
	CLIENT_STALL_MS =
		15 * 60 * 1000, /* without reading: somebody's pager */
	CLIENT_PROGRESS_MS = 250,
	CLIENT_TEXT_MAX = 256 /* an argument */
};

/* The exit statuses of topupctl (contract). */
enum {
	CONTROL_DONE = 0,
	CONTROL_REFUSED = 1,
	CONTROL_USAGE = 2,
	CONTROL_NO_DAEMON = 3,
	CONTROL_LEFT_OPEN = 4 /* something is left held or unknown */
};

struct client;
struct reveal;
struct retrieval;
typedef void client_step_fn(struct client *client);
/* A line that came after the request. */
typedef void client_line_fn(struct client *client, struct span line);

/* A list that is sent in slices. */
struct client_list {
	struct ledger_voucher_filter vouchers;
	struct ledger_audit_filter audit;
	char modem[LEDGER_NAME_MAX];    /* whose messages; "": all */
	char operator[LEDGER_NAME_MAX]; /* whose cards; "": all */
	int64_t after;                  /* the last id that was sent */
	int64_t before;                 /* the same, of a list that goes back */
	bool newest;                    /* it does */
	int64_t left;                   /* how many more may be sent */
	int64_t sent;
	bool follow;
	bool left_open; /* what was sent is not all settled: exit 4 */
};

enum client_wait_for {
	CLIENT_WAIT_FILE, /* intake reads what came with the request */
	CLIENT_WAIT_BATCH,
	CLIENT_WAIT_ALL,
	CLIENT_WAIT_VOUCHER,
	CLIENT_WAIT_BALANCE
};

struct client_wait {
	enum client_wait_for what;
	bool is_load;  /* ends with the voucher */
	bool goes_on;  /* submit --wait */
	bool progress; /* wants to be told on the way */
	int64_t batch, voucher, rows, faults;
	bool told_stop;       /* that no modem may dial now */
	int64_t deadline_ms;  /* of the loop's clock; INT64_MAX: none */
	int64_t next_ms;      /* when progress is told again */
	int64_t report_by_ms; /* not waited for longer; 0: not yet */
	char modem[LEDGER_NAME_MAX];
};

/*
 * One connection. Invariants:
 * 1. Bytes leave in client_flush() only, and that is called by the outlet;
 *    or, while the ledger cannot be written, for while_stuck: such a client
 *    only looks.
 * 2. step is called at the same two places: what it reads is on disk.
 * 3. After done, no more lines are queued, and step and on_line are NULL.
 */
struct client {
	struct control *control;
	struct client *next;
	struct loop_poll *poll;
	int fd;
	int passed_fd; /* a file that came with the request, or -1 */
	char who[LEDGER_NAME_MAX];
	bool admin;
	bool asked;            /* the request is whole */
	bool done;             /* the last line is queued */
	bool gone;             /* to be freed at the next outlet */
	bool in_dialogue;      /* a USSD session is his */
	bool records;          /* the wire of a modem */
	bool while_stuck;      /* asked while the ledger could not be written */
	struct totals *totals; /* that he asked for; NULL */
	int64_t since_ms;      /* it came, or was last seen reading */
	char *in;              /* CONTROL_REQUEST_MAX bytes, until asked */
	size_t in_len;
	struct retrieval *retrieval; /* a refused file on its way, or NULL */
	char *out;
	size_t out_len, out_sent, out_cap;
	struct reveal *reveal; /* PINs that are shown after the commit */
	client_step_fn *step;
	client_line_fn *on_line; /* NULL: nothing is expected but the end */
	union {
		struct client_list list;
		struct client_wait wait;
		int64_t since_ms; /* loop clock: a recording began */
		int64_t id;
	} u;
};

/* A connection; owns fd from now on. NULL when it cannot be served. */
struct client *client_new(struct control *control, int fd);
/* Forgets it everywhere; closes. */
void client_free(struct client *client);
/* Reads what is there; runs the request once it is whole. */
void client_receive(struct client *client);
/* Hands over what the socket takes. */
void client_flush(struct client *client);
/* When the client must be looked at again (loop clock). */
int64_t client_deadline(const struct client *client);

/* Queues a line that may hold a PIN; what is queued is wiped once it left,
 * or will not. */
void client_line(struct client *client, struct span line);
/* Queue a line. All take the value over. */
void client_item(struct client *client, struct json *item);
void client_progress(struct client *client, struct json *progress);
void client_done(struct client *client, struct json *done, int exit_status);
void client_fail(struct client *client, int exit_status, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* A mask_takes_pin: people may well type a card's number where it does not
 * belong. No operator's PIN is shorter than ten digits. */
bool client_may_be_pin(const void *ctx, struct span digits);

/* Whether a list may go on. */
bool client_has_room(const struct client *client);

/* The list goes on in the next turn. */
void client_again(struct client *client);

#endif
