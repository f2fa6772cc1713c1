/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SQL operations against a scripted database: what is to be executed, with which values, and what
 * the consumer gets for the rows that come back. */
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
#include "mappings/engine/sql_impl.h"
#include "tests/unit/sql_script.h"

/* --- placeholders --------------------------------------------------------------------------------
 */

static const struct {
  const char *text, *cut, *names;
} cuts[] = {
    {"SELECT :a, :b_1 FROM t", "SELECT ?, ? FROM t", "a b_1"},
    {"SELECT ':a' || \":b\" || `:c`, :d", "SELECT ':a' || \":b\" || `:c`, ?", "d"},
    {"SELECT 'it''s :a', :b", "SELECT 'it''s :a', ?", "b"},
    {"SELECT E'\\':a', :b", "SELECT E'\\':a', ?", "b"},
    {"SELECT x::text, :a::int", "SELECT x::text, ?::int", "a"},
    {"SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, ?", "b"},
    {"SELECT /* :a /* :b */ :c */ :d", "SELECT /* :a /* :b */ :c */ ?", "d"},
    {"SELECT $$ :a $$, $q$ :b $$ $q$, :c", "SELECT $$ :a $$, $q$ :b $$ $q$, ?", "c"},
    {"SELECT a[1:2], :b", "SELECT a[1:2], ?", "b"},
    {"SELECT type':a', :b", "SELECT type':a', ?", "b"},
    {"x > :page.after AND y IN (:page.keys)", "x > ? AND y IN (?, ?, ?)",
     "page.after page.keys page.keys page.keys"},
    {":page.after.ORD_ID.", "?.", "page.after.ORD_ID"},
    {"SELECT :a ; \n", "SELECT ?", "a"},
    {"SELECT 1; DELETE FROM t", NULL, "nothing may follow"},
    {"SELECT 'a", NULL, "not closed"},
    {"SELECT /* a", NULL, "not closed"},
    {"SELECT $x$ a $y$", NULL, "not closed"},
    {"SELECT ? FROM t", NULL, "name it"},
};

static void cut_finds_names_outside_literals_and_comments(void **state)
{
  for (size_t i = 0; i < N(cuts); i++) {
    sl_sql_cut_t cut;
    char names[256] = "";
    sl_sql_cut(&cut, sl_str(cuts[i].text), 3);
    if (!cuts[i].cut) {
      if (!cut.problem || !strstr(cut.problem, cuts[i].names))
        fail_msg("%s: no problem", cuts[i].text);
      sl_sql_cut_fini(&cut);
      continue;
    }
    if (cut.problem) fail_msg("%s: %s", cuts[i].text, cut.problem);
    const sl_sql_name_t *v = (const sl_sql_name_t *)(const void *)cut.names.p;
    for (size_t k = 0; k < sl_sql_cut_count(&cut); k++)
      snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.*s", k ? " " : "",
               SL_STR_ARG(v[k].name));
    assert_string_equal(sl_buf_z(&cut.text), cuts[i].cut);
    assert_string_equal(names, cuts[i].names);
    sl_sql_cut_fini(&cut);
  }
}

static sl_mapping_t *erp, *odd;

/* --- reading
 * ----------------------------------------------------------------------------------------- */

#define GET_ORDER                                                                                  \
  "SELECT o.ORD_ID, CUST_NO, STAT, ORD_DT, DLV_DT, CURR, TOTAL_CT, FREIGHT, REF, NOTE, LINE_NO, "  \
  "SKU, QTY_M, PRICE_CT, REMARK FROM ORDERS o LEFT JOIN ORDER_LINES l ON l.ORD_ID = o.ORD_ID "     \
  "WHERE o.ORD_ID = ? ORDER BY o.ORD_ID, LINE_NO"
#define ORDER_COLUMNS                                                                              \
  "ORD_ID|CUST_NO|STAT|ORD_DT|DLV_DT|CURR|TOTAL_CT|FREIGHT|REF|NOTE|LINE_NO|SKU|QTY_M|PRICE_CT|"   \
  "REMARK"
#define HEAD "7|0000000042|10|20260102|0|EUR|123450|12.50|~|~"
#define HEAD_JSON                                                                                  \
  "{\"id\":7,\"account\":\"42\",\"status\":\"open\",\"orderedOn\":\"2026-01-02\","                 \
  "\"deliveredOn\":null,\"currency\":\"EUR\",\"total\":\"1234.50\",\"freight\":\"12.50\","         \
  "\"reference\":null,\"note\":null,\"lines\":["

static void select_with_joined_list_groups_rows(void **state)
{
  call_t call = {
      "getOrder",
      {"path:id", "7"},
      NULL,
      {{GET_ORDER, "7", ORDER_COLUMNS,
        HEAD "|1|AB-1              |1500|999|~\n" HEAD "|2|AB-2              |0|5|x\"y", 0, NULL}},
      200,
      HEAD_JSON
      "{\"no\":1,\"sku\":\"AB-1\",\"quantity\":1.500,\"price\":\"9.99\",\"remark\":null},"
      "{\"no\":2,\"sku\":\"AB-2\",\"quantity\":0.000,\"price\":\"0.05\",\"remark\":\"x\\\"y\"}]}",
      NULL,
      NULL,
      NULL};
  run_call(erp, &call);
}

static void select_with_null_list_key_has_no_items(void **state)
{
  call_t call = {"getOrder", {"path:id", "7"},
                 NULL,       {{GET_ORDER, "7", ORDER_COLUMNS, HEAD "|~|~|~|~|~", 0, NULL}},
                 200,        HEAD_JSON "]}",
                 NULL,       NULL,
                 NULL};
  run_call(erp, &call);
}

static void select_without_rows_takes_the_rows_outcome(void **state)
{
  call_t call = {"getOrder", {"path:id", "7"},
                 NULL,       {{GET_ORDER, "7", ORDER_COLUMNS, "", 0, NULL}},
                 404,        NULL,
                 NULL,       "order-not-found",
                 NULL};
  run_call(erp, &call);
}

static void select_refused_takes_the_sqlstate_outcome(void **state)
{
  call_t call = {"getOrder", {"path:id", "7"},
                 NULL,       {{GET_ORDER, "7", ORDER_COLUMNS, "", 0, "40001"}},
                 503,        NULL,
                 NULL,       "database-busy",
                 NULL};
  run_call(erp, &call);
}

static void select_with_bad_answers_is_garbage(void **state)
{
  static const struct {
    const char *labels, *rows, *error;
  } rows[] = {
      {"ORD_ID|CUST_NO", "", "STAT: the select has no column STAT"},
      {ORDER_COLUMNS, "7|0000000042|77|20260102|0|EUR|1|1.00|~|~|~|~|~|~|~", "/status: one of the"},
      {ORDER_COLUMNS, HEAD "|~|~|~|~|~\n8|0000000042|10|20260102|0|EUR|1|1.00|~|~|~|~|~|~|~",
       "more than one record"},
  };
  for (size_t i = 0; i < N(rows); i++) {
    call_t call = {"getOrder",
                   {"path:id", "7"},
                   NULL,
                   {{GET_ORDER, "7", rows[i].labels, rows[i].rows, 0, NULL}},
                   0,
                   NULL,
                   NULL,
                   NULL,
                   rows[i].error};
    run_call(erp, &call);
  }
}

static void select_with_bad_parameters_executes_nothing(void **state)
{
  static const call_t calls[] = {
      {.operation = "getOrder", .args = {"path:id", "x"}, .error = "path:id: an integer"},
      {.operation = "listOrders",
       .args = {"query:status", "10"},
       .error = "query:status: one of these"},
      {.operation = "listOrders", .args = {"query:nope", "1"}, .error = "query:nope"},
      {.operation = "listOrders",
       .args = {"query:limit", "0"},
       .error = "query:limit: a number from 1"},
      {.operation = "listOrders", .args = {"query:limit", "1001"}, .error = "from 1 to 1000"},
      {.operation = "listOrders", .args = {"query:limit", "1e2"}, .error = "query:limit"},
      {.operation = "listOrders", .args = {"query:cursor", ""}, .error = "query:cursor"},
      {.operation = "listOrders", .args = {"query:cursor", "AQAAAAAAATc"}, .error = "query:cursor"},
      {.operation = "listOrders", .args = {"query:cursor", "%%%"}, .error = "query:cursor"},
      {.operation = "exportOrders", .args = {NULL}, .error = "query:from: is required"},
  };
  for (size_t i = 0; i < N(calls); i++) run_call(erp, &calls[i]);
}

