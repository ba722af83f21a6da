/*
 * Real replies, byte by byte, as replies.tsv and what else has its columns
 * in the folder that CORPUS names hold them: whatever a modem says comes out
 * of the framer whole, and ends the command that it ends.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/chat.h"
#include "modem/framer.h"
#include "modem/pdu.h"
#include "tests/support/corpus.h"

enum { OUT_MAX = 16384, PIECE = 7 };

/* What came out. */
struct heard {
	char bytes[OUT_MAX]; /* of all frames, without blanks */
	size_t len;
	unsigned finals;
	unsigned overflows;
	bool pdu_ok; /* each line of hex is a message, or refused as one */
	struct chat chat;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static size_t
append_unblank(char *out, size_t len, struct span text)
{
	for (size_t i = 0; i < text.len && len < OUT_MAX; i++)
		if (!is_blank(text.ptr[i]))
			out[len++] = text.ptr[i];
	return len;
}

static bool
is_pdu_or_none(struct span line)
{
	static struct pdu p;
	int rc = pdu_decode(line, &p);

	return rc == 0 || rc == -EBADMSG;
}

static void
hear(struct heard *h, const struct frame *frame)
{
	int code;

	h->len = append_unblank(h->bytes, h->len, frame->text);
	switch (frame->kind) {
	case FRAME_LINE:
		h->finals += at_final_of(frame->text, &code) != AT_FINAL_NONE;
		h->pdu_ok = h->pdu_ok && is_pdu_or_none(frame->text);
		(void)chat_on_line(&h->chat, frame->text, 0);
		break;
	case FRAME_OVERFLOW:
		h->overflows++;
		break;
	case FRAME_NONE:
	case FRAME_PROMPT:
	case FRAME_ECHO:
		break;
	}
}

static void
drain(struct framer *f, struct heard *h, int64_t now_ms)
{
	struct frame frame;

	while ((frame = framer_next(f, now_ms)).kind != FRAME_NONE)
		hear(h, &frame);
}

static void
feed(struct framer *f, struct heard *h, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t take = n < PIECE ? n : PIECE, room;

		memcpy(framer_room(f, &room), bytes, take);
		framer_filled(f, take);
		drain(f, h, 0);
		bytes += take;
		n -= take;
	}
}

/* ---- what should come out, told in another way ------------------------- */

static bool
begins(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

static bool
ends_a_command(const char *line)
{
	static const char *const whole[] = {
		"OK", "ERROR", "COMMAND NOT SUPPORT", "NO CARRIER", NULL};
	static const char *const glued[] = {
		"OK+", "ERROR+", "+CME ERROR", "+CMS ERROR", NULL};

	for (size_t i = 0; whole[i] != NULL; i++)
		if (strcmp(line, whole[i]) == 0)
			return true;
	for (size_t i = 0; glued[i] != NULL; i++)
		if (begins(line, glued[i]))
			return true;
	return false;
}

/* The final results of a reply, and whether the first one is good. */
static unsigned
count_finals(char *raw, bool *good)
{
	unsigned count = 0;
	char *line;

	while ((line = strsep(&raw, "\r\n")) != NULL) {
		while (*line == ' ')
			line++;
		for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
			line[n - 1] = '\0';
		if (!ends_a_command(line))
			continue;
		/* The end of a call ends no command. */
		if (count == 0)
			*good = begins(line, "OK");
		count += strcmp(line, "NO CARRIER") != 0;
	}
	return count;
}

/* ---- a row ------------------------------------------------------------- */

enum { COLUMN_COMMAND = 1, COLUMN_REPLY };

/* Whatever begins with a sign belongs to the command. */
static const struct chat_step step = {.text = "AT",
	.takes = {"+", "^", "#", "*"},
	.wait_ms = 1000,
	.flags = CHAT_BARE};
static const struct chat_script script = {"row", &step, 1, 1000};

static void
listen(struct heard *h, char *value[])
{
	static const struct chat_args args = {.wait_ms = 0};
	static struct framer f;

	memset(h, 0, sizeof *h);
	h->pdu_ok = true;
	framer_init(&f);
	framer_expect_prompt(&f, strstr(value[COLUMN_COMMAND], "CMGS") != NULL);
	chat_init(&h->chat);
	chat_begin(&h->chat, &script, &args);
	chat_on_sent(&h->chat, 0);
	feed(&f, h, value[COLUMN_REPLY], strlen(value[COLUMN_REPLY]));
	feed(&f, h, "\r\n", 2);
	drain(&f, h, FRAMER_QUOTE_MS);
}

static enum corpus_verdict
judge(char *value[])
{
	static struct heard h;
	static char want[OUT_MAX];
	char *reply = value[COLUMN_REPLY], *mark;
	size_t want_len = 0;
	unsigned finals;
	bool good = false;
	enum chat_result result;

	if (corpus_unescape(reply) != strlen(reply))
		return CORPUS_SKIPPED; /* a NUL: not for these functions */
	/* Three dots: time that passes, between lines. */
	while ((mark = strstr(reply, "\xE2\x80\xA6")) != NULL)
		for (size_t i = 0; i < strlen("\xE2\x80\xA6"); i++)
			mark[i] = '\n';
	listen(&h, value);
	want_len = append_unblank(want, 0, span_str(reply));
	finals = count_finals(reply, &good);
	result = finals == 0 ? CHAT_NOT_OVER : good ? CHAT_DONE : CHAT_FAILED;
	return h.len == want_len && memcmp(h.bytes, want, want_len) == 0 &&
	                       h.finals >= finals && h.overflows == 0 &&
	                       h.pdu_ok && h.chat.result == result
	               ? CORPUS_GOOD
	               : CORPUS_BAD;
}

static void
every_real_reply_comes_out_whole_and_ends_its_command(void **state)
{
	static const char *const columns[] = {
		"id", "command", "raw_reply", "meaning", NULL};

	(void)state;
	corpus_expect(columns, judge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_real_reply_comes_out_whole_and_ends_its_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
