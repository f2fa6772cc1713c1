/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

static void members_of(sl_at_t at, const sl_xel_t *el);

/* The shape that has lost its name is that of the first name that has none. */
static sl_bshape_t *adopt(sl_build_t *b, const char *name)
{
  sl_bshape_t *v = sl_b_grow(b, b->shapes, b->n_shapes, sizeof *v);
  if (!v) return NULL;
  b->shapes = v;
  v[b->n_shapes] = (sl_bshape_t){.name = name, .el = b->nameless_shape, .used = true};
  b->nameless_shape = NULL;
  return &v[b->n_shapes++];
}

sl_bshape_t *sl_b_shape(sl_build_t *b, const sl_xat_t *at)
{
  const char *words[64];
  size_t n = 0;
  for (size_t i = 0; i < b->n_shapes; i++) {
    if (!strcmp(b->shapes[i].name, at->value)) return b->shapes[i].used = true, &b->shapes[i];
    if (n < 64) words[n++] = b->shapes[i].name;
  }
  if (b->nameless_shape) return adopt(b, at->value);
  sl_b_error(b, "R108", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "no shape \"%s\"", at->value);
  const char *near = sl_b_near(b, at, at->value, words, n);
  for (size_t i = 0; near && i < b->n_shapes; i++)
    if (!strcmp(b->shapes[i].name, near)) return b->shapes[i].used = true, &b->shapes[i];
  return NULL;
}

void sl_b_lose(sl_at_t at)
{
  if (at.x) at.x->lost = true;
  if (at.lj) at.lj->lost = true;
  at.f->lost_params = ~0u;
  if (at.f->b->m->kind == SL_KIND_ODBC) at.f->broken = true;
}

/* --- members
 * -------------------------------------------------------------------------------------------- */

const char *sl_b_object(const sl_bf_t *f, const char *legacy)
{
  bool pointer = !f->object[0] || legacy[0] == '/';
  return sl_b_printf(f->b, pointer ? "%s%s" : "%s/%s", f->object, legacy);
}

static void add_object(sl_at_t at, const sl_xel_t *el)
{
  const char *object = at.f->object;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  at.access = sl_b_narrower(at.access, sl_b_access(el));
  if (legacy && at.f->b->m->kind == SL_KIND_ODBC)
    sl_b_error(at.f->b, "R250", legacy->line, legacy->col, "remove it",
               "legacy= on <%s>: the columns of a database are all in one place", el->name);
  if (legacy && at.f->b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    at.x = sl_bx_walk(at.f, at.x, legacy->value, legacy, false, &attr);
    if (!at.x) return;
  } else if (legacy && at.f->b->m->kind != SL_KIND_ODBC) {
    at.lj = sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_OBJECT, at.access);
    if (!at.lj) return;
  }
  if (json) {
    at.j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_OBJECT, at.access);
    if (!at.j) return;
    at.j->required |= !strcmp(sl_xel_get(el, "required", ""), "true");
  }
  if (legacy) at.f->object = sl_b_object(at.f, legacy->value);
  sl_b_members(at, el);
  at.f->object = object;
}

static void add_list(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  sl_bf_t *item;
  sl_list_t *list = sl_b_list(at, el, SL_LIST_REPEATS, &item);
  if (!list) return;
  list->single_object = sl_xel_at(el, "single") != NULL;
  if (!sl_b_list_legacy(at, sl_xel_at(el, "legacy"), item, list, el->line)) return;
  sl_at_t in = sl_b_list_json(at, el, list, item);
  if (!in.f) return;
  bool plain = !sl_xel_find(el->first, NULL) && !sl_xel_at(el, "shape");
  if (plain && b->m->kind != SL_KIND_ODBC)
    sl_b_scalar_items(in, el, ".");
  else
    sl_b_members(in, el);
  sl_b_list_key(at, el, item, list);
}

static sl_const_t *new_const(sl_bf_t *f, const sl_xel_t *el, const char *text, const char *label,
                             int line)
{
  sl_build_t *b = f->b;
  sl_const_t *c = sl_b_alloc(b, sizeof *c);
  if (c)
    *c = (sl_const_t){.text = sl_str(sl_b_printf(b, "%s", text)),
                      .label = sl_b_printf(b, "%s", label),
                      .only = f->only,
                      .line = line,
                      .file = sl_b_file(b, line),
                      .file_line = sl_b_line(line),
                      .col = el->col};
  return c;
}

