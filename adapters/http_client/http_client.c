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

static bool header_add(sl_http_headers_t *self, const char *line)
{
  struct curl_slist *longer = curl_slist_append(self->list, line);
  if (!longer || !header_ok(line)) return false;
  self->list = longer;
  sl_http_header_text(line, &self->text);
  if (strncasecmp(line, "host:", 5) == 0) self->has_host = true;
  return !self->text.failed;
}

sl_http_headers_t *sl_http_headers_new(sl_http_t *client, const char *const *lines, size_t n)
{
  sl_http_headers_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  sl_buf_init(&self->text, 0);
  /* No "Expect: 100-continue": old servers answer 417 or wait for nothing. */
  bool ok = header_add(self, "Expect:") && header_add(self, "User-Agent: sluice");
  for (size_t i = 0; ok && i < client->opts.headers.n; i++)
    ok = header_add(self, client->opts.headers.v[i]);
  for (size_t i = 0; ok && i < n; i++) ok = header_add(self, lines[i]);
  if (!ok) sl_http_headers_destroy(&self);
  return self;
}

void sl_http_headers_destroy(sl_http_headers_t **self_p)
{
  if (!self_p || !*self_p) return;
  curl_slist_free_all((*self_p)->list);
  sl_buf_fini(&(*self_p)->text);
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
  if (!sl_http_sockets_init(self) || !sl_http_direct_init(self)) goto fail;
  curl_multi_setopt(self->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
  curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)opts->max_connections);
  return self;
fail:
  sl_err_set(err, SL_CONFIG, "no memory for the HTTP client");
  sl_http_destroy(&self);
  return NULL;
}

static void call_destroy(sl_http_call_t *call)
{
  sl_reply_fini(&call->reply);
  free(call);
}

static void call_free(sl_http_call_t *call)
{
  sl_http_t *self = call->client;
  if (self->n_free_calls == MAX_FREE_CALLS) {
    call_destroy(call);
    return;
  }
  call->next = self->free_calls;
  self->free_calls = call;
  self->n_free_calls++;
}

static void unhandle(sl_http_call_t *call)
{
  if (call->conn) sl_http_direct_stop(call);
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
    call_destroy(call);
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
    call_destroy(call);
  }
  sl_http_direct_fini(self);
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

void sl_http_due(sl_http_call_t *call, int64_t due_ms)
{
  call->due_ms = due_ms;
  if (due_ms < call->client->due_ms) arm(call->client, due_ms, sl_clock_ms());
}

static void open_window(sl_http_call_t *call)
{
  call->window_bytes = 0;
  sl_http_due(call, sl_clock_ms() + call->client->opts.min_rate_ms);
}

static bool fast_enough(const sl_http_call_t *call)
{
  const sl_http_opts_t *opts = &call->client->opts;
  return call->paused || call->window_bytes * 1000 >= opts->min_rate * opts->min_rate_ms;
}

const char sl_http_broke_off[] = "the legacy system's answer broke off";
const char sl_http_closed[] = "the legacy system closed the connection without an answer";
const char sl_http_refused[] = "the legacy system refuses connections";
const char sl_http_not_http[] = "the legacy system's answer is not HTTP as it should be";

/* --- the end of a call ----------------------------------------------------------------------- */

void sl_http_finish(sl_http_call_t *call)
{
  list_remove(call);
  list_add(&call->client->finished, call);
}

void sl_http_fail(sl_http_call_t *call, sl_code_t code, const char *text)
{
  if (!call->sent)
    code = code == SL_CANCELLED || code == SL_BUG ? code : SL_UNAVAILABLE;
  else if (!call->request.safe && code != SL_CANCELLED)
    code = SL_IN_DOUBT;
  sl_err_set(&call->err, code, "%s", text);
}

void sl_http_sent(sl_http_call_t *call)
{
  if (call->sent) return;
  call->sent = true;
  if (call->handlers.sent) call->handlers.sent(call->ctx);
}

