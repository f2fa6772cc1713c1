/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "bus/incoming.h"
#include "core/clock.h"

enum {
  HEARTBEAT_MS = 1000,
  HWM = 1024 + 64,  /* a client's calls in flight, and its credits and cancels */
  MAX_OPEN = 16384, /* calls of all clients; the host admits far fewer */
  LATE_MS = 1000,   /* so long after its deadline a call is cancelled from here */
};

/* --- what comes in --------------------------------------------------------------------------- */

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
    sl_bus_incoming_refuse(in, why);
    return false;
  }
  sl_bus_incoming_open(in);
  in->credit = in->header.bytes;
  in->deadline_at = in->header.deadline_ms ? now + in->header.deadline_ms : INT64_MAX;
  in->due_ms = INT64_MAX;
  if (in->header.deadline_ms) sl_bus_incoming_due(in, in->deadline_at + LATE_MS, now);
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
  sl_bus_incoming_t *in = sl_bus_incoming_take(self), *call;
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
  sl_bus_incoming_free(in);
}

static void after(void *ctx)
{
  sl_bus_server_t *self = ctx;
  if (self->presence) sl_bus_presence_flush(self->presence);
  sl_bus_incoming_flush_all(self);
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
  self->sweep = sl_timer_new(loop, sl_bus_incoming_sweep, self);
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
      sl_bus_incoming_refuse(in, "the adapter is going");
    sl_bus_incoming_close(in);
  }
  sl_bus_hub_destroy(&self->hub);
  sl_bus_zap_destroy(&self->zap);
  sl_bus_incoming_free_pool(self);
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
