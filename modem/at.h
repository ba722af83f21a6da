/*
 * at: one line from a modem, taken apart (3GPP TS 27.007, ITU-T V.250).
 * Pure; allocates nothing; never trusts a modem.
 */
#ifndef MODEM_AT_H
#define MODEM_AT_H

#include "modem/span.h"

/* Walks the comma-separated fields of an information line. */
struct at_fields {
	struct span rest;
	bool started;
};

struct at_field {
	struct span text; /* without its quotes; points into the line */
	bool quoted;
	bool present; /* false for an empty field between commas */
};

/*
 * Starts at what follows prefix ("+CREG:") in line. false when the line does
 * not begin with the prefix. Blanks around values are dropped.
 */
bool at_fields_init(struct at_fields *f, struct span line, struct span prefix);

/* The next field. false at the end. An unterminated quote runs to the end. */
bool at_fields_next(struct at_fields *f, struct at_field *out);

/* The next field as a number of at most max. 0, -ENODATA or -EINVAL. */
int at_fields_u32(struct at_fields *f, uint32_t max, uint32_t *out);

/*
 * The one value of an information line, with or without a prefix ("+CGMM:",
 * "^ICCID:", "#CCID:" ...), blanks and quotes.
 */
struct span at_value_of(struct span line);

/* A line of +CREG (27.007 7.2). */
struct at_registration {
	int n; /* -1: the line came unasked, and has none */
	int stat;
};

/*
 * +CREG: <n>,<stat>[,...] or, unasked, +CREG: <stat>[,<lac>,...]. Which one it
 * is only the second field tells: a <stat> is a number of few digits, a
 * location is quoted or long. false when it is neither.
 */
bool at_registration_of(struct span line, struct at_registration *out);

/* What a line says about the command under way (V.250 5.7, 27.007 9.1). */
enum at_final {
	AT_FINAL_NONE, /* not a final result */
	AT_FINAL_OK,
	AT_FINAL_ERROR, /* ERROR, COMMAND NOT SUPPORT, TOO MANY PARAMETERS */
	AT_FINAL_CME,   /* +CME ERROR: n or text */
	AT_FINAL_CMS,   /* +CMS ERROR: n */
	AT_FINAL_CALL   /* NO CARRIER, BUSY, NO ANSWER, NO DIALTONE */
};

/*
 * Classifies a whole line. *code gets the number of a CME or CMS error, or
 * -1 where it is textual and not in our table, or absent.
 */
enum at_final at_final_of(struct span line, int *code);

/* The standard's name of a CME code (27.007 9.2), or NULL. Static. */
const char *at_cme_name(int code);

#endif
