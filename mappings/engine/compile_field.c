/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/engine/compile.h"

sl_access_t sl_b_narrower(sl_access_t outer, sl_access_t own)
{
  return own == SL_READ_WRITE ? outer : own;
}

static bool disjoint(sl_access_t a, sl_access_t b)
{
  return a != b && a != SL_READ_WRITE && b != SL_READ_WRITE;
}

/* --- the legacy end of a field
 * -------------------------------------------------------------------------- */

void sl_b_taken(sl_at_t at, const sl_xat_t *path, int line)
{
  at.f->b->taken = true;
  sl_b_error(at.f->b, "R211", path->value_line, path->value_col,
             "one line for each, or access=\"read-only\" on one and \"write-only\" on the other",
             "%s is mapped already (%s)",
             at.x && !strcmp(path->value, ".") ? at.x->name : path->value,
             sl_b_where(at.f->b, line, path->line));
}

int sl_b_const_line(const sl_const_t *constant, sl_only_t only)
{
  for (; constant; constant = constant->other)
    if (constant->line && !sl_only_apart(constant->only, only)) return constant->line;
  return 0;
}

/* The line of what stands at attr, or at x, and would not let field be there; 0: none. */
static int in_the_way(const sl_bx_t *x, const sl_ba_t *attr, const sl_field_t *field)
{
  bool ignored = attr ? attr->ignored : x->ignored;
  int line = attr ? attr->line : x->line;
  if (ignored && line && !field->only.choice) return line;
  if (field->access == SL_READ_ONLY) return 0;
  return sl_b_const_line(attr ? attr->constant : x->constant, field->only);
}

/* field takes the place *at_p; when another has it already and only one of them writes, they share
 * the slot. */
static bool occupy(sl_at_t at, sl_field_t **at_p, sl_field_t *field, const sl_xat_t *path)
{
  sl_field_t *first = *at_p, *before = first, *last = NULL;
  while (before && sl_only_apart(before->only, field->only))
    last = before, before = (sl_field_t *)(uintptr_t)before->other; /* being built */
  if (before && !disjoint(before->access, field->access)) {
    sl_b_taken(at, path, before->line);
    return false;
  }
  if (first) field->slot = first->slot;
  if (before && field->access == SL_READ_ONLY) return true;
  if (before) field->other = before->other;
  if (last)
    last->other = field;
  else
    *at_p = field;
  return true;
}

void sl_b_const_place(sl_at_t at, sl_field_t **at_p)
{
  static const sl_xel_t nobody = {.name = "const"};
  static const sl_xat_t nowhere = {"legacy", "", 0, 0, 0, 0};
  if (!at.f->only.choice) return;
  for (const sl_field_t *o = *at_p; o; o = o->other)
    if (!sl_only_apart(o->only, at.f->only)) return;
  sl_field_t *field = sl_bf_field(at.f, &nobody);
  if (!field) return;
  field->access = SL_READ_ONLY;
  occupy(at, at_p, field, &nowhere);
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
  if (!attr && !is_value(type)) field->codec = sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT);
  if (field->codec && sl_codec_kind(field->codec) == SL_CODEC_OPAQUE && x != at.f->xml) {
    b->m->has_raw = x->raw = true;
  } else if (!attr && !is_value(type)) {
    sl_b_error(
        b, "R205", path->value_line, path->value_col,
        "map its elements, in an <object>; or carry it as XML, with a type of kind=\"opaque\"",
        "%s holds elements, not a value", x->path);
    return false;
  }
  if (x->picked && (attr ? attr->constant : x->constant) && field->access != SL_READ_ONLY)
    return sl_b_taken(at, path, x->line), false; /* the predicate says what is written there */
  int taken = el ? in_the_way(x, attr, field) : 0;
  if (taken) return sl_b_taken(at, path, taken), false;
  field->nillable = attr ? false : !x->type || (x->elem && x->elem->nillable);
  field->required = attr ? attr->decl && attr->decl->required : x->child && x->child->min > 0;
  field->xtype = x->raw && !attr ? NULL : type;
  if (!field->codec) field->codec = sl_b_codec(b, el, type, NULL, SL_CODEC_TEXT);
  return occupy(at, attr ? &attr->field : &x->field, field, path);
}

/* Is everything at this column of other cases than `only`? */
static bool is_free(const sl_column_plan_t *column, sl_only_t only)
{
  for (const sl_field_t *o = column->field; o; o = o->other)
    if (!sl_only_apart(o->only, only)) return false;
  for (const sl_const_t *o = column->constant; o; o = o->other)
    if (!sl_only_apart(o->only, only)) return false;
  return true;
}

