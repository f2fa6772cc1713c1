/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  WIDTH_MIN = 64,         /* SQLite calls any integer 10 digits wide */
  WIDTH_MAX = 1024,       /* more is read again by SQLGetData: rare, and it saves the arrays */
  BLOCK_MAX = 512 * 1024, /* bytes bound for one fetch */
  VALUE_MAX = 64 * 1024 * 1024,
  COLUMNS_MAX = 1024,
  LABEL_MAX = 128,
};

struct column {
  sl_str_t label;
  SQLLEN width; /* bytes of one cell, with its NUL; 0: not bound */
  char *cells;  /* array_rows × width */
  SQLLEN *lens; /* array_rows */
};

struct sl_statement {
  sl_statements_t *home;
  SQLHSTMT h;
  unsigned key;
  bool large;
  bool open;
  bool once;     /* not kept */
  bool at_end;   /* all rows were fetched */
  uint64_t used; /* when last, in executions */

  size_t n_columns;
  struct column *columns;
  sl_str_t *labels;
  sl_sql_cell_t *cells;
  sl_buf_t *longs; /* per column: a value read by SQLGetData; empty buffers cost nothing */
  char *block;     /* all cells and lengths */
  SQLULEN rows, fetched, at; /* fetched at once; in the block; next in it */
};

struct sl_statements {
  sl_session_t *session;
  sl_channel_t *channel;
  sl_statement_t kept[SL_STATEMENTS_KEPT];
  uint64_t clock;
  bool table_made; /* temporary table for values */
};

/* --- the cache -----------------------------------------------------------------------------------
 */

sl_statements_t *sl_statements_new(sl_session_t *session, sl_channel_t *channel)
{
  sl_statements_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->session = session;
  self->channel = channel;
  return self;
}

static void drop_columns(sl_statement_t *self)
{
  for (size_t i = 0; self->longs && i < self->n_columns; i++) sl_buf_fini(&self->longs[i]);
  free(self->longs);
  free(self->columns);
  free(self->labels);
  free(self->cells);
  free(self->block);
  self->longs = NULL;
  self->columns = NULL;
  self->labels = NULL;
  self->cells = NULL;
  self->block = NULL;
  self->n_columns = 0;
}

static void drop(sl_statement_t *self)
{
  drop_columns(self);
  if (self->h != SQL_NULL_HSTMT) SQLFreeHandle(SQL_HANDLE_STMT, self->h);
  memset(self, 0, sizeof *self);
}

void sl_statements_destroy(sl_statements_t **self_p)
{
  if (!self_p || !*self_p) return;
  for (size_t i = 0; i < SL_STATEMENTS_KEPT; i++) drop(&(*self_p)->kept[i]);
  free(*self_p);
  *self_p = NULL;
}

static sl_statement_t *find(sl_statements_t *self, const sl_sql_statement_t *wanted)
{
  sl_statement_t *oldest = &self->kept[0];
  for (size_t i = 0; i < SL_STATEMENTS_KEPT; i++) {
    sl_statement_t *s = &self->kept[i];
    if (s->h && s->key == wanted->key && s->large == wanted->large && !s->open && !s->once &&
        !wanted->once)
      return s;
    if (!s->open && (oldest->open || s->used < oldest->used)) oldest = s;
  }
  drop(oldest);
  return oldest;
}

static sl_step_t sql_fault(const sl_statements_t *self, SQLSMALLINT kind, SQLHANDLE handle,
                           sl_fault_t *fault)
{
  sl_sqlerr_read(&fault->sql, self->session->quirk, kind, handle);
  return SL_STEP_SQL;
}

static sl_step_t no_memory(sl_fault_t *fault)
{
  sl_err_set(&fault->err, SL_UNAVAILABLE, "the database worker has no memory left");
  return SL_STEP_ERR;
}

static sl_step_t prepare(sl_statements_t *self, sl_statement_t *s, const char *text,
                         sl_fault_t *fault)
{
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, self->session->dbc, &s->h))) {
    s->h = SQL_NULL_HSTMT;
    return sql_fault(self, SQL_HANDLE_DBC, self->session->dbc, fault);
  }
  s->home = self;
  if (SQL_SUCCEEDED(SQLPrepare(s->h, (SQLCHAR *)(uintptr_t)text, SQL_NTS))) return SL_STEP_OK;
  sl_step_t step = sql_fault(self, SQL_HANDLE_STMT, s->h, fault);
  drop(s);
  return step;
}

