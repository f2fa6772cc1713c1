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

static void test_encoding_of_the_media_type_is_put_into_the_answer(void **state)
{
#define LATIN1 "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
  static const struct {
    const char *type, *first, *prolog;
    size_t skip;
  } rows[] = {
      {"text/xml; charset=ISO-8859-1", "<a>", LATIN1, 0},
      {"text/xml;Charset=\"ISO-8859-1\"; x=y", "<?xml version='1.0'?><a>", LATIN1, 21},
      {"text/xml; charset=ISO-8859-1", "<?xml version='1.0' encoding='utf-8'?><a>", "", 0},
      {"text/xml; charset=ISO-8859-1", "<?xml version='1.0'", "", 0},
      {"text/xml; charset=ISO-8859-1", "<?xml-stylesheet?><a>", LATIN1, 0},
      {"text/xml; charset=ISO-8859-1", "\xef\xbb\xbf<a>", "", 0},
      {"text/xml; charset=ISO-8859-1", "", "", 0},
      {"text/xml; charset=UTF-8", "<a>", "", 0},
      {"text/xml; charset=\"'><\"", "<a>", "", 0},
      {"text/xml", "<a>", "", 0},
      {NULL, "<a>", "", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t out;
    sl_buf_init(&out, 0);
    size_t skip = sl_soap_prolog(rows[i].type, sl_str(rows[i].first), &out);
    assert_int_equal(skip, rows[i].skip);
    assert_string_equal(sl_buf_z(&out), rows[i].prolog);
    sl_buf_fini(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_soap11_sends_a_quoted_action_always),
      cmocka_unit_test(test_soap12_sends_the_action_in_the_media_type),
      cmocka_unit_test(test_answers_that_may_hold_an_envelope_are_read),
      cmocka_unit_test(test_encoding_of_the_media_type_is_put_into_the_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
