/*
 * sysfs: directories, files of one line and links.
 * Must never leave a link to a tty that is gone.
 */
#include "tests/sim/sysfs.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 512, NUMBERS = 64, TTY_MAJOR = 188, DEPTH = 16 };

static const char bus[] = "devices/pci0000:00/0000:00:14.0";
static bool taken[NUMBERS];

/* A path, cut where it is too long. */
static void spell(char *out, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
spell(char *out, size_t cap, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(out, cap, format, args);
	va_end(args);
}

/* ---- files ------------------------------------------------------------- */

/* mkdir -p of all that stands before the last slash. */
static int
make_way(const char *path)
{
	char part[PATH_MAX_HERE];
	for (const char *p = strchr(path, '/'); p != NULL;
		p = strchr(p + 1, '/')) {
		spell(part, sizeof part, "%.*s", (int)(p - path), path);
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* One line into a file of the folder. */
static int put_line(const char *folder, const char *name, const char *format,
	...) __attribute__((format(printf, 3, 4)));

static int
put_line(const char *folder, const char *name, const char *format, ...)
{
	char path[PATH_MAX_HERE];
	va_list args;
	spell(path, sizeof path, "%s/%s", folder, name);
	int result = make_way(path);
	FILE *file = result == 0 ? fopen(path, "we") : NULL;
	if (file == NULL)
		return result != 0 ? result : -errno;
	va_start(args, format);
	(void)vfprintf(file, format, args);
	va_end(args);
	return fclose(file) == 0 ? 0 : -errno;
}

static int
put_link(const char *target, const char *path)
{
	int result = make_way(path);
	(void)unlink(path);
	return result == 0 && symlink(target, path) != 0 ? -errno : result;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
	struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

/* ---- paths ------------------------------------------------------------- */

/* Below sys/: each hub on the way to it is a folder ("1-1", "1-1.2"). */
static void
device_path(const struct sysfs_modem *modem, char out[PATH_MAX_HERE])
{
	size_t n = (size_t)snprintf(out, PATH_MAX_HERE, "%s/usb%.*s", bus,
		(int)strcspn(modem->usb, "-"), modem->usb);
	const char *p = strchr(modem->usb, '-');
	while (p != NULL && n < PATH_MAX_HERE) {
		p = strchr(p + 1, '.');
		int len = p == NULL ? (int)strlen(modem->usb)
		                    : (int)(p - modem->usb);
		n += (size_t)snprintf(
			out + n, PATH_MAX_HERE - n, "/%.*s", len, modem->usb);
	}
}

/* The names of one of its ttys, and where they are below sys/. */
struct place {
	char tty[32];
	char name[64];              /* "1-1.2:1.0" */
	char folder[PATH_MAX_HERE]; /* of the interface */
	char port[PATH_MAX_HERE];   /* of the usb-serial port; "" for ACM */
	char below[PATH_MAX_HERE];  /* tty/ttyUSB0, where it is */
};

static void
find_place(const struct sysfs_modem *modem, const struct sysfs_tty *tty,
	struct place *place)
{
	char device[PATH_MAX_HERE];
	device_path(modem, device);
	spell(place->tty, sizeof place->tty, "%s%d", modem->prefix,
		tty->number);
	spell(place->name, sizeof place->name, "%s:1.%d", modem->usb,
		tty->usb_interface);
	spell(place->folder, sizeof place->folder, "%s/%s", device,
		place->name);
	place->port[0] = '\0';
	if (strcmp(modem->prefix, "ttyACM") != 0)
		spell(place->port, sizeof place->port, "%s/%s", place->folder,
			place->tty);
	spell(place->below, sizeof place->below, "%s/tty/%s",
		place->port[0] != '\0' ? place->port : place->folder,
		place->tty);
}

/* udev's name for a place: pci-0000:00:14.0-usb-0:1.2:1.0-port0. */
static void
by_path(const struct sysfs_modem *modem, const struct sysfs_tty *tty,
	char out[PATH_MAX_HERE])
{
	const char *dash = strchr(modem->usb, '-');
	spell(out, PATH_MAX_HERE,
		"dev/serial/by-path/pci-0000:00:14.0-usb-0:%s:1.%d%s",
		dash == NULL ? modem->usb : dash + 1, tty->usb_interface,
		strcmp(modem->prefix, "ttyACM") == 0 ? "" : "-port0");
}

/* ---- plugging ---------------------------------------------------------- */

static int
put_device(const struct sysfs_modem *modem)
{
	char below[PATH_MAX_HERE];
	char folder[PATH_MAX_HERE + 8];
	char link[PATH_MAX_HERE];
	char target[PATH_MAX_HERE + 16];
	device_path(modem, below);
	spell(folder, sizeof folder, "sys/%s", below);
	int result = put_line(folder, "idVendor", "%.4s\n", modem->usb_id);
	if (result == 0 && strlen(modem->usb_id) > 5)
		result = put_line(
			folder, "idProduct", "%.4s\n", modem->usb_id + 5);
	if (result == 0)
		result = put_line(
			folder, "uevent", "DEVTYPE=usb_device\nDRIVER=usb\n");
	if (result == 0)
		result = put_line(
			folder, "manufacturer", "%s\n", modem->manufacturer);
	if (result == 0)
		result = put_line(folder, "product", "%s\n", modem->product);
	spell(link, sizeof link, "sys/bus/usb/devices/%s", modem->usb);
	spell(target, sizeof target, "../../../%s", below);
	return result != 0 ? result : put_link(target, link);
}

static int
put_interface(const struct sysfs_tty *tty, const struct place *place)
{
	char folder[PATH_MAX_HERE + 8];
	char link[PATH_MAX_HERE];
	char target[PATH_MAX_HERE + 16];
	bool acm = place->port[0] == '\0';
	spell(folder, sizeof folder, "sys/%s", place->folder);
	int result = put_line(
		folder, "bInterfaceNumber", "%02x\n", tty->usb_interface);
	if (result == 0)
		result = put_line(
			folder, "bInterfaceClass", "%s\n", acm ? "02" : "ff");
	if (result == 0)
		result = put_line(folder, "uevent",
			"DEVTYPE=usb_interface\nDRIVER=%s\n",
			acm ? "cdc_acm" : "option");
	spell(link, sizeof link, "sys/bus/usb/devices/%s", place->name);
	spell(target, sizeof target, "../../../%s", place->folder);
	if (result == 0)
		result = put_link(target, link);
	if (result != 0 || acm)
		return result;
	spell(folder, sizeof folder, "sys/%s", place->port);
	result = put_line(folder, "port_number", "0\n");
	spell(link, sizeof link, "sys/bus/usb-serial/devices/%s", place->tty);
	spell(target, sizeof target, "../../../%s", place->port);
	return result != 0 ? result : put_link(target, link);
}

static int
put_tty(const struct sysfs_modem *modem, const struct sysfs_tty *tty)
{
	struct place place;
	char folder[PATH_MAX_HERE + 8];
	char path[PATH_MAX_HERE + 16];
	char target[PATH_MAX_HERE + 16];
	find_place(modem, tty, &place);
	int result = put_interface(tty, &place);
	spell(folder, sizeof folder, "sys/%s", place.below);
	if (result == 0)
		result = put_line(
			folder, "dev", "%d:%d\n", TTY_MAJOR, tty->number);
	if (result == 0)
		result = put_line(folder, "uevent", "DEVNAME=%s\n", place.tty);
	/* What the tty is of: the port, or for ACM the interface. */
	spell(path, sizeof path, "%.500s/device", folder);
	spell(target, sizeof target, "../../../%s",
		place.port[0] != '\0' ? place.tty : place.name);
	if (result == 0)
		result = put_link(target, path);
	spell(path, sizeof path, "sys/class/tty/%s", place.tty);
	spell(target, sizeof target, "../../%s", place.below);
	if (result == 0)
		result = put_link(target, path);
	spell(path, sizeof path, "dev/%s", place.tty);
	if (result == 0)
		result = put_link(tty->device, path);
	by_path(modem, tty, path);
	spell(target, sizeof target, "../../%s", place.tty);
	return result != 0 ? result : put_link(target, path);
}

/* Numbers go up from the first port to the last, as drivers bind them. */
static int
take_number(struct sysfs_tty *tty, bool renumber, unsigned long long old)
{
	int i = tty->number;
	if (renumber || i < 0 || taken[i])
		for (i = 0; i < NUMBERS; i++)
			if (!taken[i] && (!renumber || (old >> i & 1) == 0))
				break;
	if (i == NUMBERS)
		return -ENOSPC;
	taken[i] = true;
	tty->number = i;
	return 0;
}

int
sysfs_plug(struct sysfs_modem *modem, bool renumber)
{
	unsigned long long old = 0;
	for (size_t i = 0; i < modem->tty_count; i++)
		if (modem->ttys[i].number >= 0)
			old |= 1ULL << modem->ttys[i].number;
	int result = put_device(modem);
	for (size_t i = 0; result == 0 && i < modem->tty_count; i++) {
		result = take_number(&modem->ttys[i], renumber, old);
		if (result == 0)
			result = put_tty(modem, &modem->ttys[i]);
	}
	return result;
}

void
sysfs_unplug(const struct sysfs_modem *modem)
{
	char path[PATH_MAX_HERE + 16];
	char below[PATH_MAX_HERE];
	struct place place;
	for (size_t i = 0; i < modem->tty_count; i++) {
		const struct sysfs_tty *tty = &modem->ttys[i];
		if (tty->number < 0)
			continue;
		find_place(modem, tty, &place);
		spell(path, sizeof path, "dev/%s", place.tty);
		(void)unlink(path);
		by_path(modem, tty, path);
		(void)unlink(path);
		spell(path, sizeof path, "sys/class/tty/%s", place.tty);
		(void)unlink(path);
		spell(path, sizeof path, "sys/bus/usb-serial/devices/%s",
			place.tty);
		(void)unlink(path);
		spell(path, sizeof path, "sys/bus/usb/devices/%s", place.name);
		(void)unlink(path);
		taken[tty->number] = false;
	}
	spell(path, sizeof path, "sys/bus/usb/devices/%s", modem->usb);
	(void)unlink(path);
	device_path(modem, below);
	spell(path, sizeof path, "sys/%s", below);
	(void)nftw(path, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
}
