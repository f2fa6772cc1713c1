/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

/* A list in a list in a list … of more levels than this is a mistake; and so are more places. */
enum { MAX_FRAMES = 16, MAX_PLACES = 500 };

/* --- lists in general ----------------------------------------------------------------------------
 */

static const char *const *words_of(sl_build_t *b, const char *words, size_t *n_p)
{
  const char **v = NULL;
  size_t n = 0;
  for (const char *p = words + strspn(words, " \t\r\n"); *p; p += strspn(p, " \t\r\n")) {
    size_t len = strcspn(p, " \t\r\n");
    v = sl_b_grow(b, v, n, sizeof *v);
    if (!v) break;
    v[n++] = sl_b_dup(b, p, len);
    p += len;
  }
  *n_p = v ? n : 0;
  return v;
}

const sl_table_t *sl_b_table(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *at = sl_xel_at(el, "table");
  if (!at || !b->m->contract || b->m->kind != SL_KIND_ODBC) return NULL;
  const sl_table_t *table = sl_contract_table(b->m->contract, at->value);
  if (table) return table;
  const char *words[64];
  size_t n = 0;
  for (; n < sl_contract_table_count(b->m->contract) && n < 64; n++)
    words[n] = sl_contract_table_at(b->m->contract, n)->name;
  sl_b_error(b, "R208", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "no table %s in the catalogue", at->value);
  return NULL;
}

static sl_on_write_t on_write_of(const sl_xel_t *el)
{
  const char *word = sl_xel_get(el, "on-write", "");
  return !strcmp(word, "align")    ? SL_WRITE_ALIGN
         : !strcmp(word, "append") ? SL_WRITE_APPEND
                                   : SL_WRITE_REPLACE;
}

sl_list_t *sl_b_list(sl_at_t at, const sl_xel_t *el, sl_list_form_t form, sl_bf_t **item_p)
{
  sl_build_t *b = at.f->b;
  bool rows = b->m->kind == SL_KIND_ODBC && form != SL_LIST_SLOTS;
  if (!sl_xel_at(el, "json") || (!rows && !sl_xel_at(el, "legacy"))) {
    sl_b_lose(at);
    sl_b_error(b, "R230", el->line, el->col, NULL, "a %s needs %s", el->name,
               sl_xel_at(el, "json") ? "legacy=" : "json=");
    return NULL;
  }
  if (at.f->depth >= MAX_FRAMES) {
    sl_b_error(b, "R232", el->line, el->col, NULL, "more than %d lists within lists", MAX_FRAMES);
    return NULL;
  }
  if (at.places) {
    sl_b_error(b, "R218", el->line, el->col, "map the columns one by one",
               "a numbered column is one value, and no %s", el->name);
    return NULL;
  }
  sl_bf_t *item = sl_bf_new(b, at.f->frame->name, at.f->request);
  sl_list_t *list = item ? sl_bf_list(at.f, el, item) : NULL;
  if (!list) return NULL;
  item->depth = at.f->depth + 1;
  list->form = (uint8_t)form;
  list->access = (uint8_t)sl_b_narrower(at.access, sl_b_access(el));
  list->on_write = (uint8_t)on_write_of(el);
  list->legacy = sl_b_printf(b, "%s", sl_xel_get(el, "legacy", ""));
  list->table = item->frame->table = sl_b_printf(b, "%s", sl_xel_get(el, "table", ""));
  list->key = words_of(b, sl_xel_get(el, "key", ""), &list->n_key);
  list->parent = words_of(b, sl_xel_get(el, "parent", ""), &list->n_parent);
  *item_p = item;
  return list;
}

sl_at_t sl_b_list_json(sl_at_t at, const sl_xel_t *el, sl_list_t *list, sl_bf_t *item)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *json = sl_xel_at(el, "json");
  sl_jkind_t kind = list->form == SL_LIST_PAIRS ? SL_JN_PAIRS : SL_JN_LIST;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, kind, (sl_access_t)list->access);
  if (!j) return (sl_at_t){.f = NULL};
  j->list = list;
  list->json = sl_b_printf(b, "%s%s", at.json_base, j->pointer);
  return (sl_at_t){.f = item,
                   .x = item->xml,
                   .j = item->json,
                   .lj = item->legacy_json,
                   .access = (sl_access_t)list->access,
                   .table = sl_b_table(b, el),
                   .json_base = list->json};
}

