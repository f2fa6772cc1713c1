/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request and its answer: checked, matched to a route, sent as one bus message with its body
 * untouched, and answered with what came back. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "adapters/gateway/gateway.h"
#include "adapters/gateway/negotiate.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"

/* Arguments and decoded text of one request; a query may hold as much as a request line. */
enum { ARENA_BLOCK = 4096, ARENA_CAP = 1 << 20, ID_MAX = 96, KEEP = 256 };

struct sl_exchange {
  sl_gateway_t *gateway;
  sl_http_request_t *req;
  sl_bus_call_t *call;
  sl_arena_t *arena;
  int64_t unacknowledged; /* bytes of a streamed answer that the client has not taken yet */
  int64_t began_us;
  int n_kept;
  bool streaming;
  char system[64];        /* behind the route; "" before one is found */
  char id[ID_MAX + 32];   /* what logs and the bus say */
  char shown[ID_MAX + 1]; /* X-Request-Id as the consumer knows it */
  sl_exchange_t *next;
};

static sl_exchange_t *take(sl_gateway_t *g)
{
  sl_exchange_t *x = g->free;
  sl_arena_t *arena = NULL;
  if (x) {
    g->free = x->next;
    arena = x->arena;
  } else if (!(x = malloc(sizeof *x)) || !(arena = sl_arena_new(ARENA_BLOCK, ARENA_CAP))) {
    free(x);
    return NULL;
  }
  memset(x, 0, offsetof(sl_exchange_t, id));
  x->arena = arena;
  x->gateway = g;
  return x;
}

static void give_back(sl_exchange_t *x)
{
  sl_gateway_t *g = x->gateway;
  sl_arena_reset(x->arena);
  x->next = g->free;
  g->free = x;
}

void sl_exchange_free_all(sl_gateway_t *g)
{
  for (sl_exchange_t *x; (x = g->free);) {
    g->free = x->next;
    sl_arena_destroy(&x->arena);
    free(x);
  }
}

/* --- answers
 * -------------------------------------------------------------------------------------- */

static void log_access(const sl_exchange_t *x, int status)
{
  if (!x->gateway->opts.access_log) return;
  sl_log(SL_LOG_INFO, x->id, "answered", "method=%s path=%.*s status=%d us=%lld",
         sl_http_method(x->req), SL_STR_ARG(sl_http_path(x->req)), status,
         (long long)(sl_clock_us() - x->began_us));
}

static void answer_problem(sl_exchange_t *x, sl_problem_t *p, const sl_http_header_t *more,
                           size_t n_more)
{
  sl_http_header_t headers[8] = {{SL_STR("X-Request-Id"), sl_str(x->shown)}};
  size_t n = 1;
  for (size_t i = 0; i < n_more && n < 8; i++) headers[n++] = more[i];
  snprintf(p->instance, sizeof p->instance, "urn:sluice:request:%.40s", x->shown);
  if (!p->system[0]) snprintf(p->system, sizeof p->system, "%s", x->system);
  sl_problem_complete(p);
  if (p->status >= 500)
    sl_log(SL_LOG_WARN, x->id, "request failed", "status=%d category=%s system=%s detail=\"%s\"",
           p->status, sl_code_name(p->code), p->system, p->detail);
  log_access(x, p->status);
  sl_http_problem(x->req, p, headers, n, false);
  give_back(x);
}

/* A refusal of the gateway itself. status 0: the category's own. */
static void refuse(sl_exchange_t *x, sl_code_t code, int status, const char *type,
                   const char *field, const char *detail)
{
  sl_problem_t p = {.code = code, .status = status};
  snprintf(p.type, sizeof p.type, "%s", type);
  snprintf(p.field, sizeof p.field, "%s", field);
  snprintf(p.detail, sizeof p.detail, "%s", detail);
  answer_problem(x, &p, NULL, 0);
}

static void answer_err(sl_exchange_t *x, const sl_err_t *err)
{
  sl_problem_t p;
  sl_problem_from_err(&p, err);
  answer_problem(x, &p, NULL, 0);
}

