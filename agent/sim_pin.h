/*
 * sim_pin: the file that holds the PIN of a SIM: what is in it. It must never
 * show, keep or complete one.
 */
#ifndef AGENT_SIM_PIN_H
#define AGENT_SIM_PIN_H

#include <stddef.h>

#include "modem/span.h"

enum { SIM_PIN_FILE_BYTES = 64 }; /* a PIN, and what editors put around it */

/* What was read; wiped (explicit_bzero) by who read it. */
struct sim_pin_file {
	size_t len;
	char bytes[SIM_PIN_FILE_BYTES];
};

/* 0 or a negative errno; -EFBIG for what can be no PIN, -EINVAL for what is
 * no plain file. It never blocks. */
int sim_pin_read(const char *path, struct sim_pin_file *out);

/* The digits alone: without blanks, line ends, and the mark that some editors
 * begin a file with; 4 to 8 of them (TS 102 221, 9.5.1). len 0: there is no
 * PIN in it. Part of file. */
struct span sim_pin_in(const struct sim_pin_file *file);

#endif
