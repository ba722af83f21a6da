/*
 * device_modules: the families of modules as data, taken from captures and
 * manuals. Must never hold what the driver merely expects.
 */
#include "tests/sim/device_dialect.h"

#include <stddef.h>

enum { CNMI_012 = 7, CNMI_01 = 3, CNMI_0123 = 15 };

static const char *const quectel_noise[] = {"+QIND: \"csq\",18,99", "+CREG: 1",
	"RING", "+CMTI: \"SM\",4", "+QIND: PB DONE", "+CTZV: \"+08\"", NULL};
static const char *const simcom_noise[] = {"+CIEV: 10,\"00101\",\"SimTel\"",
	"*PSUTTZ: 2018,3,9,12,36,21,\"+4\",0", "DST: 0", "RING",
	"+CLCC: 1,1,4,0,0,\"123456789\",161", "+CMTI: \"SM\",4",
	"UNDER-VOLTAGE WARNNING", NULL};
static const char *const sim7600_noise[] = {"+CREG: 1", "RING",
	"+CMTI: \"SM\",4", "MISSED_CALL: 11:01AM 07712345678",
	"VOICE CALL: END", NULL};
static const char *const ublox_noise[] = {"+CIEV: 2,4", "+CREG: 1", "RING",
	"+CMTI: \"ME\",4", "+UUPSDD: 0", "+CIEV: 9,2", NULL};
static const char *const telit_noise[] = {"+CIEV: rssi,4", "#QSS: 1",
	"+CREG: 1", "RING", "+CMTI: \"SM\",4", "#STN: 37", NULL};
static const char *const cinterion_noise[] = {"+CIEV: rssi,3", "^SCKS: 1",
	"+CREG: 1", "RING", "+CMTI: \"SM\",4", "^SBC: Undervoltage", NULL};
static const char *const a9g_noise[] = {"+CREG: 1", "RING",
	"+CIEV: \"MESSAGE\",1", "+CMTI: \"SM\",4", "^CINIT: 8, 2048, 1", NULL};
static const char *const fibocom_noise[] = {"+CREG: 1", "RING",
	"+CMTI: \"SM\",4", "+MTKIND: 1", "+SIM READY", NULL};
static const char *const wavecom_noise[] = {"+WIND: 7", "+WIND: 8", "+CREG: 1",
	"RING", "+CMTI: \"SM\",4", "+WIND: 5,1", NULL};
static const char *const motorola_noise[] = {
	"+CIEV: 2,4", "RING", "+CMTI: \"SM\",4", "+MCST: 17", NULL};

static const char *const quectel_ati[] = {
	"Quectel", "%m", "Revision: EC25EFAR06A04M4G", NULL};
static const char *const m95_ati[] = {
	"Quectel_Ltd", "%m", "Revision: M95FAR02A08", NULL};
static const char *const simcom_ati[] = {"SIM800 R14.18", NULL};
static const char *const sim7600_ati[] = {"Manufacturer: SIMCOM INCORPORATED",
	"Model: %m", "Revision: SIM7600M22_V2.0", "IMEI: %i", "+GCAP: +CGSM",
	NULL};
static const char *const a7670_ati[] = {"Manufacturer: INCORPORATED",
	"Model: %m", "Revision: A7670M7_V1.11.1", "IMEI: %i", "+GCAP: +CGSM",
	NULL};
static const char *const name_ati[] = {"%m", NULL};
static const char *const motorola_ati[] = {"MODEL=G24", NULL};
static const char *const cinterion_ati[] = {
	"Cinterion", "%m", "REVISION 01.201", NULL};
static const char *const telit_ati[] = {"332", NULL};
static const char *const a9g_ati[] = {
	"Ai_Thinker_Co._Ltd.", "%m", "V02.02.20180830R", NULL};
static const char *const fibocom_ati[] = {
	"Fibocom Wireless Inc.", "%m", "81600.0000.00.29.23.06", NULL};

static const char *const simcom_banner[] = {
	"RDY", "+CFUN: 1", "%p", "Call Ready", "SMS Ready", NULL};
static const char *const quectel_banner[] = {"RDY", "+CFUN: 1", "%p",
	"+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE", NULL};
