/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The carrier between a host and an engine that only write down what is asked of them, and a raw
 * server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "adapters/carrier/carrier.h"
#include "core/clock.h"
#include "tests/unit/raw_peer.h"

/* --- the host, as far as the carrier needs it --------------------------------------------------
 */

struct sl_host {
  sl_loop_t *loop;
};

struct sl_op {
  sl_op_info_t info;
};

struct sl_host_call {
  sl_arena_t *arena;
  struct sl_op op;
  sl_input_t input;
  void *data;
  bool wants_wire, sent, answered, failed, released;
  int64_t left_ms;
  sl_buf_t wire, body;
  sl_err_t err;
  int status;
  sl_problem_t problem; /* of the answer */
};

sl_loop_t *sl_host_loop(sl_host_t *self)
{
  return self->loop;
}

int64_t sl_host_max_in_flight(sl_host_t *self)
{
  (void)self;
  return 8;
}

const sl_op_t *sl_host_call_op(const sl_host_call_t *call)
{
  return &call->op;
}

const sl_input_t *sl_host_call_input(const sl_host_call_t *call)
{
  return &call->input;
}

sl_arena_t *sl_host_call_arena(sl_host_call_t *call)
{
  return call->arena;
}

const char *sl_host_call_id(const sl_host_call_t *call)
{
  (void)call;
  return "id";
}

int64_t sl_host_call_left_ms(const sl_host_call_t *call)
{
  return call->left_ms;
}

bool sl_host_call_wants_wire(const sl_host_call_t *call)
{
  return call->wants_wire;
}

void sl_host_call_wire(sl_host_call_t *call, bool outgoing, sl_str_t bytes)
{
  sl_buf_addz(&call->wire, outgoing ? ">" : "<");
  sl_buf_adds(&call->wire, bytes);
}

void **sl_host_call_data(sl_host_call_t *call)
{
  return &call->data;
}

void sl_host_sent(sl_host_call_t *call)
{
  call->sent = true;
}

void sl_host_answer(sl_host_call_t *call, const sl_answer_t *answer, sl_str_t body)
{
  assert_false(call->answered || call->failed || call->released);
  call->answered = true;
  call->status = answer->status;
  if (answer->problem) call->problem = *answer->problem;
  sl_buf_adds(&call->body, body);
}

void sl_host_fail(sl_host_call_t *call, const sl_err_t *err)
{
  assert_false(call->answered || call->failed || call->released);
  call->failed = true;
  call->err = *err;
}

void sl_host_release(sl_host_call_t *call)
{
  assert_false(call->answered || call->failed || call->released);
  call->released = true;
}

const sl_op_info_t *sl_op_info(const sl_op_t *op)
{
  return &op->info;
}

/* --- the engine: the answer is what it was fed, in brackets for each piece ---------------------
 */

struct sl_run {
  const sl_op_t *op;
  struct sl_op base; /* whose exchange comes first, when told so */
  bool reads_base;
  int requests;
  sl_buf_t *out;
  sl_str_t first; /* borrowed until the final piece, as run.h says */
  int pieces;
  bool final, over;
};

static struct {
  sl_code_t request, feed, answer; /* what its functions return */
  int open;                        /* runs not yet finished */
  bool base;                       /* the operation has a base */
  bool no_base;                    /* which does not find the record */
} engine;

sl_run_t *sl_run_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in, sl_buf_t *out)
{
  sl_run_t *self = sl_arena_zalloc(arena, sizeof *self);
  (void)in;
  if (!self) return NULL;
  self->op = op;
  self->base.info.safe = true;
  self->reads_base = engine.base;
  self->out = out;
  engine.open++;
  return self;
}

void sl_run_fini(sl_run_t *self)
{
  assert_false(self->over);
  self->over = true;
  engine.open--;
}

sl_code_t sl_run_request(sl_run_t *self, sl_buf_t *out, sl_err_t *err)
{
  self->requests++;
  sl_buf_addz(out, "<ask><password>pw</password></ask>");
  return engine.request ? sl_err_set(err, engine.request, "as told") : SL_OK;
}

const sl_op_info_t *sl_run_info(const sl_run_t *self)
{
  return self->reads_base ? &self->base.info : &self->op->info;
}

bool sl_run_again(const sl_run_t *self)
{
  return engine.base && !self->reads_base && self->requests == 1;
}

