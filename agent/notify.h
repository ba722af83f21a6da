/*
 * notify: tells the service manager how the daemon is (sd_notify's protocol,
 * a datagram to NOTIFY_SOCKET). Does nothing where there is none; never
 * blocks.
 */
#ifndef AGENT_NOTIFY_H
#define AGENT_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "STATUS=..."; several joined by line ends. */
void notify_send(const char *state);

/* How often WATCHDOG=1 is due, in milliseconds; 0 where none is wanted
 * (WATCHDOG_USEC, WATCHDOG_PID; half the limit). */
int64_t notify_watchdog_ms(void);

#endif
