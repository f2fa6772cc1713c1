/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "adapters/rest/rest.h"

static void test_base_and_target_make_one_address(void **state)
{
  static const struct {
    const char *base, *target, *url; /* url NULL: refused */
  } rows[] = {
      {"http://h", "/v1/inv/7", "http://h/v1/inv/7"},
      {"http://h/", "/v1", "http://h/v1"},
      {"http://h/api//", "/v1?x=/../y", "http://h/api/v1?x=/../y"},
      {"http://h/api", "v1", "http://h/api/v1"},
      {"http://h/api", "", "http://h/api"},
      {"http://h/api", "?a=1", "http://h/api?a=1"},
      {"http://h", "/a/...", "http://h/a/..."},
      {"http://h", "/a/.b/c.", "http://h/a/.b/c."},
      {"http://h", "/a/..b", "http://h/a/..b"},
      {"http://h", "/a/..", NULL},
      {"http://h", "/a/../b", NULL},
      {"http://h", "/a/./b", NULL},
      {"http://h", "/a/%2E%2e", NULL},
      {"http://h", "/a/.%2e?q", NULL},
      {"http://h", "..", NULL},
  };
  sl_arena_t *arena = sl_arena_new(0, 0);
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_err_t err = {0};
    const char *url = sl_rest_url(arena, rows[i].base, rows[i].target, &err);
    if (rows[i].url) {
      assert_non_null(url);
      assert_string_equal(url, rows[i].url);
    } else {
      assert_null(url);
      assert_int_equal(err.code, SL_INVALID);
    }
  }
  sl_arena_destroy(&arena);
}

static void test_header_without_value_is_sent_empty(void **state)
{
  sl_arena_t *arena = sl_arena_new(0, 0);
  (void)state;
  assert_string_equal(sl_rest_header(arena, sl_str("X-Id"), sl_str("a b")), "X-Id: a b");
  assert_string_equal(sl_rest_header(arena, sl_str("X-Id"), sl_str("")), "X-Id;");
  sl_arena_destroy(&arena);
}

static void test_full_arena_is_too_large(void **state)
{
  sl_arena_t *arena = sl_arena_new(64, 64);
  char target[256] = "/";
  sl_err_t err = {0};
  (void)state;
  memset(target + 1, 'a', sizeof target - 2);
  target[sizeof target - 1] = '\0';
  assert_null(sl_rest_url(arena, "http://h", target, &err));
  assert_int_equal(err.code, SL_TOO_LARGE);
  sl_arena_destroy(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base_and_target_make_one_address),
      cmocka_unit_test(test_header_without_value_is_sent_empty),
      cmocka_unit_test(test_full_arena_is_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
