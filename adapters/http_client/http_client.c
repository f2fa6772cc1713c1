/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/http_client/http_client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "adapters/http_client/internal.h"
#include "core/clock.h"

/* Memory of ended calls that is kept: as many as may be under way by default. */
enum { MAX_FREE_CALLS = 32 };

/* --- lists --------------------------------------------------------------------------------- */

static void list_add(sl_http_list_t *list, sl_http_call_t *call)
{
  call->list = list;
  call->next = NULL;
  call->prev = list->tail;
  if (list->tail)
    list->tail->next = call;
  else
    list->head = call;
  list->tail = call;
  list->n++;
}

static void list_remove(sl_http_call_t *call)
{
  sl_http_list_t *list = call->list;
  *(call->prev ? &call->prev->next : &list->head) = call->next;
  *(call->next ? &call->next->prev : &list->tail) = call->prev;
  list->n--;
  call->list = NULL;
}

/* --- the client ---------------------------------------------------------------------------- */

static bool header_ok(const char *line)
{
  for (const char *p = line; *p; p++)
    if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) return false;
  const char *end = strpbrk(line, ":;");
  return end && end != line;
}

static bool header_add(struct curl_slist **list, const char *line)
{
  struct curl_slist *longer = curl_slist_append(*list, line);
  if (longer) *list = longer;
  return longer != NULL;
}

sl_http_headers_t *sl_http_headers_new(sl_http_t *client, const char *const *lines, size_t n)
{
  sl_http_headers_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  /* No "Expect: 100-continue": old servers answer 417 or wait for nothing. */
  bool ok = header_add(&self->list, "Expect:") && header_add(&self->list, "User-Agent: sluice");
  for (size_t i = 0; ok && i < client->opts.headers.n; i++)
    ok = header_add(&self->list, client->opts.headers.v[i]);
  for (size_t i = 0; ok && i < n; i++) ok = header_add(&self->list, lines[i]);
  if (!ok) sl_http_headers_destroy(&self);
  return self;
}

void sl_http_headers_destroy(sl_http_headers_t **self_p)
{
  if (!self_p || !*self_p) return;
  curl_slist_free_all((*self_p)->list);
  free(*self_p);
  *self_p = NULL;
}

static bool readable(const char *option, const char *path, sl_err_t *err)
{
  FILE *f = path ? fopen(path, "re") : NULL;
  if (path && !f) sl_err_set(err, SL_CONFIG, "--%s: cannot read %s", option, path);
  if (f) fclose(f);
  return f || !path;
}

static bool opts_ok(const sl_http_opts_t *opts, sl_err_t *err)
{
  for (size_t i = 0; i < opts->headers.n; i++)
    if (!header_ok(opts->headers.v[i])) {
      sl_err_set(err, SL_CONFIG, "--header: number %zu is not of the form 'NAME: VALUE'", i + 1);
      return false;
    }
  return readable("ca", opts->ca, err) && readable("cert", opts->cert, err) &&
         readable("key", opts->key, err);
}

static void on_due(void *ctx);

static void on_later(void *ctx)
{
  sl_http_turn(ctx);
}

sl_http_t *sl_http_new(sl_loop_t *loop, const sl_http_opts_t *opts, sl_err_t *err)
{
  if (!opts_ok(opts, err)) return NULL;
  sl_http_t *self = calloc(1, sizeof *self);
  if (!self || curl_global_init(CURL_GLOBAL_DEFAULT)) goto fail;
  self->loop = loop;
  self->opts = *opts;
  self->due_ms = INT64_MAX;
  self->multi = curl_multi_init();
  self->common = sl_http_headers_new(self, NULL, 0);
  self->due_timer = sl_timer_new(loop, on_due, self);
  self->later = sl_timer_new(loop, on_later, self);
  if (!self->multi || !self->common || !self->due_timer || !self->later) goto fail;
  if (!sl_http_sockets_init(self)) goto fail;
  curl_multi_setopt(self->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
  curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)opts->max_connections);
  return self;
