/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/client.h"

#include <stdlib.h>

#include "bus/call.h"
#include "core/clock.h"

enum {
  MAX_IN_FLIGHT = 1024,
  WINDOW = 256 * 1024,
  /* The adapter knows better than we do what became of a call at its deadline: its word may take
   * this long to arrive. */
  GRACE_MS = 100,
  MESSAGE_CAP = 4 << 20, /* memory for one decoded header: text with escapes is copied */
};

/* --- answers --------------------------------------------------------------------------------- */

static bool retry(sl_bus_call_t *call)
{
  sl_bus_route_t route;
  sl_bus_header_t sent;
  if (call->retried || call->deadline_at <= sl_clock_ms()) return false;
  sl_arena_reset(call->client->scratch);
  if (sl_bus_decode(sl_buf_str(&call->head), call->client->scratch, &sent, NULL) != SL_OK ||
      sl_bus_peers_choose(call->client->peers, sent.operation, call->peer, &route, NULL) != SL_OK)
    return false;
  sl_bus_call_detach(call);
  sl_bus_call_attach(call, route.peer);
  call->retried = true;
  call->safe = route.operation->safe;
  call->encoded_ms = INT64_MIN;
  sl_bus_call_send(call, SL_BUS_SEND_CALL);
  return true;
}

static void tell_reply(sl_bus_call_t *call, const sl_bus_header_t *header, sl_str_t body, bool more)
{
  sl_bus_reply_t reply = {
      .status = header->status,
      .headers = header->headers,
      .n_headers = header->n_headers,
      .problem = header->has_problem ? &header->problem : NULL,
      .body = body,
      .more = more,
      .wire = header->wire,
  };
  if (!more) sl_bus_call_finish(call);
  call->busy = true;
  call->handlers.reply(call->ctx, call, &reply);
  call->busy = false;
  if (!more || !call->peer) sl_bus_call_end(call); /* no peer: cancelled in the callback */
}

static void protocol_error(sl_bus_call_t *call, const char *why)
{
  sl_err_t err;
  sl_err_set(&err, !call->streaming && !call->safe ? SL_IN_DOUBT : SL_GARBAGE, "%.*s: %s",
             SL_STR_ARG(call->peer->offer.system), why);
  sl_bus_call_give_up(call, &err);
}

/* The pieces are put together here. */
static void collect(sl_bus_call_t *call, sl_str_t data, bool last)
{
  sl_bus_header_t header;
  sl_buf_adds(&call->collected, data);
  if (call->collected.failed) {
    protocol_error(call, "the answer is too long to be collected");
    return;
  }
  if (!last) {
    sl_bus_credit(call, (int64_t)data.len);
    return;
  }
  /* Beside the last piece's: scratch is used again by what the callback may send. */
  if (sl_bus_decode(sl_bus_frame(&call->reply), call->client->arena, &header, NULL) != SL_OK)
    protocol_error(call, "its answer's header is gone"); /* it was decoded before */
  else
    tell_reply(call, &header, sl_buf_str(&call->collected), false);
}

static void on_reply(sl_bus_call_t *call, const sl_bus_header_t *header, sl_bus_message_t *message)
{
  sl_str_t body = sl_bus_frame(&message->body);
  if (call->streaming) {
    protocol_error(call, "it answered twice");
    return;
  }
  /* Who got a problem is done with the call, and would not expect pieces of it. */
  if (header->has_problem && header->more) {
    protocol_error(call, "it sent a problem that goes on");
    return;
  }
  if (header->not_started) {
    if (retry(call)) return;
    if (!header->has_problem) {
      sl_err_t err;
      sl_err_set(&err, SL_UNAVAILABLE, "%.*s: it did not take the request",
                 SL_STR_ARG(call->peer->offer.system));
      sl_bus_call_tell_error(call, &err);
      sl_bus_call_end(call);
      return;
    }
  }
  if (!header->more) {
    tell_reply(call, header, body, false);
    return;
  }
  call->streaming = true;
  call->received = (int64_t)body.len;
  sl_bus_call_due(call, sl_clock_ms() + call->deadline_ms);
  zmq_msg_close(&call->body); /* it will not be sent again */
  zmq_msg_init(&call->body);
  if (call->handlers.chunk) {
    tell_reply(call, header, body, true);
  } else {
    zmq_msg_copy(&call->reply, &message->head);
    collect(call, body, false);
  }
}

