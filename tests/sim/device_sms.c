/*
 * device_sms: texts that go out and messages that come: the prompt, its
 * faults, +CMTI and +CMT, and a store that is full.
 * Must never lose what the network still has, nor execute what it then says
 * did not reach the network.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/network_sms.h"

enum { AGAIN_MS = 10000, PART_APART_MS = 400, ACK_MS = 15000, SENT_MS = 800 };

static const char *const fault_names[MAIL_FAULTS] = {
	[MAIL_PROMPT_LATE] = "prompt_late",
	[MAIL_PROMPT_MISSING] = "prompt_missing",
	[MAIL_PROMPT_URC] = "prompt_urc",
	[MAIL_PROMPT_ERROR] = "prompt_error",
	[MAIL_LOST] = "sms_lost",
	[MAIL_REFUSED] = "sms_refused",
	[MAIL_SILENT] = "sms_silent",
	[MAIL_ERROR] = "sms_error",
	[MAIL_LATE] = "sms_late",
	[MAIL_REBOOT] = "sms_reboot",
	[MAIL_CUSD] = "sms_cusd",
};

const char *
mail_fault_name(enum mail_fault fault)
{
	return (unsigned)fault < MAIL_FAULTS ? fault_names[fault] : NULL;
}

enum mail_fault
mail_fault_by_name(const char *name)
{
	int i = 0;
	while (i < MAIL_FAULTS && strcmp(fault_names[i], name) != 0)
		i++;
	return (enum mail_fault)i;
}

void
mail_defaults(struct mail_options *options)
{
	*options = (struct mail_options){.sm_size = 20,
		.me_size = 50,
		.first = 1,
		.delay_ms = {2000, 6000},
		.prompt_ms = 5000,
		.late_ms = 30000,
		.wall_ms = INT64_C(1795348800000)}; /* 2026-11-22T12:00Z */
}

void
device_mail_strike(struct device *device, enum mail_fault fault)
{
	if (device->mail.strike_count < MAIL_STRIKES)
		device->mail.strikes[device->mail.strike_count++] = fault;
}

void
mail_start(struct device *device)
{
	struct mailroom *mail = &device->mail;
	for (int i = 0; i < 3; i++)
		mail->mem[i] = device->dialect->first_store;
	mail->cmgf = mail->csms = mail->cnmi_mode = mail->cnmi_mt = 0;
	mail->unacknowledged = false;
	mail->awaited = 0;
	mail->body_len = 0;
}

/* Another SIM has other messages; the old one's go with it. */
void
mail_swap(struct device *device)
{
	memset(device->mail.stores[0], 0, sizeof device->mail.stores[0]);
	memset(device->mail.transit, 0, sizeof device->mail.transit);
}

/* ---- coming ------------------------------------------------------------ */

static int
send_part(struct device *device, int64_t due_ms,
	const struct sms_message *message, int part)
{
	struct mailroom *mail = &device->mail;
	size_t i = 0;
	while (i < TRANSIT_MAX && mail->transit[i].due_ms != 0)
		i++;
	if (i == TRANSIT_MAX)
		return -1;
	struct mail_transit *transit = &mail->transit[i];
	transit->octets =
		sms_deliver(message, part, transit->hex, sizeof transit->hex);
	transit->message_class = message->message_class;
	transit->order = ++mail->orders;
	transit->due_ms = transit->octets < 0 ? 0 : due_ms;
	return transit->octets < 0 ? -1 : 0;
}

int
device_message(struct device *device, int64_t now_ms,
	const struct sms_message *message, const char *parts)
{
	int total = sms_parts(message);
	size_t n = parts != NULL ? strlen(parts) : (size_t)total;
	int result = total < 0 ? -1 : 0;
	for (size_t i = 0; result == 0 && i < n; i++)
		result = send_part(device,
			now_ms + (int64_t)i * PART_APART_MS + 1, message,
			parts != NULL ? parts[i] - '0' : (int)i + 1);
	return result;
}

/* What the network has to say to the SIM. */
void
mail_answer(struct device *device, int64_t now_ms, const char *text)
{
	const int64_t *delay = device->options.mail.delay_ms;
	int64_t due = now_ms + rng_between(&device->rng, delay[0], delay[1]);
	struct sms_message message = {.smsc = NETWORK_SMS_CENTRE,
		.sender = NETWORK_SMS_SENDER,
		.text = text,
		.stamp_ms = device->options.mail.wall_ms + due,
		.zone_quarters = 4,
		.message_class = SMS_NO_CLASS,
		.reference = ++device->mail.reference};
	if (device->options.mail.by_hand)
		return;
	if (text[0] != '\0' && device_message(device, due, &message, NULL) != 0)
		abort();
}

