/*
 * person: who holds, releases, resolves, unlocks, pauses and cancels, as
 * topupctl would let them. They know the network's truth and never lie
 * about it.
 */
#ifndef TESTS_CRASH_PERSON_H
#define TESTS_CRASH_PERSON_H

struct life;
struct realm;

/* One act, drawn. */
void person_acts(struct realm *realm, struct life *life);

/* Nothing is dialled from now on, until somebody tidies up. */
void person_rests(struct realm *realm, struct life *life);
/* Everything that waits for a person is settled; the operator's hotline
 * lifts its locks. */
void person_tidies_up(struct realm *realm, struct life *life);

#endif
