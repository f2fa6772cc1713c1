/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "adapters/odbc/spawn.h"
#include "core/clock.h"
#include "core/log.h"

enum {
  BACKOFF_FIRST_MS = 100,
  BACKOFF_MAX_MS = 5000,
  GRANT_STEP = 16 * 1024, /* smaller credits wait for company, unless the worker has none left */
  STOP_MS = 500,
};

typedef enum state { ASLEEP, WAITING, STARTING, IDLE, BUSY, STOPPING } state_t;

typedef struct sl_pool_worker {
  sl_pool_t *pool;
  state_t state;
  pid_t pid;
  int data_fd, control_fd;
  sl_watch_t *readable, *writable;
  sl_timer_t *timer; /* the one thing that its state waits for */
  sl_buf_t in, out;
  uint32_t call; /* the last one handed to it */
  sl_pool_job_t *job;
  unsigned failures; /* starts that failed, one after another */
  unsigned era;      /* of the pool, when it connected */
  char session[128]; /* its name in the server */
  char ended[128];   /* the session of the one that was killed in this place */
} worker_t;

struct sl_pool {
  sl_loop_t *loop;
  const sl_pool_opts_t *opts;
  const sl_pool_handlers_t *handlers;
  worker_t *workers;
  sl_pool_job_t *first, **last; /* waiting for a worker */
  pid_t *dying;                 /* killed or gone, to be reaped */
  size_t n_dying;
  unsigned era;      /* grows when a connection was lost: idle ones from before are suspect */
  bool unreachable;  /* the last attempt to connect failed, and nobody is connected */
  sl_err_t down_err; /* why, as logged */
};

static void start(worker_t *self);
static void next_job(worker_t *self);

/* --- processes
 * ------------------------------------------------------------------------------------- */

static void reap(void *ctx, int signum)
{
  sl_pool_t *self = ctx;
  (void)signum;
  for (size_t i = 0; i < self->n_dying;) {
    if (waitpid(self->dying[i], NULL, WNOHANG) == 0)
      i++;
    else
      self->dying[i] = self->dying[--self->n_dying];
  }
}

static void bury(sl_pool_t *self, pid_t pid)
{
  if (waitpid(pid, NULL, WNOHANG) != 0) return;
  /* A place that starts anew faster than the kernel reaps. */
  if (self->n_dying == (size_t)self->opts->size * 2) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  } else
    self->dying[self->n_dying++] = pid;
}

static void close_ends(worker_t *self)
{
  sl_watch_destroy(&self->readable);
  sl_watch_destroy(&self->writable);
  if (self->data_fd >= 0) close(self->data_fd);
  if (self->control_fd >= 0) close(self->control_fd);
  self->data_fd = self->control_fd = -1;
  sl_buf_fini(&self->in);
  sl_buf_fini(&self->out);
}

/* Full jitter, so that the workers of many adapters do not come back to a database in step. */
static int64_t backoff_ms(unsigned failures)
{
  int64_t ms = BACKOFF_FIRST_MS;
  unsigned r = 0;
  for (unsigned i = 1; i < failures && ms < BACKOFF_MAX_MS; i++) ms *= 2;
  if (ms > BACKOFF_MAX_MS) ms = BACKOFF_MAX_MS;
  if (getrandom(&r, sizeof r, GRND_NONBLOCK) != sizeof r) r = 0;
  return ms / 2 + r % (unsigned)(ms / 2 + 1);
}

static size_t count(const sl_pool_t *self, state_t state)
{
  size_t n = 0;
  for (int64_t i = 0; i < self->opts->size; i++) n += self->workers[i].state == state;
  return n;
}

int64_t sl_pool_connected(const sl_pool_t *self, int64_t *busy_p)
{
  *busy_p = (int64_t)(count(self, BUSY) + count(self, STOPPING));
  return *busy_p + (int64_t)count(self, IDLE);
}

static void fail_queue(sl_pool_t *self, const sl_err_t *err)
{
  sl_pool_job_t *job = self->first;
  self->first = NULL;
  self->last = &self->first;
  while (job) {
    sl_pool_job_t *next = job->next;
    self->handlers->fail(job, err);
    job = next;
  }
}

