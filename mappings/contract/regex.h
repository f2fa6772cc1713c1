/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * regex: the regular expressions of JSON Schema (ECMA-262, with the Unicode flag: characters are
 * code points). JSON Schema searches: a pattern without ^ and $ may match anywhere in the text.
 *
 * Written here because no library at hand has this dialect: those of XML Schema are anchored, know
 * no ^ and no $, and their \d and \s are other sets. The text is matched in time proportional to
 * its length times the pattern's (all alternatives at once, no backtracking), so that a pattern
 * from a stranger's schema cannot stall a check.
 *
 * What no such automaton can decide (lookahead, lookbehind, backreferences), and Unicode
 * properties (\p), are refused when the pattern is compiled: the caller then knows that it does
 * not know.
 */
#ifndef SL_CONTRACT_REGEX_H
#define SL_CONTRACT_REGEX_H

#include "core/arena.h"
#include "core/str.h"

typedef struct sl_regex sl_regex_t;

enum { SL_REGEX_WHY = 80 };

/* From arena, and lives as long. NULL when the pattern is not understood (why: what it is about,
 * "lookahead") or too large. *wrong_p, when not NULL: it is no pattern at all, not just one beyond
 * this matcher. */
const sl_regex_t *sl_regex_compile(sl_str_t pattern, sl_arena_t *arena, bool *wrong_p,
                                   char why[SL_REGEX_WHY]);

/* 1: it matches somewhere in text (well-formed UTF-8), 0: nowhere, -1: out of memory, or
 * pattern and text are too large for each other. */
int sl_regex_match(const sl_regex_t *self, sl_str_t text);

/* A short text that matches, from arena; .p NULL when none is found, when it would be longer than
 * max characters, or without memory. */
sl_str_t sl_regex_shortest(const sl_regex_t *self, size_t max, sl_arena_t *arena);

#endif
