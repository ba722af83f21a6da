/*
 * chat: runs a script, a constant table of commands, against the lines of a
 * modem: composes each command, takes the replies that belong to it, and
 * leaves all others to the caller. Pure. It must never repeat a command
 * that makes the network act.
 */
#ifndef MODEM_CHAT_H
#define MODEM_CHAT_H

#include "modem/at.h"
#include "modem/span.h"

enum { CHAT_TAKES_MAX = 5, CHAT_TAGS_MAX = 64 };

enum chat_flag {
	CHAT_OPTIONAL = 1, /* a refusal or silence is passed over */
	CHAT_ACTS = 2,     /* the network acts on it: the point of no return */
	CHAT_PROMPT = 4,   /* a prompt ends it as well as OK */
	CHAT_BARE = 8,     /* takes lines without a prefix as its own */
	CHAT_UNLESS = 16,  /* skipped once its tag was seen */
	CHAT_SILENT = 32,  /* no reply is expected; goes on after wait_ms */
	CHAT_MARKED = 64,  /* an OK before its own line is somebody else's */
	CHAT_NO_OK = 128,  /* its own line will do when no OK follows */
	CHAT_RAW = 256,    /* ends as it stands, without a CR */
	CHAT_TELLS = 512   /* its OK alone is the value of its tag */
};

/* One command. */
struct chat_step {
	/* Without its CR. Names of chat_args in braces are filled in. */
	const char *text;
	const char *takes[CHAT_TAKES_MAX]; /* beginnings of its own lines */
	uint32_t wait_ms; /* from the flush; 0: chat_args.wait_ms */
	unsigned flags;   /* of enum chat_flag */
	unsigned tag;     /* tells the caller whose line it is; below
	                     CHAT_TAGS_MAX */
	unsigned tries;   /* how often it is sent when nothing answers; 0 is
	                     1; never more with CHAT_ACTS */
};

struct chat_script {
	const char *name;
	const struct chat_step *steps;
	size_t count;
	uint32_t wait_ms; /* for all of it, from the first flush; 0: none */
};

/* What is filled into the templates. */
struct chat_args {
	struct span code;
	struct span charset;
	struct span store;
	struct span was; /* what a setting was */
	unsigned dcs;
	unsigned number;
	uint32_t wait_ms;
};

enum chat_state {
	CHAT_IDLE,
	CHAT_TO_SEND, /* chat_compose() gives the bytes */
	CHAT_WAITING, /* for the replies */
	CHAT_OVER     /* see result; chat_begin() or chat_init() goes on */
};

/* How a script ended. */
enum chat_result {
	CHAT_NOT_OVER,
	CHAT_DONE,
	CHAT_FAILED, /* a final error to a step that is not optional */
	CHAT_TIMED_OUT,
	CHAT_BROKEN /* the caller said so: the pipe is gone */
};

/* Whose a line was. */
enum chat_took {
	CHAT_UNSOLICITED, /* not ours */
	CHAT_INFO,        /* information for chat_tag() */
	CHAT_FINAL        /* a final result */
};

struct chat {
	const struct chat_script *script;
	size_t at;           /* the step under way */
	unsigned sent_tries; /* how often it was sent */
	enum chat_state state;
	enum chat_result result;
	enum at_final final; /* the last final result, */
	int code;            /* and its code, or -1 */
	unsigned failed_tag; /* of the step that failed or timed out */
	bool own_line;       /* the step had a line of its own */
	bool bare_ok;        /* a marked one had an OK, and none yet */
	bool acted;          /* the point of no return is behind us */
	uint64_t seen;       /* tags, a bit each */
	uint32_t args_wait_ms;
	int64_t step_until_ms;   /* INT64_MAX until flushed */
	int64_t script_until_ms; /* likewise */
};

/* Idle, nothing seen. */
void chat_init(struct chat *c);

/* Begins a script. Only args->wait_ms is kept. What was seen stays seen. */
void chat_begin(struct chat *c, const struct chat_script *script,
	const struct chat_args *args);

/*
 * The bytes of the command to send, CR and all, NUL-terminated. The state
 * must be CHAT_TO_SEND. 0, or -ENOSPC.
 */
int chat_compose(const struct chat *c, const struct chat_args *args, char *out,
	size_t cap, size_t *len);

/* Whether "> " is awaited. */
bool chat_expects_prompt(const struct chat *c);

/* Whether the command to send, or under way, makes the network act. */
bool chat_acts(const struct chat *c);

/* The port took some bytes of it: no way back if it acts. */
void chat_on_sending(struct chat *c);

/* The port took all of it: deadlines run from here. */
void chat_on_sent(struct chat *c, int64_t now_ms);

/* A whole line, or a prompt. */
enum chat_took chat_on_line(struct chat *c, struct span line, int64_t now_ms);
void chat_on_prompt(struct chat *c, int64_t now_ms);

/* Acts on deadlines that have passed. */
void chat_on_tick(struct chat *c, int64_t now_ms);
int64_t chat_wake_at(const struct chat *c);

/* Ends the script where it stands. */
void chat_break(struct chat *c);

/* The tag of the step under way, or of the last one. */
unsigned chat_tag(const struct chat *c);

/* The tag's value is known: steps with CHAT_UNLESS are skipped. */
void chat_saw(struct chat *c, unsigned tag);
void chat_unsee(struct chat *c, unsigned tag); /* it is to be told anew */
bool chat_has_seen(const struct chat *c, unsigned tag);

#endif
