/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/run.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/reader_json.h"
#include "mappings/engine/run_impl.h"

sl_run_t *sl_run_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in, sl_buf_t *out)
{
  sl_run_t *self = sl_arena_zalloc(arena, sizeof *self);
  if (!self) return NULL;
  self->op = op;
  self->arena = arena;
  self->in = in;
  self->out = out;
  sl_buf_init(&self->text, 0);
  sl_base_scratch_init(&self->scratch);
  self->request = sl_record_new(op->request, arena);
  self->response = sl_record_new(op->response, arena);
  if (!self->request || !self->response) return NULL;
  bool exchanges = op->base && op->mapping->kind != SL_KIND_ODBC;
  return !exchanges || sl_run_base_new(self) ? self : NULL;
}

void sl_run_fini(sl_run_t *self)
{
  if (!self) return;
  sl_run_fini(self->base);
  self->base = NULL;
  sl_base_scratch_fini(&self->scratch);
  sl_xml_reader_fini(self->xml);
  self->xml = NULL;
  sl_sql_fini(self->sql);
  self->sql = NULL;
  sl_buf_fini(&self->text);
}

/* --- the consumer's input
 * ------------------------------------------------------------------------------------ */

static bool known(const sl_op_t *op, sl_str_t name)
{
  for (size_t i = 0; i < op->info.n_params; i++)
    if (sl_str_eqz(name, op->info.params[i])) return true;
  return false;
}

static sl_code_t read_args(sl_run_t *self, sl_err_t *err)
{
  const sl_frame_t *frame = self->op->request;
  for (size_t i = 0; i < self->in->n_args; i++) {
    const sl_arg_t *arg = &self->in->args[i];
    char name[128];
    if (arg->name.len > 6 && !memcmp(arg->name.p, "query:", 6) && !known(self->op, arg->name)) {
      snprintf(name, sizeof name, "%.*s", SL_STR_ARG(arg->name));
      return sl_err_field(err, SL_INVALID, name, "there is no such query parameter");
    }
    for (size_t k = 0; k < frame->n_http; k++) {
      if (!sl_str_eq(frame->http[k].name, arg->name)) continue;
      sl_slot_t *slot = &self->request->slots[frame->http[k].field->slot];
      if (slot->flags & SL_SLOT_TEXT) {
        snprintf(name, sizeof name, "%.*s", SL_STR_ARG(arg->name));
        return sl_err_field(err, SL_INVALID, name, "comes twice");
      }
      *slot = (sl_slot_t){arg->value.p ? arg->value.p : "", (uint32_t)arg->value.len, SL_J_STRING,
                          SL_SLOT_TEXT};
    }
  }
  return SL_OK;
}

sl_code_t sl_run_read_input(sl_run_t *self, sl_err_t *err)
{
  if (self->request_read) return SL_OK;
  self->request_read = true;
  sl_code_t code = read_args(self, err);
  if (code || !self->op->reads_body) return code;
  if (!self->in->body.len) return sl_err_set(err, SL_INVALID, "a JSON body is expected");
  return sl_json_read(self->request, self->arena, self->in->body, self->request->frame->merge, err);
}

/* --- SQL: thin around sql.h
 * ---------------------------------------------------------------------------------- */

sl_code_t sl_run_sql_next(sl_run_t *self, sl_sql_statement_t *statement, bool *done_p,
                          sl_err_t *err)
{
  if (!self->sql) {
    sl_code_t code = sl_run_read_input(self, err);
    if (code) return code;
    self->sql = sl_sql_new(self->op, self->arena, self->in, self->request, self->out);
    if (!self->sql)
      return sl_err_set(err, SL_TOO_LARGE, "the request is larger than a message may be");
  }
  return sl_sql_next(self->sql, statement, done_p, err);
}

bool sl_run_sql_transaction(const sl_run_t *self)
{
  return sl_sql_transaction(self->op);
}

bool sl_run_sql_reads_first(const sl_run_t *self)
{
  return sl_sql_reads_first(self->op);
}

sl_code_t sl_run_sql_columns(sl_run_t *self, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  return sl_sql_columns(self->sql, labels, n, err);
}

sl_code_t sl_run_sql_row(sl_run_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  return sl_sql_row(self->sql, cells, n, err);
}

sl_code_t sl_run_sql_out(sl_run_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  return sl_sql_out(self->sql, cells, n, err);
}

sl_code_t sl_run_sql_done(sl_run_t *self, long rows, const char *sqlstate, bool *rollback_p,
                          sl_err_t *err)
{
  return sl_sql_done(self->sql, rows, sqlstate, rollback_p, err);
}

sl_code_t sl_run_sql_not_committed(sl_run_t *self, const char *sqlstate, sl_err_t *err)
{
  return sl_sql_not_committed(self->sql, sqlstate, err);
}

/* --- the answer
 * ------------------------------------------------------------------------------------------------
 */

bool sl_run_head(const sl_run_t *self)
{
  return self->sql ? sl_sql_head(self->sql) : self->answered;
}

sl_code_t sl_run_answer(sl_run_t *self, sl_answer_t *answer, sl_err_t *err)
{
  if (self->sql) return sl_sql_answer(self->sql, answer, err);
  if (!self->answered) return sl_err_set(err, SL_GARBAGE, "the answer ended too early");
  *answer = self->answer;
  return SL_OK;
}

size_t sl_run_unknown(const sl_run_t *self)
{
  return (self->base ? sl_run_unknown(self->base) : 0) + self->unknown +
         (self->xml ? sl_xml_reader_unknown(self->xml) : 0);
}
