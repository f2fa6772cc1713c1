/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql_draft: a statement that follows from a shape, while it is put together (sql_change.c,
 * sql_update.c). The same columns give the same text and the same key. */
#ifndef SL_ENGINE_SQL_DRAFT_H
#define SL_ENGINE_SQL_DRAFT_H

#include "mappings/engine/sql_impl.h"

typedef struct sl_draft {
  sl_buf_t text;
  sl_sql_param_t *params;
  size_t n;
  unsigned key;
} sl_draft_t;

/* Room for max values; false when the arena is full. */
bool sl_draft_init(sl_sql_t *self, sl_draft_t *d, size_t max, unsigned key);
void sl_draft_bind(sl_draft_t *d, sl_legacy_t value, const sl_field_t *field);
/* "NAME = ?" behind lead. */
void sl_draft_equals(sl_draft_t *d, const char *lead, sl_str_t name, sl_legacy_t value,
                     const sl_field_t *field);
/* WHERE with the columns that join the table's rows to the request's record. */
sl_code_t sl_draft_parent(sl_sql_t *self, const sl_table_plan_t *table, sl_draft_t *d,
                          sl_err_t *err);
/* Into out, unless code says that something went wrong; frees d either way. */
sl_code_t sl_draft_finish(sl_sql_t *self, sl_draft_t *d, sl_sql_statement_t *out, sl_code_t code,
                          sl_err_t *err);
/* The column's bit in a statement's key; 0: it has none. */
unsigned sl_column_bit(const sl_table_plan_t *table, size_t i);
/* Legacy spelling of a column of record: of its field, or its constant. */
sl_code_t sl_column_value(sl_sql_t *self, const sl_record_t *record, const sl_column_plan_t *column,
                          sl_legacy_t *out, sl_err_t *err);

#endif
