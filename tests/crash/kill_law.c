/*
 * kill_law: the simulator's truth, read as it grows, against what the ledger
 * says. It must never forgive: each law is checked for each card.
 */
#include "tests/crash/kill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

enum { STATE_MAX = 16 };

void
kill_law_init(struct kill_law *law, unsigned count)
{
	*law = (struct kill_law){.count = count};
	law->cards = calloc(count, sizeof(*law->cards));
	assert_non_null(law->cards);
	assert_in_range(count, 1, KILL_VOUCHERS_MAX);
}

void
kill_law_fini(struct kill_law *law)
{
	free(law->cards);
}

/* ---- the truth --------------------------------------------------------- */

/* A PIN's last four digits are its card's number. */
static struct kill_card *
card_of(struct kill_law *law, const char *voucher_pin)
{
	unsigned long n = strlen(voucher_pin) == 14
	                          ? strtoul(voucher_pin + 10, NULL, 10)
	                          : law->count;
	if (n >= law->count || strcmp(voucher_pin, house_pin((unsigned)n)) != 0)
		fail_msg("a PIN that was in no file was dialled");
	return &law->cards[n];
}

static void
count_refusal(struct kill_law *law, const char *imsi, bool refused)
{
	size_t i = 0;
	while (i < HOUSE_MODEMS_MAX - 1 && law->sims[i].imsi[0] != '\0' &&
		strcmp(law->sims[i].imsi, imsi) != 0)
		i++; /* there are no more SIMs than modems */
	(void)snprintf(
		law->sims[i].imsi, sizeof(law->sims[i].imsi), "%s", imsi);
	if (!refused)
		law->sims[i].refused = law->sims[i].allowed = 0;
	else if (++law->sims[i].refused > KILL_REJECTS + law->sims[i].allowed)
		fail_msg("SIM %s had %u refusals in a row, and %u unlocks",
			imsi, law->sims[i].refused, law->sims[i].allowed);
}

static void
take_redeem(struct kill_law *law, const json_t *event)
{
	const char *outcome = house_text(event, "outcome");
	struct kill_card *card = card_of(law, house_text(event, "pin"));
	bool loaded = strcmp(outcome, "loaded") == 0;
	if (strcmp(outcome, "busy") == 0)
		return;
	/* Nothing but "busy" and "not sent" leads to a second time; no person
	 * here asks for one. */
	if (++card->arrivals > 1)
		fail_msg("card %s was dialled again (%s)",
			house_text(event, "pin"), outcome);
	if (loaded) {
		card->credits++;
		card->credited = (long)house_number(event, "amount");
	}
	if (house_number(event, "executed") > 1)
		fail_msg(
			"card %s was executed twice", house_text(event, "pin"));
	count_refusal(law, house_text(event, "by"), !loaded);
}

void
kill_law_read_truth(struct kill_law *law, struct house *h)
{
	FILE *f = fopen(house_path(h, "sim/truth.jsonl"), "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	assert_non_null(f);
	assert_int_equal(fseek(f, law->truth_read, SEEK_SET), 0);
	/* A last line without its end is still being written. */
	while ((n = getline(&line, &cap, f)) > 0 && line[n - 1] == '\n') {
		law->truth_read += n;
		if (strstr(line, "\"event\":\"redeem\"") == NULL)
			continue;
		json_t *event = json_loads(line, 0, NULL);
		assert_non_null(event);
		take_redeem(law, event);
		json_decref(event);
	}
	free(line);
	(void)fclose(f); /* it was only read */
}

void
kill_law_unlocks(struct kill_law *law, struct house *h, size_t modem)
{
	char imsi[24];
	/* house_world.c numbers them so. */
	(void)snprintf(imsi, sizeof(imsi), "0010100000000%zu", 11 + modem);
	kill_law_read_truth(law, h);
	for (size_t i = 0; i < HOUSE_MODEMS_MAX; i++)
		if (strcmp(law->sims[i].imsi, imsi) == 0)
			law->sims[i].allowed++;
}

/* ---- the ledger -------------------------------------------------------- */

struct was {
	char state[STATE_MAX];
	char credited[24];
	unsigned credits; /* before the ledger was asked */
};

/* What is said of each card, by its number. */
static void
take_vouchers(struct kill_law *law, json_t *vouchers, struct was *was)
{
	json_t *v;
	size_t i;
	for (unsigned n = 0; n < law->count; n++)
		was[n].credits = law->cards[n].credits;
	json_array_foreach(vouchers, i, v)
	{
		const char *serial = house_text(v, "serial");
		unsigned long n = strtoul(serial + 1, NULL, 10);
		assert_int_equal(serial[0], 'S');
		assert_in_range(n, 0, law->count - 1);
		if (was[n].state[0] != '\0')
			fail_msg("card %s is in the ledger twice", serial);
		(void)snprintf(was[n].state, sizeof(was[n].state), "%s",
			house_text(v, "state"));
		(void)snprintf(was[n].credited, sizeof(was[n].credited), "%s",
			house_text(v, "credited"));
	}
}

static bool
may_be_credited(const char *state)
{
	static const char *const states[] = {
		"loaded", "pending", "dialing", "unknown"};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], state) == 0)
			return true;
	return false;
}

static void
check_card(unsigned n, const struct kill_card *card, const struct was *was)
{
	if (was->credits > 0 && !may_be_credited(was->state))
		fail_msg("card %u was credited, but is %s", n, was->state);
	if (strcmp(was->state, "loaded") != 0)
		return;
	char amount[24];
	(void)snprintf(amount, sizeof(amount), "%ld.%02ld",
		card->credited / 100, card->credited % 100);
	if (card->credits != 1)
		fail_msg("card %u is loaded, but was not credited", n);
	if (strcmp(amount, was->credited) != 0)
		fail_msg("card %u was credited with %s, not with %s", n, amount,
			was->credited);
}

void
kill_law_check(
	struct kill_law *law, struct house *h, json_t *vouchers, bool all)
{
	struct was *was = calloc(law->count, sizeof(*was));
	assert_non_null(was);
	take_vouchers(law, vouchers, was);
	kill_law_read_truth(law, h);
	for (unsigned n = 0; n < law->count; n++) {
		const struct kill_card *card = &law->cards[n];
		if (was[n].state[0] == '\0' && (all || card->arrivals > 0))
			fail_msg("card %u was lost", n);
		if (was[n].state[0] != '\0')
			check_card(n, card, &was[n]);
	}
	free(was);
}

/* ---- the audit --------------------------------------------------------- */

/* Entries may have been sent twice, never left out. */
static void
check_syslog(struct house *h, size_t entries)
{
	char *text = house_syslog(h);
	bool *there = calloc(entries + 1, sizeof(*there));
	assert_non_null(there);
	for (char *at = text; (at = strstr(at, "audit seq=")) != NULL; at++) {
		unsigned long seq = strtoul(at + 10, NULL, 10);
		assert_in_range(seq, 1, entries);
		there[seq] = true;
	}
	for (size_t i = 1; i <= entries; i++)
		if (!there[i])
			fail_msg("syslog has no entry %zu of %zu", i, entries);
	free(there);
	free(text);
}

void
kill_law_check_audit(struct house *h)
{
	char log[HOUSE_PATH_MAX];
	json_t *verify = house_ask(h, "audit", "verify", NULL);
	(void)snprintf(log, sizeof(log), "%s", house_path(h, "out/syslog"));
	assert_true(json_is_true(json_object_get(verify, "ok")));
	check_syslog(h, (size_t)house_number(verify, "entries"));
	assert_int_equal(
		house_ctl(h, "audit", "verify", "--against", log, NULL), 0);
}
