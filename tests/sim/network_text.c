/*
 * network_text: the words, after those of real operators.
 * Must never hold a decision.
 */
#include "tests/sim/network_text.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *text;
} texts[NETWORK_TEXTS] = {
	[NETWORK_LOADED] = {"loaded", "You have been credited with {amount}. "
				      "Your balance is {balance}."},
	[NETWORK_LOADED_OTHER] = {"loaded_other",
		"{number} has been credited with {amount}."},
	[NETWORK_INVALID] = {"invalid",
		"Invalid voucher. Please check the number."},
	[NETWORK_USED] = {"used", "Voucher already used."},
	[NETWORK_USED_BY_YOU] = {"used_by_you", "Voucher already used by you."},
	[NETWORK_EXPIRED] = {"expired", "This voucher has expired."},
	[NETWORK_BLOCKED] = {"blocked", "This voucher is blocked."},
	[NETWORK_LOCKED] = {"locked",
		"Too many wrong attempts. Recharge is barred."},
	[NETWORK_BUSY] = {"busy", "Service busy, please try again later."},
	[NETWORK_BALANCE] = {"balance", "Your balance is {balance}."},
	[NETWORK_PENDING] = {"pending",
		"Request received. You will receive an SMS."},
	[NETWORK_MENU] = {"menu", "Enter the voucher number"},
	[NETWORK_CONFIRM] = {"confirm", "1. Confirm 2. Cancel"},
	[NETWORK_CANCELLED] = {"cancelled", "Cancelled."},
	[NETWORK_BAD_CHOICE] = {"bad_choice", "Not a valid choice."},
	[NETWORK_BAD_CODE] = {"bad_code", "Unknown service code."},
	[NETWORK_LAST] = {"last", "Last recharge {amount} serial {serial}."},
	[NETWORK_NO_LAST] = {"no_last", "No recharge yet."},
	[NETWORK_BUNDLE] = {"bundle", "Bundle activated."},
	[NETWORK_NO_BUNDLE] = {"no_bundle", "Not enough credit for that."},
};

const char *
network_text_name(enum network_text text)
{
	return (unsigned)text < NETWORK_TEXTS ? texts[text].name : NULL;
}

const char *
network_text_usual(enum network_text text)
{
	return texts[text].text;
}
