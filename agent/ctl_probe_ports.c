/*
 * ctl_probe_ports: the ports that one USB device has, and names that stay.
 * Each port is asked AT, once, and nothing else.
 */
#include "agent/ctl_probe.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/port.h"

enum { BAUD = 115200 };

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

/* The drivers of modems; those of serial adapters are others, and behind an
 * adapter the search for an IMEI does not look. */
bool
probe_is_usb_modem(const char *port)
{
	static const char *const drivers[] = {
		"option", "qcserial", "sierra", "cdc_acm", "hso"};
	char node[PATH_MAX], real[PATH_MAX], path[PATH_MAX], device[PATH_MAX];
	if (realpath(port, node) == NULL)
		return false;
	const char *tty = strrchr(node, '/') + 1;
	int n = snprintf(
		path, sizeof(path), "/sys/class/tty/%s/device/driver", tty);
	if (n < 0 || (size_t)n >= sizeof(path) ||
		realpath(path, real) == NULL || !device_of(tty, device))
		return false;
	const char *driver = strrchr(real, '/') + 1;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strncmp(driver, drivers[i], strlen(drivers[i])) == 0)
			return true;
	return false;
}

/* ---- asking -------------------------------------------------------------- */

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
		const struct port_options where = {
			.where = other->path, .baud = BAUD};
		other->answers = port_answers(&where, other->why,
					 sizeof(other->why)) > 0;
	}
	(void)closedir(dir);
}
