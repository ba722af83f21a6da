/*
 * control_fakes: what stands behind the control socket, made up: a modem,
 * and an intake, a balance and a USSD session that the test answers. Included
 * once by each test_control*.c, whose functions then win over the library's.
 */
#include <stdio.h>
#include <string.h>

#include "agent/balance.h"
#include "agent/dialogue.h"
#include "agent/intake.h"
#include "agent/spool.h"

#include "tests/unit/control_fakes_modem.h"

static struct {
	int fd;
	char name[64], who[64];
	struct intake_defaults defaults;
	intake_fn *fn;
	void *ctx;
	unsigned forgotten;
	int answer; /* of the next call */
	bool busy, incoming;
} intake = {.fd = -1};

static struct {
	balance_fn *fn;
	void *ctx;
	unsigned forgotten;
	int answer;
} balance;

int
intake_submit(struct intake *in, int fd, const char *name, const char *who,
	const struct intake_defaults *defaults, intake_fn *fn, void *ctx)
{
	(void)snprintf(intake.name, sizeof(intake.name), "%s", name);
	(void)snprintf(intake.who, sizeof(intake.who), "%s", who);
	intake.defaults = *defaults;
	intake.fd = fd;
	intake.fn = fn;
	intake.ctx = ctx;
	return intake.answer;
}

void
intake_forget(struct intake *in, void *ctx)
{
	intake.forgotten += ctx == intake.ctx;
}

bool
intake_is_busy(const struct intake *in)
{
	return intake.busy;
}

bool
spool_has_incoming(struct spool *spool)
{
	return intake.incoming;
}

int
balance_ask(struct balance *b, struct line *line, balance_fn *fn, void *ctx)
{
	balance.fn = fn;
	balance.ctx = ctx;
	return balance.answer;
}

void
balance_forget(struct balance *b, void *ctx)
{
	balance.forgotten += ctx == balance.ctx;
}

static struct {
	struct dialogue_request request;
	char code[64], who[64], answer_text[64];
	unsigned left;
	int answer; /* of the next call */
} dialogue;

int
dialogue_begin(struct dialogue *d, const struct dialogue_request *request)
{
	dialogue.request = *request;
	(void)snprintf(
		dialogue.code, sizeof(dialogue.code), "%s", request->code);
	(void)snprintf(dialogue.who, sizeof(dialogue.who), "%s", request->who);
	return dialogue.answer;
}

int
dialogue_answer(struct dialogue *d, void *ctx, const char *text)
{
	(void)snprintf(
		dialogue.answer_text, sizeof(dialogue.answer_text), "%s", text);
	return dialogue.answer;
}

void
dialogue_leave(struct dialogue *d, void *ctx)
{
	dialogue.left += ctx == dialogue.request.ctx;
}

static struct {
	struct dialogue_letter letter;
	char number[32], text[LEDGER_TEXT_MAX];
	unsigned count;
} sent;

int
dialogue_send(struct dialogue *d, const struct dialogue_letter *letter)
{
	sent.letter = *letter;
	sent.count++;
	(void)snprintf(sent.number, sizeof(sent.number), "%s", letter->number);
	(void)snprintf(sent.text, sizeof(sent.text), "%s", letter->text);
	return dialogue.answer;
}

static int
set_up(void **state)
{
	memset(&intake, 0, sizeof(intake));
	memset(&balance, 0, sizeof(balance));
	memset(&dialogue, 0, sizeof(dialogue));
	memset(&sent, 0, sizeof(sent));
	shop1_status = (struct line_status){.state = LINE_READY};
	memset(stops, 0, sizeof(stops));
	info.state = MODEM_READY;
	kicks = 0;
	return desk_setup(state);
}
