/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * canned: a SOAP backend that costs next to nothing: it looks for the customer number in the
 * request and answers with the envelope kept for it.
 *
 *     canned FILE      lines: NUMBER TAB ENVELOPE; prints "ready PORT"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUF = 65536, MOST = 1 << 20 };

struct conn {
  int fd;
  size_t len;
  char buf[BUF + 1];
};

static char *answers[MOST]; /* by number, with their heads */
static size_t lengths[MOST];

static void die(const char *what)
{
  perror(what);
  exit(2);
}

static void load(const char *path)
{
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  if (!f) die(path);
  for (ssize_t len; (len = getline(&line, &cap, f)) > 0;) {
    if (line[len - 1] == '\n') line[--len] = '\0';
    char *tab = strchr(line, '\t');
    unsigned long no = strtoul(line, NULL, 10);
    if (!tab || no >= MOST) continue;
    int n = asprintf(&answers[no],
                     "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     (size_t)(line + len - tab - 1), tab + 1);
    if (n < 0) die("memory");
    lengths[no] = (size_t)n;
  }
  free(line);
  fclose(f);
}

/* The whole request's length, or 0 while it is not all there. */
static size_t whole(const struct conn *c)
{
  const char *end = memmem(c->buf, c->len, "\r\n\r\n", 4);
  const char *l = strcasestr(c->buf, "\nContent-Length:");
  if (!end) return 0;
  size_t n = (size_t)(end + 4 - c->buf) + (l && l < end ? strtoul(l + 16, NULL, 10) : 0);
  return c->len >= n ? n : 0;
}

static void serve(struct conn *c)
{
  size_t n = whole(c);
  if (!n) return;
  const char *at = memmem(c->buf, n, "CUST_NO>", 8);
  unsigned long no = at ? strtoul(at + 8, NULL, 10) : 0;
  if (no >= MOST || !answers[no]) no = 0;
  static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  const char *out = answers[no] ? answers[no] : none;
  size_t len = answers[no] ? lengths[no] : sizeof none - 1;
  if (write(c->fd, out, len) != (ssize_t)len) perror("write");
  memmove(c->buf, c->buf + n, c->len - n);
  c->len -= n;
}

int main(int argc, char **argv)
{
  int one = 1;
  if (argc != 2) return fprintf(stderr, "usage: canned FILE\n"), 2;
  signal(SIGPIPE, SIG_IGN);
  load(argv[1]);
  int fd = socket(AF_INET, SOCK_STREAM, 0), ep = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 1024)) die("listen");
  getsockname(fd, (struct sockaddr *)&at, &len);
  printf("ready %d\n", ntohs(at.sin_port));
  fflush(stdout);
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
  for (;;) {
    struct epoll_event evs[256];
    int k = epoll_wait(ep, evs, 256, -1);
    for (int i = 0; i < k; i++) {
      struct conn *c = evs[i].data.ptr;
      if (!c) {
        int cfd = accept(fd, NULL, NULL);
        if (cfd < 0) continue;
        if (!(c = calloc(1, sizeof *c))) die("memory");
        c->fd = cfd;
        ev = (struct epoll_event){.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(ep, EPOLL_CTL_ADD, cfd, &ev);
        continue;
      }
      ssize_t n = read(c->fd, c->buf + c->len, BUF - c->len);
      if (n <= 0) {
        close(c->fd);
        free(c);
        continue;
      }
      c->len += (size_t)n;
      c->buf[c->len] = '\0';
      serve(c);
    }
  }
}
