/*
 * ctl_load: one card at the counter. Its PIN goes as a file in memory that
 * only the daemon reads; it must never be an argument, a line of the socket,
 * or left in memory. One sentence says what became of the money.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/secret.h"

struct counter {
	struct ctl *ctl;
	struct ctl_progress progress;
	char voucher[24]; /* its number, once it is known */
};

/* ---- what became of it --------------------------------------------------- */

#define CLAIM "`topupctl claims` lists it for who sold it"
#define LOOK  "`topupctl voucher #` shows what comes of it"
#define DOUBT                                                                  \
	"do not load it again nor give it out: " LOOK                          \
	", `topupctl resolve #` settles it once the operator was asked"

/* What happened to the money, and what comes next; # is the voucher's
 * number. The first row that fits. */
static const struct {
	const char *state;
	const char *reason; /* NULL: any */
	const char *money, *next;
} endings[] = {
	{"rejected", "invalid",
		"nothing was credited, the operator knows no such card",
		"compare the PIN with the card; if it is right, " CLAIM},
	{"rejected", "used",
		"nothing was credited, somebody has used the card before",
		CLAIM},
	{"rejected", "expired", "nothing was credited, the card is too old",
		CLAIM},
	{"rejected", "card_blocked",
		"nothing was credited, the operator has blocked the card",
		CLAIM},
	{"rejected", NULL,
		"nothing was credited, the operator does not take the card",
		CLAIM},
	{"unknown", "amount_differs",
		"what was credited is not what the card is worth",
		"`topupctl voucher #` shows both, `topupctl resolve #` "
		"settles it"},
	{"unknown", "refused_on_repeat",
		"the operator refuses the card now, but an earlier dialling "
		"may have credited it",
		DOUBT},
	{"unknown", "no_sms",
		"the operator took the card, but its message did not come: "
		"it may have been credited, or not",
		DOUBT},
	{"unknown", NULL, "it may have been credited, or not", DOUBT},
	{"held", "not_sent", "nothing was credited, it could not be sent",
		"look at `topupctl modems`, then `topupctl release #`"},
	{"held", "not_now",
		"nothing was credited, the card is good, but this account "
		"cannot take it now",
		"`topupctl release #` dials it once more"},
	{"held", "busy", "nothing was credited, the operator was busy",
		"`topupctl release #` dials it once more"},
	{"held", "expired", "nothing was credited, its date is past",
		"`topupctl cancel #` takes it back"},
	{"held", NULL, "nothing was credited so far, and it is not dialled",
		"`topupctl release #` lets it go on"},
	{"ready", NULL, "nothing was credited so far, it still waits",
		"it goes on by itself: `topupctl voucher #` shows what it "
		"waits for, `topupctl hold #` stops it"},
	{"dialing", NULL, "it is on air, and not settled yet",
		"it goes on by itself, do not load it again: " LOOK},
	{"pending", NULL,
		"the operator took the card, and has not said yet whether it "
		"is credited",
		"it goes on by itself, do not load it again: " LOOK},
	{"cancelled", NULL, "nothing was credited, it was withdrawn",
		"`topupctl load` takes it again"},
};

static void
find_ending(const char *state, const char *reason, const char **money,
	const char **next)
{
	*money = "what became of the money is not known";
	*next = LOOK;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcmp(endings[i].state, state) != 0 ||
			(endings[i].reason != NULL &&
				strcmp(endings[i].reason, reason) != 0))
			continue;
		*money = endings[i].money;
		*next = endings[i].next;
		return;
	}
}

/* Prints it with the voucher's number in place of each #. */
static void
print_next(FILE *file, const char *next, const char *id)
{
	for (; *next != '\0'; next++) {
		if (*next == '#')
			(void)fputs(id, file);
		else
			(void)fputc(*next, file);
	}
}

static void
say_not_loaded(struct ctl *ctl, const struct json *voucher)
{
	const char *money, *next;
	FILE *file = ctl->err.file;
	char *id = ctl_table_cell(json_get(voucher, "id"), CELL_NUMBER);
	char *state = ctl_table_cell(json_get(voucher, "state"), CELL_TEXT);
	char *reason = ctl_table_cell(json_get(voucher, "reason"), CELL_TEXT);
	char *reply = ctl_table_cell(json_get(voucher, "reply"), CELL_TEXT);
	find_ending(state, reason, &money, &next);
	(void)fflush(ctl->out.file); /* in the order in which it was said */
	(void)fprintf(file, "topupctl: %s%s%s%s: %s; ", state,
		reason[0] != '\0' ? " (" : "", reason,
		reason[0] != '\0' ? ")" : "", money);
	print_next(file, next, id);
	(void)fprintf(file, "%s%s%s\n",
		reply[0] != '\0' ? "; the operator says: \"" : "", reply,
		reply[0] != '\0' ? "\"" : "");
	free(id);
	free(state);
	free(reason);
	free(reply);
}

