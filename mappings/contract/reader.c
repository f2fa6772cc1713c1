/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/reader.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
  MAX_DOCS = 512,               /* the largest known contract (SAP, 2024) has 120 files */
  MAX_BYTES = 64 * 1024 * 1024, /* of all files; Exchange Web Services has 1 MB */
};

/* --- memory and budget ------------------------------------------------------------------------ */

static void overflow(sl_cx_t *cx)
{
  if (!cx->full)
    sl_diags_add(cx->diags, SL_ERROR, "C007", cx->docs ? cx->docs->file : "", 0, 0, NULL,
                 "the contract is too large or too deeply nested to be read");
  cx->full = true;
}

void *sl_cx_alloc(sl_cx_t *cx, size_t len)
{
  void *p = sl_arena_zalloc(cx->contract->arena, len);
  if (!p) overflow(cx);
  return p;
}

const char *sl_cx_internn(sl_cx_t *cx, const char *text, size_t len)
{
  const xmlChar *s =
      len > INT_MAX ? NULL : xmlDictLookup(cx->contract->dict, (const xmlChar *)text, (int)len);
  if (s) return (const char *)s;
  overflow(cx);
  return "";
}

const char *sl_cx_intern(sl_cx_t *cx, const char *text)
{
  return sl_cx_internn(cx, text, strlen(text));
}

bool sl_cx_spend(sl_cx_t *cx, size_t steps)
{
  if (!cx->full && cx->budget >= steps) {
    cx->budget -= steps;
    return true;
  }
  overflow(cx);
  return false;
}

/* --- diagnostics ------------------------------------------------------------------------------ */

static int line_of(const xmlNode *node)
{
  long line = node ? xmlGetLineNo(node) : 0;
  return line > 0 && line < INT_MAX ? (int)line : 0;
}

sl_where_t sl_cx_where(const sl_cdoc_t *doc, const xmlNode *node)
{
  sl_where_t where = {doc->file, line_of(node)};
  return where;
}

__attribute__((format(printf, 7, 0))) static void report(sl_cx_t *cx, sl_severity_t severity,
                                                         const char *code, const sl_cdoc_t *doc,
                                                         const xmlNode *node, const char *fix,
                                                         const char *fmt, va_list ap)
{
  char text[1024];
  vsnprintf(text, sizeof text, fmt, ap);
  sl_diags_add(cx->diags, severity, code, doc ? doc->file : "", line_of(node), 0, fix, "%s", text);
}

void sl_cx_error(sl_cx_t *cx, const char *code, const sl_cdoc_t *doc, const xmlNode *node,
                 const char *fix, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  report(cx, SL_ERROR, code, doc, node, fix, fmt, ap);
  va_end(ap);
}

void sl_cx_warn(sl_cx_t *cx, const char *code, const sl_cdoc_t *doc, const xmlNode *node,
                const char *fix, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  report(cx, SL_WARNING, code, doc, node, fix, fmt, ap);
  va_end(ap);
}

/* --- documents -------------------------------------------------------------------------------- */

bool sl_cx_is_url(const char *location)
{
  size_t n = strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+.-");
  return n > 1 && location[n] == ':';
}

void sl_cx_refuse_url(sl_cx_t *cx, const sl_cdoc_t *doc, int line, const char *location)
{
  /* "http://h/types.xsd" → types.xsd, "http://h/S.svc?xsd=xsd0" → xsd0.xsd */
  const char *slash = strrchr(location, '/'), *equals = strrchr(location, '=');
  const char *name = equals ? equals + 1 : slash ? slash + 1 : location;
  char fix[512];
  snprintf(fix, sizeof fix,
           "download it once, keep it beside this file, and write the local name here: \"%.*s%s\"",
           (int)strcspn(name, "?#"), name, equals ? ".xsd" : "");
  sl_diags_add(cx->diags, SL_ERROR, "C004", doc->file, line, 0, fix,
               "\"%.200s\" is a URL, and contracts are read from local files only", location);
}

