/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An adapter made of the bus alone, for tests of the bus: what it does with a call is told by the
 * operation's name. `bus-peer BUS IPC_DIR SYSTEM [TCP KEY_FILE SERVER_KEY ALLOWED]` */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/server.h"

enum { PIECE = 16 * 1024 };

typedef struct peer {
  sl_loop_t *loop;
  sl_bus_server_t *server;
  sl_bus_incoming_t *held[64]; /* hang: open until cancelled */
  size_t n_held;
  sl_bus_incoming_t *stream; /* the one under way */
  long long stream_left, stream_sent;
  int puts, cancels;
  bool leaving;
} peer_t;

static sl_str_t stream_params[] = {SL_STR("query:size")};

/* Those with a method are for the gateway's test too. */
static sl_bus_operation_t operations[] = {
    {.name = SL_STR("echo"), .method = SL_STR("GET"), .path = SL_STR("/echo"), .safe = true},
    {.name = SL_STR("put"), .method = SL_STR("POST"), .path = SL_STR("/put"), .has_body = true},
    {.name = SL_STR("state"), .method = SL_STR("GET"), .path = SL_STR("/state"), .safe = true},
    {.name = SL_STR("hang"), .method = SL_STR("GET"), .path = SL_STR("/hang"), .safe = true},
    {.name = SL_STR("hangput"), .method = SL_STR("POST"), .path = SL_STR("/hangput")},
    {.name = SL_STR("stream"),
     .method = SL_STR("GET"),
     .path = SL_STR("/stream"),
     .safe = true,
     .params = stream_params,
     .n_params = 1},
    {.name = SL_STR("breakoff"),
     .method = SL_STR("GET"),
     .path = SL_STR("/breakoff"),
     .safe = true},
    {.name = SL_STR("die"), .method = SL_STR("GET"), .path = SL_STR("/die"), .safe = true},
    {.name = SL_STR("dieput"), .method = SL_STR("POST"), .path = SL_STR("/dieput")},
    {.name = SL_STR("lastword"), .safe = true},
    {.name = SL_STR("refuse"), .method = SL_STR("GET"), .path = SL_STR("/refuse"), .safe = true},
    {.name = SL_STR("problem"), .method = SL_STR("GET"), .path = SL_STR("/problem"), .safe = true},
    {.name = SL_STR("endless"), .method = SL_STR("GET"), .path = SL_STR("/endless"), .safe = true},
};

static void answer(sl_bus_incoming_t *in, int status, sl_str_t body)
{
  sl_bus_pair_t pairs[] = {{SL_STR("content-type"), SL_STR("text/plain")}};
  sl_bus_header_t header = {.status = status, .headers = pairs, .n_headers = 1};
  sl_bus_answer(in, &header, body);
}

static void push_stream(peer_t *self)
{
  static char piece[PIECE];
  while (self->stream && sl_bus_incoming_credit(self->stream) > 0) {
    int64_t len = sl_bus_incoming_credit(self->stream);
    if (len > PIECE) len = PIECE;
    if (len > self->stream_left) len = self->stream_left;
    /* Byte n of the answer is n mod 251: a piece out of order or lost shows. */
    for (int64_t i = 0; i < len; i++) piece[i] = (char)((self->stream_sent + i) % 251);
    self->stream_sent += len;
    self->stream_left -= len;
    bool last = self->stream_left == 0;
    sl_bus_incoming_t *in = self->stream;
    if (last) self->stream = NULL;
    sl_bus_answer_chunk(in, sl_strn(piece, (size_t)len), last, NULL);
  }
}

static void start_stream(peer_t *self, sl_bus_incoming_t *in, bool breaks)
{
  const sl_bus_header_t *call = sl_bus_incoming_header(in);
  sl_bus_header_t header = {.status = 200, .more = true};
  sl_bus_answer(in, &header, sl_strn("", 0));
  if (breaks) {
    sl_bus_answer_chunk(in, sl_str("half"), false, NULL);
    sl_bus_answer_chunk(in, sl_strn("", 0), true, "the cursor was lost");
    return;
  }
  self->stream = in;
  self->stream_sent = 0;
  self->stream_left = call->n_args ? atoll(call->args[0].value.p) : 1;
  push_stream(self);
}

static void tell_state(peer_t *self, sl_bus_incoming_t *in)
{
  char text[128];
  snprintf(text, sizeof text, "puts=%d cancels=%d sent=%lld pid=%ld", self->puts, self->cancels,
           self->stream_sent, (long)getpid());
  answer(in, 200, sl_str(text));
}

