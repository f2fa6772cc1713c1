/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run_impl: what run.c (any system) and run_message.c (SOAP and REST) share.
 */
#ifndef SL_ENGINE_RUN_IMPL_H
#define SL_ENGINE_RUN_IMPL_H

#include "mappings/engine/base.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/reader_xml.h"
#include "mappings/engine/run.h"
#include "mappings/engine/sql.h"

struct sl_run {
  const sl_op_t *op;
  sl_arena_t *arena;
  const sl_input_t *in;
  sl_buf_t *out;
  sl_record_t *request, *response;
  bool request_read, fed, answered; /* answered: `answer` holds */
  sl_xml_reader_t *xml;
  sl_buf_t text; /* REST: an answer that comes in pieces */
  const char *target;
  sl_answer_header_t *headers; /* REST request headers */
  size_t n_headers, unknown;
  sl_answer_t answer;
  sl_problem_t problem;
  sl_sql_t *sql;
  struct sl_run *base; /* its exchange comes first; NULL: none */
  bool base_read;      /* and is over */
  bool asked;          /* the request of our own exchange was made */
  bool is_base;        /* this is one: no JSON is written */
  sl_base_scratch_t scratch;
};

/* run_base.c: of a run whose operation has a base. */
bool sl_run_base_new(sl_run_t *self);
sl_code_t sl_run_base_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                           sl_err_t *err);
static inline bool sl_run_reads_base(const sl_run_t *self)
{
  return self->base && !self->base_read;
}

/* Arguments and body into the request record, once. */
sl_code_t sl_run_read_input(sl_run_t *self, sl_err_t *err);
/* The legacy answer is read (self->response): status, headers, body or problem. */
sl_code_t sl_run_conclude(sl_run_t *self, int status, sl_err_t *err);

#endif
