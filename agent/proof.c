/*
 * proof: the serial or the time of a recharge that an operator tells, held
 * against one attempt. It must never believe a time while the clock cannot
 * be believed.
 */
#include "agent/proof.h"

#include <string.h>
#include <time.h>

#include "agent/money.h"

static bool
in_the_attempt(const struct proof_case *c)
{
	if (!c->own || !c->clock_trusted || c->told_wall_ms == PROOF_NO_TIME)
		return false;
	/* What may be the recharge before it proves nothing. */
	if (c->before_wall_ms > 0 &&
		c->told_wall_ms <= c->before_wall_ms + PROOF_SLACK_MS)
		return false;
	return c->told_wall_ms >= c->began_wall_ms - PROOF_SLACK_MS &&
	       c->told_wall_ms <= c->ended_wall_ms + c->fence_ms;
}

bool
proof_fits(const struct proof_case *c)
{
	if (c->card_minor != MONEY_NONE && c->told_minor != MONEY_NONE &&
		c->card_minor != c->told_minor)
		return false;
	/* Two serials that differ are two cards, whatever the time. */
	if (c->card_serial[0] != '\0' && c->told_serial[0] != '\0')
		return strcmp(c->card_serial, c->told_serial) == 0;
	return in_the_attempt(c);
}

/* ---- a moment as operators write it ------------------------------------ */

/* D, M, Y, h, m, s stand for one digit each; the rest for itself. */
static const char *const forms[] = {"DD/MM/YYYY hh:mm", "DD/MM/YYYY hh:mm:ss",
	"DD-MM-YYYY hh:mm", "DD-MM-YYYY hh:mm:ss", "YYYY-MM-DD hh:mm",
	"YYYY-MM-DD hh:mm:ss"};

static int *
field_of(struct tm *tm, char letter)
{
	switch (letter) { /* a letter of a form, not an enum of ours */
	case 'D':
		return &tm->tm_mday;
	case 'M':
		return &tm->tm_mon;
	case 'Y':
		return &tm->tm_year;
	case 'h':
		return &tm->tm_hour;
	case 'm':
		return &tm->tm_min;
	case 's':
		return &tm->tm_sec;
	default:
		return NULL;
	}
}

static bool
read_as(struct span text, const char *form, struct tm *told)
{
	*told = (struct tm){.tm_isdst = -1};
	if (text.len != strlen(form))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int *field = field_of(told, form[i]);
		if (field && c >= '0' && c <= '9')
			*field = *field * 10 + (c - '0');
		else if (field || c != form[i])
			return false;
	}
	return true;
}

/* mktime() would make a day of March of the 31st of February. */
static int64_t
moment_of(struct tm tm)
{
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	struct tm asked = tm;
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return PROOF_NO_TIME;
	time_t t = mktime(&tm);
	if (t == (time_t)-1 || tm.tm_mday != asked.tm_mday ||
		tm.tm_mon != asked.tm_mon || tm.tm_year != asked.tm_year)
		return PROOF_NO_TIME;
	return (int64_t)t * 1000;
}

int64_t
proof_time(struct span text)
{
	struct tm tm;
	text = span_trim(text);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (read_as(text, forms[i], &tm))
			return moment_of(tm);
	return PROOF_NO_TIME;
}
