/*
 * fit: the conditions under which a message can be an attempt's. Each of
 * them alone takes an attempt out; two that are left settle nothing.
 */
#include "agent/fit.h"

#include <string.h>

#include "agent/money.h"
#include "agent/utf8.h"

enum {
	NUMBER_DIGITS_MIN = 7, /* fewer may be an amount or a date */
	NUMBER_DIGITS_MAX = 20
};

enum fit_standing
fit_standing_of(
	enum voucher_state state, enum verdict verdict, bool open, bool flying)
{
	if (open)
		return FIT_OPEN;
	if (flying)
		return FIT_PENDING;
	switch (state) {
	case VOUCHER_LOADED:
		return FIT_LOADED;
	case VOUCHER_REJECTED:
		/* A person's word is no answer of the operator. */
		return verdict_is_refusal(verdict) ? FIT_REJECTED : FIT_DOUBT;
	case VOUCHER_READY:
	case VOUCHER_HELD:
	case VOUCHER_DIALING:
	case VOUCHER_PENDING:
	case VOUCHER_UNKNOWN:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		break;
	}
	return FIT_DOUBT;
}

bool
fit_is_stale(const struct fit_message *m)
{
	return m->clock_trusted &&
	       m->stamp_wall_ms < m->now.wall_ms - FIT_DAY_MS;
}

/* moved: for a card dialled before that stay. */
static bool
is_older_than_stay(const struct fit_message *m, bool moved)
{
	int64_t since_ms = m->here.wall_ms;
	int64_t stay_ms = m->now.ran_ms - m->here.ran_ms;
	int64_t latest_ms = m->now.wall_ms - stay_ms;
	if (m->here.ran_ms == 0)
		return false;
	if (!m->clock_trusted && stay_ms < FIT_STAY_MS &&
		(moved || since_ms == 0))
		return true;
	/* Earlier, where the daemon was off since; never later. */
	if (m->clock_trusted && (since_ms == 0 || since_ms > latest_ms))
		since_ms = latest_ms;
	return since_ms != 0 &&
	       m->stamp_wall_ms <
	               since_ms + (moved ? FIT_GRACE_MS : -FIT_EXCHANGE_MS);
}

bool
fit_is_of_other_sim(const struct fit_message *m)
{
	return is_older_than_stay(m, false);
}

/* ---- what the text names ----------------------------------------------- */

static bool
is_joiner(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' ||
	       c == 0xa0;
}

static void
put(struct fit *f, char c)
{
	if (f->digits_len < sizeof(f->digits))
		f->digits[f->digits_len++] = c;
}

/* The digits of the text, joined over what people write inside numbers. */
static void
collect_digits(struct fit *f, struct span text)
{
	uint32_t character;
	while (text.len > 0) {
		size_t len = utf8_next(text, &character);
		int digit = len > 0 ? utf8_digit_value(character) : -1;
		if (digit >= 0)
			put(f, (char)('0' + digit));
		else if (len == 0 || !is_joiner(character))
			put(f, ' ');
		text = span_skip(text, len > 0 ? len : 1);
	}
}

/* Letters and digits alone, without case and leading zeros: spreadsheets eat
 * these, and people write blanks. */
static void
plain_word(struct span s, char out[FIT_WORD_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s.len && n + 1 < FIT_WORD_MAX; i++) {
		char c = s.ptr[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		bool kept = (c >= '1' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		            (c == '0' && n > 0);
		if (kept)
			out[n++] = c;
	}
	out[n] = '\0';
}

enum answer { NOT_TOLD, SAME, OTHER };

static enum answer
compare_serial(const struct fit *f, const struct fit_attempt *a)
{
	char serial[FIT_WORD_MAX];
	plain_word(a->serial, serial);
	if (f->serial[0] == '\0' || serial[0] == '\0')
		return NOT_TOLD;
	return strcmp(f->serial, serial) == 0 ? SAME : OTHER;
}

/* Whether the text has the number, in its own country's form or with the
 * country before it. Other digits than a target's are no number to us: they
 * may be a help line's. */
static bool
tells_number(const struct fit *f, const struct fit_attempt *a)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < a->number.len && n < sizeof(digits); i++) {
		char c = a->number.ptr[i];
		if (c >= '0' && c <= '9' && (c != '0' || n > 0))
			digits[n++] = c;
	}
	return n >= NUMBER_DIGITS_MIN &&
	       memmem(f->digits, f->digits_len, digits, n) != NULL;
}

/* ---- what could have caused it ----------------------------------------- */

enum timing { IN_TIME, PERHAPS_TOO_EARLY, OUT_OF_TIME };

/* The wall may have been wrong when the card was dialled, the daemon may have
 * been off since: believed, it must say twice that the card came after the
 * message. Not believed, once is enough for that card not to be settled. The
 * message may be its own all the same: our clock may be ahead, and centres
 * write local time with another zone. */
static enum timing
timing_of(const struct fit_message *m, const struct fit_attempt *a)
{
	int64_t age_ms = m->now.ran_ms - a->began.ran_ms;
	int64_t latest_ms = m->stamp_wall_ms + FIT_GRACE_MS;
	bool then = a->began.wall_ms > latest_ms;
	bool now = m->now.wall_ms - age_ms > latest_ms;
	if (age_ms > FIT_DAY_MS)
		return OUT_OF_TIME;
	if (m->clock_trusted ? then && now : then || now)
		return PERHAPS_TOO_EARLY;
	return IN_TIME;
}

