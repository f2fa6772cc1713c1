/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/contract.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/contract/catalog.h"
#include "mappings/contract/openapi.h"
#include "mappings/contract/reader.h"
#include "mappings/contract/schema.h"
#include "mappings/contract/wsdl.h"

enum {
  ARENA_BLOCK = 64 * 1024,
  ARENA_CAP = 256 * 1024 * 1024, /* Exchange Web Services takes 2 MB */
  DICT_CAP = 128 * 1024 * 1024,  /* bytes of interned names */
  BUDGET = 10 * 1000 * 1000,     /* steps; Exchange Web Services takes 0.3 million */
};

static void read_xsd(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root)
{
  sl_schema_collect(cx, doc, root);
  sl_schema_build(cx);
}

static void read_any(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root)
{
  if (sl_cx_is(root, SL_NS_CATALOG, "catalog"))
    sl_catalog_read(cx, doc, root);
  else if (!sl_schemas_init(cx))
    return;
  else if (sl_cx_is(root, SL_NS_WSDL, "definitions"))
    sl_wsdl_read(cx, doc, root);
  else if (sl_cx_is(root, SL_NS_XSD, "schema"))
    read_xsd(cx, doc, root);
  else if (sl_cx_is(root, "http://www.w3.org/ns/wsdl", "description"))
    sl_cx_error(cx, "C006", doc, root, "ask the service for ?wsdl instead of ?wsdl2",
                "WSDL 2.0 is not supported, only WSDL 1.1");
  else
    sl_cx_error(cx, "C006", doc, root, NULL,
                "<%.100s> is not the root of a WSDL 1.1, an XML Schema or a catalogue",
                (const char *)root->name);
}

static sl_contract_t *contract_new(void)
{
  sl_contract_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->arena = sl_arena_new(ARENA_BLOCK, ARENA_CAP);
  self->dict = xmlDictCreate();
  self->elems = self->dict ? xmlHashCreateDict(64, self->dict) : NULL;
  self->types = self->dict ? xmlHashCreateDict(64, self->dict) : NULL;
  if (!self->arena || !self->elems || !self->types)
    sl_contract_destroy(&self);
  else
    xmlDictSetLimit(self->dict, DICT_CAP);
  return self;
}

enum form { FORM_XML, FORM_JSON, FORM_YAML };

/* By the first characters; what cannot be read is for the XML reader to report. */
static enum form form_of(const char *path)
{
  char head[512];
  FILE *f = fopen(path, "rb");
  size_t n = f ? fread(head, 1, sizeof head - 1, f) : 0;
  if (f) fclose(f);
  head[n] = '\0';
  const char *p = head + strspn(head, " \t\r\n");
  while (*p == '#' || !strncmp(p, "---", 3)) p += strcspn(p, "\n"), p += strspn(p, " \t\r\n");
  if (*p == '{') return FORM_JSON;
  return !strncmp(p, "openapi:", 8) || !strncmp(p, "swagger:", 8) ? FORM_YAML : FORM_XML;
}

static bool read_xml(sl_cx_t *cx, const char *path)
{
  const sl_cdoc_t *doc = sl_cx_open(cx, path, NULL, NULL);
  const xmlNode *root = doc ? xmlDocGetRootElement(doc->xml) : NULL;
  if (root) read_any(cx, doc, root);
  sl_schemas_fini(cx);
  sl_cx_close_all(cx);
  return root;
}

sl_contract_t *sl_contract_load(const char *path, sl_diags_t *diags)
{
  xmlInitParser();
  size_t errors = sl_diags_errors(diags);
  sl_cx_t cx = {.contract = contract_new(), .diags = diags, .budget = BUDGET};
  if (!cx.contract) {
    sl_diags_add(diags, SL_ERROR, "C001", path, 0, 0, NULL, "out of memory");
    return NULL;
  }
  enum form form = form_of(path);
  bool good = true;
  if (form == FORM_YAML)
    sl_diags_add(diags, SL_ERROR, "C006", path, 1, 1, "convert it to JSON, which says the same",
                 "OpenAPI in YAML is not read, only in JSON");
  else if (form == FORM_JSON)
    sl_openapi_read(&cx, path);
  else
    good = read_xml(&cx, path);
  if (!good || cx.full || sl_diags_errors(diags) > errors) sl_contract_destroy(&cx.contract);
  return cx.contract;
}

void sl_contract_destroy(sl_contract_t **self_p)
{
  if (!self_p || !*self_p) return;
  sl_contract_t *self = *self_p;
  sl_jschemas_destroy(&self->schemas);
  if (self->elems) xmlHashFree(self->elems, NULL);
  if (self->types) xmlHashFree(self->types, NULL);
  if (self->dict) xmlDictFree(self->dict);
  sl_arena_destroy(&self->arena);
  free(self);
  *self_p = NULL;
}

/* --- asking
 * ------------------------------------------------------------------------------------------ */

size_t sl_contract_op_count(const sl_contract_t *self)
{
  return self->n_ops;
}

const sl_wsdl_op_t *sl_contract_op_at(const sl_contract_t *self, size_t i)
{
  return i < self->n_ops ? &self->ops[i] : NULL;
}

