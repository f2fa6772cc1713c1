/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/edit.h"

#include "core/json.h"
#include "core/jsonw.h"

struct edit {
  sl_json_t json;
  sl_buf_t *out;
  sl_str_t value;
  bool found;
};

/* The first token of pointer ("/a~1b/c" → "a/b"), unescaped into buf; the rest of it. */
static const char *cut(const char *pointer, char *buf, size_t size, sl_str_t *token)
{
  const char *p = pointer + (*pointer == '/');
  size_t n = 0;
  for (; *p && *p != '/'; p++) {
    char c = *p;
    if (c == '~' && p[1]) c = *++p == '1' ? '/' : '~';
    if (n < size) buf[n++] = c;
  }
  *token = sl_strn(buf, n);
  return p;
}

static bool skip(struct edit *e, const sl_json_token_t *tok)
{
  uint32_t depth = 1;
  if (tok->kind != SL_JSON_OBJECT && tok->kind != SL_JSON_ARRAY) return true;
  return sl_json_skip(&e->json, &depth) == SL_JSON_END;
}

/* pointer: the rest that leads on from here; NULL: the place is elsewhere. */
static bool copy(struct edit *e, const sl_json_token_t *tok, const char *pointer);

static void put_key(sl_buf_t *out, bool *first, sl_str_t key)
{
  if (!*first) sl_buf_addc(out, ',');
  *first = false;
  sl_json_quote(out, key);
  sl_buf_addc(out, ':');
}

/* What is not there yet: objects down to the place. */
static void make(struct edit *e, const char *pointer)
{
  char buf[256];
  sl_str_t token;
  bool first = true;
  if (!*pointer) {
    sl_buf_adds(e->out, e->value);
    return;
  }
  pointer = cut(pointer, buf, sizeof buf, &token);
  sl_buf_addc(e->out, '{');
  put_key(e->out, &first, token);
  make(e, pointer);
  sl_buf_addc(e->out, '}');
}

static bool copy_object(struct edit *e, const char *pointer)
{
  char buf[256];
  sl_str_t token = {NULL, 0};
  const char *rest = pointer ? cut(pointer, buf, sizeof buf, &token) : NULL;
  bool first = true, here = false;
  sl_buf_addc(e->out, '{');
  for (sl_json_token_t key, tok; sl_json_next(&e->json, &key) > SL_JSON_END;) {
    if (key.kind == SL_JSON_OBJECT_END) {
      if (rest && !here) { /* it was not there */
        e->found = true;
        if (e->value.p) put_key(e->out, &first, token), make(e, rest);
      }
      sl_buf_addc(e->out, '}');
      return true;
    }
    bool on = rest && sl_str_eq(key.text, token);
    here |= on;
    if (on && !*rest && !e->value.p) { /* taken out */
      e->found = true;
      if (sl_json_next(&e->json, &tok) <= SL_JSON_END || !skip(e, &tok)) return false;
      continue;
    }
    put_key(e->out, &first, key.text);
    if (sl_json_next(&e->json, &tok) <= SL_JSON_END || !copy(e, &tok, on ? rest : NULL))
      return false;
  }
  return false;
}

static bool copy_array(struct edit *e, const char *pointer)
{
  bool first = true;
  sl_buf_addc(e->out, '[');
  for (sl_json_token_t tok; sl_json_next(&e->json, &tok) > SL_JSON_END; first = false) {
    if (tok.kind == SL_JSON_ARRAY_END) {
      sl_buf_addc(e->out, ']');
      return true;
    }
    if (!first) sl_buf_addc(e->out, ',');
    if (!copy(e, &tok, first ? pointer : NULL)) return false;
  }
  return false;
}

static bool copy(struct edit *e, const sl_json_token_t *tok, const char *pointer)
{
  bool array = tok->kind == SL_JSON_ARRAY;
  if (pointer && !*pointer && !array) {
    e->found = true;
    sl_buf_adds(e->out, e->value);
    return skip(e, tok);
  }
  switch (tok->kind) {
  case SL_JSON_OBJECT: return copy_object(e, pointer);
  case SL_JSON_ARRAY: return copy_array(e, pointer);
  case SL_JSON_STRING: sl_json_quote(e->out, tok->text); return true;
  case SL_JSON_NUMBER: sl_buf_adds(e->out, tok->text); return true;
  case SL_JSON_TRUE: sl_buf_addz(e->out, "true"); return true;
  case SL_JSON_FALSE: sl_buf_addz(e->out, "false"); return true;
  default: sl_buf_addz(e->out, "null"); return true;
  }
}

bool sl_json_put(sl_str_t json, const char *pointer, sl_str_t value, sl_buf_t *out)
{
  struct edit e = {.out = out, .value = value};
  sl_json_token_t tok;
  sl_json_init(&e.json, NULL);
  sl_json_feed(&e.json, json.p ? json.p : "", json.len, true);
  bool done = sl_json_next(&e.json, &tok) > SL_JSON_END && copy(&e, &tok, pointer);
  sl_json_fini(&e.json);
  return done && e.found && !out->failed;
}

/* --- looking up ---------------------------------------------------------------------------------
 */

static sl_jstate_t pick(struct edit *e, const char *pointer, sl_arena_t *arena, sl_str_t *text_p)
{
  static const sl_jstate_t states[] = {[SL_JSON_STRING] = SL_J_STRING,
                                       [SL_JSON_NUMBER] = SL_J_NUMBER,
                                       [SL_JSON_TRUE] = SL_J_TRUE,
                                       [SL_JSON_FALSE] = SL_J_FALSE,
                                       [SL_JSON_NULL] = SL_J_NULL};
  char buf[256];
  sl_str_t token;
  sl_json_token_t tok;
  while (sl_json_next(&e->json, &tok) > SL_JSON_END) {
    if (tok.kind == SL_JSON_ARRAY) continue; /* its first item comes next */
    if (tok.kind == SL_JSON_ARRAY_END) return SL_J_ABSENT;
    if (!*pointer) {
      if (tok.kind < SL_JSON_STRING) return SL_J_ABSENT;
      if (tok.kind == SL_JSON_STRING || tok.kind == SL_JSON_NUMBER)
        *text_p = sl_arena_str(arena, tok.text);
      return states[tok.kind];
    }
    if (tok.kind != SL_JSON_OBJECT) return SL_J_ABSENT;
    pointer = cut(pointer, buf, sizeof buf, &token);
    for (;;) {
      if (sl_json_next(&e->json, &tok) != SL_JSON_KEY) return SL_J_ABSENT;
      if (sl_str_eq(tok.text, token)) break;
      if (sl_json_next(&e->json, &tok) <= SL_JSON_END || !skip(e, &tok)) return SL_J_ABSENT;
    }
  }
  return SL_J_ABSENT;
}

sl_jstate_t sl_json_pick(sl_str_t json, const char *pointer, sl_arena_t *arena, sl_str_t *text_p)
{
  struct edit e = {.out = NULL};
  *text_p = sl_strn("", 0);
  sl_json_init(&e.json, NULL);
  sl_json_feed(&e.json, json.p ? json.p : "", json.len, true);
  sl_jstate_t state = pick(&e, pointer, arena, text_p);
  sl_json_fini(&e.json);
  return state;
}
