/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
  struct block *next;
  size_t size; /* of data */
  size_t used;
  alignas(max_align_t) char data[];
};

struct sl_arena {
  struct block *first, *current;
  size_t block_size, cap;
  size_t total; /* bytes of all blocks: what the cap counts, as this is what the machine loses */
  size_t used;
};

static struct block *block_new(sl_arena_t *self, size_t size)
{
  if (self->cap && (size > self->cap || self->total > self->cap - size)) return NULL;
  struct block *b = size > SIZE_MAX - sizeof *b ? NULL : malloc(sizeof *b + size);
  if (!b) return NULL;
  b->next = NULL;
  b->size = size;
  b->used = 0;
  self->total += size;
  return b;
}

sl_arena_t *sl_arena_new(size_t block_size, size_t cap)
{
  sl_arena_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->block_size = block_size ? block_size : 16 * 1024;
  self->cap = cap && cap < self->block_size ? self->block_size : cap;
  self->first = self->current = block_new(self, self->block_size);
  if (!self->first) {
    free(self);
    return NULL;
  }
  return self;
}

static void free_chain(struct block *b)
{
  while (b) {
    struct block *next = b->next;
    free(b);
    b = next;
  }
}

void sl_arena_destroy(sl_arena_t **self_p)
{
  if (!self_p || !*self_p) return;
  free_chain((*self_p)->first);
  free(*self_p);
  *self_p = NULL;
}

void sl_arena_reset(sl_arena_t *self)
{
  free_chain(self->first->next);
  self->first->next = NULL;
  self->first->used = 0;
  self->current = self->first;
  self->total = self->first->size;
  self->used = 0;
}

static void *take(sl_arena_t *self, size_t len, size_t align)
{
  struct block *b = self->current;
  size_t at = (b->used + align - 1) & ~(align - 1);
  if (at > b->size || len > b->size - at) {
    /* A large piece gets a block of its own size; the rest of the old block is given up. */
    struct block *n = block_new(self, len > self->block_size ? len : self->block_size);
    if (!n) return NULL;
    b->next = n;
    self->current = b = n;
    at = 0;
  }
  b->used = at + len;
  self->used += len;
  return b->data + at;
}

void *sl_arena_alloc(sl_arena_t *self, size_t len)
{
  return take(self, len, alignof(max_align_t));
}

void *sl_arena_zalloc(sl_arena_t *self, size_t len)
{
  void *p = sl_arena_alloc(self, len);
  if (p) memset(p, 0, len);
  return p;
}

char *sl_arena_text(sl_arena_t *self, size_t len)
{
  return take(self, len, 1);
}

char *sl_arena_strndup(sl_arena_t *self, const char *p, size_t len)
{
  if (len == SIZE_MAX) return NULL;
  char *s = sl_arena_text(self, len + 1);
  if (!s) return NULL;
  if (len) memcpy(s, p, len);
  s[len] = '\0';
  return s;
}

char *sl_arena_strdup(sl_arena_t *self, const char *z)
{
  return sl_arena_strndup(self, z, strlen(z));
}

sl_str_t sl_arena_str(sl_arena_t *self, sl_str_t s)
{
  return sl_strn(sl_arena_strndup(self, s.p, s.len), s.len);
}

char *sl_arena_printf(sl_arena_t *self, const char *fmt, ...)
{
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int len = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *s = len < 0 ? NULL : sl_arena_text(self, (size_t)len + 1);
  if (s) vsnprintf(s, (size_t)len + 1, fmt, again);
  va_end(again);
  return s;
}

size_t sl_arena_used(const sl_arena_t *self)
{
  return self->used;
}
