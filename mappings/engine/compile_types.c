/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/compile.h"
#include "mappings/engine/zone.h"

enum { MAX_ROWS = 4096, MAX_BASES = 16 };

static sl_btype_t *find(sl_build_t *b, const char *name)
{
  for (size_t i = 0; i < b->n_types; i++)
    if (!strcmp(b->types[i].name, name)) return &b->types[i];
  return NULL;
}

static void collect(sl_build_t *b, const sl_xel_t *el)
{
  const sl_xat_t *name = sl_xel_at(el, "name");
  sl_codec_kind_t kind;
  if (!name) b->nameless_type = el;
  if (!name) return;
  sl_btype_t *before = find(b, name->value);
  if (before)
    sl_b_error(b, "R102", name->value_line, name->value_col, "choose another name",
               "a type \"%s\" is declared already (%s)", name->value,
               sl_b_where(b, before->el->line, name->line));
  else if (sl_codec_kind_parse(name->value, &kind))
    sl_b_error(b, "R103", name->value_line, name->value_col, "choose another name",
               "\"%s\" is a built-in type", name->value);
  sl_btype_t *v = sl_b_grow(b, b->types, b->n_types, sizeof *v);
  if (!v) return;
  b->types = v;
  v[b->n_types++] = (sl_btype_t){.name = name->value, .el = el};
}

void sl_b_collect_types(sl_build_t *b)
{
  /* Imported ones first: a name that is there twice is told where the mapping's own is. */
  for (size_t i = b->n_docs; i-- > 0;)
    for (const sl_xel_t *el = sl_xdoc_root(b->docs[i].doc)->first; (el = sl_xel_find(el, NULL));
         el = el->next)
      if (sl_xel_is(el, "type") || sl_xel_is(el, "code-table")) collect(b, el);
}

/* --- attributes
 * ------------------------------------------------------------------------------------ */

static bool state_of(const char *p, size_t len, sl_lstate_t *out)
{
  static const struct {
    const char *name;
    sl_lstate_t state;
  } states[] = {
      {"missing", SL_L_MISSING}, {"nil", SL_L_NIL}, {"empty", SL_L_EMPTY}, {"blank", SL_L_BLANK}};
  for (size_t i = 0; i < 4; i++)
    if (strlen(states[i].name) == len && !memcmp(states[i].name, p, len))
      return *out = states[i].state, true;
  return false;
}

static unsigned states_of(const char *words)
{
  unsigned set = 0;
  sl_lstate_t s;
  for (const char *p = words; *p; p += strspn(p, " \t\r\n")) {
    size_t len = strcspn(p, " \t\r\n");
    if (state_of(p, len, &s)) set |= 1u << s;
    p += len;
  }
  return set;
}

void sl_b_nulls(const sl_xel_t *el, sl_nulls_t *out)
{
  const char *null = sl_xel_get(el, "null", NULL), *absent = sl_xel_get(el, "absent", NULL);
  if (null && state_of(null, strlen(null), &out->null)) out->has_null = true;
  if (absent && state_of(absent, strlen(absent), &out->absent)) out->has_absent = true;
  out->read_null |= states_of(sl_xel_get(el, "read-null", ""));
  out->read_absent |= states_of(sl_xel_get(el, "read-absent", ""));
}

sl_access_t sl_b_access(const sl_xel_t *el)
{
  const char *a = sl_xel_get(el, "access", "");
  return !strcmp(a, "read-only")    ? SL_READ_ONLY
         : !strcmp(a, "write-only") ? SL_WRITE_ONLY
                                    : SL_READ_WRITE;
}

unsigned sl_b_modulo(const sl_xel_t *el)
{
  static const struct {
    const char *word;
    unsigned bit;
  } words[] = {
      {"empty", SL_MODULO_EMPTY}, {"pad", SL_MODULO_PAD},     {"scale", SL_MODULO_SCALE},
      {"null", SL_MODULO_NULL},   {"codes", SL_MODULO_CODES}, {"fraction", SL_MODULO_FRACTION},
      {"zone", SL_MODULO_ZONE},   {"width", SL_MODULO_WIDTH}, {"sign", SL_MODULO_SIGN},
      {"order", SL_MODULO_ORDER}, {"gaps", SL_MODULO_GAPS},   {"default", SL_MODULO_DEFAULT}};
  unsigned set = 0;
  for (const char *p = sl_xel_get(el, "modulo", ""); *p; p += strspn(p, " \t\r\n")) {
    size_t len = strcspn(p, " \t\r\n");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      if (strlen(words[i].word) == len && !memcmp(words[i].word, p, len)) set |= words[i].bit;
    p += len;
  }
  return set;
}