/* --- pages
 * ------------------------------------------------------------------------------------------- */

#define LIST                                                                                       \
  "SELECT ORD_ID, CUST_NO, STAT, ORD_DT, DLV_DT, CURR, TOTAL_CT, REF FROM ORDERS WHERE 1 = 1"
#define LIST_COLS "ord_id|cust_no|stat|ord_dt|dlv_dt|curr|total_ct|ref"
#define ROW(id)   id "|0000000042|10|20260102|0|EUR|1|~"
#define ROW_JSON(id)                                                                               \
  "{\"id\":" id ",\"account\":\"42\",\"status\":\"open\",\"orderedOn\":\"2026-01-02\","            \
  "\"deliveredOn\":null,\"currency\":\"EUR\",\"total\":\"0.01\",\"reference\":null}"

static void page_with_more_rows_links_to_the_next(void **state)
{
  sl_buf_t out;
  char link[1024] = "", cursor[256] = "";
  call_t first = {"listOrders",
                  {"query:status", "open", "query:limit", "2"},
                  NULL,
                  {{LIST " AND STAT = ? ORDER BY ORD_ID LIMIT ?", "10|3", LIST_COLS,
                    ROW("5") "\n" ROW("6") "\n" ROW("7") "\n" ROW("8"), 0, NULL}},
                  200,
                  "{\"items\":[" ROW_JSON("5") "," ROW_JSON("6") "]}",
                  "Link: </orders?status=open&limit=2&cursor=",
                  NULL,
                  NULL};
  sl_buf_init(&out, 0);
  run_call_into(erp, &first, &out, link);
  assert_int_equal(
      sscanf(strstr(link, "cursor="), "cursor=%255[A-Za-z0-9_-]>; rel=\"next\"", cursor), 1);
  call_t second = {"listOrders",
                   {"query:status", "open", "query:limit", "2", "query:cursor", cursor},
                   NULL,
                   {{LIST " AND ORD_ID > ? AND STAT = ? ORDER BY ORD_ID LIMIT ?", "6|10|3",
                     LIST_COLS, ROW("7"), 0, NULL}},
                   200,
                   "{\"items\":[" ROW_JSON("7") "]}",
                   NULL,
                   NULL,
                   NULL};
  run_call(erp, &second);
  /* It belongs to its operation. */
  call_t other = {
      .operation = "listCustomers", .args = {"query:cursor", cursor}, .error = "query:cursor"};
  run_call(erp, &other);
  sl_buf_fini(&out);
}

static void page_without_rows_is_an_empty_array(void **state)
{
  call_t call = {"listOrders", {NULL},
                 NULL,         {{LIST " ORDER BY ORD_ID LIMIT ?", "51", LIST_COLS, "", 0, NULL}},
                 200,          "{\"items\":[]}",
                 NULL,         NULL,
                 NULL};
  run_call(erp, &call);
}

#define STOCK "SELECT SKU, WHS, DESCR, ON_HAND, RESERVED, BIN_LOC, LAST_CNT FROM STOCK WHERE 1 = 1"

static void page_by_two_columns_goes_on_after_both(void **state)
{
  sl_buf_t out;
  char link[1024] = "", cursor[256] = "";
  call_t first = {
      "listStock",
      {"query:limit", "1"},
      NULL,
      {{STOCK " ORDER BY SKU, WHS LIMIT ?", "2", "SKU|WHS|DESCR|ON_HAND|RESERVED|BIN_LOC|LAST_CNT",
        "A-1               |LDZ|Bolt|5|~|~|0\nA-1               |MUC|Bolt|5|~|~|0", 0, NULL}},
      200,
      "{\"items\":[{\"sku\":\"A-1\",\"warehouse\":\"lodz\",\"name\":\"Bolt\",\"onHand\":5,"
      "\"reserved\":null,\"bin\":null,\"countedOn\":null}]}",
      "Link: </stock?limit=1&cursor=",
      NULL,
      NULL};
  sl_buf_init(&out, 0);
  run_call_into(erp, &first, &out, link);
  assert_int_equal(sscanf(strstr(link, "cursor="), "cursor=%255[A-Za-z0-9_-]", cursor), 1);
  call_t second = {"listStock",
                   {"query:cursor", cursor},
                   NULL,
                   {{STOCK " AND (SKU > ? OR (SKU = ? AND WHS > ?)) ORDER BY SKU, WHS LIMIT ?",
                     "A-1               |A-1               |LDZ|51",
                     "SKU|WHS|DESCR|ON_HAND|RESERVED|BIN_LOC|LAST_CNT", "", 0, NULL}},
                   200,
                   "{\"items\":[]}",
                   NULL,
                   NULL,
                   NULL};
  run_call(erp, &second);
  sl_buf_fini(&out);
}

/* --- streams
 * ----------------------------------------------------------------------------------------- */

static sl_run_t *begin_export(sl_arena_t *arena, const sl_input_t *in, sl_buf_t *out)
{
  static const char *const columns[] = {"ORD_ID", "CUST_NO", "STAT",     "ORD_DT",
                                        "DLV_DT", "CURR",    "TOTAL_CT", "REF"};
  sl_sql_statement_t statement;
  sl_str_t labels[8];
  sl_err_t err;
  bool done;
  for (size_t i = 0; i < 8; i++) labels[i] = sl_str(columns[i]);
  sl_run_t *run = sl_run_new(sl_mapping_op(erp, "exportOrders"), arena, in, out);
  assert_int_equal(sl_run_sql_next(run, &statement, &done, &err), SL_OK);
  assert_true(statement.large);
  assert_false(sl_run_head(run));
  assert_int_equal(sl_run_sql_columns(run, labels, 8, &err), SL_OK);
  return run;
}

static sl_code_t export_row(sl_run_t *run, const char *id, sl_err_t *err)
{
  sl_sql_cell_t cells[8] = {
      {id, strlen(id), false}, {"0000000042", 10, false}, {"10", 2, false}, {"20260102", 8, false},
      {"0", 1, false},         {"EUR", 3, false},         {"1", 1, false},  {NULL, 0, true}};
  return sl_run_sql_row(run, cells, 8, err);
}

static void list_without_page_streams_in_constant_memory(void **state)
{
  sl_arg_t arg = {SL_STR("query:from"), SL_STR("2026-01-01")};
  sl_input_t in = {&arg, 1, {NULL, 0}};
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_buf_t out;
  sl_err_t err;
  sl_answer_t answer;
  bool rollback, done;
  size_t total = 0, used = 0;
  sl_buf_init(&out, 0);
  sl_run_t *run = begin_export(arena, &in, &out);
  for (int i = 0; i < 100000; i++) {
    char id[16];
    snprintf(id, sizeof id, "%d", i);
    assert_int_equal(export_row(run, id, &err), SL_OK);
    assert_true(sl_run_head(run));
    total += out.len;
    sl_buf_clear(&out); /* sent */
    if (i == 0) used = sl_arena_used(arena);
  }
  assert_int_equal(sl_arena_used(arena), used);
  assert_int_equal(sl_run_sql_done(run, -1, "00000", &rollback, &err), SL_OK);
  sl_sql_statement_t statement;
  assert_int_equal(sl_run_sql_next(run, &statement, &done, &err), SL_OK);
  assert_true(done);
  assert_string_equal(sl_buf_z(&out), "]}");
  assert_int_equal(sl_run_answer(run, &answer, &err), SL_OK);
  assert_int_equal(answer.status, 200);
  assert_true(total > 100000 * 100);
  sl_run_fini(run);
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
}

