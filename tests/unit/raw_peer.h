/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * raw_peer: a server on loopback in the test's own loop. It reads requests, and a script of the
 * test answers them with whatever bytes it likes, or closes, or keeps silent. */
#ifndef SL_TESTS_RAW_PEER_H
#define SL_TESTS_RAW_PEER_H

#include "core/buf.h"
#include "core/loop.h"

enum { RAW_CONNS = 64 };

struct peer;

struct conn {
  struct peer *peer;
  int fd; /* -1: free */
  sl_watch_t *watch;
  sl_buf_t in;
  size_t need; /* bytes of the request at in's beginning; 0: its head is not whole */
};

/* What the server does with its nth request (from 1). */
typedef void (*script_fn)(struct peer *peer, struct conn *conn, int nth);

struct peer {
  sl_loop_t *loop;
  int fd;
  sl_watch_t *watch;
  struct conn conns[RAW_CONNS];
  int accepted, requests;
  char last[4096]; /* the last request, its beginning */
  script_fn script;
  char url[64]; /* "http://127.0.0.1:PORT" */
};

void peer_init(struct peer *self, sl_loop_t *loop, script_fn script);
void peer_fini(struct peer *self);

void conn_close(struct conn *conn);
void conn_say(struct conn *conn, const char *text, size_t len);
/* A whole answer: "200 OK", header lines with \r\n behind each, body. */
void conn_answer(struct conn *conn, const char *status, const char *headers, const char *body);

/* A listening socket; its port in url. */
int listen_on_loopback(int backlog, char *url, size_t size);

#endif
