/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gateway: what its parts share: the process's state and its options.
 */
#ifndef SL_GATEWAY_GATEWAY_H
#define SL_GATEWAY_GATEWAY_H

#include "adapters/gateway/http_server.h"
#include "adapters/gateway/routes.h"
#include "bus/client.h"
#include "core/log_opts.h"

typedef struct sl_gateway_opts {
  char *listen, *ready_file, *bus, *state, *title;
  char *tls_cert, *tls_key;
  bool reuse_port, access_log;
  sl_bus_keys_t keys;
  int64_t deadline_ms, drain_ms, header_timeout_ms, idle_timeout_ms;
  int64_t max_body, max_buffered, max_headers, max_uri, max_connections, max_in_flight;
  sl_log_opts_t log;
} sl_gateway_opts_t;

typedef struct sl_exchange sl_exchange_t;

typedef struct sl_gateway {
  sl_gateway_opts_t opts;
  sl_loop_t *loop;
  sl_http_server_t *http;
  sl_bus_client_t *bus;
  sl_routes_t *routes;
  sl_exchange_t *free; /* exchanges to use again */
  uint64_t serial;
  char run[17]; /* random, so that ids of two gateways never meet */
  bool draining;
} sl_gateway_t;

/* exchange.c: one request and its answer. ctx is the sl_gateway_t. */
extern const sl_http_handlers_t sl_exchange_handlers;
void sl_exchange_free_all(sl_gateway_t *gateway);

/* openapi.c: GET /openapi.json. */
void sl_openapi_answer(sl_gateway_t *gateway, sl_http_request_t *req);
/* health.c: GET /health. */
void sl_health_answer(sl_gateway_t *gateway, sl_http_request_t *req);

#endif
