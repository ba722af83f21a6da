/*
 * realm: see realm.h. Whatever the contract calls residual must not come
 * from here but by its own wish.
 */
#include "tests/crash/realm.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/problem.h"
#include "tests/crash/life.h"
#include "tests/crash/wire.h"

enum { TIMEOUT_MIN_MS = 8000 };

#define INCOMING LIFE_SPOOL_DIR "/incoming"

/* ---- chance ------------------------------------------------------------ */

size_t
realm_draw(struct realm *r, size_t n)
{
	return n > 0 ? (size_t)(rng_next(&r->chance) % n) : 0;
}

int64_t
realm_draw_ms(struct realm *r, int64_t low, int64_t high)
{
	double u = (double)(rng_next(&r->chance) >> 11) * 0x1p-53;
	return (int64_t)((double)low * pow((double)high / (double)low, u));
}

static bool
chance(struct realm *r, unsigned percent)
{
	return realm_draw(r, 100) < percent;
}

/* ---- the profile ------------------------------------------------------- */

void
realm_new_timeout(struct realm *r)
{
	r->terms.timeout_ms =
		TIMEOUT_MIN_MS + 1000 * (int64_t)realm_draw(r, 13);
}

static void
draw_terms(struct realm *r)
{
	static const char *const before[] = {"auto", "auto", "never", "always"};
	struct realm_terms *t = &r->terms;
	realm_new_timeout(r);
	t->fence_ms = 1000 * (int64_t)(8 + realm_draw(r, 13));
	t->interval_ms = 1000 * (int64_t)(1 + realm_draw(r, 4));
	t->retry_pause_ms = 1000 * (int64_t)(5 + realm_draw(r, 20));
	t->reject_pause_ms = 60000 * (int64_t)(3 + realm_draw(r, 20));
	t->max_rejects = 1 + (unsigned)realm_draw(r, 2);
	t->batch_rejects = 2 + (unsigned)realm_draw(r, 4);
	t->retries = 1 + (unsigned)realm_draw(r, 3);
	t->before = before[realm_draw(r, 4)];
	t->menu = chance(r, 15);
	t->lock_after = 3;
	t->count_all = chance(r, 50);
	t->trouble =
		chance(r, 20) ? 0 : 0.02 + 0.01 * (double)realm_draw(r, 15);
	t->lag_ms = chance(r, 70) ? 0 : realm_draw_ms(r, 2000, 300000);
	t->letters = chance(r, 40);
	/* Not drawn: the other seeds stay what they were. */
	t->by_text = r->seed % 6 == 5;
	t->bad = chance(r, 20) ? 0 : 0.02 * (double)(1 + realm_draw(r, 8));
}

