/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jschema.h"
#include "mappings/engine/check.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/derive.h"

enum { MAX_RECORD = 99999, MAX_PARTS = 1000 };

/* A record while it is compiled. */
struct recb {
  sl_at_t at;
  const sl_xel_t *el;
  sl_field_t *carrier;
  sl_derive_t *derive;
  sl_part_t *parts;
  const sl_xel_t **els; /* of parts */
  size_t n;
};

/* --- places ------------------------------------------------------------------------------------
 */

/* at="4-10" or "4"; 1-based and inclusive there. False after an error. */
static bool place_of(sl_build_t *b, const sl_xel_t *el, sl_part_t *part)
{
  const sl_xat_t *at = sl_xel_at(el, "at");
  if (!at) {
    if (sl_xel_is(el, "field"))
      sl_b_error(b, "R241", el->line, el->col, "at=\"1-3\"",
                 "a field of a record says where it is: at=");
    return false; /* else the schema said so */
  }
  char *end;
  unsigned long first = strtoul(at->value, &end, 10), last = first;
  if (*end == '-') last = strtoul(end + 1, NULL, 10);
  if (!first) return false; /* the schema said so */
  if (last < first) {
    sl_b_error(b, "R241", at->value_line, at->value_col,
               sl_b_printf(b, "at=\"%lu-%lu\"", last, first), "%s ends before it begins",
               at->value);
    return false;
  }
  part->from = (uint32_t)first - 1;
  part->len = (uint32_t)(last - first) + 1;
  return true;
}

static int by_place(const void *a, const void *b)
{
  const sl_part_t *x = a, *y = b;
  return (x->from > y->from) - (x->from < y->from);
}

static const char *span(sl_build_t *b, uint32_t from, uint32_t end)
{
  return end - from == 1 ? sl_b_printf(b, "%u", end) : sl_b_printf(b, "%u-%u", from + 1, end);
}

static const sl_xat_t *at_of(const struct recb *r, uint32_t from, uint32_t len)
{
  for (const sl_xel_t *m = r->el->first; (m = sl_xel_find(m, NULL)); m = m->next) {
    sl_part_t p;
    const sl_xat_t *at = sl_xel_at(m, "at");
    char *end;
    if (!at) continue;
    p.from = (uint32_t)strtoul(at->value, &end, 10) - 1;
    p.len = *end == '-' ? (uint32_t)strtoul(end + 1, NULL, 10) - p.from : 1;
    if (p.from == from && p.len == len) return at;
  }
  return NULL;
}

/* Every position belongs to one line. */
static void check_places(struct recb *r, uint32_t width)
{
  sl_build_t *b = r->at.f->b;
  uint32_t end = 0;
  for (size_t i = 0; i <= r->n; i++) {
    const sl_part_t *p = i < r->n ? &r->parts[i] : NULL;
    uint32_t from = p ? p->from : width;
    if (from > end)
      sl_b_error(b, "R242", r->el->line, r->el->col,
                 sl_b_printf(b, "add <ignore at=\"%s\" reason=\"…\"/>", span(b, end, from)),
                 "nothing says what %s of the record is", span(b, end, from));
    if (!p) break;
    const sl_xat_t *at = at_of(r, p->from, p->len);
    if (from < end && at)
      sl_b_error(b, "R243", at->value_line, at->value_col, NULL,
                 "%s belongs to another line of the record already",
                 span(b, from, p->from + p->len < end ? p->from + p->len : end));
    if (p->from + p->len > width && at)
      sl_b_error(b, "R243", at->value_line, at->value_col, NULL,
                 "the record is %u wide, and this ends at %u", width, p->from + p->len);
    if (p->from + p->len > end) end = p->from + p->len;
  }
}

/* --- parts -------------------------------------------------------------------------------------
 */

static bool has_blank_code(const sl_codec_spec_t *spec)
{
  for (size_t i = 0; i < spec->n_codes; i++)
    if (!spec->codes[i].legacy[strspn(spec->codes[i].legacy, " ")]) return true;
  return false;
}

/* A part has no element of its own that could be missing, nil or empty: what it can be is blank.
 * Blank means absent, unless something says that it means null, or it is a code. */
