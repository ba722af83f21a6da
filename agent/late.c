/*
 * late: writes an unasked text into the audit, masked, and keeps PINs off
 * the line for a while when it has a verdict: its copy may follow. It must
 * never let one modem fill the disk.
 */
#include "agent/late.h"

#include "agent/mask.h"
#include "agent/turn.h"

/* What an operator sends in a minute is a handful. */
enum { WINDOW_MS = 60000, TEXTS_MAX = 30 };

static bool
takes_pin(const void *profile, struct span digits)
{
	return !profile || profile_takes_pin(profile, digits);
}

static void
be_quiet(struct line *line, struct span text_utf8, int64_t now_ms)
{
	struct classify_result read;
	classifier_read(line->profile->reply, text_utf8, &read);
	int64_t until = now_ms + line->profile->min_interval_ms;
	if (read.verdict != VERDICT_NONE && line->quiet_until_ms < until)
		line->quiet_until_ms = until;
}

static void
keep(struct turn *turn, const struct line *line, struct span text_utf8)
{
	struct ledger_op op = turn_op(turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;
	(void)span_copy(e->event, sizeof(e->event), span_str("modem.text"));
	(void)span_copy(
		e->modem, sizeof(e->modem), span_str(line->config.name));
	mask_text(text_utf8, span_str(""), takes_pin, line->profile, e->note,
		sizeof(e->note));
	turn_must(turn, &op);
}

void
late_text(struct turn *turn, struct line *line, struct span text_utf8,
	int64_t now_ms)
{
	if (line->texts == 0 || now_ms - line->texts_since_ms >= WINDOW_MS) {
		line->texts = 0;
		line->texts_since_ms = now_ms;
	}
	/* A modem gone mad must not fill the ledger of the others. */
	if (line->texts < TEXTS_MAX)
		keep(turn, line, text_utf8);
	else if (line->texts == TEXTS_MAX)
		keep(turn, line,
			span_str("(too many texts: more of this minute are "
				 "not kept)"));
	if (line->texts <= TEXTS_MAX)
		line->texts++;
	if (line->profile)
		be_quiet(line, text_utf8, now_ms);
}
