/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * odbc-loop: the reference for S2: a bare fetch loop of one prepared query, every column bound as
 * text in arrays of 100, nothing done with the rows.
 *
 *     odbc-loop "CONNECTION STRING" "SELECT …" TIMES
 *
 * Prints {"rows": N, "cpu_us": of one execution, "bytes": of all values}.
 */
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { COLUMNS = 16, WIDTH = 256, ROWS = 100 };

static char values[COLUMNS][ROWS][WIDTH];
static SQLLEN lengths[COLUMNS][ROWS];

static double cpu(void)
{
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return 1e6 * (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
         (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static void must(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what)
{
  SQLCHAR state[6] = "", text[256] = "";
  SQLINTEGER native;
  SQLSMALLINT len;
  if (SQL_SUCCEEDED(rc)) return;
  SQLGetDiagRec(type, h, 1, state, &native, text, sizeof text, &len);
  fprintf(stderr, "%s: %s %s\n", what, (char *)state, (char *)text);
  exit(1);
}

int main(int argc, char **argv)
{
  SQLHENV env;
  SQLHDBC dbc;
  SQLHSTMT st;
  SQLSMALLINT n = 0;
  SQLULEN got = 0;
  long rows = 0, bytes = 0;
  if (argc != 4) return fprintf(stderr, "usage: odbc-loop CONNECTION QUERY TIMES\n"), 2;
  int times = atoi(argv[3]);
  SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
  must(SQLDriverConnect(dbc, NULL, (SQLCHAR *)argv[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
       SQL_HANDLE_DBC, dbc, "connect");
  SQLAllocHandle(SQL_HANDLE_STMT, dbc, &st);
  must(SQLPrepare(st, (SQLCHAR *)argv[2], SQL_NTS), SQL_HANDLE_STMT, st, "prepare");
  SQLNumResultCols(st, &n);
  if (n > COLUMNS) n = COLUMNS;
  SQLSetStmtAttr(st, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(SQLULEN)ROWS, 0);
  SQLSetStmtAttr(st, SQL_ATTR_ROWS_FETCHED_PTR, &got, 0);
  for (SQLSMALLINT i = 0; i < n; i++)
    must(SQLBindCol(st, (SQLUSMALLINT)(i + 1), SQL_C_CHAR, values[i], WIDTH, lengths[i]),
         SQL_HANDLE_STMT, st, "bind");
  double began = 0;
  for (int t = 0; t <= times; t++) {
    if (t == 1) began = cpu(); /* the first one warms up */
    must(SQLExecute(st), SQL_HANDLE_STMT, st, "execute");
    while (SQL_SUCCEEDED(SQLFetch(st)))
      for (SQLULEN r = 0; r < got; r++) {
        rows++;
        for (SQLSMALLINT i = 0; i < n; i++)
          if (lengths[i][r] > 0) bytes += lengths[i][r];
      }
    SQLCloseCursor(st);
  }
  printf("{\"rows\": %ld, \"cpu_us\": %.1f, \"bytes\": %ld}\n", rows / (times + 1),
         (cpu() - began) / times, bytes / (times + 1));
  return 0;
}
