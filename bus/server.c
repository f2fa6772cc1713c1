/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "bus/endpoint.h"
#include "bus/idmap.h"
#include "bus/presence.h"
#include "bus/socket.h"
#include "bus/zap.h"
#include "core/clock.h"

enum {
  HEARTBEAT_MS = 1000,
  HWM = 1024 + 64,    /* a client's calls in flight, and its credits and cancels */
  MAX_OPEN = 16384,   /* calls of all clients; the host admits far fewer */
  CALL_CAP = 4 << 20, /* memory of one decoded header */
  LATE_MS = 1000,     /* so long after its deadline a call is cancelled from here */
  PROBE_MS = 5000,    /* a caller that gives no credit for so long is asked whether it is alive */
  POOL = 64,          /* ended calls whose memory is kept for the next ones */
  MAX_WIRE = 32768,   /* of show_wire: six times as much when all of it is escaped still fits */
};

typedef struct outgoing {
  struct outgoing *next;
  zmq_msg_t head, body;
} outgoing_t;

struct sl_bus_incoming {
  sl_bus_idnode_t node; /* by the caller's route and id */
  sl_bus_server_t *server;
  sl_bus_socket_t *socket;
  sl_bus_incoming_t *next, *prev; /* of those open; next alone in the pool */
  zmq_msg_t route, head, body;
  sl_bus_header_t header;
  sl_arena_t *arena;
  int64_t deadline_at, due_ms, credit;
  outgoing_t *out; /* what the caller's queue did not take yet, in order */
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

/* --- calls come and go ----------------------------------------------------------------------- */

static sl_bus_incoming_t *take_incoming(sl_bus_server_t *self)
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

static void free_incoming(sl_bus_incoming_t *in)
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

static void open_call(sl_bus_incoming_t *in)
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
  for (outgoing_t *out = in->out, *next; out; out = next) {
    next = out->next;
    zmq_msg_close(&out->head);
    zmq_msg_close(&out->body);
    free(out);
  }
  in->out = NULL;
}

static void close_call(sl_bus_incoming_t *in)
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
  free_incoming(in);
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
  outgoing_t *out = calloc(1, sizeof *out), **tail = &in->out;
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
    outgoing_t *out = in->out;
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
  if (in->answered) close_call(in);
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

/* --- time ------------------------------------------------------------------------------------ */

/* As in the client: one timer, set to the earliest moment at which any call could be due. */
static void due(sl_bus_incoming_t *in, int64_t at, int64_t now)
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

static void on_sweep(void *ctx)
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

/* --- what comes in --------------------------------------------------------------------------- */

static void refuse(sl_bus_incoming_t *in, const char *why)
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

/* True: in is open and the adapter's now. */
static bool on_call(sl_bus_server_t *self, sl_bus_incoming_t *in)
{
  int64_t now = sl_clock_ms();
  in->node.scope = sl_bus_frame(&in->route);
  in->node.id = in->header.id;
  if (sl_bus_idmap_find(&self->calls, in->node.scope, in->node.id)) return false;
  const char *why = !sl_str_eqz(in->header.incarnation, self->incarnation)
                        ? "the request was meant for a process that is not there any more"
                    : self->withdrawn                            ? "the adapter is going"
                    : self->calls.n >= MAX_OPEN                  ? "too many requests are waiting"
                    : !sl_bus_idmap_add(&self->calls, &in->node) ? "no memory for the request"
                                                                 : NULL;
  if (why) {
    refuse(in, why);
    return false;
  }
  open_call(in);
  in->credit = in->header.bytes;
  in->deadline_at = in->header.deadline_ms ? now + in->header.deadline_ms : INT64_MAX;
  in->due_ms = INT64_MAX;
  if (in->header.deadline_ms) due(in, in->deadline_at + LATE_MS, now);
  self->handlers.call(self->ctx, in);
  return true;
}

static sl_bus_incoming_t *find_call(sl_bus_server_t *self, const sl_bus_incoming_t *in)
{
  sl_str_t route = sl_strn(zmq_msg_data((zmq_msg_t *)&in->route), zmq_msg_size(&in->route));
  sl_bus_incoming_t *call =
      (sl_bus_incoming_t *)sl_bus_idmap_find(&self->calls, route, in->header.id);
  return call && !call->answered ? call : NULL;
}

