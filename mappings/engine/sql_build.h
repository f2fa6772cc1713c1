/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql_build: what the sql_compile*.c files share while they turn one operation of a database into
 * statements. After an error compiling goes on, to find all of them. */
#ifndef SL_ENGINE_SQL_BUILD_H
#define SL_ENGINE_SQL_BUILD_H

#include "mappings/engine/sql_impl.h"

typedef struct sl_sqlb {
  sl_op_t *op;
  sl_arena_t *arena;
  const char *file;
  unsigned *keys; /* the next free statement key */
  sl_diags_t *diags;
  sl_sql_plan_t *plan;
  bool *used; /* by op->params: some statement names it */
  bool failed;
} sl_sqlb_t;

/* Zeroed; NULL, and failed set, without memory. */
void *sl_sqlb_alloc(sl_sqlb_t *b, size_t size);
#define sl_sqlb_error(b, code, line, col, fix, ...)                                                \
  sl_diags_add((b)->diags, SL_ERROR, code, (b)->file, line, col, fix, __VA_ARGS__)
/* At a list, which may stand in an imported file. */
#define sl_sqlb_error_in(b, list, code, fix, ...)                                                  \
  sl_diags_add((b)->diags, SL_ERROR, code, (list)->file, (list)->line, (list)->col, fix,           \
               __VA_ARGS__)
#define sl_sqlb_warn(b, code, line, col, fix, ...)                                                 \
  sl_diags_add((b)->diags, SL_WARNING, code, (b)->file, line, col, fix, __VA_ARGS__)
/* The frame of one row's record. */
const sl_frame_t *sl_sqlb_row_frame(const sl_op_t *op);

/* sql_compile_select.c: op->selects[i], all its variants. */
void sl_sqlb_select(sl_sqlb_t *b, size_t i, sl_select_plan_t *plan);
/* sql_compile_rows.c: levels of rows, the page, and the JSON around rows. */
void sl_sqlb_rows(sl_sqlb_t *b);
void sl_sqlb_page(sl_sqlb_t *b);
void sl_sqlb_around(sl_sqlb_t *b);
/* sql_compile_change.c: insert and update. */
void sl_sqlb_change(sl_sqlb_t *b);
/* sql_compile_base.c: base= of an update, whose n tables are otherwise complete. */
void sl_sqlb_base(sl_sqlb_t *b, sl_table_plan_t *tables, size_t n);
/* sql_compile_call.c: a procedure. */
void sl_sqlb_call(sl_sqlb_t *b);

#endif
