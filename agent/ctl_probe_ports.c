/*
 * ctl_probe_ports: the ports that one USB device has, and names that stay.
 * Each port is asked AT, once, and nothing else.
 */
#include "agent/ctl_probe.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modem/port.h"

enum { ASK_MS = 1500, TURN_MS = 50, BAUD = 115200 };

static const char by_id[] = "/dev/serial/by-id";

/* ---- names --------------------------------------------------------------- */

void
probe_lasting_name(const char *port, char *out, size_t cap)
{
	char real[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
	(void)snprintf(out, cap, "%s", port);
	DIR *dir = opendir(by_id);
	if (dir == NULL)
		return;
	const struct dirent *entry;
	while (realpath(port, real) != NULL && (entry = readdir(dir)) != NULL) {
		int n = snprintf(
			path, sizeof(path), "%s/%s", by_id, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(path) ||
			realpath(path, other) == NULL ||
			strcmp(real, other) != 0)
			continue;
		(void)snprintf(out, cap, "%s", path);
		break;
	}
	(void)closedir(dir);
}

/* The folder of the USB device that a tty is a port of, "" for none: above
 * the tty's is its interface, and above that the device. */
static bool
device_of(const char *tty, char *out)
{
	char path[PATH_MAX], real[PATH_MAX];
	int n = snprintf(path, sizeof(path), "/sys/class/tty/%s/device", tty);
	if (n < 0 || (size_t)n >= sizeof(path) || realpath(path, real) == NULL)
		return false;
	for (int up = 0; up < 3; up++) {
		int k = snprintf(path, sizeof(path), "%s/idVendor", real);
		if (k < 0 || (size_t)k >= sizeof(path))
			return false;
		if (realpath(path, out) != NULL) {
			*strrchr(out, '/') = '\0';
			return true;
		}
		char *slash = strrchr(real, '/');
		if (slash == NULL || slash == real)
			return false;
		*slash = '\0';
	}
	return false;
}

/* ---- asking -------------------------------------------------------------- */

static bool
has_ok(const char *heard)
{
	return strstr(heard, "\r\nOK\r\n") != NULL ||
	       strstr(heard, "\nOK\n") != NULL;
}

/* Reads until OK or the time is over. */
static bool
hear_ok(struct port *port)
{
	char heard[1024] = "";
	size_t len = 0;
	for (int ms = 0; ms < ASK_MS && len + 1 < sizeof(heard);
		ms += TURN_MS) {
		struct pollfd look = {
			.fd = port->ops->fd(port), .events = POLLIN};
		(void)poll(&look, 1, TURN_MS);
		ssize_t n = port->ops->read(
			port, heard + len, sizeof(heard) - 1 - len);
		if (n < 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (heard[len + (size_t)i] == '\0')
				heard[len + (size_t)i] = '?';
		len += (size_t)n;
		heard[len] = '\0';
		if (has_ok(heard))
			return true;
	}
	return false;
}

static void
ask(struct probe_other *other)
{
	static const char at[] = "AT\r";
	const struct port_options where = {.where = other->path, .baud = BAUD};
	struct port *port = port_new(&where, other->why, sizeof(other->why));
	if (port == NULL)
		return;
	int rc = port->ops->open(port);
	if (rc < 0)
		(void)snprintf(other->why, sizeof(other->why), "%s",
			rc == -EBUSY ? "another program holds it"
				     : strerror(-rc));
	else
		other->answers =
			port->ops->write(port, at, sizeof(at) - 1) > 0 &&
			hear_ok(port);
	port->ops->free(port);
}

void
probe_look_at_others(struct probe_found *found)
{
	char real[PATH_MAX], mine[PATH_MAX], device[PATH_MAX];
	if (realpath(found->port, real) == NULL ||
		!device_of(strrchr(real, '/') + 1, mine))
		return;
	DIR *dir = opendir("/sys/class/tty");
	if (dir == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL &&
		found->other_count < PROBE_OTHERS_MAX) {
		struct probe_other *other = &found->others[found->other_count];
		if (!device_of(entry->d_name, device) ||
			strcmp(mine, device) != 0 ||
			strcmp(entry->d_name, strrchr(real, '/') + 1) == 0)
			continue;
		int n = snprintf(other->path, sizeof(other->path), "/dev/%s",
			entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(other->path))
			continue;
		found->other_count++;
		ask(other);
	}
	(void)closedir(dir);
}
