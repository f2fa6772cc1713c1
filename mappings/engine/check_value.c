/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/writer_json.h"

enum { MAX_DIGITS = 400, MAX_WIDTH = 100000, SCRATCH = 1 << 20 };

/* One line of the mapping, and what the contract says about its legacy end. */
struct line {
  sl_bf_t *f;
  const sl_field_t *field;
  const sl_xel_t *el;      /* of the mapping; NULL: the engine's own */
  const sl_xtype_t *xtype; /* one of the three */
  const sl_column_t *column;
  const sl_jschema_t *schema;
  const char *path;
  const char *fixed; /* by the contract; NULL: nothing */
  bool nillable, required;
  sl_arena_t *scratch;

  /* What the probes found. */
  unsigned skip; /* of sl_xtype_accepts */
  size_t accepted;
  bool found;
  char json[64], legacy[64], why[SL_WHY]; /* the first that was refused */
};

static bool writes(const struct line *l)
{
  return l->f->request && l->field->access != SL_READ_ONLY;
}

static const char *contract_type(const struct line *l)
{
  char types[64];
  if (l->column) return l->column->type;
  if (l->schema)
    return sl_b_printf(l->f->b, "%s", sl_jtypes_text(sl_jschema_types(l->schema), types));
  if (l->xtype->list_item || l->xtype->is_union)
    return l->xtype->name[0] ? l->xtype->name : l->xtype->list_item ? "xs:list" : "xs:union";
  return l->xtype->name[0] && l->xtype->simple == SL_X_STRING ? l->xtype->name
                                                              : sl_xbase_name(l->xtype->simple);
}

static long long longest(const struct line *l)
{
  if (l->column) return l->column->size;
  if (l->schema) return (long long)sl_jschema_facets(l->schema).max_length;
  const sl_facets_t *f = &l->xtype->facets;
  return (long long)(f->length >= 0 ? f->length : f->max_length);
}

/* As the JSON value that would be sent; an argument of the URL stands for a number, too. */
static bool accepts_json(const struct line *l, const char *text, char why[SL_WHY])
{
  sl_legacy_t v = {*text ? SL_L_TEXT : SL_L_EMPTY, sl_str(text)};
  if (l->skip & SL_SKIP_PATTERNS && sl_jschema_types(l->schema) & SL_JT_STRING) {
    long long max = longest(l);
    if (max < 0 || (long long)sl_utf8_count(v.text) <= max) return true;
    snprintf(why, SL_WHY, "is longer than %lld", max);
    return false;
  }
  sl_json_kind_t kind = sl_legacy_json_kind(l->field, v);
  if (l->field->param && sl_json_is_number(v.text) && !(sl_jschema_types(l->schema) & SL_JT_STRING))
    kind = SL_JSON_NUMBER;
  return sl_jschema_accepts(l->schema, kind, v.text, why) != SL_JS_NO;
}

static bool accepts(const struct line *l, const char *text, char why[SL_WHY])
{
  if (l->schema) return accepts_json(l, text, why);
  return l->column ? sl_column_accepts(l->column, text, why)
                   : sl_xtype_accepts(l->xtype, text, l->skip, why);
}

/* --- probes
 * ---------------------------------------------------------------------------------------------- */

static void judge(struct line *l, const char *json, sl_legacy_t legacy)
{
  char why[SL_WHY] = "";
  if (legacy.state == SL_L_MISSING || legacy.state == SL_L_NIL) return;
  const char *text = legacy.state == SL_L_EMPTY
                         ? ""
                         : sl_arena_strndup(l->scratch, legacy.text.p, legacy.text.len);
  if (!text) return;
  if (accepts(l, text, why)) {
    l->accepted++;
  } else if (!l->found) {
    l->found = true;
    snprintf(l->json, sizeof l->json, "%s", json);
    snprintf(l->legacy, sizeof l->legacy, "%s", text);
    snprintf(l->why, sizeof l->why, "%s", why);
  }
}

static void probe(struct line *l, const char *json)
{
  sl_legacy_t legacy;
  sl_arena_reset(l->scratch);
  if (sl_codec_write_text(l->field->codec, sl_str(json), l->scratch, &legacy, NULL) == SL_OK)
    judge(l, json, legacy);
}

static void probe_state(struct line *l, sl_jstate_t state, const char *json)
{
  sl_legacy_t legacy;
  sl_arena_reset(l->scratch);
  if (sl_codec_write(l->field->codec, state, sl_str(""), l->scratch, &legacy, NULL) == SL_OK)
    judge(l, json, legacy);
}

