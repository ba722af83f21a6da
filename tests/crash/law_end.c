/*
 * law_end: what must hold when everything had its time: no voucher waits, no
 * file lies about, each report says what the ledger says, the trail is
 * whole; and, at any moment, that whoever waits has a reason. See law.h.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/ledger.h"
#include "tests/crash/law_inner.h"
#include "tests/crash/life.h"
#include "tests/crash/realm.h"
#include "tests/virtual/virtual.h"

enum { LINE_BYTES = 2048, WAIT_MS = 60000 };

/* ---- who waits --------------------------------------------------------- */

static bool
on_waiting(void *ctx, const struct ledger_voucher *v)
{
	char reason[32] = "";
	int64_t next_ms = 0;
	struct realm_card *card = law_card_of(v->id);
	(void)ctx;
	dispatch_why_waiting(
		law.life->dispatch, v, reason, sizeof(reason), &next_ms);
	if (!card || reason[0] != '\0') {
		if (card)
			law_fact(card)->waits_since_ms = 0;
		return true;
	}
	struct fact *f = law_fact(card);
	if (f->waits_since_ms == 0)
		f->waits_since_ms = virtual_now_ms();
	else if (virtual_now_ms() - f->waits_since_ms > WAIT_MS)
		law_break("law 7: voucher %" PRId64
			  " waits, and nothing says for what",
			v->id);
	return true;
}

void
law_who_waits(void)
{
	struct ledger_voucher_filter ready = {.state = VOUCHER_READY};
	if (law.life->dispatch)
		(void)ledger_each_voucher(
			law.life->ledger, &ready, on_waiting, NULL);
}

/* ---- files ------------------------------------------------------------- */

/* The file of that folder whose name ends so ("7-NAME" is "-NAME"). */
static bool
find_file(const char *folder, const char *ending, char *out, size_t cap)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool found = false;
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name), n = strlen(ending);
		found = len > n &&
		        strcmp(entry->d_name + len - n, ending) == 0 &&
		        strspn(entry->d_name, "0123456789") == len - n;
		if (found)
			(void)snprintf(
				out, cap, "%s/%s", folder, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

/* A row of a report: row,serial,pin,operator,amount,target,state,... Whether
 * it is one: replies have line ends of their own. */
static bool
check_report_row(const struct realm_file *f, char *line)
{
	char *fields[7] = {NULL};
	size_t n = 0;
	for (char *rest = line; rest && n < 7;)
		fields[n++] = strsep(&rest, ",");
	unsigned row = n == 7 && fields[0]
	                       ? (unsigned)strtoul(fields[0], NULL, 10)
	                       : 0;
	for (size_t i = f->first; i < f->first + f->cards; i++) {
		const struct realm_card *card = &law.realm->cards[i];
		if (row == 0 || card->line != row)
			continue;
		bool says = strcmp(fields[6], "loaded") == 0;
		if (law_was_credited(card) != says &&
			!law_forgives(law.facts[i].voucher))
			law_break("law 2: the report of %s says %s of %s, the "
				  "network %s it",
				f->name, fields[6], card->voucher_pin,
				law_was_credited(card) ? "credited"
						       : "never credited");
		return true;
	}
	return false;
}

static void
check_report(const struct realm_file *f)
{
	char ending[64], path[600], line[LINE_BYTES];
	size_t rows = 0;
	(void)snprintf(ending, sizeof(ending), "-%s", f->name);
	if (!find_file(LIFE_SPOOL_DIR "/done", ending, path, sizeof(path)))
		law_break(
			"law 4: %s was read, done/ does not have it", f->name);
	if (!find_file(LIFE_SPOOL_DIR "/reports", ending, path, sizeof(path))) {
		law_break("law 4: %s has no report", f->name);
		return;
	}
	FILE *in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in)) {
		rows += check_report_row(f, line);
	}
	if (in)
		(void)fclose(in);
	if (rows != f->cards)
		law_break("law 4: the report of %s has %zu rows for %zu cards",
			f->name, rows, f->cards);
}

/* ---- the end ----------------------------------------------------------- */

static bool
on_last_look(void *ctx, const struct ledger_voucher *v)
{
	(void)ctx;
	if (!voucher_has_ended(v->state))
		law_break("law 7: voucher %" PRId64 " is still %s (%s)", v->id,
			voucher_state_name(v->state), v->reason);
	return true;
}

void
law_at_end_of_world(void)
{
	struct ledger_voucher_filter all = {.state = -1};
	int64_t head = ledger_audit_head(law.life->ledger);
	law_check_all();
	(void)ledger_each_voucher(law.life->ledger, &all, on_last_look, NULL);
	for (size_t i = 0; i < law.realm->file_count; i++) {
		const struct realm_file *f = &law.realm->files[i];
		if (realm_is_incoming(f))
			law_break("law 7: %s is still in incoming/", f->name);
		else if (f->dropped)
			check_report(f);
	}
	if (law.trail_last != head)
		law_break("law 5: the trail ends at %" PRId64
			  ", the ledger at %" PRId64,
			law.trail_last, head);
}
