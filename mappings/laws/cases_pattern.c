/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A schema's pattern cuts through the classes: the representative of one may not match, and others
 * of it may. So the members of D are searched here: breadth first over the pattern's automaton and,
 * beside it, the properties that the codec decides by (of text: its length, its ends, being blank
 * or zeros throughout, having a character of one class; of numbers: the sign, digits before and
 * behind the point, zeros at both ends). Each combination that can be reached gives the shortest
 * text of it, which goes through the codec; one that cannot be reached has no member in D. When the
 * search is complete, that is a proof; when it has to stop, the line stays sampled.
 *
 * Characters of one class are alike to the codec, so each set of the pattern stands for one
 * character of each class that it holds.
 */
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/regex_impl.h"
#include "mappings/laws/judge.h"

enum {
  MAX_NODES = 400000,
  MAX_COUNT = 400, /* characters, digits: more are not told apart */
  TRIED = 2000,    /* characters of a range, to find one that the charset has and one it has not */
  MAX_TEXT = 1024,
};

typedef struct letter {
  uint32_t point;
  uint8_t class;
} letter_t;

/* Ranges of characters; those beyond ASCII split once more by whether the charset has them. */
enum {
  BLANK,
  ZERO,
  DIGIT,
  PLUS,
  MINUS,
  POINT,
  WHITE,
  NUL,
  CONTROL,
  MARKUP,
  ASCII,
  DEL,
  C1,
  TWO,
  THREE,
  NONCHAR,
  FOUR,
  N_RANGES,
  N_CLASSES = 2 * N_RANGES,
  MAX_LETTERS = 64
};

typedef struct letters {
  letter_t v[MAX_LETTERS];
  size_t n;
} letters_t;

/* Two words: where the automaton is, and what the text has been so far. */
typedef struct node {
  uint64_t what;
  uint32_t at, from, point; /* from: the node before; point: the character that led here */
} node_t;

typedef struct search {
  sl_judge_t *judge;
  const sl_regex_t *re;
  letters_t *letters; /* of each instruction; the last is any character */
  node_t *nodes;
  uint32_t *table; /* open addressing, 1 + node */
  uint32_t n, mask, *stack, *seen, stamp;
  uint64_t told[4096]; /* what was handed in already */
  size_t n_told;
  uint32_t max_len;
  int max_whole, max_behind;
  uint8_t wanted; /* the class whose presence is told apart */
  bool number, count_len, full;
  bool partial; /* a member was met whose class has others that are not alike: bounds cut it */
} search_t;

/* --- letters ------------------------------------------------------------------------------------
 */

static int range_of(uint32_t c)
{
  if (c >= 0x80)
    return c < 0xA0                     ? C1
           : c < 0x800                  ? TWO
           : c == 0xFFFE || c == 0xFFFF ? NONCHAR
           : c < 0x10000                ? THREE
                                        : FOUR;
  if (c == ' ') return BLANK;
  if (c == '0') return ZERO;
  if (c > '0' && c <= '9') return DIGIT;
  if (c == '+') return PLUS;
  if (c == '-') return MINUS;
  if (c == '.') return POINT;
  if (c == '\t' || c == '\n' || c == '\r') return WHITE;
  if (!c) return NUL;
  if (c < 0x20) return CONTROL;
  if (c == 0x7F) return DEL;
  return strchr("<>&\"'\\", (int)c) ? MARKUP : ASCII;
}

static bool has(const sl_rset_t *set, uint32_t c)
{
  for (uint32_t i = 0; i < set->n; i++)
    if (c >= set->ranges[i].lo && c <= set->ranges[i].hi) return !set->negated;
  return set->negated;
}

static uint8_t class_of(const search_t *s, uint32_t c)
{
  const sl_charset_t *charset = s->judge->codec->charset;
  char utf8[4];
  size_t len = sl_regex_put(c, utf8), bytes;
  uint32_t bad;
  bool fits = !charset || (c < 0x80 && s->judge->codec->ascii_plain) ||
              sl_charset_fits(charset, sl_strn(utf8, len), &bytes, &bad);
  return (uint8_t)(range_of(c) + (fits ? 0 : N_RANGES));
}

