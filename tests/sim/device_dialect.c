/*
 * device_dialect: the four families as data, taken from captures and
 * manuals. Must never hold what the driver merely expects.
 */
#include "tests/sim/device_dialect.h"

#include <stdio.h>
#include <string.h>

static const char *const none[] = {NULL};

/* Lines that come between any two others when noise is on. Those in chatter
 * come by themselves too, until they are silenced. */
static const char *const standard_noise[] = {"+CREG: 1", "RING",
	"+CRING: VOICE", "+CLIP: \"0800000000\",129,,,,0", "+CMTI: \"SM\",4",
	"NO CARRIER", "DODGY", NULL};
static const char long_flow[] =
	"^DSFLOWRPT:00000A3C,00000000,00000000,0000000000015498,"
	"00000000000B64DA,0003E800,0003E800";
static const char idle_flow[] =
	"^DSFLOWRPT:00000002,00000000,00000000,0000000000000000,"
	"0000000000000000,00000000,00000000";
static const char *const huawei_noise[] = {"^RSSI:14",
	"^BOOT:20952548,0,0,0,72", "^MODE:5,4", long_flow, "^SRVST:2",
	"^NWTIME: 18/03/09,12:36:21+4,00", "^THERM:3,40", "RING",
	"+CMTI: \"SM\",4", "^STIN: 7, 0, 0", NULL};
static const char *const huawei_chatter[] = {"^RSSI:14",
	"^BOOT:20952548,0,0,0,72", "^MODE:5,4", "^RSSI:99", idle_flow, NULL};
static const char *const quectel_noise[] = {"+QIND: \"csq\",18,99", "+CREG: 1",
	"RING", "+CMTI: \"SM\",4", "+QIND: PB DONE", "+CTZV: \"+08\"", NULL};
static const char *const simcom_noise[] = {"+CIEV: 10,\"00101\",\"SimTel\"",
	"*PSUTTZ: 2018,3,9,12,36,21,\"+4\",0", "DST: 0", "RING",
	"+CLCC: 1,1,4,0,0,\"123456789\",161", "+CMTI: \"SM\",4",
	"UNDER-VOLTAGE WARNNING", NULL};

static const char *const standard_ati[] = {"Acme", "%m", "Revision: 1.0", NULL};
static const char *const huawei_ati[] = {"Manufacturer: huawei", "Model: %m",
	"Revision: 11.608.12.04.21", "IMEI: %i", "+GCAP: +CGSM,+DS,+ES", NULL};
static const char *const quectel_ati[] = {
	"Quectel", "%m", "Revision: EC25EFAR06A04M4G", NULL};
static const char *const simcom_ati[] = {"SIM800 R14.18", NULL};

static const char *const simcom_banner[] = {
	"RDY", "+CFUN: 1", "%p", "Call Ready", "SMS Ready", NULL};
static const char *const quectel_banner[] = {"RDY", "+CFUN: 1", "%p",
	"+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE", NULL};
static const char *const huawei_banner[] = {"^SIMST:1", "^SRVST:2", NULL};

static const char *const simcom_swapped[] = {
	"+CPIN: NOT READY", "+CPIN: READY", "Call Ready", "SMS Ready", NULL};
static const char *const quectel_swapped[] = {
	"+CPIN: NOT READY", "+CPIN: READY", "+QUSIM: 1", NULL};
static const char *const huawei_swapped[] = {"^SIMST:255", "^SIMST:1", NULL};

/* Settings that are believed without an effect here. */
static const char *const common_accepted[] = {"+CRC", "+CLIP", "+CVHU", "+IFC",
	"+IPR", "+CGREG", "+CEREG", "+CMER", "+CSDH", "+CTZU", "+COLP", NULL};

/* Arguments that leave LTE alone; what else is given means all. */
static const char *const ws46_down[] = {"=12", "=22", "=29", NULL};
static const char *const syscfg_down[] = {"=13", "=14", NULL};
static const char *const qcfg_down[] = {
	"=\"nwscanmode\",1", "=\"nwscanmode\",2", NULL};

