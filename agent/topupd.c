/*
 * topupd: the composition root. It builds each part, hands it what it needs
 * and runs the loop; start-up is a list, and shutdown its mirror. It decides
 * nothing about money.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/balance.h"
#include "agent/control.h"
#include "agent/dialogue.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/follow_up.h"
#include "agent/herald.h"
#include "agent/intake.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/notify.h"
#include "agent/options.h"
#include "agent/problem.h"
#include "agent/process.h"
#include "agent/recover.h"
#include "agent/redeem.h"
#include "agent/reload.h"
#include "agent/reserve.h"
#include "agent/restore.h"
#include "agent/sentry.h"
#include "agent/spool.h"
#include "agent/trail.h"
#include "agent/turn.h"
#include "agent/vault.h"

struct daemon {
	struct options options;
	struct settings settings;
	gid_t group;
	struct vault *vault;
	struct ledger *ledger;
	struct reserve *reserve;
	struct loop *loop;
	struct turn *turn;
	struct herald *herald;
	struct spool *spool;
	struct fleet *fleet;
	struct balance *balance;
	struct dialogue *dialogue;
	struct follow_up *follow_up;
	struct redeem *redeem;
	struct sentry *sentry;
	struct dispatch *dispatch;
	struct intake *intake;
	struct trail *trail;
	struct control *control;
	struct loop_timer *watchdog;
	struct loop_timer *leave; /* NULL until all is drained */
	bool stopping, leaving;
};

/* ---- callbacks between the parts --------------------------------------- */

/* The modems put their settings back; the second time it has lasted too
 * long. */
static void
on_leave(void *ctx)
{
	struct daemon *d = ctx;
	if (!d->leaving) {
		d->leaving = true;
		loop_timer_at(d->leave, loop_now_ms(d->loop) + FLEET_LEAVE_MS);
		fleet_leave(d->fleet);
		if (!fleet_is_stopped(d->fleet))
			return;
	}
	loop_stop(d->loop);
}

static size_t
on_air(const struct daemon *d)
{
	return redeem_in_flight(d->redeem) + follow_up_in_flight(d->follow_up);
}

/* In a turn of its own: a modem may be just calling. A full disk must not
 * keep us from ending. */
static void
stop_when_drained(struct daemon *d)
{
	if (!d->stopping || on_air(d) > 0)
		return;
	if (!d->leave) {
		d->leave = loop_timer_new(d->loop, on_leave, d);
		loop_timer_always(d->leave);
		loop_timer_at(d->leave, loop_now_ms(d->loop));
	} else if (d->leaving && fleet_is_stopped(d->fleet)) {
		loop_stop(d->loop);
	}
}

static void
on_line(void *ctx, struct line *line)
{
	struct daemon *d = ctx;
	(void)line;
	if (d->dispatch) /* modems start before there is one */
		dispatch_kick(d->dispatch);
	if (d->redeem)
		stop_when_drained(d);
}

static void
on_push(void *ctx, struct line *line, struct span text_utf8)
{
	struct daemon *d = ctx;
	if (d->sentry)
		sentry_on_text(d->sentry, line, text_utf8);
}

static int
on_sms(void *ctx, struct line *line, const struct modem_message *sms)
{
	struct daemon *d = ctx;
	const struct message_parts parts = {.loop = d->loop,
		.turn = d->turn,
		.vault = d->vault,
		.balance = d->balance,
		.on_idle = {.ctx = d, .fn = on_line}};
	return message_on_sms(&parts, line, sms);
}

static void
on_file(void *ctx, const char *name)
{
	struct daemon *d = ctx;
	if (d->intake)
		intake_on_file(d->intake, name);
}

static bool
has_modem(void *ctx, const char *name)
{
	struct daemon *d = ctx;
	return fleet_find(d->fleet, name) != NULL;
}

static void
on_batch(void *ctx)
{
	struct daemon *d = ctx;
	dispatch_kick(d->dispatch);
}

static void
on_safe(void *ctx)
{
	struct daemon *d = ctx;
	if (d->dispatch) /* the disk may be full from the start */
		dispatch_kick(d->dispatch);
}

static void
note_event(
	struct daemon *d, const char *event, const char *who, const char *note)
{
	struct ledger_op op = turn_op(d->turn, LEDGER_EVENT);
	(void)span_copy(
		op.u.event.event, sizeof(op.u.event.event), span_str(event));
	(void)span_copy(
		op.u.event.note, sizeof(op.u.event.note), span_str(note));
	if (who)
		(void)span_copy(op.who, sizeof(op.who), span_str(who));
	turn_must(d->turn, &op);
}

/* ---- signals ----------------------------------------------------------- */

static void
on_terminate(void *ctx)
{
	struct daemon *d = ctx;
	if (d->stopping)
		_exit(EXIT_FAILURE); /* the attempt on air is found again */
	d->stopping = true;
	log_line(LOG_AT_NOTICE, "topupd stopping on_air=%zu", on_air(d));
	notify_send("STOPPING=1");
	dispatch_drain(d->dispatch);
	stop_when_drained(d);
}

