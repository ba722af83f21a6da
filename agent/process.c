/*
 * process: see process.h.
 */
#include "agent/process.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/problem.h"

/* ---- what is wrong with the configuration ------------------------------ */

/* A person must act on an error; a warning only tells. */
static enum log_level
level_of(const char *problem)
{
	return strstr(problem, ": warning: ") ? LOG_AT_WARNING : LOG_AT_ERROR;
}

void
process_tell_problems(const struct problems *problems, char *out, size_t cap)
{
	size_t at = 0;
	const char *text;
	if (cap > 0)
		out[0] = '\0';
	for (size_t i = 0; (text = problems_line(problems, i)); i++) {
		log_line(level_of(text), "reload %s", text);
		int n = snprintf(out + at, cap - at, "%s\n", text);
		if (n < 0 || (size_t)n >= cap - at)
			return;
		at += (size_t)n;
	}
}

int
process_check(const char *file)
{
	struct problems *problems = problems_new();
	struct settings settings;
	const char *text;
	if (settings_read(file, &settings, problems))
		settings_free(&settings);
	for (size_t i = 0; (text = problems_line(problems, i)); i++)
		(void)puts(text);
	int rc = problems_errors(problems) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	problems_free(problems);
	return rc;
}

bool
process_read_settings(const char *file, struct settings *out)
{
	struct problems *problems = problems_new();
	bool good = settings_read(file, out, problems);
	const char *text;
	for (size_t i = 0; (text = problems_line(problems, i)); i++)
		log_line(level_of(text), "config %s", text);
	problems_free(problems);
	return good;
}

/* ---- what the process needs -------------------------------------------- */

void
process_open_log(const struct config *config, enum options_log where)
{
	struct log_options options = {.ident = "topupd",
		.socket = config->log_socket,
		.facility = config->log_facility,
		.level = config->log_level,
		.to_syslog = where != OPTIONS_LOG_STDERR,
		.to_stderr = where == OPTIONS_LOG_STDERR ||
	                     where == OPTIONS_LOG_BOTH ||
	                     (where == OPTIONS_LOG_DEFAULT &&
				     isatty(STDERR_FILENO))};
	log_open(&options);
}

void
process_harden(const struct config *config)
{
	struct rlimit none = {0};
	(void)umask(027);
	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker attaches to its process */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
	(void)signal(SIGPIPE, SIG_IGN);
	if (config->timezone)
		(void)setenv("TZ", config->timezone, 1);
	tzset();
}

bool
process_find_group(const struct config *config, gid_t *out)
{
	const char *name = config->group;
	struct group *group = name ? getgrnam(name) : NULL;
	*out = group ? group->gr_gid : (gid_t)-1;
	if (name && !group)
		log_line(LOG_AT_ERROR,
			"config group=%s why=\"no such group; "
			"make it, or leave the key out\"",
			name);
	return !name || group;
}

bool
process_make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return true;
	log_line(LOG_AT_ERROR, "topupd folder path=%s why=\"%s\"", path,
		strerror(errno));
	return false;
}