static void blank_nulls(sl_codec_spec_t *spec)
{
  if (has_blank_code(spec)) return;
  const sl_nulls_t *levels[] = {&spec->field_nulls, &spec->type_nulls, &spec->system_nulls};
  bool null = false, absent = false;
  for (size_t i = 0; i < 3 && !null && !absent; i++) {
    unsigned blank = 1u << SL_L_BLANK;
    null = (levels[i]->has_null && levels[i]->null == SL_L_BLANK) || levels[i]->read_null & blank;
    absent = !null && ((levels[i]->has_absent && levels[i]->absent == SL_L_BLANK) ||
                       levels[i]->read_absent & blank);
  }
  for (size_t i = 0; i < spec->n_sentinels; i++)
    if (!strcmp(spec->sentinels[i].json, null ? "null" : "absent") &&
        spec->sentinels[i].access != SL_READ_ONLY) {
      /* It is the sentinel that is written; blanks are read as the same. */
      *(null ? &spec->field_nulls.read_null : &spec->field_nulls.read_absent) |= 1u << SL_L_BLANK;
      return;
    }
  if (null)
    spec->field_nulls.has_null = true, spec->field_nulls.null = SL_L_BLANK;
  else
    spec->field_nulls.has_absent = true, spec->field_nulls.absent = SL_L_BLANK;
}

static void check_states(sl_build_t *b, const sl_xel_t *el)
{
  static const char *const attrs[] = {"null", "absent", "read-null", "read-absent"};
  for (size_t i = 0; i < 4; i++) {
    const sl_xat_t *at = sl_xel_at(el, attrs[i]);
    if (at && strcmp(at->value, "blank"))
      sl_b_error(b, "R244", at->value_line, at->value_col,
                 sl_b_printf(b, "%s=\"blank\", or on the record", attrs[i]),
                 "a part of a record can only be blank, not %s", at->value);
  }
}

/* What the type writes for json has to fit into its place. False after an error. */
static bool fits(const struct recb *r, const sl_xel_t *el, const sl_part_t *part,
                 const sl_codec_t *codec, sl_str_t json)
{
  sl_build_t *b = r->at.f->b;
  sl_legacy_t v;
  if (sl_codec_write_text(codec, json, b->arena, &v, NULL) || v.state != SL_L_TEXT) return true;
  size_t width = sl_part_width(r->carrier->codec, v.text);
  if (width <= part->len) return true;
  const sl_xat_t *at = sl_xel_at(el, "at");
  sl_b_error(b, "R245", at->value_line, at->value_col, "correct at=, or the type",
             "%.*s is written as \"%.*s\", which is %zu wide, and the place in the record %u",
             SL_STR_ARG(json), SL_STR_ARG(v.text), width, part->len);
  return false;
}

/* Kinds whose spellings have no width of their own: at load, what would never go. */
static void check_fit(const struct recb *r, const sl_xel_t *el, const sl_part_t *part,
                      const sl_codec_t *codec)
{
  static const char *const samples[][2] = {
      [SL_CODEC_BOOLEAN] = {"true", "false"},
      [SL_CODEC_DATE] = {"2024-02-29"},
      [SL_CODEC_TIME] = {"23:59:58"},
      [SL_CODEC_DATETIME] = {"2024-02-29T23:59:58", "2024-02-29T23:59:58Z"}};
  sl_codec_kind_t kind = sl_codec_kind(codec);
  for (size_t i = 0; kind == SL_CODEC_CODE && i < codec->n_codes; i++)
    if (codec->codes[i].access != SL_READ_ONLY && !fits(r, el, part, codec, codec->codes[i].json))
      return;
  for (size_t i = 0; kind < sizeof samples / sizeof *samples && i < 2 && samples[kind][i]; i++)
    if (!fits(r, el, part, codec, sl_str(samples[kind][i]))) return;
}

