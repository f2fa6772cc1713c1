/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * soundness MAPPING HINTS RECORDS SEED: what the laws call proved, held to random records.
 *
 * The records have nothing to do with the prover's representatives: JSON values come from HINTS
 * (one line for each field, see soundness.py) and from mutations of values; legacy values from what
 * was written, mutated too. Each JSON record that the schema allows (or that is taken, where there
 * is no schema) goes through the shape's writer and reader, each legacy record that is read through
 * reader and writer. Prints a line for each violation, and at the end the counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/contract/jnumber.h"
#include "mappings/engine/codec.h"
#include "mappings/engine/run.h"
#include "mappings/laws/canonical.h"
#include "mappings/laws/laws.h"

enum { FIELDS = 64, POOL = 64, TEXT = 512, MEMORY = 16 << 20 };

typedef struct hint {
  char pointer[64], kind, arg[256];
  int a, b;
} hint_t;

typedef struct field {
  const sl_law_line_t *law;
  const sl_field_t *field;
  hint_t hint;
  char pool[POOL][TEXT]; /* legacy texts that were written */
  size_t lens[POOL], n_pool;
} field_t;

typedef struct bench {
  sl_mapping_t *mapping;
  const sl_shape_t *shape;
  const sl_jschema_t *schema;
  const sl_laws_t *laws;
  sl_arena_t *arena;
  sl_buf_t json, legacy, back, again;
  field_t v[FIELDS];
  size_t n, put, get, violations;
  uint64_t random;
} bench_t;

static uint64_t dice(bench_t *b)
{
  b->random ^= b->random << 13;
  b->random ^= b->random >> 7;
  b->random ^= b->random << 17;
  return b->random;
}

static size_t below(bench_t *b, size_t n)
{
  return n ? (size_t)(dice(b) % n) : 0;
}

/* --- values -------------------------------------------------------------------------------------
 */

static size_t put_letters(bench_t *b, const hint_t *h, char *out)
{
  size_t n = 0, count = (size_t)h->a + below(b, (size_t)(h->b - h->a) + 1), letters = 0;
  const char *starts[128];
  for (const char *p = h->arg; *p && letters < 128; p++)
    if (((unsigned char)*p & 0xC0) != 0x80) starts[letters++] = p;
  for (size_t i = 0; i < count && n < TEXT - 8 && letters; i++) {
    size_t at = below(b, letters);
    const char *end = at + 1 < letters ? starts[at + 1] : h->arg + strlen(h->arg);
    memcpy(out + n, starts[at], (size_t)(end - starts[at]));
    n += (size_t)(end - starts[at]);
  }
  return n;
}

static size_t put_digits(bench_t *b, const hint_t *h, char *out)
{
  size_t n = 0, whole = below(b, (size_t)h->a + 1), behind = below(b, (size_t)h->b + 1);
  int style = (int)below(b, 4);
  if (!below(b, 4)) out[n++] = '-';
  if (!whole) out[n++] = '0';
  for (size_t i = 0; i < whole; i++)
    out[n++] = (char)(style == 0   ? '9'
                      : style == 1 ? (i ? '0' : '1')
                                   : (i ? '0' + (int)below(b, 10) : '1' + (int)below(b, 9)));
  if (behind) out[n++] = '.';
  for (size_t i = 0; i < behind; i++) out[n++] = (char)(style == 1 ? '0' : '0' + (int)below(b, 10));
  return n;
}

