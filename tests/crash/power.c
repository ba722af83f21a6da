/*
 * power: see power.h. It must never come on by itself.
 */
#include "tests/crash/power.h"

static struct {
	bool off;
	bool fused;
	enum power_step kind;
	uint64_t left;
} power;

void
power_on(void)
{
	power.off = false;
	power.fused = false;
}

void
power_off(void)
{
	power.off = true;
	power.fused = false;
}

bool
power_is_on(void)
{
	return !power.off;
}

void
power_fuse(enum power_step kind, uint64_t steps)
{
	power.fused = true;
	power.kind = kind;
	power.left = steps;
}

bool
power_step(enum power_step kind)
{
	if (power.off)
		return false;
	if (!power.fused || power.kind != kind)
		return true;
	if (power.left-- > 0)
		return true;
	power_off();
	return false;
}

const char *
power_step_name(enum power_step kind)
{
	static const char *const names[] = {
		[POWER_WRITE] = "write",
		[POWER_SYNC] = "sync",
		[POWER_BYTE] = "byte",
		[POWER_FILE] = "file",
	};
	return (unsigned)kind < POWER_STEPS ? names[kind] : "?";
}
