/*
 * ctl_history: what a SIM told of its balance, as a chart, an SVG file, JSON.
 * However many readings come, a bounded number of values is kept.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/chart.h"
#include "agent/ctl_picture.h"
#include "agent/json.h"
#include "agent/money.h"

enum {
	SLOTS = 600, /* of a time each; the last reading in it */
	SLOT_S = 60, /* at first; twice that whenever they do not suffice */
	LINES = 10,
	TIMES_S = 3 * 86400 /* below that labels have times, else dates */
};

struct history {
	struct ctl *ctl;
	int64_t slots[SLOTS]; /* CHART_GAP: none */
	int64_t began_s, slot_s, last_s;
	int64_t count, minor, least, most; /* minor: the newest one */
	unsigned decimals;
	char currency[8], at[CTL_TIME_MAX];
};

/* ---- readings ------------------------------------------------------------ */

static bool
seconds_of(const char *rfc3339, int64_t *out)
{
	int64_t ms = 0;
	if (rfc3339 == NULL || ctl_text_parse_time(rfc3339, &ms) != 0)
		return false;
	*out = ms / 1000;
	return true;
}

/* Two slots become one: the later reading stays. */
static void
halve(struct history *history)
{
	for (size_t i = 0; i < SLOTS; i++) {
		int64_t value = CHART_GAP;
		if (2 * i + 1 < SLOTS) {
			value = history->slots[2 * i + 1];
			if (value == CHART_GAP)
				value = history->slots[2 * i];
		}
		history->slots[i] = value;
	}
	history->slot_s *= 2;
}

static void
keep(struct history *history, int64_t at_s, int64_t minor)
{
	if (history->count == 0) {
		history->began_s = history->last_s = at_s;
		history->least = history->most = minor;
	}
	if (at_s < history->last_s)
		at_s = history->last_s; /* a clock was set back: in order */
	while ((at_s - history->began_s) / history->slot_s >= SLOTS)
		halve(history);
	history->slots[(at_s - history->began_s) / history->slot_s] = minor;
	history->last_s = at_s;
	history->minor = minor;
	if (minor < history->least)
		history->least = minor;
	if (minor > history->most)
		history->most = minor;
}

static void
on_reading(void *ctx, const struct json *reading)
{
	struct history *history = ctx;
	const char *at = json_get_text(reading, "at");
	const char *currency = json_get_text(reading, "currency");
	int64_t at_s = 0, minor = 0;
	unsigned decimals = 0;
	if (history->ctl->json) {
		char *text = json_print(reading);
		(void)printf("%s%s", history->count == 0 ? "[" : ",\n", text);
		free(text);
	}
	if (seconds_of(at, &at_s) &&
		ctl_picture_parse(json_get_text(reading, "balance"), &minor,
			&decimals) == 0) {
		keep(history, at_s, minor);
		history->decimals = decimals;
		ctl_text_time(at, history->at);
		(void)span_copy(history->currency, sizeof(history->currency),
			span_str(currency != NULL ? currency : ""));
	}
	history->count++;
}

/* ---- the picture --------------------------------------------------------- */

/* A balance holds until the next one is told. */
static void
fill(const struct history *history, struct ctl_picture *picture)
{
	int64_t last = (history->last_s - history->began_s) / history->slot_s;
	bool times = history->last_s - history->began_s < TIMES_S;
	int64_t minor = CHART_GAP;
	picture->decimals = history->decimals;
	(void)span_copy(picture->currency, sizeof(picture->currency),
		span_str(history->currency));
	for (int64_t i = 0; i <= last; i++) {
		char label[32];
		time_t at = (time_t)(history->began_s + i * history->slot_s);
		struct tm tm;
		if (history->slots[i] != CHART_GAP)
			minor = history->slots[i];
		if (localtime_r(&at, &tm) == NULL ||
			strftime(label, sizeof(label),
				times ? "%m-%d %H:%M" : "%Y-%m-%d", &tm) == 0)
			label[0] = '\0';
		ctl_picture_add(picture, label, minor);
	}
}

static void
print_words(const struct history *history)
{
	char now[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];
	money_print(history->minor, history->decimals, now);
	money_print(history->least, history->decimals, least);
	money_print(history->most, history->decimals, most);
	ctl_print(history->ctl,
		"%s: balance %s%s%s at %s; lowest %s, highest %s, of %lld "
		"readings",
		history->ctl->args[0], now,
		history->currency[0] != '\0' ? " " : "", history->currency,
		history->at, least, most, (long long)history->count);
}

static int
show(struct history *history, int exit_status)
{
	struct ctl *ctl = history->ctl;
	struct ctl_picture picture = {.count = 0};
	char title[128];
	if (history->count == 0 && !ctl->json)
		ctl_print(ctl,
			"no balance was told in these days; `topupctl balance "
			"%s` asks for it",
			ctl->args[0]);
	if (history->count > 0)
		fill(history, &picture);
	if (history->count > 0 && !ctl->json) {
		print_words(history);
		ctl_picture_draw(ctl, &picture, LINES);
	}
	(void)snprintf(title, sizeof(title), "balance of %s", ctl->args[0]);
	if (ctl_option_value(ctl, "svg") != NULL &&
		!ctl_picture_write(ctl, &picture, true, title))
		exit_status = CTL_REFUSED;
	ctl_picture_free(&picture);
	return exit_status;
}

static int
on_history_done(void *ctx, const struct json *done, int exit_status)
{
	struct history *history = ctx;
	(void)done;
	if (history->ctl->json)
		(void)puts(history->count == 0 ? "[]" : "]");
	return show(history, exit_status);
}

int
ctl_run_history(struct ctl *ctl)
{
	struct history history = {.ctl = ctl, .slot_s = SLOT_S};
	for (size_t i = 0; i < SLOTS; i++)
		history.slots[i] = CHART_GAP;
	const struct ctl_hooks hooks = {.request = "history",
		.ctx = &history,
		.on_item = on_reading,
		.on_done = on_history_done};
	struct json *args = json_new_object();
	json_put_text(args, "modem", ctl->args[0]);
	if (!ctl_put_number(ctl, args, "days")) {
		json_free(args);
		return CTL_USAGE;
	}
	return ctl_ask(ctl, args, -1, &hooks);
}
