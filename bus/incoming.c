/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/incoming.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

enum {
  CALL_CAP = 4 << 20, /* memory of one decoded header */
  PROBE_MS = 5000,    /* a caller that gives no credit for so long is asked whether it is alive */
  POOL = 64,          /* ended calls whose memory is kept for the next ones */
  MAX_WIRE = 32768,   /* of show_wire: six times as much when all of it is escaped still fits */
};

/* --- calls come and go ----------------------------------------------------------------------- */

sl_bus_incoming_t *sl_bus_incoming_take(sl_bus_server_t *self)
{
  sl_bus_incoming_t *in = self->pool;
  sl_arena_t *arena;
  if (in) {
    self->pool = in->next;
    self->n_pool--;
    arena = in->arena;
    sl_arena_reset(arena);
  } else {
    arena = sl_arena_new(2048, CALL_CAP);
    in = arena ? malloc(sizeof *in) : NULL;
    if (!in) sl_arena_destroy(&arena);
    if (!in) return NULL;
  }
  memset(in, 0, sizeof *in);
  in->server = self;
  in->arena = arena;
  zmq_msg_init(&in->route);
  zmq_msg_init(&in->head);
  zmq_msg_init(&in->body);
  return in;
}

void sl_bus_incoming_free(sl_bus_incoming_t *in)
{
  sl_bus_server_t *self = in->server;
  zmq_msg_close(&in->route);
  zmq_msg_close(&in->head);
  zmq_msg_close(&in->body);
  if (self->n_pool < POOL) {
    in->next = self->pool;
    self->pool = in;
    self->n_pool++;
    return;
  }
  sl_arena_destroy(&in->arena);
  free(in);
}

void sl_bus_incoming_free_pool(sl_bus_server_t *self)
{
  for (sl_bus_incoming_t *in = self->pool, *next; in; in = next) {
    next = in->next;
    sl_arena_destroy(&in->arena);
    free(in);
  }
  self->pool = NULL;
}

void sl_bus_incoming_open(sl_bus_incoming_t *in)
{
  sl_bus_server_t *self = in->server;
  in->prev = NULL;
  in->next = self->open;
  if (self->open) self->open->prev = in;
  self->open = in;
}

static bool owes(const sl_bus_incoming_t *in)
{
  return in->out || in->gone;
}

static void drop_out(sl_bus_incoming_t *in)
{
  for (sl_bus_outgoing_t *out = in->out, *next; out; out = next) {
    next = out->next;
    zmq_msg_close(&out->head);
    zmq_msg_close(&out->body);
    free(out);
  }
  in->out = NULL;
}

void sl_bus_incoming_close(sl_bus_incoming_t *in)
{
  sl_bus_server_t *self = in->server;
  if (owes(in)) self->owing--;
  drop_out(in);
  sl_bus_idmap_remove(&self->calls, &in->node);
  if (in->prev)
    in->prev->next = in->next;
  else
    self->open = in->next;
  if (in->next) in->next->prev = in->prev;
  sl_bus_incoming_free(in);
}

/* --- sending --------------------------------------------------------------------------------- */

/* Nobody is there to be answered. The adapter is told at the end of the turn, not inside the call
 * it has just made. */
static void caller_gone(sl_bus_incoming_t *in)
{
  if (!owes(in)) in->server->owing++;
  drop_out(in);
  in->gone = in->cancelled = true;
}

static sl_code_t send_frames(sl_bus_incoming_t *in, sl_str_t head, zmq_msg_t *body)
{
  return sl_bus_socket_send(in->socket, &in->route, head, body);
}

static void queue(sl_bus_incoming_t *in, sl_str_t head, zmq_msg_t *body)
{
  sl_bus_outgoing_t *out = calloc(1, sizeof *out), **tail = &in->out;
  if (!out || zmq_msg_init_size(&out->head, head.len)) {
    free(out);
    caller_gone(in); /* it will see its call run out of time */
    return;
  }
  memcpy(zmq_msg_data(&out->head), head.p, head.len);
  zmq_msg_init(&out->body);
  zmq_msg_move(&out->body, body);
  if (!owes(in)) in->server->owing++;
  while (*tail) tail = &(*tail)->next;
  *tail = out;
}

