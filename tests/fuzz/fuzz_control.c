/*
 * fuzz_control: any line on the control socket. Just one thing comes of it: a
 * command or a refusal; an administrator's command only for one, nothing that
 * acts while the ledger cannot be written. Must never run a real command.
 */
#include <string.h>

#include "agent/control_private.h"
#include "agent/turn.h"
#include "tests/fuzz/fuzz.h"

enum kind { LOOKS, ACTS, ADMIN };

static struct {
	unsigned commands, refusals;
	enum kind kind;
	const char *stuck;
} seen;

void
client_fail(struct client *client, int status, const char *format, ...)
{
	(void)client;
	FUZZ_HOLDS(status == CONTROL_USAGE || status == CONTROL_REFUSED);
	FUZZ_HOLDS(format[0] != '\0');
	seen.refusals++;
}

const char *
turn_stuck(const struct turn *turn)
{
	(void)turn;
	return seen.stuck;
}

/* A command: asks for its arguments as all of them do. */
static void
run(struct client *client, const struct json *args, enum kind kind)
{
	static const char *const keys[] = {"id", "limit", "note", "modem"};
	unsigned refusals = seen.refusals;

	seen.commands++;
	seen.kind = kind;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		int64_t number = 0;
		const char *text = "";
		bool taken = args_number(client, args, keys[i], &number);

		FUZZ_HOLDS(number >= 0);
		taken &= args_text(client, args, keys[i], &text);
		FUZZ_HOLDS(strlen(text) < LEDGER_TEXT_MAX);
		FUZZ_HOLDS(taken == (seen.refusals == refusals));
		refusals = seen.refusals;
	}
	seen.refusals = 0;
}

#define COMMAND(name, kind)                                                    \
	void control_##name(struct client *client, const struct json *args)    \
	{                                                                      \
		run(client, args, kind);                                       \
	}
/* One for each row of the table in control_request.c: make lists them. */
#ifndef FUZZ_COMMANDS
#define FUZZ_COMMANDS
#endif
FUZZ_COMMANDS

static void
check(struct span in, struct rng *rng)
{
	struct control control = {.fd = -1};
	struct client client = {.control = &control,
		.fd = -1,
		.passed_fd = -1,
		.admin = fuzz_chance(rng, 2)};

	seen.commands = seen.refusals = 0;
	seen.stuck = fuzz_chance(rng, 2) ? "no space" : NULL;
	client_request(&client, in);
	FUZZ_HOLDS(seen.commands + seen.refusals == 1);
	if (seen.commands == 0)
		return;
	FUZZ_HOLDS(seen.kind != ADMIN || client.admin);
	FUZZ_HOLDS(seen.kind == LOOKS || !seen.stuck);
}

const struct fuzz_target fuzz_target = {.name = "control",
	.most = CONTROL_REQUEST_MAX,
	.grows = true,
	.check = check};
