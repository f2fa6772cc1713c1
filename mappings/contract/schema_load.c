/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/schema.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [SL_COMP_ELEM] = "element",
    [SL_COMP_TYPE] = "type",
    [SL_COMP_ATTR] = "attribute",
    [SL_COMP_GROUP] = "group",
    [SL_COMP_ATTR_GROUP] = "attribute group",
};

bool sl_schemas_init(sl_cx_t *cx)
{
  sl_schemas_t *self = cx->schemas = sl_cx_alloc(cx, sizeof *self);
  if (!self) return false;
  self->end_p = &self->first;
  self->comps_end_p = &self->comps;
  self->work_end_p = &self->work;
  for (int i = 0; i < SL_COMP_KINDS; i++) {
    self->index[i] = xmlHashCreateDict(64, cx->contract->dict);
    if (!self->index[i]) return false;
  }
  self->ns_xsd = sl_cx_intern(cx, SL_NS_XSD);
  self->ns_soapenc = sl_cx_intern(cx, SL_NS_SOAPENC);
  self->ns_empty = sl_cx_intern(cx, "");
  sl_schema_add_builtins(cx);
  return !cx->full;
}

void sl_schemas_fini(sl_cx_t *cx)
{
  if (!cx->schemas) return;
  for (int i = 0; i < SL_COMP_KINDS; i++)
    if (cx->schemas->index[i]) xmlHashFree(cx->schemas->index[i], NULL);
}

/* --- the index of global components -------------------------------------------------------------
 */

sl_comp_t *sl_schema_find(const sl_cx_t *cx, sl_comp_kind_t kind, sl_qname_t name)
{
  return xmlHashLookup2(cx->schemas->index[kind], (const xmlChar *)name.name,
                        (const xmlChar *)name.ns);
}

bool sl_schema_add(sl_cx_t *cx, sl_comp_t *comp)
{
  sl_schemas_t *self = cx->schemas;
  if (xmlHashAddEntry2(self->index[comp->kind], (const xmlChar *)comp->name.name,
                       (const xmlChar *)comp->name.ns, comp))
    return false;
  *self->comps_end_p = comp;
  self->comps_end_p = &comp->next;
  return true;
}

bool sl_schema_knows(const sl_cx_t *cx, const char *ns)
{
  if (ns == cx->schemas->ns_xsd || ns == cx->schemas->ns_soapenc || !strcmp(ns, SL_NS_XML) ||
      !strcmp(ns, "http://www.w3.org/2005/05/xmlmime"))
    return true;
  for (const sl_schema_t *s = cx->schemas->first; s; s = s->next)
    if (s->ns == ns) return true;
  return false;
}

void sl_schema_refuse(sl_cx_t *cx, const char *ns)
{
  sl_refused_t *r = sl_cx_alloc(cx, sizeof *r);
  if (!r) return;
  r->ns = ns;
  r->next = cx->schemas->refused;
  cx->schemas->refused = r;
}

static bool refused(const sl_cx_t *cx, const char *ns)
{
  const sl_refused_t *r = cx->schemas->refused;
  while (r && r->ns != ns) r = r->next;
  return r != NULL;
}

sl_comp_t *sl_schema_ref(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                         sl_comp_kind_t kind, const char *text)
{
  sl_qname_t name;
  if (!sl_cx_qname(cx, schema->doc, node, text, &name)) return NULL;
  if (schema->chameleon && !name.ns[0]) name.ns = schema->ns;
  sl_comp_t *comp = sl_schema_find(cx, kind, name);
  if (comp) return comp;
  if (refused(cx, name.ns)) return NULL;
  const char *fix = NULL;
  if (!name.ns[0])
    fix = "the name has no prefix and there is no default namespace here: write the prefix";
  else if (!sl_schema_knows(cx, name.ns))
    fix = "no file read so far declares this namespace: add an <import> with a local "
          "schemaLocation";
  sl_cx_error(cx, "C101", schema->doc, node, fix,
              "there is no %s \"%.200s\" in namespace \"%.200s\"", kind_names[kind], name.name,
              name.ns);
  return NULL;
}

