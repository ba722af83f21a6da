/*
 * chat: one command at a time. A final result belongs to the command under
 * way; an information line only when the step names its beginning. It must
 * never take a line on trust, and never send a step that acts twice.
 */
#include "modem/chat.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How long an OK may lag behind a line that will do without it. */
enum { NO_OK_MS = 1000 };

static const char *const noises[] = {"RING", "RDY", "Call Ready", "SMS Ready",
	"SMS DONE", "PB DONE", "NORMAL POWER DOWN", "UNDER-VOLTAGE WARNNING",
	"OVER-VOLTAGE WARNNING", "START"};

/* Whether a line is one of the words that modems print unasked. */
static bool
is_noise(struct span line)
{
	for (size_t i = 0; i < sizeof noises / sizeof *noises; i++)
		if (span_eq(line, span_str(noises[i])))
			return true;
	return false;
}

void
chat_init(struct chat *c)
{
	memset(c, 0, sizeof *c);
	c->code = -1;
	c->step_until_ms = INT64_MAX;
	c->script_until_ms = INT64_MAX;
}

static const struct chat_step *
step_of(const struct chat *c)
{
	return &c->script->steps[c->at];
}

static bool
has_flag(const struct chat *c, enum chat_flag flag)
{
	return (step_of(c)->flags & (unsigned)flag) != 0;
}

static void
end(struct chat *c, enum chat_result result)
{
	c->state = CHAT_OVER;
	c->result = result;
	c->step_until_ms = INT64_MAX;
	c->script_until_ms = INT64_MAX;
}

/* Steps to the next command that is wanted, from the one at c->at on. */
static void
settle_on_step(struct chat *c)
{
	while (c->at < c->script->count && has_flag(c, CHAT_UNLESS) &&
		chat_has_seen(c, step_of(c)->tag))
		c->at++;
	c->sent_tries = 0;
	c->own_line = false;
	c->bare_ok = false;
	c->step_until_ms = INT64_MAX;
	if (c->at < c->script->count) {
		c->state = CHAT_TO_SEND;
		return;
	}
	c->at = c->script->count - 1;
	end(c, CHAT_DONE);
}

static void
next_step(struct chat *c)
{
	c->at++;
	settle_on_step(c);
}

void
chat_begin(struct chat *c, const struct chat_script *script,
	const struct chat_args *args)
{
	assert(script->count > 0);
	c->script = script;
	c->at = 0;
	c->result = CHAT_NOT_OVER;
	c->final = AT_FINAL_NONE;
	c->code = -1;
	c->failed_tag = 0;
	c->acted = false;
	c->args_wait_ms = args->wait_ms;
	c->script_until_ms = INT64_MAX;
	settle_on_step(c);
}

/* The value of {name}, or false when there is none of that name. */
static bool
value_of(struct span name, const struct chat_args *args, char *number,
	struct span *out)
{
	if (span_eq(name, span_str("code"))) {
		*out = args->code;
	} else if (span_eq(name, span_str("charset"))) {
		*out = args->charset;
	} else if (span_eq(name, span_str("store"))) {
		*out = args->store;
	} else if (span_eq(name, span_str("was"))) {
		*out = args->was;
	} else if (span_eq(name, span_str("number"))) {
		(void)snprintf(number, 12, "%u", args->number); /* fits */
		*out = span_str(number);
	} else if (span_eq(name, span_str("dcs"))) {
		(void)snprintf(number, 12, "%u", args->dcs); /* fits */
		*out = span_str(number);
	} else {
		return false;
	}
	return true;
}

static int
append(char *out, size_t cap, size_t *len, struct span s)
{
	if (s.len >= cap - *len)
		return -ENOSPC;
	if (s.len > 0)
		memcpy(out + *len, s.ptr, s.len);
	*len += s.len;
	out[*len] = '\0';
	return 0;
}

int
chat_compose(const struct chat *c, const struct chat_args *args, char *out,
	size_t cap, size_t *len)
{
	struct span rest = span_str(step_of(c)->text);
	char number[12];
	size_t used = 0;
	int rc = 0;

	assert(c->state == CHAT_TO_SEND && cap > 0);
	while (rest.len > 0 && rc == 0) {
		size_t open = span_find(rest, '{');
		size_t close = span_find(rest, '}');
		struct span value = span_of(rest.ptr, 0);
		size_t skip = open;

		rc = append(out, cap, &used, span_of(rest.ptr, open));
		if (open < close && close < rest.len &&
			value_of(span_of(rest.ptr + open + 1, close - open - 1),
				args, number, &value))
			skip = close + 1;
		if (rc == 0)
			rc = append(out, cap, &used, value);
		rest = span_skip(rest, skip);
	}
	if (rc == 0 && !has_flag(c, CHAT_RAW))
		rc = append(out, cap, &used, span_of("\r", 1));
	if (rc == 0)
		*len = used;
	return rc;
}

bool
chat_expects_prompt(const struct chat *c)
{
	return c->state == CHAT_WAITING && has_flag(c, CHAT_PROMPT);
}

bool
chat_acts(const struct chat *c)
{
	return (c->state == CHAT_TO_SEND || c->state == CHAT_WAITING) &&
	       has_flag(c, CHAT_ACTS);
}

