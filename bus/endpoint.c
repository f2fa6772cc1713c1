/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/endpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Does anybody listen there? Connecting to a unix socket does not wait for the listener. */
static bool is_served(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return true;
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;
  bool served =
      connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno != ECONNREFUSED;
  close(fd);
  return served;
}

static void remove_stale(const char *dir, sl_str_t system)
{
  DIR *d = opendir(dir);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));) {
    char path[SL_BUS_ENDPOINT_SIZE];
    struct stat st;
    if (strncmp(e->d_name, system.p, system.len) != 0 || e->d_name[system.len] != '-') continue;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= sizeof path) continue;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(path)) unlink(path);
  }
  closedir(d);
}

sl_code_t sl_bus_endpoint_ipc(const char *dir, sl_str_t system, sl_str_t incarnation,
                              char out[SL_BUS_ENDPOINT_SIZE], sl_err_t *err)
{
  struct sockaddr_un limit;
  if (mkdir(dir, 0700) && errno != EEXIST)
    return sl_err_set(err, SL_CONFIG, "%s: %s", dir, strerror(errno));
  int len = snprintf(out, SL_BUS_ENDPOINT_SIZE, "ipc://%s/%.*s-%.*s", dir, SL_STR_ARG(system),
                     SL_STR_ARG(incarnation));
  if (len < 0 || (size_t)len - strlen("ipc://") >= sizeof limit.sun_path)
    return sl_err_set(err, SL_CONFIG, "%s: too long for a unix socket (%zu bytes in all)", dir,
                      sizeof limit.sun_path - 1);
  remove_stale(dir, system);
  return SL_OK;
}

sl_code_t sl_bus_endpoint_tcp(const char *address, char out[SL_BUS_ENDPOINT_SIZE], sl_err_t *err)
{
  const char *colon = strrchr(address, ':');
  if (!colon || colon == address || !colon[1])
    return sl_err_set(err, SL_CONFIG, "%s: HOST:PORT expected", address);
  const char *port = strcmp(colon + 1, "0") == 0 ? "*" : colon + 1;
  int len =
      snprintf(out, SL_BUS_ENDPOINT_SIZE, "tcp://%.*s:%s", (int)(colon - address), address, port);
  if (len >= SL_BUS_ENDPOINT_SIZE) return sl_err_set(err, SL_CONFIG, "%s: too long", address);
  return SL_OK;
}

void sl_bus_endpoint_public(const char *bound, char out[SL_BUS_ENDPOINT_SIZE])
{
  char host[128] = "localhost";
  const char *colon = strrchr(bound, ':');
  bool any = strncmp(bound, "tcp://0.0.0.0:", 14) == 0 || strncmp(bound, "tcp://[::]:", 11) == 0;
  if (any) gethostname(host, sizeof host - 1);
  if (any && colon)
    snprintf(out, SL_BUS_ENDPOINT_SIZE, "tcp://%s%s", host, colon);
  else
    snprintf(out, SL_BUS_ENDPOINT_SIZE, "%s", bound);
}
