/*
 * figures: sums of cards and balances in rows: by batch, SIM, operator or
 * local day, and over all. Money of two currencies is never added. Memory
 * grows with rows, not with cards. Pure, but for the time zone.
 */
#ifndef AGENT_FIGURES_H
#define AGENT_FIGURES_H

#include "agent/money.h"

enum figures_by {
	FIGURES_BY_BATCH,
	FIGURES_BY_SIM,
	FIGURES_BY_OPERATOR,
	FIGURES_BY_DAY
};

enum figures_kind {
	FIGURES_LOADED,
	FIGURES_REFUSED,
	FIGURES_UNKNOWN,
	FIGURES_KINDS
};

enum { FIGURES_ROWS_MAX = 20000, FIGURES_TEXT_MAX = 64 };

/* number: a batch, the start of a day; text: a SIM, an operator. */
struct figures_key {
	int64_t number;
	char text[FIGURES_TEXT_MAX];
	char currency[8];
	unsigned decimals;
};

/* 1. A sum that would not fit stays at INT64_MAX.
 * 2. opening and closing are MONEY_NONE until an account was added. */
struct figures_row {
	struct figures_key key;
	int64_t counts[FIGURES_KINDS];
	int64_t minor[FIGURES_KINDS];
	int64_t no_worth; /* cards whose worth nobody knows: in no sum */
	int64_t opening_minor, closing_minor;
};

struct figures;

struct figures *figures_new(void);
void figures_free(struct figures *figures);

/* The row of that key, made where there is none; NULL beyond
 * FIGURES_ROWS_MAX. Valid until the next call. */
struct figures_row *figures_row(
	struct figures *figures, const struct figures_key *key);

/* Row i in order of number, text, currency; NULL past the end. */
const struct figures_row *figures_at(const struct figures *figures, size_t i);

/* One more card, worth minor or MONEY_NONE. */
void figures_add_card(
	struct figures_row *row, enum figures_kind kind, int64_t minor);
/* One more account; both or none are known. */
void figures_add_account(
	struct figures_row *row, int64_t opening_minor, int64_t closing_minor);

/* ---- local days ---------------------------------------------------------- */

/* When the local day of that moment began. */
int64_t figures_day(int64_t wall_ms);
/* When the local day so many days later (or before) began, which is not
 * always a number of 24 hours. */
int64_t figures_day_later(int64_t day_wall_ms, int days);

#endif
