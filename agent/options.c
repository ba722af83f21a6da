/*
 * options: what topupd is told on its command line.
 */
#include "agent/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: topupd [-c FILE] [--check] [--restore BACKUP]\n"
	"              [--log=syslog|stderr|both] [--version] [--help]\n"
	"\n"
	"  -c, --config FILE  the configuration (/etc/topupd/topupd.conf)\n"
	"      --check        read it and all profiles, print every problem\n"
	"                     as FILE:LINE: message, exit 1 if there is any\n"
	"      --restore BACKUP\n"
	"                     make the ledger from a backup, where there is\n"
	"                     none or an older one; what was not yet dialled\n"
	"                     comes back held\n"
	"      --log=WHERE    where the log goes: syslog, stderr or both;\n"
	"                     audit lines go there as well\n"
	"      --version      print the version\n"
	"      --help         print this\n";

static int
read_log(const char *word, enum options_log *out)
{
	static const struct {
		const char *word;
		enum options_log log;
	} words[] = {{"syslog", OPTIONS_LOG_SYSLOG},
		{"stderr", OPTIONS_LOG_STDERR}, {"both", OPTIONS_LOG_BOTH}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			*out = words[i].log;
			return 0;
		}
	(void)fprintf(stderr,
		"topupd: --log takes syslog, stderr or both, not '%s'\n", word);
	return -EINVAL;
}

enum {
	OPTION_CHECK = 256,
	OPTION_RESTORE,
	OPTION_LOG,
	OPTION_VERSION,
	OPTION_HELP
};

static int
take(int option, struct options *out)
{
	switch (option) {
	case 'c':
		out->file = optarg;
		return 0;
	case OPTION_CHECK:
		out->check = true;
		return 0;
	case OPTION_RESTORE:
		out->restore = optarg;
		return 0;
	case OPTION_LOG:
		return read_log(optarg, &out->log);
	case OPTION_VERSION:
		(void)puts("topupd " TOPUP_VERSION);
		return 1;
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		return 1;
	default: /* getopt has said what is wrong */
		(void)fputs(usage, stderr);
		return -EINVAL;
	}
}

int
options_read(int argc, char **argv, struct options *out)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, OPTION_CHECK},
		{"restore", required_argument, NULL, OPTION_RESTORE},
		{"log", required_argument, NULL, OPTION_LOG},
		{"version", no_argument, NULL, OPTION_VERSION},
		{"help", no_argument, NULL, OPTION_HELP},
		{0},
	};
	*out = (struct options){.file = "/etc/topupd/topupd.conf"};
	int option;
	while ((option = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
		int rc = take(option, out);
		if (rc != 0)
			return rc;
	}
	if (optind == argc && !(out->check && out->restore != NULL))
		return 0;
	if (optind == argc)
		(void)fprintf(stderr, "topupd: --check changes nothing, and "
				      "does not go with --restore\n");
	else
		(void)fprintf(
			stderr, "topupd: what is '%s' for?\n", argv[optind]);
	(void)fputs(usage, stderr);
	return -EINVAL;
}
