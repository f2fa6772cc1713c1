/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/xdoc.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/json.h"
#include "mappings/engine/xdoc_private.h"

/* A mapping of a thousand fields takes some 100 KB; more than this is a wrong file. */
enum { MAX_DEPTH = 64 };

/* --- positions: a scan over text that libxml2 found well-formed
 * ------------------------------------ */

struct scan {
  sl_xdoc_t *self;
  const char *p, *end, *line_start;
  int line;
  xmlNodePtr node; /* the element of libxml2's tree that the next start tag is */
};

static void step_to(struct scan *s, const char *to)
{
  for (const char *nl; s->p < to && (nl = memchr(s->p, '\n', (size_t)(to - s->p)));) {
    s->line++;
    s->p = s->line_start = nl + 1;
  }
  s->p = to;
}

static int col(const struct scan *s)
{
  return (int)(s->p - s->line_start) + 1;
}

/* Behind the next occurrence of mark; the end if there is none. */
static const char *behind(const struct scan *s, const char *from, const char *mark)
{
  const char *at = memmem(from, (size_t)(s->end - from), mark, strlen(mark));
  return at ? at + strlen(mark) : s->end;
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *s)
{
  const char *p = s->p;
  while (p < s->end && is_space(*p)) p++;
  step_to(s, p);
}

static const char *name_end(const struct scan *s, const char *p)
{
  while (p < s->end && !is_space(*p) && *p != '=' && *p != '>' && *p != '/') p++;
  return p;
}

/* The next element of libxml2's tree in document order, as start tags come. */
static xmlNodePtr next_element(xmlNodePtr node)
{
  xmlNodePtr n = node->children;
  for (;;) {
    for (; n; n = n->next)
      if (n->type == XML_ELEMENT_NODE) return n;
    if (!node || node->type != XML_ELEMENT_NODE) return NULL;
    n = node->next;
    node = node->parent;
  }
}

static const char *dup_x(sl_xdoc_t *self, const xmlChar *text)
{
  return sl_arena_strdup(self->arena, text ? (const char *)text : "");
}

/* One attribute; false when it declares a namespace or has a prefix. */
static bool scan_attr(struct scan *s, sl_xat_t *at)
{
  at->line = s->line, at->col = col(s);
  const char *name = s->p, *e = name_end(s, name);
  size_t len = (size_t)(e - name);
  step_to(s, e);
  skip_space(s);
  step_to(s, s->p + 1); /* = */
  skip_space(s);
  char quote = *s->p;
  step_to(s, s->p + 1);
  at->value_line = s->line, at->value_col = col(s);
  const char *close = memchr(s->p, quote, (size_t)(s->end - s->p));
  step_to(s, close ? close + 1 : s->end);
  if ((len >= 5 && !memcmp(name, "xmlns", 5)) || memchr(name, ':', len)) return false;
  at->name = sl_arena_strndup(s->self->arena, name, len);
  xmlChar *value = at->name ? xmlGetNoNsProp(s->node, (const xmlChar *)at->name) : NULL;
  at->value = value ? dup_x(s->self, value) : NULL;
  xmlFree(value);
  return at->value;
}

enum { MAX_ATTRS = 256 };

/* At '<' of a start tag; fills el and says whether the tag closes itself. */
static bool scan_start(struct scan *s, sl_xel_t *el, bool *empty_p)
{
  sl_xat_t attrs[MAX_ATTRS];
  size_t n = 0;
  el->line = s->line, el->col = col(s);
  el->name = dup_x(s->self, s->node->name);
  el->ns = dup_x(s->self, s->node->ns ? s->node->ns->href : NULL);
  s->node->_private = el;
  step_to(s, name_end(s, s->p + 1));
  for (skip_space(s); s->p < s->end && *s->p != '>' && *s->p != '/'; skip_space(s)) {
    sl_xat_t at = {0};
    if (scan_attr(s, &at) && n < MAX_ATTRS) attrs[n++] = at;
  }
  *empty_p = s->p < s->end && *s->p == '/';
  step_to(s, behind(s, s->p, ">"));
  sl_xat_t *copy = sl_arena_alloc(s->self->arena, n * sizeof *copy + 1);
  if (!copy || !el->name || !el->ns) return false;
  memcpy(copy, attrs, n * sizeof *copy);
  el->attrs = copy;
  el->n_attrs = n;
  s->node = next_element(s->node);
  return true;
}

