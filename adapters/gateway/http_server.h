/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_server: HTTP/1.1 (RFC 9110, 9112) for the gateway, behind an interface small enough to
 * be replaced. Underneath is libevent's evhttp; nothing else in the gateway knows that.
 *
 * Requests that are malformed (http_guard.h), too large or too slow never reach the handlers: they
 * are answered here, with problem details like all others, and their connection is closed. Bounds:
 * connections, bytes of head, target and body, bytes of all bodies together, the time for a head,
 * a body's rate, silence between requests and before an answer that nobody takes.
 *
 * A request is open from handlers.request until one of sl_http_reply, sl_http_end, sl_http_abort;
 * or until its client leaves: handlers.gone. Nothing blocks.
 */
#ifndef SL_GATEWAY_HTTP_SERVER_H
#define SL_GATEWAY_HTTP_SERVER_H

#include "adapters/gateway/http_guard.h"
#include "core/loop.h"
#include "core/problem.h"
#include "core/str.h"

typedef struct sl_http_server sl_http_server_t;
typedef struct sl_http_request sl_http_request_t;

typedef struct sl_http_opts {
  const char *listen;             /* "127.0.0.1:8080", "[::1]:0", "*:80"; port 0: any free one */
  const char *tls_cert, *tls_key; /* PEM files; NULL: plain HTTP */
  bool reuse_port;                /* several gateways on one port */
  sl_http_limits_t limits;
  int64_t max_buffered; /* bytes of all requests' bodies together; beyond: 503 */
  int64_t max_connections;
  int64_t header_timeout_ms; /* from connect, or a request's first byte, to the end of its head */
  int64_t idle_timeout_ms;   /* between requests; for an answer of which nothing is taken */
} sl_http_opts_t;

typedef struct sl_http_handlers {
  void (*request)(void *ctx, sl_http_request_t *req);
  /* The client has left while its request is open. The request is gone when this returns. */
  void (*gone)(void *ctx, sl_http_request_t *req);
  /* Everything sent so far of a streamed answer has been taken by the client's socket. */
  void (*drained)(void *ctx, sl_http_request_t *req);
  /* A request is refused here: give the problem its instance, and log it. */
  void (*refused)(void *ctx, sl_problem_t *problem);
} sl_http_handlers_t;

/* Listens when it returns. SL_CONFIG with the reason if it cannot. */
sl_http_server_t *sl_http_server_new(sl_loop_t *loop, const sl_http_opts_t *opts,
                                     const sl_http_handlers_t *handlers, void *ctx, sl_err_t *err);
/* Cuts what is still open: `gone` is called for each such request. */
void sl_http_server_destroy(sl_http_server_t **self_p);
/* "http://127.0.0.1:8080": the real one. Borrowed. */
const char *sl_http_server_url(const sl_http_server_t *self);
/* Accept nothing more, close idle connections, and the others behind their answer; fn is called
 * when all are closed (perhaps at once). */
void sl_http_server_drain(sl_http_server_t *self, sl_loop_fn fn, void *ctx);
/* Requests that are open. */
size_t sl_http_server_open(const sl_http_server_t *self);

/* --- a request: borrowed text, valid while it is open
 * --------------------------------------------- */

const char *sl_http_method(const sl_http_request_t *req); /* "GET" … */
sl_str_t sl_http_path(const sl_http_request_t *req);      /* still percent-encoded */
sl_str_t sl_http_query(const sl_http_request_t *req);     /* without '?'; still encoded */
sl_str_t sl_http_body(sl_http_request_t *req);
/* The first field of that name (any case), or an empty text with NULL. */
sl_str_t sl_http_header(const sl_http_request_t *req, const char *name);
void **sl_http_data(sl_http_request_t *req);

typedef struct sl_http_header {
  sl_str_t name, value;
} sl_http_header_t;

typedef struct sl_http_head {
  int status;
  const char *content_type; /* NULL: no body */
  const sl_http_header_t *headers;
  size_t n_headers;
  bool close; /* end the connection after it */
} sl_http_head_t;

/* The whole answer; HEAD gets it without the body. Copies. */
void sl_http_reply(sl_http_request_t *req, const sl_http_head_t *head, sl_str_t body);
/* An answer of unknown length: begin, pieces, end. `drained` tells when to send more: what was sent
 * is held in memory until then. HEAD: no pieces. */
void sl_http_begin(sl_http_request_t *req, const sl_http_head_t *head);
void sl_http_piece(sl_http_request_t *req, sl_str_t data);
void sl_http_end(sl_http_request_t *req);
/* It broke off: the connection ends without the final chunk, so that the client can tell. */
void sl_http_abort(sl_http_request_t *req);

/* The problem as a whole answer. */
void sl_http_problem(sl_http_request_t *req, const sl_problem_t *problem,
                     const sl_http_header_t *headers, size_t n_headers, bool close);

#endif