static void stream_that_breaks_after_its_head_is_an_error(void **state)
{
  sl_arg_t arg = {SL_STR("query:from"), SL_STR("2026-01-01")};
  sl_input_t in = {&arg, 1, {NULL, 0}};
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_buf_t out;
  sl_err_t err;
  bool rollback;
  sl_buf_init(&out, 0);
  sl_run_t *run = begin_export(arena, &in, &out);
  assert_int_equal(export_row(run, "1", &err), SL_OK);
  assert_int_equal(sl_run_sql_done(run, -1, "08S01", &rollback, &err), SL_LEGACY_ERROR);
  sl_run_fini(run);
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
}

/* --- writing
 * ----------------------------------------------------------------------------------------- */

#define NEW_ORDER                                                                                  \
  "{\"account\":\"42\",\"status\":\"open\",\"orderedOn\":\"2026-01-02\",\"deliveredOn\":null,"     \
  "\"currency\":\"EUR\",\"total\":\"1234.50\",\"freight\":\"12.50\",\"lines\":["                   \
  "{\"no\":1,\"sku\":\"AB-1\",\"quantity\":1.5,\"price\":\"9.99\"},"                               \
  "{\"no\":2,\"sku\":\"AB-2\",\"quantity\":2,\"price\":\"0.05\",\"remark\":\"x\"}]}"
#define NEXT_ID "SELECT COALESCE(MAX(ORD_ID), 0) + 1 FROM ORDERS"
#define INSERT_ORDER                                                                               \
  "INSERT INTO ORDERS (ORD_ID, CUST_NO, STAT, ORD_DT, DLV_DT, CURR, TOTAL_CT, FREIGHT, REF, "      \
  "NOTE) "                                                                                         \
  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define INSERT_VALUES "7|0000000042|10|20260102|0|EUR|123450|12.50|~|~"
#define INSERT_LINE                                                                                \
  "INSERT INTO ORDER_LINES (ORD_ID, LINE_NO, SKU, QTY_M, PRICE_CT, REMARK) VALUES (?, ?, ?, ?, "   \
  "?, ?)"

static void insert_writes_record_and_lists_and_reads_again(void **state)
{
  call_t call = {"createOrder",
                 {NULL},
                 NEW_ORDER,
                 {{NEXT_ID, "", "?column?", "7", 0, NULL},
                  {INSERT_ORDER, INSERT_VALUES, NULL, NULL, 1, NULL},
                  {INSERT_LINE, "7|1|AB-1              |1500|999|~", NULL, NULL, 1, NULL},
                  {INSERT_LINE, "7|2|AB-2              |2000|05|x", NULL, NULL, 1, NULL},
                  {GET_ORDER, "7", ORDER_COLUMNS, HEAD "|~|~|~|~|~", 0, NULL}},
                 201,
                 HEAD_JSON "]}",
                 "Location: /orders/7",
                 NULL,
                 NULL};
  run_call(erp, &call);
}

static void insert_refused_takes_the_sqlstate_outcome(void **state)
{
  call_t call = {"createOrder",
                 {NULL},
                 NEW_ORDER,
                 {{NEXT_ID, "", "?column?", "7", 0, NULL},
                  {INSERT_ORDER, INSERT_VALUES, NULL, NULL, 1, "23505"}},
                 409,
                 NULL,
                 NULL,
                 "conflict",
                 NULL};
  run_call(erp, &call);
}

static void insert_whose_reread_finds_nothing_has_no_body(void **state)
{
  call_t call = {"createEntry",
                 {NULL},
                 "{\"id\":5,\"amount\":\"12345678901234567.8900\",\"number\":\"1\"}",
                 {{"INSERT INTO LEDGER (ENTRY_ID, AMOUNT, BIG_NO, MEMO) VALUES (?, ?, ?, ?)",
                   "5|12345678901234567.8900|1|~", NULL, NULL, 1, NULL},
                  {"SELECT ENTRY_ID, AMOUNT, BIG_NO, MEMO FROM LEDGER WHERE ENTRY_ID = ?", "5",
                   "ENTRY_ID|AMOUNT|BIG_NO|MEMO", "", 0, NULL}},
                 201,
                 NULL,
                 "Location: /entries/5",
                 NULL,
                 NULL};
  run_call(erp, &call);
}

static void writes_with_bad_bodies_execute_nothing(void **state)
{
  static const call_t calls[] = {
      {.operation = "createOrder",
       .body = "{\"id\":9,\"account\":\"42\"}",
       .error = "/id: is made by"},
      {.operation = "createEntry",
       .body = "{\"id\":5,\"amount\":12.5,\"number\":\"1\"}",
       .error = "/amount: a decimal in a string"},
      {.operation = "createEntry",
       .body = "{\"id\":5,\"amount\":\"-0.00\",\"number\":\"1\"}",
       .error = "/amount: zero without a sign"},
      {.operation = "createEntry",
       .body = "{\"id\":5,\"amount\":\"0.00001\",\"number\":\"1\"}",
       .error = "/amount: at most 4 digits"},
      {.operation = "createEntry",
       .body = "{\"id\":5,\"number\":\"1\"}",
       .error = "/amount: is required"},
      {.operation = "createEntry",
       .body = "{\"amount\":\"1\",\"number\":\"1\"}",
       .error = "/id: is required"},
  };
  for (size_t i = 0; i < N(calls); i++) run_call(erp, &calls[i]);
}

#define UPDATE_BODY                                                                                \
  "{\"account\":\"42\",\"status\":\"shipped\",\"orderedOn\":\"2026-01-02\","                       \
  "\"deliveredOn\":\"2026-01-05\",\"currency\":\"EUR\",\"total\":\"1234.50\"}"
#define UPDATE                                                                                     \
  "UPDATE ORDERS SET CUST_NO = ?, STAT = ?, ORD_DT = ?, DLV_DT = ?, CURR = ?, TOTAL_CT = ?, "      \
  "FREIGHT = ?, REF = ?, NOTE = ? WHERE ORD_ID = ?"
#define UPDATE_VALUES "0000000042|90|20260102|20260105|EUR|123450|~|~|~|7"

static void update_replaces_the_record_and_reads_again(void **state)
{
  call_t call = {"updateOrder",
                 {"path:id", "7"},
                 UPDATE_BODY,
                 {{UPDATE, UPDATE_VALUES, NULL, NULL, 1, NULL},
                  {GET_ORDER, "7", ORDER_COLUMNS, HEAD "|~|~|~|~|~", 0, NULL}},
                 200,
                 HEAD_JSON "]}",
                 NULL,
                 NULL,
                 NULL};
  run_call(erp, &call);
}

static void update_of_no_row_takes_the_rows_outcome(void **state)
{
  call_t call = {"updateOrder", {"path:id", "7"},
                 UPDATE_BODY,   {{UPDATE, UPDATE_VALUES, NULL, NULL, 0, NULL}},
                 404,           NULL,
                 NULL,          "order-not-found",
                 NULL};
  run_call(erp, &call);
}

/* --- a mapping with the rest: merge, lists replaced, lists by a select of their own
 * ------------------- */

