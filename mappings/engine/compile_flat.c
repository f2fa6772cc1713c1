/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/choice.h"
#include "mappings/engine/compile.h"

/* --- XML
 * ------------------------------------------------------------------------------------------------
 */

static uint16_t space_of(sl_build_t *b, const char *ns)
{
  return ns ? sl_b_name(b, &b->m->spaces, ns) : (uint16_t)SL_NS_ANY;
}

static const char *qname(sl_build_t *b, uint16_t ns, const char *name)
{
  return ns == SL_NS_NONE || ns == SL_NS_ANY ? name : sl_b_printf(b, "n%u:%s", ns, name);
}

static sl_str_t tag(sl_build_t *b, const char *before, uint16_t ns, const char *name,
                    const char *after)
{
  return sl_str(sl_b_printf(b, "%s%s%s", before, qname(b, ns, name), after));
}

static size_t index_in(const sl_xtype_t *t, const sl_bx_t *x)
{
  size_t i = 0;
  while (i < t->n_children && (strcmp(t->children[i].elem->name, x->child->elem->name) ||
                               strcmp(t->children[i].elem->ns, x->child->elem->ns)))
    i++;
  return i;
}

/* Where the contract wants it among its siblings: its children have odd places, so that what a
 * wildcard lets in comes between two of them. */
static size_t order_of(const sl_bx_t *x)
{
  const sl_xtype_t *t = x->parent ? x->parent->type : NULL;
  if (t && x->wild) return 2 * t->any_at;
  if (!t || !x->child) return 0;
  uintptr_t first = (uintptr_t)t->children, own = (uintptr_t)x->child;
  if (own >= first && own < first + t->n_children * sizeof *t->children)
    return 2 * ((own - first) / sizeof *t->children) + 1;
  /* Of a derived type: what it has from its base stands there, the rest behind it. */
  size_t i = index_in(t, x);
  const sl_xtype_t *derived = i < t->n_children ? NULL : sl_bc_type(x->parent->by_type, x->only);
  return 2 * (derived ? i + index_in(derived, x) : i) + 1;
}

static void sort_children(sl_bx_t *x)
{
  sl_bx_t *sorted = NULL;
  for (sl_bx_t *c = x->first, *next; c; c = next) {
    next = c->next;
    sl_bx_t **at = &sorted;
    while (*at && order_of(*at) <= order_of(c)) at = &(*at)->next;
    c->next = *at;
    *at = c;
  }
  x->first = sorted;
}

static void flatten_attrs(sl_build_t *b, const sl_bx_t *x, sl_xnode_t *node)
{
  size_t n = 0, i = 0;
  for (const sl_ba_t *a = x->attrs; a; a = a->next) n++;
  sl_xattr_plan_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  if (!v) return;
  for (const sl_ba_t *a = x->attrs; a; a = a->next, i++) {
    uint16_t ns = space_of(b, a->ns);
    v[i] = (sl_xattr_plan_t){.name = sl_b_name(b, &b->m->names, a->name),
                             .ns = ns,
                             .carry = a->carry,
                             .required = a->decl && a->decl->required,
                             .field = a->field,
                             .constant = a->constant,
                             .only = a->only,
                             .open = tag(b, " ", ns, a->name, "=\"")};
    if (a->field) node->has_values = true;
    if (a->constant || sl_fields_write(a->field)) node->writable = true;
    if (a->carry || (a->kept && a->field)) node->keeps = true;
  }
  node->attrs = v;
  node->n_attrs = (uint16_t)n;
}

/* Is x written for its own sake: because it tells the kind of a record? */
static bool tells_kind(const sl_bx_t *x)
{
  const sl_choice_t *c = x->by_type ? x->by_type->choice : x->only.choice;
  return c && c->access != SL_READ_ONLY && (x->by_type || c->by == SL_BY_ELEMENT);
}