static void probe_number(struct line *l)
{
  const sl_codec_t *c = l->field->codec;
  int scale = c->kind != SL_CODEC_INTEGER && c->scale > 0 ? c->scale : 0;
  int whole = c->digits > scale ? c->digits - scale : 0;
  char text[MAX_DIGITS + 8];
  probe(l, "1");
  probe(l, "0");
  probe(l, "-1");
  if (scale && scale < MAX_DIGITS) {
    memset(text, '9', (size_t)scale + 2);
    text[0] = '0', text[1] = '.', text[scale + 2] = '\0';
    probe(l, text);
  } else if (c->kind == SL_CODEC_DECIMAL && c->scale < 0) {
    probe(l, "1.5");
  }
  if (!whole || whole > MAX_DIGITS) return;
  text[0] = '-';
  memset(text + 1, '9', (size_t)whole);
  text[whole + 1] = '\0';
  probe(l, text + 1);
  probe(l, text);
}

/* As much text as the type takes, or one character more than the contract does. */
static void probe_text(struct line *l)
{
  const sl_codec_t *c = l->field->codec;
  int64_t max = longest(l);
  if (l->xtype && (l->xtype->list_item || l->xtype->is_union)) return; /* they are text to JSON */
  size_t width = c->width > 0 ? (size_t)c->width : 1;
  if (max >= 0 && width > (size_t)max) width = (size_t)max + 1;
  char *full = width < MAX_WIDTH ? malloc(width + 1) : NULL;
  if (!full) return;
  memset(full, 'x', width);
  full[width] = '\0';
  /* The consumer's text is anything: whether it is among the enumerated, the codec sees. */
  l->skip |= SL_SKIP_ENUMS | SL_SKIP_PATTERNS;
  probe(l, full);
  free(full);
}

static void probe_all(struct line *l)
{
  static const char *const samples[][5] = {
      [SL_CODEC_FLOAT] = {"1.5", "-1"},
      [SL_CODEC_BOOLEAN] = {"true", "false"},
      [SL_CODEC_DATE] = {"2024-02-29", "1999-12-31"},
      [SL_CODEC_TIME] = {"23:59:58", "23:59:58Z"},
      [SL_CODEC_DATETIME] = {"2024-02-29T23:59:58", "2024-02-29T23:59:58Z"},
      [SL_CODEC_BINARY] = {"AAAA"},
      [SL_CODEC_NULL] = {NULL},
      [SL_CODEC_OPAQUE] = {"<a>1</a>"},
  };
  const sl_codec_t *c = l->field->codec;
  switch (sl_codec_kind(c)) {
  case SL_CODEC_TEXT: probe_text(l); break;
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL: probe_number(l); break;
  case SL_CODEC_CODE:
    for (size_t i = 0; i < c->n_codes; i++)
      if (c->codes[i].access != SL_READ_ONLY) {
        char json[64];
        snprintf(json, sizeof json, "%.*s", SL_STR_ARG(c->codes[i].json));
        probe(l, json);
      }
    break;
  default:
    for (size_t i = 0; samples[c->kind][i]; i++) probe(l, samples[c->kind][i]);
  }
}

/* --- findings
 * --------------------------------------------------------------------------------------------- */

static const sl_xat_t *at_of(const sl_xel_t *el, const char *const *names)
{
  for (; *names; names++) {
    const sl_xat_t *at = sl_xel_at(el, *names);
    if (at) return at;
  }
  return NULL;
}

static const char *shown(const struct line *l)
{
  return sl_b_printf(l->f->b, "%s is written as \"%s\", which %s", l->json, l->legacy, l->why);
}

static const sl_xel_t *declared(const sl_build_t *b, const char *name)
{
  for (size_t i = 0; i < b->n_types; i++)
    if (!strcmp(b->types[i].name, name)) return b->types[i].el;
  return NULL;
}

/* The row of the code table that writes json; NULL: not a code table. */
static const sl_xat_t *row_of(const sl_build_t *b, const sl_xat_t *type, const char *json)
{
  const sl_xel_t *table = declared(b, type->value);
  const sl_xel_t *row = table ? table->first : NULL;
  for (; (row = sl_xel_find(row, "code")); row = row->next)
    if (!strcmp(sl_xel_get(row, "json", ""), json) && sl_b_access(row) != SL_READ_ONLY)
      return sl_xel_at(row, "legacy");
  return NULL;
}

