/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/json.h"
#include "mappings/engine/codec_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- states
 * -----------------------------------------------------------------------------------------------
 */

static void apply_nulls(sl_codec_t *c, const sl_nulls_t *n)
{
  for (int s = 0; s < SL_L_STATES; s++) {
    if (n->read_null & 1u << s) c->read_state[s] = SL_AS_NULL;
    if (n->read_absent & 1u << s) c->read_state[s] = SL_AS_ABSENT;
  }
  /* Where both are written as the same state, it reads as null: SQL NULL is null. */
  if (n->has_absent) c->read_state[n->absent] = SL_AS_ABSENT;
  if (n->has_null) c->read_state[n->null] = SL_AS_NULL;
}

static sl_legacy_t spelled(const sl_codec_t *c, sl_lstate_t state)
{
  return (sl_legacy_t){state, state == SL_L_BLANK ? c->blank : sl_str("")};
}

/* Field over the type's sentinel over type over system. */
static sl_legacy_t write_state(const sl_codec_t *c, const sl_codec_spec_t *spec,
                               sl_meaning_t meaning)
{
  bool null = meaning == SL_AS_NULL;
  const sl_nulls_t *levels[3] = {&spec->field_nulls, &spec->type_nulls, &spec->system_nulls};
  for (int i = 0; i < 3; i++) {
    if (null ? levels[i]->has_null : levels[i]->has_absent)
      return spelled(c, null ? levels[i]->null : levels[i]->absent);
    for (size_t k = 0; i == 0 && k < c->n_sentinels; k++)
      if (c->sentinels[k].meaning == meaning && c->sentinels[k].access != SL_READ_ONLY)
        return (sl_legacy_t){SL_L_TEXT, c->sentinels[k].legacy};
  }
  return spelled(c, null ? SL_L_NIL : SL_L_MISSING);
}

static bool compile_nulls(sl_codec_t *c, const sl_codec_spec_t *spec)
{
  static const uint8_t preset[SL_L_STATES] = {
      [SL_L_MISSING] = SL_AS_ABSENT, [SL_L_NIL] = SL_AS_NULL};
  size_t width = c->width && c->kind == SL_CODEC_TEXT ? (size_t)c->width : 1;
  if (width > 1 && c->width_in_bytes) width /= c->blank_bytes;
  char *blank = sl_arena_text(c->memory, width);
  if (!blank) return false;
  memset(blank, ' ', width);
  c->blank = sl_strn(blank, width);
  memcpy(c->read_state, preset, sizeof preset);
  apply_nulls(c, &spec->system_nulls);
  apply_nulls(c, &spec->type_nulls);
  apply_nulls(c, &spec->field_nulls);
  c->read_state[SL_L_TEXT] = SL_AS_VALUE;
  c->write_null = write_state(c, spec, SL_AS_NULL);
  c->write_absent = write_state(c, spec, SL_AS_ABSENT);
  return true;
}

/* --- sentinels
 * -------------------------------------------------------------------------------------------- */

static bool is_number_kind(sl_codec_kind_t kind)
{
  return kind == SL_CODEC_INTEGER || kind == SL_CODEC_DECIMAL || kind == SL_CODEC_FLOAT;
}

static bool ignores_blanks(const sl_codec_t *c)
{
  return c->kind != SL_CODEC_TEXT && c->kind != SL_CODEC_CODE && c->kind != SL_CODEC_OPAQUE;
}

static inline const sl_spelling_t *find_exact(const sl_codec_t *c, sl_str_t text, sl_str_t trimmed)
{
  for (size_t i = 0; i < c->n_sentinels; i++) {
    const sl_spelling_t *s = &c->sentinels[i];
    if (s->access == SL_WRITE_ONLY) continue;
    if (sl_str_eq(s->legacy, text) || sl_str_eq(s->legacy, trimmed)) return s;
  }
  return NULL;
}

/* -007 and -7 are one number: what means a sentinel in one spelling means it in all. */
static const sl_spelling_t *find_sentinel(const sl_codec_t *c, sl_str_t text)
{
  sl_str_t trimmed = sl_trim(text);
  const sl_spelling_t *exact = find_exact(c, text, trimmed);
  bool number = !exact && is_number_kind((sl_codec_kind_t)c->kind);
  for (size_t i = 0; number && i < c->n_sentinels; i++)
    if (c->sentinels[i].access != SL_WRITE_ONLY &&
        sl_number_same(c, c->sentinels[i].legacy, trimmed))
      return &c->sentinels[i];
  return exact;
}

