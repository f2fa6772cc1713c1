/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/http_guard.h"

#include <string.h>
#include <strings.h>

typedef enum state {
  START,
  METHOD,
  TARGET,
  VERSION,
  LINE_LF, /* a line's LF is to come */
  LINE,    /* a line begins */
  NAME,
  VALUE_START,
  VALUE,
  HEAD_LF, /* the LF of the empty line behind the head */
  BODY,
  CHUNK_SIZE,
  CHUNK_SIZE_LF,
  CHUNK,
  CHUNK_CR,
  CHUNK_LF,
  LAST_CR, /* the empty line behind the last chunk */
  LAST_LF,
  DONE,
  BAD,
} state_t;

enum { MAX_CHUNK_DIGITS = 8 };

void sl_http_guard_init(sl_http_guard_t *self, const sl_http_limits_t *limits)
{
  memset(self, 0, sizeof *self);
  self->limits = limits;
}

bool sl_http_guard_begun(const sl_http_guard_t *self)
{
  return self->state != START;
}

bool sl_http_guard_in_body(const sl_http_guard_t *self)
{
  return self->state >= BODY && self->state < DONE;
}

bool sl_http_guard_done(const sl_http_guard_t *self)
{
  return self->state == DONE;
}

bool sl_http_guard_bad(const sl_http_guard_t *self)
{
  return self->state == BAD;
}

static void bad(sl_http_guard_t *self, int status, const char *reason)
{
  self->state = BAD;
  self->status = status;
  self->reason = reason;
}

/* RFC 9110 §5.6.2. */
static bool is_token(unsigned char c)
{
  static const char others[] = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && strchr(others, c));
}

static void name_add(sl_http_guard_t *self, char c)
{
  if (self->name_len < sizeof self->name) self->name[self->name_len] = c;
  self->name_len++;
}

/* Blanks at the end do not count: value_end is behind the last other byte. */
static void value_add(sl_http_guard_t *self, char c)
{
  if (self->value_len < sizeof self->value) self->value[self->value_len] = c;
  self->value_len++;
  if (c != ' ' && c != '\t') self->value_end = self->value_len;
}

static void value_reset(sl_http_guard_t *self)
{
  self->name_len = self->value_len = self->value_end = 0;
}

static bool name_is(const sl_http_guard_t *self, const char *name)
{
  return self->name_len == strlen(name) && self->name_len <= sizeof self->name &&
         !strncasecmp(self->name, name, self->name_len);
}

