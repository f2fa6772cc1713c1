/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/http_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "adapters/gateway/http_check.h"
#include "adapters/gateway/tls.h"
#include "core/clock.h"

/* How often connections are looked at: late ones are shut, those whose request takes long are
 * watched for a client that leaves. A request shorter than this costs nothing of it. */
enum { SWEEP_MS = 250, MAX_URI = 8192, SPARE_FDS = 64 };

typedef struct conn {
  struct conn *prev, *next;
  sl_http_server_t *server;
  struct bufferevent *bev; /* a reference of ours */
  struct event *closed;    /* EV_CLOSED: the client left; made when first needed */
  sl_http_request_t *req;  /* open on it, or NULL */
  int64_t deadline;        /* by when a whole request has to be here */
  bool known;              /* evhttp tells us when it closes */
} conn_t;

struct sl_http_request {
  struct evhttp_request *ev;
  sl_http_server_t *server;
  conn_t *conn; /* NULL once the connection has gone */
  void *data;
  int64_t began;
  bool head, streaming, gone;
  sl_http_request_t *free_next;
};

struct sl_http_server {
  sl_loop_t *loop;
  struct evhttp *http;
  struct evhttp_bound_socket *bound;
  struct evconnlistener *listener;
  SSL_CTX *tls;
  sl_http_opts_t opts;
  sl_http_handlers_t handlers;
  void *ctx;
  conn_t *conns;
  conn_t **by_fd; /* those that have sent a request, for finding them again */
  size_t n_by_fd;
  int64_t n_conns, n_open;
  sl_http_request_t *free;
  sl_timer_t *sweep;
  bool full, draining;
  char url[160];
};

/* --- connections --------------------------------------------------------------------------------
 */

static void resume_accepting(sl_http_server_t *self)
{
  if (self->draining || self->n_conns >= self->opts.max_connections) return;
  self->full = false;
  evconnlistener_enable(self->listener);
}

static void forget_conn(conn_t *conn)
{
  sl_http_server_t *self = conn->server;
  if (conn->prev)
    conn->prev->next = conn->next;
  else
    self->conns = conn->next;
  if (conn->next) conn->next->prev = conn->prev;
  if (conn->closed) event_free(conn->closed);
  if (conn->req) conn->req->conn = NULL;
  if (conn->known) {
    size_t fd = (size_t)bufferevent_getfd(conn->bev);
    if (fd < self->n_by_fd && self->by_fd[fd] == conn) self->by_fd[fd] = NULL;
  }
  bufferevent_decref(conn->bev);
  free(conn);
  self->n_conns--;
  if (self->full) resume_accepting(self);
}

static void client_gone(sl_http_request_t *req)
{
  if (req->gone) return;
  req->gone = true;
  req->server->handlers.gone(req->server->ctx, req);
}

/* evhttp frees the connection; its open request stays valid until we end it. */
static void on_close(struct evhttp_connection *evcon, void *ctx)
{
  conn_t *conn = ctx;
  sl_http_request_t *req = conn->req;
  (void)evcon;
  forget_conn(conn);
  if (req) client_gone(req);
}

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
  sl_http_server_t *self = ctx;
  struct bufferevent *bev = self->tls ? sl_tls_bufferevent(self->tls, base)
                                      : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  conn_t *conn = calloc(1, sizeof *conn);
  if (!bev || !conn) {
    if (bev) bufferevent_free(bev);
    free(conn);
    return NULL;
  }
  bufferevent_incref(bev);
  conn->server = self;
  conn->bev = bev;
  conn->deadline = sl_clock_ms() + self->opts.header_timeout_ms;
  conn->next = self->conns;
  if (self->conns) self->conns->prev = conn;
  self->conns = conn;
  if (++self->n_conns >= self->opts.max_connections && !self->full) {
    self->full = true;
    evconnlistener_disable(self->listener);
  }
  return bev;
}

/* evhttp keeps the closecb's argument to itself, so the descriptor leads back to the connection.
 * The first time it is looked for among the newest, which stand first. */