static const char odd_text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='odd' version='1.0.0'>\n"
    " <system name='odd' kind='odbc'>\n"
    "  <outcome legacy='#sqlstate'><when is='23*' status='409' problem='conflict'/><otherwise "
    "status='502' problem='db'/></outcome>\n"
    " </system>\n"
    " <type name='id' kind='integer' as='number' sql-type='BIGINT'/>\n"
    " <type name='words' kind='text' sql-type='VARCHAR'/>\n"
    " <shape name='Box' table='BOX'>\n"
    "  <field legacy='BOX_ID' json='/id' type='id' key='true'/>\n"
    "  <field legacy='NAME' json='/name' type='words'/>\n"
    "  <field legacy='order' json='/order' type='words'/>\n"
    "  <list table='ITEM' key='ITEM_NO' parent='BOX_ID' json='/items'>\n"
    "   <field legacy='ITEM_NO' json='/no' type='id'/>\n"
    "   <field legacy='WHAT' json='/what' type='words'/>\n"
    "  </list>\n"
    " </shape>\n"
    " <shape name='Row'>\n"
    "  <field legacy='V_ID' json='/id' type='id'/>\n"
    "  <field legacy='NAME' json='/name' type='words'/>\n"
    " </shape>\n"
    " <shape name='Versioned' table='V'>\n"
    "  <field legacy='V_ID' json='/id' type='id' key='true'/>\n"
    "  <field legacy='NAME' json='/name' type='words'/>\n"
    "  <field legacy='VER' http='header:ETag' type='id' access='read-only'/>\n"
    " </shape>\n"
    " <shape name='Made' table='M'>\n"
    "  <field legacy='M_ID' json='/id' type='id' key='true'/>\n"
    "  <record legacy='PLACE'><field at='1-2' json='/area'/><field at='3-5' json='/no' "
    "type='integer'/></record>\n"
    "  <field legacy='CCY' json='/ccy' default='EUR'/>\n"
    " </shape>\n"
    " <shape name='Person' table='PERSON'>\n"
    "  <field legacy='P_ID' json='/id' type='id' key='true'/>\n"
    "  <slots legacy='ADDR{1..3}' json='/lines' type='words'/>\n"
    "  <slots legacy='TEL{01..02}_' json='/phones' gaps='null'>\n"
    "   <field legacy='KIND' json='/kind' type='words'/>\n"
    "   <field legacy='NO_{n}' json='/number' type='words'/>\n"
    "  </slots>\n"
    "  <pairs table='PROP' parent='P_ID' name='NAME' value='VALUE' json='/labels' type='words'/>\n"
    " </shape>\n"
    " <shape name='Party' table='PARTY'>\n"
    "  <field legacy='ID' json='/id' key='true' type='integer'/>\n"
    "  <choice legacy='TP' json='/type'>\n"
    "   <case legacy='P' json='person'>\n"
    "    <field legacy='NM' json='/first'/><field legacy='BORN' json='/born' type='date'/>\n"
    "    <const legacy='GRP' value='1'/>\n"
    "   </case>\n"
    "   <case legacy='C' json='company'>\n"
    "    <field legacy='NM' json='/name'/><field legacy='REG' json='/register'/>\n"
    "    <field legacy='GRP' json='/group' type='integer'/>\n"
    "   </case>\n"
    "  </choice>\n"
    "  <field legacy='NOTE' json='/note'/>\n"
    " </shape>\n"
    " <operation name='parties' method='GET' path='/parties'>\n"
    "  <select>SELECT * FROM PARTY</select>\n"
    "  <response shape='Party' json=''/>\n"
    " </operation>\n"
    " <operation name='createParty' method='POST' path='/parties'>\n"
    "  <insert shape='Party'/><response status='201'/>\n"
    " </operation>\n"
    " <operation name='putParty' method='PUT' path='/parties/{id}'>\n"
    "  <update shape='Party' mode='replace'/><response status='204'/>\n"
    " </operation>\n"
    " <operation name='patchParty' method='PATCH' path='/parties/{id}'>\n"
    "  <update shape='Party' mode='merge'/><response status='204'/>\n"
    " </operation>\n"
    " <operation name='persons' method='GET' path='/persons'>\n"
    "  <select>SELECT * FROM PERSONS</select>\n"
    "  <response shape='Person' json=''/>\n"
    " </operation>\n"
    " <operation name='createPerson' method='POST' path='/persons'>\n"
    "  <insert shape='Person'/>\n"
    "  <response status='201'/>\n"
    " </operation>\n"
    " <operation name='mergePerson' method='PATCH' path='/persons/{id}'>\n"
    "  <update shape='Person' mode='merge'/>\n"
    "  <response status='204'/>\n"
    " </operation>\n"
    " <operation name='list' method='GET' path='/boxes'>\n"
    "  <page key='BOX_ID' size='2' max='3'/>\n"
    "  <select>SELECT BOX_ID, NAME, \"order\" FROM BOX <if present='page.after'>WHERE BOX_ID > "
    ":page.after</if> ORDER BY BOX_ID LIMIT :page.limit</select>\n"
    "  <select for='/items'>SELECT BOX_ID, ITEM_NO, WHAT FROM ITEM WHERE BOX_ID IN (:page.keys) "
    "ORDER BY BOX_ID, ITEM_NO</select>\n"
    "  <response shape='Box' json='/boxes'/>\n"
    " </operation>\n"
    " <operation name='tree' method='GET' path='/tree'>\n"
    "  <select>SELECT * FROM TREE ORDER BY BOX_ID, ITEM_NO</select>\n"
    "  <response shape='Box' json=''/>\n"
    " </operation>\n"
    " <operation name='merge' method='PATCH' path='/boxes/{id}'>\n"
    "  <update shape='Box' mode='merge'/>\n"
    "  <response status='204'/>\n"
    " </operation>\n"
    " <operation name='replace' method='PUT' path='/boxes/{id}'>\n"
    "  <update shape='Box' mode='replace'/>\n"
    "  <response status='204'/>\n"
    " </operation>\n"
    " <operation name='getVersioned' method='GET' path='/v/{id}'>\n"
    "  <param name='id' http='path:id' type='id'/>\n"
    "  <select>SELECT V_ID, NAME, VER FROM V WHERE V_ID = :id</select>\n"
    "  <response shape='Versioned'/>\n"
    " </operation>\n"
    " <operation name='putVersioned' method='PUT' path='/v/{id}'>\n"
    "  <update shape='Versioned' mode='replace' if-match='VER'/>\n"
    "  <outcome legacy='#rows'><when is='0' status='412' problem='stale'/><otherwise "
    "status='204'/></outcome>\n"
    " </operation>\n"
    " <operation name='pages' method='GET' path='/pages'>\n"
    "  <page key='V_ID' size='1' max='2' json='/next'/>\n"
    "  <select>SELECT V_ID, NAME FROM V <if present='page.after'>WHERE V_ID > :page.after</if> "
    "ORDER BY V_ID LIMIT :page.limit</select>\n"
    "  <response shape='Row' json='/rows'><const json='/kind' value='v'/></response>\n"
    " </operation>\n"
    " <operation name='create' method='POST' path='/boxes'>\n"
    "  <insert shape='Box'/>\n"
    "  <response status='201'/>\n"
    " </operation>\n"
    " <operation name='createMade' method='POST' path='/made'>\n"
    "  <insert shape='Made'/><response status='201'/>\n"
    " </operation>\n"
    " <operation name='putMade' method='PUT' path='/made/{id}'>\n"
    "  <update shape='Made' mode='replace'/><response status='204'/>\n"
    " </operation>\n"
    " <operation name='patchMade' method='PATCH' path='/made/{id}'>\n"
    "  <update shape='Made' mode='merge'/><response status='204'/>\n"
    " </operation>\n"
    "</mapping>\n";

static void lists_with_a_select_of_their_own_are_put_in_place(void **state)
{
  call_t call = {
      "list",
      {NULL},
      NULL,
      {{"SELECT BOX_ID, NAME, \"order\" FROM BOX ORDER BY BOX_ID LIMIT ?", "3", "BOX_ID|NAME|order",
        "1|a|~\n2|~|x\n3|c|~", 0, NULL},
       {"SELECT BOX_ID, ITEM_NO, WHAT FROM ITEM WHERE BOX_ID IN (?, ?) ORDER BY BOX_ID, ITEM_NO",
        "1|2", "BOX_ID|ITEM_NO|WHAT", "2|1|nail\n2|2|nut", 0, NULL}},
      200,
      "{\"boxes\":[{\"id\":1,\"name\":\"a\",\"order\":null,\"items\":[]},"
      "{\"id\":2,\"name\":null,\"order\":\"x\",\"items\":[{\"no\":1,\"what\":\"nail\"},{\"no\":2,"
      "\"what\":\"nut\"}]}]}",
      "Link: </boxes?cursor=",
      NULL,
      NULL};
  run_call(odd, &call);
  call_t many = {
      "list",
      {"query:limit", "3"},
      NULL,
      {{"SELECT BOX_ID, NAME, \"order\" FROM BOX ORDER BY BOX_ID LIMIT ?", "4", "BOX_ID|NAME|order",
        "1|a|~", 0, NULL},
       {"SELECT BOX_ID, ITEM_NO, WHAT FROM ITEM WHERE BOX_ID IN (?, ?, ?) ORDER BY BOX_ID, ITEM_NO",
        "1|1|1", "BOX_ID|ITEM_NO|WHAT", "", 0, NULL}},
      200,
      "{\"boxes\":[{\"id\":1,\"name\":\"a\",\"order\":null,\"items\":[]}]}",
      NULL,
      NULL,
      NULL};
  run_call(odd, &many);
}

