/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET /openapi.json: what this gateway serves, as OpenAPI 3.1, put together from what the adapters
 * announce of each operation. Systems that are away are in it as long as their offers are kept. */
#include <stdlib.h>
#include <string.h>
#include "adapters/gateway/gateway.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/problem.h"

static int compare(sl_str_t a, sl_str_t b)
{
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int order(const sl_bus_operation_t *x, const sl_bus_operation_t *y)
{
  int c = compare(x->path, y->path);
  return c ? c : compare(x->method, y->method);
}

static int by_path(const void *a, const void *b)
{
  return order(*(const sl_bus_operation_t *const *)a, *(const sl_bus_operation_t *const *)b);
}

/* Those of HTTP, in the order of their paths; NULL: none. To be freed. */
static const sl_bus_operation_t **operations(sl_gateway_t *g, size_t *n_p)
{
  const sl_bus_offer_t *o;
  bool alive;
  size_t n = 0;
  for (size_t i = 0; (o = sl_bus_client_offer(g->bus, i, &alive)); i++) n += o->n_operations;
  const sl_bus_operation_t **v = n ? malloc(n * sizeof *v) : NULL;
  n = 0;
  for (size_t i = 0; v && (o = sl_bus_client_offer(g->bus, i, &alive)); i++)
    for (size_t k = 0; k < o->n_operations; k++)
      if (o->operations[k].path.len && o->operations[k].method.len) v[n++] = &o->operations[k];
  if (n) qsort(v, n, sizeof *v, by_path);
  *n_p = n;
  return v;
}

/* An adapter's word is not taken for it. */
static bool is_object(sl_str_t text)
{
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, text.p ? text.p : "", text.len, true);
  sl_json_kind_t kind = sl_json_next(&reader, &tok);
  bool object = kind == SL_JSON_OBJECT;
  while (kind > SL_JSON_END) kind = sl_json_next(&reader, &tok);
  sl_json_fini(&reader);
  return object && kind == SL_JSON_END;
}

static void put_operation(sl_jsonw_t *w, const sl_bus_operation_t *op)
{
  char method[16];
  size_t n = op->method.len < sizeof method ? op->method.len : sizeof method;
  for (size_t i = 0; i < n; i++) {
    char c = op->method.p[i];
    method[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  sl_jsonw_keys(w, sl_strn(method, n));
  if (is_object(op->openapi)) {
    sl_jsonw_raw(w, op->openapi);
    return;
  }
  sl_jsonw_object(w);
  sl_jsonw_key(w, "operationId");
  sl_jsonw_str(w, op->name);
  sl_jsonw_key(w, "responses");
  sl_jsonw_raw(w, sl_str("{\"default\":{\"description\":\"not told\"}}"));
  sl_jsonw_object_end(w);
}

static void put_paths(sl_jsonw_t *w, const sl_bus_operation_t *const *v, size_t n)
{
  sl_jsonw_key(w, "paths");
  sl_jsonw_object(w);
  for (size_t i = 0; i < n; i++) {
    bool same_path = i && sl_str_eq(v[i - 1]->path, v[i]->path);
    if (i && order(v[i - 1], v[i]) == 0) continue; /* another instance's */
    if (i && !same_path) sl_jsonw_object_end(w);
    if (!same_path) {
      sl_jsonw_keys(w, v[i]->path);
      sl_jsonw_object(w);
    }
    put_operation(w, v[i]);
  }
  if (n) sl_jsonw_object_end(w);
  sl_jsonw_object_end(w);
}

static void put_document(sl_gateway_t *g, sl_buf_t *out)
{
  size_t n = 0;
  const sl_bus_operation_t **v = operations(g, &n);
  sl_jsonw_t w;
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "openapi");
  sl_jsonw_z(&w, "3.1.0");
  sl_jsonw_key(&w, "info");
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "title");
  sl_jsonw_z(&w, g->opts.title);
  sl_jsonw_key(&w, "version");
  sl_jsonw_z(&w, "1");
  sl_jsonw_object_end(&w);
  put_paths(&w, v, n);
  sl_jsonw_key(&w, "components");
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "schemas");
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "Problem");
  sl_jsonw_raw(&w, sl_str(sl_problem_schema));
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
  sl_jsonw_object_end(&w);
  free(v);
}

void sl_openapi_answer(sl_gateway_t *g, sl_http_request_t *req)
{
  const sl_http_header_t fresh = {SL_STR("Cache-Control"), SL_STR("no-cache")};
  const sl_http_head_t head = {
      .status = 200, .content_type = "application/json", .headers = &fresh, .n_headers = 1};
  sl_buf_t out;
  sl_buf_init(&out, 0);
  put_document(g, &out);
  if (out.failed) {
    sl_problem_t p = {.code = SL_UNAVAILABLE};
    sl_problem_complete(&p);
    sl_http_problem(req, &p, NULL, 0, false);
  } else {
    sl_http_reply(req, &head, sl_buf_str(&out));
  }
  sl_buf_fini(&out);
}