static conn_t *conn_of(sl_http_server_t *self, struct bufferevent *bev)
{
  size_t fd = (size_t)bufferevent_getfd(bev);
  conn_t *c = fd < self->n_by_fd ? self->by_fd[fd] : NULL;
  if (c && c->bev == bev) return c;
  for (c = self->conns; c && c->bev != bev; c = c->next) continue;
  if (c && fd < self->n_by_fd) self->by_fd[fd] = c;
  return c;
}

static void on_closed(evutil_socket_t fd, short what, void *ctx)
{
  conn_t *conn = ctx;
  (void)fd, (void)what;
  if (conn->req) client_gone(conn->req);
}

/* While an answer is awaited evhttp does not read, so it does not see the client leave. */
static void watch_client(conn_t *conn)
{
  if (conn->closed && event_pending(conn->closed, EV_CLOSED, NULL)) return;
  if (!conn->closed)
    conn->closed = event_new(bufferevent_get_base(conn->bev), bufferevent_getfd(conn->bev),
                             EV_CLOSED, on_closed, conn);
  if (conn->closed) event_add(conn->closed, NULL);
}

static void sweep(void *ctx)
{
  sl_http_server_t *self = ctx;
  int64_t now = sl_clock_ms();
  for (conn_t *c = self->conns, *next; c; c = next) {
    bufferevent_event_cb event_cb;
    next = c->next;
    bufferevent_getcb(c->bev, NULL, NULL, &event_cb, NULL);
    if (c->req) {
      if (now - c->req->began >= SWEEP_MS / 2) watch_client(c);
    } else if (!event_cb) {
      forget_conn(c); /* evhttp has freed it before it ever sent a request: ours is the last hold */
    } else if (now > c->deadline) {
      /* Late: evhttp sees the end of the stream and cleans up. */
      shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
      c->deadline = now + 1000;
    }
  }
}

/* --- requests -----------------------------------------------------------------------------------
 */

static const char *method_name(enum evhttp_cmd_type type)
{
  switch (type) {
  case EVHTTP_REQ_GET: return "GET";
  case EVHTTP_REQ_HEAD: return "HEAD";
  case EVHTTP_REQ_POST: return "POST";
  case EVHTTP_REQ_PUT: return "PUT";
  case EVHTTP_REQ_DELETE: return "DELETE";
  case EVHTTP_REQ_PATCH: return "PATCH";
  case EVHTTP_REQ_OPTIONS: return "OPTIONS";
  default: return "";
  }
}

static sl_http_request_t *take(sl_http_server_t *self)
{
  sl_http_request_t *req = self->free;
  if (req)
    self->free = req->free_next;
  else
    req = malloc(sizeof *req);
  if (req) memset(req, 0, sizeof *req);
  return req;
}

/* The request has been answered as far as we are concerned; evhttp owns what is left to send. */
static void end_request(sl_http_request_t *req)
{
  sl_http_server_t *self = req->server;
  if (req->conn) {
    conn_t *conn = req->conn;
    conn->req = NULL;
    conn->deadline = sl_clock_ms() + self->opts.idle_timeout_ms;
    if (conn->closed) event_del(conn->closed);
  }
  self->n_open--;
  req->free_next = self->free;
  self->free = req;
}

static void refuse(sl_http_request_t *req, int status, const char *type, const char *detail)
{
  sl_problem_t problem = {.code = SL_INVALID, .status = status};
  snprintf(problem.type, sizeof problem.type, "%s", type);
  snprintf(problem.detail, sizeof problem.detail, "%s", detail);
  sl_problem_complete(&problem);
  sl_http_problem(req, &problem, NULL, 0, true);
}

static void on_request(struct evhttp_request *ev, void *ctx)
{
  sl_http_server_t *self = ctx;
  struct evhttp_connection *evcon = evhttp_request_get_connection(ev);
  struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
  sl_http_request_t *req = take(self);
  if (!req) return evhttp_send_error(ev, 503, NULL);
  self->n_open++;
  *req = (sl_http_request_t){.ev = ev,
                             .server = self,
                             .began = sl_clock_ms(),
                             .head = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD};
  req->conn = conn_of(self, bev);
  if (req->conn) {
    req->conn->req = req;
    if (!req->conn->known) evhttp_connection_set_closecb(evcon, on_close, req->conn);
    req->conn->known = true;
  }
  const sl_http_framing_t how = {.head = req->head, .http11 = ev->major == 1 && ev->minor >= 1};
  const char *wrong = sl_http_check(evhttp_request_get_input_headers(ev), how);
  if (wrong) return refuse(req, 400, "invalid-request", wrong);
  if (strlen(evhttp_request_get_uri(ev)) > MAX_URI)
    return refuse(req, 414, "uri-too-long", "the request target is longer than 8,192 bytes");
  self->handlers.request(self->ctx, req);
}

