/*
 * modem_clock: the network's time, as the modem tells it by itself or when
 * asked. It must never take a time from the modem's own clock: that one only
 * says whether what the network said still holds.
 */
#include "modem/modem_inside.h"

#include "modem/nitz.h"

void
modem_clock_doubt(struct modem *m)
{
	m->clock = (struct modem_clock){.told = false};
}

static void
show(struct modem *m, int64_t utc_ms, int64_t now_ms)
{
	m->info.network_utc_ms = utc_ms;
	m->info.network_at_ms = now_ms;
}

static void
take(struct modem *m, int64_t utc_ms, int64_t now_ms)
{
	m->clock.told = true;
	m->clock.utc_ms = utc_ms;
	m->clock.at_ms = now_ms;
	show(m, utc_ms, now_ms);
}

/* While we probe, lines come that waited in the modem until its port was
 * opened, nobody knows how long. */
void
modem_clock_on_line(struct modem *m, struct span line, int64_t now_ms)
{
	struct nitz nitz;

	if (m->session.state == SESSION_PROBING || nitz_of(line, &nitz) != 0 ||
		nitz.kind != NITZ_NEWS)
		return;
	take(m, nitz.utc_ms, now_ms);
	m->clock.follows = false;
	m->clock.ask_at_ms = now_ms + MODEM_CLOCK_ASK_MS;
}

static bool
is_near(int64_t a_ms, int64_t b_ms)
{
	return a_ms - b_ms <= MODEM_CLOCK_OFF_MS &&
	       b_ms - a_ms <= MODEM_CLOCK_OFF_MS;
}

/*
 * In either reading it may agree with the network's word; that word, not its
 * own, is what then holds anew. One that agreed, and does not any more, makes
 * the word doubtful: it was set, or our own clock stood still.
 */
static void
compare(struct modem *m, const struct nitz *nitz, int64_t now_ms)
{
	struct modem_clock *clock = &m->clock;
	int64_t utc_ms = clock->utc_ms + now_ms - clock->at_ms;

	if (!clock->told)
		return;
	if (is_near(nitz->utc_ms, utc_ms) || is_near(nitz->other_ms, utc_ms)) {
		clock->follows = true;
		show(m, utc_ms, now_ms);
	} else if (clock->follows) {
		clock->told = clock->follows = false;
		show(m, 0, 0);
	}
}

void
modem_clock_on_info(struct modem *m, struct span line, int64_t now_ms)
{
	struct nitz nitz;

	if (nitz_of(line, &nitz) != 0)
		return;
	switch (nitz.kind) {
	case NITZ_NEWS:
		break;
	case NITZ_ASKED:
		take(m, nitz.utc_ms, now_ms);
		break;
	case NITZ_CLOCK:
		compare(m, &nitz, now_ms);
		break;
	}
}

/* ---- asking ------------------------------------------------------------- */

/* NULL where an answer would be of no use. */
static const struct chat_script *
question(const struct modem *m)
{
	if (m->dialect->clock != NULL && !m->clock.refused)
		return m->dialect->clock;
	return m->clock.told && !m->clock.mute ? &script_clock : NULL;
}

static bool
is_free(const struct modem *m)
{
	return m->session.state == SESSION_READY && m->job == JOB_NONE &&
	       !m->request.active && !m->sending.active && !m->cancel_wanted &&
	       !m->escape_wanted;
}

bool
modem_clock_begin_job(struct modem *m, int64_t now_ms)
{
	const struct chat_script *script = question(m);

	if (!is_free(m) || script == NULL || now_ms < m->clock.ask_at_ms)
		return false;
	m->clock.ask_at_ms = now_ms + MODEM_CLOCK_ASK_MS;
	modem_job_run(m, JOB_CLOCK, script);
	return true;
}

/* What it does not know is not asked again in this life. */
void
modem_clock_on_job(struct modem *m)
{
	bool refused = m->chat.result == CHAT_FAILED ||
	               m->chat.result == CHAT_TIMED_OUT;

	if (refused && m->chat.script == &script_clock)
		m->clock.mute = true;
	else if (refused)
		m->clock.refused = true;
	if (m->chat.result == CHAT_TIMED_OUT)
		m->escape_wanted = true; /* in step again */
}

int64_t
modem_clock_wake_at(const struct modem *m)
{
	return is_free(m) && question(m) != NULL ? m->clock.ask_at_ms
	                                         : INT64_MAX;
}
