/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql_script: operations of a mapping run against a database that is a script: what is to be
 * executed, with which values, and what comes back for it. */
#ifndef SL_TESTS_SQL_SCRIPT_H
#define SL_TESTS_SQL_SCRIPT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/diag.h"
#include "mappings/engine/run.h"

/* A script names what it needs; the rest is nothing. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define N(table) (sizeof(table) / sizeof((table)[0]))

/* --- a database that answers by the script
 * --------------------------------------------------------- */

/* One statement: its text with white space as single blanks, its values with | between and NULL
 * as ~; then what comes back: labels and rows the same way, rows by line; or rows changed. */
typedef struct step {
  const char *sql, *values, *labels, *rows;
  long changed;
  const char *sqlstate; /* NULL: it goes well */
  const char *out;      /* of a procedure: the values that it gives back */
} step_t;

typedef struct call {
  const char *operation;
  const char *args[8]; /* name, value, … */
  const char *body;
  step_t steps[16];
  int status;
  const char *json;    /* the answer's body */
  const char *header;  /* "Link: …", of which it is the beginning */
  const char *problem; /* type */
  const char *error;   /* part of an error's text, or "field: text" */
  bool late_problem;   /* it shows when there is nothing left to execute */
  const char *commit;  /* SQLSTATE of a commit that is refused; NULL: it goes well */
} call_t;

static inline void squeeze(const char *from, char *to, size_t size)
{
  size_t n = 0;
  for (; *from && n + 1 < size; from++) {
    bool white = strchr(" \t\r\n", *from);
    if (white && (!n || to[n - 1] == ' ')) continue;
    to[n++] = white ? ' ' : *from;
  }
  while (n && to[n - 1] == ' ') n--;
  to[n] = 0;
}

static inline size_t split(char *text, char separator, char *out[], size_t max)
{
  size_t n = 0;
  for (char *p = text; p && n < max; n++) {
    out[n] = p;
    p = strchr(p, separator);
    if (p) *p++ = 0;
  }
  return n;
}

static inline void check_statement(const step_t *step, const sl_sql_statement_t *s)
{
  char text[4096], values[1024] = "";
  squeeze(s->text, text, sizeof text);
  if (strcmp(text, step->sql) != 0) fail_msg("statement is\n  %s\nnot\n  %s", text, step->sql);
  for (size_t i = 0; i < s->n_params; i++)
    snprintf(values + strlen(values), sizeof values - strlen(values), "%s%.*s", i ? "|" : "",
             s->params[i].null ? 1 : (int)s->params[i].text.len,
             s->params[i].null ? "~" : s->params[i].text.p);
  if (strcmp(values, step->values) != 0) fail_msg("values are %s, not %s", values, step->values);
  assert_int_equal(s->returns_rows, step->labels != NULL);
}

static inline sl_code_t feed(sl_run_t *run, const step_t *step, sl_err_t *err)
{
  char labels[1024], rows[4096], *label[64], *row[256], *cell[64];
  sl_str_t names[64];
  if (!step->labels) return SL_OK;
  snprintf(labels, sizeof labels, "%s", step->labels);
  size_t n = split(labels, '|', label, 64);
  for (size_t i = 0; i < n; i++) names[i] = sl_str(label[i]);
  sl_code_t code = sl_run_sql_columns(run, names, n, err);
  snprintf(rows, sizeof rows, "%s", step->rows);
  size_t n_rows = rows[0] ? split(rows, '\n', row, 256) : 0;
  for (size_t i = 0; i < n_rows && !code; i++) {
    sl_sql_cell_t cells[64];
    size_t n_cells = split(row[i], '|', cell, 64);
    assert_int_equal(n_cells, n);
    for (size_t k = 0; k < n_cells; k++) {
      /* Copies that die after the row, as a driver's buffers do. */
      char *own = strdup(cell[k]);
      cells[k] = (sl_sql_cell_t){own, strlen(own), strcmp(own, "~") == 0};
    }
    code = sl_run_sql_row(run, cells, n_cells, err);
    for (size_t k = 0; k < n_cells; k++) free((char *)(uintptr_t)cells[k].p);
  }
  return code;
}

static inline sl_code_t give_back(sl_run_t *run, const step_t *step, sl_err_t *err)
{
  char text[512], *cell[16];
  sl_sql_cell_t cells[16];
  if (!step->out) return SL_OK;
  snprintf(text, sizeof text, "%s", step->out);
  size_t n = text[0] ? split(text, '|', cell, 16) : 0;
  for (size_t i = 0; i < n; i++)
    cells[i] = (sl_sql_cell_t){cell[i], strlen(cell[i]), strcmp(cell[i], "~") == 0};
  return sl_run_sql_out(run, cells, n, err);
}

