/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/directory.h"

#include <stdlib.h>

#include "bus/endpoint.h"
#include "bus/socket.h"
#include "bus/zap.h"
#include "core/clock.h"

enum {
  EXPIRY_MS = 3000,
  /* How often everyone gets a whole snapshot again: finds subscribers that have gone, and mends
   * whatever may have gone wrong. */
  REFRESH_MS = 30000,
  HWM = 256, /* changes that may wait for one subscriber; after that it gets a snapshot */
  MAX_INSTANCES = 1024,
  MAX_SUBSCRIBERS = 1024,
  MAX_OFFER = 1 << 20,
  MAX_OFFERS = 48 << 20, /* so that a snapshot fits into SL_BUS_MAX_BODY */
  OFFER_CAP = 8 << 20,   /* memory of one decoded offer */
  MESSAGE_CAP = 4 << 20,
};

typedef struct instance {
  struct instance *next;
  sl_arena_t *arena; /* of offer */
  sl_bus_offer_t offer;
  size_t size; /* bytes announced */
  int64_t seen_ms;
} instance_t;

typedef struct subscriber {
  struct subscriber *next;
  sl_bus_socket_t *socket;
  zmq_msg_t route;
  bool stale; /* needs a snapshot before anything else */
} subscriber_t;

struct sl_bus_directory {
  sl_bus_directory_opts_t opts;
  sl_bus_hub_t *hub;
  sl_bus_socket_t *sockets[2];
  size_t n_sockets;
  sl_bus_zap_t *zap;
  sl_bus_secret_t secret;
  sl_timer_t *tick;
  sl_arena_t *arena;
  sl_buf_t head, body;
  instance_t *instances;
  size_t n_instances, offers_size;
  subscriber_t *subscribers;
  size_t n_subscribers;
  bool stale; /* some subscriber is */
  int64_t tick_ms, ticked_ms, young_until_ms, refresh_ms;
};

/* --- sending --------------------------------------------------------------------------------- */

static sl_code_t send_to(sl_bus_directory_t *self, sl_bus_socket_t *socket, zmq_msg_t *route,
                         sl_str_t body)
{
  zmq_msg_t frame;
  if (zmq_msg_init_size(&frame, body.len)) return SL_LIMITED;
  if (body.len) memcpy(zmq_msg_data(&frame), body.p, body.len);
  sl_code_t code = sl_bus_socket_send(socket, route, sl_buf_str(&self->head), &frame);
  zmq_msg_close(&frame);
  return code;
}

static void encode_head(sl_bus_directory_t *self, const sl_bus_header_t *header)
{
  sl_buf_clear(&self->head);
  sl_bus_encode(header, &self->head);
}

/* head and body to every subscriber that stale says; who is gone is dropped. */
static void send_to_subscribers(sl_bus_directory_t *self, bool stale, sl_str_t body)
{
  for (subscriber_t **p = &self->subscribers; *p;) {
    subscriber_t *s = *p;
    sl_code_t code = s->stale == stale ? send_to(self, s->socket, &s->route, body) : SL_OK;
    if (code == SL_UNAVAILABLE) {
      *p = s->next;
      self->n_subscribers--;
      zmq_msg_close(&s->route);
      free(s);
      continue;
    }
    if (s->stale == stale) s->stale = code == SL_LIMITED;
    self->stale |= s->stale;
    p = &s->next;
  }
}

static void send_snapshots(sl_bus_directory_t *self)
{
  sl_bus_header_t header = {.kind = SL_BUS_SNAPSHOT};
  header.young = sl_clock_ms() < self->young_until_ms;
  sl_buf_clear(&self->body);
  for (const instance_t *i = self->instances; i; i = i->next) {
    sl_buf_addc(&self->body, i == self->instances ? '[' : ',');
    sl_bus_offer_encode(&i->offer, &self->body);
  }
  sl_buf_addz(&self->body, self->instances ? "]" : "[]");
  encode_head(self, &header);
  self->stale = false;
  if (!self->body.failed) send_to_subscribers(self, true, sl_buf_str(&self->body));
  if (self->body.cap <= MAX_OFFER) return;
  sl_buf_fini(&self->body);
  sl_buf_init(&self->body, SL_BUS_MAX_BODY);
}

static void refresh_all(sl_bus_directory_t *self)
{
  self->refresh_ms = sl_clock_ms() + REFRESH_MS;
  for (subscriber_t *s = self->subscribers; s; s = s->next) s->stale = self->stale = true;
}

static void tell(sl_bus_directory_t *self, sl_bus_directory_event_t event, sl_str_t instance,
                 const char *why)
{
  if (self->opts.event) self->opts.event(self->opts.ctx, event, instance, why);
}

/* --- instances ------------------------------------------------------------------------------- */

static instance_t **find(sl_bus_directory_t *self, sl_str_t name)
{
  instance_t **p = &self->instances;
  while (*p && !sl_str_eq((*p)->offer.instance, name)) p = &(*p)->next;
  return p;
}