sl_code_t sl_run_feed(sl_run_t *self, int status, const char *data, size_t len, bool final,
                      sl_err_t *err)
{
  (void)status;
  assert_false(self->final);
  if (self->reads_base) {
    self->reads_base = !final || engine.no_base;
    return engine.feed ? sl_err_set(err, engine.feed, "as told") : SL_OK;
  }
  if (!self->pieces++) self->first = sl_strn(data, len);
  self->final = final;
  sl_buf_addc(self->out, '[');
  sl_buf_add(self->out, data, len);
  sl_buf_addc(self->out, ']');
  if (engine.feed) return sl_err_set(err, engine.feed, "as told");
  /* What was fed first is still what it was. */
  if (final && self->first.len)
    assert_memory_equal(self->first.p, self->out->p + 1, self->first.len);
  return SL_OK;
}

sl_code_t sl_run_answer(sl_run_t *self, sl_answer_t *answer, sl_err_t *err)
{
  (void)self;
  answer->status = 200;
  return engine.answer ? sl_err_set(err, engine.answer, "as told") : SL_OK;
}

/* --- one test's world ----------------------------------------------------------------------------
 */

struct world {
  struct sl_host host;
  struct peer peer;
  sl_http_opts_t opts;
  sl_carrier_t *carrier;
  struct sl_host_call call;
};

static sl_code_t address(void *ctx, sl_host_call_t *call, const sl_run_t *run,
                         sl_http_request_t *request, sl_err_t *err)
{
  struct world *w = ctx;
  (void)call, (void)run, (void)err;
  request->method = "POST";
  request->url = w->peer.url;
  return SL_OK;
}

static bool reads(const sl_op_info_t *op, int status, const char *content_type)
{
  (void)op, (void)content_type;
  return status == 200;
}

static void call_init(struct sl_host_call *call)
{
  *call = (struct sl_host_call){.arena = sl_arena_new(0, 1 << 20), .left_ms = 5000};
  sl_buf_init(&call->wire, 0);
  sl_buf_init(&call->body, 0);
}

static void call_fini(struct sl_host_call *call)
{
  sl_arena_destroy(&call->arena);
  sl_buf_fini(&call->wire);
  sl_buf_fini(&call->body);
}

static struct world *world_new(script_fn script)
{
  static const sl_carrier_way_t way = {.address = address, .reads = reads};
  struct world *w = calloc(1, sizeof *w);
  sl_err_t err;
  memset(&engine, 0, sizeof engine);
  w->host.loop = sl_loop_new();
  w->opts = (sl_http_opts_t){.connect_timeout_ms = 2000,
                             .timeout_ms = 5000,
                             .min_rate = 1,
                             .min_rate_ms = 5000,
                             .max_connections = 2,
                             .max_response = 1 << 20,
                             .idle_ms = 60000};
  peer_init(&w->peer, w->host.loop, script);
  w->carrier = sl_carrier_new(&w->host, &w->opts, &way, w, &err);
  assert_non_null(w->carrier);
  call_init(&w->call);
  return w;
}

static void world_end(struct world *w)
{
  assert_int_equal(engine.open, 0);
  sl_carrier_destroy(&w->carrier);
  peer_fini(&w->peer);
  sl_loop_destroy(&w->host.loop);
  call_fini(&w->call);
  free(w);
}

static void wait_for(struct world *w, const bool *a, const bool *b)
{
  for (int64_t end = sl_clock_ms() + 5000; !*a && !*b && sl_clock_ms() < end;)
    sl_loop_turn(w->host.loop, 100);
  assert_true(*a || *b);
}

static void carry(struct world *w)
{
  sl_carrier_call(w->carrier, &w->call);
  wait_for(w, &w->call.answered, &w->call.failed);
}

/* --- scripts
 * --------------------------------------------------------------------------------------- */

static void say_yes(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "200 OK", "", "{\"token\":\"t\"}");
}

static void say_busy(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "503 Busy", "Retry-After: 9\r\n", "<html/>");
}

static void hang_up_on_second(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer;
  if (nth == 2)
    conn_close(conn);
  else
    conn_answer(conn, "200 OK", "", "{}");
}

static void say_nothing(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)conn, (void)nth;
}

static void say_no_content(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "200 OK", "", "");
}

enum { MUCH = 60000 };

static void say_much(struct peer *peer, struct conn *conn, int nth)
{
  static char body[MUCH + 1];
  (void)peer, (void)nth;
  for (int i = 0; i < MUCH; i++) body[i] = (char)('a' + i % 23);
  conn_answer(conn, "200 OK", "", body);
}

/* --- carrying
 * -------------------------------------------------------------------------------------- */

