/*
 * device_reply: how an answer stands on the line: its coding, its coding
 * scheme, and what modems and networks do to it.
 * Must never change what the truth says the network answered.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/gsm.h"

enum { BODY_MAX = 40000, LONG_TEXT = 4200, TEXT_MAX = 8192 };

/* An answer in the making. Bytes may hold NUL: "@" is 0 in the alphabet. */
struct wording {
	char text[TEXT_MAX];
	char body[BODY_MAX];
	size_t len;
	int dcs;
};

static bool
has(const struct reply *reply, enum device_fault fault)
{
	return (reply->faults & UINT64_C(1) << fault) != 0;
}

static void
append(struct wording *wording, const char *text)
{
	size_t len = strlen(wording->text);
	(void)snprintf(
		wording->text + len, sizeof wording->text - len, "%s", text);
}

/* The text itself, with what operators write into theirs. */
static void
word(struct wording *wording, const struct reply *reply)
{
	const char *p = reply->text;
	wording->text[0] = '\0';
	if (has(reply, DEVICE_QUOTES))
		append(wording, "Dear \"customer\", ");
	const char *stop = strstr(p, ". ");
	if (has(reply, DEVICE_LINES) && stop != NULL) {
		(void)snprintf(wording->text + strlen(wording->text),
			sizeof wording->text - strlen(wording->text),
			"%.*s\r\n\r\nOK\r\n", (int)(stop + 1 - p), p);
		p = stop + 2;
	}
	append(wording, p);
	if (has(reply, DEVICE_LINES) && stop == NULL)
		append(wording, "\r\n\r\nOK\r\n.");
	if (has(reply, DEVICE_QUOTES))
		append(wording, " Dial \"*123#\".");
	if (has(reply, DEVICE_PAD_AT))
		append(wording, "@");
	if (has(reply, DEVICE_PAD_CR))
		append(wording, "\r");
	while (has(reply, DEVICE_LONG) && strlen(wording->text) < LONG_TEXT)
		append(wording, " Stay with us and win.");
}

/* Hex in the letters of the family. */
static void
in_its_letters(const struct dialect *dialect, struct wording *wording)
{
	for (size_t i = 0; dialect->lower_hex && i < wording->len; i++)
		if (wording->body[i] >= 'A' && wording->body[i] <= 'F')
			wording->body[i] = (char)(wording->body[i] | 0x20);
}

static void
as_ucs2(struct wording *wording, int dcs)
{
	long len = gsm_ucs2_hex(
		wording->text, wording->body, sizeof wording->body);
	wording->len = len < 0 ? 0 : (size_t)len;
	wording->dcs = dcs;
}

/* Septets one an octet, raw or as hex. */
static void
as_septets(struct wording *wording, bool hex)
{
	uint8_t septets[TEXT_MAX];
	long n = gsm_septets(wording->text, septets, sizeof septets);
	wording->len = n < 0 ? 0 : (size_t)n;
	if (hex)
		wording->len = (size_t)gsm_hex(septets, wording->len,
			wording->body, sizeof wording->body);
	else
		memcpy(wording->body, septets, wording->len);
}

/* IRA: ASCII, and 8-bit accents as SIMCom leaves them. */
static void
as_latin(struct wording *wording)
{
	long len =
		gsm_latin(wording->text, wording->body, sizeof wording->body);
	if (len < 0)
		as_ucs2(wording, 72);
	else
		wording->len = (size_t)len;
}

/* TS 23.038 clause 5: 15 is the default alphabet, 72 is UCS2, 17 is UCS2
 * behind a language code that many modems leave out. */
static void
code(const struct device *device, struct wording *wording,
	const struct reply *reply)
{
	uint8_t septets[TEXT_MAX];
	bool gsm = gsm_septets(wording->text, septets, sizeof septets) >= 0;
	bool text_mode = device->ussdmode == device->options.ussdmode_text;
	const struct dialect *dialect = device->dialect;
	int wide_dcs = dialect->wide_dcs != 0 ? dialect->wide_dcs : 72;
	wording->dcs = device->options.dcs;
	if (has(reply, DEVICE_DCS17) || has(reply, DEVICE_DCS17_LANG)) {
		as_ucs2(wording, 17);
	} else if (!gsm || dialect->gives == GIVES_UCS2) {
		as_ucs2(wording, wide_dcs);
		in_its_letters(dialect, wording);
	} else if (dialect->gives == GIVES_PACKED && !text_mode) {
		long len = gsm_packed_hex(
			wording->text, wording->body, sizeof wording->body);
		wording->len = len < 0 ? 0 : (size_t)len;
		in_its_letters(dialect, wording);
	} else if (device->charset == CHARSET_UCS2) {
		as_ucs2(wording, device->options.dcs);
	} else if (device->charset == CHARSET_IRA) {
		as_latin(wording);
	} else {
		as_septets(wording, device->charset == CHARSET_HEX);
	}
}

/* Noise of the line, never a quote or a line end. */
static void
garble(struct device *device, struct wording *wording)
{
	static const char junk[] = {'~', '?', '\xFF', '\x80', '\x01', 'Q'};
	for (size_t i = 0; i < wording->len; i++)
		if (i == 0 || rng_strikes(&device->rng, 0.25))
			wording->body[i] =
				junk[rng_next(&device->rng) % sizeof junk];
}

static void
put_in(struct wording *wording, size_t at, const char *bytes)
{
	size_t n = strlen(bytes);
	if (wording->len + n > sizeof wording->body)
		return;
	memmove(wording->body + at + n, wording->body + at, wording->len - at);
	memcpy(wording->body + at, bytes, n);
	wording->len += n;
}

