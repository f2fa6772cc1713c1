/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/http_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "adapters/gateway/http_internal.h"
#include "adapters/gateway/http_listen.h"
#include "core/clock.h"

enum {
  SWEEP_MS = 100,
  LINGER_MS = 2000, /* for a refused client to read why, before its unread bytes cause a reset */
  BODY_RATE = 8,    /* bytes a millisecond (8 KB/s) that an upload has to make at least */
  SPARE_FDS = 64,   /* for what is no connection of a client: the bus has some an adapter */
  MAX_FDS = 1 << 20,
  AHEAD = 64 * 1024, /* bytes of further requests that are read while one is answered */
};

/* --- connections come and go --------------------------------------------------------------------
 */

static conn_t *conn_of(sl_http_server_t *self, struct bufferevent *bev)
{
  int fd = bufferevent_getfd(bev);
  return fd >= 0 && (size_t)fd < self->n_by_fd ? self->by_fd[fd] : NULL;
}

static bool remember_fd(sl_http_server_t *self, conn_t *conn)
{
  size_t fd = (size_t)conn->fd;
  if (fd >= self->n_by_fd) {
    size_t n = fd + 64;
    conn_t **grown = realloc(self->by_fd, n * sizeof *grown);
    if (!grown) return false;
    memset(grown + self->n_by_fd, 0, (n - self->n_by_fd) * sizeof *grown);
    self->by_fd = grown;
    self->n_by_fd = n;
  }
  self->by_fd[fd] = conn;
  return true;
}

static void listen_again(sl_http_server_t *self)
{
  if (!self->paused || !self->bound || self->n_conns >= (size_t)self->opts.max_connections) return;
  self->paused = false;
  evconnlistener_enable(evhttp_bound_socket_get_listener(self->bound));
}

static void pause_listening(sl_http_server_t *self)
{
  self->paused = true;
  if (self->bound) evconnlistener_disable(evhttp_bound_socket_get_listener(self->bound));
}

/* Out of file descriptors, mostly. The sweep tries again. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
  (void)ctx;
  evconnlistener_disable(listener);
  ((sl_http_server_t *)ctx)->paused = true;
}

static void all_gone(sl_http_server_t *self)
{
  if (!self->draining || self->n_conns || !self->drained) return;
  sl_loop_fn fn = self->drained;
  self->drained = NULL;
  fn(self->drained_ctx);
}

static void conn_free(conn_t *conn)
{
  sl_http_server_t *self = conn->server;
  self->buffered -= conn->buffered;
  self->n_conns--;
  free(conn);
  listen_again(self);
  all_gone(self);
}

/* evhttp is about to free the connection, whoever wanted that. */
static void on_close(struct evhttp_connection *evcon, void *ctx)
{
  conn_t *conn = ctx;
  sl_http_server_t *self = conn->server;
  (void)evcon;
  if (conn->req) sl_http_request_gone(conn);
  if (conn->prev)
    conn->prev->next = conn->next;
  else
    self->conns = conn->next;
  if (conn->next) conn->next->prev = conn->prev;
  self->by_fd[conn->fd] = NULL;
  conn_free(conn);
}

static void cut(conn_t *conn)
{
  evhttp_connection_free(conn->evcon);
}

/* --- refusing: the connection is taken away from evhttp
 * -------------------------------------------
 */

static void on_linger_read(struct bufferevent *bev, void *ctx)
{
  /* ctx may be evhttp's, as it schedules whatever callback is set: never look at it. */
  (void)ctx;
  evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
}

static void on_linger_written(struct bufferevent *bev, void *ctx)
{
  (void)ctx;
  shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void on_linger_event(struct bufferevent *bev, short what, void *ctx)
{
  conn_t *conn = ctx;
  (void)bev;
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) cut(conn);
}

