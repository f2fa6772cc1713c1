/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/describe.h"

#include "mappings/contract/jnumber.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/schema_impl.h"

enum { SHOWN_CODES = 12 };

const char *sl_access_name(sl_access_t access)
{
  static const char *const names[] = {"read-write", "read-only", "write-only"};
  return names[access];
}

void sl_describe_modulo(unsigned modulo, sl_buf_t *out)
{
  static const char *const words[] = {"empty", "pad",   "scale", "null",  "codes", "fraction",
                                      "zone",  "width", "sign",  "order", "gaps",  "default"};
  const char *between = "";
  for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
    if (modulo >> i & 1) sl_buf_printf(out, "%s%s", between, words[i]), between = " ";
}

/* --- a codec ------------------------------------------------------------------------------------
 */

static void text(const sl_codec_t *c, sl_buf_t *out)
{
  static const char *const pads[] = {"", ", blanks behind", ", blanks before", ", zeros before"};
  const char *unit = c->width_in_bytes ? "bytes" : "characters";
  if (c->width) sl_buf_printf(out, c->pad ? ", %d %s" : ", at most %d %s", c->width, unit);
  sl_buf_addz(out, pads[c->pad]);
  if (c->charset) sl_buf_printf(out, ", %s", sl_charset_name(c->charset));
  if (c->overflow) sl_buf_addz(out, ", cut to its width");
  for (size_t i = 0; i < c->n_enums && i < SHOWN_CODES; i++)
    sl_buf_printf(out, "%s%.*s", i ? ", " : ": ", SL_STR_ARG(c->enums[i]));
}

static void number(const sl_codec_t *c, sl_buf_t *out)
{
  static const char *const points[] = {"", ", point implied", ", decimal comma"};
  static const char *const signs[] = {"", ", sign behind", ", no sign", ", sign overpunched"};
  if (c->digits) sl_buf_printf(out, ", at most %d digits", c->digits);
  if (c->kind != SL_CODEC_INTEGER && c->scale >= 0)
    sl_buf_printf(out, ", %d behind the point", c->scale);
  sl_buf_printf(out, "%s%s", points[c->point], signs[c->sign]);
  if (c->width)
    sl_buf_printf(out, c->pad ? ", filled up to %d" : ", at most %d characters", c->width);
  if (c->fill_digits) sl_buf_printf(out, ", all %d digits written", c->fill_digits);
  if (c->min.len) sl_buf_printf(out, ", from %.*s", SL_STR_ARG(c->min));
  if (c->max.len) sl_buf_printf(out, c->min.len ? " to %.*s" : ", up to %.*s", SL_STR_ARG(c->max));
}

static void rows(const sl_spelling_t *v, size_t n, sl_buf_t *out)
{
  static const char *const meanings[] = {"", "null", "absent"};
  for (size_t i = 0; i < n && i < SHOWN_CODES; i++) {
    sl_buf_printf(out, ", %.*s %s ", SL_STR_ARG(v[i].legacy),
                  v[i].access == SL_READ_ONLY    ? "reads as"
                  : v[i].access == SL_WRITE_ONLY ? "is written for"
                                                 : "=");
    if (v[i].meaning == SL_AS_VALUE)
      sl_buf_adds(out, v[i].json);
    else
      sl_buf_addz(out, meanings[v[i].meaning]);
  }
  if (n > SHOWN_CODES) sl_buf_printf(out, ", and %zu more", n - SHOWN_CODES);
}

static void codes(const sl_codec_t *c, sl_buf_t *out)
{
  rows(c->codes, c->n_codes, out);
  if (c->kind != SL_CODEC_CODE) return;
  if (c->unmapped == SL_UNMAPPED_PROVIDED) sl_buf_addz(out, ", others as they are");
  if (c->unmapped == SL_UNMAPPED_FIXED)
    sl_buf_printf(out, ", others read as %.*s", SL_STR_ARG(c->fixed.json));
}

static void moment(const sl_codec_t *c, sl_buf_t *out)
{
  static const char *const epochs[] = {"", " as seconds since 1970", " as milliseconds since 1970"};
  sl_buf_addz(out, epochs[c->epoch]);
  if (!c->iso && !c->epoch) sl_buf_addc(out, ' ');
  for (int i = 0; !c->iso && !c->epoch && i < c->n_ops; i++) {
    char op = c->ops[i].op == 'Y' ? 'y' : c->ops[i].op;
    for (int k = 0; c->ops[i].op != 'c' && k < c->ops[i].len; k++) sl_buf_addc(out, op);
    if (c->ops[i].op == 'c') sl_buf_addc(out, c->ops[i].literal);
  }
  if (c->window) sl_buf_printf(out, ", years %d to %d", c->window, c->window + 99);
  if (c->zone) sl_buf_printf(out, ", %s", sl_zone_name(c->zone));
  if (c->ambiguous) sl_buf_printf(out, ", the %s of two", c->ambiguous < 0 ? "earlier" : "later");
}

