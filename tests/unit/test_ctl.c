/*
 * topupctl: its words, its tables, its exit statuses, against a daemon
 * that is a child process with a prepared answer.
 */
#include "agent/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <linux/sockios.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ctl_private.h"
#include "tests/support/call.h"

/* ---- a daemon with a prepared answer ------------------------------------ */

static char dir[64], sock[96];

static pid_t daemon_pid;
static bool daemon_interrupts; /* presses Ctrl-C when it was heard */

/* Child: one connection; keeps the request and the passed file. */
static void
serve(int listener, const char *answer, size_t piece)
{
	char request[4096] = "", path[128], file[256];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra;
	int fd = accept(listener, NULL, NULL);
	struct iovec iov = {.iov_base = request, .iov_len = sizeof(request)};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = extra.bytes,
		.msg_controllen = sizeof(extra.bytes)};
	ssize_t n = recvmsg(fd, &message, 0);
	(void)snprintf(path, sizeof(path), "%s/request", dir);
	FILE *to = fopen(path, "w");
	(void)fwrite(request, 1, n > 0 ? (size_t)n : 0, to);
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c != NULL) {
		int passed;
		memcpy(&passed, CMSG_DATA(c), sizeof(passed));
		n = pread(passed, file, sizeof(file), 0);
		(void)fprintf(to, "file:%.*s", (int)n, file);
	}
	(void)fclose(to);
	for (size_t at = 0, len = strlen(answer); at < len;) {
		size_t part = piece < len - at ? piece : len - at;
		(void)send(fd, answer + at, part, MSG_NOSIGNAL);
		at += part;
	}
	if (daemon_interrupts) {
		int unread = 1;
		while (ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0)
			(void)sched_yield();
		(void)kill(getppid(), SIGINT);
		(void)recv(fd, request, 1, 0); /* until it leaves */
	}
	(void)close(fd);
	_exit(0);
}

static void
daemon_will_say(const char *answer, size_t piece)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", sock);
	(void)unlink(sock);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	assert_int_equal(listen(listener, 1), 0);
	(void)fflush(NULL);
	daemon_pid = fork();
	assert_true(daemon_pid >= 0);
	if (daemon_pid == 0)
		serve(listener, answer, piece);
	(void)close(listener);
}

/* What it was asked. */
static const char *
asked(void)
{
	static char request[8192];
	char path[128];
	assert_int_equal(waitpid(daemon_pid, NULL, 0), daemon_pid);
	(void)snprintf(path, sizeof(path), "%s/request", dir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t n = fread(request, 1, sizeof(request) - 1, file);
	request[n] = '\0';
	(void)fclose(file);
	return request;
}

#define SAYS(answer) daemon_will_say(answer "\n", 4096)

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_ctl.XXXXXX");
	(void)setenv("TZ", "UTC0", 1);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(sock, sizeof(sock), "%s/control.sock", dir);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"request", "control.sock",
		"card.txt", "pin", "topupd.conf", "p.ini"};
	char path[128];
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* ---- words -------------------------------------------------------------- */

static void
wrong_words_are_status_2(void **state)
{
	(void)state;
	static const char *const rows[][6] = {{"ussd", "shop1"},
		{"ussd", "shop1", "*123#", "1"}, {"reveal"}, {"reveal", "x"},
		{"--nonsense"}, {"status", "x"}, {"vouchers", "--limit"},
		{"vouchers", "--limit", "many"}, {"vouchers", "--limit", "-1"},
		{"voucher"}, {"voucher", "0"}, {"voucher", "1x"},
		{"voucher", "99999999999999999999"}, {"hold"},
		{"hold", "1", "--batch", "2"}, {"hold", "--batch=x"},
		{"resolve", "1", "loaded"},
		{"resolve", "1", "loaded", "--note", " "},
		{"resolve", "1", "perhaps", "--note", "n"}, {"unlock"},
		{"check", "--reply", "x"}, {"audit", "verified"},
		{"audit", "--against", "f"}, {"audit", "--since", "soon"},
		{"-c"}, {"wait", "--timeout", "1s"}, {"pause", "a", "b"},
		{"retrieve"}, {"retrieve", "a", "b"}, {"submit"},
		{"submit", "--wait=yes", "f"}, {"load", "1234"}};
	assert_int_equal(call_ctl(NULL), 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = call_ctl(rows[i][0], rows[i][1], rows[i][2],
			rows[i][3], rows[i][4], NULL);
		if (status != 2)
			print_message(
				"row %zu (%s): %d\n", i, rows[i][0], status);
		assert_int_equal(status, 2);
		assert_int_equal(strlen(call_out), 0);
		assert_non_null(strstr(call_err, "--help"));
	}
}

