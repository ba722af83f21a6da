/*
 * What the shells complete, held against the commands and options of the
 * programs; bash is run, zsh where it is installed only looks at its files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/ctl_private.h"
#include "agent/voucher.h"
#include "tests/support/page.h"

#define BASH  "conf/completion/topupctl.bash"
#define ZSH   "conf/completion/_topupctl"
#define PAGE  "conf/man/topupd.8"
#define LISTS "conf/completion/"

/* ---- what the files say -------------------------------------------------- */

/* What stands between a function's braces; the caller frees it. */
static char *
body_of(const char *path, const char *function)
{
	char *text = page_text(path), opening[64];
	(void)snprintf(opening, sizeof(opening), "\n%s() {\n", function);
	const char *from = strstr(text, opening);
	const char *to = from == NULL ? NULL : strstr(from, "\n}\n");
	if (to == NULL) {
		fail_msg("%s has no %s", path, function);
		abort(); /* for who does not know that it does not return */
	}
	from += strlen(opening);
	char *body = strndup(from, (size_t)(to - from));
	free(text);
	return body;
}

static void
add_words(struct names *names, char *text)
{
	for (char *word; (word = strsep(&text, " \t\n\\")) != NULL;)
		if (word[0] != '\0' && word[0] != '-' &&
			strcmp(word, "echo") != 0 && strcmp(word, "print") != 0)
			names_add(names, word);
}

static void
expect_commands(const char *path)
{
	struct names found = {0}, code = {0};
	char *body = body_of(path, "_topupctl_commands");
	add_words(&found, body);
	free(body);
	for (size_t i = 0; ctl_command_at(i) != NULL; i++)
		names_add(&code, ctl_command_at(i)->name);
	names_expect_same(&found, path, &code, "the program");
	names_free(&found);
	names_free(&code);
}

static void
both_shells_know_each_command(void **state)
{
	(void)state;
	expect_commands(BASH);
	expect_commands(ZSH);
}

/* Long ones only: zsh's own "print -l --" has none. */
static void
take_row(const char *body, const char *command, struct names *out)
{
	char begin[40];
	struct names all = {0};
	(void)snprintf(begin, sizeof(begin), "\t%s) ", command);
	const char *row = strstr(body, begin);
	const char *end = row == NULL ? NULL : strstr(row, ";;");
	if (end != NULL) {
		char *text = strndup(row, (size_t)(end - row));
		page_dashed(text, &all);
		free(text);
	}
	for (size_t i = 0; i < all.count; i++)
		if (all.list[i][1] == '-')
			names_add(out, all.list[i]);
	names_free(&all);
}

static struct names
options_of(const struct ctl_command *command)
{
	struct names code = {0};
	char name[40];
	for (size_t k = 0; command->options[k].name != NULL; k++) {
		(void)snprintf(
			name, sizeof(name), "--%s", command->options[k].name);
		names_add(&code, name);
	}
	return code;
}

static void
expect_options(const char *path)
{
	const struct ctl_command *command;
	char *body = body_of(path, "_topupctl_options"), what[80];
	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++) {
		struct names found = {0}, code = options_of(command);
		take_row(body, command->name, &found);
		(void)snprintf(
			what, sizeof(what), "%s, %.20s", path, command->name);
		names_expect_same(&found, what, &code, "the program");
		names_free(&found);
		names_free(&code);
	}
	free(body);
}

static void
both_shells_know_each_option_of_a_command(void **state)
{
	(void)state;
	expect_options(BASH);
	expect_options(ZSH);
}

static void
take_daemons_options(void *ctx, const struct page_line *line)
{
	if (strcmp(line->section, "DESCRIPTION") == 0 &&
		strncmp(line->text, ".It Fl ", 7) == 0)
		page_options(line->text, ctx);
}

/* The page is held against the program itself. */
static void
both_shells_know_the_daemons_options(void **state)
{
	(void)state;
	static const char *const files[] = {
		LISTS "topupd.bash", LISTS "_topupd"};
	for (size_t i = 0; i < 2; i++) {
		struct names page = {0}, found = {0};
		char *body = body_of(files[i], "_topupd_options");
		page_each(PAGE, take_daemons_options, &page);
		page_dashed(strstr(body, "-c"), &found);
		free(body);
		names_add(&found, "-c");
		names_expect_same(&found, files[i], &page, PAGE);
		names_free(&page);
		names_free(&found);
	}
}

