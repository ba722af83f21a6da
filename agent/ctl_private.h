/*
 * ctl_private: what the files of ctl share. Nobody else includes it.
 */
#ifndef AGENT_CTL_PRIVATE_H
#define AGENT_CTL_PRIVATE_H

#include "agent/ctl_runs.h"
#include "agent/ctl_screen.h"

enum {
	CTL_DONE = 0,
	CTL_REFUSED = 1,
	CTL_USAGE = 2,
	CTL_NO_DAEMON = 3,
	CTL_LEFT_OPEN = 4,
	CTL_OPTIONS_MAX = 8
};

/* ---- ctl_commands.c: the table of commands ------------------------------- */

struct ctl;

struct ctl_option {
	const char *name;  /* without its dashes */
	const char *value; /* what follows it, "ID"; NULL for none */
	const char *help;
};

struct ctl_command {
	const char *name;
	const char *args;    /* what follows the options, "ID..."; or "" */
	const char *summary; /* one line */
	const char *more;    /* paragraphs for --help; "" for none */
	const char *example;
	bool admin;   /* root and the daemon's own user */
	int min, max; /* how many arguments; max -1: any number */
	struct ctl_option options[CTL_OPTIONS_MAX]; /* ended by a NULL name */
	int (*run)(struct ctl *ctl);
};

/* Row i of the table; NULL past the end. */
const struct ctl_command *ctl_command_at(size_t i);
const struct ctl_command *ctl_command_find(const char *name);

/* ---- ctl.c: one call of topupctl ---------------------------------------- */

struct ctl {
	const struct ctl_command *command;
	const char *values[CTL_OPTIONS_MAX]; /* NULL: not given */
	char **args;
	int arg_count;
	const char *config; /* NULL: the default */
	const char *socket; /* NULL: from the configuration */
	bool json;
	struct ctl_screen out, err;
};

/* The value of an option of the command's table ("" for one without value);
 * NULL when not given. */
const char *ctl_option_value(const struct ctl *ctl, const char *name);

/* "topupctl: ..." on standard error. */
void ctl_say(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for wrong usage, with where help is; CTL_USAGE. */
int ctl_wrong(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A number above 0 (or 0 where zero is true). false: was told. */
bool ctl_number(const struct ctl *ctl, const char *what, const char *text,
	bool zero, int64_t *out);

#define CTL_CONFIG_DEFAULT "/etc/topupd/topupd.conf"

/* ---- ctl_client.c: asking the daemon ------------------------------------ */

struct ctl_hooks {
	const char *request; /* where it is not the command's name */
	void *ctx;
	void (*on_item)(void *ctx, const struct json *item);
	void (*on_progress)(void *ctx, const struct json *progress);
	/* After it: *line is sent back, and freed; untouched when there is
	 * none (the daemon spoke first: sock is readable). false: the person
	 * leaves, and all is done. May be NULL. */
	bool (*reply)(void *ctx, int sock, char **line);
	/* exit is the daemon's; what it returns is topupctl's. */
	int (*on_done)(void *ctx, const struct json *done, int exit_status);
	/* Ctrl-C while waiting; what it returns is topupctl's. NULL: the
	 * signal does what it always does. */
	int (*on_interrupt)(void *ctx);
	bool waits; /* the answer may take any time */
};

/* Takes args over; fd (or -1) goes with the request and stays the caller's.
 * The exit status. */
int ctl_ask(struct ctl *ctl, struct json *args, int fd,
	const struct ctl_hooks *hooks);

/* ---- ctl_show.c: common ways to show an answer -------------------------- */

/* A list: items as a table, or as a JSON array. */
int ctl_show_list(struct ctl *ctl, struct json *args,
	const struct ctl_column *columns, const char *nothing);
/* One object: as JSON, or for people by print. */
int ctl_show_object(struct ctl *ctl, struct json *args,
	int (*print)(struct ctl *ctl, const struct json *done, int exit));
/* A sentence, made clean, on standard output, in lines that fit. */
void ctl_print(struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One JSON document and a line end on standard output. */
void ctl_show_json(const struct json *value);

/* Puts an option's text, number, into args when it was given. */
void ctl_put_text(const struct ctl *ctl, struct json *args, const char *option,
	const char *key);
bool ctl_put_number(
	const struct ctl *ctl, struct json *args, const char *option);
/* --since TIME as since_ms. */
bool ctl_put_since(const struct ctl *ctl, struct json *args);

/* ---- ctl_file.c: a file that a person named ----------------------------- */

struct ctl_file;
/* "-" is standard output. A plain file gets its name only once it is whole.
 * NULL: was told. */
struct ctl_file *ctl_file_new(const struct ctl *ctl, const char *path);
FILE *ctl_file_stream(struct ctl_file *file);
/* Frees it. Not whole: nothing is left of it, what stood there stays. false:
 * it could not be written; was told. */
bool ctl_file_end(struct ctl_file *file, bool whole);

/* Tells why vouchers were refused: a list of {id, reason}. */
void ctl_say_refused(struct ctl *ctl, const struct json *refused);
void ctl_hide_memory(void); /* from core files and from debuggers */

#endif
