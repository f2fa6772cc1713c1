/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

/* A list in a list in a list … of more levels than this is a mistake. */
enum { MAX_FRAMES = 16 };

static void members_of(sl_at_t at, const sl_xel_t *el);

sl_bshape_t *sl_b_shape(sl_build_t *b, const sl_xat_t *at)
{
  const char *words[64];
  size_t n = 0;
  for (size_t i = 0; i < b->n_shapes; i++) {
    if (!strcmp(b->shapes[i].name, at->value)) return &b->shapes[i];
    if (n < 64) words[n++] = b->shapes[i].name;
  }
  sl_b_error(b, "R108", at->value_line, at->value_col, sl_b_advice(b, at->value, words, n),
             "no shape \"%s\"", at->value);
  return NULL;
}

static sl_access_t narrower(sl_access_t outer, sl_access_t own)
{
  return own == SL_READ_WRITE ? outer : own;
}

static bool disjoint(sl_access_t a, sl_access_t b)
{
  return a != b && a != SL_READ_WRITE && b != SL_READ_WRITE;
}

/* --- the legacy end of a field
 * -------------------------------------------------------------------------- */

static void taken(sl_at_t at, const sl_xat_t *path, int line)
{
  sl_b_error(at.f->b, "R211", path->value_line, path->value_col,
             "one line for each, or access=\"read-only\" on one and \"write-only\" on the other",
             "%s is mapped already (line %d)", path->value, line);
}

/* field takes the place *at_p; when another has it already and only one of them writes, they share
 * the slot. */
static bool occupy(sl_at_t at, sl_field_t **at_p, sl_field_t *field, const sl_xat_t *path)
{
  sl_field_t *before = *at_p;
  if (before && before->access != field->access && disjoint(before->access, field->access)) {
    field->slot = before->slot;
    if (field->access == SL_READ_ONLY) return true;
  } else if (before) {
    taken(at, path, before->line);
    return false;
  }
  *at_p = field;
  return true;
}

static bool is_value(const sl_xtype_t *type)
{
  return !type || type->simple != SL_X_NONE || (type->mixed && !type->n_children);
}

static bool xml_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  sl_ba_t *attr;
  sl_bx_t *x = sl_bx_walk(at.f, at.x, path->value, path, false, &attr);
  if (!x) return false;
  const sl_xtype_t *type = attr ? (attr->decl ? attr->decl->type : NULL) : x->type;
  if (!attr && !is_value(type)) {
    sl_b_error(b, "R205", path->value_line, path->value_col, "map its elements, in an <object>",
               "%s holds elements, not a value", x->path);
    return false;
  }
  field->nillable = attr ? false : !x->type || (x->elem && x->elem->nillable);
  field->required = attr ? attr->decl && attr->decl->required : x->child && x->child->min > 0;
  field->codec = sl_b_codec(b, el, type, NULL, SL_CODEC_TEXT);
  return occupy(at, attr ? &attr->field : &x->field, field, path);
}

static bool column_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  const sl_column_t *column = at.table ? sl_table_column(at.table, path->value) : NULL;
  if (at.table && !column && field->access != SL_READ_ONLY) {
    const char *words[64];
    size_t n = 0;
    for (; n < at.table->n_columns && n < 64; n++) words[n] = at.table->columns[n].name;
    sl_b_error(b, "R206", path->value_line, path->value_col, sl_b_advice(b, path->value, words, n),
               "no column %s in %s (a column of another table has to be access=\"read-only\")",
               path->value, at.table->name);
  }
  field->column = column;
  field->nillable = !column || column->nullable;
  field->required = column && !column->nullable && !column->generated && !field->generated;
  field->codec = sl_b_codec(b, el, NULL, column, SL_CODEC_TEXT);
  for (size_t i = 0; i < at.f->n_columns; i++)
    if (at.f->columns[i].field && !strcasecmp(at.f->columns[i].label.p, path->value))
      return taken(at, path, at.f->columns[i].field->line), false;
  sl_column_plan_t *v = sl_b_grow(b, at.f->columns, at.f->n_columns, sizeof *v);
  if (!v) return false;
  at.f->columns = v;
  v[at.f->n_columns++] = (sl_column_plan_t){.label = sl_str(field->legacy), .field = field};
  return true;
}

