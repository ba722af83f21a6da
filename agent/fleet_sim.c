/*
 * fleet_sim: the SIM in a line: what names it, whose operator it is, and
 * whether a session of it may still be answered. It must never take one SIM
 * for another.
 */
#include "agent/fleet_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/loop.h"
#include "agent/turn.h"

const char *
line_iccid(const struct line *line)
{
	const struct modem_info *info = modem_info(line->modem);
	/* A SIM that does not tell its ICCID is still one SIM. */
	return info->iccid[0] != '\0' ? info->iccid : info->imsi;
}

void
fleet_copy(char *dst, size_t cap, const char *src)
{
	(void)span_copy(dst, cap, span_str(src));
}

/* Once for each fence: what is begun is not begun again. */
static void
write_doubt(const struct line *line, struct turn *turn)
{
	struct ledger_sim sim;
	const char *iccid = line_iccid(line);
	if (iccid[0] == '\0' ||
		ledger_sim(turn_ledger(turn), iccid, 0, &sim) != 0 || sim.fence)
		return;
	struct ledger_op op = turn_op(turn, LEDGER_FENCE);
	struct ledger_fence *f = &op.u.fence;
	fleet_copy(f->iccid, sizeof(f->iccid), iccid);
	fleet_copy(f->modem, sizeof(f->modem), line->config.name);
	fleet_copy(f->why, sizeof(f->why), line->doubt_why);
	turn_must(turn, &op);
}

void
line_doubt(
	struct line *line, struct turn *turn, const char *why, int64_t due_ms)
{
	if (!line->doubt)
		fleet_copy(line->doubt_why, sizeof(line->doubt_why), why);
	line->doubt = true;
	if (line->due_ms < due_ms)
		line->due_ms = due_ms;
	write_doubt(line, turn);
}

static struct profile *
find_profile(struct line *line, const struct profiles *profiles)
{
	line->why_no_profile[0] = '\0';
	if (strcmp(line->config.operator, "auto") != 0)
		return profiles_find(profiles, span_str(line->config.operator));
	const char *imsi = modem_info(line->modem)->imsi;
	struct profile *profile = NULL;
	size_t fits = profiles_of_imsi(profiles, span_str(imsi), &profile);
	if (fits == 1)
		return profile;
	(void)snprintf(line->why_no_profile, sizeof(line->why_no_profile),
		fits == 0 ? "no operator profile has this SIM's mcc_mnc "
			    "(%.5s): add one, or set operator"
			  : "several operator profiles fit this SIM's mcc_mnc "
			    "(%.5s): set operator for this modem",
		imsi);
	return NULL;
}

void
fleet_choose_profile(struct slot *slot)
{
	struct profile *profile =
		find_profile(&slot->line, slot->fleet->profiles);
	if (profile == slot->line.profile)
		return;
	profile_unref(slot->line.profile);
	slot->line.profile = profile ? profile_ref(profile) : NULL;
}

/* ---- since when it is here ---------------------------------------------- */

/* A number for that SIM in that device (FNV-1a, 63 bits), never 0. */
static int64_t
number_of(const char *iccid, const char *imei)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (const char *c = iccid; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	hash = (hash ^ '/') * UINT64_C(1099511628211);
	for (const char *c = imei; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	return (int64_t)(hash >> 1 | 1);
}

static int64_t
cursor(const struct slot *slot, const char *what)
{
	char name[LEDGER_NAME_MAX];
	(void)snprintf(name, sizeof(name), "%s:%s", what,
		slot->line.config.name); /* it fits */
	return ledger_cursor(turn_ledger(slot->fleet->turn), name);
}

static void
move_cursor(const struct slot *slot, const char *what, int64_t value)
{
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_CURSOR);
	(void)snprintf(op.u.cursor.name, sizeof(op.u.cursor.name), "%s:%s",
		what, slot->line.config.name);
	op.u.cursor.seq = value;
	turn_must(slot->fleet->turn, &op);
}

/*
 * A modem keeps messages of the SIM that was in it before. Cursors of the
 * modem know which that was, and since when this one is here: a restart with
 * the same SIM changes nothing.
 */
static void
note_stay(struct slot *slot, const char *iccid)
{
	struct line *line = &slot->line;
	int64_t number = number_of(iccid, modem_info(line->modem)->imei);
	int64_t before = cursor(slot, "sim_here");
	if (before == number) {
		line->here_wall_ms = cursor(slot, "sim_here_wall");
		line->here_ran_ms = cursor(slot, "sim_here_ran");
		return;
	}
	/* Not read back: a turn that is stuck has not written them. */
	struct ledger_moment now = turn_now(slot->fleet->turn);
	bool known = before == 0 || loop_clock_is_trusted();
	line->here_wall_ms = known ? now.wall_ms : 0;
	line->here_ran_ms = now.ran_ms > 0 ? now.ran_ms : 1;
	move_cursor(slot, "sim_here", number);
	move_cursor(slot, "sim_here_wall", line->here_wall_ms);
	move_cursor(slot, "sim_here_ran", line->here_ran_ms);
}

/* ---- who it is ---------------------------------------------------------- */

void
fleet_note_sim(struct slot *slot)
{
	struct line *line = &slot->line;
	const struct modem_info *info = modem_info(line->modem);
	const char *iccid = line_iccid(line);
	fleet_choose_profile(slot);
	fleet_copy(line->account, sizeof(line->account),
		line->config.account[0] ? line->config.account : iccid);
	bool same_sim = strcmp(iccid, slot->seen_iccid) == 0;
	/* Another modem may have taken its SIM: it keeps messages, too. */
	if (iccid[0] == '\0' ||
		(same_sim && strcmp(info->imei, slot->seen_imei) == 0))
		return;
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_SIM_SEEN);
	struct ledger_sim_seen *seen = &op.u.sim_seen;
	fleet_copy(seen->modem, sizeof(seen->modem), line->config.name);
	fleet_copy(seen->iccid, sizeof(seen->iccid), iccid);
	fleet_copy(seen->imsi, sizeof(seen->imsi), info->imsi);
	fleet_copy(seen->imei, sizeof(seen->imei), info->imei);
	fleet_copy(seen->operator, sizeof(seen->operator),
		line->profile ? line->profile->stem : "");
	fleet_copy(seen->account, sizeof(seen->account), line->account);
	turn_must(slot->fleet->turn, &op);
	fleet_copy(slot->seen_iccid, sizeof(slot->seen_iccid), iccid);
	fleet_copy(slot->seen_imei, sizeof(slot->seen_imei), info->imei);
	note_stay(slot, iccid);
	if (same_sim)
		return;
	line->balance_batch = 0; /* another SIM, another balance */
	line->balance_fresh = false;
	line->balance_failures = 0;
	line->refusals = 0;
}