bool sl_b_item_at(sl_build_t *b, sl_bf_t *item, const sl_bx_t *x)
{
  item->xml = sl_b_alloc(b, sizeof *item->xml);
  if (!item->xml) return false;
  *item->xml =
      (sl_bx_t){.name = x->name, .ns = x->ns, .path = "", .elem = x->elem, .type = x->type};
  return true;
}

static void in_predicate(sl_build_t *b, const sl_xat_t *legacy)
{
  sl_b_error(b, "R216", legacy->value_line, legacy->value_col,
             "map the whole list, or single values of it",
             "a predicate picks one occurrence, and single values in it: no list");
}

bool sl_b_list_legacy(sl_at_t at, const sl_xat_t *legacy, sl_bf_t *item, sl_list_t *list, int line)
{
  sl_build_t *b = at.f->b;
  if (b->m->kind == SL_KIND_ODBC) return true;
  if (b->m->kind != SL_KIND_SOAP) {
    sl_bj_t *j =
        sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_LIST, (sl_access_t)list->access);
    if (!j) return false;
    j->list = list;
    j->item = item;
    return sl_b_json_list(b, legacy, j, item, list);
  }
  sl_ba_t *attr;
  sl_bx_t *x = sl_bx_walk(at.f, at.x, legacy->value, legacy, true, &attr);
  if (!x || attr || x == at.x) return false;
  if (x->picked) return in_predicate(b, legacy), false;
  int taken = x->list                                       ? x->list->line
              : x->field                                    ? x->field->line
              : x->constant                                 ? x->constant->line
              : x->ignored && x->line && !at.f->only.choice ? x->line
              : x->first                                    ? line
                                                            : 0;
  if (taken) return sl_b_taken(at, legacy, taken), false;
  x->list = list;
  x->item = item;
  list->min = x->child ? x->child->min : 0;
  list->max = x->child ? x->child->max : SL_UNBOUNDED;
  return sl_b_item_at(b, item, x);
}

/* A line with a mistake is the one that was meant for it: told. */
static bool is_excused(const sl_bf_t *item, const char *legacy)
{
  for (const sl_bx_t *x = item->xml ? item->xml->first : NULL; x; x = x->next)
    if (x->lost && !strcmp(x->name, legacy)) return true;
  for (const sl_bj_t *j = item->legacy_json->forgotten; j; j = j->next)
    if (*legacy == '/' && !strcmp(j->key, legacy + 1)) return true;
  return (item->xml && item->xml->lost) || item->legacy_json->lost;
}

static const sl_field_t *field_called(const sl_bf_t *item, const char *legacy, bool sql)
{
  for (size_t i = 0; i < item->n_fields; i++) {
    const char *own = item->fields[i]->legacy;
    if (item->fields[i]->notes && !(sql ? strcasecmp(own, legacy) : strcmp(own, legacy)))
      return item->fields[i];
  }
  return NULL;
}

void sl_b_list_key(sl_at_t at, const sl_xel_t *el, sl_bf_t *item, sl_list_t *list)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *key = sl_xel_at(el, "key"), *on_write = sl_xel_at(el, "on-write");
  bool sql = b->m->kind == SL_KIND_ODBC;
  if (list->on_write == SL_WRITE_ALIGN && !key)
    sl_b_error(b, "R219", on_write->value_line, on_write->value_col, "add key=\"…\"",
               "nothing says which items are the same: on-write=\"align\" needs a key");
  const sl_field_t **v = list->n_key ? sl_b_alloc(b, list->n_key * sizeof *v) : NULL;
  bool all = v;
  for (size_t i = 0; v && i < list->n_key; i++) {
    const char *words[64];
    size_t n = 0;
    v[i] = field_called(item, list->key[i], sql);
    all &= v[i] != NULL;
    if (v[i] || sql || is_excused(item, list->key[i]))
      continue; /* SQL: sql_compile.c has its say */
    for (; n < item->n_fields && n < 64; n++) words[n] = item->fields[n]->legacy;
    sl_b_error(b, "R353", key->value_line, key->value_col, sl_b_advice(b, list->key[i], words, n),
               "key=\"%s\" is no field of the list", list->key[i]);
  }
  list->key_fields = all ? v : NULL;
}

/* --- pairs ---------------------------------------------------------------------------------------
 */

static sl_field_t *pair_field(sl_at_t in, const sl_xel_t *el, const char *attr, bool value)
{
  sl_build_t *b = in.f->b;
  const sl_xat_t *path = sl_xel_at(el, attr);
  sl_field_t *field = path ? sl_bf_field(in.f, el) : NULL; /* else the schema said so */
  if (!field) return NULL;
  field->access = (uint8_t)in.access;
  field->legacy = sl_b_printf(b, "%s", path->value);
  field->json = value ? in.json_base : "";
  field->label = in.json_base;
  if (!value) field->notes = NULL;
  return sl_b_legacy_end(in, value ? el : NULL, path, field) ? field : NULL;
}

