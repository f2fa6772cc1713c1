/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-rest: serves the operations of a mapping whose system speaks JSON over HTTP. */
#include "config.h"
#include <stdlib.h>
#include <strings.h>
#include "adapters/carrier/carrier.h"
#include "adapters/rest/rest.h"

#define PROGRAM "sluice-rest"

struct options {
  sl_http_opts_t http;
  char *base_url;
};

struct rest {
  sl_carrier_t *carrier;
  const char *base_url; /* NULL: each operation's own, from the contract */
  sl_http_headers_t *bare, *with_body;
};

static const sl_opt_t rows[] = {
    {"base-url", 0, SL_OPT_TEXT, offsetof(struct options, base_url), NULL, 0, 0, "URL",
     "Address that the operations' paths are appended to.", false},
    SL_HTTP_OPTIONS(struct options, http),
    {0},
};

static sl_code_t add_headers(sl_host_call_t *call, const sl_run_t *run, sl_http_request_t *request,
                             sl_err_t *err)
{
  sl_arena_t *arena = sl_host_call_arena(call);
  const char *trace = sl_host_call_traceparent(call);
  const char **lines = sl_arena_alloc(arena, SL_HTTP_EXTRA * sizeof *lines);
  size_t n = 0;
  bool full = !lines;
  if (!full && *trace) full = !(lines[n++] = sl_arena_printf(arena, "traceparent: %s", trace));
  const sl_answer_header_t *header;
  for (size_t i = 0; !full && (header = sl_run_request_header(run, i)); i++) {
    if (n == SL_HTTP_EXTRA)
      return sl_err_set(err, SL_BUG, "the mapping sends more than %d headers", SL_HTTP_EXTRA);
    full = !(lines[n++] = sl_rest_header(arena, header->name, header->value));
  }
  if (full) return sl_err_set(err, SL_TOO_LARGE, "the request is too large");
  request->extra = lines;
  request->n_extra = n;
  return SL_OK;
}

static sl_code_t address(void *ctx, sl_host_call_t *call, const sl_run_t *run,
                         sl_http_request_t *request, sl_err_t *err)
{
  const struct rest *self = ctx;
  const sl_op_info_t *info = sl_run_info(run);
  request->method = info->rest_method;
  request->url =
      sl_rest_url(sl_host_call_arena(call), self->base_url ? self->base_url : info->endpoint,
                  sl_run_target(run), err);
  if (!request->url) return err->code;
  request->headers = request->has_body ? self->with_body : self->bare;
  return add_headers(call, run, request, err);
}

/* Where no outcome of the mapping asks for the status, what is no success is not the engine's. */
static bool reads(const sl_op_info_t *op, int status, const char *content_type)
{
  (void)content_type;
  return op->judges_status || (status >= 200 && status < 300);
}

static const sl_carrier_way_t way = {.address = address, .reads = reads};

static bool is_http(const char *url)
{
  return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static sl_code_t check_addresses(const sl_mapping_t *mapping, const char *base_url, sl_err_t *err)
{
  if (base_url && !is_http(base_url))
    return sl_err_set(err, SL_CONFIG, "--base-url: an address with http or https is needed");
  for (size_t i = 0; !base_url && i < sl_mapping_op_count(mapping); i++) {
    const sl_op_info_t *info = sl_op_info(sl_mapping_op_at(mapping, i));
    if (!is_http(info->endpoint))
      return sl_err_set(err, SL_CONFIG,
                        "operation %s: its contract has no address; give one with --base-url",
                        info->name);
  }
  return SL_OK;
}

static void destroy(struct rest *self)
{
  sl_carrier_destroy(&self->carrier);
  sl_http_headers_destroy(&self->bare);
  sl_http_headers_destroy(&self->with_body);
  free(self);
}

static void stop(void *ctx)
{
  destroy(sl_carrier_ctx(ctx));
}

static sl_code_t start(sl_host_t *host, const void *options, void **self_p, sl_err_t *err)
{
  static const char *const lines[] = {"Accept: application/json", "Content-Type: application/json"};
  const struct options *o = options;
  sl_code_t code = check_addresses(sl_host_mapping(host), o->base_url, err);
  if (code) return code;
  struct rest *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_CONFIG, "out of memory");
  self->base_url = o->base_url;
  self->carrier = sl_carrier_new(host, &o->http, &way, self, err);
  if (!self->carrier) goto fail;
  self->bare = sl_http_headers_new(sl_carrier_http(self->carrier), lines, 1);
  self->with_body = sl_http_headers_new(sl_carrier_http(self->carrier), lines, 2);
  if (!self->bare || !self->with_body) {
    sl_err_set(err, SL_CONFIG, "out of memory");
    goto fail;
  }
  *self_p = self->carrier;
  return SL_OK;
fail:
  destroy(self);
  return SL_CONFIG;
}

int main(int argc, char **argv)
{
  static const sl_adapter_t adapter = {
      .program = PROGRAM,
      .purpose = "Serves the operations of a mapping file on the bus and carries them to its REST "
                 "backend.",
      .kind = "rest",
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
