/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/fmt_layout.h"

#include "core/arena.h"

enum { INDENT = 2, MAX_COLUMN = 120, MAX_ATTRS = 64, MAX_DEPTH = 64, COLUMNS = 8 };

typedef enum kind { ELEMENT, COMMENT, TEXT } kind_t; /* COMMENT: processing instructions too */

typedef struct attr {
  sl_str_t name, value; /* value with its quotes */
} attr_t;

typedef struct node {
  struct node *next, *first, *last;
  kind_t kind;
  sl_str_t raw;  /* COMMENT, TEXT; of an ELEMENT with text in it: all between its tags */
  sl_str_t name; /* ELEMENT */
  attr_t *attrs; /* in the order that is written */
  size_t n_attrs;
  bool blank_before; /* an empty line stands before it */
  bool same_line;    /* COMMENT: behind something on its line */
  bool verbatim;     /* ELEMENT: there is text in it */
  bool short_form;   /* ELEMENT: stands on one line with its only child, which has none */
} node_t;

struct layout {
  const char *p, *end;
  sl_arena_t *arena;
  sl_buf_t *out;
  sl_err_t *err;
  bool blank, newline; /* in the white space just passed: an empty line; a line end */
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool at(const struct layout *l, const char *z)
{
  size_t n = strlen(z);
  return (size_t)(l->end - l->p) >= n && !memcmp(l->p, z, n);
}

static sl_code_t broken(struct layout *l)
{
  return sl_err_set(l->err, SL_INVALID, "the file is not well-formed");
}

static sl_code_t no_memory(struct layout *l)
{
  return sl_err_set(l->err, SL_TOO_LARGE, "out of memory");
}

static void skip_space(struct layout *l)
{
  int lines = 0;
  for (; l->p < l->end && is_space(*l->p); l->p++) lines += *l->p == '\n';
  l->newline = lines > 0;
  l->blank = lines > 1;
}

/* What ends with z, from where we are; .p NULL when it does not end. */
static sl_str_t until(struct layout *l, const char *z)
{
  size_t n = strlen(z);
  const char *found = memmem(l->p, (size_t)(l->end - l->p), z, n), *from = l->p;
  if (!found) return (sl_str_t){NULL, 0};
  l->p = found + n;
  return sl_strn(from, (size_t)(l->p - from));
}

static node_t *add(struct layout *l, node_t *parent, kind_t kind)
{
  node_t *n = sl_arena_zalloc(l->arena, sizeof *n);
  if (!n) return NULL;
  n->kind = kind;
  n->blank_before = l->blank;
  if (parent->last)
    parent->last->next = n;
  else
    parent->first = n;
  return parent->last = n;
}

static sl_str_t word(struct layout *l)
{
  const char *from = l->p;
  while (l->p < l->end && !is_space(*l->p) && !strchr("=/>\"'<", *l->p)) l->p++;
  return sl_strn(from, (size_t)(l->p - from));
}

static sl_code_t read_attrs(struct layout *l, node_t *n)
{
  attr_t found[MAX_ATTRS];
  size_t count = 0;
  for (skip_space(l); l->p < l->end && *l->p != '>' && *l->p != '/'; skip_space(l)) {
    if (count == MAX_ATTRS) return broken(l);
    attr_t *a = &found[count++];
    a->name = word(l);
    skip_space(l);
    if (l->p == l->end || *l->p != '=') return broken(l);
    l->p++;
    skip_space(l);
    char quote[2] = {l->p < l->end ? *l->p : '\0', '\0'};
    if (*quote != '"' && *quote != '\'') return broken(l);
    const char *from = l->p++;
    if (!until(l, quote).p) return broken(l);
    a->value = sl_strn(from, (size_t)(l->p - from));
  }
  n->attrs = sl_arena_alloc(l->arena, (count + 1) * sizeof *n->attrs);
  if (!n->attrs) return no_memory(l);
  memcpy(n->attrs, found, count * sizeof *found);
  n->n_attrs = count;
  return SL_OK;
}

static sl_code_t read_children(struct layout *l, node_t *parent, int depth);

static sl_code_t read_element(struct layout *l, node_t *parent, int depth)
{
  node_t *n = add(l, parent, ELEMENT);
  if (!n) return no_memory(l);
  l->p++;
  n->name = word(l);
  if (!n->name.len || depth >= MAX_DEPTH) return broken(l);
  sl_code_t code = read_attrs(l, n);
  if (code) return code;
  if (at(l, "/>")) return l->p += 2, SL_OK;
  if (!at(l, ">")) return broken(l);
  const char *inside = ++l->p;
  code = read_children(l, n, depth + 1);
  if (code) return code;
  for (const node_t *c = n->first; c; c = c->next) n->verbatim |= c->kind == TEXT;
  n->raw = sl_strn(inside, (size_t)(l->p - inside));
  n->short_form = n->first && n->first == n->last && n->first->kind == ELEMENT &&
                  !n->first->first && !memchr(inside, '\n', n->raw.len);
  return until(l, ">").p ? SL_OK : broken(l);
}

/* Up to the end tag of parent, or the end of the file. */
static sl_code_t read_children(struct layout *l, node_t *parent, int depth)
{
  for (;;) {
    const char *from = l->p;
    skip_space(l);
    if (l->p == l->end || at(l, "</")) return SL_OK;
    kind_t kind = at(l, "<!--") || at(l, "<?") ? COMMENT : TEXT;
    if (kind == TEXT && *l->p == '<' && !at(l, "<![CDATA[")) {
      sl_code_t code = read_element(l, parent, depth);
      if (code) return code;
      continue;
    }
    bool behind = !l->newline && parent->last;
    node_t *n = add(l, parent, kind);
    if (!n) return no_memory(l);
    if (kind == COMMENT) {
      n->raw = until(l, at(l, "<!--") ? "-->" : "?>");
      n->same_line = behind;
      if (!n->raw.p) return broken(l);
    } else if (at(l, "<![CDATA[")) {
      if (!until(l, "]]>").p) return broken(l);
    } else {
      while (l->p < l->end && *l->p != '<') l->p++;
    }
    if (kind == TEXT) n->raw = sl_strn(from, (size_t)(l->p - from));
  }
}

/* --- the order of attributes ------------------------------------------------------------------ */

static const char *const MEMBERS[] = {"field", "object", "list",   "record", "slots",
                                      "zip",   "pairs",  "choice", "case",   "compute",
                                      "const", "ignore", "use",    NULL};
/* What comes first in a line, and in which column. */
static const char *const FIRST[] = {"legacy", "at", "name", "json", "http", "shape", "type", NULL};
static const int COLUMN[] = {0, 1, 2, 3, 3, 4, 4};

static int place(const char *const *words, sl_str_t name)
{
  int i = 0;
  while (words[i] && !sl_str_eqz(name, words[i])) i++;
  return i;
}

/* The two ends of a line come first, then its type; the rest stays in the order it was written. */
static void order(node_t *n)
{
  if (!MEMBERS[place(MEMBERS, n->name)]) return;
  for (size_t i = 1; i < n->n_attrs; i++) {
    attr_t a = n->attrs[i];
    size_t k = i;
    for (; k && place(FIRST, n->attrs[k - 1].name) > place(FIRST, a.name); k--)
      n->attrs[k] = n->attrs[k - 1];
    n->attrs[k] = a;
  }
}

/* --- writing ---------------------------------------------------------------------------------- */

static size_t columns(sl_str_t text) /* of UTF-8 */
{
  size_t n = 0;
  for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
  return n;
}

static size_t attr_width(const attr_t *a)
{
  return columns(a->name) + 1 + columns(a->value);
}

static void spaces(sl_buf_t *out, size_t n)
{
  while (n--) sl_buf_addc(out, ' ');
}

/* Columns of neighbouring lines: the element's name, then those of COLUMN that any of them has. */
typedef struct grid {
  bool on;
  size_t name, width[COLUMNS];
} grid_t;

static bool in_column(const attr_t *a, int column)
{
  int k = place(FIRST, a->name);
  return FIRST[k] && COLUMN[k] == column;
}

/* Of all of n's attributes in that column, with blanks between; 0: none. */
static size_t column_width(const node_t *n, int column)
{
  size_t w = 0;
  for (size_t i = 0; i < n->n_attrs; i++)
    if (in_column(&n->attrs[i], column)) w += attr_width(&n->attrs[i]) + (w ? 1 : 0);
  return w;
}

static bool is_leaf(const node_t *n)
{
  return n && n->kind == ELEMENT && !n->first && MEMBERS[place(MEMBERS, n->name)];
}

static size_t grid_width(const grid_t *g, const node_t *n)
{
  size_t w = 1 + g->name, rest = 2;
  for (size_t i = 0; i < COLUMNS; i++) w += g->width[i] ? 1 + g->width[i] : 0;
  for (size_t i = 0; i < n->n_attrs; i++)
    if (!FIRST[place(FIRST, n->attrs[i].name)]) rest += 1 + attr_width(&n->attrs[i]);
  return w + rest;
}

/* The grid of the lines from first on that stand together. */
static grid_t grid_of(const node_t *first, size_t indent)
{
  grid_t g = {.on = true};
  size_t n = 0;
  for (const node_t *c = first; is_leaf(c) && (c == first || !c->blank_before); c = c->next, n++) {
    if (columns(c->name) > g.name) g.name = columns(c->name);
    for (int k = 0; k < COLUMNS; k++)
      if (column_width(c, k) > g.width[k]) g.width[k] = column_width(c, k);
    while (c->next && c->next->kind == COMMENT && c->next->same_line) c = c->next;
  }
  if (n < 2) g.on = false;
  for (const node_t *c = first; is_leaf(c) && (c == first || !c->blank_before); c = c->next) {
    if (indent + grid_width(&g, c) > MAX_COLUMN) g.on = false;
    while (c->next && c->next->kind == COMMENT && c->next->same_line) c = c->next;
  }
  return g;
}

static void write_attr(sl_buf_t *out, const attr_t *a, size_t blanks)
{
  spaces(out, blanks);
  sl_buf_printf(out, "%.*s=%.*s", SL_STR_ARG(a->name), SL_STR_ARG(a->value));
}

static void write_grid(sl_buf_t *out, const node_t *n, const grid_t *g)
{
  size_t owed = g->name - columns(n->name), i = 0; /* blanks are only written before a column */
  for (int k = 0; k < COLUMNS; k++) {
    size_t w = column_width(n, k), before = 1 + owed;
    if (!g->width[k]) continue;
    owed = w ? g->width[k] - w : owed + 1 + g->width[k];
    for (; i < n->n_attrs && in_column(&n->attrs[i], k); i++, before = 1)
      write_attr(out, &n->attrs[i], before);
  }
  for (; i < n->n_attrs; i++) write_attr(out, &n->attrs[i], 1);
}

/* Attributes one after the other; too long a line goes on under the first of them. */
static void write_attrs(sl_buf_t *out, const node_t *n, size_t indent)
{
  size_t under = indent + 1 + columns(n->name), col = under;
  for (size_t i = 0; i < n->n_attrs; i++) {
    const attr_t *a = &n->attrs[i];
    size_t w = 1 + attr_width(a), tail = i + 1 == n->n_attrs ? 2 : 0;
    if (i && col + w + tail > MAX_COLUMN) {
      sl_buf_addc(out, '\n');
      spaces(out, under);
      col = under;
    }
    write_attr(out, a, 1);
    col += w;
  }
}

static size_t tag_width(const node_t *n)
{
  size_t w = 2 + columns(n->name);
  for (size_t i = 0; i < n->n_attrs; i++) w += 1 + attr_width(&n->attrs[i]);
  return w;
}

/* <request><field …/></request>, if somebody wrote it so and it fits into a line. */
static bool is_short(const node_t *n, size_t indent)
{
  return n->short_form &&
         indent + tag_width(n) + tag_width(n->first) + 1 + 3 + columns(n->name) <= MAX_COLUMN;
}

static void write_children(sl_buf_t *out, const node_t *parent, size_t indent);

static void write_element(sl_buf_t *out, const node_t *n, size_t indent, const grid_t *g)
{
  sl_buf_printf(out, "<%.*s", SL_STR_ARG(n->name));
  if (g->on)
    write_grid(out, n, g);
  else
    write_attrs(out, n, indent);
  if (!n->first) {
    sl_buf_addz(out, "/>");
    return;
  }
  sl_buf_addc(out, '>');
  if (n->verbatim) {
    sl_buf_adds(out, n->raw);
  } else if (is_short(n, indent)) {
    sl_buf_printf(out, "<%.*s", SL_STR_ARG(n->first->name));
    for (size_t i = 0; i < n->first->n_attrs; i++) write_attr(out, &n->first->attrs[i], 1);
    sl_buf_addz(out, "/>");
  } else {
    sl_buf_addc(out, '\n');
    write_children(out, n, indent + INDENT);
    spaces(out, indent);
  }
  sl_buf_printf(out, "</%.*s>", SL_STR_ARG(n->name));
}

static void write_children(sl_buf_t *out, const node_t *parent, size_t indent)
{
  grid_t g = {.on = false};
  bool together = false; /* with the line before, in one grid */
  for (const node_t *n = parent->first; n; n = n->next) {
    bool behind = n->kind == COMMENT && n->same_line && n != parent->first;
    if (behind) {
      out->len--; /* the line end */
      sl_buf_addc(out, ' ');
    } else {
      if (n->blank_before && n != parent->first) sl_buf_addc(out, '\n');
      spaces(out, indent);
    }
    if (n->kind == ELEMENT) {
      if (!is_leaf(n))
        g.on = together = false;
      else if (!together || n->blank_before)
        g = grid_of(n, indent), together = true;
      write_element(out, n, indent, &g);
    } else {
      sl_buf_adds(out, n->raw);
      together &= behind;
    }
    sl_buf_addc(out, '\n');
    if (out->failed) return;
  }
}

static void order_all(node_t *n)
{
  for (node_t *c = n->first; c; c = c->next) order(c), order_all(c);
}

sl_code_t sl_fmt_layout(sl_str_t text, sl_buf_t *out, sl_err_t *err)
{
  struct layout l = {.p = text.p, .end = text.p + text.len, .out = out, .err = err};
  node_t file = {.kind = ELEMENT};
  l.arena = sl_arena_new(0, 0);
  if (!l.arena) return no_memory(&l);
  if (at(&l, "\xef\xbb\xbf")) l.p += 3;
  sl_code_t code = read_children(&l, &file, 0);
  if (!code && l.p != l.end) code = broken(&l);
  if (!code) {
    order_all(&file);
    write_children(out, &file, 0);
    if (out->failed) code = no_memory(&l);
  }
  sl_arena_destroy(&l.arena);
  return code;
}