void sl_b_pairs(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  sl_bf_t *item;
  sl_list_t *list = sl_b_list(at, el, SL_LIST_PAIRS, &item);
  if (!list || !sl_b_list_legacy(at, sl_xel_at(el, "legacy"), item, list, el->line)) return;
  sl_at_t in = sl_b_list_json(at, el, list, item);
  if (!in.f) return;
  const sl_field_t *name = pair_field(in, el, "name", false);
  pair_field(in, el, "value", true);
  sl_b_members(in, el);
  if (!name || b->m->kind != SL_KIND_ODBC) return;
  const char **key = sl_b_alloc(b, sizeof *key);
  if (!key) return;
  key[0] = name->legacy; /* rows of pairs: NULL in the name means that there is none */
  list->key = key;
  list->n_key = 1;
}

/* --- slots ---------------------------------------------------------------------------------------
 */

static void bad_range(sl_build_t *b, const sl_xat_t *at, const char *what)
{
  sl_b_error(b, "R212", at->value_line, at->value_col, "legacy=\"ADDR{1..5}\"", "\"%s\" %s",
             at->value, what);
}

/* The first {NUMBER..NUMBER} in text. */
static const char *range_in(const char *text, unsigned long *from, unsigned long *to, int *width,
                            const char **end_p)
{
  for (const char *p = text; (p = strchr(p, '{')); p++) {
    size_t a = strspn(p + 1, "0123456789");
    if (!a || a > 6 || strncmp(p + 1 + a, "..", 2)) continue;
    size_t z = strspn(p + 3 + a, "0123456789");
    if (!z || z > 6 || p[3 + a + z] != '}') continue;
    *from = strtoul(p + 1, NULL, 10);
    *to = strtoul(p + 3 + a, NULL, 10);
    *width = p[1] == '0' ? (int)a : 0;
    *end_p = p + 4 + a + z;
    return p;
  }
  return NULL;
}

static bool read_places(sl_build_t *b, const sl_xat_t *at, sl_places_t *out)
{
  unsigned long from = 0, to = 0;
  const char *end = "";
  const char *brace = range_in(at->value, &from, &to, &out->width, &end);
  unsigned long ignored;
  int ignored_width;
  const char *ignored_end;
  if (!brace) return bad_range(b, at, "does not say which places there are"), false;
  if (range_in(end, &ignored, &ignored, &ignored_width, &ignored_end))
    return bad_range(b, at, "counts twice"), false;
  if (to < from || to - from >= MAX_PLACES)
    return bad_range(b, at, to < from ? "counts backwards" : "has more than 500 places"), false;
  size_t step = b->m->kind == SL_KIND_ODBC ? strlen(end) : strcspn(end, "/");
  out->before = sl_b_dup(b, at->value, (size_t)(brace - at->value));
  out->after = sl_b_dup(b, end, step);
  out->rest = sl_b_printf(b, "%s", end + step);
  out->from = (unsigned)from;
  out->n = (unsigned)(to - from + 1);
  return true;
}

static const char *place_name(sl_build_t *b, const sl_places_t *p, unsigned n)
{
  return sl_b_printf(b, "%s%0*u%s", p->before, p->width, p->from + n, p->after);
}

const char *sl_b_place_label(sl_build_t *b, const sl_places_t *p, const char *label, unsigned n)
{
  const char *mark = strstr(label, "{n}");
  if (!strcmp(label, ".")) label = "";
  if (!mark) return sl_b_printf(b, "%s%s", place_name(b, p, n), label);
  return sl_b_printf(b, "%.*s%0*u%s", (int)(mark - label), label, p->width, p->from + n, mark + 3);
}

static sl_list_t *add_part(sl_at_t at, const sl_xel_t *el, sl_list_t *whole, sl_bf_t *item,
                           const char *legacy)
{
  sl_list_t *part = sl_bf_list(at.f, el, item);
  if (!part) return NULL;
  part->form = SL_LIST_PART;
  part->whole = whole;
  part->access = whole->access;
  part->legacy = legacy;
  part->json = whole->json;
  part->notes = NULL;
  const sl_list_t **v =
      sl_b_grow(at.f->b, (void *)(uintptr_t)whole->parts, whole->n_parts, sizeof *v);
  if (!v) return NULL;
  v[whole->n_parts++] = part;
  whole->parts = v;
  return part;
}

