/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/buf.h"
#include "mappings/engine/check.h"
#include "mappings/engine/choice.h"

/* Names are gathered, as one place in the mapping file gets one message of a kind. */
typedef struct sl_gathered {
  sl_buf_t names;
  size_t n;
} sl_gathered_t;

enum { SHOWN = 12, MAX_TEXT = 400 };

static bool is_there(const char *names, const char *name)
{
  size_t len = strlen(name);
  for (const char *p = names; (p = strstr(p, name)); p += len)
    if ((p == names || p[-1] == ' ') && (!p[len] || p[len] == ',')) return true;
  return false;
}

/* base: path of the list that `in` is an item of, "" if none. */
static void gather(sl_gathered_t *to, const char *base, const sl_bx_t *in, const char *name)
{
  char text[MAX_TEXT];
  snprintf(text, sizeof text, "%s%s%s%s%s", base, base[0] ? "/" : "", in->path,
           in->path[0] ? "/" : "", name);
  if (is_there(sl_buf_z(&to->names), text)) return; /* of another kind of record */
  if (++to->n > SHOWN || to->names.len > MAX_TEXT) return;
  sl_buf_printf(&to->names, "%s%s", to->names.len ? ", " : "", text);
}

static void gather_attr(sl_build_t *b, sl_gathered_t *to, const char *base, const sl_bx_t *in,
                        const char *name)
{
  gather(to, base, in, sl_b_printf(b, "@%s", name));
}

static const char *gathered(sl_build_t *b, sl_gathered_t *from)
{
  const char *names = sl_buf_z(&from->names);
  size_t shown = from->n > SHOWN ? SHOWN : from->n;
  return from->n > shown ? sl_b_printf(b, "%s and %zu more", names, from->n - shown)
                         : sl_b_dup(b, names, strlen(names));
}

/* From c on, a node for child that is there in `in`. A derived type has copies of its base's
 * children, and lines of the base's are made with those: names tell. */
static const sl_bx_t *built_from(const sl_bx_t *c, const sl_xchild_t *child, sl_only_t in)
{
  while (c && (!c->child || c->is || strcmp(c->child->elem->name, child->elem->name) ||
               strcmp(c->child->elem->ns, child->elem->ns) || sl_only_apart(c->only, in)))
    c = c->next;
  return c;
}

static const sl_bx_t *built(const sl_bx_t *x, const sl_xchild_t *child, sl_only_t in)
{
  return built_from(x->first, child, in);
}

/* The next occurrence of child, from c on, that a predicate picks. */
static const sl_bx_t *picked(const sl_bx_t *c, const sl_xchild_t *child)
{
  while (c &&
         (!c->child || !c->is || c->broken || strcmp(c->child->elem->name, child->elem->name) ||
          strcmp(c->child->elem->ns, child->elem->ns)))
    c = c->next;
  return c;
}

static const char *others(sl_build_t *b, const sl_xchild_t *child)
{
  return sl_b_printf(b, "%s[others]", child->elem->name);
}

static const sl_ba_t *built_attr(const sl_bx_t *x, const sl_xattr_t *decl, sl_only_t in)
{
  const sl_ba_t *a = x->attrs;
  while (a && (!a->decl || strcmp(a->decl->name, decl->name) || strcmp(a->decl->ns, decl->ns) ||
               sl_only_apart(a->only, in)))
    a = a->next;
  return a;
}

/* x in each of the kinds that its xsi:type tells, or as it is. */
typedef void (*sl_each_kind_t)(void *self, const char *base, const sl_bx_t *x,
                               const sl_xtype_t *type, sl_only_t in, bool inside);

static void each_kind(sl_each_kind_t fn, void *self, const char *base, const sl_bx_t *x,
                      sl_only_t in, bool inside)
{
  const sl_bc_t *bc = x->by_type;
  if (!bc || !bc->types) {
    fn(self, base, x, x->type, in, inside);
    return;
  }
  for (size_t i = 0; i < bc->choice->n_cases; i++)
    if (bc->types[i])
      fn(self, base, x, bc->types[i], (sl_only_t){bc->choice, (uint64_t)1 << i}, inside);
}

/* Being there, it tells a kind. */
static bool tells(const sl_bx_t *x)
{
  return x->by_type || (x->only.choice && x->only.choice->by == SL_BY_ELEMENT);
}

/* Where the content of c is: a list's is in the frame of its items, whose paths start there. */
static const sl_bx_t *content(sl_build_t *b, const sl_bx_t *c, const char **base_p)
{
  if (!c->list || !c->item || !c->item->xml) return c;
  *base_p = (*base_p)[0] ? sl_b_printf(b, "%s/%s", *base_p, c->path) : c->path;
  return c->item->xml;
}

