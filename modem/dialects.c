/*
 * dialects: the table. A row says only what was seen; everything else is
 * the standard's. Codes that are not surely local never stand in a row.
 */
#include "modem/dialects.h"

#include <string.h>

#include "modem/dialects_scripts.h"
#include "modem/sign.h"

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
/* Where the result of a request comes behind the network's answer, only
 * what is said of the SIM is surely said before it. */
static const int sim_codes[] = {10, 11, 12, 14};
#define SIM_REFUSALS                                                           \
	{                                                                      \
		.codes = sim_codes,                                            \
		.count = sizeof sim_codes / sizeof *sim_codes,                 \
		.within_ms = 500                                               \
	}
/* Where a number may mean something of the maker's own. */
#define NO_REFUSALS                                                            \
	{                                                                      \
		.codes = NULL                                                  \
	}

#define PLAIN_FIRST                                                            \
	{                                                                      \
		USSD_PLAIN, USSD_UCS2_HEX, USSD_GSM7_HEX                       \
	}

/* What most rows have as the standard has it. */
#define STANDARD_ASK   .dcs = GSM7_SCHEME, .ask = &script_ask
#define STANDARD_POWER .radio_off = &script_radio_off, .reboot = &script_reboot
#define STANDARD_MAIL  .mail = &script_mail, .stores = {"SM", "ME"}
/* MSM chips say that they know mode 2 of +CNMI, and refuse it. */
#define MSM_MAIL .mail = &script_mail_msm, .stores = {"SM", "ME"}

