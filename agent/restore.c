/*
 * restore: the configuration, the key, and the sentences around
 * ledger_restore(). It must never make a key: a new one opens nothing.
 */
#include "agent/restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/ledger_copy.h"
#include "agent/problem.h"
#include "agent/vault.h"

enum { PATH_BYTES = 4096, WHY_MAX = 1024 };

static void
say(const char *what)
{
	(void)fprintf(stderr, "topupd: %s\n", what);
}

static int64_t
wall_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail on Linux */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct config *
read_config(const char *file)
{
	struct problems *problems = problems_new();
	struct config *config = config_load(file, problems);
	const char *line;
	for (size_t i = 0; (line = problems_line(problems, i)) != NULL; i++)
		(void)fprintf(stderr, "%s\n", line);
	if (config != NULL && problems_errors(problems) > 0) {
		config_free(config);
		config = NULL;
	}
	problems_free(problems);
	return config;
}

/* The first few by their numbers; with more, all that is held is the way. */
static void
say_release(const struct ledger_restored *made)
{
	(void)puts("Once you are sure that nothing else dialled them since "
		   "the backup was made (the lost ledger, another copy):");
	int64_t shown = made->batches < LEDGER_RESTORED_BATCHES
	                        ? made->batches
	                        : LEDGER_RESTORED_BATCHES;
	for (int64_t i = 0; i < shown; i++)
		(void)printf("  topupctl release --batch %lld\n",
			(long long)made->batch[i]);
	if (made->batches > shown)
		(void)printf("and so on for %lld batches more: topupctl "
			     "vouchers --state held\n",
			(long long)(made->batches - shown));
}

static void
say_made(const char *path, const char *backup,
	const struct ledger_restored *made)
{
	(void)printf("%s is made from %s, which ends with audit entry %lld.\n",
		path, backup, (long long)made->seq);
	if (made->kept[0] != '\0')
		(void)printf("The ledger that was there is kept as %s.\n",
			made->kept);
	if (made->on_air > 0)
		(void)printf("%lld vouchers were on air and become unknown "
			     "when topupd starts.\n",
			(long long)made->on_air);
	(void)printf("%lld vouchers that were not dialled yet are held; "
		     "nothing of them is dialled by itself.\n",
		(long long)made->held);
	if (made->held > 0)
		say_release(made);
}

static int
restore_with(const struct config *config, const char *backup)
{
	char path[PATH_BYTES], who[64], why[WHY_MAX] = "";
	int n = snprintf(path, sizeof(path), "%s/ledger.db", config->state_dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		say("state_dir is too long");
		return -EINVAL;
	}
	/* A folder that is missing is refused with the lock's words. */
	(void)mkdir(config->state_dir, 0750);
	(void)snprintf(who, sizeof(who), "uid:%lu", (unsigned long)getuid());
	struct vault *vault =
		vault_open(config->key_file, false, why, sizeof(why));
	if (vault == NULL) {
		say(why);
		say("nothing was restored: a ledger is of no use without the "
		    "key it was sealed with; put a copy of it there first");
		return -EINVAL;
	}
	const struct ledger_restore how = {.path = path,
		.backup = backup,
		.who = who,
		.wall_ms = wall_ms(),
		.vault = vault};
	struct ledger_restored made;
	int rc = ledger_restore(&how, &made, why, sizeof(why));
	if (rc == 0)
		say_made(path, backup, &made);
	else
		say(why);
	vault_close(vault);
	return rc;
}

int
restore_run(const char *config_file, const char *backup)
{
	const struct rlimit none = {0};
	(void)setrlimit(RLIMIT_CORE, &none); /* the key is in memory */
	(void)umask(027);
	struct config *config = read_config(config_file);
	if (config == NULL)
		return -EINVAL;
	int rc = restore_with(config, backup);
	config_free(config);
	if (rc == 0 && fflush(stdout) != 0)
		say("it is restored, but this could not be printed");
	return rc;
}
