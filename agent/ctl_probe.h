/*
 * ctl_probe: what `topupctl probe` finds out about one port, and how it is
 * shown. Only its two files include it.
 */
#ifndef AGENT_CTL_PROBE_H
#define AGENT_CTL_PROBE_H

#include "agent/ctl_private.h"
#include "agent/profile_folder.h"
#include "modem/modem.h"

enum { PROBE_STORES_MAX = 3, PROBE_TEXT_MAX = 512, PROBE_OTHERS_MAX = 8 };

/* A message store, as +CPMS tells it. */
struct probe_store {
	char name[4];
	uint32_t used, size;
};

/* Another port of the same USB device. */
struct probe_other {
	char path[64];
	bool answers; /* to AT */
	char why[64]; /* it could not be asked; "" */
};

struct probe_found {
	const char *port;
	struct modem_info info; /* as it was when it was left */
	char why[128];          /* what keeps it from being used; "" */
	struct probe_store stores[PROBE_STORES_MAX];
	size_t store_count;
	const struct profile *profile; /* that fits the SIM; or NULL */
	size_t profiles;               /* how many fit */
	char balance[PROBE_TEXT_MAX];  /* what the operator answered */
	struct probe_other others[PROBE_OTHERS_MAX];
	size_t other_count;
};

/* ctl_probe_show.c: prints it; the exit status. */
int probe_show(struct ctl *ctl, const struct probe_found *found);

/* ctl_probe_ports.c: the other ports of that device, each asked AT. */
void probe_look_at_others(struct probe_found *found);
/* Whether imei: can find the modem on it: a USB device that is no adapter. */
bool probe_is_usb_modem(const char *port);
/* The name of a port that stays (by-id), or the port itself. */
void probe_lasting_name(const char *port, char *out, size_t cap);

#endif