static const sl_err_t *unreachable_err(sl_err_t *err)
{
  sl_err_set(err, SL_UNAVAILABLE, "the database cannot be reached");
  return err;
}

/* Whatever it was doing, this worker is gone; its place starts another one. */
static void gone(worker_t *self)
{
  sl_pool_t *pool = self->pool;
  sl_pool_job_t *job = self->job;
  bool was_starting = self->state == STARTING;
  sl_err_t err;
  close_ends(self);
  if (self->pid > 0) {
    kill(self->pid, SIGKILL);
    bury(pool, self->pid);
  }
  self->pid = 0;
  self->job = NULL;
  /* A first death is followed at once: what killed it may be over. */
  self->failures = was_starting ? self->failures + 1 : 0;
  if (!was_starting) snprintf(self->ended, sizeof self->ended, "%s", self->session);
  self->session[0] = '\0';
  self->state = WAITING;
  sl_timer_start(self->timer, self->failures ? backoff_ms(self->failures) : 0, false);
  if (job) {
    if (job->committing)
      sl_err_set(&err, SL_IN_DOUBT, "the database worker died while committing");
    else
      sl_err_set(&err, SL_UNAVAILABLE, "the database worker died; nothing was changed");
    pool->handlers->fail(job, &err);
  }
  int64_t busy;
  if (was_starting && sl_pool_connected(pool, &busy) == 0) {
    pool->unreachable = true;
    fail_queue(pool, unreachable_err(&err));
  }
}

/* It closes its connection when it sees the end of its sockets. */
static void put_to_sleep(worker_t *self)
{
  close_ends(self);
  bury(self->pool, self->pid);
  self->pid = 0;
  self->session[0] = '\0';
  self->state = ASLEEP;
}

static void kill_worker(worker_t *self, const char *why)
{
  sl_log(SL_LOG_WARN, NULL, "killing a database worker", "pid=%d why=%s", (int)self->pid, why);
  gone(self);
}

/* --- writing to a worker
 * ----------------------------------------------------------------------------- */