static void
every_command_has_help_with_an_example(void **state)
{
	(void)state;
	static const char *const contract[] = {"status", "modems", "load",
		"submit", "batches", "batch", "vouchers", "voucher", "wait",
		"balance", "ussd", "sms", "hold", "release", "cancel",
		"resolve", "pause", "resume", "unlock", "reload", "backup",
		"check", "audit", "watch", "reconcile", "inbox", "probe",
		"setup", "record", "reveal", "retrieve", "claims", "totals"};
	size_t count = 0;
	while (ctl_command_at(count) != NULL)
		count++;
	assert_int_equal(count, sizeof(contract) / sizeof(contract[0]));
	for (size_t i = 0; i < count; i++) {
		const struct ctl_command *c = ctl_command_find(contract[i]);
		assert_non_null(c);
		assert_non_null(c->run);
		assert_int_equal(call_ctl(contract[i], "--help", NULL), 0);
		assert_non_null(strstr(call_out, "usage: topupctl "));
		assert_non_null(strstr(call_out, "example:\n  topupctl "));
		assert_non_null(strstr(call_out, contract[i]));
		assert_non_null(strstr(call_out, c->summary));
		for (size_t k = 0; c->options[k].name != NULL; k++)
			assert_non_null(strstr(call_out, c->options[k].help));
		for (const char *line = call_out; line != NULL;
			line = strchr(line + 1, '\n'))
			assert_true(strcspn(line + 1, "\n") <= 80);
	}
	assert_true(ctl_command_find("resolve")->admin);
	assert_true(ctl_command_find("unlock")->admin);
	assert_true(ctl_command_find("reload")->admin);
	assert_true(ctl_command_find("ussd")->admin);
	assert_true(ctl_command_find("reveal")->admin);
	assert_true(ctl_command_find("retrieve")->admin);
	assert_int_equal(call_ctl("--help", NULL), 0);
	assert_non_null(strstr(call_out, "Exit status"));
	assert_int_equal(call_ctl("--version", NULL), 0);
	assert_non_null(strstr(call_out, "topupctl "));
}

static void
options_may_stand_anywhere(void **state)
{
	(void)state;
	SAYS("{\"done\":{\"count\":0},\"exit\":0}");
	assert_int_equal(
		call_ctl("--json", "--socket", sock, "vouchers", "--state=held",
			"--batch", "7", "--limit", "5", NULL),
		0);
	assert_string_equal(call_out, "[]\n");
	assert_string_equal(asked(),
		"{\"command\":\"vouchers\",\"args\":{\"state\":\"held\","
		"\"batch\":7,\"limit\":5}}\n");
	SAYS("{\"done\":{\"moved\":2,\"refused\":[]},\"exit\":0}");
	assert_int_equal(
		call_ctl("hold", "3", "--socket", sock, "--", "4", NULL), 0);
	assert_string_equal(call_out, "2 held\n");
	assert_non_null(strstr(asked(), "\"ids\":[3,4]"));
}

/* The operator's text is foreign, line by line. Without a terminal nobody is
 * there to answer. */
static void
ussd_prints_the_screen_and_that_an_open_one_was_closed(void **state)
{
	(void)state;
	SAYS("{\"done\":{\"text\":\"1. A\\r\\n2. \\u001bB\",\"open\":true},"
	     "\"exit\":0}");
	assert_int_equal(
		call_ctl("ussd", "shop1", "*140#", "--socket", sock, NULL), 0);
	assert_string_equal(call_out, "1. A\n2. \\x1bB\n");
	assert_non_null(strstr(call_err, "the session was closed"));
	assert_string_equal(asked(),
		"{\"command\":\"ussd\",\"args\":{\"modem\":\"shop1\","
		"\"code\":\"*140#\",\"dialogue\":false}}\n");
	SAYS("{\"done\":{\"text\":\"Hi\",\"open\":false},\"exit\":0}");
	assert_int_equal(call_ctl("ussd", "--json", "shop1", "*1#", "--socket",
				 sock, NULL),
		0);
	assert_string_equal(call_out, "{\"text\":\"Hi\",\"open\":false}\n");
	assert_string_equal(call_err, "");
	(void)asked();
}

