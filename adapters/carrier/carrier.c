/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/carrier/carrier.h"

#include <stdlib.h>
#include "core/log.h"

enum {
  MAX_SPARE = 32, /* exchanges kept for the next call: as many as are under way by default */
  SPARE_BYTES = 64 * 1024 /* a buffer that grew beyond this for one message is given back */
};

/* One call on its way. */
typedef struct exchange {
  sl_carrier_t *carrier;
  struct exchange *next; /* among the spare ones */
  sl_host_call_t *call;
  sl_http_call_t *http_call;
  sl_run_t *run;
  sl_buf_t request; /* the legacy request's body */
  sl_buf_t json;    /* the consumer's answer */
  sl_buf_t wire;    /* the legacy answer, for --show-wire only */
  sl_str_t held;    /* the piece of the answer that the engine has not got yet; in the arena */
  bool began;       /* a piece of the answer's body came */
  bool reads;       /* the engine reads this answer */
  sl_err_t err;     /* the engine's; code SL_OK: none */
} exchange_t;

struct sl_carrier {
  sl_host_t *host;
  sl_http_t *http;
  const sl_carrier_way_t *way;
  void *ctx;
  exchange_t *spare;
  size_t n_spare;
};

/* --- an exchange's memory ------------------------------------------------------------------- */

static exchange_t *exchange_new(sl_carrier_t *self, sl_host_call_t *call)
{
  exchange_t *x = self->spare;
  if (x) {
    self->spare = x->next;
    self->n_spare--;
  } else {
    x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->carrier = self;
  }
  x->call = call;
  *sl_host_call_data(call) = x;
  return x;
}

static void exchange_free(exchange_t *x)
{
  sl_buf_fini(&x->request);
  sl_buf_fini(&x->json);
  sl_buf_fini(&x->wire);
  free(x);
}

static void empty(sl_buf_t *buf)
{
  if (buf->cap > SPARE_BYTES) sl_buf_fini(buf);
  sl_buf_clear(buf);
}

/* After it the call may be gone: the run, in the call's arena, goes first. */
static void exchange_end(exchange_t *x)
{
  sl_carrier_t *self = x->carrier;
  if (self->n_spare == MAX_SPARE) {
    exchange_free(x);
    return;
  }
  empty(&x->request);
  empty(&x->json);
  empty(&x->wire);
  x->call = NULL;
  x->http_call = NULL;
  x->run = NULL;
  x->held = sl_strn(NULL, 0);
  x->began = x->reads = false;
  x->err.code = SL_OK;
  x->next = self->spare;
  self->spare = x;
  self->n_spare++;
}

sl_carrier_t *sl_carrier_new(sl_host_t *host, const sl_http_opts_t *opts,
                             const sl_carrier_way_t *way, void *ctx, sl_err_t *err)
{
  sl_carrier_t *self = calloc(1, sizeof *self);
  if (!self) {
    sl_err_set(err, SL_CONFIG, "out of memory");
    return NULL;
  }
  self->host = host;
  self->way = way;
  self->ctx = ctx;
  /* The host has admitted them already: let none of them meet a full queue. */
  sl_http_opts_t bounded = *opts;
  bounded.max_queue = sl_host_max_in_flight(host);
  self->http = sl_http_new(sl_host_loop(host), &bounded, err);
  if (!self->http) sl_carrier_destroy(&self);
  return self;
}

void sl_carrier_destroy(sl_carrier_t **self_p)
{
  sl_carrier_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  sl_http_destroy(&self->http);
  while (self->spare) {
    exchange_t *x = self->spare;
    self->spare = x->next;
    exchange_free(x);
  }
  free(self);
  *self_p = NULL;
}

sl_http_t *sl_carrier_http(sl_carrier_t *self)
{
  return self->http;
}

void *sl_carrier_ctx(sl_carrier_t *self)
{
  return self->ctx;
}

/* --- the end of a call ------------------------------------------------------------------------ */

