/*
 * device_ussd: AT+CUSD: what a request becomes on air, and which fault it
 * meets. Must never execute a PIN that it then says was refused locally.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/gsm.h"

/* How a text in a request was taken. */
enum taken {
	TAKEN,       /* it is a code now */
	TAKEN_BAD,   /* the coding is not this modem's */
	TAKEN_BREAKS /* accepted, but the network drops what arrives */
};

/* 7-bit text as it stands on the line. */
static enum taken
take_plain(const char *body, char *code, size_t cap)
{
	size_t len = strlen(body);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)body[i] > 0x7F)
			return TAKEN_BAD;
	return gsm_text((const uint8_t *)body, len, code, cap) < 0 ? TAKEN_BAD
	                                                           : TAKEN;
}

static enum taken
take_octets(
	const struct device *device, const char *body, char *code, size_t cap)
{
	uint8_t octets[DEVICE_LINE_MAX];
	long n = gsm_from_hex(body, octets, sizeof octets);
	/* SIM800 in CSCS=HEX sends rubbish; ZTE takes an octet a character. */
	if (device->dialect->drops_hex)
		return TAKEN_BREAKS;
	return n <= 0 || gsm_text(octets, (size_t)n, code, cap) < 0 ? TAKEN_BAD
	                                                            : TAKEN;
}

/* Packed septets or UCS2, and no answer of digits to a menu. */
static bool
is_hex(const char *body)
{
	size_t len = strlen(body);
	return len > 2 && strspn(body, "0123456789ABCDEFabcdef") == len &&
	       (strpbrk(body, "ABCDEFabcdef") != NULL ||
		       strncmp(body, "00", 2) == 0);
}

static enum taken
take_body(const struct device *device, const char *body, char *code, size_t cap)
{
	if (device->dialect->takes == TAKES_PLAIN)
		return is_hex(body) || body[0] == '\0'
		               ? TAKEN_BAD
		               : take_plain(body, code, cap);
	if (device->dialect->takes == TAKES_PACKED &&
		device->ussdmode != device->options.ussdmode_text)
		return gsm_from_packed_hex(body, code, cap) <= 0 ? TAKEN_BAD
		                                                 : TAKEN;
	switch (device->charset) {
	case CHARSET_UCS2:
		return gsm_from_ucs2_hex(body, code, cap) <= 0 ? TAKEN_BAD
		                                               : TAKEN;
	case CHARSET_HEX:
		return take_octets(device, body, code, cap);
	case CHARSET_GSM:
	case CHARSET_IRA:
		break;
	}
	return body[0] == '\0' ? TAKEN_BAD : take_plain(body, code, cap);
}

/* Strikes that wait, then chances for a request with a PIN. Of the faults up
 * to DEVICE_TIMEOUT the first one wins and keeps the others away. */
static uint64_t
draw_faults(struct device *device, bool is_pin, int64_t ms[DEVICE_FAULTS])
{
	uint64_t faults = 0;
	size_t kept = 0;
	for (size_t i = 0; i < device->strike_count; i++) {
		struct device_strike strike = device->strikes[i];
		if (strike.only_pin && !is_pin) {
			device->strikes[kept++] = strike;
			continue;
		}
		faults |= UINT64_C(1) << strike.fault;
		ms[strike.fault] = strike.ms;
	}
	device->strike_count = kept;
	for (int i = 0; is_pin && i < DEVICE_FAULTS; i++)
		if (rng_strikes(&device->rng, device->options.chance[i]))
			faults |= UINT64_C(1) << i;
	for (int i = 0; i <= DEVICE_TIMEOUT; i++)
		if ((faults & UINT64_C(1) << i) != 0)
			return UINT64_C(1) << i;
	return faults;
}

static bool
has(uint64_t faults, enum device_fault fault)
{
	return (faults & UINT64_C(1) << fault) != 0;
}

/* A request on its way. */
struct asking {
	const char *code;
	uint64_t faults;
	int64_t ms[DEVICE_FAULTS];
	int64_t now_ms;
	int64_t due_ms; /* when an answer on time is there */
	bool reached;
	bool answered; /* a text or a word of the network comes at all */
	struct network_answer answer;
};

