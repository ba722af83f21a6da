/*
 * conf_inner: what conf.c and conf_order.c share. Only they include it.
 */
#ifndef SIM_CONF_INNER_H
#define SIM_CONF_INNER_H

#include <jansson.h>

#include "tests/sim/conf.h"

/* Fills in the error; always -1, so that it can be returned. */
int conf_fail(struct conf_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum conf_place { CONF_IN_FILE, CONF_IN_ORDER };

/* The keys of a modem; in an order those of its faults stand among them. */
int conf_modem_keys(struct conf_modem *modem, json_t *json,
	enum conf_place place, struct conf_error *error);

/* One key of the order "swap". */
int conf_swap_key(struct conf_swap *swap, const char *name, json_t *value,
	struct conf_error *error);

/* One key of the orders "sms" and "stored". */
int conf_sms_key(struct conf_sms *sms, const char *name, json_t *value,
	struct conf_error *error);

int conf_card_keys(
	struct conf_card *card, json_t *json, struct conf_error *error);

#endif