static int
reload(void *ctx, const char *who, char *errors, size_t cap)
{
	struct daemon *d = ctx;
	struct problems *problems = problems_new();
	struct settings now;
	bool good = settings_read(d->options.file, &now, problems);
	if (good)
		settings_compare(&d->settings, &now, problems);
	if (good && problems_errors(problems) > 0) {
		settings_free(&now);
		good = false;
	}
	process_tell_problems(problems, errors, cap);
	problems_free(problems);
	note_event(d, good ? "daemon.reload" : "daemon.reload_refused", who,
		d->options.file);
	if (!good)
		return -EINVAL;
	struct settings old = d->settings;
	d->settings = now;
	fleet_apply(d->fleet, now.config, now.profiles);
	intake_set_profiles(d->intake, now.profiles);
	herald_apply(d->herald, now.config);
	settings_free(&old);
	spool_scan(d->spool);
	dispatch_kick(d->dispatch);
	return 0;
}

static void
on_hangup(void *ctx)
{
	char errors[1024];
	(void)reload(ctx, NULL, errors, sizeof(errors));
}

static void
on_watchdog(void *ctx)
{
	struct daemon *d = ctx;
	notify_send("WATCHDOG=1");
	loop_timer_at(d->watchdog, loop_now_ms(d->loop) + notify_watchdog_ms());
}

/* ---- start-up, in order ------------------------------------------------ */

static bool
fail(const char *part, const char *why)
{
	log_line(LOG_AT_ERROR, "%s %s", part, why);
	return false;
}

/* The key and the ledger: one is not made anew beside the other. */
static bool
open_ledger(struct daemon *d)
{
	const struct config *config = d->settings.config;
	char path[4096], why[512];
	if (!process_make_folder(config->state_dir, 0750))
		return false;
	int n = snprintf(path, sizeof(path), "%s/ledger.db", config->state_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return fail("config", "state_dir is too long");
	bool may_create = access(path, F_OK) != 0 && errno == ENOENT;
	d->vault = vault_open(config->key_file, may_create, why, sizeof(why));
	if (!d->vault && !may_create)
		log_line(LOG_AT_ERROR,
			"vault there is a ledger (%s), and no PIN in it can "
			"be read without the key it was sealed with: put the "
			"copy of the key in its place",
			path);
	if (!d->vault)
		return fail("vault", why);
	d->ledger =
		ledger_open(path, LEDGER_OPEN_RW, d->vault, why, sizeof(why));
	return d->ledger || fail("ledger", why);
}

/* Before the first commit: a full disk must not keep us from starting, and
 * from telling so. */
static bool
open_reserve(struct daemon *d)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/reserve",
		d->settings.config->state_dir);
	if (n >= 0 && (size_t)n < sizeof(path))
		d->reserve = reserve_open(path);
	if (!d->reserve)
		return fail("config", "state_dir is too long");
	turn_keep_reserve(d->turn, d->reserve, on_safe, d);
	return true;
}

static bool
recover(struct daemon *d)
{
	bool clean = recover_was_clean(d->turn);
	size_t open = recover_attempts(d->turn);
	char note[64];
	(void)snprintf(note, sizeof(note), "version=%s clean=%s open=%zu",
		TOPUP_VERSION, clean ? "yes" : "no", open);
	note_event(d, RECOVER_START, NULL, note);
	if (turn_commit(d->turn) != 0)
		return fail("ledger", ledger_error(d->ledger));
	if (!clean)
		fleet_doubt_all(d->fleet);
	return true;
}

static bool
open_spool(struct daemon *d)
{
	const char *dir = d->settings.config->spool_dir;
	char why[512];
	if (!process_make_folder(dir, 0755))
		return false;
	d->spool = spool_open(
		d->loop, dir, d->group, on_file, d, why, sizeof(why));
	return d->spool || fail("spool", why);
}

static void
build_stories(struct daemon *d)
{
	struct fleet_idle on_idle = {.ctx = d, .fn = on_line};
	d->balance = balance_new(d->loop, d->turn, &on_idle);
	d->dialogue = dialogue_new(d->loop, d->turn, d->fleet, &on_idle);
	d->redeem = redeem_new(d->loop, d->turn, d->vault, &on_idle);
	d->follow_up = follow_up_new(d->loop, d->turn, &on_idle);
	struct sentry_parts sentry = {.loop = d->loop,
		.turn = d->turn,
		.balance = d->balance,
		.on_idle = on_idle};
	d->sentry = sentry_new(&sentry);
	struct dispatch_parts dispatch = {.loop = d->loop,
		.turn = d->turn,
		.fleet = d->fleet,
		.redeem = d->redeem,
		.balance = d->balance,
		.sentry = d->sentry,
		.follow_up = d->follow_up};
	d->dispatch = dispatch_new(&dispatch);
	struct intake_options intake = {.loop = d->loop,
		.turn = d->turn,
		.vault = d->vault,
		.spool = d->spool,
		.profiles = d->settings.profiles,
		.has_modem = has_modem,
		.on_batch = on_batch,
		.ctx = d};
	d->intake = intake_new(&intake);
	d->trail = trail_new(d->loop, d->turn, d->spool);
}

