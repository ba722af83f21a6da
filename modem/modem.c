/*
 * modem: the interface: made, started, stopped, woken, flushed. What is
 * said and heard is in modem_*.c. Nothing is written to the port but in
 * modem_flush(), and what modem_flush() released goes on when it can.
 */
#include "modem/modem_inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "modem/port.h"

static const char any_dialect[] = "auto";
static const char stop_command[] = "AT+CUSD=2\r"; /* 27.007 7.15 */
static const char escape[] = "\x1b";

bool
modem_has_dialect(const char *name)
{
	return strcmp(name, any_dialect) == 0 ||
	       dialect_named(span_str(name)) != NULL;
}

/* Pages of its own: locking is by page, and so is unlocking. */
static size_t
size_in_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct modem) + page - 1) / page * page;
}

static struct modem *
allocate(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct modem *m = aligned_alloc(page, size_in_pages());

	if (m == NULL)
		abort(); /* at start; nothing is on air */
	memset(m, 0, size_in_pages());
	/* Codes and their echoes pass here. Best effort: a limit on locked
	 * memory must not stop us. */
	(void)mlock(m, size_in_pages());
	return m;
}

/* An operator may tell a PIN: locked after the driver's own pages, which
 * surely hold one; best effort, as there. */
static struct mailbox *
allocate_mailbox(void)
{
	struct mailbox *box = malloc(sizeof *box);

	if (box == NULL)
		abort(); /* at start, as above */
	mailbox_init(box);
	(void)mlock(box, sizeof *box);
	return box;
}

/* Its pages stay locked: others of ours may stand on them. */
static void
free_mailbox(struct mailbox *box)
{
	if (box != NULL)
		explicit_bzero(box, sizeof *box);
	free(box);
}

struct modem *
modem_new(const struct modem_options *options, struct port *port,
	const struct modem_hooks *hooks)
{
	bool fixed = strcmp(options->dialect, any_dialect) != 0;
	struct modem *m;

	if (!modem_has_dialect(options->dialect))
		return NULL;
	m = allocate();
	m->hooks = *hooks;
	m->port = port;
	if (hooks->on_sms != NULL)
		m->mail.box = allocate_mailbox();
	m->roaming = options->roaming;
	m->dialect_fixed = fixed;
	m->dialect = fixed ? dialect_named(span_str(options->dialect))
	                   : dialect_of(span_str(""), span_str(""));
	m->coding = m->dialect->codings[0];
	(void)span_copy(m->name, sizeof m->name, span_str(options->name));
	(void)span_copy(m->wanted_imei, sizeof m->wanted_imei,
		span_str(options->imei != NULL ? options->imei : ""));
	session_init(&m->session, MODEM_SETUP_PHASES);
	modem_recover_fit(m);
	framer_init(&m->framer);
	chat_init(&m->chat);
	ask_init(&m->ask);
	m->stall_ms = INT64_MAX;
	m->open_until_ms = INT64_MAX;
	m->leaving.until_ms = INT64_MAX;
	m->info.registration = -1;
	m->info.told_by = "";
	m->info.pin_tries = -1;
	m->info.ussd_unavailable = "";
	m->told_ussd = m->info.ussd_unavailable;
	modem_show(m);
	m->told_state = m->info.state;
	return m;
}

void
modem_free(struct modem *m)
{
	if (m == NULL)
		return;
	modem_wire_close(m);
	m->port->ops->free(m->port);
	free_mailbox(m->mail.box);
	modem_record(m, NULL, NULL);
	explicit_bzero(m, sizeof *m);
	(void)munlock(m, size_in_pages()); /* as mlock() */
	free(m);
}

void
modem_start(struct modem *m, int64_t now_ms)
{
	(void)session_on(&m->session, SESSION_START, now_ms);
	modem_show(m);
}

/* Whether some of a message may be in the modem, but not all of it. */
static bool
is_half_said(const struct modem *m)
{
	return m->job == JOB_SEND && m->is_port_open &&
	       !(m->chat.state == CHAT_WAITING && chat_acts(&m->chat));
}

