/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include "adapters/gateway/http_internal.h"
#include "core/clock.h"

/* Requests kept for the next ones; and bytes of a header that an adapter may send. */
enum { POOL = 256, MAX_VALUE = 8192 };

const char *sl_http_date(sl_http_server_t *self)
{
  int64_t now_s = sl_clock_wall_ms() / 1000;
  if (now_s != self->date_s) {
    time_t t = (time_t)now_s;
    struct tm tm;
    self->date_s = now_s;
    strftime(self->date, sizeof self->date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
  }
  return self->date;
}

/* RFC 9110 §15, and those after it; for people only. */
const char *sl_http_reason(int status)
{
  static const struct {
    int status;
    const char *reason;
  } table[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].status == status) return table[i].reason;
  return status < 300   ? "Success"
         : status < 400 ? "Redirection"
         : status < 500 ? "Error"
                        : "Failure";
}

/* --- requests come and go -----------------------------------------------------------------------
 */

static sl_http_request_t *take(sl_http_server_t *server)
{
  sl_http_request_t *self = server->pool;
  if (!self) return calloc(1, sizeof *self);
  server->pool = self->next;
  server->n_pool--;
  return self;
}

void sl_http_request_free(sl_http_request_t *self)
{
  if (self->piece) evbuffer_free(self->piece);
  free(self);
}

/* The request is over for its user; evhttp goes on with what is left to send by itself. */
static void release(sl_http_request_t *self)
{
  sl_http_server_t *server = self->conn->server;
  if (self->conn->req == self) self->conn->req = NULL;
  server->n_open--;
  if (server->n_pool >= POOL) {
    sl_http_request_free(self);
    return;
  }
  *self = (sl_http_request_t){.piece = self->piece, .next = server->pool};
  server->pool = self;
  server->n_pool++;
}

/* "/a?b=c", "http://host/a?b=c" → path and query. */
static bool split_target(sl_http_request_t *self, const char *target)
{
  const char *path = target;
  if (!strncasecmp(path, "http://", 7) || !strncasecmp(path, "https://", 8)) {
    path = strchr(path, ':') + 3;
    path += strcspn(path, "/?");
  }
  size_t len = strcspn(path, "?");
  self->path = len ? sl_strn(path, len) : sl_str("/");
  self->query = path[len] ? sl_str(path + len + 1) : sl_str("");
  return self->path.p[0] == '/';
}

static void make_refusal(sl_http_server_t *server, int status, const char *detail,
                         sl_problem_t *problem)
{
  static const struct {
    int status;
    sl_code_t code;
    const char *type; /* "": the category's own */
  } table[] = {
      {400, SL_INVALID, ""},
      {408, SL_INVALID, "request-timeout"},
      {413, SL_TOO_LARGE, ""},
      {414, SL_TOO_LARGE, "uri-too-long"},
      {417, SL_INVALID, "expectation-failed"},
      {431, SL_TOO_LARGE, "headers-too-large"},
      {501, SL_INVALID, "not-implemented"},
      {503, SL_UNAVAILABLE, ""},
      {505, SL_INVALID, "http-version-not-supported"},
  };
  *problem = (sl_problem_t){.code = SL_BUG, .status = status};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].status == status) {
      problem->code = table[i].code;
      snprintf(problem->type, sizeof problem->type, "%s", table[i].type);
    }
  snprintf(problem->detail, sizeof problem->detail, "%s", detail);
  sl_problem_complete(problem);
  server->handlers.refused(server->ctx, problem);
}

void sl_http_refusal(sl_http_server_t *self, int status, const char *detail, sl_buf_t *out)
{
  sl_problem_t problem;
  make_refusal(self, status, detail, &problem);
  sl_problem_write(&problem, out);
}