static void refuse(conn_t *conn, int status, const char *reason)
{
  sl_http_server_t *self = conn->server;
  struct evbuffer *out = bufferevent_get_output(conn->bev);
  conn->taken = true;
  conn->deadline = sl_clock_ms() + LINGER_MS;
  sl_buf_clear(&self->scratch);
  sl_http_refusal(self, status, reason, &self->scratch);
  evbuffer_add_printf(out,
                      "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: sluice\r\n"
                      "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n%s"
                      "Connection: close\r\n\r\n",
                      status, sl_http_reason(status), sl_http_date(self), self->scratch.len,
                      status == 503 ? "Retry-After: 1\r\n" : "");
  evbuffer_add(out, self->scratch.p, self->scratch.len);
  bufferevent_setcb(conn->bev, on_linger_read, on_linger_written, on_linger_event, conn);
  bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* Bytes of bodies are counted when they are announced. False: they would be too many. */
static bool count_body(conn_t *conn)
{
  sl_http_server_t *self = conn->server;
  int64_t more = conn->guard.body_len - conn->buffered;
  if (more <= 0) return true;
  if (self->buffered + more > self->opts.max_buffered) return false;
  self->buffered += more;
  conn->buffered += more;
  return true;
}

static void forget_body(conn_t *conn)
{
  conn->server->buffered -= conn->buffered;
  conn->buffered = 0;
}

static void scan(conn_t *conn)
{
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  struct evbuffer_iovec v[8];
  while (conn->ahead && !sl_http_guard_done(&conn->guard) && !sl_http_guard_bad(&conn->guard)) {
    struct evbuffer_ptr at;
    size_t taken = 0;
    if (evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - conn->ahead, EVBUFFER_PTR_SET))
      return;
    int n = evbuffer_peek(input, (ev_ssize_t)conn->ahead, &at, v, 8);
    for (int i = 0; i < n && i < 8; i++) {
      size_t len = v[i].iov_len < conn->ahead - taken ? v[i].iov_len : conn->ahead - taken;
      size_t used = sl_http_guard_scan(&conn->guard, v[i].iov_base, len);
      taken += used;
      if (used < len) break;
    }
    conn->ahead -= taken;
    if (!taken) return;
  }
}

static void set_deadline(conn_t *conn, bool was_begun, bool was_in_body)
{
  const sl_http_opts_t *o = &conn->server->opts;
  int64_t now = sl_clock_ms();
  if (!was_begun) conn->deadline = now + o->header_timeout_ms;
  if (!sl_http_guard_in_body(&conn->guard)) return;
  if (!was_in_body) conn->body_since = now;
  int64_t got = conn->guard.body_len - conn->guard.left;
  conn->deadline = conn->body_since + o->header_timeout_ms + got / BODY_RATE;
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *ctx)
{
  conn_t *conn = ctx;
  (void)input;
  if (!info->n_added || conn->taken) return;
  conn->ahead += info->n_added;
  if (sl_http_guard_done(&conn->guard)) {
    /* A pipelined request waits in our memory: not without bound. Reading goes on by itself when
     * evhttp turns to it. */
    if (conn->ahead > AHEAD) bufferevent_disable(conn->bev, EV_READ);
    return;
  }
  bool was_begun = sl_http_guard_begun(&conn->guard);
  bool was_in_body = sl_http_guard_in_body(&conn->guard);
  scan(conn);
  if (sl_http_guard_bad(&conn->guard))
    refuse(conn, conn->guard.status, conn->guard.reason);
  else if (!count_body(conn))
    refuse(conn, 503, "too many large requests are under way");
  else
    set_deadline(conn, was_begun, was_in_body);
}

/* An answer is out. What was read ahead is looked at now; evhttp has not. */
void sl_http_conn_complete(struct evhttp_request *ev, void *ctx)
{
  conn_t *conn = ctx;
  sl_http_server_t *self = conn->server;
  forget_body(conn);
  sl_http_guard_init(&conn->guard, &self->opts.limits);
  conn->deadline = sl_clock_ms() + self->opts.idle_timeout_ms;
  if (conn->ahead) {
    scan(conn);
    set_deadline(conn, false, false);
  }
  /* evhttp looks for this header right after: it closes the connection, and never sees the rest.
   */
  if (sl_http_guard_bad(&conn->guard) || !count_body(conn) || self->draining)
    evhttp_add_header(evhttp_request_get_output_headers(ev), "Connection", "close");
}

static void on_request(struct evhttp_request *ev, void *ctx)
{
  struct evhttp_connection *evcon = evhttp_request_get_connection(ev);
  conn_t *conn = conn_of(ctx, evhttp_connection_get_bufferevent(evcon));
  if (!conn) { /* no memory when it was adopted */
    evhttp_connection_free(evcon);
    return;
  }
  sl_http_request_start(conn, ev);
}