/* The sentinel whose value this is: "5" is not 5. Text of an HTTP end has no kind of its own. */
static const sl_spelling_t *find_written(const sl_codec_t *c, sl_jstate_t state, sl_str_t text,
                                         bool any_kind)
{
  sl_str_t json = state == SL_J_TRUE    ? sl_str("true")
                  : state == SL_J_FALSE ? sl_str("false")
                                        : text;
  for (size_t i = 0; i < c->n_sentinels; i++) {
    const sl_spelling_t *s = &c->sentinels[i];
    if (s->meaning != SL_AS_VALUE || s->access == SL_READ_ONLY || !sl_str_eq(s->json, json))
      continue;
    bool string = s->out.len && s->out.p[0] == '"';
    if (any_kind || string == (state == SL_J_STRING)) return s;
  }
  return NULL;
}

static bool compile_sentinels(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  c->sentinels = sl_arena_zalloc(c->memory, (spec->n_sentinels + 1) * sizeof *c->sentinels);
  if (!c->sentinels) return false;
  for (size_t i = 0; i < spec->n_sentinels; i++) {
    const sl_sentinel_t *from = &spec->sentinels[i];
    sl_spelling_t *to = &c->sentinels[c->n_sentinels];
    if (find_exact(c, sl_str(from->legacy), sl_trim(sl_str(from->legacy))) &&
        from->access != SL_WRITE_ONLY) {
      snprintf(message, 256, "sentinel legacy \"%.60s\" is there twice", from->legacy);
      return false;
    }
    to->legacy = sl_arena_str(c->memory, sl_str(from->legacy));
    to->json = sl_arena_str(c->memory, sl_str(from->json));
    to->access = (uint8_t)from->access;
    to->meaning = !strcmp(from->json, "null")     ? SL_AS_NULL
                  : !strcmp(from->json, "absent") ? SL_AS_ABSENT
                                                  : SL_AS_VALUE;
    bool boolean = !strcmp(from->json, "true") || !strcmp(from->json, "false");
    bool bare = (c->kind == SL_CODEC_BOOLEAN && boolean) ||
                (is_number_kind((sl_codec_kind_t)c->kind) && spec->as != SL_AS_STRING &&
                 sl_json_is_number(to->json) && sl_codec_json_type(c)[0] == 'n');
    to->out = bare ? to->json : sl_quoted_copy(c, to->json);
    c->n_sentinels++;
  }
  return true;
}

/* --- making one
 * ------------------------------------------------------------------------------------------- */

static bool is_date_kind(sl_codec_kind_t kind)
{
  return kind == SL_CODEC_DATE || kind == SL_CODEC_TIME || kind == SL_CODEC_DATETIME;
}

/* Parameters that say nothing about this kind were meant for another. */
static const char *misplaced(const sl_codec_spec_t *s)
{
  bool number = s->kind == SL_CODEC_INTEGER || s->kind == SL_CODEC_DECIMAL;
  bool text = s->kind == SL_CODEC_TEXT || s->kind == SL_CODEC_CODE || s->kind == SL_CODEC_OPAQUE;
  bool epoch = s->pattern && !strcmp(s->pattern, "epoch-seconds");
  if (s->pad != SL_PAD_NONE && s->width <= 0) return "pad needs a width";
  if (s->width < 0 || s->width > 1000000) return "width is from 1 to 1000000";
  if (s->width && !number && !text) return "width is for text, integer and decimal";
  if (s->unit && (!text || !s->width)) return "unit is for a width of text";
  if (s->overflow && (s->kind != SL_CODEC_TEXT || !s->width))
    return "overflow is for text with a width";
  if (s->encoding && s->kind != SL_CODEC_BINARY) return "encoding is for binary";
  if (text && s->kind != SL_CODEC_TEXT && s->pad) return "pad is for text, integer and decimal";
  if (s->pattern && *s->pattern && !is_date_kind(s->kind))
    return "pattern is for date, time and datetime";
  if (s->digits && !number) return "digits is for integer and decimal";
  if (s->scale >= 0 && !number && !epoch) return "scale is for decimal, and for epoch-seconds";
  if (s->point && s->kind != SL_CODEC_DECIMAL) return "point is for decimal";
  if (s->sign && !number) return "sign is for integer and decimal";
  if (s->as && !is_number_kind(s->kind)) return "as is for integer and decimal";
  if ((s->true_text || s->false_text) && s->kind != SL_CODEC_BOOLEAN)
    return "true and false are for boolean";
  if (s->window && !is_date_kind(s->kind)) return "window is for date and datetime";
  if (s->n_codes && s->kind != SL_CODEC_CODE) return "codes are for code tables";
  return NULL;
}