void sl_http_request_start(conn_t *conn, struct evhttp_request *ev)
{
  sl_http_server_t *server = conn->server;
  const char *target = evhttp_request_get_uri(ev);
  sl_http_request_t *self = target ? take(server) : NULL;
  if (!self) {
    evhttp_connection_free(conn->evcon);
    return;
  }
  self->conn = conn;
  self->ev = ev;
  self->inside = true;
  conn->req = self;
  server->n_open++;
  evhttp_request_set_on_complete_cb(ev, sl_http_conn_complete, conn);
  if (split_target(self, target)) {
    server->handlers.request(server->ctx, self);
  } else {
    sl_problem_t problem;
    make_refusal(server, 400, "the path does not begin with a slash", &problem);
    sl_http_problem(self, &problem, NULL, 0, true);
  }
  if (conn->req != self) return; /* answered already */
  self->inside = false;
  if (!self->streaming) sl_http_conn_wait(conn);
}

void sl_http_request_gone(conn_t *conn)
{
  sl_http_request_t *self = conn->req;
  struct evhttp_request *ev = self->ev;
  /* Where evhttp noticed it, it has let go of the request; where we cut, it still frees it. */
  bool orphaned = !evhttp_request_get_connection(ev);
  conn->req = NULL;
  conn->server->handlers.gone(conn->server->ctx, self);
  release(self);
  if (orphaned) evhttp_request_free(ev);
}

/* --- the request -------------------------------------------------------------------------------
 */

const char *sl_http_method(const sl_http_request_t *self)
{
  switch (evhttp_request_get_command(self->ev)) {
  case EVHTTP_REQ_GET: return "GET";
  case EVHTTP_REQ_HEAD: return "HEAD";
  case EVHTTP_REQ_POST: return "POST";
  case EVHTTP_REQ_PUT: return "PUT";
  case EVHTTP_REQ_DELETE: return "DELETE";
  case EVHTTP_REQ_PATCH: return "PATCH";
  case EVHTTP_REQ_OPTIONS: return "OPTIONS";
  default: return "TRACE";
  }
}

sl_str_t sl_http_path(const sl_http_request_t *self)
{
  return self->path;
}

sl_str_t sl_http_query(const sl_http_request_t *self)
{
  return self->query;
}

sl_str_t sl_http_body(sl_http_request_t *self)
{
  struct evbuffer *body = evhttp_request_get_input_buffer(self->ev);
  size_t len = evbuffer_get_length(body);
  return len ? sl_strn((const char *)evbuffer_pullup(body, -1), len) : sl_strn(NULL, 0);
}

sl_str_t sl_http_header(const sl_http_request_t *self, const char *name)
{
  return sl_str(evhttp_find_header(evhttp_request_get_input_headers(self->ev), name));
}

void **sl_http_data(sl_http_request_t *self)
{
  return &self->data;
}

/* --- the answer --------------------------------------------------------------------------------
 */

