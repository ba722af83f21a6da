/*
 * letter: see letter.h. A letter is in its SIM until the turn that took it is
 * on disk.
 */
#include "tests/crash/letter.h"

#include <stdio.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/turn.h"
#include "tests/crash/law.h"
#include "tests/crash/life.h"
#include "tests/crash/power.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"
#include "tests/virtual/virtual.h"

enum { LETTERS_MAX = 128, AGAIN_MS = 2000 };

#define CENTRE  "+2348030000000"
#define STRANGE "+4477000000000"

struct letter {
	const struct realm_sim *sim; /* NULL: no letter */
	int64_t due_ms, stamp_wall_ms;
	const char *sender, *centre;
	char text[120];
	bool handed; /* in the turn, not yet on disk */
};

static struct {
	struct realm *realm;
	struct life *life;
	struct letter letters[LETTERS_MAX];
	int64_t from_ms, wall_ms;
} post;

void
letter_reset(struct realm *realm, struct life *life)
{
	memset(&post, 0, sizeof(post));
	post.realm = realm;
	post.life = life;
	post.from_ms = virtual_now_ms();
	post.wall_ms = loop_wall_ms();
}

int64_t
letter_wall_ms(void)
{
	return post.wall_ms + virtual_now_ms() - post.from_ms;
}

/* ---- what is written --------------------------------------------------- */

/* NULL where the operator writes nothing. */
static const char *
words_of(const struct sim_event *e, char *out, size_t cap)
{
	static const struct {
		const char *outcome, *text;
	} words[] = {{"invalid", "Invalid voucher."},
		{"used", "Voucher already used."},
		{"used_by_you", "Voucher already used by you."},
		{"expired", "This voucher has expired."},
		{"blocked", "This voucher is blocked."}};
	if (strcmp(e->outcome, "loaded") == 0) {
		(void)snprintf(out, cap,
			"You have been credited with %d.%02d "
			"XTS.",
			(int)(e->amount_minor / 100),
			(int)(e->amount_minor % 100));
		return out;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].outcome, e->outcome) == 0)
			return words[i].text;
	return NULL;
}

static struct letter *
free_letter(void)
{
	for (size_t i = 0; i < LETTERS_MAX; i++)
		if (!post.letters[i].sim)
			return &post.letters[i];
	return NULL;
}

/* Mostly soon, sometimes when nobody waits for it any more. */
static int64_t
draw_delay(struct realm *r)
{
	size_t drawn = realm_draw(r, 10);
	if (drawn < 6)
		return realm_draw_ms(r, 200, 10000);
	if (drawn < 9)
		return realm_draw_ms(r, 5000, INT64_C(600000));
	return realm_draw_ms(r, 60000, INT64_C(8) * 3600000);
}

static void
post_letter(const struct letter *letter)
{
	struct letter *slot = free_letter();
	if (!slot)
		return; /* lost */
	*slot = *letter;
	slot->due_ms = virtual_now_ms() + draw_delay(post.realm);
}

/* Somebody who would like it to be true. */
static void
forge(const struct letter *letter)
{
	struct letter forged = *letter;
	struct realm *r = post.realm;
	bool by_centre = realm_draw(r, 2) == 0;
	forged.sender = by_centre ? "121" : "+2348099999999";
	forged.centre = by_centre ? STRANGE : CENTRE;
	(void)snprintf(forged.text, sizeof(forged.text),
		"You have been credited with %d.00 XTS.",
		50 * (1 + (int)realm_draw(r, 4)));
	post_letter(&forged);
}

static void
write_about(const struct sim_event *e)
{
	struct realm *r = post.realm;
	struct letter letter = {.sim = realm_sim(r, e->by),
		.stamp_wall_ms = letter_wall_ms() / 1000 * 1000,
		.sender = realm_draw(r, 2) == 0 ? "121" : "SimTel",
		.centre = CENTRE};
	char text[sizeof(letter.text)];
	const char *words = words_of(e, text, sizeof(text));
	if (!words || !letter.sim)
		return;
	(void)snprintf(letter.text, sizeof(letter.text), "%s", words);
	size_t drawn = realm_draw(r, 20);
	if (drawn > 0) /* one in twenty is lost */
		post_letter(&letter);
	if (drawn >= 17)
		post_letter(&letter);
	if (drawn == 16)
		forge(&letter);
}

void
letter_on_event(void *ctx, const struct sim_event *e)
{
	law_on_event(ctx, e);
	if (e->kind == SIM_REDEEM && post.realm->terms.letters)
		write_about(e);
}

/* ---- what comes -------------------------------------------------------- */

/* The line that has the SIM, and knows it. */
static struct line *
line_of(const struct realm_sim *sim)
{
	for (size_t i = 0; i < post.realm->modem_count; i++) {
		const struct realm_modem *m = &post.realm->modems[i];
		if (&post.realm->sims[m->sim] != sim ||
			!device_is_there(m->device))
			continue;
		struct line *line = fleet_find(post.life->fleet, m->name);
		if (line && strcmp(line_iccid(line), sim->iccid) == 0)
			return line;
	}
	return NULL;
}

static void
on_idle(void *ctx, struct line *line)
{
	(void)ctx;
	(void)line;
	dispatch_kick(post.life->dispatch);
}

static void
hand_over(struct letter *letter, struct line *line)
{
	const struct message_parts parts = {.loop = post.life->loop,
		.turn = post.life->turn,
		.vault = post.life->vault,
		.balance = post.life->balance,
		.on_idle = {.fn = on_idle}};
	const struct message message = {.sender = letter->sender,
		.smsc = letter->centre,
		.own_smsc = CENTRE,
		.stamp_wall_ms = letter->stamp_wall_ms,
		.text_utf8 = span_str(letter->text)};
	int rc = message_on_arrival(&parts, line, &message);
	letter->handed = rc == 0;
	letter->due_ms = virtual_now_ms() + AGAIN_MS;
	story_tell("letter: %s from %s by %s to %s (%d)", letter->text,
		letter->sender, letter->centre, line->config.name, rc);
	dispatch_kick(post.life->dispatch);
}

void
letter_arrive(void)
{
	if (!power_is_on() || !post.life->dispatch ||
		turn_stuck(post.life->turn))
		return;
	for (size_t i = 0; i < LETTERS_MAX; i++) {
		struct letter *letter = &post.letters[i];
		if (letter->handed) /* a turn ended since, and was kept */
			*letter = (struct letter){.sim = NULL};
		if (!letter->sim || letter->due_ms > virtual_now_ms())
			continue;
		struct line *line = line_of(letter->sim);
		if (line)
			hand_over(letter, line);
	}
}

void
letter_at_opening(void)
{
	for (size_t i = 0; i < LETTERS_MAX; i++)
		post.letters[i].handed = false;
}
