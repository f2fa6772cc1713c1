/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/wsdl.h"

#include <stdlib.h>
#include <string.h>
#include "mappings/contract/schema.h"

struct definitions {
  struct definitions *next;
  sl_wsdl_item_t item;
};

struct sl_wsdl {
  struct definitions *first, **end_p;
  struct definitions *missing; /* imports by URL: node is the import, ns its namespace */
  xmlHashTablePtr index[SL_WSDL_KINDS];
};

static const char *const kind_names[] = {
    [SL_WSDL_MESSAGE] = "message",
    [SL_WSDL_PORT_TYPE] = "portType",
    [SL_WSDL_BINDING] = "binding",
};

int sl_wsdl_soap_version(const xmlNode *node, const char *name, const xmlNode **found_p)
{
  for (const xmlNode *c = sl_cx_first(node, NULL); c; c = sl_cx_next(c, NULL)) {
    if (!sl_cx_named(c, name)) continue;
    *found_p = c;
    if (sl_cx_is(c, SL_NS_SOAP11, name)) return 11;
    if (sl_cx_is(c, SL_NS_SOAP12, name)) return 12;
  }
  *found_p = NULL;
  return 0;
}

const sl_wsdl_item_t *sl_wsdl_ref(sl_cx_t *cx, const sl_wsdl_t *self, const sl_wsdl_item_t *at,
                                  const xmlNode *node, sl_wsdl_kind_t kind, const char *ref)
{
  sl_qname_t name;
  if (!ref) {
    sl_cx_error(cx, "C102", at->doc, node, NULL, "<%s> does not name its %s",
                (const char *)node->name, kind_names[kind]);
    return NULL;
  }
  if (!sl_cx_qname(cx, at->doc, node, ref, &name)) return NULL;
  const sl_wsdl_item_t *item =
      xmlHashLookup2(self->index[kind], (const xmlChar *)name.name, (const xmlChar *)name.ns);
  if (!item)
    sl_cx_error(cx, "C201", at->doc, node, NULL,
                "there is no %s \"%.200s\" in namespace \"%.200s\"", kind_names[kind], name.name,
                name.ns);
  return item;
}

/* --- collecting
 * ------------------------------------------------------------------------------------ */

static void index_item(sl_cx_t *cx, sl_wsdl_t *self, const sl_wsdl_item_t *of, const xmlNode *node)
{
  for (int kind = 0; kind < SL_WSDL_KINDS; kind++) {
    if (!sl_cx_named(node, kind_names[kind])) continue;
    const char *name = sl_cx_attr(cx, node, "name");
    sl_wsdl_item_t *item = sl_cx_alloc(cx, sizeof *item);
    if (!item) return;
    if (!name) {
      sl_cx_error(cx, "C102", of->doc, node, NULL, "a %s needs a name", kind_names[kind]);
      return;
    }
    *item = *of;
    item->node = node;
    if (xmlHashAddEntry2(self->index[kind], (const xmlChar *)name, (const xmlChar *)of->ns, item))
      sl_cx_warn(cx, "C105", of->doc, node, NULL,
                 "%s \"%.200s\" is declared again; the first is used", kind_names[kind], name);
  }
}

static void definitions(sl_cx_t *cx, sl_wsdl_t *self, const sl_cdoc_t *doc, const xmlNode *root,
                        int depth);

static void import(sl_cx_t *cx, sl_wsdl_t *self, const sl_wsdl_item_t *of, const xmlNode *node,
                   int depth)
{
  const char *location = sl_cx_attr(cx, node, "location"), *ns = sl_cx_attr(cx, node, "namespace");
  if (!location || !location[0]) return;
  if (sl_cx_is_url(location)) {
    struct definitions *m = sl_cx_alloc(cx, sizeof *m);
    if (!m) return;
    m->item.doc = of->doc;
    m->item.node = node;
    m->item.ns = ns ? ns : "";
    m->next = self->missing;
    self->missing = m;
    return;
  }
  sl_cdoc_t *doc = sl_cx_open(cx, sl_cx_path(cx, of->doc, location), of->doc, node);
  const xmlNode *root = doc ? xmlDocGetRootElement(doc->xml) : NULL;
  if (!root) return;
  if (sl_cx_is(root, SL_NS_XSD, "schema"))
    sl_schema_collect(cx, doc, root);
  else if (sl_cx_is(root, SL_NS_WSDL, "definitions"))
    definitions(cx, self, doc, root, depth + 1);
  else
    sl_cx_error(cx, "C008", of->doc, node, NULL, "\"%.200s\" is neither WSDL nor XML Schema",
                location);
}

static void types(sl_cx_t *cx, const sl_wsdl_item_t *of, const xmlNode *node)
{
  bool bare_import = false;
  for (const xmlNode *c = sl_cx_first(node, NULL); c && !cx->full; c = sl_cx_next(c, NULL)) {
    bare_import |= sl_cx_is(c, SL_NS_XSD, "import");
    if (sl_cx_is(c, SL_NS_XSD, "schema")) {
      sl_schema_collect(cx, of->doc, c);
    } else if (sl_cx_named(c, "schema")) {
      const char *ns = sl_cx_attr(cx, c, "targetNamespace");
      sl_cx_error(cx, "C104", of->doc, c, "convert it to XML Schema of 2001",
                  "a schema in \"%.100s\" is not supported, only XML Schema 1.0 of 2001",
                  c->ns && c->ns->href ? (const char *)c->ns->href : "");
      sl_schema_refuse(cx, ns ? ns : cx->schemas->ns_empty);
      if (c->ns && c->ns->href) sl_schema_refuse(cx, sl_cx_intern(cx, (const char *)c->ns->href));
    }
  }
  /* Not allowed, and met in the field: <xsd:import> without a <schema> around it. */
  if (bare_import) sl_schema_collect(cx, of->doc, node);
}

