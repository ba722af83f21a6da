/*
 * modem_port: which of several ports is the modem's, and the right one of
 * its: what is heard on the open one is its verdict. Asks nothing itself but
 * who is there. It must never stay on a port that is not the wanted modem's.
 */
#include "modem/modem_inside.h"

#include <string.h>

#include "modem/port.h"

static bool
is_searched(const struct modem *m)
{
	return m->port->ops->judge != NULL;
}

static bool
judge(struct modem *m, enum port_verdict verdict)
{
	return is_searched(m) && m->port->ops->judge(m->port, verdict);
}

const char *
modem_port_why(const struct modem *m)
{
	const char *why = "";

	if (m->port->ops->tell != NULL)
		m->port->ops->tell(m->port, NULL, &why);
	return why;
}

void
modem_port_on_open(struct modem *m)
{
	struct port_spot spot = {.is_ours = true};

	m->is_port_judged = !is_searched(m);
	m->is_port_trusted = !is_searched(m);
	m->has_spoken = m->port_doubted = false;
	if (m->port->ops->tell != NULL)
		m->port->ops->tell(m->port, &spot, NULL);
	(void)span_copy(m->info.port, sizeof m->info.port, span_str(spot.path));
	(void)span_copy(
		m->info.place, sizeof m->info.place, span_str(spot.place));
	m->info.port_doubtful = is_searched(m);
	m->session.is_stranger = !spot.is_ours;
}

void
modem_port_on_close(struct modem *m)
{
	/* It took no command to its end: then it is no port to begin with. */
	if (!m->is_port_judged)
		(void)judge(m, PORT_SILENT);
	m->info.port[0] = m->info.place[0] = '\0';
	m->info.port_doubtful = false;
}

const struct chat_script *
modem_port_probe(const struct modem *m)
{
	return is_searched(m) ? &script_whose : &script_probe;
}

/* TS 23.003 6.2.1: the first 14 digits name it; what stands behind them is a
 * check digit, a spare one, or the version of its software. */
static bool
is_wanted(const struct modem *m)
{
	enum { IMEI_NAME_LEN = 14 };

	return m->wanted_imei[0] == '\0' ||
	       strncmp(m->wanted_imei, m->info.imei, IMEI_NAME_LEN) == 0;
}

/* Which of its ports spoke when it was here before. */
static bool
prefers_other(struct modem *m, bool told)
{
	const char *place = "";

	if (told && m->hooks.on_imei != NULL)
		place = m->hooks.on_imei(m->hooks.ctx, m->info.imei);
	m->is_port_trusted =
		place[0] != '\0' && strcmp(place, m->info.place) == 0;
	return place[0] != '\0' && m->port->ops->prefer(m->port, place);
}

enum session_event
modem_port_on_probe(struct modem *m, enum session_event event)
{
	bool told = chat_has_seen(&m->chat, TAG_IMEI);

	if (!is_searched(m))
		return event;
	if (!told)
		m->info.imei[0] = '\0';
	if (event != SESSION_DONE || (!told && m->wanted_imei[0] != '\0')) {
		m->is_port_judged = true;
		if (judge(m, PORT_SILENT))
			return SESSION_NEXT_PORT;
		/* No remedy is for what may be another's. */
		return event != SESSION_DONE && !m->session.is_stranger
		               ? event
		               : SESSION_NO_PORT;
	}
	m->is_port_judged = true;
	if (!is_wanted(m)) {
		m->info.imei[0] = '\0';
		return judge(m, PORT_STRANGER) ? SESSION_NEXT_PORT
		                               : SESSION_NO_PORT;
	}
	(void)judge(m, PORT_ANSWERS); /* says of no other */
	if (prefers_other(m, told))
		return SESSION_NEXT_PORT;
	m->info.port_doubtful = !m->is_port_trusted;
	return event;
}

void
modem_port_on_spoken(struct modem *m)
{
	if (m->has_spoken)
		return;
	m->has_spoken = true;
	m->port_doubted = false;
	m->info.port_doubtful = false;
	if (!is_searched(m))
		return;
	(void)judge(m, PORT_SPEAKS); /* says of no other */
	if (m->hooks.on_spoke != NULL)
		m->hooks.on_spoke(m->hooks.ctx);
}

void
modem_port_on_line(struct modem *m, struct span line)
{
	/* What the network makes it say, on whichever port it chooses. Not
	 * +CREG: where it is wanted, each port tells it. */
	static const char *const words[] = {"+CUSD:", "+CMTI:", "+CMT:",
		"+CDSI:", "+CDS:", "RING", "+CRING:"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_starts(line, span_str(words[i])))
			modem_port_on_spoken(m);
}

void
modem_port_on_no_answer(struct modem *m)
{
	m->port_doubted = is_searched(m) && !m->has_spoken;
}

bool
modem_port_give_up(struct modem *m, int64_t now_ms)
{
	bool gives_up = m->port_doubted && judge(m, PORT_MUTE);

	m->port_doubted = false;
	if (gives_up)
		(void)session_on(&m->session, SESSION_NEXT_PORT, now_ms);
	return gives_up;
}
