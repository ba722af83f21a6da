/*
 * The simulator's configuration and orders: a key that is wrong is named,
 * and an order that is not understood is refused, or scenarios test nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/world.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define MODEM(more)                                                            \
	"{\"modems\":[{\"name\":\"m1\",\"imsi\":\"00101\",\"msisdn\":\"080\""  \
	"," more "}]}"

static int
read_text(const char *text, struct conf *conf, struct conf_error *error)
{
	char path[] = "/tmp/test_world.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	int result = conf_read(path, conf, error);
	(void)unlink(path);
	return result;
}

static void
each_wrong_key_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", ":1: "},
		{"[]", "expected an object"},
		{"{\"modem\":1}", "modem: unknown key"},
		{"{}", "modems: expected a list"},
		{"{\"modems\":[]}", "modems: expected a list"},
		{"{\"modems\":[{}]}", "modems[0].name: missing"},
		{"{\"modems\":[{\"name\":\"a/b\",\"imsi\":\"1\"}]}",
			"modems[0].name: missing, or no file name"},
		{"{\"modems\":[{\"name\":\"a\"}]}", "modems[0].imsi: missing"},
		{"{\"modems\":[{\"name\":\"a\",\"imsi\":\"1\"},{\"name\":\"b\","
		 "\"imsi\":\"1\"}]}",
			"modems[1].imsi: twice"},
		{"{\"modems\":[{\"name\":\"a\",\"imsi\":\"1\"},{\"name\":\"a\","
		 "\"imsi\":\"2\"}]}",
			"modems[1].name: twice"},
		{MODEM("\"dialect\":\"betamax\""),
			"modems[0].dialect: no such dialect: betamax"},
		{MODEM("\"baud\":1"), "modems[0].baud: unknown key"},
		{MODEM("\"late\":1"), "modems[0].late: unknown key"},
		{MODEM("\"transport\":\"usb\""),
			"modems[0].transport: expected pty or tcp"},
		{MODEM("\"registration\":8"),
			"modems[0].registration: expected a whole number, 0 to "
			"7"},
		{MODEM("\"noise\":1"),
			"modems[0].noise: expected true or false"},
		{MODEM("\"delay_ms\":[5,1]"),
			"modems[0].delay_ms: expected [low, high]"},
		{MODEM("\"delay_ms\":5"),
			"modems[0].delay_ms: expected [low, high]"},
		{MODEM("\"boot_ms\":-1"),
			"modems[0].boot_ms: expected a whole number, not "
			"negative"},
		{MODEM("\"imei\":\"350000000000000000000000\""),
			"modems[0].imei: expected a string of at most 19 "
			"bytes"},
		{MODEM("\"pin_state\":\"LOCKED\""), "modems[0].pin_state: "},
		{MODEM("\"cscs\":\"8859-1\""), "modems[0].cscs: "},
		{MODEM("\"ok\":\"never\""), "modems[0].ok: expected one of"},
		{MODEM("\"ports\":[]"), "modems[0].ports: expected a list"},
		{MODEM("\"ports\":[{\"role\":\"at\"},{\"baud\":1}]"),
			"modems[0].ports[1].baud: unknown key"},
		{MODEM("\"ports\":[{\"role\":\"voice\"}]"),
			"modems[0].role: expected one of at"},
		{MODEM("\"faults\":1"), "modems[0].faults: expected an object"},
		{MODEM("\"faults\":{\"lost\":1}"),
			"modems[0].faults.lost: no such fault"},
		{MODEM("\"faults\":{\"late\":2}"),
			"modems[0].faults.late: expected a chance, 0 to 1"},
		{MODEM("\"faults\":{\"late_ms\":true}"),
			"modems[0].late_ms: expected a whole number"},
		{"{\"network\":{\"lock\":1},\"modems\":[]}",
			"network.lock: unknown key"},
		{"{\"network\":{\"texts\":{\"hello\":\"x\"}}}",
			"network.texts.hello: no such text"},
		{"{\"network\":{\"accounts\":{\"080\":\"x\"}}}",
			"network.accounts.080: expected a balance"},
		{"{\"modems\":[{\"name\":\"a\",\"imsi\":\"1\"}],\"cards\":[{}]"
		 "}",
			"cards[0].pin: missing"},
		{"{\"modems\":[{\"name\":\"a\",\"imsi\":\"1\"}],\"cards\":[{"
		 "\"pin\":\"1\",\"state\":\"lost\"}]}",
			"cards[0].state: lost"},
		{"{\"seed\":1,\"seed\":2}", "duplicate"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf conf;
		struct conf_error error = {""};
		assert_int_equal(read_text(rows[i].text, &conf, &error), -1);
		if (strstr(error.text, rows[i].error) == NULL)
			fail_msg("%s: \"%s\" is not \"%s\"", rows[i].text,
				error.text, rows[i].error);
		conf_free(&conf);
	}
}

static struct world
world_of(const char *text)
{
	struct world world;
	struct conf conf;
	struct conf_error error = {""};
	assert_int_equal(read_text(text, &conf, &error), 0);
	assert_int_equal(
		world_init(&world, &conf, (struct sim_hook){0}, &error), 0);
	conf_free(&conf);
	world_start(&world, 0);
	return world;
}

static void
configuration_arrives_where_it_belongs(void **state)
{
	struct world world = world_of(
		"{\"seed\":7,\"network\":{\"lock_after\":1,\"currency\":"
		"\"EUR\",\"accounts\":{\"0800000099\":500},\"texts\":{"
		"\"busy\":\"no\"}},\"modems\":[{\"name\":\"m1\",\"dialect\":"
		"\"simcom\",\"imsi\":\"00101\",\"msisdn\":\"080\",\"balance\":"
		"42,\"delay_ms\":[1,2],\"transport\":\"tcp\",\"cut\":3,"
		"\"faults\":{\"late\":0.5,\"hang_cure\":\"cfun\"}}],\"cards\":"
		"[{\"pin\":\"1\",\"amount\":5,\"state\":\"expired\"}]}");
	const struct device_options *options =
		device_options(world.modems[0].device);
	(void)state;
	assert_string_equal(options->dialect, "simcom");
	assert_int_equal(options->order, DEVICE_OK_LAST);
	assert_int_equal(options->delay_ms[1], 2);
	assert_int_equal(options->cut, 3);
	assert_int_equal(options->cure, DEVICE_BY_CFUN);
	assert_true(options->chance[DEVICE_LATE] == 0.5);
	assert_true(world.modems[0].conf.tcp);
	assert_int_equal(
		network_account(world.network, "00101")->balance_minor, 42);
	assert_int_equal(
		network_account(world.network, "0800000099")->balance_minor,
		500);
	assert_int_equal(network_card(world.network, "1")->state, CARD_EXPIRED);
	world_fini(&world);
}

static void
messages_are_configured_and_ordered(void **state)
{
	static const struct {
		const char *order;
		const char *answer;
	} rows[] = {
		{"{\"order\":\"sms\",\"modem\":\"m1\",\"text\":\"hello\"}",
			"{\"ok\":true}"},
		{"{\"order\":\"sms\",\"modem\":\"m1\",\"text\":\"hello\","
		 "\"sender\":\"121\",\"smsc\":\"+1\",\"class\":0,\"wide\":true,"
		 "\"reference\":7,\"parts\":\"11\"}",
			"{\"ok\":true}"},
		{"{\"order\":\"sms\",\"modem\":\"m1\",\"text\":\"hello\","
		 "\"parts\":\"2\"}",
			"{\"ok\":false,\"error\":\"text: cannot be sent: 2"},
		{"{\"order\":\"sms\",\"modem\":\"m1\",\"class\":4}",
			"{\"ok\":false,\"error\":\"class: expected"},
		{"{\"order\":\"sms\",\"modem\":\"m1\",\"m\":4}",
			"{\"ok\":false,\"error\":\"m: unknown key"},
		{"{\"order\":\"stored\",\"modem\":\"m1\",\"text\":\"FF\","
		 "\"store\":\"ME\"}",
			"{\"ok\":true}"},
		{"{\"order\":\"stored\",\"modem\":\"m1\",\"text\":\"FF\","
		 "\"store\":\"ME\"}",
			"{\"ok\":false,\"error\":\"store: no room in ME"},
		{"{\"order\":\"sms_silent\",\"modem\":\"m1\"}",
			"{\"ok\":true}"},
		{"{\"order\":\"set\",\"modem\":\"m1\",\"sms_late\":1,"
		 "\"sms_late_ms\":9,\"sm_size\":4}",
			"{\"ok\":true}"},
		{"{\"order\":\"set\",\"modem\":\"m1\",\"sm_size\":99}",
			"{\"ok\":false,\"error\":\"sm_size: expected"},
	};
	struct world world = world_of(
		"{\"network\":{\"sms_copy\":true},\"modems\":[{\"name\":"
		"\"m1\",\"imsi\":\"00101\",\"me_size\":1,\"sms_form\":"
		"\"short\",\"faults\":{\"prompt_late\":0.5,\"prompt_ms\":7}}]"
		"}");
	const struct mail_options *mail =
		&device_options(world.modems[0].device)->mail;
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *answer = world_order(&world, 0, rows[i].order);
		if (strncmp(answer, rows[i].answer, strlen(rows[i].answer)) !=
			0)
			fail_msg("%s: %s", rows[i].order, answer);
		free(answer);
	}
	device_tick(world.modems[0].device, 5000);
	assert_int_equal(device_store_used(world.modems[0].device, "SM"), 3);
	assert_int_equal(mail->form, MAIL_SHORT);
	assert_true(mail->chance[MAIL_PROMPT_LATE] == 0.5);
	assert_true(mail->chance[MAIL_LATE] == 1);
	assert_int_equal(mail->late_ms, 9);
	assert_int_equal(mail->prompt_ms, 7);
	world_fini(&world);
}

static void
numbers_that_come_twice_are_refused(void **state)
{
	struct world world;
	struct conf conf;
	struct conf_error error = {""};
	(void)state;
	assert_int_equal(
		read_text("{\"network\":{\"accounts\":{\"080\":1}},\"modems\":["
			  "{\"name\":\"a\",\"imsi\":\"1\",\"msisdn\":\"080\"}]"
			  "}",
			&conf, &error),
		0);
	assert_int_equal(
		world_init(&world, &conf, (struct sim_hook){0}, &error), -1);
	assert_string_equal(error.text, "network.accounts.080: twice");
	world_fini(&world);
	conf_free(&conf);
}

#define OK "{\"ok\":true}"
static const struct {
	const char *order;
	const char *answer; /* it begins so */
} orders[] = {
	{"{\"order\":\"set\",\"modem\":\"m1\",\"registration\":3}", OK},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"balance\":7}", OK},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"late\":1}", OK},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"faults\":{\"busy\":1}}", OK},
	{"{\"order\":\"lose_reply\",\"modem\":\"m1\"}", OK},
	{"{\"order\":\"late\",\"modem\":\"m1\",\"ms\":9,\"only_pin\":"
	 "true}",
		OK},
	{"{\"order\":\"push\",\"modem\":\"m1\",\"text\":\"x\",\"m\":1}", OK},
	{"{\"order\":\"print\",\"modem\":\"m1\",\"text\":\"\\r\\n\"}", OK},
	{"{\"order\":\"hang\",\"modem\":\"m1\",\"ms\":5}", OK},
	{"{\"order\":\"hang\",\"modem\":\"m1\",\"kind\":\"ussd\",\"cure\":"
	 "\"radio\"}",
		OK},
	{"{\"order\":\"hang\",\"modem\":\"m1\",\"kind\":\"deaf\"}",
		"{\"ok\":false,\"error\":\"hang: expected one of silent"},
	{"{\"order\":\"power\",\"modem\":\"m1\",\"ms\":5,\"renumber\":true}",
		OK},
	{"{\"order\":\"foreign\",\"modem\":\"m1\",\"text\":\"AT\"}", OK},
	{"{\"order\":\"flood\",\"modem\":\"m1\",\"count\":9}", OK},
	{"{\"order\":\"flood\",\"modem\":\"m1\",\"count\":0}",
		"{\"ok\":false,\"error\":\"count: "},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"lte_ussd\":\"error\","
	 "\"lte_code\":30,\"clock\":\"wrong\",\"clock_shift_ms\":-5}",
		OK},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"ports\":[{}]}",
		"{\"ok\":false,\"error\":\"ports: cannot be changed"},
	{"{\"order\":\"reboot\",\"modem\":\"m1\"}", OK},
	{"{\"order\":\"vanish\",\"modem\":\"m1\",\"ms\":5}", OK},
	{"{\"order\":\"card\",\"pin\":\"2\",\"amount\":9}", OK},
	{"{\"order\":\"card\",\"amount\":9}",
		"{\"ok\":false,\"error\":\"pin: missing\"}"},
	{"{\"order\":\"state\"}",
		"{\"accounts\":{\"00101\":{\"balance\":7,\"wrong_in_a_"
		"row\":0,\"locked\":false}},\"cards\":{\"1\":{"
		"\"state\":\"good\",\"executed\":0,\"credited_to\":null"
		"},\"2\":{\"state\":\"good\""},
	{"nonsense", "{\"ok\":false,\"error\":\"no JSON"},
	{"{}", "{\"ok\":false,\"error\":\"order: no such order\"}"},
	{"{\"order\":\"explode\",\"modem\":\"m1\"}",
		"{\"ok\":false,\"error\":\"order: no such order\"}"},
	{"{\"order\":\"hang\"}", "{\"ok\":false,\"error\":\"modem: missing\"}"},
	{"{\"order\":\"hang\",\"modem\":\"m2\"}",
		"{\"ok\":false,\"error\":\"modem: no such modem: m2"},
	{"{\"order\":\"hang\",\"modem\":\"m1\",\"for\":1}",
		"{\"ok\":false,\"error\":\"for: unknown key"},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"name\":\"x\"}",
		"{\"ok\":false,\"error\":\"name: cannot be changed"},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"cut\":1,\"lost\":1}",
		"{\"ok\":false,\"error\":\"faults.lost: no such fault"},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"00102\","
	 "\"iccid\":\"892\",\"msisdn\":\"0802\",\"balance\":9}",
		OK},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"00103\","
	 "\"msisdn\":\"0802\"}",
		"{\"ok\":false,\"error\":\"msisdn: 0802 is of another"},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"0802\"}",
		"{\"ok\":false,\"error\":\"imsi: 0802 is a number"},
	{"{\"order\":\"swap\",\"modem\":\"m1\"}",
		"{\"ok\":false,\"error\":\"imsi: missing"},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"1\","
	 "\"hot\":1}",
		"{\"ok\":false,\"error\":\"hot: expected true"},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"1\","
	 "\"text\":\"x\"}",
		"{\"ok\":false,\"error\":\"text: unknown key"},
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"00101\"}",
		OK}, /* the first one again */
	{"{\"order\":\"swap\",\"modem\":\"m1\",\"imsi\":\"00102\","
	 "\"balance\":5,\"hot\":true}",
		OK},
	{"{\"order\":\"state\"}",
		"{\"accounts\":{\"00101\":{\"balance\":7,\"wrong_in_a_"
		"row\":0,\"locked\":false},\"00102\":{\"balance\":9,"},
	{"{\"order\":\"set\",\"modem\":\"m1\",\"balance\":11}", OK},
	{"{\"order\":\"quit\"}", OK},
};

static void
orders_are_carried_out_or_refused(void **state)
{
	struct world world =
		world_of("{\"modems\":[{\"name\":\"m1\",\"imsi\":\"00101\"}],"
			 "\"cards\":[{\"pin\":\"1\",\"amount\":5}]}");
	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		assert_false(world.quit);
		char *answer = world_order(&world, 0, orders[i].order);
		if (strncmp(answer, orders[i].answer,
			    strlen(orders[i].answer)) != 0)
			fail_msg("%s: %s", orders[i].order, answer);
		free(answer);
	}
	const struct device_options *options =
		device_options(world.modems[0].device);
	assert_int_equal(options->registration, 3);
	assert_int_equal(options->cut, 0); /* the whole order was refused */
	assert_true(options->chance[DEVICE_LATE] == 1);
	assert_true(options->chance[DEVICE_BUSY] == 1);
	assert_true(world.quit);
	world_fini(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wrong_key_is_named),
		cmocka_unit_test(configuration_arrives_where_it_belongs),
		cmocka_unit_test(messages_are_configured_and_ordered),
		cmocka_unit_test(numbers_that_come_twice_are_refused),
		cmocka_unit_test(orders_are_carried_out_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
