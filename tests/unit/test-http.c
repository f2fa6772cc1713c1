/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the gateway takes for HTTP. Whole hostile requests are in tests/system/gateway.py; here are
 * the limits to the byte, and headers that are read in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/gateway/http_guard.h"
#include "adapters/gateway/negotiate.h"

/* Of the head the target does not count. */
static const sl_http_limits_t limits = {.max_target = 8, .max_head = 64, .max_body = 10};

/* 0: whole and well; -1: more is wanted; else what it is refused with. */
static int judge(const char *text, size_t step, size_t *taken_p)
{
  sl_http_guard_t guard;
  size_t len = strlen(text);
  *taken_p = 0;
  sl_http_guard_init(&guard, &limits);
  while (*taken_p < len && !sl_http_guard_done(&guard) && !sl_http_guard_bad(&guard)) {
    size_t n = len - *taken_p < step ? len - *taken_p : step;
    *taken_p += sl_http_guard_scan(&guard, text + *taken_p, n);
  }
  return sl_http_guard_done(&guard) ? 0 : sl_http_guard_bad(&guard) ? guard.status : -1;
}

static void request_at_its_limits_is_judged_to_the_byte(void **state)
{
#define POST "POST / HTTP/1.0\r\n"
  static const struct {
    const char *text;
    int judged;
  } rows[] = {
      {"GET /2345678 HTTP/1.0\r\n\r\n", 0},
      {"GET /23456789 HTTP/1.0\r\n\r\n", 414},
      {POST "Content-Length: 10\r\n\r\n1234567890", 0},
      {POST "Content-Length: 10\r\n\r\n123456789", -1},
      {POST "Content-Length: 11\r\n\r\n", 413},
      {POST "Content-Length:  0010  \r\n\r\n1234567890", 0},
      {POST "Content-Length: 1000000000000000000\r\n\r\n", 400},
      {POST "Content-Length: 999999999999999999\r\n\r\n", 413},
      {POST "Host: a\r\nA: 123456789012345678901234567890123\r\n\r\n", 431},
      {POST "Host: a\r\nA: 12345678901234567890123456789012\r\n\r\n", 0},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
       "chunked\r\n\r\nA\r\n1234567890\r\n0\r\n\r\n",
       0},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n6\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\n", 400},
      {"", -1},
      {"GET / HTTP/1.0\r\n\r", -1},
  };
  size_t taken;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t step = 1; step < 100; step += 7) {
      int judged = judge(rows[i].text, step, &taken);
      if (judged != rows[i].judged)
        fail_msg("row %zu by %zu: %d, wanted %d", i, step, judged, rows[i].judged);
    }
#undef POST
}

static void request_whole_leaves_the_next(void **state)
{
  static const char two[] = "GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n";
  size_t taken;
  assert_int_equal(judge(two, sizeof two, &taken), 0);
  assert_int_equal(taken, 19);
}

typedef struct row {
  const char *value;
  int64_t wanted;
} row_t;

static void content_type_is_json_or_not(void **state)
{
  static const row_t rows[] = {
      {"application/json", 1},
      {"Application/JSON; charset=UTF-8", 1},
      {"application/json;charset=\"utf-8\"", 1},
      {"application/merge-patch+json", 1},
      {"application/json; charset=latin1", 0},
      {"application/jsonp", 0},
      {"text/json", 0},
      {"+json", 0},
      {"", 0},
      {NULL, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sl_is_json_type(rows[i].value), rows[i].wanted);
}

static void accept_leaves_room_for_json_or_not(void **state)
{
  static const row_t rows[] = {
      {NULL, 1},
      {"", 1},
      {"*/*", 1},
      {"application/*", 1},
      {"application/problem+json", 1},
      {"text/html, application/xml;q=0.9, */*;q=0.8", 1},
      {"text/html", 0},
      {"application/jsonp", 0},
      {"*/*;q=0", 0},
      {"application/json;q=0.0, */*", 0}, /* the more exact range wins */
      {"*/*;q=0, application/json", 1},
      {"application/json ; q=0.1", 1},
      {"application/json;v=1;q=0", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (sl_accepts_json(rows[i].value) != rows[i].wanted) fail_msg("%s", rows[i].value);
}

static void prefer_wait_is_seconds(void **state)
{
  static const row_t rows[] = {
      {NULL, 0},        {"wait=5", 5000}, {"respond-async, wait=10", 10000},
      {"Wait=1", 1000}, {"wait=", 0},     {"wait=-1", 0},
      {"wait=1x", 0},   {"await=5", 0},   {"wait=99999999999", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sl_prefer_wait_ms(rows[i].value), rows[i].wanted);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(request_at_its_limits_is_judged_to_the_byte),
      cmocka_unit_test(request_whole_leaves_the_next),
      cmocka_unit_test(content_type_is_json_or_not),
      cmocka_unit_test(accept_leaves_room_for_json_or_not),
      cmocka_unit_test(prefer_wait_is_seconds),
  };
  return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
