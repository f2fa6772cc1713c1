/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/channel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sqlext.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
  READ_AHEAD = 16 * 1024,
  CANCEL_AGAIN_MS = 50,
  LINGER_MS = 2000, /* for a driver to come back after the head died */
};

/* --- the watchdog --------------------------------------------------------------------------------
 */

static void cancel_running(sl_channel_t *self)
{
  pthread_mutex_lock(&self->lock);
  if (self->cancelled && self->running) SQLCancel(self->running);
  pthread_mutex_unlock(&self->lock);
}

static bool has_cancelled(sl_channel_t *self)
{
  pthread_mutex_lock(&self->lock);
  bool yes = self->cancelled;
  pthread_mutex_unlock(&self->lock);
  return yes;
}

static void mark_cancelled(sl_channel_t *self, uint32_t call)
{
  pthread_mutex_lock(&self->lock);
  self->unwanted = call; /* also when the watchdog hears of its end before its beginning was read */
  if (call && call == self->watched) self->cancelled = true;
  pthread_mutex_unlock(&self->lock);
}

/* Nobody is there to take an answer: interrupt the driver, so that what is open is rolled back,
 * and go, also if it does not come back. */
_Noreturn static void head_died(sl_channel_t *self)
{
  pthread_mutex_lock(&self->lock);
  self->cancelled = true;
  pthread_mutex_unlock(&self->lock);
  for (int waited = 0; waited < LINGER_MS; waited += CANCEL_AGAIN_MS) {
    cancel_running(self);
    poll(NULL, 0, CANCEL_AGAIN_MS);
  }
  _exit(1);
}

static void *watchdog(void *ctx)
{
  sl_channel_t *self = ctx;
  char bytes[64 * SL_WP_HEADER];
  size_t have = 0;
  for (;;) {
    struct pollfd p = {.fd = self->control_fd, .events = POLLIN};
    if (poll(&p, 1, has_cancelled(self) ? CANCEL_AGAIN_MS : -1) > 0) {
      ssize_t n = read(self->control_fd, bytes + have, sizeof bytes - have);
      if (n == 0 || (n < 0 && errno != EINTR)) head_died(self);
      if (n > 0) have += (size_t)n;
      sl_wp_frame_t frame;
      size_t used, at = 0;
      /* Only CANCEL comes here, and it has no payload. */
      while (sl_wp_next(bytes + at, have - at, 0, &frame, &used) == 1) {
        if (frame.kind == SL_WP_CANCEL) mark_cancelled(self, frame.call);
        at += used;
      }
      memmove(bytes, bytes + at, have - at);
      have -= at;
    }
    cancel_running(self);
  }
  return NULL;
}

