/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The laws of codecs: whatever reads must write back to a spelling that reads the same; whatever
 * is written must read back as the same value. The first byte chooses the codec, the second the
 * direction and state, the rest is the value. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "mappings/engine/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sl_sentinel_t sentinels[] = {{"00000000", "null", SL_READ_WRITE},
                                          {"0", "null", SL_READ_ONLY},
                                          {"99991231", "absent", SL_READ_WRITE}};
static const sl_code_row_t codes[] = {{"A", "active", SL_READ_WRITE},
                                      {"X", "closed", SL_READ_WRITE},
                                      {"C", "closed", SL_READ_ONLY},
                                      {" ", "unset", SL_READ_WRITE}};

static const sl_codec_spec_t specs[] = {
    {.kind = SL_CODEC_TEXT, .scale = -1},
    {.kind = SL_CODEC_TEXT, .scale = -1, .medium = SL_MEDIUM_SQL, .width = 4},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO-8859-1", .width = 4, .pad = SL_PAD_RIGHT},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "SHIFT_JIS", .width = 5, .pad = SL_PAD_LEFT},
    {.kind = SL_CODEC_TEXT, .scale = -1, .width = 6, .pad = SL_PAD_ZERO},
    {.kind = SL_CODEC_INTEGER, .scale = -1},
    {.kind = SL_CODEC_INTEGER, .scale = -1, .digits = 4, .width = 5, .pad = SL_PAD_ZERO},
    {.kind = SL_CODEC_INTEGER, .scale = -1, .as = SL_AS_STRING, .min = "-100", .max = "1000"},
    {.kind = SL_CODEC_DECIMAL, .scale = -1},
    {.kind = SL_CODEC_DECIMAL, .scale = 2, .digits = 7, .as = SL_AS_NUMBER},
    {.kind = SL_CODEC_DECIMAL,
     .scale = 2,
     .digits = 7,
     .point = SL_POINT_IMPLIED,
     .sign = SL_SIGN_TRAILING},
    {.kind = SL_CODEC_DECIMAL, .scale = 3, .point = SL_POINT_COMMA, .width = 8, .pad = SL_PAD_LEFT},
    {.kind = SL_CODEC_FLOAT, .scale = -1},
    {.kind = SL_CODEC_BOOLEAN, .scale = -1},
    {.kind = SL_CODEC_BOOLEAN, .scale = -1, .true_text = "X", .false_text = ""},
    {.kind = SL_CODEC_DATE, .scale = -1},
    {.kind = SL_CODEC_DATE,
     .scale = -1,
     .pattern = "yyyyMMdd",
     .sentinels = sentinels,
     .n_sentinels = 3},
    {.kind = SL_CODEC_DATE, .scale = -1, .pattern = "dd.MM.yy", .window = 1950},
    {.kind = SL_CODEC_TIME, .scale = -1, .pattern = "HHmm"},
    {.kind = SL_CODEC_DATETIME, .scale = -1},
    {.kind = SL_CODEC_DATETIME, .scale = -1, .medium = SL_MEDIUM_SQL, .zone = "UTC"},
    {.kind = SL_CODEC_BINARY, .scale = -1},
    {.kind = SL_CODEC_CODE, .scale = -1, .codes = codes, .n_codes = 4},
    {.kind = SL_CODEC_CODE,
     .scale = -1,
     .codes = codes,
     .n_codes = 4,
     .unmapped = SL_UNMAPPED_PROVIDED},
    {.kind = SL_CODEC_TEXT,
     .scale = -1,
     .width = 3,
     .field_nulls =
         {.has_null = true, .null = SL_L_BLANK, .has_absent = true, .absent = SL_L_EMPTY}},
    {.kind = SL_CODEC_DECIMAL, .scale = 2, .point = SL_POINT_IMPLIED, .medium = SL_MEDIUM_JSON},
    /* from here on in the order in which they came: the corpus counts them */
    {.kind = SL_CODEC_DECIMAL,
     .scale = 2,
     .digits = 7,
     .point = SL_POINT_IMPLIED,
     .sign = SL_SIGN_OVERPUNCH},
    {.kind = SL_CODEC_DECIMAL, .scale = -1, .sign = SL_SIGN_OVERPUNCH_LEADING},
    {.kind = SL_CODEC_INTEGER,
     .scale = -1,
     .width = 4,
     .pad = SL_PAD_ZERO,
     .sign = SL_SIGN_OVERPUNCH_LEADING},
    {.kind = SL_CODEC_TEXT, .scale = -1, .width = 6, .unit = SL_UNIT_BYTES, .pad = SL_PAD_RIGHT},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "UTF-16LE", .width = 8, .pad = SL_PAD_LEFT},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM037", .medium = SL_MEDIUM_SQL},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM939", .width = 9},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO-2022-JP", .width = 12},
    {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO646-DE", .medium = SL_MEDIUM_JSON},
    {.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-seconds"},
    {.kind = SL_CODEC_DATETIME, .scale = 9, .pattern = "epoch-seconds"},
    {.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-millis"},
    {.kind = SL_CODEC_BINARY, .scale = -1, .encoding = SL_ENCODING_HEX},
    {.kind = SL_CODEC_OPAQUE, .scale = -1},
    {.kind = SL_CODEC_OPAQUE, .scale = -1, .medium = SL_MEDIUM_JSON},
    {.kind = SL_CODEC_DATETIME,
     .scale = -1,
     .pattern = "yyyyMMddHHmmssS",
     .zone = "Europe/Berlin",
     .ambiguous = "later"},
    {.kind = SL_CODEC_DATETIME, .scale = -1, .zone = "Australia/Lord_Howe"},
    {.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "dd.MM.yyyy HH:mm", .zone = "Pacific/Apia"},
    {.kind = SL_CODEC_FLOAT, .scale = -1, .as = SL_AS_STRING},
    {.kind = SL_CODEC_INTEGER,
     .scale = -1,
     .medium = SL_MEDIUM_SQL,
     .sql_type = "INTEGER",
     .sign = SL_SIGN_LEADING},
};
enum { N_SPECS = sizeof specs / sizeof specs[0] };

static sl_codec_t *codecs[N_SPECS], *loose[N_SPECS], *cutting[N_SPECS];

static void broken(const char *law, size_t which, sl_str_t value)
{
  fprintf(stderr, "%s broken by codec %zu: \"%.*s\"\n", law, which, SL_STR_ARG(value));
  abort();
}

/* JSON text → state and unescaped text. */
static sl_jstate_t parse(const sl_buf_t *json, sl_json_t *reader, sl_str_t *text)
{
  sl_json_token_t token;
  sl_json_reset(reader);
  sl_json_feed(reader, json->p, json->len, true);
  sl_json_kind_t kind = sl_json_next(reader, &token);
  if (kind <= SL_JSON_END) abort(); /* what a codec appends is one JSON value */
  *text = token.text;
  switch (kind) {
  case SL_JSON_STRING: return SL_J_STRING;
  case SL_JSON_NUMBER: return SL_J_NUMBER;
  case SL_JSON_TRUE: return SL_J_TRUE;
  case SL_JSON_FALSE: return SL_J_FALSE;
  default: return SL_J_NULL;
  }
}

static bool read_again(const sl_codec_t *codec, sl_legacy_t legacy, sl_read_t result,
                       const sl_buf_t *json)
{
  sl_buf_t again;
  sl_err_t err;
  sl_read_t second;
  sl_buf_init(&again, 0);
  bool same = !sl_codec_read(codec, legacy, &again, &second, &err) && second == result &&
              sl_str_eq(sl_buf_str(&again), sl_buf_str(json));
  sl_buf_fini(&again);
  return same;
}

static void get_put(size_t which, sl_legacy_t legacy, sl_arena_t *arena)
{
  const sl_codec_t *codec = codecs[which];
  sl_buf_t json;
  sl_json_t reader;
  sl_err_t err;
  sl_read_t result;
  sl_legacy_t back;
  sl_str_t text = {NULL, 0};
  sl_buf_init(&json, 0);
  sl_json_init(&reader, NULL);
  if (!sl_codec_read(codec, legacy, &json, &result, &err)) {
    sl_jstate_t state = result == SL_READ_ABSENT ? SL_J_ABSENT : parse(&json, &reader, &text);
    if (sl_codec_write(codec, state, text, arena, &back, &err) ||
        !read_again(codec, back, result, &json))
      broken("GetPut", which, legacy.text);
  }
  sl_json_fini(&reader);
  sl_buf_fini(&json);
}

/* Is what came back the same value, where numbers and times have several spellings? */
static void put_get(size_t which, sl_jstate_t state, sl_str_t text, sl_arena_t *arena)
{
  const sl_codec_t *codec = codecs[which];
  sl_legacy_t legacy, second;
  sl_err_t err;
  sl_buf_t json;
  sl_json_t reader;
  sl_read_t result;
  sl_str_t again;
  if (state == SL_J_STRING && !sl_utf8_valid(text.p, text.len)) return;
  if (state == SL_J_NUMBER && !sl_json_is_number(text)) return;
  if (sl_codec_write(codec, state, text, arena, &legacy, &err)) return;
  sl_buf_init(&json, 0);
  sl_json_init(&reader, NULL);
  if (sl_codec_read(codec, legacy, &json, &result, &err) || result != SL_READ_VALUE)
    broken("PutGet", which, text);
  sl_jstate_t back = parse(&json, &reader, &again);
  if (back != state || sl_codec_write(codec, back, again, arena, &second, &err) ||
      !sl_str_eq(legacy.text, second.text))
    broken("PutGet", which, text);
  sl_json_fini(&reader);
  sl_buf_fini(&json);
}

/* What the guarded codec takes, the unguarded one writes the same; what the unguarded one writes is
 * at least a value. What a text is cut to is not cut again. */
static void lose(size_t which, sl_jstate_t state, sl_str_t text, sl_arena_t *arena)
{
  sl_legacy_t guarded, all, again;
  sl_err_t err;
  if (state == SL_J_STRING && !sl_utf8_valid(text.p, text.len)) return;
  if (state == SL_J_NUMBER && !sl_json_is_number(text)) return;
  bool taken = !sl_codec_write(codecs[which], state, text, arena, &guarded, &err);
  bool written = !sl_codec_write(loose[which], state, text, arena, &all, &err);
  if (taken && (!written || all.state != guarded.state || !sl_str_eq(all.text, guarded.text)))
    broken("the unguarded one writes the same", which, text);
  if (!cutting[which] || sl_codec_write(cutting[which], state, text, arena, &all, &err)) return;
  sl_buf_t json;
  sl_json_t reader;
  sl_read_t result;
  sl_str_t back;
  sl_buf_init(&json, 0);
  sl_json_init(&reader, NULL);
  if (sl_codec_read(cutting[which], all, &json, &result, &err))
    broken("cut text reads", which, text);
  if (result == SL_READ_VALUE &&
      (parse(&json, &reader, &back) != SL_J_STRING ||
       sl_codec_write(cutting[which], SL_J_STRING, back, arena, &again, &err) ||
       !sl_str_eq(again.text, all.text)))
    broken("cut text stays", which, text);
  sl_json_fini(&reader);
  sl_buf_fini(&json);
}

static void make(size_t which)
{
  char message[256];
  sl_codec_spec_t spec = specs[which];
  if (codecs[which]) return;
  codecs[which] = sl_codec_new(&spec, message);
  if (spec.kind == SL_CODEC_TEXT && spec.width) {
    spec.overflow = SL_OVERFLOW_TRUNCATE;
    spec.modulo = SL_MODULO_WIDTH;
    cutting[which] = sl_codec_new(&spec, message);
  }
  spec.unguarded = true;
  loose[which] = sl_codec_new(&spec, message);
  if (!codecs[which] || !loose[which]) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2) return 0;
  size_t which = data[0] % N_SPECS;
  make(which);
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_str_t value = sl_strn((const char *)data + 2, size - 2);
  switch (data[1] % 8) {
  case 0: put_get(which, SL_J_STRING, value, arena); break;
  case 1: put_get(which, SL_J_NUMBER, value, arena); break;
  case 2: put_get(which, value.len ? SL_J_TRUE : SL_J_FALSE, sl_str(""), arena); break;
  case 5: lose(which, SL_J_STRING, value, arena); break;
  case 6: lose(which, SL_J_NUMBER, value, arena); break;
  default: get_put(which, (sl_legacy_t){SL_L_TEXT, value}, arena); break;
  }
  sl_arena_destroy(&arena);
  return 0;
}
