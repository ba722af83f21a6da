/*
 * The manual pages, held against the tables of the programs: whatever one side
 * has and the other lacks fails with its name. Pages are read where they lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "agent/batch_private.h"
#include "agent/config.h"
#include "agent/event.h"
#include "agent/options.h"
#include "agent/profile_keys.h"
#include "agent/verdict.h"
#include "agent/voucher.h"
#include "tests/support/page.h"

#define TOPUPD_8   "conf/man/topupd.8"
#define CONF_5     "conf/man/topupd.conf.5"
#define OPERATOR_5 "conf/man/topupd-operator.5"
#define BATCH_5    "conf/man/topupd-batch.5"

/* ---- topupd -------------------------------------------------------------- */

static void
print_usage(void)
{
	char name[] = "topupd", help[] = "--help";
	char *argv[] = {name, help, NULL};
	struct options options;
	(void)options_read(2, argv, &options);
}

static void
each_option_of_the_daemon_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = page_own_options(TOPUPD_8), code = {0};
	char *usage = page_printed_by(print_usage);
	page_dashed(usage, &code);
	free(usage);
	names_expect_code(&page, TOPUPD_8, &code);
}

/* ---- keys ---------------------------------------------------------------- */

static void
expect_config_keys(const char *group, const char *section)
{
	struct names page = page_items(CONF_5, section, NULL, "Va"), code = {0};
	const char *name;
	for (size_t i = 0; (name = config_key_at(group, i)) != NULL; i++)
		names_add(&code, name);
	assert_true(code.count > 0);
	names_expect_code(&page, section, &code);
}

static void
each_key_of_the_configuration_stands_in_the_manual(void **state)
{
	(void)state;
	expect_config_keys("", "KEYS");
	expect_config_keys("log", "KEYS OF LOG");
	expect_config_keys("alarms", "KEYS OF ALARMS");
	expect_config_keys("modems", "KEYS OF A MODEM");
}

/* "[section] name"; "[section]" where the names are numbers. */
static void
add_profile_key(struct names *names, const char *section, const char *name)
{
	char text[64];
	(void)snprintf(text, sizeof(text), "[%s]%s%s", section,
		name[0] != '\0' ? " " : "", name);
	names_add(names, text);
}

static void
add_reply_keys(struct names *code)
{
	for (int v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		add_profile_key(code, "reply", verdict_name((enum verdict)v));
	add_profile_key(code, "reply", "deducted");
	add_profile_key(code, "reply", "bonus");
}

static struct names
profile_keys(void)
{
	struct names code = {0};
	const struct profile_key *key;
	for (size_t i = 0; (key = profile_key_at(i)) != NULL; i++) {
		if (key->name == NULL && strcmp(key->section, "reply") == 0)
			add_reply_keys(&code);
		else
			add_profile_key(&code, key->section,
				key->name != NULL ? key->name : "");
	}
	return code;
}

static void
take_profile_line(void *ctx, const struct page_line *line)
{
	char text[80];
	if (line->part[0] != '[')
		return;
	if (strcmp(line->part, "[menu]") == 0 ||
		strcmp(line->part, "[follow_up]") == 0)
		names_add(ctx, line->part);
	else if (strncmp(line->text, ".It Va ", 7) == 0) {
		(void)snprintf(text, sizeof(text), "%s %s", line->part,
			line->text + 7);
		names_add(ctx, text);
	}
}

static void
each_key_of_a_profile_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = {0}, code = profile_keys();
	page_each(OPERATOR_5, take_profile_line, &page);
	names_expect_code(&page, OPERATOR_5, &code);
}

static void
each_column_and_directive_stands_in_the_manual(void **state)
{
	(void)state;
	struct names columns = page_items(BATCH_5, "COLUMNS", NULL, "Va");
	struct names directives = page_items(BATCH_5, "DIRECTIVES", NULL, "Va");
	struct names code = {0}, words = {0};
	for (int i = 0; i < BATCH_COLUMN_COUNT; i++)
		names_add(&code, batch_column_name((enum batch_column)i));
	for (size_t i = 0; batch_directive_name(i) != NULL; i++)
		names_add(&words, batch_directive_name(i));
	names_expect_code(&columns, "COLUMNS", &code);
	names_expect_code(&directives, "DIRECTIVES", &words);
}

