/*
 * port: from a name in a configuration to the kind of port behind it.
 */
#include "modem/port.h"

#include <stdio.h>
#include <string.h>

#include "modem/finder.h"
#include "modem/serial.h"

struct port *
port_new(const struct port_options *options, char *why, size_t cap)
{
	static const char usb_prefix[] = "usb:", imei_prefix[] = "imei:";
	const char *where = options->where;
	bool is_usb = strncmp(where, usb_prefix, strlen(usb_prefix)) == 0;
	bool is_imei = strncmp(where, imei_prefix, strlen(imei_prefix)) == 0;
	bool doubt;
	const char *complaint = port_complaint(where, &doubt);
	struct port *port;

	if (!is_usb && !is_imei)
		return serial_new(where, options->baud, why, cap);
	if (complaint != NULL && !doubt) {
		(void)snprintf(why, cap, "%s", complaint);
		return NULL;
	}
	port = finder_new(options, is_usb ? where + strlen(usb_prefix) : NULL);
	if (port == NULL)
		(void)snprintf(why, cap, "no memory");
	return port;
}
