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

/* --- the put rule --------------------------------------------------------------------------------
 */

#define GET                                                                                        \
  "SELECT o.ORD_ID, STAT, ORD_DT, o.CUST_ID, CUST_NM, TOTAL, ROW_VER, LINE_NO, SKU, QTY FROM "     \
  "ORDERS o JOIN CUSTOMER c ON c.CUST_ID = o.CUST_ID LEFT JOIN ORDER_LINE l ON l.ORD_ID = "        \
  "o.ORD_ID WHERE o.ORD_ID = ? ORDER BY o.ORD_ID, LINE_NO"
#define COLUMNS "ORD_ID|STAT|ORD_DT|CUST_ID|CUST_NM|TOTAL|ROW_VER|LINE_NO|SKU|QTY"
#define HEAD    "4711|10|20260228|7|Bolt & Nut|1234.5|3"
#define BASE                                                                                       \
  {                                                                                                \
    .sql = GET, .values = "4711", .labels = COLUMNS,                                               \
    .rows = HEAD "|1|BOLT-M8|100.000\n" HEAD "|2|NUT-M8            |1.500\n" HEAD                  \
                 "|3|WASHER-M8         |7.000"                                                     \
  }
#define GUARD "WHERE ORD_ID = ? AND ROW_VER = ?"
#define LINES                                                                                      \
  "\"lines\":[{\"no\":1,\"sku\":\"BOLT-M8\",\"quantity\":100},"                                    \
  "{\"no\":2,\"sku\":\"NUT-M8\",\"quantity\":1.500},"                                              \
  "{\"no\":3,\"sku\":\"WASHER-M8\",\"quantity\":7.000}]"

static void patch_writes_what_has_changed(void **state)
{
  call_t call = {
      .operation = "patchOrder",
      .args = {"path:id", "4711"},
      .body = "{\"status\":\"shipped\",\"orderedOn\":\"2026-02-28\"}",
      .steps = {BASE,
                {.sql = "UPDATE ORDERS SET STAT = ? " GUARD, .values = "90|4711|3", .changed = 1}},
      .status = 204};
  run_call(orders, &call);
  call.steps[1].changed = 0; /* another was faster */
  call.status = 412;
  call.problem = "stale-order";
  run_call(orders, &call);
}

static void patch_without_a_change_writes_nothing(void **state)
{
  static const char *const bodies[] = {
      "{}", "{\"total\":\"1234.50\"}", "{\"total\":\"1234.5\"}",
      "{\"status\":\"open\",\"customer\":{\"id\":\"7\"},\"orderedOn\":\"2026-02-28\"," LINES "}"};
  for (size_t i = 0; i < N(bodies); i++) {
    call_t call = {.operation = "patchOrder",
                   .args = {"path:id", "4711", "header:if-match", "\"3\""},
                   .body = bodies[i],
                   .steps = {BASE},
                   .status = 204};
    run_call(orders, &call);
  }
}

static void patch_of_nothing_or_of_an_old_version_is_refused(void **state)
{
  call_t none = {.operation = "patchOrder",
                 .args = {"path:id", "4711"},
                 .body = "{\"status\":\"shipped\"}",
                 .steps = {{.sql = GET, .values = "4711", .labels = COLUMNS, .rows = ""}},
                 .status = 404,
                 .problem = "order-not-found"};
  run_call(orders, &none);
  call_t stale = {.operation = "patchOrder",
                  .args = {"path:id", "4711", "header:if-match", "\"2\""},
                  .body = "{\"status\":\"shipped\"}",
                  .steps = {BASE},
                  .status = 412,
                  .problem = "stale-order"};
  stale.late_problem = true;
  run_call(orders, &stale);
}

/* --- lists that are aligned ----------------------------------------------------------------------
 */

