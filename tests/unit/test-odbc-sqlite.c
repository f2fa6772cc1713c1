/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sessions and statements against SQLite's real driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "adapters/odbc/session.h"
#include "adapters/odbc/statement.h"
#include "core/clock.h"

static char dir[] = "/tmp/sl-odbc-XXXXXX";
static char connection[256];
static SQLHENV env;
static sl_channel_t channel;
static sl_session_t session;
static sl_statements_t *statements;
static unsigned next_key;

static int open_all(void **state)
{
  (void)state;
  int data[2], control[2];
  assert_non_null(mkdtemp(dir));
  snprintf(connection, sizeof connection, "Driver=SQLite3;Database=%s/t.db", dir);
  env = sl_session_env();
  assert_non_null(env);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, data), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
  sl_channel_open(&channel, data[0], control[0]);
  return 0;
}

static int remove_all(void **state)
{
  (void)state;
  static const char *const names[] = {"t.db", "t.db-wal", "t.db-shm"};
  char path[300];
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    unlink(path);
  }
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return rmdir(dir);
}

static sl_code_t open_session(sl_session_t *s, sl_err_t *err)
{
  sl_session_opts_t opts = {.connection = connection, .init_sql = "", .busy_ms = 20};
  return sl_session_open(s, env, &opts, err);
}

static int connect_one(void **state)
{
  (void)state;
  sl_err_t err;
  assert_int_equal(open_session(&session, &err), SL_OK);
  statements = sl_statements_new(&session, &channel);
  assert_non_null(statements);
  return 0;
}

static int disconnect(void **state)
{
  (void)state;
  sl_statements_destroy(&statements);
  sl_session_close(&session);
  return 0;
}

static void sql(const char *text)
{
  sl_sqlerr_t e;
  if (!sl_session_run(&session, text, NULL, NULL, 0, &e))
    fail_msg("%s: %s %s", text, e.state, e.message);
}

static sl_step_t execute(const char *text, const sl_sql_param_t *params, size_t n, bool rows,
                         bool large, sl_statement_t **s, long *changed, sl_fault_t *fault)
{
  sl_sql_statement_t st = {.key = ++next_key,
                           .text = text,
                           .params = params,
                           .n_params = n,
                           .returns_rows = rows,
                           .large = large};
  return sl_statements_execute(statements, &st, s, changed, fault);
}

static const sl_sql_cell_t *first_row(const char *text, sl_statement_t **s)
{
  sl_fault_t fault;
  long changed;
  const sl_sql_cell_t *cells;
  assert_int_equal(execute(text, NULL, 0, true, false, s, &changed, &fault), SL_STEP_OK);
  assert_int_equal(sl_statement_fetch(*s, &cells, &fault), SL_STEP_OK);
  return cells;
}

static void assert_cell(const sl_sql_cell_t *c, const char *want)
{
  assert_int_equal(c->null, want == NULL);
  if (!want) return;
  assert_int_equal(c->len, strlen(want));
  assert_memory_equal(c->p, want, c->len);
}

/* --- values
 * ------------------------------------------------------------------------------------------ */

static void values_come_back_as_they_are_stored(void **state)
{
  (void)state;
  sl_statement_t *s;
  sql("DROP TABLE IF EXISTS v");
  sql("CREATE TABLE v (a INTEGER, b CHAR(3), c TEXT, d VARCHAR(5), e BIGINT)");
  sql("INSERT INTO v VALUES (9007199254740993, 'x  ', '12345678901234567.8900', NULL, -1)");
  const sl_sql_cell_t *c = first_row("SELECT a, b, c, d, e, '' AS f, 'Łódź' AS g FROM v", &s);
  assert_cell(&c[0], "9007199254740993"); /* the driver says an INTEGER is 10 wide */
  assert_cell(&c[1], "x  ");
  assert_cell(&c[2], "12345678901234567.8900");
  assert_cell(&c[3], NULL);
  assert_cell(&c[4], "-1");
  assert_cell(&c[5], "");
  assert_cell(&c[6], "Łódź");
  size_t n;
  const sl_str_t *labels = sl_statement_labels(s, &n);
  assert_int_equal(n, 7);
  assert_true(sl_str_eqz(labels[5], "f"));
  sl_statement_close(s);
}

