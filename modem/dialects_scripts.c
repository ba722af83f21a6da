/*
 * dialects_scripts: the dialogues of single makes, as tables. They must never
 * hold a step that spends anything but the one that asks what it is given:
 * what a make does not know it refuses, and nothing else may come of it.
 */
#include "modem/dialects_scripts.h"

#include "modem/scripts.h"

enum {
	LOCAL_MS = 5000,  /* answered by the modem alone */
	SIM_MS = 10000,   /* has to read the SIM */
	REBOOT_MS = 15000 /* may wait for what the modem is doing on air */
};

/* ---- requests ---------------------------------------------------------- */

/* +CUSD=<n>[,<str>]: what is more than it knows a modem may refuse. */
static const struct chat_step ask_bare[] = {
	{.text = "AT+CUSD=1,\"{code}\"",
		.takes = {"+CUSD:"},
		.flags = CHAT_ACTS,
		.tag = TAG_USSD},
};
const struct chat_script script_ask_bare = SCRIPT("ask", ask_bare, 0);

/* ---- extras ------------------------------------------------------------ */

/* A setting; one that is not known is passed over. */
#define SET(command)                                                           \
	{                                                                      \
		.text = (command), .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL \
	}
/* Only for the trace: what is set is not changed. */
#define LOOK(command, prefix)                                                  \
	{                                                                      \
		.text = (command), .takes = {(prefix)}, .wait_ms = LOCAL_MS,   \
		.flags = CHAT_OPTIONAL                                         \
	}

