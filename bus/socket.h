/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * socket: ZeroMQ sockets on our loop. Private to bus/; with zap, the only place that calls libzmq.
 *
 * A hub holds the sockets of one owner (client, server, directory) and one drain of the loop for
 * all of them. ZMQ_FD is edge-triggered and any call on a socket may swallow its edge: so a socket
 * is `dirty` after its descriptor fired and after every send, and the drain reads dirty sockets
 * until EAGAIN, a bounded batch a turn.
 *
 * What the options are set to, and why:
 *   ZMQ_ROUTER_MANDATORY  a send to someone who left, or is full, says so instead of vanishing
 *   no ZMQ_IMMEDIATE      it would also throw away answers that have arrived when their connection
 *                         ends (measured: 49 of 200). Instead nothing is sent before the link is
 * up, and a socket whose link went down is closed by its owner with all that is queued in it; the
 * incarnation in each call covers the moment between no ROUTER_HANDOVER    routes are chosen by
 * ZeroMQ, one per connection; nobody can take over one ZMQ_MAXMSGSIZE        SL_BUS_MAX_BODY
 *   ZMQ_LINGER            200 ms: a last word (bye) may still leave, nobody waits long for it
 *   heartbeats on tcp     a peer whose host vanished is noticed within 3 s; on ipc the kernel tells
 * A socket monitor on each connecting socket tells at once when the other side dies.
 */
#ifndef SL_BUS_SOCKET_H
#define SL_BUS_SOCKET_H

#include <zmq.h>
#include "core/loop.h"
#include "core/str.h"

typedef struct sl_bus_hub sl_bus_hub_t;
typedef struct sl_bus_socket sl_bus_socket_t;
struct sl_bus_secret;

/* A received message. A handler may zmq_msg_move frames out of it; what it leaves is dropped. */
typedef struct sl_bus_message {
  zmq_msg_t route; /* from a ROUTER: whom to answer; else empty */
  zmq_msg_t head, body;
} sl_bus_message_t;

typedef enum sl_bus_link {
  SL_BUS_LINK_UP,   /* connected, greeting and keys accepted */
  SL_BUS_LINK_DOWN, /* the connection ended; everything that came before was handed out already */
  SL_BUS_LINK_REFUSED, /* the other side does not accept our key, or we not its */
} sl_bus_link_t;

typedef struct sl_bus_socket_opts {
  const char *bind;    /* makes it a ROUTER: "ipc:///…", "tcp://host:port" */
  const char *connect; /* makes it a DEALER, reconnecting by itself */
  int hwm;             /* messages queued for one peer before sends are refused */
  /* tcp only: our key pair, and the key of whom we connect to or the domain whose keys we accept
   * (zap.h). Required there, refused without. */
  const struct sl_bus_secret *secret;
  const char *server_key, *zap_domain;

  void (*message)(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message);
  void (*link)(void *ctx, sl_bus_socket_t *socket, sl_bus_link_t link); /* DEALER only */
  void *ctx;
} sl_bus_socket_opts_t;

/* after (may be NULL) is called at the end of every turn's drain. */
sl_bus_hub_t *sl_bus_hub_new(sl_loop_t *loop, sl_loop_fn after, void *ctx, sl_err_t *err);
/* Closes its sockets. Not from inside one of its callbacks. */
void sl_bus_hub_destroy(sl_bus_hub_t **self_p);

/* NULL with SL_CONFIG (bad endpoint, address in use, keys missing) or SL_BUG. */
sl_bus_socket_t *sl_bus_socket_new(sl_bus_hub_t *hub, const sl_bus_socket_opts_t *opts,
                                   sl_err_t *err);
/* Allowed inside its own callbacks. */
void sl_bus_socket_destroy(sl_bus_socket_t **self_p);
/* Where it is bound: "tcp://127.0.0.1:40123" even if port 0 was asked for. Borrowed. */
const char *sl_bus_socket_endpoint(const sl_bus_socket_t *self);

/* Sends head and body; body is taken (left empty) if and only if SL_OK. route is NULL for a DEALER.
 * SL_LIMITED: the peer's queue is full, or it is not connected (yet); SL_UNAVAILABLE: it is gone.
 */
sl_code_t sl_bus_socket_send(sl_bus_socket_t *self, zmq_msg_t *route, sl_str_t head,
                             zmq_msg_t *body);

static inline sl_str_t sl_bus_frame(zmq_msg_t *frame)
{
  return sl_strn(zmq_msg_data(frame), zmq_msg_size(frame));
}

/* The process's ZeroMQ context (one I/O thread), made for the first who asks and ended by the last
 * who leaves. NULL without memory or descriptors. */
void *sl_bus_context_take(void);
void sl_bus_context_leave(void);

#endif
