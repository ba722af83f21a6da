/*
 * ctl_sms: an administrator's message, and whether it went. It must never
 * say that nothing was sent where nobody knows.
 */
#include "agent/ctl_private.h"

#include <string.h>

#include "agent/json.h"

static int
on_done(void *ctx, const struct json *sent, int exit_status)
{
	struct ctl *ctl = ctx;
	const char *why = json_get_text(sent, "why");
	if (ctl->json)
		ctl_show_json(sent);
	else if (exit_status == CTL_DONE)
		(void)fprintf(ctl->out.file, "sent to %s\n", ctl->args[1]);
	if (exit_status == CTL_LEFT_OPEN)
		ctl_say(ctl,
			"it may have been sent (%s): look at `topupctl inbox "
			"%s` before you send it again",
			why != NULL ? why : "", ctl->args[0]);
	return exit_status;
}

int
ctl_run_sms(struct ctl *ctl)
{
	const struct ctl_hooks hooks = {
		.ctx = ctl, .on_done = on_done, .waits = true};
	struct json *args = json_new_object();
	json_put_text(args, "modem", ctl->args[0]);
	json_put_text(args, "number", ctl->args[1]);
	json_put_text(args, "text", ctl->args[2]);
	return ctl_ask(ctl, args, -1, &hooks);
}