static bool
is_reachable(const struct device *device, int64_t now_ms)
{
	int stat = at_registration(device, now_ms);
	return device->there && !hang_is_mute(device) &&
	       (stat == 1 || stat >= 5);
}

static bool
tells(const struct device *device, int mt)
{
	return device->mail.cnmi_mode > 0 && device->mail.cnmi_mt == mt;
}

/* Class 0 is shown at once, where anything is shown. */
static bool
is_direct(const struct device *device, const struct mail_transit *transit)
{
	return tells(device, 2) ||
	       (transit->message_class == 0 && tells(device, 1));
}

static void
say_direct(struct device *device, int64_t now_ms, struct mail_transit *transit)
{
	struct mailroom *mail = &device->mail;
	line_say(device, now_ms, "+CMT: ,%ld", transit->octets);
	line_more(device, now_ms, transit->hex);
	if (mail->csms == 1) {
		mail->unacknowledged = true;
		transit->due_ms = now_ms + ACK_MS; /* unless +CNMA */
	} else {
		transit->due_ms = 0;
	}
}

static void
say_full(struct device *device, int64_t now_ms, int store)
{
	if (device->options.mail.full_silent || device->mail.cnmi_mode == 0)
		return;
	if (device->dialect->says_full)
		line_say(device, now_ms, "^SMMEMFULL: \"%s\"",
			store_name(store));
	else
		line_say(device, now_ms, "+CMS ERROR: 322");
}

/* One message that is due arrives, or finds no room and waits. */
static void
arrive(struct device *device, int64_t now_ms, struct mail_transit *transit)
{
	int store = device->mail.mem[2];
	if (is_direct(device, transit)) {
		say_direct(device, now_ms, transit);
		return;
	}
	int index = store_put(device, store, transit->hex, transit->octets);
	if (index < 0) {
		transit->due_ms = now_ms + AGAIN_MS;
		say_full(device, now_ms, store);
		return;
	}
	transit->due_ms = 0;
	if (tells(device, 1))
		line_say(device, now_ms, "+CMTI: \"%s\",%d", store_name(store),
			index);
}

static struct mail_transit *
next_transit(struct device *device)
{
	struct mail_transit *first = NULL;
	for (size_t i = 0; i < TRANSIT_MAX; i++) {
		struct mail_transit *each = &device->mail.transit[i];
		if (each->due_ms != 0 &&
			(first == NULL || each->due_ms < first->due_ms ||
				(each->due_ms == first->due_ms &&
					each->order < first->order)))
			first = each;
	}
	return first;
}

void
mail_tick(struct device *device, int64_t now_ms)
{
	struct mail_transit *transit;
	while ((transit = next_transit(device)) != NULL &&
		transit->due_ms <= now_ms) {
		if (device->mail.unacknowledged && transit->due_ms <= now_ms)
			device->mail.unacknowledged = false; /* given up */
		if (is_reachable(device, now_ms))
			arrive(device, now_ms, transit);
		else
			transit->due_ms = now_ms + AGAIN_MS;
	}
}

int64_t
mail_wake_at(const struct device *device)
{
	int64_t at = 0;
	for (size_t i = 0; i < TRANSIT_MAX; i++) {
		int64_t due = device->mail.transit[i].due_ms;
		at = due != 0 && (at == 0 || due < at) ? due : at;
	}
	return at;
}

/* ---- going ------------------------------------------------------------- */

static enum mail_fault
draw_fault(struct device *device, bool is_pin)
{
	struct mailroom *mail = &device->mail;
	if (mail->strike_count > 0) {
		enum mail_fault fault = mail->strikes[0];
		mail->strike_count--;
		memmove(mail->strikes, mail->strikes + 1,
			mail->strike_count * sizeof *mail->strikes);
		return fault;
	}
	for (int i = 0; is_pin && i < MAIL_FAULTS; i++)
		if (rng_strikes(&device->rng, device->options.mail.chance[i]))
			return (enum mail_fault)i;
	return MAIL_FAULTS;
}

static void
tell_fault(const struct device *device, int64_t now_ms, enum mail_fault fault)
{
	if (fault != MAIL_FAULTS)
		line_event(device, (struct sim_event){.kind = SIM_FAULT,
					   .t_ms = now_ms,
					   .what = mail_fault_name(fault)});
}

