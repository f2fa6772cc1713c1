/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/utf8.h"

#include "core/json.h"

bool sl_utf8_lead(sl_utf8_t *self, unsigned char c)
{
  /* The narrowed ranges shut out overlong forms, surrogates and what lies beyond U+10FFFF. */
  self->lo = 0x80;
  self->hi = 0xBF;
  if (c < 0xC2 || c > 0xF4) return false;
  if (c < 0xE0) {
    self->need = 1;
  } else if (c < 0xF0) {
    self->need = 2;
    if (c == 0xE0) self->lo = 0xA0;
    if (c == 0xED) self->hi = 0x9F;
  } else {
    self->need = 3;
    if (c == 0xF0) self->lo = 0x90;
    if (c == 0xF4) self->hi = 0x8F;
  }
  return true;
}

bool sl_utf8_valid(const char *p, size_t len)
{
  const char *end = p + len;
  sl_utf8_t seq = {0};
  while (p < end) {
    while (end - p >= 8 && !(sl_load8(p) & SL_HIGH8)) p += 8;
    for (; p < end && !(*p & 0x80); p++) {
    }
    if (p == end) return true;
    if (!sl_utf8_lead(&seq, (unsigned char)*p++)) return false;
    while (seq.need)
      if (p == end || !sl_utf8_more(&seq, (unsigned char)*p++)) return false;
  }
  return true;
}