sl_column_plan_t *sl_b_column(sl_bf_t *f, const char *label, sl_only_t only)
{
  for (size_t i = 0; i < f->n_columns; i++)
    if (!strcasecmp(f->columns[i].label.p, label) && is_free(&f->columns[i], only))
      return &f->columns[i];
  sl_column_plan_t *v = sl_b_grow(f->b, f->columns, f->n_columns, sizeof *v);
  if (!v) return NULL;
  f->columns = v;
  v[f->n_columns] = (sl_column_plan_t){.label = sl_str(label)};
  return &v[f->n_columns++];
}

/* Is there a line for that column? */
static bool has_line(const sl_xel_t *in, const char *label)
{
  for (const sl_xel_t *c = in->first; (c = sl_xel_find(c, NULL)); c = c->next)
    if (!strcasecmp(sl_xel_get(c, "legacy", ""), label) || has_line(c, label)) return true;
  return false;
}

int sl_b_column_line(const sl_bf_t *f, const char *label, sl_access_t access, sl_only_t only)
{
  for (size_t i = 0; i < f->n_ignored && !only.choice; i++)
    if (!strcasecmp(f->ignored[i]->value, label)) return f->ignored[i]->line;
  for (size_t i = 0; i < f->n_columns; i++) {
    if (strcasecmp(f->columns[i].label.p, label)) continue;
    for (const sl_field_t *o = f->columns[i].field; o; o = o->other)
      if (o->notes && !disjoint((sl_access_t)o->access, access) && !sl_only_apart(o->only, only))
        return o->line;
    int line = access == SL_READ_ONLY ? 0 : sl_b_const_line(f->columns[i].constant, only);
    if (line) return line;
  }
  return 0;
}

static bool column_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  const char *label = at.places ? sl_b_place_label(b, at.places, path->value, 0) : path->value;
  const sl_column_t *column = at.table ? sl_table_column(at.table, label) : NULL;
  if (at.table && !column && field->access != SL_READ_ONLY) {
    const char *words[64], *near;
    size_t n = 0;
    for (; n < at.table->n_columns && n < 64; n++) words[n] = at.table->columns[n].name;
    sl_b_error(b, "R206", path->value_line, path->value_col, sl_b_advice(b, label, words, n),
               "no column %s in %s (a column of another table has to be access=\"read-only\")",
               label, at.table->name);
    near = at.places ? NULL : sl_b_near(b, path, label, words, n);
    if (near && has_line(el->parent, near)) near = NULL;
    if (near) field->legacy = near, column = sl_table_column(at.table, near);
  }
  bool guessed = sl_b_guessed(b, path->value_line, path->value_col);
  field->column = column;
  field->nillable = !column || column->nullable;
  field->required = column && !column->nullable && !column->generated && !field->generated;
  field->codec = sl_b_codec(b, el, NULL, column, SL_CODEC_TEXT);
  if (guessed) field->codec = NULL;
  int taken = sl_b_column_line(at.f, guessed ? field->legacy : path->value,
                               (sl_access_t)field->access, field->only);
  if (taken) return sl_b_taken(at, path, taken), false;
  sl_column_plan_t *plan = sl_b_column(at.f, field->legacy, field->only);
  if (!plan) return false;
  if (plan->field) field->slot = plan->field->slot, field->other = plan->field;
  plan->field = field;
  return true;
}

static bool json_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  if (at.f->request && (!strncmp(path->value, "header:", 7) || !strncmp(path->value, "query:", 6) ||
                        !strncmp(path->value, "path:", 5))) {
    if (at.f->only.choice) {
      sl_b_error(b, "R231", path->value_line, path->value_col, "move it out of the choice",
                 "a field of a case is not in every message, and its HTTP end would be");
      return false;
    }
    sl_http_end_t *v = sl_b_grow(b, at.f->rest, at.f->n_rest, sizeof *v);
    if (!v) return false;
    at.f->rest = v;
    v[at.f->n_rest++] = (sl_http_end_t){sl_str(field->legacy), field};
    return sl_b_rest_end(at.f, el, path, field);
  }
  if (path->value[0] != '/') {
    sl_b_error(b, "R200", path->value_line, path->value_col, "legacy=\"/name\"",
               "\"%s\" is not a JSON pointer, which the legacy side of this system needs",
               path->value);
    sl_bj_excuse(b, at.lj, field->legacy);
    return false;
  }
  sl_bj_t *j = sl_bj_walk(at.f, at.lj, path->value, path, SL_JN_FIELD, field->access);
  if (!j) {
    field->nillable = true;
    field->codec = sl_b_codec(b, el, NULL, NULL, SL_CODEC_TEXT); /* its own mistakes are told too */
    return false;
  }
  if (!sl_b_json_field(b, el, path, j, field)) return j->kind = SL_JN_OBJECT, false;
  j->field = field;
  return true;
}

bool sl_b_legacy_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  switch (at.f->b->m->kind) {
  case SL_KIND_SOAP: return xml_end(at, el, path, field);
  case SL_KIND_ODBC: return column_end(at, el, path, field);
  default: return json_end(at, el, path, field);
  }
}

