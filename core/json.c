/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_DEPTH = 256, DEFAULT_TOKEN = 16 * 1024 * 1024 };

enum expect {
  VALUE,        /* at the start, after ':', after ',' in an array */
  VALUE_OR_END, /* after '[' */
  NAME,         /* after ',' in an object */
  NAME_OR_END,  /* after '{' */
  COLON,
  COMMA, /* or the container's end */
  NOTHING,
  FAILED,
};

enum lex { LEX_NONE, LEX_STRING, LEX_NUMBER, LEX_LITERAL };

/* A string's automaton: HEX reads four digits; after a high surrogate, LOW_SLASH and LOW_U see
 * that another escape follows. */
enum string_state { PLAIN, CONTINUATION, ESCAPE, HEX, LOW_SLASH, LOW_U };

enum number_state { START, MINUS, ZERO, INTEGER, POINT, FRACTION, EXP, EXP_SIGN, EXPONENT };

/* --- position and errors --------------------------------------------------------------------- */

static uint32_t col_at(const sl_json_t *self, const char *p)
{
  return (uint32_t)(self->before + (uint64_t)(p - self->start) - self->line_offset + 1);
}

static sl_json_kind_t fail_at(sl_json_t *self, sl_code_t code, uint32_t col, const char *text)
{
  sl_err_set(&self->err, code, "JSON: %s", text);
  self->err.line = (int)self->line;
  self->err.col = (int)col;
  self->expect = FAILED;
  self->lex = LEX_NONE;
  self->p = self->end;
  return SL_JSON_ERROR;
}

static sl_json_kind_t fail(sl_json_t *self, const char *p, const char *text)
{
  return fail_at(self, SL_INVALID, col_at(self, p), text);
}

static sl_json_kind_t fail_large(sl_json_t *self)
{
  return fail_at(self, SL_TOO_LARGE, self->col, "a string or number is longer than the limit");
}

/* --- levels ---------------------------------------------------------------------------------- */

static bool in_object(const sl_json_t *self)
{
  uint32_t i = self->depth - 1, first = 8 * sizeof self->first_levels;
  const uint8_t *bits = i < first ? self->first_levels : self->more_levels;
  if (i >= first) i -= first;
  return bits[i / 8] & 1u << i % 8;
}

static bool push(sl_json_t *self, bool object)
{
  uint32_t i = self->depth, first = 8 * sizeof self->first_levels;
  uint8_t *bits = self->first_levels;
  if (i >= first) {
    i -= first;
    if (i / 8 >= self->more_bytes) {
      uint32_t bytes = self->more_bytes ? self->more_bytes * 2 : 64;
      bits = realloc(self->more_levels, bytes);
      if (!bits) return false;
      self->more_levels = bits;
      self->more_bytes = bytes;
    }
    bits = self->more_levels;
  }
  uint8_t bit = (uint8_t)(1u << i % 8);
  bits[i / 8] = (uint8_t)(object ? bits[i / 8] | bit : bits[i / 8] & ~bit);
  self->depth++;
  return true;
}

static void value_done(sl_json_t *self)
{
  self->expect = self->depth ? COMMA : NOTHING;
}

static sl_json_kind_t open_container(sl_json_t *self, bool object)
{
  if (self->depth >= self->limits.max_depth)
    return fail_at(self, SL_TOO_LARGE, col_at(self, self->p), "nested deeper than the limit");
  if (!push(self, object))
    return fail_at(self, SL_TOO_LARGE, col_at(self, self->p), "no memory for another level");
  self->p++;
  self->expect = object ? NAME_OR_END : VALUE_OR_END;
  return object ? SL_JSON_OBJECT : SL_JSON_ARRAY;
}

static sl_json_kind_t close_container(sl_json_t *self)
{
  bool object = in_object(self);
  self->p++;
  self->depth--;
  value_done(self);
  return object ? SL_JSON_OBJECT_END : SL_JSON_ARRAY_END;
}

