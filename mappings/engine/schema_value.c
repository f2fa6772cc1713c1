/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/json.h"
#include "mappings/engine/schema_impl.h"

enum { MAX_EXACT_DIGITS = 15 }; /* what every JSON reader keeps of a number */

bool sl_scheme_takes(sl_scheme_t *self, sl_jstate_t state, const char *text)
{
  sl_legacy_t out;
  sl_arena_reset(self->scratch);
  return sl_codec_write(self->c, state, sl_str(text), self->scratch, &out, NULL) == SL_OK;
}

/* --- null and absence --------------------------------------------------------------------------
 */

/* By the contract, where it stands; in an object that is there only if its legacy element is. */
static bool demanded(const sl_scheme_t *self, const sl_field_t *field)
{
  sl_legacy_place_t place = sl_scheme_place(self->frame, field);
  if (place.sure || (!place.parent && field->required)) /* the latter: an item of parallel lists */
    return true;
  if (!self->common) return false;
  return place.own == self->common ||
         (place.parent == self->common && sl_scheme_carrier(field)->required);
}

/* Does the contract leave room for a text that is empty, or blank? */
static bool may_be_text(const sl_field_t *at, sl_lstate_t state)
{
  enum { LONGEST = 80 }; /* blanks: of some length */
  const char *text = state == SL_L_BLANK ? " " : "";
  char blanks[LONGEST + 1];
  memset(blanks, ' ', LONGEST);
  blanks[LONGEST] = '\0';
  for (int n = state == SL_L_BLANK; at->xtype && n <= LONGEST; n++) {
    if (sl_xtype_accepts(at->xtype, blanks + LONGEST - n, 0, NULL)) return true;
    if (!n) return false;
  }
  if (at->xtype) return false;
  if (!at->schema) return true;
  bool longer = state == SL_L_BLANK && sl_jschema_facets(at->schema).min_length > 1;
  return longer || sl_jschema_accepts(at->schema, SL_JSON_STRING, sl_str(text), NULL) != SL_JS_NO;
}

/* Can the legacy system say something that means this, as far as the contract tells? */
static bool reads_as(const sl_scheme_t *self, const sl_field_t *field, sl_meaning_t meaning)
{
  const sl_codec_t *c = field->codec;
  const sl_field_t *at = sl_scheme_carrier(field);
  for (size_t i = 0; i < c->n_sentinels; i++)
    if (c->sentinels[i].meaning == meaning && c->sentinels[i].access != SL_WRITE_ONLY) return true;
  for (int s = 0; s < SL_L_STATES; s++) {
    if (s == SL_L_TEXT || c->read_state[s] != meaning) continue;
    if (s == SL_L_MISSING && demanded(self, field)) continue;
    if (s == SL_L_NIL && !at->nillable) continue;
    if ((s == SL_L_EMPTY || s == SL_L_BLANK) && at == field && !may_be_text(at, (sl_lstate_t)s))
      continue;
    return true;
  }
  return false;
}

static bool writes_as(sl_scheme_t *self, const sl_field_t *field, sl_jstate_t state)
{
  sl_legacy_t out;
  sl_arena_reset(self->scratch);
  if (sl_codec_write(field->codec, state, sl_str(""), self->scratch, &out, NULL)) return false;
  if (out.state == SL_L_NIL) return sl_scheme_carrier(field)->nillable;
  return out.state != SL_L_MISSING || !demanded(self, field);
}

bool sl_scheme_nulls(sl_scheme_t *self)
{
  if (self->filled) return false;
  return self->view == SL_VIEW_ANSWER ? reads_as(self, self->field, SL_AS_NULL)
                                      : writes_as(self, self->field, SL_J_NULL);
}

bool sl_scheme_required(sl_scheme_t *self, const sl_field_t *field)
{
  if (!field->codec) return false;
  if (self->view == SL_VIEW_ANSWER)
    return field->access != SL_WRITE_ONLY && !reads_as(self, field, SL_AS_ABSENT);
  bool preset = field->notes && field->notes->value_default;
  return field->access != SL_READ_ONLY && !preset && !field->generated && !field->http[0] &&
         !writes_as(self, field, SL_J_ABSENT);
}

/* --- numbers -----------------------------------------------------------------------------------
 */

