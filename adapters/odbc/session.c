/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "core/buf.h"

static bool starts(const char *text, const char *with)
{
  return strncmp(text, with, strlen(with)) == 0;
}

void sl_sqlerr_read(sl_sqlerr_t *self, const sl_quirk_t *quirk, SQLSMALLINT kind, SQLHANDLE handle)
{
  SQLCHAR state[6] = "";
  SQLINTEGER native = 0;
  SQLSMALLINT len = 0;
  memset(self, 0, sizeof *self);
  SQLRETURN rc = SQLGetDiagRec(kind, handle, 1, state, &native, (SQLCHAR *)self->message,
                               sizeof self->message, &len);
  if (!SQL_SUCCEEDED(rc)) memcpy(state, "HY000", sizeof state);
  self->native = (int)native;
  const char *use = quirk ? sl_quirk_state(quirk, (char *)state, self->native) : (char *)state;
  snprintf(self->state, sizeof self->state, "%s", use);
  for (char *p = self->message; *p; p++)
    if ((unsigned char)*p < ' ') *p = ' ';
}

static bool lost(const sl_sqlerr_t *self)
{
  /* 57P01 to 57P03: PostgreSQL is being shut down, or not yet up. */
  return starts(self->state, "08") || starts(self->state, "57P");
}

bool sl_session_lost(sl_session_t *self, const sl_sqlerr_t *sqlerr)
{
  SQLUINTEGER dead = SQL_CD_FALSE;
  sl_sqlerr_t again;
  if (lost(sqlerr)) return true;
  if (strcmp(sqlerr->state, "HY000") != 0) return false;
  if (SQL_SUCCEEDED(SQLGetConnectAttr(self->dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL)) &&
      dead == SQL_CD_TRUE)
    return true;
  return !sl_session_run(self, "SELECT 1", NULL, NULL, 0, &again) &&
         (lost(&again) || strcmp(again.state, "HY000") == 0);
}

bool sl_sqlerr_refused(const sl_sqlerr_t *self)
{
  /* Integrity, transaction state, rollback, WITH CHECK: the server answered, and that was no. */
  static const char *const classes[] = {"23", "25", "40", "44"};
  /* Of these classes, but saying that nobody knows, or that the transaction is still open (ODBC,
   * appendix A; SQL, "statement completion unknown"). */
  static const char *const unknown[] = {"25S01", "25S02", "40003"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    if (strcmp(self->state, unknown[i]) == 0) return false;
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (starts(self->state, classes[i])) return true;
  return false;
}

bool sl_sqlerr_timed_out(const sl_sqlerr_t *self)
{
  return starts(self->state, "HYT") || starts(self->state, "HY008") || starts(self->state, "57014");
}

SQLHENV sl_session_env(void)
{
  SQLHENV env = SQL_NULL_HENV;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) return NULL;
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  return env;
}

/* --- connecting ----------------------------------------------------------------------------------
 */

/* IM002 no such DSN or driver, 01000 and IM003 it cannot be loaded, 28 credentials refused, 42 and
 * 3D: what init-sql or the connection names does not exist. */
static sl_code_t connect_code(const sl_sqlerr_t *sqlerr)
{
  static const char *const hopeless[] = {"IM", "01000", "28", "42", "3D", "HY024"};
  for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++)
    if (starts(sqlerr->state, hopeless[i])) return SL_CONFIG;
  return SL_UNAVAILABLE;
}

static bool driver_connect(sl_session_t *self, const char *connection, uint32_t login_timeout_s,
                           sl_sqlerr_t *sqlerr)
{
  if (login_timeout_s)
    SQLSetConnectAttr(self->dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)(SQLULEN)login_timeout_s, 0);
  SQLRETURN rc = SQLDriverConnect(self->dbc, NULL, (SQLCHAR *)connection, SQL_NTS, NULL, 0, NULL,
                                  SQL_DRIVER_NOPROMPT);
  if (SQL_SUCCEEDED(rc)) return true;
  sl_sqlerr_read(sqlerr, NULL, SQL_HANDLE_DBC, self->dbc);
  return false;
}

