/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/compile.h"

/* Two frames of the same level; in a shape on its own, one frame twice. */
struct pair {
  sl_build_t *b;
  sl_bf_t *write, *base;
};

static void pair_frames(struct pair *p);
static void pair_x(struct pair *p, sl_bx_t *w, sl_bx_t *r);
static void pair_j(struct pair *p, sl_bj_t *w, sl_bj_t *r);

/* --- lines: both frames have them from the same elements of the mapping
 * ------------------------------- */

/* Which of an element's fields (or lists) is the ith? */
static size_t ordinal(const sl_xel_t *const *els, size_t i)
{
  size_t n = 0;
  for (size_t k = 0; k < i; k++) n += els[k] == els[i];
  return n;
}

/* The nth one that was made of el; n_all: there is none. */
static size_t nth_of(const sl_xel_t *const *els, size_t n_all, const sl_xel_t *el, size_t n)
{
  size_t i = 0;
  for (; i < n_all && (els[i] != el || n); i++)
    if (els[i] == el) n--;
  return i;
}

static void pair_lines(struct pair *p)
{
  sl_bf_t *w = p->write, *r = p->base;
  for (size_t i = 0; i < w->n_fields; i++) {
    if (!w->els[i]->parent) continue; /* not of the mapping: a return code */
    size_t at = nth_of(r->els, r->n_fields, w->els[i], ordinal(w->els, i));
    if (at < r->n_fields) w->fields[i]->base_slot = (uint16_t)(r->fields[at]->slot + 1);
  }
}

static void pair_choices(struct pair *p)
{
  for (size_t i = 0; i < p->write->n_choices; i++)
    for (size_t k = 0; k < p->base->n_choices; k++)
      if (p->write->choices[i]->el == p->base->choices[k]->el)
        p->write->choices[i]->choice->base_sel = (uint16_t)(p->base->choices[k]->choice->sel + 1);
}

static void pair_list(struct pair *p, size_t i)
{
  sl_bf_t *w = p->write, *r = p->base;
  size_t at = nth_of(r->list_els, r->n_lists, w->list_els[i], ordinal(w->list_els, i));
  if (at == r->n_lists) return;
  w->lists[i]->base_list = (uint16_t)(at + 1);
  struct pair in = {p->b, w->items[i], r->items[at]};
  if (!in.write || !in.base) return; /* a place: its items are those of the slots */
  sl_field_t *self = w->lists[i]->form == SL_LIST_PAIRS && in.write->n_fields > 1
                         ? in.write->fields[1]
                         : in.write->json->field;
  if (self) self->never_absent = true;
  pair_frames(&in);
  if (in.write->xml && in.base->xml)
    pair_x(&in, in.write->xml, in.base->xml);
  else if (!in.write->xml)
    pair_j(&in, in.write->legacy_json, in.base->legacy_json);
}

static void pair_frames(struct pair *p)
{
  pair_lines(p);
  pair_choices(p);
  for (size_t i = 0; i < p->write->n_lists; i++) pair_list(p, i);
}

/* --- what both sides carry
 * -------------------------------------------------------------------------- */

static uint16_t new_carry(struct pair *p)
{
  uint16_t n = p->write->n_carries;
  if (p->base->n_carries > n) n = p->base->n_carries;
  if (n >= UINT16_MAX - 1) return p->b->failed = true, (uint16_t)0;
  p->write->n_carries = p->base->n_carries = ++n;
  return n;
}

/* A field that no line made: it keeps what the base's slot holds. */
static sl_field_t *hidden_field(struct pair *p, sl_bf_t *f, const char *path)
{
  static const sl_xel_t nobody = {.name = "base"};
  sl_field_t *field = sl_bf_field(f, &nobody);
  if (!field) return NULL;
  field->access = SL_READ_ONLY;
  field->only = (sl_only_t){NULL, 0};
  field->codec = sl_b_codec(p->b, NULL, NULL, NULL, SL_CODEC_TEXT);
  field->legacy = field->label = path;
  return field;
}

static sl_field_t *keeper(struct pair *p, const sl_field_t *theirs, const char *path)
{
  sl_field_t *field = hidden_field(p, p->write, path);
  if (field) field->base_slot = (uint16_t)(theirs->slot + 1);
  return field;
}

static bool mapped(const sl_bx_t *x)
{
  bool tells = x->by_type || (x->only.choice && x->only.choice->by == SL_BY_ELEMENT);
  return !x->ignored && (x->field || x->constant || x->list || x->first || x->attrs || tells);
}

