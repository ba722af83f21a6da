/*
 * bus: a made-up /sys and /dev in a folder of its own, as a USB bus with
 * modems shows itself. The environment leads the finder of ports there.
 */
#ifndef TESTS_SUPPORT_BUS_H
#define TESTS_SUPPORT_BUS_H

struct bus {
	char dir[64];
};

/* Begins empty; sets TOPUPD_SYSFS and TOPUPD_DEV. bus_fini() undoes both. */
void bus_init(struct bus *bus);
void bus_fini(struct bus *bus);

/* A device without ports: vendor and product in hex, as sysfs has them. */
void bus_plug(struct bus *bus, const char *device, const char *vendor,
	const char *product);
/* Its serial port: "1.2", then bInterfaceNumber, and the name; path is what
 * the name in /dev leads to. Names with ACM stand as cdc-acm puts them. */
void bus_port(
	struct bus *bus, const char *place, const char *tty, const char *path);
/* The device, its ports and their names go. */
void bus_unplug(struct bus *bus, const char *device);

/* A path in the made-up /dev; static, until the next call. */
const char *bus_dev(const struct bus *bus, const char *name);

#endif