static size_t put_time(bench_t *b, const hint_t *h, char *out)
{
  static const int years[] = {1,    1000, 1582, 1899, 1900, 1949, 1950, 1970,
                              1999, 2000, 2024, 2049, 2050, 2100, 9999};
  static const char *const zones[] = {"", "Z", "+00:00", "+01:00", "+02:00", "-05:00", "-04:00"};
  static const char *const fractions[] = {"", "", "", ".5", ".000", ".123", ".250", ".123456"};
  int year = below(b, 2) ? years[below(b, 15)] : 1900 + (int)below(b, 200);
  int month = 1 + (int)below(b, 12), day = 1 + (int)below(b, below(b, 8) ? 28 : 31);
  int hour = (int)below(b, 24), minute = (int)below(b, 60),
      second = below(b, 2) ? 0 : (int)below(b, 60);
  if (!below(b, 3))
    month = below(b, 2) ? 3 : 10, day = 25 + (int)below(b, 7), hour = (int)below(b, 4);
  const char *fraction = fractions[below(b, 8)],
             *zone = zones[h->kind == 'D' ? 1 + below(b, 6) : 0];
  if (h->kind == 'd') return (size_t)sprintf(out, "%04d-%02d-%02d", year, month, day);
  if (h->kind == 't')
    return (size_t)sprintf(out, "%02d:%02d:%02d%s", hour, minute, second, fraction);
  return (size_t)sprintf(out, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", year, month, day, hour, minute,
                         second, fraction, zone);
}

static size_t put_listed(bench_t *b, const hint_t *h, char *out)
{
  size_t n = 1;
  for (const char *p = h->arg; *p; p++) n += *p == '|';
  size_t at = below(b, n);
  const char *p = h->arg;
  while (at--) p = strchr(p, '|') + 1;
  size_t len = strcspn(p, "|");
  memcpy(out, p, len);
  return len;
}

/* One place changed, taken out, doubled, blanks or zeros around. */
static size_t mutate(bench_t *b, char *text, size_t n)
{
  static const char bytes[] = " 0+-.,9aZ\t\n1";
  if (n + 4 >= TEXT) return n;
  size_t at = below(b, n + 1);
  char c = bytes[below(b, sizeof bytes - 1)];
  switch (below(b, 6)) {
  case 0:
    memmove(text + at + 1, text + at, n - at);
    text[at] = c;
    return n + 1;
  case 1:
    if (at == n || (unsigned char)text[at] >= 0x80) return n;
    memmove(text + at, text + at + 1, n - at - 1);
    return n - 1;
  case 2:
    if (at < n && (unsigned char)text[at] < 0x80) text[at] = c;
    return n;
  case 3: text[n] = ' '; return n + 1;
  case 4:
    memmove(text + 1, text, n);
    text[0] = below(b, 2) ? '0' : ' ';
    return n + 1;
  default: return n;
  }
}

static size_t value(bench_t *b, const hint_t *h, char *out)
{
  size_t n = 0;
  switch (h->kind) {
  case 's': n = put_letters(b, h, out); break;
  case 'n':
  case 'N': n = put_digits(b, h, out); break;
  case 'd':
  case 't':
  case 'l':
  case 'D': n = put_time(b, h, out); break;
  case 'b': return (size_t)sprintf(out, "%s", below(b, 2) ? "true" : "false");
  default: n = put_listed(b, h, out);
  }
  /* Of a date's own formats the schema allows what nobody means: the year 0000, an offset of 15 h.
   */
  if (b->schema && strchr("dtlD", h->kind)) return n;
  return below(b, 8) ? n : mutate(b, out, n);
}

static bool put_value(bench_t *b, const hint_t *h, bool required)
{
  char text[TEXT];
  if (!required && !below(b, 12)) return sl_buf_addz(&b->json, "null"), true;
  size_t n = value(b, h, text);
  bool bare = h->kind == 'n' ? sl_json_is_number(sl_strn(text, n)) : h->kind == 'b';
  if (bare && memchr(text, '.', n)) { /* a number in its shortest spelling */
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
  }
  if (bare && n == 2 && !memcmp(text, "-0", 2)) return false;
  if (!bare && !sl_utf8_valid(text, n)) return false;
  if (bare)
    sl_buf_add(&b->json, text, n);
  else
    sl_json_quote(&b->json, sl_strn(text, n));
  return true;
}