const char *sl_http_method(const sl_http_request_t *req)
{
  return method_name(evhttp_request_get_command(req->ev));
}

sl_str_t sl_http_path(const sl_http_request_t *req)
{
  const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req->ev));
  return sl_str(path && *path ? path : "/");
}

sl_str_t sl_http_query(const sl_http_request_t *req)
{
  const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req->ev));
  return sl_str(query ? query : "");
}

sl_str_t sl_http_body(sl_http_request_t *req)
{
  struct evbuffer *in = evhttp_request_get_input_buffer(req->ev);
  size_t len = evbuffer_get_length(in);
  return sl_strn(len ? (char *)evbuffer_pullup(in, -1) : NULL, len);
}

sl_str_t sl_http_header(const sl_http_request_t *req, const char *name)
{
  return sl_str(evhttp_find_header(evhttp_request_get_input_headers(req->ev), name));
}

void **sl_http_data(sl_http_request_t *req)
{
  return &req->data;
}

/* --- answers
 * -------------------------------------------------------------------------------------- */

static void add_header(struct evkeyvalq *out, const char *name, sl_str_t value)
{
  char text[1024];
  if (value.len >= sizeof text) return;
  memcpy(text, value.p, value.len);
  text[value.len] = '\0';
  evhttp_add_header(out, name, text); /* refuses line ends */
}

static void put_head(sl_http_request_t *req, const sl_http_head_t *head)
{
  struct evkeyvalq *out = evhttp_request_get_output_headers(req->ev);
  if (head->content_type) evhttp_add_header(out, "Content-Type", head->content_type);
  if (head->close || req->server->draining) evhttp_add_header(out, "Connection", "close");
  for (size_t i = 0; i < head->n_headers; i++) {
    char name[128];
    if (head->headers[i].name.len >= sizeof name) continue;
    memcpy(name, head->headers[i].name.p, head->headers[i].name.len);
    name[head->headers[i].name.len] = '\0';
    add_header(out, name, head->headers[i].value);
  }
}

void sl_http_reply(sl_http_request_t *req, const sl_http_head_t *head, sl_str_t body)
{
  struct evkeyvalq *out = evhttp_request_get_output_headers(req->ev);
  char length[24];
  bool no_body = head->status == 204 || head->status == 304;
  put_head(req, head);
  if (!no_body) {
    snprintf(length, sizeof length, "%zu", body.len);
    evhttp_add_header(out, "Content-Length", length);
    if (!req->head && body.len)
      evbuffer_add(evhttp_request_get_output_buffer(req->ev), body.p, body.len);
    /* Without one evhttp would say text/html. */
    if (!head->content_type) evhttp_add_header(out, "Content-Type", "application/json");
  }
  struct evhttp_request *ev = req->ev;
  end_request(req);
  evhttp_send_reply(ev, head->status, NULL, NULL);
}

void sl_http_problem(sl_http_request_t *req, const sl_problem_t *problem,
                     const sl_http_header_t *headers, size_t n_headers, bool close)
{
  sl_http_header_t all[16];
  char retry[24];
  size_t n = 0;
  for (size_t i = 0; i < n_headers && n < 15; i++) all[n++] = headers[i];
  if (problem->retry_after_s > 0) {
    snprintf(retry, sizeof retry, "%d", problem->retry_after_s);
    all[n++] = (sl_http_header_t){SL_STR("Retry-After"), sl_str(retry)};
  }
  const sl_http_head_t head = {.status = problem->status,
                               .content_type = "application/problem+json",
                               .headers = all,
                               .n_headers = n,
                               .close = close};
  sl_buf_t body;
  sl_buf_init(&body, 0);
  sl_problem_write(problem, &body);
  sl_http_reply(req, &head, sl_buf_str(&body));
  sl_buf_fini(&body);
}