fail:
  sl_err_set(err, SL_CONFIG, "no memory for the HTTP client");
  sl_http_destroy(&self);
  return NULL;
}

static void call_free(sl_http_call_t *call)
{
  sl_http_t *self = call->client;
  if (self->n_free_calls == MAX_FREE_CALLS) {
    free(call);
    return;
  }
  call->next = self->free_calls;
  self->free_calls = call;
  self->n_free_calls++;
}

static void unhandle(sl_http_call_t *call)
{
  if (!call->handle) return;
  curl_multi_remove_handle(call->client->multi, call->handle->easy);
  sl_http_handle_put(call->client, call->handle);
  call->handle = NULL;
}

static void drop_all(sl_http_list_t *list)
{
  while (list->head) {
    sl_http_call_t *call = list->head;
    unhandle(call);
    list_remove(call);
    free(call);
  }
}

void sl_http_destroy(sl_http_t **self_p)
{
  sl_http_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  drop_all(&self->waiting);
  drop_all(&self->active);
  drop_all(&self->finished);
  while (self->free_handles) {
    sl_http_handle_t *handle = self->free_handles;
    self->free_handles = handle->next;
    sl_http_handle_destroy(&handle);
  }
  while (self->free_calls) {
    sl_http_call_t *call = self->free_calls;
    self->free_calls = call->next;
    free(call);
  }
  curl_multi_cleanup(self->multi); /* closes the kept connections: sockets.c is told */
  if (self->curl_timer) sl_http_sockets_fini(self);
  sl_http_headers_destroy(&self->common);
  sl_timer_destroy(&self->due_timer);
  sl_timer_destroy(&self->later);
  free(self);
  *self_p = NULL;
}

size_t sl_http_in_flight(const sl_http_t *self)
{
  return self->waiting.n + self->active.n + self->finished.n;
}

/* --- times --------------------------------------------------------------------------------- */

/* The timer is only ever pulled forward; when it fires and nothing is due yet, it is set anew. So a
 * call costs no timer as long as an older one is due before it. */
static void arm(sl_http_t *self, int64_t due_ms, int64_t now_ms)
{
  if (due_ms >= self->due_ms) return;
  self->due_ms = due_ms;
  sl_timer_start(self->due_timer, due_ms > now_ms ? due_ms - now_ms : 0, false);
}

static void open_window(sl_http_call_t *call)
{
  int64_t now = sl_clock_ms();
  call->window_bytes = 0;
  call->due_ms = now + call->client->opts.min_rate_ms;
  arm(call->client, call->due_ms, now);
}

static bool fast_enough(const sl_http_call_t *call)
{
  const sl_http_opts_t *opts = &call->client->opts;
  return call->paused || call->window_bytes * 1000 >= opts->min_rate * opts->min_rate_ms;
}

/* --- the end of a call ----------------------------------------------------------------------- */

static void finish(sl_http_call_t *call)
{
  list_remove(call);
  list_add(&call->client->finished, call);
}

static void fail(sl_http_call_t *call, sl_code_t code, const char *text)
{
  if (!call->sent)
    code = code == SL_CANCELLED || code == SL_BUG ? code : SL_UNAVAILABLE;
  else if (!call->request.safe && code != SL_CANCELLED)
    code = SL_IN_DOUBT;
  sl_err_set(&call->err, code, "%s", text);
}

static void expire(sl_http_call_t *call)
{
  if (!call->handle)
    fail(call, SL_UNAVAILABLE, "no connection to the legacy system became free in time");
  else if (!call->sent)
    fail(call, SL_UNAVAILABLE, "the legacy system could not be reached in time");
  else if (call->answering)
    fail(call, SL_TIMED_OUT, "the legacy system's answer came too slowly and was cut off");
  else
    fail(call, SL_TIMED_OUT, "the legacy system did not answer in time");
  finish(call);
}

