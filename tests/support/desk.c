/*
 * desk: the control socket as a client sees it.
 */
#include "tests/support/desk.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"

struct desk desk;

static struct loop_timer *stopper;
static struct json *last; /* line that was looked at */

/* ---- the house ----------------------------------------------------------- */

static void
stop(void *ctx)
{
	(void)ctx;
	loop_stop(desk.loop);
}

static int
reload(void *ctx, const char *who, char *errors, size_t cap)
{
	(void)ctx;
	(void)who;
	if (desk.reload_answer != 0)
		(void)snprintf(errors, cap, "a.conf:3: no such key\nb: bad");
	return desk.reload_answer;
}

int
desk_setup(void **state)
{
	char why[256] = "";
	if (purse_setup(state) != 0)
		return -1;
	desk = (struct desk){.purse = *state};
	desk.ledger = desk.purse->ledger;
	desk.loop = loop_new();
	desk.turn = turn_new(desk.loop, desk.ledger);
	stopper = loop_timer_new(desk.loop, stop, NULL);
	loop_timer_always(stopper);
	const struct control_parts parts = {.loop = desk.loop,
		.turn = desk.turn,
		.vault = desk.purse->vault,
		.reload = reload};
	desk.control = control_new(
		&parts, desk.purse->dir, (gid_t)-1, why, sizeof(why));
	if (desk.control == NULL)
		print_message("%s\n", why);
	return desk.control == NULL ? -1 : 0;
}

int
desk_teardown(void **state)
{
	control_free(desk.control);
	turn_free(desk.turn);
	loop_free(desk.loop);
	free(desk.heard);
	json_free(last);
	last = NULL;
	return purse_teardown(state);
}

void
desk_turns(void)
{
	for (int i = 0; i < 3; i++) {
		loop_timer_at(stopper, loop_now_ms(desk.loop) + 1);
		loop_run(desk.loop);
	}
}

void
desk_fill_disk(bool full)
{
	struct rlimit limit;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* ---- what is in the ledger ----------------------------------------------- */

int64_t
desk_batch(unsigned rows, unsigned faults)
{
	struct purse *p = desk.purse;
	int64_t batch = purse_open_batch(p);
	assert_int_equal(ledger_begin(desk.ledger), 0);
	for (unsigned i = 1; i <= rows + faults; i++) {
		struct ledger_result made;
		struct ledger_op op = i <= rows
		                              ? purse_row(p, batch, i)
		                              : purse_op(p, LEDGER_BATCH_FAULT);
		if (i > rows) {
			op.u.batch_fault.batch = batch;
			op.u.batch_fault.line = i;
			(void)snprintf(op.u.batch_fault.reason,
				sizeof(op.u.batch_fault.reason), "no pin");
		}
		assert_int_equal(ledger_apply(desk.ledger, &op, &made), 0);
	}
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	struct ledger_result made;
	op.u.batch_accept.batch = batch;
	assert_int_equal(ledger_apply(desk.ledger, &op, &made), 0);
	assert_int_equal(ledger_commit(desk.ledger, 0), 0);
	return batch;
}

int64_t
desk_first(int64_t batch)
{
	return purse_voucher(desk.purse, batch, 1);
}

void
desk_dial(int64_t voucher, enum verdict verdict, enum voucher_event event,
	const char *reason)
{
	int64_t attempt = purse_dial(desk.purse, voucher);
	struct ledger_op op = purse_settle(desk.purse, attempt,
		verdict == VERDICT_NONE ? LEDGER_MAYBE_SENT : LEDGER_ANSWERED,
		verdict, event);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
	(void)snprintf(s->reply, sizeof(s->reply), "You said \x1b[31mit");
	if (event == VOUCHER_CREDITED) {
		s->credited_minor = 10000;
		s->balance_minor = 25000;
	}
	(void)purse_must(desk.purse, &op);
}

enum voucher_state
desk_state(int64_t voucher)
{
	return purse_card(desk.purse, voucher).state;
}

/* ---- asking -------------------------------------------------------------- */

int
desk_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		desk.purse->dir, CONTROL_SOCKET_NAME);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void
desk_tell(int fd, const char *text)
{
	assert_int_equal(
		send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

union passed {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

void
desk_tell_with(int fd, const char *text, int passed)
{
	union passed extra = {.bytes = {0}};
	struct iovec piece = {
		.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = extra.bytes,
		.msg_controllen = sizeof(extra.bytes)};
	struct cmsghdr *c = &extra.align; /* the first and only one */
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(passed));
	assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), strlen(text));
}

int
desk_take_descriptor(int fd)
{
	union passed extra;
	char byte = 0;
	int passed;
	struct iovec piece = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = extra.bytes,
		.msg_controllen = sizeof(extra.bytes)};
	assert_int_equal(recvmsg(fd, &message, 0), 1);
	assert_true(message.msg_controllen >= CMSG_LEN(sizeof(int)));
	memcpy(&passed, CMSG_DATA(&extra.align), sizeof(passed));
	return passed;
}

bool
desk_hear(int fd)
{
	enum { PIECE = 65536 };
	for (;;) {
		char *more = realloc(desk.heard, desk.heard_len + PIECE + 1);
		assert_non_null(more);
		desk.heard = more;
		ssize_t n = recv(fd, more + desk.heard_len, PIECE, 0);
		desk.heard_len += n > 0 ? (size_t)n : 0;
		more[desk.heard_len] = '\0';
		if (n <= 0)
			return n == 0;
	}
}

bool
desk_hear_anew(int fd)
{
	desk.heard_len = 0;
	return desk_hear(fd);
}

const char *
desk_answer(int fd)
{
	desk.heard_len = 0;
	for (int i = 0; i < 2000 && !desk_hear(fd); i++)
		desk_turns();
	(void)close(fd); /* only read from */
	desk_turns();
	return desk.heard;
}

const char *
desk_ask(const char *line)
{
	int fd = desk_connect();
	desk_tell(fd, line);
	desk_tell(fd, "\n");
	return desk_answer(fd);
}

const struct json *
desk_done(const char *answer, int64_t exit_status)
{
	char why[128];
	size_t end = strlen(answer), from = end;
	int64_t got = -1;
	assert_true(end > 0 && answer[end - 1] == '\n');
	for (from--; from > 0 && answer[from - 1] != '\n';)
		from--;
	json_free(last);
	last = json_parse(span_of(answer + from, end - from), why, sizeof(why));
	assert_non_null(last);
	(void)json_get_number(last, "exit", &got);
	if (got != exit_status)
		print_message("%s", answer);
	assert_int_equal(got, exit_status);
	return json_get(last, "done");
}

const char *
desk_error(const char *answer, int64_t exit_status)
{
	(void)desk_done(answer, exit_status);
	const char *error = json_get_text(last, "error");
	assert_non_null(error);
	return error;
}

int64_t
desk_number(const struct json *object, const char *key)
{
	int64_t n = -1;
	(void)json_get_number(object, key, &n); /* absent: -1 */
	return n;
}

size_t
desk_count(const char *text, const char *word)
{
	size_t n = 0;
	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}
