/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Code tables, and booleans, which are code tables with two rows whose JSON end is a token. */
#include "core/jsonw.h"
#include "mappings/engine/codec_impl.h"

#include <stdio.h>
#include <string.h>

enum { SCAN_MAX = 6 }; /* up to so many rows a scan is faster than a hash */

static uint32_t hash(sl_str_t s)
{
  uint32_t h = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.p[i]) * 16777619u;
  return h;
}

static const sl_spelling_t *find_legacy(const sl_codec_t *c, sl_str_t text)
{
  if (!c->by_legacy) {
    for (size_t i = 0; i < c->n_codes; i++)
      if (c->codes[i].access != SL_WRITE_ONLY && sl_str_eq(c->codes[i].legacy, text))
        return &c->codes[i];
    return NULL;
  }
  for (uint32_t h = hash(text);; h++) {
    uint16_t i = c->by_legacy[h & c->hash_mask];
    if (!i) return NULL;
    if (sl_str_eq(c->codes[i - 1].legacy, text)) return &c->codes[i - 1];
  }
}

static const sl_spelling_t *find_json(const sl_codec_t *c, sl_str_t text)
{
  if (!c->by_json) {
    for (size_t i = 0; i < c->n_codes; i++)
      if (c->codes[i].access != SL_READ_ONLY && sl_str_eq(c->codes[i].json, text))
        return &c->codes[i];
    return NULL;
  }
  for (uint32_t h = hash(text);; h++) {
    uint16_t i = c->by_json[h & c->hash_mask];
    if (!i) return NULL;
    if (sl_str_eq(c->codes[i - 1].json, text)) return &c->codes[i - 1];
  }
}

const sl_spelling_t *sl_code_find(const sl_codec_t *c, sl_str_t legacy)
{
  return find_legacy(c, legacy);
}

/* --- compiling
 * ----------------------------------------------------------------------------------------- */

static bool build_hash(sl_codec_t *c)
{
  if (c->n_codes <= SCAN_MAX) return true;
  uint32_t size = 8;
  while (size < 2 * c->n_codes) size *= 2;
  uint16_t *by_legacy = sl_arena_zalloc(c->memory, size * sizeof *by_legacy);
  uint16_t *by_json = sl_arena_zalloc(c->memory, size * sizeof *by_json);
  if (!by_legacy || !by_json) return false;
  c->hash_mask = size - 1;
  for (size_t i = 0; i < c->n_codes; i++) {
    const sl_spelling_t *row = &c->codes[i];
    uint32_t h = hash(row->legacy);
    if (row->access != SL_WRITE_ONLY) {
      while (by_legacy[h & c->hash_mask]) h++;
      by_legacy[h & c->hash_mask] = (uint16_t)(i + 1);
    }
    if (row->access == SL_READ_ONLY) continue;
    h = hash(row->json); /* in order: the canonical row of a JSON value is met first */
    while (by_json[h & c->hash_mask]) h++;
    by_json[h & c->hash_mask] = (uint16_t)(i + 1);
  }
  c->by_legacy = by_legacy;
  c->by_json = by_json;
  return true;
}

sl_str_t sl_quoted_copy(sl_codec_t *c, sl_str_t text)
{
  sl_buf_t buf;
  sl_buf_init(&buf, 0);
  sl_json_quote(&buf, text);
  sl_str_t out = buf.failed ? sl_strn(NULL, 0) : sl_arena_str(c->memory, sl_buf_str(&buf));
  sl_buf_fini(&buf);
  return out;
}

static bool add_row(sl_codec_t *c, const char *legacy, const char *json, sl_access_t access,
                    char message[256])
{
  sl_spelling_t *row = &c->codes[c->n_codes];
  *row = (sl_spelling_t){.legacy = sl_arena_str(c->memory, sl_str(legacy)),
                         .json = sl_arena_str(c->memory, sl_str(json)),
                         .meaning = SL_AS_VALUE,
                         .access = (uint8_t)access};
  row->out = c->kind == SL_CODEC_BOOLEAN ? row->json : sl_quoted_copy(c, row->json);
  if (access != SL_WRITE_ONLY)
    for (size_t i = 0; i < c->n_codes; i++)
      if (c->codes[i].access != SL_WRITE_ONLY && sl_str_eq(c->codes[i].legacy, row->legacy)) {
        snprintf(message, 256, "legacy \"%.60s\" is there twice: reading could not decide", legacy);
        return false;
      }
  c->n_codes++;
  return true;
}