/* c takes the place *at_p, beside the constants that are there in other cases. */
static void put_const(sl_const_t **at_p, sl_const_t *c)
{
  bool apart = c && *at_p;
  for (const sl_const_t *o = *at_p; apart && o; o = o->other)
    apart = sl_only_apart(o->only, c->only);
  if (apart) c->other = *at_p;
  *at_p = c;
}

static const char *json_text(sl_build_t *b, const sl_xel_t *el, const char *value)
{
  const char *type = sl_xel_get(el, "type", "");
  bool number = !strcmp(type, "integer") || !strcmp(type, "decimal");
  bool boolean = !strcmp(type, "boolean");
  if (number && sl_json_is_number(sl_str(value))) return value;
  if (boolean && (!strcmp(value, "true") || !strcmp(value, "false"))) return value;
  if (number || boolean) {
    const sl_xat_t *at = sl_xel_at(el, "value");
    sl_b_error(b, "R233", at->value_line, at->value_col, NULL, "\"%s\" is not a JSON %s", value,
               number ? "number" : "boolean: true or false");
  }
  sl_buf_t buf;
  sl_buf_init(&buf, 0);
  sl_json_quote(&buf, sl_str(value));
  const char *out = sl_b_dup(b, buf.p ? buf.p : "", buf.len);
  sl_buf_fini(&buf);
  return out;
}

static void legacy_const(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path)
{
  sl_build_t *b = at.f->b;
  const char *value = sl_xel_get(el, "value", "");
  sl_const_t *c = new_const(at.f, el, value, path->value, path->line);
  if (b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, path->value, path, false, &attr);
    if (!x) return;
    sl_field_t *before = attr ? attr->field : x->field;
    if (before && before->access != SL_READ_ONLY && !sl_only_apart(before->only, at.f->only))
      return sl_b_taken(at, path, before->line);
    int taken = sl_b_const_line(attr ? attr->constant : x->constant, at.f->only);
    if (!taken && !at.f->only.choice)
      taken = attr ? (attr->ignored ? attr->line : 0) : x->ignored ? x->line : 0;
    if (taken) return sl_b_taken(at, path, taken);
    sl_b_const_place(at, attr ? &attr->field : &x->field);
    put_const(attr ? &attr->constant : &x->constant, c);
    const char *fixed = attr      ? (attr->decl ? attr->decl->fixed : NULL)
                        : x->elem ? x->elem->fixed
                                  : NULL;
    if (sl_xel_at(el, "value"))
      sl_check_const(at.f, el, attr ? (attr->decl ? attr->decl->type : NULL) : x->type, fixed,
                     NULL);
  } else if (b->m->kind == SL_KIND_ODBC) {
    if (!c) return;
    int taken = sl_b_column_line(at.f, path->value, SL_WRITE_ONLY, at.f->only);
    if (taken) return sl_b_taken(at, path, taken);
    sl_column_plan_t *column = sl_b_column(at.f, c->label, at.f->only);
    if (!column) return;
    sl_const_t *before = (sl_const_t *)(uintptr_t)column->constant; /* being built */
    put_const(&before, c);
    column->constant = before;
    sl_field_t *field = (sl_field_t *)(uintptr_t)column->field;
    sl_b_const_place(at, &field);
    column->field = field;
    if (sl_xel_at(el, "value")) sl_check_const(at.f, el, NULL, NULL, at.table);
  } else {
    sl_bj_t *j = sl_bj_walk(at.f, at.lj, path->value, path, SL_JN_CONST, SL_READ_WRITE);
    if (j)
      j->constant =
          new_const(at.f, el, json_text(b, &(sl_xel_t){0}, value), path->value, path->line);
  }
}

static void add_const(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  const char *value = sl_xel_get(el, "value", ""); /* without, the schema said so */
  if (!legacy && !json) {
    sl_b_lose(at);
    sl_b_error(b, "R230", el->line, el->col, NULL, "a const needs legacy= or json=");
  }
  if (legacy) legacy_const(at, el, legacy);
  if (!json) return;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_CONST, SL_READ_WRITE);
  if (j) j->constant = new_const(at.f, el, json_text(b, el, value), j->pointer, el->line);
}

