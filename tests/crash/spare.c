/*
 * spare: see spare.h. What a life left of it is there in the next.
 */
#include "tests/crash/spare.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "agent/reserve.h"
#include "tests/crash/disk.h"
#include "tests/crash/power.h"

struct reserve {
	bool held;
};

static int64_t left; /* on the disk */

void
spare_reset(void)
{
	left = 0;
}

struct reserve *
reserve_open(const char *path)
{
	struct reserve *reserve = calloc(1, sizeof(*reserve));
	(void)path;
	if (!reserve)
		abort();             /* as the real one does */
	(void)reserve_take(reserve); /* else whoever asks is told so */
	return reserve;
}

void
reserve_close(struct reserve *reserve)
{
	free(reserve);
}

bool
reserve_is_held(const struct reserve *reserve)
{
	return reserve->held;
}

bool
reserve_give_up(struct reserve *reserve)
{
	if (!power_is_on())
		return false;
	reserve->held = false;
	if (left == 0)
		return false;
	left -= RESERVE_PART;
	disk_give(RESERVE_PART);
	return true;
}

bool
reserve_has_room(const struct reserve *reserve)
{
	(void)reserve;
	int64_t room = disk_left();
	return room < 0 || room >= 2 * (int64_t)RESERVE_BYTES;
}

int
reserve_take(struct reserve *reserve)
{
	int64_t more = RESERVE_BYTES - left, room = disk_left();
	if (!power_is_on())
		return -EIO;
	if (room >= 0 && room < more)
		return -ENOSPC;
	disk_give(-more);
	left = RESERVE_BYTES;
	reserve->held = true;
	return 0;
}
