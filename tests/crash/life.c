/*
 * life: see life.h. Order and wiring are those of agent/topupd.c.
 */
#include "tests/crash/life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/balance.h"
#include "agent/dialogue.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/follow_up.h"
#include "agent/intake.h"
#include "agent/ledger.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/recover.h"
#include "agent/redeem.h"
#include "agent/reserve.h"
#include "agent/sentry.h"
#include "agent/spool.h"
#include "agent/trail.h"
#include "agent/turn.h"
#include "agent/vault.h"
#include "tests/crash/power.h"

enum { STOP_MS = 10 * 60 * 1000 };

/* ---- callbacks between the parts --------------------------------------- */

static void
on_leave(void *ctx)
{
	struct life *l = ctx;
	if (!l->leaving) {
		l->leaving = true;
		loop_timer_at(l->leave, loop_now_ms(l->loop) + FLEET_LEAVE_MS);
		fleet_leave(l->fleet);
		if (!fleet_is_stopped(l->fleet))
			return;
	}
	loop_stop(l->loop);
}

static void
stop_when_drained(struct life *l)
{
	if (!l->stopping || redeem_in_flight(l->redeem) +
					    follow_up_in_flight(l->follow_up) >
				    0)
		return;
	if (!l->leave) {
		l->leave = loop_timer_new(l->loop, on_leave, l);
		loop_timer_always(l->leave);
		loop_timer_at(l->leave, loop_now_ms(l->loop));
	} else if (l->leaving && fleet_is_stopped(l->fleet)) {
		loop_stop(l->loop);
	}
}

static void
on_line(void *ctx, struct line *line)
{
	struct life *l = ctx;
	(void)line;
	if (l->dispatch)
		dispatch_kick(l->dispatch);
	if (l->redeem)
		stop_when_drained(l);
}

static void
on_push(void *ctx, struct line *line, struct span text_utf8)
{
	struct life *l = ctx;
	if (l->sentry)
		sentry_on_text(l->sentry, line, text_utf8);
}

static int
on_sms(void *ctx, struct line *line, const struct modem_message *sms)
{
	struct life *l = ctx;
	const struct message_parts parts = {.loop = l->loop,
		.turn = l->turn,
		.vault = l->vault,
		.balance = l->balance,
		.on_idle = {.ctx = l, .fn = on_line}};
	return message_on_sms(&parts, line, sms);
}

static void
on_file(void *ctx, const char *name)
{
	struct life *l = ctx;
	if (l->intake)
		intake_on_file(l->intake, name);
}

static bool
has_modem(void *ctx, const char *name)
{
	struct life *l = ctx;
	return fleet_find(l->fleet, name) != NULL;
}

static void
on_batch(void *ctx)
{
	struct life *l = ctx;
	dispatch_kick(l->dispatch);
}

static void
on_safe(void *ctx)
{
	struct life *l = ctx;
	if (l->dispatch)
		dispatch_kick(l->dispatch);
}

static void
note_event(struct life *l, const char *event, const char *note)
{
	struct ledger_op op = turn_op(l->turn, LEDGER_EVENT);
	(void)span_copy(
		op.u.event.event, sizeof(op.u.event.event), span_str(event));
	(void)span_copy(
		op.u.event.note, sizeof(op.u.event.note), span_str(note));
	turn_must(l->turn, &op);
}

/* ---- start-up, in order ------------------------------------------------ */

static bool
fail(struct life *l, const char *part, const char *why)
{
	char copy[sizeof(l->why)];
	(void)snprintf(copy, sizeof(copy), "%s", why);
	(void)snprintf(l->why, sizeof(l->why), "%.16s: %.480s", part, copy);
	return false;
}

static bool
open_ledger(struct life *l)
{
	char why[512] = "";
	(void)mkdir(LIFE_STATE_DIR, 0750); /* may be there */
	bool may_create = access(LIFE_LEDGER, F_OK) != 0 && errno == ENOENT;
	l->vault = vault_open(LIFE_KEY, may_create, why, sizeof(why));
	if (!l->vault)
		return fail(l, "vault", why);
	l->ledger = ledger_open(
		LIFE_LEDGER, LEDGER_OPEN_RW, l->vault, why, sizeof(why));
	return l->ledger || fail(l, "ledger", why);
}

static bool
recover(struct life *l)
{
	bool clean = recover_was_clean(l->turn);
	size_t open = recover_attempts(l->turn);
	char note[64];
	(void)snprintf(note, sizeof(note), "clean=%s open=%zu",
		clean ? "yes" : "no", open);
	note_event(l, RECOVER_START, note);
	if (turn_commit(l->turn) != 0)
		return fail(l, "recover", ledger_error(l->ledger));
	if (!clean)
		fleet_doubt_all(l->fleet);
	return true;
}

