/*
 * usb_rank: which of a USB modem's serial ports is the likeliest to take
 * commands and to tell unasked, by what the device says of itself. Pure:
 * a hint only, what a port really does decides.
 */
#ifndef MODEM_USB_RANK_H
#define MODEM_USB_RANK_H

#include <stdbool.h>

#include "modem/span.h"

enum {
	USB_NAME_MAX = 32,
	USB_DEVICE_MAX = 40, /* "1-1.2.3" */
	USB_PLACE_MAX = 56   /* "1-1.2.3:1.2" */
};

/* One serial port of a USB device, as the system describes it. */
struct usb_tty {
	char name[USB_NAME_MAX];     /* "ttyUSB2" */
	char device[USB_DEVICE_MAX]; /* where the device is plugged in */
	char place[USB_PLACE_MAX];   /* the port's interface there */
	unsigned vendor, product;
	unsigned number; /* bInterfaceNumber */
	unsigned class, subclass, protocol;
	unsigned long generation; /* another one each time it comes */
};

/* What a port is for, the best first. */
enum usb_role {
	USB_ROLE_MAIN,    /* commands, and what comes unasked */
	USB_ROLE_SECOND,  /* commands */
	USB_ROLE_UNKNOWN, /* no hint */
	USB_ROLE_DATA,    /* dial-up; mostly takes commands too */
	USB_ROLE_MUTE,    /* diagnosis, positions, sound */
	USB_ROLE_ADAPTER  /* a serial adapter: anything may be behind it */
};

enum usb_role usb_role_of(const struct usb_tty *tty);

/* By role, and within it by the interface's number: the lower the better. */
unsigned usb_rank(const struct usb_tty *tty);

/* The part of a place that says which interface it is: ":1.2". */
struct span usb_interface_of(struct span place);

/* Whether text has the form of a device's place: "1-1.2". */
bool usb_is_device(struct span text);

#endif
