/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-soap: serves the operations of a mapping whose system is a SOAP service. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "adapters/carrier/carrier.h"
#include "adapters/soap/soap.h"

#define PROGRAM "sluice-soap"

struct options {
  sl_http_opts_t http;
  char *endpoint;
};

/* What the calls of one operation have in common. */
struct route {
  const sl_op_t *op;
  const char *url;
  sl_http_headers_t *headers;
};

struct soap {
  sl_carrier_t *carrier;
  struct route *routes;
  size_t n_routes;
};

static const sl_opt_t rows[] = {
    {"endpoint", 0, SL_OPT_TEXT, offsetof(struct options, endpoint), NULL, 0, 0, "URL",
     "Address of the service, instead of the one in its WSDL.", false},
    SL_HTTP_OPTIONS(struct options, http),
    {0},
};

static const struct route *route_of(const struct soap *self, const char *name)
{
  const struct route *route = self->routes;
  while (strcmp(sl_op_info(route->op)->name, name)) route++;
  return route;
}

static sl_code_t address(void *ctx, sl_host_call_t *call, const sl_run_t *run,
                         sl_http_request_t *request, sl_err_t *err)
{
  const struct route *route = route_of(ctx, sl_run_info(run)->name);
  const char *trace = sl_host_call_traceparent(call);
  request->method = "POST";
  request->url = route->url;
  request->headers = route->headers;
  request->has_body = true;
  if (!*trace) return SL_OK;
  sl_arena_t *arena = sl_host_call_arena(call);
  const char **extra = sl_arena_alloc(arena, sizeof *extra);
  if (extra) *extra = sl_arena_printf(arena, "traceparent: %s", trace);
  if (!extra || !*extra) return sl_err_set(err, SL_TOO_LARGE, "the request is too large");
  request->extra = extra;
  request->n_extra = 1;
  return SL_OK;
}

static bool reads(const sl_op_info_t *op, int status, const char *content_type)
{
  (void)op;
  return sl_soap_reads(status, content_type);
}

static const sl_carrier_way_t way = {.address = address, .reads = reads, .prolog = sl_soap_prolog};

static sl_code_t route_set(struct soap *self, struct route *route, const sl_op_t *op,
                           const char *endpoint, sl_err_t *err)
{
  const sl_op_info_t *info = sl_op_info(op);
  route->op = op;
  route->url = endpoint ? endpoint : info->endpoint;
  if (strncasecmp(route->url, "http://", 7) != 0 && strncasecmp(route->url, "https://", 8) != 0)
    return sl_err_set(err, SL_CONFIG,
                      *route->url
                          ? "operation %s: the service's address is neither http nor https; "
                            "give another with --endpoint"
                          : "operation %s: its WSDL has no address; give one with --endpoint",
                      info->name);
  const char *lines[4];
  sl_buf_t text;
  sl_buf_init(&text, 0);
  int n = sl_soap_headers(info->soap_version, info->soap_action, &text);
  const char *p = sl_buf_z(&text);
  for (int i = 0; i < n; i++, p += strlen(p) + 1) lines[i] = p;
  route->headers = sl_http_headers_new(sl_carrier_http(self->carrier), lines, (size_t)n);
  sl_buf_fini(&text);
  return route->headers ? SL_OK : sl_err_set(err, SL_CONFIG, "out of memory");
}

static void destroy(struct soap *self)
{
  sl_carrier_destroy(&self->carrier);
  for (size_t i = 0; i < self->n_routes; i++) sl_http_headers_destroy(&self->routes[i].headers);
  free(self->routes);
  free(self);
}

static void stop(void *ctx)
{
  destroy(sl_carrier_ctx(ctx));
}

static sl_code_t start(sl_host_t *host, const void *options, void **self_p, sl_err_t *err)
{
  const struct options *o = options;
  const sl_mapping_t *mapping = sl_host_mapping(host);
  struct soap *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_CONFIG, "out of memory");
  sl_code_t code = SL_CONFIG;
  self->carrier = sl_carrier_new(host, &o->http, &way, self, err);
  if (!self->carrier) goto fail;
  size_t n = sl_mapping_op_count(mapping);
  self->routes = calloc(n + 1, sizeof *self->routes);
  if (!self->routes) {
    sl_err_set(err, SL_CONFIG, "out of memory");
    goto fail;
  }
  self->n_routes = n;
  for (size_t i = 0; i < n; i++) {
    code = route_set(self, &self->routes[i], sl_mapping_op_at(mapping, i), o->endpoint, err);
    if (code) goto fail;
  }
  *self_p = self->carrier;
  return SL_OK;
fail:
  destroy(self);
  return code;
}

int main(int argc, char **argv)
{
  static const sl_adapter_t adapter = {
      .program = PROGRAM,
      .purpose = "Serves the operations of a mapping file on the bus and carries them to its SOAP "
                 "service.",
      .kind = "soap",
      .version = PACKAGE_VERSION,
      .options = rows,
      .options_size = sizeof(struct options),
      .start = start,
      .call = sl_carrier_call,
      .cancel = sl_carrier_cancel,
      .stop = stop,
  };
  return sl_host_main(&adapter, argc, argv);
}
