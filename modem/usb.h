/*
 * usb: the serial ports of USB devices, as sysfs lists them. Reads only; it
 * opens no port.
 */
#ifndef MODEM_USB_H
#define MODEM_USB_H

#include <stdbool.h>
#include <stddef.h>

#include "modem/usb_rank.h"

enum { USB_TTYS_MAX = 96 };

/*
 * Where the system shows its devices: /sys and /dev, or what the environment
 * says in TOPUPD_SYSFS and TOPUPD_DEV (for tests). Static.
 */
struct usb_roots {
	const char *sysfs;
	const char *dev;
};
struct usb_roots usb_roots(void);

/* Whether a device is plugged in there: one look, no more. */
bool usb_is_there(const struct usb_roots *roots, const char *device);

/*
 * The serial ports of one device ("1-1.2"), or of all (NULL), in no order;
 * at most cap. How many, or -errno. What goes while it is read is left out.
 */
int usb_list(const struct usb_roots *roots, const char *device,
	struct usb_tty *out, size_t cap);

#endif
