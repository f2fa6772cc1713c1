/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-gateway: the HTTP front. Its routes come from what adapters announce on the bus. */
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "adapters/gateway/gateway.h"
#include "core/log.h"
#include "core/opt.h"

#define OF(member) offsetof(sl_gateway_opts_t, member)

static const sl_opt_t options[] = {
    {"listen", 'l', SL_OPT_TEXT, OF(listen), "127.0.0.1:8080", 0, 0, "ADDRESS:PORT",
     "Where to serve HTTP; port 0 takes any free one.", false},
    {"bus", 'b', SL_OPT_TEXT, OF(bus), "ipc:///run/sluice/bus", 0, 0, "ENDPOINT",
     "Where the directory (sluice-bus) listens.", false},
    {"state", 0, SL_OPT_TEXT, OF(state), NULL, 0, 0, "FILE",
     "Keep the routes here, and in FILE.peers who serves them, so that after a restart a system "
     "that is away answers 503, not 404, and one that is there is found without the directory.",
     false},
    {"title", 0, SL_OPT_TEXT, OF(title), "API", 0, 0, "TEXT",
     "What GET /openapi.json calls this API.", false},
    {"ready-file", 0, SL_OPT_TEXT, OF(ready_file), NULL, 0, 0, "FILE",
     "Write our URL here once we listen and know what the bus offers.", false},
    {"tls-cert", 0, SL_OPT_TEXT, OF(tls_cert), NULL, 0, 0, "FILE",
     "Serve HTTPS with this certificate chain (PEM).", false},
    {"tls-key", 0, SL_OPT_TEXT, OF(tls_key), NULL, 0, 0, "FILE",
     "The certificate's private key (PEM), if it is not in the same file.", false},
    {"reuse-port", 0, SL_OPT_FLAG, OF(reuse_port), NULL, 0, 0, NULL,
     "Let several gateways listen on the same port (SO_REUSEPORT).", false},
    {"deadline", 0, SL_OPT_TIME, OF(deadline_ms), "30s", 1, 86400000, "TIME",
     "Longest time for an answer to begin; Prefer: wait=N may shorten it.", false},
    {"drain", 0, SL_OPT_TIME, OF(drain_ms), "10s", 0, 3600000, "TIME",
     "On SIGTERM, how long requests under way may still take.", false},
    {"header-timeout", 0, SL_OPT_TIME, OF(header_timeout_ms), "15s", 100, 3600000, "TIME",
     "Time for a request's head to come, and beyond it for a body slower than 8 KB/s.", false},
    {"idle-timeout", 0, SL_OPT_TIME, OF(idle_timeout_ms), "60s", 100, 3600000, "TIME",
     "Time for the next request on a kept connection, and for an answer that nobody takes.", false},
    /* evhttp holds a whole body before we see it: this is memory. */
    {"max-body", 0, SL_OPT_SIZE, OF(max_body), "8MiB", 0, (int64_t)64 << 20, "SIZE",
     "Largest request body; beyond: 413.", false},
    /* Sixteen of the largest bodies. */
    {"max-buffered", 0, SL_OPT_SIZE, OF(max_buffered), "128MiB", 1, (int64_t)1 << 40, "SIZE",
     "Bytes of all requests' bodies that are held at once; beyond: 503.", false},
    {"max-headers", 0, SL_OPT_SIZE, OF(max_headers), "32KiB", 1024, 1 << 20, "SIZE",
     "Largest request head; beyond: 431.", false},
    {"max-uri", 0, SL_OPT_SIZE, OF(max_uri), "8KiB", 64, 1 << 20, "SIZE",
     "Longest path with its query; beyond: 414.", false},
    {"max-connections", 0, SL_OPT_INT, OF(max_connections), "10000", 1, 1000000, "N",
     "Connections open at once; further ones wait to be accepted.", false},
    {"max-in-flight", 0, SL_OPT_INT, OF(max_in_flight), "1024", 1, 1000000, "N",
     "Calls under way at once to one adapter instance; beyond: 503.", false},
    {"key-file", 0, SL_OPT_TEXT, OF(keys.secret_file), NULL, 0, 0, "FILE",
     "Our CURVE key pair for the bus over tcp, as written by sluice keygen.", false},
    {"server-key", 0, SL_OPT_TEXT, OF(keys.server_key), NULL, 0, 0, "KEY",
     "Public key of the directory, when it is reached over tcp.", false},
    {"access-log", 0, SL_OPT_FLAG, OF(access_log), NULL, 0, 0, NULL, "Log every request.", false},
    SL_LOG_OPTIONS(sl_gateway_opts_t, log),
    {NULL, 0, SL_OPT_FLAG, 0, NULL, 0, 0, NULL, NULL, false},
};