/* --- PutGet -------------------------------------------------------------------------------------
 */

static void make_json(bench_t *b)
{
  bool any = false;
  sl_buf_clear(&b->json);
  sl_buf_addc(&b->json, '{');
  for (size_t i = 0; i < b->n; i++) {
    size_t mark = b->json.len;
    /* A database refuses a row without what is NOT NULL; its CSV is only a picture of it. */
    if (!b->v[i].field->required && !below(b, 10)) continue;
    if (any) sl_buf_addc(&b->json, ',');
    sl_json_quote(&b->json, sl_str(b->v[i].hint.pointer + 1));
    sl_buf_addc(&b->json, ':');
    int tries = 8;
    while (tries && !put_value(b, &b->v[i].hint, b->v[i].field->required)) tries--;
    if (tries)
      any = true;
    else
      b->json.len = mark;
  }
  sl_buf_addc(&b->json, '}');
}

static void violation(bench_t *b, const field_t *f, const char *law, const char *what)
{
  if (b->violations++ < 5)
    printf("violation\t%s\t%s\t%s\t%s\t%.*s\t%.*s\t%.*s\n", b->mapping->file,
           f ? f->hint.pointer : "?", law, what, (int)b->json.len, b->json.p, (int)b->legacy.len,
           b->legacy.p, (int)b->back.len, b->back.p);
}

static bool says_nothing(const sl_jvalue_t *v)
{
  return !v || v->kind == SL_JSON_NULL || (v->kind == SL_JSON_STRING && !v->text.len);
}

/* As JSON spells it: columns give 007, 21., .5 and +5 too. */
static sl_str_t spelled(sl_str_t t, char out[TEXT])
{
  size_t n = 0;
  bool minus = t.len && t.p[0] == '-';
  if (t.len && (minus || t.p[0] == '+')) t.p++, t.len--;
  while (t.len > 1 && t.p[0] == '0' && t.p[1] != '.') t.p++, t.len--;
  if (t.len && t.p[t.len - 1] == '.') t.len--;
  if (t.len + 3 > TEXT) return t;
  if (minus) out[n++] = '-';
  if (t.len && t.p[0] == '.') out[n++] = '0';
  if (t.len) memcpy(out + n, t.p, t.len);
  return sl_strn(out, n + t.len);
}

static bool number_equal(sl_str_t a, sl_str_t b)
{
  sl_jnumber_t x, y;
  char p[TEXT], q[TEXT];
  return sl_jnumber_parse(spelled(a, p), &x) && sl_jnumber_parse(spelled(b, q), &y) &&
         !sl_jnumber_compare(&x, &y);
}

/* Without any of these at its ends. */
static sl_str_t stripped(sl_str_t t, const char *set)
{
  while (t.len && t.p[0] && strchr(set, t.p[0])) t.p++, t.len--;
  while (t.len && t.p[t.len - 1] && strchr(set, t.p[t.len - 1])) t.len--;
  return t;
}

/* May the words of the verdict explain the difference? */
static bool explained(unsigned words, const sl_jvalue_t *was, const sl_jvalue_t *is)
{
  if (words & (SL_MODULO_NULL | SL_MODULO_EMPTY) && says_nothing(is)) return true;
  if (words & SL_MODULO_DEFAULT && !was) return true;
  if (!was || !is || was->kind != is->kind) return false;
  if (words & (SL_MODULO_SCALE | SL_MODULO_SIGN) && number_equal(was->text, is->text)) return true;
  if (words & SL_MODULO_PAD && sl_str_eq(stripped(was->text, " 0"), stripped(is->text, " 0")))
    return true;
  return words & (SL_MODULO_ZONE | SL_MODULO_FRACTION | SL_MODULO_WIDTH | SL_MODULO_CODES);
}

