/*
 * teller: a daemon that is a child process with a prepared answer, for tests
 * of topupctl. Whatever goes wrong fails the test that runs.
 */
#ifndef TESTS_SUPPORT_TELLER_H
#define TESTS_SUPPORT_TELLER_H

/* Its folder, and the socket for --socket. */
extern char teller_dir[64], teller_sock[96];

/* cmocka group fixtures: the folder, and all that is in it. Times are UTC. */
int teller_setup(void **state);
int teller_teardown(void **state);

/* Answers the next connection with these bytes, and leaves. */
void teller_will_say(const char *answer);
/* The request that it heard; static. */
const char *teller_asked(void);
/* Of a file in its folder: the path (static), the bytes (static, NULL when
 * there is none). */
const char *teller_path(const char *name);
const char *teller_read(const char *name);

#endif
