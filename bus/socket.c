/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bus/proto.h"
#include "bus/zap.h"

enum {
  BATCH = 64, /* messages read from one socket before the others have their turn */
  LINGER_MS = 200,
  RECONNECT_MS = 20, /* first pause; a restarted directory is back soon */
  RECONNECT_MAX_MS = 500,
  HANDSHAKE_MS = 5000,
  TCP_HEARTBEAT_MS = 1000,
  TCP_TIMEOUT_MS = 3000,
  ENDPOINT_SIZE = 256,
};

struct sl_bus_hub {
  sl_loop_t *loop;
  void *zmq;
  sl_loop_fn after;
  void *ctx;
  sl_bus_socket_t *first;
  sl_timer_t *kick; /* a turn that does not wait: a send has swallowed an edge */
  sl_bus_message_t in;
  bool draining;
  unsigned serial; /* names the monitors */
};

struct sl_bus_socket {
  sl_bus_hub_t *hub;
  sl_bus_socket_t *next;
  sl_bus_socket_opts_t opts;
  void *zmq, *monitor;
  sl_watch_t *watch, *monitor_watch;
  bool dirty, monitor_dirty;
  bool closed; /* destroyed inside a callback: freed at the end of the drain */
  char endpoint[ENDPOINT_SIZE];
};

/* --- the process's context ------------------------------------------------------------------ */

static struct {
  void *zmq;
  unsigned users;
} context;

void *sl_bus_context_take(void)
{
  if (!context.zmq) {
    context.zmq = zmq_ctx_new();
    if (!context.zmq) return NULL;
    zmq_ctx_set(context.zmq, ZMQ_IO_THREADS, 1);
    /* An adapter of a system with many gateways, a gateway with many systems: a socket and its
     * monitor for each. */
    zmq_ctx_set(context.zmq, ZMQ_MAX_SOCKETS, 8192);
  }
  context.users++;
  return context.zmq;
}

void sl_bus_context_leave(void)
{
  SL_ASSERT(context.users > 0);
  if (--context.users) return;
  while (zmq_ctx_term(context.zmq) && errno == EINTR) continue;
  context.zmq = NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Frames beyond the expected ones: the message is not ours; read over it. */
static void drop_rest(void *zmq)
{
  zmq_msg_t frame;
  int more = 1;
  size_t size = sizeof more;
  while (!zmq_getsockopt(zmq, ZMQ_RCVMORE, &more, &size) && more) {
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, zmq, ZMQ_DONTWAIT) < 0) more = 0;
    zmq_msg_close(&frame);
    if (!more) break;
  }
}

typedef enum { GOT_MESSAGE, GOT_NOTHING, GOT_RUBBISH } got_t;

static got_t receive(sl_bus_socket_t *self, sl_bus_message_t *in)
{
  zmq_msg_t *frames[3] = {&in->route, &in->head, &in->body};
  size_t i = self->opts.bind ? 0 : 1;
  if (zmq_msg_recv(frames[i], self->zmq, ZMQ_DONTWAIT) < 0)
    return errno == EINTR ? GOT_RUBBISH : GOT_NOTHING;
  for (i++; i < 3; i++)
    if (!zmq_msg_more(frames[i - 1]) || zmq_msg_recv(frames[i], self->zmq, ZMQ_DONTWAIT) < 0)
      return GOT_RUBBISH;
  if (!zmq_msg_more(frames[2])) return GOT_MESSAGE;
  drop_rest(self->zmq);
  return GOT_RUBBISH;
}

static void read_messages(sl_bus_socket_t *self, int max)
{
  for (int i = 0; i < max && !self->closed; i++) {
    got_t got = receive(self, &self->hub->in);
    if (got == GOT_NOTHING) {
      self->dirty = false;
      return;
    }
    if (got == GOT_MESSAGE) self->opts.message(self->opts.ctx, self, &self->hub->in);
  }
}

static bool next_event(sl_bus_socket_t *self, unsigned *event_p)
{
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  bool got = zmq_msg_recv(&frame, self->monitor, ZMQ_DONTWAIT) >= 0;
  if (got) {
    uint16_t event = 0; /* first two bytes, in our byte order (zmq_socket_monitor) */
    if (zmq_msg_size(&frame) >= sizeof event) memcpy(&event, zmq_msg_data(&frame), sizeof event);
    *event_p = event;
    drop_rest(self->monitor);
  }
  zmq_msg_close(&frame);
  return got;
}

