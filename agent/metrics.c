/*
 * metrics: text for Prometheus. Never lets a value of a label end its quotes
 * or its line.
 */
#include "agent/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
add(struct metrics *m, const char *bytes, size_t len)
{
	if (m->len + len + 1 > m->cap) {
		m->cap = 2 * (m->len + len + 1);
		m->text = realloc(m->text, m->cap);
		if (!m->text)
			abort(); /* some KiB */
	}
	memcpy(m->text + m->len, bytes, len);
	m->len += len;
	m->text[m->len] = '\0';
}

static void
add_text(struct metrics *m, const char *text)
{
	add(m, text, strlen(text));
}

/* What is neither ASCII nor printable is shown as "?": names here are words,
 * and a currency that an operator writes with a sign has its letters too. */
static void
add_escaped(struct metrics *m, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '\\' || c == '"')
			add(m, "\\", 1);
		if (c == '\n')
			add(m, "\\n", 2);
		else
			add(m, c < ' ' || c > '~' ? "?" : value, 1);
	}
}

void
metrics_fini(struct metrics *metrics)
{
	free(metrics->text);
	*metrics = (struct metrics){0};
}

void
metrics_family(struct metrics *metrics, const char *name, const char *type,
	const char *help)
{
	add_text(metrics, "# HELP ");
	add_text(metrics, name);
	add_text(metrics, " ");
	add_text(metrics, help);
	add_text(metrics, "\n# TYPE ");
	add_text(metrics, name);
	add_text(metrics, " ");
	add_text(metrics, type);
	add_text(metrics, "\n");
}

void
metrics_put(struct metrics *metrics, const char *name,
	const struct metrics_label *labels, const char *value)
{
	const char *sign = "{";

	add_text(metrics, name);
	for (; labels && labels->name; labels++) {
		add_text(metrics, sign);
		add_text(metrics, labels->name);
		add_text(metrics, "=\"");
		add_escaped(metrics, labels->value);
		add_text(metrics, "\"");
		sign = ",";
	}
	add_text(metrics, *sign == ',' ? "} " : " ");
	add_text(metrics, value);
	add_text(metrics, "\n");
}

void
metrics_put_number(struct metrics *metrics, const char *name,
	const struct metrics_label *labels, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	metrics_put(metrics, name, labels, text);
}

void
metrics_put_one(struct metrics *metrics, const char *name, const char *help,
	int64_t value)
{
	metrics_family(metrics, name, "gauge", help);
	metrics_put_number(metrics, name, NULL, value);
}
