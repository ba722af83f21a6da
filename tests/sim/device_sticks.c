/*
 * device_sticks: the families of USB sticks, data cards and phones as data,
 * taken from captures and manuals.
 * Must never hold what the driver merely expects.
 */
#include "tests/sim/device_dialect.h"

#include <stddef.h>

enum { CNMI_012 = 7, CNMI_01 = 3, CNMI_0123 = 15 };

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
static const char *const huawei_banner[] = {"^SIMST:1", "^SRVST:2", NULL};
static const char *const huawei_swapped[] = {"^SIMST:255", "^SIMST:1", NULL};
static const char *const zte_noise[] = {"+ZUSIMR:2", "+ZPASR: \"UMTS\"",
	"+ZDONR: \"METEOR\",272,3,\"CS_PS\",\"ROAM_OFF\"", "RING", "DODGY",
	"+ZPSTM: \"00.00.00\"", "+CMTI: \"SM\",4", "+ZEND", NULL};
static const char *const zte_chatter[] = {"+ZUSIMR:2", NULL};
static const char *const qualcomm_noise[] = {"+CREG: 1", "RING", "$QCRSSI: 12",
	"+CMTI: \"SM\",4", "NO CARRIER", NULL};
static const char *const mbm_noise[] = {"+CIEV: 2,4", "*E2REG: 2",
	"*ERINFO: 0,0,2", "RING", "+CMTI: \"ME\",4", "*EMWI: 1,0", NULL};
static const char *const mbm_banner[] = {"*EMRDY: 1", NULL};
static const char *const icera_noise[] = {"%NWSTATE: 2,00101,3G,3G,1",
	"%NWSTATE: 4,00101,3G+,3G+,1", "RING", "+CMTI: \"SM\",4", NULL};
static const char *const option_noise[] = {"_OSIGQ: 18,0", "_OSSYSI: 3", "RING",
	"+CREG: 1", "+CMTI: \"SM\",4", NULL};

static const char *const standard_ati[] = {"Acme", "%m", "Revision: 1.0", NULL};
static const char *const huawei_ati[] = {"Manufacturer: huawei", "Model: %m",
	"Revision: 11.608.12.04.21", "IMEI: %i", "+GCAP: +CGSM,+DS,+ES", NULL};
static const char *const me909_ati[] = {
	"Manufacturer: Huawei Technologies Co., Ltd.", "Model: %m",
	"Revision: 11.617.09.00.00", "IMEI: %i", "+GCAP: +CGSM,+DS,+ES", NULL};
static const char *const zte_ati[] = {"Manufacturer: ZTE INCORPORATED",
	"Model: %m", "Revision: BD_MF190V1.0.0B01", "IMEI: %i",
	"+GCAP: +CGSM,+DS,+ES", NULL};
static const char *const qualcomm_ati[] = {
	"Manufacturer: QUALCOMM INCORPORATED", "Model: %m",
	"Revision: M6280_V1.0.0 M6280_V1.0.0 1 [Sep 4 2008 12:00:00]",
	"IMEI: %i", "+GCAP: +CGSM,+DS,+ES", NULL};
static const char *const mbm_ati[] = {"%m", NULL};
static const char *const name_ati[] = {"%m", NULL};
static const char *const alcatel_ati[] = {"Manufacturer: Alcatel", "Model: %m",
	"Revision: C1_00_00", "IMEI: %i", "+GCAP: +CGSM,+DS,+ES", NULL};

/* Arguments that leave LTE alone; what else is given means all. */
static const char *const ws46_down[] = {"=12", "=22", "=29", NULL};
static const char *const syscfg_down[] = {"=13", "=14", NULL};
static const char *const syscfgex_down[] = {"=\"01\"", "=\"02\"", NULL};
static const char *const zsnt_down[] = {"=1,", "=2,", NULL};

static const char clock_1980[] = "80/01/06,00:00:00+00";