static void read_info(sl_session_t *self)
{
  SQLGetInfo(self->dbc, SQL_DRIVER_NAME, self->driver, sizeof self->driver, NULL);
  SQLGetInfo(self->dbc, SQL_DBMS_NAME, self->dbms, sizeof self->dbms, NULL);
  SQLGetInfo(self->dbc, SQL_GETDATA_EXTENSIONS, &self->getdata, sizeof self->getdata, NULL);
  self->quirk = sl_quirk_for(self->driver);
}

/* The user's string with what this driver needs behind it. A driver takes the first of two equal
 * names, so the user's choice stands. */
static void full_string(const sl_session_t *self, const sl_session_opts_t *opts, sl_buf_t *out)
{
  const sl_quirk_t *q = self->quirk;
  sl_buf_addz(out, opts->connection);
  if (*q->attributes) sl_buf_printf(out, ";%s", q->attributes);
  if (opts->stream && q->stream_attributes) sl_buf_printf(out, ";%s", q->stream_attributes);
  if (q->busy_attribute && opts->busy_ms)
    sl_buf_printf(out, ";%s=%u", q->busy_attribute, (unsigned)opts->busy_ms);
}

/* Only a connected driver tells its name, and only then is it known what to add: a first
 * connection may serve just to ask. */
static bool connect_twice(sl_session_t *self, const sl_session_opts_t *opts, sl_sqlerr_t *sqlerr)
{
  if (!driver_connect(self, opts->connection, opts->login_timeout_s, sqlerr)) return false;
  read_info(self);
  sl_buf_t full;
  sl_buf_init(&full, 0);
  full_string(self, opts, &full);
  bool ok = true;
  if (strcmp(sl_buf_z(&full), opts->connection) != 0) {
    SQLDisconnect(self->dbc);
    ok = driver_connect(self, sl_buf_z(&full), opts->login_timeout_s, sqlerr);
  }
  sl_buf_fini(&full);
  return ok;
}

sl_code_t sl_session_open(sl_session_t *self, SQLHENV env, const sl_session_opts_t *opts,
                          sl_err_t *err)
{
  sl_sqlerr_t sqlerr;
  memset(self, 0, sizeof *self);
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &self->dbc)))
    return sl_err_set(err, SL_UNAVAILABLE, "no memory for a connection");
  if (!connect_twice(self, opts, &sqlerr)) {
    SQLFreeHandle(SQL_HANDLE_DBC, self->dbc);
    self->dbc = SQL_NULL_HDBC;
    return sl_err_set(err, connect_code(&sqlerr), "cannot connect (SQLSTATE %s): %s", sqlerr.state,
                      sqlerr.message);
  }
  if (*opts->init_sql && !sl_session_run(self, opts->init_sql, NULL, NULL, 0, &sqlerr)) {
    sl_session_close(self);
    return sl_err_set(err, connect_code(&sqlerr), "init-sql failed (SQLSTATE %s)", sqlerr.state);
  }
  return SL_OK;
}

void sl_session_close(sl_session_t *self)
{
  if (!sl_session_is_open(self)) return;
  sl_sqlerr_t ignored;
  sl_session_rollback(self, &ignored);
  SQLDisconnect(self->dbc);
  SQLFreeHandle(SQL_HANDLE_DBC, self->dbc);
  self->dbc = SQL_NULL_HDBC;
}

/* --- statements of our own -----------------------------------------------------------------------
 */

