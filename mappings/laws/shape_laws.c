/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole records. The lines of fields have been judged one by one; what remains is what they do to
 * each other, and what lists and objects do. Readers and writers treat a list's items alike, and a
 * member's presence is all that one member can know of another; so small records are enough:
 *
 *   presence   for each bit of the fields' numbers, a record with the fields that have it, and one
 *              with those that have not: any two fields meet as both, either, neither
 *   lists      absent, null, empty, with one item, two, as few and as many as contract and schema
 *              allow, one fewer and one more; with an item that is null, one that says nothing
 *   objects    without a member; left out
 *   order      of lists of rows: two items, and their rows the other way round
 *   choices    all of this with each case in turn, and lists with items of different cases
 *
 * Pairs are there without a pair. When the schema takes no record that is made so, what hangs on
 * whole records is not proved but sampled.
 *
 * Each is written and read by the shape's real writer and reader, and the JSON compared member by
 * member. Fields whose own law gives their value away are not compared again.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "core/jsonw.h"
#include "mappings/engine/run.h"
#include "mappings/laws/judge.h"
#include "mappings/laws/order.h"

enum { MEMORY = 64 << 20, MAX_ITEMS = 128, RETRIES = 8, ALL = -1 };

typedef enum how { HOW_FULL, HOW_ABSENT, HOW_NULL, HOW_ITEMS, HOW_ITEM_NULL, HOW_ITEM_BARE } how_t;

typedef struct trial {
  sl_shape_judge_t *judge;
  sl_arena_t *arena; /* of one record */
  sl_buf_t json, member, legacy, back;
  const sl_jschema_t *schema;
  int bit; /* of fields' numbers; ALL */
  bool set;
  size_t toggled[RETRIES], n_toggled; /* fields that are there, or not, against the bit */
  const sl_jnode_t *target;           /* a list or an object */
  how_t how;
  size_t items;
  size_t turn, turns;    /* which case records are of; the most that a choice has */
  const sl_list_t *list; /* whose item is being made, and which */
  size_t item;
  bool numbered;       /* items are told apart by their values, as if all were keys */
  bool bare;           /* within an item that says nothing */
  bool for_schema;     /* with the members that only answers have */
  size_t cases, taken; /* records made; those that the schema takes */
} trial_t;

/* --- making a record ----------------------------------------------------------------------------
 */

static size_t judged_of(const trial_t *t, bool list, const char *file, int line, int col)
{
  const sl_shape_judge_t *j = t->judge;
  for (size_t i = 0; i < j->n; i++) {
    const sl_line_t *l = &j->v[i].law->line;
    if (l->line == line && l->col == col && !l->list != list && !strcmp(l->file, file)) return i;
  }
  return SIZE_MAX;
}

static size_t number_of(const trial_t *t, const sl_field_t *f)
{
  return judged_of(t, false, f->file, f->line, f->col);
}

static bool is_there(const trial_t *t, size_t number, bool required)
{
  bool there = t->bit == ALL || (number >> t->bit & 1) == t->set;
  for (size_t i = 0; i < t->n_toggled; i++)
    if (t->toggled[i] == number) there = !there;
  return (there && !t->bare) || required;
}

static bool put_node(trial_t *t, sl_buf_t *out, const sl_jnode_t *node);

static void sample(void *context, sl_json_kind_t kind, sl_str_t text)
{
  struct {
    const sl_jschema_t *schema;
    sl_buf_t *out;
    size_t mark;
  } *s = context;
  if (s->out->len != s->mark || sl_jschema_accepts(s->schema, kind, text, NULL) != SL_JS_YES)
    return;
  if (kind == SL_JSON_STRING) sl_json_quote(s->out, text);
  if (kind == SL_JSON_NUMBER) sl_buf_adds(s->out, text);
  if (kind == SL_JSON_TRUE) sl_buf_addz(s->out, "true");
  if (kind == SL_JSON_NULL) sl_buf_addz(s->out, "null");
}

