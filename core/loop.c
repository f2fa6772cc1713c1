/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DRAINS = 64, MAX_SIGNALS = 8 };

struct signal_entry {
  struct event *ev;
  sl_signal_fn fn;
  void *ctx;
};

struct sl_loop {
  struct event_base *base;
  struct {
    sl_drain_fn fn;
    void *ctx;
  } drains[MAX_DRAINS];
  size_t n_drains;
  struct signal_entry signals[MAX_SIGNALS];
  size_t n_signals;
  bool stop;
  bool more; /* a drain has work left: the next turn does not wait */
};

struct sl_timer {
  struct event *ev;
  sl_loop_t *loop;
  sl_loop_fn fn;
  void *ctx;
  int64_t ms;
  bool repeat;
};

struct sl_watch {
  struct event *ev;
  sl_fd_fn fn;
  void *ctx;
};

sl_loop_t *sl_loop_new(void)
{
  signal(SIGPIPE, SIG_IGN);
  sl_loop_t *self = calloc(1, sizeof *self);
  struct event_config *config = event_config_new();
  if (self && config) {
    /* Coalesces epoll_ctl calls of one turn; sockets of ours are added and removed a lot. */
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    self->base = event_base_new_with_config(config);
  }
  if (config) event_config_free(config);
  if (self && !self->base) {
    free(self);
    self = NULL;
  }
  return self;
}

void sl_loop_destroy(sl_loop_t **self_p)
{
  sl_loop_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  for (size_t i = 0; i < self->n_signals; i++) event_free(self->signals[i].ev);
  event_base_free(self->base);
  free(self);
  *self_p = NULL;
}

struct event_base *sl_loop_base(sl_loop_t *self)
{
  return self->base;
}

static void drain_all(sl_loop_t *self)
{
  self->more = false;
  for (size_t i = 0; i < self->n_drains; i++)
    if (self->drains[i].fn(self->drains[i].ctx)) self->more = true;
}

static void turn(sl_loop_t *self, bool wait)
{
  event_base_loop(self->base, EVLOOP_ONCE | (wait && !self->more ? 0 : EVLOOP_NONBLOCK));
  drain_all(self);
}

void sl_loop_run(sl_loop_t *self)
{
  self->stop = false;
  drain_all(self); /* what came before the descriptor was watched */
  while (!self->stop) turn(self, true);
}

void sl_loop_stop(sl_loop_t *self)
{
  self->stop = true;
  event_base_loopbreak(self->base);
}

static void wake(evutil_socket_t fd, short what, void *ctx)
{
  (void)fd, (void)what, (void)ctx;
}

void sl_loop_turn(sl_loop_t *self, int64_t timeout_ms)
{
  struct event *ev = NULL;
  if (timeout_ms > 0 && !self->more) {
    struct timeval tv = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    ev = evtimer_new(self->base, wake, NULL);
    if (ev) evtimer_add(ev, &tv);
  }
  turn(self, ev != NULL);
  if (ev) event_free(ev);
}

sl_code_t sl_loop_drain_add(sl_loop_t *self, sl_drain_fn fn, void *ctx)
{
  if (self->n_drains == MAX_DRAINS) return SL_BUG;
  self->drains[self->n_drains].fn = fn;
  self->drains[self->n_drains++].ctx = ctx;
  self->more = true; /* look at it before waiting */
  return SL_OK;
}

void sl_loop_drain_remove(sl_loop_t *self, sl_drain_fn fn, void *ctx)
{
  for (size_t i = 0; i < self->n_drains; i++) {
    if (self->drains[i].fn != fn || self->drains[i].ctx != ctx) continue;
    memmove(&self->drains[i], &self->drains[i + 1],
            (self->n_drains - i - 1) * sizeof self->drains[0]);
    self->n_drains--;
    return;
  }
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
  sl_timer_t *self = ctx;
  (void)fd, (void)what;
  if (self->repeat) sl_timer_start(self, self->ms, true);
  self->fn(self->ctx);
}

sl_timer_t *sl_timer_new(sl_loop_t *loop, sl_loop_fn fn, void *ctx)
{
  sl_timer_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  *self = (sl_timer_t){.loop = loop, .fn = fn, .ctx = ctx};
  self->ev = evtimer_new(loop->base, on_timer, self);
  if (!self->ev) {
    free(self);
    return NULL;
  }
  return self;
}

void sl_timer_destroy(sl_timer_t **self_p)
{
  if (!self_p || !*self_p) return;
  event_free((*self_p)->ev);
  free(*self_p);
  *self_p = NULL;
}

void sl_timer_start(sl_timer_t *self, int64_t ms, bool repeat)
{
  struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
  self->ms = ms;
  self->repeat = repeat;
  evtimer_add(self->ev, &tv);
}

void sl_timer_stop(sl_timer_t *self)
{
  self->repeat = false;
  evtimer_del(self->ev);
}

bool sl_timer_running(const sl_timer_t *self)
{
  return evtimer_pending(self->ev, NULL) != 0;
}

static void on_fd(evutil_socket_t fd, short what, void *ctx)
{
  sl_watch_t *self = ctx;
  self->fn(self->ctx, fd, (what & EV_READ ? SL_READABLE : 0) | (what & EV_WRITE ? SL_WRITABLE : 0));
}

static sl_watch_t *watch(sl_loop_t *loop, int fd, int what, sl_fd_fn fn, void *ctx, short flags)
{
  sl_watch_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->fn = fn;
  self->ctx = ctx;
  flags |= EV_PERSIST | (what & SL_READABLE ? EV_READ : 0) | (what & SL_WRITABLE ? EV_WRITE : 0);
  self->ev = event_new(loop->base, fd, flags, on_fd, self);
  if (!self->ev || event_add(self->ev, NULL)) sl_watch_destroy(&self);
  return self;
}

sl_watch_t *sl_watch_new(sl_loop_t *loop, int fd, int what, sl_fd_fn fn, void *ctx)
{
  return watch(loop, fd, what, fn, ctx, 0);
}

sl_watch_t *sl_watch_new_edge(sl_loop_t *loop, int fd, int what, sl_fd_fn fn, void *ctx)
{
  return watch(loop, fd, what, fn, ctx, EV_ET);
}

void sl_watch_destroy(sl_watch_t **self_p)
{
  if (!self_p || !*self_p) return;
  if ((*self_p)->ev) event_free((*self_p)->ev);
  free(*self_p);
  *self_p = NULL;
}

static void on_signal(evutil_socket_t signum, short what, void *ctx)
{
  const struct signal_entry *entry = ctx;
  (void)what;
  entry->fn(entry->ctx, signum);
}

sl_code_t sl_loop_signal(sl_loop_t *self, int signum, sl_signal_fn fn, void *ctx)
{
  if (self->n_signals == MAX_SIGNALS) return SL_BUG;
  struct signal_entry *entry = &self->signals[self->n_signals];
  entry->fn = fn;
  entry->ctx = ctx;
  entry->ev = evsignal_new(self->base, signum, on_signal, entry);
  if (!entry->ev || event_add(entry->ev, NULL)) return SL_BUG;
  self->n_signals++;
  return SL_OK;
}