static void show_answer(exchange_t *x, int status)
{
  if (!sl_host_call_wants_wire(x->call)) return;
  sl_buf_t shown;
  sl_buf_init(&shown, 0);
  sl_buf_printf(&shown, "HTTP %d\n\n", status);
  sl_carrier_redact(sl_buf_str(&x->wire), &shown);
  sl_host_call_wire(x->call, false, sl_buf_str(&shown));
  sl_buf_fini(&shown);
}

static void fail(exchange_t *x, const sl_err_t *err)
{
  sl_run_fini(x->run);
  sl_host_fail(x->call, err);
  exchange_end(x);
}

static void answer(exchange_t *x, const sl_answer_t *answer, sl_str_t body)
{
  sl_host_answer(x->call, answer, body);
  exchange_end(x);
}

static void exchange_again(exchange_t *x);

/* The engine takes the last piece together with the news that it is the last: an answer that came
 * in one piece is read in one go. */
static void answer_read(exchange_t *x, int status)
{
  sl_answer_t a = {0};
  sl_code_t code = sl_run_feed(x->run, status, x->held.p, x->held.len, true, &x->err);
  if (!code && sl_run_again(x->run)) {
    exchange_again(x);
    return;
  }
  if (code || sl_run_answer(x->run, &a, &x->err)) {
    fail(x, &x->err);
    return;
  }
  if (x->json.failed) {
    sl_err_set(&x->err, SL_BUG, "out of memory");
    fail(x, &x->err);
    return;
  }
  /* The run holds the parser, the answer lives in the arena. */
  sl_run_fini(x->run);
  answer(x, &a, sl_buf_str(&x->json));
}

static void answer_judged(exchange_t *x, const sl_http_result_t *result)
{
  sl_problem_t problem;
  sl_answer_t a = {.problem = &problem};
  sl_carrier_judge(result->status, result->retry_after_s, sl_run_info(x->run)->safe, &problem);
  a.status = problem.status;
  sl_run_fini(x->run);
  answer(x, &a, sl_strn(NULL, 0));
}

/* --- what HTTP tells ----------------------------------------------------------------------------
 */

static void on_sent(void *ctx)
{
  exchange_t *x = ctx;
  bool is_base = sl_run_info(x->run) != sl_op_info(sl_host_call_op(x->call));
  if (!is_base) sl_host_sent(x->call);
}

/* The engine borrows what it is fed to the end; the HTTP client's buffer does not last that long.
 */
static bool hold(exchange_t *x, sl_str_t before, sl_str_t data)
{
  char *copy = sl_arena_text(sl_host_call_arena(x->call), before.len + data.len);
  if (!copy) {
    sl_err_set(&x->err, SL_GARBAGE, "the legacy system's answer is longer than allowed");
    return false;
  }
  if (before.len) memcpy(copy, before.p, before.len);
  memcpy(copy + before.len, data.p, data.len);
  x->held = sl_strn(copy, before.len + data.len);
  return true;
}

static bool hold_first(exchange_t *x, const char *content_type, sl_str_t data)
{
  const sl_carrier_way_t *way = x->carrier->way;
  if (!way->prolog) return hold(x, sl_strn(NULL, 0), data);
  sl_buf_t prolog;
  sl_buf_init(&prolog, 0);
  size_t skip = way->prolog(content_type, data, &prolog);
  bool held = hold(x, sl_buf_str(&prolog), sl_strn(data.p + skip, data.len - skip));
  sl_buf_fini(&prolog);
  return held;
}

static bool reads(const exchange_t *x, int status, const char *content_type)
{
  return x->carrier->way->reads(sl_run_info(x->run), status, content_type);
}

static bool on_body(void *ctx, sl_http_call_t *call, int status, const char *data, size_t len)
{
  exchange_t *x = ctx;
  if (sl_host_call_wants_wire(x->call)) sl_buf_add(&x->wire, data, len);
  if (!x->began) {
    const char *content_type = sl_http_header(call, "Content-Type");
    x->began = true;
    x->reads = reads(x, status, content_type);
    return !x->reads || hold_first(x, content_type, sl_strn(data, len));
  }
  /* What nobody reads is let through so that the connection can be kept. */
  if (!x->reads) return true;
  if (sl_run_feed(x->run, status, x->held.p, x->held.len, false, &x->err)) return false;
  return hold(x, sl_strn(NULL, 0), sl_strn(data, len));
}

