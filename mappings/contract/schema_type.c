/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- shells
 * ---------------------------------------------------------------------------------------- */

static sl_tbuild_t *shell(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                          const char *name)
{
  sl_tbuild_t *t = sl_cx_alloc(cx, sizeof *t);
  if (!t) return NULL;
  t->schema = schema;
  t->node = node;
  t->type.ns = schema->ns;
  t->type.name = name;
  t->type.where = sl_cx_where(schema->doc, node);
  *cx->schemas->work_end_p = t;
  cx->schemas->work_end_p = &t->next;
  return t;
}

sl_tbuild_t *sl_schema_type(sl_cx_t *cx, sl_comp_t *comp)
{
  if (!comp->built) comp->built = shell(cx, comp->schema, comp->node, comp->name.name);
  return comp->built;
}

const sl_xtype_t *sl_schema_type_of(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node,
                                    const char *ref)
{
  sl_tbuild_t *t = NULL;
  if (ref) {
    sl_comp_t *comp = sl_schema_ref(cx, schema, node, SL_COMP_TYPE, ref);
    t = comp ? sl_schema_type(cx, comp) : NULL;
    return t ? &t->type : cx->schemas->any_type;
  }
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c && !t; c = sl_cx_next(c, SL_NS_XSD))
    if (sl_cx_named(c, "simpleType") || sl_cx_named(c, "complexType"))
      t = shell(cx, schema, c, cx->schemas->ns_empty);
  return t ? &t->type : NULL;
}

/* --- elements
 * ---------------------------------------------------------------------------------------- */

static void declare(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_xelem_t *elem)
{
  elem->nillable = sl_cx_attr_bool(cx, node, "nillable");
  elem->abstract = sl_cx_attr_bool(cx, node, "abstract");
  elem->fixed = sl_cx_attr_raw(cx, node, "fixed");
  elem->preset = sl_cx_attr_raw(cx, node, "default");
  elem->where = sl_cx_where(schema->doc, node);
  elem->type = sl_schema_type_of(cx, schema, node, sl_cx_attr(cx, node, "type"));
}

const sl_xelem_t *sl_schema_elem(sl_cx_t *cx, sl_comp_t *comp)
{
  if (comp->built) return comp->built;
  sl_xelem_t *elem = sl_cx_alloc(cx, sizeof *elem);
  if (!elem) return NULL;
  comp->built = elem; /* before its type: elements may refer to each other */
  elem->ns = comp->name.ns;
  elem->name = comp->name.name;
  elem->type = cx->schemas->any_type;
  declare(cx, comp->schema, comp->node, elem);
  const char *head = sl_cx_attr(cx, comp->node, "substitutionGroup");
  sl_qname_t name;
  sl_comp_t *to = head && sl_cx_qname(cx, comp->schema->doc, comp->node, head, &name)
                      ? sl_schema_find(cx, SL_COMP_ELEM, name)
                      : NULL;
  if (to) elem->head = to->name.name;
  if (elem->type) return elem;
  /* Without a type of its own it has that of its substitution group's head (Part 1 §3.3.2). */
  elem->type = cx->schemas->any_type;
  if (to && sl_cx_spend(cx, 1)) {
    const sl_xelem_t *of = sl_schema_elem(cx, to);
    if (of && of->type) elem->type = of->type;
  }
  return elem;
}

const sl_xelem_t *sl_schema_local_elem(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node)
{
  const char *name = sl_cx_attr(cx, node, "name"), *form = sl_cx_attr(cx, node, "form");
  if (!name || !name[0]) {
    sl_cx_error(cx, "C102", schema->doc, node, NULL, "an element needs a name or a ref");
    return NULL;
  }
  sl_xelem_t *elem = sl_cx_alloc(cx, sizeof *elem);
  if (!elem) return NULL;
  bool qualified = form ? !strcmp(form, "qualified") : schema->elem_qualified;
  elem->ns = qualified ? schema->ns : cx->schemas->ns_empty;
  elem->name = name;
  declare(cx, schema, node, elem);
  if (!elem->type) elem->type = cx->schemas->any_type;
  return elem;
}

/* --- complex types
 * ------------------------------------------------------------------------------------ */