/* What only an answer has stands in the schema too, as required perhaps. */
static bool put_sample(trial_t *t, sl_buf_t *out, const sl_field_t *f)
{
  size_t i = number_of(t, f);
  struct {
    const sl_jschema_t *schema;
    sl_buf_t *out;
    size_t mark;
  } s = {i == SIZE_MAX ? NULL : t->judge->v[i].domain.schema, out, out->len};
  if (!t->for_schema || !s.schema) return false;
  sl_jschema_samples(s.schema, sample, &s);
  return out->len > s.mark;
}

static bool is_key(const trial_t *t, const sl_field_t *f)
{
  if (!t->list || t->numbered) return t->list;
  for (size_t i = 0; i < t->list->n_key; i++)
    if (!strcasecmp(t->list->key[i], f->legacy)) return true;
  return false;
}

/* Items are told apart by their keys, so each has one of its own: its number, where that is a value
 * of the type. */
static bool put_key(trial_t *t, sl_buf_t *out, const sl_judged_t *j, const sl_field_t *f)
{
  char text[24];
  sl_legacy_t legacy;
  bool number = j->good.state == SL_J_NUMBER;
  if (!is_key(t, f) || t->item == 0) return false;
  snprintf(text, sizeof text, "%zu", t->item + 100);
  sl_jstate_t state = number ? SL_J_NUMBER : SL_J_STRING;
  if (sl_codec_write(f->codec, state, sl_str(text), t->arena, &legacy, NULL)) return false;
  if (j->domain.schema &&
      sl_jschema_accepts(j->domain.schema, number ? SL_JSON_NUMBER : SL_JSON_STRING, sl_str(text),
                         NULL) != SL_JS_YES)
    return false;
  if (number)
    sl_buf_addz(out, text);
  else
    sl_json_quote(out, sl_str(text));
  return true;
}

static unsigned case_of(const trial_t *t, const sl_choice_t *choice)
{
  return (unsigned)((t->turn + t->item) % choice->n_cases);
}

/* Is it there in a record of the case whose turn it is? */
static bool is_of_case(const trial_t *t, sl_only_t only)
{
  for (; only.choice; only = only.choice->within)
    if (!(only.cases >> case_of(t, only.choice) & 1)) return false;
  return true;
}

static bool put_field(trial_t *t, sl_buf_t *out, const sl_field_t *f)
{
  size_t i = number_of(t, f);
  if (f->access == SL_READ_ONLY) return put_sample(t, out, f);
  if (i == SIZE_MAX || !t->judge->v[i].good.text.p) return false;
  const sl_judged_t *j = &t->judge->v[i];
  if (!is_there(t, i, (j->domain.schema && j->domain.required) || f->required)) return false;
  if (put_key(t, out, j, f)) return true;
  switch (j->good.state) {
  case SL_J_STRING: sl_json_quote(out, j->good.text); break;
  case SL_J_NUMBER: sl_buf_adds(out, j->good.text); break;
  default: sl_buf_addz(out, j->good.state == SL_J_TRUE ? "true" : "false");
  }
  return true;
}

static size_t fewest(const trial_t *t, const sl_list_t *list)
{
  size_t i = judged_of(t, true, list->file, list->line, list->col);
  size_t n = list->min ? list->min : 1;
  if (i == SIZE_MAX || !t->judge->v[i].domain.schema) return n;
  const sl_jschema_t *d = sl_canonical_plain(t->judge->v[i].domain.schema);
  return d->min_items > (int64_t)n ? (size_t)d->min_items : n;
}

static bool put_list(trial_t *t, sl_buf_t *out, const sl_jnode_t *node)
{
  bool here = node == t->target;
  size_t n = here && t->how != HOW_FULL && t->items != SIZE_MAX ? t->items : fewest(t, node->list);
  if (here && t->how == HOW_ABSENT) return false;
  if (here && t->how == HOW_NULL) return sl_buf_addz(out, "null"), true;
  sl_buf_addc(out, '[');
  for (size_t i = 0; i < n && i < MAX_ITEMS; i++) {
    size_t mark = out->len;
    bool odd = here && i == n / 2, outer = t->bare;
    if (i) sl_buf_addc(out, ',');
    size_t at = out->len;
    t->bare = outer || (odd && t->how == HOW_ITEM_BARE);
    const sl_list_t *around = t->list;
    size_t number = t->item;
    t->list = node->list;
    t->item = i;
    if (odd && t->how == HOW_ITEM_NULL)
      sl_buf_addz(out, "null");
    else
      put_node(t, out, node->list->item->json);
    t->list = around;
    t->item = number;
    t->bare = outer;
    if (out->len == at) out->len = mark; /* no value is known */
  }
  sl_buf_addc(out, ']');
  return true;
}

