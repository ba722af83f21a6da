/*
 * intake_row: whether a row is one that an operator and the modems here can
 * take. It must never tell any part of a row in a reason: columns are
 * shifted in real files, and the PIN may stand anywhere.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/mask.h"
#include "agent/money.h"

enum { COUNTED_MIN = 8 }; /* contract, Batch files */

#define SELF "self"

static const char *
or_default(const char *text, const char *fallback)
{
	return text[0] != '\0' ? text : fallback;
}

static const struct profile *
find_profile(const struct intake_job *job, const char *name)
{
	return profiles_find(&job->profiles, span_str(name));
}

static const char *
check_amount(const char *text, const struct profile *profile,
	struct ledger_batch_row *out)
{
	static const struct money_format plain = {.group = 0, .divide = '.'};

	out->amount_minor = MONEY_NONE;
	if (text[0] == '\0')
		return NULL;
	if (money_parse(span_str(text), plain, profile->decimals,
		    &out->amount_minor) != 0 ||
		out->amount_minor <= 0)
		return "bad amount";
	return NULL;
}

/* A number as people write it, without its blanks and dashes. */
static const char *
check_target(const char *text, const struct profile *profile,
	struct ledger_batch_row *out)
{
	size_t len = 0;

	if (text[0] == '\0' || strcasecmp(text, SELF) == 0) {
		(void)span_copy(
			out->target, sizeof(out->target), span_str(SELF));
		return NULL;
	}
	for (const char *p = text; *p != '\0'; p++) {
		if (*p != ' ' && *p != '-' && len + 1 < sizeof(out->target))
			out->target[len++] = *p;
	}
	out->target[len] = '\0';
	if (!profile_takes_msisdn(profile, span_of(out->target, len)))
		return "the target is no number of the operator";
	return NULL;
}

static const char *
check_modem(const struct intake *intake, const char *name,
	struct ledger_batch_row *out)
{
	if (name[0] != '\0' &&
		!intake->options.has_modem(intake->options.ctx, name))
		return "there is no such modem";
	if (span_copy(out->modem, sizeof(out->modem), span_str(name)) != 0)
		return "there is no such modem";
	return NULL;
}

static bool
takes_pin(const void *ctx, struct span digits)
{
	const struct intake_job *job = ctx;

	for (size_t i = 0; i < job->profiles.count; i++) {
		if (profile_takes_pin(job->profiles.list[i], digits))
			return true;
	}
	return false;
}

void
intake_mask_note(const struct intake_job *job, const char *note,
	struct span voucher_pin, char out[INTAKE_NOTE_MAX])
{
	mask_text(span_str(note), voucher_pin, takes_pin, job, out,
		INTAKE_NOTE_MAX);
}

/* Words that go along. A serial has the form of a PIN where it likes: only
 * the card's own is masked in it. */
static void
copy_words(const struct intake_job *job, const struct batch_row *row,
	struct ledger_batch_row *out)
{
	struct span voucher_pin =
		span_of(row->voucher_pin.bytes, row->voucher_pin.len);

	mask_text(span_str(row->serial), voucher_pin, NULL, NULL, out->serial,
		sizeof(out->serial));
	intake_mask_note(job, row->note, voucher_pin, out->note);
	(void)snprintf(
		out->expires, sizeof(out->expires), "%.10s", row->expires);
}

const char *
intake_check_row(const struct intake *intake, const struct intake_job *job,
	const struct batch_row *row, struct ledger_batch_row *out)
{
	const struct intake_defaults *d = &job->defaults;
	const char *name = or_default(row->operator, d->operator);
	const struct profile *profile;
	struct span voucher_pin =
		span_of(row->voucher_pin.bytes, row->voucher_pin.len);
	const char *why;

	if (name[0] == '\0')
		return "no operator";
	profile = find_profile(job, name);
	if (!profile)
		return "unknown operator";
	if (!profile_takes_pin(profile, voucher_pin))
		return "the PIN has not the operator's form";
	why = check_amount(or_default(row->amount, d->amount), profile, out);
	if (!why)
		why = check_target(
			or_default(row->target, d->target), profile, out);
	if (!why)
		why = check_modem(
			intake, or_default(row->modem, d->modem), out);
	if (why)
		return why;
	copy_words(job, row, out);
	out->line = row->line;
	out->decimals = profile->decimals;
	(void)snprintf(
		out->operator, sizeof(out->operator), "%s", profile->stem);
	(void)snprintf(
		out->currency, sizeof(out->currency), "%s", profile->currency);
	secret_mask(voucher_pin, out->masked, sizeof(out->masked));
	return NULL;
}

/* ---- over all rows ----------------------------------------------------- */

bool
intake_follows(const struct secret *a, const struct secret *b)
{
	size_t i = a->len;

	if (a->len != b->len || a->len == 0)
		return false;
	/* Nines turn to zeros, then one digit grows, the rest is the same. */
	while (i > 0 && a->bytes[i - 1] == '9' && b->bytes[i - 1] == '0')
		i--;
	if (i == 0 || a->bytes[i - 1] < '0' || a->bytes[i - 1] > '8' ||
		b->bytes[i - 1] != a->bytes[i - 1] + 1)
		return false;
	return memcmp(a->bytes, b->bytes, i - 1) == 0;
}

void
intake_shape_add(struct intake_shape *shape, size_t profile,
	const struct secret *voucher_pin)
{
	shape->up =
		intake_follows(&shape->last, voucher_pin) ? shape->up + 1 : 1;
	shape->down =
		intake_follows(voucher_pin, &shape->last) ? shape->down + 1 : 1;
	if (shape->up >= COUNTED_MIN || shape->down >= COUNTED_MIN)
		shape->counted = true;
	secret_wipe(&shape->last);
	shape->last = *voucher_pin;
	shape->lengths[profile][voucher_pin->len]++;
}

/* Whether the longest PINs of an operator have some that are one shorter. */
static bool
lost_zeros(const uint32_t lengths[VOUCHER_PIN_MAX + 1])
{
	for (size_t len = VOUCHER_PIN_MAX; len > 0; len--) {
		if (lengths[len] > 0)
			return lengths[len - 1] > 0;
	}
	return false;
}

const char *
intake_shape_hold(const struct intake_shape *shape, size_t count)
{
	if (shape->counted)
		return "counted";
	for (size_t i = 0; i < count; i++) {
		if (lost_zeros(shape->lengths[i]))
			return "lengths";
	}
	return "";
}