static bool attr_writes(const sl_ba_t *a)
{
  return a->constant || a->carry || (a->kept && a->field) || sl_fields_write(a->field);
}

static bool writes(const sl_bx_t *x)
{
  if (x->is && x->ignored) return false;
  if (x->constant || x->list || x->carry || x->lost || sl_fields_write(x->field) || tells(x))
    return true;
  if (x->kept && x->field) return true;
  for (const sl_ba_t *a = x->attrs; a; a = a->next)
    if (attr_writes(a)) return true;
  for (const sl_bx_t *c = x->first; c; c = c->next)
    if (writes(c)) return true;
  return false;
}

static bool writes_picked(const sl_bx_t *x, const sl_xchild_t *child)
{
  const sl_bx_t *p = picked(x->first, child);
  while (p && !writes(p)) p = picked(p->next, child);
  return p;
}

/* --- what is written
 * --------------------------------------------------------------------------------- */

struct cover {
  sl_build_t *b;
  sl_gathered_t demanded, blanked, kinds;
  bool replaces;
  bool items; /* within a list: new items have no base */
  bool anew;  /* within items that are not written over the base's */
};

static void cover_attrs(struct cover *self, const char *base, const sl_bx_t *x,
                        const sl_xtype_t *type, sl_only_t in, bool inside)
{
  if (x->lost) return;
  for (size_t i = 0; i < type->n_attrs; i++) {
    const sl_xattr_t *decl = &type->attrs[i];
    const sl_ba_t *a = built_attr(x, decl, in);
    bool lost = a && a->carry && (decl->required ? self->items : self->anew && !a->ignored);
    if (a && !lost &&
        (a->ignored || a->carry || a->kept ||
         (attr_writes(a) && (!decl->required || sl_place_always(a->field, a->constant, in)))))
      continue;
    if (decl->required)
      gather_attr(self->b, &self->demanded, base, x, decl->name);
    else if (self->replaces && inside && (!a || lost))
      gather_attr(self->b, &self->blanked, base, x, decl->name);
  }
}

/* Of a choice that has to be made, is any alternative written? Asked at its first one. */
static void cover_choice(struct cover *self, const char *base, const sl_bx_t *x,
                         const sl_xtype_t *t, size_t first, sl_only_t in)
{
  const char *names = "";
  for (size_t i = 0; !x->lost && i < t->n_children; i++) {
    const sl_xchild_t *child = &t->children[i];
    if (child->choice != t->children[first].choice) continue;
    if (i < first) return;
    const sl_bx_t *c = built(x, child, in);
    if ((c && (c->ignored || writes(c))) || writes_picked(x, child)) return;
    names = sl_b_printf(self->b, "%s%s%s", names, *names ? " or " : "", child->elem->name);
  }
  if (!x->lost) gather(&self->demanded, base, x, names);
}

/* Is child written whatever the record's kind is, where `in` tells all that is known of that? */
static bool always(const sl_bx_t *x, const sl_xchild_t *child, sl_only_t in)
{
  sl_only_t v[SL_CASES_MAX];
  size_t n = 0;
  for (const sl_bx_t *c = built(x, child, in); c; c = built_from(c->next, child, in)) {
    if (!writes(c)) continue;
    if (c->first || c->attrs || c->list) {
      if (n < SL_CASES_MAX) v[n++] = c->list ? c->list->only : c->only;
      continue;
    }
    n += sl_place_onlys(c->field, c->constant, v + n, SL_CASES_MAX - n);
  }
  return sl_onlys_cover(v, n, in);
}

/* Child comes with the others of its branch: is one of those written? */
static bool wanted(const sl_bx_t *x, const sl_xtype_t *t, const sl_xchild_t *child, sl_only_t in)
{
  for (size_t i = 0; child->needed && i < t->n_children; i++) {
    const sl_xchild_t *other = &t->children[i];
    const sl_bx_t *c =
        other != child && other->branch == child->branch ? built(x, other, in) : NULL;
    if (c && !c->ignored && !c->carry && writes(c)) return true;
  }
  return false;
}

static void cover(void *self_p, const char *base, const sl_bx_t *x, const sl_xtype_t *type,
                  sl_only_t in, bool inside);

/* Is child there because the base has it? */
static bool c_kept(const sl_bx_t *x, const sl_xchild_t *child, sl_only_t in)
{
  const sl_bx_t *c = built(x, child, in);
  return c && c->kept && c->field;
}

