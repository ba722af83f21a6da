/*
 * test_notify: messages to the service manager, over a real datagram socket.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/notify.h"

static char folder[] = "/tmp/topup-notify-XXXXXX";

/* A manager that listens at an address of so many bytes. */
static int
listen_at(const char *bytes, size_t len)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_true(len <= sizeof(at.sun_path));
	memcpy(at.sun_path, bytes, len);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&at,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    len)),
		0);
	return fd;
}

static void
expect(int fd, const char *want)
{
	char got[256] = "";
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);
	assert_int_equal(n, strlen(want));
	assert_string_equal(got, want);
}

static void
expect_nothing(int fd)
{
	char got[16];
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The lowest free descriptor: the same one again when none was leaked. */
static int
free_descriptor(void)
{
	int fd = dup(STDIN_FILENO), number = fd;
	assert_true(fd >= 0);
	close(fd);
	return number;
}

static void
without_a_manager_nothing_is_sent(void **state)
{
	(void)state;
	static const char *const rows[] = {
		NULL, "", "relative/path", "@", "/nonexistent/notify.sock"};
	int fd = free_descriptor();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i])
			assert_int_equal(
				setenv("NOTIFY_SOCKET", rows[i], 1), 0);
		else
			assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
		notify_send("READY=1");
		assert_int_equal(free_descriptor(), fd);
	}
}

/* The longest path that fits is used whole; one byte more is no address. */
static void
a_path_too_long_for_a_socket_is_not_cut(void **state)
{
	(void)state;
	enum { FITS = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
	char path[FITS + 2];
	memset(path, 'x', sizeof(path));
	memcpy(path, folder, strlen(folder));
	path[strlen(folder)] = '/';
	path[FITS] = '\0';
	int fd = listen_at(path, FITS);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	notify_send("READY=1");
	expect(fd, "READY=1");
	char fits[FITS + 1];
	memcpy(fits, path, sizeof(fits));
	path[FITS] = 'x';
	path[FITS + 1] = '\0';
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	notify_send("STOPPING=1");
	expect_nothing(fd);
	close(fd);
	assert_int_equal(unlink(fits), 0);
}

static void
each_message_is_one_datagram_at_the_path(void **state)
{
	(void)state;
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	int fd = listen_at(path, strlen(path) + 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	notify_send("READY=1\nSTATUS=redeeming vouchers");
	notify_send("WATCHDOG=1");
	expect(fd, "READY=1\nSTATUS=redeeming vouchers");
	expect(fd, "WATCHDOG=1");
	expect_nothing(fd);
	close(fd);
	/* The manager is gone: its socket is still there. */
	notify_send("STOPPING=1");
	assert_int_equal(unlink(path), 0);
}

static void
an_abstract_name_begins_with_an_at(void **state)
{
	(void)state;
	char name[64];
	(void)snprintf(name, sizeof(name), "@topup-notify-%ld", (long)getpid());
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	name[0] = '\0';
	int fd = listen_at(name, 1 + strlen(name + 1));
	notify_send("READY=1");
	expect(fd, "READY=1");
	close(fd);
}

static void
a_manager_that_does_not_read_does_not_stop_us(void **state)
{
	(void)state;
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/deaf", folder);
	int fd = listen_at(path, strlen(path));
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	int lowest = free_descriptor();
	/* Far more than a socket queues (net.unix.max_dgram_qlen). */
	for (int i = 0; i < 5000; i++)
		notify_send("WATCHDOG=1");
	assert_int_equal(free_descriptor(), lowest);
	expect(fd, "WATCHDOG=1");
	close(fd);
	assert_int_equal(unlink(path), 0);
}

static void
the_watchdog_is_fed_at_half_of_its_limit_and_only_if_it_is_ours(void **state)
{
	(void)state;
	char me[32], other[32];
	(void)snprintf(me, sizeof(me), "%ld", (long)getpid());
	(void)snprintf(other, sizeof(other), "%ld", (long)getpid() + 1);
	const struct {
		const char *usec, *pid;
		int64_t want_ms;
	} rows[] = {
		{NULL, NULL, 0},
		{NULL, me, 0},
		{"30000000", NULL, 15000},
		{"30000000", me, 15000},
		{"30000000", other, 0},
		{"30000000", "", 0},
		{"30000000", "x", 0},
		{"0", me, 0},
		{"-30000000", me, 0},
		{"2000", me, 0},
		{"4000", me, 2},
		{"", me, 0},
		{"soon", me, 0},
		{"3600000000000", me, 1800000000},
		{"99999999999999999999999", me, INT64_MAX / 2000},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)unsetenv("WATCHDOG_USEC");
		(void)unsetenv("WATCHDOG_PID");
		if (rows[i].usec)
			(void)setenv("WATCHDOG_USEC", rows[i].usec, 1);
		if (rows[i].pid)
			(void)setenv("WATCHDOG_PID", rows[i].pid, 1);
		int64_t got = notify_watchdog_ms();
		if (got != rows[i].want_ms)
			fail_msg("row %zu: %lld", i, (long long)got);
	}
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_manager_nothing_is_sent),
		cmocka_unit_test(a_path_too_long_for_a_socket_is_not_cut),
		cmocka_unit_test(each_message_is_one_datagram_at_the_path),
		cmocka_unit_test(an_abstract_name_begins_with_an_at),
		cmocka_unit_test(a_manager_that_does_not_read_does_not_stop_us),
		cmocka_unit_test(
			the_watchdog_is_fed_at_half_of_its_limit_and_only_if_it_is_ours),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
