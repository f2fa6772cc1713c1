/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pool against real processes: this program itself, started by the pool as a worker whose
 * manners its "mapping" argument names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include "adapters/odbc/channel.h"
#include "adapters/odbc/pool.h"
#include "core/clock.h"
#include "core/log.h"

enum { PATIENCE_MS = 20000 };

/* --- the worker
 * -------------------------------------------------------------------------------------- */

static const sl_answer_t ok200 = {.status = 200};
static const sl_str_t nothing = {NULL, 0};

static void say_err(sl_channel_t *c, sl_wp_kind_t kind, sl_code_t code, const char *text)
{
  sl_err_t err;
  sl_err_set(&err, code, "%s", text);
  sl_wp_put_err(&c->out, kind, c->call, &err);
  sl_channel_send(c, nothing);
}

static void answer(sl_channel_t *c, unsigned flags, sl_str_t body)
{
  sl_wp_put_answer(&c->out, flags, c->call, &ok200, body.len);
  sl_channel_send(c, body);
}

static void stream(sl_channel_t *c, int pieces)
{
  static char piece[SL_WP_PIECE];
  memset(piece, 'x', sizeof piece);
  for (int i = 0; i < pieces; i++) {
    while (c->credit < sizeof piece)
      if (!sl_channel_wait_credit(c)) return say_err(c, SL_WP_FAIL, SL_CANCELLED, "cancelled");
    c->credit -= sizeof piece;
    if (i == 0)
      answer(c, 0, sl_strn(piece, sizeof piece));
    else {
      sl_wp_put(&c->out, SL_WP_CHUNK, i == pieces - 1 ? SL_WP_LAST : 0, c->call,
                sl_strn(piece, sizeof piece));
      sl_channel_send(c, nothing);
    }
  }
}

static void behave(sl_channel_t *c, const char *manner, const sl_wp_call_t *call)
{
  if (strcmp(manner, "echo") == 0) answer(c, SL_WP_LAST, call->input.body);
  if (strcmp(manner, "die") == 0) raise(SIGKILL);
  if (strcmp(manner, "hang") == 0) pause();
  if (strcmp(manner, "stream") == 0) stream(c, 64);
  if (strcmp(manner, "greedy") == 0) {
    for (;;) answer(c, 0, call->input.body);
  }
  if (strcmp(manner, "nonsense") == 0) {
    sl_buf_addz(&c->out, "this is no frame at all");
    sl_channel_send(c, nothing);
  }
  if (strcmp(manner, "commit-die") == 0 && sl_channel_may_commit(c)) raise(SIGKILL);
  if (strcmp(manner, "polite") == 0) {
    while (!sl_channel_cancelled(c)) usleep(1000);
    say_err(c, SL_WP_FAIL, SL_CANCELLED, "cancelled");
  }
  if (strcmp(manner, "lost") == 0) {
    say_err(c, SL_WP_FAIL, SL_UNAVAILABLE, "lost");
    say_err(c, SL_WP_DOWN, SL_UNAVAILABLE, "lost");
    _exit(1);
  }
}

static int be_worker(const char *manner)
{
  static sl_channel_t c;
  static sl_arg_t args[SL_WP_MAX_ARGS];
  sl_wp_frame_t frame;
  sl_wp_call_t call;
  sl_err_t err;
  sl_wp_ready_t ready = {SL_STR("fake"), SL_STR("Fake"), SL_STR("session-1")};
  sl_channel_open(&c, 3, 4);
  if (sl_channel_watch(&c, &err)) return 1;
  if (!sl_channel_expect(&c, SL_WP_HELLO, &frame)) return 1;
  if (strcmp(manner, "down") == 0) {
    say_err(&c, SL_WP_DOWN, SL_UNAVAILABLE, "away");
    return 1;
  }
  sl_wp_put_ready(&c.out, &ready);
  sl_channel_send(&c, nothing);
  while (sl_channel_expect(&c, SL_WP_CALL, &frame)) {
    if (!sl_wp_get_call(&frame, &call, args)) return 1;
    c.credit = call.credit;
    behave(&c, manner, &call);
    sl_channel_end_call(&c);
  }
  return 0;
}

/* --- the tests
 * ----------------------------------------------------------------------------------------- */

typedef struct trip {
  sl_pool_job_t job;
  bool over, committing;
  sl_code_t failed;
  int status;
  size_t bytes;
  char body[64];
} trip_t;

static char self_path[4096];
static sl_loop_t *loop;
static sl_pool_t *pool;
static sl_pool_opts_t opts;

static void on_commit(sl_pool_job_t *job)
{
  ((trip_t *)job)->committing = true;
}

static void on_wire(sl_pool_job_t *job, bool outgoing, sl_str_t bytes)
{
  (void)job, (void)outgoing, (void)bytes;
}

static void on_answer(sl_pool_job_t *job, const sl_answer_t *got, sl_str_t body, bool last)
{
  trip_t *t = (trip_t *)job;
  t->status = got->status;
  t->bytes += body.len;
  snprintf(t->body, sizeof t->body, "%.*s", SL_STR_ARG(body));
  t->over = last;
}