static void cover_child(struct cover *self, const char *base, const sl_bx_t *x,
                        const sl_xtype_t *type, const sl_xchild_t *child, sl_only_t in, bool inside)
{
  const sl_bx_t *c = built(x, child, in);
  bool any = false, lost = c && c->carry && (child->min > 0 ? self->items : self->anew);
  for (const sl_bx_t *p = picked(x->first, child); p; p = picked(p->next, child))
    if (writes(p) && p->type) each_kind(cover, self, base, p, in, inside);
  if (c && (c->ignored || c->carry) && !lost) return;
  if (!c && writes_picked(x, child)) {
    if (x->lost) return;
    if (self->replaces && inside) gather(&self->blanked, base, x, others(self->b, child));
    return;
  }
  const sl_bx_t *first = c;
  for (; c && !lost; c = built_from(c->next, child, in)) {
    if (!writes(c)) continue;
    const char *below = base;
    const sl_bx_t *to = content(self->b, c, &below);
    sl_only_t known = to != c ? (sl_only_t){NULL, 0} : sl_only_within(c->only, in) ? c->only : in;
    bool items = self->items, anew = self->anew;
    self->items |= c->list && c->list->access != SL_READ_ONLY;
    self->anew |= self->items && c->list && c->list->on_write == SL_WRITE_REPLACE;
    if (to->type && !to->ignored) each_kind(cover, self, below, to, known, inside);
    self->items = items;
    self->anew = anew;
    any = true;
  }
  if (x->lost || (first && first->lost)) return;
  bool demanded = child->min > 0 || wanted(x, type, child, in);
  if (demanded && !(any && (c_kept(x, child, in) || always(x, child, in))))
    gather(&self->demanded, base, x, child->elem->name);
  else if (!any && self->replaces && inside && (lost || !built(x, child, in)))
    gather(&self->blanked, base, x, child->elem->name);
}

/* What the contract leaves open, and a message may have all the same. */
static void cover_open(struct cover *self, const char *base, const sl_bx_t *x,
                       const sl_xtype_t *type)
{
  if (x->field || x->constant || x->ignored) return;
  if (type->any_child && !x->any_ignored && (!x->rest || self->anew))
    gather(&self->blanked, base, x, "*");
  if (type->any_attr && !x->any_attr_ignored && (!x->rest_attrs || self->anew))
    gather(&self->blanked, base, x, "@*");
  if (type->mixed && type->n_children && !x->text_ignored)
    gather(&self->blanked, base, x, "text()");
}

/* A restriction has nothing that its base has not. */
static bool holds_more(const sl_xtype_t *derived, const sl_xtype_t *base)
{
  return derived->n_children > base->n_children || derived->n_attrs > base->n_attrs ||
         (derived->any_child && !base->any_child) || (derived->any_attr && !base->any_attr) ||
         (derived->mixed && !base->mixed);
}

/* The contract lets records of other types come where x is. Nothing tells them apart, so they would
 * be read as what they have in common, and written as that. An alternative tells its kind by its
 * name; abstract types are told of on their own (R266). */
static void cover_kinds(struct cover *self, const char *base, const sl_bx_t *x,
                        const sl_xtype_t *type)
{
  const sl_xtype_t *all[64];
  bool any = type->any_child && !strcmp(type->name, "anyType");
  bool named = x->only.choice && x->only.choice->by == SL_BY_ELEMENT;
  if (x->by_type || x->ignored || named || !type->complex || type->abstract || any) return;
  size_t n = sl_contract_derived(self->b->m->contract, type, all, 64);
  for (size_t i = 0; i < n && i < 64; i++)
    if (!all[i]->abstract && holds_more(all[i], type)) {
      gather(&self->kinds, base, x, "@xsi:type");
      return;
    }
}

/* x is written: so must be what it demands. */
static void cover(void *self_p, const char *base, const sl_bx_t *x, const sl_xtype_t *type,
                  sl_only_t in, bool inside)
{
  struct cover *self = self_p;
  inside |= x->covered;
  if (x->raw) return;
  cover_attrs(self, base, x, type, in, inside);
  if (self->replaces && inside && x->attrs && type->simple != SL_X_NONE && !x->field &&
      !x->constant)
    gather(&self->blanked, base, x, "text()");
  if (self->replaces && inside) {
    cover_open(self, base, x, type);
    cover_kinds(self, base, x, type);
  }
  for (size_t i = 0; i < type->n_children; i++) {
    if (type->children[i].demanded) cover_choice(self, base, x, type, i, in);
    cover_child(self, base, x, type, &type->children[i], in, inside);
  }
  for (const sl_bx_t *c = x->first; c; c = c->next)
    if (c->wild && c->type && writes(c) && !c->list) each_kind(cover, self, base, c, in, inside);
}