const struct dialect dialects_sticks[] = {
	{
		.name = "standard",
		.family = PLAIN,
		.manufacturer = "Acme",
		.model = "TS27007",
		.ati = standard_ati,
		.noise = standard_noise,
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
		.cold_clock = clock_1980,
		.charset = "GSM",
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.cme_code = 132,
	},
	/* E1550, E160, E173: packed hex whatever +CSCS says */
	{
		.name = "huawei",
		.family = CARETS,
		.manufacturer = "huawei",
		.model = "E1550",
		.ati = huawei_ati,
		.banner = huawei_banner,
		.noise = huawei_noise,
		.chatter = huawei_chatter,
		.chatter_ms = 3000,
		.swapped = huawei_swapped,
		.unknown = "COMMAND NOT SUPPORT",
		.iccid_command = "^ICCID",
		.iccid_format = "^ICCID: %s",
		.iccid_swapped = true,
		.takes = TAKES_PACKED,
		.gives = GIVES_PACKED,
		.cancel_needs_session = true,
		.tries_command = "^CPIN",
		.tries = TRIES_HUAWEI,
		.reset_command = "AT^RESET",
		.lte_code = 258,
		.mode_command = "^SYSCFG",
		.mode_down = syscfg_down,
		.cold_clock = clock_1980,
		.nitz = NITZ_NWTIME,
		.charset = "IRA",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.says_full = true,
		.cme_code = 258,
	},
	/* the modules' manuals say text in +CSCS */
	{
		.name = "me909",
		.family = CARETS,
		.manufacturer = "Huawei Technologies Co., Ltd.",
		.model = "ME909s-120",
		.ati = me909_ati,
		.banner = huawei_banner,
		.noise = huawei_noise,
		.chatter = huawei_chatter,
		.chatter_ms = 5000,
		.swapped = huawei_swapped,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "^ICCID",
		.iccid_format = "^ICCID: %s",
		.tries_command = "^CPIN",
		.tries = TRIES_HUAWEI,
		.reset_command = "AT^RESET",
		.csim = true,
		.lte = true,
		.lte_answer = DEVICE_LTE_ERROR_AFTER,
		.lte_code = 258,
		.mode_command = "^SYSCFGEX",
		.mode_down = syscfgex_down,
		.cold_clock = clock_1980,
		.nitz = NITZ_NWTIME,
		.charset = "IRA",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.cpms_test = "\"ME\",\"MT\",\"SM\"",
		.says_full = true,
		.cme_code = 258,
	},
	/* floods until AT+CPMS? is asked; found left at HEX, in octets */
	{
		.name = "zte",
		.family = PLAIN,
		.manufacturer = "ZTE INCORPORATED",
		.model = "MF190",
		.ati = zte_ati,
		.noise = zte_noise,
		.chatter = zte_chatter,
		.chatter_ms = 2000,
		.quiet_command = "+CPMS",
		.unknown = "ERROR",
		.iccid_command = "+ZGETICCID",
		.iccid_format = "+ZGETICCID: %s",
		.tries_command = "+ZPINPUK",
		.tries = TRIES_ONE_PAIR,
		.lte_code = CME_UNKNOWN,
		.mode_command = "+ZSNT",
		.mode_down = zsnt_down,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.answer_on_sender = true,
		.cme_code = CME_UNKNOWN,
	},
	/* M6280, Novatel: UCS2 after a start, so that text fails */
	{
		.name = "qualcomm",
		.family = PLAIN,
		.manufacturer = "QUALCOMM INCORPORATED",
		.model = "M6280",
		.ati = qualcomm_ati,
		.noise = qualcomm_noise,
		.unknown = "ERROR",
		.coding_cme = AT_ERROR,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_1980,
		.charset = "UCS2",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.cme_code = 515, /* "retry operation" */
	},
	/* MC7455; Gobi */
	{
		.name = "sierra",
		.family = PLAIN,
		.manufacturer = "Sierra Wireless, Incorporated",
		.model = "MC7455",
		.ati = qualcomm_ati,
		.noise = qualcomm_noise,
		.unknown = "ERROR",
		.iccid_command = "!ICCID",
		.iccid_format = "!ICCID: %s",
		.tries_command = "+CPINC",
		.tries = TRIES_PINS_FIRST,
		.reset_command = "AT!RESET",
		.csim = true,
		.lte = true,
		.lte_answer = DEVICE_LTE_ERROR,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+WS46",
		.mode_down = ws46_down,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.coding_cme = AT_ERROR,
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.cme_code = CME_UNKNOWN,
	},
	/* MBM: F3507g, F5521gw */
	{
		.name = "ericsson",
		.family = PLAIN,
		.manufacturer = "Ericsson",
		.model = "F3507g",
		.ati = mbm_ati,
		.banner = mbm_banner,
		.noise = mbm_noise,
		.unknown = "ERROR",
		.tries_command = "*EPIN",
		.tries = TRIES_IN_PAIRS,
		.reset_command = "AT*E2RESET",
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.charsets = 1U << CHARSET_GSM | 1U << CHARSET_IRA |
                            1U << CHARSET_UCS2,
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.first_store = 1,
		.cme_code = CME_NO_NETWORK,
	},
	/* Z710i: the answer before OK, without a scheme */
	{
		.name = "sonyericsson",
		.family = PLAIN,
		.manufacturer = "Sony Ericsson",
		.model = "AAD-3021011-BV",
		.ati = name_ati,
		.noise = standard_noise,
		.unknown = "ERROR",
		.dcs_rule = DCS_NONE,
		.gives_no_dcs = true,
		.order = DEVICE_OK_LAST,
		.charset = "IRA",
		.charsets = 1U << CHARSET_GSM | 1U << CHARSET_IRA |
                            1U << CHARSET_UCS2,
		.cfun_levels = "14",
		.cold_clock = clock_1980,
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.first_store = 1,
		.cme_code = CME_NO_NETWORK,
	},
	/* C6-01: its lists of stores are empty; packed answers */
	{
		.name = "nokia",
		.family = PLAIN,
		.manufacturer = "Nokia",
		.model = "Nokia C6-01",
		.ati = name_ati,
		.noise = standard_noise,
		.unknown = "ERROR",
		.gives = GIVES_PACKED,
		.lower_hex = true,
		.charset = "GSM",
		.cold_clock = clock_1980,
		.cpms_test = "(),(),()",
		.no_mail = true,
		.cme_code = CME_NO_NETWORK,
	},
	/* X220: asked plain, answers packed */
	{
		.name = "alcatel",
		.family = PLAIN,
		.manufacturer = "Alcatel",
		.model = "X220L",
		.ati = alcatel_ati,
		.noise = qualcomm_noise,
		.unknown = "ERROR",
		.gives = GIVES_PACKED,
		.tries_command = "+PNNM",
		.tries = TRIES_ONE_PAIR,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.cpms_test = "(\"SM\", \"ME\", \"SM_P\", \"ME_P\", \"MT\"), "
			     "(\"SM\", \"ME\", \"SM_P\", \"ME_P\", \"MT\"), "
			     "(\"SM\", \"ME\", \"SM_P\", \"ME_P\", \"MT\")",
		.cme_code = CME_UNKNOWN,
	},
	/* K3805-Z and its like */
	{
		.name = "icera",
		.family = PLAIN,
		.manufacturer = "ZTE",
		.model = "K3805-Z",
		.ati = name_ati,
		.noise = icera_noise,
		.unknown = "ERROR",
		.tries_command = "%PINNUM",
		.tries = TRIES_IN_PAIRS,
		.tries_apart = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.mail_form = MAIL_NAMED,
		.cme_code = 767,
	},
	{
		.name = "option",
		.family = PLAIN,
		.manufacturer = "Option N.V.",
		.model = "GTM378",
		.ati = name_ati,
		.noise = option_noise,
		.unknown = "ERROR",
		.tries_command = "_OERCN",
		.tries = TRIES_ONE_PAIR,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.cme_code = CME_UNKNOWN,
	},
	{.name = NULL},
};
