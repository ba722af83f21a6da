/*
 * control_fakes_modem: one modem "shop1" and its dispatcher, made up.
 * Included once by each test_control*.c, whose functions then win over the
 * library's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/dispatch.h"

/* A made-up part ignores most of what it is given. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static struct modem_info info = {.state = MODEM_READY,
	.imei = "350000000000011",
	.imsi = "001010000000011",
	.iccid = "sim1",
	.network = "SimTel",
	.signal_dbm = -71};
static struct profile simtel = {.stem = "simtel"};
static struct line shop1 = {
	.config = {.name = "shop1", .port = "/dev/shop1"}, .profile = &simtel};
static struct line_status shop1_status;
static struct dispatch_stop
	stops[2]; /* what is stopped; without a name: none */
static unsigned kicks;

size_t
fleet_count(const struct fleet *fleet)
{
	return 1;
}

struct line *
fleet_at(const struct fleet *fleet, size_t i)
{
	return &shop1;
}

struct line *
fleet_find(const struct fleet *fleet, const char *name)
{
	return strcmp(name, "shop1") == 0 ? &shop1 : NULL;
}

/* What the networks say of a clock that the kernel does not vouch for. */
static struct fleet_clock networks;

void
fleet_clock_weigh(const struct fleet *fleet, struct fleet_clock *out)
{
	*out = networks;
}

bool
fleet_clock_is_trusted(const struct fleet *fleet)
{
	return networks.judgement == CLOCK_AGREES;
}

static struct {
	fleet_record_fn *fn; /* NULL: nobody listens */
	void *ctx;
} ear;

int
fleet_record(struct line *line, fleet_record_fn *fn, void *ctx)
{
	if (ear.fn != NULL)
		return -EBUSY;
	ear.fn = fn;
	ear.ctx = ctx;
	return 0;
}

void
fleet_deafen(struct fleet *fleet, const void *ctx)
{
	if (ear.ctx == ctx)
		ear.fn = NULL;
}

const char *
line_iccid(const struct line *line)
{
	return info.iccid;
}

const struct modem_info *
modem_info(const struct modem *modem)
{
	return &info;
}

void
dispatch_kick(struct dispatch *dispatch)
{
	kicks++;
}

void
dispatch_line_status(struct dispatch *dispatch, const struct line *line,
	struct line_status *out)
{
	*out = shop1_status;
}

const char *
line_state_name(enum line_state state)
{
	if (state == LINE_LOCKED_OUT)
		return "locked_out";
	if (state == LINE_ABSENT)
		return "absent";
	if (state == LINE_FAILED)
		return "failed";
	return state == LINE_BUSY ? "busy" : "ready";
}

int
dispatch_each_stop(struct dispatch *dispatch, dispatch_stop_fn *fn, void *ctx)
{
	for (size_t i = 0; i < 2 && stops[i].name; i++)
		if (!fn(ctx, &stops[i]))
			break;
	return 0;
}

void
dispatch_why_waiting(struct dispatch *dispatch,
	const struct ledger_voucher *voucher, char *reason, size_t cap,
	int64_t *next_at_wall_ms)
{
	(void)snprintf(reason, cap, "no_modem");
	*next_at_wall_ms = 1769851800000; /* 2026-01-31T09:30:00Z */
}
