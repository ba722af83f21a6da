/*
 * ctl: one call of topupctl: its words, its help, its exit status. A PIN
 * must never be among the words.
 */
#include "agent/ctl.h"

#include "agent/ctl_private.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "modem/span.h"

/* ---- saying -------------------------------------------------------------- */

static void
say(const struct ctl *ctl, const char *format, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, format, args) < 0)
		abort();
	/* It may repeat a word that somebody's program was given. */
	char *clean = ctl_text_clean(text);
	(void)fprintf(ctl->err.file, "topupctl: %s\n", clean);
	free(clean);
	free(text);
}

void
ctl_say(const struct ctl *ctl, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)fflush(ctl->out.file); /* in the order in which it was said */
	say(ctl, format, args);
	va_end(args);
}

int
ctl_wrong(const struct ctl *ctl, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	(void)fprintf(ctl->err.file, "try: topupctl%s%s --help\n",
		ctl->command != NULL ? " " : "",
		ctl->command != NULL ? ctl->command->name : "");
	return CTL_USAGE;
}

bool
ctl_number(const struct ctl *ctl, const char *what, const char *text, bool zero,
	int64_t *out)
{
	uint64_t value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9' && value < 1000000000000000; p++)
		value = 10 * value + (uint64_t)(*p - '0');
	if (p != text && *p == '\0' && (value > 0 || zero)) {
		*out = (int64_t)value;
		return true;
	}
	(void)ctl_wrong(ctl, "'%s' is no number (%s)", text, what);
	return false;
}

const char *
ctl_option_value(const struct ctl *ctl, const char *name)
{
	for (size_t i = 0; ctl->command->options[i].name != NULL; i++) {
		if (strcmp(ctl->command->options[i].name, name) == 0)
			return ctl->values[i];
	}
	return NULL; /* the command has none of that name */
}

enum { HELP_WIDTH = 76 };

/* ---- help ---------------------------------------------------------------- */

/* One word of the usage; a new line where there is no room. */
static void
print_usage_word(const char *word, size_t *used)
{
	if (*used + 1 + strlen(word) > HELP_WIDTH) {
		(void)printf("\n      ");
		*used = 6;
	}
	(void)printf(" %s", word);
	*used += 1 + strlen(word);
}

static void
print_usage(const struct ctl_command *command)
{
	char word[64];
	size_t used = 15 + strlen(command->name); /* before the first word */
	(void)printf("usage: topupctl %s", command->name);
	for (size_t i = 0; command->options[i].name != NULL; i++) {
		const struct ctl_option *option = &command->options[i];
		(void)snprintf(word, sizeof(word), "[--%s%s%s]", option->name,
			option->value != NULL ? " " : "",
			option->value != NULL ? option->value : "");
		print_usage_word(word, &used);
	}
	if (command->args[0] != '\0')
		print_usage_word(command->args, &used);
	(void)putchar('\n');
}

static void
print_option(const char *name, const char *value, const char *help)
{
	char left[64];
	(void)snprintf(left, sizeof(left), "%s%s%s", name,
		value != NULL ? " " : "", value != NULL ? value : "");
	(void)printf("  %-18s  %s\n", left, help);
}

static void
print_help(const struct ctl_command *command)
{
	print_usage(command);
	(void)printf("\n%s%s\n", command->summary,
		command->admin ? " For root and the user of topupd." : "");
	if (command->more[0] != '\0')
		(void)printf("%s\n", command->more);
	(void)puts("\noptions:");
	for (size_t i = 0; command->options[i].name != NULL; i++) {
		const struct ctl_option *option = &command->options[i];
		char name[32];
		(void)snprintf(name, sizeof(name), "--%s", option->name);
		print_option(name, option->value, option->help);
	}
	print_option("-c", "FILE",
		"the configuration (default " CTL_CONFIG_DEFAULT ")");
	print_option("--socket", "PATH", "the daemon's control socket");
	print_option("--json", NULL, "JSON instead of text for people");
	print_option("--help", NULL, "this");
	(void)printf("\nexample:\n  %s\n", command->example);
}

static void
print_all_help(void)
{
	(void)puts("usage: topupctl [-c FILE | --socket PATH] [--json] COMMAND "
		   "...\n\ntopupctl asks the daemon topupd.\n");
	for (size_t i = 0; ctl_command_at(i) != NULL; i++) {
		const struct ctl_command *command = ctl_command_at(i);
		(void)printf("  %-9s%c %s\n", command->name,
			command->admin ? '*' : ' ', command->summary);
	}
	(void)puts("\n* for root and the user of topupd. "
		   "topupctl COMMAND --help says more.\n"
		   "Exit status: 0 done, 1 refused or failed, 2 wrong usage,\n"
		   "3 topupd does not answer, 4 done, but something is left "
		   "held or unknown.");
}

/* ---- words --------------------------------------------------------------- */

