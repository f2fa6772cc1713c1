/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/sql_build.h"

/* The call as the standard has it (SQL/PSM). Each driver has its own idea of it: the adapter turns
 * it into that. */
void sl_sqlb_call(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, "CALL ");
  sl_sql_identifier(&text, sl_str(op->procedure));
  sl_buf_addc(&text, '(');
  for (size_t i = 0, n = 0; i < op->n_params; i++) {
    if (op->params[i].mode == SL_PARAM_RETURN) continue;
    sl_buf_addz(&text, n++ ? ", ?" : "?");
  }
  sl_buf_addc(&text, ')');
  b->plan->call_text = sl_arena_strndup(b->arena, text.p ? text.p : "", text.len);
  b->plan->call_key = (*b->keys)++;
  if (!b->plan->call_text || text.failed) b->failed = true;
  sl_buf_fini(&text);
}
