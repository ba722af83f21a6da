/*
 * realm: see realm.h. Whatever the contract calls residual must not come
 * from here but by its own wish.
 */
#include "tests/crash/realm_inner.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/crash/wire.h"

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

bool
realm_chance(struct realm *r, unsigned percent)
{
	return realm_draw(r, 100) < percent;
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

const struct realm_sim *
realm_owner(const struct realm *r, const struct realm_sim *sim)
{
	return r->terms.shared && sim == &r->sims[1] ? &r->sims[0] : sim;
}

bool
realm_mixes_up_texts(const struct realm *r)
{
	return (r->terms.sms_verdict || r->terms.sms) && !r->terms.serials;
}

const char *
realm_residual_name(enum realm_residual residual)
{
	static const char *const names[] = {
		[REALM_NOTHING] = "nothing",
		[REALM_OTHER_CREDIT] = "other_credit",
		[REALM_LATE_TEXT] = "late_text",
		[REALM_FORGED] = "forged",
	};
	return (unsigned)residual < REALM_RESIDUALS ? names[residual] : NULL;
}

/* ---- begin and end ----------------------------------------------------- */

void
realm_init(struct realm *r, const struct realm_wish *wish, struct sim_hook hook)
{
	memset(r, 0, sizeof(*r));
	uint64_t seed = wish->seed;
	r->seed = seed;
	r->residual = wish->residual;
	r->family = wish->family;
	rng_init(&r->chance, seed, "realm");
	rng_init(&r->disk, seed, "disk");
	rng_init(&r->wire, seed, "wire");
	rng_init(&r->secret, seed, "secret");
	rng_init(&r->paper, seed, "paper");
	wire_reset(&r->wire);
	r->modem_count = 1 + realm_draw(r, REALM_MODEMS_MAX - 1);
	realm_draw_terms(r);
	r->terms.shared = r->terms.shared && r->modem_count > 1;
	(void)mkdir(LIFE_SPOOL_DIR, 0755);
	(void)mkdir(REALM_INCOMING, 02770);
	struct network_options options;
	network_defaults(&options);
	options.lock_after = r->terms.lock_after;
	options.count_all = r->terms.count_all;
	options.sms_verdict = r->terms.sms_verdict;
	options.sms_copy = r->terms.sms_copy;
	r->network = network_new(&options, hook);
	realm_usual_words(r);
	realm_make_sims(r);
	realm_make_modems(r, hook);
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
