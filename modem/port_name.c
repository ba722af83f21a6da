/*
 * port_name: what a name in a configuration means. What is wrong with one is
 * said here, and nowhere else. It opens nothing.
 */
#include "modem/port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "modem/serial.h"
#include "modem/span.h"
#include "modem/usb_rank.h"

/* TS 23.003 6.2.1: 14 digits that name it, and a check digit. */
enum { IMEI_LEN = 15, IMEI_NAME_LEN = 14 };

static const char usb_prefix[] = "usb:";
static const char imei_prefix[] = "imei:";

/* What stands behind the prefix, or NULL. */
static const char *
behind(const char *where, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(where, prefix, n) == 0 ? where + n : NULL;
}

static bool
is_imei(const char *text)
{
	return strlen(text) == IMEI_LEN &&
	       strspn(text, "0123456789") == IMEI_LEN;
}

/* TS 23.003 annex B: the Luhn formula. */
static bool
has_right_check(const char *imei)
{
	unsigned sum = 0;

	for (size_t i = 0; i < IMEI_LEN; i++) {
		unsigned digit = (unsigned)(imei[i] - '0');

		if (i % 2 == 1)
			digit = digit * 2 / 10 + digit * 2 % 10;
		sum += digit;
	}
	return sum % 10 == 0;
}

const char *
port_imei(const char *where)
{
	const char *imei = behind(where, imei_prefix);

	return imei != NULL && is_imei(imei) ? imei : "";
}

const char *
port_complaint(const char *where, bool *doubt)
{
	const char *device = behind(where, usb_prefix);
	const char *imei = behind(where, imei_prefix);
	char identity[512];

	*doubt = false;
	if (device != NULL)
		return usb_is_device(span_str(device))
		               ? NULL
		               : "usb: the place of a USB device, as 1-1.2 "
		                 "(see "
		                 "/sys/bus/usb/devices)";
	if (imei != NULL && !is_imei(imei))
		return "imei: the 15 digits that the modem says to AT+CGSN";
	if (imei != NULL) {
		*doubt = !has_right_check(imei);
		return *doubt ? "imei: its last digit does not check: is one "
		                "of them mistyped?"
		              : NULL;
	}
	if (port_identity(where, identity, sizeof identity) == -EINVAL)
		return "a path from / on, tcp://ADDRESS:PORT with a numeric "
		       "address, usb:PLACE or imei:DIGITS";
	return NULL;
}

int
port_identity(const char *where, char *out, size_t cap)
{
	const char *device = behind(where, usb_prefix);
	const char *imei = behind(where, imei_prefix);
	int n;

	if (device == NULL && imei == NULL)
		return serial_identity(where, out, cap);
	if (device != NULL && !usb_is_device(span_str(device)))
		return -EINVAL;
	if (imei != NULL && !is_imei(imei))
		return -EINVAL;
	/* Without its check digit: some modems say another one. */
	n = device != NULL
	            ? snprintf(out, cap, "usb:%s", device)
	            : snprintf(out, cap, "imei:%.*s", IMEI_NAME_LEN, imei);
	return n >= 0 && (size_t)n < cap ? 0 : -ENOSPC;
}
