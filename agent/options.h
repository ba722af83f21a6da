/*
 * options: the command line of topupd. Pure but for the texts of --help and
 * --version.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdbool.h>

enum options_log {
	OPTIONS_LOG_DEFAULT, /* syslog; stderr too when it is a terminal */
	OPTIONS_LOG_SYSLOG,
	OPTIONS_LOG_STDERR,
	OPTIONS_LOG_BOTH
};

struct options {
	const char *file;    /* the configuration; argv's */
	const char *restore; /* a backup; argv's; NULL: run */
	bool check;
	enum options_log log;
};

/*
 * Reads argv. 0 to go on; 1 when the answer was all that was wanted (help,
 * version: printed); -EINVAL for wrong usage, said on standard error.
 */
int options_read(int argc, char **argv, struct options *out);

#endif
