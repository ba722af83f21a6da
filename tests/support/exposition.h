/*
 * exposition: a strict reader of Prometheus' text format 0.0.4. What it does
 * not understand fails the test that runs.
 */
#ifndef TESTS_SUPPORT_EXPOSITION_H
#define TESTS_SUPPORT_EXPOSITION_H

#include <stdbool.h>

/*
 * Checks a whole text: each family has HELP and TYPE once, before its samples,
 * which stand together; names, labels and escapes are legal; no label name
 * and no series stands twice; values are numbers; counters end in _total and
 * are not negative; each line ends.
 */
void exposition_check(const char *text);

/* The value of a series, written as it stands ("name{a=\"b\"}"); false where
 * there is none. */
bool exposition_value(const char *text, const char *series, double *value);

#endif