static const sl_opt_table_t table = {
    "sluice-gateway", "[OPTION]…",
    "Serves the operations that adapters announce on the bus as a REST/JSON API.", options};

typedef struct boot {
  sl_gateway_t gateway;
  sl_timer_t *grace;
  bool ready;
} boot_t;

static void announce_ready(boot_t *self)
{
  const char *path = self->gateway.opts.ready_file;
  self->ready = true;
  sl_log(SL_LOG_INFO, NULL, "serving", "url=%s routes=%zu", sl_http_server_url(self->gateway.http),
         sl_routes_count(self->gateway.routes));
  if (!path || !*path) return;
  char tmp[4096];
  snprintf(tmp, sizeof tmp, "%s.new", path);
  FILE *f = fopen(tmp, "w");
  if (f) fprintf(f, "%s\n", sl_http_server_url(self->gateway.http));
  if (!f || fclose(f) || rename(tmp, path))
    sl_log(SL_LOG_ERROR, NULL, "cannot write the ready file", "path=%s", path);
}

static sl_route_presence_t presence(void *ctx, const char *operation)
{
  const sl_gateway_t *g = ctx;
  const sl_bus_offer_t *offer;
  bool alive, there = false;
  size_t dot = strcspn(operation, ".");
  for (size_t i = 0; (offer = sl_bus_client_offer(g->bus, i, &alive)); i++) {
    if (!alive || !sl_str_eq(offer->system, sl_strn(operation, dot))) continue;
    there = true;
    for (size_t k = 0; k < offer->n_operations; k++)
      if (sl_str_eqz(offer->operations[k].name, operation + dot + 1)) return SL_ROUTE_OFFERED;
  }
  return there ? SL_ROUTE_DROPPED : SL_ROUTE_AWAY;
}

static void on_bus_change(void *ctx)
{
  boot_t *self = ctx;
  sl_gateway_t *g = &self->gateway;
  const sl_bus_offer_t *offer;
  char conflict[256];
  bool alive;
  sl_err_t err;
  for (size_t i = 0; (offer = sl_bus_client_offer(g->bus, i, &alive)); i++) {
    sl_routes_offer(g->routes, offer, presence, g, conflict);
    if (conflict[0])
      sl_log(SL_LOG_ERROR, NULL, "two operations want one route; the first keeps it",
             "refused=\"%s\"", conflict);
  }
  sl_routes_prune(g->routes, presence, g);
  if (sl_routes_save(g->routes, &err))
    sl_log(SL_LOG_ERROR, NULL, err.text, "path=%s", g->opts.state);
  if (!self->ready && sl_bus_client_ready(g->bus)) announce_ready(self);
}

static void stop(void *ctx)
{
  boot_t *self = ctx;
  sl_loop_stop(self->gateway.loop);
}

static void grace_over(void *ctx)
{
  boot_t *self = ctx;
  sl_log(SL_LOG_WARN, NULL, "stopping with requests still open", "open=%zu",
         sl_http_server_open(self->gateway.http));
  stop(self);
}

