/*
 * sysfs: the files by which Linux tells where a modem's ttys hang on USB:
 * sys/ and dev/ below the current folder, laid out as the kernel and udev do
 * for usb-serial (ttyUSB) and cdc-acm (ttyACM).
 * Must never be written but by one process.
 */
#ifndef SIM_SYSFS_H
#define SIM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

enum { SYSFS_TTYS_MAX = 8 };

struct sysfs_tty {
	char device[64];   /* what dev/ttyUSBn leads to */
	int usb_interface; /* bInterfaceNumber */
	int number;        /* of ttyUSBn; -1: none yet */
};

struct sysfs_modem {
	const char *usb;    /* "1-1.2" */
	const char *usb_id; /* "12d1:1001" */
	const char *prefix; /* "ttyUSB" or "ttyACM" */
	const char *manufacturer;
	const char *product;
	struct sysfs_tty ttys[SYSFS_TTYS_MAX];
	size_t tty_count;
};

/* It is plugged in: numbers are kept where they are free, unless renumber;
 * else the lowest free ones are taken. 0, or a negative errno. */
int sysfs_plug(struct sysfs_modem *modem, bool renumber);

/* All its files go; its numbers are free again. */
void sysfs_unplug(const struct sysfs_modem *modem);

#endif
