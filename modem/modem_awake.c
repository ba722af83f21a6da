/*
 * modem_awake: a modem that nobody spoke to for some seconds may sleep, and
 * then loses the first bytes: AT goes before what is said next. It must never
 * come between two commands of a script, nor into a prompt.
 */
#include "modem/modem_awake.h"

#include "modem/modem_inside.h"
#include "modem/port.h"

enum {
	QUIET_MS = 4000, /* AT+CSCLK=2: asleep after five seconds of it */
	ANSWER_MS = 300, /* one that is awake answers in milliseconds */
	TRIES_MAX = 5
};

static const char hello[] = "AT\r";

void
modem_awake_on_open(struct modem *m)
{
	m->awake = (struct awake){.state = AWAKE_SURE};
}

void
modem_awake_on_sent(struct modem *m, int64_t now_ms)
{
	m->awake.sent_ms = now_ms;
}

/* Only before the first command of a script: within one the line is in use,
 * and a prompt may wait. */
static bool
is_due(const struct modem *m, int64_t now_ms)
{
	enum session_state state = m->session.state;

	return m->dialect->dozes &&
	       (state == SESSION_READY || state == SESSION_BUSY ||
		       state == SESSION_LEAVING) &&
	       m->job != JOB_ESCAPE && m->job != JOB_NONE && m->chat.at == 0 &&
	       m->chat.sent_tries == 0 && now_ms - m->awake.sent_ms >= QUIET_MS;
}

bool
modem_awake_holds(struct modem *m, int64_t now_ms)
{
	struct awake *awake = &m->awake;
	ssize_t n;

	if (awake->state == AWAKE_ASKED)
		return true;
	if (awake->state == AWAKE_SURE && !is_due(m, now_ms))
		return false;
	n = m->port->ops->write(m->port, hello, sizeof hello - 1);
	if (n < 0) {
		modem_wire_lost(m, now_ms);
		return true;
	}
	awake->tries = awake->state == AWAKE_SURE ? 1 : awake->tries + 1;
	awake->state = AWAKE_ASKED;
	awake->sent_ms = now_ms;
	awake->until_ms = now_ms + ANSWER_MS;
	return true;
}

/* What waits may go, with the next flush. */
static void
let_go(struct modem *m, enum awake_state state)
{
	m->awake.state = state;
	m->flush_again = m->tx_len > 0;
}

void
modem_awake_on_line(struct modem *m, struct span line, int64_t now_ms)
{
	int code;
	enum at_final final = at_final_of(line, &code);

	if (m->awake.state == AWAKE_SURE || final == AT_FINAL_NONE ||
		final == AT_FINAL_CALL)
		return;
	m->awake.sent_ms = now_ms;
	let_go(m, AWAKE_SURE);
}

void
modem_awake_on_tick(struct modem *m, int64_t now_ms)
{
	if (m->awake.state == AWAKE_ASKED && now_ms >= m->awake.until_ms)
		let_go(m, m->awake.tries < TRIES_MAX && m->tx_len > 0
				  ? AWAKE_DUE
				  : AWAKE_SURE);
}

int64_t
modem_awake_wake_at(const struct modem *m)
{
	return m->awake.state == AWAKE_ASKED ? m->awake.until_ms : INT64_MAX;
}
