/*
 * realm_profile: what the operator's profile says, as the seed draws it.
 * See realm.h. It must never say what the network does not do.
 */
#include "tests/crash/realm_inner.h"

#include <assert.h>
#include <stdio.h>

#include "agent/problem.h"

void
realm_new_timeout(struct realm *r)
{
	r->terms.timeout_ms =
		REALM_TIMEOUT_MIN_MS + 1000 * (int64_t)realm_draw(r, 13);
}

void
realm_draw_terms(struct realm *r)
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
	t->menu = realm_chance(r, 15);
	t->lock_after = 3;
	t->count_all = realm_chance(r, 50);
	t->trouble = realm_chance(r, 20)
	                     ? 0
	                     : 0.02 + 0.01 * (double)realm_draw(r, 15);
	t->lag_ms = realm_chance(r, 70) ? 0 : realm_draw_ms(r, 2000, 300000);
	t->letters = realm_chance(r, 40);
	t->bad =
		realm_chance(r, 20) ? 0 : 0.02 * (double)(1 + realm_draw(r, 8));
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
		"sms_from = 121, SimTel\nsmsc = ^\\+2348\n",
		(int)(t->timeout_ms / 1000), t->repeat_once ? "once" : "never");
	if (t->menu)
		(void)fprintf(out, "[menu]\n"
				   "1 = (?i)enter the voucher -> {pin}\n"
				   "2 = (?i)1\\. ?confirm -> 1\n");
	(void)fprintf(out,
		"[balance]\nussd = *123#\n"
		"reply = (?i)your balance is (?<balance>[\\d.,]+) "
		"(?<currency>XTS)\nbefore = %s\n",
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