/* Lengths around every buffer there is: cells of 64 and 1024, pieces of 4096. */
static void long_values_are_never_cut(void **state)
{
  (void)state;
  static const int lens[] = {0,    1,    62,   63,   64,   65,   1022,  1023,   1024,
                             1025, 4095, 4096, 4097, 8191, 8192, 20000, 200000, 3000000};
  sql("DROP TABLE IF EXISTS l");
  sql("CREATE TABLE l (n INTEGER, short VARCHAR(5), long TEXT)");
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    char text[256];
    snprintf(text, sizeof text,
             "INSERT INTO l VALUES (%zu, substr(hex(zeroblob(%d)), 1, %d), "
             "substr(hex(zeroblob(%d)), 1, %d))",
             i, lens[i], lens[i], lens[i], lens[i]);
    sql(text);
  }
  sl_fault_t fault;
  sl_statement_t *s;
  long changed;
  const sl_sql_cell_t *c;
  assert_int_equal(
      execute("SELECT short, long, n FROM l ORDER BY n", NULL, 0, true, true, &s, &changed, &fault),
      SL_STEP_OK);
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    char nr[24];
    assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
    for (int k = 0; k < 2; k++) {
      assert_false(c[k].null);
      assert_int_equal(c[k].len, lens[i]);
      for (size_t j = 0; j < c[k].len; j++) assert_int_equal(c[k].p[j], '0');
    }
    snprintf(nr, sizeof nr, "%zu", i);
    assert_cell(&c[2], nr);
  }
  assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_END);
  sl_statement_close(s);
}

/* --- parameters
 * -------------------------------------------------------------------------------------- */

static sl_sql_param_t param(const char *text, const char *type)
{
  return (sl_sql_param_t){.null = !text, .text = sl_str(text), .type = type, .name = "p"};
}

static void parameters_keep_their_types_bound_and_through_the_table(void **state)
{
  (void)state;
  static const struct {
    const char *value, *type, *want;
  } rows[] = {
      {"5", "BIGINT", "integer"},
      {"5", "CHAR", "text"},
      {"0042", "VARCHAR", "text"},
      {"12.50", "DECIMAL", "text"},
      {NULL, "BIGINT", "null"},
      {"99999999999999999999", "BIGINT", "text"}, /* beyond 64 bits: not rounded */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int large = 0; large < 2; large++) {
      sl_sql_param_t p = param(rows[i].value, rows[i].type);
      sl_fault_t fault;
      sl_statement_t *s;
      long changed;
      const sl_sql_cell_t *c;
      assert_int_equal(execute("SELECT typeof(?)", &p, 1, true, large, &s, &changed, &fault),
                       SL_STEP_OK);
      assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
      assert_cell(&c[0], rows[i].want);
      sl_statement_close(s);
    }
}

static long count_matches(const char *where, const sl_sql_param_t *p, bool large)
{
  char text[256];
  sl_fault_t fault;
  sl_statement_t *s;
  long changed;
  const sl_sql_cell_t *c;
  snprintf(text, sizeof text, "SELECT count(*) FROM t WHERE %s", where);
  assert_int_equal(execute(text, p, 1, true, large, &s, &changed, &fault), SL_STEP_OK);
  assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
  long n = strtol(c[0].p, NULL, 10);
  sl_statement_close(s);
  return n;
}

static void table_bound_values_compare_like_bound_ones(void **state)
{
  (void)state;
  static const struct {
    const char *where, *value, *type;
    long want;
  } rows[] = {
      {"i = ?", "7", "BIGINT", 1},     {"i = ?", "7", "VARCHAR", 1},
      {"c = ?", "07", "CHAR", 1},      {"c = ?", "7", "CHAR", 0},
      {"c = ?", "7", "BIGINT", 0},     {"i > ?", "5", "INTEGER", 3},
      {"c > ?", "06", "CHAR", 2},      {"i = ?", NULL, "BIGINT", 0},
      {"i + 0 = ?", "7", "BIGINT", 1}, {"d = ?", "1.50", "DECIMAL", 1},
  };
  sql("DROP TABLE IF EXISTS t");
  sql("CREATE TABLE t (i INTEGER, c CHAR(2), d TEXT)");
  sql("INSERT INTO t VALUES (1,'01','1.0'),(7,'07','1.50'),(8,'08','1.5'),(9,'',NULL)");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_sql_param_t p = param(rows[i].value, rows[i].type);
    assert_int_equal(count_matches(rows[i].where, &p, false), rows[i].want);
    assert_int_equal(count_matches(rows[i].where, &p, true), rows[i].want);
  }
}