static void compare_json(bench_t *b, const sl_jvalue_t *was, const sl_jvalue_t *is)
{
  for (size_t i = 0; i < b->n; i++) {
    const field_t *f = &b->v[i];
    const sl_law_t *law = &f->law->putget;
    if (law->verdict != SL_LAW_PROVED) continue;
    const sl_jvalue_t *x = sl_jvalue_get(was, f->hint.pointer + 1);
    const sl_jvalue_t *y = sl_jvalue_get(is, f->hint.pointer + 1);
    if (x && y ? sl_jvalue_equal(x, y) : x == y) continue;
    if (!explained(law->modulo, x, y)) violation(b, f, "PutGet", "changed");
  }
}

static field_t *field_at(bench_t *b, const char *label)
{
  for (size_t i = 0; i < b->n; i++)
    if (!strcmp(b->v[i].field->label, label)) return &b->v[i];
  return NULL;
}

static bool read_slots(bench_t *b, sl_str_t text, sl_record_t **out)
{
  sl_err_t err;
  return !sl_shape_record(b->shape, b->arena, text, out, &err);
}

static void keep_legacy(bench_t *b)
{
  sl_record_t *r;
  if (!read_slots(b, sl_buf_str(&b->legacy), &r)) return;
  for (size_t i = 0; i < b->n; i++) {
    field_t *f = &b->v[i];
    const sl_slot_t *s = &r->slots[f->field->slot];
    if (s->state != SL_L_TEXT || s->len >= TEXT - 8) continue;
    size_t at = f->n_pool < POOL ? f->n_pool++ : below(b, POOL);
    if (s->len) memcpy(f->pool[at], s->p, s->len);
    f->lens[at] = s->len;
  }
}

static void try_json(bench_t *b)
{
  sl_err_t err = {0};
  sl_arena_reset(b->arena);
  make_json(b);
  const sl_jvalue_t *was = sl_jvalue_parse(b->json.p, b->json.len, b->arena, &err);
  if (!was) return;
  if (b->schema && sl_jschema_judge(b->schema, was, NULL, NULL) != SL_JS_YES) return;
  sl_buf_clear(&b->legacy);
  sl_buf_clear(&b->back);
  if (sl_shape_write(b->shape, b->arena, sl_buf_str(&b->json), b->shape->name, &b->legacy, &err)) {
    field_t *f = field_at(b, err.field);
    if (b->schema && f && f->law->putget.verdict == SL_LAW_PROVED)
      violation(b, f, "PutGet", err.text);
    return;
  }
  b->put++;
  if (sl_shape_read(b->shape, b->arena, sl_buf_str(&b->legacy), &b->back, &err)) {
    field_t *f = field_at(b, err.field);
    if (!f || f->law->putget.verdict == SL_LAW_PROVED)
      violation(b, f, "PutGet", "what was written cannot be read");
    return;
  }
  const sl_jvalue_t *is = sl_jvalue_parse(b->back.p, b->back.len, b->arena, &err);
  if (is) compare_json(b, was, is);
  if (below(b, 4) == 0) keep_legacy(b);
}

/* --- GetPut -------------------------------------------------------------------------------------
 */

static void escaped(sl_buf_t *out, sl_str_t t)
{
  for (size_t i = 0; i < t.len; i++)
    if (strchr("<>&\"\r", t.p[i]) || t.p[i] == '\n' || t.p[i] == '\t')
      sl_buf_printf(out, "&#%d;", t.p[i]);
    else
      sl_buf_addc(out, t.p[i]);
}

typedef struct cell {
  sl_lstate_t state;
  char text[TEXT];
  size_t len;
} cell_t;

/* Which numeric columns do not have. */
static bool is_minus_zero(const char *text)
{
  return text[0] == '-' && !text[1 + strspn(text + 1, "0.")];
}

static bool can_come(const field_t *f, cell_t *c)
{
  char why[SL_WHY];
  const sl_column_t *column = f->field->column;
  if (!column) return true;
  if (c->state != SL_L_TEXT) return c->state == SL_L_NIL && column->nullable;
  c->text[c->len] = 0;
  bool chars = strstr(column->type, "CHAR") != NULL;
  return sl_column_accepts(column, c->text, why) && (chars || (c->len && !is_minus_zero(c->text)));
}

