/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plain HTTP over sockets of our own. libcurl costs 14 µs of CPU a call before the kernel does
 * anything, more than nginx needs for a whole proxied request; with the address known and the
 * connection kept, a call is a send, a recv and a short head to read. So libcurl connects first
 * and tells the address (sl_http_direct_learn), and stays responsible for TLS, proxies and
 * compression; an address is asked anew when it is a minute old, or when it refuses us.
 *
 * A kept connection that turns out to be dead is replaced once, for requests that change nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "adapters/http_client/internal.h"
#include "core/clock.h"

enum {
  LEARNED_MS = 60 * 1000, /* as long as libcurl keeps a name's address */
  RECEIVED = 32 * 1024,
  MAX_SITES = 64 /* authorities of URLs; an adapter has one, or one an operation */
};

struct sl_http_site {
  sl_http_site_t *next;
  char *authority; /* "host:port", as it stands in the URL */
  size_t authority_len;
  struct sockaddr_storage at;
  socklen_t at_len; /* 0: not known */
  int64_t until_ms; /* INT64_MAX: the authority is an address itself */
  sl_http_conn_t *idle;
};

struct sl_http_conn {
  sl_http_t *client;
  sl_http_site_t *site;
  sl_http_conn_t *next, *prev; /* among the site's idle ones */
  sl_http_call_t *call;        /* NULL: idle */
  int fd;
  sl_watch_t *watch;
  int watched;
  bool connecting, used; /* used: an answer came over it already */
  int64_t idle_ms;       /* sl_clock_ms since when it is idle */
  sl_buf_t head;         /* of the request */
  size_t sent;           /* bytes of head and body */
  int error;             /* of a connect that failed at once */
  sl_buf_t held;         /* came while the call was paused */
};

static void on_fd(void *ctx, int fd, int what);

/* --- sites -------------------------------------------------------------------------- */

/* The authority of a URL that goes this way; len 0: it does not. */
static sl_str_t authority_of(const char *url)
{
  if (strncasecmp(url, "http://", 7) != 0) return sl_strn(NULL, 0);
  const char *p = url + 7;
  for (const char *c = p; *c; c++)
    if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == '#') return sl_strn(NULL, 0);
  sl_str_t authority = sl_strn(p, strcspn(p, "/?"));
  return memchr(authority.p, '@', authority.len) ? sl_strn(NULL, 0) : authority;
}

static bool set_address(sl_http_site_t *site, const char *ip, int port)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)&site->at;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&site->at;
  memset(&site->at, 0, sizeof site->at);
  site->at_len = 0;
  if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    site->at_len = sizeof *v4;
  } else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    site->at_len = sizeof *v6;
  }
  return site->at_len > 0;
}

/* An authority that is an IPv4 address needs nobody to resolve it. */
static void set_literal(sl_http_site_t *site)
{
  char host[64];
  const char *colon = strchr(site->authority, ':');
  size_t len = colon ? (size_t)(colon - site->authority) : site->authority_len;
  long port = colon ? strtol(colon + 1, NULL, 10) : 80;
  if (len >= sizeof host || port < 1 || port > 65535) return;
  memcpy(host, site->authority, len);
  host[len] = '\0';
  struct in_addr unused;
  if (inet_pton(AF_INET, host, &unused) == 1 && set_address(site, host, (int)port))
    site->until_ms = INT64_MAX;
}

static sl_http_site_t *site_of(sl_http_t *self, sl_str_t authority)
{
  sl_http_site_t *site = self->last_site;
  if (site && sl_str_eq(authority, sl_strn(site->authority, site->authority_len))) return site;
  size_t n = 0;
  for (site = self->sites; site; site = site->next, n++)
    if (sl_str_eq(authority, sl_strn(site->authority, site->authority_len)))
      return self->last_site = site;
  if (n == MAX_SITES) return NULL;
  site = calloc(1, sizeof *site);
  if (site) site->authority = strndup(authority.p, authority.len);
  if (!site || !site->authority) {
    free(site);
    return NULL;
  }
  site->authority_len = authority.len;
  set_literal(site);
  site->next = self->sites;
  self->sites = site;
  return self->last_site = site;
}