struct words {
	char **argv;
	int argc, at;
	bool help, version;
};

/*
 * If the word at hand is --NAME, -c for short, its value: the rest after
 * '=' or the next word. 0: it is another; -EINVAL: the value is missing.
 */
static int
value_of(struct words *words, const char *name, const char **value)
{
	const char *word = words->argv[words->at];
	size_t len = strlen(name);
	if (strncmp(word, name, len) != 0)
		return 0;
	if (word[len] == '=' && name[1] == '-') {
		*value = word + len + 1;
		return 1;
	}
	if (word[len] != '\0')
		return 0;
	if (words->at + 1 >= words->argc)
		return -EINVAL;
	*value = words->argv[++words->at];
	return 1;
}

/* 1: taken; 0: none of these. */
static int
take_common(struct ctl *ctl, struct words *words)
{
	const char *word = words->argv[words->at];
	if (strcmp(word, "--json") == 0)
		ctl->json = true;
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		words->help = true;
	else if (strcmp(word, "--version") == 0)
		words->version = true;
	else {
		int taken = value_of(words, "-c", &ctl->config);
		return taken != 0 ? taken
		                  : value_of(words, "--socket", &ctl->socket);
	}
	return 1;
}

static int
take_option(struct ctl *ctl, struct words *words)
{
	char name[32];
	const struct ctl_option *options = ctl->command->options;
	for (size_t i = 0; options[i].name != NULL; i++) {
		(void)snprintf(name, sizeof(name), "--%s", options[i].name);
		if (options[i].value != NULL) {
			int taken = value_of(words, name, &ctl->values[i]);
			if (taken != 0)
				return taken;
		} else if (strcmp(words->argv[words->at], name) == 0) {
			ctl->values[i] = "";
			return 1;
		}
	}
	return 0;
}

/* One word; CTL_DONE or CTL_USAGE. */
static int
take_word(struct ctl *ctl, struct words *words)
{
	char *word = words->argv[words->at];
	int taken = take_common(ctl, words);
	if (taken == 0 && ctl->command != NULL)
		taken = take_option(ctl, words);
	if (taken < 0)
		return ctl_wrong(ctl, "%s needs a value", word);
	if (taken > 0)
		return CTL_DONE;
	if (word[0] == '-' && word[1] != '\0')
		return ctl_wrong(ctl, "unknown option '%s'", word);
	if (ctl->command != NULL) {
		ctl->args[ctl->arg_count++] = word;
		return CTL_DONE;
	}
	ctl->command = ctl_command_find(word);
	return ctl->command != NULL
	               ? CTL_DONE
	               : ctl_wrong(ctl, "unknown command '%s'", word);
}

static int
take_words(struct ctl *ctl, struct words *words)
{
	for (; words->at < words->argc; words->at++) {
		if (strcmp(words->argv[words->at], "--") == 0 &&
			ctl->command != NULL) {
			while (++words->at < words->argc)
				ctl->args[ctl->arg_count++] =
					words->argv[words->at];
			break;
		}
		int exit_status = take_word(ctl, words);
		if (exit_status != CTL_DONE)
			return exit_status;
	}
	return CTL_DONE;
}

static int
run(struct ctl *ctl, const struct words *words)
{
	const struct ctl_command *command = ctl->command;
	if (words->version) {
		(void)puts("topupctl " TOPUP_VERSION);
		return CTL_DONE;
	}
	if (words->help) {
		if (command != NULL)
			print_help(command);
		else
			print_all_help();
		return CTL_DONE;
	}
	if (command == NULL)
		return ctl_wrong(ctl, "which command?");
	if (ctl->arg_count < command->min)
		return ctl_wrong(
			ctl, "%s needs %s", command->name, command->args);
	/* The word is not repeated: it may be a PIN that somebody typed. */
	if (command->max >= 0 && ctl->arg_count > command->max)
		return ctl_wrong(ctl, "%s takes %s%s", command->name,
			command->max == 0 ? "no such word" : "no more than ",
			command->args);
	return command->run(ctl);
}

int
ctl_main(int argc, char **argv)
{
	struct ctl ctl = {.command = NULL};
	struct words words = {.argv = argv, .argc = argc, .at = 1};
	(void)setlocale(LC_ALL, ""); /* without it: plain ASCII widths */
	ctl_screen_init(&ctl.out, stdout);
	ctl_screen_init(&ctl.err, stderr);
	ctl.args = calloc((size_t)argc + 1, sizeof(*ctl.args));
	if (ctl.args == NULL)
		abort();
	int exit_status = take_words(&ctl, &words);
	if (exit_status == CTL_DONE)
		exit_status = run(&ctl, &words);
	free(ctl.args);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		ctl_say(&ctl, "cannot write the answer: %s", strerror(errno));
		return exit_status == CTL_DONE ? CTL_REFUSED : exit_status;
	}
	return exit_status;
}