/* --- parameters ----------------------------------------------------------------------------------
 */

/* What SQLBindParameter points to; lives while the statement executes. */
struct bound {
  SQLLEN len;
  SQLBIGINT number;
};

enum { BOUND_INLINE = 32 };

static bool as_integer(const sl_sql_param_t *param, SQLBIGINT *number_p)
{
  char digits[24], *end;
  if (param->text.len == 0 || param->text.len >= sizeof digits) return false;
  memcpy(digits, param->text.p, param->text.len);
  digits[param->text.len] = '\0';
  errno = 0;
  *number_p = strtoll(digits, &end, 10);
  return errno == 0 && *end == '\0';
}

static bool bind(const sl_statements_t *self, SQLHSTMT h, SQLUSMALLINT nr,
                 const sl_sql_param_t *param, struct bound *bound)
{
  SQLSMALLINT type = sl_quirk_sql_type(param->type);
  bound->len = param->null ? SQL_NULL_DATA : (SQLLEN)param->text.len;
  if (self->session->quirk->bind_integers && sl_quirk_is_integer(type) && !param->null &&
      as_integer(param, &bound->number)) {
    bound->len = sizeof bound->number;
    return SQL_SUCCEEDED(SQLBindParameter(h, nr, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0,
                                          &bound->number, 0, &bound->len));
  }
  SQLULEN size = param->digits > 0 ? (SQLULEN)param->digits : param->text.len;
  if (size < param->text.len && type != SQL_DECIMAL) size = param->text.len;
  return SQL_SUCCEEDED(SQLBindParameter(h, nr, SQL_PARAM_INPUT, SQL_C_CHAR, type, size ? size : 1,
                                        (SQLSMALLINT)param->scale,
                                        (SQLPOINTER)(uintptr_t)(param->text.p ? param->text.p : ""),
                                        (SQLLEN)param->text.len, &bound->len));
}

/* From here until it is told otherwise the watchdog may cancel what s executes. */
static void running(const sl_statement_t *s)
{
  sl_channel_running(s->home->channel, s->h);
}

static sl_step_t run(sl_statements_t *self, sl_statement_t *s, sl_fault_t *fault)
{
  running(s);
  SQLRETURN rc = SQLExecute(s->h);
  sl_channel_running(self->channel, SQL_NULL_HSTMT);
  if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) return SL_STEP_OK;
  sl_step_t step = sql_fault(self, SQL_HANDLE_STMT, s->h, fault);
  /* What went wrong may be the plan that was kept: it is made anew the next time. */
  drop(s);
  return step;
}

static sl_step_t bind_and_run(sl_statements_t *self, sl_statement_t *s,
                              const sl_sql_param_t *params, size_t n, sl_fault_t *fault)
{
  struct bound few[BOUND_INLINE], *bounds = few;
  if (n > BOUND_INLINE) bounds = calloc(n, sizeof *bounds);
  if (!bounds) return no_memory(fault);
  sl_step_t step = SL_STEP_OK;
  for (size_t i = 0; i < n && step == SL_STEP_OK; i++)
    if (!bind(self, s->h, (SQLUSMALLINT)(i + 1), &params[i], &bounds[i]))
      step = sql_fault(self, SQL_HANDLE_STMT, s->h, fault);
  if (step == SL_STEP_OK) step = run(self, s, fault);
  if (bounds != few) free(bounds);
  return step;
}

/* --- values through a temporary table
 * -------------------------------------------------------------- */

/* The end of the quoted text or comment that starts at p, or p + 1. */
static const char *skip(const char *p)
{
  const char *end = NULL;
  if (*p == '\'' || *p == '"' || *p == '`')
    end = strchr(p + 1, *p);
  else if (*p == '[')
    end = strchr(p, ']');
  else if (p[0] == '-' && p[1] == '-')
    end = strchr(p, '\n');
  else if (p[0] == '/' && p[1] == '*') {
    end = strstr(p + 2, "*/");
    if (end) end++;
  } else
    return p + 1;
  return end ? end + 1 : p + strlen(p);
}

bool sl_statement_unbind(const char *text, size_t n, sl_buf_t *out)
{
  size_t found = 0;
  for (const char *p = text; *p;) {
    const char *next = skip(p);
    /* The + takes the column's affinity away, so that a comparison sees what a bound value would
     * have been. */
    if (*p == '?')
      sl_buf_printf(out, "(SELECT +v FROM temp.sluice_value WHERE n=%zu)", ++found);
    else
      sl_buf_add(out, p, (size_t)(next - p));
    p = next;
  }
  return found == n && !out->failed;
}

