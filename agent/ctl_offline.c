/*
 * ctl_offline: what works without the daemon: checking the configuration
 * and profiles, trying a reply, verifying the audit chain. It changes
 * nothing on disk.
 */
#include "agent/ctl_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/json.h"
#include "agent/ledger.h"
#include "agent/policy.h"
#include "agent/problem.h"
#include "agent/profile.h"
#include "agent/reload.h"
#include "agent/vault.h"

static const char *
config_file(const struct ctl *ctl)
{
	return ctl->config != NULL ? ctl->config : CTL_CONFIG_DEFAULT;
}

/* ---- check -------------------------------------------------------------- */

static void
show_problems(const struct ctl *ctl, const struct problems *problems)
{
	const char *line;
	struct json *list = json_new_array();
	for (size_t i = 0; (line = problems_line(problems, i)) != NULL; i++) {
		if (!ctl->json)
			(void)puts(line);
		json_add(list, json_new_text(line));
	}
	if (ctl->json) {
		struct json *o = json_new_object();
		json_put_flag(o, "ok", problems_errors(problems) == 0);
		json_put(o, "problems", list);
		ctl_show_json(o);
		json_free(o);
	} else {
		json_free(list);
	}
}

static int
check_all(const struct ctl *ctl)
{
	struct problems *problems = problems_new();
	struct settings settings = {.config = NULL};
	bool good = settings_read(config_file(ctl), &settings, problems);
	show_problems(ctl, problems);
	if (good) {
		if (!ctl->json)
			(void)printf("%s: no errors\n", config_file(ctl));
		settings_free(&settings);
	}
	problems_free(problems);
	return good ? CTL_DONE : CTL_REFUSED;
}

/* ---- check --profile FILE --reply TEXT ---------------------------------- */

/* What a card's first attempt would come to with this answer. */
static const char *
state_after(const struct profile *profile, const struct classify_result *result)
{
	const struct policy_case first = {.fate = POLICY_ANSWERED,
		.verdict = result->verdict,
		.card_minor = MONEY_NONE,
		.amount_minor = MONEY_NONE,
		.deducted_minor = MONEY_NONE,
		.bonus_minor = MONEY_NONE,
		.balance_before_minor = MONEY_NONE,
		.balance_told_minor = MONEY_NONE,
		.retries = profile->retries,
		.retry_pause_ms = profile->retry_pause_ms};
	enum voucher_event event = policy_next(&first).event;
	if (profile->verdict_by == PROFILE_VERDICT_SMS &&
		result->verdict == VERDICT_LOADED)
		event = VOUCHER_TAKEN; /* the SMS decides */
	const struct voucher_edge *edge =
		voucher_edge_find(VOUCHER_DIALING, event);
	return edge == NULL ? NULL : voucher_state_name(edge->to);
}

static void
put_group(struct json *groups, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_put_text(groups, name, text);
}

static struct json *
shape_groups(const struct classify_groups *g)
{
	struct json *groups = json_new_object();
	put_group(groups, "amount", g->amount);
	put_group(groups, "balance", g->balance);
	put_group(groups, "currency", g->currency);
	put_group(groups, "serial", g->serial);
	put_group(groups, "expiry", g->expiry);
	put_group(groups, "bonus", g->bonus);
	put_group(groups, "deducted", g->deducted);
	put_group(groups, "time", g->time);
	return groups;
}

static void
print_group(void *ctx, const char *key, const struct json *value)
{
	(void)ctx;
	char *text = ctl_table_cell(value, CELL_TEXT);
	(void)printf("%-8s  %s\n", key, text);
	free(text);
}

