/*
 * clerk: an administrator's USSD codes that move the balance of a SIM: a loan
 * of a card's worth, a bundle bought. It must never touch a SIM that the
 * daemon does not know to be touched.
 */
#ifndef TESTS_CRASH_CLERK_H
#define TESTS_CRASH_CLERK_H

struct life;
struct realm;

/* One code on one of the modems, when it is free; else nothing. */
void clerk_dials(struct realm *realm, struct life *life);

#endif
