/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * legacy: records of a legacy system as a plan reads them, made of values in legacy spelling: what
 * such a system sends, and no writer of ours may ever have written.
 */
#ifndef SL_LAWS_LEGACY_H
#define SL_LAWS_LEGACY_H

#include "core/buf.h"
#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

typedef struct sl_made {
  /* The value of a field in the item-th item of its list (0 outside of lists). */
  sl_legacy_t (*value)(void *context, const sl_field_t *field, size_t item);
  /* How many items a list has; of a numbered place: whether it is there. */
  size_t (*items)(void *context, const sl_list_t *list);
  void *context;
} sl_made_t;

/* A record of shape, as sl_shape_read takes it, appended to out. Nothing stands where there is no
 * value. false: rows of several levels, kinds of records, and XML as a value are not made. */
bool sl_made_record(const sl_made_t *self, const sl_shape_t *shape, sl_buf_t *out);

#endif
