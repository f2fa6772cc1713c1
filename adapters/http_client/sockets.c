/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "adapters/http_client/internal.h"

static void on_fd(void *ctx, int fd, int what)
{
  sl_http_t *self = ctx;
  sl_http_socket_t *s = &self->sockets[fd];
  if (!(what & s->wanted)) {
    /* An idle connection became readable: its peer closed it, or talks out of turn. libcurl sees
     * that before it uses the connection again; until then nobody need be woken. */
    sl_watch_destroy(&s->watch);
    s->watched = 0;
    return;
  }
  int events =
          (what & SL_READABLE ? CURL_CSELECT_IN : 0) | (what & SL_WRITABLE ? CURL_CSELECT_OUT : 0),
      running;
  curl_multi_socket_action(self->multi, fd, events, &running);
  sl_http_turn(self);
}

static bool room_for(sl_http_t *self, size_t fd)
{
  if (fd < self->n_sockets) return true;
  size_t n = self->n_sockets ? self->n_sockets : 64;
  while (n <= fd) n *= 2;
  sl_http_socket_t *p = realloc(self->sockets, n * sizeof *p);
  if (!p) return false;
  memset(p + self->n_sockets, 0, (n - self->n_sockets) * sizeof *p);
  self->sockets = p;
  self->n_sockets = n;
  return true;
}

/* CURLMOPT_SOCKETFUNCTION. Between two calls a kept connection is unwatched and watched again for
 * reading: the watch simply stays, which saves two epoll_ctl and an allocation a call. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
  sl_http_t *self = ctx;
  (void)easy, (void)unused;
  if (!room_for(self, (size_t)fd)) return -1;
  sl_http_socket_t *s = &self->sockets[fd];
  s->wanted = what == CURL_POLL_REMOVE ? 0
                                       : (what & CURL_POLL_IN ? SL_READABLE : 0) |
                                             (what & CURL_POLL_OUT ? SL_WRITABLE : 0);
  if (s->watch && (s->wanted == s->watched || (!s->wanted && s->watched == SL_READABLE))) return 0;
  sl_watch_destroy(&s->watch);
  s->watched = 0;
  if (!s->wanted) return 0;
  s->watch = sl_watch_new(self->loop, fd, s->wanted, on_fd, self);
  if (!s->watch) return -1;
  s->watched = s->wanted;
  return 0;
}

int sl_http_on_close(void *ctx, curl_socket_t fd)
{
  sl_http_t *self = ctx;
  if ((size_t)fd < self->n_sockets) {
    sl_watch_destroy(&self->sockets[fd].watch);
    memset(&self->sockets[fd], 0, sizeof self->sockets[fd]);
  }
  return close(fd);
}

static int on_timeout_wish(CURLM *multi, long ms, void *ctx)
{
  sl_http_t *self = ctx;
  (void)multi;
  if (ms < 0)
    sl_timer_stop(self->curl_timer);
  else if (ms > 0 || !self->starting)
    sl_timer_start(self->curl_timer, ms, false);
  return 0;
}

static void on_timer(void *ctx)
{
  sl_http_t *self = ctx;
  int running;
  curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  sl_http_turn(self);
}

void sl_http_kick(sl_http_t *self)
{
  int running;
  curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

bool sl_http_sockets_init(sl_http_t *self)
{
  self->curl_timer = sl_timer_new(self->loop, on_timer, self);
  if (!self->curl_timer) return false;
  curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
  curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wish);
  curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
  return true;
}

void sl_http_sockets_fini(sl_http_t *self)
{
  for (size_t i = 0; i < self->n_sockets; i++) sl_watch_destroy(&self->sockets[i].watch);
  free(self->sockets);
  sl_timer_destroy(&self->curl_timer);
}