static bool
is_used(enum verdict v)
{
	return v == VERDICT_USED || v == VERDICT_USED_BY_ME;
}

/* Two words for the same refusal; `refused` does not say which. */
static bool
same_refusal(enum verdict a, enum verdict b)
{
	if (!verdict_is_refusal(a) || !verdict_is_refusal(b))
		return false;
	return a == b || a == VERDICT_REFUSED || b == VERDICT_REFUSED ||
	       (is_used(a) && is_used(b));
}

static bool
is_silent(enum verdict v)
{
	return v == VERDICT_NONE || v == VERDICT_PENDING;
}

static bool
verdict_fits(const struct fit_message *m, const struct fit_attempt *a,
	enum answer serial)
{
	if (same_refusal(a->verdict, m->verdict))
		return true;
	switch (a->standing) {
	case FIT_OPEN:
	case FIT_PENDING:
	case FIT_DOUBT:
		return true;
	case FIT_LOADED:
		return m->verdict == VERDICT_LOADED ||
		       (a->repeated && is_silent(a->verdict) &&
			       verdict_is_refusal(m->verdict));
	case FIT_REJECTED:
		/* Only what names the card says more than the refusal. */
		return m->verdict == VERDICT_LOADED && serial == SAME;
	}
	return true;
}

static bool
amount_fits(const struct fit_message *m, const struct fit_attempt *a)
{
	if (!money_is_known(m->amount_minor) || !money_is_known(a->card_minor))
		return true;
	return m->amount_minor == a->card_minor ||
	       money_adds_up(
		       m->amount_minor, m->deducted_minor, a->card_minor) ||
	       money_adds_up(a->card_minor, m->bonus_minor, m->amount_minor);
}

/* Whether it had all that its operator may write of it. */
static bool
has_had_it(const struct fit_attempt *a)
{
	bool one_more = a->standing == FIT_OPEN || a->standing == FIT_LOADED ||
	                a->standing == FIT_REJECTED;
	return a->read && (a->same_words || !one_more);
}

/* ---- the tally --------------------------------------------------------- */

static bool
is_expected(const struct fit_attempt *a)
{
	return a->number.len > 0 || a->standing == FIT_OPEN ||
	       a->standing == FIT_PENDING;
}

/* A ledger that was not restored has restored_wall_ms 0: before nothing. */
static bool
is_of_lost_time(const struct fit_message *m)
{
	return m->restored_wall_ms != 0 &&
	       m->stamp_wall_ms < m->restored_wall_ms + FIT_GRACE_MS;
}

static void
count(struct fit *f, enum fit_way way, const struct fit_attempt *a)
{
	struct fit_tally *tally = &f->tallies[way];
	if (a->elsewhere) {
		tally->elsewhere = true;
		return;
	}
	if (tally->voucher != 0 && tally->voucher != a->voucher)
		tally->several = true;
	tally->voucher = a->voucher;
	bool early = timing_of(f->message, a) == PERHAPS_TOO_EARLY;
	if (tally->attempt == 0 || (tally->early && !early) ||
		(tally->early == early && tally->attempt < a->id)) {
		tally->attempt = a->id;
		tally->expected = is_expected(a);
		tally->early = early;
		tally->restored =
			a->began.wall_ms < f->message->restored_wall_ms;
		tally->moved = a->began.ran_ms < f->message->here.ran_ms;
	}
}

void
fit_begin(struct fit *f, const struct fit_message *m)
{
	memset(f, 0, sizeof(*f));
	f->message = m;
	f->named[FIT_BY_REST] = true;
	plain_word(m->serial, f->serial);
	collect_digits(f, m->text_utf8);
}

void
fit_offer(struct fit *f, const struct fit_attempt *a)
{
	const struct fit_message *m = f->message;
	enum answer serial = compare_serial(f, a);
	bool number = tells_number(f, a);
	enum fit_way way = serial == SAME ? FIT_BY_SERIAL
	                   : number       ? FIT_BY_NUMBER
	                                  : FIT_BY_REST;
	f->named[way] = true;
	if (has_had_it(a) || serial == OTHER ||
		timing_of(m, a) == OUT_OF_TIME || !verdict_fits(m, a, serial) ||
		!amount_fits(m, a))
		return;
	count(f, way, a);
	/* The number may be this SIM's own, which we do not know. */
	if (way == FIT_BY_REST && a->number.len == 0)
		count(f, FIT_BY_NUMBER, a);
}

enum fit_end
fit_decide(const struct fit *f, int64_t *attempt)
{
	enum fit_way way = FIT_BY_SERIAL;
	while (!f->named[way])
		way++;
	const struct fit_tally *tally = &f->tallies[way];
	bool by_serial = way == FIT_BY_SERIAL;
	if (!by_serial && is_of_lost_time(f->message))
		return FIT_RESTORED;
	if (tally->several)
		return FIT_SEVERAL;
	if (tally->voucher == 0 || tally->early)
		return FIT_NONE;
	if (tally->elsewhere && !tally->expected)
		return FIT_SEVERAL;
	if (!by_serial && tally->restored)
		return FIT_RESTORED;
	if (!by_serial && is_older_than_stay(f->message, tally->moved))
		return FIT_OTHER_SIM;
	*attempt = tally->attempt;
	return FIT_ONE;
}