static inline sl_code_t execute(sl_run_t *run, const call_t *call, sl_err_t *err)
{
  for (size_t i = 0;; i++) {
    sl_sql_statement_t statement;
    bool done = false, rollback = false;
    sl_code_t code = sl_run_sql_next(run, &statement, &done, err);
    if (code) return code;
    if (done) {
      if (i < N(call->steps) && call->steps[i].sql)
        fail_msg("%s was not executed", call->steps[i].sql);
      return call->commit ? sl_run_sql_not_committed(run, call->commit, err) : SL_OK;
    }
    if (i == N(call->steps) || !call->steps[i].sql) fail_msg("unexpected: %s", statement.text);
    const step_t *step = &call->steps[i];
    check_statement(step, &statement);
    code = step->sqlstate ? SL_OK : feed(run, step, err);
    if (!code) code = give_back(run, step, err);
    if (code) return code;
    code = sl_run_sql_done(run, step->labels || step->out ? -1 : step->changed,
                           step->sqlstate ? step->sqlstate : "00000", &rollback, err);
    if (code) return code;
    assert_int_equal(rollback, call->problem && !call->commit && !call->late_problem &&
                                   !call->steps[i + 1].sql);
  }
}

static inline void check_answer(sl_run_t *run, const call_t *call, sl_buf_t *out)
{
  sl_answer_t answer;
  sl_err_t err = {0};
  if (sl_run_answer(run, &answer, &err)) fail_msg("%s: %s", call->operation, err.text);
  assert_true(sl_run_head(run));
  if (answer.status != call->status)
    fail_msg("%s: status %d, not %d", call->operation, answer.status, call->status);
  assert_string_equal(sl_buf_z(out), call->json ? call->json : "");
  if (!call->problem != !answer.problem) fail_msg("%s: problem or none", call->operation);
  if (call->problem) assert_string_equal(answer.problem->type, call->problem);
  bool found = !call->header && !answer.n_headers;
  char text[1024];
  for (size_t i = 0; i < answer.n_headers; i++) {
    snprintf(text, sizeof text, "%.*s: %.*s", SL_STR_ARG(answer.headers[i].name),
             SL_STR_ARG(answer.headers[i].value));
    if (call->header && !strncmp(text, call->header, strlen(call->header))) found = true;
  }
  if (!found)
    fail_msg("%s: headers are not \"%s\"", call->operation, call->header ? call->header : "");
}

static inline void run_call_into(const sl_mapping_t *mapping, const call_t *call, sl_buf_t *out,
                                 char link[1024])
{
  sl_arg_t args[4];
  sl_input_t in = {args, 0, sl_str(call->body)};
  sl_err_t err = {0};
  for (size_t i = 0; i + 1 < N(call->args) && call->args[i]; i += 2)
    args[in.n_args++] = (sl_arg_t){sl_str(call->args[i]), sl_str(call->args[i + 1])};
  sl_arena_t *arena = sl_arena_new(0, 0);
  const sl_op_t *op = sl_mapping_op(mapping, call->operation);
  assert_non_null(op);
  sl_run_t *run = sl_run_new(op, arena, &in, out);
  sl_code_t code = execute(run, call, &err);
  char shown[768];
  snprintf(shown, sizeof shown, "%s: %s", err.field, err.text);
  if (call->error) {
    if (!code || !strstr(shown, call->error))
      fail_msg("%s: error is \"%s\", not \"%s\"", call->operation, code ? shown : "", call->error);
  } else if (code) {
    fail_msg("%s: %s", call->operation, shown);
  } else {
    check_answer(run, call, out);
  }
  sl_answer_t answer;
  if (link && !sl_run_answer(run, &answer, &err) && answer.n_headers)
    snprintf(link, 1024, "%.*s", SL_STR_ARG(answer.headers[0].value));
  sl_run_fini(run);
  sl_arena_destroy(&arena);
}

static inline void run_call(const sl_mapping_t *mapping, const call_t *call)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  run_call_into(mapping, call, &out, NULL);
  sl_buf_fini(&out);
}

static inline void write_file(const char *path, const char *text)
{
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static inline sl_mapping_t *load(const char *path)
{
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  return mapping;
}

#endif
