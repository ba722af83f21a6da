/*
 * topupctl(1), held against the table of commands, the keys of the JSON and
 * the words that topupctl shows: whatever one side lacks fails with its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/ctl.h"
#include "agent/ctl_private.h"
#include "agent/dispatch.h"
#include "tests/support/page.h"

#define TOPUPCTL_1 "conf/man/topupctl.1"

/* ---- topupctl ------------------------------------------------------------ */

static void
each_command_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = page_items(TOPUPCTL_1, "COMMANDS", NULL, "Ic");
	struct names code = {0};
	for (size_t i = 0; ctl_command_at(i) != NULL; i++)
		names_add(&code, ctl_command_at(i)->name);
	names_expect_code(&page, TOPUPCTL_1, &code);
}

struct options_of {
	const char *command;
	bool inside, admin;
	struct names found;
};

static void
take_options(void *ctx, const struct page_line *line)
{
	struct options_of *o = ctx;
	size_t len = strlen(o->command);
	if (strcmp(line->section, "COMMANDS") != 0)
		return;
	if (strncmp(line->text, ".It Ic ", 7) == 0) {
		o->inside = strncmp(line->text + 7, o->command, len) == 0 &&
		            (line->text[7 + len] == '\0' ||
				    line->text[7 + len] == ' ');
		if (o->inside)
			o->admin = strstr(line->text, "Pq admin") != NULL;
	} else if (o->inside && strncmp(line->text, ".It Fl ", 7) == 0) {
		page_options(line->text, &o->found);
	}
}

static void
each_option_of_a_command_stands_in_the_manual(void **state)
{
	(void)state;
	const struct ctl_command *command;
	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++) {
		struct options_of o = {.command = command->name};
		struct names code = {0};
		char name[40];
		page_each(TOPUPCTL_1, take_options, &o);
		for (size_t k = 0; command->options[k].name != NULL; k++) {
			(void)snprintf(name, sizeof(name), "--%s",
				command->options[k].name);
			names_add(&code, name);
		}
		if (o.admin != command->admin)
			fail_msg("%s: who may do it?", command->name);
		(void)snprintf(
			name, sizeof(name), "the page on %.24s", command->name);
		names_expect_code(&o.found, name, &code);
	}
}

static void
print_help(void)
{
	char name[] = "topupctl", command[] = "status", help[] = "--help";
	char *argv[] = {name, command, help, NULL};
	(void)ctl_main(3, argv);
}

/* Two are not in the list of a command's help. */
static void
the_options_of_all_commands_stand_in_the_manual(void **state)
{
	(void)state;
	struct names page = page_own_options(TOPUPCTL_1), code = {0};
	char *help = page_printed_by(print_help);
	page_dashed(strstr(help, "options:"), &code);
	names_add(&code, "-h");
	names_add(&code, "--version");
	free(help);
	names_expect_code(&page, TOPUPCTL_1, &code);
}

/* ---- JSON ---------------------------------------------------------------- */

static void
take_json_keys(void *ctx, const struct page_line *line)
{
	char *rest = strstr(line->text, "Va ");
	if (strcmp(line->section, "JSON") != 0 || rest == NULL ||
		rest > line->text + 5)
		return;
	rest += 3;
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		if (word[0] != '\0' &&
			word[strspn(word, "abcdefghijklmnopqrstuvwxyz_")] ==
				'\0')
			names_add(ctx, word);
}

/* json_put_text(o, "key", ...), but for what is asked: args and request. */
static void
take_put_keys(const char *text, const char *call, struct names *out)
{
	for (const char *p = text; (p = strstr(p, call)) != NULL;) {
		char word[64];
		p += strlen(call);
		p += strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		size_t len = *p == '(' ? strcspn(p, ",;") : 0;
		if (len == 0 || p[len] != ',' || strncmp(p, "(args", 5) == 0 ||
			strncmp(p, "(request", 8) == 0)
			continue;
		p += len + 1;
		p += strspn(p, " \t\n");
		if (*p != '"')
			continue;
		len = strcspn(++p, "\"");
		(void)snprintf(word, sizeof(word), "%.*s", (int)len, p);
		names_add(out, word);
	}
}

/* The wire between topupctl and the daemon has words of its own. */
static bool
is_of_the_wire(const char *path)
{
	return strstr(path, "control_client.c") != NULL;
}

/* Not in a document: what `probe` and `wait` add for people, an answer. */
static void
add_inner_keys(struct names *page)
{
	names_add(page, "dialect_text");
	names_add(page, "coding_text");
	names_add(page, "answer");
	names_add(page, "notice");
}

static void
each_key_of_the_json_stands_in_the_manual(void **state)
{
	(void)state;
	struct names page = {0}, code = {0};
	static const char *const tables[] = {
		"[FIGURES_LOADED] = ", "[FIGURES_REFUSED] = ",
		"[FIGURES_UNKNOWN] = ", "end_with_flag(client, &tally, "};
	int status = 0;
	char *list = page_output("ls agent/control*.c agent/ctl*.c", &status),
	     *rest = list;
	assert_int_equal(status, 0);
	for (char *path; (path = strsep(&rest, "\n")) != NULL;) {
		if (path[0] == '\0' || is_of_the_wire(path))
			continue;
		char *text = page_text(path);
		take_put_keys(text, "json_put", &code);
		take_put_keys(text, "json_share", &code);
		take_put_keys(text, "put_id", &code);
		free(text);
	}
	free(list);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		page_quoted("agent/control_*.c", tables[i], &code);
	page_each(TOPUPCTL_1, take_json_keys, &page);
	add_inner_keys(&page);
	names_expect_code(&page, TOPUPCTL_1 ", JSON", &code);
}

/* ---- words that are shown -------------------------------------------------
 */

static void
each_state_of_a_modem_stands_in_the_manual(void **state)
{
	(void)state;
	char *page = page_text(TOPUPCTL_1), name[40];
	for (int i = LINE_ABSENT; i <= LINE_FAILED; i++) {
		(void)snprintf(name, sizeof(name), ".Ql %s",
			line_state_name((enum line_state)i));
		if (strstr(page, name) == NULL)
			fail_msg("no modem is %s there", name);
	}
	free(page);
}

static void
take_whys(void *ctx, const struct page_line *line)
{
	struct options_of *o = ctx;
	if (strcmp(line->section, "COMMANDS") != 0)
		return;
	if (strncmp(line->text, ".It Ic ", 7) == 0)
		o->inside = strncmp(line->text + 7, "inbox", 5) == 0;
	else if (o->inside && strncmp(line->text, ".It Ql ", 7) == 0)
		names_add(&o->found, line->text + 7);
}

static void
why_a_message_decides_nothing_stands_in_the_manual(void **state)
{
	(void)state;
	static const char *const before[] = {
		"why = ", "return ", "? ", ": ", "stale(&times) ? "};
	struct options_of o = {.command = "inbox"};
	struct names code = {0};
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		page_quoted("agent/message.c", before[i], &code);
	page_each(TOPUPCTL_1, take_whys, &o);
	names_expect_code(&o.found, "inbox", &code);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_stands_in_the_manual),
		cmocka_unit_test(each_option_of_a_command_stands_in_the_manual),
		cmocka_unit_test(
			the_options_of_all_commands_stand_in_the_manual),
		cmocka_unit_test(each_key_of_the_json_stands_in_the_manual),
		cmocka_unit_test(each_state_of_a_modem_stands_in_the_manual),
		cmocka_unit_test(
			why_a_message_decides_nothing_stands_in_the_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
