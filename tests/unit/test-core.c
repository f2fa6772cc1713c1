/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/diag.h"
#include "core/err.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/problem.h"

/* --- memory ---------------------------------------------------------------------------------- */

static void arena_over_its_cap_says_no(void **state)
{
  sl_arena_t *a = sl_arena_new(1024, 4096);
  assert_non_null(sl_arena_alloc(a, 1000));
  assert_non_null(sl_arena_alloc(a, 2000));
  assert_null(sl_arena_alloc(a, 2000));
  assert_null(sl_arena_alloc(a, SIZE_MAX));
  assert_non_null(sl_arena_alloc(a, 500)); /* what fits is still given */
  sl_arena_reset(a);
  assert_int_equal(sl_arena_used(a), 0);
  assert_non_null(sl_arena_alloc(a, 2000));
  sl_arena_destroy(&a);
  assert_null(a);
}

static void arena_pieces_are_aligned_and_apart(void **state)
{
  sl_arena_t *a = sl_arena_new(128, 0);
  char *last = NULL;
  for (size_t i = 1; i < 200; i++) {
    char *text = sl_arena_text(a, i % 7 + 1);
    char *p = sl_arena_zalloc(a, i);
    assert_non_null(text);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
    for (size_t k = 0; k < i; k++) assert_int_equal(p[k], 0);
    memset(p, 0x55, i);
    if (last) assert_int_equal(*last, 0x55);
    last = p;
  }
  assert_string_equal(sl_arena_printf(a, "%s-%d", "x", 42), "x-42");
  sl_str_t copy = sl_arena_str(a, sl_strn("abcdef", 3));
  assert_int_equal(copy.len, 3);
  assert_string_equal(copy.p, "abc");
  assert_non_null(sl_arena_str(a, sl_strn(NULL, 0)).p);
  sl_arena_destroy(&a);
}

static void buf_over_its_bound_fails_once_and_for_all(void **state)
{
  sl_buf_t b;
  sl_buf_init(&b, 10);
  sl_buf_addz(&b, "12345");
  sl_buf_addz(&b, "123456");
  assert_true(b.failed);
  sl_buf_addz(&b, "1");
  assert_int_equal(b.len, 5);
  assert_string_equal(sl_buf_z(&b), "");
  sl_buf_clear(&b);
  sl_buf_printf(&b, "%d", 1234567);
  assert_false(b.failed);
  sl_buf_consume(&b, 3);
  assert_string_equal(sl_buf_z(&b), "4567");
  size_t len;
  char *taken = sl_buf_take(&b, &len);
  assert_memory_equal(taken, "4567", len);
  free(taken);
  assert_int_equal(b.len, 0);
  for (int i = 0; i < 10; i++) sl_buf_addc(&b, 'x'); /* filled to the last byte */
  assert_string_equal(sl_buf_z(&b), "xxxxxxxxxx");
  sl_buf_addc(&b, 'x');
  assert_true(b.failed);
  sl_buf_fini(&b);
}

/* --- diagnostics and problems ---------------------------------------------------------------- */

static char *printed(sl_diags_t *diags)
{
  char *text = NULL;
  size_t len;
  FILE *f = open_memstream(&text, &len);
  sl_diags_print(diags, f);
  fclose(f);
  return text;
}

static void diags_print_in_file_order_with_line_and_caret(void **state)
{
  static const char a[] = "<m>\n\t<f t=\"x\"/>\r\n<\xc3\xa9 y/>\n";
  sl_diags_t *d = sl_diags_new();
  sl_diags_source(d, "a.xml", a, sizeof a - 1);
  sl_diags_source(d, "b.xml", "", 0);
  sl_diags_add(d, SL_WARNING, "W1", "b.xml", 0, 0, NULL, "nothing in it");
  sl_diags_add(d, SL_ERROR, "R3", "a.xml", 3, 5, NULL, "no %s", "y");
  sl_diags_add(d, SL_ERROR, "R2", "a.xml", 2, 5, "write \"z\"", "bad t");
  sl_diags_add(d, SL_ERROR, "R2", "a.xml", 2, 5, NULL, "the same again");
  assert_int_equal(sl_diags_count(d), 3);
  assert_int_equal(sl_diags_errors(d), 2);
  assert_string_equal(sl_diags_first(d), "a.xml:2:5: error R2 bad t");
  char *text = printed(d);
  assert_string_equal(text, "a.xml:2:5: error R2 bad t\n"
                            "     2 | \t<f t=\"x\"/>\n"
                            "       | \t   ^\n"
                            "  fix: write \"z\"\n"
                            "a.xml:3:5: error R3 no y\n"
                            "     3 | <\xc3\xa9 y/>\n"
                            "       |    ^\n"
                            "b.xml: warning W1 nothing in it\n");
  free(text);
  sl_diags_destroy(&d);
}

static void diags_line_past_the_end_quotes_nothing(void **state)
{
  sl_diags_t *d = sl_diags_new();
  sl_diags_source(d, "a.xml", "one line", 8);
  sl_diags_add(d, SL_ERROR, "R1", "a.xml", 7, 3, NULL, "beyond");
  char *text = printed(d);
  assert_string_equal(text, "a.xml:7:3: error R1 beyond\n");
  free(text);
  sl_diags_destroy(&d);
}

