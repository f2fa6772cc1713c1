/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET /health: for load balancers and people. 200 while requests are worth sending here. */
#include "adapters/gateway/gateway.h"
#include "core/jsonw.h"

/* Whether an earlier offer is of the same system: a system is shown once. */
static bool seen_before(sl_gateway_t *g, size_t i)
{
  bool alive;
  sl_str_t system = sl_bus_client_offer(g->bus, i, &alive)->system;
  for (size_t k = 0; k < i; k++)
    if (sl_str_eq(sl_bus_client_offer(g->bus, k, &alive)->system, system)) return true;
  return false;
}

static int64_t alive_of(sl_gateway_t *g, sl_str_t system)
{
  int64_t n = 0;
  bool alive;
  const sl_bus_offer_t *o;
  for (size_t i = 0; (o = sl_bus_client_offer(g->bus, i, &alive)); i++)
    if (alive && sl_str_eq(o->system, system)) n++;
  return n;
}

void sl_health_answer(sl_gateway_t *g, sl_http_request_t *req)
{
  bool ready = sl_bus_client_ready(g->bus) && !g->draining, alive;
  const sl_bus_offer_t *o;
  sl_buf_t out;
  sl_jsonw_t w;
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "status");
  sl_jsonw_z(&w, ready ? "ok" : g->draining ? "draining" : "starting");
  sl_jsonw_key(&w, "systems");
  sl_jsonw_array(&w);
  for (size_t i = 0; (o = sl_bus_client_offer(g->bus, i, &alive)); i++) {
    if (seen_before(g, i)) continue;
    sl_jsonw_object(&w);
    sl_jsonw_key(&w, "name");
    sl_jsonw_str(&w, o->system);
    sl_jsonw_key(&w, "kind");
    sl_jsonw_str(&w, o->kind);
    sl_jsonw_key(&w, "instances");
    sl_jsonw_int(&w, alive_of(g, o->system));
    sl_jsonw_object_end(&w);
  }
  sl_jsonw_array_end(&w);
  sl_jsonw_object_end(&w);
  const sl_http_header_t no_store = {SL_STR("Cache-Control"), SL_STR("no-store")};
  const sl_http_head_t head = {.status = ready ? 200 : 503,
                               .content_type = "application/json",
                               .headers = &no_store,
                               .n_headers = 1};
  sl_http_reply(req, &head, sl_buf_str(&out));
  sl_buf_fini(&out);
}
