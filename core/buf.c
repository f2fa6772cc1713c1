/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void sl_buf_init(sl_buf_t *self, size_t max)
{
  memset(self, 0, sizeof *self);
  self->max = max;
}

void sl_buf_fini(sl_buf_t *self)
{
  free(self->p);
  memset(self, 0, sizeof *self);
}

bool sl_buf_grow(sl_buf_t *self, size_t len)
{
  if (self->failed) return false;
  if (self->cap - self->len >= len) return true;
  size_t need = self->len + len;
  if (need < len || (self->max && need > self->max)) {
    self->failed = true;
    return false;
  }
  size_t cap = self->cap ? self->cap : 256;
  while (cap < need) cap = cap > SIZE_MAX / 2 ? need : cap * 2;
  if (self->max && cap > self->max) cap = self->max;
  char *p = cap == SIZE_MAX ? NULL : realloc(self->p, cap + 1); /* sl_buf_z's NUL does not count */
  if (!p) {
    self->failed = true;
    return false;
  }
  self->p = p;
  self->cap = cap;
  return true;
}

void sl_buf_printf(sl_buf_t *self, const char *fmt, ...)
{
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int len = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (len >= 0 && sl_buf_reserve(self, (size_t)len)) {
    vsnprintf(self->p + self->len, (size_t)len + 1, fmt, again);
    self->len += (size_t)len;
  }
  va_end(again);
}

void sl_buf_consume(sl_buf_t *self, size_t len)
{
  if (len >= self->len) {
    self->len = 0;
    return;
  }
  memmove(self->p, self->p + len, self->len - len);
  self->len -= len;
}

const char *sl_buf_z(sl_buf_t *self)
{
  if (self->failed || !self->p) return "";
  self->p[self->len] = '\0';
  return self->p;
}

char *sl_buf_take(sl_buf_t *self, size_t *len_p)
{
  char *p = self->p;
  *len_p = self->len;
  self->p = NULL;
  self->len = self->cap = 0;
  return p;
}
