/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_client: outgoing HTTP/1.1 calls of the soap and rest adapters: a pool of kept connections, a
 * bound on calls under way and a bounded queue. libcurl resolves names and does TLS, proxies and
 * compression; plain HTTP to a known address goes over sockets of our own (direct.c), at a quarter
 * of the cost.
 *
 * Nothing blocks. What happens to a call:
 *
 *     queued ──▶ connecting ──▶ sent ──▶ answering ──▶ done (once, from the loop)
 *
 * Times. connect_timeout_ms bounds the connecting; the call's deadline runs to the first byte of
 * the answer's body; from there a minimum rate holds, so that a large answer may take its time and
 * one that drips is cut.
 *
 * Sent or not sent. Until `sent` is called the legacy system has seen nothing of the request, and
 * whatever fails is SL_UNAVAILABLE. From there on the request counts as seen, even if not one byte
 * got out: a wrong "not executed" costs a doubled write, a wrong "in doubt" a question. What fails
 * then depends on whether the operation changes anything (`safe`):
 *
 *                                          safe              not safe
 *     no answer in time, or it dripped     SL_TIMED_OUT      SL_IN_DOUBT
 *     closed or reset without an answer    SL_UNAVAILABLE    SL_IN_DOUBT
 *     truncated, or not HTTP               SL_GARBAGE        SL_IN_DOUBT
 *     longer than max_response             SL_GARBAGE        SL_IN_DOUBT
 *
 * A request that is not safe leaves this process at most once: libcurl would repeat one whose kept
 * connection turned out to be dead, and is kept from it (see on_ready in curl.c). Safe ones may be
 * repeated in that one case. Idempotence is not asked for: that a method is idempotent in HTTP does
 * not make the legacy operation behind it so.
 *
 * A status is not an error here: an answer of 503 is SL_OK with status 503.
 */
#ifndef SL_HTTP_CLIENT_HTTP_CLIENT_H
#define SL_HTTP_CLIENT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/err.h"
#include "core/loop.h"
#include "core/opt.h"
#include "core/str.h"

typedef struct sl_http sl_http_t;
typedef struct sl_http_call sl_http_call_t;
typedef struct sl_http_headers sl_http_headers_t;

/* What an operator may set, by the rows of SL_HTTP_OPTIONS in an adapter's option table; max_queue
 * alone is its user's to set. */
typedef struct sl_http_opts {
  int64_t connect_timeout_ms;
  int64_t timeout_ms; /* bound on a call's deadline */
  int64_t min_rate;   /* bytes a second */
  int64_t min_rate_ms;
  int64_t max_connections; /* calls under way at once */
  int64_t max_queue;       /* calls waiting for one of those */
  int64_t max_response;    /* bytes of one answer's body, decompressed */
  int64_t idle_ms;         /* how long an unused connection is kept */
  char *proxy, *ca, *cert, *key, *key_password;
  char *user, *password;
  sl_opt_list_t headers;
  bool tls_verify, compression, direct;
} sl_http_opts_t;

/* Rows for an sl_opt_t table: member is the sl_http_opts_t inside struct type. */
#define SL_HTTP_ROW(type, member, name, kind, field, preset, min, max, arg, help, secret)          \
  {                                                                                                \
    name, 0, kind, offsetof(type, member.field), preset, min, max, arg, help, secret               \
  }
#define SL_HTTP_OPTIONS(type, member)                                                              \
  SL_HTTP_ROW(type, member, "connect-timeout", SL_OPT_TIME, connect_timeout_ms, "3s", 1, 600000,   \
              "TIME", "Give up connecting to the legacy system after TIME.", false),               \
      SL_HTTP_ROW(type, member, "timeout", SL_OPT_TIME, timeout_ms, "30s", 1, 3600000, "TIME",     \
                  "Wait at most TIME for an answer to begin, whatever the caller allows.", false), \
      SL_HTTP_ROW(type, member, "min-rate", SL_OPT_SIZE, min_rate, "1KiB", 1, 1073741824, "SIZE",  \
                  "Cut an answer that brings less than SIZE a second.", false),                    \
      SL_HTTP_ROW(type, member, "min-rate-time", SL_OPT_TIME, min_rate_ms, "5s", 10, 3600000,      \
                  "TIME", "Measure the minimum rate over TIME.", false),                           \
      SL_HTTP_ROW(type, member, "max-connections", SL_OPT_INT, max_connections, "32", 1, 4096,     \
                  "N", "Have at most N calls under way in the legacy system.", false),             \
      SL_HTTP_ROW(type, member, "max-response", SL_OPT_SIZE, max_response, "16MiB", 1,             \
                  INT64_C(1) << 40, "SIZE", "Refuse answers longer than SIZE.", false),            \
      SL_HTTP_ROW(type, member, "idle-timeout", SL_OPT_TIME, idle_ms, "60s", 1000, 86400000,       \
                  "TIME", "Do not use a connection again that was idle for TIME.", false),         \
      SL_HTTP_ROW(type, member, "proxy", SL_OPT_TEXT, proxy, NULL, 0, 0, "URL",                    \
                  "Go through this HTTP proxy; the environment's proxies are ignored.", true),     \
      SL_HTTP_ROW(type, member, "ca", SL_OPT_TEXT, ca, NULL, 0, 0, "FILE",                         \
                  "Trust these CA certificates (PEM) instead of the system's.", false),            \
      SL_HTTP_ROW(type, member, "cert", SL_OPT_TEXT, cert, NULL, 0, 0, "FILE",                     \
                  "Client certificate (PEM).", false),                                             \
      SL_HTTP_ROW(type, member, "key", SL_OPT_TEXT, key, NULL, 0, 0, "FILE",                       \
                  "Key of the client certificate (PEM), if it is not in its file.", false),        \
      SL_HTTP_ROW(type, member, "key-password", SL_OPT_TEXT, key_password, NULL, 0, 0, "TEXT",     \
                  "Password of the key; better as ${file:PATH} or ${env:NAME}.", true),            \
      SL_HTTP_ROW(type, member, "tls-verify", SL_OPT_FLAG, tls_verify, "yes", 0, 0, NULL,          \
                  "Verify the server's certificate and name.", false),                             \
      SL_HTTP_ROW(type, member, "user", SL_OPT_TEXT, user, NULL, 0, 0, "NAME",                     \
                  "User name for HTTP Basic authentication.", false),                              \
      SL_HTTP_ROW(type, member, "password", SL_OPT_TEXT, password, NULL, 0, 0, "TEXT",             \
                  "Its password; better as ${file:PATH} or ${env:NAME}.", true),                   \
      SL_HTTP_ROW(type, member, "header", SL_OPT_LIST, headers, NULL, 0, 0, "'NAME: VALUE'",       \
                  "Send this header with every request; may be given several times.", true),       \
      SL_HTTP_ROW(type, member, "compression", SL_OPT_FLAG, compression, "no", 0, 0, NULL,         \
                  "Accept answers compressed with gzip: pays on slow lines only.", false),         \
      SL_HTTP_ROW(type, member, "direct", SL_OPT_FLAG, direct, "yes", 0, 0, NULL,                  \
                  "Speak plain HTTP to known addresses ourselves; --no-direct: all by libcurl.",   \
                  false)

