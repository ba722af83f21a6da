/*
 * process: the process that the daemon lives in, and what it says of its
 * configuration: log, limits, zone, group, folders. It must never touch what
 * is in the folders.
 */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#include "agent/options.h"
#include "agent/reload.h"

/* topupd --check: each problem of the configuration on standard output. The
 * exit status. */
int process_check(const char *file);

/* As settings_read(), each problem in the log. */
bool process_read_settings(const char *file, struct settings *out);

/* Each problem of a reload into the log; the lines of all into out, as many as
 * fit. */
void process_tell_problems(
	const struct problems *problems, char *out, size_t cap);

/* Where the command line wants the log, else as log in the configuration. */
void process_open_log(const struct config *config, enum options_log where);

/* No core with a PIN in it, no file that others may read, the zone in which
 * hours and dates are meant. */
void process_harden(const struct config *config);

/* (gid_t)-1 where none is configured. false, and said, where it does not
 * exist. */
bool process_find_group(const struct config *config, gid_t *out);

/* false, and said, where it is not there and cannot be made. */
bool process_make_folder(const char *path, mode_t mode);

#endif