void sl_scheme_type(sl_scheme_t *self, const char *name)
{
  sl_jsonw_key(&self->w, "type");
  if (!sl_scheme_nulls(self)) {
    sl_jsonw_z(&self->w, name);
    return;
  }
  sl_jsonw_array(&self->w);
  sl_jsonw_z(&self->w, name);
  sl_jsonw_z(&self->w, "null");
  sl_jsonw_array_end(&self->w);
}

static void nines(sl_scheme_t *self, const char *key, bool negative, int whole, int fraction)
{
  char text[2 * MAX_EXACT_DIGITS + 8];
  size_t n = 0;
  if (whole < 1 || whole > MAX_EXACT_DIGITS || fraction > MAX_EXACT_DIGITS) return;
  if (negative) text[n++] = '-';
  memset(text + n, '9', (size_t)whole);
  n += (size_t)whole;
  if (fraction > 0) {
    text[n++] = '.';
    memset(text + n, '9', (size_t)fraction);
    n += (size_t)fraction;
  }
  sl_jsonw_key(&self->w, key);
  sl_jsonw_raw(&self->w, sl_strn(text, n));
}

static int whole_digits(const sl_codec_t *c)
{
  int scale = c->kind == SL_CODEC_DECIMAL && c->scale > 0 ? c->scale : 0;
  return c->digits > scale ? c->digits - scale : c->digits ? 0 : -1;
}

static bool negatives(sl_scheme_t *self, sl_jstate_t state)
{
  return sl_scheme_takes(self, state, "-1") || sl_scheme_takes(self, state, "-1.0") ||
         sl_scheme_takes(self, state, "-1.00") || self->c->sign != SL_SIGN_NONE;
}

/* "-0012.5" as a JSON number has no zeros in front. */
static bool plain(sl_str_t bound)
{
  return bound.p && sl_json_is_number(bound);
}

static void number_bounds(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  bool negative = negatives(self, SL_J_NUMBER);
  int whole = whole_digits(c), scale = c->kind == SL_CODEC_DECIMAL && c->scale > 0 ? c->scale : 0;
  if (plain(c->min)) {
    sl_jsonw_key(&self->w, "minimum");
    sl_jsonw_raw(&self->w, c->min);
  } else if (!negative) {
    sl_jsonw_key(&self->w, "minimum");
    sl_jsonw_raw(&self->w, sl_str("0"));
  } else {
    nines(self, "minimum", true, whole, scale);
  }
  if (plain(c->max)) {
    sl_jsonw_key(&self->w, "maximum");
    sl_jsonw_raw(&self->w, c->max);
  } else {
    nines(self, "maximum", false, whole, scale);
  }
}

/* The fraction: exactly as many digits where the point is implied, at most as many elsewhere. */
static void put_fraction(sl_scheme_t *self, sl_buf_t *to)
{
  const sl_codec_t *c = self->c;
  if (c->kind == SL_CODEC_INTEGER || c->scale == 0) return;
  bool loose = c->modulo & SL_MODULO_SCALE && self->view == SL_VIEW_REQUEST;
  if (c->scale < 0)
    sl_buf_addz(to, "(\\.\\d+)?");
  else if (c->point == SL_POINT_IMPLIED && !loose)
    sl_buf_printf(to, "\\.\\d{%d}", c->scale);
  else if (loose)
    sl_buf_addz(to, "(\\.\\d+)?");
  else
    sl_buf_printf(to, "(\\.\\d{1,%d})?", c->scale);
}

static void number_pattern(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  sl_buf_t to;
  sl_buf_init(&to, 0);
  int whole = whole_digits(c);
  sl_buf_addz(&to, negatives(self, SL_J_STRING) ? "^-?" : "^");
  if (whole == 0)
    sl_buf_addz(&to, "0");
  else if (whole < 0)
    sl_buf_addz(&to, "(0|[1-9]\\d*)");
  else if (whole == 1)
    sl_buf_addz(&to, "\\d");
  else
    sl_buf_printf(&to, "(0|[1-9]\\d{0,%d})", whole - 1);
  put_fraction(self, &to);
  sl_buf_addc(&to, '$');
  sl_jsonw_key(&self->w, "pattern");
  sl_jsonw_str(&self->w, sl_buf_str(&to));
  sl_buf_fini(&to);
  if (!c->min.p && !c->max.p) return;
  char text[160];
  snprintf(text, sizeof text, "from %.*s to %.*s", c->min.p ? (int)c->min.len : 8,
           c->min.p ? c->min.p : "any size", c->max.p ? (int)c->max.len : 8,
           c->max.p ? c->max.p : "any size");
  sl_jsonw_key(&self->w, "$comment");
  sl_jsonw_z(&self->w, text);
}

