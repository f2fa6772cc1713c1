/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The HTTP client against a raw server in the same loop, which misbehaves as a test tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "adapters/http_client/http_client.h"
#include "core/clock.h"
#include "tests/unit/raw_peer.h"

enum { LIMIT_MS = 20000 };

/* --- a server that drips -----------------------------------------------------------------------
 */

static struct {
  sl_timer_t *timer;
  struct conn *conn;
  size_t piece;
} drip;

static void drip_on(void *ctx)
{
  static const char bytes[64];
  (void)ctx;
  if (drip.conn->fd >= 0) send(drip.conn->fd, bytes, drip.piece, MSG_NOSIGNAL);
}

static void drip_start(struct peer *peer, struct conn *conn, int total, size_t piece, int64_t ms)
{
  char head[64];
  int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", total);
  conn_say(conn, head, (size_t)len);
  drip.conn = conn;
  drip.piece = piece;
  drip.timer = sl_timer_new(peer->loop, drip_on, NULL);
  sl_timer_start(drip.timer, ms, true);
}

/* --- one test's world ---------------------------------------------------------------------- */

struct world {
  sl_loop_t *loop;
  sl_http_t *http;
  struct peer peer;
};

/* What came of one call. */
struct fate {
  bool done, sent, pausing, stop_at_once;
  sl_code_t code;
  int status;
  int64_t retry_after_s;
  size_t pieces;
  sl_buf_t body;
  char header[64]; /* X-Test */
};

/* Every test runs both ways a call can go: through libcurl, and directly. */
static sl_http_opts_t usual = {.connect_timeout_ms = 2000,
                               .timeout_ms = 10000,
                               .min_rate = 1000,
                               .min_rate_ms = 100,
                               .max_connections = 4,
                               .max_queue = 4,
                               .max_response = 1000000,
                               .idle_ms = 60000,
                               .tls_verify = true};

static int through_curl(void **state)
{
  (void)state;
  usual.compression = true; /* what libcurl alone can do */
  usual.direct = false;
  return 0;
}

static int directly(void **state)
{
  (void)state;
  usual.compression = false;
  usual.direct = true;
  return 0;
}

static struct world *world_new(const sl_http_opts_t *opts, script_fn script)
{
  struct world *w = calloc(1, sizeof *w);
  sl_err_t err;
  w->loop = sl_loop_new();
  w->http = sl_http_new(w->loop, opts, &err);
  assert_non_null(w->http);
  peer_init(&w->peer, w->loop, script);
  return w;
}

static void world_end(struct world *w)
{
  sl_http_destroy(&w->http);
  peer_fini(&w->peer);
  sl_timer_destroy(&drip.timer);
  sl_loop_destroy(&w->loop);
  free(w);
}

static void on_sent(void *ctx)
{
  ((struct fate *)ctx)->sent = true;
}

static bool on_body(void *ctx, sl_http_call_t *call, int status, const char *data, size_t len)
{
  struct fate *fate = ctx;
  fate->status = status;
  fate->pieces++;
  sl_buf_add(&fate->body, data, len);
  if (fate->pausing) sl_http_pause(call);
  return !fate->stop_at_once;
}

static void on_done(void *ctx, sl_http_call_t *call, const sl_http_result_t *result)
{
  struct fate *fate = ctx;
  const char *header = sl_http_header(call, "x-test");
  assert_false(fate->done);
  assert_int_equal(fate->sent, result->sent);
  if (result->err->code) assert_string_not_equal(result->err->text, "");
  fate->done = true;
  fate->code = result->err->code;
  fate->status = result->status;
  fate->retry_after_s = result->retry_after_s;
  snprintf(fate->header, sizeof fate->header, "%s", header ? header : "");
}

static const sl_http_handlers_t handlers = {.sent = on_sent, .body = on_body, .done = on_done};

static sl_http_request_t get_request(struct world *w)
{
  return (sl_http_request_t){.method = "GET", .url = w->peer.url, .safe = true};
}

static sl_http_request_t post_request(struct world *w)
{
  return (sl_http_request_t){
      .method = "POST", .url = w->peer.url, .has_body = true, .body = SL_STR("amount=1")};
}

static sl_http_call_t *start(struct world *w, sl_http_request_t request, struct fate *fate)
{
  sl_err_t err;
  memset(fate, 0, sizeof *fate);
  return sl_http_start(w->http, &request, &handlers, fate, &err);
}