static void ignore_column(sl_at_t at, const sl_xat_t *legacy)
{
  sl_bf_t *f = at.f;
  if (at.table && !sl_table_column(at.table, legacy->value)) {
    const char *words[64];
    size_t n = 0;
    for (; n < at.table->n_columns && n < 64; n++) words[n] = at.table->columns[n].name;
    sl_b_error(f->b, "R206", legacy->value_line, legacy->value_col,
               sl_b_advice(f->b, legacy->value, words, n), "no column %s in %s", legacy->value,
               at.table->name);
  }
  int taken = f->only.choice ? 0 : sl_b_column_line(f, legacy->value, SL_READ_WRITE, f->only);
  if (taken) return sl_b_taken(at, legacy, taken);
  const sl_xat_t **v = sl_b_grow(f->b, f->ignored, f->n_ignored, sizeof *v);
  if (!v) return;
  f->ignored = v;
  v[f->n_ignored++] = legacy;
}

/* The line of a field, list, constant at attr or x, which was not ignored so far; 0: none. */
static int mapped_line(const sl_bf_t *f, const sl_bx_t *x, const sl_ba_t *attr)
{
  const sl_field_t *field = attr ? attr->field : x->field;
  const sl_const_t *constant = attr ? attr->constant : x->constant;
  if (f->only.choice) return 0; /* other cases have their own */
  if (field && field->notes) return field->line;
  if (constant) return constant->line;
  if (!attr && x->list) return x->list->line;
  for (const sl_bx_t *c = attr ? NULL : x->first; c; c = c->next)
    if (mapped_line(f, c, NULL)) return mapped_line(f, c, NULL);
  return 0;
}

static void ignore_element(sl_at_t at, const sl_xat_t *legacy)
{
  sl_ba_t *attr;
  sl_bx_t *x = sl_bx_walk(at.f, at.x, legacy->value, legacy, true, &attr);
  int taken = x ? mapped_line(at.f, x, attr) : 0;
  if (taken) return sl_b_taken(at, legacy, taken);
  if (x && attr) attr->ignored = true, attr->line = legacy->line;
  if (!x || attr) return;
  x->ignored = true;
  if (!x->is) x->line = legacy->line;
}

static void add_ignore(sl_at_t at, const sl_xel_t *el)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  sl_build_t *b = at.f->b;
  if (!legacy && !json) {
    sl_b_lose(at);
    sl_b_error(b, "R230", el->line, el->col, NULL, "an ignore needs legacy= or json=");
  }
  if (legacy && sl_b_ignore_open(at, legacy)) {
  } else if (legacy && b->m->kind == SL_KIND_SOAP) {
    ignore_element(at, legacy);
  } else if (legacy && b->m->kind != SL_KIND_ODBC) {
    sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_IGNORE, SL_READ_WRITE);
  } else if (legacy) {
    ignore_column(at, legacy);
  }
  if (json) sl_bj_walk(at.f, at.j, json->value, json, SL_JN_IGNORE, SL_READ_WRITE);
}

static void members_of(sl_at_t at, const sl_xel_t *el)
{
  static const struct {
    const char *name;
    void (*add)(sl_at_t at, const sl_xel_t *el);
  } kinds[] = {{"field", sl_b_field},   {"object", add_object}, {"list", add_list},
               {"const", add_const},    {"ignore", add_ignore}, {"compute", sl_b_compute},
               {"record", sl_b_record}, {"use", add_object},    {"slots", sl_b_slots},
               {"zip", sl_b_zip},       {"pairs", sl_b_pairs},  {"choice", sl_b_choice}};
  if (el->wrong && at.x) at.x->lost = true; /* something in it could not be read */
  if (el->wrong && at.lj) at.lj->lost = true;
  for (const sl_xel_t *m = el->first; (m = sl_xel_find(m, NULL)); m = m->next)
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
      at.f->b->taken = false;
      if (!strcmp(m->name, kinds[i].name)) kinds[i].add(at, m);
    }
}