/* --- tokens that may be cut ------------------------------------------------------------------ */

/* Keep [run, p) in scratch; the caller has seen to the limit. */
static bool keep(sl_json_t *self, const char *run, const char *p)
{
  sl_buf_add(&self->scratch, run, (size_t)(p - run));
  return !self->scratch.failed;
}

static void open_token(sl_json_t *self, enum lex lex, sl_json_kind_t kind)
{
  self->lex = (uint8_t)lex;
  self->lex_kind = (uint8_t)kind;
  self->state = 0;
  self->count = 0;
  self->high = 0;
  self->col = col_at(self, self->p);
  sl_buf_clear(&self->scratch);
}

/* The piece ends within a token: its bytes from run on are kept. */
static sl_json_kind_t cut(sl_json_t *self, const char *run, const char *ends_inside)
{
  if (self->final) return fail(self, self->end, ends_inside);
  if (!keep(self, run, self->end)) return fail_large(self);
  self->p = self->end;
  return SL_JSON_MORE;
}

/* The token is whole: [run, p) is its last part, and all of it if nothing had to be kept. */
static sl_json_kind_t token(sl_json_t *self, sl_json_token_t *tok, sl_json_kind_t kind,
                            const char *run, const char *p)
{
  if (self->scratch.len) {
    if (!keep(self, run, p)) return fail_large(self);
    tok->text = sl_buf_str(&self->scratch);
    tok->stable = false;
  } else {
    tok->text = sl_strn(run, (size_t)(p - run));
    tok->stable = true;
  }
  tok->col = self->col;
  self->lex = LEX_NONE;
  return kind;
}