struct parts {
  sl_kids_t kids;
  sl_attrs_t attrs;
};

static void inherit(sl_cx_t *cx, sl_tbuild_t *self, const sl_xtype_t *base, struct parts *parts,
                    bool with_content)
{
  for (size_t i = 0; i < base->n_attrs; i++) sl_attrs_put(cx, &parts->attrs, &base->attrs[i]);
  self->soap_array = ((const sl_tbuild_t *)base)->soap_array;
  if (!with_content) return;
  for (size_t i = 0; i < base->n_children; i++) sl_kids_add(cx, &parts->kids, &base->children[i]);
  parts->kids.any = base->any_child;
  parts->kids.any_at = base->any_at;
  parts->attrs.any = base->any_attr;
  self->type.mixed |= base->mixed;
}

/* wsdl:arrayType="tns:Order[]" or "xsd:string[,]" on the arrayType attribute (WSDL 1.1 §2.2): the
 * items' type. Items of an array are named as the sender likes; "item" is what most write. */
static void array_item(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, struct parts *parts)
{
  const char *ref = NULL;
  const xmlNode *at = NULL;
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c && !ref; c = sl_cx_next(c, SL_NS_XSD)) {
    if (sl_cx_named(c, "attribute")) ref = sl_cx_attr_ns(cx, c, SL_NS_WSDL, "arrayType");
    at = c;
  }
  sl_xelem_t *elem = sl_cx_alloc(cx, sizeof *elem);
  if (!elem) return;
  elem->ns = cx->schemas->ns_empty;
  elem->name = sl_cx_intern(cx, "item");
  elem->nillable = true;
  elem->where = sl_cx_where(self->schema->doc, node);
  elem->type = cx->schemas->any_type;
  const char *bracket = ref ? strchr(ref, '[') : NULL;
  /* Arrays of arrays keep any content below the first level. */
  if (bracket && !strchr(bracket + 1, '[')) {
    const char *item = sl_cx_internn(cx, ref, (size_t)(bracket - ref));
    sl_comp_t *comp = sl_schema_ref(cx, self->schema, at, SL_COMP_TYPE, item);
    sl_tbuild_t *t = comp ? sl_schema_type(cx, comp) : NULL;
    if (t) elem->type = &t->type;
  }
  sl_xchild_t child = {.elem = elem, .max = SL_UNBOUNDED};
  sl_kids_add(cx, &parts->kids, &child);
  parts->attrs.any = true;
}

static void complex_content(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node,
                            struct parts *parts, const sl_xtype_t *base, bool extension)
{
  if (base) {
    inherit(cx, self, base, parts, extension && base != cx->schemas->any_type);
    self->type.base = base;
  }
  sl_schema_content(cx, self->schema, node, &parts->kids);
  if (self->soap_array) {
    if (!parts->kids.n) array_item(cx, self, node, parts);
    for (size_t i = 0; i < parts->kids.n; i++) {
      parts->kids.v[i].min = 0;
      parts->kids.v[i].max = SL_UNBOUNDED;
    }
  }
}

static void simple_content(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, struct parts *parts,
                           const sl_xtype_t *base, int depth)
{
  const xmlNode *inner = sl_cx_first(node, SL_NS_XSD);
  while (inner && !sl_cx_named(inner, "simpleType")) inner = sl_cx_next(inner, SL_NS_XSD);
  sl_xtype_t *t = &self->type;
  t->base = base;
  if (base) inherit(cx, self, base, parts, false);
  if (base && base != cx->schemas->any_type && sl_cx_named(node, "extension"))
    parts->attrs.any = base->any_attr;
  const sl_xtype_t *of = base;
  if (inner) {
    of = sl_schema_type_of(cx, self->schema, node, NULL);
    if (of && !sl_schema_complete(cx, (sl_tbuild_t *)of, depth + 1)) of = NULL;
  }
  if (of && of->simple != SL_X_NONE) {
    t->simple = of->simple;
    t->facets = of->facets;
    t->list_item = of->list_item;
    t->is_union = of->is_union;
    t->members = of->members;
    t->n_members = of->n_members;
  } else {
    t->simple = SL_X_ANY;
    if (of)
      sl_cx_error(cx, "C102", self->schema->doc, node, NULL,
                  "simple content cannot be made from \"%.200s\", which has element content",
                  of->name);
  }
  if (sl_cx_named(node, "restriction")) sl_schema_facets(cx, self, node);
}