/* false: none was found that can come. */
static bool make_cell(bench_t *b, field_t *f, cell_t *c)
{
  *c = (cell_t){.state = SL_L_TEXT};
  size_t how = below(b, 20);
  if (how == 0)
    c->state = SL_L_MISSING;
  else if (how == 1)
    c->state = SL_L_NIL;
  else if (how == 2)
    c->len = 0;
  else if (how == 3)
    memset(c->text, ' ', c->len = 1 + below(b, 12));
  else if (how < 7 || !f->n_pool)
    c->len = value(b, &f->hint, c->text);
  else {
    size_t at = below(b, f->n_pool);
    memcpy(c->text, f->pool[at], c->len = f->lens[at]);
  }
  if (how > 12) c->len = mutate(b, c->text, c->len);
  if (!sl_utf8_valid(c->text, c->len)) c->len = 0;
  if (can_come(f, c)) return true;
  c->state = SL_L_NIL;
  if (can_come(f, c)) return true;
  if (!f->n_pool) return false;
  c->state = SL_L_TEXT;
  memcpy(c->text, f->pool[0], c->len = f->lens[0]);
  return can_come(f, c);
}

/* The label that a shape of one level gives each field: its legacy path without the slash. */
static bool make_legacy(bench_t *b)
{
  sl_mapping_t *m = b->mapping;
  sl_buf_t *out = &b->legacy;
  cell_t c;
  sl_buf_clear(out);
  if (m->kind == SL_KIND_SOAP) sl_buf_printf(out, "<%s>", b->shape->name);
  if (m->kind == SL_KIND_REST) sl_buf_addc(out, '{');
  for (size_t i = 0; m->kind == SL_KIND_ODBC && i < b->n; i++)
    sl_buf_printf(out, "%s%s", i ? "," : "", b->v[i].field->legacy);
  if (m->kind == SL_KIND_ODBC) sl_buf_addc(out, '\n');
  bool any = false;
  for (size_t i = 0; i < b->n; i++) {
    field_t *f = &b->v[i];
    const char *name = f->field->legacy;
    if (!make_cell(b, f, &c)) return false;
    sl_str_t text = sl_strn(c.text, c.len);
    if (m->kind == SL_KIND_SOAP && c.state == SL_L_NIL)
      sl_buf_printf(out, "<%s xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"1\"/>",
                    name);
    else if (m->kind == SL_KIND_SOAP && c.state == SL_L_TEXT) {
      sl_buf_printf(out, "<%s>", name);
      escaped(out, text);
      sl_buf_printf(out, "</%s>", name);
    } else if (m->kind == SL_KIND_REST && c.state != SL_L_MISSING) {
      sl_buf_printf(out, "%s\"%s\":", any ? "," : "", name + 1);
      if (c.state == SL_L_NIL)
        sl_buf_addz(out, "null");
      else
        sl_json_quote(out, text);
      any = true;
    } else if (m->kind == SL_KIND_ODBC) {
      if (i) sl_buf_addc(out, ',');
      if (c.state != SL_L_TEXT) continue;
      sl_buf_addc(out, '"');
      for (size_t k = 0; k < c.len; k++) {
        if (c.text[k] == '"') sl_buf_addc(out, '"');
        sl_buf_addc(out, c.text[k]);
      }
      sl_buf_addc(out, '"');
    }
  }
  if (m->kind == SL_KIND_SOAP) sl_buf_printf(out, "</%s>", b->shape->name);
  if (m->kind == SL_KIND_REST) sl_buf_addc(out, '}');
  if (m->kind == SL_KIND_ODBC) sl_buf_addc(out, '\n');
  return true;
}

