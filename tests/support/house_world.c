/*
 * house_world: what modemsim, the profile, the configuration and the batch
 * files say. The profile is written from what the simulator's network
 * promises, key by key, so that a scenario changes one line of it.
 */
#include "tests/support/house_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Limits are wide here: a scenario about a limit sets its own. */
static const struct house_rule simtel[] = {
	{"operator", "name", "SimTel"},
	{"operator", "mcc_mnc", "00101"},
	{"operator", "currency", "XTS"},
	{"operator", "decimals", "2"},
	{"operator", "number_format", "1,234.56"},
	{"operator", "pin", "\\d{14}"},
	{"operator", "msisdn", "0[789]\\d{8}"},
	{"recharge", "ussd", "*121*{pin}#"},
	{"recharge", "ussd_for_other", "*121*{pin}*{msisdn}#"},
	{"recharge", "timeout", "20"},
	{"balance", "ussd", "*123#"},
	{"balance", "reply",
		"(?i)balance is (?<balance>[\\d.,]+) (?<currency>[A-Z]+)"},
	{"reply", "loaded", "(?i)credited with (?<amount>[\\d.,]+)"},
	{"reply", "invalid", "(?i)invalid voucher"},
	{"reply", "used_by_me", "(?i)already used by you"},
	{"reply", "used", "(?i)already used"},
	{"reply", "expired", "(?i)has expired"},
	{"reply", "card_blocked", "(?i)voucher is blocked"},
	{"reply", "sim_blocked", "(?i)too many wrong"},
	{"reply", "busy", "(?i)try again later"},
	{"limits", "max_rejects", "1000"},
	{"limits", "batch_rejects", "1000"},
	{"limits", "min_interval", "0"},
	{"limits", "retries", "3"},
	{"limits", "retry_pause", "1s"},
	{"limits", "fence", "1s"},
};

const char *
house_path(const struct house *h, const char *format, ...)
{
	static char paths[8][2 * HOUSE_PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];
	va_list ap;
	int n = snprintf(path, HOUSE_PATH_MAX, "%s/", h->dir);

	va_start(ap, format);
	n += vsnprintf(path + n, HOUSE_PATH_MAX, format, ap);
	va_end(ap);
	assert_in_range(n, 1, HOUSE_PATH_MAX - 1);
	return path;
}

void
house_write(const char *path, const char *text)
{
	char hidden[2 * HOUSE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	FILE *f;

	assert_non_null(slash);
	snprintf(hidden, sizeof(hidden), "%.*s/.%s", (int)(slash - path), path,
		slash + 1);
	f = fopen(hidden, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(hidden, path), 0);
}

char *
house_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text, piece[4096];
	size_t len, n;
	FILE *all;

	if (f == NULL)
		return NULL;
	all = open_memstream(&text, &len);
	assert_non_null(all);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		assert_int_equal(fwrite(piece, 1, n, all), n);
	(void)fclose(f); /* it was only read */
	assert_int_equal(fclose(all), 0);
	return text;
}

/* ---- the profile and the configuration ---------------------------------- */

static void
rules_begin(struct house *h)
{
	if (h->rule_count > 0)
		return;
	memcpy(h->rules, simtel, sizeof(simtel));
	h->rule_count = sizeof(simtel) / sizeof(simtel[0]);
}

void
house_rule_drop(struct house *h, const char *section, const char *key)
{
	size_t kept = 0;

	rules_begin(h);
	for (size_t i = 0; i < h->rule_count; i++) {
		if (strcmp(h->rules[i].section, section) == 0 &&
			strcmp(h->rules[i].key, key) == 0)
			continue;
		h->rules[kept++] = h->rules[i];
	}
	h->rule_count = kept;
}

void
house_rule_add(struct house *h, const char *section, const char *key,
	const char *value)
{
	struct house_rule *rule;

	rules_begin(h);
	assert_in_range(h->rule_count, 0, HOUSE_RULES_MAX - 1);
	rule = &h->rules[h->rule_count++];
	snprintf(rule->section, sizeof(rule->section), "%s", section);
	snprintf(rule->key, sizeof(rule->key), "%s", key);
	snprintf(rule->value, sizeof(rule->value), "%s", value);
}

