/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/job.h"

#include <string.h>
#include "adapters/odbc/procedure.h"
#include "adapters/odbc/wire.h"
#include "core/log.h"

typedef struct job {
  sl_worker_t *worker;
  const sl_op_info_t *info;
  sl_run_t *run;
  char request[64];
  bool show;        /* send WIRE frames */
  bool transaction; /* around all statements; the answer waits for its end */
  bool rollback;    /* the outcome is not a success */
  bool head_sent;
  bool head_gone; /* the process that called us does not listen any more */
} job_t;

static const sl_str_t nothing = {NULL, 0};

/* --- places --------------------------------------------------------------------------------------
 */

sl_code_t sl_place_open(sl_place_t *self, sl_worker_t *worker, bool stream, sl_err_t *err)
{
  sl_session_opts_t opts = worker->connect;
  opts.stream = stream;
  sl_code_t code = sl_session_open(&self->session, worker->env, &opts, err);
  if (code) return code;
  self->statements = sl_statements_new(&self->session, &worker->channel);
  if (self->statements) return SL_OK;
  sl_session_close(&self->session);
  return sl_err_set(err, SL_UNAVAILABLE, "the database worker has no memory left");
}

void sl_place_close(sl_place_t *self)
{
  sl_statements_destroy(&self->statements);
  sl_session_close(&self->session);
}

/* Large reads go to a connection that streams, where the driver cannot have both in one. */
static sl_place_t *place_for(job_t *self, const sl_sql_statement_t *statement, sl_err_t *err)
{
  sl_worker_t *w = self->worker;
  if (!statement->large || self->transaction || !w->point.session.quirk->stream_attributes)
    return &w->point;
  if (!sl_session_is_open(&w->stream.session) && sl_place_open(&w->stream, w, true, err))
    return NULL;
  return &w->stream;
}

/* --- the answer ----------------------------------------------------------------------------------
 */

static sl_code_t gone(job_t *self, sl_err_t *err)
{
  if (sl_channel_cancelled(&self->worker->channel))
    return sl_err_set(err, SL_CANCELLED, "the call was cancelled");
  self->head_gone = true;
  return sl_err_set(err, SL_CANCELLED, "the head is gone");
}

/* One piece of what is in out from at, with the head before the first one. */
static sl_code_t send_piece(job_t *self, size_t at, size_t len, bool last, sl_err_t *err)
{
  sl_channel_t *channel = &self->worker->channel;
  unsigned flags = last ? SL_WP_LAST : 0;
  if (!self->head_sent) {
    sl_answer_t answer;
    memset(&answer, 0, sizeof answer);
    sl_code_t code = sl_run_answer(self->run, &answer, err);
    if (code) return code;
    sl_wp_put_answer(&channel->out, flags, channel->call, &answer, len);
  } else {
    char header[SL_WP_HEADER];
    sl_wp_header(header, SL_WP_CHUNK, flags, channel->call, len);
    sl_buf_add(&channel->out, header, sizeof header);
  }
  self->head_sent = true;
  channel->credit -= len;
  if (sl_channel_send(channel, sl_strn(self->worker->out.p + at, len))) return SL_OK;
  return gone(self, err);
}

static sl_code_t send_all(job_t *self, bool last, sl_err_t *err)
{
  sl_buf_t *out = &self->worker->out;
  sl_channel_t *channel = &self->worker->channel;
  size_t at = 0;
  if (last && out->len == 0) return send_piece(self, 0, 0, true, err);
  while (at < out->len && (last || out->len - at >= SL_WP_PIECE)) {
    size_t len = out->len - at < SL_WP_PIECE ? out->len - at : SL_WP_PIECE;
    if (channel->credit < len && !sl_channel_wait_credit(channel)) return gone(self, err);
    if (len > channel->credit) len = (size_t)channel->credit;
    sl_code_t code = send_piece(self, at, len, last && at + len == out->len, err);
    if (code) return code;
    at += len;
  }
  sl_buf_consume(out, at);
  return SL_OK;
}

static sl_code_t check_fits(const job_t *self, sl_err_t *err)
{
  if (!self->worker->out.failed) return SL_OK;
  return sl_err_set(err, SL_GARBAGE, "the answer is too large to be held back until its end");
}

/* After each row: send what has come together, if it may leave already. */
static sl_code_t flush(job_t *self, sl_err_t *err)
{
  const sl_buf_t *out = &self->worker->out;
  sl_code_t code = check_fits(self, err);
  if (code) return code;
  if (out->len < SL_WP_PIECE || self->transaction || !sl_run_head(self->run)) return SL_OK;
  return send_all(self, false, err);
}

