/*
 * ctl_reveal: PINs for who may see them, on standard output and nowhere
 * else. They must never go to standard error, nor outlive their line.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

struct revealed {
	struct ctl *ctl;
	size_t count;
};

static void
on_pin(void *ctx, const struct json *item)
{
	struct revealed *revealed = ctx;
	if (revealed->ctl->json) {
		char *text = json_print(item);
		(void)printf(
			"%s%s", revealed->count++ == 0 ? "[" : ",\n", text);
		explicit_bzero(text, strlen(text));
		free(text);
		return;
	}
	int64_t id = 0;
	const char *voucher_pin = json_get_text(item, "pin");
	char *clean = ctl_text_clean(voucher_pin != NULL ? voucher_pin : "");
	(void)json_get_number(item, "id", &id);
	revealed->count++;
	(void)printf("%lld %s\n", (long long)id, clean);
	explicit_bzero(clean, strlen(clean));
	free(clean);
}

static int
on_done(void *ctx, const struct json *done, int exit_status)
{
	struct revealed *revealed = ctx;
	if (revealed->ctl->json)
		(void)puts(revealed->count == 0 ? "[]" : "]");
	ctl_say_refused(revealed->ctl, json_get(done, "refused"));
	return exit_status;
}

int
ctl_run_reveal(struct ctl *ctl)
{
	struct revealed revealed = {.ctl = ctl};
	const struct ctl_hooks hooks = {
		.ctx = &revealed, .on_item = on_pin, .on_done = on_done};
	struct json *args = json_new_object();
	struct json *ids = json_new_array();
	bool good = true;
	ctl_hide_memory();
	for (int i = 0; i < ctl->arg_count && good; i++) {
		int64_t id = 0;
		good = ctl_number(ctl, "ID", ctl->args[i], false, &id);
		json_add(ids, json_new_number(id));
	}
	json_put(args, "ids", ids);
	if (good)
		return ctl_ask(ctl, args, -1, &hooks);
	json_free(args);
	return CTL_USAGE;
}