static int64_t expire_due(sl_http_list_t *list, int64_t now)
{
  int64_t earliest = INT64_MAX;
  for (sl_http_call_t *call = list->head, *next; call; call = next) {
    next = call->next;
    if (call->due_ms <= now && call->answering && fast_enough(call)) {
      call->window_bytes = 0;
      call->due_ms = now + call->client->opts.min_rate_ms;
    }
    if (call->due_ms <= now)
      expire(call);
    else if (call->due_ms < earliest)
      earliest = call->due_ms;
  }
  return earliest;
}

static void on_due(void *ctx)
{
  sl_http_t *self = ctx;
  int64_t now = sl_clock_ms();
  self->due_ms = INT64_MAX;
  int64_t a = expire_due(&self->active, now), b = expire_due(&self->waiting, now);
  if (a != INT64_MAX || b != INT64_MAX) arm(self, a < b ? a : b, now);
  sl_http_turn(self);
}

static const char broke_off[] = "the legacy system's answer broke off";

/* What libcurl's result means. Whether something was sent is known from on_ready, not from it. */
static void judge(sl_http_call_t *call, CURLcode code)
{
  if (call->stopped) return fail(call, SL_CANCELLED, "the answer was not wanted any more");
  if (call->too_long)
    return fail(call, SL_GARBAGE, "the legacy system's answer is longer than allowed");
  if (call->resend)
    return fail(call, SL_UNAVAILABLE, "the legacy system closed the connection without an answer");
  switch (code) {
  case CURLE_OK:
    /* libcurl is content when the connection ends in the middle of the head. */
    if (!call->head_whole) return fail(call, SL_GARBAGE, broke_off);
    call->err.code = SL_OK;
    return;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return fail(call, SL_UNAVAILABLE, "the legacy system's host name cannot be resolved");
  case CURLE_COULDNT_CONNECT:
    return fail(call, SL_UNAVAILABLE, "the legacy system refuses connections");
  case CURLE_OPERATION_TIMEDOUT:
    return fail(call, SL_TIMED_OUT,
                call->sent ? "the legacy system did not answer in time"
                           : "the legacy system could not be reached in time");
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
    return fail(call, SL_UNAVAILABLE, "no trusted TLS connection to the legacy system was made");
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_RECV_ERROR:
    if (call->sent && call->status) return fail(call, SL_GARBAGE, broke_off);
    return fail(call, SL_UNAVAILABLE, "the legacy system closed the connection without an answer");
  case CURLE_PARTIAL_FILE: return fail(call, SL_GARBAGE, broke_off);
  case CURLE_OUT_OF_MEMORY: return fail(call, SL_BUG, "out of memory");
  default:
    return fail(call, call->sent ? SL_GARBAGE : SL_UNAVAILABLE,
                call->sent ? "the legacy system's answer is not HTTP as it should be"
                           : "no connection to the legacy system could be made");
  }
}

static int status_of(sl_http_call_t *call)
{
  long status = 0;
  curl_easy_getinfo(call->handle->easy, CURLINFO_RESPONSE_CODE, &status);
  return (int)status;
}

static void collect(sl_http_t *self)
{
  int left;
  for (CURLMsg *msg; (msg = curl_multi_info_read(self->multi, &left));) {
    if (msg->msg != CURLMSG_DONE) continue;
    sl_http_call_t *call = NULL;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call);
    call->status = status_of(call);
    if (call->status == 429 || call->status == 503)
      curl_easy_getinfo(msg->easy_handle, CURLINFO_RETRY_AFTER, &retry_after);
    call->retry_after_s = (int64_t)retry_after;
    judge(call, msg->data.result);
    finish(call);
  }
}

