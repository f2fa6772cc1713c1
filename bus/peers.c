/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "bus/idmap.h"
#include "bus/memory.h"
#include "bus/zap.h"
#include "core/clock.h"

enum {
  /* A first connection on one host takes less than a millisecond, one across a network with keys
   * some ten; who has not come up after this is taken as down until it does. */
  FIRST_CONNECT_MS = 1000,
  /* Beside the calls: credits and cancels. */
  HWM_EXTRA = 64,
  DIRECTORY_HWM = 1024,
  OFFER_CAP = 8 << 20,     /* memory of one instance's offer */
  ASK_MS = 500,            /* for a snapshot that should have come at once */
  SNAPSHOT_CAP = 64 << 20, /* memory while a snapshot is read */
  /* An adapter takes 64 calls at once unless told otherwise: a load of 1 weighs as much as 64
   * calls of our own. */
  FULL_LOAD = 64,
};

typedef struct entry {
  sl_bus_idnode_t node; /* by "system.operation" */
  struct entry *next;
  sl_bus_route_t *routes;
  size_t n;
  char name[];
} entry_t;

struct sl_bus_peers {
  sl_bus_hub_t *hub;
  sl_bus_socket_t *directory;
  sl_bus_peers_handlers_t handlers;
  void *ctx;
  size_t max_in_flight;
  bool has_keys;
  sl_bus_secret_t secret;
  sl_bus_peer_t *first;
  sl_bus_idmap_t map;
  entry_t *entries;
  sl_timer_t *connecting; /* ends the state NEW */
  sl_timer_t *asking;     /* subscribes again until a snapshot has come */
  sl_arena_t *arena;
  char *memory;    /* file; NULL: none */
  sl_buf_t stored; /* what it holds */
  uint64_t random;
  bool ready, subscribe;
  bool prune;   /* peers may have to be dropped at the end of the turn */
  bool changed; /* tell the owner then */
};

/* --- routes ---------------------------------------------------------------------------------- */

static void drop_entries(sl_bus_peers_t *self)
{
  for (entry_t *entry = self->entries, *next; entry; entry = next) {
    next = entry->next;
    free(entry->routes);
    free(entry);
  }
  self->entries = NULL;
  sl_bus_idmap_fini(&self->map);
  sl_bus_idmap_init(&self->map);
}

static entry_t *entry_for(sl_bus_peers_t *self, sl_str_t system, sl_str_t operation)
{
  size_t len = system.len + 1 + operation.len;
  entry_t *entry = calloc(1, sizeof *entry + len);
  if (!entry) return NULL;
  memcpy(entry->name, system.p, system.len);
  entry->name[system.len] = '.';
  memcpy(entry->name + system.len + 1, operation.p, operation.len);
  entry->node.id = sl_strn(entry->name, len);
  sl_bus_idnode_t *known = sl_bus_idmap_find(&self->map, entry->node.scope, entry->node.id);
  if (known || !sl_bus_idmap_add(&self->map, &entry->node)) {
    free(entry);
    return (entry_t *)known; /* the node is its first member */
  }
  entry->next = self->entries;
  return self->entries = entry;
}

static void add_route(sl_bus_peers_t *self, sl_bus_peer_t *peer, const sl_bus_operation_t *op)
{
  entry_t *entry = entry_for(self, peer->offer.system, op->name);
  if (!entry) return;
  sl_bus_route_t *routes = realloc(entry->routes, (entry->n + 1) * sizeof *routes);
  if (!routes) return;
  entry->routes = routes;
  entry->routes[entry->n++] = (sl_bus_route_t){peer, op};
}

/* Offers change rarely, and then everything is made anew. */
static void make_routes(sl_bus_peers_t *self)
{
  self->changed = true;
  drop_entries(self);
  for (sl_bus_peer_t *peer = self->first; peer; peer = peer->next)
    for (size_t i = 0; !peer->retired && i < peer->offer.n_operations; i++)
      add_route(self, peer, &peer->offer.operations[i]);
}