static void list_of_joined_rows_streams_record_by_record(void **state)
{
  call_t call = {
      "tree",
      {NULL},
      NULL,
      {{"SELECT * FROM TREE ORDER BY BOX_ID, ITEM_NO", "", "BOX_ID|NAME|ORDER|ITEM_NO|WHAT|EXTRA",
        "1|a|~|1|x|.\n1|a|~|2|y|.\n2|b|~|~|~|.\n3|c|~|1|z|.", 0, NULL}},
      200,
      "[{\"id\":1,\"name\":\"a\",\"order\":null,\"items\":[{\"no\":1,\"what\":\"x\"},{\"no\":2,"
      "\"what\":\"y\"}]},"
      "{\"id\":2,\"name\":\"b\",\"order\":null,\"items\":[]},"
      "{\"id\":3,\"name\":\"c\",\"order\":null,\"items\":[{\"no\":1,\"what\":\"z\"}]}]",
      NULL,
      NULL,
      NULL};
  run_call(odd, &call);
}

static void merge_changes_what_was_given(void **state)
{
  call_t name = {"merge",
                 {"path:id", "4"},
                 "{\"name\":null}",
                 {{"UPDATE BOX SET NAME = ? WHERE BOX_ID = ?", "~|4", NULL, NULL, 1, NULL}},
                 204,
                 NULL,
                 NULL,
                 NULL,
                 NULL};
  run_call(odd, &name);
  call_t nothing = {
      "merge", {"path:id", "4"},
      "{}",    {{"UPDATE BOX SET BOX_ID = BOX_ID WHERE BOX_ID = ?", "4", NULL, NULL, 0, NULL}},
      404,     NULL,
      NULL,    "not-found",
      NULL};
  run_call(odd, &nothing);
}

static void lists_of_an_update_are_replaced(void **state)
{
  call_t call = {
      "replace",
      {"path:id", "4"},
      "{\"name\":\"n\",\"items\":[{\"no\":1,\"what\":\"x\"}]}",
      {{"UPDATE BOX SET NAME = ?, \"order\" = ? WHERE BOX_ID = ?", "n|~|4", NULL, NULL, 1, NULL},
       {"DELETE FROM ITEM WHERE BOX_ID = ?", "4", NULL, NULL, 3, NULL},
       {"INSERT INTO ITEM (BOX_ID, ITEM_NO, WHAT) VALUES (?, ?, ?)", "4|1|x", NULL, NULL, 1, NULL}},
      204,
      NULL,
      NULL,
      NULL,
      NULL};
  run_call(odd, &call);
}

static void page_tells_its_next_cursor_in_the_body(void **state)
{
  static const char first[] = "{\"kind\":\"v\",\"rows\":[{\"id\":1,\"name\":\"a\"}],\"next\":\"";
  call_t call = {
      "pages",
      {NULL},
      NULL,
      {{"SELECT V_ID, NAME FROM V ORDER BY V_ID LIMIT ?", "2", "V_ID|NAME", "1|a", 0, NULL}},
      200,
      "{\"kind\":\"v\",\"rows\":[{\"id\":1,\"name\":\"a\"}],\"next\":null}",
      NULL,
      NULL,
      NULL};
  run_call(odd, &call);
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_input_t in = {NULL, 0, {NULL, 0}};
  sl_buf_t out;
  sl_err_t err = {0};
  sl_buf_init(&out, 0);
  sl_run_t *run = sl_run_new(sl_mapping_op(odd, "pages"), arena, &in, &out);
  call.steps[0].rows = "1|a\n2|b";
  assert_int_equal(execute(run, &call, &err), SL_OK);
  assert_memory_equal(sl_buf_z(&out), first, sizeof first - 1);
  assert_string_equal(sl_buf_z(&out) + out.len - 2, "\"}");
  sl_run_fini(run);
  sl_buf_fini(&out);
  sl_arena_destroy(&arena);
}

static void update_if_match_names_the_version(void **state)
{
  call_t get = {
      "getVersioned",
      {"path:id", "4"},
      NULL,
      {{"SELECT V_ID, NAME, VER FROM V WHERE V_ID = ?", "4", "V_ID|NAME|VER", "4|n|17", 0, NULL}},
      200,
      "{\"id\":4,\"name\":\"n\"}",
      "etag: \"17\"",
      NULL,
      NULL};
  run_call(odd, &get);
  call_t put = {
      "putVersioned",
      {"path:id", "4", "header:if-match", "\"17\""},
      "{\"name\":\"m\"}",
      {{"UPDATE V SET NAME = ? WHERE V_ID = ? AND VER = ?", "m|4|17", NULL, NULL, 1, NULL}},
      204,
      NULL,
      NULL,
      NULL,
      NULL};
  run_call(odd, &put);
  call_t stale = {
      "putVersioned",
      {"path:id", "4", "header:if-match", "\"16\""},
      "{\"name\":\"m\"}",
      {{"UPDATE V SET NAME = ? WHERE V_ID = ? AND VER = ?", "m|4|16", NULL, NULL, 0, NULL}},
      412,
      NULL,
      NULL,
      "stale",
      NULL};
  run_call(odd, &stale);
  call_t any = {"putVersioned",
                {"path:id", "4", "header:if-match", "*"},
                "{\"name\":\"m\"}",
                {{"UPDATE V SET NAME = ? WHERE V_ID = ?", "m|4", NULL, NULL, 1, NULL}},
                204,
                NULL,
                NULL,
                NULL,
                NULL};
  run_call(odd, &any);
  call_t weak = {.operation = "putVersioned",
                 .args = {"path:id", "4", "header:if-match", "W/\"1\""},
                 .body = "{\"name\":\"m\"}",
                 .error = "header:if-match"};
  run_call(odd, &weak);
}

static void insert_leaves_out_what_is_absent(void **state)
{
  call_t call = {"create",
                 {NULL},
                 "{\"id\":4,\"items\":[]}",
                 {{"INSERT INTO BOX (BOX_ID) VALUES (?)", "4", NULL, NULL, 1, NULL}},
                 201,
                 NULL,
                 NULL,
                 NULL,
                 NULL};
  run_call(odd, &call);
  call_t more = {
      "create",
      {NULL},
      "{\"id\":4,\"order\":\"x\"}",
      {{"INSERT INTO BOX (BOX_ID, \"order\") VALUES (?, ?)", "4|x", NULL, NULL, 1, NULL}},
      201,
      NULL,
      NULL,
      NULL,
      NULL};
  run_call(odd, &more);
}

static void parts_and_defaults_are_written_where_they_are_meant(void **state)
{
  static const struct {
    const char *operation, *body, *sql, *values, *error;
    int status;
  } rows[] = {
      {"createMade", "{\"id\":1,\"area\":\"ZH\",\"no\":7}",
       "INSERT INTO M (M_ID, PLACE, CCY) VALUES (?, ?, ?)", "1|ZH007|EUR", NULL, 201},
      {"createMade", "{\"id\":1}", "INSERT INTO M (M_ID, CCY) VALUES (?, ?)", "1|EUR", NULL, 201},
      {"putMade", "{\"area\":\"ZH\"}", "UPDATE M SET PLACE = ?, CCY = ? WHERE M_ID = ?",
       "ZH   |EUR|4", NULL, 204},
      {"patchMade", "{\"area\":\"ZH\",\"no\":7}", "UPDATE M SET PLACE = ? WHERE M_ID = ?",
       "ZH007|4", NULL, 204},
      {"patchMade", "{\"ccy\":\"CHF\"}", "UPDATE M SET CCY = ? WHERE M_ID = ?", "CHF|4", NULL, 204},
      {"patchMade", "{\"area\":\"ZH\"}", NULL, NULL,
       "/no: is required with the others that PLACE is made of", 0},
  };
  for (size_t i = 0; i < N(rows); i++) {
    call_t call = {.operation = rows[i].operation,
                   .body = rows[i].body,
                   .status = rows[i].status,
                   .error = rows[i].error};
    if (strcmp(rows[i].operation, "createMade") != 0) call.args[0] = "path:id", call.args[1] = "4";
    if (rows[i].sql)
      call.steps[0] = (step_t){.sql = rows[i].sql, .values = rows[i].values, .changed = 1};
    run_call(odd, &call);
  }
}