/* --- a line of a shape ------------------------------------------------------------------------ */

static const char *http_name(sl_build_t *b, const char *http)
{
  char *name = (char *)sl_b_dup(b, http, strlen(http));
  if (!strncmp(name, "header:", 7))
    for (char *p = name; *p; p++)
      if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a'); /* RFC 9110 §5.1: no case */
  return name;
}

/* Addresses are logged, kept in histories and sent on as Referer: no place for personal data. */
void sl_b_check_pii(sl_build_t *b, const sl_xel_t *el, const sl_xat_t *http, bool key)
{
  const char *pii = sl_xel_get(el, "pii", "");
  if (!*pii || !strncmp(http->value, "header:", 7)) return;
  if (key && !strncmp(http->value, "path:", 5))
    sl_b_warn(b, "P102", http->value_line, http->value_col,
              "an identifier that says nothing about the person, if there is one",
              "the key is personal data (%s), and stands in the URL: in logs and histories", pii);
  else
    sl_b_error(b, "P101", http->value_line, http->value_col,
               "http=\"header:…\", or json= in the body of a POST",
               "personal data (%s) in the URL: it would stand in logs and histories", pii);
}

static void http_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *http, sl_field_t *field)
{
  sl_build_t *b = at.f->b;
  sl_b_check_pii(b, el, http, !strcmp(sl_xel_get(el, "key", ""), "true"));
  if (at.f->depth > 0) {
    sl_b_error(b, "R231", http->value_line, http->value_col, NULL,
               "a field of a list's item has no single place in the HTTP message");
    return;
  }
  if (at.f->only.choice) {
    sl_b_error(b, "R231", http->value_line, http->value_col, "move it out of the choice",
               "a field of a case is not in every message, and its HTTP end would be");
    return;
  }
  field->http = http_name(b, http->value);
  sl_bf_http(at.f, field->http, field);
}

void sl_b_consumer_ends(sl_at_t at, const sl_xel_t *el, sl_field_t *field)
{
  const sl_xat_t *json = sl_xel_at(el, "json"), *http = sl_xel_at(el, "http");
  if (http) {
    http_end(at, el, http, field);
    field->label = field->http;
  }
  if (!json) return;
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_FIELD, (sl_access_t)field->access);
  if (!j) return;
  j->field = field;
  field->json = field->label = sl_b_printf(at.f->b, "%s%s", at.json_base, j->pointer);
}

void sl_b_field(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json"),
                 *http = sl_xel_at(el, "http");
  if (!legacy || (!json && !http)) {
    sl_b_lose(at);
    if (!el->wrong) /* else it may be there, as something else */
      sl_b_error(b, "R230", el->line, el->col, NULL,
                 "a field needs legacy= and one of json= and http=");
    if (!http) return;
  }
  sl_field_t *field = sl_bf_field(at.f, el);
  if (!field) return;
  field->access = (uint8_t)sl_b_narrower(at.access, sl_b_access(el));
  field->key = !strcmp(sl_xel_get(el, "key", ""), "true");
  field->generated = !strcmp(sl_xel_get(el, "generated", ""), "true");
  field->legacy = sl_b_printf(b, "%s", legacy ? legacy->value : "");
  field->label = field->legacy;
  if (legacy) sl_b_legacy_end(at, el, legacy, field);
  if (legacy) sl_b_default(at, el, field);
  sl_b_consumer_ends(at, el, field);
}

/* Items that are plain values: one field, which is the item. */
void sl_b_scalar_items(sl_at_t at, const sl_xel_t *el, const char *path)
{
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  sl_xat_t self = legacy ? *legacy : (sl_xat_t){.name = "legacy"};
  self.value = path;
  sl_field_t *field = sl_bf_field(at.f, el);
  if (!field) return;
  field->access = (uint8_t)at.access;
  field->legacy = field->label = field->json = at.json_base;
  if (at.f->b->m->kind == SL_KIND_SOAP) {
    xml_end(at, el, &self, field);
  } else if (at.f->b->m->kind == SL_KIND_ODBC) {
    field->legacy = ""; /* of the columns, which the slots number */
    column_end(at, el, &self, field);
    field->legacy = at.json_base;
  } else {
    sl_bj_t *lj =
        sl_bj_walk(at.f, at.lj, strcmp(path, ".") ? path : "", &self, SL_JN_FIELD, at.access);
    if (lj) lj->field = field;
    if (lj) sl_b_json_field(at.f->b, el, NULL, lj, field);
  }
  sl_bj_t *j = sl_bj_walk(at.f, at.j, "", NULL, SL_JN_FIELD, at.access);
  if (j) j->field = field;
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
  return sl_b_legacy_end(at, NULL, path, field) ? field : NULL;
}
