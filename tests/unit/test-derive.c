/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values that are made of others, by brute force: records by position come back as they were
 * written or are refused, and expressions mean what libxml2's XPath says they mean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include "mappings/engine/run.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static uint64_t seed;

/* 0 … below - 1; the same numbers in every run. */
static unsigned chance(unsigned below)
{
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed >> 33) % below;
}

static sl_mapping_t *load(const char *text)
{
  sl_diags_t *diags = sl_diags_new();
  sl_mapping_t *m = sl_mapping_parse("test.map.xml", text, strlen(text), diags);
  if (!m) sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  assert_non_null(m);
  return m;
}

static sl_code_t translate(const sl_shape_t *shape, bool read, const char *from, sl_buf_t *out,
                           sl_err_t *err)
{
  sl_arena_t *arena = sl_arena_new(0, 1 << 20);
  sl_buf_init(out, 0);
  sl_code_t code = read ? sl_shape_read(shape, arena, sl_str(from), out, err)
                        : sl_shape_write(shape, arena, sl_str(from), NULL, out, err);
  sl_arena_destroy(&arena);
  return code;
}

/* --- records
 * ------------------------------------------------------------------------------------- */

#define RECORD                                                                                     \
  "<mapping xmlns='urn:sluice:mapping:1' name='r' version='1.0.0'><system name='r' kind='%s'%s/>"  \
  "<type name='ymd' kind='date' pattern='yyyyMMdd'><sentinel legacy='00000000' "                   \
  "json='null'/></type><code-table name='c' unmapped='provided'><code legacy='A' "                 \
  "json='aa'/></code-table><type name='l' kind='text' width='4' pad='left'/>"                      \
  "<shape name='R'><record legacy='%sK'>"                                                          \
  "<field at='1-3' json='/t'/><field at='4-7' json='/i' type='integer'/><field at='8-15' "         \
  "json='/d' type='ymd'/><field at='16-18' json='/c' type='c'/><ignore at='19' "                   \
  "reason='x'/><field at='20-23' json='/l' type='l'/><const at='24' value='#'/>"                   \
  "<field at='25-27' json='/n' null='blank'/></record></shape></mapping>"

static void add_member(char *json, const char *name, const char *const *values, unsigned n)
{
  const char *value = values[chance(n)];
  if (!value) return;
  size_t at = strlen(json);
  snprintf(json + at, 400 - at, "%s\"%s\":%s", at > 1 ? "," : "", name, value);
}

static void random_record(char *json)
{
  static const char *const t[] = {NULL,       "\"a\"",  "\"ab\"", "\"abc\"",     "\"abcd\"",
                                  "\"\"",     "\" \"",  "\"a \"", "\" a\"",      "\"äöü\"",
                                  "\"日本\"", "\"日\"", "null",   "\"\\u00e9\"", "\"x\\ny\""};
  static const char *const i[] = {NULL, "0", "7", "-7", "9999", "-999", "-1000", "10000", "\"1\""};
  static const char *const d[] = {
      NULL, "null", "\"2024-02-29\"", "\"0001-01-01\"", "\"9999-12-31\"", "\"2023-02-29\""};
  static const char *const c[] = {NULL,     "\"aa\"",  "\"A\"",    "\"B\"", "\"B \"",
                                  "\" B\"", "\"BBB\"", "\"BBBB\"", "\"\"",  "\"日\""};
  static const char *const l[] = {NULL,     "\"x\"",     "\"xxxx\"", "\" x\"",
                                  "\"x \"", "\"xxxxx\"", "\"\""};
  strcpy(json, "{");
  add_member(json, "t", t, N(t));
  add_member(json, "i", i, N(i));
  add_member(json, "d", d, N(d));
  add_member(json, "c", c, N(c));
  add_member(json, "l", l, N(l));
  add_member(json, "n", t, N(t));
  strcat(json, "}");
}

