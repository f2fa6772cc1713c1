/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/choice.h"

struct form {
  sl_bf_t *f;
  const sl_xel_t *el;
};

/* The first line of the mapping that writes something at x or below it; NULL: none. */
static const sl_xel_t *line_of(const sl_bf_t *f, const sl_bx_t *x)
{
  const sl_xel_t *el = NULL;
  for (size_t i = 0; x->field && i < f->n_fields; i++)
    if (f->fields[i] == x->field && x->field->access != SL_READ_ONLY) return f->els[i];
  for (size_t i = 0; x->list && i < f->n_lists; i++)
    if (f->lists[i] == x->list && x->list->access != SL_READ_ONLY) return f->list_els[i];
  for (const sl_ba_t *a = x->attrs; a; a = a->next)
    for (size_t i = 0; a->field && i < f->n_fields; i++)
      if (f->fields[i] == a->field && a->field->access != SL_READ_ONLY) return f->els[i];
  for (const sl_bx_t *c = x->first; c && !el; c = c->next) el = line_of(f, c);
  return el;
}

/* Nothing but constants: it is in every message. */
static bool is_constant(const sl_bx_t *x)
{
  bool some = x->constant && !x->constant->only.choice;
  if (x->field || x->list || x->only.choice || x->by_type || x->carry) return false;
  for (const sl_ba_t *a = x->attrs; a; a = a->next) {
    if (a->field || a->carry || a->only.choice) return false;
    some |= a->constant && !a->constant->only.choice;
  }
  for (const sl_bx_t *c = x->first; c; c = c->next) {
    if (!is_constant(c)) return false;
    some = true;
  }
  return some;
}

static void check_abstract(const struct form *self, const sl_bx_t *x)
{
  if (!x->type || !x->type->abstract || x->by_type || x->ignored || x->list || x->raw) return;
  const sl_xel_t *el = line_of(self->f, x);
  const sl_xat_t *at = el ? sl_xel_at(el, "legacy") : NULL;
  if (at)
    sl_b_error(self->f->b, "R266", at->value_line, at->value_col,
               "<choice legacy=\"@xsi:type\" …> with a <case> for each type, or "
               "access=\"read-only\"",
               "%s is of the abstract type %s: a message says with xsi:type what it is", x->name,
               x->type->name);
}

/* Another alternative of c's choice that is written, c being always there. */
static const sl_bx_t *rival(const struct form *self, const sl_bx_t *c)
{
  for (const sl_bx_t *o = c->parent->first; o; o = o->next) {
    bool same = o == c || !o->child || o->child->choice != c->child->choice ||
                (!strcmp(o->name, c->name) && !strcmp(o->ns, c->ns));
    if (same || o->ignored || o->carry) continue;
    if (is_constant(o) || line_of(self->f, o)) return o;
  }
  return NULL;
}

static void check_choices(const struct form *self, const sl_bx_t *x)
{
  for (const sl_bx_t *c = x->first; c; c = c->next) {
    if (!c->child || !c->child->choice || c->ignored || !is_constant(c)) continue;
    const sl_bx_t *o = rival(self, c);
    if (!o) continue;
    const sl_xel_t *el = line_of(self->f, o);
    if (!el) el = self->el;
    sl_b_error(self->f->b, "R222", el->line, el->col,
               "leave one out, or put both into the cases of a <choice>",
               "the contract lets only one of %s and %s come, and %s is always written", c->path,
               o->path, c->path);
    return;
  }
}

static void check(const struct form *self, const sl_bx_t *x)
{
  check_abstract(self, x);
  check_choices(self, x);
  for (const sl_bx_t *c = x->first; c; c = c->next) check(self, c);
}

void sl_check_form(sl_bf_t *f, const sl_xel_t *el)
{
  struct form self = {f, el};
  if (f->xml) check(&self, f->xml);
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->items[i]) sl_check_form(f->items[i], el);
}