/* --- waiting for the answer ----------------------------------------------------------------------
 */

static void on_wait_event(struct bufferevent *bev, short what, void *ctx)
{
  conn_t *conn = ctx;
  (void)bev;
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) cut(conn);
}

/* evhttp stops reading while a request is worked on, and so would not see its client leave. With
 * its read callback off it does no harm to go on; its next write sets its own callbacks again. */
void sl_http_conn_wait(conn_t *conn)
{
  bufferevent_setcb(conn->bev, NULL, NULL, on_wait_event, conn);
  bufferevent_enable(conn->bev, EV_READ);
}

/* --- accepting ---------------------------------------------------------------------------------
 */

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
  sl_http_server_t *self = ctx;
  conn_t *conn = calloc(1, sizeof *conn);
  if (!conn) return NULL;
  conn->bev = self->tls ? sl_tls_bufferevent(self->tls, base)
                        : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  if (!conn->bev) {
    free(conn);
    return NULL;
  }
  /* evhttp may fail before it hands out its connection: until then the reference keeps ours. */
  bufferevent_incref(conn->bev);
  conn->server = self;
  conn->next = self->fresh;
  self->fresh = conn;
  if (++self->n_conns >= (size_t)self->opts.max_connections) pause_listening(self);
  return conn->bev;
}

static void adopt(conn_t *conn)
{
  sl_http_server_t *self = conn->server;
  struct bufferevent *bev = conn->bev;
  bufferevent_event_cb event_cb = NULL;
  void *evcon = NULL;
  bufferevent_getcb(bev, NULL, NULL, &event_cb, &evcon);
  conn->fd = bufferevent_getfd(bev);
  if (!event_cb || !evcon || conn->fd < 0 || !remember_fd(self, conn) ||
      !evbuffer_add_cb(bufferevent_get_input(bev), on_input, conn)) {
    if (conn->fd >= 0 && (size_t)conn->fd < self->n_by_fd && self->by_fd[conn->fd] == conn)
      self->by_fd[conn->fd] = NULL;
    conn_free(conn);
    bufferevent_decref(bev);
    return;
  }
  conn->evcon = evcon;
  conn->prev = NULL;
  conn->next = self->conns;
  if (self->conns) self->conns->prev = conn;
  self->conns = conn;
  sl_http_guard_init(&conn->guard, &self->opts.limits);
  conn->deadline = sl_clock_ms() + self->opts.header_timeout_ms;
  evhttp_connection_set_closecb(conn->evcon, on_close, conn);
  bufferevent_decref(bev);
}

/* evhttp makes its connection after it asked for our bufferevent: both are there at the end of the
 * loop's turn, and nothing was read yet. */
static bool adopt_fresh(void *ctx)
{
  sl_http_server_t *self = ctx;
  while (self->fresh) {
    conn_t *conn = self->fresh;
    self->fresh = conn->next;
    adopt(conn);
  }
  return false;
}

/* --- time --------------------------------------------------------------------------------------
 */

/* The client takes nothing of its answer. */
static bool is_stalled(conn_t *conn, int64_t now)
{
  size_t len = evbuffer_get_length(bufferevent_get_output(conn->bev));
  if (!len || len != conn->out_len) {
    conn->out_len = len;
    conn->out_since = now;
    return false;
  }
  return now - conn->out_since > conn->server->opts.idle_timeout_ms;
}

static void check(conn_t *conn, int64_t now)
{
  if (!conn->taken && sl_http_guard_done(&conn->guard)) {
    if (is_stalled(conn, now)) cut(conn);
  } else if (now >= conn->deadline) {
    if (conn->taken || !sl_http_guard_begun(&conn->guard))
      cut(conn);
    else
      refuse(conn, 408, "the request did not come in time");
  }
}

static void on_sweep(void *ctx)
{
  sl_http_server_t *self = ctx;
  int64_t now = sl_clock_ms();
  for (conn_t *conn = self->conns, *next; conn; conn = next) {
    next = conn->next;
    check(conn, now);
  }
  listen_again(self);
}