/* One place of the slots; its items are read and written as those of the slots. */
static sl_list_t *new_place(sl_at_t at, const sl_xel_t *el, sl_list_t *whole, sl_bf_t *item,
                            const char *name)
{
  sl_build_t *b = at.f->b;
  sl_list_t *part = add_part(at, el, whole, item, name);
  sl_bplace_t *v = sl_b_grow(b, at.f->places, at.f->n_places, sizeof *v);
  if (!part || !v) return NULL;
  at.f->items[part->index] = NULL;
  part->json = sl_b_printf(b, "%s/%zu", whole->json, whole->n_parts - 1);
  part->max = 1;
  at.f->places = v;
  v[at.f->n_places++] = (sl_bplace_t){.list = part, .item = item};
  return part;
}

static bool same_text(const char *a, const char *b)
{
  return (!a && !b) || (a && b && !strcmp(a, b));
}

/* Do values of the one fit the other? Types without a name are told by what they demand. */
static bool alike(const sl_xtype_t *a, const sl_xtype_t *b)
{
  if (a == b) return true;
  if (!a || !b || a->n_children || b->n_children || a->n_attrs || b->n_attrs) return false;
  const sl_facets_t *f = &a->facets, *g = &b->facets;
  if (a->simple != b->simple || f->n_enums != g->n_enums) return false;
  for (size_t i = 0; i < f->n_enums; i++)
    if (strcmp(f->enums[i], g->enums[i])) return false;
  return f->length == g->length && f->max_length == g->max_length &&
         f->min_length == g->min_length && f->total_digits == g->total_digits &&
         f->fraction_digits == g->fraction_digits &&
         same_text(f->min_inclusive, g->min_inclusive) &&
         same_text(f->max_inclusive, g->max_inclusive);
}

static void not_alike(sl_build_t *b, const sl_xat_t *at, const char *first, const char *other)
{
  sl_b_error(b, "R213", at->value_line, at->value_col, "map them one by one",
             "%s and %s are of different types in the contract: they are not one list", first,
             other);
}

static void taken(sl_at_t at, const sl_xat_t *legacy, const char *name, int line)
{
  sl_xat_t named = *legacy;
  named.value = name;
  sl_b_taken(at, &named, line);
}

static bool soap_places(sl_at_t at, const sl_xel_t *el, const sl_places_t *places, sl_list_t *list,
                        sl_bf_t *item)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  const sl_bx_t *first = NULL;
  for (unsigned i = 0; i < places->n; i++) {
    const char *name = place_name(b, places, i);
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, name, legacy, false, &attr);
    if (!x) return false;
    if (attr) return bad_range(b, legacy, "numbers attributes: places are elements"), false;
    if (x->picked) return in_predicate(b, legacy), false;
    if (x->list || x->field || x->first || x->constant || x->attrs || x == at.x)
      return taken(at, legacy, x->path, x->field ? x->field->line : el->line), false;
    if (!first && !sl_b_item_at(b, item, x)) return false;
    if (!first) first = x;
    if (!alike(first->type, x->type)) return not_alike(b, legacy, first->path, x->path), false;
    x->list = new_place(at, el, list, item, name);
    if (!x->list) return false;
    x->item = item;
    x->list->min = x->child && x->child->min ? 1 : 0;
    at.f->places[at.f->n_places - 1].x = x;
  }
  return true;
}

static bool rest_places(sl_at_t at, const sl_xel_t *el, const sl_places_t *places, sl_list_t *list,
                        sl_bf_t *item)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  for (unsigned i = 0; i < places->n; i++) {
    const char *name = place_name(b, places, i);
    sl_bj_t *j = sl_bj_walk(at.f, at.lj, name, legacy, SL_JN_PLACE, (sl_access_t)list->access);
    if (!j) return false;
    j->list = new_place(at, el, list, item, name);
    if (!j->list) return false;
    j->item = item;
    if (!i) item->legacy_json->schema = j->schema;
  }
  return true;
}

static bool same_column(const sl_column_t *a, const sl_column_t *b)
{
  return !strcmp(a->type, b->type) && a->size == b->size && a->scale == b->scale &&
         a->nullable == b->nullable;
}