/* What only an xpath= reads, with no line of its own, stays as it is. */
static void keep_source(sl_field_t *w, const sl_field_t *r)
{
  if (w && r && !w->notes && w->access == SL_READ_ONLY && !w->base_slot)
    w->base_slot = (uint16_t)(r->slot + 1);
}

/* --- XML
 * ------------------------------------------------------------------------------------------------
 */

static const sl_xel_t *choice_el(const sl_bf_t *f, const sl_choice_t *choice)
{
  for (size_t i = 0; i < f->n_choices; i++)
    if (f->choices[i]->choice == choice) return f->choices[i]->el;
  return NULL;
}

/* Are both there in the same cases of the same choice? */
static bool same_case(const struct pair *p, sl_only_t w, sl_only_t r)
{
  if (!w.choice || !r.choice) return !w.choice && !r.choice;
  return w.cases == r.cases && choice_el(p->write, w.choice) == choice_el(p->base, r.choice);
}

/* The child of that name from c on; ns NULL: of any namespace. */
static sl_bx_t *called(sl_bx_t *c, const char *name, const char *ns)
{
  while (c && (strcmp(c->name, name) || (ns && c->ns && strcmp(c->ns, ns)))) c = c->next;
  return c;
}

static sl_bx_t *new_child(struct pair *p, sl_bx_t *x, const sl_xchild_t *decl, sl_only_t only)
{
  const sl_xelem_t *elem = decl->elem;
  sl_bx_t *c = sl_b_alloc(p->b, sizeof *c);
  if (!c) return NULL;
  *c = (sl_bx_t){.parent = x,
                 .name = elem->name,
                 .ns = elem->ns,
                 .child = decl,
                 .elem = elem,
                 .type = elem->type,
                 .only = only};
  c->path = x->path[0] ? sl_b_printf(p->b, "%s/%s", x->path, elem->name) : elem->name;
  if (x->last)
    x->last->next = c;
  else
    x->first = c;
  return x->last = c;
}

static sl_ba_t *attr_for(struct pair *p, sl_bx_t *x, const sl_xattr_t *decl)
{
  sl_ba_t *a = x->attrs;
  while (a && (strcmp(a->name, decl->name) || strcmp(a->ns, decl->ns))) a = a->next;
  if (a || !(a = sl_b_alloc(p->b, sizeof *a))) return a;
  *a = (sl_ba_t){.next = x->attrs, .name = decl->name, .ns = decl->ns, .decl = decl};
  return x->attrs = a;
}

/* One attribute of the base's type. */
static void pair_attr(struct pair *p, sl_bx_t *w, sl_bx_t *r, const sl_xtype_t *tw,
                      const sl_xattr_t *decl)
{
  const sl_xattr_t *there = sl_xtype_attr(tw, decl->ns, decl->name);
  sl_ba_t *ra = attr_for(p, r, decl), *wa = there ? attr_for(p, w, there) : NULL;
  if (!ra) return;
  if (!wa) {
    ra->ignored = true; /* the write has no place for it */
    return;
  }
  wa->kept = true;
  keep_source(wa->field, ra->field);
  if (wa->field || wa->constant) return;
  if (ra->field)
    wa->field = keeper(p, ra->field, w->path);
  else if (!wa->carry)
    wa->carry = ra->carry = new_carry(p);
}

static void pair_attrs(struct pair *p, sl_bx_t *w, sl_bx_t *r, const sl_xtype_t *tw,
                       const sl_xtype_t *tr)
{
  for (size_t i = 0; tw && tr && i < tr->n_attrs; i++) pair_attr(p, w, r, tw, &tr->attrs[i]);
  for (sl_ba_t *wa = w->attrs; wa && !(tw && tr); wa = wa->next)
    for (sl_ba_t *ra = r->attrs; ra; ra = ra->next) {
      if (strcmp(wa->name, ra->name)) continue;
      wa->kept = true;
      keep_source(wa->field, ra->field);
      if (wa->ignored && ra->ignored && !wa->carry) wa->carry = ra->carry = new_carry(p);
    }
  bool open = tw && tr ? tw->any_attr && tr->any_attr : true;
  if (open && !w->rest_attrs) w->rest_attrs = r->rest_attrs = new_carry(p);
}

/* Attributes are mapped and the text beside them is not: a field that nobody sees keeps it. */
static void pair_text(struct pair *p, sl_bx_t *w, sl_bx_t *r)
{
  bool text = !w->type || w->type->simple != SL_X_NONE;
  if (!text || w->field || w->constant || w->list || w->first || !w->attrs || w->by_type) return;
  if (!r->field) r->field = hidden_field(p, p->base, w->path);
  if (w == r)
    w->field->base_slot = (uint16_t)(w->field->slot + 1);
  else if (r->field)
    w->field = keeper(p, r->field, w->path);
}

