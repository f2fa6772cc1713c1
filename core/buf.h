/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * buf: a growing byte buffer with an upper bound. Appending never fails loudly: when memory or
 * the bound runs out, the buffer turns `failed`, later appends do nothing, and the caller checks
 * once at the end. So writers stay free of an if per byte.
 */
#ifndef SL_CORE_BUF_H
#define SL_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include "core/str.h"

typedef struct sl_buf {
  char *p;     /* owned; not terminated (see sl_buf_z) */
  size_t len;  /* bytes in use */
  size_t cap;  /* bytes allocated */
  size_t max;  /* bound on len; 0: none */
  bool failed; /* an append did not fit; contents are then not to be used */
} sl_buf_t;

/* max: bound in bytes, 0 for none. Allocates nothing yet. */
void sl_buf_init(sl_buf_t *self, size_t max);
void sl_buf_fini(sl_buf_t *self);
/* Empties it and clears `failed`; keeps the memory. */
static inline void sl_buf_clear(sl_buf_t *self)
{
  self->len = 0;
  self->failed = false;
}

/* Room for len more bytes; false (and failed) if there is none. */
bool sl_buf_grow(sl_buf_t *self, size_t len);
static inline bool sl_buf_reserve(sl_buf_t *self, size_t len)
{
  return self->cap - self->len >= len && !self->failed ? true : sl_buf_grow(self, len);
}

static inline void sl_buf_add(sl_buf_t *self, const char *p, size_t len)
{
  if (!sl_buf_reserve(self, len)) return;
  if (len) memcpy(self->p + self->len, p, len);
  self->len += len;
}
static inline void sl_buf_addc(sl_buf_t *self, char c)
{
  if (!sl_buf_reserve(self, 1)) return;
  self->p[self->len++] = c;
}
static inline void sl_buf_adds(sl_buf_t *self, sl_str_t s)
{
  sl_buf_add(self, s.p, s.len);
}
static inline void sl_buf_addz(sl_buf_t *self, const char *z)
{
  sl_buf_add(self, z, strlen(z));
}
void sl_buf_printf(sl_buf_t *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drop the first len bytes. */
void sl_buf_consume(sl_buf_t *self, size_t len);
/* The contents with a NUL behind them (not counted); "" when failed or empty. Borrowed. */
const char *sl_buf_z(sl_buf_t *self);
static inline sl_str_t sl_buf_str(const sl_buf_t *self)
{
  return sl_strn(self->p, self->len);
}
/* Hand the bytes over to the caller, who frees them with free(); the buffer is empty again.
 * NULL when empty. */
char *sl_buf_take(sl_buf_t *self, size_t *len_p);

#endif
