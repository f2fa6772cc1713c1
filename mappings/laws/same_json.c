/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/arena.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/laws/same.h"

typedef struct value {
  struct value *next, *first, *last;
  sl_json_kind_t kind;
  sl_str_t key, text;
} value_t;

struct compare {
  bool legacy;
  sl_same_scope_t scope;
  sl_arena_t *arena;
  sl_buf_t *why;
};

/* --- a tree ------------------------------------------------------------------------------------
 */

static value_t *read_value(sl_json_t *json, const sl_json_token_t *tok, sl_arena_t *arena)
{
  value_t *v = sl_arena_zalloc(arena, sizeof *v);
  if (!v) return NULL;
  v->kind = tok->kind;
  v->text = sl_arena_str(arena, tok->text);
  if (v->kind != SL_JSON_OBJECT && v->kind != SL_JSON_ARRAY) return v;
  sl_str_t key = {NULL, 0};
  for (sl_json_token_t t; sl_json_next(json, &t) > SL_JSON_END;) {
    if (t.kind == SL_JSON_OBJECT_END || t.kind == SL_JSON_ARRAY_END) return v;
    if (t.kind == SL_JSON_KEY) {
      key = sl_arena_str(arena, t.text);
      continue;
    }
    value_t *c = read_value(json, &t, arena);
    if (!c) return NULL;
    c->key = key;
    if (v->last)
      v->last->next = c;
    else
      v->first = c;
    v->last = c;
  }
  return NULL;
}

static value_t *read_all(sl_str_t text, sl_arena_t *arena)
{
  sl_json_t json;
  sl_json_token_t tok;
  sl_json_init(&json, NULL);
  sl_json_feed(&json, text.p ? text.p : "", text.len, true);
  value_t *v = sl_json_next(&json, &tok) > SL_JSON_END ? read_value(&json, &tok, arena) : NULL;
  if (v && sl_json_next(&json, &tok) != SL_JSON_END) v = NULL;
  sl_json_fini(&json);
  return v;
}

/* --- differences --------------------------------------------------------------------------------
 */

static void show(sl_buf_t *out, const value_t *v)
{
  static const char *const words[] = {
      [SL_JSON_OBJECT] = "an object", [SL_JSON_ARRAY] = "an array", [SL_JSON_TRUE] = "true",
      [SL_JSON_FALSE] = "false",      [SL_JSON_NULL] = "null",      [SL_JSON_NUMBER] = NULL};
  if (!v)
    sl_buf_addz(out, "nothing");
  else if (v->kind == SL_JSON_STRING)
    sl_json_quote(out, v->text);
  else if (v->kind == SL_JSON_NUMBER)
    sl_buf_adds(out, v->text);
  else
    sl_buf_addz(out, words[v->kind]);
}

static bool differ(struct compare *c, const char *pointer, const value_t *wanted,
                   const value_t *got)
{
  sl_buf_printf(c->why, "%s: ", pointer[0] ? pointer : "the whole");
  show(c->why, wanted);
  sl_buf_addz(c->why, " was expected, ");
  show(c->why, got);
  sl_buf_addz(c->why, " came");
  return false;
}

static const value_t *member(const value_t *object, sl_str_t key)
{
  const value_t *v = object->first;
  while (v && !sl_str_eq(v->key, key)) v = v->next;
  return v;
}

/* The line that speaks of this member in the direction that counts. */
static const sl_jnode_t *plan_of(const sl_jnode_t *plan, sl_str_t key, sl_same_scope_t scope)
{
  const sl_jnode_t *found = NULL;
  for (size_t i = 0; plan && i < plan->n_children; i++) {
    const sl_jnode_t *c = &plan->children[i];
    if (!sl_str_eq(c->key, key)) continue;
    bool fits = scope == SL_SAME_READ ? c->readable : scope == SL_SAME_WRITTEN ? c->writable : true;
    if (fits || !found) found = c;
  }
  return found;
}

