/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt_value: numbers as options spell them, with and without units. Used by core/opt and by the
 * reader of deployment files.
 */
#ifndef SL_CORE_OPT_VALUE_H
#define SL_CORE_OPT_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/opt.h"

/* INT, SIZE or TIME: "250ms", "16 KiB", "-3" → *out_p; false if it is not one, or beyond int64_t.
 */
bool sl_opt_number(sl_opt_kind_t kind, const char *text, int64_t *out_p);

/* The shortest exact spelling: 16384 as SIZE → "16KiB". */
void sl_opt_number_show(sl_opt_kind_t kind, int64_t n, char out[32]);

#endif
