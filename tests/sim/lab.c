/*
 * lab: one device, one clock that is a variable.
 * Must never know what a test expects.
 */
#include "tests/sim/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note(void *ctx, const struct sim_event *event)
{
	struct lab *lab = ctx;
	long len = sim_event_json(event, lab->truth + lab->truth_len,
		sizeof lab->truth - lab->truth_len);
	if (len < 0)
		abort();
	lab->truth_len += (size_t)len;
}

void
lab_init(struct lab *lab, const char *dialect)
{
	struct device_options *options = &lab->options;
	memset(lab, 0, sizeof *lab);
	lab->network = network_new(NULL, (struct sim_hook){note, lab});
	if (device_defaults(options, dialect) != 0 ||
		network_add_account(
			lab->network, LAB_IMSI, "0800000011", 5000) != 0 ||
		network_add_card(lab->network, LAB_PIN, 10000, CARD_GOOD) != 0)
		abort();
	(void)snprintf(options->name, sizeof options->name, "m1");
	(void)snprintf(options->imei, sizeof options->imei, "350000000000011");
	(void)snprintf(options->imsi, sizeof options->imsi, LAB_IMSI);
	(void)snprintf(
		options->iccid, sizeof options->iccid, "8900000000000000011");
	(void)snprintf(options->msisdn, sizeof options->msisdn, "0800000011");
	options->chatter_ms = 0;
}

void
lab_start(struct lab *lab)
{
	lab->device = device_new(&lab->options, lab->network,
		(struct sim_hook){note, lab}, LAB_SEED);
	if (lab->device == NULL)
		abort();
	device_start(lab->device, lab->now_ms);
	lab_pass(lab, 0);
}

void
lab_fini(struct lab *lab)
{
	device_free(lab->device);
	network_free(lab->network);
}

/* Port 0 is out; what the others say stands in ports. */
static void
hear_port(struct lab *lab, int port)
{
	char *out = lab->ports[port];
	size_t len = strlen(out);
	size_t n = device_take_port(lab->device, port, lab->now_ms,
		(struct device_span){out + len, LAB_PORT_MAX - 1 - len});
	out[len + n] = '\0';
}

void
lab_pass(struct lab *lab, int64_t ms)
{
	char piece[512];
	int64_t until = lab->now_ms + ms;
	int64_t at;
	while ((at = device_wake_at(lab->device)) <= until) {
		lab->now_ms = at > lab->now_ms ? at : lab->now_ms;
		for (int port = 1; port < device_ports(lab->device); port++)
			hear_port(lab, port);
		size_t n = device_take(
			lab->device, lab->now_ms, piece, sizeof piece);
		if (lab->out_len + n >= sizeof lab->out)
			abort();
		memcpy(lab->out + lab->out_len, piece, n);
		lab->out_len += n;
		lab->largest = n > lab->largest ? n : lab->largest;
	}
	lab->now_ms = until;
	lab->out[lab->out_len] = '\0';
}

const char *
lab_hear(struct lab *lab, int64_t wait_ms)
{
	lab->out_len = 0;
	lab->largest = 0;
	memset(lab->ports, 0, sizeof lab->ports);
	lab_pass(lab, wait_ms);
	return lab->out;
}

const char *
lab_talk(struct lab *lab, const char *bytes, int64_t wait_ms)
{
	device_feed(lab->device, lab->now_ms, bytes, strlen(bytes));
	return lab_hear(lab, wait_ms);
}

const char *
lab_talk_to(struct lab *lab, int port, const char *bytes)
{
	device_feed_port(lab->device, port, lab->now_ms,
		(struct device_bytes){bytes, strlen(bytes)});
	(void)lab_hear(lab, 200);
	return port == 0 ? lab->out : lab->ports[port];
}
