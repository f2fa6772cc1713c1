/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load: an HTTP/1.1 load generator that reads every answer whole and compares it.
 *
 *     load HOST PORT CONNECTIONS REQUESTS FILE
 *
 * FILE has a line per request, used in turn: METHOD TAB PATH [TAB BODY-EXPECTED]. Keep-alive
 * connections, one request outstanding on each. Prints one JSON object: counts by status, answers
 * that differed from what was expected, connections that broke, requests per second, latencies.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUF = 4 << 20, MAX_CONNS = 4096 };

struct item {
  char *request;
  size_t request_len;
  char *expected;
  size_t expected_len;
};

struct conn {
  int fd;
  size_t item;
  char *buf;
  size_t len, cap;
  double began;
};

static struct item *items;
static size_t n_items, next_item;
static long wanted, sent, done, broken, differed, by_status[600];
static float *latency;
static struct sockaddr_in address;
static int epfd;
static long shown;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
  perror(what);
  exit(2);
}

static void read_items(const char *path, const char *host)
{
  FILE *f = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  if (!f) die(path);
  for (ssize_t len; (len = getline(&line, &cap, f)) > 0;) {
    if (line[len - 1] == '\n') line[--len] = '\0';
    char *target = strchr(line, '\t');
    if (!target) continue;
    *target++ = '\0';
    char *expected = strchr(target, '\t');
    if (expected) *expected++ = '\0';
    items = realloc(items, (n_items + 1) * sizeof *items);
    struct item *it = &items[n_items++];
    int n = asprintf(&it->request, "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", line, target, host);
    if (n < 0) die("memory");
    it->request_len = (size_t)n;
    it->expected = expected ? strdup(expected) : NULL;
    it->expected_len = expected ? strlen(expected) : 0;
  }
  free(line);
  fclose(f);
}

static void send_next(struct conn *c)
{
  if (sent >= wanted) {
    close(c->fd);
    c->fd = -1;
    return;
  }
  sent++;
  c->item = next_item++ % n_items;
  c->len = 0;
  c->began = now();
  const struct item *it = &items[c->item];
  if (write(c->fd, it->request, it->request_len) != (ssize_t)it->request_len) broken++;
}

static void open_conn(struct conn *c)
{
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) die("socket");
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev);
}

/* The end of a chunked body from body on, or NULL; the chunks are put together in place. */
static char *dechunk(char *body, char *end, size_t *len_p)
{
  char *out = body, *p = body;
  for (;;) {
    char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
    if (!eol) return NULL;
    size_t n = strtoul(p, NULL, 16);
    if ((size_t)(end - eol) < n + 4) return NULL;
    memmove(out, eol + 2, n);
    out += n;
    p = eol + 4 + n;
    if (!n) {
      *len_p = (size_t)(out - body);
      return p;
    }
  }
}

/* True when a whole answer is in the buffer: counted and compared. */
static bool answered(struct conn *c, bool *close_p)
{
  char *head_end = memmem(c->buf, c->len, "\r\n\r\n", 4);
  if (!head_end) return false;
  *head_end = '\0';
  char *body = head_end + 4;
  size_t have = c->len - (size_t)(body - c->buf), len = 0;
  const char *l = strcasestr(c->buf, "\r\nContent-Length:");
  bool chunked = strcasestr(c->buf, "\r\nTransfer-Encoding: chunked") != NULL;
  *close_p = strcasestr(c->buf, "\r\nConnection: close") != NULL;
  *head_end = '\r';
  if (chunked) {
    /* Dechunking in place is done once: only when the end is there. */
    if (have < 5 || memcmp(body + have - 5, "0\r\n\r\n", 5)) return false;
    if (!dechunk(body, body + have, &len)) return false;
  } else {
    len = l ? strtoul(l + 17, NULL, 10) : 0;
    if (have < len) return false;
  }
  int status = atoi(c->buf + 9);
  by_status[status > 0 && status < 600 ? status : 0]++;
  const struct item *it = &items[c->item];
  if (it->expected && (len != it->expected_len || memcmp(body, it->expected, len))) {
    differed++;
    if (shown++ < 3)
      fprintf(stderr, "differs: %.*s\n  got    %.*s\n  wanted %s\n", 60, it->request, (int)len,
              body, it->expected);
  }
  latency[done++] = (float)(now() - c->began);
  return true;
}

static void again(struct conn *c)
{
  broken++;
  done++;
  close(c->fd);
  if (sent >= wanted) {
    c->fd = -1;
    return;
  }
  open_conn(c);
  send_next(c);
}

static void on_readable(struct conn *c)
{
  bool closes = false;
  if (c->cap - c->len < 65536) {
    c->cap = c->cap ? c->cap * 2 : 262144;
    if (!(c->buf = realloc(c->buf, c->cap + 1))) die("memory");
  }
  ssize_t n = read(c->fd, c->buf + c->len, c->cap - c->len);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return again(c);
  c->len += (size_t)n;
  c->buf[c->len] = '\0';
  if (!answered(c, &closes)) return;
  if (closes && sent < wanted) {
    close(c->fd);
    open_conn(c);
  }
  send_next(c);
}

static int order(const void *a, const void *b)
{
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
  static struct conn conns[MAX_CONNS];
  if (argc != 6) return fprintf(stderr, "usage: load HOST PORT CONNECTIONS REQUESTS FILE\n"), 2;
  int n = atoi(argv[3]);
  wanted = atol(argv[4]);
  read_items(argv[5], argv[1]);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  latency = calloc((size_t)wanted + MAX_CONNS, sizeof *latency);
  epfd = epoll_create1(0);
  if (!n_items || !latency || epfd < 0 || n < 1 || n > MAX_CONNS) die("start");
  double began = now(), last = began;
  for (int i = 0; i < n; i++) open_conn(&conns[i]);
  for (int i = 0; i < n; i++) send_next(&conns[i]);
  while (done < wanted) {
    struct epoll_event ev[256];
    long before = done;
    int k = epoll_wait(epfd, ev, 256, 1000);
    for (int i = 0; i < k; i++) on_readable(ev[i].data.ptr);
    if (done != before) last = now();
    if (now() - last > 60) break; /* nothing came for a minute: report what there is */
  }
  double seconds = now() - began;
  qsort(latency, (size_t)done, sizeof *latency, order);
  printf("{\"requests\": %ld, \"seconds\": %.3f, \"per_second\": %.0f, \"broken\": %ld, "
         "\"differed\": %ld, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"status\": {",
         done, seconds, (double)done / seconds, broken, differed,
         done ? 1e3 * (double)latency[done / 2] : 0.0,
         done ? 1e3 * (double)latency[done * 99 / 100] : 0.0,
         done ? 1e3 * (double)latency[done - 1] : 0.0);
  const char *comma = "";
  for (int i = 0; i < 600; i++)
    if (by_status[i]) printf("%s\"%d\": %ld", comma, i, by_status[i]), comma = ", ";
  puts("}}");
  return 0;
}