/* --- records of several kinds
 * -----------------------------------------------------------------------------------------------
 */

#define PARTY_LABELS "ID|TP|NM|BORN|REG|GRP|NOTE"

static void a_column_tells_the_kind_of_a_row(void **state)
{
  call_t call = {
      .operation = "parties",
      .steps = {{"SELECT * FROM PARTY", "", PARTY_LABELS,
                 "1|P|Ann|2000-02-29|~|1|~\n2|C  |Alu|~|  |7|x\n3|P|Bo|~|~|1|~", 0, NULL}},
      .status = 200,
      .json = "[{\"id\":1,\"type\":\"person\",\"first\":\"Ann\",\"born\":"
              "\"2000-02-29\",\"note\":null},{\"id\":2,\"type\":\"company\",\"name\":"
              "\"Alu\",\"register\":\"  \",\"group\":7,\"note\":\"x\"},{\"id\":3,"
              "\"type\":\"person\",\"first\":\"Bo\",\"born\":null,\"note\":null}]"};
  static const struct {
    const char *row, *error;
  } bad[] = {{"2|C|Alu|2000-02-29|~|7|x",
              "BORN: belongs to kind \"person\", and the record is of kind \"company\""},
             {"2|X|Alu|~|~|7|x", "/type: the code \"X\" is no kind of record"},
             {"2|~|Alu|~|~|~|x",
              "/type: the record is of no kind: the code that names it is missing (one of: person, "
              "company)"}};
  run_call(odd, &call);
  for (size_t i = 0; i < N(bad); i++) {
    call_t refused = {.operation = "parties",
                      .steps = {{"SELECT * FROM PARTY", "", PARTY_LABELS, bad[i].row, 0, NULL}},
                      .error = bad[i].error};
    run_call(odd, &refused);
  }
}

static void a_record_is_written_as_its_kind(void **state)
{
  static const struct {
    const char *operation, *body, *sql, *values, *error;
    int status;
  } rows[] = {
      {"createParty", "{\"id\":1,\"born\":\"2000-02-29\",\"first\":\"Ann\",\"type\":\"person\"}",
       "INSERT INTO PARTY (ID, TP, NM, BORN, GRP) VALUES (?, ?, ?, ?, ?)", "1|P|Ann|2000-02-29|1",
       NULL, 201},
      {"createParty", "{\"id\":1,\"type\":\"company\",\"name\":\"Alu\",\"group\":7}",
       "INSERT INTO PARTY (ID, TP, NM, GRP) VALUES (?, ?, ?, ?)", "1|C|Alu|7", NULL, 201},
      {"createParty", "{\"id\":1,\"name\":\"Alu\"}", NULL, NULL, "/type: is required", 0},
      {"createParty", "{\"id\":1,\"type\":\"person\",\"group\":7}", NULL, NULL,
       "/group: does not belong to kind \"person\"", 0},
      {"putParty", "{\"type\":\"person\",\"first\":\"Ann\"}",
       "UPDATE PARTY SET TP = ?, NM = ?, BORN = ?, GRP = ?, REG = ?, NOTE = ? WHERE ID = ?",
       "P|Ann|~|1|~|~|4", NULL, 204},
      /* without the kind, what hangs on it stays; with it, the other kind's columns go */
      {"patchParty", "{\"note\":\"x\"}", "UPDATE PARTY SET NOTE = ? WHERE ID = ?", "x|4", NULL,
       204},
      {"patchParty", "{\"type\":\"company\",\"register\":\"r\"}",
       "UPDATE PARTY SET TP = ?, BORN = ?, REG = ? WHERE ID = ?", "C|~|r|4", NULL, 204},
      {"patchParty", "{\"register\":\"r\"}", NULL, NULL, "/type: is required", 0},
  };
  for (size_t i = 0; i < N(rows); i++) {
    call_t call = {.operation = rows[i].operation,
                   .body = rows[i].body,
                   .status = rows[i].status,
                   .error = rows[i].error};
    if (strcmp(rows[i].operation, "createParty") != 0) call.args[0] = "path:id", call.args[1] = "4";
    if (rows[i].sql)
      call.steps[0] = (step_t){.sql = rows[i].sql, .values = rows[i].values, .changed = 1};
    run_call(odd, &call);
  }
}

/* --- numbered columns, rows of names and values -------------------------------------------------
 */

#define PERSON_LABELS "P_ID|ADDR1|ADDR2|ADDR3|TEL01_KIND|NO_01|TEL02_KIND|NO_02|NAME|VALUE"

static void numbered_columns_are_read_as_lists(void **state)
{
  call_t call = {
      .operation = "persons",
      .steps = {{"SELECT * FROM PERSONS", "", PERSON_LABELS,
                 "1|a|b|~|~|~|m|7|red|1\n1|a|b|~|~|~|m|7|blue|~\n2|~|~|~|~|~|~|~|~|~", 0, NULL}},
      .status = 200,
      .json = "[{\"id\":1,\"lines\":[\"a\",\"b\"],\"phones\":[null,{\"kind\":\"m\","
              "\"number\":\"7\"}],\"labels\":{\"red\":\"1\",\"blue\":null}},"
              "{\"id\":2,\"lines\":[],\"phones\":[],\"labels\":{}}]"};
  run_call(odd, &call);
  call_t bad = {
      .operation = "persons",
      .steps = {{"SELECT * FROM PERSONS", "", PERSON_LABELS, "1|a|~|c|~|~|~|~|~|~", 0, NULL}},
      .error = "/lines: ADDR2 is empty, and ADDR3 is not"};
  run_call(odd, &bad);
  call_t twice = {
      .operation = "persons",
      .steps = {{"SELECT * FROM PERSONS", "", PERSON_LABELS,
                 "1|~|~|~|~|~|~|~|a|x\n1|~|~|~|~|~|~|~|b|x\n1|~|~|~|~|~|~|~|a|y", 0, NULL}},
      .error = "/labels/a: comes twice"};
  run_call(odd, &twice);
}

static void lists_are_written_to_numbered_columns(void **state)
{
  call_t create = {.operation = "createPerson",
                   .body = "{\"id\":4,\"lines\":[\"a\"],\"phones\":[null,{\"number\":\"7\"}],"
                           "\"labels\":{\"red\":\"1\"}}",
                   .steps = {{"INSERT INTO PERSON (P_ID, ADDR1, NO_02) VALUES (?, ?, ?)", "4|a|7",
                              NULL, NULL, 1, NULL},
                             {"INSERT INTO PROP (P_ID, NAME, VALUE) VALUES (?, ?, ?)", "4|red|1",
                              NULL, NULL, 1, NULL}},
                   .status = 201};
  run_call(odd, &create);
  /* A list that is given is all of its columns; one that is not, is none. */
  call_t merge = {.operation = "mergePerson",
                  .args = {"path:id", "4"},
                  .body = "{\"lines\":[\"x\",\"y\"]}",
                  .steps = {{"UPDATE PERSON SET ADDR1 = ?, ADDR2 = ?, ADDR3 = ? WHERE P_ID = ?",
                             "x|y|~|4", NULL, NULL, 1, NULL}},
                  .status = 204};
  run_call(odd, &merge);
  call_t many = {.operation = "createPerson",
                 .body = "{\"id\":4,\"lines\":[\"a\",\"b\",\"c\",\"d\"]}",
                 .error = "/lines: has 4 items, there are 3 places"};
  run_call(odd, &many);
  call_t twice = {.operation = "createPerson",
                  .body = "{\"id\":4,\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
                  .error = "/labels/a: comes twice"};
  run_call(odd, &twice);
}