static void
print_member(const char *before, const struct json *object, const char *key)
{
	char *text = ctl_table_cell(json_get(object, key), CELL_TEXT);
	if (text[0] != '\0')
		(void)printf("%s%s", before, text);
	free(text);
}

/* "loaded 100.00, balance 250.00" */
static void
print_loaded(const struct json *voucher)
{
	const char *target = json_get_text(voucher, "target");
	(void)printf("loaded");
	print_member(" ", voucher, "credited");
	if (target != NULL && strcmp(target, "self") != 0)
		print_member(" to ", voucher, "target");
	print_member(", balance ", voucher, "balance_after");
	(void)putchar('\n');
}

/* ---- on the way ---------------------------------------------------------- */

static void
on_card(void *ctx, const struct json *voucher)
{
	struct counter *counter = ctx;
	char line[128];
	int64_t id = 0;
	if (json_get_number(voucher, "id", &id) == 0)
		(void)snprintf(counter->voucher, sizeof(counter->voucher),
			"%lld", (long long)id);
	const char *state = json_get_text(voucher, "state");
	const char *reason = json_get_text(voucher, "reason");
	(void)snprintf(line, sizeof(line), "voucher %s: %s%s%s",
		counter->voucher, state != NULL ? state : "?",
		reason != NULL ? ", waits: " : "",
		reason != NULL ? reason : "");
	ctl_progress_show(&counter->progress, line);
}

static int
on_card_interrupt(void *ctx)
{
	struct counter *counter = ctx;
	ctl_progress_clear(&counter->progress);
	if (counter->voucher[0] != '\0')
		ctl_say(counter->ctl,
			"voucher %s goes on without you, do not load it "
			"again: `topupctl voucher %s` shows what came of it, "
			"`topupctl hold %s` stops it while it waits",
			counter->voucher, counter->voucher, counter->voucher);
	else
		ctl_say(counter->ctl,
			"the card may go on without you, do not load it "
			"again: `topupctl vouchers` shows what came of it");
	return CTL_LEFT_OPEN;
}

static int
on_card_done(void *ctx, const struct json *voucher, int exit_status)
{
	struct counter *counter = ctx;
	struct ctl *ctl = counter->ctl;
	ctl_progress_clear(&counter->progress);
	if (ctl->json)
		ctl_show_json(voucher);
	else if (exit_status == CTL_DONE)
		print_loaded(voucher);
	if (exit_status != CTL_DONE)
		say_not_loaded(ctl, voucher);
	return exit_status;
}

/* ---- the PIN ------------------------------------------------------------- */

/* A file in memory with the one row; -errno. */
static int
card_file(const struct secret *voucher_pin)
{
	int fd = memfd_create("topupctl", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, voucher_pin->bytes, voucher_pin->len);
	if (n != (ssize_t)voucher_pin->len || write(fd, "\n", 1) != 1) {
		(void)close(fd); /* memory; gone with it */
		return -EIO;
	}
	return fd;
}

void
ctl_hide_memory(void)
{
	const struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none); /* both are a second fence */
#ifndef __SANITIZE_ADDRESS__ /* the leak checker attaches to its process */
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static int
read_card(struct ctl *ctl)
{
	struct secret voucher_pin = {.len = 0};
	ctl_hide_memory();
	int err = ctl_terminal_read_pin("PIN: ", &voucher_pin);
	int fd = err != 0 ? err : card_file(&voucher_pin);
	secret_wipe(&voucher_pin);
	if (err == -EINVAL)
		ctl_say(ctl, "no PIN was given, or one that is too long");
	else if (fd < 0)
		ctl_say(ctl, "cannot take the PIN: %s", strerror(-fd));
	return fd;
}

int
ctl_run_load(struct ctl *ctl)
{
	struct json *args = json_new_object();
	ctl_put_text(ctl, args, "to", "to");
	ctl_put_text(ctl, args, "amount", "amount");
	ctl_put_text(ctl, args, "modem", "modem");
	ctl_put_text(ctl, args, "operator", "operator");
	json_put_flag(args, "progress", true);
	int exit_status = CTL_USAGE;
	int fd = ctl_put_number(ctl, args, "timeout") ? read_card(ctl) : -1;
	if (fd < 0) {
		json_free(args);
		return exit_status;
	}
	struct counter counter = {
		.ctl = ctl, .progress = {.screen = &ctl->err}};
	const struct ctl_hooks hooks = {.ctx = &counter,
		.on_progress = on_card,
		.on_done = on_card_done,
		.on_interrupt = on_card_interrupt,
		.waits = true};
	exit_status = ctl_ask(ctl, args, fd, &hooks);
	(void)close(fd); /* memory; gone once the daemon closes it, too */
	ctl_terminal_forget_typed();
	return exit_status;
}