static void
show_reading(const struct ctl *ctl, const struct profile *profile,
	const struct classify_result *result)
{
	static const struct ctl_column fields[] = {
		{"verdict", "verdict", CELL_TEXT, 0, 0},
		{"rule", "rule", CELL_TEXT, 0, 0},
		{"file", "file", CELL_TEXT, 0, 0},
		{"line", "line", CELL_TEXT, 0, 0},
		{"the card", "state", CELL_STATE, 0, 0}, {.title = NULL}};
	struct json *o = json_new_object();
	json_put_text(o, "verdict", verdict_name(result->verdict));
	json_put_text(o, "rule", result->rule);
	json_put_text(o, "file", profile->file);
	if (result->line == 0)
		json_put(o, "line", NULL);
	else
		json_put_number(o, "line", result->line);
	json_put(o, "groups", shape_groups(&result->groups));
	json_put_text(o, "state", state_after(profile, result));
	if (ctl->json) {
		ctl_show_json(o);
	} else {
		ctl_table_object(fields, o, &ctl->out);
		json_each(json_get(o, "groups"), print_group, NULL);
		if (result->contradiction)
			(void)puts("it is loaded and refused at once: that is "
				   "no verdict");
		if (result->verdict == VERDICT_NONE && result->balance_matched)
			(void)puts("it tells a balance, which is no verdict");
	}
	json_free(o);
}

static int
check_reply(const struct ctl *ctl, const char *file, const char *text)
{
	struct problems *problems = problems_new();
	struct profile *profile = profile_read(file, problems);
	struct classify_result result;
	if (profile == NULL) {
		show_problems(ctl, problems);
		problems_free(problems);
		return CTL_REFUSED;
	}
	classifier_read(profile->reply, span_str(text), &result);
	show_reading(ctl, profile, &result);
	profile_unref(profile);
	problems_free(problems);
	return CTL_DONE;
}

int
ctl_run_check(struct ctl *ctl)
{
	const char *file = ctl_option_value(ctl, "profile");
	const char *text = ctl_option_value(ctl, "reply");
	if ((file == NULL) != (text == NULL))
		return ctl_wrong(ctl, "--profile and --reply go together");
	return file == NULL ? check_all(ctl) : check_reply(ctl, file, text);
}

/* ---- audit verify --against --------------------------------------------- */

enum { HEAD_LEN = 2 * VAULT_HASH_LEN }; /* hex digits */

struct against {
	struct ledger *ledger;
	int64_t compared;
	int64_t first_bad; /* 0: none */
	char what[128];
};

struct wanted {
	int64_t seq;
	bool found;
	char head[HEAD_LEN + 1];
};

static bool
take_head(void *ctx, const struct ledger_audit *a)
{
	struct wanted *wanted = ctx;
	wanted->found = a->seq == wanted->seq;
	(void)span_to_hex(a->hash, VAULT_HASH_LEN, wanted->head,
		sizeof(wanted->head)); /* it fits */
	return false;
}

/*
 * "... audit seq=12 event=... head=<hex>": anything else is no line of
 * ours. *head is NULL where it is not whole.
 */
static bool
parse_line(const char *line, int64_t *seq, const char **head)
{
	static const char begin[] = "audit seq=", mark[] = " head=";
	const char *at = strstr(line, begin);
	const char *last = NULL, *next = at;
	char *end;
	if (at == NULL)
		return false;
	errno = 0;
	long long number = strtoll(at + strlen(begin), &end, 10);
	if (errno != 0 || number <= 0 || strncmp(end, " event=", 7) != 0)
		return false;
	/* The last one: a note may hold the words, too. */
	while ((next = strstr(next, mark)) != NULL)
		last = next++;
	*seq = number;
	*head = last == NULL ? NULL : last + strlen(mark);
	if (last != NULL && strspn(*head, "0123456789abcdef") != HEAD_LEN)
		*head = NULL;
	return true;
}

static void
found_bad(struct against *against, int64_t seq, const char *what)
{
	if (against->first_bad != 0 && against->first_bad <= seq)
		return;
	against->first_bad = seq;
	(void)span_copy(against->what, sizeof(against->what), span_str(what));
}

static void
compare_line(struct against *against, const char *line)
{
	struct wanted wanted = {.found = false};
	const char *head;
	if (!parse_line(line, &wanted.seq, &head))
		return;
	const struct ledger_audit_filter filter = {
		.after = wanted.seq - 1, .limit = 1};
	int err =
		ledger_each_audit(against->ledger, &filter, take_head, &wanted);
	against->compared++;
	if (head == NULL)
		found_bad(against, wanted.seq, "syslog's line is not whole");
	else if (err != 0 || !wanted.found)
		found_bad(against, wanted.seq,
			"syslog has the entry, the ledger has not");
	else if (strncasecmp(wanted.head, head, HEAD_LEN) != 0)
		found_bad(against, wanted.seq,
			"syslog has another entry; in a restored ledger that "
			"is the first that was lost");
}

