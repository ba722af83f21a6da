/*
 * carry: see carry.h. It decides by what the driver says of the line, and by
 * the templates of the profile; it sends nothing.
 */
#include "agent/carry.h"

#include <stdio.h>

enum { USSD_AGAIN_MS = 600000 };

const char *
carry_template(const struct profile *p, enum profile_via via, bool own)
{
	switch (via) {
	case PROFILE_VIA_USSD:
		return own ? p->recharge_ussd : p->recharge_ussd_for_other;
	case PROFILE_VIA_SMS:
		return own ? p->recharge_sms : p->recharge_sms_for_other;
	}
	return "";
}

/* The network says so itself. */
static bool
is_for_texts_only(const struct line *line)
{
	return modem_info(line->modem)->ussd_unavailable[0] != '\0';
}

bool
carry_has_ussd(const struct line *line)
{
	return !is_for_texts_only(line) && !line->ussd_refused;
}

static bool
goes(const struct profile *p, enum profile_via via, bool own)
{
	for (size_t i = 0; i < p->via_count; i++)
		if (p->via[i] == via && carry_template(p, via, own)[0] != '\0')
			return true;
	return false;
}

bool
carry_takes(const struct line *line, bool own)
{
	return goes(line->profile, PROFILE_VIA_SMS, own) ||
	       !goes(line->profile, PROFILE_VIA_USSD, own) ||
	       carry_has_ussd(line);
}

void
carry_on_refusal(
	struct line *line, const struct modem_result *result, int64_t now_ms)
{
	bool has_texts = goes(line->profile, PROFILE_VIA_SMS, true) ||
	                 goes(line->profile, PROFILE_VIA_SMS, false);
	bool is_no_service =
		result->code == 3 || result->code == 4 || result->code == 30;
	if (!has_texts || result->fate != MODEM_NOT_SENT ||
		result->cause != MODEM_REFUSED || !is_no_service)
		return;
	line->ussd_refused = true;
	line->ussd_again_ms = now_ms + USSD_AGAIN_MS;
}

void
carry_look(struct line *line, int64_t now_ms)
{
	if (now_ms >= line->ussd_again_ms)
		line->ussd_refused = false;
}

bool
carry_lacks_ussd(const struct line *line, char why[CARRY_WHY_MAX])
{
	const struct modem_info *info = modem_info(line->modem);
	if (!is_for_texts_only(line))
		return false;
	(void)snprintf(why, CARRY_WHY_MAX,
		"ussd_unavailable: registered for texts only; off LTE it may "
		"work, e.g. %s",
		info->to_3g);
	return true;
}

/* Errors that come where a network carries no USSD on LTE; elsewhere they
 * may mean anything. */
static bool
is_of_lte(const struct modem_result *result)
{
	static const int codes[] = {30, 100, 258};
	switch (result->cause) {
	case MODEM_NO_ANSWER:
	case MODEM_NETWORK:
		return true;
	case MODEM_ERROR:
	case MODEM_REFUSED:
		break;
	case MODEM_TEXT:
	case MODEM_BROKEN:
	case MODEM_DROPPED:
	case MODEM_UNREADABLE:
	case MODEM_STOPPED:
	case MODEM_USSD_UNAVAILABLE:
		return false;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (result->code == codes[i])
			return true;
	return false;
}

bool
carry_names_ussd(const struct line *line, const struct modem_result *result,
	char why[CARRY_WHY_MAX])
{
	const struct modem_info *info = modem_info(line->modem);
	if (result->cause == MODEM_USSD_UNAVAILABLE) {
		(void)snprintf(why, CARRY_WHY_MAX,
			"ussd_unavailable: registered for texts only; off LTE "
			"it may work, e.g. %s",
			info->to_3g);
		return true;
	}
	if (!info->on_lte || !is_of_lte(result))
		return false;
	(void)snprintf(why, CARRY_WHY_MAX,
		"ussd_unavailable: on LTE, where USSD is often not carried; "
		"off it: %s",
		info->to_3g);
	return true;
}
