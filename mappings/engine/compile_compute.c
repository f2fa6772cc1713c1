/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * <compute>: its expression, compiled into a program over the record's slots (derive.h). Of XPath
 * 1.0 what works on strings: numbers there are doubles, and node sets need a tree. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/compile.h"
#include "mappings/engine/derive.h"

enum { MAX_NESTING = 16, MAX_STEPS = 1000 };

#define ALLOWED                                                                                    \
  "allowed: paths, 'text', concat, substring (of whole numbers), substring-before, "               \
  "substring-after, normalize-space, translate, string"

/* A program under construction. */
struct prog {
  sl_build_t *b;
  sl_at_t at;
  const sl_xel_t *el;
  const sl_xat_t *attr; /* the expression */
  const char *p;        /* where we are in it */
  sl_step_t *steps;
  size_t n;
  unsigned depth; /* of the stack, here */
  unsigned nesting;
  bool failed;
  const sl_field_t *first; /* that it reads */
};

static void wrong(struct prog *g, const char *at, const char *fix, const char *text)
{
  if (!g->failed)
    sl_b_error(g->b, "R248", g->attr->value_line, g->attr->value_col + (int)(at - g->attr->value),
               fix, "%s", text);
  g->failed = true;
}

static void emit(struct prog *g, sl_step_t step, int change)
{
  if (g->failed) return;
  g->depth = (unsigned)((int)g->depth + change);
  if (g->n >= MAX_STEPS || g->depth > SL_STEP_STACK)
    return wrong(g, g->p, NULL, "the expression is too large");
  sl_step_t *v = sl_b_grow(g->b, g->steps, g->n, sizeof *v);
  if (!v) {
    g->failed = true;
    return;
  }
  g->steps = v;
  v[g->n++] = step;
}

static void emit_text(struct prog *g, const char *p, size_t len)
{
  emit(g, (sl_step_t){.op = SL_STEP_TEXT, .text = sl_strn(sl_b_dup(g->b, p, len), len)}, 1);
}

static void emit_field(struct prog *g, const sl_field_t *field, bool own_line)
{
  if (!field) {
    g->failed = true; /* it has been said why */
    return;
  }
  if (!g->first) g->first = field;
  emit(g, (sl_step_t){.op = SL_STEP_FIELD, .field = field, .own_line = own_line}, 1);
}

/* One more value is on the stack, of n that will be joined; joins them before it is full. */
static unsigned join(struct prog *g, unsigned n, bool last)
{
  if (n < 2 || (!last && g->depth < SL_STEP_STACK - 4)) return n;
  emit(g, (sl_step_t){.op = SL_STEP_CONCAT, .n = n}, 1 - (int)n);
  return 1;
}

/* --- what it reads -----------------------------------------------------------------------------
 */

/* A field for what nobody maps; el is never looked at again. */
static sl_field_t *new_reader(struct prog *g, const sl_xat_t *path)
{
  static const sl_xel_t nobody = {.name = "compute"};
  sl_field_t *f = sl_bf_field(g->at.f, &nobody);
  if (!f) return NULL;
  f->line = g->el->line, f->col = g->el->col;
  f->access = SL_READ_ONLY;
  f->legacy = f->label = sl_b_printf(g->b, "%s", path->value);
  return sl_b_legacy_end(g->at, NULL, path, f) ? f : NULL;
}

static sl_field_t *xml_reader(struct prog *g, const sl_xat_t *path)
{
  sl_ba_t *attr;
  const sl_bx_t *x = sl_bx_walk(g->at.f, g->at.x, path->value, path, false, &attr);
  bool ignored = attr && attr->ignored, lost = false;
  for (const sl_bx_t *up = x; up; up = up->parent) ignored |= up->ignored, lost |= up->lost;
  if (!x || (ignored && lost)) return NULL; /* the line that it is on has a mistake: told */
  if (ignored) {
    sl_b_error(g->b, "R249", path->value_line, path->value_col, "remove the <ignore>",
               "%s is ignored, and read here", path->value);
    return NULL;
  }
  sl_field_t *f = attr ? attr->field : x->field;
  return f ? f : new_reader(g, path);
}

static sl_field_t *column_reader(struct prog *g, const sl_xat_t *path)
{
  const sl_bf_t *f = g->at.f;
  for (size_t i = 0; i < f->n_columns; i++)
    if (f->columns[i].field && !f->columns[i].place &&
        f->columns[i].field->access != SL_WRITE_ONLY &&
        !strcasecmp(f->columns[i].label.p, path->value))
      return (sl_field_t *)f->columns[i].field; /* still being built */
  return new_reader(g, path);
}

/* The member that the pointer leads to, if it is there, not of the access `without`, and not of
 * another case; objects on the way have no access. */
