/*
 * turn_reserve: agent/reserve.h as a number. For the tests of turn alone.
 */
#ifndef TESTS_UNIT_TURN_RESERVE_H
#define TESTS_UNIT_TURN_RESERVE_H

#include "agent/reserve.h"
#include "tests/support/faulty_disk.h"

/* Giving up the last part makes room in this disk. */
struct reserve {
	bool held, has_room;
	unsigned parts;
	unsigned takes; /* tried */
	int take_code;
};

bool
reserve_is_held(const struct reserve *reserve)
{
	return reserve->held;
}

bool
reserve_give_up(struct reserve *reserve)
{
	reserve->held = false;
	if (reserve->parts == 0)
		return false;
	if (--reserve->parts == 0)
		faulty_disk_set(FAULTY_DISK_NOT);
	return true;
}

bool
reserve_has_room(const struct reserve *reserve)
{
	return reserve->has_room;
}

int
reserve_take(struct reserve *reserve)
{
	reserve->takes++;
	reserve->held = reserve->take_code == 0;
	return reserve->take_code;
}

#endif