/* Character and entity references, line ends (XML 1.0 §2.11); the text is known to be right. */
static const char *decode(sl_xdoc_t *self, const char *p, const char *end, bool cdata)
{
  char *out = sl_arena_text(self->arena, (size_t)(end - p) + 1), *o = out;
  if (!out) return NULL;
  static const struct {
    const char *name;
    char c;
  } known[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  while (p < end) {
    if (*p == '\r') {
      *o++ = '\n';
      p += p + 1 < end && p[1] == '\n' ? 2 : 1;
    } else if (*p != '&' || cdata) {
      *o++ = *p++;
    } else if (p + 1 < end && p[1] == '#') {
      bool hex = p[2] == 'x';
      unsigned long c = strtoul(p + (hex ? 3 : 2), NULL, hex ? 16 : 10);
      int len = xmlCopyCharMultiByte((xmlChar *)o, (int)c);
      o += len > 0 ? len : 0;
      p = (const char *)memchr(p, ';', (size_t)(end - p)) + 1;
    } else {
      for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].name);
        if ((size_t)(end - p) < len || memcmp(p, known[i].name, len)) continue;
        *o++ = known[i].c;
        p += len;
        break;
      }
    }
  }
  *o = '\0';
  return out;
}

struct place { /* where the next element or text hangs */
  sl_xel_t *parent, *last;
};

static sl_xel_t *hang(struct scan *s, struct place *at)
{
  sl_xel_t *el = sl_arena_zalloc(s->self->arena, sizeof *el);
  if (!el) return NULL;
  el->parent = at->parent;
  if (at->last)
    at->last->next = el;
  else if (at->parent)
    at->parent->first = el;
  else if (!s->self->root)
    s->self->root = el;
  at->last = el;
  return el;
}

static bool scan_text(struct scan *s, struct place *at, const char *to, bool cdata)
{
  if (at->parent && to > s->p) {
    int line = s->line, c = col(s);
    sl_xel_t *el = hang(s, at);
    if (!el || !(el->text = decode(s->self, s->p, to, cdata))) return false;
    el->line = line, el->col = c;
  }
  step_to(s, to);
  return true;
}

static bool scan_markup(struct scan *s, struct place *stack, int *depth)
{
  struct place *at = &stack[*depth];
  if (s->end - s->p >= 9 && !memcmp(s->p, "<![CDATA[", 9)) {
    const char *end = behind(s, s->p, "]]>");
    step_to(s, s->p + 9);
    bool ok = scan_text(s, at, end - 3, true);
    step_to(s, end);
    return ok;
  }
  if (s->p[1] == '!' || s->p[1] == '?') {
    step_to(s, behind(s, s->p, s->p[1] == '?' ? "?>" : "-->"));
    return true;
  }
  if (s->p[1] == '/') {
    step_to(s, behind(s, s->p, ">"));
    if (*depth) --*depth;
    return true;
  }
  sl_xel_t *el = s->node ? hang(s, at) : NULL;
  bool empty = false;
  if (!el || !scan_start(s, el, &empty)) return false;
  if (!empty && *depth < MAX_DEPTH) stack[++*depth] = (struct place){el, NULL};
  return true;
}

static bool scan(sl_xdoc_t *self, const char *text, size_t len)
{
  struct place stack[MAX_DEPTH + 1] = {{0}};
  struct scan s = {self, text, text + len, text, 1, xmlDocGetRootElement(self->doc)};
  if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) s.p += 3;
  for (int depth = 0; s.p < s.end;) {
    const char *lt = memchr(s.p, '<', (size_t)(s.end - s.p));
    if (!scan_text(&s, &stack[depth], lt ? lt : s.end, false)) return false;
    if (lt && !scan_markup(&s, stack, &depth)) return false;
  }
  return self->root;
}

/* --- reading
 * -------------------------------------------------------------------------------------- */

/* Before libxml2 sees it: a DOCTYPE, in the only place where one can stand. */
static const char *find_doctype(const char *text, size_t len)
{
  struct scan s = {NULL, text, text + len, text, 1, NULL};
  if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) s.p += 3;
  for (;;) {
    skip_space(&s);
    if (s.end - s.p < 9 || *s.p != '<') return NULL;
    if (!memcmp(s.p, "<!DOCTYPE", 9)) return s.p;
    if (s.p[1] != '?' && s.p[1] != '!') return NULL;
    s.p = behind(&s, s.p, s.p[1] == '?' ? "?>" : "-->");
  }
}