static void on_chunk(sl_bus_call_t *call, const sl_bus_header_t *header, sl_str_t data)
{
  sl_err_t err;
  if (!call->streaming) {
    protocol_error(call, "it sent a piece before its answer");
    return;
  }
  call->received += (int64_t)data.len;
  if (data.len && call->received > call->granted) {
    protocol_error(call, "it sent more than it was allowed to");
    return;
  }
  call->due_ms = sl_clock_ms() + call->deadline_ms; /* later than before: the sweep finds out */
  if (header->failed.len) {
    sl_err_set(&err, SL_GARBAGE, "%.*s: the answer broke off: %.*s",
               SL_STR_ARG(call->peer->offer.system), SL_STR_ARG(header->failed));
    sl_bus_call_tell_error(call, &err);
    sl_bus_call_end(call);
    return;
  }
  if (!data.len && !header->last) return; /* a sign of life */
  if (!call->handlers.chunk) {
    collect(call, data, header->last);
    return;
  }
  if (header->last) sl_bus_call_finish(call);
  call->busy = true;
  call->handlers.chunk(call->ctx, call, data, header->last, NULL);
  call->busy = false;
  if (header->last || !call->peer) sl_bus_call_end(call);
}

static void on_message(void *ctx, sl_bus_peer_t *peer, sl_bus_message_t *message)
{
  sl_bus_client_t *self = ctx;
  sl_bus_header_t header;
  sl_arena_reset(self->arena);
  if (sl_bus_decode(sl_bus_frame(&message->head), self->arena, &header, NULL) != SL_OK) return;
  if (header.kind == SL_BUS_REPLY) {
    peer->load = header.load;
    peer->load_ms = sl_clock_ms();
  }
  /* One that nobody waits for any more, or that another instance has taken over: late, dropped. */
  sl_bus_call_t *call =
      (sl_bus_call_t *)sl_bus_idmap_find(&self->calls, sl_strn(NULL, 0), header.id);
  if (!call || call->peer != peer) return;
  if (header.kind == SL_BUS_REPLY) on_reply(call, &header, message);
  if (header.kind == SL_BUS_CHUNK) on_chunk(call, &header, sl_bus_frame(&message->body));
}

/* --- peers ----------------------------------------------------------------------------------- */

static void on_up(void *ctx, sl_bus_peer_t *peer)
{
  sl_bus_call_flush_all(peer);
}

static void on_down(void *ctx, sl_bus_peer_t *peer, const char *why)
{
  while (peer->calls) sl_bus_call_lose(peer->calls, why);
}

static void on_change(void *ctx)
{
  sl_bus_client_t *self = ctx;
  if (self->on_change) self->on_change(self->change_ctx);
}

static void after(void *ctx)
{
  sl_bus_client_t *self = ctx;
  for (sl_bus_peer_t *peer = sl_bus_peers_first(self->peers); peer; peer = peer->next)
    if (peer->owes && peer->state == SL_BUS_PEER_UP) sl_bus_call_flush_all(peer);
}

/* --- the interface --------------------------------------------------------------------------- */

sl_bus_client_t *sl_bus_client_new(sl_loop_t *loop, const sl_bus_client_opts_t *opts, sl_err_t *err)
{
  static const sl_bus_peers_handlers_t handlers = {on_up, on_down, on_message, on_change, after};
  sl_bus_client_opts_t o = *opts;
  if (!o.max_in_flight) o.max_in_flight = MAX_IN_FLIGHT;
  if (!o.window) o.window = WINDOW;
  sl_bus_client_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the bus client"), NULL;
  self->window = o.window;
  self->sweep_ms = INT64_MAX;
  sl_bus_idmap_init(&self->calls);
  sl_buf_init(&self->head, SL_BUS_MAX_HEADER);
  self->arena = sl_arena_new(0, MESSAGE_CAP);
  self->scratch = sl_arena_new(0, MESSAGE_CAP);
  self->sweep = sl_timer_new(loop, sl_bus_call_sweep, self);
  if (!self->arena || !self->scratch || !self->sweep)
    sl_err_set(err, SL_BUG, "no memory for the bus client");
  else
    self->peers = sl_bus_peers_new(loop, &o, &handlers, self, err);
  if (!self->peers) sl_bus_client_destroy(&self);
  return self;
}

void sl_bus_client_destroy(sl_bus_client_t **self_p)
{
  sl_bus_client_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  for (sl_bus_peer_t *peer = self->peers ? sl_bus_peers_first(self->peers) : NULL; peer;
       peer = peer->next)
    while (peer->calls) sl_bus_call_end(peer->calls);
  sl_bus_peers_destroy(&self->peers);
  sl_bus_call_free_pool(self);
  sl_timer_destroy(&self->sweep);
  sl_bus_idmap_fini(&self->calls);
  sl_buf_fini(&self->head);
  sl_arena_destroy(&self->arena);
  sl_arena_destroy(&self->scratch);
  free(self);
  *self_p = NULL;
}

void sl_bus_client_on_change(sl_bus_client_t *self, sl_loop_fn fn, void *ctx)
{
  self->on_change = fn;
  self->change_ctx = ctx;
}

bool sl_bus_client_ready(const sl_bus_client_t *self)
{
  return sl_bus_peers_ready(self->peers);
}

