/*
 * ctl_probe_show: what a probe found, for somebody who sets up: a list, and
 * the line of the configuration. It changes nothing.
 */
#include "agent/ctl_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

/* 27.007 7.2: <stat> of +CREG. */
static const char *
registration_name(int stat)
{
	static const char *const names[] = {"not searching", "home",
		"searching", "refused by the network", "unknown", "roaming",
		"for SMS only", "for SMS only, roaming", "emergency only",
		"home, calls not preferred", "roaming, calls not preferred"};
	size_t count = sizeof(names) / sizeof(names[0]);
	return stat >= 0 && (size_t)stat < count ? names[stat] : "";
}

static void
join(char *out, size_t cap, const char *format, const char *a, const char *b)
{
	if (b[0] != '\0')
		(void)snprintf(out, cap, format, a, b);
	else
		(void)snprintf(out, cap, "%s", a);
}

static struct json *
shape_stores(const struct probe_found *found)
{
	struct json *list = json_new_array();
	for (size_t i = 0; i < found->store_count; i++) {
		struct json *o = json_new_object();
		json_put_text(o, "store", found->stores[i].name);
		json_put_number(o, "used", found->stores[i].used);
		json_put_number(o, "size", found->stores[i].size);
		json_add(list, o);
	}
	return list;
}

static struct json *
shape_others(const struct probe_found *found)
{
	struct json *list = json_new_array();
	for (size_t i = 0; i < found->other_count; i++) {
		struct json *o = json_new_object();
		json_put_text(o, "port", found->others[i].path);
		json_put_flag(o, "answers", found->others[i].answers);
		json_put_text(o, "why", found->others[i].why);
		json_add(list, o);
	}
	return list;
}

/* "operator": the profile, or why there is none. */
static void
put_operator(struct json *o, const struct probe_found *found)
{
	char text[96] = "";
	const char *imsi = found->info.imsi;
	if (found->profile != NULL)
		(void)snprintf(text, sizeof(text), "%s", found->profile->stem);
	else if (imsi[0] != '\0')
		(void)snprintf(text, sizeof(text),
			found->profiles == 0
				? "no profile has mcc_mnc %.5s or %.6s"
				: "several profiles have mcc_mnc %.5s or %.6s",
			imsi, imsi);
	json_put_text(
		o, found->profile != NULL ? "operator" : "no_operator", text);
}

/* What to paste: the modem by its IMEI where that finds it, else the port by
 * a name that stays; and what was seen to be needed. gap stands between its
 * settings. */
static void
write_config(
	const struct probe_found *found, const char *gap, char *out, size_t cap)
{
	char port[512];
	bool needs_pin = strstr(found->why, "SIM PIN") != NULL;
	bool roams = found->info.registration == 5;
	if (found->info.imei[0] != '\0' && probe_is_usb_modem(found->port))
		(void)snprintf(port, sizeof(port), "imei:%s", found->info.imei);
	else
		probe_lasting_name(found->port, port, sizeof(port));
	int n = snprintf(out, cap,
		"{ name = \"modem1\";%sport = \"%s\";%soperator = \"%s\";"
		"%s%s%s%s }",
		gap, port, gap,
		found->profile != NULL ? found->profile->stem : "auto",
		needs_pin ? gap : "",
		needs_pin ? "sim_pin_file = \"/etc/topupd/modem1.pin\";" : "",
		roams ? gap : "", roams ? "roaming = true;" : "");
	if (n < 0 || (size_t)n >= cap)
		out[0] = '\0';
}

static void
put_config(struct json *o, const struct probe_found *found)
{
	char line[1024];
	write_config(found, " ", line, sizeof(line));
	if (line[0] != '\0')
		json_put_text(o, "config", line);
}

static void
put_modem(struct json *o, const struct modem_info *info)
{
	json_put_text(o, "manufacturer", info->manufacturer);
	json_put_text(o, "model", info->model);
	json_put_text(o, "firmware", info->firmware);
	json_put_text(o, "imei", info->imei);
	json_put_text(o, "dialect", info->dialect);
	json_put_text(o, "told_by", info->told_by);
	json_put_text(o, "iccid", info->iccid);
	json_put_text(o, "imsi", info->imsi);
	json_put_text(o, "registration", registration_name(info->registration));
	json_put_text(o, "network", info->network);
	if (info->signal_dbm != 0)
		json_put_number(o, "signal", info->signal_dbm);
	else
		json_put(o, "signal", NULL);
	json_put_text(o, "coding", info->coding);
	json_put_flag(o, "coding_known", info->coding_known);
}