static int kind_of(const xmlNode *node)
{
  static const struct {
    const char *name;
    sl_comp_kind_t kind;
  } rows[] = {
      {"element", SL_COMP_ELEM},    {"complexType", SL_COMP_TYPE},
      {"simpleType", SL_COMP_TYPE}, {"attribute", SL_COMP_ATTR},
      {"group", SL_COMP_GROUP},     {"attributeGroup", SL_COMP_ATTR_GROUP},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (sl_cx_named(node, rows[i].name)) return rows[i].kind;
  return -1;
}

static void index_component(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, int kind)
{
  const char *name = sl_cx_attr(cx, node, "name");
  if (!name || !name[0]) {
    sl_cx_error(cx, "C102", schema->doc, node, NULL, "a global %s needs a name", kind_names[kind]);
    return;
  }
  sl_comp_t *comp = sl_cx_alloc(cx, sizeof *comp);
  if (!comp) return;
  comp->kind = (sl_comp_kind_t)kind;
  comp->name.ns = schema->ns;
  comp->name.name = name;
  comp->schema = schema;
  comp->node = node;
  if (sl_schema_add(cx, comp)) return;
  const sl_comp_t *old = sl_schema_find(cx, comp->kind, comp->name);
  if (old && old->schema && old->node != node)
    sl_cx_warn(cx, "C105", schema->doc, node, NULL,
               "%s \"%.200s\" is declared again; the first one, at %s:%d, is used",
               kind_names[kind], name, old->schema->doc->file,
               sl_cx_where(old->schema->doc, old->node).line);
}

/* --- include, import ----------------------------------------------------------------------------
 */

static void collect(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root, const char *chameleon,
                    int depth);

static void note_missing(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                         const char *ns, const char *location)
{
  sl_missing_t *m = sl_cx_alloc(cx, sizeof *m);
  if (!m) return;
  m->schema = schema;
  m->node = node;
  m->ns = ns;
  m->location = location;
  m->next = cx->schemas->missing;
  cx->schemas->missing = m;
}

/* The schema element of the file at location, which ought to bring ns; NULL with a diagnostic. */
static const xmlNode *open_schema(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                                  const char *location, const char *ns, const sl_cdoc_t **doc_p)
{
  sl_cdoc_t *doc = sl_cx_open(cx, sl_cx_path(cx, schema->doc, location), schema->doc, node);
  const xmlNode *root = doc ? xmlDocGetRootElement(doc->xml) : NULL;
  *doc_p = doc;
  if (root && sl_cx_is(root, SL_NS_XSD, "schema")) return root;
  if (root)
    sl_cx_error(cx, "C008", schema->doc, node, NULL, "\"%.200s\" is not an XML Schema", location);
  sl_schema_refuse(cx, ns);
  return NULL;
}

/* The schemaLocation of node, or NULL. */
static const char *location_of(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                               const char *ns)
{
  const char *location = sl_cx_attr(cx, node, "schemaLocation");
  if (location && location[0]) return location;
  if (sl_cx_attr(cx, node, "schemalocation")) {
    sl_cx_error(cx, "C102", schema->doc, node, "write schemaLocation, with a capital L",
                "schemalocation is not an attribute of <%s>", (const char *)node->name);
    sl_schema_refuse(cx, ns);
  }
  return NULL;
}

static void include(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, int depth)
{
  const char *location = location_of(cx, schema, node, schema->ns);
  const sl_cdoc_t *doc = NULL;
  if (!location) {
    sl_cx_error(cx, "C102", schema->doc, node, NULL, "<include> needs a schemaLocation");
    return;
  }
  if (sl_cx_is_url(location)) {
    sl_cx_refuse_url(cx, schema->doc, sl_cx_where(schema->doc, node).line, location);
    sl_schema_refuse(cx, schema->ns);
    return;
  }
  const xmlNode *root = open_schema(cx, schema, node, location, schema->ns, &doc);
  if (!root) return;
  const char *ns = sl_cx_attr(cx, root, "targetNamespace");
  if (ns && ns != schema->ns)
    sl_cx_error(cx, "C008", schema->doc, node, "use <import> for another namespace",
                "the included \"%.200s\" has the target namespace \"%.200s\", not \"%.200s\"",
                location, ns, schema->ns);
  else
    collect(cx, doc, root, ns ? NULL : schema->ns, depth + 1);
}

static void import(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, int depth)
{
  const char *ns = sl_cx_attr(cx, node, "namespace");
  if (!ns) ns = cx->schemas->ns_empty;
  const char *location = location_of(cx, schema, node, ns);
  const sl_cdoc_t *doc = NULL;
  if (!location) return; /* its components are missed only if somebody names them */
  if (sl_cx_is_url(location)) {
    note_missing(cx, schema, node, ns, location);
    return;
  }
  const xmlNode *root = open_schema(cx, schema, node, location, ns, &doc);
  if (!root) return;
  const char *own = sl_cx_attr(cx, root, "targetNamespace");
  if (!own) own = cx->schemas->ns_empty;
  /* Common in the field; the names that are used decide whether it matters. */
  if (own != ns)
    sl_cx_warn(cx, "C008", schema->doc, node, NULL,
               "\"%.200s\" has the target namespace \"%.200s\", but the import says \"%.200s\"",
               location, own, ns);
  collect(cx, doc, root, NULL, depth + 1);
}

static bool qualified(sl_cx_t *cx, const xmlNode *root, const char *attr)
{
  const char *value = sl_cx_attr(cx, root, attr);
  return value && !strcmp(value, "qualified");
}

static void collect(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root, const char *chameleon,
                    int depth)
{
  sl_schemas_t *all = cx->schemas;
  const char *ns = chameleon ? chameleon : sl_cx_attr(cx, root, "targetNamespace");
  if (!ns) ns = all->ns_empty;
  for (const sl_schema_t *s = all->first; s; s = s->next)
    if (s->root == root && s->ns == ns) return;
  sl_schema_t *self = depth > SL_SCHEMA_DEPTH ? NULL : sl_cx_alloc(cx, sizeof *self);
  if (!self || !sl_cx_spend(cx, 1)) {
    sl_cx_spend(cx, SIZE_MAX);
    return;
  }
  self->doc = doc;
  self->root = root;
  self->ns = ns;
  self->chameleon = chameleon != NULL;
  self->elem_qualified = qualified(cx, root, "elementFormDefault");
  self->attr_qualified = qualified(cx, root, "attributeFormDefault");
  *all->end_p = self;
  all->end_p = &self->next;

  for (const xmlNode *n = sl_cx_first(root, SL_NS_XSD); n && !cx->full;
       n = sl_cx_next(n, SL_NS_XSD)) {
    int kind = kind_of(n);
    if (kind >= 0)
      index_component(cx, self, n, kind);
    else if (sl_cx_named(n, "include"))
      include(cx, self, n, depth);
    else if (sl_cx_named(n, "import"))
      import(cx, self, n, depth);
    else if (sl_cx_named(n, "redefine"))
      sl_cx_error(cx, "C104", doc, n, "write the changed types into a schema of your own",
                  "<redefine> is not supported");
  }
}

void sl_schema_collect(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root)
{
  collect(cx, doc, root, NULL, 0);
}

/* --- building ------------------------------------------------------------------------------------
 */

static void report_missing(sl_cx_t *cx)
{
  for (const sl_missing_t *m = cx->schemas->missing; m; m = m->next) {
    if (sl_schema_knows(cx, m->ns)) continue;
    sl_cx_refuse_url(cx, m->schema->doc, sl_cx_where(m->schema->doc, m->node).line, m->location);
    sl_schema_refuse(cx, m->ns);
  }
}

static void link_substitutes(sl_cx_t *cx)
{
  for (sl_comp_t *c = cx->schemas->comps; c; c = c->next) {
    if (c->kind != SL_COMP_ELEM || !c->node) continue;
    const char *head_name = sl_cx_attr(cx, c->node, "substitutionGroup");
    sl_comp_t *head =
        head_name ? sl_schema_ref(cx, c->schema, c->node, SL_COMP_ELEM, head_name) : NULL;
    if (!head || head == c) continue;
    sl_comp_t **end_p = &head->members;
    while (*end_p) end_p = &(*end_p)->next_member;
    *end_p = c;
  }
}

static void publish(sl_cx_t *cx)
{
  sl_contract_t *to = cx->contract;
  for (sl_comp_t *c = cx->schemas->comps; c; c = c->next) {
    xmlHashTablePtr table = c->kind == SL_COMP_ELEM   ? to->elems
                            : c->kind == SL_COMP_TYPE ? to->types
                                                      : NULL;
    if (table && c->built)
      xmlHashAddEntry2(table, (const xmlChar *)c->name.name, (const xmlChar *)c->name.ns, c->built);
  }
}

void sl_schema_build(sl_cx_t *cx)
{
  sl_schemas_t *self = cx->schemas;
  report_missing(cx);
  link_substitutes(cx);
  for (sl_comp_t *c = self->comps; c && !cx->full; c = c->next) {
    if (c->kind == SL_COMP_ELEM) sl_schema_elem(cx, c);
    if (c->kind == SL_COMP_TYPE) sl_schema_type(cx, c);
  }
  for (sl_tbuild_t *t = self->work; t && !cx->full; t = t->next) sl_schema_complete(cx, t, 0);
  publish(cx);
}
