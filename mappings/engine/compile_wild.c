/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/compile.h"

bool sl_b_wild(sl_build_t *b, const sl_bx_t *x, const char *ns, const char *name, bool repeats,
               const sl_xchild_t **child_p)
{
  const sl_xelem_t *elem = NULL;
  *child_p = NULL;
  if (!x->type || !x->type->any_child || !b->m->contract) return false;
  if (ns)
    elem = sl_contract_elem(b->m->contract, ns, name);
  else
    elem = sl_contract_elem_called(b->m->contract, name);
  if (!elem) return ns;
  sl_xchild_t *child = sl_b_alloc(b, sizeof *child);
  if (!child) return false;
  *child = (sl_xchild_t){.elem = elem, .max = repeats ? SL_UNBOUNDED : 1};
  *child_p = child;
  return true;
}

/* --- <ignore> of what has no name
 * ------------------------------------------------------------------- */

static const struct open_end {
  const char *name, *what;
} ends[] = {{"*", "other elements"}, {"@*", "other attributes"}, {"text()", "text beside them"}};

/* Which of the ends path has; *len_p: of what is before it. */
static const struct open_end *end_of(const char *path, size_t *len_p)
{
  const char *slash = strrchr(path, '/');
  const char *last = slash ? slash + 1 : path;
  *len_p = slash ? (size_t)(slash - path) : 0;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (!strcmp(last, ends[i].name)) return &ends[i];
  return NULL;
}

bool sl_b_ignore_open(sl_at_t at, const sl_xat_t *legacy)
{
  size_t len;
  sl_build_t *b = at.f->b;
  const struct open_end *end = end_of(legacy->value, &len);
  if (!end || b->m->kind != SL_KIND_SOAP) return false;
  sl_xat_t before = *legacy;
  sl_ba_t *attr;
  before.value = sl_b_dup(b, legacy->value, len);
  sl_bx_t *x = sl_bx_walk(at.f, at.x, before.value, &before, false, &attr);
  if (!x || attr) return true;
  const sl_xtype_t *t = x->type;
  bool there = !t || (end == &ends[0]   ? t->any_child
                      : end == &ends[1] ? t->any_attr
                                        : t->mixed || (t->simple != SL_X_NONE && t->n_attrs));
  if (!there)
    sl_b_error(b, "R201", legacy->value_line, legacy->value_col + (int)len + (len > 0), "remove it",
               "%s has no %s: the contract names all that it holds", x->name, end->what);
  x->any_ignored |= end == &ends[0];
  x->any_attr_ignored |= end == &ends[1];
  x->text_ignored |= end == &ends[2];
  return true;
}