static bool json_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  field->nillable = true;
  field->codec = sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT);
  if (at.f->request && (!strncmp(path->value, "header:", 7) || !strncmp(path->value, "query:", 6) ||
                        !strncmp(path->value, "path:", 5))) {
    sl_http_end_t *v = sl_b_grow(b, at.f->rest, at.f->n_rest, sizeof *v);
    if (!v) return false;
    at.f->rest = v;
    v[at.f->n_rest++] = (sl_http_end_t){sl_str(field->legacy), field};
    return true;
  }
  if (path->value[0] != '/') {
    sl_b_error(b, "R200", path->value_line, path->value_col, "legacy=\"/name\"",
               "\"%s\" is not a JSON pointer, which the legacy side of this system needs",
               path->value);
    return false;
  }
  sl_bj_t *j = sl_bj_walk(at.f, at.lj, path->value, path, SL_JN_FIELD, field->access);
  if (j) j->field = field;
  return j;
}

static bool legacy_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  switch (at.f->b->m->kind) {
  case SL_KIND_SOAP: return xml_end(at, el, path, field);
  case SL_KIND_ODBC: return column_end(at, el, path, field);
  default: return json_end(at, el, path, field);
  }
}

/* --- members
 * -------------------------------------------------------------------------------------------- */

static const char *http_name(sl_build_t *b, const char *http)
{
  char *name = (char *)sl_b_dup(b, http, strlen(http));
  if (!strncmp(name, "header:", 7))
    for (char *p = name; *p; p++)
      if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a'); /* RFC 9110 §5.1: no case */
  return name;
}

static void http_end(sl_at_t at, const sl_xat_t *http, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  if (at.f->depth > 0) {
    sl_b_error(b, "R231", http->value_line, http->value_col, NULL,
               "a field of a list's item has no single place in the HTTP message");
    return;
  }
  field->http = http_name(b, http->value);
  sl_bf_http(at.f, field->http, field);
}

static void add_field(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json"),
                 *http = sl_xel_at(el, "http");
  if (!legacy || (!json && !http)) {
    sl_b_error(b, "R230", el->line, el->col, NULL,
               "a field needs legacy= and one of json= and http=");
    return;
  }
  sl_field_t *field = sl_bf_field(at.f, el);
  if (!field) return;
  field->access = (uint8_t)narrower(at.access, sl_b_access(el));
  field->key = !strcmp(sl_xel_get(el, "key", ""), "true");
  field->generated = !strcmp(sl_xel_get(el, "generated", ""), "true");
  field->legacy = sl_b_printf(b, "%s", legacy->value);
  field->label = field->legacy;
  legacy_end(at, el, legacy, field);
  if (http) {
    http_end(at, http, field);
    field->label = field->http;
  }
  if (!json) return;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_FIELD, (sl_access_t)field->access);
  if (!j) return;
  j->field = field;
  field->json = field->label = sl_b_printf(b, "%s%s", at.json_base, j->pointer);
}

static void add_object(sl_at_t at, const sl_xel_t *el)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  at.access = narrower(at.access, sl_b_access(el));
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
  sl_b_members(at, el);
}

static const char *const *name_words(sl_build_t *b, const char *words, size_t *n_p)
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

static const sl_table_t *table_of(sl_build_t *b, const sl_xel_t *el)
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

/* Items that are plain values: one field, which is the item. */
static void scalar_items(sl_at_t at, const sl_xel_t *el)
{
  static const sl_xat_t self = {"legacy", ".", 0, 0, 0, 0};
  sl_field_t *field = sl_bf_field(at.f, el);
  if (!field) return;
  field->access = (uint8_t)at.access;
  field->legacy = field->label = field->json = at.json_base;
  if (at.f->b->m->kind == SL_KIND_SOAP) {
    xml_end(at, el, &self, field);
  } else {
    field->nillable = true;
    field->codec = sl_b_codec(at.f->b, el, NULL, NULL, SL_CODEC_TEXT);
    sl_bj_t *lj = sl_bj_walk(at.f, at.lj, "", NULL, SL_JN_FIELD, at.access);
    if (lj) lj->field = field;
  }
  sl_bj_t *j = sl_bj_walk(at.f, at.j, "", NULL, SL_JN_FIELD, at.access);
  if (j) j->field = field;
}