/* Which of the words value is; otherwise `preset`. */
static int word(const sl_xel_t *el, const char *attr, const char *const *words, int n, int preset)
{
  const char *v = sl_xel_get(el, attr, NULL);
  for (int i = 0; v && i < n; i++)
    if (!strcmp(v, words[i])) return i;
  return preset;
}

static int number(const sl_xel_t *el, const char *attr, int preset)
{
  const char *v = sl_xel_get(el, attr, NULL);
  return v ? atoi(v) : preset; /* the schema holds it to a small number */
}

/* --- a type's rows
 * -------------------------------------------------------------------------------- */

static void add_sentinels(sl_build_t *b, const sl_xel_t *el, sl_codec_spec_t *spec)
{
  size_t n = spec->n_sentinels;
  for (const sl_xel_t *s = el->first; (s = sl_xel_find(s, "sentinel")); s = s->next) n++;
  sl_sentinel_t *v = n > spec->n_sentinels ? sl_b_alloc(b, n * sizeof *v) : NULL;
  if (!v) return;
  /* A type's own come before its base's: the first that fits is canonical. */
  size_t i = 0;
  for (const sl_xel_t *s = el->first; (s = sl_xel_find(s, "sentinel")); s = s->next)
    v[i++] =
        (sl_sentinel_t){sl_xel_get(s, "legacy", ""), sl_xel_get(s, "json", ""), sl_b_access(s)};
  for (size_t k = 0; k < spec->n_sentinels; k++) v[i++] = spec->sentinels[k];
  spec->sentinels = v;
  spec->n_sentinels = n;
}

static bool add_codes(sl_build_t *b, const sl_xel_t *el, sl_codec_spec_t *spec)
{
  size_t n = 0;
  for (const sl_xel_t *s = el->first; (s = sl_xel_find(s, "code")); s = s->next) n++;
  if (n > MAX_ROWS)
    sl_b_error(b, "T101", el->line, el->col, NULL, "a code table holds at most %d codes", MAX_ROWS);
  sl_code_row_t *v = n && n <= MAX_ROWS ? sl_b_alloc(b, n * sizeof *v) : NULL;
  if (!v) return false;
  size_t i = 0;
  bool good = true;
  for (const sl_xel_t *s = el->first; (s = sl_xel_find(s, "code")); s = s->next, i++) {
    v[i] = (sl_code_row_t){sl_xel_get(s, "legacy", ""), sl_xel_get(s, "json", ""), sl_b_access(s)};
    for (size_t k = 0; k < i; k++) {
      if (strcmp(v[k].legacy, v[i].legacy)) continue;
      const sl_xat_t *at = sl_xel_at(s, "legacy");
      good = false;
      if (at)
        sl_b_error(b, "R105", at->value_line, at->value_col, "keep one of them",
                   "the code \"%s\" stands in this table twice", v[i].legacy);
    }
  }
  spec->codes = v;
  spec->n_codes = n;
  const char *unmapped = sl_xel_get(el, "unmapped", "reject");
  spec->unmapped = !strcmp(unmapped, "provided")     ? SL_UNMAPPED_PROVIDED
                   : !strncmp(unmapped, "fixed:", 6) ? SL_UNMAPPED_FIXED
                                                     : SL_UNMAPPED_REJECT;
  spec->fixed = spec->unmapped == SL_UNMAPPED_FIXED ? unmapped + 6 : NULL;
  return good;
}

