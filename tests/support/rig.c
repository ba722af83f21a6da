/*
 * rig: see rig.h. It must never do what the real loop would not: bytes
 * leave only by modem_flush(), and callbacks come only from its turns.
 */
#include "tests/support/rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/modem_private.h"

enum { TURNS_MAX = 200000, LONG_MS = 300000, TIMEOUT_MS = 60000 };

static void
on_fd(void *ctx, int fd, bool want_write)
{
	struct rig *rig = ctx;

	/* Told before the close, so that nobody waits on a closed one. */
	assert(fd == -1 || fd == FAKEWIRE_FD);
	assert(rig->wire.is_open);
	rig->fd = fd;
	rig->wants_write = want_write;
}

static void
on_state(void *ctx)
{
	((struct rig *)ctx)->state_calls++;
}

static void
append(char *dst, size_t cap, struct span s, const char *end)
{
	size_t used = strlen(dst);

	(void)snprintf(dst + used, cap - used, "%.*s%s", (int)s.len, s.ptr,
		end); /* a cut one is long enough to tell */
}

static void
on_push(void *ctx, struct span text)
{
	struct rig *rig = ctx;

	rig->pushes++;
	append(rig->push, sizeof rig->push, text, "|");
	if (rig->then != NULL)
		rig->then(rig);
}

static void
on_trace(void *ctx, bool sent, struct span line)
{
	struct rig *rig = ctx;

	append(rig->trace, sizeof rig->trace, span_str(sent ? "> " : "< "), "");
	append(rig->trace, sizeof rig->trace, line, "\n");
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	struct rig *rig = ctx;

	rig->results++;
	rig->result = *result;
	rig->text[0] = '\0';
	append(rig->text, sizeof rig->text, result->text, "");
	if (rig->then != NULL)
		rig->then(rig);
}

static void
on_sms(void *ctx, const struct modem_message *message)
{
	struct rig *rig = ctx;

	rig->messages++;
	rig->message = *message;
	append(rig->mail, sizeof rig->mail, span_str(message->sender), ": ");
	append(rig->mail, sizeof rig->mail, message->text_utf8, "|");
	if (rig->confirms)
		modem_sms_done(rig->modem, message->handle);
}

static void
on_sim_pin(void *ctx, enum modem_sim_pin what)
{
	struct rig *rig = ctx;
	const struct modem_info *info = modem_info(rig->modem);

	rig->pins_asked += what == MODEM_SIM_PIN_ASKED;
	rig->pins_taken += what == MODEM_SIM_PIN_TAKEN;
	rig->pins_refused += what == MODEM_SIM_PIN_REFUSED;
	rig->pins_not_sent += what == MODEM_SIM_PIN_NOT_SENT;
	if (what != MODEM_SIM_PIN_ASKED)
		return;
	rig->hold = rig->hold || rig->holds_pin;
	rig->pin_tries = info->pin_tries;
	(void)span_copy(rig->iccid, sizeof rig->iccid, span_str(info->iccid));
	if (rig->sim_pin != NULL &&
		modem_enter_pin(rig->modem, span_str(rig->sim_pin)) != 0)
		modem_keep_locked(rig->modem, "the owner keeps it");
}

static void
on_rung(void *ctx, const struct modem_rung *rung)
{
	struct rig *rig = ctx;

	assert(rung->cured || rung->why[0] != '\0');
	append(rig->rungs, sizeof rig->rungs, span_str(rung->cured ? "=" : ""),
		"");
	append(rig->rungs, sizeof rig->rungs, span_str(rung->name), " ");
}

static void
on_power(void *ctx)
{
	struct rig *rig = ctx;

	assert(!rig->wire.is_open);
	rig->powers++;
}

static void
rule(struct rig *rig, const char *when, const char *say)
{
	fakewire_rule(
		&rig->wire, (struct fakewire_rule){
				    .when = when, .say = say, .after_ms = 5});
}