static void on_signal(void *ctx, int signum)
{
  boot_t *self = ctx;
  sl_gateway_t *g = &self->gateway;
  if (g->draining) return stop(self); /* asked twice: now */
  g->draining = true;
  sl_log(SL_LOG_INFO, NULL, "shutting down", "signal=%d open=%zu", signum,
         sl_http_server_open(g->http));
  sl_timer_start(self->grace, g->opts.drain_ms + 1, false);
  sl_http_server_drain(g->http, stop, self);
}

static sl_code_t start(boot_t *self, sl_err_t *err)
{
  sl_gateway_t *g = &self->gateway;
  const sl_gateway_opts_t *o = &g->opts;
  uint64_t seed;
  if (sl_log_start("sluice-gateway", "", &o->log, err)) return err->code;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    return sl_err_set(err, SL_BUG, "no random numbers");
  snprintf(g->run, sizeof g->run, "%llx", (unsigned long long)(seed >> 16));
  g->routes = sl_routes_new(o->state && o->state[0] ? o->state : NULL, err);
  if (g->routes && err->code)
    sl_log(SL_LOG_WARN, NULL, "the state file is not usable and is begun anew", "detail=\"%s\"",
           err->text);
  g->loop = sl_loop_new();
  if (!g->loop || !g->routes) return sl_err_set(err, SL_BUG, "out of memory");
  char memory[4096] = ""; /* beside the routes: who served them */
  if (o->state && o->state[0]) snprintf(memory, sizeof memory, "%s.peers", o->state);
  const sl_bus_client_opts_t bus = {.directory = o->bus,
                                    .keys = o->keys.secret_file ? &o->keys : NULL,
                                    .memory = memory[0] ? memory : NULL,
                                    .max_in_flight = o->max_in_flight};
  if (!(g->bus = sl_bus_client_new(g->loop, &bus, err))) return err->code;
  sl_bus_client_on_change(g->bus, on_bus_change, self);
  const sl_http_opts_t http = {.listen = o->listen,
                               .tls_cert = o->tls_cert && o->tls_cert[0] ? o->tls_cert : NULL,
                               .tls_key = o->tls_key && o->tls_key[0] ? o->tls_key : NULL,
                               .reuse_port = o->reuse_port,
                               .limits = {(size_t)o->max_uri, (size_t)o->max_headers, o->max_body},
                               .max_buffered = o->max_buffered,
                               .max_connections = o->max_connections,
                               .header_timeout_ms = o->header_timeout_ms,
                               .idle_timeout_ms = o->idle_timeout_ms};
  if (!(g->http = sl_http_server_new(g->loop, &http, &sl_exchange_handlers, g, err)))
    return err->code;
  self->grace = sl_timer_new(g->loop, grace_over, self);
  if (!self->grace || sl_loop_signal(g->loop, SIGTERM, on_signal, self) ||
      sl_loop_signal(g->loop, SIGINT, on_signal, self))
    return sl_err_set(err, SL_BUG, "signals cannot be handled");
  return SL_OK;
}

static void finish(boot_t *self)
{
  sl_gateway_t *g = &self->gateway;
  sl_timer_destroy(&self->grace);
  sl_http_server_destroy(&g->http);
  sl_bus_client_destroy(&g->bus);
  sl_exchange_free_all(g);
  sl_routes_destroy(&g->routes);
  sl_loop_destroy(&g->loop);
  sl_opt_fini(&table, &g->opts);
}

int main(int argc, char **argv)
{
  boot_t self = {0};
  sl_err_t err = {0};
  int rest, status = 0;
  bool done = false;
  if (sl_opt_parse(&table, &self.gateway.opts, argc, argv, &rest, &done, &err)) {
    fprintf(stderr, "sluice-gateway: %s\n", err.text);
    return 2;
  }
  if (!done && rest < argc) {
    fprintf(stderr, "sluice-gateway: \"%s\" is not expected; see --help\n", argv[rest]);
    status = 2;
  } else if (!done && start(&self, &err)) {
    fprintf(stderr, "sluice-gateway: %s\n", err.text);
    status = 1;
  } else if (!done) {
    sl_loop_run(self.gateway.loop);
  }
  finish(&self);
  return status;
}
