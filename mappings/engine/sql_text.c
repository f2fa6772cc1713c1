/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading SQL just far enough to know what is a placeholder: the lexical rules of ISO 9075 §5.3,
 * and those of PostgreSQL (dollar quotes, E'…', nested comments, casts). */
#include <string.h>
#include "mappings/engine/sql_impl.h"

typedef struct scanner {
  sl_sql_cut_t *cut;
  const char *start, *p, *end;
  unsigned keys;
} scanner_t;

static bool is_start(char ch)
{
  return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_part(char ch)
{
  return is_start(ch) || (ch >= '0' && ch <= '9') || ch == '$';
}

static void copy_to(scanner_t *s, const char *to)
{
  sl_buf_add(&s->cut->text, s->p, (size_t)(to - s->p));
  s->p = to;
}

static bool wrong(scanner_t *s, const char *at, const char *problem)
{
  s->cut->problem = problem;
  s->cut->at = (size_t)(at - s->start);
  return false;
}

/* Names in a literal are part of its text. Who writes ':id' rarely means that: they are noted. */
static void note_quoted(scanner_t *s, const char *end)
{
  for (const char *q = s->p + 1; q + 1 < end; q++) {
    if (*q != ':' || !is_start(q[1]) || is_part(q[-1]) || q[-1] == ':') continue;
    const char *from = q + 1;
    while (q + 1 < end && is_part(q[1])) q++;
    sl_sql_name_t name = {{from, (size_t)(q + 1 - from)}, (size_t)(from - 1 - s->start)};
    sl_buf_add(&s->cut->quoted, (const char *)&name, sizeof name);
  }
}

/* A run up to the closing quote; a doubled one is part of it. */
static bool quoted(scanner_t *s, char quote, bool backslash)
{
  const char *q = s->p + 1;
  for (; q < s->end; q++) {
    if (backslash && *q == '\\' && q + 1 < s->end) {
      q++;
    } else if (*q == quote) {
      if (q + 1 == s->end || q[1] != quote) {
        if (quote == '\'') note_quoted(s, q);
        return copy_to(s, q + 1), true;
      }
      q++;
    }
  }
  return wrong(s, s->p, "this quote is not closed");
}

static bool line_comment(scanner_t *s)
{
  const char *nl = memchr(s->p, '\n', (size_t)(s->end - s->p));
  copy_to(s, nl ? nl : s->end);
  return true;
}

static bool block_comment(scanner_t *s)
{
  int depth = 0;
  for (const char *q = s->p; q + 1 < s->end; q++) {
    if (q[0] == '/' && q[1] == '*') {
      depth++, q++;
    } else if (q[0] == '*' && q[1] == '/') {
      q++;
      if (--depth == 0) return copy_to(s, q + 1), true;
    }
  }
  return wrong(s, s->p, "this comment is not closed");
}

/* $tag$ … $tag$; *done_p false when it is no dollar quote ($1, a$b). */
static bool dollar_quote(scanner_t *s, bool *done_p)
{
  const char *q = s->p + 1;
  while (q < s->end && (is_start(*q) || (q > s->p + 1 && *q >= '0' && *q <= '9'))) q++;
  *done_p = q < s->end && *q == '$';
  if (!*done_p) return true;
  size_t len = (size_t)(q + 1 - s->p);
  const char *close = memmem(q + 1, (size_t)(s->end - q - 1), s->p, len);
  if (!close) return wrong(s, s->p, "this dollar quote is not closed");
  copy_to(s, close + len);
  return true;
}

static void placeholder(scanner_t *s)
{
  const char *from = s->p + 1, *q = from;
  while (q < s->end && is_part(*q)) q++;
  if (q - from == 4 && !memcmp(from, "page", 4)) /* page.after, page.after.COLUMN */
    while (q + 1 < s->end && *q == '.' && is_start(q[1]))
      for (q++; q < s->end && is_part(*q); q++) {
      }
  sl_sql_name_t name = {{from, (size_t)(q - from)}, (size_t)(s->p - s->start)};
  unsigned n = sl_str_eqz(name.name, "page.keys") ? s->keys : 1;
  for (unsigned i = 0; i < n; i++) {
    sl_buf_addz(&s->cut->text, i ? ", ?" : "?");
    sl_buf_add(&s->cut->names, (const char *)&name, sizeof name);
  }
  s->p = q;
}

static void word(scanner_t *s)
{
  const char *q = s->p;
  while (q < s->end && is_part(*q)) q++;
  copy_to(s, q);
}

/* Nothing but white space and comments may follow a semicolon. */
static bool semicolon(scanner_t *s)
{
  const char *at = s->p;
  for (const char *q = at + 1; q < s->end; q++)
    if (!strchr(" \t\r\n;", *q))
      return wrong(s, at, "one statement only: nothing may follow the semicolon");
  s->p = s->end;
  return true;
}

static bool step(scanner_t *s)
{
  char ch = *s->p, next = s->p + 1 < s->end ? s->p[1] : 0;
  bool done;
  if ((ch == 'E' || ch == 'e') && next == '\'') return copy_to(s, s->p + 1), quoted(s, '\'', true);
  if (is_start(ch)) return word(s), true;
  switch (ch) {
  case '\'':
  case '"':
  case '`': return quoted(s, ch, false);
  case '-':
    if (next == '-') return line_comment(s);
    break;
  case '/':
    if (next == '*') return block_comment(s);
    break;
  case '$':
    if (next == '{')
      return wrong(s, s->p, "values are bound, never pasted into the text: name it, as :name");
    if (!dollar_quote(s, &done)) return false;
    if (done) return true;
    break;
  case ':':
    if (next == ':') return copy_to(s, s->p + 2), true;
    if (is_start(next)) return placeholder(s), true;
    break;
  case ';': return semicolon(s);
  case '?': return wrong(s, s->p, "a ? would be taken for a parameter: name it, as :name");
  case '\0': return wrong(s, s->p, "a character U+0000 in a statement");
  default: break;
  }
  copy_to(s, s->p + 1);
  return true;
}

void sl_sql_cut(sl_sql_cut_t *self, sl_str_t text, unsigned keys)
{
  *self = (sl_sql_cut_t){0};
  sl_buf_init(&self->text, 0);
  sl_buf_init(&self->names, 0);
  sl_buf_init(&self->quoted, 0);
  if (!text.p) return; /* a statement without any text */
  scanner_t s = {self, text.p, text.p, text.p + text.len, keys};
  while (s.p < s.end && step(&s)) {
  }
  while (self->text.len && strchr(" \t\r\n", self->text.p[self->text.len - 1])) self->text.len--;
}

void sl_sql_cut_fini(sl_sql_cut_t *self)
{
  sl_buf_fini(&self->text);
  sl_buf_fini(&self->names);
  sl_buf_fini(&self->quoted);
}

/* What PostgreSQL and SQLite both take for a keyword where a column may stand: such a column can
 * only have been made with quotes. Sorted. */
static const char *const reserved[] = {
    "all",    "and",    "as",       "by",     "case",  "check", "column",  "create",  "default",
    "delete", "desc",   "distinct", "end",    "fetch", "for",   "foreign", "from",    "grant",
    "group",  "having", "in",       "insert", "into",  "is",    "join",    "left",    "like",
    "limit",  "not",    "null",     "offset", "on",    "or",    "order",   "primary", "references",
    "right",  "select", "set",      "table",  "then",  "to",    "union",   "unique",  "update",
    "user",   "using",  "values",   "when",   "where", "with",
};

static bool is_reserved(sl_str_t name)
{
  size_t lo = 0, hi = sizeof reserved / sizeof reserved[0];
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    int rc = strncasecmp(name.p, reserved[mid], name.len);
    if (!rc && strlen(reserved[mid]) > name.len) rc = -1;
    if (!rc) return true;
    if (rc < 0)
      hi = mid;
    else
      lo = mid + 1;
  }
  return false;
}

void sl_sql_identifier(sl_buf_t *out, sl_str_t name)
{
  bool plain = name.len && is_start(name.p[0]);
  for (size_t i = 0; i < name.len; i++) plain &= is_part(name.p[i]) || name.p[i] == '.';
  if (plain && !is_reserved(name)) {
    sl_buf_adds(out, name);
    return;
  }
  sl_buf_addc(out, '"');
  for (size_t i = 0; i < name.len; i++) {
    if (name.p[i] == '"') sl_buf_addc(out, '"');
    sl_buf_addc(out, name.p[i]);
  }
  sl_buf_addc(out, '"');
}
