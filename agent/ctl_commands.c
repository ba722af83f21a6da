/*
 * ctl_commands: the table of commands. Words, help and what runs them; the
 * manual is written from it.
 */
#include "agent/ctl_private.h"

#include <string.h>

#define OPTION_BATCH                                                           \
	{                                                                      \
		"batch", "ID", "all vouchers of a batch that can"              \
	}

#define OPTION_ASCII                                                           \
	{                                                                      \
		"ascii", NULL, "the chart in plain signs"                      \
	}
#define OPTION_SVG                                                             \
	{                                                                      \
		"svg", "FILE", "a picture for a browser into a file"           \
	}

static const struct ctl_command commands[] = {
	{.name = "status",
		.args = "",
		.summary = "The daemon at a glance; first what needs a "
			   "person.",
		.more = "",
		.example = "topupctl status",
		.run = ctl_run_status},
	{.name = "modems",
		.args = "",
		.summary = "Modems: state, why and until when, SIM, balance.",
		.more = "",
		.example = "topupctl modems --json",
		.run = ctl_run_modems},
	{.name = "load",
		.args = "",
		.summary = "One card at the counter: dials it and waits.",
		.more = "The PIN is typed without echo, or read from standard "
			"input; it is never an\nargument. Exit status: 0 "
			"loaded, 1 rejected, 4 anything else.",
		.example = "topupctl load --to 0800000011 --amount 100",
		.options = {{"to", "MSISDN",
				    "whose account (default: the "
				    "SIM that dials)"},
			{"amount", "A", "what the card is worth"},
			{"modem", "M", "the modem that dials"},
			{"operator", "N",
				"the card's operator (default: the "
				"modem's)"},
			{"timeout", "S", "wait so many seconds at most"}},
		.run = ctl_run_load},
	{.name = "submit",
		.args = "FILE",
		.summary = "Hands in a batch file (NAME.csv or NAME.txt); "
			   "prints its number.",
		.more = "The options are for what the file itself does not "
			"say.",
		.example = "topupctl submit cards.csv --operator simtel "
			   "--wait",
		.min = 1,
		.max = 1,
		.options = {{"operator", "N", "the cards' operator"},
			{"amount", "A", "what each card is worth"},
			{"target", "T", "self, or the number to credit"},
			{"modem", "M", "the modem that dials"},
			{"wait", NULL, "wait for the end, as `wait` does"}},
		.run = ctl_run_submit},
	{.name = "batches",
		.args = "",
		.summary = "All batches with their counts.",
		.more = "With --json each has its first 100 bad rows; `batch "
			"ID` has all.",
		.example = "topupctl batches",
		.run = ctl_run_batches},
	{.name = "batch",
		.args = "ID",
		.summary = "One batch: counts, total, bad rows.",
		.more = "",
		.example = "topupctl batch 3",
		.min = 1,
		.max = 1,
		.run = ctl_run_batch},
	{.name = "vouchers",
		.args = "",
		.summary = "Vouchers in the order of their numbers.",
		.more = "States: ready held dialing pending unknown loaded "
			"rejected cancelled.",
		.example = "topupctl vouchers --state unknown",
		.options = {{"batch", "ID", "only those of a batch"},
			{"state", "S", "only those in a state"},
			{"limit", "N", "so many at most"},
			{"after", "ID", "only those after this number"}},
		.run = ctl_run_vouchers},
	{.name = "voucher",
		.args = "ID",
		.summary = "One voucher with its attempts and audit entries.",
		.more = "",
		.example = "topupctl voucher 17",
		.min = 1,
		.max = 1,
		.run = ctl_run_voucher},
	{.name = "inbox",
		.args = "[MODEM]",
		.summary = "Messages that came by SMS, the oldest first; with "
			   "the VOUCHER that one decided.",
		.more = "WHY says why a message decided nothing:\n"
			"  no_operator       the operator of its SIM is not "
			"known\n"
			"  sender            its sender is not in sms_from of "
			"the profile\n"
			"  centre            nor its service centre in smsc\n"
			"  centre_not_known  the SIM does not tell its centre: "
			"set smsc\n"
			"  no_time           it does not say when it was sent\n"
			"  incomplete        parts of it never came\n"
			"  old               it was sent more than a day ago\n"
			"  no_verdict        no [reply] expression matches, or "
			"only \"pending\"\n"
			"  none              no card can have caused it\n"
			"  several           more than one card can\n"
			"  restored          one that only the lost ledger "
			"knew may have\n"
			"  other_sim         it may be of a SIM that was in "
			"that modem before\n"
			"  balance           it answers a question for the "
			"balance\n"
			"  changes_nothing   what it says of its card is known",
		.example = "topupctl inbox m1",
		.max = 1,
		.options = {{"limit", "N", "so many at most"},
			{"after", "ID", "only those after this number"},
			{"newest", NULL, "the newest first"}},
		.run = ctl_run_inbox},
	{.name = "wait",
		.args = "",
		.summary = "Waits until all vouchers, or a batch's, have "
			   "ended.",
		.more = "Without --batch it waits for files in incoming/, too. "
			"Exit status: 0 all ended,\n4 what is left is held "
			"or unknown, or waits for `unlock`, 1 the time is "
			"over.",
		.example = "topupctl wait --batch 3 --timeout 600",
		.options = {{"batch", "ID", "only this batch"},
			{"timeout", "S", "so many seconds at most"}},
		.run = ctl_run_wait},
	{.name = "balance",
		.args = "MODEM",
		.summary = "Asks the operator for the balance now.",
		.more = "With --history nobody is asked: what the SIM told "
			"over days, as a chart.",
		.example = "topupctl balance --history shop1 --days 7",
		.min = 1,
		.max = 1,
		.options = {{"history", NULL, "what was told so far"},
			{"days", "N", "of so many days (default: 30)"},
			OPTION_ASCII, OPTION_SVG},
		.run = ctl_run_balance},
	{.name = "ussd",
		.args = "MODEM CODE",
		.summary = "One USSD session of your own, with its menus.",
		.more = "Where the operator asks back, type the answer on the "
			"terminal; an empty line\nor ^D ends the session. What "
			"may hold a PIN is not sent: use `load`. All of it\n"
			"is in the audit, and no balance proves a card's "
			"credit across it.",
		.example = "topupctl ussd shop1 '*140#'",
		.admin = true,
		.min = 2,
		.max = 2,
		.run = ctl_run_ussd},
	{.name = "sms",
		.args = "MODEM NUMBER TEXT",
		.summary = "Sends one message of your own.",
		.more = "It is sent once. Exit status: 0 the network took it, "
			"1 it was not sent, 4 it\nmay have been: look for its "
			"answer in `inbox` before you send it again. What\nmay "
			"hold a PIN is not sent: use `load`. It is in the "
			"audit, and no balance\nproves a card's credit across "
			"it.",
		.example = "topupctl sms shop1 121 'BAL'",
		.admin = true,
		.min = 3,
		.max = 3,
		.run = ctl_run_sms},
	{.name = "reconcile",
		.args = "",
		.summary = "Balances against what was credited, account by "
			   "account.",
		.more = "unexplained = balance now - balance then - credited "
			"since. Above zero:\na credit that topupd does not "
			"know of; below zero: spent, or a credit that\nis "
			"missing. Exit status: 0 nothing is unexplained or "
			"unknown, 4 something is.",
		.example = "topupctl reconcile --since 2026-01-31",
		.options = {{"since", "TIME",
			"from the last balance before this time on"}},
		.run = ctl_run_reconcile},
	{.name = "claims",
		.args = "",
		.summary = "Refused and doubtful cards that were dialled, for "
			   "who sold them.",
		.more = "Refused: rejected. Doubtful: unknown, and held after "
			"a dialling; these may be\ncredited: settle them "
			"first. PINs are masked; REPLY is the operator's "
			"own text.\nThe CSV has RFC 4180's form, its times "
			"are UTC; FILE - is standard output.",
		.example = "topupctl claims --since 2026-01-01 --csv "
			   "claims.csv",
		.options = {{"batch", "ID", "only those of a batch"},
			{"operator", "N", "only those of an operator"},
			{"since", "TIME",
				"only those dialled at that time or later"},
			{"csv", "FILE", "as CSV into a file"}},
		.run = ctl_run_claims},
	{.name = "totals",
		.args = "",
		.summary = "What was loaded, refused and is unknown, with a "
			   "row for all.",
		.more = "A card counts once, at the day, SIM and operator of "
			"the dialling that loaded\nit, else of its last one. "
			"OPENING: the balance that was told last before,\n"
			"else first; CLOSING: last. A batch has no balance of "
			"its own. Days are local\nones of topupd "
			"(`timezone`); by day it is the last 30, else all.",
		.example = "topupctl totals --days 30 --svg month.svg",
		.options = {{"by", "WHAT",
				    "batch, sim, operator or day (default)"},
			{"days", "N", "the last N days, today among them"},
			{"since", "TIME", "what was dialled from then on"},
			OPTION_ASCII, OPTION_SVG},
		.run = ctl_run_totals},
	{.name = "hold",
		.args = "[ID...]",
		.summary = "Keeps vouchers from being dialled, until "
			   "`release`.",
		.more = "Only what is ready can be held.",
		.example = "topupctl hold 17 18",
		.max = -1,
		.options = {OPTION_BATCH},
		.run = ctl_run_move},
	{.name = "release",
		.args = "[ID...]",
		.summary = "Lets held vouchers be dialled.",
		.more = "",
		.example = "topupctl release --batch 3",
		.max = -1,
		.options = {OPTION_BATCH},
		.run = ctl_run_move},
	{.name = "cancel",
		.args = "[ID...]",
		.summary = "Withdraws vouchers that were never on air.",
		.more = "A card that was on air may have been credited: it "
			"can be held, never cancelled.",
		.example = "topupctl cancel 17",
		.max = -1,
		.options = {OPTION_BATCH},
		.run = ctl_run_move},
	{.name = "resolve",
		.args = "ID loaded|rejected|retry",
		.summary = "Settles an unknown voucher as a person says.",
		.more = "retry dials the card once more: be sure that it was "
			"not credited.\nA rejected one can be tried again, "
			"too, and one that is held as \"revealed\".",
		.example = "topupctl resolve 17 loaded --amount 100 "
			   "--note 'operator, ref 4711'",
		.admin = true,
		.min = 2,
		.max = 2,
		.options = {{"amount", "A",
				    "what was credited (default: the "
				    "card's amount)"},
			{"note", "TEXT", "how it is known (must be given)"}},
		.run = ctl_run_resolve},
	{.name = "reveal",
		.args = "ID...",
		.summary = "Shows PINs of cards that are not dialled.",
		.more = "Who asked is in the audit. A held card that was never "
			"on air is cancelled\nby it; one that was stays held "
			"(\"revealed\") until `resolve` says what came\nof it. "
			"No revealed card is dialled again but by `resolve ID "
			"retry`.",
		.example = "topupctl reveal 17",
		.admin = true,
		.min = 1,
		.max = -1,
		.run = ctl_run_reveal},
	{.name = "pause",
		.args = "[MODEM]",
		.summary = "Dials nothing new, on one modem or on all.",
		.more = "It stays so over restarts, until `resume`.",
		.example = "topupctl pause shop1",
		.max = 1,
		.run = ctl_run_pause},
	{.name = "resume",
		.args = "[MODEM]",
		.summary = "Ends a pause.",
		.more = "A pause of all and one of a modem are ended each by "
			"its own.",
		.example = "topupctl resume",
		.max = 1,
		.run = ctl_run_pause},
	{.name = "unlock",
		.args = "MODEM|MSISDN",
		.summary = "Allows a stopped SIM or number one PIN more.",
		.more = "Look first why it stopped: `topupctl status`. An "
			"operator bars a SIM for too\nmany wrong cards.",
		.example = "topupctl unlock shop1",
		.admin = true,
		.min = 1,
		.max = 1,
		.run = ctl_run_unlock},
	{.name = "reload",
		.args = "",
		.summary = "Reads configuration and profiles again.",
		.more = "A bad one is refused, with every problem; the old "
			"one stays.",
		.example = "topupctl reload",
		.admin = true,
		.run = ctl_run_reload},
	{.name = "backup",
		.args = "FILE",
		.summary = "Copies the ledger, while cards go on.",
		.more = "The key is NOT in it: keep a copy of the key file as "
			"well, in another place.\n`topupd --restore FILE` "
			"makes the ledger from it.",
		.example = "topupctl backup /media/usb/ledger-monday.db",
		.admin = true,
		.min = 1,
		.max = 1,
		.run = ctl_run_backup},
	{.name = "retrieve",
		.args = "NAME",
		.summary = "Gives back a refused file, byte by byte.",
		.more = "NAME is failed/NAME.sealed without its ending. It "
			"may have PINs in clear:\n--output makes a file that "
			"only you can read. Who asked is in the audit.",
		.example = "topupctl retrieve cards.csv --output cards.csv",
		.admin = true,
		.min = 1,
		.max = 1,
		.options = {{"output", "FILE",
			"into a new file, not to standard output"}},
		.run = ctl_run_retrieve},
	{.name = "check",
		.args = "",
		.summary = "Checks the configuration and all profiles, "
			   "without the daemon.",
		.more = "With --profile and --reply: how a text would be read, "
			"and by which rule.",
		.example = "topupctl check --profile simtel.ini --reply "
			   "'credited with 100.00'",
		.options = {{"profile", "FILE", "one operator's profile"},
			{"reply", "TEXT", "an operator's text"}},
		.run = ctl_run_check},
	{.name = "record",
		.args = "MODEM",
		.summary = "The wire of one modem, fit to be shown.",
		.more = "Until ^C, or for --seconds. Codes, PINs and messages "
			"of ours are only named;\nnumbers and the digits of "
			"texts are stand-ins. To have a modem's start in it,\n"
			"unplug it, begin, and plug it in.",
		.example =
			"topupctl record shop1 --seconds 60 >shop1.transcript",
		.admin = true,
		.min = 1,
		.max = 1,
		.options = {{"seconds", "N", "so long at most"}},
		.run = ctl_run_record},
	{.name = "setup",
		.args = "",
		.summary = "Finds modems, asks a few questions, writes a "
			   "configuration; without the daemon.",
		.more = "For root, while the daemon is stopped: it holds the "
			"ports. Nothing is dialled\nbut the balance code, if "
			"you agree. A file that is there is not replaced\n"
			"without --force, and then kept as FILE.1. Lines of an "
			"answers file are\n`key = value`: ports, adapters, "
			"balance, group, timezone, spool_dir, state_dir,\n"
			"runtime_dir, operators_dir; modem.IMEI (a name, or - "
			"for none), operator.IMEI,\nsim_pin_file.IMEI, "
			"roaming.IMEI; for a modem without an IMEI of its own, "
			"its\nport instead.",
		.example = "topupctl setup --answers shop.answers",
		.options = {{"answers", "FILE", "no questions: read answers"},
			{"force", NULL, "replace the file that is there"}},
		.run = ctl_run_setup},
	{.name = "probe",
		.args = "PORT",
		.summary = "What stands on a port, for setting up; without "
			   "the daemon.",
		.more = "PORT as in the configuration: a device path, or "
			"tcp://ADDRESS:PORT. Nothing is\ndialled, and the "
			"modem's settings are put back. --balance asks the "
			"operator for\nthe balance, to find out how codes "
			"are written. Exit status: 1 when the modem\ncannot "
			"be used as it is.",
		.example = "topupctl probe /dev/ttyUSB2",
		.min = 1,
		.max = 1,
		.options = {{"balance", NULL, "ask for the balance, once"},
			{"operator", "N",
				"the operator's profile (default: by "
				"the SIM)"},
			{"dialect", "D", "as in the configuration"},
			{"baud", "N", "the speed of a real serial line"}},
		.run = ctl_run_probe},
	{.name = "audit",
		.args = "[verify]",
		.summary = "The audit entries; `audit verify`: whether the "
			   "chain is whole.",
		.more = "verify reads the ledger itself, without the daemon; "
			"it needs the key, so it is\nfor root and the user "
			"of topupd.",
		.example = "topupctl audit --since 120 --follow --json",
		.max = 1,
		.options = {{"since", "SEQ|TIME",
				    "entries after this number, "
				    "or from this time on"},
			{"follow", NULL, "goes on as entries come"},
			{"against", "FILE",
				"verify: compare with syslog's "
				"file, too"}},
		.run = ctl_run_audit},
	{.name = "watch",
		.args = "",
		.summary = "Events as they happen.",
		.more = "When the daemon leaves it ends with 3 and says the "
			"last number: `audit\n--since SEQ --follow` goes on "
			"behind it.",
		.example = "topupctl watch",
		.run = ctl_run_watch},
};

const struct ctl_command *
ctl_command_at(size_t i)
{
	return i < sizeof(commands) / sizeof(commands[0]) ? &commands[i] : NULL;
}

const struct ctl_command *
ctl_command_find(const char *name)
{
	for (size_t i = 0; ctl_command_at(i) != NULL; i++) {
		if (strcmp(ctl_command_at(i)->name, name) == 0)
			return ctl_command_at(i);
	}
	return NULL;
}