void sl_channel_open(sl_channel_t *self, int data_fd, int control_fd)
{
  memset(self, 0, sizeof *self);
  self->data_fd = data_fd;
  self->control_fd = control_fd;
  sl_buf_init(&self->in, SL_WP_MAX_DOWN + SL_WP_HEADER + READ_AHEAD);
  sl_buf_init(&self->held, 0);
  sl_buf_init(&self->out, 0);
  pthread_mutex_init(&self->lock, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

sl_code_t sl_channel_watch(sl_channel_t *self, sl_err_t *err)
{
  pthread_t thread;
  if (pthread_create(&thread, NULL, watchdog, self) || pthread_detach(thread))
    return sl_err_set(err, SL_UNAVAILABLE, "cannot start the watchdog thread");
  self->watching = true;
  prctl(PR_SET_PDEATHSIG, 0); /* it tells the driver first */
  return SL_OK;
}

void sl_channel_running(sl_channel_t *self, SQLHSTMT statement)
{
  pthread_mutex_lock(&self->lock);
  self->running = statement;
  pthread_mutex_unlock(&self->lock);
}

bool sl_channel_cancelled(sl_channel_t *self)
{
  return has_cancelled(self);
}

/* --- reading -------------------------------------------------------------------------------------
 */

/* Waiting by poll, not in recv: the kernel wakes a sleeping recv also when the head takes bytes
 * that we sent before, once for each answer and for nothing. */
static bool wait_readable(const sl_channel_t *self)
{
  struct pollfd p = {.fd = self->data_fd, .events = POLLIN};
  int n;
  do n = poll(&p, 1, -1);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

/* At least one more byte: 1; none there (unless wait): 0; the head is gone: -1. */
static int read_some(sl_channel_t *self, size_t wanted, bool wait)
{
  if (self->in_at) {
    sl_buf_consume(&self->in, self->in_at);
    self->in_at = 0;
  }
  size_t room = wanted > self->in.len ? wanted - self->in.len : 0;
  if (!sl_buf_reserve(&self->in, room > READ_AHEAD ? room : READ_AHEAD)) return -1;
  for (;;) {
    ssize_t n =
        recv(self->data_fd, self->in.p + self->in.len, self->in.cap - self->in.len, MSG_DONTWAIT);
    if (n > 0) {
      self->in.len += (size_t)n;
      return 1;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return -1;
    if (!wait) return 0;
    if (!wait_readable(self)) return -1;
  }
}

/* A call's text lives until the call ends, while CREDIT frames come into `in`: the buffers change
 * places, so that nothing of the call is copied. */
static void hold(sl_channel_t *self, size_t used)
{
  sl_buf_t mine = self->in;
  self->in = self->held;
  self->held = mine;
  sl_buf_clear(&self->in);
  self->in.max = mine.max;
  size_t after = self->in_at + used;
  sl_buf_add(&self->in, mine.p + after, mine.len - after);
  self->in_at = 0;
}

static void opened(sl_channel_t *self, uint32_t call)
{
  self->call = call;
  self->credit = 0;
  self->go = false;
  pthread_mutex_lock(&self->lock);
  self->watched = call;
  self->cancelled = call && call == self->unwanted;
  pthread_mutex_unlock(&self->lock);
}

static void take(sl_channel_t *self, const sl_wp_frame_t *frame)
{
  uint64_t bytes;
  if (frame->call != self->call) return; /* of a call that has ended meanwhile */
  if (frame->kind == SL_WP_CREDIT && sl_wp_get_credit(frame, &bytes)) self->credit += bytes;
  if (frame->kind == SL_WP_GO) self->go = true;
  if (frame->kind == SL_WP_CANCEL) mark_cancelled(self, frame->call);
  /* Its twin on the other socket is nobody's business without a watchdog; it must not fill it. */
  char twin[64 * SL_WP_HEADER];
  if (frame->kind == SL_WP_CANCEL && !self->watching)
    while (recv(self->control_fd, twin, sizeof twin, MSG_DONTWAIT) > 0) continue;
}

/* The next frame into frame: 1, 0 none there yet (unless wait), -1 the head is gone. */
static int next_frame(sl_channel_t *self, sl_wp_frame_t *frame, bool wait)
{
  for (;;) {
    size_t used;
    int rc = sl_wp_next(self->in.p + self->in_at, self->in.len - self->in_at, SL_WP_MAX_DOWN, frame,
                        &used);
    if (rc < 0) return -1;
    if (rc > 0) {
      if (frame->kind == SL_WP_CALL)
        hold(self, used);
      else
        self->in_at += used;
      return 1;
    }
    rc = read_some(self, used, wait);
    if (rc <= 0) return rc;
  }
}

bool sl_channel_expect(sl_channel_t *self, sl_wp_kind_t kind, sl_wp_frame_t *frame)
{
  for (;;) {
    if (next_frame(self, frame, true) < 0) return false;
    if (frame->kind == SL_WP_CALL) opened(self, frame->call);
    if (frame->kind == kind) return true;
    take(self, frame);
  }
}

bool sl_channel_wait_credit(sl_channel_t *self)
{
  sl_wp_frame_t frame;
  int rc;
  while ((rc = next_frame(self, &frame, false)) > 0) take(self, &frame);
  while (rc >= 0 && self->credit == 0 && !has_cancelled(self)) {
    rc = next_frame(self, &frame, true);
    if (rc > 0) take(self, &frame);
  }
  return rc >= 0 && self->credit > 0 && !has_cancelled(self);
}

bool sl_channel_may_commit(sl_channel_t *self)
{
  sl_wp_frame_t frame;
  sl_wp_put(&self->out, SL_WP_COMMIT, 0, self->call, (sl_str_t){NULL, 0});
  if (!sl_channel_send(self, (sl_str_t){NULL, 0})) return false;
  while (!self->go && !has_cancelled(self)) {
    if (next_frame(self, &frame, true) < 0) return false;
    take(self, &frame);
  }
  return self->go;
}

void sl_channel_end_call(sl_channel_t *self)
{
  opened(self, 0);
  if (self->held.cap > 16 * READ_AHEAD) {
    size_t max = self->held.max;
    sl_buf_fini(&self->held);
    sl_buf_init(&self->held, max);
  }
}

/* --- writing -------------------------------------------------------------------------------------
 */

bool sl_channel_send(sl_channel_t *self, sl_str_t tail)
{
  struct iovec v[2] = {{self->out.p, self->out.len}, {(void *)(uintptr_t)tail.p, tail.len}};
  struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
  bool ok = !self->out.failed;
  while (ok && v[0].iov_len + v[1].iov_len > 0) {
    ssize_t n = sendmsg(self->data_fd, &m, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ok = false;
    for (int i = 0; ok && i < 2; i++) {
      size_t took = (size_t)n < v[i].iov_len ? (size_t)n : v[i].iov_len;
      v[i].iov_base = (char *)v[i].iov_base + took;
      v[i].iov_len -= took;
      n -= (ssize_t)took;
    }
  }
  sl_buf_clear(&self->out);
  return ok;
}