static const char *const sim7600_banner[] = {
	"RDY", "%p", "SMS DONE", "PB DONE", NULL};
static const char *const a7670_banner[] = {
	"*ATREADY: 1", "%p", "SMS DONE", "PB DONE", NULL};
static const char *const cinterion_banner[] = {"^SYSSTART", NULL};
static const char *const a9g_banner[] = {"^CINIT: 1, 0, 0",
	"^CINIT: 2, 32, 41891", "^CINIT: 8, 2048, 1", "^CINIT: 16, 0, 1179648",
	"^CINIT: 32, 0, 0", NULL};
static const char *const fibocom_banner[] = {"+SIM READY", NULL};
static const char *const wavecom_banner[] = {
	"+WIND: 1", "+WIND: 3", "+WIND: 4", "+WIND: 7", NULL};

static const char *const simcom_swapped[] = {
	"+CPIN: NOT READY", "+CPIN: READY", "Call Ready", "SMS Ready", NULL};
static const char *const quectel_swapped[] = {
	"+CPIN: NOT READY", "+CPIN: READY", "+QUSIM: 1", NULL};
static const char *const sim7600_swapped[] = {
	"+SIMCARD: NOT AVAILABLE", "+CPIN: READY", "SMS DONE", NULL};

/* Arguments that leave LTE alone; what else is given means all. */
static const char *const ws46_down[] = {"=12", "=22", "=29", NULL};
static const char *const qcfg_down[] = {
	"=\"nwscanmode\",1", "=\"nwscanmode\",2", NULL};
static const char *const cnmp_down[] = {"=13", "=14", "=19", NULL};
static const char *const urat_down[] = {"=0", "=1", "=2", NULL};

static const char clock_1980[] = "80/01/06,00:00:00+00";
static const char clock_2000[] = "00/01/01,00:00:00+00";
static const char clock_2004[] = "04/01/01,00:00:00+00";