static bool launch(sl_http_call_t *call)
{
  sl_http_t *self = call->client;
  call->handle = sl_http_handle_get(self);
  if (!call->handle) return false;
  self->starting = true;
  bool added = sl_http_handle_load(call->handle, call) &&
               curl_multi_add_handle(self->multi, call->handle->easy) == CURLM_OK;
  self->starting = false;
  if (added) {
    list_add(&self->active, call);
    return true;
  }
  sl_http_handle_put(self, call->handle);
  call->handle = NULL;
  return false;
}

static void launch_waiting(sl_http_t *self)
{
  bool any = false;
  while (self->waiting.head && self->active.n < (size_t)self->opts.max_connections) {
    sl_http_call_t *call = self->waiting.head;
    list_remove(call);
    if (launch(call)) {
      any = true;
      continue;
    }
    list_add(&self->active, call);
    fail(call, SL_BUG, "out of memory");
    finish(call);
  }
  if (any) sl_http_kick(self);
}

static void deliver(sl_http_call_t *call)
{
  sl_http_result_t result = {.err = &call->err,
                             .detail = call->handle ? call->handle->error : "",
                             .status = call->status,
                             .retry_after_s = call->retry_after_s,
                             .sent = call->sent};
  call->handlers.done(call->ctx, call, &result);
  list_remove(call);
  unhandle(call);
  call_free(call);
}

/* `done` may start and cancel calls, and does so while we walk: take the first as long as there is
 * one. What it starts and what fails at once comes out through `later`. */
void sl_http_turn(sl_http_t *self)
{
  collect(self);
  for (size_t n = self->finished.n; n > 0 && self->finished.head; n--) deliver(self->finished.head);
  launch_waiting(self);
  collect(self);
  if (self->finished.head) sl_timer_start(self->later, 0, false);
}

/* --- libcurl's callbacks -----------------------------------------------------------------------
 */

/* CURLOPT_PREREQFUNCTION: there is a connection (TLS and proxy tunnel included), and the request
 * goes out next. Hence two uses.
 *
 * It is the moment from which the legacy system may have seen the request.
 *
 * And it keeps a write from being sent twice. When a kept connection turns out to be dead before
 * one byte of the answer came, libcurl takes a fresh one and sends the request again
 * (Curl_retry_request in its transfer.c), whatever its method. But a server may have read the
 * request, executed it and died before answering. libcurl 7.88 has no option against that
 * (CURLOPT_FORBID_RETRY_ON_REUSE is of 8.16), CURLOPT_FRESH_CONNECT would give up keep-alive for
 * writes, and a failing seek callback stops only requests with a body that is read by callback.
 * The second sending comes by here like the first: refuse it. */
