/*
 * metrics: text in the exposition format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format
 * 0.0.4). Pure.
 */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. text is NUL-terminated once something was put; NULL before
 * that. */
struct metrics {
	char *text;
	size_t len, cap;
};

struct metrics_label {
	const char *name, *value; /* any bytes in value */
};

void metrics_fini(struct metrics *metrics);

/* The lines before the samples of a name. type: "gauge" or "counter". */
void metrics_family(struct metrics *metrics, const char *name, const char *type,
	const char *help);

/* A sample of the family put last; labels end with one without a name.
 * value: a number in plain decimals. */
void metrics_put(struct metrics *metrics, const char *name,
	const struct metrics_label *labels, const char *value);
void metrics_put_number(struct metrics *metrics, const char *name,
	const struct metrics_label *labels, int64_t value);

/* The same in one: a family of one sample without labels. */
void metrics_put_one(struct metrics *metrics, const char *name,
	const char *help, int64_t value);

#endif
