/*
 * scripts: the dialogues. References: 3GPP TS 27.007 (clause in brackets),
 * ITU-T V.250. A table must never repeat a step that makes the network act.
 */
#include "modem/scripts.h"

/* Deadlines of one command, from its flush. */
enum {
	ALIVE_MS = 1000,    /* AT: an awake modem answers in milliseconds */
	ESC_MS = 300,       /* time for what ESC breaks off */
	LOCAL_MS = 5000,    /* answered by the modem alone */
	SIM_MS = 10000,     /* has to read the SIM */
	NETWORK_MS = 15000, /* may wait for what the modem is doing on air */
	PROMPT_MS = 10000,
	LISTING_MS = 30000, /* a SIM gives a few messages a second */
	UNLOCK_MS = 20000,  /* a PIN is checked by the SIM, and it starts */
	RADIO_MS = 20000,   /* leaves the network, or comes back */
	WAS_MS = 3000,      /* a setting, which any modem has at hand */
	LEAVE_STEP_MS = 1000,
	BOOT_STEP_MS = 3000
};

/* ESC leaves a prompt that an earlier program forgot; modems that sleep or
 * guess the speed lose the first commands. */
static const struct chat_step probe[] = {
	{.text = "\x1b", .wait_ms = ESC_MS, .flags = CHAT_SILENT},
	{.text = "AT", .wait_ms = ALIVE_MS, .tries = 5},
};
const struct chat_script script_probe = SCRIPT("probe", probe, 20000);

/* The same, where it may be another's port: nothing is changed by it, and
 * what answers gets no ESC. What does not may be ours, at the prompt at which
 * a killed daemon left it. */
