/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {call NAME(?, …)} and {? = call NAME(?, …)} (ODBC 3.8, "Procedure calls"), on a handle of its
 * own: what it returns may be something else each time, so nothing of it is kept prepared. */
#include <string.h>
#include "adapters/odbc/procedure.h"
#include "adapters/odbc/wire.h"

enum {
  OUT_MIN = 64,
  OUT_TEXT = 32768, /* bytes for text without a width: Oracle's longest VARCHAR2 */
  VALUE_MAX = 64 * 1024 * 1024,
  COLUMNS_MAX = 1024,
  LABEL_MAX = 128,
};

typedef struct arg {
  char *p;
  SQLLEN room, len;
} arg_t;

static sl_step_t refused(const sl_procedure_t *self, SQLHSTMT h)
{
  sl_sqlerr_read(&self->fault->sql, self->session->quirk, SQL_HANDLE_STMT, h);
  return SL_STEP_SQL;
}

static sl_step_t wrong(const sl_procedure_t *self, sl_code_t code, const char *field,
                       const char *text)
{
  sl_err_field(&self->fault->err, code, field, "%s", text);
  return SL_STEP_ERR;
}

static sl_step_t no_memory(const sl_procedure_t *self)
{
  return wrong(self, SL_TOO_LARGE, "", "the answer is larger than its memory limit");
}

/* --- arguments
 * -------------------------------------------------------------------------------------- */

static sl_step_t bind(const sl_procedure_t *self, SQLHSTMT h, SQLUSMALLINT nr,
                      const sl_sql_param_t *param, arg_t *arg)
{
  static const SQLSMALLINT directions[] = {SQL_PARAM_INPUT, SQL_PARAM_OUTPUT,
                                           SQL_PARAM_INPUT_OUTPUT, SQL_PARAM_OUTPUT};
  SQLSMALLINT type = sl_quirk_sql_type(param->type);
  bool text = type == SQL_CHAR || type == SQL_VARCHAR || type == SQL_LONGVARCHAR;
  /* A character may take four bytes; a number has a sign, a point and its digits. */
  SQLLEN room = param->digits > 0 ? param->digits * (text ? 4 : 1) + 4 : text ? OUT_TEXT : OUT_MIN;
  if (room < (SQLLEN)param->text.len + 1) room = (SQLLEN)param->text.len + 1;
  arg->room = room < OUT_MIN ? OUT_MIN : room;
  arg->p = sl_arena_alloc(self->arena, (size_t)arg->room);
  if (!arg->p) return no_memory(self);
  if (param->text.len) memcpy(arg->p, param->text.p, param->text.len);
  arg->p[param->text.len] = '\0';
  arg->len = param->null ? SQL_NULL_DATA : (SQLLEN)param->text.len;
  SQLULEN size = param->digits > 0 ? (SQLULEN)param->digits : (SQLULEN)arg->room - 1;
  SQLRETURN rc = SQLBindParameter(h, nr, directions[param->mode], SQL_C_CHAR, type, size,
                                  (SQLSMALLINT)param->scale, arg->p, arg->room, &arg->len);
  return SQL_SUCCEEDED(rc) ? SL_STEP_OK : refused(self, h);
}

void sl_procedure_standard_text(const sl_sql_statement_t *wanted, sl_buf_t *out)
{
  bool function = wanted->n_params && wanted->params[0].mode == SL_SQL_RETURN;
  sl_buf_addz(out, function ? "{? = call " : "{call ");
  sl_buf_addz(out, wanted->text + strlen("CALL "));
  sl_buf_addc(out, '}');
}

/* --- rows
 * ------------------------------------------------------------------------------------------- */

typedef struct result {
  SQLSMALLINT n;
  sl_str_t *labels;
  sl_sql_cell_t *cells;
  sl_buf_t *values;
} result_t;

static sl_step_t describe(const sl_procedure_t *self, SQLHSTMT h, result_t *r)
{
  size_t n = (size_t)r->n;
  r->labels = sl_arena_zalloc(self->arena, n * sizeof *r->labels);
  r->cells = sl_arena_zalloc(self->arena, n * sizeof *r->cells);
  r->values = sl_arena_zalloc(self->arena, n * sizeof *r->values);
  if (!r->labels || !r->cells || !r->values) return no_memory(self);
  for (SQLSMALLINT i = 0; i < r->n; i++) {
    SQLSMALLINT len = 0, type = 0, digits = 0, nullable = 0;
    SQLULEN size = 0;
    char *label = sl_arena_text(self->arena, LABEL_MAX);
    if (!label) return no_memory(self);
    if (!SQL_SUCCEEDED(SQLDescribeCol(h, (SQLUSMALLINT)(i + 1), (SQLCHAR *)label, LABEL_MAX, &len,
                                      &type, &size, &digits, &nullable)))
      return refused(self, h);
    r->labels[i] = sl_str(label);
    sl_buf_init(&r->values[i], VALUE_MAX);
  }
  return SL_STEP_OK;
}