/* The type never fits, or some of its values do not. */
static void report(const struct line *l, const sl_xat_t *type)
{
  sl_build_t *b = l->f->b;
  sl_codec_kind_t kind = sl_codec_kind(l->field->codec);
  const char *fix = sl_b_printf(b, "leave type= out to take the contract's %s, or correct the type",
                                contract_type(l));
  if (!l->found) return;
  if (kind == SL_CODEC_TEXT && strstr(l->why, "longer")) {
    sl_b_error(b, "T202", type->value_line, type->value_col, "give the type the contract's width",
               "the type \"%s\" is %d characters wide, and %s takes %lld", type->value,
               l->field->codec->width, l->path, longest(l));
  } else if (!l->accepted) {
    sl_b_error(b, "T201", type->value_line, type->value_col, fix,
               "the type \"%s\" does not fit %s: %s", type->value, l->path, shown(l));
  } else if (writes(l)) { /* what the legacy system sends is its own business */
    const sl_xat_t *row = kind == SL_CODEC_CODE ? row_of(b, type, l->json) : NULL;
    const sl_xat_t *at = row ? row : type;
    sl_b_error(b, "T203", at->value_line, at->value_col,
               row ? "correct the code, or make the row access=\"read-only\"" : fix,
               "the type \"%s\" writes what the contract refuses in %s: %s", type->value, l->path,
               shown(l));
  }
}

/* Codes that the contract lists and the table does not know: an answer with them is refused. */
static void unknown_codes(const struct line *l, const sl_xat_t *type)
{
  const sl_codec_t *c = l->field->codec;
  sl_build_t *b = l->f->b;
  const char *names = "";
  size_t n = 0;
  const sl_jschema_t *s = l->schema ? sl_jschema_facets(l->schema).with_enum : NULL;
  const char *const *enums = s ? s->texts : l->xtype ? l->xtype->facets.enums : NULL;
  size_t n_enums = s ? s->n_texts : l->xtype ? l->xtype->facets.n_enums : 0;
  if (l->f->request || c->unmapped != SL_UNMAPPED_REJECT) return;
  for (size_t i = 0; i < n_enums; i++) {
    const char *text = enums[i];
    if (sl_code_find(c, sl_str(text))) continue;
    if (n++ < 8) names = sl_b_printf(b, "%s%s\"%s\"", names, *names ? ", " : "", text);
  }
  if (n)
    sl_b_warn(b, "W201", type->value_line, type->value_col,
              "add rows, or unmapped=\"fixed:…\" to the table",
              "the contract allows %s in %s, which the code table \"%s\" refuses", names, l->path,
              type->value);
}

/* null= and absent= that say what the contract has no room for; the field's, else its type's. */
static void check_nulls(const struct line *l)
{
  static const char *const attrs[] = {"null", "absent"};
  sl_build_t *b = l->f->b;
  const sl_xat_t *type = sl_xel_at(l->el, "type");
  const sl_xel_t *type_el = type ? declared(b, type->value) : NULL;
  for (size_t i = 0; writes(l) && i < 2; i++) {
    const sl_xat_t *own = sl_xel_at(l->el, attrs[i]), *at = own;
    if (!at && type_el) at = sl_xel_at(type_el, attrs[i]);
    if (!at) continue;
    const sl_xat_t *where = own ? own : type;
    if (!strcmp(at->value, "nil") && !l->nillable)
      sl_b_error(b, "T205", where->value_line, where->value_col,
                 "choose missing, empty or a sentinel",
                 "%s=\"nil\": the contract does not let %s be %s", attrs[i], l->path,
                 l->column ? "NULL" : "nil");
    else if (!strcmp(at->value, "missing") && l->required && !l->column)
      sl_b_error(b, "T206", where->value_line, where->value_col, "choose empty, nil or a sentinel",
                 "%s=\"missing\": the contract demands %s", attrs[i], l->path);
  }
}

static void check_null_spelling(struct line *l)
{
  static const char *const where[] = {"null", "type", "json", "http", "legacy", NULL};
  l->found = false;
  l->accepted = 0;
  l->skip = 0;
  probe_state(l, SL_J_NULL, "null");
  probe_state(l, SL_J_ABSENT, "absence");
  const sl_xat_t *at = at_of(l->el, where);
  if (l->found && writes(l) && at)
    sl_b_error(l->f->b, "T208", at->value_line, at->value_col,
               "choose a spelling that the contract has", "%s: %s", l->path, shown(l));
}

