/*
 * control_wait: answers that take their time: a file that is read, a card
 * at the counter, a batch to its end, a balance. What is decided in an
 * event is only noted there; the answer is made in the outlet, from what is
 * on disk. A client that leaves is forgotten, and its cards go on.
 */
#include "agent/control_tally.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/balance.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/intake.h"
#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/spool.h"
#include "agent/turn.h"

enum {
	TIMEOUT_MAX_S = 10000000,
	REPORT_MS = 10000 /* longer is nobody kept from the rest */
};

static void step_wait(struct client *client);

/* Only these use u.wait; others have a list or nothing there. */
static bool
is_waiting(const struct client *client)
{
	return client->step == step_wait;
}

int64_t
control_wait_next(const struct client *client)
{
	if (!is_waiting(client))
		return INT64_MAX;
	return client->u.wait.next_ms < client->u.wait.deadline_ms
	               ? client->u.wait.next_ms
	               : client->u.wait.deadline_ms;
}

void
control_wait_forget(struct client *client)
{
	const struct control_parts *parts = &client->control->parts;
	intake_forget(parts->intake, client);
	balance_forget(parts->balance, client);
}

/* ---- waiting for batches ------------------------------------------------- */

static bool
is_due(struct client_wait *wait, int64_t now_ms)
{
	if (now_ms < wait->next_ms)
		return false;
	wait->next_ms = now_ms + CLIENT_PROGRESS_MS;
	return true;
}

/* The report is on disk before he is told, unless it cannot be written. */
static bool
awaits_report(struct client_wait *wait, const struct control_tally *tally,
	int64_t now_ms)
{
	if (!tally->owed)
		return false;
	if (wait->report_by_ms == 0)
		wait->report_by_ms = now_ms + REPORT_MS;
	if (wait->next_ms > wait->report_by_ms)
		wait->next_ms = wait->report_by_ms;
	return now_ms < wait->report_by_ms && now_ms < wait->deadline_ms;
}

/* Every modem is locked out by its breaker: until when the first of them goes
 * on by itself (wall clock; 0: none does before a person says so). */
static bool
all_locked_out(const struct control_parts *parts, int64_t *until_wall_ms)
{
	size_t count = fleet_count(parts->fleet);
	*until_wall_ms = 0;
	for (size_t i = 0; i < count; i++) {
		struct line_status status;
		dispatch_line_status(
			parts->dispatch, fleet_at(parts->fleet, i), &status);
		if (status.state != LINE_LOCKED_OUT)
			return false;
		if (*until_wall_ms == 0 ||
			(status.until_wall_ms != 0 &&
				status.until_wall_ms < *until_wall_ms))
			*until_wall_ms = status.until_wall_ms;
	}
	return count > 0;
}

/* To wait in silence for hours looks like work. Whether it is over: only a
 * person can make it go on. */
static bool
ends_by_lock_out(struct client *client, const struct control_tally *tally)
{
	struct client_wait *wait = &client->u.wait;
	char until[SHAPE_LOCAL_MAX], text[200];
	int64_t until_wall_ms;
	if (tally->counts[VOUCHER_DIALING] > 0 ||
		tally->counts[VOUCHER_PENDING] > 0 || tally->files ||
		!all_locked_out(&client->control->parts, &until_wall_ms))
		return false;
	if (until_wall_ms == 0)
		return true;
	if (wait->told_stop)
		return false;
	wait->told_stop = true;
	shape_local_time(until_wall_ms, until);
	(void)snprintf(text, sizeof(text),
		"every SIM is locked out until %s; topupctl status says why",
		until);
	struct json *o = json_new_object();
	json_put_text(o, "notice", text);
	client_progress(client, o);
	return false;
}

static void
end_with_flag(struct client *client, const struct control_tally *tally,
	const char *flag, int exit_status)
{
	struct json *o = control_tally_shape(client, tally);
	json_put_flag(o, flag, true);
	client_done(client, o, exit_status);
}