static void
ask_network(struct device *device, struct asking *asking)
{
	struct network_request request = {
		.modem = device->options.name,
		.imsi = device->sim.imsi,
		.text = asking->code,
		.busy = has(asking->faults, DEVICE_BUSY),
		.now_ms = asking->now_ms,
	};
	line_event(device, (struct sim_event){.kind = SIM_REQUEST,
				   .t_ms = asking->now_ms,
				   .code = asking->code,
				   .reached = asking->reached});
	if (!asking->reached)
		return;
	network_ask(device->network, &request, &asking->answer);
	mail_answer(device, asking->now_ms, asking->answer.sms);
	if (has(asking->faults, DEVICE_OPEN)) {
		asking->answer.mode = 1;
		network_leave_open(device->network, device->sim.imsi);
	} else if (has(asking->faults, DEVICE_ENDED) ||
		   has(asking->faults, DEVICE_DROPPED)) {
		asking->answer.mode = device->dialect->end_mode != 0
		                              ? device->dialect->end_mode
		                              : 2;
		network_end(device->network, device->sim.imsi);
	}
}

/* The faults after which the network's text never comes. */
static bool
is_lost(uint64_t faults)
{
	static const enum device_fault losing[] = {DEVICE_LOSE_REQUEST,
		DEVICE_LOSE_REPLY, DEVICE_SILENT, DEVICE_REBOOT, DEVICE_HANG,
		DEVICE_VANISH, DEVICE_CME, DEVICE_DROPPED, DEVICE_UNSUPPORTED,
		DEVICE_TIMEOUT};
	for (size_t i = 0; i < sizeof losing / sizeof losing[0]; i++)
		if (has(faults, losing[i]))
			return true;
	return false;
}

/* Where answers to requests go. */
static void
say_unasked(struct device *device, int64_t due_ms, const char *text)
{
	unsigned before = line_turn(device, port_of_answers(device));
	line_say(device, due_ms, "%s", text);
	(void)line_turn(device, before);
}

/* What stands in the text's place. */
static void
say_in_place(struct device *device, const struct asking *asking)
{
	int64_t due = asking->due_ms;
	size_t len = strlen(asking->code);
	char damaged[NETWORK_TEXT_MAX];
	unsigned before = line_turn(device, port_of_answers(device));
	if (has(asking->faults, DEVICE_CME) &&
		!device->dialect->error_is_cusd_4) {
		line_say(device, due, "+CME ERROR: %d",
			device->options.cme_code);
	} else if (has(asking->faults, DEVICE_CME) ||
		   has(asking->faults, DEVICE_UNSUPPORTED)) {
		line_say(device, due, "+CUSD: 4");
	} else if (has(asking->faults, DEVICE_DROPPED)) {
		line_say(device, due, "+CUSD: %d", asking->answer.mode);
	} else if (has(asking->faults, DEVICE_TIMEOUT)) {
		for (size_t i = 0; i <= len && i < sizeof damaged; i++)
			damaged[i] =
				i % 4 == 3 && i < len ? '?' : asking->code[i];
		line_say(device, due, "+CUSD: 5,\"%s\",15", damaged);
	}
	(void)line_turn(device, before);
}

static void
plan_trouble(struct device *device, const struct asking *asking)
{
	static const enum device_fault troubles[] = {
		DEVICE_REBOOT, DEVICE_HANG, DEVICE_VANISH, DEVICE_REPLUG};
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		if (!has(asking->faults, troubles[i]))
			continue;
		device->plan = (struct device_strike){
			.fault = troubles[i], .ms = asking->ms[troubles[i]]};
		device->plan_at_ms = asking->due_ms;
	}
}

static void
say_answer(struct device *device, const struct asking *asking)
{
	struct reply reply = {
		.due_ms = asking->due_ms,
		.mode = asking->answer.mode,
		.text = asking->answer.text,
		.code = asking->code,
		.faults = asking->faults,
	};
	int64_t late = asking->ms[DEVICE_LATE];
	if (has(asking->faults, DEVICE_LATE))
		reply.due_ms += late > 0 ? late : device->options.late_ms;
	if (has(asking->faults, DEVICE_REPLUG))
		reply.due_ms +=
			rng_between(&device->rng, 0, device->options.late_ms);
	reply_send(device, &reply);
}

/* OK at its place in the order of the family, unless a fault takes it. */
static void
say_ok(struct device *device, struct asking *asking)
{
	enum device_order order = device->options.order;
	bool quiet = has(asking->faults, DEVICE_SILENT) ||
	             has(asking->faults, DEVICE_NO_OK);
	if (order == DEVICE_OK_FIRST) {
		if (!quiet && !has(asking->faults, DEVICE_GLUED))
			line_result(device, asking->now_ms, AT_OK);
		return;
	}
	int64_t until = asking->due_ms;
	if (order == DEVICE_BLOCK && !asking->answered) {
		until = asking->now_ms + device->options.block_ms;
		say_unasked(device, until, "+CUSD: 4");
	}
	device->blocked_until_ms = until;
	if (!quiet)
		line_result(device, until, AT_OK);
}