/* Leaves no menu open at the network, and no modem at its prompt, if the
 * port takes it at once. */
static void
hang_up(struct modem *m)
{
	if (is_half_said(m))
		(void)m->port->ops->write(m->port, escape, sizeof escape - 1);
	if (m->open && m->is_port_open && m->tx_len == 0)
		(void)m->port->ops->write(
			m->port, stop_command, sizeof stop_command - 1);
	m->open = false;
}

void
modem_stop(struct modem *m, int64_t now_ms)
{
	if (m->session.state == SESSION_STOPPED)
		return;
	m->leaving.until_ms = INT64_MAX;
	hang_up(m);
	ask_end(&m->ask, MODEM_STOPPED);
	modem_send_end(m, MODEM_STOPPED);
	(void)session_on(&m->session, SESSION_STOP, now_ms);
	modem_settle(m, now_ms);
}

void
modem_on_ready(struct modem *m, int64_t now_ms)
{
	if (m->is_port_open && m->released && m->tx_len > 0)
		modem_wire_write(m, now_ms);
	(void)modem_wire_read(m, now_ms); /* what is left wakes us again */
	modem_settle(m, now_ms);
}

void
modem_tick(struct modem *m, int64_t now_ms)
{
	m->flush_again = false;
	modem_awake_on_tick(m, now_ms);
	modem_heard_drain(m, now_ms); /* texts that get no closing quote */
	chat_on_tick(&m->chat, now_ms);
	ask_on_tick(&m->ask, now_ms);
	session_on_tick(&m->session, now_ms);
	if (m->open && !m->request.active && now_ms >= m->open_until_ms)
		m->cancel_wanted = true;
	if (now_ms >= m->stall_ms)
		modem_wire_lost(m, now_ms);
	if (now_ms >= m->leaving.until_ms)
		modem_stop(m, now_ms);
	modem_settle(m, now_ms);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
modem_wake_at(const struct modem *m)
{
	int64_t at = session_wake_at(&m->session);

	if (m->flush_again ||
		(m->job == JOB_NONE &&
			(m->refresh_wanted || m->recover_wanted ||
				m->session.wish != SESSION_WISH_NONE)))
		return 0;
	at = earlier(at, chat_wake_at(&m->chat));
	at = earlier(at, modem_mail_wake_at(m));
	at = earlier(at, modem_clock_wake_at(m));
	at = earlier(at, modem_awake_wake_at(m));
	at = earlier(at, ask_wake_at(&m->ask));
	at = earlier(at, framer_wake_at(&m->framer));
	at = earlier(at, m->stall_ms);
	at = earlier(at, m->leaving.until_ms);
	if (m->open && !m->request.active && !m->cancel_wanted)
		at = earlier(at, m->open_until_ms);
	return at;
}

/*
 * What came before a request was sent is no answer to it: it is heard
 * first, and may even take the request back.
 */
static void
hear_before_sending(struct modem *m, int64_t now_ms)
{
	for (int i = 0; i < MODEM_DRAINS_MAX && modem_wire_read(m, now_ms); i++)
		;
	framer_mark(&m->framer);
}

void
modem_flush(struct modem *m, int64_t now_ms)
{
	unsigned serial = m->tx_serial;

	if (!m->is_port_open || m->tx_len == 0 || m->released)
		return;
	if (modem_awake_holds(m, now_ms)) {
		modem_settle(m, now_ms);
		return;
	}
	if (chat_acts(&m->chat))
		hear_before_sending(m, now_ms);
	/* Only what waited when we were called: a callback may have asked
	 * for more since, and that is not on disk yet. */
	if (m->tx_len > 0 && m->tx_serial == serial) {
		m->released = true;
		modem_wire_write(m, now_ms);
	}
	modem_settle(m, now_ms);
	m->flush_again = m->tx_len > 0 && !m->released;
}

const struct modem_info *
modem_info(const struct modem *m)
{
	return &m->info;
}
