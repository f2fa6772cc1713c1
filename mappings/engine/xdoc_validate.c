/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "mappings/engine/xdoc_private.h"

/* libxml2 stops at the first unexpected child of an element and leaves its siblings unchecked, so
 * such children are taken out of its tree and it is asked again, at most so often. */
enum { MAX_ROUNDS = 64, MAX_WORDS = 96, MAX_AT_ONCE = 64 };

#define XS ((const xmlChar *)"http://www.w3.org/2001/XMLSchema")

/* What a word was meant to be: done to libxml2's tree after the round that found it. */
struct mend {
  xmlNodePtr node;
  const char *attr;         /* NULL: the element */
  const char *name, *value; /* the new name; or the attribute's new value */
};

struct check {
  sl_xdoc_t *self;
  sl_diags_t *diags;
  xmlDocPtr xsd;
  xmlNodePtr unexpected[MAX_AT_ONCE]; /* to be taken out after this round */
  size_t n_unexpected;
  struct mend mends[MAX_AT_ONCE];
  size_t n_mends;
  size_t errors;
};

struct words {
  const char *v[MAX_WORDS];
  size_t n;
  char text[4096]; /* what v points into, when it does not point into the schema */
};

bool sl_xdoc_schema_path(const char *schema, char *out, size_t size)
{
  const char *dir = getenv("SL_XSD_DIR");
  struct stat st;
  if (dir && *dir) {
    snprintf(out, size, "%s/%s", dir, schema);
    return !stat(out, &st);
  }
  char exe[1024];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = '\0';
  /* Installed: PREFIX/bin/… ; built: SOURCE/_build/bin/… or SOURCE/_build/tests/unit/… */
  static const char *const tries[] = {"../share/sluice/xsd", "../xsd", "../../xsd", "../../../xsd",
                                      "../../../../xsd"};
  char *slash = strrchr(exe, '/');
  for (size_t i = 0; slash && i < sizeof tries / sizeof *tries; i++) {
    snprintf(out, size, "%.*s/%s/%s", (int)(slash - exe), exe, tries[i], schema);
    if (!stat(out, &st)) return true;
  }
  snprintf(out, size, "%s/%s", SL_XSD_INSTALLED, schema);
  return !stat(out, &st);
}

/* --- what the schema says about an element
 * ---------------------------------------------------------- */

static bool is_xs(xmlNodePtr n, const char *name)
{
  return n->type == XML_ELEMENT_NODE && n->ns && xmlStrEqual(n->ns->href, XS) &&
         !strcmp((const char *)n->name, name);
}