/* Names are values of their own, which are not judged here. */
static bool put_pairs(trial_t *t, sl_buf_t *out, const sl_jnode_t *node)
{
  bool here = node == t->target, any = false;
  size_t n = here && t->how != HOW_FULL && t->items != SIZE_MAX ? t->items : fewest(t, node->list);
  if (t->bare || node->list->access == SL_READ_ONLY || (here && t->how == HOW_ABSENT)) return false;
  if (here && t->how == HOW_NULL) return sl_buf_addz(out, "null"), true;
  sl_buf_addc(out, '{');
  for (size_t i = 0; i < n && i < MAX_ITEMS; i++) {
    size_t mark = out->len;
    sl_buf_printf(out, "%s\"%zu\":", any ? "," : "", i + 1);
    if (here && i == n / 2 && t->how == HOW_ITEM_NULL)
      sl_buf_addz(out, "null"), any = true;
    else if (put_field(t, out, node->list->item->fields[1]))
      any = true;
    else
      out->len = mark;
  }
  sl_buf_addc(out, '}');
  return true;
}

static bool put_object(trial_t *t, sl_buf_t *out, const sl_jnode_t *node)
{
  bool any = false, here = node == t->target;
  if (here && t->how == HOW_ABSENT) return false;
  sl_buf_addc(out, '{');
  for (uint16_t i = 0; i < node->n_children && !here; i++) {
    const sl_jnode_t *c = &node->children[i];
    size_t mark = out->len;
    if ((!c->writable && !t->for_schema) || !is_of_case(t, c->only)) continue;
    if (any) sl_buf_addc(out, ',');
    sl_buf_adds(out, c->quoted);
    if (put_node(t, out, c))
      any = true;
    else
      out->len = mark;
  }
  sl_buf_addc(out, '}');
  return any || here || node->required || !node->key.len;
}

static bool put_node(trial_t *t, sl_buf_t *out, const sl_jnode_t *node)
{
  switch (node->kind) {
  case SL_JN_FIELD:
    if (!node->names) return put_field(t, out, node->field);
    sl_json_quote(out, node->names->cases[case_of(t, node->names)].json);
    return true;
  case SL_JN_LIST: return put_list(t, out, node);
  case SL_JN_PAIRS: return put_pairs(t, out, node);
  case SL_JN_OBJECT: return put_object(t, out, node);
  case SL_JN_CONST: return t->for_schema ? sl_buf_adds(out, node->constant->text), true : false;
  default: return false;
  }
}

/* --- comparing ----------------------------------------------------------------------------------
 */

typedef struct difference {
  const sl_jnode_t *node;
  const sl_jvalue_t *was, *is; /* NULL: absent */
} difference_t;

static bool same(const trial_t *t, const sl_jnode_t *node, const sl_jvalue_t *was,
                 const sl_jvalue_t *is, difference_t *out);

/* Told already, or given away. */
static bool is_judged(const trial_t *t, const sl_field_t *f)
{
  size_t i = number_of(t, f);
  if (f->access != SL_READ_WRITE || i == SIZE_MAX) return true;
  const sl_law_t *law = &t->judge->v[i].law->putget;
  return law->verdict != SL_LAW_PROVED || law->modulo;
}

static bool same_items(const trial_t *t, const sl_jnode_t *node, const sl_jvalue_t *was,
                       const sl_jvalue_t *is, difference_t *out)
{
  if (!was || !is || was->kind != SL_JSON_ARRAY || is->kind != SL_JSON_ARRAY || was->n != is->n) {
    bool alike = !was == !is && (!was || (was->kind == is->kind && was->kind != SL_JSON_ARRAY));
    return alike || (*out = (difference_t){node, was, is}, false);
  }
  const sl_jvalue_t *a = was->first, *b = is->first;
  for (; a && b; a = a->next, b = b->next)
    if (!same(t, node->list->item->json, a, b, out))
      return *out = (difference_t){node, was, is}, false;
  return true;
}