static void report_at(sl_diags_t *diags, const char *file, const char *code, const char *text,
                      const char *at, const char *fix, const char *what)
{
  int line = 1;
  const char *start = text;
  for (const char *p = text; p < at; p++)
    if (*p == '\n') line++, start = p + 1;
  sl_diags_add(diags, SL_ERROR, code, file, line, (int)(at - start) + 1, fix, "%s", what);
}

static int depth_of(xmlNodePtr node)
{
  int depth = 0;
  for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) depth++;
  return depth;
}

static bool too_deep(xmlDocPtr doc)
{
  for (xmlNodePtr n = xmlDocGetRootElement(doc); n; n = next_element(n))
    if (depth_of(n) > MAX_DEPTH) return true;
  return false;
}

struct first_error { /* the one that the others follow from */
  const char *source;
  size_t len;
  int line, col;
  char text[256];
  const char *fix; /* NULL: none is known */
};

/* Column of the last "<name" in a line; 1: it is not there. */
static int tag_column(const struct first_error *first, int line, const char *name)
{
  const char *p = first->source, *end = p + first->len;
  for (int i = 1; p && i < line; i++) {
    p = memchr(p, '\n', (size_t)(end - p));
    if (p) p++;
  }
  size_t n = strlen(name);
  int col = 1;
  for (const char *q = p; q && q < end && *q != '\n'; q++)
    if (*q == '<' && (size_t)(end - q) > n && !memcmp(q + 1, name, n)) col = (int)(q - p) + 1;
  return col;
}

static void on_parse_error(void *ctx, xmlErrorPtr e)
{
  struct first_error *first = ((xmlParserCtxtPtr)ctx)->_private;
  if (first->text[0] || e->level < XML_ERR_ERROR) return;
  first->line = e->line;
  first->col = e->int2;
  bool ends = e->code == XML_ERR_TAG_NAME_MISMATCH || e->code == XML_ERR_TAG_NOT_FINISHED;
  if (ends && e->str1 && e->int1 > 0) { /* told where it begins, not where that was noticed */
    first->line = e->int1;
    first->col = tag_column(first, e->int1, e->str1);
    snprintf(first->text, sizeof first->text, "not well-formed XML: <%.80s> is not closed%s%.80s%s",
             e->str1, e->str2 ? ": </" : "", e->str2 ? e->str2 : "",
             e->str2 ? "> comes first" : "");
    first->fix = "/> at its end, or an end tag";
    return;
  }
  bool ampersand = e->message && strstr(e->message, "EntityRef");
  snprintf(first->text, sizeof first->text, "not well-formed XML: %.200s",
           ampersand    ? "an & that begins no entity"
           : e->message ? e->message
                        : "");
  first->text[strcspn(first->text, "\n")] = '\0';
  if (ampersand) first->fix = "&amp;";
}

static xmlDocPtr parse(const char *file, const char *text, size_t len, sl_diags_t *diags)
{
  const char *doctype = find_doctype(text, len);
  if (doctype) {
    report_at(diags, file, "X003", text, doctype, "remove it",
              "a DOCTYPE is not allowed here: it can pull in files and entities");
    return NULL;
  }
  xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
  if (!ctxt) return NULL;
  struct first_error first = {.source = text, .len = len};
  ctxt->_private = &first;
  ctxt->sax->serror = on_parse_error;
  int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
  xmlDocPtr doc = xmlCtxtReadMemory(ctxt, text, (int)len, NULL, NULL, options);
  if (!doc) {
    sl_diags_add(diags, SL_ERROR, "X002", file, first.line, first.col, first.fix, "%s",
                 first.text[0] ? first.text : "not well-formed XML");
  } else if (doc->encoding && strcasecmp((const char *)doc->encoding, "UTF-8") &&
             strcasecmp((const char *)doc->encoding, "US-ASCII")) {
    sl_diags_add(diags, SL_ERROR, "X004", file, 1, 1, "save it as UTF-8",
                 "the file says its encoding is %s; only UTF-8 is read", doc->encoding);
    xmlFreeDoc(doc), doc = NULL;
  } else if (too_deep(doc)) {
    sl_diags_add(diags, SL_ERROR, "X005", file, 1, 1, NULL, "more than %d levels of elements",
                 MAX_DEPTH);
    xmlFreeDoc(doc), doc = NULL;
  }
  xmlFreeParserCtxt(ctxt);
  return doc;
}