static void
status_says_what_to_do_and_who_is_stopped(void **state)
{
	(void)state;
	SAYS("{\"done\":{\"version\":\"1\",\"uptime\":61,\"attention\":[{"
	     "\"what\":\"number\",\"count\":1,\"text\":\"1 number is stopped\","
	     "\"say\":\"topupctl unlock MSISDN\"}],\"waiting\":[{\"name\":"
	     "\"shop1\",\"state\":\"fenced\",\"until\":null,\"why\":"
	     "\"an answer may come\"}],\"stopped\":[{\"kind\":"
	     "\"number\",\"name\":\"0800000011\",\"modem\":null,\"since\":"
	     "\"2026-01-31T09:30:00Z\",\"why\":\"2 cards\",\"until\":null}]},"
	     "\"exit\":0}");
	assert_int_equal(call_ctl("status", "--socket", sock, NULL), 0);
	assert_non_null(
		strstr(call_out, "needs a person:\n  1 number is stopped\n"
				 "    topupctl unlock MSISDN\n"));
	assert_non_null(strstr(call_out, "\nnumber  0800000011  2026-01-31 "));
	assert_non_null(strstr(call_out, "\nshop1  fenced "));
	assert_non_null(strstr(call_out, "an answer may come"));
	(void)asked();
	SAYS("{\"item\":{\"modem\":\"m1\",\"unexplained\":\"5.00\"}}\n"
	     "{\"done\":{\"count\":1},\"exit\":4}");
	assert_int_equal(call_ctl("reconcile", "--since", "2026-01-31 09:30",
				 "--socket", sock, NULL),
		4);
	assert_non_null(strstr(call_out, "UNEXPLAINED"));
	assert_non_null(strstr(asked(), "\"since_ms\":1769851800000"));
	assert_int_equal(call_ctl("reconcile", "--since", "7", NULL), 2);
}

/* ---- the daemon --------------------------------------------------------- */

static void
a_daemon_that_is_not_there_is_status_3(void **state)
{
	(void)state;
	(void)unlink(sock);
	assert_int_equal(call_ctl("status", "--socket", sock, NULL), 3);
	assert_non_null(strstr(call_err, "is it running?"));
	assert_int_equal(strlen(call_out), 0);
	/* Left over, nobody listens. */
	SAYS("");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", sock);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	(void)asked();
	assert_int_equal(call_ctl("status", "--socket", sock, NULL), 3);
}

static void
a_daemon_that_leaves_or_babbles_is_status_3(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "{\"item\":{\"id\":1}}\n",
		"{\"done\":{}", "HTTP/1.1 400 Bad Request\r\n", "\n\n",
		"{\"done\":{},\"exit\":0"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		daemon_will_say(rows[i], 4096);
		assert_int_equal(
			call_ctl("vouchers", "--socket", sock, NULL), 3);
		(void)asked();
	}
}

static void
the_daemons_exit_status_and_reason_are_passed_on(void **state)
{
	(void)state;
	SAYS("{\"error\":\"there is no voucher 9\",\"exit\":1}");
	assert_int_equal(call_ctl("voucher", "9", "--socket", sock, NULL), 1);
	assert_string_equal(call_err, "topupctl: there is no voucher 9\n");
	(void)asked();
	SAYS("{\"done\":{\"moved\":1,\"refused\":[{\"id\":5,\"reason\":"
	     "\"it is loaded\"}]},\"exit\":1}");
	assert_int_equal(
		call_ctl("hold", "4", "5", "--json", "--socket", sock, NULL),
		1);
	assert_string_equal(call_err, "topupctl: voucher 5: it is loaded\n");
	assert_non_null(strstr(call_out, "\"moved\":1"));
	(void)asked();
	SAYS("{\"error\":\"a.conf:1: bad\\nb.ini:2: worse\\u001b[2J\","
	     "\"exit\":1}");
	assert_int_equal(call_ctl("reload", "--socket", sock, NULL), 1);
	assert_string_equal(call_err, "topupctl: a.conf:1: bad\n"
				      "topupctl: b.ini:2: worse\\x1b[2J\n");
	(void)asked();
}

static void
lists_are_one_json_array_however_they_come(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		daemon_will_say("{\"item\":{\"id\":1}}\n{\"item\":{\"id\":2}}"
				"\n{\"done\":{\"count\":2},\"exit\":0}\n",
			piece);
		assert_int_equal(
			call_ctl("batches", "--json", "--socket", sock, NULL),
			0);
		assert_string_equal(call_out, "[{\"id\":1},\n{\"id\":2}]\n");
		(void)asked();
	}
}

