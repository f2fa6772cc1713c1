/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "adapters/odbc/worker_proto.h"

static sl_buf_t buf;

static int setup(void **state)
{
  (void)state;
  sl_buf_init(&buf, 0);
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  sl_buf_fini(&buf);
  return 0;
}

static sl_wp_frame_t only_frame(void)
{
  sl_wp_frame_t frame;
  size_t used = 0;
  assert_int_equal(sl_wp_next(buf.p, buf.len, SL_WP_MAX_UP, &frame, &used), 1);
  assert_int_equal(used, buf.len);
  return frame;
}

static void assert_str(sl_str_t s, const char *z)
{
  assert_int_equal(s.len, strlen(z));
  assert_memory_equal(s.p, z, s.len);
}

static void call_sent_is_received_whole(void **state)
{
  (void)state;
  sl_arg_t args[2] = {{SL_STR("path:id"), SL_STR("42")}, {SL_STR("query:q"), SL_STR("")}};
  sl_wp_call_t call = {SL_STR("getOrder"), SL_STR("req-1"), 1ull << 40, {args, 2, SL_STR("{}")}};
  sl_wp_put_call(&buf, SL_WP_SHOW, 7, &call);
  sl_wp_frame_t frame = only_frame();
  assert_int_equal(frame.kind, SL_WP_CALL);
  assert_int_equal(frame.flags, SL_WP_SHOW);
  assert_int_equal(frame.call, 7);
  sl_wp_call_t got;
  static sl_arg_t room[SL_WP_MAX_ARGS];
  assert_true(sl_wp_get_call(&frame, &got, room));
  assert_str(got.operation, "getOrder");
  assert_str(got.request, "req-1");
  assert_true(got.credit == 1ull << 40);
  assert_int_equal(got.input.n_args, 2);
  assert_str(got.input.args[0].name, "path:id");
  assert_str(got.input.args[0].value, "42");
  assert_str(got.input.args[1].value, "");
  assert_str(got.input.body, "{}");
}

static void answer_with_problem_keeps_every_member(void **state)
{
  (void)state;
  sl_problem_t problem = {.type = "order-not-found",
                          .title = "no",
                          .status = 404,
                          .detail = "none",
                          .field = "/id",
                          .retry_after_s = 3,
                          .code = SL_NOT_FOUND};
  sl_answer_t answer = {.status = 404, .problem = &problem, .n_headers = 1};
  answer.headers[0] = (sl_answer_header_t){SL_STR("etag"), SL_STR("\"7\"")};
  sl_wp_put_answer(&buf, SL_WP_LAST, 9, &answer, 3);
  sl_buf_addz(&buf, "abc");
  sl_wp_frame_t frame = only_frame();
  sl_answer_t got;
  sl_problem_t p;
  sl_str_t body;
  assert_true(sl_wp_get_answer(&frame, &got, &p, &body));
  assert_int_equal(frame.flags, SL_WP_LAST);
  assert_int_equal(got.status, 404);
  assert_str(got.headers[0].name, "etag");
  assert_str(got.headers[0].value, "\"7\"");
  assert_ptr_equal(got.problem, &p);
  assert_string_equal(p.type, "order-not-found");
  assert_string_equal(p.field, "/id");
  assert_int_equal(p.retry_after_s, 3);
  assert_int_equal(p.code, SL_NOT_FOUND);
  assert_str(body, "abc");
}

static void error_survives_the_trip(void **state)
{
  (void)state;
  sl_err_t err, got;
  sl_err_field(&err, SL_INVALID, "/lines/0/sku", "too long");
  sl_wp_put_err(&buf, SL_WP_FAIL, 1, &err);
  sl_wp_frame_t frame = only_frame();
  assert_true(sl_wp_get_err(&frame, &got));
  assert_int_equal(got.code, SL_INVALID);
  assert_string_equal(got.field, "/lines/0/sku");
  assert_string_equal(got.text, "too long");
}

static void frame_cut_anywhere_is_incomplete(void **state)
{
  (void)state;
  sl_wp_put_credit(&buf, 3, 65536);
  sl_wp_frame_t frame;
  size_t used;
  for (size_t len = 0; len < buf.len; len++)
    assert_int_equal(sl_wp_next(buf.p, len, SL_WP_MAX_UP, &frame, &used), 0);
  uint64_t bytes = 0;
  frame = only_frame();
  assert_true(sl_wp_get_credit(&frame, &bytes));
  assert_int_equal(bytes, 65536);
}

static void payload_cut_anywhere_is_refused(void **state)
{
  (void)state;
  sl_wp_hello_t hello = {SL_STR("DSN=erp"), SL_STR(""), SL_STR("12/34"), 5, 2000, 256, 1024};
  sl_wp_put_hello(&buf, &hello);
  sl_wp_frame_t frame = only_frame();
  sl_wp_hello_t got;
  assert_true(sl_wp_get_hello(&frame, &got));
  assert_str(got.connection, "DSN=erp");
  assert_str(got.ended, "12/34");
  assert_int_equal(got.max_body_kib, 1024);
  for (size_t whole = frame.payload.len; frame.payload.len-- > 0 && whole;)
    assert_false(sl_wp_get_hello(&frame, &got));
}

static void nonsense_is_refused(void **state)
{
  (void)state;
  static const struct {
    const char *what;
    unsigned char bytes[SL_WP_HEADER];
  } rows[] = {
      {"kind 0", {0}},
      {"unknown kind", {99}},
      {"reserved bytes in use", {SL_WP_CREDIT, 0, 1}},
      {"payload over the bound", {SL_WP_CHUNK, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_wp_frame_t frame;
    size_t used;
    print_message("# %s\n", rows[i].what);
    assert_int_equal(
        sl_wp_next((const char *)rows[i].bytes, SL_WP_HEADER, SL_WP_MAX_UP, &frame, &used), -1);
  }
}

static void counts_over_their_bound_are_refused(void **state)
{
  (void)state;
  static sl_arg_t args[SL_WP_MAX_ARGS + 1];
  sl_wp_call_t call = {SL_STR("x"), SL_STR("r"), 0, {args, SL_WP_MAX_ARGS + 1, {NULL, 0}}};
  sl_wp_put_call(&buf, 0, 1, &call);
  sl_wp_frame_t frame = only_frame();
  sl_wp_call_t got;
  assert_false(sl_wp_get_call(&frame, &got, args));
}

static void error_without_a_code_is_refused(void **state)
{
  (void)state;
  sl_err_t err = {.code = SL_OK};
  sl_wp_put_err(&buf, SL_WP_DOWN, 0, &err);
  sl_wp_frame_t frame = only_frame();
  assert_false(sl_wp_get_err(&frame, &err));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(call_sent_is_received_whole, setup, teardown),
      cmocka_unit_test_setup_teardown(answer_with_problem_keeps_every_member, setup, teardown),
      cmocka_unit_test_setup_teardown(error_survives_the_trip, setup, teardown),
      cmocka_unit_test_setup_teardown(frame_cut_anywhere_is_incomplete, setup, teardown),
      cmocka_unit_test_setup_teardown(payload_cut_anywhere_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(nonsense_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(counts_over_their_bound_are_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(error_without_a_code_is_refused, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