/* What the base has of a name that w does not map. */
static void carry_child(struct pair *p, sl_bx_t *w, sl_bx_t *r, const sl_xchild_t *decl,
                        const sl_xchild_t *there, sl_only_t only_w, sl_only_t only_r)
{
  const sl_xelem_t *elem = decl->elem;
  sl_bx_t *cr = called(r->first, elem->name, elem->ns);
  while (cr && sl_only_apart(cr->only, only_r)) cr = called(cr->next, elem->name, elem->ns);
  if (!cr) cr = new_child(p, r, decl, only_r);
  if (!cr || cr->list) return; /* a list of the base operation alone: the cover check tells */
  if (!there) {
    if (!mapped(cr)) cr->ignored = true; /* the write has no place for it */
    return;
  }
  sl_bx_t *cw = called(w->first, elem->name, elem->ns);
  while (cw && sl_only_apart(cw->only, only_w)) cw = called(cw->next, elem->name, elem->ns);
  if (!cw) cw = new_child(p, w, there, only_w);
  if (!cw) return;
  if (mapped(cr) || cr->field) {
    cw->ignored = false;
    pair_x(p, cw, cr); /* read by a line of the base operation alone: an ETag, a return code */
  } else if (!cw->carry) {
    cw->carry = cr->carry = new_carry(p);
  }
}

/* One element that the base's type has, in the cases given. */
static void pair_child(struct pair *p, sl_bx_t *w, sl_bx_t *r, const sl_xtype_t *tw,
                       const sl_xchild_t *decl, sl_only_t only_w, sl_only_t only_r)
{
  const sl_xelem_t *elem = decl->elem;
  bool ambiguous, any = false;
  const sl_xchild_t *there = sl_xtype_child(tw, elem->ns, elem->name, &ambiguous);
  /* In a namespace of its own, when the message has one. */
  const char *ns = there ? elem->ns : NULL;
  for (sl_bx_t *cw = called(w->first, elem->name, ns); cw; cw = called(cw->next, elem->name, ns)) {
    if (!mapped(cw) || sl_only_apart(cw->only, only_w)) continue;
    any = cw->kept = true;
    if (cw->is) continue; /* one of several, picked by what it says: the others cannot be carried */
    sl_bx_t *cr = called(r->first, elem->name, elem->ns);
    while (cr && !same_case(p, cw->only, cr->only)) cr = called(cr->next, elem->name, elem->ns);
    if (cr && mapped(cr))
      pair_x(p, cw, cr);
    else if ((cr = cr ? cr : new_child(p, r, decl, only_r)))
      cr->ignored = true; /* a constant of the write */
  }
  if (!any) carry_child(p, w, r, decl, there, only_w, only_r);
}

static void pair_type(struct pair *p, sl_bx_t *w, sl_bx_t *r, const sl_xtype_t *tw,
                      const sl_xtype_t *tr, sl_only_t only_w, sl_only_t only_r)
{
  pair_attrs(p, w, r, tw, tr);
  for (size_t i = 0; i < tr->n_children; i++)
    pair_child(p, w, r, tw, &tr->children[i], only_w, only_r);
  if (tw->any_child && tr->any_child && !w->rest) w->rest = r->rest = new_carry(p);
}

static void pair_untyped(struct pair *p, sl_bx_t *w, sl_bx_t *r)
{
  pair_attrs(p, w, r, NULL, NULL);
  for (sl_bx_t *cw = w->first; cw; cw = cw->next) {
    sl_bx_t *cr = called(r->first, cw->name, cw->ns);
    while (cr && !same_case(p, cw->only, cr->only)) cr = called(cr->next, cw->name, cw->ns);
    if (!cr) continue;
    if (mapped(cw) && mapped(cr)) pair_x(p, cw, cr);
    if (cw->ignored && cr->ignored && !cw->carry) cw->carry = cr->carry = new_carry(p);
  }
  bool leaf = (w->field || w->constant || w->list) && !w->first;
  if (!leaf && !w->rest) w->rest = r->rest = new_carry(p);
}

