/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a call over the bus costs: a client and an adapter as two processes over ipc, a number of
 * calls outstanding, an answer of 1 KB at once.
 * `bus-bench [SECONDS [OUTSTANDING]]` prints requests/s, CPU µs per request (both processes, their
 * I/O threads included), and what encoding and decoding headers alone takes of it. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/client.h"
#include "bus/directory.h"
#include "bus/server.h"
#include "core/clock.h"

extern char **environ;

enum { BODY_LEN = 1024, MAX_OUTSTANDING = 1024 };

static char body[BODY_LEN];

/* --- the adapter ----------------------------------------------------------------------------- */

static sl_bus_operation_t operations[] = {
    {.name = SL_STR("getCustomer"), .method = SL_STR("GET"), .safe = true}};
static sl_bus_pair_t answer_headers[] = {{SL_STR("content-type"), SL_STR("application/json")}};

static void on_call(void *ctx, sl_bus_incoming_t *in)
{
  sl_bus_header_t header = {.status = 200, .headers = answer_headers, .n_headers = 1};
  sl_bus_answer(in, &header, sl_strn(body, BODY_LEN));
}

static void on_cancel(void *ctx, sl_bus_incoming_t *in) {}

static void on_signal(void *ctx, int signum)
{
  sl_loop_stop(ctx);
}

static int serve(const char *bus, const char *dir)
{
  sl_loop_t *loop = sl_loop_new();
  sl_err_t err = {0};
  sl_bus_offer_t offer = {.system = SL_STR("crm"), .operations = operations, .n_operations = 1};
  sl_bus_server_opts_t opts = {.directory = bus, .ipc_dir = dir, .offer = &offer};
  sl_bus_server_handlers_t handlers = {on_call, on_cancel, NULL};
  sl_bus_server_t *server = sl_bus_server_new(loop, &opts, &handlers, NULL, &err);
  if (!server) return fprintf(stderr, "bus-bench: %s\n", err.text), 1;
  sl_loop_signal(loop, SIGTERM, on_signal, loop);
  sl_loop_run(loop);
  sl_bus_server_destroy(&server);
  sl_loop_destroy(&loop);
  return 0;
}

/* --- the client ------------------------------------------------------------------------------ */

typedef struct bench {
  sl_loop_t *loop;
  sl_bus_client_t *client;
  long long done, failed;
  unsigned serial;
  bool stop;
  sl_timer_t *next; /* calls are made from the loop, as the gateway does */
  int due;
} bench_t;

static sl_bus_pair_t args[] = {{SL_STR("path:id"), SL_STR("0000012345")},
                               {SL_STR("query:expand"), SL_STR("orders")}};

static void on_reply(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply)
{
  bench_t *self = ctx;
  self->done++;
  if (reply->status != 200 || reply->body.len != BODY_LEN) self->failed++;
  self->due++;
  if (!sl_timer_running(self->next)) sl_timer_start(self->next, 0, false);
}

static void on_error(void *ctx, sl_bus_call_t *call, const sl_err_t *err)
{
  bench_t *self = ctx;
  self->failed++;
}

static void start_call(bench_t *self)
{
  static const sl_bus_call_handlers_t handlers = {on_reply, on_error, NULL};
  char id[40];
  int len = snprintf(id, sizeof id, "01JD3F8ZK0000000%010u", ++self->serial);
  sl_bus_request_t request = {
      .operation = SL_STR("crm.getCustomer"),
      .id = sl_strn(id, (size_t)len),
      .deadline_ms = 30000,
      .args = args,
      .n_args = 2,
      .principal = SL_STR("shop"),
      .traceparent = SL_STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
  };
  if (!sl_bus_call(self->client, &request, &handlers, self, NULL)) self->failed++;
}

static void on_next(void *ctx)
{
  bench_t *self = ctx;
  int due = self->due;
  self->due = 0;
  while (!self->stop && due--) start_call(self);
}