void sl_describe_codec(const sl_codec_t *c, sl_buf_t *out)
{
  static const char *const kinds[] = {
      [SL_CODEC_TEXT] = "text",       [SL_CODEC_INTEGER] = "integer",
      [SL_CODEC_DECIMAL] = "decimal", [SL_CODEC_FLOAT] = "float",
      [SL_CODEC_BOOLEAN] = "boolean", [SL_CODEC_DATE] = "date",
      [SL_CODEC_TIME] = "time",       [SL_CODEC_DATETIME] = "datetime",
      [SL_CODEC_BINARY] = "binary",   [SL_CODEC_CODE] = "code",
      [SL_CODEC_NULL] = "null",       [SL_CODEC_OPAQUE] = "XML as text"};
  if (!c) return;
  sl_buf_addz(out, kinds[c->kind]);
  switch ((sl_codec_kind_t)c->kind) {
  case SL_CODEC_TEXT:
  case SL_CODEC_OPAQUE: text(c, out); break;
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL: number(c, out); break;
  case SL_CODEC_BOOLEAN:
  case SL_CODEC_CODE: codes(c, out); break;
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: moment(c, out); break;
  case SL_CODEC_BINARY:
    sl_buf_addz(out, c->encoding == SL_ENCODING_HEX ? ", hexadecimal" : ", base64");
    break;
  default: break;
  }
  rows(c->sentinels, c->n_sentinels, out);
}

static void nulls(const sl_codec_t *c, bool never_missing, bool never_nil, sl_buf_t *out)
{
  static const char *const states[] = {"missing", "nil", "", "empty", "blank"};
  static const char *const words[] = {"", "null", "absent"};
  const char *between = "";
  if (!c) return;
  for (int s = 0; s < SL_L_STATES; s++) {
    uint8_t meaning = c->read_state[s];
    if (s == SL_L_TEXT || meaning == SL_AS_VALUE) continue;
    if ((s == SL_L_MISSING && never_missing) || (s == SL_L_NIL && never_nil)) continue;
    sl_lstate_t written = meaning == SL_AS_NULL ? c->write_null.state : c->write_absent.state;
    sl_buf_printf(out, "%s%s %s %s", between, states[s], (int)written == s ? "=" : "reads as",
                  words[meaning]);
    between = ", ";
  }
}

void sl_describe_nulls(const sl_codec_t *c, sl_buf_t *out)
{
  nulls(c, false, false, out);
}

void sl_describe_nulls_of(const sl_frame_t *frame, const sl_field_t *field, sl_buf_t *out)
{
  const sl_field_t *at = sl_scheme_carrier(field);
  sl_legacy_place_t place = sl_scheme_place(frame, field);
  bool required = place.sure || (!place.parent && at->required);
  nulls(field->codec, required, !at->nillable, out);
}

/* --- two codecs ---------------------------------------------------------------------------------
 */

static int bound(int before, int after, bool *wider, bool *narrower) /* 0: none */
{
  if (before == after) return 0;
  bool up = !after || (before && after > before);
  *wider |= up;
  *narrower |= !up;
  return up ? 1 : -1;
}

static bool has_text(const sl_str_t *v, size_t n, sl_str_t text)
{
  for (size_t i = 0; i < n; i++)
    if (sl_str_eq(v[i], text)) return true;
  return false;
}

static void edge(sl_str_t before, sl_str_t after, bool upper, bool *wider, bool *narrower)
{
  if (sl_str_eq(before, after)) return;
  if (!before.len || !after.len) {
    *(after.len ? narrower : wider) = true;
    return;
  }
  sl_jnumber_t x, y;
  if (!sl_jnumber_parse(before, &x) || !sl_jnumber_parse(after, &y)) return;
  int higher = sl_jnumber_compare(&y, &x);
  if (higher) *((higher > 0) == upper ? wider : narrower) = true;
}

static bool has_value(const sl_spelling_t *v, size_t n, sl_str_t json)
{
  for (size_t i = 0; i < n; i++)
    if (v[i].meaning == SL_AS_VALUE && sl_str_eq(v[i].json, json)) return true;
  return false;
}

static void values(const sl_codec_t *a, const sl_codec_t *b, bool *wider, bool *narrower)
{
  for (size_t i = 0; i < b->n_codes; i++)
    *wider |= !has_value(a->codes, a->n_codes, b->codes[i].json);
  for (size_t i = 0; i < a->n_codes; i++)
    *narrower |= !has_value(b->codes, b->n_codes, a->codes[i].json);
  *wider |= a->unmapped != SL_UNMAPPED_PROVIDED && b->unmapped == SL_UNMAPPED_PROVIDED;
  *narrower |= a->unmapped == SL_UNMAPPED_PROVIDED && b->unmapped != SL_UNMAPPED_PROVIDED;
}

static bool says(const sl_codec_t *c, sl_meaning_t meaning)
{
  for (int s = 0; s < SL_L_STATES; s++)
    if (c->read_state[s] == meaning && s != SL_L_TEXT) return true;
  for (size_t i = 0; i < c->n_sentinels; i++)
    if (c->sentinels[i].meaning == meaning) return true;
  return false;
}