const char *sl_cx_path(sl_cx_t *cx, const sl_cdoc_t *doc, const char *location)
{
  const char *slash = strrchr(doc->file, '/');
  if (location[0] == '/' || !slash) return sl_cx_intern(cx, location);
  char path[PATH_MAX];
  while (!strncmp(location, "./", 2)) location += 2;
  int n = snprintf(path, sizeof path, "%.*s/%s", (int)(slash - doc->file), doc->file, location);
  return n < 0 || (size_t)n >= sizeof path ? "" : sl_cx_intern(cx, path);
}

/* The bytes of a regular file, to be freed; NULL with errno. */
static char *slurp(const char *file, size_t max, size_t *len_p)
{
  char *data = NULL;
  struct stat st;
  FILE *f = fopen(file, "rb");
  if (!f) return NULL;
  if (fstat(fileno(f), &st)) goto out;
  if (!S_ISREG(st.st_mode)) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    goto out;
  }
  if (st.st_size < 0 || (size_t)st.st_size > max) {
    errno = EFBIG;
    goto out;
  }
  data = malloc((size_t)st.st_size + 1);
  if (data) *len_p = fread(data, 1, (size_t)st.st_size, f);
out:
  fclose(f);
  return data;
}

/* A DOCTYPE ends the parse before any entity is declared. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
  xmlParserCtxtPtr parser = ctx;
  *(int *)parser->_private = parser->input ? parser->input->line : 1;
  xmlStopParser(parser);
}

static xmlDocPtr parse(sl_cx_t *cx, const char *file, const char *data, size_t len)
{
  int doctype_line = 0;
  xmlParserCtxtPtr parser = xmlNewParserCtxt();
  if (!parser) {
    overflow(cx);
    return NULL;
  }
  parser->_private = &doctype_line;
  parser->sax->internalSubset = on_doctype;
  parser->sax->externalSubset = NULL;
  xmlDocPtr xml = xmlCtxtReadMemory(parser, data, (int)len, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                        XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
  if (doctype_line) {
    sl_diags_add(cx->diags, SL_ERROR, "C003", file, doctype_line, 0, "remove the <!DOCTYPE …>",
                 "a document type declaration is not accepted in a contract");
    xmlFreeDoc(xml);
    xml = NULL;
  } else if (!xml) {
    const xmlError *e = xmlCtxtGetLastError(parser);
    const char *why = e && e->message ? e->message : "not XML";
    sl_diags_add(cx->diags, SL_ERROR, "C002", file, e && e->line > 0 ? e->line : 1,
                 e && e->int2 > 0 ? e->int2 : 0, NULL, "not well-formed XML: %.*s",
                 (int)strcspn(why, "\n"), why);
  }
  xmlFreeParserCtxt(parser);
  return xml;
}

static const char *identity(sl_cx_t *cx, const char *file)
{
  char *real = realpath(file, NULL);
  const char *id = sl_cx_intern(cx, real ? real : file);
  free(real);
  return id;
}

sl_cdoc_t *sl_cx_open(sl_cx_t *cx, const char *file, const sl_cdoc_t *doc, const xmlNode *node)
{
  const char *real = identity(cx, file);
  for (sl_cdoc_t *d = cx->docs; d; d = d->next)
    if (d->real == real) return d->xml ? d : NULL;

  sl_cdoc_t *self = sl_cx_alloc(cx, sizeof *self);
  if (!self) return NULL;
  if (cx->n_docs >= MAX_DOCS) {
    overflow(cx);
    return NULL;
  }
  size_t len = 0;
  char *data = slurp(file, MAX_BYTES - cx->bytes, &len);
  if (!data) {
    sl_diags_add(cx->diags, SL_ERROR, doc ? "C005" : "C001", doc ? doc->file : file, line_of(node),
                 0, doc ? "put the file there, or correct the location" : NULL,
                 "cannot read \"%.200s\": %s", file, strerror(errno));
    return NULL;
  }
  self->file = sl_cx_intern(cx, file);
  self->real = real;
  cx->bytes += len;
  cx->n_docs++;
  sl_diags_source(cx->diags, file, data, len);
  self->xml = parse(cx, file, data, len);
  free(data);
  /* Kept also when it could not be parsed, so that it is reported once. Appended: the first
   * document is the contract itself, which general messages name. */
  sl_cdoc_t **end_p = &cx->docs;
  while (*end_p) end_p = &(*end_p)->next;
  *end_p = self;
  return self->xml ? self : NULL;
}

