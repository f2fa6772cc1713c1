/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/raw_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void conn_close(struct conn *conn)
{
  if (conn->fd < 0) return;
  sl_watch_destroy(&conn->watch);
  close(conn->fd);
  conn->fd = -1;
  conn->need = 0;
  sl_buf_clear(&conn->in);
}

/* Bytes of the first whole request in the buffer; 0: it is not whole. */
static size_t whole_request(struct conn *conn)
{
  if (!conn->need) {
    const char *text = sl_buf_z(&conn->in), *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "content-length:");
    if (!end) return 0;
    conn->need = (size_t)(end + 4 - text);
    if (length && length < end) conn->need += strtoul(length + 15, NULL, 10);
  }
  return conn->in.len >= conn->need ? conn->need : 0;
}

static void on_conn(void *ctx, int fd, int what)
{
  struct conn *conn = ctx;
  char piece[65536];
  (void)what;
  ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) conn_close(conn);
    return;
  }
  sl_buf_add(&conn->in, piece, (size_t)n);
  for (size_t len; conn->fd >= 0 && (len = whole_request(conn)) > 0;) {
    struct peer *peer = conn->peer;
    int shown = len < sizeof peer->last ? (int)len : (int)sizeof peer->last - 1;
    snprintf(peer->last, sizeof peer->last, "%.*s", shown, conn->in.p);
    sl_buf_consume(&conn->in, len);
    conn->need = 0;
    peer->script(peer, conn, ++peer->requests);
  }
}

static void on_accept(void *ctx, int fd, int what)
{
  struct peer *peer = ctx;
  struct conn *conn = peer->conns;
  (void)what;
  while (conn < peer->conns + RAW_CONNS && conn->fd >= 0) conn++;
  SL_ASSERT(conn < peer->conns + RAW_CONNS);
  conn->fd = accept(fd, NULL, NULL);
  SL_ASSERT(conn->fd >= 0);
  conn->watch = sl_watch_new(peer->loop, conn->fd, SL_READABLE, on_conn, conn);
  peer->accepted++;
}

void conn_say(struct conn *conn, const char *text, size_t len)
{
  SL_ASSERT(send(conn->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len);
}

void conn_answer(struct conn *conn, const char *status, const char *headers, const char *body)
{
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_buf_printf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body),
                headers, body);
  conn_say(conn, text.p, text.len);
  sl_buf_fini(&text);
}

int listen_on_loopback(int backlog, char *url, size_t size)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  SL_ASSERT(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, backlog) == 0);
  getsockname(fd, (struct sockaddr *)&a, &len);
  snprintf(url, size, "http://127.0.0.1:%d", ntohs(a.sin_port));
  return fd;
}

void peer_init(struct peer *self, sl_loop_t *loop, script_fn script)
{
  memset(self, 0, sizeof *self);
  self->loop = loop;
  self->script = script;
  for (int i = 0; i < RAW_CONNS; i++) {
    self->conns[i] = (struct conn){.peer = self, .fd = -1};
    sl_buf_init(&self->conns[i].in, 0);
  }
  self->fd = listen_on_loopback(64, self->url, sizeof self->url);
  self->watch = sl_watch_new(loop, self->fd, SL_READABLE, on_accept, self);
}

void peer_fini(struct peer *self)
{
  for (int i = 0; i < RAW_CONNS; i++) {
    conn_close(&self->conns[i]);
    sl_buf_fini(&self->conns[i].in);
  }
  sl_watch_destroy(&self->watch);
  if (self->fd >= 0) close(self->fd);
}
