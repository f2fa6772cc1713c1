/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http-probe: the HTTP client as a program, for tests with TLS and proxies and for measuring.
 * Prints one line a call, "CODE STATUS sent|unsent BYTES"; with --quiet only a summary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "adapters/http_client/http_client.h"
#include "core/clock.h"

struct options {
  sl_http_opts_t http;
  char *method, *data;
  int64_t calls, in_flight, deadline_ms;
  bool safe, quiet, show;
};

#define O(field) offsetof(struct options, field)

static const sl_opt_t rows[] = {
    SL_HTTP_OPTIONS(struct options, http),
    {"method", 'X', SL_OPT_TEXT, O(method), "GET", 0, 0, "METHOD", "Method.", false},
    {"data", 'd', SL_OPT_TEXT, O(data), NULL, 0, 0, "TEXT", "Body.", false},
    {"calls", 'n', SL_OPT_INT, O(calls), "1", 1, INT64_MAX, "N", "Number of calls.", false},
    {"in-flight", 'c', SL_OPT_INT, O(in_flight), "1", 1, 4096, "N", "Calls at once.", false},
    {"deadline", 0, SL_OPT_TIME, O(deadline_ms), "5s", 1, 600000, "TIME", "Deadline.", false},
    {"safe", 0, SL_OPT_FLAG, O(safe), "no", 0, 0, NULL, "Changes nothing: may be repeated.", false},
    {"quiet", 'q', SL_OPT_FLAG, O(quiet), "no", 0, 0, NULL, "Only the summary.", false},
    {"show", 0, SL_OPT_FLAG, O(show), "no", 0, 0, NULL, "Print the bodies.", false},
    {0},
};
static const sl_opt_table_t table = {"http-probe", "[OPTION]… URL", "Calls URL.", rows};

struct probe {
  struct options o;
  sl_loop_t *loop;
  sl_http_t *http;
  sl_http_request_t request;
  int64_t started, ended, good, bytes;
};

static void start_one(struct probe *p);

static bool on_body(void *ctx, sl_http_call_t *call, int status, const char *data, size_t len)
{
  struct probe *p = ctx;
  (void)call, (void)status;
  p->bytes += (int64_t)len;
  if (p->o.show) fwrite(data, 1, len, stdout);
  return true;
}

static void on_done(void *ctx, sl_http_call_t *call, const sl_http_result_t *result)
{
  struct probe *p = ctx;
  (void)call;
  if (!p->o.quiet)
    printf("%s %d %s %lld %s\n", sl_code_name(result->err->code), result->status,
           result->sent ? "sent" : "unsent", (long long)p->bytes, result->detail);
  p->good += result->err->code == SL_OK && result->status == 200;
  if (++p->ended == p->o.calls)
    sl_loop_stop(p->loop);
  else if (p->started < p->o.calls)
    start_one(p);
}

static void start_one(struct probe *p)
{
  static const sl_http_handlers_t handlers = {.body = on_body, .done = on_done};
  sl_err_t err;
  p->started++;
  if (sl_http_start(p->http, &p->request, &handlers, p, &err)) return;
  fprintf(stderr, "http-probe: %s\n", err.text);
  exit(1);
}

static int64_t cpu_us(void)
{
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec +
         u.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
  struct probe p = {0};
  sl_err_t err;
  int rest;
  bool done = false;
  if (sl_opt_parse(&table, &p.o, argc, argv, &rest, &done, &err) || (!done && rest + 1 != argc)) {
    fprintf(stderr, "http-probe: %s\n", err.text);
    return 2;
  }
  if (done) return 0;
  p.o.http.max_queue = p.o.in_flight;
  p.loop = sl_loop_new();
  p.http = sl_http_new(p.loop, &p.o.http, &err);
  if (!p.http) {
    fprintf(stderr, "http-probe: %s\n", err.text);
    return 1;
  }
  p.request = (sl_http_request_t){.method = p.o.method,
                                  .url = argv[rest],
                                  .body = sl_str(p.o.data),
                                  .has_body = p.o.data != NULL,
                                  .safe = p.o.safe,
                                  .deadline_ms = p.o.deadline_ms};
  int64_t cpu = cpu_us(), wall = sl_clock_us();
  for (int64_t i = 0; i < p.o.in_flight && i < p.o.calls; i++) start_one(&p);
  sl_loop_run(p.loop);
  cpu = cpu_us() - cpu;
  wall = sl_clock_us() - wall;
  if (p.o.quiet)
    printf("calls=%lld ok=%lld cpu_us_per_call=%.2f calls_per_s=%.0f\n", (long long)p.o.calls,
           (long long)p.good, (double)cpu / (double)p.o.calls,
           (double)p.o.calls * 1e6 / (double)wall);
  sl_http_destroy(&p.http);
  sl_loop_destroy(&p.loop);
  sl_opt_fini(&table, &p.o);
  return p.good == p.o.calls ? 0 : 3;
}