/* opts is copied where needed, its text borrowed for the client's life. SL_CONFIG: unreadable CA,
 * certificate or key, a malformed header. NULL then. */
sl_http_t *sl_http_new(sl_loop_t *loop, const sl_http_opts_t *opts, sl_err_t *err);
/* Calls still open end without a callback. */
void sl_http_destroy(sl_http_t **self_p);

/* Header lines that many calls share, put together once: what every call of this client sends, and
 * these. Lines are copied. NULL: no memory. To be destroyed after the last call that uses it. */
sl_http_headers_t *sl_http_headers_new(sl_http_t *self, const char *const *lines, size_t n);
void sl_http_headers_destroy(sl_http_headers_t **self_p);

enum { SL_HTTP_EXTRA = 12 }; /* header lines that belong to one call */

/* All of it is borrowed until the call is done. */
typedef struct sl_http_request {
  const char *method; /* "POST" */
  const char *url;
  const sl_http_headers_t *headers; /* shared lines; may be NULL */
  const char *const *extra;         /* lines "traceparent: 00-…"; at most SL_HTTP_EXTRA. "Name;"
                                       sends an empty one */
  size_t n_extra;
  sl_str_t body; /* sent when has_body, with its Content-Length */
  bool has_body;
  bool safe;           /* changes nothing: may be sent a second time */
  int64_t deadline_ms; /* from now to the answer's first byte; 0: the option --timeout */
} sl_http_request_t;

typedef struct sl_http_result {
  const sl_err_t *err;   /* code SL_OK: a whole answer came. Its text may be shown to consumers */
  const char *detail;    /* libcurl's words, for the log: names hosts. "" if none */
  int status;            /* of the answer; 0: none */
  int64_t retry_after_s; /* of the answer; 0: none */
  bool sent;
} sl_http_result_t;

typedef struct sl_http_handlers {
  /* The request is about to leave. Must not touch calls. May be NULL. */
  void (*sent)(void *ctx);
  /* A piece of the answer's body. False: no more of it is wanted; done follows with SL_CANCELLED.
   * May come from inside sl_http_start or sl_http_resume. Must not start or cancel calls. */
  bool (*body)(void *ctx, sl_http_call_t *call, int status, const char *data, size_t len);
  /* The end, always from the loop. The call is gone after it. May start calls. */
  void (*done)(void *ctx, sl_http_call_t *call, const sl_http_result_t *result);
} sl_http_handlers_t;

/* NULL and err when it cannot be: the queue is full (SL_UNAVAILABLE), a header line has a line
 * break or a control character in it (SL_INVALID). No callback then. */
sl_http_call_t *sl_http_start(sl_http_t *self, const sl_http_request_t *request,
                              const sl_http_handlers_t *handlers, void *ctx, sl_err_t *err);
/* Stop it: no further callback, the connection is closed. */
void sl_http_cancel(sl_http_call_t **call_p);
/* Hold back the answer's body (at most 32 KiB more is read), and go on. While it is held no rate is
 * demanded. Pausing is allowed in `body`, resuming is not. */
void sl_http_pause(sl_http_call_t *call);
void sl_http_resume(sl_http_call_t *call);
/* A header of the answer, in `body` and `done`; NULL if it has none. Borrowed for the callback. */
const char *sl_http_header(sl_http_call_t *call, const char *name);

/* Calls that are open, waiting ones included. */
size_t sl_http_in_flight(const sl_http_t *self);

#endif