static bool counts(const struct compare *c, const sl_jnode_t *plan, const sl_jnode_t *child)
{
  if (c->scope <= SL_SAME_SUBSET || !plan || !plan->n_children) return true;
  if (!child) return !c->legacy;
  if (child->kind == SL_JN_IGNORE) return false;
  switch (c->scope) {
  case SL_SAME_READ: return child->readable;
  case SL_SAME_WRITTEN: return child->writable;
  default: return child->readable && child->writable;
  }
}

static bool same(struct compare *c, const sl_jnode_t *plan, const char *pointer,
                 const value_t *wanted, const value_t *got);

static bool same_member(struct compare *c, const sl_jnode_t *plan, const char *pointer,
                        sl_str_t key, const value_t *wanted, const value_t *got)
{
  const sl_jnode_t *child = plan_of(plan, key, c->scope);
  if (!counts(c, plan, child)) return true;
  const char *at = sl_arena_printf(c->arena, "%s/%.*s", pointer, SL_STR_ARG(key));
  /* An object that holds nothing which counts is as good as none. */
  if (!got && wanted->kind == SL_JSON_OBJECT && child && child->n_children) {
    value_t none = {.kind = SL_JSON_OBJECT};
    return same(c, child, at, wanted, &none);
  }
  if (!wanted || !got) return differ(c, at, wanted, got);
  return same(c, child, at, wanted, got);
}

static bool same_objects(struct compare *c, const sl_jnode_t *plan, const char *pointer,
                         const value_t *wanted, const value_t *got)
{
  for (const value_t *v = wanted->first; v; v = v->next)
    if (!same_member(c, plan, pointer, v->key, v, member(got, v->key))) return false;
  for (const value_t *v = got->first; v && c->scope != SL_SAME_SUBSET; v = v->next)
    if (!member(wanted, v->key)) {
      const char *at = sl_arena_printf(c->arena, "%s/%.*s", pointer, SL_STR_ARG(v->key));
      return differ(c, at, NULL, v);
    }
  return true;
}

static bool same_arrays(struct compare *c, const sl_jnode_t *plan, const char *pointer,
                        const value_t *wanted, const value_t *got)
{
  const sl_frame_t *item = plan && plan->list ? plan->list->item : NULL;
  const sl_jnode_t *inside = item ? (c->legacy ? item->legacy_json : item->json) : NULL;
  const value_t *w = wanted->first, *g = got->first;
  for (unsigned i = 0; w || g; i++) {
    const char *at = sl_arena_printf(c->arena, "%s/%u", pointer, i);
    if (!w || !g) return differ(c, at, w, g);
    if (!same(c, inside, at, w, g)) return false;
    w = w->next;
    g = g->next;
  }
  return true;
}

static bool same(struct compare *c, const sl_jnode_t *plan, const char *pointer,
                 const value_t *wanted, const value_t *got)
{
  if (wanted->kind != got->kind) return differ(c, pointer, wanted, got);
  if (wanted->kind == SL_JSON_OBJECT) return same_objects(c, plan, pointer, wanted, got);
  if (wanted->kind == SL_JSON_ARRAY) return same_arrays(c, plan, pointer, wanted, got);
  return sl_str_eq(wanted->text, got->text) || differ(c, pointer, wanted, got);
}

bool sl_same_json(const sl_jnode_t *plan, bool legacy, sl_same_scope_t scope, sl_str_t wanted,
                  sl_str_t got, sl_buf_t *why)
{
  struct compare c = {.legacy = legacy, .scope = scope, .why = why};
  c.arena = sl_arena_new(0, 0);
  value_t *w = c.arena ? read_all(wanted, c.arena) : NULL, *g = w ? read_all(got, c.arena) : NULL;
  bool is = w && g && same(&c, plan, "", w, g);
  if (!w || !g) sl_buf_printf(why, "what %s is not valid JSON", w ? "came" : "was expected");
  sl_arena_destroy(&c.arena);
  return is;
}
