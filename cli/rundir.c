/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Beside the directory, an adapter's socket has room for "/adapters/" and a name of 40 bytes. */
enum { SOCKET_NAME = 50 };

/* Where a run without --run-dir makes its directory. */
static const char *base_dir(void)
{
  const char *base = getenv("XDG_RUNTIME_DIR");
  if (!base || access(base, W_OK)) base = getenv("TMPDIR");
  return base && *base ? base : "/tmp";
}

static sl_code_t make_new(sl_rundir_t *self, sl_err_t *err)
{
  const char *base = base_dir();
  snprintf(self->path, sizeof self->path, "%s/sluice-XXXXXX", base);
  self->made = mkdtemp(self->path) != NULL;
  if (self->made) return SL_OK;
  return sl_err_set(err, SL_CONFIG, "cannot make a directory in %s: %s", base, strerror(errno));
}

static sl_code_t take(sl_rundir_t *self, const char *path, sl_err_t *err)
{
  struct stat st;
  self->made = !mkdir(path, 0700);
  if ((!self->made && errno != EEXIST) || !realpath(path, self->path) || stat(self->path, &st))
    return sl_err_set(err, SL_CONFIG, "--run-dir %s: %s", path, strerror(errno));
  if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
    return sl_err_set(err, SL_CONFIG,
                      "--run-dir %s: it must be a directory of yours with mode 0700", path);
  return SL_OK;
}

static sl_code_t check(sl_rundir_t *self, sl_err_t *err)
{
  if (strlen(self->path) + SOCKET_NAME >= sizeof((struct sockaddr_un *)0)->sun_path)
    return sl_err_set(err, SL_CONFIG, "%s: too long for a directory that holds sockets",
                      self->path);
  self->lock = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->lock < 0 || flock(self->lock, LOCK_EX | LOCK_NB))
    return sl_err_set(err, SL_CONFIG, "%s: %s", self->path,
                      errno == EWOULDBLOCK ? "another sluice run uses it" : strerror(errno));
  unlinkat(self->lock, "gateway.ready", 0); /* of a run that was killed */
  return SL_OK;
}

sl_code_t sl_rundir_open(sl_rundir_t *self, const char *path, sl_err_t *err)
{
  memset(self, 0, sizeof *self);
  self->lock = -1;
  sl_code_t code = path && *path ? take(self, path, err) : make_new(self, err);
  if (!code) code = check(self, err);
  if (!code) return SL_OK;
  if (self->made) rmdir(self->path);
  if (self->lock >= 0) close(self->lock);
  self->path[0] = '\0';
  return code;
}

/* A run holds a lock on its directory as long as it lives; it takes it before the bus is there. */
static bool in_use(const char *dir)
{
  struct stat st;
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  bool used = fd >= 0 && !fstat(fd, &st) && st.st_uid == geteuid() &&
              flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
  if (fd >= 0) close(fd);
  return used;
}

size_t sl_rundir_find(sl_buf_t *out)
{
  sl_buf_t pattern;
  glob_t found;
  size_t n = 0;
  sl_buf_init(&pattern, 0);
  sl_buf_printf(&pattern, "%s/sluice-*/bus", base_dir());
  int none = glob(sl_buf_z(&pattern), 0, NULL, &found);
  sl_buf_fini(&pattern);
  if (none) return 0;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    char *path = found.gl_pathv[i], *slash = strrchr(path, '/');
    *slash = '\0';
    if (!in_use(path)) continue;
    sl_buf_printf(out, "%sipc://%s/bus", n++ ? " " : "", path);
  }
  globfree(&found);
  return n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  remove(path);
  return 0; /* what stays must not keep the rest */
}

/* A directory that was there before may be anybody's home: only our files go, and sockets where
 * ours lie. */
static void remove_ours(const char *dir)
{
  static const char *const patterns[] = {"sluice-*.conf", "gateway.ready", "bus.lock", "bus",
                                         "adapters/*"};
  char path[PATH_MAX + 16];
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    glob_t found;
    snprintf(path, sizeof path, "%s/%s", dir, patterns[i]);
    int none = glob(path, GLOB_NOSORT, NULL, &found);
    for (size_t k = 0; !none && k < found.gl_pathc; k++) {
      struct stat st;
      bool socket = !lstat(found.gl_pathv[k], &st) && S_ISSOCK(st.st_mode);
      if (i < 3 || socket) unlink(found.gl_pathv[k]);
    }
    globfree(&found);
  }
  snprintf(path, sizeof path, "%s/adapters", dir);
  rmdir(path);
}

void sl_rundir_close(sl_rundir_t *self)
{
  if (!self->path[0]) return;
  if (self->made)
    nftw(self->path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
  else
    remove_ours(self->path);
  close(self->lock);
  self->path[0] = '\0';
}

sl_code_t sl_rundir_write(const char *dir, const char *name, sl_str_t text, sl_err_t *err)
{
  char path[PATH_MAX], temporary[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/%s", dir, name);
  int m = snprintf(temporary, sizeof temporary, "%s/.%s.new", dir, name);
  if (n >= PATH_MAX || m >= PATH_MAX) return sl_err_set(err, SL_CONFIG, "%s: too long", dir);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, text.p, text.len) == (ssize_t)text.len;
  if (fd >= 0 && close(fd)) ok = false;
  if (ok && !rename(temporary, path)) return SL_OK;
  return sl_err_set(err, SL_CONFIG, "%s: %s", path, strerror(errno));
}

bool sl_rundir_read_line(const char *dir, const char *name, char *out, size_t size)
{
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", dir, name) >= PATH_MAX) return false;
  FILE *f = fopen(path, "re");
  if (!f) return false;
  /* Without its line end it is only half written yet. */
  bool whole = fgets(out, (int)size, f) && strchr(out, '\n');
  fclose(f);
  if (whole) out[strcspn(out, "\n")] = '\0';
  return whole;
}

sl_code_t sl_rundir_program(const char *program, char out[PATH_MAX], sl_err_t *err)
{
  ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
  if (n < 0) return sl_err_set(err, SL_CONFIG, "/proc/self/exe: %s", strerror(errno));
  out[n] = '\0';
  char *slash = strrchr(out, '/');
  if ((size_t)(slash + 1 - out) + strlen(program) >= PATH_MAX)
    return sl_err_set(err, SL_CONFIG, "%s: too long", out);
  strcpy(slash + 1, program);
  return SL_OK;
}