static sl_step_t store_values(sl_statements_t *self, const sl_sql_statement_t *wanted,
                              sl_fault_t *fault)
{
  static const char make[] =
      "CREATE TEMP TABLE IF NOT EXISTS sluice_value (n INTEGER PRIMARY KEY, v)";
  if (!self->table_made && !sl_session_run(self->session, make, NULL, NULL, 0, &fault->sql))
    return SL_STEP_SQL;
  self->table_made = true;
  /* Outside the mapping's keys, which count from zero. */
  sl_sql_statement_t put = {
      .key = UINT32_MAX, .text = "INSERT OR REPLACE INTO temp.sluice_value (n, v) VALUES (?, ?)"};
  for (size_t i = 0; i < wanted->n_params; i++) {
    char nr[24];
    snprintf(nr, sizeof nr, "%zu", i + 1);
    sl_sql_param_t pair[2] = {{.text = sl_str(nr), .type = "BIGINT", .name = "n"},
                              wanted->params[i]};
    sl_statement_t *s = find(self, &put);
    sl_step_t step = s->h ? SL_STEP_OK : prepare(self, s, put.text, fault);
    if (step == SL_STEP_OK) {
      s->key = put.key;
      s->used = ++self->clock;
      step = bind_and_run(self, s, pair, 2, fault);
    }
    if (step != SL_STEP_OK) return step;
    SQLFreeStmt(s->h, SQL_CLOSE);
  }
  return SL_STEP_OK;
}

static sl_step_t prepare_unbound(sl_statements_t *self, sl_statement_t *s,
                                 const sl_sql_statement_t *wanted, sl_fault_t *fault)
{
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_step_t step = SL_STEP_ERR;
  if (sl_statement_unbind(wanted->text, wanted->n_params, &text))
    step = prepare(self, s, sl_buf_z(&text), fault);
  else
    sl_err_set(&fault->err, SL_BUG, "the statement's parameters do not match its text");
  sl_buf_fini(&text);
  return step;
}

/* --- columns
 * --------------------------------------------------------------------------------------- */

static sl_step_t describe(sl_statement_t *self, SQLSMALLINT n, bool *long_p, sl_fault_t *fault)
{
  size_t labels = (size_t)n * LABEL_MAX;
  self->columns = calloc((size_t)n, sizeof *self->columns);
  self->labels = calloc(1, (size_t)n * sizeof *self->labels + labels);
  self->cells = calloc((size_t)n, sizeof *self->cells);
  self->longs = calloc((size_t)n, sizeof *self->longs);
  if (!self->columns || !self->labels || !self->cells || !self->longs) return no_memory(fault);
  self->n_columns = (size_t)n;
  char *text = (char *)(self->labels + n);
  for (SQLSMALLINT i = 0; i < n; i++, text += LABEL_MAX) {
    SQLSMALLINT len = 0, type = 0, digits = 0, nullable = 0;
    SQLULEN size = 0;
    SQLRETURN rc = SQLDescribeCol(self->h, (SQLUSMALLINT)(i + 1), (SQLCHAR *)text, LABEL_MAX, &len,
                                  &type, &size, &digits, &nullable);
    if (!SQL_SUCCEEDED(rc)) return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
    sl_buf_init(&self->longs[i], VALUE_MAX);
    self->labels[i] = self->columns[i].label = sl_str(text);
    /* A character may take four bytes of UTF-8. */
    bool wide = size == 0 || size > (WIDTH_MAX - 1) / 4;
    if (wide) *long_p = true;
    SQLLEN width = wide ? WIDTH_MAX : (SQLLEN)size * 4 + 1;
    self->columns[i].width = width < WIDTH_MIN ? WIDTH_MIN : width;
  }
  return SL_STEP_OK;
}