/* Headers of the answer: ours, then the adapter's; its Content-Type is told apart. */
static size_t answer_headers(const sl_exchange_t *x, const sl_bus_reply_t *reply,
                             sl_http_header_t *out, size_t max, char type[128])
{
  size_t n = 0;
  out[n++] = (sl_http_header_t){SL_STR("X-Request-Id"), sl_str(x->shown)};
  snprintf(type, 128, "application/json");
  for (size_t i = 0; i < reply->n_headers && n < max; i++) {
    sl_str_t name = reply->headers[i].name, value = reply->headers[i].value;
    if (name.len == 12 && !strncasecmp(name.p, "Content-Type", 12))
      snprintf(type, 128, "%.*s", SL_STR_ARG(value));
    else
      out[n++] = (sl_http_header_t){name, value};
  }
  return n;
}

static void on_reply(void *ctx, sl_bus_call_t *call, const sl_bus_reply_t *reply)
{
  sl_exchange_t *x = ctx;
  sl_http_header_t headers[16];
  char type[128];
  (void)call;
  if (!reply->more) x->call = NULL;
  if (reply->problem) {
    sl_problem_t p = *reply->problem;
    if (!p.status) p.status = reply->status;
    size_t n = answer_headers(x, reply, headers, 8, type);
    return answer_problem(x, &p, headers + 1, n - 1);
  }
  sl_http_head_t head = {.status = reply->status, .headers = headers};
  head.n_headers = answer_headers(x, reply, headers, 16, type);
  if (reply->body.len || reply->more) head.content_type = type;
  log_access(x, reply->status);
  if (!reply->more) {
    sl_http_reply(x->req, &head, reply->body);
    return give_back(x);
  }
  if (!strcmp(sl_http_method(x->req), "HEAD")) {
    sl_bus_cancel(&x->call);
    sl_http_begin(x->req, &head); /* its length is not known, so none is told */
    sl_http_end(x->req);
    return give_back(x);
  }
  x->streaming = true;
  sl_http_begin(x->req, &head);
  x->unacknowledged = (int64_t)reply->body.len;
  sl_http_piece(x->req, reply->body);
}

static void on_chunk(void *ctx, sl_bus_call_t *call, sl_str_t data, bool last, const sl_err_t *err)
{
  sl_exchange_t *x = ctx;
  (void)call;
  x->unacknowledged += (int64_t)data.len;
  sl_http_piece(x->req, data);
  if (!last) return;
  x->call = NULL;
  if (err) {
    sl_log(SL_LOG_WARN, x->id, "an answer broke off", "detail=\"%s\"", err->text);
    sl_http_abort(x->req);
  } else {
    sl_http_end(x->req);
  }
  give_back(x);
}

static void on_error(void *ctx, sl_bus_call_t *call, const sl_err_t *err)
{
  sl_exchange_t *x = ctx;
  (void)call;
  x->call = NULL;
  if (!x->streaming) return answer_err(x, err);
  sl_http_abort(x->req);
  give_back(x);
}

/* --- the request
 * ---------------------------------------------------------------------------------- */

/* The consumer's own id is kept if it cannot do harm in a log. On the bus a number is added, as two
 * consumers may use the same one at once. */
static void make_id(sl_exchange_t *x)
{
  sl_gateway_t *g = x->gateway;
  sl_str_t given = sl_http_header(x->req, "X-Request-Id");
  bool usable = given.len > 0 && given.len <= ID_MAX;
  for (size_t i = 0; usable && i < given.len; i++) {
    char c = given.p[i];
    usable = isalnum((unsigned char)c) || strchr("-_.:/=+", c);
  }
  g->serial++;
  if (usable) {
    snprintf(x->shown, sizeof x->shown, "%.*s", SL_STR_ARG(given));
    snprintf(x->id, sizeof x->id, "%s~%llx", x->shown, (unsigned long long)g->serial);
  } else {
    snprintf(x->shown, sizeof x->shown, "%s-%llx", g->run, (unsigned long long)g->serial);
    snprintf(x->id, sizeof x->id, "%s", x->shown);
  }
}

static int64_t deadline_of(const sl_exchange_t *x)
{
  int64_t own = x->gateway->opts.deadline_ms;
  int64_t wish = sl_prefer_wait_ms(sl_http_header(x->req, "Prefer").p);
  return wish > 0 && wish < own ? wish : own;
}

typedef struct args {
  sl_bus_pair_t v[SL_BUS_MAX_PAIRS];
  size_t n;
} args_t;

