/*
 * modem: one AT device on one port: found, set up, kept ready, and asked
 * USSD codes. The only interface of modem/ that agent/ uses. It knows
 * nothing of vouchers and money, and says of each request whether it can
 * have reached the network (its fate).
 *
 * Time comes in as now_ms (a monotonic clock, milliseconds). Nothing is
 * ever written to the port but inside modem_flush(): the owner calls it
 * when what the bytes stand for is safe on disk. What modem_stop() says in
 * passing, ESC and AT+CUSD=2, stands for nothing: it ends what is open.
 *
 * Callbacks come from inside modem_on_ready(), modem_tick(), modem_flush()
 * and modem_stop(), never from inside modem_ask() and the like, and may call
 * modem_ask() and its like. Short messages: modem_sms.h.
 */
#ifndef MODEM_MODEM_H
#define MODEM_MODEM_H

#include "modem/fate.h"
#include "modem/modem_hooks.h"
#include "modem/modem_info.h"
#include "modem/span.h"

struct modem;
struct modem_message;
struct port;

struct modem_result {
	enum modem_fate fate;
	enum modem_cause cause;
	int code;         /* of a CME error, or -1 */
	struct span text; /* UTF-8; only during the callback */
	bool open;        /* the network waits for an answer of ours */
};

/* How a request may be tried. */
enum modem_try {
	MODEM_ONCE,  /* goes out once, in the coding known best: PINs */
	MODEM_SEARCH /* other codings may be tried too: balance requests */
};

struct modem_options {
	const char *name;    /* for traces; copied */
	const char *dialect; /* a row of the table, or "auto" */
	bool roaming;        /* <stat> 5 counts as registered */
	const char *imei;    /* the only one wanted, or "" or NULL */
};

typedef void modem_on_result(void *ctx, const struct modem_result *result);

/* A modem on a port, which it owns from now on, as yet unopened. NULL when
 * the dialect has no row (the port is then still the caller's). All memory
 * is taken here. */
struct modem *modem_new(const struct modem_options *options, struct port *port,
	const struct modem_hooks *hooks);
void modem_free(struct modem *modem);

/* Whether a dialect of that name ("auto" too) exists. */
bool modem_has_dialect(const char *name);

/* Opens the port as soon as it is there, and sets the modem up. */
void modem_start(struct modem *modem, int64_t now_ms);

/* Ends an open USSD session politely if it need not wait, closes the port. A
 * request under way ends MAYBE_SENT, or NOT_SENT if none of it was flushed. */
void modem_stop(struct modem *modem, int64_t now_ms);

/*
 * Puts back what our settings were before us (charset, +CUSD, +CNMI and more
 * that another program would miss), within three seconds, then it is as after
 * modem_stop(); on_state tells. At once as modem_stop() where a request is
 * under way or nothing can be said. A second call changes nothing.
 */
void modem_leave(struct modem *modem, int64_t now_ms);
/* Whether it was never started, or has stopped: the port is closed. */
bool modem_is_stopped(const struct modem *modem);

/*
 * From now on fn gets each line of the wire as it may be shown to anybody: no
 * code, no number, no digit of a text is in it, and it can still be replayed
 * (transcript.h). It may come from within each call that a callback may come
 * from, and must not call back. NULL ends it.
 */
typedef void modem_record_fn(void *ctx, bool sent, struct span line);
void modem_record(struct modem *modem, modem_record_fn *fn, void *ctx);

/* The descriptor is ready. Reads at most some kilobytes a call. */
void modem_on_ready(struct modem *modem, int64_t now_ms);
/* Acts on deadlines that have passed. */
void modem_tick(struct modem *modem, int64_t now_ms);
/* When modem_tick() wants to be called next; INT64_MAX for never. */
int64_t modem_wake_at(const struct modem *modem);
/* Hands the bytes that wait to the port; deadlines run from here. */
void modem_flush(struct modem *modem, int64_t now_ms);

const struct modem_info *modem_info(const struct modem *modem);

/*
 * Dials a USSD code. The result comes exactly once, later. timeout_ms runs
 * from the flush to the network's answer. code is copied, and wiped once
 * the port has it. 0; -EBUSY when not ready; -EINVAL for a code that is
 * empty, too long, holds a quote or control character, or cannot be coded.
 */
int modem_ask(struct modem *modem, struct span code, enum modem_try how,
	uint32_t timeout_ms, modem_on_result *on_result, void *ctx);

/* Answers an open USSD session; otherwise as modem_ask(). -EPROTO when the
 * session is not open any more (nothing is sent then). */
int modem_reply(struct modem *modem, struct span text, uint32_t timeout_ms,
	modem_on_result *on_result, void *ctx);

/* Closes the USSD session that may be open (AT+CUSD=2), and is ready after. */
void modem_end(struct modem *modem);

/*
 * In on_sim_pin(ASKED) only: types that PIN, once, when it is flushed; 0, or
 * -EINVAL for what is not 4 to 8 digits (TS 102 221 9.5.1), or where ICCID or
 * tries are not known, or fewer than two are left. Copied, and wiped once the
 * port has it. Without it the modem fails.
 */
int modem_enter_pin(struct modem *modem, struct span sim_pin);
/* In on_sim_pin(ASKED) and (REFUSED): why the modem is failed, for people;
 * copied. It is asked again each minute. */
void modem_keep_locked(struct modem *modem, const char *why);

#endif
