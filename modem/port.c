/*
 * port: from a name in a configuration to the kind of port behind it.
 */
#include "modem/port.h"

#include "modem/serial.h"

struct port *
port_new(const char *where, unsigned baud, char *why, size_t cap)
{
	return serial_new(where, baud, why, cap);
}

int
port_identity(const char *where, char *out, size_t cap)
{
	return serial_identity(where, out, cap);
}