static sl_step_t bind_columns(sl_statement_t *self, sl_fault_t *fault)
{
  size_t row = 0;
  for (size_t i = 0; i < self->n_columns; i++)
    row += (size_t)self->columns[i].width + sizeof(SQLLEN);
  SQLULEN rows = self->home->session->quirk->array_rows;
  if (rows > BLOCK_MAX / row) rows = BLOCK_MAX / row;
  if (rows < 1) rows = 1;
  self->block = malloc(rows * row);
  if (!self->block) return no_memory(fault);
  /* Lengths first: they need the alignment. */
  SQLLEN *lens = (SQLLEN *)(void *)self->block;
  char *cells = (char *)(lens + rows * self->n_columns);
  for (size_t i = 0; i < self->n_columns; i++) {
    struct column *c = &self->columns[i];
    c->lens = lens;
    c->cells = cells;
    lens += rows;
    cells += rows * (SQLULEN)c->width;
    if (!SQL_SUCCEEDED(
            SQLBindCol(self->h, (SQLUSMALLINT)(i + 1), SQL_C_CHAR, c->cells, c->width, c->lens)))
      return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
  }
  self->rows = rows;
  SQLSetStmtAttr(self->h, SQL_ATTR_ROWS_FETCHED_PTR, &self->fetched, 0);
  if (rows > 1 && !SQL_SUCCEEDED(SQLSetStmtAttr(self->h, SQL_ATTR_ROW_ARRAY_SIZE,
                                                (SQLPOINTER)(uintptr_t)rows, 0)))
    self->rows = 1;
  return SL_STEP_OK;
}

static sl_step_t make_columns(sl_statement_t *self, sl_fault_t *fault)
{
  SQLSMALLINT n = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(self->h, &n)))
    return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
  if ((size_t)n == self->n_columns && n > 0) return SL_STEP_OK;
  drop_columns(self);
  SQLFreeStmt(self->h, SQL_UNBIND);
  if (n < 1 || n > COLUMNS_MAX) {
    sl_err_set(&fault->err, SL_GARBAGE, "the database returned %d columns", (int)n);
    return SL_STEP_ERR;
  }
  bool any_long = false;
  sl_step_t step = describe(self, n, &any_long, fault);
  if (step != SL_STEP_OK) return step;
  if (any_long && !(self->home->session->getdata & SQL_GD_BOUND)) {
    for (size_t i = 0; i < self->n_columns; i++) self->columns[i].width = 0;
    self->rows = 1;
    return SL_STEP_OK;
  }
  return bind_columns(self, fault);
}

const sl_str_t *sl_statement_labels(const sl_statement_t *self, size_t *n_p)
{
  *n_p = self->n_columns;
  return self->labels;
}

/* --- executing
 * --------------------------------------------------------------------------------------- */

static sl_step_t open_statement(sl_statements_t *self, const sl_sql_statement_t *wanted,
                                sl_statement_t *s, sl_fault_t *fault)
{
  bool unbound = wanted->large && wanted->n_params && self->session->quirk->bind_table;
  if (!s->h) {
    sl_step_t step =
        unbound ? prepare_unbound(self, s, wanted, fault) : prepare(self, s, wanted->text, fault);
    if (step != SL_STEP_OK) return step;
    s->key = wanted->key;
    s->large = wanted->large;
    s->once = wanted->once;
  }
  s->used = ++self->clock;
  return bind_and_run(self, s, wanted->params, unbound ? 0 : wanted->n_params, fault);
}

sl_step_t sl_statements_execute(sl_statements_t *self, const sl_sql_statement_t *wanted,
                                sl_statement_t **statement_p, long *rows_p, sl_fault_t *fault)
{
  sl_step_t step = SL_STEP_OK;
  memset(fault, 0, sizeof *fault);
  if (wanted->large && wanted->n_params && self->session->quirk->bind_table)
    step = store_values(self, wanted, fault);
  if (step != SL_STEP_OK) return step;
  sl_statement_t *s = find(self, wanted);
  step = open_statement(self, wanted, s, fault);
  if (step != SL_STEP_OK) return step;
  *rows_p = -1;
  s->open = true;
  s->at_end = false;
  s->fetched = s->at = 0;
  if (wanted->returns_rows)
    step = make_columns(s, fault);
  else {
    SQLLEN changed = 0;
    if (!SQL_SUCCEEDED(SQLRowCount(s->h, &changed)))
      step = sql_fault(self, SQL_HANDLE_STMT, s->h, fault);
    *rows_p = (long)changed;
  }
  if (step != SL_STEP_OK)
    drop(s);
  else
    *statement_p = s;
  return step;
}