/* "query:status" of the route's parameters, or NULL. */
static const char *param(const sl_route_t *route, const char *end, sl_str_t name)
{
  size_t n = strlen(end);
  for (size_t i = 0; i < route->n_params; i++) {
    const char *p = route->params[i];
    if (!strncmp(p, end, n) && sl_str_eqz(name, p + n)) return p;
  }
  return NULL;
}

static bool add(args_t *args, const char *name, sl_str_t value)
{
  if (args->n == SL_BUS_MAX_PAIRS) return false;
  args->v[args->n++] = (sl_bus_pair_t){sl_str(name), value};
  return true;
}

static bool given(const args_t *args, const char *name)
{
  for (size_t i = 0; i < args->n; i++)
    if (sl_str_eqz(args->v[i].name, name)) return true;
  return false;
}

/* False: refused already. */
static bool read_query(sl_exchange_t *x, const sl_route_t *route, args_t *args)
{
  sl_str_t rest = sl_http_query(x->req);
  char field[128];
  while (rest.len) {
    const char *amp = memchr(rest.p, '&', rest.len);
    sl_str_t pair = sl_strn(rest.p, amp ? (size_t)(amp - rest.p) : rest.len);
    rest = amp ? sl_strn(amp + 1, rest.len - pair.len - 1) : sl_strn(NULL, 0);
    if (!pair.len) continue;
    const char *eq = memchr(pair.p, '=', pair.len);
    sl_str_t name = sl_strn(pair.p, eq ? (size_t)(eq - pair.p) : pair.len), value = {"", 0};
    name = sl_percent_decode(x->arena, name, true);
    if (eq)
      value =
          sl_percent_decode(x->arena, sl_strn(eq + 1, (size_t)(pair.p + pair.len - eq - 1)), true);
    if (!name.p || !value.p) {
      refuse(x, SL_INVALID, 400, "invalid-request", "query",
             "the query is not well percent-encoded UTF-8");
      return false;
    }
    snprintf(field, sizeof field, "query:%.*s", SL_STR_ARG(name));
    /* A name that was cut within a character is not fit to be shown. */
    if (!sl_utf8_valid(field, strlen(field))) snprintf(field, sizeof field, "query");
    const char *end = param(route, "query:", name);
    const char *wrong = !end               ? "this operation has no such query parameter"
                        : given(args, end) ? "the query parameter is given more than once"
                                           : NULL;
    if (wrong || !add(args, end, value)) {
      refuse(x, SL_INVALID, 400, "invalid-request", field, wrong ? wrong : "too many parameters");
      return false;
    }
  }
  return true;
}

static void read_headers(sl_exchange_t *x, const sl_route_t *route, args_t *args)
{
  for (size_t i = 0; i < route->n_params; i++) {
    if (strncmp(route->params[i], "header:", 7)) continue;
    sl_str_t value = sl_http_header(x->req, route->params[i] + 7);
    if (value.p) add(args, route->params[i], value);
  }
}

static void read_path(const sl_route_match_t *match, args_t *args)
{
  for (size_t i = 0; i < match->n; i++) {
    const char *end = param(match->route, "path:", match->names[i]);
    if (end) add(args, end, match->values[i]);
  }
}

static void send_call(sl_exchange_t *x, const sl_route_match_t *match, args_t *args)
{
  static const sl_bus_call_handlers_t handlers = {on_reply, on_error, on_chunk};
  sl_err_t err;
  const sl_bus_request_t request = {
      .operation = sl_str(match->route->operation),
      .id = sl_str(x->id),
      .deadline_ms = deadline_of(x),
      .args = args->v,
      .n_args = args->n,
      .body = sl_http_body(x->req),
      .idempotency_key = sl_http_header(x->req, "Idempotency-Key"),
      .traceparent = sl_http_header(x->req, "traceparent"),
  };
  x->call = sl_bus_call(x->gateway->bus, &request, &handlers, x, &err);
  if (x->call) return;
  /* A route from before a restart, whose adapter has not announced itself yet: known but away. */
  if (err.code == SL_NOT_FOUND)
    sl_err_set(&err, SL_UNAVAILABLE, "the system behind this resource is away");
  answer_err(x, &err);
}

