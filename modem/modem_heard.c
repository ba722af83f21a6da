/*
 * modem_heard: what a line from the modem means: for the command under way,
 * for the request, for what is known of the modem (who it is: modem_identity).
 * It must never believe a value that does not have the form it should have.
 */
#include "modem/modem_inside.h"

#include <string.h>

#include "modem/sim_tries.h"
#include "modem/ucs2.h"

/* 27.007 7.2: <stat> of +CREG. */
enum {
	STAT_HOME = 1,
	STAT_DENIED = 3,
	STAT_ROAMING = 5,
	STAT_SMS_ONLY = 6,
	STAT_SMS_ONLY_ROAMING = 7,
	STAT_NO_CSFB = 9,
	STAT_NO_CSFB_ROAMING = 10
};

static const char why_sms_only[] =
	"registered for SMS only: the network carries no USSD here";

/* Said at a start, or at an end: settings and sessions are gone. */
static const char radio_is_on[] = "+CFUN: 1"; /* or on again */
static const char *const restarts[] = {
	"RDY", radio_is_on, "^SYSSTART", "NORMAL POWER DOWN"};

/* ---- values ------------------------------------------------------------ */

static void
on_signal(struct modem *m, struct span line)
{
	enum { RSSI_MAX = 31, DBM_0 = -113 }; /* 27.007 8.5: 2 dB a step */
	struct at_fields fields;
	uint32_t rssi;

	if (!at_fields_init(&fields, line, span_str("+CSQ:")) ||
		at_fields_u32(&fields, UINT8_MAX, &rssi) < 0)
		return;
	m->info.signal_dbm = rssi <= RSSI_MAX ? DBM_0 + 2 * (int)rssi : 0;
}

/* A name in UCS-2 hex, which the modem's charset made of it. */
static bool
name_from_ucs2(struct span hex, char *out, size_t cap)
{
	enum { NAME_OCTETS = 64, UNIT_DIGITS = 4 };
	uint8_t octets[NAME_OCTETS];
	size_t n;
	size_t len;

	return hex.len >= UNIT_DIGITS && hex.len % UNIT_DIGITS == 0 &&
	       span_from_hex(hex, octets, sizeof octets, &n) == 0 &&
	       ucs2_to_utf8(octets, n, out, cap, &len) == 0;
}

/* 27.007 8.2: 0 is minimum, 4 is no radio; others have one, in some way, but
 * for 19 (u-blox: minimum, without the SIM). A second number may follow. */
static void
on_radio(struct modem *m, struct span line)
{
	enum { MINIMUM = 0, NO_RADIO = 4, NO_SIM = 19 };
	struct at_fields fields;
	uint32_t level;

	if (at_fields_init(&fields, line, span_str("+CFUN:")) &&
		at_fields_u32(&fields, UINT8_MAX, &level) == 0 &&
		(level == MINIMUM || level == NO_RADIO || level == NO_SIM))
		chat_unsee(&m->chat, TAG_RADIO);
}

/* E-UTRAN, and what came after it; 8 is GSM (27.007 7.3 <AcT>). */
static void
on_access(struct modem *m, struct at_fields *rest)
{
	enum { ACT_E_UTRAN = 7, ACT_EC_GSM_IOT = 8 };
	uint32_t access;

	if (at_fields_u32(rest, UINT8_MAX, &access) == 0)
		m->info.on_lte =
			access >= ACT_E_UTRAN && access != ACT_EC_GSM_IOT;
}

/* +COPS: <mode>,<format>,"<name>"[,<AcT>] (27.007 7.3). */
static void
on_network(struct modem *m, struct span line)
{
	struct at_fields fields;
	struct at_field field;
	struct span name;

	if (!at_fields_init(&fields, line, span_str("+COPS:")) ||
		!at_fields_next(&fields, &field) ||
		!at_fields_next(&fields, &field) ||
		!at_fields_next(&fields, &field))
		return;
	name = field.text;
	while (name.len > 0 && name.ptr[name.len - 1] == '@')
		name.len--; /* what is left of a padded septet string */
	if (m->charset == NULL || strcmp(m->charset, "UCS2") != 0 ||
		!name_from_ucs2(name, m->info.network, sizeof m->info.network))
		(void)span_copy(m->info.network, sizeof m->info.network, name);
	on_access(m, &fields);
}

/* +CSCA: "<number>",<type> (27.005 3.3.1). */
static void
on_centre(struct modem *m, struct span line)
{
	struct at_fields fields;
	struct at_field number;
	char *smsc = m->info.smsc;

	if (!at_fields_init(&fields, line, span_str("+CSCA:")) ||
		!at_fields_next(&fields, &number))
		return;
	if (m->charset == NULL || strcmp(m->charset, "UCS2") != 0 ||
		!name_from_ucs2(number.text, smsc, sizeof m->info.smsc))
		(void)span_copy(smsc, sizeof m->info.smsc, number.text);
}