static void flatten(sl_build_t *b, sl_bx_t *x, sl_xnode_t *node)
{
  size_t n = 0, i = 0;
  uint16_t ns = space_of(b, x->ns);
  /* What has a predicate is written only: reading, it is picked from among the others. */
  *node = (sl_xnode_t){.name = x->is ? (uint16_t)0 : sl_b_name(b, &b->m->names, x->name),
                       .ns = ns,
                       .field = x->field,
                       .constant = x->constant,
                       .list = x->list,
                       .by_type = x->by_type ? x->by_type->choice : NULL,
                       .only = x->only,
                       .kinds = x->only.choice || x->by_type,
                       .carry = x->carry,
                       .rest = x->rest,
                       .rest_attrs = x->rest_attrs,
                       .place = x->place,
                       .hollow = x->hollow,
                       .choice = x->child ? (uint16_t)x->child->choice : 0,
                       .raw = x->raw,
                       .guarded = x->guarded,
                       .ignored = x->ignored && !x->field,
                       .nillable = !x->type || (x->elem && x->elem->nillable),
                       .required = x->child && x->child->min > 0 && !x->is,
                       .odd = (x->ignored && !x->field) || x->raw || x->carry || x->place ||
                              x->only.choice || x->by_type,
                       .path = x->path,
                       .open = tag(b, "<", ns, x->name, ""),
                       .close = tag(b, "</", ns, x->name, ">")};
  node->has_values = x->field || x->list;
  node->writable = x->constant || sl_fields_write(x->field) ||
                   (x->list && x->list->access != SL_READ_ONLY) || tells_kind(x);
  node->keeps =
      x->carry || x->rest || x->rest_attrs || x->hollow || (x->kept && (x->field || x->list));
  flatten_attrs(b, x, node);
  sort_children(x);
  for (const sl_bx_t *c = x->first; c; c = c->next) n++;
  sl_xnode_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (sl_bx_t *c = x->first; v && c; c = c->next, i++) {
    flatten(b, c, &v[i]);
    node->writable |= v[i].writable;
    node->keeps |= v[i].keeps;
    node->has_values |= v[i].has_values;
  }
  if (x->is && x->ignored) node->writable = false; /* the test alone is no reason */
  node->keeps |= node->writable;
  node->children = v;
  node->n_children = (uint16_t)(v ? n : 0);
}

/* Namespaces in use below node, as bits; a mapping has few. */
static void spaces_below(const sl_xnode_t *node, uint64_t *set, int depth)
{
  if (node->carry) return; /* what is carried brings its own */
  if (node->ns < 64) *set |= (uint64_t)1 << node->ns;
  for (size_t i = 0; i < node->n_attrs; i++)
    if (node->attrs[i].ns < 64) *set |= (uint64_t)1 << node->attrs[i].ns;
  for (size_t i = 0; node->by_type && i < node->by_type->n_cases; i++)
    if (node->by_type->cases[i].xsi.len && node->by_type->cases[i].ns < 64)
      *set |= (uint64_t)1 << node->by_type->cases[i].ns;
  for (size_t i = 0; i < node->n_children; i++) spaces_below(&node->children[i], set, depth);
  if (node->list && node->list->item->xml && depth < 16)
    spaces_below(node->list->item->xml, set, depth + 1);
}

static bool types_below(const sl_xnode_t *node, int depth)
{
  if (node->by_type) return true;
  for (size_t i = 0; i < node->n_children; i++)
    if (types_below(&node->children[i], depth)) return true;
  return node->list && node->list->item->xml && depth < 16 &&
         types_below(node->list->item->xml, depth + 1);
}

static sl_str_t declarations(sl_build_t *b, const sl_xnode_t *root, bool xsi)
{
  uint64_t set = 0;
  const char *out = xsi ? " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"" : "";
  spaces_below(root, &set, 0);
  for (unsigned i = 1; i < b->m->spaces.n && i < 64; i++)
    if (set >> i & 1) out = sl_b_printf(b, "%s xmlns:n%u=\"%s\"", out, i, b->m->spaces.v[i]);
  return sl_str(out);
}

/* --- JSON
 * -----------------------------------------------------------------------------------------------
 */

static sl_str_t quoted(sl_build_t *b, const char *key)
{
  sl_buf_t buf;
  sl_buf_init(&buf, 0);
  sl_json_quote(&buf, sl_str(key));
  sl_buf_addc(&buf, ':');
  sl_str_t s = sl_strn(sl_b_dup(b, buf.p, buf.len), buf.len);
  if (buf.failed) b->failed = true;
  sl_buf_fini(&buf);
  return s;
}

/* Members that one line reads and another writes. */
static void find_twins(sl_jnode_t *v, size_t n)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < i && v[i].kind == SL_JN_FIELD; k++)
      if (v[k].kind == SL_JN_FIELD && v[k].readable != v[i].readable &&
          v[k].writable != v[i].writable && sl_str_eq(v[k].key, v[i].key))
        v[i].twin = v[k].twin = true;
}