/* What does not fit the route; true: refused already. */
static bool unfit(sl_exchange_t *x, const sl_route_t *route)
{
  sl_str_t body = sl_http_body(x->req);
  sl_str_t coding = sl_http_header(x->req, "Content-Encoding");
  if (!sl_accepts_json(sl_http_header(x->req, "Accept").p))
    refuse(x, SL_INVALID, 406, "not-acceptable", "header:accept", "answers are application/json");
  else if (body.len && !route->has_body)
    refuse(x, SL_INVALID, 400, "invalid-request", "body", "this operation takes no body");
  else if (body.len && !sl_is_json_type(sl_http_header(x->req, "Content-Type").p))
    refuse(x, SL_INVALID, 415, "unsupported-media-type", "header:content-type",
           "the body must be application/json in UTF-8");
  else if (body.len && coding.p && !sl_str_eqz(coding, "identity"))
    refuse(x, SL_INVALID, 415, "unsupported-media-type", "header:content-encoding",
           "an encoded body is not understood here");
  else
    return false;
  return true;
}

static void route_request(sl_exchange_t *x)
{
  sl_gateway_t *g = x->gateway;
  const char *method = sl_http_method(x->req);
  sl_route_match_t match;
  args_t args = {.n = 0};
  switch (sl_routes_match(g->routes, method, sl_http_path(x->req), x->arena, &match)) {
  case SL_ROUTE_FOUND: break;
  case SL_ROUTE_NONE:
    return refuse(x, SL_NOT_FOUND, 404, "not-found", "", "no operation is offered at this path");
  case SL_ROUTE_BAD_PATH:
    return refuse(x, SL_INVALID, 400, "invalid-request", "path",
                  "the path is not well percent-encoded UTF-8");
  case SL_ROUTE_METHOD: {
    const sl_http_header_t allow = {SL_STR("Allow"), sl_str(match.allow)};
    sl_problem_t p = {.code = SL_INVALID, .status = 405, .type = "method-not-allowed"};
    snprintf(p.detail, sizeof p.detail, "this resource knows %s", match.allow);
    return answer_problem(x, &p, &allow, 1);
  }
  }
  const char *operation = match.route->operation;
  snprintf(x->system, sizeof x->system, "%.*s", (int)strcspn(operation, "."), operation);
  if (unfit(x, match.route)) return;
  read_path(&match, &args);
  if (!read_query(x, match.route, &args)) return;
  read_headers(x, match.route, &args);
  send_call(x, &match, &args);
}

static void on_request(void *ctx, sl_http_request_t *req)
{
  sl_gateway_t *g = ctx;
  bool reads = !strcmp(sl_http_method(req), "GET") || !strcmp(sl_http_method(req), "HEAD");
  if (reads && sl_str_eqz(sl_http_path(req), "/health")) return sl_health_answer(g, req);
  if (reads && sl_str_eqz(sl_http_path(req), "/openapi.json")) return sl_openapi_answer(g, req);
  sl_exchange_t *x = take(g);
  if (!x) {
    sl_problem_t p = {.code = SL_UNAVAILABLE};
    sl_problem_complete(&p);
    return sl_http_problem(req, &p, NULL, 0, false);
  }
  x->req = req;
  if (g->opts.access_log) x->began_us = sl_clock_us();
  *sl_http_data(req) = x;
  make_id(x);
  route_request(x);
}

static void on_gone(void *ctx, sl_http_request_t *req)
{
  sl_exchange_t *x = *sl_http_data(req);
  (void)ctx;
  if (!x) return;
  if (x->call) sl_bus_cancel(&x->call);
  log_access(x, 499);
  give_back(x);
}

static void on_drained(void *ctx, sl_http_request_t *req)
{
  sl_exchange_t *x = *sl_http_data(req);
  (void)ctx;
  if (!x || !x->call) return;
  int64_t bytes = x->unacknowledged;
  x->unacknowledged = 0;
  if (bytes) sl_bus_credit(x->call, bytes);
}

static void on_refused(void *ctx, sl_problem_t *problem)
{
  sl_gateway_t *g = ctx;
  char id[40];
  snprintf(id, sizeof id, "%s-%llx", g->run, (unsigned long long)++g->serial);
  snprintf(problem->instance, sizeof problem->instance, "urn:sluice:request:%s", id);
  sl_log(SL_LOG_DEBUG, id, "request refused", "status=%d detail=\"%s\"", problem->status,
         problem->detail);
}

const sl_http_handlers_t sl_exchange_handlers = {on_request, on_gone, on_drained, on_refused};
