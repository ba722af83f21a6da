/*
 * device_store: the stores of messages and the commands on them: AT+CPMS,
 * +CMGL, +CMGR, +CMGD (3GPP TS 27.005).
 * Must never tidy up: indexes have gaps, and garbage stays.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"SM", "ME"};

int
store_size(const struct device *device, int store)
{
	const struct mail_options *mail = &device->options.mail;
	int size = store == 0 ? mail->sm_size : mail->me_size;
	return size < STORE_MAX ? size : STORE_MAX;
}

int
store_used(const struct device *device, int store)
{
	int used = 0;
	for (int i = 0; i < STORE_MAX; i++)
		used += device->mail.stores[store][i].used;
	return used;
}

static int
store_by_name(const char *name, size_t len)
{
	for (int i = 0; i < 2; i++)
		if (len == 2 && strncasecmp(names[i], name, 2) == 0)
			return i;
	return -1;
}

const char *
store_name(int store)
{
	return names[store];
}

/* The index it got, or -1. */
int
store_put(struct device *device, int store, const char *hex, long octets)
{
	struct mail_entry *entries = device->mail.stores[store];
	int i = 0;
	while (i < store_size(device, store) && entries[i].used)
		i++;
	if (i == store_size(device, store))
		return -1;
	entries[i] = (struct mail_entry){.used = true, .octets = octets};
	(void)snprintf(entries[i].hex, sizeof entries[i].hex, "%s", hex);
	return i + device->options.mail.first;
}

int
device_stored(struct device *device, const char *store, const char *hex)
{
	int which = store_by_name(store, strlen(store));
	return which < 0 || store_put(device, which, hex,
				    (long)strlen(hex) / 2) < 0
	               ? -1
	               : 0;
}

int
device_store_used(const struct device *device, const char *store)
{
	int which = store_by_name(store, strlen(store));
	return which < 0 ? -1 : store_used(device, which);
}

int
store_refusal(struct device *device, int64_t now_ms, int code)
{
	if (device->cmee == 0)
		return AT_ERROR;
	line_say(device, now_ms, "+CMS ERROR: %d", code);
	return AT_SILENT;
}

/* 27.005 3.2.5: SIM not inserted, PIN, PUK, busy. */
int
store_sim_refusal(struct device *device, int64_t now_ms)
{
	switch (sim_mail_error(device, now_ms)) {
	case AT_OK:
		return AT_OK;
	case CME_SIM_PIN:
		return store_refusal(device, now_ms, 311);
	case CME_SIM_PUK:
		return store_refusal(device, now_ms, 316);
	case CME_SIM_BUSY:
		return store_refusal(device, now_ms, 314);
	default: /* numbers of the standard */
		return store_refusal(device, now_ms, 310);
	}
}

static int
ask_stores(struct device *device, int64_t now_ms)
{
	char line[128] = "+CPMS: ";
	for (int i = 0; i < device->dialect->stores; i++) {
		int store = device->mail.mem[i];
		size_t len = strlen(line);
		(void)snprintf(line + len, sizeof line - len, "%s\"%s\",%d,%d",
			i == 0 ? "" : ",", names[store],
			store_used(device, store), store_size(device, store));
	}
	line_say(device, now_ms, "%s", line);
	return AT_OK;
}

/* What +CPMS=? tells: lists, nested ones, or empty ones. */
static int
test_stores(struct device *device, int64_t now_ms)
{
	const char *told = device->dialect->cpms_test;
	line_say(device, now_ms, "+CPMS: %s",
		told != NULL ? told
			     : "(\"SM\",\"ME\"),(\"SM\",\"ME\"),(\"SM\","
			       "\"ME\")");
	return AT_OK;
}

int
store_no_stores(struct device *device, int64_t now_ms, const char *args)
{
	return strcmp(args, "=?") == 0 ? test_stores(device, now_ms) : AT_ERROR;
}

/* How full they are, as +CPMS= tells it. */
static void
say_fill(struct device *device, int64_t now_ms)
{
	const int *mem = device->mail.mem;
	char line[128] = "+CPMS: ";
	for (int i = 0; i < device->dialect->stores; i++) {
		size_t len = strlen(line);
		(void)snprintf(line + len, sizeof line - len, "%s%d,%d",
			i == 0 ? "" : ",", store_used(device, mem[i]),
			store_size(device, mem[i]));
	}
	line_say(device, now_ms, "%s", line);
}

