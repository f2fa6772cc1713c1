/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/compile.h"

static sl_sample_t sample(sl_build_t *b, const sl_xel_t *el, const char *name)
{
  const sl_xat_t *at = sl_xel_at(el, name);
  const sl_xel_t *inside = sl_xel_find(el->first, name);
  sl_sample_t s = {.file = ""};
  if (at && inside)
    sl_b_error(b, "R402", inside->line, inside->col, "keep one of them",
               "%s= names a file, and <%s> holds a text", name, name);
  if (at) {
    s.there = true;
    s.file = sl_b_printf(b, "%s", at->value);
  } else if (inside) {
    const char *text = sl_xel_text(inside);
    s.there = true;
    s.text = sl_str(sl_b_dup(b, text, strlen(text)));
  }
  return s;
}

static const sl_shape_t *shape_of(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *at = sl_xel_at(el, "shape");
  const sl_bshape_t *shape = at ? sl_b_shape(b, at) : NULL;
  for (size_t i = 0; shape && i < b->m->n_shapes; i++)
    if (!strcmp(b->m->shapes[i].name, shape->name)) return &b->m->shapes[i];
  return NULL;
}

static const sl_op_t *op_of(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *at = sl_xel_at(el, "operation");
  const char *words[64];
  size_t n = 0;
  if (!at) return NULL;
  for (size_t i = 0; i < b->m->n_ops; i++) {
    if (!strcmp(b->m->ops[i].info.name, at->value)) return &b->m->ops[i];
    if (n < 64) words[n++] = b->m->ops[i].info.name;
  }
  if (sl_b_nameless(b->m->ops, b->m->n_ops)) return NULL;
  sl_b_error(b, "R401", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "no operation \"%s\"", at->value);
  return NULL;
}

static void only_with(sl_build_t *b, const sl_xel_t *el, const char *what)
{
  static const char *const names[] = {"status", "args", "body", "request", "legacy-status"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const sl_xat_t *at = sl_xel_at(el, names[i]);
    if (at)
      sl_b_error(b, "R402", at->line, at->col, "name the operation instead of the shape",
                 "%s= is of an operation's example, this one is of a %s", names[i], what);
  }
}

static void one(sl_build_t *b, const sl_xel_t *el, sl_example_t *x)
{
  bool of_shape = sl_xel_at(el, "shape"), of_op = sl_xel_at(el, "operation");
  *x = (sl_example_t){.shape = shape_of(b, el),
                      .op = op_of(b, el),
                      .legacy = sample(b, el, "legacy"),
                      .json = sample(b, el, "json"),
                      .body = sample(b, el, "body"),
                      .request = sample(b, el, "request"),
                      .args = sl_b_printf(b, "%s", sl_xel_get(el, "args", "")),
                      .legacy_status = sl_b_printf(b, "%s", sl_xel_get(el, "legacy-status", "")),
                      .status = atoi(sl_xel_get(el, "status", "0")),
                      .canonical = strcmp(sl_xel_get(el, "canonical", "true"), "false") != 0,
                      .line = el->line,
                      .col = el->col};
  if (of_shape == of_op)
    sl_b_error(b, "R402", el->line, el->col, "shape=\"…\" or operation=\"…\"",
               "an example is of one shape or of one operation");
  else if (of_shape)
    only_with(b, el, "shape");
  if (of_shape && !of_op && !(x->legacy.there && x->json.there))
    sl_b_error(b, "R402", el->line, el->col, "legacy=\"FILE\" json=\"FILE\", or both within",
               "an example of a shape needs its legacy record and its JSON");
}

void sl_b_examples(sl_build_t *b)
{
  size_t n = 0, i = 0;
  const sl_xel_t *el = b->root->first;
  for (; (el = sl_xel_find(el, "example")); el = el->next) n++;
  sl_example_t *v = n ? sl_b_alloc(b, n * sizeof *v) : NULL;
  if (!v) return;
  for (el = b->root->first; (el = sl_xel_find(el, "example")); el = el->next) one(b, el, &v[i++]);
  b->m->examples = v;
  b->m->n_examples = n;
}
