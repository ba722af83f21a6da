/*
 * virtual: what a test program that links libvirtual.a runs on instead of
 * the real loop and the real ports: the same agent/loop.h in virtual time,
 * and a scripted wire behind each name of a port. Hours pass in milliseconds.
 */
#ifndef TESTS_VIRTUAL_VIRTUAL_H
#define TESTS_VIRTUAL_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

struct fakewire;
struct loop;

enum { VIRTUAL_WIRES_MAX = 8 };

/* Begins anew: no wires, an untrusted clock at noon UTC of a Tuesday. */
void virtual_reset(void);

/* What loop_wall_ms() says from now on, and whether the kernel would call
 * its clock synchronised: after a jump loop_clock_is_trusted() is false for
 * some minutes, as the real one. */
void virtual_set_wall(int64_t wall_ms);
void virtual_set_trusted(bool trusted);

/* The time of all loops and wires. It stands while no loop runs. */
int64_t virtual_now_ms(void);

/* Turns of the loop for so long. */
void virtual_run(struct loop *loop, int64_t ms);

/* The same until it is seen, after a whole turn; false when it never was. */
typedef bool virtual_seen_fn(void *ctx);
bool virtual_run_until(
	struct loop *loop, int64_t ms, virtual_seen_fn *seen, void *ctx);

/* The wire behind a port's name, without rules where it is new. It stays
 * when its port is freed, and is the same for the next one. */
struct fakewire *virtual_wire(const char *where);

/* A healthy modem of the standard dialect, with that SIM, on a wire. */
void virtual_plug(const char *where, const char *imsi, const char *iccid);

/* Its device goes away, until a modem is plugged in again. */
void virtual_unplug(const char *where);

/* What a program that is run does: nothing but take its time and end. */
struct virtual_program {
	int64_t takes_ms;
	int status;
};
struct loop_program;
typedef struct virtual_program virtual_program_fn(
	void *ctx, const struct loop_program *program);
/* Called for each that is run; without it (NULL, after a reset) each ends at
 * once with 0. */
void virtual_on_program(virtual_program_fn *fn, void *ctx);

/* For the loop: whether that descriptor is ready, and when next. */
bool virtual_is_readable(int fd);
bool virtual_is_writable(int fd);
int64_t virtual_next_ms(int fd);
/* For the wires: the time went on. */
void virtual_wires_turn_to(int64_t now_ms);

#endif