void sl_statement_close(sl_statement_t *self)
{
  /* Left in the middle of its rows, a statement that streams is not to be trusted with another
   * execution: sqliteodbc goes on where the last one stopped, and says that there is nothing. */
  if (self->once || (self->n_columns && !self->at_end)) {
    drop(self);
    return;
  }
  SQLFreeStmt(self->h, SQL_CLOSE);
  self->open = false;
  for (size_t i = 0; i < self->n_columns; i++)
    if (self->longs[i].cap) sl_buf_fini(&self->longs[i]);
}

/* --- fetching
 * ---------------------------------------------------------------------------------------- */

/* The whole value of column i by SQLGetData, in as many pieces as it takes. */
static sl_step_t get_long(sl_statement_t *self, size_t i, sl_fault_t *fault)
{
  sl_buf_t *to = &self->longs[i];
  sl_sql_cell_t *cell = &self->cells[i];
  sl_buf_clear(to);
  to->max = VALUE_MAX;
  for (size_t piece = 4096;; piece *= 2) {
    SQLLEN len = 0;
    if (!sl_buf_reserve(to, piece)) {
      sl_err_field(&fault->err, SL_GARBAGE, self->columns[i].label.p,
                   "a value is longer than %d MiB", VALUE_MAX >> 20);
      return SL_STEP_ERR;
    }
    SQLLEN room = (SQLLEN)(to->cap - to->len);
    SQLRETURN rc =
        SQLGetData(self->h, (SQLUSMALLINT)(i + 1), SQL_C_CHAR, to->p + to->len, room, &len);
    if (rc == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(rc)) return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
    cell->null = len == SQL_NULL_DATA;
    if (cell->null) break;
    bool more = len == SQL_NO_TOTAL || len >= room;
    to->len += more ? (size_t)room - 1 : (size_t)len;
    if (!more) break;
  }
  cell->p = to->p;
  cell->len = to->len;
  return SL_STEP_OK;
}

/* The value of a bound cell did not fit. */
static sl_step_t reread(sl_statement_t *self, size_t i, sl_fault_t *fault)
{
  const SQLUINTEGER can = self->home->session->getdata;
  if (!(can & SQL_GD_BOUND) || (self->rows > 1 && !(can & SQL_GD_BLOCK))) {
    sl_err_field(&fault->err, SL_GARBAGE, self->columns[i].label.p,
                 "the driver cut a value that is longer than its column says");
    return SL_STEP_ERR;
  }
  if (self->rows > 1 && !SQL_SUCCEEDED(SQLSetPos(self->h, (SQLSETPOSIROW)(self->at + 1),
                                                 SQL_POSITION, SQL_LOCK_NO_CHANGE)))
    return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
  return get_long(self, i, fault);
}

static sl_step_t row_cells(sl_statement_t *self, sl_fault_t *fault)
{
  for (size_t i = 0; i < self->n_columns; i++) {
    const struct column *c = &self->columns[i];
    sl_sql_cell_t *cell = &self->cells[i];
    SQLLEN len = c->width ? c->lens[self->at] : 0;
    sl_step_t step = SL_STEP_OK;
    if (!c->width)
      step = get_long(self, i, fault);
    else if (len == SQL_NO_TOTAL || len >= c->width)
      step = reread(self, i, fault);
    else {
      cell->null = len == SQL_NULL_DATA;
      cell->p = c->cells + self->at * (SQLULEN)c->width;
      cell->len = cell->null ? 0 : (size_t)len;
    }
    if (step != SL_STEP_OK) return step;
  }
  return SL_STEP_OK;
}

static sl_step_t fetch_block(sl_statement_t *self, sl_fault_t *fault)
{
  self->fetched = 1; /* for drivers that do not tell */
  self->at = 0;
  running(self);
  SQLRETURN rc = SQLFetch(self->h);
  sl_channel_running(self->home->channel, SQL_NULL_HSTMT);
  if (rc == SQL_NO_DATA) return SL_STEP_END;
  if (!SQL_SUCCEEDED(rc)) return sql_fault(self->home, SQL_HANDLE_STMT, self->h, fault);
  return self->fetched ? SL_STEP_OK : SL_STEP_END;
}

sl_step_t sl_statement_fetch(sl_statement_t *self, const sl_sql_cell_t **cells_p, sl_fault_t *fault)
{
  sl_step_t step = SL_STEP_OK;
  if (self->at >= self->fetched) step = fetch_block(self, fault);
  if (step == SL_STEP_OK) step = row_cells(self, fault);
  if (step == SL_STEP_OK) self->at++;
  if (step == SL_STEP_END) self->at_end = true;
  *cells_p = self->cells;
  return step;
}
