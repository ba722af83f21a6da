/*
 * realm_modem: the modems and SIMs of a realm, what goes wrong with them, and
 * who changes their SIMs. See realm.h.
 */
#include "tests/crash/realm_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/loop.h"
#include "tests/crash/story.h"
#include "tests/crash/wire.h"
#include "tests/virtual/virtual.h"

void
realm_make_sims(struct realm *r)
{
	r->sim_count = r->modem_count + 2;
	for (size_t i = 0; i < r->sim_count; i++) {
		struct realm_sim *sim = &r->sims[i];
		unsigned n = 11 * (unsigned)(i % 9 + 1);
		(void)snprintf(
			sim->imsi, sizeof(sim->imsi), "0010100000000%02u", n);
		(void)snprintf(sim->iccid, sizeof(sim->iccid),
			"89000000000000000%02u", n);
		(void)snprintf(
			sim->msisdn, sizeof(sim->msisdn), "08000000%02u", n);
		const struct realm_sim *owner = realm_owner(r, sim);
		int64_t minor = 100 * (int64_t)realm_draw(r, 1000);
		int rc = owner == sim
		                 ? network_add_account(r->network, sim->imsi,
					   sim->msisdn, minor)
		                 : network_share_account(r->network, sim->imsi,
					   sim->msisdn, owner->imsi);
		assert(rc == 0);
		(void)rc;
	}
}

static void
draw_mail(struct realm *r, struct mail_options *o)
{
	o->by_hand = true; /* see letter */
	o->wall_ms = loop_wall_ms() - virtual_now_ms();
	o->first = (int)realm_draw(r, 2);
	o->form = (enum mail_form)realm_draw(r, MAIL_SAME_LINE + 1);
	o->sm_size = 1 + (int)realm_draw(r, realm_chance(r, 30) ? 4 : 30);
	o->me_size = 1 + (int)realm_draw(r, realm_chance(r, 30) ? 4 : 50);
	o->full_silent = realm_chance(r, 30);
	o->prompt_ms = realm_draw_ms(r, 500, 20000);
	o->late_ms = realm_draw_ms(r, 2000, 60000);
}

/* Who has no messages is of no use where PINs go by SMS alone, or balances. */
static bool
can_work(const struct realm *r, const char *family)
{
	return (r->terms.ussd && !r->terms.by_text) ||
	       device_has_messages(family);
}

static const char *
draw_family(struct realm *r)
{
	const char *family;
	size_t count = 0;
	while (device_dialect_name(count))
		count++;
	do
		family = device_dialect_name(realm_draw(r, count));
	while (!can_work(r, family));
	return r->family ? r->family : family;
}

static void
draw_device(struct realm *r, struct device_options *o)
{
	int rc = device_defaults(o, draw_family(r));
	assert(rc == 0);
	(void)rc;
	o->cut = realm_chance(r, 50) ? 0 : 1 + (int)realm_draw(r, 40);
	o->noise = realm_chance(r, 30);
	o->echo = realm_chance(r, 80);
	o->chatter_ms = 0; /* it only costs time */
	o->delay_ms[0] = realm_draw_ms(r, 20, 1000);
	o->delay_ms[1] = o->delay_ms[0] + realm_draw_ms(r, 1, 3000);
	o->boot_ms = realm_chance(r, 50) ? 0 : realm_draw_ms(r, 100, 8000);
	o->register_ms = realm_chance(r, 50) ? 0 : realm_draw_ms(r, 100, 8000);
	o->vanish_ms = realm_draw_ms(r, 500, 60000);
	o->hang_ms = realm_draw_ms(r, 500, 60000);
	o->replug_ms = realm_draw_ms(r, 100, 3000);
	/* A copy later than the pause between two cards is residual. */
	o->twice_ms = realm_chance(r, 50) ? 0 : r->terms.interval_ms - 200;
	/* Later than that is residual: the least time-out, as a reload may set
	 * it, and the fence, less the longest delay. */
	o->late_ms = REALM_TIMEOUT_MIN_MS + r->terms.fence_ms - 4500;
	if (r->residual == REALM_LATE_TEXT)
		o->late_ms = 40000 + 6 * r->terms.fence_ms;
	draw_mail(r, &o->mail);
}