/* A field could write something else. */
static void check_fixed(const struct line *l)
{
  static const char *const where[] = {"legacy", NULL};
  const sl_xat_t *at = l->fixed && writes(l) ? at_of(l->el, where) : NULL;
  if (!at) return;
  sl_b_error(l->f->b, "T212", at->value_line, at->value_col,
             sl_b_printf(l->f->b, "<const legacy=\"%s\" value=\"%s\"/>, or access=\"read-only\"",
                         at->value, l->fixed),
             "the contract fixes %s to \"%s\"", l->path, l->fixed);
}

static void check_line(struct line *l)
{
  const sl_xat_t *type = l->el ? sl_xel_at(l->el, "type") : NULL;
  if (!l->el || !l->field->codec) return;
  check_fixed(l);
  check_nulls(l);
  l->skip = SL_SKIP_BOUNDS; /* the codec has them: sl_check_narrow */
  if (type) {
    probe_all(l);
    report(l, type);
    if (sl_codec_kind(l->field->codec) == SL_CODEC_CODE) unknown_codes(l, type);
  }
  check_null_spelling(l);
}

/* --- the walk
 * --------------------------------------------------------------------------------------------- */

static const sl_xel_t *el_of(const sl_bf_t *f, const sl_field_t *field)
{
  for (size_t i = 0; i < f->n_fields; i++)
    if (f->fields[i] == field) return f->els[i];
  return NULL;
}

static void check_list(sl_bf_t *f, const sl_bx_t *x)
{
  if (!x->child || x->child->max > 1 || (x->list->whole && x->list->whole->form == SL_LIST_SLOTS))
    return;
  const sl_xel_t *el = NULL;
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->lists[i] == x->list) el = f->list_els[i];
  const sl_xat_t *at = el ? sl_xel_at(el, "legacy") : NULL;
  if (at)
    sl_b_error(f->b, "T204", at->value_line, at->value_col,
               x->type && x->type->n_children ? "use <object>, or add the element that repeats"
                                              : "use <field>",
               "%s comes once at most: it is no list", x->path);
}

static void check_node(sl_bf_t *f, const sl_bx_t *x, sl_arena_t *scratch)
{
  if (x->list) check_list(f, x);
  for (const sl_field_t *field = x->type ? x->field : NULL; field; field = field->other) {
    struct line l = {.f = f,
                     .field = field,
                     .el = el_of(f, field),
                     .xtype = field->xtype ? field->xtype : x->type,
                     .path = x->path[0] ? x->path : x->name,
                     .fixed = x->elem ? x->elem->fixed : NULL,
                     .nillable = field->nillable,
                     .required = field->required,
                     .scratch = scratch};
    check_line(&l);
  }
  for (const sl_ba_t *a = x->attrs; a; a = a->next) {
    const char *path = sl_b_printf(f->b, "%s%s@%s", x->path, x->path[0] ? "/" : "", a->name);
    for (const sl_field_t *field = a->decl ? a->field : NULL; field; field = field->other) {
      struct line l = {.f = f,
                       .field = field,
                       .el = el_of(f, field),
                       .xtype = a->decl->type,
                       .path = path,
                       .fixed = a->decl->fixed,
                       .required = a->decl->required,
                       .scratch = scratch};
      check_line(&l);
    }
  }
  for (const sl_bx_t *c = x->first; c; c = c->next) check_node(f, c, scratch);
}

static void check_columns(sl_bf_t *f, sl_arena_t *scratch)
{
  for (size_t i = 0; i < f->n_columns; i++)
    for (const sl_field_t *field = f->columns[i].field; field; field = field->other) {
      const sl_list_t *place = f->columns[i].place;
      if (!field->column) continue;
      if (place && strcasecmp(f->columns[i].label.p, field->column->name)) continue; /* all alike */
      struct line l = {.f = f,
                       .field = field,
                       .el = el_of(place ? f->items[place->whole->index] : f, field),
                       .column = field->column,
                       .path = field->column->name,
                       .nillable = field->column->nullable || field->column->generated,
                       .scratch = scratch};
      check_line(&l);
    }
}

static void check_json(sl_bf_t *f, const sl_bj_t *j, sl_arena_t *scratch)
{
  if (j->field && j->schema) {
    struct line l = {.f = f,
                     .field = j->field,
                     .el = el_of(f, j->field),
                     .schema = j->schema,
                     .path = j->pointer[0] ? j->pointer : j->field->legacy,
                     .nillable = j->field->nillable,
                     .required = j->field->required,
                     .scratch = scratch};
    check_line(&l);
  }
  for (const sl_bj_t *c = j->first; c; c = c->next) check_json(f, c, scratch);
}