static sl_xdoc_t *parse_within(const char *file, const char *text, size_t len, size_t max,
                               sl_diags_t *diags)
{
  if (len > max) {
    sl_diags_add(diags, SL_ERROR, "X006", file, 0, 0, "a higher limit (--max-mapping), or <import>",
                 "the file has more than %zu bytes", max);
    return NULL;
  }
  sl_diags_source(diags, file, text, len);
  if (!sl_utf8_valid(text, len) || memchr(text, 0, len)) {
    sl_diags_add(diags, SL_ERROR, "X004", file, 1, 1, "save it as UTF-8",
                 "the file is not UTF-8 text");
    return NULL;
  }
  sl_xdoc_t *self = calloc(1, sizeof *self);
  if (self) self->arena = sl_arena_new(0, 0);
  if (self && self->arena) self->doc = parse(file, text, len, diags);
  if (self && self->doc) self->file = sl_arena_strdup(self->arena, file);
  if (self && self->file && scan(self, text, len)) return self;
  if (!self || !self->arena || self->doc)
    sl_diags_add(diags, SL_ERROR, "X001", file, 0, 0, NULL, "out of memory");
  sl_xdoc_destroy(&self);
  return NULL;
}

sl_xdoc_t *sl_xdoc_parse(const char *file, const char *text, size_t len, sl_diags_t *diags)
{
  return parse_within(file, text, len, SL_XDOC_MAX, diags);
}

sl_xdoc_t *sl_xdoc_load(const char *path, sl_diags_t *diags)
{
  return sl_xdoc_load_within(path, 0, diags);
}

sl_xdoc_t *sl_xdoc_load_within(const char *path, size_t max, sl_diags_t *diags)
{
  if (!max) max = SL_XDOC_MAX;
  sl_xdoc_t *self = NULL;
  size_t len = 0;
  char *text = NULL;
  FILE *f = fopen(path, "rb");
  if (f) text = malloc(max + 1);
  if (text) len = fread(text, 1, max + 1, f);
  if (!text || ferror(f))
    sl_diags_add(diags, SL_ERROR, "X001", path, 0, 0, NULL, "cannot be read: %s", strerror(errno));
  else
    self = parse_within(path, text, len, max, diags);
  free(text);
  if (f) fclose(f);
  return self;
}

void sl_xdoc_destroy(sl_xdoc_t **self_p)
{
  if (!self_p || !*self_p) return;
  xmlFreeDoc((*self_p)->doc);
  sl_arena_destroy(&(*self_p)->arena);
  free(*self_p);
  *self_p = NULL;
}

const sl_xel_t *sl_xdoc_root(const sl_xdoc_t *self)
{
  return self->root;
}

void sl_xdoc_add_to_lines(sl_xdoc_t *self, int add)
{
  for (sl_xel_t *el = (sl_xel_t *)self->root; el;) { /* the tree is ours */
    el->line += add;
    for (size_t i = 0; i < el->n_attrs; i++) {
      sl_xat_t *at = (sl_xat_t *)&el->attrs[i];
      at->line += add, at->value_line += add;
    }
    const sl_xel_t *next = el->first;
    for (const sl_xel_t *up = el; up && !next; up = up->parent) next = up->next;
    el = (sl_xel_t *)next;
  }
}

/* --- the tree
 * -------------------------------------------------------------------------------------- */

const sl_xat_t *sl_xel_at(const sl_xel_t *el, const char *name)
{
  for (size_t i = 0; i < el->n_attrs; i++)
    if (!strcmp(el->attrs[i].name, name)) return &el->attrs[i];
  return NULL;
}

const char *sl_xel_get(const sl_xel_t *el, const char *name, const char *preset)
{
  const sl_xat_t *at = sl_xel_at(el, name);
  return at ? at->value : preset;
}

bool sl_xel_is(const sl_xel_t *el, const char *name)
{
  return el->name && !strcmp(el->name, name);
}

const sl_xel_t *sl_xel_find(const sl_xel_t *el, const char *name)
{
  for (; el; el = el->next)
    if (el->name && (!name || !strcmp(el->name, name))) return el;
  return NULL;
}

const char *sl_xel_text(const sl_xel_t *el)
{
  for (const sl_xel_t *c = el->first; c; c = c->next)
    if (c->text) return c->text;
  return "";
}
