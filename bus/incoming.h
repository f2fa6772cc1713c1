/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * incoming: one call at a server, from its arrival to the last byte of its answer, which the
 * caller's queue may take late. Private to bus/: server.c makes the sockets and takes what comes
 * in, and is the one user beside what server.h declares.
 *
 * A call is the adapter's until it has answered; from then on it is kept only for what is still to
 * be sent. When the caller has gone, the adapter is told at the end of the turn, never inside the
 * call it has just made. Nothing here blocks; the loop's thread only.
 */
#ifndef SL_BUS_INCOMING_H
#define SL_BUS_INCOMING_H

#include "bus/endpoint.h"
#include "bus/idmap.h"
#include "bus/presence.h"
#include "bus/server.h"
#include "bus/socket.h"
#include "bus/zap.h"

typedef struct sl_bus_outgoing {
  struct sl_bus_outgoing *next;
  zmq_msg_t head, body;
} sl_bus_outgoing_t;

struct sl_bus_incoming {
  sl_bus_idnode_t node; /* by the caller's route and id */
  sl_bus_server_t *server;
  sl_bus_socket_t *socket;
  sl_bus_incoming_t *next, *prev; /* of those open; next alone in the pool */
  zmq_msg_t route, head, body;
  sl_bus_header_t header;
  sl_arena_t *arena;
  int64_t deadline_at, due_ms, credit;
  sl_bus_outgoing_t *out; /* what the caller's queue did not take yet, in order */
  void *data;
  bool cancelled; /* answers are dropped */
  bool gone;      /* the caller is not there any more: cancel is still to be told */
  bool replied;   /* chunks follow */
  bool answered;  /* the adapter has done its part; kept only for out */
};

struct sl_bus_server {
  sl_bus_hub_t *hub;
  sl_bus_socket_t *sockets[2];
  sl_bus_zap_t *zap;
  sl_bus_presence_t *presence;
  sl_bus_server_handlers_t handlers;
  void *ctx;
  sl_bus_idmap_t calls;
  sl_bus_incoming_t *open, *pool;
  size_t n_pool;
  size_t owing; /* calls with out or gone */
  sl_timer_t *sweep;
  int64_t sweep_ms;
  sl_buf_t head;
  double load;
  bool withdrawn;
  char incarnation[17], instance[192];
  char endpoints[2][SL_BUS_ENDPOINT_SIZE];
  size_t n_endpoints;
  sl_bus_secret_t secret;
};

/* A cleared one that belongs to no list yet; NULL without memory. */
sl_bus_incoming_t *sl_bus_incoming_take(sl_bus_server_t *self);
/* Of one that is not open; kept for the next ones. */
void sl_bus_incoming_free(sl_bus_incoming_t *in);
/* Frees what is kept. */
void sl_bus_incoming_free_pool(sl_bus_server_t *self);
void sl_bus_incoming_open(sl_bus_incoming_t *in);
void sl_bus_incoming_close(sl_bus_incoming_t *in);

/* Answers not-started to one that is not open; if the answer is not taken, it is dropped. */
void sl_bus_incoming_refuse(sl_bus_incoming_t *in, const char *why);
/* The end of a turn: sends what waits, then tells the adapter whose callers have gone. */
void sl_bus_incoming_flush_all(sl_bus_server_t *self);

/* The sweep is to look at it at this sl_clock_ms. */
void sl_bus_incoming_due(sl_bus_incoming_t *in, int64_t at, int64_t now);
/* The sweep; ctx is the server. */
void sl_bus_incoming_sweep(void *ctx);

#endif