void sl_http_direct_learn(sl_http_t *self, const char *url, const char *ip, int port)
{
  if (self->opts.proxy || self->opts.compression) return;
  sl_str_t authority = authority_of(url);
  sl_http_site_t *site = authority.len ? site_of(self, authority) : NULL;
  if (!site || site->until_ms == INT64_MAX || !ip || !set_address(site, ip, port)) return;
  site->until_ms = sl_clock_ms() + LEARNED_MS;
}

/* --- connections -------------------------------------------------------------------------- */

static void unlink_idle(sl_http_conn_t *conn)
{
  if (conn->prev)
    conn->prev->next = conn->next;
  else
    conn->site->idle = conn->next;
  if (conn->next) conn->next->prev = conn->prev;
}

static void conn_destroy(sl_http_conn_t *conn)
{
  if (conn->call)
    conn->call->conn = NULL;
  else
    unlink_idle(conn);
  sl_watch_destroy(&conn->watch);
  close(conn->fd);
  sl_buf_fini(&conn->head);
  sl_buf_fini(&conn->held);
  free(conn);
}

static bool watch_for(sl_http_conn_t *conn, int what)
{
  if (conn->watched == what) return true;
  sl_watch_destroy(&conn->watch);
  conn->watched = 0;
  if (!what) return true;
  conn->watch = sl_watch_new(conn->client->loop, conn->fd, what, on_fd, conn);
  if (conn->watch) conn->watched = what;
  return conn->watch != NULL;
}

