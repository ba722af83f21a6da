/*
 * modem_wire: the driver's side of the port. Bytes go out only once they
 * are released; what held a PIN is wiped as soon as the port has it, and
 * no trace shows one (of what is heard: modem_trace).
 */
#include "modem/modem_inside.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "modem/port.h"

enum { TRACE_MAX = 512 };

static bool
is_secret(const struct modem *m)
{
	if (m->job == JOB_SEND)
		return chat_acts(&m->chat); /* a text may hold a PIN */
	if (modem_unlock_is_typing(m))
		return true;
	return m->job == JOB_ASK &&
	       (m->request.how == MODEM_ONCE || m->request.is_reply);
}

static void
trace_sent(struct modem *m)
{
	struct chat_args args = {.code = span_str("<redacted>"),
		.charset = span_str(m->charset ? m->charset : ""),
		.dcs = m->dialect->dcs};
	char text[TRACE_MAX];
	size_t len;

	m->text_heard = false;
	modem_record_sent(m);
	if (m->hooks.on_trace == NULL)
		return;
	if (!is_secret(m))
		m->hooks.on_trace(m->hooks.ctx, true,
			span_trim(span_of(m->tx, m->tx_len)));
	else if (chat_compose(&m->chat, &args, text, sizeof text, &len) == 0)
		m->hooks.on_trace(m->hooks.ctx, true, span_of(text, len - 1));
}

static void
watch(struct modem *m, bool wants_write)
{
	if (m->wants_write == wants_write)
		return;
	m->wants_write = wants_write;
	m->hooks.on_fd(m->hooks.ctx, m->port->ops->fd(m->port), wants_write);
}

int
modem_wire_open(struct modem *m)
{
	int rc = m->port->ops->open(m->port);

	if (rc < 0)
		return rc;
	m->is_port_open = true;
	m->wants_write = false;
	framer_reset(&m->framer);
	modem_awake_on_open(m);
	modem_port_on_open(m);
	m->hooks.on_fd(m->hooks.ctx, m->port->ops->fd(m->port), false);
	return 0;
}

void
modem_wire_close(struct modem *m)
{
	modem_wire_drop(m);
	framer_reset(&m->framer);
	if (!m->is_port_open)
		return;
	m->is_port_open = false;
	m->hooks.on_fd(m->hooks.ctx, -1, false);
	modem_port_on_close(m);
	m->port->ops->close(m->port);
}

void
modem_wire_drop(struct modem *m)
{
	explicit_bzero(m->tx, sizeof m->tx);
	m->tx_len = 0;
	m->tx_off = 0;
	m->released = false;
	m->stall_ms = INT64_MAX;
}

void
modem_wire_lost(struct modem *m, int64_t now_ms)
{
	modem_life_break(m);
	(void)session_on(&m->session, SESSION_LOST, now_ms); /* counted */
}

/* A TCP connection is made, or not, only after open(): what failed then says
 * more than that the port vanished. NULL for what says no more. */
static const char *
why_unreached(int err)
{
	switch (-err) {
	case ECONNREFUSED:
		return "nobody listens at that address";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
		return "there is no way to that address";
	case ETIMEDOUT:
		return "nothing at that address answers";
	default: /* an errno, not an enum of ours */
		return NULL;
	}
}

static void
lose(struct modem *m, int err, int64_t now_ms)
{
	const char *why = why_unreached(err);

	modem_wire_lost(m, now_ms);
	if (why != NULL && m->session.state == SESSION_ABSENT)
		m->session.why = why;
}

bool
modem_wire_read(struct modem *m, int64_t now_ms)
{
	for (int i = 0; i < MODEM_READS_MAX && m->is_port_open; i++) {
		size_t room;
		char *at = framer_room(&m->framer, &room);
		ssize_t n;

		room = room < FRAMER_READ_MAX ? room : FRAMER_READ_MAX;
		n = m->port->ops->read(m->port, at, room);
		if (n == 0)
			return false;
		if (n < 0) {
			lose(m, (int)n, now_ms);
			modem_settle(m, now_ms);
			return false;
		}
		framer_filled(&m->framer, (size_t)n);
		modem_heard_drain(m, now_ms);
	}
	return m->is_port_open;
}

/* The port has all of the command. */
static void
on_sent(struct modem *m, int64_t now_ms)
{
	chat_on_sent(&m->chat, now_ms);
	modem_awake_on_sent(m, now_ms);
	if (m->job == JOB_ASK) {
		ask_on_sent(&m->ask, now_ms);
		m->open = false; /* the answer will say whether it still is */
		if (is_secret(m))
			modem_request_wipe(m);
	}
	if (m->job == JOB_SEND && chat_acts(&m->chat))
		explicit_bzero(&m->sending.pdu, sizeof m->sending.pdu);
	if (modem_unlock_is_typing(m))
		modem_unlock_wipe(m);
	modem_wire_drop(m);
}

static void
on_sending(struct modem *m, int64_t now_ms)
{
	chat_on_sending(&m->chat);
	if (m->job == JOB_ASK)
		ask_on_sending(&m->ask);
	m->sending.left =
		m->sending.left || (m->job == JOB_SEND && chat_acts(&m->chat));
	m->unlock.typed = m->unlock.typed || modem_unlock_is_typing(m);
	m->stall_ms = now_ms + MODEM_STALL_MS;
}

/* Hands over what is released. An error means that the port took nothing
 * of what was offered last. */
void
modem_wire_write(struct modem *m, int64_t now_ms)
{
	if (m->tx_off == 0 && m->stall_ms == INT64_MAX) {
		trace_sent(m);
		m->masked = m->masked || is_secret(m);
		m->stall_ms = now_ms + MODEM_STALL_MS;
	}
	while (m->tx_off < m->tx_len) {
		ssize_t n = m->port->ops->write(
			m->port, m->tx + m->tx_off, m->tx_len - m->tx_off);

		if (n < 0) {
			lose(m, (int)n, now_ms);
			return;
		}
		if (n == 0)
			break;
		on_sending(m, now_ms);
		explicit_bzero(m->tx + m->tx_off, (size_t)n);
		m->tx_off += (size_t)n;
	}
	watch(m, m->tx_off < m->tx_len);
	if (m->tx_off == m->tx_len)
		on_sent(m, now_ms);
}

void
modem_wire_compose(struct modem *m)
{
	char coded[MODEM_TX_MAX] = "";
	struct chat_args args;
	size_t len;

	if (m->chat.state != CHAT_TO_SEND || m->tx_len > 0 || !m->is_port_open)
		return;
	args = modem_request_args(m, coded, sizeof coded);
	m->tx_serial++;
	if (chat_compose(&m->chat, &args, m->tx, sizeof m->tx, &len) == 0)
		m->tx_len = len;
	else
		chat_break(&m->chat); /* modem_ask() has seen that it fits */
	explicit_bzero(coded, sizeof coded);
}