static void definitions(sl_cx_t *cx, sl_wsdl_t *self, const sl_cdoc_t *doc, const xmlNode *root,
                        int depth)
{
  for (const struct definitions *d = self->first; d; d = d->next)
    if (d->item.node == root) return;
  struct definitions *d = depth > SL_SCHEMA_DEPTH ? NULL : sl_cx_alloc(cx, sizeof *d);
  if (!d) {
    sl_cx_spend(cx, SIZE_MAX);
    return;
  }
  const char *ns = sl_cx_attr(cx, root, "targetNamespace");
  d->item.doc = doc;
  d->item.node = root;
  d->item.ns = ns ? ns : cx->schemas->ns_empty;
  *self->end_p = d;
  self->end_p = &d->next;
  for (const xmlNode *c = sl_cx_first(root, SL_NS_WSDL); c && !cx->full;
       c = sl_cx_next(c, SL_NS_WSDL)) {
    if (sl_cx_named(c, "import"))
      import(cx, self, &d->item, c, depth);
    else if (sl_cx_named(c, "types"))
      types(cx, &d->item, c);
    else
      index_item(cx, self, &d->item, c);
  }
}

static bool knows(const sl_cx_t *cx, const sl_wsdl_t *self, const char *ns)
{
  for (const struct definitions *d = self->first; d; d = d->next)
    if (d->item.ns == ns) return true;
  return sl_schema_knows(cx, ns);
}

/* --- services
 * --------------------------------------------------------------------------------------- */

static void port(sl_cx_t *cx, const sl_wsdl_t *self, const sl_wsdl_item_t *of, const xmlNode *node,
                 const char *service, sl_wsdl_ops_t *ops)
{
  const xmlNode *address = NULL;
  if (!sl_wsdl_soap_version(node, "address", &address)) return; /* HTTP GET and POST, JMS, … */
  const sl_wsdl_item_t *binding =
      sl_wsdl_ref(cx, self, of, node, SL_WSDL_BINDING, sl_cx_attr(cx, node, "binding"));
  if (!binding) return;
  const char *name = sl_cx_attr(cx, node, "name"), *location = sl_cx_attr(cx, address, "location");
  const char *full =
      sl_arena_printf(cx->contract->arena, "%s.%s", service ? service : "", name ? name : "");
  if (full) sl_wsdl_add_ops(cx, self, binding, full, location ? location : "", ops);
}

static void services(sl_cx_t *cx, const sl_wsdl_t *self, sl_wsdl_ops_t *ops)
{
  for (const struct definitions *d = self->first; d; d = d->next)
    for (const xmlNode *s = sl_cx_first(d->item.node, SL_NS_WSDL); s;
         s = sl_cx_next(s, SL_NS_WSDL)) {
      if (!sl_cx_named(s, "service")) continue;
      const char *name = sl_cx_attr(cx, s, "name");
      for (const xmlNode *p = sl_cx_first(s, SL_NS_WSDL); p; p = sl_cx_next(p, SL_NS_WSDL))
        if (sl_cx_named(p, "port")) port(cx, self, &d->item, p, name, ops);
    }
}

/* A contract may come without services: then its bindings are its ports. */
static void bare_bindings(sl_cx_t *cx, const sl_wsdl_t *self, sl_wsdl_ops_t *ops)
{
  for (const struct definitions *d = self->first; d; d = d->next)
    for (const xmlNode *b = sl_cx_first(d->item.node, SL_NS_WSDL); b;
         b = sl_cx_next(b, SL_NS_WSDL)) {
      const xmlNode *soap = NULL;
      if (!sl_cx_named(b, "binding") || !sl_wsdl_soap_version(b, "binding", &soap)) continue;
      sl_wsdl_item_t item = {d->item.doc, b, d->item.ns};
      const char *name = sl_cx_attr(cx, b, "name");
      const char *full = sl_arena_printf(cx->contract->arena, ".%s", name ? name : "");
      if (full) sl_wsdl_add_ops(cx, self, &item, full, "", ops);
    }
}

void sl_wsdl_read(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root)
{
  sl_wsdl_t self = {.first = NULL};
  sl_wsdl_ops_t ops = {NULL, 0, 0};
  self.end_p = &self.first;
  for (int i = 0; i < SL_WSDL_KINDS; i++) {
    self.index[i] = xmlHashCreateDict(16, cx->contract->dict);
    if (!self.index[i]) goto out;
  }
  definitions(cx, &self, doc, root, 0);
  for (const struct definitions *m = self.missing; m; m = m->next)
    if (!knows(cx, &self, m->item.ns))
      sl_cx_refuse_url(cx, m->item.doc, sl_cx_where(m->item.doc, m->item.node).line,
                       sl_cx_attr(cx, m->item.node, "location"));
  sl_schema_build(cx);
  services(cx, &self, &ops);
  if (!ops.n) bare_bindings(cx, &self, &ops);
  sl_wsdl_op_t *settled = ops.n ? sl_cx_alloc(cx, ops.n * sizeof *settled) : NULL;
  if (settled) {
    memcpy(settled, ops.v, ops.n * sizeof *settled);
    cx->contract->ops = settled;
    cx->contract->n_ops = ops.n;
  } else if (!cx->full) {
    sl_cx_warn(cx, "C204", doc, root, NULL, "this WSDL offers no operation over SOAP and HTTP");
  }
out:
  free(ops.v);
  for (int i = 0; i < SL_WSDL_KINDS; i++)
    if (self.index[i]) xmlHashFree(self.index[i], NULL);
}
