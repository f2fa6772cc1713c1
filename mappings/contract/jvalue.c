/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/jvalue.h"

#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jnumber.h"

enum { MAX_TOKEN = 1 << 20 };

/* --- reading -----------------------------------------------------------------------------------
 */

struct builder {
  sl_arena_t *arena;
  sl_err_t *err;
  sl_jvalue_t *open[SL_JVALUE_DEPTH + 1], *last[SL_JVALUE_DEPTH + 1];
  size_t depth;
  sl_jvalue_t *root;
  sl_str_t key;
  int key_line, key_col;
};

static int by_name(const void *a, const void *b)
{
  const sl_jvalue_t *x = *(sl_jvalue_t *const *)a, *y = *(sl_jvalue_t *const *)b;
  size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
  int c = n ? memcmp(x->key.p, y->key.p, n) : 0;
  return c ? c : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

static bool names_differ(const sl_jvalue_t *object, sl_err_t *err)
{
  if (object->n < 2) return true;
  sl_jvalue_t **v = malloc(object->n * sizeof *v), *twice = NULL;
  if (!v) return sl_err_set(err, SL_BUG, "out of memory"), false;
  size_t n = 0;
  for (sl_jvalue_t *m = object->first; m; m = m->next) v[n++] = m;
  qsort(v, n, sizeof *v, by_name);
  for (size_t i = 1; i < n; i++)
    if (sl_str_eq(v[i - 1]->key, v[i]->key)) twice = v[i];
  free(v);
  if (!twice) return true;
  sl_err_set(err, SL_INVALID, "\"%.100s\" stands twice in this object", twice->key.p);
  if (err) err->line = twice->key_line, err->col = twice->key_col;
  return false;
}

static bool put(struct builder *b, const sl_json_token_t *tok)
{
  sl_jvalue_t *v = sl_arena_zalloc(b->arena, sizeof *v);
  if (!v) return false;
  *v = (sl_jvalue_t){.kind = tok->kind,
                     .key = b->key,
                     .line = (int)tok->line,
                     .col = (int)tok->col,
                     .key_line = b->key_line,
                     .key_col = b->key_col};
  if (tok->kind == SL_JSON_STRING || tok->kind == SL_JSON_NUMBER) {
    v->text = sl_strn(sl_arena_strndup(b->arena, tok->text.p, tok->text.len), tok->text.len);
    if (!v->text.p) return false;
  }
  b->key = (sl_str_t){NULL, 0};
  if (!b->depth) {
    b->root = v;
  } else {
    sl_jvalue_t *in = b->open[b->depth - 1], *last = b->last[b->depth - 1];
    *(last ? &last->next : &in->first) = v;
    b->last[b->depth - 1] = v;
    in->n++;
  }
  if (tok->kind == SL_JSON_OBJECT || tok->kind == SL_JSON_ARRAY) {
    b->open[b->depth] = v;
    b->last[b->depth++] = NULL;
  }
  return true;
}

static bool take(struct builder *b, const sl_json_token_t *tok)
{
  switch (tok->kind) {
  case SL_JSON_OBJECT_END: b->depth--; return names_differ(b->open[b->depth], b->err);
  case SL_JSON_ARRAY_END: b->depth--; return true;
  case SL_JSON_KEY:
    b->key = sl_strn(sl_arena_strndup(b->arena, tok->text.p, tok->text.len), tok->text.len);
    b->key_line = (int)tok->line;
    b->key_col = (int)tok->col;
    if (b->key.p) return true;
    break;
  default:
    if (put(b, tok)) return true;
    break;
  }
  sl_err_set(b->err, SL_TOO_LARGE, "it is too large");
  return false;
}

sl_jvalue_t *sl_jvalue_parse(const char *text, size_t len, sl_arena_t *arena, sl_err_t *err)
{
  static const sl_json_limits_t limits = {.max_depth = SL_JVALUE_DEPTH, .max_token = MAX_TOKEN};
  struct builder b = {.arena = arena, .err = err};
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_kind_t kind;
  sl_json_init(&reader, &limits);
  sl_json_feed(&reader, text, len, true);
  while ((kind = sl_json_next(&reader, &tok)) > SL_JSON_END)
    if (!take(&b, &tok)) break;
  if (kind < SL_JSON_END && err) *err = *sl_json_error(&reader);
  sl_json_fini(&reader);
  return kind == SL_JSON_END ? b.root : NULL;
}

/* --- asking ------------------------------------------------------------------------------------
 */

sl_jvalue_t *sl_jvalue_getn(const sl_jvalue_t *object, sl_str_t name)
{
  if (!object || object->kind != SL_JSON_OBJECT) return NULL;
  for (sl_jvalue_t *m = object->first; m; m = m->next)
    if (sl_str_eq(m->key, name)) return m;
  return NULL;
}

sl_jvalue_t *sl_jvalue_get(const sl_jvalue_t *object, const char *name)
{
  return sl_jvalue_getn(object, sl_str(name));
}

sl_jvalue_t *sl_jvalue_item(const sl_jvalue_t *array, size_t i)
{
  if (!array || array->kind != SL_JSON_ARRAY) return NULL;
  sl_jvalue_t *v = array->first;
  while (v && i--) v = v->next;
  return v;
}

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One step of a pointer, unescaped; false: too long for any name we look for. */
static bool unescape(sl_str_t step, bool fragment, char *out, size_t cap, size_t *len_p)
{
  size_t n = 0;
  for (size_t i = 0; i < step.len; i++) {
    char c = step.p[i];
    if (n >= cap) return false;
    if (fragment && c == '%' && i + 2 < step.len && hex(step.p[i + 1]) >= 0 &&
        hex(step.p[i + 2]) >= 0) {
      c = (char)(hex(step.p[i + 1]) << 4 | hex(step.p[i + 2]));
      i += 2;
    } else if (c == '~' && i + 1 < step.len) {
      c = step.p[++i] == '1' ? '/' : '~';
    }
    out[n++] = c;
  }
  *len_p = n;
  return true;
}

static bool index_of(const char *p, size_t len, size_t *out)
{
  if (!len || len > 9 || (len > 1 && *p == '0')) return false;
  *out = 0;
  for (size_t i = 0; i < len; i++) {
    if (p[i] < '0' || p[i] > '9') return false;
    *out = *out * 10 + (size_t)(p[i] - '0');
  }
  return true;
}

sl_jvalue_t *sl_jvalue_at(sl_jvalue_t *root, sl_str_t pointer, bool fragment)
{
  const char *p = pointer.p, *end = p + pointer.len;
  while (root && p < end) {
    char name[1024];
    size_t len, i;
    if (*p++ != '/') return NULL;
    const char *slash = memchr(p, '/', (size_t)(end - p)), *to = slash ? slash : end;
    if (!unescape(sl_strn(p, (size_t)(to - p)), fragment, name, sizeof name, &len)) return NULL;
    if (root->kind == SL_JSON_ARRAY)
      root = index_of(name, len, &i) ? sl_jvalue_item(root, i) : NULL;
    else
      root = sl_jvalue_getn(root, sl_strn(name, len));
    p = to;
  }
  return root;
}

bool sl_jvalue_equal(const sl_jvalue_t *a, const sl_jvalue_t *b)
{
  sl_jnumber_t x, y;
  if (a->kind != b->kind || a->n != b->n) return false;
  if (a->kind == SL_JSON_NUMBER && sl_jnumber_parse(a->text, &x) && sl_jnumber_parse(b->text, &y))
    return sl_jnumber_compare(&x, &y) == 0;
  if (!sl_str_eq(a->text, b->text)) return false;
  const sl_jvalue_t *other = b->first;
  for (const sl_jvalue_t *m = a->first; m; m = m->next) {
    const sl_jvalue_t *with = a->kind == SL_JSON_OBJECT ? sl_jvalue_getn(b, m->key) : other;
    if (!with || !sl_jvalue_equal(m, with)) return false;
    if (other) other = other->next;
  }
  return true;
}
