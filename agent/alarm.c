/*
 * alarm: conditions that are told once. Never tells of one twice, nor of the
 * end of one that it did not tell of.
 */
#include "agent/alarm.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)

static const struct {
	const char *begins, *ends;
	int64_t hold_ms; /* it is over when it was not seen for so long; -1:
	                    only when it is denied */
} kinds[ALARM_KINDS] = {
	[ALARM_IDLE] = {"alarm.idle", "alarm.idle_over", 0},
	[ALARM_UNKNOWN] = {"alarm.unknown", "alarm.unknown_over", 0},
	/* One that comes for a moment is not back; */
	[ALARM_MODEM] = {"alarm.modem", "alarm.modem_over", MINUTE_MS},
	[ALARM_BALANCE] = {"alarm.balance", "alarm.balance_over", -1},
	/* nor is one that may try a single PIN. */
	[ALARM_LOCKED_OUT] = {"alarm.locked_out", "alarm.locked_out_over",
		10 * MINUTE_MS},
};

const char *
alarm_event(enum alarm_kind kind, bool over)
{
	return over ? kinds[kind].ends : kinds[kind].begins;
}

static struct alarm *
find(struct alarm_set *set, enum alarm_kind kind, const char *subject)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == kind &&
			strcmp(set->list[i].subject, subject) == 0)
			return &set->list[i];
	return NULL;
}

static struct alarm *
add(struct alarm_set *set, enum alarm_kind kind, const char *subject)
{
	struct alarm *alarm = &set->list[set->count];

	if (set->count == ALARM_MAX || strlen(subject) >= ALARM_SUBJECT_MAX)
		return NULL;
	set->count++;
	*alarm = (struct alarm){
		.kind = kind, .since_ms = set->now_ms, .seen_ms = set->now_ms};
	memcpy(alarm->subject, subject, strlen(subject) + 1);
	return alarm;
}

void
alarm_restore(struct alarm_set *set, enum alarm_kind kind, const char *subject)
{
	struct alarm *alarm = find(set, kind, subject);

	if (!alarm)
		alarm = add(set, kind, subject);
	if (alarm)
		alarm->raised = true;
}

/* Those that have gone untold make room. */
void
alarm_begin(struct alarm_set *set, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].raised || set->list[i].seen_ms == set->now_ms)
			set->list[kept++] = set->list[i];
	set->count = kept;
	set->now_ms = now_ms;
}

const struct alarm *
alarm_see(struct alarm_set *set, enum alarm_kind kind, const char *subject,
	int64_t after_ms)
{
	struct alarm *alarm = find(set, kind, subject);

	if (!alarm)
		alarm = add(set, kind, subject);
	if (!alarm)
		return NULL;
	alarm->seen_ms = set->now_ms;
	if (alarm->raised || set->now_ms - alarm->since_ms < after_ms)
		return NULL;
	alarm->raised = true;
	return alarm;
}

void
alarm_deny(struct alarm_set *set, enum alarm_kind kind, const char *subject)
{
	struct alarm *alarm = find(set, kind, subject);

	if (alarm)
		alarm->seen_ms = INT64_MIN;
}

static bool
is_over(const struct alarm_set *set, const struct alarm *alarm)
{
	int64_t hold_ms = kinds[alarm->kind].hold_ms;

	if (!alarm->raised)
		return false;
	if (alarm->seen_ms == INT64_MIN)
		return true;
	return hold_ms >= 0 && alarm->seen_ms < set->now_ms &&
	       set->now_ms - alarm->seen_ms >= hold_ms;
}

bool
alarm_over(struct alarm_set *set, struct alarm *out)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!is_over(set, &set->list[i]))
			continue;
		*out = set->list[i];
		set->list[i] = set->list[--set->count];
		return true;
	}
	return false;
}
