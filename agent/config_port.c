/*
 * config_port: which device a port names. Never opens it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/config_build.h"
#include "modem/span.h"

static const char scheme[] = "tcp://";

enum { ADDRESS_MAX = 64, IDENTITY_MAX = 96 };

/* "1.2.3.4" and "::ffff:1.2.3.4" are one; v6 in its shortest form
 * (RFC 5952, as inet_ntop() writes it). */
static bool
shorten_address(const char *text, bool brackets, char *out)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (!brackets)
		return inet_pton(AF_INET, text, &v4) == 1 &&
		       inet_ntop(AF_INET, &v4, out, ADDRESS_MAX);
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	if (!IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET6, &v6, out, ADDRESS_MAX);
	memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	return inet_ntop(AF_INET, &v4, out, ADDRESS_MAX);
}

static const char *
tcp_identity(struct span where, char **identity)
{
	static const char fault[] =
		"port: tcp://ADDRESS:PORT with a numeric address";
	char text[ADDRESS_MAX];
	char address[ADDRESS_MAX];
	char whole[IDENTITY_MAX];
	bool brackets = where.len > 0 && where.ptr[0] == '[';
	size_t end = span_find(where, brackets ? ']' : ':');
	struct span host = span_skip(span_of(where.ptr, end), brackets);
	struct span port = span_skip(where, end + brackets);
	uint32_t number;

	if (port.len == 0 || port.ptr[0] != ':' ||
		span_to_u32(span_skip(port, 1), 65535, &number) < 0 ||
		number == 0 || span_copy(text, sizeof(text), host) < 0 ||
		!shorten_address(text, brackets, address))
		return fault;
	(void)snprintf(whole, sizeof(whole), "tcp %s %u", address, number);
	*identity = strdup(whole);
	return *identity ? NULL : "out of memory";
}

/* A device by its number, another path with its links resolved, and what is
 * not there by its spelling. */
static const char *
path_identity(const char *path, char **identity)
{
	struct stat st;
	char whole[IDENTITY_MAX];

	if (stat(path, &st) == 0 && S_ISCHR(st.st_mode)) {
		(void)snprintf(whole, sizeof(whole), "device %u:%u",
			major(st.st_rdev), minor(st.st_rdev));
		*identity = strdup(whole);
	} else {
		*identity = realpath(path, NULL);
		if (!*identity)
			*identity = strdup(path);
	}
	return *identity ? NULL : "out of memory";
}

const char *
config_port_identity(const char *port, char **identity)
{
	struct span where = span_str(port);

	if (span_starts(where, span_str(scheme)))
		return tcp_identity(
			span_skip(where, sizeof(scheme) - 1), identity);
	if (port[0] != '/')
		return "port: a path from / on, or tcp://ADDRESS:PORT";
	return path_identity(port, identity);
}