int
store_cpms(struct device *device, int64_t now_ms, const char *args)
{
	int mem[3];
	int error = store_sim_refusal(device, now_ms);
	const char *p = args + 1;
	if (error != AT_OK)
		return error;
	if (strcmp(args, "?") == 0)
		return ask_stores(device, now_ms);
	if (strcmp(args, "=?") == 0)
		return test_stores(device, now_ms);
	memcpy(mem, device->mail.mem, sizeof mem);
	for (int i = 0; i < device->dialect->stores && *p == '"'; i++) {
		size_t len = strcspn(p + 1, "\"");
		mem[i] = store_by_name(p + 1, len);
		if (mem[i] < 0 || store_size(device, mem[i]) == 0)
			return store_refusal(device, now_ms, 302);
		p += len + 2;
		p += *p == ',';
	}
	if (args[0] != '=' || *p != '\0')
		return store_refusal(device, now_ms, 305);
	memcpy(device->mail.mem, mem, sizeof mem);
	say_fill(device, now_ms);
	return AT_OK;
}

/* What stands between the colon and the message; index -1: of +CMGR. */
static void
head(const struct device *device, const struct mail_entry *entry, int index,
	char out[64])
{
	static const char *const alphas[] = {[MAIL_PLAIN] = ",",
		[MAIL_SHORT] = "",
		[MAIL_QUOTED] = "\"\",",
		[MAIL_NAMED] = "\"616E64726577\",",
		[MAIL_SAME_LINE] = ","};
	enum mail_form form = device->options.mail.form;
	char number[16] = "";
	if (index >= 0)
		(void)snprintf(number, sizeof number, "%d,", index);
	(void)snprintf(out, 64, "%s%d,%s%ld%s", number, entry->stat,
		alphas[form], entry->octets, form == MAIL_NAMED ? " " : "");
}

static void
show(struct device *device, int64_t now_ms, struct mail_entry *entry, int index)
{
	const char *command = index >= 0 ? "+CMGL" : "+CMGR";
	char text[64];
	head(device, entry, index, text);
	if (device->options.mail.form == MAIL_SAME_LINE) {
		line_say(
			device, now_ms, "%s: %s,%s", command, text, entry->hex);
	} else {
		line_say(device, now_ms, "%s: %s", command, text);
		line_more(device, now_ms, entry->hex);
	}
	if (entry->stat == 0)
		entry->stat = 1;
}

int
store_cmgl(struct device *device, int64_t now_ms, const char *args)
{
	int store = device->mail.mem[0];
	long wanted = args[0] == '=' ? strtol(args + 1, NULL, 10) : 0;
	int error = store_sim_refusal(device, now_ms);
	if (error != AT_OK || strcmp(args, "=?") == 0)
		return error;
	if (device->mail.cmgf != 0 || wanted < 0 || wanted > 4)
		return store_refusal(device, now_ms, 302);
	for (int i = 0; i < store_size(device, store); i++) {
		struct mail_entry *entry = &device->mail.stores[store][i];
		if (entry->used && (wanted == 4 || wanted == entry->stat))
			show(device, now_ms, entry,
				i + device->options.mail.first);
	}
	return AT_OK;
}

/* The entry of an index of the store to read from, or NULL. */
static struct mail_entry *
entry_at(struct device *device, const char *args)
{
	int store = device->mail.mem[0];
	long i = args[0] == '=' && args[1] >= '0' && args[1] <= '9'
	                 ? strtol(args + 1, NULL, 10) -
	                           device->options.mail.first
	                 : -1;
	return i < 0 || i >= store_size(device, store)
	               ? NULL
	               : &device->mail.stores[store][i];
}

int
store_cmgr(struct device *device, int64_t now_ms, const char *args)
{
	struct mail_entry *entry = entry_at(device, args);
	int error = store_sim_refusal(device, now_ms);
	if (error != AT_OK)
		return error;
	if (entry == NULL || !entry->used || device->mail.cmgf != 0)
		return store_refusal(device, now_ms, 321);
	show(device, now_ms, entry, -1);
	return AT_OK;
}

/* The second argument deletes much more (27.005 3.5.4). */
int
store_cmgd(struct device *device, int64_t now_ms, const char *args)
{
	struct mail_entry *entry = entry_at(device, args);
	const char *comma = strchr(args, ',');
	long flag = comma == NULL ? 0 : strtol(comma + 1, NULL, 10);
	int store = device->mail.mem[0];
	int error = store_sim_refusal(device, now_ms);
	if (error != AT_OK)
		return error;
	if (entry == NULL)
		return store_refusal(device, now_ms, 321);
	if (flag == 0)
		entry->used = false;
	for (int i = 0; flag > 0 && i < STORE_MAX; i++) {
		struct mail_entry *each = &device->mail.stores[store][i];
		if (flag == 4 || (flag == 3 && each->stat != 0) ||
			(flag == 2 && each->stat % 2 == 1) ||
			(flag == 1 && each->stat == 1))
			each->used = false;
	}
	return AT_OK;
}