void sl_cx_close_all(sl_cx_t *cx)
{
  for (sl_cdoc_t *d = cx->docs; d; d = d->next)
    if (d->xml) xmlFreeDoc(d->xml);
  cx->docs = NULL;
}

/* --- the DOM ---------------------------------------------------------------------------------- */

static bool fits(const xmlNode *node, const char *ns)
{
  if (node->type != XML_ELEMENT_NODE) return false;
  return !ns || (node->ns && node->ns->href && !strcmp((const char *)node->ns->href, ns));
}

xmlNode *sl_cx_first(const xmlNode *node, const char *ns)
{
  xmlNode *n = node->children;
  while (n && !fits(n, ns)) n = n->next;
  return n;
}

xmlNode *sl_cx_next(const xmlNode *node, const char *ns)
{
  xmlNode *n = node->next;
  while (n && !fits(n, ns)) n = n->next;
  return n;
}

bool sl_cx_named(const xmlNode *node, const char *name)
{
  return !strcmp((const char *)node->name, name);
}

bool sl_cx_is(const xmlNode *node, const char *ns, const char *name)
{
  return fits(node, ns) && sl_cx_named(node, name);
}

static const char *keep(sl_cx_t *cx, xmlChar *value, bool trim)
{
  if (!value) return NULL;
  const char *p = (const char *)value;
  size_t len = strlen(p);
  if (trim) {
    size_t lead = strspn(p, " \t\r\n");
    p += lead;
    len -= lead;
    while (len && strchr(" \t\r\n", p[len - 1])) len--;
  }
  const char *s = sl_cx_internn(cx, p, len);
  xmlFree(value);
  return s;
}

const char *sl_cx_attr(sl_cx_t *cx, const xmlNode *node, const char *name)
{
  return keep(cx, xmlGetNoNsProp(node, (const xmlChar *)name), true);
}

const char *sl_cx_attr_ns(sl_cx_t *cx, const xmlNode *node, const char *ns, const char *name)
{
  return keep(cx, xmlGetNsProp(node, (const xmlChar *)name, (const xmlChar *)ns), true);
}

const char *sl_cx_attr_raw(sl_cx_t *cx, const xmlNode *node, const char *name)
{
  return keep(cx, xmlGetNoNsProp(node, (const xmlChar *)name), false);
}

bool sl_cx_attr_bool(sl_cx_t *cx, const xmlNode *node, const char *name)
{
  const char *value = sl_cx_attr(cx, node, name);
  return value && (!strcmp(value, "true") || !strcmp(value, "1"));
}

bool sl_cx_qname(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *node, const char *text,
                 sl_qname_t *out_p)
{
  const char *colon = strchr(text, ':');
  char prefix[256];
  if (colon) snprintf(prefix, sizeof prefix, "%.*s", (int)(colon - text), text);
  xmlNsPtr ns = xmlSearchNs(doc->xml, (xmlNode *)node, colon ? (const xmlChar *)prefix : NULL);
  if (colon && (!ns || !ns->href)) {
    sl_cx_error(cx, "C107", doc, node, NULL, "the prefix of \"%.200s\" is not declared here", text);
    return false;
  }
  out_p->ns = sl_cx_intern(cx, ns && ns->href ? (const char *)ns->href : "");
  out_p->name = sl_cx_intern(cx, colon ? colon + 1 : text);
  return true;
}