/* ---- states and reasons -------------------------------------------------- */

static void
add_words(struct names *names, const char *text, const char *signs)
{
	char *copy = strdup(text), *rest = copy;
	for (char *word; (word = strsep(&rest, signs)) != NULL;)
		if (word[0] != '\0')
			names_add(names, word);
	free(copy);
}

static void
each_state_of_a_voucher_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = page_items(TOPUPD_8, "STATES", "", "Sy"),
		     code = {0};
	for (int i = 0; i < VOUCHER_STATES; i++)
		names_add(&code, voucher_state_name((enum voucher_state)i));
	names_expect_code(&page, "STATES", &code);
}

static struct names
reasons_of(enum voucher_state to)
{
	struct names code = {0};
	const struct voucher_edge *edge;
	for (size_t i = 0; (edge = voucher_edge_at(i)) != NULL; i++)
		if (edge->to == to)
			add_words(&code, edge->reasons, " ");
	return code;
}

static void
expect_reasons(const char *part, struct names *code)
{
	struct names page = page_items(TOPUPD_8, "STATES", part, "Va");
	names_expect_code(&page, part, code);
}

/* Drops sentences. */
static void
keep_words(struct names *names)
{
	struct names words = {0};
	for (size_t i = 0; i < names->count; i++)
		if (strchr(names->list[i], ' ') == NULL)
			names_add(&words, names->list[i]);
	names_free(names);
	*names = words;
}

/* What a waiting voucher shows is said by dispatch, and held by intake. */
static void
each_reason_stands_in_the_manual(void **state)
{
	(void)state;
	struct names code = reasons_of(VOUCHER_READY);
	page_quoted("agent/dispatch_status.c", "(struct wait){", &code);
	page_quoted("agent/dispatch_status.c", "struct wait best = {", &code);
	page_quoted("agent/dispatch_status.c", "return ", &code);
	keep_words(&code);
	expect_reasons("Reasons of ready", &code);
	code = reasons_of(VOUCHER_HELD);
	names_add(&code, "counted");
	names_add(&code, "lengths");
	expect_reasons("Reasons of held", &code);
	code = reasons_of(VOUCHER_UNKNOWN);
	expect_reasons("Reasons of unknown", &code);
	code = reasons_of(VOUCHER_REJECTED);
	struct names more = reasons_of(VOUCHER_CANCELLED);
	for (size_t i = 0; i < more.count; i++)
		names_add(&code, more.list[i]);
	names_free(&more);
	expect_reasons("Reasons of rejected and cancelled", &code);
}

/* "from to reason", or "from to" where the edge has none. */
static void
add_edge(struct names *names, const char *from, const char *to,
	const char *reason)
{
	char text[96];
	(void)snprintf(text, sizeof(text), "%s to %s%s%s", from, to,
		reason[0] != '\0' ? " as " : "", reason);
	names_add(names, text);
}

static void
add_edges(struct names *names, const char *from, const char *to,
	const struct names *reasons)
{
	for (size_t i = 0; i < reasons->count; i++)
		add_edge(names, from, to, reasons->list[i]);
	if (reasons->count == 0)
		add_edge(names, from, to, "");
}

/* ".It ready, held Ta by Ta to (reason, reason)" */
static void
take_row(void *ctx, const struct page_line *line)
{
	struct names froms = {0}, tos = {0}, reasons = {0};
	char *rest = line->text + 4;
	char *end = strstr(line->text, " Ta ");
	if (strcmp(line->part, "What moves a voucher") != 0 ||
		strncmp(line->text, ".It ", 4) != 0 || end == NULL ||
		strstr(line->text, "Em from") || strstr(line->text, "(file)"))
		return;
	*end = '\0';
	add_words(&froms, rest, ", ");
	rest = strstr(end + 4, " Ta ");
	assert_non_null(rest);
	add_words(&tos, rest + 4, ", ()");
	for (size_t i = 1; i < tos.count; i++)
		names_add(&reasons, tos.list[i]);
	for (size_t i = 0; i < froms.count; i++)
		add_edges(ctx, froms.list[i], tos.list[0], &reasons);
	names_free(&froms);
	names_free(&tos);
	names_free(&reasons);
}

