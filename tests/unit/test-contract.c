/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the golden files cannot show: the asking side, and files made to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/buf.h"
#include "core/diag.h"
#include "mappings/contract/contract.h"

#define XS                                                                                         \
  "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"u\" targetNamespace=\"u\">"

static const char *golden(const char *name)
{
  static char path[1024];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/tests/golden/contract/%s", source ? source : ".", name);
  return path;
}

static sl_contract_t *load(const char *path)
{
  sl_diags_t *diags = sl_diags_new();
  sl_contract_t *contract = sl_contract_load(path, diags);
  if (!contract) fail_msg("%s", sl_diags_first(diags));
  sl_diags_destroy(&diags);
  return contract;
}

/* The code of the first error that loading text gives, "" when it loads. */
static void load_text(sl_buf_t *text, char code[8])
{
  char path[] = "/tmp/test-contract-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_false(text->failed);
  assert_int_equal(write(fd, text->p, text->len), (ssize_t)text->len);
  close(fd);
  sl_diags_t *diags = sl_diags_new();
  sl_contract_t *contract = sl_contract_load(path, diags);
  snprintf(code, 8, "%s", contract ? "" : sl_diags_at(diags, 0)->code);
  assert_int_equal(contract == NULL, sl_diags_errors(diags) > 0);
  sl_contract_destroy(&contract);
  assert_null(contract);
  sl_diags_destroy(&diags);
  unlink(path);
  sl_buf_fini(text);
}

static void op_several_ports_soap11_first(void **state)
{
  sl_contract_t *c = load(golden("wsdl-document/main.wsdl"));
  const sl_wsdl_op_t *op = sl_contract_op(c, "getOrder", NULL);
  assert_string_equal(op->port, "One.P11");
  assert_int_equal(op->soap_version, 11);
  assert_string_equal(sl_contract_op(c, "getOrder", "One.P12")->action, "urn:getOrder12");
  assert_string_equal(sl_contract_op(c, "getOrder", "P12")->action, "urn:getOrder12");
  assert_string_equal(sl_contract_op(c, "getOrder", "Two.P11")->endpoint, "http://two.invalid/11");
  assert_null(sl_contract_op(c, "getOrder", "P13"));
  assert_null(sl_contract_op(c, "GetOrder", NULL));
  assert_null(sl_contract_op_at(c, sl_contract_op_count(c)));
  sl_contract_destroy(&c);
}

static void type_recursive_points_to_itself(void **state)
{
  sl_contract_t *c = load(golden("wsdl-document/main.wsdl"));
  const sl_xtype_t *order = sl_contract_type(c, "urn:abstract", "Order");
  const sl_xchild_t *part = sl_xtype_child(order, "urn:abstract", "part", NULL);
  assert_ptr_equal(part->elem->type, order);
  assert_int_equal(part->max, SL_UNBOUNDED);
  assert_null(sl_xtype_child(order, "", "part", NULL));
  assert_int_equal(part->elem->where.line, 7);
  assert_non_null(strstr(part->elem->where.file, "abstract.wsdl"));
  sl_contract_destroy(&c);
}

static void child_same_name_in_two_namespaces_ambiguous(void **state)
{
  sl_buf_t text;
  char path[] = "/tmp/test-contract-XXXXXX";
  int fd = mkstemp(path);
  sl_buf_init(&text, 0);
  sl_buf_addz(&text,
              XS "<xs:element name=\"x\" type=\"xs:int\"/><xs:element name=\"r\"><xs:complexType>"
                 "<xs:sequence><xs:element name=\"x\" type=\"xs:int\"/><xs:element ref=\"x\"/>"
                 "</xs:sequence></xs:complexType></xs:element></xs:schema>");
  assert_int_equal(write(fd, text.p, text.len), (ssize_t)text.len);
  close(fd);
  sl_contract_t *c = load(path);
  const sl_xtype_t *r = sl_contract_elem(c, "u", "r")->type;
  bool ambiguous = false;
  assert_non_null(sl_xtype_child(r, NULL, "x", &ambiguous));
  assert_true(ambiguous);
  assert_string_equal(sl_xtype_child(r, "u", "x", &ambiguous)->elem->ns, "u");
  assert_false(ambiguous);
  sl_contract_destroy(&c);
  sl_buf_fini(&text);
  unlink(path);
}

static void table_any_case_found(void **state)
{
  sl_contract_t *c = load(golden("catalog/main.xml"));
  const sl_table_t *t = sl_contract_table(c, "order_lines");
  assert_ptr_equal(t, sl_contract_table(c, "MAIN.order_lines"));
  assert_null(sl_contract_table(c, "other.order_lines"));
  assert_string_equal(sl_table_column(t, "price")->name, "PRICE");
  assert_null(sl_table_column(t, "prices"));
  assert_int_equal(t->n_key, 2);
  sl_contract_destroy(&c);
}