static void
tell_faults(const struct device *device, const struct asking *asking)
{
	for (int i = 0; i < DEVICE_FAULTS; i++)
		if (has(asking->faults, (enum device_fault)i))
			line_event(
				device, (struct sim_event){.kind = SIM_FAULT,
						.t_ms = asking->now_ms,
						.code = asking->code,
						.what = device_fault_name(
							(enum device_fault)i)});
}

static void
keep_session(struct device *device, const struct asking *asking)
{
	bool asks = asking->reached && asking->answer.mode == 1;
	device->answer_due_ms = asking->due_ms;
	device->session_until_ms =
		asks ? asking->due_ms + device->options.session_ms : 0;
}

/* The request is on air from here on. */
static void
go_on_air(struct device *device, struct asking *asking)
{
	const int64_t *delay = device->options.delay_ms;
	asking->due_ms =
		asking->now_ms + rng_between(&device->rng, delay[0], delay[1]);
	if (has(asking->faults, DEVICE_NEVER))
		asking->faults = UINT64_C(1) << (rng_strikes(&device->rng, 0.5)
							 ? DEVICE_LOSE_REQUEST
							 : DEVICE_LOSE_REPLY);
	asking->reached = !has(asking->faults, DEVICE_LOSE_REQUEST);
	ask_network(device, asking);
	bool lost = is_lost(asking->faults) || !asking->reached;
	asking->answered = !lost || has(asking->faults, DEVICE_CME) ||
	                   has(asking->faults, DEVICE_DROPPED) ||
	                   has(asking->faults, DEVICE_UNSUPPORTED) ||
	                   has(asking->faults, DEVICE_TIMEOUT);
	keep_session(device, asking);
	if (device->options.order == DEVICE_OK_FIRST)
		say_ok(device, asking);
	if (lost && asking->reached)
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = asking->now_ms,
					   .text = asking->answer.text,
					   .fate = "lost"});
	if (!lost)
		say_answer(device, asking);
	else
		say_in_place(device, asking);
	if (device->options.order != DEVICE_OK_FIRST)
		say_ok(device, asking);
	plan_trouble(device, asking);
}

/* Takes the request that was decoded to where its faults let it come. */
static int
ask(struct device *device, int64_t now_ms, const char *code)
{
	struct asking asking = {.code = code, .now_ms = now_ms};
	if (device->hung_until_ms != 0) { /* all is well but for this */
		ask_network(device, &asking);
		return AT_OK;
	}
	bool is_pin =
		network_is_redeem(device->network, device->sim.imsi, code);
	asking.faults = draw_faults(device, is_pin, asking.ms);
	tell_faults(device, &asking);
	if (has(asking.faults, DEVICE_CME_LOCAL))
		return device->options.cme_local_code;
	go_on_air(device, &asking);
	return AT_SILENT;
}

/* Without service: SIMCom says everything with +CUSD: 4. */
static int
no_service(struct device *device, int64_t now_ms)
{
	if (!device->dialect->error_is_cusd_4)
		return CME_NO_NETWORK;
	say_unasked(device, now_ms, "+CUSD: 4");
	return AT_OK;
}

/* Registered, but this cell carries no USSD. FM350-GL, EP06-E: OK, then
 * silence for ever. */
static int
not_carried(struct device *device, int64_t now_ms)
{
	const struct device_options *options = &device->options;
	enum device_lte answer = options->lte != DEVICE_LTE_FAMILY
	                                 ? options->lte
	                                 : device->dialect->lte_answer;
	int code = options->lte_code != 0 ? options->lte_code
	                                  : device->dialect->lte_code;
	int64_t lte_ms =
		options->lte == DEVICE_LTE_FAMILY ? device->dialect->lte_ms : 0;
	int64_t later_ms =
		now_ms + (lte_ms != 0 ? lte_ms : options->delay_ms[1]);
	switch (answer) {
	case DEVICE_LTE_ERROR:
		return code;
	case DEVICE_LTE_NOTHING:
		return AT_SILENT;
	case DEVICE_LTE_FAMILY:
		return device->dialect->error_is_cusd_4
		               ? no_service(device, now_ms)
		               : AT_OK;
	case DEVICE_LTE_SILENT:
		return AT_OK;
	case DEVICE_LTE_ERROR_AFTER:
	case DEVICE_LTE_CUSD_4:
		break;
	}
	line_result(device, now_ms, AT_OK);
	unsigned before = line_turn(device, port_of_answers(device));
	if (answer == DEVICE_LTE_CUSD_4)
		line_say(device, later_ms, "+CUSD: 4");
	else
		line_result(device, later_ms, code);
	(void)line_turn(device, before);
	return AT_SILENT;
}

