/*
 * scripts: what is really said to a modem, as tables. No decision is taken
 * here, and nothing that differs between makes stands here (dialects).
 */
#ifndef MODEM_SCRIPTS_H
#define MODEM_SCRIPTS_H

#include "modem/chat.h"

/* Whose lines they are. */
enum script_tag {
	TAG_NONE,
	TAG_MAKER,
	TAG_MODEL,
	TAG_FIRMWARE,
	TAG_ABOUT, /* ATI; seen once maker and model are */
	TAG_IMEI,
	TAG_IMSI,
	TAG_ICCID,
	TAG_SIM,          /* +CPIN */
	TAG_REGISTRATION, /* +CREG */
	TAG_SIGNAL,       /* +CSQ */
	TAG_NETWORK,      /* +COPS */
	TAG_CHARSET,
	TAG_RADIO,     /* +CFUN; seen unless the radio is known to be off */
	TAG_USSD,      /* +CUSD */
	TAG_SENT,      /* +CMGS */
	TAG_MAIL,      /* +CMGL and +CMGR, and the messages behind them */
	TAG_STORE,     /* +CPMS */
	TAG_SERVICE,   /* +CSMS */
	TAG_CENTRE,    /* +CSCA */
	TAG_PIN_TRIES, /* +CPINR and its like: sim_tries_of() */
	TAG_TIME,      /* +CCLK and its like: nitz_of() */
	TAG_ALIVE,     /* AT was answered */
	/* What a setting was before ours. */
	TAG_WAS_CHARSET,      /* +CSCS */
	TAG_WAS_USSD,         /* +CUSD */
	TAG_WAS_NEWS,         /* +CNMI */
	TAG_WAS_MODE,         /* +CMGF */
	TAG_WAS_REGISTRATION, /* +CREG */
	TAG_WAS_ERRORS,       /* +CMEE */
	TAG_WAS_FORMAT,       /* +COPS */
	TAG_WAS_NOISE,        /* ^CURC */
	TAG_WAS_SERVICE,      /* +CSMS */
	TAG_WAS_STORES,       /* +CPMS */
	TAG_WAS_ECHO,         /* heard, not asked for */
	TAG_WAS_FIRST = TAG_WAS_CHARSET,
	TAG_WAS_LAST = TAG_WAS_ECHO
};

#define SCRIPT(title, table, limit_ms)                                         \
	{                                                                      \
		.name = (title), .steps = (table),                             \
		.count = sizeof(table) / sizeof *(table),                      \
		.wait_ms = (limit_ms)                                          \
	}

extern const struct chat_script script_probe;    /* is anything there? */
extern const struct chat_script script_whose;    /* and which modem */
extern const struct chat_script script_remember; /* settings before ours */
extern const struct chat_script script_remember_mail;
extern const struct chat_script script_leave;      /* puts them back */
extern const struct chat_script script_identify;   /* echo, errors, make */
extern const struct chat_script script_wake;       /* radio on, if off */
extern const struct chat_script script_sim;        /* is the SIM usable? */
extern const struct chat_script script_pin_tries;  /* of a SIM that asks */
extern const struct chat_script script_card_tries; /* asked of the SIM itself */
extern const struct chat_script script_unlock;     /* types the SIM PIN */
extern const struct chat_script script_sms_ready;  /* after that */
extern const struct chat_script script_imei;
extern const struct chat_script script_iccid;
extern const struct chat_script script_subscriber; /* IMEI, IMSI, ICCID */
extern const struct chat_script script_prepare;    /* charset, USSD, URCs */
extern const struct chat_script script_register;   /* where are we? */
extern const struct chat_script script_check;      /* health */
extern const struct chat_script script_check_sim;  /* and the same SIM? */
extern const struct chat_script script_clock;      /* the modem's own */
extern const struct chat_script script_charset;
extern const struct chat_script script_ask;    /* a USSD request */
extern const struct chat_script script_cancel; /* closes a USSD session */
extern const struct chat_script script_radio_off;
extern const struct chat_script script_radio_on;
extern const struct chat_script script_reboot;   /* the modem, as at power-on */
extern const struct chat_script script_reset;    /* its settings only */
extern const struct chat_script script_revive;   /* the same, unheard */
extern const struct chat_script script_await;    /* until it has started */
extern const struct chat_script script_send;     /* one part of a message */
extern const struct chat_script script_escape;   /* out of a prompt */
extern const struct chat_script script_mail;     /* how messages come */
extern const struct chat_script script_mail_msm; /* likewise */
extern const struct chat_script script_list;     /* what a store holds */
extern const struct chat_script script_list_only;
extern const struct chat_script script_read;
extern const struct chat_script script_read_only;
extern const struct chat_script script_delete;
extern const struct chat_script script_delete_only;
extern const struct chat_script script_acknowledge;

#endif
