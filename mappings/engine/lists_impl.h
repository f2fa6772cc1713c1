/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lists_impl: what the lists*.c files share. */
#ifndef SL_ENGINE_LISTS_IMPL_H
#define SL_ENGINE_LISTS_IMPL_H

#include "core/buf.h"
#include "mappings/engine/lists.h"

typedef struct sl_lists {
  sl_arena_t *arena;
  sl_err_t *err;
  unsigned flags;
  size_t *unknown_p;
  sl_buf_t scratch; /* one for all values that are only looked at */
} sl_lists_t;

sl_code_t sl_lists_full(const sl_lists_t *self, bool reading);

/* lists_keys.c: no name of pairs, no key of a list comes twice. */
sl_code_t sl_lists_unique(sl_lists_t *self, sl_record_t *record, const sl_list_t *list,
                          bool reading);

#endif