int sl_http_on_ready(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
  sl_http_call_t *call = ctx;
  (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
  if (call->sent && !call->request.idempotent) {
    call->resend = true;
    return CURL_PREREQFUNC_ABORT;
  }
  bool first = !call->sent;
  call->sent = true;
  if (first && call->handlers.sent) call->handlers.sent(call->ctx);
  return CURL_PREREQFUNC_OK;
}

/* The empty line that ends the head of the final answer (100 and its like come before it). */
size_t sl_http_on_header(char *line, size_t size, size_t n, void *ctx)
{
  sl_http_call_t *call = ctx;
  size_t len = size * n;
  if (len > 2 || (line[0] != '\r' && line[0] != '\n')) return len;
  call->status = status_of(call);
  call->head_whole = call->status >= 200;
  return len;
}

size_t sl_http_on_body(char *data, size_t size, size_t n, void *ctx)
{
  sl_http_call_t *call = ctx;
  size_t len = size * n;
  if (call->paused) return CURL_WRITEFUNC_PAUSE;
  if (!call->answering) {
    call->answering = true;
    open_window(call);
  }
  call->window_bytes += (int64_t)len;
  call->total_bytes += (int64_t)len;
  call->too_long = call->total_bytes > call->client->opts.max_response;
  if (!call->too_long)
    call->stopped = !call->handlers.body(call->ctx, call, call->status, data, len);
  return call->too_long || call->stopped ? 0 : len;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* Let libcurl do at once what it can; what ends by that is delivered from the loop. */
static void go_on(sl_http_t *self)
{
  sl_http_kick(self);
  collect(self);
  if (self->finished.head) sl_timer_start(self->later, 0, false);
}

static sl_http_call_t *call_new(sl_http_t *self)
{
  sl_http_call_t *call = self->free_calls;
  if (call) {
    self->free_calls = call->next;
    self->n_free_calls--;
  } else {
    call = malloc(sizeof *call);
  }
  if (call) memset(call, 0, sizeof *call);
  return call;
}

static bool extra_ok(const sl_http_request_t *request)
{
  if (request->n_extra > SL_HTTP_EXTRA) return false;
  for (size_t i = 0; i < request->n_extra; i++)
    if (!header_ok(request->extra[i])) return false;
  return true;
}

/* RFC 9110 §8.6: these methods say how long their content is, also when there is none. */
static bool always_has_body(const char *method)
{
  return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static void set_request(sl_http_call_t *call, const sl_http_request_t *request, int64_t now)
{
  const sl_http_opts_t *opts = &call->client->opts;
  int64_t wait = request->deadline_ms;
  call->request = *request;
  if (always_has_body(request->method)) call->request.has_body = true;
  call->due_ms = now + (wait > 0 && wait < opts->timeout_ms ? wait : opts->timeout_ms);
}

sl_http_call_t *sl_http_start(sl_http_t *self, const sl_http_request_t *request,
                              const sl_http_handlers_t *handlers, void *ctx, sl_err_t *err)
{
  bool busy = self->active.n >= (size_t)self->opts.max_connections;
  if (!extra_ok(request)) {
    sl_err_set(err, SL_INVALID, "a header value cannot be sent: it has control characters");
    return NULL;
  }
  if (busy && self->waiting.n >= (size_t)self->opts.max_queue) {
    sl_err_set(err, SL_UNAVAILABLE, "too many calls are waiting for the legacy system");
    return NULL;
  }
  sl_http_call_t *call = call_new(self);
  if (!call) {
    sl_err_set(err, SL_UNAVAILABLE, "out of memory");
    return NULL;
  }
  int64_t now = sl_clock_ms();
  call->client = self;
  call->handlers = *handlers;
  call->ctx = ctx;
  set_request(call, request, now);
  if (busy) {
    list_add(&self->waiting, call);
  } else if (!launch(call)) {
    call_free(call);
    sl_err_set(err, SL_UNAVAILABLE, "out of memory");
    return NULL;
  }
  arm(self, call->due_ms, now);
  if (!busy) go_on(self);
  return call;
}

void sl_http_cancel(sl_http_call_t **call_p)
{
  sl_http_call_t *call = *call_p;
  *call_p = NULL;
  if (!call) return;
  sl_http_t *self = call->client;
  unhandle(call);
  list_remove(call);
  call_free(call);
  if (self->waiting.head) sl_timer_start(self->later, 0, false);
}

void sl_http_pause(sl_http_call_t *call)
{
  call->paused = true;
}

void sl_http_resume(sl_http_call_t *call)
{
  if (!call->paused) return;
  call->paused = false;
  if (!call->handle || call->list != &call->client->active) return;
  open_window(call);
  /* What libcurl held back comes to on_body from inside; its refusal is not reported otherwise. */
  CURLcode code = curl_easy_pause(call->handle->easy, CURLPAUSE_CONT);
  if (code) {
    judge(call, code);
    finish(call);
  }
  go_on(call->client);
}

const char *sl_http_header(sl_http_call_t *call, const char *name)
{
  struct curl_header *header;
  if (!call->handle) return NULL;
  return curl_easy_header(call->handle->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
             ? header->value
             : NULL;
}