static void test_answer_in_one_piece_is_fed_at_once(void **state)
{
  struct world *w = world_new(say_yes);
  (void)state;
  carry(w);
  assert_true(w->call.answered && w->call.sent);
  assert_int_equal(w->call.status, 200);
  assert_string_equal(sl_buf_z(&w->call.body), "[{\"token\":\"t\"}]");
  assert_non_null(strstr(w->peer.last, "<password>pw</password>"));
  world_end(w);
}

/* A PUT is idempotent between HTTP's ends, and may still not be behind the legacy system's: a bill
 * sent, a counter moved. What is no read leaves once, also over a kept connection that dies. */
static void test_put_on_a_dying_kept_connection_is_sent_once(void **state)
{
  struct world *w = world_new(hang_up_on_second);
  (void)state;
  for (int i = 0; i < 2; i++) {
    call_fini(&w->call);
    call_init(&w->call);
    w->call.op.info.method = "PUT";
    carry(w);
  }
  assert_true(w->call.failed);
  assert_int_equal(w->call.err.code, SL_IN_DOUBT);
  assert_int_equal(w->peer.requests, 2);
  world_end(w);
}

static void test_answer_in_pieces_stays_until_the_last(void **state)
{
  struct world *w = world_new(say_much);
  (void)state;
  carry(w);
  assert_true(w->call.answered);
  size_t bytes = 0, brackets = 0;
  for (size_t i = 0; i < w->call.body.len; i++) {
    char c = w->call.body.p[i];
    if (c == '[' || c == ']') {
      brackets++;
      continue;
    }
    assert_int_equal(c, 'a' + bytes % 23);
    bytes++;
  }
  assert_int_equal(bytes, MUCH);
  assert_true(brackets > 2);
  world_end(w);
}

static void test_empty_answer_is_the_engines_too(void **state)
{
  struct world *w = world_new(say_no_content);
  (void)state;
  carry(w);
  assert_string_equal(sl_buf_z(&w->call.body), "[]");
  world_end(w);
}

static void test_answer_beyond_the_calls_memory_is_garbage(void **state)
{
  struct world *w = world_new(say_much);
  (void)state;
  sl_arena_destroy(&w->call.arena);
  w->call.arena = sl_arena_new(0, 20000);
  carry(w);
  assert_true(w->call.failed);
  assert_int_equal(w->call.err.code, SL_GARBAGE);
  world_end(w);
}

static void test_engines_refusal_is_passed_on(void **state)
{
  struct world *w = world_new(say_yes);
  (void)state;
  engine.request = SL_INVALID;
  carry(w);
  assert_int_equal(w->call.err.code, SL_INVALID);
  assert_false(w->call.sent);
  sl_code_t *later[] = {&engine.feed, &engine.answer};
  for (int i = 0; i < 2; i++) {
    call_fini(&w->call);
    call_init(&w->call);
    memset(&engine, 0, sizeof engine);
    *later[i] = SL_GARBAGE;
    carry(w);
    assert_true(w->call.failed && w->call.sent);
    assert_int_equal(w->call.err.code, SL_GARBAGE);
  }
  /* In mid-answer, too: the rest of it is not waited for. */
  w->peer.script = say_much;
  call_fini(&w->call);
  call_init(&w->call);
  memset(&engine, 0, sizeof engine);
  engine.feed = SL_GARBAGE;
  carry(w);
  assert_int_equal(w->call.err.code, SL_GARBAGE);
  world_end(w);
}

static void test_status_that_is_not_read_is_judged(void **state)
{
  struct world *w = world_new(say_busy);
  (void)state;
  carry(w);
  assert_true(w->call.answered);
  assert_int_equal(w->call.status, 503);
  assert_int_equal(w->call.problem.code, SL_UNAVAILABLE);
  assert_int_equal(w->call.problem.retry_after_s, 9);
  assert_int_equal(w->call.body.len, 0);
  world_end(w);
}

static void test_call_without_time_left_is_not_sent(void **state)
{
  struct world *w = world_new(say_yes);
  (void)state;
  w->call.left_ms = 0;
  carry(w);
  assert_int_equal(w->call.err.code, SL_UNAVAILABLE);
  assert_int_equal(w->peer.accepted, 0);
  world_end(w);
}

static void test_cancelled_call_is_released_and_its_answer_dropped(void **state)
{
  struct world *w = world_new(say_nothing);
  (void)state;
  sl_carrier_call(w->carrier, &w->call);
  while (!w->peer.requests) sl_loop_turn(w->host.loop, 100);
  sl_carrier_cancel(w->carrier, &w->call);
  assert_true(w->call.released);
  /* The next call uses the same memory again. */
  w->peer.script = say_yes;
  call_fini(&w->call);
  call_init(&w->call);
  carry(w);
  assert_true(w->call.answered);
  world_end(w);
}