void sl_b_members(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *name = sl_xel_at(el, "shape");
  sl_bshape_t *shape = name ? sl_b_shape(b, name) : NULL;
  if (name && !shape) sl_b_lose(at); /* it would have filled what is there */
  if (shape && shape->open) {
    sl_b_error(b, "R234", name->value_line, name->value_col, NULL,
               "the shape %s would contain itself: recursive shapes are not supported",
               shape->name);
  } else if (shape) {
    if (!shape->type && at.x) shape->elem = at.x->elem, shape->type = at.x->type;
    if (at.x) at.x->covered = true;
    if (!shape->schema && at.lj) shape->schema = at.lj->schema;
    if (at.lj) at.lj->covered = true;
    sl_at_t in = at;
    if (b->m->kind == SL_KIND_ODBC && sl_xel_at(shape->el, "table")) {
      in.table = sl_b_table(b, shape->el);
      in.f->frame->table = sl_b_printf(b, "%s", sl_xel_get(shape->el, "table", ""));
    }
    shape->open = true;
    members_of(in, shape->el);
    shape->open = false;
  }
  members_of(at, el);
}

/* --- shapes on their own
 * ------------------------------------------------------------------------------ */

static bool place(sl_build_t *b, const sl_bshape_t *shape, sl_bf_t *f)
{
  f->xml = sl_b_alloc(b, sizeof *f->xml);
  if (!f->xml) return false;
  *f->xml = (sl_bx_t){.name = shape->name, .path = "", .elem = shape->elem, .type = shape->type};
  if (shape->elem) f->xml->name = shape->elem->name, f->xml->ns = shape->elem->ns;
  if (shape->type || !b->m->contract) return true;
  sl_b_warn(b, "W101", shape->el->line, shape->el->col, "use it in an operation, or remove it",
            "no operation uses the shape %s, so that it is not checked against the contract",
            shape->name);
  return true;
}

static bool compile_shape(sl_build_t *b, sl_bshape_t *shape, sl_shape_t *out)
{
  const char *name = sl_b_printf(b, "%s", shape->name);
  sl_bf_t *f = sl_bf_new(b, name, true);
  shape->compiled = true;
  if (!f || (b->m->kind == SL_KIND_SOAP && !place(b, shape, f))) return false;
  f->frame->table = sl_b_printf(b, "%s", sl_xel_get(shape->el, "table", ""));
  f->legacy_json->schema = shape->schema;
  sl_at_t at = {.f = f,
                .x = f->xml,
                .j = f->json,
                .lj = f->legacy_json,
                .table = sl_b_table(b, shape->el),
                .json_base = ""};
  shape->open = true;
  members_of(at, shape->el);
  shape->open = false;
  sl_b_resolve(f);
  sl_check_values(f);
  sl_place_t all = {f, f->xml, f->legacy_json};
  if (b->m->kind != SL_KIND_ODBC) sl_b_pair(all, all);
  *out = (sl_shape_t){.name = name,
                      .mapping = b->m,
                      .frame = sl_bf_finish(f),
                      .file = sl_b_file(b, shape->el->line),
                      .line = sl_b_line(shape->el->line),
                      .col = shape->el->col};
  return true;
}

/* The mapping's own first; of the imported ones those that it uses: the others may be for systems
 * of another kind. */
void sl_b_compile_shapes(sl_build_t *b)
{
  sl_shape_t *v = b->n_shapes ? sl_b_alloc(b, b->n_shapes * sizeof *v) : NULL;
  size_t n = 0;
  bool more = v;
  for (const sl_xel_t *x = b->root->first; (x = sl_xel_find(x, "example")); x = x->next)
    for (size_t i = 0; i < b->n_shapes; i++)
      b->shapes[i].used |= !strcmp(b->shapes[i].name, sl_xel_get(x, "shape", ""));
  for (bool own = true; more; own = false) {
    more = own;
    for (size_t i = 0; i < b->n_shapes; i++) {
      sl_bshape_t *shape = &b->shapes[i];
      bool ours = !(shape->el->line >> SL_FILE_SHIFT);
      if (shape->compiled || (own ? !ours : !shape->used)) continue;
      if (!compile_shape(b, shape, &v[n++])) return;
      more = true;
    }
  }
  b->m->shapes = v;
  b->m->n_shapes = n;
}