static void
write_profile(const struct realm *r, FILE *out)
{
	const struct realm_terms *t = &r->terms;
	(void)fprintf(out,
		"[operator]\nname = SimTel\nmcc_mnc = 00101\n"
		"currency = XTS\ndecimals = 2\nnumber_format = 1,234.56\n"
		"pin = \\d{14}\nmsisdn = 0[789]\\d{8}\n"
		"[recharge]\n");
	/* A menu cannot say for whom: there only self cards are dialled. */
	if (t->menu)
		(void)fprintf(out, "ussd = *120#\n");
	else
		(void)fprintf(out, "ussd = *121*{pin}#\n");
	(void)fprintf(out, "ussd_for_other = *121*{pin}*{msisdn}#\n");
	(void)fprintf(out,
		"timeout = %ds\nrepeat = %s\n"
		"sms_from = 121, SimTel\nsmsc = ^\\+%s\n",
		(int)(t->timeout_ms / 1000), t->repeat_once ? "once" : "never",
		t->by_text ? "(2348|999)\nsms_timeout = 40s" : "2348");
	if (t->menu)
		(void)fprintf(out, "[menu]\n"
				   "1 = (?i)enter the voucher -> {pin}\n"
				   "2 = (?i)1\\. ?confirm -> 1\n");
	(void)fprintf(out,
		"[balance]\n%s\n"
		"reply = (?i)your balance is (?<balance>[\\d.,]+) "
		"(?<currency>XTS)\nbefore = %s\n",
		t->by_text ? "sms_to = 121\nsms_text = BAL" : "ussd = *123#",
		t->before);
	(void)fprintf(out, "[reply]\n"
			   "loaded = (?i)credited with (?<amount>[\\d.,]+) "
			   "(?<currency>XTS)\n"
			   "invalid = (?i)invalid voucher\n"
			   "used = (?i)already used\n"
			   "used_by_me = (?i)already used by you\n"
			   "expired = (?i)voucher has expired\n"
			   "card_blocked = (?i)voucher (is|has been) blocked\n"
			   "sim_blocked = (?i)too many wrong\n"
			   "busy = (?i)try again later\n"
			   "pending = (?i)request received\n");
	(void)fprintf(out,
		"[limits]\nmax_rejects = %u\nreject_pause = %ds\n"
		"batch_rejects = %u\nmin_interval = %ds\nretries = %u\n"
		"retry_pause = %ds\nfence = %ds\n",
		t->max_rejects, (int)(t->reject_pause_ms / 1000),
		t->batch_rejects, (int)(t->interval_ms / 1000), t->retries,
		(int)(t->retry_pause_ms / 1000), (int)(t->fence_ms / 1000));
}

void
realm_profile(struct realm *r)
{
	struct problems *problems = problems_new();
	FILE *out = fopen("simtel.ini", "w");
	assert(out);
	write_profile(r, out);
	(void)fclose(out);
	struct profile *profile = profile_read("simtel.ini", problems);
	for (size_t i = 0; problems_line(problems, i); i++)
		(void)fprintf(stderr, "%s\n", problems_line(problems, i));
	assert(profile);
	problems_free(problems);
	profile_unref(r->list[0]);
	r->list[0] = profile;
	r->profiles = (struct profiles){.list = r->list, .count = 1};
}

/* ---- modems and SIMs --------------------------------------------------- */

static void
make_sims(struct realm *r)
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
		int rc = network_add_account(r->network, sim->imsi, sim->msisdn,
			100 * (int64_t)realm_draw(r, 1000));
		assert(rc == 0);
		(void)rc;
	}
}

static void
draw_device(struct realm *r, struct device_options *o)
{
	static const char *const dialects[] = {
		"standard", "huawei", "quectel", "simcom"};
	int rc = device_defaults(o, dialects[realm_draw(r, 4)]);
	assert(rc == 0);
	(void)rc;
	o->cut = chance(r, 50) ? 0 : 1 + (int)realm_draw(r, 40);
	o->noise = chance(r, 30);
	o->echo = chance(r, 80);
	o->chatter_ms = 0; /* it only costs time */
	o->delay_ms[0] = realm_draw_ms(r, 20, 1000);
	o->delay_ms[1] = o->delay_ms[0] + realm_draw_ms(r, 1, 3000);
	o->boot_ms = chance(r, 50) ? 0 : realm_draw_ms(r, 100, 8000);
	o->register_ms = chance(r, 50) ? 0 : realm_draw_ms(r, 100, 8000);
	o->vanish_ms = realm_draw_ms(r, 500, 60000);
	o->hang_ms = realm_draw_ms(r, 500, 60000);
	o->replug_ms = realm_draw_ms(r, 100, 3000);
	/* A copy later than the pause between two cards is residual. */
	o->twice_ms = chance(r, 50) ? 0 : r->terms.interval_ms - 200;
	/* Later than that is residual: TIMEOUT_MIN, as a reload may set it,
	 * and the fence, less the longest delay. */
	o->late_ms = TIMEOUT_MIN_MS + r->terms.fence_ms - 4500;
	if (r->residual == REALM_LATE_TEXT)
		o->late_ms = 40000 + 6 * r->terms.fence_ms;
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
}