void sl_http_begin(sl_http_request_t *req, const sl_http_head_t *head)
{
  put_head(req, head);
  req->streaming = true;
  evhttp_send_reply_start(req->ev, head->status, NULL);
  if (req->conn) watch_client(req->conn);
}

static void on_drained(struct evhttp_connection *evcon, void *ctx)
{
  sl_http_request_t *req = ctx;
  (void)evcon;
  if (!req->gone) req->server->handlers.drained(req->server->ctx, req);
}

void sl_http_piece(sl_http_request_t *req, sl_str_t data)
{
  struct evbuffer *piece = data.len && !req->gone ? evbuffer_new() : NULL;
  if (!piece) return;
  evbuffer_add(piece, data.p, data.len);
  evhttp_send_reply_chunk_with_cb(req->ev, piece, on_drained, req);
  evbuffer_free(piece);
}

void sl_http_end(sl_http_request_t *req)
{
  struct evhttp_request *ev = req->ev;
  end_request(req);
  evhttp_send_reply_end(ev);
}

void sl_http_abort(sl_http_request_t *req)
{
  /* What was queued is lost with the socket, and so is the final chunk that evhttp would add. */
  if (req->conn) shutdown(bufferevent_getfd(req->conn->bev), SHUT_RDWR);
  sl_http_end(req);
}

/* --- the server
 * ----------------------------------------------------------------------------------- */

/* evutil_parse_sockaddr_port knows no port 0, so the address is parsed with another one. */
static bool parse_listen(const char *listen, struct sockaddr_storage *at, int *len_p)
{
  char text[128], *end;
  const char *colon = strrchr(listen, ':');
  long port = colon ? strtol(colon + 1, &end, 10) : -1;
  if (port < 0 || port > 65535 || end == colon + 1 || *end) return false;
  snprintf(text, sizeof text, "%.*s:1", colon > listen ? (int)(colon - listen) : 7,
           colon > listen ? listen : "0.0.0.0");
  *len_p = sizeof *at;
  if (evutil_parse_sockaddr_port(text, (struct sockaddr *)at, len_p)) return false;
  in_port_t *port_p = at->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)at)->sin6_port
                                                : &((struct sockaddr_in *)at)->sin_port;
  *port_p = htons((in_port_t)port);
  return true;
}

static sl_code_t listen_on(sl_http_server_t *self, struct event_base *base, sl_err_t *err)
{
  struct sockaddr_storage at;
  int len, one = 1;
  if (!parse_listen(self->opts.listen, &at, &len))
    return sl_err_set(err, SL_CONFIG, "\"%s\" is not ADDRESS:PORT, such as 127.0.0.1:8080",
                      self->opts.listen);
  unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC;
  if (self->opts.reuse_port) flags |= LEV_OPT_REUSEABLE_PORT;
  self->listener =
      evconnlistener_new_bind(base, NULL, NULL, flags, 1024, (struct sockaddr *)&at, len);
  if (!self->listener)
    return sl_err_set(err, SL_CONFIG, "cannot listen on %s: %s", self->opts.listen,
                      strerror(errno));
  int fd = evconnlistener_get_fd(self->listener);
  /* Accepted sockets inherit it; without it TLS answers wait for delayed acknowledgements. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  self->bound = evhttp_bind_listener(self->http, self->listener);
  if (!self->bound) return sl_err_set(err, SL_BUG, "out of memory");
  return SL_OK;
}

static void write_url(sl_http_server_t *self)
{
  struct sockaddr_storage at;
  socklen_t len = sizeof at;
  char host[64] = "";
  int port = 0;
  getsockname(evconnlistener_get_fd(self->listener), (struct sockaddr *)&at, &len);
  if (at.ss_family == AF_INET6) {
    const struct sockaddr_in6 *a = (struct sockaddr_in6 *)&at;
    char inner[60];
    evutil_inet_ntop(AF_INET6, &a->sin6_addr, inner, sizeof inner);
    snprintf(host, sizeof host, "[%s]", inner);
    port = ntohs(a->sin6_port);
  } else {
    const struct sockaddr_in *a = (struct sockaddr_in *)&at;
    evutil_inet_ntop(AF_INET, &a->sin_addr, host, sizeof host);
    port = ntohs(a->sin_port);
  }
  snprintf(self->url, sizeof self->url, "http%s://%s:%d", self->tls ? "s" : "", host, port);
}

/* Running out of descriptors would make accept fail again and again: never accept that many. */
static sl_code_t reserve_fds(sl_http_server_t *self, sl_err_t *err)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return sl_err_set(err, SL_BUG, "getrlimit failed");
  limit.rlim_cur = limit.rlim_max < 1048576 ? limit.rlim_max : 1048576;
  setrlimit(RLIMIT_NOFILE, &limit);
  int64_t most = (int64_t)limit.rlim_cur - SPARE_FDS;
  if (self->opts.max_connections > most) self->opts.max_connections = most;
  if (most < 1) return sl_err_set(err, SL_CONFIG, "the limit of open files is too low");
  self->n_by_fd = (size_t)(self->opts.max_connections + SPARE_FDS) * 2;
  self->by_fd = calloc(self->n_by_fd, sizeof *self->by_fd);
  return self->by_fd ? SL_OK : sl_err_set(err, SL_BUG, "out of memory");
}