/* ---- SIM and registration ---------------------------------------------- */

static void
on_sim(struct modem *m, struct span line, int64_t now_ms)
{
	static const struct {
		const char *value;
		enum session_event event;
	} rows[] = {
		{"READY", SESSION_SIM_READY},
		{"SIM PIN2", SESSION_SIM_READY}, /* blocks no USSD */
		{"SIM PUK2", SESSION_SIM_READY},
		{"SIM PIN", SESSION_SIM_PIN},
		{"SIM PUK", SESSION_SIM_PUK},
		{"NOT INSERTED", SESSION_SIM_ABSENT},
		{"NOT READY", SESSION_SIM_BUSY},
		{"PH-", SESSION_SIM_BAD},
	};
	struct span value = at_value_of(line);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!span_starts(value, span_str(rows[i].value)))
			continue;
		m->sim_ready = rows[i].event == SESSION_SIM_READY;
		(void)session_on(&m->session, rows[i].event, now_ms);
		return;
	}
}

static void
on_pin_tries(struct modem *m, struct span line)
{
	unsigned tries;

	if (sim_tries_of(line, &tries) != 0)
		return;
	m->info.pin_tries = (int)tries;
	chat_saw(&m->chat, TAG_PIN_TRIES);
}

static enum session_event
event_of_stat(const struct modem *m, int stat)
{
	switch (stat) {
	case STAT_HOME:
	case STAT_NO_CSFB:
	case STAT_SMS_ONLY:
		return SESSION_REGISTERED;
	case STAT_ROAMING:
	case STAT_NO_CSFB_ROAMING:
	case STAT_SMS_ONLY_ROAMING:
		return m->roaming ? SESSION_REGISTERED : SESSION_ROAMING;
	case STAT_DENIED:
		return SESSION_DENIED;
	default: /* a number from the modem, not an enum of ours */
		return SESSION_UNREGISTERED;
	}
}

static void
on_registration(struct modem *m, struct span line, int64_t now_ms)
{
	struct at_registration said;
	int stat;

	if (!at_registration_of(line, &said))
		return;
	stat = said.stat;
	m->info.registration = stat;
	m->info.ussd_unavailable =
		stat == STAT_SMS_ONLY || stat == STAT_SMS_ONLY_ROAMING
			? why_sms_only
			: "";
	if (m->info.ussd_unavailable[0] != '\0')
		modem_request_take_back(m, MODEM_USSD_UNAVAILABLE);
	if (m->session.state == SESSION_REGISTERING ||
		m->session.state == SESSION_READY ||
		m->session.state == SESSION_BUSY)
		(void)session_on(&m->session, event_of_stat(m, stat), now_ms);
}

/* ---- lines ------------------------------------------------------------- */

static void
on_info(struct modem *m, enum script_tag tag, struct span line, int64_t now_ms)
{
	switch (tag) {
	case TAG_NONE:
	case TAG_CHARSET:
	case TAG_ALIVE:
		break;
	case TAG_MAKER:
	case TAG_MODEL:
	case TAG_FIRMWARE:
	case TAG_ABOUT:
	case TAG_IMEI:
	case TAG_IMSI:
	case TAG_ICCID:
		modem_identity_on_info(m, tag, line, now_ms);
		break;
	case TAG_SIM:
		on_sim(m, line, now_ms);
		break;
	case TAG_REGISTRATION:
		on_registration(m, line, now_ms);
		break;
	case TAG_SIGNAL:
		on_signal(m, line);
		break;
	case TAG_RADIO:
		on_radio(m, line);
		break;
	case TAG_NETWORK:
		on_network(m, line);
		break;
	case TAG_USSD:
		modem_port_on_line(m, line);
		modem_cusd_on_line(m, line, false, now_ms);
		break;
	case TAG_SENT:
		m->sending.accepted = true;
		break;
	case TAG_MAIL:
		modem_mail_on_info(m, line, now_ms);
		break;
	case TAG_STORE:
		modem_mail_on_store(m, line);
		break;
	case TAG_SERVICE:
		m->mail.acknowledges =
			span_starts(at_value_of(line), span_str("1"));
		break;
	case TAG_CENTRE:
		on_centre(m, line);
		break;
	case TAG_WAS_CHARSET:
	case TAG_WAS_USSD:
	case TAG_WAS_NEWS:
	case TAG_WAS_MODE:
	case TAG_WAS_REGISTRATION:
	case TAG_WAS_ERRORS:
	case TAG_WAS_FORMAT:
	case TAG_WAS_NOISE:
	case TAG_WAS_SERVICE:
	case TAG_WAS_STORES:
	case TAG_WAS_ECHO:
		modem_leave_on_info(m, tag, line, now_ms);
		break;
	case TAG_PIN_TRIES:
		on_pin_tries(m, line);
		break;
	case TAG_TIME:
		modem_clock_on_info(m, line, now_ms);
		break;
	}
}

