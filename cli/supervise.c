/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/clock.h"
#include "core/log.h"

enum {
  FIRST_DELAY_MS = 100,
  MAX_DELAY_MS = 5000,
  GOOD_LIFE_MS = 10000,
  CANNOT_EXECUTE = 127, /* as shells say it */
};

typedef struct child {
  struct child *next;
  sl_supervisor_t *owner;
  char *name, *program, *config, *dir;
  int stage;
  pid_t pid; /* 0: not running */
  int64_t started_ms, delay_ms;
  sl_timer_t *restart;
} child_t;

struct sl_supervisor {
  sl_loop_t *loop;
  child_t *children;
  int64_t grace_ms;
  sl_loop_fn done;
  void *ctx;
  sl_timer_t *grace;
  bool settled, stopping, refused, over;
  int stage;
};

/* --- one child ------------------------------------------------------------------------------- */

/* After fork: only what is safe there. */
_Noreturn static void become(const child_t *self, pid_t parent)
{
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(CANNOT_EXECUTE); /* it died before the line above */
  int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  close_range(3, ~0U, 0);
  if (self->dir && chdir(self->dir)) _exit(CANNOT_EXECUTE);
  char option[] = "--config";
  execv(self->program, (char *[]){self->program, option, self->config, NULL});
  _exit(CANNOT_EXECUTE);
}

static sl_code_t spawn(child_t *self, sl_err_t *err)
{
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) become(self, parent);
  if (pid < 0) return sl_err_set(err, SL_UNAVAILABLE, "%s: %s", self->name, strerror(errno));
  setpgid(pid, pid); /* in both, so that it is done before either goes on */
  self->pid = pid;
  self->started_ms = sl_clock_ms();
  return SL_OK;
}

static void restart_later(child_t *self)
{
  if (sl_clock_ms() - self->started_ms >= GOOD_LIFE_MS) self->delay_ms = FIRST_DELAY_MS;
  sl_timer_start(self->restart, self->delay_ms, false);
  self->delay_ms = self->delay_ms * 2 < MAX_DELAY_MS ? self->delay_ms * 2 : MAX_DELAY_MS;
}

static void on_restart(void *ctx)
{
  child_t *self = ctx;
  sl_err_t err;
  if (self->owner->stopping) return;
  if (!spawn(self, &err)) {
    sl_log(SL_LOG_INFO, NULL, "started again", "process=%s pid=%d", self->name, (int)self->pid);
    return;
  }
  sl_log(SL_LOG_ERROR, NULL, "cannot start", "process=%s why=\"%s\"", self->name, err.text);
  restart_later(self);
}

/* --- stopping -------------------------------------------------------------------------------- */

/* To each living child of the stage (-1: of all), with its group where it is a kill. */
static size_t signal_stage(sl_supervisor_t *self, int stage, int signum)
{
  size_t alive = 0;
  for (child_t *c = self->children; c; c = c->next) {
    if (!c->pid || (stage >= 0 && c->stage != stage)) continue;
    if (signum) kill(signum == SIGKILL ? -c->pid : c->pid, signum);
    alive++;
  }
  return alive;
}

static int last_stage(const sl_supervisor_t *self)
{
  int last = 0;
  for (const child_t *c = self->children; c; c = c->next)
    if (c->stage > last) last = c->stage;
  return last;
}

static void stop_stage(sl_supervisor_t *self)
{
  while (self->stage <= last_stage(self) && !signal_stage(self, self->stage, SIGTERM))
    self->stage++;
  if (self->stage <= last_stage(self)) {
    sl_timer_start(self->grace, self->grace_ms, false);
    return;
  }
  sl_timer_stop(self->grace);
  if (!self->over) self->done(self->ctx);
  self->over = true;
}

static void on_grace_over(void *ctx)
{
  sl_supervisor_t *self = ctx;
  size_t n = signal_stage(self, self->stage, SIGKILL);
  sl_log(SL_LOG_WARN, NULL, "killed what did not stop in time", "processes=%zu", n);
}