void
house_rule_set(struct house *h, const char *section, const char *key,
	const char *value)
{
	house_rule_drop(h, section, key);
	house_rule_add(h, section, key, value);
}

/* Each section once, with all its keys. */
static void
write_profile(struct house *h)
{
	static const char *const sections[] = {
		"operator", "recharge", "menu", "balance", "reply", "limits"};
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	rules_begin(h);
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		fprintf(f, "[%s]\n", sections[s]);
		for (size_t i = 0; i < h->rule_count; i++)
			if (strcmp(h->rules[i].section, sections[s]) == 0)
				fprintf(f, "%s = %s\n", h->rules[i].key,
					h->rules[i].value);
	}
	assert_int_equal(fclose(f), 0);
	house_write(house_path(h, "operators/simtel.ini"), text);
	free(text);
}

void
house_write_settings(struct house *h)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f,
		"spool_dir = \"%s/spool\";\nstate_dir = \"%s/state\";\n"
		"runtime_dir = \"%s/run\";\noperators_dir = \"%s/operators\";\n"
		"key_file = \"%s/state/pin.key\";\n"
		"log = { socket = \"%s/log.sock\"; level = \"debug\"; };\n",
		h->dir, h->dir, h->dir, h->dir, h->dir, h->dir);
	if (h->config_extra != NULL)
		fprintf(f, "%s\n", h->config_extra);
	fprintf(f, "modems = (");
	for (size_t i = 0; i < h->modem_count; i++) {
		const struct house_modem *m = &h->modems[i];

		fprintf(f,
			"%s\n  { name = \"%s\"; port = \"%s\"; "
			"operator = \"%s\"; %s }",
			i > 0 ? "," : "", m->name, m->port,
			m->operator[0] != '\0' ? m->operator : "simtel",
			m->more);
	}
	fprintf(f, "\n);\n");
	assert_int_equal(fclose(f), 0);
	house_write(house_path(h, "topupd.conf"), text);
	free(text);
	write_profile(h);
}

/* ---- the simulator ------------------------------------------------------- */

static json_t *
list_in(struct house *h, const char *key)
{
	json_t *list = json_object_get(h->network, key);

	if (list != NULL)
		return list;
	list = json_array();
	assert_int_equal(json_object_set_new(h->network, key, list), 0);
	return list;
}

void
house_add_modem(struct house *h, const char *name, const char *dialect,
	const char *more)
{
	unsigned n = (unsigned)h->modem_count + 1;
	struct house_modem *m = &h->modems[h->modem_count++];
	char imei[20], imsi[20], iccid[24], msisdn[16];
	json_t *modem, *keys;

	assert_in_range(n, 1, HOUSE_MODEMS_MAX);
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->port, sizeof(m->port), "%s", house_path(h, "sim/%s", name));
	snprintf(imei, sizeof(imei), "3500000000000%u", 10 + n);
	snprintf(imsi, sizeof(imsi), "0010100000000%u", 10 + n);
	snprintf(iccid, sizeof(iccid), "89000000000000000%u", 10 + n);
	snprintf(msisdn, sizeof(msisdn), "08000000%u", 10 + n);
	modem = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:[i, i]}",
		"name", name, "dialect", dialect, "imei", imei, "imsi", imsi,
		"iccid", iccid, "msisdn", msisdn, "balance", 5000, "delay_ms",
		1, 5);
	assert_non_null(modem);
	if (more != NULL) {
		keys = json_loads(more, 0, NULL);
		assert_non_null(keys);
		assert_int_equal(json_object_update(modem, keys), 0);
		json_decref(keys);
	}
	assert_int_equal(json_array_append_new(list_in(h, "modems"), modem), 0);
}