const struct dialect dialects_modules[] = {
	{
		.name = "quectel",
		.family = QUECTEL,
		.manufacturer = "Quectel",
		.model = "EC25",
		.ati = quectel_ati,
		.banner = quectel_banner,
		.noise = quectel_noise,
		.swapped = quectel_swapped,
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
		.cold_clock = clock_1980,
		.charset = "GSM",
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.first_store = 1,
		.cme_code = CME_UNKNOWN,
	},
	/* M35, M95: the answer before OK */
	{
		.name = "quectel2g",
		.family = PLAIN,
		.manufacturer = "Quectel_Ltd",
		.model = "Quectel_M95",
		.ati = m95_ati,
		.banner = simcom_banner,
		.noise = quectel_noise,
		.swapped = quectel_swapped,
		.unknown = "ERROR",
		.order = DEVICE_OK_LAST,
		.iccid_command = "+QCCID",
		.iccid_format = "%s",
		.tries_command = "+QTRPIN",
		.tries = TRIES_PINS_FIRST,
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2004,
		.charset = "GSM",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.cme_code = CME_NOT_ALLOWED,
	},
	{
		.name = "simcom",
		.family = SIMCOM,
		.manufacturer = "SIMCOM_Ltd",
		.model = "SIMCOM_SIM800L",
		.ati = simcom_ati,
		.banner = simcom_banner,
		.noise = simcom_noise,
		.swapped = simcom_swapped,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "+CCID",
		.iccid_format = "%sf",
		.blanks = true,
		.error_is_cusd_4 = true,
		.drops_hex = true,
		.tries_command = "+SPIC",
		.tries = TRIES_PINS_FIRST,
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2004,
		.nitz = NITZ_PSUTTZ,
		.charset = "IRA",
		.order = DEVICE_OK_LAST,
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.cme_code = CME_NOT_ALLOWED,
	},
	/* SIM7600E-H: plain only, and UCS2 in the answer */
	{
		.name = "sim7600",
		.family = PLAIN,
		.manufacturer = "SIMCOM INCORPORATED",
		.model = "SIMCOM_SIM7600E-H",
		.ati = sim7600_ati,
		.banner = sim7600_banner,
		.noise = sim7600_noise,
		.swapped = sim7600_swapped,
		.unknown = "ERROR",
		.takes = TAKES_PLAIN,
		.gives = GIVES_UCS2,
		.coding_cme = 515, /* "retry operation" */
		.iccid_command = "+CICCID",
		.iccid_format = "+ICCID: %s",
		.tries_command = "+SPIC",
		.tries = TRIES_PINS_FIRST,
		.reset_command = "AT+CRESET",
		.csim = true,
		.lte = true,
		.lte_answer = DEVICE_LTE_ERROR_AFTER,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+CNMP",
		.mode_down = cnmp_down,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_01,
		.stores = 3,
		.cme_code = CME_UNKNOWN,
	},
	/* A7670: UCS2 under 17 without a language, in small letters */
	{
		.name = "a7670",
		.family = PLAIN,
		.manufacturer = "INCORPORATED",
		.model = "A7670E-FASE",
		.ati = a7670_ati,
		.banner = a7670_banner,
		.noise = sim7600_noise,
		.swapped = sim7600_swapped,
		.unknown = "ERROR",
		.takes = TAKES_PLAIN,
		.gives = GIVES_UCS2,
		.wide_dcs = 17,
		.lower_hex = true,
		.coding_cme = 515,
		.iccid_command = "+CICCID",
		.iccid_format = "+ICCID: %s",
		.tries_command = "+SPIC",
		.tries = TRIES_PINS_FIRST,
		.reset_command = "AT+CRESET",
		.csim = true,
		.lte = true,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+CNMP",
		.mode_down = cnmp_down,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_012,
		.stores = 3,
		.cme_code = CME_UNKNOWN,
	},
	{
		.name = "ublox",
		.family = PLAIN,
		.manufacturer = "u-blox",
		.model = "LARA-R211",
		.ati = name_ati,
		.noise = ublox_noise,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "+CCID",
		.iccid_format = "+CCID: %s",
		.tries_command = "+UPINCNT",
		.tries = TRIES_PINS_FIRST,
		.reset_command = "AT+CFUN=16",
		.csim = true,
		.lte = true,
		.lte_answer = DEVICE_LTE_ERROR,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+URAT",
		.mode_down = urat_down,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.first_store = 1,
		.cme_code = CME_NO_NETWORK,
	},
	/* blocks its port until the network answers */
	{
		.name = "gm862",
		.family = PLAIN,
		.manufacturer = "Telit",
		.model = "GM862-QUAD",
		.ati = telit_ati,
		.noise = telit_noise,
		.unknown = "ERROR",
		.order = DEVICE_BLOCK,
		.iccid_command = "#CCID",
		.iccid_format = "#CCID: %s",
		.tries_command = "#PCT",
		.tries = TRIES_OF_WANTED,
		.reset_command = "AT#REBOOT",
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2000,
		.charset = "IRA",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.mail_form = MAIL_QUOTED,
		.cme_code = CME_NO_NETWORK,
	},
	/* LM960: plain only, what is packed is lost; UCS2 in the answer */
	{
		.name = "telit",
		.family = PLAIN,
		.manufacturer = "Telit",
		.model = "LM960A18",
		.ati = telit_ati,
		.noise = telit_noise,
		.unknown = "ERROR",
		.takes = TAKES_PLAIN,
		.gives = GIVES_UCS2,
		.loses_coding = true,
		.iccid_command = "#CCID",
		.iccid_format = "#CCID: %s",
		.tries_command = "#PCT",
		.tries = TRIES_OF_WANTED,
		.reset_command = "AT#REBOOT",
		.csim = true,
		.lte = true,
		.lte_answer = DEVICE_LTE_CUSD_4,
		.lte_ms = 30000,
		.lte_code = CME_NO_NETWORK,
		.mode_command = "+WS46",
		.mode_down = ws46_down,
		.cold_clock = clock_2000,
		.charset = "IRA",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.mail_form = MAIL_QUOTED,
		.cme_code = CME_NO_NETWORK,
	},
	/* MC55i: no scheme but 15 */
	{
		.name = "cinterion",
		.family = PLAIN,
		.manufacturer = "Cinterion",
		.model = "MC55i",
		.ati = cinterion_ati,
		.banner = cinterion_banner,
		.noise = cinterion_noise,
		.unknown = "ERROR",
		.dcs_rule = DCS_ONLY_15,
		.iccid_command = "^SCID",
		.iccid_format = "^SCID: %s",
		.tries_command = "^SPIC",
		.tries = TRIES_OF_WANTED,
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2000,
		.charset = "GSM",
		.charsets = 1U << CHARSET_GSM | 1U << CHARSET_UCS2,
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.cpms_test = "(\"ME\",\"MT\"),(\"ME\",\"SM\",\"MT\"),(\"SM\","
			     "\"MT\")",
		.cme_code = 132,
	},
	/* wants the scheme; words of its own; <m> 6 */
	{
		.name = "a9g",
		.family = PLAIN,
		.manufacturer = "Ai_Thinker_Co._Ltd.",
		.model = "A9G",
		.ati = a9g_ati,
		.banner = a9g_banner,
		.noise = a9g_noise,
		.unknown = "+CME ERROR:The command not support,check your "
			   "input,pls",
		.failure = "+CME ERROR:Excute command failure",
		.cme_format = "+CME ERROR:%s",
		.dcs_rule = DCS_NEEDED,
		.late_comma = true,
		.end_mode = 6,
		.iccid_command = "+CCID",
		.iccid_format = "+SCID: SIM Card ID: %s",
		.reset_command = "AT+RST=1",
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2000,
		.charset = "GSM",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.cme_code = 15790320,
	},
	/* FM350-GL: OK, then nothing for ever, for it carries data only */
	{
		.name = "fibocom",
		.family = PLAIN,
		.manufacturer = "Fibocom Wireless Inc.",
		.model = "FM350-GL",
		.ati = fibocom_ati,
		.banner = fibocom_banner,
		.noise = fibocom_noise,
		.unknown_cme = CME_UNKNOWN,
		.iccid_command = "+ICCID",
		.iccid_format = "+ICCID: %s",
		.tries_command = "+EPINC",
		.tries = TRIES_PINS_FIRST,
		.tries_apart = true,
		.reset_command = "AT+CFUN=15",
		.csim = true,
		.lte = true,
		.lte_code = CME_UNKNOWN,
		.cold_clock = clock_1980,
		.charset = "IRA",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.cme_code = CME_UNKNOWN,
	},
	/* MULTIBAND 900E 1800: blanks, +CPIN without OK, two stores */
	{
		.name = "wavecom",
		.family = PLAIN,
		.manufacturer = " WAVECOM MODEM",
		.model = " MULTIBAND  900E  1800",
		.ati = name_ati,
		.banner = wavecom_banner,
		.noise = wavecom_noise,
		.unknown = "ERROR",
		.cpin_without_ok = true,
		.error_is_cusd_4 = true,
		.tail = "            ",
		.iccid_command = "+CCID",
		.iccid_format = "+CCID: \"%s\"",
		.tries_command = "+CPINC",
		.tries = TRIES_PINS_FIRST,
		.csim = true,
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2000,
		.charset = "GSM",
		.charsets = 1U << CHARSET_GSM | 1U << CHARSET_HEX,
		.cfun_levels = "01",
		.cnmi_modes = CNMI_0123,
		.stores = 2,
		.cpms_test = "((\"SM\",\"BM\",\"SR\"),(\"SM\"))",
		.cme_code = CME_NO_NETWORK,
	},
	/* G24: +CUSD has no scheme, neither way */
	{
		.name = "motorola",
		.family = PLAIN,
		.manufacturer = "Motorola CE, Copyright 2000",
		.model = "GSM900\",\"GSM1800\",\"GSM1900\",\"GSM850\",\"MODEL="
			 "G24",
		.names = NAMES_QUOTED,
		.ati = motorola_ati,
		.noise = motorola_noise,
		.unknown = "ERROR",
		.dcs_rule = DCS_NONE,
		.gives_no_dcs = true,
		.iccid_command = "+CCID",
		.iccid_format = "+CCID: %s",
		.lte_code = CME_NO_NETWORK,
		.cold_clock = clock_2000,
		.charset = "GSM",
		.charsets = 1U << CHARSET_GSM | 1U << CHARSET_UCS2,
		.cfun_levels = "01",
		.cnmi_modes = CNMI_0123,
		.stores = 3,
		.cme_code = CME_NO_NETWORK,
	},
	{.name = NULL},
};
