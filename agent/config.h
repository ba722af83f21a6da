/*
 * config: topupd.conf (libconfig) into plain values. Values only: it opens
 * nothing but the configuration itself.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/log.h"

struct problems;

enum { CONFIG_NAME_MAX = 32 };

struct config_modem {
	char name[CONFIG_NAME_MAX];
	char *port;
	char *identity;                 /* port_identity() of port */
	char operator[CONFIG_NAME_MAX]; /* a profile's stem, or "auto" */
	char *sim_pin_file;             /* or NULL */
	char *power_command;            /* a program, or NULL */
	unsigned baud;
	char dialect[CONFIG_NAME_MAX]; /* or "auto" */
	bool roaming;
	char account[CONFIG_NAME_MAX]; /* or "" */
	char *file;                    /* where it stands, */
	unsigned line;                 /* and in which line of that */
};

struct config {
	char *file;
	char *spool_dir;
	char *state_dir;
	char *runtime_dir;
	char *operators_dir;
	char *key_file;
	char *group;      /* or NULL: the daemon's own */
	char *timezone;   /* or NULL: the system's */
	char *log_socket; /* log.socket, default "/dev/log" */
	int log_facility;
	enum log_level log_level;
	char *on_event;     /* a program, or NULL */
	char *metrics_file; /* or NULL */
	int64_t metrics_interval_ms;
	/* alarms; 0: off */
	int64_t idle_ms, unknown_ms, modem_down_ms;
	struct config_modem *modems;
	size_t modem_count;
};

/*
 * Reads a configuration. Every problem is added with file and line. NULL
 * only when there is nothing to give (unreadable, or a syntax error);
 * otherwise the caller frees the result, and uses it only if no error came.
 * (The name config_read is libconfig's own.)
 */
struct config *config_load(const char *file, struct problems *problems);
void config_free(struct config *config);

/* Name of key i: of the file itself (group ""), of a group in it ("log",
 * "alarms"), of a modem ("modems"). NULL past the end; the manual is held
 * against it. */
const char *config_key_at(const char *group, size_t i);

#endif
