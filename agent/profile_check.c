/*
 * profile_check: what must hold between the keys of a profile. Must never let
 * a profile through that could dial a code without its PIN, or credit the
 * wrong account.
 */
#include "agent/profile_build.h"

/* A problem at the line of a key; of the whole file where it is missing. */
#define WRONG_AT(b, section, key, ...)                                         \
	problems_add((b)->problems, (b)->profile->file,                        \
		profile_line_of(b, section, key), __VA_ARGS__)

static bool
menu_has(const struct profile *p, const char *placeholder)
{
	for (size_t i = 0; i < p->menu_count; i++)
		if (profile_template_has(p->menu[i].answer, placeholder))
			return true;
	return false;
}

static void
check_self(struct profile_build *b)
{
	const struct profile *p = b->profile;

	if (p->recharge_ussd[0] == '\0')
		return;
	if (!profile_template_has(p->recharge_ussd, "{pin}") &&
		!menu_has(p, "{pin}"))
		WRONG_AT(b, "recharge", "ussd",
			"ussd: no {pin}, and no menu step has it either");
	if (profile_template_has(p->recharge_ussd, "{msisdn}"))
		WRONG_AT(b, "recharge", "ussd",
			"ussd: {msisdn} belongs into ussd_for_other");
	if (menu_has(p, "{msisdn}"))
		WRONG_AT(b, "recharge", "ussd",
			"ussd: a menu step asks for {msisdn}, and a recharge "
			"of the SIM itself has none");
}

static void
check_other(struct profile_build *b)
{
	const struct profile *p = b->profile;
	const char *code = p->recharge_ussd_for_other;

	if (code[0] == '\0')
		return;
	if (!profile_template_has(code, "{pin}") && !menu_has(p, "{pin}"))
		WRONG_AT(b, "recharge", "ussd_for_other",
			"ussd_for_other: no {pin}, and no menu step has it "
			"either");
	if (!profile_template_has(code, "{msisdn}") && !menu_has(p, "{msisdn}"))
		WRONG_AT(b, "recharge", "ussd_for_other",
			"ussd_for_other: no {msisdn}");
}

static bool
goes_via(const struct profile *p, enum profile_via via)
{
	for (size_t i = 0; i < p->via_count; i++)
		if (p->via[i] == via)
			return true;
	return false;
}

static void
check_recharge(struct profile_build *b)
{
	const struct profile *p = b->profile;
	unsigned self = profile_line_of(b, "recharge", "ussd");
	unsigned other = profile_line_of(b, "recharge", "ussd_for_other");

	if (goes_via(p, PROFILE_VIA_USSD) && p->recharge_ussd[0] == '\0' &&
		p->recharge_ussd_for_other[0] == '\0')
		problems_add(b->problems, p->file, self > 0 ? self : other,
			"[recharge] has neither ussd nor ussd_for_other");
	if (p->repeat_once && p->via_count > 1)
		problems_warn(b->problems, p->file,
			profile_line_of(b, "recharge", "repeat"),
			"repeat = once: not with two ways in via, since nobody "
			"knows by which a card went");
	check_self(b);
	check_other(b);
}

/* A text has its PIN in itself: there is no menu that could ask for it. */
static void
check_text(struct profile_build *b, const char *key, bool for_other)
{
	const struct profile *p = b->profile;
	const char *text =
		for_other ? p->recharge_sms_for_other : p->recharge_sms;

	if (text[0] == '\0')
		return;
	if (!profile_template_has(text, "{pin}"))
		WRONG_AT(b, "recharge", key, "%s: no {pin}", key);
	if (profile_template_has(text, "{msisdn}") != for_other)
		WRONG_AT(b, "recharge", key, "%s: %s", key,
			for_other ? "no {msisdn}"
				  : "{msisdn} belongs into sms_text_for_other");
}

