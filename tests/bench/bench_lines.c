/*
 * bench_lines: lines a second through framer and chat, whole and cut into
 * single bytes, in one run. What a modem can say at 115200 baud is some
 * 500 lines a second: the figure says how far that is from mattering.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modem/chat.h"
#include "modem/framer.h"

enum { ROUNDS = 100000 };

static const char talk[] =
	"\r\n^RSSI:18\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n"
	"\r\n+CUSD: 0,\"You have been credited with 100.00 XTS.\",15\r\n";
enum { LINES = 4 };

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* it cannot fail on Linux */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Feeds pieces of that size; the number of lines that came out. */
static size_t
feed(size_t piece)
{
	static struct framer f;
	struct chat c;
	size_t lines = 0, room;

	framer_init(&f);
	chat_init(&c);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t at = 0; at < sizeof(talk) - 1; at += piece) {
			size_t n = sizeof(talk) - 1 - at;
			char *to = framer_room(&f, &room);

			n = n < piece ? n : piece;
			memcpy(to, talk + at, n);
			framer_filled(&f, n);
			for (;;) {
				struct frame frame = framer_next(&f, round);

				if (frame.kind == FRAME_NONE)
					break;
				(void)chat_on_line(&c, frame.text, round);
				lines++;
			}
		}
	return lines;
}

int
main(void)
{
	double from = seconds(), whole, cut;

	if (feed(sizeof(talk)) != (size_t)ROUNDS * LINES)
		return EXIT_FAILURE;
	whole = ROUNDS * LINES / (seconds() - from);
	from = seconds();
	if (feed(1) != (size_t)ROUNDS * LINES)
		return EXIT_FAILURE;
	cut = ROUNDS * LINES / (seconds() - from);
	printf("lines in whole reads: %.0f a second\n", whole);
	printf("lines in single bytes: %.0f a second, %.1f times slower\n", cut,
		whole / cut);
	return 0;
}