const char *sl_blanked_fix(bool base)
{
  return base ? "map them, or add <ignore legacy=\"…\" reason=\"…\"/>; in lists, "
                "on-write=\"align\" with a key keeps them"
              : "add base=\"…\" to the operation, which keeps them; or map them, or add "
                "<ignore legacy=\"…\" reason=\"…\"/>";
}

void sl_check_written(sl_bf_t *f, const sl_xel_t *el, bool replaces, bool base)
{
  sl_build_t *b = f->b;
  struct cover self = {.b = b, .replaces = replaces};
  sl_check_written_json(f, el, replaces, base);
  if (!f->xml || !f->request) return;
  sl_check_form(f, el);
  sl_buf_init(&self.demanded.names, 0);
  sl_buf_init(&self.blanked.names, 0);
  sl_buf_init(&self.kinds.names, 0);
  if (f->xml->type) each_kind(cover, &self, "", f->xml, (sl_only_t){NULL, 0}, false);
  if (self.demanded.n)
    sl_b_error(b, "R220", el->line, el->col, "map them, or add <const legacy=\"…\" value=\"…\"/>",
               "the contract demands what nothing writes: %s", gathered(b, &self.demanded));
  if (self.blanked.n)
    sl_b_error(b, "R221", el->line, el->col, sl_blanked_fix(base),
               "replacing the record would blank what is not mapped: %s",
               gathered(b, &self.blanked));
  if (self.kinds.n)
    sl_b_error(b, "R267", el->line, el->col,
               "<choice legacy=\"@xsi:type\"> with a <case> for each type that comes: others are "
               "refused",
               "a record of a type that is derived from the element's would become one of the "
               "element's own: %s",
               gathered(b, &self.kinds));
  sl_buf_fini(&self.demanded.names);
  sl_buf_fini(&self.blanked.names);
  sl_buf_fini(&self.kinds.names);
}

/* --- what is read
 * -------------------------------------------------------------------------------------- */

static bool mapped(const sl_bx_t *x)
{
  return x->field || x->list || x->first || x->attrs || x->constant || tells(x) || x->any_ignored ||
         x->any_attr_ignored || x->text_ignored;
}

struct unread {
  sl_build_t *b;
  sl_gathered_t left;
};

static void unread(void *self_p, const char *base, const sl_bx_t *x, const sl_xtype_t *type,
                   sl_only_t in, bool inside)
{
  struct unread *self = self_p;
  if (x->ignored || x->raw || (x->field && !x->first)) return;
  if (type->any_child && !x->any_ignored && !x->lost) gather(&self->left, base, x, "*");
  if (type->any_attr && !x->any_attr_ignored && !x->lost) gather(&self->left, base, x, "@*");
  if (type->mixed && type->n_children && !x->text_ignored) gather(&self->left, base, x, "text()");
  for (size_t i = 0; i < type->n_attrs; i++)
    if (!built_attr(x, &type->attrs[i], in) && !x->lost)
      gather_attr(self->b, &self->left, base, x, type->attrs[i].name);
  for (size_t i = 0; i < type->n_children; i++) {
    const sl_xchild_t *child = &type->children[i];
    const sl_bx_t *c = built(x, child, in), *p = picked(x->first, child);
    if (!c && p) gather(&self->left, base, x, others(self->b, child));
    bool any = p;
    for (; p; p = picked(p->next, child))
      if (p->type) each_kind(unread, self, base, p, in, inside);
    if (!c && any) continue;
    if (!c || (!mapped(c) && !c->ignored)) {
      if (x->lost || (c && c->lost)) continue;
      gather(&self->left, base, x, child->elem->name);
      continue;
    }
    for (; c; c = built_from(c->next, child, in)) {
      const char *below = base;
      const sl_bx_t *to = content(self->b, c, &below);
      sl_only_t known = to != c ? (sl_only_t){NULL, 0} : sl_only_within(c->only, in) ? c->only : in;
      if (to->type) each_kind(unread, self, below, to, known, inside);
    }
  }
}

void sl_check_read(sl_bf_t *f, const sl_xel_t *el)
{
  struct unread self = {.b = f->b};
  sl_check_read_json(f, el);
  if (!f->xml || f->request) return;
  sl_buf_init(&self.left.names, 0);
  if (f->xml->type) each_kind(unread, &self, "", f->xml, (sl_only_t){NULL, 0}, false);
  if (self.left.n)
    sl_b_warn(
        f->b, "W301", el->line, el->col, "map them, or add <ignore legacy=\"…\" reason=\"…\"/>",
        "the answer holds what is neither mapped nor ignored: %s", gathered(f->b, &self.left));
  sl_buf_fini(&self.left.names);
}
