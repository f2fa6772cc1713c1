/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "adapters/odbc/procedure.h"
#include "adapters/odbc/quirks.h"
#include "adapters/odbc/statement.h"

#define READ(n) "(SELECT +v FROM temp.sluice_value WHERE n=" #n ")"

static void unbind_replaces_only_placeholders(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t n;
    const char *want; /* NULL: refused */
  } rows[] = {
      {"SELECT 1", 0, "SELECT 1"},
      {"WHERE a = ? AND b > ?", 2, "WHERE a = " READ(1) " AND b > " READ(2)},
      {"WHERE a = '?' AND b = ?", 1, "WHERE a = '?' AND b = " READ(1)},
      {"WHERE a = 'it''s ?' AND b = ?", 1, "WHERE a = 'it''s ?' AND b = " READ(1)},
      {"WHERE \"a?\" = ? AND [b?] = `c?`", 1, "WHERE \"a?\" = " READ(1) " AND [b?] = `c?`"},
      {"SELECT 1 -- why?\nWHERE a = ?", 1, "SELECT 1 -- why?\nWHERE a = " READ(1)},
      {"SELECT 1 /* ? */ WHERE a-? = 4/?", 2, "SELECT 1 /* ? */ WHERE a-" READ(1) " = 4/" READ(2)},
      {"SELECT 1 -- to the end ?", 0, "SELECT 1 -- to the end ?"},
      {"SELECT 'open ?", 0, "SELECT 'open ?"},
      {"WHERE a = ?", 2, NULL},
      {"WHERE a = '?'", 1, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t out;
    sl_buf_init(&out, 0);
    bool ok = sl_statement_unbind(rows[i].text, rows[i].n, &out);
    assert_int_equal(ok, rows[i].want != NULL);
    if (ok) assert_string_equal(sl_buf_z(&out), rows[i].want);
    sl_buf_fini(&out);
  }
}

static void quirks_know_their_drivers(void **state)
{
  (void)state;
  assert_true(sl_quirk_for("libsqlite3odbc.so")->bind_table);
  assert_true(sl_quirk_for("sqlite3odbc.so")->bind_table);
  assert_non_null(sl_quirk_for("psqlodbcw.so")->stream_attributes);
  assert_non_null(sl_quirk_for("PSQLODBCA.SO")->stream_attributes);
  const sl_quirk_t *other = sl_quirk_for("libtdsodbc.so");
  assert_null(other->stream_attributes);
  assert_int_equal(other->array_rows, 1);
}

static void sqlite_codes_become_sqlstates(void **state)
{
  (void)state;
  const sl_quirk_t *sqlite = sl_quirk_for("sqlite3odbc.so");
  assert_string_equal(sl_quirk_state(sqlite, "HY000", 19), "23000");
  assert_string_equal(sl_quirk_state(sqlite, "HY000", 2067), "23000"); /* CONSTRAINT_UNIQUE */
  assert_string_equal(sl_quirk_state(sqlite, "HY000", 5), "40001");
  assert_string_equal(sl_quirk_state(sqlite, "HY000", 255), "HY000");
  assert_string_equal(sl_quirk_state(sqlite, "01004", 19), "01004");
  assert_string_equal(sl_quirk_state(sl_quirk_for("psqlodbcw.so"), "HY000", 19), "HY000");
}

static void type_names_are_odbc_types(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    SQLSMALLINT type;
  } rows[] = {
      {"BIGINT", SQL_BIGINT},
      {"char", SQL_CHAR},
      {"Numeric", SQL_DECIMAL},
      {"DATE", SQL_TYPE_DATE},
      {"timestamp", SQL_TYPE_TIMESTAMP},
      {"UUID", SQL_VARCHAR},
      {"", SQL_VARCHAR},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sl_quirk_sql_type(rows[i].name), rows[i].type);
}

static void procedures_are_called_in_the_way_of_their_driver(void **state)
{
  (void)state;
  sl_sql_param_t params[2] = {{.mode = SL_SQL_IN}, {.mode = SL_SQL_OUT}};
  sl_sql_param_t function[2] = {{.mode = SL_SQL_RETURN}, {.mode = SL_SQL_IN}};
  const struct {
    sl_sql_statement_t wanted;
    const char *row, *standard;
  } rows[] = {
      {{.text = "CALL P(?, ?)", .params = params, .n_params = 2}, "CALL P(?, ?)", "{call P(?, ?)}"},
      {{.text = "CALL P(?, ?)", .params = params, .n_params = 2, .returns_rows = true},
       "CALL P(?, ?, NULL)",
       "{call P(?, ?)}"},
      {{.text = "CALL S.\"p (1)\"()", .returns_rows = true},
       "CALL S.\"p (1)\"(NULL)",
       "{call S.\"p (1)\"()}"},
      {{.text = "CALL F(?)", .params = function, .n_params = 2}, "CALL F(?)", "{? = call F(?)}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t row, standard;
    sl_buf_init(&row, 0);
    sl_buf_init(&standard, 0);
    sl_procedure_row_text(&rows[i].wanted, &row);
    sl_procedure_standard_text(&rows[i].wanted, &standard);
    assert_string_equal(sl_buf_z(&row), rows[i].row);
    assert_string_equal(sl_buf_z(&standard), rows[i].standard);
    sl_buf_fini(&row);
    sl_buf_fini(&standard);
  }
  assert_int_equal(sl_quirk_for("psqlodbcw.so")->procedures, SL_PROCEDURES_BY_ROW);
  assert_int_equal(sl_quirk_for("libsqlite3odbc.so")->procedures, SL_PROCEDURES_NONE);
  assert_int_equal(sl_quirk_for("libtdsodbc.so")->procedures, SL_PROCEDURES_STANDARD);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unbind_replaces_only_placeholders),
      cmocka_unit_test(quirks_know_their_drivers),
      cmocka_unit_test(sqlite_codes_become_sqlstates),
      cmocka_unit_test(type_names_are_odbc_types),
      cmocka_unit_test(procedures_are_called_in_the_way_of_their_driver),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