static double cpu_s(int who)
{
  struct rusage u;
  getrusage(who, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* µs for encoding and decoding a call's header, and a reply's. */
static double codec_us(void)
{
  enum { ROUNDS = 200000 };
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_buf_t text;
  sl_bus_header_t out, call = {.kind = SL_BUS_CALL,
                               .id = SL_STR("01JD3F8ZK00000000000000001"),
                               .operation = SL_STR("crm.getCustomer"),
                               .deadline_ms = 29980,
                               .args = args,
                               .n_args = 2,
                               .principal = SL_STR("shop"),
                               .incarnation = SL_STR("5f2c9a01d3e4b6c7"),
                               .bytes = 262144};
  call.traceparent = sl_str("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  sl_bus_header_t reply = {.kind = SL_BUS_REPLY, .id = call.id, .status = 200, .load = 0.25};
  reply.headers = answer_headers;
  reply.n_headers = 1;
  reply.incarnation = call.incarnation;
  sl_buf_init(&text, 0);
  double start = cpu_s(RUSAGE_SELF);
  for (int i = 0; i < ROUNDS; i++) {
    sl_buf_clear(&text);
    sl_bus_encode(i & 1 ? &call : &reply, &text);
    sl_arena_reset(arena);
    if (sl_bus_decode(sl_buf_str(&text), arena, &out, NULL) != SL_OK) abort();
  }
  double us = (cpu_s(RUSAGE_SELF) - start) * 1e6 / ROUNDS;
  sl_buf_fini(&text);
  sl_arena_destroy(&arena);
  return us;
}

static bool is_there(bench_t *self)
{
  bool alive = false;
  return sl_bus_client_offer(self->client, 0, &alive) && alive;
}

static int measure(const char *self_path, int64_t seconds, int outstanding)
{
  char dir[] = "/tmp/sl-bus-bench-XXXXXX", bus[96];
  sl_err_t err = {0};
  bench_t bench = {.loop = sl_loop_new()};
  if (!mkdtemp(dir)) return 1;
  snprintf(bus, sizeof bus, "ipc://%s/bus", dir);
  sl_bus_directory_opts_t directory_opts = {.ipc = bus};
  sl_bus_directory_t *directory = sl_bus_directory_new(bench.loop, &directory_opts, &err);
  sl_bus_client_opts_t opts = {.directory = bus};
  bench.client = directory ? sl_bus_client_new(bench.loop, &opts, &err) : NULL;
  if (!bench.client) return fprintf(stderr, "bus-bench: %s\n", err.text), 1;
  bench.next = sl_timer_new(bench.loop, on_next, &bench);
  pid_t child;
  const char *const argv[] = {"bus-bench", "serve", bus, dir, NULL};
  if (posix_spawn(&child, self_path, NULL, NULL, (char *const *)argv, environ)) return 1;
  while (!is_there(&bench)) sl_loop_turn(bench.loop, 100);

  double cpu = cpu_s(RUSAGE_SELF);
  int64_t start = sl_clock_us(), limit = start + seconds * 1000000;
  for (int i = 0; i < outstanding; i++) start_call(&bench);
  while (sl_clock_us() < limit) sl_loop_turn(bench.loop, 100);
  bench.stop = true;
  while (sl_bus_client_in_flight(bench.client)) sl_loop_turn(bench.loop, 100);
  double wall = (double)(sl_clock_us() - start) / 1e6;
  cpu = cpu_s(RUSAGE_SELF) - cpu;
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
  double child_cpu = cpu_s(RUSAGE_CHILDREN), n = (double)bench.done;
  printf("bus.requests_per_s: %.0f\nbus.cpu_us: %.2f\nbus.client_cpu_us: %.2f\n"
         "bus.adapter_cpu_us: %.2f\nbus.codec_us: %.2f\nbus.failed: %lld\n",
         n / wall, (cpu + child_cpu) * 1e6 / n, cpu * 1e6 / n, child_cpu * 1e6 / n, codec_us(),
         bench.failed);
  sl_timer_destroy(&bench.next);
  sl_bus_client_destroy(&bench.client);
  sl_bus_directory_destroy(&directory);
  sl_loop_destroy(&bench.loop);
  rmdir(dir);
  return bench.failed || !bench.done;
}

int main(int argc, char **argv)
{
  if (argc == 4 && strcmp(argv[1], "serve") == 0) return serve(argv[2], argv[3]);
  int64_t seconds = argc > 1 ? atoll(argv[1]) : 3;
  int outstanding = argc > 2 ? atoi(argv[2]) : 32;
  if (seconds < 1 || outstanding < 1 || outstanding > MAX_OUTSTANDING) return 2;
  memset(body, 'x', sizeof body);
  return measure("/proc/self/exe", seconds, outstanding);
}
