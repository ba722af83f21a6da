/*
 * audit: the canonical bytes of an audit entry (what the chain hashes) and
 * its line for syslog. Pure; the hash is passed in.
 */
#ifndef AGENT_AUDIT_H
#define AGENT_AUDIT_H

#include "modem/span.h"

struct audit_entry {
	int64_t seq;
	int64_t at_wall_ms;
	int64_t voucher, batch; /* 0 where absent */
	struct span event, modem, who, note;
};

enum { AUDIT_BYTES_MAX = 4096, AUDIT_LINE_MAX = 2048 };

/*
 * The same bytes for the same entry on every machine: each field with its
 * length, integers big-endian. 0 or -ENOSPC.
 */
int audit_bytes(
	const struct audit_entry *entry, uint8_t *out, size_t cap, size_t *len);

/*
 * 'audit seq=12 event="voucher.loaded" voucher=3 ... head=<hex>', control
 * characters and quotes escaped. 0, or -ENOSPC: texts were cut, but number
 * and head stand (a cap too small even for these gets nothing).
 */
int audit_line(const struct audit_entry *entry, const char *hash_hex, char *out,
	size_t cap);

#endif