/* AT+CMGS=<length>: what it will be is not known yet, so that every fault of
 * the prompt is one of all texts. */
static int
run_cmgs(struct device *device, int64_t now_ms, const char *args)
{
	struct mailroom *mail = &device->mail;
	long octets = args[0] == '=' ? strtol(args + 1, NULL, 10) : 0;
	int error = store_sim_refusal(device, now_ms);
	if (error != AT_OK || strcmp(args, "=?") == 0)
		return error;
	if (mail->cmgf != 0 || octets < 7 || octets > 176)
		return store_refusal(device, now_ms, 304);
	mail->fault = draw_fault(device, true);
	tell_fault(device, now_ms, mail->fault);
	if (mail->fault == MAIL_PROMPT_ERROR)
		return AT_ERROR;
	if (mail->fault == MAIL_PROMPT_MISSING)
		return AT_SILENT;
	if (mail->fault == MAIL_PROMPT_URC) {
		unsigned before = line_turn(device, device->urc);
		line_say(device, now_ms, "+ZUSIMR:2");
		line_say(device, now_ms, "+CMTI: \"SM\",19");
		(void)line_turn(device, before);
	}
	mail->awaited = octets;
	mail->prompt_of = device->at;
	mail->body_len = 0;
	mail->prompt_at_ms = now_ms;
	if (mail->fault == MAIL_PROMPT_LATE)
		mail->prompt_at_ms += device->options.mail.prompt_ms;
	line_bytes(device, mail->prompt_at_ms, "\r\n> ", 4);
	return AT_SILENT;
}

/* The network has it. */
static void
reach(struct device *device, int64_t now_ms, const struct sms_submit *submit)
{
	struct network_answer answer = {.mode = 0};
	struct network_request request = {.modem = device->options.name,
		.imsi = device->sim.imsi,
		.text = submit->text,
		.now_ms = now_ms};
	if (submit->total <= 1)
		network_sms(device->network, submit->number, &request, &answer);
	mail_answer(device, now_ms, answer.sms);
}

static void
say_sent(struct device *device, int64_t due_ms)
{
	line_say(device, due_ms, "+CMGS: %u", ++device->mail.reference & 0xFF);
	line_result(device, due_ms, AT_OK);
	device->blocked_until_ms = due_ms;
}

static void
go(struct device *device, int64_t now_ms, const struct sms_submit *submit)
{
	enum mail_fault fault = device->mail.fault;
	bool reached = fault != MAIL_LOST && fault != MAIL_REFUSED;
	line_event(device, (struct sim_event){.kind = SIM_SMS_SENT,
				   .t_ms = now_ms,
				   .account = submit->number,
				   .text = submit->text,
				   .reached = reached});
	if (reached)
		reach(device, now_ms, submit);
	switch (fault) {
	case MAIL_LOST:
	case MAIL_SILENT:
		break;
	case MAIL_REFUSED:
	case MAIL_ERROR:
		line_say(device, now_ms + SENT_MS, "+CMS ERROR: 500");
		break;
	case MAIL_LATE:
		say_sent(device, now_ms + device->options.mail.late_ms);
		break;
	case MAIL_REBOOT:
		device->plan = (struct device_strike){.fault = DEVICE_REBOOT};
		device->plan_at_ms = now_ms + SENT_MS;
		break;
	case MAIL_CUSD:
		device_push(device, now_ms + SENT_MS / 2, 0,
			"Your last call cost 0.10.");
		say_sent(device, now_ms + SENT_MS);
		break;
	case MAIL_PROMPT_LATE:
	case MAIL_PROMPT_MISSING:
	case MAIL_PROMPT_URC:
	case MAIL_PROMPT_ERROR:
	case MAIL_FAULTS:
		say_sent(device, now_ms + SENT_MS);
		break;
	}
}

static void
submit(struct device *device, int64_t now_ms)
{
	struct mailroom *mail = &device->mail;
	struct sms_submit what;
	long awaited = mail->awaited;
	mail->body[mail->body_len] = '\0';
	mail->awaited = 0;
	if (sms_read_submit(mail->body, &what) != 0 || what.octets != awaited)
		line_say(device, now_ms, "+CMS ERROR: 304");
	else if (!is_reachable(device, now_ms))
		line_say(device, now_ms, "+CMS ERROR: 331");
	else
		go(device, now_ms, &what);
}