static bool same_pairs(const sl_jnode_t *node, const sl_jvalue_t *was, const sl_jvalue_t *is,
                       difference_t *out)
{
  if (was && is ? sl_jvalue_equal(was, is) : was == is) return true;
  return *out = (difference_t){node, was, is}, false;
}

static bool same_members(const trial_t *t, const sl_jnode_t *node, const sl_jvalue_t *was,
                         const sl_jvalue_t *is, difference_t *out)
{
  if (!was && !is) return true;
  bool only_answers = !was && (node != t->target || t->how == HOW_ABSENT);
  if (!was != !is && !only_answers) return *out = (difference_t){node, was, is}, false;
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!c->readable || !c->writable) continue;
    if (!same(t, c, was ? sl_jvalue_getn(was, c->key) : NULL, sl_jvalue_getn(is, c->key), out))
      return false;
  }
  return true;
}

static bool same(const trial_t *t, const sl_jnode_t *node, const sl_jvalue_t *was,
                 const sl_jvalue_t *is, difference_t *out)
{
  switch (node->kind) {
  case SL_JN_LIST: return same_items(t, node, was, is, out);
  case SL_JN_PAIRS: return same_pairs(node, was, is, out);
  case SL_JN_OBJECT: return same_members(t, node, was, is, out);
  case SL_JN_FIELD:
    if (is_judged(t, node->field)) return true;
    if (was && is ? sl_jvalue_equal(was, is) : was == is) return true;
    return *out = (difference_t){node, was, is}, false;
  default: return true;
  }
}

/* --- one record ---------------------------------------------------------------------------------
 */

typedef enum outcome { OUT_SAME, OUT_DIFFERENT, OUT_REFUSED, OUT_SKIPPED, OUT_DOUBTFUL } outcome_t;

static sl_jverdict_t allowed(trial_t *t)
{
  sl_err_t err;
  if (!t->schema) return SL_JS_YES;
  sl_buf_clear(&t->member);
  t->for_schema = true;
  put_node(t, &t->member, t->judge->shape->frame->json);
  t->for_schema = false;
  const sl_jvalue_t *value = sl_jvalue_parse(t->member.p, t->member.len, t->arena, &err);
  return value ? sl_jschema_judge(t->schema, value, NULL, NULL) : SL_JS_NO;
}

static outcome_t attempt(trial_t *t, difference_t *diff, sl_err_t *err)
{
  const sl_shape_t *shape = t->judge->shape;
  sl_err_t ignored;
  t->cases++;
  sl_arena_reset(t->arena);
  sl_buf_clear(&t->json);
  sl_buf_clear(&t->legacy);
  sl_buf_clear(&t->back);
  sl_jverdict_t member = allowed(t);
  if (member == SL_JS_NO) return OUT_SKIPPED;
  t->taken++;
  put_node(t, &t->json, shape->frame->json);
  if (sl_shape_write(shape, t->arena, sl_buf_str(&t->json), shape->name, &t->legacy, err))
    return member == SL_JS_MAYBE ? OUT_DOUBTFUL : OUT_REFUSED;
  if (sl_shape_read(shape, t->arena, sl_buf_str(&t->legacy), &t->back, err))
    return member == SL_JS_MAYBE ? OUT_DOUBTFUL : OUT_DIFFERENT;
  const sl_jvalue_t *was = sl_jvalue_parse(t->json.p, t->json.len, t->arena, &ignored);
  const sl_jvalue_t *is = sl_jvalue_parse(t->back.p, t->back.len, t->arena, &ignored);
  err->text[0] = 0;
  if (!was || !is) return OUT_DOUBTFUL;
  if (same(t, shape->frame->json, was, is, diff)) return OUT_SAME;
  return member == SL_JS_MAYBE ? OUT_DOUBTFUL : OUT_DIFFERENT;
}