static void check_system(const char *kind, const char *charset, const char *slash)
{
  char text[4096], json[400];
  unsigned written = 0;
  snprintf(text, sizeof text, RECORD, kind, charset, slash);
  sl_mapping_t *m = load(text);
  const sl_shape_t *shape = sl_mapping_shape(m, "R");
  for (int k = 0; k < 20000; k++) {
    sl_buf_t legacy, back, again;
    sl_err_t err = {0};
    random_record(json);
    sl_code_t code = translate(shape, false, json, &legacy, &err);
    if (code) {
      assert_int_equal(code, SL_INVALID);
      assert_true(err.field[0] == '/');
      sl_buf_fini(&legacy);
      continue;
    }
    written++;
    if (translate(shape, true, sl_buf_z(&legacy), &back, &err))
      fail_msg("%s: %s is not read: %s", json, sl_buf_z(&legacy), err.text);
    assert_int_equal(translate(shape, false, sl_buf_z(&back), &again, &err), SL_OK);
    assert_string_equal(sl_buf_z(&again), sl_buf_z(&legacy)); /* what we write is canonical */
    if (!strstr(json, "\\u")) assert_string_equal(sl_buf_z(&back), json);
    sl_buf_fini(&legacy);
    sl_buf_fini(&back);
    sl_buf_fini(&again);
  }
  assert_true(written > 300);
  sl_mapping_destroy(&m);
}

static void records_come_back_as_they_were_written(void **state)
{
  (void)state;
  seed = 1;
  check_system("soap", "", "");
  check_system("soap", " charset='SHIFT_JIS'", "");
  check_system("soap", " charset='ISO-8859-1'", "");
  check_system("rest", "", "/");
}

/* Whatever stands there is read as something that writes to what reads the same, or is refused. */
static void records_of_any_text_are_read_or_refused(void **state)
{
  static const char *const pieces[] = {"a", " ",  "  ", "0",        "7", "-",
                                       "ä", "日", "#",  "20240229", "A"};
  char text[4096], xml[400];
  unsigned read = 0;
  (void)state;
  seed = 2;
  snprintf(text, sizeof text, RECORD, "soap", " charset='SHIFT_JIS'", "");
  sl_mapping_t *m = load(text);
  const sl_shape_t *shape = sl_mapping_shape(m, "R");
  for (int k = 0; k < 20000; k++) {
    sl_buf_t json, legacy, again;
    sl_err_t err = {0};
    strcpy(xml, "<R><K>");
    /* Often something that fits, with pieces that do not. */
    if (chance(2)) strcat(xml, chance(2) ? "ab 000720240229A  " : "a      ");
    for (unsigned n = chance(12); n; n--) strcat(xml, pieces[chance(N(pieces))]);
    strcat(xml, "</K></R>");
    if (!translate(shape, true, xml, &json, &err)) {
      read++;
      if (!translate(shape, false, sl_buf_z(&json), &legacy, &err)) {
        assert_int_equal(translate(shape, true, sl_buf_z(&legacy), &again, &err), SL_OK);
        assert_string_equal(sl_buf_z(&again), sl_buf_z(&json));
        sl_buf_fini(&again);
      } else if (strstr(sl_buf_z(&json), "\"n\":")) {
        /* All parts can be written but /n, which is required when others are there. */
        fail_msg("%s gives %s, which is refused: %s: %s", xml, sl_buf_z(&json), err.field,
                 err.text);
      }
      sl_buf_fini(&legacy);
    }
    sl_buf_fini(&json);
  }
  assert_true(read > 300);
  sl_mapping_destroy(&m);
}

/* --- expressions
 * --------------------------------------------------------------------------------- */

static void put(char *out, const char *text)
{
  size_t at = strlen(out);
  snprintf(out + at, 600 - at, "%s", text);
}