/* ---- what bash does ------------------------------------------------------ */

/* The words that bash offers for the last of these, one a line. */
static void
offered(const char *program, const char *words, struct names *out)
{
	char command[512];
	int status = 0;
	(void)snprintf(command, sizeof(command),
		"bash -c 'topupctl() { echo \"[{\\\"name\\\": \\\"shop1\\\","
		" \\\"port\\\": \\\"/dev/x\\\"}]\"; };"
		" source conf/completion/%s.bash; COMP_WORDS=(%s %s);"
		" COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _%s;"
		" printf \"%%s\\n\" \"${COMPREPLY[@]}\"'",
		program, program, words, program);
	char *text = page_output(command, &status), *rest = text;
	assert_int_equal(status, 0);
	for (char *word; (word = strsep(&rest, "\n")) != NULL;)
		if (word[0] != '\0')
			names_add(out, word);
	free(text);
}

static void
need_bash(void)
{
	int status = 0;
	free(page_output("command -v bash", &status));
	if (status == 0)
		return;
	print_message("bash is not installed: not looked at\n");
	skip();
}

static void
bash_offers_the_options_of_the_command_at_hand(void **state)
{
	(void)state;
	const struct ctl_command *command;
	need_bash();
	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++) {
		struct names found = {0}, code = options_of(command);
		char words[64];
		(void)snprintf(
			words, sizeof(words), "-c x.conf %s --", command->name);
		offered("topupctl", words, &found);
		names_add(&code, "--socket");
		names_add(&code, "--json");
		names_add(&code, "--help");
		names_expect_same(&found, command->name, &code, "the program");
		names_free(&found);
		names_free(&code);
	}
}

static void
expect_offer(const char *program, const char *words, const char *wanted)
{
	struct names found = {0}, code = {0};
	char *copy = strdup(wanted);
	offered(program, words, &found);
	add_words(&code, copy);
	free(copy);
	names_expect_same(&found, words, &code, "what was wanted");
	names_free(&found);
	names_free(&code);
}

static void
bash_offers_values_where_it_knows_them(void **state)
{
	(void)state;
	char states[128] = "";
	need_bash();
	for (int i = 0; i < VOUCHER_STATES; i++) {
		size_t len = strlen(states);
		(void)snprintf(states + len, sizeof(states) - len, "%s ",
			voucher_state_name((enum voucher_state)i));
	}
	expect_offer("topupctl", "vouchers --state \"\"", states);
	expect_offer("topupctl", "rel", "release reload");
	expect_offer("topupctl", "balance \"\"", "shop1");
	expect_offer("topupctl", "load --modem s", "shop1");
	expect_offer("topupctl", "resolve 17 re", "rejected retry");
	expect_offer("topupctl", "resolve 17 loaded --note \"\"", "");
	expect_offer("topupctl", "--json audit v", "verify");
	expect_offer("topupctl", "submit READ", "README.md");
	expect_offer("topupd", "--log = s", "syslog stderr");
	expect_offer("topupd", "-c READ", "README.md");
}

static void
zsh_finds_no_mistake_of_form(void **state)
{
	(void)state;
	int status = 0;
	free(page_output("command -v zsh", &status));
	if (status != 0) {
		print_message("zsh is not installed: not looked at\n");
		skip();
	}
	char *said = page_output("zsh -n conf/completion/_topupctl 2>&1 && "
				 "zsh -n conf/completion/_topupd 2>&1",
		&status);
	if (status != 0)
		fail_msg("%s", said);
	free(said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_shells_know_each_command),
		cmocka_unit_test(both_shells_know_each_option_of_a_command),
		cmocka_unit_test(both_shells_know_the_daemons_options),
		cmocka_unit_test(
			bash_offers_the_options_of_the_command_at_hand),
		cmocka_unit_test(bash_offers_values_where_it_knows_them),
		cmocka_unit_test(zsh_finds_no_mistake_of_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