static void
make_modems(struct realm *r, struct sim_hook hook)
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
		for (int f = 0; f < DEVICE_FAULTS_DRAWN; f++)
			chances[f] = how_likely / 8;
		for (size_t f = 0; f < sizeof(often) / sizeof(*often); f++)
			chances[often[f]] = how_likely / 2;
		device_changed(device, virtual_now_ms());
	}
}

void
realm_others(struct realm *r, const char *imsi, int64_t minor)
{
	if (r->residual == REALM_OTHER_CREDIT && chance(r, 50))
		network_account(r->network, imsi)->balance_minor += minor;
}

void
realm_credited(struct realm *r, const char *account, int64_t minor)
{
	if (r->terms.lag_ms == 0 || r->trouble <= 0 || chance(r, 60) ||
		r->lag_count == REALM_LAGS_MAX)
		return;
	struct realm_lag *lag = &r->lags[r->lag_count++];
	(void)snprintf(lag->account, sizeof(lag->account), "%s", account);
	lag->amount_minor = minor;
	lag->due_ms = virtual_now_ms() + realm_draw_ms(r, 500, r->terms.lag_ms);
	network_account(r->network, account)->balance_minor -= minor;
}

void
realm_passes(struct realm *r)
{
	for (size_t i = r->lag_count; i-- > 0;) {
		struct realm_lag *lag = &r->lags[i];
		if (lag->due_ms > virtual_now_ms())
			continue;
		network_account(r->network, lag->account)->balance_minor +=
			lag->amount_minor;
		*lag = r->lags[--r->lag_count];
	}
}

void
realm_spends(struct realm *r)
{
	struct network_account *account = network_account(
		r->network, r->sims[realm_draw(r, r->sim_count)].imsi);
	int64_t minor = 50 * (int64_t)realm_draw(r, 400);
	if (account->balance_minor >= minor)
		account->balance_minor -= minor;
}

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

/* A text that says two things, one that nobody can read, one that tells a
 * balance only: none of them is a verdict. */
void
realm_words(struct realm *r)
{
	static const struct {
		enum network_text which;
		const char *text;
	} odd[] = {
		{NETWORK_LOADED, "You have been credited with {amount}. "
				 "Invalid voucher."},
		{NETWORK_LOADED, "Your balance is {balance}."},
		{NETWORK_LOADED, "Thank you."},
		{NETWORK_LOADED_OTHER, "{number}: Voucher already used. "
				       "Credited with {amount}."},
		{NETWORK_LOADED_OTHER, "Thank you."},
		{NETWORK_INVALID, "Sorry."},
		{NETWORK_INVALID, "Your balance is {balance}."},
		{NETWORK_USED, "Not possible. Your balance is {balance}."},
		{NETWORK_EXPIRED, "Sorry."},
		{NETWORK_BUSY, "Sorry."},
	};
	enum { ODD = sizeof(odd) / sizeof(*odd) };
	for (size_t i = 0; r->odd_words && i < ODD; i++)
		network_say(r->network, odd[i].which, NULL);
	r->odd_words = rng_strikes(&r->chance, r->trouble / 2);
	if (!r->odd_words)
		return;
	/* One for each kind of answer, whichever it will be. */
	for (size_t i = 0; i < 4; i++) {
		size_t n = realm_draw(r, ODD);
		network_say(r->network, odd[n].which, odd[n].text);
	}
}

/* One that says nothing at all leaves nobody a chance. */
static bool
tells_of_swaps(const struct realm_modem *m)
{
	return strcmp(device_options(m->device)->dialect, "standard") != 0;
}

void
realm_swap(struct realm *r, size_t modem, size_t sim)
{
	struct realm_modem *m = &r->modems[modem], *other = NULL;
	for (size_t i = 0; i < r->modem_count; i++)
		if (r->modems[i].sim == sim)
			other = &r->modems[i];
	if (other == m)
		return;
	if (other)
		other->sim = m->sim;
	m->sim = sim;
	bool hot = chance(r, 50) && tells_of_swaps(m) &&
	           (!other || tells_of_swaps(other));
	put_sim(r, m, device_options(m->device));
	change_sim(m, hot);
	if (other)
		put_sim(r, other, device_options(other->device));
	if (other)
		change_sim(other, hot);
}

