/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* "[::1]:80" → "::1", "80". */
static bool split(const char *listen, char host[256], const char **port_p)
{
  const char *colon = strrchr(listen, ':');
  size_t len = colon ? (size_t)(colon - listen) : 0;
  if (!colon || len > 255 || !colon[1]) return false;
  if (len && listen[0] == '[' && listen[len - 1] == ']') {
    listen++;
    len -= 2;
  }
  memcpy(host, listen, len);
  host[len] = '\0';
  *port_p = colon + 1;
  return strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static bool prepare(int fd, bool reuse_port, const struct addrinfo *ai)
{
  int on = 1, off = 0;
  /* Accepted sockets inherit it; without it TLS answers wait for Nagle. */
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) return false;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) return false;
  if (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) return false;
  /* "*" takes IPv4 clients too. */
  if (ai->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  return !bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, BACKLOG);
}

sl_code_t sl_http_listen(const char *listen, bool reuse_port, int *fd_p, sl_err_t *err)
{
  char host[256];
  const char *port, *why = "";
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  struct addrinfo *found = NULL;
  *fd_p = -1;
  if (!split(listen, host, &port))
    return sl_err_set(err, SL_CONFIG, "--listen %s: ADDRESS:PORT is expected", listen);
  int rc = getaddrinfo(host[0] && strcmp(host, "*") ? host : NULL, port, &hints, &found);
  if (rc) return sl_err_set(err, SL_CONFIG, "--listen %s: %s", listen, gai_strerror(rc));
  /* IPv6 first where "*" gives both: it takes the clients of both. */
  for (int v6 = 1; v6 >= 0 && *fd_p < 0; v6--)
    for (struct addrinfo *ai = found; ai && *fd_p < 0; ai = ai->ai_next) {
      if ((ai->ai_family == AF_INET6) != v6) continue;
      int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (fd >= 0 && prepare(fd, reuse_port, ai)) {
        *fd_p = fd;
      } else {
        why = strerror(errno);
        if (fd >= 0) close(fd);
      }
    }
  freeaddrinfo(found);
  return *fd_p >= 0 ? SL_OK : sl_err_set(err, SL_CONFIG, "--listen %s: %s", listen, why);
}

void sl_http_listen_url(int fd, bool tls, char *out, size_t size)
{
  struct sockaddr_storage ss;
  socklen_t len = sizeof ss;
  char host[INET6_ADDRSTRLEN + 16] = "", port[8] = "";
  if (!getsockname(fd, (struct sockaddr *)&ss, &len))
    getnameinfo((struct sockaddr *)&ss, len, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
  const char *colon = strchr(host, ':');
  snprintf(out, size, "%s://%s%s%s:%s", tls ? "https" : "http", colon ? "[" : "", host,
           colon ? "]" : "", port);
}
