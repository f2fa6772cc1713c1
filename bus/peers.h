/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * peers: who is there, as a client sees it: the directory's word, one connection per instance, and
 * the choice among instances. Private to bus/, for the client (client.c, call.c).
 *
 * A connection that lives counts more than what the directory says: a peer that the directory has
 * lost is used as long as its connection stands, and one whose connection broke is not used,
 * whatever the directory still believes. What the directory alone can say is that an instance is
 * going (bye): then no new call is sent to it, and those open run on.
 * An offer outlives its instance, marked dead, until an instance of the same system is there: so a
 * route that existed answers "unavailable" instead of "not found".
 */
#ifndef SL_BUS_PEERS_H
#define SL_BUS_PEERS_H

#include "bus/client.h"
#include "bus/socket.h"

typedef struct sl_bus_peers sl_bus_peers_t;

typedef enum sl_bus_peer_state {
  SL_BUS_PEER_NEW,  /* connecting for the first time: calls are held for a moment */
  SL_BUS_PEER_UP,   /* calls may be sent */
  SL_BUS_PEER_DOWN, /* connection lost, or no answer to the first attempts; may come back */
  SL_BUS_PEER_DEAD, /* gone for good: only its offer is kept */
} sl_bus_peer_state_t;

typedef struct sl_bus_peer {
  struct sl_bus_peer *next;
  sl_bus_peers_t *peers;
  sl_bus_offer_t offer;
  sl_arena_t *arena; /* of offer */
  sl_bus_socket_t *socket;
  sl_bus_peer_state_t state;
  bool listed;      /* the directory says that it is there */
  bool leaving;     /* it said goodbye, or a new incarnation took its name: no new calls */
  bool retired;     /* a new incarnation took its name: not shown any more */
  bool mark;        /* seen in the snapshot being read */
  int64_t since_ms; /* NEW since */

  /* The client's: */
  struct sl_bus_call *calls; /* those open with it */
  size_t outstanding;        /* how many */
  bool owes;                 /* some of them have something to send */
  double load;               /* as of load_ms, from its last reply or its offer */
  int64_t load_ms;
} sl_bus_peer_t;

typedef struct sl_bus_peers_handlers {
  void (*up)(void *ctx, sl_bus_peer_t *peer);
  /* Its open calls get no answer any more. why: for a person. */
  void (*down)(void *ctx, sl_bus_peer_t *peer, const char *why);
  void (*message)(void *ctx, sl_bus_peer_t *peer, sl_bus_message_t *message);
  void (*change)(void *ctx); /* offers came, went, or changed their state */
  void (*after)(void *ctx);  /* at the end of a turn */
} sl_bus_peers_handlers_t;

typedef struct sl_bus_route {
  sl_bus_peer_t *peer;
  const sl_bus_operation_t *operation;
} sl_bus_route_t;

sl_bus_peers_t *sl_bus_peers_new(sl_loop_t *loop, const sl_bus_client_opts_t *opts,
                                 const sl_bus_peers_handlers_t *handlers, void *ctx, sl_err_t *err);
/* Without callbacks. */
void sl_bus_peers_destroy(sl_bus_peers_t **self_p);

/* A first snapshot has come. */
bool sl_bus_peers_ready(const sl_bus_peers_t *self);
/* NULL past the end. */
const sl_bus_peer_t *sl_bus_peers_at(const sl_bus_peers_t *self, size_t i);
sl_bus_peer_t *sl_bus_peers_first(sl_bus_peers_t *self);

/* The less loaded of two peers drawn at random that offer "crm.getCustomer", not except (may be
 * NULL). SL_NOT_FOUND: nobody ever offered it. SL_UNAVAILABLE: nobody who does is there, or all of
 * them have max_in_flight calls of ours. */
sl_code_t sl_bus_peers_choose(sl_bus_peers_t *self, sl_str_t operation, const sl_bus_peer_t *except,
                              sl_bus_route_t *out, sl_err_t *err);
/* A call with peer has ended; a retired peer without calls goes. */
void sl_bus_peers_done(sl_bus_peer_t *peer);

#endif