static void wait_for(struct world *w, const bool *what)
{
  int64_t end = sl_clock_ms() + LIMIT_MS;
  while (!*what && sl_clock_ms() < end) sl_loop_turn(w->loop, 100);
  assert_true(*what);
}

static void run(struct world *w, sl_http_request_t request, struct fate *fate)
{
  assert_non_null(start(w, request, fate));
  wait_for(w, &fate->done);
}

/* Both kinds of call against one script, each in a world of its own. */
static void expect(script_fn script, sl_code_t read, sl_code_t write)
{
  for (int i = 0; i < 2; i++) {
    struct world *w = world_new(&usual, script);
    struct fate fate;
    sl_http_request_t request = i ? post_request(w) : get_request(w);
    request.deadline_ms = 200;
    run(w, request, &fate);
    assert_int_equal(fate.code, i ? write : read);
    sl_buf_fini(&fate.body);
    world_end(w);
  }
}

/* --- scripts --------------------------------------------------------------------------------- */

static void say_hello(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "200 OK", "X-Test: yes\r\n", "hello");
}

static void say_nothing(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)conn, (void)nth;
}

static void hang_up(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_close(conn);
}

static void hang_up_on_second(struct peer *peer, struct conn *conn, int nth)
{
  if (nth == 2)
    conn_close(conn);
  else
    say_hello(peer, conn, nth);
}

static void hello_and_hang_up(struct peer *peer, struct conn *conn, int nth)
{
  say_hello(peer, conn, nth);
  conn_close(conn);
}

static void truncate_body(struct peer *peer, struct conn *conn, int nth)
{
  static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello";
  (void)peer, (void)nth;
  conn_say(conn, text, sizeof text - 1);
  conn_close(conn);
}

static void truncate_chunks(struct peer *peer, struct conn *conn, int nth)
{
  static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  (void)peer, (void)nth;
  conn_say(conn, text, sizeof text - 1);
  conn_close(conn);
}

static void truncate_head(struct peer *peer, struct conn *conn, int nth)
{
  static const char text[] = "HTTP/1.1 200 OK\r\nContent-Ty";
  (void)peer, (void)nth;
  conn_say(conn, text, sizeof text - 1);
  conn_close(conn);
}

static void say_garbage(struct peer *peer, struct conn *conn, int nth)
{
  static const char text[] = "\x16\x03\x01 no HTTP at all\r\n\r\n";
  (void)peer, (void)nth;
  conn_say(conn, text, sizeof text - 1);
  conn_close(conn);
}

static void say_bad_gzip(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "200 OK", "Content-Encoding: gzip\r\n", "this is not gzip");
}

static void say_busy(struct peer *peer, struct conn *conn, int nth)
{
  (void)peer, (void)nth;
  conn_answer(conn, "503 Busy", "Retry-After: 7\r\n", "later");
}

static void say_much(struct peer *peer, struct conn *conn, int nth)
{
  char *body = calloc(1, 100001);
  char head[64];
  (void)peer, (void)nth;
  memset(body, 'x', 100000);
  int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  conn_say(conn, head, (size_t)len);
  conn_say(conn, body, 100000);
  free(body);
}

/* 40 bytes every 10 ms: 4,000 bytes a second, for 500 ms. */
static void drip_steadily(struct peer *peer, struct conn *conn, int nth)
{
  (void)nth;
  drip_start(peer, conn, 2000, 40, 10);
}

