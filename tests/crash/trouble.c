/*
 * trouble: see trouble.h. It must never make what the contract calls
 * residual.
 */
#include "tests/crash/trouble.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/loop.h"
#include "tests/crash/disk.h"
#include "tests/crash/journal.h"
#include "tests/crash/law.h"
#include "tests/crash/letter.h"
#include "tests/crash/life.h"
#include "tests/crash/person.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"
#include "tests/crash/wire.h"
#include "tests/virtual/virtual.h"

#define DAY_MS INT64_C(86400000)
/* Files of the spool are of today; the clock never comes near. */
#define WALL_FIRST_MS INT64_C(1690000000000)

static bool disk_is_bad;
static int64_t mended_at_ms;

void
trouble_reset(void)
{
	disk_is_bad = false;
	wire_keep_unheard(0);
}

bool
trouble_is_on_disk(void)
{
	return disk_is_bad;
}

static void
mend_disk(void)
{
	disk_room(-1);
	disk_fault(DISK_WORKS);
	disk_is_bad = false;
	law_disk_is_full(false);
	story_tell("trouble: the disk works again");
}

static void
strike_disk(struct realm *r)
{
	if (disk_is_bad)
		return;
	disk_is_bad = true;
	mended_at_ms =
		virtual_now_ms() + realm_draw_ms(r, 500, INT64_C(600000));
	size_t drawn = realm_draw(r, 5);
	if (drawn < 2) {
		int64_t room = (int64_t)realm_draw(r, 200000);
		law_disk_is_full(true);
		disk_room(room);
		story_tell(
			"trouble: the disk has %" PRId64 " bytes left", room);
		return;
	}
	disk_fault((enum disk_fault)(drawn - 1));
	story_tell("trouble: the disk fails (%zu)", drawn - 1);
}

static void
strike_modem(struct realm *r)
{
	struct realm_modem *m = &r->modems[realm_draw(r, r->modem_count)];
	int64_t now_ms = virtual_now_ms();
	struct device_strike strike = {
		.fault = (enum device_fault)realm_draw(r, DEVICE_FAULTS),
		.only_pin = realm_draw(r, 2) == 0};
	switch (realm_draw(r, 7)) {
	case 0:
		story_tell("trouble: %s starts anew", m->name);
		device_start(m->device, now_ms);
		break;
	case 1:
		story_tell("trouble: %s hangs", m->name);
		device_hang(m->device, now_ms, 0);
		break;
	case 2:
		story_tell("trouble: %s vanishes", m->name);
		device_vanish(m->device, now_ms, 0);
		break;
	case 3:
		story_tell("trouble: %s is plugged in anew", m->name);
		device_replug(m->device, now_ms, 0);
		break;
	default:
		story_tell("trouble: %s will meet %s%s", m->name,
			device_fault_name(strike.fault),
			strike.only_pin ? " with a PIN" : "");
		device_strike(m->device, &strike);
		break;
	}
}

static void
strike_clock(struct realm *r)
{
	bool trusted = realm_draw(r, 2) == 0;
	int64_t wall_ms = WALL_FIRST_MS + (int64_t)realm_draw(r, 400) * DAY_MS +
	                  (int64_t)realm_draw(r, 86400) * 1000;
	if (realm_draw(r, 2) == 0)
		virtual_set_wall(wall_ms);
	virtual_set_trusted(trusted);
	story_tell("trouble: the clock says %" PRId64 ", %strusted",
		loop_wall_ms(), trusted ? "" : "not ");
}

static void
strike_reload(struct realm *r, struct life *life)
{
	realm_new_timeout(r);
	struct profile *old = profile_ref(r->list[0]);
	realm_profile(r);
	life_reload(life, &r->config, &r->profiles);
	profile_unref(old);
	story_tell("trouble: a reload");
}

void
trouble_passes(void)
{
	if (disk_is_bad && virtual_now_ms() >= mended_at_ms)
		mend_disk();
}

void
trouble_strikes(struct realm *r, struct life *life)
{
	trouble_passes();
	size_t drawn = realm_draw(r, 100);
	if (drawn < 38)
		person_acts(r, life);
	else if (drawn < 40)
		realm_spends(r);
	else if (drawn < 60)
		(void)realm_drop(r, 1 + (unsigned)realm_draw(r, 20));
	else if (drawn < 68)
		realm_drop_rest(r);
	else if (drawn < 85)
		strike_modem(r);
	else if (drawn < 89)
		strike_disk(r);
	else if (drawn < 92)
		strike_clock(r);
	else if (drawn < 94)
		strike_reload(r, life);
	else if (drawn < 96)
		realm_swap(r, realm_draw(r, r->modem_count),
			realm_draw(r, r->sim_count));
	else if (drawn < 98)
		journal_stall(realm_draw(r, 2) == 0);
	else
		wire_keep_unheard((int)realm_draw(r, 2));
}

void
trouble_ends(struct realm *r)
{
	mend_disk();
	journal_stall(false);
	virtual_set_wall(letter_wall_ms());
	virtual_set_trusted(true);
	realm_trouble(r, 0);
}
