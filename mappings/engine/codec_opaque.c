/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XML carried as text. It is looked at without a parser of XML, because that would take heap for
 * each value: elements that nest, attributes once each, the five entities and character
 * references, comments, processing instructions, CDATA, an XML declaration at the very beginning
 * (what follows is then a document: one element). W3C XML 1.0, fifth edition; the numbers of its
 * productions stand at the functions. A DOCTYPE is refused, so that no other entity can be meant.
 */
#include "core/json.h"
#include "mappings/engine/codec_impl.h"

#include <string.h>

enum { MAX_DEPTH = 256, MAX_ATTRIBUTES = 256 };

typedef struct scanner {
  const char *p, *end;
  const char *why;
  bool document, root_seen;
  int depth;
  sl_str_t open[MAX_DEPTH];
} scanner_t;

static bool fail(scanner_t *s, const char *why)
{
  if (!s->why) s->why = why;
  return false;
}

static bool looks_at(const scanner_t *s, const char *word)
{
  size_t len = strlen(word);
  return (size_t)(s->end - s->p) >= len && !memcmp(s->p, word, len);
}

static bool take(scanner_t *s, const char *word)
{
  if (!looks_at(s, word)) return false;
  s->p += strlen(word);
  return true;
}

/* [3] */
static bool take_space(scanner_t *s)
{
  const char *start = s->p;
  while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p) s->p++;
  return s->p > start;
}

/* --- names
 * --------------------------------------------------------------------------------------------- */

typedef struct range {
  uint32_t from, to;
} range_t;