/* 50 bytes a second. */
static void drip_slowly(struct peer *peer, struct conn *conn, int nth)
{
  (void)nth;
  drip_start(peer, conn, 100000, 1, 20);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_answers_come_whole_over_one_connection(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  (void)state;
  for (int i = 0; i < 3; i++) {
    struct fate fate;
    run(w, get_request(w), &fate);
    assert_int_equal(fate.code, SL_OK);
    assert_int_equal(fate.status, 200);
    assert_true(sl_str_eqz(sl_buf_str(&fate.body), "hello"));
    assert_string_equal(fate.header, "yes");
    sl_buf_fini(&fate.body);
  }
  assert_int_equal(w->peer.accepted, 1);
  assert_int_equal(w->peer.requests, 3);
  world_end(w);
}

static void test_request_carries_method_headers_and_body(void **state)
{
  char header[] = "X-Common: 1", *common[] = {header}, user[] = "u", password[] = "p";
  sl_http_opts_t opts = usual;
  opts.headers = (sl_opt_list_t){common, 1};
  opts.user = user;
  opts.password = password;
  struct world *w = world_new(&opts, say_hello);
  const char *shared[] = {"Content-Type: text/xml; charset=utf-8"};
  const char *extra[] = {"traceparent: 00-1-2-01", "X-Empty;"};
  sl_http_headers_t *headers = sl_http_headers_new(w->http, shared, 1);
  sl_http_request_t request = post_request(w);
  struct fate fate;
  (void)state;
  request.headers = headers;
  request.extra = extra;
  request.n_extra = 2;
  run(w, request, &fate);
  const char *expected[] = {"POST / HTTP/1.1\r\n",
                            "\r\nX-Common: 1\r\n",
                            "\r\nContent-Type: text/xml; charset=utf-8\r\n",
                            "\r\ntraceparent: 00-1-2-01\r\n",
                            "\r\nX-Empty:\r\n",
                            "\r\nContent-Length: 8\r\n",
                            "\r\nAuthorization: Basic dTpw\r\n",
                            "\r\n\r\namount=1"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_non_null(strstr(w->peer.last, expected[i]));
  assert_null(strcasestr(w->peer.last, "expect"));
  sl_buf_fini(&fate.body);

  const char *methods[] = {"PUT", "DELETE", "GET", "PATCH", "POST", "HEAD"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    char line[32];
    request.method = methods[i];
    request.has_body = strcmp(methods[i], "PUT") == 0;
    request.body = request.has_body ? (sl_str_t)SL_STR("{}") : sl_strn(NULL, 0);
    run(w, request, &fate);
    snprintf(line, sizeof line, "%s / ", methods[i]);
    assert_memory_equal(w->peer.last, line, strlen(line));
    /* POST and PATCH say "none", DELETE and GET say nothing (RFC 9110 §8.6). */
    const char *length = i == 0 ? "Content-Length: 2\r\n" : "Content-Length: 0\r\n";
    assert_int_equal(strstr(w->peer.last, length) != NULL, i == 0 || i == 3 || i == 4);
    sl_buf_fini(&fate.body);
  }
  sl_http_headers_destroy(&headers);
  world_end(w);
}

static void test_header_with_line_break_is_refused(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  const char *extra[] = {"X-Id: 1\r\nX-Evil: 2"};
  sl_http_request_t request = get_request(w);
  struct fate fate;
  (void)state;
  request.extra = extra;
  request.n_extra = 1;
  assert_null(start(w, request, &fate));
  assert_int_equal(sl_http_in_flight(w->http), 0);
  world_end(w);
}

static void test_refused_connection_is_unavailable_and_not_sent(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  struct fate fate;
  (void)state;
  sl_watch_destroy(&w->peer.watch);
  close(w->peer.fd);
  run(w, post_request(w), &fate);
  assert_int_equal(fate.code, SL_UNAVAILABLE);
  assert_false(fate.sent);
  w->peer.fd = -1;
  world_end(w);
}

/* TCP to the broadcast address fails within the call of connect. */
static void test_connect_that_fails_at_once_is_unavailable_and_not_sent(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  sl_http_request_t request = post_request(w);
  struct fate fate;
  (void)state;
  request.url = "http://255.255.255.255:9/";
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_UNAVAILABLE);
  assert_false(fate.sent);
  world_end(w);
}

static void test_full_backlog_is_unavailable_after_connect_timeout(void **state)
{
  sl_http_opts_t opts = usual;
  struct world *w;
  struct fate fate;
  char url[64];
  int fillers[8], n = 0;
  int fd = listen_on_loopback(0, url, sizeof url);
  struct sockaddr_in a;
  socklen_t len = sizeof a;
  (void)state;
  getsockname(fd, (struct sockaddr *)&a, &len);
  for (; n < 8; n++) {
    fillers[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fillers[n], (struct sockaddr *)&a, sizeof a);
  }
  opts.connect_timeout_ms = 150;
  w = world_new(&opts, say_hello);
  sl_http_request_t request = post_request(w);
  request.url = url;
  int64_t start_ms = sl_clock_ms();
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_UNAVAILABLE);
  assert_false(fate.sent);
  assert_in_range(sl_clock_ms() - start_ms, 140, 2000);
  world_end(w);
  while (n-- > 0) close(fillers[n]);
  close(fd);
}

