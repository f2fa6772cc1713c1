/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The first byte says where the rest is cut. A text read whole and in two pieces must give the
 * same tokens or the same refusal; a string that was read must quote and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "core/jsonw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Limits small enough for a fuzzer to reach. */
static const sl_json_limits_t limits = {.max_depth = 300, .max_token = 200};

static void read_back(sl_str_t text)
{
  sl_buf_t quoted;
  sl_json_t reader;
  sl_json_token_t tok;
  SL_ASSERT(sl_utf8_valid(text.p, text.len));
  sl_buf_init(&quoted, 0);
  sl_json_quote(&quoted, text);
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, quoted.p, quoted.len, true);
  SL_ASSERT(sl_json_next(&reader, &tok) == SL_JSON_STRING);
  SL_ASSERT(sl_str_eq(tok.text, text));
  SL_ASSERT(sl_json_next(&reader, &tok) == SL_JSON_END);
  sl_json_fini(&reader);
  sl_buf_fini(&quoted);
}

static void note(sl_buf_t *out, const sl_json_t *reader, const sl_json_token_t *tok)
{
  const sl_err_t *err = sl_json_error(reader);
  if (tok->kind == SL_JSON_ERROR)
    sl_buf_printf(out, "!%d:%d:%s", err->line, err->col, err->text);
  else
    sl_buf_printf(out, "%d@%u:%u=", tok->kind, tok->line, tok->col);
  sl_buf_adds(out, tok->text);
  if (tok->kind == SL_JSON_KEY || tok->kind == SL_JSON_STRING) read_back(tok->text);
  if (tok->kind == SL_JSON_NUMBER) SL_ASSERT(sl_json_is_number(tok->text));
}

static void read_cut(const char *text, size_t len, size_t at, sl_buf_t *out)
{
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, &limits);
  size_t ends[] = {at, len}, from = 0;
  for (size_t i = 0; i < 2; i++) {
    /* A copy of its own, freed at once: whoever keeps a pointer into it is found out. */
    size_t n = ends[i] - from;
    char *piece = malloc(n ? n : 1);
    if (!piece) abort();
    memcpy(piece, text + from, n);
    sl_json_feed(&reader, piece, n, i == 1);
    while (sl_json_next(&reader, &tok) != SL_JSON_MORE) {
      note(out, &reader, &tok);
      if (tok.kind <= SL_JSON_END) break;
    }
    free(piece);
    from = ends[i];
    if (tok.kind != SL_JSON_MORE) break;
  }
  SL_ASSERT(tok.kind != SL_JSON_MORE);
  sl_json_fini(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!size) return 0;
  const char *text = (const char *)data + 1;
  size_t len = size - 1;
  sl_buf_t whole, split;
  sl_buf_init(&whole, 0);
  sl_buf_init(&split, 0);
  read_cut(text, len, 0, &whole);
  read_cut(text, len, data[0] % (len + 1), &split);
  SL_ASSERT(whole.len == split.len && !memcmp(whole.p, split.p, whole.len));
  sl_buf_fini(&whole);
  sl_buf_fini(&split);
  return 0;
}
