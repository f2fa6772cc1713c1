/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* No message of sluice/1 nests deeper than offers → offer → operations → operation → params; what
 * is unknown may nest a little more. */
enum { MAX_DEPTH = 32 };

void sl_bus_reader_init(sl_bus_reader_t *self, sl_str_t text, const char *what, sl_arena_t *arena,
                        sl_err_t *err)
{
  static const sl_json_limits_t limits = {.max_depth = MAX_DEPTH, .max_token = 0};
  sl_json_init(&self->json, &limits);
  sl_json_feed(&self->json, text.p ? text.p : "", text.len, true);
  self->arena = arena;
  self->err = err;
  self->code = SL_OK;
  self->what = what;
}

void sl_bus_reader_fini(sl_bus_reader_t *self)
{
  sl_json_fini(&self->json);
}

bool sl_bus_reader_fail(sl_bus_reader_t *self, sl_code_t code, const char *fmt, ...)
{
  if (self->code != SL_OK) return false;
  char text[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  self->code = sl_err_set(self->err, code, "%s: %s", self->what, text);
  return false;
}

static bool next(sl_bus_reader_t *self, sl_json_token_t *tok)
{
  if (self->code != SL_OK) return false;
  sl_json_kind_t kind = sl_json_next(&self->json, tok);
  if (kind > SL_JSON_END) return true;
  if (kind == SL_JSON_ERROR)
    return sl_bus_reader_fail(self, sl_json_error(&self->json)->code, "%s",
                              sl_json_error(&self->json)->text);
  return sl_bus_reader_fail(self, SL_INVALID, "text ends too early");
}

static bool want(sl_bus_reader_t *self, sl_json_token_t *tok, sl_json_kind_t kind, const char *name)
{
  if (!next(self, tok)) return false;
  if (tok->kind == kind) return true;
  return sl_bus_reader_fail(self, SL_INVALID, "%s expected in column %u", name, tok->col);
}

bool sl_bus_reader_object(sl_bus_reader_t *self)
{
  sl_json_token_t tok;
  return want(self, &tok, SL_JSON_OBJECT, "an object");
}

bool sl_bus_reader_array(sl_bus_reader_t *self)
{
  sl_json_token_t tok;
  return want(self, &tok, SL_JSON_ARRAY, "an array");
}

bool sl_bus_reader_member(sl_bus_reader_t *self, sl_str_t *name_p)
{
  sl_json_token_t tok;
  if (!next(self, &tok) || tok.kind != SL_JSON_KEY) return false;
  *name_p = tok.text;
  return true;
}

bool sl_bus_reader_end(sl_bus_reader_t *self)
{
  sl_json_token_t tok;
  if (self->code != SL_OK) return false;
  sl_json_kind_t kind = sl_json_next(&self->json, &tok);
  if (kind == SL_JSON_END) return true;
  if (kind == SL_JSON_ERROR)
    return sl_bus_reader_fail(self, sl_json_error(&self->json)->code, "%s",
                              sl_json_error(&self->json)->text);
  return sl_bus_reader_fail(self, SL_INVALID, "text goes on behind its end");
}

bool sl_bus_reader_token_text(sl_bus_reader_t *self, const sl_json_token_t *tok, sl_str_t *out)
{
  if (tok->kind != SL_JSON_STRING)
    return sl_bus_reader_fail(self, SL_INVALID, "a string expected in column %u", tok->col);
  *out = tok->stable ? tok->text : sl_arena_str(self->arena, tok->text);
  return out->p || !out->len ? true : sl_bus_reader_fail(self, SL_TOO_LARGE, "too much text");
}

bool sl_bus_reader_text(sl_bus_reader_t *self, sl_str_t *out)
{
  sl_json_token_t tok;
  return next(self, &tok) && sl_bus_reader_token_text(self, &tok, out);
}

bool sl_bus_reader_bool(sl_bus_reader_t *self, bool *out)
{
  sl_json_token_t tok;
  if (!next(self, &tok)) return false;
  if (tok.kind != SL_JSON_TRUE && tok.kind != SL_JSON_FALSE)
    return sl_bus_reader_fail(self, SL_INVALID, "true or false expected in column %u", tok.col);
  *out = tok.kind == SL_JSON_TRUE;
  return true;
}

bool sl_bus_reader_int(sl_bus_reader_t *self, int64_t *out)
{
  sl_json_token_t tok;
  if (!want(self, &tok, SL_JSON_NUMBER, "a whole number")) return false;
  /* 16 digits: 2^53, which every JSON library of every language can hold. */
  int64_t n = 0;
  bool fits = tok.text.len > 0 && tok.text.len <= 16;
  for (size_t i = 0; fits && i < tok.text.len; i++) {
    char c = tok.text.p[i];
    fits = c >= '0' && c <= '9';
    n = n * 10 + (c - '0');
  }
  if (!fits || n > INT64_C(1) << 53)
    return sl_bus_reader_fail(self, SL_INVALID,
                              "a whole number from 0 to 2^53 expected in column %u", tok.col);
  *out = n;
  return true;
}

bool sl_bus_reader_real(sl_bus_reader_t *self, double *out)
{
  sl_json_token_t tok;
  if (!want(self, &tok, SL_JSON_NUMBER, "a number")) return false;
  char digits[64];
  if (tok.text.len >= sizeof digits || tok.text.p[0] == '-')
    return sl_bus_reader_fail(self, SL_INVALID, "a number ≥ 0 expected in column %u", tok.col);
  memcpy(digits, tok.text.p, tok.text.len);
  digits[tok.text.len] = 0;
  double value = strtod(digits, NULL);
  if (value > 1e9)
    return sl_bus_reader_fail(self, SL_INVALID, "a number below 1e9 expected in column %u",
                              tok.col);
  *out = value;
  return true;
}

bool sl_bus_reader_skip(sl_bus_reader_t *self)
{
  sl_json_token_t tok;
  if (!next(self, &tok)) return false;
  if (tok.kind != SL_JSON_OBJECT && tok.kind != SL_JSON_ARRAY) return true;
  uint32_t depth = 1;
  if (sl_json_skip(&self->json, &depth) == SL_JSON_END) return true;
  return sl_bus_reader_fail(self, SL_INVALID, "%s",
                            sl_json_error(&self->json)->text[0] ? sl_json_error(&self->json)->text
                                                                : "text ends too early");
}

bool sl_bus_reader_item(sl_bus_reader_t *self, sl_json_token_t *tok_p)
{
  return next(self, tok_p) && tok_p->kind != SL_JSON_ARRAY_END;
}

bool sl_bus_reader_texts(sl_bus_reader_t *self, size_t max, sl_str_t **out_p, size_t *n_p)
{
  void *items = NULL;
  size_t n = 0;
  sl_json_token_t tok;
  if (!sl_bus_reader_array(self)) return false;
  while (sl_bus_reader_item(self, &tok)) {
    if (!sl_bus_reader_grow(self, &items, n, sizeof(sl_str_t), max)) return false;
    if (!sl_bus_reader_token_text(self, &tok, (sl_str_t *)items + n)) return false;
    n++;
  }
  *out_p = items;
  *n_p = n;
  return self->code == SL_OK;
}

bool sl_bus_reader_grow(sl_bus_reader_t *self, void **items_p, size_t n, size_t size, size_t max)
{
  if (n >= max) return sl_bus_reader_fail(self, SL_TOO_LARGE, "more than %zu items", max);
  /* Room for 8, then doubled whenever a power of two is full: what is left behind in the arena
   * is less than what is used. */
  if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
    char *items = sl_arena_alloc(self->arena, (n ? n * 2 : 8) * size);
    if (!items) return sl_bus_reader_fail(self, SL_TOO_LARGE, "too many items");
    if (n) memcpy(items, *items_p, n * size);
    *items_p = items;
  }
  memset((char *)*items_p + n * size, 0, size);
  return true;
}
