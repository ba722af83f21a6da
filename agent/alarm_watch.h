/*
 * alarm_watch: looks every half minute whether something needs a person:
 * nothing loaded while cards wait, an old unknown, a modem down, a low balance,
 * a lock-out. Each is an audit entry when it begins and when it is over. It
 * decides nothing of a card.
 */
#ifndef AGENT_ALARM_WATCH_H
#define AGENT_ALARM_WATCH_H

#include <stdint.h>

struct alarm_watch;
struct dispatch;
struct fleet;
struct loop;
struct turn;

struct alarm_watch_parts {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct dispatch *dispatch;
};

/* 0: no such alarm. */
struct alarm_watch_times {
	int64_t idle_ms, unknown_ms, modem_down_ms;
};

enum { ALARM_LOOK_MS = 30000 };

/* Looks from now on, and knows what an earlier life has told. Borrows the
 * parts. */
struct alarm_watch *alarm_watch_new(const struct alarm_watch_parts *parts);
void alarm_watch_free(struct alarm_watch *watch);
void alarm_watch_set(
	struct alarm_watch *watch, const struct alarm_watch_times *times);

#endif