static void random_expression(char *out, unsigned depth)
{
  static const char *const leaves[] = {"A",   "B",     "C/D", "E/@f", "Z",   "'a'",
                                       "' '", "'äbc'", "''",  "'ab'", "'aä'"};
  char number[16];
  switch (depth ? chance(8) : 7) {
  case 0:
    put(out, "concat(");
    for (unsigned n = 2 + chance(3); n; n--) {
      random_expression(out, depth - 1);
      put(out, n > 1 ? ", " : ")");
    }
    return;
  case 1:
    put(out, "substring(");
    random_expression(out, depth - 1);
    snprintf(number, sizeof number, ",%u", chance(6));
    put(out, number);
    snprintf(number, sizeof number, ", %u", chance(6));
    if (chance(2)) put(out, number);
    put(out, ")");
    return;
  case 2:
  case 3:
    put(out, chance(2) ? "substring-before(" : "substring-after(");
    random_expression(out, depth - 1);
    put(out, ",");
    random_expression(out, depth - 1);
    put(out, ")");
    return;
  case 4:
    put(out, chance(2) ? "normalize-space( " : "string(");
    random_expression(out, depth - 1);
    put(out, " )");
    return;
  case 5:
    put(out, "translate(");
    for (int i = 0; i < 3; i++) {
      random_expression(out, depth - 1);
      put(out, i < 2 ? "," : ")");
    }
    return;
  default: put(out, leaves[chance(N(leaves))]);
  }
}

static void random_text(char *out)
{
  static const char *const pieces[] = {"a", "b", "ä", " ", "  ", "ab", "c", "\t", "日", "aä"};
  for (unsigned n = chance(6); n; n--) put(out, pieces[chance(N(pieces))]);
}

/* In elements only, where white space is kept as it is. */
static void random_document(char *xml)
{
  strcpy(xml, "<S><A>");
  random_text(xml);
  put(xml, "</A><B>");
  random_text(xml);
  put(xml, "</B><C><D>");
  random_text(xml);
  put(xml, "</D></C><E f=\"aäb c\"/></S>");
}

/* What libxml2 says, as our JSON does. */
static char *by_libxml2(const char *xml, const char *expression)
{
  xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, "UTF-8", XML_PARSE_NONET);
  xmlXPathContextPtr ctxt = xmlXPathNewContext(doc);
  ctxt->node = xmlDocGetRootElement(doc);
  xmlXPathObjectPtr object = xmlXPathEvalExpression((const xmlChar *)expression, ctxt);
  assert_non_null(object);
  xmlChar *text = xmlXPathCastToString(object);
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_buf_addz(&out, "{\"x\":\"");
  for (const char *p = (const char *)text; *p; p++)
    if (*p == '\t')
      sl_buf_addz(&out, "\\t");
    else
      sl_buf_addc(&out, *p);
  sl_buf_addz(&out, "\"}");
  char *copy = strdup(sl_buf_z(&out));
  sl_buf_fini(&out);
  xmlFree(text);
  xmlXPathFreeObject(object);
  xmlXPathFreeContext(ctxt);
  xmlFreeDoc(doc);
  return copy;
}

static void expressions_mean_what_libxml2_says(void **state)
{
  char expression[600], xml[600], text[1200];
  unsigned compared = 0;
  (void)state;
  seed = 3;
  for (int k = 0; k < 1500; k++) {
    expression[0] = '\0';
    random_expression(expression, 3);
    if (strlen(expression) > 500 || !strpbrk(expression, "ABCDEZ")) continue;
    snprintf(text, sizeof text,
             "<mapping xmlns='urn:sluice:mapping:1' name='x' version='1.0.0'><system name='x' "
             "kind='soap'/><shape name='S'><compute json='/x' xpath=\"%s\"/></shape></mapping>",
             expression);
    sl_mapping_t *m = load(text);
    for (int i = 0; i < 5; i++) {
      sl_buf_t ours;
      sl_err_t err = {0};
      random_document(xml);
      if (translate(sl_mapping_shape(m, "S"), true, xml, &ours, &err))
        fail_msg("%s of %s: %s", expression, xml, err.text);
      char *theirs = by_libxml2(xml, expression);
      bool absent = !strcmp(sl_buf_z(&ours), "{}"); /* ours: when nothing that is read is there */
      if (!absent && strcmp(sl_buf_z(&ours), theirs) != 0)
        fail_msg("%s of %s is %s, not %s", expression, xml, theirs, sl_buf_z(&ours));
      compared += !absent;
      free(theirs);
      sl_buf_fini(&ours);
    }
    sl_mapping_destroy(&m);
  }
  assert_true(compared > 3000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_come_back_as_they_were_written),
      cmocka_unit_test(records_of_any_text_are_read_or_refused),
      cmocka_unit_test(expressions_mean_what_libxml2_says),
  };
  return cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