bool sl_http_body(sl_http_call_t *call, const char *data, size_t len)
{
  if (!call->answering) {
    call->answering = true;
    open_window(call);
  }
  call->window_bytes += (int64_t)len;
  call->total_bytes += (int64_t)len;
  call->too_long = call->total_bytes > call->client->opts.max_response;
  if (!call->too_long)
    call->stopped = !call->handlers.body(call->ctx, call, call->status, data, len);
  return !call->too_long && !call->stopped;
}

static void expire(sl_http_call_t *call)
{
  if (!call->handle && !call->conn)
    sl_http_fail(call, SL_UNAVAILABLE, "no connection to the legacy system became free in time");
  else if (!call->sent)
    sl_http_fail(call, SL_UNAVAILABLE, "the legacy system could not be reached in time");
  else if (call->answering)
    sl_http_fail(call, SL_TIMED_OUT, "the legacy system's answer came too slowly and was cut off");
  else
    sl_http_fail(call, SL_TIMED_OUT, "the legacy system did not answer in time");
  sl_http_finish(call);
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

static bool launch_curl(sl_http_call_t *call)
{
  sl_http_t *self = call->client;
  call->handle = sl_http_handle_get(self);
  if (!call->handle) return false;
  self->starting = true;
  bool added = sl_http_handle_load(call->handle, call) &&
               curl_multi_add_handle(self->multi, call->handle->easy) == CURLM_OK;
  self->starting = false;
  if (added) return self->kick = true;
  sl_http_handle_put(self, call->handle);
  call->handle = NULL;
  return false;
}

static void launch(sl_http_call_t *call)
{
  list_add(&call->client->active, call);
  if ((call->client->opts.direct && sl_http_direct_start(call)) || launch_curl(call)) return;
  sl_http_fail(call, SL_BUG, "out of memory");
  sl_http_finish(call);
}

/* Let libcurl do at once what it can; what ends by that, or ended already, is delivered from the
 * loop. */
static void go_on(sl_http_t *self)
{
  if (self->kick) {
    self->kick = false;
    sl_http_kick(self);
    sl_http_collect(self);
  }
  if (self->finished.head) sl_timer_start(self->later, 0, false);
}

void sl_http_use_curl(sl_http_call_t *call)
{
  if (!launch_curl(call)) {
    sl_http_fail(call, SL_BUG, "out of memory");
    sl_http_finish(call);
  }
  go_on(call->client);
}

static void launch_waiting(sl_http_t *self)
{
  while (self->waiting.head && self->active.n < (size_t)self->opts.max_connections) {
    sl_http_call_t *call = self->waiting.head;
    list_remove(call);
    launch(call);
  }
  go_on(self);
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
  sl_http_collect(self);
  for (size_t n = self->finished.n; n > 0 && self->finished.head; n--) deliver(self->finished.head);
  launch_waiting(self);
}

/* --- calls ----------------------------------------------------------------------------------- */

static sl_http_call_t *call_new(sl_http_t *self)
{
  sl_http_call_t *call = self->free_calls;
  if (call) {
    self->free_calls = call->next;
    self->n_free_calls--;
  } else {
    call = malloc(sizeof *call);
    if (call) sl_reply_init(&call->reply);
  }
  if (!call) return NULL;
  memset(call, 0, offsetof(sl_http_call_t, err));
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
  call->due_ms = call->deadline_ms =
      now + (wait > 0 && wait < opts->timeout_ms ? wait : opts->timeout_ms);
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
  } else {
    launch(call);
    go_on(self);
  }
  arm(self, call->due_ms, now);
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
  if (call->list != &call->client->active) return;
  open_window(call);
  if (call->conn) {
    sl_http_direct_resume(call);
  } else if (call->handle) {
    /* What libcurl held back comes to on_body from inside; its refusal is not reported otherwise.
     */
    CURLcode code = curl_easy_pause(call->handle->easy, CURLPAUSE_CONT);
    if (code) {
      sl_http_judge(call, code);
      sl_http_finish(call);
    }
    call->client->kick = true;
  }
  go_on(call->client);
}

const char *sl_http_header(sl_http_call_t *call, const char *name)
{
  struct curl_header *header;
  if (call->direct) return sl_reply_header(&call->reply, name);
  if (!call->handle) return NULL;
  return curl_easy_header(call->handle->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
             ? header->value
             : NULL;
}
