/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/idmap.h"

#include <stdlib.h>
#include <sys/random.h>

void sl_bus_idmap_init(sl_bus_idmap_t *self)
{
  memset(self, 0, sizeof *self);
  if (getrandom(&self->seed, sizeof self->seed, GRND_NONBLOCK) < 0) self->seed = (uintptr_t)self;
}

void sl_bus_idmap_fini(sl_bus_idmap_t *self)
{
  free(self->buckets);
  memset(self, 0, sizeof *self);
}

/* FNV-1a with a seed and a final mix (splitmix64), eight bytes a step: ids are short. */
static uint64_t mix(uint64_t h, sl_str_t s)
{
  size_t i = 0;
  for (uint64_t w; i + sizeof w <= s.len; i += sizeof w) {
    memcpy(&w, s.p + i, sizeof w);
    h = (h ^ w) * UINT64_C(0x100000001b3);
    h ^= h >> 29;
  }
  for (; i < s.len; i++) h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
  h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  return h ^ (h >> 27);
}

static uint64_t hash_of(const sl_bus_idmap_t *self, sl_str_t scope, sl_str_t id)
{
  return mix(mix(self->seed, scope), id);
}

static bool resize(sl_bus_idmap_t *self, size_t n_buckets)
{
  sl_bus_idnode_t **buckets = calloc(n_buckets, sizeof *buckets);
  if (!buckets) return false;
  for (size_t i = 0; i < self->n_buckets; i++) {
    for (sl_bus_idnode_t *node = self->buckets[i], *next; node; node = next) {
      sl_bus_idnode_t **head = &buckets[node->hash & (n_buckets - 1)];
      next = node->next;
      node->next = *head;
      *head = node;
    }
  }
  free(self->buckets);
  self->buckets = buckets;
  self->n_buckets = n_buckets;
  return true;
}

bool sl_bus_idmap_add(sl_bus_idmap_t *self, sl_bus_idnode_t *node)
{
  /* A table that cannot grow gets slower, not wrong. */
  if (self->n >= self->n_buckets && !resize(self, self->n_buckets ? self->n_buckets * 2 : 64) &&
      !self->n_buckets)
    return false;
  node->hash = hash_of(self, node->scope, node->id);
  sl_bus_idnode_t **head = &self->buckets[node->hash & (self->n_buckets - 1)];
  node->next = *head;
  *head = node;
  self->n++;
  return true;
}

sl_bus_idnode_t *sl_bus_idmap_find(const sl_bus_idmap_t *self, sl_str_t scope, sl_str_t id)
{
  if (!self->n) return NULL;
  uint64_t hash = hash_of(self, scope, id);
  sl_bus_idnode_t *node = self->buckets[hash & (self->n_buckets - 1)];
  while (node && !(node->hash == hash && sl_str_eq(node->scope, scope) && sl_str_eq(node->id, id)))
    node = node->next;
  return node;
}

void sl_bus_idmap_remove(sl_bus_idmap_t *self, sl_bus_idnode_t *node)
{
  for (sl_bus_idnode_t **p = &self->buckets[node->hash & (self->n_buckets - 1)]; *p;
       p = &(*p)->next) {
    if (*p != node) continue;
    *p = node->next;
    self->n--;
    return;
  }
}