static bool compile_boolean(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  c->codes = sl_arena_zalloc(c->memory, 6 * sizeof *c->codes);
  if (!c->codes) return false;
  if (!spec->true_text != !spec->false_text) {
    snprintf(message, 256, "true and false need each other: only one of them is given");
    return false;
  }
  if (spec->true_text)
    return add_row(c, spec->true_text, "true", SL_READ_WRITE, message) &&
           add_row(c, spec->false_text, "false", SL_READ_WRITE, message);
  /* xs:boolean has four spellings; SQL_BIT and the drivers' booleans come as 1 and 0. */
  bool sql = spec->medium == SL_MEDIUM_SQL;
  return add_row(c, sql ? "1" : "true", "true", SL_READ_WRITE, message) &&
         add_row(c, sql ? "0" : "false", "false", SL_READ_WRITE, message) &&
         add_row(c, sql ? "true" : "1", "true", SL_READ_ONLY, message) &&
         add_row(c, sql ? "false" : "0", "false", SL_READ_ONLY, message) &&
         (!sql || (add_row(c, "t", "true", SL_READ_ONLY, message) &&
                   add_row(c, "f", "false", SL_READ_ONLY, message)));
}

bool sl_code_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  if (c->kind == SL_CODEC_BOOLEAN) return compile_boolean(c, spec, message);
  if (!spec->n_codes && spec->unmapped == SL_UNMAPPED_REJECT) {
    snprintf(message, 256, "a code table needs a code, or unmapped=\"provided\"");
    return false;
  }
  if (spec->n_codes > 32000) {
    snprintf(message, 256, "a code table holds at most 32000 codes");
    return false;
  }
  if (spec->unmapped == SL_UNMAPPED_FIXED && !spec->fixed) {
    snprintf(message, 256, "unmapped=\"fixed:…\" needs the value behind the colon");
    return false;
  }
  c->unmapped = (uint8_t)spec->unmapped;
  c->codes = sl_arena_zalloc(c->memory, (spec->n_codes + 1) * sizeof *c->codes);
  if (!c->codes) return false;
  for (size_t i = 0; i < spec->n_codes; i++)
    if (!add_row(c, spec->codes[i].legacy, spec->codes[i].json, spec->codes[i].access, message))
      return false;
  if (spec->fixed) {
    c->fixed.json = sl_arena_str(c->memory, sl_str(spec->fixed));
    c->fixed.out = sl_quoted_copy(c, c->fixed.json);
  }
  return build_hash(c);
}

/* --- values
 * ---------------------------------------------------------------------------------------------- */

static void append(const sl_spelling_t *row, sl_buf_t *out, bool quoted)
{
  sl_buf_adds(out, quoted ? row->out : row->json);
}

sl_code_t sl_code_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err)
{
  const sl_spelling_t *row = find_legacy(c, text);
  sl_str_t trimmed = row ? text : sl_trim(text);
  if (!row && trimmed.len != text.len) row = find_legacy(c, trimmed);
  if (row) {
    append(row, out, quoted);
    return SL_OK;
  }
  if (c->kind == SL_CODEC_BOOLEAN)
    return sl_err_set(err, SL_GARBAGE, "\"%.*s\" or \"%.*s\" was expected",
                      SL_STR_ARG(c->codes[0].legacy), SL_STR_ARG(c->codes[1].legacy));
  if (c->unmapped == SL_UNMAPPED_PROVIDED) {
    /* A text that is a row's JSON value would be written as that row's code. */
    row = find_json(c, text);
    if (row)
      return sl_err_set(err, SL_GARBAGE, "a code other than a mapped one's JSON was expected");
    return sl_text_decode(c, text, out, quoted, err);
  }
  if (c->unmapped == SL_UNMAPPED_FIXED) {
    append(&c->fixed, out, quoted);
    return SL_OK;
  }
  return sl_err_set(err, SL_GARBAGE, "one of the %zu legacy codes of the code table was expected",
                    c->n_codes);
}

static sl_code_t code_expected(const sl_codec_t *c, sl_err_t *err)
{
  char list[200] = "";
  size_t used = 0;
  for (size_t i = 0; i < c->n_codes; i++) {
    const sl_spelling_t *row = &c->codes[i];
    if (row->access == SL_READ_ONLY || used + row->json.len + 8 > sizeof list) continue;
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? ", " : "",
                             SL_STR_ARG(row->json));
  }
  return sl_err_set(err, SL_INVALID, "one of these was expected: %s", list);
}

sl_code_t sl_code_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err)
{
  if (c->kind == SL_CODEC_BOOLEAN) {
    if (state != SL_J_TRUE && state != SL_J_FALSE)
      return sl_err_set(err, SL_INVALID, "true or false was expected");
    *out = c->codes[state == SL_J_TRUE ? 0 : 1].legacy;
    return SL_OK;
  }
  if (state != SL_J_STRING) return sl_err_set(err, SL_INVALID, "a string was expected");
  const sl_spelling_t *row = find_json(c, text);
  if (row) {
    *out = row->legacy;
    return SL_OK;
  }
  if (c->unmapped != SL_UNMAPPED_PROVIDED) return code_expected(c, err);
  row = find_legacy(c, sl_trim(text)); /* it would be read back as that row's JSON */
  if (!row) row = find_legacy(c, text);
  if (row && !(c->modulo & SL_MODULO_CODES)) return code_expected(c, err);
  return sl_text_encode(c, state, text, arena, out, err);
}
