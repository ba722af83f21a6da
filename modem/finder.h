/*
 * finder: one port out of several: those of one USB device, or of all USB
 * modems. It opens one at a time, the likeliest first, and remembers what
 * its owner says of each. It must never open what another modem has.
 */
#ifndef MODEM_FINDER_H
#define MODEM_FINDER_H

#include "modem/port.h"

/*
 * A closed port that searches, as port_new() says. device: where the device
 * is plugged in, or NULL for all USB modems (options->where then says which
 * one is wanted, and its owner must judge what it opens by the IMEI). NULL
 * when there is no memory.
 */
struct port *finder_new(const struct port_options *options, const char *device);

#endif