static void offer(const search_t *s, letters_t *to, uint32_t c)
{
  uint8_t class = class_of(s, c);
  for (size_t i = 0; i < to->n; i++)
    if (to->v[i].class == class) return;
  if (to->n < MAX_LETTERS) to->v[to->n++] = (letter_t){c, class};
}

/* Surrogates are no characters. */
static void fill(const search_t *s, const sl_rset_t *set, letters_t *to)
{
  static const uint32_t from[] = {0, 0x80, 0xA0, 0x800, 0xE000, 0xFFFE, 0x10000};
  static const uint32_t up_to[] = {0x7F, 0x9F, 0x7FF, 0xD7FF, 0xFFFD, 0xFFFF, 0x10FFFF};
  static const sl_rrange_t everything = {0, 0x10FFFF};
  bool listed = set && !set->negated;
  const sl_rrange_t *ranges = listed ? set->ranges : &everything;
  for (uint32_t k = 0; k < (listed ? set->n : 1); k++)
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
      uint32_t c = ranges[k].lo > from[i] ? ranges[k].lo : from[i];
      uint32_t end = ranges[k].hi < up_to[i] ? ranges[k].hi : up_to[i];
      for (uint32_t tried = 0; c <= end && tried < TRIED; c++)
        if (listed || !set || has(set, c)) offer(s, to, c), tried++;
    }
}

/* --- what a text has been -----------------------------------------------------------------------
 */

enum { NOTHING, A_BLANK, A_ZERO, A_WHITE, ANOTHER };                       /* first, last */
enum { START, SIGNED, A_ZERO_ONLY, WHOLE, LEADING, POINTED, BEHIND, BAD }; /* of a number */

typedef struct what {
  unsigned len : 12, first : 3, last : 3, mixed : 1, has : 1;
  unsigned phase : 4, minus : 1, whole : 10, behind : 10, nonzero : 1, ends_zero : 1;
} what_t;

static uint64_t packed(what_t w)
{
  uint64_t v = 0;
  memcpy(&v, &w, sizeof w < sizeof v ? sizeof w : sizeof v);
  return v;
}

static what_t unpacked(uint64_t v)
{
  what_t w;
  memset(&w, 0, sizeof w);
  memcpy(&w, &v, sizeof w < sizeof v ? sizeof w : sizeof v);
  return w;
}

static unsigned kind_of(uint8_t class)
{
  return class == BLANK ? A_BLANK : class == ZERO ? A_ZERO : class == WHITE ? A_WHITE : ANOTHER;
}

static unsigned next_phase(unsigned phase, uint8_t class)
{
  bool digit = class == ZERO || class == DIGIT;
  switch (phase) {
  case START:
    if (class == MINUS) return SIGNED; /* fall through */
  case SIGNED: return class == ZERO ? A_ZERO_ONLY : class == DIGIT ? WHOLE : BAD;
  case A_ZERO_ONLY: return class == POINT ? POINTED : digit ? LEADING : BAD;
  case WHOLE: return digit ? WHOLE : class == POINT ? POINTED : BAD;
  case LEADING: return digit ? LEADING : BAD;
  case POINTED:
  case BEHIND: return digit ? BEHIND : BAD;
  default: return BAD;
  }
}

static void step_number(const search_t *s, what_t *w, uint8_t class)
{
  unsigned phase = w->phase;
  bool digit = class == ZERO || class == DIGIT;
  w->phase = next_phase(phase, class) & 15u;
  if (w->phase == BAD) { /* all that is no number is alike */
    w->whole = w->behind = w->minus = w->nonzero = w->ends_zero = 0;
    return;
  }
  if (phase == START && class == MINUS) w->minus = 1;
  if (w->phase == WHOLE && w->whole < (unsigned)s->max_whole) w->whole = (w->whole + 1) & 1023u;
  if (w->phase == BEHIND && w->behind < (unsigned)s->max_behind)
    w->behind = (w->behind + 1) & 1023u;
  if (digit) w->ends_zero = class == ZERO;
  if (class == DIGIT) w->nonzero = 1;
}