/* --- the choice ------------------------------------------------------------------------------ */

static size_t random_below(sl_bus_peers_t *self, size_t n)
{
  /* xorshift64*: to spread load, not to keep secrets. */
  self->random ^= self->random >> 12;
  self->random ^= self->random << 25;
  self->random ^= self->random >> 27;
  return (size_t)((self->random * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % n;
}

/* What an instance told some time ago says less and less: otherwise one that was busy once would
 * never be asked again, and so never tell that it is free. */
static double score(const sl_bus_peer_t *peer, int64_t now)
{
  return (double)peer->outstanding +
         FULL_LOAD * peer->load / (1.0 + (double)(now - peer->load_ms) / 1000.0);
}

typedef struct candidates {
  sl_bus_peer_state_t state;
  const sl_bus_peer_t *except;
  size_t max_in_flight;
} candidates_t;

static bool fits(const candidates_t *c, const sl_bus_peer_t *peer)
{
  return peer->state == c->state && !peer->leaving && peer != c->except &&
         peer->outstanding < c->max_in_flight;
}

static sl_bus_route_t *candidate(const candidates_t *c, entry_t *entry, size_t i)
{
  for (size_t k = 0; k < entry->n; k++)
    if (fits(c, entry->routes[k].peer) && i-- == 0) return &entry->routes[k];
  return NULL;
}

static sl_bus_route_t *draw(sl_bus_peers_t *self, entry_t *entry, const candidates_t *c)
{
  size_t n = 0;
  for (size_t k = 0; k < entry->n; k++) n += fits(c, entry->routes[k].peer);
  if (n <= 1) return n ? candidate(c, entry, 0) : NULL;
  size_t i = random_below(self, n), j = random_below(self, n - 1);
  if (j >= i) j++;
  sl_bus_route_t *a = candidate(c, entry, i), *b = candidate(c, entry, j);
  int64_t now = sl_clock_ms();
  return score(a->peer, now) <= score(b->peer, now) ? a : b;
}

sl_code_t sl_bus_peers_choose(sl_bus_peers_t *self, sl_str_t operation, const sl_bus_peer_t *except,
                              sl_bus_route_t *out, sl_err_t *err)
{
  entry_t *entry = (entry_t *)sl_bus_idmap_find(&self->map, sl_strn(NULL, 0), operation);
  if (!entry && self->ready)
    return sl_err_set(err, SL_NOT_FOUND, "nobody offers %.*s", SL_STR_ARG(operation));
  if (!entry) return sl_err_set(err, SL_UNAVAILABLE, "the bus directory has not answered yet");
  candidates_t c = {SL_BUS_PEER_UP, except, self->max_in_flight};
  sl_bus_route_t *route = draw(self, entry, &c);
  c.state = SL_BUS_PEER_NEW;
  if (!route) route = draw(self, entry, &c);
  if (route) {
    *out = *route;
    return SL_OK;
  }
  for (size_t i = 0; i < entry->n; i++) {
    const sl_bus_peer_t *peer = entry->routes[i].peer;
    if (peer->outstanding >= self->max_in_flight && peer->state <= SL_BUS_PEER_UP)
      return sl_err_set(err, SL_UNAVAILABLE, "%.*s: too many calls under way",
                        SL_STR_ARG(peer->offer.system));
  }
  return sl_err_set(err, SL_UNAVAILABLE, "%.*s: no instance is there",
                    SL_STR_ARG(entry->routes[0].peer->offer.system));
}

/* --- a peer's life --------------------------------------------------------------------------- */

static void free_peer(sl_bus_peer_t *peer)
{
  sl_bus_socket_destroy(&peer->socket);
  sl_arena_destroy(&peer->arena);
  free(peer);
}

static bool is_replaced(const sl_bus_peer_t *peer)
{
  if (peer->retired) return true;
  for (const sl_bus_peer_t *other = peer->peers->first; other; other = other->next)
    if (other != peer && !other->leaving && other->state <= SL_BUS_PEER_UP &&
        sl_str_eq(other->offer.system, peer->offer.system))
      return true;
  return false;
}

/* At the end of a turn, when nobody up the stack looks at a peer: closes those that wait for their
 * last call no more, and drops dead offers that another instance has replaced. */
static void prune(sl_bus_peers_t *self)
{
  self->prune = false;
  for (sl_bus_peer_t **p = &self->first; *p;) {
    sl_bus_peer_t *peer = *p;
    if (peer->leaving && !peer->outstanding && peer->state != SL_BUS_PEER_DEAD) {
      peer->state = SL_BUS_PEER_DEAD;
      sl_bus_socket_destroy(&peer->socket);
      self->changed = true;
    }
    if (peer->state != SL_BUS_PEER_DEAD || peer->outstanding || !is_replaced(peer)) {
      p = &peer->next;
      continue;
    }
    *p = peer->next;
    free_peer(peer);
    self->changed = true;
  }
  if (self->changed) make_routes(self);
}

static void on_link(void *ctx, sl_bus_socket_t *socket, sl_bus_link_t link);

static void on_message(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message)
{
  sl_bus_peer_t *peer = ctx;
  peer->peers->handlers.message(peer->peers->ctx, peer, message);
}

/* The file of an ipc endpoint is there only on its own host, so it tells which way to go. */
static const char *endpoint_of(sl_bus_peers_t *self, const sl_bus_offer_t *offer, sl_arena_t *arena)
{
  const char *tcp = NULL;
  for (size_t i = 0; i < offer->n_endpoints; i++) {
    const char *z = sl_arena_strndup(arena, offer->endpoints[i].p, offer->endpoints[i].len);
    if (!z) return NULL;
    if (strncmp(z, "ipc://", 6) == 0 && access(z + 6, W_OK) == 0) return z;
    if (strncmp(z, "tcp://", 6) == 0 && self->has_keys && !tcp) tcp = z;
  }
  return tcp;
}

static bool open_socket(sl_bus_peer_t *peer)
{
  sl_bus_peers_t *self = peer->peers;
  const sl_bus_offer_t *offer = &peer->offer;
  sl_bus_socket_opts_t opts = {
      .connect = endpoint_of(self, offer, peer->arena),
      .hwm = (int)self->max_in_flight + HWM_EXTRA,
      .secret = self->has_keys ? &self->secret : NULL,
      .server_key = sl_arena_strndup(peer->arena, offer->public_key.p, offer->public_key.len),
      .message = on_message,
      .link = on_link,
      .ctx = peer,
  };
  if (opts.connect && opts.server_key) peer->socket = sl_bus_socket_new(self->hub, &opts, NULL);
  return peer->socket != NULL;
}

static void connect_peer(sl_bus_peer_t *peer)
{
  sl_bus_peers_t *self = peer->peers;
  peer->since_ms = sl_clock_ms();
  peer->state = open_socket(peer) ? SL_BUS_PEER_NEW : SL_BUS_PEER_DEAD;
  if (peer->socket && !sl_timer_running(self->connecting))
    sl_timer_start(self->connecting, FIRST_CONNECT_MS, false);
}

/* Its connection is gone, or is given up. final: it will not be tried again. */
static void down(sl_bus_peer_t *peer, bool final, const char *why)
{
  sl_bus_peers_t *self = peer->peers;
  bool was_up = peer->state == SL_BUS_PEER_UP;
  peer->state = SL_BUS_PEER_DOWN;
  /* What is queued in the old socket must not reach whoever answers there next: a new one waits
   * for the connection to come back. */
  if (final || was_up) sl_bus_socket_destroy(&peer->socket);
  if (final || (was_up && !open_socket(peer))) peer->state = SL_BUS_PEER_DEAD;
  self->prune = self->changed = true;
  self->handlers.down(self->ctx, peer, why);
}

static void on_link(void *ctx, sl_bus_socket_t *socket, sl_bus_link_t link)
{
  sl_bus_peer_t *peer = ctx;
  sl_bus_peers_t *self = peer->peers;
  bool final = !peer->listed || peer->leaving;
  if (link == SL_BUS_LINK_UP) {
    peer->state = SL_BUS_PEER_UP;
    self->prune = self->changed = true;
    self->handlers.up(self->ctx, peer);
  } else if (final || peer->state != SL_BUS_PEER_DOWN) {
    down(peer, final,
         link == SL_BUS_LINK_REFUSED ? "the keys were refused" : "the connection to it broke");
  }
}

static void on_connecting(void *ctx)
{
  sl_bus_peers_t *self = ctx;
  int64_t now = sl_clock_ms(), next_ms = INT64_MAX;
  for (sl_bus_peer_t *peer = self->first; peer; peer = peer->next) {
    if (peer->state != SL_BUS_PEER_NEW) continue;
    int64_t left = peer->since_ms + FIRST_CONNECT_MS - now;
    if (left <= 0)
      down(peer, false, "it could not be reached");
    else if (left < next_ms)
      next_ms = left;
  }
  if (next_ms < INT64_MAX) sl_timer_start(self->connecting, next_ms, false);
}

/* --- the directory's word -------------------------------------------------------------------- */

/* An offer that outlives the message it came in: decoded from a copy in its own arena. */
static bool keep_offer(sl_str_t json, sl_arena_t **arena_p, sl_bus_offer_t *offer)
{
  *arena_p = sl_arena_new(0, OFFER_CAP);
  sl_str_t copy = *arena_p ? sl_arena_str(*arena_p, json) : sl_strn(NULL, 0);
  if (copy.p && sl_bus_offer_decode(copy, *arena_p, offer, NULL) == SL_OK) return true;
  sl_arena_destroy(arena_p);
  return false;
}

static sl_bus_peer_t *find(sl_bus_peers_t *self, sl_str_t instance)
{
  sl_bus_peer_t *peer = self->first;
  while (peer && (peer->retired || !sl_str_eq(peer->offer.instance, instance))) peer = peer->next;
  return peer;
}

static void retire(sl_bus_peer_t *peer)
{
  peer->retired = peer->leaving = true;
  peer->listed = false;
}

static void learn(sl_bus_peers_t *self, const sl_bus_offer_t *seen)
{
  sl_buf_t json;
  sl_arena_t *arena;
  sl_bus_offer_t offer;
  sl_buf_init(&json, OFFER_CAP);
  sl_bus_offer_encode(seen, &json);
  bool ok = !json.failed && keep_offer(sl_buf_str(&json), &arena, &offer);
  sl_buf_fini(&json);
  if (!ok) return;
  sl_bus_peer_t *peer = find(self, offer.instance);
  if (peer && !sl_str_eq(peer->offer.incarnation, offer.incarnation)) {
    retire(peer);
    peer = NULL;
  }
  if (!peer) {
    peer = calloc(1, sizeof *peer);
    if (!peer) {
      sl_arena_destroy(&arena);
      return;
    }
    peer->peers = self;
    peer->state = SL_BUS_PEER_DEAD;
    peer->next = self->first;
    self->first = peer;
  }
  sl_arena_destroy(&peer->arena);
  peer->arena = arena;
  peer->offer = offer;
  peer->load = offer.load;
  peer->load_ms = sl_clock_ms();
  peer->listed = peer->mark = true;
  peer->leaving = false;
  if (!peer->socket) connect_peer(peer);
  self->prune = true;
}

static void lose(sl_bus_peer_t *peer, bool bye)
{
  peer->listed = false;
  if (bye) peer->leaving = true;
  peer->peers->prune = peer->peers->changed = true;
  if (peer->state != SL_BUS_PEER_UP) down(peer, true, bye ? "it went" : "it is gone");
}

static void on_snapshot(sl_bus_peers_t *self, const sl_bus_header_t *header, sl_str_t body)
{
  sl_bus_offer_t *offers;
  size_t n;
  if (sl_bus_offers_decode(body, self->arena, &offers, &n, NULL) != SL_OK) return;
  for (sl_bus_peer_t *peer = self->first; peer; peer = peer->next) peer->mark = false;
  for (size_t i = 0; i < n; i++) learn(self, &offers[i]);
  /* A directory that has just started has not heard of everybody yet. */
  for (sl_bus_peer_t *peer = header->young ? NULL : self->first; peer; peer = peer->next)
    if (!peer->mark && peer->listed) lose(peer, false);
  self->ready = true;
  sl_timer_stop(self->asking);
  make_routes(self);
}

static void on_directory_message(void *ctx, sl_bus_socket_t *socket, sl_bus_message_t *message)
{
  sl_bus_peers_t *self = ctx;
  sl_bus_header_t header;
  sl_bus_offer_t offer;
  sl_arena_reset(self->arena);
  if (sl_bus_decode(sl_bus_frame(&message->head), self->arena, &header, NULL) != SL_OK) return;
  sl_str_t body = sl_bus_frame(&message->body);
  sl_bus_peer_t *peer = header.kind == SL_BUS_GONE ? find(self, header.instance) : NULL;
  if (header.kind == SL_BUS_SNAPSHOT) on_snapshot(self, &header, body);
  if (header.kind == SL_BUS_UPDATE &&
      sl_bus_offer_decode(body, self->arena, &offer, NULL) == SL_OK) {
    learn(self, &offer);
    make_routes(self);
  }
  if (peer && peer->listed && sl_str_eq(peer->offer.incarnation, header.incarnation))
    lose(peer, header.bye);
}

static void on_directory_link(void *ctx, sl_bus_socket_t *socket, sl_bus_link_t link)
{
  sl_bus_peers_t *self = ctx;
  self->subscribe = link == SL_BUS_LINK_UP; /* what we know is kept while it is away */
  if (self->subscribe)
    sl_timer_start(self->asking, ASK_MS, true);
  else
    sl_timer_stop(self->asking);
}

static void subscribe(sl_bus_peers_t *self)
{
  static const sl_bus_header_t header = {.kind = SL_BUS_SUBSCRIBE};
  sl_buf_t head;
  zmq_msg_t body;
  sl_buf_init(&head, 0);
  sl_bus_encode(&header, &head);
  zmq_msg_init(&body);
  if (sl_bus_socket_send(self->directory, NULL, sl_buf_str(&head), &body) == SL_OK)
    self->subscribe = false;
  zmq_msg_close(&body);
  sl_buf_fini(&head);
}

/* The link was up, and yet no snapshot came: it was not, or the directory was about to end. */
static void on_asking(void *ctx)
{
  subscribe(ctx);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void remember(sl_bus_peers_t *self)
{
  sl_arena_reset(self->arena);
  sl_bus_offer_t *offers;
  size_t n;
  sl_bus_memory_load(self->memory, self->arena, &offers, &n);
  for (size_t i = 0; i < n; i++) learn(self, &offers[i]);
  make_routes(self);
}

static void store(sl_bus_peers_t *self)
{
  sl_buf_t json;
  sl_buf_init(&json, SL_BUS_MAX_BODY);
  for (const sl_bus_peer_t *peer = self->first; peer; peer = peer->next) {
    sl_bus_offer_t offer = peer->offer;
    if (peer->state == SL_BUS_PEER_DEAD || peer->leaving) continue;
    offer.load = 0;
    sl_buf_addc(&json, json.len ? ',' : '[');
    sl_bus_offer_encode(&offer, &json);
  }
  sl_buf_addz(&json, json.len ? "]" : "[]");
  if (json.failed || sl_str_eq(sl_buf_str(&json), sl_buf_str(&self->stored))) {
    sl_buf_fini(&json);
    return;
  }
  sl_bus_memory_save(self->memory, sl_buf_str(&json));
  sl_buf_fini(&self->stored);
  self->stored = json;
}

static void after(void *ctx)
{
  sl_bus_peers_t *self = ctx;
  if (self->subscribe) subscribe(self);
  self->handlers.after(self->ctx);
  if (self->prune) prune(self);
  if (!self->changed) return;
  self->changed = false;
  if (self->memory && self->ready) store(self);
  self->handlers.change(self->ctx);
}

/* --- making ---------------------------------------------------------------------------------- */

sl_bus_peers_t *sl_bus_peers_new(sl_loop_t *loop, const sl_bus_client_opts_t *opts,
                                 const sl_bus_peers_handlers_t *handlers, void *ctx, sl_err_t *err)
{
  sl_bus_peers_t *self = calloc(1, sizeof *self);
  if (!self) return sl_err_set(err, SL_BUG, "no memory for the bus client"), NULL;
  self->handlers = *handlers;
  self->ctx = ctx;
  self->max_in_flight = (size_t)opts->max_in_flight;
  sl_bus_idmap_init(&self->map);
  if (getrandom(&self->random, sizeof self->random, GRND_NONBLOCK) < 0) self->random = 0;
  self->random |= 1;
  self->has_keys = opts->keys && opts->keys->secret_file && opts->keys->secret_file[0];
  if (self->has_keys && sl_bus_secret_load(opts->keys, &self->secret, err) != SL_OK) goto fail;
  self->arena = sl_arena_new(0, SNAPSHOT_CAP);
  self->connecting = sl_timer_new(loop, on_connecting, self);
  self->asking = sl_timer_new(loop, on_asking, self);
  self->hub = sl_bus_hub_new(loop, after, self, err);
  if (!self->arena || !self->connecting || !self->asking || !self->hub) {
    sl_err_set(err, SL_BUG, "no memory for the bus client");
    goto fail;
  }
  sl_bus_socket_opts_t socket = {
      .connect = opts->directory,
      .hwm = DIRECTORY_HWM,
      .secret = self->has_keys ? &self->secret : NULL,
      .server_key = opts->keys ? opts->keys->server_key : NULL,
      .message = on_directory_message,
      .link = on_directory_link,
      .ctx = self,
  };
  if (opts->memory && !(self->memory = strdup(opts->memory))) {
    sl_err_set(err, SL_BUG, "no memory for the bus client");
    goto fail;
  }
  self->directory = sl_bus_socket_new(self->hub, &socket, err);
  if (self->directory) {
    if (self->memory) remember(self);
    return self;
  }
fail:
  sl_bus_peers_destroy(&self);
  return NULL;
}

void sl_bus_peers_destroy(sl_bus_peers_t **self_p)
{
  sl_bus_peers_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  for (sl_bus_peer_t *peer = self->first, *next; peer; peer = next) {
    next = peer->next;
    free_peer(peer);
  }
  sl_bus_socket_destroy(&self->directory);
  sl_bus_hub_destroy(&self->hub);
  sl_timer_destroy(&self->connecting);
  sl_timer_destroy(&self->asking);
  drop_entries(self);
  sl_bus_idmap_fini(&self->map);
  sl_arena_destroy(&self->arena);
  sl_buf_fini(&self->stored);
  free(self->memory);
  explicit_bzero(&self->secret, sizeof self->secret);
  free(self);
  *self_p = NULL;
}

bool sl_bus_peers_ready(const sl_bus_peers_t *self)
{
  return self->ready;
}

const sl_bus_peer_t *sl_bus_peers_at(const sl_bus_peers_t *self, size_t i)
{
  const sl_bus_peer_t *peer = self->first;
  for (; peer; peer = peer->next)
    if (!peer->retired && i-- == 0) return peer;
  return NULL;
}

sl_bus_peer_t *sl_bus_peers_first(sl_bus_peers_t *self)
{
  return self->first;
}

void sl_bus_peers_done(sl_bus_peer_t *peer)
{
  peer->outstanding--;
  if (peer->leaving && !peer->outstanding) peer->peers->prune = true;
}