static sl_bj_t *find_member(const sl_bf_t *f, sl_bj_t *from, const char *pointer,
                            sl_access_t without)
{
  for (const char *p = pointer; from && *p == '/';) {
    size_t len = strcspn(p + 1, "/");
    sl_bj_t *c = from->first;
    const char *raw = p + 1;
    bool last = !raw[len];
    for (; c; c = c->next) {
      const char *name = strrchr(c->pointer, '/');
      if (name && !sl_only_apart(c->only, f->only) && strlen(name + 1) == len &&
          !memcmp(name + 1, raw, len) && (!last || c->kind != SL_JN_FIELD || c->access != without))
        break;
    }
    from = c;
    p = raw + len;
  }
  return from;
}

static sl_field_t *no_value(struct prog *g, const sl_xat_t *path)
{
  sl_b_error(g->b, "R249", path->value_line, path->value_col, NULL,
             "%s is an object, a list or a constant, not a value", path->value);
  return NULL;
}

static sl_field_t *json_reader(struct prog *g, const sl_xat_t *path)
{
  const sl_bj_t *j = find_member(g->at.f, g->at.lj, path->value, SL_WRITE_ONLY);
  if (!j) return new_reader(g, path);
  return j->kind == SL_JN_FIELD ? j->field : no_value(g, path);
}

static void read_path(struct prog *g, const char *p, size_t len)
{
  sl_xat_t path = {.name = g->attr->name,
                   .value = sl_b_dup(g->b, p, len),
                   .line = g->attr->line,
                   .col = g->attr->col,
                   .value_line = g->attr->value_line,
                   .value_col = g->attr->value_col + (int)(p - g->attr->value)};
  switch (g->b->m->kind) {
  case SL_KIND_SOAP: emit_field(g, xml_reader(g, &path), false); break;
  case SL_KIND_ODBC: emit_field(g, column_reader(g, &path), false); break;
  default: emit_field(g, json_reader(g, &path), false);
  }
}

/* --- XPath -------------------------------------------------------------------------------------
 */

static void expression(struct prog *g);

static void skip_space(struct prog *g)
{
  g->p += strspn(g->p, " \t\r\n");
}

static bool take(struct prog *g, char c, const char *what)
{
  skip_space(g);
  if (!g->failed && *g->p == c) return g->p++, true;
  wrong(g, g->p, ALLOWED,
        *g->p ? sl_b_printf(g->b, "%s was expected before \"%.20s\"", what, g->p)
              : sl_b_printf(g->b, "%s was expected at the end", what));
  return false;
}

static void literal(struct prog *g)
{
  const char *start = g->p + 1, *end = strchr(start, *g->p);
  if (!end) return wrong(g, g->p, NULL, "the quote is not closed");
  emit_text(g, start, (size_t)(end - start));
  g->p = end + 1;
}

/* A whole number, as substring takes it. */
static uint32_t whole_number(struct prog *g)
{
  skip_space(g);
  size_t n = strspn(g->p, "0123456789");
  if (!n || n > 6 || g->p[n] == '.') {
    wrong(g, g->p, "a number such as 4",
          "a whole number was expected: nothing is computed with numbers");
    return 0;
  }
  uint32_t v = (uint32_t)strtoul(g->p, NULL, 10);
  g->p += n;
  return v;
}

static void call_substring(struct prog *g)
{
  sl_step_t step = {.op = SL_STEP_SUBSTRING, .len = UINT32_MAX};
  expression(g);
  if (!take(g, ',', "a comma")) return;
  step.from = whole_number(g);
  skip_space(g);
  if (*g->p == ',') {
    g->p++;
    step.len = whole_number(g);
  }
  emit(g, step, 0);
}

static void call_concat(struct prog *g)
{
  unsigned n = 0;
  do {
    if (n) g->p++;
    expression(g);
    n = join(g, n + 1, false);
    skip_space(g);
  } while (!g->failed && *g->p == ',');
  join(g, n, true);
}

static void call_plain(struct prog *g, sl_step_op_t op, int n)
{
  for (int i = 0; i < n; i++) {
    if (i && !take(g, ',', "a comma")) return;
    expression(g);
  }
  if (op != SL_STEP_TEXT) emit(g, (sl_step_t){.op = (uint8_t)op}, 1 - n);
}