static bool copy_enums(sl_codec_t *c, const sl_codec_spec_t *spec)
{
  c->enums = sl_arena_zalloc(c->memory, (spec->n_enums + 1) * sizeof *c->enums);
  if (!c->enums) return false;
  for (size_t i = 0; i < spec->n_enums; i++)
    c->enums[i] = sl_arena_str(c->memory, sl_str(spec->enums[i]));
  c->n_enums = c->kind == SL_CODEC_TEXT ? spec->n_enums : 0;
  return true;
}

static bool compile_kind(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  switch (spec->kind) {
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: return sl_number_compile(c, spec, message);
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: return sl_date_compile(c, spec, message);
  case SL_CODEC_BOOLEAN:
  case SL_CODEC_CODE: return sl_code_compile(c, spec, message);
  default: return true;
  }
}

static bool compile_charset(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  c->ascii_plain = true;
  c->blank_bytes = 1;
  if (spec->charset && *spec->charset) {
    c->charset = sl_charset_new(spec->charset, message);
    if (!c->charset) return false;
    c->width_in_bytes = sl_charset_multibyte(c->charset);
    c->ascii_plain = sl_charset_plain(c->charset);
  }
  if (spec->unit) c->width_in_bytes = spec->unit == SL_UNIT_BYTES;
  if (c->charset && c->width_in_bytes && c->kind == SL_CODEC_TEXT)
    c->blank_bytes = sl_charset_unit(c->charset);
  if (!c->pad || c->width % (int)c->blank_bytes == 0) return true;
  snprintf(message, 256, "width=\"%d\" has no room for whole blanks: in %.40s each has %zu bytes",
           c->width, sl_charset_name(c->charset), c->blank_bytes);
  return false;
}

static bool compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  const char *wrong = misplaced(spec);
  if (wrong) {
    snprintf(message, 256, "%s", wrong);
    return false;
  }
  c->kind = (uint8_t)spec->kind;
  c->medium = (uint8_t)spec->medium;
  c->width = spec->width;
  c->pad = (uint8_t)spec->pad;
  c->unguarded = spec->unguarded;
  c->modulo = spec->unguarded ? ~0u : spec->modulo;
  if (spec->sql_type) c->sql_type = sl_str(sl_arena_strdup(c->memory, spec->sql_type));
  c->overflow = (uint8_t)spec->overflow;
  c->encoding = (uint8_t)spec->encoding;
  if (!compile_charset(c, spec, message)) return false;
  return copy_enums(c, spec) && compile_kind(c, spec, message) &&
         compile_sentinels(c, spec, message) && compile_nulls(c, spec);
}

sl_codec_t *sl_codec_new(const sl_codec_spec_t *spec, char message[256])
{
  sl_codec_t *self = calloc(1, sizeof *self);
  snprintf(message, 256, "out of memory");
  if (!self) return NULL;
  self->memory = sl_arena_new(512, 0);
  if (self->memory && compile(self, spec, message)) {
    message[0] = 0;
    return self;
  }
  sl_codec_destroy(&self);
  return NULL;
}

void sl_codec_destroy(sl_codec_t **self_p)
{
  sl_codec_t *self = *self_p;
  if (!self) return;
  sl_zone_destroy(&self->zone);
  sl_charset_destroy(&self->charset);
  sl_arena_destroy(&self->memory);
  free(self);
  *self_p = NULL;
}

/* --- reading
 * ---------------------------------------------------------------------------------------------- */

static sl_code_t decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                        sl_err_t *err)
{
  switch ((sl_codec_kind_t)c->kind) {
  case SL_CODEC_TEXT: return sl_text_decode(c, text, out, quoted, err);
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: return sl_number_decode(c, text, out, quoted, err);
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: return sl_date_decode(c, text, out, quoted, err);
  case SL_CODEC_BOOLEAN:
  case SL_CODEC_CODE: return sl_code_decode(c, text, out, quoted, err);
  case SL_CODEC_BINARY: return sl_binary_decode(c, text, out, quoted, err);
  case SL_CODEC_OPAQUE: return sl_opaque_decode(c, text, out, quoted, err);
  case SL_CODEC_NULL: break;
  }
  return sl_err_set(err, SL_GARBAGE, "no value was expected here");
}

