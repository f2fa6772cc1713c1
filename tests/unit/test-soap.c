/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "adapters/soap/soap.h"

static void check_headers(int version, const char *action, const char *const *expected, int n)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  assert_int_equal(sl_soap_headers(version, action, &out), n);
  const char *p = sl_buf_z(&out);
  for (int i = 0; i < n; i++, p += strlen(p) + 1) assert_string_equal(p, expected[i]);
  sl_buf_fini(&out);
}

static void test_soap11_sends_a_quoted_action_always(void **state)
{
  const char *full[] = {"Content-Type: text/xml; charset=utf-8", "Accept: text/xml",
                        "SOAPAction: \"urn:crm#Get\""};
  const char *none[] = {full[0], full[1], "SOAPAction: \"\""};
  (void)state;
  check_headers(11, "urn:crm#Get", full, 3);
  check_headers(11, "", none, 3);
}

static void test_soap12_sends_the_action_in_the_media_type(void **state)
{
  const char *full[] = {"Content-Type: application/soap+xml; charset=utf-8; action=\"a\\\"b\"",
                        "Accept: application/soap+xml"};
  const char *none[] = {"Content-Type: application/soap+xml; charset=utf-8", full[1]};
  (void)state;
  check_headers(12, "a\"b", full, 2);
  check_headers(12, "", none, 2);
}

static void test_answers_that_may_hold_an_envelope_are_read(void **state)
{
  static const struct {
    int status;
    const char *type;
    bool reads;
  } rows[] = {
      {200, "text/xml", true},
      {200, "text/plain", true}, /* some servers say so and send XML: the parser decides */
      {200, NULL, true},
      {202, NULL, true},
      {500, "text/html", true},
      {400, "application/soap+xml; charset=utf-8", true},
      {400, "Text/XML", true},
      {400, "text/html", false},
      {400, NULL, false},
      {401, "text/xml", false},
      {404, "text/html", false},
      {503, "text/xml", false},
      {302, NULL, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sl_soap_reads(rows[i].status, rows[i].type), rows[i].reads);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_soap11_sends_a_quoted_action_always),
      cmocka_unit_test(test_soap12_sends_the_action_in_the_media_type),
      cmocka_unit_test(test_answers_that_may_hold_an_envelope_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
