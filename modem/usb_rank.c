/*
 * usb_rank: the hints, as a table. The first row that fits holds, so a
 * model stands before its maker. A row must never be needed: a port without
 * one is tried as well.
 */
#include "modem/usb_rank.h"

#include <stddef.h>

enum { ANY = -1, VENDOR_CLASS = 0xff, COMMUNICATION = 2, ROLE_STEP = 256 };

struct hint {
	int vendor, product, number;
	int class, subclass, protocol;
	enum usb_role role;
};

/* By interface number alone. */
#define AT_NUMBER(vendor, product, number, role)                               \
	{                                                                      \
		vendor, product, number, ANY, ANY, ANY, USB_ROLE_##role        \
	}
/* By the interface's subclass and protocol, of the vendor's own class. */
#define AT_PROTOCOL(vendor, subclass, protocol, role)                          \
	{                                                                      \
		vendor, ANY, ANY, VENDOR_CLASS, subclass, protocol,            \
			USB_ROLE_##role                                        \
	}
/* CDC ACM (class 2, subclass 2, protocol 1: V.250 commands). */
#define AT_ACM(vendor, number, role)                                           \
	{                                                                      \
		vendor, ANY, number, COMMUNICATION, 2, 1, USB_ROLE_##role      \
	}

/* From what ofono's udev plugin and ModemManager's udev rules know. */
static const struct hint hints[] = {
	/* Huawei tells it by the protocol: PCUI, modem, diagnosis, GPS. */
	AT_PROTOCOL(0x12d1, 0x01, 0x02, MAIN),
	AT_PROTOCOL(0x12d1, 0x02, 0x02, MAIN),
	AT_PROTOCOL(0x12d1, 0x02, 0x12, MAIN),
	AT_PROTOCOL(0x12d1, 0x03, 0x12, MAIN),
	AT_PROTOCOL(0x12d1, 0x01, 0x32, MAIN),
	AT_PROTOCOL(0x12d1, ANY, 0x01, DATA),
	AT_PROTOCOL(0x12d1, ANY, 0x10, DATA),
	AT_PROTOCOL(0x12d1, 0x01, 0x31, DATA),
	AT_PROTOCOL(0x12d1, ANY, 0x03, MUTE),
	AT_PROTOCOL(0x12d1, ANY, 0x13, MUTE),
	AT_PROTOCOL(0x12d1, 0x01, 0x33, MUTE),
	AT_PROTOCOL(0x12d1, ANY, 0x05, MUTE),
	AT_PROTOCOL(0x12d1, ANY, 0x14, MUTE),
	/* Older ones only by the number. */
	AT_NUMBER(0x12d1, ANY, 0, DATA),
	AT_NUMBER(0x12d1, ANY, 2, MAIN),

	/* Quectel, and its modules under Qualcomm's number. */
	AT_NUMBER(0x2c7c, ANY, 0, MUTE),
	AT_NUMBER(0x2c7c, ANY, 1, MUTE),
	AT_NUMBER(0x2c7c, ANY, 2, MAIN),
	AT_NUMBER(0x2c7c, ANY, 3, DATA),
	AT_NUMBER(0x05c6, 0x9003, 2, MAIN),
	AT_NUMBER(0x05c6, 0x9003, 3, DATA),
	AT_NUMBER(0x05c6, 0x9215, 2, MAIN),
	AT_NUMBER(0x05c6, 0x9215, 3, DATA),
	AT_NUMBER(0x05c6, ANY, 0, MUTE),
	AT_NUMBER(0x05c6, ANY, 1, MUTE),

	/* SIMCom: diagnosis, positions, commands, dial-up, sound. */
	AT_NUMBER(0x1e0e, 0x9100, 3, MAIN),
	AT_NUMBER(0x1e0e, 0x9100, 1, SECOND),
	AT_NUMBER(0x1e0e, 0x9200, 3, MAIN),
	AT_NUMBER(0x1e0e, 0x9200, 1, SECOND),
	AT_NUMBER(0x1e0e, 0xcefe, 2, MAIN),
	AT_NUMBER(0x1e0e, 0xcefe, ANY, SECOND),
	AT_NUMBER(0x1e0e, 0x9001, 0, MUTE),
	AT_NUMBER(0x1e0e, 0x9001, 1, MUTE),
	AT_NUMBER(0x1e0e, 0x9001, 2, MAIN),
	AT_NUMBER(0x1e0e, 0x9001, 3, DATA),
	AT_NUMBER(0x1e0e, 0x9001, 4, MUTE),
	AT_NUMBER(0x1e0e, 0x9205, 0, MUTE),
	AT_NUMBER(0x1e0e, 0x9205, 2, MAIN),
	AT_NUMBER(0x1e0e, 0x9206, 0, MUTE),
	AT_NUMBER(0x1e0e, 0x9206, 2, MAIN),

	/* ZTE: its auxiliary port takes commands beside a call. */
	AT_NUMBER(0x19d2, 0x0001, 2, MAIN),
	AT_NUMBER(0x19d2, 0x0001, 0, DATA),
	AT_NUMBER(0x19d2, 0x0002, 4, MAIN),
	AT_NUMBER(0x19d2, 0x0002, 2, DATA),
	AT_NUMBER(0x19d2, 0x0003, 0, DATA),
	AT_NUMBER(0x19d2, 0x0012, 4, MAIN),
	AT_NUMBER(0x19d2, 0x0012, 2, DATA),
	AT_NUMBER(0x19d2, 0x0015, 3, MAIN),
	AT_NUMBER(0x19d2, 0x0015, 1, DATA),
	AT_NUMBER(0x19d2, 0x0016, 2, DATA),
	AT_NUMBER(0x19d2, 0x0017, 2, DATA),
	AT_NUMBER(0x19d2, 0x0024, 4, MAIN),
	AT_NUMBER(0x19d2, 0x0024, 2, DATA),
	AT_NUMBER(0x19d2, 0x0025, 4, MAIN),
	AT_NUMBER(0x19d2, 0x0025, 2, DATA),
	AT_NUMBER(0x19d2, 0x0030, 3, MAIN),
	AT_NUMBER(0x19d2, 0x0030, 1, DATA),
	AT_NUMBER(0x19d2, 0x0033, 4, DATA),
	AT_NUMBER(0x19d2, 0x0043, 2, MAIN),
	AT_NUMBER(0x19d2, 0x0048, 2, MAIN),
	AT_NUMBER(0x19d2, 0x0048, 4, DATA),
	AT_NUMBER(0x19d2, 0x0049, 2, MAIN),
	AT_NUMBER(0x19d2, 0x0049, 4, DATA),
	AT_NUMBER(0x19d2, 0x0054, 3, MAIN),
	AT_NUMBER(0x19d2, 0x0054, 1, DATA),
	AT_NUMBER(0x19d2, 0x0055, 4, MAIN),
	AT_NUMBER(0x19d2, 0x0055, 2, DATA),
	AT_NUMBER(0x19d2, 0x0064, 0, MAIN),
	AT_NUMBER(0x19d2, 0x0064, 2, DATA),
	AT_NUMBER(0x19d2, 0x0117, 2, DATA),
	AT_NUMBER(0x19d2, 0x1515, 2, MAIN),
	AT_NUMBER(0x19d2, 0x1515, 0, DATA),
	AT_NUMBER(0x19d2, ANY, 0, MUTE),
	AT_NUMBER(0x19d2, ANY, 1, MAIN),
	AT_NUMBER(0x19d2, ANY, 3, DATA),

	/* u-blox: on TOBY-L4 the first ones are not for commands. */
	AT_NUMBER(0x1546, 0x1010, 6, MAIN),
	AT_NUMBER(0x1546, 0x1010, ANY, MUTE),
	AT_NUMBER(0x1546, ANY, 0, MAIN),
	AT_NUMBER(0x1546, ANY, 2, SECOND),
	AT_NUMBER(0x1546, ANY, 4, SECOND),
	AT_NUMBER(0x1546, ANY, ANY, MUTE),

	/* Telit. */
	AT_NUMBER(0x1bc7, 0x1010, 3, MAIN),
	AT_NUMBER(0x1bc7, 0x1010, 1, MUTE),
	AT_NUMBER(0x1bc7, 0x1011, 1, MAIN),
	AT_NUMBER(0x1bc7, 0x1003, 0, MAIN),
	AT_NUMBER(0x1bc7, 0x1004, 0, MAIN),
	AT_NUMBER(0x1bc7, 0x1005, 0, MAIN),
	AT_NUMBER(0x1bc7, 0x1006, 0, MAIN),
	AT_ACM(0x1bc7, 0, MAIN),
	AT_ACM(0x1bc7, 6, SECOND),
	AT_ACM(0x1bc7, 10, MUTE),

	/* Cinterion, Gemalto, Thales: the application's port. */
	AT_NUMBER(0x1e2d, 0x0053, 1, MUTE),
	AT_ACM(0x1e2d, 2, MAIN),
	AT_ACM(0x1e2d, 0, DATA),
	AT_ACM(0x1e2d, 4, MUTE),
	AT_PROTOCOL(0x1e2d, 0xff, 0xff, UNKNOWN),

	/* Sierra: diagnosis, positions, commands. */
	AT_NUMBER(0x1199, ANY, 3, MAIN),
	AT_NUMBER(0x1199, ANY, 4, SECOND),
	AT_NUMBER(0x1199, ANY, 0, MUTE),
	AT_NUMBER(0x1199, ANY, 1, MUTE),
	AT_NUMBER(0x1199, ANY, 2, MUTE),

	/* Novatel, Longcheer, Alcatel, Nokia. */
	AT_NUMBER(0x1410, ANY, 0, MAIN),
	AT_NUMBER(0x1410, ANY, 1, DATA),
	AT_NUMBER(0x1bbb, ANY, 3, MAIN),
	AT_NUMBER(0x1bbb, ANY, 5, DATA),
	AT_NUMBER(0x1c9e, ANY, 3, MAIN),
	AT_NUMBER(0x1c9e, ANY, 5, DATA),
	AT_NUMBER(0x0421, ANY, 2, MAIN),
	AT_NUMBER(0x0421, ANY, 4, SECOND),

	/* FTDI, Silicon Labs, Prolific, WCH, Microchip, Arduino. */
	AT_NUMBER(0x0403, ANY, ANY, ADAPTER),
	AT_NUMBER(0x10c4, ANY, ANY, ADAPTER),
	AT_NUMBER(0x067b, ANY, ANY, ADAPTER),
	AT_NUMBER(0x1a86, ANY, ANY, ADAPTER),
	AT_NUMBER(0x04d8, ANY, ANY, ADAPTER),
	AT_NUMBER(0x2341, ANY, ANY, ADAPTER),
	AT_NUMBER(0x2a03, ANY, ANY, ADAPTER),
};

