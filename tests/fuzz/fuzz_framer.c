/*
 * fuzz_framer: any bytes from a modem. Frames do not depend on how the bytes
 * were cut, lie inside of the framer, and the next clean line is heard.
 * Must never look into the framer but for its invariants.
 */
#include <string.h>

#include "modem/framer.h"
#include "tests/fuzz/fuzz.h"

static struct framer framer;

static void
take_all(int64_t now_ms, struct fuzz_diary *diary)
{
	for (;;) {
		struct frame frame = framer_next(&framer, now_ms);

		FUZZ_HOLDS(framer.len <= framer.next);
		FUZZ_HOLDS(framer.next <= framer.end);
		FUZZ_HOLDS(framer.end <= sizeof(framer.buf));
		if (frame.kind == FRAME_NONE)
			return;
		FUZZ_HOLDS(frame.text.len <= FRAMER_LINE_MAX);
		fuzz_note(diary, frame.kind, frame.text);
	}
}

static void
feed(struct span in, struct fuzz_diary *diary)
{
	while (in.len > 0) {
		size_t room;
		char *to = framer_room(&framer, &room);

		FUZZ_HOLDS(room >= FRAMER_READ_MAX);
		size_t n = in.len < room ? in.len : room;

		memcpy(to, in.ptr, n);
		framer_filled(&framer, n);
		in = span_skip(in, n);
		take_all(0, diary);
	}
}

static struct fuzz_diary
run(struct span in, struct rng *rng, bool prompt, size_t most)
{
	struct fuzz_diary diary = {0};
	int64_t now_ms = 0;

	framer_init(&framer);
	framer_expect_prompt(&framer, prompt);
	while (in.len > 0)
		feed(fuzz_piece(&in, rng, most), &diary);
	feed(span_str("\r\n"), &diary);
	for (int i = 0; i < 5 && framer_wake_at(&framer) != INT64_MAX; i++)
		take_all(now_ms += FRAMER_QUOTE_MS, &diary);
	return diary;
}

static void
check(struct span in, struct rng *rng)
{
	bool prompt = fuzz_chance(rng, 2);
	struct fuzz_diary whole = run(in, rng, prompt, FRAMER_READ_MAX);
	struct fuzz_diary pieces = run(in, rng, prompt, 9);

	FUZZ_HOLDS(fuzz_same(&whole, &pieces));
	for (int i = 0; framer_wake_at(&framer) != INT64_MAX; i++) {
		FUZZ_HOLDS(i < 10000);
		take_all(framer_wake_at(&framer), &whole);
	}
	size_t room;

	memcpy(framer_room(&framer, &room), "\r\n+CSQ: 7\r\n", 11);
	framer_filled(&framer, 11);
	struct frame frame = framer_next(&framer, 0);

	if (frame.kind == FRAME_OVERFLOW)
		frame = framer_next(&framer, 0);
	FUZZ_HOLDS(frame.kind == FRAME_LINE);
	FUZZ_HOLDS(span_eq(frame.text, span_str("+CSQ: 7")));
}

const struct fuzz_target fuzz_target = {
	.name = "framer", .most = 1 << 16, .grows = true, .check = check};