static void set_limits(sl_http_server_t *self)
{
  evhttp_set_max_headers_size(self->http, self->opts.max_headers);
  evhttp_set_max_body_size(self->http, self->opts.max_body);
  evhttp_set_allowed_methods(self->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                             EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH |
                                             EVHTTP_REQ_OPTIONS);
  /* evhttp's own is for inactivity, in seconds; a streamed answer that nobody reads ends by it. */
  int64_t s = self->opts.idle_timeout_ms / 1000;
  evhttp_set_timeout(self->http, s > 0 ? (int)s : 1);
  evhttp_set_gencb(self->http, on_request, self);
  evhttp_set_bevcb(self->http, on_accept, self);
}

sl_http_server_t *sl_http_server_new(sl_loop_t *loop, const sl_http_opts_t *opts,
                                     const sl_http_handlers_t *handlers, void *ctx, sl_err_t *err)
{
  sl_http_server_t *self = calloc(1, sizeof *self);
  if (!self) {
    sl_err_set(err, SL_BUG, "out of memory");
    return NULL;
  }
  self->loop = loop;
  self->opts = *opts;
  self->handlers = *handlers;
  self->ctx = ctx;
  self->http = evhttp_new(sl_loop_base(loop));
  self->sweep = sl_timer_new(loop, sweep, self);
  if (!self->http || !self->sweep) {
    sl_err_set(err, SL_BUG, "out of memory");
  } else if (opts->tls_cert && !(self->tls = sl_tls_context(opts->tls_cert, opts->tls_key, err))) {
  } else if (!reserve_fds(self, err)) {
    set_limits(self);
    if (!listen_on(self, sl_loop_base(loop), err)) {
      write_url(self);
      sl_timer_start(self->sweep, SWEEP_MS, true);
      return self;
    }
  }
  sl_http_server_destroy(&self);
  return NULL;
}

void sl_http_server_destroy(sl_http_server_t **self_p)
{
  sl_http_server_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  sl_timer_destroy(&self->sweep);
  self->draining = true;
  if (self->http) evhttp_free(self->http);
  while (self->conns) forget_conn(self->conns);
  for (sl_http_request_t *req; (req = self->free);) {
    self->free = req->free_next;
    free(req);
  }
  sl_tls_context_free(self->tls);
  free(self->by_fd);
  free(self);
  *self_p = NULL;
}

const char *sl_http_server_url(const sl_http_server_t *self)
{
  return self->url;
}

void sl_http_server_drain(sl_http_server_t *self)
{
  if (self->draining) return;
  self->draining = true;
  evhttp_del_accept_socket(self->http, self->bound);
  self->listener = NULL;
}

size_t sl_http_server_open(const sl_http_server_t *self)
{
  return (size_t)self->n_open;
}