static void send_or_queue(sl_bus_incoming_t *in, sl_str_t head, sl_str_t data)
{
  zmq_msg_t body;
  if (in->cancelled) return;
  if (zmq_msg_init_size(&body, data.len)) {
    caller_gone(in);
    return;
  }
  if (data.len) memcpy(zmq_msg_data(&body), data.p, data.len);
  sl_code_t code = in->out ? SL_LIMITED : send_frames(in, head, &body);
  if (code == SL_LIMITED) queue(in, head, &body);
  if (code == SL_UNAVAILABLE) caller_gone(in);
  zmq_msg_close(&body);
}

static void flush_call(sl_bus_incoming_t *in)
{
  sl_bus_server_t *self = in->server;
  while (in->out) {
    sl_bus_outgoing_t *out = in->out;
    sl_code_t code = send_frames(in, sl_bus_frame(&out->head), &out->body);
    if (code == SL_LIMITED) return;
    if (code == SL_UNAVAILABLE) {
      caller_gone(in);
      break;
    }
    in->out = out->next;
    if (!owes(in)) self->owing--;
    zmq_msg_close(&out->head);
    zmq_msg_close(&out->body);
    free(out);
  }
  if (in->answered) sl_bus_incoming_close(in);
}

/* True: one was told, and any other may have ended by that. */
static bool tell_one_gone(sl_bus_server_t *self)
{
  sl_bus_incoming_t *in = self->open;
  while (in && !in->gone) in = in->next;
  if (!in) return false;
  in->gone = false;
  if (!owes(in)) self->owing--;
  self->handlers.cancel(self->ctx, in);
  return true;
}

void sl_bus_incoming_flush_all(sl_bus_server_t *self)
{
  for (sl_bus_incoming_t *in = self->owing ? self->open : NULL, *next; in; in = next) {
    next = in->next;
    if (owes(in)) flush_call(in);
  }
  while (self->owing && tell_one_gone(self)) continue;
}

void sl_bus_incoming_refuse(sl_bus_incoming_t *in, const char *why)
{
  sl_bus_server_t *self = in->server;
  sl_bus_header_t header = {
      .kind = SL_BUS_REPLY,
      .id = in->header.id,
      .incarnation = sl_str(self->incarnation),
      .not_started = true,
      .has_problem = true,
      .load = self->load,
  };
  zmq_msg_t body;
  header.problem.code = SL_UNAVAILABLE;
  snprintf(header.problem.detail, sizeof header.problem.detail, "%s", why);
  sl_problem_complete(&header.problem);
  header.status = header.problem.status;
  sl_buf_clear(&self->head);
  sl_bus_encode(&header, &self->head);
  zmq_msg_init(&body);
  send_frames(in, sl_buf_str(&self->head), &body);
  zmq_msg_close(&body);
}

/* --- time ------------------------------------------------------------------------------------ */

/* As in the client: one timer, set to the earliest moment at which any call could be due. */
void sl_bus_incoming_due(sl_bus_incoming_t *in, int64_t at, int64_t now)
{
  sl_bus_server_t *self = in->server;
  in->due_ms = at;
  if (at >= self->sweep_ms) return;
  self->sweep_ms = at;
  sl_timer_start(self->sweep, at > now ? at - now : 0, false);
}

static void send_chunk(sl_bus_incoming_t *in, sl_str_t data, bool last, const char *failed)
{
  sl_bus_server_t *self = in->server;
  sl_bus_header_t header = {
      .kind = SL_BUS_CHUNK,
      .id = in->header.id,
      .last = last,
      .failed = sl_str(failed),
  };
  sl_buf_clear(&self->head);
  sl_bus_encode(&header, &self->head);
  send_or_queue(in, sl_buf_str(&self->head), data);
}

static void on_due(sl_bus_incoming_t *in, int64_t now)
{
  sl_bus_server_t *self = in->server;
  if (in->replied) {
    /* An empty piece needs no credit, and sending it tells whether anybody is there. */
    in->due_ms = now + PROBE_MS;
    if (!in->out) send_chunk(in, sl_strn("", 0), false, NULL);
    return;
  }
  in->due_ms = INT64_MAX;
  in->cancelled = true;
  self->handlers.cancel(self->ctx, in);
}

