/*
 * conf: the simulator's configuration and orders, both JSON, into structs.
 * The only module that knows jansson. Must name the key that is wrong.
 */
#ifndef SIM_CONF_H
#define SIM_CONF_H

#include "tests/sim/device.h"
#include "tests/sim/network.h"

/* A port of a modem that has several, as the host finds it. */
struct conf_port {
	char name[32];     /* of its link; "": NAME and its number */
	int usb_interface; /* bInterfaceNumber */
};

struct conf_modem {
	struct device_options options;
	struct conf_port ports[DEVICE_PORTS_MAX];
	bool tcp;
	bool sysfs;      /* it stands in DIR/sys and DIR/dev */
	char usb[24];    /* its place, as "1-1.2" */
	char usb_id[12]; /* vendor and product, as "12d1:1001" */
	char tty[12];    /* ttyUSB or ttyACM */
	int64_t balance_minor;
};

struct conf_card {
	char voucher_pin[NETWORK_PIN_MAX];
	int64_t amount_minor;
	enum card_state state;
};

struct conf_account {
	char number[NETWORK_ID_MAX];
	int64_t balance_minor;
};

struct conf {
	uint64_t seed;
	struct network_options network;
	struct conf_modem *modems;
	size_t modem_count;
	struct conf_card *cards;
	size_t card_count;
	struct conf_account *accounts; /* numbers that no SIM here has */
	size_t account_count;
};

/* What is wrong, with the key. */
struct conf_error {
	char text[256];
};

/* 0, or -1 with the error told. conf_free() in both cases. */
int conf_read(const char *path, struct conf *conf, struct conf_error *error);
void conf_free(struct conf *conf);

enum order_kind {
	ORDER_SET,
	ORDER_STRIKE, /* any fault by name: at the next request */
	ORDER_REBOOT, /* these three at once */
	ORDER_HANG,
	ORDER_VANISH,
	ORDER_REPLUG,
	ORDER_POWER, /* off, and on again */
	ORDER_PUSH,
	ORDER_PRINT,
	ORDER_FOREIGN, /* a command of another program */
	ORDER_FLOOD,   /* bytes without a line end */
	ORDER_SWAP,
	ORDER_SMS,         /* a message to the SIM */
	ORDER_STORED,      /* an entry of a store, as it stands */
	ORDER_MAIL_STRIKE, /* any fault of texts by name: at the next */
	ORDER_CARD,
	ORDER_STATE,
	ORDER_QUIT
};

/* Another SIM, with its account. */
struct conf_swap {
	char imsi[sizeof((struct device_options *)0)->imsi];
	char iccid[sizeof((struct device_options *)0)->iccid];
	char msisdn[sizeof((struct device_options *)0)->msisdn];
	int64_t balance_minor; /* of an account that is new */
	bool hot;              /* the modem notices at once */
};

/* A message that comes; its text stands in the order. */
struct conf_sms {
	char sender[SMS_NUMBER_MAX];
	char smsc[SMS_NUMBER_MAX];
	char parts[SMS_PARTS_MAX + 1]; /* "": in order */
	char store[4];                 /* of ORDER_STORED */
	int message_class;
	int reference;
	bool wide;
};

struct order {
	enum order_kind kind;
	char modem[32]; /* "" for the orders that concern none */
	struct device_strike strike;
	enum mail_fault mail_fault;
	struct conf_sms sms;
	int64_t ms;
	bool renumber; /* its ttys have other numbers when they are back */
	int hang_kind; /* these two of ORDER_HANG; -1: as the keys say */
	int hang_cure;
	int mode;
	int count; /* of ORDER_FLOOD */
	char text[NETWORK_TEXT_MAX];
	struct conf_card card;
	struct conf_swap swap;
	void *json; /* of ORDER_SET, for order_apply() */
};

/* One line. 0, or -1 with the error told. order_fini() in both cases. */
int order_parse(
	const char *line, struct order *order, struct conf_error *error);
void order_fini(struct order *order);

/* The keys of ORDER_SET over a modem's; what it holds else stays. 0 or -1,
 * and then the modem is as it was. */
int order_apply(const struct order *order, struct conf_modem *modem,
	struct conf_error *error);

#endif