static void prepared_statement_is_used_again_with_other_values(void **state)
{
  (void)state;
  sql("DROP TABLE IF EXISTS t");
  sql("CREATE TABLE t (i INTEGER, c TEXT)");
  for (int large = 0; large < 2; large++) {
    sl_sql_statement_t insert = {.key = 1000, .text = "INSERT INTO t VALUES (?, ?)", .n_params = 2};
    sl_sql_statement_t select = {.key = 1001,
                                 .text = "SELECT c FROM t WHERE i = ?",
                                 .n_params = 1,
                                 .returns_rows = true,
                                 .large = large};
    for (int i = 0; i < 100; i++) {
      char nr[16];
      snprintf(nr, sizeof nr, "%d", i + 100 * large);
      sl_sql_param_t p[2] = {param(nr, "INTEGER"), param(nr, "VARCHAR")};
      sl_fault_t fault;
      sl_statement_t *s;
      long changed = 0;
      const sl_sql_cell_t *c;
      insert.params = select.params = p;
      assert_int_equal(sl_statements_execute(statements, &insert, &s, &changed, &fault),
                       SL_STEP_OK);
      assert_int_equal(changed, 1);
      sl_statement_close(s);
      assert_int_equal(sl_statements_execute(statements, &select, &s, &changed, &fault),
                       SL_STEP_OK);
      assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
      assert_cell(&c[0], nr);
      assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_END);
      sl_statement_close(s);
    }
  }
}

static void statement_left_halfway_starts_anew(void **state)
{
  (void)state;
  sl_sql_statement_t st = {.key = 2000,
                           .text = "SELECT 1 UNION SELECT 2 ORDER BY 1",
                           .returns_rows = true,
                           .large = true};
  for (int i = 0; i < 4; i++) {
    sl_fault_t fault;
    sl_statement_t *s;
    long changed;
    const sl_sql_cell_t *c;
    assert_int_equal(sl_statements_execute(statements, &st, &s, &changed, &fault), SL_STEP_OK);
    assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
    assert_cell(&c[0], "1");
    sl_statement_close(s);
  }
}

static void more_statements_than_are_kept_still_work(void **state)
{
  (void)state;
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 2 * SL_STATEMENTS_KEPT; i++) {
      char text[32], want[16];
      sl_statement_t *s;
      snprintf(text, sizeof text, "SELECT %d", i);
      snprintf(want, sizeof want, "%d", i);
      const sl_sql_cell_t *c = first_row(text, &s);
      assert_cell(&c[0], want);
      sl_statement_close(s);
    }
}

/* --- errors, transactions
 * ---------------------------------------------------------------------------- */

static void errors_have_sqlstates(void **state)
{
  (void)state;
  sql("DROP TABLE IF EXISTS u");
  sql("CREATE TABLE u (i INTEGER PRIMARY KEY)");
  sql("INSERT INTO u VALUES (1)");
  sl_fault_t fault;
  sl_statement_t *s;
  long changed;
  assert_int_equal(execute("INSERT INTO u VALUES (1)", NULL, 0, false, false, &s, &changed, &fault),
                   SL_STEP_SQL);
  assert_string_equal(fault.sql.state, "23000");
  assert_int_equal(execute("SELECT nothing FROM u", NULL, 0, true, false, &s, &changed, &fault),
                   SL_STEP_SQL);
  assert_string_equal(fault.sql.state, "42000");
}

static void rollback_undoes_and_commit_keeps(void **state)
{
  (void)state;
  sl_sqlerr_t e;
  char n[16];
  sql("DROP TABLE IF EXISTS w");
  sql("CREATE TABLE w (i INTEGER)");
  assert_true(sl_session_begin(&session, false, &e));
  sql("INSERT INTO w VALUES (1)");
  assert_true(sl_session_rollback(&session, &e));
  assert_true(sl_session_run(&session, "SELECT count(*) FROM w", NULL, n, sizeof n, &e));
  assert_string_equal(n, "0");
  assert_true(sl_session_begin(&session, false, &e));
  sql("INSERT INTO w VALUES (2)");
  assert_true(sl_session_commit(&session, &e));
  assert_true(sl_session_run(&session, "SELECT count(*) FROM w", NULL, n, sizeof n, &e));
  assert_string_equal(n, "1");
  assert_false(session.spoiled);
}

static void second_writer_is_told_to_try_again(void **state)
{
  (void)state;
  sl_session_t other;
  sl_err_t err;
  sl_sqlerr_t e;
  sql("DROP TABLE IF EXISTS w");
  sql("CREATE TABLE w (i INTEGER)");
  assert_int_equal(open_session(&other, &err), SL_OK);
  assert_true(sl_session_begin(&session, false, &e));
  sql("INSERT INTO w VALUES (1)");
  assert_false(sl_session_begin(&other, false, &e));
  assert_string_equal(e.state, "40001");
  assert_true(sl_session_commit(&session, &e));
  assert_true(sl_session_begin(&other, false, &e));
  sl_session_close(&other);
}