static const struct dialect dialects[] = {
	{.name = "standard",
		.codings = {USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX},
		STANDARD_ASK,
		.pin_tries = &script_pin_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "27.007: text in the charset that +CSCS says"},

	{.name = "huawei-module",
		.marks = {{"huawei", "ME9##"}, {"huawei", "MU###"},
			{"huawei", "MG###"}, {"huawei", "EM7##"},
			{"huawei", "EM8##"}},
		.codings = {USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX},
		STANDARD_ASK,
		.extras = &script_huawei_extras,
		.iccid = &script_huawei_iccid,
		.pin_tries = &script_huawei_tries,
		STANDARD_POWER,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.to_3g = "AT^SYSCFGEX=\"02\",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,,",
		.reason = "ME909, MU609, EM770W: the manuals of the modules "
			  "say text in +CSCS, unlike the sticks; ^ lines, "
			  "^CPIN, ^ICCID as these"},
	{.name = "huawei",
		.marks = {{"huawei", NULL}, {"brovi", NULL}},
		.codings = {USSD_GSM7_HEX, USSD_PLAIN, USSD_UCS2_HEX},
		STANDARD_ASK,
		.extras = &script_huawei_extras,
		.iccid = &script_huawei_iccid,
		.pin_tries = &script_huawei_tries,
		.radio_off = &script_radio_off,
		/* HiLink ones lose their AT port by AT+CFUN=1,1. */
		.reboot = NULL,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.to_3g = "AT^SYSCFGEX=\"02\",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,,",
		.reason = "E1xx, E3xx: packed septets in hex whatever +CSCS "
			  "says; prints ^ lines at any moment"},

	/* Before ZTE: some of its sticks have this chip. */
	{.name = "icera",
		.marks = {{"icera", NULL}, {NULL, "K3805-Z"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_icera_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		/* 767 and the like: its numbers are its own. */
		.refusals = NO_REFUSALS,
		.reason = "tries by %PINNUM; numbers of errors of its own"},
	{.name = "zte",
		.marks = {{"zte", NULL}, {NULL, "MF1##"}, {NULL, "MF6##"},
			{NULL, "MF7##"}, {NULL, "MF8##"}, {NULL, "K3565-Z"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.extras = &script_zte_extras,
		.iccid = &script_zte_iccid,
		.pin_tries = &script_zte_tries,
		STANDARD_POWER,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "floods +ZUSIMR:2 until AT+CPMS? is asked; is found "
			  "left at +CSCS=\"HEX\"; some say QUALCOMM for maker"},

	{.name = "quectel-2g",
		.marks = {{"quectel", "M##|"}, {"quectel", "MC##"}},
		.dozes = true,
		.codings = {USSD_UCS2_HEX, USSD_PLAIN, USSD_GSM7_HEX},
		STANDARD_ASK,
		.iccid = &script_quectel_iccid,
		.pin_tries = &script_quectel_2g_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = SIM_REFUSALS,
		.reason = "M35, M95: UCS-2 in hex under scheme 15, answers "
			  "before OK; tries by +QTRPIN; messages on the SIM"},
	{.name = "quectel",
		.marks = {{"quectel", NULL}, {NULL, "EC2#"}, {NULL, "EG2#"},
			{NULL, "EG9#"}, {NULL, "UC20"}, {NULL, "EP06"},
			{NULL, "RM5##"}},
		.dozes = true,
		.codings = {USSD_UCS2_HEX, USSD_PLAIN, USSD_GSM7_HEX},
		STANDARD_ASK,
		.extras = &script_quectel_extras,
		.iccid = &script_quectel_iccid,
		.pin_tries = &script_quectel_tries,
		.clock = &script_quectel_clock,
		STANDARD_POWER,
		.mail = &script_mail,
		/* EC200A keeps mail in ME while SM stays empty. */
		.stores = {"ME", "SM"},
		.refusals = LOCAL_REFUSALS,
		.to_3g = "AT+QCFG=\"nwscanmode\",2,1",
		.reason = "UCS-2 in hex under +CSCS=\"UCS2\" loses no letter; "
			  "some firmware wants plain text instead"},

	{.name = "simcom-lte",
		.marks = {{NULL, "SIM7###"}, {NULL, "SIM76"}, {NULL, "A76##"},
			{NULL, "SIM5###"}, {NULL, "SIM82##"}},
		.dozes = true,
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.extras = &script_simcom_extras,
		.iccid = &script_simcom_lte_iccid,
		.pin_tries = &script_simcom_tries,
		STANDARD_POWER,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.to_3g = "AT+CNMP=14",
		.reason = "SIM7600, A7670: plain only, refuses packed; UCS-2 "
			  "under 72 or 17 without a language; +CICCID; some "
			  "say QUALCOMM for maker"},
	{.name = "simcom",
		.marks = {{"simcom", NULL}, {NULL, "SIM8##"}, {NULL, "SIM9##"},
			{NULL, "SIM3##"}},
		.dozes = true,
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.extras = &script_simcom_extras,
		.pin_tries = &script_simcom_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = SIM_REFUSALS,
		.reason = "plain under +CSCS=\"GSM\"; HEX drops the session; "
			  "echoes after a start, answers before OK"},

	{.name = "ublox",
		.marks = {{"u-blox", NULL}, {NULL, "SARA-"}, {NULL, "LARA-"},
			{NULL, "LISA-"}, {NULL, "TOBY-"}, {NULL, "LEON-"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_ublox_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_ublox_reboot,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "text in +CSCS; names in UCS-2 under \"UCS2\"; tries "
			  "by +UPINCNT; starts anew by +CFUN=16"},
	{.name = "telit",
		.marks = {{"telit", NULL}, {NULL, "GM862"}, {NULL, "HE910"},
			{NULL, "LM9##"}, {NULL, "LE9##"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.iccid = &script_telit_iccid,
		.pin_tries = &script_telit_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_telit_reboot,
		STANDARD_MAIL,
		.refusals = SIM_REFUSALS,
		.to_3g = "AT+WS46=22",
		.reason = "LM960 loses what is packed; GM862 blocks its port "
			  "until the network answers; #CCID, #PCT, #REBOOT"},
	/* Before Sierra, which bought it: the older ones keep the name. */
	{.name = "wavecom",
		.marks = {{"wavecom", NULL}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_wavecom_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "names with blanks before them; +CPIN without OK; "
			  "+CUSD: 4 for each error; tries by +CPINC"},
	{.name = "sierra",
		.marks = {{"sierra", NULL}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.iccid = &script_sierra_iccid,
		.pin_tries = &script_sierra_tries,
		.radio_off = &script_radio_off,
		.reboot = &script_sierra_reboot,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "!ICCID, +CPINC?, !RESET; a Qualcomm inside, whose "
			  "charset is UCS-2 after a start"},
	{.name = "cinterion",
		.marks = {{"cinterion", NULL}, {"siemens", NULL},
			{"gemalto", NULL}, {"thales", NULL}, {NULL, "EHS#"},
			{NULL, "PLS#"}, {NULL, "BGS#"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.iccid = &script_cinterion_iccid,
		.pin_tries = &script_cinterion_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "MC55 takes scheme 15 only; MC55i refuses by a lone "
			  "error after OK; ^SCID, ^SPIC"},
	{.name = "sonyericsson",
		.marks = {{"sony ericsson", "Z###"}, {"sony ericsson", "K###"},
			{"sony ericsson", "W###"}, {"sony ericsson", "AA"}},
		.codings = PLAIN_FIRST,
		.dcs = GSM7_SCHEME, /* never said */
		.ask = &script_ask_bare,
		.pin_tries = &script_pin_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = SIM_REFUSALS,
		.reason = "phones: answers before OK, without a scheme, and "
			  "asked without one, as 27.007 allows"},
	{.name = "ericsson",
		.marks = {{"ericsson", NULL}, {NULL, "F3507"}, {NULL, "F3607"},
			{NULL, "F5521"}, {NULL, "H5321"}, {NULL, "C5621"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_ericsson_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = SIM_REFUSALS,
		.reason =
			"MBM, in cards of Sony Ericsson too: HEX and 8-bit not "
			"supported; tries by *EPIN"},
	{.name = "mediatek",
		.marks = {{"fibocom", NULL}, {"ai-thinker", NULL},
			{"ai_thinker", NULL}, {"ai thinker", NULL},
			{"mediatek", NULL}, {NULL, "A9G"}, {NULL, "A6|"},
			{NULL, "FM350"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_mediatek_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		/* 15790320 and words: its numbers are its own. */
		.refusals = NO_REFUSALS,
		.reason = "A9G refuses a request without its scheme, says m = "
			  "6 and errors of its own; tries by +EPINC"},
	{.name = "nokia",
		.marks = {{"nokia", NULL}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_pin_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		/* A phone: what it answers for is not known. */
		.refusals = NO_REFUSALS,
		.reason = "phones: packed answers with an odd digit; some "
			  "have no messages over AT at all"},
	{.name = "motorola",
		.marks = {{"motorola", NULL}},
		.codings = PLAIN_FIRST,
		.dcs = GSM7_SCHEME, /* never said */
		.ask = &script_ask_bare,
		.pin_tries = &script_pin_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = NO_REFUSALS,
		.reason = "G24: +CUSD has no scheme, neither way"},
	{.name = "option",
		.marks = {{"option", NULL}, {NULL, "GlobeTrotter"},
			{NULL, "GTM###"}},
		/* Known to break under UCS-2. */
		.codings = {USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX},
		STANDARD_ASK,
		.pin_tries = &script_option_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "panics in UCS-2, which is tried last; tries by "
			  "_OERCN"},
	{.name = "alcatel",
		.marks = {{"alcatel", NULL}, {"longcheer", NULL},
			{NULL, "HSPA USB MODEM"}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_alcatel_tries,
		STANDARD_POWER,
		STANDARD_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "Longcheer's: asked plain, answers packed; tries by "
			  "+PNNM"},
	/* The chip's own name tells least: last. */
	{.name = "qualcomm",
		.marks = {{"novatel", NULL}, {"qualcomm", NULL}},
		.codings = PLAIN_FIRST,
		STANDARD_ASK,
		.pin_tries = &script_pin_tries,
		STANDARD_POWER,
		MSM_MAIL,
		.refusals = LOCAL_REFUSALS,
		.reason = "M6280, Gobi, Novatel: text fails until +CSCS is set "
			  "from UCS-2; refuse mode 2 of +CNMI"},
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
is_word_sign(char c)
{
	return sign_is_digit(c) ||
	       (sign_lower(c) >= 'a' && sign_lower(c) <= 'z');
}

/* Whether word stands at the beginning of text. */
static bool
begins_with(struct span text, const char *word)
{
	size_t i = 0;

	for (; word[i] != '\0' && word[i] != '|'; i++)
		if (i >= text.len ||
			(word[i] == '#' ? !sign_is_digit(text.ptr[i])
					: sign_lower(word[i]) !=
						  sign_lower(text.ptr[i])))
			return false;
	return word[i] == '\0' || i == text.len || !is_word_sign(text.ptr[i]);
}

static bool
has_word(struct span text, const char *word)
{
	for (size_t i = 0; i < text.len; i++)
		if ((i == 0 || !is_word_sign(text.ptr[i - 1])) &&
			begins_with(span_skip(text, i), word))
			return true;
	return false;
}

static const struct dialect_mark *
mark_of(const struct dialect *d, struct span maker, struct span model)
{
	for (size_t k = 0; k < DIALECT_MARKS_MAX; k++) {
		const char *words[] = {d->marks[k].maker, d->marks[k].model};
		size_t found = 0;

		if (words[0] == NULL && words[1] == NULL)
			return NULL;
		for (size_t w = 0; w < 2; w++)
			found += words[w] == NULL ||
			         has_word(maker, words[w]) ||
			         has_word(model, words[w]);
		if (found == 2)
			return &d->marks[k];
	}
	return NULL;
}

const struct dialect *
dialect_of(struct span maker, struct span model)
{
	for (size_t i = 0; dialect_at(i) != NULL; i++)
		if (mark_of(&dialects[i], maker, model) != NULL)
			return &dialects[i];
	return &dialects[0];
}

const char *
dialect_word(const struct dialect *d, struct span maker, struct span model)
{
	const struct dialect_mark *mark = mark_of(d, maker, model);

	if (mark == NULL)
		return "";
	return mark->model != NULL ? mark->model : mark->maker;
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

const char *
dialect_coding_name(enum ussd_coding coding)
{
	switch (coding) {
	case USSD_PLAIN:
		return "text";
	case USSD_GSM7_HEX:
		return "packed";
	case USSD_UCS2_HEX:
		return "ucs2";
	}
	return "";
}