static void items_with_one_key_are_not_written(void **state)
{
  call_t call = {.operation = "create",
                 .body = "{\"id\":4,\"items\":[{\"no\":1},{\"no\":2},{\"no\":1}]}",
                 .error = "/items/2: has a key that comes twice"};
  run_call(odd, &call);
}

/* --- rows as text ---------------------------------------------------------------------------- */

#define BOX_HEAD "BOX_ID,NAME,order,ITEM_NO,WHAT\n"

static const struct {
  const char *csv, *json;
  bool one_way; /* another spelling than ours */
} rows_as_text[] = {
    {BOX_HEAD "1,a,,,\n", "{\"id\":1,\"name\":\"a\",\"order\":null,\"items\":[]}", false},
    {BOX_HEAD "1,\"\",\"x,\"\"y\"\"\",1,nail\n1,\"\",\"x,\"\"y\"\"\",2,\"Łódź\n\"\n",
     "{\"id\":1,\"name\":\"\",\"order\":\"x,\\\"y\\\"\",\"items\":[{\"no\":1,\"what\":\"nail\"},"
     "{\"no\":2,\"what\":\"Łódź\\n\"}]}",
     false},
    {"EXTRA,what,order,NAME,item_no,box_id\r\n.,x,\"b\",,7,1\r\n",
     "{\"id\":1,\"name\":null,\"order\":\"b\",\"items\":[{\"no\":7,\"what\":\"x\"}]}", true},
    {BOX_HEAD "1,a,,1\n", "!a row of 5 cells", true},
    {BOX_HEAD "1,\"a,,1,\n", "!not closed", true},
    {BOX_HEAD "1,\"a\"b,,1,\n", "!a comma", true},
    {BOX_HEAD "x,a,,,\n", "!/id: an integer", true},
    {BOX_HEAD, "!a row was expected", true},
    {"NAME\n", "!no column BOX_ID", true},
};

static void csv_becomes_json_and_back(void **state)
{
  const sl_shape_t *shape = sl_mapping_shape(odd, "Box");
  for (size_t i = 0; i < N(rows_as_text); i++) {
    sl_arena_t *arena = sl_arena_new(0, 0);
    sl_buf_t out;
    sl_err_t err = {0};
    sl_buf_init(&out, 0);
    const char *want = rows_as_text[i].json;
    if (sl_shape_read(shape, arena, sl_str(rows_as_text[i].csv), &out, &err)) {
      char shown[768];
      snprintf(shown, sizeof shown, "%s: %s", err.field, err.text);
      if (want[0] != '!' || !strstr(shown, want + 1))
        fail_msg("%s: %s", rows_as_text[i].csv, shown);
    } else {
      assert_string_equal(sl_buf_z(&out), want);
    }
    sl_buf_clear(&out);
    if (!rows_as_text[i].one_way) {
      if (sl_shape_write(shape, arena, sl_str(want), NULL, &out, &err))
        fail_msg("%s: %s", err.field, err.text);
      assert_string_equal(sl_buf_z(&out), rows_as_text[i].csv);
    }
    sl_buf_fini(&out);
    sl_arena_destroy(&arena);
  }
}

/* --- what the compiler refuses
 * ------------------------------------------------------------------------- */

static const struct {
  const char *body; /* of an operation; line 9 of the file */
  const char *code;
  int line, col; /* 0: not looked at */
} mistakes[] = {
    {"<param name='id' http='path:id' type='id'/><param name='s' http='query:s' type='id' "
     "optional='true'/>\n<select>SELECT A FROM T WHERE A = :id AND B = :s</select><response "
     "shape='S'/>",
     "R385", 10, 47},
    {"<param name='id' http='path:id' type='id'/><param name='s' http='query:s' type='id' "
     "optional='true'/>\n<select>SELECT A FROM T WHERE A = :id AND B LIKE :s</select><response "
     "shape='S'/>",
     "R385", 10, 50},
    {"<param name='id' http='path:id' type='id'/>\n<select>SELECT A FROM T WHERE A = "
     "':id'</select><response shape='S'/>",
     "R386", 10, 36},
    {"<param name='id' http='path:id' type='id'/>\n<select>SELECT A FROM T WHERE A = "
     "${id}</select><response shape='S'/>",
     "R351", 10, 35},
    {"<param name='id' http='path:id' type='id'/><param name='r' mode='out' "
     "type='id'/><select>SELECT A FROM T WHERE A = :id</select><response shape='S'/>",
     "R381", 0, 0},
    {"<param name='id' http='path:id' type='id'/><result shape='S' json='/l'/><select>SELECT A "
     "FROM T WHERE A = :id</select><response shape='S'/>",
     "R381", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call path='/x'/>", "R380", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call/>", "R380", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call procedure='p'/><select>SELECT A FROM T "
     "WHERE A = :id</select><response shape='S'/>",
     "R382", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call procedure='p'/><call procedure='q'/>",
     "R382", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call procedure='p'/><param name='r' "
     "mode='return' type='id'/>",
     "R383", 0, 0},
    {"<param name='id' http='path:id' type='id'/><call procedure='p'/><outcome "
     "legacy='RC'><otherwise status='200'/></outcome>",
     "R316", 0, 0},
    {"<param name='id' http='path:id' type='id'/>\n<select>SELECT A, B\n FROM T WHERE A = "
     ":di</select>"
     "<response shape='S'/>",
     "R350", 11, 19},
    {"<param name='id' http='path:id' type='id'/><select>SELECT 'A FROM T WHERE A = "
     ":id</select><response shape='S'/>",
     "R351", 9, 59},
    {"<param name='id' http='path:id' type='id'/><select>SELECT A FROM T WHERE A = "
     "?</select><response shape='S'/>",
     "R351", 9, 78},
    {"<param name='id' http='path:id' type='id'/><select>SELECT A FROM T WHERE A > :page.after AND "
     "1 = :id</select>"
     "<response shape='S'/>",
     "R350", 0, 0},
    {"<param name='id' http='path:id' type='id'/><page key='ZZ' size='1' max='2'/>"
     "<select>SELECT A FROM T WHERE A = :id</select><response shape='S'/>",
     "R359", 0, 0},
    {"<param name='id' http='path:id' type='id'/>\n<page key='A' size='1' max='2'/>"
     "<select>SELECT A FROM T WHERE A = :id ORDER BY A LIMIT :page.limit</select>"
     "<response shape='S'/>",
     "R368", 10, 1},
    {"<param name='id' http='path:id' type='id'/>\n<page key='A' size='1' max='2'/>"
     "<select>SELECT A FROM T WHERE A = :id <if present='page.after'>AND A &gt; :page.after</if> "
     "LIMIT :page.limit</select><response shape='S'/>",
     "R369", 10, 1},
    {"<param name='id' http='path:id' type='id'/>\n<page key='A' size='1' max='2'/>"
     "<select>SELECT A FROM T WHERE A = :id <if present='page.after'>AND A &gt; :page.after</if> "
     "Order\n By A</select><response shape='S'/>",
     "R370", 10, 1},
    {"<param name='id' http='path:id' type='id'/><page key='A' size='1' max='2'/>"
     "<select>SELECT A FROM T WHERE A = :id</select><response shape='P'/>",
     "R358", 0, 0},
    {"<param name='id' http='path:id' type='id'/><select>SELECT A FROM T WHERE A = "
     ":id</select><response shape='Q'/>",
     "R354", 0, 0},
    {"<param name='id' http='path:id' type='id'/><select>SELECT A FROM T WHERE A = "
     ":id</select><response shape='K'/>",
     "R356", 0, 0},
};

