/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * idmap: finds what belongs to an id: the client's open calls, the server's (where the key is the
 * caller's route and the id), routes by operation name. Nodes are embedded by their owner, keys
 * are borrowed from it. Private to bus/.
 */
#ifndef SL_BUS_IDMAP_H
#define SL_BUS_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str.h"

typedef struct sl_bus_idnode {
  struct sl_bus_idnode *next;
  uint64_t hash;
  sl_str_t scope, id; /* the key; scope may be empty */
} sl_bus_idnode_t;

typedef struct sl_bus_idmap {
  sl_bus_idnode_t **buckets;
  size_t n_buckets, n;
  uint64_t seed; /* ids come from outside: chains must not be aimed at */
} sl_bus_idmap_t;

void sl_bus_idmap_init(sl_bus_idmap_t *self);
/* Forgets the nodes (the owner frees them) and frees the table. */
void sl_bus_idmap_fini(sl_bus_idmap_t *self);
/* False without memory for the first table. The key must not be in it. */
bool sl_bus_idmap_add(sl_bus_idmap_t *self, sl_bus_idnode_t *node);
sl_bus_idnode_t *sl_bus_idmap_find(const sl_bus_idmap_t *self, sl_str_t scope, sl_str_t id);
void sl_bus_idmap_remove(sl_bus_idmap_t *self, sl_bus_idnode_t *node);

#endif
