/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_internal: what http_server.c (connections) and http_request.c (requests and answers)
 * share. The only headers of the gateway's that know libevent's HTTP.
 */
#ifndef SL_GATEWAY_HTTP_INTERNAL_H
#define SL_GATEWAY_HTTP_INTERNAL_H

#include <event2/bufferevent.h>
#include <event2/http.h>
#include "adapters/gateway/http_server.h"
#include "adapters/gateway/tls.h"
#include "core/buf.h"

typedef struct conn conn_t;

/* One connection. The evhttp_connection owns the bufferevent; this goes with it (closecb). */
struct conn {
  conn_t *next, *prev;
  sl_http_server_t *server;
  struct bufferevent *bev;
  struct evhttp_connection *evcon; /* NULL: not adopted yet */
  int fd;
  sl_http_guard_t guard;
  size_t ahead;           /* bytes at the end of the input that the guard has not seen */
  int64_t deadline;       /* sl_clock_ms; of what it is reading, or of its lingering */
  int64_t body_since;     /* when the head was whole */
  int64_t buffered;       /* bytes counted in the server's buffered */
  sl_http_request_t *req; /* being answered; NULL: none */
  bool taken;             /* refused: evhttp does not see it any more, we only wait for its end */
  size_t out_len;         /* output at the last sweep, … */
  int64_t out_since;      /* … unchanged since */
};

struct sl_http_request {
  sl_http_request_t *next; /* in the pool */
  conn_t *conn;
  struct evhttp_request *ev;
  struct evbuffer *piece; /* streaming only */
  void *data;             /* the user's */
  sl_str_t path, query;
  bool inside;    /* within the request handler */
  bool streaming; /* the head is out */
};

struct sl_http_server {
  sl_loop_t *loop;
  struct evhttp *http;
  struct evhttp_bound_socket *bound;
  SSL_CTX *tls; /* NULL: plain */
  sl_http_opts_t opts;
  sl_http_handlers_t handlers;
  void *ctx;
  conn_t *conns, *fresh; /* adopted; and made but not adopted yet */
  size_t n_conns, n_open;
  conn_t **by_fd;
  size_t n_by_fd;
  sl_http_request_t *pool;
  size_t n_pool;
  sl_timer_t *sweep;
  int64_t buffered;
  bool paused; /* the listener is */
  bool draining;
  sl_loop_fn drained;
  void *drained_ctx;
  sl_buf_t scratch;
  char url[160];
  char date[32]; /* of date_s */
  int64_t date_s;
};

/* The "Date" of now. */
const char *sl_http_date(sl_http_server_t *self);
const char *sl_http_reason(int status);
/* A whole request has come on conn. */
void sl_http_request_start(conn_t *conn, struct evhttp_request *ev);
/* The client of conn's request has gone. */
void sl_http_request_gone(conn_t *conn);
void sl_http_request_free(sl_http_request_t *self);
/* The problem for a request that is refused with status, to out. */
void sl_http_refusal(sl_http_server_t *self, int status, const char *detail, sl_buf_t *out);
/* The answer's last byte went out: the next request may come. */
void sl_http_conn_complete(struct evhttp_request *ev, void *ctx);
/* Watches for the client to leave while its request is worked on. */
void sl_http_conn_wait(conn_t *conn);

#endif
