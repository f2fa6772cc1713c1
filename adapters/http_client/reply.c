/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/http_client/reply.h"

#include <strings.h>

/* CHUNK_* and TRAILER read lines a byte at a time: they are short. */
enum state { HEAD, BODY, CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, TRAILER, DONE, BAD };

/* All chunk lines and trailers of one answer together: chunks of 64 bytes would need more only
 * beyond 100 MiB, and nobody sends those. */
enum { MAX_SKIPPED = 32 * 1024 * 1024, MAX_CHUNK_DIGITS = 15 };

void sl_reply_init(sl_reply_t *self)
{
  memset(self, 0, sizeof *self);
  sl_buf_init(&self->head, SL_REPLY_MAX_HEAD);
}

void sl_reply_fini(sl_reply_t *self)
{
  sl_buf_fini(&self->head);
}

void sl_reply_reset(sl_reply_t *self, bool head_request)
{
  sl_buf_clear(&self->head);
  self->status = 0;
  self->begun = self->keep_alive = self->chunked = self->until_close = false;
  self->head_request = head_request;
  self->state = HEAD;
  self->left = 0;
  self->skipped = 0;
  self->searched = self->n_headers = 0;
}

const char *sl_reply_header(const sl_reply_t *self, const char *name)
{
  for (size_t i = 0; i < self->n_headers; i++)
    if (strcasecmp(self->head.p + self->headers[i].name, name) == 0)
      return self->head.p + self->headers[i].value;
  return NULL;
}

/* --- the head ----------------------------------------------------------------------------------
 */

/* Bytes up to and with the empty line; 0: it has not come. Looks from *from_p on, and moves it. */
static size_t head_len(const char *p, size_t len, size_t *from_p)
{
  for (size_t i = *from_p; i < len; i++) {
    const char *lf = memchr(p + i, '\n', len - i);
    if (!lf) break;
    i = (size_t)(lf - p);
    size_t next = i + 1;
    if (next < len && p[next] == '\r') next++;
    if (next >= len) break;
    if (p[next] == '\n') return next + 1;
    *from_p = i + 1;
  }
  return 0;
}

static bool is_token(const char *p, const char *end)
{
  if (p == end) return false;
  for (; p < end; p++)
    if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *p))
      return false;
  return true;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" (§4); the reason may be missing, with its blank. */
static bool status_line(sl_reply_t *self, const char *line)
{
  if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ') return false;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return false;
  if (line[12] != '\0' && line[12] != ' ') return false;
  self->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  self->keep_alive = line[7] != '0';
  return self->status >= 100;
}

/* Cuts name and value out of a line that ends in NUL at end. */
static bool header_line(sl_reply_t *self, char *line, char *end)
{
  char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon || !is_token(line, colon) || self->n_headers == SL_REPLY_MAX_HEADERS) return false;
  char *value = colon + 1;
  while (*value == ' ' || *value == '\t') value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
  if (memchr(value, '\0', (size_t)(end - value))) return false;
  *colon = *end = '\0';
  self->headers[self->n_headers].name = (uint32_t)(line - self->head.p);
  self->headers[self->n_headers++].value = (uint32_t)(value - self->head.p);
  return true;
}

static bool content_length(const char *value, int64_t *out)
{
  int64_t n = 0;
  if (!*value) return false;
  for (; *value; value++) {
    if (!is_digit(*value) || n > INT64_MAX / 10 - 1) return false;
    n = n * 10 + (*value - '0');
  }
  *out = n;
  return true;
}

static bool has_word(const char *list, const char *word)
{
  size_t len = strlen(word);
  while (*list) {
    list += strspn(list, " \t,");
    size_t n = strcspn(list, " \t,");
    if (n == len && strncasecmp(list, word, len) == 0) return true;
    list += n;
  }
  return false;
}

/* How long the body is: RFC 9112 §6.3. */
static bool framing(sl_reply_t *self)
{
  int64_t length = -1;
  for (size_t i = 0; i < self->n_headers; i++) {
    const char *name = self->head.p + self->headers[i].name;
    const char *value = self->head.p + self->headers[i].value;
    int64_t n;
    if (strcasecmp(name, "content-length") == 0) {
      if (!content_length(value, &n) || (length >= 0 && n != length)) return false;
      length = n;
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
      if (self->chunked || strcasecmp(value, "chunked") != 0) return false;
      self->chunked = true;
    } else if (strcasecmp(name, "connection") == 0) {
      if (has_word(value, "close")) self->keep_alive = false;
      if (has_word(value, "keep-alive")) self->keep_alive = true;
    }
  }
  bool none = self->head_request || self->status == 204 || self->status == 304;
  /* Both lengths at once smell of request smuggling: chunked counts, and the connection ends. */
  if (self->chunked && length >= 0) self->keep_alive = false;
  self->until_close = !none && !self->chunked && length < 0;
  if (self->until_close) self->keep_alive = false;
  self->searched = 0;
  self->left = none || self->chunked || length < 0 ? 0 : length;
  self->state = none                ? DONE
                : self->chunked     ? CHUNK_SIZE
                : self->until_close ? BODY
                : self->left        ? BODY
                                    : DONE;
  return true;
}