static void pair_x(struct pair *p, sl_bx_t *w, sl_bx_t *r)
{
  static const sl_only_t all = {NULL, 0};
  w->kept = r->guarded = true;
  if (w->list) return;
  if (w->first && w->parent && !w->field && !w->constant && !w->hollow)
    w->hollow = r->hollow = new_carry(p);
  keep_source(w->field, r->field);
  if (!w->field && !w->constant && r->field) w->field = keeper(p, r->field, w->path);
  pair_text(p, w, r);
  if (w->raw) return;
  if (!w->type || !r->type) return pair_untyped(p, w, r);
  const sl_bc_t *kinds = w->by_type, *theirs = r->by_type;
  if (!kinds || !theirs || !kinds->types || !theirs->types)
    return pair_type(p, w, r, w->type, r->type, all, all);
  for (size_t i = 0; i < kinds->choice->n_cases && i < theirs->choice->n_cases; i++)
    if (kinds->types[i] && theirs->types[i])
      pair_type(p, w, r, kinds->types[i], theirs->types[i],
                (sl_only_t){kinds->choice, (uint64_t)1 << i},
                (sl_only_t){theirs->choice, (uint64_t)1 << i});
}

/* --- JSON
 * -----------------------------------------------------------------------------------------------
 */

/* A member that a line of the base operation alone reads, an ETag say: kept. A return code is not:
 * where the record is the whole answer, nobody could tell it from the record otherwise. */
static void keep_j(struct pair *p, sl_bj_t *w, const sl_bj_t *r)
{
  for (sl_bj_t *c = w->first; c; c = c->next)
    if (!strcmp(c->key, r->key)) return;
  bool read = r->kind == SL_JN_OBJECT  ? r->first != NULL
              : r->kind == SL_JN_FIELD ? r->field && r->field->notes
                                       : false;
  sl_bj_t *made = read ? sl_b_alloc(p->b, sizeof *made) : NULL;
  if (!made) return;
  *made = (sl_bj_t){.parent = w, .key = r->key, .pointer = r->pointer, .kind = r->kind};
  made->access = SL_READ_ONLY;
  made->kept = true;
  if (r->kind == SL_JN_FIELD) made->field = keeper(p, r->field, r->pointer);
  if (w->last)
    w->last->next = made;
  else
    w->first = made;
  w->last = made;
}

static void pair_j(struct pair *p, sl_bj_t *w, sl_bj_t *r)
{
  w->kept = true;
  if (w->kind == SL_JN_FIELD && r->kind == SL_JN_FIELD) keep_source(w->field, r->field);
  if (w->kind != r->kind || w->kind != SL_JN_OBJECT) return;
  if (!w->carry) w->carry = r->carry = new_carry(p);
  for (sl_bj_t *cr = r->first; cr && w != r; cr = cr->next) keep_j(p, w, cr);
  for (sl_bj_t *cw = w->first; cw; cw = cw->next)
    for (sl_bj_t *cr = r->first; cr; cr = cr->next)
      if (!strcmp(cw->key, cr->key) && same_case(p, cw->only, cr->only)) pair_j(p, cw, cr);
}

/* --- */

void sl_b_pair(sl_place_t write, sl_place_t base)
{
  struct pair p = {write.f->b, write.f, base.f};
  base.f->place = new_carry(&p);
  pair_frames(&p);
  if (write.x && base.x) {
    base.x->place = base.f->place;
    pair_x(&p, write.x, base.x);
  } else if (!write.x) {
    base.lj->place = base.f->place;
    pair_j(&p, write.lj, base.lj);
  }
}

void sl_b_no_base(sl_bf_t *f)
{
  sl_build_t *b = f->b;
  for (size_t i = 0; i < f->n_fields; i++) {
    const sl_field_t *field = f->fields[i];
    const sl_xat_t *mask = sl_xel_at(f->els[i], "mask");
    if (mask && field->mask && field->access == SL_READ_WRITE)
      sl_b_error(b, "R396", mask->line, mask->col,
                 "add base=\"…\" to the operation, or access=\"read-only\" to the line",
                 "what consumers see masked they can only send back masked: without a base nobody "
                 "knows the value");
  }
  for (size_t i = 0; i < f->n_lists; i++) {
    const sl_xat_t *at = sl_xel_at(f->list_els[i], "on-write");
    if (at && b->m->kind != SL_KIND_ODBC && f->lists[i]->on_write != SL_WRITE_REPLACE &&
        f->lists[i]->access != SL_READ_ONLY)
      sl_b_error(b, "R395", at->line, at->col, "add base=\"…\" to the operation",
                 "without a base there are no items to %s", at->value);
    if (f->items[i]) sl_b_no_base(f->items[i]);
  }
}
