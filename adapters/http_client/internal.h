/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * internal: what the three parts of http_client share. http_client.c has the calls: queue, times,
 * results. handle.c has libcurl's easy handles, which are kept and used again with all that never
 * changes set once. sockets.c ties libcurl's multi to the loop.
 */
#ifndef SL_HTTP_CLIENT_INTERNAL_H
#define SL_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>
#include "adapters/http_client/http_client.h"

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
  struct curl_slist *list;
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

struct sl_http_call {
  sl_http_t *client;
  sl_http_call_t *prev, *next;
  sl_http_list_t *list; /* the one it is in */
  sl_http_request_t request;
  sl_http_handlers_t handlers;
  void *ctx;
  sl_http_handle_t *handle; /* NULL while waiting */
  int64_t due_ms;           /* sl_clock_ms: deadline, then the end of the rate's window */
  int64_t window_bytes;     /* came in this window */
  int64_t total_bytes;
  bool sent;       /* on_ready was here */
  bool head_whole; /* the answer's head has come */
  bool answering;  /* bytes of its body have come */
  bool paused;
  bool stopped;  /* the body handler wants no more */
  bool too_long; /* beyond max_response */
  bool resend;   /* libcurl wanted to send a write again */
  sl_err_t err;  /* the result, once it is in `finished` */
  int status;
  int64_t retry_after_s;
};

struct sl_http {
  sl_loop_t *loop;
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
  bool starting; /* inside a kick: libcurl's wish to be called at once is being granted */

  sl_timer_t *due_timer; /* the earliest of the active and waiting calls' due_ms, or earlier */
  int64_t due_ms;        /* when it fires; INT64_MAX: not running */
  sl_timer_t *later;     /* deliver what finished inside sl_http_start */
};

/* handle.c. sl_http_handle_get: a free or new handle, NULL without memory. */
sl_http_handle_t *sl_http_handle_get(sl_http_t *client);
bool sl_http_handle_load(sl_http_handle_t *self, sl_http_call_t *call);
void sl_http_handle_put(sl_http_t *client, sl_http_handle_t *self);
void sl_http_handle_destroy(sl_http_handle_t **self_p);
/* Callbacks of libcurl that handle.c sets and http_client.c implements. */
int sl_http_on_ready(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port);
size_t sl_http_on_header(char *line, size_t size, size_t n, void *ctx);
size_t sl_http_on_body(char *data, size_t size, size_t n, void *ctx);

/* sockets.c */
bool sl_http_sockets_init(sl_http_t *self);
void sl_http_sockets_fini(sl_http_t *self);
/* libcurl is about to close a descriptor: CURLOPT_CLOSESOCKETFUNCTION. */
int sl_http_on_close(void *ctx, curl_socket_t fd);
/* Let libcurl go on with handles that were just added or resumed. */
void sl_http_kick(sl_http_t *self);

/* http_client.c: take what libcurl has finished, and deliver it. */
void sl_http_turn(sl_http_t *self);

#endif