/* First byte from p on that is no plain ASCII of a string. */
static const char *plain_end(const char *p, const char *end)
{
  for (; end - p >= 8; p += 8) {
    uint64_t w = sl_load8(p), quote = w ^ SL_EACH8('"'), slash = w ^ SL_EACH8('\\');
    uint64_t special = w | ((w - SL_EACH8(0x20)) & ~w) | ((quote - SL_EACH8(1)) & ~quote) |
                       ((slash - SL_EACH8(1)) & ~slash);
    if (special & SL_HIGH8) break;
  }
  for (; p < end; p++) {
    unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return p;
}

/* The code point in UTF-8 into scratch; false: over the limit. */
static bool add_char(sl_json_t *self, uint32_t c)
{
  char u[4];
  size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const uint8_t lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
  for (size_t i = n; i-- > 1; c >>= 6) u[i] = (char)(0x80 | (c & 0x3F));
  u[0] = (char)(lead[n] | c);
  if (self->limits.max_token - self->scratch.len < n) return false;
  return keep(self, u, u + n);
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After the four digits of \uXXXX. NULL: fine; otherwise what is wrong. */
static const char *unit_done(sl_json_t *self, bool *fits_p)
{
  static const char lone[] = "a lone surrogate escape has no UTF-8 form";
  uint32_t unit = self->unit;
  bool low = unit >= 0xDC00 && unit <= 0xDFFF;
  self->state = PLAIN;
  if (self->high) {
    if (!low) return lone;
    unit = 0x10000 + ((self->high - 0xD800) << 10) + (unit - 0xDC00);
    self->high = 0;
  } else if (low) {
    return lone;
  } else if (unit >= 0xD800 && unit <= 0xDBFF) {
    self->high = unit;
    self->state = LOW_SLASH;
    return NULL;
  }
  *fits_p = add_char(self, unit);
  return NULL;
}

/* One byte inside an escape. NULL: fine; otherwise what is wrong. */
static const char *escape_byte(sl_json_t *self, char c, bool *fits_p)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  int digit;
  const char *at;
  switch (self->state) {
  case ESCAPE:
    self->unit = self->count = 0;
    self->state = c == 'u' ? HEX : PLAIN;
    if (c == 'u') return NULL;
    at = c ? strchr(from, c) : NULL;
    if (!at) return "no such escape";
    *fits_p = add_char(self, (unsigned char)to[at - from]);
    return NULL;
  case HEX:
    digit = hex_digit(c);
    if (digit < 0) return "\\u needs four hexadecimal digits";
    self->unit = self->unit << 4 | (uint32_t)digit;
    return ++self->count < 4 ? NULL : unit_done(self, fits_p);
  case LOW_SLASH:
    self->state = LOW_U;
    return c == '\\' ? NULL : "a high surrogate escape needs a low one behind it";
  default: /* LOW_U */
    self->unit = self->count = 0;
    self->state = HEX;
    return c == 'u' ? NULL : "a high surrogate escape needs a low one behind it";
  }
}

/* From self->p, which is behind the opening quote or where the last piece ended. */
static sl_json_kind_t string(sl_json_t *self, sl_json_token_t *tok)
{
  const char *p = self->p, *run = p;
  for (;;) {
    /* What may still come without passing the limit, so that a text is refused at the same byte
     * whatever its pieces. */
    size_t room = self->limits.max_token - self->scratch.len;
    const char *stop = (size_t)(self->end - run) > room ? run + room : self->end;
    if (self->state == PLAIN) p = plain_end(p, stop);
    if (p == self->end) return cut(self, run, "the text ends inside a string");
    unsigned char c = (unsigned char)*p;
    if (self->state == PLAIN && c == '"') {
      self->p = p + 1;
      bool name = self->lex_kind == SL_JSON_KEY;
      if (name)
        self->expect = COLON;
      else
        value_done(self);
      return token(self, tok, (sl_json_kind_t)self->lex_kind, run, p);
    }
    if (p == stop && self->state <= CONTINUATION) return fail_large(self);
    if (self->state == CONTINUATION) {
      if (!sl_utf8_more(&self->utf8, c)) return fail(self, p, "not UTF-8");
      if (!self->utf8.need) self->state = PLAIN;
      p++;
    } else if (self->state != PLAIN) {
      bool fits = true;
      const char *wrong = escape_byte(self, (char)c, &fits);
      if (wrong) return fail(self, p, wrong);
      if (!fits) return fail_large(self);
      run = ++p;
    } else if (c == '\\') {
      if (!keep(self, run, p)) return fail_large(self);
      self->state = ESCAPE;
      run = ++p;
    } else if (c < 0x20) {
      return fail(self, p, "a control character in a string must be escaped");
    } else {
      if (!sl_utf8_lead(&self->utf8, c)) return fail(self, p, "not UTF-8");
      self->state = CONTINUATION;
      p++;
    }
  }
}

/* The state after c, or -1 where the number ends. */
static int number_step(int state, char c)
{
  bool digit = c >= '0' && c <= '9';
  switch (state) {
  case START:
    if (c == '-') return MINUS;
    /* FALLTHROUGH */
  case MINUS: return c == '0' ? ZERO : digit ? INTEGER : -1;
  case INTEGER:
    if (digit) return INTEGER;
    /* FALLTHROUGH */
  case ZERO: return c == '.' ? POINT : c == 'e' || c == 'E' ? EXP : -1;
  case POINT: return digit ? FRACTION : -1;
  case FRACTION: return digit ? FRACTION : c == 'e' || c == 'E' ? EXP : -1;
  case EXP:
    if (c == '+' || c == '-') return EXP_SIGN;
    /* FALLTHROUGH */
  default: return digit ? EXPONENT : -1; /* EXP_SIGN, EXPONENT */
  }
}

static bool number_may_end(int state)
{
  return state == ZERO || state == INTEGER || state == FRACTION || state == EXPONENT;
}

static sl_json_kind_t number(sl_json_t *self, sl_json_token_t *tok)
{
  const char *p = self->p, *run = p;
  size_t room = self->limits.max_token - self->scratch.len;
  int state = self->state;
  for (; p < self->end; p++) {
    int next = number_step(state, *p);
    if (next < 0) {
      if (!number_may_end(state)) return fail(self, p, "a digit is missing in a number");
      if (state == ZERO && *p >= '0' && *p <= '9')
        return fail(self, p, "a number must not begin with 0");
      break;
    }
    if ((size_t)(p - run) == room) return fail_large(self);
    state = next;
  }
  self->state = (uint8_t)state;
  if (p == self->end && !(self->final && number_may_end(state)))
    return cut(self, run, "the text ends inside a number");
  self->p = p;
  value_done(self);
  return token(self, tok, SL_JSON_NUMBER, run, p);
}

static sl_json_kind_t literal(sl_json_t *self, sl_json_token_t *tok)
{
  static const char *const words[] = {"true", "false", "null"};
  const char *word = words[self->lex_kind - SL_JSON_TRUE];
  for (; word[self->count]; self->count++, self->p++) {
    if (self->p == self->end) return cut(self, self->p, "the text ends inside a literal");
    if (*self->p != word[self->count])
      return fail(self, self->p, "a value was expected: only true, false and null are words");
  }
  tok->col = self->col;
  self->lex = LEX_NONE;
  value_done(self);
  return (sl_json_kind_t)self->lex_kind;
}

static sl_json_kind_t resume(sl_json_t *self, sl_json_token_t *tok)
{
  switch (self->lex) {
  case LEX_STRING: return string(self, tok);
  case LEX_NUMBER: return number(self, tok);
  default: return literal(self, tok);
  }
}

/* --- grammar --------------------------------------------------------------------------------- */

static void skip_space(sl_json_t *self)
{
  const char *p = self->p;
  for (; p < self->end; p++) {
    if (*p == '\n') {
      self->line++;
      self->line_offset = self->before + (uint64_t)(p - self->start) + 1;
    } else if (*p != ' ' && *p != '\r' && *p != '\t') {
      break;
    }
  }
  self->p = p;
}

static sl_json_kind_t value(sl_json_t *self, sl_json_token_t *tok)
{
  char c = *self->p;
  if (c == '-' || (c >= '0' && c <= '9')) {
    open_token(self, LEX_NUMBER, SL_JSON_NUMBER);
    return number(self, tok);
  }
  switch (c) {
  case '{': return open_container(self, true);
  case '[': return open_container(self, false);
  case '"':
    open_token(self, LEX_STRING, SL_JSON_STRING);
    self->p++;
    return string(self, tok);
  case 't': open_token(self, LEX_LITERAL, SL_JSON_TRUE); return literal(self, tok);
  case 'f': open_token(self, LEX_LITERAL, SL_JSON_FALSE); return literal(self, tok);
  case 'n': open_token(self, LEX_LITERAL, SL_JSON_NULL); return literal(self, tok);
  case '\xEF': return fail(self, self->p, "a value was expected (a byte order mark is none)");
  default: return fail(self, self->p, "a value was expected");
  }
}

static sl_json_kind_t name(sl_json_t *self, sl_json_token_t *tok)
{
  if (*self->p == '}' && self->expect == NAME_OR_END) return close_container(self);
  if (*self->p != '"') return fail(self, self->p, "a member's name in quotes was expected");
  open_token(self, LEX_STRING, SL_JSON_KEY);
  self->p++;
  return string(self, tok);
}

/* After a value in a container: SL_JSON_MORE means that the comma was read. */
static sl_json_kind_t comma(sl_json_t *self)
{
  bool object = in_object(self);
  if (*self->p == (object ? '}' : ']')) return close_container(self);
  if (*self->p != ',')
    return fail(self, self->p, object ? "',' or '}' was expected" : "',' or ']' was expected");
  self->p++;
  self->expect = object ? NAME : VALUE;
  return SL_JSON_MORE;
}

static sl_json_kind_t out_of_bytes(sl_json_t *self)
{
  if (!self->final) return SL_JSON_MORE;
  return self->expect == NOTHING ? SL_JSON_END : fail(self, self->p, "the text ends too early");
}

static sl_json_kind_t next(sl_json_t *self, sl_json_token_t *tok)
{
  if (self->lex) return resume(self, tok);
  if (self->expect == FAILED) return SL_JSON_ERROR;
  for (;;) {
    skip_space(self);
    tok->line = self->line;
    tok->col = col_at(self, self->p);
    if (self->p == self->end) return out_of_bytes(self);
    switch (self->expect) {
    case COLON:
      if (*self->p != ':') return fail(self, self->p, "':' was expected");
      self->p++;
      self->expect = VALUE;
      continue;
    case COMMA: {
      sl_json_kind_t kind = comma(self);
      if (kind != SL_JSON_MORE) return kind;
      continue;
    }
    case NAME:
    case NAME_OR_END: return name(self, tok);
    case VALUE_OR_END:
      if (*self->p == ']') return close_container(self);
      return value(self, tok);
    case VALUE: return value(self, tok);
    default: return fail(self, self->p, "nothing more was expected");
    }
  }
}

sl_json_kind_t sl_json_next(sl_json_t *self, sl_json_token_t *tok)
{
  tok->text = sl_strn(NULL, 0);
  tok->stable = false;
  tok->line = self->line;
  tok->col = 0;
  return tok->kind = next(self, tok);
}

sl_json_kind_t sl_json_skip(sl_json_t *self, uint32_t *depth_p)
{
  while (*depth_p) {
    sl_json_token_t tok;
    switch (sl_json_next(self, &tok)) {
    case SL_JSON_OBJECT:
    case SL_JSON_ARRAY: ++*depth_p; break;
    case SL_JSON_OBJECT_END:
    case SL_JSON_ARRAY_END: --*depth_p; break;
    case SL_JSON_MORE: return SL_JSON_MORE;
    case SL_JSON_ERROR: return SL_JSON_ERROR;
    default: break;
    }
  }
  return SL_JSON_END;
}

/* --- life ------------------------------------------------------------------------------------ */

void sl_json_init(sl_json_t *self, const sl_json_limits_t *limits)
{
  memset(self, 0, sizeof *self);
  if (limits) self->limits = *limits;
  if (!self->limits.max_depth) self->limits.max_depth = DEFAULT_DEPTH;
  if (!self->limits.max_token) self->limits.max_token = DEFAULT_TOKEN;
  sl_buf_init(&self->scratch, 0);
  sl_json_reset(self);
}

void sl_json_fini(sl_json_t *self)
{
  sl_buf_fini(&self->scratch);
  free(self->more_levels);
  self->more_levels = NULL;
}

void sl_json_reset(sl_json_t *self)
{
  self->p = self->end = self->start = "";
  self->before = self->line_offset = 0;
  self->line = 1;
  self->depth = 0;
  self->final = false;
  self->expect = VALUE;
  self->lex = LEX_NONE;
  sl_buf_clear(&self->scratch);
  if (self->err.code) sl_err_clear(&self->err);
}

void sl_json_feed(sl_json_t *self, const char *data, size_t len, bool final)
{
  SL_ASSERT(self->p == self->end && !self->final);
  self->before += (uint64_t)(self->end - self->start);
  self->start = self->p = len ? data : "";
  self->end = self->start + len;
  self->final = final;
  if (self->expect == FAILED) self->p = self->end;
}

const sl_err_t *sl_json_error(const sl_json_t *self)
{
  return &self->err;
}

bool sl_json_is_number(sl_str_t text)
{
  int state = START;
  for (size_t i = 0; i < text.len; i++)
    if ((state = number_step(state, text.p[i])) < 0) return false;
  return number_may_end(state);
}