static void
put_sim(const struct realm *r, const struct realm_modem *m,
	struct device_options *o)
{
	const struct realm_sim *sim = &r->sims[m->sim];
	(void)snprintf(o->imsi, sizeof(o->imsi), "%s", sim->imsi);
	(void)snprintf(o->iccid, sizeof(o->iccid), "%s", sim->iccid);
	(void)snprintf(o->msisdn, sizeof(o->msisdn), "%s", sim->msisdn);
}

static void
configure(struct realm *r, size_t i)
{
	const struct realm_modem *m = &r->modems[i];
	struct config_modem *c = &r->config_modems[i];
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->name, sizeof(c->name), "%s", m->name);
	(void)snprintf(c->operator, sizeof(c->operator), "simtel");
	(void)snprintf(c->dialect, sizeof(c->dialect), "auto");
	c->port = r->modems[i].where;
	c->identity = r->modems[i].where;
	c->baud = 115200;
	if (r->terms.shared && i < 2)
		(void)snprintf(c->account, sizeof(c->account), "shop");
}

void
realm_make_modems(struct realm *r, struct sim_hook hook)
{
	for (size_t i = 0; i < r->modem_count; i++) {
		struct realm_modem *m = &r->modems[i];
		struct device_options o;
		draw_device(r, &o);
		m->sim = i;
		unsigned n = (unsigned)(i % 9 + 1);
		(void)snprintf(m->name, sizeof(m->name), "m%u", n);
		(void)snprintf(m->where, sizeof(m->where), "/dev/m%u", n);
		(void)snprintf(o.name, sizeof(o.name), "%s", m->name);
		(void)snprintf(o.imei, sizeof(o.imei), "3500000000000%02u", n);
		put_sim(r, m, &o);
		story_tell("%s is a %s, with %s", m->name, o.dialect, o.imsi);
		m->device = device_new(&o, r->network, hook, r->seed);
		assert(m->device);
		device_start(m->device, virtual_now_ms());
		wire_add(m->where, m->device);
		configure(r, i);
	}
	r->config.modems = r->config_modems;
	r->config.modem_count = r->modem_count;
}

void
realm_trouble(struct realm *r, double how_likely)
{
	/* What executes and says nothing of it, and what only looks odd. */
	r->trouble = how_likely;
	static const enum device_fault often[] = {DEVICE_CME_LOCAL,
		DEVICE_LOSE_REQUEST, DEVICE_BUSY, DEVICE_LOSE_REPLY,
		DEVICE_LATE, DEVICE_REPLUG, DEVICE_TWICE};
	for (size_t i = 0; i < r->modem_count; i++) {
		struct device *device = r->modems[i].device;
		double *chances = device_options(device)->chance;
		for (int f = 0; f < DEVICE_FAULTS; f++)
			chances[f] = how_likely / 8;
		for (size_t f = 0; f < sizeof(often) / sizeof(*often); f++)
			chances[often[f]] = how_likely / 2;
		chances = device_options(device)->mail.chance;
		for (int f = 0; f < MAIL_FAULTS; f++)
			chances[f] = how_likely / 5;
		device_changed(device, virtual_now_ms());
	}
}

/* ---- who changes SIMs --------------------------------------------------- */

/* Under power, or out with the modem and in with it again. */
static void
change_sim(struct realm_modem *m, bool hot)
{
	device_changed(m->device, virtual_now_ms());
	if (hot)
		device_swapped(m->device, virtual_now_ms());
	else
		device_vanish(m->device, virtual_now_ms(), 0);
}

/* One that says nothing at all leaves nobody a chance. */
static bool
tells_of_swaps(const struct realm_modem *m)
{
	return device_tells_of_swaps(device_options(m->device)->dialect);
}

void
realm_swap(struct realm *r, size_t modem, size_t sim)
{
	struct realm_modem *m = &r->modems[modem], *other = NULL;
	for (size_t i = 0; i < r->modem_count; i++)
		if (r->modems[i].sim == sim)
			other = &r->modems[i];
	/* An account is configured for a modem: its SIM stays in it. */
	if (other == m || r->terms.shared)
		return;
	if (other)
		other->sim = m->sim;
	m->sim = sim;
	bool hot = realm_chance(r, 50) && tells_of_swaps(m) &&
	           (!other || tells_of_swaps(other));
	put_sim(r, m, device_options(m->device));
	change_sim(m, hot);
	if (other)
		put_sim(r, other, device_options(other->device));
	if (other)
		change_sim(other, hot);
}
