/*
 * control: the socket that topupctl asks. One JSON object a line in both
 * directions; answers leave after the commit of the turn that made them.
 * PINs never pass it as text: files come as descriptors (SCM_RIGHTS).
 *
 * Request:  {"command": NAME, "args": {...}}
 * Answer:   any number of {"item": ...}, then one {"done": ..., "exit": N}
 *           or {"error": TEXT, "exit": N}.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

struct control;
struct dispatch;
struct fleet;
struct intake;
struct loop;
struct redeem;
struct spool;
struct trail;
struct turn;

struct control_parts {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct redeem *redeem;
	struct dispatch *dispatch;
	struct intake *intake;
	struct spool *spool;
	struct trail *trail;
	/* Reloads; errors (cap bytes, lines) on refusal. 0 or -EINVAL. */
	int (*reload)(void *ctx, const char *who, char *errors, size_t cap);
	void *ctx;
};

/*
 * Listens on dir/control.sock (0660, of the group; -1: leave it). A stale
 * socket is removed. NULL on failure; why says it for people. Becomes an
 * outlet of the turn.
 */
struct control *control_new(const struct control_parts *parts, const char *dir,
	gid_t group, char *why, size_t cap);
void control_free(struct control *control);

#endif