static const sl_codec_t *part_codec(struct recb *r, const sl_xel_t *el, const sl_part_t *part)
{
  sl_build_t *b = r->at.f->b;
  sl_codec_spec_t spec;
  if (!sl_b_codec_spec(b, el, NULL, NULL, SL_CODEC_TEXT, &spec)) return NULL;
  bool number = spec.kind == SL_CODEC_INTEGER || spec.kind == SL_CODEC_DECIMAL;
  const sl_xat_t *type = sl_xel_at(el, "type");
  if (spec.width && spec.width != (int)part->len && type) {
    sl_b_error(b, "R245", type->value_line, type->value_col, "correct at=, or the type",
               "the type \"%s\" is %d wide, and its place in the record %u", type->value,
               spec.width, part->len);
    return NULL;
  }
  if (number || spec.kind == SL_CODEC_TEXT) {
    spec.width = (int)part->len;
    bool sign = spec.sign == SL_SIGN_LEADING || spec.sign == SL_SIGN_TRAILING;
    if (!spec.pad && !number) spec.pad = SL_PAD_RIGHT;
    if (!spec.pad && number && (part->len > 1 || !sign)) spec.pad = SL_PAD_ZERO;
  }
  blank_nulls(&spec);
  return sl_b_codec_make(b, &spec, el);
}

static void check_part(struct recb *r, const sl_xel_t *el)
{
  static const char *const wrong[] = {"legacy", "access", "generated"};
  static const char *const why[] = {"at= says where it is", "it belongs on the record",
                                    "a part cannot be made by the database"};
  sl_build_t *b = r->at.f->b;
  for (size_t i = 0; i < 3; i++) {
    const sl_xat_t *at = sl_xel_at(el, wrong[i]);
    if (at)
      sl_b_error(b, "R246", at->line, at->col, "remove it", "%s= on a part of a record: %s",
                 wrong[i], why[i]);
  }
  if (!sl_xel_at(el, "json") && !sl_xel_at(el, "http"))
    sl_b_error(b, "R230", el->line, el->col, NULL, "a part of a record needs json= or http=");
  check_states(b, el);
}

static void add_field(struct recb *r, const sl_xel_t *el, sl_part_t *part)
{
  sl_build_t *b = r->at.f->b;
  check_part(r, el);
  sl_field_t *f = sl_bf_field(r->at.f, el);
  sl_derive_t *d = sl_b_alloc(b, sizeof *d);
  if (!f || !d) return;
  *d = (sl_derive_t){
      .kind = SL_DERIVE_PART, .record = r->carrier, .from = part->from, .len = part->len};
  f->access = r->carrier->access;
  f->key = !strcmp(sl_xel_get(el, "key", ""), "true");
  f->legacy = f->label =
      sl_b_printf(b, "%s[%s]", r->carrier->legacy, span(b, part->from, part->from + part->len));
  f->derive = d;
  f->codec = part_codec(r, el, part);
  if (f->codec && f->access != SL_READ_ONLY) check_fit(r, el, part, f->codec);
  sl_b_default(r->at, el, f);
  sl_b_consumer_ends(r->at, el, f);
  part->field = f;
}

/* Constants and what is ignored: their whole place, as text. */
static void add_text(struct recb *r, const sl_xel_t *el, sl_part_t *part)
{
  sl_build_t *b = r->at.f->b;
  const sl_xat_t *at = sl_xel_is(el, "const") ? sl_xel_at(el, "value") : NULL;
  const char *value = at ? at->value : "";
  size_t len = strlen(value), width = sl_part_width(r->carrier->codec, sl_strn(value, len));
  if (width > part->len) {
    sl_b_error(b, "R245", at->value_line, at->value_col, "correct at=, or the value",
               "\"%s\" is %zu wide, and its place in the record %u", value, width, part->len);
    return;
  }
  size_t fill = part->len - width;
  char *text = sl_b_alloc(b, len + fill + 1);
  if (!text) return;
  memcpy(text, value, len);
  memset(text + len, ' ', fill);
  part->text = sl_strn(text, len + fill);
  part->ignored = !strcmp(el->name, "ignore");
}

