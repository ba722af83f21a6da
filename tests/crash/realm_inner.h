/*
 * realm_inner: what the files of realm share. Only they include it.
 */
#ifndef TESTS_CRASH_REALM_INNER_H
#define TESTS_CRASH_REALM_INNER_H

#include "tests/crash/life.h"
#include "tests/crash/realm.h"

enum { REALM_TIMEOUT_MIN_MS = 8000 }; /* as a reload may set it */

#define REALM_INCOMING LIFE_SPOOL_DIR "/incoming"

bool realm_chance(struct realm *r, unsigned percent);

void realm_draw_terms(struct realm *r);
void realm_usual_words(struct realm *r);
void realm_make_sims(struct realm *r);
void realm_make_modems(struct realm *r, struct sim_hook hook);

#endif