static void on_chunk(sl_pool_job_t *job, sl_str_t data, bool last)
{
  trip_t *t = (trip_t *)job;
  t->bytes += data.len;
  t->over = last;
}

static void on_fail(sl_pool_job_t *job, const sl_err_t *err)
{
  trip_t *t = (trip_t *)job;
  t->failed = err->code;
  t->over = true;
}

static const sl_pool_handlers_t handlers = {on_commit, on_wire, on_answer, on_chunk, on_fail};

static void begin(const char *manner, int64_t size)
{
  sl_err_t err;
  opts = (sl_pool_opts_t){.worker = self_path,
                          .mapping = manner,
                          .size = size,
                          .start_ms = PATIENCE_MS,
                          .grace_ms = 50};
  loop = sl_loop_new();
  assert_non_null(loop);
  pool = sl_pool_new(loop, &opts, &handlers, &err);
  assert_non_null(pool);
}

static int end(void **state)
{
  (void)state;
  sl_pool_destroy(&pool);
  sl_loop_destroy(&loop);
  return 0;
}

static void submit(trip_t *t, const char *body, uint64_t credit)
{
  memset(t, 0, sizeof *t);
  t->job.call.operation = sl_str("op");
  t->job.call.credit = credit;
  t->job.call.input.body = sl_str(body);
  sl_pool_submit(pool, &t->job);
}

static void wait_over(const trip_t *t)
{
  int64_t until = sl_clock_ms() + PATIENCE_MS;
  while (!t->over && sl_clock_ms() < until) sl_loop_turn(loop, 20);
  assert_true(t->over);
}

static int64_t connected(void)
{
  int64_t busy;
  return sl_pool_connected(pool, &busy);
}

static void wait_connected(int64_t n)
{
  int64_t until = sl_clock_ms() + PATIENCE_MS;
  while (connected() != n && sl_clock_ms() < until) sl_loop_turn(loop, 20);
  assert_int_equal(connected(), n);
}

static void calls_beyond_the_workers_wait_and_are_answered(void **state)
{
  (void)state;
  begin("echo", 2);
  trip_t t[20];
  for (int i = 0; i < 20; i++) submit(&t[i], "x", 1000);
  for (int i = 0; i < 20; i++) {
    wait_over(&t[i]);
    assert_int_equal(t[i].status, 200);
  }
}

static void echo_comes_back_whole(void **state)
{
  (void)state;
  begin("echo", 1);
  wait_connected(1);
  trip_t t;
  submit(&t, "{\"a\":1}", 1000);
  wait_over(&t);
  assert_string_equal(t.body, "{\"a\":1}");
}

static void worker_that_dies_fails_its_call_and_is_replaced(void **state)
{
  (void)state;
  begin("die", 1);
  for (int i = 0; i < 3; i++) {
    trip_t t;
    submit(&t, "x", 1000);
    wait_over(&t);
    assert_int_equal(t.failed, SL_UNAVAILABLE);
    assert_false(t.committing);
  }
  wait_connected(1);
}

static void worker_that_dies_while_committing_leaves_doubt(void **state)
{
  (void)state;
  begin("commit-die", 1);
  trip_t t;
  submit(&t, "x", 1000);
  wait_over(&t);
  assert_true(t.committing);
  assert_int_equal(t.failed, SL_IN_DOUBT);
}

static void cancelled_call_that_hangs_has_its_worker_killed(void **state)
{
  (void)state;
  begin("hang", 1);
  wait_connected(1);
  trip_t t;
  submit(&t, "x", 1000);
  sl_pool_cancel(pool, &t.job);
  wait_connected(0);
  wait_connected(1);
  assert_false(t.over);
}

static void cancelled_call_that_comes_back_keeps_its_worker(void **state)
{
  (void)state;
  begin("polite", 1);
  opts.grace_ms = PATIENCE_MS;
  wait_connected(1);
  for (int i = 0; i < 5; i++) {
    trip_t t;
    int64_t busy;
    submit(&t, "x", 1000);
    sl_pool_cancel(pool, &t.job);
    do sl_loop_turn(loop, 20);
    while (sl_pool_connected(pool, &busy) == 1 && busy);
    assert_int_equal(connected(), 1);
  }
}

static void cancelled_while_waiting_is_forgotten(void **state)
{
  (void)state;
  begin("polite", 1);
  wait_connected(1);
  trip_t running, a, b;
  submit(&running, "x", 1000);
  submit(&a, "x", 1000);
  submit(&b, "x", 1000);
  sl_pool_cancel(pool, &a.job);
  sl_pool_cancel(pool, &b.job);
  sl_pool_cancel(pool, &running.job);
  int64_t busy;
  do sl_loop_turn(loop, 20);
  while (sl_pool_connected(pool, &busy) == 1 && busy);
  assert_false(a.over || b.over || running.over);
}