static bool value_is(const sl_http_guard_t *self, const char *value)
{
  return self->value_end == strlen(value) && self->value_end <= sizeof self->value &&
         !strncasecmp(self->value, value, self->value_end);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void end_method(sl_http_guard_t *self)
{
  static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
  size_t i = 0;
  self->state = TARGET;
  self->bodyless = name_is(self, "HEAD") || name_is(self, "TRACE");
  while (i < sizeof known / sizeof *known &&
         (self->name_len != strlen(known[i]) || memcmp(self->name, known[i], self->name_len)))
    i++;
  bool is_bodyless = self->bodyless && self->name[0] < 'a'; /* methods are case-sensitive */
  if (i == sizeof known / sizeof *known && !is_bodyless)
    bad(self, 501, "the method is not known here");
}

static void end_version(sl_http_guard_t *self)
{
  bool is_10 = self->value_len == 8 && !memcmp(self->value, "HTTP/1.0", 8);
  bool is_11 = self->value_len == 8 && !memcmp(self->value, "HTTP/1.1", 8);
  self->http_10 = is_10;
  self->state = LINE_LF;
  if (is_10 || is_11) return;
  if (self->value_len == 8 && !memcmp(self->value, "HTTP/", 5) && self->value[6] == '.')
    bad(self, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  else
    bad(self, 400, "the request line is not HTTP");
}

static void take_length(sl_http_guard_t *self)
{
  int64_t n = 0;
  /* 18 digits fit into an int64_t, whatever they are. */
  bool ok = self->value_end && self->value_end <= 18;
  for (size_t i = 0; ok && i < self->value_end; i++) {
    ok = self->value[i] >= '0' && self->value[i] <= '9';
    n = n * 10 + (self->value[i] - '0');
  }
  if (!ok) return bad(self, 400, "Content-Length is not a number of bytes");
  if (self->lengths++) return bad(self, 400, "Content-Length is there twice");
  self->body_len = n;
}

/* A header line is whole. */
static void end_line(sl_http_guard_t *self)
{
  self->state = LINE_LF;
  if (name_is(self, "content-length")) return take_length(self);
  if (name_is(self, "transfer-encoding")) {
    if (self->codings++ || !value_is(self, "chunked"))
      bad(self, 400, "the only Transfer-Encoding understood here is chunked");
  } else if (name_is(self, "host")) {
    if (self->hosts++) bad(self, 400, "Host is there twice");
  } else if (name_is(self, "expect")) {
    if (!value_is(self, "100-continue")) bad(self, 417, "the only expectation met is 100-continue");
  }
}

static void end_head(sl_http_guard_t *self)
{
  if (!self->hosts && !self->http_10) return bad(self, 400, "Host is missing");
  if (self->codings && self->lengths)
    return bad(self, 400, "Content-Length and Transfer-Encoding exclude each other");
  if (self->codings && self->http_10) return bad(self, 400, "HTTP/1.0 has no Transfer-Encoding");
  if (self->bodyless && (self->codings || self->body_len))
    return bad(self, 400, "this method has no body");
  if (self->body_len > self->limits->max_body) return bad(self, 413, "the body is too large");
  self->left = self->body_len;
  self->chunked = self->codings;
  self->state = self->chunked ? CHUNK_SIZE : self->left ? BODY : DONE;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void in_request_line(sl_http_guard_t *self, unsigned char c)
{
  if (self->state != VERSION && c == ' ') {
    if (self->state == TARGET && self->target_len) {
      self->state = VERSION;
      value_reset(self);
    } else if (self->state == METHOD) {
      end_method(self);
    } else {
      bad(self, 400, "the request line has a space too many");
    }
  } else if (self->state == METHOD || self->state == START) {
    self->state = METHOD;
    name_add(self, (char)c);
    if (!is_token(c) || self->name_len > 16) bad(self, 400, "the request line is not HTTP");
  } else if (self->state == TARGET) {
    /* Bytes of RFC 3986, and those that clients forget to escape; a fragment never gets here. */
    if (c <= ' ' || c >= 0x7F || c == '#')
      bad(self, 400, "the path has bytes that cannot be in it");
    else if (++self->target_len > self->limits->max_target)
      bad(self, 414, "the path is too long");
    else if (self->target_len <= 2)
      self->value[self->target_len - 1] = (char)c;
    if (self->state == TARGET && self->target_len == 2 && !memcmp(self->value, "//", 2))
      bad(self, 400, "the path begins with two slashes");
    if (self->state == TARGET && self->target_len == 1 && c != '/' && (c | 0x20) != 'h')
      bad(self, 400, "the path does not begin with a slash");
  } else if (c == '\r') {
    end_version(self);
  } else {
    value_add(self, (char)c);
    if (c <= ' ' || c >= 0x7F || self->value_len > 8)
      bad(self, 400, "the request line is not HTTP");
  }
}

static void in_header(sl_http_guard_t *self, unsigned char c)
{
  switch (self->state) {
  case LINE:
    value_reset(self);
    if (c == '\r')
      self->state = HEAD_LF;
    else if (c == ' ' || c == '\t')
      bad(self, 400, "a header line is folded");
    else if (c == ':' || !is_token(c))
      bad(self, 400, "a header has no proper name");
    else
      name_add(self, (char)c), self->state = NAME;
    break;
  case NAME:
    if (c == ':')
      self->state = VALUE_START;
    else if (!is_token(c))
      bad(self, 400, "a header's name has a space or another byte that cannot be in it");
    else
      name_add(self, (char)c);
    break;
  default: /* VALUE_START, VALUE */
    if (c == '\r')
      end_line(self);
    else if ((c < ' ' && c != '\t') || c == 0x7F)
      bad(self, 400, "a header's value has bytes that cannot be in it");
    else if (self->state == VALUE || c != ' ')
      value_add(self, (char)c), self->state = VALUE;
  }
}

static void in_head(sl_http_guard_t *self, unsigned char c)
{
  if (++self->head_len > self->limits->max_head + self->target_len)
    return bad(self, 431, "the headers are too large");
  if (self->state == LINE_LF || self->state == HEAD_LF) {
    if (c != '\n')
      bad(self, 400, "a line does not end with CR LF");
    else if (self->state == HEAD_LF)
      end_head(self);
    else
      self->state = LINE;
  } else if (self->state < LINE_LF) {
    in_request_line(self, c);
  } else {
    in_header(self, c);
  }
}

static int hex(unsigned char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void end_chunk_size(sl_http_guard_t *self)
{
  self->digits = 0;
  self->body_len += self->left;
  if (self->body_len > self->limits->max_body)
    bad(self, 413, "the body is too large");
  else
    self->state = self->left ? CHUNK : LAST_CR;
}

static void in_chunks(sl_http_guard_t *self, unsigned char c)
{
  static const struct {
    unsigned char byte;
    uint8_t next;
  } after[] = {
      [CHUNK_CR] = {'\r', CHUNK_LF},
      [CHUNK_LF] = {'\n', CHUNK_SIZE},
      [LAST_CR] = {'\r', LAST_LF},
      [LAST_LF] = {'\n', DONE},
  };
  if (self->state == CHUNK_SIZE) {
    int d = hex(c);
    if (!self->digits) self->left = 0;
    if (d >= 0 && self->digits++ < MAX_CHUNK_DIGITS)
      self->left = self->left * 16 + d;
    else if (c == '\r' && self->digits)
      self->state = CHUNK_SIZE_LF;
    else
      bad(self, 400, "a chunk's size is not a number, or has an extension");
  } else if (self->state == CHUNK_SIZE_LF) {
    if (c == '\n')
      end_chunk_size(self);
    else
      bad(self, 400, "a chunk's size does not end with CR LF");
  } else if (c == after[self->state].byte) {
    self->state = after[self->state].next;
  } else {
    bad(self, 400,
        self->state == LAST_CR ? "trailers are not understood here"
                               : "a chunk does not end with CR LF");
  }
}

size_t sl_http_guard_scan(sl_http_guard_t *self, const char *p, size_t len)
{
  size_t i = 0;
  while (i < len && self->state < DONE) {
    if (self->state < BODY) {
      in_head(self, (unsigned char)p[i++]);
    } else if (self->state == BODY || self->state == CHUNK) {
      size_t n = len - i < (uint64_t)self->left ? len - i : (size_t)self->left;
      i += n;
      self->left -= (int64_t)n;
      if (!self->left) self->state = self->state == BODY ? DONE : CHUNK_CR;
    } else {
      in_chunks(self, (unsigned char)p[i++]);
    }
  }
  return i;
}
