/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATA_FD = 3, CONTROL_FD = 4, CLEAR_OF = 16 };

extern char **environ;

static void close_pair(int pair[2])
{
  for (int i = 0; i < 2; i++)
    if (pair[i] >= 0) close(pair[i]);
}

/* The far end is moved clear of 3 and 4, so that the dup2s in the child cannot hit each other. */
static bool make_pair(int pair[2])
{
  pair[0] = pair[1] = -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    pair[0] = pair[1] = -1;
    return false;
  }
  int clear = fcntl(pair[1], F_DUPFD_CLOEXEC, CLEAR_OF);
  if (clear < 0) return false;
  close(pair[1]);
  pair[1] = clear;
  return fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
}

/* Signals as a fresh process has them, and a process group of its own: ^C is for the head, which
 * drains first. */
static int child_setup(posix_spawnattr_t *attr)
{
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  int rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
  if (!rc) rc = posix_spawnattr_setsigmask(attr, &none);
  if (!rc) rc = posix_spawnattr_setsigdefault(attr, &all);
  if (!rc) rc = posix_spawnattr_setpgroup(attr, 0);
  return rc;
}

static int spawn(pid_t *pid_p, const char *program, const char *mapping, int data, int control)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  char *argv[] = {(char *)program, (char *)mapping, NULL};
  int rc = posix_spawn_file_actions_init(&actions);
  if (rc) return rc;
  rc = posix_spawnattr_init(&attr);
  if (rc) {
    posix_spawn_file_actions_destroy(&actions);
    return rc;
  }
  rc = posix_spawn_file_actions_adddup2(&actions, data, DATA_FD);
  if (!rc) rc = posix_spawn_file_actions_adddup2(&actions, control, CONTROL_FD);
  if (!rc) rc = posix_spawn_file_actions_addclosefrom_np(&actions, CONTROL_FD + 1);
  if (!rc) rc = child_setup(&attr);
  if (!rc) rc = posix_spawn(pid_p, program, &actions, &attr, argv, environ);
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&actions);
  return rc;
}

sl_code_t sl_spawn_worker(const char *program, const char *mapping, sl_spawned_t *out,
                          sl_err_t *err)
{
  int data[2] = {-1, -1}, control[2] = {-1, -1};
  int rc = EMFILE;
  if (make_pair(data) && make_pair(control))
    rc = spawn(&out->pid, program, mapping, data[1], control[1]);
  if (rc) {
    close_pair(data);
    close_pair(control);
    return sl_err_set(err, SL_UNAVAILABLE, "%s: %s", program, strerror(rc));
  }
  close(data[1]);
  close(control[1]);
  out->data_fd = data[0];
  out->control_fd = control[0];
  return SL_OK;
}

sl_code_t sl_spawn_beside(const char *program, char *out, size_t size, sl_err_t *err)
{
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0) return sl_err_set(err, SL_CONFIG, "/proc/self/exe: %s", strerror(errno));
  self[n] = '\0';
  char *slash = strrchr(self, '/');
  int len = snprintf(out, size, "%.*s/%s", slash ? (int)(slash - self) : 0, self, program);
  if (len < 0 || (size_t)len >= size) return sl_err_set(err, SL_CONFIG, "a path is too long");
  return SL_OK;
}