/* Equal, or equal but for padding, or as the column's type sees it, or as the verdict says. */
static bool cells_equal(const field_t *f, const sl_slot_t *a, const sl_slot_t *b)
{
  sl_str_t x = {a->p, a->len}, y = {b->p, b->len};
  unsigned words = f->law->getput.modulo;
  if (a->state == b->state && (a->state != SL_L_TEXT || sl_str_eq(x, y))) return true;
  /* What the record is read as is compared beside this: the words then say that the spelling
   * changes. */
  if (words) return true;
  if (a->state != SL_L_TEXT || b->state != SL_L_TEXT) return false;
  const sl_column_t *column = f->field->column;
  if (column && !strstr(column->type, "CHAR"))
    return f->hint.kind == 'b' || strchr("dtlD", f->hint.kind) ||
           number_equal(stripped(x, " +\t\r\n"), stripped(y, " \t\r\n"));
  return sl_str_eq(stripped(x, " "), stripped(y, " ")) ||
         sl_str_eq(stripped(x, "0"), stripped(y, "0"));
}

/* Does the schema let the consumer send back what it read? */
static bool can_be_sent(const bench_t *b, const field_t *f, const sl_jvalue_t *read)
{
  if (!b->schema) return true;
  sl_str_t key = sl_str(f->hint.pointer + 1);
  const sl_jvalue_t *v = read ? sl_jvalue_getn(read, key) : NULL;
  if (!v) return !sl_jschema_requires(b->schema, key);
  const sl_jschema_t *member = sl_jschema_member(b->mapping->canonical, b->schema, key);
  return sl_jschema_accepts(member, v->kind, v->text, NULL) == SL_JS_YES;
}

static void try_legacy(bench_t *b)
{
  sl_err_t err = {0}, ignored;
  sl_record_t *was, *is;
  sl_arena_reset(b->arena);
  if (!make_legacy(b)) return;
  sl_buf_clear(&b->json);
  sl_buf_clear(&b->back);
  if (sl_shape_read(b->shape, b->arena, sl_buf_str(&b->legacy), &b->json, &err)) return;
  if (sl_shape_write(b->shape, b->arena, sl_buf_str(&b->json), b->shape->name, &b->back, &err)) {
    const sl_jvalue_t *read = sl_jvalue_parse(b->json.p, b->json.len, b->arena, &ignored);
    field_t *f = field_at(b, err.field);
    if (f && !can_be_sent(b, f, read)) return;
    if (f && f->law->getput.verdict == SL_LAW_PROVED && !(f->law->getput.modulo & SL_MODULO_CODES))
      violation(b, f, "GetPut", err.text);
    return;
  }
  b->get++;
  if (!read_slots(b, sl_buf_str(&b->legacy), &was) || !read_slots(b, sl_buf_str(&b->back), &is))
    return;
  sl_buf_clear(&b->again);
  if (sl_shape_read(b->shape, b->arena, sl_buf_str(&b->back), &b->again, &err)) {
    violation(b, field_at(b, err.field), "GetPut", "what was written cannot be read");
    return;
  }
  const sl_jvalue_t *first = sl_jvalue_parse(b->json.p, b->json.len, b->arena, &err);
  const sl_jvalue_t *second = sl_jvalue_parse(b->again.p, b->again.len, b->arena, &err);
  for (size_t i = 0; i < b->n && first && second; i++) {
    const field_t *f = &b->v[i];
    uint16_t slot = f->field->slot;
    if (f->law->getput.verdict != SL_LAW_PROVED || !can_be_sent(b, f, first)) continue;
    const sl_jvalue_t *x = sl_jvalue_get(first, f->hint.pointer + 1);
    const sl_jvalue_t *y = sl_jvalue_get(second, f->hint.pointer + 1);
    unsigned words = f->law->putget.modulo | f->law->getput.modulo;
    if (!(x && y ? sl_jvalue_equal(x, y) : x == y) && !explained(words, x, y))
      violation(b, f, "GetPut", "reads as something else");
    if (!cells_equal(f, &was->slots[slot], &is->slots[slot])) violation(b, f, "GetPut", "changed");
  }
}