static bool list_legacy(sl_at_t at, const sl_xel_t *el, sl_bf_t *item, sl_list_t *list)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  if (b->m->kind == SL_KIND_ODBC) return true;
  if (!legacy) {
    sl_b_error(b, "R230", el->line, el->col, NULL, "a list needs legacy=");
    return false;
  }
  list->legacy = sl_b_printf(b, "%s", legacy->value);
  if (b->m->kind != SL_KIND_SOAP) {
    sl_bj_t *j =
        sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_LIST, (sl_access_t)list->access);
    if (j) j->list = list;
    return j;
  }
  sl_ba_t *attr;
  sl_bx_t *x = sl_bx_walk(at.f, at.x, legacy->value, legacy, true, &attr);
  if (!x || attr || x == at.x) return false;
  if (x->list || x->field || x->first) return taken(at, legacy, el->line), false;
  x->list = list;
  x->item = item;
  list->min = x->child ? x->child->min : 0;
  list->max = x->child ? x->child->max : SL_UNBOUNDED;
  item->xml = sl_b_alloc(b, sizeof *item->xml);
  if (!item->xml) return false;
  *item->xml =
      (sl_bx_t){.name = x->name, .ns = x->ns, .path = "", .elem = x->elem, .type = x->type};
  return true;
}

static void add_list(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *json = sl_xel_at(el, "json");
  if (!json) {
    sl_b_error(b, "R230", el->line, el->col, NULL, "a list needs json=");
    return;
  }
  if (at.f->depth >= MAX_FRAMES) {
    sl_b_error(b, "R232", el->line, el->col, NULL, "more than %d lists within lists", MAX_FRAMES);
    return;
  }
  sl_bf_t *item = sl_bf_new(b, at.f->frame->name, at.f->request);
  sl_list_t *list = item ? sl_bf_list(at.f, el, item) : NULL;
  if (!list) return;
  item->depth = at.f->depth + 1;
  list->access = (uint8_t)narrower(at.access, sl_b_access(el));
  list->single_object = sl_xel_at(el, "single") != NULL;
  list->table = item->frame->table = sl_b_printf(b, "%s", sl_xel_get(el, "table", ""));
  list->key = name_words(b, sl_xel_get(el, "key", ""), &list->n_key);
  list->parent = name_words(b, sl_xel_get(el, "parent", ""), &list->n_parent);
  if (!list_legacy(at, el, item, list)) return;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_LIST, (sl_access_t)list->access);
  if (!j) return;
  j->list = list;
  list->json = sl_b_printf(b, "%s%s", at.json_base, j->pointer);
  sl_at_t in = {.f = item,
                .x = item->xml,
                .j = item->json,
                .lj = item->legacy_json,
                .access = (sl_access_t)list->access,
                .table = table_of(b, el),
                .json_base = list->json};
  bool plain = !sl_xel_find(el->first, NULL) && !sl_xel_at(el, "shape");
  if (plain && b->m->kind != SL_KIND_ODBC)
    scalar_items(in, el);
  else
    sl_b_members(in, el);
}

static sl_const_t *new_const(sl_build_t *b, const char *text, const char *label)
{
  sl_const_t *c = sl_b_alloc(b, sizeof *c);
  if (c) *c = (sl_const_t){sl_str(sl_b_printf(b, "%s", text)), sl_b_printf(b, "%s", label)};
  return c;
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
  sl_const_t *c = new_const(b, value, path->value);
  if (b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, path->value, path, false, &attr);
    if (!x) return;
    sl_field_t *before = attr ? attr->field : x->field;
    if (before && before->access != SL_READ_ONLY) return taken(at, path, before->line);
    *(attr ? &attr->constant : &x->constant) = c;
    sl_check_const(at.f, el, attr ? (attr->decl ? attr->decl->type : NULL) : x->type, NULL);
  } else if (b->m->kind == SL_KIND_ODBC) {
    sl_column_plan_t *v = sl_b_grow(b, at.f->columns, at.f->n_columns, sizeof *v);
    if (!v || !c) return;
    at.f->columns = v;
    v[at.f->n_columns++] = (sl_column_plan_t){sl_str(c->label), NULL, c};
    sl_check_const(at.f, el, NULL, at.table);
  } else {
    sl_bj_t *j = sl_bj_walk(at.f, at.lj, path->value, path, SL_JN_CONST, SL_READ_WRITE);
    if (j) j->constant = new_const(b, json_text(b, &(sl_xel_t){0}, value), path->value);
  }
}

static void add_const(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  const char *value = sl_xel_get(el, "value", NULL);
  if (!value) return; /* the schema said so */
  if (!legacy && !json)
    sl_b_error(b, "R230", el->line, el->col, NULL, "a const needs legacy= or json=");
  if (legacy) legacy_const(at, el, legacy);
  if (!json) return;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_CONST, SL_READ_WRITE);
  if (j) j->constant = new_const(b, json_text(b, el, value), j->pointer);
}

