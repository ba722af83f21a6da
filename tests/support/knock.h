/*
 * knock: requests to the control socket of a house as they stand, by whom one
 * likes: what topupctl would not say, and who may not say it. It must never
 * write a request down: tests put PINs into them.
 */
#ifndef TESTS_SUPPORT_KNOCK_H
#define TESTS_SUPPORT_KNOCK_H

#include <sys/types.h>

struct house;

/* Who asks: KNOCK_SELF, or any number where the test runs as root. */
struct knock_who {
	uid_t uid;
	gid_t gid;
};
#define KNOCK_SELF                                                             \
	(struct knock_who)                                                     \
	{                                                                      \
		(uid_t) - 1, (gid_t)-1                                         \
	}

/* Runs fn in a process of that user, without other groups; its exit status.
 * fn gets ctx, and returns 0 to 99. */
int knock_as(struct knock_who who, int (*fn)(void *ctx), void *ctx);

/* Sends the line (without its end) and gives all of the answer, which goes
 * to out/answers too; "" where he may not connect. The caller frees it. */
char *knock(struct house *h, struct knock_who who, const char *line);
/* The same with a file of that text beside it. */
char *knock_with(struct house *h, struct knock_who who, const char *line,
	const char *text);

#endif