void
chat_on_sending(struct chat *c)
{
	if (chat_acts(c))
		c->acted = true;
}

void
chat_on_sent(struct chat *c, int64_t now_ms)
{
	uint32_t wait_ms = step_of(c)->wait_ms;

	assert(c->state == CHAT_TO_SEND);
	chat_on_sending(c);
	c->state = CHAT_WAITING;
	c->sent_tries++;
	c->step_until_ms = now_ms + (wait_ms > 0 ? wait_ms : c->args_wait_ms);
	if (c->script_until_ms == INT64_MAX && c->script->wait_ms > 0)
		c->script_until_ms = now_ms + c->script->wait_ms;
}

static bool
is_bare(struct span line)
{
	struct span text = span_trim(line); /* Wavecom: " WAVECOM MODEM" */
	char c = text.len > 0 ? text.ptr[0] : '\0';

	return ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		       (c >= 'a' && c <= 'z') || c == '"') &&
	       !is_noise(line);
}

static bool
is_own_line(const struct chat *c, struct span line)
{
	const struct chat_step *step = step_of(c);

	for (size_t i = 0; i < CHAT_TAKES_MAX && step->takes[i] != NULL; i++)
		if (span_starts(line, span_str(step->takes[i])))
			return true;
	return has_flag(c, CHAT_BARE) && is_bare(line);
}

static void
on_final(struct chat *c, enum at_final final, int code)
{
	if (has_flag(c, CHAT_SILENT))
		return;
	if (final == AT_FINAL_OK && has_flag(c, CHAT_MARKED) && !c->own_line) {
		c->bare_ok = true;
		return;
	}
	c->final = final;
	c->code = code;
	if (final == AT_FINAL_OK && has_flag(c, CHAT_TELLS))
		chat_saw(c, step_of(c)->tag);
	if (final == AT_FINAL_OK || has_flag(c, CHAT_OPTIONAL)) {
		next_step(c);
		return;
	}
	c->failed_tag = step_of(c)->tag;
	end(c, CHAT_FAILED);
}

enum chat_took
chat_on_line(struct chat *c, struct span line, int64_t now_ms)
{
	int code = -1;
	enum at_final final = at_final_of(line, &code);

	if (c->state != CHAT_WAITING)
		return CHAT_UNSOLICITED;
	/* The end of somebody's call is no answer to a command of ours. */
	if (final == AT_FINAL_CALL)
		return CHAT_UNSOLICITED;
	if (final != AT_FINAL_NONE) {
		on_final(c, final, code);
		return CHAT_FINAL;
	}
	if (!is_own_line(c, line))
		return CHAT_UNSOLICITED;
	c->own_line = true;
	if (has_flag(c, CHAT_NO_OK) && now_ms + NO_OK_MS < c->step_until_ms)
		c->step_until_ms = now_ms + NO_OK_MS;
	return CHAT_INFO;
}

void
chat_on_prompt(struct chat *c, int64_t now_ms)
{
	(void)now_ms;
	if (chat_expects_prompt(c))
		next_step(c);
}

/* Whether the step under way may go on to the next one without an OK. */
static bool
is_passed_over(const struct chat *c)
{
	return has_flag(c, CHAT_SILENT) || has_flag(c, CHAT_OPTIONAL) ||
	       (has_flag(c, CHAT_NO_OK) && c->own_line);
}

/* Whether it may be sent once more: never what makes the network act. */
static bool
is_tried_again(const struct chat *c)
{
	return c->sent_tries < step_of(c)->tries && !c->own_line &&
	       !has_flag(c, CHAT_ACTS);
}

void
chat_on_tick(struct chat *c, int64_t now_ms)
{
	if (now_ms < chat_wake_at(c))
		return;
	if (c->state == CHAT_WAITING && now_ms < c->script_until_ms) {
		if (is_tried_again(c)) {
			c->state = CHAT_TO_SEND;
			c->step_until_ms = INT64_MAX;
			return;
		}
		if (is_passed_over(c)) {
			next_step(c);
			return;
		}
	}
	c->failed_tag = step_of(c)->tag;
	end(c, CHAT_TIMED_OUT);
}

int64_t
chat_wake_at(const struct chat *c)
{
	if (c->state != CHAT_WAITING && c->state != CHAT_TO_SEND)
		return INT64_MAX;
	return c->step_until_ms < c->script_until_ms ? c->step_until_ms
	                                             : c->script_until_ms;
}

void
chat_break(struct chat *c)
{
	if (c->state == CHAT_TO_SEND || c->state == CHAT_WAITING)
		end(c, CHAT_BROKEN);
}

unsigned
chat_tag(const struct chat *c)
{
	return c->script != NULL ? step_of(c)->tag : 0;
}

void
chat_saw(struct chat *c, unsigned tag)
{
	c->seen |= UINT64_C(1) << tag;
}

void
chat_unsee(struct chat *c, unsigned tag)
{
	c->seen &= ~(UINT64_C(1) << tag);
}

bool
chat_has_seen(const struct chat *c, unsigned tag)
{
	return (c->seen >> tag & 1) != 0;
}