static void slow_reader_holds_the_worker_not_the_memory(void **state)
{
  (void)state;
  begin("stream", 1);
  trip_t t;
  int64_t total = 128 * 1024;
  submit(&t, "x", (uint64_t)total);
  int64_t until = sl_clock_ms() + PATIENCE_MS;
  while (t.bytes < 128 * 1024 && sl_clock_ms() < until) sl_loop_turn(loop, 20);
  for (int i = 0; i < 5; i++) sl_loop_turn(loop, 20);
  assert_int_equal(t.bytes, 128 * 1024); /* no byte beyond the credit */
  while (!t.over && sl_clock_ms() < until) {
    sl_pool_credit(pool, &t.job, 128 * 1024);
    sl_loop_turn(loop, 20);
  }
  assert_true(t.over);
  assert_int_equal(t.bytes, 64 * SL_WP_PIECE);
}

static void worker_that_sends_beyond_its_credit_is_killed(void **state)
{
  (void)state;
  begin("greedy", 1);
  trip_t t;
  submit(&t, "0123456789", 25);
  wait_over(&t);
  assert_int_equal(t.failed, SL_UNAVAILABLE);
}

static void worker_that_sends_nonsense_is_killed(void **state)
{
  (void)state;
  begin("nonsense", 1);
  trip_t t;
  submit(&t, "x", 1000);
  wait_over(&t);
  assert_int_equal(t.failed, SL_UNAVAILABLE);
}

static void unreachable_database_fails_calls_at_once(void **state)
{
  (void)state;
  begin("down", 2);
  trip_t t;
  submit(&t, "x", 1000); /* waits until it is known */
  wait_over(&t);
  assert_int_equal(t.failed, SL_UNAVAILABLE);
  submit(&t, "x", 1000);
  assert_true(t.over);
  assert_int_equal(t.failed, SL_UNAVAILABLE);
}

static void lost_connection_makes_idle_workers_connect_anew(void **state)
{
  (void)state;
  begin("lost", 3);
  wait_connected(3);
  trip_t t;
  submit(&t, "x", 1000);
  wait_over(&t);
  assert_int_equal(t.failed, SL_UNAVAILABLE);
  int64_t until = sl_clock_ms() + PATIENCE_MS;
  while (connected() > 0 && sl_clock_ms() < until) sl_loop_turn(loop, 20);
  wait_connected(3);
}

static void call_over_its_own_time_fails_and_frees_the_worker(void **state)
{
  (void)state;
  begin("polite", 1);
  opts.timeout_ms = 20;
  opts.grace_ms = PATIENCE_MS;
  for (int i = 0; i < 3; i++) {
    trip_t t;
    submit(&t, "x", 1000);
    wait_over(&t);
    assert_int_equal(t.failed, SL_TIMED_OUT);
  }
  assert_int_equal(connected(), 1);
}

static void idle_worker_sleeps_and_is_started_on_demand(void **state)
{
  (void)state;
  begin("echo", 2);
  opts.idle_ms = 20;
  trip_t t;
  submit(&t, "a", 1000);
  wait_over(&t);
  wait_connected(0);
  submit(&t, "b", 1000);
  wait_over(&t);
  assert_string_equal(t.body, "b");
}

static void missing_program_is_a_configuration_error(void **state)
{
  (void)state;
  sl_err_t err;
  loop = sl_loop_new();
  opts = (sl_pool_opts_t){.worker = "/nonexistent/worker", .mapping = "x", .size = 1};
  assert_null(sl_pool_new(loop, &opts, &handlers, &err));
  assert_int_equal(err.code, SL_CONFIG);
}

int main(int argc, char **argv)
{
  if (argc == 2) return be_worker(argv[1]);
  ssize_t n = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
  if (n < 0) return 1;
  sl_log_open("test-odbc-pool", "", SL_LOG_ERROR, false);
#define TEST(name) cmocka_unit_test_teardown(name, end)
  const struct CMUnitTest tests[] = {
      TEST(calls_beyond_the_workers_wait_and_are_answered),
      TEST(echo_comes_back_whole),
      TEST(worker_that_dies_fails_its_call_and_is_replaced),
      TEST(worker_that_dies_while_committing_leaves_doubt),
      TEST(cancelled_call_that_hangs_has_its_worker_killed),
      TEST(cancelled_call_that_comes_back_keeps_its_worker),
      TEST(cancelled_while_waiting_is_forgotten),
      TEST(slow_reader_holds_the_worker_not_the_memory),
      TEST(worker_that_sends_beyond_its_credit_is_killed),
      TEST(worker_that_sends_nonsense_is_killed),
      TEST(unreachable_database_fails_calls_at_once),
      TEST(lost_connection_makes_idle_workers_connect_anew),
      TEST(call_over_its_own_time_fails_and_frees_the_worker),
      TEST(idle_worker_sleeps_and_is_started_on_demand),
      TEST(missing_program_is_a_configuration_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