static void on_done(void *ctx, sl_http_call_t *call, const sl_http_result_t *result)
{
  exchange_t *x = ctx;
  x->http_call = NULL;
  show_answer(x, result->status);
  if (x->err.code) { /* the engine had enough: libcurl reports only our no */
    fail(x, &x->err);
  } else if (result->err->code) {
    /* The host logs the failure as the consumer sees it; here is what an operator needs more. */
    sl_log(SL_LOG_INFO, sl_host_call_id(x->call), "no answer over HTTP", "curl=\"%s\"",
           result->detail);
    fail(x, result->err);
  } else if (x->reads || reads(x, result->status, sl_http_header(call, "Content-Type"))) {
    answer_read(x, result->status);
  } else {
    answer_judged(x, result);
  }
}

/* --- calls --------------------------------------------------------------------------------------
 */

static void show_request(exchange_t *x, const sl_http_request_t *request)
{
  if (!sl_host_call_wants_wire(x->call)) return;
  sl_buf_t plain, shown;
  sl_buf_init(&plain, 0);
  sl_buf_init(&shown, 0);
  sl_buf_printf(&plain, "%s %s\n", request->method, request->url);
  for (size_t i = 0; i < request->n_extra; i++) sl_buf_printf(&plain, "%s\n", request->extra[i]);
  sl_buf_addc(&plain, '\n');
  sl_buf_adds(&plain, request->body);
  sl_carrier_redact(sl_buf_str(&plain), &shown);
  sl_host_call_wire(x->call, true, sl_buf_str(&shown));
  sl_buf_fini(&plain);
  sl_buf_fini(&shown);
}

static sl_code_t set_out(exchange_t *x, sl_err_t *err)
{
  static const sl_http_handlers_t handlers = {.sent = on_sent, .body = on_body, .done = on_done};
  sl_carrier_t *self = x->carrier;
  sl_code_t code = sl_run_request(x->run, &x->request, err);
  if (code) return code;
  if (x->request.failed) return sl_err_set(err, SL_BUG, "out of memory");
  const sl_op_info_t *info = sl_run_info(x->run);
  sl_http_request_t request = {.body = sl_buf_str(&x->request),
                               .has_body = x->request.len > 0,
                               .safe = info->safe,
                               .deadline_ms = sl_host_call_left_ms(x->call)};
  code = self->way->address(self->ctx, x->call, x->run, &request, err);
  if (code) return code;
  if (request.deadline_ms <= 0)
    return sl_err_set(err, SL_UNAVAILABLE, "no time was left to ask the legacy system");
  show_request(x, &request);
  x->http_call = sl_http_start(self->http, &request, &handlers, x, err);
  return x->http_call ? SL_OK : err->code;
}

/* The base is read: now the write. Its memory is that of the first exchange; what the engine
 * borrowed of it lives in the call's arena. */
static void exchange_again(exchange_t *x)
{
  sl_buf_clear(&x->request);
  sl_buf_clear(&x->wire);
  x->held = sl_strn(NULL, 0);
  x->began = x->reads = false;
  if (set_out(x, &x->err)) fail(x, &x->err);
}

void sl_carrier_call(void *self, sl_host_call_t *call)
{
  sl_err_t err;
  exchange_t *x = exchange_new(self, call);
  if (!x) {
    sl_err_set(&err, SL_UNAVAILABLE, "out of memory");
    sl_host_fail(call, &err);
    return;
  }
  x->run = sl_run_new(sl_host_call_op(call), sl_host_call_arena(call), sl_host_call_input(call),
                      &x->json);
  if (!x->run) {
    sl_err_set(&err, SL_TOO_LARGE, "the request needs more memory than --max-message allows");
    sl_host_fail(call, &err);
    exchange_end(x);
    return;
  }
  if (set_out(x, &err)) fail(x, &err);
}

void sl_carrier_cancel(void *self, sl_host_call_t *call)
{
  exchange_t *x = *sl_host_call_data(call);
  (void)self;
  if (!x) return;
  sl_http_cancel(&x->http_call);
  sl_run_fini(x->run);
  sl_host_release(call);
  exchange_end(x);
}
