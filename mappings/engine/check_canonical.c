/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shapes of a mapping against the JSON Schema that its consumers were promised: members, types,
 * null, absence, codes. Whether each value fits (lengths, patterns, bounds) the laws decide. */
#include "mappings/engine/check.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/schema_impl.h"

/* $defs/NAME, else the root: where its title is the shape's name, or there is but one shape. */
static const sl_jschema_t *schema_of(const sl_mapping_t *mapping, const sl_shape_t *shape)
{
  const sl_jschema_t *def = sl_jschemas_def(mapping->canonical, shape->name);
  if (def) return def;
  const sl_jschema_t *root = sl_jschemas_root(mapping->canonical);
  bool named = root->title && !strcmp(root->title, shape->name);
  return named || mapping->n_shapes == 1 ? root : NULL;
}

/* --- the check ----------------------------------------------------------------------------------
 */

enum { MAX_NAMES = 256 };

struct check {
  const sl_mapping_t *m;
  sl_diags_t *diags;
  sl_scheme_t scheme; /* asks what answers hold */
  int line, col;      /* of the list or shape that is being looked at */
};

static void at_schema(struct check *c, sl_severity_t severity, const char *code,
                      const sl_jschema_t *s, const char *fix, const char *text)
{
  sl_diags_add(c->diags, severity, code, s->file, s->line, s->col, fix, "%s", text);
}

/* Where the contract says nothing, nobody knows whether the legacy system ever does that. */
static sl_severity_t unsure(const sl_field_t *field)
{
  const sl_field_t *at = sl_scheme_carrier(field);
  return at->column || at->xtype || at->schema ? SL_ERROR : SL_WARNING;
}

/* A row has all its columns: only NULL, or a sentinel, can mean that a member is absent. */
static bool may_lack(struct check *c, const sl_field_t *field)
{
  const sl_field_t *at = sl_scheme_carrier(field);
  if (field->access == SL_WRITE_ONLY || sl_scheme_required(&c->scheme, field)) return false;
  if (!at->column) return true;
  bool lacks = at->nillable && field->codec->read_state[SL_L_NIL] == SL_AS_ABSENT;
  for (size_t i = 0; i < field->codec->n_sentinels; i++)
    lacks |= field->codec->sentinels[i].meaning == SL_AS_ABSENT;
  return lacks;
}

static unsigned types_of(const sl_codec_t *codec)
{
  const char *text = sl_codec_json_type(codec);
  unsigned types = 0;
  bool whole =
      codec->kind == SL_CODEC_INTEGER || (codec->kind == SL_CODEC_DECIMAL && !codec->scale);
  if (strstr(text, "string")) types |= SL_JT_STRING;
  if (strstr(text, "number")) types |= SL_JT_INTEGER | (whole ? 0u : (unsigned)SL_JT_NUMBER);
  if (strstr(text, "boolean")) types |= SL_JT_BOOLEAN;
  return types;
}

static void check_codes(struct check *c, const sl_field_t *field, const sl_jschema_t *s,
                        const char *pointer)
{
  const sl_codec_t *codec = field->codec;
  const sl_jschema_t *listed = sl_jschema_facets(s).with_enum;
  char why[SL_WHY], names[200] = "";
  for (size_t i = 0; i < codec->n_codes; i++) {
    const sl_spelling_t *row = &codec->codes[i];
    if (row->access == SL_WRITE_ONLY || !row->out.len || row->out.p[0] != '"') continue;
    if (sl_jschema_accepts(s, SL_JSON_STRING, row->json, why) != SL_JS_NO) continue;
    sl_diags_add(c->diags, SL_ERROR, "S206", c->m->file, field->line, field->col,
                 "add it to the schema's enum, or correct the code table",
                 "%s may be \"%.*s\", which the schema refuses: it %s", pointer,
                 SL_STR_ARG(row->json), why);
  }
  for (size_t i = 0; listed && i < listed->n_texts; i++) {
    bool known = codec->unmapped == SL_UNMAPPED_PROVIDED || field->access == SL_READ_ONLY;
    for (size_t k = 0; k < codec->n_codes && !known; k++)
      known = codec->codes[k].access != SL_READ_ONLY &&
              sl_str_eqz(codec->codes[k].json, listed->texts[i]);
    size_t len = strlen(names);
    if (!known && len + strlen(listed->texts[i]) + 4 < sizeof names)
      snprintf(names + len, sizeof names - len, "%s\"%s\"", len ? ", " : "", listed->texts[i]);
  }
  if (names[0])
    sl_diags_add(c->diags, SL_WARNING, "S207", c->m->file, field->line, field->col,
                 "add rows to the code table, or correct the schema",
                 "the schema allows %s in %s, which the code table refuses", names, pointer);
}

