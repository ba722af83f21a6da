/*
 * sim_tries: one table of lines, and where in each the PIN's number stands.
 * Must never take the number of the PUK or of PIN2 for that of the PIN.
 */
#include "modem/sim_tries.h"

#include <errno.h>

#include "modem/at.h"

enum {
	TRIES_MAX = 15,      /* a nibble: TS 102 221 10.2.1.5 */
	HUAWEI_PIN_FIELD = 3 /* <state>,<tries>,<puk>,<pin>,<puk2>,<pin2> */
};

/* Lines that begin with a name, which has to be this one. */
static const struct {
	const char *prefix;
	const char *name; /* NULL: no name, the number comes first */
} rows[] = {
	{"+CPINR:", "SIM PIN"}, /* 27.007 8.65; a line for each password */
	{"+QPINC:", "SC"},      /* Quectel; likewise */
	{"+ZPINPUK:", NULL}, {"#PCT:", NULL}, /* Telit, of what is asked for */
	{"+QTRPIN:", NULL}, {"+SPIC:", NULL},
	{"^SPIC:", NULL}, /* Cinterion, of what is asked for */
	{"+UPINCNT:", NULL}, {"*EPIN:", NULL}, {"%PINNUM:", NULL},
	{"_OERCN:", NULL}, {"+XPINCNT:", NULL},
	{"+EPINC:", NULL}, /* MediaTek */
	{"+TPIN:", NULL},  /* Fibocom G510 */
	{"+CPINC:", NULL}, /* Sierra */
	{"+PNNM:", NULL},  /* Alcatel */
};

static int
next_tries(struct at_fields *fields, unsigned *tries)
{
	uint32_t number;

	if (at_fields_u32(fields, TRIES_MAX, &number) != 0)
		return -EINVAL;
	*tries = number;
	return 0;
}

/* ^CPIN: SIM PIN,3,10,3,10,3 or ^CPIN: READY,,10,3,10,3 */
static int
huawei_tries(struct at_fields *fields, unsigned *tries)
{
	struct at_field field;

	for (unsigned i = 0; i < HUAWEI_PIN_FIELD; i++)
		if (!at_fields_next(fields, &field))
			return -EINVAL;
	return next_tries(fields, tries);
}

/*
 * +CSIM: 4,"63C3", the answer to a VERIFY without a PIN: status word 63 CX
 * (TS 102 221 10.2.1.5), 69 83 when none is left.
 */
static int
card_tries(struct at_fields *fields, unsigned *tries)
{
	struct at_field length;
	struct at_field word;
	uint8_t octets[2];
	size_t n;

	if (!at_fields_next(fields, &length) ||
		!at_fields_next(fields, &word) ||
		word.text.len != 2 * sizeof octets ||
		span_from_hex(word.text, octets, sizeof octets, &n) != 0)
		return -EINVAL;
	if (octets[0] == 0x69 && octets[1] == 0x83) {
		*tries = 0;
		return 0;
	}
	if (octets[0] != 0x63 || octets[1] >> 4 != 0xC)
		return -ENOENT;
	*tries = octets[1] & 0xF;
	return 0;
}

int
sim_tries_of(struct span line, unsigned *tries)
{
	struct at_fields fields;
	struct at_field name;

	if (at_fields_init(&fields, line, span_str("+CSIM:")))
		return card_tries(&fields, tries);
	if (at_fields_init(&fields, line, span_str("^CPIN:")))
		return huawei_tries(&fields, tries);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!at_fields_init(&fields, line, span_str(rows[i].prefix)))
			continue;
		if (rows[i].name == NULL)
			return next_tries(&fields, tries);
		if (!at_fields_next(&fields, &name))
			return -EINVAL;
		if (!span_eq(span_trim(name.text), span_str(rows[i].name)))
			return -ENOENT;
		return next_tries(&fields, tries);
	}
	return -ENOENT;
}