static void test_failures_map_by_kind_of_operation(void **state)
{
  (void)state;
  expect(say_nothing, SL_TIMED_OUT, SL_IN_DOUBT);
  expect(hang_up, SL_UNAVAILABLE, SL_IN_DOUBT);
  expect(truncate_body, SL_GARBAGE, SL_IN_DOUBT);
  expect(truncate_chunks, SL_GARBAGE, SL_IN_DOUBT);
  expect(truncate_head, SL_GARBAGE, SL_IN_DOUBT);
  expect(say_garbage, SL_GARBAGE, SL_IN_DOUBT);
  if (usual.compression) expect(say_bad_gzip, SL_GARBAGE, SL_IN_DOUBT);
  expect(drip_slowly, SL_TIMED_OUT, SL_IN_DOUBT);
}

static void test_answer_longer_than_allowed_is_cut(void **state)
{
  sl_http_opts_t opts = usual;
  struct fate fate;
  (void)state;
  opts.max_response = 50000;
  struct world *w = world_new(&opts, say_much);
  run(w, get_request(w), &fate);
  assert_int_equal(fate.code, SL_GARBAGE);
  assert_true(fate.body.len <= 50000);
  sl_buf_fini(&fate.body);
  world_end(w);
}

static void test_steady_answer_may_outlast_the_deadline(void **state)
{
  struct world *w = world_new(&usual, drip_steadily);
  sl_http_request_t request = get_request(w);
  struct fate fate;
  (void)state;
  request.deadline_ms = 200;
  int64_t start_ms = sl_clock_ms();
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_OK);
  assert_int_equal(fate.body.len, 2000);
  assert_true(sl_clock_ms() - start_ms > 300);
  sl_buf_fini(&fate.body);
  world_end(w);
}

/* The server reads the second request over the kept connection, and closes: it may have executed
 * it. A write must not be sent again; a read may. */
static void test_write_on_a_dying_kept_connection_is_sent_once(void **state)
{
  struct world *w = world_new(&usual, hang_up_on_second);
  sl_http_request_t request = post_request(w);
  struct fate fate;
  (void)state;
  for (int empty = 0; empty < 2; empty++) {
    w->peer.requests = 0;
    if (empty) request.body = sl_strn(NULL, 0);
    run(w, request, &fate);
    assert_int_equal(fate.code, SL_OK);
    sl_buf_fini(&fate.body);
    run(w, request, &fate);
    assert_int_equal(fate.code, SL_IN_DOUBT);
    assert_int_equal(w->peer.requests, 2);
    sl_buf_fini(&fate.body);
  }
  world_end(w);
}

static void test_read_on_a_dying_kept_connection_is_repeated(void **state)
{
  struct world *w = world_new(&usual, hang_up_on_second);
  struct fate fate;
  (void)state;
  for (int i = 0; i < 2; i++) {
    run(w, get_request(w), &fate);
    assert_int_equal(fate.code, SL_OK);
    sl_buf_fini(&fate.body);
  }
  assert_int_equal(w->peer.requests, 3);
  assert_int_equal(w->peer.accepted, 2);
  world_end(w);
}

static void test_write_does_not_take_a_connection_closed_while_idle(void **state)
{
  struct world *w = world_new(&usual, hello_and_hang_up);
  struct fate fate;
  (void)state;
  for (int i = 0; i < 3; i++) {
    run(w, post_request(w), &fate);
    assert_int_equal(fate.code, SL_OK);
    sl_buf_fini(&fate.body);
    sl_loop_turn(w->loop, 0); /* lets the client see the end of the idle connection */
  }
  assert_int_equal(w->peer.accepted, 3);
  world_end(w);
}

static void test_status_is_not_an_error_and_retry_after_is_read(void **state)
{
  struct world *w = world_new(&usual, say_busy);
  struct fate fate;
  (void)state;
  run(w, post_request(w), &fate);
  assert_int_equal(fate.code, SL_OK);
  assert_int_equal(fate.status, 503);
  assert_int_equal(fate.retry_after_s, 7);
  sl_buf_fini(&fate.body);
  world_end(w);
}