static const char *prop(xmlNodePtr n, const char *name)
{
  xmlAttrPtr a = xmlHasProp(n, (const xmlChar *)name);
  return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

/* name: as a schema refers to it, with the prefix of our namespace or without. */
static xmlNodePtr global(struct check *c, const char *kind, const char *name)
{
  if (!strncmp(name, "xs:", 3)) return NULL;
  const char *colon = strchr(name, ':');
  if (colon) name = colon + 1;
  xmlNodePtr root = xmlDocGetRootElement(c->xsd);
  for (xmlNodePtr n = root ? root->children : NULL; n; n = n->next)
    if (is_xs(n, kind) && !strcmp(prop(n, "name"), name)) return n;
  return NULL;
}

typedef void (*attr_fn)(void *ctx, xmlNodePtr attribute);

static void attrs_of_type(struct check *c, xmlNodePtr type, int depth, attr_fn fn, void *ctx)
{
  if (!type || depth > 16) return;
  for (xmlNodePtr n = type->children; n; n = n->next) {
    if (is_xs(n, "attribute"))
      fn(ctx, n);
    else if (is_xs(n, "attributeGroup"))
      attrs_of_type(c, global(c, "attributeGroup", prop(n, "ref")), depth + 1, fn, ctx);
    else if (is_xs(n, "complexContent") || is_xs(n, "simpleContent"))
      attrs_of_type(c, n, depth + 1, fn, ctx);
    else if (is_xs(n, "extension") || is_xs(n, "restriction")) {
      attrs_of_type(c, global(c, "complexType", prop(n, "base")), depth + 1, fn, ctx);
      attrs_of_type(c, n, depth + 1, fn, ctx);
    }
  }
}

static xmlNodePtr next_in(xmlNodePtr root, xmlNodePtr n)
{
  if (n->children && n->type == XML_ELEMENT_NODE) return n->children;
  while (n && n != root && !n->next) n = n->parent;
  return n && n != root ? n->next : NULL;
}

/* All attributes of all elements of that name: schemas of ours give a name one meaning. */
static void attrs_of(struct check *c, const char *element, attr_fn fn, void *ctx)
{
  xmlNodePtr root = xmlDocGetRootElement(c->xsd);
  for (xmlNodePtr n = root; n; n = next_in(root, n)) {
    if (!is_xs(n, "element") || strcmp(prop(n, "name"), element)) continue;
    attrs_of_type(c, global(c, "complexType", prop(n, "type")), 0, fn, ctx);
    for (xmlNodePtr t = n->children; t; t = t->next)
      if (is_xs(t, "complexType")) attrs_of_type(c, t, 0, fn, ctx);
  }
}

static void add_word(void *ctx, xmlNodePtr attribute)
{
  struct words *w = ctx;
  const char *name = prop(attribute, "name");
  for (size_t i = 0; i < w->n; i++)
    if (!strcmp(w->v[i], name)) return;
  if (w->n < MAX_WORDS && *name) w->v[w->n++] = name;
}

struct wanted {
  const char *name;
  xmlNodePtr found;
};

static void want_attr(void *ctx, xmlNodePtr attribute)
{
  struct wanted *w = ctx;
  if (!strcmp(prop(attribute, "name"), w->name)) w->found = attribute;
}

/* The first documentation within n, white space folded; "" if none. */
static void documentation(xmlNodePtr n, char *out, size_t size)
{
  out[0] = '\0';
  for (xmlNodePtr d = n; d; d = next_in(n, d)) {
    if (!is_xs(d, "documentation")) continue;
    xmlChar *text = xmlNodeGetContent(d);
    size_t o = 0;
    for (const char *p = text ? (const char *)text : ""; *p && o + 2 < size; p++) {
      bool space = strchr(" \t\r\n", *p);
      if (!space) out[o++] = *p;
      if (space && o && out[o - 1] != ' ') out[o++] = ' ';
    }
    while (o && out[o - 1] == ' ') o--;
    out[o] = '\0';
    xmlFree(text);
    return;
  }
}

/* --- libxml2's message → ours
 * --------------------------------------------------------------------- */

/* "( {urn:x}a, {urn:x}b )" → words. */
static void expected_words(const char *message, struct words *w)
{
  const char *p = strstr(message, "Expected is");
  p = p ? strchr(p, '(') : NULL;
  size_t o = 0;
  while (p && *p && *p != ')' && w->n < MAX_WORDS) {
    p += strspn(p, "( ,");
    if (*p == '{') p = strchr(p, '}') ? strchr(p, '}') + 1 : p + 1;
    size_t len = strcspn(p, ", )");
    if (!len || o + len + 1 >= sizeof w->text) break;
    memcpy(w->text + o, p, len);
    w->text[o + len] = '\0';
    if (strcmp(w->text + o, "##other")) w->v[w->n++] = w->text + o;
    o += len + 1;
    p += len;
  }
}

/* Our tree is changed at once: what else is said of this element reads it. */
static void mend(struct check *c, xmlNodePtr node, const sl_xel_t *el, const sl_xat_t *at,
                 const char *name, const char *value)
{
  if (c->n_mends == MAX_AT_ONCE) return;
  const char *kept = sl_arena_strdup(c->self->arena, name ? name : value);
  if (!kept) return;
  c->mends[c->n_mends++] =
      (struct mend){node, at ? at->name : NULL, name ? kept : NULL, name ? NULL : kept};
  if (!at)
    ((sl_xel_t *)(uintptr_t)el)->name = kept; /* the tree is ours */
  else if (name)
    ((sl_xat_t *)(uintptr_t)at)->name = kept;
  else
    ((sl_xat_t *)(uintptr_t)at)->value = kept;
}

static void spoil(const sl_xel_t *el)
{
  ((sl_xel_t *)(uintptr_t)el)->wrong = true; /* the tree is ours */
}

static void apply(struct check *c)
{
  for (size_t i = 0; i < c->n_mends; i++) {
    const struct mend *m = &c->mends[i];
    const xmlChar *attr = (const xmlChar *)m->attr;
    xmlChar *value = attr ? xmlGetNoNsProp(m->node, attr) : NULL;
    if (!attr)
      xmlNodeSetName(m->node, (const xmlChar *)m->name);
    else if (m->value)
      xmlSetProp(m->node, attr, (const xmlChar *)m->value);
    else if (value && !xmlUnsetProp(m->node, attr))
      xmlNewProp(m->node, (const xmlChar *)m->name, value);
    xmlFree(value);
  }
}

/* "did you mean X?", else "LEAD a, b, c". */
static const char *advice(const char *word, const struct words *w, const char *lead,
                          const char *open, const char *close, char *out, size_t size)
{
  const char *near = word ? sl_xdoc_nearest(word, w->v, w->n) : NULL;
  if (near) {
    snprintf(out, size, "did you mean %s%s%s?", open, near, close);
    return out;
  }
  int o = snprintf(out, size, "%s", lead);
  for (size_t i = 0; i < w->n && o >= 0 && (size_t)o < size; i++)
    o += snprintf(out + o, size - (size_t)o, "%s%s%s%s", i ? ", " : " ", open, w->v[i], close);
  return w->n ? out : NULL;
}

struct found { /* one message, taken apart */
  xmlNodePtr node;
  const sl_xel_t *el;
  const sl_xat_t *at; /* NULL: about the element */
  char attr[64];
  const char *rest;
};

static void add(struct check *c, const char *code, int line, int col, const char *fix,
                const char *text)
{
  c->errors++;
  sl_diags_add(c->diags, SL_ERROR, code, c->self->file, line, col, fix, "%s", text);
}

static void unknown_attr(struct check *c, const struct found *f)
{
  struct words w = {.n = 0};
  char text[256], fix[512];
  attrs_of(c, f->el->name, add_word, &w);
  snprintf(text, sizeof text, "<%s> has no attribute \"%s\"", f->el->name, f->attr);
  const char *how = advice(f->attr, &w, "its attributes:", "", "", fix, sizeof fix);
  if (!how) how = "remove it";
  const char *meant = sl_xdoc_nearest(f->attr, w.v, w.n);
  if (meant && f->at && !sl_xel_at(f->el, meant))
    mend(c, f->node, f->el, f->at, meant, NULL);
  else
    spoil(f->el);
  add(c, "S101", f->at ? f->at->line : f->el->line, f->at ? f->at->col : f->el->col, how, text);
}

/* Is it there, misspelt? That is told of the attribute that no element like this has. */
static bool is_misspelt(struct check *c, const struct found *f)
{
  struct words w = {.n = 0};
  if (sl_xel_at(f->el, f->attr)) return true; /* mended already */
  attrs_of(c, f->el->name, add_word, &w);
  for (size_t i = 0; i < f->el->n_attrs; i++) {
    const char *name = f->el->attrs[i].name, *near = sl_xdoc_nearest(name, w.v, w.n);
    bool known = false;
    for (size_t k = 0; k < w.n; k++) known |= !strcmp(w.v[k], name);
    if (!known && near && !strcmp(near, f->attr)) return true;
  }
  return false;
}

static void missing_attr(struct check *c, const struct found *f)
{
  char text[256];
  if (is_misspelt(c, f)) return;
  spoil(f->el);
  snprintf(text, sizeof text, "<%s> needs the attribute \"%s\"", f->el->name, f->attr);
  add(c, "S102", f->el->line, f->el->col, NULL, text);
}

/* All elements that may stand somewhere in a type. */
static void children_of_type(struct check *c, xmlNodePtr type, int depth, struct words *w)
{
  for (xmlNodePtr n = type && depth < 16 ? type->children : NULL; n; n = n->next) {
    if (is_xs(n, "element"))
      add_word(w, n);
    else if (is_xs(n, "group"))
      children_of_type(c, global(c, "group", prop(n, "ref")), depth + 1, w);
    else if (is_xs(n, "extension"))
      children_of_type(c, global(c, "complexType", prop(n, "base")), depth + 1, w);
    if (!is_xs(n, "element") && !is_xs(n, "attribute")) children_of_type(c, n, depth + 1, w);
  }
}

static void children_of(struct check *c, const char *element, struct words *w)
{
  xmlNodePtr root = xmlDocGetRootElement(c->xsd);
  for (xmlNodePtr n = root; n; n = next_in(root, n)) {
    if (!is_xs(n, "element") || strcmp(prop(n, "name"), element)) continue;
    children_of_type(c, global(c, "complexType", prop(n, "type")), 0, w);
    children_of_type(c, n, 0, w);
  }
}

/* libxml2 names only some of the elements that may come next: a misspelt one may be any that its
 * parent has. */
static const char *meant_element(struct check *c, const struct found *f)
{
  struct words all = {.n = 0};
  if (f->el->parent) children_of(c, f->el->parent->name, &all);
  for (size_t i = 0; i < all.n; i++)
    if (!strcmp(all.v[i], f->el->name)) return NULL; /* right, in the wrong place */
  return sl_xdoc_nearest(f->el->name, all.v, all.n);
}

static void unexpected(struct check *c, const struct found *f, xmlNodePtr node)
{
  struct words w = {.n = 0};
  char text[256], fix[512];
  const sl_xel_t *parent = f->el->parent;
  expected_words(f->rest, &w);
  if (strncmp(f->rest, "Missing child", 13) == 0) {
    snprintf(text, sizeof text, "<%s> is not complete", f->el->name);
    const char *how = advice(NULL, &w, "expected in it:", "<", ">", fix, sizeof fix);
    spoil(f->el);
    add(c, "S104", f->el->line, f->el->col, how, text);
    return;
  }
  snprintf(text, sizeof text, "<%s> is not allowed here%s%s%s", f->el->name, parent ? " in <" : "",
           parent ? parent->name : "", parent ? ">" : "");
  const char *meant = meant_element(c, f);
  if (meant) w = (struct words){.v = {meant}, .n = 1};
  const char *how = advice(f->el->name, &w, "expected here:", "<", ">", fix, sizeof fix);
  add(c, "S103", f->el->line, f->el->col, how, text);
  if (meant) {
    mend(c, node, f->el, NULL, meant, NULL);
    return;
  }
  if (parent) spoil(parent);
  if (c->n_unexpected < sizeof c->unexpected / sizeof *c->unexpected)
    c->unexpected[c->n_unexpected++] = node;
}

static void stray_text(struct check *c, const struct found *f)
{
  char text[128];
  const sl_xel_t *at = f->el;
  for (const sl_xel_t *n = f->el->first; n; n = n->next)
    if (n->text && n->text[strspn(n->text, " \t\r\n")]) {
      at = n;
      break;
    }
  snprintf(text, sizeof text, "text is not allowed in <%s>", f->el->name);
  int line = at->line, col = at->col;
  for (const char *p = at->text ? at->text : ""; *p && strchr(" \t\r\n", *p); p++)
    if (*p == '\n')
      line++, col = 1;
    else
      col++;
  add(c, "S106", line, col, NULL, text);
}

static void enumeration(xmlNodePtr type, struct words *w)
{
  for (xmlNodePtr n = type; n; n = next_in(type, n))
    if (is_xs(n, "enumeration") && w->n < MAX_WORDS) w->v[w->n++] = prop(n, "value");
}

/* What a value was meant to be: a word of its list, or what its type (of mapping.xsd) can tell. */
static const char *meant_value(const struct found *f, const char *type, const struct words *w,
                               char *made, size_t size)
{
  static const char *const yes[] = {"true", "false"}, *const places[] = {"path", "query", "header"};
  const char *value = f->at->value, *colon = strchr(value, ':');
  if (w->n) return sl_xdoc_nearest(value, w->v, w->n);
  if (!strcmp(type, "yes") || !strcmp(type, "xs:boolean")) return sl_xdoc_nearest(value, yes, 2);
  if (!strcmp(type, "pointer") && *value && *value != '/' && !strpbrk(value, "~ .{")) {
    snprintf(made, size, "/%.200s", value);
    return made;
  }
  if (!colon) colon = strchr(value, '/'); /* path/id */
  if (strcmp(type, "http") || !colon || colon - value > 16) return NULL;
  snprintf(made, size, "%.*s", (int)(colon - value), value);
  const char *place = sl_xdoc_nearest(made, places, 3);
  if (place) snprintf(made, size, "%s:%.200s", place, colon + 1);
  return place ? made : NULL;
}

static void bad_content(struct check *c, const struct found *f)
{
  char text[640];
  bool elements = f->el->first != NULL;
  if (elements)
    snprintf(text, sizeof text, "<%s> holds text, and no element <%s>", f->el->name,
             f->el->first->name);
  else
    snprintf(text, sizeof text, "<%s>: %.*s", f->el->name, (int)strcspn(f->rest, "\n"), f->rest);
  add(c, "S105", f->el->line, f->el->col,
      elements ? "<![CDATA[…]]> around it, or &lt; for each <" : NULL, text);
}

static void bad_value(struct check *c, const struct found *f)
{
  char text[640], doc[384] = "", fix[512], made[256];
  struct words w = {.n = 0};
  struct wanted wanted = {f->attr, NULL};
  if (!f->at) {
    bad_content(c, f);
    return;
  }
  attrs_of(c, f->el->name, want_attr, &wanted);
  if (!wanted.found) { /* of an element that has only text, libxml2 says it this way */
    unknown_attr(c, f);
    return;
  }
  const char *type_name = wanted.found ? prop(wanted.found, "type") : "";
  xmlNodePtr type = global(c, "simpleType", type_name);
  if (!type && wanted.found && !*type_name) type = wanted.found;
  if (type) {
    enumeration(type, &w);
    documentation(type, doc, sizeof doc);
  }
  const char *meant = meant_value(f, type_name, &w, made, sizeof made);
  if (*doc)
    snprintf(text, sizeof text, "%s=\"%.80s\": expected %s", f->attr, f->at->value, doc);
  else
    snprintf(text, sizeof text, "%s=\"%.80s\": expected a value of %s", f->attr, f->at->value,
             *type_name ? type_name : "its type");
  const char *how = meant && !w.n ? fix : NULL;
  if (how)
    snprintf(fix, sizeof fix, "did you mean %s?", meant);
  else
    how = advice(f->at->value, &w, "one of:", "", "", fix, sizeof fix);
  if (meant)
    mend(c, f->node, f->el, f->at, NULL, meant);
  else
    spoil(f->el);
  add(c, "S105", f->at->value_line, f->at->value_col, how, text);
}

static void wrong_root(struct check *c, const struct found *f)
{
  char text[512], fix[256];
  xmlNodePtr schema = xmlDocGetRootElement(c->xsd), n = schema ? schema->children : NULL;
  while (n && !is_xs(n, "element")) n = n->next;
  snprintf(text, sizeof text, "<%s> in namespace \"%s\" is not what this file should start with",
           f->el->name, f->el->ns);
  if (n)
    snprintf(fix, sizeof fix, "start with <%s xmlns=\"%s\">", prop(n, "name"),
             prop(schema, "targetNamespace"));
  add(c, "S100", f->el->line, f->el->col, n ? fix : NULL, text);
}

static void take_apart(const xmlError *e, struct found *f)
{
  xmlNodePtr node = e->node;
  if (node && node->type == XML_ATTRIBUTE_NODE) node = node->parent;
  f->node = node;
  f->el = node && node->type == XML_ELEMENT_NODE ? node->_private : NULL;
  const char *message = e->message ? e->message : "", *rest = strstr(message, "': ");
  f->rest = rest ? rest + 3 : message;
  const char *name = strstr(message, "attribute '");
  f->attr[0] = '\0';
  if (!name || !f->el) return;
  name += strlen("attribute '");
  snprintf(f->attr, sizeof f->attr, "%.*s", (int)strcspn(name, "'"), name);
  f->at = sl_xel_at(f->el, f->attr);
}

static void on_error(void *ctx, xmlErrorPtr e)
{
  struct check *c = ctx;
  struct found f = {0};
  take_apart(e, &f);
  char text[512];
  if (!f.el) {
    snprintf(text, sizeof text, "%.400s", e->message ? e->message : "does not fit the schema");
    text[strcspn(text, "\n")] = '\0';
    add(c, "S100", 1, 1, NULL, text);
    return;
  }
  switch (e->code) {
  case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
  case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2: unknown_attr(c, &f); break;
  case XML_SCHEMAV_CVC_COMPLEX_TYPE_4: missing_attr(c, &f); break;
  case XML_SCHEMAV_ELEMENT_CONTENT: unexpected(c, &f, e->node); break;
  case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1:
  case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3: stray_text(c, &f); break;
  case XML_SCHEMAV_CVC_ELT_1: wrong_root(c, &f); break;
  default: bad_value(c, &f);
  }
}

/* --- the check
 * --------------------------------------------------------------------------------------- */

static void silent(void *ctx, const char *fmt, ...)
{
  (void)ctx, (void)fmt;
}

static void silent_error(void *ctx, xmlErrorPtr e)
{
  (void)ctx, (void)e;
}

static bool run_rounds(struct check *c, xmlSchemaPtr schema)
{
  xmlNodePtr out = NULL; /* taken out, kept until the end */
  bool ok = true;
  for (int round = 0; round < MAX_ROUNDS; round++) {
    xmlSchemaValidCtxtPtr v = xmlSchemaNewValidCtxt(schema);
    if (!v) return false;
    c->n_unexpected = c->n_mends = 0;
    xmlSchemaSetValidStructuredErrors(v, on_error, c);
    int rc = xmlSchemaValidateDoc(v, c->self->doc);
    xmlSchemaFreeValidCtxt(v);
    if (rc) ok = false;
    if (!c->n_unexpected && !c->n_mends) break;
    apply(c);
    for (size_t i = 0; i < c->n_unexpected; i++) {
      xmlUnlinkNode(c->unexpected[i]);
      c->unexpected[i]->next = out;
      out = c->unexpected[i];
    }
  }
  for (xmlNodePtr next; out; out = next) {
    next = out->next;
    out->next = NULL;
    xmlFreeNode(out);
  }
  return ok;
}

bool sl_xdoc_validate(sl_xdoc_t *self, const char *schema, sl_diags_t *diags)
{
  char path[1200];
  struct check c = {.self = self, .diags = diags};
  xmlSchemaParserCtxtPtr p = NULL;
  xmlSchemaPtr s = NULL;
  bool ok = false;
  if (!sl_xdoc_schema_path(schema, path, sizeof path)) {
    sl_diags_add(diags, SL_ERROR, "S001", self->file, 0, 0,
                 "set SL_XSD_DIR to the folder that holds it", "the schema %s is not installed",
                 schema);
    return false;
  }
  c.xsd = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  p = c.xsd ? xmlSchemaNewDocParserCtxt(c.xsd) : NULL;
  if (p) {
    xmlSchemaSetParserErrors(p, silent, silent, NULL);
    xmlSchemaSetParserStructuredErrors(p, silent_error, NULL);
    s = xmlSchemaParse(p);
  }
  if (s)
    ok = run_rounds(&c, s);
  else
    sl_diags_add(diags, SL_ERROR, "S001", path, 0, 0, NULL, "the schema cannot be read");
  xmlSchemaFree(s);
  xmlSchemaFreeParserCtxt(p);
  xmlFreeDoc(c.xsd);
  return ok;
}
