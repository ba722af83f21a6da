/*
 * ctl_setup: what the files of `topupctl setup` share: ctl_setup.c is the way,
 * ctl_setup_ask.c questions and their answers, ctl_setup_find.c the modems,
 * ctl_setup_write.c the configuration. Only these include it.
 */
#ifndef AGENT_CTL_SETUP_H
#define AGENT_CTL_SETUP_H

#include "agent/ctl_private.h"

struct config;
struct profiles;
struct setup_answers;

enum { SETUP_MODEMS_MAX = 64, SETUP_VALUE_MAX = 256, SETUP_IDENT_MAX = 128 };

struct setup_modem {
	char ident[SETUP_IDENT_MAX]; /* what answers name it by: its IMEI; where
	                                that is not known or not its own, its
	                                port */
	char probed[SETUP_IDENT_MAX]; /* the port that was asked */
	char port[SETUP_VALUE_MAX];   /* for the configuration */
	char name[SETUP_VALUE_MAX];   /* "": left out */
	char operator[SETUP_VALUE_MAX];
	char sim_pin_file[SETUP_VALUE_MAX]; /* "": none */
	char make[80], imei[17], imsi[17], network[32];
	char why[128]; /* what keeps it from being used; "" */
	char balance[512];
	size_t profiles; /* that fit its SIM */
	bool answers, needs_pin, roams, may_roam;
	bool usb; /* any of its ports may be opened */
};

struct setup {
	struct ctl *ctl;
	struct setup_answers *answers; /* NULL: a person is asked */
	const char *file;
	struct config
		*before; /* what it had, for what is not said anew; NULL */
	struct profiles *profiles;
	struct setup_modem modems[SETUP_MODEMS_MAX];
	size_t modem_count;
	char group[SETUP_VALUE_MAX], timezone[SETUP_VALUE_MAX]; /* or "" */
	char spool_dir[SETUP_VALUE_MAX], state_dir[SETUP_VALUE_MAX];
	char runtime_dir[SETUP_VALUE_MAX], operators_dir[SETUP_VALUE_MAX];
	char kept[SETUP_VALUE_MAX + 8]; /* the copy of the one before; "" */
};

/* ---- ctl_setup_ask.c ------------------------------------------------------
 */

struct setup_question {
	const char *key;     /* of the answers file */
	const char *subject; /* "modem.SUBJECT = ..."; NULL: none */
	const char *text;    /* for a person; NULL: nobody is asked, the
	                        fallback is taken */
	const char *fallback;
	/* What is wrong with an answer, for people (static); NULL: nothing.
	 * NULL itself: every answer is right. */
	const char *(*complaint)(const struct setup *setup, const char *value);
};

/* out has SETUP_VALUE_MAX bytes. 0; -EINVAL for a wrong value in the file, and
 * -ECANCELED where the person leaves, both told. */
int setup_ask(
	struct setup *setup, const struct setup_question *question, char *out);
/* "yes" or "no". */
int setup_ask_flag(struct setup *setup, const char *key, const char *subject,
	const char *text, bool *out);

/* Reads an answers file: all its problems are told, then NULL. */
struct setup_answers *setup_answers_read(struct ctl *ctl, const char *path);
void setup_answers_free(struct setup_answers *answers);
/* An answer of that key that nobody asked for, marked as asked; its subject;
 * NULL when there is none left. */
const char *setup_answers_left(struct setup_answers *answers, const char *key,
	const char **value, unsigned *line);

/* To standard output, where people read it: not with --json. */
void setup_tell(const struct setup *setup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- ctl_setup_find.c -----------------------------------------------------
 */

/* Finds modems and asks each who it is. 0, or as setup_ask(). */
int setup_find(struct setup *setup);

/* ---- ctl_setup_write.c ----------------------------------------------------
 */

/* Whether a file is there already that may not be replaced; was told. */
bool setup_is_taken(const struct setup *setup, bool force);
/* Writes it whole, checked, in place of the one before, of which a copy is
 * kept. 0, or -EIO after telling. */
int setup_write(struct setup *setup);
/* The three commands that come next. */
enum { SETUP_NEXT = 3 };
void setup_next(const struct setup *setup, char next[SETUP_NEXT][400]);

#endif