static void own_attrs(sl_build_t *b, const sl_xel_t *el, sl_codec_spec_t *spec)
{
  static const char *const pads[] = {"none", "right", "left", "zero"};
  static const char *const points[] = {"explicit", "implied", "comma"};
  static const char *const signs[] = {"leading", "trailing", "none", "overpunch",
                                      "overpunch-leading"};
  static const char *const units[] = {"", "characters", "bytes"};
  static const char *const overflows[] = {"reject", "truncate"};
  static const char *const encodings[] = {"", "base64", "hex"};
  static const char *const as[] = {"", "string", "number"};
  spec->width = number(el, "width", spec->width);
  spec->pad = (sl_pad_t)word(el, "pad", pads, 4, (int)spec->pad);
  spec->charset = sl_xel_get(el, "charset", spec->charset);
  spec->unit = (sl_unit_t)word(el, "unit", units, 3, (int)spec->unit);
  spec->overflow = (sl_overflow_t)word(el, "overflow", overflows, 2, (int)spec->overflow);
  spec->encoding = (sl_encoding_t)word(el, "encoding", encodings, 3, (int)spec->encoding);
  spec->digits = number(el, "digits", spec->digits);
  spec->scale = number(el, "scale", spec->scale);
  spec->point = (sl_point_t)word(el, "point", points, 3, (int)spec->point);
  spec->sign = (sl_sign_t)word(el, "sign", signs, 5, (int)spec->sign);
  spec->as = (sl_as_t)word(el, "as", as, 3, (int)spec->as);
  spec->sql_type = sl_xel_get(el, "sql-type", spec->sql_type);
  spec->true_text = sl_xel_get(el, "true", spec->true_text);
  spec->false_text = sl_xel_get(el, "false", spec->false_text);
  spec->pattern = sl_xel_get(el, "pattern", spec->pattern);
  spec->window = number(el, "window", spec->window);
  spec->zone = sl_xel_get(el, "zone", spec->zone);
  spec->ambiguous = sl_xel_get(el, "ambiguous", spec->ambiguous);
  spec->modulo |= sl_b_modulo(el);
  sl_b_nulls(el, &spec->type_nulls);
  add_sentinels(b, el, spec);
}

/* The declaration that has lost its name is that of the first name that has none. */
static bool adopt(sl_build_t *b, const char *name)
{
  const sl_xel_t *el = b->nameless_type;
  sl_btype_t *v = el ? sl_b_grow(b, b->types, b->n_types, sizeof *v) : NULL;
  if (!v) return false;
  b->types = v;
  v[b->n_types++] = (sl_btype_t){.name = name, .el = el, .used = true, .broken = true};
  b->nameless_type = NULL;
  return true;
}

/* What others call a built-in type; NULL: nobody does. */
static const char *ours(const char *name)
{
  static const struct {
    const char *theirs, *advice;
  } names[] = {{"string", "did you mean text?"},      {"int", "did you mean integer?"},
               {"long", "did you mean integer?"},     {"number", "did you mean decimal?"},
               {"double", "did you mean decimal?"},   {"bool", "did you mean boolean?"},
               {"base64", "did you mean binary?"},    {"timestamp", "did you mean datetime?"},
               {"dateTime", "did you mean datetime?"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i].theirs, name)) return names[i].advice;
  return NULL;
}

static void no_type(sl_build_t *b, const sl_xat_t *at)
{
  const char *words[64];
  size_t n = 0;
  for (size_t i = 0; i < b->n_types && n < 48; i++) words[n++] = b->types[i].name;
  static const char *const builtin[] = {"text", "integer",  "decimal", "boolean", "date",
                                        "time", "datetime", "binary",  "opaque"};
  for (size_t i = 0; i < 9; i++) words[n++] = builtin[i];
  const char *advice = ours(at->value);
  if (!advice) advice = sl_b_advice(b, at->value, words, n);
  sl_b_error(b, "R104", at->value_line, at->value_col, advice, "no type \"%s\"", at->value);
}

bool sl_b_known_type(sl_build_t *b, const sl_xat_t *at)
{
  sl_codec_kind_t kind;
  if (find(b, at->value) || sl_codec_kind_parse(at->value, &kind)) return true;
  if (!adopt(b, at->value)) no_type(b, at);
  return false;
}

