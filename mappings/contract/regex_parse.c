/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Grammar: ECMA-262 §22.2.1, with the additions of annex B that patterns in the wild need: a brace
 * that begins no quantifier, and a closing bracket on its own, stand for themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/regex_impl.h"

struct parser {
  const char *p, *end;
  sl_arena_t *scratch, *keep;
  bool failed, wrong;
  char *why;
};

uint32_t sl_regex_char(const char **p, const char *end)
{
  const unsigned char *s = (const unsigned char *)*p;
  uint32_t c = *s;
  size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if (n > (size_t)(end - *p)) n = (size_t)(end - *p);
  if (n > 1) c &= 0xffu >> (n + 1);
  for (size_t i = 1; i < n; i++) c = c << 6 | (s[i] & 0x3fu);
  *p += n;
  return c;
}

size_t sl_regex_put(uint32_t c, char out[4])
{
  if (c < 0x80) return out[0] = (char)c, (size_t)1;
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((0xf00u >> n & 0xff) | c);
  return n;
}

static void *give_up(struct parser *s, bool wrong, const char *why)
{
  if (!s->failed) {
    s->failed = true;
    s->wrong = wrong;
    snprintf(s->why, SL_REGEX_WHY, "%s", why);
  }
  return NULL;
}

static bool at(const struct parser *s, char c)
{
  return s->p < s->end && *s->p == c;
}

static bool take(struct parser *s, char c)
{
  if (!at(s, c)) return false;
  s->p++;
  return true;
}

static sl_rnode_t *node(struct parser *s, int kind)
{
  sl_rnode_t *n = sl_arena_zalloc(s->scratch, sizeof *n);
  if (!n) return give_up(s, false, "its size");
  n->kind = kind;
  return n;
}

/* --- sets of characters ------------------------------------------------------------------------
 */