const sl_bus_offer_t *sl_bus_client_offer(const sl_bus_client_t *self, size_t i, bool *alive_p)
{
  const sl_bus_peer_t *peer = sl_bus_peers_at(self->peers, i);
  if (!peer) return NULL;
  if (alive_p) *alive_p = peer->state == SL_BUS_PEER_UP && !peer->leaving;
  return &peer->offer;
}

size_t sl_bus_client_in_flight(const sl_bus_client_t *self)
{
  return self->calls.n;
}

static sl_code_t check_request(const sl_bus_client_t *self, const sl_bus_request_t *request,
                               sl_err_t *err)
{
  if (!request->id.len || request->id.len > SL_BUS_MAX_ID)
    return sl_err_set(err, SL_BUG, "a call needs an id of at most %d bytes", SL_BUS_MAX_ID);
  if (sl_bus_idmap_find(&self->calls, sl_strn(NULL, 0), request->id))
    return sl_err_set(err, SL_BUG, "a call with this id is open");
  if (request->deadline_ms <= 0)
    return sl_err_set(err, SL_UNAVAILABLE, "the deadline has passed before the request was sent");
  if (request->body.len > SL_BUS_MAX_BODY || request->n_args > SL_BUS_MAX_PAIRS)
    return sl_err_set(err, SL_TOO_LARGE, "the request is too large for the bus");
  return SL_OK;
}

static bool encode_call(sl_bus_call_t *call, const sl_bus_request_t *request)
{
  sl_bus_header_t header = {
      .kind = SL_BUS_CALL,
      .id = request->id,
      .operation = request->operation,
      .deadline_ms = request->deadline_ms,
      .args = (sl_bus_pair_t *)request->args,
      .n_args = request->n_args,
      .principal = request->principal,
      .idempotency_key = request->idempotency_key,
      .traceparent = request->traceparent,
      .incarnation = call->peer->offer.incarnation,
      .bytes = call->granted,
      .show_wire = request->show_wire,
  };
  sl_bus_encode(&header, &call->head);
  return !call->head.failed;
}

static bool copy_request(sl_bus_call_t *call, const sl_bus_request_t *request)
{
  call->granted = call->client->window;
  call->deadline_ms = request->deadline_ms;
  call->encoded_ms = sl_clock_ms();
  call->deadline_at = call->encoded_ms + request->deadline_ms;
  memcpy(call->id, request->id.p, request->id.len);
  call->node.id = sl_strn(call->id, request->id.len);
  if (request->body.len) {
    zmq_msg_close(&call->body);
    if (zmq_msg_init_size(&call->body, request->body.len)) {
      zmq_msg_init(&call->body);
      return false;
    }
    memcpy(zmq_msg_data(&call->body), request->body.p, request->body.len);
  }
  return encode_call(call, request);
}

sl_bus_call_t *sl_bus_call(sl_bus_client_t *self, const sl_bus_request_t *request,
                           const sl_bus_call_handlers_t *handlers, void *ctx, sl_err_t *err)
{
  sl_bus_route_t route;
  if (check_request(self, request, err) != SL_OK) return NULL;
  if (sl_bus_peers_choose(self->peers, request->operation, NULL, &route, err) != SL_OK) return NULL;
  sl_bus_call_t *call = sl_bus_call_take(self);
  if (!call) return sl_err_set(err, SL_UNAVAILABLE, "no memory for the call"), NULL;
  call->handlers = *handlers;
  call->ctx = ctx;
  call->safe = route.operation->safe;
  call->peer = route.peer;
  bool ok = copy_request(call, request);
  call->peer = NULL;
  if (!ok || !sl_bus_idmap_add(&self->calls, &call->node)) {
    sl_err_set(err, SL_TOO_LARGE, "the request is too large for the bus");
    sl_bus_call_free(call);
    return NULL;
  }
  sl_bus_call_attach(call, route.peer);
  sl_bus_call_due(call, call->deadline_at + GRACE_MS);
  sl_bus_call_send(call, SL_BUS_SEND_CALL);
  return call;
}

void sl_bus_credit(sl_bus_call_t *call, int64_t bytes)
{
  if (call->over || !call->streaming || bytes <= 0) return;
  call->owed += bytes;
  /* A quarter of the window at a time: few messages, and the sender never waits for one. */
  if (call->owed >= call->client->window / 4 || call->granted <= call->received)
    sl_bus_call_send(call, SL_BUS_SEND_CREDIT);
}

void sl_bus_cancel(sl_bus_call_t **call_p)
{
  sl_bus_call_t *call = call_p ? *call_p : NULL;
  if (!call) return;
  *call_p = NULL;
  if (call->over) return;
  sl_bus_call_finish(call);
  if (call->unsent & SL_BUS_SEND_CALL)
    sl_bus_call_end(call);
  else
    sl_bus_call_send(call, SL_BUS_SEND_CANCEL);
}