static void check_params(sl_bf_t *f, sl_arena_t *scratch)
{
  for (size_t i = 0; i < f->n_rest; i++) {
    const sl_field_t *field = f->rest[i].field;
    if (!field->param) continue;
    struct line l = {.f = f,
                     .field = field,
                     .el = el_of(f, field),
                     .schema = field->param->schema,
                     .path = field->legacy,
                     .required = field->required,
                     .scratch = scratch};
    check_line(&l);
  }
}

static void check_frame(sl_bf_t *f, sl_arena_t *scratch)
{
  check_json(f, f->legacy_json, scratch);
  check_params(f, scratch);
  if (f->xml) check_node(f, f->xml, scratch);
  check_columns(f, scratch);
  for (size_t i = 0; i < f->n_lists; i++)
    if (f->items[i]) check_frame(f->items[i], scratch);
}

void sl_check_values(sl_bf_t *f)
{
  sl_arena_t *scratch = sl_arena_new(0, SCRATCH);
  if (!scratch) {
    f->b->failed = true;
    return;
  }
  check_frame(f, scratch);
  sl_arena_destroy(&scratch);
}

/* --- constants
 * --------------------------------------------------------------------------------------------- */

void sl_check_const(sl_bf_t *f, const sl_xel_t *el, const sl_xtype_t *xtype, const char *fixed,
                    const sl_table_t *table)
{
  char why[SL_WHY] = "";
  sl_build_t *b = f->b;
  const sl_xat_t *value = sl_xel_at(el, "value"), *legacy = sl_xel_at(el, "legacy");
  if (!value || !legacy || !f->request) return;
  const sl_column_t *column = table ? sl_table_column(table, legacy->value) : NULL;
  if (table && !column) {
    const char *words[64];
    size_t n = 0;
    for (; n < table->n_columns && n < 64; n++) words[n] = table->columns[n].name;
    sl_b_error(b, "R206", legacy->value_line, legacy->value_col,
               sl_b_advice(b, legacy->value, words, n), "no column %s in %s", legacy->value,
               table->name);
  }
  bool is_other = fixed && strcmp(fixed, value->value);
  if (is_other) snprintf(why, sizeof why, "is fixed to \"%.100s\"", fixed);
  if (!is_other && (xtype ? sl_xtype_accepts(xtype, value->value, 0, why)
                          : !column || sl_column_accepts(column, value->value, why)))
    return;
  sl_b_error(b, "T207", value->value_line, value->value_col, NULL,
             "the contract refuses this value of %s: it %s", legacy->value, why);
}

/* --- what a declared type takes from the contract
 * --------------------------------------------------------- */

static bool is_number(sl_codec_kind_t kind)
{
  return kind == SL_CODEC_INTEGER || kind == SL_CODEC_DECIMAL;
}

void sl_check_narrow(sl_codec_spec_t *spec, const sl_xtype_t *xtype)
{
  const sl_facets_t *f = &xtype->facets;
  if (xtype->is_union && spec->kind == SL_CODEC_TEXT && !spec->n_enums)
    spec->enums = f->enums, spec->n_enums = f->n_enums;
  if (xtype->list_item || xtype->is_union) return;
  bool number = xtype->simple == SL_X_INTEGER || xtype->simple == SL_X_DECIMAL;
  /* With an implied point the contract's bounds are of another number than the consumer's. */
  if (is_number(spec->kind) && number && spec->point == SL_POINT_EXPLICIT) {
    if (!spec->min) spec->min = f->min_inclusive;
    if (!spec->max) spec->max = f->max_inclusive;
    if (!spec->digits && f->total_digits > 0) spec->digits = f->total_digits;
    if (spec->kind == SL_CODEC_DECIMAL && spec->scale < 0 && f->fraction_digits >= 0)
      spec->scale = f->fraction_digits;
  }
  if (spec->kind == SL_CODEC_BINARY && xtype->simple == SL_X_HEX && !spec->encoding)
    spec->encoding = SL_ENCODING_HEX;
  if (spec->kind == SL_CODEC_TEXT && xtype->simple == SL_X_STRING) {
    int64_t max = f->length >= 0 ? f->length : f->max_length;
    if (!spec->width && max > 0 && max <= MAX_WIDTH)
      spec->width = (int)max, spec->unit = SL_UNIT_CHARACTERS; /* XSD counts characters */
    if (!spec->n_enums) spec->enums = f->enums, spec->n_enums = f->n_enums;
  }
}