/* --- what is told -------------------------------------------------------------------------------
 */

static bool says_nothing(const sl_jvalue_t *v)
{
  return !v || v->kind == SL_JSON_NULL ||
         ((v->kind == SL_JSON_ARRAY || v->kind == SL_JSON_OBJECT) && !v->n);
}

static unsigned words_of(const difference_t *d)
{
  if (says_nothing(d->was) && says_nothing(d->is)) return SL_MODULO_EMPTY;
  if (d->was && d->is && d->was->kind == SL_JSON_ARRAY && d->is->kind == SL_JSON_ARRAY &&
      d->was->n != d->is->n)
    return SL_MODULO_GAPS;
  return 0;
}

static const char *clip(sl_arena_t *arena, sl_str_t text)
{
  enum { SHOWN = 160 };
  return text.len <= SHOWN ? sl_arena_strndup(arena, text.p, text.len)
                           : sl_arena_printf(arena, "%.*s…", SHOWN, text.p);
}

static void refute(trial_t *t, sl_law_t *law, outcome_t out, unsigned words, const char *fix,
                   const sl_err_t *err)
{
  sl_arena_t *keep = t->judge->keep;
  law->verdict = SL_LAW_REFUTED;
  law->from = clip(keep, sl_buf_str(&t->json));
  law->refused = out == OUT_REFUSED;
  law->via = law->refused ? NULL : clip(keep, sl_buf_str(&t->legacy));
  law->to = law->refused
                ? sl_arena_printf(keep, "%s%s%s", err->field, *err->field ? ": " : "", err->text)
                : clip(keep, sl_buf_str(&t->back));
  law->modulo = words;
  law->fix = fix;
  if (t->json.len < 400 && !memchr(t->json.p, '\'', t->json.len))
    law->show = sl_arena_printf(keep, "echo '%.*s' | sluice map write --lossy --shape %s %s",
                                (int)t->json.len, t->json.p, t->judge->shape->name,
                                t->judge->mapping->file);
}

static const char list_fix[] =
    "require the list, with \"minItems\":1, in the schema | read-absent | modulo=\"empty\"";
static const char object_fix[] = "\"minProperties\":1 in the schema | required=\"true\" on the "
                                 "object, and required in the schema";
static const char other_fix[] = "let the schema allow only what the legacy system can hold";

/* One variation of a list or an object; *sure_p: it was decided. */
static void vary_case(trial_t *t, sl_law_t *law, unsigned given, how_t how, size_t items,
                      bool *sure_p)
{
  difference_t diff = {NULL, NULL, NULL};
  sl_err_t err = {0};
  if (law->verdict == SL_LAW_REFUTED) return;
  t->how = how;
  t->items = items;
  law->n++;
  outcome_t out = attempt(t, &diff, &err);
  if (out == OUT_DOUBTFUL) *sure_p = false;
  if (out == OUT_REFUSED && t->schema) {
    bool object = t->target->kind == SL_JN_OBJECT && !strcmp(err.field, t->target->pointer);
    refute(t, law, out, 0, object ? object_fix : other_fix, &err);
  }
  if (out != OUT_DIFFERENT) return;
  unsigned words = diff.node == t->target ? words_of(&diff) : 0;
  if (words && (words & given) == words)
    law->modulo |= words;
  else
    refute(t, law, out, words,
           words & SL_MODULO_EMPTY ? (t->target->kind == SL_JN_LIST ? list_fix : object_fix)
                                   : other_fix,
           &err);
}

static void vary(trial_t *t, sl_law_t *law, unsigned given, how_t how, size_t items, bool *sure_p)
{
  for (t->turn = 0; t->turn < t->turns; t->turn++) vary_case(t, law, given, how, items, sure_p);
  t->turn = 0;
}

/* The rows of a list come as the database likes, unless the select says how; a key tells the items
 * apart wherever they stand. */