/* ---- cards and files --------------------------------------------------- */

static void
draw_state(struct realm *r, struct realm_card *card)
{
	card->listed = true;
	card->state = CARD_GOOD;
	if (!rng_strikes(&r->chance, r->bad))
		return;
	size_t drawn = realm_draw(r, 5);
	card->listed = drawn > 1;
	if (drawn > 1)
		card->state = (enum card_state)(drawn - 1);
}

static int64_t
a_worth(struct realm *r)
{
	return 5000 * (int64_t)(1 + realm_draw(r, 4));
}

static void
draw_card(struct realm *r, struct realm_card *card, bool amounts)
{
	memset(card, 0, sizeof(*card));
	/* Drawn, so that no batch looks counted; the number keeps apart. */
	(void)snprintf(card->voucher_pin, sizeof(card->voucher_pin),
		"%07u%03u%04u",
		(unsigned)(1000000 + realm_draw(r, 9000000)) % 10000000,
		(unsigned)realm_draw(r, 1000), (unsigned)r->card_count % 10000);
	card->amount_minor = r->amount_minor > 0 ? r->amount_minor : a_worth(r);
	card->amount_told = amounts;
	draw_state(r, card);
	(void)snprintf(card->target, sizeof(card->target), "self");
	if (chance(r, 25))
		(void)snprintf(card->target, sizeof(card->target),
			"070000009%u",
			(unsigned)realm_draw(r, REALM_NUMBERS) % 10);
	if (card->listed)
		(void)network_add_card(r->network, card->voucher_pin,
			card->amount_minor, card->state);
}

static void
write_row(FILE *out, const struct realm_card *card)
{
	(void)fprintf(
		out, "%s,s%s,", card->voucher_pin, card->voucher_pin + 10);
	if (card->amount_told)
		(void)fprintf(out, "%d.%02d", (int)(card->amount_minor / 100),
			(int)(card->amount_minor % 100));
	(void)fprintf(out, ",%s\n", card->target);
}

static void
part_of(const struct realm_file *f, char out[64])
{
	(void)snprintf(out, 64, INCOMING "/%s.part", f->name);
}

static void
write_half(struct realm *r, struct realm_file *f, bool second)
{
	char part[64];
	part_of(f, part);
	FILE *out = fopen(part, second ? "a" : "w");
	if (!out)
		return; /* no folder yet: the daemon never ran */
	if (!second)
		(void)fprintf(
			out, "# operator: simtel\npin,serial,amount,target\n");
	size_t half = f->cards / 2;
	for (size_t i = second ? half : 0; i < (second ? f->cards : half);
		i++) {
		struct realm_card *card = &r->cards[f->first + i];
		card->line = 3 + (unsigned)i;
		write_row(out, card);
	}
	for (unsigned i = 0; second && i < f->bad_rows; i++)
		(void)fprintf(out, "12345%u,bad,,self\n", i);
	f->begun = true;
	(void)fclose(out);
}

static void
finish_file(struct realm *r, struct realm_file *f)
{
	char part[64], name[64];
	write_half(r, f, true);
	part_of(f, part);
	(void)snprintf(name, sizeof(name), INCOMING "/%s", f->name);
	f->dropped = rename(part, name) == 0;
}