static void
bad_rows_are_put_together_with_their_batch(void **state)
{
	(void)state;
	SAYS("{\"item\":{\"line\":3,\"reason\":\"no pin\"}}\n"
	     "{\"item\":{\"line\":9,\"reason\":\"too long\"}}\n"
	     "{\"done\":{\"id\":1,\"bad_rows\":[],\"rows\":4},\"exit\":0}");
	assert_int_equal(
		call_ctl("batch", "1", "--json", "--socket", sock, NULL), 0);
	assert_string_equal(call_out,
		"{\"id\":1,\"bad_rows\":[{\"line\":3,\"reason\":\"no pin\"},"
		"{\"line\":9,\"reason\":\"too long\"}],\"rows\":4}\n");
	(void)asked();
}

/* ---- cards -------------------------------------------------------------- */

#define PIN "12345678901234"

static void
feed_stdin(const char *text)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/pin", dir);
	FILE *file = fopen(path, "w");
	(void)fputs(text, file);
	(void)fclose(file);
	assert_non_null(freopen(path, "r", stdin));
}

static void
a_pin_goes_as_a_file_and_never_as_text(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *answer;
		int status;
		const char *out, *err;
	} rows[] = {
		{PIN "\n",
			"{\"done\":{\"id\":7,\"state\":\"loaded\",\"target\":"
			"\"self\",\"credited\":\"100.00\",\"balance_after\":"
			"\"250.00\"},\"exit\":0}",
			0, "loaded 100.00, balance 250.00\n", ""},
		{PIN,
			"{\"progress\":{\"id\":7,\"state\":\"ready\"}}\n"
			"{\"done\":{\"id\":7,\"state\":\"loaded\",\"target\":"
			"\"0800\",\"credited\":\"100.00\"},\"exit\":0}",
			0, "loaded 100.00 to 0800\n", ""},
		{PIN "\r\n",
			"{\"done\":{\"id\":7,\"state\":\"rejected\","
			"\"reason\":\"used\",\"reply\":\"Used\\u0007!\"},"
			"\"exit\":1}",
			1, "",
			"topupctl: rejected (used): nothing was credited, "
			"somebody has used the card before; `topupctl claims` "
			"lists it for who sold it; the operator says: "
			"\"Used\\x07!\"\n"},
		{PIN "\n",
			"{\"done\":{\"id\":7,\"state\":\"unknown\","
			"\"reason\":\"no_answer\"},\"exit\":4}",
			4, "",
			"topupctl: unknown (no_answer): it may have been "
			"credited, or not; do not load it again nor give it "
			"out: `topupctl voucher 7` shows what comes of it, "
			"`topupctl resolve 7` settles it once the operator "
			"was asked\n"},
		{PIN "\n",
			"{\"done\":{\"id\":7,\"state\":\"ready\","
			"\"reason\":\"stopped\"},\"exit\":4}",
			4, "",
			"topupctl: ready (stopped): nothing was credited so "
			"far, it still waits; it goes on by itself: `topupctl "
			"voucher 7` shows what it waits for, `topupctl hold "
			"7` stops it\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char answer[512];
		feed_stdin(rows[i].typed);
		(void)snprintf(answer, sizeof(answer), "%s\n", rows[i].answer);
		daemon_will_say(answer, 7);
		assert_int_equal(call_ctl("load", "--to", "0800", "--socket",
					 sock, NULL),
			rows[i].status);
		assert_string_equal(call_out, rows[i].out);
		assert_string_equal(call_err, rows[i].err);
		const char *request = asked();
		char *file = strstr(request, "file:");
		assert_non_null(file);
		assert_string_equal(file, "file:" PIN "\n");
		*file = '\0';
		assert_null(strstr(request, PIN));
		assert_non_null(strstr(request, "\"to\":\"0800\""));
	}
}

static void
a_pin_given_as_an_argument_is_not_repeated(void **state)
{
	(void)state;
	assert_int_equal(call_ctl("load", PIN, NULL), 2);
	assert_null(strstr(call_err, PIN));
	assert_non_null(strstr(call_err, "load takes no such word"));
	assert_int_equal(call_ctl("submit", "a.txt", PIN, NULL), 2);
	assert_string_equal(call_err,
		"topupctl: submit takes no more than FILE\n"
		"try: topupctl submit --help\n");
}

static void
no_pin_or_too_long_a_one_is_never_sent(void **state)
{
	(void)state;
	char many[300];
	memset(many, '7', sizeof(many));
	many[299] = '\0';
	const char *const rows[] = {"", "\n", "  \n1234\n", many};
	(void)unlink(sock);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed_stdin(rows[i]);
		assert_int_equal(call_ctl("load", "--socket", sock, NULL), 2);
		assert_non_null(strstr(call_err, "PIN"));
	}
}