static void drop(sl_bus_directory_t *self, instance_t **p)
{
  instance_t *instance = *p;
  *p = instance->next;
  self->n_instances--;
  self->offers_size -= instance->size;
  sl_arena_destroy(&instance->arena);
  free(instance);
}

static void lose(sl_bus_directory_t *self, instance_t **p, bool bye)
{
  sl_bus_header_t header = {
      .kind = SL_BUS_GONE,
      .instance = (*p)->offer.instance,
      .incarnation = (*p)->offer.incarnation,
      .bye = bye,
  };
  encode_head(self, &header);
  send_to_subscribers(self, false, sl_strn("", 0));
  tell(self, bye ? SL_BUS_DIR_WENT : SL_BUS_DIR_EXPIRED, header.instance, "");
  drop(self, p);
}

static instance_t *decode_instance(sl_str_t body, sl_err_t *err)
{
  instance_t *self = calloc(1, sizeof *self);
  if (self) self->arena = sl_arena_new(0, OFFER_CAP);
  sl_str_t copy = self && self->arena ? sl_arena_str(self->arena, body) : sl_strn(NULL, 0);
  if (!copy.p)
    sl_err_set(err, SL_BUG, "no memory");
  else if (sl_bus_offer_decode(copy, self->arena, &self->offer, err) == SL_OK)
    return self;
  if (self) sl_arena_destroy(&self->arena);
  free(self);
  return NULL;
}

static void on_announce(sl_bus_directory_t *self, const sl_bus_header_t *header, sl_str_t body)
{
  sl_err_t err = {0};
  instance_t **p = find(self, header->instance), *known = *p;
  size_t others = self->offers_size - (known ? known->size : 0);
  if (body.len > MAX_OFFER || others + body.len > MAX_OFFERS ||
      (!known && self->n_instances >= MAX_INSTANCES)) {
    tell(self, SL_BUS_DIR_REFUSED, header->instance, "the directory is full");
    return;
  }
  instance_t *instance = decode_instance(body, &err);
  if (!instance || !sl_str_eq(instance->offer.instance, header->instance)) {
    tell(self, SL_BUS_DIR_REFUSED, header->instance,
         instance ? "header and offer name different instances" : err.text);
    if (instance) sl_arena_destroy(&instance->arena);
    free(instance);
    return;
  }
  if (known) drop(self, p);
  instance->size = body.len;
  instance->seen_ms = sl_clock_ms();
  instance->next = self->instances;
  self->instances = instance;
  self->n_instances++;
  self->offers_size += body.len;
  sl_bus_header_t update = {.kind = SL_BUS_UPDATE, .instance = instance->offer.instance};
  encode_head(self, &update);
  sl_buf_clear(&self->body);
  sl_bus_offer_encode(&instance->offer, &self->body);
  send_to_subscribers(self, false, sl_buf_str(&self->body));
  tell(self, SL_BUS_DIR_CAME, instance->offer.instance, "");
}

static void on_heartbeat(sl_bus_directory_t *self, sl_bus_socket_t *socket, zmq_msg_t *route,
                         const sl_bus_header_t *header)
{
  instance_t *instance = *find(self, header->instance);
  if (!instance) {
    sl_bus_header_t unknown = {.kind = SL_BUS_UNKNOWN, .instance = header->instance};
    encode_head(self, &unknown);
    send_to(self, socket, route, sl_strn("", 0)); /* if it is lost, the next heartbeat asks again */
  } else if (sl_str_eq(instance->offer.incarnation, header->incarnation)) {
    instance->seen_ms = sl_clock_ms();
    instance->offer.load = header->load;
  }
  /* Another incarnation: two processes use one name. The last one that announced keeps it. */
}

static void on_bye(sl_bus_directory_t *self, const sl_bus_header_t *header)
{
  instance_t **p = find(self, header->instance);
  if (*p && sl_str_eq((*p)->offer.incarnation, header->incarnation)) lose(self, p, true);
}

/* --- subscribers ----------------------------------------------------------------------------- */

static void on_subscribe(sl_bus_directory_t *self, sl_bus_socket_t *socket, zmq_msg_t *route)
{
  subscriber_t *s = self->subscribers;
  while (s && !(s->socket == socket && sl_str_eq(sl_bus_frame(&s->route), sl_bus_frame(route))))
    s = s->next;
  if (!s && self->n_subscribers < MAX_SUBSCRIBERS && (s = calloc(1, sizeof *s))) {
    s->socket = socket;
    zmq_msg_init(&s->route);
    zmq_msg_move(&s->route, route);
    s->next = self->subscribers;
    self->subscribers = s;
    self->n_subscribers++;
  }
  if (s) s->stale = self->stale = true; /* sent at the end of the turn */
}

