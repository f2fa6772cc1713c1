/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/rundir.h"
#include "core/clock.h"

extern char **environ;

/* A program that only reads its options needs milliseconds. */
enum { PATIENCE_MS = 10000, OPTIONS_FD = 3 };

/* Until the other end is closed, or the patience is over (false). */
static bool read_all(int fd, char *out, size_t size)
{
  size_t len = 0;
  int64_t end = sl_clock_ms() + PATIENCE_MS;
  out[0] = '\0';
  for (;;) {
    int64_t left = end - sl_clock_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (left <= 0 || poll(&p, 1, (int)left) == 0) return false;
    char piece[512];
    ssize_t n = read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    size_t room = size - 1 - len, take = (size_t)n < room ? (size_t)n : room;
    memcpy(out + len, piece, take);
    len += take;
    out[len] = '\0';
  }
}

/* What program says to these options, in one line; false if it takes them. */
static bool refuses(const char *program, int options, char *said, size_t size)
{
  int fds[2], status = 0;
  pid_t pid;
  posix_spawn_file_actions_t actions;
  char config[] = "--config", path[] = "/dev/fd/3", version[] = "--version";
  char *argv[] = {strdup(program), config, path, version, NULL};
  if (!argv[0] || pipe2(fds, O_CLOEXEC)) {
    free(argv[0]);
    return false;
  }
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, options, OPTIONS_FD);
  int wrong = posix_spawn(&pid, program, &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  free(argv[0]);
  close(fds[1]);
  if (wrong) {
    snprintf(said, size, "%.800s: %.200s", program, strerror(wrong));
  } else {
    if (!read_all(fds[0], said, size)) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close(fds[0]);
  return wrong || !WIFEXITED(status) || WEXITSTATUS(status);
}

static int options_file(const sl_process_t *process)
{
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_deployment_options(process, "/run/sluice", &text);
  int fd = memfd_create("options", MFD_CLOEXEC);
  if (fd >= 0 && (write(fd, text.p, text.len) != (ssize_t)text.len || lseek(fd, 0, SEEK_SET))) {
    close(fd);
    fd = -1;
  }
  sl_buf_fini(&text);
  return fd;
}

/* Which setting do they speak of? "program: name: …" or "program: no option "name"…". */
static size_t culprit(const sl_process_t *process, const char *said)
{
  size_t i = 0;
  for (; i < process->n_settings; i++) {
    char first[64], quoted[64];
    snprintf(first, sizeof first, ": %s: ", process->settings[i].name);
    snprintf(quoted, sizeof quoted, "no option \"%s\"", process->settings[i].name);
    if (strstr(said, first) || strstr(said, quoted)) break;
  }
  return i;
}

/* One refusal after the other: what was refused is left out the next time. */
static void probe_process(const sl_process_t *process, const char *file, sl_diags_t *diags)
{
  char program[PATH_MAX], said[1024];
  sl_err_t err;
  if (sl_rundir_program(process->program, program, &err)) return;
  sl_setting_t *left = malloc((process->n_settings + 1) * sizeof *left);
  if (!left) return;
  memcpy(left, process->settings, process->n_settings * sizeof *left);
  sl_process_t now = *process;
  now.settings = left;
  for (bool again = true; again;) {
    int fd = options_file(&now);
    again = fd >= 0 && refuses(program, fd, said, sizeof said);
    if (fd >= 0) close(fd);
    if (!again) break;
    said[strcspn(said, "\n")] = '\0';
    size_t i = culprit(&now, said);
    again = i < now.n_settings;
    const char *text =
        strncmp(said, process->program, strlen(process->program)) ? said : strchr(said, ' ');
    sl_diags_add(diags, SL_ERROR, "D109", file, again ? left[i].line : 0, again ? left[i].col : 0,
                 NULL, "%s: %s", process->program, text ? text + (*text == ' ') : said);
    if (!again) break;
    memmove(left + i, left + i + 1, (now.n_settings - i - 1) * sizeof *left);
    now.n_settings--;
  }
  free(left);
}

void sl_probe(const sl_deployment_t *deployment, const char *file, sl_diags_t *diags)
{
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(deployment, i)); i++) probe_process(p, file, diags);
}
