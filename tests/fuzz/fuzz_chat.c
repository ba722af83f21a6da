/*
 * fuzz_chat: a modem that says anything at any time to each of our scripts. A
 * script ends whatever comes, and what makes the network act is said once.
 * Must never help a script along but by time.
 */
#include "modem/scripts.h"
#include "tests/fuzz/fuzz.h"

enum { ROUNDS_MAX = 20000 };

static const struct chat_script *const scripts[] = {&script_identify,
	&script_wake, &script_sim, &script_subscriber, &script_prepare,
	&script_register, &script_check_sim, &script_charset, &script_ask,
	&script_cancel, &script_radio_off, &script_radio_on, &script_reboot,
	&script_send, &script_escape, &script_mail, &script_list, &script_read,
	&script_delete, &script_acknowledge};

enum { SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) };

static const struct chat_args args = {.code = {"*121*1#", 7},
	.charset = {"GSM", 3},
	.store = {"SM", 2},
	.dcs = 15,
	.number = 7,
	.wait_ms = 5000};

/* Sends what is to be sent; how often the network was made to act. */
static unsigned
send_next(struct chat *chat, struct rng *rng, int64_t now_ms)
{
	char out[512];
	size_t len = 0;
	bool acts = chat_acts(chat);

	FUZZ_HOLDS(chat_compose(chat, &args, out, sizeof(out), &len) == 0);
	FUZZ_HOLDS(len > 0 && len < sizeof(out) && out[len] == '\0');
	chat_on_sending(chat);
	if (fuzz_chance(rng, 30)) {
		chat_break(chat);
		FUZZ_HOLDS(chat->state == CHAT_OVER);
		return acts;
	}
	chat_on_sent(chat, now_ms);
	return acts;
}

static void
hear(struct chat *chat, struct rng *rng, struct span *rest, int64_t now_ms)
{
	struct span line = span_of(rest->ptr, span_find(*rest, '\n'));

	*rest = span_skip(*rest, line.len + 1);
	if (line.len == 1 && line.ptr[0] == '>' && chat_expects_prompt(chat))
		chat_on_prompt(chat, now_ms);
	else
		(void)chat_on_line(chat, span_trim(line), now_ms);
	if (fuzz_chance(rng, 8))
		chat_saw(chat, (unsigned)(rng_next(rng) % CHAT_TAGS_MAX));
}

static void
check(struct span in, struct rng *rng)
{
	struct chat chat;
	int64_t now_ms = 0;
	unsigned acted = 0, may_act = 0;
	const struct chat_script *script =
		scripts[in.len > 0 ? (unsigned char)in.ptr[0] % SCRIPTS : 0];

	in = span_skip(in, 1);
	for (size_t i = 0; i < script->count; i++)
		may_act += (script->steps[i].flags & CHAT_ACTS) != 0;
	chat_init(&chat);
	chat_begin(&chat, script, &args);
	for (int i = 0; chat.state != CHAT_OVER; i++) {
		FUZZ_HOLDS(i < ROUNDS_MAX);
		if (chat.state == CHAT_TO_SEND) {
			acted += send_next(&chat, rng, now_ms);
		} else if (in.len > 0 && !fuzz_chance(rng, 10)) {
			hear(&chat, rng, &in, now_ms);
		} else {
			int64_t wake = chat_wake_at(&chat);

			FUZZ_HOLDS(wake < INT64_MAX);
			now_ms = wake > now_ms ? wake : now_ms;
			chat_on_tick(&chat, now_ms);
		}
	}
	FUZZ_HOLDS(chat.result != CHAT_NOT_OVER);
	FUZZ_HOLDS(acted <= may_act);
	FUZZ_HOLDS(acted == 0 || chat.acted);
}

const struct fuzz_target fuzz_target = {
	.name = "chat", .most = 4096, .check = check};
