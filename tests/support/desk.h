/*
 * desk: the control socket as a client sees it: a real socket, loop, turn
 * and ledger in a temporary folder. What has modems or files behind it is
 * the test's to make up. Whatever goes wrong fails the test that runs.
 */
#ifndef TESTS_SUPPORT_DESK_H
#define TESTS_SUPPORT_DESK_H

#include "tests/support/purse.h"

struct json;

/* One at a time: tests of a program run one after another. */
struct desk {
	struct purse *purse;
	struct ledger *ledger;
	struct loop *loop;
	struct turn *turn;
	struct control *control;
	int reload_answer; /* of the next reload; < 0: with two errors */
	char *heard;       /* what a connection has said, NUL-terminated */
	size_t heard_len;
};
extern struct desk desk;

/* cmocka fixtures. */
int desk_setup(void **state);
int desk_teardown(void **state);

/* Some turns of the loop, also while it is held. */
void desk_turns(void);

/* A connection that does not wait. */
int desk_connect(void);
void desk_tell(int fd, const char *text);
/* With a descriptor beside it; and such a one from a peer that waits. */
void desk_tell_with(int fd, const char *text, int passed);
int desk_take_descriptor(int fd);

/* Adds to heard what is there now; whether it is the end. */
bool desk_hear(int fd);
/* The same, forgetting what was heard before. */
bool desk_hear_anew(int fd);
/* Turns until the daemon has said all; closes. It is heard. */
const char *desk_answer(int fd);
/* A request without its line end, to the end of its answer. */
const char *desk_ask(const char *line);

/* The last line of an answer must have that exit status: its "done", its
 * "error". Valid until the next call. */
const struct json *desk_done(const char *answer, int64_t exit_status);
const char *desk_error(const char *answer, int64_t exit_status);

int64_t desk_number(const struct json *object, const char *key); /* or -1 */
size_t desk_count(const char *text, const char *word);

/* An accepted batch of so many vouchers and bad rows. */
int64_t desk_batch(unsigned rows, unsigned faults);
/* The number of its first voucher. */
int64_t desk_first(int64_t batch);
/* An attempt with what came of it; credited is 100.00 of a balance that is
 * 250.00 then. No verdict: it may have been sent. */
void desk_dial(int64_t voucher, enum verdict verdict, enum voucher_event event,
	const char *reason);
enum voucher_state desk_state(int64_t voucher);

/* The disk is full: whatever would be written is refused. */
void desk_fill_disk(bool full);

#endif