static void on_message(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message)
{
  sl_bus_server_t *self = ctx;
  sl_bus_incoming_t *in = take_incoming(self), *call;
  if (!in) return;
  in->socket = socket;
  /* Small frames live inside zmq_msg_t: decode them where they stay. */
  zmq_msg_move(&in->route, &message->route);
  zmq_msg_move(&in->head, &message->head);
  zmq_msg_move(&in->body, &message->body);
  if (sl_bus_decode(sl_bus_frame(&in->head), in->arena, &in->header, NULL) == SL_OK) {
    if (in->header.kind == SL_BUS_CALL && on_call(self, in)) return;
    call = in->header.kind == SL_BUS_CREDIT || in->header.kind == SL_BUS_CANCEL
               ? find_call(self, in)
               : NULL;
    if (call && in->header.kind == SL_BUS_CREDIT && !call->cancelled) {
      call->credit += in->header.bytes;
      if (self->handlers.credit) self->handlers.credit(self->ctx, call);
    } else if (call && in->header.kind == SL_BUS_CANCEL && !call->cancelled) {
      call->cancelled = true;
      self->handlers.cancel(self->ctx, call);
    }
  }
  free_incoming(in);
}

static void after(void *ctx)
{
  sl_bus_server_t *self = ctx;
  if (self->presence) sl_bus_presence_flush(self->presence);
  for (sl_bus_incoming_t *in = self->owing ? self->open : NULL, *next; in; in = next) {
    next = in->next;
    if (owes(in)) flush_call(in);
  }
  while (self->owing && tell_one_gone(self)) continue;
}

/* --- making ---------------------------------------------------------------------------------- */

/* An option that was not given, or given as empty. */
static bool is_given(const char *value)
{
  return value && value[0];
}

static sl_code_t name_self(sl_bus_server_t *self, const sl_bus_offer_t *offer, sl_err_t *err)
{
  static unsigned servers; /* a process has one; a test may have more */
  uint64_t number;
  char host[65] = "localhost", suffix[16] = "";
  if (getrandom(&number, sizeof number, 0) != sizeof number)
    return sl_err_set(err, SL_BUG, "no random bytes");
  snprintf(self->incarnation, sizeof self->incarnation, "%016llx", (unsigned long long)number);
  gethostname(host, sizeof host - 1);
  if (servers++) snprintf(suffix, sizeof suffix, ".%u", servers);
  snprintf(self->instance, sizeof self->instance, "%.*s@%s:%ld%s", SL_STR_ARG(offer->system), host,
           (long)getpid(), suffix);
  return SL_OK;
}

static sl_code_t bind_one(sl_bus_server_t *self, const char *endpoint, bool tcp, sl_err_t *err)
{
  sl_bus_socket_opts_t opts = {
      .bind = endpoint,
      .hwm = HWM,
      .secret = tcp ? &self->secret : NULL,
      .zap_domain = tcp ? sl_bus_zap_domain(self->zap) : NULL,
      .message = on_message,
      .ctx = self,
  };
  sl_bus_socket_t *socket = sl_bus_socket_new(self->hub, &opts, err);
  if (!socket) return err ? err->code : SL_CONFIG;
  sl_bus_endpoint_public(sl_bus_socket_endpoint(socket), self->endpoints[self->n_endpoints]);
  self->sockets[self->n_endpoints++] = socket;
  return SL_OK;
}

static sl_code_t bind_all(sl_bus_server_t *self, sl_loop_t *loop, const sl_bus_server_opts_t *opts,
                          sl_err_t *err)
{
  char endpoint[SL_BUS_ENDPOINT_SIZE];
  sl_code_t code = SL_OK;
  if (is_given(opts->ipc_dir)) {
    code = sl_bus_endpoint_ipc(opts->ipc_dir, opts->offer->system, sl_str(self->incarnation),
                               endpoint, err);
    if (code == SL_OK) code = bind_one(self, endpoint, false, err);
  }
  if (code == SL_OK && is_given(opts->tcp)) {
    self->zap = sl_bus_zap_new(loop, opts->keys, err);
    code = self->zap ? sl_bus_endpoint_tcp(opts->tcp, endpoint, err) : SL_CONFIG;
    if (code == SL_OK) code = bind_one(self, endpoint, true, err);
  }
  return code;
}