static void test_waiting_calls_are_bounded_and_run_in_turn(void **state)
{
  sl_http_opts_t opts = usual;
  struct fate fates[3];
  (void)state;
  opts.max_connections = opts.max_queue = 1;
  struct world *w = world_new(&opts, say_hello);
  assert_non_null(start(w, get_request(w), &fates[0]));
  assert_non_null(start(w, get_request(w), &fates[1]));
  assert_null(start(w, get_request(w), &fates[2]));
  assert_int_equal(sl_http_in_flight(w->http), 2);
  wait_for(w, &fates[1].done);
  assert_true(fates[0].done);
  assert_int_equal(fates[1].code, SL_OK);
  assert_int_equal(w->peer.accepted, 1);
  sl_buf_fini(&fates[0].body);
  sl_buf_fini(&fates[1].body);
  world_end(w);
}

static void test_waiting_call_past_its_deadline_was_never_sent(void **state)
{
  sl_http_opts_t opts = usual;
  struct fate fates[2];
  (void)state;
  opts.max_connections = 1;
  struct world *w = world_new(&opts, say_nothing);
  sl_http_request_t request = post_request(w);
  sl_http_call_t *first = start(w, request, &fates[0]);
  request.deadline_ms = 100;
  run(w, request, &fates[1]);
  assert_int_equal(fates[1].code, SL_UNAVAILABLE);
  assert_false(fates[1].sent);
  assert_int_equal(w->peer.requests, 1);
  sl_http_cancel(&first);
  world_end(w);
}

static void test_cancelled_call_has_no_callback_and_frees_its_place(void **state)
{
  sl_http_opts_t opts = usual;
  struct fate fates[2];
  (void)state;
  opts.max_connections = 1;
  struct world *w = world_new(&opts, say_nothing);
  sl_http_call_t *first = start(w, get_request(w), &fates[0]);
  while (w->peer.requests == 0) sl_loop_turn(w->loop, 100);
  w->peer.script = say_hello;
  assert_non_null(start(w, get_request(w), &fates[1])); /* waits */
  sl_http_cancel(&first);
  assert_null(first);
  wait_for(w, &fates[1].done);
  assert_int_equal(fates[1].code, SL_OK);
  assert_false(fates[0].done);
  sl_buf_fini(&fates[1].body);
  world_end(w);
}

static void test_unwanted_answer_is_dropped(void **state)
{
  struct world *w = world_new(&usual, say_much);
  struct fate fate;
  (void)state;
  assert_non_null(start(w, get_request(w), &fate));
  fate.stop_at_once = true;
  wait_for(w, &fate.done);
  assert_int_equal(fate.code, SL_CANCELLED);
  assert_int_equal(fate.pieces, 1);
  sl_buf_fini(&fate.body);
  world_end(w);
}

static void test_paused_answer_waits_and_goes_on(void **state)
{
  struct world *w = world_new(&usual, say_much);
  struct fate fate;
  (void)state;
  sl_http_call_t *call = start(w, get_request(w), &fate);
  fate.pausing = true;
  int64_t end = sl_clock_ms() + 400; /* far more than the window of the minimum rate */
  while (sl_clock_ms() < end) sl_loop_turn(w->loop, 50);
  assert_int_equal(fate.pieces, 1);
  assert_false(fate.done);
  for (size_t last = fate.pieces; !fate.done; last = fate.pieces) {
    sl_http_resume(call);
    for (int64_t limit = sl_clock_ms() + LIMIT_MS; fate.pieces == last && !fate.done;) {
      assert_true(sl_clock_ms() < limit);
      sl_loop_turn(w->loop, 50);
    }
  }
  assert_int_equal(fate.code, SL_OK);
  assert_int_equal(fate.body.len, 100000);
  sl_buf_fini(&fate.body);
  world_end(w);
}

/* A name is libcurl's to resolve; what it found serves the calls after it. */
static void test_name_is_resolved_by_curl_and_then_known(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  char url[128];
  (void)state;
  snprintf(url, sizeof url, "http://localhost%s/x?y=1", strrchr(w->peer.url, ':'));
  for (int i = 0; i < 3; i++) {
    struct fate fate;
    sl_http_request_t request = post_request(w);
    request.url = url;
    run(w, request, &fate);
    assert_int_equal(fate.code, SL_OK);
    assert_memory_equal(w->peer.last, "POST /x?y=1 HTTP/1.1\r\nHost: localhost:", 38);
    /* libcurl's own header, which direct calls do not have. */
    assert_int_equal(strstr(w->peer.last, "Accept: */*") != NULL, usual.compression || i == 0);
    sl_buf_fini(&fate.body);
  }
  world_end(w);
}

