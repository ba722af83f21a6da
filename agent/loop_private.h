/*
 * loop_private: what loop.c and loop_spawn.c share. For these two alone.
 */
#ifndef AGENT_LOOP_PRIVATE_H
#define AGENT_LOOP_PRIVATE_H

#include <uv.h>

#include "agent/loop.h"

uv_loop_t *loop_uv(struct loop *loop);

/* Where the loop keeps its children. */
struct loop_child **loop_children(struct loop *loop);

/* The loop ends: their handles are closed, the programs go on. */
void loop_spawn_fini(struct loop *loop);

#endif