void
rig_speak(struct rig *rig, const char *maker, const char *model)
{
	static char makers[2][96];

	(void)snprintf(makers[0], sizeof makers[0], "\r\n%s\r\n\r\nOK\r\n",
		maker); /* short names */
	(void)snprintf(
		makers[1], sizeof makers[1], "\r\n%s\r\n\r\nOK\r\n", model);
	rule(rig, "AT", "\r\nOK\r\n");
	rule(rig, "\x1b", NULL);
	rule(rig, "AT+CGMI", makers[0]);
	rule(rig, "AT+CGMM", makers[1]);
	rule(rig, "AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	rule(rig, "AT+CGSN", "\r\n350000000000011\r\n\r\nOK\r\n");
	rule(rig, "AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
	rule(rig, "AT+CCID", "\r\n+CCID: 8900000000000000011\r\n\r\nOK\r\n");
	rule(rig, "AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	rule(rig, "AT+CSQ", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	rule(rig, "AT+COPS?", "\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n");
	rule(rig, "AT+CUSD=2", "\r\nERROR\r\n");
}

/* What else its owner does. */
enum owner { OWNER_PLAIN, OWNER_MAIL, OWNER_POWER };

static void
init(struct rig *rig, const char *dialect, enum owner owner)
{
	struct modem_hooks hooks = {.ctx = rig,
		.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sim_pin = on_sim_pin,
		.on_sms = owner == OWNER_MAIL ? on_sms : NULL,
		.on_rung = on_rung,
		.on_power = owner == OWNER_POWER ? on_power : NULL,
		.on_trace = on_trace};
	struct modem_options options = {.name = "rig", .dialect = dialect};

	memset(rig, 0, sizeof *rig);
	fakewire_init(&rig->wire);
	rig->wire.now_ms = 1000;
	rig->fd = -1;
	rig_speak(rig, "Acme", "M1");
	rig->modem = modem_new(&options, &rig->wire.port, &hooks);
	assert(rig->modem != NULL);
	modem_start(rig->modem, rig->wire.now_ms);
}

void
rig_init(struct rig *rig, const char *dialect)
{
	init(rig, dialect, OWNER_PLAIN);
}

void
rig_init_mail(struct rig *rig, const char *dialect)
{
	init(rig, dialect, OWNER_MAIL);
}

void
rig_init_power(struct rig *rig, const char *dialect)
{
	init(rig, dialect, OWNER_POWER);
}

void
rig_fini(struct rig *rig)
{
	modem_free(rig->modem);
	assert(rig->fd == -1 && !rig->wire.is_open && rig->wire.was_freed);
}

/* One turn of the loop at the time that it is. Whether anything was due. */
static bool
turn(struct rig *rig)
{
	struct fakewire *w = &rig->wire;
	bool readable = rig->fd != -1 && fakewire_next_ms(w) <= w->now_ms;
	bool writable = rig->fd != -1 && rig->wants_write && w->take_left > 0;
	bool due = modem_wake_at(rig->modem) <= w->now_ms;

	if (readable || writable)
		modem_on_ready(rig->modem, w->now_ms);
	else if (due)
		modem_tick(rig->modem, w->now_ms);
	if (!rig->hold)
		modem_flush(rig->modem, w->now_ms);
	return readable || writable || due;
}

static int64_t
next_ms(const struct rig *rig)
{
	int64_t wake = modem_wake_at(rig->modem);
	int64_t bytes =
		rig->fd != -1 ? fakewire_next_ms(&rig->wire) : INT64_MAX;

	return wake < bytes ? wake : bytes;
}

/* Whether the state was seen, when one is looked for. */
static bool
run(struct rig *rig, int64_t until_ms, const enum modem_state *sought)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		bool did = turn(rig);
		int64_t next = next_ms(rig);

		if (sought != NULL && modem_info(rig->modem)->state == *sought)
			return true;
		if (did || next <= rig->wire.now_ms)
			continue;
		if (next > until_ms) {
			rig->wire.now_ms = until_ms;
			return false;
		}
		rig->wire.now_ms = next;
	}
	assert(0 && "the modem keeps the loop busy");
	return false;
}

void
rig_run(struct rig *rig, int64_t ms)
{
	(void)run(rig, rig->wire.now_ms + ms, NULL);
}

void
rig_run_to(struct rig *rig, enum modem_state state)
{
	bool seen = run(rig, rig->wire.now_ms + LONG_MS, &state);

	if (!seen)
		(void)fprintf(stderr, "%s\n", rig->trace);
	assert(seen);
}

int
rig_ask(struct rig *rig, const char *code, enum modem_try how)
{
	return modem_ask(
		rig->modem, span_str(code), how, TIMEOUT_MS, on_result, rig);
}

int
rig_reply(struct rig *rig, const char *text)
{
	return modem_reply(
		rig->modem, span_str(text), TIMEOUT_MS, on_result, rig);
}

int
rig_send(struct rig *rig, const char *number, const char *text)
{
	struct modem_sms what = {
		.number = span_str(number), .text_utf8 = span_str(text)};

	return modem_send_sms(rig->modem, &what, TIMEOUT_MS, on_result, rig);
}

void
rig_answer(struct rig *rig, const char *answer, int64_t after_ms)
{
	fakewire_rule(&rig->wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					  .say = "\r\nOK\r\n",
					  .after_ms = 10,
					  .then = answer,
					  .then_after_ms = after_ms});
}

void
rig_init_ready(struct rig *rig, const char *dialect)
{
	rig_init(rig, dialect);
	rig_run_to(rig, MODEM_READY);
	rig_run(rig, 1000);
}

void
rig_forget_written(struct rig *rig)
{
	rig->wire.written[0] = '\0';
	rig->wire.written_len = 0;
}

bool
rig_holds(const struct rig *rig, const char *text)
{
	return strstr(rig->trace, text) != NULL ||
	       strstr(rig->push, text) != NULL ||
	       memmem(rig->modem, sizeof(struct modem), text, strlen(text)) !=
	               NULL;
}

bool
rig_holds_code(const struct rig *rig, const char *code)
{
	static const enum ussd_coding codings[] = {
		USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX};
	const size_t ends = 6; /* "*121*" and "#" are no secret, nor in hex */
	char coded[1024];
	size_t len;
	bool found = rig_holds(rig, code);

	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		int rc = ussd_encode(
			codings[i], span_str(code), coded, sizeof coded, &len);

		assert(rc == 0 && len > 2 * ends);
		coded[len - ends] = '\0';
		found = found || rig_holds(rig, coded + ends);
	}
	return found;
}