static int
refuse_coding(struct device *device, int64_t now_ms)
{
	const struct dialect *dialect = device->dialect;
	if (device->options.lose_coding)
		return AT_OK;
	if (dialect->failure != NULL) {
		line_say(device, now_ms, "%s", dialect->failure);
		return AT_SILENT;
	}
	if (dialect->coding_cme != 0)
		return dialect->coding_cme;
	return dialect->takes == TAKES_PACKED ? AT_ERROR : CME_UNKNOWN;
}

/* rest is what stands behind the text. */
static bool
scheme_is_bad(const struct dialect *dialect, const char *rest)
{
	const char *comma = strchr(rest, ',');
	switch (dialect->dcs_rule) {
	case DCS_ANY:
		return false;
	case DCS_NEEDED:
		return comma == NULL;
	case DCS_ONLY_15:
		return comma != NULL && strtol(comma + 1, NULL, 10) != 15;
	case DCS_NONE:
		return comma != NULL;
	}
	return false;
}

static int
request(struct device *device, int64_t now_ms, const char *body)
{
	char code[NETWORK_TEXT_MAX];
	int error = at_sim_error(device, now_ms);
	if (error != AT_OK)
		return error;
	int stat = at_registration(device, now_ms);
	bool sms_only = stat == 6 || stat == 7;
	bool by_default = device->options.lte == DEVICE_LTE_FAMILY;
	if (stat != 1 && stat != 5 && (!sms_only || by_default))
		return no_service(device, now_ms);
	if (radio_lacks_ussd(device, now_ms))
		return not_carried(device, now_ms);
	switch (take_body(device, body, code, sizeof code)) {
	case TAKEN:
		return ask(device, now_ms, code);
	case TAKEN_BREAKS:
		line_result(device, now_ms, AT_OK);
		say_unasked(device, now_ms, "+CUSD: 2");
		return AT_SILENT;
	case TAKEN_BAD:
		break;
	}
	return refuse_coding(device, now_ms);
}

static int
cancel(struct device *device, int64_t now_ms)
{
	bool session =
		device->session_until_ms != 0 || device->answer_due_ms > now_ms;
	network_end(device->network, device->sim.imsi);
	device->session_until_ms = 0;
	device->answer_due_ms = 0;
	return session || !device->dialect->cancel_needs_session ? AT_OK
	                                                         : AT_ERROR;
}

int
ussd_command(struct device *device, int64_t now_ms, const char *args)
{
	char body[DEVICE_LINE_MAX] = "";
	if (strcmp(args, "?") == 0) {
		line_say(device, now_ms, "+CUSD: %d", device->cusd);
		return AT_OK;
	}
	if (strcmp(args, "=?") == 0) {
		line_say(device, now_ms, "+CUSD: (0-2)");
		return AT_OK;
	}
	if (args[0] != '=' || args[1] < '0' || args[1] > '2')
		return AT_ERROR;
	if (args[1] == '2')
		return cancel(device, now_ms);
	device->cusd = args[1] - '0';
	device->asker = device->to;
	const char *p = args + 2;
	p += strspn(p, " ,");
	if (*p == '\0')
		return AT_OK;
	size_t len = *p == '"' ? strcspn(p + 1, "\"") : strcspn(p, ",");
	memcpy(body, *p == '"' ? p + 1 : p, len);
	p += len + (*p == '"');
	if (scheme_is_bad(device->dialect, p))
		return device->dialect->failure != NULL
		               ? refuse_coding(device, now_ms)
		               : AT_ERROR;
	return request(device, now_ms, body);
}

/* 0 and 1 mean text and packed, or the reverse, as the firmware likes. */
int
ussd_mode_command(struct device *device, int64_t now_ms, const char *args)
{
	if (device->options.ussdmode < 0)
		return AT_UNKNOWN;
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "^USSDMODE: %d", device->ussdmode);
	else if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "^USSDMODE: (0-1)");
	else if (strcmp(args, "=0") == 0 || strcmp(args, "=1") == 0)
		device->ussdmode = args[1] - '0';
	else
		return AT_ERROR;
	return AT_OK;
}