static bool port_fits(const sl_wsdl_op_t *op, const char *port)
{
  if (!port || !strcmp(op->port, port)) return true;
  const char *dot = strrchr(op->port, '.');
  return dot && !strcmp(dot + 1, port);
}

const sl_wsdl_op_t *sl_contract_op(const sl_contract_t *self, const char *name, const char *port)
{
  const sl_wsdl_op_t *best = NULL;
  for (size_t i = 0; i < self->n_ops; i++) {
    const sl_wsdl_op_t *op = &self->ops[i];
    if (strcmp(op->name, name) || !port_fits(op, port)) continue;
    if (!best || op->soap_version < best->soap_version) best = op;
  }
  return best;
}

const sl_xelem_t *sl_contract_elem(const sl_contract_t *self, const char *ns, const char *name)
{
  return xmlHashLookup2(self->elems, (const xmlChar *)name, (const xmlChar *)ns);
}

struct called {
  const char *name;
  const sl_xelem_t *elem;
  size_t n;
};

static void is_called(void *payload, void *data, const xmlChar *name)
{
  struct called *self = data;
  if (strcmp((const char *)name, self->name)) return;
  self->elem = payload;
  self->n++;
}

const sl_xelem_t *sl_contract_elem_called(const sl_contract_t *self, const char *name)
{
  struct called called = {.name = name};
  xmlHashScan(self->elems, is_called, &called);
  return called.n == 1 ? called.elem : NULL;
}

const sl_xtype_t *sl_contract_type(const sl_contract_t *self, const char *ns, const char *name)
{
  return xmlHashLookup2(self->types, (const xmlChar *)name, (const xmlChar *)ns);
}

bool sl_xtype_derived(const sl_xtype_t *type, const sl_xtype_t *base)
{
  bool any = base->complex && !strcmp(base->name, "anyType") && !strcmp(base->ns, SL_NS_XSD);
  /* Derivations are bounded and without rings: the reader refused others. */
  for (const sl_xtype_t *t = type; t; t = t->base)
    if (t == base) return true;
  return any;
}

struct derived {
  const sl_xtype_t *base, **out;
  size_t n, max;
};

static int by_name(const sl_xtype_t *a, const sl_xtype_t *b)
{
  int order = strcmp(a->ns, b->ns);
  return order ? order : strcmp(a->name, b->name);
}

static void add_derived(void *payload, void *data, const xmlChar *name)
{
  const sl_xtype_t *type = payload;
  struct derived *self = data;
  (void)name;
  if (type == self->base || !sl_xtype_derived(type, self->base)) return;
  size_t at = self->n < self->max ? self->n : self->max;
  self->n++;
  while (at > 0 && by_name(type, self->out[at - 1]) < 0) {
    if (at < self->max) self->out[at] = self->out[at - 1];
    at--;
  }
  if (at < self->max) self->out[at] = type;
}

size_t sl_contract_derived(const sl_contract_t *self, const sl_xtype_t *base,
                           const sl_xtype_t **out, size_t max)
{
  struct derived derived = {.base = base, .out = out, .max = max};
  xmlHashScan(self->types, add_derived, &derived);
  return derived.n;
}

const sl_xchild_t *sl_xtype_child(const sl_xtype_t *type, const char *ns, const char *name,
                                  bool *ambiguous_p)
{
  const sl_xchild_t *found = NULL;
  bool ambiguous = false;
  for (size_t i = 0; i < type->n_children; i++) {
    const sl_xelem_t *elem = type->children[i].elem;
    if (strcmp(elem->name, name) || (ns && strcmp(elem->ns, ns))) continue;
    if (found)
      ambiguous = true;
    else
      found = &type->children[i];
  }
  if (ambiguous_p) *ambiguous_p = ambiguous;
  return found;
}

const sl_xattr_t *sl_xtype_attr(const sl_xtype_t *type, const char *ns, const char *name)
{
  for (size_t i = 0; i < type->n_attrs; i++) {
    const sl_xattr_t *attr = &type->attrs[i];
    if (!strcmp(attr->name, name) && (!ns || !strcmp(attr->ns, ns))) return attr;
  }
  return NULL;
}

size_t sl_contract_table_count(const sl_contract_t *self)
{
  return self->n_tables;
}

const sl_table_t *sl_contract_table_at(const sl_contract_t *self, size_t i)
{
  return i < self->n_tables ? &self->tables[i] : NULL;
}

const sl_table_t *sl_contract_table(const sl_contract_t *self, const char *name)
{
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; i < self->n_tables; i++) {
    const sl_table_t *t = &self->tables[i];
    if (!strcasecmp(t->name, name)) return t;
    if (dot && !strcasecmp(t->name, dot + 1) && strlen(t->schema) == (size_t)(dot - name) &&
        !strncasecmp(t->schema, name, (size_t)(dot - name)))
      return t;
  }
  return NULL;
}

const sl_column_t *sl_table_column(const sl_table_t *table, const char *name)
{
  for (size_t i = 0; i < table->n_columns; i++)
    if (!strcasecmp(table->columns[i].name, name)) return &table->columns[i];
  return NULL;
}
