/*
 * letter: see letter.h. What is soon goes to the modem that has the SIM at
 * once, with its time; what is late waits here, where a SIM that is taken out
 * does not lose it.
 */
#include "tests/crash/letter.h"

#include <stdio.h>
#include <string.h>

#include "agent/loop.h"
#include "tests/crash/law.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"
#include "tests/sim/network_sms.h"
#include "tests/virtual/virtual.h"

enum { LETTERS_MAX = 128, SOON_MS = 60000, AGAIN_MS = 2000, TEXT_BYTES = 420 };

#define STRANGE  "+4477000000000"
#define STRANGER "+2348099999999"

struct letter {
	const struct realm_sim *sim;   /* NULL: no letter */
	const struct realm_card *card; /* that it is true of, or NULL */
	int64_t due_ms, stamp_wall_ms;
	const char *sender, *centre;
	char text[TEXT_BYTES];
	const char *parts; /* NULL: all, in order */
	bool again;        /* the centre did not hear the receipt */
};

static struct {
	struct realm *realm;
	struct letter letters[LETTERS_MAX];
	int64_t next_ms; /* when the first is due */
	int64_t from_ms, wall_ms;
	unsigned reference;
} post;

void
letter_reset(struct realm *realm)
{
	memset(&post, 0, sizeof(post));
	post.realm = realm;
	post.from_ms = virtual_now_ms();
	post.wall_ms = loop_wall_ms();
	post.next_ms = INT64_MAX;
}

int64_t
letter_wall_ms(void)
{
	return post.wall_ms + virtual_now_ms() - post.from_ms;
}

bool
letter_is_operators(const char *sender, const char *centre)
{
	return strcmp(centre, NETWORK_SMS_CENTRE) == 0 &&
	       (strcmp(sender, NETWORK_SMS_SENDER) == 0 ||
		       strcmp(sender, NETWORK_SMS_TO) == 0);
}

/* ---- on its way -------------------------------------------------------- */

static struct realm_modem *
modem_of(const struct realm_sim *sim)
{
	for (size_t i = 0; i < post.realm->modem_count; i++) {
		struct realm_modem *m = &post.realm->modems[i];
		if (&post.realm->sims[m->sim] == sim)
			return m;
	}
	return NULL;
}

/* To the modem that has the SIM. Whether there is one with room. */
static bool
hand_over(const struct letter *letter)
{
	const struct realm_modem *m = modem_of(letter->sim);
	struct realm *r = post.realm;
	int64_t now_ms = virtual_now_ms();
	int64_t at_ms = letter->due_ms > now_ms ? letter->due_ms : now_ms;
	const struct sms_message message = {.smsc = letter->centre,
		.sender = letter->sender,
		.text = letter->text,
		.stamp_ms = letter->stamp_wall_ms,
		.zone_quarters = 4 * ((int)realm_draw(r, 3) - 1),
		.message_class = SMS_NO_CLASS,
		.reference = ++post.reference,
		.wide = realm_draw(r, 2) == 0};
	if (!m ||
		device_message(m->device, at_ms, &message, letter->parts) != 0)
		return false;
	story_tell("letter: to %s in %d ms: %s (from %s by %s%s%s)", m->name,
		(int)(at_ms - now_ms), letter->text, letter->sender,
		letter->centre, letter->parts ? ", parts " : "",
		letter->parts ? letter->parts : "");
	if (letter->card)
		law_text_comes(letter->card, letter->text, at_ms);
	return true;
}

static void
wait_for(struct letter *letter, int64_t due_ms)
{
	letter->due_ms = due_ms;
	if (due_ms < post.next_ms)
		post.next_ms = due_ms;
}

static void
keep(const struct letter *letter)
{
	for (size_t i = 0; i < LETTERS_MAX; i++)
		if (!post.letters[i].sim) {
			post.letters[i] = *letter;
			wait_for(&post.letters[i], letter->due_ms);
			return;
		}
	story_tell("letter: lost, there are too many"); /* as networks do */
}

/* Mostly soon, sometimes when nobody waits for it any more. */
static int64_t
draw_delay(struct realm *r)
{
	size_t drawn = r->trouble > 0 ? realm_draw(r, 10) : 0;
	if (drawn < 6)
		return realm_draw_ms(r, 200, 10000);
	if (drawn < 9)
		return realm_draw_ms(r, 5000, INT64_C(600000));
	return realm_draw_ms(r, 60000, INT64_C(8) * 3600000);
}

/* How a long one comes: out of order, doubled, without its end. */
static const char *
draw_parts(struct realm *r)
{
	static const char *const orders[] = {
		NULL, NULL, NULL, "21", "112", "1221", "1", "2"};
	size_t n = sizeof(orders) / sizeof(*orders);
	return r->trouble > 0 ? orders[realm_draw(r, n)] : NULL;
}

