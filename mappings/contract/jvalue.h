/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * jvalue: a JSON text as a tree, with the place of every value. For schemas, OpenAPI documents and
 * examples, which are read at load; messages never become a tree.
 */
#ifndef SL_CONTRACT_JVALUE_H
#define SL_CONTRACT_JVALUE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"

typedef struct sl_jvalue sl_jvalue_t;

struct sl_jvalue {
  sl_json_kind_t kind; /* OBJECT, ARRAY, STRING, NUMBER, TRUE, FALSE, NULL */
  sl_str_t key;        /* of a member, unescaped and terminated */
  sl_str_t text;       /* of STRING (unescaped, terminated) and NUMBER */
  int line, col, key_line, key_col;
  sl_jvalue_t *first, *next; /* members or items, in order */
  size_t n;
  const void *made; /* free for the tree's owner: what was made from this value */
};

enum { SL_JVALUE_DEPTH = 96 };

/* All in arena; text need not live. NULL: err has line, col and text. A name that an object has
 * twice is an error. */
sl_jvalue_t *sl_jvalue_parse(const char *text, size_t len, sl_arena_t *arena, sl_err_t *err);

/* Member, item; NULL: none, or not an object, an array. */
sl_jvalue_t *sl_jvalue_get(const sl_jvalue_t *object, const char *name);
sl_jvalue_t *sl_jvalue_getn(const sl_jvalue_t *object, sl_str_t name);
sl_jvalue_t *sl_jvalue_item(const sl_jvalue_t *array, size_t i);
/* By JSON pointer (RFC 6901; with `fragment` also percent-decoded, as behind a #). */
sl_jvalue_t *sl_jvalue_at(sl_jvalue_t *root, sl_str_t pointer, bool fragment);
/* The same JSON value: members in any order, numbers by value (1.0 is 1). */
bool sl_jvalue_equal(const sl_jvalue_t *a, const sl_jvalue_t *b);

#endif