static void refuse(sl_bus_incoming_t *in, bool not_started)
{
  sl_bus_header_t header = {.status = not_started ? 503 : 404, .has_problem = true};
  header.not_started = not_started;
  header.problem.code = not_started ? SL_UNAVAILABLE : SL_NOT_FOUND;
  strcpy(header.problem.type, "customer-not-found");
  strcpy(header.problem.field, "/id");
  sl_bus_answer(in, &header, sl_strn("", 0));
}

/* A problem of which more is to come: no adapter of ours says that. */
static void tell_endless_problem(sl_bus_incoming_t *in)
{
  sl_bus_header_t header = {.status = 502, .has_problem = true, .more = true};
  header.problem.code = SL_GARBAGE;
  sl_bus_answer(in, &header, sl_strn("", 0));
  sl_bus_answer_chunk(in, sl_str("and on"), true, NULL);
}

static void on_call(void *ctx, sl_bus_incoming_t *in)
{
  peer_t *self = ctx;
  sl_str_t op = sl_bus_incoming_header(in)->operation;
  const char *dot = memchr(op.p, '.', op.len);
  op = sl_strn(dot + 1, op.len - (size_t)(dot + 1 - op.p));
  if (sl_str_eqz(op, "put")) self->puts++;
  if (sl_str_eqz(op, "echo") || sl_str_eqz(op, "put"))
    answer(in, 200, sl_bus_incoming_body(in));
  else if (sl_str_eqz(op, "state"))
    tell_state(self, in);
  else if (sl_str_eqz(op, "stream") || sl_str_eqz(op, "breakoff"))
    start_stream(self, in, sl_str_eqz(op, "breakoff"));
  else if (sl_str_eqz(op, "die") || sl_str_eqz(op, "dieput"))
    kill(getpid(), SIGKILL);
  else if (sl_str_eqz(op, "refuse") || sl_str_eqz(op, "problem"))
    refuse(in, sl_str_eqz(op, "refuse"));
  else if (sl_str_eqz(op, "endless"))
    tell_endless_problem(in);
  else if (sl_str_eqz(op, "lastword"))
    answer(in, 200, sl_str("goodbye")), sl_loop_stop(self->loop);
  else if (self->n_held < sizeof self->held / sizeof *self->held)
    self->held[self->n_held++] = in;
}

static void on_cancel(void *ctx, sl_bus_incoming_t *in)
{
  peer_t *self = ctx;
  self->cancels++;
  if (in == self->stream) {
    self->stream = NULL;
    sl_bus_answer_chunk(in, sl_strn("", 0), true, NULL);
    return;
  }
  for (size_t i = 0; i < self->n_held; i++)
    if (self->held[i] == in) self->held[i] = self->held[--self->n_held];
  answer(in, 499, sl_strn("", 0));
}

static void on_credit(void *ctx, sl_bus_incoming_t *in)
{
  push_stream(ctx);
}

/* SIGTERM: no new calls; those held are answered, and that is the end. */
static void on_term(void *ctx, int signum)
{
  peer_t *self = ctx;
  if (!self->leaving) sl_bus_server_withdraw(self->server);
  self->leaving = true;
}

/* SIGUSR1: answer what is held. */
static void on_usr1(void *ctx, int signum)
{
  peer_t *self = ctx;
  while (self->n_held) answer(self->held[--self->n_held], 200, sl_str("held"));
  if (self->leaving) sl_loop_stop(self->loop);
}

int main(int argc, char **argv)
{
  peer_t peer = {0};
  sl_err_t err = {0};
  if (argc != 4 && argc != 8) return 2;
  peer.loop = sl_loop_new();
  sl_bus_keys_t keys = {0};
  sl_bus_offer_t offer = {
      .system = sl_str(argv[3]),
      .kind = SL_STR("test"),
      .version = SL_STR("1"),
      .operations = operations,
      .n_operations = sizeof operations / sizeof *operations,
  };
  sl_bus_server_opts_t opts = {
      .directory = argv[1], .ipc_dir = argv[2], .offer = &offer, .heartbeat_ms = 100};
  if (argc == 8) {
    opts.tcp = argv[4];
    opts.keys = &keys;
    keys = (sl_bus_keys_t){argv[5], argv[6], {&argv[7], 1}};
  }
  sl_bus_server_handlers_t handlers = {on_call, on_cancel, on_credit};
  peer.server = sl_bus_server_new(peer.loop, &opts, &handlers, &peer, &err);
  if (!peer.server) return fprintf(stderr, "bus-peer: %s\n", err.text), 1;
  sl_loop_signal(peer.loop, SIGTERM, on_term, &peer);
  sl_loop_signal(peer.loop, SIGUSR1, on_usr1, &peer);
  sl_loop_run(peer.loop);
  sl_bus_server_destroy(&peer.server);
  sl_loop_destroy(&peer.loop);
  return 0;
}
