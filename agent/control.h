/*
 * control: the socket that topupctl asks. One JSON object a line in both
 * directions, one request a connection; answers leave after the commit of
 * the turn that made them. PINs never come in as text: files come as
 * descriptors (SCM_RIGHTS); the answer to an admin's reveal has them. It never
 * waits for a slow reader.
 *
 * Request:  {"command": NAME, "args": {...}}
 * Answer:   any number of {"item": ...} and, where args say progress,
 *           {"progress": ...}; then one {"done": ..., "exit": N}
 *           or {"error": TEXT, "exit": N}; then the connection closes.
 *
 * command   args (all optional where not said)
 * status modems batches watch reload   none
 * batch voucher                        id (must)
 * vouchers                             batch state limit after
 * load      to amount modem operator timeout progress; with a descriptor
 * submit    name (must) operator amount target modem wait progress; with a
 *           descriptor
 * wait      batch timeout progress
 * balance   modem (must)
 * ussd      modem, code (must); dialogue: where the operator asks back the
 *           answer is {"progress": {"text", "open"}}, and one more line is
 *           taken: {"answer": TEXT}. Who closes ends the session.
 * sms       modem, number, text (must): {"modem", "fate": sent or
 *           maybe_sent (exit 4), "why"}
 * hold release cancel                  ids (a list) or batch
 * resolve   id, how (loaded rejected retry), note (must), amount
 * pause resume                         modem
 * unlock    what: a modem or a number (must)
 * audit     since_seq or since_ms, follow
 * backup    none; with a descriptor that can be written
 * record    modem (must); {"ms", "sent", "line"} until one side closes
 * reconcile since_ms
 * reveal    ids (must): items {"id", "pin"}
 * retrieve  name (must): a refused file; with a descriptor of a plain file
 *           that can be written, which gets its bytes
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

enum {
	CONTROL_REQUEST_MAX = 65536, /* bytes of a request line */
	CONTROL_CLIENTS_MAX = 64,    /* connections; admins have some more */
	CONTROL_IDS_MAX = 1000,      /* vouchers in one request */
	CONTROL_ID_END = 1000000000  /* longer numbers may be PINs */
};

#define CONTROL_SOCKET_NAME "control.sock"

struct balance;
struct control;
struct dialogue;
struct dispatch;
struct fleet;
struct intake;
struct loop;
struct spool;
struct turn;
struct vault;

struct control_parts {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct balance *balance;
	struct dialogue *dialogue;
	struct dispatch *dispatch;
	struct intake *intake;
	struct spool *spool;
	/* Reloads; errors (cap bytes, lines) on refusal. 0 or -EINVAL. */
	int (*reload)(void *ctx, const char *who, char *errors, size_t cap);
	void *ctx;
	struct vault *vault;  /* opens what is revealed, or retrieved */
	const char *key_file; /* for people; NULL where there is none */
};

/*
 * Listens on dir/control.sock (0660, of the group; -1: leave it). A stale
 * socket is removed. NULL on failure; why says it for people. Becomes an
 * outlet of the turn, so no turn may end between control_free() and
 * turn_free(). All parts are borrowed.
 */
struct control *control_new(const struct control_parts *parts, const char *dir,
	gid_t group, char *why, size_t cap);
void control_free(struct control *control);

#endif
