/*
 * call: topupctl inside the test: its words in, its exit status and what it
 * said out.
 */
#ifndef TESTS_SUPPORT_CALL_H
#define TESTS_SUPPORT_CALL_H

/* What the last call said on its two outputs. */
extern char call_out[65536], call_err[65536];

/* topupctl with these words (NULL at the end): its exit status. */
int call_ctl(const char *first, ...);

/* The same in a process of its own, whose outputs are a terminal of so many
 * columns: all that stood on it is in call_out, with plain line ends. What is
 * no word but "NAME=value" before the first one is put into its environment. */
int call_ctl_on_terminal(unsigned columns, const char *first, ...);

#endif