static void call(struct prog *g, const char *name, size_t len)
{
  static const struct {
    const char *name;
    sl_step_op_t op;
    int n;
  } plain[] = {{"string", SL_STEP_TEXT, 1},
               {"substring-before", SL_STEP_BEFORE, 2},
               {"substring-after", SL_STEP_AFTER, 2},
               {"normalize-space", SL_STEP_NORMALIZE, 1},
               {"translate", SL_STEP_TRANSLATE, 3}};
  bool known = true;
  if (len == 6 && !memcmp(name, "concat", 6)) {
    call_concat(g);
  } else if (len == 9 && !memcmp(name, "substring", 9)) {
    call_substring(g);
  } else {
    size_t i = 0;
    for (; i < sizeof plain / sizeof *plain; i++)
      if (strlen(plain[i].name) == len && !memcmp(plain[i].name, name, len)) break;
    known = i < sizeof plain / sizeof *plain;
    if (known) call_plain(g, plain[i].op, plain[i].n);
  }
  if (!known)
    wrong(g, name, ALLOWED, sl_b_printf(g->b, "there is no %.*s() here", (int)len, name));
  else
    take(g, ')', "a closing parenthesis");
}

/* The end of a path's text; braces and brackets are taken whole. */
static const char *path_end(const char *p)
{
  while (*p && !strchr(" \t\r\n,()'\"|=<>!+*$", *p)) {
    const char *close = *p == '{' ? strchr(p, '}') : *p == '[' ? strchr(p, ']') : NULL;
    p = close ? close + 1 : p + 1;
  }
  return p;
}

static bool path_fits(struct prog *g, const char *p, size_t len)
{
  switch (g->b->m->kind) {
  case SL_KIND_SOAP:
    return *p != '/' && !memmem(p, len, "//", 2) && !memmem(p, len, "..", 2) &&
           !memmem(p, len, "::", 2) && p[len - 1] != '/';
  case SL_KIND_ODBC: return !memchr(p, '/', len) && !memchr(p, '@', len) && *p != '.';
  default: return *p == '/';
  }
}

static void path(struct prog *g)
{
  static const char *const what[] = {"elements such as A/B/@c", "a column's label",
                                     "a pointer such as /a/b", "a pointer such as /a/b"};
  const char *start = g->p, *end = path_end(start);
  if (end == start)
    return wrong(g, start, ALLOWED,
                 *start ? sl_b_printf(g->b, "\"%.1s\" is not possible here", start)
                        : "an expression was expected");
  g->p = end;
  skip_space(g);
  if (*g->p == '(') {
    g->p++;
    return call(g, start, (size_t)(end - start));
  }
  if (isdigit((unsigned char)*start))
    return wrong(g, start, ALLOWED, "nothing is computed with numbers: XPath's are not exact");
  if (!path_fits(g, start, (size_t)(end - start)))
    return wrong(g, start, sl_b_printf(g->b, "%s", what[g->b->m->kind]),
                 sl_b_printf(g->b, "\"%.*s\" is not a path here", (int)(end - start), start));
  read_path(g, start, (size_t)(end - start));
}

static void expression(struct prog *g)
{
  skip_space(g);
  if (g->failed) return;
  if (++g->nesting > MAX_NESTING) return wrong(g, g->p, NULL, "the expression is too deep");
  if (*g->p == '\'' || *g->p == '"')
    literal(g);
  else
    path(g);
  g->nesting--;
}

static void compile_xpath(struct prog *g)
{
  expression(g);
  skip_space(g);
  if (!g->failed && *g->p)
    wrong(g, g->p, ALLOWED, sl_b_printf(g->b, "\"%.20s\" is not possible here", g->p));
  if (!g->failed && !g->first)
    wrong(g, g->attr->value, "<const json=\"…\" value=\"…\"/>",
          "nothing is read: it is a constant");
}

/* --- template ----------------------------------------------------------------------------------
 */

/* A member that no other line writes: text that only this template takes. */
static sl_field_t *new_member(struct prog *g, const sl_xat_t *pointer)
{
  sl_bj_t *j = sl_bj_walk(g->at.f, g->at.j, pointer->value, pointer, SL_JN_FIELD, SL_WRITE_ONLY);
  sl_field_t *f = j ? sl_bf_field(g->at.f, g->el) : NULL;
  if (!f) return NULL;
  f->access = SL_WRITE_ONLY;
  f->nillable = true;
  f->json = f->label = sl_b_printf(g->b, "%s%s", g->at.json_base, j->pointer);
  f->codec = sl_b_codec(g->b, NULL, NULL, NULL, SL_CODEC_TEXT);
  return j->field = f;
}

static void read_member(struct prog *g, const char *p, size_t len)
{
  sl_xat_t pointer = {.name = g->attr->name,
                      .value = sl_b_dup(g->b, p, len),
                      .line = g->attr->line,
                      .col = g->attr->col,
                      .value_line = g->attr->value_line,
                      .value_col = g->attr->value_col + (int)(p - g->attr->value)};
  if (*p != '/')
    return wrong(g, p, "{/name}", sl_b_printf(g->b, "\"%s\" is not a JSON pointer", pointer.value));
  const sl_bj_t *j = find_member(g->at.f, g->at.j, pointer.value, SL_READ_ONLY);
  if (!j)
    emit_field(g, new_member(g, &pointer), true);
  else
    emit_field(g, j->kind == SL_JN_FIELD ? j->field : no_value(g, &pointer), false);
}

