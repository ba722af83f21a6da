/*
 * modem_sms: messages that come: listed, read when told of, handed over, and
 * deleted once their owner has them. All of it while the wire is free. It must
 * never delete but by index, nor keep a request waiting for more than the
 * script under way.
 */
#include "modem/modem_inside.h"

#include <string.h>

/* ---- what is to be done ------------------------------------------------ */

void
modem_mail_break(struct modem *m)
{
	m->mail.work = MAIL_IDLE;
	m->mail.entry = false;
	m->mail.direct = MAIL_NO_DIRECT;
	if (m->mail.round > 0)
		m->mail.list_at_ms = 0;
	m->mail.round = 0;
}

void
modem_mail_doubt(struct modem *m)
{
	if (m->mail.box == NULL)
		return;
	modem_mail_break(m);
	mailbox_forget_stored(m->mail.box);
	m->mail.told_count = 0;
	m->mail.reading = 0;
	m->mail.list_at_ms = 0;
	m->mail.owes = false;
	m->info.smsc[0] = '\0';
}

void
modem_sms_done(struct modem *m, uint64_t handle)
{
	if (m->mail.box != NULL && mailbox_done(m->mail.box, handle) > 0)
		m->mail.owes = m->mail.acknowledges;
}

static void
begin(struct modem *m, enum mail_work work, const struct chat_script *script)
{
	m->mail.work = work;
	m->mail.entry = false;
	modem_job_run(m, JOB_MAIL, script);
}

/* By place: a modem that has no stores to choose from has one all the same. */
static const struct chat_script *
script_for(const struct modem *m, const struct chat_script *choosing,
	const struct chat_script *only)
{
	return m->mail.place.store[0] != '\0' ? choosing : only;
}

static void
store_of_round(const struct modem *m, unsigned round, char *store)
{
	const char *name =
		round < DIALECT_STORES ? m->dialect->stores[round] : "";

	(void)span_copy(store, MAILBOX_STORE_MAX, span_str(name));
}

/* Messages of another SIM are not this one's. */
static void
begin_round(struct modem *m)
{
	struct mail *mail = &m->mail;

	if (strcmp(mail->imsi, m->info.imsi) != 0) {
		mailbox_init(mail->box);
		memcpy(mail->imsi, m->info.imsi, sizeof mail->imsi);
	}
	mail->round = 1;
	mail->gave = false;
	mail->chosen = 0;
	store_of_round(m, 0, mail->place.store);
	begin(m, MAIL_PREPARE, m->dialect->mail);
}

static void
end_round(struct modem *m, int64_t now_ms)
{
	m->mail.round = 0;
	m->mail.failures = 0;
	m->mail.list_at_ms = now_ms + MAIL_LIST_MS;
	m->mail.give = true;
}

/* Each store in turn, and, when none of them could be chosen, whatever the
 * modem has. */
static void
go_round(struct modem *m, int64_t now_ms)
{
	struct mail *mail = &m->mail;
	unsigned at = mail->round - 1;

	if (at > DIALECT_STORES || (at == DIALECT_STORES && mail->chosen > 0)) {
		end_round(m, now_ms);
		return;
	}
	store_of_round(m, at, mail->place.store);
	mailbox_begin_listing(mail->box, mail->place.store);
	mail->round++;
	begin(m, MAIL_LIST, script_for(m, &script_list, &script_list_only));
}

static bool
is_free(const struct modem *m)
{
	return m->mail.box != NULL && m->session.state == SESSION_READY &&
	       m->job == JOB_NONE && !m->request.active && !m->sending.active &&
	       !m->cancel_wanted && !m->escape_wanted;
}

/* In the order in which they were told: parts are read one after the other,
 * and what is told meanwhile waits for the next round. */
static void
take_told(struct mail *mail)
{
	if (mail->reading == 0)
		mail->reading = mail->told_count;
	mail->reading--;
	mail->told_count--;
	mail->place = mail->told[0];
	memmove(mail->told, mail->told + 1,
		mail->told_count * sizeof *mail->told);
}

/* The next thing to do with messages. Whether something was done. */
bool
modem_mail_begin_job(struct modem *m, int64_t now_ms)
{
	struct mail *mail = &m->mail;

	if (!is_free(m) || now_ms < mail->quiet_at_ms)
		return false;
	if (mail->owes) {
		mail->owes = false;
		begin(m, MAIL_ACKNOWLEDGE, &script_acknowledge);
	} else if (mailbox_next_over(mail->box, &mail->place)) {
		mailbox_doubt(mail->box, &mail->place); /* without its OK */
		begin(m, MAIL_DELETE,
			script_for(m, &script_delete, &script_delete_only));
	} else if (mail->round > 0) {
		go_round(m, now_ms);
	} else if (now_ms >= mail->list_at_ms && !m->leaving.asked_mail) {
		m->leaving.asked_mail = true;
		begin(m, MAIL_REMEMBER, &script_remember_mail);
	} else if (now_ms >= mail->list_at_ms) {
		begin_round(m);
	} else if (mail->told_count > 0 && now_ms >= mail->read_at_ms) {
		take_told(mail);
		begin(m, MAIL_READ,
			script_for(m, &script_read, &script_read_only));
	} else {
		return false;
	}
	return true;
}

