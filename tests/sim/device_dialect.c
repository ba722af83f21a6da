/*
 * device_dialect: finds a row of the tables, what follows from it, and the
 * words of the standard. Must never hold what the driver merely expects.
 */
#include "tests/sim/device_dialect.h"

#include <stdio.h>
#include <string.h>

static const struct dialect *const tables[] = {
	dialects_sticks, dialects_modules};

const struct dialect *
dialect_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct dialect *row = tables[i]; row->name != NULL;
			row++)
			if (strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

const char *const *
dialect_list(const char *const *list)
{
	static const char *const none[] = {NULL};
	return list != NULL ? list : none;
}

const char *
device_dialect_name(size_t i)
{
	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
		for (const struct dialect *row = tables[t]; row->name != NULL;
			row++)
			if (i-- == 0)
				return row->name;
	return NULL;
}

bool
device_tells_of_swaps(const char *dialect)
{
	const struct dialect *row = dialect_by_name(dialect);
	return row != NULL && dialect_list(row->swapped)[0] != NULL;
}

bool
device_has_messages(const char *dialect)
{
	const struct dialect *row = dialect_by_name(dialect);
	return row != NULL && !row->no_mail;
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
		.ussdmode = row->takes == TAKES_PACKED ? 1 : -1,
		.lose_coding = row->loses_coding,
		.answer_on_sender = row->answer_on_sender,
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
	options->mail.form = row->mail_form;
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