/* --- */

static bool load_hints(bench_t *b, const char *path)
{
  char line[512];
  FILE *f = fopen(path, "r");
  while (f && fgets(line, sizeof line, f) && b->n < FIELDS) {
    hint_t h = {.kind = 0};
    line[strcspn(line, "\n")] = 0;
    char *rest = strchr(line, '\t');
    if (!rest || sscanf(rest + 1, "%c\t%d\t%d", &h.kind, &h.a, &h.b) != 3) continue;
    *rest = 0;
    snprintf(h.pointer, sizeof h.pointer, "%.60s", line);
    char *arg = strrchr(rest + 1, '\t');
    snprintf(h.arg, sizeof h.arg, "%.250s", arg + 1);
    for (size_t i = 0; i < b->laws->n_lines; i++) {
      const sl_law_line_t *l = &b->laws->lines[i];
      if (!l->line.field || strcmp(l->line.json, h.pointer)) continue;
      b->v[b->n].law = l;
      b->v[b->n].field = l->line.field;
      b->v[b->n++].hint = h;
      break;
    }
  }
  if (f) fclose(f);
  return b->n > 0;
}

static void count(const char *name, const bench_t *b, size_t offset)
{
  size_t n[5] = {0};
  for (size_t i = 0; i < b->n; i++) {
    const sl_law_t *law = (const sl_law_t *)((const char *)b->v[i].law + offset);
    n[law->verdict == SL_LAW_PROVED && law->modulo ? 4 : (size_t)law->verdict]++;
  }
  printf("%s\t%zu\t%zu\t%zu\t%zu\t%zu\n", name, n[SL_LAW_PROVED], n[4], n[SL_LAW_SAMPLED],
         n[SL_LAW_REFUTED], n[SL_LAW_NONE]);
}

int main(int argc, char **argv)
{
  static bench_t b;
  if (argc < 5) return fprintf(stderr, "soundness MAPPING HINTS RECORDS SEED\n"), 2;
  size_t records = (size_t)atol(argv[3]);
  sl_diags_t *diags = sl_diags_new();
  sl_arena_t *report = sl_arena_new(0, 0);
  b.mapping = sl_mapping_load(argv[1], diags);
  if (!b.mapping) return sl_diags_print(diags, stderr), 2;
  b.laws = sl_laws_judge(b.mapping, report, diags);
  b.shape = &b.mapping->shapes[0];
  b.schema = sl_canonical_shape(b.mapping, b.shape->name);
  b.arena = sl_arena_new(0, MEMORY);
  b.random = 88172645463325252u ^ (strtoull(argv[4], NULL, 10) * 0x9E3779B97F4A7C15u);
  sl_buf_init(&b.json, 0);
  sl_buf_init(&b.legacy, 0);
  sl_buf_init(&b.back, 0);
  sl_buf_init(&b.again, 0);
  if (!b.laws || !load_hints(&b, argv[2])) return fprintf(stderr, "no fields\n"), 2;
  /* Until so many went through, or it is plain that they will not. */
  for (size_t i = 0; i < 20 * records && b.put < records; i++) try_json(&b);
  for (size_t i = 0; i < 20 * records && b.get < records; i++) try_legacy(&b);
  count("putget", &b, offsetof(sl_law_line_t, putget));
  count("getput", &b, offsetof(sl_law_line_t, getput));
  printf("records\t%zu\t%zu\n", b.put, b.get);
  sl_buf_fini(&b.json);
  sl_buf_fini(&b.legacy);
  sl_buf_fini(&b.back);
  sl_buf_fini(&b.again);
  sl_arena_destroy(&b.arena);
  sl_mapping_destroy(&b.mapping);
  sl_arena_destroy(&report);
  sl_diags_destroy(&diags);
  return b.violations > 0;
}
