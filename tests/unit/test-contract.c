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
      cmocka_unit_test(groups_doubling_sixty_times_refused),
      cmocka_unit_test(derivation_ten_thousand_steps_refused),
      cmocka_unit_test(particles_nested_deep_refused),
      cmocka_unit_test(substitutes_in_a_ring_end),
      cmocka_unit_test(children_too_many_refused),
      cmocka_unit_test(entities_bomb_refused),
  };
  return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