/* The learned address refuses: libcurl asks again, and the call is none the worse. */
static void test_known_address_that_refuses_is_asked_for_anew(void **state)
{
  struct world *w = world_new(&usual, hello_and_hang_up);
  struct fate fate;
  char url[128];
  (void)state;
  snprintf(url, sizeof url, "http://localhost%s/", strrchr(w->peer.url, ':'));
  sl_http_request_t request = post_request(w);
  request.url = url;
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_OK);
  sl_buf_fini(&fate.body);
  sl_watch_destroy(&w->peer.watch);
  close(w->peer.fd);
  w->peer.fd = -1;
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_UNAVAILABLE);
  assert_false(fate.sent);
  world_end(w);
}

static void test_body_larger_than_the_socket_takes_is_sent_whole(void **state)
{
  struct world *w = world_new(&usual, say_hello);
  sl_http_request_t request = post_request(w);
  struct fate fate;
  (void)state;
  size_t len = 8 << 20;
  char *body = malloc(len);
  memset(body, 'b', len);
  request.body = sl_strn(body, len);
  run(w, request, &fate);
  assert_int_equal(fate.code, SL_OK);
  assert_int_equal(w->peer.requests, 1);
  sl_buf_fini(&fate.body);
  free(body);
  world_end(w);
}

static void test_unreadable_files_and_bad_headers_are_configuration_errors(void **state)
{
  char line[] = "no colon", *bad[] = {line}, ca[] = "/nonexistent/ca.pem";
  sl_loop_t *loop = sl_loop_new();
  sl_http_opts_t opts = usual;
  sl_err_t err;
  (void)state;
  opts.ca = ca;
  assert_null(sl_http_new(loop, &opts, &err));
  assert_int_equal(err.code, SL_CONFIG);
  opts = usual;
  opts.headers = (sl_opt_list_t){bad, 1};
  assert_null(sl_http_new(loop, &opts, &err));
  assert_int_equal(err.code, SL_CONFIG);
  sl_loop_destroy(&loop);
}

#define BOTH(test)                                                                                 \
  {#test "_curl", test, through_curl, NULL, NULL},                                                 \
  {                                                                                                \
#test "_direct", test, directly, NULL, NULL                                                    \
  }

int main(void)
{
  const struct CMUnitTest tests[] = {
      BOTH(test_answers_come_whole_over_one_connection),
      BOTH(test_request_carries_method_headers_and_body),
      BOTH(test_header_with_line_break_is_refused),
      BOTH(test_refused_connection_is_unavailable_and_not_sent),
      BOTH(test_connect_that_fails_at_once_is_unavailable_and_not_sent),
      BOTH(test_full_backlog_is_unavailable_after_connect_timeout),
      BOTH(test_failures_map_by_kind_of_operation),
      BOTH(test_answer_longer_than_allowed_is_cut),
      BOTH(test_steady_answer_may_outlast_the_deadline),
      BOTH(test_write_on_a_dying_kept_connection_is_sent_once),
      BOTH(test_read_on_a_dying_kept_connection_is_repeated),
      BOTH(test_write_does_not_take_a_connection_closed_while_idle),
      BOTH(test_status_is_not_an_error_and_retry_after_is_read),
      BOTH(test_waiting_calls_are_bounded_and_run_in_turn),
      BOTH(test_waiting_call_past_its_deadline_was_never_sent),
      BOTH(test_cancelled_call_has_no_callback_and_frees_its_place),
      BOTH(test_unwanted_answer_is_dropped),
      BOTH(test_paused_answer_waits_and_goes_on),
      BOTH(test_name_is_resolved_by_curl_and_then_known),
      BOTH(test_known_address_that_refuses_is_asked_for_anew),
      BOTH(test_body_larger_than_the_socket_takes_is_sent_whole),
      BOTH(test_unreadable_files_and_bad_headers_are_configuration_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
