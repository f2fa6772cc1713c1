/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/call.h"

#include <stdlib.h>

#include "core/clock.h"

enum {
  POOL = 256,       /* ended calls kept for the next ones … */
  POOL_HEAD = 4096, /* … unless their header's buffer is larger than this */
};

/* --- calls come and go ----------------------------------------------------------------------- */

sl_bus_call_t *sl_bus_call_take(sl_bus_client_t *self)
{
  sl_bus_call_t *call = self->pool;
  if (call) {
    self->pool = call->next;
    self->n_pool--;
  } else {
    call = calloc(1, sizeof *call);
    if (!call) return NULL;
    sl_buf_init(&call->head, SL_BUS_MAX_HEADER);
  }
  sl_buf_t head = call->head;
  sl_buf_clear(&head);
  memset(call, 0, sizeof *call);
  call->head = head;
  call->client = self;
  zmq_msg_init(&call->body);
  zmq_msg_init(&call->reply);
  sl_buf_init(&call->collected, SL_BUS_MAX_BODY);
  return call;
}

void sl_bus_call_free(sl_bus_call_t *call)
{
  sl_bus_client_t *self = call->client;
  zmq_msg_close(&call->body);
  zmq_msg_close(&call->reply);
  sl_buf_fini(&call->collected);
  if (self->n_pool < POOL && call->head.cap <= POOL_HEAD) {
    call->next = self->pool;
    self->pool = call;
    self->n_pool++;
    return;
  }
  sl_buf_fini(&call->head);
  free(call);
}

void sl_bus_call_free_pool(sl_bus_client_t *self)
{
  for (sl_bus_call_t *call = self->pool, *next; call; call = next) {
    next = call->next;
    sl_buf_fini(&call->head);
    free(call);
  }
  self->pool = NULL;
}

void sl_bus_call_attach(sl_bus_call_t *call, sl_bus_peer_t *peer)
{
  call->peer = peer;
  call->prev = NULL;
  call->next = peer->calls;
  if (peer->calls) peer->calls->prev = call;
  peer->calls = call;
  peer->outstanding++;
}

void sl_bus_call_detach(sl_bus_call_t *call)
{
  sl_bus_peer_t *peer = call->peer;
  if (!peer) return;
  if (call->prev)
    call->prev->next = call->next;
  else
    peer->calls = call->next;
  if (call->next) call->next->prev = call->prev;
  call->peer = NULL;
  sl_bus_peers_done(peer);
}

void sl_bus_call_finish(sl_bus_call_t *call)
{
  if (!call->over) sl_bus_idmap_remove(&call->client->calls, &call->node);
  call->over = true;
}

void sl_bus_call_end(sl_bus_call_t *call)
{
  sl_bus_call_finish(call);
  sl_bus_call_detach(call);
  if (!call->busy) sl_bus_call_free(call);
}

void sl_bus_call_tell_error(sl_bus_call_t *call, const sl_err_t *err)
{
  if (call->over) return;
  sl_bus_call_finish(call);
  call->busy = true;
  if (call->streaming && call->handlers.chunk)
    call->handlers.chunk(call->ctx, call, sl_strn("", 0), true, err);
  else
    call->handlers.error(call->ctx, call, err);
  call->busy = false;
}

void sl_bus_call_lose(sl_bus_call_t *call, const char *why)
{
  sl_err_t err;
  bool sent = !(call->unsent & SL_BUS_SEND_CALL);
  sl_str_t system = call->peer->offer.system;
  sl_err_set(&err, sent && !call->safe ? SL_IN_DOUBT : SL_UNAVAILABLE, "%.*s: %s%s",
             SL_STR_ARG(system), why, sent ? " before it answered" : "");
  sl_bus_call_tell_error(call, &err);
  sl_bus_call_end(call);
}

/* --- sending --------------------------------------------------------------------------------- */

/* Encodes the header again: for another instance, or because time has passed. */
static bool encode_again(sl_bus_call_t *call, int64_t now)
{
  sl_bus_client_t *self = call->client;
  sl_bus_header_t header;
  sl_buf_t head;
  sl_arena_reset(self->scratch);
  if (sl_bus_decode(sl_buf_str(&call->head), self->scratch, &header, NULL) != SL_OK) return false;
  header.incarnation = call->peer->offer.incarnation;
  header.deadline_ms = call->deadline_at > now ? call->deadline_at - now : 1;
  sl_buf_init(&head, SL_BUS_MAX_HEADER);
  sl_bus_encode(&header, &head);
  bool ok = !head.failed;
  sl_buf_fini(&call->head);
  call->head = head;
  call->encoded_ms = now;
  return ok;
}

static sl_code_t send_call(sl_bus_call_t *call)
{
  int64_t now = sl_clock_ms();
  if (call->encoded_ms != now && !encode_again(call, now)) return SL_UNAVAILABLE;
  zmq_msg_t body;
  zmq_msg_init(&body);
  zmq_msg_copy(&body, &call->body);
  sl_code_t code = sl_bus_socket_send(call->peer->socket, NULL, sl_buf_str(&call->head), &body);
  zmq_msg_close(&body);
  return code;
}

