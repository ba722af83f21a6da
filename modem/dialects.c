/*
 * dialects: the table. A row says only what was seen; everything else is
 * the standard's. Codes that are not surely local never stand in a row.
 */
#include "modem/dialects.h"

#include <string.h>
#include <strings.h>

#include "modem/dialects_scripts.h"

enum { GSM7_SCHEME = 15 };

/*
 * Errors that a modem gives by itself, before anything goes on air, when
 * they come at once (27.007 9.2): not allowed, not supported, no SIM, its
 * PIN, its PUK, busy; no network service. The radio connection alone takes
 * longer than the time given.
 */
static const int local_codes[] = {3, 4, 10, 11, 12, 14, 30};
#define LOCAL_REFUSALS                                                         \
	{                                                                      \
		.codes = local_codes,                                          \
		.count = sizeof local_codes / sizeof *local_codes,             \
		.within_ms = 500                                               \
	}

static const struct dialect dialects[] = {
	{.name = "standard",
		.codings = {USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX},
		.dcs = GSM7_SCHEME,
		.ask = &script_ask,
		.pin_tries = &script_pin_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_reboot,
		.mail = &script_mail,
		.stores = {"SM", "ME"},
		.refusals = LOCAL_REFUSALS,
		.reason = "27.007: text in the charset that +CSCS says"},
	{.name = "huawei",
		.marks = {"huawei", "brovi"},
		.codings = {USSD_GSM7_HEX, USSD_PLAIN, USSD_UCS2_HEX},
		.dcs = GSM7_SCHEME,
		.ask = &script_ask,
		.extras = &script_huawei_extras,
		.iccid = &script_huawei_iccid,
		.pin_tries = &script_huawei_tries,
		.radio_off = &script_radio_off,
		/* HiLink ones lose their AT port by AT+CFUN=1,1. */
		.reboot = NULL,
		.mail = &script_mail_msm, /* refuses mode 2 */
		.stores = {"SM", "ME"},
		.refusals = LOCAL_REFUSALS,
		.reason = "packed septets in hex whatever +CSCS says; prints "
			  "^ lines at any moment"},
	{.name = "quectel",
		.marks = {"quectel"},
		.codings = {USSD_UCS2_HEX, USSD_PLAIN, USSD_GSM7_HEX},
		.dcs = GSM7_SCHEME,
		.ask = &script_ask,
		.iccid = &script_quectel_iccid,
		.pin_tries = &script_quectel_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_reboot,
		.mail = &script_mail,
		/* EC200A keeps mail in ME while SM stays empty. */
		.stores = {"ME", "SM"},
		.refusals = LOCAL_REFUSALS,
		.reason = "UCS-2 in hex under +CSCS=\"UCS2\" loses no letter; "
			  "some firmware wants plain text instead"},
	{.name = "simcom",
		.marks = {"simcom", "sim800", "sim900", "sim808"},
		.codings = {USSD_PLAIN, USSD_UCS2_HEX, USSD_GSM7_HEX},
		.dcs = GSM7_SCHEME,
		.ask = &script_ask,
		.extras = &script_simcom_extras,
		.pin_tries = &script_simcom_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_reboot,
		.mail = &script_mail,
		.stores = {"SM", "ME"},
		.refusals = LOCAL_REFUSALS,
		.reason = "plain under +CSCS=\"GSM\"; HEX drops the session; "
			  "echoes after a start, answers before OK"},
};

const struct dialect *
dialect_at(size_t i)
{
	return i < sizeof dialects / sizeof *dialects ? &dialects[i] : NULL;
}

const struct dialect *
dialect_named(struct span name)
{
	for (size_t i = 0; dialect_at(i) != NULL; i++)
		if (span_eq(name, span_str(dialects[i].name)))
			return &dialects[i];
	return NULL;
}

static bool
has_word(struct span text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.len; i++)
		if (strncasecmp(text.ptr + i, word, n) == 0)
			return true;
	return false;
}

const struct dialect *
dialect_of(struct span maker, struct span model)
{
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		for (size_t k = 0; k < DIALECT_MARKS_MAX; k++) {
			const char *mark = dialects[i].marks[k];

			if (mark != NULL && (has_word(maker, mark) ||
						    has_word(model, mark)))
				return &dialects[i];
		}
	}
	return &dialects[0];
}

const char *
dialect_charset(enum ussd_coding coding)
{
	switch (coding) {
	case USSD_PLAIN:
	case USSD_GSM7_HEX:
		return "GSM";
	case USSD_UCS2_HEX:
		return "UCS2";
	}
	return "GSM";
}
