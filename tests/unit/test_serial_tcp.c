/*
 * Ports over TCP, against a listener on this machine.
 */
#include "modem/serial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "modem/port.h"
#include "tests/support/ports.h"

/* A listener on a free port of this machine; its name goes to where. */
static int
listen_here(int backlog, char *where, size_t cap)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(
		where, cap, "tcp://127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
	return fd;
}

static void
tcp_carries_bytes_both_ways(void **state)
{
	char where[64], got[16];
	int listener = listen_here(1, where, sizeof where);
	struct port *port = ports_new(where);
	int peer, on = 0;
	socklen_t len = sizeof on;

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	assert_true(ports_is_ready(port->ops->fd(port), POLLOUT));
	assert_int_equal(port->ops->read(port, got, sizeof got), 0);
	assert_int_equal(port->ops->read(port, got, 0), 0);
	assert_int_equal(port->ops->write(port, "AT\r", 3), 3);
	assert_int_equal(recv(peer, got, 3, MSG_WAITALL), 3);
	assert_memory_equal(got, "AT\r", 3);
	assert_int_equal(send(peer, "\r\nOK\r\n", 6, 0), 6);
	ports_expect(port, "\r\nOK\r\n");
	assert_int_equal(getsockopt(port->ops->fd(port), IPPROTO_TCP,
				 TCP_NODELAY, &on, &len),
		0);
	assert_true(on);
	assert_int_equal(getsockopt(port->ops->fd(port), SOL_SOCKET,
				 SO_KEEPALIVE, &on, &len),
		0);
	assert_true(on);
	assert_true(fcntl(port->ops->fd(port), F_GETFD) & FD_CLOEXEC);

	assert_int_equal(close(peer), 0);
	assert_int_equal(ports_read_until_gone(port), -ECONNRESET);
	port->ops->close(port);
	assert_int_equal(port->ops->fd(port), -1);
	/* The way back in. */
	assert_int_equal(port->ops->open(port), 0);
	port->ops->free(port);
	assert_int_equal(close(listener), 0);
}

/* A modem that takes one command; its exit status says that it was AT. */
static int
answer_once(int listener)
{
	static const char says[] = "AT\r\r\n\r\nOK\r\n";
	char heard[16] = "";
	int peer = accept(listener, NULL, NULL);
	ssize_t n = recv(peer, heard, sizeof heard - 1, 0);

	if (n != 3 || send(peer, says, sizeof says - 1, 0) < 0)
		return 1;
	n = recv(peer, heard + 3, sizeof heard - 4, 0);
	return n == 0 && strcmp(heard, "AT\r") == 0 ? 0 : 2;
}

static void
port_is_asked_at_and_nothing_else(void **state)
{
	char where[64], why[64] = "";
	struct port_options options = {.where = where, .baud = 115200};
	int listener = listen_here(1, where, sizeof where);
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(answer_once(listener));
	assert_true(child > 0);
	assert_int_equal(port_answers(&options, why, sizeof why), 1);
	assert_string_equal(why, "");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(close(listener), 0);
	options.where = "no port";
	assert_true(port_answers(&options, why, sizeof why) < 0);
	assert_string_not_equal(why, "");
}

static void
tcp_peer_that_resets_is_gone_without_a_signal(void **state)
{
	char where[64];
	int listener = listen_here(1, where, sizeof where);
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	struct port *port = ports_new(where);
	int peer;

	(void)state;
	assert_int_equal(port->ops->open(port), 0);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof at_once),
		0);
	assert_int_equal(close(peer), 0);
	assert_true(ports_is_ready(port->ops->fd(port), POLLIN));
	assert_int_equal(port->ops->write(port, "AT\r", 3), -ECONNRESET);
	assert_int_equal(port->ops->write(port, "AT\r", 3), -EPIPE);
	port->ops->free(port);
	assert_int_equal(close(listener), 0);
}

static void
refused_tcp_is_not_there_now(void **state)
{
	char where[64], c;
	int listener = listen_here(1, where, sizeof where);
	struct port *port = ports_new(where);
	int rc;

	(void)state;
	assert_int_equal(close(listener), 0);
	rc = port->ops->open(port);
	if (rc == 0) { /* told later */
		assert_true(ports_is_ready(port->ops->fd(port), POLLIN));
		assert_int_equal(port->ops->read(port, &c, 1), -ECONNREFUSED);
	} else {
		assert_int_equal(rc, -ECONNREFUSED);
		assert_int_equal(port->ops->fd(port), -1);
	}
	port->ops->free(port);
}

static void
address_that_nobody_can_have_is_refused_at_once(void **state)
{
	struct port *port = ports_new("tcp://255.255.255.255:9");
	int rc = port->ops->open(port);

	(void)state;
	/* Without a network it is just not there. */
	assert_true(rc == -EACCES || rc == -ENETUNREACH || rc == -EHOSTUNREACH);
	assert_int_equal(port->ops->fd(port), -1);
	port->ops->free(port);
}

static void
connection_under_way_is_nothing_now(void **state)
{
	enum { MANY = 16 };
	char where[64], c;
	int listener = listen_here(0, where, sizeof where);
	struct port *ports[MANY];
	int waiting = 0;

	(void)state;
	/* Nobody accepts: once the queue is full, the rest stay under way. */
	for (int i = 0; i < MANY; i++) {
		struct pollfd now = {.events = POLLOUT};

		ports[i] = ports_new(where);
		assert_int_equal(ports[i]->ops->open(ports[i]), 0);
		now.fd = ports[i]->ops->fd(ports[i]);
		if (poll(&now, 1, 0) == 1)
			continue;
		waiting++;
		assert_int_equal(ports[i]->ops->read(ports[i], &c, 1), 0);
		assert_int_equal(ports[i]->ops->write(ports[i], "A", 1), 0);
	}
	assert_true(waiting > 0);
	for (int i = 0; i < MANY; i++)
		ports[i]->ops->free(ports[i]);
	assert_int_equal(close(listener), 0);
}

static void
ipv6_is_spoken_where_there_is_any(void **state)
{
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char where[64];
	struct port *port;

	(void)state;
	if (fd < 0)
		skip();
	if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0) {
		print_message("this machine has no ::1\n");
		goto out;
	}
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(where, sizeof where, "tcp://[::1]:%u",
		(unsigned)ntohs(in.sin6_port));
	port = ports_new(where);
	assert_int_equal(port->ops->open(port), 0);
	assert_true(ports_is_ready(port->ops->fd(port), POLLOUT));
	assert_int_equal(port->ops->write(port, "AT\r", 3), 3);
	port->ops->free(port);
out:
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_is_asked_at_and_nothing_else),
		cmocka_unit_test(tcp_carries_bytes_both_ways),
		cmocka_unit_test(tcp_peer_that_resets_is_gone_without_a_signal),
		cmocka_unit_test(refused_tcp_is_not_there_now),
		cmocka_unit_test(
			address_that_nobody_can_have_is_refused_at_once),
		cmocka_unit_test(connection_under_way_is_nothing_now),
		cmocka_unit_test(ipv6_is_spoken_where_there_is_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