static sl_code_t send_note(sl_bus_call_t *call, sl_bus_kind_t kind, int64_t bytes)
{
  sl_bus_client_t *self = call->client;
  sl_bus_header_t header = {.kind = kind, .id = call->node.id, .bytes = bytes};
  zmq_msg_t body;
  zmq_msg_init(&body);
  sl_buf_clear(&self->head);
  sl_bus_encode(&header, &self->head);
  sl_code_t code = sl_bus_socket_send(call->peer->socket, NULL, sl_buf_str(&self->head), &body);
  zmq_msg_close(&body);
  return code;
}

/* Sends what call has to send. False: the connection takes no more now. A cancelled call may be
 * gone afterwards. */
static bool flush_call(sl_bus_call_t *call)
{
  if ((call->unsent & SL_BUS_SEND_CALL) && send_call(call) != SL_OK) return false;
  call->unsent &= ~(unsigned)SL_BUS_SEND_CALL;
  if (call->unsent & SL_BUS_SEND_CREDIT) {
    if (send_note(call, SL_BUS_CREDIT, call->owed) != SL_OK) return false;
    call->granted += call->owed;
    call->owed = 0;
    call->unsent &= ~(unsigned)SL_BUS_SEND_CREDIT;
  }
  if (call->unsent & SL_BUS_SEND_CANCEL) {
    if (send_note(call, SL_BUS_CANCEL, 0) != SL_OK) return false;
    sl_bus_call_end(call);
  }
  return true;
}

void sl_bus_call_flush_all(sl_bus_peer_t *peer)
{
  peer->owes = false;
  for (sl_bus_call_t *call = peer->calls, *next; call && !peer->owes; call = next) {
    next = call->next;
    if (call->unsent) peer->owes = !flush_call(call);
  }
}

void sl_bus_call_send(sl_bus_call_t *call, unsigned what)
{
  call->unsent |= what;
  if (call->peer->state != SL_BUS_PEER_UP || !flush_call(call)) call->peer->owes = true;
}

void sl_bus_call_give_up(sl_bus_call_t *call, const sl_err_t *err)
{
  sl_bus_call_tell_error(call, err);
  if (call->unsent & SL_BUS_SEND_CALL)
    sl_bus_call_end(call);
  else
    sl_bus_call_send(call, SL_BUS_SEND_CANCEL);
}

/* --- time ------------------------------------------------------------------------------------ */

/* One timer for all calls: it goes off when the earliest could be due. Most have ended by then, so
 * that a sweep costs once per deadline what a timer each would cost per call. */
void sl_bus_call_due(sl_bus_call_t *call, int64_t at)
{
  sl_bus_client_t *self = call->client;
  call->due_ms = at;
  if (at >= self->sweep_ms) return;
  int64_t now = sl_clock_ms();
  self->sweep_ms = at;
  sl_timer_start(self->sweep, at > now ? at - now : 0, false);
}

/* True: somebody was told that the call has ended. */
static bool pass_deadline(sl_bus_call_t *call, int64_t now)
{
  sl_err_t err;
  sl_str_t system = call->peer->offer.system;
  if (call->over) return false; /* only its cancel has still to be sent */
  if (call->streaming && call->granted <= call->received) {
    call->due_ms = now + call->deadline_ms; /* the receiver is the slow one */
    return false;
  }
  if (call->unsent & SL_BUS_SEND_CALL)
    sl_err_set(&err, SL_UNAVAILABLE, "%.*s: the request could not be sent in time",
               SL_STR_ARG(system));
  else if (call->streaming)
    sl_err_set(&err, SL_TIMED_OUT, "%.*s: the answer stopped coming", SL_STR_ARG(system));
  else
    sl_err_set(&err, call->safe ? SL_TIMED_OUT : SL_IN_DOUBT, "%.*s: no answer within the deadline",
               SL_STR_ARG(system));
  sl_bus_call_give_up(call, &err);
  return true;
}

void sl_bus_call_sweep(void *ctx)
{
  sl_bus_client_t *self = ctx;
  int64_t now = sl_clock_ms();
  self->sweep_ms = INT64_MAX;
  for (sl_bus_peer_t *peer = sl_bus_peers_first(self->peers); peer; peer = peer->next) {
    bool again = true; /* a callback may end any other call: begin anew after one */
    while (again) {
      again = false;
      for (sl_bus_call_t *call = peer->calls; call && !again; call = call->next)
        again = call->due_ms <= now && pass_deadline(call, now);
    }
  }
  int64_t next_ms = INT64_MAX;
  for (sl_bus_peer_t *peer = sl_bus_peers_first(self->peers); peer; peer = peer->next)
    for (sl_bus_call_t *call = peer->calls; call; call = call->next)
      if (!call->over && call->due_ms < next_ms) next_ms = call->due_ms;
  if (next_ms == INT64_MAX) return;
  self->sweep_ms = next_ms;
  sl_timer_start(self->sweep, next_ms > now ? next_ms - now : 0, false);
}