static bool is_blank(sl_str_t text)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.p[i] != ' ') return false;
  return true;
}

/* EMPTY, BLANK or TEXT. Kinds that ignore blanks see any white space as blank. */
static sl_lstate_t state_of(const sl_codec_t *c, sl_str_t text)
{
  if (!text.len) return SL_L_EMPTY;
  if ((unsigned char)text.p[0] > ' ') return SL_L_TEXT;
  if (ignores_blanks(c)) return sl_trim(text).len ? SL_L_TEXT : SL_L_BLANK;
  return is_blank(text) ? SL_L_BLANK : SL_L_TEXT;
}

static sl_read_t finish(sl_meaning_t meaning, sl_buf_t *out, bool quoted)
{
  if (meaning == SL_AS_ABSENT) return SL_READ_ABSENT;
  if (quoted) sl_buf_add(out, "null", 4);
  return SL_READ_NULL;
}

static sl_code_t read_value(const sl_codec_t *c, sl_legacy_t legacy, sl_buf_t *out, bool quoted,
                            sl_read_t *result_p, sl_err_t *err)
{
  sl_lstate_t state = legacy.state;
  sl_str_t text = legacy.text;
  *result_p = SL_READ_VALUE;
  if (state >= SL_L_TEXT) {
    if (c->n_sentinels) {
      const sl_spelling_t *s = find_sentinel(c, text);
      if (s && s->meaning != SL_AS_VALUE)
        return *result_p = finish((sl_meaning_t)s->meaning, out, quoted), SL_OK;
      if (s) return sl_buf_adds(out, quoted ? s->out : s->json), SL_OK;
    }
    state = state_of(c, text);
    if (state != SL_L_TEXT && c->n_codes && sl_code_find(c, text)) state = SL_L_TEXT;
  }
  if (c->read_state[state] != SL_AS_VALUE)
    return *result_p = finish((sl_meaning_t)c->read_state[state], out, quoted), SL_OK;
  return decode(c, ignores_blanks(c) ? sl_trim(text) : text, out, quoted, err);
}

sl_code_t sl_codec_read(const sl_codec_t *self, sl_legacy_t legacy, sl_buf_t *json,
                        sl_read_t *result_p, sl_err_t *err)
{
  return read_value(self, legacy, json, true, result_p, err);
}

sl_code_t sl_codec_read_text(const sl_codec_t *self, sl_legacy_t legacy, sl_buf_t *out,
                             sl_read_t *result_p, sl_err_t *err)
{
  return read_value(self, legacy, out, false, result_p, err);
}

/* --- writing
 * ---------------------------------------------------------------------------------------------- */

static sl_code_t encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                        sl_str_t *out, sl_err_t *err)
{
  switch ((sl_codec_kind_t)c->kind) {
  case SL_CODEC_TEXT: return sl_text_encode(c, state, text, arena, out, err);
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: return sl_number_encode(c, state, text, arena, out, err);
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: return sl_date_encode(c, state, text, arena, out, err);
  case SL_CODEC_BOOLEAN:
  case SL_CODEC_CODE: return sl_code_encode(c, state, text, arena, out, err);
  case SL_CODEC_BINARY: return sl_binary_encode(c, state, text, arena, out, err);
  case SL_CODEC_OPAQUE: return sl_opaque_encode(c, state, text, arena, out, err);
  case SL_CODEC_NULL: break;
  }
  return sl_err_set(err, SL_INVALID, "null was expected");
}

/* PutGet for the spellings that have a meaning of their own: what is written must not be one. */
static sl_code_t check_back(const sl_codec_t *c, sl_legacy_t *out, sl_err_t *err)
{
  out->state = state_of(c, out->text);
  if (out->state != SL_L_TEXT && c->read_state[out->state] != SL_AS_VALUE &&
      !(c->modulo & SL_MODULO_EMPTY) && !(c->n_codes && sl_code_find(c, out->text)))
    return sl_err_set(err, SL_INVALID,
                      "text that is not empty was expected: it would be read as %s",
                      c->read_state[out->state] == SL_AS_NULL ? "null" : "absent");
  const sl_spelling_t *s = c->n_sentinels ? find_sentinel(c, out->text) : NULL;
  if (!s || c->unguarded || (s->meaning != SL_AS_VALUE && c->modulo & SL_MODULO_NULL)) return SL_OK;
  return sl_err_set(err, SL_INVALID,
                    "a value other than this was expected: the legacy means \"%.*s\" by it",
                    SL_STR_ARG(s->json));
}

