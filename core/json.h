/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json: a strict, exact, streaming JSON reader (RFC 8259, UTF-8).
 *
 * Strict: what the grammar does not allow is refused with line and column; so is malformed
 * UTF-8, a lone surrogate escape (it has no UTF-8 form), and a byte order mark. Duplicate names
 * are grammar and pass here (the mapper refuses them). Exact: a number is handed out as its
 * digits, never converted. Streaming: bytes may come in pieces of any size; memory is bounded by
 * the longest single string or number (max_token) and the depth.
 *
 * It is a pull reader: feed bytes, take tokens until SL_JSON_MORE, feed more.
 *
 *     sl_json_init (&r, NULL);
 *     sl_json_feed (&r, data, len, true);
 *     while ((kind = sl_json_next (&r, &tok)) > SL_JSON_END) …
 */
#ifndef SL_CORE_JSON_H
#define SL_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "core/utf8.h"

typedef enum sl_json_kind {
  SL_JSON_ERROR = -2, /* see sl_json_error; the reader stays in error */
  SL_JSON_MORE = -1,  /* all bytes are used up and the text is not complete: feed */
  SL_JSON_END = 0,    /* one whole value was read, and nothing but white space came after it */
  SL_JSON_OBJECT,     /* { */
  SL_JSON_OBJECT_END,
  SL_JSON_ARRAY, /* [ */
  SL_JSON_ARRAY_END,
  SL_JSON_KEY,    /* text: the member's name, unescaped */
  SL_JSON_STRING, /* text: unescaped UTF-8; may contain U+0000 */
  SL_JSON_NUMBER, /* text: the digits as they stood */
  SL_JSON_TRUE,
  SL_JSON_FALSE,
  SL_JSON_NULL,
} sl_json_kind_t;

typedef struct sl_json_token {
  sl_json_kind_t kind;
  sl_str_t text; /* KEY, STRING, NUMBER; lives until the next sl_json_next or sl_json_feed. When
                    `stable`, it points into the fed bytes and lives as long as they do. */
  bool stable;
  uint32_t line, col; /* 1-based, col in bytes: where the token starts */
} sl_json_token_t;

typedef struct sl_json_limits {
  uint32_t max_depth; /* 0: 256 */
  size_t max_token;   /* bytes of one string, key or number; 0: 16 MiB */
} sl_json_limits_t;

/* Private members; here so that it can be embedded. */
typedef struct sl_json {
  const char *p, *end;  /* unread bytes of the current piece */
  const char *start;    /* of the piece */
  uint64_t before;      /* bytes of the text before the piece */
  uint64_t line_offset; /* of the current line's first byte */
  uint32_t line;
  uint32_t depth;
  uint8_t first_levels[32]; /* one bit a level: in an object? The first 256 levels, … */
  uint8_t *more_levels;     /* … and those beyond, when the limit allows them */
  uint32_t more_bytes;
  sl_json_limits_t limits;
  bool final;
  uint8_t expect; /* what the grammar allows next */
  /* The token that the end of a piece cut in two; its first part is in scratch. */
  uint8_t lex;         /* what it is; 0: none is open */
  uint8_t lex_kind;    /* sl_json_kind_t of a string or literal */
  uint8_t state;       /* of its automaton */
  uint8_t count;       /* hexadecimal digits, or letters of a literal, read so far */
  uint32_t col;        /* where it started */
  uint32_t unit, high; /* UTF-16 code unit being read; high surrogate before it */
  sl_utf8_t utf8;
  sl_buf_t scratch; /* a token with escapes, or cut by a piece's end */
  sl_err_t err;
} sl_json_t;

/* limits may be NULL for the defaults. No allocation before it is needed. */
void sl_json_init(sl_json_t *self, const sl_json_limits_t *limits);
void sl_json_fini(sl_json_t *self);
/* Ready for a new text; memory is kept. */
void sl_json_reset(sl_json_t *self);

/* The next piece, borrowed until all its tokens are taken. Only when nothing is unread (at the
 * start or after SL_JSON_MORE). final: there is no further piece. */
void sl_json_feed(sl_json_t *self, const char *data, size_t len, bool final);
sl_json_kind_t sl_json_next(sl_json_t *self, sl_json_token_t *tok);

/* After a value's first token (OBJECT, ARRAY or a scalar): read over the rest of the value.
 * SL_JSON_END when done, SL_JSON_MORE to be called again after a feed (only with *depth_p kept),
 * SL_JSON_ERROR. Start with *depth_p = 1 after OBJECT or ARRAY; not needed after scalars. */
sl_json_kind_t sl_json_skip(sl_json_t *self, uint32_t *depth_p);

/* The bytes of the piece that are not read yet: what follows the last token. */
static inline sl_str_t sl_json_rest(const sl_json_t *self)
{
  return (sl_str_t){self->p, (size_t)(self->end - self->p)};
}

/* After SL_JSON_ERROR: SL_INVALID (grammar) or SL_TOO_LARGE, with line and col. Borrowed. */
const sl_err_t *sl_json_error(const sl_json_t *self);

/* Is text a number of RFC 8259's grammar, whole? */
bool sl_json_is_number(sl_str_t text);
/* Is text well-formed UTF-8 (RFC 3629)? */
bool sl_utf8_valid(const char *p, size_t len);

#endif