/* The nth column of a member: in the record's own frame, but a value of the place's item. */
static bool place_column(sl_at_t at, const sl_xat_t *legacy, const sl_places_t *places, unsigned n,
                         const sl_column_plan_t *member, const sl_list_t *place)
{
  sl_build_t *b = at.f->b;
  const char *label = sl_b_place_label(b, places, member->label.p, n);
  const sl_column_t *column = at.table ? sl_table_column(at.table, label) : NULL;
  const sl_column_t *first = member->field->column;
  if (first && !column) {
    sl_b_error(b, "R206", legacy->value_line, legacy->value_col, NULL, "no column %s in %s", label,
               at.table->name);
    return false;
  }
  if (first && !same_column(first, column))
    return not_alike(b, legacy, first->name, column->name), false;
  for (size_t i = 0; i < at.f->n_columns; i++)
    if (at.f->columns[i].field && !strcasecmp(at.f->columns[i].label.p, label)) {
      taken(at, legacy, label, at.f->columns[i].field->line);
      return false;
    }
  sl_column_plan_t *v = sl_b_grow(b, at.f->columns, at.f->n_columns, sizeof *v);
  if (!v) return false;
  at.f->columns = v;
  v[at.f->n_columns++] =
      (sl_column_plan_t){.label = sl_str(label), .field = member->field, .place = place};
  return true;
}

static void column_places(sl_at_t at, const sl_xel_t *el, const sl_places_t *places,
                          sl_list_t *list, sl_bf_t *item)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  for (size_t k = 0; k < item->n_columns; k++)
    if (!item->columns[k].field) {
      sl_b_error(b, "R218", el->line, el->col, "map the columns one by one",
                 "a const is always written: it has no place among numbered columns");
      return;
    }
  for (unsigned i = 0; i < places->n; i++) {
    sl_list_t *part = new_place(at, el, list, item, place_name(b, places, i));
    for (size_t k = 0; part && k < item->n_columns; k++)
      if (!place_column(at, legacy, places, i, &item->columns[k], part)) return;
  }
  item->n_columns = 0;
}

static sl_gaps_t gaps_of(const sl_xel_t *el)
{
  const char *word = sl_xel_get(el, "gaps", "");
  return !strcmp(word, "close")  ? SL_GAPS_CLOSE
         : !strcmp(word, "null") ? SL_GAPS_NULL
                                 : SL_GAPS_REJECT;
}

void sl_b_slots(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  sl_bf_t *item;
  sl_places_t places;
  sl_list_t *list = sl_b_list(at, el, SL_LIST_SLOTS, &item);
  if (!list) return;
  if (!read_places(b, sl_xel_at(el, "legacy"), &places)) return sl_b_lose(at);
  bool sql = b->m->kind == SL_KIND_ODBC, plain = !sl_xel_find(el->first, NULL);
  list->gaps = (uint8_t)gaps_of(el);
  list->max = places.n;
  sl_at_t in = sl_b_list_json(at, el, list, item);
  if (!in.f) return;
  if (b->m->kind == SL_KIND_SOAP && !soap_places(at, el, &places, list, item)) return;
  if (b->m->kind != SL_KIND_SOAP && !sql && !rest_places(at, el, &places, list, item)) return;
  in.x = item->xml;
  if (sql) in.places = &places, in.table = at.table;
  if (plain)
    sl_b_scalar_items(in, el,
                      sql || !places.rest[0]       ? "."
                      : b->m->kind == SL_KIND_SOAP ? places.rest + 1
                                                   : places.rest);
  else if (places.rest[0])
    bad_range(b, sl_xel_at(el, "legacy"), "goes on behind the number: put that into the members");
  else
    sl_b_members(in, el);
  if (sql) column_places(at, el, &places, list, item);
}

/* --- zip -----------------------------------------------------------------------------------------
 */

/* The part that a field's path is in, and the path within its items. */
static sl_list_t *part_at(const sl_list_t *list, const char *path, const char **rest_p)
{
  for (size_t i = 0; i < list->n_parts; i++) {
    const char *own = list->parts[i]->legacy;
    size_t len = strlen(own);
    if (strncmp(own, path, len) || (path[len] && path[len] != '/')) continue;
    *rest_p = path + len;
    return (sl_list_t *)(uintptr_t)list->parts[i]; /* still being built */
  }
  return NULL;
}