int64_t
modem_mail_wake_at(const struct modem *m)
{
	const struct mail *mail = &m->mail;
	struct mailbox_place place;
	int64_t at = mail->list_at_ms;

	if (mail->give)
		return 0;
	if (!is_free(m))
		return INT64_MAX;
	if (mail->told_count > 0 && mail->read_at_ms < at)
		at = mail->read_at_ms;
	if (mail->owes || mail->round > 0 ||
		mailbox_next_over(mail->box, &place))
		at = 0;
	return at > mail->quiet_at_ms ? at : mail->quiet_at_ms;
}

void
modem_mail_args(const struct modem *m, struct chat_args *args)
{
	args->store = span_str(m->mail.place.store);
	args->number = (unsigned)m->mail.place.index;
}

/* ---- what came of it --------------------------------------------------- */

static void
pause_mail(struct modem *m, int64_t now_ms)
{
	struct mail *mail = &m->mail;
	int64_t pause_ms = MAIL_PAUSE_MS;

	for (unsigned i = 0; i < mail->failures && pause_ms < MAIL_LIST_MS; i++)
		pause_ms *= 2;
	mail->failures++;
	mail->round = 0;
	mail->list_at_ms = 0;
	mail->quiet_at_ms = now_ms + pause_ms;
}

static void
on_list(struct modem *m, int64_t now_ms)
{
	struct mail *mail = &m->mail;

	modem_mail_end_entry(m, now_ms);
	mailbox_end_listing(mail->box, mail->place.store, true);
	mail->chosen++;
	if (mail->full)
		mailbox_give_up_garbage(mail->box, mail->place.store);
}

/*
 * What was shown before is handed over and deleted, which makes the next
 * listing shorter: a slow SIM, or one with a record that cannot be read, would
 * else never give anything. Fellows of a part may stand in what is missing.
 */
static void
on_cut_list(struct modem *m)
{
	struct mail *mail = &m->mail;

	mailbox_end_listing(mail->box, mail->place.store, false);
	if (mail->full)
		mailbox_give_up_garbage(mail->box, mail->place.store);
	mail->gave = true; /* no impatience */
	mail->give = true;
}

static void
on_done(struct modem *m, enum mail_work work, int64_t now_ms)
{
	switch (work) {
	case MAIL_IDLE:
	case MAIL_REMEMBER:
	case MAIL_PREPARE:
	case MAIL_ACKNOWLEDGE:
		break;
	case MAIL_LIST:
		on_list(m, now_ms);
		break;
	case MAIL_READ:
		modem_mail_end_entry(m, now_ms);
		m->mail.give = true;
		break;
	case MAIL_DELETE:
		mailbox_drop(m->mail.box, &m->mail.place);
		break;
	}
}

/* A store that cannot be chosen is passed over; one that cannot be listed,
 * just after a start perhaps, is listed again. */
static void
on_failed(struct modem *m, enum mail_work work, int64_t now_ms)
{
	bool by_store = m->chat.failed_tag == TAG_STORE;

	if (work == MAIL_DELETE)
		mailbox_drop(m->mail.box, &m->mail.place); /* or it is listed */
	if (work == MAIL_LIST && !by_store) {
		on_cut_list(m);
		pause_mail(m, now_ms);
	}
}

void
modem_mail_on_job(struct modem *m, int64_t now_ms)
{
	enum mail_work work = m->mail.work;

	m->mail.work = MAIL_IDLE;
	switch (m->chat.result) {
	case CHAT_DONE:
		on_done(m, work, now_ms);
		break;
	case CHAT_FAILED:
		on_failed(m, work, now_ms);
		break;
	case CHAT_TIMED_OUT:
		if (work == MAIL_LIST)
			on_cut_list(m);
		m->mail.give = m->mail.give || work == MAIL_READ;
		pause_mail(m, now_ms);
		m->escape_wanted = true; /* in step again */
		break;
	case CHAT_NOT_OVER:
	case CHAT_BROKEN:
		break;
	}
	m->mail.entry = false;
	if (work == MAIL_READ && m->mail.reading == 0)
		m->mail.read_at_ms = now_ms + MAIL_READ_MS;
}

/* ---- handing over ------------------------------------------------------ */

static void
hand_over(struct modem *m, const struct mailbox_message *message)
{
	const struct mailbox_slot *first = message->first;
	struct modem_message out = {.handle = message->handle,
		.sender = first->sender,
		.smsc = first->smsc,
		.stamp_utc_ms = first->sent.utc_ms,
		.stamp_known = first->sent.known,
		.message_class = first->message_class,
		.incomplete = message->incomplete,
		.text_utf8 = message->text_utf8};

	m->hooks.on_sms(m->hooks.ctx, &out);
	mailbox_wipe_text(m->mail.box);
}

/* A store is full, and nothing but parts without their fellows fills it. */
static bool
is_impatient(const struct modem *m)
{
	struct mailbox_place place;

	return m->mail.full && m->mail.round == 0 && !m->mail.gave &&
	       !mailbox_next_over(m->mail.box, &place);
}

/* One message a call: its owner may ask for something else. */
bool
modem_mail_give(struct modem *m, int64_t now_ms)
{
	struct mail *mail = &m->mail;
	struct mailbox_message message;

	if (!mail->give || mail->box == NULL)
		return false;
	if (!mailbox_next(mail->box, now_ms, false, &message) &&
		(!is_impatient(m) ||
			!mailbox_next(mail->box, now_ms, true, &message))) {
		mail->give = false;
		mail->full = mail->full && mail->round > 0;
		return false;
	}
	mail->gave = true;
	hand_over(m, &message);
	return true;
}