void sl_supervisor_stop(sl_supervisor_t *self)
{
  if (self->stopping) {
    signal_stage(self, -1, SIGKILL);
    return;
  }
  self->stopping = true;
  for (child_t *c = self->children; c; c = c->next) sl_timer_stop(c->restart);
  stop_stage(self);
}

/* --- deaths ---------------------------------------------------------------------------------- */

static bool refuses(int status)
{
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return code == 1 || code == 2 || code == CANNOT_EXECUTE;
}

static void on_death(sl_supervisor_t *self, child_t *c, int status)
{
  pid_t pid = c->pid;
  c->pid = 0;
  kill(-pid, SIGKILL); /* its workers, if it left any */
  if (self->stopping) {
    if (!signal_stage(self, self->stage, 0)) stop_stage(self);
    return;
  }
  bool killed = WIFSIGNALED(status);
  sl_log(SL_LOG_WARN, NULL, "process died", "process=%s pid=%d %s=%d", c->name, (int)pid,
         killed ? "signal" : "status", killed ? WTERMSIG(status) : WEXITSTATUS(status));
  if (!self->settled && refuses(status)) {
    sl_log(SL_LOG_ERROR, NULL, "does not start", "process=%s program=%s", c->name, c->program);
    self->refused = true;
    sl_supervisor_stop(self);
    return;
  }
  restart_later(c);
}

static void on_sigchld(void *ctx, int signum)
{
  sl_supervisor_t *self = ctx;
  for (child_t *c = self->children; c; c = c->next) {
    int status;
    if (c->pid && waitpid(c->pid, &status, WNOHANG) == c->pid) on_death(self, c, status);
  }
}

/* --- life ------------------------------------------------------------------------------------ */

sl_supervisor_t *sl_supervisor_new(sl_loop_t *loop, int64_t grace_ms, sl_loop_fn done, void *ctx)
{
  sl_supervisor_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->loop = loop;
  self->grace_ms = grace_ms;
  self->done = done;
  self->ctx = ctx;
  self->grace = sl_timer_new(loop, on_grace_over, self);
  if (!self->grace || sl_loop_signal(loop, SIGCHLD, on_sigchld, self)) {
    sl_timer_destroy(&self->grace);
    free(self);
    return NULL;
  }
  return self;
}

static void child_destroy(child_t *self)
{
  sl_timer_destroy(&self->restart);
  free(self->name);
  free(self->program);
  free(self->config);
  free(self->dir);
  free(self);
}

void sl_supervisor_destroy(sl_supervisor_t **self_p)
{
  sl_supervisor_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  signal_stage(self, -1, SIGKILL);
  while (self->children) {
    child_t *c = self->children;
    self->children = c->next;
    if (c->pid) waitpid(c->pid, NULL, 0);
    child_destroy(c);
  }
  sl_timer_destroy(&self->grace);
  free(self);
  *self_p = NULL;
}

sl_code_t sl_supervisor_start(sl_supervisor_t *self, const sl_child_t *child, sl_err_t *err)
{
  child_t *c = calloc(1, sizeof *c);
  if (!c) return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  c->owner = self;
  c->name = strdup(child->name);
  c->program = strdup(child->program);
  c->config = strdup(child->config);
  c->dir = child->dir ? strdup(child->dir) : NULL;
  c->stage = child->stage;
  c->delay_ms = FIRST_DELAY_MS;
  c->restart = sl_timer_new(self->loop, on_restart, c);
  if (!c->name || !c->program || !c->config || (child->dir && !c->dir) || !c->restart) {
    child_destroy(c);
    return sl_err_set(err, SL_UNAVAILABLE, "no memory");
  }
  if (access(c->program, X_OK)) {
    sl_err_set(err, SL_CONFIG, "%s: %s", c->program, strerror(errno));
    child_destroy(c);
    return SL_CONFIG;
  }
  c->next = self->children;
  self->children = c;
  return spawn(c, err);
}

void sl_supervisor_settled(sl_supervisor_t *self)
{
  self->settled = true;
}

bool sl_supervisor_refused(const sl_supervisor_t *self)
{
  return self->refused;
}