static void number(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  const char *types = sl_codec_json_type(c);
  bool whole = c->kind == SL_CODEC_INTEGER || (c->kind == SL_CODEC_DECIMAL && c->scale == 0);
  if (strstr(types, "or")) { /* few digits are a number, many a string */
    sl_jsonw_key(&self->w, "type");
    sl_jsonw_array(&self->w);
    sl_jsonw_z(&self->w, "integer");
    sl_jsonw_z(&self->w, "string");
    if (sl_scheme_nulls(self)) sl_jsonw_z(&self->w, "null");
    sl_jsonw_array_end(&self->w);
    number_pattern(self);
  } else if (!strcmp(types, "string")) {
    sl_scheme_type(self, "string");
    if (c->kind != SL_CODEC_FLOAT) number_pattern(self);
  } else {
    sl_scheme_type(self, whole ? "integer" : "number");
    if (c->kind != SL_CODEC_FLOAT) number_bounds(self);
  }
}

/* --- enumerations ------------------------------------------------------------------------------
 */

static bool seen(const sl_codec_t *c, size_t n, sl_access_t left_out)
{
  for (size_t i = 0; i < n; i++)
    if (c->codes[i].access != left_out && sl_str_eq(c->codes[i].out, c->codes[n].out)) return true;
  return false;
}

static void codes(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  bool answer = self->view == SL_VIEW_ANSWER;
  if (c->unmapped == SL_UNMAPPED_PROVIDED) { /* any code may come and go as it is */
    sl_scheme_type(self, "string");
    return;
  }
  sl_access_t left_out = answer ? SL_WRITE_ONLY : SL_READ_ONLY;
  sl_jsonw_key(&self->w, "enum");
  sl_jsonw_array(&self->w);
  for (size_t i = 0; i < c->n_codes; i++)
    if (c->codes[i].access != left_out && !seen(c, i, left_out))
      sl_jsonw_raw(&self->w, c->codes[i].out);
  bool fixed = answer && c->unmapped == SL_UNMAPPED_FIXED;
  for (size_t i = 0; fixed && i < c->n_codes; i++)
    if (sl_str_eq(c->codes[i].out, c->fixed.out)) fixed = false;
  if (fixed) sl_jsonw_raw(&self->w, c->fixed.out);
  if (sl_scheme_nulls(self)) sl_jsonw_null(&self->w);
  sl_jsonw_array_end(&self->w);
}

/* --- sentinels ---------------------------------------------------------------------------------
 */

/* The value that the sentinel's text would be, if it were none: it cannot be said. */
static sl_code_t decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out)
{
  switch ((sl_codec_kind_t)c->kind) {
  case SL_CODEC_TEXT: return sl_text_decode(c, text, out, true, NULL);
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL: return sl_number_decode(c, sl_trim(text), out, true, NULL);
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: return sl_date_decode(c, sl_trim(text), out, true, NULL);
  default: return SL_INVALID;
  }
}

static void excluded(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  size_t n = 0;
  for (size_t i = 0; i < c->n_sentinels && !(c->modulo & SL_MODULO_NULL); i++) {
    sl_buf_t value;
    sl_buf_init(&value, 0);
    bool reads = c->sentinels[i].access != SL_WRITE_ONLY;
    if (reads && decode(c, c->sentinels[i].legacy, &value) == SL_OK && value.len && !value.failed) {
      if (!n++) {
        sl_jsonw_key(&self->w, "not");
        sl_jsonw_object(&self->w);
        sl_jsonw_key(&self->w, "enum");
        sl_jsonw_array(&self->w);
      }
      sl_jsonw_raw(&self->w, sl_buf_str(&value));
    }
    sl_buf_fini(&value);
  }
  if (!n) return;
  sl_jsonw_array_end(&self->w);
  sl_jsonw_object_end(&self->w);
}