/* A byte at the prompt. What comes before it is lost. */
bool
mail_takes_byte(struct device *device, int64_t now_ms, char c)
{
	enum { ESC = 0x1B, CTRL_Z = 0x1A };
	struct mailroom *mail = &device->mail;
	if (mail->awaited == 0 || mail->prompt_of != device->at)
		return false;
	if (now_ms < mail->prompt_at_ms)
		return true;
	if (c == CTRL_Z) {
		submit(device, now_ms);
	} else if (c == ESC) {
		mail->awaited = 0;
		line_result(device, now_ms, AT_OK);
	} else if (mail->body_len + 1 < sizeof mail->body && c != '\r' &&
		   c != '\n') {
		mail->body[mail->body_len++] = c;
	}
	return true;
}

/* ---- settings ---------------------------------------------------------- */

static int
run_cmgf(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CMGF: %d", device->mail.cmgf);
	else if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CMGF: (0,1)");
	else if (strcmp(args, "=0") == 0 || strcmp(args, "=1") == 0)
		device->mail.cmgf = args[1] - '0';
	else
		return AT_ERROR;
	return AT_OK;
}

static int
run_csms(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0) {
		line_say(device, now_ms, "+CSMS: %d,1,1,1", device->mail.csms);
	} else if (strcmp(args, "=0") == 0 || strcmp(args, "=1") == 0) {
		device->mail.csms = args[1] - '0';
		line_say(device, now_ms, "+CSMS: 1,1,1");
	}
	return AT_OK;
}

/* MSM-based ones tell of mode 2 and refuse it. */
static int
run_cnmi(struct device *device, int64_t now_ms, const char *args)
{
	struct mailroom *mail = &device->mail;
	unsigned modes = device->dialect->cnmi_modes;
	char *rest = NULL;
	long mode = args[0] == '=' ? strtol(args + 1, &rest, 10) : -1;
	long mt = rest != NULL && *rest == ',' ? strtol(rest + 1, NULL, 10) : 0;
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CNMI: %d,%d,0,0,0", mail->cnmi_mode,
			mail->cnmi_mt);
	else if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CNMI: (0-%d),(0-3),(0,2),(0,1),(0)",
			modes > 7 ? 3 : 2);
	if (args[0] == '?' || args[1] == '?')
		return AT_OK;
	if (mode < 0 || mode > 3 || mt < 0 || mt > 3)
		return store_refusal(device, now_ms, 302);
	if ((modes & 1U << mode) == 0)
		return store_refusal(device, now_ms, 303);
	mail->cnmi_mode = (int)mode;
	mail->cnmi_mt = (int)mt;
	return AT_OK;
}

static int
run_cnma(struct device *device, int64_t now_ms, const char *args)
{
	struct mailroom *mail = &device->mail;
	(void)args;
	if (!mail->unacknowledged || mail->csms == 0)
		return store_refusal(device, now_ms, 340);
	mail->unacknowledged = false;
	struct mail_transit *first = NULL;
	for (size_t i = 0; i < TRANSIT_MAX; i++) {
		struct mail_transit *each = &mail->transit[i];
		if (each->due_ms != 0 &&
			(first == NULL || each->order < first->order))
			first = each;
	}
	if (first != NULL)
		first->due_ms = 0;
	return AT_OK;
}

static int
run_csca(struct device *device, int64_t now_ms, const char *args)
{
	char number[128];
	int error = store_sim_refusal(device, now_ms);
	if (error != AT_OK)
		return error;
	at_string(device, NETWORK_SMS_CENTRE, number, sizeof number);
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CSCA: \"%s\",145", number);
	return AT_OK;
}

int
mail_command(struct device *device, int64_t now_ms, const char *name,
	const char *args)
{
	static const struct {
		const char *name;
		int (*run)(struct device *, int64_t, const char *);
	} commands[] = {
		{"+CMGS", run_cmgs},
		{"+CMGL", store_cmgl},
		{"+CMGR", store_cmgr},
		{"+CMGD", store_cmgd},
		{"+CPMS", store_cpms},
		{"+CMGF", run_cmgf},
		{"+CSMS", run_csms},
		{"+CNMI", run_cnmi},
		{"+CNMA", run_cnma},
		{"+CSCA", run_csca},
	};
	bool all = !device->dialect->no_mail || strcasecmp(name, "+CMGF") == 0;
	if (strcasecmp(name, "+CPMS") == 0 && device->dialect->no_mail)
		return store_no_stores(device, now_ms, args);
	for (size_t i = 0; all && i < sizeof commands / sizeof commands[0]; i++)
		if (strcasecmp(commands[i].name, name) == 0)
			return commands[i].run(device, now_ms, args);
	return AT_UNKNOWN;
}
