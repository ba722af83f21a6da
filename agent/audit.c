/*
 * audit: the canonical bytes of an audit entry and its line for syslog.
 * The bytes are hashed into a chain that outlives every version: their form
 * must never change.
 */
#include "agent/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first byte, so that another form can be told from this one. */
enum { FORM = 1 };

/* ---- bytes ------------------------------------------------------------- */

struct bytes {
	uint8_t *out;
	size_t cap, len;
	bool full;
};

static void
put(struct bytes *b, const void *data, size_t len)
{
	if (b->full || len > b->cap - b->len) {
		b->full = true;
		return;
	}
	if (len > 0)
		memcpy(b->out + b->len, data, len);
	b->len += len;
}

static void
put_number(struct bytes *b, uint64_t value)
{
	uint8_t big_endian[8];
	for (int i = 0; i < 8; i++)
		big_endian[i] = (uint8_t)(value >> (56 - 8 * i));
	put(b, big_endian, sizeof(big_endian));
}

static void
put_text(struct bytes *b, struct span text)
{
	put_number(b, text.len);
	put(b, text.ptr, text.len);
}

int
audit_bytes(
	const struct audit_entry *entry, uint8_t *out, size_t cap, size_t *len)
{
	struct bytes b = {.out = out, .cap = cap};
	const uint8_t form = FORM;
	put(&b, &form, 1);
	put_number(&b, (uint64_t)entry->seq);
	put_number(&b, (uint64_t)entry->at_wall_ms);
	put_number(&b, (uint64_t)entry->voucher);
	put_number(&b, (uint64_t)entry->batch);
	put_text(&b, entry->event);
	put_text(&b, entry->modem);
	put_text(&b, entry->who);
	put_text(&b, entry->note);
	if (b.full)
		return -ENOSPC;
	*len = b.len;
	return 0;
}

/* ---- the line ---------------------------------------------------------- */

/* A line under way. What does not fit is left out whole, never half. */
struct line {
	char *out;
	size_t room; /* for what is written now; more is kept for the end */
	size_t len;
	bool cut;
};

static void
add(struct line *line, const char *text, size_t len)
{
	if (line->cut || line->len + len > line->room) {
		line->cut = true;
		return;
	}
	memcpy(line->out + line->len, text, len);
	line->len += len;
}

/* One sign of a foreign text. Bytes of UTF-8 pass; what could end the quote
 * or the line does not. */
static void
add_sign(struct line *line, char sign)
{
	unsigned char byte = (unsigned char)sign;
	char escaped[5] = {'\\', sign};
	if (sign == '"' || sign == '\\') {
		add(line, escaped, 2);
	} else if (byte < 0x20 || byte == 0x7f) {
		static const char hex[] = "0123456789abcdef";
		escaped[1] = 'x';
		escaped[2] = hex[byte >> 4];
		escaped[3] = hex[byte & 15];
		add(line, escaped, 4);
	} else {
		add(line, &sign, 1);
	}
}

/* ' name="text"', or nothing where there is no text. */
static void
add_text(struct line *line, const char *name, struct span text)
{
	if (text.len == 0)
		return;
	char head[16];
	int n = snprintf(head, sizeof(head), " %s=\"", name);
	line->room--; /* for the closing quote, which comes in any case */
	add(line, head, (size_t)n);
	bool opened = !line->cut;
	for (size_t i = 0; i < text.len && !line->cut; i++)
		add_sign(line, text.ptr[i]);
	line->room++;
	if (opened)
		line->out[line->len++] = '"';
}

static void
add_number(struct line *line, const char *name, int64_t value)
{
	char text[48];
	int n = snprintf(text, sizeof(text), " %s=%" PRId64, name, value);
	if (value != 0)
		add(line, text, (size_t)n);
}

int
audit_line(const struct audit_entry *entry, const char *hash_hex, char *out,
	size_t cap)
{
	static const char head[] = " head=";
	size_t end = sizeof(head) - 1 + strlen(hash_hex) + 1; /* with NUL */
	if (cap < end + sizeof("audit"))
		return -ENOSPC;
	struct line line = {.out = out, .room = cap - end};
	add(&line, "audit", 5);
	add_number(&line, "seq", entry->seq);
	add_text(&line, "event", entry->event);
	add_number(&line, "voucher", entry->voucher);
	add_number(&line, "batch", entry->batch);
	add_text(&line, "modem", entry->modem);
	add_text(&line, "who", entry->who);
	add_text(&line, "note", entry->note);
	/* The number and the head are what the copy in syslog proves: they
	 * stand even when the note was cut. */
	snprintf(out + line.len, cap - line.len, "%s%s", head, hash_hex);
	return line.cut ? -ENOSPC : 0;
}