/* A driver that streams does the work only as rows are fetched, a PRAGMA's as well: to the end. */
static void take_rows(SQLHSTMT h, char *value, size_t size)
{
  SQLSMALLINT n = 0;
  SQLLEN ind = SQL_NULL_DATA;
  if (size) *value = '\0';
  if (!SQL_SUCCEEDED(SQLNumResultCols(h, &n)) || n < 1) return;
  for (bool first = true; SQL_SUCCEEDED(SQLFetch(h)); first = false) {
    if (!first || !size) continue;
    if (!SQL_SUCCEEDED(SQLGetData(h, 1, SQL_C_CHAR, value, (SQLLEN)size, &ind)) ||
        ind == SQL_NULL_DATA)
      *value = '\0';
  }
}

bool sl_session_run(sl_session_t *self, const char *text, const char *param, char *value,
                    size_t value_size, sl_sqlerr_t *sqlerr)
{
  SQLHSTMT h = SQL_NULL_HSTMT;
  SQLLEN ind = SQL_NTS;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, self->dbc, &h))) {
    sl_sqlerr_read(sqlerr, self->quirk, SQL_HANDLE_DBC, self->dbc);
    return false;
  }
  if (param)
    SQLBindParameter(h, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, strlen(param) + 1, 0,
                     (SQLPOINTER)param, 0, &ind);
  SQLRETURN rc = SQLExecDirect(h, (SQLCHAR *)text, SQL_NTS);
  bool ok = SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA;
  if (!ok) sl_sqlerr_read(sqlerr, self->quirk, SQL_HANDLE_STMT, h);
  if (ok) take_rows(h, value, value_size);
  SQLFreeHandle(SQL_HANDLE_STMT, h);
  return ok;
}

/* --- transactions --------------------------------------------------------------------------------
 */

static bool autocommit(sl_session_t *self, bool on, sl_sqlerr_t *sqlerr)
{
  SQLULEN value = on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF;
  SQLRETURN rc = SQLSetConnectAttr(self->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)value, 0);
  if (SQL_SUCCEEDED(rc)) return true;
  sl_sqlerr_read(sqlerr, self->quirk, SQL_HANDLE_DBC, self->dbc);
  return false;
}

bool sl_session_begin(sl_session_t *self, bool repeatable, sl_sqlerr_t *sqlerr)
{
  const char *text = self->quirk->begin, *first = self->quirk->repeatable;
  bool ok =
      text ? sl_session_run(self, text, NULL, NULL, 0, sqlerr) : autocommit(self, false, sqlerr);
  self->in_transaction = ok;
  if (ok && repeatable && first) ok = sl_session_run(self, first, NULL, NULL, 0, sqlerr);
  return ok;
}

static bool end(sl_session_t *self, SQLSMALLINT how, sl_sqlerr_t *sqlerr)
{
  const char *text = how == SQL_COMMIT ? self->quirk->commit : self->quirk->rollback;
  if (text) return sl_session_run(self, text, NULL, NULL, 0, sqlerr);
  if (SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, self->dbc, how))) return true;
  sl_sqlerr_read(sqlerr, self->quirk, SQL_HANDLE_DBC, self->dbc);
  return false;
}

/* Autocommit on commits what is open (ODBC, SQL_ATTR_AUTOCOMMIT), so it must come only after the
 * transaction has ended for sure; a session where that is not known serves no further call. */
static void leave(sl_session_t *self, bool ended)
{
  sl_sqlerr_t ignored;
  self->in_transaction = false;
  if (!ended || (!self->quirk->begin && !autocommit(self, true, &ignored))) self->spoiled = true;
}

bool sl_session_commit(sl_session_t *self, sl_sqlerr_t *sqlerr)
{
  if (!self->in_transaction) return true;
  bool ok = end(self, SQL_COMMIT, sqlerr);
  sl_sqlerr_t ignored;
  leave(self, ok || end(self, SQL_ROLLBACK, &ignored));
  return ok;
}

bool sl_session_rollback(sl_session_t *self, sl_sqlerr_t *sqlerr)
{
  if (!self->in_transaction) return true;
  bool ok = end(self, SQL_ROLLBACK, sqlerr);
  leave(self, ok);
  return ok;
}