static void read_events(sl_bus_socket_t *self)
{
  unsigned event;
  while (!self->closed && next_event(self, &event)) {
    sl_bus_link_t link = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? SL_BUS_LINK_UP
                         : event == ZMQ_EVENT_DISCONNECTED      ? SL_BUS_LINK_DOWN
                                                                : SL_BUS_LINK_REFUSED;
    /* Its last answers lie in the pipe already: hand them out before saying that it is gone. */
    self->dirty = true;
    while (link != SL_BUS_LINK_UP && self->dirty && !self->closed) read_messages(self, BATCH);
    if (!self->closed && self->opts.link) self->opts.link(self->opts.ctx, self, link);
  }
  self->monitor_dirty = false;
}

static void sweep_closed(sl_bus_hub_t *hub)
{
  for (sl_bus_socket_t **p = &hub->first; *p;) {
    sl_bus_socket_t *socket = *p;
    if (!socket->closed) {
      p = &socket->next;
      continue;
    }
    *p = socket->next;
    free(socket);
  }
}

static bool drain(void *ctx)
{
  sl_bus_hub_t *self = ctx;
  bool more = false;
  self->draining = true;
  for (sl_bus_socket_t *socket = self->first; socket; socket = socket->next) {
    if (!socket->closed && socket->monitor_dirty) read_events(socket);
    if (!socket->closed && socket->dirty) read_messages(socket, BATCH);
  }
  if (self->after) self->after(self->ctx);
  self->draining = false;
  sweep_closed(self);
  for (sl_bus_socket_t *socket = self->first; socket; socket = socket->next)
    more |= socket->dirty || socket->monitor_dirty;
  return more;
}

/* Nothing to do: the drains run after this turn. */
static void on_kick(void *ctx)
{
  (void)ctx;
}

static void on_fd(void *ctx, int fd, int what)
{
  sl_bus_socket_t *self = ctx;
  self->dirty = true;
}

static void on_monitor_fd(void *ctx, int fd, int what)
{
  sl_bus_socket_t *self = ctx;
  self->monitor_dirty = true;
}

/* --- sending --------------------------------------------------------------------------------- */

/* Sending processes what other threads told the socket, an arrival among it, and so takes the edge
 * away from the descriptor. */
static void look_again(sl_bus_socket_t *self)
{
  int events = 0;
  size_t size = sizeof events;
  if (self->hub->draining) {
    self->dirty = true;
    return;
  }
  if (self->dirty || zmq_getsockopt(self->zmq, ZMQ_EVENTS, &events, &size)) return;
  if (!(events & ZMQ_POLLIN)) return;
  self->dirty = true;
  sl_timer_start(self->hub->kick, 0, false);
}

