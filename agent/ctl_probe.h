/*
 * ctl_probe: what `topupctl probe` finds out about one port, and how it is
 * shown. Only its files and those of `topupctl setup` include it.
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

/* What is asked of a port. */
struct probe_wish {
	const char *port;
	unsigned baud;
	const char *dialect;
	const char *operator; /* the profile; NULL: by the SIM */
	bool balance;         /* asked too, once */
	const struct profiles *profiles;
};
enum { PROBE_BAUD = 115200 };

/* Looks; waits a minute at most, two with the balance. fn is called with what
 * was found, which is valid during the call. 0; -EINVAL for a port or dialect
 * that cannot be, told in why. */
typedef void probe_fn(void *ctx, struct probe_found *found);
int probe_port(const struct probe_wish *wish, probe_fn *fn, void *ctx,
	char *why, size_t cap);

/* ctl_probe_show.c: prints it; the exit status. */
int probe_show(struct ctl *ctl, const struct probe_found *found);

/* ctl_probe_ports.c: the other ports of that device, each asked AT. */
void probe_look_at_others(struct probe_found *found);
/* Whether imei: can find the modem on it: a USB device that is no adapter. */
bool probe_is_usb_modem(const char *port);
/* The name of a port that stays (by-id), or the port itself. */
void probe_lasting_name(const char *port, char *out, size_t cap);

#endif
