/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bus as a client sees it, with the real directory and real adapters (tests/system/bus-peer.c)
 * as processes of their own, which die when a test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "bus/client.h"
#include "bus/server.h"
#include "tests/unit/bus_aids.h"

extern char **environ;

enum { MAX_CHILDREN = 8 };

typedef struct fixture {
  char dir[64], bus[96];
  sl_loop_t *loop;
  sl_bus_client_t *client;
  pid_t directory, children[MAX_CHILDREN];
  size_t n_children;
} fixture_t;

/* --- processes ------------------------------------------------------------------------------- */

static pid_t run(const char *program, const char *const argv[])
{
  char path[512];
  pid_t pid;
  const char *build = getenv("SL_BUILD");
  snprintf(path, sizeof path, "%s/%s", build ? build : ".", program);
  assert_int_equal(posix_spawn(&pid, path, NULL, NULL, (char *const *)argv, environ), 0);
  return pid;
}

static void start_directory(fixture_t *f)
{
  const char *argv[] = {"sluice-bus", "--ipc-endpoint", f->bus,  "--expiry",
                        "400ms",      "--log-level",    "error", NULL};
  f->directory = run("bin/sluice-bus", argv);
}

static pid_t start_peer(fixture_t *f, const char *system)
{
  const char *argv[] = {"bus-peer", f->bus, f->dir, system, NULL};
  assert_true(f->n_children < MAX_CHILDREN);
  return f->children[f->n_children++] = run("tests/system/bus-peer", argv);
}

static void kill_and_wait(pid_t *pid_p, int signum)
{
  if (*pid_p <= 0) return;
  kill(*pid_p, signum);
  waitpid(*pid_p, NULL, 0);
  *pid_p = 0;
}