static void add_parts(struct recb *r)
{
  sl_build_t *b = r->at.f->b;
  for (const sl_xel_t *m = r->el->first; (m = sl_xel_find(m, NULL)); m = m->next) {
    sl_part_t part = {0};
    if (!place_of(b, m, &part)) continue;
    if (r->n == MAX_PARTS) {
      sl_b_error(b, "R241", m->line, m->col, NULL, "a record has at most %d lines", MAX_PARTS);
      return;
    }
    if (sl_xel_is(m, "field"))
      add_field(r, m, &part);
    else
      add_text(r, m, &part);
    sl_part_t *v = sl_b_grow(b, r->parts, r->n, sizeof *v);
    if (!v) return;
    r->parts = v;
    v[r->n++] = part;
  }
}

/* --- the carrier -------------------------------------------------------------------------------
 */

static bool is_text(const sl_xtype_t *type)
{
  return (type->simple == SL_X_STRING || type->simple == SL_X_ANY || type->simple == SL_X_NONE) &&
         !type->list_item && !type->is_union;
}

/* How long the contract lets it be; 0 and -1: not said. *what_p: what it is when it is no text. */
static int64_t room(const struct recb *r, const char **what_p)
{
  const sl_field_t *f = r->carrier;
  if (f->column) return f->column->size;
  if (f->xtype) {
    if (!is_text(f->xtype)) *what_p = sl_xbase_name(f->xtype->simple);
    return f->xtype->facets.length >= 0 ? f->xtype->facets.length : f->xtype->facets.max_length;
  }
  if (!f->schema) return 0;
  sl_jfacets_t facets = sl_jschema_facets(f->schema);
  if (!(facets.types & SL_JT_STRING)) *what_p = "no string";
  return facets.max_length;
}

static bool place_carrier(struct recb *r, const sl_xat_t *path)
{
  sl_build_t *b = r->at.f->b;
  sl_codec_spec_t spec;
  sl_field_t *f = r->carrier;
  f->access = (uint8_t)sl_b_narrower(r->at.access, sl_b_access(r->el));
  f->legacy = f->label = sl_b_printf(b, "%s", path->value);
  if (!sl_b_legacy_end(r->at, r->el, path, f)) return false;
  if (!sl_b_codec_spec(b, r->el, NULL, NULL, SL_CODEC_TEXT, &spec)) return false;
  f->codec = sl_b_codec_make(b, &spec, r->el);
  return f->codec;
}

static void check_room(struct recb *r, const sl_xat_t *path, uint32_t width)
{
  sl_build_t *b = r->at.f->b;
  const char *what = NULL;
  int64_t max = room(r, &what);
  const sl_xat_t *at = sl_xel_at(r->el, "width");
  if (!at) at = path;
  if (what)
    sl_b_error(b, "T211", path->value_line, path->value_col, "map it with a <field>",
               "a record is text, and %s is %s", path->value, what);
  else if (max > 0 && (int64_t)width > max)
    sl_b_error(b, "T211", at->value_line, at->value_col, NULL,
               "the record is %u wide, and %s takes %lld", width, path->value, (long long)max);
}

void sl_b_record(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json"),
                 *width = sl_xel_at(el, "width");
  struct recb r = {.at = at, .el = el};
  if (!legacy) {
    sl_b_lose(at);
    sl_b_error(b, "R230", el->line, el->col, NULL, "a record needs legacy=");
    return;
  }
  r.carrier = sl_bf_field(at.f, el);
  r.derive = sl_b_alloc(b, sizeof *r.derive);
  if (!r.carrier || !r.derive || !place_carrier(&r, legacy)) return;
  if (json) r.at.j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_OBJECT, r.carrier->access);
  if (!r.at.j) return;
  add_parts(&r);
  if (!r.n) return;
  qsort(r.parts, r.n, sizeof *r.parts, by_place);
  const sl_part_t *last = &r.parts[r.n - 1];
  r.derive->kind = SL_DERIVE_RECORD;
  r.derive->whole = at.f->merge;
  r.derive->width = width ? (uint32_t)atoi(width->value) : last->from + last->len;
  r.derive->parts = r.parts;
  r.derive->n_parts = r.n;
  r.carrier->derive = r.derive;
  if (json)
    r.carrier->label = sl_b_printf(b, "%s%s", at.json_base, r.at.j->pointer);
  else if (r.parts[0].field)
    r.carrier->label = r.parts[0].field->label;
  check_places(&r, r.derive->width);
  check_room(&r, legacy, r.derive->width);
}
