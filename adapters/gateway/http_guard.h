/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * http_guard: looks at every byte of a request before the HTTP library does, and is stricter than
 * it (RFC 9112). What two servers on a request's way could read differently is refused here:
 * Content-Length twice, signed, or beside Transfer-Encoding, codings other than chunked, folded
 * lines, bare CR or LF, NUL, spaces in or behind names, no Host or two of them, a body where none
 * can be, chunk extensions, trailers. Sizes are held to their limits while they are announced, not
 * when they have arrived.
 *
 * Knows no sockets: bytes go in, in pieces of any size.
 */
#ifndef SL_GATEWAY_HTTP_GUARD_H
#define SL_GATEWAY_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sl_http_limits {
  size_t max_target; /* bytes of path and query; beyond: 414 */
  size_t max_head;   /* bytes of the head beside the target; beyond: 431 */
  int64_t max_body;  /* bytes, chunked or not; beyond: 413 */
} sl_http_limits_t;

typedef struct sl_http_guard {
  const sl_http_limits_t *limits; /* borrowed */
  uint8_t state;
  bool http_10, bodyless, chunked;
  uint8_t hosts, lengths, codings;
  size_t head_len, target_len;
  int64_t left;     /* bytes of the body or chunk still to come */
  int64_t body_len; /* bytes announced so far */
  unsigned digits;  /* of a chunk's size */
  size_t name_len, value_len, value_end;
  char name[24], value[32]; /* of the line being read, as far as they fit */
  int status;               /* once it is bad: what to answer … */
  const char *reason;       /* … and why; static */
} sl_http_guard_t;

/* Ready for the next request. */
void sl_http_guard_init(sl_http_guard_t *self, const sl_http_limits_t *limits);
/* Takes bytes up to the end of the request, and says how many. */
size_t sl_http_guard_scan(sl_http_guard_t *self, const char *p, size_t len);

/* A first byte has come. */
bool sl_http_guard_begun(const sl_http_guard_t *self);
/* The head is whole and well, the body perhaps still to come. */
bool sl_http_guard_in_body(const sl_http_guard_t *self);
/* The request is whole; no more is taken before the next init. */
bool sl_http_guard_done(const sl_http_guard_t *self);
/* It is refused: status and reason are set; no more is taken. */
bool sl_http_guard_bad(const sl_http_guard_t *self);

#endif
