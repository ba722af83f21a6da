/*
 * words: whether two texts say the same in the same words, whatever numbers,
 * dates and times stand in them. Pure. It must never call two texts the same
 * that differ in a word.
 */
#ifndef AGENT_WORDS_H
#define AGENT_WORDS_H

#include "modem/span.h"

/*
 * Compares the words of two texts (UTF-8) in their order, without the case of
 * ASCII letters. What has a digit or a '*' (masked) in it is no word, nor are
 * English names of months and days, "am" and "pm".
 */
bool words_are_same(struct span a_utf8, struct span b_utf8);

#endif
