/*
 * serial: what a configuration may name as a port, and how two spellings
 * are known to be one. Must never ask a name server: a modem's address is
 * numeric, so that nothing here can wait.
 */
#include "modem/serial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "modem/serial_parts.h"
#include "modem/span.h"

static const struct span tcp_prefix = {"tcp://", 6};

ssize_t
serial_result(ssize_t n)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
		errno == EINPROGRESS || errno == EALREADY)
		return 0;
	return -errno;
}

static int
parse_v4(const char *host, struct serial_address *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out->sock;

	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return -EINVAL;
	in->sin_family = AF_INET;
	out->len = sizeof *in;
	return 0;
}

/* host may carry "%eth0", as a link-local address needs. */
static int
parse_v6(char *host, struct serial_address *out)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&out->sock;
	char *scope = strchr(host, '%');

	if (scope != NULL)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, &in->sin6_addr) != 1)
		return -EINVAL;
	if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
		struct in_addr v4;

		/* RFC 4291 2.5.5.2: the last 32 bits are the address. */
		memcpy(&v4, &in->sin6_addr.s6_addr[12], sizeof v4);
		memset(&out->sock, 0, sizeof out->sock);
		((struct sockaddr_in *)&out->sock)->sin_addr = v4;
		out->sock.ss_family = AF_INET;
		out->len = sizeof(struct sockaddr_in);
		return 0;
	}
	if (scope != NULL) {
		in->sin6_scope_id = if_nametoindex(scope);
		if (in->sin6_scope_id == 0)
			return -EINVAL;
	}
	in->sin6_family = AF_INET6;
	out->len = sizeof *in;
	return 0;
}

static void
set_port(struct serial_address *address, uint16_t number)
{
	if (address->sock.ss_family == AF_INET)
		((struct sockaddr_in *)&address->sock)->sin_port =
			htons(number);
	else
		((struct sockaddr_in6 *)&address->sock)->sin6_port =
			htons(number);
}

/* ADDRESS:PORT or [ADDRESS]:PORT. 0 or -EINVAL. */
static int
parse_address(struct span s, struct serial_address *out)
{
	char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
	struct serial_address address = {.len = 0};
	bool v6 = s.len > 0 && s.ptr[0] == '[';
	size_t end;
	uint32_t number;

	if (v6)
		s = span_skip(s, 1);
	end = span_find(s, v6 ? ']' : ':');
	if (span_copy(host, sizeof host, span_of(s.ptr, end)) < 0)
		return -EINVAL;
	s = span_skip(s, v6 ? end + 1 : end);
	if (s.len == 0 || s.ptr[0] != ':' ||
		span_to_u32(span_skip(s, 1), UINT16_MAX, &number) < 0 ||
		number == 0)
		return -EINVAL;
	if ((v6 ? parse_v6(host, &address) : parse_v4(host, &address)) < 0)
		return -EINVAL;
	set_port(&address, (uint16_t)number);
	*out = address;
	return 0;
}

struct port *
serial_new(const char *where, unsigned baud, char *why, size_t cap)
{
	struct span name = span_str(where);
	struct serial_address address;
	struct port *port;

	if (span_starts(name, tcp_prefix)) {
		if (parse_address(span_skip(name, tcp_prefix.len), &address) <
			0) {
			(void)snprintf(why, cap,
				"not tcp://ADDRESS:PORT with a numeric "
				"address ([...] around an IPv6 one)");
			return NULL;
		}
		port = serial_tcp_new(&address);
	} else if (where[0] != '/' || name.len >= PATH_MAX) {
		(void)snprintf(why, cap,
			"neither a device's absolute path nor "
			"tcp://ADDRESS:PORT");
		return NULL;
	} else {
		port = serial_tty_new(where, baud);
	}
	if (port == NULL)
		(void)snprintf(why, cap, "no memory");
	return port;
}

/* 0, or -ENOSPC. */
static int
print_address(const struct serial_address *address, char *out, size_t cap)
{
	const struct sockaddr_in *in =
		(const struct sockaddr_in *)&address->sock;
	const struct sockaddr_in6 *in6 =
		(const struct sockaddr_in6 *)&address->sock;
	char host[INET6_ADDRSTRLEN];
	char scope[IF_NAMESIZE + 1] = "";
	int n;

	if (address->sock.ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
		n = snprintf(out, cap, "tcp://%s:%u", host,
			(unsigned)ntohs(in->sin_port));
	} else {
		scope[0] = '%';
		if (in6->sin6_scope_id == 0 ||
			if_indextoname(in6->sin6_scope_id, scope + 1) == NULL)
			scope[0] = '\0';
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
		n = snprintf(out, cap, "tcp://[%s%s]:%u", host, scope,
			(unsigned)ntohs(in6->sin6_port));
	}
	return n >= 0 && (size_t)n < cap ? 0 : -ENOSPC;
}

/*
 * A path with its links resolved; of what is not there, the name in its
 * folder with links resolved; or else as it is. path has PATH_MAX bytes.
 */
static struct span
resolve(const char *where, char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(where, '/');

	if (realpath(where, path) != NULL)
		return span_str(path);
	if (slash == NULL ||
		span_copy(folder, sizeof(folder),
			span_of(where, (size_t)(slash - where) + 1)) < 0 ||
		realpath(folder, path) == NULL)
		return span_str(where);
	size_t len = strlen(path);

	if (span_copy(path + len, PATH_MAX - len, span_str(slash)) < 0)
		return span_str(where);
	return span_str(path);
}

int
serial_identity(const char *where, char *out, size_t cap)
{
	struct span name = span_str(where);
	struct serial_address address;
	char path[PATH_MAX];
	struct stat st;
	int n;

	if (span_starts(name, tcp_prefix)) {
		if (parse_address(span_skip(name, tcp_prefix.len), &address) <
			0)
			return -EINVAL;
		return print_address(&address, out, cap);
	}
	if (where[0] != '/')
		return -EINVAL;
	if (stat(where, &st) == 0 && S_ISCHR(st.st_mode)) {
		n = snprintf(out, cap, "device %u:%u", major(st.st_rdev),
			minor(st.st_rdev));
		return n >= 0 && (size_t)n < cap ? 0 : -ENOSPC;
	}
	return span_copy(out, cap, resolve(where, path));
}