static void
check_via_sms(struct profile_build *b)
{
	const struct profile *p = b->profile;

	if (p->sms_to[0] == '\0' ||
		(p->recharge_sms[0] == '\0' &&
			p->recharge_sms_for_other[0] == '\0'))
		WRONG_AT(b, "recharge", "via",
			"via: sms needs sms_to, and sms_text or "
			"sms_text_for_other");
	else if (p->sms_from_count == 0)
		WRONG_AT(b, "recharge", "via",
			"via: sms needs sms_from, whose messages count");
}

/* Without a sender whose word counts no card would ever be settled. */
static void
check_sms(struct profile_build *b)
{
	const struct profile *p = b->profile;

	check_text(b, "sms_text", false);
	check_text(b, "sms_text_for_other", true);
	if (goes_via(p, PROFILE_VIA_SMS))
		check_via_sms(b);
	else if (p->verdict_by == PROFILE_VERDICT_SMS && p->sms_from_count == 0)
		WRONG_AT(b, "recharge", "verdict",
			"verdict: sms needs sms_from, whose messages count");
}

static void
check_menu(struct profile_build *b)
{
	size_t last = 0;

	for (size_t i = 0; i < PROFILE_MENU_MAX; i++)
		if (b->menu_lines[i] > 0)
			last = i + 1;
	for (size_t i = 0; i < last; i++)
		if (b->menu_lines[i] == 0)
			problems_add(b->problems, b->profile->file,
				b->menu_lines[last - 1],
				"[menu] has no step %zu", i + 1);
}

/* A balance that is asked by a text, and told by a message. */
static void
check_balance_text(struct profile_build *b)
{
	const struct profile *p = b->profile;
	bool asks = p->balance_sms_to[0] != '\0';

	if (asks != (p->balance_sms[0] != '\0'))
		WRONG_AT(b, "balance", asks ? "sms_to" : "sms_text",
			"sms_to and sms_text go together");
	else if (asks && profile_line_of(b, "balance", "reply") == 0)
		WRONG_AT(b, "balance", "sms_to",
			"sms_to: without reply its answer cannot be read");
	else if (asks && p->sms_from_count == 0)
		WRONG_AT(b, "balance", "sms_to",
			"sms_to: needs [recharge] sms_from, whose messages "
			"count");
	else if (asks && p->balance_ussd[0] != '\0')
		problems_warn(b->problems, p->file,
			profile_line_of(b, "balance", "sms_to"),
			"[balance] sms_to: only used where the network carries "
			"no USSD; else ussd is");
}

static void
check_balance(struct profile_build *b)
{
	const struct profile *p = b->profile;
	bool reads = profile_line_of(b, "balance", "reply") != 0;
	bool asks = p->balance_ussd[0] != '\0' || p->balance_sms_to[0] != '\0';

	if (p->balance_ussd[0] != '\0' && !reads)
		WRONG_AT(b, "balance", "ussd",
			"ussd: without reply its answer cannot be read");
	check_balance_text(b);
	if (p->verdict_by == PROFILE_VERDICT_BALANCE && !(asks && reads))
		WRONG_AT(b, "recharge", "verdict",
			"verdict: balance needs [balance] with ussd or sms_to, "
			"and reply");
	if (b->low[0] == '\0')
		return;
	if (money_parse(span_str(b->low), (struct money_format){0, '.'},
		    b->profile->decimals, &b->profile->low_minor) < 0)
		WRONG_AT(b, "balance", "low",
			"low: an amount such as 100.00, with at most %u "
			"decimals",
			b->profile->decimals);
}

static void
check_reply(struct profile_build *b)
{
	if (!b->has_loaded && b->profile->verdict_by != PROFILE_VERDICT_BALANCE)
		problems_add(b->problems, b->profile->file, 0,
			"[reply] has no loaded: no card could ever end as "
			"loaded");
}

static void
check_proof(struct profile_build *b)
{
	if (b->profile->proof_ussd[0] != '\0' &&
		profile_line_of(b, "proof", "reply") == 0)
		WRONG_AT(b, "proof", "ussd",
			"ussd: without reply its answer cannot be read");
}

void
profile_check(struct profile_build *b)
{
	check_recharge(b);
	check_sms(b);
	check_menu(b);
	check_balance(b);
	check_reply(b);
	check_proof(b);
}
