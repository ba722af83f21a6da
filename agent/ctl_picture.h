/*
 * ctl_picture: amounts of money with their labels as a picture, for the files
 * of ctl. Nobody else includes it.
 */
#ifndef AGENT_CTL_PICTURE_H
#define AGENT_CTL_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CTL_PICTURE_SVG_MAX = 800 }; /* more no screen can show */

struct ctl;

/* Begins as zeros. */
struct ctl_picture {
	int64_t *values; /* minor units, or CHART_GAP */
	char **labels;
	size_t count, cap;
	unsigned decimals;
	char currency[8];
};

/* A decimal as the daemon writes it. 0, or < 0 for none. */
int ctl_picture_parse(const char *text, int64_t *minor, unsigned *decimals);

/* One more value at the end; the label is copied, and made clean. */
void ctl_picture_add(
	struct ctl_picture *picture, const char *label, int64_t minor);
void ctl_picture_free(struct ctl_picture *picture);

/* On standard output, with so many lines of columns: with blocks, or (--ascii,
 * or where the locale has none) with plain signs. */
void ctl_picture_draw(
	struct ctl *ctl, const struct ctl_picture *picture, unsigned lines);

/* Into the file of --svg, as steps or as bars. false: was told. */
bool ctl_picture_write(struct ctl *ctl, const struct ctl_picture *picture,
	bool steps, const char *title);

#endif