/* The declared type el, its bases first, into spec. */
static bool fill(sl_build_t *b, const sl_xel_t *el, sl_codec_spec_t *spec, int depth)
{
  const sl_xat_t *base = sl_xel_at(el, "base"), *kind = sl_xel_at(el, "kind");
  if (base) {
    sl_btype_t *t = find(b, base->value);
    sl_codec_kind_t k;
    if (!t && !sl_codec_kind_parse(base->value, &k)) return no_type(b, base), false;
    if (depth >= MAX_BASES) {
      sl_b_error(b, "R106", base->value_line, base->value_col, NULL,
                 "the type is made from itself, or from too many others");
      return false;
    }
    if (t) t->used = true;
    if (t && !fill(b, t->el, spec, depth + 1)) return false;
    if (!t) spec->kind = k;
  }
  if (kind && !sl_codec_kind_parse(kind->value, &spec->kind)) return false; /* the schema said so */
  if (sl_xel_is(el, "code-table")) {
    spec->kind = SL_CODEC_CODE;
    if (!add_codes(b, el, spec)) return false;
  }
  own_attrs(b, el, spec);
  return true;
}

static sl_medium_t medium_of(const sl_build_t *b)
{
  return b->m->kind == SL_KIND_SOAP   ? SL_MEDIUM_XML
         : b->m->kind == SL_KIND_ODBC ? SL_MEDIUM_SQL
                                      : SL_MEDIUM_JSON;
}

static void init(sl_build_t *b, sl_codec_spec_t *spec, sl_codec_kind_t kind)
{
  sl_codec_spec_init(spec, kind, medium_of(b));
  spec->charset = b->no_charset ? NULL : sl_xel_get(b->system, "charset", NULL);
  spec->zone = b->no_zone ? "UTC" : sl_xel_get(b->system, "zone", NULL);
  spec->system_nulls = b->nulls;
  spec->unguarded = b->lossy;
}

/* The codecs' messages begin with the attribute that is wrong, where it is one alone. */
static void bad_type(sl_build_t *b, const sl_xel_t *el, const char *message)
{
  int line = el->line, col = el->col;
  for (size_t i = 0; i < el->n_attrs; i++) {
    const sl_xat_t *at = &el->attrs[i];
    size_t len = strlen(at->name);
    if (strncmp(message, at->name, len) || !strchr(" =", message[len])) continue;
    line = at->value_line, col = at->value_col;
  }
  sl_b_error(b, "T101", line, col, NULL, "%s", *message ? message : "the type cannot be made");
}

const sl_codec_t *sl_b_codec_make(sl_build_t *b, const sl_codec_spec_t *spec, const sl_xel_t *el)
{
  char message[256] = "";
  sl_codec_t *codec = sl_codec_new(spec, message);
  if (!codec) return bad_type(b, el, message), NULL;
  sl_mapping_t *m = b->m;
  if (m->n_codecs == b->codecs_cap) {
    size_t cap = b->codecs_cap ? b->codecs_cap * 2 : 32;
    sl_codec_t **v = realloc(m->codecs, cap * sizeof *v);
    if (!v) {
      sl_codec_destroy(&codec);
      b->failed = true;
      return NULL;
    }
    m->codecs = v;
    b->codecs_cap = cap;
  }
  return m->codecs[m->n_codecs++] = codec;
}

/* Does it, a row of it, or a type that it is made from, hold what the schema refused? */
static bool is_wrong(sl_build_t *b, const sl_xel_t *el, int depth)
{
  const char *base = sl_xel_get(el, "base", NULL);
  const sl_btype_t *t = base ? find(b, base) : NULL;
  for (const sl_xel_t *c = el->first; (c = sl_xel_find(c, NULL)); c = c->next)
    if (c->wrong) return true;
  return el->wrong || (t && depth < MAX_BASES && is_wrong(b, t->el, depth + 1));
}