static void texts(const sl_codec_t *a, const sl_codec_t *b, bool *wider, bool *narrower)
{
  bool before = a->read_state[SL_L_EMPTY] == SL_AS_VALUE,
       after = b->read_state[SL_L_EMPTY] == SL_AS_VALUE;
  bound(a->overflow ? 0 : a->width, b->overflow ? 0 : b->width, wider, narrower);
  *wider |= (a->charset && !b->charset) || (!before && after) || (a->n_enums && !b->n_enums);
  *narrower |= (!a->charset && b->charset) || (before && !after) || (!a->n_enums && b->n_enums);
  for (size_t i = 0; a->n_enums && i < b->n_enums; i++)
    *wider |= !has_text(a->enums, a->n_enums, b->enums[i]);
  for (size_t i = 0; b->n_enums && i < a->n_enums; i++)
    *narrower |= !has_text(b->enums, b->n_enums, a->enums[i]);
}

/* How many digits there can be in front of the point; 0: any number. */
static int whole(const sl_codec_t *c)
{
  int scale = c->scale > 0 ? c->scale : 0;
  int n = c->digits ? c->digits - scale : 0;
  int room = c->width ? c->width - (scale ? scale + (c->point != SL_POINT_IMPLIED) : 0) : 0;
  if (room < 0) room = 0;
  return n && room ? (n < room ? n : room) : n ? n : room;
}

static void numbers(const sl_codec_t *a, const sl_codec_t *b, bool *wider, bool *narrower)
{
  bound(whole(a), whole(b), wider, narrower);
  if (a->kind == SL_CODEC_DECIMAL) /* more digits than there were are other spellings */
    bound(a->scale < 0 ? 0 : a->scale + 1, b->scale < 0 ? 0 : b->scale + 1, wider, narrower);
  bool unsigned_a = a->sign == SL_SIGN_NONE, unsigned_b = b->sign == SL_SIGN_NONE;
  *wider |= unsigned_a && !unsigned_b;
  *narrower |= !unsigned_a && unsigned_b;
  edge(a->min, b->min, false, wider, narrower);
  edge(a->max, b->max, true, wider, narrower);
}

/* How fine a time can be, from days on; 0: as fine as it comes. */
static int finest(const sl_codec_t *c)
{
  static const char order[] = "dHms";
  int out = 0;
  if (c->kind == SL_CODEC_DATE) return 1;
  if (c->iso) return 0;
  if (c->epoch) return (int)sizeof order + c->fraction;
  for (int i = 0; i < c->n_ops; i++) {
    const char *at = strchr(order, c->ops[i].op);
    if (at && at - order > out) out = (int)(at - order);
  }
  return 1 + out + c->fraction;
}

/* False: what is a value of one is none of the other, or another one. */
static bool moments(const sl_codec_t *a, const sl_codec_t *b, bool *wider, bool *narrower)
{
  if ((a->zone || a->epoch) != (b->zone || b->epoch)) return false; /* an offset, or none */
  if (a->window && b->window && a->window != b->window) return false;
  *wider |= a->window && !b->window;
  *narrower |= !a->window && b->window;
  bound(finest(a), finest(b), wider, narrower);
  return true;
}

static bool is_moment(const sl_codec_t *c)
{
  return c->kind == SL_CODEC_DATE || c->kind == SL_CODEC_TIME || c->kind == SL_CODEC_DATETIME;
}

sl_domain_change_t sl_domain_compare(const sl_codec_t *a, const sl_codec_t *b)
{
  bool wider = false, narrower = false;
  if (!a || !b) return a == b ? SL_DOMAIN_SAME : SL_DOMAIN_OTHER;
  if (strcmp(sl_codec_json_type(a), sl_codec_json_type(b)) || a->kind != b->kind)
    return SL_DOMAIN_OTHER;
  if (a->kind == SL_CODEC_CODE)
    values(a, b, &wider, &narrower);
  else if (a->kind == SL_CODEC_TEXT)
    texts(a, b, &wider, &narrower);
  else if (is_moment(a)) {
    if (!moments(a, b, &wider, &narrower)) return SL_DOMAIN_OTHER;
  } else if (a->kind == SL_CODEC_INTEGER || a->kind == SL_CODEC_DECIMAL)
    numbers(a, b, &wider, &narrower);
  wider |= !says(a, SL_AS_NULL) && says(b, SL_AS_NULL);
  narrower |= says(a, SL_AS_NULL) && !says(b, SL_AS_NULL);
  return wider && narrower ? SL_DOMAIN_OTHER
         : wider           ? SL_DOMAIN_WIDER
         : narrower        ? SL_DOMAIN_NARROWER
                           : SL_DOMAIN_SAME;
}

bool sl_spelling_same(const sl_codec_t *a, const sl_codec_t *b)
{
  sl_buf_t x, y;
  sl_buf_init(&x, 0);
  sl_buf_init(&y, 0);
  sl_describe_codec(a, &x);
  sl_describe_nulls(a, &x);
  sl_describe_codec(b, &y);
  sl_describe_nulls(b, &y);
  bool same = sl_str_eq(sl_buf_str(&x), sl_buf_str(&y));
  sl_buf_fini(&x);
  sl_buf_fini(&y);
  return same;
}