/* 0 or -errno. */
static int
compare_file(struct against *against, const char *file)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *in = fopen(file, "re");
	if (in == NULL)
		return -errno;
	while (getline(&line, &cap, in) >= 0)
		compare_line(against, line);
	int err = ferror(in) ? -EIO : 0;
	free(line);
	(void)fclose(in); /* only read from */
	return err;
}

/* ---- audit verify ------------------------------------------------------- */

static int
show_verify(const struct ctl *ctl, const struct ledger_verify *result,
	int64_t compared)
{
	struct json *o = json_new_object();
	json_put_flag(o, "ok", result->ok);
	json_put_number(o, "entries", result->entries);
	char head[HEAD_LEN + 1]; /* in small letters, as syslog has it */
	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = (char)tolower((unsigned char)result->head[i]);
	json_put_text(o, "head", head);
	if (result->first_bad == 0)
		json_put(o, "first_bad", NULL);
	else
		json_put_number(o, "first_bad", result->first_bad);
	if (compared >= 0)
		json_put_number(o, "compared", compared);
	if (ctl->json)
		ctl_show_json(o);
	else if (result->ok)
		(void)printf("whole: %lld entries, head %s\n",
			(long long)result->entries, head);
	if (!ctl->json && result->ok && compared >= 0)
		(void)printf("the same as %lld lines of syslog\n",
			(long long)compared);
	if (!result->ok)
		ctl_say(ctl, "the audit is broken at entry %lld: %s",
			(long long)result->first_bad, result->what);
	json_free(o);
	return result->ok ? CTL_DONE : CTL_REFUSED;
}

static int
verify_ledger(const struct ctl *ctl, struct ledger *ledger)
{
	struct ledger_verify result;
	struct against against = {.ledger = ledger};
	const char *file = ctl_option_value(ctl, "against");
	if (ledger_verify_audit(ledger, &result) != 0) {
		ctl_say(ctl, "the ledger cannot be read: %s",
			ledger_error(ledger));
		return CTL_REFUSED;
	}
	if (file == NULL)
		return show_verify(ctl, &result, -1);
	int err = compare_file(&against, file);
	if (err != 0 || against.compared == 0) {
		ctl_say(ctl, "%s: %s", file,
			err != 0 ? strerror(-err)
				 : "no line of topupd's audit is in it");
		return CTL_REFUSED;
	}
	if (result.ok && against.first_bad != 0) {
		result.ok = false;
		result.first_bad = against.first_bad;
		(void)span_copy(result.what, sizeof(result.what),
			span_str(against.what));
	}
	return show_verify(ctl, &result, against.compared);
}

static int
verify_with(const struct ctl *ctl, const struct config *config)
{
	char why[256] = "", path[4096];
	int exit_status = CTL_REFUSED;
	(void)snprintf(path, sizeof(path), "%s/ledger.db", config->state_dir);
	struct vault *vault =
		vault_open(config->key_file, false, why, sizeof(why));
	struct ledger *ledger =
		vault == NULL ? NULL
			      : ledger_open(path, LEDGER_OPEN_READ_ONLY, vault,
					why, sizeof(why));
	if (ledger == NULL)
		ctl_say(ctl, "%s (it is for root and the user of topupd)", why);
	else
		exit_status = verify_ledger(ctl, ledger);
	ledger_close(ledger);
	vault_close(vault);
	return exit_status;
}

int
ctl_run_verify(struct ctl *ctl)
{
	struct problems *problems = problems_new();
	struct config *config = config_load(config_file(ctl), problems);
	int exit_status = CTL_REFUSED;
	if (config != NULL && problems_errors(problems) == 0)
		exit_status = verify_with(ctl, config);
	else
		for (size_t i = 0; problems_line(problems, i) != NULL; i++)
			ctl_say(ctl, "%s", problems_line(problems, i));
	config_free(config);
	problems_free(problems);
	return exit_status;
}