static void
step_wait_tally(struct client *client, int64_t now_ms)
{
	struct client_wait *wait = &client->u.wait;
	struct control_tally tally;
	control_tally_take(client, &tally);
	bool ended = control_tally_moving(&tally) == 0 && !tally.files;
	if (ended && awaits_report(wait, &tally, now_ms))
		return;
	if (ended)
		client_done(client, control_tally_shape(client, &tally),
			control_tally_left_open(&tally) > 0 ? CONTROL_LEFT_OPEN
							    : CONTROL_DONE);
	else if (ends_by_lock_out(client, &tally))
		end_with_flag(client, &tally, "locked_out", CONTROL_LEFT_OPEN);
	else if (now_ms >= wait->deadline_ms)
		end_with_flag(client, &tally, "timed_out", CONTROL_REFUSED);
	else if (is_due(wait, now_ms) && wait->progress)
		client_progress(client, control_tally_shape(client, &tally));
}

/* ---- waiting for one card ------------------------------------------------ */

static int
exit_of(enum voucher_state state)
{
	if (state == VOUCHER_LOADED)
		return CONTROL_DONE;
	return state == VOUCHER_REJECTED ? CONTROL_REFUSED : CONTROL_LEFT_OPEN;
}

static void
step_wait_voucher(struct client *client, int64_t now_ms)
{
	struct client_wait *wait = &client->u.wait;
	struct ledger_voucher *v =
		shape_find_voucher(client->control->ledger, wait->voucher);
	if (v == NULL)
		return;
	bool settled = voucher_has_ended(v->state) ||
	               v->state == VOUCHER_HELD || v->state == VOUCHER_UNKNOWN;
	if (settled || now_ms >= wait->deadline_ms)
		client_done(client, shape_voucher(client->control, v),
			exit_of(v->state));
	else if (is_due(wait, now_ms) && wait->progress)
		client_progress(client, shape_voucher(client->control, v));
	free(v);
}

static bool
take_voucher_id(void *ctx, const struct ledger_voucher *v)
{
	int64_t *id = ctx;
	*id = v->id;
	return false;
}

/* ---- waiting for intake -------------------------------------------------- */

/* The file is in the ledger: what now? */
static void
step_read(struct client *client)
{
	struct client_wait *wait = &client->u.wait;
	const struct ledger_voucher_filter filter = {
		.batch = wait->batch, .state = -1, .limit = 1};
	if (wait->is_load) {
		wait->what = CLIENT_WAIT_VOUCHER;
		(void)ledger_each_voucher(client->control->ledger, &filter,
			take_voucher_id, &wait->voucher);
		return;
	}
	wait->what = CLIENT_WAIT_BATCH;
	if (wait->goes_on)
		return;
	struct control_tally tally;
	control_tally_take(client, &tally);
	struct json *done = json_new_object();
	json_put_number(done, "batch", wait->batch);
	json_put_number(done, "rows", wait->rows);
	json_put_number(done, "bad_rows", wait->faults);
	json_put_number(done, "held", tally.counts[VOUCHER_HELD]);
	json_put(done, "first_bad_rows",
		shape_faults(client->control, wait->batch,
			wait->faults > 0 ? CONTROL_FAULTS_SHOWN : 0));
	/* Held whole at its arrival: somebody must look at it. */
	client_done(client, done,
		tally.counts[VOUCHER_HELD] > 0 ? CONTROL_LEFT_OPEN
					       : CONTROL_DONE);
}

static void
step_wait(struct client *client)
{
	struct client_wait *wait = &client->u.wait;
	int64_t now_ms = loop_now_ms(client->control->parts.loop);
	if (wait->what == CLIENT_WAIT_FILE && wait->batch != 0)
		step_read(client);
	if (client->done)
		return;
	switch (wait->what) {
	case CLIENT_WAIT_FILE:
	case CLIENT_WAIT_BALANCE:
		return;
	case CLIENT_WAIT_BATCH:
	case CLIENT_WAIT_ALL:
		step_wait_tally(client, now_ms);
		return;
	case CLIENT_WAIT_VOUCHER:
		step_wait_voucher(client, now_ms);
		return;
	}
}