static bool
open_control(struct daemon *d)
{
	const char *dir = d->settings.config->runtime_dir;
	char why[512];
	struct control_parts parts = {.loop = d->loop,
		.turn = d->turn,
		.fleet = d->fleet,
		.balance = d->balance,
		.dialogue = d->dialogue,
		.dispatch = d->dispatch,
		.intake = d->intake,
		.spool = d->spool,
		.reload = reload,
		.ctx = d,
		.vault = d->vault,
		.key_file = d->settings.config->key_file};
	if (!process_make_folder(dir, 0755))
		return false;
	d->control = control_new(&parts, dir, d->group, why, sizeof(why));
	return d->control || fail("control", why);
}

static void
begin_work(struct daemon *d)
{
	loop_on_signal(d->loop, SIGTERM, on_terminate, d);
	loop_on_signal(d->loop, SIGINT, on_terminate, d);
	loop_on_signal(d->loop, SIGHUP, on_hangup, d);
	fleet_apply(d->fleet, d->settings.config, d->settings.profiles);
	herald_watch(d->herald, d->fleet, d->dispatch);
	intake_recover(d->intake);
	spool_scan(d->spool);
	dispatch_kick(d->dispatch);
	if (notify_watchdog_ms() > 0) {
		d->watchdog = loop_timer_new(d->loop, on_watchdog, d);
		loop_timer_always(d->watchdog);
		on_watchdog(d);
	}
	notify_send("READY=1\nSTATUS=redeeming vouchers");
	log_line(LOG_AT_NOTICE, "topupd ready version=%s modems=%zu key=%s",
		TOPUP_VERSION, fleet_count(d->fleet), vault_key_id(d->vault));
}

static bool
start(struct daemon *d)
{
	if (!process_read_settings(d->options.file, &d->settings))
		return false;
	process_open_log(d->settings.config, d->options.log);
	process_harden(d->settings.config);
	if (!process_find_group(d->settings.config, &d->group) ||
		!open_ledger(d))
		return false;
	d->loop = loop_new();
	d->turn = turn_new(d->loop, d->ledger);
	d->herald = herald_new(d->loop, d->turn, d->settings.config);
	struct fleet_hooks hooks = {.ctx = d,
		.on_change = on_line,
		.on_push = on_push,
		.on_sms = on_sms};
	d->fleet = fleet_new(d->loop, d->turn, &hooks);
	fleet_keep_pins(d->fleet, d->vault);
	if (!open_reserve(d) || !recover(d) || !open_spool(d))
		return false;
	build_stories(d);
	if (!open_control(d))
		return false;
	begin_work(d);
	return true;
}

/* ---- shutdown, the mirror ---------------------------------------------- */

static void
finish_work(struct daemon *d)
{
	herald_finish(d->herald);
	fleet_stop(d->fleet);
	note_event(d, RECOVER_STOP, NULL, "");
	if (turn_commit(d->turn) != 0)
		log_line(LOG_AT_ERROR, "ledger stop why=\"%s\"",
			ledger_error(d->ledger));
	trail_finish(d->trail);
	(void)turn_commit(d->turn); /* the cursor only: sent again at worst */
	log_line(LOG_AT_NOTICE, "topupd stopped");
}

static void
take_down(struct daemon *d)
{
	herald_free(d->herald);
	control_free(d->control);
	trail_free(d->trail);
	intake_free(d->intake);
	dispatch_free(d->dispatch);
	follow_up_free(d->follow_up);
	redeem_free(d->redeem);
	sentry_free(d->sentry);
	dialogue_free(d->dialogue);
	balance_free(d->balance);
	fleet_free(d->fleet);
	spool_close(d->spool);
	turn_free(d->turn);
	loop_free(d->loop);
	reserve_close(d->reserve);
	ledger_close(d->ledger);
	vault_close(d->vault);
	settings_free(&d->settings);
	log_close();
}

int
main(int argc, char **argv)
{
	struct daemon d = {0};
	int rc = options_read(argc, argv, &d.options);
	if (rc != 0)
		return rc > 0 ? EXIT_SUCCESS : 2;
	if (d.options.check)
		return process_check(d.options.file);
	if (d.options.restore)
		return restore_run(d.options.file, d.options.restore) == 0
		               ? EXIT_SUCCESS
		               : EXIT_FAILURE;
	bool started = start(&d);
	if (started) {
		loop_run(d.loop);
		finish_work(&d);
	}
	take_down(&d);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