static void load_missing_file_refused(void **state)
{
  sl_diags_t *diags = sl_diags_new();
  assert_null(sl_contract_load("/nonexistent/x.wsdl", diags));
  assert_string_equal(sl_diags_at(diags, 0)->code, "C001");
  assert_null(sl_contract_load("/tmp", diags));
  assert_null(sl_contract_load("/dev/zero", diags));
  assert_int_equal(sl_diags_errors(diags), 3);
  sl_diags_destroy(&diags);
}

/* --- values
 * ------------------------------------------------------------------------------------------- */

static void value_against_type_as_the_schema_says(void **state)
{
  static const struct {
    const char *elem, *text;
    unsigned skip;
    const char *why; /* NULL: accepted */
  } rows[] = {
      {"name30", "x", 0, NULL},
      {"name30", "", 0, "is shorter than 1"},
      {"name30", "1234567890123456789012345678901", 0, "is longer than 30"},
      {"name30", "\303\205234567890123456789012345678\303\205", 0, NULL},
      {"name10", "ABC", 0, NULL},
      {"name10", "abc", 0, "does not match the pattern ([A-Z]+)|([0-9]+)"},
      {"name10", "abc", SL_SKIP_PATTERNS, NULL},
      {"money", "123456789.12", 0, NULL},
      {"money", "0.10", 0, NULL},
      {"money", "0.123", 0, "has more digits behind the point than 2"},
      {"money", "1234567890.12", 0, "has more digits than 11"},
      {"money", "-0.01", 0, "is less than 0"},
      {"money", "-0.01", SL_SKIP_BOUNDS, NULL},
      {"money", "-0.00", 0, NULL},
      {"money", "1000000000", 0, "is not less than 1000000000"},
      {"money", "1e3", 0, "is not a number (xs:decimal)"},
      {"status", " A ", 0, NULL},
      {"status", "B", 0, "is not among the 3 values that the contract enumerates"},
      {"status", "B", SL_SKIP_ENUMS, NULL},
      {"more", "Z", 0, NULL},
      {"more", "Q", 0, "is not among the 4 values that the contract enumerates"},
      {"open", "-12", 0, NULL},
      {"open", "I", 0, NULL},
      {"open", "anything", 0, "is no value of int or Status"},
      {"open", "anything", SL_SKIP_ENUMS, NULL},
      {"two", "A", 0, "has not 2 items"},
      {"two", " A  I ", 0, NULL},
      {"two", "A Q", 0,
       "has the item Q, which is not among the 3 values that the contract enumerates"},
      {"boolean", "true", 0, NULL},
      {"boolean", "0", 0, NULL},
      {"boolean", "Y", 0, "is not a value of xs:boolean"},
      {"date", "2024-02-29", 0, NULL},
      {"date", "20240229", 0, "is not a value of xs:date"},
      {"date", "2023-02-29", 0, "is not a value of xs:date"},
      {"byte", "127", 0, NULL},
      {"byte", " 0000127 ", 0, NULL},
      {"byte", "128", 0, "is greater than 127"},
      {"byte", "1.0", 0, "is not a whole number (xs:integer)"},
      {"integer", "1234567890123456789012345678901234567890", 0, NULL},
      {"integer", "", 0, "is not a number (xs:integer)"},
      {"ulong", "18446744073709551616", 0, "is greater than 18446744073709551615"},
      {"double", "1e3", 0, NULL},
      {"double", "1e", 0, "is not a value of xs:double"},
      {"any", "whatever", 0, NULL},
  };
  sl_contract_t *c = load(golden("simple/main.xsd"));
  const sl_xtype_t *all = sl_contract_elem(c, "urn:s", "all")->type;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char why[SL_WHY] = "";
    const sl_xtype_t *type = sl_xtype_child(all, NULL, rows[i].elem, NULL)->elem->type;
    bool ok = sl_xtype_accepts(type, rows[i].text, rows[i].skip, why);
    if (ok != !rows[i].why || (!ok && strcmp(why, rows[i].why)))
      fail_msg("%s \"%s\": %s, expected %s", rows[i].elem, rows[i].text, ok ? "accepted" : why,
               rows[i].why ? rows[i].why : "accepted");
  }
  sl_contract_destroy(&c);
}