static sl_code_t announce(sl_bus_server_t *self, sl_loop_t *loop, const sl_bus_server_opts_t *opts,
                          bool has_secret, sl_err_t *err)
{
  sl_bus_offer_t offer = *opts->offer;
  sl_str_t endpoints[2];
  for (size_t i = 0; i < self->n_endpoints; i++) endpoints[i] = sl_str(self->endpoints[i]);
  offer.instance = sl_str(self->instance);
  offer.incarnation = sl_str(self->incarnation);
  offer.endpoints = endpoints;
  offer.n_endpoints = self->n_endpoints;
  offer.public_key = is_given(opts->tcp) ? sl_str(self->secret.public_key) : sl_strn("", 0);
  sl_bus_presence_opts_t presence = {
      .directory = opts->directory,
      .offer = &offer,
      .heartbeat_ms = opts->heartbeat_ms ? opts->heartbeat_ms : HEARTBEAT_MS,
      .secret = has_secret ? &self->secret : NULL,
      .server_key = opts->keys ? opts->keys->server_key : NULL,
  };
  self->presence = sl_bus_presence_new(loop, self->hub, &presence, err);
  return self->presence ? SL_OK : SL_CONFIG;
}

sl_bus_server_t *sl_bus_server_new(sl_loop_t *loop, const sl_bus_server_opts_t *opts,
                                   const sl_bus_server_handlers_t *handlers, void *ctx,
                                   sl_err_t *err)
{
  bool has_secret = opts->keys && is_given(opts->keys->secret_file);
  sl_bus_server_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the bus"), NULL;
  self->handlers = *handlers;
  self->ctx = ctx;
  self->sweep_ms = INT64_MAX;
  sl_bus_idmap_init(&self->calls);
  sl_buf_init(&self->head, SL_BUS_MAX_HEADER);
  if (has_secret || is_given(opts->tcp))
    if (sl_bus_secret_load(opts->keys, &self->secret, err) != SL_OK) goto fail;
  if (name_self(self, opts->offer, err) != SL_OK) goto fail;
  self->sweep = sl_timer_new(loop, on_sweep, self);
  self->hub = sl_bus_hub_new(loop, after, self, err);
  if (!self->sweep) sl_err_set(err, SL_BUG, "no memory for the bus");
  if (!self->sweep || !self->hub) goto fail;
  if (bind_all(self, loop, opts, err) != SL_OK) goto fail;
  if (is_given(opts->directory) && announce(self, loop, opts, has_secret, err) != SL_OK) goto fail;
  return self;
fail:
  sl_bus_server_destroy(&self);
  return NULL;
}

void sl_bus_server_destroy(sl_bus_server_t **self_p)
{
  sl_bus_server_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  sl_bus_presence_destroy(&self->presence);
  while (self->open) {
    sl_bus_incoming_t *in = self->open;
    if (!in->data && !in->replied && !in->answered && !in->cancelled)
      refuse(in, "the adapter is going");
    close_call(in);
  }
  sl_bus_hub_destroy(&self->hub);
  sl_bus_zap_destroy(&self->zap);
  for (sl_bus_incoming_t *in = self->pool, *next; in; in = next) {
    next = in->next;
    sl_arena_destroy(&in->arena);
    free(in);
  }
  sl_timer_destroy(&self->sweep);
  sl_bus_idmap_fini(&self->calls);
  sl_buf_fini(&self->head);
  explicit_bzero(&self->secret, sizeof self->secret);
  free(self);
  *self_p = NULL;
}

void sl_bus_server_load(sl_bus_server_t *self, double load)
{
  self->load = load;
  if (self->presence) sl_bus_presence_load(self->presence, load);
}

void sl_bus_server_withdraw(sl_bus_server_t *self)
{
  self->withdrawn = true;
  if (self->presence) sl_bus_presence_withdraw(self->presence);
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

bool sl_bus_incoming_cancelled(const sl_bus_incoming_t *in)
{
  return in->cancelled;
}

int64_t sl_bus_incoming_credit(const sl_bus_incoming_t *in)
{
  return in->cancelled || in->credit < 0 ? 0 : in->credit;
}

/* The adapter is done with it; what the caller's queue has not taken yet keeps it. */
static void done(sl_bus_incoming_t *in)
{
  in->answered = true;
  if (!in->out) close_call(in);
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
  due(in, now + PROBE_MS, now);
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
