/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/buf.h"
#include "mappings/engine/check.h"

/* Names are gathered, as one place in the mapping file gets one message of a kind. */
typedef struct sl_gathered {
  sl_buf_t names;
  size_t n;
} sl_gathered_t;

enum { SHOWN = 12, MAX_TEXT = 400 };

/* base: path of the list that `in` is an item of, "" if none. */
static void gather(sl_gathered_t *to, const char *base, const sl_bx_t *in, const char *name)
{
  if (++to->n > SHOWN || to->names.len > MAX_TEXT) return;
  sl_buf_printf(&to->names, "%s%s%s%s%s%s", to->names.len ? ", " : "", base, base[0] ? "/" : "",
                in->path, in->path[0] ? "/" : "", name);
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

static const sl_bx_t *built(const sl_bx_t *x, const sl_xchild_t *child)
{
  const sl_bx_t *c = x->first;
  while (c && c->child != child) c = c->next;
  return c;
}

static const sl_ba_t *built_attr(const sl_bx_t *x, const sl_xattr_t *decl)
{
  const sl_ba_t *a = x->attrs;
  while (a && a->decl != decl) a = a->next;
  return a;
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
  return a->constant || (a->field && a->field->access != SL_READ_ONLY);
}

static bool writes(const sl_bx_t *x)
{
  if (x->constant || x->list || (x->field && x->field->access != SL_READ_ONLY)) return true;
  for (const sl_ba_t *a = x->attrs; a; a = a->next)
    if (attr_writes(a)) return true;
  for (const sl_bx_t *c = x->first; c; c = c->next)
    if (writes(c)) return true;
  return false;
}

/* --- what is written
 * --------------------------------------------------------------------------------- */

struct cover {
  sl_build_t *b;
  sl_gathered_t demanded, blanked;
  bool replaces;
};

static void cover_attrs(struct cover *self, const char *base, const sl_bx_t *x, bool inside)
{
  for (size_t i = 0; i < x->type->n_attrs; i++) {
    const sl_xattr_t *decl = &x->type->attrs[i];
    const sl_ba_t *a = built_attr(x, decl);
    if (a && (attr_writes(a) || a->ignored)) continue;
    if (decl->required)
      gather_attr(self->b, &self->demanded, base, x, decl->name);
    else if (self->replaces && inside && !a)
      gather_attr(self->b, &self->blanked, base, x, decl->name);
  }
}

/* Of a choice that has to be made, is any alternative written? Asked at its first one. */
static void cover_choice(struct cover *self, const char *base, const sl_bx_t *x, size_t first)
{
  const sl_xtype_t *t = x->type;
  const char *names = "";
  for (size_t i = 0; i < t->n_children; i++) {
    const sl_xchild_t *child = &t->children[i];
    if (child->choice != t->children[first].choice) continue;
    if (i < first) return;
    const sl_bx_t *c = built(x, child);
    if (c && (c->ignored || writes(c))) return;
    names = sl_b_printf(self->b, "%s%s%s", names, *names ? " or " : "", child->elem->name);
  }
  gather(&self->demanded, base, x, names);
}

/* x is written: so must be what it demands. */
static void cover(struct cover *self, const char *base, const sl_bx_t *x, bool inside)
{
  if (!x->type || x->ignored) return;
  inside |= x->covered;
  cover_attrs(self, base, x, inside);
  for (size_t i = 0; i < x->type->n_children; i++) {
    const sl_xchild_t *child = &x->type->children[i];
    const sl_bx_t *c = built(x, child);
    if (child->demanded) cover_choice(self, base, x, i);
    if (c && c->ignored) continue;
    if (c && writes(c)) {
      const char *below = base;
      const sl_bx_t *in = content(self->b, c, &below);
      cover(self, below, in, inside);
    } else if (child->min > 0) {
      gather(&self->demanded, base, x, child->elem->name);
    } else if (self->replaces && inside && !c) {
      gather(&self->blanked, base, x, child->elem->name);
    }
  }
}

void sl_check_written(sl_bf_t *f, const sl_xel_t *el, bool replaces)
{
  sl_build_t *b = f->b;
  struct cover self = {.b = b, .replaces = replaces};
  sl_check_written_json(f, el, replaces);
  if (!f->xml || !f->request) return;
  sl_buf_init(&self.demanded.names, 0);
  sl_buf_init(&self.blanked.names, 0);
  cover(&self, "", f->xml, false);
  if (self.demanded.n)
    sl_b_error(b, "R220", el->line, el->col, "map them, or add <const legacy=\"…\" value=\"…\"/>",
               "the contract demands what nothing writes: %s", gathered(b, &self.demanded));
  if (self.blanked.n)
    sl_b_error(b, "R221", el->line, el->col, "map them, or add <ignore legacy=\"…\" reason=\"…\"/>",
               "replacing the record would blank what is not mapped: %s",
               gathered(b, &self.blanked));
  sl_buf_fini(&self.demanded.names);
  sl_buf_fini(&self.blanked.names);
}

/* --- what is read
 * -------------------------------------------------------------------------------------- */

static bool mapped(const sl_bx_t *x)
{
  return x->field || x->list || x->first || x->attrs || x->constant;
}

static void unread(sl_build_t *b, sl_gathered_t *to, const char *base, const sl_bx_t *x)
{
  if (!x->type || x->ignored || (x->field && !x->first)) return;
  for (size_t i = 0; i < x->type->n_attrs; i++)
    if (!built_attr(x, &x->type->attrs[i])) gather_attr(b, to, base, x, x->type->attrs[i].name);
  for (size_t i = 0; i < x->type->n_children; i++) {
    const sl_bx_t *c = built(x, &x->type->children[i]);
    if (!c || (!mapped(c) && !c->ignored)) {
      gather(to, base, x, x->type->children[i].elem->name);
    } else {
      const char *below = base;
      const sl_bx_t *in = content(b, c, &below);
      unread(b, to, below, in);
    }
  }
}

void sl_check_read(sl_bf_t *f, const sl_xel_t *el)
{
  sl_gathered_t left = {.n = 0};
  sl_check_read_json(f, el);
  if (!f->xml || f->request) return;
  sl_buf_init(&left.names, 0);
  unread(f->b, &left, "", f->xml);
  if (left.n)
    sl_b_warn(f->b, "W301", el->line, el->col,
              "map them, or add <ignore legacy=\"…\" reason=\"…\"/>",
              "the answer holds what is neither mapped nor ignored: %s", gathered(f->b, &left));
  sl_buf_fini(&left.names);
}