sl_code_t sl_bus_socket_send(sl_bus_socket_t *self, zmq_msg_t *route, sl_str_t head,
                             zmq_msg_t *body)
{
  /* Only the first frame can be refused: the rest of a message follows it wherever it goes. */
  int rc = route ? zmq_send(self->zmq, zmq_msg_data(route), zmq_msg_size(route),
                            ZMQ_DONTWAIT | ZMQ_SNDMORE)
                 : zmq_send(self->zmq, head.p, head.len, ZMQ_DONTWAIT | ZMQ_SNDMORE);
  int why = errno;
  if (rc >= 0) {
    if (route) zmq_send(self->zmq, head.p, head.len, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_msg_send(body, self->zmq, ZMQ_DONTWAIT);
  }
  look_again(self);
  if (rc >= 0) return SL_OK;
  return why == EAGAIN || why == EINTR ? SL_LIMITED : SL_UNAVAILABLE;
}

/* --- making ---------------------------------------------------------------------------------- */

sl_bus_hub_t *sl_bus_hub_new(sl_loop_t *loop, sl_loop_fn after, void *ctx, sl_err_t *err)
{
  sl_bus_hub_t *self = calloc(1, sizeof *self);
  if (self) {
    *self = (sl_bus_hub_t){.loop = loop, .after = after, .ctx = ctx};
    zmq_msg_init(&self->in.route);
    zmq_msg_init(&self->in.head);
    zmq_msg_init(&self->in.body);
    self->zmq = sl_bus_context_take();
    self->kick = sl_timer_new(loop, on_kick, self);
  }
  if (!self || !self->zmq || !self->kick || sl_loop_drain_add(loop, drain, self) != SL_OK) {
    sl_err_set(err, SL_BUG, "no memory for the bus");
    sl_bus_hub_destroy(&self);
  }
  return self;
}

void sl_bus_hub_destroy(sl_bus_hub_t **self_p)
{
  sl_bus_hub_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  SL_ASSERT(!self->draining);
  sl_loop_drain_remove(self->loop, drain, self);
  for (sl_bus_socket_t *socket = self->first, *next; socket; socket = next) {
    next = socket->next;
    sl_bus_socket_destroy(&socket);
  }
  sweep_closed(self);
  sl_timer_destroy(&self->kick);
  zmq_msg_close(&self->in.route);
  zmq_msg_close(&self->in.head);
  zmq_msg_close(&self->in.body);
  if (self->zmq) sl_bus_context_leave();
  free(self);
  *self_p = NULL;
}

static bool set_int(void *zmq, int option, int value)
{
  return zmq_setsockopt(zmq, option, &value, sizeof value) == 0;
}

static bool set_options(sl_bus_socket_t *self)
{
  int64_t max_size = SL_BUS_MAX_BODY;
  void *zmq = self->zmq;
  bool ok = set_int(zmq, ZMQ_LINGER, LINGER_MS) && set_int(zmq, ZMQ_SNDHWM, self->opts.hwm) &&
            set_int(zmq, ZMQ_RCVHWM, self->opts.hwm) &&
            set_int(zmq, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
            set_int(zmq, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) &&
            set_int(zmq, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
            zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &max_size, sizeof max_size) == 0;
  if (ok && self->opts.bind) ok = set_int(zmq, ZMQ_ROUTER_MANDATORY, 1);
  return ok;
}

static sl_code_t set_tcp_options(sl_bus_socket_t *self, sl_err_t *err)
{
  const sl_bus_socket_opts_t *o = &self->opts;
  if (!o->secret)
    return sl_err_set(err, SL_CONFIG, "%s needs a key pair: tcp is served and used with keys only",
                      self->endpoint);
  if (o->bind ? !o->zap_domain : !o->server_key)
    return sl_err_set(err, SL_CONFIG, "%s needs %s", self->endpoint,
                      o->bind ? "the keys of those who may connect"
                              : "the public key of the server");
  bool ok = set_int(self->zmq, ZMQ_IPV6, 1) &&
            set_int(self->zmq, ZMQ_HEARTBEAT_IVL, TCP_HEARTBEAT_MS) &&
            set_int(self->zmq, ZMQ_HEARTBEAT_TIMEOUT, TCP_TIMEOUT_MS) &&
            !zmq_setsockopt(self->zmq, ZMQ_CURVE_PUBLICKEY, o->secret->public_key, 41) &&
            !zmq_setsockopt(self->zmq, ZMQ_CURVE_SECRETKEY, o->secret->secret_key, 41);
  if (ok && o->bind)
    ok = set_int(self->zmq, ZMQ_CURVE_SERVER, 1) &&
         !zmq_setsockopt(self->zmq, ZMQ_ZAP_DOMAIN, o->zap_domain, strlen(o->zap_domain));
  else if (ok)
    ok = strlen(o->server_key) == 40 &&
         !zmq_setsockopt(self->zmq, ZMQ_CURVE_SERVERKEY, o->server_key, 41);
  return ok ? SL_OK : sl_err_set(err, SL_CONFIG, "%s: the keys are not usable", self->endpoint);
}

static sl_code_t attach(sl_bus_socket_t *self, sl_err_t *err)
{
  if (self->opts.connect) {
    if (zmq_connect(self->zmq, self->endpoint) == 0) return SL_OK;
    return sl_err_set(err, SL_CONFIG, "%s: %s", self->endpoint, zmq_strerror(errno));
  }
  mode_t before = umask(0077); /* whoever may write the ipc file may speak: the owner alone */
  int rc = zmq_bind(self->zmq, self->endpoint);
  umask(before);
  if (rc) return sl_err_set(err, SL_CONFIG, "%s: %s", self->endpoint, zmq_strerror(errno));
  size_t size = sizeof self->endpoint;
  zmq_getsockopt(self->zmq, ZMQ_LAST_ENDPOINT, self->endpoint, &size);
  return SL_OK;
}

static int descriptor(void *zmq)
{
  int fd = -1;
  size_t size = sizeof fd;
  zmq_getsockopt(zmq, ZMQ_FD, &fd, &size);
  return fd;
}

static bool monitor(sl_bus_socket_t *self)
{
  char name[64];
  snprintf(name, sizeof name, "inproc://sluice-link-%p-%u", (void *)self->hub, ++self->hub->serial);
  int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  if (zmq_socket_monitor(self->zmq, name, events)) return false;
  self->monitor = zmq_socket(self->hub->zmq, ZMQ_PAIR);
  if (!self->monitor || zmq_connect(self->monitor, name)) return false;
  set_int(self->monitor, ZMQ_LINGER, 0);
  self->monitor_watch = sl_watch_new_edge(self->hub->loop, descriptor(self->monitor), SL_READABLE,
                                          on_monitor_fd, self);
  self->monitor_dirty = true;
  return self->monitor_watch != NULL;
}

sl_bus_socket_t *sl_bus_socket_new(sl_bus_hub_t *hub, const sl_bus_socket_opts_t *opts,
                                   sl_err_t *err)
{
  const char *endpoint = opts->bind ? opts->bind : opts->connect;
  sl_bus_socket_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for a socket"), NULL;
  *self = (sl_bus_socket_t){.hub = hub, .next = hub->first, .opts = *opts};
  hub->first = self;
  if ((size_t)snprintf(self->endpoint, ENDPOINT_SIZE, "%s", endpoint) >= ENDPOINT_SIZE) {
    sl_err_set(err, SL_CONFIG, "%s: too long", endpoint);
    goto fail;
  }
  self->zmq = zmq_socket(hub->zmq, opts->bind ? ZMQ_ROUTER : ZMQ_DEALER);
  if (!self->zmq || !set_options(self)) {
    sl_err_set(err, SL_BUG, "no ZeroMQ socket: %s", zmq_strerror(errno));
    goto fail;
  }
  if (strncmp(endpoint, "tcp://", 6) == 0) {
    if (set_tcp_options(self, err) != SL_OK) goto fail;
  } else if (strncmp(endpoint, "ipc://", 6) != 0) {
    sl_err_set(err, SL_CONFIG, "%s: an endpoint starts with ipc:// or tcp://", endpoint);
    goto fail;
  }
  /* Before connecting, so that no event is missed. */
  if (opts->connect && !monitor(self)) {
    sl_err_set(err, SL_BUG, "no ZeroMQ monitor: %s", zmq_strerror(errno));
    goto fail;
  }
  self->watch = sl_watch_new_edge(hub->loop, descriptor(self->zmq), SL_READABLE, on_fd, self);
  self->dirty = true;
  if (!self->watch) sl_err_set(err, SL_BUG, "no memory for a socket");
  if (!self->watch || attach(self, err) != SL_OK) goto fail;
  sl_timer_start(hub->kick, 0, false);
  return self;
fail:
  sl_bus_socket_destroy(&self);
  return NULL;
}

void sl_bus_socket_destroy(sl_bus_socket_t **self_p)
{
  sl_bus_socket_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  *self_p = NULL;
  /* Descriptors are unwatched before ZeroMQ closes them. */
  sl_watch_destroy(&self->watch);
  sl_watch_destroy(&self->monitor_watch);
  if (self->monitor) {
    zmq_socket_monitor(self->zmq, NULL, 0);
    zmq_close(self->monitor);
  }
  if (self->zmq) zmq_close(self->zmq);
  self->closed = true;
  self->dirty = self->monitor_dirty = false;
  if (!self->hub->draining) sweep_closed(self->hub);
}

const char *sl_bus_socket_endpoint(const sl_bus_socket_t *self)
{
  return self->endpoint;
}