/* Closed by its peer while nobody looked, or with bytes that nobody asked for: not to be used. */
static bool alive(const sl_http_conn_t *conn)
{
  char c;
  return recv(conn->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static sl_http_conn_t *idle_conn(sl_http_t *self, sl_http_site_t *site)
{
  sl_http_conn_t *conn;
  int64_t now = sl_clock_ms();
  while ((conn = site->idle)) {
    if (now - conn->idle_ms < self->opts.idle_ms && alive(conn)) {
      unlink_idle(conn);
      return conn;
    }
    conn_destroy(conn);
  }
  return NULL;
}

static sl_http_conn_t *new_conn(sl_http_t *self, sl_http_site_t *site)
{
  int one = 1;
  int fd = socket(site->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sl_http_conn_t *conn = fd < 0 ? NULL : calloc(1, sizeof *conn);
  if (!conn) {
    if (fd >= 0) close(fd);
    return NULL;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  *conn = (sl_http_conn_t){.client = self, .site = site, .fd = fd, .connecting = true};
  sl_buf_init(&conn->head, 0);
  sl_buf_init(&conn->held, 0);
  /* Whatever came of it is told by the event that the socket is writable; but what failed at once
   * is not kept in SO_ERROR. */
  if (connect(fd, (const struct sockaddr *)&site->at, site->at_len) && errno != EINPROGRESS)
    conn->error = errno;
  return conn;
}

/* The call has its answer: keep the connection for the next, or not. */
static void conn_release(sl_http_conn_t *conn, bool keep)
{
  conn->call->conn = NULL;
  conn->call = NULL;
  conn->prev = NULL;
  conn->next = conn->site->idle;
  if (conn->next) conn->next->prev = conn;
  conn->site->idle = conn;
  conn->used = true;
  conn->idle_ms = sl_clock_ms();
  sl_buf_clear(&conn->held);
  if (!keep || !watch_for(conn, SL_READABLE)) conn_destroy(conn);
}

/* --- the end of a call
 * ----------------------------------------------------------------------------- */

static void over(sl_http_call_t *call, sl_code_t code, const char *text)
{
  if (call->conn) conn_destroy(call->conn);
  if (code)
    sl_http_fail(call, code, text);
  else
    call->err.code = SL_OK;
  sl_http_finish(call);
}

static void begin(sl_http_call_t *call, sl_http_conn_t *conn);

/* The connection failed or ended. */
static void broken(sl_http_call_t *call)
{
  sl_http_conn_t *conn = call->conn;
  sl_http_t *self = call->client;
  sl_http_site_t *site = conn->site;
  if (call->reply.begun) return over(call, SL_GARBAGE, sl_http_broke_off);
  if (conn->used && call->request.safe && !call->reconnected) {
    conn_destroy(conn);
    call->reconnected = true;
    conn = new_conn(self, site);
    if (conn) return begin(call, conn);
    return over(call, SL_UNAVAILABLE, sl_http_closed);
  }
  over(call, SL_UNAVAILABLE, sl_http_closed);
}

/* The host may live elsewhere by now. */
static void forget_address(sl_http_site_t *site)
{
  if (site->until_ms != INT64_MAX) site->at_len = 0;
}

static void refused(sl_http_call_t *call)
{
  sl_http_site_t *site = call->conn->site;
  forget_address(site);
  if (site->at_len) return over(call, SL_UNAVAILABLE, sl_http_refused);
  conn_destroy(call->conn);
  call->direct = false;
  sl_http_due(call, call->deadline_ms);
  sl_http_use_curl(call);
}

/* --- the answer
 * -------------------------------------------------------------------------------------- */

static void take_retry_after(sl_http_call_t *call)
{
  const char *value = sl_reply_header(&call->reply, "Retry-After");
  if (!value || (call->status != 429 && call->status != 503)) return;
  time_t date = *value >= '0' && *value <= '9' ? -1 : curl_getdate(value, NULL);
  int64_t now_s = sl_clock_wall_ms() / 1000;
  call->retry_after_s = date < 0 ? strtoll(value, NULL, 10) : date > now_s ? date - now_s : 0;
}

static void whole(sl_http_call_t *call, bool rest)
{
  sl_http_conn_t *conn = call->conn;
  bool all_sent = conn->sent == conn->head.len + call->request.body.len;
  call->head_whole = true;
  call->status = call->reply.status;
  take_retry_after(call);
  conn_release(conn, call->reply.keep_alive && all_sent && !rest);
  over(call, SL_OK, NULL);
}

/* False: the connection is not call's any more. */
static bool read_answer(sl_http_call_t *call, sl_str_t in)
{
  sl_http_conn_t *conn = call->conn;
  for (;;) {
    sl_str_t body;
    if (call->paused) {
      sl_buf_adds(&conn->held, in);
      return watch_for(conn, 0);
    }
    switch (sl_reply_next(&call->reply, &in, &body)) {
    case SL_REPLY_MORE: return true;
    case SL_REPLY_BAD: over(call, SL_GARBAGE, sl_http_not_http); return false;
    case SL_REPLY_DONE: whole(call, in.len > 0); return false;
    case SL_REPLY_BODY: break;
    }
    call->status = call->reply.status;
    if (body.len == 0 || sl_http_body(call, body.p, body.len)) continue;
    if (call->stopped)
      over(call, SL_CANCELLED, "the answer was not wanted any more");
    else
      over(call, SL_GARBAGE, "the legacy system's answer is longer than allowed");
    return false;
  }
}

static void on_readable(sl_http_call_t *call)
{
  sl_http_conn_t *conn = call->conn;
  ssize_t n = recv(conn->fd, call->client->received, RECEIVED, MSG_DONTWAIT);
  if (n > 0) {
    read_answer(call, sl_strn(call->client->received, (size_t)n));
  } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  } else if (n == 0 && sl_reply_end(&call->reply)) {
    whole(call, false);
  } else {
    broken(call);
  }
}

void sl_http_direct_resume(sl_http_call_t *call)
{
  sl_http_conn_t *conn = call->conn;
  size_t len;
  char *held = sl_buf_take(&conn->held, &len);
  if (read_answer(call, sl_strn(held, len))) /* also without bytes: it may be whole already */
    if (!call->paused && !watch_for(conn, SL_READABLE)) over(call, SL_BUG, "out of memory");
  free(held);
}

/* --- the request
 * --------------------------------------------------------------------------------------- */

void sl_http_header_text(const char *line, sl_buf_t *out)
{
  const char *end = strpbrk(line, ":;");
  const char *value = end + 1 + strspn(end + 1, " \t");
  if (*end == ':' && !*value) return; /* libcurl's way to say "do not send it" */
  sl_buf_add(out, line, (size_t)(end - line));
  sl_buf_addz(out, *value ? ": " : ":");
  sl_buf_addz(out, value);
  sl_buf_addz(out, "\r\n");
}

/* printf would cost as much as the rest of the head. */
static void write_length(sl_buf_t *out, size_t n)
{
  char digits[24], *p = digits + sizeof digits;
  do *--p = (char)('0' + n % 10);
  while (n /= 10);
  sl_buf_addz(out, "Content-Length: ");
  sl_buf_add(out, p, (size_t)(digits + sizeof digits - p));
  sl_buf_addz(out, "\r\n");
}

static void write_head(sl_http_call_t *call, sl_buf_t *out)
{
  const sl_http_request_t *r = &call->request;
  const sl_http_t *self = call->client;
  const sl_http_headers_t *shared = r->headers ? r->headers : self->common;
  const char *target = r->url + 7 + call->conn->site->authority_len;
  sl_buf_clear(out);
  sl_buf_addz(out, r->method);
  sl_buf_addz(out, *target == '/' ? " " : " /");
  sl_buf_addz(out, target);
  sl_buf_addz(out, " HTTP/1.1\r\n");
  if (!shared->has_host) {
    sl_buf_addz(out, "Host: ");
    sl_buf_add(out, call->conn->site->authority, call->conn->site->authority_len);
    sl_buf_addz(out, "\r\n");
  }
  sl_buf_adds(out, sl_buf_str(&shared->text));
  if (self->credentials) sl_buf_addz(out, self->credentials);
  for (size_t i = 0; i < r->n_extra; i++) sl_http_header_text(r->extra[i], out);
  if (r->has_body) write_length(out, r->body.len);
  sl_buf_addz(out, "\r\n");
}

static void send_on(sl_http_call_t *call)
{
  sl_http_conn_t *conn = call->conn;
  size_t head = conn->head.len, total = head + call->request.body.len;
  while (conn->sent < total) {
    struct iovec v[2];
    int n = 0;
    if (conn->sent < head) v[n++] = (struct iovec){conn->head.p + conn->sent, head - conn->sent};
    size_t of_body = conn->sent > head ? conn->sent - head : 0;
    if (call->request.body.len > of_body)
      v[n++] =
          (struct iovec){(char *)call->request.body.p + of_body, call->request.body.len - of_body};
    struct msghdr msg = {.msg_iov = v, .msg_iovlen = (size_t)n};
    ssize_t got = sendmsg(conn->fd, &msg, MSG_NOSIGNAL);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return broken(call);
    conn->sent += (size_t)got;
  }
  int what = SL_READABLE | (conn->sent < total ? SL_WRITABLE : 0);
  if (!watch_for(conn, what)) over(call, SL_BUG, "out of memory");
}

static void send_first(sl_http_call_t *call)
{
  sl_http_conn_t *conn = call->conn;
  conn->sent = 0;
  write_head(call, &conn->head);
  if (conn->head.failed) return over(call, SL_BUG, "out of memory");
  sl_http_due(call, call->deadline_ms);
  sl_http_sent(call);
  send_on(call);
}

/* --- events
 * -------------------------------------------------------------------------------------------- */

static void on_connected(sl_http_call_t *call)
{
  int error = 0;
  socklen_t len = sizeof error;
  getsockopt(call->conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
  if (error || call->conn->error) return refused(call);
  call->conn->connecting = false;
  send_first(call);
}

static void on_fd(void *ctx, int fd, int what)
{
  sl_http_conn_t *conn = ctx;
  sl_http_t *self = conn->client;
  sl_http_call_t *call = conn->call;
  (void)fd;
  if (!call) return conn_destroy(conn); /* an idle one has nothing to say but farewell */
  if (conn->connecting) {
    on_connected(call);
  } else {
    if (what & SL_READABLE) on_readable(call);
    if ((what & SL_WRITABLE) && call->conn == conn && !conn->connecting) send_on(call);
  }
  if (self->finished.head) sl_http_turn(self);
}

/* Both ways of a call: over a kept connection at once, over a fresh one when it stands. */
static void begin(sl_http_call_t *call, sl_http_conn_t *conn)
{
  conn->call = call;
  call->conn = conn;
  call->direct = true;
  sl_reply_reset(&call->reply, strcmp(call->request.method, "HEAD") == 0);
  if (!conn->connecting) return send_first(call);
  int64_t due = sl_clock_ms() + conn->client->opts.connect_timeout_ms;
  if (due < call->due_ms) sl_http_due(call, due);
  if (!watch_for(conn, SL_WRITABLE)) over(call, SL_BUG, "out of memory");
}

bool sl_http_direct_start(sl_http_call_t *call)
{
  sl_http_t *self = call->client;
  if (self->opts.proxy || self->opts.compression) return false;
  sl_str_t authority = authority_of(call->request.url);
  sl_http_site_t *site = authority.len ? site_of(self, authority) : NULL;
  if (!site || !site->at_len || site->until_ms <= sl_clock_ms()) return false;
  sl_http_conn_t *conn = idle_conn(self, site);
  if (!conn) conn = new_conn(self, site);
  if (!conn) return false;
  begin(call, conn);
  return true;
}

void sl_http_direct_stop(sl_http_call_t *call)
{
  if (call->conn->connecting) forget_address(call->conn->site);
  conn_destroy(call->conn);
}

/* --- the whole
 * ------------------------------------------------------------------------------------------- */

static void base64(const char *p, size_t len, sl_buf_t *out)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < len; i += 3) {
    unsigned v = (unsigned char)p[i] << 16;
    if (i + 1 < len) v |= (unsigned)(unsigned char)p[i + 1] << 8;
    if (i + 2 < len) v |= (unsigned char)p[i + 2];
    sl_buf_addc(out, digits[v >> 18]);
    sl_buf_addc(out, digits[v >> 12 & 63]);
    sl_buf_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
    sl_buf_addc(out, i + 2 < len ? digits[v & 63] : '=');
  }
}

static bool set_credentials(sl_http_t *self)
{
  sl_buf_t plain, line;
  size_t len;
  sl_buf_init(&plain, 0);
  sl_buf_init(&line, 0);
  sl_buf_printf(&plain, "%s:%s", self->opts.user, self->opts.password ? self->opts.password : "");
  sl_buf_addz(&line, "Authorization: Basic ");
  base64(plain.p, plain.len, &line);
  sl_buf_add(&line, "\r\n", 3);
  bool ok = !plain.failed && !line.failed;
  self->credentials = sl_buf_take(&line, &len);
  sl_buf_fini(&plain);
  return ok;
}

bool sl_http_direct_init(sl_http_t *self)
{
  self->received = malloc(RECEIVED);
  return self->received && (!self->opts.user || set_credentials(self));
}

void sl_http_direct_fini(sl_http_t *self)
{
  for (sl_http_site_t *site; (site = self->sites);) {
    while (site->idle) conn_destroy(site->idle);
    self->sites = site->next;
    free(site->authority);
    free(site);
  }
  free(self->credentials);
  free(self->received);
}