/* The system's own, before any type takes them over. */
static void check_system(sl_build_t *b)
{
  const sl_xat_t *zone = sl_xel_at(b->system, "zone"), *charset = sl_xel_at(b->system, "charset");
  char message[256] = "";
  sl_zone_t *z = zone ? sl_zone_new(zone->value, message) : NULL;
  if (zone && !z) sl_b_error(b, "T101", zone->value_line, zone->value_col, NULL, "%s", message);
  b->no_zone = zone && !z;
  sl_zone_destroy(&z);
  sl_charset_t *c = charset ? sl_charset_new(charset->value, message) : NULL;
  if (charset && !c)
    sl_b_error(b, "T101", charset->value_line, charset->value_col, NULL, "%s", message);
  b->no_charset = charset && !c;
  sl_charset_destroy(&c);
}

/* What it is made from comes first: its mistakes are not told of t again. */
static void check_type(sl_build_t *b, sl_btype_t *t)
{
  if (t->checked) return;
  t->checked = true;
  const sl_xel_t *el = t->el;
  const sl_xat_t *named = sl_xel_at(el, "base");
  sl_btype_t *base = named ? find(b, named->value) : NULL;
  if (base) check_type(b, base);
  t->broken = is_wrong(b, el, 0) || (base && base->broken);
  if (t->broken) return;
  sl_codec_spec_t spec;
  init(b, &spec, SL_CODEC_TEXT);
  size_t before = b->told;
  if (sl_xel_is(el, "type") && !sl_xel_at(el, "kind") && !named)
    sl_b_error(b, "R107", el->line, el->col, "add kind=\"text\", or base= with another type",
               "the type \"%s\" has neither kind= nor base=", t->name);
  else if (fill(b, el, &spec, 0))
    sl_b_codec_make(b, &spec, el);
  t->broken = b->told > before;
}

void sl_b_check_types(sl_build_t *b)
{
  check_system(b);
  for (size_t i = 0; i < b->n_types; i++) check_type(b, &b->types[i]);
}

/* --- fields
 * ----------------------------------------------------------------------------------------- */

static bool declared(sl_build_t *b, const sl_xat_t *at, sl_codec_spec_t *spec,
                     const sl_xtype_t *xtype)
{
  sl_btype_t *t = find(b, at->value);
  if (t) {
    t->used = true;
    if (t->broken || !fill(b, t->el, spec, 0)) return false; /* said once, at the type */
  } else if (!sl_codec_kind_parse(at->value, &spec->kind)) {
    if (!adopt(b, at->value)) no_type(b, at);
    return false;
  }
  if (xtype) sl_check_narrow(spec, xtype);
  return true;
}

bool sl_b_codec_spec(sl_build_t *b, const sl_xel_t *el, const sl_xtype_t *xtype,
                     const sl_column_t *column, sl_codec_kind_t preset_kind, sl_codec_spec_t *spec)
{
  const sl_xat_t *type = el ? sl_xel_at(el, "type") : NULL;
  init(b, spec, preset_kind);
  if (type) {
    if (!declared(b, type, spec, xtype)) return false;
    if (column && !spec->sql_type) spec->sql_type = column->type;
  } else if (xtype) {
    sl_codec_spec_xtype(spec, xtype);
  } else if (column) {
    sl_codec_spec_column(spec, column);
  }
  if (el) {
    sl_b_nulls(el, &spec->field_nulls);
    spec->modulo |= sl_b_modulo(el);
  }
  return true;
}

const sl_codec_t *sl_b_rows_codec(sl_build_t *b, const sl_xel_t *el, const sl_code_row_t *rows,
                                  size_t n, const sl_column_t *column)
{
  sl_codec_spec_t spec;
  init(b, &spec, SL_CODEC_CODE);
  spec.codes = rows;
  spec.n_codes = n;
  spec.system_nulls = (sl_nulls_t){0}; /* a kind is never null, and its codes may be anything */
  if (column) spec.sql_type = column->type;
  return sl_b_codec_make(b, &spec, el);
}

const sl_codec_t *sl_b_codec(sl_build_t *b, const sl_xel_t *el, const sl_xtype_t *xtype,
                             const sl_column_t *column, sl_codec_kind_t preset_kind)
{
  sl_codec_spec_t spec;
  if (!sl_b_codec_spec(b, el, xtype, column, preset_kind, &spec)) return NULL;
  return sl_b_codec_make(b, &spec, el ? el : b->root);
}