static void derived(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *content, struct parts *parts,
                    int depth)
{
  const xmlNode *node = sl_cx_first(content, SL_NS_XSD);
  while (node && !sl_cx_named(node, "extension") && !sl_cx_named(node, "restriction"))
    node = sl_cx_next(node, SL_NS_XSD);
  const char *ref = node ? sl_cx_attr(cx, node, "base") : NULL;
  if (!ref) {
    sl_cx_error(cx, "C102", self->schema->doc, content, NULL,
                "<%s> needs an <extension> or <restriction> with a base",
                (const char *)content->name);
    return;
  }
  const sl_xtype_t *base = sl_schema_type_of(cx, self->schema, node, ref);
  if (base && !sl_schema_complete(cx, (sl_tbuild_t *)base, depth + 1)) base = NULL;
  bool simple = sl_cx_named(content, "simpleContent");
  if (!simple && base && base->simple != SL_X_NONE && base != cx->schemas->any_type) {
    sl_cx_warn(cx, "C109", self->schema->doc, node, NULL,
               "\"%.200s\" has simple content: <complexContent> is read as <simpleContent>",
               base->name);
    simple = true;
  }
  if (simple)
    simple_content(cx, self, node, parts, base, depth);
  else
    complex_content(cx, self, node, parts, base, sl_cx_named(node, "extension"));
  sl_schema_attrs(cx, self->schema, node, &parts->attrs, 0);
}

static const void *settle(sl_cx_t *cx, const void *v, size_t n, size_t size)
{
  void *to = n ? sl_cx_alloc(cx, n * size) : NULL;
  if (to) memcpy(to, v, n * size);
  return to;
}

static void complex_type(sl_cx_t *cx, sl_tbuild_t *self, int depth)
{
  sl_xtype_t *t = &self->type;
  struct parts parts = {0};
  t->complex = true;
  t->abstract = sl_cx_attr_bool(cx, self->node, "abstract");
  t->mixed = sl_cx_attr_bool(cx, self->node, "mixed");
  const xmlNode *content = sl_cx_first(self->node, SL_NS_XSD);
  while (content && !sl_cx_named(content, "simpleContent") &&
         !sl_cx_named(content, "complexContent"))
    content = sl_cx_next(content, SL_NS_XSD);
  if (content) {
    t->mixed |= sl_cx_attr_bool(cx, content, "mixed");
    derived(cx, self, content, &parts, depth);
  } else {
    sl_schema_content(cx, self->schema, self->node, &parts.kids);
    sl_schema_attrs(cx, self->schema, self->node, &parts.attrs, 0);
  }
  t->any_child = parts.kids.any;
  t->any_at = parts.kids.any_at;
  t->any_attr = parts.attrs.any;
  t->children = settle(cx, parts.kids.v, parts.kids.n, sizeof *parts.kids.v);
  t->n_children = t->children ? parts.kids.n : 0;
  t->attrs = settle(cx, parts.attrs.v, parts.attrs.n, sizeof *parts.attrs.v);
  t->n_attrs = t->attrs ? parts.attrs.n : 0;
  free(parts.kids.v);
  free(parts.attrs.v);
}

bool sl_schema_complete(sl_cx_t *cx, sl_tbuild_t *self, int depth)
{
  if (self->state == SL_T_DONE) return true;
  if (self->state == SL_T_BUSY) {
    sl_cx_error(cx, "C103", self->schema->doc, self->node, NULL,
                "type \"%.200s\" is derived from itself", self->type.name);
    return false;
  }
  if (depth > SL_SCHEMA_DEPTH || !sl_cx_spend(cx, 1)) {
    sl_cx_spend(cx, SIZE_MAX);
    return false;
  }
  self->state = SL_T_BUSY;
  sl_facets_clear(&self->type.facets);
  if (sl_cx_named(self->node, "simpleType"))
    sl_schema_simple(cx, self, self->node, depth);
  else
    complex_type(cx, self, depth);
  self->state = SL_T_DONE;
  return true;
}
