/*
 * carry: see carry.h. It decides by what the driver says of the line, and by
 * the templates of the profile; it sends nothing.
 */
#include "agent/carry.h"

#include <stdio.h>

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

bool
carry_has_ussd(const struct line *line)
{
	return modem_info(line->modem)->ussd_unavailable[0] == '\0';
}

bool
carry_takes(const struct line *line, bool own)
{
	const struct profile *p = line->profile;
	bool by_ussd = false, by_sms = false;
	for (size_t i = 0; i < p->via_count; i++) {
		bool is = carry_template(p, p->via[i], own)[0] != '\0';
		by_ussd |= is && p->via[i] == PROFILE_VIA_USSD;
		by_sms |= is && p->via[i] == PROFILE_VIA_SMS;
	}
	return by_sms || !by_ussd || carry_has_ussd(line);
}

bool
carry_lacks_ussd(const struct line *line, char why[CARRY_WHY_MAX])
{
	const struct modem_info *info = modem_info(line->modem);
	if (carry_has_ussd(line))
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