static void flatten_json(sl_bf_t *f, const sl_bj_t *j, sl_jnode_t *node)
{
  sl_build_t *b = f->b;
  size_t n = 0, i = 0;
  *node =
      (sl_jnode_t){.kind = (uint8_t)j->kind,
                   .required = j->required || j->tells,
                   .readable = j->access != SL_WRITE_ONLY && (j->kind != SL_JN_OBJECT || j->tells),
                   .writable = j->access != SL_READ_ONLY && (j->kind != SL_JN_OBJECT || j->tells),
                   .keeps = j->kept && (j->kind != SL_JN_OBJECT || j->carry),
                   .carry = j->carry,
                   .place = j->place,
                   .has_list = j->kind == SL_JN_LIST,
                   .key = sl_str(j->key),
                   .quoted = quoted(b, j->key),
                   .pointer = j->pointer,
                   .field = j->field,
                   .constant = j->constant,
                   .list = j->list,
                   .names = j->names,
                   .only = j->only,
                   .kinds = j->only.choice};
  if (j->kind == SL_JN_PAIRS) node->has_list = true;
  if (j->kind == SL_JN_IGNORE) node->readable = false;
  for (const sl_bj_t *c = j->first; c; c = c->next) n++;
  sl_jnode_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  for (const sl_bj_t *c = j->first; v && c; c = c->next, i++) {
    flatten_json(f, c, &v[i]);
    node->readable |= v[i].readable;
    node->writable |= v[i].writable;
    node->keeps |= v[i].keeps;
    node->has_list |= v[i].has_list && v[i].readable;
  }
  node->keeps |= node->writable;
  if (v) find_twins(v, n);
  node->children = v;
  node->n_children = (uint16_t)(v ? n : 0);
}

/* The frame of a numbered place: the slots' own, but for the name of its element. */
static void finish_place(sl_build_t *b, sl_bplace_t *place)
{
  sl_frame_t *frame = sl_b_alloc(b, sizeof *frame);
  sl_xnode_t *xml = place->x ? sl_b_alloc(b, sizeof *xml) : NULL;
  const sl_frame_t *item = place->item->frame;
  if (!frame || (place->x && (!xml || !item->xml))) return;
  *frame = *item;
  place->list->item = frame;
  if (!xml) return;
  uint16_t ns = space_of(b, place->x->ns);
  *xml = *item->xml;
  xml->path = place->x->path;
  xml->open = tag(b, "<", ns, place->x->name, "");
  xml->close = tag(b, "</", ns, place->x->name, ">");
  frame->xml = xml;
}

static bool is_shaped(const sl_list_t *list)
{
  return list->form != SL_LIST_REPEATS || list->n_picks || list->key_fields || list->item->shaped;
}

/* A plan's lines are what they are in their file. */
static void plain_lines(sl_bf_t *f)
{
  for (size_t i = 0; i < f->n_fields; i++) {
    f->fields[i]->file = sl_b_file(f->b, f->fields[i]->line);
    f->fields[i]->line = sl_b_line(f->fields[i]->line);
  }
  for (size_t i = 0; i < f->n_lists; i++) {
    f->lists[i]->file = sl_b_file(f->b, f->lists[i]->line);
    f->lists[i]->line = sl_b_line(f->lists[i]->line);
  }
}

const sl_frame_t *sl_bf_finish(sl_bf_t *f)
{
  sl_build_t *b = f->b;
  sl_frame_t *frame = f->frame;
  sl_b_resolve(f);
  sl_b_picks(f);
  plain_lines(f);
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->items[i]) sl_bf_finish(f->items[i]);
  for (size_t i = 0; i < f->n_places; i++) finish_place(b, &f->places[i]);
  for (size_t i = 0; i < f->n_lists; i++) frame->shaped |= is_shaped(f->lists[i]);
  frame->n_slots = (uint16_t)f->n_fields;
  frame->n_lists = (uint16_t)f->n_lists;
  frame->fields = (const sl_field_t *const *)f->fields;
  frame->lists = (const sl_list_t *const *)f->lists;
  sl_b_finish_choices(f);
  frame->http = f->http;
  frame->n_http = f->n_http;
  frame->rest = f->rest;
  frame->n_rest = f->n_rest;
  frame->columns = f->columns;
  frame->n_columns = f->n_columns;
  frame->merge = f->merge;
  frame->n_carries = f->n_carries ? (uint16_t)(f->n_carries + 1) : 0;
  frame->place = f->place;
  sl_jnode_t *json = sl_b_alloc(b, sizeof *json), *legacy = sl_b_alloc(b, sizeof *legacy);
  sl_xnode_t *xml = f->xml ? sl_b_alloc(b, sizeof *xml) : NULL;
  if (!json || !legacy || (f->xml && !xml)) return NULL;
  flatten_json(f, f->json, json);
  flatten_json(f, f->legacy_json, legacy);
  frame->json = json;
  frame->legacy_json = legacy;
  if (xml) {
    flatten(b, f->xml, xml);
    frame->xml = xml;
    frame->xsi = types_below(xml, 0);
    frame->xmlns = declarations(b, xml, frame->xsi);
  }
  return b->failed ? NULL : frame;
}
