/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers as they come over the wire, each whole and in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "adapters/http_client/reply.h"

struct row {
  const char *wire;
  int status; /* 0: refused */
  const char *body;
  bool keep_alive;
  int left;         /* bytes behind the answer */
  bool until_close; /* whole only when the connection ends */
  bool head_request;
};

#define OK "HTTP/1.1 200 OK\r\n"

static const struct row rows[] = {
    {OK "Content-Length: 5\r\n\r\nhello", 200, "hello", true, 0, false, false},
    {OK "content-length:5\t\r\nX: \r\n\r\nhelloHTTP", 200, "hello", true, 4, false, false},
    {OK "Content-Length: 0\r\n\r\n", 200, "", true, 0, false, false},
    {"HTTP/1.1 200\nContent-Length: 2\n\nok", 200, "ok", true, 0, false, false},
    {"HTTP/1.1 500 \r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", 500, "x", false, 0, false,
     false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false, 0, false, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive, X\r\n\r\nx", 200, "x", true,
     0, false, false},
    {OK "\r\nto the end", 200, "to the end", false, 0, true, false},
    {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=\"y\"\r\n!\r\n0\r\nA: b\r\n\r\n", 200,
     "hello!", true, 0, false, false},
    {OK "Transfer-Encoding: Chunked\r\n\r\n00A \r\n0123456789\r\n0\r\n\r\n", 200, "0123456789",
     true, 0, false, false},
    {OK "Transfer-Encoding: chunked\n\n3\nabc\n0\n\nrest", 200, "abc", true, 4, false, false},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, "x",
     false, 0, false, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" OK
     "Content-Length: 1\r\n\r\nx",
     200, "x", true, 0, false, false},
    {"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", 204, "", true, 0, false, false},
    {"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", 304, "", true, 0, false, false},
    {OK "Content-Length: 5\r\n\r\n", 200, "", true, 0, false, true},
    {OK "Transfer-Encoding: chunked\r\n\r\n", 200, "", true, 0, false, true},
    /* refused */
    {"HTTP/2 200 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {"HTTP/1.1  200 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {"HTTP/1.1 20 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {"HTTP/1.1 2000 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {"HTTP/1.1 099 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {"HTTP/1.1 101 Switching\r\n\r\n", 0, NULL, false, 0, false, false},
    {"\r\n\r\n", 0, NULL, false, 0, false, false},
    {"ICY 200 OK\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "Content-Length: -5\r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Content-Length: 0x5\r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Content-Length: 5, 5\r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Content-Length: \r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Content-Length: 99999999999999999999\r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0, NULL, false, 0,
     false, false},
    {OK "No colon\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "Name : x\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK ": x\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "A: b\r\n folded\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n-5\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n0x5\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n1111111111111111\r\n", 0, NULL, false, 0, false, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", 0, NULL, false, 0, false, false},
};

/* Feeds wire in pieces of size; true: it was read as row says. */
static void check(sl_reply_t *r, const struct row *row, size_t size)
{
  size_t len = strlen(row->wire), at = 0, left = 0;
  sl_reply_step_t step = SL_REPLY_MORE;
  sl_buf_t body;
  sl_buf_init(&body, 0);
  sl_reply_reset(r, row->head_request);
  while (at < len && step == SL_REPLY_MORE) {
    size_t n = len - at < size ? len - at : size;
    /* A copy of its own: reading beyond it is seen by the sanitizer. */
    char *piece = malloc(n);
    memcpy(piece, row->wire + at, n);
    sl_str_t in = sl_strn(piece, n), part;
    while ((step = sl_reply_next(r, &in, &part)) == SL_REPLY_BODY) sl_buf_adds(&body, part);
    at += n;
    left = in.len + (len - at);
    free(piece);
  }
  if (!row->status) {
    assert_int_equal(step, SL_REPLY_BAD);
    assert_false(sl_reply_end(r));
  } else {
    assert_int_equal(step, row->until_close ? SL_REPLY_MORE : SL_REPLY_DONE);
    assert_true(sl_reply_end(r));
    assert_int_equal(r->status, row->status);
    assert_string_equal(sl_buf_z(&body), row->body);
    assert_int_equal(r->keep_alive, row->keep_alive);
    assert_int_equal(left, row->left);
  }
  sl_buf_fini(&body);
}

static void test_answers_are_read_alike_in_pieces_of_any_size(void **state)
{
  sl_reply_t r;
  (void)state;
  sl_reply_init(&r);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t size = 1; size <= strlen(rows[i].wire); size++) check(&r, &rows[i], size);
  sl_reply_fini(&r);
}

static void test_answer_that_ends_early_is_not_whole(void **state)
{
  static const char *const wires[] = {OK "Content-Length: 5\r\n\r\nhell",
                                      OK "Content-Le",
                                      OK,
                                      "",
                                      OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                                      OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"};
  sl_reply_t r;
  (void)state;
  sl_reply_init(&r);
  for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
    sl_str_t in = sl_str(wires[i]), body;
    sl_reply_step_t step;
    sl_reply_reset(&r, false);
    while ((step = sl_reply_next(&r, &in, &body)) == SL_REPLY_BODY) continue;
    assert_int_equal(step, SL_REPLY_MORE);
    assert_false(sl_reply_end(&r));
    assert_int_equal(r.begun, wires[i][0] != '\0');
  }
  sl_reply_fini(&r);
}

static void test_headers_are_found_by_name(void **state)
{
  sl_str_t in = sl_str(OK "Content-Type: text/xml; charset=utf-8 \r\nretry-after:\t7\r\n"
                          "X-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"),
           body;
  sl_reply_t r;
  (void)state;
  sl_reply_init(&r);
  sl_reply_reset(&r, false);
  while (sl_reply_next(&r, &in, &body) == SL_REPLY_BODY) continue;
  assert_string_equal(sl_reply_header(&r, "content-type"), "text/xml; charset=utf-8");
  assert_string_equal(sl_reply_header(&r, "Retry-After"), "7");
  assert_string_equal(sl_reply_header(&r, "x-a"), "1");
  assert_null(sl_reply_header(&r, "x"));
  sl_reply_fini(&r);
}

static void test_head_and_headers_are_bounded(void **state)
{
  sl_reply_t r;
  sl_buf_t wire;
  (void)state;
  sl_reply_init(&r);
  for (int many = 0; many < 2; many++) {
    sl_str_t in, body;
    sl_buf_init(&wire, 0);
    sl_buf_addz(&wire, OK);
    for (int i = 0; i < (many ? SL_REPLY_MAX_HEADERS + 1 : 1); i++) {
      sl_buf_printf(&wire, "X-%d: ", i);
      for (int n = 0; n < (many ? 1 : SL_REPLY_MAX_HEAD); n++) sl_buf_addc(&wire, 'x');
      sl_buf_addz(&wire, "\r\n");
    }
    sl_buf_addz(&wire, "\r\n");
    in = sl_buf_str(&wire);
    sl_reply_reset(&r, false);
    assert_int_equal(sl_reply_next(&r, &in, &body), SL_REPLY_BAD);
    sl_buf_fini(&wire);
  }
  sl_reply_fini(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers_are_read_alike_in_pieces_of_any_size),
      cmocka_unit_test(test_answer_that_ends_early_is_not_whole),
      cmocka_unit_test(test_headers_are_found_by_name),
      cmocka_unit_test(test_head_and_headers_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