static struct json *
shape(const struct probe_found *found)
{
	struct json *o = json_new_object();
	json_put_text(o, "port", found->port);
	json_put_flag(o, "ok", found->why[0] == '\0');
	json_put_text(o, "why", found->why);
	put_modem(o, &found->info);
	put_operator(o, found);
	json_put_text(o, "balance_text", found->balance);
	json_put(o, "stores", shape_stores(found));
	json_put(o, "ports", shape_others(found));
	put_config(o, found);
	return o;
}

/* ---- for people --------------------------------------------------------- */

static void
print_list(const struct probe_found *found)
{
	for (size_t i = 0; i < found->store_count; i++)
		(void)printf("store         %s: %u of %u used\n",
			found->stores[i].name, found->stores[i].used,
			found->stores[i].size);
	for (size_t i = 0; i < found->other_count; i++)
		(void)printf("other port    %s: %s\n", found->others[i].path,
			found->others[i].answers ? "answers to AT, too"
			: found->others[i].why[0] != '\0'
				? found->others[i].why
				: "does not answer to AT");
}

static void
print_all(struct ctl *ctl, const struct probe_found *found, struct json *o)
{
	static const struct ctl_column fields[] = {
		{"port", "port", CELL_TEXT, 0, 0},
		{"made by", "manufacturer", CELL_TEXT, 0, 0},
		{"model", "model", CELL_TEXT, 0, 0},
		{"firmware", "firmware", CELL_TEXT, 0, 0},
		{"IMEI", "imei", CELL_TEXT, 0, 0},
		{"dialect", "dialect_text", CELL_TEXT, 0, 0},
		{"ICCID", "iccid", CELL_TEXT, 0, 0},
		{"IMSI", "imsi", CELL_TEXT, 0, 0},
		{"operator", "operator", CELL_TEXT, 0, 0},
		{"no operator", "no_operator", CELL_TEXT, 0, 0},
		{"registered", "registration", CELL_TEXT, 0, 0},
		{"network", "network", CELL_TEXT, 0, 0},
		{"signal (dBm)", "signal", CELL_TEXT, 0, 0},
		{"USSD coding", "coding_text", CELL_TEXT, 0, 0},
		{"balance", "balance_text", CELL_TEXT, 0, 0}, {.title = NULL}};
	char text[96];
	join(text, sizeof(text), "%s (told by \"%s\")", found->info.dialect,
		found->info.told_by);
	json_put_text(o, "dialect_text", text);
	join(text, sizeof(text), "%s%s", found->info.coding,
		found->info.coding_known ? " (an answer was read)"
					 : " (not tried; --balance does)");
	json_put_text(o, "coding_text", text);
	ctl_table_object(fields, o, &ctl->out);
	print_list(found);
	char config[1024];
	write_config(found, "\n    ", config, sizeof(config));
	(void)printf("\nFor topupd.conf, in modems:\n  %s\n", config);
}

/* What to do about it, by what the sentence says; NULL: it says so itself. */
static const char *
next_step(const char *why)
{
	static const struct {
		const char *says, *step;
	} rows[] = {
		{"is not there", "is it plugged in? ls /dev/serial/by-id"},
		{"no permission", "run it as root (sudo)"},
		{"holds the port",
			"stop that program, or let it leave the port alone "
			"(README, ModemManager)"},
		{"does not answer",
			"try the device's other ports, and --baud on a serial "
			"line"},
		{"nobody listens", "is the server of that port running?"},
		{"(SIM PIN)",
			"set sim_pin_file as above, or switch the PIN off in "
			"a phone"},
		{"PUK", "unblock the SIM in a phone, with its PUK"},
		{"no SIM", "put a SIM in, and ask again"},
		{"not registered",
			"look at the antenna, and try the SIM in a phone"},
		{"network refuses", "try the SIM in a phone"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strstr(why, rows[i].says) != NULL)
			return rows[i].step;
	return NULL;
}

int
probe_show(struct ctl *ctl, const struct probe_found *found)
{
	struct json *o = shape(found);
	bool answered = found->info.manufacturer[0] != '\0' ||
	                found->info.model[0] != '\0' ||
	                found->info.imei[0] != '\0';
	if (ctl->json)
		ctl_show_json(o);
	else if (answered)
		print_all(ctl, found, o);
	(void)fflush(stdout);
	json_free(o);
	if (found->why[0] == '\0')
		return CTL_DONE;
	ctl_say(ctl, "%s: %s", found->port, found->why);
	const char *step = next_step(found->why);
	if (step != NULL)
		ctl_say(ctl, "next: %s", step);
	return CTL_REFUSED;
}