static const struct chat_step whose[] = {
	{.text = "AT",
		.wait_ms = ALIVE_MS,
		.flags = CHAT_OPTIONAL | CHAT_TELLS,
		.tag = TAG_ALIVE},
	{.text = "\x1b",
		.wait_ms = ESC_MS,
		.flags = CHAT_SILENT | CHAT_UNLESS,
		.tag = TAG_ALIVE},
	{.text = "AT",
		.wait_ms = ALIVE_MS,
		.flags = CHAT_UNLESS,
		.tag = TAG_ALIVE,
		.tries = 2},
	{.text = "AT+CGSN",
		.takes = {"+CGSN:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = TAG_IMEI}, /* (5.4) */
};
const struct chat_script script_whose = SCRIPT("whose", whose, 20000);

/* What is not told is not put back. The form of errors is asked for first: it
 * tells whether our settings are still there (modem_leave). */
#define WAS(command, line, whose)                                              \
	{                                                                      \
		.text = (command), .takes = {line}, .wait_ms = WAS_MS,         \
		.flags = CHAT_OPTIONAL, .tag = (whose)                         \
	}
static const struct chat_step remember[] = {
	WAS("AT+CMEE?", "+CMEE:", TAG_WAS_ERRORS),       /* (9.1) */
	WAS("AT+CSCS?", "+CSCS:", TAG_WAS_CHARSET),      /* (5.5) */
	WAS("AT+CUSD?", "+CUSD:", TAG_WAS_USSD),         /* (7.15) */
	WAS("AT+CREG?", "+CREG:", TAG_WAS_REGISTRATION), /* (7.2) */
	WAS("AT+COPS?", "+COPS:", TAG_WAS_FORMAT),       /* (7.3) */
	WAS("AT+CPMS?", "+CPMS:", TAG_WAS_STORES),       /* 27.005 3.2.2 */
};
const struct chat_script script_remember = SCRIPT("remember", remember, 0);

/* Once the SIM is ready: before, many refuse them. */
static const struct chat_step remember_mail[] = {
	WAS("AT+CMGF?", "+CMGF:", TAG_WAS_MODE),    /* 27.005 3.2.3 */
	WAS("AT+CNMI?", "+CNMI:", TAG_WAS_NEWS),    /* (3.4.1) */
	WAS("AT+CSMS?", "+CSMS:", TAG_WAS_SERVICE), /* (3.2.1) */
	WAS("AT+CPMS?", "+CPMS:", TAG_WAS_STORES),  /* (3.2.2) */
};
const struct chat_script script_remember_mail =
	SCRIPT("remember mail", remember_mail, 0);

/* What would do most harm first: the time is bounded. */
#define PUT_BACK(command, whose)                                               \
	{                                                                      \
		.text = (command), .wait_ms = LEAVE_STEP_MS,                   \
		.flags = CHAT_OPTIONAL | CHAT_UNLESS, .tag = (whose)           \
	}
static const struct chat_step leave[] = {
	PUT_BACK("AT+CSCS=\"{was}\"", TAG_WAS_CHARSET),
	PUT_BACK("AT+CUSD={was}", TAG_WAS_USSD),
	PUT_BACK("AT+CNMI={was}", TAG_WAS_NEWS),
	PUT_BACK("AT+CMGF={was}", TAG_WAS_MODE),
	PUT_BACK("AT+CREG={was}", TAG_WAS_REGISTRATION),
	PUT_BACK("AT+CMEE={was}", TAG_WAS_ERRORS),
	PUT_BACK("AT+COPS=3,{was}", TAG_WAS_FORMAT),
	PUT_BACK("AT^CURC={was}", TAG_WAS_NOISE),
	PUT_BACK("AT+CSMS={was}", TAG_WAS_SERVICE),
	PUT_BACK("AT+CPMS={was}", TAG_WAS_STORES),
	PUT_BACK("ATE{was}", TAG_WAS_ECHO), /* V.250 6.2.4 */
};
const struct chat_script script_leave = SCRIPT("leave", leave, 0);

static const struct chat_step identify[] = {
	{.text = "ATE0", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
	/* Numbers, not words: codes decide what is sure (9.2). */
	{.text = "AT+CMEE=1", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
	{.text = "AT+CGMI",
		.takes = {"+CGMI:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = TAG_MAKER}, /* (5.1) */
	{.text = "AT+CGMM",
		.takes = {"+CGMM:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = TAG_MODEL}, /* (5.2) */
	{.text = "AT+CGMR",
		.takes = {"+CGMR:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = TAG_FIRMWARE}, /* (5.3) */
	{.text = "ATI",
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE | CHAT_UNLESS,
		.tag = TAG_ABOUT}, /* V.250 6.1.3 */
};
const struct chat_script script_identify = SCRIPT("identify", identify, 30000);

/* A refresh that broke off between off and on leaves the radio off. */
static const struct chat_step wake[] = {
	{.text = "AT+CFUN?",
		.takes = {"+CFUN:"},
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL,
		.tag = TAG_RADIO},
	{.text = "AT+CFUN=1",
		.takes = {"+CFUN:"},
		.wait_ms = RADIO_MS,
		.flags = CHAT_OPTIONAL | CHAT_UNLESS,
		.tag = TAG_RADIO}, /* (8.2) */
};
const struct chat_script script_wake = SCRIPT("wake", wake, 30000);

/* Wavecom says +CPIN: READY and no OK (8.3). */
static const struct chat_step sim[] = {
	{.text = "AT+CPIN?",
		.takes = {"+CPIN:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_NO_OK,
		.tag = TAG_SIM,
		.tries = 2},
};
const struct chat_script script_sim = SCRIPT("sim", sim, 25000);

/* Of the password that the SIM asks for, or of all, a line each. */
static const struct chat_step pin_tries[] = {
	{.text = "AT+CPINR",
		.takes = {"+CPINR:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_OPTIONAL | CHAT_UNLESS,
		.tag = TAG_PIN_TRIES}, /* (8.65) */
};
const struct chat_script script_pin_tries =
	SCRIPT("pin tries", pin_tries, 15000);

/*
 * VERIFY of PIN1 without a PIN: no try is used, and the status word tells how
 * many are left (TS 102 221 11.1.9). A SIM that is no UICC refuses the class.
 */
static const struct chat_step card_tries[] = {
	{.text = "AT+CSIM=10,\"0020000100\"",
		.takes = {"+CSIM:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_OPTIONAL | CHAT_UNLESS,
		.tag = TAG_PIN_TRIES}, /* (8.17) */
};
const struct chat_script script_card_tries =
	SCRIPT("card tries", card_tries, 15000);

/* Acts: a PIN that is typed twice may be two tries. The line is its own, so
 * that it is no news of another SIM (8.3). */
static const struct chat_step unlock[] = {
	{.text = "AT+CPIN=\"{code}\"",
		.takes = {"+CPIN:"},
		.wait_ms = UNLOCK_MS,
		.flags = CHAT_ACTS},
};
const struct chat_script script_unlock = SCRIPT("unlock", unlock, 25000);

/* What was locked is refused for some seconds more: messages tell it. */
static const struct chat_step sms_ready[] = {
	{.text = "AT+CPMS?", .takes = {"+CPMS:"}, .wait_ms = SIM_MS},
}; /* 27.005 3.2.2 */
const struct chat_script script_sms_ready =
	SCRIPT("sms ready", sms_ready, 15000);

#define ICCID_FLAGS (CHAT_OPTIONAL | CHAT_BARE | CHAT_UNLESS)
#define ICCID_TAKES                                                            \
	{                                                                      \
		"+CCID:", "+ICCID:", "+QCCID:", "^ICCID:", "+CICCID:"          \
	}

#define ICCID_STEP(command)                                                    \
	{                                                                      \
		.text = (command), .takes = ICCID_TAKES, .wait_ms = LOCAL_MS,  \
		.flags = ICCID_FLAGS, .tag = TAG_ICCID                         \
	}
/* EF_ICCID is 2FE2 = 12258 (TS 51.011 10.1.1), nibbles swapped; it is read
 * without a PIN. CRSM: 27.007 8.18. */
#define ICCID_STEPS                                                            \
	ICCID_STEP("AT+CCID"), ICCID_STEP("AT+ICCID"), ICCID_STEP("AT+QCCID"), \
		ICCID_STEP("AT^ICCID?"), ICCID_STEP("AT+CICCID"),              \
	{                                                                      \
		.text = "AT+CRSM=176,12258,0,0,10", .takes = {"+CRSM:"},       \
		.wait_ms = SIM_MS, .flags = CHAT_OPTIONAL | CHAT_UNLESS,       \
		.tag = TAG_ICCID                                               \
	}

static const struct chat_step iccid[] = {ICCID_STEPS};
const struct chat_script script_iccid = SCRIPT("iccid", iccid, 40000);

#define ASK_IMEI                                                               \
	{                                                                      \
		.text = "AT+CGSN", .takes = {"+CGSN:"}, .wait_ms = LOCAL_MS,   \
		.flags = CHAT_OPTIONAL | CHAT_BARE, .tag = TAG_IMEI            \
	} /* (5.4) */

static const struct chat_step imei[] = {ASK_IMEI};
const struct chat_script script_imei = SCRIPT("imei", imei, 10000);

static const struct chat_step subscriber[] = {
	ASK_IMEI,
	{.text = "AT+CIMI",
		.takes = {"+CIMI:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = TAG_IMSI}, /* (5.6) */
	ICCID_STEPS,
};
const struct chat_script script_subscriber =
	SCRIPT("subscriber", subscriber, 60000);

static const struct chat_step prepare[] = {
	{.text = "AT+CSCS=\"{charset}\"",
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL,
		.tag = TAG_CHARSET}, /* (5.5) */
	/* A USSD session that somebody left open; ERROR where there is none. */
	{.text = "AT+CUSD=2",
		.wait_ms = NETWORK_MS,
		.flags = CHAT_OPTIONAL}, /* (7.15) */
	/* Show answers; without a text it dials nothing (7.15). */
	{.text = "AT+CUSD=1", .wait_ms = NETWORK_MS, .flags = CHAT_OPTIONAL},
	{.text = "AT+CREG=1", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
	{.text = "AT+COPS=3,0", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
};
const struct chat_script script_prepare = SCRIPT("prepare", prepare, 45000);

/* Marked: no OK of an earlier command, late, can pass for its own. */
#define ASK_REGISTRATION                                                       \
	{                                                                      \
		.text = "AT+CREG?", .takes = {"+CREG:"}, .wait_ms = LOCAL_MS,  \
		.flags = CHAT_MARKED, .tag = TAG_REGISTRATION                  \
	} /* (7.2) */
#define ASK_SIGNAL                                                             \
	{                                                                      \
		.text = "AT+CSQ", .takes = {"+CSQ:"}, .wait_ms = LOCAL_MS,     \
		.flags = CHAT_OPTIONAL, .tag = TAG_SIGNAL                      \
	} /* (8.5) */

/* Its name, and the radio: USSD hangs on that. */
#define ASK_NETWORK(ms)                                                        \
	{                                                                      \
		.text = "AT+COPS?", .takes = {"+COPS:"}, .wait_ms = (ms),      \
		.flags = CHAT_OPTIONAL, .tag = TAG_NETWORK                     \
	} /* (7.3) */

static const struct chat_step where[] = {
	ASK_REGISTRATION, ASK_SIGNAL, ASK_NETWORK(NETWORK_MS)};
const struct chat_script script_register = SCRIPT("register", where, 30000);

static const struct chat_step check[] = {ASK_REGISTRATION, ASK_SIGNAL};
const struct chat_script script_check = SCRIPT("check", check, 12000);

static const struct chat_step check_sim[] = {
	ASK_REGISTRATION, ASK_SIGNAL,
	{.text = "AT+CIMI",
		.takes = {"+CIMI:"},
		.wait_ms = SIM_MS,
		.flags = CHAT_BARE,
		.tag = TAG_IMSI}, /* (5.6) */
};
const struct chat_script script_check_sim =
	SCRIPT("check sim", check_sim, 20000);

static const struct chat_step own_clock[] = {
	{.text = "AT+CCLK?",
		.takes = {"+CCLK:"},
		.wait_ms = LOCAL_MS,
		.tag = TAG_TIME}, /* (8.15) */
};
const struct chat_script script_clock = SCRIPT("clock", own_clock, 10000);

static const struct chat_step charset[] = {
	{.text = "AT+CSCS=\"{charset}\"",
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL,
		.tag = TAG_CHARSET},
};
const struct chat_script script_charset = SCRIPT("charset", charset, 10000);

/* Some ports are blocked until the network answers (Telit GM862): the OK
 * may take as long as the answer. */
static const struct chat_step ask[] = {
	{.text = "AT+CUSD=1,\"{code}\",{dcs}",
		.takes = {"+CUSD:"},
		.flags = CHAT_ACTS,
		.tag = TAG_USSD}, /* (7.15) */
};
const struct chat_script script_ask = SCRIPT("ask", ask, 0);

static const struct chat_step cancel[] = {
	{.text = "AT+CUSD=2", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
	ASK_NETWORK(ALIVE_MS), /* on LTE the next one may fail the same way */
	ASK_REGISTRATION,      /* and what came late is behind us */
};
const struct chat_script script_cancel = SCRIPT("cancel", cancel, 13000);

/* +CFUN lines are its own: as a banner they would mean a restart. */
static const struct chat_step radio_off[] = {
	{.text = "AT+CFUN=4", .takes = {"+CFUN:"}, .wait_ms = RADIO_MS},
}; /* (8.2) */
const struct chat_script script_radio_off =
	SCRIPT("radio off", radio_off, 25000);

static const struct chat_step radio_on[] = {
	{.text = "AT+CFUN=1",
		.takes = {"+CFUN:"},
		.wait_ms = RADIO_MS,
		.tries = 2},
}; /* (8.2) */
const struct chat_script script_radio_on = SCRIPT("radio on", radio_on, 45000);

static const struct chat_step reboot[] = {
	{.text = "AT+CFUN=1,1", .wait_ms = NETWORK_MS},
}; /* (8.2) */
const struct chat_script script_reboot = SCRIPT("reboot", reboot, 20000);

static const struct chat_step reset[] = {
	{.text = "ATZ", .wait_ms = LOCAL_MS},
}; /* V.250 6.1.1 */
const struct chat_script script_reset = SCRIPT("reset", reset, 10000);

/* For a modem that says nothing: all is tried, whatever comes. */
static const struct chat_step revive[] = {
	{.text = "\x1b", .wait_ms = ESC_MS, .flags = CHAT_SILENT},
	{.text = "ATZ", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
	{.text = "ATE0", .wait_ms = ALIVE_MS, .flags = CHAT_OPTIONAL},
};
const struct chat_script script_revive = SCRIPT("revive", revive, 10000);

/* Boards say nothing for up to 60 s while they start. */
static const struct chat_step await[] = {
	{.text = "AT", .wait_ms = BOOT_STEP_MS, .tries = 20},
};
const struct chat_script script_await = SCRIPT("await", await, 60000);

/* ---- short messages (3GPP TS 27.005) ----------------------------------- */

/* Marked: an OK that comes late is no prompt. Text mode would send the
 * octets' hex as a text: it is set each time. */
static const struct chat_step send[] = {
	{.text = "AT+CMGF=0", .wait_ms = LOCAL_MS}, /* (3.2.3) */
	{.text = "AT+CMGS={number}",
		.wait_ms = PROMPT_MS,
		.flags = CHAT_PROMPT | CHAT_MARKED},
	{.text = "{code}\x1a",
		.takes = {"+CMGS:"},
		.flags = CHAT_ACTS | CHAT_RAW | CHAT_MARKED | CHAT_NO_OK,
		.tag = TAG_SENT}, /* (4.3) */
};
const struct chat_script script_send = SCRIPT("send", send, 0);

/* Twice: a prompt may come while the first is on its way. */
static const struct chat_step escape[] = {
	{.text = "\x1b", .wait_ms = ESC_MS, .flags = CHAT_SILENT},
	{.text = "\x1b", .wait_ms = ESC_MS, .flags = CHAT_SILENT},
	ASK_REGISTRATION,
};
const struct chat_script script_escape = SCRIPT("escape", escape, 12000);

/* The last +CNMI that is not refused holds. Messages are stored and told
 * (mt 1), status reports are not wanted, and without +CSMS: 1 nothing has to
 * be acknowledged. */
#define MAIL_STEPS                                                             \
	{.text = "AT+CSMS=0",                                                  \
		.takes = {"+CSMS:"},                                           \
		.wait_ms = LOCAL_MS,                                           \
		.flags = CHAT_OPTIONAL}, /* (3.2.1) */                         \
		{.text = "AT+CSMS?",                                           \
			.takes = {"+CSMS:"},                                   \
			.wait_ms = LOCAL_MS,                                   \
			.flags = CHAT_OPTIONAL,                                \
			.tag = TAG_SERVICE},                                   \
		{.text = "AT+CMGF=0",                                          \
			.wait_ms = LOCAL_MS,                                   \
			.flags = CHAT_OPTIONAL}, /* (3.2.3) */                 \
		{.text = "AT+CSCA?",                                           \
			.takes = {"+CSCA:"},                                   \
			.wait_ms = SIM_MS,                                     \
			.flags = CHAT_OPTIONAL,                                \
			.tag = TAG_CENTRE}, /* (3.3.1) */                      \
		{.text = "AT+CPMS=\"{store}\",\"{store}\",\"{store}\"",        \
			.takes = {"+CPMS:"},                                   \
			.wait_ms = SIM_MS,                                     \
			.flags = CHAT_OPTIONAL}, /* (3.2.2) */                 \
	{                                                                      \
		.text = "AT+CNMI=1,1", .wait_ms = LOCAL_MS,                    \
		.flags = CHAT_OPTIONAL                                         \
	} /* (3.4.1) */

static const struct chat_step mail[] = {
	MAIL_STEPS,
	{.text = "AT+CNMI=2,1,0,0,0",
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL},
};
const struct chat_script script_mail = SCRIPT("mail", mail, 40000);

static const struct chat_step mail_msm[] = {
	MAIL_STEPS,
	{.text = "AT+CNMI=1,1,0,0,0",
		.wait_ms = LOCAL_MS,
		.flags = CHAT_OPTIONAL},
};
const struct chat_script script_mail_msm = SCRIPT("mail", mail_msm, 40000);

/* Another program, or a restart, may have chosen another store. */
#define CHOOSE_STORE                                                           \
	{                                                                      \
		.text = "AT+CPMS=\"{store}\"", .takes = {"+CPMS:"},            \
		.wait_ms = SIM_MS, .tag = TAG_STORE                            \
	}
#define LIST_ALL                                                               \
	{                                                                      \
		.text = "AT+CMGL=4", .takes = {"+CMGL:"},                      \
		.wait_ms = LISTING_MS, .flags = CHAT_BARE, .tag = TAG_MAIL     \
	} /* (4.1) */
#define READ_ONE                                                               \
	{                                                                      \
		.text = "AT+CMGR={number}", .takes = {"+CMGR:"},               \
		.wait_ms = SIM_MS, .flags = CHAT_BARE, .tag = TAG_MAIL         \
	} /* (4.2) */
/* By its index: AT+CMGD=1,4 takes with it what nobody has read. */
#define DELETE_ONE                                                             \
	{                                                                      \
		.text = "AT+CMGD={number}", .wait_ms = SIM_MS                  \
	} /* (3.5.4) */

static const struct chat_step list[] = {CHOOSE_STORE, LIST_ALL};
const struct chat_script script_list = SCRIPT("list", list, 40000);
static const struct chat_step list_only[] = {LIST_ALL};
const struct chat_script script_list_only =
	SCRIPT("list only", list_only, 40000);

static const struct chat_step read_one[] = {CHOOSE_STORE, READ_ONE};
const struct chat_script script_read = SCRIPT("read", read_one, 20000);
static const struct chat_step read_only[] = {READ_ONE};
const struct chat_script script_read_only =
	SCRIPT("read only", read_only, 20000);

static const struct chat_step delete_one[] = {CHOOSE_STORE, DELETE_ONE};
const struct chat_script script_delete = SCRIPT("delete", delete_one, 20000);
static const struct chat_step delete_only[] = {DELETE_ONE};
const struct chat_script script_delete_only =
	SCRIPT("delete only", delete_only, 20000);

static const struct chat_step acknowledge[] = {
	{.text = "AT+CNMA", .wait_ms = LOCAL_MS, .flags = CHAT_OPTIONAL},
}; /* (3.4.4) */
const struct chat_script script_acknowledge =
	SCRIPT("acknowledge", acknowledge, 10000);