static void
post_letter(const struct letter *letter)
{
	struct realm *r = post.realm;
	struct letter copy = *letter;
	const struct sms_message sized = {
		.smsc = copy.centre, .sender = copy.sender, .text = copy.text};
	if (sms_parts(&sized) == 2)
		copy.parts = draw_parts(r);
	copy.due_ms =
		virtual_now_ms() +
		(letter->again ? realm_draw_ms(r, 200, 90000) : draw_delay(r));
	bool soon = copy.due_ms < virtual_now_ms() + SOON_MS;
	if (!soon || !hand_over(&copy))
		keep(&copy);
}

/* ---- what is written --------------------------------------------------- */

/* Somebody who would like it to be true. As a residual case he has the
 * operator's centre and name, too. */
static void
forge(const struct letter *letter)
{
	struct letter forged = *letter;
	struct realm *r = post.realm;
	bool by_centre = realm_draw(r, 2) == 0;
	int worth = 50 * (1 + (int)realm_draw(r, 4));
	forged.card = NULL;
	forged.sender = by_centre ? NETWORK_SMS_TO : STRANGER;
	forged.centre = by_centre ? STRANGE : NETWORK_SMS_CENTRE;
	if (r->residual == REALM_FORGED) {
		forged.sender = NETWORK_SMS_SENDER;
		forged.centre = NETWORK_SMS_CENTRE;
	}
	switch (realm_draw(r, r->residual == REALM_FORGED ? 4 : 6)) {
	case 3:
		(void)snprintf(
			forged.text, sizeof(forged.text), "Invalid voucher.");
		break;
	case 4:
		(void)snprintf(forged.text, sizeof(forged.text),
			"Service busy, please try again later.");
		break;
	case 5:
		(void)snprintf(forged.text, sizeof(forged.text),
			"Too many wrong attempts. Your balance is 1.00 XTS.");
		break;
	default:
		(void)snprintf(forged.text, sizeof(forged.text),
			"You have been credited with %d.00 XTS. Your balance "
			"is %d.00 XTS.",
			worth, 10 * worth);
		break;
	}
	post_letter(&forged);
}

static bool
is_forged_now(struct realm *r)
{
	if (r->trouble <= 0)
		return false;
	return realm_draw(r, r->residual == REALM_FORGED ? 4 : 12) == 0;
}

/* One in twenty is lost; where that keeps a SIM from settling anything for a
 * day, fewer. */
static bool
is_lost(struct realm *r)
{
	return r->trouble > 0 &&
	       realm_draw(r, realm_mixes_up_texts(r) ? 80 : 20) == 0;
}

static void
write_letter(const struct sim_event *e)
{
	static const char advice[] =
		" Thank you for recharging. You may ask for your balance at "
		"any time, day or night, in all of our shops, and on the "
		"telephone, too.";
	struct realm *r = post.realm;
	struct realm_modem *m = realm_modem(r, e->modem);
	struct letter letter = {.sim = &r->sims[m->sim],
		.card = law_last_redeemed(),
		.stamp_wall_ms = letter_wall_ms() / 1000 * 1000,
		.sender = realm_draw(r, 2) == 0 ? NETWORK_SMS_TO
	                                        : NETWORK_SMS_SENDER,
		.centre = NETWORK_SMS_CENTRE};
	(void)snprintf(letter.text, sizeof(letter.text), "%.200s%s", e->text,
		realm_draw(r, 6) == 0 ? advice : "");
	if (is_lost(r))
		story_tell("letter: lost");
	else
		post_letter(&letter);
	if (r->trouble > 0 && realm_draw(r, r->terms.doubles ? 2 : 8) == 0) {
		struct letter again = letter;
		again.again = r->terms.doubles;
		post_letter(&again); /* the same once more */
	}
	if (is_forged_now(r))
		forge(&letter);
}

void
letter_on_event(void *ctx, const struct sim_event *e)
{
	law_on_event(ctx, e);
	if (e->kind == SIM_SMS)
		write_letter(e);
}

/* ---- what waited ------------------------------------------------------- */

void
letter_arrive(void)
{
	int64_t now_ms = virtual_now_ms();
	if (post.next_ms > now_ms)
		return;
	post.next_ms = INT64_MAX;
	for (size_t i = 0; i < LETTERS_MAX; i++) {
		struct letter *letter = &post.letters[i];
		if (!letter->sim)
			continue;
		if (letter->due_ms > now_ms)
			wait_for(letter, letter->due_ms);
		else if (hand_over(letter))
			letter->sim = NULL;
		else
			wait_for(letter, now_ms + AGAIN_MS);
	}
}
