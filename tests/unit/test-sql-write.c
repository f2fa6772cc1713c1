/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What changes something: procedures, lists that are aligned, base records, commits that are
 * refused. The mapping is the shipped example. */
#include "tests/unit/sql_script.h"

static sl_mapping_t *orders;

/* --- procedures ----------------------------------------------------------------------------------
 */

#define CALL "CALL PKG_CREDIT.CHECK_ORDER(?, ?, ?)"

static void procedure_gives_back_values_and_rows(void **state)
{
  call_t call = {.operation = "creditCheck",
                 .args = {"path:id", "4711"},
                 .body = "{\"limit\":\"12.50\"}",
                 .steps = {{.sql = CALL,
                            .values = "4711|12.50|~",
                            .labels = "hit_cd",
                            .rows = "LATE\nNEW",
                            .out = "25.00|0"}},
                 .status = 200,
                 .json = "{\"limit\":\"25.00\",\"hits\":[{\"code\":\"LATE\"},{\"code\":\"NEW\"}]}"};
  run_call(orders, &call);
  call.steps[0].rows = "";
  call.steps[0].out = "~|0";
  call.json = "{\"limit\":null,\"hits\":[]}";
  run_call(orders, &call);
}

static void procedure_param_that_comes_back_decides_the_outcome(void **state)
{
  call_t call = {.operation = "creditCheck",
                 .args = {"path:id", "4711"},
                 .body = "{\"limit\":\"12.50\"}",
                 .steps = {{.sql = CALL,
                            .values = "4711|12.50|~",
                            .labels = "HIT_CD",
                            .rows = "LATE",
                            .out = "12.50|4"}},
                 .status = 422,
                 .problem = "limit-exceeded"};
  run_call(orders, &call);
  call.steps[0].out = "12.50|~";
  call.status = 502;
  call.problem = "credit-error";
  run_call(orders, &call);
}

static void procedure_with_bad_answers_is_garbage(void **state)
{
  call_t call = {.operation = "creditCheck",
                 .args = {"path:id", "4711"},
                 .body = "{\"limit\":\"12.50\"}",
                 .steps = {{.sql = CALL,
                            .values = "4711|12.50|~",
                            .labels = "HIT_CD",
                            .rows = "LATE",
                            .out = "25.00"}},
                 .error = "P_RC: the procedure did not give this value back"};
  run_call(orders, &call);
  call.steps[0].out = NULL;
  call.error = "P_LIMIT: the procedure did not give this value back";
  run_call(orders, &call);
  call.steps[0].out = "25.00|0";
  call.steps[0].labels = "HIT";
  call.error = "HIT_CD: the select has no column HIT_CD";
  run_call(orders, &call);
}

static void procedure_with_bad_arguments_is_not_called(void **state)
{
  static const struct {
    const char *body, *error;
  } bad[] = {{"{}", "/limit: is required"},
             {"{\"limit\":\"1.005\"}", "/limit: "},
             {"{\"limit\":\"1.00\",\"hits\":[]}", "/hits: "}};
  for (size_t i = 0; i < N(bad); i++) {
    call_t call = {.operation = "creditCheck",
                   .args = {"path:id", "4711"},
                   .body = bad[i].body,
                   .error = bad[i].error};
    run_call(orders, &call);
  }
}

/* --- commits -------------------------------------------------------------------------------------
 */

static void commit_that_is_refused_takes_the_sqlstate_outcome(void **state)
{
  call_t call = {.operation = "creditCheck",
                 .args = {"path:id", "4711"},
                 .body = "{\"limit\":\"12.50\"}",
                 .steps = {{.sql = CALL,
                            .values = "4711|12.50|~",
                            .labels = "HIT_CD",
                            .rows = "LATE",
                            .out = "25.00|0"}},
                 .commit = "23503",
                 .status = 409,
                 .problem = "order-conflict"};
  run_call(orders, &call);
  call.commit = "40001";
  call.status = 503;
  call.problem = "deadlock";
  run_call(orders, &call);
}

/* --- set up
 * ------------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
  char path[1024];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/mappings/examples/orders/orders.map.xml", source ? source : ".");
  orders = load(path);
  return orders ? 0 : -1;
}

static int tear_down(void **state)
{
  sl_mapping_destroy(&orders);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(procedure_gives_back_values_and_rows),
      cmocka_unit_test(procedure_param_that_comes_back_decides_the_outcome),
      cmocka_unit_test(procedure_with_bad_answers_is_garbage),
      cmocka_unit_test(procedure_with_bad_arguments_is_not_called),
      cmocka_unit_test(commit_that_is_refused_takes_the_sqlstate_outcome),
  };
  return cmocka_run_group_tests_name("sql-write", tests, set_up, tear_down);
}
