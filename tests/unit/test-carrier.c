/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "adapters/carrier/carrier.h"

static void test_status_outside_the_contract_becomes_its_problem(void **state)
{
  static const struct {
    int status;
    int64_t retry_after_s;
    bool safe;
    sl_code_t code;
    int becomes, retry_becomes;
  } rows[] = {
      {503, 7, false, SL_UNAVAILABLE, 503, 7},
      {503, 0, true, SL_UNAVAILABLE, 503, 5},
      {503, INT64_MAX, true, SL_UNAVAILABLE, 503, 86400},
      {408, 0, false, SL_UNAVAILABLE, 503, 5},
      {429, 30, true, SL_LIMITED, 429, 30},
      {401, 0, true, SL_LEGACY_ERROR, 502, 0},
      {403, 0, false, SL_LEGACY_ERROR, 502, 0},
      {407, 0, false, SL_LEGACY_ERROR, 502, 0},
      {502, 0, false, SL_IN_DOUBT, 504, 0},
      {504, 0, false, SL_IN_DOUBT, 504, 0},
      {504, 0, true, SL_TIMED_OUT, 504, 0},
      {502, 0, true, SL_UNAVAILABLE, 503, 5},
      {302, 0, true, SL_LEGACY_ERROR, 502, 0},
      {404, 0, false, SL_LEGACY_ERROR, 502, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_problem_t p;
    sl_carrier_judge(rows[i].status, rows[i].retry_after_s, rows[i].safe, &p);
    assert_int_equal(p.code, rows[i].code);
    assert_int_equal(p.status, rows[i].becomes);
    assert_string_not_equal(p.detail, "");
    if (rows[i].retry_becomes) assert_int_equal(p.retry_after_s, rows[i].retry_becomes);
  }
}

static void test_credentials_are_hidden_and_the_rest_is_kept(void **state)
{
  static const struct {
    const char *text, *shown;
  } rows[] = {
      {"", ""},
      {"<a b=\"1\">x</a>", "<a b=\"1\">x</a>"},
      {"<wsse:Password Type=\"#T\">hunter2</wsse:Password><x/>",
       "<wsse:Password Type=\"#T\">***</wsse:Password><x/>"},
      {"<PASSWORD/>x<y>1</y>", "<PASSWORD/>x<y>1</y>"},
      {"<USER_PWD>a</USER_PWD>", "<USER_PWD>***</USER_PWD>"},
      {"<u password=\"a b\" n='1'/>", "<u password=\"***\" n='1'/>"},
      {"<u pwd = 'a'/>", "<u pwd = '***'/>"},
      {"{\"user\": \"u\", \"password\": \"a\\\"b\", \"n\": 1}",
       "{\"user\": \"u\", \"password\": \"***\", \"n\": 1}"},
      {"{\"accessToken\":12,\"n\":1}", "{\"accessToken\":***,\"n\":1}"},
      {"Authorization: Basic dTpw\nX-Id: 1\n", "Authorization: ***\nX-Id: 1\n"},
      {"X-Api-Key:abc\n", "X-Api-Key:***\n"},
      {"<Password>", "<Password>"},
      {"<Password", "<Password"},
      {"password", "password"},
      {"\"password\":", "\"password\":"},
      {"\"password\":\"open", "\"password\":\"***"},
      {"\"password\":\"open\\", "\"password\":\"***"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t out;
    sl_buf_init(&out, 0);
    sl_carrier_redact(sl_str(rows[i].text), &out);
    assert_string_equal(sl_buf_z(&out), rows[i].shown);
    sl_buf_fini(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status_outside_the_contract_becomes_its_problem),
      cmocka_unit_test(test_credentials_are_hidden_and_the_rest_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