static void check_field(struct check *c, const sl_field_t *field, const sl_jschema_t *s,
                        const char *pointer)
{
  char wanted[64], given[64];
  if (!field->codec || s == &sl_jschema_any) return;
  unsigned types = types_of(field->codec), allowed = sl_jschema_types(s);
  bool fits = types == 0 || types & allowed ||
              (types & SL_JT_NUMBER && allowed & (SL_JT_NUMBER | SL_JT_INTEGER));
  if (!fits || (types & SL_JT_NUMBER && !(allowed & (SL_JT_NUMBER | SL_JT_STRING)))) {
    sl_diags_add(c->diags, SL_ERROR, "S202", c->m->file, field->line, field->col,
                 allowed & SL_JT_STRING ? "as=\"string\" on the type, or correct the schema"
                 : allowed & (SL_JT_NUMBER | SL_JT_INTEGER)
                     ? "as=\"number\" on the type, or correct the schema"
                     : "another type, or correct the schema",
                 "%s is %s, and the schema wants %s (%s:%d)", pointer, sl_jtypes_text(types, given),
                 sl_jtypes_text(allowed, wanted), s->file, s->line);
    return;
  }
  c->scheme.field = field;
  c->scheme.c = field->codec;
  if (field->access != SL_WRITE_ONLY && !(allowed & SL_JT_NULL) && sl_scheme_nulls(&c->scheme))
    sl_diags_add(c->diags, unsure(field), "S205", c->m->file, field->line, field->col,
                 "allow null in the schema, or read-absent= for what means null",
                 "%s may be null, and the schema does not allow that (%s:%d)", pointer, s->file,
                 s->line);
  if (sl_codec_kind(field->codec) == SL_CODEC_CODE) check_codes(c, field, s, pointer);
}

static void check_node(struct check *c, const sl_jnode_t *node, const sl_jschema_t *s,
                       const char *base);

static const sl_jnode_t *child(const sl_jnode_t *node, sl_str_t key)
{
  for (uint16_t i = 0; i < node->n_children; i++)
    if (sl_str_eq(node->children[i].key, key)) return &node->children[i];
  return NULL;
}

static void check_member(struct check *c, const sl_jnode_t *node, const sl_jschema_t *in,
                         const char *base)
{
  char pointer[512];
  const sl_jschema_t *s = sl_jschema_member(c->m->canonical, in, node->key);
  int line = node->field  ? node->field->line
             : node->list ? node->list->line
                          : c->line,
      col = node->field  ? node->field->col
            : node->list ? node->list->col
                         : c->col;
  snprintf(pointer, sizeof pointer, "%s%s", base, node->pointer);
  if (node->kind == SL_JN_IGNORE) return;
  if (sl_jschema_forbids(s)) {
    sl_diags_add(c->diags, SL_ERROR, "S203", c->m->file, line, col,
                 "add it to the schema's properties, or remove the line",
                 "the schema allows no member %s (%s:%d)", pointer, in->file, in->line);
    return;
  }
  const sl_field_t *field = node->kind == SL_JN_FIELD && !node->names ? node->field : NULL;
  bool lacks = field && field->codec && may_lack(c, field);
  if (lacks && sl_jschema_requires(in, node->key))
    sl_diags_add(c->diags, unsure(field), "S204", c->m->file, line, col,
                 "read-null= for what means absence, or make it optional in the schema",
                 "the schema requires %s, which may be absent (%s:%d)", pointer, in->file,
                 in->line);
  check_node(c, node, s, base);
}

