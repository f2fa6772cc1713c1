/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "bus/socket.h"

enum { KEY_SIZE = 32, MAX_FRAMES = 8, FRAME_SIZE = 256 };

struct sl_bus_zap {
  sl_bus_zap_t *next;
  char domain[32];
  uint8_t (*allowed)[KEY_SIZE];
  size_t n_allowed;
};

/* ZeroMQ knows one handler a context, hence one a process; several servers share it. */
static struct {
  void *socket;
  sl_watch_t *watch;
  sl_bus_zap_t *first;
  unsigned serial;
} handler;

/* Version, request id, domain, address, identity, mechanism, credentials (RFC 27). */
typedef struct request {
  char frames[MAX_FRAMES][FRAME_SIZE];
  size_t len[MAX_FRAMES];
  size_t n;
} request_t;
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS };

static bool receive(request_t *request)
{
  int more = 1;
  size_t size = sizeof more;
  for (request->n = 0; more;) {
    char rest[FRAME_SIZE];
    bool fits = request->n < MAX_FRAMES;
    char *at = fits ? request->frames[request->n] : rest;
    int len = zmq_recv(handler.socket, at, FRAME_SIZE, ZMQ_DONTWAIT);
    if (len < 0) return false;
    if (fits) request->len[request->n++] = len < FRAME_SIZE ? (size_t)len : FRAME_SIZE;
    if (zmq_getsockopt(handler.socket, ZMQ_RCVMORE, &more, &size)) return false;
  }
  return true;
}

static bool frame_is(const request_t *request, size_t i, const char *text)
{
  return request->len[i] == strlen(text) && memcmp(request->frames[i], text, strlen(text)) == 0;
}

static bool allowed(const request_t *request)
{
  if (request->n <= CREDENTIALS || !frame_is(request, MECHANISM, "CURVE")) return false;
  if (request->len[CREDENTIALS] != KEY_SIZE) return false;
  for (const sl_bus_zap_t *zap = handler.first; zap; zap = zap->next) {
    if (!frame_is(request, DOMAIN, zap->domain)) continue;
    for (size_t i = 0; i < zap->n_allowed; i++)
      if (memcmp(zap->allowed[i], request->frames[CREDENTIALS], KEY_SIZE) == 0) return true;
  }
  return false;
}

static void answer(const request_t *request, bool yes)
{
  const char *status = yes ? "200" : "400", *text = yes ? "OK" : "key not allowed";
  size_t id_len = request->n > REQUEST_ID ? request->len[REQUEST_ID] : 0;
  zmq_send(handler.socket, "1.0", 3, ZMQ_SNDMORE);
  zmq_send(handler.socket, request->frames[REQUEST_ID], id_len, ZMQ_SNDMORE);
  zmq_send(handler.socket, status, 3, ZMQ_SNDMORE);
  zmq_send(handler.socket, text, strlen(text), ZMQ_SNDMORE);
  zmq_send(handler.socket, "", 0, ZMQ_SNDMORE); /* user id */
  zmq_send(handler.socket, "", 0, 0);           /* metadata */
}

/* Everything that touches the socket is in this loop, and it ends with EAGAIN: no edge is lost. */
static void on_fd(void *ctx, int fd, int what)
{
  request_t request;
  while (receive(&request)) answer(&request, allowed(&request));
}

static bool handler_start(sl_loop_t *loop)
{
  int fd, zero = 0;
  size_t size = sizeof fd;
  void *zmq = sl_bus_context_take();
  if (!zmq) return false;
  handler.socket = zmq_socket(zmq, ZMQ_REP);
  if (handler.socket && !zmq_setsockopt(handler.socket, ZMQ_LINGER, &zero, sizeof zero) &&
      !zmq_bind(handler.socket, "inproc://zeromq.zap.01") &&
      !zmq_getsockopt(handler.socket, ZMQ_FD, &fd, &size))
    handler.watch = sl_watch_new_edge(loop, fd, SL_READABLE, on_fd, NULL);
  if (handler.watch) return true;
  if (handler.socket) zmq_close(handler.socket);
  handler.socket = NULL;
  sl_bus_context_leave();
  return false;
}

static void handler_stop(void)
{
  sl_watch_destroy(&handler.watch);
  zmq_close(handler.socket);
  handler.socket = NULL;
  sl_bus_context_leave();
}

sl_bus_zap_t *sl_bus_zap_new(sl_loop_t *loop, const sl_bus_keys_t *keys, sl_err_t *err)
{
  if (!keys || !keys->allowed.n) {
    sl_err_set(err, SL_CONFIG, "tcp needs a list of public keys that may connect");
    return NULL;
  }
  sl_bus_zap_t *self = calloc(1, sizeof *self);
  if (self) self->allowed = calloc(keys->allowed.n, sizeof *self->allowed);
  if (!self || !self->allowed || (!handler.socket && !handler_start(loop))) {
    if (self) free(self->allowed);
    free(self);
    sl_err_set(err, SL_BUG, "no handler for keys: %s", zmq_strerror(zmq_errno()));
    return NULL;
  }
  snprintf(self->domain, sizeof self->domain, "sluice-%u", ++handler.serial);
  self->next = handler.first;
  handler.first = self;
  for (size_t i = 0; i < keys->allowed.n; i++) {
    const char *key = keys->allowed.v[i];
    if (strlen(key) == 40 && zmq_z85_decode(self->allowed[i], key)) {
      self->n_allowed++;
      continue;
    }
    sl_err_set(err, SL_CONFIG, "allowed key %zu is not a public key of 40 Z85 characters", i + 1);
    sl_bus_zap_destroy(&self);
    return NULL;
  }
  return self;
}

void sl_bus_zap_destroy(sl_bus_zap_t **self_p)
{
  sl_bus_zap_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  for (sl_bus_zap_t **p = &handler.first; *p; p = &(*p)->next) {
    if (*p != self) continue;
    *p = self->next;
    break;
  }
  if (!handler.first) handler_stop();
  free(self->allowed);
  free(self);
  *self_p = NULL;
}

const char *sl_bus_zap_domain(const sl_bus_zap_t *self)
{
  return self->domain;
}