static void writer_commits_while_a_reader_is_in_mid_fetch(void **state)
{
  (void)state;
  sl_session_t writer;
  sl_err_t err;
  sl_sqlerr_t e;
  sl_fault_t fault;
  sl_statement_t *s;
  long changed;
  const sl_sql_cell_t *c;
  sql("PRAGMA journal_mode=WAL");
  sql("DROP TABLE IF EXISTS m");
  sql("CREATE TABLE m (i INTEGER)");
  sql("INSERT INTO m WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5000) "
      "SELECT i FROM n");
  sl_sql_param_t p = param("0", "INTEGER");
  assert_int_equal(execute("SELECT i FROM m WHERE i > ?", &p, 1, true, true, &s, &changed, &fault),
                   SL_STEP_OK);
  for (int i = 0; i < 100; i++) assert_int_equal(sl_statement_fetch(s, &c, &fault), SL_STEP_OK);
  assert_int_equal(open_session(&writer, &err), SL_OK);
  assert_true(sl_session_begin(&writer, false, &e));
  assert_true(sl_session_run(&writer, "INSERT INTO m VALUES (1)", NULL, NULL, 0, &e));
  assert_true(sl_session_commit(&writer, &e));
  sl_session_close(&writer);
  long rows = 100;
  while (sl_statement_fetch(s, &c, &fault) == SL_STEP_OK) rows++;
  assert_int_equal(rows, 5000);
  sl_statement_close(s);
}

static long anonymous_kb(void)
{
  char line[128];
  long kb = -1;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "RssAnon: %ld", &kb) == 1) break;
  if (f) fclose(f);
  return kb;
}

static void large_result_with_a_bound_filter_streams(void **state)
{
  (void)state;
  static const char text[] =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) "
      "SELECT i, 'some text that takes a little room' FROM n";
  sl_sql_param_t p = param("200000", "INTEGER");
  sl_fault_t fault;
  sl_statement_t *s;
  long changed, rows = 0, before = anonymous_kb();
  const sl_sql_cell_t *c;
  assert_int_equal(execute(text, &p, 1, true, true, &s, &changed, &fault), SL_STEP_OK);
  while (sl_statement_fetch(s, &c, &fault) == SL_STEP_OK) rows++;
  sl_statement_close(s);
  assert_int_equal(rows, 200000);
#ifndef __SANITIZE_ADDRESS__                         /* which holds on to what was freed */
  assert_in_range(anonymous_kb() - before, 0, 4000); /* all of it would take 20 MB */
#else
  (void)before;
#endif
}

static void commit_is_refused_only_by_states_that_say_so(void **state)
{
  (void)state;
  static const char *const refused[] = {"23000", "23505", "25S03", "40001", "40P01", "44000"};
  static const char *const unknown[] = {"08007", "08S01", "25S01", "25S02",
                                        "40003", "HY000", "HYT00", "57P01"};
  sl_sqlerr_t e;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    snprintf(e.state, sizeof e.state, "%s", refused[i]);
    if (!sl_sqlerr_refused(&e)) fail_msg("%s says that nothing was committed", e.state);
  }
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    snprintf(e.state, sizeof e.state, "%s", unknown[i]);
    if (sl_sqlerr_refused(&e)) fail_msg("%s leaves open whether it was committed", e.state);
  }
}

static void unreachable_file_is_unavailable(void **state)
{
  (void)state;
  sl_session_t s;
  sl_err_t err;
  sl_session_opts_t opts = {.connection = "Driver=SQLite3;Database=/nonexistent/x.db",
                            .init_sql = "SELECT 1 FROM sqlite_master"};
  assert_int_equal(sl_session_open(&s, env, &opts, &err), SL_UNAVAILABLE);
  opts.connection = "Driver=No Such Driver;";
  assert_int_equal(sl_session_open(&s, env, &opts, &err), SL_CONFIG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, connect_one, disconnect)
  const struct CMUnitTest tests[] = {
      TEST(values_come_back_as_they_are_stored),
      TEST(long_values_are_never_cut),
      TEST(parameters_keep_their_types_bound_and_through_the_table),
      TEST(table_bound_values_compare_like_bound_ones),
      TEST(prepared_statement_is_used_again_with_other_values),
      TEST(statement_left_halfway_starts_anew),
      TEST(more_statements_than_are_kept_still_work),
      TEST(errors_have_sqlstates),
      TEST(rollback_undoes_and_commit_keeps),
      TEST(second_writer_is_told_to_try_again),
      TEST(writer_commits_while_a_reader_is_in_mid_fetch),
      TEST(large_result_with_a_bound_filter_streams),
      cmocka_unit_test(commit_is_refused_only_by_states_that_say_so),
      TEST(unreachable_file_is_unavailable),
  };
  return cmocka_run_group_tests(tests, open_all, remove_all);
}