static void judge_order(trial_t *t, sl_law_t *law, const sl_list_t *list, unsigned given)
{
  static const char fix[] =
      "key=\"…\" on the list, of what tells its items apart | ORDER BY in its "
      "<select> | modulo=\"order\"";
  sl_order_t order = sl_order_of(t->judge->mapping, list, t->arena);
  difference_t diff = {NULL, NULL, NULL};
  sl_err_t err = {0};
  if (order == SL_ORDER_KEPT || law->verdict == SL_LAW_REFUTED) return;
  law->modulo |= SL_MODULO_ORDER;
  if (order == SL_ORDER_SAID || given & SL_MODULO_ORDER) return;
  t->how = HOW_ITEMS;
  t->items = 2;
  t->numbered = true;
  law->n++;
  if (attempt(t, &diff, &err) == OUT_SAME && sl_order_turn(&t->legacy)) {
    const sl_shape_t *shape = t->judge->shape;
    const sl_jvalue_t *was = sl_jvalue_parse(t->json.p, t->json.len, t->arena, &err), *is = NULL;
    sl_buf_clear(&t->back);
    if (!sl_shape_read(shape, t->arena, sl_buf_str(&t->legacy), &t->back, &err))
      is = sl_jvalue_parse(t->back.p, t->back.len, t->arena, &err);
    if (was && is && !same(t, shape->frame->json, was, is, &diff))
      refute(t, law, OUT_DIFFERENT, SL_MODULO_ORDER, fix, &err);
  }
  t->numbered = false;
}

static void judge_list(trial_t *t, const sl_jnode_t *node)
{
  const sl_list_t *list = node->list;
  size_t i = judged_of(t, true, list->file, list->line, list->col);
  if (i == SIZE_MAX || list->access != SL_READ_WRITE) return;
  sl_judged_t *j = &t->judge->v[i];
  sl_law_t *law = &j->law->putget;
  const sl_jschema_t *d = j->domain.schema ? sl_canonical_plain(j->domain.schema) : NULL;
  unsigned given = list->notes ? list->notes->modulo : 0;
  bool sure = true;
  size_t taken = t->taken;
  if (!t->schema) given |= SL_MODULO_EMPTY; /* lists always come, documented */
  t->target = node;
  vary(t, law, given, HOW_FULL, SIZE_MAX, &sure);
  vary(t, law, given, HOW_ABSENT, 0, &sure);
  vary(t, law, given, HOW_NULL, 0, &sure);
  for (size_t n = 0; n <= 3; n++) vary(t, law, given, HOW_ITEMS, n, &sure);
  uint32_t bounds[] = {list->min, list->max, d && d->min_items > 0 ? (uint32_t)d->min_items : 0,
                       d && d->max_items >= 0 ? (uint32_t)d->max_items : 0};
  for (size_t k = 0; k < 4; k++)
    for (size_t n = bounds[k] ? bounds[k] - 1 : 0; n <= (size_t)bounds[k] + 1 && n < MAX_ITEMS; n++)
      if (n > 3) vary(t, law, given, HOW_ITEMS, n, &sure);
  for (size_t n = 1; n <= 3; n += 2) {
    vary(t, law, given, HOW_ITEM_NULL, n, &sure);
    vary(t, law, given, HOW_ITEM_BARE, n, &sure);
  }
  if (law->verdict != SL_LAW_REFUTED)
    law->verdict = sure && t->taken > taken ? SL_LAW_PROVED : SL_LAW_SAMPLED;
  judge_order(t, law, list, given);
  t->target = NULL;
}

/* The first line below an object stands for it. */
static const sl_field_t *first_field(const sl_jnode_t *node)
{
  for (uint16_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    const sl_field_t *f = c->kind == SL_JN_FIELD ? c->field : first_field(c);
    if (f) return f;
  }
  return NULL;
}

