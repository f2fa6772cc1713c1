/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * internal: what the parts of http_client share. http_client.c has the calls: queue, times,
 * results. A call goes one of two ways: direct.c talks plain HTTP over sockets of our own;
 * curl.c has libcurl do it, which knows name resolution, TLS, proxies and compression, and
 * sockets.c ties libcurl's multi to the loop. See direct.c for who goes where, and why.
 */
#ifndef SL_HTTP_CLIENT_INTERNAL_H
#define SL_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>
#include "adapters/http_client/http_client.h"
#include "adapters/http_client/reply.h"

/* One easy handle with what libcurl only borrows from us. */
typedef struct sl_http_handle {
  CURL *easy;
  struct sl_http_handle *next;            /* among the free ones */
  char *url;                              /* what is set in easy; NULL: nothing yet */
  char method[16];                        /* the same */
  struct curl_slist extra[SL_HTTP_EXTRA]; /* nodes of ours before the shared list */
  char error[CURL_ERROR_SIZE];
} sl_http_handle_t;

struct sl_http_headers {
  struct curl_slist *list; /* for libcurl */
  sl_buf_t text;           /* for direct.c: ready to send */
  bool has_host;
};

typedef struct sl_http_socket {
  sl_watch_t *watch; /* NULL: not watched */
  int watched;       /* what it is watched for */
  int wanted;        /* what libcurl waits for; 0: the connection is idle */
} sl_http_socket_t;

typedef struct sl_http_list {
  sl_http_call_t *head, *tail;
  size_t n;
} sl_http_list_t;

typedef struct sl_http_site sl_http_site_t;
typedef struct sl_http_conn sl_http_conn_t;

struct sl_http_call {
  sl_http_t *client;
  sl_http_call_t *prev, *next;
  sl_http_list_t *list; /* the one it is in */
  sl_http_request_t request;
  sl_http_handlers_t handlers;
  void *ctx;
  /* On its way, one of these two; while it waits, none. */
  sl_http_handle_t *handle;
  sl_http_conn_t *conn;
  bool direct;          /* reply holds the answer's head */
  bool reconnected;     /* sent again over a fresh connection, once */
  int64_t deadline_ms;  /* sl_clock_ms: the answer's body has to begin */
  int64_t due_ms;       /* sl_clock_ms: the next look at it */
  int64_t window_bytes; /* came in this window */
  int64_t total_bytes;
  bool sent;       /* on_ready was here */
  bool head_whole; /* the answer's head has come */
  bool answering;  /* bytes of its body have come */
  bool paused;
  bool stopped;  /* the body handler wants no more */
  bool too_long; /* beyond max_response */
  bool resend;   /* libcurl wanted to send a write again */
  int status;
  int64_t retry_after_s;
  /* The two below are not cleared for the next call: they are large. */
  sl_err_t err;     /* the result, once it is in `finished` */
  sl_reply_t reply; /* what came over conn */
};

struct sl_http {
  sl_loop_t *loop;
  sl_http_site_t *sites; /* direct.c */
  sl_http_site_t *last_site;
  char *credentials;   /* "Authorization: Basic …\r\n", or NULL */
  char *received;      /* buffer of all reads */
  sl_http_opts_t opts; /* text borrowed */
  CURLM *multi;
  sl_http_headers_t *common; /* what every call sends */
  sl_http_handle_t *free_handles;
  sl_http_list_t waiting, active, finished;
  sl_http_call_t *free_calls;
  size_t n_free_calls;

  /* sockets.c */
  sl_http_socket_t *sockets; /* by descriptor */
  size_t n_sockets;
  sl_timer_t *curl_timer;
  bool kick;     /* libcurl has something to begin with */
  bool starting; /* inside a kick: libcurl's wish to be called at once is being granted */

  sl_timer_t *due_timer; /* the earliest of the active and waiting calls' due_ms, or earlier */
  int64_t due_ms;        /* when it fires; INT64_MAX: not running */
  sl_timer_t *later;     /* deliver what finished inside sl_http_start */
};

/* curl.c. sl_http_handle_get: a free or new handle, NULL without memory. */
sl_http_handle_t *sl_http_handle_get(sl_http_t *client);
bool sl_http_handle_load(sl_http_handle_t *self, sl_http_call_t *call);
void sl_http_handle_put(sl_http_t *client, sl_http_handle_t *self);
void sl_http_handle_destroy(sl_http_handle_t **self_p);
/* Take what libcurl has finished. */
void sl_http_collect(sl_http_t *self);
/* What libcurl's result means for call. */
void sl_http_judge(sl_http_call_t *call, CURLcode code);

/* sockets.c */
bool sl_http_sockets_init(sl_http_t *self);
void sl_http_sockets_fini(sl_http_t *self);
/* libcurl is about to close a descriptor: CURLOPT_CLOSESOCKETFUNCTION. */
int sl_http_on_close(void *ctx, curl_socket_t fd);
/* Let libcurl go on with handles that were just added or resumed. */
void sl_http_kick(sl_http_t *self);

/* direct.c. True: it has taken call on (and perhaps finished it already). False: it is libcurl's.
 */
bool sl_http_direct_start(sl_http_call_t *call);
/* Over before its end: the connection is closed. */
void sl_http_direct_stop(sl_http_call_t *call);
void sl_http_direct_resume(sl_http_call_t *call);
/* libcurl connected to url's host there. */
void sl_http_direct_learn(sl_http_t *self, const char *url, const char *ip, int port);
/* A header line as sl_http_headers_new takes it, as it stands in a request. */
void sl_http_header_text(const char *line, sl_buf_t *out);
bool sl_http_direct_init(sl_http_t *self);
void sl_http_direct_fini(sl_http_t *self);

/* http_client.c. Take what is finished, and deliver it. */
void sl_http_turn(sl_http_t *self);
/* libcurl takes over what direct.c cannot do; nothing was sent yet. */
void sl_http_use_curl(sl_http_call_t *call);
/* A piece of the body came; false: no more of it is wanted. */
bool sl_http_body(sl_http_call_t *call, const char *data, size_t len);
/* The request leaves now. */
void sl_http_sent(sl_http_call_t *call);
/* The call's next due time. */
void sl_http_due(sl_http_call_t *call, int64_t due_ms);
/* Sets the error that code means for this call, by the table of http_client.h. */
void sl_http_fail(sl_http_call_t *call, sl_code_t code, const char *text);
/* The result is known: deliver it from the loop. */
void sl_http_finish(sl_http_call_t *call);
extern const char sl_http_broke_off[], sl_http_closed[], sl_http_refused[], sl_http_not_http[];

#endif