/* Operations that write, in the same file. */
static const struct {
  const char *body, *code;
} bad_writes[] = {
    {"<insert shape='G'/><response status='201' reread='o'/>", "R363"},
    {"<insert shape='G'><generated legacy='A'/></insert><response status='201' reread='o'/>",
     "R363"},
    {"<insert shape='G'><generated legacy='A'>SELECT :x</generated></insert><response "
     "status='201'/>",
     "R350"},
    {"<insert shape='P'/><response status='201'/>", "R338"},
    {"<insert shape='L'/><response status='201'/>", "R361"},
};

static void compiler_tells_what_a_statement_gets_wrong(void **state)
{
  char path[] = "/tmp/test-sql-XXXXXX.map.xml", text[4096];
  int fd = mkstemps(path, 8);
  assert_true(fd >= 0);
  close(fd);
  for (size_t i = 0; i < N(mistakes); i++) {
    snprintf(text, sizeof text,
             "<mapping xmlns='urn:sluice:mapping:1' name='m' version='1.0.0'><system name='m' "
             "kind='odbc'/>\n"
             "<type name='id' kind='integer'/>\n"
             "<shape name='S'><field legacy='A' json='/a' type='id' key='true'/></shape>\n"
             "<shape name='P'><field legacy='A' json='/a' type='id' key='true'/><list key='L' "
             "json='/l'><field legacy='L' json='/l' type='id'/></list></shape>\n"
             "<shape name='Q'><field legacy='A' json='/a' type='id' key='true'/><list key='L' "
             "json='/l'><field legacy='L' json='/l' type='id'/></list>\n"
             "<list key='M' json='/m'><field legacy='M' json='/m' type='id'/></list></shape>\n"
             "<shape name='K'><field legacy='A' json='/a' type='id' key='true'/><list "
             "json='/l'><field legacy='L' json='/l' type='id'/></list></shape>\n"
             "<operation name='o' method='GET' path='/o/{id}'>\n%s</operation></mapping>\n",
             mistakes[i].body);
    write_file(path, text);
    sl_diags_t *diags = sl_diags_new();
    sl_mapping_t *mapping = sl_mapping_load(path, diags);
    bool found = false, refused = false;
    for (size_t k = 0; k < sl_diags_count(diags); k++) {
      const sl_diag_t *d = sl_diags_at(diags, k);
      if (strcmp(d->code, mistakes[i].code) != 0) continue;
      refused = d->severity == SL_ERROR;
      if (mistakes[i].line && (d->line != mistakes[i].line || d->col != mistakes[i].col))
        fail_msg("%s is at %d:%d, not %d:%d", d->code, d->line, d->col, mistakes[i].line,
                 mistakes[i].col);
      found = true;
    }
    if (!found || refused == (mapping != NULL)) {
      sl_diags_print(diags, stderr);
      fail_msg("%s: no %s", mistakes[i].body, mistakes[i].code);
    }
    sl_mapping_destroy(&mapping);
    sl_diags_destroy(&diags);
  }
  unlink(path);
}

/* --- set up
 * ------------------------------------------------------------------------------------------ */

static void compiler_tells_what_a_write_gets_wrong(void **state)
{
  char path[] = "/tmp/test-sql-XXXXXX.map.xml", text[4096];
  int fd = mkstemps(path, 8);
  assert_true(fd >= 0);
  close(fd);
  for (size_t i = 0; i < N(bad_writes); i++) {
    snprintf(text, sizeof text,
             "<mapping xmlns='urn:sluice:mapping:1' name='m' version='1.0.0'><system name='m' "
             "kind='odbc'>\n"
             "<outcome legacy='#sqlstate'><when is='23*' status='409' problem='c'/><otherwise "
             "status='502' problem='d'/></outcome></system>\n"
             "<type name='id' kind='integer'/>\n"
             "<shape name='G' table='T'><field legacy='A' json='/a' type='id' key='true' "
             "generated='true'/><field legacy='B' json='/b' type='id'/></shape>\n"
             "<shape name='P'><field legacy='A' json='/a' type='id' key='true'/></shape>\n"
             "<shape name='L' table='T'><field legacy='A' json='/a' type='id' key='true'/><list "
             "key='L' json='/l' table='U'><field legacy='L' json='/l' type='id'/></list></shape>\n"
             "<operation name='o' method='GET' path='/o/{a}'><param name='a' http='path:a' "
             "type='id'/><select>SELECT A, B FROM T WHERE A = :a</select><response "
             "shape='G'/></operation>\n"
             "<operation name='w' method='POST' path='/w'>%s</operation></mapping>\n",
             bad_writes[i].body);
    write_file(path, text);
    sl_diags_t *diags = sl_diags_new();
    sl_mapping_t *mapping = sl_mapping_load(path, diags);
    bool found = false;
    for (size_t k = 0; k < sl_diags_count(diags); k++)
      found |= !strcmp(sl_diags_at(diags, k)->code, bad_writes[i].code);
    if (!found || mapping) {
      sl_diags_print(diags, stderr);
      fail_msg("%s: no %s", bad_writes[i].body, bad_writes[i].code);
    }
    sl_diags_destroy(&diags);
  }
  unlink(path);
}

static int set_up(void **state)
{
  char path[1024], own[] = "/tmp/test-sql-XXXXXX.map.xml";
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/mappings/examples/erp/erp.map.xml", source ? source : ".");
  erp = load(path);
  int fd = mkstemps(own, 8);
  if (fd < 0) return -1;
  close(fd);
  write_file(own, odd_text);
  odd = load(own);
  unlink(own);
  return erp && odd ? 0 : -1;
}

static int tear_down(void **state)
{
  sl_mapping_destroy(&erp);
  sl_mapping_destroy(&odd);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cut_finds_names_outside_literals_and_comments),
      cmocka_unit_test(select_with_joined_list_groups_rows),
      cmocka_unit_test(select_with_null_list_key_has_no_items),
      cmocka_unit_test(select_without_rows_takes_the_rows_outcome),
      cmocka_unit_test(select_refused_takes_the_sqlstate_outcome),
      cmocka_unit_test(select_with_bad_answers_is_garbage),
      cmocka_unit_test(select_with_bad_parameters_executes_nothing),
      cmocka_unit_test(page_with_more_rows_links_to_the_next),
      cmocka_unit_test(page_without_rows_is_an_empty_array),
      cmocka_unit_test(page_by_two_columns_goes_on_after_both),
      cmocka_unit_test(list_without_page_streams_in_constant_memory),
      cmocka_unit_test(stream_that_breaks_after_its_head_is_an_error),
      cmocka_unit_test(insert_writes_record_and_lists_and_reads_again),
      cmocka_unit_test(insert_refused_takes_the_sqlstate_outcome),
      cmocka_unit_test(insert_whose_reread_finds_nothing_has_no_body),
      cmocka_unit_test(writes_with_bad_bodies_execute_nothing),
      cmocka_unit_test(a_column_tells_the_kind_of_a_row),
      cmocka_unit_test(a_record_is_written_as_its_kind),
      cmocka_unit_test(update_replaces_the_record_and_reads_again),
      cmocka_unit_test(update_of_no_row_takes_the_rows_outcome),
      cmocka_unit_test(lists_with_a_select_of_their_own_are_put_in_place),
      cmocka_unit_test(list_of_joined_rows_streams_record_by_record),
      cmocka_unit_test(merge_changes_what_was_given),
      cmocka_unit_test(lists_of_an_update_are_replaced),
      cmocka_unit_test(page_tells_its_next_cursor_in_the_body),
      cmocka_unit_test(update_if_match_names_the_version),
      cmocka_unit_test(insert_leaves_out_what_is_absent),
      cmocka_unit_test(parts_and_defaults_are_written_where_they_are_meant),
      cmocka_unit_test(numbered_columns_are_read_as_lists),
      cmocka_unit_test(lists_are_written_to_numbered_columns),
      cmocka_unit_test(items_with_one_key_are_not_written),
      cmocka_unit_test(csv_becomes_json_and_back),
      cmocka_unit_test(compiler_tells_what_a_statement_gets_wrong),
      cmocka_unit_test(compiler_tells_what_a_write_gets_wrong),
  };
  return cmocka_run_group_tests_name("sql", tests, set_up, tear_down);
}