/* The octets of the packing themselves. One that would be a quote or a line
 * end is one on the line too. */
static void
as_raw_packed(struct wording *wording)
{
	char hex[BODY_MAX];
	long len = gsm_packed_hex(wording->text, hex, sizeof hex);
	if (len < 0)
		return;
	len = gsm_from_hex(hex, (uint8_t *)wording->body, sizeof wording->body);
	wording->len = len < 0 ? 0 : (size_t)len;
}

/* One behind each eighth octet. */
static void
put_nuls(struct wording *wording)
{
	for (size_t i = 8; i < wording->len; i += 9) {
		if (wording->len + 1 > sizeof wording->body)
			return;
		memmove(wording->body + i + 1, wording->body + i,
			wording->len - i);
		wording->body[i] = '\0';
		wording->len++;
	}
}

/* What happens to the coded text. */
static void
spoil(struct device *device, struct wording *wording, const struct reply *reply)
{
	if (has(reply, DEVICE_DCS17_LANG)) {
		/* HE910: "ar" packed, then memory it never cleared. */
		put_in(wording, 0, "6139");
		put_in(wording, wording->len, "0000006E0012F4");
	}
	if (has(reply, DEVICE_RAW_PACKED))
		as_raw_packed(wording);
	if (has(reply, DEVICE_NULS))
		put_nuls(wording);
	if (has(reply, DEVICE_GARBLE))
		garble(device, wording);
	if (has(reply, DEVICE_SPLICE)) {
		char line[300];
		(void)snprintf(line, sizeof line, "\r\n%s\r\n",
			dialect_list(device->dialect->noise)[0]);
		put_in(wording, wording->len / 2, line);
	}
}

/* What stands behind the body: the quote and the dcs, or less. */
static size_t
close_body(const struct device *device, const struct wording *wording,
	const struct reply *reply, char *out)
{
	const char *blank = device->dialect->blanks ? " " : "";
	const char *before = device->dialect->late_comma ? " " : "";
	bool quote = !has(reply, DEVICE_UNTERMINATED) &&
	             !has(reply, DEVICE_DCS17_LANG) &&
	             !has(reply, DEVICE_NO_QUOTES);
	size_t n = 0;
	if (quote)
		out[n++] = '"';
	if (!has(reply, DEVICE_UNTERMINATED) && !has(reply, DEVICE_NO_DCS) &&
		!has(reply, DEVICE_NO_QUOTES) && !device->dialect->gives_no_dcs)
		n += (size_t)sprintf(out + n, "%s,%s%d%s", before, blank,
			wording->dcs, has(reply, DEVICE_ODD_DCS) ? "r" : "");
	return n;
}

/* The whole line; out has room for a body and 128 bytes. */
static size_t
frame(const struct device *device, const struct wording *wording,
	const struct reply *reply, char *out)
{
	bool bare = has(reply, DEVICE_NO_QUOTES);
	const char *blank = device->dialect->blanks || bare ? " " : "";
	size_t n = (size_t)sprintf(out, "%s+CUSD: %d",
		has(reply, DEVICE_GLUED) ? "\r\nOK" : "\r\n", reply->mode);
	if (reply->text[0] != '\0') {
		n += (size_t)sprintf(out + n, ",%s%s", blank, bare ? "" : "\"");
		memcpy(out + n, wording->body, wording->len);
		n += wording->len;
		n += close_body(device, wording, reply, out + n);
	}
	const char *tail = device->dialect->tail;
	return n + (size_t)sprintf(out + n, "%s\r\n", tail != NULL ? tail : "");
}

static void
say_before(struct device *device, const struct reply *reply)
{
	struct reply notice = {.due_ms = reply->due_ms, .mode = 2, .code = ""};
	if (has(reply, DEVICE_STALE))
		line_say(device, reply->due_ms, "+CUSD: 2");
	if (!has(reply, DEVICE_RELEASE))
		return;
	notice.text = "Initiating Release";
	if (rng_strikes(&device->rng, 0.5)) {
		notice.mode = 3;
		notice.text = "Other local client responded";
	}
	reply_send(device, &notice);
}

static const char *
fate(const struct reply *reply)
{
	if (has(reply, DEVICE_GARBLE) || has(reply, DEVICE_SPLICE))
		return "garbled";
	if (has(reply, DEVICE_RAW_PACKED))
		return "packed"; /* whole, for who can read it */
	if (has(reply, DEVICE_LATE))
		return "late";
	return has(reply, DEVICE_TWICE) ? "twice" : "sent";
}

void
reply_send(struct device *device, const struct reply *reply)
{
	if (device->cusd != 1) {
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = reply->due_ms,
					   .text = reply->text,
					   .fate = "lost"});
		return;
	}
	unsigned before = line_turn(device, port_of_answers(device));
	say_before(device, reply);
	struct wording *wording = malloc(sizeof *wording);
	char *line = malloc(BODY_MAX + 128);
	if (wording == NULL || line == NULL)
		abort();
	wording->len = 0;
	word(wording, reply);
	code(device, wording, reply);
	spoil(device, wording, reply);
	struct line_reply out = {.bytes = line,
		.len = frame(device, wording, reply, line),
		.text = reply->text,
		.fate = fate(reply)};
	line_reply(device, reply->due_ms, &out);
	int64_t again_ms = reply->due_ms;
	if (device->options.twice_ms > 0)
		again_ms +=
			rng_between(&device->rng, 0, device->options.twice_ms);
	if (has(reply, DEVICE_TWICE))
		line_reply(device, again_ms, &out);
	(void)line_turn(device, before);
	free(line);
	free(wording);
}
