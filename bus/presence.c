/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/presence.h"

#include <stdlib.h>

enum { DIRECTORY_HWM = 64, MESSAGE_CAP = 1 << 20 };

struct sl_bus_presence {
  sl_bus_socket_t *socket;
  sl_timer_t *heartbeat;
  sl_arena_t *arena;
  char *instance, *incarnation;
  sl_buf_t offer; /* encoded */
  sl_buf_t head;
  double load;
  bool up, announce, withdrawn;
};

static sl_code_t tell(sl_bus_presence_t *self, sl_bus_kind_t kind, sl_str_t body)
{
  sl_bus_header_t header = {
      .kind = kind,
      .instance = sl_str(self->instance),
      .incarnation = sl_str(self->incarnation),
      .load = self->load,
  };
  zmq_msg_t frame;
  if (zmq_msg_init_size(&frame, body.len)) return SL_UNAVAILABLE;
  if (body.len) memcpy(zmq_msg_data(&frame), body.p, body.len);
  sl_buf_clear(&self->head);
  sl_bus_encode(&header, &self->head);
  sl_code_t code = sl_bus_socket_send(self->socket, NULL, sl_buf_str(&self->head), &frame);
  zmq_msg_close(&frame);
  return code;
}

void sl_bus_presence_flush(sl_bus_presence_t *self)
{
  if (!self->announce || !self->up || self->withdrawn) return;
  if (tell(self, SL_BUS_ANNOUNCE, sl_buf_str(&self->offer)) == SL_OK) self->announce = false;
}

static void on_heartbeat(void *ctx)
{
  sl_bus_presence_t *self = ctx;
  /* One that cannot be sent is one that was missed: the next one is as good. */
  if (self->up && !self->announce) tell(self, SL_BUS_HEARTBEAT, sl_strn("", 0));
}

static void on_message(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message)
{
  sl_bus_presence_t *self = ctx;
  sl_bus_header_t header;
  sl_arena_reset(self->arena);
  if (sl_bus_decode(sl_bus_frame(&message->head), self->arena, &header, NULL) == SL_OK &&
      header.kind == SL_BUS_UNKNOWN)
    self->announce = true;
}

static void on_link(void *ctx, sl_bus_socket_t *socket, sl_bus_link_t link)
{
  sl_bus_presence_t *self = ctx;
  self->up = self->announce = link == SL_BUS_LINK_UP;
}

sl_bus_presence_t *sl_bus_presence_new(sl_loop_t *loop, sl_bus_hub_t *hub,
                                       const sl_bus_presence_opts_t *opts, sl_err_t *err)
{
  const sl_bus_offer_t *offer = opts->offer;
  sl_bus_presence_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the bus"), NULL;
  sl_buf_init(&self->offer, SL_BUS_MAX_BODY);
  sl_buf_init(&self->head, SL_BUS_MAX_HEADER);
  sl_bus_offer_encode(offer, &self->offer);
  self->arena = sl_arena_new(1024, MESSAGE_CAP);
  self->heartbeat = sl_timer_new(loop, on_heartbeat, self);
  self->instance = strndup(offer->instance.p, offer->instance.len);
  self->incarnation = strndup(offer->incarnation.p, offer->incarnation.len);
  self->load = offer->load;
  if (!self->arena || !self->heartbeat || !self->instance || !self->incarnation ||
      self->offer.failed) {
    sl_err_set(err, SL_BUG, "no memory for the bus");
    sl_bus_presence_destroy(&self);
    return NULL;
  }
  sl_bus_socket_opts_t socket = {
      .connect = opts->directory,
      .hwm = DIRECTORY_HWM,
      .secret = opts->secret,
      .server_key = opts->server_key,
      .message = on_message,
      .link = on_link,
      .ctx = self,
  };
  self->socket = sl_bus_socket_new(hub, &socket, err);
  if (self->socket)
    sl_timer_start(self->heartbeat, opts->heartbeat_ms, true);
  else
    sl_bus_presence_destroy(&self);
  return self;
}

void sl_bus_presence_destroy(sl_bus_presence_t **self_p)
{
  sl_bus_presence_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  if (self->socket) sl_bus_presence_withdraw(self);
  sl_bus_socket_destroy(&self->socket);
  sl_timer_destroy(&self->heartbeat);
  sl_arena_destroy(&self->arena);
  sl_buf_fini(&self->offer);
  sl_buf_fini(&self->head);
  free(self->instance);
  free(self->incarnation);
  free(self);
  *self_p = NULL;
}

void sl_bus_presence_load(sl_bus_presence_t *self, double load)
{
  self->load = load;
}

void sl_bus_presence_withdraw(sl_bus_presence_t *self)
{
  if (self->withdrawn) return;
  self->withdrawn = true;
  sl_timer_stop(self->heartbeat);
  /* A directory that is away will see the heartbeats missing. */
  if (self->up) tell(self, SL_BUS_BYE, sl_strn("", 0));
}