static void value_against_column_as_the_catalogue_says(void **state)
{
  static const struct {
    sl_column_t column;
    const char *text, *why;
  } rows[] = {
      {{.type = "VARCHAR", .size = 3}, "abc", NULL},
      {{.type = "VARCHAR", .size = 3}, "abcd", "is longer than 3"},
      {{.type = "TEXT"}, "abcd", NULL},
      {{.type = "INTEGER"}, "12", NULL},
      {{.type = "INTEGER"}, "12.5", "is not a whole number (INTEGER)"},
      {{.type = "INTERVAL"}, "1 day", NULL},
      {{.type = "DECIMAL", .size = 5, .scale = 2}, "123.45", NULL},
      {{.type = "DECIMAL", .size = 5, .scale = 2},
       "1234",
       "has more digits before the point than 3"},
      {{.type = "DECIMAL", .size = 5, .scale = 2},
       "1.234",
       "has more digits behind the point than 2"},
      {{.type = "NUMERIC"}, "1.234", NULL},
      {{.type = "DATE"}, "2024-01-01", NULL},
      {{.type = "DATE"}, "20240101", "is not a DATE"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char why[SL_WHY] = "";
    bool ok = sl_column_accepts(&rows[i].column, rows[i].text, why);
    if (ok != !rows[i].why || (!ok && strcmp(why, rows[i].why)))
      fail_msg("%s \"%s\": %s", rows[i].column.type, rows[i].text, ok ? "accepted" : why);
  }
}

/* --- files made to hurt
 * ------------------------------------------------------------------------------ */

static void groups_doubling_sixty_times_refused(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text,
              XS "<xs:group name=\"g0\"><xs:sequence><xs:element name=\"e\" type=\"xs:int\"/>"
                 "</xs:sequence></xs:group>");
  for (int i = 1; i < 60; i++)
    sl_buf_printf(
        &text,
        "<xs:group name=\"g%d\"><xs:sequence><xs:group ref=\"g%d\"/><xs:group ref=\"g%d\"/>"
        "</xs:sequence></xs:group>",
        i, i - 1, i - 1);
  sl_buf_addz(&text,
              "<xs:complexType name=\"T\"><xs:group ref=\"g59\"/></xs:complexType></xs:schema>");
  load_text(&text, code);
  assert_string_equal(code, "C007");
}

static void derivation_ten_thousand_steps_refused(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, XS
              "<xs:simpleType name=\"t10000\"><xs:restriction base=\"xs:int\"/></xs:simpleType>");
  for (int i = 0; i < 10000; i++)
    sl_buf_printf(&text,
                  "<xs:simpleType name=\"t%d\"><xs:restriction base=\"t%d\"/></xs:simpleType>", i,
                  i + 1);
  sl_buf_addz(&text, "</xs:schema>");
  load_text(&text, code);
  assert_string_equal(code, "C007");
}

static void particles_nested_deep_refused(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, XS "<xs:complexType name=\"T\">");
  for (int i = 0; i < 100000; i++) sl_buf_addz(&text, "<xs:sequence>");
  for (int i = 0; i < 100000; i++) sl_buf_addz(&text, "</xs:sequence>");
  sl_buf_addz(&text, "</xs:complexType></xs:schema>");
  load_text(&text, code);
  assert_string_equal(code, "C002");
}

static void substitutes_in_a_ring_end(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, XS);
  for (int i = 0; i < 40; i++)
    sl_buf_printf(&text, "<xs:element name=\"e%d\" substitutionGroup=\"e%d\"/>", i, (i + 1) % 40);
  sl_buf_addz(&text, "<xs:complexType name=\"T\"><xs:sequence><xs:element ref=\"e0\"/>"
                     "</xs:sequence></xs:complexType></xs:schema>");
  load_text(&text, code);
  assert_string_equal(code, "");
}

static void children_too_many_refused(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, XS "<xs:complexType name=\"T\"><xs:sequence>");
  for (int i = 0; i < 50000; i++) sl_buf_printf(&text, "<xs:element name=\"e%d\"/>", i);
  sl_buf_addz(&text, "</xs:sequence></xs:complexType></xs:schema>");
  load_text(&text, code);
  assert_string_equal(code, "C007");
}

static void entities_bomb_refused(void **state)
{
  sl_buf_t text;
  char code[8];
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, "<!DOCTYPE a [<!ENTITY x0 \"xxxxxxxxxx\">");
  for (int i = 1; i < 40; i++)
    sl_buf_printf(&text, "<!ENTITY x%d \"&x%d;&x%d;\">", i, i - 1, i - 1);
  sl_buf_addz(&text, "]><a b=\"&x39;\">&x39;</a>");
  load_text(&text, code);
  assert_string_equal(code, "C003");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(op_several_ports_soap11_first),
      cmocka_unit_test(type_recursive_points_to_itself),
      cmocka_unit_test(child_same_name_in_two_namespaces_ambiguous),
      cmocka_unit_test(table_any_case_found),
      cmocka_unit_test(load_missing_file_refused),
      cmocka_unit_test(value_against_type_as_the_schema_says),
      cmocka_unit_test(value_against_column_as_the_catalogue_says),
      cmocka_unit_test(groups_doubling_sixty_times_refused),
      cmocka_unit_test(derivation_ten_thousand_steps_refused),
      cmocka_unit_test(particles_nested_deep_refused),
      cmocka_unit_test(substitutes_in_a_ring_end),
      cmocka_unit_test(children_too_many_refused),
      cmocka_unit_test(entities_bomb_refused),
  };
  return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