static void err_set_names_category_field_and_text(void **state)
{
  sl_err_t err;
  assert_int_equal(sl_err_field(&err, SL_INVALID, "/name", "longer than %d", 30), SL_INVALID);
  assert_string_equal(err.field, "/name");
  assert_string_equal(err.text, "longer than 30");
  assert_string_equal(sl_code_name(err.code), "validation");
  assert_string_equal(sl_code_name((sl_code_t)99), "unknown");
  assert_int_equal(sl_err_set(NULL, SL_BUG, "nobody listens"), SL_BUG);
}

static void problem_from_error_has_its_category_row(void **state)
{
  sl_err_t err;
  sl_problem_t problem;
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_err_field(&err, SL_INVALID, "/na\"me", "too long");
  sl_problem_from_err(&problem, &err);
  snprintf(problem.system, sizeof problem.system, "crm");
  sl_problem_write(&problem, &out);
  assert_string_equal(sl_buf_z(&out), "{\"type\":\"urn:sluice:problem:invalid-request\","
                                      "\"title\":\"The request is not valid\",\"status\":400,"
                                      "\"detail\":\"too long\",\"category\":\"validation\","
                                      "\"field\":\"/na\\\"me\",\"system\":\"crm\"}");
  sl_buf_fini(&out);
}

static void problem_with_own_type_gets_its_title_from_it(void **state)
{
  sl_problem_t problem = {.type = "customer-not-found", .status = 404, .code = SL_LEGACY_ERROR};
  sl_problem_complete(&problem);
  assert_string_equal(problem.title, "Customer not found");
  assert_int_equal(problem.status, 404);
  problem = (sl_problem_t){.code = SL_UNAVAILABLE};
  sl_problem_complete(&problem);
  assert_int_equal(problem.status, 503);
  assert_int_equal(problem.retry_after_s, 1);
}

static void every_category_has_a_row(void **state)
{
  for (int code = SL_INVALID; code <= SL_BUG; code++) {
    const sl_category_t *row = sl_category((sl_code_t)code);
    assert_true(row->status >= 400 && row->status < 600);
    assert_true(strlen(row->type) > 0 && strlen(row->title) > 0);
  }
  assert_int_equal(sl_category((sl_code_t)99)->status, 500);
}

/* --- time and the log ------------------------------------------------------------------------ */

static int64_t fake_now(void)
{
  return 1795304401123;
}

static void clock_shows_rfc3339(void **state)
{
  char text[25];
  sl_clock_rfc3339(0, text);
  assert_string_equal(text, "1970-01-01T00:00:00.000Z");
  sl_clock_rfc3339(951827696007, text);
  assert_string_equal(text, "2000-02-29T12:34:56.007Z");
  sl_clock_fake(fake_now);
  sl_clock_rfc3339(sl_clock_wall_ms(), text);
  sl_clock_fake(NULL);
  assert_string_equal(text, "2026-11-21T23:40:01.123Z");
  int64_t before = sl_clock_us();
  assert_true(sl_clock_us() >= before);
}

/* What log writes to standard error while fn runs. */
static void logged(bool json, char out[512])
{
  int pipe_fds[2], keep = dup(2);
  assert_int_equal(pipe(pipe_fds), 0);
  dup2(pipe_fds[1], 2);
  sl_clock_fake(fake_now);
  sl_log_open("test", "crm", SL_LOG_WARN, json);
  sl_log(SL_LOG_INFO, NULL, "not shown", NULL);
  sl_log(SL_LOG_WARN, "r1", "backend refused", "port=%d why=%s", 80, "a\nb");
  sl_clock_fake(NULL);
  dup2(keep, 2);
  ssize_t n = read(pipe_fds[0], out, 511);
  out[n > 0 ? n : 0] = '\0';
  close(pipe_fds[0]), close(pipe_fds[1]), close(keep);
}

static void log_writes_one_line_per_event(void **state)
{
  char out[512], wanted[512];
  logged(false, out);
  snprintf(wanted, sizeof wanted,
           "2026-11-21T23:40:01.123Z warn test[%d] system=crm request=r1 "
           "msg=\"backend refused\" port=80 why=a b\n",
           (int)getpid());
  assert_string_equal(out, wanted);
  logged(true, out);
  snprintf(wanted, sizeof wanted,
           "{\"time\":\"2026-11-21T23:40:01.123Z\",\"level\":\"warn\",\"program\":\"test\","
           "\"system\":\"crm\",\"request\":\"r1\",\"msg\":\"backend refused\","
           "\"values\":\"port=80 why=a b\",\"pid\":%d}\n",
           (int)getpid());
  assert_string_equal(out, wanted);
  sl_level_t level;
  assert_true(sl_log_level("debug", &level));
  assert_int_equal(level, SL_LOG_DEBUG);
  assert_false(sl_log_level("loud", &level));
}

/* --- the loop -------------------------------------------------------------------------------- */