/* --- statements ----------------------------------------------------------------------------------
 */

static sl_code_t rows(job_t *self, const sl_sql_statement_t *wanted, sl_statement_t *statement,
                      sl_step_t *step_p, sl_fault_t *fault, sl_err_t *err)
{
  size_t n, count = 0;
  sl_buf_t shown;
  sl_buf_init(&shown, 0);
  const sl_str_t *labels = sl_statement_labels(statement, &n);
  sl_code_t code = sl_run_sql_columns(self->run, labels, n, err);
  const sl_sql_cell_t *cells;
  while (code == SL_OK && (*step_p = sl_statement_fetch(statement, &cells, fault)) == SL_STEP_OK) {
    if (wanted->max_rows && count++ == wanted->max_rows) {
      *step_p = SL_STEP_END; /* a page without LIMIT: the rest is of no use */
      break;
    }
    if (self->show) sl_wire_row(&shown, labels, cells, n);
    code = sl_run_sql_row(self->run, cells, n, err);
    if (code == SL_OK) code = flush(self, err);
  }
  sl_wire_rows(&self->worker->channel, &shown);
  return code;
}

/* The database refused. What is not the statement's fault ends the call here; the rest is for the
 * mapping's outcome. */
static sl_code_t refused(job_t *self, sl_session_t *session, const sl_sqlerr_t *sqlerr,
                         sl_err_t *err)
{
  sl_log(SL_LOG_WARN, self->request, "the database refused a statement",
         "operation=%s sqlstate=%s native=%d", self->info->name, sqlerr->state, sqlerr->native);
  if (sl_channel_cancelled(&self->worker->channel)) return gone(self, err);
  if (sl_session_lost(session, sqlerr)) {
    self->worker->lost = true;
    return sl_err_set(err, SL_UNAVAILABLE, "the connection to the database was lost");
  }
  if (sl_sqlerr_timed_out(sqlerr))
    return sl_err_set(err, SL_TIMED_OUT, "the database gave up waiting (SQLSTATE %s)",
                      sqlerr->state);
  return sl_run_sql_done(self->run, -1, sqlerr->state, &self->rollback, err);
}

static sl_code_t ended(job_t *self, sl_session_t *session, sl_step_t step, long changed,
                       const sl_fault_t *fault, sl_err_t *err)
{
  if (step == SL_STEP_SQL) return refused(self, session, &fault->sql, err);
  if (step == SL_STEP_ERR) {
    *err = fault->err;
    return err->code;
  }
  return sl_run_sql_done(self->run, changed, "00000", &self->rollback, err);
}

static sl_step_t call(job_t *self, sl_place_t *place, const sl_sql_statement_t *wanted,
                      sl_fault_t *fault)
{
  sl_buf_t shown;
  sl_procedure_t procedure = {
      place->statements, &place->session,     &self->worker->channel,     wanted,
      self->run,         self->worker->arena, self->show ? &shown : NULL, fault};
  sl_buf_init(&shown, 0);
  sl_step_t step = sl_procedure_call(&procedure);
  sl_wire_rows(&self->worker->channel, &shown);
  return step;
}

static sl_code_t execute(job_t *self, const sl_sql_statement_t *wanted, sl_err_t *err)
{
  sl_fault_t fault;
  sl_statement_t *statement = NULL;
  long changed = -1;
  sl_place_t *place = place_for(self, wanted, err);
  if (!place) return err->code;
  if (self->transaction && !place->session.in_transaction &&
      !sl_session_begin(&place->session, sl_run_sql_reads_first(self->run), &fault.sql))
    return refused(self, &place->session, &fault.sql, err);
  if (self->show) sl_wire_statement(&self->worker->channel, wanted);
  if (wanted->procedure) {
    sl_step_t called = call(self, place, wanted, &fault);
    return ended(self, &place->session, called, -1, &fault, err);
  }
  sl_step_t step = sl_statements_execute(place->statements, wanted, &statement, &changed, &fault);
  sl_code_t code = SL_OK;
  if (step == SL_STEP_OK && wanted->returns_rows)
    code = rows(self, wanted, statement, &step, &fault, err);
  if (statement) sl_statement_close(statement);
  return code ? code : ended(self, &place->session, step, changed, &fault, err);
}

