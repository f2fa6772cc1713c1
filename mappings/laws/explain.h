/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * explain: where each member of a record's JSON comes from: legacy place, what stood there, the
 * line of the mapping, and the rule of it that made the value.
 */
#ifndef SL_LAWS_EXPLAIN_H
#define SL_LAWS_EXPLAIN_H

#include "core/err.h"
#include "mappings/engine/plan.h"

/* Texts live until the report returns. */
typedef struct sl_reason {
  const char *pointer; /* with the indexes of lists: "/orders/0/number" */
  sl_str_t value;      /* JSON text; empty: the member is left out */
  const char
      *legacy; /* path from the record: "ORDERS/ORDER[1]/NUM"; "" : from nowhere (a constant) */
  sl_lstate_t state; /* of what stood there; TEXT, EMPTY, BLANK: raw is its text */
  sl_str_t raw;
  int line; /* in the mapping; 0: unknown (a constant) */
  const char
      *rule; /* "text, 10 characters, zeros before", "nil = null", "sentinel 00000000 = null" */
} sl_reason_t;

typedef void sl_explain_report_t(void *context, const sl_reason_t *reason);

/* Reads legacy (as sl_shape_read does) and reports every member at or below pointer ("" : all), in
 * the order of the JSON; those that are left out too. SL_GARBAGE, with the field named, when a
 * value cannot be read: what was reported before it stands. */
sl_code_t sl_explain(const sl_shape_t *shape, sl_arena_t *arena, sl_str_t legacy,
                     const char *pointer, sl_explain_report_t *report, void *context,
                     sl_err_t *err);

#endif
