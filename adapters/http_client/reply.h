/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reply: reads an HTTP/1.1 answer as its bytes come in (RFC 9112). It knows no sockets, so that a
 * fuzzer can stand in front of it.
 *
 *     sl_reply_reset (&r, false);
 *     while ((step = sl_reply_next (&r, &in, &body)) == SL_REPLY_BODY) … body …
 *
 * Strict where an answer could be read in two ways: a length that is no number or comes twice with
 * different values, a transfer coding other than chunked, a folded line and a name with blanks are
 * refused. Lines may end in LF alone (§2.2). The head is bounded, and so are trailers and chunk
 * extensions.
 */
#ifndef SL_HTTP_CLIENT_REPLY_H
#define SL_HTTP_CLIENT_REPLY_H

#include <stdbool.h>
#include <stdint.h>
#include "core/buf.h"

enum { SL_REPLY_MAX_HEAD = 64 * 1024, SL_REPLY_MAX_HEADERS = 100 };

typedef enum sl_reply_step {
  SL_REPLY_MORE, /* all input is used up */
  SL_REPLY_BODY, /* a piece of the body; call again */
  SL_REPLY_DONE, /* the answer is whole; input left over is not its */
  SL_REPLY_BAD,  /* not HTTP/1.1 as it should be */
} sl_reply_step_t;

typedef struct sl_reply {
  int status;      /* of the final answer; 0: its head has not come yet */
  bool begun;      /* something came */
  bool keep_alive; /* the connection may be used again, once DONE */

  /* private */
  bool head_request;
  uint8_t state;
  bool chunked, until_close;
  int64_t left;     /* bytes of the body or the chunk */
  uint32_t skipped; /* bytes of chunk lines and trailers */
  sl_buf_t head;
  size_t searched; /* how far the end of the head was looked for */
  struct {
    uint32_t name, value; /* offsets in head; both texts end in NUL */
  } headers[SL_REPLY_MAX_HEADERS];
  size_t n_headers;
} sl_reply_t;

void sl_reply_init(sl_reply_t *self);
void sl_reply_fini(sl_reply_t *self);
/* For the next answer; memory is kept. head_request: the answer has no body (RFC 9110 §9.3.2). */
void sl_reply_reset(sl_reply_t *self, bool head_request);

/* Takes bytes from *in; body points into them. */
sl_reply_step_t sl_reply_next(sl_reply_t *self, sl_str_t *in, sl_str_t *body);
/* The connection was closed: is the answer whole? */
bool sl_reply_end(const sl_reply_t *self);
/* A header's value, without regard to the name's case; NULL: none. The first, if there are several.
 */
const char *sl_reply_header(const sl_reply_t *self, const char *name);

#endif