static sl_code_t write_value(const sl_codec_t *self, sl_jstate_t state, sl_str_t text,
                             bool any_kind, sl_arena_t *arena, sl_legacy_t *out, sl_err_t *err)
{
  if (state == SL_J_NULL || state == SL_J_ABSENT) {
    *out = state == SL_J_NULL ? self->write_null : self->write_absent;
    return SL_OK;
  }
  if (self->n_sentinels) {
    const sl_spelling_t *s = find_written(self, state, text, any_kind);
    if (s) {
      *out = (sl_legacy_t){state_of(self, s->legacy), s->legacy};
      return SL_OK;
    }
  }
  sl_code_t code = encode(self, state, text, arena, &out->text, err);
  return code ? code : check_back(self, out, err);
}

sl_code_t sl_codec_write(const sl_codec_t *self, sl_jstate_t state, sl_str_t text,
                         sl_arena_t *arena, sl_legacy_t *out, sl_err_t *err)
{
  return write_value(self, state, text, false, arena, out, err);
}

/* Text of an HTTP end has the JSON kind that the codec wants. */
static sl_jstate_t assumed(const sl_codec_t *c, sl_str_t text)
{
  enum { SAFE_DIGITS = 15 };
  switch ((sl_codec_kind_t)c->kind) {
  case SL_CODEC_BOOLEAN:
    if (sl_str_eqz(text, "true")) return SL_J_TRUE;
    if (sl_str_eqz(text, "false")) return SL_J_FALSE;
    return SL_J_STRING;
  case SL_CODEC_FLOAT: return c->as == SL_AS_STRING ? SL_J_STRING : SL_J_NUMBER;
  case SL_CODEC_DECIMAL: return c->as == SL_AS_NUMBER ? SL_J_NUMBER : SL_J_STRING;
  case SL_CODEC_INTEGER: {
    size_t digits = text.len && text.p[0] == '-' ? text.len - 1 : text.len;
    if (c->digits) digits = (size_t)c->digits;
    if (c->as != SL_AS_DEFAULT) return c->as == SL_AS_STRING ? SL_J_STRING : SL_J_NUMBER;
    return digits > SAFE_DIGITS ? SL_J_STRING : SL_J_NUMBER;
  }
  default: return SL_J_STRING;
  }
}

sl_code_t sl_codec_write_text(const sl_codec_t *self, sl_str_t text, sl_arena_t *arena,
                              sl_legacy_t *out, sl_err_t *err)
{
  return write_value(self, assumed(self, text), text, true, arena, out, err);
}

/* --- questions
 * -------------------------------------------------------------------------------------------- */

const char *sl_codec_sql_type(const sl_codec_t *self, int *size_p, int *scale_p)
{
  bool number = is_number_kind((sl_codec_kind_t)self->kind);
  *size_p = number ? self->digits : self->width;
  *scale_p = number && self->scale > 0 && self->point != SL_POINT_IMPLIED ? self->scale : 0;
  return self->sql_type.p ? self->sql_type.p : "";
}

sl_codec_kind_t sl_codec_kind(const sl_codec_t *self)
{
  return (sl_codec_kind_t)self->kind;
}

bool sl_codec_writes_numbers(const sl_codec_t *self)
{
  if (self->epoch) return true;
  return is_number_kind((sl_codec_kind_t)self->kind) && self->pad == SL_PAD_NONE &&
         self->point != SL_POINT_COMMA &&
         (self->sign == SL_SIGN_LEADING || self->sign == SL_SIGN_NONE) && !self->fill_digits;
}

const char *sl_codec_json_type(const sl_codec_t *self)
{
  switch ((sl_codec_kind_t)self->kind) {
  case SL_CODEC_BOOLEAN: return "boolean";
  case SL_CODEC_NULL: return "null";
  case SL_CODEC_FLOAT: return self->as == SL_AS_STRING ? "string" : "number";
  case SL_CODEC_DECIMAL: return self->as == SL_AS_NUMBER ? "number" : "string";
  case SL_CODEC_INTEGER:
    if (self->as != SL_AS_DEFAULT) return self->as == SL_AS_STRING ? "string" : "number";
    if (!self->digits) return "number or string";
    return self->digits > 15 ? "string" : "number";
  default: return "string";
  }
}