static void
build_stories(struct life *l)
{
	struct fleet_idle on_idle = {.ctx = l, .fn = on_line};
	l->balance = balance_new(l->loop, l->turn, &on_idle);
	l->dialogue = dialogue_new(l->loop, l->turn, l->fleet, &on_idle);
	l->redeem = redeem_new(l->loop, l->turn, l->vault, &on_idle);
	l->follow_up = follow_up_new(l->loop, l->turn, &on_idle);
	struct sentry_parts sentry = {.loop = l->loop,
		.turn = l->turn,
		.balance = l->balance,
		.on_idle = on_idle};
	l->sentry = sentry_new(&sentry);
	struct dispatch_parts dispatch = {.loop = l->loop,
		.turn = l->turn,
		.fleet = l->fleet,
		.redeem = l->redeem,
		.balance = l->balance,
		.sentry = l->sentry,
		.follow_up = l->follow_up};
	l->dispatch = dispatch_new(&dispatch);
	struct intake_options intake = {.loop = l->loop,
		.turn = l->turn,
		.vault = l->vault,
		.spool = l->spool,
		.profiles = l->profiles,
		.has_modem = has_modem,
		.on_batch = on_batch,
		.ctx = l};
	l->intake = intake_new(&intake);
	l->trail = trail_new(l->loop, l->turn, l->spool);
}

static void
begin_work(struct life *l)
{
	fleet_apply(l->fleet, l->config, l->profiles);
	intake_recover(l->intake);
	spool_scan(l->spool);
	dispatch_kick(l->dispatch);
}

bool
life_begin(struct life *l, const struct config *config,
	const struct profiles *profiles, life_fn *opened, void *ctx)
{
	char why[512] = "";
	memset(l, 0, sizeof(*l));
	l->config = config;
	l->profiles = profiles;
	if (!open_ledger(l))
		return false;
	if (opened)
		opened(ctx);
	l->loop = loop_new();
	l->turn = turn_new(l->loop, l->ledger);
	struct fleet_hooks hooks = {.ctx = l,
		.on_change = on_line,
		.on_push = on_push,
		.on_sms = on_sms};
	l->fleet = fleet_new(l->loop, l->turn, &hooks);
	fleet_keep_pins(l->fleet, l->vault);
	l->reserve = reserve_open(LIFE_STATE_DIR "/reserve");
	turn_keep_reserve(l->turn, l->reserve, on_safe, l);
	if (!recover(l))
		return false;
	l->spool = spool_open(l->loop, LIFE_SPOOL_DIR, (gid_t)-1, on_file, l,
		why, sizeof(why));
	if (!l->spool)
		return fail(l, "spool", why);
	build_stories(l);
	begin_work(l);
	return true;
}

void
life_reload(struct life *l, const struct config *config,
	const struct profiles *profiles)
{
	note_event(l, "daemon.reload", "");
	l->config = config;
	l->profiles = profiles;
	fleet_apply(l->fleet, config, profiles);
	intake_set_profiles(l->intake, profiles);
	spool_scan(l->spool);
	dispatch_kick(l->dispatch);
}

/* ---- shutdown, the mirror ---------------------------------------------- */

static void
finish_work(struct life *l)
{
	fleet_stop(l->fleet);
	note_event(l, RECOVER_STOP, "");
	(void)turn_commit(l->turn); /* or it is an unclean stop */
	trail_finish(l->trail);
	(void)turn_commit(l->turn); /* the cursor only: sent again at worst */
}

void
life_stop(struct life *l, virtual_seen_fn *seen, void *ctx)
{
	l->stopping = true;
	dispatch_drain(l->dispatch);
	stop_when_drained(l);
	(void)virtual_run_until(l->loop, STOP_MS, seen, ctx);
	if (power_is_on())
		finish_work(l);
}

void
life_drop(struct life *l)
{
	trail_free(l->trail);
	intake_free(l->intake);
	dispatch_free(l->dispatch);
	follow_up_free(l->follow_up);
	redeem_free(l->redeem);
	sentry_free(l->sentry);
	dialogue_free(l->dialogue);
	balance_free(l->balance);
	fleet_free(l->fleet);
	spool_close(l->spool);
	turn_free(l->turn);
	loop_free(l->loop);
	reserve_close(l->reserve);
	ledger_close(l->ledger);
	vault_close(l->vault);
	memset(l, 0, sizeof(*l));
}
