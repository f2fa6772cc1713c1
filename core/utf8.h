/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * utf8: what a well-formed UTF-8 sequence looks like (RFC 3629 §4), one byte after the other, so
 * that a sequence may be cut anywhere. Used by core/json; others call sl_utf8_valid (core/json.h).
 */
#ifndef SL_CORE_UTF8_H
#define SL_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What may come next within a sequence. All zero: between two characters. */
typedef struct sl_utf8 {
  uint8_t need;   /* continuation bytes still to come */
  uint8_t lo, hi; /* range of the next one */
} sl_utf8_t;

/* The first byte (≥ 0x80) of a sequence; false if none starts with it. */
bool sl_utf8_lead(sl_utf8_t *self, unsigned char c);

/* A further byte, while need > 0; false if it does not continue the sequence. */
static inline bool sl_utf8_more(sl_utf8_t *self, unsigned char c)
{
  if (c < self->lo || c > self->hi) return false;
  self->need--;
  self->lo = 0x80;
  self->hi = 0xBF;
  return true;
}

/* Eight bytes for a look at all of them at once. */
static inline uint64_t sl_load8(const char *p)
{
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

#define SL_EACH8(byte) (UINT64_C(0x0101010101010101) * (byte))
#define SL_HIGH8       SL_EACH8(0x80)

#endif