static void test_wire_is_shown_both_ways_without_credentials(void **state)
{
  struct world *w = world_new(say_yes);
  char expected[256];
  (void)state;
  w->call.wants_wire = true;
  carry(w);
  snprintf(expected, sizeof expected,
           ">POST %s\n\n<ask><password>***</password></ask><HTTP 200\n\n{\"token\":\"***\"}",
           w->peer.url);
  assert_string_equal(sl_buf_z(&w->call.wire), expected);
  world_end(w);
}

/* --- judging
 * ---------------------------------------------------------------------------------------- */

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
      {"POST https://u:p%40w@host:1/a?b=c@d\n\nsee http://host/x@y, mailto a@b",
       "POST https://***@host:1/a?b=c@d\n\nsee http://host/x@y, mailto a@b"},
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

/* --- a write with a base ------------------------------------------------------------------------
 */

static void test_base_is_read_before_the_write_which_alone_counts_as_sent(void **state)
{
  struct world *w = world_new(say_yes);
  (void)state;
  engine.base = true;
  carry(w);
  assert_true(w->call.answered && w->call.sent);
  assert_int_equal(w->peer.requests, 2);
  assert_string_equal(sl_buf_z(&w->call.body), "[{\"token\":\"t\"}]");
  world_end(w);
}

static void test_base_that_is_not_there_ends_the_call(void **state)
{
  struct world *w = world_new(say_yes);
  (void)state;
  engine.base = engine.no_base = true;
  carry(w);
  assert_true(w->call.answered);
  assert_false(w->call.sent);
  assert_int_equal(w->peer.requests, 1);
  world_end(w);
}

static void hang_up(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_close(conn);
}

static void say_bad_gateway(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "502 Bad Gateway", "", "<html/>");
}

static void test_lost_base_means_that_nothing_was_executed(void **state)
{
  struct world *w = world_new(hang_up);
  (void)state;
  engine.base = true;
  carry(w);
  assert_true(w->call.failed);
  assert_false(w->call.sent);
  assert_int_equal(w->call.err.code, SL_UNAVAILABLE);
  w->peer.script = say_bad_gateway;
  call_fini(&w->call);
  call_init(&w->call);
  carry(w);
  assert_true(w->call.answered);
  assert_false(w->call.sent);
  assert_int_equal(w->call.problem.code, SL_UNAVAILABLE);
  world_end(w);
}

static void test_lost_write_after_its_base_is_in_doubt(void **state)
{
  struct world *w = world_new(hang_up_on_second);
  (void)state;
  engine.base = true;
  carry(w);
  assert_true(w->call.failed && w->call.sent);
  assert_int_equal(w->call.err.code, SL_IN_DOUBT);
  assert_int_equal(w->peer.requests, 2);
  world_end(w);
}

static void test_cancel_between_the_two_exchanges_lets_go(void **state)
{
  struct world *w = world_new(say_nothing);
  (void)state;
  engine.base = true;
  sl_carrier_call(w->carrier, &w->call);
  while (!w->peer.requests) sl_loop_turn(w->host.loop, 100);
  sl_carrier_cancel(w->carrier, &w->call);
  assert_true(w->call.released);
  assert_false(w->call.sent);
  world_end(w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base_is_read_before_the_write_which_alone_counts_as_sent),
      cmocka_unit_test(test_base_that_is_not_there_ends_the_call),
      cmocka_unit_test(test_lost_base_means_that_nothing_was_executed),
      cmocka_unit_test(test_lost_write_after_its_base_is_in_doubt),
      cmocka_unit_test(test_cancel_between_the_two_exchanges_lets_go),
      cmocka_unit_test(test_answer_in_one_piece_is_fed_at_once),
      cmocka_unit_test(test_put_on_a_dying_kept_connection_is_sent_once),
      cmocka_unit_test(test_answer_in_pieces_stays_until_the_last),
      cmocka_unit_test(test_empty_answer_is_the_engines_too),
      cmocka_unit_test(test_answer_beyond_the_calls_memory_is_garbage),
      cmocka_unit_test(test_engines_refusal_is_passed_on),
      cmocka_unit_test(test_status_that_is_not_read_is_judged),
      cmocka_unit_test(test_call_without_time_left_is_not_sent),
      cmocka_unit_test(test_cancelled_call_is_released_and_its_answer_dropped),
      cmocka_unit_test(test_wire_is_shown_both_ways_without_credentials),
      cmocka_unit_test(test_status_outside_the_contract_becomes_its_problem),
      cmocka_unit_test(test_credentials_are_hidden_and_the_rest_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