static void on_message(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message)
{
  sl_bus_directory_t *self = ctx;
  sl_bus_header_t header;
  sl_arena_reset(self->arena);
  if (sl_bus_decode(sl_bus_frame(&message->head), self->arena, &header, NULL) != SL_OK) return;
  switch (header.kind) {
  case SL_BUS_ANNOUNCE: on_announce(self, &header, sl_bus_frame(&message->body)); break;
  case SL_BUS_HEARTBEAT: on_heartbeat(self, socket, &message->route, &header); break;
  case SL_BUS_BYE: on_bye(self, &header); break;
  case SL_BUS_SUBSCRIBE: on_subscribe(self, socket, &message->route); break;
  default: break; /* of the protocol, but not said to a directory */
  }
}

static void after(void *ctx)
{
  sl_bus_directory_t *self = ctx;
  if (self->stale) send_snapshots(self);
}

static void on_tick(void *ctx)
{
  sl_bus_directory_t *self = ctx;
  int64_t now = sl_clock_ms(), slept_ms = now - self->ticked_ms - self->tick_ms;
  bool was_young = self->ticked_ms < self->young_until_ms;
  self->ticked_ms = now;
  for (instance_t **p = &self->instances; *p;) {
    instance_t *instance = *p;
    /* When it was us who stood still (stopped, suspended), nobody is to be blamed for silence. */
    if (slept_ms > self->opts.expiry_ms / 2) instance->seen_ms = now;
    if (now - instance->seen_ms > self->opts.expiry_ms)
      lose(self, p, false);
    else
      p = &instance->next;
  }
  if ((was_young && now >= self->young_until_ms) || now >= self->refresh_ms) refresh_all(self);
}

/* --- making ---------------------------------------------------------------------------------- */

static sl_code_t bind_one(sl_bus_directory_t *self, const char *endpoint, bool tcp, sl_err_t *err)
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
  if (!socket) return SL_CONFIG;
  self->sockets[self->n_sockets++] = socket;
  return SL_OK;
}

static sl_code_t bind_tcp(sl_bus_directory_t *self, sl_loop_t *loop, sl_err_t *err)
{
  char endpoint[SL_BUS_ENDPOINT_SIZE];
  sl_code_t code = sl_bus_secret_load(self->opts.keys, &self->secret, err);
  if (code != SL_OK) return code;
  self->zap = sl_bus_zap_new(loop, self->opts.keys, err);
  if (!self->zap) return SL_CONFIG;
  code = sl_bus_endpoint_tcp(self->opts.tcp, endpoint, err);
  return code == SL_OK ? bind_one(self, endpoint, true, err) : code;
}

sl_bus_directory_t *sl_bus_directory_new(sl_loop_t *loop, const sl_bus_directory_opts_t *opts,
                                         sl_err_t *err)
{
  sl_bus_directory_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the directory"), NULL;
  self->opts = *opts;
  if (!self->opts.expiry_ms) self->opts.expiry_ms = EXPIRY_MS;
  self->tick_ms = self->opts.expiry_ms / 12 + 1;
  self->ticked_ms = sl_clock_ms();
  self->young_until_ms = self->ticked_ms + self->opts.expiry_ms;
  self->refresh_ms = self->ticked_ms + REFRESH_MS;
  sl_buf_init(&self->head, SL_BUS_MAX_HEADER);
  sl_buf_init(&self->body, SL_BUS_MAX_BODY);
  self->arena = sl_arena_new(0, MESSAGE_CAP);
  self->tick = sl_timer_new(loop, on_tick, self);
  self->hub = sl_bus_hub_new(loop, after, self, err);
  if (!self->arena || !self->tick) sl_err_set(err, SL_BUG, "no memory for the directory");
  if (!self->arena || !self->tick || !self->hub) goto fail;
  if (!opts->ipc && !opts->tcp) {
    sl_err_set(err, SL_CONFIG, "the directory needs an endpoint: ipc, tcp or both");
    goto fail;
  }
  if (opts->ipc && bind_one(self, opts->ipc, false, err) != SL_OK) goto fail;
  if (opts->tcp && bind_tcp(self, loop, err) != SL_OK) goto fail;
  sl_timer_start(self->tick, self->tick_ms, true);
  return self;
fail:
  sl_bus_directory_destroy(&self);
  return NULL;
}

void sl_bus_directory_destroy(sl_bus_directory_t **self_p)
{
  sl_bus_directory_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  while (self->instances) drop(self, &self->instances);
  for (subscriber_t *s = self->subscribers, *next; s; s = next) {
    next = s->next;
    zmq_msg_close(&s->route);
    free(s);
  }
  sl_bus_hub_destroy(&self->hub);
  sl_bus_zap_destroy(&self->zap);
  sl_timer_destroy(&self->tick);
  sl_arena_destroy(&self->arena);
  sl_buf_fini(&self->head);
  sl_buf_fini(&self->body);
  explicit_bzero(&self->secret, sizeof self->secret);
  free(self);
  *self_p = NULL;
}

const char *sl_bus_directory_endpoint(const sl_bus_directory_t *self, size_t i)
{
  return i < self->n_sockets ? sl_bus_socket_endpoint(self->sockets[i]) : NULL;
}

size_t sl_bus_directory_instances(const sl_bus_directory_t *self)
{
  return self->n_instances;
}
