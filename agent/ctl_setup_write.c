/*
 * ctl_setup_write: the configuration of `topupctl setup`. It must never leave
 * a file that does not pass the check in the place of one, nor lose one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ctl_setup.h"
#include "agent/problem.h"
#include "agent/reload.h"

enum { KEPT_MAX = 99 };

bool
setup_is_taken(const struct setup *setup, bool force)
{
	if (access(setup->file, F_OK) != 0 || force)
		return false;
	ctl_say(setup->ctl,
		"%s is there already: --force writes another one and keeps "
		"a copy of it",
		setup->file);
	return true;
}

/* ---- its text ------------------------------------------------------------ */

/* A text of libconfig; control characters were refused. */
static void
put_text(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

/* What was left out shows its default, as in the shipped file. */
static void
put_key(FILE *out, const char *key, const char *value, const char *fallback)
{
	(void)fprintf(out, "%s%s = ", value[0] != '\0' ? "" : "// ", key);
	put_text(out, value[0] != '\0' ? value : fallback);
	(void)fputs(";\n", out);
}

static void
put_member(FILE *out, const char *key, const char *value)
{
	(void)fprintf(out, "    %s = ", key);
	put_text(out, value);
	(void)fputs(";\n", out);
}

static void
put_modem(FILE *out, const struct setup_modem *m, bool last)
{
	(void)fprintf(out, "  {");
	if (m->make[0] != '\0') {
		char *make = ctl_text_clean(m->make); /* a modem's own words */
		(void)fprintf(out, " // %s", make);
		free(make);
	}
	(void)fputc('\n', out);
	put_member(out, "name", m->name);
	put_member(out, "port", m->port);
	put_member(out, "operator", m->operator);
	if (m->sim_pin_file[0] != '\0')
		put_member(out, "sim_pin_file", m->sim_pin_file);
	if (m->may_roam)
		(void)fputs("    roaming = true;\n", out);
	(void)fprintf(out, "  }%s\n", last ? "" : ",");
}

static void
put_all(FILE *out, const struct setup *setup)
{
	const struct setup_modem *last = NULL;
	(void)fputs("// Written by topupctl setup. All keys, with their "
		    "defaults: topupd.conf(5).\n\n",
		out);
	put_key(out, "spool_dir", setup->spool_dir, "/var/spool/topupd");
	put_key(out, "state_dir", setup->state_dir, "/var/lib/topupd");
	put_key(out, "runtime_dir", setup->runtime_dir, "/run/topupd");
	put_key(out, "operators_dir", setup->operators_dir,
		"/etc/topupd/operators");
	put_key(out, "group", setup->group, "topup");
	put_key(out, "timezone", setup->timezone, "Africa/Lagos");
	(void)fputs("\nmodems = (\n", out);
	for (size_t i = 0; i < setup->modem_count; i++)
		if (setup->modems[i].name[0] != '\0')
			last = &setup->modems[i];
	for (size_t i = 0; i < setup->modem_count; i++)
		if (setup->modems[i].name[0] != '\0')
			put_modem(out, &setup->modems[i],
				&setup->modems[i] == last);
	if (last == NULL)
		(void)fputs("  // none was found. Plug one in, then: "
			    "topupctl setup --force\n"
			    "  // { name = \"shop1\"; port = "
			    "\"imei:350000000000014\"; }\n",
			out);
	(void)fputs(");\n", out);
}

/* ---- its place ----------------------------------------------------------- */

static int
write_draft(const struct setup *setup, const char *draft)
{
	(void)unlink(draft); /* of a time before */
	int fd = open(draft,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL)
		return -errno;
	put_all(out, setup);
	int rc = fflush(out) != 0 || fchmod(fd, 0644) != 0 || fsync(fd) != 0
	                 ? -errno
	                 : 0;
	if (fclose(out) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* As `topupctl check` says it. */
static bool
passes(const struct setup *setup, const char *draft)
{
	struct problems *problems = problems_new();
	struct settings settings;
	const char *line;
	bool good = settings_read(draft, &settings, problems);
	for (size_t i = 0; !good && (line = problems_line(problems, i)); i++)
		ctl_say(setup->ctl, "%s", line);
	if (good)
		settings_free(&settings);
	else
		ctl_say(setup->ctl,
			"this would not pass the check; it is in %s, and "
			"nothing else was changed",
			draft);
	problems_free(problems);
	return good;
}

/* A second name for the file that is there: FILE.1, or the next free one. */
static int
keep_before(struct setup *setup)
{
	for (int i = 1; i <= KEPT_MAX; i++) {
		int n = snprintf(setup->kept, sizeof(setup->kept), "%s.%d",
			setup->file, i);
		if (n < 0 || (size_t)n >= sizeof(setup->kept))
			return -ENAMETOOLONG;
		if (link(setup->file, setup->kept) == 0)
			return 0;
		if (errno != EEXIST) {
			int rc = errno == ENOENT ? 0 : -errno; /* the first */
			setup->kept[0] = '\0';
			return rc;
		}
	}
	setup->kept[0] = '\0';
	return -EEXIST;
}

/* Whose folder is not there yet. */
static void
make_folder(const char *file)
{
	char folder[SETUP_VALUE_MAX];
	const char *slash = strrchr(file, '/');
	if (slash == NULL || slash == file ||
		(size_t)(slash - file) >= sizeof(folder))
		return;
	memcpy(folder, file, (size_t)(slash - file));
	folder[slash - file] = '\0';
	(void)mkdir(folder, 0755); /* what is wrong with it open() tells */
}

int
setup_write(struct setup *setup)
{
	char draft[SETUP_VALUE_MAX + 8];
	(void)snprintf(draft, sizeof(draft), "%s.new", setup->file);
	make_folder(setup->file);
	int rc = write_draft(setup, draft);
	if (rc == 0 && !passes(setup, draft))
		return -EIO;
	if (rc == 0)
		rc = keep_before(setup);
	if (rc == 0 && rename(draft, setup->file) != 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	ctl_say(setup->ctl, "%s cannot be written: %s", setup->file,
		strerror(-rc));
	return -EIO;
}

void
setup_next(const struct setup *setup, char next[SETUP_NEXT][400])
{
	bool usual = strcmp(setup->file, CTL_CONFIG_DEFAULT) == 0;
	bool systemd = access("/run/systemd/system", F_OK) == 0;
	char option[SETUP_VALUE_MAX + 8] = "";
	if (!usual)
		(void)snprintf(option, sizeof(option), " -c %s", setup->file);
	(void)snprintf(next[0], 400, "topupctl check%s", option);
	if (usual && systemd)
		(void)snprintf(next[1], 400, "systemctl enable --now topupd");
	else
		(void)snprintf(next[1], 400, "topupd%s", option);
	(void)snprintf(next[2], 400, "topupctl modems%s", option);
}