static void add_ignore(sl_at_t at, const sl_xel_t *el)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  sl_build_t *b = at.f->b;
  if (!legacy && !json)
    sl_b_error(b, "R230", el->line, el->col, NULL, "an ignore needs legacy= or json=");
  if (legacy && b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, legacy->value, legacy, true, &attr);
    if (x && attr) attr->ignored = true;
    if (x && !attr) x->ignored = true;
  } else if (legacy && b->m->kind != SL_KIND_ODBC) {
    sl_bj_walk(at.f, at.lj, legacy->value, legacy, SL_JN_IGNORE, SL_READ_WRITE);
  }
  if (json) sl_bj_walk(at.f, at.j, json->value, json, SL_JN_IGNORE, SL_READ_WRITE);
}

static void members_of(sl_at_t at, const sl_xel_t *el)
{
  static const struct {
    const char *name;
    void (*add)(sl_at_t at, const sl_xel_t *el);
  } kinds[] = {{"field", add_field},
               {"object", add_object},
               {"list", add_list},
               {"const", add_const},
               {"ignore", add_ignore}};
  for (const sl_xel_t *m = el->first; (m = sl_xel_find(m, NULL)); m = m->next)
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
      if (!strcmp(m->name, kinds[i].name)) kinds[i].add(at, m);
}

void sl_b_members(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *name = sl_xel_at(el, "shape");
  sl_bshape_t *shape = name ? sl_b_shape(b, name) : NULL;
  if (shape && shape->open) {
    sl_b_error(b, "R234", name->value_line, name->value_col, NULL,
               "the shape %s would contain itself: recursive shapes are not supported",
               shape->name);
  } else if (shape) {
    if (!shape->type && at.x) shape->elem = at.x->elem, shape->type = at.x->type;
    if (at.x) at.x->covered = true;
    sl_at_t in = at;
    if (b->m->kind == SL_KIND_ODBC && sl_xel_at(shape->el, "table")) {
      in.table = table_of(b, shape->el);
      in.f->frame->table = sl_b_printf(b, "%s", sl_xel_get(shape->el, "table", ""));
    }
    shape->open = true;
    members_of(in, shape->el);
    shape->open = false;
  }
  members_of(at, el);
}

sl_field_t *sl_b_probe(sl_at_t at, const sl_xat_t *path)
{
  static const sl_xel_t nobody = {.name = "outcome"};
  sl_build_t *b = at.f->b;
  sl_field_t *shared = NULL;
  if (b->m->kind == SL_KIND_SOAP) {
    sl_ba_t *attr;
    sl_bx_t *x = sl_bx_walk(at.f, at.x, path->value, path, false, &attr);
    if (!x) return NULL;
    shared = attr ? attr->field : x->field;
  } else if (b->m->kind != SL_KIND_ODBC) {
    for (size_t i = 0; i < at.f->n_fields; i++)
      if (!strcmp(at.f->fields[i]->legacy, path->value)) shared = at.f->fields[i];
  }
  if (shared) return shared;
  sl_field_t *field = sl_bf_field(at.f, &nobody);
  if (!field) return NULL;
  field->access = SL_READ_ONLY;
  field->legacy = field->label = sl_b_printf(b, "%s", path->value);
  return legacy_end(at, NULL, path, field) ? field : NULL;
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

void sl_b_compile_shapes(sl_build_t *b)
{
  sl_shape_t *v = b->n_shapes ? sl_b_alloc(b, b->n_shapes * sizeof *v) : NULL;
  for (size_t i = 0; v && i < b->n_shapes; i++) {
    sl_bshape_t *shape = &b->shapes[i];
    const char *name = sl_b_printf(b, "%s", shape->name);
    sl_bf_t *f = sl_bf_new(b, name, true);
    if (!f || (b->m->kind == SL_KIND_SOAP && !place(b, shape, f))) return;
    f->frame->table = sl_b_printf(b, "%s", sl_xel_get(shape->el, "table", ""));
    sl_at_t at = {.f = f,
                  .x = f->xml,
                  .j = f->json,
                  .lj = f->legacy_json,
                  .table = table_of(b, shape->el),
                  .json_base = ""};
    shape->open = true;
    members_of(at, shape->el);
    shape->open = false;
    sl_check_values(f);
    v[i] = (sl_shape_t){name, b->m, sl_bf_finish(f), shape->el->line, shape->el->col};
  }
  b->m->shapes = v;
  b->m->n_shapes = v ? b->n_shapes : 0;
}