static void on_writable(void *ctx, int fd, int what)
{
  worker_t *self = ctx;
  (void)what;
  ssize_t n = send(fd, self->out.p, self->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
  /* A worker that died is noticed where it is read. */
  if (n > 0) sl_buf_consume(&self->out, (size_t)n);
  if (self->out.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    sl_watch_destroy(&self->writable);
}

static void push(worker_t *self)
{
  if (self->writable || self->out.len == 0) return;
  ssize_t n = send(self->data_fd, self->out.p, self->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) sl_buf_consume(&self->out, (size_t)n);
  if (self->out.len)
    self->writable = sl_watch_new(self->pool->loop, self->data_fd, SL_WRITABLE, on_writable, self);
  else if (self->out.cap > SL_WP_PIECE) {
    sl_buf_fini(&self->out);
    sl_buf_init(&self->out, 0);
  }
}

static void dispatch(worker_t *self, sl_pool_job_t *job)
{
  self->state = BUSY;
  sl_timer_stop(self->timer);
  self->job = job;
  if (++self->call == 0) self->call = 1;
  job->worker = self;
  job->granted = (int64_t)job->call.credit;
  if (self->pool->opts->timeout_ms)
    sl_timer_start(self->timer, self->pool->opts->timeout_ms, false);
  sl_wp_put_call(&self->out, job->flags, self->call, &job->call);
  push(self);
}

/* --- what workers say
 * --------------------------------------------------------------------------------- */

/* The call is over: the worker is free for the next one. */
static void freed(worker_t *self)
{
  self->job = NULL;
  self->state = IDLE;
  sl_timer_stop(self->timer);
  next_job(self);
}

static bool on_ready(worker_t *self, const sl_wp_frame_t *frame)
{
  sl_wp_ready_t ready;
  sl_pool_t *pool = self->pool;
  if (self->state != STARTING || !sl_wp_get_ready(frame, &ready)) return false;
  sl_log(SL_LOG_INFO, NULL, "connected to the database", "driver=%.*s dbms=%.*s pid=%d",
         SL_STR_ARG(ready.driver), SL_STR_ARG(ready.dbms), (int)self->pid);
  snprintf(self->session, sizeof self->session, "%.*s", SL_STR_ARG(ready.session));
  self->ended[0] = '\0';
  self->failures = 0;
  self->era = pool->era;
  pool->unreachable = false;
  freed(self);
  /* The database is there again: the others need not wait out their backoff. */
  for (int64_t i = 0; i < pool->opts->size; i++)
    if (pool->workers[i].state == WAITING) start(&pool->workers[i]);
  return true;
}

static bool on_down(worker_t *self, const sl_wp_frame_t *frame)
{
  sl_err_t err;
  sl_pool_t *pool = self->pool;
  if (!sl_wp_get_err(frame, &err)) return false;
  /* Workers fail in step: one line for all of them. */
  if (!pool->unreachable || strcmp(pool->down_err.text, err.text) != 0)
    sl_log(err.code == SL_CONFIG ? SL_LOG_ERROR : SL_LOG_WARN, NULL, "the database is away",
           "reason=%s", err.text);
  pool->down_err = err;
  if (self->state == STARTING) return true; /* and end of file follows */
  /* The server went: connections that are idle now are most likely dead too, and would each spoil
   * a call before they are noticed. */
  unsigned era = ++pool->era;
  for (int64_t i = 0; i < pool->opts->size; i++) {
    worker_t *w = &pool->workers[i];
    if (w != self && w->state == IDLE && w->era < era) gone(w);
  }
  return true;
}

static bool on_answer(worker_t *self, const sl_wp_frame_t *frame, bool last)
{
  sl_answer_t answer;
  sl_problem_t problem;
  sl_str_t body;
  sl_pool_job_t *job = self->job;
  if (!sl_wp_get_answer(frame, &answer, &problem, &body)) return false;
  job->granted -= (int64_t)body.len;
  if (job->granted < 0) return false;
  job->begun = true;
  sl_timer_stop(self->timer);
  self->pool->handlers->answer(job, &answer, body, last);
  return true;
}

static bool on_chunk(worker_t *self, const sl_wp_frame_t *frame, bool last)
{
  sl_pool_job_t *job = self->job;
  job->granted -= (int64_t)frame->payload.len;
  if (job->granted < 0) return false;
  self->pool->handlers->chunk(job, frame->payload, last);
  return true;
}

static bool on_fail(worker_t *self, const sl_wp_frame_t *frame)
{
  sl_err_t err;
  if (!(frame->flags & SL_WP_LAST) || !sl_wp_get_err(frame, &err)) return false;
  self->pool->handlers->fail(self->job, &err);
  return true;
}

static void on_commit(worker_t *self)
{
  self->job->committing = true;
  self->pool->handlers->commit(self->job);
  if (!self->job) return; /* cancelled meanwhile */
  sl_wp_put(&self->out, SL_WP_GO, 0, self->call, sl_strn(NULL, 0));
  push(self);
}

/* A frame of the call that is under way. False: nonsense. */
static bool on_call_frame(worker_t *self, const sl_wp_frame_t *frame)
{
  bool last = frame->flags & SL_WP_LAST, ok = true;
  if (frame->call != self->call || (self->state != BUSY && self->state != STOPPING)) return false;
  if (self->job) switch (frame->kind) {
    case SL_WP_COMMIT: on_commit(self); break;
    case SL_WP_WIRE:
      self->pool->handlers->wire(self->job, frame->flags & SL_WP_OUTGOING, frame->payload);
      break;
    case SL_WP_ANSWER: ok = on_answer(self, frame, last); break;
    case SL_WP_CHUNK: ok = on_chunk(self, frame, last); break;
    case SL_WP_FAIL: ok = on_fail(self, frame); break;
    default: ok = false;
    }
  if (ok && last) freed(self);
  return ok;
}

static bool on_frame(worker_t *self, const sl_wp_frame_t *frame)
{
  if (frame->kind == SL_WP_READY) return on_ready(self, frame);
  if (frame->kind == SL_WP_DOWN) return on_down(self, frame);
  return on_call_frame(self, frame);
}

static void on_readable(void *ctx, int fd, int what)
{
  worker_t *self = ctx;
  (void)what;
  size_t used = SL_WP_HEADER, at = 0;
  sl_wp_frame_t frame;
  if (!sl_buf_reserve(&self->in, SL_WP_PIECE)) return kill_worker(self, "no memory");
  ssize_t n = recv(fd, self->in.p + self->in.len, self->in.cap - self->in.len, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return gone(self);
  self->in.len += (size_t)n;
  int rc = 0;
  /* A handler may end this very worker; then its descriptor is another one. */
  while (self->data_fd == fd && at < self->in.len &&
         (rc = sl_wp_next(self->in.p + at, self->in.len - at, SL_WP_MAX_UP, &frame, &used)) > 0) {
    if (!on_frame(self, &frame)) return kill_worker(self, "it sent nonsense");
    at += used;
  }
  if (self->data_fd != fd) return;
  if (rc < 0) return kill_worker(self, "it sent nonsense");
  sl_buf_consume(&self->in, at);
}

/* --- starting, stopping
 * --------------------------------------------------------------------------------- */

/* Our own bound on a call has passed. */
static void give_up(worker_t *self)
{
  sl_pool_job_t *job = self->job;
  sl_err_t err;
  sl_pool_cancel(self->pool, job);
  sl_err_set(&err, job->committing ? SL_IN_DOUBT : SL_TIMED_OUT,
             "the database did not answer in time");
  self->pool->handlers->fail(job, &err);
}

static void on_timer(void *ctx)
{
  worker_t *self = ctx;
  switch (self->state) {
  case WAITING: start(self); break;
  case STARTING: kill_worker(self, "it did not connect in time"); break;
  case STOPPING: kill_worker(self, "its call was cancelled and it did not come back"); break;
  case IDLE: put_to_sleep(self); break;
  case BUSY: give_up(self); break;
  default: break;
  }
}

static void start(worker_t *self)
{
  sl_pool_t *pool = self->pool;
  sl_err_t err;
  sl_spawned_t s;
  self->state = STARTING;
  self->in = self->out = (sl_buf_t){0};
  sl_buf_init(&self->in, 2 * SL_WP_MAX_UP);
  if (sl_spawn_worker(pool->opts->worker, pool->opts->mapping, &s, &err)) {
    sl_log(SL_LOG_ERROR, NULL, "cannot start a database worker", "reason=%s", err.text);
    return gone(self);
  }
  self->pid = s.pid;
  self->data_fd = s.data_fd;
  self->control_fd = s.control_fd;
  self->readable = sl_watch_new(pool->loop, self->data_fd, SL_READABLE, on_readable, self);
  if (!self->readable) return kill_worker(self, "no memory");
  sl_wp_hello_t hello = pool->opts->hello;
  hello.ended = sl_str(self->ended);
  sl_wp_put_hello(&self->out, &hello);
  push(self);
  sl_timer_start(self->timer, pool->opts->start_ms, false);
}

sl_pool_t *sl_pool_new(sl_loop_t *loop, const sl_pool_opts_t *opts,
                       const sl_pool_handlers_t *handlers, sl_err_t *err)
{
  sl_pool_t *self = calloc(1, sizeof *self);
  if (!self) goto no_memory;
  self->loop = loop;
  self->opts = opts;
  self->handlers = handlers;
  self->last = &self->first;
  self->workers = calloc((size_t)opts->size, sizeof *self->workers);
  self->dying = calloc((size_t)opts->size * 2, sizeof *self->dying);
  if (!self->workers || !self->dying) goto no_memory;
  for (int64_t i = 0; i < opts->size; i++) {
    worker_t *w = &self->workers[i];
    w->pool = self;
    w->data_fd = w->control_fd = -1;
    w->timer = sl_timer_new(loop, on_timer, w);
    if (!w->timer) goto no_memory;
  }
  if (access(opts->worker, X_OK) != 0) {
    sl_err_set(err, SL_CONFIG, "%s: %s", opts->worker, strerror(errno));
    goto fail;
  }
  if (sl_loop_signal(loop, SIGCHLD, reap, self)) goto no_memory;
  for (int64_t i = 0; i < opts->size; i++) start(&self->workers[i]);
  return self;
no_memory:
  sl_err_set(err, SL_UNAVAILABLE, "no memory for the pool of workers");
fail:
  sl_pool_destroy(&self);
  return NULL;
}

/* End of file makes them close their connections and go. */
static void wait_for_all(sl_pool_t *self)
{
  for (int waited = 0; self->n_dying && waited < STOP_MS; waited += 10) {
    reap(self, SIGCHLD);
    if (self->n_dying) poll(NULL, 0, 10);
  }
  for (size_t i = 0; i < self->n_dying; i++) {
    kill(self->dying[i], SIGKILL);
    waitpid(self->dying[i], NULL, 0);
  }
}

void sl_pool_destroy(sl_pool_t **self_p)
{
  sl_pool_t *self = *self_p;
  if (!self) return;
  for (int64_t i = 0; self->workers && self->dying && i < self->opts->size; i++) {
    worker_t *w = &self->workers[i];
    close_ends(w);
    sl_timer_destroy(&w->timer);
    if (w->pid > 0 && self->n_dying < (size_t)self->opts->size * 2)
      self->dying[self->n_dying++] = w->pid;
  }
  wait_for_all(self);
  free(self->workers);
  free(self->dying);
  free(self);
  *self_p = NULL;
}

/* --- calls
 * --------------------------------------------------------------------------------------------------
 */

static void next_job(worker_t *self)
{
  sl_pool_t *pool = self->pool;
  sl_pool_job_t *job = pool->first;
  if (job) {
    pool->first = job->next;
    if (!pool->first) pool->last = &pool->first;
    dispatch(self, job);
  } else if (pool->opts->idle_ms)
    sl_timer_start(self->timer, pool->opts->idle_ms, false);
}

void sl_pool_submit(sl_pool_t *self, sl_pool_job_t *job)
{
  sl_err_t err;
  worker_t *asleep = NULL;
  job->worker = NULL;
  job->next = NULL;
  job->committing = job->begun = false;
  if (self->unreachable) return self->handlers->fail(job, unreachable_err(&err));
  for (int64_t i = 0; i < self->opts->size; i++) {
    worker_t *w = &self->workers[i];
    if (w->state == IDLE) return dispatch(w, job);
    if (w->state == ASLEEP) asleep = w;
  }
  *self->last = job;
  self->last = &job->next;
  if (asleep) start(asleep);
}

void sl_pool_credit(sl_pool_t *self, sl_pool_job_t *job, int64_t credit)
{
  worker_t *w = job->worker;
  int64_t more = credit - job->granted;
  (void)self;
  if (!w || more <= 0 || (more < GRANT_STEP && job->granted > 0)) return;
  job->granted += more;
  sl_wp_put_credit(&w->out, w->call, (uint64_t)more);
  push(w);
}

static void unqueue(sl_pool_t *self, sl_pool_job_t *job)
{
  sl_pool_job_t **at = &self->first;
  while (*at && *at != job) at = &(*at)->next;
  if (!*at) return;
  *at = job->next;
  if (!*at) self->last = at;
}

void sl_pool_cancel(sl_pool_t *self, sl_pool_job_t *job)
{
  worker_t *w = job->worker;
  if (!w) return unqueue(self, job);
  char frame[SL_WP_HEADER];
  sl_wp_header(frame, SL_WP_CANCEL, 0, w->call, 0);
  /* If this socket is full, the grace ends the worker. */
  send(w->control_fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT);
  sl_wp_put(&w->out, SL_WP_CANCEL, 0, w->call, sl_strn(NULL, 0));
  push(w);
  w->job = NULL;
  w->state = STOPPING;
  sl_timer_start(w->timer, self->opts->grace_ms, false);
}
