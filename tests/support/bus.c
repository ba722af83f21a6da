/*
 * bus: folders and small files. Removes only what it made itself.
 */
#include "tests/support/bus.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH = 512 };

static void
put(const char *folder, const char *name, const char *value)
{
	char path[PATH];
	FILE *f;

	assert_in_range(snprintf(path, PATH, "%s/%s", folder, name), 1, PATH);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "%s\n", value) > 0);
	assert_int_equal(fclose(f), 0);
}

static void
make(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

void
bus_init(struct bus *bus)
{
	static const char *const folders[] = {
		"sys", "sys/bus", "sys/bus/usb", "sys/bus/usb/devices", "dev"};
	char path[PATH];

	snprintf(bus->dir, sizeof(bus->dir), "/tmp/bus-XXXXXX");
	assert_non_null(mkdtemp(bus->dir));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, PATH, "%s/%s", bus->dir, folders[i]);
		make(path);
	}
	snprintf(path, PATH, "%s/sys", bus->dir);
	assert_int_equal(setenv("TOPUPD_SYSFS", path, 1), 0);
	snprintf(path, PATH, "%s/dev", bus->dir);
	assert_int_equal(setenv("TOPUPD_DEV", path, 1), 0);
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
drop_all(const char *path)
{
	assert_int_equal(nftw(path, drop, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void
bus_fini(struct bus *bus)
{
	assert_int_equal(unsetenv("TOPUPD_SYSFS"), 0);
	assert_int_equal(unsetenv("TOPUPD_DEV"), 0);
	drop_all(bus->dir);
}

static const char *
in_sys(const struct bus *bus, const char *name)
{
	static char path[PATH];

	snprintf(path, PATH, "%s/sys/bus/usb/devices/%s", bus->dir, name);
	return path;
}

const char *
bus_dev(const struct bus *bus, const char *name)
{
	static char path[PATH];

	snprintf(path, PATH, "%s/dev/%s", bus->dir, name);
	return path;
}

void
bus_plug(struct bus *bus, const char *device, const char *vendor,
	const char *product)
{
	const char *folder = in_sys(bus, device);

	make(folder);
	put(folder, "idVendor", vendor);
	put(folder, "idProduct", product);
}

void
bus_port(struct bus *bus, const char *place, const char *tty, const char *path)
{
	char folder[PATH], inner[PATH], number[8];
	const char *dot = strrchr(place, '.');

	snprintf(folder, sizeof(folder), "%s", in_sys(bus, place));
	make(folder);
	snprintf(number, sizeof(number), "%02lx", strtoul(dot + 1, NULL, 10));
	put(folder, "bInterfaceNumber", number);
	put(folder, "bInterfaceClass", "ff");
	put(folder, "bInterfaceSubClass", "ff");
	put(folder, "bInterfaceProtocol", "ff");
	snprintf(inner, sizeof(inner), "%.400s/tty", folder);
	if (strncmp(tty, "ttyACM", 6) == 0)
		make(inner);
	snprintf(inner + strlen(inner) - 3, 64, "%s%s",
		strncmp(tty, "ttyACM", 6) == 0 ? "tty/" : "", tty);
	make(inner);
	assert_int_equal(symlink(path, bus_dev(bus, tty)), 0);
}

/* The names in /dev of an interface's ports. */
static void
drop_names(struct bus *bus, const char *folder)
{
	DIR *dir = opendir(folder);

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char inner[PATH];

		if (strcmp(e->d_name, "tty") == 0) {
			snprintf(inner, PATH, "%.400s/tty", folder);
			drop_names(bus, inner);
		} else if (strncmp(e->d_name, "tty", 3) == 0) {
			assert_int_equal(unlink(bus_dev(bus, e->d_name)), 0);
		}
	}
	closedir(dir);
}

void
bus_unplug(struct bus *bus, const char *device)
{
	char top[PATH];
	size_t n = strlen(device);
	DIR *dir;

	snprintf(top, PATH, "%s", in_sys(bus, ""));
	dir = opendir(top);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char path[PATH];

		if (strncmp(e->d_name, device, n) != 0 ||
			(e->d_name[n] != '\0' && e->d_name[n] != ':'))
			continue;
		snprintf(path, PATH, "%s", in_sys(bus, e->d_name));
		drop_names(bus, path);
		drop_all(path);
	}
	closedir(dir);
}
