/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signs of numbers where they are no character of their own. */
#include "mappings/engine/codec_impl.h"

#include <string.h>

/* COBOL's SIGN IS TRAILING (or LEADING) without SEPARATE: the zone of one digit is the sign. As
 * EBCDIC's bytes look in other charsets: C0-C9 and D0-D9. Plain digits (F0-F9) are positive. */
static const char plus_digits[] = "{ABCDEFGHI", minus_digits[] = "}JKLMNOPQR";

/* A legacy number without its sign, and without zeros in front of its first digit. */
typedef struct bare {
  sl_str_t text;
  size_t at; /* of the digit with the sign on it, which is `digit` without it */
  char digit;
  bool negative;
} bare_t;

static char bare_at(const bare_t *b, size_t i)
{
  return i == b->at ? b->digit : b->text.p[i];
}

static bare_t bare_of(const sl_codec_t *c, sl_str_t text)
{
  bare_t b = {text, SIZE_MAX, 0, false};
  if (!text.len) return b;
  bool behind = c->sign == SL_SIGN_TRAILING || c->sign == SL_SIGN_OVERPUNCH;
  size_t at = behind ? text.len - 1 : 0;
  char ch = text.p[at];
  const char *p = ch ? strchr(plus_digits, ch) : NULL, *n = ch ? strchr(minus_digits, ch) : NULL;
  if (sl_is_overpunched(c)) {
    b.negative = n != NULL;
    if (p || n) b.at = at, b.digit = (char)('0' + (p ? p - plus_digits : n - minus_digits));
  } else if (ch == '-' || ch == '+') {
    b.negative = ch == '-';
    b.text.p += !behind;
    b.text.len--;
  }
  while (b.text.len > 1 && bare_at(&b, 0) == '0' && sl_is_digit(bare_at(&b, 1))) {
    b.text.p++, b.text.len--;
    b.at = b.at == SIZE_MAX || !b.at ? SIZE_MAX : b.at - 1;
  }
  return b;
}

bool sl_number_same(const sl_codec_t *c, sl_str_t a, sl_str_t b)
{
  bare_t x = bare_of(c, a), y = bare_of(c, b);
  if (x.negative != y.negative || x.text.len != y.text.len || !x.text.len) return false;
  if (!sl_is_digit(bare_at(&x, 0))) return false;
  for (size_t i = 0; i < x.text.len; i++)
    if (bare_at(&x, i) != bare_at(&y, i)) return false;
  return true;
}

/* *text_p with the digit instead of the sign on it, in out behind what append will write there. */
sl_code_t sl_unpunch(const sl_codec_t *c, sl_str_t *text_p, bool *negative_p, sl_buf_t *out,
                     sl_err_t *err)
{
  sl_str_t text = *text_p;
  size_t at = c->sign == SL_SIGN_OVERPUNCH ? text.len - 1 : 0;
  const char *p = text.len && text.p[at] ? strchr(plus_digits, text.p[at]) : NULL;
  const char *n = text.len && text.p[at] ? strchr(minus_digits, text.p[at]) : NULL;
  *negative_p = n != NULL;
  if (!p && !n) /* a digit: then it is another of the same text */
    return text.len && sl_is_digit(text.p[at])
               ? SL_OK
               : sl_err_set(err, SL_GARBAGE, "%s with its sign on the %s digit was expected",
                            c->kind == SL_CODEC_INTEGER ? "an integer" : "a decimal",
                            c->sign == SL_SIGN_OVERPUNCH ? "last" : "first");
  size_t offset = text.len + (c->scale > 0 ? (size_t)c->scale : 0) + 8;
  if (!sl_buf_reserve(out, offset + text.len)) return sl_arena_full(err);
  char *copy = out->p + out->len + offset;
  memcpy(copy, text.p, text.len);
  copy[at] = (char)('0' + (p ? p - plus_digits : n - minus_digits));
  *text_p = sl_strn(copy, text.len);
  return SL_OK;
}

void sl_punch(char *digit, bool minus)
{
  int value = *digit - '0';
  *digit = minus ? minus_digits[value] : plus_digits[value];
}