struct realm_file *
realm_drop(struct realm *r, unsigned rows)
{
	if (r->file_count == REALM_FILES_MAX ||
		r->card_count + rows > REALM_CARDS_MAX || rows == 0)
		return NULL;
	struct realm_file *f = &r->files[r->file_count];
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->name, sizeof(f->name), "batch%u.csv",
		(unsigned)r->file_count % 1000 + 1);
	bool amounts = chance(r, 85);
	/* A whole box may be stolen, or of last year. */
	r->bad = r->terms.bad > 0 && chance(r, 15) ? 0.5 : r->terms.bad;
	r->amount_minor = chance(r, 50) ? a_worth(r) : 0;
	f->first = r->card_count;
	f->cards = rows;
	f->bad_rows = rows > 4 && chance(r, 30) ? 1 : 0;
	for (unsigned i = 0; i < rows; i++) {
		struct realm_card *card = &r->cards[r->card_count];
		draw_card(r, card, amounts);
		card->file = r->file_count;
		r->card_count++;
	}
	r->file_count++;
	write_half(r, f, false);
	if (f->begun && chance(r, 60))
		finish_file(r, f);
	return f;
}

void
realm_drop_rest(struct realm *r)
{
	for (size_t i = 0; i < r->file_count; i++) {
		struct realm_file *f = &r->files[i];
		if (!f->begun)
			write_half(r, f, false);
		if (f->begun && !f->dropped)
			finish_file(r, f);
	}
}

bool
realm_is_incoming(const struct realm_file *f)
{
	char name[64];
	(void)snprintf(name, sizeof(name), INCOMING "/%s", f->name);
	return access(name, F_OK) == 0;
}

/* ---- finding ----------------------------------------------------------- */

struct realm_card *
realm_card(struct realm *r, const char *voucher_pin)
{
	size_t len = strlen(voucher_pin);
	if (len != 14)
		return NULL;
	size_t i = strtoul(voucher_pin + 10, NULL, 10); /* see draw_card() */
	if (i >= r->card_count ||
		strcmp(r->cards[i].voucher_pin, voucher_pin) != 0)
		return NULL;
	return &r->cards[i];
}

struct realm_modem *
realm_modem(struct realm *r, const char *name)
{
	for (size_t i = 0; i < r->modem_count; i++)
		if (strcmp(r->modems[i].name, name) == 0)
			return &r->modems[i];
	assert(0 && "no such modem");
	return NULL;
}

struct realm_sim *
realm_sim(struct realm *r, const char *id)
{
	for (size_t i = 0; i < r->sim_count; i++)
		if (strcmp(r->sims[i].imsi, id) == 0 ||
			strcmp(r->sims[i].iccid, id) == 0)
			return &r->sims[i];
	return NULL;
}

const char *
realm_residual_name(enum realm_residual residual)
{
	static const char *const names[] = {
		[REALM_NOTHING] = "nothing",
		[REALM_OTHER_CREDIT] = "other_credit",
		[REALM_LATE_TEXT] = "late_text",
	};
	return (unsigned)residual < REALM_RESIDUALS ? names[residual] : NULL;
}

/* ---- begin and end ----------------------------------------------------- */

void
realm_init(struct realm *r, uint64_t seed, enum realm_residual residual,
	struct sim_hook hook)
{
	memset(r, 0, sizeof(*r));
	r->seed = seed;
	r->residual = residual;
	rng_init(&r->chance, seed, "realm");
	rng_init(&r->disk, seed, "disk");
	rng_init(&r->wire, seed, "wire");
	rng_init(&r->secret, seed, "secret");
	rng_init(&r->paper, seed, "paper");
	wire_reset(&r->wire);
	draw_terms(r);
	(void)mkdir(LIFE_SPOOL_DIR, 0755);
	(void)mkdir(INCOMING, 02770);
	struct network_options options;
	network_defaults(&options);
	options.lock_after = r->terms.lock_after;
	options.count_all = r->terms.count_all;
	r->network = network_new(&options, hook);
	r->modem_count = 1 + realm_draw(r, REALM_MODEMS_MAX - 1);
	make_sims(r);
	make_modems(r, hook);
	realm_profile(r);
	realm_trouble(r, r->terms.trouble);
}

void
realm_fini(struct realm *r)
{
	for (size_t i = 0; i < r->modem_count; i++)
		device_free(r->modems[i].device);
	network_free(r->network);
	profile_unref(r->list[0]);
}