static sl_code_t execute_all(job_t *self, sl_err_t *err)
{
  for (;;) {
    sl_sql_statement_t statement;
    bool done = false;
    memset(&statement, 0, sizeof statement);
    sl_code_t code = sl_run_sql_next(self->run, &statement, &done, err);
    if (code || done) return code;
    if (sl_channel_cancelled(&self->worker->channel)) return gone(self, err);
    code = execute(self, &statement, err);
    if (code) return code;
  }
}

/* --- the end of a transaction
 * ---------------------------------------------------------------------- */

static sl_code_t commit(job_t *self, sl_err_t *err)
{
  sl_session_t *session = &self->worker->point.session;
  sl_sqlerr_t sqlerr;
  if (!session->in_transaction) return SL_OK;
  if (!sl_channel_may_commit(&self->worker->channel)) return gone(self, err);
  if (sl_session_commit(session, &sqlerr)) return SL_OK;
  sl_log(SL_LOG_WARN, self->request, "the database refused to commit",
         "operation=%s sqlstate=%s native=%d", self->info->name, sqlerr.state, sqlerr.native);
  if (sl_sqlerr_refused(&sqlerr)) return sl_run_sql_not_committed(self->run, sqlerr.state, err);
  self->worker->lost = true;
  return sl_err_set(err, SL_IN_DOUBT, "the database did not confirm the commit (SQLSTATE %s)",
                    sqlerr.state);
}

static void rollback(job_t *self)
{
  sl_session_t *session = &self->worker->point.session;
  sl_sqlerr_t sqlerr;
  if (!sl_session_rollback(session, &sqlerr))
    sl_log(SL_LOG_WARN, self->request, "the database refused to roll back", "sqlstate=%s native=%d",
           sqlerr.state, sqlerr.native);
  if (session->spoiled) self->worker->lost = true;
}

static sl_code_t work(job_t *self, sl_err_t *err)
{
  sl_code_t code = execute_all(self, err);
  if (code == SL_OK)
    code = check_fits(self, err); /* before a commit: an error tells of no change */
  if (code == SL_OK && !self->rollback) code = commit(self, err);
  rollback(self);
  return code ? code : send_all(self, true, err);
}

/* --- a call
 * ------------------------------------------------------------------------------------------ */

static sl_code_t start(job_t *self, const sl_wp_call_t *call, sl_err_t *err)
{
  sl_worker_t *w = self->worker;
  char name[128];
  snprintf(name, sizeof name, "%.*s", SL_STR_ARG(call->operation));
  const sl_op_t *op = sl_mapping_op(w->mapping, name);
  if (!op) return sl_err_set(err, SL_NOT_FOUND, "no such operation");
  self->info = sl_op_info(op);
  self->run = sl_run_new(op, w->arena, &call->input, &w->out);
  if (!self->run) return sl_err_set(err, SL_TOO_LARGE, "the request is too large");
  self->transaction = !self->info->safe || sl_run_sql_transaction(self->run);
  return work(self, err);
}

static bool fail(job_t *self, const sl_err_t *err)
{
  sl_channel_t *channel = &self->worker->channel;
  sl_wp_put_err(&channel->out, SL_WP_FAIL, channel->call, err);
  return sl_channel_send(channel, nothing);
}

/* A cancel may reach the server after the statement that it was meant for: let it hit something
 * that nobody waits for, not the next call. */
static void take_late_cancel(sl_worker_t *worker)
{
  sl_sqlerr_t ignored;
  if (!sl_channel_cancelled(&worker->channel)) return;
  sl_session_run(&worker->point.session, "SELECT 1", NULL, NULL, 0, &ignored);
  if (sl_session_is_open(&worker->stream.session))
    sl_session_run(&worker->stream.session, "SELECT 1", NULL, NULL, 0, &ignored);
}

bool sl_job_run(sl_worker_t *worker, const sl_wp_frame_t *frame)
{
  job_t self = {.worker = worker, .show = frame->flags & SL_WP_SHOW};
  sl_wp_call_t call;
  sl_err_t err;
  sl_err_clear(&err);
  if (!sl_wp_get_call(frame, &call, worker->args)) return false;
  snprintf(self.request, sizeof self.request, "%.*s", SL_STR_ARG(call.request));
  worker->channel.credit = call.credit;
  bool ok = true;
  if (start(&self, &call, &err)) {
    take_late_cancel(worker);
    ok = !self.head_gone && fail(&self, &err);
  }
  if (self.run) sl_run_fini(self.run);
  sl_buf_clear(&worker->out);
  sl_arena_reset(worker->arena);
  sl_channel_end_call(&worker->channel);
  return ok;
}
