/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * str: a borrowed piece of text: pointer and length, not terminated, never owned.
 * Whoever hands one out says in its own header how long the bytes live.
 */
#ifndef SL_CORE_STR_H
#define SL_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct sl_str {
  const char *p; /* may be NULL when len is 0 */
  size_t len;    /* bytes */
} sl_str_t;

/* A literal as sl_str_t, also in constant tables. */
#define SL_STR(lit)                                                                                \
  {                                                                                                \
    (lit), sizeof(lit) - 1                                                                         \
  }
/* For printf("%.*s"). */
#define SL_STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

static inline sl_str_t sl_str(const char *z)
{
  sl_str_t s = {z, z ? strlen(z) : 0};
  return s;
}

static inline sl_str_t sl_strn(const char *p, size_t len)
{
  sl_str_t s = {p, len};
  return s;
}

static inline bool sl_str_eq(sl_str_t a, sl_str_t b)
{
  return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool sl_str_eqz(sl_str_t a, const char *z)
{
  return sl_str_eq(a, sl_str(z));
}

#endif