static void check_object(struct check *c, const sl_jnode_t *node, const sl_jschema_t *s,
                         const char *base)
{
  sl_str_t names[MAX_NAMES];
  char text[400];
  const void *before = c->scheme.common;
  c->scheme.common = node->key.len ? sl_scheme_common(c->scheme.frame, node) : NULL;
  for (uint16_t i = 0; i < node->n_children; i++) check_member(c, &node->children[i], s, base);
  c->scheme.common = before;
  size_t n = sl_jschema_property_names(s, names, MAX_NAMES);
  for (size_t i = 0; i < n; i++) {
    const sl_jschema_t *member = sl_jschema_member(c->m->canonical, s, names[i]);
    if (child(node, names[i]) || member->nothing) continue;
    bool must = sl_jschema_requires(s, names[i]);
    snprintf(text, sizeof text, "no line of the mapping %s %s%s/%s",
             must ? "fills, and the schema requires," : "has", base, node->pointer, names[i].p);
    at_schema(c, must ? SL_ERROR : SL_WARNING, must ? "S204" : "S208",
              member == &sl_jschema_any ? s : member, "map it, or take it out of the schema", text);
  }
}

static void check_node(struct check *c, const sl_jnode_t *node, const sl_jschema_t *s,
                       const char *base)
{
  char pointer[512], wanted[64];
  unsigned allowed = sl_jschema_types(s);
  bool array = node->kind == SL_JN_LIST,
       object = node->kind == SL_JN_OBJECT || node->kind == SL_JN_PAIRS;
  snprintf(pointer, sizeof pointer, "%s%s", base, node->pointer);
  if (node->kind == SL_JN_FIELD && !node->names) check_field(c, node->field, s, pointer);
  if (!array && !object) return;
  if (!(allowed & (array ? SL_JT_ARRAY : SL_JT_OBJECT))) {
    sl_diags_add(c->diags, SL_ERROR, "S202", c->m->file, node->list ? node->list->line : c->line,
                 node->list ? node->list->col : c->col, "correct the schema, or the line",
                 "%s is %s, and the schema wants %s (%s:%d)", pointer[0] ? pointer : "the shape",
                 array ? "an array" : "an object", sl_jtypes_text(allowed, wanted), s->file,
                 s->line);
    return;
  }
  if (node->kind == SL_JN_OBJECT) check_object(c, node, s, base);
  if (!array) return;
  const sl_frame_t *frame = c->scheme.frame;
  int line = c->line, col = c->col;
  c->scheme.frame = node->list->item;
  c->line = node->list->line, c->col = node->list->col;
  c->scheme.filled = sl_scheme_fills(node->list);
  check_node(c, node->list->item->json, sl_jschema_item(c->m->canonical, s, 0), pointer);
  c->scheme.filled = false;
  c->scheme.frame = frame;
  c->line = line, c->col = col;
}

void sl_check_canonical(const sl_mapping_t *mapping, int line, int col, sl_diags_t *diags)
{
  struct check c = {.m = mapping, .diags = diags};
  c.scheme = (sl_scheme_t){.view = SL_VIEW_ANSWER, .scratch = sl_arena_new(0, 0)};
  for (size_t i = 0; c.scheme.scratch && i < mapping->n_shapes; i++) {
    const sl_shape_t *shape = &mapping->shapes[i];
    const sl_jschema_t *s = schema_of(mapping, shape);
    if (!shape->frame) continue;
    if (!s) {
      sl_diags_add(
          diags, SL_WARNING, "S201", mapping->file, line, col, "add it to $defs of the schema",
          "the schema says nothing about the shape %s: no $defs/%s", shape->name, shape->name);
      continue;
    }
    c.scheme.frame = shape->frame;
    c.line = shape->line, c.col = shape->col;
    check_node(&c, shape->frame->json, s, "");
  }
  sl_arena_destroy(&c.scheme.scratch);
}