static bool parse_head(sl_reply_t *self, size_t len)
{
  char *p = self->head.p, *end = p + len;
  for (int n = 0; p < end; n++) {
    char *lf = memchr(p, '\n', (size_t)(end - p)), *stop = lf;
    if (stop > p && stop[-1] == '\r') stop--;
    *stop = '\0';
    if (stop == p) break;
    if (n ? !header_line(self, p, stop) : !status_line(self, p)) return false;
    p = lf + 1;
  }
  return self->status != 0;
}

static sl_reply_step_t read_head(sl_reply_t *self, sl_str_t *in)
{
  /* Nearly always the whole head is in the first piece: then only the head is copied. */
  size_t had = self->head.len, room = SL_REPLY_MAX_HEAD - had;
  size_t len = had ? 0 : head_len(in->p, in->len < room ? in->len : room, &self->searched);
  size_t take = len ? len : in->len < room ? in->len : room;
  sl_buf_add(&self->head, in->p, take);
  if (self->head.failed) return SL_REPLY_BAD;
  if (had) len = head_len(self->head.p, self->head.len, &self->searched);
  /* No need to wait for 64 KiB of something that cannot become a head. */
  if (memcmp(self->head.p, "HTTP/1.", self->head.len < 7 ? self->head.len : 7) != 0)
    return SL_REPLY_BAD;
  if (!len) {
    *in = sl_strn(in->p + take, in->len - take);
    return self->head.len == SL_REPLY_MAX_HEAD ? SL_REPLY_BAD : SL_REPLY_MORE;
  }
  *in = sl_strn(in->p + (len - had), in->len - (len - had));
  if (!parse_head(self, len)) return SL_REPLY_BAD;
  if (self->status >= 200) return framing(self) ? SL_REPLY_BODY : SL_REPLY_BAD;
  /* 100 Continue and its like come before the answer; 101 was not asked for. */
  if (self->status == 101) return SL_REPLY_BAD;
  bool head_request = self->head_request;
  sl_reply_reset(self, head_request);
  self->begun = true;
  return SL_REPLY_BODY;
}

/* --- the body ----------------------------------------------------------------------------------
 */

static int hex_digit(char c)
{
  if (is_digit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of the lines around chunks (§7.1). `left` counts the size's value up; searched its
 * digits, and in TRAILER the bytes of the line. False: it is wrong. */
static bool chunk_byte(sl_reply_t *self, char c)
{
  if (++self->skipped > MAX_SKIPPED) return false;
  switch (self->state) {
  case CHUNK_SIZE: {
    int digit = hex_digit(c);
    if (digit >= 0) {
      if (++self->searched > MAX_CHUNK_DIGITS) return false;
      self->left = self->left * 16 + digit;
      return true;
    }
    if (self->searched == 0 || !strchr(";\r\n \t", c) || c == '\0') return false;
    self->state = CHUNK_EXTENSION;
  }
  /* fall through */
  case CHUNK_EXTENSION:
    if (c != '\n') return true;
    self->searched = 0;
    self->state = self->left ? CHUNK_DATA : TRAILER;
    return true;
  case CHUNK_END:
    if (c == '\r' && !self->searched++) return true;
    if (c != '\n') return false;
    self->searched = 0;
    self->state = CHUNK_SIZE;
    return true;
  default: /* TRAILER: until an empty line */
    if (c == '\r') return true;
    if (c != '\n') return self->searched++, true;
    if (!self->searched) self->state = DONE;
    self->searched = 0;
    return true;
  }
}

static sl_reply_step_t give_body(sl_reply_t *self, sl_str_t *in, sl_str_t *body)
{
  size_t n = in->len;
  if (!self->until_close && (int64_t)n > self->left) n = (size_t)self->left;
  *body = sl_strn(in->p, n);
  *in = sl_strn(in->p + n, in->len - n);
  if (self->until_close) return SL_REPLY_BODY;
  self->left -= (int64_t)n;
  if (!self->left) self->state = self->chunked ? CHUNK_END : DONE;
  return SL_REPLY_BODY;
}

sl_reply_step_t sl_reply_next(sl_reply_t *self, sl_str_t *in, sl_str_t *body)
{
  if (in->len) self->begun = true;
  for (;;) {
    if (self->state == DONE) return SL_REPLY_DONE;
    if (self->state == BAD) return SL_REPLY_BAD;
    if (!in->len) return SL_REPLY_MORE;
    if (self->state == HEAD) {
      sl_reply_step_t step = read_head(self, in);
      if (step == SL_REPLY_BAD) self->state = BAD;
      if (step == SL_REPLY_MORE) return step;
    } else if (self->state == BODY || self->state == CHUNK_DATA) {
      return give_body(self, in, body);
    } else {
      if (!chunk_byte(self, *in->p)) self->state = BAD;
      *in = sl_strn(in->p + 1, in->len - 1);
    }
  }
}

bool sl_reply_end(const sl_reply_t *self)
{
  return self->state == DONE || (self->state == BODY && self->until_close);
}
