/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * memory: the offers that a client knew, in a file, so that one that is started while the directory
 * is away still finds the adapters that live. What it says may be old: an adapter that is not there
 * any more cannot be reached, and its successor refuses calls that name another incarnation.
 * Private to bus/.
 */
#ifndef SL_BUS_MEMORY_H
#define SL_BUS_MEMORY_H

#include "bus/proto.h"

/* The offers in path, or none: a missing or broken file is one that has nothing to say. */
void sl_bus_memory_load(const char *path, sl_arena_t *arena, sl_bus_offer_t **offers_p,
                        size_t *n_p);
/* Replaces path (mode 0600) by json, a list of offers, in one step. Blocks for a small write. A
 * failure leaves the old file: what was known before is better than nothing. */
void sl_bus_memory_save(const char *path, sl_str_t json);

#endif