static void align_deletes_changes_and_adds_rows_by_key(void **state)
{
  call_t call = {
      .operation = "patchOrder",
      .args = {"path:id", "4711"},
      .body = "{\"lines\":[{\"no\":4,\"sku\":\"PIN\",\"quantity\":1},"
              "{\"no\":2,\"sku\":\"NUT-M8\",\"quantity\":2},{\"no\":1,\"sku\":\"BOLT-M8\","
              "\"quantity\":100.000}]}",
      .steps = {BASE,
                {.sql = "UPDATE ORDERS SET ORD_ID = ORD_ID " GUARD,
                 .values = "4711|3",
                 .changed = 1},
                {.sql = "DELETE FROM ORDER_LINE WHERE ORD_ID = ? AND LINE_NO = ?",
                 .values = "4711|3",
                 .changed = 1},
                {.sql = "INSERT INTO ORDER_LINE (ORD_ID, LINE_NO, SKU, QTY) VALUES (?, ?, ?, ?)",
                 .values = "4711|4|PIN               |1",
                 .changed = 1},
                {.sql = "UPDATE ORDER_LINE SET QTY = ? WHERE ORD_ID = ? AND LINE_NO = ?",
                 .values = "2|4711|2",
                 .changed = 1}},
      .status = 204};
  run_call(orders, &call);
  call.steps[4].changed = 0; /* the row went away meanwhile */
  call.status = 503;
  call.problem = "deadlock";
  run_call(orders, &call);
}

static void align_with_one_key_twice_is_refused(void **state)
{
  call_t call = {.operation = "patchOrder",
                 .args = {"path:id", "4711"},
                 .body = "{\"lines\":[{\"no\":2,\"sku\":\"A\",\"quantity\":1},{\"no\":2,"
                         "\"sku\":\"B\",\"quantity\":1}]}",
                 .steps = {BASE},
                 .error = "comes twice"};
  run_call(orders, &call);
}