/* In an event: the batch may not be on disk yet. */
static void
on_intake(void *ctx, const struct intake_result *result)
{
	struct client *client = ctx;
	if (result->known_batch != 0 && client->u.wait.is_load) {
		client_fail(client, CONTROL_REFUSED,
			"this card is known already and was not dialled "
			"again; see what became of it: topupctl vouchers "
			"--batch %lld",
			(long long)result->known_batch);
		return;
	}
	if (result->batch == 0) {
		client_fail(client, CONTROL_REFUSED, "not taken: %s",
			result->reason[0] != '\0' ? result->reason : "refused");
		return;
	}
	client->u.wait.batch = result->batch;
	client->u.wait.rows = result->rows;
	client->u.wait.faults = result->faults;
}

/* ---- the commands -------------------------------------------------------- */

/* What is common: the time-out and whether to tell on the way. */
static bool
start_wait(struct client *client, const struct json *args,
	enum client_wait_for what)
{
	struct client_wait *wait = &client->u.wait;
	int64_t timeout_s = 0;
	*wait = (struct client_wait){.what = what,
		.progress = json_get_flag(args, "progress"),
		.deadline_ms = INT64_MAX,
		.next_ms = INT64_MAX};
	if (!args_number(client, args, "timeout", &timeout_s))
		return false;
	if (timeout_s > TIMEOUT_MAX_S) {
		client_fail(client, CONTROL_USAGE,
			"the time-out is longer than %d seconds",
			(int)TIMEOUT_MAX_S);
		return false;
	}
	int64_t now_ms = loop_now_ms(client->control->parts.loop);
	if (timeout_s > 0)
		wait->deadline_ms = now_ms + timeout_s * 1000;
	/* The folder changes without a turn of ours, so even who wants no
	 * progress looks again from time to time. */
	if (wait->progress || what == CLIENT_WAIT_ALL)
		wait->next_ms = now_ms;
	return true;
}

void
control_wait(struct client *client, const struct json *args)
{
	int64_t batch = 0;
	if (!args_number(client, args, "batch", &batch) ||
		!start_wait(client, args,
			batch == 0 ? CLIENT_WAIT_ALL : CLIENT_WAIT_BATCH))
		return;
	if (batch != 0) {
		struct ledger_batch *b =
			shape_find_batch(client->control->ledger, batch);
		if (b == NULL) {
			client_fail(client, CONTROL_REFUSED,
				"there is no batch %lld", (long long)batch);
			return;
		}
		free(b);
	}
	client->u.wait.batch = batch;
	client->step = step_wait;
}

/*
 * Only a plain file may be read in the loop: a pipe could make it wait for
 * ever. The sender shares the offset, so it is set here.
 */
static bool
take_file(struct client *client)
{
	struct stat st;
	int fd = client->passed_fd;
	if (fd < 0) {
		client_fail(client, CONTROL_USAGE, "no file came with it");
		return false;
	}
	int flags = fcntl(fd, F_GETFL);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || flags < 0 ||
		(flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) != 0 ||
		lseek(fd, 0, SEEK_SET) != 0) {
		client_fail(client, CONTROL_REFUSED,
			"it is no plain file that can be read");
		return false;
	}
	return true;
}

static bool
copy_arg(struct client *client, const struct json *args, const char *key,
	char out[64])
{
	const char *text = "";
	if (!args_text(client, args, key, &text))
		return false;
	if (span_copy(out, 64, span_str(text)) == 0)
		return true;
	client_fail(client, CONTROL_USAGE, "'%s' is too long", key);
	return false;
}

/* Hands the descriptor over to intake, whatever comes of it. */
static void
submit(struct client *client, const char *name,
	const struct intake_defaults *defaults)
{
	struct intake *intake = client->control->parts.intake;
	const char *unsafe = turn_unsafe(client->control->parts.turn);
	if (unsafe != NULL) {
		client_fail(client, CONTROL_REFUSED, "not taken: %s", unsafe);
		return;
	}
	int fd = client->passed_fd;
	client->passed_fd = -1;
	int err = intake_submit(
		intake, fd, name, client->who, defaults, on_intake, client);
	if (err == -EBUSY)
		client_fail(client, CONTROL_REFUSED,
			"too many files wait to be read: try again later");
	else if (err != 0)
		client_fail(client, CONTROL_REFUSED, "%s", strerror(-err));
	else
		client->step = step_wait;
}