void sl_bus_incoming_sweep(void *ctx)
{
  sl_bus_server_t *self = ctx;
  int64_t now = sl_clock_ms(), next_ms = INT64_MAX;
  self->sweep_ms = INT64_MAX;
  bool again = true; /* a callback may end any call: begin anew after one */
  while (again) {
    again = false;
    for (sl_bus_incoming_t *in = self->open; in && !again; in = in->next) {
      if (in->answered || in->cancelled || in->due_ms > now) continue;
      again = true;
      on_due(in, now);
    }
  }
  for (sl_bus_incoming_t *in = self->open; in; in = in->next)
    if (!in->answered && !in->cancelled && in->due_ms < next_ms) next_ms = in->due_ms;
  if (next_ms == INT64_MAX) return;
  self->sweep_ms = next_ms;
  sl_timer_start(self->sweep, next_ms > now ? next_ms - now : 0, false);
}

/* --- an open call ---------------------------------------------------------------------------- */

const sl_bus_header_t *sl_bus_incoming_header(const sl_bus_incoming_t *in)
{
  return &in->header;
}

sl_str_t sl_bus_incoming_body(const sl_bus_incoming_t *in)
{
  return sl_bus_frame((zmq_msg_t *)&in->body);
}

int64_t sl_bus_incoming_deadline(const sl_bus_incoming_t *in)
{
  return in->deadline_at;
}

void **sl_bus_incoming_data(sl_bus_incoming_t *in)
{
  return &in->data;
}

int64_t sl_bus_incoming_credit(const sl_bus_incoming_t *in)
{
  return in->cancelled || in->credit < 0 ? 0 : in->credit;
}

/* The adapter is done with it; what the caller's queue has not taken yet keeps it. */
static void done(sl_bus_incoming_t *in)
{
  in->answered = true;
  if (!in->out) sl_bus_incoming_close(in);
}

static sl_str_t cut_wire(sl_str_t wire)
{
  size_t len = wire.len < MAX_WIRE ? wire.len : MAX_WIRE;
  while (len < wire.len && len > 0 && ((unsigned char)wire.p[len] & 0xC0) == 0x80) len--;
  return sl_strn(wire.p, len);
}

/* What was to be said does not fit into a message. */
static void send_too_large(sl_bus_incoming_t *in, const char *what)
{
  sl_bus_server_t *self = in->server;
  sl_bus_header_t header = {.kind = SL_BUS_REPLY, .id = in->header.id, .has_problem = true};
  header.incarnation = sl_str(self->incarnation);
  header.load = self->load;
  header.problem.code = SL_BUG;
  snprintf(header.problem.detail, sizeof header.problem.detail, "%s", what);
  sl_problem_complete(&header.problem);
  header.status = header.problem.status;
  sl_buf_clear(&self->head);
  sl_bus_encode(&header, &self->head);
  send_or_queue(in, sl_buf_str(&self->head), sl_strn("", 0));
  in->cancelled = true; /* what follows is not wanted */
}

void sl_bus_answer(sl_bus_incoming_t *in, const sl_bus_header_t *header, sl_str_t body)
{
  sl_bus_server_t *self = in->server;
  SL_ASSERT(!in->answered && !in->replied);
  sl_bus_header_t reply = {
      .kind = SL_BUS_REPLY,
      .id = in->header.id,
      .incarnation = sl_str(self->incarnation),
      .status = header->status,
      .headers = header->headers,
      .n_headers = header->n_headers,
      .has_problem = header->has_problem,
      .more = header->more,
      .not_started = header->not_started,
      .load = self->load,
      .wire = cut_wire(header->wire),
  };
  if (header->has_problem) reply.problem = header->problem;
  sl_buf_clear(&self->head);
  sl_bus_encode(&reply, &self->head);
  if (self->head.failed)
    send_too_large(in, "the answer's headers are too long");
  else if (body.len > SL_BUS_MAX_BODY)
    send_too_large(in, "the answer is too long for one message");
  else
    send_or_queue(in, sl_buf_str(&self->head), body);
  if (!header->more) {
    done(in);
    return;
  }
  int64_t now = sl_clock_ms();
  in->replied = true;
  in->credit -= (int64_t)body.len;
  sl_bus_incoming_due(in, now + PROBE_MS, now);
}

void sl_bus_answer_chunk(sl_bus_incoming_t *in, sl_str_t data, bool last, const char *failed)
{
  SL_ASSERT(in->replied && !in->answered);
  SL_ASSERT(in->cancelled || !data.len || (int64_t)data.len <= in->credit);
  bool end = last || (failed && failed[0]);
  in->credit -= (int64_t)data.len;
  in->due_ms = sl_clock_ms() + PROBE_MS;
  send_chunk(in, data, end, failed);
  if (end) done(in);
}