static void
the_table_of_states_is_the_one_of_the_program(void **state)
{
	(void)state;
	struct names page = {0}, code = {0};
	const struct voucher_edge *edge;
	page_each(TOPUPD_8, take_row, &page);
	for (size_t i = 0; (edge = voucher_edge_at(i)) != NULL; i++) {
		struct names reasons = {0};
		add_words(&reasons, edge->reasons, " ");
		add_edges(&code, voucher_state_name(edge->from),
			voucher_state_name(edge->to), &reasons);
		names_free(&reasons);
	}
	names_expect_code(&page, "What moves a voucher", &code);
}

/* ---- events and messages ------------------------------------------------- */

static void
each_audit_event_stands_in_the_manual(void **state)
{
	(void)state;
	static const char *const kinds[] = {"voucher.", "batch.", "modem.",
		"sim.", "daemon.", "account.", "balance.", "event.", "alarm.",
		"file."};
	struct names page = page_items(TOPUPD_8, "AUDIT EVENTS", NULL, "Cm");
	struct names code = {0}, sent = {0};
	char name[64];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		page_prefixed("agent/*.[ch]", kinds[i], &code);
	for (int i = 0; i < VOUCHER_STATES; i++) {
		(void)snprintf(name, sizeof(name), "voucher.%s",
			voucher_state_name((enum voucher_state)i));
		names_add(&code, name);
	}
	page_quoted("agent/dialogue*.c", ".kind = ", &sent);
	for (size_t i = 0; i < sent.count; i++) {
		(void)snprintf(name, sizeof(name), "modem.%s", sent.list[i]);
		names_add(&code, name);
	}
	names_free(&sent);
	names_expect_code(&page, "AUDIT EVENTS", &code);
}

/* ".Ql voucher.loaded ,", an alarm's end not named by itself. */
static void
take_told(void *ctx, const struct page_line *line)
{
	char *name = line->text + 4, over[64];
	if (strcmp(line->section, "EVENTS") != 0 ||
		strncmp(line->text, ".Ql ", 4) != 0)
		return;
	name[strcspn(name, " ")] = '\0';
	if (strchr(name, '.') == NULL)
		return;
	names_add(ctx, name);
	(void)snprintf(over, sizeof(over), "%s_over", name);
	if (strncmp(name, "alarm.", 6) == 0)
		names_add(ctx, over);
}

static void
each_event_that_is_told_to_programs_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = {0}, code = {0};
	page_each(CONF_5, take_told, &page);
	for (size_t i = 0; event_name(i) != NULL; i++)
		names_add(&code, event_name(i));
	names_expect_code(&page, "EVENTS", &code);
}

/* ---- form ---------------------------------------------------------------- */

static void
mandoc_has_nothing_to_say(void **state)
{
	(void)state;
	int status = 0;
	free(page_output("command -v mandoc", &status));
	if (status != 0) {
		print_message("mandoc is not installed: not looked at\n");
		skip();
	}
	char *said = page_output(
		"mandoc -T lint -W warning conf/man/*.[158] 2>&1", &status);
	if (status != 0)
		fail_msg("%s", said);
	free(said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_option_of_the_daemon_stands_in_the_manual),
		cmocka_unit_test(
			each_key_of_the_configuration_stands_in_the_manual),
		cmocka_unit_test(each_key_of_a_profile_stands_in_the_manual),
		cmocka_unit_test(
			each_column_and_directive_stands_in_the_manual),
		cmocka_unit_test(each_state_of_a_voucher_stands_in_the_manual),
		cmocka_unit_test(each_reason_stands_in_the_manual),
		cmocka_unit_test(the_table_of_states_is_the_one_of_the_program),
		cmocka_unit_test(each_audit_event_stands_in_the_manual),
		cmocka_unit_test(
			each_event_that_is_told_to_programs_stands_in_the_manual),
		cmocka_unit_test(mandoc_has_nothing_to_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