static void put_without_lines_deletes_them(void **state)
{
  call_t call = {
      .operation = "putOrder",
      .args = {"path:id", "4711"},
      .body = "{\"status\":\"open\",\"orderedOn\":null,\"customer\":{\"id\":\"7\"},"
              "\"total\":\"1234.50\"}",
      .steps = {BASE,
                {.sql = "UPDATE ORDERS SET ORD_DT = ? " GUARD, .values = "0|4711|3", .changed = 1},
                {.sql = "DELETE FROM ORDER_LINE WHERE ORD_ID = ? AND LINE_NO = ?",
                 .values = "4711|1",
                 .changed = 1},
                {.sql = "DELETE FROM ORDER_LINE WHERE ORD_ID = ? AND LINE_NO = ?",
                 .values = "4711|2",
                 .changed = 1},
                {.sql = "DELETE FROM ORDER_LINE WHERE ORD_ID = ? AND LINE_NO = ?",
                 .values = "4711|3",
                 .changed = 1},
                {.sql = GET,
                 .values = "4711",
                 .labels = COLUMNS,
                 .rows = "4711|10|0|7|Bolt & Nut|1234.50|4|~|~|~"}},
      .status = 200,
      .json = "{\"id\":\"4711\",\"status\":\"open\",\"orderedOn\":null,\"customer\":{\"id\":\"7\","
              "\"name\":\"Bolt & Nut\"},\"total\":\"1234.50\",\"lines\":[]}",
      .header = "etag: \"4\""};
  run_call(orders, &call);
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

/* --- lists of every kind -------------------------------------------------------------------------
 */

static const char odd_text[] =
    "<mapping xmlns='urn:sluice:mapping:1' name='odd' version='1.0.0'>\n"
    "<system name='odd' kind='odbc'><outcome legacy='#sqlstate'>"
    "<when is='23*' status='409' problem='conflict'/>"
    "<otherwise status='502' problem='d'/></outcome></system>\n"
    "<type name='id' kind='integer'/><type name='t8' kind='text' width='8' pad='right'/>\n"
    "<shape name='Doc' table='DOC'>\n"
    "<field legacy='CO' json='/company' type='t8' key='true'/>\n"
    "<field legacy='NO' json='/no' type='id' key='true'/>\n"
    "<field legacy='TITLE' json='/title' type='text'/>\n"
    "<const legacy='CHANGED_BY' value='API'/>\n"
    "<list table='PART' key='GRP POS' parent='CO NO' json='/parts' on-write='align'>\n"
    "<field legacy='GRP' json='/group' type='t8'/><field legacy='POS' json='/pos' type='id'/>"
    "<field legacy='WHAT' json='/what' type='text'/></list>\n"
    "<list table='TAG' key='TAG' parent='CO NO' json='/tags' on-write='replace'>"
    "<field legacy='TAG' json='/tag' type='text'/></list>\n"
    "<list table='LOG' key='N' parent='CO NO' json='/log' on-write='append'>"
    "<field legacy='N' json='/n' type='id'/></list>\n"
    "</shape>\n"
    "<shape name='Flags' table='F'><field legacy='ID' json='/id' type='id' key='true'/>\n"
    "<record legacy='FLG' width='4'><field at='1' json='/a' type='text'/>"
    "<field at='2-4' json='/b' type='text'/></record></shape>\n"
    "<shape name='Acct' table='ACCT'><field legacy='ID' json='/id' type='id' key='true'/>"
    "<field legacy='IBAN' json='/iban' type='text' pii='account' mask='last:4'/>"
    "<field legacy='NAME' json='/name' type='text'/></shape>\n"
    "<operation name='putDoc' method='PUT' path='/docs/{company}/{no}'>"
    "<update shape='Doc' mode='replace'/></operation>\n"
    "<operation name='patchDoc' method='PATCH' path='/docs/{company}/{no}'>"
    "<update shape='Doc' mode='merge'/></operation>\n"
    "<operation name='getFlags' method='GET' path='/flags/{id}'>"
    "<param name='id' http='path:id' type='id'/><select>SELECT ID, FLG, RC FROM F WHERE ID = "
    ":id</select>"
    "<outcome legacy='RC'><when is='' status='200'/><when is='0*' status='200'/>"
    "<when is='9' status='410' problem='gone' detail='FLG_TEXT'/>"
    "<otherwise status='502' problem='odd'/></outcome>"
    "<response shape='Flags'/></operation>\n"
    "<operation name='patchFlags' method='PATCH' path='/flags/{id}' base='getFlags'>"
    "<update shape='Flags' mode='merge'/></operation>\n"
    "<operation name='getAcct' method='GET' path='/accts/{id}'><param name='id' http='path:id' "
    "type='id'/><select>SELECT ID, IBAN, NAME FROM ACCT WHERE ID = :id</select>"
    "<response shape='Acct'/></operation>\n"
    "<operation name='patchAcct' method='PATCH' path='/accts/{id}' base='getAcct'>"
    "<update shape='Acct' mode='merge'/></operation>\n"
    "<operation name='putAcct' method='PUT' path='/accts/{id}' base='getAcct'>"
    "<update shape='Acct' mode='replace'/></operation>\n"
    "</mapping>\n";

static sl_mapping_t *odd;

static void lists_are_aligned_replaced_and_appended_in_an_order_that_holds(void **state)
{
  call_t call = {
      .operation = "putDoc",
      .args = {"path:company", "ACME", "path:no", "7"},
      .body = "{\"title\":\"t\",\"parts\":[{\"group\":\"G\",\"pos\":1,\"what\":\"same\"},"
              "{\"group\":\"G\",\"pos\":2,\"what\":\"new\"},{\"group\":\"H\",\"pos\":1,"
              "\"what\":\"added\"}],\"tags\":[{\"tag\":\"x\"}],\"log\":[{\"n\":3}]}",
      .steps = {{.sql = "SELECT GRP, POS, WHAT FROM PART WHERE CO = ? AND NO = ?",
                 .values = "ACME    |7",
                 .labels = "GRP|POS|WHAT",
                 .rows = "G       |1|same\nG|2|old\nG       |3|gone"},
                {.sql = "UPDATE DOC SET TITLE = ?, CHANGED_BY = ? WHERE CO = ? AND NO = ?",
                 .values = "t|API|ACME    |7",
                 .changed = 1},
                {.sql = "DELETE FROM TAG WHERE CO = ? AND NO = ?", .values = "ACME    |7"},
                {.sql = "DELETE FROM PART WHERE CO = ? AND NO = ? AND GRP = ? AND POS = ?",
                 .values = "ACME    |7|G       |3",
                 .changed = 1},
                {.sql = "UPDATE PART SET WHAT = ? WHERE CO = ? AND NO = ? AND GRP = ? AND POS = ?",
                 .values = "new|ACME    |7|G|2",
                 .changed = 1},
                {.sql = "INSERT INTO PART (CO, NO, GRP, POS, WHAT) VALUES (?, ?, ?, ?, ?)",
                 .values = "ACME    |7|H       |1|added",
                 .changed = 1},
                {.sql = "INSERT INTO TAG (CO, NO, TAG) VALUES (?, ?, ?)",
                 .values = "ACME    |7|x",
                 .changed = 1},
                {.sql = "INSERT INTO LOG (CO, NO, N) VALUES (?, ?, ?)",
                 .values = "ACME    |7|3",
                 .changed = 1}},
      .status = 204};
  run_call(odd, &call);
  call.steps[0].rows = "G|1|a\nG       |1|b";
  memset(&call.steps[1], 0, sizeof call.steps[1]);
  call.error = "two rows of PART have the same key";
  run_call(odd, &call);
}

static void patch_leaves_lists_alone_that_were_not_sent(void **state)
{
  call_t call = {.operation = "patchDoc",
                 .args = {"path:company", "ACME", "path:no", "7"},
                 .body = "{\"title\":null}",
                 .steps = {{.sql = "UPDATE DOC SET TITLE = ?, CHANGED_BY = ? WHERE CO = ? AND NO "
                                   "= ?",
                            .values = "~|API|ACME    |7",
                            .changed = 1}},
                 .status = 204};
  run_call(odd, &call);
  call.body = "{\"log\":[{\"n\":null}]}"; /* read back it would be no item */
  call.error = "/log/0/n: is required";
  call.steps[0].sql = "UPDATE DOC SET CHANGED_BY = ? WHERE CO = ? AND NO = ?";
  call.steps[0].values = "API|ACME    |7";
  run_call(odd, &call);
  call.body = "{\"parts\":[{\"group\":\"G\",\"what\":\"no key\"}]}";
  call.error = "/parts/0/pos: is required";
  call.steps[0] = (step_t){.sql = "SELECT GRP, POS, WHAT FROM PART WHERE CO = ? AND NO = ?",
                           .values = "ACME    |7",
                           .labels = "GRP|POS|WHAT",
                           .rows = ""};
  run_call(odd, &call);
}

/* --- columns that say more -----------------------------------------------------------------------
 */

#define FLAGS "SELECT ID, FLG, RC FROM F WHERE ID = ?"

static void patch_of_a_part_takes_the_others_from_its_base(void **state)
{
  call_t call = {
      .operation = "patchFlags",
      .args = {"path:id", "7"},
      .body = "{\"a\":\"N\"}",
      .steps = {{.sql = FLAGS, .values = "7", .labels = "ID|FLG|RC|FLG_TEXT", .rows = "7|YABC|~|~"},
                {.sql = "UPDATE F SET FLG = ? WHERE ID = ?", .values = "NABC|7", .changed = 1}},
      .status = 204};
  run_call(odd, &call);
  call.body = "{\"b\":\"ABC\"}";
  memset(&call.steps[1], 0, sizeof call.steps[1]);
  run_call(odd, &call);
}

static void column_of_the_record_decides_the_outcome(void **state)
{
  call_t call = {.operation = "getFlags",
                 .args = {"path:id", "7"},
                 .steps = {{.sql = FLAGS,
                            .values = "7",
                            .labels = "ID|FLG|RC|FLG_TEXT",
                            .rows = "7|YABC|00|x"}},
                 .status = 200,
                 .json = "{\"id\":7,\"a\":\"Y\",\"b\":\"ABC\"}"};
  run_call(odd, &call);
  call.steps[0].rows = "7|YABC|9|it went";
  call.status = 410;
  call.problem = "gone";
  call.json = NULL;
  run_call(odd, &call);
  call.steps[0].rows = "7|YABC|5|x";
  call.status = 502;
  call.problem = "odd";
  run_call(odd, &call);
  call.steps[0].labels = "ID|FLG|RCX|FLG_TEXT";
  call.error = "RC: the select has no column RC";
  run_call(odd, &call);
}

/* --- masks ---------------------------------------------------------------------------------------
 */

#define ACCT                                                                                       \
  {                                                                                                \
    .sql = "SELECT ID, IBAN, NAME FROM ACCT WHERE ID = ?", .values = "7",                          \
    .labels = "ID|IBAN|NAME", .rows = "7|CH9300762011|Anna"                                        \
  }

static void masked_value_that_comes_back_is_unchanged(void **state)
{
  call_t get = {.operation = "getAcct",
                .args = {"path:id", "7"},
                .steps = {ACCT},
                .status = 200,
                .json = "{\"id\":7,\"iban\":\"********2011\",\"name\":\"Anna\"}"};
  run_call(odd, &get);
  static const char *const names[] = {"patchAcct", "putAcct"};
  for (size_t i = 0; i < N(names); i++) {
    call_t call = {.operation = names[i],
                   .args = {"path:id", "7"},
                   .body = "{\"iban\":\"********2011\",\"name\":\"Eva\"}",
                   .steps = {ACCT,
                             {.sql = "UPDATE ACCT SET NAME = ? WHERE ID = ?",
                              .values = "Eva|7",
                              .changed = 1}},
                   .status = 204};
    run_call(odd, &call);
    call.body = "{\"iban\":\"********2012\",\"name\":\"Eva\"}"; /* of another record */
    memset(&call.steps[1], 0, sizeof call.steps[1]);
    call.error = "/iban: ";
    run_call(odd, &call);
  }
  call_t whole = {.operation = "patchAcct",
                  .args = {"path:id", "7"},
                  .body = "{\"iban\":\"DE02120300\"}",
                  .steps = {ACCT,
                            {.sql = "UPDATE ACCT SET IBAN = ? WHERE ID = ?",
                             .values = "DE02120300|7",
                             .changed = 1}},
                  .status = 204};
  run_call(odd, &whole);
  whole.body = "{\"iban\":\"CH9300762011\"}";
  memset(&whole.steps[1], 0, sizeof whole.steps[1]);
  run_call(odd, &whole);
}

/* --- mistakes ------------------------------------------------------------------------------------
 */

static const struct {
  const char *change, *code; /* of an operation put w, and what is wrong about it */
} mistakes[] = {
    {"method='PUT' path='/o/{a}' base='nobody'><update shape='S' mode='replace'/>", "R390"},
    {"method='PUT' path='/o/{a}' base='all'><update shape='S' mode='replace'/>", "R390"},
    {"method='PUT' path='/o/{a}' base='w'><update shape='S' mode='replace'/>", "R390"},
    {"method='POST' path='/o/{a}' base='one'><insert shape='S'/>", "R390"},
    {"method='PUT' path='/o/{a}' base='two'><update shape='S' mode='replace'/>", "R391"},
    {"method='PUT' path='/o/{a}' base='some'><update shape='S' mode='replace'/>", "R392"},
    {"method='PUT' path='/o/{a}'><update shape='L' mode='replace'/>", "R221"},
};

#define CATALOG                                                                                    \
  "<catalog xmlns='urn:sluice:catalog:1' database='d'><table name='T'>"                            \
  "<column name='A' type='BIGINT' nullable='false'/><column name='B' type='BIGINT'/>"              \
  "<primary-key><column name='A'/></primary-key></table><table name='U'>"                          \
  "<column name='A' type='BIGINT'/><column name='N' type='BIGINT'/>"                               \
  "<column name='EXTRA' type='BIGINT'/></table></catalog>"

#define SELECT(name, path, what, shape)                                                            \
  "<operation name='" name "' method='GET' path='" path "'><param name='a' http='path:a' "         \
  "type='id'/>" what "<response " shape "/></operation>\n"

static void compiler_tells_what_a_base_gets_wrong(void **state)
{
  char path[] = "/tmp/test-sql-XXXXXX.map.xml", catalog[64], text[4096];
  int fd = mkstemps(path, 8);
  assert_true(fd >= 0);
  close(fd);
  snprintf(catalog, sizeof catalog, "%.*s.catalog.xml", (int)strlen(path) - 8, path);
  write_file(catalog, CATALOG);
  for (size_t i = 0; i < N(mistakes); i++) {
    snprintf(
        text, sizeof text,
        "<mapping xmlns='urn:sluice:mapping:1' name='m' version='1.0.0'>"
        "<system name='m' kind='odbc' contract='%s'><outcome legacy='#sqlstate'><when is='23*' "
        "status='409' problem='c'/>"
        "<otherwise status='502' problem='d'/></outcome></system>\n"
        "<type name='id' kind='integer'/>\n"
        "<shape name='S' table='T'><field legacy='A' json='/a' type='id' key='true'/>"
        "<field legacy='B' json='/b' type='id'/></shape>\n"
        "<shape name='H'><field legacy='A' json='/a' type='id' key='true'/></shape>\n"
        "<shape name='L' table='T'><field legacy='A' json='/a' type='id' key='true'/>"
        "<field legacy='B' json='/b' type='id'/><list table='U' key='N' parent='A' json='/l'>"
        "<field legacy='N' json='/n' type='id'/></list></shape>\n"
        "%s%s%s%s<operation name='w' %s</operation></mapping>",
        catalog,
        SELECT("one", "/o/{a}", "<select>SELECT A, B FROM T WHERE A = :a</select>", "shape='S'"),
        SELECT("some", "/p/{a}", "<select>SELECT A FROM T WHERE A = :a</select>", "shape='H'"),
        SELECT("two", "/q/{a}/{c}",
               "<param name='c' http='path:c' type='id'/><select>SELECT A, B "
               "FROM T WHERE A = :a AND B = :c</select>",
               "shape='S'"),
        SELECT("all", "/r/{a}", "<select>SELECT A, B FROM T WHERE A = :a</select>",
               "shape='S' json='/items'"),
        mistakes[i].change);
    write_file(path, text);
    sl_diags_t *diags = sl_diags_new();
    sl_mapping_t *mapping = sl_mapping_load(path, diags);
    if (mapping || sl_diags_errors(diags) != 1 ||
        strcmp(sl_diags_at(diags, 0)->code, mistakes[i].code) != 0) {
      sl_diags_print(diags, stderr);
      fail_msg("%s: no %s, or more than that", mistakes[i].change, mistakes[i].code);
    }
    sl_mapping_destroy(&mapping);
    sl_diags_destroy(&diags);
  }
  unlink(path);
  unlink(catalog);
}

/* --- DEFAULT of a column
 * ------------------------------------------------------------------------------------------ */

static void column_with_a_default_left_out_of_an_insert(void **state)
{
  char path[1024];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/tests/golden/check/store.map.xml", source ? source : ".");
  sl_mapping_t *store = load(path);
  assert_non_null(store);
  call_t call = {
      .operation = "createItem",
      .body = "{\"name\":\"Nut\",\"kind\":\"small\",\"stock\":3}",
      .steps = {{.sql = "INSERT INTO ITEM (NAME, KIND, STOCK, OWNER) VALUES (?, ?, ?, ?)",
                 .values = "Nut|S|3|API",
                 .changed = 1}},
      .status = 201};
  run_call(store, &call);
  call = (call_t){.operation = "putItem",
                  .args = {"path:id", "7"},
                  .body = "{\"name\":\"Nut\",\"kind\":\"small\",\"stock\":3}",
                  .error = "/created: is required"};
  run_call(store, &call); /* an update knows of no default */
  sl_mapping_destroy(&store);
}

/* --- set up
 * ------------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
  char path[1024];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/mappings/examples/orders/orders.map.xml", source ? source : ".");
  orders = load(path);
  char own[] = "/tmp/test-sql-XXXXXX.map.xml";
  int fd = mkstemps(own, 8);
  if (fd < 0) return -1;
  close(fd);
  write_file(own, odd_text);
  odd = load(own);
  unlink(own);
  return orders && odd ? 0 : -1;
}

static int tear_down(void **state)
{
  sl_mapping_destroy(&orders);
  sl_mapping_destroy(&odd);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(procedure_gives_back_values_and_rows),
      cmocka_unit_test(procedure_param_that_comes_back_decides_the_outcome),
      cmocka_unit_test(procedure_with_bad_answers_is_garbage),
      cmocka_unit_test(procedure_with_bad_arguments_is_not_called),
      cmocka_unit_test(patch_writes_what_has_changed),
      cmocka_unit_test(patch_without_a_change_writes_nothing),
      cmocka_unit_test(patch_of_nothing_or_of_an_old_version_is_refused),
      cmocka_unit_test(align_deletes_changes_and_adds_rows_by_key),
      cmocka_unit_test(align_with_one_key_twice_is_refused),
      cmocka_unit_test(put_without_lines_deletes_them),
      cmocka_unit_test(lists_are_aligned_replaced_and_appended_in_an_order_that_holds),
      cmocka_unit_test(patch_leaves_lists_alone_that_were_not_sent),
      cmocka_unit_test(patch_of_a_part_takes_the_others_from_its_base),
      cmocka_unit_test(column_of_the_record_decides_the_outcome),
      cmocka_unit_test(masked_value_that_comes_back_is_unchanged),
      cmocka_unit_test(compiler_tells_what_a_base_gets_wrong),
      cmocka_unit_test(commit_that_is_refused_takes_the_sqlstate_outcome),
      cmocka_unit_test(column_with_a_default_left_out_of_an_insert),
  };
  return cmocka_run_group_tests_name("sql-write", tests, set_up, tear_down);
}