void
house_add_card(struct house *h, const char *voucher_pin, long amount,
	const char *state)
{
	json_t *card = json_pack("{s:s, s:I, s:s}", "pin", voucher_pin,
		"amount", (json_int_t)amount, "state", state);

	assert_int_equal(json_array_append_new(list_in(h, "cards"), card), 0);
}

const char *
house_pin(unsigned i)
{
	static char pins[8][32];
	static unsigned next;
	char *text = pins[next++ % 8];
	/* Scattered, as operators draw them: a row that counts is held. */
	uint64_t x = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);

	x ^= x >> 29;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	x ^= x >> 32;
	snprintf(text, sizeof(pins[0]), "%010u%04u", (unsigned)(x % 4000000000),
		i % 10000);
	return text;
}

void
house_add_cards(struct house *h, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		house_add_card(h, house_pin(i), 10000, "good");
}

void
house_network_set(struct house *h, const char *key, json_t *value)
{
	json_t *network = json_object_get(h->network, "network");

	if (network == NULL) {
		network = json_object();
		assert_int_equal(
			json_object_set_new(h->network, "network", network), 0);
	}
	assert_int_equal(json_object_set_new(network, key, value), 0);
}

static bool
sim_is_ready(struct house *h, const void *ctx)
{
	char *said = house_read(house_path(h, "out/modemsim"));
	bool ready = said != NULL && strstr(said, "ready") != NULL;

	(void)ctx;
	free(said);
	if (waitpid(h->sim, NULL, WNOHANG) != 0)
		fail_msg("modemsim ended");
	return ready;
}

/* A modem on TCP says in a file where it is. */
static void
find_tcp_ports(struct house *h)
{
	for (size_t i = 0; i < h->modem_count; i++) {
		struct house_modem *m = &h->modems[i];
		char *where = house_read(house_path(h, "sim/%s.tcp", m->name));

		if (where == NULL)
			continue;
		snprintf(m->port, sizeof(m->port), "%.*s",
			(int)strcspn(where, " \r\n"), where);
		free(where);
	}
}

void
house_start_sim(struct house *h)
{
	char program[HOUSE_PATH_MAX + 16], dir[HOUSE_PATH_MAX];
	char config[HOUSE_PATH_MAX], log[HOUSE_PATH_MAX];
	const char *argv[] = {
		"modemsim", "--dir", dir, "--config", config, NULL};

	list_in(h, "cards");
	snprintf(program, sizeof(program), "%s/modemsim", h->build);
	snprintf(dir, sizeof(dir), "%s", house_path(h, "sim"));
	snprintf(
		config, sizeof(config), "%s", house_path(h, "sim/config.json"));
	snprintf(log, sizeof(log), "%s", house_path(h, "out/modemsim"));
	assert_int_equal(json_dump_file(h->network, config, JSON_INDENT(1)), 0);
	h->sim = house_spawn(&(struct house_command){.program = program,
		.argv = argv,
		.in = -1,
		.out = log,
		.err = log});
	house_until(h, "modemsim is ready", sim_is_ready, NULL);
	find_tcp_ports(h);
}

json_t *
house_tell(struct house *h, const char *order)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;
	char *line = NULL;
	size_t cap = 0;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s",
		house_path(h, "sim/control.sock"));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	f = fdopen(fd, "r+");
	assert_non_null(f);
	fprintf(f, "%s\n", order);
	assert_int_equal(fflush(f), 0);
	assert_true(getline(&line, &cap, f) > 0);
	(void)fclose(f); /* the answer is here */
	json_decref(h->doc);
	h->doc = json_loads(line, JSON_DECODE_ANY, NULL);
	free(line);
	assert_non_null(h->doc);
	if (json_object_get(h->doc, "error") != NULL)
		fail_msg("modemsim refused %s: %s", order,
			house_text(h->doc, "error"));
	return h->doc;
}

void
house_strike(struct house *h, const char *modem, const char *fault)
{
	char order[128];

	snprintf(order, sizeof(order),
		"{\"order\": \"%s\", \"modem\": \"%s\", \"only_pin\": true}",
		fault, modem);
	house_tell(h, order);
}