static uint64_t step(const search_t *s, uint64_t packed_what, uint8_t class)
{
  what_t w = unpacked(packed_what);
  if (s->count_len && w.len < s->max_len) w.len = (w.len + 1) & 4095u;
  if (s->number) {
    step_number(s, &w, class);
    return packed(w);
  }
  unsigned kind = kind_of(class);
  if (w.first == NOTHING) w.first = kind & 7u;
  if (kind != w.first || (kind != A_BLANK && kind != A_ZERO)) w.mixed = 1;
  w.last = kind & 7u;
  if (class == s->wanted) w.has = 1;
  return packed(w);
}

/* --- the search ---------------------------------------------------------------------------------
 */

static void visit(search_t *s, uint32_t at, uint64_t what, uint32_t from, uint32_t point)
{
  uint64_t h = (what ^ (uint64_t)at * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  for (uint32_t i = (uint32_t)(h >> 32) & s->mask;; i = (i + 1) & s->mask) {
    if (!s->table[i]) {
      if (s->n == MAX_NODES) {
        s->full = true;
        return;
      }
      s->nodes[s->n] = (node_t){what, at, from, point};
      s->table[i] = ++s->n;
      return;
    }
    const node_t *n = &s->nodes[s->table[i] - 1];
    if (n->at == at && n->what == what) return;
  }
}

/* The text that leads to a node, through the codec: once for each `what`. */
static void hand_in(search_t *s, uint32_t node)
{
  char text[MAX_TEXT], *p = text + sizeof text;
  for (size_t i = 0; i < s->n_told; i++)
    if (s->told[i] == s->nodes[node].what) return;
  if (s->n_told == sizeof s->told / sizeof *s->told) {
    s->full = true;
    return;
  }
  s->told[s->n_told++] = s->nodes[node].what;
  what_t w = unpacked(s->nodes[node].what);
  const sl_codec_t *c = s->judge->codec;
  if (s->number && w.phase != BAD && (c->min.p || c->max.p) && w.whole >= c->bounded_from)
    s->partial = true;
  for (uint32_t i = node; i; i = s->nodes[i].from) {
    char utf8[4];
    size_t len = sl_regex_put(s->nodes[i].point, utf8);
    if ((size_t)(p - text) < len) {
      s->full = true;
      return;
    }
    p -= len;
    memcpy(p, utf8, len);
  }
  sl_judge_json(s->judge, SL_J_STRING, sl_strn(p, (size_t)(text + sizeof text - p)));
}

static void push(search_t *s, uint32_t *n, uint32_t at, bool ended)
{
  uint32_t key = 2 * at + ended;
  if (s->seen[key] == s->stamp) return;
  s->seen[key] = s->stamp;
  s->stack[(*n)++] = key;
}

static void take(search_t *s, const letters_t *letters, uint32_t to, uint32_t node)
{
  for (size_t i = 0; i < letters->n; i++)
    visit(s, to, step(s, s->nodes[node].what, letters->v[i].class), node, letters->v[i].point);
}

/* Places re->n: before the match, re->n + 1: behind it. */
static void expand(search_t *s, uint32_t node)
{
  uint32_t n = 0, at = s->nodes[node].at, end = s->re->n;
  const letters_t *any = &s->letters[end];
  bool begin = node == 0;
  s->stamp++;
  if (at == end) take(s, any, end, node);
  if (at == end + 1) {
    hand_in(s, node);
    take(s, any, end + 1, node);
    return;
  }
  push(s, &n, at == end ? 0 : at, false);
  while (n) {
    uint32_t key = s->stack[--n];
    bool ended = key & 1;
    at = key / 2;
    const sl_rinst_t *in = &s->re->code[at];
    switch ((sl_rop_t)in->op) {
    case SL_R_SET:
      if (!ended) take(s, &s->letters[at], at + 1, node);
      break;
    case SL_R_JUMP: push(s, &n, in->x, ended); break;
    case SL_R_SPLIT: push(s, &n, in->x, ended), push(s, &n, in->y, ended); break;
    case SL_R_BEGIN:
      if (begin) push(s, &n, at + 1, ended);
      break;
    case SL_R_END: push(s, &n, at + 1, true); break;
    case SL_R_MATCH:
      hand_in(s, node);
      if (!ended) take(s, any, end + 1, node);
      break;
    default: s->full = true; /* \b: asks for the neighbour */
    }
    if (s->full) return;
  }
}

static void run(search_t *s)
{
  memset(s->table, 0, ((size_t)s->mask + 1) * sizeof *s->table);
  s->n = 0;
  s->n_told = 0;
  visit(s, s->re->n, 0, 0, 0);
  for (uint32_t i = 0; i < s->n && !s->full; i++) {
    if (s->judge->putget.verdict == SL_LAW_REFUTED) return;
    expand(s, i);
  }
}

/* --- bounds -------------------------------------------------------------------------------------
 */

static bool bounded(search_t *s)
{
  const sl_codec_t *c = s->judge->codec;
  const sl_jschema_t *d = sl_canonical_plain(s->judge->domain.schema);
  int scale = c->scale > 0 ? c->scale : 0;
  int64_t len = c->width > 0 ? c->width : 1;
  if (d->min_length > len) len = d->min_length;
  if (d->max_length > len) len = d->max_length;
  s->count_len = !s->number || d->min_length >= 0 || d->max_length >= 0;
  s->max_len = (uint32_t)len + 2;
  int digits = c->digits > c->width ? c->digits : c->width;
  s->max_whole = (digits > 16 ? digits : 16) + 2;
  s->max_behind = scale + 2;
  /* Listed texts: a property that the search does not follow. */
  if (c->n_sentinels || c->n_codes || c->n_enums) return false;
  return len < MAX_COUNT && s->max_whole < MAX_COUNT;
}

static bool prepare(search_t *s)
{
  size_t n = s->re->n + 1;
  s->mask = (1u << 20) - 1;
  s->letters = calloc(n, sizeof *s->letters);
  s->nodes = malloc(MAX_NODES * sizeof *s->nodes);
  s->table = malloc(((size_t)s->mask + 1) * sizeof *s->table);
  s->stack = calloc(2 * n + 4, sizeof *s->stack);
  s->seen = calloc(2 * n + 4, sizeof *s->seen);
  if (!s->letters || !s->nodes || !s->table || !s->stack || !s->seen) return false;
  for (uint32_t i = 0; i < s->re->n; i++)
    if (s->re->code[i].op == SL_R_SET) fill(s, s->re->code[i].set, &s->letters[i]);
  fill(s, NULL, &s->letters[s->re->n]);
  return true;
}

static bool beyond_ascii(const search_t *s)
{
  for (uint32_t i = 0; i < s->re->n; i++)
    for (size_t k = 0; k < s->letters[i].n; k++)
      if (s->letters[i].v[k].point >= 0x80) return true;
  return false;
}

static void each_class(search_t *s)
{
  bool there[N_CLASSES] = {false};
  /* A width in bytes is one in characters where each has a byte. */
  const sl_codec_t *c = s->judge->codec;
  if (c->width && c->width_in_bytes && (!c->ascii_plain || beyond_ascii(s))) s->partial = true;
  for (uint32_t i = 0; i <= s->re->n; i++)
    for (size_t k = 0; k < s->letters[i].n; k++) there[s->letters[i].v[k].class] = true;
  s->wanted = BLANK;
  run(s);
  for (uint8_t k = WHITE; k < N_CLASSES && !s->number; k++) {
    s->wanted = k;
    if (there[k] && !s->full) run(s);
  }
}

void sl_cases_pattern(sl_judge_t *self)
{
  bool more;
  const sl_regex_t *re = sl_canonical_pattern(self->domain.schema, &more);
  sl_codec_kind_t kind = sl_codec_kind(self->codec);
  if (!re || self->putget.verdict == SL_LAW_REFUTED) return;
  search_t *s = calloc(1, sizeof *s);
  if (!s) return;
  s->judge = self;
  s->re = re;
  s->number = kind == SL_CODEC_INTEGER || kind == SL_CODEC_DECIMAL;
  bool followed = bounded(s) && !more && (s->number || kind == SL_CODEC_TEXT);
  if (prepare(s)) each_class(s);
  if (followed && !s->full && !s->partial && s->stack) self->open = 0;
  free(s->letters);
  free(s->nodes);
  free(s->table);
  free(s->stack);
  free(s->seen);
  free(s);
}