static void
a_batch_goes_with_its_plain_name(void **state)
{
	(void)state;
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/card.txt", dir);
	FILE *file = fopen(path, "w");
	(void)fputs(PIN "\n", file);
	(void)fclose(file);
	SAYS("{\"done\":{\"batch\":3,\"rows\":1,\"bad_rows\":0,\"held\":1},"
	     "\"exit\":4}");
	assert_int_equal(call_ctl("submit", path, "--operator", "simtel",
				 "--socket", sock, NULL),
		4);
	assert_string_equal(call_out, "batch 3: 1 vouchers, 0 bad rows\n");
	assert_non_null(strstr(call_err, "release --batch 3"));
	const char *request = asked();
	assert_non_null(strstr(request, "\"name\":\"card.txt\","
					"\"operator\":\"simtel\""));
	assert_non_null(strstr(request, "file:" PIN));
	assert_int_equal(
		call_ctl("submit", "/nonexistent.csv", "--socket", sock, NULL),
		1);
}

static void
ctrl_c_says_that_the_cards_go_on(void **state)
{
	(void)state;
	daemon_interrupts = true;
	feed_stdin(PIN "\n");
	SAYS("{\"progress\":{\"id\":7,\"state\":\"dialing\"}}");
	assert_int_equal(call_ctl("load", "--socket", sock, NULL), 4);
	assert_non_null(strstr(call_err, "voucher 7 goes on without you"));
	assert_non_null(strstr(call_err, "`topupctl voucher 7`"));
	(void)asked();
	SAYS("{\"progress\":{\"batch\":3,\"total\":4,\"done\":1}}");
	assert_int_equal(call_ctl("wait", "--socket", sock, NULL), 1);
	assert_non_null(strstr(call_err, "`topupctl wait --batch 3`"));
	(void)asked();
	daemon_interrupts = false;
}

static void
waiting_ends_with_a_line_and_what_is_left(void **state)
{
	(void)state;
	SAYS("{\"progress\":{\"total\":4,\"done\":1,\"counts\":{}}}\n"
	     "{\"done\":{\"batch\":3,\"total\":4,\"done\":4,\"counts\":"
	     "{\"loaded\":2,\"rejected\":1,\"unknown\":1,\"held\":0,"
	     "\"cancelled\":0}},\"exit\":4}");
	assert_int_equal(
		call_ctl("wait", "--batch", "3", "--socket", sock, NULL), 4);
	assert_string_equal(call_out,
		"4 of 4 done: loaded 2, rejected 1, unknown "
		"1, held 0, cancelled 0\n");
	assert_string_equal(call_err,
		"topupctl: 1 unknown: see `topupctl vouchers "
		"--state unknown`\n");
	assert_non_null(strstr(asked(), "\"progress\":false"));
	SAYS("{\"done\":{\"total\":4,\"done\":3,\"timed_out\":true,"
	     "\"counts\":{}},\"exit\":1}");
	assert_int_equal(
		call_ctl("wait", "--timeout", "9", "--socket", sock, NULL), 1);
	assert_non_null(strstr(call_err, "the time is over"));
	assert_non_null(strstr(call_err, "topupctl vouchers --state ready"));
	(void)asked();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_words_are_status_2),
		cmocka_unit_test(every_command_has_help_with_an_example),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(
			ussd_prints_the_screen_and_that_an_open_one_was_closed),
		cmocka_unit_test(status_says_what_to_do_and_who_is_stopped),
		cmocka_unit_test(a_daemon_that_is_not_there_is_status_3),
		cmocka_unit_test(a_daemon_that_leaves_or_babbles_is_status_3),
		cmocka_unit_test(
			the_daemons_exit_status_and_reason_are_passed_on),
		cmocka_unit_test(lists_are_one_json_array_however_they_come),
		cmocka_unit_test(bad_rows_are_put_together_with_their_batch),
		cmocka_unit_test(a_pin_goes_as_a_file_and_never_as_text),
		cmocka_unit_test(a_pin_given_as_an_argument_is_not_repeated),
		cmocka_unit_test(no_pin_or_too_long_a_one_is_never_sent),
		cmocka_unit_test(a_batch_goes_with_its_plain_name),
		cmocka_unit_test(ctrl_c_says_that_the_cards_go_on),
		cmocka_unit_test(waiting_ends_with_a_line_and_what_is_left),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