static const sl_rrange_t digit_ranges[] = {{'0', '9'}};
static const sl_rrange_t word_ranges[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/* WhiteSpace and LineTerminator, ECMA-262 §12.2, §12.3 */
static const sl_rrange_t space_ranges[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
static const sl_rrange_t line_ranges[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

#define SET(ranges, negated)                                                                       \
  {                                                                                                \
    ranges, sizeof(ranges) / sizeof *(ranges), negated                                             \
  }
static const sl_rset_t digits = SET(digit_ranges, false), no_digits = SET(digit_ranges, true),
                       words = SET(word_ranges, false), no_words = SET(word_ranges, true),
                       spaces = SET(space_ranges, false), no_spaces = SET(space_ranges, true),
                       any = SET(line_ranges, true);

static const sl_rset_t *shorthand(char c)
{
  switch (c) {
  case 'd': return &digits;
  case 'D': return &no_digits;
  case 'w': return &words;
  case 'W': return &no_words;
  case 's': return &spaces;
  case 'S': return &no_spaces;
  default: return NULL;
  }
}

struct ranges {
  sl_rrange_t *v;
  uint32_t n, cap;
};

static void add_range(struct parser *s, struct ranges *to, uint32_t lo, uint32_t hi)
{
  if (to->n == to->cap) {
    uint32_t cap = to->cap ? to->cap * 2 : 8;
    sl_rrange_t *v = sl_arena_alloc(s->keep, cap * sizeof *v);
    if (!v) {
      give_up(s, false, "its size");
      return;
    }
    if (to->n) memcpy(v, to->v, to->n * sizeof *v);
    to->v = v;
    to->cap = cap;
  }
  to->v[to->n++] = (sl_rrange_t){lo, hi};
}

/* The ranges of a shorthand are in order, so its complement is what is between them. */
static void add_set(struct parser *s, struct ranges *to, const sl_rset_t *set)
{
  uint32_t from = 0;
  for (uint32_t i = 0; i < set->n; i++) {
    if (!set->negated) add_range(s, to, set->ranges[i].lo, set->ranges[i].hi);
    if (set->negated && set->ranges[i].lo > from) add_range(s, to, from, set->ranges[i].lo - 1);
    from = set->ranges[i].hi + 1;
  }
  if (set->negated) add_range(s, to, from, 0x10ffff);
}

static const sl_rset_t *one(struct parser *s, uint32_t c)
{
  struct ranges r = {NULL, 0, 0};
  sl_rset_t *set = sl_arena_alloc(s->keep, sizeof *set);
  add_range(s, &r, c, c);
  if (!set || !r.v) return give_up(s, false, "its size");
  *set = (sl_rset_t){r.v, r.n, false};
  return set;
}

/* --- escapes -----------------------------------------------------------------------------------
 */

static uint32_t hex(struct parser *s, size_t n)
{
  uint32_t v = 0;
  for (size_t i = 0; i < n; i++) {
    const char *digits16 = "0123456789abcdef", *d;
    char c = s->p < s->end ? *s->p++ : '\0';
    if (c >= 'A' && c <= 'F') c = (char)(c + 32);
    if (!c || !(d = strchr(digits16, c))) {
      give_up(s, true, "an escape without its hexadecimal digits");
      return 0;
    }
    v = v << 4 | (uint32_t)(d - digits16);
  }
  return v;
}

static uint32_t unicode_escape(struct parser *s)
{
  if (take(s, '{')) {
    const char *close = memchr(s->p, '}', (size_t)(s->end - s->p));
    if (!close || close == s->p || close - s->p > 6) {
      give_up(s, true, "an escape without its hexadecimal digits");
      return 0;
    }
    uint32_t v = hex(s, (size_t)(close - s->p));
    s->p++;
    if (v > 0x10ffff) give_up(s, true, "an escape beyond U+10FFFF");
    return v;
  }
  uint32_t high = hex(s, 4);
  if (high >= 0xd800 && high < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
    s->p += 2;
    uint32_t low = hex(s, 4);
    if (low >= 0xdc00 && low < 0xe000) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    give_up(s, true, "half a surrogate pair");
  }
  return high;
}

/* What stands behind a backslash and is one character. */
static uint32_t escaped(struct parser *s, bool in_class)
{
  char c = *s->p;
  if ((unsigned char)c >= 0x80) return sl_regex_char(&s->p, s->end);
  s->p++;
  switch (c) {
  case 't': return '\t';
  case 'n': return '\n';
  case 'v': return '\v';
  case 'f': return '\f';
  case 'r': return '\r';
  case 'x': return hex(s, 2);
  case 'u': return unicode_escape(s);
  case 'b':
    if (in_class) return '\b';
    break;
  case '0':
    if (s->p >= s->end || *s->p < '0' || *s->p > '9') return 0;
    break;
  case 'p':
  case 'P': give_up(s, false, "a Unicode property"); return 0;
  case 'k': give_up(s, false, "a backreference"); return 0;
  case 'c':
    if (s->p < s->end && ((*s->p | 32) >= 'a' && (*s->p | 32) <= 'z'))
      return (uint32_t)*s->p++ & 0x1f;
    break;
  default: break;
  }
  if (c >= '1' && c <= '9')
    give_up(s, false, "a backreference");
  else if ((c | 32) >= 'a' && (c | 32) <= 'z')
    give_up(s, true, "an escape that ECMA-262 does not know");
  return (uint32_t)(unsigned char)c;
}

/* --- classes -----------------------------------------------------------------------------------
 */

/* A member of a class: a character, or (set) a shorthand. */
static uint32_t class_atom(struct parser *s, const sl_rset_t **set_p)
{
  *set_p = NULL;
  if (!take(s, '\\')) return sl_regex_char(&s->p, s->end);
  if (s->p >= s->end) {
    give_up(s, true, "a backslash at the end");
    return 0;
  }
  *set_p = shorthand(*s->p);
  if (!*set_p) return escaped(s, true);
  s->p++;
  return 0;
}

static const sl_rset_t *class(struct parser *s)
{
  struct ranges r = {NULL, 0, 0};
  bool negated = take(s, '^');
  while (!s->failed && !at(s, ']')) {
    if (s->p >= s->end) return give_up(s, true, "a [ without its ]");
    const sl_rset_t *set, *to_set;
    uint32_t lo = class_atom(s, &set), hi = lo;
    bool range = at(s, '-') && s->p + 1 < s->end && s->p[1] != ']';
    if (set) {
      add_set(s, &r, set);
      continue;
    }
    if (range) {
      const char *back = s->p++;
      hi = class_atom(s, &to_set);
      if (to_set) s->p = back, hi = lo; /* annex B: the hyphen stands for itself */
      if (to_set) add_range(s, &r, '-', '-'), s->p++;
      if (hi < lo) return give_up(s, true, "a range from a greater to a lesser character");
    }
    add_range(s, &r, lo, hi);
  }
  if (s->failed) return NULL;
  s->p++;
  sl_rset_t *out = sl_arena_alloc(s->keep, sizeof *out);
  if (!out) return give_up(s, false, "its size");
  *out = (sl_rset_t){r.v, r.n, negated};
  return out;
}

/* --- the rest ----------------------------------------------------------------------------------
 */

static sl_rnode_t *choice(struct parser *s, int depth);

static sl_rnode_t *set_node(struct parser *s, const sl_rset_t *set)
{
  sl_rnode_t *n = set ? node(s, SL_RN_SET) : NULL;
  if (n) n->set = set;
  return n;
}

static sl_rnode_t *assertion(struct parser *s, sl_rop_t op)
{
  sl_rnode_t *n = node(s, SL_RN_ASSERT);
  if (n) n->assertion = op;
  return n;
}

static sl_rnode_t *group(struct parser *s, int depth)
{
  if (depth >= SL_REGEX_DEPTH) return give_up(s, false, "its depth");
  if (take(s, '?')) {
    bool behind = at(s, '<') && s->p + 1 < s->end && (s->p[1] == '=' || s->p[1] == '!');
    if (at(s, '=') || at(s, '!')) return give_up(s, false, "a lookahead");
    if (behind) return give_up(s, false, "a lookbehind");
    if (take(s, '<')) {
      const char *close = memchr(s->p, '>', (size_t)(s->end - s->p));
      if (!close) return give_up(s, true, "a group's name without its >");
      s->p = close + 1;
    } else if (!take(s, ':')) {
      return give_up(s, true, "(? without a meaning");
    }
  }
  sl_rnode_t *inner = choice(s, depth + 1);
  if (!inner) return NULL;
  return take(s, ')') ? inner : give_up(s, true, "a ( without its )");
}

static sl_rnode_t *escape(struct parser *s)
{
  if (s->p >= s->end) return give_up(s, true, "a backslash at the end");
  char c = *s->p;
  const sl_rset_t *set = shorthand(c);
  if (set || c == 'b' || c == 'B') s->p++;
  if (set) return set_node(s, set);
  if (c == 'b' || c == 'B') return assertion(s, c == 'b' ? SL_R_WORD : SL_R_NO_WORD);
  uint32_t code = escaped(s, false);
  return s->failed ? NULL : set_node(s, one(s, code));
}

/* {n}, {n,}, {n,m} at p; its length, 0: it is none. */
static size_t braces(const struct parser *s, uint32_t *min_p, uint32_t *max_p)
{
  const char *p = s->p + 1;
  uint64_t n[2] = {0, 0};
  size_t digits_of[2] = {0, 0}, i = 0;
  for (; p < s->end && *p != '}'; p++) {
    if (*p == ',' && i == 0)
      i = 1;
    else if (*p >= '0' && *p <= '9' && digits_of[i] < 9)
      n[i] = n[i] * 10 + (uint64_t)(*p - '0'), digits_of[i]++;
    else
      return 0;
  }
  if (p >= s->end || !digits_of[0]) return 0;
  *min_p = (uint32_t)n[0];
  *max_p = i == 0 ? (uint32_t)n[0] : digits_of[1] ? (uint32_t)n[1] : UINT32_MAX;
  return (size_t)(p + 1 - s->p);
}

static sl_rnode_t *atom(struct parser *s, int depth)
{
  uint32_t min, max;
  char c = *s->p;
  switch (c) {
  case '^': return s->p++, assertion(s, SL_R_BEGIN);
  case '$': return s->p++, assertion(s, SL_R_END);
  case '.': return s->p++, set_node(s, &any);
  case '(': return s->p++, group(s, depth);
  case '[': return s->p++, set_node(s, class(s));
  case '\\': return s->p++, escape(s);
  case '*':
  case '+':
  case '?': return give_up(s, true, "a quantifier with nothing before it");
  case '{':
    if (braces(s, &min, &max)) return give_up(s, true, "a quantifier with nothing before it");
    break;
  default: break;
  }
  return set_node(s, one(s, sl_regex_char(&s->p, s->end)));
}

static sl_rnode_t *quantified(struct parser *s, int depth)
{
  sl_rnode_t *inner = atom(s, depth);
  uint32_t min = 1, max = 1;
  size_t len = 0;
  if (!inner || s->p >= s->end) return inner;
  if (take(s, '*'))
    min = 0, max = UINT32_MAX;
  else if (take(s, '+'))
    max = UINT32_MAX;
  else if (take(s, '?'))
    min = 0;
  else if (at(s, '{') && (len = braces(s, &min, &max)) > 0)
    s->p += len;
  else
    return inner;
  take(s, '?'); /* lazy: which match is found first does not matter here */
  if (max < min) return give_up(s, true, "a quantifier {n,m} with m less than n");
  if (min > SL_REGEX_MAX_COUNT || (max != UINT32_MAX && max > SL_REGEX_MAX_COUNT))
    return give_up(s, false, "its size");
  sl_rnode_t *n = node(s, SL_RN_REPEAT);
  if (n) n->min = min, n->max = max, n->first = inner;
  return n;
}

static sl_rnode_t *sequence(struct parser *s, int depth)
{
  sl_rnode_t *seq = node(s, SL_RN_SEQUENCE);
  sl_rnode_t **end_p = seq ? &seq->first : NULL;
  while (seq && s->p < s->end && !at(s, '|') && !at(s, ')')) {
    *end_p = quantified(s, depth);
    if (!*end_p) return NULL;
    end_p = &(*end_p)->next;
  }
  return seq;
}

static sl_rnode_t *choice(struct parser *s, int depth)
{
  sl_rnode_t *first = sequence(s, depth);
  if (!first || !at(s, '|')) return first;
  sl_rnode_t *n = node(s, SL_RN_CHOICE);
  if (!n) return NULL;
  n->first = first;
  for (sl_rnode_t *last = first; take(s, '|'); last = last->next) {
    last->next = sequence(s, depth);
    if (!last->next) return NULL;
  }
  return n;
}

const sl_rnode_t *sl_regex_parse(sl_str_t pattern, sl_arena_t *scratch, sl_arena_t *keep,
                                 bool *wrong_p, char why[SL_REGEX_WHY])
{
  struct parser s = {
      .p = pattern.p, .end = pattern.p + pattern.len, .scratch = scratch, .keep = keep, .why = why};
  sl_rnode_t *tree = choice(&s, 0);
  if (tree && s.p < s.end) tree = give_up(&s, true, "a ) without its (");
  *wrong_p = s.wrong;
  return tree;
}
