/*
 * realm_card: cards and the batch files that they stand in. See realm.h. It
 * must never write into a file that the daemon may already read.
 */
#include "tests/crash/realm_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
draw_state(struct realm *r, struct realm_card *card)
{
	card->listed = true;
	card->state = CARD_GOOD;
	if (!rng_strikes(&r->chance, r->bad))
		return;
	size_t drawn = realm_draw(r, 5);
	card->listed = drawn > 1;
	if (drawn > 1)
		card->state = (enum card_state)(drawn - 1);
}

static int64_t
a_worth(struct realm *r)
{
	return 5000 * (int64_t)(1 + realm_draw(r, 4));
}

static void
draw_card(struct realm *r, struct realm_card *card, bool amounts)
{
	memset(card, 0, sizeof(*card));
	/* Drawn, so that no batch looks counted; the number keeps apart. */
	(void)snprintf(card->voucher_pin, sizeof(card->voucher_pin),
		"%07u%03u%04u",
		(unsigned)(1000000 + realm_draw(r, 9000000)) % 10000000,
		(unsigned)realm_draw(r, 1000), (unsigned)r->card_count % 10000);
	card->amount_minor = r->amount_minor > 0 ? r->amount_minor : a_worth(r);
	card->amount_told = amounts;
	draw_state(r, card);
	(void)snprintf(card->target, sizeof(card->target), "self");
	/* Whom the balance proves nothing of, there only a person settles. */
	if (realm_chance(r, r->terms.verdict == REALM_BY_BALANCE ? 5 : 25))
		(void)snprintf(card->target, sizeof(card->target),
			"070000009%u",
			(unsigned)realm_draw(r, REALM_NUMBERS) % 10);
	if (card->listed)
		(void)network_add_card(r->network, card->voucher_pin,
			card->amount_minor, card->state);
}

static void
write_row(FILE *out, const struct realm_card *card)
{
	(void)fprintf(out, "%s,%s,", card->voucher_pin, card->voucher_pin + 8);
	if (card->amount_told)
		(void)fprintf(out, "%d.%02d", (int)(card->amount_minor / 100),
			(int)(card->amount_minor % 100));
	(void)fprintf(out, ",%s\n", card->target);
}

static void
part_of(const struct realm_file *f, char out[64])
{
	(void)snprintf(out, 64, REALM_INCOMING "/%s.part", f->name);
}

static void
write_half(struct realm *r, struct realm_file *f, bool second)
{
	char part[64];
	part_of(f, part);
	FILE *out = fopen(part, second ? "a" : "w");
	if (!out)
		return; /* no folder yet: the daemon never ran */
	if (!second)
		(void)fprintf(
			out, "# operator: simtel\npin,serial,amount,target\n");
	size_t half = f->cards / 2;
	for (size_t i = second ? half : 0; i < (second ? f->cards : half);
		i++) {
		struct realm_card *card = &r->cards[f->first + i];
		card->line = 3 + (unsigned)i;
		write_row(out, card);
	}
	for (unsigned i = 0; second && i < f->bad_rows; i++)
		(void)fprintf(out, "12345%u,bad,,self\n", i);
	f->begun = true;
	(void)fclose(out);
}

static void
finish_file(struct realm *r, struct realm_file *f)
{
	char part[64], name[64];
	write_half(r, f, true);
	part_of(f, part);
	(void)snprintf(name, sizeof(name), REALM_INCOMING "/%s", f->name);
	f->dropped = rename(part, name) == 0;
}

struct realm_file *
realm_drop(struct realm *r, unsigned rows)
{
	if (r->file_count == REALM_FILES_MAX ||
		r->card_count + rows > REALM_CARDS_MAX || rows == 0)
		return NULL;
	struct realm_file *f = &r->files[r->file_count];
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->name, sizeof(f->name), "batch%u.csv",
		(unsigned)r->file_count % 1000 + 1);
	/* The balance proves nothing of a card whose worth is not known. */
	bool amounts =
		r->terms.verdict == REALM_BY_BALANCE || realm_chance(r, 85);
	/* A whole box may be stolen, or of last year. */
	r->bad = r->terms.bad > 0 && realm_chance(r, 15) ? 0.5 : r->terms.bad;
	r->amount_minor = realm_chance(r, 50) ? a_worth(r) : 0;
	f->first = r->card_count;
	f->cards = rows;
	f->bad_rows = rows > 4 && realm_chance(r, 30) ? 1 : 0;
	for (unsigned i = 0; i < rows; i++) {
		struct realm_card *card = &r->cards[r->card_count];
		draw_card(r, card, amounts);
		card->file = r->file_count;
		r->card_count++;
	}
	r->file_count++;
	write_half(r, f, false);
	if (f->begun && realm_chance(r, 60))
		finish_file(r, f);
	return f;
}

void
realm_drop_rest(struct realm *r)
{
	for (size_t i = 0; i < r->file_count; i++) {
		struct realm_file *f = &r->files[i];
		if (!f->begun)
			write_half(r, f, false);
		if (f->begun && !f->dropped)
			finish_file(r, f);
	}
}

bool
realm_is_incoming(const struct realm_file *f)
{
	char name[64];
	(void)snprintf(name, sizeof(name), REALM_INCOMING "/%s", f->name);
	return access(name, F_OK) == 0;
}
