/*
 * realm_profile: what the operator's profile says, as the seed draws it.
 * See realm.h. It must never say what the network does not do.
 */
#include "tests/crash/realm_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/problem.h"
#include "tests/sim/network_sms.h"

void
realm_new_timeout(struct realm *r)
{
	r->terms.timeout_ms =
		REALM_TIMEOUT_MIN_MS + 1000 * (int64_t)realm_draw(r, 13);
}

/* Who redeems how, and what the operator writes about it. */
static void
draw_ways(struct realm *r)
{
	struct realm_terms *t = &r->terms;
	size_t drawn = realm_draw(r, 100);
	bool forged = r->residual == REALM_FORGED;
	t->ussd = drawn < 76 || drawn >= 84;
	t->sms = drawn >= 76 && drawn < 92;
	t->sms_verdict = (drawn >= 60 && drawn < 76) ||
	                 (t->ussd && t->sms && realm_chance(r, 50)) ||
	                 (forged && t->ussd);
	if (drawn >= 92 && !forged)
		t->verdict = REALM_BY_BALANCE;
	else if (t->sms_verdict && realm_chance(r, 50))
		t->verdict = REALM_BY_SMS;
	t->sms_copy = !t->sms_verdict && t->verdict != REALM_BY_BALANCE &&
	              realm_chance(r, 40);
	t->serials = t->verdict != REALM_BY_BALANCE &&
	             realm_chance(r, t->sms || t->sms_verdict ? 75 : 20);
	t->bare = realm_chance(r, 30);
	t->proof = realm_chance(r, 20);
	t->repeat_once = realm_chance(r, 20);
	t->shared = realm_chance(r, 15);
	t->doubles = realm_chance(r, 25);
	t->sms_timeout_ms = 1000 * (int64_t)(20 + realm_draw(r, 280));
	t->by_text = t->verdict != REALM_BY_BALANCE && realm_chance(r, 12);
	if (t->by_text)
		t->sms_timeout_ms = 40000;
	t->menu = t->ussd && realm_chance(r, 15);
	if (t->verdict == REALM_BY_BALANCE && strcmp(t->before, "never") == 0)
		t->before = "auto";
	t->follow_up = realm_chance(r, 30);
	t->alike = realm_chance(r, 50);
	if (forged)
		t->lag_ms = 0; /* a credit that shows late is another story */
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
	t->lock_after = 3;
	t->count_all = realm_chance(r, 50);
	t->trouble = realm_chance(r, 20)
	                     ? 0
	                     : 0.02 + 0.01 * (double)realm_draw(r, 15);
	t->lag_ms = realm_chance(r, 70) ? 0 : realm_draw_ms(r, 2000, 300000);
	t->bad =
		realm_chance(r, 20) ? 0 : 0.02 * (double)(1 + realm_draw(r, 8));
	draw_ways(r);
}

static void
write_recharge(const struct realm_terms *t, FILE *out)
{
	static const char *const verdicts[] = {[REALM_BY_USSD] = "ussd",
		[REALM_BY_SMS] = "sms",
		[REALM_BY_BALANCE] = "balance"};
	(void)fprintf(out, "[recharge]\nverdict = %s\nvia = %s\n",
		verdicts[t->verdict],
		!t->sms    ? "ussd"
		: !t->ussd ? "sms"
			   : "ussd, sms");
	/* A menu cannot say for whom: there only self cards are dialled. */
	if (t->ussd)
		(void)fprintf(out,
			"ussd = %s\nussd_for_other = *121*{pin}*{msisdn}#\n",
			t->menu ? "*120#" : "*121*{pin}#");
	if (t->sms)
		(void)fprintf(out,
			"sms_to = " NETWORK_SMS_TO "\nsms_text = TOP {pin}\n"
			"sms_text_for_other = TOP {pin} {msisdn}\n");
	(void)fprintf(out,
		"timeout = %ds\nsms_timeout = %ds\nrepeat = %s\n"
		"sms_from = 121, " NETWORK_SMS_SENDER "\nsmsc = ^\\+99900\n",
		(int)(t->timeout_ms / 1000), (int)(t->sms_timeout_ms / 1000),
		t->repeat_once ? "once" : "never");
	if (t->menu)
		(void)fprintf(out, "[menu]\n"
				   "1 = (?i)enter the voucher -> {pin}\n"
				   "2 = (?i)1\\. ?confirm -> 1\n");
}

static void
write_follow_ups(const struct realm_terms *t, FILE *out)
{
	if (t->follow_up)
		(void)fprintf(out, "[follow_up]\n"
				   "1 = *140*1# => (?i)bundle activated\n"
				   "3 = *140*2# => (?i)bundle activated\n");
}

static void
write_reply(FILE *out)
{
	static const struct {
		const char *key, *words;
	} rules[] = {
		{"loaded", "credited with (?<amount>[\\d.,]+) "
			   "(?<currency>XTS)"},
		{"invalid", "invalid voucher"},
		{"used", "already used"},
		{"used_by_me", "already used by you"},
		{"expired", "voucher has expired"},
		{"card_blocked", "voucher (is|has been) blocked"},
	};
	(void)fprintf(out, "[reply]\n");
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		(void)fprintf(out,
			"%s = (?i)%s(?:.*? serial (?<serial>\\d+))?\n",
			rules[i].key, rules[i].words);
	(void)fprintf(out, "sim_blocked = (?i)too many wrong\n"
			   "busy = (?i)try again later\n"
			   "pending = (?i)request received\n");
}

static void
write_profile(const struct realm *r, FILE *out)
{
	const struct realm_terms *t = &r->terms;
	(void)fprintf(out,
		"[operator]\nname = SimTel\nmcc_mnc = 00101\n"
		"currency = XTS\ndecimals = 2\nnumber_format = 1,234.56\n"
		"pin = \\d{14}\nmsisdn = 0[789]\\d{8}\n");
	write_recharge(t, out);
	(void)fprintf(out,
		"[balance]\n%s\n"
		"reply = (?i)your balance is (?<balance>[\\d.,]+) "
		"(?<currency>XTS)\nbefore = %s\n",
		t->by_text ? "sms_to = " NETWORK_SMS_TO "\nsms_text = BAL"
			   : "ussd = *123#",
		t->before);
	if (t->proof)
		(void)fprintf(out,
			"[proof]\nussd = *124#\nreply = (?i)last recharge "
			"(?<amount>[\\d.,]+) (?<currency>XTS) serial "
			"(?<serial>\\d+)\n");
	write_follow_ups(t, out);
	write_reply(out);
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