static bool
is_restart(const struct modem *m, struct span line)
{
	/* While probing they are the end of what made us probe. */
	if (m->session.state == SESSION_PROBING ||
		(m->session.refreshing && span_eq(line, span_str(radio_is_on))))
		return false;
	for (size_t i = 0; i < sizeof restarts / sizeof *restarts; i++)
		if (span_eq(line, span_str(restarts[i])))
			return true;
	return false;
}

/* A SIM that comes or goes: +CPIN (27.007 8.3), ^SIMST as Huawei's say it (1:
 * it is valid), +SIMCARD: NOT AVAILABLE as SIMCom's. What is on air is not
 * broken off for it. */
static void
on_sim_news(struct modem *m, struct span line, int64_t now_ms)
{
	bool ready = span_eq(at_value_of(line), span_str("READY")) ||
	             span_eq(at_value_of(line), span_str("1"));

	if (!ready && m->session.state == SESSION_BUSY)
		m->sim_doubted = true;
	if (m->session.state == SESSION_FAILED && ready) {
		(void)session_on(&m->session, SESSION_SIM_READY, now_ms);
	} else if (!ready && m->session.state == SESSION_REREADING) {
		chat_break(&m->chat);
		modem_wire_drop(m);
		m->job = JOB_NONE;
		(void)session_on(&m->session, SESSION_SIM_BUSY, now_ms);
	} else if (m->session.state == SESSION_UNLOCKING && m->unlock.typed) {
		return; /* it starts, or not: that is looked at */
	} else if (!ready && m->session.state != SESSION_SETTING_UP) {
		if (m->session.state == SESSION_UNLOCKING)
			modem_life_break(m); /* before it left */
		(void)session_on(&m->session, SESSION_SIM_CHANGED, now_ms);
	}
}

static void
on_unsolicited(struct modem *m, struct span line, bool stale, int64_t now_ms)
{
	int code = -1;
	enum at_final final = at_final_of(line, &code);

	modem_port_on_line(m, line);
	modem_clock_on_line(m, line, now_ms);
	if (span_starts(line, span_str("+CUSD:")))
		modem_cusd_on_line(m, line, stale, now_ms);
	else if (modem_send_is_at_prompt(m) && final != AT_FINAL_NONE &&
		 final != AT_FINAL_OK && final != AT_FINAL_CALL)
		modem_send_end(m, MODEM_REFUSED); /* there is no prompt now */
	else if (span_starts(line, span_str("+CREG:")))
		on_registration(m, line, now_ms);
	else if (span_starts(line, span_str("+CPIN:")) ||
		 span_starts(line, span_str("^SIMST:")) ||
		 span_starts(line, span_str("+SIMCARD:")))
		on_sim_news(m, line, now_ms);
	else if (is_restart(m, line))
		modem_life_restart(m, now_ms);
	else if (!stale && m->job == JOB_NONE && final != AT_FINAL_NONE &&
		 final != AT_FINAL_OK && final != AT_FINAL_CALL)
		ask_on_final(&m->ask, final, code, now_ms);
}

static void
on_line(struct modem *m, struct span line, bool stale, int64_t now_ms)
{
	bool asking = m->job == JOB_ASK;
	unsigned tag = chat_tag(&m->chat);
	enum chat_took took = CHAT_UNSOLICITED;

	modem_awake_on_line(m, line, now_ms);
	if (modem_mail_on_line(m, line, now_ms)) {
		modem_port_on_line(m, line);
		return;
	}
	if (!stale)
		took = chat_on_line(&m->chat, line, now_ms);
	switch (took) {
	case CHAT_UNSOLICITED:
		on_unsolicited(m, line, stale, now_ms);
		break;
	case CHAT_INFO:
		on_info(m, (enum script_tag)tag, line, now_ms);
		break;
	case CHAT_FINAL:
		if (asking)
			ask_on_final(
				&m->ask, m->chat.final, m->chat.code, now_ms);
		break;
	}
}

static bool
expects_prompt(const struct modem *m)
{
	return m->job == JOB_ESCAPE || chat_expects_prompt(&m->chat);
}

void
modem_heard_drain(struct modem *m, int64_t now_ms)
{
	struct frame frame;

	while (m->is_port_open) {
		framer_expect_prompt(&m->framer, expects_prompt(m));
		frame = framer_next(&m->framer, now_ms);
		if (frame.kind == FRAME_NONE)
			break;
		modem_wire_trace(m, frame.text, frame.kind == FRAME_ECHO);
		switch (frame.kind) {
		case FRAME_LINE:
			on_line(m, frame.text, frame.stale, now_ms);
			break;
		case FRAME_PROMPT:
			modem_send_on_prompt(m, now_ms);
			break;
		case FRAME_ECHO:
			modem_leave_on_echo(m);
			break;
		case FRAME_NONE:
		case FRAME_OVERFLOW:
			break;
		}
		modem_settle(m, now_ms);
	}
}