static void judge_object(trial_t *t, const sl_jnode_t *node)
{
  sl_shape_judge_t *j = t->judge;
  const sl_field_t *f = first_field(node);
  bool sure = true;
  if (!f || !node->readable || !node->writable || j->n_objects == j->room) return;
  sl_law_line_t *l = &j->objects[j->n_objects];
  memset(l, 0, sizeof *l);
  l->line = (sl_line_t){.frame = j->shape->frame,
                        .json = node->pointer,
                        .http = "",
                        .legacy = "(object)",
                        .file = f->file,
                        .line = f->line,
                        .col = f->col};
  l->shape = j->shape->name;
  t->target = node;
  vary(t, &l->putget, t->schema ? 0 : SL_MODULO_EMPTY, HOW_FULL, 0, &sure);
  vary(t, &l->putget, t->schema ? 0 : SL_MODULO_EMPTY, HOW_ABSENT, 0, &sure);
  t->target = NULL;
  if (l->putget.verdict == SL_LAW_REFUTED) j->n_objects++;
}

static void judge_nodes(trial_t *t, const sl_jnode_t *node)
{
  if (node->kind == SL_JN_LIST) {
    judge_list(t, node);
    judge_nodes(t, node->list->item->json);
  }
  if (node->kind == SL_JN_PAIRS) judge_list(t, node);
  if (node->kind == SL_JN_OBJECT && node->key.len) judge_object(t, node);
  for (uint16_t i = 0; i < node->n_children; i++) judge_nodes(t, &node->children[i]);
}

/* --- presence -----------------------------------------------------------------------------------
 */

static size_t field_named(const trial_t *t, const char *label)
{
  for (size_t i = 0; i < t->judge->n; i++) {
    const sl_field_t *f = t->judge->v[i].law->line.field;
    if (f && !strcmp(f->label, label)) return i;
  }
  return SIZE_MAX;
}

static size_t number_at(const trial_t *t, const difference_t *diff)
{
  if (diff->node && diff->node->kind == SL_JN_FIELD) return number_of(t, diff->node->field);
  return SIZE_MAX;
}

/* A refusal names a field; the others are then tried with it turned round. */
static void presence(trial_t *t, int bit, bool set)
{
  t->bit = bit;
  t->set = set;
  t->n_toggled = 0;
  for (;;) {
    difference_t diff = {NULL, NULL, NULL};
    sl_err_t err = {0};
    outcome_t out = attempt(t, &diff, &err);
    if (out != OUT_REFUSED && out != OUT_DIFFERENT) break;
    size_t i = out == OUT_REFUSED ? field_named(t, err.field) : number_at(t, &diff);
    if (i == SIZE_MAX) break;
    sl_law_t *law = &t->judge->v[i].law->putget;
    if (law->verdict == SL_LAW_PROVED && (t->schema || out == OUT_DIFFERENT))
      refute(t, law, out, 0, other_fix, &err);
    if (t->n_toggled == RETRIES) break;
    t->toggled[t->n_toggled++] = i;
  }
  t->bit = ALL;
  t->n_toggled = 0;
}

static size_t most_cases(const sl_jnode_t *node)
{
  size_t n = node->names                ? node->names->n_cases
             : node->only.choice        ? node->only.choice->n_cases
             : node->kind == SL_JN_LIST ? most_cases(node->list->item->json)
                                        : 1;
  for (uint16_t i = 0; i < node->n_children; i++) {
    size_t below = most_cases(&node->children[i]);
    if (below > n) n = below;
  }
  return n;
}

bool sl_judge_shape(sl_shape_judge_t *self)
{
  trial_t t = {.judge = self, .arena = sl_arena_new(0, MEMORY), .bit = ALL};
  if (!t.arena) return false;
  sl_buf_init(&t.json, 0);
  sl_buf_init(&t.member, 0);
  sl_buf_init(&t.legacy, 0);
  sl_buf_init(&t.back, 0);
  t.schema = sl_canonical_shape(self->mapping, self->shape->name);
  t.turns = most_cases(self->shape->frame->json);
  for (t.turn = 0; t.turn < t.turns; t.turn++) {
    presence(&t, ALL, false);
    for (int bit = 0; (size_t)1 << bit <= self->n; bit++) {
      presence(&t, bit, true);
      presence(&t, bit, false);
    }
  }
  judge_nodes(&t, self->shape->frame->json);
  sl_buf_fini(&t.json);
  sl_buf_fini(&t.member);
  sl_buf_fini(&t.legacy);
  sl_buf_fini(&t.back);
  sl_arena_destroy(&t.arena);
  return true;
}