typedef struct seen {
  sl_loop_t *loop;
  int timers, signals, reads, drains, drain_left;
  char order[32];
} seen_t;

static void on_timer(void *ctx)
{
  seen_t *seen = ctx;
  if (++seen->timers == 3) sl_loop_stop(seen->loop);
}

static void loop_repeating_timer_fires_until_stopped(void **state)
{
  seen_t seen = {.loop = sl_loop_new()};
  sl_timer_t *timer = sl_timer_new(seen.loop, on_timer, &seen);
  assert_false(sl_timer_running(timer));
  sl_timer_start(timer, 1, true);
  sl_loop_run(seen.loop);
  assert_int_equal(seen.timers, 3);
  assert_true(sl_timer_running(timer));
  sl_timer_stop(timer);
  assert_false(sl_timer_running(timer));
  sl_loop_turn(seen.loop, 3);
  assert_int_equal(seen.timers, 3);
  sl_timer_start(timer, 1, false);
  sl_loop_turn(seen.loop, 1000);
  assert_int_equal(seen.timers, 4);
  assert_false(sl_timer_running(timer));
  sl_timer_destroy(&timer);
  sl_loop_destroy(&seen.loop);
}

static bool drain_a(void *ctx)
{
  seen_t *seen = ctx;
  strcat(seen->order, "a");
  return seen->drain_left-- > 0;
}

static bool drain_b(void *ctx)
{
  strcat(((seen_t *)ctx)->order, "b");
  return false;
}

/* A drain that has more keeps the loop from waiting: these turns would otherwise take minutes. */
static void loop_drain_with_more_does_not_wait(void **state)
{
  seen_t seen = {.loop = sl_loop_new(), .drain_left = 3};
  assert_int_equal(sl_loop_drain_add(seen.loop, drain_a, &seen), SL_OK);
  assert_int_equal(sl_loop_drain_add(seen.loop, drain_b, &seen), SL_OK);
  int64_t start = sl_clock_ms();
  for (int i = 0; i < 4; i++) sl_loop_turn(seen.loop, 600000);
  assert_true(sl_clock_ms() - start < 60000);
  assert_string_equal(seen.order, "abababab");
  sl_loop_drain_remove(seen.loop, drain_a, &seen);
  sl_loop_turn(seen.loop, 0);
  assert_string_equal(seen.order, "ababababb");
  sl_loop_drain_remove(seen.loop, drain_b, &seen);
  sl_loop_destroy(&seen.loop);
}

static void on_read(void *ctx, int fd, int what)
{
  seen_t *seen = ctx;
  char c;
  assert_int_equal(what, SL_READABLE);
  assert_int_equal(read(fd, &c, 1), 1);
  seen->reads++;
}

static void loop_watch_sees_every_byte(void **state)
{
  seen_t seen = {.loop = sl_loop_new()};
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  sl_watch_t *watch = sl_watch_new(seen.loop, fds[0], SL_READABLE, on_read, &seen);
  assert_int_equal(write(fds[1], "xyz", 3), 3);
  for (int i = 0; i < 3; i++) sl_loop_turn(seen.loop, 1000);
  assert_int_equal(seen.reads, 3);
  sl_watch_destroy(&watch);
  sl_loop_turn(seen.loop, 0);
  close(fds[0]), close(fds[1]);
  sl_loop_destroy(&seen.loop);
}

static void on_signal(void *ctx, int signum)
{
  seen_t *seen = ctx;
  assert_int_equal(signum, SIGUSR1);
  seen->signals++;
  sl_loop_stop(seen->loop);
}

static void loop_signal_comes_from_the_loop(void **state)
{
  seen_t seen = {.loop = sl_loop_new()};
  assert_int_equal(sl_loop_signal(seen.loop, SIGUSR1, on_signal, &seen), SL_OK);
  raise(SIGUSR1);
  assert_int_equal(seen.signals, 0);
  sl_loop_run(seen.loop);
  assert_int_equal(seen.signals, 1);
  sl_loop_destroy(&seen.loop);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_over_its_cap_says_no),
      cmocka_unit_test(arena_pieces_are_aligned_and_apart),
      cmocka_unit_test(buf_over_its_bound_fails_once_and_for_all),
      cmocka_unit_test(diags_print_in_file_order_with_line_and_caret),
      cmocka_unit_test(diags_line_past_the_end_quotes_nothing),
      cmocka_unit_test(err_set_names_category_field_and_text),
      cmocka_unit_test(problem_from_error_has_its_category_row),
      cmocka_unit_test(problem_with_own_type_gets_its_title_from_it),
      cmocka_unit_test(every_category_has_a_row),
      cmocka_unit_test(clock_shows_rfc3339),
      cmocka_unit_test(log_writes_one_line_per_event),
      cmocka_unit_test(loop_repeating_timer_fires_until_stopped),
      cmocka_unit_test(loop_drain_with_more_does_not_wait),
      cmocka_unit_test(loop_watch_sees_every_byte),
      cmocka_unit_test(loop_signal_comes_from_the_loop),
  };
  return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
