/*
 * dialects_scripts: the dialogues of single makes, as tables. They must never
 * hold a step that dials or spends anything: what a make does not know it
 * refuses, and nothing else may come of it.
 */
#include "modem/dialects_scripts.h"

#include "modem/scripts.h"

enum {
	LOCAL_MS = 5000, /* answered by the modem alone */
	SIM_MS = 10000   /* has to read the SIM */
};

/* A setting; one that is not known is passed over. */
#define SET(command)                                                           \
	{                                                                      \
		.text = (command), .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL \
	}

#define ICCID(command, prefix)                                                 \
	{                                                                      \
		.text = (command), .takes = {(prefix)}, .wait_ms = LOCAL_MS,   \
		.flags = CHAT_OPTIONAL | CHAT_BARE | CHAT_UNLESS,              \
		.tag = TAG_ICCID                                               \
	}

#define TRIES(command, prefix)                                                 \
	{                                                                      \
		.text = (command), .takes = {(prefix)}, .wait_ms = SIM_MS,     \
		.flags = CHAT_OPTIONAL | CHAT_UNLESS, .tag = TAG_PIN_TRIES     \
	}
#define TRIES_STANDARD TRIES("AT+CPINR", "+CPINR:") /* 27.007 8.65 */
enum { TRIES_LIMIT_MS = 3 * SIM_MS };

static const struct chat_step huawei_extras[] = {
	/* Silences ^RSSI, ^BOOT and the like. */
	SET("AT^CURC=0"),
	/* Only for the trace: what it means differs by firmware. */
	{.text = "AT^USSDMODE?",
		.takes = {"^USSDMODE:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL},
};
const struct chat_script script_huawei_extras =
	SCRIPT("huawei extras", huawei_extras, 15000);

static const struct chat_step huawei_iccid[] = {ICCID("AT^ICCID?", "^ICCID:")};
const struct chat_script script_huawei_iccid =
	SCRIPT("huawei iccid", huawei_iccid, 10000);

static const struct chat_step quectel_iccid[] = {ICCID("AT+QCCID", "+QCCID:")};
const struct chat_script script_quectel_iccid =
	SCRIPT("quectel iccid", quectel_iccid, 10000);

/* Echo is sometimes on again after a reset of the module alone. */
static const struct chat_step simcom_extras[] = {SET("ATE0")};
const struct chat_script script_simcom_extras =
	SCRIPT("simcom extras", simcom_extras, 10000);

static const struct chat_step huawei_tries[] = {
	TRIES("AT^CPIN?", "^CPIN:"), TRIES_STANDARD};
const struct chat_script script_huawei_tries =
	SCRIPT("huawei tries", huawei_tries, TRIES_LIMIT_MS);

static const struct chat_step quectel_tries[] = {
	TRIES("AT+QPINC?", "+QPINC:"), TRIES_STANDARD};
const struct chat_script script_quectel_tries =
	SCRIPT("quectel tries", quectel_tries, TRIES_LIMIT_MS);

static const struct chat_step simcom_tries[] = {
	TRIES("AT+SPIC", "+SPIC:"), TRIES_STANDARD};
const struct chat_script script_simcom_tries =
	SCRIPT("simcom tries", simcom_tries, TRIES_LIMIT_MS);
