/*
 * modem_port: a port that may be one of several: what is heard on it decides
 * which one it is. Part of the driver; nobody else includes it.
 */
#ifndef MODEM_MODEM_PORT_H
#define MODEM_MODEM_PORT_H

#include "modem/session.h"
#include "modem/span.h"

struct chat_script;
struct modem;

const char *modem_port_why(const struct modem *m); /* it did not open; or "" */
void modem_port_on_open(struct modem *m);
void modem_port_on_close(struct modem *m);
const struct chat_script *modem_port_probe(const struct modem *m);
/* A probe is over: what to make of it. */
enum session_event modem_port_on_probe(
	struct modem *m, enum session_event event);
/* Something that nobody asked for, or that the network said. */
void modem_port_on_spoken(struct modem *m);
void modem_port_on_line(struct modem *m, struct span line); /* perhaps */
/* A request was taken, and never answered. */
void modem_port_on_no_answer(struct modem *m);
/* Ready, and nothing to do: gives up a port that is doubted, for the next.
 * Whether it did. */
bool modem_port_give_up(struct modem *m, int64_t now_ms);

#endif