static const struct chat_step huawei_extras[] = {
	{.text = "AT^CURC?",
		.takes = {"^CURC:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL,
		.tag = TAG_WAS_NOISE},
	/* Silences ^RSSI, ^BOOT and the like. */
	SET("AT^CURC=0"),
	/* What it means differs by firmware. */
	LOOK("AT^USSDMODE?", "^USSDMODE:"),
};
const struct chat_script script_huawei_extras =
	SCRIPT("huawei extras", huawei_extras, 15000);

/* +ZUSIMR:2 floods until it is asked for its stores. */
static const struct chat_step zte_extras[] = {
	{.text = "AT+CPMS?",
		.takes = {"+CPMS:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_OPTIONAL},
};
const struct chat_script script_zte_extras =
	SCRIPT("zte extras", zte_extras, 15000);

/* On which of its ports it says what nobody asked for. It is kept by the
 * modem, and the right value is another one on a UART: a person sets it. */
static const struct chat_step quectel_extras[] = {
	LOOK("AT+QURCCFG=\"urcport\"", "+QURCCFG:"),
};
const struct chat_script script_quectel_extras =
	SCRIPT("quectel extras", quectel_extras, 10000);

/* Echo is sometimes on again after a reset of the module alone. */
static const struct chat_step simcom_extras[] = {SET("ATE0")};
const struct chat_script script_simcom_extras =
	SCRIPT("simcom extras", simcom_extras, 10000);

/* ---- the ICCID --------------------------------------------------------- */

#define ICCID(command, ...)                                                    \
	{                                                                      \
		.text = (command), .takes = {__VA_ARGS__},                     \
		.wait_ms = LOCAL_MS,                                           \
		.flags = CHAT_OPTIONAL | CHAT_BARE | CHAT_UNLESS,              \
		.tag = TAG_ICCID                                               \
	}
enum { ICCID_LIMIT_MS = 2 * LOCAL_MS };

static const struct chat_step huawei_iccid[] = {ICCID("AT^ICCID?", "^ICCID:")};
const struct chat_script script_huawei_iccid =
	SCRIPT("huawei iccid", huawei_iccid, ICCID_LIMIT_MS);

static const struct chat_step zte_iccid[] = {
	ICCID("AT+ZGETICCID", "+ZGETICCID:")};
const struct chat_script script_zte_iccid =
	SCRIPT("zte iccid", zte_iccid, ICCID_LIMIT_MS);

static const struct chat_step quectel_iccid[] = {ICCID("AT+QCCID", "+QCCID:")};
const struct chat_script script_quectel_iccid =
	SCRIPT("quectel iccid", quectel_iccid, ICCID_LIMIT_MS);

/* Both beginnings are seen. */
static const struct chat_step simcom_lte_iccid[] = {
	ICCID("AT+CICCID", "+ICCID:", "+CICCID:")};
const struct chat_script script_simcom_lte_iccid =
	SCRIPT("simcom-lte iccid", simcom_lte_iccid, ICCID_LIMIT_MS);

static const struct chat_step telit_iccid[] = {ICCID("AT#CCID", "#CCID:")};
const struct chat_script script_telit_iccid =
	SCRIPT("telit iccid", telit_iccid, ICCID_LIMIT_MS);

static const struct chat_step sierra_iccid[] = {ICCID("AT!ICCID?", "!ICCID:")};
const struct chat_script script_sierra_iccid =
	SCRIPT("sierra iccid", sierra_iccid, ICCID_LIMIT_MS);

static const struct chat_step cinterion_iccid[] = {ICCID("AT^SCID", "^SCID:")};
const struct chat_script script_cinterion_iccid =
	SCRIPT("cinterion iccid", cinterion_iccid, ICCID_LIMIT_MS);

/* ---- the tries for the SIM PIN ----------------------------------------- */

#define TRIES(command, prefix)                                                 \
	{                                                                      \
		.text = (command), .takes = {(prefix)}, .wait_ms = SIM_MS,     \
		.flags = CHAT_OPTIONAL | CHAT_UNLESS, .tag = TAG_PIN_TRIES     \
	}
#define TRIES_STANDARD TRIES("AT+CPINR", "+CPINR:") /* 27.007 8.65 */
enum { TRIES_LIMIT_MS = 3 * SIM_MS };

static const struct chat_step huawei_tries[] = {
	TRIES("AT^CPIN?", "^CPIN:"), TRIES_STANDARD};
const struct chat_script script_huawei_tries =
	SCRIPT("huawei tries", huawei_tries, TRIES_LIMIT_MS);

static const struct chat_step zte_tries[] = {
	TRIES("AT+ZPINPUK=?", "+ZPINPUK:"), TRIES_STANDARD};
const struct chat_script script_zte_tries =
	SCRIPT("zte tries", zte_tries, TRIES_LIMIT_MS);

static const struct chat_step quectel_tries[] = {
	TRIES("AT+QPINC?", "+QPINC:"), TRIES_STANDARD};
const struct chat_script script_quectel_tries =
	SCRIPT("quectel tries", quectel_tries, TRIES_LIMIT_MS);

static const struct chat_step quectel_2g_tries[] = {
	TRIES("AT+QTRPIN", "+QTRPIN:"), TRIES_STANDARD};
const struct chat_script script_quectel_2g_tries =
	SCRIPT("quectel-2g tries", quectel_2g_tries, TRIES_LIMIT_MS);

static const struct chat_step simcom_tries[] = {
	TRIES("AT+SPIC", "+SPIC:"), TRIES_STANDARD};
const struct chat_script script_simcom_tries =
	SCRIPT("simcom tries", simcom_tries, TRIES_LIMIT_MS);

static const struct chat_step ublox_tries[] = {
	TRIES("AT+UPINCNT", "+UPINCNT:"), TRIES_STANDARD};
const struct chat_script script_ublox_tries =
	SCRIPT("ublox tries", ublox_tries, TRIES_LIMIT_MS);

static const struct chat_step telit_tries[] = {
	TRIES("AT#PCT", "#PCT:"), TRIES_STANDARD};
const struct chat_script script_telit_tries =
	SCRIPT("telit tries", telit_tries, TRIES_LIMIT_MS);

/* Its HL modules are Intel's inside. */
static const struct chat_step sierra_tries[] = {TRIES("AT+CPINC?", "+CPINC:"),
	TRIES("AT+XPINCNT", "+XPINCNT:"), TRIES_STANDARD};
const struct chat_script script_sierra_tries =
	SCRIPT("sierra tries", sierra_tries, TRIES_LIMIT_MS);

static const struct chat_step cinterion_tries[] = {
	TRIES("AT^SPIC", "^SPIC:"), TRIES_STANDARD};
const struct chat_script script_cinterion_tries =
	SCRIPT("cinterion tries", cinterion_tries, TRIES_LIMIT_MS);

static const struct chat_step ericsson_tries[] = {
	TRIES("AT*EPIN?", "*EPIN:"), TRIES_STANDARD};
const struct chat_script script_ericsson_tries =
	SCRIPT("ericsson tries", ericsson_tries, TRIES_LIMIT_MS);

/* FM350 has the first and not the standard's; G510 the second. */
static const struct chat_step mediatek_tries[] = {TRIES("AT+EPINC?", "+EPINC:"),
	TRIES("AT+TPIN?", "+TPIN:"), TRIES_STANDARD};
const struct chat_script script_mediatek_tries =
	SCRIPT("mediatek tries", mediatek_tries, TRIES_LIMIT_MS);

static const struct chat_step wavecom_tries[] = {
	TRIES("AT+CPINC", "+CPINC:"), TRIES_STANDARD};
const struct chat_script script_wavecom_tries =
	SCRIPT("wavecom tries", wavecom_tries, TRIES_LIMIT_MS);

static const struct chat_step option_tries[] = {
	TRIES("AT_OERCN?", "_OERCN:"), TRIES_STANDARD};
const struct chat_script script_option_tries =
	SCRIPT("option tries", option_tries, TRIES_LIMIT_MS);

static const struct chat_step icera_tries[] = {
	TRIES("AT%PINNUM?", "%PINNUM:"), TRIES_STANDARD};
const struct chat_script script_icera_tries =
	SCRIPT("icera tries", icera_tries, TRIES_LIMIT_MS);

static const struct chat_step alcatel_tries[] = {
	TRIES("AT+PNNM?", "+PNNM:"), TRIES_STANDARD};
const struct chat_script script_alcatel_tries =
	SCRIPT("alcatel tries", alcatel_tries, TRIES_LIMIT_MS);

/* ---- the network's time ------------------------------------------------ */

/* 1: UTC, counted on from what the network said last; 0 is that itself,
 * however old, 2 is local. Empty where it said nothing. */
static const struct chat_step quectel_clock[] = {
	{.text = "AT+QLTS=1",
		.takes = {"+QLTS:"},
		.wait_ms = LOCAL_MS,
		.tag = TAG_TIME},
};
const struct chat_script script_quectel_clock =
	SCRIPT("quectel clock", quectel_clock, 10000);

/* ---- a new start ------------------------------------------------------- */

#define REBOOT(command)                                                        \
	{                                                                      \
		.text = (command), .wait_ms = REBOOT_MS                        \
	}
enum { REBOOT_LIMIT_MS = 20000 };

/* 16: with the SIM; AT+CFUN=1,1 is not known to all of them. */
static const struct chat_step ublox_reboot[] = {REBOOT("AT+CFUN=16")};
const struct chat_script script_ublox_reboot =
	SCRIPT("reboot", ublox_reboot, REBOOT_LIMIT_MS);

static const struct chat_step telit_reboot[] = {REBOOT("AT#REBOOT")};
const struct chat_script script_telit_reboot =
	SCRIPT("reboot", telit_reboot, REBOOT_LIMIT_MS);

static const struct chat_step sierra_reboot[] = {REBOOT("AT!RESET")};
const struct chat_script script_sierra_reboot =
	SCRIPT("reboot", sierra_reboot, REBOOT_LIMIT_MS);