/* [4] NameStartChar above ASCII */
static const range_t letters[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},
                                  {0x370, 0x37D},   {0x37F, 0x1FFF},  {0x200C, 0x200D},
                                  {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
                                  {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

static bool starts_name(uint32_t ch)
{
  if (ch < 0x80)
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '_' || ch == ':';
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
    if (ch >= letters[i].from && ch <= letters[i].to) return true;
  return false;
}

/* [4a] */
static bool continues_name(uint32_t ch)
{
  return starts_name(ch) || (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' || ch == 0xB7 ||
         (ch >= 0x300 && ch <= 0x36F) || (ch >= 0x203F && ch <= 0x2040);
}

/* [5]; empty when there is none. */
static sl_str_t take_name(scanner_t *s)
{
  const char *start = s->p;
  size_t len;
  while (s->p < s->end) {
    uint32_t ch = sl_utf8_decode(s->p, &len);
    if (s->p == start ? !starts_name(ch) : !continues_name(ch)) break;
    s->p += len;
  }
  return sl_strn(start, (size_t)(s->p - start));
}

/* --- references [66] [68]
 * ------------------------------------------------------------------------------ */

static int digit_of(char ch, int base)
{
  if (ch >= '0' && ch <= '9') return ch - '0';
  if (base == 16 && ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
  return base == 16 && ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* [2] */
static bool is_char(uint32_t ch)
{
  return ch == 9 || ch == 10 || ch == 13 || (ch >= 0x20 && ch <= 0xD7FF) ||
         (ch >= 0xE000 && ch <= 0xFFFD) || (ch >= 0x10000 && ch <= 0x10FFFF);
}

static bool take_number(scanner_t *s)
{
  int base = take(s, "x") ? 16 : 10;
  uint32_t value = 0;
  const char *start = s->p;
  for (int d; s->p < s->end && (d = digit_of(*s->p, base)) >= 0; s->p++)
    if (value <= 0x10FFFF) value = value * (uint32_t)base + (uint32_t)d;
  return s->p > start && take(s, ";") && is_char(value);
}

static bool take_reference(scanner_t *s)
{
  static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
  if (take(s, "&#")) return take_number(s) || fail(s, "a wrong character reference");
  for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
    if (take(s, entities[i])) return true;
  return fail(s, "an & that begins no known entity");
}

/* --- markup
 * -------------------------------------------------------------------------------------------- */

/* Up to and over `word`, which is found or all is wrong. */
static bool skip_to(scanner_t *s, const char *word, const char *why)
{
  size_t len = strlen(word);
  for (; (size_t)(s->end - s->p) >= len; s->p++)
    if (!memcmp(s->p, word, len)) return s->p += len, true;
  return fail(s, why);
}

/* [15]: no -- but at the end */
static bool comment(scanner_t *s)
{
  return skip_to(s, "--", "a comment without its end") &&
         (take(s, ">") || fail(s, "-- within a comment"));
}

/* [16] [17] */
static bool instruction(scanner_t *s)
{
  sl_str_t name = take_name(s);
  if (!name.len) return fail(s, "a processing instruction without a name");
  if (name.len == 3 && !strncasecmp(name.p, "xml", 3))
    return fail(s, "an XML declaration that is not at the beginning");
  if (take(s, "?>")) return true;
  if (!take_space(s)) return fail(s, "a wrong processing instruction");
  return skip_to(s, "?>", "a processing instruction without its end");
}

/* [10] */
static bool attribute_value(scanner_t *s)
{
  char quote = s->p < s->end ? *s->p : 0;
  if (quote != '"' && quote != '\'') return fail(s, "an attribute without a value in quotes");
  for (s->p++; s->p < s->end && *s->p != quote;) {
    if (*s->p == '<') return fail(s, "a < in an attribute");
    if (*s->p != '&')
      s->p++;
    else if (!take_reference(s))
      return false;
  }
  if (s->p == s->end) return fail(s, "an attribute without its end");
  s->p++;
  return true;
}

static bool twice(const sl_str_t *names, int n, sl_str_t name)
{
  for (int i = 0; i < n; i++)
    if (sl_str_eq(names[i], name)) return true;
  return false;
}

/* [40] [44], behind the '<' */
static bool start_tag(scanner_t *s)
{
  sl_str_t names[MAX_ATTRIBUTES], name = take_name(s);
  if (!name.len) return fail(s, "a < that begins no element");
  if (s->document && !s->depth && s->root_seen) return fail(s, "more than one element at the top");
  s->root_seen = true;
  for (int n = 0;; n++) {
    bool space = take_space(s);
    if (take(s, "/>")) return true;
    if (take(s, ">")) break;
    sl_str_t attribute = take_name(s);
    if (!space || !attribute.len) return fail(s, "a wrong tag");
    if (n == MAX_ATTRIBUTES) return fail(s, "more than 256 attributes");
    if (twice(names, n, attribute)) return fail(s, "the same attribute twice");
    names[n] = attribute;
    take_space(s);
    if (!take(s, "=")) return fail(s, "an attribute without a value");
    take_space(s);
    if (!attribute_value(s)) return false;
  }
  if (s->depth == MAX_DEPTH) return fail(s, "elements more than 256 deep");
  s->open[s->depth++] = name;
  return true;
}

/* [42], behind the "</" */
static bool end_tag(scanner_t *s)
{
  sl_str_t name = take_name(s);
  if (!s->depth || !sl_str_eq(s->open[s->depth - 1], name))
    return fail(s, "an end tag that closes nothing");
  s->depth--;
  take_space(s);
  return take(s, ">") || fail(s, "a wrong end tag");
}

static bool markup(scanner_t *s)
{
  if (take(s, "<!--")) return comment(s);
  if (take(s, "<![CDATA[")) {
    if (s->document && !s->depth) return fail(s, "text outside of the element");
    return skip_to(s, "]]>", "CDATA without its end");
  }
  if (looks_at(s, "<!DOCTYPE")) return fail(s, "a DOCTYPE");
  if (take(s, "<?")) return instruction(s);
  if (take(s, "</")) return end_tag(s);
  s->p++;
  return start_tag(s);
}

/* [14] */
static bool text(scanner_t *s)
{
  for (; s->p < s->end && *s->p != '<'; s->p++) {
    bool space = strchr(" \t\r\n", *s->p) && *s->p;
    if (s->document && !s->depth && !space) return fail(s, "text outside of the element");
    if (*s->p == '&') {
      if (!take_reference(s)) return false;
      s->p--;
    }
    if (looks_at(s, "]]>")) return fail(s, "]]> in text");
  }
  return true;
}

/* --- XML declaration [23] [24] [32] [80]
 * ---------------------------------------------------------------- */

/* name="value" with a space before it; false when it is not there. */
static bool pseudo(scanner_t *s, const char *name, sl_str_t *value_p)
{
  const char *start = s->p;
  if (!take_space(s) || !take(s, name)) return s->p = start, false;
  take_space(s);
  if (!take(s, "=")) return s->p = start, false;
  take_space(s);
  char quote = s->p < s->end ? *s->p : 0;
  if (quote != '"' && quote != '\'') return s->p = start, false;
  const char *from = ++s->p;
  while (s->p < s->end && *s->p != quote) s->p++;
  if (s->p == s->end) return s->p = start, false;
  *value_p = sl_strn(from, (size_t)(s->p++ - from));
  return true;
}

static bool encoding_ok(sl_str_t v)
{
  for (size_t i = 0; i < v.len; i++) {
    char ch = v.p[i], low = (char)(ch | 0x20);
    if (low >= 'a' && low <= 'z') continue;
    if (!i || !((ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-')) return false;
  }
  return v.len > 0;
}

static bool declaration(scanner_t *s)
{
  sl_str_t v;
  s->document = true;
  if (!pseudo(s, "version", &v) || v.len < 3 || memcmp(v.p, "1.", 2) != 0)
    return fail(s, "a wrong XML declaration");
  for (size_t i = 2; i < v.len; i++)
    if (!sl_is_digit(v.p[i])) return fail(s, "a wrong XML declaration");
  if (pseudo(s, "encoding", &v) && !encoding_ok(v)) return fail(s, "a wrong XML declaration");
  if (pseudo(s, "standalone", &v) && !sl_str_eqz(v, "yes") && !sl_str_eqz(v, "no"))
    return fail(s, "a wrong XML declaration");
  take_space(s);
  return take(s, "?>") || fail(s, "a wrong XML declaration");
}

/* [2] of all of it: other media than XML let more through. */
static bool only_chars(sl_str_t xml)
{
  size_t len;
  for (size_t i = 0; i < xml.len; i += len)
    if (!is_char(sl_utf8_decode(xml.p + i, &len))) return false;
  return true;
}

bool sl_xml_well_formed(sl_str_t xml, const char **why_p)
{
  scanner_t s; /* its stack is 4 KiB: what is not used need not be cleared */
  s.p = xml.p;
  s.end = xml.p + xml.len;
  s.why = NULL;
  s.document = s.root_seen = false;
  s.depth = 0;
  bool ok = only_chars(xml) || fail(&s, "a character that XML 1.0 cannot carry");
  if (!ok) return *why_p = s.why, false;
  if (looks_at(&s, "<?xml") && xml.len > 5 && strchr(" \t\r\n", xml.p[5])) {
    s.p += 5;
    ok = declaration(&s);
  }
  while (ok && s.p < s.end) ok = *s.p == '<' ? markup(&s) : text(&s);
  if (ok && s.depth) ok = fail(&s, "an element without its end");
  if (ok && s.document && !s.root_seen) ok = fail(&s, "a document without an element");
  *why_p = s.why;
  return ok;
}

/* --- the codec
 * ----------------------------------------------------------------------------------------- */

static sl_code_t check(sl_str_t xml, sl_code_t code, sl_err_t *err)
{
  const char *why;
  if (sl_xml_well_formed(xml, &why)) return SL_OK;
  return sl_err_set(err, code, "well-formed XML was expected: there is %s", why);
}

/* What is no text of the medium and charset is told first: sl_xml_well_formed relies on UTF-8. */
sl_code_t sl_opaque_decode(const sl_codec_t *c, sl_str_t xml, sl_buf_t *out, bool quoted,
                           sl_err_t *err)
{
  size_t mark = out->len;
  sl_code_t code = sl_text_decode(c, xml, out, quoted, err);
  if (code) return code;
  code = check(xml, SL_GARBAGE, err);
  if (code && !out->failed) out->len = mark;
  return code;
}

sl_code_t sl_opaque_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t xml, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err)
{
  sl_code_t code = sl_text_encode(c, state, xml, arena, out, err);
  return code ? code : check(*out, SL_INVALID, err);
}
