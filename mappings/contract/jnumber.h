/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * jnumber: JSON numbers as digits: compared and divided without ever becoming a double.
 */
#ifndef SL_CONTRACT_JNUMBER_H
#define SL_CONTRACT_JNUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/str.h"

/* sign × 0.DIGITS × 10^point; digits without zeros at either end, none for zero. */
typedef struct sl_jnumber {
  const char *p; /* into the text: a point may stand among the digits */
  size_t n;      /* digits */
  int64_t point;
  bool negative;
} sl_jnumber_t;

/* false: not a number of RFC 8259, or its exponent is beyond ±1000000. */
bool sl_jnumber_parse(sl_str_t text, sl_jnumber_t *out);
int sl_jnumber_compare(const sl_jnumber_t *a, const sl_jnumber_t *b); /* -1, 0, 1 */
bool sl_jnumber_is_whole(const sl_jnumber_t *n);
/* 1: number is a whole multiple of unit (> 0), 0: it is not, -1: the unit has too many digits for
 * us to tell. */
int sl_jnumber_is_multiple(const sl_jnumber_t *number, const sl_jnumber_t *unit);

#endif