/* The text up to a brace that is no doubled one, with doubled ones as one; where it ends. */
static const char *plain_text(const char *p, char *out, size_t *len_p)
{
  size_t len = 0;
  for (; *p; p++) {
    bool brace = *p == '{' || *p == '}';
    if (brace && p[1] != *p) break;
    if (brace) p++;
    out[len++] = *p;
  }
  *len_p = len;
  return p;
}

static void compile_template(struct prog *g)
{
  unsigned n = 0;
  char *text = sl_b_alloc(g->b, strlen(g->p) + 1);
  while (text && *g->p && !g->failed) {
    size_t len;
    g->p = plain_text(g->p, text, &len);
    if (len) {
      emit_text(g, text, len);
      n = join(g, n + 1, false);
    }
    if (!*g->p) break;
    const char *close = *g->p == '{' ? strchr(g->p, '}') : NULL;
    if (!close)
      return wrong(g, g->p, "{/name}; a brace itself is written twice",
                   *g->p == '{' ? "the brace is not closed" : "this brace closes nothing");
    read_member(g, g->p + 1, (size_t)(close - g->p) - 1);
    n = join(g, n + 1, false);
    g->p = close + 1;
  }
  join(g, n, true);
  if (!g->failed && !g->first)
    wrong(g, g->attr->value, "<const legacy=\"…\" value=\"…\"/>",
          "nothing is read: it is a constant");
}

/* --- the element -------------------------------------------------------------------------------
 */

void sl_b_compute(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  bool xpath = sl_xel_at(el, "xpath"), template = sl_xel_at(el, "template");
  if (xpath == template || !legacy != xpath || !json != template) {
    sl_b_error(b, "R247", el->line, el->col, NULL,
               "a compute has json= and xpath=, or legacy= and template=");
    return;
  }
  sl_access_t own = xpath ? SL_READ_ONLY : SL_WRITE_ONLY;
  if (sl_b_narrower(own, at.access) != own) return; /* what is around it goes the other way only */
  sl_field_t *f = sl_bf_field(at.f, el);
  if (!f) return;
  f->access = (uint8_t)own;
  if (xpath) {
    f->nillable = true;
    f->codec = sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT);
    sl_b_consumer_ends(at, el, f);
  } else {
    f->legacy = f->label = sl_b_printf(b, "%s", legacy->value);
    if (!sl_b_legacy_end(at, el, legacy, f)) return;
  }
  sl_bcompute_t *v = sl_b_grow(b, at.f->computes, at.f->n_computes, sizeof *v);
  if (!v) return;
  at.f->computes = v;
  v[at.f->n_computes++] = (sl_bcompute_t){.at = at,
                                          .el = el,
                                          .field = f,
                                          .only = at.f->only,
                                          .x_only = at.f->x_only,
                                          .x_element = at.f->x_element,
                                          .object = at.f->object};
}

static void resolve(sl_build_t *b, const sl_bcompute_t *c)
{
  const sl_xat_t *xpath = sl_xel_at(c->el, "xpath");
  struct prog g = {.b = b, .at = c->at, .el = c->el};
  sl_derive_t *d = sl_b_alloc(b, sizeof *d);
  g.attr = xpath ? xpath : sl_xel_at(c->el, "template");
  g.p = g.attr->value;
  if (xpath)
    compile_xpath(&g);
  else
    compile_template(&g);
  if (!d || g.failed) return;
  *d = (sl_derive_t){.kind = xpath ? SL_DERIVE_XPATH : SL_DERIVE_TEMPLATE,
                     .whole = c->at.f->merge,
                     .steps = g.steps,
                     .n_steps = g.n};
  c->field->derive = d;
  if (!xpath) c->field->label = g.first->label;
}

static void stand(sl_bf_t *f, const sl_bcompute_t *where)
{
  f->only = where->only;
  f->x_only = where->x_only;
  f->x_element = where->x_element;
  f->object = where->object;
}

void sl_b_resolve(sl_bf_t *f)
{
  size_t n = f->n_computes;
  f->n_computes = 0;
  sl_bcompute_t here = {
      .only = f->only, .x_only = f->x_only, .x_element = f->x_element, .object = f->object};
  for (size_t i = 0; i < n; i++) {
    stand(f, &f->computes[i]); /* what it makes belongs to its case */
    resolve(f->b, &f->computes[i]);
  }
  stand(f, &here);
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->items[i]) sl_b_resolve(f->items[i]);
}