/* The whole value of a column, in as many pieces as it takes. */
static sl_step_t get(const sl_procedure_t *self, SQLHSTMT h, result_t *r, SQLSMALLINT i)
{
  sl_buf_t *to = &r->values[i];
  sl_buf_clear(to);
  r->cells[i].null = false;
  for (size_t piece = 256;; piece *= 2) {
    SQLLEN len = 0;
    if (!sl_buf_reserve(to, piece))
      return wrong(self, SL_GARBAGE, r->labels[i].p, "a value is longer than 64 MiB");
    SQLLEN room = (SQLLEN)(to->cap - to->len);
    SQLRETURN rc = SQLGetData(h, (SQLUSMALLINT)(i + 1), SQL_C_CHAR, to->p + to->len, room, &len);
    if (rc == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(rc)) return refused(self, h);
    r->cells[i].null = len == SQL_NULL_DATA;
    if (r->cells[i].null) break;
    bool more = len == SQL_NO_TOTAL || len >= room;
    to->len += more ? (size_t)room - 1 : (size_t)len;
    if (!more) break;
  }
  r->cells[i].p = to->p;
  r->cells[i].len = to->len;
  return SL_STEP_OK;
}

static sl_step_t fetch(const sl_procedure_t *self, SQLHSTMT h, result_t *r)
{
  size_t n = (size_t)r->n;
  sl_err_t *err = &self->fault->err;
  if (sl_run_sql_columns(self->run, r->labels, n, err)) return SL_STEP_ERR;
  for (;;) {
    sl_channel_running(self->channel, h);
    SQLRETURN rc = SQLFetch(h);
    sl_channel_running(self->channel, SQL_NULL_HSTMT);
    if (rc == SQL_NO_DATA) return SL_STEP_OK;
    if (!SQL_SUCCEEDED(rc)) return refused(self, h);
    for (SQLSMALLINT i = 0; i < r->n; i++) {
      sl_step_t step = get(self, h, r, i);
      if (step != SL_STEP_OK) return step;
    }
    if (self->shown) sl_wire_row(self->shown, r->labels, r->cells, n);
    if (sl_run_sql_row(self->run, r->cells, n, err)) return SL_STEP_ERR;
  }
}

/* The first result with columns is the one that is wanted; output parameters come behind the last.
 */
static sl_step_t results(const sl_procedure_t *self, SQLHSTMT h)
{
  bool wanted = self->wanted->returns_rows;
  for (;;) {
    result_t r = {0};
    if (!SQL_SUCCEEDED(SQLNumResultCols(h, &r.n))) return refused(self, h);
    sl_step_t step = SL_STEP_OK;
    if (wanted && r.n > COLUMNS_MAX) step = wrong(self, SL_GARBAGE, "", "too many columns");
    if (wanted && r.n > 0 && step == SL_STEP_OK) {
      wanted = false;
      step = describe(self, h, &r);
      if (step == SL_STEP_OK) step = fetch(self, h, &r);
      for (SQLSMALLINT i = 0; r.values && i < r.n; i++) sl_buf_fini(&r.values[i]);
    }
    if (step != SL_STEP_OK) return step;
    SQLRETURN rc = SQLMoreResults(h);
    if (rc == SQL_NO_DATA) return SL_STEP_OK;
    if (!SQL_SUCCEEDED(rc)) return refused(self, h);
  }
}

/* --- the call
 * ---------------------------------------------------------------------------------------- */

static sl_step_t hand_back(const sl_procedure_t *self, const arg_t *args)
{
  const sl_sql_statement_t *wanted = self->wanted;
  size_t n = 0;
  sl_sql_cell_t *cells = sl_arena_alloc(self->arena, (wanted->n_params + 1) * sizeof *cells);
  if (!cells) return no_memory(self);
  for (size_t i = 0; i < wanted->n_params; i++) {
    const arg_t *arg = &args[i];
    bool null = arg->len == SQL_NULL_DATA;
    if (wanted->params[i].mode == SL_SQL_IN) continue;
    if (!null && (arg->len < 0 || arg->len >= arg->room))
      return wrong(self, SL_GARBAGE, wanted->params[i].name,
                   "the driver cut this value: give its type a width");
    cells[n++] = (sl_sql_cell_t){arg->p, null ? 0 : (size_t)arg->len, null};
  }
  if (n && sl_run_sql_out(self->run, cells, n, &self->fault->err)) return SL_STEP_ERR;
  return SL_STEP_OK;
}

static sl_step_t execute(const sl_procedure_t *self, SQLHSTMT h, const char *text)
{
  sl_channel_running(self->channel, h);
  SQLRETURN rc = SQLExecDirect(h, (SQLCHAR *)(uintptr_t)text, SQL_NTS);
  sl_channel_running(self->channel, SQL_NULL_HSTMT);
  return SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA ? results(self, h) : refused(self, h);
}

sl_step_t sl_procedure_standard(const sl_procedure_t *self)
{
  const sl_sql_statement_t *wanted = self->wanted;
  SQLHSTMT h = SQL_NULL_HSTMT;
  sl_buf_t text;
  arg_t *args = sl_arena_zalloc(self->arena, (wanted->n_params + 1) * sizeof *args);
  if (!args || !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, self->session->dbc, &h)))
    return no_memory(self);
  sl_buf_init(&text, 0);
  sl_procedure_standard_text(wanted, &text);
  sl_step_t step = text.failed ? no_memory(self) : SL_STEP_OK;
  for (size_t i = 0; i < wanted->n_params && step == SL_STEP_OK; i++)
    step = bind(self, h, (SQLUSMALLINT)(i + 1), &wanted->params[i], &args[i]);
  if (step == SL_STEP_OK) step = execute(self, h, sl_buf_z(&text));
  if (step == SL_STEP_OK) step = hand_back(self, args);
  SQLFreeHandle(SQL_HANDLE_STMT, h);
  sl_buf_fini(&text);
  return step;
}