static const struct dialect dialects[] = {
	{
		.name = "standard",
		.family = STANDARD,
		.manufacturer = "Acme",
		.model = "TS27007",
		.ati = standard_ati,
		.banner = none,
		.noise = standard_noise,
		.chatter = none,
		.swapped = none,
		.accepted = common_accepted,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "+CCID",
		.iccid_format = "+CCID: \"%s\"",
		.tries_command = "+CPINR",
		.tries = TRIES_CPINR,
		.csim = true,
		.lte = true,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+WS46",
		.mode_down = ws46_down,
		.cold_clock = "80/01/06,00:00:00+00",
		.charset = "GSM",
		.cme_code = 132,
	},
	{
		.name = "huawei",
		.family = HUAWEI,
		.manufacturer = "huawei",
		.model = "E1550",
		.ati = huawei_ati,
		.banner = huawei_banner,
		.noise = huawei_noise,
		.chatter = huawei_chatter,
		.swapped = huawei_swapped,
		.accepted = common_accepted,
		.unknown = "COMMAND NOT SUPPORT",
		.iccid_command = "^ICCID",
		.iccid_format = "^ICCID: %s",
		.iccid_swapped = true,
		.packed = true,
		.cancel_needs_session = true,
		.tries_command = "^CPIN",
		.tries = TRIES_HUAWEI,
		.reset_command = "AT^RESET",
		.lte_code = 258,
		.mode_command = "^SYSCFG",
		.mode_down = syscfg_down,
		.cold_clock = "80/01/06,00:00:00+00",
		.nitz = NITZ_NWTIME,
		.charset = "IRA",
		.chatter_ms = 3000,
		.cme_code = 258,
	},
	{
		.name = "quectel",
		.family = QUECTEL,
		.manufacturer = "Quectel",
		.model = "EC25",
		.ati = quectel_ati,
		.banner = quectel_banner,
		.noise = quectel_noise,
		.chatter = none,
		.swapped = quectel_swapped,
		.accepted = common_accepted,
		.unknown_cme = CME_NOT_SUPPORTED,
		.iccid_command = "+QCCID",
		.iccid_format = "+QCCID: %sF",
		.tries_command = "+QPINC",
		.tries = TRIES_QPINC,
		.csim = true,
		.lte = true,
		.lte_code = CME_UNKNOWN,
		.mode_command = "+QCFG",
		.mode_down = qcfg_down,
		.cold_clock = "80/01/06,00:00:00+00",
		.charset = "GSM",
		.cme_code = CME_UNKNOWN,
	},
	{
		.name = "simcom",
		.family = SIMCOM,
		.manufacturer = "SIMCOM_Ltd",
		.model = "SIMCOM_SIM800L",
		.ati = simcom_ati,
		.banner = simcom_banner,
		.noise = simcom_noise,
		.chatter = none,
		.swapped = simcom_swapped,
		.accepted = common_accepted,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "+CCID",
		.iccid_format = "%sf",
		.blanks = true,
		.error_is_cusd_4 = true,
		.tries_command = "+SPIC",
		.tries = TRIES_PINS_FIRST,
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = "04/01/01,00:00:00+00",
		.nitz = NITZ_PSUTTZ,
		.charset = "IRA",
		.order = DEVICE_OK_LAST,
		.cme_code = CME_NOT_ALLOWED,
	},
};

const struct dialect *
dialect_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

int
device_defaults(struct device_options *options, const char *dialect)
{
	const struct dialect *row = dialect_by_name(dialect);
	if (row == NULL)
		return -1;
	*options = (struct device_options){
		.operator_name = "SimTel",
		.pin_state = "READY",
		.sim_pin = "1234",
		.sim_pin_tries = 3,
		.sim_puk_tries = 10,
		.act = -1,
		.zone_quarters = 4,
		.clock_shift_ms = INT64_C(-86400000) * 365,
		.registration = 1,
		.signal = 20,
		.echo = true,
		.dcs = 15,
		.ussdmode = 1,
		.order = row->order,
		.delay_ms = {20, 60},
		.chatter_ms = row->chatter_ms,
		.session_ms = 60000,
		.block_ms = 30000,
		.late_ms = 3000,
		.vanish_ms = 3000,
		.replug_ms = 500,
		.hang_ms = 5000,
		.cme_code = row->cme_code,
		.cme_local_code = CME_NO_NETWORK,
	};
	mail_defaults(&options->mail);
	(void)snprintf(
		options->dialect, sizeof options->dialect, "%s", row->name);
	return 0;
}

int
charset_by_name(const char *name)
{
	static const char *const names[] = {[CHARSET_GSM] = "GSM",
		[CHARSET_IRA] = "IRA",
		[CHARSET_UCS2] = "UCS2",
		[CHARSET_HEX] = "HEX"};
	for (int i = 0; i < 4; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return -1;
}

/* 27.007 clause 9.2.1 */
const char *
cme_text(int code)
{
	static const struct {
		int code;
		const char *text;
	} names[] = {
		{CME_NOT_ALLOWED, "operation not allowed"},
		{CME_NOT_SUPPORTED, "operation not supported"},
		{CME_NO_SIM, "SIM not inserted"},
		{CME_SIM_PIN, "SIM PIN required"},
		{CME_SIM_PUK, "SIM PUK required"},
		{13, "SIM failure"},
		{CME_SIM_BUSY, "SIM busy"},
		{CME_WRONG_PIN, "incorrect password"},
		{CME_NO_NETWORK, "no network service"},
		{CME_UNKNOWN, "unknown"},
		{132, "service option not supported"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code)
			return names[i].text;
	return "retry operation";
}