static int setup(void **state)
{
  fixture_t *f = calloc(1, sizeof *f);
  strcpy(f->dir, "/tmp/sl-bus-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  snprintf(f->bus, sizeof f->bus, "ipc://%s/bus", f->dir);
  f->loop = sl_loop_new();
  start_directory(f);
  sl_bus_client_opts_t opts = {.directory = f->bus, .max_in_flight = 8};
  f->client = sl_bus_client_new(f->loop, &opts, NULL);
  assert_non_null(f->client);
  *state = f;
  return 0;
}

static int teardown(void **state)
{
  fixture_t *f = *state;
  sl_bus_client_destroy(&f->client);
  sl_loop_destroy(&f->loop);
  for (size_t i = 0; i < f->n_children; i++) kill_and_wait(&f->children[i], SIGKILL);
  kill_and_wait(&f->directory, SIGKILL);
  remove_dir(f->dir);
  free(f);
  return 0;
}

/* --- waiting --------------------------------------------------------------------------------- */

static size_t offers(sl_bus_client_t *client, const char *system, bool alive)
{
  size_t n = 0;
  bool is_alive;
  const sl_bus_offer_t *offer;
  for (size_t i = 0; (offer = sl_bus_client_offer(client, i, &is_alive)); i++)
    n += is_alive == alive && sl_str_eqz(offer->system, system);
  return n;
}

/* --- calls ----------------------------------------------------------------------------------- */

typedef struct result {
  int replies, errors, chunks;
  bool last;
  int status;
  sl_code_t code;
  char text[512], problem_type[96];
  char body[256];
  long long bytes;
  bool in_order, credits, cancels_at_first;
  sl_bus_call_t *call;
} result_t;

static void on_reply(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply)
{
  result_t *r = ctx;
  r->replies++;
  r->status = reply->status;
  snprintf(r->body, sizeof r->body, "%.*s", SL_STR_ARG(reply->body));
  r->bytes += (long long)reply->body.len;
  if (reply->problem) strcpy(r->problem_type, reply->problem->type);
  r->last = !reply->more;
}

static void on_error(void *ctx, sl_bus_call_t *call, const sl_err_t *err)
{
  result_t *r = ctx;
  r->errors++;
  r->code = err->code;
  strcpy(r->text, err->text);
  r->last = true;
}

static void on_chunk(void *ctx, sl_bus_call_t *call, sl_str_t data, bool last, const sl_err_t *err)
{
  result_t *r = ctx;
  r->chunks++;
  for (size_t i = 0; i < data.len; i++)
    if ((unsigned char)data.p[i] != (unsigned long long)(r->bytes + (long long)i) % 251)
      r->in_order = false;
  r->bytes += (long long)data.len;
  r->last = last;
  if (err) r->code = err->code;
  if (err) strcpy(r->text, err->text);
  if (r->cancels_at_first)
    sl_bus_cancel(&r->call);
  else if (r->credits && !last)
    sl_bus_credit(call, (int64_t)data.len);
}

static const sl_bus_call_handlers_t streaming = {on_reply, on_error, on_chunk};
static const sl_bus_call_handlers_t collecting = {on_reply, on_error, NULL};

static sl_code_t call(fixture_t *f, const char *operation, const char *arg, const char *body,
                      int64_t deadline_ms, const sl_bus_call_handlers_t *handlers, result_t *r)
{
  static unsigned serial;
  char id[32];
  sl_err_t err = {0};
  snprintf(id, sizeof id, "test-%u", ++serial);
  sl_bus_pair_t args[] = {{SL_STR("query:n"), sl_str(arg)}};
  sl_bus_request_t request = {.operation = sl_str(operation),
                              .id = sl_str(id),
                              .deadline_ms = deadline_ms,
                              .args = args,
                              .n_args = arg ? 1 : 0,
                              .body = sl_str(body)};
  bool credits = r->credits, cancels = r->cancels_at_first;
  *r = (result_t){.in_order = true, .credits = credits, .cancels_at_first = cancels};
  r->call = sl_bus_call(f->client, &request, handlers, r, &err);
  if (r->call) return SL_OK;
  strcpy(r->text, err.text);
  return r->code = err.code;
}

/* Calls and waits for the end. */
static result_t ask(fixture_t *f, const char *operation, const char *body)
{
  result_t r = {0};
  if (call(f, operation, NULL, body, 5000, &collecting, &r) == SL_OK) WAIT(f, r.last);
  return r;
}

static void wait_for(fixture_t *f, const char *system, size_t n)
{
  WAIT(f, offers(f->client, system, true) == n);
}

static int state_of(fixture_t *f, const char *name)
{
  result_t r = ask(f, "crm.state", NULL);
  const char *at = strstr(r.body, name);
  assert_non_null(at);
  return atoi(at + strlen(name));
}

/* --- the cases ------------------------------------------------------------------------------- */

static void call_goes_straight_to_the_adapter(void **state)
{
  fixture_t *f = *state;
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  result_t r = ask(f, "crm.echo", "hello");
  assert_int_equal(r.replies, 1);
  assert_int_equal(r.status, 200);
  assert_string_equal(r.body, "hello");
  r = ask(f, "crm.problem", NULL);
  assert_int_equal(r.status, 404);
  assert_string_equal(r.problem_type, "customer-not-found");
  assert_int_equal(sl_bus_client_in_flight(f->client), 0);
}

static void call_of_unknown_operation_is_not_found(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  /* Before the directory has answered nothing is known to be absent. */
  assert_int_equal(call(f, "crm.echo", NULL, NULL, 1000, &collecting, &r), SL_UNAVAILABLE);
  WAIT(f, sl_bus_client_ready(f->client));
  assert_int_equal(call(f, "crm.echo", NULL, NULL, 1000, &collecting, &r), SL_NOT_FOUND);
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  assert_int_equal(call(f, "crm.nothing", NULL, NULL, 1000, &collecting, &r), SL_NOT_FOUND);
}

static void deadline_tells_doubt_from_timeout(void **state)
{
  fixture_t *f = *state;
  result_t read = {0}, write = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  assert_int_equal(call(f, "crm.hang", NULL, NULL, 50, &collecting, &read), SL_OK);
  assert_int_equal(call(f, "crm.hangput", NULL, "x", 80, &collecting, &write), SL_OK);
  WAIT(f, read.last && write.last);
  assert_int_equal(read.code, SL_TIMED_OUT);
  assert_int_equal(write.code, SL_IN_DOUBT);
  WAIT(f, state_of(f, "cancels=") == 2);
}

static void cancel_reaches_the_adapter_and_ends_the_call(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  r = ask(f, "crm.echo", "connected");
  call(f, "crm.hang", NULL, NULL, 5000, &collecting, &r);
  sl_bus_cancel(&r.call);
  assert_null(r.call);
  assert_int_equal(sl_bus_client_in_flight(f->client), 0);
  WAIT(f, state_of(f, "cancels=") == 1);
  assert_int_equal(r.replies + r.errors, 0);
}

static void chunks_wait_for_credit(void **state)
{
  fixture_t *f = *state;
  const long long total = 5000000;
  result_t r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.stream", "5000000", NULL, 10000, &streaming, &r);
  /* A receiver that passes nothing on holds the sender at the window. */
  WAIT(f, r.bytes == 256 * 1024);
  assert_int_equal(state_of(f, "sent="), 256 * 1024);
  r.credits = true;
  sl_bus_credit(r.call, r.bytes);
  WAIT(f, r.last);
  assert_int_equal(r.bytes, total);
  assert_true(r.in_order);
  assert_int_equal(r.code, SL_OK);
}

static void chunks_are_collected_without_handler(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.stream", "1000000", NULL, 10000, &collecting, &r);
  WAIT(f, r.last);
  assert_int_equal(r.replies, 1);
  assert_int_equal(r.bytes, 1000000);
}

static void stream_cancelled_in_its_callback_ends(void **state)
{
  fixture_t *f = *state;
  result_t r = {.cancels_at_first = true};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.stream", "100000000", NULL, 10000, &streaming, &r);
  WAIT(f, r.chunks == 1);
  WAIT(f, state_of(f, "cancels=") == 1);
  assert_int_equal(r.chunks, 1);
  assert_int_equal(sl_bus_client_in_flight(f->client), 0);
}

static void answer_that_breaks_off_says_why(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.breakoff", NULL, NULL, 5000, &streaming, &r);
  WAIT(f, r.last);
  assert_int_equal(r.code, SL_GARBAGE);
  assert_non_null(strstr(r.text, "the cursor was lost"));
}

static void problem_that_goes_on_is_garbage(void **state)
{
  fixture_t *f = *state;
  result_t r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.endless", NULL, NULL, 5000, &streaming, &r);
  WAIT(f, r.last);
  assert_int_equal(r.errors, 1);
  assert_int_equal(r.code, SL_GARBAGE);
  assert_string_equal(ask(f, "crm.echo", "next").body, "next");
  assert_int_equal(r.replies + r.chunks, 0);
}

static void in_flight_bound_refuses_the_next(void **state)
{
  fixture_t *f = *state;
  result_t open[8] = {0}, r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  for (size_t i = 0; i < 8; i++)
    assert_int_equal(call(f, "crm.hang", NULL, NULL, 10000, &collecting, &open[i]), SL_OK);
  assert_int_equal(call(f, "crm.echo", NULL, NULL, 1000, &collecting, &r), SL_UNAVAILABLE);
  sl_bus_cancel(&open[0].call);
  r = ask(f, "crm.echo", "again");
  assert_string_equal(r.body, "again");
}

static void killed_adapter_fails_what_was_in_flight(void **state)
{
  fixture_t *f = *state;
  result_t read = {0}, write = {0}, r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  int64_t before = sl_clock_ms();
  call(f, "crm.hang", NULL, NULL, 60000, &collecting, &read);
  call(f, "crm.hangput", NULL, "x", 60000, &collecting, &write);
  r = ask(f, "crm.echo", "sent");
  kill_and_wait(&f->children[0], SIGKILL);
  WAIT(f, read.last && write.last);
  assert_true(sl_clock_ms() - before < 10000);
  assert_int_equal(read.code, SL_UNAVAILABLE);
  assert_int_equal(write.code, SL_IN_DOUBT);
  /* Its offer stays: what was there is unavailable, not unknown, also when the directory has given
   * it up. */
  assert_int_equal(call(f, "crm.echo", NULL, NULL, 1000, &collecting, &r), SL_UNAVAILABLE);
  assert_int_equal(offers(f->client, "crm", false), 1);
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  r = ask(f, "crm.echo", "back");
  assert_string_equal(r.body, "back");
  WAIT(f, offers(f->client, "crm", false) == 0);
}

static void last_word_before_the_end_arrives(void **state)
{
  fixture_t *f = *state;
  for (int i = 0; i < 5; i++) {
    start_peer(f, "crm");
    wait_for(f, "crm", 1);
    result_t r = ask(f, "crm.lastword", NULL);
    assert_string_equal(r.text, "");
    assert_string_equal(r.body, "goodbye");
    WAIT(f, offers(f->client, "crm", true) == 0);
  }
}

static void refused_call_is_tried_on_another_instance(void **state)
{
  fixture_t *f = *state;
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  result_t r = ask(f, "crm.refuse", NULL);
  assert_int_equal(r.status, 503); /* alone: its own word */
  start_peer(f, "crm");
  wait_for(f, "crm", 2);
  r = ask(f, "crm.refuse", NULL);
  assert_int_equal(r.replies, 1);
  assert_int_equal(r.status, 503); /* both refuse: told once */
}

static void instances_share_the_load(void **state)
{
  fixture_t *f = *state;
  result_t held[8] = {0};
  start_peer(f, "crm");
  start_peer(f, "crm");
  wait_for(f, "crm", 2);
  /* Two at random, the less loaded: with two instances that is the one with fewer open calls. */
  for (size_t i = 0; i < 8; i++) call(f, "crm.hang", NULL, NULL, 20000, &collecting, &held[i]);
  kill_and_wait(&f->children[0], SIGKILL);
  size_t lost = 0;
  WAIT(f, offers(f->client, "crm", true) == 1);
  for (size_t i = 0; i < 8; i++) lost += held[i].errors;
  assert_int_equal(lost, 4);
}

static void goodbye_stops_new_calls_and_finishes_open_ones(void **state)
{
  fixture_t *f = *state;
  result_t held = {0}, r = {0};
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  call(f, "crm.hang", NULL, NULL, 20000, &collecting, &held);
  r = ask(f, "crm.echo", "before");
  kill(f->children[0], SIGTERM);
  WAIT(f, offers(f->client, "crm", true) == 0);
  assert_int_equal(call(f, "crm.echo", NULL, NULL, 1000, &collecting, &r), SL_UNAVAILABLE);
  assert_false(held.last);
  kill(f->children[0], SIGUSR1);
  WAIT(f, held.last);
  assert_string_equal(held.body, "held");
}

static void directory_killed_under_load_fails_no_call(void **state)
{
  fixture_t *f = *state;
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  for (int i = 0; i < 300; i++) {
    if (i == 50) kill_and_wait(&f->directory, SIGKILL);
    if (i == 150) start_directory(f);
    result_t r = ask(f, "crm.echo", "x");
    assert_int_equal(r.status, 200);
  }
  /* It relearns: one who did not know the adapter finds it. */
  sl_bus_client_opts_t opts = {.directory = f->bus};
  sl_bus_client_t *other = sl_bus_client_new(f->loop, &opts, NULL);
  WAIT(f, offers(other, "crm", true) == 1);
  sl_bus_client_destroy(&other);
  /* And we hear from the new one: an adapter that comes now is seen. */
  start_peer(f, "erp");
  wait_for(f, "erp", 1);
  assert_int_equal(offers(f->client, "crm", true), 1);
}

static void adapter_restarted_without_directory_is_found_after_it_returns(void **state)
{
  fixture_t *f = *state;
  start_peer(f, "crm");
  wait_for(f, "crm", 1);
  kill_and_wait(&f->directory, SIGKILL);
  kill_and_wait(&f->children[0], SIGKILL);
  start_peer(f, "crm");
  WAIT(f, offers(f->client, "crm", true) == 0);
  start_directory(f);
  wait_for(f, "crm", 1);
  result_t r = ask(f, "crm.echo", "here");
  assert_string_equal(r.body, "here");
}

static void client_started_without_directory_remembers_who_was_there(void **state)
{
  fixture_t *f = *state;
  char file[128];
  snprintf(file, sizeof file, "%s/memory", f->dir);
  sl_bus_client_opts_t opts = {.directory = f->bus, .memory = file};
  start_peer(f, "crm");
  start_peer(f, "erp");
  sl_bus_client_destroy(&f->client);
  f->client = sl_bus_client_new(f->loop, &opts, NULL);
  wait_for(f, "crm", 1);
  wait_for(f, "erp", 1);
  sl_bus_client_destroy(&f->client);
  kill_and_wait(&f->directory, SIGKILL);
  kill_and_wait(&f->children[1], SIGKILL);
  f->client = sl_bus_client_new(f->loop, &opts, NULL);
  /* The one that lives is found; the one that does not is unavailable, not unknown. */
  result_t r = ask(f, "crm.echo", "found");
  assert_string_equal(r.body, "found");
  assert_false(sl_bus_client_ready(f->client));
  r = ask(f, "erp.echo", "lost");
  assert_int_equal(r.code, SL_UNAVAILABLE);
  start_directory(f);
  WAIT(f, sl_bus_client_ready(f->client));
  start_peer(f, "erp");
  wait_for(f, "erp", 1);
  wait_for(f, "crm", 1);
}

/* --- a client that is none of ours ------------------------------------------------------------ */

typedef struct raw {
  void *ctx, *socket;
  char incarnation[64];
} raw_t;

static raw_t raw_connect(fixture_t *f, int rcvhwm)
{
  raw_t raw = {.ctx = zmq_ctx_new()};
  int timeout = LIMIT_MS, linger = 0;
  char endpoint[256];
  bool alive;
  wait_for(f, "crm", 1);
  const sl_bus_offer_t *offer = sl_bus_client_offer(f->client, 0, &alive);
  snprintf(endpoint, sizeof endpoint, "%.*s", SL_STR_ARG(offer->endpoints[0]));
  snprintf(raw.incarnation, sizeof raw.incarnation, "%.*s", SL_STR_ARG(offer->incarnation));
  raw.socket = zmq_socket(raw.ctx, ZMQ_DEALER);
  zmq_setsockopt(raw.socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
  zmq_setsockopt(raw.socket, ZMQ_SNDTIMEO, &timeout, sizeof timeout);
  zmq_setsockopt(raw.socket, ZMQ_LINGER, &linger, sizeof linger);
  zmq_setsockopt(raw.socket, ZMQ_RCVHWM, &rcvhwm, sizeof rcvhwm);
  assert_int_equal(zmq_connect(raw.socket, endpoint), 0);
  return raw;
}

static void raw_close(raw_t *raw)
{
  zmq_close(raw->socket);
  zmq_ctx_term(raw->ctx);
}

static void raw_send(raw_t *raw, const char *frame, int flags)
{
  assert_int_equal(zmq_send(raw->socket, frame, strlen(frame), flags), strlen(frame));
}

static void raw_call(raw_t *raw, int n, const char *operation, const char *incarnation,
                     sl_str_t body)
{
  char head[512];
  int len = snprintf(head, sizeof head,
                     "{\"v\":1,\"kind\":\"call\",\"id\":\"raw-%d\",\"operation\":\"%s\","
                     "\"deadline_ms\":60000,\"bytes\":1000,\"args\":[[\"query:n\",\"9999\"]],"
                     "\"incarnation\":\"%s\"}",
                     n, operation, incarnation);
  assert_int_equal(zmq_send(raw->socket, head, (size_t)len, ZMQ_SNDMORE), len);
  assert_int_equal(zmq_send(raw->socket, body.p, body.len, 0), body.len);
}

/* The next message's header; its body is read over. */
static void raw_reply(raw_t *raw, sl_arena_t *arena, sl_bus_header_t *header)
{
  char text[4096], body[65536];
  int len = zmq_recv(raw->socket, text, sizeof text, 0);
  assert_true(len > 0);
  assert_true(zmq_recv(raw->socket, body, sizeof body, 0) >= 0);
  sl_str_t copy = sl_arena_str(arena, sl_strn(text, (size_t)len));
  assert_int_equal(sl_bus_decode(copy, arena, header, NULL), SL_OK);
}

static void call_for_another_incarnation_is_not_started(void **state)
{
  fixture_t *f = *state;
  sl_bus_header_t header;
  sl_arena_t *arena = sl_arena_new(0, 0);
  start_peer(f, "crm");
  raw_t raw = raw_connect(f, 1000);
  raw_call(&raw, 1, "crm.put", "0123456789abcdef", sl_str("x"));
  raw_reply(&raw, arena, &header);
  assert_true(header.not_started);
  assert_int_equal(header.status, 503);
  raw_call(&raw, 2, "crm.put", "", sl_str("x"));
  raw_reply(&raw, arena, &header);
  assert_true(header.not_started);
  raw_close(&raw);
  sl_arena_destroy(&arena);
  assert_int_equal(state_of(f, "puts="), 0);
}

static void caller_that_does_not_read_gets_every_answer_later(void **state)
{
  enum { CALLS = 4000, LEN = 1024 };
  static char body[LEN];
  fixture_t *f = *state;
  sl_bus_header_t header;
  sl_arena_t *arena = sl_arena_new(0, 0);
  start_peer(f, "crm");
  raw_t raw = raw_connect(f, 1);
  for (int i = 0; i < CALLS; i++) raw_call(&raw, i, "crm.put", raw.incarnation, sl_strn(body, LEN));
  WAIT(f, state_of(f, "puts=") == CALLS); /* all executed, others served meanwhile, none read */
  for (int i = 0; i < CALLS; i++) {
    sl_arena_reset(arena);
    raw_reply(&raw, arena, &header);
    assert_int_equal(header.status, 200);
  }
  raw_close(&raw);
  sl_arena_destroy(&arena);
}

static void caller_that_vanishes_in_a_stream_is_noticed(void **state)
{
  fixture_t *f = *state;
  sl_bus_header_t header;
  sl_arena_t *arena = sl_arena_new(0, 0);
  start_peer(f, "crm");
  raw_t raw = raw_connect(f, 1000);
  raw_call(&raw, 1, "crm.stream", raw.incarnation, sl_strn("", 0));
  raw_reply(&raw, arena, &header);
  assert_true(header.more);
  raw_reply(&raw, arena, &header); /* the first credit is used up: the adapter waits for more */
  raw_close(&raw);
  WAIT(f, state_of(f, "cancels=") == 1);
  sl_arena_destroy(&arena);
}

static void rubbish_harms_nobody(void **state)
{
  fixture_t *f = *state;
  sl_bus_header_t header;
  sl_arena_t *arena = sl_arena_new(0, 0);
  start_peer(f, "crm");
  raw_t raw = raw_connect(f, 1000);
  raw_send(&raw, "one frame", 0);
  raw_send(&raw, "three", ZMQ_SNDMORE);
  raw_send(&raw, "frames", ZMQ_SNDMORE);
  raw_send(&raw, "here", 0);
  raw_send(&raw, "{\"v\":7}", ZMQ_SNDMORE);
  raw_send(&raw, "", 0);
  raw_send(&raw, "{\"v\":1,\"kind\":\"credit\",\"id\":\"none\",\"bytes\":5}", ZMQ_SNDMORE);
  raw_send(&raw, "", 0);
  raw_call(&raw, 1, "crm.echo", raw.incarnation, sl_str("x"));
  raw_reply(&raw, arena, &header);
  assert_int_equal(header.status, 200);
  raw_close(&raw);
  sl_arena_destroy(&arena);
}

static void second_directory_on_one_endpoint_is_refused(void **state)
{
  fixture_t *f = *state;
  int status;
  pid_t first = f->directory;
  WAIT(f, sl_bus_client_ready(f->client));
  start_directory(f);
  assert_int_equal(waitpid(f->directory, &status, 0), f->directory);
  f->directory = first;
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(call_goes_straight_to_the_adapter),
      CASE(call_of_unknown_operation_is_not_found),
      CASE(deadline_tells_doubt_from_timeout),
      CASE(cancel_reaches_the_adapter_and_ends_the_call),
      CASE(chunks_wait_for_credit),
      CASE(chunks_are_collected_without_handler),
      CASE(stream_cancelled_in_its_callback_ends),
      CASE(answer_that_breaks_off_says_why),
      CASE(problem_that_goes_on_is_garbage),
      CASE(in_flight_bound_refuses_the_next),
      CASE(killed_adapter_fails_what_was_in_flight),
      CASE(last_word_before_the_end_arrives),
      CASE(refused_call_is_tried_on_another_instance),
      CASE(instances_share_the_load),
      CASE(goodbye_stops_new_calls_and_finishes_open_ones),
      CASE(directory_killed_under_load_fails_no_call),
      CASE(adapter_restarted_without_directory_is_found_after_it_returns),
      CASE(client_started_without_directory_remembers_who_was_there),
      CASE(call_for_another_incarnation_is_not_started),
      CASE(caller_that_does_not_read_gets_every_answer_later),
      CASE(caller_that_vanishes_in_a_stream_is_noticed),
      CASE(rubbish_harms_nobody),
      CASE(second_directory_on_one_endpoint_is_refused),
  };
  return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