/* Connections are not to use up the descriptors that the bus and our files need. */
static sl_code_t reserve_fds(sl_http_server_t *self, sl_err_t *err)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return sl_err_set(err, SL_BUG, "getrlimit failed");
  limit.rlim_cur = limit.rlim_max < MAX_FDS ? limit.rlim_max : MAX_FDS;
  if (setrlimit(RLIMIT_NOFILE, &limit)) return sl_err_set(err, SL_BUG, "setrlimit failed");
  int64_t most = (int64_t)limit.rlim_cur - SPARE_FDS;
  if (most < 1) return sl_err_set(err, SL_CONFIG, "the limit of open files is too low");
  if (self->opts.max_connections > most) self->opts.max_connections = most;
  return SL_OK;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static sl_code_t start(sl_http_server_t *self, sl_err_t *err)
{
  int fd = -1;
  self->sweep = sl_timer_new(self->loop, on_sweep, self);
  self->http = evhttp_new(sl_loop_base(self->loop));
  if (!self->sweep || !self->http) return sl_err_set(err, SL_BUG, "no memory for the HTTP server");
  if (reserve_fds(self, err)) return err->code;
  if (sl_loop_drain_add(self->loop, adopt_fresh, self)) return sl_err_set(err, SL_BUG, "loop full");
  if (self->opts.tls_cert &&
      !(self->tls = sl_tls_context(self->opts.tls_cert, self->opts.tls_key, err)))
    return SL_CONFIG;
  /* The guard refuses first: evhttp's own limits are only in case of our bugs. */
  const sl_http_limits_t *l = &self->opts.limits;
  evhttp_set_max_headers_size(self->http, (ev_ssize_t)(l->max_head + l->max_target + 1024));
  evhttp_set_max_body_size(self->http, (ev_ssize_t)l->max_body);
  evhttp_set_default_content_type(self->http, NULL);
  evhttp_set_allowed_methods(self->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                             EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH |
                                             EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE);
  evhttp_set_bevcb(self->http, on_accept, self);
  evhttp_set_gencb(self->http, on_request, self);
  if (sl_http_listen(self->opts.listen, self->opts.reuse_port, &fd, err)) return SL_CONFIG;
  sl_http_listen_url(fd, self->tls != NULL, self->url, sizeof self->url);
  self->bound = evhttp_accept_socket_with_handle(self->http, fd);
  if (!self->bound) {
    close(fd);
    return sl_err_set(err, SL_BUG, "no memory for the HTTP server");
  }
  evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(self->bound), on_accept_error);
  sl_timer_start(self->sweep, SWEEP_MS, true);
  return SL_OK;
}

sl_http_server_t *sl_http_server_new(sl_loop_t *loop, const sl_http_opts_t *opts,
                                     const sl_http_handlers_t *handlers, void *ctx, sl_err_t *err)
{
  sl_http_server_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the HTTP server"), NULL;
  self->loop = loop;
  self->opts = *opts;
  self->handlers = *handlers;
  self->ctx = ctx;
  sl_buf_init(&self->scratch, 0);
  if (start(self, err)) sl_http_server_destroy(&self);
  if (self) self->opts.listen = self->opts.tls_cert = self->opts.tls_key = NULL;
  return self;
}

void sl_http_server_destroy(sl_http_server_t **self_p)
{
  sl_http_server_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  self->drained = NULL;
  adopt_fresh(self);
  while (self->conns) cut(self->conns);
  if (self->http) evhttp_free(self->http); /* and the listener */
  sl_loop_drain_remove(self->loop, adopt_fresh, self);
  sl_timer_destroy(&self->sweep);
  sl_tls_context_free(self->tls);
  for (sl_http_request_t *req = self->pool, *next; req; req = next) {
    next = req->next;
    sl_http_request_free(req);
  }
  sl_buf_fini(&self->scratch);
  free(self->by_fd);
  free(self);
  *self_p = NULL;
}

const char *sl_http_server_url(const sl_http_server_t *self)
{
  return self->url;
}

size_t sl_http_server_open(const sl_http_server_t *self)
{
  return self->n_open;
}

void sl_http_server_drain(sl_http_server_t *self, sl_loop_fn fn, void *ctx)
{
  self->draining = true;
  self->drained = fn;
  self->drained_ctx = ctx;
  if (self->bound) evhttp_del_accept_socket(self->http, self->bound);
  self->bound = NULL;
  adopt_fresh(self);
  for (conn_t *conn = self->conns, *next; conn; conn = next) {
    next = conn->next;
    if (!conn->taken && !sl_http_guard_begun(&conn->guard)) cut(conn);
  }
  all_gone(self);
}