static void zip_field(sl_at_t at, sl_at_t in, const sl_xel_t *el, const sl_list_t *list)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  const char *rest = "";
  if (!legacy || !json || sl_xel_at(el, "http")) {
    sl_b_lose(at);
    sl_b_error(b, "R230", el->line, el->col, NULL, "a field of a zip needs legacy= and json=");
    return;
  }
  sl_list_t *part = part_at(list, legacy->value, &rest);
  if (!part) {
    sl_b_error(b, "R214", legacy->value_line, legacy->value_col,
               "add it to the zip's legacy=", "%s is none of the zip's lists: %s", legacy->value,
               list->legacy);
    return;
  }
  sl_bf_t *items = at.f->items[part->index];
  sl_field_t *own = sl_bf_field(items, el), *field = sl_bf_field(in.f, el);
  if (!own || !field) return;
  bool soap = b->m->kind == SL_KIND_SOAP;
  sl_xat_t path = *legacy;
  path.value = soap ? (rest[0] ? rest + 1 : ".") : rest;
  own->access = field->access = (uint8_t)sl_b_narrower(in.access, sl_b_access(el));
  own->legacy = field->legacy = sl_b_printf(b, "%s", legacy->value);
  sl_bj_t *j = sl_bj_walk(in.f, in.j, json->value, json, SL_JN_FIELD, (sl_access_t)field->access);
  if (!j) return;
  j->field = field;
  own->json = own->label = field->json = field->label =
      sl_b_printf(b, "%s%s", in.json_base, j->pointer);
  sl_at_t to = {.f = items,
                .x = items->xml,
                .j = items->json,
                .lj = items->legacy_json,
                .access = in.access,
                .json_base = ""};
  if (soap || rest[0]) {
    if (!sl_b_legacy_end(to, el, &path, own)) return;
  } else { /* the array's own values */
    sl_bj_t *lj =
        sl_bj_walk(items, items->legacy_json, "", legacy, SL_JN_FIELD, (sl_access_t)own->access);
    if (!lj || !sl_b_json_field(b, el, legacy, lj, own)) return;
    lj->field = own;
  }
  sl_b_default(in, el, own);
  field->codec = own->codec;
  field->nillable = own->nillable;
  /* A list's own values are there as often as the list is long. */
  field->required =
      (own->required || (soap ? !rest[0] || !strcmp(rest, "/.") : !rest[0])) && !list->uneven;
  field->schema = own->schema;
  field->xtype = own->xtype;
  sl_slot_pair_t *v = sl_b_grow(b, (void *)(uintptr_t)part->pairs, part->n_pairs, sizeof *v);
  if (!v) return;
  v[part->n_pairs++] = (sl_slot_pair_t){own->slot, field->slot, own};
  part->pairs = v;
}

static bool zip_part(sl_at_t at, const sl_xel_t *el, sl_list_t *list, const char *path)
{
  sl_build_t *b = at.f->b;
  sl_xat_t legacy = *sl_xel_at(el, "legacy");
  sl_bf_t *item = sl_bf_new(b, at.f->frame->name, at.f->request);
  sl_list_t *part = item ? add_part(at, el, list, item, path) : NULL;
  if (!part) return false;
  item->depth = at.f->depth + 1;
  legacy.value = path;
  return sl_b_list_legacy(at, &legacy, item, part, el->line);
}

void sl_b_zip(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  sl_bf_t *item;
  size_t n;
  if (b->m->kind == SL_KIND_ODBC) {
    sl_b_error(b, "R217", el->line, el->col, "use <list> for rows, <slots> for numbered columns",
               "a database has no parallel lists");
    return;
  }
  sl_list_t *list = sl_b_list(at, el, SL_LIST_ZIP, &item);
  const char *const *paths = list ? words_of(b, legacy->value, &n) : NULL;
  if (list && b->bad_zip == el) return sl_b_lose(at);
  if (!list || !paths) return;
  size_t before = b->told;
  list->uneven = !strcmp(sl_xel_get(el, "uneven", ""), "absent");
  sl_at_t in = sl_b_list_json(at, el, list, item);
  if (!in.f) return;
  for (size_t i = 0; i < n; i++)
    if (!zip_part(at, el, list, paths[i])) return (void)(b->bad_zip = el), sl_b_lose(at);
  if (b->told != before) return; /* a part is misspelt: it would be missing for its field */
  for (const sl_xel_t *m = el->first; (m = sl_xel_find(m, NULL)); m = m->next)
    if (!strcmp(m->name, "field")) zip_field(at, in, m, list);
  for (size_t i = 0; i < list->n_parts; i++)
    if (!list->parts[i]->n_pairs && b->told == before)
      sl_b_error(b, "R214", legacy->value_line, legacy->value_col, "add a <field>, or leave it out",
                 "no field takes its value from %s", list->parts[i]->legacy);
}
