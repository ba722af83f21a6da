/*
 * metrics_file_gather: what the metrics say now. Moments are told, not ages:
 * an age would change all the time, and be wrong in a file. It reads; it must
 * never change anything.
 */
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/metrics_file_private.h"
#include "agent/money.h"
#include "agent/turn.h"

enum { UNKNOWN_MAX = 1000 }; /* cards that are looked at */

#define LABELS(...)                                                            \
	(const struct metrics_label[])                                         \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			0                                                      \
		}                                                              \
	}

/* ---- cards ------------------------------------------------------------------
 */

static void
put_vouchers(struct ledger *ledger, struct metrics *out)
{
	static const char name[] = "topupd_vouchers";
	int64_t counts[VOUCHER_STATES];

	if (ledger_counts(ledger, counts) != 0)
		return; /* none rather than wrong ones, here and below */
	metrics_family(out, name, "gauge", "Vouchers by state.");
	for (int i = 0; i < VOUCHER_STATES; i++)
		metrics_put_number(out, name,
			LABELS({"state",
				voucher_state_name((enum voucher_state)i)}),
			counts[i]);
}

static void
put_attempts(const struct metrics_tally *tally, struct metrics *out)
{
	static const char name[] = "topupd_attempts_total";

	metrics_family(out, name, "counter",
		"Ends of attempts by verdict; one that was pending is counted "
		"again when its SMS decides.");
	for (size_t i = 0; i < tally->count; i++)
		metrics_put_number(out, name,
			LABELS({"operator", tally->counts[i].operator},
				{"verdict", tally->counts[i].verdict}),
			tally->counts[i].count);
}

static bool
on_unknown(void *ctx, const struct ledger_voucher *v)
{
	int64_t *oldest_wall_ms = ctx;

	if (*oldest_wall_ms == 0 || v->updated_wall_ms < *oldest_wall_ms)
		*oldest_wall_ms = v->updated_wall_ms;
	return true;
}

/* Absent where there is none: a moment of 0 would be an old one. */
static void
put_moment(struct metrics *out, const char *name, const char *help,
	int64_t wall_ms)
{
	if (wall_ms > 0)
		metrics_put_one(out, name, help, wall_ms / 1000);
}

static void
put_moments(struct ledger *ledger, struct metrics *out)
{
	struct ledger_voucher_filter filter = {
		.state = VOUCHER_UNKNOWN, .limit = UNKNOWN_MAX};
	struct ledger_moment credit;
	int64_t oldest_wall_ms = 0, batches;

	if (ledger_each_voucher(ledger, &filter, on_unknown, &oldest_wall_ms) ==
		0)
		put_moment(out, "topupd_oldest_unknown_timestamp_seconds",
			"Since when the oldest unknown voucher is unknown; "
			"absent without one.",
			oldest_wall_ms);
	if (ledger_last_credit(ledger, &credit) == 0)
		put_moment(out, "topupd_last_loaded_timestamp_seconds",
			"End of the last attempt that is known to have "
			"credited; absent before one.",
			credit.wall_ms);
	if (ledger_queued_batches(ledger, &batches, &oldest_wall_ms) != 0)
		return;
	metrics_put_one(out, "topupd_queue_batches",
		"Batches with vouchers that are ready.", batches);
	put_moment(out, "topupd_queue_oldest_batch_timestamp_seconds",
		"When the oldest of these batches came; absent without one.",
		oldest_wall_ms);
}

/* ---- modems -----------------------------------------------------------------
 */

static void
put_states(const struct metrics_file_parts *parts, struct metrics *out)
{
	static const char name[] = "topupd_modem_state";

	metrics_family(out, name, "gauge",
		"1 for the state that the modem shows, 0 for the others.");
	for (size_t i = 0; i < fleet_count(parts->fleet); i++) {
		const struct line *line = fleet_at(parts->fleet, i);
		struct line_status status;

		dispatch_line_status(parts->dispatch, line, &status);
		for (int s = LINE_ABSENT; s <= LINE_FAILED; s++)
			metrics_put_number(out, name,
				LABELS({"modem", line->config.name},
					{"state", line_state_name(
							  (enum line_state)s)}),
				status.state == (enum line_state)s);
	}
}

static bool
find_sim(const struct metrics_file_parts *parts, const struct line *line,
	struct ledger_sim *sim)
{
	return line_iccid(line)[0] != '\0' &&
	       ledger_sim(turn_ledger(parts->turn), line_iccid(line),
		       turn_now(parts->turn).wall_ms, sim) == 0 &&
	       sim->balance_minor != MONEY_NONE;
}

static void
put_balances(const struct metrics_file_parts *parts, struct metrics *out)
{
	static const char name[] = "topupd_balance";
	static const char read_at[] = "topupd_balance_timestamp_seconds";
	struct ledger_sim sim;

	metrics_family(out, name, "gauge",
		"The last balance that was told of the SIM's account.");
	for (size_t i = 0; i < fleet_count(parts->fleet); i++) {
		const struct line *line = fleet_at(parts->fleet, i);
		char text[MONEY_TEXT_MAX];

		if (!find_sim(parts, line, &sim))
			continue;
		money_print(sim.balance_minor, sim.balance_decimals, text);
		metrics_put(out, name,
			LABELS({"modem", line->config.name},
				{"currency", sim.balance_currency}),
			text);
	}
	metrics_family(out, read_at, "gauge", "When that was told.");
	for (size_t i = 0; i < fleet_count(parts->fleet); i++) {
		const struct line *line = fleet_at(parts->fleet, i);

		if (find_sim(parts, line, &sim))
			metrics_put_number(out, read_at,
				LABELS({"modem", line->config.name}),
				sim.balance_wall_ms / 1000);
	}
}

void
metrics_gather(const struct metrics_file_parts *parts,
	const struct metrics_tally *tally, bool up, struct metrics *out)
{
	struct ledger *ledger = turn_ledger(parts->turn);

	metrics_family(out, "topupd_build_info", "gauge",
		"Always 1; the version of the daemon.");
	metrics_put_number(out, "topupd_build_info",
		LABELS({"version", TOPUP_VERSION}), 1);
	metrics_put_one(out, "topupd_up",
		"1 while the daemon runs, 0 once it has ended in order.", up);
	put_vouchers(ledger, out);
	put_attempts(tally, out);
	put_moments(ledger, out);
	put_states(parts, out);
	put_balances(parts, out);
}

void
metrics_gather_signals(
	const struct metrics_file_parts *parts, struct metrics *out)
{
	static const char name[] = "topupd_modem_signal";

	metrics_family(out, name, "gauge",
		"Signal of the modem in dBm; absent while it is not known.");
	for (size_t i = 0; i < fleet_count(parts->fleet); i++) {
		const struct line *line = fleet_at(parts->fleet, i);
		int dbm = modem_info(line->modem)->signal_dbm;

		if (dbm != 0)
			metrics_put_number(out, name,
				LABELS({"modem", line->config.name}), dbm);
	}
}