/* The last part of a path, as a file in incoming/ would be named. */
static bool
name_is_good(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '.' &&
	       strchr(name, '/') == NULL && strlen(name) < 200;
}

void
control_submit(struct client *client, const struct json *args)
{
	struct intake_defaults defaults = {.operator= "" };
	const char *name = NULL;
	if (!args_text(client, args, "name", &name) ||
		!copy_arg(client, args, "operator", defaults.operator) ||
		!copy_arg(client, args, "amount", defaults.amount) ||
		!copy_arg(client, args, "target", defaults.target) ||
		!copy_arg(client, args, "modem", defaults.modem) ||
		!start_wait(client, args, CLIENT_WAIT_FILE))
		return;
	if (!name_is_good(name)) {
		client_fail(client, CONTROL_USAGE,
			"the file needs a plain name (NAME.csv or NAME.txt)");
		return;
	}
	client->u.wait.goes_on = json_get_flag(args, "wait");
	if (take_file(client))
		submit(client, name, &defaults);
}

/*
 * A clerk does not say which operator: that of the modem, or the only one
 * there is. More than one: he must say.
 */
static void
guess_operator(struct client *client, struct intake_defaults *defaults)
{
	struct fleet *fleet = client->control->parts.fleet;
	const char *only = NULL;
	if (defaults->operator[0] != '\0')
		return;
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		const struct line *line = fleet_at(fleet, i);
		if (line->profile == NULL ||
			(defaults->modem[0] != '\0' &&
				strcmp(defaults->modem, line->config.name) !=
					0))
			continue;
		if (only != NULL && strcmp(only, line->profile->stem) != 0)
			return;
		only = line->profile->stem;
	}
	if (only != NULL)
		(void)span_copy(defaults->operator, sizeof(defaults->operator),
			span_str(only));
}

void
control_load(struct client *client, const struct json *args)
{
	struct intake_defaults defaults = {.operator= "" };
	if (!copy_arg(client, args, "operator", defaults.operator) ||
		!copy_arg(client, args, "amount", defaults.amount) ||
		!copy_arg(client, args, "to", defaults.target) ||
		!copy_arg(client, args, "modem", defaults.modem) ||
		!start_wait(client, args, CLIENT_WAIT_FILE) ||
		!take_file(client))
		return;
	guess_operator(client, &defaults);
	client->u.wait.is_load = true;
	submit(client, "counter.txt", &defaults);
}

/* ---- balance ------------------------------------------------------------- */

static void
on_balance(void *ctx, const struct balance_answer *b)
{
	struct client *client = ctx;
	if (!b->ok) {
		client_fail(client, CONTROL_REFUSED, "%s: %s",
			client->u.wait.modem, b->error);
		return;
	}
	struct json *done = json_new_object();
	json_put_text(done, "modem", client->u.wait.modem);
	json_put(done, "balance", shape_money(b->minor, b->decimals));
	json_put_text(done, "currency", b->currency);
	json_put(done, "at", shape_time(b->at_wall_ms));
	client_done(client, done, CONTROL_DONE);
}

void
control_balance(struct client *client, const struct json *args)
{
	const struct control_parts *parts = &client->control->parts;
	const char *modem = "";
	if (!args_text(client, args, "modem", &modem) ||
		!start_wait(client, args, CLIENT_WAIT_BALANCE))
		return;
	struct line *line = fleet_find(parts->fleet, modem);
	if (line == NULL) {
		client_fail(client, CONTROL_REFUSED,
			"there is no modem '%.64s'", modem);
		return;
	}
	(void)span_copy(client->u.wait.modem, sizeof(client->u.wait.modem),
		span_str(modem));
	if (control_hand_blocked(client, line))
		return;
	client->step = step_wait;
	int err = balance_ask(parts->balance, line, on_balance, client);
	if (err == -ENOTSUP && line->profile != NULL)
		client_fail(client, CONTROL_REFUSED,
			"the operator of %.64s has neither a code nor a text "
			"for the balance",
			modem);
	else if (err == -EDQUOT)
		client_fail(client, CONTROL_REFUSED,
			"%.64s has asked its balance as often as [balance] "
			"max_per_day allows; it may again tomorrow",
			modem);
	else if (err != 0)
		control_hand_fail(client, line, err);
}