static void kind(sl_scheme_t *self)
{
  switch ((sl_codec_kind_t)self->c->kind) {
  case SL_CODEC_TEXT: sl_scheme_text(self); break;
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: number(self); break;
  case SL_CODEC_BOOLEAN: sl_scheme_type(self, "boolean"); break;
  case SL_CODEC_CODE: codes(self); break;
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: sl_scheme_date(self); break;
  case SL_CODEC_BINARY:
    sl_scheme_type(self, "string");
    sl_jsonw_key(&self->w, "contentEncoding");
    sl_jsonw_z(&self->w, "base64");
    break;
  case SL_CODEC_OPAQUE:
    sl_scheme_type(self, "string");
    sl_jsonw_key(&self->w, "contentMediaType");
    sl_jsonw_z(&self->w, "application/xml");
    break;
  case SL_CODEC_NULL:
    sl_jsonw_key(&self->w, "type");
    sl_jsonw_z(&self->w, "null");
    break;
  }
}

/* Sentinels that are values of their own stand beside what the codec says otherwise. */
static void alternatives(sl_scheme_t *self, size_t n)
{
  const sl_codec_t *c = self->c;
  sl_jsonw_key(&self->w, "anyOf");
  sl_jsonw_array(&self->w);
  sl_jsonw_object(&self->w);
  kind(self);
  excluded(self);
  sl_jsonw_object_end(&self->w);
  sl_jsonw_object(&self->w);
  sl_jsonw_key(&self->w, "enum");
  sl_jsonw_array(&self->w);
  for (size_t i = 0; n && i < c->n_sentinels; i++)
    if (c->sentinels[i].meaning == SL_AS_VALUE) sl_jsonw_raw(&self->w, c->sentinels[i].out);
  sl_jsonw_array_end(&self->w);
  sl_jsonw_object_end(&self->w);
  sl_jsonw_array_end(&self->w);
}

/* Answers hold stars; requests may hold them too: they mean "unchanged" to a write with a base. */
static void masked(sl_scheme_t *self)
{
  if (self->view == SL_VIEW_ANSWER) {
    sl_scheme_type(self, "string");
    return;
  }
  sl_jsonw_key(&self->w, "anyOf");
  sl_jsonw_array(&self->w);
  sl_jsonw_object(&self->w);
  kind(self);
  excluded(self);
  sl_jsonw_object_end(&self->w);
  sl_jsonw_raw(&self->w, sl_str("{\"type\":\"string\",\"pattern\":\"\\\\*\"}"));
  sl_jsonw_array_end(&self->w);
}

static void remark(sl_scheme_t *self, const char *key, const char *text)
{
  if (!text || !text[0]) return;
  sl_jsonw_key(&self->w, key);
  sl_jsonw_z(&self->w, text);
}

static void preset(sl_scheme_t *self, const char *text)
{
  sl_jsonw_key(&self->w, "default");
  const char *types = sl_codec_json_type(self->c);
  bool bare = (strstr(types, "number") && sl_json_is_number(sl_str(text))) ||
              (self->c->kind == SL_CODEC_BOOLEAN);
  if (bare)
    sl_jsonw_raw(&self->w, sl_str(text));
  else
    sl_jsonw_z(&self->w, text);
}

void sl_scheme_value(sl_scheme_t *self, const sl_field_t *field)
{
  const sl_notes_t *notes = field->notes;
  size_t n = 0;
  if (!field->codec) return;
  self->field = field;
  self->c = field->codec;
  for (size_t i = 0; i < self->c->n_sentinels; i++)
    n += self->c->sentinels[i].meaning == SL_AS_VALUE;
  if (notes && notes->mask[0]) {
    masked(self);
  } else if (n) {
    alternatives(self, n);
  } else {
    kind(self);
    excluded(self);
  }
  if (field->access == SL_READ_ONLY)
    sl_jsonw_key(&self->w, "readOnly"), sl_jsonw_bool(&self->w, true);
  if (field->access == SL_WRITE_ONLY)
    sl_jsonw_key(&self->w, "writeOnly"), sl_jsonw_bool(&self->w, true);
  if (!notes) return;
  if (notes->value_default && self->view == SL_VIEW_REQUEST) preset(self, notes->value_default);
  remark(self, "description", notes->note);
  remark(self, "x-since", notes->since);
  remark(self, "x-pii", notes->pii);
}

void sl_schema_field(const sl_frame_t *frame, const sl_field_t *field, sl_view_t view,
                     sl_buf_t *out)
{
  sl_scheme_t self = {.frame = frame, .view = view, .scratch = sl_arena_new(0, 0)};
  sl_jsonw_init(&self.w, out);
  sl_jsonw_object(&self.w);
  if (self.scratch) sl_scheme_value(&self, field);
  sl_jsonw_object_end(&self.w);
  sl_arena_destroy(&self.scratch);
}
