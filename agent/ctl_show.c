/*
 * ctl_show: the common ways to show an answer: a list, one object. With
 * --json standard output holds JSON and nothing else.
 */
#include "agent/ctl_private.h"

#include <stdarg.h>
#include <stdlib.h>

#include "agent/json.h"

void
ctl_show_json(const struct json *value)
{
	char *text = json_print(value);
	(void)puts(text); /* ctl_main looks at the stream at the end */
	free(text);
}

void
ctl_print(struct ctl *ctl, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	char *clean = ctl_text_clean(text);
	ctl_text_wrap(&ctl->out, "", clean);
	(void)fputc('\n', ctl->out.file);
	free(clean);
	free(text);
}

void
ctl_put_text(const struct ctl *ctl, struct json *args, const char *option,
	const char *key)
{
	const char *value = ctl_option_value(ctl, option);
	if (value != NULL)
		json_put_text(args, key, value);
}

bool
ctl_put_number(const struct ctl *ctl, struct json *args, const char *option)
{
	const char *value = ctl_option_value(ctl, option);
	int64_t number = 0;
	if (value == NULL)
		return true;
	if (!ctl_number(ctl, option, value, true, &number))
		return false;
	json_put_number(args, option, number);
	return true;
}

bool
ctl_put_since(const struct ctl *ctl, struct json *args)
{
	const char *since = ctl_option_value(ctl, "since");
	int64_t since_ms = 0;
	if (since == NULL)
		return true;
	if (ctl_text_parse_time(since, &since_ms) != 0) {
		(void)ctl_wrong(ctl,
			"'%s' is no time such as '2026-01-31 09:30'", since);
		return false;
	}
	json_put_number(args, "since_ms", since_ms);
	return true;
}

/* ---- lists --------------------------------------------------------------- */

struct list {
	struct ctl *ctl;
	struct ctl_table *table;
	size_t count;
};

/* The array is streamed: the list may be longer than memory. */
static void
on_json_item(void *ctx, const struct json *item)
{
	struct list *list = ctx;
	char *text = json_print(item);
	(void)printf("%s%s", list->count++ == 0 ? "[" : ",\n", text);
	free(text);
}

static void
on_row(void *ctx, const struct json *item)
{
	struct list *list = ctx;
	ctl_table_row(list->table, item);
}

static int
on_list_done(void *ctx, const struct json *done, int exit_status)
{
	struct list *list = ctx;
	(void)done;
	if (list->ctl->json)
		(void)puts(list->count == 0 ? "[]" : "]");
	return exit_status;
}

int
ctl_show_list(struct ctl *ctl, struct json *args,
	const struct ctl_column *columns, const char *nothing)
{
	struct list list = {
		.ctl = ctl, .table = ctl_table_new(columns, &ctl->out)};
	const struct ctl_hooks hooks = {.ctx = &list,
		.on_item = ctl->json ? on_json_item : on_row,
		.on_done = on_list_done};
	int exit_status = ctl_ask(ctl, args, -1, &hooks);
	size_t rows = ctl_table_end(list.table);
	if (rows == 0 && !ctl->json && exit_status == CTL_DONE)
		(void)puts(nothing);
	return exit_status;
}

/* ---- one object ---------------------------------------------------------- */

struct object {
	struct ctl *ctl;
	int (*print)(struct ctl *ctl, const struct json *done, int exit);
};

static int
on_object(void *ctx, const struct json *done, int exit_status)
{
	struct object *object = ctx;
	if (!object->ctl->json)
		return object->print(object->ctl, done, exit_status);
	ctl_show_json(done);
	return exit_status;
}

int
ctl_show_object(struct ctl *ctl, struct json *args,
	int (*print)(struct ctl *ctl, const struct json *done, int exit))
{
	struct object object = {ctl, print};
	const struct ctl_hooks hooks = {.ctx = &object, .on_done = on_object};
	return ctl_ask(ctl, args, -1, &hooks);
}