/* Headers that are the connection's business, not an adapter's. */
static bool is_ours(sl_str_t name)
{
  static const char *const ours[] = {"connection", "content-length",    "date",    "keep-alive",
                                     "server",     "transfer-encoding", "trailer", "upgrade"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (name.len == strlen(ours[i]) && !strncasecmp(name.p, ours[i], name.len)) return true;
  return false;
}

/* What cannot be a header is left out: evhttp refuses line ends, which would be a second header. */
static void add_header(struct evkeyvalq *out, sl_str_t name, sl_str_t value)
{
  char n[128], v[MAX_VALUE];
  if (!name.len || name.len >= sizeof n || value.len >= sizeof v || is_ours(name)) return;
  memcpy(n, name.p, name.len);
  n[name.len] = '\0';
  if (value.len) memcpy(v, value.p, value.len);
  v[value.len] = '\0';
  if (!n[strcspn(n, "\r\n: ")] && !v[strcspn(v, "\r\n")]) evhttp_add_header(out, n, v);
}

static void put_head(sl_http_request_t *self, const sl_http_head_t *head)
{
  sl_http_server_t *server = self->conn->server;
  struct evkeyvalq *out = evhttp_request_get_output_headers(self->ev);
  evhttp_add_header(out, "Date", sl_http_date(server));
  evhttp_add_header(out, "Server", "sluice");
  if (head->content_type) evhttp_add_header(out, "Content-Type", head->content_type);
  if (head->close || server->draining) evhttp_add_header(out, "Connection", "close");
  for (size_t i = 0; i < head->n_headers; i++)
    add_header(out, head->headers[i].name, head->headers[i].value);
}

/* Most answers fit into the socket's buffer. To write now saves two changes of the descriptor's
 * events and a turn of the loop: a third of what an answer costs. */
static void write_now(conn_t *conn)
{
  struct evbuffer *out = bufferevent_get_output(conn->bev);
  bufferevent_data_cb write_cb = NULL;
  void *ctx = NULL;
  if (conn->server->tls) return;
  evbuffer_unfreeze(out, 1);
  evbuffer_write(out, conn->fd);
  evbuffer_freeze(out, 1);
  if (evbuffer_get_length(out)) return; /* the loop goes on with it */
  bufferevent_getcb(conn->bev, NULL, &write_cb, NULL, &ctx);
  if (write_cb) write_cb(conn->bev, ctx);
}

void sl_http_reply(sl_http_request_t *self, const sl_http_head_t *head, sl_str_t body)
{
  conn_t *conn = self->conn;
  struct evhttp_request *ev = self->ev;
  bool inside = self->inside;
  put_head(self, head);
  if (evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD) {
    char length[24];
    snprintf(length, sizeof length, "%zu", body.len);
    evhttp_add_header(evhttp_request_get_output_headers(ev), "Content-Length", length);
  } else if (head->status != 204 && head->status != 304) {
    evbuffer_add(evhttp_request_get_output_buffer(ev), body.p, body.len);
  }
  release(self);
  evhttp_send_reply(ev, head->status, sl_http_reason(head->status), NULL);
  if (!inside) write_now(conn);
}

void sl_http_problem(sl_http_request_t *self, const sl_problem_t *problem,
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
  sl_http_reply(self, &head, sl_buf_str(&body));
  sl_buf_fini(&body);
}

void sl_http_begin(sl_http_request_t *self, const sl_http_head_t *head)
{
  put_head(self, head);
  /* Without chunks only the connection's end tells the answer's. */
  if (self->conn->guard.http_10)
    evhttp_remove_header(evhttp_request_get_input_headers(self->ev), "Connection");
  self->streaming = true;
  evhttp_send_reply_start(self->ev, head->status, sl_http_reason(head->status));
}

static void on_drained(struct evhttp_connection *evcon, void *ctx)
{
  sl_http_request_t *self = ctx;
  (void)evcon;
  self->conn->server->handlers.drained(self->conn->server->ctx, self);
}

void sl_http_piece(sl_http_request_t *self, sl_str_t data)
{
  if (!data.len) return;
  if (!self->piece) self->piece = evbuffer_new();
  /* A piece must not be missing from the middle: without memory the answer ends where it is. */
  if (!self->piece || evbuffer_add(self->piece, data.p, data.len))
    shutdown(self->conn->fd, SHUT_RDWR);
  else
    evhttp_send_reply_chunk_with_cb(self->ev, self->piece, on_drained, self);
}

void sl_http_end(sl_http_request_t *self)
{
  struct evhttp_request *ev = self->ev;
  release(self);
  evhttp_send_reply_end(ev);
}

/* What was sent so far still goes out, but evhttp is told that the answer is not chunked, so that
 * it adds no final chunk. */
void sl_http_abort(sl_http_request_t *self)
{
  conn_t *conn = self->conn;
  struct evhttp_request *ev = self->ev;
  /* A close-delimited answer that breaks off looks whole, unless the connection is reset. */
  struct linger reset = {1, 0};
  if (conn->guard.http_10) setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  release(self);
  ev->chunked = 0;
  evhttp_add_header(evhttp_request_get_output_headers(ev), "Connection", "close");
  evhttp_send_reply_end(ev);
}
