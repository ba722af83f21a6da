/*
 * port_list: the USB devices that have serial ports. It must never open one:
 * what a device is, its owner finds out.
 */
#include "modem/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/usb.h"

static int
by_device_and_rank(const void *left, const void *right)
{
	const struct usb_tty *a = left;
	const struct usb_tty *b = right;
	int order = strcmp(a->device, b->device);

	if (order != 0)
		return order;
	return usb_rank(a) < usb_rank(b) ? -1 : usb_rank(a) > usb_rank(b);
}

static void
begin_device(const struct usb_roots *roots, const struct usb_tty *tty,
	struct port_device *out)
{
	*out = (struct port_device){
		.is_adapter = usb_role_of(tty) == USB_ROLE_ADAPTER};
	(void)span_copy(out->device, sizeof(out->device),
		span_str(tty->device)); /* as long */
	(void)snprintf(out->path, sizeof(out->path), "%s/%s", roots->dev,
		tty->name); /* cut for a test's long folder: then not there */
}

int
port_devices(struct port_device *out, size_t cap)
{
	struct usb_roots roots = usb_roots();
	struct usb_tty *ttys = calloc(USB_TTYS_MAX, sizeof(*ttys));
	int count = ttys ? usb_list(&roots, NULL, ttys, USB_TTYS_MAX) : 0;
	size_t devices = 0;

	if (count > 0)
		qsort(ttys, (size_t)count, sizeof(*ttys), by_device_and_rank);
	for (int i = 0; i < count; i++) {
		bool same = i > 0 &&
		            strcmp(ttys[i].device, ttys[i - 1].device) == 0;

		if (!same && devices == cap)
			break;
		if (!same)
			begin_device(&roots, &ttys[i], &out[devices++]);
		out[devices - 1].ports++;
	}
	free(ttys);
	return count < 0 ? count : (int)devices;
}
