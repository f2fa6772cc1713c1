/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call: one call of a client, from its encoding to its end: what it has still to send, and when
 * it is given up. Private to bus/: client.c takes requests and answers, and is the one user.
 *
 * A call belongs to its peer's list until it ends. It is over once its end was told (or nobody
 * wants to hear of it); it may still have a cancel to send then, and be busy in its own callback:
 * its memory goes when all that is done. Nothing here blocks; the loop's thread only.
 */
#ifndef SL_BUS_CALL_H
#define SL_BUS_CALL_H

#include "bus/client.h"
#include "bus/idmap.h"
#include "bus/peers.h"

/* What a call has still to send when its connection takes messages again. */
typedef enum sl_bus_send {
  SL_BUS_SEND_CALL = 1,
  SL_BUS_SEND_CREDIT = 2,
  SL_BUS_SEND_CANCEL = 4,
} sl_bus_send_t;

struct sl_bus_call {
  sl_bus_idnode_t node; /* by id, while somebody waits for it */
  char id[SL_BUS_MAX_ID];
  sl_bus_client_t *client;
  sl_bus_peer_t *peer;
  sl_bus_call_t *next, *prev; /* of the peer's calls; next alone in the pool */
  sl_bus_call_handlers_t handlers;
  void *ctx;
  sl_buf_t head;  /* the call's header as it was encoded last */
  zmq_msg_t body; /* kept until the reply: another instance may have to get it */
  int64_t encoded_ms;
  int64_t deadline_ms;       /* as it was asked for: also the longest pause between pieces */
  int64_t deadline_at;       /* sl_clock_ms */
  int64_t due_ms;            /* when the sweep looks at it */
  int64_t granted, received; /* bytes of a chunked answer */
  int64_t owed;              /* credit not sent yet */
  unsigned unsent;           /* sl_bus_send_t */
  bool safe, retried, streaming;
  bool over;          /* its end was told, or nobody wants to hear of it */
  bool busy;          /* inside one of its callbacks */
  sl_buf_t collected; /* handlers.chunk is NULL: the pieces */
  zmq_msg_t reply;    /* and the header that they belong to */
};

struct sl_bus_client {
  sl_bus_peers_t *peers;
  sl_timer_t *sweep;
  int64_t sweep_ms; /* when it goes off; INT64_MAX: not running */
  sl_bus_idmap_t calls;
  sl_bus_call_t *pool;
  size_t n_pool;
  sl_arena_t *arena;   /* of the message being handled */
  sl_arena_t *scratch; /* of a header encoded again */
  sl_buf_t head;       /* of credits and cancels */
  int64_t window;
  sl_loop_fn on_change;
  void *change_ctx;
};

/* A cleared call that belongs to no peer yet; NULL without memory. */
sl_bus_call_t *sl_bus_call_take(sl_bus_client_t *self);
/* Of a call that no peer and no map knows; kept for the next ones. */
void sl_bus_call_free(sl_bus_call_t *call);
/* Frees what is kept. */
void sl_bus_call_free_pool(sl_bus_client_t *self);
void sl_bus_call_attach(sl_bus_call_t *call, sl_bus_peer_t *peer);
void sl_bus_call_detach(sl_bus_call_t *call);

/* Nobody is told anything more, and no answer finds it. */
void sl_bus_call_finish(sl_bus_call_t *call);
/* The call is gone, or will be when the callback that it is in returns. */
void sl_bus_call_end(sl_bus_call_t *call);
/* Finishes it by its error callback; it does not end by that. */
void sl_bus_call_tell_error(sl_bus_call_t *call, const sl_err_t *err);
/* Its peer is gone: it was sent, perhaps, and there will be no answer. why: for a person. */
void sl_bus_call_lose(sl_bus_call_t *call, const char *why);
/* Tells err and ends a call whose adapter still works on it. */
void sl_bus_call_give_up(sl_bus_call_t *call, const sl_err_t *err);

/* Sends what (an sl_bus_send_t), now or when the connection takes it. After a cancel the call may
 * be gone. */
void sl_bus_call_send(sl_bus_call_t *call, unsigned what);
/* Sends what peer's calls have to send, until its connection takes no more. */
void sl_bus_call_flush_all(sl_bus_peer_t *peer);

/* The sweep is to look at call at this sl_clock_ms. */
void sl_bus_call_due(sl_bus_call_t *call, int64_t at);
/* The sweep; ctx is the client. */
void sl_bus_call_sweep(void *ctx);

#endif