static bool
fits(int wanted, unsigned value)
{
	return wanted == ANY || (unsigned)wanted == value;
}

static bool
hint_fits(const struct hint *hint, const struct usb_tty *tty)
{
	return fits(hint->vendor, tty->vendor) &&
	       fits(hint->product, tty->product) &&
	       fits(hint->number, tty->number) &&
	       fits(hint->class, tty->class) &&
	       fits(hint->subclass, tty->subclass) &&
	       fits(hint->protocol, tty->protocol);
}

enum usb_role
usb_role_of(const struct usb_tty *tty)
{
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (hint_fits(&hints[i], tty))
			return hints[i].role;
	return USB_ROLE_UNKNOWN;
}

unsigned
usb_rank(const struct usb_tty *tty)
{
	unsigned number = tty->number < ROLE_STEP ? tty->number : ROLE_STEP - 1;

	return (unsigned)usb_role_of(tty) * ROLE_STEP + number;
}

struct span
usb_interface_of(struct span place)
{
	return span_skip(place, span_find(place, ':'));
}

bool
usb_is_device(struct span text)
{
	size_t dash = span_find(text, '-');
	bool digit = false;

	if (text.len >= USB_DEVICE_MAX || dash == 0 || dash == text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool mark = i == dash || (i > dash && text.ptr[i] == '.');

		if (!mark && (text.ptr[i] < '0' || text.ptr[i] > '9'))
			return false;
		if (mark && !digit)
			return false;
		digit = !mark;
	}
	return digit;
}
